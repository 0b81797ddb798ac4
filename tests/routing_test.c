/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routing_test.c - computed routes beside a slow twin, on random networks: several links
 * between the same nodes, one-way neighbours, shared prefixes, parts that do not hang
 * together.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "oracle/routing_oracle.h"
#include "suites.h"

enum { NETWORKS = 600, PREFIXES = 4 * ORACLE_NODES };

/* ---- random networks, as text ---- */

struct text {
    char octets[16384];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text->length += (size_t)vsnprintf(text->octets + text->length, sizeof text->octets - text->length, format,
                                      arguments);
    va_end(arguments);
    CU_ASSERT_FATAL(text->length < sizeof text->octets);
}

static unsigned pick(unsigned *state, unsigned limit)
{
    *state = *state * 1103515245 + 12345;
    return (*state >> 16) % limit;
}

/* One or two addresses, perhaps the prefix of the first; perhaps a network that others may
 * have, too, and a neighbour that need not know of it. */
static void add_node(struct text *text, unsigned *state, unsigned i, unsigned nodes)
{
    unsigned other = pick(state, nodes);

    add(text, "  n%u:\n    addresses: [10.0.%u.1%s", i, i, pick(state, 2) ? "/24" : "");
    if (pick(state, 3) == 0) add(text, ", 10.1.%u.1", i);
    add(text, "]\n");
    if (pick(state, 2)) return;
    add(text, "    ports: { lan: { kind: pcap, device: e%u, networks: [192.0.%u.0/24]", i, pick(state, 4));
    if (other != i && pick(state, 2)) add(text, ", neighbours: [10.0.%u.1]", other);
    add(text, " } }\n");
}

static unsigned add_network(struct text *text, unsigned *state)
{
    unsigned nodes = 1 + pick(state, ORACLE_NODES - 1), links = pick(state, 2 * nodes), i;

    add(text, "routing: shortest\nnodes:\n");
    for (i = 0; i < nodes; i++) add_node(text, state, i, nodes);
    for (i = 0; i < links; i++) {
        unsigned a = pick(state, nodes), b = pick(state, nodes);

        if (a == b) continue;
        if (!strstr(text->octets, "links:")) add(text, "links:\n");
        add(text, "  - { ends: [n%u/l%u, n%u/l%u] }\n", a, i, b, i);
    }
    return nodes;
}

/* ---- what must be reachable ---- */

struct prefix {
    uint32_t address;
    uint8_t length;
};

static void add_prefix(struct prefix *list, unsigned *count, uint32_t address, uint8_t length)
{
    unsigned i;

    for (i = 0; i < *count; i++)
        if (list[i].address == address && list[i].length == length) return;
    CU_ASSERT_FATAL(*count < PREFIXES);
    list[(*count)++] = (struct prefix){address, length};
}

static void offered(const struct config_node *node, struct prefix *list, unsigned *count)
{
    for (unsigned i = 0; i < node->address_count; i++) {
        add_prefix(list, count, node->addresses[i].address, 32);
        if (node->addresses[i].has_length)
            add_prefix(list, count, node->addresses[i].address & 0xffffff00, node->addresses[i].length);
    }
    for (unsigned i = 0; i < node->port_count; i++)
        for (unsigned j = 0; j < node->ports[i].network_count; j++)
            add_prefix(list, count, node->ports[i].networks[j].address, node->ports[i].networks[j].length);
}

static bool offers(const struct config_node *node, const struct prefix *prefix)
{
    struct prefix own[PREFIXES];
    unsigned count = 0;

    offered(node, own, &count);
    for (unsigned i = 0; i < count; i++)
        if (own[i].address == prefix->address && own[i].length == prefix->length) return true;
    return false;
}

struct trial {
    struct config *config;
    unsigned distance[ORACLE_NODES][ORACLE_NODES];
    struct prefix prefixes[PREFIXES];
    unsigned prefix_count;
};

/* Links to the nearest node that offers it. */
static unsigned far_to(const struct trial *trial, unsigned from, const struct prefix *prefix)
{
    unsigned least = ORACLE_FAR;

    for (unsigned i = 0; i < trial->config->node_count; i++)
        if (offers(&trial->config->nodes[i], prefix) && trial->distance[from][i] < least)
            least = trial->distance[from][i];
    return least;
}

static unsigned owner_of(const struct config *config, uint32_t address)
{
    for (unsigned i = 0; i < config->node_count; i++)
        for (unsigned j = 0; j < config->nodes[i].address_count; j++)
            if (config->nodes[i].addresses[j].address == address) return i;
    return ORACLE_NODES;
}

