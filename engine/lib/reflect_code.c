/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reflect_code.c - code as data, for programs that look at programs; and as text.
 */
#include <stdlib.h>
#include <string.h>

#include "../authority.h"
#include "../environment.h"
#include "../reflect.h"
#include "../unit.h"
#include "lib.h"

/* ---- operands -------------------------------------------------------------------------- */

static vvm_value link_operand(struct vvm_context *ctx, const struct link *l)
{
    if (!is_symbol(l->vmlet)) return l->name;
    return reflect_target(ctx, "of", l->vmlet, l->name);
}

static vvm_value function_operand(struct vvm_context *ctx, unsigned field)
{
    vvm_value word = reflect_name(ctx, "function");
    return word == VALUE_EXCEPTION ? word : make_pair(ctx, word, make_fixnum(field));
}

static vvm_value operand(struct vvm_context *ctx, const struct vvm_function *f, uint32_t at,
                         enum operand_kind kind, unsigned field)
{
    const struct vvm_unit *u = f->unit;
    uint64_t w = f->code[at];
    switch (kind) {
    case OPERAND_CONST: return u->constants[field];
    case OPERAND_IMM: return make_fixnum((int16_t)field);
    case OPERAND_IMM32: return make_fixnum(word_imm32(w));
    case OPERAND_TARGET: return make_fixnum((int64_t)at + instruction_words(w) + word_imm(w));
    case OPERAND_FN: return function_operand(ctx, field);
    case OPERAND_LINK: return link_operand(ctx, &u->links[field]);
    case OPERAND_PRIM: return reflect_name(ctx, u->primitives[field]->name);
    case OPERAND_TYPE: return reflect_name(ctx, value_class_name((enum value_class)field));
    default: return make_fixnum(field);
    }
}

static bool add_operands(struct vvm_context *ctx, struct list_tail *list, const struct vvm_function *f,
                         uint32_t at)
{
    uint64_t w = f->code[at];
    const struct vvm_instruction *row = &instruction_table[word_op(w)];
    const struct operand_format formats[3] = {row->a, row->b, row->c};
    const unsigned fields[3] = {word_a(w), word_b(w), word_c(w)};
    for (unsigned i = 0; i < 3; i++) {
        enum operand_kind kind = (enum operand_kind)formats[i].kind;
        if (kind == OPERAND_NONE || kind == OPERAND_COUNT) continue;
        if (!reflect_item(ctx, list, operand(ctx, f, at, kind, fields[i]))) return false;
        if (kind == OPERAND_IMM32) break;
    }
    return true;
}

/* The list of slots behind some instructions, or the word. */
static bool add_tail(struct vvm_context *ctx, struct list_tail *list, const uint64_t *code)
{
    const struct vvm_instruction *row = &instruction_table[word_op(code[0])];
    char text[32];
    switch ((enum tail_kind)row->tail) {
    case TAIL_WORD:
        snprintf(text, sizeof text, "%llu", (unsigned long long)code[1]);
        return reflect_item(ctx, list, reflect_text(ctx, text));
    case TAIL_SRCS:
    case TAIL_DSTS:
        for (unsigned i = 0; i < word_c(code[0]); i++)
            if (!reflect_item(ctx, list, make_fixnum(tail_slot(code + 1, i)))) return false;
        return true;
    default: return true;
    }
}

vvm_value reflect_disassembly(struct vvm_context *ctx, const struct vvm_function *f)
{
    struct list_tail all = list_tail_start();
    for (uint32_t at = 0; at < f->words; at += instruction_words(f->code[at])) {
        struct list_tail one = list_tail_start();
        bool good = reflect_item(ctx, &one, make_fixnum(at)) &&
                    reflect_item(ctx, &one,
                                 reflect_name(ctx, instruction_table[word_op(f->code[at])].name)) &&
                    add_operands(ctx, &one, f, at) && add_tail(ctx, &one, &f->code[at]);
        if (!good || !reflect_item(ctx, &all, one.first)) return VALUE_EXCEPTION;
    }
    return all.first;
}

/* ---- the primitives ----------------------------------------------------------------------- */

static const struct vvm_function *code_of(struct vvm_context *ctx, const char *name, vvm_value target)
{
    const struct vvm_function *f = reflect_code(ctx, target);
    const struct vvm_vmlet *core = ctx->node->core->vmlet, *owner = f ? f->unit->vmlet : NULL;
    bool may = owner == core || (owner && authority_allows_look(authority_running(ctx), owner, LEVEL_CODE));
    if (f && f->unit->verified && may) return f;
    raise_message(ctx, ERROR_UNBOUND, target, "%s: no function in engine code", name);
    return NULL;
}

/* (disassembly TARGET) */
PRIMITIVE_FN(disassembly)
{
    (void)n;
    const struct vvm_function *f = code_of(ctx, "disassembly", args[0]);
    return f ? reflect_disassembly(ctx, f) : VALUE_EXCEPTION;
}

/* (disassembly-text TARGET) */
PRIMITIVE_FN(disassembly_text)
{
    char *text = NULL;
    size_t octets = 0;
    (void)n;
    const struct vvm_function *f = code_of(ctx, "disassembly-text", args[0]);
    FILE *to = f ? open_memstream(&text, &octets) : NULL;
    if (!to) return f ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT) : VALUE_EXCEPTION;
    disassemble_function(to, ctx->node, f);
    fclose(to);
    vvm_value s = make_string_utf8(ctx, text, octets);
    free(text);
    return s;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("disassembly", disassembly, 1, 1, 500, EFFECT_LOAD, "target -> list",
              "The code in force as data: (OFFSET NAME OPERAND ...) for each instruction."),
    PRIMITIVE("disassembly-text", disassembly_text, 1, 1, 500, EFFECT_LOAD, "target -> string",
              "The code in force as text."),
};

int code_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
