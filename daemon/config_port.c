/* SPDX-License-Identifier: Apache-2.0 */
/* config_port.c - ports of a node, of any kind, and what a link does to packets. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "config_key.h"

/* ---- keys that are lists, maps or words ---- */

static int read_kind(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_port *port = object;
    struct nearest nearest = {0};
    const char *text;
    unsigned i;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    nearest.word = text;
    for (i = 0; port_kinds[i]; i++) {
        nearest_try(&nearest, port_kinds[i]->kind);
        if (strcmp(text, port_kinds[i]->kind) == 0) port->ops = port_kinds[i];
    }
    if (port->ops) return 0;
    return config_refuse(reader, config_place(value),
                         "kind: there is no port of kind \"%s\"; the nearest is %s", SHOW(text),
                         nearest.best);
}

static int read_network(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_port *port = object;
    int err = config_read_prefix(reader, value, &port->networks[port->network_count]);

    if (!err) port->network_count++;
    return err;
}

static int read_networks(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_port *port = object;

    port->networks = region_reserve(reader->config->region, value->count, sizeof *port->networks);
    if (!port->networks) return config_no_memory(reader);
    return config_read_list(reader, value, CONFIG_ADDRESSES, read_network, port);
}

/* ports have few neighbours, so each is compared with each */
static int add_neighbour(struct config_reader *reader, struct config_port *port, struct config_place place,
                         uint32_t address)
{
    unsigned i;

    for (i = 0; i < port->neighbour_count; i++)
        if (port->neighbours[i] == address)
            return config_refuse(reader, place, "%s is a neighbour already; name it once",
                                 SHOW_ADDRESS(address));
    port->neighbours[port->neighbour_count++] = address;
    return 0;
}

static int read_neighbour(struct config_reader *reader, void *object, const struct tree *value)
{
    uint32_t address;
    int err = config_read_address(reader, value, &address);

    return err ? err : add_neighbour(reader, object, config_place(value), address);
}

static int read_neighbours(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_port *port = object;

    port->neighbours = region_reserve(reader->config->region, value->count, sizeof *port->neighbours);
    if (!port->neighbours) return config_no_memory(reader);
    return config_read_list(reader, value, CONFIG_ADDRESSES, read_neighbour, port);
}

static int read_pace(struct config_reader *reader, void *object, const struct tree *value)
{
    static const char *const words[] = {"fast", "original", NULL};
    struct config_port *port = object;
    unsigned choice;
    int err = config_read_choice(reader, value, words, &choice);

    if (!err) port->options.original_speed = choice == 1;
    return err;
}

static int read_device(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_port *port = object;
    const char *text;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    if (strlen(text) >= IFNAMSIZ || strpbrk(text, "/ \t\n"))
        return config_refuse(reader, config_place(value),
                             "device: \"%s\" cannot be a network device; write its name, as eth0",
                             SHOW(text));
    port->options.device = region_text(reader->config->region, text, strlen(text));
    return port->options.device ? 0 : config_no_memory(reader);
}

static int read_local(struct config_reader *reader, void *object, const struct tree *value)
{
    struct port_options *options = &((struct config_port *)object)->options;

    return config_read_socket(reader, value, &options->local, &options->local_length);
}

/* ADDRESS: SOCKET */
static int read_peer(struct config_reader *reader, struct config_port *port, struct port_peer *peer,
                     const struct tree *value)
{
    struct tree key = {.kind = TREE_SCALAR, .line = value->key_line, .column = value->key_column};
    int err;

    key.text = value->key;
    err = config_read_address(reader, &key, &peer->address);
    if (!err) err = add_neighbour(reader, port, config_place(&key), peer->address);
    if (!err) err = config_read_peer(reader, value, &peer->socket, &peer->length);
    return err;
}

static int read_peers(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config_port *port = object;
    struct port_peer *peers;
    const struct tree *child;
    unsigned n = 0;
    int err = config_check_entries(reader, value, PORT_PEERS, "ADDRESS: SOCKET lines");

    if (err) return err;
    peers = region_reserve(reader->config->region, value->count, sizeof *peers);
    port->neighbours = region_reserve(reader->config->region, value->count, sizeof *port->neighbours);
    if (!peers || !port->neighbours) return config_no_memory(reader);
    for (child = value->first; child && !err; child = child->next)
        err = read_peer(reader, port, &peers[n++], child);
    port->options.peers = peers;
    port->options.peer_count = n;
    return err;
}

/* ---- the table ---- */

