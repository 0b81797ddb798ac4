/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_udp_test.c - datagrams among peers on loopback: who is heard, what is too long,
 * a peer that is not there, sockets that are handed over, and what is refused at open.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "daemon/carrier.h"
#include "port_fixture.h"
#include "suites.h"

enum { HOP_A = 0x0a000001, HOP_B = 0x0a000002, HOP_C = 0x0a000003 };

/* ---- sockets of the test's own ---- */

static struct port_peer loopback(int family, uint16_t number)
{
    struct port_peer peer = {.length = sizeof(struct sockaddr_in)};
    if (family == AF_INET) {
        struct sockaddr_in *four = (void *)&peer.socket;
        *four = (struct sockaddr_in){AF_INET, htons(number), {htonl(INADDR_LOOPBACK)}, {0}};
    } else {
        struct sockaddr_in6 *six = (void *)&peer.socket;
        *six = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = htons(number), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        peer.length = sizeof *six;
    }
    return peer;
}

/* IPv4, and IPv6 where this machine has it. */
static void on_each_family(void (*test)(int family))
{
    struct port_peer six = loopback(AF_INET6, 0);
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    test(AF_INET);
    if (fd >= 0 && !bind(fd, (void *)&six.socket, six.length)) test(AF_INET6);
    else printf("note    no IPv6 on this machine: half of a test was left out\n");
    if (fd >= 0) close(fd);
}

/* A bound socket, and where it listens as a peer with that hop. */
static int bound(int family, uint32_t hop, struct port_peer *peer)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    *peer = loopback(family, 0);
    CU_ASSERT_FATAL(fd >= 0 && !bind(fd, (void *)&peer->socket, peer->length));
    CU_ASSERT_FATAL(!getsockname(fd, (void *)&peer->socket, &peer->length));
    peer->address = hop;
    return fd;
}

static void bind_again(int *fd, const struct port_peer *peer)
{
    *fd = socket(peer->socket.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(*fd >= 0 && !bind(*fd, (const void *)&peer->socket, peer->length));
}

/* A port among two peers, B and C, whose ends the test holds. */
struct among {
    struct port_fixture f;
    struct port_peer self, peers[2];
    int fds[2];
};

static void open_among(struct among *a, int family, struct port_options options)
{
    a->fds[0] = bound(family, HOP_B, &a->peers[0]);
    a->fds[1] = bound(family, HOP_C, &a->peers[1]);
    options.adopt = true;
    options.descriptor = bound(family, HOP_A, &a->self);
    if (!options.peer_count) options.peer_count = 2;
    options.peers = a->peers;
    CU_ASSERT_EQUAL_FATAL(fixture_open(&a->f, &port_udp, &options), 0);
}

static void close_among(struct among *a)
{
    CU_ASSERT_EQUAL(fixture_close(&a->f), 0);
    for (unsigned i = 0; i < 2; i++)
        if (a->fds[i] >= 0) close(a->fds[i]);
}

static void tell(struct among *a, int fd, const void *octets, size_t length)
{
    CU_ASSERT_EQUAL(sendto(fd, octets, length, 0, (void *)&a->self.socket, a->self.length), (ssize_t)length);
}

static bool is_readable(int fd, int milliseconds)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, milliseconds) == 1;
}

/* Length of the next datagram at a peer; -1: none comes. */
static int hear(int fd, uint8_t *octets, size_t room)
{
    return is_readable(fd, 200) ? (int)recv(fd, octets, room, MSG_DONTWAIT) : -1;
}

static int receive(struct among *a, struct vvm_packet **packets, unsigned room)
{
    is_readable(a->f.port.ops->descriptor(&a->f.port), 200);
    return a->f.port.ops->rx_burst(&a->f.port, packets, room);
}

static struct port_stats stats_of(struct among *a)
{
    struct port_stats stats;
    a->f.port.ops->stats(&a->f.port, &stats);
    return stats;
}

/* ---- datagrams ---- */

