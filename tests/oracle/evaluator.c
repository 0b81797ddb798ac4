/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluator.c - a tree walker that is plain to read and never made faster.
 *
 * Every node gives one value. Several values, and procedures of the program, are
 * objects of the evaluator's own that the engine's primitives only carry about.
 */
#include "evaluator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../engine/ast.h"

#define DEPTH_LIMIT   5000
#define ARGUMENTS_MAX 64

/* A variable's place: what it is called is who its ast_variable is. */
struct cell {
    struct cell *next; /* further out */
    struct cell *made; /* made before it; for the end */
    const void *name;  /* struct ast_variable, or struct denotation of a global */
    vvm_value value;
};

struct pools {
    struct pools *next;
    struct ast_pool *pool;
};

struct evaluator {
    struct vvm_context *ctx;
    struct vvm_environment *env;
    struct cell *globals, *made;
    struct pools *pools;
    uint64_t steps, limit;
    unsigned depth;
    bool gave_up;
};

/* Prelude procedures that would call those of the program, or return several values. */
enum special {
    SPECIAL_NOTHING,
    SPECIAL_APPLY,
    SPECIAL_CALL_WITH_VALUES,
    SPECIAL_FOR_EACH,
    SPECIAL_MAP,
    SPECIAL_RAISE_CONTINUABLE,
    SPECIAL_VALUES,
    SPECIALS
};
static const char *const special_names[SPECIALS] = {
    "", "apply", "call-with-values", "for-each", "map", "raise-continuable", "values",
};

/* The evaluator's objects, as foreign ones. */
struct own_object {
    uint64_t header;
    const char *kind; /* own_kind */
    enum special special;
    struct ast_lambda *const *clauses; /* a procedure of the program ... */
    unsigned count;
    struct cell *env;
    vvm_value values; /* ... or a list of values, when `clauses` is NULL */
};
static const char own_kind[] = "evaluator";

static vvm_value eval(struct evaluator *e, const struct ast_node *n, struct cell *env);
static vvm_value apply(struct evaluator *e, vvm_value f, unsigned n, const vvm_value *args);

/* ---- objects ------------------------------------------------------------------------- */

static struct own_object *own_object(vvm_value v)
{
    struct own_object *o = has_type(v, TYPE_FOREIGN) ? value_pointer(v) : NULL;
    return o && o->kind == own_kind ? o : NULL;
}

static vvm_value make_own(struct evaluator *e, struct own_object content)
{
    struct own_object *o = allocate(e->ctx, TYPE_FOREIGN, sizeof *o - sizeof(struct object), sizeof *o);
    if (!o) return VALUE_EXCEPTION;
    content.header = o->header;
    content.kind = own_kind;
    *o = content;
    return object_value(o);
}

static vvm_value list_of(struct evaluator *e, const vvm_value *items, unsigned n)
{
    vvm_value list = VALUE_NULL;
    while (n-- && list != VALUE_EXCEPTION) list = make_pair(e->ctx, items[n], list);
    return list;
}

/* Items of a list into args[], after the n that are there; the number, or ARGUMENTS_MAX + 1. */
static unsigned spread(vvm_value list, vvm_value *args, unsigned n)
{
    for (; is_pair(list); list = cdr_of(list)) {
        if (n == ARGUMENTS_MAX) return ARGUMENTS_MAX + 1;
        args[n++] = car_of(list);
    }
    return n;
}

static vvm_value make_values(struct evaluator *e, const vvm_value *items, unsigned n)
{
    vvm_value list = list_of(e, items, n);
    if (n == 1 || list == VALUE_EXCEPTION) return n == 1 ? items[0] : list;
    return make_own(e, (struct own_object){.values = list});
}

static bool is_values(vvm_value v)
{
    const struct own_object *o = own_object(v);
    return o && !o->clauses && !o->special;
}

static vvm_value fail(struct evaluator *e, enum error_code code)
{
    return raise_error(e->ctx, code, VALUE_DEFAULT);
}

static vvm_value give_up(struct evaluator *e)
{
    e->gave_up = true;
    return trap(e->ctx, TRAP_FUEL);
}

/* Where exactly one value is wanted. */
static vvm_value one(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    vvm_value v = eval(e, n, env);
    return v != VALUE_EXCEPTION && is_values(v) ? fail(e, ERROR_VALUES) : v;
}

/* ---- variables ------------------------------------------------------------------------ */

static struct cell *bind(struct evaluator *e, const void *name, vvm_value v, struct cell *env)
{
    struct cell *c = calloc(1, sizeof *c);
    if (!c) abort();
    *c = (struct cell){.next = env, .made = e->made, .name = name, .value = v};
    return e->made = c;
}

