/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_wire.c - inside the body of a wire instruction: its exits (next, goto, call,
 * return), its handlers and locals, and the items it took.
 *
 * Exits stand in tail position only. A loop whose calls are all tail calls of the
 * body is part of the tail; whatever else stands in tail position is pushed:
 * (next value). wire_finish_body checks the one and does the other.
 */
#include "expand_wire.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t special;
} wire_specials[] = {
    {"next", WIRE_NEXT},
    {"goto", WIRE_GOTO},
    {"call", WIRE_CALL},
    {"return", WIRE_RETURN},
    {"push-handler", WIRE_PUSH_HANDLER_FORM},
    {"pop-handler", WIRE_POP_HANDLER_FORM},
    {"local", WIRE_LOCAL_REF},
    {"set-local!", WIRE_LOCAL_SET},
    {"program-bytes", WIRE_PROGRAM_BYTES_FORM},
    {"previous", WIRE_PREVIOUS},
};
#define WIRE_SPECIALS (sizeof wire_specials / sizeof *wire_specials)

uint32_t wire_special_named(const char *name)
{
    for (size_t i = 0; i < WIRE_SPECIALS; i++)
        if (!strcmp(wire_specials[i].name, name)) return wire_specials[i].special;
    return SPECIAL_NONE;
}

bool in_wire_body(const struct scope *s) { return s->expansion && s->expansion->wire; }

void wire_bind_specials(struct expansion *x, struct scope *s, bool around, uint64_t position)
{
    for (size_t i = 0; i < WIRE_SPECIALS; i++) {
        if (wire_specials[i].special == WIRE_PREVIOUS && !around) continue;
        scope_bind(x, s, expand_intern(x, wire_specials[i].name), LOCAL_SPECIAL, position)->special =
            wire_specials[i].special;
    }
}

/* ---- exits ------------------------------------------------------------------------------- */

static struct ast_node **expand_parts(struct expansion *x, struct scope *s, vvm_value cells, unsigned count,
                                      uint64_t position)
{
    struct ast_node **nodes = (struct ast_node **)pointer_array(x, count);
    for (unsigned i = 0; i < count; i++, cells = cdr_of(cells)) nodes[i] = expand_cell(x, s, cells, position);
    return nodes;
}

static const char *operand_word(uint8_t kind)
{
    return kind == WIRE_LABEL ? "label" : kind == WIRE_FUNCTION ? "function" : "local";
}

/* The operand of that kind which the datum names. */
static struct ast_variable *operand_named(struct expansion *x, struct scope *s, vvm_value datum, uint8_t kind,
                                          uint64_t position)
{
    struct meaning m = {0};
    if (is_identifier(datum)) m = meaning_of(s, datum);
    const struct body_shape *shape = x->wire->shape;
    if (m.kind != MEANS_VARIABLE || !m.variable->operand_only ||
        shape->operands[m.variable->operand].kind != kind)
        syntax_error(x, position, datum, "%s is no %s operand", identifier_text(datum), operand_word(kind));
    m.variable->references++;
    return m.variable;
}

static struct ast_node *make_exit(struct expansion *x, enum ast_exit kind, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_EXIT, position);
    struct exit_note *note = expand_allocate(x, sizeof *note);
    if (x->wire->around != (kind == EXIT_KIND_PREVIOUS))
        syntax_error(x, position, VALUE_DEFAULT,
                     x->wire->around ? "an around of an instruction has one exit: (previous)"
                                     : "previous outside an around");
    n->exit.kind = kind;
    note->node = n;
    note->next = x->wire->exits;
    x->wire->exits = note;
    return n;
}

static struct ast_node *expand_next(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    struct ast_node *n = make_exit(x, EXIT_KIND_NEXT, position);
    n->exit.count = (unsigned)list_parts(form) - 1;
    n->exit.values = expand_parts(x, s, cdr_of(form), n->exit.count, position);
    return n;
}

static struct ast_node *expand_goto(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    if (list_parts(form) < 2) syntax_error(x, position, VALUE_DEFAULT, "goto: needs a label operand");
    struct ast_node *n = make_exit(x, EXIT_KIND_GOTO, position);
    n->exit.operand = operand_named(x, s, nth_part(form, 1), WIRE_LABEL, position);
    n->exit.count = (unsigned)list_parts(form) - 2;
    n->exit.values = expand_parts(x, s, nth_cell(form, 2), n->exit.count, position);
    return n;
}