static void both_ways(int family)
{
    struct among a;
    struct vvm_packet *packets[PORT_BURST];
    uint8_t octets[2048];
    open_among(&a, family, (struct port_options){.key = 3322});
    CU_ASSERT_EQUAL(a.f.port.link, PORT_DATAGRAM);
    CU_ASSERT_EQUAL(a.f.port.key, 3322);
    CU_ASSERT_EQUAL(a.f.port.ops->mtu(&a.f.port), family == AF_INET ? 1500 : 1480);
    tell(&a, a.fds[0], "one", 3);
    tell(&a, a.fds[1], "three", 5);
    CU_ASSERT_EQUAL_FATAL(receive(&a, packets, PORT_BURST), 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct vvm_packet *packet = packets[i];
        CU_ASSERT_EQUAL(packet->head, PORT_HEADROOM);
        CU_ASSERT_EQUAL(packet->length, i ? 5 : 3);
        CU_ASSERT_EQUAL(packet->payload_end, packet->head + packet->length);
        CU_ASSERT_EQUAL(packet->peer, i ? HOP_C : HOP_B);
        CU_ASSERT_EQUAL(packet->carrier, CARRIER_UDP);
        CU_ASSERT_EQUAL(packet->lifetime, 0);
        CU_ASSERT_EQUAL(packet->ingress, 3);
        CU_ASSERT_EQUAL(packet->time, a.f.now);
        CU_ASSERT_EQUAL(a.f.port.time, 0); /* virtual clocks run by it */
        CU_ASSERT(!packet->padded && packet->pool == a.f.port.pool);
        CU_ASSERT(!memcmp(packet->base + packet->head, i ? "three" : "one", packet->length));
    }
    a.f.account.taken += 2, a.f.account.sent += 2;
    CU_ASSERT_EQUAL(a.f.port.ops->tx_burst(&a.f.port, packets, 2), 2); /* back to whom they came from */
    CU_ASSERT(hear(a.fds[0], octets, sizeof octets) == 3 && !memcmp(octets, "one", 3));
    CU_ASSERT(hear(a.fds[1], octets, sizeof octets) == 5 && !memcmp(octets, "three", 5));
    CU_ASSERT_EQUAL(receive(&a, packets, PORT_BURST), 0);
    CU_ASSERT(a.f.port.ops->arm(&a.f.port) && a.f.port.ops->link_up(&a.f.port));
    struct port_stats stats = stats_of(&a);
    CU_ASSERT(stats.rx_frames == 2 && stats.rx_octets == 8 && stats.tx_frames == 2 && stats.tx_octets == 8);
    close_among(&a);
}

static void test_both_ways(void) { on_each_family(both_ways); }

/* Many in few calls, in order, to either peer. */
static void test_bursts(void)
{
    struct among a;
    uint8_t octets[2048];
    struct vvm_packet *packets[PORT_BURST];
    uint32_t number = 0, got = 0;
    open_among(&a, AF_INET, (struct port_options){0});
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 100, 200, HOP_B), 100);
    for (; number < 100 && hear(a.fds[0], octets, sizeof octets) == 200; number++)
        CU_ASSERT_EQUAL(frame_number(octets, 200), number);
    CU_ASSERT_EQUAL(number, 100);
    for (number = 0; number < 100; number++) tell(&a, a.fds[1], &number, 4);
    for (int n; got < 100 && (n = receive(&a, packets, 7)) > 0;)
        for (int i = 0; i < n; i++) {
            CU_ASSERT_EQUAL(frame_number(packets[i]->base + packets[i]->head, 4), got);
            got++;
            packet_free(packets[i]);
        }
    CU_ASSERT_EQUAL(got, 100);
    close_among(&a);
}

/* ---- who is heard, and what ---- */

static void strangers(int family)
{
    struct among a;
    struct port_peer unused;
    struct vvm_packet *packets[PORT_BURST];
    int stranger;
    open_among(&a, family, (struct port_options){0});
    stranger = bound(family, 0, &unused);
    for (unsigned i = 0; i < 50; i++) tell(&a, stranger, "garbage", i % 8);
    tell(&a, a.fds[0], "good", 4);
    CU_ASSERT_EQUAL(receive(&a, packets, PORT_BURST), 0);
    CU_ASSERT_EQUAL_FATAL(receive(&a, packets, PORT_BURST), 1);
    packet_free(packets[0]);
    CU_ASSERT_EQUAL(stats_of(&a).lost[LOSS_PEER], 50);
    CU_ASSERT_EQUAL(stats_of(&a).rx_frames, 51);
    close(stranger);
    close_among(&a);
}

