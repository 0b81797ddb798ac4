/* SPDX-License-Identifier: Apache-2.0 */
/*
 * networks.c - what an input defined is tried: each of its networks gets packets with
 * programs of its own rows, with octets of any kind, and with none. Whatever its code
 * is, a packet ends once, within the network's fuel and arena, and leaves nothing open.
 */
#include "networks.h"

#include <sanitizer/asan_interface.h>

enum { FUEL_MOST = 20000, STAGES_MOST = PACKET_LAYERS + 1, ROUNDS = 4, LEAD = 16 };

static struct {
    struct vvm_context ctx;
    struct buffer_pool *pool;
} bench;

/* ---- a host that takes everything --------------------------------------------------------- */

static int swallow(void *data, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                   uint32_t address, const struct network *outermost, const char **reason)
{
    packet_free(packet);
    return 0;
}

static int deliver(void *data, struct vvm_context *ctx, const struct network *network, uint32_t port,
                   const uint8_t *octets, uint32_t length, const char **reason)
{
    PROMISE(!__asan_region_is_poisoned((void *)octets, length));
    return 0;
}

static struct vvm_pool *pool(void *data, struct vvm_context *ctx) { return buffer_pool_ops(bench.pool); }
static uint32_t mtu(void *data, uint16_t device) { return device == 0 ? 1400 : 0; }
static uint32_t address(void *data, unsigned i) { return i == 0 ? 0xc0000202 : 0; }

static const struct vvm_host_ops host_ops = {
    .transmit = swallow, .deliver = deliver, .pool = pool, .mtu = mtu, .address = address};

void networks_prepare(struct vvm_node *node)
{
    node->world.host_ops = &host_ops;
    PROMISE(!context_open(&bench.ctx, node, false) &&
            !buffer_pool_open(&bench.pool, 8, OCTETS_ROOM + 128, 128));
}

void networks_retire(struct vvm_node *node)
{
    ASAN_UNPOISON_MEMORY_REGION(bench.ctx.arena, (size_t)(bench.ctx.arena_end - bench.ctx.arena));
    context_close(&bench.ctx);
    buffer_pool_close(bench.pool);
}

/* ---- packets ---------------------------------------------------------------------------------- */

static void fill(struct octets *o, struct choices *c, const struct network *network, unsigned round)
{
    o->count = 0;
    if (round % 2 == 0)
        for (unsigned i = 0; i < (round ? LEAD : choose(c, LEAD)); i++)
            add_octet(o, round ? 0 : choose_octet(c));
    if (round < 3 && network->program) put_program(o, c, network);
    else if (round < 3)
        for (unsigned n = choose(c, 40); n > 0; n--) add_octet(o, choose_octet(c));
}

static void run_packet(const struct network *network, const struct octets *o, int64_t most)
{
    struct vvm_context *ctx = &bench.ctx;
    struct outcome_report report;
    struct vvm_packet *p = buffer_pool_ops(bench.pool)->alloc(buffer_pool_ops(bench.pool));
    PROMISE(p && (o->count == 0 || packet_append(p, o->at, o->count) == 0));
    p->payload_end = p->head + p->length;
    ledger_count_named(ctx, LEDGER_RECEIVED, "fuzz");
    ctx->generation = ctx->node->candidate;
    network_receive(ctx, network, p, &report);
    ctx->generation = NULL;
    PROMISE(report.name[0] && report.fuel_used >= 0 && report.fuel_used <= most);
    PROMISE(buffer_pool_used(bench.pool) == 0);
    check_rest(ctx);
}

static int64_t fuel_of(const struct network *n) { return n->limits.fuel + n->limits.reserve_fuel; }

/* Fuel of all stages that a packet may go through; more than FUEL_MOST: it would take too long. */
static int64_t most_fuel(const struct vvm_generation *g)
{
    int64_t most = 0;
    for (uint32_t i = 0; i < g->network_count; i++)
        if (fuel_of(g->networks[i]) > most) most = fuel_of(g->networks[i]);
    return most;
}

void networks_try(struct vvm_node *node, const uint8_t *data, size_t size)
{
    static struct octets octets;
    const struct vvm_generation *g = node->candidate;
    uint8_t random[512];
    uint32_t state = fuzz_hash(data, size);
    int64_t most = most_fuel(g);
    if (most > FUEL_MOST) return;
    for (unsigned i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
    struct choices c = {random, random + sizeof random};
    close_arena(&bench.ctx, (const struct network *const *)g->networks, g->network_count);
    for (uint32_t i = 0; i < g->network_count; i++) {
        if (g->networks[i]->item.owner != node->vmlets) continue;
        for (unsigned round = 0; round < ROUNDS; round++) {
            fill(&octets, &c, g->networks[i], round);
            run_packet(g->networks[i], &octets, most * STAGES_MOST);
        }
    }
}
