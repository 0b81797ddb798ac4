/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - the verifier's frame: a unit's sizes and tables, its functions one by
 * one, and the fuel of their blocks.
 *
 * Fuel. The cost of entering code at a label is the cost of everything from there up
 * to and including the next instruction that passes control on (a jump, a branch, the
 * start of a handler region, an end). A block that falls through into a label thus
 * pays for what follows it too: no word stands there that could charge. All costs of
 * a function are computed in one walk from its end to its start.
 */
#include "verify.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_MAX (1u << 16) /* operands have 16 bits */

static_assert(RULE_LIMIT <= 64, "rules are bits of a word");
static_assert((uint64_t)MAX_FUNCTION_WORDS * UINT16_MAX < UINT64_C(1) << 31,
              "costs of a block fit in 31 bits");

static const char *const rule_names[RULE_LIMIT] = {
#define R(name, symbol, text) symbol,
#include "verify.def"
#undef R
};

const char *verify_rule_name(enum verify_rule r) { return (unsigned)r < RULE_LIMIT ? rule_names[r] : "?"; }

/* ---- errors ----------------------------------------------------------------------- */

/* A symbol's name, fit for a line of text. */
static void plain_name(vvm_value name, char *to, size_t room)
{
    if (!is_symbol(name)) {
        snprintf(to, room, "%s", "(no name)");
        return;
    }
    snprintf(to, room, "%s", symbol_name(name));
    for (; *to; to++)
        if ((unsigned char)*to < ' ' || *to == 0x7f) *to = '?';
}

static int describe_place(const struct verifier *v, uint32_t word, char *to, size_t room)
{
    char unit[40], function[60];
    plain_name(v->unit->vmlet ? v->unit->vmlet->name : VALUE_FALSE, unit, sizeof unit);
    if (!v->f) return snprintf(to, room, "unit %s", unit);
    plain_name(v->f->name, function, sizeof function);
    uint64_t p = v->f->position;
    const char *file = v->node && position_file(p) ? node_file_name(v->node, position_file(p)) : NULL;
    if (!file) return snprintf(to, room, "unit %s, function %s, word %u", unit, function, word);
    return snprintf(to, room, "unit %s, function %s (%.60s:%u), word %u", unit, function, file,
                    position_line(p), word);
}

int refuse(struct verifier *v, enum verify_rule rule, uint32_t word, const char *format, ...)
{
    assert(rule < RULE_LIMIT);
    if (v->disabled & rule_bit(rule)) return 0;
    struct verify_error *e = v->error;
    e->rule = rule;
    e->function = v->f ? (uint32_t)(v->f - v->unit->functions) : 0;
    e->word = word;
    int n = describe_place(v, word, e->text, sizeof e->text);
    if (n >= 0 && (size_t)n < sizeof e->text)
        n += snprintf(e->text + n, sizeof e->text - (size_t)n, ", rule %s: ", rule_names[rule]);
    if (n < 0 || (size_t)n >= sizeof e->text) return -EINVAL;
    va_list list;
    va_start(list, format);
    vsnprintf(e->text + n, sizeof e->text - (size_t)n, format, list);
    va_end(list);
    return -EINVAL;
}

/* ---- helpers of all parts ---------------------------------------------------------- */

const struct vvm_instruction *row_of(uint64_t word)
{
    return &instruction_table[word_op(word) < OP_LIMIT ? word_op(word) : OP_NOP];
}

unsigned words_of(uint64_t word) { return word_op(word) < OP_LIMIT ? instruction_words(word) : 1; }

enum slot_type slot_type_of(const struct vvm_function *f, unsigned slot)
{
    return slot < f->slots ? (enum slot_type)f->slot_types[slot] : SLOT_ANY;
}

bool raw_fits(uint64_t word, enum slot_type type)
{
    unsigned bits = slot_bits(type);
    if (bits == 64) return true;
    if (!slot_is_signed(type)) return word >> bits == 0;
    uint64_t sign = UINT64_C(1) << (bits - 1);
    return ((word & (sign * 2 - 1)) ^ sign) - sign == word;
}

/* ---- costs ------------------------------------------------------------------------- */

static uint32_t own_cost(const struct verifier *v, uint64_t w)
{
    const struct vvm_instruction *row = row_of(w);
    if (row->effects & EFFECT_ROW && word_b(w) < v->unit->primitive_count)
        return row->cost + v->unit->primitives[word_b(w)]->cost;
    return row->cost;
}

static uint32_t cost_at(const struct verifier *v, uint32_t word)
{
    return word < v->f->words && v->marks[word] & MARK_START ? v->cost[word] : 0;
}

