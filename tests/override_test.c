/* SPDX-License-Identifier: Apache-2.0 */
/*
 * override_test.c - arounds over the core's instructions and primitives: obeyed by code that
 * was there before them, which stays as it is octet for octet, and not any more when they
 * have gone.
 */
#include <stdlib.h>
#include <string.h>

#include "../engine/override.h"
#include "../engine/unit.h"
#include "suites.h"
#include "wire_bench.h"

/* ---- rows ---------------------------------------------------------------------------------- */

static void test_every_row(void)
{
    uint8_t seen[OP_LIMIT] = {0};
#define X(op)                             seen[OP_##op]++;
#define O(op, kind, vary, name, operands) seen[OP_##op]++;
#include "../engine/override.def"
#undef O
#undef X
    for (unsigned op = 0; op < OP_LIMIT; op++) {
        if (seen[op] != 1) fprintf(stderr, "    %s: %u rows\n", instruction_table[op].name, seen[op]);
        CU_ASSERT_EQUAL(seen[op], 1);
    }
}

/* Whatever may be redefined can be called as a value, so that `previous` has something to call. */
static void test_every_name(void)
{
    struct vvm_node *node;
    char text[32];
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    for (unsigned op = 0; op < OP_LIMIT; op++) {
        bool class = override_rows[op].vary == VARY_CLASS_A || override_rows[op].vary == VARY_CLASS_C;
        for (unsigned i = 0; i < override_variants((enum opcode)op) && !class; i++) {
            if (!override_name((enum opcode)op, i, text)) continue;
            if (!primitive_named(node, text)) fprintf(stderr, "    no primitive %s\n", text);
            CU_ASSERT_PTR_NOT_NULL(primitive_named(node, text));
        }
    }
    node_close(node);
}

/* ---- one function after another --------------------------------------------------------------- */

/* What `f` does calls the name so often, whose around counts and hands on. */
struct use {
    const char *name, *parameters, *f, *arguments;
    unsigned calls;
};

static const struct use uses[] = {
    {"car", "x", "(lambda (l) (car l))", "'(1 2)", 1},
    {"car", "x", "(lambda (l) (cadr l))", "'(1 2)", 1},
    {"cdr", "x", "(lambda (l) (cddr l))", "'(1 2)", 2},
    {"cons", "x y", "(lambda (l) (cons 1 (cons 2 l)))", "'()", 2},
    {"set-car!", "x y", "(lambda (l) (set-car! l 5) l)", "(list 1)", 1},
    {"set-cdr!", "x y", "(lambda (l) (set-cdr! l 5) l)", "(list 1)", 1},
    {"+", "x y", "(lambda (a) (+ a 5 a))", "1", 2},
    {"+", "x y", "(lambda (a) (+ 5 a))", "1", 1},
    {"+", "x y", "(lambda (a) (+ a -5))", "1", 1},
    {"+", "x y", "(lambda (a) (- a 5))", "1", 0},
    {"-", "x y", "(lambda (a) (- a 5))", "1", 1},
    {"-", "x y", "(lambda (a) (- a 0 a))", "1", 2},
    {"*", "x y", "(lambda (a) (* a 5))", "1", 1},
    {"quotient", "x y", "(lambda (a) (quotient a 5))", "11", 1},
    {"remainder", "x y", "(lambda (a) (remainder a 5))", "11", 1},
    {"modulo", "x y", "(lambda (a) (modulo a 5))", "11", 1},
    {"=", "x y", "(lambda (a) (list (= a 5) (if (= a 1) 2 3) (if (zero? a) 4 5) (if (= a 1) #f 1)))", "1", 4},
    {"<", "x y", "(lambda (a) (list (< a 5) (<= a 1) (> a 1) (>= a 1) (negative? a)))", "1", 5},
    {"<", "x y", "(lambda (a) (list (if (< a 5) 1 2) (if (<= a 1) 1 2) (if (> a 1) 1 2) (if (>= a 1) 1 2)))",
     "1", 4},
    {"<", "x y", "(lambda (a) (list (<= a +nan.0) (if (<= +nan.0 a) 1 2) (if (not (<= a +nan.0)) 1 2)))", "1",
     0},
    {"eq?", "x y", "(lambda (a) (list (eq? a 'x) (if (eqv? a 'x) 1 2) (if (not (eq? a 'x)) 1 2)))", "'x", 3},
    {"pair?", "x", "(lambda (a) (list (pair? a) (if (pair? a) 1 2) (if (not (pair? a)) 1 2)))", "'(x)", 3},
    {"pair?", "x", "(lambda (a) (list (null? a) (if (null? a) 1 2)))", "'(x)", 0},
    {"vector-ref", "x y", "(lambda (v) (vector-ref v 1))", "#(1 2)", 1},
    {"vector-set!", "x y z", "(lambda (v) (vector-set! v 1 7) v)", "(vector 1 2)", 1},
    {"vector-length", "x", "(lambda (v) (vector-length v))", "#(1 2)", 1},
    {"list", "x y", "(lambda (v) (list v v))", "1", 1},
    {"table-ref", "x y", "(lambda (i) (let ((k (u32+ (u8->u32 i) 1))) (table-ref t k)))", "2", 1},
    {"array-word", "x y", "(lambda (i) (array-word a i))", "2", 1},
    {"hop", "x y", "(lambda (i) (hop i 9))", "2", 1},
    {"node-address", "", "(lambda (i) (node-address))", "2", 1},
    {"local-address?", "x", "(lambda (i) (let ((k (u32+ (u8->u32 i) 1))) (local-address? k)))", "2", 1},
    {"bytes-length", "x", "(lambda (b) (bytes-length b))", "#u8(1 2 3)", 1},
};

