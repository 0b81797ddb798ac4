/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facility_test.c - what any network may lean on: steering, held packets, packets handed
 * from network to network, timers, and so on, on a node with a clock that the test moves.
 * What the language sees of the simple ones is in cases/facilities.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/load.h"
#include "../engine/wire/execution.h"
#include "suites.h"

/* ---- a node, two contexts, a host that counts ----------------------------------------------- */

#define ROOM 4096

struct bench {
    struct vvm_node *node;
    struct vvm_context ctx;
    struct buffer_pool *pool;
    uint64_t now;
    unsigned sent;
};

static uint64_t bench_clock(void *data)
{
    return __atomic_load_n(&((struct bench *)data)->now, __ATOMIC_RELAXED);
}

static int take_transmit(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                         uint32_t address, const struct network *outermost, const char **reason)
{
    struct bench *b = host;
    (void)ctx, (void)device, (void)address, (void)outermost, (void)reason;
    b->sent++;
    packet_free(packet);
    return 0;
}

static struct vvm_pool *own_pool(void *host, struct vvm_context *ctx)
{
    (void)ctx;
    return buffer_pool_ops(((struct bench *)host)->pool);
}

static const struct vvm_host_ops host_ops = {.transmit = take_transmit, .pool = own_pool};

static void load_text(struct vvm_node *node, const char *text)
{
    int err = load_source(&node->control, "test.vml", text, strlen(text), NULL);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static void bench_open(struct bench *b, const char *text)
{
    memset(b, 0, sizeof *b);
    struct vvm_options options = {.clock = bench_clock, .clock_data = b};
    b->now = 1000000000;
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &b->node), 0);
    load_text(b->node, text);
    b->node->world.host = b;
    b->node->world.host_ops = &host_ops;
    CU_ASSERT_EQUAL_FATAL(context_open(&b->ctx, b->node, false), 0);
    CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&b->pool, 64, ROOM, 128), 0);
}

static void bench_close(struct bench *b)
{
    CU_ASSERT_EQUAL(buffer_pool_used(b->pool), 0);
    context_close(&b->ctx);
    CU_ASSERT_EQUAL(ledger_balance(b->node), 0);
    buffer_pool_close(b->pool);
    node_close(b->node);
}

static const struct network *network_at(const struct bench *b, uint32_t port)
{
    const struct network *n = match_lookup(b->node->current, MATCH_UDP, port);
    CU_ASSERT_PTR_NOT_NULL_FATAL(n);
    return n;
}

static struct vvm_packet *packet_of(struct bench *b, const void *octets, uint32_t length)
{
    struct vvm_packet *p = buffer_pool_ops(b->pool)->alloc(buffer_pool_ops(b->pool));
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL_FATAL(packet_append(p, octets, length), 0);
    p->payload_end = p->head + p->length;
    return p;
}

/* ---- steering --------------------------------------------------------------------------------- */

static uint64_t steer(struct bench *b, const char *octets, uint16_t ingress)
{
    struct vvm_packet *p = packet_of(b, octets, (uint32_t)strlen(octets));
    p->ingress = ingress;
    generation_enter(&b->ctx);
    uint64_t key = network_steer(&b->ctx, network_at(b, 1), p);
    generation_leave(&b->ctx);
    packet_free(p);
    return key;
}

static void packets_that_begin_alike_are_one_flow(void)
{
    struct bench b;
    bench_open(&b, "(vmlet a) (define (run) (consume 'it)) (define-network a (match (udp 1)) (execute run))");
    CU_ASSERT_EQUAL(steer(&b, "0123456789abcdef one", 3), steer(&b, "0123456789abcdef another", 3));
    CU_ASSERT_NOT_EQUAL(steer(&b, "0123456789abcdef", 3), steer(&b, "0123456789abcdeF", 3));
    CU_ASSERT_NOT_EQUAL(steer(&b, "0123456789abcdef", 3), steer(&b, "0123456789abcdef", 4));
    CU_ASSERT_NOT_EQUAL(steer(&b, "", 3), steer(&b, "a", 3));
    bench_close(&b);
}

void facility_tests(CU_pSuite suite)
{
    CU_add_test(suite, "packets that begin alike are one flow", packets_that_begin_alike_are_one_flow);
}
