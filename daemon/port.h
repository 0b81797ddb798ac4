/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.h - where frames come in and go out, whatever the kind.
 *
 * A port is a struct port and one const struct port_ops. Nothing outside a port's
 * own file knows its kind. All calls on one port come from one worker.
 *
 * Buffers. A port owns a pool whose buffers are made in open and given back in
 * close; nothing is allocated in between. A packet is a view {pool, base, head,
 * length} with one owner:
 *
 *   rx_burst   hands out packets of the port's own pool, head at the link header;
 *              the worker owns them from then on;
 *   tx_burst   takes packets of the port's own pool, head at the link header, and
 *              frees those that it took. A packet of another pool is copied by the
 *              worker first: one counted copy.
 *
 * Frames that a port had to give up itself are counted by reason in stats.lost; the
 * worker books the growth as received and dropped, so that the ledger sees them.
 */
#ifndef VVMD_PORT_H
#define VVMD_PORT_H

#include "engine/packet.h"

#define PORT_BURST    32  /* most packets of one rx_burst or tx_burst */
#define PORT_HEADROOM 128 /* octets free before every received frame */
#define PORT_NAME     32

enum port_loss {
    LOSS_TRUNCATED, /* only the frame's beginning was captured */
    LOSS_TOO_LONG,  /* longer than a buffer */
    LOSS_NO_BUFFER, /* the pool was empty */
    LOSS_KINDS
};

struct port_stats {
    uint64_t rx_frames, rx_octets;
    uint64_t tx_frames, tx_octets;
    uint64_t tx_copies;        /* packets that came from another pool; counted by the worker */
    uint64_t lost[LOSS_KINDS]; /* frames that arrived and never became packets */
};

/* What open may use; a kind ignores what it does not know. */
struct port_options {
    const char *name;       /* for people and the ledger */
    const char *read_path;  /* pcap-file: capture to replay, or NULL */
    const char *write_path; /* pcap-file: capture to record, or NULL */
    uint32_t mtu;           /* largest link payload, octets; 0 = 1500 */
    uint32_t buffers;       /* in the pool; 0 = 256 */
};

struct port {
    const struct port_ops *ops;
    char name[PORT_NAME];
    uint16_t device;       /* number of the port in its router */
    struct vvm_pool *pool; /* alloc, free and headroom of this port's buffers */
    uint64_t time;         /* nanoseconds: arrival of the newest frame, by the port's clock */
    char why[256];         /* after a failed call: one line, where, what, what to do */
    void *state;           /* the kind's own */
};

struct port_ops {
    const char *kind;
    /** Open, make all buffers, fill in name and pool. 0, or -errno with port->why. */
    int (*open)(struct port *port, const struct port_options *options);
    /** Give everything back. All packets must have come home. 0, or -errno with
     *  port->why when something that was sent could not be kept (disk full). */
    int (*close)(struct port *port);
    /** Up to `room` packets. 0: none now; -ENODATA: none ever again (end of a replay);
     *  another -errno: the port is broken, port->why says how. */
    int (*rx_burst)(struct port *port, struct vvm_packet **packets, unsigned room);
    /** Take up to n packets in order; returns how many were taken (fewer: try the rest
     *  again later), or -errno with port->why when the port is broken. */
    int (*tx_burst)(struct port *port, struct vvm_packet **packets, unsigned n);
    /** Descriptor that poll() finds readable when frames wait; -1: never any need to wait. */
    int (*descriptor)(struct port *port);
    /** Ask for a wake-up through the descriptor. False: frames wait already, do not sleep. */
    bool (*arm)(struct port *port);
    uint32_t (*mtu)(struct port *port); /* largest link payload, octets */
    bool (*link_up)(struct port *port);
    void (*stats)(struct port *port, struct port_stats *stats);
};

extern const struct port_ops port_pcap_file;

/** The ledger's name of a loss: "truncated" ... */
const char *port_loss_name(enum port_loss loss);

#endif
