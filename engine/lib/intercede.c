/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intercede.c - what around, redefine and undefine expand to: layers of the VMlet whose
 * code calls these.
 */
#include <errno.h>

#include "../authority.h"
#include "../environment.h"
#include "../layer.h"
#include "../reflect.h"
#include "../unit.h"
#include "../wire/network.h"
#include "lib.h"

/* ---- who, and over what --------------------------------------------------------------- */

struct vvm_vmlet *calling_vmlet(struct vvm_context *ctx, const char *form)
{
    struct vvm_node *node = ctx->node;
    const struct frame *f = ctx->frame_count ? &ctx->frames[ctx->frame_count - 1] : NULL;
    struct vvm_vmlet *vmlet = f ? f->function->unit->vmlet : NULL;
    bool open = node->candidate && !ctx->packet_profile;
    if (open && vmlet && vmlet != node->core->vmlet) return vmlet;
    raise_message(ctx, ERROR_PRIVILEGE, VALUE_DEFAULT, "%s: only at the top level of what is being loaded",
                  form);
    return NULL;
}

static int64_t refused(struct vvm_context *ctx, const char *form, vvm_value name, const char *why)
{
    raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "%s: %s %s", form,
                  is_symbol(name) ? symbol_name(name) : "it", why);
    return -1;
}

/* The global that a VMlet (#f: the caller's own, or core's) has under a name; -1: refused. */
static int64_t target_global(struct vvm_context *ctx, struct vvm_vmlet *caller, const vvm_value *args)
{
    struct link l = {.vmlet = args[0], .name = args[1]};
    if (!is_symbol(args[1])) return refused(ctx, "around", args[1], "is no name");
    return unit_resolve(ctx, caller, &l) ? -1 : (int64_t)l.global;
}

/* ---- around, redefine ----------------------------------------------------------------- */

static bool all_tagged(const struct signature *s)
{
    bool tagged = s->result == SLOT_ANY;
    for (unsigned i = 0; i < s->parameters; i++) tagged &= s->types[i] == SLOT_ANY;
    return tagged;
}

/* Callers of a typed function put raw words where its signature says: so must what covers it. */
static bool may_cover(struct vvm_context *ctx, vvm_value name, const struct binding *covered,
                      const struct binding *by)
{
    const struct vvm_function *f = covered->function;
    const struct signature *s = f ? signature_at(ctx->node, covered->signature) : NULL;
    const char *why = NULL;
    if (covered->value == VALUE_UNDEFINED) why = "is not defined";
    else if (!value_is(covered->value, CLASS_PROCEDURE)) why = "is no function";
    else if (f && f->flags & FUNCTION_INLINE)
        why = "is defined inline: its callers hold its code; use define where it is defined";
    else if (s && !all_tagged(s) && by->signature != covered->signature)
        why = "has typed parameters or a typed result: the layer must have the same";
    if (why) refused(ctx, "around", name, why);
    return !why;
}

/* The binding of an own hidden global of the open load; NULL: refused. */
const struct binding *own_binding(struct vvm_context *ctx, struct vvm_vmlet *vmlet, vvm_value name)
{
    struct vvm_generation *g = ctx->node->candidate;
    uint32_t number = is_symbol(name) ? global_number(ctx->node, vmlet, name) : UINT32_MAX;
    if (number < g->binding_count && value_is(g->bindings[number].value, CLASS_PROCEDURE))
        return &g->bindings[number];
    refused(ctx, "around", name, "is no function of the VMlet");
    return NULL;
}

static int refuse_cover(struct vvm_context *ctx, const struct vvm_vmlet *who, enum capability c,
                        vvm_value name)
{
    char grant[160];
    snprintf(grant, sizeof grant, "(%s %.80s)%s", capability_name(c), symbol_name(name),
             authority_allows(who, CAPABILITY_ENGINE_REPLACE) ? ""
                                                              : ", with (engine.replace) if it is core's");
    authority_refuse(ctx, who, grant);
    return -EPERM;
}

