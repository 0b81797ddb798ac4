/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier_test.c - frames through a whole router: every frame ends in one named outcome
 * and the ledger balances, whatever is cut off or changed; what leaves is right to the
 * octet; a capture is replayed or refused by name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/carrier.h"
#include "daemon/options.h"
#include "daemon/report.h"
#include "daemon/worker.h"
#include "engine/load.h"
#include "suites.h"

#ifndef VVM_SOURCE
#define VVM_SOURCE "."
#endif

/* ---- a port that is fed and read by the test ---- */

enum { FEED_MOST = 64, FRAME_ROOM = 2048 };

struct feed {
    struct buffer_pool *pool;
    struct vvm_packet *waiting[FEED_MOST];
    unsigned waiting_count;
    uint8_t sent[FEED_MOST][FRAME_ROOM];
    uint32_t sent_length[FEED_MOST];
    unsigned sent_count;
    bool refusing; /* takes nothing */
};

static int feed_open(struct port *port, const struct port_options *options)
{
    struct feed *feed = calloc(1, sizeof *feed);

    (void)options;
    CU_ASSERT_FATAL(feed && !buffer_pool_open(&feed->pool, 128, FRAME_ROOM, PORT_HEADROOM));
    snprintf(port->name, sizeof port->name, "feed");
    port->pool = buffer_pool_ops(feed->pool);
    port->state = feed;
    return 0;
}

static int feed_close(struct port *port)
{
    struct feed *feed = port->state;

    buffer_pool_close(feed->pool); /* asserts that every packet came back */
    free(feed);
    return 0;
}

static int feed_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct feed *feed = port->state;
    unsigned n = feed->waiting_count < room ? feed->waiting_count : room;

    memcpy(packets, feed->waiting, n * sizeof *packets);
    feed->waiting_count -= n;
    memmove(feed->waiting, feed->waiting + n, feed->waiting_count * sizeof *packets);
    return (int)n;
}

static int feed_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct feed *feed = port->state;
    unsigned i;

    if (feed->refusing) return 0;
    for (i = 0; i < n; i++) {
        unsigned at = feed->sent_count++ % FEED_MOST;

        feed->sent_length[at] = packets[i]->length;
        memcpy(feed->sent[at], packets[i]->base + packets[i]->head, packets[i]->length);
        packet_free(packets[i]);
    }
    return (int)n;
}

static int feed_descriptor(struct port *port) { return (void)port, -1; }
static bool feed_arm(struct port *port) { return (void)port, false; }
static uint32_t feed_mtu(struct port *port) { return (void)port, 1500; }
static bool feed_link_up(struct port *port) { return (void)port, true; }
static void feed_stats(struct port *port, struct port_stats *stats)
{
    (void)port;
    *stats = (struct port_stats){0};
}

static const struct port_ops feed_port = {
    .kind = "feed",
    .open = feed_open,
    .close = feed_close,
    .rx_burst = feed_rx_burst,
    .tx_burst = feed_tx_burst,
    .descriptor = feed_descriptor,
    .arm = feed_arm,
    .mtu = feed_mtu,
    .link_up = feed_link_up,
    .stats = feed_stats,
};

/* ---- a router with the toy network, 192.0.2.2, and a route to 198.51.100.0/24 ---- */

struct bench {
    struct router router;
    struct worker worker;
    struct feed *feed;
    struct ledger_report report;
};

static struct bench *bench_open(void)
{
    static const int64_t link[] = {0xc0000200, 24, 0, 0}, far[] = {0xc6336400, 24, 0, 0xc0000201};
    struct bench *b = calloc(1, sizeof *b);
    struct port *port;
    struct vvm_vmlet *vmlet;

    CU_ASSERT_FATAL(b && !router_open(&b->router, "test", true, NULL));
    CU_ASSERT_FATAL(!router_add_port(&b->router, &feed_port, &(struct port_options){0}, &port));
    CU_ASSERT_FATAL(!router_add_address(&b->router, 0xc0000202, 24));
    CU_ASSERT_FATAL(!load_file(&b->router.node->control, VVM_SOURCE "/netvmlets/hop.vml", &vmlet));
    CU_ASSERT_FATAL(!router_tell(&b->router, "route-add!", link, 4));
    CU_ASSERT_FATAL(!router_tell(&b->router, "route-add!", far, 4));
    CU_ASSERT_FATAL(!worker_open(&b->worker, &b->router));
    b->feed = port->state;
    return b;
}

