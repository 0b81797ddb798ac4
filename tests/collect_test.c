/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect_test.c - garbage: what is reachable stays whole, the rest comes back.
 *
 * The twin of the collector is the printer: the text of everything reachable, before and
 * after. Under stress, freed memory is overwritten with what no value looks like.
 */
#include <stdlib.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/generation.h"
#include "../engine/heap.h"
#include "../engine/load.h"
#include "../engine/packet.h"
#include "../engine/vmlet.h"
#include "suites.h"

static struct vvm_node *open_node(size_t limit, unsigned stress)
{
    struct vvm_options options = {.heap_limit = limit, .heap_stress = stress, .seed = 7};
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    CU_ASSERT_EQUAL_FATAL(load_source(&node->control, NULL, "(vmlet user (needs (all)))", 26, NULL), 0);
    return node;
}

/* The written value of the last expression; "error NAME" when one raises. */
static const char *eval_in(struct vvm_node *node, const char *text)
{
    static char out[16384];
    struct vvm_context *ctx = &node->control;
    struct vvm_vmlet *v = vmlet_named(node, intern(node, "user"));
    struct reader reader;
    vvm_value datum, result = VALUE_FALSE;
    int err = 0;
    reader_init(&reader, ctx, v->environment, 0, text, strlen(text));
    while (!err && !(err = reader_next(&reader, &datum)) && datum != VALUE_EOF)
        err = eval_datum(ctx, v->environment, datum, &result);
    FILE *to = fmemopen(out, sizeof out, "w");
    if (!err) print_value(node, to, result, PRINT_WRITE, sizeof out - 1);
    else if (has_type(ctx->pending.value, TYPE_ERROR))
        fprintf(
            to, "error %s",
            error_name((enum error_code)((struct error_object *)value_pointer(ctx->pending.value))->code));
    else fprintf(to, "error ?");
    fclose(to);
    return out;
}

#define CHECK_EVAL(node, text, expected)                                                                     \
    do {                                                                                                     \
        const char *got_ = eval_in(node, text);                                                              \
        if (strcmp(got_, expected)) fprintf(stderr, "    line %d got: %s\n", __LINE__, got_);                \
        CU_ASSERT_STRING_EQUAL(got_, expected);                                                              \
    } while (0)

static void test_garbage_of_many_entries(void)
{
    struct vvm_node *node = open_node(16 << 20, 0);
    size_t before = 0;
    for (int i = 0; i < 200; i++) {
        CHECK_EVAL(node, "(vector-length (vector-map (lambda (x) (list x x)) (make-vector 20000 1)))",
                   "20000");
        if (i == 20) before = heap_octets(node);
    }
    CU_ASSERT(node->heap->collections > 10);
    CU_ASSERT(heap_octets(node) < before + (8 << 20));
    heap_collect(node);
    CU_ASSERT(heap_octets(node) < 4 << 20);
    node_close(node);
}

static void test_one_form_may_allocate_more_than_the_limit(void)
{
    struct vvm_node *node = open_node(16 << 20, 0);
    CHECK_EVAL(node, "(let loop ((i 0) (l '())) (if (= i 5000000) (length l) (loop (+ i 1) (list i i i))))",
               "3");
    CHECK_EVAL(node, "(let loop ((i 0)) (if (< i 2000) (begin (make-vector 50000 i) (loop (+ i 1))) i))",
               "2000");
    CHECK_EVAL(node, "(let loop ((i 0) (l '())) (loop (+ i 1) (cons i l)))", "error heap-limit");
    CHECK_EVAL(node, "(length (let loop ((i 0) (l '())) (if (= i 100000) l (loop (+ i 1) (cons i l)))))",
               "100000");
    node_close(node);
}

/* Garbage that would have made room for the next object is found in time. */
static void test_large_objects_have_room(void)
{
    struct vvm_node *node = open_node(16 << 20, 0);
    CHECK_EVAL(node, "(define kept (make-vector 900000 1))", "#<unspecified>");
    CHECK_EVAL(node, "(let loop ((i 0)) (if (< i 20) (begin (make-vector 400000 i) (loop (+ i 1))) i))",
               "20");
    CHECK_EVAL(node, "(let loop ((l '())) (loop (cons (make-string 100 #\\a) l)))", "error heap-limit");
    CHECK_EVAL(node, "(vector-length (make-vector 500000 1))", "500000");
    node_close(node);
}

/* A call for collection is heard though primitives charge fuel, and forms are evaluated,
 * between it and the end of the block. */
