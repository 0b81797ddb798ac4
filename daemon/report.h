/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - the ledger and the networks' counts, for people and as JSON, from readings. */
#ifndef VVMD_REPORT_H
#define VVMD_REPORT_H

#include "registry.h"

/* A ledger by itself, for who wants no more. */
struct ledger_report {
    unsigned row_count;
    struct ledger_row rows[LEDGER_ROWS];
    int64_t balance; /* in - out; 0 is right */
    uint64_t held;
};

/** Take a snapshot of the node's ledger: no worker may be at work. */
void report_take(struct ledger_report *report, struct vvm_node *node);
/** Packets that are held, by all reasons together. */
int64_t report_held(const struct readings *readings);
/** Rows of the ledger that are not 0, their sums, then the networks. */
void report_table(FILE *to, const struct readings *readings);
/** One object, one line: {"v":1,"ledger":[...],"networks":[...],"balance":0}; with a
 *  node's name (may be NULL) also "node":NAME. */
void report_json(FILE *to, const struct readings *readings, const char *node);

#endif
