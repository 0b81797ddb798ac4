/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_udp.c - a port whose link is the Internet: network packets in UDP datagrams, to
 * and from the peers that the configuration lists.
 *
 * Datagrams are received straight into the pool's buffers, of which PORT_BURST always
 * stand ready (`posted`); with none free, datagrams wait in the kernel. Who is not a peer
 * (udp_peers.h) is not heard.
 *
 * A datagram that is longer than the path allows is refused and counted here, never
 * cut into IP fragments (IP_PMTUDISC_DO): a lost fragment would lose all, and a network
 * that wants pieces makes its own. The MTU is that of an IP packet, as on Ethernet.
 *
 * ICMP errors (port unreachable, ...) come late and say for whom they are: IP_RECVERR
 * queues them. An error marks its peer, and the next packet for that peer is refused and
 * counted, as on a connected socket; the one after it is tried again. So packets for
 * the other peers are not touched, and the port goes on; who forges such a message costs
 * the peer that it names one packet.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carrier.h"
#include "udp_peers.h"

enum {
    BUFFERS = 256,
    BUFFERS_MOST = 1 << 21,
    MTU = 1500,
    MTU_LEAST = 68,
    MTU_MOST = 65535,
    OVERHEAD_4 = 28, /* IPv4 and UDP headers */
    OVERHEAD_6 = 48, /* IPv6 and UDP headers */
    TAIL = 256,      /* octets that may be appended, and by which a packet of another pool stands deeper */
    RECEIVE_ROOM = 4 << 20, /* octets asked for in the kernel */
    ERRORS_A_CALL = 64,     /* most ICMP errors that are read in one go */
    ATTEMPTS = 3,           /* to send a datagram while errors of others come in */
};

struct udp {
    struct buffer_pool *pool;
    int socket;
    uint32_t mtu, largest; /* of IP packets; of network packets */
    struct udp_peers peers;
    uint32_t kernel_drops; /* as last told by the kernel */
    bool emptying;         /* datagrams came since its queue was empty last */
    uint64_t (*clock)(void *);
    void *clock_data;
    struct port_stats stats;
    /* buffers that wait for datagrams, and how recvmmsg is told of them */
    struct vvm_packet *posted[PORT_BURST];
    unsigned posted_count;
    struct mmsghdr in[PORT_BURST];
    struct iovec in_octets[PORT_BURST];
    struct sockaddr_storage from[PORT_BURST];
    alignas(struct cmsghdr) uint8_t control[PORT_BURST][CMSG_SPACE(sizeof(uint32_t))];
    struct mmsghdr out[PORT_BURST];
    struct iovec out_octets[PORT_BURST];
};

/* ---- open ---- */

static int take_sizes(struct port *port, struct udp *udp, const struct port_options *options)
{
    uint32_t overhead = udp->peers.family == AF_INET ? OVERHEAD_4 : OVERHEAD_6;
    uint32_t least = MTU_LEAST + overhead - OVERHEAD_4;

    udp->mtu = options->mtu ? options->mtu : MTU;
    if (udp->mtu < least || udp->mtu > MTU_MOST) {
        snprintf(port->why, sizeof port->why, "MTU %u: give %u to %d", udp->mtu, least, MTU_MOST);
        return -ERANGE;
    }
    if (options->buffers > BUFFERS_MOST) {
        snprintf(port->why, sizeof port->why, "%u buffers: give at most %d", options->buffers, BUFFERS_MOST);
        return -ERANGE;
    }
    udp->largest = udp->mtu - overhead;
    return 0;
}

static int system_refuses(struct port *port, const char *what, const char *which, const char *help)
{
    int err = -errno;

    snprintf(port->why, sizeof port->why, "%s%s: %s: %s", what, which, strerror(-err), help);
    return err;
}

/* A socket that somebody else has bound for us. */
static int adopt(struct port *port, struct udp *udp, int descriptor)
{
    struct sockaddr_storage own = {0};
    socklen_t length = sizeof own, number_length = sizeof(int);
    int flags, protocol = 0;

    if (getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &number_length) ||
        protocol != IPPROTO_UDP || getsockname(descriptor, (void *)&own, &length) ||
        !socket_is_whole(&own, length) || socket_port(&own) == 0) {
        snprintf(port->why, sizeof port->why, "descriptor %d is no bound UDP socket: hand over one that is",
                 descriptor);
        return -EINVAL;
    }
    flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) || fcntl(descriptor, F_SETFD, FD_CLOEXEC))
        return system_refuses(port, "the socket that was handed over", "", "hand over a UDP socket");
    udp->socket = descriptor;
    udp->peers.family = own.ss_family;
    return 0;
}

