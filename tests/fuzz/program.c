/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c - wire programs made of rows. A sketch of the stack (how many values, how
 * many handlers are open) goes along, so that most instructions find what they take and
 * most labels lead where the stack is alike; now and then a choice goes astray on
 * purpose.
 */
#include "program.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCTIONS_MAX = 4, INSTRUCTIONS_MAX = 24, LABELS_MAX = 64, ASTRAY = 24 };

/* ---- octets --------------------------------------------------------------------------- */

void add_octet(struct octets *o, unsigned octet)
{
    if (o->count < OCTETS_ROOM) o->at[o->count++] = (uint8_t)octet;
}

void add_number(struct octets *o, uint64_t n, unsigned octets)
{
    while (octets-- > 0) add_octet(o, (unsigned)(n >> 8 * octets));
}

void add_octets(struct octets *o, const void *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) add_octet(o, ((const uint8_t *)from)[i]);
}

void set_number(struct octets *o, uint32_t at, uint64_t n, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++)
        if (at + i < o->count) o->at[at + i] = (uint8_t)(n >> 8 * (octets - 1 - i));
}

/* ---- a function on its way --------------------------------------------------------------- */

struct label {
    uint32_t at;            /* where its octets stand */
    uint32_t after;         /* from where its distance counts */
    unsigned depth, height; /* where it should lead */
};

struct place {
    uint32_t at;
    unsigned depth, height;
};

struct sketch {
    struct octets *o;
    struct choices *c;
    const struct network *network;
    const struct wire_program *form;
    const struct wire_instruction *rows[256];
    unsigned row_count;
    unsigned functions, arity[FUNCTIONS_MAX], locals[FUNCTIONS_MAX];
    /* of the function that is being written */
    unsigned index, depth, height;
    uint8_t floors[64]; /* of the open handlers: the depth at which each began */
    struct place places[INSTRUCTIONS_MAX + 8];
    unsigned place_count;
    struct label labels[LABELS_MAX];
    unsigned label_count;
};

static bool goes_astray(struct sketch *s) { return choose(s->c, ASTRAY) == ASTRAY - 1; }

/* The depth under which the newest of so many open handlers lets nobody take. */
static unsigned floor_under(const struct sketch *s, unsigned handlers)
{
    return handlers && handlers <= sizeof s->floors ? s->floors[handlers - 1] : 0;
}

static unsigned function_octets(const struct sketch *s) { return s->form->flat ? 1 : s->form->count_octets; }

static const struct wire_exit *exit_of(const struct wire_instruction *w, enum wire_exit_kind kind)
{
    for (unsigned i = 0; i < w->exit_count; i++)
        if (w->exits[i].kind == kind) return &w->exits[i];
    return NULL;
}

/* ---- operands ------------------------------------------------------------------------------- */

/* A function that may be called here: as many arguments as asked for, or as there are. */
static unsigned choose_function(struct sketch *s, const struct wire_operand *operand, unsigned room)
{
    unsigned from = choose(s->c, s->functions);
    if (goes_astray(s)) return choose_octet(s->c);
    for (unsigned i = 0; i < s->functions; i++) {
        unsigned f = (from + i) % s->functions;
        if (operand->arity == 0xff ? s->arity[f] <= room : s->arity[f] == operand->arity) return f;
    }
    return from;
}

static void note_label(struct sketch *s, unsigned depth, unsigned height)
{
    if (s->label_count < LABELS_MAX)
        s->labels[s->label_count++] = (struct label){s->o->count, 0, depth, height};
    add_number(s->o, 0, s->form->label_octets);
}

static void put_counted(struct sketch *s, unsigned length_octets)
{
    unsigned n = choose(s->c, 4);
    add_number(s->o, n, length_octets);
    while (n-- > 0) add_octet(s->o, 'a' + choose(s->c, 4));
}

/* Mostly small, so that loops end and indices fit. */
static void put_integer(struct sketch *s, unsigned octets)
{
    uint64_t n = choose(s->c, 4);
    if (n == 3)
        for (unsigned i = 0; i < octets; i++) n = n << 8 | choose_octet(s->c);
    add_number(s->o, n, octets);
}

