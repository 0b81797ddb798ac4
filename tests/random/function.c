/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.c - functions, loops, bodies with definitions, guards, several values.
 */
#include "grammar.h"

#include <limits.h>

/* ---- functions ---- */

/* The parameters of f, bound; some typed. */
static void parameters(struct generator *g, struct name *f)
{
    unsigned n = below(g, PARAMETERS_MAX + 1);
    bool rest = n && chance(g, 15);
    f->least = n;
    f->most = rest ? n + 2 : n;
    for (unsigned i = 0; i < n; i++) {
        struct name p = name_fresh(g, "p", NAME_INTEGER);
        f->parameters[i] = chance(g, 30) ? (enum raw)(1 + below(g, RAW_TYPES - 1)) : RAW_NONE;
        p.type = f->parameters[i];
        if (p.type) p.kind = NAME_RAW;
        if (p.type) say(g, " (%s %s)", p.text, raw_names[p.type]);
        else say(g, " %s", p.text);
        name_bind(g, &p);
    }
    if (!rest) return;
    struct name r = name_fresh(g, "r", NAME_LIST);
    say(g, " . %s", r.text);
    name_bind(g, &r);
}

static void body(struct generator *g, struct name *f, unsigned depth)
{
    struct limits saved = g->limits;
    bool quiet = chance(g, 50);
    f->limits = quiet ? (struct limits){false, UINT_MAX} : g->limits;
    if (quiet) g->limits = (struct limits){false, g->name_count};
    if (f->type) put_raw(g, f->type, depth);
    else put_integer(g, depth);
    g->limits = saved;
}

/* (lambda ... ) of f, its names gone afterwards; the parameters are settable inside. */
static void lambda(struct generator *g, struct name *f, unsigned depth)
{
    unsigned mark = g->name_count;
    differ(g, "(lambda (", "(opaque (lambda (");
    parameters(g, f);
    say(g, ") ");
    body(g, f, depth);
    g->name_count = mark;
    differ(g, ")", "))");
}

/* (define (f ...) ...), sometimes with a result type, which only the plain text has. */
void put_definition(struct generator *g, struct name *f, unsigned depth)
{
    unsigned mark = g->name_count;
    if (chance(g, 25)) f->type = (enum raw)(1 + below(g, RAW_TYPES - 1));
    fprintf(g->plain, "(define (%s", f->text);
    fprintf(g->opaque, "(define %s (opaque (lambda (", f->text);
    parameters(g, f);
    say(g, ") ");
    if (f->type) fprintf(g->plain, "%s ", raw_names[f->type]);
    body(g, f, depth);
    g->name_count = mark;
    differ(g, ")", ")))");
}

static void argument(struct generator *g, enum raw type, unsigned depth)
{
    if (!type) put_integer(g, depth);
    else if (g->limits.raise && chance(g, 8)) put_unfit(g, depth);
    else put_raw(g, type, depth);
}

/* As with operands: all quiet, or one free among constants. */
void put_call(struct generator *g, const struct name *f, unsigned depth)
{
    unsigned n = f->least + (f->most > f->least ? below(g, 1 + f->most - f->least) : 0);
    unsigned noisy = n && chance(g, 30) ? below(g, n) : n;
    struct limits saved = g->limits;
    say(g, "(%s", f->text);
    for (unsigned i = 0; i < n; i++) {
        say(g, " ");
        if (noisy == n && n > 1) g->limits = (struct limits){false, g->name_count};
        if (noisy < n && i != noisy) say(g, "%u", below(g, 9));
        else argument(g, i < f->least ? f->parameters[i] : RAW_NONE, depth);
        g->limits = saved;
    }
    say(g, ")");
}

void integer_call(struct generator *g, unsigned depth)
{
    const struct name *f = name_choose(g, NAME_FUNCTION, RAW_NONE, 0);
    struct name copy;
    if (!f) {
        put_leaf(g);
        return;
    }
    copy = *f;
    put_call(g, &copy, depth);
}

/* A function as a value: it must be a closure then. */
void integer_call_value(struct generator *g, unsigned depth)
{
    const struct name *f = name_choose(g, NAME_FUNCTION, RAW_NONE, 0);
    if (!f) {
        integer_escape(g, depth);
    } else if (f->least == 1 && !f->parameters[0]) {
        say(g, "(apply + (map %s ", f->text);
        put_list(g, depth);
        say(g, "))");
    } else {
        say(g, "(apply %s (list", f->text);
        for (unsigned i = 0, n = f->least; i < n; i++) say(g, " %u", below(g, 9));
        say(g, "))");
    }
}

