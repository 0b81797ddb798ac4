/* SPDX-License-Identifier: Apache-2.0 */
/* udp_peers.c - socket addresses of peers, taken from the configuration and found again. */
#include "udp_peers.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static_assert(PORT_PEERS * 2 <= UDP_PEERS_HASH && PORT_PEERS < 255, "the table is at most half full");

/* ---- addresses ---- */

const char *socket_print(const struct sockaddr_storage *socket, char *text, size_t room)
{
    const struct sockaddr_in *four = (const void *)socket;
    const struct sockaddr_in6 *six = (const void *)socket;
    char host[INET6_ADDRSTRLEN];

    if (socket->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host);
        snprintf(text, room, "[%s]:%u", host, ntohs(six->sin6_port));
    } else {
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof host);
        snprintf(text, room, "%s:%u", host, ntohs(four->sin_port));
    }
    return text;
}

uint16_t socket_port(const struct sockaddr_storage *socket)
{
    const struct sockaddr_in *four = (const void *)socket;
    const struct sockaddr_in6 *six = (const void *)socket;

    return ntohs(socket->ss_family == AF_INET6 ? six->sin6_port : four->sin_port);
}

bool socket_is_whole(const struct sockaddr_storage *socket, socklen_t length)
{
    return (socket->ss_family == AF_INET && length >= sizeof(struct sockaddr_in)) ||
           (socket->ss_family == AF_INET6 && length >= sizeof(struct sockaddr_in6));
}

/* One host and a port: what a datagram can come from. */
static bool is_host(const struct sockaddr_storage *socket)
{
    const struct sockaddr_in *four = (const void *)socket;
    const struct sockaddr_in6 *six = (const void *)socket;

    if (socket->ss_family == AF_INET6)
        return six->sin6_port && !IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr) &&
               !IN6_IS_ADDR_MULTICAST(&six->sin6_addr) && !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);
    return four->sin_port && four->sin_addr.s_addr != INADDR_ANY && four->sin_addr.s_addr != INADDR_NONE &&
           !IN_MULTICAST(ntohl(four->sin_addr.s_addr));
}

static bool same_socket(const struct sockaddr_storage *peer, const struct sockaddr_storage *socket)
{
    const struct sockaddr_in *four = (const void *)peer, *other4 = (const void *)socket;
    const struct sockaddr_in6 *six = (const void *)peer, *other6 = (const void *)socket;

    if (peer->ss_family != socket->ss_family) return false;
    if (peer->ss_family == AF_INET)
        return four->sin_port == other4->sin_port && four->sin_addr.s_addr == other4->sin_addr.s_addr;
    return six->sin6_port == other6->sin6_port &&
           !memcmp(&six->sin6_addr, &other6->sin6_addr, sizeof six->sin6_addr) &&
           (!six->sin6_scope_id || six->sin6_scope_id == other6->sin6_scope_id);
}

static unsigned hash_of(const struct sockaddr_storage *socket)
{
    const struct sockaddr_in *four = (const void *)socket;
    const struct sockaddr_in6 *six = (const void *)socket;
    uint32_t words[5] = {0};
    uint64_t hash = 0;
    unsigned i;

    if (socket->ss_family == AF_INET6) {
        memcpy(words, &six->sin6_addr, 16);
        words[4] = six->sin6_port;
    } else {
        words[0] = four->sin_addr.s_addr;
        words[4] = four->sin_port;
    }
    for (i = 0; i < 5; i++) hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(hash >> 32) % UDP_PEERS_HASH;
}

/* The peer that listens there, or NULL. */
struct udp_peer *udp_peer_at(struct udp_peers *peers, const struct sockaddr_storage *socket)
{
    unsigned at;

    for (at = hash_of(socket); peers->hash[at]; at = (at + 1) % UDP_PEERS_HASH) {
        struct udp_peer *peer = &peers->items[peers->hash[at] - 1];

        if (same_socket(&peer->socket, socket)) return peer;
    }
    return NULL;
}

/* The peer that is that next hop: the only one is every hop. NULL: none. */
struct udp_peer *udp_peer_toward(struct udp_peers *peers, uint32_t address)
{
    unsigned low = 0, high = peers->count;

    if (peers->count == 1) return &peers->items[0];
    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (peers->items[middle].address == address) return &peers->items[middle];
        if (peers->items[middle].address < address) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

/* ---- from the options ---- */

static int by_address(const void *a, const void *b)
{
    uint32_t x = ((const struct udp_peer *)a)->address, y = ((const struct udp_peer *)b)->address;

    return (x > y) - (x < y);
}

static int enter_in_hash(struct udp_peers *peers, unsigned index, char *why, size_t room)
{
    struct udp_peer *peer = &peers->items[index];
    char text[64];
    unsigned at;

    if (udp_peer_at(peers, &peer->socket)) {
        snprintf(why, room, "two peers listen at %s: give each its own address or port",
                 socket_print(&peer->socket, text, sizeof text));
        return -EINVAL;
    }
    for (at = hash_of(&peer->socket); peers->hash[at];) at = (at + 1) % UDP_PEERS_HASH;
    peers->hash[at] = (uint8_t)(index + 1);
    return 0;
}

static int take_peer(struct udp_peers *peers, const struct port_peer *from, char *why, size_t room)
{
    struct udp_peer *peer = &peers->items[peers->count];
    char text[64];

    if (!socket_is_whole(&from->socket, from->length) || from->socket.ss_family != peers->family ||
        !is_host(&from->socket)) {
        snprintf(why, room, "peer %s: give the address of one host and its port, IPv%d like the port's own",
                 socket_is_whole(&from->socket, from->length) ? socket_print(&from->socket, text, sizeof text)
                                                              : "?",
                 peers->family == AF_INET ? 4 : 6);
        return -EINVAL;
    }
    *peer = (struct udp_peer){.address = from->address,
                              .length = peers->family == AF_INET ? sizeof(struct sockaddr_in)
                                                                 : sizeof(struct sockaddr_in6),
                              .socket = from->socket};
    peers->count++;
    return 0;
}

int udp_peers_take(struct udp_peers *peers, const struct port_options *options, char *why, size_t room)
{
    unsigned i;
    int err = 0;

    if (options->peer_count == 0 || options->peer_count > PORT_PEERS) {
        snprintf(why, room, "%u peers: give 1 to %d", options->peer_count, PORT_PEERS);
        return -EINVAL;
    }
    for (i = 0; !err && i < options->peer_count; i++) err = take_peer(peers, &options->peers[i], why, room);
    if (err) return err;
    qsort(peers->items, peers->count, sizeof *peers->items, by_address);
    for (i = 0; i < peers->count; i++) {
        bool twice = i > 0 && peers->items[i].address == peers->items[i - 1].address;

        if (peers->count > 1 && (peers->items[i].address == 0 || twice)) {
            snprintf(why, room, "several peers: give each its own address as a next hop");
            return -EINVAL;
        }
        err = enter_in_hash(peers, i, why, room);
        if (err) return err;
    }
    return 0;
}
