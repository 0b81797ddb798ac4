/* SPDX-License-Identifier: Apache-2.0 */
/* siphash.h - SipHash (Aumasson, Bernstein 2012): a keyed hash of short octet strings, so
 * that nobody who does not know the key can fill one chain of a table. */
#ifndef VVM_TABLE_SIPHASH_H
#define VVM_TABLE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/** SipHash-2-4. */
uint64_t siphash(const uint64_t key[2], const void *octets, size_t length);
/** SipHash-1-3 of the words' octets, each little-endian: what tables take, whose hashes nobody
 *  outside ever sees. */
uint64_t siphash_words(const uint64_t key[2], const uint64_t *words, size_t count);

#endif
