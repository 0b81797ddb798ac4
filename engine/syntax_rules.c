/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syntax_rules.c - patterns and templates of R7RS: nested and custom ellipsis, tail
 * patterns, vectors, (... ...) escapes. Names that a template brings in become
 * aliases, one for each name and use; the pairs it makes stand where the use stands.
 *
 * Matches live in the scratch pool, which each use resets by opening a new one when
 * it has grown; a match never outlives its use.
 */
#include "expand.h"

#include <assert.h>
#include <string.h>

/* What a pattern variable caught: a datum, or one capture an item below an ellipsis. */
struct capture {
    vvm_value datum;
    struct capture **items;
    unsigned count;
    bool repeated;
};

struct catch
{
    struct catch *next;
    vvm_value identifier;
    struct capture *capture;
};

struct renamed {
    struct renamed *next;
    vvm_value from, to;
};

#define RENAME_BUCKETS 32u

struct rule_use {
    struct expansion *x;
    struct scope *use;       /* where the macro is used */
    const struct site *site; /* where it was defined */
    vvm_value macro;
    uint64_t position;
    struct renamed *renamed[RENAME_BUCKETS];
};

static void *scratch(struct rule_use *u, size_t octets)
{
    void *p = ast_allocate(u->x->scratch, octets);
    if (!p) syntax_error(u->x, u->position, VALUE_DEFAULT, "the macro use is too large");
    return p;
}

/* ---- what special names mean in the macro's own scope -------------------------------- */

static struct meaning meaning_at_site(const struct rule_use *u, vvm_value identifier)
{
    const struct scope *s = u->site->scope;
    if (s && s->expansion != u->x) s = NULL;
    return meaning_in(s, u->site->environment, identifier);
}

static bool is_literal(const struct rule_use *u, vvm_value identifier)
{
    for (vvm_value at = macro_part(u->macro, MACRO_LITERALS); is_pair(at); at = cdr_of(at))
        if (car_of(at) == identifier) return true;
    return false;
}

static bool special_at_site(const struct rule_use *u, vvm_value v, uint32_t special)
{
    if (!is_identifier(v)) return false;
    struct meaning m = meaning_at_site(u, v);
    return m.kind == MEANS_SPECIAL && m.special == special && !is_literal(u, v);
}

static bool is_ellipsis(const struct rule_use *u, vvm_value v)
{
    vvm_value custom = macro_part(u->macro, MACRO_ELLIPSIS);
    if (custom == VALUE_FALSE) return special_at_site(u, v, SPECIAL_ELLIPSIS);
    return v == custom && !is_literal(u, v);
}

static bool ellipsis_follows(const struct rule_use *u, vvm_value pair)
{
    return is_pair(cdr_of(pair)) && is_ellipsis(u, car_of(cdr_of(pair)));
}

static vvm_value vector_list(struct rule_use *u, vvm_value v)
{
    return expand_list(u->x, u->position, (unsigned)object_length(v),
                       ((struct vector *)value_pointer(v))->items);
}

/* ---- matching ------------------------------------------------------------------------------ */

static bool match(struct rule_use *u, vvm_value pattern, vvm_value form, struct catch **caught);

static void add_catch(struct rule_use *u, struct catch **caught, vvm_value identifier,
                      struct capture *capture)
{
    struct catch *c = scratch(u, sizeof *c);
    *c = (struct catch){*caught, identifier, capture};
    *caught = c;
}

static struct capture *capture_of(const struct catch *caught, vvm_value identifier)
{
    while (caught && caught->identifier != identifier) caught = caught->next;
    return caught ? caught->capture : NULL;
}

static bool match_identifier(struct rule_use *u, vvm_value pattern, vvm_value form, struct catch **caught)
{
    if (is_literal(u, pattern)) {
        if (!is_identifier(form)) return false;
        struct meaning a = meaning_at_site(u, pattern), b = meaning_of(u->use, form);
        return same_meaning(&a, &b);
    }
    if (special_at_site(u, pattern, SPECIAL_UNDERSCORE)) return true;
    struct capture *c = scratch(u, sizeof *c);
    c->datum = form;
    add_catch(u, caught, pattern, c);
    return true;
}

