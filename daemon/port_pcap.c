/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_pcap.c - a port on an Ethernet interface of the host, by libpcap (Linux).
 *
 * In: what arrives on the interface and some loaded network claims; the kernel's filter
 * keeps away the rest (port_filter.h), and what leaves the host never comes in, our own
 * frames least of all. The host's own network stack sees the frames too: an interface
 * that is a router's should have no addresses of the host.
 *
 * Frames come one by one (immediate mode) out of a ring that libpcap shares with the
 * kernel; what found no room in the ring is counted as `kernel-drop`, up to a second
 * late. libpcap puts the outer VLAN tag, which Linux keeps beside the frame, back where
 * it stood. A UDP checksum that a local sender left to hardware is completed
 * (offload.h). A frame longer than the link carries is several that hardware or kernel
 * put together (GRO, GSO): nobody can tell where they join, so it is `too-long`; turn
 * that off at its sender (ethtool -K DEVICE gro off gso off).
 *
 * Out: one frame at a time. When the interface has no room just now, the rest stays with
 * the worker, which tries again soon; a frame that the kernel refuses is `link-refused`.
 *
 * Once a second the port looks at the interface: MTU, link, kernel's drops, and whether
 * it is still there. An MTU that is raised while the port is open counts from the next
 * start, because the ring's slots are made for the one at the start.
 */
#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "offload.h"
#include "port_filter.h"

enum {
    LINK_OCTETS = 14 + 2 * 4, /* Ethernet and two VLAN tags */
    MTU_LEAST = 68,
    MTU_MOST = 65535,
    BUFFERS = 256,
    BUFFERS_MOST = 1 << 18,
    RING_OCTETS = 4 << 20,
    STALE_MOST = 65536, /* frames that may have come before the filter stood */
};
#define SECOND     UINT64_C(1000000000)
#define LOOK_EVERY SECOND

struct live {
    struct port *port;
    struct buffer_pool *pool;
    pcap_t *capture;
    int descriptor;
    char device[IFNAMSIZ];
    int index;     /* of the interface, that it is known again */
    uint32_t mtu;  /* now */
    uint32_t most; /* of the MTU: what the ring's slots were made for, or the options say */
    uint32_t frame_most;
    bool up;
    uint64_t (*clock)(void *);
    void *clock_data;
    uint64_t looked;             /* when, by the router's clock */
    struct vvm_packet **packets; /* of the burst that is being filled */
    unsigned count;
    struct port_filter filter;
    struct port_stats stats;
};

static uint64_t now(const struct live *live) { return live->clock(live->clock_data); }

__attribute__((format(printf, 3, 4))) static int fail(struct port *port, int err, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(port->why, sizeof port->why, format, arguments);
    va_end(arguments);
    return err;
}

/* ---- the interface ---- */

static int ask(const struct live *live, unsigned long what, struct ifreq *answer)
{
    memcpy(answer->ifr_name, live->device, sizeof live->device);
    return ioctl(live->descriptor, what, answer) ? -errno : 0;
}

/* Its state now. -ENODEV: it is gone, or another one has its name. */
static int look(struct live *live)
{
    struct tpacket_stats drops;
    socklen_t length = sizeof drops;
    struct ifreq answer;
    int err = ask(live, SIOCGIFINDEX, &answer);

    if (!err && answer.ifr_ifindex != live->index) err = -ENODEV;
    if (!err) err = ask(live, SIOCGIFMTU, &answer);
    if (!err) live->mtu = (uint32_t)answer.ifr_mtu < live->most ? (uint32_t)answer.ifr_mtu : live->most;
    if (!err) err = ask(live, SIOCGIFFLAGS, &answer);
    if (!err) live->up = (answer.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
    if (!getsockopt(live->descriptor, SOL_PACKET, PACKET_STATISTICS, &drops, &length))
        live->stats.lost[LOSS_KERNEL] += drops.tp_drops; /* since it was asked last */
    return err;
}

static int gone(struct port *port, const struct live *live)
{
    return fail(port, -ENODEV, "interface %s is gone or has another name: make it again, then start again",
                live->device);
}

/* ---- open and close ---- */

static int explain(struct port *port, const struct live *live, int status)
{
    const char *device = live->device;

    switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return fail(
            port, -EPERM,
            "interface %s: no right to open it (needs CAP_NET_RAW): run as root, or give the program the "
            "right: setcap cap_net_raw+ep PROGRAM",
            device);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return fail(port, -ENODEV, "there is no interface %s: name one that `ip link` shows", device);
    case PCAP_ERROR_IFACE_NOT_UP:
        return fail(port, -ENETDOWN, "interface %s is down: ip link set %s up", device, device);
    default:
        return fail(port, -EIO, "interface %s: %.150s: see if tcpdump -i %s works", device,
                    pcap_geterr(live->capture), device);
    }
}

