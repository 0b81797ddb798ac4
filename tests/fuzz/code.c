/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code.c - units of code made from the rows of instruction.def: operands of about the
 * right kind, in any order, so that many reach the verifier's deeper rules. What it
 * accepts runs in the instrumented interpreter, which aborts when a promise is broken.
 */
#include <stdlib.h>
#include <string.h>

#include "../../engine/unit.h"
#include "fuzz.h"

enum { FUNCTIONS_MAX = 4, SLOTS_MAX = 10, INSTRUCTIONS_MAX = 48, WORDS_MAX = 256, CONSTANTS = 6 };

struct made { /* a function on its way */
    uint64_t code[WORDS_MAX];
    uint32_t words;
    uint32_t starts[INSTRUCTIONS_MAX + 1]; /* word where each instruction begins */
    uint32_t count;
    uint8_t types[SLOTS_MAX];
    unsigned slots, parameters;
    struct {
        uint32_t word, after;
    } branches[INSTRUCTIONS_MAX]; /* whose target is to be set */
    unsigned branch_count;
};

static unsigned slot_of_type(struct choices *c, const struct made *m, unsigned type, unsigned like)
{
    unsigned from = choose(c, m->slots);
    if (choose(c, 16) == 15) return from; /* now and then the wrong one */
    for (unsigned i = 0; i < m->slots; i++) {
        unsigned s = (from + i) % m->slots, t = m->types[s];
        if (type == SLOT_WORD || t == type || ((type == SLOT_RAW || type == SLOT_RAW2) && slot_is_raw(t)) ||
            (type == SLOT_SAME && t == m->types[like % m->slots]) || (type == SLOT_RESULT && t == SLOT_ANY))
            return s;
    }
    return from;
}

static unsigned operand(struct choices *c, struct made *m, struct operand_format f, unsigned first,
                        unsigned functions, const struct vvm_unit *unit)
{
    switch (f.kind) {
    case OPERAND_DST:
    case OPERAND_SRC: return slot_of_type(c, m, f.type, first);
    case OPERAND_CONST: return choose(c, CONSTANTS);
    case OPERAND_IMM: return choose(c, 64);
    case OPERAND_FN: return choose(c, functions);
    case OPERAND_LINK: return choose(c, unit->link_count + 1);
    case OPERAND_PRIM: return choose(c, unit->primitive_count);
    case OPERAND_COUNT: return choose(c, 5);
    case OPERAND_TYPE: return choose(c, CLASS_LIMIT);
    case OPERAND_INDEX:
    case OPERAND_OPER: return choose(c, 3);
    default: return 0;
    }
}

static bool is_generated(unsigned op)
{
    return !(instruction_table[op].effects & EFFECT_INTERNAL) && op != OP_NOP;
}

static void add_instruction(struct choices *c, struct made *m, unsigned op, unsigned functions,
                            const struct vvm_unit *unit)
{
    const struct vvm_instruction *row = &instruction_table[op];
    uint32_t at = m->words;
    unsigned a = operand(c, m, row->a, 0, functions, unit), b = operand(c, m, row->b, a, functions, unit);
    unsigned k = operand(c, m, row->c, a, functions, unit);
    if (at + 4 > WORDS_MAX || m->count == INSTRUCTIONS_MAX) return;
    m->code[at] = row->b.kind == OPERAND_IMM32
                      ? make_word_imm32(op, a, (int32_t)(choose(c, 8) * 8 + (choose(c, 4) ? 0 : 3)))
                      : make_word(op, a, b, k);
    uint32_t next = at + instruction_words(m->code[at]);
    for (uint32_t w = at + 1; w < next; w++) m->code[w] = 0;
    if (row->tail == TAIL_SRCS || row->tail == TAIL_DSTS)
        for (unsigned i = 0; i < k; i++)
            m->code[at + 1 + i / 4] |= (uint64_t)slot_of_type(c, m, SLOT_ANY, 0) << (16 * (i % 4));
    if (row->tail == TAIL_WORD) m->code[at + 1] = choose(c, 200);
    if (row->c.kind == OPERAND_TARGET) {
        m->branches[m->branch_count].word = at;
        m->branches[m->branch_count++].after = next;
    }
    m->starts[m->count++] = at;
    m->words = next;
}

/* Mostly begin with every slot written, so that the rest gets past that rule. */
static void add_beginning(struct choices *c, struct made *m, const struct vvm_unit *unit)
{
    for (unsigned s = m->parameters; s < m->slots && choose(c, 12); s++) {
        m->starts[m->count++] = m->words;
        m->code[m->words++] = make_word_imm32(m->types[s] ? OP_RAW_IMMEDIATE : OP_IMMEDIATE, s,
                                              (int32_t)(8 * choose(c, 4)));
    }
}