/* The variables of a pattern, each with an empty repeated capture of `count` items. */
static void open_repeated(struct rule_use *u, vvm_value pattern, unsigned count, struct catch **caught)
{
    expand_enter(u->x, u->position);
    if (has_type(pattern, TYPE_VECTOR)) pattern = vector_list(u, pattern);
    for (; is_pair(pattern); pattern = cdr_of(pattern)) open_repeated(u, car_of(pattern), count, caught);
    if (is_identifier(pattern) && !is_ellipsis(u, pattern) && !is_literal(u, pattern) &&
        !special_at_site(u, pattern, SPECIAL_UNDERSCORE)) {
        struct capture *c = scratch(u, sizeof *c);
        c->items = scratch(u, (count + 1) * sizeof *c->items);
        c->repeated = true;
        add_catch(u, caught, pattern, c);
    }
    expand_leave(u->x);
}

/* (p ... tail): as many items as leave enough for the tail. *form: what is left. */
static bool match_repeated(struct rule_use *u, vvm_value pattern, vvm_value tail, vvm_value *form,
                           struct catch **caught)
{
    long least = 0, has = 0;
    for (vvm_value at = tail; is_pair(at); at = cdr_of(at)) least++;
    for (vvm_value at = *form; is_pair(at); at = cdr_of(at))
        if (++has > (long)LIST_MAX) return false;
    if (has < least) return false;
    unsigned count = (unsigned)(has - least);
    struct catch *outer = *caught;
    open_repeated(u, pattern, count, caught);
    for (unsigned i = 0; i < count; i++, *form = cdr_of(*form)) {
        struct catch *each = NULL;
        if (!match(u, pattern, car_of(*form), &each)) return false;
        for (struct catch *c = *caught; c != outer; c = c->next) {
            c->capture->items[i] = capture_of(each, c->identifier);
            c->capture->count = i + 1;
        }
    }
    return true;
}

static bool match_list(struct rule_use *u, vvm_value pattern, vvm_value form, struct catch **caught)
{
    while (is_pair(pattern)) {
        if (ellipsis_follows(u, pattern)) {
            vvm_value tail = cdr_of(cdr_of(pattern));
            if (!match_repeated(u, car_of(pattern), tail, &form, caught)) return false;
            pattern = tail;
            continue;
        }
        if (!is_pair(form) || !match(u, car_of(pattern), car_of(form), caught)) return false;
        pattern = cdr_of(pattern);
        form = cdr_of(form);
    }
    return match(u, pattern, form, caught);
}

static bool match(struct rule_use *u, vvm_value pattern, vvm_value form, struct catch **caught)
{
    bool matches;
    uint64_t work = 0;
    expand_enter(u->x, u->position);
    if (is_identifier(pattern)) matches = match_identifier(u, pattern, form, caught);
    else if (is_pair(pattern)) matches = match_list(u, pattern, form, caught);
    else if (has_type(pattern, TYPE_VECTOR))
        matches = has_type(form, TYPE_VECTOR) &&
                  match_list(u, vector_list(u, pattern), vector_list(u, form), caught);
    else matches = values_equal(pattern, form, &work);
    expand_leave(u->x);
    return matches;
}

/* ---- templates -------------------------------------------------------------------------------- */

static vvm_value rename_symbol(struct rule_use *u, vvm_value identifier)
{
    struct renamed **bucket = &u->renamed[identifier >> 4 & (RENAME_BUCKETS - 1)];
    for (struct renamed *r = *bucket; r; r = r->next)
        if (r->from == identifier) return r->to;
    struct renamed *r = scratch(u, sizeof *r);
    *r = (struct renamed){
        *bucket, identifier,
        expand_check(u->x, make_alias(u->x->ctx, identifier, object_value(u->site), u->position))};
    *bucket = r;
    return r->to;
}

/* A list under construction. */
struct made {
    vvm_value first, last;
};

