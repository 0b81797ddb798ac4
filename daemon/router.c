/* SPDX-License-Identifier: Apache-2.0 */
/* router.c - open and close a router; its addresses; telling VMlets things. */
#include "router.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "engine/environment.h"
#include "engine/load.h"
#include "engine/policy.h"
#include "worker.h"

#define SECOND UINT64_C(1000000000)

/* A replay begins at one second: 0 is no time. It never goes back. */
static uint64_t virtual_clock(const struct router *router)
{
    uint64_t newest = router->virtual_now;
    unsigned i;

    for (i = 0; i < router->port_count; i++)
        if (router->ports[i].time > newest) newest = router->ports[i].time;
    return newest + SECOND;
}

uint64_t router_clock(void *data)
{
    const struct router *router = data;

    return router->virtual_time ? virtual_clock(router) : port_system_clock(NULL);
}

void router_advance(struct router *router, uint64_t time)
{
    assert(router->virtual_time);
    if (time > virtual_clock(router)) router->virtual_now = time - SECOND;
}

int router_open(struct router *router, const char *name, bool virtual_time, const char *path)
{
    struct vvm_options options = {
        .clock = router_clock, .clock_data = router, .output = stderr, .path = path};
    int err;

    *router = (struct router){
        .log = stderr, .name = name, .virtual_time = virtual_time, .opened = port_system_clock(NULL)};
    err = node_open(&options, &router->node);
    if (err) return err;
    router->node->world.host = router;
    router->node->world.host_ops = &worker_host_ops;
    return 0;
}

int router_close_ports(struct router *router, char *why)
{
    int err = 0;
    unsigned i;

    assert(router->worker_count == 0);
    for (i = 0; i < router->port_count; i++) {
        struct port *port = &router->ports[i];
        int result = port->ops->close(port);

        if (!result || err) continue;
        err = result;
        snprintf(why, sizeof port->why, "port %s: %.200s", port->name, port->why);
    }
    router->port_count = 0;
    return err;
}

int router_close(struct router *router, char *why)
{
    int err = router_close_ports(router, why);

    if (router->node) node_close(router->node);
    router->node = NULL;
    policy_free(router->policy);
    router->policy = NULL;
    return err;
}

/* Names tell ports apart in the ledger, as far as ports keep them. */
static bool has_port(const struct router *router, const char *name)
{
    unsigned i;

    for (i = 0; name && i < router->port_count; i++)
        if (strncmp(router->ports[i].name, name, PORT_NAME - 1) == 0) return true;
    return false;
}

int router_add_port(struct router *router, const struct port_ops *ops, const struct port_options *options,
                    struct port **out)
{
    struct port_options own = *options;
    struct port *port;
    int err;

    *out = NULL;
    if (router->port_count == ROUTER_PORTS) return -ENOSPC;
    port = *out = &router->ports[router->port_count];
    *port = (struct port){.ops = ops, .device = (uint16_t)router->port_count};
    if (has_port(router, options->name)) {
        snprintf(port->why, sizeof port->why, "there is a port of that name already: give it another");
        return -EEXIST;
    }
    own.clock = router_clock;
    own.clock_data = router;
    own.system_clock = !router->virtual_time;
    err = port_open(port, ops, &own);
    if (!err) router->port_count++;
    return err;
}

int router_add_address(struct router *router, uint32_t address, uint8_t prefix)
{
    assert(address != 0 && prefix <= 32);
    if (router->address_count == ROUTER_ADDRESSES) return -ENOSPC;
    router->addresses[router->address_count++] = (struct router_address){address, prefix};
    return 0;
}

static bool same_network(const struct router_address *own, uint32_t other)
{
    uint32_t mask = own->prefix == 0 ? 0 : UINT32_MAX << (32 - own->prefix);

    return ((own->address ^ other) & mask) == 0;
}

uint32_t router_source(const struct router *router, uint32_t hop)
{
    const struct router_address *best = NULL;
    unsigned i;

    for (i = 0; i < router->address_count; i++) {
        const struct router_address *own = &router->addresses[i];

        if (same_network(own, hop) && (!best || own->prefix > best->prefix)) best = own;
    }
    if (best) return best->address;
    return router->address_count ? router->addresses[0].address : 0;
}

/* The newest VMlet that itself defines the name. */
static struct vvm_vmlet *owner_of(const struct vvm_node *node, vvm_value symbol)
{
    struct vvm_vmlet *vmlet;

    for (vmlet = node->vmlets; vmlet; vmlet = vmlet->next) {
        const struct denotation *d = environment_lookup(vmlet->environment, symbol);

        if (d && d->kind == DENOTES_GLOBAL && d->owner == vmlet) return vmlet;
    }
    return NULL;
}

int router_tell(struct router *router, const char *name, const int64_t *arguments, unsigned n)
{
    struct vvm_context *control = &router->node->control;
    vvm_value symbol = intern(router->node, name), form = VALUE_NULL, result;
    struct vvm_vmlet *vmlet = owner_of(router->node, symbol);

    if (!vmlet) return -ENOENT;
    while (n > 0 && form != VALUE_EXCEPTION) form = make_pair(control, make_fixnum(arguments[--n]), form);
    if (form != VALUE_EXCEPTION) form = make_pair(control, symbol, form);
    if (form == VALUE_EXCEPTION) return -ENOMEM;
    return eval_datum(control, vmlet->environment, form, &result) ? -EINVAL : 0;
}

/* ---- tallies ---- */

struct network_tally *tally_of(struct tally_table *table, const char *name)
{
    unsigned i;

    for (i = 0; i < table->count; i++)
        if (strcmp(table->items[i].name, name) == 0) return &table->items[i];
    if (table->count == TALLY_NETWORKS) return &table->items[TALLY_NETWORKS - 1];
    table->items[table->count] = (struct network_tally){.name = name};
    return &table->items[table->count++];
}

void tally_add(struct tally_table *table, const struct tally_table *more)
{
    unsigned i, outcome;

    for (i = 0; i < more->count; i++) {
        struct network_tally *t = tally_of(table, more->items[i].name);

        for (outcome = 0; outcome <= OUTCOME_HELD; outcome++)
            t->outcomes[outcome] += more->items[i].outcomes[outcome];
        t->fuel += more->items[i].fuel;
    }
}
