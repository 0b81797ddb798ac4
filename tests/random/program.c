/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c - chance, text, names, operands; which productions there are; the program
 * around them.
 */
#include "grammar.h"

#include <limits.h>
#include <stdarg.h>

const char *const raw_names[RAW_TYPES] = {"", "u8", "u16", "u32", "s8", "s16", "s32"};

/* ---- chance and text ---- */

static uint64_t draw(struct generator *g) /* splitmix64 */
{
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned below(struct generator *g, unsigned n) { return (unsigned)(draw(g) % n); }
bool chance(struct generator *g, unsigned percent) { return below(g, 100) < percent; }

void say(struct generator *g, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fputs(text, g->plain);
    fputs(text, g->opaque);
}

void differ(struct generator *g, const char *plain, const char *opaque)
{
    fputs(plain, g->plain);
    fputs(opaque, g->opaque);
}

void put_operator(struct generator *g, const char *name)
{
    fprintf(g->plain, "(%s", name);
    fprintf(g->opaque, "((opaque %s)", name);
}

void put_hidden(struct generator *g, maker *make, unsigned depth)
{
    differ(g, "", "(opaque ");
    make(g, depth);
    differ(g, "", ")");
}

/* ---- names ---- */

struct name name_fresh(struct generator *g, const char *prefix, enum name_kind kind)
{
    struct name n = {.kind = kind};
    snprintf(n.text, sizeof n.text, "%s%u", prefix, ++g->serial);
    return n;
}

void name_bind(struct generator *g, const struct name *n)
{
    if (g->name_count < NAMES_MAX) g->names[g->name_count++] = *n;
}

static bool may_call(const struct generator *g, const struct name *n)
{
    return n->limits.raise <= g->limits.raise && n->limits.settable >= g->limits.settable;
}

static bool fits(const struct generator *g, unsigned i, enum name_kind kind, enum raw type)
{
    const struct name *n = &g->names[i];
    if (n->kind == NAME_COUNTER && kind == NAME_INTEGER) return true;
    if (n->kind != kind || (type && n->type != type)) return false;
    return kind != NAME_FUNCTION || may_call(g, n);
}

const struct name *name_choose(struct generator *g, enum name_kind kind, enum raw type, unsigned from)
{
    const struct name *found = NULL;
    unsigned count = 0;
    for (unsigned i = from; i < g->name_count; i++)
        if (fits(g, i, kind, type) && below(g, ++count) == 0) found = &g->names[i];
    return found;
}

/* ---- operands ---- */

void put_quietly(struct generator *g, maker *make, unsigned depth)
{
    struct limits saved = g->limits;
    g->limits = (struct limits){false, g->name_count};
    make(g, depth);
    g->limits = saved;
}

void put_operands(struct generator *g, unsigned n, maker *make, unsigned depth)
{
    unsigned noisy = n && chance(g, 40) ? below(g, n) : n;
    for (unsigned i = 0; i < n; i++) {
        say(g, " ");
        if (n == 1 || i == noisy) make(g, depth);
        else if (noisy < n) say(g, "%u", below(g, 9));
        else put_quietly(g, make, depth);
    }
}

void put_bounded(struct generator *g, unsigned depth)
{
    say(g, "(num ");
    put_integer(g, depth);
    say(g, ")");
}

void put_leaf(struct generator *g)
{
    const struct name *n = chance(g, 70) ? name_choose(g, NAME_INTEGER, RAW_NONE, 0) : NULL;
    if (n) say(g, "%s", n->text);
    else say(g, "%d", (int)below(g, 14) - 4);
}

/* ---- anything ---- */

static void any_or(struct generator *g, unsigned depth)
{
    say(g, "(or (and ");
    put_test(g, depth);
    say(g, " ");
    put_any(g, depth);
    say(g, ") ");
    put_any(g, depth);
    say(g, ")");
}

static void any_symbol(struct generator *g, unsigned depth)
{
    (void)depth;
    say(g, chance(g, 50) ? "'x" : "'(a . 1)");
}

void put_any(struct generator *g, unsigned depth)
{
    static maker *const makers[] = {any_or, any_symbol, put_test, put_string, put_list, put_integer};
    makers[depth ? below(g, 6) : 1 + below(g, 4)](g, depth ? depth - 1 : 0);
}

void put_integer(struct generator *g, unsigned depth)
{
    static maker *const makers[] = {
        integer_sum,        integer_sum,         integer_product,     integer_division, integer_if,
        integer_if,         integer_cond,        integer_case,        integer_number,   integer_raw,
        integer_raw,        integer_wide,        integer_raise,       integer_list_use, integer_let,
        integer_let,        integer_let_two,     integer_let_raw,     integer_set,      integer_set,
        integer_sequence,   integer_receive,     integer_function,    integer_call,     integer_call_value,
        integer_function,   integer_call,        integer_maker,       integer_cases,    integer_escape,
        integer_map,        integer_loop,        integer_loop,        integer_mutual,   integer_do,
        integer_collection, integer_definitions, integer_definitions, integer_guard,    integer_guard,
        integer_string_use, integer_call,
    };
    if (!depth || !g->budget || chance(g, 8)) {
        put_leaf(g);
        return;
    }
    g->budget--;
    makers[below(g, sizeof makers / sizeof *makers)](g, depth - 1);
}

/* ---- the program ---- */

static const char head[] = "(define-syntax num (syntax-rules ()\n"
                           "  ((_ e) (let ((q e)) (if (and (integer? q) (< -100000 q 100000)) q 1)))))\n"
                           "(define (opaque x) x)\n"
                           "(define total 0)\n";

/* A function of the top level; one that is inlined has no effects, types or rest. */
static void top_function(struct generator *g)
{
    struct name f = name_fresh(g, "h", NAME_FUNCTION), p = name_fresh(g, "p", NAME_INTEGER);
    if (chance(g, 75)) {
        put_definition(g, &f, 2 + below(g, 3));
    } else {
        struct limits saved = g->limits;
        unsigned mark = g->name_count;
        fprintf(g->plain, "(define-inline (%s %s) ", f.text, p.text);
        fprintf(g->opaque, "(define (%s %s) ", f.text, p.text);
        f.least = f.most = 1;
        f.limits = (struct limits){false, UINT_MAX};
        g->limits = (struct limits){false, g->name_count};
        name_bind(g, &p);
        put_integer(g, 2);
        g->name_count = mark;
        g->limits = saved;
        say(g, ")");
    }
    say(g, "\n");
    name_bind(g, &f);
}

void random_program(uint64_t seed, FILE *plain, FILE *opaque)
{
    struct generator g = {.plain = plain, .opaque = opaque, .state = seed, .limits = {true, 0}};
    struct name total = {"total", NAME_INTEGER}, a = {"g0", NAME_INTEGER}, b = {"g1", NAME_INTEGER};
    say(&g, "%s", head);
    name_bind(&g, &total);
    for (unsigned n = below(&g, 4); n > 0; n--) {
        g.budget = 5 + below(&g, 20);
        top_function(&g);
    }
    name_bind(&g, &a);
    name_bind(&g, &b);
    g.limits.raise = chance(&g, 40);
    say(&g, "(define (main g0 g1)\n  (let* (");
    for (unsigned n = 1 + below(&g, 3), i = 0; i < n; i++) {
        struct name r = name_fresh(&g, "m", NAME_INTEGER);
        g.budget = 5 + below(&g, 60);
        say(&g, "(%s ", r.text);
        put_integer(&g, 3 + below(&g, 5));
        say(&g, ")\n         ");
        name_bind(&g, &r);
    }
    say(&g, ")\n    (list");
    for (unsigned i = 0; i < g.name_count; i++)
        if (g.names[i].kind == NAME_INTEGER) say(&g, " %s", g.names[i].text);
    say(&g, ")))\n");
}
