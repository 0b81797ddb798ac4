/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sender.c - put the exact frames of the demo capture on an interface.
 *
 *   sender INTERFACE active|damaged
 *
 * One row of a table is one frame: a packet of the toy network (netvmlets/hop.vml) in its
 * envelope, over one carrier, as it should be or with one thing wrong. It shares no code
 * with the router on purpose: what it writes is a second opinion on the formats.
 * Needs CAP_NET_RAW.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UDP4, IP4, LINK, UDP6, IP6 };
enum { ROUTER = 0xc0000202, HOST = 0xc0000201 }; /* 192.0.2.2, 192.0.2.1 */
enum { FAR = 0xc6336407, NOWHERE = 0xcb007109 }; /* 198.51.100.7, routed; 203.0.113.9, not */

/* What is special about a frame: a set. */
enum {
    VLAN = 1 << 0,         /* in a VLAN */
    VLANS = 1 << 1,        /* in a VLAN of a provider's VLAN */
    WITH_OPTIONS = 1 << 2, /* envelope options: source and destination */
    WITH_SUM = 1 << 3,     /* envelope option: checksum */
    NO_UDP_SUM = 1 << 4,
    WITH_IP_OPTIONS = 1 << 5, /* IPv4 record route; IPv6 destination options */
    SHORT_FRAME = 1 << 6,     /* not padded to 60 octets */
    PROGRAM_LOOP = 1 << 7,    /* a program that would never end */
    /* damage */
    BAD_IP_SUM = 1 << 8,
    BAD_UDP_SUM = 1 << 9,
    BAD_SUM = 1 << 10,     /* of the envelope */
    IP_TOO_LONG = 1 << 11, /* total length beyond the frame */
    UDP_TOO_LONG = 1 << 12,
    MORE_FRAGMENTS = 1 << 13,
    BAD_VERSION = 1 << 14,  /* of the envelope */
    TOO_LONG = 1 << 15,     /* the envelope's packet length */
    TRAILER = 1 << 16,      /* a datagram longer than the envelope says */
    UNKNOWN_TYPE = 1 << 17, /* and the flag that says discard */
    BAD_OPCODE = 1 << 18,
    CUT_PROGRAM = 1 << 19, /* the last operand lacks an octet */
    RUNT = 1 << 20,        /* the frame ends inside the IP header */
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

/* ---- octets ---- */

struct frame {
    uint8_t octets[512];
    size_t length;
};

static void put(struct frame *f, uint64_t v, unsigned octets)
{
    while (octets--) f->octets[f->length++] = (uint8_t)(v >> (8 * octets));
}

static void patch(struct frame *f, size_t at, uint16_t v)
{
    f->octets[at] = (uint8_t)(v >> 8);
    f->octets[at + 1] = (uint8_t)v;
}

static uint32_t add(uint32_t sum, const uint8_t *octets, size_t n)
{
    for (size_t i = 0; i < n; i++) sum += i & 1 ? octets[i] : (uint32_t)octets[i] << 8;
    return sum;
}

static uint16_t checksum(uint32_t sum)
{
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* ---- layers, innermost last ---- */

static void put_program(struct frame *f, unsigned special)
{
    if (special & PROGRAM_LOOP) put(f, 0x02fe, 2); /* here: (branch-here here) */
    else if (special & BAD_OPCODE) put(f, 0xee, 1);
    else if (special & CUT_PROGRAM) put(f, 0x02010300, 4);
    else put(f, 0x020101030009, 6); /* (branch-here there) (forward) there: (deliver 9) */
}

static void put_envelope_options(struct frame *f, unsigned special, size_t *sum_at)
{
    if (special & WITH_OPTIONS) {
        put(f, 0x0001000300000001, 8), put(f, HOST, 4); /* source, three words, IPv4 */
        put(f, 0x0002000300000001, 8), put(f, FAR, 4);  /* destination */
    }
    if (!(special & WITH_SUM)) return;
    put(f, 0x00030002, 4);
    *sum_at = f->length;
    put(f, 0, 4);
}

static void put_envelope(struct frame *f, const struct sample *s)
{
    size_t start = f->length, sum_at = 0, header, length;

    put(f, s->special & BAD_VERSION ? 2 : 1, 1);
    put(f, s->special & UNKNOWN_TYPE ? 0x80 : 0, 1);
    put(f, s->special & UNKNOWN_TYPE ? 0x7fff : 0x4850, 2);
    put(f, 0, 4);
    put_envelope_options(f, s->special, &sum_at);
    header = f->length - start;
    put(f, 1, 1), put(f, s->hops, 1), put(f, 0, 2), put(f, s->destination, 4);
    put_program(f, s->special);
    length = f->length - start;
    patch(f, start + 4, (uint16_t)(header / 4));
    patch(f, start + 6, (uint16_t)(length + (s->special & TOO_LONG ? 40 : 0)));
    if (sum_at)
        patch(f, sum_at, checksum(add(0, f->octets + start, length)) ^ (s->special & BAD_SUM ? 0x10 : 0));
    if (s->special & TRAILER) put(f, 0xabcdef, 3);
}

static void put_udp(struct frame *f, const struct sample *s, uint32_t pseudo)
{
    size_t start = f->length, length;

    put(f, 40000, 2), put(f, 3322, 2), put(f, 0, 4);
    put_envelope(f, s);
    length = f->length - start;
    patch(f, start + 4, (uint16_t)(length + (s->special & UDP_TOO_LONG ? 9 : 0)));
    if (s->special & NO_UDP_SUM) return;
    pseudo += 17 + (uint32_t)length;
    patch(f, start + 6,
          checksum(add(pseudo, f->octets + start, length)) ^ (s->special & BAD_UDP_SUM ? 0x100 : 0));
}

static void put_ip4(struct frame *f, const struct sample *s)
{
    static uint16_t identity = 7000;
    size_t start = f->length, header = s->special & WITH_IP_OPTIONS ? 28 : 20;

    put(f, 0x40 | header / 4, 1), put(f, 0, 3);
    put(f, identity++, 2), put(f, s->special & MORE_FRAGMENTS ? 0x2000 : 0x4000, 2);
    put(f, 64, 1), put(f, s->carrier == UDP4 ? 17 : 107, 1), put(f, 0, 2);
    put(f, HOST, 4), put(f, ROUTER, 4);
    if (s->special & WITH_IP_OPTIONS) put(f, 0x0707040000000000, 8); /* record route, one free place, end */
    if (s->carrier == UDP4) put_udp(f, s, add(0, f->octets + start + 12, 8));
    else put_envelope(f, s);
    patch(f, start + 2, (uint16_t)(f->length - start + (s->special & IP_TOO_LONG ? 100 : 0)));
    patch(f, start + 10, checksum(add(0, f->octets + start, header)) ^ (s->special & BAD_IP_SUM ? 4 : 0));
}

static void put_ip6(struct frame *f, const struct sample *s)
{
    size_t start = f->length;
    int protocol = s->carrier == UDP6 ? 17 : 107;

    put(f, 0x60000000, 4), put(f, 0, 2), put(f, s->special & WITH_IP_OPTIONS ? 60 : protocol, 1),
        put(f, 64, 1);
    put(f, 0xfd00000000000000, 8), put(f, 1, 8);
    put(f, 0xfd00000000000000, 8), put(f, 2, 8);
    if (s->special & WITH_IP_OPTIONS) put(f, protocol, 1), put(f, 0, 1), put(f, 0x010400000000, 6);
    if (s->carrier == UDP6) put_udp(f, s, add(0, f->octets + start + 8, 32));
    else put_envelope(f, s);
    patch(f, start + 4, (uint16_t)(f->length - start - 40));
}

static void build(struct frame *f, const struct sample *s)
{
    f->length = 0;
    put(f, 0x0200, 2), put(f, ROUTER, 4);
    put(f, 0x0200, 2), put(f, HOST, 4);
    if (s->special & VLANS) put(f, 0x88a80064, 4);
    if (s->special & (VLAN | VLANS)) put(f, 0x81000005, 4);
    put(f, s->carrier == LINK ? 0x88b5 : s->carrier <= IP4 ? 0x0800 : 0x86dd, 2);
    if (s->carrier == LINK) put_envelope(f, s);
    else if (s->carrier <= IP4) put_ip4(f, s);
    else put_ip6(f, s);
    if (s->special & RUNT) f->length = 30;
    else if (!(s->special & SHORT_FRAME))
        while (f->length < 60) put(f, 0, 1);
}

/* ---- out ---- */

static int send_all(int socket, const struct sockaddr_ll *to, const struct sample *samples, size_t n)
{
    struct frame f;

    for (size_t i = 0; i < n; i++) {
        build(&f, &samples[i]);
        if (sendto(socket, f.octets, f.length, 0, (const struct sockaddr *)to, sizeof *to) !=
            (ssize_t)f.length) {
            fprintf(stderr, "sender: \"%s\": %s\n", samples[i].name, strerror(errno));
            return 1;
        }
        usleep(1000); /* keeps the order of the capture */
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
    int raw, failed;

    if (argc != 3 || (strcmp(argv[2], "active") && strcmp(argv[2], "damaged"))) {
        fprintf(stderr, "usage: sender INTERFACE active|damaged\n");
        return 2;
    }
    to.sll_ifindex = (int)if_nametoindex(argv[1]);
    raw = socket(AF_PACKET, SOCK_RAW, 0);
    if (raw < 0 || to.sll_ifindex == 0) {
        fprintf(stderr, "sender: %s: %s: needs an interface and root\n", argv[1], strerror(errno));
        return 1;
    }
    if (argv[2][0] == 'a') failed = send_all(raw, &to, active, sizeof active / sizeof *active);
    else failed = send_all(raw, &to, damaged, sizeof damaged / sizeof *damaged);
    close(raw);
    return failed;
}
