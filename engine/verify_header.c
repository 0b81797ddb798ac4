/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_header.c - what the header of a function claims: sizes, slot types, signature
 * and, for the body of a wire instruction, its shape.
 */
#include "verify.h"

#include <errno.h>

static bool is_body(const struct vvm_function *f) { return f->flags & FUNCTION_BODY; }

static int verify_sizes(struct verifier *v)
{
    const struct vvm_function *f = v->f;
    unsigned incoming = f->parameters + (f->flags & FUNCTION_REST ? 1u : 0u);
    /* the walks are built for these sizes: without this rule nothing else is safe */
    if (f->words > MAX_FUNCTION_WORDS || f->slots > MAX_SLOTS) {
        refuse(v, RULE_SIZE, 0, "%u words and %u slots: at most %u and %u", f->words, f->slots,
               (unsigned)MAX_FUNCTION_WORDS, (unsigned)MAX_SLOTS);
        return -EINVAL;
    }
    if (incoming > f->slots && refuse(v, RULE_SLOT, 0, "%u parameters in %u slots", incoming, f->slots))
        return -EINVAL;
    if (!f->words && refuse(v, RULE_FALL_OFF, 0, "a function without code")) return -EINVAL;
    unsigned known = FUNCTION_REST | FUNCTION_BODY | FUNCTION_INLINE;
    if (f->flags & ~known && refuse(v, RULE_RESERVED, 0, "unknown flags 0x%x", f->flags & ~known))
        return -EINVAL;
    return 0;
}

static int verify_slot_types(struct verifier *v)
{
    const struct vvm_function *f = v->f;
    for (unsigned i = 0; i < f->slots; i++)
        if (f->slot_types[i] >= SLOT_TYPES &&
            refuse(v, RULE_SLOT_TYPE, 0, "slot %u has the unknown type %u", i, f->slot_types[i]))
            return -EINVAL;
    if (f->result >= SLOT_TYPES && refuse(v, RULE_SLOT_TYPE, 0, "unknown result type %u", f->result))
        return -EINVAL;
    if (f->flags & FUNCTION_REST && slot_type_of(f, f->parameters) != SLOT_ANY &&
        refuse(v, RULE_SLOT_TYPE, 0, "the rest list stands in a slot of type %s",
               slot_type_name(slot_type_of(f, f->parameters))))
        return -EINVAL;
    return 0;
}

/* The number by which other units know the function must mean what its header says. */
static int verify_signature(struct verifier *v)
{
    const struct vvm_function *f = v->f;
    const struct signature *s = signature_at(v->node, f->signature);
    bool same = s && s->parameters == f->parameters && s->result == f->result &&
                (s->rest != 0) == ((f->flags & FUNCTION_REST) != 0);
    for (unsigned i = 0; same && i < f->parameters; i++) same = s->types[i] == slot_type_of(f, i);
    if (!same &&
        refuse(v, RULE_SIGNATURE, 0, "the function's signature number is not that of its parameters"))
        return -EINVAL;
    return 0;
}

/* ---- shapes ---------------------------------------------------------------------- */

/* Whether a value operand of a kind may arrive in a slot of a type. */
static bool operand_fits(enum wire_operand_kind kind, enum slot_type type)
{
    switch (kind) {
    case WIRE_U8:
    case WIRE_U16:
    case WIRE_U32:
    case WIRE_U64: return type == SLOT_U8 + (unsigned)(kind - WIRE_U8);
    case WIRE_S8:
    case WIRE_S16:
    case WIRE_S32:
    case WIRE_S64: return type == SLOT_S8 + (unsigned)(kind - WIRE_S8);
    case WIRE_COUNT: return type == SLOT_U8;
    default: return type == SLOT_ANY;
    }
}

static bool has_slot(enum wire_operand_kind kind)
{
    return kind != WIRE_LABEL && kind != WIRE_FUNCTION && kind != WIRE_LOCAL;
}

static bool items_fit(const struct body_shape *s)
{
    if (!s->items) return true;
    unsigned operand = s->items & 0x80 ? s->items & 0x7fu : s->items - 1u;
    if (operand >= s->operand_count) return false;
    return s->operands[operand].kind == (s->items & 0x80 ? WIRE_FUNCTION : WIRE_COUNT);
}

/* Parameters are the value operands, then the takes: NULL, or what is wrong. */
static const char *shape_fault(const struct vvm_function *f)
{
    const struct body_shape *s = f->shape;
    unsigned slot = 0;
    if (s->operand_count > WIRE_OPERANDS_MAX || s->take_count > WIRE_TAKES_MAX)
        return "too many operands or takes";
    for (unsigned i = 0; i < s->operand_count; i++) {
        if (s->operands[i].kind > WIRE_LOCAL) return "an operand of unknown kind";
        if (!has_slot(s->operands[i].kind)) continue;
        if (!operand_fits(s->operands[i].kind, slot_type_of(f, slot++)))
            return "an operand in a slot of another type";
    }
    for (unsigned i = 0; i < s->take_count; i++) {
        unsigned c = s->take_class[i];
        if (c >= CLASS_LIMIT) return "a take of unknown class";
        enum slot_type type = c >= CLASS_U8 ? SLOT_U8 + (c - CLASS_U8) : SLOT_ANY;
        if (slot_type_of(f, slot++) != type) return "a take in a slot of another type";
    }
    if (slot != f->parameters) return "operands and takes are not the parameters";
    return items_fit(s) ? NULL : "items that no operand counts";
}

static int verify_shape(struct verifier *v)
{
    const struct vvm_function *f = v->f;
    const char *fault = NULL;
    if (is_body(f) != (f->shape != NULL)) fault = "a body needs a shape, and only a body";
    else if (!is_body(f)) return 0;
    else if (f->flags & FUNCTION_REST || f->captured || f->result != SLOT_ANY)
        fault = "a body that captures, takes a rest list or returns a raw word";
    else fault = shape_fault(f);
    return fault ? refuse(v, RULE_SHAPE, 0, "%s", fault) : 0;
}

int verify_header(struct verifier *v)
{
    int err = verify_sizes(v);
    if (!err) err = verify_slot_types(v);
    if (!err) err = verify_signature(v);
    if (!err) err = verify_shape(v);
    return err;
}
