/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.h - where frames come in and go out, whatever the kind.
 *
 * A port is a struct port and one const struct port_ops. Nothing outside a port's
 * own file knows its kind. open and close are called by the control thread while no
 * worker runs; everything else by the one worker that the port belongs to.
 *
 * Links. A port of link PORT_ETHERNET carries whole Ethernet frames. A port of link
 * PORT_DATAGRAM carries bare network packets: somebody else (the host's kernel) does
 * Ethernet, IP and UDP; `key` says as which UDP destination port they count.
 *
 * Buffers. A port owns a pool whose buffers are made in open and given back in
 * close; nothing is allocated in between. A packet is a view {pool, base, head,
 * length} with one owner:
 *
 *   rx_burst   hands out packets of the port's own pool, head at the link header (at
 *              the network packet for PORT_DATAGRAM), with ingress, time, payload_end
 *              set, and peer on a PORT_DATAGRAM port; the worker owns them from then on;
 *   tx_burst   takes packets of the port's own pool, head at the link header, and
 *              frees those that it took. A packet of another pool is copied by the
 *              worker first: one counted copy. On a PORT_DATAGRAM port packet->peer is
 *              the IPv4 address of the next hop, 0 for all that are on the link.
 *
 * Frames that a port had to give up itself are counted by reason in stats.lost; the
 * worker books the growth as received and dropped, so that the ledger sees them. What
 * becomes of a packet after tx_burst took it (it had been booked as sent) is told
 * through struct port_book.
 */
#ifndef VVMD_PORT_H
#define VVMD_PORT_H

#include <sys/socket.h>

#include "engine/packet.h"

#define PORT_BURST    32  /* most packets of one rx_burst or tx_burst */
#define PORT_HEADROOM 128 /* octets free before every received frame */
#define PORT_NAME     32
#define PORT_PEERS    64
#define PORT_CLAIMS   64
#define PORT_NEVER    UINT64_MAX /* no deadline */

enum port_link { PORT_ETHERNET, PORT_DATAGRAM };

/* L(NAME, "ledger name"): why a frame that arrived never became a packet. Dropped. */
#define PORT_LOSSES(L)                                                                                       \
    L(TRUNCATED, "truncated") /* only the frame's beginning was captured */                                  \
    L(TOO_LONG, "too-long")   /* longer than a buffer */                                                     \
    L(NO_BUFFER, "no-buffer") /* the pool was empty */                                                       \
    L(PEER, "unknown-peer")   /* a datagram from nobody on the link */                                       \
    L(KERNEL, "kernel-drop")  /* the kernel had no room for it before we came */
enum port_loss {
#define L(name, text) LOSS_##name,
    PORT_LOSSES(L)
#undef L
        LOSS_KINDS
};

/* F(NAME, "ledger name"): what happens to a packet that was booked as sent. */
#define PORT_FATES(F)                                                                                        \
    F(LOST, "link-loss")            /* sent -1, dropped +1 */                                                \
    F(OVERFLOW, "link-queue")       /* sent -1, dropped +1: the link's queue is full */                      \
    F(REFUSED, "link-refused")      /* sent -1, dropped +1: the kernel would not have it */                  \
    F(CLOSED, "port-closed")        /* sent -1, dropped +1: the port was closed first */                     \
    F(DUPLICATED, "link-duplicate") /* created +1, sent +1 */                                                \
    F(DELAYED, "link-delay")        /* sent -1, held +1 */                                                   \
    F(RELEASED, "link-delay")       /* held -1, sent +1: on its way at last */
enum port_fate {
#define F(name, text) FATE_##name,
    PORT_FATES(F)
#undef F
        FATE_KINDS
};

/* Where a port reports fates; the worker's. The packet is still whole in the call. */
struct port_book {
    void (*fate)(void *data, const struct vvm_packet *packet, enum port_fate fate);
    void *data;
};

struct port_stats {
    uint64_t rx_frames, rx_octets;
    uint64_t tx_frames, tx_octets;
    uint64_t tx_copies;         /* packets that came from another pool; counted by the worker */
    uint64_t lost[LOSS_KINDS];  /* frames that arrived and never became packets */
    uint64_t fates[FATE_KINDS]; /* counted by the impairment layer and by ports that queue */
    uint64_t reordered;         /* packets that overtook others on the link */
};

/* What a link does to packets on their way out. All zero: nothing. */
struct impairment {
    uint32_t loss, duplicate, reorder; /* chances in parts per million */
    uint64_t delay, jitter;            /* nanoseconds; uniform in delay +- jitter, order is kept */
    uint64_t rate;                     /* bits a second of link octets; 0: any (port_impair.c) */
    uint32_t queue;                    /* most packets that wait at one time; 0: 1000 */
    uint32_t mtu;                      /* largest link payload; 0: the port's own */
    uint64_t seed;                     /* of its random numbers; the port's name is mixed in */
};

struct port_peer {
    uint32_t address;               /* IPv4 address of the node as a next hop */
    struct sockaddr_storage socket; /* where it listens */
    socklen_t length;
};

struct link_cable; /* port_link.c */

/* What open may use; a kind ignores what it does not know. Strings and arrays stay the
 * caller's and must live as long as the port. */
