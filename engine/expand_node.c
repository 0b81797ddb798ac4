/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_node.c - the expander's hands: errors with positions, memory from the pool,
 * walking over forms that may be malformed or circular, and making nodes.
 */
#include "expand.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

/* ---- errors --------------------------------------------------------------------- */

_Noreturn void expand_escape(struct expansion *x)
{
    assert(x->ctx->pending.kind != PENDING_NONE);
    longjmp(x->escape, 1);
}

static const char *file_of(struct vvm_node *node, uint64_t position)
{
    const char *file = position_file(position) ? node_file_name(node, position_file(position)) : NULL;
    return file ? file : "?";
}

void syntax_error(struct expansion *x, uint64_t position, vvm_value irritant, const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (irritant != VALUE_DEFAULT) irritant = syntax_strip(x->ctx, irritant);
    if (irritant == VALUE_EXCEPTION) irritant = VALUE_DEFAULT;
    if (position)
        raise_message(x->ctx, ERROR_SYNTAX, irritant, "%s:%u:%u: %s", file_of(x->node, position),
                      position_line(position), position_column(position), text);
    else raise_message(x->ctx, ERROR_SYNTAX, irritant, "%s", text);
    expand_escape(x);
}

/* Errors of the expander and the reader begin with a place already. */
static bool message_has_place(const struct error_object *e)
{
    if (e->code != ERROR_SYNTAX && e->code != ERROR_READ) return false;
    const struct string *s = value_pointer(e->message);
    unsigned colons = 0;
    for (uint64_t i = 0; i < header_length(s->header) && colons < 3; i++) {
        bool digit = s->chars[i] >= '0' && s->chars[i] <= '9';
        if (s->chars[i] == ':') colons++;
        else if (colons && !digit) colons = 0;
    }
    return colons == 3;
}

void pending_add_position(struct vvm_context *ctx, uint64_t position)
{
    char prefix[300];
    struct pending saved = ctx->pending;
    if (saved.kind != PENDING_RAISE || !has_type(saved.value, TYPE_ERROR) || !position) return;
    struct error_object *e = value_pointer(saved.value);
    if (is_string(e->message) && message_has_place(e)) return;
    int n = snprintf(prefix, sizeof prefix, "%s:%u:%u: ", file_of(ctx->node, position),
                     position_line(position), position_column(position));
    const char *plain = error_text((enum error_code)e->code);
    size_t old = is_string(e->message) ? object_length(e->message) : strlen(plain);
    vvm_value text = make_string(ctx, (size_t)n + old, ' ');
    if (text == VALUE_EXCEPTION) return;
    struct string *to = value_pointer(text);
    const struct string *from = is_string(e->message) ? value_pointer(e->message) : NULL;
    for (int i = 0; i < n; i++) to->chars[i] = (unsigned char)prefix[i];
    for (size_t i = 0; i < old; i++)
        to->chars[(size_t)n + i] = from ? from->chars[i] : (unsigned char)plain[i];
    e->message = text;
    ctx->pending = saved;
}

/* ---- memory ----------------------------------------------------------------------- */

void *expand_allocate(struct expansion *x, size_t octets)
{
    void *p = ast_allocate(x->pool, octets);
    if (p) return p;
    raise_message(x->ctx, ERROR_HEAP, VALUE_DEFAULT, "a single form is too large to expand");
    expand_escape(x);
}

void **pointer_array(struct expansion *x, unsigned count)
{
    return expand_allocate(x, (count + 1) * sizeof(void *));
}

vvm_value expand_check(struct expansion *x, vvm_value v)
{
    if (v != VALUE_EXCEPTION) return v;
    if (x->ctx->pending.kind == PENDING_NONE) raise_error(x->ctx, ERROR_HEAP, VALUE_DEFAULT);
    expand_escape(x);
}

vvm_value expand_cons(struct expansion *x, vvm_value car, vvm_value cdr, uint64_t position)
{
    if (++x->pairs > PAIRS_MAX) syntax_error(x, position, VALUE_DEFAULT, "the form expands to too much");
    vvm_value p = expand_check(x, make_pair(x->ctx, car, cdr));
    pair_of(p)->header |= position << HEADER_LENGTH_SHIFT;
    return p;
}

vvm_value expand_intern(struct expansion *x, const char *name)
{
    return expand_check(x, intern(x->node, name));
}

vvm_value expand_list(struct expansion *x, uint64_t position, unsigned n, const vvm_value *items)
{
    vvm_value list = VALUE_NULL;
    while (n) list = expand_cons(x, items[--n], list, position);
    return list;
}

void expand_enter(struct expansion *x, uint64_t position)
{
    if (++x->depth <= x->depth_limit) return;
    raise_message(x->ctx, ERROR_RECURSION, VALUE_DEFAULT, "%s:%u:%u: forms are nested more than %u deep",
                  file_of(x->node, position), position_line(position), position_column(position),
                  x->depth_limit);
    expand_escape(x);
}

