/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_impair_test.c - links that misbehave: chances within bounds, times exact, every
 * packet accounted for after every burst, and the same as a slow twin throughout.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/link_oracle.h"
#include "port_fixture.h"
#include "suites.h"

static struct sink *open_over_sink(struct port_fixture *f, const struct impairment *how)
{
    struct port_options options = {.name = "wire", .impairment = *how};
    CU_ASSERT_EQUAL_FATAL(fixture_open(f, &sink_port, &options), 0);
    return sink_opened();
}

static void advance(struct port_fixture *f, uint64_t nanoseconds)
{
    f->now += nanoseconds;
    CU_ASSERT_EQUAL(f->port.ops->poll(&f->port), 0);
}

static uint64_t deadline(struct port_fixture *f) { return f->port.ops->deadline(&f->port); }

static struct port_stats stats_of(struct port_fixture *f)
{
    struct port_stats stats;
    f->port.ops->stats(&f->port, &stats);
    return stats;
}

/* Jump from deadline to deadline until nothing waits. */
static void drain(struct port_fixture *f)
{
    while (deadline(f) != PORT_NEVER) {
        CU_ASSERT_FATAL(deadline(f) > f->now);
        advance(f, deadline(f) - f->now);
    }
}

/* ---- chances ---- */

#define SENT 10000

/* Three and a half standard deviations of SENT trials, and the seed never changes. */
static bool near(uint64_t count, double chance)
{
    double mean = SENT * chance, d = (double)count - mean;
    return d * d < 3.5 * 3.5 * mean * (1 - chance);
}

static void send_all(struct port_fixture *f, unsigned burst)
{
    for (unsigned i = 0; i < SENT; i += burst) {
        CU_ASSERT_EQUAL_FATAL(fixture_send(f, burst, 100), (int)burst);
        CU_ASSERT_FATAL(account_balances(&f->account));
    }
}

static void test_loss(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.loss = 100000, .seed = 7});
    send_all(&f, 25);
    CU_ASSERT(near(f.account.fates[FATE_LOST], 0.1));
    CU_ASSERT_EQUAL(sink->count + f.account.fates[FATE_LOST], SENT);
    CU_ASSERT_EQUAL(stats_of(&f).fates[FATE_LOST], f.account.fates[FATE_LOST]);
    CU_ASSERT_EQUAL(stats_of(&f).tx_frames, sink->count);
    fixture_close(&f);
}

static void test_loss_of_all_and_of_none(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.loss = 1000000});
    send_all(&f, 25);
    CU_ASSERT_EQUAL(sink->count, 0);
    fixture_close(&f);
    sink = open_over_sink(&f, &(struct impairment){.mtu = 900});
    send_all(&f, 25);
    CU_ASSERT_EQUAL(sink->count, SENT);
    CU_ASSERT_EQUAL(f.account.dropped + f.account.created, 0);
    CU_ASSERT_EQUAL(f.port.ops->mtu(&f.port), 900);
    fixture_close(&f);
}

static void test_duplicates(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.duplicate = 50000, .seed = 1});
    send_all(&f, 20);
    CU_ASSERT(near(f.account.fates[FATE_DUPLICATED], 0.05));
    CU_ASSERT_EQUAL(sink->count, SENT + f.account.fates[FATE_DUPLICATED]);
    unsigned twins = 0;
    for (unsigned i = 1; i < sink->count; i++) twins += sink->number[i] == sink->number[i - 1];
    CU_ASSERT_EQUAL(twins, f.account.fates[FATE_DUPLICATED]); /* each behind its original */
    fixture_close(&f);
}

/* With no buffer left a duplicate does not happen, and is counted as nothing. */
static void test_duplicate_without_buffer(void)
{
    struct port_fixture f;
    struct vvm_packet *taken[4096], *one;
    unsigned n = 0;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.duplicate = 1000000});
    while (n < 4096 && (taken[n] = f.port.pool->alloc(f.port.pool))) n++;
    CU_ASSERT_FATAL(n > 0 && n < 4096);
    one = taken[--n];
    CU_ASSERT(!packet_append(one, "0123", 4));
    f.account.taken++, f.account.sent++;
    CU_ASSERT_EQUAL(f.port.ops->tx_burst(&f.port, &one, 1), 1);
    CU_ASSERT_EQUAL(sink->count, 1);
    CU_ASSERT_EQUAL(f.account.fates[FATE_DUPLICATED], 0);
    while (n > 0) packet_free(taken[--n]);
    CU_ASSERT_EQUAL(fixture_send(&f, 1, 60), 1);
    CU_ASSERT_EQUAL(sink->count, 3);
    fixture_close(&f);
}

