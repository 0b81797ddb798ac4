/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect.c - takes back what nothing on the control heap refers to any more.
 *
 * Mark and sweep; nothing moves, and nothing that is alive is written to: marks stand
 * beside the chunks, so workers may read constants of packet code meanwhile.
 *
 * Roots are exact: registered roots, globals of all generations alive and their layers,
 * macros, headers of VMlets, handlers. Only the slots of frames are taken with a grain of salt:
 * one that its block has not set holds an old word. A word counts as a value if an object
 * begins where it points; at worst something dead stays a while longer.
 *
 * Words that lead out of the heap (symbols, constants of units) lead to data that refer to
 * nothing in the heap. A unit that was made by an entry of the REPL goes as well when
 * nothing leads to its functions and constants. So do, whole, a VMlet that was unloaded,
 * the objects of networks that no generation lists, and tables that were dropped.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "expand.h"
#include "generation.h"
#include "heap.h"
#include "interpret.h"
#include "table/table.h"
#include "vmlet.h"
#include "wire/network.h"

#define MARKS_ROOM 4096u /* of the mark stack at first */

/* One bit a word of the chunk. */
struct chunk_bits {
    uint64_t starts[CHUNK_WORDS / 64]; /* an object begins here */
    uint64_t marks[CHUNK_WORDS / 64];  /* and is alive */
};

/* Constants of a unit that may be freed. */
struct span {
    const uint8_t *from, *to;
    struct vvm_unit *unit;
};

struct collection {
    struct vvm_node *node;
    struct span *spans; /* sorted */
    size_t span_count, span_room;
    struct chunk **index; /* open addressing by address; a power of two */
    size_t index_room;
    struct object **stack; /* marked, and not yet looked into */
    size_t count, room;
    bool failed; /* no memory: nothing may be freed */
    struct wire_tracing tracing;
};

/* ---- objects ------------------------------------------------------------------------ */

size_t object_octets(uint64_t header)
{
    uint64_t n = header_length(header), octets;
    switch (header_type(header)) {
    case TYPE_PAIR: octets = sizeof(struct pair); break;
    case TYPE_STRING: octets = sizeof(struct string) + n * sizeof(uint32_t); break;
    case TYPE_BYTES:
    case TYPE_FOREIGN:
    case TYPE_FREE: octets = sizeof(struct object) + n; break;
    case TYPE_CLOSURE: octets = sizeof(struct closure) + n * sizeof(vvm_value); break;
    case TYPE_RECORD_TYPE: octets = sizeof(struct record_type) + n * sizeof(vvm_value); break;
    case TYPE_ERROR: octets = sizeof(struct error_object); break;
    case TYPE_FLONUM:
    case TYPE_PACKET:
    case TYPE_TABLE: octets = 2 * sizeof(uint64_t); break;
    case TYPE_SLICE:
    case TYPE_CURSOR: octets = sizeof(struct slice); break;
    default: octets = sizeof(struct object) + n * sizeof(vvm_value); break; /* length words */
    }
    return (octets + 7) & ~(size_t)7;
}
static_assert(sizeof(struct slice) == sizeof(struct cursor) && sizeof(struct flonum) == 16, "object_octets");
static_assert(sizeof(struct continuation) == 40, "its length is 4 words");

/* Where an object's values stand: `*first` and how many. */
static unsigned values_of(const struct object *o, const vvm_value **first)
{
    uint64_t n = header_length(o->header);
    *first = (const vvm_value *)(o + 1);
    switch (header_type(o->header)) {
    case TYPE_PAIR: return 2;
    case TYPE_VECTOR:
    case TYPE_BOX:
    case TYPE_CASES:
    case TYPE_PARAMETER:
    case TYPE_PROMISE:
    case TYPE_RECORD:
    case TYPE_HASH:
    case TYPE_PORT:
    case TYPE_ALIAS:
    case TYPE_ENVIRONMENT: return (unsigned)n;
    case TYPE_CLOSURE: *first = ((const struct closure *)o)->captured; return (unsigned)n;
    case TYPE_RECORD_TYPE: return (unsigned)n + 1;
    case TYPE_CONTINUATION: *first = &((const struct continuation *)o)->winders; return 1;
    case TYPE_ERROR: *first = &((const struct error_object *)o)->message; return 3;
    case TYPE_SLICE:
    case TYPE_CURSOR: return 1;
    default: return 0;
    }
}

/* ---- chunks ------------------------------------------------------------------------- */

static uint8_t *chunk_first(struct chunk *c) { return (uint8_t *)(c + 1); }

