/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disassemble.c - code as text: one instruction a line, everything named.
 *
 * Works on any decoded unit, verified or not: a number that points nowhere is
 * printed as a number. Names and constants go through the printer, which escapes
 * control characters.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "wire/wire.h"

#define CONSTANT_OCTETS 200 /* longest text of one constant */
#define NAME_COLUMNS    17u

struct listing {
    FILE *to;
    struct vvm_node *node;
    const struct vvm_function *f;
    bool *labels; /* words that a branch goes to */
};

static void print_name(const struct listing *l, vvm_value name)
{
    if (is_symbol(name)) print_value(l->node, l->to, name, PRINT_WRITE, CONSTANT_OCTETS);
    else fputs("_", l->to);
}

static void print_effects(FILE *to, uint32_t effects)
{
    for (unsigned bit = 0; effect_name(bit); bit++)
        if (effects >> bit & 1) fprintf(to, " %s", effect_name(bit));
}

/* ---- operands -------------------------------------------------------------------------- */

static enum slot_type type_of(const struct vvm_function *f, unsigned slot)
{
    return slot < f->slots ? (enum slot_type)f->slot_types[slot] : SLOT_ANY;
}

static void print_function_name(const struct listing *l, unsigned index)
{
    fprintf(l->to, "f%u", index);
    if (index >= l->f->unit->function_count) return;
    fputc(':', l->to);
    print_name(l, l->f->unit->functions[index].name);
}

static void print_link(const struct listing *l, unsigned index)
{
    const struct vvm_unit *u = l->f->unit;
    if (index >= u->link_count) {
        fprintf(l->to, "link %u", index);
        return;
    }
    if (is_symbol(u->links[index].vmlet)) {
        print_name(l, u->links[index].vmlet);
        fputc(':', l->to);
    }
    print_name(l, u->links[index].name);
}

static void print_constant(const struct listing *l, unsigned index)
{
    const struct vvm_unit *u = l->f->unit;
    if (index < u->constant_count)
        print_value(l->node, l->to, u->constants[index], PRINT_WRITE, CONSTANT_OCTETS);
    else fprintf(l->to, "constant %u", index);
}

static void print_immediate(const struct listing *l, const struct vvm_instruction *row, uint64_t w)
{
    vvm_value v = (vvm_value)(int64_t)word_imm32(w);
    bool tagged = row->a.type == SLOT_ANY && (is_fixnum(v) || value_tag(v) == TAG_IMMEDIATE);
    if (tagged) print_value(l->node, l->to, v, PRINT_WRITE, CONSTANT_OCTETS);
    else fprintf(l->to, "%d", word_imm32(w));
}

static int64_t target_of(const struct vvm_function *f, uint32_t at)
{
    return (int64_t)at + instruction_words(f->code[at]) + word_imm(f->code[at]);
}

static void print_operand(const struct listing *l, uint32_t at, enum operand_kind kind, unsigned field)
{
    const struct vvm_unit *u = l->f->unit;
    switch (kind) {
    case OPERAND_NONE:
    case OPERAND_COUNT: break;
    case OPERAND_DST:
    case OPERAND_SRC: fprintf(l->to, "s%u", field); break;
    case OPERAND_CONST: print_constant(l, field); break;
    case OPERAND_IMM: fprintf(l->to, "%d", (int16_t)field); break;
    case OPERAND_IMM32: break;
    case OPERAND_TARGET: fprintf(l->to, "L%" PRId64, target_of(l->f, at)); break;
    case OPERAND_FN: print_function_name(l, field); break;
    case OPERAND_LINK: print_link(l, field); break;
    case OPERAND_PRIM:
        if (field < u->primitive_count) fprintf(l->to, "`%s`", u->primitives[field]->name);
        else fprintf(l->to, "primitive %u", field);
        break;
    case OPERAND_TYPE: fputs(value_class_name((enum value_class)field), l->to); break;
    case OPERAND_OPER: fprintf(l->to, "operand %u", field); break;
    case OPERAND_INDEX: fprintf(l->to, "%u", field); break;
    }
}

static void print_operands(const struct listing *l, uint32_t at, const struct vvm_instruction *row)
{
    uint64_t w = l->f->code[at];
    const struct operand_format formats[3] = {row->a, row->b, row->c};
    const unsigned fields[3] = {word_a(w), word_b(w), word_c(w)};
    const char *between = "";
    if (row->a.kind != OPERAND_NONE || row->b.kind != OPERAND_NONE || row->c.kind != OPERAND_NONE)
        fprintf(l->to, "%*s", (int)(strlen(row->name) < NAME_COLUMNS ? NAME_COLUMNS - strlen(row->name) : 1),
                "");
    for (unsigned i = 0; i < 3; i++) {
        if (formats[i].kind == OPERAND_NONE || formats[i].kind == OPERAND_COUNT) continue;
        fputs(between, l->to);
        between = ", ";
        if (formats[i].kind != OPERAND_IMM32) {
            print_operand(l, at, (enum operand_kind)formats[i].kind, fields[i]);
            continue;
        }
        print_immediate(l, row, w);
        break;
    }
}

