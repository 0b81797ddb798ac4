/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routing.c - shortest routes between the nodes of a file: a search from each node, nearest
 * nodes first, that remembers by which port and next hop it left.
 *
 * A destination is a prefix with a number; nodes list the numbers of what they offer. The
 * first node that the search reaches with a destination gives the route, so of several
 * nodes that offer the same prefix the nearest is chosen.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define NOWHERE UINT_MAX

struct destination {
    uint32_t address;
    uint8_t length;
};

/* A node as the search sees it: ranges of the arrays below. */
struct place {
    unsigned offers, offer_count;
    unsigned edges, edge_count;
};

/* One neighbour at one port. */
struct edge {
    unsigned node;
    unsigned port;
    uint32_t hop;
};

struct owner {
    uint32_t address;
    unsigned node;
};

struct search {
    struct config *config;
    struct place *places;
    struct destination *listed;       /* what nodes offer, in the order of the file */
    struct destination *destinations; /* the same sorted, none twice */
    unsigned listed_count, destination_count;
    unsigned *offers;     /* of each that is listed, its number among the destinations */
    struct owner *owners; /* of addresses, sorted */
    unsigned owner_count;
    struct edge *edges;
    unsigned edge_count;
    unsigned *queue;    /* of nodes that were reached */
    struct edge *first; /* of each node: how the search left towards it; NOWHERE if it was not reached */
    unsigned *seen;     /* of each destination: 1 + the last node that wants no further route to it */
};

/* ---- destinations ---- */

static uint32_t mask(uint8_t length) { return length == 0 ? 0 : UINT32_MAX << (32 - length); }

static int compare_destinations(const void *left, const void *right)
{
    const struct destination *a = left, *b = right;

    if (a->address != b->address) return a->address < b->address ? -1 : 1;
    return a->length < b->length ? -1 : a->length > b->length;
}

/* All prefixes that a node offers; `to` NULL: only counted. */
static unsigned list_offers(const struct config_node *node, struct destination *to)
{
    unsigned i, j, count = 0;

    for (i = 0; i < node->address_count; i++) {
        const struct config_prefix *a = &node->addresses[i];

        if (to) to[count] = (struct destination){a->address, 32};
        count++;
        if (!a->has_length || a->length == 32) continue;
        if (to) to[count] = (struct destination){a->address & mask(a->length), a->length};
        count++;
    }
    for (i = 0; i < node->port_count; i++)
        for (j = 0; j < node->ports[i].network_count; j++, count++)
            if (to)
                to[count] = (struct destination){node->ports[i].networks[j].address,
                                                 node->ports[i].networks[j].length};
    return count;
}

static unsigned number_of(const struct search *s, const struct destination *d)
{
    const struct destination *found = bsearch(d, s->destinations, s->destination_count, sizeof *d,
                                              compare_destinations);

    return found ? (unsigned)(found - s->destinations) : NOWHERE;
}

static void sort_destinations(struct search *s)
{
    struct destination *d = s->destinations;
    unsigned i, kept = 0;

    if (s->listed_count > 0) memcpy(d, s->listed, s->listed_count * sizeof *d);
    qsort(d, s->listed_count, sizeof *d, compare_destinations);
    for (i = 0; i < s->listed_count; i++)
        if (kept == 0 || compare_destinations(&d[kept - 1], &d[i]) != 0) d[kept++] = d[i];
    s->destination_count = kept;
    for (i = 0; i < s->listed_count; i++) s->offers[i] = number_of(s, &s->listed[i]);
}

/* ---- edges ---- */

static int compare_owners(const void *left, const void *right)
{
    const struct owner *a = left, *b = right;

    return a->address < b->address ? -1 : a->address > b->address;
}

static void list_owners(struct search *s)
{
    unsigned i, j, count = 0;

    for (i = 0; i < s->config->node_count; i++)
        for (j = 0; j < s->config->nodes[i].address_count; j++)
            s->owners[count++] = (struct owner){s->config->nodes[i].addresses[j].address, i};
    assert(count == s->owner_count);
    qsort(s->owners, count, sizeof *s->owners, compare_owners);
}

/* Neighbours that are nodes of this file. */
static void list_edges(struct search *s, unsigned node)
{
    const struct config_node *n = &s->config->nodes[node];
    unsigned i, j;

    s->places[node].edges = s->edge_count;
    for (i = 0; i < n->port_count; i++)
        for (j = 0; j < n->ports[i].neighbour_count; j++) {
            struct owner wanted = {.address = n->ports[i].neighbours[j]};
            const struct owner *owner = bsearch(&wanted, s->owners, s->owner_count, sizeof wanted,
                                                compare_owners);

            if (owner) s->edges[s->edge_count++] = (struct edge){owner->node, i, wanted.address};
        }
    s->places[node].edge_count = s->edge_count - s->places[node].edges;
}

/* ---- one search ---- */

/* Nodes in the order in which they are reached, `from` not among them. */
static unsigned reach(struct search *s, unsigned from)
{
    unsigned head = 0, tail = 0, i, at = from;

    for (i = 0; i < s->config->node_count; i++) s->first[i].node = NOWHERE;
    s->first[from].node = from;
    for (;;) {
        const struct place *place = &s->places[at];

        for (i = 0; i < place->edge_count; i++) {
            const struct edge *edge = &s->edges[place->edges + i];

            if (s->first[edge->node].node != NOWHERE) continue;
            s->first[edge->node] = at == from ? *edge : s->first[at];
            s->queue[tail++] = edge->node;
        }
        if (head == tail) return tail;
        at = s->queue[head++];
    }
}

