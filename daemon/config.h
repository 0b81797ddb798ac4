/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - what a configuration file says: one file describes a whole network.
 *
 *   name: line4
 *   path: [../netvmlets, ../ants]      # where VMlets are looked for, from the file's folder
 *   routing: shortest                  # every node gets routes to every address of the file; or none
 *   defaults: { vmlets: [ants] }       # any key of a node
 *   nodes:
 *     a:
 *       addresses: [10.0.0.1]          # A or A/N; with /N the prefix is routed to this node
 *       vmlets: [ants]                 # a name to be found on the path, or a file (has a / or a dot);
 *                                      # { route: { prefixes: 512 } } gives values to its parameters
 *       control: { path: run/a.sock, mode: 0600 }
 *       workers: 2                     # threads that move its packets
 *       ports:
 *         lan: { kind: pcap-file, read: in.pcap, write: out.pcap, pace: original,
 *                networks: [192.0.2.0/24], neighbours: [192.0.2.9] }
 *         eth: { kind: pcap, device: eth1, mtu: 1500, loss: 1%, delay: 5ms }
 *         far: { kind: udp, local: 127.0.0.1:3322, peers: { 10.0.0.9: 198.51.100.7:3322 }, key: 3322 }
 *         one: { kind: link, cable: x }  # two ports of one process with the same cable
 *       routes: [ { to: 203.0.113.0/24, via: 10.0.0.2, port: far } ]
 *   links:
 *     - { ends: [a, b], delay: 5ms, loss: 0.1%, seed: 7 }   # port `b` of node a, port `a` of node b
 *     - { ends: [b/up, c/down], udp: [127.0.0.1:7001, 127.0.0.1:7002] }
 *
 * What is read is looked for from the file's folder; what is written, from the working
 * directory. A link is a udp port at either end if it has addresses (from the file, or
 * from --link), else a `link` port if both ends run in this process. Its neighbours are
 * the other end's addresses.
 *
 * Every error names file, line, column, key and the nearest valid key. Reading changes
 * nothing but memory.
 */
#ifndef VVMD_CONFIG_H
#define VVMD_CONFIG_H

#include "engine/parameter.h"
#include "port.h"
#include "region.h"

#define CONFIG_NODES     1024
#define CONFIG_PORTS     16 /* of a node; = ROUTER_PORTS */
#define CONFIG_ADDRESSES 64 /* of a node, and networks or neighbours of a port */
#define CONFIG_LINKS     4096

struct config_place {
    unsigned line, column; /* 0: from the command line */
};

struct config_prefix {
    uint32_t address; /* host order */
    uint8_t length;   /* 32 if none was written */
    bool has_length;
    struct config_place place;
};

struct config_route {
    struct config_prefix to;
    uint32_t via;              /* next hop; 0: the prefix is on the port's link */
    unsigned port;             /* index in the node's ports */
    struct config_place place; /* zero if it was not written */
};

struct config_port {
    const char *name;
    const struct port_ops *ops;
    struct port_options options;    /* without clock and cable */
    const char *cable;              /* kind link: its name (a link's: "link N"), else NULL */
    struct config_prefix *networks; /* on this port's link */
    unsigned network_count;
    uint32_t *neighbours; /* nodes on this port's link */
    unsigned neighbour_count;
    struct config_place place;
};

struct config_vmlet {
    const char *name; /* as written; a file's from the working directory */
    struct config_place place;
    struct load_parameter *parameters; /* that were written */
    unsigned parameter_count;
};

struct config_node {
    const char *name;
    struct config_prefix *addresses;
    unsigned address_count;
    struct config_vmlet *vmlets;
    unsigned vmlet_count;
    struct config_port *ports;
    unsigned port_count;
    struct config_route *routes; /* the file's own, then networks of ports, then the computed ones */
    unsigned route_count;
    const char *control_path; /* NULL: not said */
    unsigned control_mode;    /* 0: not said */
    unsigned workers;         /* 0: not said, one */
    const char *policy;       /* path of the policy file; NULL: not said */
    struct config_place place;
};

struct config_link {
    unsigned node[2];
    const char *port[2]; /* names at either end */
    unsigned index[2];   /* of the ports in their nodes */
    bool has_transport;  /* udp addresses were given */
    struct config_place place;
};

struct config {
    const char *file; /* as given */
    const char *name; /* "net" if the file says none */
    const char *path; /* folders, colon-separated, absolute or from the working directory */
    struct config_node *nodes;
    unsigned node_count;
    struct config_link *links;
    unsigned link_count;
    struct region *region; /* holds all of it */
};

/** Read and check a file. 0, or -errno with one line in `why` (room >= 512). */
int config_read(struct config **config, const char *path, char *why, size_t room);
/** The same from octets; `name` for messages and as the place that files are looked for from. */
int config_parse(struct config **config, const char *name, const char *octets, size_t length, char *why,
                 size_t room);
void config_free(struct config *config);
/** Index of the node, or -ENOENT with one line in `why`, which names the nearest. */
int config_find_node(const struct config *config, const char *name, char *why, size_t room);
/** Give one end of a link its transport: a bound socket (descriptor >= 0, else local), and
 *  where the other end listens. Turns the port into a udp port. 0 or -EINVAL. */
int config_set_transport(struct config *config, unsigned link, unsigned end, int descriptor,
                         const struct sockaddr_storage *local, socklen_t local_length,
                         const struct sockaddr_storage *peer, socklen_t peer_length);
/** An empty config with one node, for vvmd's options. NULL: out of memory. */
struct config *config_single(const char *node_name);
/** Append to a node, for vvmd's options: 0, -ENOSPC or -ENOMEM. Strings are copied. */
int config_add_vmlet(struct config *config, struct config_node *node, const char *name);
int config_add_address(struct config *config, struct config_node *node, const struct config_prefix *prefix);
int config_add_port(struct config *config, struct config_node *node, const struct config_port *port);
int config_add_route(struct config *config, struct config_node *node, const struct config_route *route);

/* ---- routing.c ---- */

#define CONFIG_COMPUTED (1 << 21) /* most routes that are computed, of all nodes together */

/** Routes of every node to every address, its prefix, and every port network of the file:
 *  fewest links, ties by the order of the file; appended to config_node.routes, after what
 *  the file says itself, which is not overruled. Nodes are next to each other that a port of
 *  one has the other's address as neighbour. What a node has itself needs no route. 0,
 *  -ENOMEM, or -E2BIG: more than CONFIG_COMPUTED; then nothing is changed. config_read does
 *  it for a file that asks for it. */
int routing_compute(struct config *config);

#endif
