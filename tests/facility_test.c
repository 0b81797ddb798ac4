/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facility_test.c - what any network may lean on: steering, held packets, packets handed
 * from network to network, timers, and so on, on a node with a clock that the test moves.
 * What the language sees of the simple ones is in cases/facilities.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/load.h"
#include "../engine/table/assembly.h"
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
    char ended[400];
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
    (void)host;
    return buffer_pool_ops(ctx->host);
}

static const char *outcome_text(const struct outcome_report *report)
{
    static const char *const outcomes[] = {"sent", "delivered", "dropped", "consumed", "held"};
    static char text[80];
    snprintf(text, sizeof text, "%s %s", outcomes[report->outcome], report->name);
    return text;
}

/* "outcome name; outcome name; ..." of the packets that ended by themselves, as far as they fit. */
static void note_ended(void *host, struct vvm_context *ctx, const struct outcome_report *report)
{
    struct bench *b = host;
    size_t at = strlen(b->ended);
    (void)ctx;
    snprintf(b->ended + at, sizeof b->ended - at, "%s; ", outcome_text(report));
}

static const struct vvm_host_ops host_ops = {
    .transmit = take_transmit, .pool = own_pool, .ended = note_ended};

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
    b->ctx.host = b->pool;
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

/* Give octets to the network on that port; how they ended, as "outcome name". */
static const char *receive(struct bench *b, uint32_t port, const void *octets, uint32_t length)
{
    struct outcome_report report;
    static char text[80];
    struct vvm_packet *p = packet_of(b, octets, length);
    b->ended[0] = 0;
    ledger_count_named(&b->ctx, LEDGER_RECEIVED, "test");
    generation_enter(&b->ctx);
    network_receive(&b->ctx, network_at(b, port), p, &report);
    snprintf(text, sizeof text, "%s", outcome_text(&report));
    execution_drain(&b->ctx);
    generation_leave(&b->ctx);
    return text;
}
#define RECEIVE(b, ...) receive(b, 1, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#define CHECK_TEXT(got, expected)                                                                            \
    do {                                                                                                     \
        const char *got_ = (got);                                                                            \
        if (strcmp(got_, expected)) fprintf(stderr, "    %d got: %s\n", __LINE__, got_);                     \
        CU_ASSERT_STRING_EQUAL(got_, expected);                                                              \
    } while (0)

static int64_t ledger_at(const struct bench *b, enum ledger_kind kind, const char *name)
{
    struct ledger_row rows[200];
    unsigned n = ledger_read(b->node, rows, 200);
    for (unsigned i = 0; i < n; i++)
        if (rows[i].kind == kind && !strcmp(rows[i].name, name)) return (int64_t)rows[i].count;
    return 0;
}

/* The tests that stand in the text pass, all of them. */
static void check_own_tests(const char *text)
{
    struct bench b;
    struct vvm_vmlet *vmlet;
    static const char run[] = "(define result (run-tests #f))";
    bench_open(&b, text);
    CU_ASSERT_EQUAL_FATAL(load_source(&b.node->control, "run", run, sizeof run - 1, &vmlet), 0);
    uint32_t number = global_number(b.node, vmlet, intern(b.node, "result"));
    vvm_value result = b.node->current->bindings[number].value;
    CU_ASSERT_FATAL(is_pair(result));
    CU_ASSERT(car_of(result) >= make_fixnum(1));
    CU_ASSERT_EQUAL(cdr_of(result), make_fixnum(0));
    bench_close(&b);
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
    bench_open(&b, "(vmlet a (needs (all))) (define (run) (consume 'it)) (define-network a (match (udp 1)) "
                   "(execute run))");
    CU_ASSERT_EQUAL(steer(&b, "0123456789abcdef one", 3), steer(&b, "0123456789abcdef another", 3));
    CU_ASSERT_NOT_EQUAL(steer(&b, "0123456789abcdef", 3), steer(&b, "0123456789abcdeF", 3));
    CU_ASSERT_NOT_EQUAL(steer(&b, "0123456789abcdef", 3), steer(&b, "0123456789abcdef", 4));
    CU_ASSERT_NOT_EQUAL(steer(&b, "", 3), steer(&b, "a", 3));
    bench_close(&b);
}

