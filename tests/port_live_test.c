/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_live_test.c - the port on an interface of the host, on a veth pair in a network
 * namespace of the test's own. Where no namespace can be made the tests are not there,
 * and a line says why; in CI that is a failure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/port.h"
#include "suites.h"
#include "veth.h"

#define SECOND UINT64_C(1000000000)
enum { FRAME_ROOM = 70000, WAIT = 5000 /* milliseconds, for what must come */, QUIET = 50 };

struct live {
    struct port port;
    int far;
    uint64_t now;
    uint64_t refused; /* by the book */
};

static uint64_t live_clock(void *data) { return ((struct live *)data)->now; }

static void note_fate(void *data, const struct vvm_packet *packet, enum port_fate fate)
{
    struct live *l = data;

    CU_ASSERT_TRUE(fate == FATE_REFUSED && packet->length > 0);
    l->refused++;
}

static int try_open(struct live *l, struct port_options options)
{
    options.name = "test";
    options.clock = live_clock;
    options.clock_data = l;
    if (!options.device) options.device = VETH_NEAR;
    l->now = l->now ? l->now : 100 * SECOND;
    l->port = (struct port){.ops = &port_pcap, .device = 3, .book = {note_fate, l}};
    return port_pcap.open(&l->port, &options);
}

static void open_claiming(struct live *l, unsigned mtu, const struct port_claim *claims, unsigned n)
{
    *l = (struct live){.far = veth_open(mtu)};
    if (try_open(l, (struct port_options){0})) {
        fprintf(stderr, "    %s\n", l->port.why);
        CU_FAIL_FATAL("open");
    }
    CU_ASSERT_FATAL(!port_pcap.claim(&l->port, claims, n));
}

static const struct port_claim everything[] = {
    {MATCH_ETHERNET, 0x88b5}, {MATCH_ETHERNET, 0x0800}, {MATCH_ETHERNET, 0x86dd}};

static void open_live(struct live *l, unsigned mtu) { open_claiming(l, mtu, everything, 3); }

static void close_live(struct live *l)
{
    CU_ASSERT_EQUAL(port_pcap.close(&l->port), 0);
    close(l->far);
}

static bool wait_for(struct live *l, int milliseconds)
{
    struct pollfd wait = {.fd = port_pcap.descriptor(&l->port), .events = POLLIN};

    CU_ASSERT_TRUE(port_pcap.arm(&l->port));
    return poll(&wait, 1, milliseconds) > 0;
}

/* One packet, or NULL. An interface that went up or down wakes us too. */
static struct vvm_packet *take(struct live *l, int milliseconds)
{
    struct vvm_packet *packet;
    int got = 0;

    do {
        if (!wait_for(l, milliseconds)) return NULL;
        got = port_pcap.rx_burst(&l->port, &packet, 1);
    } while (got == 0 && milliseconds > 0);
    return got == 1 ? packet : NULL;
}