static void bench_close(struct bench *b)
{
    char why[256];

    worker_close(&b->worker);
    CU_ASSERT_EQUAL(ledger_balance(b->router.node), 0);
    CU_ASSERT_EQUAL(router_close(&b->router, why), 0);
    free(b);
}

static void feed(struct bench *b, const uint8_t *octets, size_t length)
{
    struct vvm_packet *packet = b->router.ports[0].pool->alloc(b->router.ports[0].pool);

    CU_ASSERT_FATAL(packet && b->feed->waiting_count < FEED_MOST && !packet_append(packet, octets, length));
    packet->ingress = 0;
    b->feed->waiting[b->feed->waiting_count++] = packet;
}

static void run(struct bench *b)
{
    while (worker_step(&b->worker) > 0)
        ;
    CU_ASSERT_EQUAL(b->feed->waiting_count, 0);
}

static uint64_t counted(struct bench *b, enum ledger_kind kind, const char *name)
{
    uint64_t sum = 0;
    unsigned i;

    report_take(&b->report, b->router.node);
    for (i = 0; i < b->report.row_count; i++)
        if (b->report.rows[i].kind == kind && (!name || strcmp(b->report.rows[i].name, name) == 0))
            sum += b->report.rows[i].count;
    return sum;
}

static uint64_t ended(struct bench *b)
{
    return counted(b, LEDGER_SENT, NULL) + counted(b, LEDGER_DELIVERED, NULL) +
           counted(b, LEDGER_CONSUMED, NULL) + counted(b, LEDGER_DROPPED, NULL);
}

/* So many frames came and went, none twice; no row without a name of its own. */
static void check_books(struct bench *b, uint64_t frames)
{
    CU_ASSERT_EQUAL(counted(b, LEDGER_RECEIVED, NULL), frames);
    CU_ASSERT_EQUAL(counted(b, LEDGER_CREATED, NULL), 0);
    CU_ASSERT_EQUAL(ended(b), frames);
    CU_ASSERT_EQUAL(counted(b, LEDGER_DROPPED, "other"), 0);
    CU_ASSERT_EQUAL(ledger_balance(b->router.node), 0);
}

static size_t unhex(const char *hex, uint8_t *octets)
{
    size_t n = 0;
    unsigned v;

    for (; *hex; hex++) {
        if (*hex == ' ') continue;
        CU_ASSERT_FATAL(n < FRAME_ROOM && sscanf(hex, "%2x", &v) == 1);
        octets[n++] = (uint8_t)v;
        hex++;
    }
    return n;
}

/* ---- golden packets: taken from a capture that tcpdump wrote ---- */

struct golden {
    const char *name, *hex;
    enum ledger_kind kind;
    const char *reason;
};

#define LINK_HEADER "0200c0000202 0200c0000201 "
#define TO_FAR      "0105 0000 c6336407 0201010300 09"
#define TO_HERE     "0105 0000 c0000202 0201010300 09"

static const struct golden goldens[] = {
    {"forwarded over UDP",
     LINK_HEADER "0800 450000321b58400040119b5fc0000201c0000202 9c400cfa001e5abe 0100485000020016" TO_FAR,
     LEDGER_SENT, "hop"},
    {"forwarded over IP",
     LINK_HEADER "0800 4500002a1b594000406b9b0cc0000201c0000202 0100485000020016" TO_FAR "00000000",
     LEDGER_SENT, "hop"},
    {"forwarded over Ethernet",
     LINK_HEADER "88b5 0100485000020016" TO_FAR "000000000000000000000000000000000000000000000000",
     LEDGER_SENT, "hop"},
    {"delivered over UDP",
     LINK_HEADER "0800 450000321b5a400040119b5dc0000201c0000202 9c400cfa001ec2f6 0100485000020016" TO_HERE,
     LEDGER_DELIVERED, "port-9"},
    {"delivered over Ethernet, not padded", LINK_HEADER "88b5 0100485000020016" TO_HERE, LEDGER_DELIVERED,
     "port-9"},
    {"forwarded over UDP on IPv6",
     LINK_HEADER "86dd 60000000001e1140 fd000000000000000000000000000001 fd000000000000000000000000000002"
                 "9c400cfa001ee4bd 0100485000020016" TO_FAR,
     LEDGER_SENT, "hop"},
    {"delivered over IPv6",
     LINK_HEADER "86dd 6000000000166b40 fd000000000000000000000000000001 fd000000000000000000000000000002"
                 "0100485000020016" TO_HERE,
     LEDGER_DELIVERED, "port-9"},
    {"options and checksum",
     LINK_HEADER "88b5 01004850000a0036 0001000300000001c0000201 0002000300000001c6336407 000300029b9a0000"
                 "01400000c6336407020101030009",
     LEDGER_SENT, "hop"},
    {"IPv4 options",
     LINK_HEADER "0800 4700003a1b60400040118e48c0000201c0000202 0707040000000000 9c400cfa001e5abe"
                 "0100485000020016" TO_FAR,
     LEDGER_SENT, "hop"},
    {"out of two VLANs",
     LINK_HEADER "88a80064 81000005 88b5 0100485000020016" TO_HERE "00000000000000000000000000000000",
     LEDGER_DELIVERED, "port-9"},
};
enum { GOLDENS = sizeof goldens / sizeof *goldens };

