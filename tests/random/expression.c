/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expression.c - integers, lists and strings, variables; tests; raw words.
 */
#include "grammar.h"

/* ---- integers: operations ---- */

void integer_sum(struct generator *g, unsigned depth)
{
    put_operator(g, chance(g, 50) ? "+" : "-");
    put_operands(g, 2 + chance(g, 20), put_integer, depth);
    say(g, ")");
}

void integer_product(struct generator *g, unsigned depth)
{
    static const char *const names[] = {"*", "max", "min"};
    put_operator(g, names[below(g, 3)]);
    put_operands(g, 2, put_bounded, depth);
    say(g, ")");
}

void integer_division(struct generator *g, unsigned depth)
{
    static const char *const names[] = {"quotient", "remainder", "modulo"};
    put_operator(g, names[below(g, 3)]);
    say(g, " ");
    put_bounded(g, depth);
    say(g, " %u)", g->limits.raise ? below(g, 4) : 1 + below(g, 5));
}

void integer_if(struct generator *g, unsigned depth)
{
    say(g, "(if ");
    put_hidden(g, put_test, depth);
    say(g, " ");
    put_integer(g, depth);
    say(g, " ");
    put_integer(g, depth);
    say(g, ")");
}

void integer_cond(struct generator *g, unsigned depth)
{
    say(g, "(cond (");
    put_test(g, depth);
    say(g, " ");
    put_integer(g, depth);
    say(g, ") ((and ");
    put_test(g, depth);
    say(g, " ");
    put_integer(g, depth);
    struct name v = name_fresh(g, "v", NAME_INTEGER);
    say(g, ") => (lambda (%s) ", v.text);
    unsigned mark = g->name_count;
    name_bind(g, &v);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ")) (else ");
    put_integer(g, depth);
    say(g, "))");
}

void integer_case(struct generator *g, unsigned depth)
{
    say(g, "(case ");
    put_integer(g, depth);
    say(g, " ((0 1 x) ");
    put_integer(g, depth);
    say(g, ") ((%u) ", 2 + below(g, 3));
    put_integer(g, depth);
    say(g, ") (else ");
    put_integer(g, depth);
    say(g, "))");
}

void integer_number(struct generator *g, unsigned depth)
{
    say(g, "(num ");
    put_any(g, depth);
    say(g, ")");
}

void integer_raw(struct generator *g, unsigned depth)
{
    put_raw(g, (enum raw)(1 + below(g, RAW_TYPES - 1)), depth);
}

/* Wide words: only what stays within the integers at every step. */
void integer_wide(struct generator *g, unsigned depth)
{
    static const char *const names[] = {"s64+", "s64-", "s64*", "s64-and", "s64-or", "s64-xor"};
    if (chance(g, 70)) {
        put_operator(g, names[below(g, 6)]);
        put_operands(g, 2, put_bounded, depth);
    } else {
        put_operator(g, chance(g, 50) ? "u64+" : "u64-xor");
        say(g, " (abs ");
        put_bounded(g, depth);
        say(g, ") %u", below(g, 100));
    }
    say(g, ")");
}

void integer_raise(struct generator *g, unsigned depth)
{
    if (!g->limits.raise) {
        put_leaf(g);
        return;
    }
    switch (below(g, 7)) {
    case 0: put_operator(g, "car"); break;
    case 1: say(g, "(vector-ref (vector 1 2)"); break;
    case 2: say(g, "(error \"bad\""); break;
    case 3: put_operator(g, "string-length"); break;
    case 4: say(g, "(raise-continuable"); break;
    default: put_operator(g, "raise");
    }
    say(g, " ");
    put_integer(g, depth);
    say(g, ")");
}

/* ---- integers: lists, strings ---- */

void put_list(struct generator *g, unsigned depth)
{
    const struct name *n = chance(g, 50) ? name_choose(g, NAME_LIST, RAW_NONE, 0) : NULL;
    if (n) {
        say(g, "%s", n->text);
        return;
    }
    put_operator(g, "list");
    put_operands(g, below(g, 4), put_integer, depth);
    say(g, ")");
}

