/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_translate.c - a verified wire program becomes a unit of engine code. The layout
 * of the memory: unit, functions, code words, constants, octet strings.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "wire_verify.h"

static const uint8_t tagged_slots[MAX_SLOTS]; /* SLOT_ANY is 0 */

static_assert(SLOT_ANY == 0, "slots of zeros are tagged slots");

struct translation {
    struct wire_verifier *v;
    struct vvm_unit *unit;
    uint64_t *code;
    uint8_t *strings;
};

size_t wire_unit_size(const struct wire_verifier *v)
{
    return sizeof(struct vvm_unit) + v->function_count * sizeof(struct vvm_function) +
           (v->word_count + v->constant_count) * sizeof(uint64_t) + v->bytes_room;
}

static vvm_value put_string(struct translation *t, uint32_t from, uint32_t length)
{
    struct bytes *b = (struct bytes *)t->strings;
    b->header = make_header(TYPE_BYTES, length) | (uint64_t)FLAG_FROZEN << 8;
    memcpy(b->data, t->v->octets + from, length);
    t->strings += sizeof *b + (length + 7) / 8 * 8;
    return object_value(b);
}

static uint64_t operand_word(struct translation *t, const struct wire_function *f, unsigned kind,
                             uint64_t operand)
{
    switch (kind) {
    case WIRE_BYTES:
    case WIRE_COUNTED_U8:
    case WIRE_COUNTED_U16: return put_string(t, (uint32_t)operand, (uint32_t)(operand >> 32));
    case WIRE_LABEL:
        if (operand == UINT64_MAX) return 0; /* a label that no exit uses */
        if (operand == (uint64_t)f->code_at + f->code_length) return f->epilogue;
        return t->v->work->places[operand].word;
    default: return operand;
    }
}

static void put_invoke(struct translation *t, const struct wire_function *f, const struct wire_decoded *d)
{
    const struct body_shape *shape = &d->row->shape;
    uint32_t first = t->unit->constant_count;
    for (unsigned i = 0; i < shape->operand_count; i++)
        t->unit->constants[t->unit->constant_count++] = operand_word(t, f, shape->operands[i].kind,
                                                                     d->operands[i]);
    unsigned top = f->locals + (unsigned)t->v->work->places[d->at].depth;
    *t->code++ = make_word(OP_INVOKE, top, d->row->opcode, first);
}

static void put_code(struct translation *t, const struct wire_function *f)
{
    for (uint32_t i = 0; i < f->prologue; i++)
        *t->code++ = make_word_imm32(OP_IMMEDIATE, f->arity + i, (int32_t)VALUE_UNSPECIFIED);
    for (uint32_t at = f->code_at; at < f->code_at + f->code_length; at++) {
        struct wire_decoded d;
        if (t->v->work->places[at].depth < 0) continue;
        int err = wire_decode(t->v, f, at, &d);
        assert(!err && d.row);
        if (!err) put_invoke(t, f, &d);
    }
    if (f->epilogue == UINT32_MAX) return;
    *t->code++ = make_word_imm32(OP_IMMEDIATE, f->locals, (int32_t)VALUE_UNSPECIFIED);
    *t->code++ = make_word(OP_WIRE_RETURN, f->locals, 0, 0);
}

static void put_function(struct translation *t, uint32_t index)
{
    const struct wire_function *f = &t->v->work->functions[index];
    struct vvm_function *out = &t->unit->functions[index];
    *out = (struct vvm_function){
        .code = t->code,
        .words = f->words,
        .parameters = (uint16_t)f->arity,
        .slots = (uint16_t)(f->locals + f->depth + 1), /* one more: the value of a run-off end */
        .handlers = f->handlers,
        .flags = FUNCTION_WIRE,
        .result = SLOT_ANY,
        .entry_cost = f->prologue + (f->epilogue == UINT32_MAX ? 0 : 2),
        .index = index,
        .slot_types = tagged_slots,
        .name = VALUE_FALSE,
        .unit = t->unit,
    };
    if (f->code_length || t->v->form->flat) put_code(t, f);
    else out->words = 0;
    assert(t->code == out->code + out->words); /* labels were numbered for this many */
}

struct vvm_unit *wire_translate(struct wire_verifier *v, void *memory)
{
    struct vvm_unit *unit = memory;
    assert((uintptr_t)memory % _Alignof(struct vvm_unit) == 0 && v->function_count <= PROGRAM_FUNCTIONS_MAX);
    struct vvm_function *functions = (struct vvm_function *)(unit + 1);
    uint64_t *code = (uint64_t *)(functions + v->function_count);
    struct translation t = {v, unit, code, (uint8_t *)(code + v->word_count + v->constant_count)};
    *unit = (struct vvm_unit){
        .vmlet = v->network->item.owner,
        .functions = functions,
        .function_count = v->function_count,
        .constants = code + v->word_count,
        .constant_count = 1,
        .rows = (const struct wire_instruction **)v->network->opcodes,
        .row_count = 256,
        .depth = v->form->depth,
        .verified = true,
    };
    unit->constants[0] = put_string(&t, 0, v->length);
    for (uint32_t i = 0; i < v->function_count; i++) put_function(&t, i);
    assert(unit->constant_count == v->constant_count);
    assert((size_t)(t.strings - (uint8_t *)memory) == wire_unit_size(v));
    return unit;
}

/* ---- what the machine asks ---------------------------------------------------------------- */

vvm_value program_octets(const struct vvm_function *f)
{
    assert(f->flags & FUNCTION_WIRE);
    return f->unit->constants[0];
}

unsigned wire_items(const struct vvm_function *f, uint64_t w)
{
    const struct body_shape *shape = &f->unit->rows[word_b(w)]->shape;
    const uint64_t *operands = &f->unit->constants[word_c(w)];
    if (shape->items == 0) return 0;
    if (shape->items & 0x80) return f->unit->functions[operands[shape->items & 0x7f]].parameters;
    return (unsigned)operands[shape->items - 1];
}

unsigned wire_base(const struct vvm_function *f, uint64_t w)
{
    assert(f->flags & FUNCTION_WIRE && word_op(w) == OP_INVOKE);
    return word_a(w) - f->unit->rows[word_b(w)]->shape.take_count - wire_items(f, w);
}
