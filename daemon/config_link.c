/* SPDX-License-Identifier: Apache-2.0 */
/* config_link.c - links of the file, and cables: two ports that know each other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_key.h"

/* A link as it is read. */
struct draft {
    struct config_port like; /* what both ports have in common; first, for CONFIG_IMPAIRMENT_KEYS */
    struct config_link link;
    unsigned ends, sockets; /* read so far */
    struct sockaddr_storage socket[2];
    socklen_t length[2];
};

/* ---- keys ---- */

/* NODE or NODE/PORT */
static int read_end(struct config_reader *reader, void *object, const struct tree *value)
{
    struct draft *draft = object;
    struct config_link *link = &draft->link;
    const char *text, *slash;
    char *name;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    slash = strchrnul(text, '/');
    name = region_text(reader->config->region, text, (size_t)(slash - text));
    if (!name) return config_no_memory(reader);
    err = config_node_called(reader, name, config_place(value), &link->node[draft->ends]);
    if (err) return err;
    if (reader->config->nodes[link->node[draft->ends]].address_count == 0)
        return config_refuse(reader, config_place(value),
                             "node %s has a link but no address; give it addresses: [A]", name);
    if (*slash) {
        link->port[draft->ends] = region_text(reader->config->region, slash + 1, strlen(slash + 1));
        if (!link->port[draft->ends]) return config_no_memory(reader);
        err = config_check_name(reader, slash + 1, config_place(value), "a port");
    }
    draft->ends++;
    return err;
}

static int read_ends(struct config_reader *reader, void *object, const struct tree *value)
{
    const struct draft *draft = object;
    int err = config_read_list(reader, value, 2, read_end, object);

    if (err) return err;
    if (draft->ends != 2)
        return config_refuse(reader, config_place(value), "ends: %u instead of 2 items; write [NODE, NODE]",
                             draft->ends);
    if (draft->link.node[0] != draft->link.node[1]) return 0;
    return config_refuse(reader, config_place(value), "ends: both are node %s; a link joins two nodes",
                         reader->config->nodes[draft->link.node[0]].name);
}

static int read_end_socket(struct config_reader *reader, void *object, const struct tree *value)
{
    struct draft *draft = object;
    unsigned i = draft->sockets++;

    return config_read_peer(reader, value, &draft->socket[i], &draft->length[i]);
}

static int read_udp(struct config_reader *reader, void *object, const struct tree *value)
{
    struct draft *draft = object;
    int err = config_read_list(reader, value, 2, read_end_socket, object);

    if (err) return err;
    if (draft->sockets != 2)
        return config_refuse(reader, config_place(value),
                             "udp: %u instead of 2 items; write [SOCKET, SOCKET]", draft->sockets);
    if (draft->socket[0].ss_family != draft->socket[1].ss_family)
        return config_refuse(reader, config_place(value),
                             "udp: one end is IPv4, the other IPv6; write both alike");
    draft->link.has_transport = true;
    return 0;
}

static const struct config_key link_keys[] = {
    {.name = "ends",
     .read = read_ends,
     .required = true,
     .help = "the two nodes, NODE or NODE/PORT; a port is called as the other node if nothing is said"},
    {.name = "udp",
     .read = read_udp,
     .help = "sockets at which the ends listen, in their order; else the link is made as its ends run"},
    {.name = "key",
     .kind = KEY_NUMBER,
     CONFIG_OPTION(key),
     .least = 1,
     .most = UINT16_MAX,
     .range = "1 to 65535",
     .help = "UDP port as which packets count over udp; else the only one that a network claims"},
    CONFIG_IMPAIRMENT_KEYS,
};
const struct config_table config_link_table = CONFIG_TABLE("link", "a link", link_keys);

/* ---- ends that know each other ---- */

/* All addresses of the other node are neighbours. */
static int meet(struct config_reader *reader, struct config_port *port, const struct config_node *other)
{
    unsigned i;

    port->neighbours = region_reserve(reader->config->region, other->address_count, sizeof *port->neighbours);
    if (!port->neighbours) return config_no_memory(reader);
    port->neighbour_count = other->address_count;
    for (i = 0; i < other->address_count; i++) port->neighbours[i] = other->addresses[i].address;
    return 0;
}

/* ---- one link, all links ---- */

static int add_end(struct config_reader *reader, struct draft *draft, unsigned end, const char *cable)
{
    struct config_link *link = &draft->link;
    struct config_node *node = &reader->config->nodes[link->node[end]];
    const struct config_node *other = &reader->config->nodes[link->node[1 - end]];
    struct config_port port = draft->like;
    int err;

    if (!link->port[end]) link->port[end] = other->name;
    port.name = port.options.name = link->port[end];
    port.ops = &port_link;
    port.cable = cable;
    port.options.end = end;
    port.place = link->place;
    link->index[end] = node->port_count;
    err = meet(reader, &port, other);
    return err ? err : config_append_port(reader, node, &port);
}

static int add_ends(struct config_reader *reader, struct draft *draft)
{
    char name[32];
    int length = snprintf(name, sizeof name, "link %u", reader->config->link_count);
    const char *cable = region_text(reader->config->region, name, (size_t)length);
    int err = cable ? add_end(reader, draft, 0, cable) : config_no_memory(reader);

    return err ? err : add_end(reader, draft, 1, cable);
}

