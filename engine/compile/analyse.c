/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyse.c - one walk over the core tree: where each variable is bound, what its
 * uses are, in which continuation (struct scope) each stands, which lambda a variable
 * names for ever. What needs the whole tree (assignments, renamings, the order of
 * letrec*) is settled after the walk.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "compile.h"

static void walk(struct compiler *c, struct ast_node *n, struct scope *s);

const char *core_name(const struct compiler *c, const struct ast_node *n)
{
    if (n->kind != AST_GLOBAL) return NULL;
    const struct denotation *d = n->global.denotation;
    bool core = d->primitive || d->owner == c->ctx->node->core->vmlet;
    return core && !d->assigned && is_symbol(n->global.name) ? symbol_name(n->global.name) : NULL;
}

/* ---- notes ------------------------------------------------------------------------- */

static struct variable_note *bind(struct compiler *c, struct ast_variable *v, struct scope *s)
{
    struct variable_note *note = compile_allocate(c, sizeof *note);
    if (!note) return NULL;
    note->scope = s;
    note->reached_at = UINT_MAX;
    v->note = note;
    return note;
}

static struct scope *scope_new(struct compiler *c, struct procedure *p, struct ast_node *root)
{
    struct scope *s = compile_allocate(c, sizeof *s);
    if (s) *s = (struct scope){.procedure = p, .root = root};
    return s;
}

static struct procedure *procedure_new(struct compiler *c, struct ast_lambda *l, struct scope *bound)
{
    struct procedure *p = compile_allocate(c, sizeof *p);
    if (!p) return NULL;
    p->lambda = l;
    p->bound = bound;
    p->function = p->entry = -1;
    p->next = c->procedures;
    c->procedures = p;
    p->body = scope_new(c, p, l ? l->body : NULL);
    if (p->body) p->body->is_body = true;
    if (l) l->note = p;
    return p;
}

/* Within a value of its FIX, a mention makes an edge of the graph that says what the
 * value may look at. */
static void mention(struct compiler *c, struct ast_variable *v)
{
    struct variable_note *note = note_of(v);
    if (!note->fix || note->fix->current < 0) return;
    struct ast_node *fix = note->fix->node;
    struct variable_note *from = note_of(fix->let.variables[note->fix->current]);
    if (from->mentions && from->mentions->variable == v) return;
    struct mention *m = compile_allocate(c, sizeof *m);
    if (!m) return;
    *m = (struct mention){.next = from->mentions, .variable = v};
    from->mentions = m;
}

static void use(struct compiler *c, struct ast_variable *v, struct scope *s, const struct ast_node *call)
{
    struct use *u = compile_allocate(c, sizeof *u);
    if (!u || !v->note) return;
    *u = (struct use){.next = c->uses, .variable = v, .scope = s, .call = call};
    c->uses = u;
    note_of(v)->references++;
    mention(c, v);
}

/* ---- the walk ------------------------------------------------------------------------ */

static bool is_leaf(const struct ast_node *n)
{
    return n->kind == AST_CONSTANT || n->kind == AST_LOCAL || n->kind == AST_GLOBAL || n->kind == AST_PACKET;
}

/* A part that is not in tail position has a continuation of its own. */
static void walk_part(struct compiler *c, struct ast_node *n, struct scope *s)
{
    if (!n || c->error) return;
    if (!is_leaf(n)) s = scope_new(c, s->procedure, n);
    if (s) walk(c, n, s);
}

static void walk_parts(struct compiler *c, struct ast_node **parts, unsigned count, struct scope *s)
{
    for (unsigned i = 0; i < count; i++) walk_part(c, parts[i], s);
}

static struct procedure *walk_lambda(struct compiler *c, struct ast_lambda *l, struct scope *s)
{
    struct procedure *p = procedure_new(c, l, s);
    if (c->error) return NULL;
    for (unsigned i = 0; i < l->parameter_count; i++)
        if (!bind(c, l->parameters[i], p->body)) return NULL;
    if (l->rest && !bind(c, l->rest, p->body)) return NULL;
    walk(c, l->body, p->body);
    return p;
}

static void walk_value_lambda(struct compiler *c, struct ast_lambda *l, struct scope *s)
{
    struct procedure *p = walk_lambda(c, l, s);
    if (p) p->escapes = true;
}

