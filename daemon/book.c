/* SPDX-License-Identifier: Apache-2.0 */
/*
 * book.c - a packet counts as sent when its port took it; should it come to something
 * else later, on a link that loses or delays or in a port that is closed, the ledger is
 * put right here. Each fate moves counts so that the ledger balances before and after.
 */
#include "worker.h"

#include <assert.h>

/* How often the packet is sent more, and what else it is more, by one or less by one. */
struct fate_effect {
    int8_t sent, other;
    uint8_t kind; /* enum ledger_kind of the other row */
};
static const struct fate_effect effects[FATE_KINDS] = {
    [FATE_LOST] = {-1, 1, LEDGER_DROPPED},      [FATE_OVERFLOW] = {-1, 1, LEDGER_DROPPED},
    [FATE_REFUSED] = {-1, 1, LEDGER_DROPPED},   [FATE_CLOSED] = {-1, 1, LEDGER_DROPPED},
    [FATE_DUPLICATED] = {1, 1, LEDGER_CREATED}, [FATE_DELAYED] = {-1, 1, LEDGER_HELD},
    [FATE_RELEASED] = {1, -1, LEDGER_HELD},
};

static unsigned row_of_fate(struct vvm_node *node, enum port_fate fate)
{
    return ledger_row(node, effects[fate].kind, port_fate_name(fate));
}

static void move(struct vvm_context *ctx, const struct vvm_packet *packet, enum port_fate fate, unsigned row)
{
    ledger_count(ctx, packet->sent_row, effects[fate].sent);
    ledger_count(ctx, row, effects[fate].other);
}

static void fate_of_worker(void *data, const struct vvm_packet *packet, enum port_fate fate)
{
    struct worker *worker = data;

    assert(fate < FATE_KINDS);
    move(&worker->context, packet, fate, worker->fate_row[fate]);
}

static void fate_at_close(void *data, const struct vvm_packet *packet, enum port_fate fate)
{
    struct router *router = data;

    assert(fate < FATE_KINDS);
    move(&router->node->control, packet, fate, row_of_fate(router->node, fate));
}

void book_unsent(struct worker *worker, const struct vvm_packet *packet, const char *reason)
{
    ledger_count(&worker->context, packet->sent_row, -1);
    ledger_count_named(&worker->context, LEDGER_DROPPED, reason);
}

void book_open(struct worker *worker)
{
    struct router *router = worker->router;
    unsigned i;

    for (i = 0; i < FATE_KINDS; i++) worker->fate_row[i] = row_of_fate(router->node, i);
    for (i = 0; i < worker->own_count; i++)
        router->ports[worker->own[i]].book = (struct port_book){fate_of_worker, worker};
}

void book_close(struct worker *worker)
{
    struct router *router = worker->router;
    unsigned i;

    for (i = 0; i < worker->own_count; i++)
        router->ports[worker->own[i]].book = (struct port_book){fate_at_close, router};
}