static int make_socket(struct port *port, struct udp *udp, const struct port_options *options)
{
    const int on = 1;
    char text[64];

    if (!socket_is_whole(&options->local, options->local_length)) {
        snprintf(port->why, sizeof port->why, "no address to listen at: give ADDRESS:PORT");
        return -EINVAL;
    }
    socket_print(&options->local, text, sizeof text);
    udp->peers.family = options->local.ss_family;
    udp->socket = socket(udp->peers.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp->socket < 0) return system_refuses(port, "no UDP socket", "", "check the limit of open files");
    if (udp->peers.family == AF_INET6) setsockopt(udp->socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (!bind(udp->socket, (const void *)&options->local, options->local_length)) return 0;
    return system_refuses(port, "cannot listen at ", text,
                          errno == EADDRINUSE ? "another process does; choose another port"
                                              : "give an address of this machine");
}

/* A kernel that knows none of these serves as well, with fewer counters. */
static void set_up(const struct udp *udp)
{
    const int on = 1, room = RECEIVE_ROOM, whole4 = IP_PMTUDISC_DO, whole6 = IPV6_PMTUDISC_DO;

    if (setsockopt(udp->socket, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room))
        setsockopt(udp->socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(udp->socket, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    if (udp->peers.family == AF_INET) {
        setsockopt(udp->socket, IPPROTO_IP, IP_MTU_DISCOVER, &whole4, sizeof whole4);
        setsockopt(udp->socket, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    } else {
        setsockopt(udp->socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &whole6, sizeof whole6);
        setsockopt(udp->socket, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
    }
}

static int open_all(struct port *port, struct udp *udp, const struct port_options *options)
{
    uint32_t buffers = options->buffers ? options->buffers : BUFFERS;
    int err = options->adopt ? adopt(port, udp, options->descriptor) : make_socket(port, udp, options);

    if (!err) err = take_sizes(port, udp, options);
    if (!err) err = udp_peers_take(&udp->peers, options, port->why, sizeof port->why);
    if (err) return err;
    err = buffer_pool_open(&udp->pool, buffers + PORT_BURST, PORT_HEADROOM + udp->largest + TAIL,
                           PORT_HEADROOM);
    if (err) snprintf(port->why, sizeof port->why, "no memory for %u buffers: give fewer", buffers);
    return err;
}

/* On failure an adopted socket stays the caller's. */
static int udp_open(struct port *port, const struct port_options *options)
{
    struct udp *udp = calloc(1, sizeof *udp);
    int err;

    snprintf(port->name, sizeof port->name, "%s", options->name ? options->name : "udp");
    snprintf(port->why, sizeof port->why, "out of memory");
    if (!udp) return -ENOMEM;
    udp->socket = -1;
    udp->clock = options->clock ? options->clock : port_system_clock;
    udp->clock_data = options->clock_data;
    err = open_all(port, udp, options);
    if (err) {
        if (udp->socket >= 0 && !options->adopt) close(udp->socket);
        free(udp);
        return err;
    }
    set_up(udp);
    port->link = PORT_DATAGRAM;
    port->key = options->key;
    port->pool = buffer_pool_ops(udp->pool);
    port->state = udp;
    port->why[0] = '\0';
    return 0;
}

static int udp_close(struct port *port)
{
    struct udp *udp = port->state;
    unsigned i;

    for (i = 0; i < udp->posted_count; i++) packet_free(udp->posted[i]);
    buffer_pool_close(udp->pool);
    close(udp->socket);
    free(udp);
    port->state = NULL;
    port->pool = NULL;
    return 0;
}

/* ---- errors ---- */

static bool is_broken(int error) { return error == EBADF || error == ENOTSOCK || error == EFAULT; }

static int broken(struct port *port)
{
    int err = -errno;

    snprintf(port->why, sizeof port->why, "the socket is gone: %s: start the node again", strerror(-err));
    return err;
}

/* Local errors are about a datagram that was refused on the spot; EMSGSIZE is about the
 * path, whose MTU the kernel remembers. */
static bool is_about_peer(const struct msghdr *message)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR((struct msghdr *)message, c)) {
        struct sock_extended_err error;

        if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
            !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
            continue;
        memcpy(&error, CMSG_DATA(c), sizeof error);
        return error.ee_errno != EMSGSIZE &&
               (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6);
    }
    return false;
}

/* Read what ICMP said, and mark the peers that it was about. */
static void read_errors(struct udp *udp)
{
    unsigned n;

    for (n = 0; n < ERRORS_A_CALL; n++) {
        struct sockaddr_storage to = {0};
        alignas(struct cmsghdr) uint8_t control[256];
        struct msghdr message = {.msg_name = &to,
                                 .msg_namelen = sizeof to,
                                 .msg_control = control,
                                 .msg_controllen = sizeof control};
        struct udp_peer *peer;

        if (recvmsg(udp->socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
        peer = socket_is_whole(&to, message.msg_namelen) ? udp_peer_at(&udp->peers, &to) : NULL;
        if (peer && is_about_peer(&message)) peer->refusing = true;
    }
}

/* ---- the way in ---- */

static void post(struct udp *udp)
{
    while (udp->posted_count < PORT_BURST) {
        struct vvm_pool *pool = buffer_pool_ops(udp->pool);
        struct vvm_packet *packet = pool->alloc(pool);

        if (!packet) return;
        udp->posted[udp->posted_count++] = packet;
    }
}

static void prepare_receive(struct udp *udp, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        struct vvm_packet *packet = udp->posted[i];

        udp->in_octets[i] = (struct iovec){packet->base + packet->head, udp->largest};
        udp->in[i].msg_hdr = (struct msghdr){.msg_name = &udp->from[i],
                                             .msg_namelen = sizeof udp->from[i],
                                             .msg_iov = &udp->in_octets[i],
                                             .msg_iovlen = 1,
                                             .msg_control = udp->control[i],
                                             .msg_controllen = sizeof udp->control[i]};
    }
}

/* What was counted already may be told once more, by a datagram that waited meanwhile. */
static void count_kernel_drops(struct udp *udp, uint32_t so_far)
{
    uint32_t fresh = so_far - udp->kernel_drops;

    if (fresh > INT32_MAX) return;
    udp->stats.lost[LOSS_KERNEL] += fresh;
    udp->kernel_drops = so_far;
}

/* The kernel tells with a datagram how many it had no room for before. */
static void read_kernel_drops(struct udp *udp, const struct msghdr *message)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR((struct msghdr *)message, c)) {
        uint32_t drops;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) continue;
        memcpy(&drops, CMSG_DATA(c), sizeof drops);
        count_kernel_drops(udp, drops);
    }
}

/* Those after the last one that came it tells only if it is asked: once the queue is empty. */
static void ask_kernel_drops(struct udp *udp)
{
    uint32_t memory[SK_MEMINFO_VARS];
    socklen_t length = sizeof memory;

    udp->emptying = false;
    if (!getsockopt(udp->socket, SOL_SOCKET, SO_MEMINFO, memory, &length) && length == sizeof memory)
        count_kernel_drops(udp, memory[SK_MEMINFO_DROPS]);
}

/* A datagram as a packet; false: given up, its buffer can be posted again. */
static bool receive(struct port *port, struct vvm_packet *packet, const struct mmsghdr *datagram,
                    uint64_t now)
{
    struct udp *udp = port->state;
    const struct msghdr *message = &datagram->msg_hdr;
    struct udp_peer *peer;

    read_kernel_drops(udp, message);
    udp->stats.rx_frames++;
    udp->stats.rx_octets += datagram->msg_len;
    peer = socket_is_whole(message->msg_name, message->msg_namelen)
               ? udp_peer_at(&udp->peers, message->msg_name)
               : NULL;
    if (!peer || message->msg_flags & MSG_TRUNC) {
        udp->stats.lost[peer ? LOSS_TOO_LONG : LOSS_PEER]++;
        return false;
    }
    packet->length = datagram->msg_len;
    packet->payload_end = packet->head + packet->length;
    packet->ingress = port->device;
    packet->carrier = CARRIER_UDP;
    packet->peer = peer->address;
    packet->time = now;
    return true;
}

/* How many datagrams came; 0 also when only errors did. -errno: broken. */
static int receive_some(struct port *port, unsigned room)
{
    struct udp *udp = port->state;
    unsigned attempt;

    for (attempt = 0; attempt < ATTEMPTS; attempt++) {
        int n;

        prepare_receive(udp, room);
        n = recvmmsg(udp->socket, udp->in, room, MSG_DONTWAIT, NULL);
        if (n >= 0) return n;
        if (errno == EAGAIN) return 0;
        if (is_broken(errno)) return broken(port);
        read_errors(udp);
    }
    return 0;
}

static int udp_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct udp *udp = port->state;
    unsigned i, taken = 0, kept = 0;
    uint64_t now;
    int n;

    post(udp);
    if (room > udp->posted_count) room = udp->posted_count;
    if (room == 0) return 0;
    n = receive_some(port, room);
    if (n == 0 && udp->emptying) ask_kernel_drops(udp);
    if (n <= 0) return n;
    udp->emptying = true;
    now = udp->clock(udp->clock_data);
    for (i = 0; i < (unsigned)n; i++) {
        struct vvm_packet *packet = udp->posted[i];

        if (receive(port, packet, &udp->in[i], now)) packets[taken++] = packet;
        else udp->posted[kept++] = packet;
    }
    for (; i < udp->posted_count; i++) udp->posted[kept++] = udp->posted[i];
    udp->posted_count = kept;
    return (int)taken;
}

