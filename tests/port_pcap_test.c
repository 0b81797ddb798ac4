/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_pcap_test.c - captures replayed at their own pace, recorded, damaged; the filter
 * and the checksums of the live port against a plain reading of frames.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/carrier.h"
#include "daemon/offload.h"
#include "daemon/port_filter.h"
#include "daemon/worker.h"
#include "engine/load.h"
#include "suites.h"

#define SECOND      UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

/* ---- captures in memory ----------------------------------------------------------------- */

enum { CAPTURE_ROOM = 4096 };

struct capture {
    uint8_t octets[CAPTURE_ROOM];
    size_t length;
    bool big; /* endian */
};

static void put(struct capture *c, const void *octets, size_t n)
{
    CU_ASSERT_FATAL(c->length + n <= CAPTURE_ROOM);
    memcpy(c->octets + c->length, octets, n);
    c->length += n;
}

static void put32(struct capture *c, uint32_t v)
{
    v = c->big ? htonl(v) : v; /* the test's machine is little-endian, or both are the same */
    put(c, &v, 4);
}

static void put16(struct capture *c, uint16_t v)
{
    v = c->big ? htons(v) : v;
    put(c, &v, 2);
}

static void put_header(struct capture *c, uint32_t magic, uint32_t link)
{
    put32(c, magic);
    put16(c, 2);
    put16(c, 4);
    put32(c, 0);
    put32(c, 0);
    put32(c, 65535);
    put32(c, link);
}

static void put_record(struct capture *c, uint32_t seconds, uint32_t fraction, uint32_t kept, uint32_t length)
{
    put32(c, seconds);
    put32(c, fraction);
    put32(c, kept);
    put32(c, length);
}

/* A whole frame of 20 octets, the last of which is its number. */
static void put_frame(struct capture *c, uint32_t seconds, uint32_t fraction, uint8_t number)
{
    uint8_t frame[20] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x12, 0x34};

    frame[19] = number;
    put_record(c, seconds, fraction, sizeof frame, sizeof frame);
    put(c, frame, sizeof frame);
}

enum { MICROSECONDS = 0xa1b2c3d4, NANOSECONDS = 0xa1b23c4d, ETHERNET = 1 };

static void save(char path[32], const struct capture *c)
{
    int file;

    snprintf(path, 32, "/tmp/vvm-pcap-XXXXXX");
    file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0 && write(file, c->octets, c->length) == (ssize_t)c->length);
    close(file);
}

/* ---- a port with a clock that the test moves ---------------------------------------------- */

struct bench {
    struct port port;
    uint64_t now;
    char in[32], out[32];
};

static uint64_t bench_clock(void *data) { return ((struct bench *)data)->now; }

static int bench_open(struct bench *b, const struct capture *c, struct port_options options)
{
    b->now = b->now ? b->now : 5 * SECOND;
    if (c) save(b->in, c);
    options.name = "test";
    options.buffers = 40; /* enough, and quickly made */
    options.read_path = c ? b->in : options.read_path;
    options.clock = bench_clock;
    options.clock_data = b;
    b->port.ops = &port_pcap_file;
    return port_pcap_file.open(&b->port, &options);
}

static void bench_close(struct bench *b)
{
    CU_ASSERT_EQUAL(port_pcap_file.close(&b->port), 0);
    if (b->in[0]) unlink(b->in);
    if (b->out[0]) unlink(b->out);
}

/* Numbers of the frames of one burst, as text; what rx_burst said if it was no number. */
static const char *burst(struct bench *b, bool send)
{
    static char text[256];
    struct vvm_packet *packets[PORT_BURST];
    int i, n = b->port.ops->rx_burst(&b->port, packets, PORT_BURST);
    size_t at = 0;

    if (n == -ENODATA) return "end";
    if (n < 0) return "broken";
    text[0] = '\0';
    for (i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%u", i ? " " : "",
                               packets[i]->base[packets[i]->head + packets[i]->length - 1]);
    if (send) CU_ASSERT_EQUAL(b->port.ops->tx_burst(&b->port, packets, (unsigned)n), n);
    for (i = 0; i < n && !send; i++) packet_free(packets[i]);
    return text;
}

static uint64_t deadline(struct bench *b) { return b->port.ops->deadline(&b->port); }

/* ---- pace ---------------------------------------------------------------------------------- */

static void test_pace(void)
{
    struct bench b = {0};
    struct capture c = {0};
    uint64_t start;

    put_header(&c, MICROSECONDS, ETHERNET);
    put_frame(&c, 1000, 0, 1);
    put_frame(&c, 1000, 0, 2);
    put_frame(&c, 1000, 250000, 3);
    put_frame(&c, 1003, 0, 4);
    CU_ASSERT_FATAL(!bench_open(&b, &c, (struct port_options){.original_speed = true}));
    CU_ASSERT_EQUAL(deadline(&b), b.now); /* nobody knows yet */
    CU_ASSERT_FALSE(b.port.ops->arm(&b.port));
    b.now += 7 * SECOND; /* what is loaded before the first burst is no part of the replay */
    start = b.now;
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "1 2");
    CU_ASSERT_EQUAL(deadline(&b), start + 250 * MILLISECOND);
    CU_ASSERT_TRUE(b.port.ops->arm(&b.port));
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "");
    b.now = deadline(&b) - 1;
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "");
    b.now++;
    CU_ASSERT_FALSE(b.port.ops->arm(&b.port));
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "3");
    CU_ASSERT_EQUAL(deadline(&b), start + 3 * SECOND);
    b.now = start + 60 * SECOND;
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "4");
    CU_ASSERT_EQUAL(deadline(&b), PORT_NEVER);
    CU_ASSERT_TRUE(b.port.ops->arm(&b.port));
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "end");
    bench_close(&b);
}

/* Due times of all frames after the first, in milliseconds after it. */
static void check_due(const struct capture *c, const uint64_t *due, unsigned n)
{
    struct bench b = {0};
    uint64_t start;
    unsigned i;

    CU_ASSERT_FATAL(!bench_open(&b, c, (struct port_options){.original_speed = true}));
    start = b.now;
    burst(&b, false);
    for (i = 0; i < n; i++) {
        while (b.now < start + due[i] * MILLISECOND) {
            CU_ASSERT_EQUAL_FATAL(deadline(&b), start + due[i] * MILLISECOND);
            b.now = deadline(&b);
        }
        burst(&b, false);
    }
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "end");
    bench_close(&b);
}

