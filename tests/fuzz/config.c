/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - configuration files: octets as they come; or, after a first octet of 1, a file
 * made of the reader's own tables of keys, mostly right, so that many get past them to the
 * checks of links, cables, routes and clashes. What is accepted must hold together; what is
 * refused must be refused with a place and one printable line.
 */
#include "../../daemon/config_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

const struct fuzz_plan fuzz_plan = {0};

enum { TEXT_ROOM = 32768, NODES = 5, MADE = 1 };

/* ---- files that are made ---- */

struct made {
    char text[TEXT_ROOM];
    size_t length;
    struct choices c;
    unsigned node; /* that is being written */
};

static void put(struct made *m, const char *text)
{
    size_t n = strlen(text);

    if (n >= TEXT_ROOM - m->length) return;
    memcpy(m->text + m->length, text, n);
    m->length += n;
}

/* Words of a text with bars between them; the last is the odd one out, and rare. */
static void put_one(struct made *m, const char *words)
{
    unsigned count = 1, i, chosen;
    char word[64];

    for (const char *at = words; (at = strchr(at, '|')); at++) count++;
    chosen = choose(&m->c, 8 * count);
    chosen = chosen == 0 ? count - 1 : chosen % (count > 1 ? count - 1 : 1);
    for (i = 0; i < chosen; i++) words = strchr(words, '|') + 1;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(words, "|"), words);
    put(m, word);
}

static void put_address(struct made *m)
{
    static const char *const own[NODES] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"};

    put(m, own[choose(&m->c, 8) ? m->node : choose(&m->c, NODES)]);
    put_one(m, "||/24|/30|/33");
}

/* What a value is by the name of its key; the rest by its kind. */
static const struct {
    const char *key, *open, *words, *close;
} parts[] = {
    {"vmlets", "[", "ants|route|./x.vml|a b", "]"},
    {"pace", "", "fast|original|slow", ""},
    {"device", "", "e0|e1|e/1", ""},
    {"networks", "[", "192.0.2.0/24|198.51.100.0/24|192.0.2.9/24", "]"},
    {"neighbours", "[", "10.0.0.1|10.0.0.2|10.0.0.3|192.0.2.9|224.0.0.1", "]"},
    {"local", "", "127.0.0.1:7001|127.0.0.1:7002|'[::1]:7003'|127.0.0.1:0", ""},
    {"path", "[", "x|../y|/z|a:b", "]"},
    {"routing", "", "shortest|none|far", ""},
    {"udp", "[127.0.0.1:7001, ", "127.0.0.1:7002|127.0.0.1:7001|'[::1]:1'", "]"},
};

static const char *const by_kind[] = {
    [KEY_PART] = "x",
    [KEY_NAME] = "x|y|z|p q",
    [KEY_INPUT] = "in.pcap|/in|-|''",
    [KEY_OUTPUT] = "a.pcap|b.pcap|/run/c|-|''",
    [KEY_NUMBER] = "64|100|1000|65536|-1",
    [KEY_SEED] = "0|7|18446744073709551615|18446744073709551616",
    [KEY_SIZE] = "1500|576|1KiB|67",
    [KEY_CHANCE] = "0|1%|0.5|100%|2",
    [KEY_DURATION] = "5ms|0|1.5s|20us|1h",
    [KEY_RATE] = "10M|64k|1Gbit/s|1",
    [KEY_MODE] = "0600|660|8",
    [KEY_TRUTH] = "true|no|maybe",
    [KEY_PREFIX] = "10.9.0.0/16|0.0.0.0/0|192.0.2.0/24|10.9.0.1/16",
    [KEY_ADDRESS] = "10.0.0.1|10.0.0.2|10.0.0.3|192.0.2.9|far",
};

static void put_map(struct made *m, const struct config_table *table, const char *port_kind);

static void put_ports(struct made *m)
{
    static const char *const kinds[] = {"pcap-file", "pcap", "udp", "link"};
    static const char *const names[] = {"p: ", ", q: ", ", r: "};
    unsigned n = 1 + choose(&m->c, 3), i;

    put(m, "{ ");
    for (i = 0; i < n; i++) {
        put(m, names[choose(&m->c, 32) ? i : 0]);
        put_map(m, &config_port_table, kinds[choose(&m->c, 4)]);
    }
    put(m, " }");
}

static void put_end(struct made *m)
{
    put_one(m, "a|b|c|d|e|f");
    if (choose(&m->c, 3) == 0) put_one(m, "/p|/u|/v|/w|/x|/p q");
}

static void put_list(struct made *m, const struct config_table *table, unsigned most)
{
    unsigned n = choose(&m->c, most + 1);

    put(m, "[ ");
    while (n-- > 0) {
        put_map(m, table, "");
        if (n > 0) put(m, ", ");
    }
    put(m, " ]");
}

static void put_nodes(struct made *m)
{
    static const char *const names[NODES] = {"a: ", ", b: ", ", c: ", ", d: ", ", e: "};
    unsigned n = 1 + choose(&m->c, NODES);

    put(m, "{ ");
    for (m->node = 0; m->node < n; m->node++) {
        put(m, names[m->node]);
        put_map(m, &config_node_table, "");
    }
    m->node = 0;
    put(m, " }");
}

