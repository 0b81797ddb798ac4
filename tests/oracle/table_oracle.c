/* SPDX-License-Identifier: Apache-2.0 */
/* table_oracle.c - see table_oracle.h. Plain on purpose. */
#include "table_oracle.h"

#include <string.h>

static bool live(const struct list_map *m, unsigned i, uint64_t now)
{
    return !m->lifetime || now < m->items[i].deadline;
}

static int map_find(const struct list_map *m, uint64_t key, uint64_t now)
{
    for (unsigned i = 0; i < m->count; i++)
        if (m->items[i].key == key && live(m, i, now)) return (int)i;
    return -1;
}

static void forget_expired(struct list_map *m, uint64_t now)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < m->count; i++)
        if (live(m, i, now)) m->items[kept++] = m->items[i];
    m->count = kept;
}

bool list_map_get(const struct list_map *m, uint64_t key, uint64_t now, uint64_t *value)
{
    int i = map_find(m, key, now);
    if (i >= 0) *value = m->items[i].value;
    return i >= 0;
}

bool list_map_put(struct list_map *m, uint64_t key, uint64_t value, uint64_t now)
{
    forget_expired(m, now);
    int i = map_find(m, key, now);
    if (i < 0 && m->count == m->capacity) return false;
    if (i < 0) i = (int)m->count++;
    m->items[i].key = key;
    m->items[i].value = value;
    m->items[i].deadline = now + m->lifetime;
    return true;
}

bool list_map_remove(struct list_map *m, uint64_t key, uint64_t now)
{
    int i = map_find(m, key, now);
    if (i >= 0) m->items[i] = m->items[--m->count];
    return i >= 0;
}

unsigned list_map_count(const struct list_map *m, uint64_t now)
{
    unsigned count = 0;
    for (unsigned i = 0; i < m->count; i++) count += live(m, i, now);
    return count;
}

static bool bits_equal(const uint8_t a[16], const uint8_t b[16], unsigned length)
{
    for (unsigned i = 0; i < length; i++)
        if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) return false;
    return true;
}

static int lpm_find(const struct list_lpm *t, const uint8_t key[16], unsigned length)
{
    for (unsigned i = 0; i < t->count; i++)
        if (t->items[i].length == length && bits_equal(t->items[i].key, key, length)) return (int)i;
    return -1;
}

bool list_lpm_get(const struct list_lpm *t, const uint8_t key[16], uint64_t *value)
{
    int best = -1;
    for (unsigned i = 0; i < t->count; i++)
        if (bits_equal(t->items[i].key, key, t->items[i].length) &&
            (best < 0 || t->items[i].length > t->items[best].length))
            best = (int)i;
    if (best >= 0) *value = t->items[best].value;
    return best >= 0;
}

bool list_lpm_add(struct list_lpm *t, const uint8_t key[16], unsigned length, uint64_t value)
{
    int i = lpm_find(t, key, length);
    if (i < 0 && t->count == t->capacity) return false;
    if (i < 0) i = (int)t->count++;
    memcpy(t->items[i].key, key, 16);
    t->items[i].length = length;
    t->items[i].value = value;
    return true;
}

bool list_lpm_remove(struct list_lpm *t, const uint8_t key[16], unsigned length)
{
    int i = lpm_find(t, key, length);
    if (i >= 0) t->items[i] = t->items[--t->count];
    return i >= 0;
}
