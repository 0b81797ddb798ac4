/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_call.c - what the format of a row cannot say: calls against the signature of
 * what they call, closures against what their function captures, and the exits of
 * wire instructions against the shape of the body.
 */
#include <errno.h>

#include "verify.h"

static const char *name_of(const struct verifier *v, uint32_t at) { return row_of(v->code[at])->name; }

static const struct vvm_function *function_at(const struct verifier *v, unsigned index)
{
    return index < v->unit->function_count ? &v->unit->functions[index] : NULL;
}

/* ---- calls ---------------------------------------------------------------------------- */

static struct signature header_signature(const struct vvm_function *f)
{
    return (struct signature){
        .parameters = f->parameters < f->slots ? f->parameters : f->slots,
        .rest = f->flags & FUNCTION_REST ? 1 : 0,
        .result = f->result,
        .types = f->slot_types,
    };
}

bool callee_of(const struct verifier *v, uint64_t word, struct signature *callee)
{
    const struct vvm_function *f = NULL;
    const struct signature *s = NULL;
    switch (word_op(word)) {
    case OP_CALL:
    case OP_TAIL_CALL:
        f = function_at(v, word_b(word));
        if (f) *callee = header_signature(f);
        return f != NULL;
    case OP_CALL_GLOBAL:
    case OP_TAIL_CALL_GLOBAL:
        if (word_b(word) < v->unit->link_count)
            s = signature_at(v->node, v->unit->links[word_b(word)].signature);
        if (s) *callee = *s;
        return s != NULL;
    default: return false;
    }
}

static int check_arguments(struct verifier *v, uint32_t at, const struct signature *callee)
{
    unsigned count = word_c(v->code[at]);
    bool fits = callee->rest ? count >= callee->parameters : count == callee->parameters;
    if (!fits && refuse(v, RULE_COUNT, at, "%s: %u arguments for %u%s parameters", name_of(v, at), count,
                        callee->parameters, callee->rest ? " or more" : ""))
        return -EINVAL;
    for (unsigned i = 0; i < count; i++) {
        enum slot_type given = slot_type_of(v->f, tail_slot(&v->code[at + 1], i));
        enum slot_type wanted = i < callee->parameters ? (enum slot_type)callee->types[i] : SLOT_ANY;
        if (given != wanted && refuse(v, RULE_SIGNATURE, at, "%s: argument %u has type %s, not %s",
                                      name_of(v, at), i, slot_type_name(given), slot_type_name(wanted)))
            return -EINVAL;
    }
    return 0;
}

static int check_call(struct verifier *v, uint32_t at)
{
    uint64_t w = v->code[at];
    struct signature callee;
    if (!callee_of(v, w, &callee)) {
        if (row_of(w)->b.kind == OPERAND_LINK && word_b(w) < v->unit->link_count)
            return refuse(v, RULE_SIGNATURE, at, "%s: the link has no signature", name_of(v, at));
        return 0;
    }
    bool leaves = row_of(w)->flow == FLOW_END;
    if (leaves && callee.result != v->f->result &&
        refuse(v, RULE_SIGNATURE, at, "%s: the callee returns %s, this function %s", name_of(v, at),
               slot_type_name(callee.result), slot_type_name(v->f->result)))
        return -EINVAL;
    return check_arguments(v, at, &callee);
}

/* A function that is called without a closure: no body, nothing captured. */
static int check_plain(struct verifier *v, uint32_t at, unsigned index)
{
    const struct vvm_function *f = function_at(v, index);
    if (!f || (!f->captured && !(f->flags & (FUNCTION_BODY | FUNCTION_WIRE)))) return 0;
    return refuse(v, RULE_FUNCTION, at, "%s: function %u %s", name_of(v, at), index,
                  f->captured ? "needs a closure" : "is the body of a wire instruction");
}

static bool all_tagged(const struct vvm_function *f)
{
    for (unsigned i = 0; i < f->parameters; i++)
        if (slot_type_of(f, i) != SLOT_ANY) return false;
    return f->result == SLOT_ANY;
}