/* The flow is what the network inside says, and nothing of asking is seen. */
static void networks_say_what_a_flow_is(void)
{
    struct bench b;
    bench_open(
        &b,
        "(vmlet a (needs (all)))"
        "(define (peel (p packet)) (values (u8-ref p 0) 2 (- (bytes-length p) 2)))"
        "(define-network outer (match (udp 1)) (peel peel))"
        "(define (run) (consume 'it))"
        "(define (flow) (case (u8-ref packet 0)"
        "  ((120) (drop 'it)) ((121) 'no-flow) ((122) (set-u8! packet 0 1) (packet-drop-head! packet 1) 5)"
        "  (else (u16-ref packet 1))))"
        "(define-network inner (match (outer 65)) (execute run) (steer flow))");
    CU_ASSERT_EQUAL(steer(&b, "A.1abX", 3), steer(&b, "A!2abY", 4));
    CU_ASSERT_NOT_EQUAL(steer(&b, "A.1abX", 3), steer(&b, "A.1acX", 3));
    CU_ASSERT_NOT_EQUAL(steer(&b, "B.1abX", 3), steer(&b, "B!2abY", 3)); /* of no network that is here */
    CU_ASSERT_NOT_EQUAL(steer(&b, "A.1", 3), steer(&b, "A.2", 3));       /* too short for it */
    CU_ASSERT_EQUAL(steer(&b, "A", 3), steer(&b, "A", 3));
    CU_ASSERT_NOT_EQUAL(steer(&b, "A.xab", 3),
                        steer(&b, "A!xab", 3)); /* one that ends packets is not heard */
    CU_ASSERT_NOT_EQUAL(steer(&b, "A.yab", 3), steer(&b, "A!yab", 3)); /* nor one that names no number */
    struct vvm_packet *p = packet_of(&b, "A.zab", 5);
    generation_enter(&b.ctx);
    network_steer(&b.ctx, network_at(&b, 1), p);
    CU_ASSERT(p->head == 128 && p->length == 5 && p->layer_count == 0);
    generation_leave(&b.ctx);
    packet_free(p);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_DROPPED, "it"), 0);
    CHECK_TEXT(RECEIVE(&b, 65, 0, 1, 2, 3), "consumed it");
    bench_close(&b);
}

/* ---- held packets ------------------------------------------------------------------------------- */

/* First octet: 1 hold under the second, 2 wake what the second names, else how it ends. */
static const char hold_text[] =
    "(vmlet a (needs (all)))"
    "(define-queue sleepers (key u8) (packets 4) (bytes 8KiB) (expires 2 too-late))"
    "(define-array open u8 4)"
    "(define (run)"
    "  (case (u8-ref packet 0)"
    "    ((1) (if (zero? (array-ref open 0)) (hold sleepers (u8-ref packet 1)) (consume 'awake)))"
    "    ((2) (array-set! open 0 1) (wake sleepers (u8-ref packet 1)) (consume 'waker))"
    "    ((3) (wake sleepers (u8-ref packet 1)) (consume 'waker))"
    "    (else (drop 'unknown))))"
    "(define-network a (match (udp 1)) (execute run))";

static void held_packets_wake_in_order(void)
{
    struct bench b;
    bench_open(&b, hold_text);
    CHECK_TEXT(RECEIVE(&b, 1, 7, 1), "held sleepers");
    CHECK_TEXT(RECEIVE(&b, 1, 8, 2), "held sleepers");
    CHECK_TEXT(RECEIVE(&b, 1, 7, 3), "held sleepers");
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_HELD, "sleepers"), 3);
    CU_ASSERT_EQUAL(buffer_pool_used(b.pool), 0); /* they wait in the queue's memory */
    CHECK_TEXT(RECEIVE(&b, 2, 7), "consumed waker");
    CHECK_TEXT(b.ended, "consumed awake; consumed awake; ");
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_HELD, "sleepers"), 1);
    CU_ASSERT_EQUAL(ledger_balance(b.node), 0);
    held_drop(b.node);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_HELD, "sleepers"), 0);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_DROPPED, "closing"), 1);
    bench_close(&b);
}

static void a_full_queue_drops(void)
{
    struct bench b;
    uint8_t long_one[3000] = {1, 7};
    bench_open(&b, hold_text);
    for (unsigned i = 0; i < 4; i++) CHECK_TEXT(RECEIVE(&b, 1, (uint8_t)i), "held sleepers");
    CHECK_TEXT(RECEIVE(&b, 1, 9), "dropped queue-full");
    CHECK_TEXT(RECEIVE(&b, 3, 0), "consumed waker");
    CHECK_TEXT(b.ended, "held sleepers; "); /* it did not find what it waits for and sleeps again */
    CHECK_TEXT(RECEIVE(&b, 2, 0), "consumed waker");
    CHECK_TEXT(RECEIVE(&b, 2, 1), "consumed waker");
    CHECK_TEXT(RECEIVE(&b, 2, 2), "consumed waker");
    b.node->world.host_ops = &host_ops;
    CHECK_TEXT(receive(&b, 1, long_one, sizeof long_one), "consumed awake");
    bench_close(&b);
}

static void octets_are_a_quota_too(void)
{
    struct bench b;
    uint8_t long_one[3000] = {1, 7};
    bench_open(&b, hold_text);
    CHECK_TEXT(receive(&b, 1, long_one, sizeof long_one), "held sleepers");
    CHECK_TEXT(receive(&b, 1, long_one, sizeof long_one), "held sleepers");
    CHECK_TEXT(receive(&b, 1, long_one, sizeof long_one), "dropped queue-full");
    CHECK_TEXT(RECEIVE(&b, 1, 7), "dropped queue-full"); /* no octets are left */
    bench_close(&b);
}

/* Nobody can wake them any more: they end by name, and the ledger balances all the time. */
static void what_an_unloaded_vmlet_held_is_dropped(void)
{
    struct bench b;
    bench_open(&b, "(vmlet a (needs (all))) (define-queue q (key u8) (packets 4) (bytes 4KiB))"
                   "(define (run) (hold q 1)) (define-network a (match (udp 1)) (execute run))");
    CHECK_TEXT(RECEIVE(&b, 1), "held q");
    CHECK_TEXT(RECEIVE(&b, 2), "held q");
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_HELD, "q"), 2);
    CU_ASSERT_EQUAL(vmlet_unload(&b.node->control, intern(b.node, "a"), 0), 0);
    CU_ASSERT_EQUAL(ledger_balance(b.node), 0);
    CU_ASSERT_EQUAL(vmlets_reap(b.node), 0);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_HELD, "q"), 0);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_DROPPED, "queue-closed"), 2);
    bench_close(&b);
}

