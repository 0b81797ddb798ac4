/* SPDX-License-Identifier: Apache-2.0 */
/* config_add.c - a configuration that is made in memory, for vvmd's options. */
#include <errno.h>
#include <string.h>

#include "config_key.h"

struct config *config_single(const char *node_name)
{
    struct region *region = region_open();
    struct config *config = region ? region_alloc(region, sizeof *config) : NULL;
    struct config_node *node = config ? region_alloc(region, sizeof *node) : NULL;

    if (node) node->name = region_text(region, node_name, strlen(node_name));
    if (!node || !node->name) {
        region_close(region);
        return NULL;
    }
    config->file = "command line";
    config->name = node->name;
    config->nodes = node;
    config->node_count = 1;
    config->region = region;
    return config;
}

/* Copies of what the caller may let go; NULL stays NULL. False: out of memory. */
static bool copy_text(struct config *config, const char **text)
{
    if (*text) *text = region_text(config->region, *text, strlen(*text));
    return *text != NULL;
}

static bool copy_texts(struct config *config, const char **const *texts, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++)
        if (*texts[i] && !copy_text(config, texts[i])) return false;
    return true;
}

static void *copy_items(struct config *config, const void *items, unsigned count, size_t size)
{
    void *copy = region_reserve(config->region, count, size);

    if (copy && count > 0) memcpy(copy, items, count * size);
    return copy;
}

/* ---- one more ---- */

int config_add_vmlet(struct config *config, struct config_node *node, const char *name)
{
    struct config_vmlet *vmlets, vmlet = {.name = name};

    if (node->vmlet_count == CONFIG_VMLETS) return -ENOSPC;
    vmlets = region_grow(config->region, node->vmlets, node->vmlet_count, sizeof *vmlets);
    if (!vmlets || !copy_text(config, &vmlet.name)) return -ENOMEM;
    vmlets[node->vmlet_count++] = vmlet;
    node->vmlets = vmlets;
    return 0;
}

int config_add_address(struct config *config, struct config_node *node, const struct config_prefix *prefix)
{
    struct config_prefix *addresses;

    if (node->address_count == CONFIG_ADDRESSES) return -ENOSPC;
    addresses = region_grow(config->region, node->addresses, node->address_count, sizeof *addresses);
    if (!addresses) return -ENOMEM;
    addresses[node->address_count++] = *prefix;
    node->addresses = addresses;
    return 0;
}

int config_add_port(struct config *config, struct config_node *node, const struct config_port *port)
{
    struct config_port *ports, copy = *port;
    struct port_options *options = &copy.options;
    const char **const texts[] = {&copy.name,          &copy.cable,          &options->name,
                                  &options->read_path, &options->write_path, &options->device};

    if (node->port_count == CONFIG_PORTS) return -ENOSPC;
    ports = region_grow(config->region, node->ports, node->port_count, sizeof *ports);
    if (!ports || !copy_texts(config, texts, sizeof texts / sizeof *texts)) return -ENOMEM;
    copy.networks = copy_items(config, port->networks, port->network_count, sizeof *port->networks);
    copy.neighbours = copy_items(config, port->neighbours, port->neighbour_count, sizeof *port->neighbours);
    options->peers = copy_items(config, port->options.peers, port->options.peer_count,
                                sizeof *port->options.peers);
    if (!copy.networks || !copy.neighbours || !options->peers) return -ENOMEM;
    ports[node->port_count++] = copy;
    node->ports = ports;
    return 0;
}

int config_add_route(struct config *config, struct config_node *node, const struct config_route *route)
{
    struct config_route *routes;

    if (node->route_count == CONFIG_ROUTES) return -ENOSPC;
    routes = region_grow(config->region, node->routes, node->route_count, sizeof *routes);
    if (!routes) return -ENOMEM;
    routes[node->route_count++] = *route;
    node->routes = routes;
    return 0;
}
