/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit.c - packets handed from network to network, and the drain, which executes them
 * and those that woke.
 *
 * A drain ends: each packet is one round later than the one that led to it, none goes
 * beyond WAITING_CHAIN rounds, and a round has no more packets than SUBMIT_MOST and those
 * that queues held when it began.
 */
#include <assert.h>

#include "execution.h"
#include "primitives.h"

/* ---- handing on --------------------------------------------------------------------------- */

/* NULL, or why it cannot be taken. */
static const char *enlist(struct waiting *w, struct vvm_packet *p, const struct network *network)
{
    if (w->round >= WAITING_CHAIN) return "too-many-rounds";
    if (w->count == SUBMIT_MOST) return "submit-full";
    w->handed[(w->start + w->count++) % SUBMIT_MOST] =
        (struct submission){p, network->name, network->item.owner ? network->item.owner->name : VALUE_FALSE,
                            (uint8_t)(w->round + 1)};
    return NULL;
}

/* Another network sees only what stands from head on; the packet's own finds its layers again. */
static void enter_network(struct vvm_packet *p, const struct network *from, const struct network *to)
{
    if (from->name != to->name || from->item.owner != to->item.owner) p->layer_count = 0;
}

static vvm_value submit_received(struct vvm_context *ctx, struct packet_object *handle,
                                 const struct network *network)
{
    struct execution *x = ctx->execution;
    const char *reason = enlist(&x->waiting, handle->packet, network);
    if (reason) {
        execution_end(ctx, OUTCOME_DROPPED, reason);
        return halt(ctx);
    }
    enter_network(handle->packet, ctx->network, network);
    handle->packet = NULL;
    x->received = NULL;
    execution_leave(ctx, "submitted");
    return halt(ctx);
}

static vvm_value submit_made(struct vvm_context *ctx, struct packet_object *handle,
                             const struct network *network)
{
    struct vvm_packet *p = handle->packet;
    struct execution *x = ctx->execution;
    if (!execution_release(x, p))
        return raise_message(ctx, ERROR_MOVED, VALUE_DEFAULT, "submit: the packet was not made here");
    handle->packet = NULL;
    enter_network(p, ctx->network, network);
    const char *reason = enlist(&x->waiting, p, network);
    if (!reason) return VALUE_TRUE;
    packet_free(p);
    execution_count(ctx, LEDGER_DROPPED, reason);
    return VALUE_FALSE;
}

/* (submit network packet): that network of this node executes it when this packet has ended. The
 * packet in execution ends here; for one that was made here: #t, or #f if it was dropped. */
vvm_value primitive_submit(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct execution *x = execution_of(ctx);
    const struct network *network = wire_pointer(args[0], TYPE_NETWORK);
    if (!x) return VALUE_EXCEPTION;
    if (!network) return raise_type(ctx, "submit", 1, "network", args[0]);
    struct vvm_packet *p = packet_argument(ctx, "submit", 2, args[1]);
    if (!p) return VALUE_EXCEPTION;
    struct packet_object *handle = value_pointer(args[1]);
    return p == x->received ? submit_received(ctx, handle, network) : submit_made(ctx, handle, network);
}

/* ---- the drain ------------------------------------------------------------------------------ */

static void execute_handed(struct vvm_context *ctx, const struct submission *s)
{
    struct outcome_report report;
    const struct network *network = network_by_names(ctx->generation, s->network, s->owner);
    if (network) {
        ctx->execution->waiting.round = s->round;
        network_receive(ctx, network, s->packet, &report);
    } else {
        packet_free(s->packet);
        execution_count(ctx, LEDGER_DROPPED, "no-network");
        report = (struct outcome_report){
            .outcome = OUTCOME_DROPPED, .name = "no-network", .network = symbol_name(s->network)};
    }
    execution_report(ctx, &report);
}

static struct submission take_handed(struct waiting *w)
{
    struct submission s = w->handed[w->start];
    w->start = (w->start + 1) % SUBMIT_MOST;
    w->count--;
    return s;
}

static struct held_packet *take_woken(struct waiting *w)
{
    struct held_packet *held = w->first;
    w->first = held->next;
    return held;
}

static void drain(struct vvm_context *ctx)
{
    struct waiting *w = &ctx->execution->waiting;
    while (w->first || w->count) {
        if (w->first) {
            held_execute(ctx, take_woken(w));
        } else {
            struct submission s = take_handed(w);
            execute_handed(ctx, &s);
        }
    }
    w->round = 0;
}

void execution_drain(struct vvm_context *ctx)
{
    struct execution *x = ctx->execution;
    bool pinned = ctx->generation != NULL;
    assert(!x->received && !ctx->network); /* no packet is in execution */
    if (!x->waiting.first && !x->waiting.count) return;
    if (!pinned) generation_enter(ctx);
    drain(ctx);
    if (!pinned) generation_leave(ctx);
}

void waiting_close(struct vvm_context *ctx)
{
    struct waiting *w = &ctx->execution->waiting;
    while (w->first) held_drop_one(ctx, take_woken(w), "closing");
    while (w->count) {
        packet_free(take_handed(w).packet);
        execution_count(ctx, LEDGER_DROPPED, "closing");
    }
}
