/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weave.c - (where PREDICATE TRANSFORMER): layers over every definition that the predicate
 * takes, those of later loads included.
 *
 * A generation lists weavers: (id owner name predicate . transformer). Before a candidate is
 * checked each weaver is shown what it has not seen: all definitions when the load made
 * the weaver, else those that the load made. The transformer answers (lambda (PARAMETER ...)
 * BODY ...), which is laid over the definition as an around of the weaver's owner, or #f.
 *
 * Such a layer bears the weaver's id. It goes with the weaver's owner, with the weaver, and
 * with what it lies over, which it does not hold up. What core and the owner itself define,
 * and what is defined inline, is not shown.
 */
#include "weave.h"
#include "authority.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "environment.h"
#include "generation.h"
#include "layer.h"
#include "lib/lib.h"
#include "load.h"
#include "reflect.h"
#include "wire/network.h"

#define WEAVERS_MAX 64

struct weaver {
    uint32_t id;
    bool fresh; /* made by the open load */
    struct vvm_vmlet *owner;
    vvm_value predicate, transformer;
};

/* ---- the list ---------------------------------------------------------------------------- */

static vvm_value nth(vvm_value list, unsigned n)
{
    while (n--) list = cdr_of(list);
    return car_of(list);
}

static bool is_listed(vvm_value list, vvm_value entry)
{
    while (is_pair(list) && car_of(car_of(list)) != car_of(entry)) list = cdr_of(list);
    return is_pair(list);
}

static struct vvm_vmlet *owner_named(const struct vvm_context *ctx, vvm_value name)
{
    const struct vvm_vmlet *v = reflect_next(ctx, NULL);
    while (v && v->name != name) v = reflect_next(ctx, v);
    return (struct vvm_vmlet *)v;
}

/* Weavers of the candidate, the oldest first. */
static unsigned read_weavers(struct vvm_context *ctx, struct weaver weavers[WEAVERS_MAX])
{
    vvm_value list = wire_weavers(ctx->node->candidate), before = wire_weavers(ctx->node->current);
    unsigned count = 0, n = 0;
    for (vvm_value at = list; is_pair(at); at = cdr_of(at)) count++;
    assert(count <= WEAVERS_MAX);
    for (vvm_value at = list; is_pair(at); at = cdr_of(at), n++) {
        vvm_value entry = car_of(at);
        weavers[count - 1 - n] = (struct weaver){.id = (uint32_t)fixnum_value(car_of(entry)),
                                                 .fresh = !is_listed(before, entry),
                                                 .owner = owner_named(ctx, nth(entry, 1)),
                                                 .predicate = nth(entry, 3),
                                                 .transformer = cdr_of(cdr_of(cdr_of(cdr_of(entry))))};
    }
    return count;
}

/* ---- one definition ------------------------------------------------------------------------ */

/* (around TARGET PARAMETERS BODY ...) of what the transformer answered. */
static int lay(struct vvm_context *ctx, const struct weaver *w, vvm_value target, vvm_value answer)
{
    vvm_value ignored, form, head = reflect_name(ctx, "around");
    bool instruction = !strcmp(symbol_name(car_of(target)), "instruction");
    if (list_length(answer) < 3) {
        raise_message(ctx, ERROR_SYNTAX, answer,
                      "where: a transformer answers (lambda (PARAMETER ...) BODY ...) or #f");
        return -EINVAL;
    }
    form = make_pair(ctx, target, instruction ? cdr_of(cdr_of(answer)) : cdr_of(answer));
    if (form != VALUE_EXCEPTION && head != VALUE_EXCEPTION) form = make_pair(ctx, head, form);
    if (form == VALUE_EXCEPTION || head == VALUE_EXCEPTION) return -ENOMEM;
    ctx->node->weaving = w->id;
    int err = eval_apart(ctx, w->owner->environment, form, &ignored);
    ctx->node->weaving = 0;
    return err;
}

static int show(struct vvm_context *ctx, const struct weaver *w, vvm_value description)
{
    if (description == VALUE_EXCEPTION) return -ENOMEM;
    vvm_value taken = vvm_call(ctx, w->predicate, 1, &description);
    if (taken == VALUE_EXCEPTION || taken == VALUE_FALSE) return taken == VALUE_FALSE ? 0 : -ECANCELED;
    vvm_value answer = vvm_call(ctx, w->transformer, 1, &description);
    if (answer == VALUE_EXCEPTION || answer == VALUE_FALSE) return answer == VALUE_FALSE ? 0 : -ECANCELED;
    vvm_value at = description;
    while (strcmp(symbol_name(car_of(car_of(at))), "target")) at = cdr_of(at);
    return lay(ctx, w, cdr_of(car_of(at)), answer);
}