static void test_golden(void)
{
    struct bench *b = bench_open();
    uint8_t octets[FRAME_ROOM];
    unsigned i;

    for (i = 0; i < GOLDENS; i++) {
        uint64_t before = counted(b, goldens[i].kind, goldens[i].reason);

        feed(b, octets, unhex(goldens[i].hex, octets));
        run(b);
        CU_ASSERT_EQUAL(counted(b, goldens[i].kind, goldens[i].reason), before + 1);
        check_books(b, i + 1);
    }
    bench_close(b);
}

static void test_truncations(void)
{
    struct bench *b = bench_open();
    uint8_t octets[FRAME_ROOM];
    uint64_t frames = 0;
    unsigned i;

    for (i = 0; i < GOLDENS; i++) {
        size_t whole = unhex(goldens[i].hex, octets), length;

        for (length = 0; length < whole; length++) {
            feed(b, octets, length);
            run(b);
            check_books(b, ++frames);
        }
    }
    bench_close(b);
}

/* Every octet of a golden packet takes every other value. */
static void change_octets(const struct golden *golden)
{
    struct bench *b = bench_open();
    uint8_t octets[FRAME_ROOM];
    size_t length = unhex(golden->hex, octets), at;
    uint64_t frames = 0;

    for (at = 0; at < length; at++) {
        uint8_t right = octets[at];
        unsigned change;

        for (change = 1; change < 256; change++) {
            octets[at] = right ^ (uint8_t)change;
            feed(b, octets, length);
            if (b->feed->waiting_count == PORT_BURST) run(b);
        }
        octets[at] = right;
        run(b);
        frames += 255;
        check_books(b, frames);
    }
    bench_close(b);
}

static void test_changes_0(void) { change_octets(&goldens[0]); }
static void test_changes_1(void) { change_octets(&goldens[1]); }
static void test_changes_2(void) { change_octets(&goldens[2]); }
static void test_changes_3(void) { change_octets(&goldens[3]); }
static void test_changes_4(void) { change_octets(&goldens[4]); }
static void test_changes_5(void) { change_octets(&goldens[5]); }
static void test_changes_6(void) { change_octets(&goldens[6]); }
static void test_changes_7(void) { change_octets(&goldens[7]); }
static void test_changes_8(void) { change_octets(&goldens[8]); }
static void test_changes_9(void) { change_octets(&goldens[9]); }

/* ---- one verdict a frame ---- */

#define IP4_UDP(sum) LINK_HEADER "0800 450000321b584000" sum "c0000201c0000202"
#define IP6(length, next)                                                                                    \
    LINK_HEADER "86dd 60000000" length next                                                                  \
                "40 fd000000000000000000000000000001 fd000000000000000000000000000002"
#define PACKET "0100485000020016" TO_FAR
#define OPTION "3c00010400000000"

