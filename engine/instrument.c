/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instrument.c - the oracle of instrumented builds: at every instruction it checks
 * what the verifier promised, and aborts where the promise is broken. Nothing here
 * is compiled into other builds.
 *
 * Each word of the value stack has a kind (unset, tagged, raw), kept up by every
 * write; each frame has a balance: fuel paid for the block it is in, less the cost
 * of the instructions run. At the end of a block the balance is exactly 0.
 */
#include "interpret.h"

#ifdef VVM_INSTRUMENTED

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "wire/program.h"

int shadow_open(struct vvm_context *ctx, size_t words, size_t frames)
{
    ctx->shadow = calloc(1, sizeof *ctx->shadow);
    if (!ctx->shadow) return -ENOMEM;
    ctx->shadow->kinds = calloc(words, 1);
    ctx->shadow->balance = calloc(frames, sizeof *ctx->shadow->balance);
    return ctx->shadow->kinds && ctx->shadow->balance ? 0 : -ENOMEM;
}

void shadow_close(struct vvm_context *ctx)
{
    if (!ctx->shadow) return;
    free(ctx->shadow->kinds);
    free(ctx->shadow->balance);
    free(ctx->shadow);
    ctx->shadow = NULL;
}

static uint8_t *kind_at(struct vvm_context *ctx, const uint64_t *at)
{
    return &ctx->shadow->kinds[at - ctx->stack];
}

void mark_word(struct vvm_context *ctx, const uint64_t *at, enum word_kind kind)
{
    if (at >= ctx->stack && at < ctx->stack_end) *kind_at(ctx, at) = (uint8_t)kind; /* else: ctx->scratch */
}

static int64_t *balance_at(struct vvm_context *ctx) { return &ctx->shadow->balance[ctx->frame_count - 1]; }

void mark_block(struct vvm_context *ctx, int64_t paid) { *balance_at(ctx) = paid; }

void mark_again(struct vvm_context *ctx, int64_t paid) { *balance_at(ctx) += paid; }

void mark_done(struct vvm_context *ctx)
{
    *balance_at(ctx) -= instruction_table[word_op(*top_frame(ctx)->pc)].cost;
}

void mark_frame(struct vvm_context *ctx)
{
    const struct frame *f = top_frame(ctx);
    const struct vvm_function *fn = f->function;
    unsigned set = fn->parameters + (fn->flags & FUNCTION_REST ? 1u : 0u);
    for (unsigned i = 0; i < fn->slots; i++) {
        enum word_kind kind = fn->slot_types[i] == SLOT_ANY ? WORD_TAGGED : WORD_RAW;
        mark_word(ctx, &f->slots[i], i < set ? kind : WORD_UNSET);
    }
    *balance_at(ctx) = fn->entry_cost;
}

/* ---- what is looked at --------------------------------------------------------------- */

struct check {
    struct vvm_context *ctx;
    const struct frame *frame;
    const struct vvm_function *fn;
    const struct vvm_instruction *row;
    const uint64_t *pc;
    uint64_t word;
};

static _Noreturn void broken(const struct check *c, const char *promise)
{
    const char *name = is_symbol(c->fn->name) ? symbol_name(c->fn->name) : "?";
    fprintf(stderr, "verifier's promise broken: %s, in %s at word %ld (%s)\n", promise, name,
            (long)(c->pc - c->fn->code), c->row ? c->row->name : "?");
    abort();
}

#define PROMISE(condition, text)                                                                             \
    do {                                                                                                     \
        if (!(condition)) broken(c, text);                                                                   \
    } while (0)

/* Could it be a value at all? Reading its header is a test of its own under ASan. */
static bool plausible(vvm_value v)
{
    if (is_fixnum(v)) return true;
    if (value_tag(v) == TAG_IMMEDIATE)
        return v != VALUE_EXCEPTION && ((v & 0xff) == CHAR_KIND || v <= VALUE_UNDEFINED);
    if (value_tag(v) > TAG_IMMEDIATE || (v & ~(vvm_value)TAG_MASK) < 4096) return false;
    unsigned type = header_type(object_of(v)->header);
    return is_pair(v) ? type == TYPE_PAIR : type > TYPE_PAIR && type < TYPE_LIMIT;
}

