/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.c - a function's code as a datum for an emitter; assemble.h says how it looks.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "assemble.h"

struct listing {
    struct expansion *x;
    const struct vvm_function *f;
    bool *targets; /* words that a branch goes to */
    vvm_value last;
    uint64_t position; /* of the instruction at hand */
};

/* ---- lists -------------------------------------------------------------------------------- */

static vvm_value add(struct listing *l, vvm_value v)
{
    vvm_value cell = expand_cons(l->x, v, VALUE_NULL, l->position);
    if (!is_null(l->last)) pair_of(l->last)->cdr = cell;
    return l->last = cell;
}

static vvm_value add_symbol(struct listing *l, const char *name) { return add(l, expand_intern(l->x, name)); }

static vvm_value two(struct listing *l, unsigned number, vvm_value what)
{
    return expand_list(l->x, 0, 2, (vvm_value[]){make_fixnum(number), what});
}

/* ---- operands ------------------------------------------------------------------------------- */

/* Constants live and die with their unit; a procedure may keep what it is shown. */
static vvm_value copy_of(struct listing *l, vvm_value v)
{
    struct vvm_context *ctx = l->x->ctx;
    if (is_pair(v)) {
        struct listing inner = {.x = l->x, .last = VALUE_NULL};
        vvm_value first = add(&inner, copy_of(l, car_of(v)));
        for (v = cdr_of(v); is_pair(v); v = cdr_of(v)) add(&inner, copy_of(l, car_of(v)));
        pair_of(inner.last)->cdr = copy_of(l, v);
        return first;
    }
    if (is_string(v)) {
        vvm_value copy = expand_check(l->x, make_string(ctx, object_length(v), ' '));
        memcpy(((struct string *)value_pointer(copy))->chars, ((struct string *)value_pointer(v))->chars,
               object_length(v) * sizeof(uint32_t));
        return copy;
    }
    if (has_type(v, TYPE_BYTES))
        return expand_check(l->x,
                            make_bytes_from(ctx, ((struct bytes *)value_pointer(v))->data, object_length(v)));
    if (has_type(v, TYPE_FLONUM))
        return expand_check(l->x, make_flonum(ctx, ((struct flonum *)value_pointer(v))->number));
    if (!has_type(v, TYPE_VECTOR)) return v;
    vvm_value copy = expand_check(l->x, make_vector(ctx, object_length(v), VALUE_FALSE));
    for (uint64_t i = 0; i < object_length(v); i++)
        ((struct vector *)value_pointer(copy))->items[i] =
            copy_of(l, ((struct vector *)value_pointer(v))->items[i]);
    return copy;
}

static vvm_value label(struct listing *l, int64_t word)
{
    char name[24];
    snprintf(name, sizeof name, "L%d", (int)word);
    return expand_intern(l->x, name);
}

static int64_t target_of(const struct vvm_function *f, uint32_t at)
{
    return (int64_t)at + instruction_words(f->code[at]) + word_imm(f->code[at]);
}

static vvm_value immediate(struct listing *l, const struct vvm_instruction *row, int32_t word)
{
    vvm_value v = (vvm_value)(int64_t)word;
    if (row->a.type != SLOT_ANY) return make_fixnum(word);
    return v == VALUE_UNDEFINED ? expand_intern(l->x, "undefined") : v;
}

static vvm_value name_or(vvm_value name) { return is_symbol(name) ? name : VALUE_FALSE; }

