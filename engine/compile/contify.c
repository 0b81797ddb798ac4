/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contify.c - lambdas all of whose calls share one continuation become labels.
 *
 * A call in tail position of a label has the continuation of the label's own calls,
 * so the question is answered for all together: begin with every candidate a label,
 * let the calls' continuations flow to their targets, mark those that would have two,
 * and begin again without these until none is marked.
 */
#include "compile.h"

#define ROUNDS_MAX 64 /* then the rest stay functions */

struct scope *scope_resolve(struct scope *s)
{
    while (s && s->is_body && s->procedure->kind == PROCEDURE_LABEL) s = s->procedure->target;
    return s;
}

struct procedure *scope_function(struct scope *s)
{
    struct procedure *p = s->procedure;
    while (p && p->kind == PROCEDURE_LABEL) p = p->target ? p->target->procedure : NULL;
    return p;
}

static bool has_result_type(const struct ast_lambda *l)
{
    return l->result.slot != SLOT_ANY || l->result.class != CLASS_ANY;
}

static void choose_candidates(struct compiler *c)
{
    for (struct procedure *p = c->procedures; p; p = p->next) {
        if (p->escapes || !p->variable) p->kind = PROCEDURE_CLOSURE;
        else p->kind = p->lambda->rest || has_result_type(p->lambda) ? PROCEDURE_LIFTED : PROCEDURE_LABEL;
    }
}

/* One pass over the calls. True if a target changed. */
static bool flow(struct compiler *c)
{
    bool changed = false;
    for (struct call_site *site = c->calls; site; site = site->next) {
        struct procedure *p = site->procedure;
        if (p->kind != PROCEDURE_LABEL || p->conflict) continue;
        struct scope *s = scope_resolve(site->scope);
        if (!s || s == p->target) continue;
        if (p->target) p->conflict = true;
        else p->target = s;
        changed = true;
    }
    return changed;
}

/* Labels with two continuations become functions; all others are to be found anew. */
static bool drop_conflicts(struct compiler *c, bool all)
{
    bool dropped = false;
    for (struct procedure *p = c->procedures; p; p = p->next) {
        if (p->kind != PROCEDURE_LABEL || !(p->conflict || all)) continue;
        p->kind = PROCEDURE_LIFTED;
        p->target = NULL;
        dropped = true;
    }
    if (!dropped) return false;
    for (struct procedure *p = c->procedures; p; p = p->next) p->target = NULL;
    return true;
}

static struct label_group **group_place(struct compiler *c, struct procedure *p)
{
    bool inside = scope_resolve(p->bound) == p->target;
    struct ast_node *at = inside ? p->binder : p->target->root;
    if (!at->note) at->note = compile_allocate(c, sizeof(struct node_note));
    struct node_note *note = at->note;
    if (!note) return NULL;
    return inside ? &note->inside : &note->around;
}

static void attach(struct compiler *c, struct procedure *p)
{
    struct label_group **place = group_place(c, p);
    if (!place) return;
    if (!*place) *place = compile_allocate(c, sizeof **place);
    if (!*place) return;
    p->group = *place;
    p->next_member = p->group->members;
    p->group->members = p;
}

int contify(struct compiler *c)
{
    choose_candidates(c);
    unsigned rounds = 0;
    do {
        while (flow(c) && rounds < ROUNDS_MAX) rounds++;
    } while (drop_conflicts(c, rounds >= ROUNDS_MAX));
    for (struct procedure *p = c->procedures; p && !c->error; p = p->next)
        if (p->kind == PROCEDURE_LABEL && p->target) attach(c, p);
    return c->error;
}