static uint32_t make_frame(uint8_t *octets, uint16_t type, uint32_t length)
{
    static const uint8_t stations[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    uint32_t i;

    memcpy(octets, stations, 12);
    octets[12] = (uint8_t)(type >> 8);
    octets[13] = (uint8_t)type;
    for (i = 14; i < length; i++) octets[i] = (uint8_t)(i * 7 + length);
    return length;
}

static struct port_stats stats_of(struct live *l)
{
    struct port_stats stats;

    port_pcap.stats(&l->port, &stats);
    return stats;
}

/* ---- in ------------------------------------------------------------------------------------ */

static void check_comes(struct live *l, const uint8_t *octets, uint32_t length)
{
    struct vvm_packet *packet;

    CU_ASSERT_TRUE(veth_send(l->far, octets, length));
    packet = take(l, WAIT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
    CU_ASSERT_EQUAL_FATAL(packet->length, length);
    CU_ASSERT_EQUAL(memcmp(packet->base + packet->head, octets, length), 0);
    CU_ASSERT_TRUE(packet->head >= PORT_HEADROOM);
    CU_ASSERT_EQUAL(packet->payload_end, packet->head + length);
    CU_ASSERT_EQUAL(packet->ingress, 3);
    CU_ASSERT_EQUAL(packet->time, l->now);
    CU_ASSERT_EQUAL(l->port.time, l->now);
    packet_free(packet);
    l->now += SECOND / 10;
}

static void test_in(void)
{
    static const uint8_t one[] = {0x81, 0x00, 0x00, 0x05}, two[] = {0x88, 0xa8, 0x00, 0x64, 0x81, 0, 0, 5};
    uint8_t octets[2048], tagged[2048];
    uint32_t length;
    struct live l;

    open_live(&l, 1500);
    CU_ASSERT_EQUAL(l.port.link, PORT_ETHERNET);
    CU_ASSERT_STRING_EQUAL(l.port.name, "test");
    check_comes(&l, octets, make_frame(octets, 0x88b5, 14));
    check_comes(&l, octets, make_frame(octets, 0x88b5, 60));
    length = make_frame(octets, 0x88b5, 1514);
    check_comes(&l, octets, length);
    memcpy(tagged, octets, 12);
    memcpy(tagged + 12, one, sizeof one);
    memcpy(tagged + 16, octets + 12, length - 12);
    check_comes(&l, tagged, length + 4); /* of the largest frame with one tag */
    memcpy(tagged + 12, two, sizeof two);
    memcpy(tagged + 20, octets + 12, 500);
    check_comes(&l, tagged, 520);
    CU_ASSERT_EQUAL(stats_of(&l).rx_frames, 5);
    CU_ASSERT_PTR_NULL(take(&l, 0));
    close_live(&l);
}

/* Only what is claimed comes in; claims change while frames come, and none is lost. */
static void test_claims(void)
{
    static const struct port_claim first = {MATCH_ETHERNET, 0x88b5}, second = {MATCH_ETHERNET, 0x88b6};
    const struct port_claim both[] = {first, second};
    uint8_t octets[100];
    unsigned i, came = 0;
    struct live l;
    struct vvm_packet *packet;

    open_claiming(&l, 1500, NULL, 0);
    veth_send(l.far, octets, make_frame(octets, 0x88b5, 60));
    CU_ASSERT_PTR_NULL(take(&l, QUIET));
    CU_ASSERT_EQUAL(port_pcap.claim(&l.port, &first, 1), 0);
    CU_ASSERT_PTR_NULL(take(&l, QUIET)); /* it was not there when it came */
    veth_send(l.far, octets, make_frame(octets, 0x88b6, 60));
    check_comes(&l, octets, make_frame(octets, 0x88b5, 60));
    for (i = 0; i < 1000; i++) {
        CU_ASSERT_EQUAL(port_pcap.claim(&l.port, i % 2 ? both : &first, 1 + i % 2), 0);
        veth_send(l.far, octets, make_frame(octets, 0x88b5, 60));
        while ((packet = take(&l, 0))) came++, packet_free(packet);
    }
    while ((packet = take(&l, QUIET))) came++, packet_free(packet);
    CU_ASSERT_EQUAL(came, 1000);
    CU_ASSERT_EQUAL(port_pcap.claim(&l.port, NULL, 0), 0);
    veth_send(l.far, octets, make_frame(octets, 0x88b5, 60));
    CU_ASSERT_PTR_NULL(take(&l, QUIET));
    close_live(&l);
}

/* So many equal frames, no faster than the kernel's queues between the ends take them. */
static void flood(struct live *l, unsigned n)
{
    uint8_t octets[60];
    unsigned i;

    make_frame(octets, 0x88b5, sizeof octets);
    for (i = 0; i < n; i++) {
        CU_ASSERT_TRUE(veth_send(l->far, octets, sizeof octets));
        if (i % 100 == 99) usleep(500);
    }
}

/* Take bursts until no more come; how many packets. */
static unsigned take_all(struct live *l, unsigned room)
{
    struct vvm_packet *packets[PORT_BURST];
    unsigned i, came = 0;

    while (wait_for(l, 300)) {
        int n = port_pcap.rx_burst(&l->port, packets, room);

        CU_ASSERT_FATAL(n >= 0 && (unsigned)n <= room);
        for (i = 0; i < (unsigned)n; i++) packet_free(packets[i]);
        came += (unsigned)n;
    }
    return came;
}

/* A burst takes no more than there is room for, and leaves the rest. */
static void test_bursts(void)
{
    struct vvm_packet *packet;
    struct live l;

    open_live(&l, 1500);
    flood(&l, 100);
    CU_ASSERT_TRUE(wait_for(&l, WAIT));
    CU_ASSERT_EQUAL(port_pcap.rx_burst(&l.port, &packet, 0), 0);
    CU_ASSERT_EQUAL(take_all(&l, 7), 100);
    CU_ASSERT_EQUAL(port_pcap.rx_burst(&l.port, &packet, 1), 0);
    close_live(&l);
}

/* Buffers that do not come back. */
static void test_no_buffer(void)
{
    struct vvm_packet *held[256];
    unsigned count = 0;
    struct live l;

    open_live(&l, 1500);
    flood(&l, 300);
    while (count < 256 && (held[count] = take(&l, WAIT))) count++;
    CU_ASSERT_EQUAL(count, 256);
    CU_ASSERT_EQUAL(take_all(&l, PORT_BURST), 0);
    while (count > 0) packet_free(held[--count]);
    CU_ASSERT_EQUAL(stats_of(&l).rx_frames, 300);
    CU_ASSERT_EQUAL(stats_of(&l).lost[LOSS_NO_BUFFER], 44);
    flood(&l, 1);
    CU_ASSERT_EQUAL(take_all(&l, PORT_BURST), 1);
    close_live(&l);
}

/* A ring that nobody empties: what finds no room in it is counted, once. */
static void test_kernel_drops(void)
{
    enum { FLOOD = 10000 };
    uint64_t lost;
    unsigned came;
    struct live l;

    open_live(&l, 1500);
    flood(&l, FLOOD);
    came = take_all(&l, PORT_BURST);
    CU_ASSERT_EQUAL(stats_of(&l).lost[LOSS_KERNEL], 0); /* it is not asked in each round */
    l.now = port_pcap.deadline(&l.port);
    CU_ASSERT_EQUAL(port_pcap.poll(&l.port), 0);
    lost = stats_of(&l).lost[LOSS_KERNEL];
    CU_ASSERT_TRUE(lost > 0);
    CU_ASSERT_EQUAL(came + lost, FLOOD);
    l.now = port_pcap.deadline(&l.port);
    CU_ASSERT_EQUAL(port_pcap.poll(&l.port), 0);
    CU_ASSERT_EQUAL(stats_of(&l).lost[LOSS_KERNEL], lost);
    close_live(&l);
}

/* ---- senders on this host -------------------------------------------------------------------- */

/* A socket whose datagrams leave by that end, to 192.0.2.2 or 2001:db8::2, which is nobody
 * here. */
static int sender(int family, const char *device)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(3322)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(3322)};
    int s = socket(family, SOCK_DGRAM, 0);
    char command[512];

    inet_pton(AF_INET, "192.0.2.2", &four.sin_addr);
    inet_pton(AF_INET6, "2001:db8::2", &six.sin6_addr);
    snprintf(command, sizeof command,
             "D=%s && ip address add 192.0.2.1/24 dev $D && "
             "ip neighbour add 192.0.2.2 lladdr 02:00:c0:00:02:02 dev $D && "
             "if [ %d = 1 ]; then echo 0 > /proc/sys/net/ipv6/conf/$D/disable_ipv6 && "
             "ip address add 2001:db8::1/64 dev $D nodad && "
             "ip neighbour add 2001:db8::2 lladdr 02:00:c0:00:02:02 dev $D; fi",
             device, family == AF_INET6);
    CU_ASSERT_FATAL(veth_run(command));
    CU_ASSERT_FATAL(s >= 0 && !connect(s, family == AF_INET ? (void *)&four : (void *)&six,
                                       family == AF_INET ? sizeof four : sizeof six));
    return s;
}