/* A function that is called, perhaps several times, in what follows. */
void integer_function(struct generator *g, unsigned depth)
{
    struct name f = name_fresh(g, "f", NAME_FUNCTION);
    unsigned mark = g->name_count;
    say(g, "(let ((%s ", f.text);
    lambda(g, &f, depth);
    say(g, ")) ");
    name_bind(g, &f);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ")");
}

/* A closure over variables of its own. */
void integer_maker(struct generator *g, unsigned depth)
{
    struct name f = name_fresh(g, "f", NAME_FUNCTION), v = name_fresh(g, "v", NAME_INTEGER);
    unsigned mark = g->name_count;
    say(g, "(let ((%s (let ((%s ", f.text, v.text);
    put_integer(g, depth);
    say(g, ")) ");
    name_bind(g, &v);
    lambda(g, &f, depth);
    g->name_count = mark;
    say(g, "))) ");
    name_bind(g, &f);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ")");
}

void integer_cases(struct generator *g, unsigned depth)
{
    struct name f = name_fresh(g, "f", NAME_FUNCTION), a = name_fresh(g, "p", NAME_INTEGER),
                r = name_fresh(g, "r", NAME_LIST);
    unsigned mark = g->name_count;
    f.most = 3;
    f.limits = g->limits;
    say(g, "(let ((%s ", f.text);
    differ(g, "(case-lambda (() ", "(opaque (case-lambda (() ");
    put_integer(g, depth);
    say(g, ") ((%s) ", a.text);
    name_bind(g, &a);
    put_integer(g, depth);
    say(g, ") ((%s . %s) ", a.text, r.text);
    name_bind(g, &r);
    put_integer(g, depth);
    differ(g, "))", ")))");
    say(g, ")) ");
    g->name_count = mark;
    name_bind(g, &f);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ")");
}

/* A lambda that is called where it stands, and that the compiler never sees through. */
void integer_escape(struct generator *g, unsigned depth)
{
    struct name p = name_fresh(g, "p", NAME_INTEGER);
    unsigned mark = g->name_count;
    say(g, "((opaque (lambda (%s) ", p.text);
    name_bind(g, &p);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ")) ");
    put_integer(g, depth);
    say(g, ")");
}

void integer_map(struct generator *g, unsigned depth)
{
    struct name p = name_fresh(g, "p", NAME_INTEGER);
    unsigned mark = g->name_count;
    bool each = g->limits.raise && chance(g, 50);
    say(g, each ? "(let ((r 0)) (for-each (lambda (%s) (set! r (+ r " : "(apply + (map (lambda (%s) ",
        p.text);
    name_bind(g, &p);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, each ? "))) (list 1 %u)) r)" : ") (list 2 %u)))", below(g, 9));
}

/* ---- loops ---- */

struct loop {
    struct name self, counter, extra[2];
    unsigned count;
};

static void loop_call(struct generator *g, const struct loop *l, const char *counter, unsigned depth)
{
    say(g, "(%s %s", l->self.text, counter);
    for (unsigned i = 0; i < l->count; i++) {
        say(g, " ");
        put_quietly(g, put_integer, depth);
    }
    say(g, ")");
}

static struct loop loop_new(struct generator *g)
{
    struct loop l = {.self = name_fresh(g, "l", NAME_FUNCTION), .counter = name_fresh(g, "n", NAME_COUNTER)};
    l.count = below(g, 3);
    for (unsigned i = 0; i < l.count; i++) l.extra[i] = name_fresh(g, "p", NAME_INTEGER);
    return l;
}

static void loop_again(struct generator *g, const struct loop *l, const struct loop *to, unsigned depth)
{
    char counter[32];
    snprintf(counter, sizeof counter, "(- %s 1)", l->counter.text);
    switch (below(g, 6)) {
    case 0:
        say(g, "(begin ");
        put_integer(g, depth);
        say(g, " (+ 1 ");
        loop_call(g, to, counter, depth);
        say(g, "))");
        break;
    case 1:
        say(g, "(let ((z ");
        put_integer(g, depth);
        say(g, ")) ");
        loop_call(g, to, counter, depth);
        say(g, ")");
        break;
    case 2:
        say(g, "(if ");
        put_test(g, depth);
        say(g, " ");
        loop_call(g, to, counter, depth);
        say(g, " ");
        put_integer(g, depth);
        say(g, ")");
        break;
    case 3:
        say(g, "(guard (e ((string? e) 1)) ");
        loop_call(g, to, counter, depth);
        say(g, ")");
        break;
    default: loop_call(g, to, counter, depth);
    }
}

