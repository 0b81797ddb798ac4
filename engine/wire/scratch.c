/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch.c - what tests written in the language stand on: a world beside the node's,
 * with a host that records instead of sending, addresses of its own, a clock that only
 * moves when told, a ledger of its own, and tables that are not the node's (see
 * table/view.c). While a test goes on the control context runs in that world, and so does
 * the packet context that takes the test's packets; workers go on in the node's.
 *
 * Packets are executed in the generation that the open load is building, once it has been
 * checked, else in the current one. A test cannot define or assign anything global.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../octets_access.h"
#include "../table/table.h"
#include "execution.h"
#include "primitives.h"

#define SCRATCH_ADDRESSES 16
#define SCRATCH_ROOM      4096
#define SCRATCH_HEADROOM  256
#define SCRATCH_STOPS     100000 /* of a clock that is put on */

struct scratch {
    struct vvm_world *outer; /* where the control context was */
    struct vvm_world world;
    struct vvm_context context;
    struct vvm_context *control;
    struct buffer_pool *pool;
    uint32_t addresses[SCRATCH_ADDRESSES];
    unsigned address_count;
    uint64_t now;
    struct vvm_root events; /* list, newest first */
};

/* ---- the recording host ------------------------------------------------------------------ */

static uint64_t scratch_clock(void *data) { return ((const struct scratch *)data)->now; }

/* A list of the values, or VALUE_EXCEPTION. */
static vvm_value make_list(struct vvm_context *ctx, unsigned n, const vvm_value *items)
{
    vvm_value list = VALUE_NULL;
    while (n-- > 0) {
        list = make_pair(ctx, items[n], list);
        if (list == VALUE_EXCEPTION) break;
    }
    return list;
}

static void record(struct scratch *s, unsigned n, const vvm_value *items)
{
    vvm_value event = make_list(s->control, n, items);
    vvm_value list = event == VALUE_EXCEPTION ? event : make_pair(s->control, event, s->events.value);
    if (list != VALUE_EXCEPTION) s->events.value = list;
}

static int scratch_transmit(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                            uint32_t address, const struct network *outermost, const char **reason)
{
    struct scratch *s = host;
    (void)reason;
    uint32_t inner = ctx->execution->sealing.inner, end = packet->head + packet->length;
    if (inner > end) inner = end;
    vvm_value event[] = {intern(s->control->node, "sent"),
                         make_fixnum(device),
                         make_fixnum(address),
                         outermost->name,
                         make_bytes_from(s->control, packet->base + packet->head, packet->length),
                         ctx->network->name,
                         make_bytes_from(s->control, packet->base + inner, end - inner)};
    record(s, 7, event);
    packet_free(packet);
    return 0;
}

static int scratch_deliver(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                           const uint8_t *octets, uint32_t length, const char **reason)
{
    struct scratch *s = host;
    (void)ctx, (void)reason;
    vvm_value event[] = {intern(s->control->node, "delivered"), make_fixnum(port), network->name,
                         make_bytes_from(s->control, octets, length)};
    record(s, 4, event);
    return 0;
}

static struct vvm_pool *scratch_pool(void *host, struct vvm_context *ctx)
{
    (void)ctx;
    return buffer_pool_ops(((struct scratch *)host)->pool);
}

static uint32_t scratch_mtu(void *host, uint16_t device)
{
    (void)host;
    return device < 16 ? 1400 : 0;
}

static uint32_t scratch_address(void *host, unsigned i)
{
    const struct scratch *s = host;
    return i < s->address_count ? s->addresses[i] : 0;
}

static void scratch_log(void *host, const char *line)
{
    struct scratch *s = host;
    vvm_value event[] = {intern(s->control->node, "logged"),
                         make_string_utf8(s->control, line, strlen(line))};
    record(s, 2, event);
}

static const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {"sent", "delivered", "dropped", "consumed", "held"};
    assert((unsigned)outcome < sizeof names / sizeof names[0]);
    return names[outcome];
}

static void scratch_ended(void *host, struct vvm_context *ctx, const struct outcome_report *report)
{
    struct scratch *s = host;
    (void)ctx;
    vvm_value event[] = {intern(s->control->node, "ended"),
                         intern(s->control->node, outcome_name(report->outcome)),
                         intern(s->control->node, report->name)};
    record(s, 3, event);
}

static const struct vvm_host_ops scratch_ops = {
    .transmit = scratch_transmit,
    .deliver = scratch_deliver,
    .pool = scratch_pool,
    .mtu = scratch_mtu,
    .address = scratch_address,
    .log = scratch_log,
    .ended = scratch_ended,
};

