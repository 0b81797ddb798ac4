/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_filter.h - a kernel's packet filter made of what the loaded networks claim.
 *
 * It takes away only what no network claims by EtherType, IP protocol or UDP port:
 * carrier_peel (carrier.h) would not call any of it `claimed`. What it cannot tell goes
 * through: a wrong IP version or header length, later fragments of UDP, fragments of
 * IPv6, more option headers than are followed. With no claim of IP or UDP, all of IP is
 * taken away; with no claims, everything.
 *
 * It is written for what Linux shows to a filter: a received frame's outer VLAN tag has
 * been taken off by then, a second one still stands in the frame.
 */
#ifndef VVMD_PORT_FILTER_H
#define VVMD_PORT_FILTER_H

#include "port.h"

#define PORT_FILTER_STEPS 512

struct filter_step { /* laid out as the kernel's sock_filter and libpcap's bpf_insn */
    uint16_t code;
    uint8_t yes, no;
    uint32_t k;
};

struct port_filter {
    unsigned count;
    struct filter_step steps[PORT_FILTER_STEPS];
};

/** Make the program. More than PORT_CLAIMS claims: it lets everything through. */
void port_filter_make(struct port_filter *filter, const struct port_claim *claims, unsigned n);
/** Put it on a packet socket in place of the one that is there: no frame falls in between.
 *  0 or -errno. */
int port_filter_attach(const struct port_filter *filter, int descriptor);

#endif
