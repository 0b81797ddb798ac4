/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_node.c - one node. A key that a node lacks is taken from `defaults`, whole.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config_key.h"
#include "router.h"

/* ---- addresses and VMlets ---- */

static int read_address(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_node *node = object;
    struct config_prefix *prefix = &node->addresses[node->address_count];
    int err = config_read_interface(reader, value, prefix);

    if (!err) node->address_count++;
    return err;
}

static int read_addresses(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_node *node = object;

    node->addresses = region_reserve(reader->config->region, value->count, sizeof *node->addresses);
    if (!node->addresses) return config_no_memory(reader);
    return config_read_list(reader, value, CONFIG_ADDRESSES, read_address, node);
}

static const char *keep(struct config_reader *reader, const char *text)
{
    return region_text(reader->config->region, text, strlen(text));
}

/* { PARAMETER: VALUE, ... }: what values are right the VMlet knows. */
static int read_parameters(struct config_reader *reader, struct config_vmlet *vmlet, const struct tree *map)
{
    const struct tree *child;
    const char *text;

    if (map->kind != TREE_MAP || map->count > CONFIG_PARAMETERS)
        return config_refuse(reader, config_place(map),
                             "parameters are written { NAME: VALUE, ... }, %u at most", CONFIG_PARAMETERS);
    vmlet->parameters = region_reserve(reader->config->region, map->count, sizeof *vmlet->parameters);
    if (!vmlet->parameters) return config_no_memory(reader);
    for (child = map->first; child; child = child->next) {
        struct load_parameter *p = &vmlet->parameters[vmlet->parameter_count];
        int err = config_scalar(reader, child, &text);

        if (err) return err;
        *p = (struct load_parameter){keep(reader, child->key), keep(reader, text)};
        if (!p->name || !p->text) return config_no_memory(reader);
        vmlet->parameter_count++;
    }
    return 0;
}

/* Of NAME, or of { NAME: { PARAMETER: VALUE, ... } }: what names it, as a scalar. */
static int vmlet_name(struct config_reader *reader, const struct tree *value, struct tree *name)
{
    const struct tree *only = value->first;

    *name = *value;
    if (value->kind != TREE_MAP) return 0;
    if (value->count != 1)
        return config_refuse(reader, config_place(value),
                             "a VMlet with parameters is written { NAME: { PARAMETER: VALUE, ... } }");
    *name = (struct tree){.kind = TREE_SCALAR,
                          .line = only->key_line,
                          .column = only->key_column,
                          .key = value->key,
                          .text = only->key};
    return 0;
}

/* A file is looked for from here; anything else is a name to be found on the path. */
static int read_vmlet(struct config_reader *reader, void *object, const struct tree *item)
{
    struct config_node *node = object;
    struct config_vmlet *vmlet = &node->vmlets[node->vmlet_count];
    struct tree named;
    const struct tree *value = &named;
    const char *text;
    unsigned i;
    int err = vmlet_name(reader, item, &named);

    if (!err) err = config_scalar(reader, value, &text);
    if (!err && strpbrk(text, "/.")) err = config_input_path(reader, value, &vmlet->name);
    else if (!err) err = config_read_name(reader, value, &vmlet->name);
    vmlet->parameters = NULL;
    vmlet->parameter_count = 0;
    if (!err && item->kind == TREE_MAP) err = read_parameters(reader, vmlet, item->first);
    if (err) return err;
    vmlet->place = config_place(value);
    for (i = 0; i < node->vmlet_count; i++)
        if (strcmp(node->vmlets[i].name, vmlet->name) == 0)
            return config_refuse(reader, vmlet->place, "VMlet %s is named already; name it once", SHOW(text));
    node->vmlet_count++;
    return 0;
}

static int read_vmlets(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_node *node = object;

    node->vmlets = region_reserve(reader->config->region, value->count, sizeof *node->vmlets);
    if (!node->vmlets) return config_no_memory(reader);
    return config_read_list(reader, value, CONFIG_VMLETS, read_vmlet, node);
}

/* ---- control socket ---- */

static const struct config_key control_keys[] = {
    {.name = "path",
     .kind = KEY_OUTPUT,
     .offset = offsetof(struct config_node, control_path),
     .help = "of the control socket, from the working directory; none: there is none"},
    {.name = "mode",
     .kind = KEY_MODE,
     .offset = offsetof(struct config_node, control_mode),
     .least = 1,
     .most = 0777,
     .range = "0001 to 0777",
     .help = "permissions of the control socket, octal"},
};
const struct config_table config_control_table = CONFIG_TABLE("control", "a control socket", control_keys);

static int read_control(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_node *node = object;
    int err = config_check_map(reader, value, &config_control_table, NULL);

    if (!err) err = config_read_keys(reader, value, &config_control_table, node);
    if (err || !node->control_path || strlen(node->control_path) < CONFIG_SOCKET) return err;
    return config_refuse(reader, config_place(tree_child(value, "path")),
                         "path: longer than %d octets; a socket's path cannot be so long", CONFIG_SOCKET - 1);
}