/* Raw words hold the value extended as their type says. */
static bool extended(uint64_t word, enum slot_type t)
{
    unsigned shift = 64 - slot_bits(t);
    if (slot_is_signed(t)) return (uint64_t)((int64_t)(word << shift) >> shift) == word;
    return word << shift >> shift == word;
}

static void check_read(const struct check *c, unsigned slot)
{
    PROMISE(slot < c->fn->slots, "slot within the frame");
    uint64_t word = c->frame->slots[slot];
    unsigned kind = *kind_at(c->ctx, &c->frame->slots[slot]);
    enum slot_type type = c->fn->slot_types[slot];
    PROMISE(kind != WORD_UNSET, "slot written before it is read");
    PROMISE((kind == WORD_TAGGED) == (type == SLOT_ANY), "tagged and raw words never mix");
    PROMISE(type == SLOT_ANY ? plausible(word) : extended(word, type), "the word fits the slot's type");
}

static void check_type(const struct check *c, const struct operand_format *format, unsigned slot)
{
    PROMISE(slot < c->fn->slots, "slot within the frame");
    enum slot_type type = c->fn->slot_types[slot];
    if (format->type < SLOT_TYPES) PROMISE(type == format->type, "operand of the type in its row");
    if (format->type == SLOT_RAW || format->type == SLOT_RAW2) PROMISE(type != SLOT_ANY, "raw operand");
}

static void check_target(const struct check *c)
{
    const uint64_t *to = c->pc + instruction_words(c->word) + word_imm(c->word);
    PROMISE(to >= c->fn->code && to < c->fn->code + c->fn->words, "branch within the function");
}

static void check_operand(const struct check *c, const struct operand_format *format, unsigned field)
{
    const struct vvm_unit *unit = c->fn->unit;
    switch (format->kind) {
    case OPERAND_DST: check_type(c, format, field); break;
    case OPERAND_SRC:
        check_type(c, format, field);
        check_read(c, field);
        break;
    case OPERAND_CONST: PROMISE(field < unit->constant_count, "constant"); break;
    case OPERAND_FN: PROMISE(field < unit->function_count, "function"); break;
    case OPERAND_LINK: PROMISE(field < unit->link_count, "link"); break;
    case OPERAND_PRIM: PROMISE(field < unit->primitive_count, "primitive"); break;
    case OPERAND_TYPE: PROMISE(field < CLASS_LIMIT, "class"); break;
    case OPERAND_TARGET: check_target(c); break;
    default: break;
    }
}

static void check_tail(const struct check *c)
{
    bool lists = c->row->tail == TAIL_SRCS || c->row->tail == TAIL_DSTS;
    for (unsigned i = 0; lists && i < word_c(c->word); i++) {
        unsigned slot = tail_slot(c->pc + 1, i);
        if (c->row->tail == TAIL_SRCS) check_read(c, slot);
        if (c->row->tail == TAIL_DSTS) PROMISE(slot < c->fn->slots, "slot within the frame");
    }
}

/* What a wire instruction takes stands right under its word's slot. */
static void check_takes(const struct check *c)
{
    if (word_op(c->word) != OP_INVOKE) return;
    PROMISE(word_a(c->word) <= c->fn->slots, "operand stack within the frame");
    for (unsigned s = wire_base(c->fn, c->word); s < word_a(c->word); s++) check_read(c, s);
}

/* ---- handlers and fuel ------------------------------------------------------------------ */