#define FIELD(field) offsetof(struct config_port, field)
static const struct config_key port_keys[] = {
    {.name = "kind", .read = read_kind, .required = true, .help = "pcap-file, pcap, udp or link"},
    {.name = "read",
     .kind = KEY_INPUT,
     .offset = FIELD(options.read_path),
     .only = "pcap-file",
     .help = "capture to replay, from the folder of this file; - is standard input"},
    {.name = "write",
     .kind = KEY_OUTPUT,
     .offset = FIELD(options.write_path),
     .only = "pcap-file",
     .help = "capture to record, from the working directory; - is standard output"},
    {.name = "pace",
     .read = read_pace,
     .only = "pcap-file",
     .help = "original: frames come at the times of the capture; fast: as soon as they are taken"},
    {.name = "device",
     .read = read_device,
     .only = "pcap",
     .required = true,
     .help = "network device of the host, as eth0"},
    {.name = "quiet",
     .kind = KEY_TRUTH,
     .offset = FIELD(options.quiet),
     .only = "pcap",
     .help = "true: only frames for this host, not promiscuous"},
    {.name = "networks",
     .read = read_networks,
     .only = "pcap-file pcap",
     .help = "prefixes that are on this port's link"},
    {.name = "neighbours",
     .read = read_neighbours,
     .only = "pcap-file pcap",
     .help = "addresses of active nodes on this port's link"},
    {.name = "local",
     .read = read_local,
     .only = "udp",
     .required = true,
     .help = "socket to listen at, as 127.0.0.1:3322"},
    {.name = "peers",
     .read = read_peers,
     .only = "udp",
     .required = true,
     .help = "who is at the other end: ADDRESS: SOCKET lines"},
    {.name = "key",
     .kind = KEY_NUMBER,
     .offset = FIELD(options.key),
     .least = 1,
     .most = UINT16_MAX,
     .range = "1 to 65535",
     .only = "udp",
     .help = "UDP port as which packets count; else the only one that a network claims"},
    {.name = "cable",
     .kind = KEY_NAME,
     .offset = FIELD(cable),
     .only = "link",
     .required = true,
     .help = "name that the two ports of a cable share, both in one process"},
    {.name = "buffers",
     .kind = KEY_NUMBER,
     .offset = FIELD(options.buffers),
     .least = 64,
     .most = 65536,
     .range = "64 to 65536",
     .help = "packets that this port has room for at one time"},
    CONFIG_IMPAIRMENT_KEYS,
};
const struct config_table config_port_table = CONFIG_TABLE("port", "a port", port_keys);

/* ---- impairment ---- */

int config_check_impairment(struct config_reader *reader, const struct tree *map,
                            const struct impairment *impairment)
{
    const struct tree *reorder = tree_child(map, "reorder"), *jitter = tree_child(map, "jitter");

    if (impairment->reorder > 0 && impairment->delay == 0)
        return config_refuse(reader, config_key_place(reorder),
                             "reorder: packets overtake others that are delayed; give a delay too");
    if (impairment->jitter > impairment->delay)
        return config_refuse(reader, config_key_place(jitter),
                             "jitter: more than the delay; give a longer delay or less jitter");
    return 0;
}

/* ---- one port, all ports ---- */

/* All sockets of a udp port are of one family, and no two peers listen at the same. */
static int check_peers(struct config_reader *reader, const struct config_port *port)
{
    const struct port_peer *peers = port->options.peers;
    unsigned i, j;

    for (i = 0; i < port->options.peer_count; i++) {
        if (peers[i].socket.ss_family != port->options.local.ss_family)
            return config_refuse(
                reader, port->place,
                "port %s: local and peer %s are not both IPv4 or both IPv6; write them alike", port->name,
                SHOW_ADDRESS(peers[i].address));
        for (j = 0; j < i; j++)
            if (memcmp(&peers[i].socket, &peers[j].socket, peers[i].length) == 0)
                return config_refuse(reader, port->place,
                                     "port %s: peers %s and %s listen at the same socket; give each its own",
                                     port->name, SHOW_ADDRESS(peers[j].address),
                                     SHOW_ADDRESS(peers[i].address));
    }
    return 0;
}

/* The kind says which of the keys there are. */
static int read_port(struct config_reader *reader, struct config_port *port, const struct tree *value)
{
    int err;

    port->name = port->options.name = region_text(reader->config->region, value->key, strlen(value->key));
    if (!port->name) return config_no_memory(reader);
    port->place = config_key_place(value);
    err = config_check_name(reader, value->key, port->place, "a port");
    if (!err) err = config_check_map(reader, value, &config_port_table, NULL);
    if (!err) err = read_kind(reader, port, tree_child(value, "kind"));
    if (!err) err = config_check_map(reader, value, &config_port_table, port->ops->kind);
    if (!err) err = config_read_keys(reader, value, &config_port_table, port);
    if (!err) err = config_check_impairment(reader, value, &port->options.impairment);
    if (!err) err = check_peers(reader, port);
    if (err) return err;
    if (port->ops == &port_pcap_file && !port->options.read_path && !port->options.write_path)
        return config_refuse(reader, port->place,
                             "port %s neither reads nor writes; give read: FILE or write: FILE", port->name);
    return 0;
}

int config_read_ports(struct config_reader *reader, struct config_node *node, const struct tree *ports)
{
    const struct tree *child;
    int err = config_check_entries(reader, ports, CONFIG_PORTS, "NAME: { kind: KIND, ... }");

    for (child = ports->first; child && !err; child = child->next) {
        struct config_port port = {0};

        err = read_port(reader, &port, child);
        if (!err) err = config_append_port(reader, node, &port);
    }
    return err;
}
