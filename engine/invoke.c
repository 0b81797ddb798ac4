/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invoke.c - wire instructions: an INVOKE word calls the body of its row with
 * operands and taken values as parameters; the body's exits put values back on the
 * wire function's stack and say where it goes on.
 *
 *   wire frame    | locals | stack ... | takes | items |
 *                                      ^ base          ^ field a of INVOKE
 *   body's frame  | operands | takes | its own slots
 *
 * The frame under a body's frame is always the wire frame that invoked it.
 */
#include "interpret.h"

#include <assert.h>
#include <string.h>

#include "wire/program.h"

#define WIRE_ARGUMENTS_MAX 256u

static_assert(WIRE_COUNTED_U16 < WIRE_LABEL && WIRE_LABEL < WIRE_FUNCTION && WIRE_LABEL < WIRE_LOCAL,
              "operands from label on take no slot of the body");
static_assert(CLASS_LIMIT - CLASS_U8 == SLOT_TYPES - SLOT_U8,
              "the classes from u8 on are the raw types, in the order of the slot types");
static_assert(WIRE_THEN_LABEL > WIRE_THEN_NEXT && WIRE_THEN_LABEL > WIRE_THEN_HERE,
              "what is then is next, here, or the rest a label operand");

static inline struct frame *wire_frame(struct vvm_context *ctx) { return &ctx->frames[ctx->frame_count - 2]; }
static inline uint64_t invoke_word(const struct frame *wire) { return wire->function->code[wire->invoke]; }
static inline const vvm_value *operand_words(const struct frame *wire)
{
    return &wire->function->unit->constants[word_c(invoke_word(wire))];
}
static inline const struct body_shape *shape_at(const struct frame *wire)
{
    return &wire->function->unit->rows[word_b(invoke_word(wire))]->shape;
}

static unsigned count_items(const struct frame *wire, const struct body_shape *shape)
{
    if (!shape->items) return 0;
    const vvm_value *words = operand_words(wire);
    if (shape->items & 0x80) return wire->function->unit->functions[words[shape->items & 0x7f]].parameters;
    return (unsigned)words[shape->items - 1];
}

static unsigned base_slot(const struct frame *wire)
{
    const struct body_shape *shape = shape_at(wire);
    return word_a(invoke_word(wire)) - count_items(wire, shape) - shape->take_count;
}

/* ---- the call ------------------------------------------------------------------- */

/* Check a taken value and put it into the body's slot. */
static bool take(struct vvm_context *ctx, vvm_value v, enum value_class c, uint64_t *to)
{
    if (c >= CLASS_U8) return unbox(ctx, v, (enum slot_type)(c - CLASS_U8 + SLOT_U8), to);
    *to = v;
    if (c == CLASS_ANY || value_is(v, c)) return true;
    raise_message(ctx, ERROR_TYPE, v, "the instruction takes a value of type %s", value_class_name(c));
    return false;
}

/* Fill the body's parameters at `to`. */
static bool take_all(struct vvm_context *ctx, const struct frame *wire, const struct body_shape *shape,
                     uint64_t *to)
{
    const vvm_value *words = operand_words(wire);
    for (unsigned i = 0; i < shape->operand_count; i++)
        if (shape->operands[i].kind < WIRE_LABEL) *to++ = words[i];
    if (!shape->take_count) return true;
    const uint64_t *from = &wire->slots[base_slot(wire)];
    for (unsigned i = 0; i < shape->take_count; i++)
        if (!take(ctx, from[i], (enum value_class)shape->take_class[i], to++)) return false;
    return true;
}

/* push_frame charges the body's first block; the rest of the row's cost is INVOKE's own. */
bool invoke(struct vvm_context *ctx, const uint64_t *at)
{
    struct frame *wire = top_frame(ctx);
    const struct wire_instruction *row = wire->function->unit->rows[word_b(*at)];
    uint64_t *slots = frame_end(wire);
    assert(wire->function->flags & FUNCTION_WIRE && row->row.cost >= row->body->entry_cost);
    wire->invoke = (uint32_t)(at - wire->function->code);
    wire->pc = at + 1;
    if (!fuel_charge(ctx, row->row.cost - row->body->entry_cost) ||
        !take_all(ctx, wire, &row->shape, slots) || !push_frame(ctx, row->body, NULL, slots, &ctx->scratch))
        return false;
    return true;
}