static void test_pace_of_odd_times(void)
{
    static const uint64_t gap[] = {3600000, 3601000}, back[] = {100, 500}, reset[] = {100, 600};
    struct capture c = {0};

    put_header(&c, MICROSECONDS, ETHERNET);
    put_frame(&c, 1000, 0, 1);
    put_frame(&c, 1000000, 0, 2); /* eleven days count as an hour */
    put_frame(&c, 1000001, 0, 3);
    check_due(&c, gap, 2);

    c.length = 0;
    put_header(&c, MICROSECONDS, ETHERNET);
    put_frame(&c, 1000, 0, 1);
    put_frame(&c, 1000, 100000, 2);
    put_frame(&c, 1000, 50000, 3); /* out of order: at once */
    put_frame(&c, 1000, 500000, 4);
    check_due(&c, back, 2);

    c.length = 0;
    put_header(&c, MICROSECONDS, ETHERNET);
    put_frame(&c, 1000, 0, 1);
    put_frame(&c, 1000, 100000, 2);
    put_frame(&c, 10, 0, 3); /* the clock was set back: on from there */
    put_frame(&c, 10, 500000, 4);
    check_due(&c, reset, 2);
}

/* Whatever times a capture claims, no wait is longer than an hour, and none overflows. */
static void test_pace_is_bounded(void)
{
    static const uint32_t times[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
    unsigned a, b, d;

    for (a = 0; a < 5; a++)
        for (b = 0; b < 5; b++)
            for (d = 0; d < 5; d++) {
                struct bench t = {0};
                struct capture c = {0};
                unsigned rounds = 0;

                put_header(&c, MICROSECONDS, ETHERNET);
                put_frame(&c, times[a], times[d], 1);
                put_frame(&c, times[b], times[a], 2);
                put_frame(&c, times[d], times[b], 3);
                CU_ASSERT_FATAL(!bench_open(&t, &c, (struct port_options){.original_speed = true}));
                while (strcmp(burst(&t, false), "end")) {
                    uint64_t due = deadline(&t);

                    CU_ASSERT_FATAL(++rounds < 9);
                    if (due == PORT_NEVER) continue;
                    CU_ASSERT_FATAL(due <= t.now + 3600 * SECOND);
                    if (due > t.now) t.now = due;
                }
                bench_close(&t);
            }
}

/* As fast as they are taken, the port's time is the capture's, and never goes back. */
static void test_times_as_fast(void)
{
    struct bench b = {0};
    struct capture c = {0};
    struct vvm_packet *packets[PORT_BURST];
    unsigned i;

    put_header(&c, NANOSECONDS, ETHERNET);
    put_frame(&c, 1000, 5, 1);
    put_frame(&c, 1003, 7, 2);
    put_frame(&c, 1002, 0, 3);
    put_frame(&c, 900, 0, 4);
    CU_ASSERT_FATAL(!bench_open(&b, &c, (struct port_options){0}));
    CU_ASSERT_EQUAL(deadline(&b), PORT_NEVER);
    CU_ASSERT_FALSE(b.port.ops->arm(&b.port));
    CU_ASSERT_EQUAL_FATAL(b.port.ops->rx_burst(&b.port, packets, PORT_BURST), 4);
    CU_ASSERT_EQUAL(b.port.time, 3 * SECOND + 2);
    CU_ASSERT_EQUAL(packets[0]->time, 5 * SECOND);
    CU_ASSERT_EQUAL(packets[1]->time, 8 * SECOND + 2);
    CU_ASSERT_EQUAL(packets[2]->time, 7 * SECOND - 5);
    CU_ASSERT_EQUAL(packets[3]->time, 5 * SECOND);
    for (i = 0; i < 4; i++) packet_free(packets[i]);
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "end");
    CU_ASSERT_TRUE(b.port.ops->arm(&b.port));
    bench_close(&b);
}

/* In virtual time the clock jumps from frame to frame, those of all captures in order. */
static void test_pace_in_virtual_time(void)
{
    struct router *router = calloc(1, sizeof *router);
    struct worker *worker = calloc(1, sizeof *worker);
    struct capture a = {0}, b = {0};
    struct port *port;
    char paths[2][32], why[256];
    uint64_t began;
    int step, frames = 0;

    put_header(&a, MICROSECONDS, ETHERNET);
    put_frame(&a, 1000, 0, 1);
    put_frame(&a, 1007, 0, 3);
    put_header(&b, MICROSECONDS, ETHERNET);
    put_frame(&b, 50, 0, 2);
    put_frame(&b, 55, 0, 2);
    put_frame(&b, 59, 500000, 4);
    save(paths[0], &a);
    save(paths[1], &b);
    CU_ASSERT_FATAL(router && worker && !router_open(router, "test", true, NULL));
    began = router_clock(router);
    CU_ASSERT_FATAL(!router_add_port(
        router, &port_pcap_file,
        &(struct port_options){.name = "a", .read_path = paths[0], .original_speed = true}, &port));
    CU_ASSERT_FATAL(!router_add_port(
        router, &port_pcap_file,
        &(struct port_options){.name = "b", .read_path = paths[1], .original_speed = true}, &port));
    CU_ASSERT_FATAL(!worker_open(worker, router));
    while ((step = worker_step(worker)) >= 0) {
        static const uint64_t times[] = {0, 0, 5, 7, 9};

        if (step > 0) CU_ASSERT_EQUAL((router_clock(router) - began) / SECOND, times[frames + step - 1]);
        frames += step;
        CU_ASSERT_FATAL(frames <= 5);
    }
    CU_ASSERT_EQUAL(step, -ENODATA);
    CU_ASSERT_EQUAL(frames, 5);
    CU_ASSERT_EQUAL(router_clock(router) - began, 9500 * MILLISECOND);
    worker_close(worker);
    CU_ASSERT_EQUAL(ledger_balance(router->node), 0);
    CU_ASSERT_EQUAL(router_close(router, why), 0);
    free(worker);
    free(router);
    unlink(paths[0]);
    unlink(paths[1]);
}

/* ---- records ---------------------------------------------------------------------------------- */

struct stamp {
    uint64_t time;
    uint8_t number;
};

static unsigned read_record(const char *path, struct stamp *stamps, unsigned room)
{
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const uint8_t *octets;
    pcap_t *from = pcap_open_offline(path, why);
    unsigned n = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(from);
    while (pcap_next_ex(from, &header, &octets) == 1) {
        CU_ASSERT_FATAL(n < room && header->caplen == header->len && header->len > 0);
        stamps[n].time = (uint64_t)header->ts.tv_sec * SECOND + (uint64_t)header->ts.tv_usec * 1000;
        stamps[n++].number = octets[header->caplen - 1];
    }
    pcap_close(from);
    return n;
}

static void send_made(struct bench *b, uint8_t number)
{
    struct vvm_packet *packet = b->port.pool->alloc(b->port.pool);
    uint8_t frame[20] = {0};

    frame[19] = number;
    CU_ASSERT_FATAL(packet && !packet_append(packet, frame, sizeof frame));
    CU_ASSERT_EQUAL(b->port.ops->tx_burst(&b->port, &packet, 1), 1);
}

