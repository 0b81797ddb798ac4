/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.c - expander, optimiser and emitter of a VMlet: who is in force, and the way of a
 * form through them.
 */
#include "stage.h"

#include <errno.h>

#include "assemble.h"
#include "core_form.h"
#include "environment.h"
#include "override.h"

static const char *const stage_names[STAGES] = {"use-expander", "use-optimiser", "use-emitter"};

/* ---- who is in force ---------------------------------------------------------------------- */

static bool is_stage(uint32_t special)
{
    return special == SPECIAL_USE_EXPANDER || special == SPECIAL_USE_OPTIMISER ||
           special == SPECIAL_USE_EMITTER;
}

static bool is_stage_form(const struct vvm_environment *env, vvm_value datum)
{
    if (!is_pair(datum) || !is_symbol(car_of(datum))) return false;
    const struct denotation *d = environment_lookup(env, car_of(datum));
    return d && d->kind == DENOTES_SPECIAL && is_stage(d->special);
}

struct stages stages_in_force(const struct vvm_context *ctx, const struct vvm_environment *env,
                              vvm_value datum)
{
    struct stages s;
    bool none = ctx->node->making_syntax || is_stage_form(env, datum);
    for (unsigned i = 0; i < STAGES; i++) s.procedures[i] = none ? VALUE_FALSE : env->stages[i];
    return s;
}

void stages_clear(struct vvm_environment *env)
{
    for (unsigned i = 0; i < STAGES; i++) env->stages[i] = VALUE_FALSE;
}

void use_stage(struct expansion *x, uint32_t special, vvm_value form, uint64_t position)
{
    enum stage stage = special == SPECIAL_USE_EXPANDER    ? STAGE_EXPANDER
                       : special == SPECIAL_USE_OPTIMISER ? STAGE_OPTIMISER
                                                          : STAGE_EMITTER;
    if (list_parts(form) != 2)
        syntax_error(x, position, VALUE_DEFAULT, "%s: needs a procedure, or #f", stage_names[stage]);
    vvm_value procedure = evaluate_now(x, nth_part(form, 1), position);
    if (procedure != VALUE_FALSE && !value_is(procedure, CLASS_PROCEDURE))
        syntax_error(x, position, VALUE_DEFAULT, "%s: needs a procedure, or #f", stage_names[stage]);
    x->env->stages[stage] = procedure;
}

/* What it evaluates meanwhile is none of the VMlet's code, as with a transformer. */
static vvm_value ask(struct vvm_context *ctx, vvm_value procedure, vvm_value datum, uint64_t position)
{
    ctx->node->making_syntax++;
    bool before = boot_begin(ctx); /* forms are expanded and compiled whatever is redefined */
    vvm_value answer = vvm_call(ctx, procedure, 1, &datum);
    boot_end(ctx, before);
    ctx->node->making_syntax--;
    if (answer == VALUE_EXCEPTION) pending_add_position(ctx, position);
    return answer;
}

static uint64_t position_of(vvm_value datum)
{
    return is_pair(datum) && !is_frozen(datum) ? pair_position(datum) : 0;
}

/* ---- the three ------------------------------------------------------------------------------ */

/* An answer that stands nowhere stands where the form stood. */
int stage_expand(struct vvm_context *ctx, const struct stages *s, vvm_value *datum)
{
    if (s->procedures[STAGE_EXPANDER] == VALUE_FALSE) return 0;
    uint64_t position = position_of(*datum);
    vvm_value answer = ask(ctx, s->procedures[STAGE_EXPANDER], *datum, position);
    if (is_pair(answer) && !position_of(answer)) {
        answer = make_pair(ctx, car_of(answer), cdr_of(answer));
        if (answer != VALUE_EXCEPTION) pair_of(answer)->header |= position << HEADER_LENGTH_SHIFT;
    }
    if (answer == VALUE_EXCEPTION) return -EINVAL;
    *datum = answer;
    return 0;
}

struct optimising {
    vvm_value procedure;
    struct ast_node *tree;
};

static void optimise(struct expansion *x, void *data)
{
    struct optimising *o = data;
    struct core_numbers numbers = {0};
    uint64_t position = o->tree->position;
    vvm_value form = core_write(x, o->tree, &numbers);
    vvm_value answer = expand_check(x, ask(x->ctx, o->procedure, form, position));
    o->tree = core_read(x, answer, &numbers, position);
}

int stage_optimise(struct vvm_context *ctx, const struct stages *s, struct vvm_environment *env,
                   struct ast_pool *pool, struct ast_node **tree)
{
    if (s->procedures[STAGE_OPTIMISER] == VALUE_FALSE) return 0;
    struct optimising o = {s->procedures[STAGE_OPTIMISER], *tree};
    int err = expand_guarded(ctx, env, pool, optimise, &o);
    if (!err) *tree = o.tree;
    return err;
}

struct emitting {
    vvm_value procedure;
    struct unit_builder *builder;
};

static void emit_all(struct expansion *x, void *data)
{
    struct emitting *e = data;
    for (uint32_t i = 0; i < e->builder->unit->function_count; i++) {
        uint64_t position = e->builder->unit->functions[i].position;
        vvm_value listing = listing_make(x, &e->builder->unit->functions[i]);
        vvm_value answer = expand_check(x, ask(x->ctx, e->procedure, listing, position));
        assemble(x, answer, e->builder, i);
    }
}

int stage_emit(struct vvm_context *ctx, const struct stages *s, struct vvm_environment *env,
               struct ast_pool *pool, struct unit_builder *builder)
{
    if (s->procedures[STAGE_EMITTER] == VALUE_FALSE) return 0;
    struct emitting e = {s->procedures[STAGE_EMITTER], builder};
    return expand_guarded(ctx, env, pool, emit_all, &e);
}
