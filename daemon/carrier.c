/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier.c - peel Ethernet, IP and UDP off a frame; put fresh ones on.
 *
 * Each layer's function reads its header through a cursor, narrows the cursor to what
 * the length field says, and hands it to the next layer. `claim` remembers the last
 * layer whose key is in the match table.
 */
#include "carrier.h"

#include <assert.h>
#include <errno.h>

#include "cursor.h"

enum {
    TYPE_IP4 = 0x0800,
    TYPE_IP6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    TYPE_VLAN_OUTER = 0x88a8,
    TAGS_MOST = 2,

    IP4_HEADER = 20,
    IP4_MORE_OR_OFFSET = 0x3fff,
    IP4_DO_NOT_FRAGMENT = 0x4000,
    LIFETIME = 255,

    IP6_OPTION_HEADERS_MOST = 8,
    NEXT_HOP_BY_HOP = 0,
    NEXT_UDP = 17,
    NEXT_FRAGMENT = 44,
    NEXT_DESTINATION_OPTIONS = 60,

    ETHERNET_HEADER = 14,
    UDP_HEADER = 8,
};

struct peeling {
    const struct vvm_generation *generation;
    const uint8_t *base;
    struct octet_cursor at; /* what is left of the innermost layer */
    uint32_t peer;
    uint16_t ip_offset, udp_offset;
    uint8_t lifetime;
    /* the innermost claim so far */
    const struct network *network;
    enum carrier_kind kind;
    uint32_t head, length;
};

const char *carrier_verdict_name(enum carrier_verdict verdict)
{
    static const char *const names[VERDICT_LIMIT] = {
#define V(name, text) text,
        CARRIER_VERDICTS(V)
#undef V
    };
    assert(verdict < VERDICT_LIMIT);
    return names[verdict];
}

static uint32_t offset_of(const struct peeling *p) { return (uint32_t)(p->at.at - p->base); }

static bool claim(struct peeling *p, enum carrier_kind kind, enum match_kind match, uint32_t key)
{
    const struct network *network = match_lookup(p->generation, match, key);

    if (!network) return false;
    p->network = network;
    p->kind = kind;
    p->head = offset_of(p);
    p->length = p->at.left;
    return true;
}

/* ---- UDP ---- */

static enum carrier_verdict peel_udp(struct peeling *p, uint32_t pseudo_sum, bool checksum_required)
{
    struct octet_cursor c = p->at;
    uint16_t port, length, checksum;
    uint32_t sum;

    p->udp_offset = (uint16_t)offset_of(p);
    if (!cursor_skip(&c, 2) || !cursor_u16(&c, &port) || !cursor_u16(&c, &length) ||
        !cursor_u16(&c, &checksum))
        return VERDICT_BAD_UDP_LENGTH;
    if (!match_lookup(p->generation, MATCH_UDP, port)) return VERDICT_NOT_ACTIVE;
    if (length < UDP_HEADER || !cursor_trim(&c, length - UDP_HEADER)) return VERDICT_BAD_UDP_LENGTH;
    if (checksum) {
        sum = sum_octets(pseudo_sum + NEXT_UDP + length, p->at.at, length);
        if (sum_finish(sum) != 0) return VERDICT_BAD_UDP_CHECKSUM;
    } else if (checksum_required) {
        return VERDICT_BAD_UDP_CHECKSUM;
    }
    p->at = c;
    claim(p, CARRIER_UDP, MATCH_UDP, port);
    return VERDICT_CLAIMED;
}

/* ---- IP ---- */

static enum carrier_verdict peel_ip_payload(struct peeling *p, uint8_t protocol, uint32_t pseudo_sum,
                                            bool checksum_required)
{
    bool claimed = claim(p, CARRIER_IP, MATCH_IP, protocol);

    if (protocol == NEXT_UDP) return peel_udp(p, pseudo_sum, checksum_required);
    return claimed ? VERDICT_CLAIMED : VERDICT_NOT_ACTIVE;
}

static enum carrier_verdict peel_ip4(struct peeling *p)
{
    struct octet_cursor c = p->at;
    uint8_t version_and_words, protocol;
    uint16_t total, fragment;
    uint32_t header, addresses;

    p->ip_offset = (uint16_t)offset_of(p);
    if (!cursor_u8(&c, &version_and_words)) return VERDICT_TRUNCATED;
    if (version_and_words >> 4 != 4) return VERDICT_BAD_IP_VERSION;
    header = (version_and_words & 15) * 4u;
    if (header < IP4_HEADER) return VERDICT_BAD_IP_LENGTH;
    if (header > p->at.left) return VERDICT_TRUNCATED;
    if (sum_finish(sum_octets(0, p->at.at, header)) != 0) return VERDICT_BAD_IP_CHECKSUM;

