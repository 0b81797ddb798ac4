/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.c - where every packet of a world went, by kind and name.
 *
 * A row is found by a hash table that only grows; looking up takes no lock, making a
 * row does. Each context counts in its own array; a reader sums them. A context's
 * counters are written by its thread only, so they are plain adds, stored relaxed.
 */
#include "packet.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lazy.h"

#define LEDGER_BUCKETS  (4 * LEDGER_ROWS)
#define LEDGER_CONTEXTS 256

static_assert(LEDGER_ROWS < UINT16_MAX, "a bucket holds a row's number + 1");
static_assert(LEDGER_KINDS < LEDGER_ROWS && LEDGER_PORTS < LEDGER_ROWS - LEDGER_KINDS,
              "every kind has its other, and ports leave room for names");

struct ledger_name {
    enum ledger_kind kind;
    char name[sizeof((struct ledger_row *)0)->name];
};

struct ledger {
    pthread_mutex_t lock; /* of names, contexts */
    struct ledger_name names[LEDGER_ROWS];
    unsigned row_count, port_count;
    uint16_t buckets[LEDGER_BUCKETS]; /* row + 1; 0 empty */
    uint64_t shared[LEDGER_ROWS];     /* of contexts that ended, and of those without counters */
    uint64_t *contexts[LEDGER_CONTEXTS];
};