static struct ast_node *expand_return(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    if (list_parts(form) != 2) syntax_error(x, position, VALUE_DEFAULT, "return: needs one value");
    struct ast_node *n = make_exit(x, EXIT_KIND_RETURN, position);
    n->exit.count = 1;
    n->exit.values = expand_parts(x, s, cdr_of(form), 1, position);
    return n;
}

/* (previous): the operands and what was taken are those of the row beneath, too */
static struct ast_node *expand_previous(struct expansion *x, vvm_value form, uint64_t position)
{
    if (list_parts(form) != 1)
        syntax_error(x, position, VALUE_DEFAULT, "previous: an instruction hands on what it got, no parts");
    return make_exit(x, EXIT_KIND_PREVIOUS, position);
}

/* (keep v ...) or (then where): a clause of call, unless the name is a variable here */
static bool is_clause(const struct scope *s, vvm_value datum, const char *name)
{
    if (!is_pair(datum) || !is_identifier(car_of(datum)) || list_parts(datum) < 1) return false;
    return !strcmp(identifier_text(car_of(datum)), name) &&
           meaning_of(s, car_of(datum)).kind != MEANS_VARIABLE;
}

static void parse_then(struct expansion *x, struct scope *s, struct ast_node *n, vvm_value clause,
                       uint64_t position)
{
    vvm_value where = list_parts(clause) == 2 ? nth_part(clause, 1) : VALUE_FALSE;
    if (!is_identifier(where))
        syntax_error(x, position, VALUE_DEFAULT, "call: (then next), (then here) or (then label)");
    const char *name = identifier_text(where);
    struct meaning m = meaning_of(s, where);
    if (m.kind == MEANS_VARIABLE) {
        n->exit.then = THEN_LABEL;
        n->exit.then_label = operand_named(x, s, where, WIRE_LABEL, position);
    } else if (!strcmp(name, "next")) {
        n->exit.then = THEN_NEXT;
    } else if (!strcmp(name, "here")) {
        n->exit.then = THEN_HERE;
    } else {
        syntax_error(x, position, where, "call: (then next), (then here) or (then label)");
    }
}

static bool is_items(const struct scope *s, vvm_value datum)
{
    if (!is_identifier(datum)) return false;
    struct meaning m = meaning_of(s, datum);
    return m.kind == MEANS_VARIABLE && m.variable->items;
}

/* (call f (keep v ...) arg ... (then next|here|label)) */
static struct ast_node *expand_wire_call(struct expansion *x, struct scope *s, vvm_value form,
                                         uint64_t position)
{
    if (list_parts(form) < 2) syntax_error(x, position, VALUE_DEFAULT, "call: needs a function operand");
    struct ast_node *n = make_exit(x, EXIT_KIND_CALL, position);
    n->exit.operand = operand_named(x, s, nth_part(form, 1), WIRE_FUNCTION, position);
    vvm_value at = nth_cell(form, 2);
    if (is_pair(at) && is_clause(s, car_of(at), "keep")) {
        n->exit.kept_count = (unsigned)list_parts(car_of(at)) - 1;
        n->exit.kept = expand_parts(x, s, cdr_of(car_of(at)), n->exit.kept_count, place_of(x, at, position));
        at = cdr_of(at);
    }
    unsigned count = (unsigned)list_parts(at);
    if (count && is_clause(s, nth_part(at, count - 1), "then")) {
        vvm_value clause = nth_cell(at, --count);
        parse_then(x, s, n, car_of(clause), place_of(x, clause, position));
    }
    if (count == 1 && is_items(s, car_of(at))) {
        n->exit.call_items = true;
        return n;
    }
    n->exit.count = count;
    n->exit.values = expand_parts(x, s, at, count, position);
    return n;
}

/* ---- locals, handlers, items ------------------------------------------------------------------ */