    if (!cursor_skip(&c, 1) || !cursor_u16(&c, &total) || !cursor_skip(&c, 2) || !cursor_u16(&c, &fragment) ||
        !cursor_u8(&c, &p->lifetime) || !cursor_u8(&c, &protocol) || !cursor_skip(&c, 2) || c.left < 8)
        return VERDICT_TRUNCATED;
    addresses = sum_octets(0, c.at, 8);
    cursor_u32(&c, &p->peer);
    if (total < header) return VERDICT_BAD_IP_LENGTH;
    if (!cursor_trim(&p->at, total)) return VERDICT_TRUNCATED;
    if (fragment & IP4_MORE_OR_OFFSET) return VERDICT_FRAGMENT;
    cursor_skip(&p->at, header);
    return peel_ip_payload(p, protocol, addresses, false);
}

/* Step over option headers until one that is none; *next is its protocol. */
static enum carrier_verdict skip_ip6_options(struct octet_cursor *c, uint8_t *next)
{
    unsigned n;
    uint8_t following, units;

    for (n = 0; (*next == NEXT_HOP_BY_HOP && n == 0) || *next == NEXT_DESTINATION_OPTIONS; n++) {
        if (n == IP6_OPTION_HEADERS_MOST) return VERDICT_IP_OPTIONS;
        if (!cursor_u8(c, &following) || !cursor_u8(c, &units) || !cursor_skip(c, units * 8u + 6))
            return VERDICT_TRUNCATED;
        *next = following;
    }
    return *next == NEXT_FRAGMENT ? VERDICT_FRAGMENT : VERDICT_CLAIMED;
}

static enum carrier_verdict peel_ip6(struct peeling *p)
{
    struct octet_cursor c = p->at;
    uint8_t version, next;
    uint16_t length;
    uint32_t addresses;
    enum carrier_verdict verdict;

    p->ip_offset = (uint16_t)offset_of(p);
    if (!cursor_u8(&c, &version)) return VERDICT_TRUNCATED;
    if (version >> 4 != 6) return VERDICT_BAD_IP_VERSION;
    if (!cursor_skip(&c, 3) || !cursor_u16(&c, &length) || !cursor_u8(&c, &next) ||
        !cursor_u8(&c, &p->lifetime))
        return VERDICT_TRUNCATED;
    if (c.left < 32) return VERDICT_TRUNCATED;
    addresses = sum_octets(0, c.at, 32);
    cursor_skip(&c, 32);
    if (!cursor_trim(&c, length)) return VERDICT_TRUNCATED;
    verdict = skip_ip6_options(&c, &next);
    if (verdict != VERDICT_CLAIMED) return verdict;
    p->at = c;
    return peel_ip_payload(p, next, addresses, true);
}

/* ---- Ethernet ---- */

static enum carrier_verdict peel_ethernet(struct peeling *p)
{
    uint16_t type;
    unsigned tags;
    bool claimed;

    if (!cursor_skip(&p->at, 12) || !cursor_u16(&p->at, &type)) return VERDICT_TRUNCATED;
    for (tags = 0; tags < TAGS_MOST && (type == TYPE_VLAN || type == TYPE_VLAN_OUTER); tags++) {
        if (!cursor_skip(&p->at, 2) || !cursor_u16(&p->at, &type)) return VERDICT_TRUNCATED;
    }
    claimed = claim(p, CARRIER_ETHERNET, MATCH_ETHERNET, type);
    if (type == TYPE_IP4) return peel_ip4(p);
    if (type == TYPE_IP6) return peel_ip6(p);
    return claimed ? VERDICT_CLAIMED : VERDICT_NOT_ACTIVE;
}

