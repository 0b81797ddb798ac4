/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - print the ledger. Names may come from VMlets: control octets are escaped. */
#include "report.h"

#include <inttypes.h>
#include <string.h>

static const char *const kind_names[LEDGER_KINDS] = {
    [LEDGER_RECEIVED] = "received",   [LEDGER_CREATED] = "created",   [LEDGER_SENT] = "sent",
    [LEDGER_DELIVERED] = "delivered", [LEDGER_CONSUMED] = "consumed", [LEDGER_DROPPED] = "dropped",
    [LEDGER_HELD] = "held",
};
static const char *const outcome_names[] = {
    [OUTCOME_SENT] = "sent",         [OUTCOME_DELIVERED] = "delivered", [OUTCOME_DROPPED] = "dropped",
    [OUTCOME_CONSUMED] = "consumed", [OUTCOME_HELD] = "held",
};

void report_take(struct ledger_report *report, struct vvm_node *node)
{
    unsigned i;

    report->row_count = ledger_read(node, report->rows, LEDGER_ROWS);
    report->balance = ledger_balance(node);
    report->held = 0;
    for (i = 0; i < report->row_count; i++)
        if (report->rows[i].kind == LEDGER_HELD) report->held += report->rows[i].count;
}

/* A name with nothing in it that a terminal obeys. */
static const char *plain(const char *name, char *room, size_t size)
{
    size_t i;

    for (i = 0; name[i] && i + 1 < size; i++) room[i] = name[i] < ' ' || name[i] == 0x7f ? '?' : name[i];
    room[i] = '\0';
    return room;
}

void report_table(FILE *to, const struct ledger_report *report, const struct worker *worker)
{
    uint64_t in = 0, out = 0;
    enum ledger_kind kind = LEDGER_KINDS;
    char name[64];
    unsigned i, outcome;

    fprintf(to, "%-10s %-32s %10s\n", "outcome", "reason", "packets");
    for (i = 0; i < report->row_count; i++) {
        const struct ledger_row *row = &report->rows[i];

        fprintf(to, "%-10s %-32s %10" PRIu64 "\n", row->kind == kind ? "" : kind_names[row->kind],
                plain(row->name, name, sizeof name), row->count);
        kind = row->kind;
        *(kind <= LEDGER_CREATED ? &in : &out) += row->count;
    }
    fprintf(to, "%-10s %-32s %10" PRIu64 "\n", "in", "received + created", in);
    fprintf(to, "%-10s %-32s %10" PRIu64 "\n", "out", "all others", out);

    if (worker->tally_count == 0) return;
    fprintf(to, "\n%-16s", "network");
    for (outcome = 0; outcome <= OUTCOME_HELD; outcome++) fprintf(to, " %10s", outcome_names[outcome]);
    fprintf(to, " %12s\n", "fuel");
    for (i = 0; i < worker->tally_count; i++) {
        const struct network_tally *tally = &worker->tallies[i];

        fprintf(to, "%-16s", plain(tally->name, name, sizeof name));
        for (outcome = 0; outcome <= OUTCOME_HELD; outcome++)
            fprintf(to, " %10" PRIu64, tally->outcomes[outcome]);
        fprintf(to, " %12" PRIu64 "\n", tally->fuel);
    }
}

static void json_string(FILE *to, const char *text)
{
    putc('"', to);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < ' ' || c == 0x7f) fprintf(to, "\\u%04x", c);
        else if (c == '"' || c == '\\') fprintf(to, "\\%c", c);
        else putc(c, to);
    }
    putc('"', to);
}

void report_json(FILE *to, const struct ledger_report *report, const struct worker *worker)
{
    unsigned i, outcome;

    fprintf(to, "{\"v\":1,\"ledger\":[");
    for (i = 0; i < report->row_count; i++) {
        const struct ledger_row *row = &report->rows[i];

        fprintf(to, "%s{\"outcome\":\"%s\",\"reason\":", i ? "," : "", kind_names[row->kind]);
        json_string(to, row->name);
        fprintf(to, ",\"packets\":%" PRIu64 "}", row->count);
    }
    fprintf(to, "],\"networks\":[");
    for (i = 0; i < worker->tally_count; i++) {
        const struct network_tally *tally = &worker->tallies[i];

        fprintf(to, "%s{\"network\":", i ? "," : "");
        json_string(to, tally->name);
        for (outcome = 0; outcome <= OUTCOME_HELD; outcome++)
            fprintf(to, ",\"%s\":%" PRIu64, outcome_names[outcome], tally->outcomes[outcome]);
        fprintf(to, ",\"fuel\":%" PRIu64 "}", tally->fuel);
    }
    fprintf(to, "],\"balance\":%" PRId64 "}\n", report->balance);
}
