/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation.c - what every global means, and how a load changes it at one stroke.
 *
 * The meaning of global number i is bindings[i] of a generation. A load copies the
 * current generation, changes the copy and publishes it by one release store; workers
 * take the pointer once a burst, inside an epoch section, and the old generation is
 * freed when no section can still see it. Until the load is confirmed the generation
 * before it stays alive, and takes over again if the load is reverted.
 */
#include "generation.h"

#include <assert.h>
#include <ck_epoch.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "global.h"
#include "override.h"
#include "packet.h"
#include "table/table.h"
#include "wire/network.h"

#define GENERATIONS_MAX 3u
#define DRAIN_YIELDS    100u /* polls before a load sleeps because readers hold old generations, */
#define DRAIN_SLEEPS    250u /* and before it is refused: a millisecond each */

struct retired {
    ck_epoch_entry_t entry;
    struct vvm_generation *generation;
    struct epoch *epoch;
};

struct epoch {
    ck_epoch_t epoch;
    ck_epoch_record_t *writer; /* the control thread's */
    struct record_list {
        struct record_list *next;
        ck_epoch_record_t *record;
    } * records;
    unsigned alive;
    uint64_t numbers;            /* of generations, given out so far */
    uint64_t graces, grace_over; /* numbers of the newest wait for readers, and of the newest that ended */
    struct vvm_generation *retired[GENERATIONS_MAX]; /* alive yet, but not current */
    struct vvm_generation *before; /* the one published last took over from it and is on trial */
};

/* ---- epochs --------------------------------------------------------------------- */

/* ck_epoch orders what readers did before what the writer frees, by fences that the
 * thread sanitizer does not follow: it is told. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *at);
void __tsan_release(void *at);
#define SECTION_ENDS(epoch)  __tsan_release(epoch)
#define SECTIONS_OVER(epoch) __tsan_acquire(epoch)
#else
#define SECTION_ENDS(epoch)  ((void)(epoch))
#define SECTIONS_OVER(epoch) ((void)(epoch))
#endif

int epoch_join(struct vvm_context *ctx)
{
    struct epoch *e = ctx->node->epoch;
    ck_epoch_record_t *record = ck_epoch_recycle(&e->epoch, ctx);
    if (!record) {
        struct record_list *item = malloc(sizeof *item);
        if (!item) return -ENOMEM;
        item->record = aligned_alloc(_Alignof(ck_epoch_record_t), sizeof *item->record);
        if (!item->record) {
            free(item);
            return -ENOMEM;
        }
        record = item->record;
        ck_epoch_register(&e->epoch, record, ctx);
        item->next = e->records;
        e->records = item;
    }
    ctx->epoch = record;
    return 0;
}

void epoch_part(struct vvm_context *ctx)
{
    assert(!ctx->epoch || !((ck_epoch_record_t *)ctx->epoch)->active); /* it pins nothing */
    if (ctx->epoch) ck_epoch_unregister(ctx->epoch);
    ctx->epoch = NULL;
}

void generation_enter(struct vvm_context *ctx)
{
    ck_epoch_begin(ctx->epoch, NULL);
    ctx->generation = __atomic_load_n(&ctx->node->current, __ATOMIC_ACQUIRE);
}

void generation_leave(struct vvm_context *ctx)
{
    assert(ctx->generation && ctx->depth == 0); /* nobody runs in what is let go */
    ctx->generation = NULL;
    SECTION_ENDS(ctx->node->epoch);
    ck_epoch_end(ctx->epoch, NULL);
}

/* Between two polls for readers, the i-th: one may have lost its processor. */
static void drain_pause(unsigned i)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    if (i < DRAIN_YIELDS) sched_yield();
    else nanosleep(&pause, NULL);
}

/* ---- generations ------------------------------------------------------------------ */

struct grace {
    ck_epoch_entry_t entry;
    struct epoch *epoch;
    uint64_t number;
};

static void grace_over(ck_epoch_entry_t *entry)
{
    struct grace *g = (struct grace *)((char *)entry - offsetof(struct grace, entry));
    SECTIONS_OVER(g->epoch);
    if (g->epoch->grace_over < g->number) g->epoch->grace_over = g->number;
    free(g);
}

bool generation_await_readers(struct vvm_node *node)
{
    struct epoch *e = node->epoch;
    struct grace *g = calloc(1, sizeof *g);
    if (!g) return false;
    uint64_t number = ++e->graces;
    *g = (struct grace){.epoch = e, .number = number};
    ck_epoch_call(e->writer, &g->entry, grace_over); /* frees it, perhaps only after we gave up */
    for (unsigned i = 0; i < DRAIN_YIELDS + DRAIN_SLEEPS; i++) {
        ck_epoch_poll(e->writer);
        if (e->grace_over >= number) return true;
        drain_pause(i);
    }
    return false;
}

