/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_test.c - the worker thread beside the control thread: snapshots that balance
 * while packets move, loads and evaluations at the same moment, stops at any moment, and
 * sleep that costs nothing and misses nothing. The suite also runs under ThreadSanitizer.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/registry.h"
#include "engine/environment.h"
#include "engine/heap.h"
#include "engine/load.h"
#include "engine/vmlet.h"
#include "line.h"
#include "suites.h"

#define MANY UINT64_MAX /* frames: they do not run out */

static const struct impairment bad_link = {
    .loss = 50000, .duplicate = 50000, .reorder = 100000, .delay = 200000, .jitter = 100000, .seed = 7};

static uint64_t clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void pause_for(uint64_t nanoseconds)
{
    nanosleep(&(struct timespec){(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}, NULL);
}

static void start(struct line *line) { CU_ASSERT_EQUAL_FATAL(runtime_start(line->runtime), 0); }

/* ---- snapshots ------------------------------------------------------------------------------ */

static void check_snapshot(struct line *line, unsigned router, int64_t *received)
{
    struct readings readings;
    int64_t balance = -1, now = 0;
    CU_ASSERT_EQUAL_FATAL(registry_read(&readings, &line->routers[router], line->runtime), 0);
    CU_ASSERT(readings_find(&readings, "ledger/balance", &balance));
    CU_ASSERT_EQUAL(balance, 0);
    if (readings_find(&readings, router ? "ledger/received/back" : "ledger/received/spout", &now))
        CU_ASSERT(now >= *received);
    *received = now;
    readings_free(&readings);
}

static void snapshots(const struct impairment *impairment, unsigned times)
{
    struct line line;
    int64_t received[LINE_MOST] = {0};
    line_open(&line, LINE_MOST, impairment, MANY);
    start(&line);
    for (unsigned i = 0; i < times; i++) check_snapshot(&line, i % LINE_MOST, &received[i % LINE_MOST]);
    while (line_reading(&line, LINE_MOST - 1, "ledger/delivered/port-9") < 100) pause_for(1000000);
    line_close(&line);
}

static void test_snapshots_balance(void) { snapshots(NULL, 2000); }
static void test_snapshots_balance_on_bad_links(void) { snapshots(&bad_link, 2000); }

/* Between two boundaries there is a round, so nobody who only looks can stop the packets. */
struct seen {
    struct line *line;
    unsigned bursts;
};

static void look(void *data)
{
    struct seen *seen = data;
    seen->bursts = seen->line->spout->bursts;
}

static void test_looking_stops_nothing(void)
{
    struct line line;
    struct seen seen = {.line = &line};
    unsigned last = 0, stood = 0;
    line_open(&line, 2, NULL, MANY);
    start(&line);
    runtime_boundary(line.runtime, look, &seen);
    for (unsigned i = 0; i < 5000; i++) {
        last = seen.bursts;
        runtime_boundary(line.runtime, look, &seen);
        stood += seen.bursts == last;
    }
    CU_ASSERT_EQUAL(stood, 0);
    line_close(&line);
}

/* ---- loads and evaluations beside the packets ------------------------------------------------ */

static int evaluate(struct router *router, const char *vmlet, const char *text)
{
    struct vvm_context *ctx = &router->node->control;
    struct vvm_vmlet *v = vmlet_named(router->node, intern(router->node, vmlet));
    struct reader reader;
    vvm_value datum, result;
    reader_init(&reader, ctx, v->environment, 0, text, strlen(text));
    int err = reader_next(&reader, &datum);
    return err ? err : eval_datum(ctx, v->environment, datum, &result);
}

/* One more VMlet with an instruction, a table and a network of its own. */
static void load_one(struct router *router, unsigned i)
{
    char text[1024];
    snprintf(text, sizeof text,
             "(vmlet extra%u (needs (all)) (version 1))\n"
             "(define-table counts map (key u32) (value u64) (entries 64))\n"
             "(define-layout probe%u (kind u8) (rest rest))\n"
             "(define (run%u) (table-update! counts 1 (old) (+ (or old 0) 1)) (drop 'probed))\n"
             "(define-network probe%u (match (udp %u)) (layout probe%u) (execute run%u)\n"
             "  (limits (fuel 100) (arena 1KiB)))\n",
             i, i, i, i, 5000 + i, i, i);
    int err = load_source(&router->node->control, "extra", text, strlen(text), NULL);
    if (err) print_pending(&router->node->control, stderr);
    CU_ASSERT_EQUAL(err, 0);
}

/* What is refused when it has defined most of what it wanted. */
static void load_refused(struct router *router)
{
    static const char text[] = "(vmlet refused (needs (all)) (version 1))\n"
                               "(define-layout stray (kind u8) (rest rest))\n"
                               "(define-network stray (match (udp 3322)) (layout stray)\n"
                               "  (execute (lambda () (drop 'stray))) (limits (fuel 100) (arena 1KiB)))\n"
                               "(car 1)\n";
    CU_ASSERT_NOT_EQUAL(load_source(&router->node->control, "refused", text, sizeof text - 1, NULL), 0);
}

/* The instruction that packets run at this moment, anew: their programs are verified again. */
static void redefine(struct router *router, unsigned i, const char *more)
{
    char text[256];
    snprintf(text, sizeof text,
             "(define-instruction (branch-here (here label)) (opcode 2) \"the %u-th\" %s"
             " (if (local? (hop-destination packet)) (goto here) (next)))",
             i, more);
    CU_ASSERT_EQUAL(evaluate(router, "hop", text), 0);
}

static void test_loads_beside_packets(void)
{
    struct line line;
    int64_t received[LINE_MOST] = {0};
    line_open(&line, 3, NULL, MANY);
    start(&line);
    for (unsigned i = 0; i < 240; i++) {
        struct router *router = &line.routers[i % 3];
        char text[128];
        if (i < 45) load_one(router, i / 3);
        load_refused(router);
        redefine(router, i, "");
        snprintf(text, sizeof text, "(route-add! #x0a0%x0000 24 1 #x0a000101)", 5 + i % 8);
        CU_ASSERT_EQUAL(evaluate(router, "route", text), 0);
        CU_ASSERT_EQUAL(evaluate(router, "hop", "(table-ref seen 167772673)"), 0);
        CU_ASSERT_NOT_EQUAL(evaluate(router, "route", "(car 1)"), 0);
        check_snapshot(&line, i % 3, &received[i % 3]);
    }
    CU_ASSERT_EQUAL(line_reading(&line, 0, "node/generation"), line.routers[0].node->current->number);
    while (line_reading(&line, 2, "ledger/delivered/port-9") < 100) pause_for(1000000);
    line_close(&line);
}

/* Code and constants that packets are running in are replaced, and what nothing leads to is
 * overwritten at once. */
static void test_collections_beside_packets(void)
{
    struct line line;
    int64_t received = 0;
    line_open(&line, 1, NULL, MANY);
    struct router *router = &line.routers[0];
    struct heap *heap = router->node->heap;
    CU_ASSERT_EQUAL(evaluate(router, "hop", "(define shared (list 0 (vector 0)))"), 0);
    CU_ASSERT_EQUAL(evaluate(router, "hop", "(define (pick) 0)"), 0);
    redefine(router, 0, "(pick)");
    start(&line);
    heap->stress = 5;
    for (unsigned i = 1; i <= 60; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "(define (pick) (+ (vector-ref '#(1 %u) 1) (vector-ref (cadr shared) 0)))", i);
        CU_ASSERT_EQUAL(evaluate(router, "hop", text), 0);
        snprintf(text, sizeof text, "(define shared (list (list %u) (vector %u)))", i, i);
        CU_ASSERT_EQUAL(evaluate(router, "hop", text), 0);
        CU_ASSERT_EQUAL(evaluate(router, "hop", "(length (map (lambda (x) (list x x)) '(1 2 3)))"), 0);
        if (i % 5 == 0) redefine(router, i, "(pick)");
        if (i % 3 == 0) heap_collect(router->node);
        check_snapshot(&line, 0, &received);
    }
    CU_ASSERT(heap->collections > 100);
    runtime_stop(line.runtime);
    int64_t delivered = line_reading(&line, 0, "ledger/delivered/port-9");
    CU_ASSERT(delivered > 100);
    int64_t held = line_reading(&line, 0, "ledger/held/worker-ring");
    CU_ASSERT_EQUAL(line_reading(&line, 0, "ledger/received/spout"), delivered + (held > 0 ? held : 0));
    line_close(&line);
}

