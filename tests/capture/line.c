/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.c - put the exact frames of line.pcap on an interface.
 *
 *   line INTERFACE active|damaged
 *
 * One row of a table is one frame: a capsule (ants/ants.vml) in its envelope, over one
 * carrier, from the host 192.0.2.9 to the router 192.0.2.2, the first of a line of four;
 * as it should be or with one thing wrong. Behind each is where it must end: the node,
 * and the row of its ledger. line.ledger is the sum of those. Needs CAP_NET_RAW.
 */
#include "layers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROUTER = 0xc0000202, HOST = 0xc0000209, STRANGER = 0xc0000203 };
enum { A = 0x0a000001, B, C, D };
enum { FAR = 0xc6336407, NOWHERE = 0xcb007109 }; /* 198.51.100.7 behind D; 203.0.113.9, no route */

enum method { PING, DATA, NONE };

enum {
    RETURNING = OWN,           /* a ping's flag */
    ODD_FLAG = OWN << 1,       /* a ping's flag that means nothing */
    LONG = OWN << 2,           /* 1200 octets of payload */
    SECOND_VERSION = OWN << 3, /* of the capsule */
    BAD_PREVIOUS = OWN << 4,   /* nobody that the router knows on this port */
    OTHER_PREVIOUS = OWN << 5, /* a neighbour on another port */
    CUT_HEADER = OWN << 6,     /* one octet less than a header */
    CUT_FIELDS = OWN << 7,     /* one octet less than the type's fields */
    EXTRA_OCTETS = OWN << 8,   /* behind the fields of a ping */
};

struct sample {
    const char *name;
    enum carrier carrier;
    enum method method;
    uint32_t destination, ttl;
    unsigned special;
};

/* Right from beginning to end, or refused by what they ask for. */
static const struct sample active[] = {
    {"a comes back", UDP4, PING, A, 64, 0}, /* a: sent to the host */
    {"b comes back", UDP4, PING, B, 64, 0}, /* 2 times a, b */
    {"c comes back", UDP4, PING, C, 64, 0}, /* 2 times a, b, c */
    {"d comes back", UDP4, PING, D, 64, 0}, /* 2 times a, b, c, d once */
    {"d comes back, over IP", IP4, PING, D, 64, 0},
    {"c comes back, over Ethernet", LINK, PING, C, 64, 0},
    {"a comes back, over Ethernet, not padded", LINK, PING, A, 64, SHORT_FRAME},
    {"d comes back, out of a VLAN", UDP4, PING, D, 255, VLAN},
    {"d comes back, out of two VLANs", IP4, PING, D, 64, VLANS},
    {"b comes back, IPv4 options", UDP4, PING, B, 64, WITH_IP_OPTIONS},
    {"b comes back, no UDP checksum", UDP4, PING, B, 64, NO_UDP_SUM},
    {"c comes back, over IPv6", UDP6, PING, C, 64, 0},
    {"d comes back with its last hop", UDP4, PING, D, 8, 0},
    {"one hop too few to come back", UDP4, PING, D, 7, 0}, /* a: ttl-expired */
    {"just there, not back", UDP4, PING, D, 4, 0},         /* d: ttl-expired */
    {"not even there", UDP4, PING, C, 2, 0},               /* b: ttl-expired */
    {"ping to nowhere", UDP4, PING, NOWHERE, 64, 0},       /* a: no-route */
    {"a reply to d", UDP4, PING, D, 64, RETURNING},        /* d: delivered to port 7 */
    {"data through", UDP4, DATA, FAR, 64, 0},              /* d: sent to the far host */
    {"data through, 1200 octets", UDP4, DATA, FAR, 64, LONG},
    {"data through, over IP", IP4, DATA, FAR, 64, 0},
    {"data through, over Ethernet", LINK, DATA, FAR, 64, 0},
    {"data through, envelope options and checksum", UDP4, DATA, FAR, 64, WITH_OPTIONS | WITH_SUM},
    {"data through, with the last hop", UDP4, DATA, FAR, 5, 0},
    {"data, one hop too few", UDP4, DATA, FAR, 4, 0}, /* d: ttl-expired */
    {"data for a", UDP4, DATA, A, 1, 0},              /* a: delivered to port 5 */
    {"data for c", UDP4, DATA, C, 64, 0},             /* c: delivered to port 5 */
    {"another version goes through", UDP4, NONE, FAR, 64, SECOND_VERSION},
    {"another version for b", UDP4, DATA, B, 64, SECOND_VERSION},             /* b: unknown-version */
    {"an odd flag is noticed where it arrives", UDP4, PING, B, 64, ODD_FLAG}, /* b: bad-flag */
};

