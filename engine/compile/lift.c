/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lift.c - what each function needs from outside: its free variables, those of the
 * functions it calls and of the closures it makes included. Closures capture them;
 * lifted functions take them as leading parameters. A variable that is assigned and
 * used by two functions lives in a box.
 *
 * A call of a closure with nothing to capture needs no closure; when it turns out to
 * capture something, its callers need it after all.
 */
#include "compile.h"

#include <assert.h>

struct need {
    struct need *next;
    struct procedure *procedure;
    struct ast_variable *variable;
};

struct lifting {
    struct compiler *c;
    struct need *work;
};

static void need(struct lifting *l, struct procedure *p, struct ast_variable *v)
{
    struct need *n = compile_allocate(l->c, sizeof *n);
    if (!n) return;
    *n = (struct need){.next = l->work, .procedure = p, .variable = v};
    l->work = n;
}

static bool is_free(const struct procedure *p, const struct ast_variable *v)
{
    for (unsigned i = 0; i < p->free_count; i++)
        if (p->free[i] == v) return true;
    return false;
}

static bool add_free(struct compiler *c, struct procedure *p, struct ast_variable *v)
{
    if (p->free_count == p->free_room) {
        unsigned room = p->free_room ? 2 * p->free_room : 4;
        struct ast_variable **more = compile_allocate(c, room * sizeof *more);
        if (!more) return false;
        for (unsigned i = 0; i < p->free_count; i++) more[i] = p->free[i];
        p->free = more;
        p->free_room = room;
    }
    p->free[p->free_count++] = v;
    if (p->free_count > MAX_SLOTS / 2) {
        compile_error(c, ERROR_SYNTAX, p->lambda ? p->lambda->position : 0, "function too large: %s",
                      "it uses too many variables of the functions around it");
        return false;
    }
    return true;
}

/* p needs v: so do those that call or make p. */
static void settle_need(struct lifting *l, struct procedure *p, struct ast_variable *v)
{
    assert(p->live && p->kind != PROCEDURE_LABEL); /* a label needs nothing: its function does */
    if (scope_function(note_of(v)->scope) == p || is_free(p, v)) return;
    note_of(v)->captured = true;
    bool first = p->free_count == 0;
    if (!add_free(l->c, p, v)) return;
    for (struct dependent *d = p->dependents; d; d = d->next) need(l, d->procedure, v);
    if (!first || p->kind != PROCEDURE_CLOSURE || !p->variable) return;
    for (struct dependent *d = p->callers; d; d = d->next) need(l, d->procedure, p->variable);
}

static void depend(struct compiler *c, struct dependent **list, struct procedure *p)
{
    if (*list && (*list)->procedure == p) return;
    struct dependent *d = compile_allocate(c, sizeof *d);
    if (!d) return;
    *d = (struct dependent){.next = *list, .procedure = p};
    *list = d;
}

/* Edges between procedures; needs of plain variables. */
static void settle_use(struct lifting *l, const struct use *u)
{
    struct procedure *f = scope_function(u->scope), *p = note_of(u->variable)->procedure;
    const struct ast_node self = {.kind = AST_LOCAL, .local.variable = u->variable};
    if (!f || (!p && constant_behind(&self))) return; /* a constant stands where it is used */
    if (!p || (p->kind == PROCEDURE_CLOSURE && !u->call)) need(l, f, u->variable);
    else if (p->kind == PROCEDURE_LIFTED) depend(l->c, &p->dependents, f);
    else if (p->kind == PROCEDURE_CLOSURE) depend(l->c, &p->callers, f);
}

static void settle_makers(struct compiler *c)
{
    for (struct procedure *p = c->procedures; p && !c->error; p = p->next) {
        if (p->kind != PROCEDURE_CLOSURE || !p->bound) continue;
        struct procedure *maker = scope_function(p->bound);
        if (maker) depend(c, &p->dependents, maker);
    }
}

int lift(struct compiler *c)
{
    struct lifting l = {.c = c};
    settle_makers(c);
    for (const struct use *u = c->uses; u && !c->error; u = u->next) settle_use(&l, u);
    while (l.work && !c->error) {
        struct need *n = l.work;
        l.work = n->next;
        settle_need(&l, n->procedure, n->variable);
    }
    for (const struct use *u = c->uses; u && !c->error; u = u->next) {
        struct variable_note *note = note_of(u->variable);
        if (note->captured && note->assignments) note->boxed = true;
    }
    return c->error;
}

bool procedure_is_typed(const struct procedure *p)
{
    const struct ast_lambda *l = p->lambda;
    if (!l || l->shape) return false;
    if (p->kind == PROCEDURE_CLOSURE && (p->free_count || l->rest)) return false;
    if (l->result.slot != SLOT_ANY) return true;
    for (unsigned i = 0; i < l->parameter_count; i++)
        if (l->parameters[i]->type.slot != SLOT_ANY) return true;
    return false;
}
