/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_body.c - bodies: internal definitions, also those that macros make, become one
 * letrec* around the expressions.
 *
 * First pass: expand heads and bind every name that is defined, so that all of the
 * body sees all of it. Second pass: expand values and expressions, in order. An
 * expression between definitions is a value bound to a hidden variable.
 */
#include "expand.h"

#include <assert.h>

enum entry_kind { ENTRY_DEFINITION, ENTRY_VALUES, ENTRY_EXPRESSION };

struct body_entry {
    struct body_entry *next;
    enum entry_kind kind;
    uint64_t position;
    struct ast_variable *variable; /* DEFINITION */
    struct definition definition;
    vvm_value datum;        /* VALUES: cell of its source; EXPRESSION */
    struct formals formals; /* VALUES */
};

struct body {
    struct expansion *x;
    struct scope *scope;
    struct body_entry *first, **last;
    struct body_entry *last_definition;
    unsigned count;
};

/* ---- first pass ------------------------------------------------------------------------- */

static struct body_entry *add_entry(struct body *b, enum entry_kind kind, uint64_t position)
{
    struct body_entry *e = expand_allocate(b->x, sizeof *e);
    e->kind = kind;
    e->position = position;
    *b->last = e;
    b->last = &e->next;
    b->count++;
    if (kind != ENTRY_EXPRESSION) b->last_definition = e;
    return e;
}

static void add_definition(struct body *b, vvm_value form, uint64_t position)
{
    struct definition d = parse_definition(b->x, form, position, "define");
    struct body_entry *e = add_entry(b, ENTRY_DEFINITION, position);
    e->variable = scope_variable(b->x, b->scope, d.identifier, position);
    e->definition = d;
}

static void add_values(struct body *b, vvm_value form, uint64_t position)
{
    if (list_parts(form) != 3) syntax_error(b->x, position, VALUE_DEFAULT, "define-values: needs 2 parts");
    struct body_entry *e = add_entry(b, ENTRY_VALUES, position);
    e->formals = bind_formals(b->x, b->scope, b->scope, nth_part(form, 1), position);
    e->datum = nth_cell(form, 2);
}

static void collect(struct body *b, vvm_value cells, uint64_t position);

/* True if the special form was one that belongs to the first pass. */
static bool collect_special(struct body *b, uint32_t special, vvm_value form, uint64_t position)
{
    switch (special) {
    case SPECIAL_BEGIN:
        require_list(b->x, form, position, "begin");
        collect(b, cdr_of(form), position);
        return true;
    case SPECIAL_DEFINE:
    case SPECIAL_DEFINE_INLINE: add_definition(b, form, position); return true;
    case SPECIAL_DEFINE_VALUES: add_values(b, form, position); return true;
    case SPECIAL_DEFINE_SYNTAX: define_syntax(b->x, b->scope, form, position); return true;
    case SPECIAL_DEFINE_RECORD_TYPE:
        collect(b, cdr_of(record_definitions(b->x, b->scope, form, position)), position);
        return true;
    default: return false;
    }
}

static void collect_one(struct body *b, vvm_value datum, uint64_t position)
{
    struct meaning head;
    expand_enter(b->x, position);
    datum = expand_head(b->x, b->scope, datum, &position, &head);
    if (head.kind != MEANS_SPECIAL || !collect_special(b, head.special, datum, position))
        add_entry(b, ENTRY_EXPRESSION, position)->datum = datum;
    expand_leave(b->x);
}

static void collect(struct body *b, vvm_value cells, uint64_t position)
{
    for (; is_pair(cells); cells = cdr_of(cells))
        collect_one(b, car_of(cells), place_of(b->x, cells, position));
}

/* ---- second pass -------------------------------------------------------------------------- */

static struct ast_node *expressions(struct body *b, const struct body_entry *from, uint64_t position)
{
    unsigned n = 0;
    for (const struct body_entry *e = from; e; e = e->next) n++;
    if (!n) syntax_error(b->x, position, VALUE_DEFAULT, "a body needs an expression after its definitions");
    struct ast_node **items = (struct ast_node **)pointer_array(b->x, n);
    n = 0;
    for (const struct body_entry *e = from; e; e = e->next)
        items[n++] = expand(b->x, b->scope, e->datum, e->position);
    return make_sequence(b->x, items, n, position);
}

static bool formals_used(const struct formals *f)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->variables[i]->references || f->variables[i]->assignments) return true;
    return f->rest && (f->rest->references || f->rest->assignments);
}

