/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execute.c - the way of one packet: networks that carry others peel it, the innermost
 * runs it, and it ends in exactly one outcome, counted once.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../trace.h"
#include "execution.h"

static_assert((OUTCOME_ROWS & (OUTCOME_ROWS - 1)) == 0 && OUTCOME_ROWS <= 64,
              "six bits of a mixed word find a row's place");
static_assert(OUTCOME_NAME > sizeof "port-4294967295", "the name of every port fits");

/* ---- a context's execution ------------------------------------------------------------- */

int wire_context_open(struct vvm_context *ctx)
{
    struct execution *x = calloc(1, sizeof *x);
    if (!x) return -ENOMEM;
    int err = cache_open(&x->cache, ctx->node->wire->hash_key);
    if (err) {
        free(x);
        return err;
    }
    ctx->execution = x;
    return 0;
}

void wire_context_close(struct vvm_context *ctx)
{
    if (!ctx->execution) return;
    assert(!ctx->execution->received && !ctx->execution->made);
    waiting_close(ctx);
    cache_close(ctx->execution->cache);
    free(ctx->execution);
    ctx->execution = NULL;
}

struct execution *no_execution(struct vvm_context *ctx)
{
    raise_error(ctx, ERROR_NO_PACKET, VALUE_DEFAULT);
    return NULL;
}

struct vvm_packet *no_packet(struct vvm_context *ctx, const char *name, unsigned i, vvm_value v)
{
    if (has_type(v, TYPE_PACKET)) raise_error(ctx, ERROR_MOVED, VALUE_DEFAULT);
    else raise_type(ctx, name, i, "packet", v);
    return NULL;
}

bool execution_release(struct execution *x, struct vvm_packet *p)
{
    for (struct vvm_packet **at = &x->made; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            p->next = NULL;
            return true;
        }
    return false;
}

vvm_value execution_adopt(struct vvm_context *ctx, struct execution *x, struct vvm_packet *p)
{
    assert(p != x->received); /* what was received is on no list */
    vvm_value handle = make_packet_object(ctx, p);
    if (handle == VALUE_EXCEPTION) {
        packet_free(p);
        return handle;
    }
    p->next = x->made;
    x->made = p;
    return handle;
}

/* ---- how it ends ------------------------------------------------------------------------- */

static enum ledger_kind ledger_kind_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_SENT: return LEDGER_SENT;
    case OUTCOME_DELIVERED: return LEDGER_DELIVERED;
    case OUTCOME_DROPPED: return LEDGER_DROPPED;
    case OUTCOME_CONSUMED: return LEDGER_CONSUMED;
    case OUTCOME_HELD: return LEDGER_HELD;
    }
    return LEDGER_DROPPED;
}

static inline struct outcome_row *place_of_row(struct execution *x, enum ledger_kind kind, const char *name)
{
    uint64_t mixed = ((uint64_t)(uintptr_t)name ^ kind) * UINT64_C(0x9e3779b97f4a7c15);
    return &x->rows[mixed >> 58 & (OUTCOME_ROWS - 1)];
}

void execution_count_by(struct vvm_context *ctx, enum ledger_kind kind, const char *name, int64_t n)
{
    struct outcome_row *at = place_of_row(ctx->execution, kind, name);
    if (__builtin_expect(at->name != name || at->kind != kind, 0))
        *at = (struct outcome_row){name, kind, ledger_row_of(ctx->world->ledger, kind, name)};
    ledger_count(ctx, at->row, n);
}

static void end_uncounted(struct execution *x, enum outcome outcome, const char *name)
{
    assert(!x->counted); /* halting primitives end the run, so nothing ends it twice */
    x->counted = true;
    x->outcome = outcome;
    x->name = name;
}

void execution_end(struct vvm_context *ctx, enum outcome outcome, const char *name)
{
    end_uncounted(ctx->execution, outcome, name);
    execution_count(ctx, ledger_kind_of(outcome), name);
}

void execution_leave(struct vvm_context *ctx, const char *name)
{
    end_uncounted(ctx->execution, OUTCOME_CONSUMED, name);
}

void execution_report(struct vvm_context *ctx, const struct outcome_report *report)
{
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    if (ops && ops->ended) ops->ended(ctx->world->host, ctx, report);
}

/* The text of a port stands in one of a few places; where it gives way to another, so
 * does what was known of its row. */
void execution_deliver(struct vvm_context *ctx, uint32_t port)
{
    struct execution *x = ctx->execution;
    struct outcome_port *at = &x->ports[port % OUTCOME_ROWS];
    if (at->port != port || !at->name[0]) {
        at->port = port;
        snprintf(at->name, sizeof at->name, "port-%u", port);
        place_of_row(x, LEDGER_DELIVERED, at->name)->name = NULL;
    }
    execution_end(ctx, OUTCOME_DELIVERED, at->name);
}