static void see(struct search *s, unsigned node, unsigned destination)
{
    if (destination != NOWHERE) s->seen[destination] = node + 1;
}

/* What the node has itself, and what the file says. */
static void see_own(struct search *s, unsigned node)
{
    const struct config_node *n = &s->config->nodes[node];
    unsigned i;

    for (i = 0; i < s->places[node].offer_count; i++) see(s, node, s->offers[s->places[node].offers + i]);
    for (i = 0; i < n->route_count; i++)
        see(s, node, number_of(s, &(struct destination){n->routes[i].to.address, n->routes[i].to.length}));
}

static struct config_route make_route(const struct destination *to, const struct edge *first)
{
    return (struct config_route){
        .to = {.address = to->address, .length = to->length, .has_length = true},
        .via = first->hop,
        .port = first->port,
    };
}

/* Routes of one node; `routes` NULL: only counted. */
static unsigned list_routes(struct search *s, unsigned node, struct config_route *routes)
{
    unsigned reached = reach(s, node), count = 0, i, j;

    memset(s->seen, 0, s->destination_count * sizeof *s->seen);
    see_own(s, node);
    for (i = 0; i < reached; i++) {
        const struct place *place = &s->places[s->queue[i]];

        for (j = 0; j < place->offer_count; j++) {
            unsigned destination = s->offers[place->offers + j];

            if (s->seen[destination] == node + 1) continue;
            s->seen[destination] = node + 1;
            if (routes) routes[count] = make_route(&s->destinations[destination], &s->first[s->queue[i]]);
            count++;
        }
    }
    return count;
}

/* ---- all searches ---- */

static int compute_node(struct search *s, unsigned node)
{
    struct config_node *n = &s->config->nodes[node];
    unsigned count = list_routes(s, node, NULL);
    struct config_route *routes = region_reserve(s->config->region, (size_t)n->route_count + count,
                                                 sizeof *routes);

    if (!routes) return -ENOMEM;
    if (n->route_count > 0) memcpy(routes, n->routes, n->route_count * sizeof *routes);
    list_routes(s, node, routes + n->route_count);
    n->routes = routes;
    n->route_count += count;
    return 0;
}

static int compute(struct search *s)
{
    uint64_t sum = 0;
    unsigned i;
    int err = 0;

    for (i = 0; i < s->config->node_count; i++) {
        sum += list_routes(s, i, NULL);
        if (sum > CONFIG_COMPUTED) return -E2BIG;
    }
    for (i = 0; i < s->config->node_count && !err; i++) err = compute_node(s, i);
    return err;
}

static size_t count_neighbours(const struct config *config)
{
    size_t count = 0;
    unsigned i, j;

    for (i = 0; i < config->node_count; i++)
        for (j = 0; j < config->nodes[i].port_count; j++) count += config->nodes[i].ports[j].neighbour_count;
    return count;
}

/* Room for one at least, so that none is not mistaken for no memory. */
static void *room_for(size_t n, size_t size) { return calloc(n + 1, size); }

static bool open_search(struct search *s)
{
    unsigned i, nodes = s->config->node_count;

    for (i = 0; i < nodes; i++) {
        s->listed_count += list_offers(&s->config->nodes[i], NULL);
        s->owner_count += s->config->nodes[i].address_count;
    }
    s->places = room_for(nodes, sizeof *s->places);
    s->listed = room_for(s->listed_count, sizeof *s->listed);
    s->destinations = room_for(s->listed_count, sizeof *s->destinations);
    s->offers = room_for(s->listed_count, sizeof *s->offers);
    s->owners = room_for(s->owner_count, sizeof *s->owners);
    s->edges = room_for(count_neighbours(s->config), sizeof *s->edges);
    s->queue = room_for(nodes, sizeof *s->queue);
    s->first = room_for(nodes, sizeof *s->first);
    s->seen = room_for(s->listed_count, sizeof *s->seen);
    return s->places && s->listed && s->destinations && s->offers && s->owners && s->edges && s->queue &&
           s->first && s->seen;
}

static void close_search(struct search *s)
{
    free(s->places);
    free(s->listed);
    free(s->destinations);
    free(s->offers);
    free(s->owners);
    free(s->edges);
    free(s->queue);
    free(s->first);
    free(s->seen);
}

static void fill_search(struct search *s)
{
    unsigned i, listed = 0;

    for (i = 0; i < s->config->node_count; i++) {
        s->places[i].offers = listed;
        s->places[i].offer_count = list_offers(&s->config->nodes[i], s->listed + listed);
        listed += s->places[i].offer_count;
    }
    assert(listed == s->listed_count);
    sort_destinations(s);
    list_owners(s);
    for (i = 0; i < s->config->node_count; i++) list_edges(s, i);
}

int routing_compute(struct config *config)
{
    struct search s = {.config = config};
    int err = -ENOMEM;

    if (open_search(&s)) {
        fill_search(&s);
        err = compute(&s);
    }
    close_search(&s);
    return err;
}
