/* SPDX-License-Identifier: Apache-2.0 */
/*
 * octets.h - what the primitives on octets share: lib/octets.c (words, slices,
 * copies), lib/octets_cursor.c, lib/octets_packet.c.
 */
#ifndef VVM_LIB_OCTETS_H
#define VVM_LIB_OCTETS_H

#include "../octets_access.h"
#include "lib.h"

int octets_primitives(struct vvm_node *node);
int cursor_primitives(struct vvm_node *node);
int packet_primitives(struct vvm_node *node);
int digest_primitives(struct vvm_node *node);

/** The error for a refused access: type (argument i of `name`), bounds, moved, frozen. */
vvm_value octets_raise(struct vvm_context *ctx, enum access_error why, const char *name, unsigned i,
                       const vvm_value *args);
/** Fixnum argument i as an integer of `width` octets; else the error type or range. */
bool word_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                   unsigned width, bool is_signed, uint64_t *out);
/** Fixnum of a word read from octets; u64 may be the error integer-range. */
vvm_value make_word_value(struct vvm_context *ctx, uint64_t word, unsigned width, bool is_signed);
/** Slice of backing (bytes or packet) at a position as slices keep it. */
vvm_value make_slice(struct vvm_context *ctx, vvm_value backing, uint64_t position, uint64_t length);
/** Backing and position of octet 0 of a bytevector, packet or slice, and its length. */
bool octets_window(vvm_value object, vvm_value *backing, uint64_t *position, uint64_t *length,
                   enum access_error *why);

#endif