/* ---- beginning and ending ------------------------------------------------------------------- */

bool context_in_test(const struct vvm_context *ctx) { return ctx->world->test; }

static struct scratch *scratch_of(struct vvm_context *ctx)
{
    if (context_in_test(ctx)) return ctx->world->host;
    raise_message(ctx, ERROR_PROFILE, VALUE_DEFAULT, "no test has begun");
    return NULL;
}

static void scratch_close(struct scratch *s)
{
    assert(!s->context.generation && s->control->world != &s->world);
    context_close(&s->context);
    buffer_pool_close(s->pool);
    table_view_close(s->world.view);
    ledger_close(&s->world);
    root_remove(&s->events);
    free(s);
}

static int scratch_open(struct vvm_context *ctx, struct scratch *s)
{
    s->control = ctx;
    s->now = UINT64_C(1000000000);
    s->world = (struct vvm_world){
        .host = s, .host_ops = &scratch_ops, .clock = scratch_clock, .clock_data = s, .test = true};
    root_add(ctx->node, &s->events, VALUE_NULL);
    s->world.view = table_view_open(ctx->node);
    if (!s->world.view) return -ENOMEM;
    int err = ledger_open(&s->world);
    if (!err) err = context_open_in(&s->context, ctx->node, &s->world);
    return err ? err : buffer_pool_open(&s->pool, 64, SCRATCH_ROOM, SCRATCH_HEADROOM);
}

void scratch_end(struct vvm_node *node)
{
    struct vvm_context *ctx = &node->control;
    if (!ctx->node || !context_in_test(ctx)) return;
    struct scratch *s = ctx->world->host;
    ctx->world = s->outer;
    scratch_close(s);
}

vvm_value primitive_scratch_begin(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n, (void)args;
    if (ctx != &ctx->node->control) return raise_error(ctx, ERROR_PROFILE, VALUE_DEFAULT);
    scratch_end(ctx->node); /* a test that failed halfway */
    struct scratch *s = calloc(1, sizeof *s);
    if (!s) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    if (scratch_open(ctx, s)) {
        scratch_close(s);
        return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    }
    s->outer = ctx->world;
    ctx->world = &s->world;
    return VALUE_UNSPECIFIED;
}

vvm_value primitive_scratch_end(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n, (void)args;
    if (!scratch_of(ctx)) return VALUE_EXCEPTION;
    scratch_end(ctx->node);
    return VALUE_UNSPECIFIED;
}

vvm_value primitive_scratch_address(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct scratch *s = scratch_of(ctx);
    if (!s) return VALUE_EXCEPTION;
    if (!is_fixnum(args[0]) || args[0] > make_fixnum(UINT32_MAX) || s->address_count == SCRATCH_ADDRESSES)
        return raise_type(ctx, "%scratch-address", 1, "address", args[0]);
    s->addresses[s->address_count++] = (uint32_t)fixnum_value(args[0]);
    return VALUE_UNSPECIFIED;
}

/* ---- one packet ---------------------------------------------------------------------------------- */

/* What happened since the last time, in that order. */
static vvm_value take_events(struct vvm_context *ctx, struct scratch *s)
{
    vvm_value events = VALUE_NULL;
    for (vvm_value l = s->events.value; is_pair(l) && events != VALUE_EXCEPTION; l = cdr_of(l))
        events = make_pair(ctx, car_of(l), events);
    s->events.value = VALUE_NULL;
    return events;
}

/* (outcome name event ...) */
static vvm_value report_list(struct vvm_context *ctx, struct scratch *s, vvm_value outcome, vvm_value name)
{
    vvm_value events = take_events(ctx, s);
    if (events != VALUE_EXCEPTION) events = make_pair(ctx, name, events);
    return events == VALUE_EXCEPTION ? events : make_pair(ctx, outcome, events);
}

static vvm_value receive(struct vvm_context *ctx, struct scratch *s, const struct network *network,
                         struct vvm_packet *p)
{
    struct outcome_report report = {0};
    ledger_count_named(&s->context, LEDGER_RECEIVED, "test");
    network_receive(&s->context, network_in_force(s->context.generation, network), p, &report);
    vvm_value outcome = intern(ctx->node, outcome_name(report.outcome));
    vvm_value name = intern(ctx->node, report.name);
    execution_drain(&s->context);
    return report_list(ctx, s, outcome, name);
}

