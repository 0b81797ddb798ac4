/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ants_test.c - capsules through a whole router of two ports: every truncation and every
 * one-octet change of the golden frames ends once and the ledger balances after each;
 * random capsules end as the plain reading of the reference says, to the octet.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/report.h"
#include "daemon/worker.h"
#include "engine/environment.h"
#include "engine/load.h"
#include "engine/vmlet.h"
#include "feed_port.h"
#include "oracle/ants_oracle.h"
#include "packet_case.h"
#include "suites.h"

enum { GOLDENS_MOST = 64, CAPSULES = 20000, DEVICES = 2 };

/* ---- the router -------------------------------------------------------------------------- */

static const struct ants_node node = {
    .addresses = {0xc0000202, 0xc6336402},
    .neighbours = {{0, 0xc0000201}, {0, 0xc0000209}, {1, 0xc6336401}},
    .routes = {{0xc0000200, 24, 0, 0},
               {0xc6336400, 24, 1, 0},
               {0xcb007100, 24, 0, 0xc0000201},
               {0xcb007180, 25, 1, 0xc6336401},
               {0x0a000000, 8, 1, 0xc6336409}},
    .data_id = {0xb2, 0xc6, 0x80, 0xff, 0xad, 0x65, 0x53, 0x13, 0x3b, 0xab, 0x47, 0xb5, 0xdb, 0xc4, 0xf7,
                0x94},
    .ping_id = {0x93, 0x9b, 0x52, 0x0f, 0x74, 0x2d, 0xc3, 0xd4, 0x73, 0xdd, 0x9d, 0x97, 0x68, 0x66, 0x6e,
                0xaf},
};

struct ants_bench {
    struct router router;
    struct worker worker;
    struct feed_port *feeds[DEVICES];
    struct vvm_host_ops host_ops; /* the worker's, but deliveries are kept */
    unsigned delivery_count;
    uint32_t port, length; /* of the last delivery */
    uint8_t octets[FEED_ROOM];
    uint64_t frames;
};

static int keep_delivery(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                         const uint8_t *octets, uint32_t length, const char **reason)
{
    struct ants_bench *b = (struct ants_bench *)((char *)host - offsetof(struct ants_bench, router));
    CU_ASSERT_FATAL(length <= sizeof b->octets);
    b->delivery_count++;
    b->port = port;
    b->length = length;
    memcpy(b->octets, octets, length);
    return 0;
}

static void tell(struct ants_bench *b, const char *name, unsigned n, const int64_t *arguments)
{
    CU_ASSERT_FATAL(!router_tell(&b->router, name, arguments, n));
}

static void tell_all(struct ants_bench *b)
{
    for (unsigned i = 0; node.routes[i].length; i++)
        tell(b, "route-add!", 4,
             (int64_t[]){node.routes[i].prefix, node.routes[i].length, node.routes[i].device,
                         node.routes[i].hop});
    for (unsigned i = 0; node.neighbours[i].address; i++)
        tell(b, "neighbour-add!", 2, (int64_t[]){node.neighbours[i].device, node.neighbours[i].address});
}

static struct ants_bench *bench_open(void)
{
    struct ants_bench *b = calloc(1, sizeof *b);
    struct vvm_vmlet *vmlet;
    CU_ASSERT_FATAL(b && !router_open(&b->router, "test", true, VVM_SOURCE "/netvmlets"));
    b->host_ops = worker_host_ops;
    b->host_ops.deliver = keep_delivery;
    b->router.node->world.host_ops = &b->host_ops;
    for (unsigned i = 0; i < DEVICES; i++) b->feeds[i] = feed_port_add(&b->router);
    for (unsigned i = 0; node.addresses[i]; i++)
        CU_ASSERT_FATAL(!router_add_address(&b->router, node.addresses[i], 24));
    CU_ASSERT_FATAL(!load_file(&b->router.node->control, VVM_SOURCE "/ants/ants.vml", &vmlet));
    tell_all(b);
    CU_ASSERT_FATAL(!worker_open(&b->worker, &b->router));
    return b;
}

static uint64_t counted(struct ants_bench *b, enum ledger_kind kind, const char *name)
{
    static struct ledger_row rows[LEDGER_ROWS];
    uint64_t sum = 0;
    unsigned n = ledger_read(b->router.node, rows, LEDGER_ROWS);
    for (unsigned i = 0; i < n; i++)
        if (rows[i].kind == kind && (!name || !strcmp(rows[i].name, name))) sum += rows[i].count;
    return sum;
}

