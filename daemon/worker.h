/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - the loop that moves packets, and the engine's way out.
 *
 *   worker_step:  pin generation; for each port: rx_burst -> carrier_peel -> network_receive
 *                 -> (engine) -> transmit -> queue; drain what packets woke or handed on;
 *                 flush and poll ports; unpin
 *
 * A worker belongs to one thread and one router, and some of the router's ports to it:
 * all of them if it is alone. What passes between several stands in crew.h. It allocates
 * nothing after open.
 */
#ifndef VVMD_WORKER_H
#define VVMD_WORKER_H

#include "carrier.h"
#include "router.h"

#define WORKER_NETWORKS 64  /* networks whose carriers a worker knows at one time */
#define WORKER_SENDERS  64  /* a power of two: rows of the ledger found by their network */
#define WORKER_CLAIMS   512 /* WORKER_NETWORKS with 8 match clauses each */

/* Under which keys the generation's networks may leave. */
struct carrier_choice {
    const struct network *network;
    bool may[CARRIER_UDP + 1];
    uint32_t key[CARRIER_UDP + 1];
};

struct transmit_queue {
    struct vvm_packet *packets[PORT_BURST];
    unsigned count;
};

/* In which row the packets of a network are booked as sent. */
struct sender_row {
    const struct network *network;
    uint32_t row;
};

struct seat;

struct worker {
    struct vvm_context context;
    struct router *router;
    struct seat *seat;                     /* among several; NULL: it is alone */
    unsigned own[ROUTER_PORTS], own_count; /* its ports */
    struct buffer_pool *made;              /* for packets that programs make */
    uint64_t learnt_of; /* number of the generation that choices, bare and claims stand for */
    unsigned choice_count;
    struct carrier_choice choices[WORKER_NETWORKS];
    const struct network *bare[ROUTER_PORTS]; /* PORT_DATAGRAM: whose packets pass there; NULL: nobody's */
    unsigned claim_count, told_count;
    struct port_claim claims[WORKER_CLAIMS], told[WORKER_CLAIMS]; /* sorted; told: as the ports know them */
    struct transmit_queue queues[ROUTER_PORTS];
    struct sender_row senders[WORKER_SENDERS];
    uint64_t copies[ROUTER_PORTS];           /* packets that crossed pools to leave by the port */
    uint64_t lost[ROUTER_PORTS][LOSS_KINDS]; /* booked so far */
    bool ended[ROUTER_PORTS];
    uint16_t identity; /* of the next IPv4 datagram */
    unsigned received_row[ROUTER_PORTS], verdict_row[VERDICT_LIMIT], loss_row[LOSS_KINDS];
    unsigned fate_row[FATE_KINDS];
    struct tally_table tallies; /* what became of the packets that networks executed */
    struct port *broken;        /* the port that made worker_step fail */
};

/** The only worker of a router, after all ports are open; joins router->workers. 0 or -errno. */
int worker_open(struct worker *worker, struct router *router);
/** The same for the index-th of `count` workers. */
int worker_open_one(struct worker *worker, struct router *router, unsigned index, unsigned count);
/** Queued packets that no port took are dropped as `port-closed`; the tallies become the
 *  router's. */
void worker_close(struct worker *worker);
/** One burst from every port, and what other workers passed on. Number of frames that came,
 *  0 if none; -ENODATA when no port of its own will ever bring any again and none holds
 *  any (others may pass it more); another -errno when
 *  worker->broken is broken. With virtual time, a step in which nothing came moves the
 *  clock to the next deadline. */
int worker_step(struct worker *worker);
/** When some port next has something to do by itself: nanoseconds of the router's
 *  clock, PORT_NEVER if at no time. */
uint64_t worker_deadline(const struct worker *worker);
/** Ask all ports that have not ended for a wake-up through their descriptors. False:
 *  something is there already, do not sleep. */
bool worker_arm(struct worker *worker);

/** The host operations, for the router's node; the worker is ctx->host. */
extern const struct vvm_host_ops worker_host_ops;

/** A packet ended that was held or handed on: it belongs into the tallies. */
void worker_ended(void *host, struct vvm_context *ctx, const struct outcome_report *report);

/* ---- for crew.c ---- */

/** The network that claims a frame of the port, with its carriers peeled; NULL: it was
 *  refused, counted and freed. */
const struct network *worker_claim(struct worker *worker, unsigned device, struct vvm_packet *packet);
/** Run a packet, count what becomes of it. */
void worker_execute(struct worker *worker, const struct network *network, struct vvm_packet *packet);

/* ---- transmit.c: private to the worker ---- */

/** A packet that another worker has sealed and booked as sent leaves by a port of this one. */
void transmit_passed(struct worker *worker, struct vvm_packet *packet, unsigned device);

/** Hand what waits for a port to it, as far as it takes it. 0, or -errno: worker->broken. */
int transmit_flush(struct worker *worker, unsigned device);
/** What the running generation says about carriers and claims, when it is another one
 *  than before; ports with filters of their own are told. 0, or -errno: worker->broken. */
int transmit_learn(struct worker *worker);
/** What was queued and never left becomes dropped. */
void transmit_abandon(struct worker *worker);

/* ---- book.c: what becomes of packets after they were booked as sent ---- */

/** Fates of its ports go to the worker's ledger rows from now on; until a port is closed. */
void book_open(struct worker *worker);
/** They go to the ledger without a worker: what waits in the ports when they are closed. */
void book_close(struct worker *worker);
/** A packet that counted as sent is dropped for a reason of the worker's; it is not freed. */
void book_unsent(struct worker *worker, const struct vvm_packet *packet, const char *reason);

#endif
