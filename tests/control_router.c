/* SPDX-License-Identifier: Apache-2.0 */
#include "control_router.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load.h"

#ifndef VVM_SOURCE
#define VVM_SOURCE "."
#endif

/* ---- the port ---- */

enum { SPRING_ROOM = 2048, SPRING_BURST = 4 };

static const char spring_frame[] = /* of the toy network, to 198.51.100.7 over UDP */
    "\x02\x00\xc0\x00\x02\x02\x02\x00\xc0\x00\x02\x01\x08\x00\x45\x00\x00\x32\x1b\x58\x40\x00\x40\x11\x9b\x5f"
    "\xc0\x00\x02\x01\xc0\x00\x02\x02\x9c\x40\x0c\xfa\x00\x1e\x5a\xbe\x01\x00\x48\x50\x00\x02\x00\x16\x01\x05"
    "\x00\x00\xc6\x33\x64\x07\x02\x01\x01\x03\x00\x09";

struct spring {
    struct buffer_pool *pool;
    struct port_stats stats;
};

static int spring_open(struct port *port, const struct port_options *options)
{
    struct spring *spring = calloc(1, sizeof *spring);

    if (!spring) return -ENOMEM;
    if (buffer_pool_open(&spring->pool, 128, SPRING_ROOM, PORT_HEADROOM)) {
        free(spring);
        return -ENOMEM;
    }
    snprintf(port->name, sizeof port->name, "%s", options->name);
    port->pool = buffer_pool_ops(spring->pool);
    port->state = spring;
    return 0;
}

static int spring_close(struct port *port)
{
    struct spring *spring = port->state;

    buffer_pool_close(spring->pool); /* asserts that every packet came back */
    free(spring);
    return 0;
}

static int spring_rx(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct spring *spring = port->state;
    unsigned n = 0;

    while (n < SPRING_BURST && n < room) {
        struct vvm_packet *packet = port->pool->alloc(port->pool);

        if (!packet) break;
        packet_append(packet, spring_frame, sizeof spring_frame - 1);
        packet->ingress = port->device;
        packets[n++] = packet;
    }
    spring->stats.rx_frames += n;
    return (int)n;
}

static int spring_tx(struct port *port, struct vvm_packet **packets, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) packet_free(packets[i]);
    ((struct spring *)port->state)->stats.tx_frames += n;
    return (int)n;
}

static int spring_descriptor(struct port *port) { return (void)port, -1; }
static bool spring_arm(struct port *port) { return (void)port, false; }
static uint32_t spring_mtu(struct port *port) { return (void)port, 1500; }
static bool spring_up(struct port *port) { return (void)port, true; }
static void spring_stats(struct port *port, struct port_stats *stats)
{
    *stats = ((struct spring *)port->state)->stats;
}

static const struct port_ops port_spring = {
    .kind = "spring",
    .open = spring_open,
    .close = spring_close,
    .rx_burst = spring_rx,
    .tx_burst = spring_tx,
    .descriptor = spring_descriptor,
    .arm = spring_arm,
    .mtu = spring_mtu,
    .link_up = spring_up,
    .stats = spring_stats,
};

/* ---- the router ---- */

static int prepare(struct router *router)
{
    static const int64_t far[] = {0xc6336400, 24, 0, 0xc0000201};
    struct vvm_vmlet *vmlet;
    struct port *port;
    int err = router_add_address(router, 0xc0000202, 24);

    if (!err) err = load_file(&router->node->control, VVM_SOURCE "/netvmlets/hop.vml", &vmlet);
    if (!err) err = router_tell(router, "route-add!", far, 4);
    if (!err) err = router_add_port(router, &port_spring, &(struct port_options){.name = "spring"}, &port);
    return err;
}

int control_router_open(struct control_router *r, bool running)
{
    struct router *router = &r->router;
    int err;

    *r = (struct control_router){.control = {.router = &r->router}};
    err = router_open(router, "test", false, VVM_SOURCE "/netvmlets");
    if (!err) err = prepare(router);
    if (!err && running) err = runtime_open(&r->control.runtime, &router, 1);
    if (!err && running) err = runtime_start(r->control.runtime);
    r->control.started = router_clock(router);
    return err;
}

int control_router_close(struct control_router *r)
{
    char why[320];
    int64_t balance;
    int err;

    if (r->control.runtime) runtime_close(r->control.runtime);
    balance = ledger_balance(r->router.node);
    err = router_close(&r->router, why);
    return err ? err : balance ? -EPROTO : 0;
}