void integer_list_use(struct generator *g, unsigned depth)
{
    static const char *const uses[] = {"(length ", "(apply + ", "(apply max 0 ",
                                       "(apply (lambda r (length r)) "};
    unsigned use = below(g, 5);
    if (use < 4) {
        say(g, "%s", uses[use]);
        put_list(g, depth);
        say(g, ")");
        return;
    }
    struct name l = name_fresh(g, "r", NAME_LIST);
    say(g, "(let ((%s ", l.text);
    put_list(g, depth);
    say(g, ")) (if (pair? %s) (car %s) ", l.text, l.text);
    put_integer(g, depth);
    say(g, "))");
}

void put_string(struct generator *g, unsigned depth)
{
    const struct name *n = name_choose(g, NAME_STRING, RAW_NONE, 0);
    if (n && chance(g, 50)) {
        say(g, "%s", n->text);
    } else if (depth && chance(g, 40)) {
        put_operator(g, "string-append");
        say(g, " ");
        put_string(g, depth - 1);
        say(g, " \"é!\")");
    } else if (depth && chance(g, 60)) {
        put_operator(g, "number->string");
        put_operands(g, 1, put_bounded, depth - 1);
        say(g, ")");
    } else {
        say(g, "\"s%u\"", below(g, 5));
    }
}

void integer_string_use(struct generator *g, unsigned depth)
{
    struct name s = name_fresh(g, "t", NAME_STRING);
    unsigned mark = g->name_count;
    say(g, "(let ((%s ", s.text);
    put_hidden(g, put_string, depth);
    say(g, ")) (+ (string-length %s) ", s.text);
    name_bind(g, &s);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, "))");
}

/* ---- integers: variables ---- */

void integer_let(struct generator *g, unsigned depth)
{
    struct name v = name_fresh(g, "v", NAME_INTEGER);
    unsigned mark = g->name_count;
    say(g, "(let ((%s ", v.text);
    put_hidden(g, put_integer, depth);
    say(g, ")) ");
    name_bind(g, &v);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ")");
}

void integer_let_two(struct generator *g, unsigned depth)
{
    struct name v = name_fresh(g, "v", NAME_INTEGER), w = name_fresh(g, "v", NAME_INTEGER);
    unsigned mark = g->name_count;
    say(g, "(let ((%s ", v.text);
    put_quietly(g, put_integer, depth);
    say(g, ") (%s ", w.text);
    put_quietly(g, put_integer, depth);
    say(g, ")) ");
    name_bind(g, &v);
    name_bind(g, &w);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ")");
}

/* Where a raw word is wanted: an integer that perhaps does not fit. Constants that do
 * not are refused before the program runs. */
void put_unfit(struct generator *g, unsigned depth)
{
    bool guard = chance(g, 40); /* it is not the guard's business what becomes of the value */
    say(g, guard ? "(guard (e (#t 1)) (opaque " : "(opaque ");
    put_integer(g, depth);
    say(g, guard ? "))" : ")");
}

void integer_let_raw(struct generator *g, unsigned depth)
{
    struct name w = name_fresh(g, "w", NAME_RAW);
    unsigned mark = g->name_count;
    bool typed = chance(g, 50), fails = typed && g->limits.raise && chance(g, 20);
    w.type = (enum raw)(1 + below(g, RAW_TYPES - 1));
    if (typed) say(g, "(let (((%s %s) ", w.text, raw_names[w.type]);
    else say(g, "(let ((%s ", w.text);
    differ(g, "", "(opaque ");
    if (fails) put_unfit(g, depth);
    else put_raw(g, w.type, depth);
    differ(g, "", ")");
    say(g, ")) ");
    name_bind(g, &w);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ")");
}

void integer_set(struct generator *g, unsigned depth)
{
    enum name_kind kind = chance(g, 20) ? NAME_RAW : NAME_INTEGER;
    const struct name *v = name_choose(g, kind, RAW_NONE, g->limits.settable);
    say(g, "(begin ");
    if (v && v->kind != NAME_COUNTER) {
        struct name to = *v;
        say(g, "(set! %s ", to.text);
        if (to.kind != NAME_RAW) put_integer(g, depth);
        else if (g->limits.raise && chance(g, 20)) put_unfit(g, depth);
        else put_raw(g, to.type, depth);
        say(g, ") ");
    }
    put_integer(g, depth);
    say(g, ")");
}

