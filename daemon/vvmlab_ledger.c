/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmlab_ledger.c - where every packet of the lab went: one table, a column for each node,
 * and what each link lost between its ends.
 *
 * Each column is one moment of its node, at which it balances; the columns are not the
 * same moment. A packet under way between two nodes is missing on their link.
 */
#include "vvmlab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_WIDTH 24
#define COLUMN       8 /* least width of one */

static const char prefix[] = "ledger/";
static const char *const outcomes[] = {"received", "created", "sent", "delivered",
                                       "consumed", "dropped", "held"};
#define OUTCOMES    (sizeof outcomes / sizeof *outcomes)
#define OUTCOMES_IN 2 /* of them bring packets in */

struct lab_ledger {
    struct lab lab;
    json_t *description;
    unsigned node_count;
    const char **names;
    json_t **readings; /* of each node: {name: value}; NULL: it does not answer */
    int width;         /* of a column */
};

static json_int_t value_of(const json_t *readings, const char *name)
{
    return json_integer_value(json_object_get(readings, name));
}

/* ---- take ---- */

static int take(struct lab_ledger *ledger)
{
    const json_t *nodes = json_object_get(ledger->description, "nodes");
    char why[512];
    unsigned i;
    int status = EXIT_SUCCESS;

    ledger->node_count = (unsigned)json_array_size(nodes);
    ledger->width = COLUMN;
    ledger->names = calloc(ledger->node_count + 1, sizeof *ledger->names);
    ledger->readings = calloc(ledger->node_count + 1, sizeof *ledger->readings);
    if (!ledger->names || !ledger->readings) {
        ledger->node_count = 0;
        lab_complain("out of memory");
        return LAB_REFUSED;
    }
    for (i = 0; i < ledger->node_count; i++) {
        ledger->names[i] = lab_text(json_array_get(nodes, i), "name");
        if ((int)strlen(ledger->names[i]) > ledger->width) ledger->width = (int)strlen(ledger->names[i]);
        ledger->readings[i] = lab_ask(&ledger->lab, ledger->names[i], "stats", why, sizeof why);
        if (ledger->readings[i]) continue;
        lab_complain("node %s: %s", ledger->names[i], why);
        status = LAB_REFUSED;
    }
    return status;
}

static void release(struct lab_ledger *ledger)
{
    unsigned i;

    for (i = 0; i < ledger->node_count; i++) json_decref(ledger->readings[i]);
    free(ledger->names);
    free(ledger->readings);
    json_decref(ledger->description);
    lab_close(&ledger->lab);
}

/* ---- sums ---- */

static bool is_row(const char *name, const char *outcome)
{
    size_t length = strlen(outcome);

    return strncmp(name, prefix, sizeof prefix - 1) == 0 &&
           strncmp(name + sizeof prefix - 1, outcome, length) == 0 && name[sizeof prefix - 1 + length] == '/';
}

static json_int_t sum_of(json_t *readings, const char *outcome)
{
    const char *name;
    json_t *value;
    json_int_t sum = 0;

    json_object_foreach(readings, name, value)
    {
        if (is_row(name, outcome)) sum += json_integer_value(value);
    }
    return sum;
}

static json_int_t total(json_t *readings, unsigned from, unsigned to)
{
    json_int_t sum = 0;

    for (; from < to; from++) sum += sum_of(readings, outcomes[from]);
    return sum;
}

/* What the node says, and what we count ourselves. One that does not answer says nothing wrong. */
static bool balances(json_t *readings)
{
    if (!readings) return true;
    return value_of(readings, "ledger/balance") == 0 &&
           total(readings, 0, OUTCOMES_IN) == total(readings, OUTCOMES_IN, OUTCOMES);
}

static bool all_balance(const struct lab_ledger *ledger)
{
    unsigned i;

    for (i = 0; i < ledger->node_count; i++)
        if (!balances(ledger->readings[i])) return false;
    return true;
}

