/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier.h - from a frame to the network that claims it, and back onto the wire.
 *
 *   Ethernet (0, 1 or 2 VLAN tags) --+------------------------------> EtherType
 *      +-- IPv4, or IPv6 with options --+---------------------------> IP protocol
 *             +-- UDP ------------------+---------------------------> destination port
 *
 * Peeling goes outermost first and asks the match table at each layer; the innermost
 * claimed key wins, so a network may claim a whole IP protocol and another one a
 * port inside it. Layers that were read but stay unclaimed are not touched.
 *
 * Every frame gets one verdict. What is wrong with the IP header is named whatever
 * the packet carried, because nothing behind a broken header can be believed; what is
 * wrong with the UDP header counts only if a network claims the port. All the rest
 * that nobody claims is `not-active`.
 */
#ifndef VVMD_CARRIER_H
#define VVMD_CARRIER_H

#include "engine/packet.h"

enum carrier_kind { CARRIER_NONE, CARRIER_ETHERNET, CARRIER_IP, CARRIER_UDP };

/* V(NAME, "ledger name") */
#define CARRIER_VERDICTS(V)                                                                                  \
    V(CLAIMED, "claimed")                                                                                    \
    V(NOT_ACTIVE, "not-active")             /* ordinary traffic: no network claims it */                     \
    V(TRUNCATED, "truncated")               /* ends inside a header, or before a length field says */        \
    V(BAD_IP_VERSION, "bad-ip-version")     /* not the version that the EtherType promised */                \
    V(BAD_IP_LENGTH, "bad-ip-length")       /* header or total length impossible in itself */                \
    V(BAD_IP_CHECKSUM, "bad-ip-checksum")   /* IPv4 header */                                                \
    V(IP_OPTIONS, "ip-options")             /* more IPv6 option headers than we care to follow */            \
    V(FRAGMENT, "fragment")                 /* piece of a larger datagram: not put together here */          \
    V(BAD_UDP_LENGTH, "bad-udp-length")     /* shorter than its header, longer than its datagram */          \
    V(BAD_UDP_CHECKSUM, "bad-udp-checksum") /* or absent where IPv6 demands it */

enum carrier_verdict {
#define V(name, text) VERDICT_##name,
    CARRIER_VERDICTS(V)
#undef V
        VERDICT_LIMIT
};
const char *carrier_verdict_name(enum carrier_verdict verdict);

/** Find the network that claims the frame at head. On VERDICT_CLAIMED, *network is
 *  set, head stands at its header, length is what the innermost length field says
 *  (Ethernet has none: the rest of the frame), and carrier, the offsets, peer and
 *  payload_end are filled in. Otherwise head and length are as they were. */
enum carrier_verdict carrier_peel(const struct vvm_generation *generation, struct vvm_packet *packet,
                                  const struct network **network);

/* Under which carrier and key a network packet leaves. */
struct carrier_seal {
    enum carrier_kind kind;
    uint32_t key;         /* EtherType, IP protocol or UDP port */
    uint32_t source;      /* IPv4 address of this node; 0: none */
    uint32_t destination; /* of the next hop; 0: all nodes of the link */
    uint16_t identity;    /* of the IPv4 datagram */
};
#define CARRIER_SEAL_MOST 42 /* Ethernet 14, IPv4 20, UDP 8 */

/** Octets that the carrier's headers take inside the link's MTU (Ethernet's own not counted). */
uint32_t carrier_overhead(enum carrier_kind kind);
/** Write new carrier headers before head. 0, or -errno with *reason, a drop reason. */
int carrier_put(struct vvm_packet *packet, const struct carrier_seal *seal, const char **reason);

#endif
