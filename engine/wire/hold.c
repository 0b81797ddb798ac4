/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.c - packets that wait in a queue, and wake.
 *
 *   hold    octets ---> the queue's memory, under a key; the execution ends
 *   wake    all of the key ---> this context's list of what waits (waiting.h)
 *   then    octets ---> a buffer of this context's pool ---> the network of that name
 *
 * Of a packet the octets are kept from its outermost header on, at their places in the
 * buffer, and the layers that were peeled by the names of their networks: so it is decoded
 * again by the code that is in force when it wakes, and what carried it can be sealed.
 */
#include <assert.h>
#include <string.h>

#include "execution.h"
#include "primitives.h"

/* ---- holding --------------------------------------------------------------------------- */

static vvm_value owner_name(const struct network *network)
{
    return network->item.owner ? network->item.owner->name : VALUE_FALSE;
}

/* Where the outermost header begins that must come along. */
static uint32_t first_octet(const struct vvm_packet *p)
{
    uint32_t start = p->head;
    if (p->layer_count && p->layers[0].offset < start) start = p->layers[0].offset;
    if (p->carrier && p->link_offset < start) start = p->link_offset;
    return start;
}

static void note_packet(struct held_packet *held, const struct network *network, const struct vvm_packet *p)
{
    held->network = network->name;
    held->owner = owner_name(network);
    held->head = p->head;
    held->payload_end = p->payload_end;
    held->time = p->time;
    held->peer = p->peer;
    held->ingress = p->ingress;
    held->link_offset = p->link_offset;
    held->ip_offset = p->ip_offset;
    held->udp_offset = p->udp_offset;
    held->carrier = p->carrier;
    held->lifetime = p->lifetime;
    held->padded = p->padded;
    held->flow = p->flow;
    held->layer_count = p->layer_count;
    for (unsigned i = 0; i < p->layer_count; i++)
        held->layers[i] = (struct held_layer){p->layers[i].network->name, owner_name(p->layers[i].network),
                                              p->layers[i].offset, p->layers[i].end, p->layers[i].key};
}

/* Room in the queue, if need be that of those that have waited longest. */
static struct held_packet *make_room(struct vvm_context *ctx, struct table *queue, uint32_t start,
                                     uint32_t end)
{
    struct held_packet *oldest, *held = queue_reserve(queue, start, end);
    if (!queue->schema.evict || !queue_could_hold(queue, end - start)) return held;
    while (!held && (oldest = queue_take_oldest(queue, QUEUE_NEVER)) != NULL) {
        held_drop_one(ctx, oldest, "evicted");
        held = queue_reserve(queue, start, end);
    }
    return held;
}

/* (hold queue key ...): the packet in execution waits; the execution ends. */
vvm_value primitive_hold(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    uint64_t key[TABLE_KEY_WORDS];
    struct execution *x = execution_of_packet(ctx);
    struct table *queue = x ? queue_arguments(ctx, "hold", n, args, key) : NULL;
    if (!queue) return VALUE_EXCEPTION;
    const struct vvm_packet *p = x->received;
    uint32_t start = first_octet(p), end = p->head + p->length;
    if (!fuel_octets(ctx, end - start)) return VALUE_EXCEPTION;
    struct held_packet *held = make_room(ctx, queue, start, end);
    if (!held) {
        execution_end(ctx, OUTCOME_DROPPED, "queue-full");
        return halt(ctx);
    }
    note_packet(held, ctx->network, p);
    memcpy(held->key, key, sizeof held->key);
    queue_store(held, p->base + start);
    execution_end(ctx, OUTCOME_HELD, symbol_name(queue->name)); /* before another worker can wake it */
    queue_link(held, world_now(ctx->world));
    if (x->timers.next > queue_deadline(queue)) x->timers.next = queue_deadline(queue);
    return halt(ctx);
}

/* ---- waking ---------------------------------------------------------------------------- */

