/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system.c - eval, time, exit, and what the system says about itself.
 */
#include "../authority.h"
#include "../environment.h"
#include "../generation.h"
#include "lib.h"

/* ---- environments ---- */

static vvm_value make_environment(struct vvm_context *ctx, vvm_value name)
{
    struct environment_object *e = allocate(ctx, TYPE_ENVIRONMENT, 1, sizeof *e);
    if (!e) return VALUE_EXCEPTION;
    e->vmlet = name;
    return object_value(e);
}

/* Whoever asks has its own names, and nobody else's. */
static const struct vvm_vmlet *asking(const struct vvm_context *ctx)
{
    const struct vvm_vmlet *vmlet = authority_running(ctx);
    return vmlet ? vmlet : ctx->node->vmlets;
}

PRIMITIVE_FN(interaction_environment) { return make_environment(ctx, asking(ctx)->name); }

static struct vvm_environment *environment_named(const struct vvm_node *node, vvm_value name)
{
    for (struct vvm_vmlet *v = node->beginning; v; v = v->outer) /* those that are being loaded */
        if (v->name == name) return v->environment;
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next)
        if (v->name == name) return v->environment;
    return NULL;
}

PRIMITIVE_FN(eval)
{
    vvm_value result;
    struct vvm_environment *env = asking(ctx)->environment;
    if (n > 1) {
        NEED(has_type(args[1], TYPE_ENVIRONMENT), "eval", 1, "environment");
        vvm_value name = ((struct environment_object *)value_pointer(args[1]))->vmlet;
        env = environment_named(ctx->node, name);
        if (!env) return raise_error(ctx, ERROR_IMPORT, name);
    }
    return eval_datum(ctx, env, args[0], &result) ? VALUE_EXCEPTION : result;
}

/* ---- time ---- */

PRIMITIVE_FN(current_jiffy) { return make_fixnum((int64_t)(world_now(ctx->world) & (uint64_t)FIXNUM_MAX)); }
PRIMITIVE_FN(jiffies_per_second) { return make_fixnum(1000000000); }
PRIMITIVE_FN(current_second) { return make_flonum(ctx, (double)world_now(ctx->world) / 1e9); }

/* ---- the process ---- */

static int exit_status(unsigned n, const vvm_value *args)
{
    if (n == 0 || args[0] == VALUE_TRUE) return 0;
    return is_fixnum(args[0]) ? (int)(fixnum_value(args[0]) & 255) : 1;
}

PRIMITIVE_FN(leave)
{
    const struct vvm_options *options = &ctx->node->options;
    fflush(options->output ? options->output : stdout);
    if (options->exit_hook) options->exit_hook(options->exit_data, exit_status(n, args));
    return raise_message(ctx, ERROR_PRIVILEGE, VALUE_DEFAULT, "exit: this program may not end the process");
}

PRIMITIVE_FN(command_line)
{
    struct list_tail out = list_tail_start();
    static const char *const none[] = {"vvm", NULL};
    const char *const *at = ctx->node->options.arguments ? ctx->node->options.arguments : none;
    for (; *at; at++) {
        vvm_value argument = make_string_utf8(ctx, *at, __builtin_strlen(*at));
        if (argument == VALUE_EXCEPTION || !list_append_item(ctx, &out, argument)) return VALUE_EXCEPTION;
    }
    return out.first;
}

PRIMITIVE_FN(features)
{
    static const char *const names[] = {"full-unicode", "vvm"};
    vvm_value list = VALUE_NULL;
    for (size_t i = sizeof names / sizeof names[0]; i > 0 && list != VALUE_EXCEPTION; i--)
        list = make_pair(ctx, intern(ctx->node, names[i - 1]), list);
    return list;
}

PRIMITIVE_FN(await_readers) { return make_boolean(generation_await_readers(ctx->node)); }

#define L EFFECT_LOAD
static const struct primitive_row rows[] = {
    PRIMITIVE("eval", eval, 1, 2, 2000, L | EFFECT_SYMBOL, "any [environment] -> any",
              "Compile a datum and run it."),
    PRIMITIVE("interaction-environment", interaction_environment, 0, 0, 4, L, "-> environment",
              "The names of the VMlet that is being loaded, or of the session."),
    PRIMITIVE("await-readers", await_readers, 0, 0, 200, L, "-> boolean",
              "Wait for the packets that are being executed now; #f if they take a quarter of a second."),
    PRIMITIVE("current-jiffy", current_jiffy, 0, 0, 8, EFFECT_TIME, "-> integer",
              "Nanoseconds of the node's clock."),
    PRIMITIVE("jiffies-per-second", jiffies_per_second, 0, 0, 1, 0, "-> integer", "Jiffies are nanoseconds."),
    PRIMITIVE("current-second", current_second, 0, 0, 8, L | EFFECT_TIME, "-> flonum",
              "Seconds of the node's clock."),
    PRIMITIVE("emergency-exit", leave, 0, 1, 1, L | EFFECT_OUTPUT, "[any] ->", "End the process at once."),
    PRIMITIVE("command-line", command_line, 0, 0, 8, L, "-> list", "The arguments of the process."),
    PRIMITIVE("features", features, 0, 0, 8, L | EFFECT_SYMBOL, "-> list", "What this implementation has."),
};

int system_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
