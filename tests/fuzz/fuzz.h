/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the fuzz targets share: a node that serves many inputs and is then
 * replaced; loads that are taken back, so that each input finds the node as it was.
 *
 * A node is opened before the first input and replaced between inputs, while libFuzzer
 * makes the next one: what the prelude covers must not count as what an input covers.
 */
#ifndef VVM_FUZZ_H
#define VVM_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "../../engine/load.h"
#include "../../engine/vmlet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

/* Each target defines one. */
struct fuzz_plan {
    unsigned serves;                        /* inputs for one node; 0: the target has no node of this kind */
    int64_t fuel;                           /* of a load; one load of 16 gets 20 times as much */
    void (*prepare)(struct vvm_node *node); /* once for each node, or for none; may be NULL */
    void (*retire)(struct vvm_node *node);  /* before a node is closed; may be NULL */
    void (*try)(struct vvm_node *node, const uint8_t *data,
                size_t size); /* what a load would publish; may be NULL */
};
extern const struct fuzz_plan fuzz_plan;

/** The node for this input. Heap 64 MiB, output thrown away, clock standing still. */
struct vvm_node *fuzz_node(void);
/** Load a VMlet that later inputs may import, or end the run. */
void fuzz_preload(struct vvm_node *node, const char *path);

/** Begin a transaction around the load of an input. */
void fuzz_begin(struct vvm_node *node, const uint8_t *data, size_t size);
/** If the load succeeded, check what a publish checks and try what it would publish;
 *  then take all back. Aborts when something stays behind. */
void fuzz_end(struct vvm_node *node, int err, const uint8_t *data, size_t size);
/** A number that the octets decide. */
uint32_t fuzz_hash(const uint8_t *data, size_t size);

/* Octets as a source of choices; zero once they are used up. */
struct choices {
    const uint8_t *at, *end;
};
uint8_t choose_octet(struct choices *c);
uint32_t choose(struct choices *c, uint32_t limit); /* 0..limit-1; 0 if limit is 0 */

void fuzz_reached(const struct vvm_function *fn, uint32_t word);

/* Abort, saying what was promised. */
#define PROMISE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) fuzz_broken(#condition, __FILE__, __LINE__);                                       \
    } while (0)
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

#endif
