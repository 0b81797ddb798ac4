/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start.h - from a node's configuration to a router that is ready to run.
 *
 * In this order, so that what is refused leaves no trace: a node; its VMlets; what they
 * are told; last the ports. What VMlets are told is a call of a function by its name,
 * in the newest VMlet that defines it; nobody has to define any:
 *
 *   (address-add! address length)                 an address of this node
 *   (route-add! prefix length device hop)         hop 0: on the device's link
 *   (neighbour-add! device address)               a node on that device's link
 *
 * A route in the configuration that no VMlet can be told is an error.
 */
#ifndef VVMD_START_H
#define VVMD_START_H

#include "config.h"
#include "router.h"

/* Cables of `link` ports by name, for all nodes of this process. */
struct cable_box;
int cable_box_open(struct cable_box **box);
void cable_box_close(struct cable_box *box); /* after all routers */

/** Open a router for the node. 0, or -errno with one line in `why` (room >= 512): where,
 *  what, what to do; then nothing is left open. `check_only`: everything but the ports
 *  is done (and router_close is still the caller's). */
int start_router(struct router *router, const struct config *config, const struct config_node *node,
                 bool virtual_time, bool check_only, struct cable_box *box, char *why, size_t room);

/** The file of a VMlet: `name` itself if it has a slash or a dot, else NAME.vml or
 *  NAME.vmi in the folders of `path`. 0, or -ENOENT. */
int find_vmlet(const char *name, const char *path, char *file, size_t room);

#endif