/* The interface as it is before libpcap opens it: the ring is made for its MTU. */
static int measure(struct port *port, struct live *live, uint32_t wanted)
{
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
    struct ifreq answer;

    if (any < 0) return fail(port, -errno, "no socket: %s", strerror(errno));
    live->descriptor = any;
    err = ask(live, SIOCGIFINDEX, &answer);
    if (!err) live->index = answer.ifr_ifindex;
    if (!err) err = ask(live, SIOCGIFMTU, &answer);
    close(any);
    live->descriptor = -1;
    if (err == -ENODEV) return explain(port, live, PCAP_ERROR_NO_SUCH_DEVICE);
    if (err) return fail(port, err, "interface %s: %s", live->device, strerror(-err));
    live->most = (uint32_t)answer.ifr_mtu > MTU_MOST ? MTU_MOST : (uint32_t)answer.ifr_mtu;
    live->frame_most = live->most + LINK_OCTETS;
    if (live->most < MTU_LEAST || (wanted && (wanted < MTU_LEAST || wanted > live->most)))
        return fail(
            port, -ERANGE,
            "interface %s has an MTU of %u, %u is wanted, and at least %d: give less, or ip link set %s "
            "mtu NUMBER",
            live->device, live->most, wanted ? wanted : MTU_LEAST, MTU_LEAST, live->device);
    if (wanted) live->most = wanted;
    live->mtu = live->most;
    return 0;
}

static int activate(struct port *port, struct live *live, bool quiet)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    int status, one = 1;

    live->capture = pcap_create(live->device, reason);
    if (!live->capture) return fail(port, -ENOMEM, "interface %s: %.150s", live->device, reason);
    pcap_set_snaplen(live->capture, (int)live->frame_most);
    pcap_set_promisc(live->capture, !quiet);
    pcap_set_immediate_mode(live->capture, 1);
    pcap_set_buffer_size(live->capture, RING_OCTETS);
    status = pcap_activate(live->capture);
    if (status < 0) return explain(port, live, status);
    if (pcap_datalink(live->capture) != DLT_EN10MB)
        return fail(port, -EPROTONOSUPPORT, "interface %s is no Ethernet: name one that is", live->device);
    live->descriptor = pcap_get_selectable_fd(live->capture);
    if (live->descriptor < 0 || pcap_setnonblock(live->capture, 1, reason) ||
        pcap_setdirection(live->capture, PCAP_D_IN))
        return explain(port, live, PCAP_ERROR);
    /* libpcap looks away; this keeps what leaves out of the ring too, where Linux knows it (4.20) */
    setsockopt(live->descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
    return 0;
}

static void overlook(u_char *user, const struct pcap_pkthdr *header, const u_char *octets)
{
    (void)user, (void)header, (void)octets;
}

/* Nothing is claimed yet; and nothing that slipped in before counts as received. */
static int shut(struct port *port, struct live *live)
{
    int err;

    port_filter_make(&live->filter, NULL, 0);
    err = port_filter_attach(&live->filter, live->descriptor);
    if (err) return fail(port, err, "interface %s takes no filter: %s", live->device, strerror(-err));
    if (pcap_dispatch(live->capture, STALE_MOST, overlook, NULL) < 0) return explain(port, live, PCAP_ERROR);
    err = look(live);
    live->stats.lost[LOSS_KERNEL] = 0;
    return err ? gone(port, live) : 0;
}

static int check_options(struct port *port, const struct port_options *options)
{
    const char *device = options->device;

    if (!device || !*device || strcmp(device, "any") == 0)
        return fail(port, -EINVAL, "device %s: name one interface that `ip link` shows",
                    device ? device : "");
    if (strlen(device) >= IFNAMSIZ)
        return fail(port, -ENODEV, "there is no interface %.80s: a name has at most %d characters", device,
                    IFNAMSIZ - 1);
    if (options->buffers > BUFFERS_MOST)
        return fail(port, -ERANGE, "%u buffers: give at most %d", options->buffers, BUFFERS_MOST);
    return 0;
}

static void release(struct port *port)
{
    struct live *live = port->state;

    if (live->capture) pcap_close(live->capture);
    buffer_pool_close(live->pool);
    free(live);
    port->state = NULL;
    port->pool = NULL;
}

static int live_open(struct port *port, const struct port_options *options)
{
    struct live *live;
    uint32_t buffers = options->buffers ? options->buffers : BUFFERS;
    int err;

    snprintf(port->name, sizeof port->name, "%s", options->name ? options->name : "pcap");
    port->link = PORT_ETHERNET;
    err = check_options(port, options);
    if (err) return err;
    port->state = live = calloc(1, sizeof *live);
    if (!live) return fail(port, -ENOMEM, "out of memory");
    live->port = port;
    live->clock = options->clock ? options->clock : port_system_clock;
    live->clock_data = options->clock_data;
    snprintf(live->device, sizeof live->device, "%s", options->device);
    err = measure(port, live, options->mtu);
    if (!err) err = activate(port, live, options->quiet);
    if (!err) err = shut(port, live);
    if (!err &&
        buffer_pool_open(&live->pool, buffers, PORT_HEADROOM + MTU_MOST + LINK_OCTETS + 7, PORT_HEADROOM))
        err = fail(port, -ENOMEM, "no memory for %u buffers: give fewer", buffers);
    if (err) {
        release(port);
        return err;
    }
    live->looked = now(live);
    port->pool = buffer_pool_ops(live->pool);
    port->why[0] = '\0';
    return 0;
}

