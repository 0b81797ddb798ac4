/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unload.c - how VMlets go: unloaded, in any order, or replaced.
 *
 * Going is a load like any other: a candidate without their layers is checked and
 * published. Then they stand among those that leave until the collector finds that
 * neither a generation nor a value leads to their code, their objects and their tables;
 * so whatever a worker may still see is there.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "environment.h"
#include "generation.h"
#include "heap.h"
#include "hooks.h"
#include "layer.h"
#include "table/table.h"
#include "vmlet.h"
#include "weave.h"
#include "wire/network.h"

/* ---- who needs whom -------------------------------------------------------------------- */

typedef const char *fault_function(const struct vvm_node *node, const struct link *l);

/* A link to a global of `owner` in v's code of which `fault` says something, *why; or NULL. */
static const struct link *find_link(const struct vvm_node *node, const struct vvm_vmlet *v,
                                    const struct vvm_vmlet *owner, fault_function *fault, const char **why)
{
    for (const struct vvm_unit *u = v->units; u; u = u->next)
        for (uint32_t i = 0; i < u->link_count; i++) {
            const struct link *l = &u->links[i];
            if (global_owner(node, l->global) == owner && (*why = fault(node, l)) != NULL) return l;
        }
    return NULL;
}

static const char *is_there(const struct vvm_node *node, const struct link *l)
{
    (void)node, (void)l;
    return "is used";
}

/* True if the header's (import (NAME ...)) demands the VMlet. */
static bool imports(struct vvm_context *ctx, const struct vvm_vmlet *v, vvm_value name)
{
    vvm_value import = intern(ctx->node, "import");
    for (vvm_value c = v->header; is_pair(c); c = cdr_of(c)) {
        if (!is_pair(car_of(c)) || car_of(car_of(c)) != import) continue;
        for (vvm_value one = cdr_of(car_of(c)); is_pair(one); one = cdr_of(one))
            if (is_pair(car_of(one)) && car_of(car_of(one)) == name) return true;
    }
    return false;
}

/* True if v has a layer over a global of the owner. */
static bool covers(const struct vvm_node *node, const struct vvm_vmlet *v, const struct vvm_vmlet *owner)
{
    uint32_t count = 0;
    for (uint32_t g = 0; g < globals_limit(node); g++) {
        if (global_owner(node, g) != owner) continue;
        const struct layer *layers = layers_of(node, g, &count);
        for (uint32_t i = 0; i < count; i++)
            if (layers[i].owner == v && !layers[i].weaver) return true;
    }
    return false;
}

bool vmlet_depends(struct vvm_context *ctx, const struct vvm_vmlet *v, const struct vvm_vmlet *on)
{
    const char *why;
    if (v == on || on->environment == ctx->node->core) return false;
    return imports(ctx, v, on->name) || find_link(ctx->node, v, on, is_there, &why) ||
           covers(ctx->node, v, on);
}

/* ---- choosing -------------------------------------------------------------------------- */

/* Somebody who stays and needs somebody who goes, or NULL; *on: whom. */
static struct vvm_vmlet *dependent(struct vvm_context *ctx, const struct vvm_vmlet **on)
{
    for (struct vvm_vmlet *v = ctx->node->vmlets; v; v = v->next)
        for (struct vvm_vmlet *gone = v->going ? NULL : ctx->node->vmlets; gone; gone = gone->next)
            if (gone->going && vmlet_depends(ctx, v, gone)) {
                *on = gone;
                return v;
            }
    return NULL;
}

/* Mark who goes. -EBUSY: somebody else would have to. */
static int choose(struct vvm_context *ctx, bool cascade)
{
    struct vvm_vmlet *v;
    const struct vvm_vmlet *on;
    while ((v = dependent(ctx, &on)) != NULL) {
        if (!cascade) {
            raise_message(ctx, ERROR_USER, VALUE_DEFAULT,
                          "VMlet `%s` uses `%s`: unload it first, or both with cascade", symbol_name(v->name),
                          symbol_name(on->name));
            return -EBUSY;
        }
        v->going = true;
    }
    return 0;
}

/* ---- going ----------------------------------------------------------------------------- */

static int withdraw(struct vvm_context *ctx, const struct vvm_vmlet *vmlet)
{
    int err = layers_drop(ctx->node, vmlet);
    if (!err) err = weave_withdraw(ctx, vmlet);
    return err ? err : wire_drop_owner(ctx, ctx->node->candidate, vmlet);
}

static int withdraw_all(struct vvm_context *ctx)
{
    int err = 0;
    for (struct vvm_vmlet *v = ctx->node->vmlets; v && !err; v = v->next)
        if (v->going) err = withdraw(ctx, v);
    if (!err) return 0;
    raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return err;
}

/* It has been published that the VMlet is gone; heir: who took its place, or NULL. */
static void leave(struct vvm_node *node, struct vvm_vmlet *vmlet, const struct vvm_vmlet *heir)
{
    if (heir) tables_pass(node, vmlet, heir);
    else tables_drop(node, vmlet);
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next) environment_replace(v->environment, vmlet, heir);
    /* names that macros of one that has gone left in others' are looked up there still */
    for (struct vvm_vmlet *v = node->leaving; v; v = v->next)
        environment_replace(v->environment, vmlet, heir);
    authority_lose(vmlet);
    vmlet->next = node->leaving;
    node->leaving = vmlet;
}

