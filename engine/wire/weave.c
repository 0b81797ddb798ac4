/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weave.c - what weavers see of networks and sets, and what they put there: the wire/ part of
 * engine/weave.c.
 */
#include <errno.h>

#include "../layer.h"
#include "../reflect.h"
#include "execution.h"
#include "primitives.h"

vvm_value wire_weavers(const struct vvm_generation *g)
{
    return g && g->matches ? g->matches->weavers : VALUE_NULL;
}

void wire_set_weavers(struct vvm_generation *g, vvm_value weavers) { g->matches->weavers = weavers; }

/* ---- what is new ------------------------------------------------------------------------ */

struct showing {
    struct vvm_context *ctx;
    const struct vvm_generation *candidate;
    const struct match_table *before;
    uint32_t weaver;
    bool all;
    wire_definition *fn;
    void *data;
};

static bool is_new_instruction(const struct showing *s, const struct wire_instruction *w)
{
    for (uint32_t i = 0; i < s->before->instruction_count; i++)
        if (s->before->instructions[i] == w) return s->all;
    return true;
}

static bool is_new_member(const struct showing *s, const struct wire_member *m)
{
    for (uint32_t i = 0; i < s->before->member_count; i++)
        if (s->before->members[i] == m) return s->all;
    return true;
}

static bool is_new_hook(const struct showing *s, const struct network *n, unsigned hook)
{
    const struct vvm_generation *g = s->ctx->node->current;
    for (uint32_t i = 0; i < g->network_count; i++)
        if (g->networks[i]->name == n->name && g->networks[i]->defined[hook] == n->defined[hook])
            return s->all;
    return true;
}

/* ---- what the weaver covers already -------------------------------------------------------- */

static bool covers_instruction(const struct showing *s, vvm_value network, vvm_value name)
{
    const struct match_table *t = s->candidate->matches;
    for (uint32_t i = 0; i < t->around_count; i++) {
        const struct row_around *a = &t->arounds[i];
        if (a->weaver == s->weaver && a->network == network && a->name == name) return true;
    }
    return false;
}

static bool covers_member(const struct showing *s, const struct wire_member *m)
{
    const struct match_table *t = s->candidate->matches;
    for (uint32_t i = 0; i < t->member_count; i++)
        if (t->members[i]->around && t->members[i]->weaver == s->weaver && member_same_name(t->members[i], m))
            return true;
    return false;
}

static bool covers_hook(const struct showing *s, vvm_value network, unsigned hook)
{
    const struct match_table *t = s->candidate->matches;
    for (uint32_t i = 0; i < t->member_count; i++)
        if (t->members[i]->weaver == s->weaver && hook_covered(t->members[i], network, hook)) return true;
    return false;
}

/* ---- showing ----------------------------------------------------------------------------------- */

static int show(const struct showing *s, const struct vvm_vmlet *owner, vvm_value target)
{
    vvm_value description = target == VALUE_EXCEPTION ? target : reflect_describe_wire(s->ctx, target);
    if (description == VALUE_EXCEPTION) return -ENOMEM;
    return description == VALUE_FALSE ? 0 : s->fn(s->data, owner, description);
}

static int show_network(const struct showing *s, const struct network *n)
{
    const struct match_table *t = s->candidate->matches;
    int err = 0;
    for (uint32_t i = 0; i < t->instruction_count && !err; i++) {
        const struct wire_instruction *w = t->instructions[i];
        if (!network_selects(n, w) || !is_new_instruction(s, w) || covers_instruction(s, n->name, w->name))
            continue;
        err = show(s, w->owner, reflect_target(s->ctx, "instruction", n->name, w->name));
    }
    for (unsigned i = 0; i < HOOKS && !err; i++) {
        if (!n->defined[i] || !is_new_hook(s, n, i) || covers_hook(s, n->name, i)) continue;
        err = show(s, n->item.owner,
                   reflect_target(s->ctx, "network", n->name, reflect_name(s->ctx, hook_name(i))));
    }
    return err;
}

int wire_each_definition(struct vvm_context *ctx, uint32_t weaver, bool all, wire_definition *fn, void *data)
{
    const struct vvm_generation *g = ctx->node->candidate;
    const struct showing s = {ctx, g, ctx->node->current->matches, weaver, all, fn, data};
    int err = 0;
    for (uint32_t i = 0; i < g->network_count && !err; i++) err = show_network(&s, g->networks[i]);
    for (uint32_t i = 0; i < g->matches->member_count && !err; i++) { /* new ones are added behind */
        const struct wire_member *m = g->matches->members[i];
        if (!m->set || m->around || !is_new_member(&s, m) || covers_member(&s, m)) continue;
        err = show(&s, m->item.owner, member_target(ctx, m));
    }
    return err;
}

/* ---- taking off ---------------------------------------------------------------------------------- */

static bool is_network_of(const struct vvm_generation *g, vvm_value name, const struct vvm_vmlet *vmlet)
{
    const struct network *n = network_named(g, name);
    return n && n->item.owner == vmlet;
}

/* True if the around lies over a member or a hook of the VMlet. */
static bool lies_on(const struct vvm_generation *g, const struct wire_member *around,
                    const struct vvm_vmlet *vmlet)
{
    const struct match_table *t = g->matches;
    for (uint32_t i = 0; i < t->member_count && around->set; i++)
        if (!t->members[i]->around && t->members[i]->item.owner == vmlet &&
            member_same_name(t->members[i], around))
            return true;
    for (uint32_t i = 0; i < g->network_count && !around->set; i++)
        for (unsigned k = 0; k < HOOKS; k++)
            if (g->networks[i]->item.owner == vmlet && hook_covered(around, g->networks[i]->name, k))
                return true;
    return false;
}

static bool is_meant(uint32_t of, uint32_t weaver) { return of && (!weaver || of == weaver); }

int wire_unweave(struct vvm_node *node, uint32_t weaver, const struct vvm_vmlet *vmlet)
{
    struct vvm_generation *g = node->candidate;
    struct match_table *t = g->matches;
    uint32_t kept = 0;
    int err = 0;
    for (uint32_t i = 0; i < t->around_count; i++) {
        const struct row_around *a = &t->arounds[i];
        bool goes = is_meant(a->weaver, weaver) && (!vmlet || is_network_of(g, a->network, vmlet));
        if (!goes) t->arounds[kept++] = *a;
    }
    t->around_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < t->member_count; i++) {
        const struct wire_member *m = t->members[i];
        bool goes = m->around && is_meant(m->weaver, weaver) && (!vmlet || lies_on(g, m, vmlet));
        if (goes && m->below < g->binding_count)
            g->bindings[m->below] = (struct binding){.value = VALUE_UNDEFINED};
        if (goes && err >= 0) err = layer_forget(node, m->item.owner, m->procedure);
        if (!goes) t->members[kept++] = m;
    }
    t->member_count = kept;
    return err < 0 ? err : set_index(t);
}