enum carrier_verdict carrier_peel(const struct vvm_generation *generation, struct vvm_packet *packet,
                                  const struct network **network)
{
    struct peeling p = {
        .generation = generation, .base = packet->base, .at = {packet->base + packet->head, packet->length}};
    enum carrier_verdict verdict;

    assert(packet->head <= UINT16_MAX - 128 && packet->length <= packet->capacity - packet->head);
    packet->link_offset = (uint16_t)packet->head;
    packet->payload_end = packet->head + packet->length;
    verdict = peel_ethernet(&p);
    if (!p.network) {
        assert(verdict != VERDICT_CLAIMED);
        return verdict;
    }
    packet->head = p.head;
    packet->length = p.length;
    packet->carrier = (uint8_t)p.kind;
    packet->padded = p.kind == CARRIER_ETHERNET;
    packet->ip_offset = p.ip_offset;
    packet->udp_offset = p.udp_offset;
    packet->peer = p.peer;
    packet->lifetime = p.kind == CARRIER_ETHERNET ? 0 : p.lifetime ? p.lifetime : 1; /* 0 must not live on */
    packet->layer_count = 0;
    *network = p.network;
    return VERDICT_CLAIMED;
}

/* ---- sealing ---- */

uint32_t carrier_overhead(enum carrier_kind kind)
{
    switch (kind) {
    case CARRIER_UDP: return IP4_HEADER + UDP_HEADER;
    case CARRIER_IP: return IP4_HEADER;
    default: return 0;
    }
}

/* Make n octets of room before head; the caller has checked that they are there. */
static uint8_t *push(struct vvm_packet *packet, uint32_t n)
{
    assert(packet->head >= n);
    packet->head -= n;
    packet->length += n;
    return packet->base + packet->head;
}

static void put_udp(struct vvm_packet *packet, const struct carrier_seal *seal)
{
    uint8_t *header = push(packet, UDP_HEADER), pseudo[8];
    uint32_t sum;
    uint16_t checksum;

    put_u16(
        put_u16(put_u16(put_u16(header, (uint16_t)seal->key), (uint16_t)seal->key), (uint16_t)packet->length),
        0);
    put_u32(put_u32(pseudo, seal->source), seal->destination ? seal->destination : UINT32_MAX);
    sum = sum_octets(NEXT_UDP + packet->length, pseudo, sizeof pseudo);
    checksum = sum_finish(sum_octets(sum, header, packet->length));
    put_u16(header + 6, checksum ? checksum : 0xffff);
}

static void put_ip4(struct vvm_packet *packet, const struct carrier_seal *seal)
{
    uint8_t *header = push(packet, IP4_HEADER), *at = header;

    at = put_u8(put_u8(at, 0x45), 0);
    at = put_u16(at, (uint16_t)packet->length);
    at = put_u16(put_u16(at, seal->identity), IP4_DO_NOT_FRAGMENT);
    at = put_u8(put_u8(at, packet->lifetime ? packet->lifetime - 1 : LIFETIME),
                seal->kind == CARRIER_UDP ? NEXT_UDP : (uint8_t)seal->key);
    at = put_u16(at, 0);
    put_u32(put_u32(at, seal->source), seal->destination ? seal->destination : UINT32_MAX);
    put_u16(header + 10, sum_finish(sum_octets(0, header, IP4_HEADER)));
}

/* 02:00:a:b:c:d for address a.b.c.d; all ones for everybody */
static uint8_t *put_station(uint8_t *at, uint32_t address)
{
    if (address == 0 || address == UINT32_MAX) return put_u32(put_u16(at, 0xffff), UINT32_MAX);
    return put_u32(put_u16(at, 0x0200), address);
}

static void put_ethernet(struct vvm_packet *packet, const struct carrier_seal *seal)
{
    uint8_t *at = push(packet, ETHERNET_HEADER);

    at = put_station(at, seal->destination);
    at = put_u32(put_u16(at, 0x0200), seal->source);
    put_u16(at, seal->kind == CARRIER_ETHERNET ? (uint16_t)seal->key : TYPE_IP4);
}

int carrier_put(struct vvm_packet *packet, const struct carrier_seal *seal, const char **reason)
{
    uint32_t overhead = carrier_overhead(seal->kind);

    assert(seal->kind != CARRIER_NONE);
    if (packet->head < overhead + ETHERNET_HEADER) {
        *reason = "no-headroom";
        return -ENOSPC;
    }
    if (packet->length > UINT16_MAX - overhead) {
        *reason = "too-big";
        return -EMSGSIZE;
    }
    if (seal->kind != CARRIER_ETHERNET && packet->lifetime == 1) {
        *reason = "ttl-expired";
        return -ELOOP;
    }
    if (seal->kind != CARRIER_ETHERNET && seal->source == 0) {
        *reason = "no-address";
        return -EADDRNOTAVAIL;
    }
    if (seal->kind == CARRIER_UDP) put_udp(packet, seal);
    if (seal->kind != CARRIER_ETHERNET) put_ip4(packet, seal);
    put_ethernet(packet, seal);
    return 0;
}