static void leave_all(struct vvm_node *node)
{
    for (struct vvm_vmlet **at = &node->vmlets; *at;) {
        struct vvm_vmlet *v = *at;
        if (!v->going) {
            at = &v->next;
            continue;
        }
        *at = v->next;
        leave(node, v, NULL);
    }
}

static int unload_chosen(struct vvm_context *ctx)
{
    int err = generation_begin(ctx->node);
    if (err) {
        raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "an unload cannot begin: %s", strerror(-err));
        return err;
    }
    err = withdraw_all(ctx);
    if (err) generation_abandon(ctx->node);
    else err = generation_publish(ctx->node);
    if (!err) leave_all(ctx->node);
    syntax_settle(ctx->node);
    return err;
}

int vmlet_unload(struct vvm_context *ctx, vvm_value name, unsigned options)
{
    struct vvm_node *node = ctx->node;
    struct vvm_vmlet *vmlet = vmlet_named(node, name);
    ctx->pending.kind = PENDING_NONE;
    if (!vmlet || vmlet->environment == node->core) {
        raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "no VMlet `%s` is loaded that could be unloaded",
                      is_symbol(name) ? symbol_name(name) : "?");
        return -ENOENT;
    }
    if (node->candidate || node->loading) {
        raise_message(ctx, ERROR_USER, name, "a VMlet cannot be unloaded while another is loaded");
        return -EBUSY;
    }
    if (ctx->depth == 0) heap_collect(node); /* entries of the REPL that are done need nobody */
    vmlet->going = true;
    int err = choose(ctx, (options & UNLOAD_CASCADE) != 0);
    if (!err) err = vmlets_unloading(ctx, (options & UNLOAD_FORCE) != 0);
    if (!err) err = choose(ctx, false); /* an on-unload may have made others use what goes */
    if (!err) err = unload_chosen(ctx);
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next) v->going = false;
    if (!err) vmlets_reap(node);
    return err;
}

unsigned vmlets_reap(struct vvm_node *node)
{
    unsigned waiting = 0;
    generation_poll(node);
    if (node->leaving && node->control.depth == 0 && !node->candidate) heap_collect(node);
    for (const struct vvm_vmlet *v = node->leaving; v; v = v->next) waiting++;
    return waiting;
}

/* ---- replacing ------------------------------------------------------------------------- */

void vmlet_enlist(struct vvm_node *node, struct vvm_vmlet *vmlet)
{
    if (!vmlet->replaces) vmlet->place = ++node->places;
    struct vvm_vmlet **at = &node->vmlets;
    while (*at && (*at)->place > vmlet->place) at = &(*at)->next;
    vmlet->next = *at;
    *at = vmlet;
}

int vmlet_give_way(struct vvm_context *ctx, struct vvm_vmlet *old, struct vvm_vmlet *heir)
{
    struct vvm_node *node = ctx->node;
    struct vvm_vmlet **at = &node->vmlets;
    while (*at != old) at = &(*at)->next;
    *at = old->next;
    old->next = NULL;
    heir->replaces = old;
    globals_pass(node, old, heir);
    int err = withdraw(ctx, old);
    if (err) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return err;
}

/* What is wrong for code that was compiled with the link, or NULL. */
static const char *fault_of(const struct vvm_node *node, const struct link *l)
{
    const struct binding *b = &node->candidate->bindings[l->global];
    if (b->value == VALUE_UNDEFINED) return "does not define";
    if (!l->signature || (b->function && b->signature == l->signature)) return NULL;
    return signature_is_tagged(node, l->signature) ? NULL : "defines with other types";
}

static int check_user(struct vvm_context *ctx, const struct vvm_vmlet *v, const struct vvm_vmlet *heir)
{
    const struct vvm_node *node = ctx->node;
    const char *fault;
    const struct link *l = find_link(node, v, heir, fault_of, &fault);
    if (!l) return 0;
    raise_message(ctx, ERROR_IMPORT, l->name,
                  "VMlet `%s` uses `%s` of `%s`, which the new version %s: unload or replace `%s` first",
                  symbol_name(v->name), symbol_name(l->name), symbol_name(heir->name), fault,
                  symbol_name(v->name));
    return -EPERM;
}

int vmlet_check_heir(struct vvm_context *ctx, const struct vvm_vmlet *heir)
{
    int err = 0;
    for (const struct vvm_vmlet *v = ctx->node->vmlets; v && !err; v = v->next)
        if (v != heir) err = check_user(ctx, v, heir);
    return err;
}

void vmlet_replaced(struct vvm_node *node, struct vvm_vmlet *heir)
{
    struct vvm_vmlet *old = heir->replaces;
    heir->replaces = NULL;
    leave(node, old, heir);
}

void vmlet_refuse(struct vvm_node *node, struct vvm_vmlet **at)
{
    struct vvm_vmlet *vmlet = *at, *old = vmlet->replaces;
    *at = vmlet->next;
    if (old) {
        globals_pass(node, vmlet, old);
        vmlet->replaces = NULL;
        old->next = *at;
        *at = old;
    }
    vmlet->loading = false;
    authority_lose(vmlet);
    vmlet->next = node->leaving;
    node->leaving = vmlet;
}
