/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - the loop that moves packets, and the engine's way out.
 *
 *   worker_step:  pin generation; for each port: rx_burst -> carrier_peel -> network_receive
 *                 -> (engine) -> worker_transmit -> queue; flush queues; unpin
 *
 * A worker belongs to one thread and one router. It allocates nothing after open.
 */
#ifndef VVMD_WORKER_H
#define VVMD_WORKER_H

#include "carrier.h"
#include "router.h"

#define WORKER_NETWORKS 64 /* networks that a worker counts by name; further ones together */

/* What became of the packets that a network executed. */
struct network_tally {
    const char *name;
    uint64_t outcomes[OUTCOME_HELD + 1];
    uint64_t fuel;
};

/* Under which keys the generation's networks may leave. */
struct carrier_choice {
    const struct network *network;
    bool may[CARRIER_UDP + 1];
    uint32_t key[CARRIER_UDP + 1];
};

struct transmit_queue {
    struct vvm_packet *packets[PORT_BURST];
    const struct network *senders[PORT_BURST]; /* under whose name each was booked as sent */
    unsigned count;
};

struct worker {
    struct vvm_context context;
    struct router *router;
    struct buffer_pool *made; /* for packets that programs make */
    uint64_t choices_of;      /* number of the generation that `choices` stands for */
    unsigned choice_count;
    struct carrier_choice choices[WORKER_NETWORKS];
    struct transmit_queue queues[ROUTER_PORTS];
    uint64_t copies[ROUTER_PORTS];           /* packets that crossed pools to leave by the port */
    uint64_t lost[ROUTER_PORTS][LOSS_KINDS]; /* booked so far */
    bool ended[ROUTER_PORTS];
    uint16_t identity; /* of the next IPv4 datagram */
    unsigned received_row[ROUTER_PORTS], verdict_row[VERDICT_LIMIT], loss_row[LOSS_KINDS];
    unsigned fate_row[FATE_KINDS];
    unsigned tally_count;
    struct network_tally tallies[WORKER_NETWORKS];
    struct port *broken; /* the port that made worker_step fail */
};

/** After all ports are open. 0 or -errno. */
int worker_open(struct worker *worker, struct router *router);
/** Queued packets that no port took are dropped as `port-closed`. */
void worker_close(struct worker *worker);
/** One burst from every port. Number of frames that came, 0 if none; -ENODATA when no
 *  port will ever bring any again and none holds any; another -errno when
 *  worker->broken is broken. */
int worker_step(struct worker *worker);
/** When some port next has something to do by itself: nanoseconds of the router's
 *  clock, PORT_NEVER if at no time. */
uint64_t worker_deadline(const struct worker *worker);

/** The host operations, for the router's node; the worker is ctx->host. */
extern const struct vvm_host_ops worker_host_ops;

#endif
