/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp_peers.h - the peers of a udp port: found by the socket address that a datagram came
 * from, in a small hash table which only holds configured addresses, so that nobody outside
 * can fill or slow it; and by next hop, in a sorted list.
 */
#ifndef VVMD_UDP_PEERS_H
#define VVMD_UDP_PEERS_H

#include "port.h"

#define UDP_PEERS_HASH 128 /* at most half full */

struct udp_peer {
    uint32_t address; /* next hop */
    bool refusing;    /* an ICMP error said so, and no packet paid for it yet */
    socklen_t length;
    struct sockaddr_storage socket;
};

struct udp_peers {
    int family;                        /* of all of them */
    struct udp_peer items[PORT_PEERS]; /* sorted by address */
    unsigned count;
    uint8_t hash[UDP_PEERS_HASH]; /* index + 1; 0: free */
};

/** Is it an IPv4 or IPv6 socket address of at least that length? */
bool socket_is_whole(const struct sockaddr_storage *socket, socklen_t length);
/** The port number of a whole one. */
uint16_t socket_port(const struct sockaddr_storage *socket);
/** ADDRESS:PORT of a whole one, into text (room >= 64), which is returned. */
const char *socket_print(const struct sockaddr_storage *socket, char *text, size_t room);

/** Take the options' peers; all must be single hosts of peers->family, no two alike. 0, or
 *  -EINVAL with one line in `why`. */
int udp_peers_take(struct udp_peers *peers, const struct port_options *options, char *why, size_t room);
/** The peer that listens at a whole socket address, or NULL. */
struct udp_peer *udp_peer_at(struct udp_peers *peers, const struct sockaddr_storage *socket);
/** The peer that is that next hop: the only one is every hop. NULL: none. */
struct udp_peer *udp_peer_toward(struct udp_peers *peers, uint32_t address);

#endif
