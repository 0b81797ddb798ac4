/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assemble.c - code from a datum: one walk finds the labels and how long each instruction is,
 * a second writes the words. What an operand means is for the verifier to judge; here it must
 * only fit its field and, if it numbers something of the unit, be there.
 */
#include "assemble.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX (2 * MAX_FUNCTION_WORDS)

struct label_at {
    vvm_value name;
    uint32_t word;
};

struct item {
    vvm_value datum;     /* a list: the instruction */
    uint16_t op, listed; /* slots in its list */
};

struct assembly {
    struct expansion *x;
    struct unit_builder *builder;
    uint64_t position; /* of the item at hand */
    struct item *items;
    struct label_at *labels;
    unsigned item_count, label_count;
    uint64_t *code;
    uint32_t words;
    struct line_entry *lines;
    uint32_t line_count;
    uint8_t *slot_types;
    unsigned slots;
};

_Noreturn static void refuse_item(struct assembly *a, const struct item *item, const char *what)
{
    syntax_error(a->x, a->position, VALUE_DEFAULT, "emitter: %s: %s", instruction_table[item->op].name, what);
}

/* ---- numbers and names ---------------------------------------------------------------------- */

static int64_t number(struct assembly *a, const struct item *item, vvm_value v, int64_t least, int64_t most)
{
    if (!is_fixnum(v) || fixnum_value(v) < least || fixnum_value(v) > most)
        refuse_item(a, item, "an operand is no number, or does not fit");
    return fixnum_value(v);
}

/* (NUMBER what) of a table of the unit */
static unsigned entry(struct assembly *a, const struct item *item, vvm_value v, uint32_t count)
{
    if (!is_pair(v)) refuse_item(a, item, "needs (NUMBER NAME)");
    return (unsigned)number(a, item, car_of(v), 0, (int64_t)count - 1);
}

static unsigned constant(struct assembly *a, const struct item *item, vvm_value v)
{
    const struct vvm_unit *u = a->builder->unit;
    if (!is_pair(v) || !is_symbol(car_of(v))) return entry(a, item, v, u->constant_count);
    if (list_parts(v) != 2 || strcmp(symbol_name(car_of(v)), "quote"))
        refuse_item(a, item, "needs (NUMBER VALUE) or (quote VALUE)");
    int64_t index = unit_add_constant(a->builder, nth_part(v, 1));
    if (index < 0 || index > UINT16_MAX) refuse_item(a, item, "only data can be quoted, and not too much");
    return (unsigned)index;
}

static int compare_labels(const void *p, const void *q)
{
    vvm_value a = ((const struct label_at *)p)->name, b = ((const struct label_at *)q)->name;
    return a < b ? -1 : a > b;
}

static unsigned offset(struct assembly *a, const struct item *item, vvm_value name, uint32_t after)
{
    struct label_at wanted = {.name = name};
    const struct label_at *l = bsearch(&wanted, a->labels, a->label_count, sizeof wanted, compare_labels);
    if (!l) refuse_item(a, item, "goes to a label that is not there");
    return (unsigned)((int32_t)l->word - (int32_t)after) & 0xffff;
}

static unsigned class_number(struct assembly *a, const struct item *item, vvm_value name)
{
    int class = is_symbol(name) ? value_class_named(symbol_name(name)) : -1;
    if (class < 0) refuse_item(a, item, "needs the name of a class");
    return (unsigned)class;
}

static int32_t immediate(struct assembly *a, const struct item *item, vvm_value v)
{
    if (instruction_table[item->op].a.type != SLOT_ANY)
        return (int32_t)number(a, item, v, INT32_MIN, INT32_MAX);
    if (is_symbol(v) && !strcmp(symbol_name(v), "undefined")) v = VALUE_UNDEFINED;
    if (is_object(v) || is_pair(v) || (int64_t)v < INT32_MIN || (int64_t)v > INT32_MAX)
        refuse_item(a, item, "the value is no immediate one, or too large");
    return (int32_t)(int64_t)v;
}

/* ---- words ------------------------------------------------------------------------------------- */

static void put(struct assembly *a, uint64_t word)
{
    assert(a->words < MAX_FUNCTION_WORDS);
    a->code[a->words++] = word;
}

static unsigned tail_words(enum tail_kind tail, unsigned listed)
{
    switch (tail) {
    case TAIL_NONE: return 0;
    case TAIL_COSTS:
    case TAIL_WORD: return 1;
    case TAIL_SRCS:
    case TAIL_DSTS: return (listed + 3) / 4;
    }
    return 0;
}

