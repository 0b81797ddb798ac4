/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_bench.h - a node with a network, a context and a host that takes everything, for the
 * tests that give it packets. Private to tests.
 */
#ifndef VVM_WIRE_BENCH_H
#define VVM_WIRE_BENCH_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "../engine/vmlet.h"
#include "../engine/wire/execution.h"

#define ROOM 4096

struct bench {
    struct vvm_node *node;
    struct vvm_context ctx;
    struct buffer_pool *pool;
    unsigned sent, delivered;
    uint8_t last[64]; /* first octets delivered or sent last */
    uint32_t last_length;
    int64_t spent; /* fuel of the last one */
};

static inline void keep_last(struct bench *b, const uint8_t *octets, uint32_t length)
{
    b->last_length = length;
    memcpy(b->last, octets, length < sizeof b->last ? length : sizeof b->last);
}

static inline int take_transmit(void *host, struct vvm_context *ctx, struct vvm_packet *packet,
                                uint16_t device, uint32_t address, const struct network *outermost,
                                const char **reason)
{
    struct bench *b = host;
    (void)ctx, (void)device, (void)address, (void)outermost, (void)reason;
    keep_last(b, packet->base + packet->head, packet->length);
    b->sent++;
    packet_free(packet);
    return 0;
}

static inline int take_delivery(void *host, struct vvm_context *ctx, const struct network *network,
                                uint32_t port, const uint8_t *octets, uint32_t length, const char **reason)
{
    struct bench *b = host;
    (void)ctx, (void)network, (void)port, (void)reason;
    keep_last(b, octets, length);
    b->delivered++;
    return 0;
}

static inline struct vvm_pool *own_pool(void *host, struct vvm_context *ctx)
{
    (void)ctx;
    return buffer_pool_ops(((struct bench *)host)->pool);
}

static const struct vvm_host_ops host_ops = {
    .transmit = take_transmit, .deliver = take_delivery, .pool = own_pool};

static inline void load_text(struct vvm_node *node, const char *text)
{
    int err = load_source(&node->control, "test.vml", text, strlen(text), NULL);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static inline void bench_open(struct bench *b, const char *text)
{
    memset(b, 0, sizeof *b);
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &b->node), 0);
    load_text(b->node, text);
    b->node->world.host = b;
    b->node->world.host_ops = &host_ops;
    CU_ASSERT_EQUAL_FATAL(context_open(&b->ctx, b->node, false), 0);
    CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&b->pool, 8, ROOM, 128), 0);
}

static inline void bench_close(struct bench *b)
{
    CU_ASSERT_EQUAL(ledger_balance(b->node), 0);
    CU_ASSERT_EQUAL(buffer_pool_used(b->pool), 0);
    context_close(&b->ctx);
    buffer_pool_close(b->pool);
    node_close(b->node);
}

static inline const struct network *network_at(const struct bench *b, uint32_t port)
{
    const struct network *n = match_lookup(b->node->current, MATCH_UDP, port);
    CU_ASSERT_PTR_NOT_NULL_FATAL(n);
    return n;
}

/* Give octets to the network on that port; how they ended, as "outcome name". */
static inline const char *receive(struct bench *b, uint32_t port, const void *octets, uint32_t length)
{
    static const char *const outcomes[] = {"sent", "delivered", "dropped", "consumed", "held"};
    static char text[80];
    struct outcome_report report;
    struct vvm_packet *p = buffer_pool_ops(b->pool)->alloc(buffer_pool_ops(b->pool));
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL_FATAL(packet_append(p, octets, length), 0);
    p->payload_end = p->head + p->length;
    ledger_count_named(&b->ctx, LEDGER_RECEIVED, "test");
    network_receive(&b->ctx, network_at(b, port), p, &report);
    b->spent = report.fuel_used;
    snprintf(text, sizeof text, "%s %s", outcomes[report.outcome], report.name);
    return text;
}
#define RECEIVE(b, port, ...)                                                                                \
    receive(b, port, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#define CHECK_TEXT(got, expected)                                                                            \
    do {                                                                                                     \
        const char *got_ = (got);                                                                            \
        if (strcmp(got_, expected)) fprintf(stderr, "    %d got: %s\n", __LINE__, got_);                     \
        CU_ASSERT_STRING_EQUAL(got_, expected);                                                              \
    } while (0)

#endif