/* All of them end at a, and for what is wrong with them. */
static const struct sample damaged[] = {
    {"IP checksum", UDP4, PING, D, 64, BAD_IP_SUM},
    {"UDP checksum", UDP4, PING, D, 64, BAD_UDP_SUM},
    {"no UDP checksum on IPv6", UDP6, PING, D, 64, NO_UDP_SUM},
    {"IP length beyond the frame", UDP4, DATA, FAR, 64, IP_TOO_LONG},
    {"UDP length beyond the datagram", UDP4, DATA, FAR, 64, UDP_TOO_LONG},
    {"first fragment", UDP4, DATA, FAR, 64, MORE_FRAGMENTS},
    {"frame ends in the IP header", UDP4, PING, D, 64, RUNT},
    {"envelope version", UDP4, PING, D, 64, BAD_VERSION},
    {"envelope header length", UDP4, PING, D, 64, BAD_HEADER},
    {"envelope longer than the datagram", UDP4, PING, D, 64, TOO_LONG},
    {"envelope longer than the frame", LINK, PING, D, 64, TOO_LONG | SHORT_FRAME},
    {"datagram longer than the envelope", IP4, PING, D, 64, TRAILER},
    {"envelope checksum", UDP4, DATA, FAR, 64, WITH_SUM | BAD_SUM},
    {"unknown type, discard", UDP4, PING, D, 64, UNKNOWN_TYPE},
    {"header cut", UDP4, PING, D, 64, CUT_HEADER},
    {"header cut, over Ethernet", LINK, DATA, FAR, 64, CUT_HEADER},
    {"ping cut", UDP4, PING, D, 64, CUT_FIELDS},
    {"data cut", UDP4, DATA, FAR, 64, CUT_FIELDS},
    {"octets behind a ping", UDP4, PING, D, 64, EXTRA_OCTETS},
    {"unknown method", UDP4, NONE, D, 64, 0},
    {"no hop left", UDP4, PING, D, 0, 0},
    {"more hops than there can be", UDP4, PING, D, 256, 0},
    {"previous unknown", UDP4, PING, D, 64, BAD_PREVIOUS},
    {"previous on another port", IP4, DATA, FAR, 64, OTHER_PREVIOUS},
};

/* ---- a capsule ---- */

/* First 16 octets of the BLAKE2b digest of vvm:ants:ping:1 and vvm:ants:data:1, as b2sum -l 128 says. */
static const uint64_t method_ids[][2] = {
    [PING] = {0x939b520f742dc3d4, 0x73dd9d9768666eaf},
    [DATA] = {0xb2c680ffad655313, 0x3bab47b5dbc4f794},
    [NONE] = {0x0123456789abcdef, 0xfedcba9876543210},
};

static void put_fields(struct frame *f, const struct sample *s)
{
    static uint32_t sequence = 0xfffffffe; /* -2 */
    unsigned i;

    if (s->method == PING) {
        put(f, s->special & ODD_FLAG ? 2 : s->special & RETURNING ? 1 : 0, 4);
        put(f, sequence++, s->special & CUT_FIELDS ? 3 : 4);
        if (s->special & EXTRA_OCTETS) put(f, 0xff, 1);
        return;
    }
    put(f, 8199, 2), put(f, 5, s->special & CUT_FIELDS ? 1 : 2); /* ports */
    if (s->special & CUT_FIELDS) return;
    for (i = 0; i < (s->special & LONG ? 1200 : 26); i++) put(f, 'a' + i % 26, 1);
}

static uint32_t previous(unsigned special)
{
    return special & BAD_PREVIOUS ? STRANGER : special & OTHER_PREVIOUS ? B : HOST;
}

static void put_capsule(struct frame *f, const void *sample)
{
    const struct sample *s = sample;

    put(f, s->special & SECOND_VERSION ? 2 : 1, 4);
    put(f, method_ids[s->method][0], 8), put(f, method_ids[s->method][1], 8);
    put(f, HOST, 4), put(f, s->destination, 4), put(f, previous(s->special), 4);
    put(f, s->ttl, s->special & CUT_HEADER ? 3 : 4);
    if (!(s->special & CUT_HEADER)) put_fields(f, s);
}

static int send_all(int interface, const struct sample *samples, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const struct sample *s = &samples[i];
        struct wrapping w = {.name = s->name,
                             .carrier = s->carrier,
                             .special = s->special,
                             .type = 0x414e,
                             .host = HOST,
                             .router = ROUTER,
                             .source = HOST,
                             .destination = s->destination,
                             .put_contents = put_capsule,
                             .sample = s};

        if (send_frame(interface, &w)) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int interface, failed;

    if (argc != 3 || (strcmp(argv[2], "active") && strcmp(argv[2], "damaged"))) {
        fprintf(stderr, "usage: line INTERFACE active|damaged\n");
        return 2;
    }
    interface = open_interface(argv[1]);
    if (interface < 0) return 1;
    if (argv[2][0] == 'a') failed = send_all(interface, active, sizeof active / sizeof *active);
    else failed = send_all(interface, damaged, sizeof damaged / sizeof *damaged);
    close(interface);
    return failed;
}