/* ---- ends ------------------------------------------------------------------------------------- */

static void test_stop_at_any_moment(void)
{
    unsigned seed = 1;
    for (unsigned i = 0; i < 25; i++) {
        struct line line;
        line_open(&line, 2 + i % 3, i % 2 ? &bad_link : NULL, MANY);
        start(&line);
        pause_for((uint64_t)(rand_r(&seed) % 4000) * 1000);
        if (i % 5 == 0) runtime_stop(line.runtime);
        if (i % 5 == 0) CU_ASSERT_EQUAL(line_reading(&line, 0, "ledger/balance"), 0);
        line_close(&line);
    }
}

static void test_never_started(void)
{
    struct line line;
    line_open(&line, 2, NULL, 10);
    CU_ASSERT_EQUAL(line_reading(&line, 0, "ledger/balance"), 0);
    runtime_stop(line.runtime);
    line_close(&line);
}

static bool is_readable(int descriptor, int milliseconds)
{
    struct pollfd p = {.fd = descriptor, .events = POLLIN};
    return poll(&p, 1, milliseconds) == 1;
}

static void test_broken_port_is_named(void)
{
    struct line line;
    const struct router *router;
    const struct port *port;
    line_open(&line, 2, NULL, 100);
    line.spout->broken = -EIO;
    CU_ASSERT_EQUAL(runtime_state(line.runtime, &router, &port), 0);
    start(&line);
    CU_ASSERT_FATAL(is_readable(runtime_descriptor(line.runtime), 10000));
    CU_ASSERT_EQUAL(runtime_state(line.runtime, &router, &port), -EIO);
    CU_ASSERT_PTR_EQUAL(router, &line.routers[0]);
    CU_ASSERT_STRING_EQUAL(port->name, "spout");
    CU_ASSERT_STRING_EQUAL(port->why, "the spout broke");
    CU_ASSERT_EQUAL(line_reading(&line, 0, "ledger/received/spout"), 100);
    line_close(&line);
}

