/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward_c.c - the toy network's forward path as a C programmer would write it by hand:
 * the same envelope checks, header checks, look-up of the program among those seen
 * (a packet's program is code, so it is compared before it is trusted), branch-here and
 * forward, longest prefix, hop count, sealing and counters. Static, nothing is loaded.
 */
#include "forward_c.h"

#include <string.h>

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

/* Longest prefix over a small sorted list, longest first. */
static bool look_up(const struct forward_c *f, uint32_t address, uint64_t *hop)
{
    for (unsigned i = 0; i < f->route_count; i++)
        if (((address ^ f->routes[i].prefix) & f->routes[i].mask) == 0) {
            *hop = f->routes[i].hop;
            return true;
        }
    return false;
}

/* Header length in octets, or 0: drop. */
static uint32_t check_envelope(const uint8_t *p, uint32_t length)
{
    if (length < 8 || p[0] != 1 || get16(p + 2) != 0x4850) return 0;
    uint32_t header = get16(p + 4) * 4u, whole = get16(p + 6);
    return header < 8 || header > whole || whole > length ? 0 : header;
}

static const struct seen_program *find_program(const struct forward_c *f, const uint8_t *code,
                                               uint32_t length)
{
    uint64_t hash = 14695981039346656037u;
    for (uint32_t i = 0; i < length; i++) hash = (hash ^ code[i]) * 1099511628211u;
    const struct seen_program *s = &f->seen[hash % SEEN_PROGRAMS];
    return s->hash == hash && s->length == length && !memcmp(s->code, code, length) ? s : NULL;
}

static bool is_local(const struct forward_c *f, uint32_t address) { return address == f->local; }

/* One packet; false: dropped. */
bool forward_c_packet(struct forward_c *f, uint8_t *p, uint32_t length)
{
    uint64_t hop;
    uint32_t header = check_envelope(p, length);
    if (!header || get16(p + 6) - header < 8) return f->dropped++, false;
    uint8_t *h = p + header;
    uint32_t code_length = get16(p + 6) - header - 8;
    if (h[0] != 1 || !find_program(f, h + 8, code_length)) return f->dropped++, false;
    for (uint32_t at = 0; at < code_length;) {
        switch (h[8 + at]) {
        case 1: /* forward */
            if (!h[1] || !look_up(f, get32(h + 4), &hop)) return f->dropped++, false;
            h[1]--;
            put16(p + 6, (uint16_t)(header + 8 + code_length));
            f->sent++;
            f->last_hop = hop;
            return true;
        case 2: /* branch-here */
            at = is_local(f, get32(h + 4)) ? at + 2 + (uint32_t)(int8_t)h[9 + at] : at + 2;
            break;
        case 3: return f->delivered++, true;
        default: return f->dropped++, false;
        }
    }
    return f->consumed++, true;
}

void forward_c_learn(struct forward_c *f, const uint8_t *code, uint32_t length)
{
    uint64_t hash = 14695981039346656037u;
    for (uint32_t i = 0; i < length; i++) hash = (hash ^ code[i]) * 1099511628211u;
    struct seen_program *s = &f->seen[hash % SEEN_PROGRAMS];
    s->hash = hash;
    s->length = length;
    memcpy(s->code, code, length);
}