void integer_sequence(struct generator *g, unsigned depth)
{
    bool one_armed = chance(g, 50);
    say(g, one_armed ? "(begin (when " : "(begin (unless ");
    put_hidden(g, put_test, depth);
    say(g, " ");
    put_integer(g, depth);
    say(g, ") ");
    put_integer(g, depth);
    say(g, ")");
}

void integer_receive(struct generator *g, unsigned depth)
{
    struct name a = name_fresh(g, "v", NAME_INTEGER), b = name_fresh(g, "v", NAME_INTEGER);
    unsigned mark = g->name_count;
    bool call = chance(g, 30);
    if (chance(g, 25)) b.kind = NAME_LIST;
    const char *dot = b.kind == NAME_LIST ? " ." : "";
    if (call) differ(g, "(call-with-values (lambda () ", "(call-with-values (opaque (lambda () ");
    else say(g, "(receive (%s%s %s) ", a.text, dot, b.text);
    put_two_values(g, depth);
    if (call) differ(g, ")", "))");
    if (call) say(g, " (lambda (%s%s %s)", a.text, dot, b.text);
    say(g, " ");
    name_bind(g, &a);
    name_bind(g, &b);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, call ? "))" : ")");
}

/* ---- tests ---- */

static void test_order(struct generator *g, unsigned depth)
{
    static const char *const names[] = {"<", "<=", "=", ">", ">=", "eqv?", "eq?", "equal?"};
    put_operator(g, names[below(g, 8)]);
    put_operands(g, 2, put_integer, depth);
    say(g, ")");
}

static void test_class(struct generator *g, unsigned depth)
{
    static const char *const of_any[] = {"pair?", "null?", "string?", "integer?", "boolean?", "not"};
    static const char *const of_integer[] = {"zero?", "negative?", "positive?", "even?"};
    bool number = chance(g, 50);
    put_operator(g, number ? of_integer[below(g, 4)] : of_any[below(g, 6)]);
    say(g, " ");
    if (number) put_integer(g, depth);
    else put_any(g, depth);
    say(g, ")");
}

static void test_both(struct generator *g, unsigned depth)
{
    say(g, chance(g, 50) ? "(and " : "(or ");
    put_test(g, depth);
    say(g, " ");
    put_test(g, depth);
    say(g, ")");
}

static void test_not(struct generator *g, unsigned depth)
{
    put_operator(g, "not");
    say(g, " ");
    put_test(g, depth);
    say(g, ")");
}

static void test_let(struct generator *g, unsigned depth)
{
    struct name v = name_fresh(g, "v", NAME_INTEGER);
    unsigned mark = g->name_count;
    say(g, "(let ((%s ", v.text);
    put_integer(g, depth);
    say(g, ")) ");
    name_bind(g, &v);
    put_test(g, depth);
    g->name_count = mark;
    say(g, ")");
}

static void test_loop(struct generator *g, unsigned depth)
{
    struct name n = name_fresh(g, "n", NAME_COUNTER);
    unsigned mark = g->name_count;
    bool and = chance(g, 50);
    say(g, "(let l ((%s %u)) (if (<= %s 0) ", n.text, below(g, 4), n.text);
    name_bind(g, &n);
    put_test(g, depth);
    say(g, and? " (and " : " (or ");
    put_test(g, depth);
    g->name_count = mark;
    differ(g, " (l", " ((opaque l)");
    say(g, " (- %s 1)))))", n.text);
}

static void test_if(struct generator *g, unsigned depth)
{
    say(g, "(if ");
    put_test(g, depth);
    say(g, " ");
    put_test(g, depth);
    say(g, " ");
    put_test(g, depth);
    say(g, ")");
}

