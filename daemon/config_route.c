/* SPDX-License-Identifier: Apache-2.0 */
/* config_route.c - routes that the file says itself. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config_key.h"

/* A route as it is read. */
struct draft {
    struct config_prefix to;
    uint32_t via;
    const char *port;
};

static const struct config_key route_keys[] = {
    {.name = "to",
     .kind = KEY_PREFIX,
     .offset = offsetof(struct draft, to),
     .required = true,
     .help = "destination, as 203.0.113.0/24"},
    {.name = "via",
     .kind = KEY_ADDRESS,
     .offset = offsetof(struct draft, via),
     .help = "address of the next hop; without it the destination is on the port's link"},
    {.name = "port",
     .kind = KEY_NAME,
     .offset = offsetof(struct draft, port),
     .help = "of this node; not needed if only one port has that neighbour"},
};
const struct config_table config_route_table = CONFIG_TABLE("route", "a route", route_keys);

/* ---- which port ---- */

/* Nothing is known of the neighbours of an Ethernet port that names neither them nor a network. */
static bool knows_neighbours(const struct config_port *port)
{
    return port->neighbour_count > 0 || port->network_count > 0 || port->ops == &port_udp ||
           port->ops == &port_link;
}

static bool is_neighbour(const struct config_port *port, uint32_t address)
{
    unsigned i;

    for (i = 0; i < port->neighbour_count; i++)
        if (port->neighbours[i] == address) return true;
    for (i = 0; i < port->network_count; i++)
        if ((address & config_mask(port->networks[i].length)) == port->networks[i].address) return true;
    return false;
}

/* The port that the route names. */
static int named_port(struct config_reader *reader, const struct config_node *node, const char *name,
                      const struct tree *value, unsigned *port)
{
    struct nearest nearest = {.word = name};

    for (*port = 0; *port < node->port_count; ++*port) {
        if (strcmp(node->ports[*port].name, name) == 0) return 0;
        nearest_try(&nearest, node->ports[*port].name);
    }
    return config_refuse(reader, config_place(value), "port: there is no port %s; %s%s", SHOW(name),
                         nearest.best ? "the nearest is " : "this node has none",
                         nearest.best ? nearest.best : "");
}

/* The one port that has the next hop as a neighbour. */
static int port_towards(struct config_reader *reader, const struct config_node *node, uint32_t via,
                        const struct tree *value, unsigned *port)
{
    unsigned i, found = 0;

    for (i = 0; i < node->port_count; i++) {
        if (!is_neighbour(&node->ports[i], via)) continue;
        if (found++ == 0) *port = i;
    }
    if (found == 1) return 0;
    return config_refuse(reader, config_place(value), "via: %s is a neighbour at %s", SHOW_ADDRESS(via),
                         found == 0 ? "no port; name one that is, or the port"
                                    : "several ports; name the port");
}

static int choose_port(struct config_reader *reader, const struct config_node *node, const struct tree *value,
                       const struct draft *draft, unsigned *port)
{
    const struct tree *via = tree_child(value, "via"), *name = tree_child(value, "port");
    int err;

    if (!via && !name)
        return config_refuse(reader, config_place(value),
                             "a route lacks both via and port; give at least one of them");
    if (!name) return port_towards(reader, node, draft->via, via, port);
    err = named_port(reader, node, draft->port, name, port);
    if (err || !via || !knows_neighbours(&node->ports[*port]) ||
        is_neighbour(&node->ports[*port], draft->via))
        return err;
    return config_refuse(reader, config_place(via), "via: %s is no neighbour at port %s; name one that is",
                         SHOW_ADDRESS(draft->via), node->ports[*port].name);
}

/* ---- one route, all of a node ---- */

static int read_route(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_node *node = object;
    struct config_route *route = &node->routes[node->route_count];
    struct draft draft = {0};
    int err = config_check_map(reader, value, &config_route_table, NULL);

    if (!err) err = config_read_keys(reader, value, &config_route_table, &draft);
    if (!err) err = choose_port(reader, node, value, &draft, &route->port);
    if (err) return err;
    route->to = draft.to;
    route->via = draft.via;
    route->place = config_place(value);
    node->route_count++;
    return 0;
}

int config_read_routes(struct config_reader *reader, struct config_node *node, const struct tree *routes)
{
    node->routes = region_reserve(reader->config->region, routes->count, sizeof *node->routes);
    if (!node->routes) return config_no_memory(reader);
    return config_read_list(reader, routes, CONFIG_ROUTES, read_route, node);
}

/* ---- networks of ports ---- */

static bool has_route(const struct config_node *node, unsigned written, const struct config_prefix *to)
{
    unsigned i;

    for (i = 0; i < written; i++)
        if (node->routes[i].to.address == to->address && node->routes[i].to.length == to->length) return true;
    return false;
}

static int add_networks(struct config_reader *reader, struct config_node *node)
{
    struct config *config = reader->config;
    unsigned written = node->route_count, i, j;

    for (i = 0; i < node->port_count; i++)
        for (j = 0; j < node->ports[i].network_count; j++) {
            struct config_route route = {.to = node->ports[i].networks[j], .port = i};
            struct config_route *routes;

            if (has_route(node, written, &route.to)) continue;
            routes = region_grow(config->region, node->routes, node->route_count, sizeof *routes);
            if (!routes) return config_no_memory(reader);
            routes[node->route_count++] = route;
            node->routes = routes;
        }
    return 0;
}

int config_add_networks(struct config_reader *reader)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < reader->config->node_count && !err; i++)
        err = add_networks(reader, &reader->config->nodes[i]);
    return err;
}