static int check_tagged(struct verifier *v, uint32_t at, unsigned index)
{
    const struct vvm_function *f = function_at(v, index);
    if (!f || f->flags & FUNCTION_BODY || all_tagged(f)) return 0;
    return refuse(v, RULE_FUNCTION, at, "%s: function %u has raw parameters or a raw result", name_of(v, at),
                  index);
}

static int check_closure(struct verifier *v, uint32_t at)
{
    uint64_t w = v->code[at];
    const struct vvm_function *f = function_at(v, word_b(w));
    if (!f) return 0;
    if (f->captured != word_c(w) && refuse(v, RULE_COUNT, at, "%s: %u slots for a function that captures %u",
                                           name_of(v, at), word_c(w), f->captured))
        return -EINVAL;
    return check_tagged(v, at, word_b(w));
}

static int check_define_function(struct verifier *v, uint32_t at)
{
    uint64_t w = v->code[at];
    const struct vvm_function *typed = function_at(v, word_b(w)), *entry = function_at(v, word_c(w));
    int err = check_plain(v, at, word_b(w));
    if (!err) err = check_plain(v, at, word_c(w));
    if (!err) err = check_tagged(v, at, word_c(w));
    if (err || !typed || !entry) return err;
    if (typed->parameters == entry->parameters && !((typed->flags ^ entry->flags) & FUNCTION_REST)) return 0;
    return refuse(v, RULE_FUNCTION, at, "%s: the two entries take different arguments", name_of(v, at));
}

static int check_primitive(struct verifier *v, uint32_t at)
{
    uint64_t w = v->code[at];
    if (word_b(w) >= v->unit->primitive_count) return 0;
    const struct primitive_row *row = v->unit->primitives[word_b(w)];
    int count = (int)word_c(w);
    if (count >= row->least && (row->most < 0 || count <= row->most)) return 0;
    return refuse(v, RULE_COUNT, at, "%s: %d arguments for %s", name_of(v, at), count, row->name);
}

static int check_count(struct verifier *v, uint32_t at, unsigned least, unsigned most)
{
    unsigned count = word_c(v->code[at]);
    if (count >= least && count <= most) return 0;
    return refuse(v, RULE_COUNT, at, "%s: a list of %u", name_of(v, at), count);
}

static int check_captured(struct verifier *v, uint32_t at)
{
    unsigned index = word_b(v->code[at]);
    if (index < v->f->captured) return 0;
    return refuse(v, RULE_CAPTURED, at, "%s: %u of %u", name_of(v, at), index, v->f->captured);
}

/* ---- exits ----------------------------------------------------------------------------- */

enum { EXIT_LIST_MAX = 255, ANY_ARITY = 0xff };

static int check_exit_operand(struct verifier *v, uint32_t at, unsigned operand, enum wire_operand_kind kind)
{
    const struct body_shape *s = v->f->shape;
    if (!s || (operand < s->operand_count && s->operands[operand].kind == kind)) return 0;
    return refuse(v, RULE_EXIT, at, "%s: operand %u is not of the kind it needs", name_of(v, at), operand);
}

/* kept values, then the arguments; where to go on afterwards */
static int check_exit_call(struct verifier *v, uint32_t at, bool items)
{
    uint64_t w = v->code[at];
    const struct body_shape *s = v->f->shape;
    unsigned kept = word_b(w) & 0xff, then = word_b(w) >> 8, count = word_c(w), function = word_a(w);
    int err = check_exit_operand(v, at, function, WIRE_FUNCTION);
    if (!err && then >= 2) err = check_exit_operand(v, at, then - 2, WIRE_LABEL);
    if (err || !s || function >= s->operand_count) return err;
    unsigned arity = s->operands[function].arity;
    bool fits = items ? count == kept : count >= kept && (arity == ANY_ARITY || count - kept == arity);
    if (fits) return 0;
    return refuse(v, RULE_EXIT, at, "%s: %u values, of which %u are kept, for a function of %u",
                  name_of(v, at), count, kept, arity);
}