static bool has_neighbour(const struct config_port *port, uint32_t address)
{
    for (unsigned i = 0; i < port->neighbour_count; i++)
        if (port->neighbours[i] == address) return true;
    return false;
}

/* The computed route leads to somebody who is one link nearer. */
static void check_route(const struct trial *trial, unsigned from, const struct prefix *prefix,
                        const struct config_route *route, unsigned distance)
{
    const struct config_node *node = &trial->config->nodes[from];
    unsigned next = owner_of(trial->config, route->via);

    CU_ASSERT_FATAL(next < ORACLE_NODES && next != from && route->port < node->port_count);
    CU_ASSERT(has_neighbour(&node->ports[route->port], route->via));
    CU_ASSERT_EQUAL(far_to(trial, next, prefix) + 1, distance);
    CU_ASSERT(route->place.line == 0 && route->place.column == 0);
}

static void check_prefix(const struct trial *trial, unsigned from, const struct prefix *prefix,
                         unsigned *expected)
{
    const struct config_node *node = &trial->config->nodes[from];
    unsigned distance = far_to(trial, from, prefix), found = 0;

    for (unsigned i = 0; i < node->route_count; i++) {
        const struct config_route *route = &node->routes[i];

        if (route->via == 0 || route->to.address != prefix->address || route->to.length != prefix->length)
            continue;
        found++;
        check_route(trial, from, prefix, route, distance);
    }
    CU_ASSERT_EQUAL(found, distance > 0 && distance < ORACLE_FAR);
    *expected += found;
}

static void check_node(const struct trial *trial, unsigned from)
{
    const struct config_node *node = &trial->config->nodes[from];
    unsigned expected = 0;

    for (unsigned i = 0; i < trial->prefix_count; i++)
        check_prefix(trial, from, &trial->prefixes[i], &expected);
    for (unsigned i = 0; i < node->port_count; i++) expected += node->ports[i].network_count;
    CU_ASSERT_EQUAL(node->route_count, expected); /* and no others */
}

static void test_random(void)
{
    static struct text text;
    static struct trial trial;
    unsigned state = 7;
    char why[512];

    for (unsigned n = 0; n < NETWORKS; n++) {
        memset(&text, 0, sizeof text);
        memset(&trial, 0, sizeof trial);
        add_network(&text, &state);
        if (config_parse(&trial.config, "net", text.octets, text.length, why, sizeof why)) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(why, "more than 16 ports"));
            continue;
        }
        routing_oracle(trial.config, trial.distance);
        for (unsigned i = 0; i < trial.config->node_count; i++)
            offered(&trial.config->nodes[i], trial.prefixes, &trial.prefix_count);
        for (unsigned i = 0; i < trial.config->node_count; i++) check_node(&trial, i);
        config_free(trial.config);
    }
}

/* ---- by hand ---- */

static struct config *parsed(const char *text)
{
    struct config *config = NULL;
    char why[512] = "";

    CU_ASSERT_EQUAL_FATAL(config_parse(&config, "net", text, strlen(text), why, sizeof why), 0);
    return config;
}

static const struct config_route *route_to(const struct config_node *node, uint32_t address, uint8_t length)
{
    const struct config_route *found = NULL;

    for (unsigned i = 0; i < node->route_count; i++) {
        if (node->routes[i].to.address != address || node->routes[i].to.length != length) continue;
        CU_ASSERT_PTR_NULL(found);
        found = &node->routes[i];
    }
    return found;
}

/* A ring of four: the far corner is reached by the first link of the file, or as the file says. */
#define RING(routing, routes)                                                                                \
    "routing: " routing "\nnodes:\n  a: { addresses: [10.0.0.1], routes: [" routes "] }\n"                   \
    "  b: { addresses: [10.0.0.2/30] }\n  c: { addresses: [10.0.0.3] }\n  d: { addresses: [10.0.0.4] }\n"    \
    "links:\n- { ends: [d, a] }\n- { ends: [a, b] }\n- { ends: [b, c] }\n- { ends: [c, d] }\n"