static unsigned field(struct assembly *a, const struct item *item, enum operand_kind kind, vvm_value v)
{
    const struct vvm_unit *u = a->builder->unit;
    const struct vvm_instruction *row = &instruction_table[item->op];
    switch (kind) {
    case OPERAND_CONST: return constant(a, item, v);
    case OPERAND_FN: return entry(a, item, v, u->function_count);
    case OPERAND_LINK: return entry(a, item, v, u->link_count);
    case OPERAND_PRIM: return entry(a, item, v, u->primitive_count);
    case OPERAND_IMM: return (unsigned)number(a, item, v, INT16_MIN, INT16_MAX) & 0xffff;
    case OPERAND_TARGET:
        return offset(a, item, v, a->words + 1 + tail_words((enum tail_kind)row->tail, item->listed));
    case OPERAND_TYPE: return class_number(a, item, v);
    default: return (unsigned)number(a, item, v, 0, UINT16_MAX);
    }
}

static void put_tail(struct assembly *a, const struct item *item, vvm_value rest)
{
    enum tail_kind tail = (enum tail_kind)instruction_table[item->op].tail;
    if (tail == TAIL_COSTS) put(a, 0);
    if (tail == TAIL_WORD) {
        uint64_t high = (uint64_t)number(a, item, nth_part(rest, 0), 0, UINT32_MAX);
        put(a, high << 32 | (uint64_t)number(a, item, nth_part(rest, 1), 0, UINT32_MAX));
    }
    if (tail != TAIL_SRCS && tail != TAIL_DSTS) return;
    vvm_value at = car_of(rest);
    uint64_t word = 0;
    for (unsigned i = 0; i < item->listed; i++, at = cdr_of(at)) {
        word |= (uint64_t)number(a, item, car_of(at), 0, UINT16_MAX) << 16 * (i % 4);
        if (i % 4 < 3 && i + 1 < item->listed) continue;
        put(a, word);
        word = 0;
    }
}

/* Operands that are written for a row, its list and its word included. */
static unsigned operands_of(const struct vvm_instruction *row)
{
    const struct operand_format formats[3] = {row->a, row->b, row->c};
    unsigned n = row->tail == TAIL_WORD ? 2 : row->tail == TAIL_SRCS || row->tail == TAIL_DSTS ? 1 : 0;
    for (unsigned i = 0; i < 3; i++) n += formats[i].kind != OPERAND_NONE && formats[i].kind != OPERAND_COUNT;
    return n;
}

static void put_instruction(struct assembly *a, const struct item *item)
{
    const struct vvm_instruction *row = &instruction_table[item->op];
    const struct operand_format formats[3] = {row->a, row->b, row->c};
    unsigned fields[3] = {0, 0, row->c.kind == OPERAND_COUNT ? item->listed : 0};
    vvm_value at = cdr_of(item->datum);
    for (unsigned i = 0; i < 3; i++) {
        enum operand_kind kind = (enum operand_kind)formats[i].kind;
        if (kind == OPERAND_NONE || kind == OPERAND_COUNT) continue;
        if (kind == OPERAND_IMM32) {
            uint32_t v = (uint32_t)immediate(a, item, car_of(at));
            fields[1] = v & 0xffff;
            fields[2] = v >> 16;
        } else {
            fields[i] = field(a, item, kind, car_of(at));
        }
        at = cdr_of(at);
    }
    put(a, make_word(item->op, fields[0], fields[1], fields[2]));
    put_tail(a, item, at);
}

static void note_line(struct assembly *a)
{
    if (!a->position || (a->line_count && a->lines[a->line_count - 1].position == a->position)) return;
    a->lines[a->line_count++] = (struct line_entry){a->words, a->position};
}

/* ---- the first walk -------------------------------------------------------------------------------- */

static unsigned opcode_named(struct assembly *a, vvm_value name)
{
    for (unsigned op = 0; is_symbol(name) && op < OP_LIMIT; op++)
        if (!strcmp(instruction_table[op].name, symbol_name(name))) return op;
    syntax_error(a->x, a->position, name, "emitter: no instruction has this name");
}

static void take_label(struct assembly *a, vvm_value name, uint32_t words)
{
    a->labels[a->label_count++] = (struct label_at){name, words};
}

