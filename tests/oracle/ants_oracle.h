/* SPDX-License-Identifier: Apache-2.0 */
/* ants_oracle.h - what the reference says must become of a capsule, in plain C. */
#ifndef VVM_ORACLE_ANTS_H
#define VVM_ORACLE_ANTS_H

#include <stdbool.h>
#include <stdint.h>

enum { ORACLE_CAPSULE = 256, ORACLE_LIST = 8 };

struct ants_node {
    uint32_t addresses[ORACLE_LIST]; /* 0 ends the list; the first is the node's own */
    struct {
        unsigned device;
        uint32_t address;
    } neighbours[ORACLE_LIST]; /* address 0 ends the list */
    struct {
        uint32_t prefix;
        unsigned length, device; /* length 0 ends the list */
        uint32_t hop;            /* 0: on the link */
    } routes[ORACLE_LIST];
    uint8_t data_id[16], ping_id[16];
};

enum ants_end { ANTS_SENT, ANTS_DELIVERED, ANTS_DROPPED };
struct ants_fate {
    enum ants_end end;
    const char *reason;             /* DROPPED */
    uint32_t port;                  /* DELIVERED */
    unsigned device;                /* SENT */
    uint32_t hop;                   /* SENT */
    uint8_t octets[ORACLE_CAPSULE]; /* SENT, DELIVERED: the capsule as it is then */
    uint32_t length;
};

/** What becomes of the capsule (at most ORACLE_CAPSULE octets) that came by the device. */
void ants_oracle(const struct ants_node *node, unsigned device, const uint8_t *capsule, uint32_t length,
                 struct ants_fate *fate);

#endif
