/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_test.c - a VMlet's own tests run in a world of their own: what they do to tables,
 * ledger and clock nobody else sees, also while packets move on another thread. They run
 * before the VMlet is published, and one that fails refuses the load.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "../engine/trial.h"
#include "../engine/vmlet.h"
#include "../engine/wire/network.h"
#include "suites.h"

#define ROOM 512

struct place {
    struct vvm_node *node;
    struct vvm_context ctx;
    struct buffer_pool *pool;
    uint64_t now;
    atomic_bool stop;
    unsigned received, other; /* by the worker: packets, and those that ended unexpectedly */
};

static int take_delivery(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                         const uint8_t *octets, uint32_t length, const char **reason)
{
    (void)host, (void)ctx, (void)network, (void)port, (void)octets, (void)length, (void)reason;
    return 0;
}

static const struct vvm_host_ops host_ops = {.deliver = take_delivery};

static uint64_t place_clock(void *data) { return ((const struct place *)data)->now; }

/* The third packet of a kind within a minute is dropped; the others go to the port that the
 * load script has written into an array. */
#define THIRD(name, port)                                                                                    \
    "(vmlet " name " (needs (all)))\n"                                                                       \
    "(define-layout one (what u8))"                                                                          \
    "(define-table seen map (key u8) (value u64) (entries 16) (expires 60))"                                 \
    "(define-table spoken lpm (key u32) (value u8) (entries 4))"                                             \
    "(define-array ports u32 4)"                                                                             \
    "(array-set! ports 1 7) (lpm-add! spoken 0 0 7)"                                                         \
    "(define (run)"                                                                                          \
    "  (let ((k (one-what packet)))"                                                                         \
    "    (table-update! seen k (old) (+ old 1))"                                                             \
    "    (if (= (table-ref seen k) 3) (drop 'third))"                                                        \
    "    (if (= (table-ref spoken 5) 7) (deliver-to (array-word ports 1) packet))))"                         \
    "(define-network " name " (match (udp " port ")) (layout one) (execute run)"                             \
    "  (limits (fuel 1000) (arena 1KiB)))"

#define COUNTS(name)                                                                                         \
    "\n(test \"the third is dropped\""                                                                       \
    "  (receive (" name " (what 9))) (delivers 7) (receive (" name " (what 9))) (delivers 7)"                \
    "  (receive (" name " (what 9))) (drops third)"                                                          \
    "  (after 61) (receive (" name " (what 9))) (delivers 7))"

static int load(struct vvm_node *node, const char *text)
{
    return load_source(&node->control, "test.vml", text, strlen(text), NULL);
}

/* A worker that has lost its processor within a packet may hold a load up. */
static void must_load(struct vvm_node *node, const char *text)
{
    int err;
    while ((err = load(node, text)) == -EBUSY) sched_yield();
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static vvm_value evaluate(struct vvm_node *node, const char *name, const char *text)
{
    struct reader reader;
    vvm_value datum, result;
    struct vvm_vmlet *vmlet = vmlet_named(node, intern(node, name));
    CU_ASSERT_PTR_NOT_NULL_FATAL(vmlet);
    reader_init(&reader, &node->control, vmlet->environment, 0, text, strlen(text));
    CU_ASSERT_EQUAL_FATAL(reader_next(&reader, &datum), 0);
    int err;
    while ((err = eval_datum(&node->control, vmlet->environment, datum, &result)) == -EBUSY) sched_yield();
    return err ? VALUE_EXCEPTION : result;
}

static void place_open(struct place *p, const char *text)
{
    struct vvm_options options = {.clock = place_clock, .clock_data = p};
    *p = (struct place){.now = 5};
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &p->node), 0);
    must_load(p->node, text);
    p->node->world.host = p;
    p->node->world.host_ops = &host_ops;
    CU_ASSERT_EQUAL_FATAL(context_open(&p->ctx, p->node, false), 0);
    CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&p->pool, 8, ROOM, 0), 0);
}

static void place_close(struct place *p)
{
    CU_ASSERT_PTR_EQUAL(p->node->control.world, &p->node->world);
    CU_ASSERT_EQUAL(ledger_balance(p->node), 0);
    CU_ASSERT_EQUAL(buffer_pool_used(p->pool), 0);
    context_close(&p->ctx);
    buffer_pool_close(p->pool);
    node_close(p->node);
}