static unsigned take_instruction(struct assembly *a, vvm_value datum)
{
    long parts = list_parts(datum);
    if (parts < 1)
        syntax_error(a->x, a->position, datum, "emitter: an item is a label or (NAME OPERAND ...)");
    struct item *item = &a->items[a->item_count++];
    *item = (struct item){.datum = datum, .op = (uint16_t)opcode_named(a, car_of(datum))};
    const struct vvm_instruction *row = &instruction_table[item->op];
    if ((unsigned)parts - 1 != operands_of(row)) refuse_item(a, item, "wrong number of operands");
    if (row->tail == TAIL_SRCS || row->tail == TAIL_DSTS) {
        long listed = list_parts(nth_part(datum, (unsigned)parts - 1));
        if (listed < 0 || listed > UINT16_MAX) refuse_item(a, item, "needs a list of slots last");
        item->listed = (uint16_t)listed;
    }
    return 1 + tail_words((enum tail_kind)row->tail, item->listed);
}

static void take_items(struct assembly *a, vvm_value items, uint64_t position)
{
    uint32_t words = 0;
    unsigned count = require_list(a->x, items, position, "emitter");
    if (count > ITEMS_MAX) syntax_error(a->x, position, VALUE_DEFAULT, "emitter: too many items");
    a->items = expand_allocate(a->x, (count + 1) * sizeof *a->items);
    a->labels = expand_allocate(a->x, (count + 1) * sizeof *a->labels);
    for (; is_pair(items); items = cdr_of(items)) {
        a->position = place_of(a->x, car_of(items), position);
        if (is_symbol(car_of(items))) take_label(a, car_of(items), words);
        else words += take_instruction(a, car_of(items));
        if (words > MAX_FUNCTION_WORDS)
            syntax_error(a->x, position, VALUE_DEFAULT, "emitter: more than %d words", MAX_FUNCTION_WORDS);
    }
    a->code = expand_allocate(a->x, (words + 1) * sizeof *a->code);
    a->lines = expand_allocate(a->x, (a->item_count + 1) * sizeof *a->lines);
    qsort(a->labels, a->label_count, sizeof *a->labels, compare_labels);
    for (unsigned i = 1; i < a->label_count; i++)
        if (a->labels[i].name == a->labels[i - 1].name)
            syntax_error(a->x, position, a->labels[i].name, "emitter: a label stands twice");
}

static void take_slots(struct assembly *a, vvm_value types, uint64_t position)
{
    unsigned count = require_list(a->x, types, position, "emitter");
    if (count > MAX_SLOTS) syntax_error(a->x, position, VALUE_DEFAULT, "emitter: too many slots");
    a->slot_types = expand_allocate(a->x, count + 1);
    for (; is_pair(types); types = cdr_of(types)) {
        int type = is_symbol(car_of(types)) ? slot_type_named(symbol_name(car_of(types))) : -1;
        if (type < 0) syntax_error(a->x, position, car_of(types), "emitter: a slot has no such type");
        a->slot_types[a->slots++] = (uint8_t)type;
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------
 */

static void *owned(const void *from, size_t octets)
{
    void *copy = malloc(octets ? octets : 1);
    if (copy && octets) memcpy(copy, from, octets);
    return copy;
}

static void store(struct assembly *a, struct vvm_function *f)
{
    uint64_t *code = owned(a->code, a->words * sizeof *code);
    uint8_t *types = owned(a->slot_types, a->slots);
    struct line_entry *lines = owned(a->lines, a->line_count * sizeof *lines);
    if (!code || !types || !lines) {
        free(code);
        free(types);
        free(lines);
        raise_error(a->x->ctx, ERROR_HEAP, VALUE_DEFAULT);
        expand_escape(a->x);
    }
    free((void *)f->code);
    free((void *)f->slot_types);
    free((void *)f->lines);
    f->code = code;
    f->words = a->words;
    f->slot_types = types;
    f->slots = (uint16_t)a->slots;
    f->lines = lines;
    f->line_count = a->line_count;
}

void assemble(struct expansion *x, vvm_value datum, struct unit_builder *builder, uint32_t function)
{
    struct assembly a = {.x = x, .builder = builder};
    uint64_t position = builder->unit->functions[function].position;
    vvm_value word = expand_intern(x, "function");
    assert(!builder->unit->verified);
    if (list_parts(datum) < 5 || car_of(datum) != word)
        syntax_error(x, position, VALUE_DEFAULT,
                     "emitter: the answer is no (function NAME SLOTS PARAMETERS RESULT ITEM ...)");
    take_slots(&a, nth_part(datum, 2), position);
    take_items(&a, nth_cell(datum, 5), position);
    for (unsigned i = 0; i < a.item_count; i++) {
        a.position = place_of(x, a.items[i].datum, 0);
        note_line(&a);
        put_instruction(&a, &a.items[i]);
    }
    store(&a, &builder->unit->functions[function]);
}
