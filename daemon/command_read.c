/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command_read.c - the verbs that show readings: stats, ledger, status. All numbers are the
 * registry's, taken at one burst boundary.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control_parts.h"

#ifndef VVM_VERSION
#define VVM_VERSION "unknown"
#endif

static const char ledger_prefix[] = "ledger/";
static const char balance_name[] = "ledger/balance";

static bool begins_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static int read_all(struct control *control, struct readings *readings, char *why, size_t room)
{
    int err = registry_read(readings, control->router, control->runtime);

    if (err) snprintf(why, room, "the readings could not be taken: %s", strerror(-err));
    return err;
}

/* ---- stats ---- */

int command_stats(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    const char *prefix = json_string_value(json_object_get(arguments, "prefix"));
    struct readings readings;
    unsigned i;
    int err = read_all(control, &readings, why, room);

    if (err) return err;
    *data = json_object();
    for (i = 0; i < readings.count && !err; i++) {
        const struct reading *r = &readings.items[i];

        if (prefix && !begins_with(r->name, prefix)) continue;
        if (json_object_set_new(*data, r->name, json_integer(r->value))) err = -ENOMEM;
    }
    readings_free(&readings);
    if (err || json_object_size(*data) || !prefix) return err;
    snprintf(why, room, "no reading's name begins with \"%.60s\": stats without a prefix shows all", prefix);
    return -ENOENT;
}

/* ---- ledger ---- */

/* "ledger/OUTCOME/REASON" as a row. */
static int add_row(json_t *rows, const struct reading *r)
{
    const char *outcome = r->name + strlen(ledger_prefix), *slash = strchr(outcome, '/');
    json_t *row;

    if (!slash) return 0;
    row = json_pack("{s:s%, s:s, s:I}", "outcome", outcome, (size_t)(slash - outcome), "reason", slash + 1,
                    "packets", (json_int_t)r->value);
    return row && json_array_append_new(rows, row) == 0 ? 0 : -ENOMEM;
}

int command_ledger(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    static const char *const outcomes[] = {"received", "created", "sent", "delivered",
                                           "consumed", "dropped", "held"};
    struct readings readings;
    json_t *rows = json_array();
    int64_t balance = 0;
    unsigned i, o;
    int err = read_all(control, &readings, why, room);

    (void)arguments;
    if (err) {
        json_decref(rows);
        return err;
    }
    for (o = 0; o < sizeof outcomes / sizeof *outcomes; o++) { /* in the order of a packet's life */
        char prefix[40];

        snprintf(prefix, sizeof prefix, "%s%s/", ledger_prefix, outcomes[o]);
        for (i = 0; i < readings.count && !err; i++)
            if (begins_with(readings.items[i].name, prefix)) err = add_row(rows, &readings.items[i]);
    }
    readings_find(&readings, balance_name, &balance);
    *data = json_pack("{s:o, s:I}", "ledger", rows, "balance", (json_int_t)balance);
    readings_free(&readings);
    return err || !*data ? -ENOMEM : 0;
}

/* ---- status ---- */

static json_t *vmlet_names(const struct vvm_node *node)
{
    const struct vvm_vmlet *v;
    json_t *names = json_array();

    for (v = node->vmlets; v; v = v->next) {
        const char *name = symbol_name(v->name);

        if (v->next) json_array_append_new(names, json_text(name, strlen(name))); /* the last is core */
    }
    return names;
}

static int64_t uptime(const struct control *control)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)(((uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec - control->started) / 1000000000);
}

int command_status(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    const struct router *router = control->router;
    struct readings readings;
    int64_t balance = 0;
    int err = read_all(control, &readings, why, room);

    (void)arguments;
    if (err) return err;
    readings_find(&readings, balance_name, &balance);
    readings_free(&readings);
    *data = json_pack("{s:o, s:s, s:i, s:I, s:I, s:o, s:i, s:i, s:o, s:I}", "node",
                      json_text(router->name, strlen(router->name)), "version", VVM_VERSION, "pid",
                      (int)getpid(), "uptime", (json_int_t)uptime(control), "generation",
                      (json_int_t)router->node->current->number, "vmlets", vmlet_names(router->node),
                      "waiting", (int)control->waiting, "workers", (int)router->worker_count, "ports",
                      port_rows(control), "balance", (json_int_t)balance);
    return *data ? 0 : -ENOMEM;
}
