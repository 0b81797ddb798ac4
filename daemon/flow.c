/* SPDX-License-Identifier: Apache-2.0 */
/* flow.c - addresses and ports of a frame folded into one number. */
#include "flow.h"

#include <string.h>

#include "carrier.h"

enum {
    ETHERNET_ADDRESSES = 12,
    IP4_SOURCE = 12,
    IP4_ADDRESSES = 8,
    IP6_SOURCE = 8,
    IP6_ADDRESSES = 32,
    UDP_PORTS = 4,
};

static uint64_t mix(uint64_t flow, uint64_t word)
{
    flow = (flow ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return flow ^ flow >> 32;
}

/* Header octets that carrier_peel has read: they are there. */
static uint64_t fold(uint64_t flow, const uint8_t *octets, unsigned n)
{
    for (; n > 0; octets += 4, n -= 4) {
        uint32_t word;

        memcpy(&word, octets, sizeof word);
        flow = mix(flow, word);
    }
    return flow;
}

static uint64_t flow_of_ip(const struct vvm_packet *packet)
{
    const uint8_t *ip = packet->base + packet->ip_offset;
    uint64_t flow = ip[0] >> 4 == 4 ? fold(4, ip + IP4_SOURCE, IP4_ADDRESSES)
                                    : fold(6, ip + IP6_SOURCE, IP6_ADDRESSES);

    if (packet->carrier != CARRIER_UDP) return flow;
    return fold(flow, packet->base + packet->udp_offset, UDP_PORTS);
}

uint64_t flow_of(const struct vvm_packet *packet)
{
    bool bare = packet->link_offset == packet->head;

    if (bare) return mix(1, packet->peer) | 1;
    if (packet->carrier == CARRIER_ETHERNET)
        return fold(2, packet->base + packet->link_offset, ETHERNET_ADDRESSES) | 1;
    return flow_of_ip(packet) | 1;
}
