/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.c - on-publish and on-unload: when they are called, and what a failure means. */
#include "hooks.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "load.h"
#include "packet.h"
#include "wire/network.h"

/* ---- what is registered ------------------------------------------------------------------ */

static bool is_of_kind(vvm_value key, const char *kind)
{
    if (!kind) return has_type(key, TYPE_STRING);
    return is_pair(key) && is_symbol(car_of(key)) && strcmp(symbol_name(car_of(key)), kind) == 0;
}

vvm_value vmlet_registered(struct vvm_context *ctx, const struct vvm_generation *generation,
                           const struct vvm_vmlet *vmlet, const char *kind)
{
    vvm_value list = VALUE_NULL;
    for (vvm_value l = registrations(generation); is_pair(l) && list != VALUE_EXCEPTION; l = cdr_of(l)) {
        vvm_value key = car_of(car_of(l)), procedure = car_of(cdr_of(car_of(l)));
        const struct vvm_function *f = ((const struct closure *)value_pointer(procedure))->function;
        if (f->unit->vmlet == vmlet && is_of_kind(key, kind)) list = make_pair(ctx, car_of(l), list);
    }
    return list;
}

/* ---- calling ------------------------------------------------------------------------------- */

int vmlet_call(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, vvm_value procedure, unsigned n,
               const vvm_value *args, vvm_value *result)
{
    struct authority_span span;
    bool collect = ctx->may_collect;
    ctx->may_collect |= ctx->depth == 0;
    authority_enter(ctx, vmlet, &span);
    *result = vvm_call(ctx, procedure, n, args);
    authority_leave(ctx, &span);
    ctx->may_collect = collect;
    return *result == VALUE_EXCEPTION ? -ECANCELED : 0;
}

static int call_hooks(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, const char *kind)
{
    struct vvm_root root = {0};
    vvm_value ignored, hooks = vmlet_registered(ctx, ctx->node->current, vmlet, kind);
    int err = 0;
    if (hooks == VALUE_EXCEPTION) return -ENOMEM;
    root_add(ctx->node, &root, hooks);
    for (vvm_value l = hooks; is_pair(l) && !err; l = cdr_of(l))
        err = vmlet_call(ctx, vmlet, car_of(cdr_of(car_of(l))), 0, NULL, &ignored);
    root_remove(&root);
    return err;
}

/* The error stays what it is, whatever the hooks do. */
static void call_hooks_in_vain(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, const char *kind)
{
    struct pending pending = ctx->pending;
    struct vvm_root kept[2] = {0};
    root_add(ctx->node, &kept[0], pending.value);
    root_add(ctx->node, &kept[1], ctx->trace);
    call_hooks(ctx, vmlet, kind);
    ctx->pending = pending;
    ctx->trace = kept[1].value;
    root_remove(&kept[0]);
    root_remove(&kept[1]);
}

/* ---- coming ---------------------------------------------------------------------------------- */

/* The VMlet of the open load whose place is the next above; NULL: there is none. */
static const struct vvm_vmlet *next_loading(const struct vvm_node *node, uint64_t place)
{
    const struct vvm_vmlet *next = NULL;
    for (const struct vvm_vmlet *v = node->vmlets; v; v = v->next)
        if (v->loading && v->place > place && (!next || v->place < next->place)) next = v;
    return next;
}

/* Those that came before the one that failed, the newest first. */
static void take_back(struct vvm_context *ctx, const struct vvm_vmlet *failed)
{
    for (const struct vvm_vmlet *v = ctx->node->vmlets; v; v = v->next)
        if (v->loading && v->place < failed->place) call_hooks_in_vain(ctx, v, "on-unload");
}

int vmlets_published(struct vvm_context *ctx)
{
    const struct vvm_vmlet *v;
    int err = 0;
    for (v = next_loading(ctx->node, 0); v && !err; v = next_loading(ctx->node, v->place)) {
        err = vmlet_migrate(ctx, v);
        if (!err) err = call_hooks(ctx, v, "on-publish");
        if (err) take_back(ctx, v);
        if (err) break;
    }
    return err;
}

/* ---- going ----------------------------------------------------------------------------------- */

static void log_failure(struct vvm_context *ctx, const struct vvm_vmlet *vmlet)
{
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    char line[240] = "", *end;
    FILE *to = fmemopen(line, sizeof line - 1, "w");
    if (!to) return;
    fprintf(to, "on-unload of VMlet %.60s: ", symbol_name(vmlet->name));
    print_pending(ctx, to);
    fclose(to);
    for (end = line; *end && *end != '\n';) end++;
    *end = 0;
    if (ops && ops->log) ops->log(ctx->world->host, line);
}

int vmlets_unloading(struct vvm_context *ctx, bool forced)
{
    struct vvm_node *node = ctx->node;
    int err = 0;
    node->loading++;
    ctx->fuel = node->options.load_fuel;
    for (const struct vvm_vmlet *v = node->vmlets; v && !err; v = v->next) {
        if (!v->going) continue;
        err = call_hooks(ctx, v, "on-unload");
        if (!err || !forced) continue;
        log_failure(ctx, v);
        ctx->pending.kind = PENDING_NONE;
        err = 0;
    }
    node->loading--;
    return err;
}