/* (lambda (n p ...) (if (<= n 0) base again)) */
static void loop_lambda(struct generator *g, const struct loop *l, const struct loop *to, unsigned depth)
{
    unsigned mark = g->name_count;
    differ(g, "(lambda (", "(opaque (lambda (");
    say(g, "%s", l->counter.text);
    name_bind(g, &l->counter);
    for (unsigned i = 0; i < l->count; i++) {
        say(g, " %s", l->extra[i].text);
        name_bind(g, &l->extra[i]);
    }
    say(g, ") (if (<= %s 0) ", l->counter.text);
    put_integer(g, depth);
    say(g, " ");
    loop_again(g, l, to, depth);
    g->name_count = mark;
    differ(g, "))", ")))");
}

static void loop_start(struct generator *g, const struct loop *l, unsigned depth)
{
    char count[8];
    snprintf(count, sizeof count, "%u", below(g, 5));
    loop_call(g, l, count, depth);
}

void integer_loop(struct generator *g, unsigned depth)
{
    struct loop l = loop_new(g);
    say(g, "(letrec ((%s ", l.self.text);
    loop_lambda(g, &l, &l, depth);
    say(g, ")) ");
    loop_start(g, &l, depth);
    say(g, ")");
}

void integer_mutual(struct generator *g, unsigned depth)
{
    struct loop a = loop_new(g), b = loop_new(g);
    say(g, "(letrec ((%s ", a.self.text);
    loop_lambda(g, &a, &b, depth);
    say(g, ") (%s ", b.self.text);
    loop_lambda(g, &b, chance(g, 70) ? &a : &b, depth);
    say(g, ")) (if ");
    put_test(g, depth);
    say(g, " ");
    loop_start(g, &a, depth);
    bool tail = chance(g, 50);
    say(g, tail ? " " : " (+ 1 ");
    loop_start(g, &b, depth);
    say(g, tail ? "))" : ")))");
}

void integer_do(struct generator *g, unsigned depth)
{
    struct name n = name_fresh(g, "n", NAME_COUNTER), p = name_fresh(g, "p", NAME_INTEGER);
    unsigned mark = g->name_count;
    say(g, "(do ((%s %u (- %s 1)) (%s ", n.text, below(g, 4), n.text, p.text);
    put_quietly(g, put_integer, depth);
    name_bind(g, &n);
    name_bind(g, &p);
    say(g, " ");
    put_quietly(g, put_integer, depth);
    say(g, ")) ((<= %s 0) ", n.text);
    put_integer(g, depth);
    say(g, ") ");
    put_integer(g, depth);
    say(g, ")");
    g->name_count = mark;
}

/* Closures made in a loop, called when it is over. */
void integer_collection(struct generator *g, unsigned depth)
{
    struct name n = name_fresh(g, "n", NAME_COUNTER), p = name_fresh(g, "p", NAME_INTEGER);
    unsigned mark = g->name_count;
    say(g, "(apply + (map (lambda (f) (f)) (let l ((%s %u) (fs '())) (if (<= %s 0) fs (let ((%s ", n.text,
        below(g, 4), n.text, p.text);
    name_bind(g, &n);
    put_integer(g, depth);
    name_bind(g, &p);
    differ(g, ")) (l (- ", ")) ((opaque l) (- ");
    say(g, "%s 1) (cons (lambda () ", n.text);
    put_integer(g, depth);
    g->name_count = mark;
    say(g, ") fs)))))))");
}

/* ---- bodies, guards ---- */

static void define_value(struct generator *g, const struct name *v, unsigned depth)
{
    say(g, "(define %s ", v->text);
    put_hidden(g, put_integer, depth);
    say(g, ") ");
}

/* y may be read by f before it has its value. */
void integer_definitions(struct generator *g, unsigned depth)
{
    struct name x = name_fresh(g, "v", NAME_INTEGER), y = name_fresh(g, "y", NAME_COUNTER);
    struct name f = name_fresh(g, "f", NAME_FUNCTION);
    unsigned mark = g->name_count;
    bool early = g->limits.raise && chance(g, 30);
    say(g, "(let () ");
    define_value(g, &x, depth);
    name_bind(g, &x);
    if (early) name_bind(g, &y);
    put_definition(g, &f, depth);
    if (early) f.limits.raise = true;
    g->name_count = mark;
    name_bind(g, &x);
    name_bind(g, &f);
    say(g, " ");
    define_value(g, &y, depth);
    name_bind(g, &y);
    struct loop l = loop_new(g);
    say(g, "(define %s ", l.self.text);
    loop_lambda(g, &l, &l, depth);
    say(g, ") ");
    if (chance(g, 50)) {
        put_integer(g, depth);
        say(g, " ");
    }
    loop_start(g, &l, depth);
    g->name_count = mark;
    say(g, ")");
}