static void drop_with(struct vvm_context *ctx, const char *reason)
{
    if (!ctx->execution->counted) execution_end(ctx, OUTCOME_DROPPED, reason);
}

/* Reason of a raised value that nobody handled. */
static void drop_raised(struct vvm_context *ctx, vvm_value v)
{
    static const char *const reasons[] = {
#define E(name, text, message) [ERROR_##name] = "error-" text,
#include "../errors.def"
#undef E
    };
    if (has_type(v, TYPE_ERROR)) {
        const struct error_object *e = value_pointer(v);
        assert(e->code < ERROR_LIMIT && reasons[e->code]);
        drop_with(ctx, reasons[e->code]);
    } else {
        drop_with(ctx, is_symbol(v) ? symbol_name(v) : "uncaught"); /* symbols come from code alone */
    }
}

/* ---- running the network's functions --------------------------------------------------------- */

static void begin_stage(struct vvm_context *ctx, const struct network *network)
{
    struct execution *x = ctx->execution;
    x->fuel_before += x->fuel_limit - (ctx->fuel < 0 ? 0 : ctx->fuel);
    ctx->network = (struct network *)network;
    ctx->fuel = x->fuel_limit = network->limits.fuel;
    ctx->free = ctx->arena;
    ctx->end = ctx->arena + network->limits.arena;
    assert(ctx->end + network->limits.reserve_arena <= ctx->arena_end);
    x->peeled = (struct peeled){.set = false};
    x->sealing = (struct sealing){.handle = NULL};
}

/* The reserve lies behind the arena, so that what was raised can still be read. */
static void open_reserve(struct vvm_context *ctx)
{
    const struct network_limits *limits = &ctx->network->limits;
    struct execution *x = ctx->execution;
    x->fuel_before += x->fuel_limit - (ctx->fuel < 0 ? 0 : ctx->fuel);
    ctx->fuel = x->fuel_limit = limits->reserve_fuel;
    ctx->end = ctx->arena + limits->arena + limits->reserve_arena;
    assert(ctx->free <= ctx->end && ctx->end <= ctx->arena_end);
}

/* True if the hook returned normally. */
static bool run_procedure(struct vvm_context *ctx, vvm_value procedure, unsigned n, const vvm_value *args)
{
    const struct closure *c = value_pointer(procedure);
    const struct vvm_function *f = c->function;
    ctx->pending.kind = PENDING_NONE;
    if (header_length(c->header) == 0 && f->parameters == n && !f->flags)
        return vvm_run(ctx, f, args, NULL) == 0;
    return vvm_call(ctx, procedure, n, args) != VALUE_EXCEPTION;
}

static bool run_hook(struct vvm_context *ctx, const struct wire_member *hook, unsigned n,
                     const vvm_value *args)
{
    return run_procedure(ctx, hook->procedure, n, args);
}

static void end_raise(struct vvm_context *ctx)
{
    vvm_value v = network_map_error(ctx, ctx->pending.value);
    if (!ctx->network->uncaught) {
        drop_raised(ctx, v);
        return;
    }
    open_reserve(ctx);
    run_hook(ctx, ctx->network->uncaught, 1, &v);
    drop_with(ctx, "uncaught"); /* unless the hook ended the packet otherwise */
}

static void end_trap(struct vvm_context *ctx)
{
    vvm_value code = ctx->pending.value;
    assert(is_fixnum(code) && (uint64_t)fixnum_value(code) < TRAP_LIMIT);
    if (ctx->network->on_trap) {
        open_reserve(ctx);
        run_hook(ctx, ctx->network->on_trap, 1, &code);
    }
    drop_with(ctx, trap_name((enum trap_code)fixnum_value(code)));
}

/* Call a hook of the network; true if it returned and the packet goes on. */
static bool run_stage(struct vvm_context *ctx, const struct network *network, const struct wire_member *hook)
{
    begin_stage(ctx, network);
    if (__builtin_expect(ctx->tracing, 0))
        trace_network(ctx, network, hook == network->peel ? "peel" : "run");
    if (run_hook(ctx, hook, 0, NULL)) return true;
    assert(ctx->pending.kind != PENDING_NONE); /* who does not return says why */
    switch (ctx->pending.kind) {
    case PENDING_RAISE: end_raise(ctx); break;
    case PENDING_TRAP: end_trap(ctx); break;
    case PENDING_HALT:
    case PENDING_NONE: break;
    }
    drop_with(ctx, "halted"); /* a halt that named no outcome */
    return false;
}

/* ---- peeling ------------------------------------------------------------------------------------ */

static const char *peel_refusal(const struct execution *x)
{
    const struct vvm_packet *p = x->received;
    assert(p && !x->counted && p->layer_count <= PACKET_LAYERS);
    if (!x->peeled.set) return "not-peeled";
    if (p->layer_count == PACKET_LAYERS) return "too-many-layers";
    uint64_t end = (uint64_t)x->peeled.header + x->peeled.payload;
    return x->peeled.header == 0 || end > p->length ? "short" : NULL;
}