/* Large chunks hold one object. */
static uint8_t *chunk_end(struct chunk *c) { return (uint8_t *)c + CHUNK_OCTETS; }

static void set_bit(uint64_t *bits, const struct chunk *c, const void *at)
{
    size_t word = (size_t)((const uint8_t *)at - (const uint8_t *)c) / 8;
    bits[word / 64] |= UINT64_C(1) << word % 64;
}

static bool has_bit(const uint64_t *bits, const struct chunk *c, const void *at)
{
    size_t word = (size_t)((const uint8_t *)at - (const uint8_t *)c) / 8;
    return bits[word / 64] >> word % 64 & 1;
}

static void note_starts(struct chunk *c)
{
    for (uint8_t *at = chunk_first(c); at < chunk_end(c); at += object_octets(*(uint64_t *)at)) {
        if (header_type(*(uint64_t *)at) != TYPE_FREE) set_bit(c->bits->starts, c, at);
        if (c->region) return;
    }
}

static struct chunk **index_place(const struct collection *g, const struct chunk *c)
{
    size_t i = (size_t)(((uintptr_t)c / CHUNK_OCTETS) * UINT64_C(0x9e3779b97f4a7c15) >> 20);
    while (g->index[i & (g->index_room - 1)] && g->index[i & (g->index_room - 1)] != c) i++;
    return &g->index[i & (g->index_room - 1)];
}

/* Books beside the chunks; false: no memory. */
static bool open_books(struct collection *g)
{
    struct heap *heap = g->node->heap;
    size_t chunks = 0;
    for (struct chunk *c = heap->chunks; c; c = c->next) chunks++;
    for (g->index_room = 64; g->index_room < 2 * chunks;) g->index_room *= 2;
    g->index = calloc(g->index_room, sizeof *g->index);
    g->stack = malloc(MARKS_ROOM * sizeof *g->stack);
    g->room = MARKS_ROOM;
    if (!g->index || !g->stack) return false;
    for (struct chunk *c = heap->chunks; c; c = c->next) {
        c->bits = calloc(1, sizeof *c->bits);
        if (!c->bits) return false;
        note_starts(c);
        *index_place(g, c) = c;
    }
    return true;
}

/* ---- units that may be freed ---------------------------------------------------------- */

static bool add_span(struct collection *g, const struct constant_block *b, struct vvm_unit *unit)
{
    if (g->span_count == g->span_room) {
        size_t room = g->span_room ? 2 * g->span_room : 256;
        struct span *spans = realloc(g->spans, room * sizeof *spans);
        if (!spans) return false;
        g->spans = spans;
        g->span_room = room;
    }
    const uint8_t *from = (const uint8_t *)b->data;
    g->spans[g->span_count++] = (struct span){from, from + b->room, unit};
    return true;
}

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* Entries of the REPL, but for those of an open load. */
static bool may_go(const struct vvm_node *node, const struct vvm_unit *u)
{
    return u->transient && (u->noted || !node->candidate);
}

static bool add_unit_spans(struct collection *g, struct vvm_unit *u)
{
    for (const struct constant_block *b = u->blocks; b; b = b->next)
        if (!add_span(g, b, u)) return false;
    return true;
}

static bool open_spans(struct collection *g)
{
    for (struct vvm_vmlet *v = g->node->vmlets; v; v = v->next)
        for (struct vvm_unit *u = v->units; u; u = u->next)
            if (may_go(g->node, u) && !add_unit_spans(g, u)) return false;
    for (struct vvm_vmlet *v = g->node->leaving; v; v = v->next)
        for (struct vvm_unit *u = v->units; u; u = u->next)
            if (!add_unit_spans(g, u)) return false;
    if (g->span_count) qsort(g->spans, g->span_count, sizeof *g->spans, compare_spans);
    return true;
}

/* Data and code of a unit live as long as something leads to either. */
static void reach(const struct collection *g, struct vvm_unit *unit)
{
    unit->reached = g->tracing.number;
    if (unit->vmlet) unit->vmlet->reached = g->tracing.number;
}

static void reach_constant(const struct collection *g, const void *at)
{
    size_t low = 0, high = g->span_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct span *s = &g->spans[middle];
        if ((const uint8_t *)at < s->from) high = middle;
        else if ((const uint8_t *)at >= s->to) low = middle + 1;
        else return reach(g, s->unit);
    }
}

static void close_books(struct collection *g)
{
    free(g->spans);
    for (struct chunk *c = g->node->heap->chunks; c; c = c->next) {
        free(c->bits);
        c->bits = NULL;
    }
    free(g->index);
    free(g->stack);
}