static void test_strangers(void) { on_each_family(strangers); }

/* All of 64 peers are told apart, and from their neighbours. */
static void many_peers(int family)
{
    struct port_fixture f;
    struct port_peer peers[PORT_PEERS], self;
    int fds[PORT_PEERS];
    struct vvm_packet *packets[PORT_BURST];
    uint8_t octets[64];
    for (unsigned i = 0; i < PORT_PEERS; i++) fds[i] = bound(family, HOP_A + 7919 * i % 101, &peers[i]);
    struct port_options options = {
        .adopt = true, .descriptor = bound(family, 0, &self), .peers = peers, .peer_count = PORT_PEERS};
    CU_ASSERT_EQUAL_FATAL(fixture_open(&f, &port_udp, &options), 0);
    for (unsigned i = 0; i < PORT_PEERS; i++) {
        sendto(fds[i], "x", 1, 0, (void *)&self.socket, self.length);
        is_readable(f.port.ops->descriptor(&f.port), 200);
        CU_ASSERT_EQUAL_FATAL(f.port.ops->rx_burst(&f.port, packets, PORT_BURST), 1);
        CU_ASSERT_EQUAL(packets[0]->peer, peers[i].address);
        packet_free(packets[0]);
        CU_ASSERT(f.port.ops->reaches(&f.port, peers[i].address));
        CU_ASSERT_EQUAL(fixture_send_to(&f, 1, 20 + i % 40, peers[i].address), 1);
        CU_ASSERT_EQUAL(hear(fds[i], octets, sizeof octets), 20 + (int)i % 40);
    }
    CU_ASSERT(!f.port.ops->reaches(&f.port, HOP_A - 1) && !f.port.ops->reaches(&f.port, HOP_A + 500));
    fixture_close(&f);
    for (unsigned i = 0; i < PORT_PEERS; i++) close(fds[i]);
}

static void test_many_peers(void) { on_each_family(many_peers); }

static void sizes(int family, uint32_t mtu, uint32_t largest)
{
    struct among a;
    static uint8_t octets[65536];
    struct vvm_packet *packets[PORT_BURST];
    open_among(&a, family, (struct port_options){.mtu = mtu});
    CU_ASSERT_EQUAL(a.f.port.ops->mtu(&a.f.port) - carrier_overhead(CARRIER_UDP), largest);
    tell(&a, a.fds[0], octets, largest);
    if (largest < 60000) tell(&a, a.fds[0], octets, largest + 1);
    tell(&a, a.fds[0], octets, 0);
    int n = receive(&a, packets, PORT_BURST);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT(packets[0]->length == largest && packets[1]->length == 0);
    CU_ASSERT_EQUAL(stats_of(&a).lost[LOSS_TOO_LONG], largest < 60000);
    packet_free(packets[0]);
    packet_free(packets[1]);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, largest, HOP_C), 1);
    CU_ASSERT_EQUAL(hear(a.fds[1], octets, sizeof octets), (int)largest);
    close_among(&a);
}

static void sizes_of_family(int family)
{
    uint32_t more = family == AF_INET ? 0 : 20; /* octets of header */
    sizes(family, 0, 1472 - more);
    sizes(family, 68 + more, 40);
    sizes(family, 65535, 65507 - more);
}

static void test_sizes(void) { on_each_family(sizes_of_family); }

/* The largest packet that the worker may copy here from a port of another kind, where it
 * stood behind all the carriers that are peeled. */
static void test_packet_of_another_pool(void)
{
    struct among a;
    struct buffer_pool *other;
    struct vvm_packet *packet, *copy;
    open_among(&a, AF_INET, (struct port_options){0});
    CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&other, 1, 4096, PORT_HEADROOM), 0);
    packet = buffer_pool_ops(other)->alloc(buffer_pool_ops(other));
    packet->head += 22 + 60 + 8;
    CU_ASSERT(packet_grow(packet, 1472) != NULL);
    copy = packet_copy(a.f.port.pool, packet);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    packet_free(packet);
    packet_free(copy);
    buffer_pool_close(other);
    close_among(&a);
}

