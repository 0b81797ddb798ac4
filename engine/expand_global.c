/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_global.c - syntax for everybody: (define-global-syntax name transformer) and
 * (define-global-reader name procedure).
 *
 * The macro or reader is its VMlet's own, marked; core's environment, which all others end
 * in, has a copy of the entry as long as the VMlet is loaded. What stands there is made
 * anew from the marks whenever VMlets have come or gone, so that a load that fails and a
 * replace leave it right.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "expand.h"

static vvm_value defined_name(struct expansion *x, vvm_value form, uint64_t position, bool reader)
{
    char key[80];
    const char *what = reader ? "define-global-reader" : "define-global-syntax";
    vvm_value name = is_pair(cdr_of(form)) ? nth_part(form, 1) : VALUE_FALSE;
    if (is_pair(name)) name = car_of(name);
    if (!is_identifier(name) || strlen(identifier_text(name)) + 3 > sizeof key)
        syntax_error(x, position, name, "%s: needs a name", what);
    if (!reader) return strip_identifier(name);
    snprintf(key, sizeof key, "{%s}", identifier_text(name));
    return expand_intern(x, key);
}

/* Core's own names, and what another VMlet gave to all, stay what they are. */
static void check_free(struct expansion *x, vvm_value name, uint64_t position)
{
    const struct denotation *d = environment_lookup(x->node->core, name);
    if (!d || (d->kind == DENOTES_MACRO && d->owner == x->env->vmlet)) return;
    if (d->kind != DENOTES_MACRO || !d->owner || d->owner == x->node->core->vmlet)
        syntax_error(x, position, VALUE_DEFAULT, "%s is a name of the language: it cannot be given to all",
                     symbol_name(name));
    syntax_error(x, position, VALUE_DEFAULT, "%s was given to all by the VMlet %s already", symbol_name(name),
                 symbol_name(d->owner->name));
}

static void lend(struct expansion *x, vvm_value name)
{
    struct denotation *own = environment_entry(x->env, name);
    assert(own && own->kind == DENOTES_MACRO && own->owner == x->env->vmlet);
    own->everywhere = true;
    x->node->core->lent = true;
    if (!environment_import(x->node->core, x->env, name, name)) return;
    raise_error(x->ctx, ERROR_HEAP, VALUE_DEFAULT);
    expand_escape(x);
}

void define_global_syntax(struct expansion *x, vvm_value form, uint64_t position, bool reader)
{
    require_list(x, form, position, reader ? "define-global-reader" : "define-global-syntax");
    vvm_value name = defined_name(x, form, position, reader);
    bool core = x->env == x->node->core; /* whose own syntax is everybody's anyway */
    if (!core) check_free(x, name, position);
    if (reader) define_reader(x, form, position);
    else define_syntax(x, x->root, form, position);
    if (!core) lend(x, name);
}

static void take_back(struct vvm_environment *core)
{
    for (uint32_t i = 0; i < core->bucket_count; i++)
        for (struct environment_entry *e = core->buckets[i]; e; e = e->next)
            if (e->denotation.kind == DENOTES_MACRO && e->denotation.everywhere)
                e->denotation = (struct denotation){
                    .macro = VALUE_FALSE, .inline_form = VALUE_FALSE, .doc = e->denotation.doc};
}

/* The entry is there since it was lent first: an import needs memory for a text at most, of
 * which macros have none. */
static void lend_again(struct vvm_environment *core, const struct vvm_vmlet *vmlet)
{
    const struct vvm_environment *env = vmlet->environment;
    for (uint32_t i = 0; i < env->bucket_count; i++)
        for (const struct environment_entry *e = env->buckets[i]; e; e = e->next)
            if (e->denotation.kind == DENOTES_MACRO && e->denotation.everywhere &&
                e->denotation.owner == vmlet)
                environment_import(core, env, e->name, e->name);
}

void syntax_settle(struct vvm_node *node)
{
    if (!node->core->lent) return;
    take_back(node->core);
    for (const struct vvm_vmlet *v = node->vmlets; v; v = v->next)
        if (v->environment != node->core) lend_again(node->core, v);
}