static void set_targets(struct choices *c, struct made *m)
{
    for (unsigned i = 0; i < m->branch_count; i++) {
        uint32_t target = m->starts[choose(c, m->count)];
        int offset = (int)target - (int)m->branches[i].after;
        m->code[m->branches[i].word] = (m->code[m->branches[i].word] & 0x0000ffffffffffff) |
                                       (uint64_t)(uint16_t)offset << 48;
    }
}

static void make_function(struct choices *c, struct made *m, bool script, unsigned functions,
                          const struct vvm_unit *unit)
{
    memset(m, 0, sizeof *m);
    m->slots = 2 + choose(c, SLOTS_MAX - 2);
    m->parameters = script ? 0 : choose(c, 3);
    for (unsigned s = 0; s < m->slots; s++)
        m->types[s] = choose(c, 3) ? SLOT_ANY : (uint8_t)(1 + choose(c, 8));
    add_beginning(c, m, unit);
    unsigned n = 2 + choose(c, 24);
    for (unsigned i = 0; i < n; i++) {
        unsigned op = choose(c, OP_LIMIT);
        if (is_generated(op)) add_instruction(c, m, op, functions, unit);
    }
    add_instruction(c, m, OP_RETURN, functions, unit);
    set_targets(c, m);
}

static int install(struct vvm_node *node, struct vvm_unit *unit, struct vvm_function *f, const struct made *m)
{
    uint64_t *code = malloc(m->words * sizeof *code);
    uint8_t *types = malloc(m->slots);
    if (!code || !types) abort();
    memcpy(code, m->code, m->words * sizeof *code);
    memcpy(types, m->types, m->slots);
    *f = (struct vvm_function){.code = code,
                               .words = m->words,
                               .parameters = (uint16_t)m->parameters,
                               .slots = (uint16_t)m->slots,
                               .slot_types = types,
                               .name = VALUE_FALSE,
                               .unit = unit,
                               .index = (uint32_t)(f - unit->functions),
                               .signature = signature_intern(node, types, m->parameters, false, SLOT_ANY)};
    return 0;
}

/* Primitives that touch nothing outside the machine. */
static void add_primitives(struct unit_builder *b, struct choices *c)
{
    static const char *const names[] = {
        "cons",    "car",   "vector", "list",   "make-vector", "append",   "string-append", "make-bytevector",
        "u32-ref", "slice", "length", "equal?", "reverse",     "list-tail"};
    unsigned n = 1 + choose(c, 6);
    for (unsigned i = 0; i < n; i++) {
        const struct primitive_row *row = primitive_named(b->node,
                                                          names[choose(c, sizeof names / sizeof *names)]);
        if (row) unit_add_primitive(b, row);
    }
}

static void add_constants(struct unit_builder *b)
{
    struct vvm_context *ctx = &b->node->control;
    unit_add_constant(b, make_fixnum(7));
    unit_add_constant(b, intern(b->node, "symbol"));
    unit_add_constant(b, make_pair(ctx, make_fixnum(1), make_pair(ctx, make_fixnum(2), VALUE_NULL)));
    unit_add_constant(b, make_vector(ctx, 3, make_fixnum(5)));
    unit_add_constant(b, make_string_utf8(ctx, "text", 4));
    unit_add_constant(b, make_bytes_from(ctx, "octets", 6));
}

static struct vvm_unit *make_unit(struct vvm_node *node, struct vvm_vmlet *vmlet, struct choices *c)
{
    struct unit_builder b;
    struct made made;
    if (unit_begin(&b, node, vmlet)) abort();
    unsigned functions = 1 + choose(c, FUNCTIONS_MAX);
    for (unsigned i = 0; i < functions; i++) unit_add_function(&b);
    add_constants(&b);
    add_primitives(&b, c);
    unit_add_link(&b, VALUE_FALSE, intern(node, "list"), signature_tagged(node, choose(c, 3)));
    unit_add_script(&b, 0);
    struct vvm_unit *unit = unit_finish(&b);
    for (unsigned i = 0; i < functions; i++) {
        make_function(c, &made, i == 0, functions, unit);
        install(node, unit, &unit->functions[i], &made);
    }
    return unit;
}

const struct fuzz_plan fuzz_plan = {.serves = 5000, .fuel = 20000};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vvm_node *node = fuzz_node();
    struct vvm_context *ctx = &node->control;
    struct choices choices = {data, data + size};
    struct verify_error error;
    struct vvm_vmlet *vmlet = vmlet_new(node, intern(node, "fuzz"));
    uint64_t result;
    if (!vmlet) abort();
    struct vvm_unit *unit = make_unit(node, vmlet, &choices);
    ctx->pending.kind = PENDING_NONE;
    vmlet->units = unit;
    if (!verify_unit(unit, &error) && !unit_link(ctx, unit) && !generation_begin(node)) {
        ctx->fuel = fuzz_plan.fuel;
        vvm_run(ctx, &unit->functions[0], NULL, &result);
        generation_abandon(node);
    }
    vmlet->next = node->leaving;
    node->leaving = vmlet;
    vmlets_reap(node);
    return 0;
}
