/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation.c - what every global means, and how a load changes it at one stroke.
 *
 * Globals are numbered per node by (owner, name) and keep their number for ever.
 * The meaning of number i is bindings[i] of a generation. A load copies the current
 * generation, changes the copy and publishes it by one release store; workers take
 * the pointer once a burst, inside an epoch section, and the old generation is freed
 * when no section can still see it.
 *
 * Each global is a stack of layers {owner, value, function}, the top one in force.
 * Layers belong to the node, so what a load does to them is journalled, for abandon.
 */
#include "generation.h"

#include <assert.h>
#include <ck_epoch.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "packet.h"
#include "table/table.h"
#include "wire/network.h"

#define GENERATIONS_MAX 3u
#define DRAIN_YIELDS    100u /* polls before a load sleeps because readers hold old generations, */
#define DRAIN_SLEEPS    250u /* and before it is refused: a millisecond each */

struct layer {
    struct vvm_vmlet *owner;
    vvm_value value;
    const struct vvm_function *function;
};

struct global {
    struct vvm_vmlet *owner; /* NULL: forgotten */
    vvm_value name;
    struct layer *layers;
    uint32_t layer_count;
};

struct change { /* how to take back one change of a layer stack */
    uint32_t global;
    bool pushed; /* else the top layer was replaced: `before` stood there */
    uint32_t at; /* which layer */
    struct layer before;
};

struct global_table {
    struct global *globals;
    uint32_t count, room;
    uint32_t *buckets; /* number + 1; open addressing */
    uint32_t bucket_room;
    struct change *journal;
    uint32_t journal_count, journal_room;
};

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
    uint64_t graces, grace_over; /* numbers of the newest wait for readers, and of the newest that ended */
    struct vvm_generation *retired[GENERATIONS_MAX]; /* alive yet, but not current */
};

/* ---- the table of globals ---------------------------------------------------- */

static uint32_t hash_global(const struct vvm_vmlet *owner, vvm_value name)
{
    uint64_t h = ((uint64_t)(uintptr_t)owner ^ name * 3) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32);
}

static uint32_t *find_bucket(struct global_table *t, const struct vvm_vmlet *owner, vvm_value name)
{
    uint32_t mask = t->bucket_room - 1;
    for (uint32_t i = hash_global(owner, name) & mask;; i = (i + 1) & mask) {
        if (!t->buckets[i]) return &t->buckets[i];
        const struct global *g = &t->globals[t->buckets[i] - 1];
        if (g->owner == owner && g->name == name) return &t->buckets[i];
    }
}

static int grow_buckets(struct global_table *t)
{
    uint32_t room = t->bucket_room ? t->bucket_room * 2 : 4096;
    uint32_t *buckets = calloc(room, sizeof *buckets);
    if (!buckets) return -ENOMEM;
    free(t->buckets);
    t->buckets = buckets;
    t->bucket_room = room;
    for (uint32_t i = 0; i < t->count; i++) *find_bucket(t, t->globals[i].owner, t->globals[i].name) = i + 1;
    return 0;
}

/* Make room for one more of an array; 0 or -ENOMEM. */
static int grow_array(void **array, uint32_t *room, uint32_t count, size_t size)
{
    if (count < *room) return 0;
    uint32_t more = *room ? *room * 2 : 64;
    void *p = realloc(*array, more * size);
    if (!p) return -ENOMEM;
    *array = p;
    *room = more;
    return 0;
}

/* Bindings for every global there is, new ones undefined. */
static int cover_globals(struct vvm_node *node, struct vvm_generation *g)
{
    uint32_t count = node->globals->count;
    if (g->binding_count >= count) return 0;
    uint32_t room = node->globals->room;
    struct binding *b = realloc(g->bindings, room * sizeof *b);
    if (!b) return -ENOMEM;
    g->bindings = b;
    for (uint32_t i = g->binding_count; i < room; i++) b[i] = (struct binding){.value = VALUE_UNDEFINED};
    g->binding_count = room;
    return 0;
}

uint32_t global_number(struct vvm_node *node, struct vvm_vmlet *owner, vvm_value name)
{
    struct global_table *t = node->globals;
    if (t->count >= t->bucket_room / 2 && grow_buckets(t)) return UINT32_MAX;
    uint32_t *bucket = find_bucket(t, owner, name);
    if (!*bucket) {
        if (grow_array((void **)&t->globals, &t->room, t->count, sizeof *t->globals)) return UINT32_MAX;
        t->globals[t->count] = (struct global){.owner = owner, .name = name};
        *bucket = ++t->count;
    }
    uint32_t number = *bucket - 1;
    assert(number < t->count && t->count < t->bucket_room); /* so every search ends */
    if (node->candidate && cover_globals(node, node->candidate)) return UINT32_MAX;
    return number;
}

