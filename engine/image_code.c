/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_code.c - functions in images: header, shape, code, line table.
 *
 * How an instruction is written follows from its row alone: the opcode in two half
 * octets (255 and more: escape), then each operand that the row has. Costs and the
 * padding of lists are not stored. Only code that the verifier could accept has a
 * form here: unused operands that are not zero are an error of the encoder.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

enum function_bit {
    BIT_REST = 1,
    BIT_BODY = 2,
    BIT_NAME = 4,
    BIT_CAPTURED = 8,
    BIT_TYPED = 16,
    BIT_INLINE = 32,
    BITS = 63
};
enum { OPCODE_ESCAPE = 255 };

/* ---- operands that are not plain numbers ------------------------------------------------ */

/* A tagged immediate: fixnums have the even numbers, the rest the odd ones. */
static bool pack_tagged(int32_t immediate, uint64_t *packed)
{
    vvm_value v = (vvm_value)(int64_t)immediate;
    *packed = is_fixnum(v) ? zigzag(fixnum_value(v)) << 1 : (uint64_t)(uint32_t)immediate >> 3 << 1 | 1;
    return is_fixnum(v) || (value_tag(v) == TAG_IMMEDIATE && immediate >= 0);
}

static int64_t unpack_tagged(uint64_t packed)
{
    if (packed & 1)
        return packed >> 1 <= INT32_MAX >> 3 ? (int64_t)(packed >> 1) << 3 | TAG_IMMEDIATE : INT64_MAX;
    int64_t n = unzigzag(packed >> 1);
    return n >= INT32_MIN / 8 && n <= INT32_MAX / 8 ? n * 8 : INT64_MAX;
}

static bool is_signed_operand(enum operand_kind kind)
{
    return kind == OPERAND_IMM || kind == OPERAND_TARGET;
}

/* ---- encoding --------------------------------------------------------------------------- */

static void encode_operand(struct image_encoder *e, struct operand_format o, unsigned field)
{
    if (o.kind == OPERAND_NONE) {
        if (field) e->error = -EINVAL;
    } else if (is_signed_operand(o.kind)) {
        put_halves(&e->out, zigzag((int16_t)field));
    } else {
        put_halves(&e->out, field);
    }
}

static void encode_immediate32(struct image_encoder *e, const struct vvm_instruction *row, uint64_t w)
{
    uint64_t packed = zigzag(word_imm32(w));
    if (row->a.type == SLOT_ANY && !pack_tagged(word_imm32(w), &packed)) e->error = -EINVAL;
    put_halves(&e->out, packed);
}

static void encode_tail(struct image_encoder *e, const struct vvm_instruction *row, const uint64_t *at)
{
    switch ((enum tail_kind)row->tail) {
    case TAIL_NONE:
    case TAIL_COSTS: break;
    case TAIL_WORD: put_halves(&e->out, at[1]); break;
    case TAIL_SRCS:
    case TAIL_DSTS:
        for (unsigned i = 0; i < word_c(*at); i++) put_halves(&e->out, tail_slot(at + 1, i));
        for (unsigned i = word_c(*at); i < (instruction_words(*at) - 1) * 4; i++)
            if (tail_slot(at + 1, i)) e->error = -EINVAL;
    }
}

static void encode_instruction(struct image_encoder *e, const uint64_t *at)
{
    uint64_t w = *at;
    unsigned op = word_op(w), first = op < OPCODE_ESCAPE ? op : OPCODE_ESCAPE;
    const struct vvm_instruction *row = &instruction_table[op];
    put_half(&e->out, first & 15);
    put_half(&e->out, first >> 4);
    if (first == OPCODE_ESCAPE) put_halves(&e->out, op - OPCODE_ESCAPE);
    encode_operand(e, row->a, word_a(w));
    if (row->b.kind == OPERAND_IMM32) {
        encode_immediate32(e, row, w);
    } else {
        encode_operand(e, row->b, word_b(w));
        encode_operand(e, row->c, word_c(w));
    }
    encode_tail(e, row, at);
}