static void the_oldest_gives_way_when_asked(void)
{
    struct bench b;
    bench_open(&b, "(vmlet a (needs (all))) (define-queue q (key u8) (packets 2) (bytes 4KiB) evict)"
                   "(define (run) (if (zero? (u8-ref packet 0)) (begin (wake q 1) (consume 'waker)))"
                   "  (if (= (u8-ref packet 0) 9) (drop 'nine)) (hold q 1))"
                   "(define-network a (match (udp 1)) (execute run))");
    uint8_t too_long[3900] = {1};
    CHECK_TEXT(RECEIVE(&b, 1), "held q");
    CHECK_TEXT(RECEIVE(&b, 2), "held q");
    CHECK_TEXT(RECEIVE(&b, 3), "held q");
    CHECK_TEXT(b.ended, "dropped evicted; ");
    CHECK_TEXT(receive(&b, 1, too_long, sizeof too_long),
               "dropped queue-full"); /* nobody gives way in vain */
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_HELD, "q"), 2);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_DROPPED, "evicted"), 1);
    bench_close(&b);
}

/* A packet that wakes itself again and again comes to its end. */
static void waking_in_a_circle_ends(void)
{
    struct bench b;
    bench_open(&b, "(vmlet a (needs (all))) (define-queue q (key u8) (packets 4) (bytes 8KiB))"
                   "(define (run) (wake q 1) (submit a (copy-packet packet 'again)) (hold q 1))"
                   "(define-network a (match (udp 1)) (execute run))");
    CHECK_TEXT(RECEIVE(&b, 1), "held q");
    CU_ASSERT(ledger_at(&b, LEDGER_DROPPED, "too-many-rounds") > 0);
    CU_ASSERT_EQUAL(ledger_balance(b.node), 0);
    bench_close(&b);
}

static void packets_sleep_and_wake_in_the_language(void)
{
    check_own_tests(
        "(vmlet sleep (needs (all)))"
        "(define-layout nap (what u8) (key u8) (rest rest))"
        "(define-queue beds (key u8) (packets 2) (bytes 4KiB) (expires 2 drop too-late))"
        "(define-array awake u8 1)"
        "(define (run) (case (nap-what packet)"
        "  ((1) (if (zero? (array-ref awake 0)) (hold beds (nap-key packet)) (deliver-to 7 packet)))"
        "  (else (array-set! awake 0 1) (wake beds (nap-key packet)) (consume 'bell))))"
        "(define-network nap (match (udp 1)) (decode nap) (execute run))"
        "(test \"who sleeps is woken by name\""
        "  (receive (nap (what 1) (key 5) (rest (bytevector 1 2 3)))) (holds beds)"
        "  (receive (nap (what 2) (key 6))) (consumes bell)"
        "  (receive (nap (what 2) (key 5))) (consumes bell) (delivers 7 (bytevector 1 5 1 2 3)))"
        "(test \"beds are few\""
        "  (receive (nap (what 1) (key 5))) (holds beds)"
        "  (receive (nap (what 1) (key 5))) (holds beds)"
        "  (receive (nap (what 1) (key 5))) (drops queue-full))");
}

/* What was peeled before stands around the packet again when it wakes, in the generation then current. */
static void a_woken_packet_meets_new_code(void)
{
    struct bench b;
    bench_open(&b, "(vmlet a (needs (all))) (define-queue q (key u8) (packets 4) (bytes 8KiB))"
                   "(define (peel (p packet)) (values (u8-ref p 0) 2 (- (bytes-length p) 2)))"
                   "(define (seal (p packet) key fresh?) (if fresh? (drop 'fresh)) (set-u8! p 1 77))"
                   "(define-network outer (match (udp 1)) (peel peel) (seal seal))"
                   "(define (run) (if (= (u8-ref packet 0) 1) (hold q 1)) (wake q 1) (consume 'bell))"
                   "(define-network inner (match (outer 9)) (execute run))");
    CHECK_TEXT(RECEIVE(&b, 9, 0, 1), "held q");
    CHECK_TEXT(RECEIVE(&b, 9, 0, 1), "held q");
    load_text(b.node, "(vmlet b (needs (all))) (define (nothing) 1)");
    CHECK_TEXT(RECEIVE(&b, 9, 0, 2), "consumed bell");
    CHECK_TEXT(b.ended, "held q; held q; ");
    bench_close(&b);
}

/* ---- time ------------------------------------------------------------------------------------------- */

