/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority_run.c - authority while code runs: whose code it is, which names it finds,
 * which objects it may change, how much fuel it has.
 */
#include <assert.h>
#include <string.h>

#include "authority_state.h"
#include "environment.h"
#include "heap.h"
#include "interpret.h"

/* ---- whose code runs ---------------------------------------------------------------------- */

struct vvm_vmlet *authority_running(const struct vvm_context *ctx)
{
    const struct vvm_vmlet *core = ctx->node->core ? ctx->node->core->vmlet : NULL;
    for (uint32_t i = ctx->frame_count; i-- > 0;) {
        const struct vvm_function *f = ctx->frames[i].function;
        if (f && f->unit && f->unit->vmlet && f->unit->vmlet != core) return f->unit->vmlet;
    }
    return ctx->owner ? ctx->node->authority->owners[ctx->owner] : NULL;
}

struct vvm_vmlet *authority_definer(const struct vvm_context *ctx, const struct vvm_function *f)
{
    struct vvm_vmlet *running = authority_running(ctx);
    bool limited = running && running->authority && !running->authority->everything;
    return limited ? running : f->unit->vmlet;
}

void authority_enter(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, struct authority_span *span)
{
    struct authority_state *s = ctx->node->authority;
    uint64_t most = authority_amount(vmlet, CAPABILITY_FUEL);
    int64_t fuel = honest_fuel(ctx->fuel);
    *span = (struct authority_span){.owner = ctx->owner, .outer = s->fuel, .outer_ends = s->fuel_ends};
    s->fuel_ends = most < INT64_MAX;
    if (s->fuel_ends && fuel > (int64_t)most) span->kept = fuel - (int64_t)most;
    ctx->fuel = fuel - span->kept;
    s->fuel = s->fuel_ends && ctx->fuel > 0 ? most - (uint64_t)ctx->fuel : most;
    heap_change_owner(ctx, vmlet->owner);
}

void authority_leave(struct vvm_context *ctx, const struct authority_span *span)
{
    struct authority_state *s = ctx->node->authority;
    s->fuel = span->outer;
    s->fuel_ends = span->outer_ends;
    ctx->fuel = honest_fuel(ctx->fuel) + span->kept;
    heap_change_owner(ctx, span->owner);
}

bool authority_has_fuel(const struct vvm_node *node)
{
    return !node->authority->fuel_ends || node->authority->fuel > 0;
}

void authority_took_fuel(struct vvm_context *ctx)
{
    struct authority_state *s = ctx->node->authority;
    if (!s->fuel_ends || ctx->fuel <= 0) return;
    if ((uint64_t)ctx->fuel > s->fuel) ctx->fuel = (int64_t)s->fuel; /* the rest is not asked for again */
    s->fuel -= (uint64_t)ctx->fuel;
}

/* ---- objects ---------------------------------------------------------------------------------- */

bool authority_may_write(const struct vvm_context *ctx, vvm_value v)
{
    unsigned owner = header_owner(object_of(v)->header);
    const struct vvm_vmlet *running = authority_running(ctx);
    if (!running || !running->authority || running->authority->everything) return true;
    if (ctx->node->options.unchecked >> CAPABILITY_ALL & 1) return true;
    return owner == running->owner || owner == ctx->owner;
}

/* ---- names ------------------------------------------------------------------------------------- */