static void open_record(struct bench *b)
{
    struct capture nothing = {0};

    save(b->out, &nothing);
}

/* What came goes back with the times at which it came; what is made later, later. */
static void test_record_of_replay(void)
{
    struct bench b = {0};
    struct capture c = {0};
    struct stamp stamps[8];

    put_header(&c, MICROSECONDS, ETHERNET);
    put_frame(&c, 1000, 500000, 1);
    put_frame(&c, 1003, 7, 2);
    put_frame(&c, 1001, 0, 3);
    open_record(&b);
    CU_ASSERT_FATAL(!bench_open(&b, &c, (struct port_options){.write_path = b.out}));
    b.now = 5 * SECOND; /* a virtual clock at its start */
    CU_ASSERT_STRING_EQUAL(burst(&b, true), "1 2 3");
    send_made(&b, 4); /* nothing has moved the clock: as a packet that was there before */
    b.now = 5 * SECOND + 10 * SECOND;
    send_made(&b, 5);
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), 0);
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), 0);
    CU_ASSERT_EQUAL_FATAL(read_record(b.out, stamps, 8), 5); /* the port is still open */
    CU_ASSERT_EQUAL(stamps[0].time, 1000 * SECOND + 500 * MILLISECOND);
    CU_ASSERT_EQUAL(stamps[1].time, 1003 * SECOND + 7000);
    CU_ASSERT_EQUAL(stamps[2].time, 1001 * SECOND);
    CU_ASSERT_EQUAL(stamps[3].time, 1000 * SECOND + 500 * MILLISECOND);
    CU_ASSERT_EQUAL(stamps[4].time, 1010 * SECOND + 500 * MILLISECOND);
    bench_close(&b);
}

/* A packet that waited leaves when it leaves. */
static void test_record_of_delay(void)
{
    struct bench b = {0};
    struct capture c = {0};
    struct stamp stamps[8];
    struct vvm_packet *first, *second[2];

    put_header(&c, MICROSECONDS, ETHERNET);
    put_frame(&c, 1000, 0, 1);
    put_frame(&c, 1001, 0, 2);
    put_frame(&c, 1001, 0, 3);
    open_record(&b);
    CU_ASSERT_FATAL(!bench_open(&b, &c, (struct port_options){.write_path = b.out, .original_speed = true}));
    CU_ASSERT_EQUAL_FATAL(b.port.ops->rx_burst(&b.port, &first, 1), 1);
    b.now += SECOND;
    CU_ASSERT_EQUAL_FATAL(b.port.ops->rx_burst(&b.port, second, 2), 2);
    CU_ASSERT_EQUAL(b.port.ops->tx_burst(&b.port, &first, 1), 1); /* of an earlier burst */
    CU_ASSERT_EQUAL(b.port.ops->tx_burst(&b.port, second, 1), 1);
    b.now += SECOND; /* the clock has moved on, to a deadline of somebody else */
    CU_ASSERT_EQUAL(b.port.ops->tx_burst(&b.port, second + 1, 1), 1);
    CU_ASSERT_EQUAL(port_pcap_file.close(&b.port), 0);
    CU_ASSERT_EQUAL_FATAL(read_record(b.out, stamps, 8), 3);
    CU_ASSERT_EQUAL(stamps[0].time, 1001 * SECOND);
    CU_ASSERT_EQUAL(stamps[1].time, 1001 * SECOND);
    CU_ASSERT_EQUAL(stamps[2].time, 1002 * SECOND);
    unlink(b.in);
    unlink(b.out);
}

/* A port that replays nothing brings nothing, and its record is there. */
static void test_record_alone(void)
{
    struct bench b = {0};
    struct stamp stamps[2];
    struct timespec t;

    open_record(&b);
    CU_ASSERT_FATAL(!bench_open(&b, NULL, (struct port_options){.write_path = b.out}));
    CU_ASSERT_STRING_EQUAL(burst(&b, false), "end");
    CU_ASSERT_EQUAL(deadline(&b), PORT_NEVER);
    CU_ASSERT_TRUE(b.port.ops->arm(&b.port));
    send_made(&b, 9);
    CU_ASSERT_EQUAL(port_pcap_file.close(&b.port), 0);
    CU_ASSERT_EQUAL_FATAL(read_record(b.out, stamps, 2), 1);
    CU_ASSERT_EQUAL(stamps[0].time, 5 * SECOND); /* the router's, which is the same in each replay */
    CU_ASSERT_EQUAL(stamps[0].number, 9);

    CU_ASSERT_FATAL(!bench_open(&b, NULL, (struct port_options){.write_path = b.out, .system_clock = true}));
    send_made(&b, 9);
    CU_ASSERT_EQUAL(port_pcap_file.close(&b.port), 0);
    CU_ASSERT_EQUAL_FATAL(read_record(b.out, stamps, 2), 1);
    clock_gettime(CLOCK_REALTIME, &t);
    CU_ASSERT_TRUE((uint64_t)t.tv_sec - stamps[0].time / SECOND < 60);
    unlink(b.out);
}

/* Busy in every round: what is recorded comes to the disk nevertheless. */
static void test_record_while_busy(void)
{
    struct bench b = {0};
    struct stamp stamps[8];

    open_record(&b);
    CU_ASSERT_FATAL(!bench_open(&b, NULL, (struct port_options){.write_path = b.out}));
    send_made(&b, 1);
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), 0);
    send_made(&b, 2);
    b.now += 100 * MILLISECOND;
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), 0);
    send_made(&b, 3);
    b.now += 200 * MILLISECOND;
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), 0);
    CU_ASSERT_EQUAL(read_record(b.out, stamps, 8), 3);
    bench_close(&b);
}

/* Whoever sends out of a poll, as a link with delays does, sleeps afterwards: not before
 * the record is on the disk. */
static void test_record_before_sleep(void)
{
    struct bench b = {0};
    struct stamp stamps[8];

    open_record(&b);
    CU_ASSERT_FATAL(!bench_open(&b, NULL, (struct port_options){.write_path = b.out}));
    send_made(&b, 1);
    CU_ASSERT_EQUAL(deadline(&b), b.now);
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), 0);
    CU_ASSERT_EQUAL(deadline(&b), b.now);
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), 0);
    CU_ASSERT_EQUAL(read_record(b.out, stamps, 8), 1);
    CU_ASSERT_EQUAL(deadline(&b), PORT_NEVER);
    bench_close(&b);
}

static void test_full_disk(void)
{
    struct bench b = {0};

    CU_ASSERT_FATAL(!bench_open(&b, NULL, (struct port_options){.write_path = "/dev/full"}));
    send_made(&b, 1);
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), 0);
    CU_ASSERT_EQUAL(b.port.ops->poll(&b.port), -EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.port.why, "No space left on device: make room"));
    CU_ASSERT_EQUAL(port_pcap_file.close(&b.port), -EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.port.why, "No space left on device: make room"));
}