static void test_reordering(void)
{
    struct port_fixture f;
    struct sink *sink =
        open_over_sink(&f, &(struct impairment){.reorder = 100000, .delay = MILLISECOND, .seed = 3});
    for (unsigned i = 0; i < SENT; i++) {
        fixture_send(&f, 1, 100);
        advance(&f, MILLISECOND / 10);
    }
    drain(&f);
    unsigned overtaken = 0;
    for (unsigned i = 1; i < sink->count; i++) overtaken += sink->number[i] < sink->number[i - 1];
    CU_ASSERT_EQUAL(sink->count, SENT);
    CU_ASSERT(near(stats_of(&f).reordered, 0.1));
    CU_ASSERT(overtaken > 500);
    fixture_close(&f);
}

static void test_jitter(void)
{
    struct port_fixture f;
    uint64_t least = UINT64_MAX, most = 0, sum = 0;
    struct sink *sink =
        open_over_sink(&f, &(struct impairment){.delay = 5 * MILLISECOND, .jitter = 3 * MILLISECOND});
    for (unsigned i = 0; i < SENT; i++) { /* one at a time: each has its own delay */
        uint64_t began = f.now;
        fixture_send(&f, 1, 100);
        drain(&f);
        uint64_t took = sink->time[i] - began;
        least = took < least ? took : least;
        most = took > most ? took : most;
        sum += took;
    }
    CU_ASSERT(least >= 2 * MILLISECOND && least < 2 * MILLISECOND + 10000);
    CU_ASSERT(most <= 8 * MILLISECOND && most > 8 * MILLISECOND - 10000);
    CU_ASSERT(sum / SENT > 5 * MILLISECOND - 61000 && sum / SENT < 5 * MILLISECOND + 61000); /* 3.5 d */
    fixture_close(&f);
}

static void test_jitter_keeps_order(void)
{
    struct port_fixture f;
    struct sink *sink =
        open_over_sink(&f, &(struct impairment){.delay = 5 * MILLISECOND, .jitter = 5 * MILLISECOND});
    for (unsigned i = 0; i < SENT; i++) {
        fixture_send(&f, 1, 100);
        advance(&f, MILLISECOND / 10);
    }
    drain(&f);
    CU_ASSERT_EQUAL_FATAL(sink->count, SENT);
    for (unsigned i = 0; i < SENT; i++) CU_ASSERT_FATAL(sink->number[i] == i);
    CU_ASSERT_EQUAL(stats_of(&f).reordered, 0);
    fixture_close(&f);
}

/* ---- the seed ---- */

static void run_of(const char *name, uint64_t seed, struct sink *copy)
{
    struct port_fixture f;
    struct port_options options = {.name = name,
                                   .impairment = {.loss = 200000,
                                                  .duplicate = 100000,
                                                  .reorder = 100000,
                                                  .delay = MILLISECOND,
                                                  .jitter = MILLISECOND / 2,
                                                  .seed = seed}};
    CU_ASSERT_EQUAL_FATAL(fixture_open(&f, &sink_port, &options), 0);
    struct sink *sink = sink_opened();
    for (unsigned i = 0; i < 100; i++) {
        fixture_send(&f, 10, 100);
        advance(&f, MILLISECOND / 7);
    }
    drain(&f);
    *copy = *sink;
    fixture_close(&f);
}

static bool same_run(const struct sink *a, const struct sink *b)
{
    return a->count == b->count && !memcmp(a->number, b->number, a->count * sizeof *a->number) &&
           !memcmp(a->time, b->time, a->count * sizeof *a->time);
}

