/* SPDX-License-Identifier: Apache-2.0 */
/*
 * override_call.c - an instruction whose row is redefined, done by a call: its operands as
 * tagged arguments, a nested run, its result as the instruction's.
 */
#include "override.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "interpret.h"

#define OPERANDS_MAX 3u

struct site {
    struct vvm_context *ctx;
    const struct frame *frame;
    uint64_t word;
};

static enum slot_type type_of(const struct site *s, unsigned slot)
{
    return (enum slot_type)s->frame->function->slot_types[slot];
}

/* ---- operands ----------------------------------------------------------------------------- */

static vvm_value tagged(const struct site *s, unsigned slot)
{
    uint64_t word = s->frame->slots[slot];
    if (type_of(s, slot) == SLOT_ANY) return word;
    if (word <= (uint64_t)FIXNUM_MAX) return make_fixnum((int64_t)word);
    return box_slow(s->ctx, word, type_of(s, slot));
}

/* One that was made from `-` is the negated subtrahend. */
static vvm_value immediate(const struct site *s)
{
    int imm = word_imm(s->word);
    return make_fixnum(imm < 0 ? -imm : imm);
}

static vvm_value operand(const struct site *s, char letter)
{
    switch (letter) {
    case 'a': return tagged(s, word_a(s->word));
    case 'b': return tagged(s, word_b(s->word));
    case 'c': return tagged(s, word_c(s->word));
    case 'i': return immediate(s);
    case 'o': return make_fixnum((uint32_t)word_imm(s->word));
    case 'k': return make_fixnum(word_a(s->word));
    case '0': return make_fixnum(0);
    default: break;
    }
    assert(letter == 'p');
    if (!s->ctx->packet) return raise_error(s->ctx, ERROR_NO_PACKET, VALUE_DEFAULT);
    return object_value(s->ctx->packet);
}

/* All of them; -1 with an error pending. */
static int operands(const struct site *s, vvm_value args[OPERANDS_MAX])
{
    const char *letters = override_rows[word_op(s->word)].operands;
    unsigned n = 0;
    for (; letters[n]; n++) {
        assert(n < OPERANDS_MAX);
        args[n] = operand(s, letters[n]);
        if (args[n] == VALUE_EXCEPTION) return -1;
    }
    return (int)n;
}

/* ---- the call -------------------------------------------------------------------------------- */

/* Nobody can return into the run that has ended. */
static vvm_value call(const struct site *s, uint32_t global, unsigned n, const vvm_value *args)
{
    struct vvm_context *ctx = s->ctx;
    vvm_value v = vvm_call(ctx, ctx->generation->bindings[global].value, n, args);
    if (v == VALUE_EXCEPTION) ctx->pending.continuable = false;
    return v;
}

static bool store(const struct site *s, vvm_value v)
{
    unsigned slot = word_a(s->word);
    uint64_t *to = &s->frame->slots[slot];
    enum slot_type type = type_of(s, slot);
    if (type == SLOT_ANY) *to = v;
    else if (!unbox(s->ctx, v, type, to)) return false;
    mark_word(s->ctx, to, type == SLOT_ANY ? WORD_TAGGED : WORD_RAW);
    return true;
}

static enum override_answer answer(const struct site *s, vvm_value v)
{
    bool truth = v != VALUE_FALSE;
    switch ((enum override_kind)override_rows[word_op(s->word)].kind) {
    case OVERRIDE_TEST: return store(s, make_boolean(truth)) ? OVERRIDE_DONE : OVERRIDE_FAILED;
    case OVERRIDE_TEST_NOT: return store(s, make_boolean(!truth)) ? OVERRIDE_DONE : OVERRIDE_FAILED;
    case OVERRIDE_JUMP: return truth ? OVERRIDE_TAKEN : OVERRIDE_PASSED;
    case OVERRIDE_JUMP_NOT: return truth ? OVERRIDE_PASSED : OVERRIDE_TAKEN;
    case OVERRIDE_STORE: return OVERRIDE_DONE;
    default: return store(s, v) ? OVERRIDE_DONE : OVERRIDE_FAILED;
    }
}

/* ---- the odd ones ------------------------------------------------------------------------------ */

static bool is_nan(vvm_value v)
{
    return has_type(v, TYPE_FLONUM) && isnan(((struct flonum *)value_pointer(v))->number);
}

/* A number that is none is neither less nor not less. */
static bool is_unordered(const struct site *s)
{
    switch (word_op(s->word)) {
    case OP_NUM_LE:
        return is_nan(s->frame->slots[word_b(s->word)]) || is_nan(s->frame->slots[word_c(s->word)]);
    case OP_JUMP_NUM_LE:
    case OP_JUMP_NOT_NUM_LE:
        return is_nan(s->frame->slots[word_a(s->word)]) || is_nan(s->frame->slots[word_b(s->word)]);
    default: return false;
    }
}

/* One step of a field of bits: by a call, or by what the instruction does itself. */
static vvm_value step(const struct site *s, unsigned variant, vvm_value word, uint64_t by)
{
    enum opcode op = (enum opcode)word_op(s->word);
    uint32_t global = override_global(s->ctx->generation->override, op, variant);
    uint64_t n = (uint64_t)fixnum_value(word);
    if (global == UINT32_MAX) return make_fixnum((int64_t)(variant ? n & by : n >> by));
    vvm_value args[2] = {word, make_fixnum((int64_t)by)}, v = call(s, global, 2, args);
    enum slot_type type = type_of(s, word_a(s->word));
    return v == VALUE_EXCEPTION || unbox(s->ctx, v, type, &n) ? v : VALUE_EXCEPTION;
}

/* c holds the shift and the number of bits, 64: no mask. */
static enum override_answer run_bits(const struct site *s)
{
    unsigned shift = word_c(s->word) & 63, count = word_c(s->word) >> 8;
    vvm_value v = tagged(s, word_b(s->word));
    if (v == VALUE_EXCEPTION) return OVERRIDE_FAILED;
    if (shift || count > 63) v = step(s, 0, v, shift);
    if (v != VALUE_EXCEPTION && count <= 63) v = step(s, 1, v, (UINT64_C(1) << count) - 1);
    return v != VALUE_EXCEPTION && store(s, v) ? OVERRIDE_DONE : OVERRIDE_FAILED;
}

static bool bits_redefined(const struct site *s)
{
    uint32_t globals[2];
    return override_of_word(s->ctx->generation, s->frame->function, &s->word, globals) > 0;
}

enum override_answer override_run(struct vvm_context *ctx, const uint64_t *pc)
{
    struct site s = {ctx, top_frame(ctx), *pc};
    const struct override *o = ctx->generation->override;
    enum opcode op = (enum opcode)word_op(*pc);
    vvm_value args[OPERANDS_MAX];
    if (!o || is_unordered(&s)) return OVERRIDE_NONE;
    if (override_rows[op].kind == OVERRIDE_BITS) return bits_redefined(&s) ? run_bits(&s) : OVERRIDE_NONE;
    uint32_t global = override_global(o, op, override_variant(s.frame->function, *pc));
    if (global == UINT32_MAX) return OVERRIDE_NONE;
    int n = operands(&s, args);
    if (n < 0) return OVERRIDE_FAILED;
    vvm_value v = call(&s, global, (unsigned)n, args);
    return v == VALUE_EXCEPTION ? OVERRIDE_FAILED : answer(&s, v);
}