/* ---- captures that are bad ------------------------------------------------------------------ */

/* A router without VMlets takes the capture; every frame ends by name. */
static void through_router(const char *path, char *said, uint64_t *dropped)
{
    struct router *router = calloc(1, sizeof *router);
    struct worker *worker = calloc(1, sizeof *worker);
    struct port *port;
    char why[256];
    int step;

    CU_ASSERT_FATAL(router && worker && !router_open(router, "test", true, NULL));
    said[0] = '\0';
    *dropped = 0;
    if (router_add_port(router, &port_pcap_file,
                        &(struct port_options){.name = "in", .read_path = path, .buffers = 40}, &port)) {
        snprintf(said, 256, "%s", port->why);
    } else {
        struct ledger_row rows[32];
        unsigned i, n;

        CU_ASSERT_FATAL(!worker_open(worker, router));
        do step = worker_step(worker);
        while (step >= 0);
        if (step != -ENODATA) snprintf(said, 256, "%s", port->why);
        worker_close(worker);
        n = ledger_read(router->node, rows, 32);
        for (i = 0; i < n; i++)
            if (rows[i].kind == LEDGER_DROPPED) *dropped += rows[i].count;
        CU_ASSERT_EQUAL(ledger_balance(router->node), 0);
    }
    CU_ASSERT_EQUAL(router_close(router, why), 0);
    free(worker);
    free(router);
}

static void check_capture(const char *name, const struct capture *c, uint64_t frames, const char *expected)
{
    char path[32], said[256];
    uint64_t dropped;

    save(path, c);
    through_router(path, said, &dropped);
    if (dropped != frames || !strstr(said, expected) || (!*expected && *said)) {
        fprintf(stderr, "    %s: %llu frames and \"%s\"\n", name, (unsigned long long)dropped, said);
        CU_FAIL("capture");
    }
    unlink(path);
}

static void good(struct capture *c, bool big, uint32_t magic)
{
    *c = (struct capture){.big = big};
    put_header(c, magic, ETHERNET);
    put_frame(c, 1000, 0, 1);
    put_frame(c, 1001, 0, 2);
}

static void test_good_captures(void)
{
    struct capture c;

    good(&c, false, MICROSECONDS);
    check_capture("microseconds", &c, 2, "");
    good(&c, true, MICROSECONDS);
    check_capture("big-endian", &c, 2, "");
    good(&c, false, NANOSECONDS);
    check_capture("nanoseconds", &c, 2, "");
    good(&c, true, NANOSECONDS);
    check_capture("big-endian nanoseconds", &c, 2, "");
    c = (struct capture){0};
    put_header(&c, MICROSECONDS, ETHERNET);
    check_capture("no frames", &c, 0, "");
    put_record(&c, 1, 0, 0, 0);
    put_record(&c, 1, 0, 0, 0);
    check_capture("frames of nothing", &c, 2, "");
    put_frame(&c, 0, 0, 1);
    put_frame(&c, 0xffffffff, 0xffffffff, 1);
    put_frame(&c, 0x80000000, 0x80000000, 1);
    check_capture("times of all kinds", &c, 5, "");
}

static void put_block(struct capture *c, uint32_t type, const uint32_t *words, unsigned n)
{
    unsigned i;

    put32(c, type);
    put32(c, 12 + 4 * n);
    for (i = 0; i < n; i++) put32(c, words[i]);
    put32(c, 12 + 4 * n);
}

static void put_pcapng(struct capture *c, uint32_t link)
{
    const unsigned first = c->big ? 16 : 0; /* where the first of two short words stands in a word */
    const uint32_t section[] = {0x1a2b3c4d, 1u << first, 0xffffffff, 0xffffffff};
    const uint32_t interface[] = {link << first, 65535};
    const uint32_t packet[] = {0, 0, 0, 20, 20, 0x02000000, 0, 0x02000001, 0x3412, 0};

    put_block(c, 0x0a0d0d0a, section, 4);
    put_block(c, 1, interface, 2);
    put_block(c, 6, packet, 10);
}

static void test_pcapng(void)
{
    const uint32_t packet[] = {7, 0, 0, 20, 20, 0, 0, 0, 0, 0}, interface[] = {113, 65535};
    struct capture c = {0};

    put_pcapng(&c, ETHERNET);
    check_capture("pcapng", &c, 1, "");
    put_block(&c, 6, packet, 10);
    check_capture("pcapng, an interface that is not there", &c, 1, "the capture is damaged after frame 1");
    c = (struct capture){0};
    put_pcapng(&c, ETHERNET);
    put_block(&c, 1, interface, 2);
    check_capture("pcapng, two link types", &c, 1, "the capture is damaged after frame 1");
    c = (struct capture){0};
    put_pcapng(&c, 113);
    check_capture("pcapng, no Ethernet", &c, 0, "not Ethernet: capture on an Ethernet interface");
    c.length = 20;
    check_capture("pcapng, cut in its header", &c, 0, "cannot be replayed");
}

/* Frames that came by a pipe, joined. Each octet comes by itself, the first ones at open;
 * whoever waits for more is ended by the driver's time limit. */
static const char *octet_by_octet(const struct capture *c, size_t at_open, bool paced)
{
    static char all[256];
    struct port_options options = {.original_speed = paced};
    struct bench b = {0};
    char path[32];
    const char *said = "";
    int ends[2];
    size_t i;

    CU_ASSERT_FATAL(!pipe(ends) && write(ends[1], c->octets, at_open) == (ssize_t)at_open);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    options.read_path = path;
    CU_ASSERT_FATAL(!bench_open(&b, NULL, options));
    close(ends[0]);
    CU_ASSERT_EQUAL(b.port.ops->descriptor(&b.port) >= 0, !paced);
    for (all[0] = '\0', i = at_open; i <= c->length; i++) {
        CU_ASSERT(b.port.ops->arm(&b.port));
        CU_ASSERT(deadline(&b) > b.now);
        if (i == c->length) close(ends[1]);
        else CU_ASSERT_EQUAL(write(ends[1], c->octets + i, 1), 1);
        b.now += 2 * SECOND;
        said = burst(&b, false);
        if (i < c->length) snprintf(all + strlen(all), sizeof all - strlen(all), "%s", said);
    }
    CU_ASSERT_STRING_EQUAL(said, "end");
    bench_close(&b);
    return all;
}

static void test_pipe(void)
{
    struct capture c;

    for (unsigned i = 0; i < 8; i++) {
        good(&c, i & 1, i & 2 ? MICROSECONDS : NANOSECONDS);
        CU_ASSERT_STRING_EQUAL(octet_by_octet(&c, 24, i & 4), "12");
        c = (struct capture){.big = i & 1};
        put_pcapng(&c, ETHERNET);
        c.octets[c.length - 5] = 7;
        CU_ASSERT_STRING_EQUAL(octet_by_octet(&c, 48, i & 4), "7");
    }
}

