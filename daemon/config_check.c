/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_check.c - what two places of the file may not both say. Each check lists claims,
 * sorts them, and looks for neighbours that are equal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_key.h"

struct claim {
    uint64_t number;
    const char *text; /* or NULL */
    unsigned node;
    struct config_place place;
};

struct claims {
    struct claim *items; /* NULL: only counted */
    size_t count;
};

static void add_claim(struct claims *claims, uint64_t number, const char *text, unsigned node,
                      struct config_place place)
{
    if (claims->items) claims->items[claims->count] = (struct claim){number, text, node, place};
    claims->count++;
}

/* ---- what is claimed ---- */

typedef void list_claims(const struct config *config, struct claims *claims);

static void list_addresses(const struct config *config, struct claims *claims)
{
    unsigned i, j;

    for (i = 0; i < config->node_count; i++)
        for (j = 0; j < config->nodes[i].address_count; j++) {
            const struct config_prefix *prefix = &config->nodes[i].addresses[j];

            add_claim(claims, prefix->address, NULL, i, prefix->place);
        }
}

/* Node, prefix and length in one number. */
static uint64_t prefix_number(unsigned node, const struct config_prefix *prefix)
{
    return (uint64_t)node << 40 | (uint64_t)prefix->address << 8 | prefix->length;
}

static void list_networks(const struct config *config, struct claims *claims)
{
    unsigned i, j, k;

    for (i = 0; i < config->node_count; i++)
        for (j = 0; j < config->nodes[i].port_count; j++) {
            const struct config_port *port = &config->nodes[i].ports[j];

            for (k = 0; k < port->network_count; k++)
                add_claim(claims, prefix_number(i, &port->networks[k]), NULL, i, port->networks[k].place);
        }
}

static void list_routes(const struct config *config, struct claims *claims)
{
    unsigned i, j;

    for (i = 0; i < config->node_count; i++)
        for (j = 0; j < config->nodes[i].route_count; j++) {
            const struct config_prefix *to = &config->nodes[i].routes[j].to;

            add_claim(claims, prefix_number(i, to), NULL, i, to->place);
        }
}

/* Files that are written, and sockets that are files. A path from the working directory may
 * be another file for each node: it counts within a node only. */
static void list_files(const struct config *config, struct claims *claims)
{
    unsigned i, j;

    for (i = 0; i < config->node_count; i++) {
        const struct config_node *node = &config->nodes[i];
        const char *path = node->control_path;

        if (path && strcmp(path, "none") != 0) add_claim(claims, *path == '/' ? 0 : i, path, i, node->place);
        for (j = 0; j < node->port_count; j++) {
            path = node->ports[j].options.write_path;
            if (path) add_claim(claims, *path == '/' ? 0 : i, path, i, node->ports[j].place);
        }
    }
}

/* ---- equal claims ---- */

static int compare_what(const struct claim *a, const struct claim *b)
{
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return a->text ? strcmp(a->text, b->text) : 0;
}

static int compare_claims(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    int order = compare_what(a, b);

    if (order != 0) return order;
    if (a->place.line != b->place.line) return a->place.line < b->place.line ? -1 : 1;
    if (a->place.column != b->place.column) return a->place.column < b->place.column ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node;
}

/* Two claims to the same thing, if there are any. */
static int find_clash(struct config_reader *reader, list_claims *list, struct claim clash[2], bool *found)
{
    struct claims claims = {0};
    size_t i;

    list(reader->config, &claims);
    *found = false;
    if (claims.count < 2) return 0;
    claims.items = calloc(claims.count, sizeof *claims.items);
    if (!claims.items) return config_no_memory(reader);
    claims.count = 0;
    list(reader->config, &claims);
    qsort(claims.items, claims.count, sizeof *claims.items, compare_claims);
    for (i = 1; i < claims.count && !*found; i++) {
        *found = compare_what(&claims.items[i - 1], &claims.items[i]) == 0;
        memcpy(clash, &claims.items[i - 1], 2 * sizeof *clash);
    }
    free(claims.items);
    return 0;
}