static void bench_close(struct ants_bench *b)
{
    char why[256];
    worker_close(&b->worker);
    CU_ASSERT_EQUAL(counted(b, LEDGER_RECEIVED, NULL), b->frames);
    CU_ASSERT_EQUAL(counted(b, LEDGER_CREATED, NULL), 0);
    CU_ASSERT_EQUAL(counted(b, LEDGER_DROPPED, "other"), 0);
    CU_ASSERT_EQUAL(ledger_balance(b->router.node), 0);
    CU_ASSERT_EQUAL(router_close(&b->router, why), 0);
    free(b);
}

/* One frame, in and gone. */
static void pass(struct ants_bench *b, unsigned device, const void *octets, uint32_t length)
{
    feed_port_put(&b->router, device, octets, length);
    CU_ASSERT_EQUAL(worker_step(&b->worker), 1);
    b->frames++;
    if (ledger_balance(b->router.node)) CU_FAIL("the ledger does not balance");
}

/* ---- golden frames, cut and changed -------------------------------------------------------- */

struct goldens {
    struct case_frame frames[GOLDENS_MOST];
    unsigned count;
};

static void keep_frames(void *data, const struct packet_case *c)
{
    struct goldens *g = data;
    for (unsigned i = 0; i < c->received_count; i++) {
        CU_ASSERT_FATAL(g->count < GOLDENS_MOST);
        g->frames[g->count++] = c->received[i];
    }
}

static struct goldens *read_goldens(void)
{
    struct goldens *g = calloc(1, sizeof *g);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    CU_ASSERT_FATAL(!packet_case_each(VVM_CASES "/packets/ants.t", keep_frames, g) && g->count);
    return g;
}

static void test_truncations(void)
{
    struct goldens *g = read_goldens();
    struct ants_bench *b = bench_open();
    for (unsigned i = 0; i < g->count; i++)
        for (uint32_t length = 0; length <= g->frames[i].length; length++)
            pass(b, 0, g->frames[i].octets, length);
    CU_ASSERT_TRUE(counted(b, LEDGER_DROPPED, "short-capsule") ==
                   0); /* the envelope's length is wrong first */
    bench_close(b);
    free(g);
}

/* The capsule cut, its envelope as long as what is left: each length has its own end. */
static void test_truncated_capsules(void)
{
    struct goldens *g = read_goldens();
    struct ants_bench *b = bench_open();
    uint64_t most = 0;
    for (unsigned i = 0; i < g->count; i++) {
        struct case_frame *frame = &g->frames[i];
        if (frame->octets[12] != 0x88) continue;
        for (uint32_t length = 14 + 8; length <= frame->length; length++) {
            frame->octets[14 + 6] = (uint8_t)((length - 14) >> 8);
            frame->octets[14 + 7] = (uint8_t)(length - 14);
            most += length < 14 + 8 + 36 && frame->octets[14 + 5] == 2;
            pass(b, 0, frame->octets, length);
        }
    }
    CU_ASSERT_TRUE(most > 0 && counted(b, LEDGER_DROPPED, "short-capsule") >= most);
    CU_ASSERT_TRUE(counted(b, LEDGER_DROPPED, "short-data") > 0);
    CU_ASSERT_TRUE(counted(b, LEDGER_DROPPED, "short-ping") > 0);
    bench_close(b);
    free(g);
}

/* How the frame ends. */
static enum ledger_kind end_of(struct ants_bench *b, const struct case_frame *frame)
{
    uint64_t sent = counted(b, LEDGER_SENT, NULL), delivered = counted(b, LEDGER_DELIVERED, NULL);
    pass(b, 0, frame->octets, frame->length);
    if (counted(b, LEDGER_SENT, NULL) > sent) return LEDGER_SENT;
    return counted(b, LEDGER_DELIVERED, NULL) > delivered ? LEDGER_DELIVERED : LEDGER_DROPPED;
}

/* Every octet of a golden frame takes every other value; then it is served as it was. A router
 * for each: the more rows a ledger has, the longer it takes to see that it balances. */
