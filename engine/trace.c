/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - steps of traced packets as texts, in memory that was there before. */
#include "trace.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "interpret.h"
#include "wire/program.h"

#define OCTETS_SHOWN 32u
#define STACK_SHOWN  6u /* values of a wire function's operand stack */

struct tracer {
    unsigned wanted, begun;
    unsigned ended; /* read by others */
    unsigned count;
    uint64_t left_out, time;
    struct trace_step steps[TRACE_STEPS];
};

static const char *const kind_names[] = {
    [TRACE_ARRIVAL] = "arrival",  [TRACE_NETWORK] = "network", [TRACE_STEP] = "step",
    [TRACE_WIRE] = "instruction", [TRACE_EMIT] = "emission",   [TRACE_TABLE] = "table",
    [TRACE_OUTCOME] = "outcome"};

const char *trace_kind_name(enum trace_kind kind) { return kind_names[kind]; }

int trace_open(struct tracer **tracer, unsigned packets)
{
    struct tracer *t = calloc(1, sizeof *t);
    if (!t) return -ENOMEM;
    t->wanted = packets < TRACE_PACKETS ? packets : TRACE_PACKETS;
    *tracer = t;
    return 0;
}

void trace_close(struct tracer *tracer) { free(tracer); }

void trace_attach(struct vvm_context *ctx, struct tracer *tracer)
{
    assert(!ctx->depth); /* between packets */
    ctx->tracer = tracer;
    ctx->tracing = false;
}

unsigned trace_packets(const struct tracer *tracer)
{
    return __atomic_load_n(&tracer->ended, __ATOMIC_ACQUIRE);
}

const struct trace_step *trace_steps(const struct tracer *tracer, unsigned *count, uint64_t *left_out)
{
    *count = tracer->count;
    *left_out = tracer->left_out;
    return tracer->steps;
}

/* ---- texts ----------------------------------------------------------------------------- */

/* The end of a text under way; it never runs over. */
struct line {
    char *at;
    size_t room;
};

__attribute__((format(printf, 2, 3))) static void say(struct line *l, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(l->at, l->room, format, list);
    va_end(list);
    size_t used = n < 0 ? 0 : (size_t)n < l->room ? (size_t)n : l->room - 1;
    l->at += used;
    l->room -= used;
}