/* 0 if the checksum of the datagram is right; `at` is where the addresses begin. */
static uint32_t udp_sum(const uint8_t *frame, uint32_t length, uint32_t at, uint32_t addresses)
{
    uint32_t udp = at + addresses, n = length - udp, i, sum = 17 + n;

    for (i = at; i < length; i++) sum += i % 2 == 0 ? (uint32_t)frame[i] << 8 : frame[i];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return sum ^ 0xffff;
}

static void check_local_sender(int family, uint16_t type, uint32_t at, uint32_t addresses)
{
    static const struct port_claim claim = {MATCH_UDP, 3322};
    char text[] = "sent by the kernel's own stack";
    struct vvm_packet *packet;
    uint8_t raw[2048];
    unsigned n;
    struct live l;
    int s, second;

    open_claiming(&l, 1500, &claim, 1);
    second = veth_receive(l.far, raw, sizeof raw, 0);
    s = sender(family, VETH_FAR);
    for (n = 1; n < sizeof text; n++) {
        CU_ASSERT_EQUAL(send(s, text, n, 0), (ssize_t)n);
        packet = take(&l, WAIT);
        CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
        memcpy(raw, packet->base + packet->head, packet->length);
        CU_ASSERT_EQUAL(raw[12] << 8 | raw[13], type);
        CU_ASSERT_EQUAL_FATAL(packet->length, at + addresses + 8 + n);
        CU_ASSERT_EQUAL(udp_sum(raw, packet->length, at, addresses), 0);
        packet_free(packet);
    }
    CU_ASSERT_EQUAL(second, -1);
    close(s);
    close_live(&l);
}

