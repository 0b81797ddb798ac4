/* SPDX-License-Identifier: Apache-2.0 */
/* ants_oracle.c - the reference's rules one after another, as slow and plain as they read. */
#include "ants_oracle.h"

#include <string.h>

enum { VERSION = 0, METHOD = 4, SOURCE = 20, DESTINATION = 24, PREVIOUS = 28, TTL = 32, FIELDS = 36 };

static uint32_t get(const struct ants_fate *f, unsigned at)
{
    const uint8_t *p = f->octets + at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put(struct ants_fate *f, unsigned at, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) f->octets[at + i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool is_here(const struct ants_node *node, uint32_t address)
{
    for (unsigned i = 0; node->addresses[i]; i++)
        if (node->addresses[i] == address) return true;
    return false;
}

static bool is_neighbour(const struct ants_node *node, uint32_t address, unsigned device)
{
    for (unsigned i = 0; node->neighbours[i].address; i++)
        if (node->neighbours[i].address == address && node->neighbours[i].device == device) return true;
    return false;
}

static void drop(struct ants_fate *f, const char *reason)
{
    f->end = ANTS_DROPPED;
    f->reason = reason;
}

static void deliver(struct ants_fate *f, uint32_t port)
{
    f->end = ANTS_DELIVERED;
    f->port = port;
}

static void send(const struct ants_node *node, struct ants_fate *f)
{
    uint32_t to = get(f, DESTINATION);
    unsigned longest = 0;
    if (get(f, TTL) == 1) {
        drop(f, "ttl-expired");
        return;
    }
    drop(f, "no-route");
    for (unsigned i = 0; node->routes[i].length; i++) {
        unsigned length = node->routes[i].length;
        if ((to ^ node->routes[i].prefix) >> (32 - length) || length <= longest) continue;
        longest = length;
        f->end = ANTS_SENT;
        f->device = node->routes[i].device;
        f->hop = node->routes[i].hop ? node->routes[i].hop : to;
    }
    if (f->end != ANTS_SENT) return;
    put(f, TTL, get(f, TTL) - 1);
    put(f, PREVIOUS, node->addresses[0]);
}

static void ping(const struct ants_node *node, struct ants_fate *f)
{
    uint32_t source = get(f, SOURCE), destination = get(f, DESTINATION), flag = get(f, FIELDS);
    if (!is_here(node, destination)) {
        send(node, f);
    } else if (flag == 1) {
        deliver(f, 7);
    } else if (flag == 0) {
        put(f, FIELDS, 1);
        put(f, SOURCE, destination);
        put(f, DESTINATION, source);
        if (is_here(node, source)) deliver(f, 7);
        else send(node, f);
    } else {
        drop(f, "bad-flag");
    }
}

static void evaluate(const struct ants_node *node, struct ants_fate *f)
{
    bool here = is_here(node, get(f, DESTINATION));
    if (!memcmp(f->octets + METHOD, node->data_id, 16)) {
        if (f->length < 40) drop(f, "short-data");
        else if (here) deliver(f, get(f, FIELDS) & 0xffff);
        else send(node, f);
    } else if (!memcmp(f->octets + METHOD, node->ping_id, 16)) {
        if (f->length < 44) drop(f, "short-ping");
        else if (f->length > 44) drop(f, "extra-octets");
        else ping(node, f);
    } else {
        drop(f, "unknown-method");
    }
}

void ants_oracle(const struct ants_node *node, unsigned device, const uint8_t *capsule, uint32_t length,
                 struct ants_fate *f)
{
    memset(f, 0, sizeof *f);
    memcpy(f->octets, capsule, length);
    f->length = length;
    if (length < 36) drop(f, "short-capsule");
    else if (!is_neighbour(node, get(f, PREVIOUS), device)) drop(f, "bad-previous");
    else if (get(f, TTL) == 0) drop(f, "ttl-expired");
    else if (get(f, TTL) > 255) drop(f, "bad-ttl");
    else if (get(f, VERSION) == 1) evaluate(node, f);
    else if (is_here(node, get(f, DESTINATION))) drop(f, "unknown-version");
    else send(node, f);
}