static uint32_t name_hash(enum ledger_kind kind, const char *name)
{
    uint32_t h = 2166136261u ^ (uint32_t)kind;
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

/* Where the row's number stands or would stand. The table is never more than a
 * quarter full, so that the walk ends. */
static unsigned find_bucket(const struct ledger *l, enum ledger_kind kind, const char *name)
{
    unsigned at = name_hash(kind, name) % LEDGER_BUCKETS;
    for (;; at = (at + 1) % LEDGER_BUCKETS) {
        unsigned row = __atomic_load_n(&l->buckets[at], __ATOMIC_ACQUIRE);
        if (row == 0) return at;
        if (l->names[row - 1].kind == kind && strcmp(l->names[row - 1].name, name) == 0) return at;
    }
}

/* The lock is held (or nobody else knows the ledger yet). */
static unsigned add_row(struct ledger *l, enum ledger_kind kind, const char *name)
{
    unsigned at = find_bucket(l, kind, name);
    if (l->buckets[at]) return l->buckets[at] - 1u;
    if (l->row_count == LEDGER_ROWS || (kind == LEDGER_DELIVERED && l->port_count == LEDGER_PORTS))
        return kind; /* the first rows are the "other" of each kind */
    l->port_count += kind == LEDGER_DELIVERED;
    struct ledger_name *row = &l->names[l->row_count];
    row->kind = kind;
    snprintf(row->name, sizeof row->name, "%s", name);
    __atomic_store_n(&l->buckets[at], (uint16_t)(l->row_count + 1), __ATOMIC_RELEASE);
    return l->row_count++;
}

int ledger_open(struct vvm_world *world)
{
    struct ledger *l = lazy_zeros(sizeof *l);
    if (!l) return -ENOMEM;
    pthread_mutex_init(&l->lock, NULL);
    for (int kind = 0; kind < LEDGER_KINDS; kind++) add_row(l, (enum ledger_kind)kind, "other");
    assert(l->row_count == LEDGER_KINDS); /* so that the kind is the number of its other */
    world->ledger = l;
    return 0;
}

void ledger_close(struct vvm_world *world)
{
    struct ledger *l = world->ledger;
    if (!l) return;
    for (unsigned i = 0; i < LEDGER_CONTEXTS; i++) assert(!l->contexts[i]);
    pthread_mutex_destroy(&l->lock);
    lazy_free(l, sizeof *l);
    world->ledger = NULL;
}

int ledger_attach(struct vvm_context *ctx)
{
    struct ledger *l = ctx->world->ledger;
    if (!l) return 0;
    assert(!ctx->ledger_counts);
    uint64_t *counts = calloc(LEDGER_ROWS, sizeof *counts);
    if (!counts) return -ENOMEM;
    int result = -ENOSPC;
    pthread_mutex_lock(&l->lock);
    for (unsigned i = 0; i < LEDGER_CONTEXTS && result; i++)
        if (!l->contexts[i]) {
            l->contexts[i] = ctx->ledger_counts = counts;
            result = 0;
        }
    pthread_mutex_unlock(&l->lock);
    if (result) free(counts);
    return result;
}

void ledger_detach(struct vvm_context *ctx)
{
    struct ledger *l = ctx->world->ledger;
    if (!l || !ctx->ledger_counts) return;
    pthread_mutex_lock(&l->lock);
    for (unsigned i = 0; i < LEDGER_CONTEXTS; i++)
        if (l->contexts[i] == ctx->ledger_counts) l->contexts[i] = NULL;
    for (unsigned row = 0; row < LEDGER_ROWS; row++)
        __atomic_fetch_add(&l->shared[row], ctx->ledger_counts[row], __ATOMIC_RELAXED);
    pthread_mutex_unlock(&l->lock);
    free(ctx->ledger_counts);
    ctx->ledger_counts = NULL;
}

unsigned ledger_row_of(struct ledger *l, enum ledger_kind kind, const char *text)
{
    char name[sizeof l->names[0].name]; /* cut, so that a long name finds its row again */
    snprintf(name, sizeof name, "%s", text);
    unsigned row = __atomic_load_n(&l->buckets[find_bucket(l, kind, name)], __ATOMIC_ACQUIRE);
    if (row) return row - 1;
    pthread_mutex_lock(&l->lock);
    row = add_row(l, kind, name);
    assert(row < l->row_count && l->row_count <= LEDGER_ROWS);
    pthread_mutex_unlock(&l->lock);
    return row;
}

unsigned ledger_row(struct vvm_node *node, enum ledger_kind kind, const char *name)
{
    return ledger_row_of(node->world.ledger, kind, name);
}

void ledger_count(struct vvm_context *ctx, unsigned row, int64_t n)
{
    assert(row < LEDGER_ROWS);
    uint64_t *own = ctx->ledger_counts;
    if (own) __atomic_store_n(&own[row], own[row] + (uint64_t)n, __ATOMIC_RELAXED);
    else __atomic_fetch_add(&ctx->world->ledger->shared[row], (uint64_t)n, __ATOMIC_RELAXED);
}

void ledger_count_named(struct vvm_context *ctx, enum ledger_kind kind, const char *name)
{
    ledger_count(ctx, ledger_row_of(ctx->world->ledger, kind, name), 1);
}

void ledger_add(struct ledger *l, enum ledger_kind kind, const char *name, int64_t n)
{
    __atomic_fetch_add(&l->shared[ledger_row_of(l, kind, name)], (uint64_t)n, __ATOMIC_RELAXED);
}

/* The lock is held. */
static uint64_t row_sum(struct ledger *l, unsigned row)
{
    uint64_t sum = __atomic_load_n(&l->shared[row], __ATOMIC_RELAXED);
    for (unsigned i = 0; i < LEDGER_CONTEXTS; i++)
        if (l->contexts[i]) sum += __atomic_load_n(&l->contexts[i][row], __ATOMIC_RELAXED);
    return sum;
}

static int compare_rows(const void *a, const void *b)
{
    const struct ledger_row *x = a, *y = b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return strcmp(x->name, y->name);
}

unsigned ledger_read_of(struct ledger *l, struct ledger_row *rows, unsigned room)
{
    unsigned count = 0;
    pthread_mutex_lock(&l->lock);
    for (unsigned i = 0; i < l->row_count && count < room; i++) {
        uint64_t sum = row_sum(l, i);
        if (sum == 0) continue;
        rows[count].kind = l->names[i].kind;
        memcpy(rows[count].name, l->names[i].name, sizeof rows[count].name);
        rows[count++].count = sum;
    }
    pthread_mutex_unlock(&l->lock);
    qsort(rows, count, sizeof *rows, compare_rows);
    return count;
}

unsigned ledger_read(struct vvm_node *node, struct ledger_row *rows, unsigned room)
{
    return ledger_read_of(node->world.ledger, rows, room);
}

int64_t ledger_balance_of(struct ledger *l)
{
    int64_t in = 0, out = 0;
    pthread_mutex_lock(&l->lock);
    for (unsigned i = 0; i < l->row_count; i++) {
        enum ledger_kind kind = l->names[i].kind;
        int64_t sum = (int64_t)row_sum(l, i);
        if (kind == LEDGER_RECEIVED || kind == LEDGER_CREATED) in += sum;
        else out += sum;
    }
    pthread_mutex_unlock(&l->lock);
    return in - out;
}

int64_t ledger_balance(struct vvm_node *node) { return ledger_balance_of(node->world.ledger); }