/* For each T of the types: uses that name it as @ */
static const struct use typed_uses[] = {
    {"@+", "x y", "(lambda (a) (@+ a 5 (@+ a a)))", "3", 3},
    {"@-", "x y", "(lambda (a) (@- a 5))", "9", 1},
    {"@-", "x y", "(lambda (a) (@- a))", "0", 1},
    {"@+", "x y", "(lambda (a) (@- a 5))", "9", 0},
    {"@*", "x y", "(lambda (a) (@* a 5))", "9", 1},
    {"@-quotient", "x y", "(lambda (a) (@-quotient a 5))", "9", 1},
    {"@-remainder", "x y", "(lambda (a) (@-remainder a 5))", "9", 1},
    {"@-not", "x", "(lambda (a) (@-shift-left (@-and (@-not a) 1) 2))", "9", 1},
    {"@-shift-left", "x y", "(lambda (a) (@-shift-left a 2))", "9", 1},
    {"@-shift-right", "x y", "(lambda (a) (@-shift-right a 2))", "9", 1},
    {"@-shift-right", "x y", "(lambda (a) (@-and (@-shift-right a 2) 3))", "15", 1},
    {"@-and", "x y", "(lambda (a) (@-and (@-shift-right a 2) 3))", "15", 1},
    {"@-and", "x y", "(lambda (a) (@-and a 5))", "15", 1},
    {"@-and", "x y", "(lambda (a) (@-shift-right a 2))", "15", 0},
    {"@-or", "x y", "(lambda (a) (@-or a 5 8))", "2", 2},
    {"@-xor", "x y", "(lambda (a) (@-xor a 5))", "2", 1},
    {"=", "x y",
     "(lambda (a) (let ((b (@+ a 1))) (list (@= b a) (= b 3) (if (@= b 0) 1 2) (if (= b b) 1 2)"
     " (if (= b 3) 1 2) (if (not (= b 3)) 1 2) (if (not (@= b 0)) 1 2))))",
     "2", 7},
    {"<", "x y",
     "(lambda (a) (let ((b (@+ a 1))) (list (< b a) (<= b 3) (if (@< b 4) 1 2) (if (< 2 b) 1 2)"
     " (if (<= b 3) 1 2) (if (<= 3 b) 1 2) (if (> b 2) 1 2) (if (< b b) 1 2) (if (<= b b) 1 2)"
     " (if (< b 9) #t 2) (if (not (< b 4)) 1 2) (if (not (< 4 b)) 1 2))))",
     "2", 12},
};
static const struct use unsigned_uses[] = {
    {"@-ref", "x y", "(lambda (b) (list (@-ref b 0) (@-ref b (bytes-length (bytevector 1)))))",
     "(bytevector 1 2 3 4 5 6 7 8 0 0 0 0 0 0 0 0)", 2},
    {"set-@!", "x y z", "(lambda (b) (set-@! b 0 9) (set-@! b (bytes-length (bytevector 1)) 7) b)",
     "(bytevector 1 2 3 4 5 6 7 8 0 0 0 0 0 0 0 0)", 2},
};