/* ---- forms ------------------------------------------------------------------------- */

uint64_t place_of(const struct expansion *x, vvm_value datum, uint64_t fallback)
{
    if (x->fixed) return x->fixed;
    if (!is_pair(datum) || is_frozen(datum) || !pair_position(datum)) return fallback;
    return pair_position(datum);
}

long list_parts(vvm_value list)
{
    long n = 0;
    for (; is_pair(list); list = cdr_of(list))
        if (++n > (long)LIST_MAX) return -1;
    return is_null(list) ? n : -1;
}

unsigned require_list(struct expansion *x, vvm_value list, uint64_t position, const char *what)
{
    long n = list_parts(list);
    if (n < 0)
        syntax_error(x, place_of(x, list, position), VALUE_DEFAULT, "%s: needs a proper list here", what);
    return (unsigned)n;
}

vvm_value nth_cell(vvm_value list, unsigned n)
{
    while (n--) list = cdr_of(list);
    return list;
}

const char *identifier_text(vvm_value identifier)
{
    return is_identifier(identifier) ? symbol_name(strip_identifier(identifier)) : "?";
}

/* ---- nodes --------------------------------------------------------------------------- */

struct ast_node *make_node(struct expansion *x, enum ast_kind kind, uint64_t position)
{
    struct ast_node *n = expand_allocate(x, sizeof *n);
    n->kind = kind;
    n->position = position;
    return n;
}

struct ast_node *make_constant(struct expansion *x, vvm_value v, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_CONSTANT, position);
    n->constant.value = v;
    return n;
}

struct ast_node *make_unspecified(struct expansion *x, uint64_t position)
{
    return make_constant(x, VALUE_UNSPECIFIED, position);
}

struct ast_node *make_if(struct expansion *x, struct ast_node *test, struct ast_node *then,
                         struct ast_node *otherwise, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_IF, position);
    n->branch.test = as_test(x, test);
    n->branch.then = then;
    n->branch.otherwise = otherwise;
    return n;
}

struct ast_node *make_sequence(struct expansion *x, struct ast_node **items, unsigned count,
                               uint64_t position)
{
    assert(count);
    if (count == 1) return items[0];
    struct ast_node *n = make_node(x, AST_SEQUENCE, position);
    n->sequence.items = items;
    n->sequence.count = count;
    return n;
}

struct ast_node *make_local(struct expansion *x, struct ast_variable *v, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_LOCAL, position);
    n->local.variable = v;
    v->references++;
    return n;
}

struct ast_node *make_set_local(struct expansion *x, struct ast_variable *v, struct ast_node *value,
                                uint64_t position)
{
    struct ast_node *n = make_node(x, AST_SET_LOCAL, position);
    n->local.variable = v;
    n->local.value = value;
    v->assignments++;
    return n;
}

struct ast_node *make_let(struct expansion *x, enum ast_kind kind, struct ast_variable **variables,
                          struct ast_node **values, unsigned count, struct ast_node *body, uint64_t position)
{
    assert(kind == AST_LET || kind == AST_FIX);
    if (!count) return body;
    struct ast_node *n = make_node(x, kind, position);
    n->let.variables = variables;
    n->let.values = values;
    n->let.count = count;
    n->let.body = body;
    return n;
}

struct ast_node *make_let1(struct expansion *x, struct ast_variable *v, struct ast_node *value,
                           struct ast_node *body, uint64_t position)
{
    struct ast_variable **variables = (struct ast_variable **)pointer_array(x, 1);
    struct ast_node **values = (struct ast_node **)pointer_array(x, 1);
    variables[0] = v;
    values[0] = value;
    return make_let(x, AST_LET, variables, values, 1, body, position);
}

struct ast_node *make_call(struct expansion *x, struct ast_node *operator, struct ast_node ** arguments,
                           unsigned count, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_CALL, position);
    n->call.operator= operator;
    n->call.arguments = arguments;
    n->call.count = count;
    return n;
}

struct ast_node *make_lambda(struct expansion *x, struct ast_lambda *lambda, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_LAMBDA, position);
    n->lambda = lambda;
    return n;
}

struct ast_node *core_reference(struct expansion *x, const char *name, uint64_t position)
{
    struct meaning m = meaning_in(NULL, x->node->core, expand_intern(x, name));
    struct ast_node *n = make_node(x, AST_GLOBAL, position);
    n->global.denotation = global_reference(x, &m);
    n->global.name = m.symbol;
    return n;
}

struct ast_node *core_call(struct expansion *x, uint64_t position, const char *name, unsigned count, ...)
{
    struct ast_node **arguments = (struct ast_node **)pointer_array(x, count);
    va_list list;
    va_start(list, count);
    for (unsigned i = 0; i < count; i++) arguments[i] = va_arg(list, struct ast_node *);
    va_end(list);
    return make_call(x, core_reference(x, name, position), arguments, count, position);
}
