/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_scope.c - what an identifier means where it stands.
 *
 * Scopes are a chain of short lists; names are compared by identity, so a binding of
 * an alias never catches the symbol inside it. At the end of the chain stands the top
 * level of an environment.
 */
#include "expand.h"

#include <assert.h>
#include <string.h>

bool is_identifier(vvm_value v) { return is_symbol(v) || has_type(v, TYPE_ALIAS); }

vvm_value strip_identifier(vvm_value identifier)
{
    while (has_type(identifier, TYPE_ALIAS)) identifier = ((struct alias *)value_pointer(identifier))->name;
    return identifier;
}

/* ---- scopes ------------------------------------------------------------------------- */

struct scope *scope_open(struct expansion *x, struct scope *outer, struct ast_lambda *owner)
{
    struct scope *s = expand_allocate(x, sizeof *s);
    *s = (struct scope){.outer = outer, .environment = outer->environment, .expansion = x, .owner = owner};
    return s;
}

struct scope *scope_root(struct expansion *x, struct vvm_environment *env, struct ast_lambda *owner)
{
    struct scope *s = expand_allocate(x, sizeof *s);
    *s = (struct scope){.environment = env, .expansion = x, .owner = owner};
    return s;
}

static struct local *find_local(const struct scope *s, vvm_value identifier)
{
    struct local *l = s->names;
    while (l && l->identifier != identifier) l = l->next;
    return l;
}

struct local *scope_bind(struct expansion *x, struct scope *s, vvm_value identifier, enum local_kind kind,
                         uint64_t position)
{
    if (!is_identifier(identifier)) syntax_error(x, position, identifier, "an identifier is needed to bind");
    if (find_local(s, identifier))
        syntax_error(x, position, VALUE_DEFAULT, "%s is bound twice", identifier_text(identifier));
    if (++s->count > SCOPE_NAMES_MAX)
        syntax_error(x, position, VALUE_DEFAULT, "more than %u names in one scope", SCOPE_NAMES_MAX);
    struct local *l = expand_allocate(x, sizeof *l);
    l->next = s->names;
    l->identifier = identifier;
    l->kind = kind;
    s->names = l;
    return l;
}

struct ast_variable *hidden_variable(struct expansion *x, struct scope *s, const char *name)
{
    struct ast_variable *v = expand_allocate(x, sizeof *v);
    v->name = expand_intern(x, name);
    v->owner = s->owner;
    return v;
}

struct ast_variable *scope_variable(struct expansion *x, struct scope *s, vvm_value identifier,
                                    uint64_t position)
{
    struct local *l = scope_bind(x, s, identifier, LOCAL_VARIABLE, position);
    struct ast_variable *v = expand_allocate(x, sizeof *v);
    v->name = strip_identifier(identifier);
    v->owner = s->owner;
    return l->variable = v;
}

/* ---- meanings -------------------------------------------------------------------------- */

static struct meaning local_meaning(const struct local *l)
{
    struct meaning m = {.symbol = strip_identifier(l->identifier)};
    switch (l->kind) {
    case LOCAL_VARIABLE: m.kind = MEANS_VARIABLE, m.variable = l->variable; break;
    case LOCAL_MACRO: m.kind = MEANS_MACRO, m.macro = l->macro; break;
    case LOCAL_SPECIAL: m.kind = MEANS_SPECIAL, m.special = l->special; break;
    case LOCAL_GLOBAL: m.kind = MEANS_GLOBAL, m.denotation = l->denotation; break;
    }
    return m;
}

static struct meaning top_meaning(struct vvm_environment *env, vvm_value symbol)
{
    struct meaning m = {.environment = env, .symbol = symbol};
    struct denotation *d = environment_lookup(env, symbol);
    if (!d) return m;
    switch (d->kind) {
    case DENOTES_GLOBAL: m.kind = MEANS_GLOBAL, m.denotation = d; break;
    case DENOTES_SPECIAL: m.kind = MEANS_SPECIAL, m.special = d->special; break;
    case DENOTES_MACRO: m.kind = MEANS_MACRO, m.macro = d->macro; break;
    default: break;
    }
    return m;
}

/* A scope that an alias remembers counts only while its expansion runs. */
static struct scope *live_scope(const struct site *o, const struct expansion *x)
{
    return o->scope && x && o->scope->expansion == x ? o->scope : NULL;
}

struct meaning meaning_in(const struct scope *s, struct vvm_environment *env, vvm_value identifier)
{
    const struct scope *start = s;
    const struct expansion *x = s ? s->expansion : NULL;
    for (;;) {
        for (const struct scope *at = s; at; at = at->outer) {
            struct local *l = find_local(at, identifier);
            if (l) return local_meaning(l);
        }
        if (is_symbol(identifier)) break;
        assert(has_type(identifier, TYPE_ALIAS));
        const struct alias *a = value_pointer(identifier);
        const struct site *o = value_pointer(a->environment);
        identifier = a->name;
        env = o->environment;
        s = live_scope(o, x);
    }
    struct meaning m = top_meaning(env, identifier);
    if (m.kind == MEANS_NOTHING && start && in_wire_body(start))
        if ((m.special = wire_special_named(symbol_name(identifier)))) m.kind = MEANS_SPECIAL;
    return m;
}

static bool same_denotation(const struct denotation *a, const struct denotation *b)
{
    return a == b || (a->global == b->global && a->owner == b->owner);
}

bool same_meaning(const struct meaning *a, const struct meaning *b)
{
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case MEANS_VARIABLE: return a->variable == b->variable;
    case MEANS_MACRO: return a->macro == b->macro;
    case MEANS_SPECIAL: return a->special == b->special;
    case MEANS_GLOBAL: return same_denotation(a->denotation, b->denotation);
    default: return a->symbol == b->symbol;
    }
}