static uint64_t code_digest(const struct vvm_node *node)
{
    uint64_t h = 14695981039346656037u;
    for (const struct vvm_vmlet *v = node->vmlets; v; v = v->next) {
        if (strcmp(symbol_name(v->name), "user") && strcmp(symbol_name(v->name), "core")) continue;
        for (const struct vvm_unit *u = v->units; u; u = u->next)
            for (uint32_t f = 0; f < u->function_count; f++)
                for (uint32_t w = 0; w < u->functions[f].words; w++)
                    h = (h ^ u->functions[f].code[w]) * 1099511628211u;
    }
    return h;
}

/* The value of an expression in the VMlet `user`, as written. */
static const char *value_of(struct vvm_node *node, const char *text, const char *vmlet)
{
    static char line[2000];
    vvm_value v = VALUE_UNSPECIFIED, datum;
    struct vvm_vmlet *in = vmlet_named(node, intern(node, vmlet));
    struct reader r;
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    reader_init(&r, &node->control, in->environment, 0, text, strlen(text));
    int err = reader_next(&r, &datum);
    if (!err) err = eval_datum(&node->control, in->environment, datum, &v);
    FILE *f = fmemopen(line, sizeof line, "w");
    if (err) print_pending(&node->control, f);
    else print_value(node, f, v, PRINT_WRITE, 0);
    fclose(f);
    return line;
}

/* format with the type in place of each @ */
static void put(char *to, size_t room, const char *text, const char *type)
{
    size_t n = 0;
    for (; *text && n + 8 < room; text++) {
        if (*text == '@') n += (size_t)snprintf(to + n, room - n, "%s", type);
        else to[n++] = *text;
    }
    to[n] = 0;
}

static void load_user(struct vvm_node *node, const struct use *u, const char *type)
{
    char text[3000], filled[3000];
    snprintf(text, sizeof text,
             "(vmlet user (needs (all))) (define-table t (key u32) (value u64) (entries 8))"
             "(define-table a array (value u16) (entries 8)) (define f %s) (define (run) (f %s))",
             u->f, u->arguments);
    put(filled, sizeof filled, text, type);
    load_text(node, filled);
}

/* The counter is a list in a list ... : the around uses nothing that any test redefines. */
static void load_around(struct vvm_node *node, const struct use *u, const char *type)
{
    char text[1000], filled[1000];
    snprintf(text, sizeof text,
             "(vmlet over (needs (all))) (define n (make-vector 0 0)) (define (count) n)"
             "(around (%s %s) (set! n (vector n)) (previous %s))",
             u->name, u->parameters, u->parameters);
    put(filled, sizeof filled, text, type);
    load_text(node, filled);
}

static unsigned counted(struct vvm_node *node)
{
    const char *text = value_of(node, "(count)", "over");
    unsigned n = 0;
    for (; *text; text++) n += *text == '(';
    return n - 1;
}

static void check_use(const struct use *u, const char *type)
{
    char before[2000];
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    load_user(node, u, type);
    snprintf(before, sizeof before, "%s", value_of(node, "(run)", "user"));
    uint64_t digest = code_digest(node);
    load_around(node, u, type);
    const char *with = value_of(node, "(run)", "user");
    bool same = strcmp(with, before) == 0;
    if (!same) fprintf(stderr, "    %s %s of %s: %s, not %s\n", type, u->name, u->f, with, before);
    CU_ASSERT(same);
    unsigned calls = counted(node);
    if (calls != u->calls)
        fprintf(stderr, "    %s %s: %u calls of %s, not %u\n", type, u->f, calls, u->name, u->calls);
    CU_ASSERT_EQUAL(calls, u->calls);
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "over"), false), 0);
    CU_ASSERT_STRING_EQUAL(value_of(node, "(run)", "user"), before);
    CU_ASSERT_PTR_NULL(node->current->override);
    CU_ASSERT_EQUAL(code_digest(node), digest);
    node_close(node);
}