/* The generation of the test's packets: nobody else has the candidate, so it need not be held. */
static void enter_generation(struct vvm_context *ctx)
{
    if (ctx->node->candidate) ctx->generation = ctx->node->candidate;
    else generation_enter(ctx);
}

static void leave_generation(struct vvm_context *ctx)
{
    if (ctx->generation == ctx->node->candidate) ctx->generation = NULL;
    else generation_leave(ctx);
}

/* The clock stops at each moment at which a timer is due. */
static void pass_time(struct scratch *s, uint64_t until)
{
    unsigned stops = 0;
    do {
        timers_run(&s->context, s->now);
        uint64_t next = timers_deadline(&s->context);
        s->now = next < until && ++stops < SCRATCH_STOPS ? next : until;
    } while (s->now < until);
    timers_run(&s->context, s->now);
}

/* (%scratch-advance nanoseconds) -> what happened meanwhile */
vvm_value primitive_scratch_advance(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct scratch *s = scratch_of(ctx);
    if (!s) return VALUE_EXCEPTION;
    if (!is_fixnum(args[0]) || fixnum_value(args[0]) < 0)
        return raise_type(ctx, "%scratch-advance", 1, "nanoseconds", args[0]);
    enter_generation(&s->context);
    pass_time(s, s->now + (uint64_t)fixnum_value(args[0]));
    leave_generation(&s->context);
    return take_events(ctx, s);
}

/* Has somebody checked all that a packet of the network may run? */
static bool is_checked(const struct vvm_node *node, const struct network *network)
{
    const struct vvm_generation *g = node->candidate ? node->candidate : node->current;
    network = network_in_force(g, network);
    for (uint32_t i = 0; i < g->network_count; i++)
        if (g->networks[i] == network) return g->checked;
    return false;
}

/* (%scratch-receive network octets device) */
vvm_value primitive_scratch_receive(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    enum access_error why;
    uint64_t length;
    struct scratch *s = scratch_of(ctx);
    const struct network *network = wire_pointer(args[0], TYPE_NETWORK);
    if (!s) return VALUE_EXCEPTION;
    if (!network) return raise_type(ctx, "%scratch-receive", 1, "network", args[0]);
    const uint8_t *octets = octets_all(args[1], &length, &why);
    if (!octets || length > SCRATCH_ROOM - SCRATCH_HEADROOM)
        return raise_type(ctx, "%scratch-receive", 2, "octets", args[1]);
    if (!is_fixnum(args[2]) || args[2] > make_fixnum(UINT16_MAX))
        return raise_type(ctx, "%scratch-receive", 3, "device", args[2]);
    if (!is_checked(ctx->node, network)) return raise_error(ctx, ERROR_PROFILE, network->name);
    struct vvm_pool *pool = buffer_pool_ops(s->pool);
    struct vvm_packet *p = pool->alloc(pool);
    if (!p || packet_append(p, octets, (uint32_t)length))
        return raise_error(ctx, ERROR_BUFFER, VALUE_DEFAULT);
    p->ingress = (uint16_t)fixnum_value(args[2]);
    p->payload_end = p->head + p->length;
    enter_generation(&s->context);
    vvm_value list = receive(ctx, s, network, p);
    leave_generation(&s->context);
    return list;
}

/* ---- tests ------------------------------------------------------------------------------------------- */

/* (%register-test name procedure) */
vvm_value primitive_register_test(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct vvm_generation *g = wire_candidate(ctx, "test");
    if (!g) return VALUE_EXCEPTION;
    if (!has_type(args[1], TYPE_CLOSURE)) return raise_type(ctx, "test", 2, "procedure", args[1]);
    const struct vvm_vmlet *owner = ((struct closure *)value_pointer(args[1]))->function->unit->vmlet;
    vvm_value parts[] = {args[0], args[1], owner->name};
    vvm_value entry = make_list(ctx, 3, parts);
    vvm_value list = entry == VALUE_EXCEPTION ? entry : make_pair(ctx, entry, g->matches->tests);
    if (list == VALUE_EXCEPTION) return list;
    g->matches->tests = list;
    return VALUE_UNSPECIFIED;
}

vvm_value registrations(const struct vvm_generation *generation)
{
    return generation->matches ? generation->matches->tests : VALUE_NULL;
}

vvm_value primitive_tests(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n, (void)args;
    vvm_value list = VALUE_NULL;
    for (vvm_value l = registrations(wire_generation(ctx)); is_pair(l) && list != VALUE_EXCEPTION;
         l = cdr_of(l))
        list = make_pair(ctx, car_of(l), list);
    return list;
}