static void test_same_seed_same_fate(void)
{
    struct sink *runs = calloc(4, sizeof *runs);
    CU_ASSERT_FATAL(runs != NULL);
    run_of("x", 5, &runs[0]);
    run_of("x", 5, &runs[1]);
    run_of("x", 6, &runs[2]);
    run_of("y", 5, &runs[3]);
    CU_ASSERT(same_run(&runs[0], &runs[1]));
    CU_ASSERT(!same_run(&runs[0], &runs[2]));
    CU_ASSERT(!same_run(&runs[0], &runs[3]));
    free(runs);
}

/* ---- times ---- */

static void test_delay_is_exact(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.delay = 5 * MILLISECOND});
    uint64_t began = f.now;
    CU_ASSERT_EQUAL(deadline(&f), PORT_NEVER);
    fixture_send(&f, 2, 100);
    advance(&f, MILLISECOND);
    fixture_send(&f, 1, 100);
    CU_ASSERT_EQUAL(f.account.held, 3);
    CU_ASSERT_EQUAL(deadline(&f), began + 5 * MILLISECOND);
    advance(&f, 4 * MILLISECOND - 1);
    CU_ASSERT_EQUAL(sink->count, 0);
    advance(&f, 1);
    CU_ASSERT_EQUAL(sink->count, 2);
    CU_ASSERT_EQUAL(f.account.held, 1);
    CU_ASSERT_EQUAL(deadline(&f), began + 6 * MILLISECOND);
    advance(&f, MILLISECOND);
    CU_ASSERT_EQUAL(sink->count, 3);
    CU_ASSERT_EQUAL(deadline(&f), PORT_NEVER);
    CU_ASSERT_EQUAL(f.account.fates[FATE_DELAYED], 3);
    CU_ASSERT_EQUAL(f.account.fates[FATE_RELEASED], 3);
    fixture_close(&f);
}

static void test_rate_is_exact(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.rate = 8000000, .delay = 2 * MILLISECOND});
    uint64_t began = f.now;
    fixture_send(&f, 3, 1000); /* a millisecond each */
    fixture_send(&f, 1, 500);
    drain(&f);
    CU_ASSERT_EQUAL_FATAL(sink->count, 4);
    for (unsigned i = 0; i < 3; i++) CU_ASSERT_EQUAL(sink->time[i], began + (i + 3) * MILLISECOND);
    CU_ASSERT_EQUAL(sink->time[3], began + 5 * MILLISECOND + MILLISECOND / 2);
    fixture_send(&f, 1, 1000); /* the link was idle: nothing is saved up */
    began = f.now;
    drain(&f);
    CU_ASSERT_EQUAL(sink->time[4], began + 3 * MILLISECOND);
    fixture_close(&f);
}

static void test_rate_counts_a_datagrams_frame(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.rate = 8000000});
    uint64_t began = f.now;
    f.port.link = PORT_DATAGRAM;
    fixture_send(&f, 1, 1000 - 42);
    drain(&f);
    CU_ASSERT_EQUAL(sink->time[0], began + MILLISECOND);
    fixture_close(&f);
}

static void test_queue_limit(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.delay = MILLISECOND, .queue = 4});
    CU_ASSERT_EQUAL(fixture_send(&f, 7, 100), 7);
    CU_ASSERT_EQUAL(f.account.held, 4);
    CU_ASSERT_EQUAL(f.account.fates[FATE_OVERFLOW], 3);
    advance(&f, MILLISECOND);
    CU_ASSERT_EQUAL(sink->count, 4);
    CU_ASSERT_EQUAL(fixture_send(&f, 5, 100), 5);
    CU_ASSERT_EQUAL(f.account.fates[FATE_OVERFLOW], 4);
    CU_ASSERT_EQUAL(stats_of(&f).fates[FATE_OVERFLOW], 4);
    drain(&f);
    fixture_close(&f);
}

/* ---- the twin ---- */

static uint64_t twin_random = 42;

static uint64_t below(uint64_t limit)
{
    twin_random = twin_random * 6364136223846793005u + 1442695040888963407u;
    return (twin_random >> 20) % limit;
}

