/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - wire programs made of a network's own rows, by choices. */
#ifndef VVM_FUZZ_PROGRAM_H
#define VVM_FUZZ_PROGRAM_H

#include "../../engine/wire/execution.h"
#include "fuzz.h"

#define OCTETS_ROOM 4096

struct octets {
    uint8_t at[OCTETS_ROOM];
    uint32_t count;
};
/** Append; what does not fit is left out. */
void add_octet(struct octets *o, unsigned octet);
void add_number(struct octets *o, uint64_t n, unsigned octets);
void add_octets(struct octets *o, const void *from, uint32_t count);
/** Write a number over octets that stand there. */
void set_number(struct octets *o, uint32_t at, uint64_t n, unsigned octets);

/** Append a program in the network's form. Its functions are called a, b, c ... */
void put_program(struct octets *o, struct choices *c, const struct network *network);
/** Append a packet of the network `hop`, or of `fold`, around such a program. */
void put_hop(struct octets *o, struct choices *c, const struct network *hop);
void put_fold(struct octets *o, struct choices *c, const struct network *fold);

/** The network of that name in the current generation; aborts if there is none. */
const struct network *network_called(const struct vvm_node *node, const char *name);
/** Close a context's arena beyond what these networks may use, and open it up to there: a
 *  step over it is a report of the sanitizer. */
void close_arena(struct vvm_context *ctx, const struct network *const *networks, unsigned count);
/** A packet context that is at rest: nothing open, nothing owned. */
void check_rest(const struct vvm_context *ctx);

#endif