static void test_calls_for_collection_are_heard(void)
{
    struct vvm_node *node = open_node(16 << 20, 0);
    CHECK_EVAL(node,
               "(let loop ((i 0)) (if (< i 20000) (begin (make-string 2000 #\\a)"
               "  (string-append \"a\" \"b\") (loop (+ i 1))) i))",
               "20000");
    CHECK_EVAL(node,
               "(let loop ((i 0)) (if (< i 3000) (begin (make-vector 5000 1) (eval 1) (loop (+ i 1))) i))",
               "3000");
    CHECK_EVAL(node,
               "(let loop ((i 0)) (if (< i 3000) (begin (eval '(make-vector 5000 1)) (loop (+ i 1))) i))",
               "3000");
    CHECK_EVAL(node,
               "(let loop ((i 0)) (if (< i 3000)"
               "  (begin (guard (e (#t 1)) (eval '(car (make-vector 5000 1)))) (loop (+ i 1))) i))",
               "3000");
    node_close(node);
}

/* Each entry of the REPL is code; what defines nothing goes with its garbage. */
static void test_code_of_entries_goes(void)
{
    struct vvm_node *node = open_node(0, 0);
    struct vvm_vmlet *user = vmlet_named(node, intern(node, "user"));
    unsigned units = 0;
    CHECK_EVAL(node, "(define (twice f) (lambda (x) (f (f x)))) (define add-2 (twice (lambda (x) (+ x 1))))",
               "#<unspecified>");
    CHECK_EVAL(node, "(define-syntax swap (syntax-rules () ((_ a b) (list b a))))", "#<unspecified>");
    CHECK_EVAL(node, "(define-syntax three (lambda (form) (list 'quote (list 1 2 3))))", "#<unspecified>");
    for (int i = 0; i < 100; i++)
        CHECK_EVAL(node, "((lambda (x) (map (lambda (y) (* y x)) '(1 2))) 3)", "(3 6)");
    heap_collect(node);
    heap_collect(node);
    for (struct vvm_unit *u = user->units; u; u = u->next) units++;
    CU_ASSERT(units <= 5);
    CHECK_EVAL(node, "(add-2 40)", "42");
    CHECK_EVAL(node, "(swap 1 2)", "(2 1)");
    CHECK_EVAL(node, "(three)", "(1 2 3)");
    node_close(node);
}

/* One of each kind of object, printed whole. */
static const char kinds[] =
    "(define-record-type point (make-point x y) point? (x point-x set-point-x!) (y point-y))"
    "(define table (make-hash-table))"
    "(hash-table-set! table 'a (list 1 2)) (hash-table-set! table \"b\" (vector 3 (list 4)))"
    "(define counter (let ((n 0)) (lambda () (set! n (+ n 1)) (list n))))"
    "(define many (case-lambda ((a) (list a)) ((a b) (list a b))))"
    "(define color (make-parameter (list 'red)))"
    "(define later (delay (list 1 2 3)))"
    "(define port (open-output-string)) (write '(written before) port)"
    "(define reading (open-input-string \"(read me) (and me)\")) (define first-read (read reading))"
    "(define all (list (make-point (list 1) (vector 2 3.5)) \"text\" 'symbol #\\x (bytevector 1 2 3) 1.5"
    "  (let ((c (list 1 2))) (set-cdr! (cdr c) c) c)))";
static const char kinds_text[] =
    "(list (point-x (car all)) (point-y (car all)) (cdr all) first-read (hash-table-ref table 'a #f)"
    "  (hash-table-ref table \"b\" #f) (car (counter)) (many 1) (many 1 2) (color) (force later) (read "
    "reading)"
    "  (begin (write 'more port) (get-output-string port))"
    "  (call/cc (lambda (k) (for-each (lambda (x) (k (list x))) '(1 2)) 0))"
    "  (guard (e ((string? e) (list e))) (raise (string #\\a #\\b)))"
    "  (parameterize ((color (list 'blue))) (list (color) (dynamic-wind list (lambda () (list 1 2)) list))))";

static void test_every_kind_of_object_survives(void)
{
    char expected[4096];
    struct vvm_node *calm = open_node(0, 0), *node = open_node(0, 1);
    eval_in(calm, kinds);
    snprintf(expected, sizeof expected, "%s", eval_in(calm, kinds_text));
    CU_ASSERT_PTR_NOT_NULL(strstr(expected, "(written before)more"));
    CHECK_EVAL(node, kinds, "#<unspecified>");
    heap_collect(node);
    CHECK_EVAL(node, kinds_text, expected);
    CU_ASSERT(node->heap->collections > 20);
    CU_ASSERT_EQUAL(calm->heap->collections, 0);
    node_close(calm);
    node_close(node);
}

/* Random lists of lists under twenty names: the text of all of them is the same on a node
 * that collects at every third allocation and on one that never does. */