static struct impairment some_impairment(void)
{
    struct impairment how = {.loss = (uint32_t)(below(3) * below(200000)),
                             .duplicate = (uint32_t)(below(2) * below(200000)),
                             .delay = below(3) * below(4 * MILLISECOND),
                             .rate = below(2) ? 0 : 1000000 + below(100000000),
                             .queue = (uint32_t)(1 + below(100)),
                             .mtu = 1500,
                             .seed = below(1000)};
    how.jitter = how.delay ? below(how.delay + 1) : 0;
    how.reorder = how.delay ? (uint32_t)(below(2) * below(500000)) : 0;
    return how;
}

static bool agree(struct port_fixture *f, const struct sink *sink, const struct link_oracle *o)
{
    if (sink->count != o->left_count || f->account.held != o->count || !account_balances(&f->account) ||
        f->account.sent != sink->count || f->account.fates[FATE_LOST] != o->lost ||
        f->account.fates[FATE_OVERFLOW] != o->overflown || f->account.created != (int64_t)o->duplicated ||
        stats_of(f).reordered != o->reordered || buffer_pool_used(sink->pool) != o->count)
        return false;
    for (unsigned i = 0; i < sink->count; i++)
        if (sink->number[i] != o->left[i].id) return false;
    return true;
}

static void twin_run(struct link_oracle *o)
{
    struct impairment how = some_impairment();
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &how);
    link_oracle_open(o, &how, "wire");
    for (unsigned step = 0; step < 60; step++) {
        unsigned n = (unsigned)below(41);
        uint32_t length = (uint32_t)(60 + below(1440)), number = f.number;
        CU_ASSERT_EQUAL_FATAL(fixture_send(&f, n, length), (int)n);
        for (unsigned i = 0; i < n; i++) link_oracle_send(o, number + i, length, f.now);
        if (!agree(&f, sink, o)) CU_FAIL_FATAL("the layer and its twin differ after a burst");
        advance(&f, 1 + below(3 * MILLISECOND));
        link_oracle_advance(o, f.now);
        if (!agree(&f, sink, o)) CU_FAIL_FATAL("the layer and its twin differ after a poll");
    }
    drain(&f);
    link_oracle_advance(o, UINT64_MAX - 1);
    CU_ASSERT(agree(&f, sink, o));
    fixture_close(&f);
}

static void test_twin(void)
{
    struct link_oracle *o = calloc(1, sizeof *o);
    CU_ASSERT_FATAL(o != NULL);
    for (unsigned i = 0; i < 300; i++) twin_run(o);
    free(o);
}

/* ---- everything at once ---- */

static const struct impairment everything = {.loss = 100000,
                                             .duplicate = 50000,
                                             .reorder = 100000,
                                             .delay = 5 * MILLISECOND,
                                             .jitter = 3 * MILLISECOND,
                                             .rate = 20000000,
                                             .queue = 64,
                                             .seed = 11};

static void test_everything_balances(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &everything);
    for (unsigned i = 0; i < 1000; i++) {
        unsigned n = (unsigned)below(33);
        CU_ASSERT_EQUAL(fixture_send(&f, n, 60 + (uint32_t)below(1400)), (int)n);
        CU_ASSERT_FATAL(account_balances(&f.account) && f.account.sent == sink->count);
        CU_ASSERT_FATAL(f.account.held <= 64 && buffer_pool_used(sink->pool) == f.account.held);
        advance(&f, below(10 * MILLISECOND));
        CU_ASSERT_FATAL(account_balances(&f.account) && f.account.sent == sink->count);
    }
    for (unsigned fate = 0; fate < FATE_KINDS; fate++) {
        bool never = fate == FATE_REFUSED || fate == FATE_CLOSED;
        CU_ASSERT_EQUAL(f.account.fates[fate] == 0, never);
        CU_ASSERT_EQUAL(stats_of(&f).fates[fate], f.account.fates[fate]);
    }
    CU_ASSERT(stats_of(&f).reordered > 0);
    fixture_close(&f);
}

/* ---- an inner port that takes little, or breaks ---- */