static void test_uses(void)
{
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) check_use(&uses[i], "");
}

static void test_typed_uses(void)
{
    for (unsigned t = SLOT_U8; t < SLOT_TYPES; t++) {
        const char *type = slot_type_name((enum slot_type)t);
        for (size_t i = 0; i < sizeof typed_uses / sizeof *typed_uses; i++) {
            bool wide = t == SLOT_U64 || t == SLOT_S64;
            if (wide && strchr(typed_uses[i].name, '-') && strstr(typed_uses[i].name, "not")) continue;
            check_use(&typed_uses[i], type);
        }
        for (size_t i = 0; t <= SLOT_U32 && i < sizeof unsigned_uses / sizeof *unsigned_uses; i++)
            check_use(&unsigned_uses[i], type);
    }
}

/* ---- packets ----------------------------------------------------------------------------------- */

static const char packet_text[] =
    "(vmlet net (needs (all)))"
    "(define (run) (guard (e (#t (deliver-to 99 packet)))"
    "  (if (= (bytes-length packet) 0) (drop 'empty))"
    "  (set-u8! packet 1 (u8-ref packet 2)) (deliver-to (u8-ref packet 0) packet)))"
    "(define-network net (match (udp 9)) (execute run) (instructions))";

static void load_over(struct bench *b, const char *text)
{
    vmlet_unload(&b->node->control, intern(b->node, "over"), false);
    load_text(b->node, text);
}

static void test_packets(void)
{
    struct bench b;
    bench_open(&b, packet_text);
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "delivered port-5");
    load_over(&b, "(vmlet over (needs (all))) (around (u8-ref b i) (u8+ (previous b i) 1))");
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "delivered port-6");
    CU_ASSERT_EQUAL(b.last[1], 8);
    load_over(&b, "(vmlet over (needs (all))) (around (set-u8! b i v) (previous b i 77))");
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "delivered port-5");
    CU_ASSERT_EQUAL(b.last[1], 77);
    /* of another type, out of range, raised: the code's own handlers see it */
    load_over(&b, "(vmlet over (needs (all))) (around (u8-ref b i) 'x)");
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "delivered port-99");
    load_over(&b, "(vmlet over (needs (all))) (around (u8-ref b i) 256)");
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "delivered port-99");
    load_over(&b, "(vmlet over (needs (all))) (around (u8-ref b i) (raise 'no))");
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "delivered port-99");
    /* ends the packet */
    load_over(&b, "(vmlet over (needs (all))) (around (u8-ref b i) (drop 'enough))");
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "dropped enough");
    /* uses itself */
    load_over(&b, "(vmlet helper (needs (all))) (define (first b) (u8-ref b 0))");
    load_over(&b, "(vmlet over (import (helper first)) (needs (all))) (around (u8-ref b i) (first b))");
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "dropped nesting");
    CU_ASSERT_EQUAL(vmlet_unload(&b.node->control, intern(b.node, "over"), false), 0);
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "delivered port-5");
    bench_close(&b);
}

static void check_refused(struct vvm_node *node, const char *text, const char *why)
{
    char line[1000] = "";
    uint64_t number = node->current->number;
    CU_ASSERT_NOT_EQUAL(load_source(&node->control, "t.vml", text, strlen(text), NULL), 0);
    FILE *f = fmemopen(line, sizeof line, "w");
    print_pending(&node->control, f);
    fclose(f);
    if (!strstr(line, why)) fprintf(stderr, "    got: %s\n", line);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, why));
    CU_ASSERT_EQUAL(node->current->number, number);
}