/* ---- hops ---- */

static void test_hops(void)
{
    struct among a;
    uint8_t octets[64];
    open_among(&a, AF_INET, (struct port_options){0});
    const struct port_ops *ops = a.f.port.ops;
    CU_ASSERT(ops->reaches(&a.f.port, HOP_B) && ops->reaches(&a.f.port, HOP_C));
    CU_ASSERT(!ops->reaches(&a.f.port, HOP_A) && !ops->reaches(&a.f.port, 0));
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 2, 20, HOP_A), 2); /* the worker has asked; still no harm */
    CU_ASSERT_EQUAL(a.f.account.fates[FATE_REFUSED], 2);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 20, HOP_C), 1);
    CU_ASSERT_EQUAL(hear(a.fds[1], octets, sizeof octets), 20);
    close_among(&a);
    open_among(&a, AF_INET, (struct port_options){.peer_count = 1}); /* every hop is the only peer */
    CU_ASSERT(ops->reaches(&a.f.port, HOP_C) && ops->reaches(&a.f.port, 0));
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 20, 0), 1);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 21, HOP_C), 1);
    CU_ASSERT_EQUAL(hear(a.fds[0], octets, sizeof octets), 20);
    CU_ASSERT_EQUAL(hear(a.fds[0], octets, sizeof octets), 21);
    close_among(&a);
}

/* ---- a peer that is not there ---- */

static void absent_peer(int family)
{
    struct among a;
    uint8_t octets[64];
    struct vvm_packet *packets[PORT_BURST];
    open_among(&a, family, (struct port_options){0});
    struct port *port = &a.f.port;
    close(a.fds[0]);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 20, HOP_B), 1); /* ICMP comes back */
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 21, HOP_C), 1); /* the other peer pays nothing */
    CU_ASSERT_EQUAL(hear(a.fds[1], octets, sizeof octets), 21);
    CU_ASSERT_EQUAL(a.f.account.fates[FATE_REFUSED], 0);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 20, HOP_B), 1);
    CU_ASSERT_EQUAL(a.f.account.fates[FATE_REFUSED], 1);
    CU_ASSERT_EQUAL(stats_of(&a).fates[FATE_REFUSED], 1);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 20, HOP_B), 1); /* tried again: ICMP again */
    CU_ASSERT_EQUAL(a.f.account.fates[FATE_REFUSED], 1);
    CU_ASSERT_EQUAL(receive(&a, packets, PORT_BURST), 0); /* the error is not for the receiver */
    CU_ASSERT(!is_readable(port->ops->descriptor(port), 0));
    bind_again(&a.fds[0], &a.peers[0]);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 20, HOP_B), 1);
    CU_ASSERT_EQUAL(a.f.account.fates[FATE_REFUSED], 2);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 22, HOP_B), 1);
    CU_ASSERT_EQUAL(hear(a.fds[0], octets, sizeof octets), 22);
    tell(&a, a.fds[0], "back", 4);
    CU_ASSERT_EQUAL_FATAL(receive(&a, packets, PORT_BURST), 1);
    packet_free(packets[0]);
    close_among(&a);
}

static void test_absent_peer(void) { on_each_family(absent_peer); }

/* A burst to a peer that is not there, mixed with one that is: each is done with once. */
static void test_absent_peer_in_a_burst(void)
{
    struct among a;
    uint8_t octets[64];
    open_among(&a, AF_INET, (struct port_options){0});
    close(a.fds[0]);
    a.fds[0] = -1;
    unsigned heard = 0;
    for (unsigned i = 0; i < 500; i++) {
        CU_ASSERT_EQUAL(fixture_send_to(&a.f, 3, 20, HOP_B), 3);
        CU_ASSERT_EQUAL(fixture_send_to(&a.f, 2, 20, HOP_C), 2);
        while (recv(a.fds[1], octets, sizeof octets, MSG_DONTWAIT) > 0) heard++;
        CU_ASSERT(account_balances(&a.f.account));
    }
    CU_ASSERT_EQUAL(heard, 1000);
    CU_ASSERT(a.f.account.fates[FATE_REFUSED] >= 499 && a.f.account.fates[FATE_REFUSED] <= 1500);
    CU_ASSERT_EQUAL(stats_of(&a).tx_frames + a.f.account.fates[FATE_REFUSED], 2500);
    close_among(&a);
}

