/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - what kinds of tables share: the size of a hash table, and of those that stand under
 * one lock and are not read and written by key (queues, assemblies) the lock and the refusals.
 */
#ifndef VVM_TABLE_PARTS_H
#define VVM_TABLE_PARTS_H

#include <errno.h>
#include <sched.h>

#include "table.h"

#define LOCK_SPINS 64 /* tries before the lock's holder is let run */

/** Take a lock that is held for a few stores, 0 when free. Any thread. */
static inline void spin_lock(uint32_t *lock)
{
    for (unsigned tries = 1; __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE); tries++)
        if (tries % LOCK_SPINS == 0) sched_yield();
}

static inline void spin_unlock(uint32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

/** table_ops of a table that has no values to read or write by key: -ENOTSUP. */
static inline int table_not_read(struct table *table, const uint64_t *key, uint64_t now,
                                 struct table_value *value)
{
    (void)table, (void)key, (void)now;
    value->present = false;
    return -ENOTSUP;
}

static inline int table_not_written(struct table *table, const uint64_t *key, const struct table_value *value,
                                    enum table_mode mode, const struct table_value *expected, uint64_t now)
{
    (void)table, (void)key, (void)value, (void)mode, (void)expected, (void)now;
    return -ENOTSUP;
}

/** Buckets for so many entries: a power of two. */
static inline uint64_t bucket_count(uint64_t entries)
{
    uint64_t buckets = 1;
    while (buckets < entries) buckets *= 2;
    return buckets;
}

#endif