/* Costs of all instructions, last first, then the words that charge them. */
static void verify_costs(struct verifier *v)
{
    for (uint32_t i = v->count; i-- > 0;) {
        uint32_t at = v->starts[i];
        uint64_t w = v->code[at];
        bool goes_on = row_of(w)->flow == FLOW_NEXT || row_of(w)->flow == FLOW_UNHANDLE;
        v->cost[at] = own_cost(v, w) + (goes_on ? cost_at(v, at + words_of(w)) : 0);
        assert(v->cost[at] < UINT32_C(1) << 31);
    }
    for (uint32_t i = 0; i < v->count; i++) {
        uint32_t at = v->starts[i];
        uint64_t w = v->code[at];
        if (row_of(w)->tail != TAIL_COSTS) continue;
        uint32_t after = at + words_of(w);
        uint64_t taken = cost_at(v, after + (uint32_t)word_imm(w));
        uint64_t next = row_of(w)->flow == FLOW_JUMP ? 0 : cost_at(v, after);
        v->code[at + 1] = taken | next << 32;
    }
    v->f->entry_cost = cost_at(v, 0);
}

/* ---- a unit ------------------------------------------------------------------------- */

static int verify_tables(struct verifier *v)
{
    const struct vvm_unit *u = v->unit;
    if (u->function_count > TABLE_MAX || u->constant_count > TABLE_MAX || u->link_count > TABLE_MAX ||
        u->primitive_count > TABLE_MAX || u->script_count > TABLE_MAX) {
        if (refuse(v, RULE_SIZE, 0, "a table of the unit has more than %u entries", TABLE_MAX))
            return -EINVAL;
    }
    for (uint32_t i = 0; i < u->link_count; i++)
        if (u->links[i].signature && !signature_at(v->node, u->links[i].signature) &&
            refuse(v, RULE_SIGNATURE, 0, "link %u has no valid signature", i))
            return -EINVAL;
    return 0;
}

static int verify_scripts(struct verifier *v)
{
    const struct vvm_unit *u = v->unit;
    for (uint32_t i = 0; i < u->script_count; i++) {
        if (u->scripts[i] >= u->function_count) {
            if (refuse(v, RULE_SCRIPT, 0, "script %u is no function", i)) return -EINVAL;
            continue;
        }
        const struct vvm_function *f = &u->functions[u->scripts[i]];
        if ((f->parameters || f->flags || f->captured || f->result != SLOT_ANY) &&
            refuse(v, RULE_SCRIPT, 0, "script %u is a function that takes or captures something", i))
            return -EINVAL;
    }
    return 0;
}

static int verify_lines(struct verifier *v)
{
    const struct vvm_function *f = v->f;
    uint32_t last = 0;
    for (uint32_t i = 0; i < f->line_count; i++) {
        uint32_t word = f->lines[i].word;
        if ((word < last || word >= f->words || f->lines[i].position >> 40) &&
            refuse(v, RULE_LINES, word, "entry %u of the line table", i))
            return -EINVAL;
        last = word;
    }
    return 0;
}

static int verify_function(struct verifier *v)
{
    int err = verify_lines(v);
    v->code = (uint64_t *)v->f->code; /* the unit's own memory: costs are written into it */
    v->count = 0;
    v->f->own_effects = 0;
    v->f->handlers = 0;
    if (!err) err = verify_operands(v);
    if (!err) err = verify_flow(v);
    assert(err || v->count <= v->f->words);
    if (!err) verify_costs(v);
    return err;
}

static int each_function(struct verifier *v, int (*part)(struct verifier *v))
{
    for (uint32_t i = 0; i < v->unit->function_count; i++) {
        v->f = &v->unit->functions[i];
        int err = part(v);
        if (err) return err;
    }
    v->f = NULL;
    return 0;
}

static int verify_parts(struct verifier *v)
{
    int err = verify_tables(v);
    if (!err) err = each_function(v, verify_header);
    if (!err) err = verify_scripts(v);
    if (!err) err = each_function(v, verify_function);
    return err;
}

static uint32_t longest_function(const struct vvm_unit *unit)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < unit->function_count; i++)
        if (unit->functions[i].words > most) most = unit->functions[i].words;
    return most;
}

int verify_unit_without(struct vvm_unit *unit, uint64_t disabled, struct verify_error *error)
{
    assert(!unit->verified);
    struct vvm_environment *env = unit->vmlet ? unit->vmlet->environment : NULL;
    struct verifier v = {.unit = unit, .node = env ? env->node : NULL, .disabled = disabled, .error = error};
    assert(v.node);
    *error = (struct verify_error){.rule = RULE_LIMIT, .text = "out of memory"};
    size_t words = longest_function(unit);
    v.starts = malloc(words * sizeof *v.starts);
    v.marks = malloc(words);
    v.cost = malloc(words * sizeof *v.cost);
    v.flow = flow_open(words);
    int err = v.starts && v.marks && v.cost && v.flow ? verify_parts(&v) : -ENOMEM;
    free(v.starts);
    free(v.marks);
    free(v.cost);
    flow_close(v.flow);
    if (err) return err;
    error->text[0] = 0;
    unit->verified = true;
    return 0;
}

/* A build can leave one rule out, to show that the fuzzers would notice. */
#ifdef VVM_PLANTED_RULE
#define RULES_OFF rule_bit(VVM_PLANTED_RULE)
#else
#define RULES_OFF 0
#endif

int verify_unit(struct vvm_unit *unit, struct verify_error *error)
{
    return verify_unit_without(unit, RULES_OFF, error);
}