/* ---- the way out ---- */

/* Also what an ICMP error has foretold: that is paid then. */
static void refuse(struct port *port, struct vvm_packet *packet)
{
    struct udp *udp = port->state;
    struct udp_peer *peer = udp_peer_toward(&udp->peers, packet->peer);

    if (peer) peer->refusing = false;
    udp->stats.fates[FATE_REFUSED]++;
    if (port->book.fate) port->book.fate(port->book.data, packet, FATE_REFUSED);
    packet_free(packet);
}

/* As many messages as can go in one call, from packets[0]; ends before one that is refused. */
static unsigned prepare_send(struct udp *udp, struct vvm_packet **packets, unsigned n)
{
    unsigned i;

    for (i = 0; i < n && i < PORT_BURST; i++) {
        struct vvm_packet *packet = packets[i];
        struct udp_peer *peer = udp_peer_toward(&udp->peers, packet->peer);

        if (!peer || peer->refusing) return i;
        udp->out_octets[i] = (struct iovec){packet->base + packet->head, packet->length};
        udp->out[i].msg_hdr = (struct msghdr){.msg_name = &peer->socket,
                                              .msg_namelen = peer->length,
                                              .msg_iov = &udp->out_octets[i],
                                              .msg_iovlen = 1};
    }
    return i;
}