/* H(name, capability, least level of INTROSPECT): names of core that are not everybody's. */
#define HIDDEN_NAMES                                                                                         \
    H(log_line, "log-line", LOG, 0)                                                                          \
    H(tests, "%tests", INTROSPECT, LEVEL_CODE)                                                               \
    H(run_tests, "run-tests", LOAD, 0)                                                                       \
    H(definitions, "definitions", INTROSPECT, LEVEL_NAMES)                                                   \
    H(vmlets, "vmlets", INTROSPECT, LEVEL_NAMES)                                                             \
    H(tables, "tables", INTROSPECT, LEVEL_NAMES)                                                             \
    H(callers, "callers", INTROSPECT, LEVEL_NAMES)                                                           \
    H(networks, "networks", INTROSPECT, LEVEL_NAMES)                                                         \
    H(instructions, "instructions", INTROSPECT, LEVEL_NAMES)                                                 \
    H(members, "members", INTROSPECT, LEVEL_NAMES)                                                           \
    H(weavers, "weavers", INTROSPECT, LEVEL_NAMES)                                                           \
    H(definition, "definition", INTROSPECT, LEVEL_SIGNATURES)                                                \
    H(interface_digest, "interface-digest", INTROSPECT, LEVEL_NAMES)                                         \
    H(body_digest, "body-digest", INTROSPECT, LEVEL_NAMES)                                                   \
    H(description, "vmlet-description", INTROSPECT, LEVEL_SIGNATURES)                                        \
    H(where, "%where", INTROSPECT, LEVEL_SIGNATURES)                                                         \
    H(disassembly, "disassembly", INTROSPECT, LEVEL_CODE)                                                    \
    H(disassembly_text, "disassembly-text", INTROSPECT, LEVEL_CODE)                                          \
    H(global_syntax, "define-global-syntax", GLOBAL_SYNTAX, 0)                                               \
    H(global_reader, "define-global-reader", GLOBAL_SYNTAX, 0)

static vvm_value unbound(struct vvm_context *ctx, const char *name)
{
    const struct primitive_row *row = primitive_named(ctx->node, name);
    vvm_value symbol = ctx->packet_profile || !row ? VALUE_DEFAULT : intern(ctx->node, name);
    return raise_error(ctx, ERROR_UNBOUND, symbol);
}

#define H(identifier, name, capability, level)                                                               \
    static vvm_value absent_##identifier(struct vvm_context *ctx, unsigned n, const vvm_value *args)         \
    {                                                                                                        \
        (void)n, (void)args;                                                                                 \
        return unbound(ctx, name);                                                                           \
    }
HIDDEN_NAMES
#undef H

static const struct hidden_name {
    uint8_t capability, level;
    struct primitive_row absent; /* what stands in an image's code in its place */
} hidden_names[] = {{0},
#define H(identifier, name, capability, level)                                                               \
    {CAPABILITY_##capability, level,                                                                         \
     PRIMITIVE(name, absent_##identifier, 0, -1, 1, 0, "any ... ->", "Nothing.")},
                    HIDDEN_NAMES
#undef H
};
enum { HIDDEN = sizeof hidden_names / sizeof *hidden_names };

/* Any scope will do: what of others is shown is asked again where it is shown. */
static bool has_level(const struct vvm_vmlet *vmlet, unsigned level)
{
    const struct authority *a = vmlet->authority;
    for (unsigned i = 0; i < a->granted.count; i++) {
        const struct grant *g = &a->granted.grants[i];
        if (g->capability == CAPABILITY_ALL) return true;
        if (g->capability == CAPABILITY_INTROSPECT && g->kind >= level && !grants_touch(&a->revoked, g))
            return true;
    }
    return false;
}

bool authority_sees(const struct vvm_vmlet *vmlet, unsigned row)
{
    assert(row < HIDDEN);
    if (!row || !vmlet || !vmlet->authority || vmlet->authority->everything) return true;
    const struct hidden_name *h = &hidden_names[row];
    if (h->capability != CAPABILITY_INTROSPECT) return authority_allows(vmlet, h->capability);
    return vmlet->environment->node->options.unchecked >> CAPABILITY_INTROSPECT & 1 ||
           has_level(vmlet, h->level);
}

void authority_hide(struct vvm_node *node)
{
    for (unsigned i = 1; i < HIDDEN; i++) {
        vvm_value name = intern(node, hidden_names[i].absent.name);
        struct denotation *d = name == VALUE_EXCEPTION ? NULL : environment_lookup(node->core, name);
        if (d) d->hidden = (uint8_t)i;
    }
}

static unsigned hidden_row(const char *name)
{
    unsigned i = HIDDEN - 1;
    while (i && strcmp(hidden_names[i].absent.name, name) != 0) i--;
    return i;
}

void authority_bind_primitives(struct vvm_unit *unit)
{
    for (uint32_t i = 0; i < unit->primitive_count; i++) {
        unsigned row = hidden_row(unit->primitives[i]->name);
        if (!authority_sees(unit->vmlet, row)) unit->primitives[i] = &hidden_names[row].absent;
    }
}
