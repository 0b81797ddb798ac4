/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item.c - how long the objects of wire/ live: as long as a generation that is alive lists
 * them, a handle leads to them, or another item does.
 */
#include <stdlib.h>

#include "state.h"

void *item_new(struct vvm_node *node, enum wire_kind kind, struct vvm_vmlet *owner, size_t octets)
{
    struct wire_item *item = calloc(1, octets);
    if (!item) return NULL;
    *item = (struct wire_item){.next = node->wire->items, .owner = owner, .kind = (uint8_t)kind};
    node->wire->items = item;
    return item;
}

/* ---- reaching ------------------------------------------------------------------------ */

static void reach(const struct wire_tracing *t, const struct wire_item *item);

static void reach_member(const struct wire_tracing *t, const struct wire_member *m)
{
    if (m->set) reach(t, &m->set->item);
    t->visit(t->data, m->procedure);
    t->visit(t->data, m->table);
    t->visit(t->data, m->handle);
}

static void reach_instruction(const struct wire_tracing *t, const struct kept_instruction *k)
{
    t->visit(t->data, k->descriptor);
    t->visit(t->data, k->procedure);
    if (k->instruction.below) reach(t, &instruction_kept(k->instruction.below)->item);
}

static void reach_around(const struct wire_tracing *t, const struct row_around *around)
{
    around->owner->reached = t->number;
    t->visit(t->data, around->network);
    t->visit(t->data, around->name);
    t->visit(t->data, around->procedure);
}

static void reach_network(const struct wire_tracing *t, const struct network *n)
{
    const struct wire_member *hooks[] = {n->run, n->peel, n->seal, n->uncaught, n->on_trap, n->steer};
    for (unsigned i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (hooks[i]) reach(t, &hooks[i]->item);
    for (unsigned i = 0; i < HOOKS; i++)
        if (n->defined[i]) reach(t, &n->defined[i]->item);
    if (n->program) reach(t, &n->program->item);
    for (unsigned i = 0; i < 256; i++)
        if (n->opcodes[i]) reach(t, &instruction_kept(n->opcodes[i])->item);
    for (unsigned i = 0; i < n->error_count; i++) t->visit(t->data, n->errors[i].value);
    t->visit(t->data, n->handle);
    t->visit(t->data, n->layout);
    t->visit(t->data, n->selection);
}

static void reach_program(const struct wire_tracing *t, const struct wire_program *p)
{
    t->visit(t->data, p->handle);
    t->visit(t->data, p->clauses);
}

/* Items lead to items only a few steps deep: network, member, set; a row down to the lowest
 * of its chain, which has one for each around. */
static void reach(const struct wire_tracing *t, const struct wire_item *item)
{
    if (item->reached == t->number) return;
    ((struct wire_item *)item)->reached = t->number;
    if (item->owner) item->owner->reached = t->number;
    switch ((enum wire_kind)item->kind) {
    case WIRE_PROGRAM: reach_program(t, (const struct wire_program *)item); break;
    case WIRE_SET: t->visit(t->data, ((const struct wire_set *)item)->handle); break;
    case WIRE_MEMBER: reach_member(t, (const struct wire_member *)item); break;
    case WIRE_NETWORK: reach_network(t, (const struct network *)item); break;
    case WIRE_INSTRUCTION: reach_instruction(t, (const struct kept_instruction *)item); break;
    }
}

void items_reach_generation(const struct wire_tracing *t, const struct vvm_generation *g)
{
    const struct match_table *m = g->matches;
    for (uint32_t i = 0; i < g->network_count; i++) reach(t, &g->networks[i]->item);
    if (!m) return;
    for (uint32_t i = 0; i < m->instruction_count; i++) reach(t, &instruction_kept(m->instructions[i])->item);
    for (uint32_t i = 0; i < m->member_count; i++) reach(t, &m->members[i]->item);
    for (uint32_t i = 0; i < m->around_count; i++) reach_around(t, &m->arounds[i]);
    t->visit(t->data, m->tests);
    t->visit(t->data, m->primitives);
    t->visit(t->data, m->weavers);
}

void items_reach_handle(const struct wire_tracing *t, const void *pointer) { reach(t, pointer); }

/* ---- freeing ------------------------------------------------------------------------- */

void items_sweep(struct vvm_node *node, uint64_t number)
{
    struct wire_item **at = &node->wire->items;
    while (*at) {
        struct wire_item *item = *at;
        if (item->reached == number) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        free(item);
    }
}

unsigned items_count(const struct vvm_node *node)
{
    unsigned count = 0;
    for (const struct wire_item *item = node->wire->items; item; item = item->next) count++;
    return count;
}