/* Go on with the network that the peeled header names; NULL: stay, or the packet has ended. */
static const struct network *enter_child(struct vvm_context *ctx, const struct network *network)
{
    struct execution *x = ctx->execution;
    struct vvm_packet *p = x->received;
    const char *reason = peel_refusal(x);
    if (reason) {
        drop_with(ctx, reason);
        return NULL;
    }
    const struct network *child = network_child(ctx->generation, network, x->peeled.key);
    if (!child) return NULL;
    p->layers[p->layer_count++] = (struct peeled_layer){
        .network = network, .offset = p->head, .end = p->head + x->peeled.header, .key = x->peeled.key};
    p->head += x->peeled.header;
    p->length = x->peeled.payload;
    assert(p->head <= p->capacity && p->length <= p->capacity - p->head);
    return child;
}

static void execute(struct vvm_context *ctx, const struct network *network)
{
    struct execution *x = ctx->execution;
    const struct network *child;
    while (network->peel) {
        if (!run_stage(ctx, network, network->peel)) return;
        child = enter_child(ctx, network);
        if (!child) break;
        network = child;
    }
    if (x->counted) return;
    ctx->network = (struct network *)network;
    if (!network->run) {
        drop_with(ctx, "no-network");
        return;
    }
    if (run_stage(ctx, network, network->run) && !x->counted)
        execution_end(ctx, OUTCOME_CONSUMED, "evaluated");
}

/* ---- the whole way ---------------------------------------------------------------------------------- */

static void begin(struct vvm_context *ctx, struct vvm_packet *packet, const struct network *network)
{
    struct execution *x = ctx->execution;
    assert(ctx->packet_profile && !x->received && !x->made);
    assert(ctx->generation && ctx->frame_count == 0 && ctx->handler_count == 0);
    assert(packet->head <= packet->capacity && packet->length <= packet->capacity - packet->head);
    cache_begin(x->cache);
    x->handle = (struct packet_object){.header = make_header(TYPE_PACKET, 0), .packet = packet};
    x->received = packet;
    x->counted = false;
    x->outermost = network;
    x->fuel_before = x->fuel_limit = ctx->fuel = 0;
    ctx->packet = &x->handle;
}

/* Free what is left, forget the arena. */
static void finish(struct vvm_context *ctx)
{
    struct execution *x = ctx->execution;
    while (x->made) {
        struct vvm_packet *p = x->made;
        x->made = p->next;
        p->next = NULL;
        packet_free(p);
        execution_count(ctx, LEDGER_DROPPED, "unsent");
    }
    if (x->received) packet_free(x->received);
    if (x->assembled) assembled_release(x);
    x->received = NULL;
    x->handle.packet = NULL;
    ctx->packet = NULL;
    ctx->network = NULL;
    ctx->pending.kind = PENDING_NONE;
    assert(ctx->frame_count == 0 && ctx->handler_count == 0 && ctx->free <= ctx->end);
    ctx->free = ctx->arena;
    ctx->trace = VALUE_NULL;
}

void detached_begin(struct vvm_context *ctx, const struct network *network, int64_t fuel)
{
    struct execution *x = ctx->execution;
    assert(ctx->packet_profile && !x->received && !x->made && !ctx->packet && ctx->generation);
    cache_begin(x->cache);
    x->detached = x->counted = true;
    x->outermost = network;
    x->fuel_before = x->fuel_limit = ctx->fuel = 0;
    begin_stage(ctx, network);
    ctx->fuel = x->fuel_limit = fuel;
}

bool detached_run(struct vvm_context *ctx, vvm_value procedure, unsigned n, const vvm_value *args)
{
    return run_procedure(ctx, procedure, n, args) || ctx->pending.kind == PENDING_HALT;
}

void detached_end(struct vvm_context *ctx)
{
    finish(ctx);
    ctx->execution->detached = false;
}

void network_receive(struct vvm_context *ctx, const struct network *network, struct vvm_packet *packet,
                     struct outcome_report *report)
{
    struct execution *x = ctx->execution;
    bool pinned = ctx->generation != NULL;
    if (!pinned) generation_enter(ctx);
    begin(ctx, packet, network);
    if (__builtin_expect(ctx->tracer != NULL, 0)) trace_begin(ctx, packet);
    execute(ctx, network);
    assert(x->counted);
    if (__builtin_expect(ctx->tracing, 0)) trace_end(ctx, x->outcome, x->name);
    if (report)
        *report = (struct outcome_report){.outcome = x->outcome,
                                          .name = x->name,
                                          .network = network_name(ctx->network),
                                          .fuel_used = x->fuel_before + x->fuel_limit -
                                                       (ctx->fuel < 0 ? 0 : ctx->fuel)};
    finish(ctx);
    if (pinned) return;
    execution_drain(ctx);
    generation_leave(ctx);
}