static const struct golden verdicts[] = {
    {"nothing", "", LEDGER_DROPPED, "truncated"},
    {"half an Ethernet header", "0200c0000202 02", LEDGER_DROPPED, "truncated"},
    {"half a VLAN tag", LINK_HEADER "8100 00", LEDGER_DROPPED, "truncated"},
    {"three VLAN tags", LINK_HEADER "810000018100000281000003 88b5" PACKET, LEDGER_DROPPED, "not-active"},
    {"ARP", LINK_HEADER "0806 0001080006040001", LEDGER_DROPPED, "not-active"},
    {"IEEE 802.3", LINK_HEADER "0026 424203", LEDGER_DROPPED, "not-active"},
    {"IPv6 said to be IPv4", LINK_HEADER "0800 60000000", LEDGER_DROPPED, "bad-ip-version"},
    {"IPv4 said to be IPv6", LINK_HEADER "86dd 45000032", LEDGER_DROPPED, "bad-ip-version"},
    {"IPv4 header of 16 octets", LINK_HEADER "0800 4400003200004000", LEDGER_DROPPED, "bad-ip-length"},
    {"IPv4 header that is not there", LINK_HEADER "0800 4f00003200004000", LEDGER_DROPPED, "truncated"},
    {"total length below the header", LINK_HEADER "0800 450000131b59400040019b8dc0000201c0000202",
     LEDGER_DROPPED, "bad-ip-length"},
    {"IPv4 checksum", IP4_UDP("40119b5e") "9c400cfa001e5abe" PACKET, LEDGER_DROPPED, "bad-ip-checksum"},
    {"TCP",
     LINK_HEADER "0800 450000281b58400040069b74c0000201c0000202 c0010050 00000000 00000000 50020000 00000000",
     LEDGER_DROPPED, "not-active"},
    {"UDP to another port, checksum wrong", IP4_UDP("40119b5f") "9c400035001e0001" PACKET, LEDGER_DROPPED,
     "not-active"},
    {"UDP longer than its datagram", IP4_UDP("40119b5f") "9c400cfa001f5abe" PACKET, LEDGER_DROPPED,
     "bad-udp-length"},
    {"UDP shorter than its header", IP4_UDP("40119b5f") "9c400cfa00075abe" PACKET, LEDGER_DROPPED,
     "bad-udp-length"},
    {"UDP checksum", IP4_UDP("40119b5f") "9c400cfa001e5abf" PACKET, LEDGER_DROPPED, "bad-udp-checksum"},
    {"UDP without a checksum", IP4_UDP("40119b5f") "9c400cfa001e0000" PACKET, LEDGER_SENT, "hop"},
    {"UDP without a checksum on IPv6", IP6("001e", "11") "9c400cfa001e0000" PACKET, LEDGER_DROPPED,
     "bad-udp-checksum"},
    {"first fragment", LINK_HEADER "0800 450000321b5820004011bb5fc0000201c0000202 9c400cfa001e5abe" PACKET,
     LEDGER_DROPPED, "fragment"},
    {"last fragment", LINK_HEADER "0800 450000321b5800024011db5dc0000201c0000202 9c400cfa001e5abe" PACKET,
     LEDGER_DROPPED, "fragment"},
    {"IPv6 fragment", IP6("001e", "2c") "6b00000112345678" PACKET, LEDGER_DROPPED, "fragment"},
    {"IPv6 payload that is not there", IP6("0017", "6b") PACKET, LEDGER_DROPPED, "truncated"},
    {"IPv6 payload and padding", IP6("0016", "6b") PACKET "0000", LEDGER_SENT, "hop"},
    {"IPv6 options of all kinds", IP6("0026", "00") "3c00010400000000 6b00010400000000" PACKET, LEDGER_SENT,
     "hop"},
    {"IPv6 options that do not end", IP6("0010", "3c") "6b02010400000000 0000000000000000", LEDGER_DROPPED,
     "truncated"},
    {"IPv6 hop-by-hop options out of place", IP6("0026", "3c") "0000010400000000 6b00010400000000" PACKET,
     LEDGER_DROPPED, "not-active"},
    {"more option headers than allowed",
     IP6("0048", "3c") OPTION OPTION OPTION OPTION OPTION OPTION OPTION OPTION OPTION, LEDGER_DROPPED,
     "ip-options"},
    {"IPv6 without a next header", IP6("0000", "3b"), LEDGER_DROPPED, "not-active"},
    {"time to live used up", LINK_HEADER "0800 4500002a1b594000016bda0cc0000201c0000202" PACKET,
     LEDGER_DROPPED, "ttl-expired"},
    {"time to live of 0", LINK_HEADER "0800 4500002a1b594000006bdb0cc0000201c0000202" PACKET, LEDGER_DROPPED,
     "ttl-expired"},
};