static void walk_let_value(struct compiler *c, struct ast_node *n, unsigned i, struct scope *s)
{
    struct ast_variable *v = n->let.variables[i];
    struct ast_node *value = n->let.values[i];
    struct variable_note *note = note_of(v);
    if (value->kind == AST_LAMBDA && !value->lambda->shape) {
        note->procedure = walk_lambda(c, value->lambda, s);
        if (!note->procedure) return;
        note->procedure->variable = v;
        note->procedure->binder = n;
    } else if (n->kind == AST_LET && value->kind == AST_LOCAL) {
        struct renaming *r = compile_allocate(c, sizeof *r);
        if (!r) return;
        *r = (struct renaming){.next = c->renamings, .variable = v, .of = value->local.variable, .scope = s};
        c->renamings = r;
        if (value->local.variable->note) mention(c, value->local.variable);
    } else {
        walk_part(c, value, s);
    }
}

/* The values of a LET are outside the scope of its variables, but each name is unique. */
static void walk_let(struct compiler *c, struct ast_node *n, struct scope *s)
{
    for (unsigned i = 0; i < n->let.count; i++) {
        struct variable_note *note = bind(c, n->let.variables[i], s);
        if (!note) return;
        note->value = n->let.values[i];
    }
    for (unsigned i = 0; i < n->let.count && !c->error; i++) walk_let_value(c, n, i, s);
    if (!c->error) walk(c, n->let.body, s);
}

static void walk_fix(struct compiler *c, struct ast_node *n, struct scope *s)
{
    struct fix_note *fix = compile_allocate(c, sizeof *fix);
    if (!fix) return;
    *fix = (struct fix_note){.next = c->fixes, .node = n, .current = -1};
    c->fixes = fix;
    for (unsigned i = 0; i < n->let.count; i++) {
        struct variable_note *note = bind(c, n->let.variables[i], s);
        if (!note) return;
        note->fix = fix;
        note->fix_index = i;
    }
    for (unsigned i = 0; i < n->let.count && !c->error; i++) {
        fix->current = (int)i;
        walk_let_value(c, n, i, s);
    }
    fix->current = -1;
    if (!c->error) walk(c, n->let.body, s);
}

static void walk_receive(struct compiler *c, struct ast_node *n, struct scope *s)
{
    for (unsigned i = 0; i < n->receive.count; i++)
        if (!bind(c, n->receive.variables[i], s)) return;
    if (n->receive.rest && !bind(c, n->receive.rest, s)) return;
    walk_part(c, n->receive.source, s);
    if (!c->error) walk(c, n->receive.body, s);
}

/* ((lambda (x ...) body) arg ...) is a let. */
static bool call_to_let(struct ast_node *n)
{
    struct ast_node *f = n->call.operator;
    if (f->kind != AST_LAMBDA || f->lambda->rest || f->lambda->shape) return false;
    if (f->lambda->parameter_count != n->call.count) return false;
    struct ast_lambda *l = f->lambda;
    struct ast_node **values = n->call.arguments;
    unsigned count = n->call.count;
    n->kind = AST_LET;
    n->let.variables = l->parameters;
    n->let.values = values;
    n->let.count = count;
    n->let.body = l->body;
    return true;
}

/* (call-with-values (lambda () e) (lambda (a ...) body)) is a receive. */
static bool call_to_receive(const struct compiler *c, struct ast_node *n)
{
    const char *name = core_name(c, n->call.operator);
    if (!name || strcmp(name, "call-with-values") != 0 || n->call.count != 2) return false;
    struct ast_node *from = n->call.arguments[0], *to = n->call.arguments[1];
    if (from->kind != AST_LAMBDA || to->kind != AST_LAMBDA) return false;
    if (from->lambda->parameter_count || from->lambda->rest || from->lambda->shape || to->lambda->shape)
        return false;
    n->kind = AST_RECEIVE;
    n->receive.source = from->lambda->body;
    n->receive.variables = to->lambda->parameters;
    n->receive.count = to->lambda->parameter_count;
    n->receive.rest = to->lambda->rest;
    n->receive.body = to->lambda->body;
    return true;
}

static bool is_call_of(const struct compiler *c, const struct ast_node *n, const char *name, unsigned count)
{
    const char *called = n->kind == AST_CALL && n->call.count == count ? core_name(c, n->call.operator)
                                                                       : NULL;
    return called && strcmp(called, name) == 0;
}

/* (set-ref s (slice-part b i n)) makes no slice: it is (set-ref s b i n). The part may stand in
 * a let, as the accessor of a layout leaves it. */