static struct cell *find(struct cell *env, const void *name)
{
    while (env && env->name != name) env = env->next;
    return env;
}

/* A declared type: false with pending when the value is not of it. */
static bool check(struct evaluator *e, const struct ast_type *type, vvm_value v)
{
    if (type->slot == SLOT_ANY) {
        if (value_is(v, (enum value_class)type->class)) return true;
        fail(e, ERROR_TYPE);
        return false;
    }
    unsigned bits = slot_bits(type->slot) < 64 ? slot_bits(type->slot) : 62; /* no fixnum has more */
    int64_t n = is_fixnum(v) ? fixnum_value(v) : 0, size = INT64_C(1) << bits;
    int64_t least = slot_is_signed(type->slot) ? -size / 2 : 0;
    if (is_fixnum(v) && n >= least && n < least + size) return true;
    fail(e, is_fixnum(v) ? ERROR_RANGE : ERROR_TYPE);
    return false;
}

static struct cell *bind_checked(struct evaluator *e, const struct ast_variable *v, vvm_value value,
                                 struct cell *env)
{
    return check(e, &v->type, value) ? bind(e, v, value, env) : NULL;
}

static vvm_value eval_local(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    const struct cell *c = find(env, n->local.variable);
    if (!c) abort();
    return c->value == VALUE_UNDEFINED ? fail(e, ERROR_UNDEFINED) : c->value;
}

static vvm_value eval_set_local(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    vvm_value v = one(e, n->local.value, env);
    if (v == VALUE_EXCEPTION || !check(e, &n->local.variable->type, v)) return VALUE_EXCEPTION;
    find(env, n->local.variable)->value = v;
    return VALUE_UNSPECIFIED;
}

static vvm_value eval_global(struct evaluator *e, const struct ast_node *n)
{
    const struct denotation *d = n->global.denotation;
    const struct cell *own = find(e->globals, d);
    if (own) return own->value;
    if (d->owner == e->env->vmlet) return fail(e, ERROR_UNBOUND);
    for (unsigned i = 1; i < SPECIALS; i++)
        if (!strcmp(symbol_name(n->global.name), special_names[i]))
            return make_own(e, (struct own_object){.special = (enum special)i});
    return e->ctx->generation->bindings[d->global].value;
}

/* define and set! of a global */
static vvm_value eval_assign_global(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    vvm_value v = one(e, n->global.value, env);
    struct cell *own = find(e->globals, n->global.denotation);
    if (v == VALUE_EXCEPTION) return v;
    if (own) own->value = v;
    else e->globals = bind(e, n->global.denotation, v, e->globals);
    return VALUE_UNSPECIFIED;
}

/* ---- calls ---------------------------------------------------------------------------- */

static bool takes(const struct ast_lambda *l, unsigned n)
{
    return l->rest ? n >= l->parameter_count : n == l->parameter_count;
}

static vvm_value apply_lambda(struct evaluator *e, const struct ast_lambda *l, struct cell *env, unsigned n,
                              const vvm_value *args)
{
    for (unsigned i = 0; i < l->parameter_count; i++)
        if (!(env = bind_checked(e, l->parameters[i], args[i], env))) return VALUE_EXCEPTION;
    if (l->rest) env = bind(e, l->rest, list_of(e, args + l->parameter_count, n - l->parameter_count), env);
    vvm_value v = eval(e, l->body, env);
    if (v == VALUE_EXCEPTION || l->result.class == CLASS_ANY) return v;
    if (is_values(v)) return fail(e, ERROR_VALUES);
    return check(e, &l->result, v) ? v : VALUE_EXCEPTION;
}

static vvm_value apply_spread(struct evaluator *e, vvm_value f, vvm_value list, const vvm_value *first,
                              unsigned count)
{
    vvm_value args[ARGUMENTS_MAX];
    if (count) memcpy(args, first, count * sizeof *args);
    unsigned n = spread(list, args, count);
    return n > ARGUMENTS_MAX ? give_up(e) : apply(e, f, n, args);
}

/* map and for-each over one list, from its first element on. */
static vvm_value apply_each(struct evaluator *e, vvm_value f, vvm_value list, bool keep)
{
    vvm_value items[ARGUMENTS_MAX];
    unsigned n = spread(list, items, 0);
    if (n > ARGUMENTS_MAX) return give_up(e);
    for (unsigned i = 0; i < n; i++) {
        items[i] = apply(e, f, 1, &items[i]);
        if (items[i] == VALUE_EXCEPTION) return VALUE_EXCEPTION;
        if (keep && is_values(items[i])) return fail(e, ERROR_VALUES);
    }
    return keep ? list_of(e, items, n) : VALUE_UNSPECIFIED;
}