static void generation_free(struct vvm_generation *g)
{
    if (!g) return;
    wire_generation_free(g);
    override_release(g->override);
    free(g->bindings);
    free(g->retire);
    free(g);
}

static void reclaim(ck_epoch_entry_t *entry)
{
    struct retired *r = (struct retired *)((char *)entry - offsetof(struct retired, entry));
    assert(r->epoch->alive > 1 && r->generation->retire == r); /* the current one stays */
    r->epoch->alive--;
    SECTIONS_OVER(r->epoch);
    for (unsigned i = 0; i < GENERATIONS_MAX; i++)
        if (r->epoch->retired[i] == r->generation) r->epoch->retired[i] = NULL;
    generation_free(r->generation); /* frees r */
}

/* A copy of a generation, or an empty one; *out. */
static int generation_copy(struct vvm_node *node, const struct vvm_generation *from,
                           struct vvm_generation **out)
{
    struct vvm_generation *g = calloc(1, sizeof *g);
    struct retired *r = calloc(1, sizeof *r);
    int err = -ENOMEM;
    if (!g || !r) goto out;
    *r = (struct retired){.generation = g, .epoch = node->epoch};
    g->retire = r;
    g->number = node->epoch->numbers++;
    g->checked = from && from->checked;
    err = globals_cover(node, g);
    if (!err && from && from->binding_count && g->bindings)
        memcpy(g->bindings, from->bindings,
               (from->binding_count < g->binding_count ? from->binding_count : g->binding_count) *
                   sizeof *g->bindings);
    if (from) g->override = override_share(from->override);
    if (!err) err = wire_generation_copy(node, from, g);
out:
    if (err) {
        if (g) g->retire = NULL;
        free(r);
        generation_free(g);
        return err;
    }
    *out = g;
    return 0;
}

/* Let go of what no reader can see any more; true if one more may be published. */
static bool drain(struct epoch *e)
{
    for (unsigned i = 0; i < DRAIN_YIELDS + DRAIN_SLEEPS; i++) {
        ck_epoch_poll(e->writer);
        if (e->alive < GENERATIONS_MAX) return true;
        drain_pause(i);
    }
    return false;
}

int generation_begin(struct vvm_node *node)
{
    if (node->candidate || generation_on_trial(node) || !drain(node->epoch)) return -EBUSY;
    struct vvm_generation *g;
    int err = generation_copy(node, node->current, &g);
    if (err) return err;
    layers_begin(node);
    node->candidate = g;
    node->control.generation = g;
    node->control.fuel = node->options.load_fuel;
    return 0;
}

void generation_abandon(struct vvm_node *node)
{
    if (!node->candidate) return;
    layers_take_back(node);
    struct vvm_generation *g = node->candidate;
    node->candidate = NULL;
    node->control.generation = node->current;
    generation_free(g);
    table_abandon(node);
}

/* Remember which globals a unit assigns: packet code may not read them. */
static void note_unit(struct vvm_generation *g, struct vvm_unit *unit)
{
    assert(unit->verified); /* or its words are no instructions */
    for (uint32_t i = 0; i < unit->function_count; i++) {
        const struct vvm_function *f = &unit->functions[i];
        for (uint32_t w = 0; w < f->words; w += instruction_words(f->code[w])) {
            if (word_op(f->code[w]) != OP_GLOBAL_SET) continue;
            uint32_t global = unit->links[word_a(f->code[w])].global;
            if (global < g->binding_count) g->bindings[global].flags |= BINDING_ASSIGNED;
        }
    }
}

static void note_assignments(struct vvm_node *node)
{
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next)
        for (struct vvm_unit *u = v->units; u && !u->noted; u = u->next) note_unit(node->candidate, u);
}

static void mark_noted(struct vvm_node *node)
{
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next)
        for (struct vvm_unit *u = v->units; u && !u->noted; u = u->next) u->noted = true;
}

static void settle_constants(struct vvm_generation *g)
{
    for (uint32_t i = 0; i < g->binding_count; i++) {
        struct binding *b = &g->bindings[i];
        bool constant = b->value != VALUE_UNDEFINED && !(b->flags & BINDING_ASSIGNED);
        b->flags = constant ? b->flags | BINDING_CONSTANT : b->flags & ~(uint32_t)BINDING_CONSTANT;
    }
}

int generation_check(struct vvm_node *node)
{
    assert(node->candidate);
    note_assignments(node);
    settle_constants(node->candidate);
    int err = override_build(node, node->candidate);
    if (err == -ENOMEM) raise_error(&node->control, ERROR_HEAP, VALUE_DEFAULT);
    if (!err) err = wire_check(&node->control, node->candidate);
    node->candidate->checked = !err;
    return err;
}