static void say_name(struct line *l, vvm_value symbol)
{
    for (const char *c = symbol_name(symbol); *c; c++)
        say(l, "%c", (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c);
}

/* Briefly: no more than a word, whatever it is. */
static void say_value(struct line *l, vvm_value v)
{
    if (is_fixnum(v)) say(l, "%" PRId64, fixnum_value(v));
    else if (is_boolean(v)) say(l, v == VALUE_TRUE ? "#t" : "#f");
    else if (is_null(v)) say(l, "()");
    else if (is_symbol(v)) say_name(l, v);
    else if (is_pair(v)) say(l, "(...)");
    else if (is_char(v)) say(l, "U+%04x", (unsigned)char_value(v));
    else {
        for (int c = CLASS_ANY + 1; c < CLASS_U8; c++)
            if (c != CLASS_BYTES && value_is(v, (enum value_class)c)) {
                say(l, "<%s>", value_class_name((enum value_class)c));
                return;
            }
        say(l, "<object>");
    }
}

static void say_slot(struct line *l, const struct frame *f, unsigned slot)
{
    enum slot_type type = (enum slot_type)f->function->slot_types[slot];
    if (type == SLOT_ANY) say_value(l, f->slots[slot]);
    else if (slot_is_signed(type)) say(l, "%" PRId64, (int64_t)f->slots[slot]);
    else say(l, "%" PRIu64, f->slots[slot]);
}

/* ---- steps --------------------------------------------------------------------------------- */

/* A new step, zeroed; NULL: no room. */
static struct trace_step *new_step(struct vvm_context *ctx, enum trace_kind kind, int64_t fuel)
{
    struct tracer *t = ctx->tracer;
    if (t->count == TRACE_STEPS) {
        t->left_out++;
        return NULL;
    }
    struct trace_step *s = &t->steps[t->count++];
    *s = (struct trace_step){.time = t->time, .packet = t->begun - 1, .kind = (uint8_t)kind, .fuel = fuel};
    return s;
}

void trace_begin(struct vvm_context *ctx, const struct vvm_packet *packet)
{
    struct tracer *t = ctx->tracer;
    ctx->tracing = t->begun < t->wanted;
    if (!ctx->tracing) return;
    t->begun++;
    t->time = node_now(ctx->node);
    struct trace_step *s = new_step(ctx, TRACE_ARRIVAL, -1);
    if (!s) return;
    struct line octets = {s->operands, sizeof s->operands};
    snprintf(s->where, sizeof s->where, "%u", packet->ingress);
    snprintf(s->what, sizeof s->what, "%" PRIu32 " octets", packet->length);
    for (uint32_t i = 0; i < packet->length && i < OCTETS_SHOWN; i++)
        say(&octets, "%02x", packet->base[packet->head + i]);
    if (packet->length > OCTETS_SHOWN) say(&octets, "...");
}

void trace_network(struct vvm_context *ctx, const struct network *network, const char *stage)
{
    struct trace_step *s = new_step(ctx, TRACE_NETWORK, ctx->fuel);
    if (!s) return;
    snprintf(s->where, sizeof s->where, "%s", network_name(network));
    snprintf(s->what, sizeof s->what, "%s", stage);
}

static void say_place(struct trace_step *s, const struct vvm_function *f, const uint64_t *pc)
{
    struct line l = {s->where, sizeof s->where};
    if (f->flags & FUNCTION_WIRE) say(&l, "function %" PRIu32, f->index);
    else if (is_symbol(f->name)) say_name(&l, f->name);
    else say(&l, "a lambda");
    say(&l, " +%u", (unsigned)(pc - f->code));
}

static void say_operand(struct line *l, const struct frame *f, struct operand_format o, unsigned field)
{
    switch ((enum operand_kind)o.kind) {
    case OPERAND_SRC: say_slot(l, f, field); break;
    case OPERAND_IMM: say(l, "%d", (int16_t)field); break;
    case OPERAND_CONST: say_value(l, f->function->unit->constants[field]); break;
    case OPERAND_TYPE: say(l, "%s", value_class_name((enum value_class)field)); break;
    case OPERAND_LINK: say_name(l, f->function->unit->links[field].name); break;
    case OPERAND_FN: {
        vvm_value name = f->function->unit->functions[field].name;
        if (is_symbol(name)) say_name(l, name);
        else say(l, "a lambda");
        break;
    }
    case OPERAND_INDEX:
    case OPERAND_OPER: say(l, "%u", field); break;
    default: return;
    }
    say(l, " ");
}

static void say_operands(struct trace_step *s, const struct frame *f, const uint64_t *pc)
{
    const struct vvm_instruction *row = &instruction_table[word_op(*pc)];
    struct line l = {s->operands, sizeof s->operands};
    say_operand(&l, f, row->a, word_a(*pc));
    if (row->b.kind == OPERAND_IMM32) {
        vvm_value v = (vvm_value)(int64_t)word_imm32(*pc);
        if (row->a.type == SLOT_ANY) say_value(&l, v);
        else say(&l, "%d", word_imm32(*pc));
        return;
    }
    say_operand(&l, f, row->b, word_b(*pc));
    say_operand(&l, f, row->c, word_c(*pc));
    for (unsigned i = 0; row->tail == TAIL_SRCS && i < word_c(*pc); i++) {
        say_slot(&l, f, tail_slot(pc + 1, i));
        say(&l, " ");
    }
}

/* The network's instruction, and what lies on its operand stack, the top last. */
static void trace_invoke(struct vvm_context *ctx, const struct frame *f, const uint64_t *pc, int64_t fuel)
{
    struct trace_step *s = new_step(ctx, TRACE_WIRE, fuel);
    if (!s) return;
    struct line l = {s->operands, sizeof s->operands};
    unsigned top = word_a(*pc), first = wire_base(f->function, *pc);
    say_place(s, f->function, pc);
    snprintf(s->what, sizeof s->what, "%s", f->function->unit->rows[word_b(*pc)]->row.name);
    if (top > first + STACK_SHOWN) {
        first = top - STACK_SHOWN;
        say(&l, "... ");
    }
    for (; first < top; first++) {
        say_value(&l, f->slots[first]);
        say(&l, " ");
    }
}

static enum trace_kind kind_of(uint32_t effects)
{
    if (effects & EFFECT_EMIT) return TRACE_EMIT;
    return effects & EFFECT_TABLE_WRITE ? TRACE_TABLE : TRACE_STEP;
}

void trace_instruction(struct vvm_context *ctx, const uint64_t *pc, int64_t fuel)
{
    const struct frame *f = top_frame(ctx);
    unsigned op = word_op(*pc);
    if (op >= OP_LIMIT || is_stub(f->function)) return;
    if (op == OP_INVOKE) {
        trace_invoke(ctx, f, pc, fuel);
        return;
    }
    const struct primitive_row *primitive = op == OP_CALL_PRIMITIVE
                                                ? f->function->unit->primitives[word_b(*pc)]
                                                : NULL;
    struct trace_step *s = new_step(ctx, primitive ? kind_of(primitive->effects) : TRACE_STEP, fuel);
    if (!s) return;
    say_place(s, f->function, pc);
    snprintf(s->what, sizeof s->what, "%s", primitive ? primitive->name : instruction_table[op].name);
    say_operands(s, f, pc);
}

void trace_end(struct vvm_context *ctx, enum outcome outcome, const char *name)
{
    static const char *const names[] = {"sent", "delivered", "dropped", "consumed", "held"};
    struct tracer *t = ctx->tracer;
    struct trace_step *s = new_step(ctx, TRACE_OUTCOME, ctx->fuel);
    if (s) {
        snprintf(s->where, sizeof s->where, "%s", ctx->network ? network_name(ctx->network) : "");
        snprintf(s->what, sizeof s->what, "%s", names[outcome]);
        snprintf(s->operands, sizeof s->operands, "%s", name ? name : "");
    }
    ctx->tracing = false;
    __atomic_fetch_add(&t->ended, 1, __ATOMIC_RELEASE);
}