static void put_guarded(struct generator *g, maker *make, unsigned depth, bool all)
{
    struct limits saved = g->limits;
    if (all) g->limits.raise = true;
    make(g, depth);
    g->limits = saved;
}

void integer_guard(struct generator *g, unsigned depth)
{
    char around[120];
    bool all = !g->limits.raise || chance(g, 60);
    struct name k = name_fresh(g, "k", NAME_MACRO), e = name_fresh(g, "e", NAME_COUNTER);
    snprintf(around, sizeof around, "(call/cc (lambda (%s) (with-exception-handler (lambda (%s) (%s (cond ",
             k.text, e.text, k.text);
    fprintf(g->plain, "(guard (%s ", e.text);
    fputs(around, g->opaque);
    say(g, "((%s %s) ", chance(g, 70) ? "integer?" : "string?", e.text);
    put_integer(g, depth);
    say(g, ")");
    if (all) {
        say(g, chance(g, 50) ? " (else " : " ((error-object? (list)) 1) (#t ");
        put_integer(g, depth);
        say(g, ")");
    } else {
        fprintf(g->opaque, " (else (raise-continuable %s))", e.text);
    }
    differ(g, ") ", "))) (lambda () ");
    put_guarded(g, put_integer, depth, all);
    differ(g, ")", "))))");
}

/* ---- two values ---- */

static void values_of(struct generator *g, unsigned depth)
{
    put_operator(g, "values");
    put_operands(g, 2, put_integer, depth);
    say(g, ")");
}

static void values_if(struct generator *g, unsigned depth)
{
    say(g, "(if ");
    put_hidden(g, put_test, depth);
    say(g, " ");
    put_two_values(g, depth);
    say(g, " ");
    put_two_values(g, depth);
    say(g, ")");
}

static void values_let(struct generator *g, unsigned depth)
{
    struct name v = name_fresh(g, "v", NAME_INTEGER);
    unsigned mark = g->name_count;
    say(g, "(let ((%s ", v.text);
    put_integer(g, depth);
    say(g, ")) ");
    name_bind(g, &v);
    put_two_values(g, depth);
    g->name_count = mark;
    say(g, ")");
}

/* Called once it is a label; called twice it returns to two places. */
static void values_function(struct generator *g, unsigned depth)
{
    bool twice = chance(g, 50);
    struct name a = name_fresh(g, "v", NAME_INTEGER), b = name_fresh(g, "v", NAME_INTEGER),
                f = name_fresh(g, "f", NAME_MACRO);
    unsigned mark = g->name_count;
    say(g, "(let ((%s ", f.text);
    differ(g, "(lambda () ", "(opaque (lambda () ");
    put_two_values(g, depth);
    differ(g, ")", "))");
    say(g, ")) ");
    if (twice) {
        say(g, "(receive (%s %s) (%s) (if ", a.text, b.text, f.text);
        name_bind(g, &a);
        name_bind(g, &b);
        put_test(g, depth);
        g->name_count = mark;
        say(g, " (%s) (values %s %s))))", f.text, b.text, a.text);
    } else {
        say(g, "(%s))", f.text);
    }
}

static void values_loop(struct generator *g, unsigned depth)
{
    struct name n = name_fresh(g, "n", NAME_COUNTER);
    unsigned mark = g->name_count;
    say(g, "(let l ((%s %u)) (if (<= %s 0) ", n.text, below(g, 4), n.text);
    name_bind(g, &n);
    put_two_values(g, depth);
    g->name_count = mark;
    differ(g, " (l", " ((opaque l)");
    say(g, " (- %s 1))))", n.text);
}

static void values_guard(struct generator *g, unsigned depth)
{
    say(g, "(guard (e (#t ");
    put_two_values(g, depth);
    say(g, ")) ");
    put_guarded(g, put_two_values, depth, true);
    say(g, ")");
}

void put_two_values(struct generator *g, unsigned depth)
{
    static maker *const makers[] = {values_of,       values_of,   values_if,   values_let,
                                    values_function, values_loop, values_guard};
    maker *make = depth ? makers[below(g, sizeof makers / sizeof *makers)] : values_of;
    make(g, depth ? depth - 1 : 0);
}