/* ---- links ---- */

struct direction {
    const char *node[2], *port[2]; /* from, to */
    json_int_t sent, arrived;      /* -1: that node does not answer */
};

static const json_t *readings_of(const struct lab_ledger *ledger, const char *node)
{
    unsigned i;

    for (i = 0; i < ledger->node_count; i++)
        if (strcmp(ledger->names[i], node) == 0) return ledger->readings[i];
    return NULL;
}

static json_int_t port_value(const struct lab_ledger *ledger, const char *node, const char *port,
                             const char *what)
{
    const json_t *readings = readings_of(ledger, node);
    char name[256];

    snprintf(name, sizeof name, "port/%s/%s", port, what);
    return readings ? value_of(readings, name) : -1;
}

static void measure(const struct lab_ledger *ledger, const json_t *link, int from, struct direction *d)
{
    int i;

    for (i = 0; i < 2; i++) {
        const json_t *end = json_array_get(link, (size_t)(i ? !from : from));

        d->node[i] = lab_text(end, "node");
        d->port[i] = lab_text(end, "port");
    }
    d->sent = port_value(ledger, d->node[0], d->port[0], "tx-frames");
    d->arrived = port_value(ledger, d->node[1], d->port[1], "rx-frames");
}

/* Calls fn for every direction of every link. */
static void each_direction(const struct lab_ledger *ledger, void (*fn)(const struct direction *, void *),
                           void *data)
{
    const json_t *links = json_object_get(ledger->description, "links");
    size_t i;
    int from;

    for (i = 0; i < json_array_size(links); i++)
        for (from = 0; from < 2; from++) {
            struct direction direction;

            measure(ledger, json_array_get(links, i), from, &direction);
            fn(&direction, data);
        }
}

/* ---- as a table ---- */

static void print_line(const char *outcome, const char *reason, const struct lab_ledger *ledger,
                       json_int_t (*value)(json_t *readings, const char *name), const char *name)
{
    unsigned i;

    printf("%-10s %-*s", outcome, REASON_WIDTH, reason);
    for (i = 0; i < ledger->node_count; i++) {
        json_int_t n = ledger->readings[i] ? value(ledger->readings[i], name) : 0;

        if (!ledger->readings[i]) printf(" %*s", ledger->width, "?");
        else if (n || !name) printf(" %*lld", ledger->width, (long long)n);
        else printf(" %*s", ledger->width, ".");
    }
    putchar('\n');
}

static json_int_t one_row(json_t *readings, const char *name) { return value_of(readings, name); }
static json_int_t all_in(json_t *readings, const char *name) { return total(readings, 0, OUTCOMES_IN); }
static json_int_t all_out(json_t *readings, const char *name)
{
    return total(readings, OUTCOMES_IN, OUTCOMES);
}