static void test_verdicts(void)
{
    struct bench *b = bench_open();
    uint8_t octets[FRAME_ROOM];
    unsigned i;

    for (i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        const struct golden *v = &verdicts[i];
        uint64_t before = counted(b, v->kind, v->reason);

        feed(b, octets, unhex(v->hex, octets));
        run(b);
        if (counted(b, v->kind, v->reason) != before + 1) {
            fprintf(stderr, "    \"%s\" did not end as %s\n", v->name, v->reason);
            CU_FAIL("verdict");
        }
        check_books(b, i + 1);
    }
    bench_close(b);
}

/* ---- what leaves ---- */

static void check_sent(const char *in, const char *out)
{
    struct bench *b = bench_open();
    uint8_t octets[FRAME_ROOM], expected[FRAME_ROOM];
    size_t length = unhex(out, expected);

    feed(b, octets, unhex(in, octets));
    run(b);
    CU_ASSERT_EQUAL_FATAL(b->feed->sent_count, 1);
    CU_ASSERT_EQUAL(b->feed->sent_length[0], length);
    CU_ASSERT_EQUAL(memcmp(b->feed->sent[0], expected, length), 0);
    bench_close(b);
}

#define LINK_BACK "0200c0000201 0200c0000202 "
#define PACKET_ON "0100485000020016 0104 0000 c6336407 0201010300 09"

static void test_sealed_udp(void)
{
    check_sent(goldens[0].hex,
               LINK_BACK "0800 45000032000040003f11b7b7c0000202c0000201 0cfa0cfa001eea05" PACKET_ON);
}
static void test_sealed_ip(void)
{
    check_sent(goldens[1].hex, LINK_BACK "0800 4500002a000040003f6bb765c0000202c0000201" PACKET_ON);
}
static void test_sealed_ethernet(void) { check_sent(goldens[2].hex, LINK_BACK "88b5" PACKET_ON); }

/* The next hop is an IPv4 address, so what came over IPv6 leaves over IPv4. */
static void test_sealed_ip6(void)
{
    check_sent(goldens[5].hex,
               LINK_BACK "0800 45000032000040003f11b7b7c0000202c0000201 0cfa0cfa001eea05" PACKET_ON);
}

/* A port that takes nothing: the queue fills, then packets are dropped by name, and what
 * stands in the queue at the end is not counted as sent. */
static void test_full_queue(void)
{
    struct bench *b = bench_open();
    uint8_t octets[FRAME_ROOM];
    size_t length = unhex(goldens[0].hex, octets);
    unsigned i;

    b->feed->refusing = true;
    for (i = 0; i < PORT_BURST + 3; i++) feed(b, octets, length);
    run(b);
    CU_ASSERT_EQUAL(counted(b, LEDGER_SENT, "hop"), PORT_BURST);
    CU_ASSERT_EQUAL(counted(b, LEDGER_DROPPED, "tx-full"), 3);
    check_books(b, PORT_BURST + 3);
    worker_close(&b->worker);
    CU_ASSERT_EQUAL(counted(b, LEDGER_SENT, "hop"), 0);
    CU_ASSERT_EQUAL(counted(b, LEDGER_DROPPED, "port-closed"), PORT_BURST);
    check_books(b, PORT_BURST + 3);
    CU_ASSERT_FATAL(!worker_open(&b->worker, &b->router));
    bench_close(b);
}

/* A buffer too near its begin for the headers, and one too long for any datagram. */
static void test_seal_refusals(void)
{
    static uint8_t memory[70000];
    struct vvm_packet packet = {.base = memory, .capacity = sizeof memory, .head = 41, .length = 8};
    struct carrier_seal seal = {.kind = CARRIER_UDP, .key = 3322, .source = 1, .destination = 2};
    const char *reason = "";

    CU_ASSERT_EQUAL(carrier_put(&packet, &seal, &reason), -ENOSPC);
    CU_ASSERT_STRING_EQUAL(reason, "no-headroom");
    packet.head = 128;
    packet.length = 65535 - 28 + 1;
    CU_ASSERT_EQUAL(carrier_put(&packet, &seal, &reason), -EMSGSIZE);
    CU_ASSERT_STRING_EQUAL(reason, "too-big");
    packet.length = 8;
    seal.source = 0;
    CU_ASSERT_EQUAL(carrier_put(&packet, &seal, &reason), -EADDRNOTAVAIL);
    CU_ASSERT_STRING_EQUAL(reason, "no-address");
    seal.source = 1;
    packet.head = 42;
    CU_ASSERT_EQUAL(carrier_put(&packet, &seal, &reason), 0);
    CU_ASSERT_EQUAL(packet.head, 0);
    CU_ASSERT_EQUAL(packet.length, 50);
}

