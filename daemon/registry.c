/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.c - collect every number of a router at one burst boundary.
 *
 * At the boundary the numbers are copied, no more: names are made afterwards, while the
 * packets move again.
 */
#include "registry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/heap.h"

static const char *const kind_names[LEDGER_KINDS] = {
    [LEDGER_RECEIVED] = "received",   [LEDGER_CREATED] = "created",   [LEDGER_SENT] = "sent",
    [LEDGER_DELIVERED] = "delivered", [LEDGER_CONSUMED] = "consumed", [LEDGER_DROPPED] = "dropped",
    [LEDGER_HELD] = "held",
};
static const char *const outcome_names[] = {
    [OUTCOME_SENT] = "sent",         [OUTCOME_DELIVERED] = "delivered", [OUTCOME_DROPPED] = "dropped",
    [OUTCOME_CONSUMED] = "consumed", [OUTCOME_HELD] = "held",
};

const char *ledger_kind_name(enum ledger_kind kind)
{
    assert(kind < LEDGER_KINDS);
    return kind_names[kind];
}

const char *outcome_name(enum outcome outcome)
{
    assert(outcome <= OUTCOME_HELD);
    return outcome_names[outcome];
}

/* ---- names ---- */

/* `text` with what has no place in a name as %XX, at most `length` octets of it. */
static size_t put_escaped(char *to, size_t room, const char *text, size_t length)
{
    size_t used = 0, i;

    for (i = 0; i < length && text[i] && used + 4 <= room; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c > ' ' && c < 0x7f && c != '%' && c != '/') to[used++] = (char)c;
        else used += (size_t)snprintf(to + used, room - used, "%%%02X", c);
    }
    to[used] = '\0';
    return used;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

bool reading_part(const struct reading *reading, const char *start, const char *end, char *part, size_t room)
{
    size_t before = strlen(start), all = strlen(reading->name), after = end ? strlen(end) : 0, used = 0;
    const char *at = reading->name + before, *stop;

    if (all < before + after || strncmp(reading->name, start, before) != 0) return false;
    stop = reading->name + all - after;
    if (end && strcmp(stop, end) != 0) return false;
    while (at < stop && used + 1 < room) {
        int high = *at == '%' && stop - at > 2 ? hex_digit(at[1]) : -1,
            low = high < 0 ? -1 : hex_digit(at[2]);

        if (low >= 0) {
            part[used++] = (char)(16 * high + low);
            at += 3;
        } else {
            part[used++] = *at++;
        }
    }
    part[used] = '\0';
    return true;
}

/* ---- what is copied at the boundary ---- */

struct snapshot {
    struct router *router;
    struct ledger_row rows[LEDGER_ROWS];
    unsigned row_count;
    int64_t balance;
    struct port_stats ports[ROUTER_PORTS];
    uint32_t mtu[ROUTER_PORTS];
    bool up[ROUTER_PORTS];
    struct tally_table tallies;
};

static void take_port(struct snapshot *snapshot, unsigned device)
{
    struct router *router = snapshot->router;
    struct port *port = &router->ports[device];
    unsigned i;

    port->ops->stats(port, &snapshot->ports[device]);
    for (i = 0; i < router->worker_count; i++)
        snapshot->ports[device].tx_copies += router->workers[i]->copies[device];
    snapshot->mtu[device] = port->ops->mtu(port);
    snapshot->up[device] = port->ops->link_up(port);
}

static void take(void *data)
{
    struct snapshot *snapshot = data;
    struct router *router = snapshot->router;
    unsigned device, i;

    snapshot->row_count = ledger_read(router->node, snapshot->rows, LEDGER_ROWS);
    snapshot->balance = ledger_balance(router->node);
    for (device = 0; device < router->port_count; device++) take_port(snapshot, device);
    snapshot->tallies = router->tallies;
    for (i = 0; i < router->worker_count; i++) tally_add(&snapshot->tallies, &router->workers[i]->tallies);
}

/* ---- what becomes of it ---- */

/* The next reading: PREFIX/NAME or PREFIX/NAME/SUFFIX. NULL: no memory. */
static struct reading *add(struct readings *readings, const char *prefix, const char *name,
                           const char *suffix)
{
    struct reading *r;
    size_t used;

    if (readings->count == readings->room) {
        unsigned room = readings->room ? 2 * readings->room : 256;
        struct reading *items = realloc(readings->items, room * sizeof *items);

        if (!items) return NULL;
        readings->items = items;
        readings->room = room;
    }
    r = &readings->items[readings->count];
    *r = (struct reading){.place = readings->count++};
    used = (size_t)snprintf(r->name, sizeof r->name, "%s/", prefix);
    used += put_escaped(r->name + used, sizeof r->name - used - 24, name,
                        sizeof((struct ledger_row *)0)->name);
    if (suffix) snprintf(r->name + used, sizeof r->name - used, "/%s", suffix);
    return r;
}

static int put(struct readings *readings, const char *prefix, const char *name, const char *suffix,
               enum reading_kind kind, uint64_t value)
{
    struct reading *r = add(readings, prefix, name, suffix);

    if (!r) return -ENOMEM;
    r->kind = kind;
    r->value = (int64_t)value;
    return 0;
}

/* Sent packets may come to another end on a link, so their number may fall. */
static int put_ledger(struct readings *readings, const struct snapshot *snapshot)
{
    char prefix[32];
    unsigned i;
    int err = put(readings, "ledger", "balance", NULL, READING_GAUGE, (uint64_t)snapshot->balance);

    for (i = 0; i < snapshot->row_count && !err; i++) {
        const struct ledger_row *row = &snapshot->rows[i];
        bool falls = row->kind == LEDGER_SENT || row->kind == LEDGER_HELD;

        snprintf(prefix, sizeof prefix, "ledger/%s", kind_names[row->kind]);
        err = put(readings, prefix, row->name, NULL, falls ? READING_GAUGE : READING_COUNTER, row->count);
    }
    return err;
}