/* A router of its own whose only port ends. */
static void test_end_is_told(void)
{
    struct router router, *list[] = {&router};
    struct port *port;
    struct runtime *runtime;
    const struct router *broken_router;
    const struct port *broken_port;
    char why[256];
    CU_ASSERT_EQUAL_FATAL(router_open(&router, "r", false, NULL), 0);
    router.crew_size = line_workers;
    CU_ASSERT_EQUAL_FATAL(
        router_add_port(&router, &port_spout, &(struct port_options){.name = "spout"}, &port), 0);
    struct spout *spout = port->state;
    spout->length = line_frame(spout->frame, 0x0a000001, 3);
    spout->left = 1000;
    spout->ends = true;
    CU_ASSERT_EQUAL_FATAL(runtime_open(&runtime, list, 1), 0);
    CU_ASSERT_EQUAL_FATAL(runtime_start(runtime), 0);
    CU_ASSERT_FATAL(is_readable(runtime_descriptor(runtime), 10000));
    CU_ASSERT_EQUAL(runtime_state(runtime, &broken_router, &broken_port), -ENODATA);
    struct seen seen = {.line = &(struct line){.spout = spout}};
    runtime_boundary(runtime, look, &seen); /* also when the thread is over */
    CU_ASSERT(seen.bursts > 1000 / PORT_BURST);
    runtime_close(runtime);
    CU_ASSERT_EQUAL(ledger_balance(router.node), 0);
    CU_ASSERT_EQUAL(router_close(&router, why), 0);
}

/* ---- sleep ---------------------------------------------------------------------------------- */

static void test_idle_costs_nothing(void)
{
    struct line line;
    line_open(&line, LINE_MOST, &bad_link, 100);
    start(&line);
    pause_for(100000000); /* what there is comes and goes */
    uint64_t before = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    pause_for(1000000000);
    uint64_t used = clock_of(CLOCK_PROCESS_CPUTIME_ID) - before;
    if (used >= 10000000)
        fprintf(stderr, "    idle for a second: %llu us\n", (unsigned long long)used / 1000);
    CU_ASSERT(used < 10000000); /* 1 % */
    CU_ASSERT_EQUAL(line_reading(&line, 0, "ledger/received/spout"), 100);
    line_close(&line);
}

static void open_event(struct line *line)
{
    line->spout->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CU_ASSERT_FATAL(line->spout->event >= 0);
    runtime_close(line->runtime); /* once more, to see the descriptor */
    CU_ASSERT_EQUAL_FATAL(runtime_open(&line->runtime, line->list, line->count), 0);
}

