/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - the ledger and the networks' counts, for people and as JSON. */
#ifndef VVMD_REPORT_H
#define VVMD_REPORT_H

#include "worker.h"

struct ledger_report {
    unsigned row_count;
    struct ledger_row rows[LEDGER_ROWS];
    int64_t balance; /* in - out; 0 is right */
    uint64_t held;
};

/** Take a snapshot of the node's ledger. */
void report_take(struct ledger_report *report, struct vvm_node *node);
void report_table(FILE *to, const struct ledger_report *report, const struct worker *worker);
/** One object, one line: {"v":1,"ledger":[...],"networks":[...],"balance":0}. */
void report_json(FILE *to, const struct ledger_report *report, const struct worker *worker);

#endif