static void test_random_graphs(void)
{
    struct vvm_node *calm = open_node(0, 0), *node = open_node(0, 3);
    unsigned state = 1;
    const char *setup = "(define names (make-vector 20 '()))"
                        "(define (at i) (vector-ref names i))"
                        "(define (work a b c) (let ((v (vector (at a) (list b (at c)) (string #\\a))))"
                        "  (vector-set! names b (if (> (length (at b)) 30) '() (cons v (at b))))"
                        "  (vector-for-each (lambda (x) (list x x)) v)))";
    eval_in(calm, setup);
    eval_in(node, setup);
    for (int i = 0; i < 400; i++) {
        char text[64];
        state = state * 1103515245 + 12345;
        snprintf(text, sizeof text, "(work %u %u %u)", state / 65536 % 20, state / 1024 % 20,
                 state / 512 % 20);
        eval_in(calm, text);
        eval_in(node, text);
        if (i % 40) continue;
        char expected[16384];
        snprintf(expected, sizeof expected, "%s", eval_in(calm, "names"));
        CHECK_EVAL(node, "names", expected);
    }
    node_close(calm);
    node_close(node);
}

static void test_fuel_does_not_know_of_collections(void)
{
    static const char text[] =
        "(define before (fuel-left))"
        "(define (build n) (if (= n 0) '() (cons (list n) (build (- n 1)))))"
        "(let* ((a (fuel-left)) (l (build 500)) (v (list->vector l))) (- a (fuel-left)))";
    char calm_text[64];
    struct vvm_node *calm = open_node(0, 0), *node = open_node(0, 1);
    snprintf(calm_text, sizeof calm_text, "%s", eval_in(calm, text));
    CHECK_EVAL(node, text, calm_text);
    CU_ASSERT(node->heap->collections > 100);
    node->options.load_fuel = calm->options.load_fuel = 20000;
    CHECK_EVAL(calm, "(let loop ((l '())) (loop (list l)))", "error ?");
    CHECK_EVAL(node, "(let loop ((l '())) (loop (list l)))", "error ?");
    CU_ASSERT_EQUAL(calm->control.pending.kind, PENDING_TRAP);
    CU_ASSERT_EQUAL(node->control.pending.kind, PENDING_TRAP);
    CU_ASSERT_EQUAL(calm->control.fuel, node->control.fuel);
    node_close(calm);
    node_close(node);
}

/* A worker that stays in an old generation finds what its globals meant. */
static void test_old_generations_keep_their_values(void)
{
    struct vvm_node *node = open_node(0, 1);
    struct vvm_context worker;
    char text[64] = "";
    CHECK_EVAL(node, "(define value (list 1 (vector 2 3)))", "#<unspecified>");
    const struct denotation *d = environment_lookup(vmlet_named(node, intern(node, "user"))->environment,
                                                    intern(node, "value"));
    CU_ASSERT_EQUAL_FATAL(context_open(&worker, node, false), 0);
    generation_enter(&worker);
    CHECK_EVAL(node, "(define value (list 'new))", "#<unspecified>");
    heap_collect(node);
    FILE *to = fmemopen(text, sizeof text, "w");
    print_value(node, to, worker.generation->bindings[d->global].value, PRINT_WRITE, 0);
    fclose(to);
    CU_ASSERT_STRING_EQUAL(text, "(1 #(2 3))");
    generation_leave(&worker);
    CHECK_EVAL(node, "value", "(new)");
    context_close(&worker);
    node_close(node);
}

static void test_a_refused_load_gives_its_memory_back(void)
{
    struct vvm_node *node = open_node(64 << 20, 0);
    heap_collect(node);
    size_t before = heap_octets(node);
    static const char bad[] =
        "(define-syntax m (lambda (form) ''kept)) (define big (make-vector 1000000 (list 1)))"
        "(define l (m)) (car 1)";
    for (int i = 0; i < 20; i++) CHECK_EVAL(node, bad, "error type");
    CHECK_EVAL(node, "(define big 1)", "#<unspecified>");
    heap_collect(node);
    CU_ASSERT(heap_octets(node) <= before + (1 << 20));
    node_close(node);
}