static void check_handlers(const struct check *c)
{
    const struct vvm_context *ctx = c->ctx;
    PROMISE(ctx->handler_count >= ctx->base_handlers && ctx->handler_count <= handler_room(ctx),
            "handlers in bounds");
    if (c->fn->flags & (FUNCTION_BODY | FUNCTION_WIRE)) return;
    PROMISE(ctx->handler_count >= c->frame->handlers, "no handler of another frame was popped");
    PROMISE(ctx->handler_count - c->frame->handlers <= c->fn->handlers, "handler height declared");
    unsigned op = word_op(c->word);
    bool leaves = c->row->flow == FLOW_END && op != OP_RAISE && op != OP_UNREACHABLE;
    if (leaves) PROMISE(ctx->handler_count == c->frame->handlers, "handlers popped before leaving");
    if (op == OP_POP_HANDLER) PROMISE(ctx->handler_count > c->frame->handlers, "a handler to pop");
}

static void check_wire_handlers(const struct check *c)
{
    unsigned op = word_op(c->word);
    const struct frame *wire = c->frame;
    if (op == OP_EXIT_RETURN || op == OP_EXIT_POP_HANDLER) wire--;
    else if (op != OP_WIRE_RETURN) return;
    if (op == OP_EXIT_POP_HANDLER) PROMISE(c->ctx->handler_count > wire->handlers, "a wire handler to pop");
    else PROMISE(c->ctx->handler_count == wire->handlers, "wire handlers popped before leaving");
}

static void check_fuel(const struct check *c, int64_t fuel)
{
    PROMISE(honest_fuel(fuel) >= 0, "fuel paid"); /* a call for collection may stand in it */
    if (c->fn->flags & FUNCTION_WIRE) return;     /* INVOKE pays for itself */
    int64_t *balance = balance_at(c->ctx);
    bool primitive = word_op(c->word) == OP_CALL_PRIMITIVE;
    *balance -= primitive ? c->fn->unit->primitives[word_b(c->word)]->cost : c->row->cost;
    PROMISE(*balance >= 0, "the block's fuel covers its instructions");
    if (c->row->flow != FLOW_NEXT && c->row->flow != FLOW_UNHANDLE)
        PROMISE(*balance == 0, "the block's fuel is what its instructions cost");
}

static void check_room(const struct check *c)
{
    const struct vvm_context *ctx = c->ctx;
    PROMISE(ctx->frame_count <= ctx->frame_limit, "frames within the limit");
    PROMISE(c->frame->slots >= ctx->stack && frame_end(c->frame) <= ctx->stack_end, "stack within the limit");
    if (ctx->packet_profile)
        PROMISE(ctx->free >= ctx->arena && ctx->end <= ctx->arena_end, "arena within its window");
}

/* A fuzz target may define this, to see which engine code its inputs reach. */
__attribute__((weak)) void fuzz_reached(const struct vvm_function *fn, uint32_t word);

void check_instruction(struct vvm_context *ctx, const uint64_t *pc, int64_t fuel)
{
    const struct frame *frame = top_frame(ctx);
    struct check check = {.ctx = ctx, .frame = frame, .fn = frame->function, .pc = pc}, *c = &check;
    if (is_stub(check.fn)) return;
    PROMISE(pc >= check.fn->code && pc < check.fn->code + check.fn->words, "control within the function");
    if (fuzz_reached) fuzz_reached(check.fn, (uint32_t)(pc - check.fn->code));
    check.word = *pc;
    PROMISE(word_op(check.word) < OP_LIMIT, "opcode");
    check.row = &instruction_table[word_op(check.word)];
    PROMISE(pc + instruction_words(check.word) <= check.fn->code + check.fn->words,
            "instruction within the function");
    check_operand(c, &check.row->a, word_a(check.word));
    check_operand(c, &check.row->b, word_b(check.word));
    check_operand(c, &check.row->c, word_c(check.word));
    check_tail(c);
    check_takes(c);
    check_handlers(c);
    check_wire_handlers(c);
    check_fuel(c, fuel);
    check_room(c);
}

#endif
