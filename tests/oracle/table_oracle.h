/* SPDX-License-Identifier: Apache-2.0 */
/* table_oracle.h - the slow twins of maps and longest-prefix tables: lists that are
 * searched from one end to the other. One word of key, one word of value. */
#ifndef VVM_ORACLE_TABLE_H
#define VVM_ORACLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define ORACLE_ROOM 4096

struct list_map {
    unsigned count, capacity;
    uint64_t lifetime; /* 0: for ever */
    struct {
        uint64_t key, value, deadline;
    } items[ORACLE_ROOM];
};

bool list_map_get(const struct list_map *m, uint64_t key, uint64_t now, uint64_t *value);
/** False: full. */
bool list_map_put(struct list_map *m, uint64_t key, uint64_t value, uint64_t now);
bool list_map_remove(struct list_map *m, uint64_t key, uint64_t now);
unsigned list_map_count(const struct list_map *m, uint64_t now);

struct list_lpm {
    unsigned count, capacity;
    struct {
        uint8_t key[16];
        unsigned length;
        uint64_t value;
    } items[ORACLE_ROOM];
};

bool list_lpm_get(const struct list_lpm *t, const uint8_t key[16], uint64_t *value);
bool list_lpm_add(struct list_lpm *t, const uint8_t key[16], unsigned length, uint64_t value);
bool list_lpm_remove(struct list_lpm *t, const uint8_t key[16], unsigned length);

#endif