static void encode_code(struct image_encoder *e, const struct vvm_function *f)
{
    uint32_t count = 0, at;
    for (at = 0; at < f->words && word_op(f->code[at]) < OP_LIMIT; count++)
        at += instruction_words(f->code[at]);
    if (at != f->words) {
        e->error = -EINVAL;
        return;
    }
    put_number(&e->out, count);
    for (at = 0; at < f->words; at += instruction_words(f->code[at])) encode_instruction(e, &f->code[at]);
    put_align(&e->out);
}

static bool is_typed(const struct vvm_function *f)
{
    for (unsigned i = 0; i < f->slots; i++)
        if (f->slot_types[i] != SLOT_ANY) return true;
    return f->result != SLOT_ANY;
}

/* Runs of slots of one type: type in the low four bits, length - 1 above. */
static void encode_types(struct image_encoder *e, const struct vvm_function *f)
{
    put_number(&e->out, f->result);
    for (unsigned i = 0, end; i < f->slots; i = end) {
        for (end = i + 1; end < f->slots && f->slot_types[end] == f->slot_types[i];) end++;
        put_number(&e->out, (uint64_t)(end - i - 1) << 4 | f->slot_types[i]);
    }
}

static void encode_shape(struct image_encoder *e, const struct body_shape *s)
{
    put_number(&e->out, s->operand_count);
    for (unsigned i = 0; i < s->operand_count && i < WIRE_OPERANDS_MAX; i++) {
        put_number(&e->out, s->operands[i].kind);
        put_number(&e->out, s->operands[i].arity);
        put_number(&e->out, s->operands[i].size);
    }
    put_number(&e->out, s->take_count);
    for (unsigned i = 0; i < s->take_count && i < WIRE_TAKES_MAX; i++) put_number(&e->out, s->take_class[i]);
    put_number(&e->out, s->items);
}

static void encode_lines(struct image_encoder *e, const struct vvm_function *f)
{
    encode_position(e, f->position, 0);
    put_number(&e->out, f->line_count);
    uint32_t word = 0;
    uint64_t position = f->position;
    for (uint32_t i = 0; i < f->line_count; i++) {
        if (f->lines[i].word < word) e->error = -EINVAL;
        put_number(&e->out, f->lines[i].word - word);
        encode_position(e, f->lines[i].position, position);
        word = f->lines[i].word;
        position = f->lines[i].position;
    }
}

void encode_function(struct image_encoder *e, const struct vvm_function *f)
{
    bool body = f->flags & FUNCTION_BODY, typed = is_typed(f);
    if (f->flags & ~(FUNCTION_REST | FUNCTION_BODY | FUNCTION_INLINE) || body != (f->shape != NULL))
        e->error = -EINVAL;
    put_octet(&e->out, (f->flags & FUNCTION_REST ? BIT_REST : 0) | (body ? BIT_BODY : 0) |
                           (is_symbol(f->name) ? BIT_NAME : 0) | (f->captured ? BIT_CAPTURED : 0) |
                           (typed ? BIT_TYPED : 0) | (f->flags & FUNCTION_INLINE ? BIT_INLINE : 0));
    put_number(&e->out, f->parameters);
    put_number(&e->out, f->slots);
    if (is_symbol(f->name)) encode_name(e, symbol_name(f->name), object_length(f->name));
    if (f->captured) put_number(&e->out, f->captured);
    if (typed) encode_types(e, f);
    if (body && f->shape) encode_shape(e, f->shape);
    encode_code(e, f);
    if (e->lines) encode_lines(e, f);
}

/* ---- decoding ----------------------------------------------------------------------------- */

struct code_words {
    uint64_t *words;
    uint32_t count, room;
};