vvm_value global_name(const struct vvm_node *node, uint32_t global)
{
    return global < node->globals->count ? node->globals->globals[global].name : VALUE_FALSE;
}

struct vvm_vmlet *global_owner(const struct vvm_node *node, uint32_t global)
{
    return global < node->globals->count ? node->globals->globals[global].owner : NULL;
}

void globals_forget(struct vvm_node *node, struct vvm_vmlet *owner)
{
    struct global_table *t = node->globals;
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->globals[i].owner != owner) continue;
        assert(t->globals[i].layer_count == 0);
        t->globals[i].owner = NULL; /* its number is not used again */
        t->globals[i].name = make_fixnum(i);
    }
    memset(t->buckets, 0, t->bucket_room * sizeof *t->buckets);
    for (uint32_t i = 0; i < t->count; i++) *find_bucket(t, t->globals[i].owner, t->globals[i].name) = i + 1;
}

/* ---- layers --------------------------------------------------------------------- */

/* Bind a global in a generation to what its top layer says. */
static void bind_top(struct vvm_generation *g, uint32_t number, const struct global *global)
{
    assert(number < g->binding_count);
    struct binding *b = &g->bindings[number];
    uint32_t flags = b->flags;
    *b = (struct binding){.value = VALUE_UNDEFINED, .flags = flags};
    if (!global->layer_count) return;
    const struct layer *top = &global->layers[global->layer_count - 1];
    b->value = top->value;
    b->function = top->function;
    b->signature = top->function ? top->function->signature : 0;
}

static int push_layer(struct global *global, struct layer layer)
{
    struct layer *layers = realloc(global->layers, (global->layer_count + 1) * sizeof *layers);
    if (!layers) return -ENOMEM;
    global->layers = layers;
    layers[global->layer_count++] = layer;
    return 0;
}

/* The owner's layer of the stack, or layer_count. */
static uint32_t layer_of(const struct global *global, const struct vvm_vmlet *owner)
{
    uint32_t i = 0;
    while (i < global->layer_count && global->layers[i].owner != owner) i++;
    return i;
}

int generation_define(struct vvm_node *node, uint32_t number, struct vvm_vmlet *owner, vvm_value value,
                      const struct vvm_function *function)
{
    struct global_table *t = node->globals;
    if (!node->candidate || context_in_test(&node->control)) return -EPERM;
    node->candidate->checked = false;
    if (number >= t->count || number >= node->candidate->binding_count) return -ENOENT;
    struct global *global = &t->globals[number];
    struct layer layer = {.owner = owner, .value = value, .function = function};
    uint32_t at = layer_of(global, owner);
    if (grow_array((void **)&t->journal, &t->journal_room, t->journal_count, sizeof *t->journal))
        return -ENOMEM;
    struct change *change = &t->journal[t->journal_count];
    *change = (struct change){.global = number, .at = at};
    if (at == global->layer_count) {
        if (push_layer(global, layer)) return -ENOMEM;
        change->pushed = true;
    } else {
        change->before = global->layers[at];
        global->layers[at] = layer;
    }
    t->journal_count++;
    bind_top(node->candidate, number, global);
    return 0;
}

static void take_back(struct global_table *t)
{
    while (t->journal_count) {
        const struct change *c = &t->journal[--t->journal_count];
        struct global *global = &t->globals[c->global];
        if (c->pushed) {
            assert(c->at == global->layer_count - 1);
            global->layer_count--;
        } else {
            global->layers[c->at] = c->before;
        }
    }
}

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

/* A copy of the current generation, or an empty one; *out. */
static int generation_copy(struct vvm_node *node, struct vvm_generation **out)
{
    const struct vvm_generation *from = node->current;
    struct vvm_generation *g = calloc(1, sizeof *g);
    struct retired *r = calloc(1, sizeof *r);
    int err = -ENOMEM;
    if (!g || !r) goto out;
    *r = (struct retired){.generation = g, .epoch = node->epoch};
    g->retire = r;
    g->number = from ? from->number + 1 : 0;
    g->checked = from && from->checked;
    err = cover_globals(node, g);
    if (!err && from && from->binding_count && g->bindings)
        memcpy(g->bindings, from->bindings,
               (from->binding_count < g->binding_count ? from->binding_count : g->binding_count) *
                   sizeof *g->bindings);
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
    if (node->candidate || !drain(node->epoch)) return -EBUSY;
    struct vvm_generation *g;
    int err = generation_copy(node, &g);
    if (err) return err;
    assert(node->globals->journal_count == 0);
    node->candidate = g;
    node->control.generation = g;
    node->control.fuel = node->options.load_fuel;
    return 0;
}

