/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_oracle.h - the slow twin of the impairment layer over an inner port that takes
 * everything: one list of what is under way, searched for the next to leave each time.
 */
#ifndef VVM_ORACLE_LINK_H
#define VVM_ORACLE_LINK_H

#include "../../daemon/port.h"

#define LINK_ORACLE_ROOM 65536

struct under_way {
    uint64_t due;
    bool overtaking;
    uint64_t order; /* of arrival */
    uint32_t id;
};

struct link_oracle {
    struct impairment how;
    uint64_t random, free_at, last_due, order;
    struct under_way list[2048];
    unsigned count;
    uint64_t lost, overflown, duplicated, reordered;
    struct {
        uint32_t id;
        uint64_t due;
    } left[LINK_ORACLE_ROOM]; /* what has left, in order */
    unsigned left_count;
};

void link_oracle_open(struct link_oracle *o, const struct impairment *how, const char *name);
/** A packet of so many link octets goes onto the link. */
void link_oracle_send(struct link_oracle *o, uint32_t id, uint32_t octets, uint64_t now);
/** What is due leaves. */
void link_oracle_advance(struct link_oracle *o, uint64_t now);

#endif
