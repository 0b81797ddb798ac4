/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - from text or image to a running generation.
 *
 *   text --reader--> datum --expand--> tree --compile--> unit --verify--> link --> run
 *   image --decode----------------------------------------^
 *
 * A load is one transaction: a failure leaves the node as it was. What was loaded
 * and then refused stays in memory, since values that it made may still refer to it.
 */
#include "load.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ast.h"
#include "authority.h"
#include "generation.h"
#include "heap.h"
#include "hooks.h"
#include "prelude.h"
#include "stage.h"
#include "trial.h"
#include "vmlet.h"
#include "weave.h"
#include "wire/network.h"

/* ---- one form -------------------------------------------------------------------- */

static uint64_t unit_octets(const struct vvm_unit *unit)
{
    uint64_t octets = 0;
    for (uint32_t i = 0; i < unit->function_count; i++) octets += unit->functions[i].words * sizeof(uint64_t);
    for (const struct constant_block *b = unit->blocks; b; b = b->next) octets += b->used;
    return octets;
}

static uint64_t code_of(const struct vvm_node *node, const struct vvm_vmlet *vmlet)
{
    uint64_t octets = 0;
    (void)node;
    for (const struct vvm_unit *u = vmlet->units; u; u = u->next) octets += unit_octets(u);
    return octets;
}

/* Its VMlet's code has room for the unit, or the error is set. */
static int check_room(struct vvm_context *ctx, const struct vvm_unit *unit)
{
    if (authority_room(ctx->node, unit->vmlet, CAPABILITY_CODE, code_of, unit_octets(unit))) return 0;
    authority_refuse(ctx, unit->vmlet, "(code N) with room for its code");
    return -EPERM;
}

/* Check, link and own a finished unit; frees it when it is refused. */
static int adopt_unit(struct vvm_context *ctx, struct vvm_unit *unit, bool transient)
{
    struct verify_error error;
    int err = verify_unit(unit, &error);
    if (err) {
        raise_message(ctx, ERROR_VERIFY, VALUE_DEFAULT, "%s", error.text);
        unit_free(unit);
        return err;
    }
    err = check_room(ctx, unit);
    if (!err) err = unit_link(ctx, unit);
    if (err) {
        unit_free(unit);
        return err;
    }
    authority_bind_primitives(unit);
    assert(unit->verified && ctx->node->candidate); /* code joins a VMlet inside a load only */
    unit->syntax = ctx->node->making_syntax > 0;
    unit->transient = transient;
    unit->next = unit->vmlet->units;
    unit->vmlet->units = unit;
    return 0;
}

/* Run one, and collect garbage if it left much. */
static int run_script(struct vvm_context *ctx, const struct vvm_function *script, vvm_value *result)
{
    struct vvm_root root = {0};
    bool before = ctx->may_collect;
    *result = VALUE_UNSPECIFIED;
    ctx->may_collect |= ctx->depth == 0;
    int err = vvm_run(ctx, script, NULL, result);
    ctx->may_collect = before;
    if (ctx->depth) return err;
    root_add(ctx->node, &root, *result);
    heap_collect_if_wanted(ctx->node);
    root_remove(&root);
    return err;
}

static int run_scripts(struct vvm_context *ctx, struct vvm_unit *unit, vvm_value *result)
{
    int err = 0;
    for (uint32_t i = 0; i < unit->script_count && !err; i++)
        err = run_script(ctx, &unit->functions[unit->scripts[i]], result);
    return err;
}

static int compile_tree(struct vvm_context *ctx, struct vvm_environment *env, const struct stages *stages,
                        struct ast_pool *pool, struct ast_node *tree, struct vvm_unit **unit)
{
    struct unit_builder builder;
    uint32_t script;
    int err = unit_begin(&builder, ctx->node, env->vmlet);
    if (err) return err;
    err = compile_toplevel(ctx, &builder, pool, tree, &script);
    if (!err) err = unit_add_script(&builder, script);
    if (!err) err = stage_emit(ctx, stages, env, pool, &builder);
    if (err) {
        unit_abandon(&builder);
        return err;
    }
    *unit = unit_finish(&builder);
    return 0;
}