static void sent(struct udp *udp, struct vvm_packet **packets, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        udp->stats.tx_frames++;
        udp->stats.tx_octets += packets[i]->length;
        packet_free(packets[i]);
    }
}

/* One call. How many packets are done with, 0: the kernel takes no more now, -errno:
 * broken. *attempts counts down for the first packet while errors come. */
static int send_some(struct port *port, struct vvm_packet **packets, unsigned n, unsigned *attempts)
{
    struct udp *udp = port->state;
    unsigned ready = prepare_send(udp, packets, n);
    int done;

    if (ready == 0) {
        refuse(port, packets[0]);
        return 1;
    }
    done = sendmmsg(udp->socket, udp->out, ready, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done > 0) {
        if ((unsigned)done < ready) read_errors(udp); /* why, the kernel has forgotten; the queue has not */
        sent(udp, packets, (unsigned)done);
        return done;
    }
    if (errno == EAGAIN) return 0;
    if (is_broken(errno)) return broken(port);
    read_errors(udp); /* one that waited for us is told instead of sending: try again */
    if (--*attempts > 0) return -EINTR;
    refuse(port, packets[0]);
    return 1;
}

static int udp_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    unsigned taken = 0, attempts = ATTEMPTS;

    while (taken < n) {
        int done = send_some(port, packets + taken, n - taken, &attempts);

        if (done == -EINTR) continue;
        if (done <= 0) return taken > 0 ? (int)taken : done;
        taken += (unsigned)done;
        attempts = ATTEMPTS;
    }
    return (int)taken;
}

/* ---- the rest ---- */

static int udp_descriptor(struct port *port) { return ((const struct udp *)port->state)->socket; }

/* The socket stays readable while datagrams wait. */
static bool udp_arm(struct port *port)
{
    (void)port;
    return true;
}

/* What would carry the largest packet over IPv4: that is what the worker subtracts. */
static uint32_t udp_mtu(struct port *port) { return ((const struct udp *)port->state)->largest + OVERHEAD_4; }

static bool udp_link_up(struct port *port)
{
    (void)port;
    return true;
}

static void udp_stats(struct port *port, struct port_stats *stats)
{
    *stats = ((const struct udp *)port->state)->stats;
}

static bool udp_reaches(struct port *port, uint32_t address)
{
    struct udp *udp = port->state;

    return udp_peer_toward(&udp->peers, address) != NULL;
}

const struct port_ops port_udp = {
    .kind = "udp",
    .open = udp_open,
    .close = udp_close,
    .rx_burst = udp_rx_burst,
    .tx_burst = udp_tx_burst,
    .descriptor = udp_descriptor,
    .arm = udp_arm,
    .mtu = udp_mtu,
    .link_up = udp_link_up,
    .stats = udp_stats,
    .reaches = udp_reaches,
};