struct port_options {
    const char *name; /* for people and the ledger */
    uint32_t mtu;     /* largest link payload, octets; 0 = the kind's own */
    uint32_t buffers; /* in the pool; 0 = the kind's own */
    /* pcap-file */
    const char *read_path;  /* capture to replay, or NULL */
    const char *write_path; /* capture to record, or NULL */
    bool original_speed;    /* frames come at the times of the capture; else as fast as they are taken */
    /* pcap */
    const char *device; /* of the host */
    bool quiet;         /* not promiscuous */
    /* udp */
    bool adopt;                    /* take over `descriptor`, a bound socket: closed by close; */
    int descriptor;                /*  still the caller's when open fails */
    struct sockaddr_storage local; /* else: to bind */
    socklen_t local_length;
    const struct port_peer *peers;
    unsigned peer_count;
    uint32_t key; /* as which UDP destination port packets count; 0: the only one that is claimed */
    /* link */
    struct link_cable *cable;
    unsigned end; /* 0 or 1 */
    /* any */
    struct impairment impairment;
    uint64_t (*clock)(void *); /* nanoseconds; the router's */
    void *clock_data;
    bool system_clock; /* it is the system's: a record may carry the time of day */
};

/* A key by which a network of the running generation claims packets. */
struct port_claim {
    enum match_kind kind; /* MATCH_ETHERNET, MATCH_IP or MATCH_UDP */
    uint32_t key;
};

struct port {
    const struct port_ops *ops;
    char name[PORT_NAME];
    uint16_t device; /* number of the port in its router */
    enum port_link link;
    uint32_t key;          /* PORT_DATAGRAM: see port_options */
    struct vvm_pool *pool; /* alloc, free and headroom of this port's buffers */
    uint64_t time; /* nanoseconds: arrival of the newest frame, by a clock of the port's own; else 0 */
    struct port_book book; /* set by the worker before the first burst; fate may be NULL */
    char why[256];         /* after a failed call: one line, where, what, what to do */
    void *state;           /* the kind's own */
};

struct port_ops {
    const char *kind;
    /** Open, make all buffers, fill in name, link, key and pool. 0, or -errno with port->why. */
    int (*open)(struct port *port, const struct port_options *options);
    /** Give everything back; what waits still gets its fate. All packets must have come
     *  home. 0, or -errno with port->why when something that was sent could not be kept
     *  (disk full). */
    int (*close)(struct port *port);
    /** Up to `room` packets. 0: none now; -ENODATA: none ever again (end of a replay);
     *  another -errno: the port is broken, port->why says how. */
    int (*rx_burst)(struct port *port, struct vvm_packet **packets, unsigned room);
    /** Take up to n packets in order; returns how many were taken (fewer: try the rest
     *  again later), or -errno with port->why when the port is broken. */
    int (*tx_burst)(struct port *port, struct vvm_packet **packets, unsigned n);
    /** Called once a round: send on what waited and is due. 0, or -errno: broken. May be NULL. */
    int (*poll)(struct port *port);
    /** When poll or rx_burst next has something to do without any descriptor saying so:
     *  nanoseconds of the router's clock, PORT_NEVER if at no time. May be NULL: never. */
    uint64_t (*deadline)(struct port *port);
    /** Descriptor that poll() finds readable when frames wait; -1: none (deadline says when). */
    int (*descriptor)(struct port *port);
    /** Ask for a wake-up through the descriptor. False: frames wait already, do not sleep. */
    bool (*arm)(struct port *port);
    uint32_t (*mtu)(struct port *port); /* largest link payload, octets */
    bool (*link_up)(struct port *port);
    void (*stats)(struct port *port, struct port_stats *stats);
    /** Is there somebody at that next hop on the link? NULL: one never knows (Ethernet). */
    bool (*reaches)(struct port *port, uint32_t address);
    /** The keys that networks claim have changed: a port with a filter of its own lets
     *  these through. 0, or -errno with port->why: the port is broken. May be NULL. */
    int (*claim)(struct port *port, const struct port_claim *claims, unsigned n);
};

extern const struct port_ops port_pcap_file, port_pcap, port_udp, port_link;
extern const struct port_ops *const port_kinds[]; /* all of them, NULL-terminated; by `kind` */

/** The ledger's name of a loss or fate: "truncated", "link-loss" ... */
const char *port_loss_name(enum port_loss loss);
const char *port_fate_name(enum port_fate fate);
/** CLOCK_MONOTONIC, nanoseconds; data is not used. The clock of a port whose options give none. */
uint64_t port_system_clock(void *data);

/* ---- port_impair.c: any port behind a link that misbehaves ---- */

/** True if the options ask for it. */
bool impairment_wanted(const struct impairment *impairment);
/** Open a port of kind `ops`, behind the impairment layer if the options want it: then
 *  port->ops is the layer's, and the inner port its own. As port_ops.open. */
int port_open(struct port *port, const struct port_ops *ops, const struct port_options *options);

/* ---- port_link.c: two ends in one process ---- */

/** A cable for two ports of kind `link`, its ends 0 and 1: Ethernet frames, at most
 *  `slots` (a power of two; 0 = 1024) on the way in each direction. The ends may belong
 *  to routers of different workers, also on different threads. Each end is opened once; the
 *  cable must be closed after both ports. 0 or -ENOMEM. */
int link_cable_open(struct link_cable **cable, unsigned slots);
void link_cable_close(struct link_cable *cable);

#endif