static vvm_value operand(struct listing *l, uint32_t at, enum operand_kind kind, unsigned field)
{
    const struct vvm_unit *u = l->f->unit;
    switch (kind) {
    case OPERAND_CONST: return two(l, field, copy_of(l, u->constants[field]));
    case OPERAND_IMM: return make_fixnum((int16_t)field);
    case OPERAND_IMM32:
        return immediate(l, &instruction_table[word_op(l->f->code[at])], word_imm32(l->f->code[at]));
    case OPERAND_TARGET: return label(l, target_of(l->f, at));
    case OPERAND_FN: return two(l, field, name_or(u->functions[field].name));
    case OPERAND_LINK: return two(l, field, name_or(u->links[field].name));
    case OPERAND_PRIM: return two(l, field, expand_intern(l->x, u->primitives[field]->name));
    case OPERAND_TYPE: return expand_intern(l->x, value_class_name((enum value_class)field));
    default: return make_fixnum(field);
    }
}

static void add_tail(struct listing *l, const struct vvm_instruction *row, const uint64_t *code)
{
    vvm_value slots = VALUE_NULL;
    switch ((enum tail_kind)row->tail) {
    case TAIL_NONE:
    case TAIL_COSTS: break;
    case TAIL_WORD:
        add(l, make_fixnum((int64_t)(code[1] >> 32)));
        add(l, make_fixnum((int64_t)(code[1] & UINT32_MAX)));
        break;
    case TAIL_SRCS:
    case TAIL_DSTS:
        for (unsigned i = word_c(code[0]); i--;)
            slots = expand_cons(l->x, make_fixnum(tail_slot(code + 1, i)), slots, 0);
        add(l, slots);
    }
}

/* ---- instructions --------------------------------------------------------------------------- */

static uint64_t line_of(const struct vvm_function *f, uint32_t word, uint32_t *entry)
{
    while (*entry < f->line_count && f->lines[*entry].word <= word) ++*entry;
    return *entry ? f->lines[*entry - 1].position : 0;
}

static vvm_value instruction(struct listing *outer, uint32_t at, uint64_t position)
{
    uint64_t w = outer->f->code[at];
    const struct vvm_instruction *row = &instruction_table[word_op(w)];
    const struct operand_format formats[3] = {row->a, row->b, row->c};
    const unsigned fields[3] = {word_a(w), word_b(w), word_c(w)};
    struct listing l = {.x = outer->x, .f = outer->f, .last = VALUE_NULL, .position = position};
    vvm_value first = add_symbol(&l, row->name);
    for (unsigned i = 0; i < 3; i++) {
        enum operand_kind kind = (enum operand_kind)formats[i].kind;
        if (kind != OPERAND_NONE && kind != OPERAND_COUNT) add(&l, operand(&l, at, kind, fields[i]));
    }
    add_tail(&l, row, outer->f->code + at);
    return first;
}

static void add_code(struct listing *l)
{
    const struct vvm_function *f = l->f;
    uint32_t entry = 0;
    for (uint32_t at = 0; at < f->words; at += instruction_words(f->code[at])) {
        if (l->targets[at]) add(l, label(l, at));
        add(l, instruction(l, at, line_of(f, at, &entry)));
    }
}

static void find_targets(struct listing *l)
{
    const struct vvm_function *f = l->f;
    l->targets = expand_allocate(l->x, f->words + 1);
    for (uint32_t at = 0; at < f->words; at += instruction_words(f->code[at])) {
        if (instruction_table[word_op(f->code[at])].c.kind != OPERAND_TARGET) continue;
        int64_t target = target_of(f, at);
        assert(target >= 0 && target < f->words);
        l->targets[target] = true;
    }
}

vvm_value listing_make(struct expansion *x, const struct vvm_function *f)
{
    struct listing l = {.x = x, .f = f, .last = VALUE_NULL, .position = f->position};
    vvm_value first = add_symbol(&l, "function"), slots = VALUE_NULL;
    find_targets(&l);
    for (unsigned i = f->slots; i--;)
        slots = expand_cons(x, expand_intern(x, slot_type_name((enum slot_type)f->slot_types[i])), slots, 0);
    add(&l, name_or(f->name));
    add(&l, slots);
    add(&l, make_fixnum(f->parameters));
    add_symbol(&l, slot_type_name((enum slot_type)f->result));
    add_code(&l);
    return first;
}