/* ---- mark --------------------------------------------------------------------------- */

static void push(struct collection *g, struct object *o)
{
    if (g->count == g->room) {
        struct object **stack = realloc(g->stack, 2 * g->room * sizeof *stack);
        if (!stack) {
            g->failed = true;
            return;
        }
        g->stack = stack;
        g->room *= 2;
    }
    g->stack[g->count++] = o;
}

/* The tag of a word must fit what stands there: an old word may have any. */
static bool tag_fits(vvm_value v, uint64_t header)
{
    return is_pair(v) == (header_type(header) == TYPE_PAIR);
}

static void mark(void *data, vvm_value v)
{
    struct collection *g = data;
    if (!is_object(v) && !is_pair(v)) return;
    struct object *o = value_pointer(v);
    struct chunk *c = (struct chunk *)((uintptr_t)o & ~(uintptr_t)(CHUNK_OCTETS - 1));
    if (!c || *index_place(g, c) != c) return reach_constant(g, o);
    if (!has_bit(c->bits->starts, c, o) || !tag_fits(v, o->header)) return;
    if (has_bit(c->bits->marks, c, o)) return;
    set_bit(c->bits->marks, c, o);
    push(g, o);
}

/* Where a macro was defined: its names are looked up there for as long as somebody has them. */
static void reach_site(struct collection *g, const struct object *o)
{
    const struct site *s = (const struct site *)o;
    if (header_length(o->header) < sizeof *s - sizeof *o || s->kind != site_kind) return;
    struct vvm_environment *env = s->environment;
    if (!env->vmlet || env->visited == g->tracing.number) return;
    env->visited = g->tracing.number;
    env->vmlet->reached = g->tracing.number;
    environment_visit(env, mark, g);
}

/* What is no value: code, the objects of networks, and environments. */
static void trace_code(struct collection *g, const struct object *o)
{
    switch (header_type(o->header)) {
    case TYPE_CLOSURE: reach(g, ((const struct closure *)o)->function->unit); break;
    case TYPE_FOREIGN: reach_site(g, o); break;
    case TYPE_PROGRAM:
    case TYPE_NETWORK:
    case TYPE_SET:
    case TYPE_MEMBER: items_reach_handle(&g->tracing, ((const void *const *)(o + 1))[0]); break;
    default: break;
    }
}

static void trace(struct collection *g)
{
    while (g->count && !g->failed) {
        const vvm_value *first;
        const struct object *o = g->stack[--g->count];
        heap_owner_count(g->node->heap, o->header);
        unsigned n = values_of(o, &first);
        trace_code(g, o);
        for (unsigned i = 0; i < n; i++) mark(g, first[i]);
    }
}

static void mark_frames(struct collection *g, const struct vvm_context *ctx)
{
    for (uint32_t i = 0; i < ctx->frame_count; i++) {
        const struct frame *f = &ctx->frames[i];
        if (!is_stub(f->function)) reach(g, f->function->unit);
        if (f->closure) mark(g, object_value(f->closure));
        for (unsigned k = 0; k < f->function->slots; k++)
            if (f->function->slot_types[k] == SLOT_ANY) mark(g, f->slots[k]);
    }
    for (uint32_t i = 0; i < ctx->handler_count; i++) {
        mark(g, ctx->handlers[i].procedure);
        mark(g, ctx->handlers[i].winders);
    }
    mark(g, ctx->winders);
    mark(g, ctx->trace);
    mark(g, ctx->pending.value);
}

static void mark_vmlet(struct collection *g, const struct vvm_vmlet *v)
{
    if (v->replaces) mark_vmlet(g, v->replaces); /* the load may fail, and it stands there again */
    mark(g, v->header);
    environment_visit(v->environment, mark, g);
}

static void mark_vmlets(struct collection *g, const struct vvm_vmlet *first)
{
    for (const struct vvm_vmlet *v = first; v; v = v->next) mark_vmlet(g, v);
}

static void reach_generation(void *data, const struct vvm_generation *generation)
{
    items_reach_generation(&((struct collection *)data)->tracing, generation);
}

static void mark_roots(struct collection *g)
{
    struct vvm_node *node = g->node;
    for (const struct vvm_root *r = node->roots; r; r = r->next) mark(g, r->value);
    generations_visit(node, mark, g);
    generations_each(node, reach_generation, g);
    mark_vmlets(g, node->vmlets);
    for (const struct vvm_vmlet *v = node->beginning; v; v = v->outer) mark_vmlet(g, v);
    mark_frames(g, &node->control);
}