static uint64_t no_time(void *data)
{
    (void)data;
    return 1;
}

/* A live router never waits for who reads its record. */
static void test_record_into_a_pipe(void)
{
    char folder[] = "/tmp/vvm-record-XXXXXX", path[64];
    struct port_options options = {.name = "out", .write_path = path, .system_clock = true, .clock = no_time};
    struct port port = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL(port_pcap_file.open(&port, &options), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(port.why, "is a pipe"));
    unlink(path);
    CU_ASSERT_EQUAL(port_pcap_file.open(&port, &options), 0);
    CU_ASSERT_EQUAL(port_pcap_file.close(&port), 0);
    unlink(path);
    rmdir(folder);
}

/* Two ports, of one process or two, never write into one file, nor over one that is replayed. */
static void test_record_is_one_ports(void)
{
    struct capture c = {0};
    struct bench first = {0}, replay = {0};
    struct port_options options = {.name = "second", .write_path = first.out};
    struct port second = {0};
    struct stat status;

    good(&c, false, MICROSECONDS);
    open_record(&first);
    CU_ASSERT_EQUAL_FATAL(bench_open(&first, &c, (struct port_options){.write_path = first.out}), 0);
    CU_ASSERT_STRING_EQUAL(burst(&first, true), "1 2");
    CU_ASSERT_EQUAL(first.port.ops->poll(&first.port), 0);
    CU_ASSERT_EQUAL(first.port.ops->poll(&first.port), 0);
    CU_ASSERT_EQUAL(port_pcap_file.open(&second, &options), -EBUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(second.why, first.out));
    CU_ASSERT_PTR_NOT_NULL(strstr(second.why, "by another port or process: record another file"));
    CU_ASSERT(!stat(first.out, &status) && status.st_size == 24 + 2 * (16 + 20)); /* it still holds all */
    options.write_path = first.in;
    CU_ASSERT_EQUAL(port_pcap_file.open(&second, &options), -EBUSY);
    CU_ASSERT(!stat(first.in, &status) && status.st_size == (off_t)c.length);
    CU_ASSERT_EQUAL_FATAL(bench_open(&replay, NULL, (struct port_options){.read_path = first.in}), 0);
    CU_ASSERT_STRING_EQUAL(burst(&replay, false), "1 2"); /* two may replay it */
    bench_close(&replay);
    CU_ASSERT_EQUAL(port_pcap_file.close(&first.port), 0);
    CU_ASSERT_EQUAL(port_pcap_file.open(&second, &options), 0);
    CU_ASSERT_EQUAL(port_pcap_file.close(&second), 0);
    unlink(first.in);
    unlink(first.out);
}

static void test_bad_headers(void)
{
    struct capture c = {0};

    check_capture("nothing", &c, 0, "cannot be replayed");
    put(&c, "To whom it may concern: this is a text.\n", 40);
    check_capture("text", &c, 0, "cannot be replayed: unknown file format: give a pcap file");
    c = (struct capture){0};
    put(&c, "\x1f\x8b\x08\0\0\0\0\0\0\3 compressed", 20);
    check_capture("gzip", &c, 0, "cannot be replayed: unknown file format: give a pcap file");
    c = (struct capture){0};
    put_header(&c, MICROSECONDS, 113);
    check_capture("cooked", &c, 0, "link type is LINUX_SLL (113), not Ethernet");
    c = (struct capture){0};
    put_header(&c, MICROSECONDS, 0x0badbad);
    check_capture("an unknown link type", &c, 0, "not Ethernet: capture on an Ethernet interface");
    good(&c, false, MICROSECONDS);
    c.octets[4] = 99;
    check_capture("another version", &c, 0, "cannot be replayed");
}

static void test_bad_records(void)
{
    struct capture c;

    good(&c, false, MICROSECONDS);
    put_record(&c, 1, 0, 20, 1500);
    put(&c, (uint8_t[20]){0}, 20);
    check_capture("a frame that was snapped", &c, 3, "");
    put_record(&c, 1, 0, 20, 10);
    put(&c, (uint8_t[20]){0}, 20);
    check_capture("more captured than there was", &c, 4, "");
    put_record(&c, 1, 0, 0x7fffffff, 0x7fffffff);
    check_capture("an absurd length", &c, 4, "the capture is damaged after frame 4");
    good(&c, false, MICROSECONDS);
    put_record(&c, 1, 0, 0xffffffff, 0xffffffff);
    check_capture("a length below 0", &c, 2, "the capture is damaged after frame 2");
    good(&c, false, MICROSECONDS);
    put(&c, (uint8_t[15]){0}, 15);
    check_capture("a record's header cut off", &c, 2, "the capture is damaged after frame 2: truncated");
    good(&c, false, MICROSECONDS);
    c.length -= 5;
    check_capture("a frame cut off", &c, 1, "the capture is damaged after frame 1: truncated");
}

/* Longer than a buffer, but no longer than libpcap would read. */
static void test_long_frame(void)
{
    static uint8_t octets[65558];
    char path[32], said[256];
    uint64_t dropped;
    struct capture c = {0};
    FILE *to;

    good(&c, false, MICROSECONDS);
    *(uint32_t *)(void *)(c.octets + 16) = 262144;
    put_record(&c, 1, 0, sizeof octets, sizeof octets);
    save(path, &c);
    to = fopen(path, "ab");
    CU_ASSERT_FATAL(to && fwrite(octets, sizeof octets, 1, to) == 1 && !fclose(to));
    through_router(path, said, &dropped);
    CU_ASSERT_STRING_EQUAL(said, "");
    CU_ASSERT_EQUAL(dropped, 3);
    unlink(path);
}

static void test_paths(void)
{
    char said[256];
    uint64_t dropped;

    through_router("/tmp", said, &dropped);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "cannot be replayed"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "directory"));
    through_router("/nowhere/at.all", said, &dropped);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "No such file"));
    through_router("/dev/null", said, &dropped);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "cannot be replayed"));
}

/* Cut anywhere: all whole frames come, and what is wrong is named. */
static void test_cut_captures(void)
{
    struct capture whole, c;
    size_t length;

    good(&whole, false, MICROSECONDS);
    for (length = 0; length < whole.length; length++) {
        size_t records = length < 24 ? 0 : length - 24;
        const char *expected = length < 24         ? "cannot be replayed"
                               : records % 36 == 0 ? ""
                                                   : "the capture is damaged after frame";

        c = whole;
        c.length = length;
        check_capture("cut", &c, records / 36, expected);
    }
    c = (struct capture){0};
    put_pcapng(&c, ETHERNET);
    for (whole = c; c.length-- > 0;) {
        bool block = c.length == 48; /* a section and an interface, whole */

        check_capture("cut pcapng", &c, 0, block ? "" : "a");
    }
}

