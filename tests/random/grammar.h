/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar.h - private to the generator of random programs: one walk down a grammar,
 * driven by a seed, that writes both texts at once.
 *
 * The order in which a call's arguments are evaluated is nobody's promise, so of several
 * operands either none may assign what others see or raise, or all but one are constants
 * (struct limits). Every loop counts down, so every program ends. Numbers stay small
 * through the macro `num`, so that only what means to raise does.
 */
#ifndef VVM_RANDOM_GRAMMAR_H
#define VVM_RANDOM_GRAMMAR_H

#include <stdbool.h>

#include "program.h"

#define NAMES_MAX      200
#define PARAMETERS_MAX 3

enum raw { RAW_NONE, RAW_U8, RAW_U16, RAW_U32, RAW_S8, RAW_S16, RAW_S32, RAW_TYPES };
extern const char *const raw_names[RAW_TYPES];

/* What may happen here: variables bound later than `settable` may be assigned. */
struct limits {
    bool raise;
    unsigned settable;
};

enum name_kind { NAME_INTEGER, NAME_COUNTER, NAME_RAW, NAME_LIST, NAME_STRING, NAME_FUNCTION, NAME_MACRO };

struct name {
    char text[12];
    enum name_kind kind;
    enum raw type; /* RAW: its own; FUNCTION: of the result */
    unsigned least, most;
    enum raw parameters[PARAMETERS_MAX];
    struct limits limits; /* FUNCTION: what its body may do */
};

struct generator {
    FILE *plain, *opaque;
    uint64_t state;
    unsigned serial, budget, name_count;
    struct name names[NAMES_MAX];
    struct limits limits;
};

typedef void maker(struct generator *g, unsigned depth);

/* ---- program.c ---- */

unsigned below(struct generator *g, unsigned n);
bool chance(struct generator *g, unsigned percent);
/** To both texts. */
__attribute__((format(printf, 2, 3))) void say(struct generator *g, const char *format, ...);
void differ(struct generator *g, const char *plain, const char *opaque);
/** (NAME; the operands and the bracket follow. */
void put_operator(struct generator *g, const char *name);
/** In the opaque text its value passes through `opaque`. */
void put_hidden(struct generator *g, maker *make, unsigned depth);
/** Nothing that it does is seen by what stands beside it. */
void put_quietly(struct generator *g, maker *make, unsigned depth);
/** n of them: all quiet, or one free among constants. */
void put_operands(struct generator *g, unsigned n, maker *make, unsigned depth);

struct name name_fresh(struct generator *g, const char *prefix, enum name_kind kind);
void name_bind(struct generator *g, const struct name *n);
/** One of the visible names of that kind, of index >= from; NULL: there is none. */
const struct name *name_choose(struct generator *g, enum name_kind kind, enum raw type, unsigned from);

maker put_integer, put_any, put_bounded;
void put_leaf(struct generator *g);

/* ---- expression.c ---- */

maker put_test, put_list, put_string;
void put_raw(struct generator *g, enum raw type, unsigned depth);
/** Where a raw word is wanted: an integer that perhaps does not fit. */
maker put_unfit;
/* productions of put_integer, as those below */
maker integer_sum, integer_product, integer_division, integer_if, integer_cond, integer_case, integer_number,
    integer_raw, integer_wide, integer_raise, integer_list_use, integer_string_use, integer_let,
    integer_let_two, integer_let_raw, integer_set, integer_sequence, integer_receive;

/* ---- function.c ---- */

maker put_two_values;
void put_definition(struct generator *g, struct name *f, unsigned depth);
void put_call(struct generator *g, const struct name *f, unsigned depth);
maker integer_function, integer_call, integer_call_value, integer_maker, integer_cases, integer_escape,
    integer_map, integer_loop, integer_mutual, integer_do, integer_collection, integer_definitions,
    integer_guard;

#endif
