/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contify.c - lambdas all of whose calls share one continuation become labels.
 *
 * A call in tail position of a label has the continuation of the label's own calls,
 * so the question is answered for all together: begin with every candidate a label,
 * let the calls' continuations flow to their targets, mark those that would have two,
 * and begin again without these until none is marked. The flow starts at the top
 * and follows what runs, so that no label's continuation lies inside itself.
 */
#include "compile.h"

#include <assert.h>

#define ROUNDS_MAX  64  /* then the rest stay functions */
#define NESTING_MAX 200 /* the code of labels inside labels is made by recursion */

struct scope *scope_resolve(struct scope *s)
{
    while (s && s->is_body && s->procedure->kind == PROCEDURE_LABEL) s = s->procedure->target;
    return s;
}

struct procedure *scope_function(struct scope *s)
{
    struct procedure *p = s->procedure;
    while (p->live && p->kind == PROCEDURE_LABEL) p = p->target->procedure;
    return p->live ? p : NULL;
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

/* What each procedure's own body calls and makes. */
static void sort_contents(struct compiler *c)
{
    for (struct call_site *site = c->calls; site; site = site->next) {
        struct procedure *in = site->scope->procedure;
        site->next_in = in->sites;
        in->sites = site;
    }
    for (struct procedure *p = c->procedures; p; p = p->next) {
        if (!p->bound) continue;
        p->next_made = p->bound->procedure->made;
        p->bound->procedure->made = p;
    }
}

static void make_live(struct procedure **work, struct procedure *p)
{
    if (p->live) return;
    p->live = true;
    p->next_live = *work;
    *work = p;
}

/* The first live call; true if it lies too deep. */
static bool set_target(struct procedure *p, struct scope *s, const struct procedure *from)
{
    assert(from->live && !p->target);
    p->target = s;
    if (p->kind != PROCEDURE_LABEL || from->nesting < NESTING_MAX) {
        p->nesting = p->kind == PROCEDURE_LABEL ? from->nesting + 1 : 0;
        return false;
    }
    p->nesting = 0;
    p->conflict = true;
    return true;
}

/* The calls of one live procedure: where its labels go on is known by now. */
static bool flow(struct procedure **work, const struct procedure *from)
{
    bool conflict = false;
    for (struct procedure *p = from->made; p; p = p->next_made)
        if (p->kind == PROCEDURE_CLOSURE) make_live(work, p);
    for (struct call_site *site = from->sites; site; site = site->next_in) {
        struct procedure *p = site->procedure;
        struct scope *s = scope_resolve(site->scope);
        if (p->kind == PROCEDURE_LABEL && p->target && p->target != s) conflict = p->conflict = true;
        if (!p->target) conflict |= set_target(p, s, from);
        make_live(work, p);
    }
    return conflict;
}

static bool flow_all(struct compiler *c)
{
    struct procedure *work = NULL;
    bool conflict = false;
    for (struct procedure *p = c->procedures; p; p = p->next) {
        p->live = false;
        p->target = NULL;
    }
    make_live(&work, c->top);
    while (work) {
        struct procedure *p = work;
        work = p->next_live;
        conflict |= flow(&work, p);
    }
    return conflict;
}

/* Labels with two continuations become functions. */
static void drop_conflicts(struct compiler *c, bool all)
{
    for (struct procedure *p = c->procedures; p; p = p->next)
        if (p->kind == PROCEDURE_LABEL && (p->conflict || all)) p->kind = PROCEDURE_LIFTED;
}

static struct label_group **group_place(struct compiler *c, struct procedure *p)
{
    assert(p->kind == PROCEDURE_LABEL && p->target && p->bound);
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
    sort_contents(c);
    for (unsigned round = 1; flow_all(c); round++) drop_conflicts(c, round >= ROUNDS_MAX);
    for (struct procedure *p = c->procedures; p && !c->error; p = p->next)
        if (p->kind == PROCEDURE_LABEL && p->live) attach(c, p);
    return c->error;
}
