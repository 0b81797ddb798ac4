/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_record.c - define-record-type as definitions over %make-record-type,
 * %make-record, %record?, %record-ref and %record-set!.
 *
 * Constructor, predicate, accessors and modifiers are inline functions at top level,
 * so a field access is one checked instruction. A field may have a type after its
 * accessor or modifier: (hops packet-hops set-packet-hops! u8).
 */
#include "expand.h"

#include <assert.h>

struct record_form {
    struct expansion *x;
    struct scope *scope;
    uint64_t position;
    vvm_value name;
    vvm_value fields;      /* cells of the field specifications */
    vvm_value definitions; /* made so far, newest first */
};

struct field {
    vvm_value name, accessor, modifier, type; /* VALUE_FALSE where there is none */
};

static vvm_value list_of(struct record_form *r, unsigned n, const vvm_value *items)
{
    return expand_list(r->x, r->position, n, items);
}

static vvm_value core(struct record_form *r, const char *name) { return core_alias(r->x, name); }

static vvm_value quoted(struct record_form *r, vvm_value datum)
{
    return list_of(r, 2, (vvm_value[]){core(r, "quote"), datum});
}

static void add_definition(struct record_form *r, const char *form, vvm_value target, vvm_value type,
                           vvm_value body)
{
    vvm_value rest = list_of(r, 1, &body);
    if (type != VALUE_FALSE) rest = expand_cons(r->x, type, rest, r->position);
    rest = expand_cons(r->x, target, rest, r->position);
    rest = expand_cons(r->x, core(r, form), rest, r->position);
    r->definitions = expand_cons(r->x, rest, r->definitions, r->position);
}

/* name | (name) | (name accessor [modifier] [type]) */
static struct field parse_field(struct record_form *r, vvm_value cell)
{
    struct field f = {car_of(cell), VALUE_FALSE, VALUE_FALSE, VALUE_FALSE};
    uint64_t place = place_of(r->x, f.name, place_of(r->x, cell, r->position));
    struct ast_type ignored;
    if (is_pair(f.name)) {
        vvm_value spec = f.name;
        long parts = list_parts(spec);
        if (parts < 1 || parts > 4)
            syntax_error(r->x, place, spec,
                         "define-record-type: a field is (name accessor [modifier] [type])");
        f.name = car_of(spec);
        if (parts > 1) f.accessor = nth_part(spec, 1);
        bool typed = parts > 2 && type_named(r->x, r->scope, nth_part(spec, (unsigned)parts - 1), &ignored);
        if (typed) f.type = nth_part(spec, (unsigned)parts - 1);
        if (parts - typed > 2) f.modifier = nth_part(spec, 2);
        if (parts == 4 && !typed)
            syntax_error(r->x, place, nth_part(spec, 3), "define-record-type: %s is no type",
                         identifier_text(nth_part(spec, 3)));
    }
    if (!is_identifier(f.name)) syntax_error(r->x, place, f.name, "define-record-type: a field needs a name");
    return f;
}

static void define_accessors(struct record_form *r, const struct field *f, unsigned index)
{
    vvm_value record = core(r, "record"), value = core(r, "value"), number = make_fixnum(index);
    if (f->accessor != VALUE_FALSE) {
        vvm_value target = list_of(r, 2, (vvm_value[]){f->accessor, record});
        vvm_value body = list_of(r, 4, (vvm_value[]){core(r, "%record-ref"), record, r->name, number});
        add_definition(r, "define-inline", target, f->type, body);
    }
    if (f->modifier != VALUE_FALSE) {
        vvm_value parameter = f->type == VALUE_FALSE ? value : list_of(r, 2, (vvm_value[]){value, f->type});
        vvm_value target = list_of(r, 3, (vvm_value[]){f->modifier, record, parameter});
        vvm_value body = list_of(r, 5,
                                 (vvm_value[]){core(r, "%record-set!"), record, r->name, number, value});
        add_definition(r, "define-inline", target, VALUE_FALSE, body);
    }
}

static bool contains(vvm_value list, vvm_value item)
{
    while (is_pair(list) && car_of(list) != item) list = cdr_of(list);
    return is_pair(list);
}

/* One cell a field: the parameter that fills it, #f when the constructor leaves it out. */
static void define_constructor(struct record_form *r, vvm_value name, vvm_value wanted)
{
    vvm_value parameters = VALUE_NULL, arguments = VALUE_NULL, names = VALUE_NULL;
    for (vvm_value at = r->fields; is_pair(at); at = cdr_of(at)) {
        struct field f = parse_field(r, at);
        names = expand_cons(r->x, f.name, names, r->position);
        bool filled = contains(wanted, f.name);
        arguments = expand_cons(r->x, filled ? f.name : VALUE_FALSE, arguments, r->position);
    }
    for (vvm_value at = wanted; is_pair(at); at = cdr_of(at)) {
        vvm_value parameter = car_of(at);
        if (!contains(names, parameter))
            syntax_error(r->x, place_of(r->x, at, r->position), VALUE_DEFAULT,
                         "define-record-type: no field is called %s", identifier_text(parameter));
        for (vvm_value field = r->fields; is_pair(field); field = cdr_of(field)) {
            struct field f = parse_field(r, field);
            if (f.name == parameter && f.type != VALUE_FALSE)
                parameter = list_of(r, 2, (vvm_value[]){parameter, f.type});
        }
        parameters = expand_cons(r->x, parameter, parameters, r->position);
    }
    vvm_value ordered = VALUE_NULL, fixed = VALUE_NULL;
    for (; is_pair(parameters); parameters = cdr_of(parameters))
        ordered = expand_cons(r->x, car_of(parameters), ordered, r->position);
    for (; is_pair(arguments); arguments = cdr_of(arguments))
        fixed = expand_cons(r->x, car_of(arguments), fixed, r->position);
    vvm_value call = expand_cons(r->x, r->name, fixed, r->position);
    add_definition(r, "define-inline", expand_cons(r->x, name, ordered, r->position), VALUE_FALSE,
                   expand_cons(r->x, core(r, "%make-record"), call, r->position));
}