/* ---- exits ------------------------------------------------------------------------ */

static void copy_listed(struct vvm_context *ctx, uint64_t *to, const struct frame *body, const uint64_t *tail,
                        unsigned first, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        to[i] = body->slots[tail_slot(tail, first + i)];
        mark_word(ctx, &to[i], WORD_TAGGED);
    }
}

/* Push the listed values on the wire stack and drop the body's frame. */
static struct frame *push_listed(struct vvm_context *ctx, const uint64_t *at)
{
    struct frame *wire = wire_frame(ctx);
    if (word_c(*at)) copy_listed(ctx, &wire->slots[base_slot(wire)], top_frame(ctx), at + 1, 0, word_c(*at));
    ctx->frame_count--;
    return wire;
}

bool exit_next(struct vvm_context *ctx, const uint64_t *at)
{
    struct frame *wire = push_listed(ctx, at);
    wire->pc = wire->function->code + wire->invoke + 1;
    return true;
}

bool exit_goto(struct vvm_context *ctx, const uint64_t *at)
{
    struct frame *wire = push_listed(ctx, at);
    wire->pc = wire->function->code + operand_words(wire)[word_a(*at)];
    return true;
}

/* Where the wire function goes on when the call has returned. */
static const uint64_t *then_word(const struct frame *wire, unsigned then)
{
    const uint64_t *code = wire->function->code;
    if (then == WIRE_THEN_NEXT) return code + wire->invoke + 1;
    if (then == WIRE_THEN_HERE) return code + wire->invoke;
    return code + operand_words(wire)[then - WIRE_THEN_LABEL];
}

/* The body has gone; its call begins with the arguments in a buffer of their own,
 * since the callee's frame lies where the body's was. */
static bool call_wire(struct vvm_context *ctx, struct frame *wire, const uint64_t *at,
                      const uint64_t *arguments, unsigned n)
{
    const struct vvm_unit *unit = wire->function->unit;
    const struct vvm_function *callee = &unit->functions[operand_words(wire)[word_a(*at)]];
    unsigned kept = word_b(*at) & 0xff;
    uint64_t *result = &wire->slots[base_slot(wire) + kept];
    wire->pc = then_word(wire, word_b(*at) >> 8);
    assert(n == callee->parameters);
    assert(wire->depth < unit->depth);
    if (wire->depth + 1u >= unit->depth) return too_deep(ctx);
    memcpy(frame_end(wire), arguments, n * sizeof *arguments);
    if (!push_frame(ctx, callee, NULL, frame_end(wire), result)) return false;
    top_frame(ctx)->depth = (uint16_t)(wire->depth + 1);
    return true;
}

bool exit_call(struct vvm_context *ctx, const uint64_t *at)
{
    uint64_t arguments[WIRE_ARGUMENTS_MAX];
    struct frame *wire = wire_frame(ctx);
    unsigned kept = word_b(*at) & 0xff, n = word_c(*at) - kept;
    const struct frame *body = top_frame(ctx);
    assert(n <= WIRE_ARGUMENTS_MAX);
    for (unsigned i = 0; i < n; i++) arguments[i] = body->slots[tail_slot(at + 1, kept + i)];
    copy_listed(ctx, &wire->slots[base_slot(wire)], body, at + 1, 0, kept);
    ctx->frame_count--;
    return call_wire(ctx, wire, at, arguments, n);
}

bool exit_call_items(struct vvm_context *ctx, const uint64_t *at)
{
    uint64_t arguments[WIRE_ARGUMENTS_MAX];
    struct frame *wire = wire_frame(ctx);
    const struct body_shape *shape = shape_at(wire);
    unsigned n = count_items(wire, shape), base = base_slot(wire);
    assert(n <= WIRE_ARGUMENTS_MAX);
    memcpy(arguments, &wire->slots[base + shape->take_count], n * sizeof *arguments);
    copy_listed(ctx, &wire->slots[base], top_frame(ctx), at + 1, 0, word_c(*at));
    ctx->frame_count--;
    return call_wire(ctx, wire, at, arguments, n);
}

bool exit_return(struct vvm_context *ctx, const uint64_t *at)
{
    uint64_t v = top_frame(ctx)->slots[word_a(*at)];
    uint64_t *result = wire_frame(ctx)->result;
    ctx->frame_count -= 2;
    *result = v;
    mark_word(ctx, result, WORD_TAGGED);
    return true;
}