/* Room for `more` words at the end, zeroed; NULL: a fault. */
static uint64_t *more_words(struct image_decoder *d, struct code_words *code, uint32_t more)
{
    assert(more);
    if (code->count + more > MAX_FUNCTION_WORDS) cursor_fail(&d->in, "a function is too long");
    if (!decoder_spend(d, more * sizeof(uint64_t))) return NULL;
    if (code->count + more > code->room) {
        uint32_t room = code->room ? code->room * 2 : 16;
        while (room < code->count + more) room *= 2;
        uint64_t *words = realloc(code->words, room * sizeof *words);
        if (!words) {
            cursor_fail(&d->in, "out of memory");
            return NULL;
        }
        code->words = words;
        code->room = room;
    }
    uint64_t *at = code->words + code->count;
    memset(at, 0, more * sizeof *at);
    code->count += more;
    return at;
}

static unsigned decode_operand(struct image_decoder *d, struct operand_format o)
{
    if (o.kind == OPERAND_NONE) return 0;
    uint64_t n = take_halves(&d->in);
    if (n > UINT16_MAX) cursor_fail(&d->in, "an operand is too big");
    return (unsigned)(is_signed_operand(o.kind) ? (uint64_t)unzigzag(n) : n) & 0xffff;
}

static uint64_t decode_head(struct image_decoder *d, unsigned op)
{
    const struct vvm_instruction *row = &instruction_table[op];
    unsigned a = decode_operand(d, row->a);
    if (row->b.kind == OPERAND_IMM32) {
        uint64_t packed = take_halves(&d->in);
        int64_t n = row->a.type == SLOT_ANY ? unpack_tagged(packed) : unzigzag(packed);
        if (n < INT32_MIN || n > INT32_MAX) cursor_fail(&d->in, "an immediate is too big");
        return make_word_imm32(op, a, (int32_t)n);
    }
    unsigned b = decode_operand(d, row->b);
    return make_word(op, a, b, decode_operand(d, row->c));
}

static void decode_tail(struct image_decoder *d, const struct vvm_instruction *row, uint64_t *at)
{
    if (row->tail == TAIL_WORD) at[1] = take_halves(&d->in);
    if (row->tail != TAIL_SRCS && row->tail != TAIL_DSTS) return;
    for (unsigned i = 0; i < word_c(at[0]) && !d->in.fault; i++) {
        uint64_t slot = take_halves(&d->in);
        if (slot > UINT16_MAX) cursor_fail(&d->in, "an operand is too big");
        at[1 + i / 4] |= (slot & 0xffff) << (16 * (i % 4));
    }
}

static void decode_instruction(struct image_decoder *d, struct code_words *code)
{
    uint64_t op = take_half(&d->in);
    op |= (uint64_t)take_half(&d->in) << 4;
    if (op == OPCODE_ESCAPE) op += take_halves(&d->in) & UINT32_MAX;
    if (op >= OP_LIMIT) cursor_fail(&d->in, "no such instruction");
    if (d->in.fault) return;
    uint64_t w = decode_head(d, (unsigned)op);
    uint64_t *at = d->in.fault ? NULL : more_words(d, code, instruction_words(w));
    if (!at) return;
    at[0] = w;
    decode_tail(d, &instruction_table[op], at);
}

static int decode_code(struct image_decoder *d, struct vvm_function *f)
{
    struct code_words code = {0};
    uint32_t count = take_count(&d->in, MAX_FUNCTION_WORDS, "a function is too long");
    for (uint32_t i = 0; i < count && !d->in.fault; i++) decode_instruction(d, &code);
    take_align(&d->in);
    f->code = code.words;
    f->words = code.count;
    return d->in.fault ? -EINVAL : 0;
}