static void test_ties(void)
{
    struct config *config = parsed(RING("shortest", ""));
    const struct config_node *a = &config->nodes[0];

    CU_ASSERT_EQUAL(route_to(a, 0x0a000003, 32)->via, 0x0a000004);
    CU_ASSERT_STRING_EQUAL(a->ports[route_to(a, 0x0a000003, 32)->port].name, "d");
    CU_ASSERT_EQUAL(route_to(a, 0x0a000002, 32)->via, 0x0a000002);
    CU_ASSERT_EQUAL(route_to(a, 0x0a000000, 30)->via, 0x0a000002); /* with /N the prefix, too */
    CU_ASSERT_PTR_NULL(route_to(a, 0x0a000001, 32));
    CU_ASSERT_PTR_NULL(route_to(&config->nodes[1], 0x0a000000, 30)); /* its own */
    config_free(config);
}

static void test_written(void)
{
    struct config *config = parsed(RING("shortest", "{ to: 10.0.0.3, via: 10.0.0.2 }"));

    CU_ASSERT_EQUAL(route_to(&config->nodes[0], 0x0a000003, 32)->via, 0x0a000002);
    CU_ASSERT(route_to(&config->nodes[0], 0x0a000003, 32)->place.line > 0);
    config_free(config);
    config = parsed(RING("none", "{ to: 10.0.0.3, via: 10.0.0.2 }"));
    CU_ASSERT_EQUAL(config->nodes[0].route_count, 1);
    CU_ASSERT_EQUAL(config->nodes[1].route_count, 0);
    config_free(config);
}

/* Two nodes have the same network: each other node goes to the nearer one. */
static void test_shared(void)
{
    struct config *config = parsed("routing: shortest\nnodes:\n"
                                   "  a: { addresses: [10.0.0.1], ports: { lan: { kind: pcap, device: e, "
                                   "networks: [192.0.2.0/24] } } }\n"
                                   "  b: { addresses: [10.0.0.2] }\n  c: { addresses: [10.0.0.3] }\n"
                                   "  d: { addresses: [10.0.0.4], ports: { lan: { kind: pcap, device: e, "
                                   "networks: [192.0.2.0/24] } } }\n"
                                   "links: [ { ends: [a, b] }, { ends: [b, c] }, { ends: [c, d] } ]\n");

    CU_ASSERT_EQUAL(route_to(&config->nodes[1], 0xc0000200, 24)->via, 0x0a000001);
    CU_ASSERT_EQUAL(route_to(&config->nodes[2], 0xc0000200, 24)->via, 0x0a000004);
    CU_ASSERT_EQUAL(route_to(&config->nodes[3], 0xc0000200, 24)->via, 0); /* on its own link */
    config_free(config);
}

/* A line of as many nodes as there may be, each with so many addresses. */
static int parse_line(unsigned addresses, struct config **config, char why[512])
{
    size_t room = 1 << 20, length;
    char *text = malloc(room);
    int err;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    length = (size_t)sprintf(text, "routing: shortest\nnodes:\n");
    for (unsigned i = 0; i < CONFIG_NODES; i++) {
        length += (size_t)sprintf(text + length, "  n%u: { addresses: [10.0.%u.%u", i, i >> 8, i & 255);
        for (unsigned j = 1; j < addresses; j++)
            length += (size_t)sprintf(text + length, ", 10.%u.%u.%u", j, i >> 8, i & 255);
        length += (size_t)sprintf(text + length, "] }\n");
    }
    length += (size_t)sprintf(text + length, "links:\n");
    for (unsigned i = 1; i < CONFIG_NODES; i++)
        length += (size_t)sprintf(text + length, "  - { ends: [n%u/u, n%u/d] }\n", i - 1, i);
    CU_ASSERT_FATAL(length < room);
    err = config_parse(config, "net", text, length, why, 512);
    free(text);
    return err;
}

static void test_large(void)
{
    struct config *config = NULL;
    char why[512] = "";

    CU_ASSERT_EQUAL_FATAL(parse_line(2, &config, why), 0);
    CU_ASSERT_EQUAL(config->nodes[0].route_count, 2 * (CONFIG_NODES - 1));
    CU_ASSERT_EQUAL(config->nodes[CONFIG_NODES / 2].route_count, 2 * (CONFIG_NODES - 1));
    config_free(config);
    CU_ASSERT_EQUAL(parse_line(3, &config, why), -EINVAL);
    CU_ASSERT_STRING_EQUAL(why,
                           "net:1:1: routing: more than 2097152 routes would be made; use fewer nodes or "
                           "addresses, or none");
}

void routing_tests(CU_pSuite suite)
{
    CU_add_test(suite, "random networks", test_random);
    CU_add_test(suite, "ties", test_ties);
    CU_add_test(suite, "what is written", test_written);
    CU_add_test(suite, "the nearer of two", test_shared);
    CU_add_test(suite, "as large as it may be", test_large);
}