static const char time_text[] =
    "(vmlet time (needs (all)))"
    "(define-layout tick (what u8) (key u8) (rest rest))"
    "(define-queue beds (key u8) (packets 4) (bytes 8KiB) (expires 2 drop too-late) (on-expire woke-late "
    "tick))"
    "(define-array fired u32 4)"
    "(define-table seen (key (a u8) (b (bytes 2))) (value u16) (entries 8) (expires 5) (on-expire gone))"
    "(define-table own (key u8) (value bytes 8) (entries 8) (expires per-entry) (on-expire own-gone tick))"
    "(define (woke-late key) (array-add! fired 3 key))"
    "(define (gone a b v) (array-set! fired 1 (+ a (* 10 (u8-ref b 1)) (* 1000 v))))"
    "(define (own-gone key v)"
    "  (let ((p (make-packet 'reminder))) (append-u8! p key) (append-bytes! p v) (emit (hop 3 4) p)))"
    "(define-timer beat (every 1) (array-add! fired 0 1))"
    "(define-timer slow (every 10) (network tick) (fuel 500)"
    "  (let ((p (make-packet 'hello))) (append-u8! p 77) (append-u8! p 0) (emit (hop 1 2) p)))"
    "(define-timer broken (every 3) (car '()))"
    "(define-timer greedy (every 3) (let loop () (loop)))"
    "(define-timer ends-nothing (every 4) (drop 'nothing))"
    "(define (run) (case (tick-what packet)"
    "  ((1) (hold beds (tick-key packet)))"
    "  ((2) (table-put! seen 3 (slice packet 1 3) 7) (consume 'put))"
    "  ((3) (table-put! own (tick-key packet) (slice packet 2) (tick-key packet)) (consume 'put))"
    "  ((4) (if (table-refresh! own (tick-key packet) 9) (consume 'refreshed) (drop 'absent)))"
    "  ((5) (if (table-refresh! seen 3 (slice packet 1 3)) (consume 'refreshed) (drop 'absent)))"
    "  (else (deliver-to (array-ref fired (tick-key packet)) packet))))"
    "(define-network tick (match (udp 1)) (decode tick) (execute run))"
    "(test \"a held packet waits two seconds\""
    "  (receive (tick (what 1) (key 5))) (holds beds)"
    "  (after 1) (receive (tick (what 0) (key 3))) (delivers 0)"
    "  (after 1) (drops too-late) (receive (tick (what 0) (key 3))) (delivers 5))"
    "(test \"a timer beats each second, and one sends\""
    "  (after 9) (receive (tick (what 0) (key 0))) (delivers 9)"
    "  (after 1) (sends (tick (what 77)) (to \"0.0.0.2\") (device 1))"
    "  (receive (tick (what 0) (key 0))) (delivers 10))"
    "(test \"who asked is told of what expired\""
    "  (receive (tick (what 2) (key 4) (rest (bytevector 6)))) (consumes put)"
    "  (after 4) (receive (tick (what 5) (key 4) (rest (bytevector 6)))) (consumes refreshed)"
    "  (after 4) (receive (tick (what 0) (key 1))) (delivers 0)"
    "  (after 2) (sends (tick (what 77)))"
    "  (receive (tick (what 5) (key 4) (rest (bytevector 6)))) (drops absent)"
    "  (receive (tick (what 0) (key 1))) (delivers 7063))"
    "(test \"entries live as long as each was told\""
    "  (receive (tick (what 3) (key 2) (rest (bytevector 9 9)))) (consumes put)"
    "  (receive (tick (what 3) (key 3) (rest (bytevector 8)))) (consumes put)"
    "  (after 1) (receive (tick (what 4) (key 3))) (consumes refreshed)"
    "  (after 2) (sends (tick (what 2) (key 9)) (to \"0.0.0.4\") (device 3))"
    "  (receive (tick (what 4) (key 2))) (drops absent)"
    "  (after 6) (receive (tick (what 4) (key 3))) (consumes refreshed))";

static void time_passes_in_the_language(void) { check_own_tests(time_text); }

static void run_timers(struct bench *b, uint64_t seconds)
{
    b->ended[0] = 0;
    for (uint64_t i = 0; i <= 10 * seconds; i++) {
        timers_run(&b->ctx, b->now);
        CU_ASSERT(timers_deadline(&b->ctx) > b->now);
        if (i < 10 * seconds) __atomic_store_n(&b->now, b->now + 100000000, __ATOMIC_RELAXED);
    }
}

/* Timers of what was loaded later run, those of others go on, and what fails hurts nobody. */
static void timers_go_by_the_generation(void)
{
    struct bench b;
    bench_open(&b, time_text);
    run_timers(&b, 10);
    CU_ASSERT_EQUAL(b.sent, 1);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_CREATED, "hello"), 1);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_DROPPED, "nothing"), 0); /* there is no packet to drop */
    load_text(b.node, "(vmlet later (needs (all)) (import (time tick))) (define-timer beat (every 500 ms)"
                      "  (let ((p (make-packet 'later))) (append-u8! p 2) (append-u8! p 9) (append-u8! p 9)"
                      "    (submit tick p)))");
    run_timers(&b, 10);
    CU_ASSERT_EQUAL(b.sent, 2);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_CREATED, "later"), 20);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_CONSUMED, "put"), 20);
    CU_ASSERT_EQUAL(vmlet_unload(&b.node->control, intern(b.node, "later"), false), 0);
    run_timers(&b, 10);
    CU_ASSERT_EQUAL(b.sent, 3);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_CREATED, "later"), 20);
    bench_close(&b);
}

