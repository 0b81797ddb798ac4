/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h - the workers of one router, each on a thread of its own, and what passes
 * between them.
 *
 *   rx_burst of a port, by its owner -> carriers, network, flow -> the flow's worker
 *        |  another's: through `frames`                                   |
 *        v                                                                v
 *   executed there -> sealed -> the port that it leaves by: its owner's queue, or `sends`
 *        |                                                                |
 *        v                                                                v
 *   buffers that end on a strange thread go home in a chain, once a round
 *
 * Port d belongs to worker d modulo their number: it alone calls the port. So one flow is
 * always run by one worker, and what that worker sends by one port leaves in order.
 *
 * Passages hold PASSAGE_SLOTS packets; what finds one full is dropped as `worker-busy`.
 * A frame that waits in one was received, and is held as `worker-ring`; a packet that
 * waits to leave was sent, as one that waits in a port's queue; should its port not take
 * it, book.c puts that right. A frame carries the generation in which its network was
 * found: where the worker that runs it has another one, the network is looked for anew,
 * so no pointer outlives its generation and a load drops nothing.
 *
 * Buffers belong to pools that know one thread. A packet on a strange thread has a pool of
 * that thread's own instead, which knows whose it is (its home: a port, or a worker for
 * packets made by programs) and to which nothing can be given but what goes home.
 *
 * A worker that wants to sleep says so (`armed`), then looks once more; whoever passes it
 * something shows it first, then looks whether the other sleeps. As these are sequentially
 * consistent, at least one of the two sees the other. Buffers wake nobody.
 *
 * With one worker there is none of this: worker->seat is NULL.
 */
#ifndef VVMD_CREW_H
#define VVMD_CREW_H

#include "passage.h"
#include "worker.h"

#define CREW_HOMES (ROUTER_PORTS + ROUTER_WORKERS) /* a port's, or ROUTER_PORTS + a worker's */

struct seat;

/* Buffers of one home on one thread that is not theirs. */
struct foreign_pool {
    struct vvm_pool ops; /* first: its functions get a pointer to it */
    struct seat *seat;
    uint16_t home;
};

/* What its owner knows of a port, for the others. */
struct port_facts {
    _Atomic uint32_t mtu;
    _Atomic bool up;
};

/* A worker's place among the others. */
struct seat {
    struct crew *crew;
    unsigned index;
    bool slept;
    unsigned held_row, busy_row;
    struct foreign_pool foreign[CREW_HOMES];
    struct vvm_packet *returning[ROUTER_WORKERS], *returning_last[ROUTER_WORKERS]; /* chains, by owner */
    int wake;                                                                      /* an eventfd; -1: none */
    alignas(64) _Atomic(struct vvm_packet *) returned; /* to this one, by others */
    _Atomic bool armed;
};

struct crew {
    struct router *router;
    unsigned count;
    struct worker *workers;         /* count of them */
    struct seat *seats;             /* NULL: one worker */
    struct passage *frames, *sends; /* [from * count + to] */
    struct port_facts facts[ROUTER_PORTS];
};

/** Workers for a router whose ports are open, router->crew_size of them, no threads. 0 or -errno. */
int crew_open(struct crew **crew, struct router *router);
/** Close the workers; what waits between them gets its fate: frames are dropped as
 *  `worker-closed`, packets on their way to a port as `port-closed`. No thread runs. */
void crew_close(struct crew *crew);
/** Does something wait between workers? Any thread. */
bool crew_holds(const struct crew *crew);
/** The descriptor to write to when something comes for a worker that is armed. */
void crew_set_wake(struct crew *crew, unsigned index, int descriptor);

/** MTU of a port of a router with several workers. Any thread. */
static inline uint32_t crew_mtu(const struct router *router, unsigned device)
{
    return atomic_load_explicit(&router->workers[0]->seat->crew->facts[device].mtu, memory_order_relaxed);
}

/* ---- for worker.c and transmit.c: a worker that has a seat, on its own thread ---- */

/** Beginning of a round: what came home, what the ports are like. */
void seat_begin(struct worker *worker);
/** A burst of the port: each packet is refused, executed, or passed to its worker. */
void seat_receive(struct worker *worker, unsigned device, struct vvm_packet **packets, unsigned n);
/** What the others passed. How many frames and packets. */
unsigned seat_work(struct worker *worker);
/** End of a round: all that was made for others is shown to them. */
void seat_end(struct worker *worker);
/** Ask for a wake-up. False: something is there. */
bool seat_arm(struct worker *worker);
/** Who owns the port? */
static inline unsigned seat_owner(const struct seat *seat, unsigned device)
{
    return device % seat->crew->count;
}
/** A sealed packet to the owner of the port. False: no room; the packet stays the caller's. */
bool seat_send(struct worker *worker, struct vvm_packet *packet, unsigned device);

#endif