static int compile_datum(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum,
                         struct vvm_unit **unit)
{
    struct ast_node *tree;
    struct ast_pool *pool = ast_pool_open();
    if (!pool) return -ENOMEM;
    struct stages stages = stages_in_force(ctx, env, datum);
    int err = stage_expand(ctx, &stages, &datum);
    if (!err) err = expand_toplevel(ctx, env, datum, pool, &tree);
    if (!err) err = stage_optimise(ctx, &stages, env, pool, &tree);
    if (!err) err = compile_tree(ctx, env, &stages, pool, tree, unit);
    ast_pool_close(pool);
    return err;
}

/* Inside an open transaction. */
static int eval_inside(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum, bool transient,
                       vvm_value *result)
{
    struct vvm_unit *unit = NULL;
    *result = VALUE_UNSPECIFIED;
    int err = compile_datum(ctx, env, datum, &unit);
    if (!err) err = adopt_unit(ctx, unit, transient);
    if (!err) err = run_scripts(ctx, unit, result);
    return err;
}

int eval_apart(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum, vvm_value *result)
{
    struct authority_span span;
    authority_enter(ctx, env->vmlet, &span);
    ctx->node->making_syntax++; /* no part of an image */
    int err = eval_inside(ctx, env, datum, true, result);
    ctx->node->making_syntax--;
    authority_leave(ctx, &span);
    return err;
}

/* ---- transactions ------------------------------------------------------------------ */

/* 1: begun here; 0: one was open already; -errno. */
static int transaction_begin(struct vvm_context *ctx)
{
    if (ctx->node->candidate) return 0;
    assert(!ctx->node->spoilt);
    ctx->pending.kind = PENDING_NONE;
    int64_t left = ctx->fuel;
    int err = generation_begin(ctx->node);
    ctx->fuel = ctx->depth ? left : ctx->node->options.load_fuel; /* what runs gets no more by asking */
    if (err) raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "a load cannot begin: %s", strerror(-err));
    return err ? err : 1;
}

/* What was loaded takes its places; what it replaced has gone. */
static void settle_vmlets(struct vvm_node *node)
{
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next) {
        if (!v->loading) continue;
        v->loading = false;
        if (v->replaces) vmlet_replaced(node, v);
    }
}

void vmlets_refuse(struct vvm_node *node)
{
    node->spoilt = false;
    for (struct vvm_vmlet **at = &node->vmlets; *at;) {
        struct vvm_vmlet *v = *at;
        if (v->loading) vmlet_refuse(node, at);
        else at = &v->next;
    }
}

/* Order, then the checks of a generation, then those of what was replaced. */
static int check_candidate(struct vvm_context *ctx)
{
    struct vvm_node *node = ctx->node;
    int err = weave(ctx);
    if (!err) err = wire_sort(node->candidate);
    if (!err) err = generation_check(node);
    for (const struct vvm_vmlet *v = node->vmlets; v && !err; v = v->next)
        if (v->loading && v->replaces) err = vmlet_check_heir(ctx, v);
    return err;
}

/* The own tests of what was loaded, imports before those who import them. */
static int test_loaded(struct vvm_context *ctx)
{
    int err = 0;
    for (uint64_t place = 0; !err;) {
        const struct vvm_vmlet *next = NULL;
        for (const struct vvm_vmlet *v = ctx->node->vmlets; v; v = v->next)
            if (v->loading && v->place > place && (!next || v->place < next->place)) next = v;
        if (!next) break;
        place = next->place;
        err = vmlet_test(ctx, next);
    }
    return err;
}

static int publish_candidate(struct vvm_context *ctx)
{
    struct vvm_node *node = ctx->node;
    int err = check_candidate(ctx);
    if (!err) err = test_loaded(ctx);
    if (!err) err = wire_freeze(ctx, node->candidate);
    if (err) return err;
    generation_try(node);
    err = vmlets_published(ctx);
    if (err) generation_revert(node);
    else generation_confirm(node);
    return err;
}

static int transaction_end(struct vvm_context *ctx, int begun, int err)
{
    struct vvm_node *node = ctx->node;
    if (begun <= 0) return err;
    scratch_end(node);
    if (!err && node->spoilt) {
        raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "a load inside this one failed: nothing of it is kept");
        err = -ECANCELED;
    }
    node->spoilt = false;
    if (!err) err = publish_candidate(ctx);
    if (err) generation_abandon(node);
    if (err) vmlets_refuse(node);
    else settle_vmlets(node);
    syntax_settle(node);
    return err;
}