static int live_close(struct port *port)
{
    release(port);
    return 0;
}

/* ---- frames ---- */

static void receive(u_char *user, const struct pcap_pkthdr *header, const u_char *octets)
{
    struct live *live = (struct live *)user;
    struct vvm_pool *pool = live->port->pool;
    struct vvm_packet *packet;

    live->stats.rx_frames++;
    live->stats.rx_octets += header->len;
    if (header->len > live->frame_most) {
        live->stats.lost[LOSS_TOO_LONG]++;
        return;
    }
    if (header->caplen != header->len) {
        live->stats.lost[LOSS_TRUNCATED]++;
        return;
    }
    packet = pool->alloc(pool);
    if (!packet) {
        live->stats.lost[LOSS_NO_BUFFER]++;
        return;
    }
    memcpy(packet->base + packet->head, octets, header->caplen);
    packet->length = header->caplen;
    packet->payload_end = packet->head + packet->length;
    packet->ingress = live->port->device;
    offload_complete(packet->base + packet->head, packet->length);
    live->packets[live->count++] = packet;
}

static int live_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct live *live = port->state;
    unsigned i;
    int got;

    if (room == 0) return 0; /* libpcap takes it for no limit */
    live->packets = packets;
    live->count = 0;
    got = pcap_dispatch(live->capture, (int)room, receive, (u_char *)live);
    if (got < 0 && live->count == 0) {
        if (look(live) == -ENODEV) return gone(port, live);
        return explain(port, live, PCAP_ERROR);
    }
    if (got > 0) port->time = now(live);
    for (i = 0; i < live->count; i++) packets[i]->time = port->time;
    return (int)live->count;
}

static bool is_full(int err) { return err == EAGAIN || err == EWOULDBLOCK || err == ENOBUFS || err == EINTR; }

static void give_up(struct port *port, struct live *live, struct vvm_packet *packet)
{
    live->stats.fates[FATE_REFUSED]++;
    if (port->book.fate) port->book.fate(port->book.data, packet, FATE_REFUSED);
}

static int live_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct live *live = port->state;
    unsigned i;

    for (i = 0; i < n; i++) {
        struct vvm_packet *packet = packets[i];

        assert(packet->pool == port->pool);
        if (pcap_inject(live->capture, packet->base + packet->head, packet->length) >= 0) {
            live->stats.tx_frames++;
            live->stats.tx_octets += packet->length;
        } else if (is_full(errno)) {
            break;
        } else {
            give_up(port, live, packet);
        }
        port->pool->free(port->pool, packet);
    }
    return (int)i;
}

static int live_poll(struct port *port)
{
    struct live *live = port->state;
    uint64_t clock = now(live);

    if (clock - live->looked < LOOK_EVERY) return 0;
    live->looked = clock;
    return look(live) == -ENODEV ? gone(port, live) : 0;
}

static uint64_t live_deadline(struct port *port) { return ((struct live *)port->state)->looked + LOOK_EVERY; }

static int live_claim(struct port *port, const struct port_claim *claims, unsigned n)
{
    struct live *live = port->state;
    int err;

    port_filter_make(&live->filter, claims, n);
    err = port_filter_attach(&live->filter, live->descriptor);
    return err ? fail(port, err, "interface %s takes no filter: %s", live->device, strerror(-err)) : 0;
}

/* ---- the rest ---- */

static int live_descriptor(struct port *port) { return ((struct live *)port->state)->descriptor; }

/* The descriptor is readable as long as the ring holds frames: no need to ask. */
static bool live_arm(struct port *port)
{
    (void)port;
    return true;
}

static uint32_t live_mtu(struct port *port) { return ((struct live *)port->state)->mtu; }

static bool live_link_up(struct port *port) { return ((struct live *)port->state)->up; }

static void live_stats(struct port *port, struct port_stats *stats)
{
    *stats = ((struct live *)port->state)->stats;
}

const struct port_ops port_pcap = {
    .kind = "pcap",
    .open = live_open,
    .close = live_close,
    .rx_burst = live_rx_burst,
    .tx_burst = live_tx_burst,
    .poll = live_poll,
    .deadline = live_deadline,
    .descriptor = live_descriptor,
    .arm = live_arm,
    .mtu = live_mtu,
    .link_up = live_link_up,
    .stats = live_stats,
    .claim = live_claim,
};
