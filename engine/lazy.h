/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lazy.h - large memory of which little is used at first: zeros that take no room until
 * they are written. A node may have thousands like it in its process.
 */
#ifndef VVM_LAZY_H
#define VVM_LAZY_H

#include <stddef.h>

/** Zeros, 16-aligned at least, a page from 32 KiB on; NULL: no memory. */
void *lazy_zeros(size_t octets);
/** Copy over zeros; what is all zero in the original stays as it is. */
void lazy_copy(void *to, const void *from, size_t octets);
/** The size is the one that was asked for. NULL is nothing. */
void lazy_free(void *memory, size_t octets);

#endif