static void expired_packets_leave_the_ledger_balanced(void)
{
    struct bench b;
    bench_open(&b, hold_text);
    run_timers(&b, 1);
    CHECK_TEXT(RECEIVE(&b, 1, 7), "held sleepers");
    CHECK_TEXT(RECEIVE(&b, 1, 8), "held sleepers");
    run_timers(&b, 1);
    CHECK_TEXT(b.ended, "");
    run_timers(&b, 1);
    CHECK_TEXT(b.ended, "dropped too-late; dropped too-late; ");
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_HELD, "sleepers"), 0);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_DROPPED, "too-late"), 2);
    CU_ASSERT_EQUAL(ledger_balance(b.node), 0);
    bench_close(&b);
}

/* ---- the queue and its slow twin: a list ------------------------------------------------------------ */

struct list_queue {
    unsigned count;
    struct {
        uint64_t key, deadline;
        uint32_t octets, mark;
    } items[64];
};

static void list_remove(struct list_queue *l, unsigned i)
{
    memmove(&l->items[i], &l->items[i + 1], (--l->count - i) * sizeof l->items[0]);
}

static uint64_t random_word(uint64_t *state) /* xorshift64 */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void open_queue(struct table *t, uint64_t slots, uint64_t octets, uint64_t lifetime)
{
    memset(t, 0, sizeof *t);
    t->ops = &table_queue;
    t->schema = (struct table_schema){
        .key_count = 1, .key_size = 8, .entries = slots, .octets = octets, .lifetime = lifetime};
    CU_ASSERT_EQUAL_FATAL(t->ops->open(t, (const uint64_t[]){1, 2}), 0);
}

static void fill(uint8_t *octets, uint32_t length, uint32_t mark)
{
    for (uint32_t i = 0; i < length; i++) octets[i] = (uint8_t)(mark * 31 + i);
}

/* A held packet is what the list's i-th says, octets too. */
static bool same_packet(const struct held_packet *h, const struct list_queue *l, unsigned i)
{
    uint8_t octets[2000], expected[2000];
    if (i >= l->count || h->key[0] != l->items[i].key || h->end - h->start != l->items[i].octets)
        return false;
    queue_load(h, octets);
    fill(expected, l->items[i].octets, l->items[i].mark);
    return memcmp(octets, expected, l->items[i].octets) == 0;
}

static bool queue_put_both(struct table *t, struct list_queue *l, uint64_t *random, uint64_t now)
{
    uint8_t octets[2000];
    uint32_t length = (uint32_t)(random_word(random) % 900), blocks = 0, mark = (uint32_t)random_word(random);
    for (unsigned i = 0; i < l->count; i++) blocks += (l->items[i].octets + QUEUE_BLOCK - 1) / QUEUE_BLOCK;
    blocks += (length + QUEUE_BLOCK - 1) / QUEUE_BLOCK;
    struct held_packet *h = queue_reserve(t, 5, 5 + length);
    if (l->count == 16 || blocks > 24) return !h;
    if (!h) return false;
    fill(octets, length, mark);
    memset(h->key, 0, sizeof h->key);
    h->key[0] = random_word(random) % 6;
    queue_store(h, octets);
    l->items[l->count].key = h->key[0];
    l->items[l->count].octets = length;
    l->items[l->count].mark = mark;
    l->items[l->count++].deadline = now + 40;
    queue_link(h, now);
    return true;
}

static bool queue_take_both(struct table *t, struct list_queue *l, uint64_t *random)
{
    uint64_t key[TABLE_KEY_WORDS] = {random_word(random) % 6};
    struct held_packet *h = queue_take(t, key), *next;
    bool same = true;
    for (unsigned i = 0; i < l->count;) {
        if (l->items[i].key != key[0]) {
            i++;
            continue;
        }
        if (!h) return false;
        same = same && same_packet(h, l, i);
        next = h->next;
        queue_release(h);
        h = next;
        list_remove(l, i);
    }
    return same && !h;
}

static bool queue_expire_both(struct table *t, struct list_queue *l, uint64_t now)
{
    bool due = l->count && l->items[0].deadline <= now;
    uint64_t first = l->count ? l->items[0].deadline : QUEUE_NEVER;
    if (queue_deadline(t) != first || t->ops->count(t, now) != l->count) return false;
    struct held_packet *h = queue_take_oldest(t, now);
    if (!due || !h) return !due && !h;
    bool same = same_packet(h, l, 0);
    queue_release(h);
    list_remove(l, 0);
    return same;
}