static void print_tail(const struct listing *l, uint32_t at, const struct vvm_instruction *row)
{
    const uint64_t *code = &l->f->code[at];
    switch ((enum tail_kind)row->tail) {
    case TAIL_NONE: break;
    case TAIL_COSTS:
        if (l->f->unit->verified)
            fprintf(l->to, "  ; cost %" PRIu64 " or %" PRIu64, code[1] & UINT32_MAX, code[1] >> 32);
        break;
    case TAIL_WORD:
        if (slot_is_signed(type_of(l->f, word_a(code[0])))) fprintf(l->to, ", %" PRId64, (int64_t)code[1]);
        else fprintf(l->to, ", %" PRIu64, code[1]);
        break;
    case TAIL_SRCS:
    case TAIL_DSTS:
        fputs(row->tail == TAIL_SRCS
                  ? (row->a.kind == OPERAND_NONE && row->b.kind == OPERAND_NONE ? "(" : " (")
                  : " -> (",
              l->to);
        for (unsigned i = 0; i < word_c(code[0]); i++)
            fprintf(l->to, "%ss%u", i ? " " : "", tail_slot(code + 1, i));
        fputc(')', l->to);
    }
}

/* ---- functions ------------------------------------------------------------------------- */

/* Words of the instruction at `at`, or 0 if none stands there whole. */
static uint32_t whole_words(const struct vvm_function *f, uint32_t at)
{
    if (word_op(f->code[at]) >= OP_LIMIT) return 0;
    uint32_t words = instruction_words(f->code[at]);
    return words <= f->words - at ? words : 0;
}

static void find_labels(struct listing *l)
{
    const struct vvm_function *f = l->f;
    for (uint32_t at = 0, words; at < f->words; at += words) {
        words = whole_words(f, at);
        if (!words) return;
        if (instruction_table[word_op(f->code[at])].c.kind != OPERAND_TARGET) continue;
        int64_t target = target_of(f, at);
        if (target >= 0 && target < f->words) l->labels[target] = true;
    }
}

static void print_parameters(const struct listing *l)
{
    const struct vvm_function *f = l->f;
    fputc('(', l->to);
    for (unsigned i = 0; i < f->parameters; i++)
        fprintf(l->to, "%ss%u %s", i ? ", " : "", i, slot_type_name(type_of(f, i)));
    if (f->flags & FUNCTION_REST) fprintf(l->to, "%ss%u ...", f->parameters ? ", " : "", f->parameters);
    fprintf(l->to, ") -> %s", slot_type_name((enum slot_type)f->result));
}

static void print_header(const struct listing *l)
{
    const struct vvm_function *f = l->f;
    fprintf(l->to, "f%u ", f->index);
    print_name(l, f->name);
    print_parameters(l);
    if (f->flags & FUNCTION_BODY) fputs(", body of a wire instruction", l->to);
    uint64_t p = f->position;
    const char *file = position_file(p) ? node_file_name(l->node, position_file(p)) : NULL;
    if (file) fprintf(l->to, "  ; %s:%u:%u", file, position_line(p), position_column(p));
    fprintf(l->to, "\n    %u slots", f->slots);
    for (unsigned i = f->parameters; i < f->slots; i++)
        if (slot_is_raw(type_of(f, i))) fprintf(l->to, ", s%u %s", i, slot_type_name(type_of(f, i)));
    if (f->captured) fprintf(l->to, ", captures %u", f->captured);
    if (f->handlers) fprintf(l->to, ", %u handlers", f->handlers);
    if (f->unit->verified) {
        fprintf(l->to, ", entry cost %u, own effects:", f->entry_cost);
        print_effects(l->to, f->own_effects);
        if (!f->own_effects) fputs(" none", l->to);
    }
    fputc('\n', l->to);
}

static void print_code(const struct listing *l)
{
    const struct vvm_function *f = l->f;
    for (uint32_t at = 0, words; at < f->words; at += words) {
        words = whole_words(f, at);
        if (l->labels && l->labels[at]) fprintf(l->to, "  L%u:\n", at);
        if (!words) {
            fprintf(l->to, "  %5u  ?      0x%016" PRIx64 "\n", at, f->code[at]);
            words = 1;
            continue;
        }
        const struct vvm_instruction *row = &instruction_table[word_op(f->code[at])];
        fprintf(l->to, "  %5u  %s", at, row->name);
        print_operands(l, at, row);
        print_tail(l, at, row);
        fputc('\n', l->to);
    }
}

void disassemble_function(FILE *to, const struct vvm_node *node, const struct vvm_function *f)
{
    /* the printer takes a node that it does not change */
    struct listing l = {.to = to, .node = (struct vvm_node *)node, .f = f};
    l.labels = calloc(f->words ? f->words : 1, sizeof *l.labels);
    if (l.labels) find_labels(&l);
    print_header(&l);
    print_code(&l);
    free(l.labels);
}

void disassemble_unit(FILE *to, const struct vvm_node *node, const struct vvm_unit *unit)
{
    fprintf(to, "unit of %u functions, %u constants, %u links, %u primitives; scripts:", unit->function_count,
            unit->constant_count, unit->link_count, unit->primitive_count);
    for (uint32_t i = 0; i < unit->script_count; i++) fprintf(to, " f%u", unit->scripts[i]);
    fputs("\n", to);
    for (uint32_t i = 0; i < unit->function_count; i++) {
        fputs("\n", to);
        disassemble_function(to, node, &unit->functions[i]);
    }
}