static void test_local_sender(void) { check_local_sender(AF_INET, 0x0800, 26, 8); }
static void test_local_sender_6(void) { check_local_sender(AF_INET6, 0x86dd, 22, 32); }

/* Several datagrams that the kernel keeps together: nobody can tell where they join. */
static void test_joined_datagrams(void)
{
    static const struct port_claim claim = {MATCH_UDP, 3322};
    char text[4000] = "";
    struct vvm_packet *packet;
    struct live l;
    int s, size = 1000;

    open_claiming(&l, 1500, &claim, 1);
    s = sender(AF_INET, VETH_FAR);
    CU_ASSERT_EQUAL(setsockopt(s, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size), 0);
    CU_ASSERT_EQUAL(send(s, text, sizeof text, 0), (ssize_t)sizeof text);
    CU_ASSERT_TRUE(wait_for(&l, WAIT));
    CU_ASSERT_EQUAL(port_pcap.rx_burst(&l.port, &packet, 1), 0);
    CU_ASSERT_EQUAL(stats_of(&l).rx_frames, 1);
    CU_ASSERT_EQUAL(stats_of(&l).lost[LOSS_TOO_LONG], 1);
    CU_ASSERT_EQUAL(stats_of(&l).lost[LOSS_TRUNCATED], 0);
    close(s);
    close_live(&l);
}

/* ---- out --------------------------------------------------------------------------------------- */

static struct vvm_packet *packet_of(struct live *l, const uint8_t *octets, uint32_t length)
{
    struct vvm_packet *packet = l->port.pool->alloc(l->port.pool);

    CU_ASSERT_FATAL(packet && !packet_append(packet, octets, length));
    return packet;
}