static void a_queue_is_a_list(void)
{
    struct table t;
    struct list_queue l = {0};
    uint64_t random = 88172645463325252u, now = 1;
    unsigned wrong = 0;
    open_queue(&t, 16, 16 * sizeof(struct held_packet) + 16 * 8 + 24 * (QUEUE_BLOCK + 4), 40);
    for (unsigned i = 0; i < 200000; i++) {
        unsigned what = (unsigned)(random_word(&random) % 8);
        if (what < 5) wrong += !queue_put_both(&t, &l, &random, now);
        else if (what < 6) wrong += !queue_take_both(&t, &l, &random);
        else wrong += !queue_expire_both(&t, &l, now);
        now += random_word(&random) % 6;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(queue_forget(&t), l.count);
    t.ops->close(&t);
}

/* ---- two threads ---------------------------------------------------------------------------------- */

enum { THREAD_ROUNDS = 20000 };

struct sleeper {
    struct bench *b;
    struct vvm_context ctx;
    struct buffer_pool *pool;
    uint64_t random;
};

/* Holds and wakes at random; packets of one thread wake on the other. */
static void *sleep_and_wake(void *data)
{
    struct sleeper *s = data;
    const struct network *n = network_at(s->b, 1);
    for (unsigned i = 0; i < THREAD_ROUNDS; i++) {
        struct outcome_report report;
        uint8_t octets[600] = {(uint8_t)(random_word(&s->random) % 4 ? 1 : 3), random_word(&s->random) % 3};
        struct vvm_packet *p = buffer_pool_ops(s->pool)->alloc(buffer_pool_ops(s->pool));
        packet_append(p, octets, 2 + random_word(&s->random) % 500);
        ledger_count_named(&s->ctx, LEDGER_RECEIVED, "test");
        generation_enter(&s->ctx);
        network_receive(&s->ctx, n, p, &report);
        execution_drain(&s->ctx);
        generation_leave(&s->ctx);
    }
    return NULL;
}

static void no_packet_is_lost_between_threads(void)
{
    struct bench b;
    struct sleeper s[2] = {0};
    pthread_t threads[2];
    bench_open(&b, "(vmlet a (needs (all))) (define-queue q (key u8) (packets 32) (bytes 32KiB) evict)"
                   "(define (run) (case (u8-ref packet 0)"
                   "  ((1) (set-u8! packet 0 4) (hold q (u8-ref packet 1)))"
                   "  ((3) (wake q (u8-ref packet 1)) (consume 'waker))"
                   "  (else (consume 'awake))))"
                   "(define-network a (match (udp 1)) (execute run))");
    b.node->world.host_ops = &(const struct vvm_host_ops){.pool = own_pool};
    for (unsigned i = 0; i < 2; i++) {
        s[i] = (struct sleeper){.b = &b, .random = 99 + i};
        CU_ASSERT_EQUAL_FATAL(context_open(&s[i].ctx, b.node, false), 0);
        CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&s[i].pool, 64, ROOM, 128), 0);
        s[i].ctx.host = s[i].pool;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, sleep_and_wake, &s[i]), 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(buffer_pool_used(s[i].pool), 0);
        context_close(&s[i].ctx);
        buffer_pool_close(s[i].pool);
    }
    CU_ASSERT_EQUAL(ledger_balance(b.node), 0);
    held_drop(b.node);
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_HELD, "q"), 0);
    CU_ASSERT(ledger_at(&b, LEDGER_CONSUMED, "awake") > 1000);
    int64_t ends = ledger_at(&b, LEDGER_CONSUMED, "awake") + ledger_at(&b, LEDGER_CONSUMED, "waker") +
                   ledger_at(&b, LEDGER_DROPPED, "evicted") + ledger_at(&b, LEDGER_DROPPED, "closing");
    CU_ASSERT_EQUAL(ends, 2 * THREAD_ROUNDS);
    bench_close(&b);
}

/* ---- packets handed on ----------------------------------------------------------------------------- */

static void networks_hand_packets_to_each_other(void)
{
    struct bench b;
    bench_open(&b, "(vmlet a (needs (all)))"
                   "(define (run-b) (if (= (u8-ref packet 0) 5) (consume 'five)) (drop 'other))"
                   "(define-network b (match (udp 2)) (execute run-b))"
                   "(define (run-a) (case (u8-ref packet 0)"
                   "  ((1) (let ((p (make-packet 'child))) (append-u8! p 5) (submit b p) (consume 'parent)))"
                   "  ((2) (set-u8! packet 0 3) (submit b packet))"
                   "  ((4) (let loop () (submit b (make-packet 'many)) (loop)))"
                   "  ((5) (submit b packet)) (else (drop 'unknown))))"
                   "(define-network a (match (udp 1)) (execute run-a))");
    CHECK_TEXT(RECEIVE(&b, 1), "consumed parent");
    CHECK_TEXT(b.ended, "consumed five; ");
    CHECK_TEXT(RECEIVE(&b, 2), "consumed submitted");
    CHECK_TEXT(b.ended, "dropped other; ");
    CHECK_TEXT(RECEIVE(&b, 5), "consumed submitted");
    CHECK_TEXT(b.ended, "consumed five; ");
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_CONSUMED, "submitted"), 0); /* it is counted where it ended */
    CHECK_TEXT(RECEIVE(&b, 4), "dropped error-no-buffer");           /* 63 wait, and hold all buffers */
    CU_ASSERT_EQUAL(ledger_at(&b, LEDGER_CREATED, "many"), 63);
    bench_close(&b);
}

static void what_is_handed_on_is_bounded(void)
{
    struct bench b;
    bench_open(&b, "(vmlet a (needs (all))) (define (run) (submit a (copy-packet packet 'left))"
                   "  (submit a (copy-packet packet 'right)) (consume 'split))"
                   "(define-network a (match (udp 1)) (execute run))");
    CHECK_TEXT(RECEIVE(&b, 1), "consumed split");
    CU_ASSERT(
        ledger_at(&b, LEDGER_DROPPED, "submit-full") + ledger_at(&b, LEDGER_DROPPED, "error-no-buffer") > 0);
    CU_ASSERT(ledger_at(&b, LEDGER_DROPPED, "too-many-rounds") > 0);
    CU_ASSERT(ledger_at(&b, LEDGER_CONSUMED, "split") <= 1 + 8 * SUBMIT_MOST);
    bench_close(&b);
}