static void made_add(struct rule_use *u, struct made *m, vvm_value item)
{
    vvm_value pair = expand_cons(u->x, item, VALUE_NULL, u->position);
    if (is_pair(m->last)) pair_of(m->last)->cdr = pair;
    else m->first = pair;
    m->last = pair;
}

static vvm_value instantiate(struct rule_use *u, vvm_value template, const struct catch *caught,
                             bool escaped);

/* Bindings for the items of one repetition; *count: how many there are, or -1 when no
 * repeated variable occurs in the template. */
struct repetition {
    struct repetition *next;
    vvm_value identifier;
    const struct capture *capture;
};

static void find_repeated(struct rule_use *u, vvm_value template, const struct catch *caught, long *count,
                          struct repetition **found)
{
    expand_enter(u->x, u->position);
    if (has_type(template, TYPE_VECTOR)) template = vector_list(u, template);
    for (; is_pair(template); template = cdr_of(template))
        find_repeated(u, car_of(template), caught, count, found);
    const struct capture *c = is_identifier(template) ? capture_of(caught, template) : NULL;
    if (c && c->repeated) {
        if (*count >= 0 && *count != (long)c->count)
            syntax_error(u->x, u->position, VALUE_DEFAULT, "syntax-rules: %s repeats another number of times",
                         identifier_text(template));
        struct repetition *r = scratch(u, sizeof *r);
        *r = (struct repetition){*found, template, c};
        *found = r;
        *count = (long)c->count;
    }
    expand_leave(u->x);
}

/* The template before `depth` ellipses, its results added to m one after the other. */
static void repeat(struct rule_use *u, vvm_value template, unsigned depth, const struct catch *caught,
                   struct made *m)
{
    if (!depth) {
        made_add(u, m, instantiate(u, template, caught, false));
        return;
    }
    long count = -1;
    struct repetition *found = NULL;
    find_repeated(u, template, caught, &count, &found);
    if (count < 0)
        syntax_error(u->x, u->position, VALUE_DEFAULT,
                     "syntax-rules: an ellipsis without a repeated variable");
    expand_enter(u->x, u->position);
    for (long i = 0; i < count; i++) {
        struct catch *each = (struct catch *)caught;
        for (struct repetition *r = found; r; r = r->next)
            add_catch(u, &each, r->identifier, r->capture->items[i]);
        repeat(u, template, depth - 1, each, m);
    }
    expand_leave(u->x);
}

static vvm_value instantiate_list(struct rule_use *u, vvm_value template, const struct catch *caught,
                                  bool escaped)
{
    struct made m = {VALUE_NULL, VALUE_NULL};
    while (is_pair(template)) {
        unsigned depth = 0;
        vvm_value item = car_of(template), rest = cdr_of(template);
        for (; !escaped && is_pair(rest) && is_ellipsis(u, car_of(rest)); rest = cdr_of(rest)) depth++;
        if (depth) repeat(u, item, depth, caught, &m);
        else made_add(u, &m, instantiate(u, item, caught, escaped));
        template = rest;
    }
    if (is_null(template)) return m.first;
    vvm_value tail = instantiate(u, template, caught, escaped);
    if (!is_pair(m.last)) return tail;
    pair_of(m.last)->cdr = tail;
    return m.first;
}

static vvm_value instantiate_vector(struct rule_use *u, vvm_value template, const struct catch *caught,
                                    bool escaped)
{
    vvm_value list = instantiate_list(u, vector_list(u, template), caught, escaped);
    vvm_value v = expand_check(u->x, make_vector(u->x->ctx, (size_t)list_parts(list), VALUE_FALSE));
    vvm_value *to = ((struct vector *)value_pointer(v))->items;
    for (; is_pair(list); list = cdr_of(list)) *to++ = car_of(list);
    return v;
}

static vvm_value instantiate_identifier(struct rule_use *u, vvm_value template, const struct catch *caught)
{
    const struct capture *c = capture_of(caught, template);
    if (!c) return rename_symbol(u, template);
    if (c->repeated)
        syntax_error(u->x, u->position, VALUE_DEFAULT, "syntax-rules: %s needs an ellipsis after it",
                     identifier_text(template));
    return c->datum;
}