/* Any octet has another value: every frame that was read comes or is counted as lost. */
static void check_changed(const struct capture *c)
{
    struct bench b = {0};
    struct vvm_packet *packets[PORT_BURST];
    struct port_stats stats;
    uint64_t came = 0;
    int i, n, loss;

    if (bench_open(&b, c, (struct port_options){0})) {
        CU_ASSERT_NOT_EQUAL(b.port.why[0], '\0');
        unlink(b.in);
        return;
    }
    while ((n = b.port.ops->rx_burst(&b.port, packets, PORT_BURST)) >= 0) {
        came += (unsigned)n;
        for (i = 0; i < n; i++) packet_free(packets[i]);
    }
    CU_ASSERT_TRUE(n == -ENODATA || b.port.why[0]);
    b.port.ops->stats(&b.port, &stats);
    for (loss = 0; loss < LOSS_KINDS; loss++) came += stats.lost[loss];
    CU_ASSERT_TRUE(came == stats.rx_frames && came <= 2);
    bench_close(&b);
}

static void test_changed_captures(void)
{
    struct capture whole, c;
    unsigned kind, change;
    size_t at;

    for (kind = 0; kind < 2; kind++) {
        if (kind) whole = (struct capture){0}, put_pcapng(&whole, ETHERNET);
        else good(&whole, false, MICROSECONDS);
        for (at = 0; at < whole.length; at++)
            for (change = 1; change < 256; change += change) {
                c = whole;
                c.octets[at] ^= (uint8_t)change;
                check_changed(&c);
            }
    }
}

/* ---- options ------------------------------------------------------------------------------------- */

static void refuse(const struct port_ops *ops, struct port_options options, int err, const char *why)
{
    struct port port = {.ops = ops};
    int got = ops->open(&port, &options);

    if (got != err || !strstr(port.why, why)) {
        fprintf(stderr, "    %d \"%s\"\n", got, port.why);
        CU_FAIL("refusal");
    }
    CU_ASSERT_PTR_NULL(port.state);
}

static void test_refused_options(void)
{
    refuse(&port_pcap_file, (struct port_options){.mtu = 67}, -ERANGE, "MTU 67: give 68 to 65535");
    refuse(&port_pcap_file, (struct port_options){.mtu = 65536}, -ERANGE, "MTU 65536: give 68 to 65535");
    refuse(&port_pcap_file, (struct port_options){.buffers = 262145}, -ERANGE, "give at most 262144");
    refuse(&port_pcap_file, (struct port_options){.write_path = "/no/folder"}, -EIO,
           "cannot be recorded: /no/folder: No such file or directory: check");
    refuse(&port_pcap, (struct port_options){0}, -EINVAL, "name one interface");
    refuse(&port_pcap, (struct port_options){.device = ""}, -EINVAL, "name one interface");
    refuse(&port_pcap, (struct port_options){.device = "any"}, -EINVAL, "name one interface");
    refuse(&port_pcap, (struct port_options){.device = "no-such-one"}, -ENODEV,
           "there is no interface no-such-one: name one");
    refuse(&port_pcap, (struct port_options){.device = "sixteen-letters-"}, -ENODEV, "at most 15");
    refuse(&port_pcap, (struct port_options){.device = "lo", .buffers = 262145}, -ERANGE,
           "give at most 262144");
    refuse(&port_pcap, (struct port_options){.device = "lo", .mtu = 70000}, -ERANGE, "give less, or ip link");
    refuse(&port_pcap, (struct port_options){.device = "lo", .mtu = 67}, -ERANGE, "at least 68");
}

/* The longest queue, and as many buffers as a configuration may give beside it. */
static void test_all_that_a_link_may_hold(void)
{
    struct port port = {.ops = &port_pcap_file};
    struct port_options options = {
        .name = "far", .buffers = 65536, .impairment = {.mtu = 100, .queue = 65536}};
    int err = port_open(&port, &port_pcap_file, &options);

    CU_ASSERT(err == 0 || err == -ENOMEM); /* small machines */
    if (err) CU_ASSERT_PTR_NOT_NULL(strstr(port.why, "give fewer"));
    if (!err) CU_ASSERT_EQUAL(port.ops->close(&port), 0);
}

/* ---- the filter ------------------------------------------------------------------------------------- */

static bool passes(const struct port_filter *filter, const uint8_t *octets, size_t length)
{
    return pcap_offline_filter(&(struct bpf_program){filter->count, (struct bpf_insn *)(void *)filter->steps},
                               &(struct pcap_pkthdr){.caplen = (uint32_t)length, .len = (uint32_t)length},
                               octets) != 0;
}

/* As Linux shows a received frame: without its outer VLAN tag. */
static size_t take_tag(uint8_t *octets, size_t length)
{
    uint16_t type;

    if (length < 18) return length;
    memcpy(&type, octets + 12, 2);
    if (type != htons(0x8100) && type != htons(0x88a8)) return length;
    memmove(octets + 12, octets + 16, length - 16);
    return length - 4;
}

struct claims {
    struct port_claim items[PORT_CLAIMS];
    unsigned count;
};

static void note_claim(void *data, enum match_kind kind, uint32_t key, const struct network *network)
{
    struct claims *claims = data;

    (void)network;
    if (kind <= MATCH_UDP) claims->items[claims->count++] = (struct port_claim){kind, key};
}

/* A node with the toy network: EtherType 88b5, IP protocol 107, UDP port 3322. */
struct peeling {
    struct vvm_node *node;
    struct vvm_context context;
    struct buffer_pool *pool;
    struct port_filter filter;
    unsigned completed;
};

static void peeling_open(struct peeling *p)
{
    struct vvm_options options = {.path = VVM_SOURCE "/netvmlets"};
    struct claims claims = {0};

    CU_ASSERT_FATAL(!node_open(&options, &p->node));
    CU_ASSERT_FATAL(!load_file(&p->node->control, VVM_SOURCE "/netvmlets/hop.vml", NULL));
    CU_ASSERT_FATAL(!context_open(&p->context, p->node, false));
    CU_ASSERT_FATAL(!buffer_pool_open(&p->pool, 1, 4096, PORT_HEADROOM));
    generation_enter(&p->context);
    match_each(p->context.generation, note_claim, &claims);
    CU_ASSERT_EQUAL(claims.count, 3);
    port_filter_make(&p->filter, claims.items, claims.count);
}

static void peeling_close(struct peeling *p)
{
    generation_leave(&p->context);
    context_close(&p->context);
    buffer_pool_close(p->pool);
    node_close(p->node);
}