static void test_out(void)
{
    struct vvm_packet *packets[4];
    uint8_t octets[4][2048], got[2048];
    struct live l;
    unsigned i;
    int s;

    open_live(&l, 1500);
    for (i = 0; i < 3; i++)
        packets[i] = packet_of(&l, octets[i], make_frame(octets[i], 0x88b5, 14 + 750 * i));
    CU_ASSERT_EQUAL(port_pcap.tx_burst(&l.port, packets, 3), 3);
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(veth_receive(l.far, got, sizeof got, WAIT), (int)(14 + 750 * i));
        CU_ASSERT_EQUAL(memcmp(got, octets[i], 14 + 750 * i), 0);
    }
    CU_ASSERT_EQUAL(stats_of(&l).tx_frames, 3);
    CU_ASSERT_PTR_NULL(take(&l, QUIET)); /* what we send ourselves does not come in */
    s = sender(AF_INET, VETH_NEAR);
    CU_ASSERT_EQUAL(send(s, "x", 1, 0), 1);
    CU_ASSERT_TRUE(veth_receive(l.far, got, sizeof got, WAIT) > 0);
    CU_ASSERT_PTR_NULL(take(&l, QUIET)); /* nor what the host sends */
    close(s);
    close_live(&l);
}

/* What the kernel will not have is told, and what follows leaves. */
static void test_refused(void)
{
    struct vvm_packet *packets[3];
    uint8_t octets[2048], got[2048];
    struct live l;

    open_live(&l, 1500);
    packets[0] = packet_of(&l, octets, make_frame(octets, 0x88b5, 1600));
    packets[1] = packet_of(&l, octets, 5);
    packets[2] = packet_of(&l, octets, make_frame(octets, 0x88b5, 60));
    CU_ASSERT_EQUAL(port_pcap.tx_burst(&l.port, packets, 3), 3);
    CU_ASSERT_EQUAL(veth_receive(l.far, got, sizeof got, WAIT), 60);
    CU_ASSERT_EQUAL(l.refused, 2);
    CU_ASSERT_EQUAL(stats_of(&l).fates[FATE_REFUSED], 2);
    CU_ASSERT_EQUAL(stats_of(&l).tx_frames, 1);
    close_live(&l);
}

