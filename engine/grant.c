/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant.c - sets of capabilities: what is in a set, what is left of one when it is cut.
 */
#include "grant.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word, *form;
    enum grant_shape shape;
} capabilities[CAPABILITY_LIMIT] = {
#define C(name, word, shape, form, text) {word, form, GRANT_##shape},
#include "capability.def"
#undef C
};

const char *capability_name(enum capability c) { return capabilities[c].word; }
const char *capability_form(enum capability c) { return capabilities[c].form; }
enum grant_shape capability_shape(enum capability c) { return capabilities[c].shape; }

/* ---- one grant ------------------------------------------------------------------------ */

static void grant_free(struct grant *g)
{
    free(g->first);
    free(g->second);
}

static int grant_copy(struct grant *to, const struct grant *from)
{
    *to = *from;
    to->first = from->first ? strdup(from->first) : NULL;
    to->second = from->second ? strdup(from->second) : NULL;
    if ((!from->first || to->first) && (!from->second || to->second)) return 0;
    grant_free(to);
    return -ENOMEM;
}

/* A star at the end stands for any rest, and for any star below it. */
static bool covers_name(const char *pattern, const char *name)
{
    size_t n = strlen(pattern);
    if (n && pattern[n - 1] == '*') return strncmp(pattern, name, n - 1) == 0;
    return strcmp(pattern, name) == 0;
}

static bool covers_target(const struct grant *a, const struct grant *b)
{
    bool name = a->kind == TARGET_NAME || a->kind == TARGET_EXACT;
    if (name && strcmp(a->first, "*") == 0 && a->kind == TARGET_NAME) return true; /* any target at all */
    if (name != (b->kind == TARGET_NAME || b->kind == TARGET_EXACT)) return false;
    if (a->kind == TARGET_EXACT) return strcmp(a->first, b->first) == 0 && b->kind == TARGET_EXACT;
    if (name) return covers_name(a->first, b->first);
    if (a->kind != b->kind || !covers_name(a->first, b->first)) return false;
    return !a->second || (b->second && covers_name(a->second, b->second));
}

static bool covers_scope(const struct grant *a, const struct grant *b)
{
    return strcmp(b->first, "own") == 0 || covers_name(strcmp(a->first, "all") ? a->first : "*", b->first);
}

/* Amounts and levels aside, is b within a? */
static bool covers(const struct grant *a, const struct grant *b)
{
    if (a->capability == CAPABILITY_ALL) return true;
    if (a->capability != b->capability) return false;
    switch (capability_shape(a->capability)) {
    case GRANT_FLAG:
    case GRANT_AMOUNT: return true;
    case GRANT_KEY:
        return covers_name(a->first, b->first) && (a->number == GRANT_ANY_KEY || a->number == b->number);
    case GRANT_TARGET: return covers_target(a, b);
    case GRANT_SCOPE: return covers_scope(a, b);
    }
    return false;
}

void grant_print(const struct grant *g, char *text, size_t room)
{
    static const char *const kinds[] = {"", "name ", "instruction ", "member ", "network ", "import "};
    static const char *const levels[] = {"", "names", "signatures", "code"};
    const char *word = capability_name(g->capability);
    const char *blank = g->second ? " " : "", *second = g->second ? g->second : "";
    switch (capability_shape(g->capability)) {
    case GRANT_FLAG: snprintf(text, room, "(%s)", word); break;
    case GRANT_AMOUNT: snprintf(text, room, "(%s %llu)", word, (unsigned long long)g->number); break;
    case GRANT_SCOPE: snprintf(text, room, "(%s %s %s)", word, g->first, levels[g->kind]); break;
    case GRANT_KEY:
        if (g->number == GRANT_ANY_KEY) snprintf(text, room, "(%s %s *)", word, g->first);
        else snprintf(text, room, "(%s %s %llu)", word, g->first, (unsigned long long)g->number);
        break;
    case GRANT_TARGET:
        if (g->kind == TARGET_NAME) snprintf(text, room, "(%s %s)", word, g->first);
        else snprintf(text, room, "(%s (%s%s%s%s))", word, kinds[g->kind], g->first, blank, second);
    }
}

/* ---- sets -------------------------------------------------------------------------------- */

void grants_free(struct grant_set *set)
{
    for (unsigned i = 0; i < set->count; i++) grant_free(&set->grants[i]);
    free(set->grants);
    *set = (struct grant_set){0};
}

int grants_add(struct grant_set *set, const struct grant *g)
{
    if (set->count == GRANTS_MAX) return -E2BIG;
    struct grant *grown = realloc(set->grants, (set->count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    set->grants = grown;
    int err = grant_copy(&grown[set->count], g);
    if (!err) set->count++;
    return err;
}

bool grants_all(const struct grant_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->grants[i].capability == CAPABILITY_ALL) return true;
    return false;
}

static bool enough(const struct grant *a, const struct grant *wanted)
{
    bool level = capability_shape(wanted->capability) == GRANT_SCOPE && a->capability != CAPABILITY_ALL;
    return !level || a->kind >= wanted->kind;
}

bool grants_hold(const struct grant_set *set, const struct grant *wanted)
{
    for (unsigned i = 0; i < set->count; i++)
        if (covers(&set->grants[i], wanted) && enough(&set->grants[i], wanted)) return true;
    return false;
}

uint64_t grants_amount(const struct grant_set *set, enum capability c)
{
    uint64_t most = 0;
    assert(capability_shape(c) == GRANT_AMOUNT);
    for (unsigned i = 0; i < set->count; i++) {
        const struct grant *g = &set->grants[i];
        if (g->capability == CAPABILITY_ALL) return UINT64_MAX;
        if (g->capability == c && g->number > most) most = g->number;
    }
    return most;
}

/* The smaller amount, the lower level: of something that both sides have. */
static int add_lesser(struct grant_set *out, const struct grant *what, const struct grant *other)
{
    struct grant g = *what;
    enum grant_shape shape = capability_shape(what->capability);
    if (other->capability == what->capability) {
        if (shape == GRANT_AMOUNT && other->number < g.number) g.number = other->number;
        if (shape == GRANT_SCOPE && other->kind < g.kind) g.kind = other->kind;
    }
    return grants_add(out, &g);
}

/* What of one wanted grant is permitted. */
static int cut_one(const struct grant *wanted, const struct grant_set *permitted, struct grant_set *out)
{
    int err = 0;
    for (unsigned i = 0; i < permitted->count && !err; i++) {
        const struct grant *p = &permitted->grants[i];
        if (covers(p, wanted)) err = add_lesser(out, wanted, p);
        else if (covers(wanted, p)) err = add_lesser(out, p, wanted);
    }
    return err;
}

int grants_cut(const struct grant_set *wanted, const struct grant_set *permitted, struct grant_set *out)
{
    int err = 0;
    assert(!out->count);
    for (unsigned i = 0; i < wanted->count && !err; i++) err = cut_one(&wanted->grants[i], permitted, out);
    if (err) grants_free(out);
    return err;
}

bool grants_touch(const struct grant_set *set, const struct grant *g)
{
    for (unsigned i = 0; i < set->count; i++)
        if (covers(&set->grants[i], g)) return true;
    return false;
}
