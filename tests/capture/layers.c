/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.c - frames of active packets, written octet by octet, and put on an interface.
 *
 * What the two senders share. It shares no code with the router on purpose: what it writes
 * is a second opinion on the formats.
 */
#include "layers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- octets ---- */

void put(struct frame *f, uint64_t v, unsigned octets)
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

static void put_envelope_options(struct frame *f, const struct wrapping *w, size_t *sum_at)
{
    if (w->special & WITH_OPTIONS) {
        put(f, 0x0001000300000001, 8), put(f, w->source, 4);      /* source, three words, IPv4 */
        put(f, 0x0002000300000001, 8), put(f, w->destination, 4); /* destination */
    }
    if (!(w->special & WITH_SUM)) return;
    put(f, 0x00030002, 4);
    *sum_at = f->length;
    put(f, 0, 4);
}

static void put_envelope(struct frame *f, const struct wrapping *w)
{
    size_t start = f->length, sum_at = 0, header, length;

    put(f, w->special & BAD_VERSION ? 2 : 1, 1);
    put(f, w->special & UNKNOWN_TYPE ? 0x80 : 0, 1);
    put(f, w->special & UNKNOWN_TYPE ? 0x7fff : w->type, 2);
    put(f, 0, 4);
    put_envelope_options(f, w, &sum_at);
    header = f->length - start;
    w->put_contents(f, w->sample);
    length = f->length - start;
    patch(f, start + 4, w->special & BAD_HEADER ? 1 : (uint16_t)(header / 4));
    patch(f, start + 6, (uint16_t)(length + (w->special & TOO_LONG ? 40 : 0)));
    if (sum_at)
        patch(f, sum_at, checksum(add(0, f->octets + start, length)) ^ (w->special & BAD_SUM ? 0x10 : 0));
    if (w->special & TRAILER) put(f, 0xabcdef, 3);
}

static void put_udp(struct frame *f, const struct wrapping *w, uint32_t pseudo)
{
    size_t start = f->length, length;

    put(f, 40000, 2), put(f, 3322, 2), put(f, 0, 4);
    put_envelope(f, w);
    length = f->length - start;
    patch(f, start + 4, (uint16_t)(length + (w->special & UDP_TOO_LONG ? 9 : 0)));
    if (w->special & NO_UDP_SUM) return;
    pseudo += 17 + (uint32_t)length;
    patch(f, start + 6,
          checksum(add(pseudo, f->octets + start, length)) ^ (w->special & BAD_UDP_SUM ? 0x100 : 0));
}

static void put_ip4(struct frame *f, const struct wrapping *w)
{
    static uint16_t identity = 7000;
    size_t start = f->length, header = w->special & WITH_IP_OPTIONS ? 28 : 20;

    put(f, 0x40 | header / 4, 1), put(f, 0, 3);
    put(f, identity++, 2), put(f, w->special & MORE_FRAGMENTS ? 0x2000 : 0x4000, 2);
    put(f, 64, 1), put(f, w->carrier == UDP4 ? 17 : 107, 1), put(f, 0, 2);
    put(f, w->host, 4), put(f, w->router, 4);
    if (w->special & WITH_IP_OPTIONS) put(f, 0x0707040000000000, 8); /* record route, one free place, end */
    if (w->carrier == UDP4) put_udp(f, w, add(0, f->octets + start + 12, 8));
    else put_envelope(f, w);
    patch(f, start + 2, (uint16_t)(f->length - start + (w->special & IP_TOO_LONG ? 100 : 0)));
    patch(f, start + 10, checksum(add(0, f->octets + start, header)) ^ (w->special & BAD_IP_SUM ? 4 : 0));
}

static void put_ip6(struct frame *f, const struct wrapping *w)
{
    size_t start = f->length;
    int protocol = w->carrier == UDP6 ? 17 : 107;

    put(f, 0x60000000, 4), put(f, 0, 2), put(f, w->special & WITH_IP_OPTIONS ? 60 : protocol, 1),
        put(f, 64, 1);
    put(f, 0xfd00000000000000, 8), put(f, 1, 8);
    put(f, 0xfd00000000000000, 8), put(f, 2, 8);
    if (w->special & WITH_IP_OPTIONS) put(f, protocol, 1), put(f, 0, 1), put(f, 0x010400000000, 6);
    if (w->carrier == UDP6) put_udp(f, w, add(0, f->octets + start + 8, 32));
    else put_envelope(f, w);
    patch(f, start + 4, (uint16_t)(f->length - start - 40));
}

static void build(struct frame *f, const struct wrapping *w)
{
    f->length = 0;
    put(f, 0x0200, 2), put(f, w->router, 4);
    put(f, 0x0200, 2), put(f, w->host, 4);
    if (w->special & VLANS) put(f, 0x88a80064, 4);
    if (w->special & (VLAN | VLANS)) put(f, 0x81000005, 4);
    put(f, w->carrier == LINK ? 0x88b5 : w->carrier <= IP4 ? 0x0800 : 0x86dd, 2);
    if (w->carrier == LINK) put_envelope(f, w);
    else if (w->carrier <= IP4) put_ip4(f, w);
    else put_ip6(f, w);
    if (w->special & RUNT) f->length = 30;
    else if (!(w->special & SHORT_FRAME))
        while (f->length < 60) put(f, 0, 1);
}

/* ---- out ---- */

int open_interface(const char *name)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
    int raw = socket(AF_PACKET, SOCK_RAW, 0);

    if (raw >= 0 && at.sll_ifindex && bind(raw, (struct sockaddr *)&at, sizeof at) == 0) return raw;
    fprintf(stderr, "sender: %s: %s: needs an interface and root\n", name, strerror(errno));
    if (raw >= 0) close(raw);
    return -1;
}

int send_frame(int interface, const struct wrapping *w)
{
    struct frame f;

    build(&f, w);
    if (send(interface, f.octets, f.length, 0) != (ssize_t)f.length) {
        fprintf(stderr, "sender: \"%s\": %s\n", w->name, strerror(errno));
        return 1;
    }
    usleep(1000); /* keeps the order of the capture */
    return 0;
}
