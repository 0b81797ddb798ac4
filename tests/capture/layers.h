/* SPDX-License-Identifier: Apache-2.0 */
/* layers.h - what the senders of the demo captures share: see layers.c. */
#ifndef CAPTURE_LAYERS_H
#define CAPTURE_LAYERS_H

#include <stddef.h>
#include <stdint.h>

enum carrier { UDP4, IP4, LINK, UDP6, IP6 };

/* What is special about a frame: a set. */
enum {
    VLAN = 1 << 0,         /* in a VLAN */
    VLANS = 1 << 1,        /* in a VLAN of a provider's VLAN */
    WITH_OPTIONS = 1 << 2, /* envelope options: source and destination */
    WITH_SUM = 1 << 3,     /* envelope option: checksum */
    NO_UDP_SUM = 1 << 4,
    WITH_IP_OPTIONS = 1 << 5, /* IPv4 record route; IPv6 destination options */
    SHORT_FRAME = 1 << 6,     /* not padded to 60 octets */
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
    RUNT = 1 << 18,         /* the frame ends inside the IP header */
    BAD_HEADER = 1 << 19,   /* the envelope's header length is that of nothing */
    OWN = 1 << 20,          /* from here on: the network's own */
};

struct frame {
    uint8_t octets[2048];
    size_t length;
};

/* All but what stands in the envelope. */
struct wrapping {
    const char *name; /* for people */
    enum carrier carrier;
    unsigned special;
    uint16_t type;                /* of the network, in the envelope */
    uint32_t host, router;        /* IPv4 addresses: from, to; MAC addresses follow from them */
    uint32_t source, destination; /* if the envelope has options for them */
    void (*put_contents)(struct frame *f, const void *sample);
    const void *sample;
};

/** Append the low octets of a number, the highest first. */
void put(struct frame *f, uint64_t v, unsigned octets);
/** Open the interface for whole frames. Its descriptor, or -1 with a line on standard error. */
int open_interface(const char *name);
/** Build the frame and send it. 0, or 1 with a line on standard error. */
int send_frame(int interface, const struct wrapping *w);

#endif
