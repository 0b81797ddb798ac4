/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook.c - arounds over members of sets and over hooks of networks. Each is a member itself,
 * in the generation's list of members, whose body calls what lies below through a global of
 * its owner that nobody types (below). An around over a hook belongs to no set; its name
 * is "NETWORK HOOK".
 *
 * In force of a name is the last around in the list, if anything is defined for it to lie
 * on; each generation binds each `below` to the next one down.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "../authority.h"
#include "../interpret.h"
#include "../reflect.h"
#include "execution.h"
#include "primitives.h"

static const char *const hook_words[HOOKS] = {"execute", "peel", "seal", "uncaught", "on-trap"};
static const uint8_t hook_parameters[HOOKS] = {0, 0, 3, 1, 1};

const char *hook_name(unsigned hook) { return hook_words[hook]; }

/* ---- names of hooks ---------------------------------------------------------------------- */

static int hook_named(vvm_value name)
{
    for (unsigned i = 0; i < HOOKS; i++)
        if (is_symbol_named(name, hook_words[i])) return (int)i;
    return -1;
}

/* True if m lies over that hook of a network of that name. */
bool hook_covered(const struct wire_member *m, vvm_value network, unsigned hook)
{
    size_t length = object_length(network), word = strlen(hook_words[hook]);
    return !m->set && m->around && m->length == length + 1 + word && m->octets[length] == ' ' &&
           !memcmp(m->octets, symbol_name(network), length) &&
           !memcmp(m->octets + length + 1, hook_words[hook], word);
}

/* ---- what is in force --------------------------------------------------------------------- */

/* What the global that the around calls means in the generation. */
static void bind_below(struct vvm_generation *g, const struct wire_member *around,
                       const struct wire_member *below)
{
    if (around->below >= g->binding_count) return;
    struct binding *b = &g->bindings[around->below];
    vvm_value v = below ? below->procedure : VALUE_UNDEFINED;
    const struct vvm_function *f = direct_function(v);
    *b = (struct binding){.value = v, .function = f, .signature = f ? f->signature : 0, .flags = b->flags};
}

void members_bind(struct vvm_generation *g)
{
    const struct match_table *t = g->matches;
    for (uint32_t i = 0; i < t->member_count; i++) {
        const struct wire_member *below = NULL, *m = t->members[i];
        if (!m->around || !m->set) continue;
        for (uint32_t k = 0; k < t->member_count; k++) {
            const struct wire_member *other = t->members[k];
            if (member_same_name(other, m) && (other->around ? k < i : !below || !below->around))
                below = other;
        }
        bind_below(g, m, below);
    }
}

const struct wire_member *hook_in_force(struct vvm_generation *g, const struct network *n, unsigned hook)
{
    const struct match_table *t = g->matches;
    const struct wire_member *top = n->defined[hook];
    for (uint32_t i = 0; i < t->member_count; i++) {
        if (!hook_covered(t->members[i], n->name, hook)) continue;
        bind_below(g, t->members[i], top);
        if (top) top = t->members[i];
    }
    return top;
}

/* ---- putting one there ---------------------------------------------------------------------- */

static vvm_value refused(struct vvm_context *ctx, vvm_value name, const char *why)
{
    return raise_message(ctx, ERROR_UNBOUND, name, "around: %s", why);
}

/* The own function `over` as a member that lies over what has that name; parameters: as
 * many as it must take, 0xff: any number. */
