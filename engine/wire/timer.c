/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer.c - what happens without a packet: timers, and what expires in tables and queues.
 *
 * Both are members of sets of their own, so they come and go with their VMlet, and the
 * function that runs is the one in force in the generation in which they fire. One context
 * of a world, its home, runs them all, between packets: when each is due stands there, so
 * nothing is shared but the tables. Code runs in the packet profile with its own fuel, and
 * no packet is in execution: it may make packets, emit and submit, but end none.
 *
 * A home context looks at least every PERIOD, which is how late the expiry of what another
 * worker holds may be noticed.
 */
#include <assert.h>
#include <string.h>

#include "../authority.h"
#include "../lib/lib.h"
#include "execution.h"
#include "primitives.h"

#define SECOND      INT64_C(1000000000)
#define PERIOD      ((uint64_t)SECOND)
#define EVERY_LEAST INT64_C(1000000) /* nanoseconds */
#define EVERY_MOST  (INT64_C(1000000) * SECOND)
#define FUEL_MOST   INT64_C(1000000)
#define SWEEP_STEPS 1024 /* entries of a table that are looked at in one go, */
#define SWEEP_CALLS 64   /* and how many call-backs are made */

/* ---- definitions ------------------------------------------------------------------------- */

/* OWNER/NAME, so that VMlets do not take each other's place; VALUE_FALSE: too long. */
static vvm_value full_name(struct vvm_context *ctx, vvm_value procedure, vvm_value name)
{
    char text[MEMBER_NAME_MAX + 1];
    const struct vvm_vmlet *owner = ((struct closure *)value_pointer(procedure))->function->unit->vmlet;
    int length = snprintf(text, sizeof text, "%s/%s", owner ? symbol_name(owner->name) : "",
                          symbol_name(name));
    return length < (int)sizeof text ? intern(ctx->node, text) : VALUE_FALSE;
}

/* A member of the set, not yet in the list; NULL with the error set. args: name, ..., fuel,
 * network's name or #f, procedure: the last three. */
static struct wire_member *new_timed(struct vvm_context *ctx, const char *form, const struct wire_set *set,
                                     unsigned n, const vvm_value *args)
{
    vvm_value procedure = args[n - 1], network = args[n - 2], fuel = args[n - 3];
    if (!is_symbol(args[0])) return raise_type(ctx, form, 1, "symbol", args[0]), NULL;
    if (!has_type(procedure, TYPE_CLOSURE)) return raise_type(ctx, form, n, "procedure", procedure), NULL;
    if (is_true(network) && !is_symbol(network))
        return raise_type(ctx, form, n - 1, "name of a network", network), NULL;
    if (!is_fixnum(fuel) || fixnum_value(fuel) < 1 || fixnum_value(fuel) > FUEL_MOST)
        return raise_message(ctx, ERROR_RANGE, fuel, "%s: fuel is 1 to 1000000", form), NULL;
    vvm_value name = full_name(ctx, procedure, args[0]);
    if (!is_true(name))
        return raise_message(ctx, ERROR_RANGE, args[0], "%s: the name is too long", form), NULL;
    struct wire_member *m = member_new(ctx, set, name, procedure);
    if (!m) return NULL;
    m->fuel = fixnum_value(fuel);
    m->network = network;
    return m;
}

/* Members of either set in a generation, beside m. */
static unsigned timed_count(const struct vvm_node *node, const struct vvm_generation *g,
                            const struct wire_member *m)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < g->matches->member_count; i++) {
        const struct wire_member *other = g->matches->members[i];
        bool timed = other->set == &node->wire->timers || other->set == &node->wire->expiries;
        count += timed && !other->around && (other->set != m->set || other->name != m->name);
    }
    return count;
}

static vvm_value enlist(struct vvm_context *ctx, struct vvm_generation *g, const struct wire_member *m)
{
    if (timed_count(ctx->node, g, m) >= TIMED_MOST)
        return raise_message(ctx, ERROR_RANGE, m->name, "a node has at most %u timers and tables that expire",
                             TIMED_MOST);
    return member_enlist(g->matches, m) ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT) : VALUE_UNSPECIFIED;
}

