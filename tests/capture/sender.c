/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sender.c - put the exact frames of the demo capture on an interface.
 *
 *   sender INTERFACE active|damaged
 *
 * One row of a table is one frame: a packet of the toy network (netvmlets/hop.vml) in its
 * envelope, over one carrier, as it should be or with one thing wrong. Needs CAP_NET_RAW.
 */
#include "layers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROUTER = 0xc0000202, HOST = 0xc0000201 }; /* 192.0.2.2, 192.0.2.1 */
enum { FAR = 0xc6336407, NOWHERE = 0xcb007109 }; /* 198.51.100.7, routed; 203.0.113.9, not */

enum {
    PROGRAM_LOOP = OWN, /* a program that would never end */
    BAD_OPCODE = OWN << 1,
    CUT_PROGRAM = OWN << 2, /* the last operand lacks an octet */
};

struct sample {
    const char *name;
    int carrier;
    uint32_t destination;
    uint8_t hops;
    unsigned special;
};

static const struct sample active[] = {
    {"forwarded over UDP", UDP4, FAR, 5, 0},
    {"forwarded over IP", IP4, FAR, 5, 0},
    {"forwarded over Ethernet", LINK, FAR, 5, 0},
    {"delivered over UDP", UDP4, ROUTER, 5, 0},
    {"delivered over IP", IP4, ROUTER, 5, 0},
    {"delivered over Ethernet", LINK, ROUTER, 5, 0},
    {"delivered over Ethernet, not padded", LINK, ROUTER, 5, SHORT_FRAME},
    {"forwarded over UDP on IPv6", UDP6, FAR, 5, 0},
    {"delivered over IPv6", IP6, ROUTER, 5, 0},
    {"forwarded, envelope options", UDP4, FAR, 64, WITH_OPTIONS},
    {"forwarded, envelope checksum", UDP4, FAR, 64, WITH_SUM},
    {"forwarded, options and checksum over Ethernet", LINK, FAR, 64, WITH_OPTIONS | WITH_SUM},
    {"delivered, options and checksum over IP", IP4, ROUTER, 64, WITH_OPTIONS | WITH_SUM},
    {"forwarded, no UDP checksum", UDP4, FAR, 5, NO_UDP_SUM},
    {"forwarded, IPv4 options", UDP4, FAR, 5, WITH_IP_OPTIONS},
    {"delivered, IPv6 options", UDP6, ROUTER, 5, WITH_IP_OPTIONS},
    {"forwarded out of a VLAN", UDP4, FAR, 5, VLAN},
    {"delivered out of two VLANs", LINK, ROUTER, 5, VLANS},
    {"last hop used up", UDP4, FAR, 0, 0},
    {"no route", IP4, NOWHERE, 5, 0},
    {"a program without end", LINK, ROUTER, 5, PROGRAM_LOOP},
    {"delivered after it", UDP4, ROUTER, 1, 0},
};

static const struct sample damaged[] = {
    {"IP checksum", UDP4, FAR, 5, BAD_IP_SUM},
    {"IP checksum, IP carrier", IP4, FAR, 5, BAD_IP_SUM},
    {"UDP checksum", UDP4, FAR, 5, BAD_UDP_SUM},
    {"UDP checksum on IPv6", UDP6, FAR, 5, BAD_UDP_SUM},
    {"no UDP checksum on IPv6", UDP6, FAR, 5, NO_UDP_SUM},
    {"IP length beyond the frame", IP4, FAR, 5, IP_TOO_LONG},
    {"UDP length beyond the datagram", UDP4, FAR, 5, UDP_TOO_LONG},
    {"first fragment", UDP4, FAR, 5, MORE_FRAGMENTS},
    {"first fragment, IP carrier", IP4, FAR, 5, MORE_FRAGMENTS},
    {"frame ends in the IP header", UDP4, FAR, 5, RUNT},
    {"envelope version", UDP4, FAR, 5, BAD_VERSION},
    {"envelope longer than the datagram", UDP4, FAR, 5, TOO_LONG},
    {"envelope longer than the frame", LINK, FAR, 5, TOO_LONG | SHORT_FRAME},
    {"datagram longer than the envelope", IP4, FAR, 5, TRAILER},
    {"envelope checksum", UDP4, FAR, 5, WITH_SUM | BAD_SUM},
    {"unknown type, discard", UDP4, FAR, 5, UNKNOWN_TYPE},
    {"unknown opcode", UDP4, FAR, 5, BAD_OPCODE},
    {"program cut short", LINK, FAR, 5, CUT_PROGRAM},
};

static void put_program(struct frame *f, unsigned special)
{
    if (special & PROGRAM_LOOP) put(f, 0x02fe, 2); /* here: (branch-here here) */
    else if (special & BAD_OPCODE) put(f, 0xee, 1);
    else if (special & CUT_PROGRAM) put(f, 0x02010300, 4);
    else put(f, 0x020101030009, 6); /* (branch-here there) (forward) there: (deliver 9) */
}

static void put_hop(struct frame *f, const void *sample)
{
    const struct sample *s = sample;

    put(f, 1, 1), put(f, s->hops, 1), put(f, 0, 2), put(f, s->destination, 4);
    put_program(f, s->special);
}

static int send_all(int interface, const struct sample *samples, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const struct sample *s = &samples[i];
        struct wrapping w = {.name = s->name,
                             .carrier = (enum carrier)s->carrier,
                             .special = s->special,
                             .type = 0x4850,
                             .host = HOST,
                             .router = ROUTER,
                             .source = HOST,
                             .destination = FAR,
                             .put_contents = put_hop,
                             .sample = s};

        if (send_frame(interface, &w)) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int interface, failed;

    if (argc != 3 || (strcmp(argv[2], "active") && strcmp(argv[2], "damaged"))) {
        fprintf(stderr, "usage: sender INTERFACE active|damaged\n");
        return 2;
    }
    interface = open_interface(argv[1]);
    if (interface < 0) return 1;
    if (argv[2][0] == 'a') failed = send_all(interface, active, sizeof active / sizeof *active);
    else failed = send_all(interface, damaged, sizeof damaged / sizeof *damaged);
    close(interface);
    return failed;
}