static void put_part(struct made *m, const char *key)
{
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i].key, key) == 0) {
            put(m, parts[i].open);
            put_one(m, parts[i].words);
            put(m, parts[i].close);
            return;
        }
    if (strcmp(key, "addresses") == 0) put(m, "["), put_address(m), put(m, "]");
    else if (strcmp(key, "peers") == 0)
        put(m, "{ "), put_one(m, by_kind[KEY_ADDRESS]), put(m, ": 1.2.3.4:5 }");
    else if (strcmp(key, "ends") == 0) put(m, "["), put_end(m), put(m, ", "), put_end(m), put(m, "]");
    else if (strcmp(key, "control") == 0) put_map(m, &config_control_table, "");
    else if (strcmp(key, "defaults") == 0) put_map(m, &config_node_table, "");
    else if (strcmp(key, "routes") == 0) put_list(m, &config_route_table, 2);
    else if (strcmp(key, "links") == 0) put_list(m, &config_link_table, 5);
    else if (strcmp(key, "ports") == 0) put_ports(m);
    else if (strcmp(key, "nodes") == 0) put_nodes(m);
    else put(m, "x");
}

/* Is the key to be written? */
static bool is_wanted(struct made *m, const struct config_key *key, const char *port_kind)
{
    bool fits = !key->only || strstr(key->only, port_kind);

    if (key->required && fits) return choose(&m->c, 64) != 63;
    if (strcmp(key->name, "addresses") == 0) return choose(&m->c, 8) != 7;
    return fits ? choose(&m->c, 4) == 3 : choose(&m->c, 128) == 127;
}

static void put_map(struct made *m, const struct config_table *table, const char *port_kind)
{
    bool first = true;
    unsigned i;

    put(m, "{ ");
    for (i = 0; i < table->count; i++) {
        const struct config_key *key = &table->keys[i];

        if (!is_wanted(m, key, port_kind)) continue;
        put(m, first ? "" : ", ");
        first = false;
        put(m, key->name);
        put(m, ": ");
        if (strcmp(key->name, "kind") == 0) put(m, port_kind);
        else if (key->kind == KEY_PART) put_part(m, key->name);
        else put_one(m, by_kind[key->kind]);
    }
    put(m, " }");
}

/* ---- what must hold ---- */

static void check_refusal(const char *why)
{
    unsigned line = 0, column = 0;

    PROMISE(sscanf(why, "fuzz/in:%u:%u: ", &line, &column) == 2 && line > 0 && column > 0);
    PROMISE(strlen(why) < 511);
    for (; *why; why++) PROMISE(*why >= ' ' && *why <= '~');
}

static void check_port(const struct config_port *port)
{
    const struct impairment *i = &port->options.impairment;

    PROMISE(port->ops && port->name && strlen(port->name) < PORT_NAME && port->options.name == port->name);
    PROMISE(port->neighbour_count <= CONFIG_ADDRESSES && port->network_count <= CONFIG_ADDRESSES);
    PROMISE((port->ops == &port_link) == (port->cable != NULL));
    PROMISE(port->ops != &port_udp || (port->options.peer_count > 0 && port->options.local_length > 0));
    PROMISE(!i->reorder || i->delay);
    PROMISE(i->jitter <= i->delay && i->loss <= 1000000 && i->duplicate <= 1000000 && i->reorder <= 1000000);
}

static void check_node(const struct config_node *node)
{
    unsigned i, j;

    PROMISE(node->address_count <= CONFIG_ADDRESSES && node->port_count <= CONFIG_PORTS);
    for (i = 0; i < node->port_count; i++) {
        check_port(&node->ports[i]);
        for (j = 0; j < i; j++) PROMISE(strcmp(node->ports[i].name, node->ports[j].name) != 0);
    }
    for (i = 0; i < node->route_count; i++) {
        const struct config_route *route = &node->routes[i];

        PROMISE(route->port < node->port_count);
        PROMISE((route->to.address & ~config_mask(route->to.length)) == 0);
        for (j = 0; j < i; j++)
            PROMISE(route->to.address != node->routes[j].to.address ||
                    route->to.length != node->routes[j].to.length);
    }
}

static void check_link(const struct config *config, const struct config_link *link)
{
    unsigned end;

    PROMISE(link->node[0] < config->node_count && link->node[1] < config->node_count);
    PROMISE(link->node[0] != link->node[1]);
    for (end = 0; end < 2; end++) {
        const struct config_node *node = &config->nodes[link->node[end]];

        PROMISE(link->index[end] < node->port_count);
        PROMISE(strcmp(node->ports[link->index[end]].name, link->port[end]) == 0);
        PROMISE((node->ports[link->index[end]].ops == &port_udp) == link->has_transport);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct made made;
    struct config *config = NULL;
    char why[512] = "";
    unsigned i;

    if (size > 0 && data[0] == MADE) {
        made.length = 0;
        made.c = (struct choices){data + 1, data + size};
        put_map(&made, &config_file_table, "");
        data = (const uint8_t *)made.text;
        size = made.length;
    }
    if (config_parse(&config, "fuzz/in", (const char *)data, size, why, sizeof why)) {
        check_refusal(why);
        return 0;
    }
    PROMISE(config->node_count > 0);
    for (i = 0; i < config->node_count; i++) check_node(&config->nodes[i]);
    for (i = 0; i < config->link_count; i++) check_link(config, &config->links[i]);
    config_free(config);
    return 0;
}