/* ---- captures ---- */

/* A capture file of one frame: link type, captured and original length, octets. */
static void write_capture(const char *path, uint32_t link, uint32_t captured, uint32_t original,
                          uint32_t there)
{
    const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, link},
                   record[] = {1, 0, captured, original};
    FILE *f = fopen(path, "wb");
    uint32_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fwrite(header, sizeof header, 1, f);
    fwrite(record, sizeof record, 1, f);
    for (i = 0; i < there; i++) fputc(0, f);
    fclose(f);
}

static void temporary(char path[32])
{
    snprintf(path, 32, "/tmp/vvm-carrier-XXXXXX");
    close(mkstemp(path));
}

static void check_refused(const char *path, int err, const char *part)
{
    struct port port = {.ops = &port_pcap_file};

    CU_ASSERT_EQUAL(port_pcap_file.open(&port, &(struct port_options){.name = "in", .read_path = path}), err);
    CU_ASSERT_PTR_NOT_NULL(strstr(port.why, part));
    CU_ASSERT_PTR_NULL(port.state);
}

static void test_capture_refused(void)
{
    char path[32];
    struct port port = {.ops = &port_pcap_file};

    temporary(path);
    write_capture(path, 113, 16, 16, 16);
    check_refused(path, -EPROTONOSUPPORT, "LINUX_SLL");
    check_refused("/nonexistent/in.pcap", -EIO, "/nonexistent/in.pcap: No such file");
    check_refused(VVM_SOURCE "/netvmlets/hop.vml", -EIO, "unknown file format");
    CU_ASSERT_EQUAL(port_pcap_file.open(&port, &(struct port_options){.mtu = 60}), -ERANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(port.why, "MTU 60"));
    CU_ASSERT_EQUAL(port_pcap_file.open(&port, &(struct port_options){.write_path = "/nonexistent/out"}),
                    -EIO);
    unlink(path);
}

/* One frame of a capture, and what the port makes of it. */
static void check_loss(uint32_t captured, uint32_t original, uint32_t there, int n, int loss)
{
    char path[32];
    struct port port = {.ops = &port_pcap_file};
    struct vvm_packet *packets[PORT_BURST];
    struct port_stats stats;
    unsigned i;

    temporary(path);
    write_capture(path, 1, captured, original, there);
    CU_ASSERT_FATAL(!port_pcap_file.open(&port, &(struct port_options){.read_path = path}));
    CU_ASSERT_EQUAL(port_pcap_file.rx_burst(&port, packets, PORT_BURST), n);
    if (n > 0) packet_free(packets[0]);
    port_pcap_file.stats(&port, &stats);
    for (i = 0; i < LOSS_KINDS; i++) CU_ASSERT_EQUAL(stats.lost[i], (int)i == loss);
    CU_ASSERT_EQUAL(port_pcap_file.rx_burst(&port, packets, PORT_BURST), n == -EIO ? -EIO : -ENODATA);
    CU_ASSERT_EQUAL(port_pcap_file.close(&port), 0);
    unlink(path);
}

static void test_capture_losses(void)
{
    check_loss(60, 60, 60, 1, -1);
    check_loss(60, 61, 60, 0, LOSS_TRUNCATED);
    check_loss(60, 59, 60, 0, LOSS_TRUNCATED);
    check_loss(65557, 65557, 65557, 1, -1);
    check_loss(65558, 65558, 65558, 0, LOSS_TOO_LONG);
    check_loss(60, 60, 30, -EIO, -1); /* the file ends in the frame */
}