/* ---- ports and routes ---- */

static int read_ports(struct config_reader *reader, void *object, const struct tree *value)
{
    return config_read_ports(reader, object, value);
}

/* Routes name ports, and some ports are made by links: they are read after those. */
static int leave_routes(struct config_reader *reader, void *object, const struct tree *value)
{
    (void)reader;
    (void)object;
    (void)value;
    return 0;
}

int config_append_port(struct config_reader *reader, struct config_node *node, const struct config_port *port)
{
    struct config_port *ports;
    unsigned i;

    for (i = 0; i < node->port_count; i++)
        if (strcmp(node->ports[i].name, port->name) == 0)
            return config_refuse(reader, port->place,
                                 "node %s has a port %s already (line %u); name this one NODE/NAME",
                                 node->name, port->name, node->ports[i].place.line);
    if (node->port_count == CONFIG_PORTS)
        return config_refuse(reader, port->place, "node %s would have more than %d ports; use more nodes",
                             node->name, CONFIG_PORTS);
    ports = region_grow(reader->config->region, node->ports, node->port_count, sizeof *ports);
    if (!ports) return config_no_memory(reader);
    ports[node->port_count++] = *port;
    node->ports = ports;
    return 0;
}

/* ---- the table ---- */

static const struct config_key node_keys[] = {
    {.name = "addresses",
     .read = read_addresses,
     .help = "IPv4 addresses of this node, A or A/N; with /N the prefix is routed to it"},
    {.name = "vmlets",
     .read = read_vmlets,
     .help = "VMlets to load, in order: names on the path, or files (with a / or a dot); {NAME: {PARAMETER: "
             "VALUE}}"},
    {.name = "policy",
     .kind = KEY_INPUT,
     .offset = offsetof(struct config_node, policy),
     .help = "file that says who may sign VMlets, and what they may have"},
    {.name = "control", .read = read_control, .help = "the control socket: path and mode"},
    {.name = "workers",
     .kind = KEY_NUMBER,
     .offset = offsetof(struct config_node, workers),
     .least = 1,
     .most = ROUTER_WORKERS,
     .range = "1 to 16",
     .help = "threads that move this node's packets; packets of one flow stay on one of them"},
    {.name = "ports", .read = read_ports, .help = "NAME: { kind: KIND, ... } lines; links make more of them"},
    {.name = "routes", .read = leave_routes, .help = "list of { to, via, port }"},
};
const struct config_table config_node_table = CONFIG_TABLE("node", "a node", node_keys);

/* ---- a node, all nodes ---- */

static int read_node(struct config_reader *reader, struct config_node *node, const struct tree *value)
{
    int err = config_check_map(reader, value, &config_node_table, NULL);
    unsigned i;

    for (i = 0; i < config_node_table.count && !err; i++) {
        const struct config_key *key = &node_keys[i];
        const struct tree *part = tree_child(value, key->name);

        if (!part && reader->defaults) part = tree_child(reader->defaults, key->name);
        if (part) err = config_read_value(reader, key, node, part);
    }
    return err;
}

/* What nobody takes from the defaults must be right, too. */
static int check_defaults(struct config_reader *reader)
{
    struct config_node none = {.name = "defaults"};

    return reader->defaults ? read_node(reader, &none, reader->defaults) : 0;
}

static int read_named_node(struct config_reader *reader, struct config_node *node, const struct tree *value)
{
    int err = config_check_name(reader, value->key, config_key_place(value), "a node");

    if (err) return err;
    node->name = region_text(reader->config->region, value->key, strlen(value->key));
    if (!node->name) return config_no_memory(reader);
    node->place = config_key_place(value);
    reader->node = node->name;
    err = read_node(reader, node, value);
    reader->node = NULL;
    return err;
}

int config_read_nodes(struct config_reader *reader, const struct tree *nodes)
{
    struct config *config = reader->config;
    const struct tree *child;
    int err = check_defaults(reader);

    if (!err) err = config_check_entries(reader, nodes, CONFIG_NODES, "NAME: { addresses: [A], ... }");
    if (err) return err;
    config->nodes = region_array(config->region, nodes->count, sizeof *config->nodes);
    if (!config->nodes) return config_no_memory(reader);
    for (child = nodes->first; child && !err; child = child->next)
        err = read_named_node(reader, &config->nodes[config->node_count++], child);
    return err;
}

/* ---- routes, once all ports are there ---- */

int config_read_all_routes(struct config_reader *reader, const struct tree *nodes)
{
    const struct tree *child;
    unsigned i = 0;
    int err = 0;

    for (child = nodes->first; child && !err; child = child->next, i++) {
        const struct tree *routes = tree_child(child, "routes");

        if (!routes && reader->defaults) routes = tree_child(reader->defaults, "routes");
        reader->node = reader->config->nodes[i].name;
        if (routes) err = config_read_routes(reader, &reader->config->nodes[i], routes);
        reader->node = NULL;
    }
    return err;
}