/* ---- globals -------------------------------------------------------------------------------- */

/* True if the global is a definition that the weaver may be shown. */
static bool is_shown(struct vvm_context *ctx, const struct weaver *w, uint32_t global)
{
    uint32_t count;
    const struct vvm_node *node = ctx->node;
    vvm_value name = global_name(node, global);
    const struct vvm_vmlet *owner = global_owner(node, global);
    const struct layer *layers = layers_of(node, global, &count);
    if (!owner || owner == node->core->vmlet || owner == w->owner || !is_symbol(name)) return false;
    if (symbol_name(name)[0] == '%' || !count || layers[0].kind != LAYER_DEFINE) return false;
    const struct vvm_function *f = layers[0].function;
    return f && !(f->flags & FUNCTION_INLINE) && reflect_visible(ctx, w->owner, owner) &&
           authority_may_cover(node, w->owner, global, CAPABILITY_AROUND);
}

static int weave_global(struct vvm_context *ctx, const struct weaver *w, uint32_t global)
{
    vvm_value name = global_name(ctx->node, global);
    const struct denotation *d = environment_lookup(global_owner(ctx->node, global)->environment, name);
    if (!d || d->kind != DENOTES_GLOBAL || d->global != global) return 0;
    int removed = layer_unweave(ctx->node, global, w->id);
    return removed < 0 ? removed : show(ctx, w, reflect_describe(ctx, name, d));
}

static int weave_globals(struct vvm_context *ctx, const struct weaver *w)
{
    int err = 0;
    uint32_t limit = globals_limit(ctx->node);
    for (uint32_t i = 0; i < limit && !err; i++)
        if ((w->fresh || layer_defined_anew(ctx->node, i)) && is_shown(ctx, w, i))
            err = weave_global(ctx, w, i);
    return err;
}

/* ---- instructions, members, hooks ------------------------------------------------------------- */

struct showing {
    struct vvm_context *ctx;
    const struct weaver *weaver;
};

static int show_wire(void *data, const struct vvm_vmlet *owner, vvm_value description)
{
    const struct showing *s = data;
    const struct weaver *w = s->weaver;
    if (owner == w->owner || !reflect_visible(s->ctx, w->owner, owner)) return 0;
    return show(s->ctx, w, description);
}

static int weave_one(struct vvm_context *ctx, const struct weaver *w)
{
    struct showing s = {ctx, w};
    int err = weave_globals(ctx, w);
    return err ? err : wire_each_definition(ctx, w->id, w->fresh, show_wire, &s);
}

/* Where a new version of a VMlet does not define what the old one did nothing is left to cover. */
static int drop_orphans(struct vvm_context *ctx)
{
    int removed = 0;
    for (uint32_t i = 0; i < globals_limit(ctx->node) && removed >= 0; i++) {
        uint32_t count;
        const struct layer *layers = layers_of(ctx->node, i, &count);
        if (count && layers[0].kind != LAYER_DEFINE) removed = layer_unweave(ctx->node, i, 0);
    }
    return removed < 0 ? removed : 0;
}

int weave(struct vvm_context *ctx)
{
    struct weaver weavers[WEAVERS_MAX];
    unsigned count = read_weavers(ctx, weavers);
    int err = count ? drop_orphans(ctx) : 0;
    for (unsigned i = 0; i < count && !err; i++)
        if (weavers[i].owner) err = weave_one(ctx, &weavers[i]);
    if (err == -ENOMEM) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return err;
}

/* ---- taking off --------------------------------------------------------------------------------- */

int weave_withdraw(struct vvm_context *ctx, const struct vvm_vmlet *vmlet)
{
    int removed = 0;
    for (uint32_t i = 0; i < globals_limit(ctx->node) && removed >= 0; i++)
        if (global_owner(ctx->node, i) == vmlet) removed = layer_unweave(ctx->node, i, 0);
    if (removed < 0) return removed;
    return wire_unweave(ctx->node, 0, vmlet);
}