static void test_inner_takes_little(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.delay = MILLISECOND, .queue = 200});
    sink->takes = 3;
    CU_ASSERT_EQUAL(fixture_send(&f, 100, 100), 100);
    for (unsigned i = 0; i < 1000 && sink->count < 100; i++) {
        CU_ASSERT_FATAL(deadline(&f) > f.now && deadline(&f) != PORT_NEVER); /* it is woken, not spun */
        advance(&f, deadline(&f) - f.now);
        CU_ASSERT_FATAL(account_balances(&f.account));
        CU_ASSERT_FATAL(buffer_pool_used(sink->pool) == 100 - sink->count);
    }
    CU_ASSERT_EQUAL_FATAL(sink->count, 100);
    for (unsigned i = 0; i < 100; i++) CU_ASSERT(sink->number[i] == i);
    CU_ASSERT_EQUAL(f.account.fates[FATE_DELAYED], 100);
    CU_ASSERT_EQUAL(f.account.fates[FATE_RELEASED], 100);
    CU_ASSERT_EQUAL(deadline(&f), PORT_NEVER);
    fixture_close(&f);
}

static void test_inner_takes_nothing(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.loss = 1, .queue = 10});
    sink->takes = 0;
    CU_ASSERT_EQUAL(fixture_send(&f, 100, 100), 100); /* 32 staged, 10 wait */
    CU_ASSERT_EQUAL(f.account.sent, 32);
    CU_ASSERT_EQUAL(f.account.held, 10);
    CU_ASSERT_EQUAL(f.account.fates[FATE_OVERFLOW], 58);
    sink->takes = UINT32_MAX;
    drain(&f);
    CU_ASSERT_EQUAL_FATAL(sink->count, 42);
    for (unsigned i = 0; i < 42; i++) CU_ASSERT(sink->number[i] == i);
    fixture_close(&f);
}

/* What comes while the inner port is about to take again does not push in front. */
static void test_inner_takes_again(void)
{
    for (unsigned stalls = 0; stalls < 5; stalls++) {
        struct port_fixture f;
        struct sink *sink = open_over_sink(&f, &(struct impairment){.loss = 1});
        sink->takes = 0;
        CU_ASSERT_EQUAL(fixture_send(&f, 50, 100), 50);
        sink->takes = 3;
        sink->stalls = stalls;
        CU_ASSERT_EQUAL(fixture_send(&f, 50, 100), 50);
        drain(&f);
        CU_ASSERT_EQUAL_FATAL(sink->count, 100);
        for (unsigned i = 0; i < 100; i++) CU_ASSERT(sink->number[i] == i);
        fixture_close(&f);
    }
}

/* As many buffers as can wait, beside what the kind itself needs. */
static void test_buffers_for_all_that_waits(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.delay = MILLISECOND});
    for (unsigned i = 0; i < 20; i++) CU_ASSERT_EQUAL(fixture_send(&f, 50, 100), 50);
    CU_ASSERT_EQUAL(f.account.held, 1000);
    CU_ASSERT_EQUAL(fixture_send(&f, 200, 100), 200);
    CU_ASSERT_EQUAL(f.account.fates[FATE_OVERFLOW], 200);
    drain(&f);
    CU_ASSERT_EQUAL(sink->count, 1000);
    fixture_close(&f);
}

static void test_inner_breaks(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.loss = 1});
    sink->fails = -EIO;
    CU_ASSERT_EQUAL(fixture_send(&f, 40, 100), 33); /* the 33rd found it broken, and is the layer's */
    CU_ASSERT(account_balances(&f.account));
    CU_ASSERT_EQUAL(fixture_send(&f, 40, 100), -EIO);
    CU_ASSERT_STRING_EQUAL(f.port.why, "the sink is stopped up");
    CU_ASSERT_EQUAL(f.port.ops->poll(&f.port), -EIO);
    fixture_close(&f);
    CU_ASSERT_EQUAL(f.account.fates[FATE_CLOSED], 33);
}

static void test_close_with_packets_waiting(void)
{
    struct port_fixture f;
    struct sink *sink = open_over_sink(&f, &(struct impairment){.delay = MILLISECOND, .reorder = 300000});
    sink->takes = 0;
    fixture_send(&f, 50, 100);
    CU_ASSERT(f.account.held > 0 && f.account.sent > 0);
    CU_ASSERT_EQUAL(fixture_close(&f), 0);
    CU_ASSERT_EQUAL(f.account.fates[FATE_CLOSED], 50);
    CU_ASSERT_EQUAL(f.account.fates[FATE_RELEASED], f.account.fates[FATE_DELAYED]);
    CU_ASSERT_EQUAL(f.account.dropped, 50);
}

