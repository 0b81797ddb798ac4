/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant_parse.c - capabilities as text. The text is anybody's: words are short, lists stand
 * in one another once, and a set has an end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grant.h"

#define WORD_ROOM 128 /* octets of a word, with its NUL */

struct words {
    const char *at, *end, *start; /* start: of the grant that is read */
    char text[4][WORD_ROOM];      /* of the grant; those of an inner list follow the word before it */
    unsigned count;
    bool inner; /* the words from the second on stood in a list of their own */
    char *why;
    size_t room;
};

static int refuse(const struct words *w, const char *what)
{
    size_t n = strcspn(w->start, "\n");
    if (n > (size_t)(w->end - w->start)) n = (size_t)(w->end - w->start);
    snprintf(w->why, w->room, "\"%.*s\": %s", n > 60 ? 60 : (int)n, w->start, what);
    return -EINVAL;
}

static void skip_blanks(struct words *w)
{
    while (w->at < w->end && strchr(" \t\r\n", *w->at)) w->at++;
}

/* What stands next: a parenthesis, 'w' for a word, 0 at the end. */
static char peek(struct words *w)
{
    skip_blanks(w);
    if (w->at == w->end || !*w->at) return 0;
    return *w->at == '(' || *w->at == ')' ? *w->at : 'w';
}

static int take_word(struct words *w)
{
    const char *from = w->at;
    if (w->count == 4) return refuse(w, "more words than any capability has");
    while (w->at < w->end && !strchr(" \t\r\n()|\"", *w->at)) w->at++;
    size_t n = (size_t)(w->at - from);
    if (!n || n >= WORD_ROOM) return refuse(w, "a word is empty, too long, or quoted");
    memcpy(w->text[w->count], from, n);
    w->text[w->count++][n] = 0;
    return 0;
}

/* (word (word word word)) or (word word word): into w->text. */
static int take_words(struct words *w)
{
    unsigned depth = 0;
    w->count = 0;
    w->inner = false;
    w->start = w->at;
    for (;;) {
        char next = peek(w);
        int err = 0;
        if (!next) return refuse(w, "a parenthesis is missing");
        if (next == '(' && !w->inner && w->count < 2 && depth == w->count) depth++, w->at++;
        else if (next == '(') return refuse(w, "a list stands where none belongs");
        else if (!depth) return refuse(w, "a capability is a list, as (load)");
        else if (next == ')') depth--, w->at++;
        else if (w->inner) return refuse(w, "something stands behind the target");
        else err = take_word(w);
        if (err) return err;
        if (next == ')' && !depth) return 0;
        if (next == ')') w->inner = true;
    }
}

/* 64KiB, #x4850, 3322; false: no number. */
static bool number_of(const char *text, uint64_t *number)
{
    static const struct {
        const char *suffix;
        unsigned shift;
    } suffixes[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
    bool hex = text[0] == '#' && text[1] == 'x';
    const char *digits = hex ? text + 2 : text;
    char *end;
    if (!strchr("0123456789abcdefABCDEF", *digits) || !*digits) return false;
    errno = 0;
    unsigned long long n = strtoull(digits, &end, hex ? 16 : 10);
    if (errno || end == digits) return false;
    for (unsigned i = 0; i < (hex ? 1u : 4u); i++)
        if (strcmp(end, suffixes[i].suffix) == 0) {
            *number = (uint64_t)n << suffixes[i].shift;
            return *number >> suffixes[i].shift == n && *number < INT64_MAX;
        }
    return false;
}

static int parse_key(const struct words *w, struct grant *g)
{
    if (w->count != 3 || w->inner) return refuse(w, "write (network CARRIER KEY)");
    g->first = (char *)w->text[1];
    if (strcmp(w->text[2], "*") == 0) g->number = GRANT_ANY_KEY;
    else if (!number_of(w->text[2], &g->number)) return refuse(w, "the key is a number or *");
    return 0;
}

static int parse_target(const struct words *w, struct grant *g)
{
    static const struct {
        const char *word;
        enum target_kind kind;
        unsigned least, most;
    } kinds[] = {{"name", TARGET_EXACT, 3, 3},
                 {"instruction", TARGET_INSTRUCTION, 4, 4},
                 {"member", TARGET_MEMBER, 3, 4},
                 {"network", TARGET_NETWORK, 3, 4},
                 {"import", TARGET_IMPORT, 3, 4}};
    g->kind = TARGET_NAME;
    g->first = (char *)w->text[1];
    if (!w->inner) return w->count == 2 ? 0 : refuse(w, "one target: a name, or (instruction NETWORK NAME)");
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(w->text[1], kinds[i].word) || w->count < kinds[i].least || w->count > kinds[i].most)
            continue;
        g->kind = kinds[i].kind;
        g->first = (char *)w->text[2];
        g->second = w->count == 4 ? (char *)w->text[3] : NULL;
        return 0;
    }
    return refuse(w, "a target is NAME, (name NAME), (instruction NETWORK NAME), (member SET NAME), "
                     "(network NAME HOOK) or (import VMLET NAME)");
}

static int parse_scope(const struct words *w, struct grant *g)
{
    static const char *const levels[] = {"names", "signatures", "code"};
    for (unsigned i = 0; i < 3; i++)
        if (w->count == 3 && !w->inner && strcmp(w->text[2], levels[i]) == 0) {
            g->first = (char *)w->text[1];
            g->kind = (uint8_t)(LEVEL_NAMES + i);
            return 0;
        }
    return refuse(w, "write (introspect own|all|VMLET names|signatures|code)");
}

static int parse_shape(const struct words *w, struct grant *g)
{
    switch (capability_shape(g->capability)) {
    case GRANT_FLAG: return w->count == 1 ? 0 : refuse(w, "this capability stands alone");
    case GRANT_AMOUNT:
        return w->count == 2 && !w->inner && number_of(w->text[1], &g->number)
                   ? 0
                   : refuse(w, "an amount is needed, as (table 64KiB)");
    case GRANT_KEY: return parse_key(w, g);
    case GRANT_TARGET: return parse_target(w, g);
    case GRANT_SCOPE: return parse_scope(w, g);
    }
    return -EINVAL;
}

static int parse_grant(struct words *w, struct grant_set *set)
{
    struct grant g = {0};
    int err = take_words(w);
    if (err) return err;
    while (g.capability < CAPABILITY_LIMIT && strcmp(capability_name(g.capability), w->text[0]))
        g.capability++;
    if (g.capability == CAPABILITY_LIMIT) return refuse(w, "there is no such capability");
    err = parse_shape(w, &g);
    if (!err) err = grants_add(set, &g);
    return err == -E2BIG ? refuse(w, "too many capabilities") : err;
}

int grants_parse(struct grant_set *set, const char *text, size_t length, char *why, size_t room)
{
    struct words w = {.at = text, .end = text + length, .start = text, .why = why, .room = room};
    int err = 0;
    while (!err && peek(&w)) err = parse_grant(&w, set);
    if (err == -ENOMEM) snprintf(why, room, "out of memory");
    return err;
}
