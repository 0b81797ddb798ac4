/* SPDX-License-Identifier: Apache-2.0 */
/* symbol.h - the symbol table's beginning and end, and its hash. */
#ifndef VVM_SYMBOL_H
#define VVM_SYMBOL_H

#include "machine.h"

int symbols_open(struct vvm_node *node);
void symbols_close(struct vvm_node *node);
/** Hash of octets keyed by a seed; for tables in memory, never for the wire. */
uint64_t hash_octets(uint64_t seed, const void *octets, size_t length);

#endif