static int give_transport(struct config_reader *reader, const struct draft *draft, unsigned link)
{
    unsigned end;
    int err = 0;

    for (end = 0; end < 2 && !err; end++)
        err = config_set_transport(reader->config, link, end, -1, &draft->socket[end], draft->length[end],
                                   &draft->socket[1 - end], draft->length[1 - end]);
    return err == -ENOMEM ? config_no_memory(reader) : err;
}

static int read_link(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config *config = reader->config;
    struct draft draft = {.link.place = config_place(value)};
    int err = config_check_map(reader, value, &config_link_table, NULL);

    (void)object;
    if (!err) err = config_read_keys(reader, value, &config_link_table, &draft);
    if (!err) err = config_check_impairment(reader, value, &draft.like.options.impairment);
    if (!err) err = add_ends(reader, &draft);
    if (err) return err;
    config->links[config->link_count++] = draft.link;
    return draft.link.has_transport ? give_transport(reader, &draft, config->link_count - 1) : 0;
}

int config_read_links(struct config_reader *reader, const struct tree *links)
{
    struct config *config = reader->config;

    config->links = region_array(config->region, links->count, sizeof *config->links);
    if (!config->links) return config_no_memory(reader);
    return config_read_list(reader, links, CONFIG_LINKS, read_link, NULL);
}

int config_set_transport(struct config *config, unsigned link, unsigned end, int descriptor,
                         const struct sockaddr_storage *local, socklen_t local_length,
                         const struct sockaddr_storage *peer, socklen_t peer_length)
{
    const struct config_link *l = &config->links[link];
    struct config_port *port;
    struct port_peer *other;

    if (link >= config->link_count || end > 1 || peer_length == 0 || peer_length > sizeof *peer ||
        (descriptor < 0 && (local_length == 0 || local_length > sizeof *local)))
        return -EINVAL;
    other = region_alloc(config->region, sizeof *other);
    if (!other) return -ENOMEM;
    other->address = config->nodes[l->node[1 - end]].addresses[0].address;
    memcpy(&other->socket, peer, peer_length);
    other->length = peer_length;
    port = &config->nodes[l->node[end]].ports[l->index[end]];
    port->ops = &port_udp;
    port->cable = NULL;
    port->options.adopt = descriptor >= 0;
    port->options.descriptor = descriptor;
    port->options.local_length = descriptor >= 0 ? 0 : local_length;
    if (descriptor < 0) memcpy(&port->options.local, local, local_length);
    port->options.peers = other;
    port->options.peer_count = 1;
    return 0;
}

/* ---- cables ---- */

struct plug {
    const char *cable;
    unsigned node, port;
};

static int compare_plugs(const void *left, const void *right)
{
    const struct plug *a = left, *b = right;
    int order = strcmp(a->cable, b->cable);

    if (order != 0) return order;
    if (a->node != b->node) return a->node < b->node ? -1 : 1;
    return a->port < b->port ? -1 : a->port > b->port;
}

/* Ports with a cable of their own, not a link's; NULL: all of them are counted only. */
static size_t list_plugs(const struct config *config, struct plug *plugs)
{
    size_t count = 0;
    unsigned i, j;

    for (i = 0; i < config->node_count; i++)
        for (j = 0; j < config->nodes[i].port_count; j++) {
            const struct config_port *port = &config->nodes[i].ports[j];

            if (!port->cable || strchr(port->cable, ' ')) continue;
            if (plugs) plugs[count] = (struct plug){port->cable, i, j};
            count++;
        }
    return count;
}

static struct config_port *port_of(const struct config *config, const struct plug *plug)
{
    return &config->nodes[plug->node].ports[plug->port];
}

static int join(struct config_reader *reader, const struct plug *one, const struct plug *two)
{
    struct config *config = reader->config;
    int err;

    if (one->node == two->node)
        return config_refuse(reader, port_of(config, two)->place,
                             "cable %s: both ends are at node %s; a cable joins two nodes", two->cable,
                             config->nodes[two->node].name);
    port_of(config, two)->options.end = 1;
    err = meet(reader, port_of(config, one), &config->nodes[two->node]);
    return err ? err : meet(reader, port_of(config, two), &config->nodes[one->node]);
}

static int join_plugs(struct config_reader *reader, const struct plug *plugs, size_t count)
{
    size_t i;
    int err = 0;

    for (i = 0; i < count && !err; i += 2) {
        const char *cable = plugs[i].cable;

        if (i + 1 == count || strcmp(plugs[i + 1].cable, cable) != 0)
            return config_refuse(reader, port_of(reader->config, &plugs[i])->place,
                                 "cable %s has one end only; give a port of another node cable: %s", cable,
                                 cable);
        if (i + 2 < count && strcmp(plugs[i + 2].cable, cable) == 0)
            return config_refuse(reader, port_of(reader->config, &plugs[i + 2])->place,
                                 "cable %s has two ends already; take another name", cable);
        err = join(reader, &plugs[i], &plugs[i + 1]);
    }
    return err;
}

int config_join_cables(struct config_reader *reader)
{
    size_t count = list_plugs(reader->config, NULL);
    struct plug *plugs;
    int err;

    if (count == 0) return 0;
    plugs = calloc(count, sizeof *plugs);
    if (!plugs) return config_no_memory(reader);
    list_plugs(reader->config, plugs);
    qsort(plugs, count, sizeof *plugs, compare_plugs);
    err = join_plugs(reader, plugs, count);
    free(plugs);
    return err;
}