static void set_ref_of_part(struct compiler *c, struct ast_node *n)
{
    if (!is_call_of(c, n, "set-ref", 2) || n->call.arguments[0]->kind != AST_GLOBAL) return;
    struct ast_node *around = n->call.arguments[1];
    if (around->kind == AST_CALL) call_to_let(around);
    struct ast_node *part = around->kind == AST_LET ? around->let.body : around;
    struct ast_node **arguments = compile_allocate(c, 4 * sizeof *arguments);
    if (!arguments || !is_call_of(c, part, "slice-part", 3)) return;
    arguments[0] = n->call.arguments[0];
    memcpy(arguments + 1, part->call.arguments, 3 * sizeof *arguments);
    n->call.arguments = arguments;
    n->call.count = 4;
    if (part == around) return;
    *part = *n;
    *n = *around;
}

static void walk_call(struct compiler *c, struct ast_node *n, struct scope *s)
{
    set_ref_of_part(c, n);
    if (n->kind == AST_LET) {
        walk_let(c, n, s);
        return;
    }
    if (call_to_let(n)) {
        walk_let(c, n, s);
        return;
    }
    if (call_to_receive(c, n)) {
        walk_receive(c, n, s);
        return;
    }
    struct ast_node *f = n->call.operator;
    if (f->kind == AST_LOCAL) use(c, f->local.variable, s, n);
    else walk_part(c, f, s);
    walk_parts(c, n->call.arguments, n->call.count, s);
}

static void walk_guard(struct compiler *c, struct ast_node *n, struct scope *s)
{
    if (!bind(c, n->guard.variable, s)) return;
    walk_part(c, n->guard.body, s);
    if (!c->error) walk(c, n->guard.handler, s);
}

static void walk_cases(struct compiler *c, struct ast_node *n, struct scope *s)
{
    for (unsigned i = 0; i < n->cases.count && !c->error; i++) walk_value_lambda(c, n->cases.clauses[i], s);
}

static void walk_sequence(struct compiler *c, struct ast_node *n, struct scope *s)
{
    assert(n->sequence.count > 0);
    walk_parts(c, n->sequence.items, n->sequence.count - 1, s);
    if (!c->error) walk(c, n->sequence.items[n->sequence.count - 1], s);
}

static void walk_if(struct compiler *c, struct ast_node *n, struct scope *s)
{
    walk_part(c, n->branch.test, s);
    if (!c->error) walk(c, n->branch.then, s);
    if (!c->error && n->branch.otherwise) walk(c, n->branch.otherwise, s);
}

static void walk_run_program(struct compiler *c, struct ast_node *n, struct scope *s)
{
    walk_part(c, n->run_program.program, s);
    walk_part(c, n->run_program.bytes, s);
    walk_part(c, n->run_program.entry, s);
    walk_part(c, n->run_program.arguments, s);
    walk_part(c, n->run_program.view, s);
}

static void walk_set(struct compiler *c, struct ast_node *n, struct scope *s)
{
    walk_part(c, n->local.value, s);
    if (c->error) return;
    use(c, n->local.variable, s, NULL);
    if (n->local.variable->note) note_of(n->local.variable)->assignments++;
}

static void walk_exit(struct compiler *c, struct ast_node *n, struct scope *s)
{
    walk_parts(c, n->exit.kept, n->exit.kept_count, s);
    walk_parts(c, n->exit.values, n->exit.count, s);
}

static void walk_kind(struct compiler *c, struct ast_node *n, struct scope *s)
{
    switch (n->kind) {
    case AST_CONSTANT:
    case AST_GLOBAL:
    case AST_PACKET:
    case AST_WIRE_OP: break;
    case AST_LOCAL: use(c, n->local.variable, s, NULL); break;
    case AST_SET_LOCAL: walk_set(c, n, s); break;
    case AST_SET_GLOBAL:
    case AST_DEFINE: walk_part(c, n->global.value, s); break;
    case AST_IF: walk_if(c, n, s); break;
    case AST_LAMBDA: walk_value_lambda(c, n->lambda, s); break;
    case AST_CASES: walk_cases(c, n, s); break;
    case AST_SEQUENCE: walk_sequence(c, n, s); break;
    case AST_CALL: walk_call(c, n, s); break;
    case AST_LET: walk_let(c, n, s); break;
    case AST_FIX: walk_fix(c, n, s); break;
    case AST_RECEIVE: walk_receive(c, n, s); break;
    case AST_GUARD: walk_guard(c, n, s); break;
    case AST_EXIT: walk_exit(c, n, s); break;
    case AST_ITEM: walk_part(c, n->item.index, s); break;
    case AST_WIRE_LOCAL: walk_part(c, n->wire_local.value, s); break;
    case AST_RUN_PROGRAM: walk_run_program(c, n, s); break;
    }
}

static void walk(struct compiler *c, struct ast_node *n, struct scope *s)
{
    if (c->error) return;
    if (++c->depth > NODE_DEPTH_MAX) compile_error(c, ERROR_SYNTAX, n->position, "code is nested too deeply");
    else walk_kind(c, n, s);
    c->depth--;
}