/* (wake queue key ...) -> how many packets of the key are executed when this one has ended */
vvm_value primitive_wake(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    uint64_t key[TABLE_KEY_WORDS];
    int64_t count = 0;
    struct execution *x = execution_of(ctx);
    struct table *queue = x ? queue_arguments(ctx, "wake", n, args, key) : NULL;
    if (!queue) return VALUE_EXCEPTION;
    struct waiting *w = &x->waiting;
    struct held_packet *held = queue_take(queue, key);
    if (held) *(w->first ? &w->last->next : &w->first) = held;
    for (; held; held = held->next) {
        held->round = w->round + 1;
        w->last = held;
        count++;
    }
    return fuel_charge(ctx, (uint64_t)count) ? make_fixnum(count) : VALUE_EXCEPTION;
}

/* ---- executing what woke --------------------------------------------------------------- */

const struct network *network_by_names(const struct vvm_generation *g, vvm_value name, vvm_value owner)
{
    for (uint32_t i = g->network_count; i-- > 0;)
        if (g->networks[i]->name == name && owner_name(g->networks[i]) == owner) return g->networks[i];
    return NULL;
}

static bool restore_layers(const struct vvm_generation *g, const struct held_packet *held,
                           struct vvm_packet *p)
{
    for (unsigned i = 0; i < held->layer_count; i++) {
        const struct held_layer *layer = &held->layers[i];
        p->layers[i] = (struct peeled_layer){network_by_names(g, layer->network, layer->owner), layer->offset,
                                             layer->end, layer->key};
        if (!p->layers[i].network) return false;
    }
    p->layer_count = held->layer_count;
    return true;
}

/* The packet in a buffer again; NULL with the reason why it cannot be. */
static struct vvm_packet *restore(struct vvm_context *ctx, const struct held_packet *held,
                                  const char **reason)
{
    struct vvm_pool *pool = execution_pool(ctx);
    struct vvm_packet *p = pool ? pool->alloc(pool) : NULL;
    *reason = "no-buffer";
    if (!p) return NULL;
    *reason = held->end > p->capacity ? "too-big" : "no-network";
    if (held->end > p->capacity || !restore_layers(ctx->generation, held, p)) {
        packet_free(p);
        return NULL;
    }
    p->head = held->head;
    p->length = held->end - held->head;
    p->payload_end = held->payload_end < p->capacity ? held->payload_end : p->capacity;
    p->time = held->time;
    p->peer = held->peer;
    p->ingress = held->ingress;
    p->link_offset = held->link_offset;
    p->ip_offset = held->ip_offset;
    p->udp_offset = held->udp_offset;
    p->carrier = held->carrier;
    p->lifetime = held->lifetime;
    p->padded = held->padded;
    p->flow = held->flow;
    queue_load(held, p->base + held->start);
    return p;
}

static void count_no_longer_held(struct vvm_context *ctx, const struct held_packet *held)
{
    execution_count_by(ctx, LEDGER_HELD, symbol_name(held->queue->name), -1);
}

void held_drop_one(struct vvm_context *ctx, struct held_packet *held, const char *reason)
{
    count_no_longer_held(ctx, held);
    execution_count(ctx, LEDGER_DROPPED, reason);
    execution_report(ctx, &(struct outcome_report){.outcome = OUTCOME_DROPPED,
                                                   .name = reason,
                                                   .network = symbol_name(held->network)});
    queue_release(held);
}

void held_execute(struct vvm_context *ctx, struct held_packet *held)
{
    struct outcome_report report;
    const char *reason = "no-network";
    const struct network *network = network_by_names(ctx->generation, held->network, held->owner);
    struct vvm_packet *p = NULL;
    if (held->round > WAITING_CHAIN) reason = "too-many-rounds";
    else if (network) p = restore(ctx, held, &reason);
    if (!p) {
        held_drop_one(ctx, held, reason);
        return;
    }
    ctx->execution->waiting.round = held->round;
    count_no_longer_held(ctx, held);
    queue_release(held);
    network_receive(ctx, network, p, &report);
    execution_report(ctx, &report);
}
