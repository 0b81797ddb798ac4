/* SPDX-License-Identifier: Apache-2.0 */
/* flow.h - the flow of a frame, from its Ethernet, IP and UDP headers. */
#ifndef VVMD_FLOW_H
#define VVMD_FLOW_H

#include "engine/packet.h"

/** A number other than 0, equal for packets between the same IP addresses and UDP ports, or
 *  Ethernet addresses if it was claimed as Ethernet. The packet was peeled by carrier_peel,
 *  or came by a PORT_DATAGRAM port: then its peer counts. */
uint64_t flow_of(const struct vvm_packet *packet);

#endif