/* Names of rows of any node, sorted. */
static const char **row_names(const struct lab_ledger *ledger, json_t **keep)
{
    json_t *all = json_object(), *value;
    const char **names, *name;
    size_t n = 0;
    unsigned i;

    for (i = 0; i < ledger->node_count; i++) {
        json_object_foreach(ledger->readings[i], name, value)
        {
            if (strncmp(name, prefix, sizeof prefix - 1) == 0 && json_integer_value(value))
                json_object_set_new(all, name, json_true());
        }
    }
    *keep = all;
    names = calloc(json_object_size(all) + 1, sizeof *names);
    if (!names) return NULL;
    json_object_foreach(all, name, value) { names[n++] = name; }
    return names;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_rows(const struct lab_ledger *ledger)
{
    json_t *keep;
    const char **names = row_names(ledger, &keep);
    size_t n = json_object_size(keep), i;
    unsigned o;

    if (names) qsort(names, n, sizeof *names, by_text);
    for (o = 0; names && o < OUTCOMES; o++) {
        const char *shown = outcomes[o];

        for (i = 0; i < n; i++) {
            if (!is_row(names[i], outcomes[o])) continue;
            print_line(shown, names[i] + sizeof prefix + strlen(outcomes[o]), ledger, one_row, names[i]);
            shown = "";
        }
    }
    free(names);
    json_decref(keep);
}

static void print_count(json_int_t n, bool known)
{
    if (known) printf(" %8lld", (long long)n);
    else printf(" %8s", "?");
}

static void print_direction(const struct direction *d, void *data)
{
    char from[128], to[128];

    snprintf(from, sizeof from, "%s/%s", d->node[0], d->port[0]);
    snprintf(to, sizeof to, "%s/%s", d->node[1], d->port[1]);
    printf("%-16s %-16s", from, to);
    print_count(d->sent, d->sent >= 0);
    print_count(d->arrived, d->arrived >= 0);
    print_count(d->sent - d->arrived, d->sent >= 0 && d->arrived >= 0);
    putchar('\n');
}

static void print_table(const struct lab_ledger *ledger)
{
    unsigned i;

    printf("%-10s %-*s", "outcome", REASON_WIDTH, "reason");
    for (i = 0; i < ledger->node_count; i++) printf(" %*s", ledger->width, ledger->names[i]);
    putchar('\n');
    print_rows(ledger);
    print_line("in", "received + created", ledger, all_in, NULL);
    print_line("out", "all others", ledger, all_out, NULL);
    printf("%-10s %-*s", "balanced", REASON_WIDTH, "");
    for (i = 0; i < ledger->node_count; i++)
        printf(" %*s", ledger->width,
               !ledger->readings[i]            ? "?"
               : balances(ledger->readings[i]) ? "yes"
                                               : "NO");
    putchar('\n');
    if (json_array_size(json_object_get(ledger->description, "links")) == 0) return;
    printf("\n%-16s %-16s %8s %8s %8s\n", "link from", "to", "sent", "arrived", "missing");
    each_direction(ledger, print_direction, NULL);
}

/* ---- as JSON ---- */

static json_t *count_object(json_int_t n) { return n < 0 ? json_null() : json_integer(n); }

static void add_direction(const struct direction *d, void *data)
{
    json_array_append_new(data, json_pack("{s:[ss],s:[ss],s:o,s:o}", "from", d->node[0], d->port[0], "to",
                                          d->node[1], d->port[1], "sent", count_object(d->sent), "arrived",
                                          count_object(d->arrived)));
}

static json_t *node_object(json_t *readings)
{
    json_t *object = json_object(), *value;
    const char *name;

    json_object_foreach(readings, name, value)
    {
        if (strncmp(name, prefix, sizeof prefix - 1) == 0)
            json_object_set(object, name + sizeof prefix - 1, value);
    }
    return object;
}

static void print_json(const struct lab_ledger *ledger, bool all_answer)
{
    json_t *nodes = json_object(), *links = json_array();
    unsigned i;

    for (i = 0; i < ledger->node_count; i++)
        json_object_set_new(nodes, ledger->names[i],
                            ledger->readings[i] ? node_object(ledger->readings[i]) : json_null());
    each_direction(ledger, add_direction, links);
    lab_print(json_pack("{s:i,s:s,s:b,s:o,s:o}", "v", 1, "lab", ledger->lab.id, "balanced",
                        all_answer && all_balance(ledger), "nodes", nodes, "links", links));
}

int lab_ledger(const struct lab_options *options)
{
    struct lab_ledger ledger = {.node_count = 0};
    int status = lab_open_described(&ledger.lab, options->lab, &ledger.description);

    if (status) return status;
    status = take(&ledger);
    if (options->json) print_json(&ledger, status == EXIT_SUCCESS);
    else print_table(&ledger);
    if (!all_balance(&ledger)) {
        lab_complain("a ledger does not balance: packets were lost or counted twice; please report it");
        status = LAB_REFUSED;
    }
    release(&ledger);
    return status;
}
