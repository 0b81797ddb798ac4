/* SPDX-License-Identifier: Apache-2.0 */
/*
 * router.h - one router: a node, its ports, its addresses, and what the engine may
 * ask of them. Workers (worker.h) move the packets; nothing here changes while they do.
 */
#ifndef VVMD_ROUTER_H
#define VVMD_ROUTER_H

#include "port.h"

#define ROUTER_PORTS     16
#define ROUTER_ADDRESSES 64
#define ROUTER_WORKERS   16
#define TALLY_NETWORKS   64 /* networks that are counted by name; further ones together */

struct router_address {
    uint32_t address;
    uint8_t prefix; /* length of the network it stands in */
};

/* What became of the packets that a network executed. */
struct network_tally {
    const char *name; /* lives as long as the node */
    uint64_t outcomes[OUTCOME_HELD + 1];
    uint64_t fuel;
};

struct tally_table {
    unsigned count; /* in the order in which the networks first executed a packet */
    struct network_tally items[TALLY_NETWORKS];
};

struct worker;

struct router {
    struct vvm_node *node;
    struct policy *policy;                  /* what its VMlets may have; NULL: what they ask for */
    unsigned crew_size;                     /* workers that a runtime makes for it; 0: one */
    struct worker *workers[ROUTER_WORKERS]; /* that move its packets now; set by worker_open */
    unsigned worker_count;
    const char *name;     /* of the node, for people */
    bool virtual_time;    /* the clock is the newest time of the ports, and jumps when nothing else happens */
    uint64_t virtual_now; /* nanoseconds */
    uint64_t opened;      /* CLOCK_MONOTONIC, nanoseconds */
    struct port ports[ROUTER_PORTS];
    unsigned port_count;
    struct router_address addresses[ROUTER_ADDRESSES];
    unsigned address_count;
    struct tally_table tallies; /* of workers that were closed */
    FILE *log;                  /* lines of the language; NULL: nowhere */
    const char *log_prefix;     /* before each of them; NULL: nothing */
    unsigned log_lost;          /* lines that nobody took, since the last one; under the lock of `log` */
};

/** A router without ports, with a new node. Its clock is the system's (CLOCK_MONOTONIC),
 *  or with `virtual_time` that of the captures that are replayed, so that a replay gives
 *  the same result always; imports are looked for in the folders of `path`. name and path
 *  must live as long. 0 or -errno. */
int router_open(struct router *router, const char *name, bool virtual_time, const char *path);
/** The router's clock, nanoseconds; data is the router. For port_options.clock. */
uint64_t router_clock(void *data);
/** Virtual time goes on to `time` of the router's clock; never back. */
void router_advance(struct router *router, uint64_t time);
/** Close all ports; workers must be closed. The node's ledger then knows the end of every
 *  packet. 0, or the first -errno of a port with "port NAME: why" in `why` (room >= 320). */
int router_close_ports(struct router *router, char *why);
/** Close ports that are open still, then the node. As router_close_ports. */
int router_close(struct router *router, char *why);
/** Open one more port with the router's clock (port_open: behind the impairment layer if
 *  the options want it); its number is the device number. -ENOSPC: too many; -EEXIST: one
 *  of that name is there; else what open says. *port is set also on failure, for its
 *  `why`, unless there are too many. */
int router_add_port(struct router *router, const struct port_ops *ops, const struct port_options *options,
                    struct port **port);
/** One more address of this node. -ENOSPC. */
int router_add_address(struct router *router, uint32_t address, uint8_t prefix);
/** Best own address to write into a packet for that hop; 0 if the node has none. */
uint32_t router_source(const struct router *router, uint32_t hop);
/** Call NAME with integers, in the newest VMlet that defines it: how the daemon tells
 *  VMlets what it knows (addresses, routes). -ENOENT when no VMlet defines it, -EINVAL
 *  with the control context's pending error when it raises. */
int router_tell(struct router *router, const char *name, const int64_t *arguments, unsigned n);

/** The tally of that name, made if it is new; the last one when the table is full. */
struct network_tally *tally_of(struct tally_table *table, const char *name);
/** Add all of `more` to `table`. */
void tally_add(struct tally_table *table, const struct tally_table *more);

#endif