/* Completing a checksum does nothing to a frame that is claimed, and makes a wrong one right. */
static void check_completing(struct peeling *p, enum carrier_verdict verdict, const uint8_t *octets,
                             size_t length)
{
    struct vvm_pool *pool = buffer_pool_ops(p->pool);
    uint8_t *frame = malloc(length + !length); /* exactly: a step too far is seen */
    const struct network *network;

    memcpy(frame, octets, length);
    if (offload_complete(frame, (uint32_t)length)) {
        struct vvm_packet *packet = pool->alloc(pool);

        CU_ASSERT_FATAL(packet && !packet_append(packet, frame, (uint32_t)length));
        CU_ASSERT_NOT_EQUAL(verdict, VERDICT_CLAIMED);
        CU_ASSERT_NOT_EQUAL(carrier_peel(p->context.generation, packet, &network), VERDICT_BAD_UDP_CHECKSUM);
        packet_free(packet);
        p->completed++;
    } else {
        CU_ASSERT_EQUAL(memcmp(frame, octets, length), 0);
    }
    free(frame);
}

/* What the filter takes away, nobody claims. */
static enum carrier_verdict check_frame(struct peeling *p, const uint8_t *octets, size_t length, bool *passed)
{
    struct vvm_pool *pool = buffer_pool_ops(p->pool);
    struct vvm_packet *packet = pool->alloc(pool);
    const struct network *network;
    uint8_t shown[2048];
    enum carrier_verdict verdict;
    size_t given = length;

    CU_ASSERT_FATAL(packet && length <= sizeof shown && !packet_append(packet, octets, (uint32_t)length));
    verdict = carrier_peel(p->context.generation, packet, &network);
    packet_free(packet);
    memcpy(shown, octets, length);
    length = take_tag(shown, length);
    *passed = passes(&p->filter, shown, length);
    if (verdict == VERDICT_CLAIMED && !*passed) CU_FAIL("a claimed frame was taken away");
    check_completing(p, verdict, octets, given);
    return verdict;
}

static size_t unhex(const char *hex, uint8_t *octets)
{
    size_t n = 0;
    unsigned v;

    for (; *hex; hex++) {
        if (*hex == ' ') continue;
        CU_ASSERT_FATAL(n < 2048 && sscanf(hex, "%2x", &v) == 1);
        octets[n++] = (uint8_t)v;
        hex++;
    }
    return n;
}

#define LINK    "0200c0000202 0200c0000201 "
#define PACKET  "0100485000020016 0105 0000 c6336407 0201010300 09"
#define IP4     "45000032 1b584000 4011 9b5f c0000201 c0000202 "
#define UDP     "9c40 0cfa 001e 5abe "
#define FROM_TO "fd000000000000000000000000000001 fd000000000000000000000000000002 "

static const struct {
    const char *hex;
    bool claimed, passes;
} frames[] = {
    {LINK "88b5" PACKET, true, true},
    {LINK "8100 0005 88b5" PACKET, true, true},
    {LINK "88a8 0005 8100 0006 88b5" PACKET, true, true},
    {LINK "8100 0005 0800" IP4 UDP PACKET, true, true},
    {LINK "88a8 0005 8100 0006 0800" IP4 UDP PACKET, true, true},
    {LINK "0800" IP4 UDP PACKET, true, true},
    {LINK "0800" IP4 "9c40 0cfa 001e 8433" PACKET, false, true}, /* the checksum is left open */
    {LINK "0800 4500002a1b594000406b9b0cc0000201c0000202" PACKET, true, true},
    {LINK "0800 4700003a1b60400040118e48c0000201c0000202 0707040000000000" UDP PACKET, true, true},
    {LINK "86dd 60000000 001e 11 40" FROM_TO "9c40 0cfa 001e e4bd" PACKET, true, true},
    {LINK "86dd 60000000 0016 6b 40" FROM_TO PACKET, true, true},
    {LINK "86dd 60000000 0026 00 40" FROM_TO "3c00010400000000 6b00010400000000" PACKET, true, true},
    /* a piece, a wrong version, a header that is too short: who knows what they were */
    {LINK "0800 450000321b5800024011db5dc0000201c0000202 6161616161616161" PACKET, false, true},
    {LINK "0800 65000032 1b584000 4011 9b5f c0000201 c0000202 0000 0000", false, true},
    {LINK "0800 44000032 1b584000 4011 9b5f c0000201 c0000202 0000 0000", false, true},
    {LINK "86dd 60000000 0016 2c 40" FROM_TO "6b00000112345678" PACKET, false, true},
    /* of no interest */
    {LINK "0806 0001080006040001", false, false},
    {LINK "0800 450000281b58400040069b74c0000201c0000202 c0010050 00000000 00000000 50020000 00000000", false,
     false},
    {LINK "0800" IP4 "9c40 0035 001e 5abe" PACKET, false, false},
    {LINK "86dd 60000000 001e 11 40" FROM_TO "9c40 0035 001e e4bd" PACKET, false, false},
    {LINK "86dd 60000000 0010 00 40" FROM_TO "3a00050200000000 8f00000000000000", false, false},
    {LINK "8100 0005 0806" PACKET, false, false},
    {LINK "8100 0005 8100 0005 8100 0005 88b5" PACKET, false, false},
    {LINK "0026 424203", false, false},
};
enum { FRAMES = sizeof frames / sizeof *frames };

static void test_filter(void)
{
    struct peeling p;
    uint8_t octets[2048];
    bool passed;
    unsigned i;

    peeling_open(&p);
    for (i = 0; i < FRAMES; i++) {
        size_t length = unhex(frames[i].hex, octets);
        enum carrier_verdict verdict = check_frame(&p, octets, length, &passed);

        if (passed == frames[i].passes && (verdict == VERDICT_CLAIMED) == frames[i].claimed) continue;
        fprintf(stderr, "    frame %u: %s, passed %d\n", i, carrier_verdict_name(verdict), passed);
        CU_FAIL("filter");
    }
    peeling_close(&p);
}

/* Frames that were changed at random, and as random ones as there are. */
static void test_filter_at_random(void)
{
    struct peeling p;
    uint8_t octets[2048];
    unsigned short state[3] = {1, 2, 3};
    unsigned i, claimed = 0, away = 0;
    bool passed;

    peeling_open(&p);
    for (i = 0; i < 200000; i++) {
        size_t length = unhex(frames[i % FRAMES].hex, octets);
        unsigned changes = (unsigned)nrand48(state) % 4;

        while (changes-- > 0) octets[12 + (unsigned)nrand48(state) % (length - 12)] = (uint8_t)nrand48(state);
        if (nrand48(state) % 4 == 0) length -= (size_t)nrand48(state) % (length - 12);
        claimed += check_frame(&p, octets, length, &passed) == VERDICT_CLAIMED;
        away += !passed;
    }
    CU_ASSERT_TRUE(claimed > 20000 && away > 20000 && p.completed > 2000);
    peeling_close(&p);
}

