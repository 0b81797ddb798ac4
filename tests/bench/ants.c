/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ants.c - a data capsule on its way, in memory: the same octets each time, from "a frame's
 * carriers are peeled" to "handed to the port", in the interpreter and in static C.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../engine/environment.h"
#include "../../engine/load.h"
#include "../../engine/packet.h"
#include "../../engine/vmlet.h"
#include "ants_c.h"
#include "bench.h"

#define THIS_NODE 0x0a000001u
#define PREVIOUS  0x0a000002u

const uint8_t capsule_octets[CAPSULE_OCTETS] = {
    1,    0,    0x41, 0x4e, 0,    2,    0,    8 + 44, /* envelope */
    0,    0,    0,    1,                              /* version */
    0xb2, 0xc6, 0x80, 0xff, 0xad, 0x65, 0x53, 0x13,
    0x3b, 0xab, 0x47, 0xb5, 0xdb, 0xc4, 0xf7, 0x94, /* data */
    10,   0,    0,    9,    10,   0,    1,    7,    /* source, destination */
    10,   0,    0,    2,    0,    0,    0,    64,   /* previous, TTL */
    0,    9,    0,    5,    'd',  'a',  't',  'a',  /* ports, payload */
};
enum { ENVELOPE = 8, METHOD = 4 };

struct ants_bench {
    struct vvm_node *node;
    struct vvm_context context;
    struct buffer_pool *pool;
    const struct network *network;
    unsigned received_row;
    uint64_t sent;
    struct ants_c c;
    uint8_t scratch[256];
};

/* ---- a host that takes everything --------------------------------------------------------- */

static int take_sent(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                     uint32_t address, const struct network *outermost, const char **reason)
{
    ((struct ants_bench *)host)->sent++;
    packet_free(packet);
    return 0;
}
static struct vvm_pool *pool_of(void *host, struct vvm_context *ctx)
{
    return buffer_pool_ops(((struct ants_bench *)host)->pool);
}
static uint32_t mtu_of(void *host, uint16_t device) { return 1500; }
static uint32_t address_of(void *host, unsigned i) { return i ? 0 : THIS_NODE; }

static const struct vvm_host_ops ops = {
    .transmit = take_sent, .pool = pool_of, .mtu = mtu_of, .address = address_of};

/* ---- the columns ------------------------------------------------------------------------------ */

static void forward_interpreted(void *data, unsigned times)
{
    struct ants_bench *b = data;
    struct vvm_pool *pool = buffer_pool_ops(b->pool);
    for (unsigned i = 0; i < times; i++) {
        if (i % 32 == 0) generation_enter(&b->context);
        struct vvm_packet *p = pool->alloc(pool);
        memcpy(p->base + p->head, capsule_octets, sizeof capsule_octets);
        p->length = sizeof capsule_octets;
        p->payload_end = p->head + p->length;
        p->ingress = 1;
        ledger_count(&b->context, b->received_row, 1);
        network_receive(&b->context, b->network, p, NULL);
        if (i % 32 == 31 || i + 1 == times) generation_leave(&b->context);
    }
}

static void forward_static(void *data, unsigned times)
{
    struct ants_bench *b = data;
    for (unsigned i = 0; i < times; i++) {
        memcpy(b->scratch, capsule_octets, sizeof capsule_octets);
        __asm__ volatile("" : : "r"(b->scratch) : "memory");
        ants_c_packet(&b->c, 1, b->scratch, sizeof capsule_octets);
    }
}

/* ---- the node ----------------------------------------------------------------------------------- */

static void open_static(struct ants_c *c)
{
    c->local = THIS_NODE;
    ants_c_neighbour(c, 1, PREVIOUS);
    c->route_count = 1;
    c->routes[0].prefix = 0x0a000100;
    c->routes[0].mask = 0xffffff00;
    c->routes[0].hop = 0x0a000003;
    memcpy(c->data_id, capsule_octets + ENVELOPE + METHOD, sizeof c->data_id);
}

static void open_node(struct ants_bench *b, const char *folder)
{
    char path[4096];
    struct vvm_options options = {.path = folder};
    snprintf(path, sizeof path, "%s/../ants/ants.vml", folder);
    if (node_open(&options, &b->node)) bench_die(NULL, "the machine does not start");
    if (load_file(&b->node->control, path, NULL)) bench_die(&b->node->control, path);
    b->node->world.host = b;
    b->node->world.host_ops = &ops;
    bench_eval(b->node, "route", "(route-add! #x0a000100 24 0 #x0a000003)");
    bench_eval(b->node, "neighbour", "(neighbour-add! 1 #x0a000002)");
    if (context_open(&b->context, b->node, false) || buffer_pool_open(&b->pool, 64, 2048, 128))
        bench_die(NULL, "no memory");
    b->context.host = b;
    b->received_row = ledger_row(b->node, LEDGER_RECEIVED, "bench");
    generation_enter(&b->context);
    b->network = match_lookup(b->context.generation, MATCH_UDP, 3322);
    generation_leave(&b->context);
    if (!b->network) bench_die(NULL, "nobody claims UDP port 3322");
}

void bench_ants(const char *folder, bool json)
{
    static struct ants_bench b;
    struct column columns[] = {{.name = "c", .run = forward_static, .data = &b},
                               {.name = "interpreter", .run = forward_interpreted, .data = &b}};
    open_node(&b, folder);
    open_static(&b.c);
    measure(columns, 2, 1000);
    if (b.sent != b.c.sent || b.sent == 0) bench_die(NULL, "the two columns did not do the same work");
    print_row("ants forward, in memory", columns, 2, "ns", json);
    context_close(&b.context);
    buffer_pool_close(b.pool);
    node_close(b.node);
}
