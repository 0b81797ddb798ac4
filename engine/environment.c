/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment.c - what a name means at the top level: one hash table a VMlet, chained
 * to its parent. Entries never move, so denotations may be pointed to for as long as
 * the environment lives.
 */
#include "environment.h"

#include "authority.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"

#define FIRST_BUCKETS 64

static_assert((FIRST_BUCKETS & (FIRST_BUCKETS - 1)) == 0, "a mask finds a bucket");

struct vvm_environment *environment_open(struct vvm_node *node, struct vvm_vmlet *vmlet,
                                         struct vvm_environment *parent)
{
    struct vvm_environment *env = calloc(1, sizeof *env);
    if (!env) return NULL;
    env->buckets = calloc(FIRST_BUCKETS, sizeof *env->buckets);
    if (!env->buckets) {
        free(env);
        return NULL;
    }
    env->node = node;
    env->vmlet = vmlet;
    env->parent = parent;
    env->bucket_count = FIRST_BUCKETS;
    for (unsigned i = 0; i < STAGES; i++) env->stages[i] = VALUE_FALSE;
    return env;
}

void environment_close(struct vvm_environment *env)
{
    if (!env) return;
    for (uint32_t i = 0; i < env->bucket_count; i++)
        while (env->buckets[i]) {
            struct environment_entry *e = env->buckets[i];
            env->buckets[i] = e->next;
            free((char *)e->denotation.doc);
            free(e);
        }
    free(env->buckets);
    free(env);
}

static uint32_t bucket_of(const struct vvm_environment *env, vvm_value symbol)
{
    assert(is_symbol(symbol));
    return (uint32_t)((struct symbol *)value_pointer(symbol))->hash & (env->bucket_count - 1);
}

static struct denotation *find(const struct vvm_environment *env, vvm_value symbol)
{
    struct environment_entry *e = env->buckets[bucket_of(env, symbol)];
    while (e && e->name != symbol) e = e->next;
    return e ? &e->denotation : NULL;
}

struct denotation *environment_lookup(const struct vvm_environment *env, vvm_value symbol)
{
    const struct vvm_vmlet *who = env ? env->vmlet : NULL;
    for (; env; env = env->parent) {
        struct denotation *d = find(env, symbol);
        if (d && d->kind != DENOTES_NOTHING) return d->hidden && !authority_sees(who, d->hidden) ? NULL : d;
    }
    return NULL;
}

/* Twice the buckets; a failure is harmless, chains only grow longer. */
static void grow(struct vvm_environment *env)
{
    uint32_t old_count = env->bucket_count;
    struct environment_entry **old = env->buckets;
    struct environment_entry **fresh = calloc((size_t)old_count * 2, sizeof *fresh);
    if (!fresh) return;
    env->buckets = fresh;
    env->bucket_count = old_count * 2;
    for (uint32_t i = 0; i < old_count; i++)
        while (old[i]) {
            struct environment_entry *e = old[i];
            old[i] = e->next;
            struct environment_entry **bucket = &fresh[bucket_of(env, e->name)];
            e->next = *bucket;
            *bucket = e;
        }
    free(old);
}

struct denotation *environment_entry(struct vvm_environment *env, vvm_value symbol)
{
    struct denotation *known = find(env, symbol);
    if (known) return known;
    struct environment_entry *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    if (env->entry_count >= env->bucket_count && env->bucket_count < 1u << 20) grow(env);
    struct environment_entry **bucket = &env->buckets[bucket_of(env, symbol)];
    e->name = symbol;
    e->denotation.macro = e->denotation.inline_form = VALUE_FALSE;
    e->next = *bucket;
    *bucket = e;
    env->entry_count++;
    return &e->denotation;
}

void environment_each(const struct vvm_environment *env,
                      void (*fn)(void *data, vvm_value symbol, const struct denotation *d), void *data)
{
    for (const struct vvm_environment *at = env; at; at = at->parent)
        for (uint32_t i = 0; i < at->bucket_count; i++)
            for (struct environment_entry *e = at->buckets[i]; e; e = e->next)
                if (e->denotation.kind != DENOTES_NOTHING &&
                    environment_lookup(env, e->name) == &e->denotation)
                    fn(data, e->name, &e->denotation);
}

