/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lazy.c - pages from the system instead of calloc: that clears what it finds used before,
 * and so makes it all resident.
 */
#include "lazy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LEAST 32768u /* octets; less is not worth pages of its own */

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

/* The address sanitizer sees the ends of what its own allocator gave. */
static int from_system(size_t octets)
{
#ifdef __SANITIZE_ADDRESS__
    (void)octets;
    return 0;
#else
    return octets >= LEAST;
#endif
}

void *lazy_zeros(size_t octets)
{
    if (!from_system(octets)) return calloc(1, octets ? octets : 1);
    void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void lazy_free(void *memory, size_t octets)
{
    if (!memory) return;
    if (from_system(octets)) munmap(memory, octets);
    else free(memory);
}

void lazy_copy(void *to, const void *from, size_t octets)
{
    static const uint8_t zeros[4096];
    for (size_t at = 0, n; at < octets; at += n) {
        const uint8_t *block = (const uint8_t *)from + at;
        n = octets - at < sizeof zeros ? octets - at : sizeof zeros;
        if (memcmp(block, zeros, n) != 0) memcpy((uint8_t *)to + at, block, n);
    }
}