/* An error that ends a burst half-way is told to nobody: it must not stay in the socket's
 * queue of errors, where it would keep the worker awake for good. */
static void error_within_a_burst(int family)
{
    struct among a;
    struct vvm_packet *packets[PORT_BURST];
    open_among(&a, family, (struct port_options){0});
    struct port *port = &a.f.port;
    close(a.fds[0]);
    a.fds[0] = -1;
    for (unsigned i = 0; i < 3; i++) {
        packets[i] = port->pool->alloc(port->pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(packet_grow(packets[i], 20));
        packets[i]->peer = i ? HOP_C : HOP_B;
    }
    a.f.account.taken += 3, a.f.account.sent += 3;
    CU_ASSERT_EQUAL(port->ops->tx_burst(port, packets, 3), 3);
    CU_ASSERT_EQUAL(receive(&a, packets, PORT_BURST), 0);
    CU_ASSERT(!is_readable(port->ops->descriptor(port), 0));
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 1, 20, HOP_B), 1); /* the peer pays what was foretold */
    CU_ASSERT_EQUAL(a.f.account.fates[FATE_REFUSED], 1);
    close_among(&a);
}

static void test_error_within_a_burst(void) { on_each_family(error_within_a_burst); }

/* What the kernel refuses by itself: a destination that it has no way to. */
static void test_no_way(void)
{
    struct port_fixture f;
    struct port_peer peer = loopback(AF_INET, 9), self;
    ((struct sockaddr_in *)&peer.socket)->sin_addr.s_addr = htonl(0xf0000001); /* class E */
    struct port_options options = {
        .adopt = true, .descriptor = bound(AF_INET, 0, &self), .peers = &peer, .peer_count = 1};
    CU_ASSERT_EQUAL_FATAL(fixture_open(&f, &port_udp, &options), 0);
    CU_ASSERT_EQUAL(fixture_send(&f, 40, 20), 40);
    CU_ASSERT_EQUAL(f.account.fates[FATE_REFUSED], 40);
    fixture_close(&f);
}

/* ---- the kernel's own losses ---- */

static void test_kernel_drops(void)
{
    struct among a;
    uint8_t octets[1400] = {0};
    struct vvm_packet *packets[PORT_BURST];
    unsigned got = 0, told = 0;
    open_among(&a, AF_INET, (struct port_options){0});
    for (unsigned round = 0; round < 4; round++) {
        unsigned more = round % 2 ? 1 : 12000; /* those after the last that was let in count, too */
        for (unsigned i = 0; i < more; i++) tell(&a, a.fds[0], octets, sizeof octets);
        told += more;
        for (int n; (n = receive(&a, packets, PORT_BURST)) > 0; got += (unsigned)n)
            for (int i = 0; i < n; i++) packet_free(packets[i]);
        CU_ASSERT(stats_of(&a).lost[LOSS_KERNEL] > 0);
        CU_ASSERT_EQUAL(got + stats_of(&a).lost[LOSS_KERNEL], told);
    }
    close_among(&a);
}

/* With no buffer free, datagrams wait in the kernel. */
static void test_no_buffers(void)
{
    struct among a;
    struct vvm_packet *packets[512];
    int n = 0, more;
    open_among(&a, AF_INET, (struct port_options){.buffers = 8});
    for (unsigned i = 0; i < 60; i++) tell(&a, a.fds[0], &i, 4);
    while (n < 60 && (more = receive(&a, packets + n, PORT_BURST)) > 0) n += more;
    CU_ASSERT_EQUAL(n, 8 + PORT_BURST);
    while (n > 0) packet_free(packets[--n]);
    CU_ASSERT_EQUAL(receive(&a, packets, PORT_BURST), 60 - 8 - PORT_BURST);
    for (n = 0; n < 60 - 8 - PORT_BURST; n++) packet_free(packets[n]);
    close_among(&a);
}