static vvm_value receive_values(struct evaluator *e, vvm_value v, vvm_value f)
{
    return is_values(v) ? apply_spread(e, f, own_object(v)->values, NULL, 0) : apply(e, f, 1, &v);
}

static vvm_value apply_special(struct evaluator *e, enum special special, unsigned n, const vvm_value *args)
{
    vvm_value v;
    if (special == SPECIAL_VALUES) return make_values(e, args, n);
    if (n == 1 && special == SPECIAL_RAISE_CONTINUABLE) return raise_value(e->ctx, args[0], true);
    if (n >= 2 && special == SPECIAL_APPLY) return apply_spread(e, args[0], args[n - 1], args + 1, n - 2);
    if (n == 2 && special == SPECIAL_MAP) return apply_each(e, args[0], args[1], true);
    if (n == 2 && special == SPECIAL_FOR_EACH) return apply_each(e, args[0], args[1], false);
    if (n == 2 && special == SPECIAL_CALL_WITH_VALUES)
        return (v = apply(e, args[0], 0, NULL)) == VALUE_EXCEPTION ? v : receive_values(e, v, args[1]);
    return fail(e, ERROR_ARITY);
}

static vvm_value apply_primitive(struct evaluator *e, const struct primitive_row *row, unsigned n,
                                 const vvm_value *args)
{
    if (n < (unsigned)row->least || (row->most >= 0 && n > (unsigned)row->most)) return fail(e, ERROR_ARITY);
    return row->call(e->ctx, n, args);
}

static vvm_value apply(struct evaluator *e, vvm_value f, unsigned n, const vvm_value *args)
{
    const struct own_object *o = own_object(f);
    if (has_type(f, TYPE_PRIMITIVE))
        return apply_primitive(e, ((struct primitive_object *)value_pointer(f))->row, n, args);
    if (!o) return vvm_call(e->ctx, f, n, args);
    if (o->special) return apply_special(e, o->special, n, args);
    for (unsigned i = 0; i < o->count; i++)
        if (takes(o->clauses[i], n)) return apply_lambda(e, o->clauses[i], o->env, n, args);
    return fail(e, ERROR_ARITY);
}

static vvm_value eval_call(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    vvm_value args[ARGUMENTS_MAX], f = one(e, n->call.operator, env);
    if (f == VALUE_EXCEPTION) return f;
    if (n->call.count > ARGUMENTS_MAX) return give_up(e);
    for (unsigned i = 0; i < n->call.count; i++)
        if ((args[i] = one(e, n->call.arguments[i], env)) == VALUE_EXCEPTION) return VALUE_EXCEPTION;
    return apply(e, f, n->call.count, args);
}

/* ---- binding forms -------------------------------------------------------------------- */

static vvm_value eval_let(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    struct cell *inner = env;
    for (unsigned i = 0; i < n->let.count; i++) {
        vvm_value v = one(e, n->let.values[i], env);
        if (v == VALUE_EXCEPTION) return v;
        if (!(inner = bind_checked(e, n->let.variables[i], v, inner))) return VALUE_EXCEPTION;
    }
    return eval(e, n->let.body, inner);
}

static vvm_value eval_fix(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    for (unsigned i = 0; i < n->let.count; i++) env = bind(e, n->let.variables[i], VALUE_UNDEFINED, env);
    for (unsigned i = 0; i < n->let.count; i++) { /* a lambda has no moment of its own: it is there */
        const struct ast_node *value = n->let.values[i];
        if (value->kind == AST_LAMBDA) find(env, n->let.variables[i])->value = eval(e, value, env);
    }
    for (unsigned i = 0; i < n->let.count; i++) {
        if (n->let.values[i]->kind == AST_LAMBDA) continue;
        vvm_value v = one(e, n->let.values[i], env);
        if (v == VALUE_EXCEPTION || !check(e, &n->let.variables[i]->type, v)) return VALUE_EXCEPTION;
        find(env, n->let.variables[i])->value = v;
    }
    return eval(e, n->let.body, env);
}

static vvm_value eval_receive(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    vvm_value items[ARGUMENTS_MAX], v = eval(e, n->receive.source, env);
    unsigned count = 1, wanted = n->receive.count;
    if (v == VALUE_EXCEPTION) return v;
    items[0] = v;
    if (is_values(v)) count = spread(own_object(v)->values, items, 0);
    if (count < wanted || (count > wanted && !n->receive.rest)) return fail(e, ERROR_VALUES);
    for (unsigned i = 0; i < wanted; i++)
        if (!(env = bind_checked(e, n->receive.variables[i], items[i], env))) return VALUE_EXCEPTION;
    if (n->receive.rest) env = bind(e, n->receive.rest, list_of(e, items + wanted, count - wanted), env);
    return eval(e, n->receive.body, env);
}