/* The row under the one whose body runs: a row with arounds is a chain. */
static const struct wire_instruction *row_below(const struct frame *wire, const struct vvm_function *body)
{
    const struct wire_instruction *row = wire->function->unit->rows[word_b(invoke_word(wire))];
    while (row->body != body) {
        row = row->below;
        assert(row); /* a frame over a wire frame runs a body of its row */
    }
    assert(row->below); /* only the body of an around has this exit: around.c */
    return row->below;
}

/* What the around took stands on the wire function's stack still, its locals apart. */
bool exit_previous(struct vvm_context *ctx)
{
    struct frame *wire = wire_frame(ctx);
    const struct wire_instruction *below = row_below(wire, top_frame(ctx)->function);
    ctx->frame_count--;
    return take_all(ctx, wire, &below->shape, frame_end(wire)) &&
           push_frame(ctx, below->body, NULL, frame_end(wire), &ctx->scratch);
}

bool exit_push_handler(struct vvm_context *ctx, const uint64_t *at)
{
    const struct frame *wire = wire_frame(ctx);
    struct handler h = {.kind = HANDLER_REGION,
                        .slot = (uint16_t)base_slot(wire),
                        .frame = ctx->frame_count - 2,
                        .target = (uint32_t)operand_words(wire)[word_a(*at)],
                        .winders = ctx->winders};
    assert(h.slot < wire->function->slots && h.target < wire->function->words);
    return push_handler(ctx, h);
}

/* ---- what a body sees of its wire function -------------------------------------------- */

vvm_value item_count(struct vvm_context *ctx)
{
    const struct frame *wire = wire_frame(ctx);
    return make_fixnum(count_items(wire, shape_at(wire)));
}

/* The items taken, deepest first; their number in *n. */
static const uint64_t *items_taken(struct vvm_context *ctx, unsigned *n)
{
    const struct frame *wire = wire_frame(ctx);
    const struct body_shape *shape = shape_at(wire);
    *n = count_items(wire, shape);
    return &wire->slots[base_slot(wire) + shape->take_count];
}

vvm_value item_ref(struct vvm_context *ctx, vvm_value index)
{
    unsigned n;
    const uint64_t *taken = items_taken(ctx, &n);
    if (!is_fixnum(index)) return raise_error(ctx, ERROR_TYPE, index);
    if ((uint64_t)fixnum_value(index) >= n) return raise_error(ctx, ERROR_BOUNDS, index);
    return taken[fixnum_value(index)];
}

vvm_value items(struct vvm_context *ctx)
{
    unsigned n;
    const uint64_t *taken = items_taken(ctx, &n);
    vvm_value v = make_vector(ctx, n, VALUE_UNSPECIFIED);
    if (v != VALUE_EXCEPTION) memcpy(((struct vector *)value_pointer(v))->items, taken, n * sizeof *taken);
    return v;
}

uint64_t *wire_local(struct vvm_context *ctx, unsigned operand)
{
    struct frame *wire = wire_frame(ctx);
    assert(operand_words(wire)[operand] < wire->function->slots);
    return &wire->slots[operand_words(wire)[operand]];
}

vvm_value program_bytes(struct vvm_context *ctx) { return program_octets(wire_frame(ctx)->function); }

/* ---- programs inside programs ------------------------------------------------------------ */

bool run_program(struct vvm_context *ctx, vvm_value program, unsigned n, const uint64_t *args,
                 uint64_t *result)
{
    const struct vvm_function *f;
    const uint64_t *arguments;
    unsigned count;
    struct frame *below = top_frame(ctx);
    vvm_value view = n > 3 ? args[3] : VALUE_FALSE;
    assert(n >= 3);
    if (below->nesting >= PACKET_NESTING) {
        too_deep(ctx);
        return false;
    }
    if (program_prepare(ctx, program, args[0], args[1], args[2], view, &f, &arguments, &count)) return false;
    assert(count == f->parameters && f->unit->verified && f->flags & FUNCTION_WIRE);
    uint64_t *slots = frame_end(below);
    memmove(slots, arguments, count * sizeof *slots);
    if (!push_frame(ctx, f, NULL, slots, result)) return false;
    top_frame(ctx)->nesting++;
    return true;
}