/* A packet of kind 9 on the node itself: true if it was delivered. */
static bool receive(struct place *p)
{
    struct outcome_report report;
    const uint8_t octet = 9;
    generation_enter(&p->ctx);
    const struct network *network = match_lookup(p->ctx.generation, MATCH_UDP, 5);
    struct vvm_packet *packet = buffer_pool_ops(p->pool)->alloc(buffer_pool_ops(p->pool));
    if (!network || !packet || packet_append(packet, &octet, 1)) abort();
    packet->payload_end = packet->head + packet->length;
    ledger_count_named(&p->ctx, LEDGER_RECEIVED, "test");
    network_receive(&p->ctx, network, packet, &report);
    generation_leave(&p->ctx);
    p->received++;
    return report.outcome == OUTCOME_DELIVERED;
}

/* Sum of the rows of a kind. */
static uint64_t counted(struct vvm_node *node, enum ledger_kind kind)
{
    static struct ledger_row rows[LEDGER_ROWS];
    uint64_t sum = 0;
    unsigned n = ledger_read(node, rows, LEDGER_ROWS);
    for (unsigned i = 0; i < n; i++)
        if (rows[i].kind == kind) sum += rows[i].count;
    return sum;
}

static bool is_pending(struct vvm_node *node, const char *part)
{
    char text[1024] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    print_pending(&node->control, to);
    fclose(to);
    if (!strstr(text, part)) fprintf(stderr, "    got: %s\n", text);
    return strstr(text, part) != NULL;
}

/* ---- one thread ---------------------------------------------------------------------------- */

/* Each of the two tests begins with an empty table; what the load script wrote is there. */
static void tests_leave_nothing_behind(void)
{
    struct place p;
    place_open(&p, THIRD("first", "5") COUNTS("first") COUNTS("first"));
    CU_ASSERT_EQUAL(counted(p.node, LEDGER_RECEIVED), 0);
    CU_ASSERT_EQUAL(evaluate(p.node, "first", "(table-count seen)"), make_fixnum(0));
    CU_ASSERT_EQUAL(evaluate(p.node, "first", "(array-ref ports 1)"), make_fixnum(7));
    CU_ASSERT(receive(&p) && receive(&p));
    must_load(p.node, THIRD("second", "6") COUNTS("second"));
    must_load(p.node,
              "(vmlet third (needs (all)) (import (first first)))"
              "(test \"what was published looks empty\" (receive (first (what 9))) (drops error-type))");
    CU_ASSERT_EQUAL(evaluate(p.node, "first", "(table-ref seen 9)"), make_fixnum(2));
    CU_ASSERT_EQUAL(evaluate(p.node, "first", "(current-jiffy)"), make_fixnum(5));
    CU_ASSERT(!receive(&p) && receive(&p));
    CU_ASSERT_EQUAL(counted(p.node, LEDGER_RECEIVED), 4);
    place_close(&p);
}

static void check_refused(struct place *p, const char *text, const char *why)
{
    struct vvm_node *node = p->node;
    const struct vvm_generation *before = node->current;
    const struct vvm_vmlet *newest = node->vmlets;
    CU_ASSERT_NOT_EQUAL(load(node, text), 0);
    CU_ASSERT(is_pending(node, why));
    CU_ASSERT_PTR_EQUAL(node->current, before);
    CU_ASSERT_PTR_EQUAL(node->vmlets, newest);
    CU_ASSERT_PTR_NULL(node->candidate);
    CU_ASSERT_PTR_NULL(match_lookup(node->current, MATCH_UDP, 6));
    CU_ASSERT_EQUAL(counted(node, LEDGER_RECEIVED), p->received);
}

static void a_test_that_fails_refuses_the_load(void)
{
    static const char wrong[] = THIRD("late",
                                      "6") "\n(test \"it goes to 8\" (receive (late (what 1))) (delivers 8))";
    struct place p;
    place_open(&p, THIRD("first", "5"));
    CU_ASSERT(receive(&p));
    check_refused(
        &p, wrong,
        "error test: test.vml:3:1: test \"it goes to 8\" of VMlet late failed: delivered to another "
        "port: expected, got: 8 7");
    check_refused(&p, THIRD("late", "6") "(test \"endless\" (receive (late (what (let loop () (loop))))))",
                  "test \"endless\" of VMlet late failed: it does not end");
    check_refused(&p, THIRD("late", "6") "(define-given (none) (car 5)) (test \"odd\" (given (none)))",
                  "test \"odd\" of VMlet late failed:");
    must_load(p.node, THIRD("late", "6") COUNTS("late"));
    CU_ASSERT_PTR_NOT_NULL(match_lookup(p.node->current, MATCH_UDP, 6));
    p.node->options.skip_tests = true;
    must_load(p.node, "(vmlet careless (needs (all))) (test \"no\" (receive-octets 5 6))");
    place_close(&p);
}

