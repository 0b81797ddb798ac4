/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - print the ledger. Names may come from VMlets: control octets are escaped. */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_ROOM 64 /* more than a name of the ledger has */

void report_take(struct ledger_report *report, struct vvm_node *node)
{
    unsigned i;

    report->row_count = ledger_read(node, report->rows, LEDGER_ROWS);
    report->balance = ledger_balance(node);
    report->held = 0;
    for (i = 0; i < report->row_count; i++)
        if (report->rows[i].kind == LEDGER_HELD) report->held += report->rows[i].count;
}

/* ---- rows of the ledger among the readings ---- */

/* The name of a row of that kind; false: the reading is another one, or 0. */
static bool is_row(const struct reading *reading, enum ledger_kind kind, char name[NAME_ROOM])
{
    char prefix[32];

    snprintf(prefix, sizeof prefix, "ledger/%s/", ledger_kind_name(kind));
    return reading->value != 0 && reading_part(reading, prefix, NULL, name, NAME_ROOM);
}

static int64_t sum_of(const struct readings *readings, enum ledger_kind kind)
{
    char name[NAME_ROOM];
    int64_t sum = 0;
    unsigned i;

    for (i = 0; i < readings->count; i++)
        if (is_row(&readings->items[i], kind, name)) sum += readings->items[i].value;
    return sum;
}

int64_t report_held(const struct readings *readings) { return sum_of(readings, LEDGER_HELD); }

/* ---- networks among the readings, in the order in which they came ---- */

struct network_list {
    unsigned count;
    const struct reading *items[TALLY_NETWORKS]; /* their fuel, as good as any */
};

static bool is_network(const struct reading *reading, char name[NAME_ROOM])
{
    return reading_part(reading, "network/", "/fuel", name, NAME_ROOM);
}

static int by_place(const void *a, const void *b)
{
    const struct reading *const *x = a, *const *y = b;

    return (*x)->place < (*y)->place ? -1 : 1;
}

static void list_networks(struct network_list *list, const struct readings *readings)
{
    char name[NAME_ROOM];
    unsigned i;

    list->count = 0;
    for (i = 0; i < readings->count && list->count < TALLY_NETWORKS; i++)
        if (is_network(&readings->items[i], name)) list->items[list->count++] = &readings->items[i];
    qsort(list->items, list->count, sizeof *list->items, by_place);
}

/* What became of packets of the network that this reading is about. */
static int64_t outcome_of(const struct readings *readings, const struct reading *fuel, enum outcome outcome)
{
    char name[READING_NAME];
    int64_t value = 0;
    int length = (int)(strlen(fuel->name) - strlen("fuel"));

    snprintf(name, sizeof name, "%.*s%s", length, fuel->name, outcome_name(outcome));
    readings_find(readings, name, &value);
    return value;
}

/* ---- for people ---- */

/* A name with nothing in it that a terminal obeys. */
static const char *plain(char *name)
{
    char *at;

    for (at = name; *at; at++)
        if (*at < ' ' || *at == 0x7f) *at = '?';
    return name;
}

static void table_rows(FILE *to, const struct readings *readings)
{
    enum ledger_kind kind;
    char name[NAME_ROOM];
    unsigned i;

    for (kind = 0; kind < LEDGER_KINDS; kind++) {
        const char *outcome = ledger_kind_name(kind);

        for (i = 0; i < readings->count; i++) {
            if (!is_row(&readings->items[i], kind, name)) continue;
            fprintf(to, "%-10s %-32s %10" PRId64 "\n", outcome, plain(name), readings->items[i].value);
            outcome = "";
        }
    }
}

static void table_networks(FILE *to, const struct readings *readings)
{
    struct network_list list;
    char name[NAME_ROOM];
    unsigned i, outcome;

    list_networks(&list, readings);
    if (list.count == 0) return;
    fprintf(to, "\n%-16s", "network");
    for (outcome = 0; outcome <= OUTCOME_HELD; outcome++) fprintf(to, " %10s", outcome_name(outcome));
    fprintf(to, " %12s\n", "fuel");
    for (i = 0; i < list.count; i++) {
        is_network(list.items[i], name);
        fprintf(to, "%-16s", plain(name));
        for (outcome = 0; outcome <= OUTCOME_HELD; outcome++)
            fprintf(to, " %10" PRId64, outcome_of(readings, list.items[i], outcome));
        fprintf(to, " %12" PRId64 "\n", list.items[i]->value);
    }
}

void report_table(FILE *to, const struct readings *readings)
{
    int64_t in = sum_of(readings, LEDGER_RECEIVED) + sum_of(readings, LEDGER_CREATED), out = 0;
    enum ledger_kind kind;

    for (kind = LEDGER_SENT; kind < LEDGER_KINDS; kind++) out += sum_of(readings, kind);
    fprintf(to, "%-10s %-32s %10s\n", "outcome", "reason", "packets");
    table_rows(to, readings);
    fprintf(to, "%-10s %-32s %10" PRId64 "\n", "in", "received + created", in);
    fprintf(to, "%-10s %-32s %10" PRId64 "\n", "out", "all others", out);
    table_networks(to, readings);
}

/* ---- JSON ---- */

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

static void json_rows(FILE *to, const struct readings *readings)
{
    const char *comma = "";
    enum ledger_kind kind;
    char name[NAME_ROOM];
    unsigned i;

    for (kind = 0; kind < LEDGER_KINDS; kind++)
        for (i = 0; i < readings->count; i++) {
            if (!is_row(&readings->items[i], kind, name)) continue;
            fprintf(to, "%s{\"outcome\":\"%s\",\"reason\":", comma, ledger_kind_name(kind));
            json_string(to, name);
            fprintf(to, ",\"packets\":%" PRId64 "}", readings->items[i].value);
            comma = ",";
        }
}

static void json_networks(FILE *to, const struct readings *readings)
{
    struct network_list list;
    char name[NAME_ROOM];
    unsigned i, outcome;

    list_networks(&list, readings);
    for (i = 0; i < list.count; i++) {
        is_network(list.items[i], name);
        fprintf(to, "%s{\"network\":", i ? "," : "");
        json_string(to, name);
        for (outcome = 0; outcome <= OUTCOME_HELD; outcome++)
            fprintf(to, ",\"%s\":%" PRId64, outcome_name(outcome),
                    outcome_of(readings, list.items[i], outcome));
        fprintf(to, ",\"fuel\":%" PRId64 "}", list.items[i]->value);
    }
}

void report_json(FILE *to, const struct readings *readings, const char *node)
{
    int64_t balance = 0;

    readings_find(readings, "ledger/balance", &balance);
    fprintf(to, "{\"v\":1,");
    if (node) {
        fprintf(to, "\"node\":");
        json_string(to, node);
        putc(',', to);
    }
    fprintf(to, "\"ledger\":[");
    json_rows(to, readings);
    fprintf(to, "],\"networks\":[");
    json_networks(to, readings);
    fprintf(to, "],\"balance\":%" PRId64 "}\n", balance);
}