/* Of a VMlet, in the generation that is built. */
static uint64_t timers_of(const struct vvm_node *node, const struct vvm_vmlet *vmlet)
{
    const struct match_table *t = node->candidate->matches;
    uint64_t count = 0;
    for (uint32_t i = 0; i < t->member_count; i++)
        count += t->members[i]->set == &node->wire->timers &&
                 authority_gave(node, vmlet, t->members[i]->item.owner);
    return count;
}

/* (%define-timer 'name nanoseconds fuel 'network-or-#f procedure) */
vvm_value primitive_define_timer(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    struct vvm_generation *g = wire_candidate(ctx, "define-timer");
    if (!g) return VALUE_EXCEPTION;
    if (!is_fixnum(args[1]) || fixnum_value(args[1]) < EVERY_LEAST || fixnum_value(args[1]) > EVERY_MOST)
        return raise_message(ctx, ERROR_RANGE, args[1], "define-timer: every is 1 ms to 1000000 seconds");
    const struct vvm_vmlet *who = authority_running(ctx);
    if (!authority_room(ctx->node, who, CAPABILITY_TIMERS, timers_of, 1))
        return authority_refuse(ctx, who, "(timers N) with as many as it defines");
    struct wire_member *m = new_timed(ctx, "define-timer", &ctx->node->wire->timers, n, args);
    if (!m) return VALUE_EXCEPTION;
    m->every = (uint64_t)fixnum_value(args[1]);
    return enlist(ctx, g, m);
}

/* (%define-expiry 'name table fuel 'network-or-#f procedure): a procedure without parameters
 * stands for none. */
vvm_value primitive_define_expiry(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    struct vvm_generation *g = wire_candidate(ctx, "on-expire");
    if (!g) return VALUE_EXCEPTION;
    if (!has_type(args[1], TYPE_TABLE)) return raise_type(ctx, "on-expire", 2, "table", args[1]);
    struct wire_member *m = new_timed(ctx, "on-expire", &ctx->node->wire->expiries, n, args);
    if (!m) return VALUE_EXCEPTION;
    m->table = args[1];
    return enlist(ctx, g, m);
}

/* ---- running without a packet ---------------------------------------------------------------- */

/* The network in whose name it runs; what it makes can be emitted only there. */
static const struct network *network_of_timed(const struct vvm_context *ctx, const struct wire_member *m)
{
    const struct network *n = is_true(m->network) ? network_named(ctx->generation, m->network) : NULL;
    return n ? n : &ctx->node->wire->nowhere;
}

static void tell_failure(struct vvm_context *ctx, struct timed *t)
{
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    char line[MEMBER_NAME_MAX + 80];
    if (t->failed || !ops || !ops->log) return; /* once until it goes well again */
    snprintf(line, sizeof line, "%s: %s", symbol_name(t->member->name),
             ctx->pending.kind == PENDING_TRAP ? "stopped: its fuel or memory is used up"
                                               : "stopped by an error that it does not handle");
    ops->log(ctx->world->host, line);
}

/* Begun by detached_begin: the arguments lie in the arena. */
static void run_timed(struct vvm_context *ctx, struct timed *t, unsigned n, const vvm_value *args)
{
    vvm_value procedure = member_procedure(ctx, t->member->handle);
    bool ok = is_true(procedure) && detached_run(ctx, procedure, n, args);
    if (!ok) tell_failure(ctx, t);
    t->failed = !ok;
    detached_end(ctx);
}

static void fire(struct vvm_context *ctx, struct timed *t, uint64_t now)
{
    uint64_t every = t->member->every;
    detached_begin(ctx, network_of_timed(ctx, t->member), t->member->fuel);
    run_timed(ctx, t, 0, NULL);
    t->due += every;
    if (t->due <= now) t->due = now + every; /* what was missed is not made up for */
}

/* ---- expiry -------------------------------------------------------------------------------- */

static unsigned parameters_of(const struct wire_member *m)
{
    return ((const struct closure *)value_pointer(m->procedure))->function->parameters;
}