/* What packets run may not come to do what packet code may not. */
static void test_profile(void)
{
    struct bench b;
    bench_open(&b, packet_text);
    check_refused(b.node, "(vmlet over (needs (all))) (around (u8-ref b i) (display i) (previous b i))",
                  "run net");
    check_refused(b.node, "(vmlet over (needs (all))) (around (drop why) (display why) (previous why))",
                  "run net");
    CHECK_TEXT(RECEIVE(&b, 9, 5, 0, 7), "delivered port-5");
    check_refused(
        b.node, "(vmlet over (needs (around *) (engine.replace))) (around (car b) (display 1) (previous b))",
        "needs (widen-effects)");
    load_text(b.node, "(vmlet over (needs (around *) (engine.replace))) (around (car b) (previous b))");
    bench_close(&b);
}

/* ---- what cannot be, and what must always be ------------------------------------------------------ */

static void test_refused(void)
{
    static const char *const names[][2] = {
        {"zero? x", "put the around over that"}, {">= x y", "compiled as `<`"},
        {"cadr x", "compiled as `car`"},         {"equal? x y", "compiled as `eq?`"},
        {"not x", "no call in compiled code"},   {"u32->u8 x", "no call in compiled code"},
        {"s8-ref x y", "no call in compiled"},   {"raise x", "no call in compiled code"},
        {"u8= x y", "no call in compiled code"}, {"packet-length x", "compiled as `bytes-length`"},
    };
    char text[200];
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, "(vmlet over (needs (all))) (around (%s) 1)", names[i][0]);
        check_refused(node, text, names[i][1]);
    }
    node_close(node);
}

/* However broken the core is by arounds, forms are expanded and the arounds go again. */
static void test_boot(void)
{
    static const char over[] = "(vmlet over (needs (all))) (around (car x) (error \"car\"))"
                               "(around (cdr x) (error \"cdr\")) (around (map . l) (error \"map\"))"
                               "(around (list . l) (error \"list\")) (around (append . l) (error \"append\"))"
                               "(around (pair? x) (error \"pair?\")) (around (eq? x y) (error \"eq?\"))";
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    load_text(
        node,
        "(vmlet user (needs (all))) (define (f l) (car l))"
        "(define-syntax twice (lambda (form) (cons 'begin (map (lambda (x) (car (cdr form))) '(1 2)))))");
    load_text(node, over);
    CU_ASSERT_PTR_NOT_NULL(strstr(value_of(node, "(f '(1 2))", "user"), "car"));
    CU_ASSERT_PTR_NOT_NULL(strstr(value_of(node, "(map f '((1)))", "user"), "map"));
    CHECK_TEXT(value_of(node, "(let* ((x 1) (y (vector x))) (cond ((> x 2) 3) (else y)))", "user"), "#(1)");
    CHECK_TEXT(value_of(node, "(twice 7)", "user"), "7");
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "over"), false), 0);
    CU_ASSERT_STRING_EQUAL(value_of(node, "(map f '((1)))", "user"), "(1)");
    node_close(node);
}

/* Not without end: the run that nests too deep is an error, of which nothing is left. */
static void test_recursion(void)
{
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    load_text(node, "(vmlet user (needs (all))) (define (g a) (+ a 1)) (define (f a) (* a 2))");
    load_text(node, "(vmlet over (import (user g)) (needs (all))) (around (+ a b) (g a))");
    CU_ASSERT_PTR_NOT_NULL(strstr(value_of(node, "(g 1)", "user"), "recursion"));
    CU_ASSERT_STRING_EQUAL(value_of(node, "(guard (e (#t 'caught)) (g 1))", "user"), "caught");
    CU_ASSERT_STRING_EQUAL(value_of(node, "(f 4)", "user"), "8");
    CU_ASSERT_EQUAL(node->control.depth, 0);
    node_close(node);
}

void override_tests(CU_pSuite suite)
{
    CU_add_test(suite, "every row", test_every_row);
    CU_add_test(suite, "every name", test_every_name);
    CU_add_test(suite, "uses", test_uses);
    CU_add_test(suite, "typed uses", test_typed_uses);
    CU_add_test(suite, "packets", test_packets);
    CU_add_test(suite, "profile", test_profile);
    CU_add_test(suite, "refused", test_refused);
    CU_add_test(suite, "boot meaning", test_boot);
    CU_add_test(suite, "recursion", test_recursion);
}