static vvm_value eval_guard(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    vvm_value v = eval(e, n->guard.body, env);
    if (v != VALUE_EXCEPTION || e->gave_up || e->ctx->pending.kind != PENDING_RAISE) return v;
    e->ctx->pending.kind = PENDING_NONE;
    return eval(e, n->guard.handler, bind(e, n->guard.variable, e->ctx->pending.value, env));
}

/* ---- one node ---------------------------------------------------------------------------- */

static vvm_value eval_if(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    vvm_value v = one(e, n->branch.test, env);
    if (v == VALUE_EXCEPTION) return v;
    const struct ast_node *arm = v != VALUE_FALSE ? n->branch.then : n->branch.otherwise;
    return arm ? eval(e, arm, env) : VALUE_UNSPECIFIED;
}

static vvm_value eval_sequence(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    for (unsigned i = 0; i + 1 < n->sequence.count; i++)
        if (eval(e, n->sequence.items[i], env) == VALUE_EXCEPTION) return VALUE_EXCEPTION;
    return eval(e, n->sequence.items[n->sequence.count - 1], env);
}

static vvm_value eval_kind(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    switch (n->kind) {
    case AST_CONSTANT: return n->constant.value;
    case AST_LOCAL: return eval_local(e, n, env);
    case AST_SET_LOCAL: return eval_set_local(e, n, env);
    case AST_GLOBAL: return eval_global(e, n);
    case AST_SET_GLOBAL:
    case AST_DEFINE: return eval_assign_global(e, n, env);
    case AST_IF: return eval_if(e, n, env);
    case AST_LAMBDA: return make_own(e, (struct own_object){.clauses = &n->lambda, .count = 1, .env = env});
    case AST_CASES:
        return make_own(
            e, (struct own_object){.clauses = n->cases.clauses, .count = n->cases.count, .env = env});
    case AST_SEQUENCE: return eval_sequence(e, n, env);
    case AST_CALL: return eval_call(e, n, env);
    case AST_LET: return eval_let(e, n, env);
    case AST_FIX: return eval_fix(e, n, env);
    case AST_RECEIVE: return eval_receive(e, n, env);
    case AST_GUARD: return eval_guard(e, n, env);
    default: abort(); /* no core language */
    }
}

static vvm_value eval(struct evaluator *e, const struct ast_node *n, struct cell *env)
{
    if (++e->steps > e->limit || e->depth >= DEPTH_LIMIT) return give_up(e);
    e->depth++;
    vvm_value v = eval_kind(e, n, env);
    e->depth--;
    return v;
}

/* ---- texts --------------------------------------------------------------------------------- */

static struct ast_pool *open_pool(struct evaluator *e)
{
    struct pools *p = calloc(1, sizeof *p);
    if (!p || !(p->pool = ast_pool_open())) abort();
    p->next = e->pools;
    e->pools = p;
    return p->pool;
}

int evaluator_load(struct evaluator *e, const char *text, size_t octets)
{
    struct reader reader;
    struct ast_node *tree;
    vvm_value datum;
    reader_init(&reader, e->ctx, e->env, 0, text, octets);
    for (;;) {
        int err = reader_next(&reader, &datum);
        if (err || datum == VALUE_EOF) return err;
        err = expand_toplevel(e->ctx, e->env, datum, open_pool(e), &tree);
        if (err) return err;
        e->steps = 0;
        if (eval(e, tree, NULL) == VALUE_EXCEPTION) return -EINVAL;
    }
}

vvm_value evaluator_call(struct evaluator *e, const char *name, unsigned n, const vvm_value *args)
{
    const struct denotation *d = environment_lookup(e->env, intern(e->ctx->node, name));
    const struct cell *own = d ? find(e->globals, d) : NULL;
    e->steps = 0;
    e->gave_up = false;
    e->ctx->pending.kind = PENDING_NONE;
    e->ctx->fuel = e->ctx->node->options.load_fuel;
    return own ? apply(e, own->value, n, args) : fail(e, ERROR_UNBOUND);
}

bool evaluator_gave_up(const struct evaluator *e) { return e->gave_up; }

struct evaluator *evaluator_open(struct vvm_node *node, struct vvm_environment *env, uint64_t steps)
{
    struct evaluator *e = calloc(1, sizeof *e);
    if (e) *e = (struct evaluator){.ctx = &node->control, .env = env, .limit = steps};
    return e;
}

void evaluator_close(struct evaluator *e)
{
    for (struct cell *c = e->made, *next; c; c = next) {
        next = c->made;
        free(c);
    }
    for (struct pools *p = e->pools, *next; p; p = next) {
        next = p->next;
        ast_pool_close(p->pool);
        free(p);
    }
    free(e);
}
