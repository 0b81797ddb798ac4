/* SPDX-License-Identifier: Apache-2.0 */
/* readings.c - vvm.h: the ledger and other counters. */
#include <errno.h>
#include <stdlib.h>

#include "../generation.h"
#include "../heap.h"
#include "embed.h"

int vvm_ledger(const vvm_node *node,
               void (*each)(void *data, const char *kind, const char *name, uint64_t count), void *data)
{
    static const char *const kinds[LEDGER_KINDS] = {
        [LEDGER_RECEIVED] = "received", [LEDGER_CREATED] = "created",
        [LEDGER_SENT] = "sent",         [LEDGER_DELIVERED] = "delivered",
        [LEDGER_CONSUMED] = "consumed", [LEDGER_DROPPED] = "dropped",
        [LEDGER_HELD] = "held"};
    struct ledger_row *rows = malloc(LEDGER_ROWS * sizeof *rows);
    if (!rows) return -ENOMEM;
    unsigned count = ledger_read_of(node->world->ledger, rows, LEDGER_ROWS);
    for (unsigned i = 0; i < count; i++) each(data, kinds[rows[i].kind], rows[i].name, rows[i].count);
    free(rows);
    return 0;
}

int64_t vvm_ledger_balance(const vvm_node *node) { return ledger_balance_of(node->world->ledger); }

void vvm_counters(const vvm_node *node, void (*each)(void *data, const char *name, uint64_t value),
                  void *data)
{
    const struct vvm_node *n = node->node;
    uint64_t vmlets = 0;
    for (const struct vvm_vmlet *v = n->vmlets; v; v = v->next) vmlets++;
    each(data, "vmlets", vmlets);
    each(data, "generation", n->current->number);
    each(data, "generations-alive", generations_alive(n));
    each(data, "heap-octets", heap_octets(n));
    each(data, "collections", n->heap->collections);
    each(data, "globals", n->current->binding_count);
}