static unsigned raw_octets(unsigned kind)
{
    return 1u << (kind <= WIRE_U64 ? kind - WIRE_U8 : kind - WIRE_S8);
}

/* Where control goes by label operand i: how deep the stack is there. */
static void put_label(struct sketch *s, const struct wire_instruction *w, unsigned i, unsigned base)
{
    for (unsigned k = 0; k < w->exit_count; k++) {
        const struct wire_exit *e = &w->exits[k];
        unsigned height = s->height + (unsigned)e->handlers;
        if (e->kind == WIRE_EXIT_GOTO && e->operand == i) return note_label(s, base + e->pushes, height);
        if (e->kind == WIRE_EXIT_HANDLER && e->operand == i) return note_label(s, base + 1, height);
        if (e->kind == WIRE_EXIT_CALL && e->then == WIRE_THEN_LABEL + i)
            return note_label(s, base + e->pushes + 1, height);
    }
    note_label(s, base, s->height);
}

/* Values that the instruction may take as items: an open handler's base bounds them. */
static unsigned free_values(const struct sketch *s, const struct wire_instruction *w)
{
    unsigned kept = w->shape.take_count + floor_under(s, s->height);
    return kept < s->depth ? s->depth - kept : 0;
}

/* Writes operand i; returns how many items it makes the instruction take. */
static unsigned put_operand(struct sketch *s, const struct wire_instruction *w, unsigned i, unsigned items)
{
    const struct wire_operand *operand = &w->shape.operands[i];
    unsigned room = free_values(s, w), n = 0;
    switch (operand->kind) {
    case WIRE_COUNT:
        n = goes_astray(s) ? choose_octet(s->c) : choose(s->c, room + 1);
        add_octet(s->o, n);
        return w->shape.items == 1 + i ? n : items;
    case WIRE_FUNCTION:
        n = choose_function(s, operand, room);
        add_number(s->o, n, function_octets(s));
        return w->shape.items == 0x80 + i && n < s->functions ? s->arity[n] : items;
    case WIRE_LOCAL:
        add_octet(s->o, goes_astray(s) ? choose_octet(s->c) : choose(s->c, s->locals[s->index]));
        return items;
    case WIRE_LABEL: put_label(s, w, i, room - (items < room ? items : room)); return items;
    case WIRE_COUNTED_U8: put_counted(s, 1); return items;
    case WIRE_COUNTED_U16: put_counted(s, 2); return items;
    case WIRE_BYTES:
        for (n = operand->size; n > 0; n--) add_octet(s->o, choose_octet(s->c));
        return items;
    default: put_integer(s, raw_octets(operand->kind)); return items;
    }
}

/* ---- instructions ---------------------------------------------------------------------------- */

static void put_instruction(struct sketch *s, const struct wire_instruction *w)
{
    unsigned items = 0, first = s->label_count;
    if (s->place_count == sizeof s->places / sizeof *s->places) return;
    s->places[s->place_count++] = (struct place){s->o->count, s->depth, s->height};
    add_octet(s->o, w->opcode);
    for (unsigned i = 0; i < w->shape.operand_count; i++) items = put_operand(s, w, i, items);
    for (unsigned i = first; i < s->label_count; i++) s->labels[i].after = s->o->count;
    unsigned takes = w->shape.take_count + items;
    const struct wire_exit *next = exit_of(w, WIRE_EXIT_NEXT), *call = exit_of(w, WIRE_EXIT_CALL);
    s->depth -= takes < s->depth ? takes : s->depth;
    if (next && next->handlers > 0 && s->height < sizeof s->floors) s->floors[s->height] = (uint8_t)s->depth;
    if (next) s->height = (unsigned)(next->handlers < -(int)s->height ? 0 : (int)s->height + next->handlers);
    if (next) s->depth += next->pushes;
    else if (call) s->depth += call->pushes + 1u;
}