bool means_special(const struct scope *s, vvm_value datum, uint32_t special)
{
    if (!is_identifier(datum)) return false;
    struct meaning m = meaning_of(s, datum);
    return m.kind == MEANS_SPECIAL && m.special == special;
}

/* ---- environments as values, aliases ------------------------------------------------------ */

const char site_kind[] = "definition site";

vvm_value make_site(struct vvm_context *ctx, struct vvm_environment *env)
{
    struct site *o = allocate(ctx, TYPE_FOREIGN, sizeof *o - sizeof(struct object), sizeof *o);
    if (!o) return VALUE_EXCEPTION;
    o->kind = site_kind;
    o->environment = env;
    o->scope = NULL;
    o->next = NULL;
    return object_value(o);
}

struct site *scope_site(struct expansion *x, struct scope *s)
{
    if (s->object) return s->object;
    struct site *o = value_pointer(expand_check(x, make_site(x->ctx, s->environment)));
    if (s->outer) {
        o->scope = s;
        o->next = x->captured;
        x->captured = o;
    }
    return s->object = o;
}

vvm_value make_alias(struct vvm_context *ctx, vvm_value identifier, vvm_value environment, uint64_t position)
{
    assert(is_identifier(identifier));
    struct alias *a = allocate(ctx, TYPE_ALIAS, 3, sizeof *a);
    if (!a) return VALUE_EXCEPTION;
    a->name = identifier;
    a->environment = environment;
    a->unique = make_fixnum((int64_t)position);
    return object_value(a);
}

vvm_value core_alias(struct expansion *x, const char *name)
{
    if (!x->core_site) x->core_site = expand_check(x, make_site(x->ctx, x->node->core));
    return expand_check(x, make_alias(x->ctx, expand_intern(x, name), x->core_site, 0));
}

/* ---- globals --------------------------------------------------------------------------------- */

static struct denotation *become_global(struct expansion *x, struct vvm_environment *env, vvm_value symbol)
{
    struct denotation *d = environment_entry(env, symbol);
    uint32_t number = d ? global_number(x->node, env->vmlet, symbol) : UINT32_MAX;
    if (number == UINT32_MAX) {
        raise_error(x->ctx, ERROR_HEAP, VALUE_DEFAULT);
        expand_escape(x);
    }
    const char *doc = d->doc;
    *d = (struct denotation){.kind = DENOTES_GLOBAL,
                             .global = number,
                             .owner = env->vmlet,
                             .doc = doc,
                             .macro = VALUE_FALSE,
                             .inline_form = VALUE_FALSE};
    return d;
}

struct denotation *global_reference(struct expansion *x, const struct meaning *m)
{
    if (m->kind == MEANS_GLOBAL) return m->denotation;
    assert(m->kind == MEANS_NOTHING);
    return become_global(x, m->environment, m->symbol);
}

struct denotation *global_definition(struct expansion *x, vvm_value identifier, uint64_t position)
{
    if (!is_identifier(identifier)) syntax_error(x, position, identifier, "define: needs a name");
    vvm_value symbol = strip_identifier(identifier);
    struct denotation *d = environment_entry(x->env, symbol);
    bool own = d && d->kind == DENOTES_GLOBAL && d->owner == x->env->vmlet;
    if (own && d->parameter)
        syntax_error(x, position, VALUE_DEFAULT, "define: %s is a parameter of the VMlet",
                     symbol_name(symbol));
    bool assigned = own && d->assigned;
    d = become_global(x, x->env, symbol);
    d->assigned = assigned;
    if (is_symbol(identifier)) return d;
    /* an alias from another VMlet's macro: its other uses in this form mean the same */
    struct local *l = find_local(x->root, identifier);
    if (!l) l = scope_bind(x, x->root, identifier, LOCAL_GLOBAL, position);
    l->kind = LOCAL_GLOBAL;
    l->denotation = d;
    return d;
}

/* ---- types --------------------------------------------------------------------------------------- */

/* Names of classes that differ from the table's own. */
static const struct {
    const char *name;
    enum value_class class;
} class_aliases[] = {{"integer", CLASS_FIXNUM}, {"any", CLASS_ANY}};

static int class_named(const char *name)
{
    for (size_t i = 0; i < sizeof class_aliases / sizeof *class_aliases; i++)
        if (!strcmp(class_aliases[i].name, name)) return (int)class_aliases[i].class;
    return value_class_named(name);
}

bool type_named(struct expansion *x, const struct scope *s, vvm_value identifier, struct ast_type *type)
{
    (void)x;
    if (!is_identifier(identifier)) return false;
    struct meaning m = meaning_of(s, identifier);
    *type = (struct ast_type){.slot = SLOT_ANY};
    if (m.kind == MEANS_VARIABLE) return false;
    if (m.kind == MEANS_GLOBAL && m.denotation->record_type) {
        type->class = CLASS_RECORD;
        type->record = m.denotation;
        return true;
    }
    const char *name = symbol_name(m.symbol);
    int class = class_named(name), slot = slot_type_named(name);
    if (class < 0) return false;
    type->class = (uint8_t) class;
    if (slot > SLOT_ANY && slot < SLOT_TYPES) type->slot = (uint8_t)slot;
    return true;
}

struct ast_type require_type(struct expansion *x, const struct scope *s, vvm_value datum, uint64_t position)
{
    struct ast_type type;
    if (!type_named(x, s, datum, &type))
        syntax_error(x, position, datum, "%s is no type", identifier_text(datum));
    return type;
}
