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

struct router_address {
    uint32_t address;
    uint8_t prefix; /* length of the network it stands in */
};

struct worker;

struct router {
    struct vvm_node *node;
    struct worker *worker; /* that moves its packets; set by worker_open */
    const char *name;      /* of the node, for people */
    bool virtual_time;    /* the clock is the newest time of the ports, and jumps when nothing else happens */
    uint64_t virtual_now; /* nanoseconds */
    struct port ports[ROUTER_PORTS];
    unsigned port_count;
    struct router_address addresses[ROUTER_ADDRESSES];
    unsigned address_count;
    FILE *log; /* lines of the language; NULL: nowhere */
};

/** A router without ports, with a new node. Its clock is the system's (CLOCK_MONOTONIC),
 *  or with `virtual_time` that of the captures that are replayed, so that a replay gives
 *  the same result always; imports are looked for in the folders of `path`. name must
 *  live as long. 0 or -errno. */
int router_open(struct router *router, const char *name, bool virtual_time, const char *path);
/** The router's clock, nanoseconds; data is the router. For port_options.clock. */
uint64_t router_clock(void *data);
/** Close ports, then the node. Workers must be closed. 0, or the first -errno of a
 *  port with its port->why in `why` (room >= 256). */
int router_close(struct router *router, char *why);
/** Open one more port with the router's clock (port_open: behind the impairment layer if
 *  the options want it); its number is the device number. -ENOSPC: too many; else what
 *  open says. *port is set also on failure, for its `why`. */
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

#endif