static vvm_value put(struct vvm_context *ctx, const struct wire_set *set, vvm_value name, unsigned parameters,
                     const vvm_value *args)
{
    struct vvm_node *node = ctx->node;
    struct vvm_vmlet *owner = calling_vmlet(ctx, "around");
    const struct binding *over = owner ? own_binding(ctx, owner, args[2]) : NULL;
    if (!over) return VALUE_EXCEPTION;
    const struct vvm_function *f = has_type(over->value, TYPE_CLOSURE)
                                       ? ((struct closure *)value_pointer(over->value))->function
                                       : NULL;
    bool fits = f && (parameters == 0xff || (f->parameters == parameters && !(f->flags & FUNCTION_REST)));
    if (!fits)
        return raise_message(ctx, ERROR_SIGNATURE, name, "around: what it covers takes %u arguments",
                             parameters);
    struct wire_member *m = member_new(ctx, set, name, over->value);
    if (!m) return VALUE_EXCEPTION;
    m->around = true;
    m->weaver = node->weaving;
    m->below = is_symbol(args[3]) ? global_number(node, owner, args[3]) : UINT32_MAX;
    m->item.owner = owner;
    if (member_enlist(node->candidate->matches, m)) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    members_bind(node->candidate);
    return VALUE_UNSPECIFIED;
}

/* The set of a handle, or that of the name which has members. */
static const struct wire_set *set_argument(const struct vvm_generation *g, vvm_value v)
{
    if (!is_symbol(v)) return wire_pointer(v, TYPE_SET);
    for (uint32_t i = g->matches->member_count; i-- > 0;)
        if (g->matches->members[i]->set && g->matches->members[i]->set->name == v)
            return g->matches->members[i]->set;
    return NULL;
}

/* May the caller cover that of another's? If not the error is set. */
static bool may_cover(struct vvm_context *ctx, const struct vvm_vmlet *owner, enum target_kind kind,
                      const char *first, const char *second)
{
    const struct vvm_vmlet *who = authority_running(ctx);
    char grant[200];
    if (owner == who ||
        authority_allows_target(who, CAPABILITY_AROUND, (struct authority_target){kind, first, second}))
        return true;
    snprintf(grant, sizeof grant, "(around (%s %.80s %.80s))", kind == TARGET_MEMBER ? "member" : "network",
             first, second ? second : "");
    authority_refuse(ctx, who, grant);
    return false;
}

/* (%around-member set 'name 'over 'below) */
vvm_value primitive_around_member(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    uint8_t room[MEMBER_NAME_MAX];
    size_t length;
    struct vvm_generation *g = wire_candidate(ctx, "around");
    const struct wire_set *set = g ? set_argument(g, args[0]) : NULL;
    if (!g) return VALUE_EXCEPTION;
    if (!set) return raise_type(ctx, "around", 1, "set", args[0]);
    if (!is_symbol(args[1]) && !has_type(args[1], TYPE_BYTES))
        return raise_type(ctx, "around", 2, "symbol or bytevector", args[1]);
    const uint8_t *name = object_length(args[1]) <= sizeof room
                              ? name_octets(ctx, args[1], room, sizeof room, &length)
                              : NULL;
    if (!name || !set_member(g, set, name, length)) return refused(ctx, args[1], "there is no such member");
    const char *word = is_symbol(args[1]) ? symbol_name(args[1]) : NULL; /* octets: only by the whole set */
    if (!may_cover(ctx, set->item.owner, TARGET_MEMBER, symbol_name(set->name), word)) return VALUE_EXCEPTION;
    return put(ctx, set, args[1], set->parameters, args);
}

/* (%around-hook 'network 'hook 'over 'below) */
vvm_value primitive_around_hook(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    char name[MEMBER_NAME_MAX + 1];
    struct vvm_generation *g = wire_candidate(ctx, "around");
    if (!g) return VALUE_EXCEPTION;
    const struct network *network = is_symbol(args[0]) ? network_named(g, args[0]) : NULL;
    int hook = hook_named(args[1]);
    if (!network) return refused(ctx, args[0], "there is no such network");
    if (hook < 0 || !network->defined[hook]) return refused(ctx, args[1], "the network has no such hook");
    int length = snprintf(name, sizeof name, "%s %s", symbol_name(network->name), hook_words[hook]);
    if (length < 0 || (size_t)length >= sizeof name) return refused(ctx, args[0], "its name is too long");
    if (!may_cover(ctx, network->item.owner, TARGET_NETWORK, symbol_name(network->name), hook_words[hook]))
        return VALUE_EXCEPTION;
    return put(ctx, NULL, intern(ctx->node, name), hook_parameters[hook], args);
}