static struct ast_node *receive(struct expansion *x, struct ast_node *source, const struct formals *f,
                                struct ast_node *body, uint64_t position)
{
    struct ast_node *n = make_node(x, AST_RECEIVE, position);
    n->receive.source = source;
    n->receive.variables = f->variables;
    n->receive.count = f->count;
    n->receive.rest = f->rest;
    n->receive.body = body;
    return n;
}

static struct ast_variable *stand_in(struct body *b, const struct ast_variable *v)
{
    struct ast_variable *copy = hidden_variable(b->x, b->scope, "value");
    copy->name = v->name;
    copy->type = v->type;
    return copy;
}

/* Something earlier refers to the names: receive stand-ins, then assign. */
static struct ast_node *receive_and_assign(struct body *b, const struct body_entry *e,
                                           struct ast_node *source)
{
    const struct formals *f = &e->formals;
    struct expansion *x = b->x;
    unsigned n = 0;
    struct formals copies = {.count = f->count};
    struct ast_node **items = (struct ast_node **)pointer_array(x, f->count + 2);
    copies.variables = (struct ast_variable **)pointer_array(x, f->count);
    for (unsigned i = 0; i < f->count; i++) {
        copies.variables[i] = stand_in(b, f->variables[i]);
        items[n++] = make_set_local(x, f->variables[i], make_local(x, copies.variables[i], e->position),
                                    e->position);
    }
    if (f->rest) {
        copies.rest = stand_in(b, f->rest);
        items[n++] = make_set_local(x, f->rest, make_local(x, copies.rest, e->position), e->position);
    }
    items[n++] = make_unspecified(x, e->position);
    return receive(x, source, &copies, make_sequence(x, items, n, e->position), e->position);
}

/* What a run of definitions binds: it grows until it becomes one FIX. */
struct fix {
    struct ast_variable **variables;
    struct ast_node **values;
    unsigned count;
};

static void fix_add(struct fix *f, struct ast_variable *v, struct ast_node *value)
{
    f->variables[f->count] = v;
    f->values[f->count++] = value;
}

static void fix_add_undefined(struct body *b, struct fix *f, const struct formals *formals, uint64_t position)
{
    for (unsigned i = 0; i < formals->count; i++)
        fix_add(f, formals->variables[i], make_constant(b->x, VALUE_UNDEFINED, position));
    if (formals->rest) fix_add(f, formals->rest, make_constant(b->x, VALUE_UNDEFINED, position));
}

static unsigned fix_room(const struct body_entry *from)
{
    unsigned n = 0;
    for (; from; from = from->next) n += 2 + from->formals.count + (from->formals.rest != NULL);
    return n;
}

static struct ast_node *definitions(struct body *b, struct body_entry *from, uint64_t position);

static struct ast_node *after_definitions(struct body *b, struct body_entry *e, uint64_t position)
{
    return e == b->last_definition ? expressions(b, e->next, position) : definitions(b, e->next, position);
}

static struct ast_node *definitions(struct body *b, struct body_entry *from, uint64_t position)
{
    struct expansion *x = b->x;
    unsigned room = fix_room(from);
    struct fix f = {(struct ast_variable **)pointer_array(x, room),
                    (struct ast_node **)pointer_array(x, room), 0};
    for (struct body_entry *e = from;; e = e->next) {
        if (e->kind == ENTRY_VALUES) {
            struct ast_node *source = expand_cell(x, b->scope, e->datum, e->position);
            if (!formals_used(&e->formals)) {
                expand_enter(x, e->position);
                struct ast_node *rest = after_definitions(b, e, position);
                expand_leave(x);
                rest = receive(x, source, &e->formals, rest, e->position);
                return make_let(x, AST_FIX, f.variables, f.values, f.count, rest, position);
            }
            fix_add_undefined(b, &f, &e->formals, e->position);
            fix_add(&f, hidden_variable(x, b->scope, "values"), receive_and_assign(b, e, source));
        } else if (e->kind == ENTRY_DEFINITION) {
            fix_add(&f, e->variable, expand_definition_value(x, b->scope, &e->definition));
        } else {
            fix_add(&f, hidden_variable(x, b->scope, "ignored"), expand(x, b->scope, e->datum, e->position));
        }
        if (e == b->last_definition) {
            struct ast_node *body = expressions(b, e->next, position);
            return make_let(x, AST_FIX, f.variables, f.values, f.count, body, position);
        }
    }
}

struct ast_node *expand_body(struct expansion *x, struct scope *s, vvm_value cells, uint64_t position)
{
    struct body b = {.x = x, .scope = scope_open(x, s, s->owner)};
    require_list(x, cells, position, "body");
    b.last = &b.first;
    collect(&b, cells, position);
    return b.last_definition ? definitions(&b, b.first, position) : expressions(&b, b.first, position);
}