static bool fits(const struct sketch *s, const struct wire_instruction *w)
{
    const struct wire_exit *next = exit_of(w, WIRE_EXIT_NEXT);
    unsigned below = next && next->lowest < 0 ? (unsigned)-next->lowest : 0;
    if (w->shape.take_count > s->depth || w->handlers_below > s->height) return false;
    if (s->height > below && s->depth - w->shape.take_count < floor_under(s, s->height - below)) return false;
    if (exit_of(w, WIRE_EXIT_RETURN) && s->height) return false;
    return !next || s->depth - w->shape.take_count + next->pushes <= s->form->stack;
}

static void put_any_instruction(struct sketch *s)
{
    unsigned from = choose(s->c, s->row_count);
    if (goes_astray(s) || !s->row_count) {
        if (s->row_count && choose(s->c, 4)) put_instruction(s, s->rows[from]);
        else add_octet(s->o, choose_octet(s->c));
        return;
    }
    for (unsigned i = 0; i < s->row_count; i++) {
        const struct wire_instruction *w = s->rows[(from + i) % s->row_count];
        if (!fits(s, w)) continue;
        put_instruction(s, w);
        return;
    }
}

/* The first row that does what is wanted of an end: close a handler, push, return. */
static void put_wanted(struct sketch *s,
                       bool (*wanted)(const struct sketch *, const struct wire_instruction *))
{
    for (unsigned i = 0; i < s->row_count; i++) {
        if (!wanted(s, s->rows[i])) continue;
        put_instruction(s, s->rows[i]);
        return;
    }
}

static bool closes_handler(const struct sketch *s, const struct wire_instruction *w)
{
    const struct wire_exit *next = exit_of(w, WIRE_EXIT_NEXT);
    return next && next->handlers < 0 && fits(s, w);
}

static bool pushes(const struct sketch *s, const struct wire_instruction *w)
{
    const struct wire_exit *next = exit_of(w, WIRE_EXIT_NEXT);
    return next && next->pushes == 1 && w->shape.take_count == 0 && w->shape.items == 0;
}

static bool returns(const struct sketch *s, const struct wire_instruction *w)
{
    return exit_of(w, WIRE_EXIT_RETURN) && w->shape.take_count <= s->depth;
}

/* Astray: without an end, or with handlers open. */
static void put_end(struct sketch *s)
{
    bool astray = goes_astray(s);
    if (astray && choose(s->c, 2)) return;
    for (unsigned i = 0; s->height && i < 4 && !astray; i++) put_wanted(s, closes_handler);
    if (s->form->flat) return;
    if (s->depth == 0) put_wanted(s, pushes);
    put_wanted(s, returns);
}

/* Each label leads to a place where the stack is as it wants, if there is one. Astray: to
 * one where only the values are so many, to any, or between two instructions. */
static void set_labels(struct sketch *s)
{
    struct place end = {s->o->count, s->depth, s->height};
    for (unsigned i = 0; i < s->label_count; i++) {
        const struct label *l = &s->labels[i];
        unsigned from = choose(s->c, s->place_count + 1), astray = goes_astray(s) ? 1 + choose(s->c, 3) : 0;
        struct place to = from < s->place_count ? s->places[from] : end;
        for (unsigned k = 0; k < s->place_count && astray < 2; k++) {
            if (to.depth == l->depth && (to.height == l->height) != (astray == 1)) break;
            to = s->places[(from + k) % s->place_count];
        }
        set_number(s->o, l->at, to.at - l->after + (astray == 3), s->form->label_octets);
    }
}

static void put_code(struct sketch *s)
{
    unsigned count = choose(s->c, INSTRUCTIONS_MAX);
    s->depth = s->height = s->place_count = s->label_count = 0;
    for (unsigned i = 0; i < count; i++) put_any_instruction(s);
    put_end(s);
    set_labels(s);
}

/* ---- programs -------------------------------------------------------------------------------- */