static void test_pool_exhausted(void)
{
    struct port port = {.ops = &port_pcap_file};
    struct port_options options = {.read_path = VVM_SOURCE "/tests/capture/first-light.pcap", .buffers = 4};
    struct vvm_packet *packets[PORT_BURST];
    struct port_stats stats;
    int i, n;

    CU_ASSERT_FATAL(!port_pcap_file.open(&port, &options));
    n = port_pcap_file.rx_burst(&port, packets, PORT_BURST);
    CU_ASSERT_EQUAL(n, 4);
    for (i = 0; i < n; i++) packet_free(packets[i]);
    port_pcap_file.stats(&port, &stats);
    CU_ASSERT_EQUAL(stats.lost[LOSS_NO_BUFFER], PORT_BURST - 4);
    CU_ASSERT_EQUAL(port_pcap_file.close(&port), 0);
}

/* ---- options ---- */

static void check_options(const char *part, const char *a, const char *b)
{
    struct settings settings;
    char *argv[] = {"vvmd", "-r", "in", (char *)a, (char *)b, "x.vml", NULL}, why[256] = "";

    CU_ASSERT_EQUAL(options_parse(&settings, 6, argv, why, sizeof why), part ? -EINVAL : 0);
    if (part) CU_ASSERT_PTR_NOT_NULL(strstr(why, part));
}

static void test_options(void)
{
    struct settings settings;
    char *none[] = {"vvmd", NULL}, *given[] = {"vvmd", "-r", "in", "-a", "10.0.0.9", "x.vml", NULL}, why[256];

    check_options(NULL, "-a", "10.0.0.1/8,10.0.0.2");
    check_options(NULL, "-R", "0.0.0.0/0=10.0.0.1");
    check_options("--address", "-a", "10.0.0");
    check_options("--address", "-a", "10.0.0.1/33");
    check_options("--address", "-a", "10.0.0.1=10.0.0.2");
    check_options("--address", "-a", "0.0.0.0");
    check_options("--route", "-R", "10.0.0.0/8");
    check_options("--route", "-R", "10.0.0.0/8=far");
    check_options("--mtu", "--mtu", "1e3");
    check_options("unknown", "--colour", "red");
    CU_ASSERT_EQUAL(options_parse(&settings, 1, none, why, sizeof why), -EINVAL);
    setenv("VVMD_ADDRESS", "10.0.0.1 10.0.0.2", 1);
    CU_ASSERT_EQUAL(options_parse(&settings, 3, given, why, sizeof why), -EINVAL);
    CU_ASSERT_EQUAL(settings.addresses.count, 2);
    CU_ASSERT_EQUAL(options_parse(&settings, 6, given, why, sizeof why), 0);
    CU_ASSERT_EQUAL(settings.addresses.count, 1); /* the command line wins */
    CU_ASSERT_EQUAL(settings.addresses.items[0].address, 0x0a000009);
    CU_ASSERT_EQUAL(settings.file_count, 1);
}

void carrier_tests(CU_pSuite suite)
{
    CU_add_test(suite, "golden packets", test_golden);
    CU_add_test(suite, "every truncation", test_truncations);
    CU_add_test(suite, "one octet changed, UDP", test_changes_0);
    CU_add_test(suite, "one octet changed, IP", test_changes_1);
    CU_add_test(suite, "one octet changed, Ethernet", test_changes_2);
    CU_add_test(suite, "one octet changed, UDP here", test_changes_3);
    CU_add_test(suite, "one octet changed, Ethernet here", test_changes_4);
    CU_add_test(suite, "one octet changed, UDP on IPv6", test_changes_5);
    CU_add_test(suite, "one octet changed, IPv6", test_changes_6);
    CU_add_test(suite, "one octet changed, options", test_changes_7);
    CU_add_test(suite, "one octet changed, IPv4 options", test_changes_8);
    CU_add_test(suite, "one octet changed, VLANs", test_changes_9);
    CU_add_test(suite, "one verdict a frame", test_verdicts);
    CU_add_test(suite, "sealed over UDP", test_sealed_udp);
    CU_add_test(suite, "sealed over IP", test_sealed_ip);
    CU_add_test(suite, "sealed over Ethernet", test_sealed_ethernet);
    CU_add_test(suite, "sealed after IPv6", test_sealed_ip6);
    CU_add_test(suite, "a full queue", test_full_queue);
    CU_add_test(suite, "what cannot be sealed", test_seal_refusals);
    CU_add_test(suite, "captures that are refused", test_capture_refused);
    CU_add_test(suite, "frames that a capture lost", test_capture_losses);
    CU_add_test(suite, "no buffer", test_pool_exhausted);
    CU_add_test(suite, "options", test_options);
}
