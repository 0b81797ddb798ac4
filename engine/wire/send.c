/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.c - packets leave: sealing, sending, delivering, dropping; packets are made.
 *
 * send and emit are written in network.vml, because sealing calls a hook of each
 * carrying network and primitives call nothing:
 *
 *   %send-begin p -> %seal: (hook p key fresh?) for each layer -> %transmit
 *
 * A layer that was peeled still stands before the packet's head: it is taken back
 * and its hook only puts lengths and checksums right. Where its octets were run over,
 * or the packet was made here, the hook writes a fresh header.
 */
#include <assert.h>
#include <string.h>

#include "../octets_access.h"
#include "execution.h"
#include "primitives.h"

/* ---- sealing ------------------------------------------------------------------------------ */

/* A device and an address, and nothing beyond them. */
static bool is_hop(vvm_value v) { return is_fixnum(v) && (uint64_t)fixnum_value(v) >> 48 == 0; }

/* What can be wrong is found before a layer is touched. */
static vvm_value seal_begin(struct vvm_context *ctx, const char *name, const vvm_value *args, bool made)
{
    struct execution *x = execution_of(ctx);
    if (!x) return VALUE_EXCEPTION;
    if (!is_hop(args[0])) return raise_type(ctx, name, 1, "hop", args[0]);
    const struct vvm_packet *p = packet_argument(ctx, name, 2, args[1]);
    if (!p) return VALUE_EXCEPTION;
    if (p == x->received && made)
        return raise_type(ctx, name, 2, "packet that was made here; (send hop packet) sends the received one",
                          args[1]);
    x->sealing =
        (struct sealing){.handle = value_pointer(args[1]), .network = ctx->network, .inner = p->head};
    return VALUE_UNSPECIFIED;
}

/* (%send-begin hop p) */
vvm_value primitive_send_begin(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    return seal_begin(ctx, "send", args, false);
}

/* (%emit-begin hop p) */
vvm_value primitive_emit_begin(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    return seal_begin(ctx, "emit", args, true);
}

/* Step to the next layer outward; false when the outermost stands at head. */
static bool next_layer(struct vvm_context *ctx, struct sealing *s, struct vvm_packet *p)
{
    if (p->layer_count) {
        const struct peeled_layer *layer = &p->layers[--p->layer_count];
        assert(layer->network && layer->offset <= layer->end);
        s->network = layer->network;
        s->key = layer->key;
        s->fresh = p->head != layer->end;
        if (s->fresh) return true;
        p->length += p->head - layer->offset;
        p->head = layer->offset;
        return true;
    }
    const struct match_clause *carried = network_carried(s->network);
    if (!carried) return false;
    s->network = network_named(ctx->generation, carried->parent);
    s->key = carried->key;
    s->fresh = true;
    return s->network != NULL;
}

static vvm_value seal_error(struct vvm_context *ctx, const char *text)
{
    return raise_message(ctx, ERROR_IMPORT, VALUE_DEFAULT, "send: %s", text);
}

vvm_value seal_next(struct vvm_context *ctx, vvm_value args[3])
{
    struct execution *x = execution_of(ctx);
    if (!x) return VALUE_EXCEPTION;
    struct sealing *s = &x->sealing;
    struct vvm_packet *p = s->handle ? s->handle->packet : NULL;
    if (!p) return raise_error(ctx, ERROR_MOVED, VALUE_DEFAULT);
    while (s->rounds++ < 2 * PACKET_LAYERS) {
        if (!next_layer(ctx, s, p)) {
            if (!s->network) return seal_error(ctx, "the network that carries this one is not loaded");
            s->ready = true;
            return VALUE_FALSE;
        }
        if (s->network->seal) {
            args[0] = object_value(s->handle);
            args[1] = make_fixnum(s->key);
            args[2] = make_boolean(s->fresh);
            return s->network->seal->procedure;
        }
        if (s->fresh) return seal_error(ctx, "the network that carries this one cannot seal");
    }
    return seal_error(ctx, "networks carry each other in a ring");
}

/* ---- sending --------------------------------------------------------------------------------- */

/* Hand the sealed packet to the host; NULL, or the reason why it was dropped. */
static const char *hand_over(struct vvm_context *ctx, struct vvm_packet *p, uint64_t hop)
{
    struct execution *x = ctx->execution;
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    const char *reason = "no-host";
    assert(x->sealing.ready && x->sealing.handle->packet == p && p != x->received);
    x->sealing.handle->packet = NULL;
    if (!ops || !ops->transmit) {
        packet_free(p);
        return reason;
    }
    reason = "not-sent";
    int err = ops->transmit(ctx->world->host, ctx, p, HOP_DEVICE(hop), HOP_ADDRESS(hop), x->sealing.network,
                            &reason);
    return err ? reason : NULL;
}

static struct vvm_packet *sealed_packet(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    struct execution *x = execution_of(ctx);
    if (!x) return NULL;
    struct vvm_packet *p = packet_argument(ctx, name, 2, args[1]);
    if (!p) return NULL;
    if (!is_hop(args[0])) return raise_type(ctx, name, 1, "hop", args[0]), NULL;
    if (x->sealing.handle == value_pointer(args[1]) && x->sealing.ready) return p;
    seal_error(ctx, "the packet is not sealed");
    return NULL;
}

/* A packet made here has gone, or was dropped for a reason. */
static void count_made(struct vvm_context *ctx, const char *reason)
{
    execution_count(ctx, reason ? LEDGER_DROPPED : LEDGER_SENT, reason ? reason : network_name(ctx->network));
}