static bool needs_items(unsigned op)
{
    return op == OP_EXIT_CALL_ITEMS || op == OP_ITEM_COUNT || op == OP_ITEM_REF || op == OP_ITEMS;
}

static int check_exit(struct verifier *v, uint32_t at)
{
    uint64_t w = v->code[at];
    unsigned op = word_op(w);
    if (!v->f->shape) return refuse(v, RULE_EXIT, at, "%s outside a body", name_of(v, at));
    if (needs_items(op) && !v->f->shape->items &&
        refuse(v, RULE_EXIT, at, "%s: the instruction takes no items", name_of(v, at)))
        return -EINVAL;
    if (row_of(w)->tail == TAIL_SRCS && check_count(v, at, 0, EXIT_LIST_MAX)) return -EINVAL;
    switch (op) {
    case OP_EXIT_GOTO:
    case OP_EXIT_PUSH_HANDLER: return check_exit_operand(v, at, word_a(w), WIRE_LABEL);
    case OP_EXIT_CALL:
    case OP_EXIT_CALL_ITEMS: return check_exit_call(v, at, op == OP_EXIT_CALL_ITEMS);
    case OP_WIRE_LOCAL_REF: return check_exit_operand(v, at, word_b(w), WIRE_LOCAL);
    case OP_WIRE_LOCAL_SET: return check_exit_operand(v, at, word_a(w), WIRE_LOCAL);
    default: return 0;
    }
}

/* An instruction that returns to the caller of this function, in one of several ways. */
static int check_leave(struct verifier *v, uint32_t at)
{
    if (v->f->flags & FUNCTION_BODY && refuse(v, RULE_RETURN_IN_BODY, at, "%s", name_of(v, at)))
        return -EINVAL;
    unsigned op = word_op(v->code[at]);
    bool typed = op == OP_RETURN || op == OP_TAIL_CALL || op == OP_TAIL_CALL_GLOBAL;
    if (typed || v->f->result == SLOT_ANY) return 0;
    return refuse(v, RULE_SLOT_TYPE, at, "%s in a function that returns %s", name_of(v, at),
                  slot_type_name(v->f->result));
}

/* ---- by opcode --------------------------------------------------------------------------- */

static int check_leaving_call(struct verifier *v, uint32_t at)
{
    int err = check_leave(v, at);
    if (!err && word_op(v->code[at]) == OP_TAIL_CALL) err = check_plain(v, at, word_b(v->code[at]));
    return err ? err : check_call(v, at);
}

int verify_special(struct verifier *v, uint32_t at)
{
    unsigned op = word_op(v->code[at]);
    if (row_of(v->code[at])->effects & EFFECT_EXIT) return check_exit(v, at);
    int err;
    switch (op) {
    case OP_CALL: err = check_plain(v, at, word_b(v->code[at])); return err ? err : check_call(v, at);
    case OP_CALL_GLOBAL: return check_call(v, at);
    case OP_TAIL_CALL:
    case OP_TAIL_CALL_GLOBAL: return check_leaving_call(v, at);
    case OP_TAIL_CALL_VALUE:
    case OP_TAIL_APPLY:
    case OP_RETURN:
    case OP_RETURN_LIST:
    case OP_RETURN_VALUES: return check_leave(v, at);
    case OP_CALL_PRIMITIVE: return check_primitive(v, at);
    case OP_CLOSURE: return check_closure(v, at);
    case OP_CAPTURED: return check_captured(v, at);
    case OP_DEFINE_FUNCTION: return check_define_function(v, at);
    case OP_RECEIVE_REST: return check_count(v, at, 1, UINT16_MAX);
    case OP_RUN_PROGRAM: return check_count(v, at, 4, 4);
    default: return 0;
    }
}