/* Any claims make a program that libpcap and the kernel call valid. */
static void test_filter_programs(void)
{
    struct port_filter filter;
    struct port_claim claims[PORT_CLAIMS + 1];
    uint8_t octets[2048];
    size_t length = unhex(LINK "0806 0001080006040001", octets);
    int ends[2];
    unsigned n, kind, longest = 0;

    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
    for (kind = 0; kind < 4; kind++)
        for (n = 0; n <= PORT_CLAIMS + 1; n++) {
            unsigned i;

            for (i = 0; i < n; i++) claims[i] = (struct port_claim){kind == 3 ? i % 3 : kind, 1000 + i};
            port_filter_make(&filter, claims, n);
            CU_ASSERT_TRUE(bpf_validate((struct bpf_insn *)(void *)filter.steps, (int)filter.count));
            CU_ASSERT_EQUAL(port_filter_attach(&filter, ends[0]), 0);
            CU_ASSERT_EQUAL(passes(&filter, octets, length), n > PORT_CLAIMS);
            if (filter.count > longest) longest = filter.count;
        }
    CU_ASSERT_TRUE(longest <= PORT_FILTER_STEPS);
    close(ends[0]);
    close(ends[1]);
}

/* ---- checksums that were left open ---------------------------------------------------------------- */

static const struct {
    const char *complete, *open; /* what the field holds */
    const char *before, *after;
} datagrams[] = {
    {"5abe", "8433", LINK "0800" IP4 "9c40 0cfa 001e ", PACKET},
    {"5abe", "8433", LINK "8100 0005 0800" IP4 "9c40 0cfa 001e ", PACKET},
    {"5abe", "8433", LINK "0800 4700003a1b60400040118e48c0000201c0000202 0707040000000000 9c40 0cfa 001e ",
     PACKET},
    {"e4bd", "fa33", LINK "86dd 60000000 001e 11 40" FROM_TO "9c40 0cfa 001e ", PACKET},
};

static size_t datagram(unsigned i, const char *field, uint8_t *octets)
{
    size_t n = unhex(datagrams[i].before, octets);

    n += unhex(field, octets + n);
    return n + unhex(datagrams[i].after, octets + n);
}

static void test_open_checksums(void)
{
    uint8_t open[2048], complete[2048], got[2048];
    unsigned i;

    for (i = 0; i < sizeof datagrams / sizeof *datagrams; i++) {
        size_t n = datagram(i, datagrams[i].complete, complete), length;

        CU_ASSERT_EQUAL(datagram(i, datagrams[i].open, open), n);
        memcpy(got, open, n);
        CU_ASSERT_TRUE(offload_complete(got, (uint32_t)n));
        CU_ASSERT_EQUAL(memcmp(got, complete, n), 0);
        CU_ASSERT_FALSE(offload_complete(got, (uint32_t)n)); /* once */
        got[n - 1] ^= 1;
        CU_ASSERT_FALSE(offload_complete(got, (uint32_t)n)); /* damage stays damage */
        for (length = 0; length < n; length++) {
            uint8_t *cut = malloc(length + 1); /* exactly: a step too far is seen */

            memcpy(cut, open, length);
            CU_ASSERT_FALSE(offload_complete(cut, (uint32_t)length));
            CU_ASSERT_EQUAL(memcmp(cut, open, length), 0);
            free(cut);
        }
    }
}

/* What only looks open: complete by chance, or a piece of a datagram. */
static void test_closed_checksums(void)
{
    uint8_t octets[2048], got[2048];
    size_t n = datagram(0, datagrams[0].open, octets);
    unsigned i, complete = 0;

    for (i = 0; i <= UINT16_MAX; i++) {
        octets[n - 2] = (uint8_t)(i >> 8);
        octets[n - 1] = (uint8_t)i;
        memcpy(got, octets, n);
        if (offload_complete(got, (uint32_t)n)) {
            if (!memcmp(got, octets, n)) CU_FAIL("nothing was written");
        } else {
            complete++;
        }
    }
    CU_ASSERT_EQUAL(complete, 1);
    octets[20] = 0x20; /* more fragments */
    CU_ASSERT_FALSE(offload_complete(octets, (uint32_t)n));
    octets[20] = 0;
    octets[21] = 1;
    CU_ASSERT_FALSE(offload_complete(octets, (uint32_t)n));
    octets[21] = 0;
    octets[23] = 6; /* not UDP */
    CU_ASSERT_FALSE(offload_complete(octets, (uint32_t)n));
    octets[23] = 17;
    CU_ASSERT_TRUE(offload_complete(octets, (uint32_t)n));
}

void port_pcap_tests(CU_pSuite suite)
{
    CU_add_test(suite, "frames come when they are due", test_pace);
    CU_add_test(suite, "gaps, and times that go back", test_pace_of_odd_times);
    CU_add_test(suite, "no times make a long wait", test_pace_is_bounded);
    CU_add_test(suite, "pace in virtual time", test_pace_in_virtual_time);
    CU_add_test(suite, "times of a replay", test_times_as_fast);
    CU_add_test(suite, "a replay's record", test_record_of_replay);
    CU_add_test(suite, "a record of what waited", test_record_of_delay);
    CU_add_test(suite, "a record alone", test_record_alone);
    CU_add_test(suite, "a record into a pipe", test_record_into_a_pipe);
    CU_add_test(suite, "a record is one port's", test_record_is_one_ports);
    CU_add_test(suite, "a record of a busy port", test_record_while_busy);
    CU_add_test(suite, "a record before the port's sleep", test_record_before_sleep);
    CU_add_test(suite, "all that a link may hold", test_all_that_a_link_may_hold);
    CU_add_test(suite, "a pipe is not waited for", test_pipe);
    CU_add_test(suite, "a full disk", test_full_disk);
    CU_add_test(suite, "captures of all formats", test_good_captures);
    CU_add_test(suite, "pcapng", test_pcapng);
    CU_add_test(suite, "bad headers of captures", test_bad_headers);
    CU_add_test(suite, "bad records of captures", test_bad_records);
    CU_add_test(suite, "a frame longer than a buffer", test_long_frame);
    CU_add_test(suite, "what is no file", test_paths);
    CU_add_test(suite, "captures cut anywhere", test_cut_captures);
    CU_add_test(suite, "captures changed anywhere", test_changed_captures);
    CU_add_test(suite, "options that are refused", test_refused_options);
    CU_add_test(suite, "the filter", test_filter);
    CU_add_test(suite, "the filter against the peeling", test_filter_at_random);
    CU_add_test(suite, "the filter's programs", test_filter_programs);
    CU_add_test(suite, "checksums that were left open", test_open_checksums);
    CU_add_test(suite, "checksums that only look open", test_closed_checksums);
}