static void change_octets(struct case_frame *frame)
{
    struct ants_bench *b = bench_open();
    enum ledger_kind end = end_of(b, frame);
    for (uint32_t at = 0; at < frame->length; at++) {
        uint8_t right = frame->octets[at];
        for (unsigned change = 1; change < 256; change++) {
            frame->octets[at] = right ^ (uint8_t)change;
            pass(b, 0, frame->octets, frame->length);
        }
        frame->octets[at] = right;
    }
    CU_ASSERT_EQUAL(end_of(b, frame), end);
    bench_close(b);
}

static void test_changes(void)
{
    struct goldens *g = read_goldens();
    for (unsigned i = 0; i < g->count; i++) change_octets(&g->frames[i]);
    free(g);
}

/* ---- neighbours come and go ------------------------------------------------------------------ */

/* A value of neighbour.vml as it is written. */
static void check_value(struct ants_bench *b, const char *text, const char *expected)
{
    struct vvm_context *control = &b->router.node->control;
    struct vvm_vmlet *vmlet = vmlet_named(b->router.node, intern(b->router.node, "neighbour"));
    struct reader reader;
    vvm_value datum, value;
    reader_init(&reader, control, vmlet->environment, 0, text, strlen(text));
    CU_ASSERT_FATAL(!reader_next(&reader, &datum));
    CU_ASSERT_FATAL(!eval_datum(control, vmlet->environment, datum, &value));
    char *written = NULL;
    size_t length;
    FILE *to = open_memstream(&written, &length);
    print_value(b->router.node, to, value, PRINT_WRITE, 0);
    fclose(to);
    CU_ASSERT_STRING_EQUAL(written, expected);
    free(written);
}

static void check_refused(struct ants_bench *b, int64_t device, int64_t address)
{
    CU_ASSERT_EQUAL(router_tell(&b->router, "neighbour-add!", (int64_t[]){device, address}, 2), -EINVAL);
    b->router.node->control.pending.kind = PENDING_NONE;
}

static void test_neighbours(void)
{
    struct goldens *g = read_goldens();
    struct ants_bench *b = bench_open();
    const struct case_frame *frame = &g->frames[0];
    CU_ASSERT_EQUAL(end_of(b, frame), LEDGER_SENT);
    tell(b, "neighbour-remove!", 2, (int64_t[]){0, 0xc0000201});
    check_value(b, "(neighbour-list)", "((1 . 3325256705) (0 . 3221225993))");
    CU_ASSERT_EQUAL(end_of(b, frame), LEDGER_DROPPED);
    CU_ASSERT_EQUAL(counted(b, LEDGER_DROPPED, "bad-previous"), 1);
    tell(b, "neighbour-add!", 2, (int64_t[]){0, 0xc0000201});
    CU_ASSERT_EQUAL(end_of(b, frame), LEDGER_SENT);
    check_refused(b, 0, 0);
    check_refused(b, -1, 1);
    check_refused(b, 65536, 1);
    check_refused(b, 0, INT64_C(1) << 32);
    for (int64_t i = 3; i < 1024; i++) tell(b, "neighbour-add!", 2, (int64_t[]){2, i});
    check_refused(b, 2, 2000);
    tell(b, "neighbour-add!", 2, (int64_t[]){2, 1023}); /* is known */
    check_value(b, "(list (neighbour-count) (length (neighbour-list)))", "(1024 1024)");
    CU_ASSERT_EQUAL(end_of(b, frame), LEDGER_SENT);
    bench_close(b);
    free(g);
}

/* ---- random capsules beside the oracle ------------------------------------------------------ */

static uint32_t random_state = 20;
static uint32_t draw(uint32_t most)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)random_state * most >> 32);
}

#define PICK(...) ((const uint32_t[]){__VA_ARGS__}[draw(sizeof((uint32_t[]){__VA_ARGS__}) / 4)])

static uint32_t random_address(void)
{
    if (draw(32) == 0) return draw(UINT32_MAX);
    return PICK(0xc0000202, 0xc6336402, 0xc0000201, 0xc0000209, 0xc6336401, 0xcb007108, 0xcb0071f0,
                0x0a090807, 0xc00002ff, 0, 0xffffffff, 0xcb007208);
}

