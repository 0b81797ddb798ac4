/* SPDX-License-Identifier: Apache-2.0 */
/* ants_c.h - static C beside the network of capsules. */
#ifndef VVM_ANTS_C_H
#define VVM_ANTS_C_H

#include <stdbool.h>
#include <stdint.h>

enum { ANTS_C_NEIGHBOURS = 64, ANTS_C_ROUTES = 16 };
enum ants_c_drop {
    ANTS_C_ENVELOPE,
    ANTS_C_SHORT,
    ANTS_C_PREVIOUS,
    ANTS_C_EXPIRED,
    ANTS_C_TTL,
    ANTS_C_VERSION,
    ANTS_C_METHOD,
    ANTS_C_FIELDS,
    ANTS_C_NO_ROUTE,
    ANTS_C_DROPS
};

struct ants_c {
    uint32_t local;
    uint64_t neighbours[ANTS_C_NEIGHBOURS]; /* device << 32 | address; open hash, 0: free */
    struct {
        uint32_t prefix, mask;
        uint64_t hop;
    } routes[ANTS_C_ROUTES]; /* longest prefix first */
    unsigned route_count;
    uint8_t data_id[16], ping_id[16];
    uint64_t received, sent, delivered, dropped[ANTS_C_DROPS], last_hop;
};

void ants_c_neighbour(struct ants_c *a, unsigned device, uint32_t address);
/** Treat one packet that begins at its envelope and came by the device. True if it was sent. */
bool ants_c_packet(struct ants_c *a, unsigned device, uint8_t *p, uint32_t length);

#endif