/* From now on the kernel answers a frame of that length with an error. */
static void fail_frames(uint32_t length, int err)
{
    struct sock_filter steps[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_sendto},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0,
         offsetof(struct seccomp_data, args[2])}, /* little-endian, or all 0 */
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, length},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | (uint32_t)err},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    struct sock_fprog program = {sizeof steps / sizeof *steps, steps};

    CU_ASSERT_FATAL(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CU_ASSERT_FATAL(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* When there is no room, fewer are taken, and the rest stays whose it was. */
static void check_full(uint32_t length)
{
    struct vvm_packet *packets[3];
    uint8_t octets[200], got[200];
    struct live l;

    open_live(&l, 1500);
    fail_frames(length, length == 77 ? EAGAIN : ENOBUFS);
    packets[0] = packet_of(&l, octets, make_frame(octets, 0x88b5, 60));
    packets[1] = packet_of(&l, octets, make_frame(octets, 0x88b5, length));
    packets[2] = packet_of(&l, octets, make_frame(octets, 0x88b5, 61));
    CU_ASSERT_EQUAL(port_pcap.tx_burst(&l.port, packets, 3), 1);
    CU_ASSERT_EQUAL(port_pcap.tx_burst(&l.port, packets + 1, 2), 0);
    CU_ASSERT_EQUAL(port_pcap.tx_burst(&l.port, packets + 2, 1), 1);
    packet_free(packets[1]);
    CU_ASSERT_EQUAL(veth_receive(l.far, got, sizeof got, WAIT), 60);
    CU_ASSERT_EQUAL(veth_receive(l.far, got, sizeof got, WAIT), 61);
    CU_ASSERT_EQUAL(l.refused, 0);
    CU_ASSERT_EQUAL(stats_of(&l).tx_frames, 2);
    close_live(&l);
}

static void test_full_socket(void) { check_full(77); }
static void test_full_queue(void) { check_full(78); }

/* ---- the interface ------------------------------------------------------------------------------- */

static void look(struct live *l, int expected)
{
    l->now = port_pcap.deadline(&l->port);
    CU_ASSERT_EQUAL(port_pcap.poll(&l->port), expected);
}

/* The link is seen up or down at last: the kernel takes its time to say so. */
static void settle(struct live *l, bool up)
{
    unsigned tries;

    look(l, 0);
    for (tries = 0; tries < 250 && port_pcap.link_up(&l->port) != up; tries++) {
        usleep(20000);
        look(l, 0);
    }
    CU_ASSERT_EQUAL(port_pcap.link_up(&l->port), up);
}

static void test_state(void)
{
    uint8_t octets[100];
    struct vvm_packet *packet;
    struct live l;
    unsigned tries;

    open_live(&l, 1500);
    CU_ASSERT_TRUE(port_pcap.link_up(&l.port));
    CU_ASSERT_EQUAL(port_pcap.mtu(&l.port), 1500);
    CU_ASSERT_TRUE(veth_run("ip link set " VETH_FAR " down"));
    CU_ASSERT_TRUE(port_pcap.link_up(&l.port)); /* looked at once a second */
    l.now += SECOND - 1;
    CU_ASSERT_EQUAL(port_pcap.poll(&l.port), 0);
    CU_ASSERT_TRUE(port_pcap.link_up(&l.port));
    settle(&l, false);
    CU_ASSERT_TRUE(veth_run("ip link set " VETH_FAR " up && ip link set " VETH_NEAR " down"));
    CU_ASSERT_PTR_NULL(take(&l, QUIET)); /* down is not gone */
    CU_ASSERT_FALSE(wait_for(&l, 0));    /* and does not keep us awake */
    settle(&l, false);
    packet = packet_of(&l, octets, make_frame(octets, 0x88b5, 60));
    CU_ASSERT_EQUAL(port_pcap.tx_burst(&l.port, &packet, 1), 1);
    CU_ASSERT_EQUAL(l.refused, 1);
    CU_ASSERT_TRUE(veth_run("ip link set " VETH_NEAR " up mtu 1200"));
    settle(&l, true);
    CU_ASSERT_EQUAL(port_pcap.mtu(&l.port), 1200);
    CU_ASSERT_TRUE(veth_run("ip link set " VETH_NEAR " mtu 9000"));
    look(&l, 0);
    CU_ASSERT_EQUAL(port_pcap.mtu(&l.port), 1500); /* what the ring was made for */
    for (tries = 0, packet = NULL; tries < 50 && !packet; tries++) {
        send(l.far, octets, make_frame(octets, 0x88b5, 60), 0);
        packet = take(&l, 100);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
    packet_free(packet);
    close_live(&l);
}

/* It vanishes, and another one takes its name: broken either way, by name. */
static void test_gone(void)
{
    struct vvm_packet *packets[PORT_BURST];
    struct live l;
    int n = 0, i;

    open_live(&l, 1500);
    CU_ASSERT_TRUE(veth_run("ip link del " VETH_NEAR));
    for (i = 0; i < 20 && n == 0; i++) {
        wait_for(&l, 10);
        n = port_pcap.rx_burst(&l.port, packets, PORT_BURST);
    }
    CU_ASSERT_EQUAL(n, -ENODEV);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.port.why, "interface " VETH_NEAR " is gone"));
    l.port.why[0] = '\0';
    look(&l, -ENODEV);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(l.port.why, "interface " VETH_NEAR " is gone or has another name: make it"));
    CU_ASSERT_TRUE(veth_run("ip link add name " VETH_NEAR " type veth peer name other"));
    look(&l, -ENODEV);
    close_live(&l);
}

static void check_refusal(struct live *l, struct port_options options, int err, const char *why)
{
    int got = try_open(l, options);

    if (got == err && strstr(l->port.why, why)) return;
    fprintf(stderr, "    %d \"%s\"\n", got, l->port.why);
    CU_FAIL("refusal");
}

