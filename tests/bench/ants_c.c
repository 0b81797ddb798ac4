/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ants_c.c - the way of a capsule as a C programmer would write it by hand for these two
 * types: the envelope's checks, those of the reference in their order, neighbour, type,
 * longest prefix, TTL, previous, sealing and counters. Static, nothing is loaded.
 */
#include "ants_c.h"

#include <string.h>

enum { METHOD = 4, SOURCE = 20, DESTINATION = 24, PREVIOUS = 28, TTL = 32, FIELDS = 36 };

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static void put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static void put32(uint8_t *p, uint32_t v)
{
    put16(p, (uint16_t)(v >> 16));
    put16(p + 2, (uint16_t)v);
}

static uint64_t *neighbour_place(struct ants_c *a, uint64_t hop)
{
    uint32_t at = (uint32_t)(hop * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    while (a->neighbours[at % ANTS_C_NEIGHBOURS] && a->neighbours[at % ANTS_C_NEIGHBOURS] != hop) at++;
    return &a->neighbours[at % ANTS_C_NEIGHBOURS];
}

void ants_c_neighbour(struct ants_c *a, unsigned device, uint32_t address)
{
    uint64_t hop = (uint64_t)device << 32 | address;
    *neighbour_place(a, hop) = hop;
}

static bool drop(struct ants_c *a, enum ants_c_drop why) { return a->dropped[why]++, false; }

static bool send_on(struct ants_c *a, uint8_t *p, uint8_t *c)
{
    uint32_t ttl = get32(c + TTL), destination = get32(c + DESTINATION);
    if (ttl == 1) return drop(a, ANTS_C_EXPIRED);
    for (unsigned i = 0; i < a->route_count; i++) {
        if ((destination ^ a->routes[i].prefix) & a->routes[i].mask) continue;
        put32(c + TTL, ttl - 1);
        put32(c + PREVIOUS, a->local);
        p[1] &= 0x80;
        a->last_hop = a->routes[i].hop;
        a->sent++;
        return true;
    }
    return drop(a, ANTS_C_NO_ROUTE);
}

static bool ping(struct ants_c *a, uint8_t *p, uint8_t *c)
{
    uint32_t source = get32(c + SOURCE), destination = get32(c + DESTINATION), flag = get32(c + FIELDS);
    if (destination != a->local) return send_on(a, p, c);
    if (flag > 1) return drop(a, ANTS_C_FIELDS);
    put32(c + FIELDS, 1);
    if (flag == 1 || source == a->local) return a->delivered++, false;
    put32(c + SOURCE, destination);
    put32(c + DESTINATION, source);
    return send_on(a, p, c);
}

static bool evaluate(struct ants_c *a, uint8_t *p, uint8_t *c, uint32_t length)
{
    bool here = get32(c + DESTINATION) == a->local;
    if (get32(c) != 1) return here ? drop(a, ANTS_C_VERSION) : send_on(a, p, c);
    if (!memcmp(c + METHOD, a->data_id, 16)) {
        if (length < FIELDS + 4) return drop(a, ANTS_C_FIELDS);
        return here ? (a->delivered++, false) : send_on(a, p, c);
    }
    if (memcmp(c + METHOD, a->ping_id, 16)) return drop(a, ANTS_C_METHOD);
    return length == FIELDS + 8 ? ping(a, p, c) : drop(a, ANTS_C_FIELDS);
}

bool ants_c_packet(struct ants_c *a, unsigned device, uint8_t *p, uint32_t length)
{
    a->received++;
    if (length < 8 || p[0] != 1 || get16(p + 2) != 0x414e) return drop(a, ANTS_C_ENVELOPE);
    uint32_t header = get16(p + 4) * 4u, whole = get16(p + 6);
    if (header != 8 || header > whole || whole != length) return drop(a, ANTS_C_ENVELOPE);
    uint8_t *c = p + header;
    if (whole - header < FIELDS) return drop(a, ANTS_C_SHORT);
    uint64_t hop = (uint64_t)device << 32 | get32(c + PREVIOUS);
    if (!hop || *neighbour_place(a, hop) != hop) return drop(a, ANTS_C_PREVIOUS);
    uint32_t ttl = get32(c + TTL);
    if (ttl == 0) return drop(a, ANTS_C_EXPIRED);
    return ttl > 255 ? drop(a, ANTS_C_TTL) : evaluate(a, p, c, whole - header);
}