static int take_off(struct vvm_context *ctx, uint32_t id)
{
    int removed = 0;
    for (uint32_t i = 0; i < globals_limit(ctx->node) && removed >= 0; i++)
        removed = layer_unweave(ctx->node, i, id);
    return removed < 0 ? removed : wire_unweave(ctx->node, id, NULL);
}

/* The list without the owner's weaver of that name, whose layers go; *found: there was one. */
static vvm_value without(struct vvm_context *ctx, vvm_value list, vvm_value owner, vvm_value name,
                         bool *found)
{
    if (!is_pair(list)) return list;
    vvm_value entry = car_of(list), rest = without(ctx, cdr_of(list), owner, name, found);
    bool same = nth(entry, 1) == owner && nth(entry, 2) == name && name != VALUE_FALSE;
    if (!same || rest == VALUE_EXCEPTION) return same ? rest : make_pair(ctx, entry, rest);
    *found = true;
    return take_off(ctx, (uint32_t)fixnum_value(car_of(entry))) ? VALUE_EXCEPTION : rest;
}

/* ---- the primitives ------------------------------------------------------------------------------- */

static vvm_value make_entry(struct vvm_context *ctx, const struct vvm_vmlet *owner, const vvm_value *args)
{
    const vvm_value parts[] = {make_fixnum(++ctx->node->weavers), owner->name, args[0], args[1]};
    return list_from(ctx, parts, 4, args[2]);
}

/* (%where name-or-#f predicate transformer) */
PRIMITIVE_FN(where)
{
    bool found = false;
    struct vvm_vmlet *owner = calling_vmlet(ctx, "where");
    (void)n;
    if (!owner) return VALUE_EXCEPTION;
    NEED(value_is(args[1], CLASS_PROCEDURE), "where", 0, "procedure");
    NEED(value_is(args[2], CLASS_PROCEDURE), "where", 1, "procedure");
    vvm_value list = without(ctx, wire_weavers(ctx->node->candidate), owner->name, args[0], &found);
    if (list != VALUE_EXCEPTION && list_length(list) >= WEAVERS_MAX)
        return raise_message(ctx, ERROR_RANGE, VALUE_DEFAULT, "where: a node has %u weavers at most",
                             WEAVERS_MAX);
    vvm_value entry = list == VALUE_EXCEPTION ? list : make_entry(ctx, owner, args);
    list = entry == VALUE_EXCEPTION ? entry : make_pair(ctx, entry, list);
    if (list == VALUE_EXCEPTION) return list;
    wire_set_weavers(ctx->node->candidate, list);
    return VALUE_UNSPECIFIED;
}

/* (%unweave name): the calling VMlet's weaver of that name goes, with its layers */
PRIMITIVE_FN(unweave)
{
    bool found = false;
    struct vvm_vmlet *owner = calling_vmlet(ctx, "unweave");
    (void)n;
    if (!owner) return VALUE_EXCEPTION;
    vvm_value list = without(ctx, wire_weavers(ctx->node->candidate), owner->name, args[0], &found);
    if (list == VALUE_EXCEPTION) return list;
    if (!found)
        return raise_message(ctx, ERROR_UNBOUND, args[0], "unweave: this VMlet has woven nothing so called");
    wire_set_weavers(ctx->node->candidate, list);
    return VALUE_UNSPECIFIED;
}

/* (weavers) -> ((NAME-OR-#f OWNER) ...), the newest first */
PRIMITIVE_FN(weavers)
{
    struct list_tail list = list_tail_start();
    (void)n, (void)args;
    for (vvm_value at = wire_weavers(reflect_generation(ctx)); is_pair(at); at = cdr_of(at)) {
        const vvm_value parts[] = {nth(car_of(at), 2), nth(car_of(at), 1)};
        if (!reflect_item(ctx, &list, list_from(ctx, parts, 2, VALUE_NULL))) return VALUE_EXCEPTION;
    }
    return list.first;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("%where", where, 3, 3, 200, EFFECT_LOAD, "name predicate transformer ->",
              "Lay what the transformer answers over each definition that the predicate takes."),
    PRIMITIVE("%unweave", unweave, 1, 1, 200, EFFECT_LOAD, "name ->",
              "Take a weaver of the calling VMlet away, and its layers."),
    PRIMITIVE("weavers", weavers, 0, 0, 20, EFFECT_LOAD, "-> list",
              "Name and owner of each weaver, the newest first."),
};

int weave_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