/* ---- after the walk ---------------------------------------------------------------------- */

/* A lambda whose variable is assigned is a value like any other. */
static void settle_procedures(struct compiler *c)
{
    for (struct procedure *p = c->procedures; p; p = p->next) {
        if (!p->variable || !note_of(p->variable)->assignments) continue;
        note_of(p->variable)->procedure = NULL;
        p->variable = NULL;
        p->escapes = true;
    }
}

struct ast_variable *variable_behind(struct ast_variable *v)
{
    struct ast_variable *to = v;
    while (note_of(to)->same) to = note_of(to)->same;
    while (v != to) {
        struct ast_variable *next = note_of(v)->same;
        note_of(v)->same = to;
        v = next;
    }
    return to;
}

/* The raw type that the variable certainly has: declared, or that of its value. */
static unsigned raw_type(struct compiler *c, const struct ast_variable *v)
{
    struct intrinsic room;
    const struct ast_node *value = note_of(v)->value;
    if (v->type.class != CLASS_ANY || !value || value->kind != AST_CALL) return v->type.slot;
    const struct intrinsic *i = intrinsic_of(c, value, &room);
    return i && i->type != TYPE_NONE ? i->type : SLOT_ANY;
}

static bool may_rename(struct compiler *c, const struct renaming *r)
{
    const struct variable_note *v = note_of(r->variable), *of = note_of(r->of);
    const struct ast_type *type = &r->variable->type;
    if (v->assignments || of->assignments || r->of->items || r->of->operand_only) return false;
    if (type->class != CLASS_ANY && (type->slot == SLOT_ANY || raw_type(c, r->of) != type->slot))
        return false;
    return !of->fix || of->procedure;
}

static void settle_renamings(struct compiler *c)
{
    for (struct renaming *r = c->renamings; r && !c->error; r = r->next) {
        if (may_rename(c, r)) {
            note_of(r->variable)->same = r->of;
            note_of(r->of)->renamed = true;
        } else use(c, r->of, r->scope, NULL);
    }
}

/* Everything that may be looked at when value k is made, and was not before. */
static void reach(struct compiler *c, struct ast_node *fix, unsigned k)
{
    struct mention *work = note_of(fix->let.variables[k])->mentions;
    struct mention *pending = NULL; /* lists that wait, as a stack */
    while (work && !c->error) {
        struct variable_note *note = note_of(work->variable);
        work = work->next;
        if (note->reached_at == UINT_MAX) {
            note->reached_at = k;
            struct mention *m = compile_allocate(c, sizeof *m);
            if (!m) return;
            /* a stack cell: `variable` is unused, the rest of this list waits in it */
            *m = (struct mention){.next = pending, .waiting = work};
            pending = m;
            work = note->mentions;
        }
        while (!work && pending) {
            work = pending->waiting;
            pending = pending->next;
        }
    }
}

static void settle_fix(struct compiler *c, struct ast_node *fix)
{
    for (unsigned k = 0; k < fix->let.count && !c->error; k++) {
        struct variable_note *note = note_of(fix->let.variables[k]);
        if (note->procedure) continue;
        reach(c, fix, k);
        note->boxed = note->reached_at <= k;
    }
}

/* Uses of variables that name a lambda: calls with the right number, or values. */
static void settle_use(struct compiler *c, struct use *u)
{
    u->variable = variable_behind(u->variable);
    struct procedure *p = note_of(u->variable)->procedure;
    if (!p) return;
    const struct ast_lambda *l = p->lambda;
    bool fits = u->call && (l->rest ? u->call->call.count >= l->parameter_count
                                    : u->call->call.count == l->parameter_count);
    if (!fits) {
        p->escapes = true;
        u->call = NULL;
        return;
    }
    struct call_site *site = compile_allocate(c, sizeof *site);
    if (!site) return;
    *site = (struct call_site){.next = c->calls, .procedure = p, .scope = u->scope};
    c->calls = site;
    p->called = true;
}

int analyse(struct compiler *c, struct ast_node *tree)
{
    c->top = procedure_new(c, NULL, NULL);
    if (c->error) return c->error;
    c->top->body->root = tree;
    c->top->escapes = true;
    walk(c, tree, c->top->body);
    if (c->error) return c->error;
    settle_procedures(c);
    settle_renamings(c);
    for (struct fix_note *f = c->fixes; f && !c->error; f = f->next) settle_fix(c, f->node);
    for (struct use *u = c->uses; u && !c->error; u = u->next) settle_use(c, u);
    return c->error;
}
