/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h - verified wire programs of one context. Private to wire/.
 *
 * One slab, taken when the context opens: no allocator call for a packet, no lock. A
 * program is found by the network's revision, the view and a keyed hash of its octets,
 * and compared octet by octet. What the packet in execution has used stays until it
 * ends (values in its arena may point into it); of the rest the least recently used
 * make room.
 */
#ifndef VVM_WIRE_CACHE_H
#define VVM_WIRE_CACHE_H

#include "wire_verify.h"

#define CACHE_OCTETS  (4u << 20)
#define CACHE_ENTRIES 1024

struct wire_cache;
int cache_open(struct wire_cache **cache, const uint64_t key[2]);
void cache_close(struct wire_cache *cache);
/** A new packet begins: nothing is in use. */
void cache_begin(struct wire_cache *cache);
/** The unit of a program, from the cache or verified and translated now. The octets
 *  are copied before they are verified. NULL with *why, a verifier whose text says why not; or with *why
 *  NULL when the packet's programs together fill the cache. */
const struct vvm_unit *cache_find(struct wire_cache *cache, const struct wire_program *form,
                                  const struct network *network, const uint8_t *view, const uint8_t *octets,
                                  uint32_t length, const struct wire_verifier **why);
/** The context's verifier with its working memory, for reading a table. */
struct wire_verifier *cache_verifier(struct wire_cache *cache);

struct cache_counts {
    uint64_t hits, misses, evictions;
    uint32_t entries;
};
struct cache_counts cache_counts(const struct wire_cache *cache);

#endif