static void put_field(struct sketch *s, const struct slot_field *field)
{
    uint32_t at = s->o->count;
    bool counted = field->form == SLOT_COUNTED;
    switch ((enum slot_role)field->role) {
    case SLOT_ARITY: add_number(s->o, s->arity[s->index], field->size); return;
    case SLOT_LOCALS: add_number(s->o, s->locals[s->index], field->size); return;
    case SLOT_NAME:
        if (counted) add_number(s->o, 1, field->size);
        add_octet(s->o, 'a' + s->index);
        return;
    case SLOT_CODE:
        if (counted) add_number(s->o, 0, field->size);
        put_code(s);
        if (counted) set_number(s->o, at, s->o->count - at - field->size, field->size);
        return;
    case SLOT_SKIP: add_number(s->o, 0, field->size); return;
    }
}

static void choose_functions(struct sketch *s)
{
    s->functions = s->form->flat ? 1 : 1 + choose(s->c, FUNCTIONS_MAX);
    for (unsigned i = 0; i < s->functions; i++) {
        s->arity[i] = i ? choose(s->c, 3) : 0;
        s->locals[i] = s->form->flat    ? 0
                       : goes_astray(s) ? choose(s->c, 3)
                                        : s->arity[i] + 1 + choose(s->c, 3);
    }
}

void put_program(struct octets *o, struct choices *c, const struct network *network)
{
    struct sketch s = {.o = o, .c = c, .network = network, .form = network->program};
    for (unsigned i = 0; i < 256; i++)
        if (network->opcodes[i]) s.rows[s.row_count++] = network->opcodes[i];
    choose_functions(&s);
    if (s.form->flat) {
        put_code(&s);
        return;
    }
    add_number(o, s.functions, s.form->count_octets);
    for (s.index = 0; s.index < s.functions; s.index++)
        for (unsigned i = 0; i < s.form->field_count; i++) put_field(&s, &s.form->fields[i]);
}

/* ---- packets ------------------------------------------------------------------------------------- */

/* version, hops, reserved, destination: here, on a route, nowhere; a program */
void put_hop(struct octets *o, struct choices *c, const struct network *hop)
{
    static const uint32_t destinations[] = {0xc0000202, 0xc6336407, 0xcb007109};
    add_octet(o, 1);
    add_octet(o, choose_octet(c));
    add_number(o, 0, 2);
    add_number(o, destinations[choose(c, 3)], 4);
    put_program(o, c, hop);
}

/* version, reply port, entry, counted program; the rest is a program to run inside */
void put_fold(struct octets *o, struct choices *c, const struct network *fold)
{
    static const uint8_t header[] = {3, 5, 1, 'a', 0, 0};
    add_octets(o, header, sizeof header);
    uint32_t from = o->count;
    put_program(o, c, fold);
    set_number(o, from - 2, o->count - from, 2);
    put_program(o, c, fold);
}

/* ---- contexts ------------------------------------------------------------------------------------ */

const struct network *network_called(const struct vvm_node *node, const char *name)
{
    for (uint32_t i = 0; i < node->current->network_count; i++)
        if (!strcmp(network_name(node->current->networks[i]), name)) return node->current->networks[i];
    abort();
}

void close_arena(struct vvm_context *ctx, const struct network *const *networks, unsigned count)
{
    uint32_t window = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t own = networks[i]->limits.arena + networks[i]->limits.reserve_arena;
        if (own > window) window = own;
    }
    ASAN_UNPOISON_MEMORY_REGION(ctx->arena, window);
    ASAN_POISON_MEMORY_REGION(ctx->arena + window, (size_t)(ctx->arena_end - ctx->arena) - window);
}

void check_rest(const struct vvm_context *ctx)
{
    PROMISE(ctx->frame_count == 0 && ctx->handler_count == 0 && ctx->depth == 0);
    PROMISE(ctx->free == ctx->arena && !ctx->network && !ctx->packet);
    PROMISE(ctx->pending.kind == PENDING_NONE && ctx->winders == VALUE_NULL);
    PROMISE(ledger_balance(ctx->node) == 0);
}