int environment_import(struct vvm_environment *to, const struct vvm_environment *from, vvm_value symbol,
                       vvm_value as)
{
    const struct denotation *d = environment_lookup(from, symbol);
    if (!d) return -ENOENT;
    struct denotation *entry = environment_entry(to, as);
    if (!entry) return -ENOMEM;
    char *doc = NULL;
    if (d->doc && !(doc = strdup(d->doc))) return -ENOMEM;
    free((char *)entry->doc);
    *entry = *d;
    entry->doc = doc;
    return 0;
}

static void forget_entry(struct environment_entry *e)
{
    free((char *)e->denotation.doc);
    e->denotation = (struct denotation){.macro = VALUE_FALSE, .inline_form = VALUE_FALSE};
}

/* What the owner called it: macros keep their name when they are imported. */
static vvm_value first_name(const struct vvm_environment *env, const struct environment_entry *e)
{
    return e->denotation.kind == DENOTES_GLOBAL ? global_name(env->node, e->denotation.global) : e->name;
}

void environment_replace(struct vvm_environment *env, const struct vvm_vmlet *owner,
                         const struct vvm_vmlet *heir)
{
    for (uint32_t i = 0; i < env->bucket_count; i++)
        for (struct environment_entry *e = env->buckets[i]; e; e = e->next) {
            if (e->denotation.kind == DENOTES_NOTHING || e->denotation.owner != owner) continue;
            vvm_value name = first_name(env, e);
            const struct denotation *d = heir && is_symbol(name) ? find(heir->environment, name) : NULL;
            if (!d || d->kind == DENOTES_NOTHING || environment_import(env, heir->environment, name, e->name))
                forget_entry(e);
        }
}

/* ---- taking back ------------------------------------------------------------------------ */

struct saved_entry {
    struct environment_entry *entry;
    struct denotation denotation; /* doc: a copy of its own */
};

struct environment_snapshot {
    struct environment_snapshot *before;
    vvm_value stages[STAGES];
    uint32_t count;
    struct saved_entry entries[];
};

struct environment_snapshot *environment_save(struct vvm_environment *env)
{
    struct environment_snapshot *s = malloc(sizeof *s + env->entry_count * sizeof *s->entries);
    if (!s) return NULL;
    s->count = 0;
    for (uint32_t i = 0; i < env->bucket_count; i++)
        for (struct environment_entry *e = env->buckets[i]; e; e = e->next) {
            struct saved_entry *saved = &s->entries[s->count++];
            *saved = (struct saved_entry){e, e->denotation};
            if (e->denotation.doc)
                saved->denotation.doc = strdup(e->denotation.doc); /* NULL: it is only a text */
        }
    assert(s->count == env->entry_count);
    memcpy(s->stages, env->stages, sizeof s->stages);
    s->before = env->saved;
    return env->saved = s;
}

void environment_restore(struct vvm_environment *env, struct environment_snapshot *s)
{
    for (uint32_t i = 0; i < env->bucket_count; i++)
        for (struct environment_entry *e = env->buckets[i]; e; e = e->next) forget_entry(e);
    assert(s->count <= env->entry_count); /* names are added, and never go */
    for (uint32_t i = 0; i < s->count; i++) s->entries[i].entry->denotation = s->entries[i].denotation;
    memcpy(env->stages, s->stages, sizeof s->stages);
    env->saved = s->before;
    free(s);
}

void environment_forget(struct vvm_environment *env, struct environment_snapshot *s)
{
    if (!s) return;
    assert(env->saved == s);
    env->saved = s->before;
    for (uint32_t i = 0; i < s->count; i++) free((char *)s->entries[i].denotation.doc);
    free(s);
}

/* ---- what a collector must know --------------------------------------------------------- */

static void visit_denotation(const struct denotation *d, void (*visit)(void *data, vvm_value v), void *data)
{
    visit(data, d->macro);
    visit(data, d->inline_form);
}

void environment_visit(const struct vvm_environment *env, void (*visit)(void *data, vvm_value v), void *data)
{
    for (unsigned i = 0; i < STAGES; i++) visit(data, env->stages[i]);
    for (uint32_t i = 0; i < env->bucket_count; i++)
        for (const struct environment_entry *e = env->buckets[i]; e; e = e->next)
            visit_denotation(&e->denotation, visit, data);
    for (const struct environment_snapshot *s = env->saved; s; s = s->before) {
        for (unsigned i = 0; i < STAGES; i++) visit(data, s->stages[i]);
        for (uint32_t i = 0; i < s->count; i++) visit_denotation(&s->entries[i].denotation, visit, data);
    }
}