int put_around(struct vvm_context *ctx, struct vvm_vmlet *owner, uint32_t target, vvm_value name,
               vvm_value over, vvm_value below)
{
    struct vvm_node *node = ctx->node;
    uint32_t under = is_symbol(below) ? global_number(node, owner, below) : UINT32_MAX;
    const struct binding *by = own_binding(ctx, owner, over);
    enum capability c = is_symbol(below) ? CAPABILITY_AROUND : CAPABILITY_REDEFINE;
    if (!authority_may_cover(node, owner, target, c)) return refuse_cover(ctx, owner, c, name);
    if (!by || !may_cover(ctx, name, &node->candidate->bindings[target], by)) return -EINVAL;
    int err = layer_around(node, target, owner, by->value, by->function, under);
    if (err) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return err;
}

/* (%around vmlet-or-#f 'name 'over 'below-or-#f) */
PRIMITIVE_FN(around)
{
    struct vvm_vmlet *owner = calling_vmlet(ctx, "around");
    int64_t target = owner ? target_global(ctx, owner, args) : -1;
    if (target < 0 || put_around(ctx, owner, (uint32_t)target, args[1], args[2], args[3]))
        return VALUE_EXCEPTION;
    return VALUE_UNSPECIFIED;
}

/* Others' layers go only by (undefine NAME): the uppermost owner's arounds. */
static int remove_another(struct vvm_context *ctx, const struct vvm_vmlet *who, uint32_t target)
{
    uint32_t count;
    const struct layer *layers = layers_of(ctx->node, target, &count);
    if (!count || layers[count - 1].kind != LAYER_AROUND) return 0;
    if (!authority_may_cover(ctx->node, who, target, CAPABILITY_UNDEFINE)) return 0;
    return layer_remove(ctx->node, target, layers[count - 1].owner);
}

/* (%undefine vmlet 'name): the caller's own name means what it did before it was defined */
PRIMITIVE_FN(undefine)
{
    int64_t target = -1;
    struct vvm_vmlet *owner = calling_vmlet(ctx, "undefine");
    NEED(is_symbol(args[1]), "undefine", 1, "symbol");
    if (owner && args[0] == owner->name) target = global_number(ctx->node, owner, args[1]);
    else if (owner) target = target_global(ctx, owner, args);
    if (target < 0 || target == UINT32_MAX) return VALUE_EXCEPTION;
    int count = layer_remove(ctx->node, (uint32_t)target, owner);
    if (count == 0) count = remove_another(ctx, owner, (uint32_t)target);
    if (count == 0) refused(ctx, "undefine", args[1], "has no layer of this VMlet");
    if (count < 0) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return count > 0 ? VALUE_UNSPECIFIED : VALUE_EXCEPTION;
}

/* (%around-instruction 'network 'name function) */
PRIMITIVE_FN(around_instruction)
{
    if (!calling_vmlet(ctx, "around")) return VALUE_EXCEPTION;
    NEED(is_symbol(args[0]), "around", 0, "symbol");
    NEED(is_symbol(args[1]), "around", 1, "symbol");
    NEED(has_type(args[2], TYPE_CLOSURE), "around", 2, "function");
    const struct closure *body = value_pointer(args[2]);
    if (instruction_around(ctx, args[0], args[1], body->function)) return VALUE_EXCEPTION;
    around_keep(ctx->node->candidate, args[2]);
    return VALUE_UNSPECIFIED;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("%around", around, 4, 4, 100, EFFECT_LOAD, "vmlet symbol symbol symbol ->",
              "Put a layer of the calling VMlet over a global."),
    PRIMITIVE("%around-instruction", around_instruction, 3, 3, 100, EFFECT_LOAD, "symbol symbol function ->",
              "Put a layer of the calling VMlet over an instruction of a network."),
    PRIMITIVE("%undefine", undefine, 2, 2, 100, EFFECT_LOAD, "vmlet symbol ->",
              "Take the calling VMlet's layers off a global."),
};

int intercede_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