static int put_traffic(struct readings *readings, const char *name, const struct port_stats *stats)
{
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {{"rx-frames", stats->rx_frames}, {"rx-octets", stats->rx_octets},
                  {"tx-frames", stats->tx_frames}, {"tx-octets", stats->tx_octets},
                  {"tx-copies", stats->tx_copies}, {"link-reorder", stats->reordered}};
    unsigned i;
    int err = 0;

    for (i = 0; i < sizeof counts / sizeof *counts && !err; i++)
        err = put(readings, "port", name, counts[i].name, READING_COUNTER, counts[i].value);
    return err;
}

/* Packets that were delayed count once; how many of them wait still is link-waiting. */
static int put_fates(struct readings *readings, const char *name, const struct port_stats *stats)
{
    unsigned i;
    int err = put(readings, "port", name, "link-waiting", READING_GAUGE,
                  stats->fates[FATE_DELAYED] - stats->fates[FATE_RELEASED]);

    for (i = 0; i < LOSS_KINDS && !err; i++)
        err = put(readings, "port", name, port_loss_name(i), READING_COUNTER, stats->lost[i]);
    for (i = 0; i < FATE_KINDS && !err; i++)
        if (i != FATE_RELEASED)
            err = put(readings, "port", name, port_fate_name(i), READING_COUNTER, stats->fates[i]);
    return err;
}

static int put_ports(struct readings *readings, const struct snapshot *snapshot)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < snapshot->router->port_count && !err; i++) {
        const char *name = snapshot->router->ports[i].name;

        err = put(readings, "port", name, "mtu", READING_GAUGE, snapshot->mtu[i]);
        if (!err) err = put(readings, "port", name, "link-up", READING_GAUGE, snapshot->up[i]);
        if (!err) err = put_traffic(readings, name, &snapshot->ports[i]);
        if (!err) err = put_fates(readings, name, &snapshot->ports[i]);
    }
    return err;
}

static int put_networks(struct readings *readings, const struct snapshot *snapshot)
{
    unsigned i, outcome;
    int err = 0;

    for (i = 0; i < snapshot->tallies.count && !err; i++) {
        const struct network_tally *t = &snapshot->tallies.items[i];

        for (outcome = 0; outcome <= OUTCOME_HELD && !err; outcome++)
            err = put(readings, "network", t->name, outcome_names[outcome], READING_COUNTER,
                      t->outcomes[outcome]);
        if (!err) err = put(readings, "network", t->name, "fuel", READING_COUNTER, t->fuel);
    }
    return err;
}

static uint64_t uptime(const struct router *router)
{
    return (port_system_clock(NULL) - router->opened) / 1000000;
}

/* These are the control thread's own: no boundary is needed. */
static int put_node(struct readings *readings, const struct router *router)
{
    const struct vvm_node *node = router->node;
    const struct vvm_vmlet *vmlet;
    uint64_t vmlets = 0;
    int err = put(readings, "node", "uptime", NULL, READING_COUNTER, uptime(router));

    for (vmlet = node->vmlets; vmlet; vmlet = vmlet->next) vmlets++;
    if (!err) err = put(readings, "node", "vmlets", NULL, READING_GAUGE, vmlets);
    if (!err) err = put(readings, "node", "generation", NULL, READING_COUNTER, node->current->number);
    if (!err) err = put(readings, "node", "heap-octets", NULL, READING_GAUGE, heap_octets(node));
    if (!err) err = put(readings, "node", "workers", NULL, READING_GAUGE, router->worker_count);
    if (!err) err = put(readings, "node", "ports", NULL, READING_GAUGE, router->port_count);
    if (!err) err = put(readings, "node", "addresses", NULL, READING_GAUGE, router->address_count);
    return err;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct reading *)a)->name, ((const struct reading *)b)->name);
}

/* Names that were too long to differ are one. */
static void merge_equal(struct readings *readings)
{
    unsigned i, kept = 0;

    for (i = 0; i < readings->count; i++) {
        struct reading *r = &readings->items[i];

        if (kept && strcmp(readings->items[kept - 1].name, r->name) == 0)
            readings->items[kept - 1].value += r->value;
        else readings->items[kept++] = *r;
    }
    readings->count = kept;
}

static void sort(struct readings *readings)
{
    qsort(readings->items, readings->count, sizeof *readings->items, by_name);
    merge_equal(readings);
}

int registry_read(struct readings *readings, struct router *router, struct runtime *runtime)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    int err = -ENOMEM;

    *readings = (struct readings){0};
    if (!snapshot) return err;
    snapshot->router = router;
    if (runtime) runtime_boundary(runtime, take, snapshot);
    else take(snapshot);
    err = put_ledger(readings, snapshot);
    if (!err) err = put_ports(readings, snapshot);
    if (!err) err = put_networks(readings, snapshot);
    if (!err) err = put_node(readings, router);
    if (err) readings_free(readings);
    else sort(readings);
    free(snapshot);
    return err;
}

void readings_free(struct readings *readings)
{
    free(readings->items);
    *readings = (struct readings){0};
}

bool readings_find(const struct readings *readings, const char *name, int64_t *value)
{
    unsigned low = 0, high = readings->count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        int order = strcmp(readings->items[middle].name, name);

        if (order == 0) {
            *value = readings->items[middle].value;
            return true;
        }
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return false;
}