/* Every -errno that reaches a caller comes with a pending error. */
static int settle(struct vvm_context *ctx, int err)
{
    if (err && ctx->pending.kind == PENDING_NONE)
        raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "the load failed: %s", strerror(-err));
    return err;
}

int eval_datum(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum, vvm_value *result)
{
    struct authority_span span;
    int begun = transaction_begin(ctx);
    if (begun < 0) return begun;
    bool transient = !ctx->node->loading; /* what a VMlet evaluates while it loads belongs to its image */
    struct environment_snapshot *names = begun ? environment_save(env) : NULL;
    authority_enter(ctx, env->vmlet, &span);
    int err = begun && !names ? -ENOMEM : eval_inside(ctx, env, datum, transient, result);
    authority_leave(ctx, &span);
    err = transaction_end(ctx, begun, err);
    if (err && names) environment_restore(env, names);
    else environment_forget(env, names);
    if (err && begun) syntax_settle(ctx->node);
    if (err && begun) heap_collect_if_wanted(ctx->node); /* it may have run nothing that would have */
    heap_call_if_wanted(ctx);
    return settle(ctx, err);
}

/* ---- sources -------------------------------------------------------------------------- */

static int eval_text(struct vvm_context *ctx, struct vvm_environment *env, struct reader *reader)
{
    vvm_value datum, result;
    for (;;) {
        int err = reader_next(reader, &datum);
        if (err || datum == VALUE_EOF) return err;
        err = eval_inside(ctx, env, datum, false, &result);
        if (err) return err;
    }
}

static unsigned file_index(struct vvm_node *node, const char *file)
{
    return file ? node_file(node, file) : 0;
}

int load_prelude(struct vvm_context *ctx, const char *name, const char *text, size_t octets)
{
    struct reader reader;
    int begun = transaction_begin(ctx);
    if (begun < 0) return begun;
    reader_init(&reader, ctx, ctx->node->core, file_index(ctx->node, name), text, octets);
    int err = eval_text(ctx, ctx->node->core, &reader);
    return settle(ctx, transaction_end(ctx, begun, err));
}

/* While it is being loaded a VMlet lies over all others, but for those whose load it is part of. */
#define PLACE_LAST UINT64_MAX

/* What is asked of a load. */
struct request {
    const char *file;
    bool replace;                             /* in place of a VMlet of the same name, if there is one */
    const struct policy_key *key;             /* that signed it, or NULL */
    const struct load_parameters *parameters; /* or NULL */
};

/* A VMlet that is being loaded: its name must be new, or that of what it replaces. A load is
 * open from here on: *begun as transaction_begin answers. */
static int vmlet_begin(struct vvm_context *ctx, const struct request *request, vvm_value name,
                       int64_t version, vvm_value header, int *begun, struct vvm_vmlet **out)
{
    struct vvm_vmlet *old = vmlet_named(ctx->node, name);
    if (old && (!request->replace || old->loading || old->environment == ctx->node->core)) {
        raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "%s: a VMlet `%s` is loaded already: %s",
                      request->file ? request->file : "load", symbol_name(name),
                      old->loading || old->environment == ctx->node->core ? "take another name"
                                                                          : "replace it, or unload it first");
        return -EEXIST;
    }
    *begun = transaction_begin(ctx);
    if (*begun < 0) return *begun;
    *out = vmlet_new(ctx->node, name);
    if (!*out) return -ENOMEM;
    (*out)->version = version;
    (*out)->header = header;
    int err = authority_grant(ctx, *out, request->key);
    if (err) {
        vmlet_free(*out);
        *out = NULL;
        return err;
    }
    (*out)->outer = ctx->node->beginning;
    (*out)->loading = true;
    (*out)->place = old ? old->place : PLACE_LAST - ctx->node->loading;
    ctx->node->beginning = *out;
    return old ? vmlet_give_way(ctx, old, *out) : 0;
}

/* Put the VMlet on the node's list. If it failed, or another load of the transaction does,
 * what it did is taken back when the outermost ends. */
static int vmlet_end(struct vvm_context *ctx, struct vvm_vmlet *vmlet, int begun, int err)
{
    struct vvm_node *node = ctx->node;
    if (vmlet) {
        assert(!vmlet->next && node->loading && node->beginning == vmlet);
        node->beginning = vmlet->outer;
        stages_clear(vmlet->environment);
        vmlet_enlist(node, vmlet);
    }
    if (err && node->candidate) node->spoilt = true;
    return transaction_end(ctx, begun, err);
}

