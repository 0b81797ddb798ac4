/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provide.c - vvm.h: functions of the application that VMlets import from `host`.
 *
 * A primitive is called without a word of its own, so there is one C function for each
 * place in the table of what a node was provided with.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../vmlet.h"
#include "embed.h"

/* What a call may do is not known: nothing may be left out or put elsewhere. */
#define EFFECTS_IN_PACKETS (EFFECT_ALLOCATE | EFFECT_TIME | EFFECT_TABLE_READ | EFFECT_TABLE_WRITE)

struct provided {
    unsigned count;
    struct provided_function {
        struct vvm_provision provision; /* name and description: copies */
        struct primitive_row row;
    } functions[VVM_PROVISIONS_MAX];
};

/* ---- calls ---- */

static vvm_value raise_words(struct vvm_context *ctx, const char *name, const char *words)
{
    return raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "%s: %s", name, words);
}

static vvm_value call_provided(struct vvm_context *ctx, unsigned number, unsigned n, const vvm_value *args)
{
    const struct vvm_embedding *e = ctx->node->embedding;
    const struct vvm_provision *p = &e->first->provided->functions[number].provision;
    struct vvm_datum arguments[EMBED_ARGUMENTS], result = {.kind = VVM_NOTHING};
    for (unsigned i = 0; i < n; i++)
        if (!datum_from_value(ctx, args[i], &arguments[i])) return VALUE_EXCEPTION;
    const char *words = p->run(p->data, arguments, n, &result);
    if (words) return raise_words(ctx, p->name, words);
    vvm_value v = datum_to_value(ctx, &result, VALUE_UNSPECIFIED);
    if (v != VALUE_EXCEPTION || ctx->pending.kind != PENDING_NONE) return v;
    return raise_words(ctx, p->name, "the application gives no value of the language");
}

#define PLACE(n)                                                                                             \
    static vvm_value place_##n(struct vvm_context *ctx, unsigned count, const vvm_value *args)               \
    {                                                                                                        \
        return call_provided(ctx, n, count, args);                                                           \
    }
#define PLACES(x)                                                                                            \
    x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15) x(16) x(17) x(18)  \
        x(19) x(20) x(21) x(22) x(23) x(24) x(25) x(26) x(27) x(28) x(29) x(30) x(31) x(32) x(33) x(34)      \
            x(35) x(36) x(37) x(38) x(39) x(40) x(41) x(42) x(43) x(44) x(45) x(46) x(47) x(48) x(49) x(50)  \
                x(51) x(52) x(53) x(54) x(55) x(56) x(57) x(58) x(59) x(60) x(61) x(62) x(63)
PLACES(PLACE)
#define ADDRESS(n) place_##n,
static const primitive_fn places[] = {PLACES(ADDRESS)};
static_assert(sizeof places / sizeof *places == VVM_PROVISIONS_MAX, "a function for each place");

/* ---- registering ---- */

static int check(struct vvm_embedding *e, const struct vvm_provision *p)
{
    if (!p->name || !p->name[0] || !p->run || p->least > p->most || p->most > EMBED_ARGUMENTS)
        return embed_refused(e, -EINVAL, "provide: a name, a function and 0 to %u arguments are needed",
                             EMBED_ARGUMENTS);
    if (primitive_named(e->node, p->name))
        return embed_refused(e, -EEXIST, "provide: there is a function `%s` already", p->name);
    if (e->first->provided && e->first->provided->count == VVM_PROVISIONS_MAX)
        return embed_refused(e, -ENOSPC, "provide: a node takes %u functions", VVM_PROVISIONS_MAX);
    return 0;
}

static struct vvm_vmlet *host_vmlet(struct vvm_embedding *e)
{
    static const char text[] = "(vmlet host)";
    vvm_value name = embed_symbol(e, "host");
    struct vvm_vmlet *host = name == VALUE_EXCEPTION ? NULL : vmlet_named(e->node, name);
    if (host || name == VALUE_EXCEPTION) return host;
    return load_source(&e->node->control, "host", text, sizeof text - 1, &host) ? NULL : host;
}

/* Fill the next place, which nothing refers to yet. */
static int prepare(struct vvm_embedding *e, const struct vvm_provision *p)
{
    if (!e->first->provided) e->first->provided = calloc(1, sizeof *e->first->provided);
    if (!e->first->provided) return -ENOMEM;
    unsigned number = e->first->provided->count;
    struct provided_function *f = &e->first->provided->functions[number];
    char *name = strdup(p->name), *description = strdup(p->description ? p->description : "");
    if (!name || !description) {
        free(name);
        free(description);
        return -ENOMEM;
    }
    e->first->provided->count++;
    f->provision = *p;
    f->provision.name = name;
    f->provision.description = description;
    f->row = (struct primitive_row){.name = name,
                                    .call = places[number],
                                    .least = (int8_t)p->least,
                                    .most = (int8_t)p->most,
                                    .cost = (uint16_t)(p->cost < 1       ? 1
                                                       : p->cost > 60000 ? 60000
                                                                         : p->cost),
                                    .effects = p->in_packets ? EFFECTS_IN_PACKETS : EFFECT_LOAD,
                                    .signature = "...",
                                    .doc = description};
    return 0;
}

int vvm_provide(vvm_node *node, const struct vvm_provision *provision)
{
    struct vvm_provision own = {0};
    if (provision->size < sizeof own.size) return embed_refused(node, -EINVAL, "provide: no size is given");
    memcpy(&own, provision, provision->size < sizeof own ? provision->size : sizeof own);
    int err = check(node, &own);
    if (err) return err;
    struct vvm_vmlet *host = host_vmlet(node);
    err = host ? prepare(node, &own) : -ENOMEM;
    /* what fails from here on keeps its place: code may refer to it by then */
    if (!err)
        err = primitives_register_in(
            node->node, host, &node->first->provided->functions[node->first->provided->count - 1].row, 1);
    return embed_failed(node, err);
}

void provided_close(struct provided *provided)
{
    if (!provided) return;
    for (unsigned i = 0; i < provided->count; i++) {
        free((void *)provided->functions[i].provision.name);
        free((void *)provided->functions[i].provision.description);
    }
    free(provided);
}
