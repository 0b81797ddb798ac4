/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload.h - what a sender left to hardware that was never there.
 *
 * A host that sends UDP over a virtual link (veth, a bridge, a guest's card) leaves the
 * checksum to the "card": the field holds the sum of the pseudo-header alone, and
 * whoever reads raw frames off the link sees it so. The kernel knows which frames
 * these are; libpcap does not tell. But the value itself tells: a datagram whose sum
 * is wrong and whose field is just what such a sender leaves there is completed. One
 * in 65,536 datagrams that were damaged on a real wire looks like that by chance, which
 * makes of the checksum's own chance to miss damage twice as much, and no more.
 */
#ifndef VVMD_OFFLOAD_H
#define VVMD_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>

/** Write the checksum of a UDP datagram in an Ethernet frame (0 to 2 VLAN tags, IPv4,
 *  IPv6) if its sender left it open. True: it was written. */
bool offload_complete(uint8_t *frame, uint32_t length);

#endif