/* ---- assemblies ---------------------------------------------------------------------------------------- */

static void pieces_become_wholes_in_the_language(void)
{
    check_own_tests(
        "(vmlet pieces (needs (all)))"
        "(define-layout part (key u8) (offset u8) (total u8) (octets rest))"
        "(define-assembly arriving (key u8) (size 8) (entries 2) (expires 2))"
        "(define (run) (cond ((assembly-add! arriving (part-key packet) (part-offset packet)"
        "    (part-total packet) (part-octets packet)) => (lambda (whole) (deliver-to 3 whole)))"
        "  (else (consume 'piece))))"
        "(define-network part (match (udp 1)) (decode part) (execute run))"
        "(test \"in any order, and twice\""
        "  (receive (part (key 1) (offset 3) (total 6) (octets (bytevector 4 5)))) (consumes piece)"
        "  (receive (part (key 1) (offset 0) (total 6) (octets (bytevector 1 2 3)))) (consumes piece)"
        "  (receive (part (key 2) (offset 0) (total 1) (octets (bytevector 9)))) (delivers 3 (bytevector 9))"
        "  (receive (part (key 1) (offset 2) (total 6) (octets (bytevector 3 4)))) (consumes piece)"
        "  (receive (part (key 1) (offset 4) (total 6) (octets (bytevector 5 6))))"
        "  (delivers 3 (bytevector 1 2 3 4 5 6)))"
        "(test \"pieces that contradict, or lie outside\""
        "  (receive (part (key 1) (offset 0) (total 6) (octets (bytevector 1 2)))) (consumes piece)"
        "  (receive (part (key 1) (offset 1) (total 6) (octets (bytevector 7 2)))) (drops error-table)"
        "  (receive (part (key 1) (offset 2) (total 5) (octets (bytevector 7 2)))) (drops error-table)"
        "  (receive (part (key 1) (offset 5) (total 6) (octets (bytevector 7 2)))) (drops error-range)"
        "  (receive (part (key 1) (offset 0) (total 9) (octets (bytevector 7 2)))) (drops error-range)"
        "  (receive (part (key 1) (offset 0) (total 0))) (drops error-range)"
        "  (receive (part (key 1) (offset 2) (total 6) (octets (bytevector 3 4 5 6))))"
        "  (delivers 3 (bytevector 1 2 3 4 5 6)))"
        "(test \"room is given to what is not too old\""
        "  (receive (part (key 1) (offset 0) (total 6))) (consumes piece)"
        "  (receive (part (key 2) (offset 0) (total 6))) (consumes piece)"
        "  (receive (part (key 3) (offset 0) (total 6))) (drops error-table)"
        "  (after 2) (receive (part (key 3) (offset 0) (total 6))) (consumes piece))");
}

static void open_assembly(struct table *t, uint32_t size, uint64_t entries)
{
    memset(t, 0, sizeof *t);
    t->ops = &table_assembly;
    t->schema = (struct table_schema){.key_count = 1, .key_size = 8, .entries = entries, .size = size};
    CU_ASSERT_EQUAL_FATAL(t->ops->open(t, (const uint64_t[]){1, 2}), 0);
}

/* The slow twin: for each key an array of octets, -1 where none has come. */
struct list_whole {
    uint32_t total; /* 0: none */
    int octets[32];
};

static int list_add(struct list_whole *w, uint32_t offset, uint32_t total, const uint8_t *piece,
                    uint32_t length)
{
    bool complete = true;
    if (total == 0 || total > 32 || offset + length > total) return -ERANGE;
    if (!w->total) {
        w->total = total;
        for (unsigned i = 0; i < 32; i++) w->octets[i] = -1;
    }
    if (w->total != total) return -EEXIST;
    for (uint32_t i = 0; i < length; i++)
        if (w->octets[offset + i] >= 0 && w->octets[offset + i] != piece[i]) return -EEXIST;
    for (uint32_t i = 0; i < length; i++) w->octets[offset + i] = piece[i];
    for (uint32_t i = 0; i < total; i++) complete = complete && w->octets[i] >= 0;
    return complete;
}

static bool same_whole(struct assembled *whole, const struct list_whole *w)
{
    const struct bytes *b = value_pointer(assembly_bytes(whole));
    bool same = header_length(b->header) == w->total;
    for (uint32_t i = 0; same && i < w->total; i++) same = b->data[i] == w->octets[i];
    return same;
}