/* ---- options ---- */

static void test_not_wanted_is_not_there(void)
{
    struct port_fixture f;
    struct impairment none = {.queue = 5, .seed = 9};
    CU_ASSERT(!impairment_wanted(&none));
    struct port_options options = {.name = "wire", .buffers = 8, .impairment = none};
    CU_ASSERT_EQUAL_FATAL(fixture_open(&f, &sink_port, &options), 0);
    CU_ASSERT_PTR_EQUAL(f.port.ops, &sink_port);
    fixture_close(&f);
}

static void test_layer_shows_what_the_kind_can(void)
{
    struct port_fixture f;
    open_over_sink(&f, &(struct impairment){.loss = 1});
    CU_ASSERT_STRING_EQUAL(f.port.ops->kind, "sink");
    CU_ASSERT_STRING_EQUAL(f.port.name, "wire");
    CU_ASSERT_PTR_NULL(f.port.ops->reaches);
    CU_ASSERT_PTR_NULL(f.port.ops->claim);
    CU_ASSERT_EQUAL(f.port.ops->mtu(&f.port), 1500);
    fixture_close(&f);
}

static void test_wrong_options(void)
{
    static const struct {
        struct impairment how;
        const char *why;
    } rows[] = {
        {{.loss = 1000001}, "chance"},
        {{.duplicate = 1000001}, "chance"},
        {{.reorder = 1000001, .delay = 1}, "chance"},
        {{.delay = 3600 * 1000 * MILLISECOND + 1}, "delay is too long"},
        {{.delay = 5, .jitter = 6}, "jitter"},
        {{.jitter = UINT64_MAX}, "jitter"},
        {{.reorder = 1}, "reorder needs a delay"},
        {{.rate = 999}, "rate"},
        {{.loss = 1, .queue = 65537}, "queue"},
        {{.mtu = 67}, "MTU"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct port_fixture f;
        struct port_options options = {.name = "wire", .impairment = rows[i].how};
        CU_ASSERT_EQUAL(fixture_open(&f, &sink_port, &options), -EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.port.why, rows[i].why));
        CU_ASSERT_PTR_NULL(f.port.state);
    }
}

void port_impair_tests(CU_pSuite suite)
{
    CU_add_test(suite, "loss", test_loss);
    CU_add_test(suite, "loss of all and of none", test_loss_of_all_and_of_none);
    CU_add_test(suite, "duplicates", test_duplicates);
    CU_add_test(suite, "a duplicate without a buffer", test_duplicate_without_buffer);
    CU_add_test(suite, "reordering", test_reordering);
    CU_add_test(suite, "jitter", test_jitter);
    CU_add_test(suite, "jitter keeps the order", test_jitter_keeps_order);
    CU_add_test(suite, "same seed, same fate", test_same_seed_same_fate);
    CU_add_test(suite, "delay is exact", test_delay_is_exact);
    CU_add_test(suite, "rate is exact", test_rate_is_exact);
    CU_add_test(suite, "rate counts a datagram's frame", test_rate_counts_a_datagrams_frame);
    CU_add_test(suite, "queue limit", test_queue_limit);
    CU_add_test(suite, "the twin", test_twin);
    CU_add_test(suite, "everything at once balances", test_everything_balances);
    CU_add_test(suite, "an inner port that takes little", test_inner_takes_little);
    CU_add_test(suite, "an inner port that takes nothing", test_inner_takes_nothing);
    CU_add_test(suite, "an inner port that takes again", test_inner_takes_again);
    CU_add_test(suite, "buffers for all that waits", test_buffers_for_all_that_waits);
    CU_add_test(suite, "an inner port that breaks", test_inner_breaks);
    CU_add_test(suite, "close with packets waiting", test_close_with_packets_waiting);
    CU_add_test(suite, "what is not wanted is not there", test_not_wanted_is_not_there);
    CU_add_test(suite, "the layer shows what the kind can", test_layer_shows_what_the_kind_can);
    CU_add_test(suite, "wrong options", test_wrong_options);
}
