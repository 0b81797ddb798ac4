/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant.h - sets of capabilities: what a header asks for, what a policy permits, what
 * is left when one is cut by the other.
 *
 *   (network udp 3322) (around (instruction hop forward)) (around table-*) (table 64KiB)
 *
 * Names may end in a star, which stands for any rest; a key may be a star. (name N) takes
 * N as it is written, a star too. The same words stand in (needs ...) and in policies.
 *
 * Sets belong to nobody's node; no function here is bound to a thread.
 */
#ifndef VVM_GRANT_H
#define VVM_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum capability {
#define C(name, word, shape, form, text) CAPABILITY_##name,
#include "capability.def"
#undef C
    CAPABILITY_LIMIT
};

enum grant_shape { GRANT_FLAG, GRANT_AMOUNT, GRANT_KEY, GRANT_TARGET, GRANT_SCOPE };
enum target_kind {
    TARGET_NAME,
    TARGET_EXACT,
    TARGET_INSTRUCTION,
    TARGET_MEMBER,
    TARGET_NETWORK,
    TARGET_IMPORT
};
enum introspect_level { LEVEL_NAMES = 1, LEVEL_SIGNATURES, LEVEL_CODE };

#define GRANT_ANY_KEY UINT64_MAX
#define GRANTS_MAX    256 /* in a set */

struct grant {
    uint8_t capability; /* enum capability */
    uint8_t kind;       /* TARGET: enum target_kind; SCOPE: enum introspect_level */
    uint64_t number;    /* AMOUNT; KEY: the key, or GRANT_ANY_KEY */
    char *first;        /* KEY: carrier; TARGET: name, or what it is in; SCOPE: own, all or a VMlet's name */
    char *second;       /* TARGET of two words: the name there; else NULL */
};

struct grant_set {
    struct grant *grants;
    unsigned count;
};

const char *capability_name(enum capability c);
const char *capability_form(enum capability c);
enum grant_shape capability_shape(enum capability c);

/** Add the capabilities of a text, parenthesised lists one after another, to a set.
 *  0, -ENOMEM, or -EINVAL with one line in `why`. The set may hold some of them then. */
int grants_parse(struct grant_set *set, const char *text, size_t length, char *why, size_t room);
void grants_free(struct grant_set *set);
/** Add a copy of one. -ENOMEM, -E2BIG. */
int grants_add(struct grant_set *set, const struct grant *g);
/** Does the set hold (all)? */
bool grants_all(const struct grant_set *set);
/** Is all that `wanted` asks for in the set? Amounts are not compared. */
bool grants_hold(const struct grant_set *set, const struct grant *wanted);
/** Largest amount of a capability in the set; 0 if it has none, UINT64_MAX for (all). */
uint64_t grants_amount(const struct grant_set *set, enum capability c);
/** What of `wanted` is in `permitted`, amounts and levels the smaller ones, into `out` (empty
 *  before). Of a wanted name with a star what is permitted below it is taken. -ENOMEM. */
int grants_cut(const struct grant_set *wanted, const struct grant_set *permitted, struct grant_set *out);
/** Does one of the set speak of it, whatever amount or level? */
bool grants_touch(const struct grant_set *set, const struct grant *g);
/** One grant as it would be written; cut to the room. */
void grant_print(const struct grant *g, char *text, size_t room);

#endif