static bool is_marked(const void *data, vvm_value v)
{
    struct chunk *c = (struct chunk *)((uintptr_t)value_pointer(v) & ~(uintptr_t)(CHUNK_OCTETS - 1));
    assert(*index_place(data, c) == c);
    return has_bit(c->bits->marks, c, value_pointer(v));
}

/* ---- sweep -------------------------------------------------------------------------- */

/* Unused octets from `from` to `to`. */
static void add_run(struct heap *heap, uint8_t *from, uint8_t *to)
{
    if (heap->stress) memset(from, 0xa5, (size_t)(to - from)); /* no value looks like that */
    heap_add_run(heap, from, to);
}

static bool any_marked(const struct chunk *c)
{
    for (size_t i = 0; i < CHUNK_WORDS / 64; i++)
        if (c->bits->marks[i]) return true;
    return false;
}

static void sweep_chunk(struct heap *heap, struct chunk *c)
{
    uint8_t *run = chunk_first(c);
    for (uint8_t *at = run; at < chunk_end(c);) {
        uint8_t *next = at + object_octets(*(uint64_t *)at);
        if (has_bit(c->bits->marks, c, at)) {
            add_run(heap, run, at);
            run = next;
        }
        at = next;
    }
    add_run(heap, run, chunk_end(c));
}

static void sweep(struct heap *heap)
{
    struct chunk **at = &heap->chunks;
    heap->runs = NULL;
    while (*at) {
        struct chunk *c = *at;
        if (any_marked(c)) {
            if (!c->region) sweep_chunk(heap, c);
            at = &c->next;
            continue;
        }
        *at = c->next;
        free(c->bits);
        heap_drop_chunk(heap, c);
    }
}

/* Entries of the REPL that nothing leads to any more. Workers know functions
 * from the globals of generations alive only, and those were looked at. */
static void free_units(struct vvm_node *node, struct vvm_vmlet *vmlet)
{
    struct vvm_unit **at = &vmlet->units;
    while (*at) {
        struct vvm_unit *u = *at;
        if (!may_go(node, u) || u->reached == node->heap->collections) {
            at = &u->next;
            continue;
        }
        *at = u->next;
        unit_free(u);
    }
}

/* VMlets that were unloaded or refused and to whose code and objects nothing leads. What a
 * macro of theirs holds does not keep them: nobody finds it any more, unless a name that it
 * put into another's macro or inline function leads there (reach_site). */
static void free_vmlets(struct vvm_node *node, uint64_t number)
{
    struct vvm_vmlet **at = &node->leaving;
    if (node->candidate || node->loading) return; /* a load that goes on may look at them yet */
    while (*at) {
        struct vvm_vmlet *v = *at;
        if (v->reached == number) {
            at = &v->next;
            continue;
        }
        *at = v->next;
        globals_release(node, v);
        vmlet_free(v);
    }
}

/* In this order: items are gone before their owners, tables before their handles. */
static void free_unreached(struct collection *g)
{
    struct vvm_node *node = g->node;
    items_sweep(node, g->tracing.number);
    tables_sweep(node, is_marked, g);
    heap_owners_end(node->heap);
    sweep(node->heap);
    node->heap->reserve_open = false;
    node->heap->collections++;
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next) free_units(node, v);
    free_vmlets(node, g->tracing.number);
}

/* ---- when ------------------------------------------------------------------------------ */

void heap_collect(struct vvm_node *node)
{
    struct collection g = {.node = node};
    g.tracing = (struct wire_tracing){node, node->heap->collections + 1, mark, &g};
    assert(node->control.depth <= 1);
    heap_leave(&node->control);
    if (open_books(&g) && open_spans(&g)) {
        heap_owners_begin(node->heap);
        mark_roots(&g);
        trace(&g);
        if (!g.failed) free_unreached(&g);
    }
    close_books(&g);
    node->heap->owner_wants = false;
    heap_set_budget(node->heap);
}

void heap_collect_if_wanted(struct vvm_node *node)
{
    const struct heap *heap = node->heap;
    bool wanted = heap->fresh > heap->budget || heap->reserve_open || heap->owner_wants;
    if (node->control.depth == 0 && wanted) heap_collect(node);
}

bool collect_at_block(struct vvm_context *ctx)
{
    int64_t fuel = honest_fuel(ctx->fuel);
    if (ctx->packet_profile || fuel == ctx->fuel) return false;
    ctx->fuel = fuel;
    if (ctx->may_collect && ctx->depth == 1) heap_collect(ctx->node);
    return fuel >= 0;
}