/* The header stands first, if there is one: without it the VMlet is called `user`. */
static int read_header(struct vvm_context *ctx, struct reader *reader, vvm_value *name, int64_t *version,
                       vvm_value *header)
{
    struct reader ahead = *reader;
    vvm_value datum;
    *name = intern(ctx->node, "user");
    *version = 1;
    *header = VALUE_FALSE; /* none: the operator's own text, see authority.h */
    int err = reader_next(&ahead, &datum);
    if (err || !vmlet_form(ctx, datum)) return err;
    *reader = ahead;
    return vmlet_header(ctx, datum, name, version, header);
}

/* Before a load: what earlier ones left, above all those that failed. */
static void clear_away(struct vvm_node *node)
{
    if (node->leaving) vmlets_reap(node);
    else heap_collect_if_wanted(node);
}

static int load_text(struct vvm_context *ctx, struct reader *reader, const struct request *request,
                     struct vvm_vmlet **out)
{
    struct authority_span span;
    vvm_value name, header;
    int64_t version;
    int begun = 0;
    *out = NULL;
    int err = read_header(ctx, reader, &name, &version, &header);
    if (!err) err = vmlet_begin(ctx, request, name, version, header, &begun, out);
    if (!err) err = vmlet_imports(ctx, *out, request->file);
    if (!err) err = vmlet_syntax(ctx, *out, request->file);
    if (!err) err = vmlet_parameters(ctx, *out, request->parameters);
    if (!err) {
        reader->env = (*out)->environment;
        authority_enter(ctx, *out, &span);
        err = eval_text(ctx, (*out)->environment, reader);
        authority_leave(ctx, &span);
    }
    return vmlet_end(ctx, *out, begun, err);
}

static int request_source(struct vvm_context *ctx, const struct request *request, const char *text,
                          size_t octets, struct vvm_vmlet **vmlet)
{
    struct reader reader;
    struct vvm_vmlet *loaded;
    if (!ctx->node->loading) clear_away(ctx->node);
    ctx->node->loading++;
    ctx->pending.kind = PENDING_NONE;
    reader_init(&reader, ctx, ctx->node->core, file_index(ctx->node, request->file), text, octets);
    int err = load_text(ctx, &reader, request, &loaded);
    ctx->node->loading--;
    if (!err && vmlet) *vmlet = loaded;
    return settle(ctx, err);
}

int load_source(struct vvm_context *ctx, const char *file, const char *text, size_t octets,
                struct vvm_vmlet **vmlet)
{
    return request_source(ctx, &(struct request){.file = file}, text, octets, vmlet);
}

/* ---- images ------------------------------------------------------------------------------ */

/* Takes the unit. */
static int load_unit(struct vvm_context *ctx, struct vvm_unit *unit, const struct request *request,
                     struct vvm_vmlet *vmlet)
{
    struct authority_span span;
    vvm_value ignored;
    unit->vmlet = vmlet;
    int err = vmlet_imports(ctx, vmlet, request->file);
    if (!err) err = vmlet_parameters(ctx, vmlet, request->parameters);
    if (!err) err = vmlet_check_links(ctx, unit);
    authority_enter(ctx, vmlet, &span);
    if (err) unit_free(unit);
    else err = adopt_unit(ctx, unit, false);
    if (!err) err = run_scripts(ctx, unit, &ignored);
    authority_leave(ctx, &span);
    return err;
}

/* Takes the unit. */
static int load_decoded(struct vvm_context *ctx, const struct request *request, struct vvm_unit *unit,
                        struct vvm_vmlet **out)
{
    struct vvm_vmlet *described = unit->vmlet;
    int begun = 0;
    *out = NULL;
    int err = vmlet_begin(ctx, request, described->name, described->version, described->header, &begun, out);
    free(described);
    unit->vmlet = NULL;
    if (err) unit_free(unit);
    else err = load_unit(ctx, unit, request, *out);
    return vmlet_end(ctx, *out, begun, err);
}

