/* SPDX-License-Identifier: Apache-2.0 */
/*
 * region.h - memory that lives and dies together: a file's tree, a configuration.
 *
 * What is refused half-way leaks nothing, because all of it is one region.
 */
#ifndef VVMD_REGION_H
#define VVMD_REGION_H

#include <stddef.h>

struct region;

/** NULL: out of memory. */
struct region *region_open(void);
void region_close(struct region *region); /* NULL: nothing */
/** Zeroed octets, aligned for anything. NULL: out of memory. */
void *region_alloc(struct region *region, size_t octets);
/** n * size zeroed octets, checked for overflow. */
void *region_array(struct region *region, size_t n, size_t size);
/** A copy with a NUL behind it. */
char *region_text(struct region *region, const char *text, size_t length);
/** The same with room for at least n, from which region_grow may go on. */
void *region_reserve(struct region *region, size_t n, size_t size);
/** One more element behind `count` elements of an array that region_reserve or this function
 *  made (NULL: there is none yet): where they are now, with a zeroed one at the end; NULL: out
 *  of memory, and all is as it was. The old place stays until the region is closed. */
void *region_grow(struct region *region, void *items, size_t count, size_t size);

#endif