static void test_raw(struct generator *g, unsigned depth)
{
    static const char *const names[] = {"<", "<=", "=", ">", ">="};
    enum raw type = (enum raw)(1 + below(g, RAW_TYPES - 1)), other = type;
    char name[20];
    bool generic = chance(g, 40);
    if (generic && chance(g, 50)) other = (enum raw)(1 + below(g, RAW_TYPES - 1));
    snprintf(name, sizeof name, "%s%s", generic ? "" : raw_names[type], names[below(g, 5)]);
    struct limits saved = g->limits;
    g->limits = (struct limits){false, g->name_count};
    put_operator(g, name);
    say(g, " ");
    put_raw(g, type, depth);
    say(g, " ");
    if (chance(g, 30)) say(g, "%u", below(g, 100));
    else put_raw(g, other, depth);
    say(g, ")");
    g->limits = saved;
}

void put_test(struct generator *g, unsigned depth)
{
    static maker *const makers[] = {test_order, test_order, test_order, test_class, test_both, test_both,
                                    test_not,   test_let,   test_loop,  test_if,    test_raw};
    if (chance(g, 8)) say(g, chance(g, 50) ? "#t" : "#f");
    else if (!depth) test_order(g, 0);
    else makers[below(g, sizeof makers / sizeof *makers)](g, depth - 1);
}

/* ---- raw words ---- */

static void raw_leaf(struct generator *g, enum raw type)
{
    const struct name *n = name_choose(g, NAME_RAW, type, 0);
    char name[16];
    if (n && chance(g, 60)) {
        say(g, "%s", n->text);
        return;
    }
    snprintf(name, sizeof name, "s64->%s", raw_names[type]);
    put_operator(g, name);
    say(g, " (num ");
    put_leaf(g);
    say(g, "))");
}

static void raw_operation(struct generator *g, enum raw type, unsigned depth)
{
    static const char *const names[] = {"+",    "-",    "*",           "-and",        "-or",
                                        "-xor", "-not", "-shift-left", "-shift-right"};
    unsigned which = below(g, 9);
    char name[20];
    struct limits saved = g->limits;
    snprintf(name, sizeof name, "%s%s", raw_names[type], names[which]);
    put_operator(g, name);
    say(g, " ");
    g->limits = (struct limits){false, g->name_count};
    put_raw(g, type, depth);
    if (which >= 7) say(g, " %u", below(g, 40));
    else if (which == 3 && chance(g, 40)) say(g, " %u", (1u << below(g, 8)) - 1); /* a field of bits */
    else if (which < 6 && chance(g, 20)) say(g, " %u", below(g, 120));
    else if (which < 6) say(g, " "), put_raw(g, type, depth);
    g->limits = saved;
    say(g, ")");
}

static void raw_conversion(struct generator *g, enum raw type, unsigned depth)
{
    enum raw from = (enum raw)(1 + below(g, RAW_TYPES - 1));
    char name[16];
    bool wide = chance(g, 50);
    snprintf(name, sizeof name, "%s->%s", wide ? "s64" : raw_names[from], raw_names[type]);
    put_operator(g, name);
    say(g, " ");
    if (wide) put_bounded(g, depth);
    else put_raw(g, from, depth);
    say(g, ")");
}

static void raw_if(struct generator *g, enum raw type, unsigned depth)
{
    say(g, "(if ");
    put_test(g, depth);
    say(g, " ");
    put_raw(g, type, depth);
    say(g, " ");
    if (chance(g, 20)) say(g, "%u", below(g, 100));
    else put_raw(g, type, depth);
    say(g, ")");
}

void put_raw(struct generator *g, enum raw type, unsigned depth)
{
    const struct name *f = chance(g, 20) ? name_choose(g, NAME_FUNCTION, type, 0) : NULL;
    if (!depth || !g->budget || !--g->budget) {
        raw_leaf(g, type);
    } else if (f) {
        struct name copy = *f;
        put_call(g, &copy, depth - 1);
    } else {
        switch (below(g, 4)) {
        case 0: raw_if(g, type, depth - 1); break;
        case 1: raw_conversion(g, type, depth - 1); break;
        default: raw_operation(g, type, depth - 1);
        }
    }
}
