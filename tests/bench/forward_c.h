/* SPDX-License-Identifier: Apache-2.0 */
/* forward_c.h - static C beside the toy network. */
#ifndef VVM_FORWARD_C_H
#define VVM_FORWARD_C_H

#include <stdbool.h>
#include <stdint.h>

#define SEEN_PROGRAMS 64
#define PROGRAM_MAX   256

struct seen_program {
    uint64_t hash;
    uint32_t length;
    uint8_t code[PROGRAM_MAX];
};

struct forward_c {
    uint32_t local;
    struct {
        uint32_t prefix, mask;
        uint64_t hop;
    } routes[16];
    unsigned route_count;
    struct seen_program seen[SEEN_PROGRAMS];
    uint64_t sent, delivered, consumed, dropped, last_hop;
};

/** Treat one packet that begins at its envelope. True unless it is dropped. */
bool forward_c_packet(struct forward_c *f, uint8_t *p, uint32_t length);
/** Take a program as checked: at most PROGRAM_MAX octets. */
void forward_c_learn(struct forward_c *f, const uint8_t *code, uint32_t length);

#endif