static void retire(struct vvm_node *node, struct vvm_generation *g)
{
    struct epoch *e = node->epoch;
    unsigned i = 0;
    while (e->retired[i]) i++;
    assert(i < GENERATIONS_MAX); /* drain saw to it */
    e->retired[i] = g;
    ck_epoch_call(e->writer, &((struct retired *)g->retire)->entry, reclaim);
    generation_poll(node);
}

void generation_poll(struct vvm_node *node)
{
    for (unsigned i = 0; i < 4; i++) ck_epoch_poll(node->epoch->writer);
}

void generation_try(struct vvm_node *node)
{
    struct vvm_generation *g = node->candidate, *old = node->current;
    assert(g && !node->epoch->before && g->number > old->number);
    mark_noted(node);
    node->candidate = NULL;
    node->epoch->alive++;
    node->epoch->before = old;
    __atomic_store_n(&node->current, g, __ATOMIC_RELEASE);
    node->control.generation = g;
}

bool generation_on_trial(const struct vvm_node *node) { return node->epoch->before != NULL; }

void generation_confirm(struct vvm_node *node)
{
    struct vvm_generation *old = node->epoch->before;
    assert(old && !node->candidate);
    node->epoch->before = NULL;
    layers_settle(node);
    table_publish(node);
    retire(node, old);
}

void generation_revert(struct vvm_node *node)
{
    struct vvm_generation *tried = node->current, *old = node->epoch->before;
    assert(old && !node->candidate);
    layers_take_back(node);
    node->epoch->before = NULL;
    __atomic_store_n(&node->current, old, __ATOMIC_RELEASE);
    node->control.generation = old;
    table_revert(node);
    retire(node, tried);
}

int generation_publish(struct vvm_node *node)
{
    if (!node->candidate) return -EINVAL;
    int err = generation_check(node);
    if (!err) err = wire_freeze(&node->control, node->candidate);
    if (err) {
        generation_abandon(node);
        return err;
    }
    generation_try(node);
    generation_confirm(node);
    return 0;
}

unsigned generations_alive(const struct vvm_node *node) { return node->epoch->alive; }

/* ---- what a collector must know --------------------------------------------------------- */

typedef void (*visitor)(void *data, vvm_value v);

void generations_each(const struct vvm_node *node, void (*fn)(void *data, const struct vvm_generation *g),
                      void *data)
{
    const struct epoch *e = node->epoch;
    if (node->current) fn(data, node->current);
    if (node->candidate) fn(data, node->candidate);
    if (e->before) fn(data, e->before);
    for (unsigned i = 0; i < GENERATIONS_MAX; i++)
        if (e->retired[i]) fn(data, e->retired[i]);
}

struct binding_visit {
    visitor visit;
    void *data;
};

static void visit_bindings(void *data, const struct vvm_generation *g)
{
    const struct binding_visit *v = data;
    for (uint32_t i = 0; i < g->binding_count; i++) v->visit(v->data, g->bindings[i].value);
}

void generations_visit(const struct vvm_node *node, visitor visit, void *data)
{
    const struct global_table *t = node->globals;
    struct binding_visit bindings = {visit, data};
    generations_each(node, visit_bindings, &bindings);
    for (uint32_t i = 0; i < t->count; i++)
        for (uint32_t k = 0; k < t->globals[i].layer_count; k++) visit(data, t->globals[i].layers[k].value);
    for (uint32_t i = 0; i < t->journal_count; i++)
        for (uint32_t k = 0; k < t->journal[i].layer_count; k++) visit(data, t->journal[i].layers[k].value);
}

/* ---- beginning and end --------------------------------------------------------------- */

int generations_open(struct vvm_node *node)
{
    int err = globals_open(node);
    if (err) return err;
    node->epoch = aligned_alloc(64, (sizeof *node->epoch + 63) & ~(size_t)63);
    if (!node->epoch) return -ENOMEM;
    memset(node->epoch, 0, sizeof *node->epoch);
    ck_epoch_init(&node->epoch->epoch);
    struct vvm_context writer = {.node = node};
    err = epoch_join(&writer);
    if (err) return err;
    node->epoch->writer = writer.epoch;
    err = generation_copy(node, NULL, &node->current);
    if (!err) node->epoch->alive = 1;
    return err;
}

void generations_close(struct vvm_node *node)
{
    struct epoch *e = node->epoch;
    generation_abandon(node);
    if (e && e->writer) ck_epoch_barrier(e->writer);
    assert(!e || e->alive <= 1); /* the current one: no context holds an older one */
    generation_free(node->current);
    override_close(node);
    node->current = NULL;
    while (e && e->records) {
        struct record_list *item = e->records;
        e->records = item->next;
        free(item->record);
        free(item);
    }
    free(e);
    node->epoch = NULL;
    globals_close(node);
}