/* ---- behind impairments ---- */

static void test_impaired(void)
{
    struct among a;
    uint8_t octets[2048];
    const struct impairment how = {.loss = 100000,
                                   .duplicate = 50000,
                                   .reorder = 100000,
                                   .delay = 5 * MILLISECOND,
                                   .jitter = 3 * MILLISECOND,
                                   .rate = 50000000,
                                   .queue = 64};
    int64_t heard = 0;
    open_among(&a, AF_INET, (struct port_options){.impairment = how, .key = 7});
    struct port *port = &a.f.port;
    CU_ASSERT(port->link == PORT_DATAGRAM && port->key == 7);
    CU_ASSERT(port->ops->reaches(port, HOP_B) && !port->ops->reaches(port, HOP_A));
    for (unsigned i = 0; i < 1000; i++) {
        CU_ASSERT_FATAL(fixture_send_to(&a.f, i % 20, 200, HOP_C) == (int)(i % 20));
        CU_ASSERT_FATAL(account_balances(&a.f.account));
        a.f.now += MILLISECOND;
        CU_ASSERT_EQUAL_FATAL(port->ops->poll(port), 0);
        CU_ASSERT_FATAL(account_balances(&a.f.account));
        while (recv(a.fds[1], octets, sizeof octets, MSG_DONTWAIT) == 200) heard++;
    }
    CU_ASSERT_EQUAL(a.f.account.sent, heard);
    CU_ASSERT_EQUAL((int64_t)stats_of(&a).tx_frames, heard);
    CU_ASSERT_EQUAL(fixture_send_to(&a.f, 20, 200, HOP_C), 20);
    CU_ASSERT(a.f.account.held > 0);
    close_among(&a); /* with packets waiting */
    CU_ASSERT(a.f.account.fates[FATE_CLOSED] > 0);
}

/* ---- open ---- */

static void test_bind(void)
{
    struct port_fixture f, g;
    struct port_peer peer = loopback(AF_INET, 9), taken;
    int fd = bound(AF_INET, 0, &taken);
    struct port_options options = {
        .peers = &peer, .peer_count = 1, .local = taken.socket, .local_length = taken.length};
    CU_ASSERT_EQUAL(fixture_open(&f, &port_udp, &options), -EADDRINUSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.port.why, "cannot listen at 127.0.0.1:"));
    close(fd);
    CU_ASSERT_EQUAL(fixture_open(&f, &port_udp, &options), 0);
    CU_ASSERT_EQUAL(fixture_open(&g, &port_udp, &options), -EADDRINUSE);
    CU_ASSERT(fcntl(f.port.ops->descriptor(&f.port), F_GETFL) & O_NONBLOCK);
    CU_ASSERT(fcntl(f.port.ops->descriptor(&f.port), F_GETFD) & FD_CLOEXEC);
    fixture_close(&f);
    ((struct sockaddr_in *)&options.local)->sin_addr.s_addr = htonl(0xc0000201); /* not ours */
    CU_ASSERT_EQUAL(fixture_open(&f, &port_udp, &options), -EADDRNOTAVAIL);
    options.local_length = 3;
    CU_ASSERT_EQUAL(fixture_open(&f, &port_udp, &options), -EINVAL);
}

static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static void test_adopt(void)
{
    struct port_fixture f;
    struct port_peer peer = loopback(AF_INET, 9), six = loopback(AF_INET6, 9), self;
    int pipes[2], stream = socket(AF_INET, SOCK_STREAM, 0), unbound = socket(AF_INET, SOCK_DGRAM, 0);
    int fd = bound(AF_INET, 0, &self);
    CU_ASSERT_FATAL(!pipe(pipes));
    const int bad[] = {pipes[0], stream, unbound, 9999, -1};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct port_options options = {.adopt = true, .descriptor = bad[i], .peers = &peer, .peer_count = 1};
        CU_ASSERT_EQUAL(fixture_open(&f, &port_udp, &options), -EINVAL);
        CU_ASSERT(i >= 3 || is_open(bad[i])); /* still the caller's */
        if (i < 3) close(bad[i]);
    }
    close(pipes[1]);
    struct port_options options = {.adopt = true, .descriptor = fd, .peers = &six, .peer_count = 1};
    CU_ASSERT_EQUAL(fixture_open(&f, &port_udp, &options), -EINVAL); /* a peer of another family */
    CU_ASSERT(is_open(fd));
    options.peers = &peer;
    CU_ASSERT_EQUAL(fixture_open(&f, &port_udp, &options), 0);
    fixture_close(&f);
    CU_ASSERT(!is_open(fd));
}