static struct ast_node *expand_wire_local(struct expansion *x, struct scope *s, vvm_value form, bool set,
                                          uint64_t position)
{
    if (list_parts(form) != (set ? 3 : 2))
        syntax_error(x, position, VALUE_DEFAULT,
                     set ? "set-local!: needs an operand and a value" : "local: needs a local operand");
    struct ast_node *n = make_node(x, AST_WIRE_LOCAL, position);
    n->wire_local.operand = operand_named(x, s, nth_part(form, 1), WIRE_LOCAL, position);
    if (set) n->wire_local.value = expand_cell(x, s, nth_cell(form, 2), position);
    return n;
}

static struct ast_node *expand_wire_op(struct expansion *x, struct scope *s, vvm_value form,
                                       enum ast_wire_op kind, uint64_t position)
{
    bool labelled = kind == WIRE_KIND_PUSH_HANDLER;
    if (x->wire->around && kind != WIRE_KIND_PROGRAM_BYTES)
        syntax_error(x, position, VALUE_DEFAULT, "%s: not in an around of an instruction",
                     identifier_text(car_of(form)));
    if (list_parts(form) != (labelled ? 2 : 1))
        syntax_error(x, position, VALUE_DEFAULT, "%s: needs %s", identifier_text(car_of(form)),
                     labelled ? "a label operand" : "no parts");
    struct ast_node *n = make_node(x, AST_WIRE_OP, position);
    n->wire_op.kind = kind;
    if (labelled) n->wire_op.operand = operand_named(x, s, nth_part(form, 1), WIRE_LABEL, position);
    return n;
}

struct ast_node *expand_wire_special(struct expansion *x, struct scope *s, uint32_t special, vvm_value form,
                                     uint64_t position)
{
    require_list(x, form, position, identifier_text(car_of(form)));
    assert(x->wire);
    switch (special) {
    case WIRE_NEXT: return expand_next(x, s, form, position);
    case WIRE_GOTO: return expand_goto(x, s, form, position);
    case WIRE_CALL: return expand_wire_call(x, s, form, position);
    case WIRE_PREVIOUS: return expand_previous(x, form, position);
    case WIRE_RETURN: return expand_return(x, s, form, position);
    case WIRE_PUSH_HANDLER_FORM: return expand_wire_op(x, s, form, WIRE_KIND_PUSH_HANDLER, position);
    case WIRE_POP_HANDLER_FORM: return expand_wire_op(x, s, form, WIRE_KIND_POP_HANDLER, position);
    case WIRE_PROGRAM_BYTES_FORM: return expand_wire_op(x, s, form, WIRE_KIND_PROGRAM_BYTES, position);
    default: return expand_wire_local(x, s, form, special == WIRE_LOCAL_SET, position);
    }
}

static struct ast_node *make_item(struct expansion *x, enum ast_item kind, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_ITEM, position);
    n->item.kind = kind;
    return n;
}

struct ast_node *expand_item_call(struct expansion *x, struct scope *s, const struct meaning *operator,
                                  vvm_value form, uint64_t position)
{
    if (!x->wire || operator->kind == MEANS_VARIABLE) return NULL;
    if (list_parts(form) < 2 || !is_items(s, nth_part(form, 1))) return NULL;
    if (operator->kind == MEANS_GLOBAL && operator->denotation->owner != x->node->core->vmlet) return NULL;
    const char *name = symbol_name(operator->symbol);
    long parts = list_parts(form) - 1;
    if (!strcmp(name, "slice-length") && parts == 1) return make_item(x, ITEM_KIND_COUNT, position);
    if (!strcmp(name, "slice->vector") && parts == 1) return make_item(x, ITEM_KIND_VECTOR, position);
    if (!strcmp(name, "slice->list") && parts == 1)
        return core_call(x, position, "vector->list", 1, make_item(x, ITEM_KIND_VECTOR, position));
    if (strcmp(name, "slice-ref") || parts != 2) return NULL;
    struct ast_node *n = make_item(x, ITEM_KIND_REF, position);
    n->item.index = expand_cell(x, s, nth_cell(form, 2), position);
    return n;
}

/* ---- the tail of a body ------------------------------------------------------------------------- */

/* A function bound by FIX in the tail, as long as all its uses are tail calls. */
struct loop_note {
    struct loop_note *next;
    struct ast_variable *variable;
    struct ast_lambda *lambda;
    unsigned tail_calls;
    bool reached, refused;
};

struct tail_walk {
    struct expansion *x;
    struct loop_note *loops;
    bool rewrite;
};

static void walk(struct tail_walk *w, struct ast_node **at);