/* `after` thunks of a form that failed run when only C knows what it failed of. */
static void test_what_was_raised_survives_its_after_thunks(void)
{
    static const char text[] =
        "(define (work n) (if (= n 0) '() (cons (vector n) (work (- n 1)))))"
        "(define (busy) (guard (e (#t 1)) (raise 'x)) (work 300) (guard (e (#t 1)) (car (work 3) 1)) (work "
        "300))"
        "(dynamic-wind list (lambda () (error (string-append \"bo\" \"om\") (list 1 (list 2)))) busy)";
    char calm_text[2048] = "", stress_text[2048] = "";
    struct vvm_node *calm = open_node(0, 0), *node = open_node(0, 1);
    FILE *to = fmemopen(calm_text, sizeof calm_text, "w");
    CHECK_EVAL(calm, text, "error error");
    print_pending(&calm->control, to);
    fclose(to);
    to = fmemopen(stress_text, sizeof stress_text, "w");
    CHECK_EVAL(node, text, "error error");
    print_pending(&node->control, to);
    fclose(to);
    CU_ASSERT_PTR_NOT_NULL(strstr(calm_text, "boom: (1 (2))"));
    CU_ASSERT_STRING_EQUAL(stress_text, calm_text);
    node_close(calm);
    node_close(node);
}

static void test_a_form_that_evaluates_is_collected_too(void)
{
    struct vvm_node *node = open_node(16 << 20, 0);
    CHECK_EVAL(node, "(define (fill n) (if (> n 0) (begin (make-vector 5000 n) (fill (- n 1))) 'done))",
               "#<unspecified>");
    CHECK_EVAL(node, "(begin (eval '(+ 1 2)) (fill 2000))", "done");
    node_close(node);
}

static unsigned count_units(const struct vvm_node *node)
{
    unsigned units = 0;
    for (const struct vvm_vmlet *v = node->vmlets; v; v = v->next)
        for (const struct vvm_unit *u = v->units; u; u = u->next) units++;
    return units;
}

/* Code that an entry evaluates, transformers of its own, and entries that fail. */
static void test_all_code_of_entries_goes(void)
{
    struct vvm_node *node = open_node(0, 0);
    unsigned before = count_units(node);
    CHECK_EVAL(node,
               "(let loop ((i 0)) (if (< i 50) (begin (eval '((lambda (x) (list x)) 1)) (loop (+ i 1))) i))",
               "50");
    for (int i = 0; i < 50; i++)
        CHECK_EVAL(node, "(let-syntax ((m (lambda (form) (list 'quote (list 1 2))))) (m))", "(1 2)");
    CHECK_EVAL(node, "(define adder (eval '(lambda (x) (lambda (y) (+ x y)))))", "#<unspecified>");
    for (int i = 0; i < 50; i++) CHECK_EVAL(node, "(begin (list 1) (car 1))", "error type");
    CU_ASSERT(count_units(node) > before + 200);
    heap_collect(node);
    CU_ASSERT(count_units(node) <= before + 2);
    CHECK_EVAL(node, "((adder 40) 2)", "42");
    node_close(node);
}

/* A transformer is never collected while it runs: it may fill the heap, which then must
 * not stay full, though nothing more comes to run. */
static void test_entries_that_run_nothing_are_collected(void)
{
    struct vvm_node *node = open_node(8 << 20, 0);
    CHECK_EVAL(node, "(define-syntax fill (lambda (form) (let loop ((l '())) (loop (cons 1 l)))))",
               "#<unspecified>");
    for (int i = 0; i < 60; i++) {
        const char *got = eval_in(node,
                                  "(fill (1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25))"
                                  "(list 'not 'read)");
        CU_ASSERT_STRING_EQUAL(got, "error heap-limit");
    }
    CHECK_EVAL(node, "(list 1 2)", "(1 2)");
    node_close(node);
}

void collect_tests(CU_pSuite suite)
{
    CU_add_test(suite, "garbage of many entries comes back", test_garbage_of_many_entries);
    CU_add_test(suite, "one form may allocate more than the limit",
                test_one_form_may_allocate_more_than_the_limit);
    CU_add_test(suite, "calls for collection are heard", test_calls_for_collection_are_heard);
    CU_add_test(suite, "large objects have room", test_large_objects_have_room);
    CU_add_test(suite, "code of entries goes when nothing leads to it", test_code_of_entries_goes);
    CU_add_test(suite, "every kind of object survives", test_every_kind_of_object_survives);
    CU_add_test(suite, "random graphs are as on a node that never collects", test_random_graphs);
    CU_add_test(suite, "fuel does not know of collections", test_fuel_does_not_know_of_collections);
    CU_add_test(suite, "old generations keep their values", test_old_generations_keep_their_values);
    CU_add_test(suite, "what was raised survives its after thunks",
                test_what_was_raised_survives_its_after_thunks);
    CU_add_test(suite, "a form that evaluates is collected too", test_a_form_that_evaluates_is_collected_too);
    CU_add_test(suite, "all code of entries goes", test_all_code_of_entries_goes);
    CU_add_test(suite, "entries that run nothing are collected", test_entries_that_run_nothing_are_collected);
    CU_add_test(suite, "a refused load gives its memory back", test_a_refused_load_gives_its_memory_back);
}
