/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - packets of two networks: `hop`, whose programs are flat, and `fold`, whose
 * programs are tables of functions. Octets as they come, or programs made of the
 * network's own rows. Each packet runs twice, verified and then from the cache: both
 * times it ends in the same one outcome for the same fuel, within its network's fuel and
 * arena; the ledger balances and every buffer comes back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

enum { MODE_FOLD = 1, MODE_MADE = 2, MODE_REFUSE = 4 }; /* bits of the first octet */

/* ---- a host that swallows everything, or refuses it ------------------------------------ */

static struct host {
    struct vvm_context ctx;
    struct buffer_pool *pool;
    const struct network *hop, *fold;
    bool refusing;
    uint8_t sum;
} host;

static void touch(const uint8_t *octets, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) host.sum = (uint8_t)(host.sum + octets[i]);
}

static int swallow(void *data, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                   uint32_t address, const struct network *outermost, const char **reason)
{
    touch(packet->base + packet->head, packet->length);
    packet_free(packet);
    if (!host.refusing) return 0;
    *reason = "refused";
    return -ENODEV;
}

static int deliver(void *data, struct vvm_context *ctx, const struct network *network, uint32_t port,
                   const uint8_t *octets, uint32_t length, const char **reason)
{
    touch(octets, length);
    if (!host.refusing) return 0;
    *reason = "refused";
    return -ENOENT;
}

static struct vvm_pool *pool(void *data, struct vvm_context *ctx) { return buffer_pool_ops(host.pool); }

static uint32_t address(void *data, unsigned i) { return i == 0 ? 0xc0000202 : 0; }

static const struct vvm_host_ops host_ops = {
    .transmit = swallow, .deliver = deliver, .pool = pool, .address = address};

/* ---- the node, which serves all inputs ---------------------------------------------------- */

static void add_route(struct vvm_node *node)
{
    static const char text[] = "(vmlet fuzz (needs (all)) (import (route route-add!)))"
                               "(route-add! #xc6336400 24 0 #xc0000201)";
    PROMISE(load_source(&node->control, "fuzz", text, sizeof text - 1, NULL) == 0);
}

static void prepare(struct vvm_node *node)
{
    fuzz_preload(node, "netvmlets/hop.vml");
    fuzz_preload(node, "tests/networks/fold.vml");
    add_route(node);
    node->world.host_ops = &host_ops;
    PROMISE(!context_open(&host.ctx, node, false) &&
            !buffer_pool_open(&host.pool, 8, OCTETS_ROOM + 128, 128));
    host.hop = network_called(node, "hop");
    host.fold = network_called(node, "fold");
    close_arena(&host.ctx, (const struct network *[]){host.hop, host.fold, network_called(node, "anep")}, 3);
}

const struct fuzz_plan fuzz_plan = {.serves = UINT32_MAX / 4, .fuel = 1000000, .prepare = prepare};

/* ---- one input ------------------------------------------------------------------------------ */

static struct outcome_report execute(const struct network *network, const struct octets *o)
{
    struct outcome_report report;
    struct vvm_packet *p = buffer_pool_ops(host.pool)->alloc(buffer_pool_ops(host.pool));
    PROMISE(p && packet_append(p, o->at, o->count) == 0);
    p->payload_end = p->head + p->length;
    ledger_count_named(&host.ctx, LEDGER_RECEIVED, "fuzz");
    network_receive(&host.ctx, network, p, &report);
    PROMISE(report.name[0] && report.fuel_used >= 0);
    PROMISE(report.fuel_used <= network->limits.fuel + network->limits.reserve_fuel);
    PROMISE(buffer_pool_used(host.pool) == 0);
    check_rest(&host.ctx);
    return report;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct octets octets;
    char name[OUTCOME_NAME];
    if (!size) return 0;
    const struct network *network = data[0] & MODE_FOLD ? host.fold : host.hop;
    struct choices c = {data + 1, data + size};
    host.refusing = data[0] & MODE_REFUSE;
    octets.count = 0;
    if (!(data[0] & MODE_MADE)) add_octets(&octets, data + 1, (uint32_t)(size - 1));
    else if (network == host.fold) put_fold(&octets, &c, network);
    else put_hop(&octets, &c, network);
    struct outcome_report first = execute(network, &octets);
    snprintf(name, sizeof name, "%s", first.name);
    struct outcome_report second = execute(network, &octets);
    PROMISE(first.outcome == second.outcome && !strcmp(name, second.name));
    PROMISE(first.fuel_used == second.fuel_used);
    return 0;
}