static struct loop_note *loop_of(struct tail_walk *w, const struct ast_node *n)
{
    if (n->kind != AST_CALL || n->call.operator->kind != AST_LOCAL) return NULL;
    const struct ast_variable *v = n->call.operator->local.variable;
    struct loop_note *l = w->loops;
    while (l && l->variable != v) l = l->next;
    return l;
}

static void note_loops(struct tail_walk *w, const struct ast_node *fix)
{
    for (unsigned i = 0; i < fix->let.count; i++) {
        struct loop_note *l = w->loops;
        while (l && l->variable != fix->let.variables[i]) l = l->next;
        if (l || fix->let.values[i]->kind != AST_LAMBDA) continue;
        l = expand_allocate(w->x, sizeof *l);
        l->variable = fix->let.variables[i];
        l->lambda = fix->let.values[i]->lambda;
        l->refused = l->variable->assignments || l->lambda->rest;
        l->next = w->loops;
        w->loops = l;
    }
}

static bool is_end(const struct ast_node *n)
{
    if (n->kind == AST_EXIT) return true;
    if (n->kind != AST_CALL || n->call.operator->kind != AST_GLOBAL) return false;
    const struct denotation *d = n->call.operator->global.denotation;
    return d->diverges || (d->primitive && d->primitive->effects & EFFECT_DIVERGES);
}

static void walk_value(struct tail_walk *w, struct ast_node **at)
{
    struct loop_note *l = loop_of(w, *at);
    if (l && !l->refused && (*at)->call.count == l->lambda->parameter_count) {
        l->tail_calls++;
        if (l->reached) return;
        l->reached = true;
        walk(w, &l->lambda->body);
        return;
    }
    if ((*at)->kind == AST_EXIT) {
        struct exit_note *note = w->x->wire->exits;
        while (note && note->node != *at) note = note->next;
        if (note) note->reached = true;
    }
    if (!w->rewrite || is_end(*at)) return;
    if (w->x->wire->around)
        syntax_error(w->x, (*at)->position, VALUE_DEFAULT,
                     "each path through an around of an instruction ends with (previous), a drop or a raise");
    struct ast_node *n = make_node(w->x, AST_EXIT, (*at)->position);
    n->exit.kind = EXIT_KIND_NEXT;
    n->exit.values = (struct ast_node **)pointer_array(w->x, 1);
    n->exit.values[0] = *at;
    n->exit.count = 1;
    *at = n;
}

static void walk(struct tail_walk *w, struct ast_node **at)
{
    struct ast_node *n = *at;
    expand_enter(w->x, n->position);
    switch (n->kind) {
    case AST_IF:
        if (!n->branch.otherwise) n->branch.otherwise = make_unspecified(w->x, n->position);
        walk(w, &n->branch.then);
        walk(w, &n->branch.otherwise);
        break;
    case AST_SEQUENCE: walk(w, &n->sequence.items[n->sequence.count - 1]); break;
    case AST_FIX: note_loops(w, n); /* fall through */
    case AST_LET: walk(w, &n->let.body); break;
    case AST_RECEIVE: walk(w, &n->receive.body); break;
    case AST_GUARD: walk(w, &n->guard.handler); break;
    default: walk_value(w, at); break;
    }
    expand_leave(w->x);
}

/* True if some loop turned out to be used otherwise than by tail calls: walk again. */
static bool refuse_loops(struct tail_walk *w)
{
    bool again = false;
    for (struct loop_note *l = w->loops; l; l = l->next) {
        if (l->reached && !l->refused && l->tail_calls != l->variable->references) again = l->refused = true;
        l->reached = false;
        l->tail_calls = 0;
    }
    return again;
}

void wire_finish_body(struct expansion *x, struct ast_lambda *lambda)
{
    struct tail_walk w = {.x = x};
    do {
        for (struct exit_note *e = x->wire->exits; e; e = e->next) e->reached = false;
        walk(&w, &lambda->body);
    } while (refuse_loops(&w));
    for (struct exit_note *e = x->wire->exits; e; e = e->next)
        if (!e->reached)
            syntax_error(x, e->node->position, VALUE_DEFAULT,
                         "an exit must be the last thing that the instruction does");
    w.rewrite = true;
    walk(&w, &lambda->body);
}