static void test_refusals(void)
{
    struct live l = {.far = veth_open(1500)};

    check_refusal(&l, (struct port_options){.mtu = 1501}, -ERANGE, "has an MTU of 1500, 1501 is wanted");
    CU_ASSERT_FATAL(!try_open(&l, (struct port_options){.mtu = 700, .quiet = true}));
    CU_ASSERT_EQUAL(port_pcap.mtu(&l.port), 700);
    CU_ASSERT_EQUAL(port_pcap.close(&l.port), 0);
    CU_ASSERT_TRUE(veth_run("ip link set " VETH_NEAR " down"));
    check_refusal(&l, (struct port_options){0}, -ENETDOWN, "is down: ip link set near up");
    if (veth_run("ip tuntap add mode tun name tunnel && ip link set tunnel up"))
        check_refusal(&l, (struct port_options){.device = "tunnel"}, -EPROTONOSUPPORT, "is no Ethernet");
    CU_ASSERT_TRUE(veth_run("ip link set " VETH_NEAR " up"));
    if (!setgid(65534) && !setuid(65534)) /* a user namespace has no other user */
        check_refusal(&l, (struct port_options){0}, -EPERM, "needs CAP_NET_RAW): run as root");
    close(l.far);
}

/* A quiet port sees only what is for it; an ordinary one what is for anybody. */
static void test_loopback(void)
{
    static const struct port_claim claim = {MATCH_UDP, 3322};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(3322)};
    struct vvm_packet *packet;
    struct live l = {.far = veth_open(1500)};
    int s = socket(AF_INET, SOCK_DGRAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_TRUE(veth_run("ip link set lo up"));
    CU_ASSERT_FATAL(!try_open(&l, (struct port_options){.device = "lo"}));
    CU_ASSERT_EQUAL(port_pcap.claim(&l.port, &claim, 1), 0);
    CU_ASSERT_EQUAL(port_pcap.mtu(&l.port), 65535);
    CU_ASSERT_EQUAL(sendto(s, "x", 1, 0, (void *)&to, sizeof to), 1);
    packet = take(&l, WAIT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
    CU_ASSERT_EQUAL(udp_sum(packet->base + packet->head, packet->length, 26, 8), 0);
    packet_free(packet);
    CU_ASSERT_PTR_NULL(take(&l, QUIET)); /* once, though it went out and came in */
    close(s);
    close_live(&l);
}

static void no_veth(void) { CU_FAIL("in CI the tests that need a network namespace must run"); }

void port_live_tests(CU_pSuite suite)
{
    const char *hindrance = veth_hindrance();

    if (hindrance) {
        fprintf(stderr, "SKIP    port-live, packets over veth: %s\n", hindrance);
        if (getenv("CI")) CU_add_test(suite, "a network namespace", no_veth);
        return;
    }
    CU_add_test(suite, "frames come in whole", test_in);
    CU_add_test(suite, "only what is claimed", test_claims);
    CU_add_test(suite, "bursts", test_bursts);
    CU_add_test(suite, "no buffer", test_no_buffer);
    CU_add_test(suite, "no room in the kernel", test_kernel_drops);
    CU_add_test(suite, "a sender on this host", test_local_sender);
    CU_add_test(suite, "a sender on this host, IPv6", test_local_sender_6);
    CU_add_test(suite, "datagrams that are joined", test_joined_datagrams);
    CU_add_test(suite, "frames go out whole", test_out);
    CU_add_test(suite, "frames that the kernel refuses", test_refused);
    CU_add_test(suite, "a full socket", test_full_socket);
    CU_add_test(suite, "a full queue", test_full_queue);
    CU_add_test(suite, "link and MTU", test_state);
    CU_add_test(suite, "an interface that vanishes", test_gone);
    CU_add_test(suite, "interfaces that are refused", test_refusals);
    CU_add_test(suite, "loopback", test_loopback);
}