/* #f | name | (name field ...) */
static void parse_constructor(struct record_form *r, vvm_value cell)
{
    vvm_value spec = car_of(cell);
    uint64_t place = place_of(r->x, cell, r->position);
    if (spec == VALUE_FALSE) return;
    if (is_pair(spec)) {
        require_list(r->x, spec, place, "define-record-type");
        define_constructor(r, car_of(spec), cdr_of(spec));
        return;
    }
    vvm_value all = VALUE_NULL, ordered = VALUE_NULL;
    for (vvm_value at = r->fields; is_pair(at); at = cdr_of(at))
        all = expand_cons(r->x, parse_field(r, at).name, all, r->position);
    for (; is_pair(all); all = cdr_of(all)) ordered = expand_cons(r->x, car_of(all), ordered, r->position);
    if (!is_identifier(spec))
        syntax_error(r->x, place, spec, "define-record-type: a constructor is #f, name or (name field ...)");
    define_constructor(r, spec, ordered);
}

static void define_type(struct record_form *r)
{
    vvm_value names = VALUE_NULL, ordered = VALUE_NULL;
    for (vvm_value at = r->fields; is_pair(at); at = cdr_of(at)) {
        vvm_value name = parse_field(r, at).name;
        if (contains(names, name))
            syntax_error(r->x, place_of(r->x, at, r->position), VALUE_DEFAULT,
                         "define-record-type: two fields are called %s", identifier_text(name));
        names = expand_cons(r->x, name, names, r->position);
    }
    for (; is_pair(names); names = cdr_of(names))
        ordered = expand_cons(r->x, car_of(names), ordered, r->position);
    vvm_value body =
        list_of(r, 3, (vvm_value[]){core(r, "%make-record-type"), quoted(r, r->name), quoted(r, ordered)});
    add_definition(r, "define", r->name, VALUE_FALSE, body);
}

static void define_predicate(struct record_form *r, vvm_value name)
{
    if (name == VALUE_FALSE) return;
    vvm_value object = core(r, "object");
    add_definition(r, "define-inline", list_of(r, 2, (vvm_value[]){name, object}), VALUE_FALSE,
                   list_of(r, 3, (vvm_value[]){core(r, "%record?"), object, r->name}));
}

vvm_value record_definitions(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    struct record_form r = {.x = x, .scope = s, .position = position, .definitions = VALUE_NULL};
    if (list_parts(form) < 4)
        syntax_error(x, position, VALUE_DEFAULT,
                     "define-record-type: needs a name, a constructor and a predicate");
    if (list_parts(form) > 250)
        syntax_error(x, position, VALUE_DEFAULT, "define-record-type: more than 246 fields");
    r.name = nth_part(form, 1);
    r.fields = nth_cell(form, 4);
    if (is_pair(r.name)) r.name = car_of(r.name);
    if (!is_identifier(r.name)) syntax_error(x, position, r.name, "define-record-type: needs a name");
    define_type(&r);
    parse_constructor(&r, nth_cell(form, 2));
    define_predicate(&r, nth_part(form, 3));
    unsigned index = 0;
    for (vvm_value at = r.fields; is_pair(at); at = cdr_of(at)) {
        struct field f = parse_field(&r, at);
        define_accessors(&r, &f, index++);
    }
    vvm_value list = VALUE_NULL;
    for (vvm_value at = r.definitions; is_pair(at); at = cdr_of(at))
        list = expand_cons(x, car_of(at), list, position);
    return expand_cons(x, core_alias(x, "begin"), list, position);
}

/* The first definition makes the name a type for the ones after it. */
struct ast_node *top_record_type(struct expansion *x, vvm_value form, uint64_t position)
{
    vvm_value name = list_parts(form) > 1 ? nth_part(form, 1) : VALUE_FALSE;
    if (is_pair(name)) name = car_of(name);
    if (!is_identifier(name)) syntax_error(x, position, name, "define-record-type: needs a name");
    global_definition(x, name, position)->record_type = true;
    vvm_value definitions = cdr_of(record_definitions(x, x->root, form, position));
    unsigned count = (unsigned)list_parts(definitions);
    struct ast_node **items = (struct ast_node **)pointer_array(x, count);
    for (unsigned i = 0; i < count; i++, definitions = cdr_of(definitions)) {
        items[i] = expand_top(x, car_of(definitions), position);
        if (!i) items[i]->global.denotation->record_type = true;
    }
    return make_sequence(x, items, count, position);
}