/* What the refused packet code names was not frozen: its owner may change it. */
static void a_refused_load_freezes_nothing(void)
{
    struct place p;
    place_open(&p, THIRD("first", "5") "(define v (vector 1 2))");
    check_refused(&p,
                  "(vmlet late (needs (all)) (import (first v))) (define-layout one (what u8))"
                  "(define (run) (if (= (vector-ref v 0) 1) (drop 'one)))"
                  "(define-network late (match (udp 6)) (layout one) (execute run))"
                  "(test \"x\" (receive (late (what 1))) (drops two))",
                  "expected, got: \"dropped two\" \"dropped one\"");
    CU_ASSERT_EQUAL(evaluate(p.node, "first", "(begin (vector-set! v 0 3) (vector-ref v 0))"),
                    make_fixnum(3));
    place_close(&p);
}

static void a_test_changes_no_names(void)
{
    struct place p;
    place_open(&p, THIRD("first", "5"));
    check_refused(&p,
                  "(vmlet late (needs (all))) (define n 1) (define-given (change) (set! n 2)) (test \"x\" "
                  "(given (change)))",
                  "a test cannot assign a variable");
    check_refused(&p,
                  "(vmlet late (needs (all))) (define-given (change) (%register-test \"a\" car)) (test \"x\" "
                  "(given (change)))",
                  "not in a test");
    check_refused(&p,
                  "(vmlet late (needs (all))) (define-given (change) (eval '(define y 1))) (test \"x\" "
                  "(given (change)))",
                  "test \"x\" of VMlet late failed: ");
    place_close(&p);
}

static void all_tests_are_counted_for_who_asks(void)
{
    char text[512] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    struct test_report report = {.to = to};
    struct place p;
    place_open(&p, THIRD("first", "5"));
    p.node->options.test_report = &report;
    must_load(
        p.node,
        THIRD("late", "6") "(test \"it goes to 8\" (receive (late (what 1))) (delivers 8))" COUNTS("late"));
    fclose(to);
    CU_ASSERT_EQUAL(report.passed, 1);
    CU_ASSERT_EQUAL(report.failed, 1);
    CU_ASSERT_STRING_EQUAL(text, "FAILED it goes to 8\n  delivered to another port: expected, got: 8 7\n");
    place_close(&p);
}

/* ---- while packets move -------------------------------------------------------------------- */

static void *work(void *data)
{
    struct place *p = data;
    while (!atomic_load(&p->stop)) {
        bool delivered = receive(p);
        p->other += delivered != (p->received != 3);
    }
    return NULL;
}

/* Every packet of the worker ends as it would without the tests, which use the same kind of packet
 * and, by hand, the very same tables. */
static void tests_run_while_packets_move(void)
{
    struct place p;
    pthread_t thread;
    char text[2048];
    place_open(&p, THIRD("first", "5"));
    must_load(p.node, "(vmlet asks (needs (all)) (import (first first)))"
                      "(test \"x\" (receive (first (what 9))) (drops error-type))");
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, work, &p), 0);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(text, sizeof text, THIRD("late-%u", "6") COUNTS("late-%u"), i, i, i, i, i, i);
        must_load(p.node, text);
        vvm_value counts = evaluate(p.node, "core", "(run-tests 'asks)");
        CU_ASSERT_FATAL(is_pair(counts));
        CU_ASSERT_EQUAL(car_of(counts), make_fixnum(1));
    }
    atomic_store(&p.stop, true);
    pthread_join(thread, NULL);
    CU_ASSERT(p.received > 100);
    CU_ASSERT_EQUAL(p.other, 0);
    CU_ASSERT_EQUAL(counted(p.node, LEDGER_RECEIVED), p.received);
    CU_ASSERT_EQUAL(counted(p.node, LEDGER_DROPPED), 1);
    CU_ASSERT_EQUAL(evaluate(p.node, "first", "(table-ref seen 9)"), make_fixnum(p.received));
    place_close(&p);
}

void world_tests(CU_pSuite suite)
{
    CU_add_test(suite, "tests leave nothing behind", tests_leave_nothing_behind);
    CU_add_test(suite, "a test that fails refuses the load", a_test_that_fails_refuses_the_load);
    CU_add_test(suite, "a refused load freezes nothing", a_refused_load_freezes_nothing);
    CU_add_test(suite, "a test changes no names", a_test_changes_no_names);
    CU_add_test(suite, "all tests are counted for who asks", all_tests_are_counted_for_who_asks);
    CU_add_test(suite, "tests run while packets move", tests_run_while_packets_move);
}