static void pour(struct line *line, uint64_t frames)
{
    CU_ASSERT_EQUAL(write(line->spout->event, &frames, sizeof frames), sizeof frames);
}

/* Until so many have been delivered at the end; false: not within two seconds. */
static bool wait_for(struct line *line, int64_t frames)
{
    for (unsigned i = 0; i < 2000; i++) {
        if (line_reading(line, line->count - 1, "ledger/delivered/port-9") == frames) return true;
        pause_for(1000000);
    }
    return false;
}

/* Each frame finds the thread asleep, or just falling asleep. */
static void test_descriptors_wake(void)
{
    struct line line;
    unsigned seed = 3;
    line_open(&line, LINE_MOST, NULL, 0);
    open_event(&line);
    start(&line);
    for (unsigned i = 1; i <= 300; i++) {
        pour(&line, 1);
        CU_ASSERT_FATAL(wait_for(&line, i));
        if (i % 2) pause_for((uint64_t)(rand_r(&seed) % 100) * 1000);
    }
    line_close(&line);
}

static void test_deadlines_wake(void)
{
    static const struct impairment slow = {.delay = 20000000};
    struct line line;
    line_open(&line, 2, &slow, 0);
    open_event(&line);
    start(&line);
    pause_for(10000000);
    uint64_t before = clock_of(CLOCK_MONOTONIC);
    pour(&line, 5);
    while (line_reading(&line, 0, "ledger/held/link-delay") != 5) pause_for(100000);
    CU_ASSERT_EQUAL(line_reading(&line, 1, "ledger/delivered/port-9"), -1);
    CU_ASSERT_FATAL(wait_for(&line, 5));
    uint64_t took = clock_of(CLOCK_MONOTONIC) - before;
    CU_ASSERT(took >= 20000000);
    CU_ASSERT(took < 200000000);
    CU_ASSERT_EQUAL(line_reading(&line, 0, "port/ahead/link-delay"), 5);
    CU_ASSERT_EQUAL(line_reading(&line, 0, "port/ahead/link-waiting"), 0);
    line_close(&line);
}

/* What is under way when all is closed is accounted for: line_close looks. */
static void test_closed_while_under_way(void)
{
    static const struct impairment slow = {.delay = 10000000000};
    struct line line;
    line_open(&line, 2, &slow, 40);
    start(&line);
    while (line_reading(&line, 0, "ledger/held/link-delay") != 40) pause_for(1000000);
    CU_ASSERT_EQUAL(line_reading(&line, 0, "ledger/balance"), 0);
    CU_ASSERT_EQUAL(line_reading(&line, 0, "ledger/sent/hop"), -1);
    line_close(&line);
}

/* All of it with several workers for each router, which share every network and table. */
#define TESTS(T)                                                                                             \
    T(snapshots_balance, "snapshots balance")                                                                \
    T(snapshots_balance_on_bad_links, "snapshots balance on bad links")                                      \
    T(looking_stops_nothing, "looking stops nothing")                                                        \
    T(loads_beside_packets, "loads beside packets")                                                          \
    T(collections_beside_packets, "collections beside packets")                                              \
    T(stop_at_any_moment, "stop at any moment")                                                              \
    T(never_started, "never started")                                                                        \
    T(broken_port_is_named, "a broken port is named")                                                        \
    T(end_is_told, "the end is told")                                                                        \
    T(idle_costs_nothing, "idle costs nothing")                                                              \
    T(descriptors_wake, "descriptors wake")                                                                  \
    T(deadlines_wake, "deadlines wake")                                                                      \
    T(closed_while_under_way, "closed while under way")

#define T(name, text)                                                                                        \
    static void test_##name##_with_two(void)                                                                 \
    {                                                                                                        \
        line_workers = 2;                                                                                    \
        test_##name();                                                                                       \
    }                                                                                                        \
    static void test_##name##_with_three(void)                                                               \
    {                                                                                                        \
        line_workers = 3;                                                                                    \
        test_##name();                                                                                       \
    }
TESTS(T)
#undef T

void runtime_tests(CU_pSuite suite)
{
#define T(name, text)                                                                                        \
    CU_add_test(suite, text, test_##name);                                                                   \
    CU_add_test(suite, text " (two workers)", test_##name##_with_two);                                       \
    CU_add_test(suite, text " (three workers)", test_##name##_with_three);
    TESTS(T)
#undef T
}