/* Call back with the key's fields, and the value unless it is NULL. */
static void call_back(struct vvm_context *ctx, struct timed *t, const struct table_schema *schema,
                      const uint64_t *key, const struct table_value *value)
{
    vvm_value args[TABLE_FIELDS_MAX + 1];
    bool ok = true;
    if (parameters_of(t->member) == 0) return;
    detached_begin(ctx, network_of_timed(ctx, t->member), t->member->fuel);
    unsigned n = schema_unpack_key(ctx, schema, key, args);
    if (value) args[n++] = schema_unpack_value(ctx, schema, value);
    for (unsigned i = 0; i < n; i++) ok = ok && args[i] != VALUE_EXCEPTION;
    if (ok) {
        run_timed(ctx, t, n, args);
        return;
    }
    tell_failure(ctx, t);
    t->failed = true;
    detached_end(ctx);
}

static void sweep_queue(struct vvm_context *ctx, struct timed *t, struct table *queue, uint64_t now)
{
    struct held_packet *held;
    for (unsigned i = 0; i < SWEEP_CALLS && (held = queue_take_oldest(queue, now)) != NULL; i++) {
        call_back(ctx, t, &queue->schema, held->key, NULL);
        held_drop_one(ctx, held, symbol_name(queue->schema.reason));
    }
    t->due = queue_deadline(queue);
}

static void sweep_map(struct vvm_context *ctx, struct timed *t, struct table *map, uint64_t now)
{
    struct table_value value;
    uint64_t key[TABLE_KEY_WORDS];
    unsigned steps = SWEEP_STEPS, calls = 0;
    if (t->due > now) return;
    while (calls < SWEEP_CALLS && map_take_expired(map, &t->hand, &steps, now, key, &value)) {
        call_back(ctx, t, &map->schema, key, &value);
        calls++;
    }
    t->due = t->hand ? now + 1 : now + PERIOD / 10; /* the round is over */
}

static void sweep(struct vvm_context *ctx, struct timed *t, uint64_t now)
{
    struct table *table = table_of(ctx, t->member->table);
    if (!table) t->due = UINT64_MAX;
    else if (table->ops == &table_queue) sweep_queue(ctx, t, table, now);
    else sweep_map(ctx, t, table, now);
}

/* ---- the home context's list ------------------------------------------------------------------ */

static bool is_timed(const struct vvm_context *ctx, const struct wire_member *m)
{
    const struct wire_state *wire = ctx->node->wire;
    return (m->set == &wire->timers || m->set == &wire->expiries) && !m->around;
}

/* What is in force, each due as before if it was there. A member that has gone is only compared. */
static void learn(struct vvm_context *ctx, struct timers *timers, uint64_t now)
{
    const struct match_table *t = ctx->generation->matches;
    struct timed before[TIMED_MOST];
    unsigned count = timers->count;
    memcpy(before, timers->items, count * sizeof *before);
    timers->count = 0;
    for (uint32_t i = 0; i < t->member_count && timers->count < TIMED_MOST; i++) {
        const struct wire_member *m = t->members[i];
        unsigned k = 0;
        if (!is_timed(ctx, m)) continue;
        while (k < count && before[k].member != m) k++;
        timers->items[timers->count++] =
            k < count ? before[k] : (struct timed){.member = m, .due = m->every ? now + m->every : now};
    }
    timers->generation = ctx->generation->number;
}

static void run_due(struct vvm_context *ctx, struct timers *timers, uint64_t now)
{
    timers->next = now + PERIOD;
    for (unsigned i = 0; i < timers->count; i++) {
        struct timed *t = &timers->items[i];
        if (!t->member->every) sweep(ctx, t, now);
        else if (t->due <= now) fire(ctx, t, now);
        if (t->due < timers->next) timers->next = t->due;
    }
}

void timers_run(struct vvm_context *ctx, uint64_t now)
{
    struct timers *timers = &ctx->execution->timers;
    bool pinned = ctx->generation != NULL;
    assert(ctx->packet_profile && !ctx->network);
    if (!pinned) generation_enter(ctx);
    if (timers->generation != ctx->generation->number) {
        learn(ctx, timers, now);
        timers->next = 0;
    }
    if (timers->next <= now) {
        run_due(ctx, timers, now);
        execution_drain(ctx);
    }
    if (!pinned) generation_leave(ctx);
}

uint64_t timers_deadline(const struct vvm_context *ctx) { return ctx->execution->timers.next; }