static void put32(uint8_t *to, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t random_capsule(uint8_t *c)
{
    for (unsigned i = 0; i < ORACLE_CAPSULE; i++) c[i] = (uint8_t)draw(256);
    put32(c, PICK(1, 1, 1, 1, 1, 1, 1, 0, 2, 0x01000000, 0xffffffff));
    memcpy(c + 4, draw(2) ? node.data_id : node.ping_id, 16);
    if (draw(8) == 0) c[4 + draw(16)] ^= (uint8_t)(1u << draw(8));
    put32(c + 20, random_address());
    put32(c + 24, random_address());
    put32(c + 28, draw(8) ? PICK(0xc0000201, 0xc0000209, 0xc6336401) : random_address());
    put32(c + 32, PICK(0, 1, 2, 3, 9, 64, 254, 255, 256, 257, 0x100, 0x80000000, 0xffffffff, 5, 6, 7));
    if (draw(4)) put32(c + 36, PICK(0, 0, 0, 1, 1, 2, 0x01000000, 0xffffffff));
    return draw(16) ? PICK(40, 42, 44, 44, 44, 44, 43, 45, 39, 36, 200) : draw(48);
}

/* One capsule through router and oracle. */
static void compare(struct ants_bench *b, unsigned device, const uint8_t *capsule, uint32_t length)
{
    uint8_t frame[14 + 8 + ORACLE_CAPSULE] = {
        2, 0,    0xc0, 0, 2, 2,    2,    0, 0xc0, 0, 2,
        1, 0x88, 0xb5, 1, 0, 0x41, 0x4e, 0, 2,    0, (uint8_t)(length + 8)};
    struct ants_fate fate;
    struct feed_port *out;
    ants_oracle(&node, device, capsule, length, &fate);
    out = b->feeds[fate.device];
    frame[20] = (uint8_t)((length + 8) >> 8);
    memcpy(frame + 22, capsule, length);
    uint64_t before = fate.end == ANTS_DROPPED ? counted(b, LEDGER_DROPPED, fate.reason) : 0;
    b->delivery_count = b->feeds[0]->sent_count = b->feeds[1]->sent_count = 0;
    pass(b, device, frame, length + 22);
    CU_ASSERT_EQUAL(b->delivery_count, fate.end == ANTS_DELIVERED);
    CU_ASSERT_EQUAL(b->feeds[0]->sent_count + b->feeds[1]->sent_count, fate.end == ANTS_SENT);
    if (fate.end == ANTS_DROPPED) CU_ASSERT_EQUAL(counted(b, LEDGER_DROPPED, fate.reason), before + 1);
    if (fate.end == ANTS_DELIVERED) {
        CU_ASSERT_EQUAL(b->port, fate.port);
        CU_ASSERT_TRUE(b->length == length && !memcmp(b->octets, fate.octets, length));
    }
    if (fate.end == ANTS_SENT) {
        put32(frame + 2, fate.hop); /* the address of the next hop makes that of the frame */
        CU_ASSERT_TRUE(out->sent_count == 1 && out->sent_length == length + 22);
        CU_ASSERT_TRUE(!memcmp(out->sent, frame, 6) && !memcmp(out->sent + 12, frame + 12, 10));
        CU_ASSERT_TRUE(!memcmp(out->sent + 22, fate.octets, length));
    }
}

static void test_random(void)
{
    static const char *const reasons[] = {"short-capsule",   "bad-previous",   "ttl-expired", "bad-ttl",
                                          "unknown-version", "unknown-method", "short-data",  "short-ping",
                                          "extra-octets",    "bad-flag",       "no-route"};
    struct ants_bench *b = bench_open();
    uint8_t capsule[ORACLE_CAPSULE];
    for (unsigned i = 0; i < CAPSULES; i++) {
        uint32_t length = random_capsule(capsule);
        compare(b, draw(DEVICES), capsule, length);
    }
    for (unsigned i = 0; i < sizeof reasons / sizeof *reasons; i++)
        CU_ASSERT_TRUE(counted(b, LEDGER_DROPPED, reasons[i]) >= 20); /* else nothing was shown of it */
    CU_ASSERT_TRUE(counted(b, LEDGER_SENT, "ants") >= 1000);
    CU_ASSERT_TRUE(counted(b, LEDGER_DELIVERED, NULL) >= 200);
    bench_close(b);
}

void ants_tests(CU_pSuite suite)
{
    CU_add_test(suite, "every truncation", test_truncations);
    CU_add_test(suite, "every truncation of a capsule in its envelope", test_truncated_capsules);
    CU_add_test(suite, "every change of one octet", test_changes);
    CU_add_test(suite, "neighbours come and go", test_neighbours);
    CU_add_test(suite, "random capsules end as the reference says", test_random);
}
