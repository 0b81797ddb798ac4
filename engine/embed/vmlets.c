/* SPDX-License-Identifier: Apache-2.0 */
/* vmlets.c - vvm.h: loading VMlets, and evaluating expressions among their names. */
#include <errno.h>
#include <string.h>

#include "../authority.h"
#include "../vmlet.h"
#include "embed.h"

vvm_value embed_symbol(struct vvm_embedding *e, const char *name)
{
    e->node->control.pending.kind = PENDING_NONE;
    return intern(e->node, name);
}

/* ---- loading ---- */

int vvm_load_file(vvm_node *node, const char *path)
{
    return embed_failed(node, load_file(&node->node->control, path, NULL));
}

int vvm_replace_file(vvm_node *node, const char *path)
{
    return embed_failed(node, load_replace(&node->node->control, path, NULL));
}

static int load_from_memory(vvm_node *node, const char *origin, const void *octets, size_t length,
                            bool replace)
{
    if (length > SOURCE_MAX)
        return embed_refused(node, -EFBIG, "%s: longer than %u octets", origin, SOURCE_MAX);
    return embed_failed(node, load_octets(&node->node->control, origin, octets, length, replace, NULL));
}

int vvm_load(vvm_node *node, const char *origin, const void *octets, size_t length)
{
    return load_from_memory(node, origin, octets, length, false);
}

int vvm_replace(vvm_node *node, const char *origin, const void *octets, size_t length)
{
    return load_from_memory(node, origin, octets, length, true);
}

int vvm_unload(vvm_node *node, const char *name, int cascade)
{
    vvm_value symbol = embed_symbol(node, name);
    if (symbol == VALUE_EXCEPTION) return embed_failed(node, -ENOMEM);
    return embed_failed(node, vmlet_unload(&node->node->control, symbol, cascade != 0));
}

static int new_policy(vvm_node *node, const char *capabilities, struct policy **out)
{
    char why[160];
    struct policy *policy = policy_new();
    if (!policy) return embed_failed(node, -ENOMEM);
    policy->refuse_unsigned = false;
    int err = grants_parse(&policy->may, capabilities, strlen(capabilities), why, sizeof why);
    if (err) {
        policy_free(policy);
        return embed_refused(node, err, "permit: %s", err == -EINVAL ? why : strerror(-err));
    }
    *out = policy;
    return 0;
}

int vvm_permit(vvm_node *node, const char *capabilities)
{
    struct policy *policy = NULL;
    int err = capabilities ? new_policy(node, capabilities, &policy) : 0;
    if (err) return err;
    authority_set_policy(node->node, policy);
    policy_free(node->first->policy);
    node->first->policy = policy;
    return 0;
}

void vvm_vmlets(const vvm_node *node, void (*each)(void *data, const char *name, int64_t version), void *data)
{
    for (const struct vvm_vmlet *v = node->node->vmlets; v; v = v->next)
        each(data, symbol_name(v->name), v->version);
}

/* ---- evaluating ---- */

static int open_session(struct vvm_embedding *e)
{
    static const char text[] = "(vmlet session (needs (all)))";
    vvm_value name = embed_symbol(e, "session");
    if (name == VALUE_EXCEPTION) return -ENOMEM;
    if (vmlet_named(e->node, name)) return 0;
    return load_source(&e->node->control, "session", text, sizeof text - 1, NULL);
}

static int find_environment(struct vvm_embedding *e, const char *vmlet, struct vvm_environment **out)
{
    int err = vmlet ? 0 : open_session(e);
    vvm_value name = err ? VALUE_EXCEPTION : embed_symbol(e, vmlet ? vmlet : "session");
    if (err) return embed_failed(e, err);
    if (name == VALUE_EXCEPTION) return embed_failed(e, -ENOMEM);
    const struct vvm_vmlet *found = vmlet_named(e->node, name);
    if (!found) return embed_refused(e, -ENOENT, "no VMlet `%s` is loaded", vmlet);
    *out = found->environment;
    return 0;
}

/* In the node's own world: its tables, clock and addresses. */
static int evaluate_all(vvm_node *node, struct reader *reader, vvm_value *value)
{
    struct vvm_context *ctx = reader->ctx;
    struct vvm_world *before = ctx->world;
    vvm_value datum;
    int err;
    ctx->world = node->world;
    for (;;) {
        err = reader_next(reader, &datum);
        if (err || datum == VALUE_EOF) break;
        err = eval_datum(ctx, reader->env, datum, value);
        if (err) break;
    }
    ctx->world = before;
    return err;
}

int vvm_evaluate(vvm_node *node, const char *vmlet, const char *text, size_t length, struct vvm_datum *result)
{
    struct vvm_context *ctx = &node->node->control;
    struct vvm_environment *env = NULL;
    struct reader reader;
    vvm_value value = VALUE_UNSPECIFIED;
    if (length > SOURCE_MAX) return embed_refused(node, -EFBIG, "longer than %u octets", SOURCE_MAX);
    int err = find_environment(node, vmlet, &env);
    if (err) return err;
    ctx->pending.kind = PENDING_NONE;
    reader_init(&reader, ctx, env, node_file(node->node, "evaluate"), text, length);
    err = evaluate_all(node, &reader, &value);
    if (!err && result && !datum_from_value(ctx, value, result)) err = -ENOMEM;
    return embed_failed(node, err);
}
