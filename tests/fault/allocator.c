/* SPDX-License-Identifier: Apache-2.0 */
/* allocator.c - malloc and its kin, over those of the C library. */
#include "allocator.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t octets);
void *__libc_calloc(size_t count, size_t octets);
void *__libc_realloc(void *block, size_t octets);
void *__libc_memalign(size_t alignment, size_t octets);
void __libc_free(void *block);

static _Atomic unsigned long allocations, fatal; /* fatal: number of the one that fails, 0 none */
static _Atomic long held;
static _Atomic bool refused;

void fault_arm(unsigned long k)
{
    refused = false;
    fatal = k ? allocations + k : 0;
}

bool fault_disarm(void)
{
    fatal = 0;
    return refused;
}

unsigned long fault_allocations(void) { return allocations; }
long fault_held(void) { return held; }

static bool refuse(void)
{
    if (++allocations != fatal) return false;
    refused = true;
    errno = ENOMEM;
    return true;
}

static void *taken(void *block)
{
    held += block != NULL;
    return block;
}

void *malloc(size_t octets) { return refuse() ? NULL : taken(__libc_malloc(octets)); }
void *calloc(size_t count, size_t octets) { return refuse() ? NULL : taken(__libc_calloc(count, octets)); }

void free(void *block)
{
    held -= block != NULL;
    __libc_free(block);
}

void *realloc(void *block, size_t octets)
{
    if (refuse()) return NULL;
    void *moved = __libc_realloc(block, octets);
    if (!block) return taken(moved);
    if (!octets && !moved) held--; /* it was freed */
    return moved;
}

void *memalign(size_t alignment, size_t octets)
{
    return refuse() ? NULL : taken(__libc_memalign(alignment, octets));
}

void *aligned_alloc(size_t alignment, size_t octets) { return memalign(alignment, octets); }

int posix_memalign(void **out, size_t alignment, size_t octets)
{
    void *block = memalign(alignment, octets);
    if (!block) return ENOMEM;
    *out = block;
    return 0;
}

void *mmap(void *at, size_t octets, int protection, int flags, int file, off_t offset)
{
    if (refuse()) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, octets, protection, flags, file, offset);
}