static int request_image(struct vvm_context *ctx, struct request *request, const uint8_t *data, size_t octets,
                         struct vvm_vmlet **vmlet)
{
    struct vvm_unit *unit;
    struct vvm_vmlet *loaded;
    char why[160];
    if (!ctx->node->loading) clear_away(ctx->node);
    ctx->pending.kind = PENDING_NONE;
    int err = authority_check_image(ctx, request->file, data, octets, &request->key);
    if (err) return err;
    err = image_decode(ctx->node, data, octets, &unit, why, sizeof why);
    if (err) {
        raise_message(ctx, ERROR_IMAGE, VALUE_DEFAULT, "%s: %s", request->file ? request->file : "image",
                      why);
        return err;
    }
    ctx->node->loading++;
    err = load_decoded(ctx, request, unit, &loaded);
    ctx->node->loading--;
    if (!err && vmlet) *vmlet = loaded;
    return settle(ctx, err);
}

int load_image(struct vvm_context *ctx, const char *file, const uint8_t *data, size_t octets,
               struct vvm_vmlet **vmlet)
{
    return request_image(ctx, &(struct request){.file = file}, data, octets, vmlet);
}

int load_octets(struct vvm_context *ctx, const char *file, const void *data, size_t octets, bool replace,
                struct vvm_vmlet **vmlet)
{
    return load_octets_with(ctx, file, data, octets, replace, NULL, vmlet);
}

int load_octets_with(struct vvm_context *ctx, const char *file, const void *data, size_t octets, bool replace,
                     const struct load_parameters *parameters, struct vvm_vmlet **vmlet)
{
    struct request request = {.file = file, .replace = replace, .parameters = parameters};
    if (octets >= 4 && !memcmp(data, "VVMI", 4)) return request_image(ctx, &request, data, octets, vmlet);
    return request_source(ctx, &request, data, octets, vmlet);
}

int load_file_with(struct vvm_context *ctx, const char *path, bool replace,
                   const struct load_parameters *parameters, struct vvm_vmlet **vmlet)
{
    char *data;
    size_t octets;
    if (ctx->node->loading >= LOAD_NESTING_MAX) {
        raise_message(ctx, ERROR_RECURSION, VALUE_DEFAULT,
                      "%s: imports are nested too deeply, or in a circle", path);
        return -ELOOP;
    }
    int err = file_read(path, SOURCE_MAX, &data, &octets);
    if (err) {
        ctx->pending.kind = PENDING_NONE;
        raise_message(ctx, ERROR_FILE, VALUE_DEFAULT, "%s: %s", path, strerror(-err));
        return err;
    }
    err = load_octets_with(ctx, path, data, octets, replace, parameters, vmlet);
    free(data);
    return err;
}

int load_file(struct vvm_context *ctx, const char *path, struct vvm_vmlet **vmlet)
{
    return load_file_with(ctx, path, false, NULL, vmlet);
}

int load_replace(struct vvm_context *ctx, const char *path, struct vvm_vmlet **vmlet)
{
    return load_file_with(ctx, path, true, NULL, vmlet);
}

/* ---- compiling to an image ------------------------------------------------------------------ */

/* The VMlet's units, oldest first, as one; without transformers and readers, which have
 * done their work when there is an image. */
static int merge_units(struct unit_builder *builder, struct vvm_unit *newest)
{
    struct vvm_unit *oldest = NULL;
    while (newest) { /* reverse in place: the VMlet is thrown away afterwards */
        struct vvm_unit *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    int err = 0;
    for (struct vvm_unit *u = oldest; u && !err; u = u->next)
        if (!u->syntax) err = unit_merge(builder, u);
    builder->vmlet->units = oldest;
    return err;
}

static int encode_vmlet(struct vvm_node *node, struct vvm_vmlet *vmlet, bool debug_lines, uint8_t **image,
                        size_t *octets)
{
    struct unit_builder builder;
    int err = unit_begin(&builder, node, vmlet);
    if (err) return err;
    err = merge_units(&builder, vmlet->units);
    if (err) {
        unit_abandon(&builder);
        return err;
    }
    struct vvm_unit *whole = unit_finish(&builder);
    err = image_encode(whole, image, octets, debug_lines);
    unit_free(whole);
    return err;
}

int compile_file(struct vvm_context *ctx, const char *path, bool debug_lines, uint8_t **image, size_t *octets)
{
    struct vvm_vmlet *vmlet = NULL;
    int err = load_file(ctx, path, &vmlet);
    assert(err || vmlet);
    if (!err) err = encode_vmlet(ctx->node, vmlet, debug_lines, image, octets);
    return settle(ctx, err);
}
