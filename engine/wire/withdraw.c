/* SPDX-License-Identifier: Apache-2.0 */
/*
 * withdraw.c - what a candidate generation lists, by owner: taking a VMlet's part out, and
 * putting the rest into the order of the VMlets' places, on which depends which of two
 * members of one name is in force.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "around.h"

/* ---- lists of values: tests and primitives -------------------------------------------- */

/* The list without the entries whose n-th element (the 0th: the car) is the owner's name. */
static int filter_list(struct vvm_context *ctx, vvm_value *list, unsigned n, vvm_value name)
{
    vvm_value kept = VALUE_NULL, reversed = VALUE_NULL;
    for (vvm_value l = *list; is_pair(l); l = cdr_of(l)) {
        vvm_value at = car_of(l);
        for (unsigned i = 0; i < n; i++) at = cdr_of(at);
        if (car_of(at) != name) reversed = make_pair(ctx, car_of(l), reversed);
        if (reversed == VALUE_EXCEPTION) return -ENOMEM;
    }
    for (; is_pair(reversed); reversed = cdr_of(reversed)) {
        kept = make_pair(ctx, car_of(reversed), kept);
        if (kept == VALUE_EXCEPTION) return -ENOMEM;
    }
    *list = kept;
    return 0;
}

int wire_drop_owner(struct vvm_context *ctx, struct vvm_generation *g, const struct vvm_vmlet *owner)
{
    struct match_table *m = g->matches;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->network_count; i++)
        if (g->networks[i]->item.owner != owner) g->networks[kept++] = g->networks[i];
    g->network_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < m->instruction_count; i++)
        if (m->instructions[i]->owner != owner) m->instructions[kept++] = m->instructions[i];
    m->instruction_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < m->member_count; i++)
        if (m->members[i]->item.owner != owner) m->members[kept++] = m->members[i];
    m->member_count = kept;
    arounds_remove(m, owner);
    int err = set_index(m);
    if (!err) err = filter_list(ctx, &m->tests, 2, owner->name);
    if (!err) err = filter_list(ctx, &m->weavers, 1, owner->name);
    return err ? err : filter_list(ctx, &m->primitives, 1, owner->name);
}

/* ---- order --------------------------------------------------------------------------- */

/* Sort by place, what is of one place as it stands: lists are short and nearly sorted. */
#define SORT(list, count, place)                                                                             \
    for (uint32_t i = 1; i < (count); i++)                                                                   \
        for (uint32_t k = i; k > 0 && place(list[k - 1]) > place(list[k]); k--) {                            \
            __auto_type swapped = list[k];                                                                   \
            list[k] = list[k - 1];                                                                           \
            list[k - 1] = swapped;                                                                           \
        }

static uint64_t place_of(const struct wire_item *item) { return item->owner ? item->owner->place : 0; }

#define ITEM_PLACE(x)        place_of(&(x)->item)
#define AROUND_PLACE(x)      ((x).owner->place)
#define INSTRUCTION_PLACE(x) place_of(&instruction_kept(x)->item)

int wire_sort(struct vvm_generation *g)
{
    struct match_table *m = g->matches;
    SORT(g->networks, g->network_count, ITEM_PLACE)
    SORT(m->instructions, m->instruction_count, INSTRUCTION_PLACE)
    SORT(m->arounds, m->around_count, AROUND_PLACE)
    SORT(m->members, m->member_count, ITEM_PLACE)
    return set_index(m);
}
