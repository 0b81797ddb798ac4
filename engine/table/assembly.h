/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assembly.h - wholes that arrive in pieces, put together in memory that was taken when the
 * table was made.
 *
 * Any worker adds pieces; one spinning lock a table is held while a piece is copied. The
 * worker whose piece is the last takes the whole out of the table and has it alone until its
 * packet ends; then the room is free again.
 */
#ifndef VVM_ASSEMBLY_H
#define VVM_ASSEMBLY_H

#include "table.h"

#define ASSEMBLY_SIZE_MAX 65535

/* A whole that a context has taken. */
struct assembled {
    struct table *table;
    struct assembled *next;
};

extern const struct table_ops table_assembly;

/** Add the octets at `offset` of a whole of `total` octets. 1: that was the last, *whole is the
 *  caller's; 0: some are missing; -ERANGE: it lies outside, or the whole is none or too large;
 *  -EEXIST: what came before says otherwise, and holds; -ENOSPC: no room for another whole. */
int assembly_add(struct table *table, const uint64_t *key, uint64_t offset, uint64_t total,
                 const uint8_t *piece, uint64_t length, uint64_t now, struct assembled **whole);
/** The whole as frozen bytes of the language, which live until it is released. */
vvm_value assembly_bytes(struct assembled *whole);
void assembly_release(struct assembled *whole);

#endif