static void an_assembly_is_a_list(void)
{
    struct table t;
    struct list_whole wholes[4] = {0};
    uint64_t random = 2463534242u;
    unsigned wrong = 0, complete = 0;
    open_assembly(&t, 32, 4);
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t piece[40];
        uint64_t key[TABLE_KEY_WORDS] = {random_word(&random) % 4};
        uint32_t offset = (uint32_t)(random_word(&random) % 34),
                 length = (uint32_t)(random_word(&random) % 20);
        uint32_t total = random_word(&random) % 50 ? 20 + (uint32_t)key[0]
                                                   : (uint32_t)(random_word(&random) % 35);
        struct assembled *whole;
        for (uint32_t k = 0; k < length; k++) piece[k] = (uint8_t)(offset + k);
        if (random_word(&random) % 30 == 0) piece[0] ^= 1;
        if (random_word(&random) % 100 == 0) {
            wrong += t.ops->remove(&t, key, 0) != (wholes[key[0]].total != 0);
            wholes[key[0]].total = 0;
        }
        int result = assembly_add(&t, key, offset, total, piece, length, 0, &whole);
        wrong += result != list_add(&wholes[key[0]], offset, total, piece, length);
        if (result != 1) continue;
        wrong += !same_whole(whole, &wholes[key[0]]);
        assembly_release(whole);
        wholes[key[0]].total = 0;
        complete++;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(complete > 1000);
    t.ops->close(&t);
}

struct assembler {
    struct table *table;
    unsigned first, complete, wrong;
};

/* Every second piece of each whole; the other thread has the others. */
static void *assemble(void *data)
{
    struct assembler *a = data;
    for (uint64_t i = 0; i < THREAD_ROUNDS; i++) {
        uint64_t key[TABLE_KEY_WORDS] = {i};
        struct assembled *whole;
        for (unsigned at = a->first; at < 8; at += 2) {
            uint8_t piece[4] = {(uint8_t)i, (uint8_t)at, 7, 7};
            int result;
            do result = assembly_add(a->table, key, 4 * at, 32, piece, 4, 0, &whole);
            while (result == -ENOSPC);
            if (result != 1) continue;
            const struct bytes *b = value_pointer(assembly_bytes(whole));
            for (unsigned k = 0; k < 8; k++)
                a->wrong += b->data[4 * k] != (uint8_t)i || b->data[4 * k + 1] != k;
            assembly_release(whole);
            a->complete++;
        }
    }
    return NULL;
}

static void each_whole_is_completed_once(void)
{
    struct table t;
    struct assembler a[2] = {{&t, 0, 0, 0}, {&t, 1, 0, 0}};
    pthread_t threads[2];
    open_assembly(&t, 32, THREAD_ROUNDS + 2);
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, assemble, &a[i]), 0);
    for (unsigned i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(a[0].complete + a[1].complete, THREAD_ROUNDS);
    CU_ASSERT_EQUAL(a[0].wrong + a[1].wrong, 0);
    CU_ASSERT_EQUAL(t.ops->count(&t, 0), 0);
    t.ops->close(&t);
}

/* What the home context has no place for is refused, not forgotten. */
static void timers_have_an_end(void)
{
    struct bench b;
    char text[100];
    bench_open(&b, "(vmlet first)");
    for (unsigned i = 0; i < 129; i++) {
        snprintf(text, sizeof text, "(vmlet t%u (needs (all))) (define-timer beat (every 1) 0)", i);
        int err = load_source(&b.node->control, "test.vml", text, strlen(text), NULL);
        CU_ASSERT_EQUAL(err == 0, i < 128);
    }
    CU_ASSERT_EQUAL(vmlet_unload(&b.node->control, intern(b.node, "t5"), 0), 0);
    load_text(b.node, "(vmlet again (needs (all))) (define-timer beat (every 1) 0)");
    load_text(b.node, "(vmlet user)");
    bench_close(&b);
}

void facility_tests(CU_pSuite suite)
{
    CU_add_test(suite, "packets that begin alike are one flow", packets_that_begin_alike_are_one_flow);
    CU_add_test(suite, "networks say what a flow is", networks_say_what_a_flow_is);
    CU_add_test(suite, "held packets wake in order", held_packets_wake_in_order);
    CU_add_test(suite, "a full queue drops", a_full_queue_drops);
    CU_add_test(suite, "octets are a quota too", octets_are_a_quota_too);
    CU_add_test(suite, "the oldest gives way when asked", the_oldest_gives_way_when_asked);
    CU_add_test(suite, "packets sleep and wake in the language", packets_sleep_and_wake_in_the_language);
    CU_add_test(suite, "a woken packet meets new code", a_woken_packet_meets_new_code);
    CU_add_test(suite, "time passes in the language", time_passes_in_the_language);
    CU_add_test(suite, "timers go by the generation", timers_go_by_the_generation);
    CU_add_test(suite, "expired packets leave the ledger balanced",
                expired_packets_leave_the_ledger_balanced);
    CU_add_test(suite, "a queue is a list", a_queue_is_a_list);
    CU_add_test(suite, "no packet is lost between threads", no_packet_is_lost_between_threads);
    CU_add_test(suite, "waking in a circle ends", waking_in_a_circle_ends);
    CU_add_test(suite, "pieces become wholes in the language", pieces_become_wholes_in_the_language);
    CU_add_test(suite, "an assembly is a list", an_assembly_is_a_list);
    CU_add_test(suite, "each whole is completed once", each_whole_is_completed_once);
    CU_add_test(suite, "networks hand packets to each other", networks_hand_packets_to_each_other);
    CU_add_test(suite, "what an unloaded VMlet held is dropped", what_an_unloaded_vmlet_held_is_dropped);
    CU_add_test(suite, "timers have an end", timers_have_an_end);
    CU_add_test(suite, "what is handed on is bounded", what_is_handed_on_is_bounded);
}