static int decode_types(struct image_decoder *d, struct vvm_function *f, bool typed)
{
    if (!decoder_spend(d, f->slots)) return -EINVAL;
    uint8_t *types = calloc(f->slots ? f->slots : 1u, 1);
    f->slot_types = types;
    if (!types) return -ENOMEM;
    if (!typed) return 0;
    f->result = (uint8_t)take_below(&d->in, SLOT_TYPES - 1, "no such slot type");
    for (unsigned i = 0; i < f->slots && !d->in.fault;) {
        uint64_t run = take_number(&d->in);
        if ((run & 15) >= SLOT_TYPES || run >> 4 >= f->slots - i) cursor_fail(&d->in, "slot types");
        if (d->in.fault) break;
        memset(types + i, (int)(run & 15), (size_t)(run >> 4) + 1);
        i += (unsigned)(run >> 4) + 1;
    }
    return d->in.fault ? -EINVAL : 0;
}

static int decode_shape(struct image_decoder *d, struct vvm_function *f)
{
    struct body_shape *s = calloc(1, sizeof *s);
    f->shape = s;
    if (!s) return -ENOMEM;
    s->operand_count = (uint8_t)take_below(&d->in, WIRE_OPERANDS_MAX, "too many operands");
    for (unsigned i = 0; i < s->operand_count; i++) {
        s->operands[i].kind = (uint8_t)take_below(&d->in, WIRE_LOCAL, "no such operand kind");
        s->operands[i].arity = (uint8_t)take_below(&d->in, UINT8_MAX, "an arity is too big");
        s->operands[i].size = (uint16_t)take_below(&d->in, UINT16_MAX, "an operand is too long");
    }
    s->take_count = (uint8_t)take_below(&d->in, WIRE_TAKES_MAX, "too many takes");
    for (unsigned i = 0; i < s->take_count; i++)
        s->take_class[i] = (uint8_t)take_below(&d->in, CLASS_LIMIT - 1, "no such class");
    s->items = (uint8_t)take_below(&d->in, UINT8_MAX, "items");
    return d->in.fault ? -EINVAL : 0;
}

static int decode_lines(struct image_decoder *d, struct vvm_function *f)
{
    f->position = decode_position(d, 0);
    uint32_t count = take_count(&d->in, MAX_FUNCTION_WORDS, "a line table is too long");
    if (!decoder_spend(d, count * sizeof(struct line_entry))) return -EINVAL;
    struct line_entry *lines = calloc(count ? count : 1, sizeof *lines);
    f->lines = lines;
    if (!lines) return -ENOMEM;
    f->line_count = count;
    uint32_t word = 0;
    uint64_t position = f->position;
    for (uint32_t i = 0; i < count && !d->in.fault; i++) {
        word += take_below(&d->in, MAX_FUNCTION_WORDS, "a line table is not sorted");
        position = decode_position(d, position);
        lines[i] = (struct line_entry){word, position};
    }
    return d->in.fault ? -EINVAL : 0;
}

int decode_function(struct image_decoder *d, struct vvm_function *f)
{
    unsigned bits = take_octet(&d->in);
    if (bits & ~(unsigned)BITS) cursor_fail(&d->in, "unknown flags");
    f->flags = (uint8_t)((bits & BIT_REST ? FUNCTION_REST : 0) | (bits & BIT_BODY ? FUNCTION_BODY : 0) |
                         (bits & BIT_INLINE ? FUNCTION_INLINE : 0));
    f->parameters = (uint16_t)take_below(&d->in, MAX_SLOTS, "too many parameters");
    f->slots = (uint16_t)take_below(&d->in, MAX_SLOTS, "too many slots");
    f->name = bits & BIT_NAME ? decode_name(d) : VALUE_FALSE;
    if (bits & BIT_CAPTURED)
        f->captured = (uint16_t)take_below(&d->in, UINT16_MAX, "too many captured values");
    if (f->parameters > f->slots) cursor_fail(&d->in, "more parameters than slots");
    if (d->in.fault) return -EINVAL;
    int err = decode_types(d, f, bits & BIT_TYPED);
    if (!err && bits & BIT_BODY) err = decode_shape(d, f);
    if (!err) err = decode_code(d, f);
    if (!err && d->lines) err = decode_lines(d, f);
    return err;
}