/* (%transmit hop p): the received packet goes, or one made here in its place; the execution ends. */
vvm_value primitive_transmit(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct vvm_packet *p = sealed_packet(ctx, "send", args);
    if (!p) return VALUE_EXCEPTION;
    struct execution *x = ctx->execution;
    const char *name = network_name(ctx->network);
    bool received = p == x->received, made = !received && execution_release(x, p);
    if (received) x->received = NULL;
    assert(received || made); /* a handle that has not moved away stands for one of them */
    (void)made;
    const char *reason = hand_over(ctx, p, (uint64_t)fixnum_value(args[0]));
    enum outcome outcome = reason ? OUTCOME_DROPPED : OUTCOME_SENT;
    if (received) {
        execution_end(ctx, outcome, reason ? reason : name);
        return halt(ctx);
    }
    count_made(ctx, reason);
    if (!x->detached) execution_end(ctx, OUTCOME_CONSUMED, "answered");
    return halt(ctx);
}

/* (%emit hop p) -> #t, or #f if it was dropped: a packet made here goes, the execution goes on. */
vvm_value primitive_emit(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct vvm_packet *p = sealed_packet(ctx, "emit", args);
    if (!p) return VALUE_EXCEPTION;
    if (!execution_release(ctx->execution, p)) return seal_error(ctx, "the packet was not made here");
    const char *reason = hand_over(ctx, p, (uint64_t)fixnum_value(args[0]));
    count_made(ctx, reason);
    return make_boolean(!reason);
}

/* ---- other ends: their names are symbols, which never come from the wire
 * ------------------------------------------------------------------------------- */

static vvm_value end_named(struct vvm_context *ctx, const char *primitive, enum outcome outcome,
                           vvm_value name)
{
    if (!execution_of_packet(ctx)) return VALUE_EXCEPTION;
    if (!is_symbol(name)) return raise_type(ctx, primitive, 1, "symbol", name);
    execution_end(ctx, outcome, symbol_name(name));
    return halt(ctx);
}

vvm_value primitive_drop(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    return end_named(ctx, "drop", OUTCOME_DROPPED, args[0]);
}

vvm_value primitive_consume(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    return end_named(ctx, "consume", OUTCOME_CONSUMED, args[0]);
}

/* (deliver-to port octets): to the application on that port; the execution ends. */
vvm_value primitive_deliver(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    enum access_error why = ACCESS_OK;
    uint64_t length;
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    if (!execution_of_packet(ctx)) return VALUE_EXCEPTION;
    if (!is_fixnum(args[0]) || args[0] > make_fixnum(UINT32_MAX))
        return raise_type(ctx, "deliver-to", 1, "port", args[0]);
    const uint8_t *octets = octets_all(args[1], &length, &why);
    if (!octets && why == ACCESS_TYPE) return raise_type(ctx, "deliver-to", 2, "bytes", args[1]);
    if (!octets) return raise_error(ctx, why == ACCESS_MOVED ? ERROR_MOVED : ERROR_BOUNDS, VALUE_DEFAULT);
    if (!fuel_octets(ctx, length)) return VALUE_EXCEPTION;
    uint32_t port = (uint32_t)fixnum_value(args[0]);
    const char *reason = ops && ops->deliver ? "not-delivered" : "no-host";
    int err = -1;
    if (ops && ops->deliver)
        err = ops->deliver(ctx->world->host, ctx, ctx->network, port, octets, (uint32_t)length, &reason);
    if (err) execution_end(ctx, OUTCOME_DROPPED, reason);
    else execution_deliver(ctx, port);
    return halt(ctx);
}

/* ---- making packets ------------------------------------------------------------------------------ */

struct vvm_pool *execution_pool(struct vvm_context *ctx)
{
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    return ops && ops->pool ? ops->pool(ctx->world->host, ctx) : NULL;
}

/* A packet of the pool or a copy of `from`, on the list and in the ledger under its cause. */
static vvm_value create(struct vvm_context *ctx, const char *primitive, const struct vvm_packet *from,
                        vvm_value cause)
{
    struct vvm_pool *pool = execution_pool(ctx);
    if (!is_symbol(cause)) return raise_type(ctx, primitive, from ? 2 : 1, "symbol", cause);
    struct vvm_packet *p = pool ? (from ? packet_copy(pool, from) : pool->alloc(pool)) : NULL;
    if (!p) return raise_error(ctx, ERROR_BUFFER, VALUE_DEFAULT);
    vvm_value handle = execution_adopt(ctx, ctx->execution, p);
    if (handle != VALUE_EXCEPTION) execution_count(ctx, LEDGER_CREATED, symbol_name(cause));
    return handle;
}

vvm_value primitive_make_packet(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    if (!execution_of(ctx)) return VALUE_EXCEPTION;
    return create(ctx, "make-packet", NULL, n ? args[0] : ctx->network->name);
}

vvm_value primitive_copy_packet(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    if (!execution_of(ctx)) return VALUE_EXCEPTION;
    const struct vvm_packet *p = packet_argument(ctx, "copy-packet", 1, args[0]);
    if (!p || !fuel_octets(ctx, p->length)) return VALUE_EXCEPTION;
    return create(ctx, "copy-packet", p, n > 1 ? args[1] : ctx->network->name);
}

/* (%peeled! key header-length payload-length) */
vvm_value primitive_peeled(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    struct execution *x = execution_of(ctx);
    if (!x) return VALUE_EXCEPTION;
    for (unsigned i = 0; i < n; i++)
        if (!is_fixnum(args[i]) || args[i] > make_fixnum(UINT32_MAX))
            return raise_type(ctx, "peel", i + 1, "u32", args[i]);
    x->peeled = (struct peeled){true, (uint32_t)fixnum_value(args[0]), (uint32_t)fixnum_value(args[1]),
                                (uint32_t)fixnum_value(args[2])};
    return VALUE_UNSPECIFIED;
}