static const char *node_name(const struct config_reader *reader, const struct claim *claim)
{
    return reader->config->nodes[claim->node].name;
}

static int check_addresses(struct config_reader *reader)
{
    struct claim clash[2];
    bool found;
    int err = find_clash(reader, list_addresses, clash, &found);

    if (err || !found) return err;
    return config_refuse(reader, clash[1].place,
                         "address %s of node %s is node %s's already (line %u); give each node its own",
                         SHOW_ADDRESS((uint32_t)clash[1].number), node_name(reader, &clash[1]),
                         node_name(reader, &clash[0]), clash[0].place.line);
}

static int check_files(struct config_reader *reader)
{
    struct claim clash[2];
    bool found;
    int err = find_clash(reader, list_files, clash, &found);

    if (err || !found) return err;
    return config_refuse(reader, clash[1].place,
                         "node %s writes %s, which node %s writes already (line %u); name another file",
                         node_name(reader, &clash[1]), SHOW(clash[1].text), node_name(reader, &clash[0]),
                         clash[0].place.line);
}

static int check_prefixes(struct config_reader *reader, list_claims *list, const char *what)
{
    struct claim clash[2];
    uint32_t address;
    bool found;
    int err = find_clash(reader, list, clash, &found);

    if (err || !found) return err;
    address = (uint32_t)(clash[1].number >> 8);
    return config_refuse(reader, clash[1].place, "node %s has a %s %s/%u already (line %u); leave one out",
                         node_name(reader, &clash[1]), what, SHOW_ADDRESS(address),
                         (unsigned)(clash[1].number & 255), clash[0].place.line);
}

/* ---- within one node ---- */

static bool is_own(const struct config_node *node, uint32_t address)
{
    unsigned i;

    for (i = 0; i < node->address_count; i++)
        if (node->addresses[i].address == address) return true;
    return false;
}

static int check_neighbours(struct config_reader *reader, const struct config_node *node,
                            const struct config_port *port)
{
    unsigned i;

    for (i = 0; i < port->neighbour_count; i++)
        if (is_own(node, port->neighbours[i]))
            return config_refuse(reader, port->place,
                                 "port %s: neighbour %s is this node's own address; name the other end",
                                 port->name, SHOW_ADDRESS(port->neighbours[i]));
    return 0;
}

static bool same_socket(const struct port_options *a, const struct port_options *b)
{
    return a->local_length > 0 && a->local_length == b->local_length &&
           memcmp(&a->local, &b->local, a->local_length) == 0;
}

static int check_sockets(struct config_reader *reader, const struct config_node *node, unsigned i)
{
    unsigned j;

    for (j = 0; j < i; j++)
        if (same_socket(&node->ports[j].options, &node->ports[i].options))
            return config_refuse(reader, node->ports[i].place,
                                 "port %s listens at the socket of port %s (line %u); give it another",
                                 node->ports[i].name, node->ports[j].name, node->ports[j].place.line);
    return 0;
}

static int check_ports(struct config_reader *reader)
{
    unsigned i, j;
    int err = 0;

    for (i = 0; i < reader->config->node_count && !err; i++) {
        const struct config_node *node = &reader->config->nodes[i];

        reader->node = node->name;
        for (j = 0; j < node->port_count && !err; j++) {
            err = check_neighbours(reader, node, &node->ports[j]);
            if (!err) err = check_sockets(reader, node, j);
        }
        reader->node = NULL;
    }
    return err;
}

int config_check_clashes(struct config_reader *reader)
{
    int err = check_addresses(reader);

    if (!err) err = check_files(reader);
    if (!err) err = check_prefixes(reader, list_networks, "network");
    if (!err) err = check_prefixes(reader, list_routes, "route to");
    return err ? err : check_ports(reader);
}
