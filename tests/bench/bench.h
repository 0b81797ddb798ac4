/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h - what the benchmark program's files share. */
#ifndef VVM_BENCH_H
#define VVM_BENCH_H

#include "../../engine/machine.h"
#include "measure.h"

/** Say what is wrong, with the context's error if there is one, and exit. */
void bench_die(struct vvm_context *ctx, const char *what);
/** Evaluate a text in a VMlet's environment; it must not fail. */
void bench_eval(struct vvm_node *node, const char *vmlet, const char *text);
/** The row of the capsules' way; FOLDER is that of the netvmlets. */
void bench_ants(const char *folder, bool json);

/** Rows of the whole way of a packet, from port to port over cables. */
void bench_port_to_port(const char *folder, bool json);

/** Rows of swaps under traffic. */
void bench_swap(const char *folder, bool json);

/* A packet of the toy network and a capsule, each in its envelope. */
enum { PACKET_OCTETS = 22, CAPSULE_OCTETS = 52 };
extern const uint8_t packet_octets[PACKET_OCTETS], capsule_octets[CAPSULE_OCTETS];

#endif