static void refused(struct port_peer *peers, unsigned count, uint32_t mtu, int err, const char *why)
{
    struct port_fixture f;
    struct port_peer any = loopback(AF_INET, 0);
    struct port_options options = {
        .peers = peers, .peer_count = count, .mtu = mtu, .local = any.socket, .local_length = any.length};
    CU_ASSERT_EQUAL(fixture_open(&f, &port_udp, &options), err);
    CU_ASSERT(strstr(f.port.why, why) != NULL);
    if (!strstr(f.port.why, why)) fprintf(stderr, "    %s: %s\n", why, f.port.why);
    CU_ASSERT_PTR_NULL(f.port.state);
}

static void test_wrong_peers(void)
{
    static const uint32_t hosts[] = {INADDR_ANY, INADDR_NONE, 0xe0000001};
    struct port_peer peers[PORT_PEERS + 1];
    refused(NULL, 0, 0, -EINVAL, "0 peers");
    for (uint16_t i = 0; i <= PORT_PEERS; i++) {
        peers[i] = loopback(AF_INET, 1000 + i);
        peers[i].address = 1u + i;
    }
    refused(peers, PORT_PEERS + 1, 0, -EINVAL, "65 peers");
    refused(peers, 1, 67, -ERANGE, "MTU 67");
    refused(peers, 1, 65536, -ERANGE, "MTU 65536");
    peers[1] = peers[0];
    refused(peers, 2, 0, -EINVAL, "own address as a next hop");
    peers[1].address = 9;
    refused(peers, 2, 0, -EINVAL, "two peers listen at 127.0.0.1:1000");
    peers[1] = loopback(AF_INET, 2000);
    refused(peers, 2, 0, -EINVAL, "own address as a next hop"); /* 0 */
    peers[0] = loopback(AF_INET, 0);
    refused(peers, 1, 0, -EINVAL, "peer 127.0.0.1:0");
    peers[0] = loopback(AF_INET6, 2000);
    refused(peers, 1, 0, -EINVAL, "peer [::1]:2000");
    peers[0].length = 0;
    refused(peers, 1, 0, -EINVAL, "peer ?");
    for (unsigned i = 0; i < 3; i++) {
        peers[0] = loopback(AF_INET, 2000);
        ((struct sockaddr_in *)&peers[0].socket)->sin_addr.s_addr = htonl(hosts[i]);
        refused(peers, 1, 0, -EINVAL, "one host");
    }
}

void port_udp_tests(CU_pSuite suite)
{
    CU_add_test(suite, "both ways", test_both_ways);
    CU_add_test(suite, "bursts", test_bursts);
    CU_add_test(suite, "strangers", test_strangers);
    CU_add_test(suite, "many peers", test_many_peers);
    CU_add_test(suite, "sizes", test_sizes);
    CU_add_test(suite, "a packet of another pool", test_packet_of_another_pool);
    CU_add_test(suite, "hops", test_hops);
    CU_add_test(suite, "a peer that is not there", test_absent_peer);
    CU_add_test(suite, "one in a burst is not there", test_absent_peer_in_a_burst);
    CU_add_test(suite, "an error within a burst", test_error_within_a_burst);
    CU_add_test(suite, "no way to the peer", test_no_way);
    CU_add_test(suite, "kernel drops", test_kernel_drops);
    CU_add_test(suite, "no buffers", test_no_buffers);
    CU_add_test(suite, "impaired", test_impaired);
    CU_add_test(suite, "bind", test_bind);
    CU_add_test(suite, "adopt", test_adopt);
    CU_add_test(suite, "wrong peers", test_wrong_peers);
}