static vvm_value instantiate(struct rule_use *u, vvm_value template, const struct catch *caught, bool escaped)
{
    vvm_value v = template;
    expand_enter(u->x, u->position);
    if (is_identifier(template)) v = instantiate_identifier(u, template, caught);
    else if (is_pair(template) && !escaped && is_ellipsis(u, car_of(template)) && is_pair(cdr_of(template)))
        v = instantiate(u, car_of(cdr_of(template)), caught, true);
    else if (is_pair(template)) v = instantiate_list(u, template, caught, escaped);
    else if (has_type(template, TYPE_VECTOR)) v = instantiate_vector(u, template, caught, escaped);
    expand_leave(u->x);
    return v;
}

/* ---- making and using -------------------------------------------------------------------------------- */

static void check_rule(struct expansion *x, vvm_value rule, uint64_t position)
{
    if (list_parts(rule) != 2 || !is_pair(car_of(rule)))
        syntax_error(x, place_of(x, rule, position), VALUE_DEFAULT,
                     "syntax-rules: a rule is ((name . pattern) template)");
}

/* (syntax-rules [ellipsis] (literal ...) (pattern template) ...) */
vvm_value make_rules(struct expansion *x, struct scope *s, vvm_value form, uint64_t position)
{
    unsigned parts = require_list(x, form, position, "syntax-rules");
    vvm_value ellipsis = VALUE_FALSE, rest = cdr_of(form);
    if (parts > 2 && is_identifier(car_of(rest))) {
        ellipsis = car_of(rest);
        rest = cdr_of(rest);
    }
    if (!is_pair(rest) || list_parts(car_of(rest)) < 0)
        syntax_error(x, position, VALUE_DEFAULT, "syntax-rules: needs a list of literals");
    for (vvm_value at = car_of(rest); is_pair(at); at = cdr_of(at))
        if (!is_identifier(car_of(at)))
            syntax_error(x, place_of(x, at, position), car_of(at),
                         "syntax-rules: a literal is an identifier");
    for (vvm_value at = cdr_of(rest); is_pair(at); at = cdr_of(at))
        check_rule(x, car_of(at), place_of(x, at, position));
    vvm_value macro = expand_check(x, make_vector(x->ctx, MACRO_PARTS, VALUE_FALSE));
    vvm_value *items = ((struct vector *)value_pointer(macro))->items;
    items[MACRO_KIND] = make_fixnum(MACRO_RULES);
    items[MACRO_TRANSFORMER] = cdr_of(rest);
    items[MACRO_ENVIRONMENT] = object_value(scope_site(x, s));
    items[MACRO_ELLIPSIS] = ellipsis;
    items[MACRO_LITERALS] = car_of(rest);
    return macro;
}

static void fresh_scratch(struct expansion *x)
{
    ast_pool_close(x->scratch);
    x->scratch = ast_pool_open();
    if (x->scratch) return;
    raise_error(x->ctx, ERROR_HEAP, VALUE_DEFAULT);
    expand_escape(x);
}

vvm_value expand_rules(struct expansion *x, struct scope *s, vvm_value macro, vvm_value form,
                       uint64_t position)
{
    struct rule_use u = {.x = x,
                         .use = s,
                         .macro = macro,
                         .position = position,
                         .site = value_pointer(macro_part(macro, MACRO_ENVIRONMENT))};
    fresh_scratch(x);
    for (vvm_value at = macro_part(macro, MACRO_TRANSFORMER); is_pair(at); at = cdr_of(at)) {
        struct catch *caught = NULL;
        vvm_value rule = car_of(at);
        if (match_list(&u, cdr_of(car_of(rule)), cdr_of(form), &caught))
            return instantiate(&u, nth_part(rule, 1), caught, false);
    }
    syntax_error(x, position, VALUE_DEFAULT, "%s: no rule matches this use", identifier_text(car_of(form)));
}