void generation_abandon(struct vvm_node *node)
{
    if (!node->candidate) return;
    take_back(node->globals);
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
    int err = wire_check(&node->control, node->candidate);
    node->candidate->checked = !err;
    return err;
}

static void note_retired(struct epoch *e, struct vvm_generation *g)
{
    unsigned i = 0;
    while (e->retired[i]) i++;
    assert(i < GENERATIONS_MAX); /* drain saw to it */
    e->retired[i] = g;
}

int generation_publish(struct vvm_node *node)
{
    struct vvm_generation *g = node->candidate, *old = node->current;
    if (!g) return -EINVAL;
    int err = generation_check(node);
    if (err) {
        generation_abandon(node);
        return err;
    }
    assert(node->candidate == g && g->number == old->number + 1); /* made of what it takes over from */
    mark_noted(node);
    table_publish(node);
    node->globals->journal_count = 0;
    node->candidate = NULL;
    node->epoch->alive++;
    __atomic_store_n(&node->current, g, __ATOMIC_RELEASE);
    node->control.generation = g;
    struct retired *r = old->retire;
    note_retired(node->epoch, old);
    ck_epoch_call(node->epoch->writer, &r->entry, reclaim);
    for (unsigned i = 0; i < 4; i++) ck_epoch_poll(node->epoch->writer);
    return 0;
}

unsigned generations_alive(const struct vvm_node *node) { return node->epoch->alive; }

/* ---- what a collector must know --------------------------------------------------------- */

typedef void (*visitor)(void *data, vvm_value v);

static void visit_bindings(const struct vvm_generation *g, visitor visit, void *data)
{
    for (uint32_t i = 0; g && i < g->binding_count; i++) visit(data, g->bindings[i].value);
}

void generations_visit(const struct vvm_node *node, visitor visit, void *data)
{
    const struct global_table *t = node->globals;
    visit_bindings(node->current, visit, data);
    visit_bindings(node->candidate, visit, data);
    for (unsigned i = 0; i < GENERATIONS_MAX; i++) visit_bindings(node->epoch->retired[i], visit, data);
    for (uint32_t i = 0; i < t->count; i++)
        for (uint32_t k = 0; k < t->globals[i].layer_count; k++) visit(data, t->globals[i].layers[k].value);
    for (uint32_t i = 0; i < t->journal_count; i++)
        if (!t->journal[i].pushed) visit(data, t->journal[i].before.value);
}

/* ---- beginning and end --------------------------------------------------------------- */

int generations_open(struct vvm_node *node)
{
    node->globals = calloc(1, sizeof *node->globals);
    node->epoch = aligned_alloc(64, (sizeof *node->epoch + 63) & ~(size_t)63);
    if (!node->epoch) return -ENOMEM;
    memset(node->epoch, 0, sizeof *node->epoch);
    ck_epoch_init(&node->epoch->epoch);
    if (!node->globals) return -ENOMEM;
    struct vvm_context writer = {.node = node};
    int err = epoch_join(&writer);
    if (err) return err;
    node->epoch->writer = writer.epoch;
    err = generation_copy(node, &node->current);
    if (!err) node->epoch->alive = 1;
    return err;
}

static void globals_close(struct global_table *t)
{
    if (!t) return;
    for (uint32_t i = 0; i < t->count; i++) free(t->globals[i].layers);
    free(t->globals);
    free(t->buckets);
    free(t->journal);
    free(t);
}

void generations_close(struct vvm_node *node)
{
    struct epoch *e = node->epoch;
    generation_abandon(node);
    if (e && e->writer) ck_epoch_barrier(e->writer);
    assert(!e || e->alive <= 1); /* the current one: no context holds an older one */
    generation_free(node->current);
    node->current = NULL;
    while (e && e->records) {
        struct record_list *item = e->records;
        e->records = item->next;
        free(item->record);
        free(item);
    }
    free(e);
    globals_close(node->globals);
    node->epoch = NULL;
    node->globals = NULL;
}
