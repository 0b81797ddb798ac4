/* SPDX-License-Identifier: Apache-2.0 */
/* load_test.c - loads as transactions: what a refused load leaves behind is nothing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "../engine/vmlet.h"
#include "suites.h"

static struct vvm_node *open_node(void)
{
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    return node;
}

static int load_text(struct vvm_node *node, const char *text)
{
    return load_source(&node->control, "test.vml", text, strlen(text), NULL);
}

/* The written value of an expression in the VMlet; "error NAME" when it raises. */
static const char *eval_in(struct vvm_node *node, const char *vmlet, const char *text)
{
    static char out[512];
    struct vvm_context *ctx = &node->control;
    struct vvm_vmlet *v = vmlet_named(node, intern(node, vmlet));
    struct reader reader;
    vvm_value datum, result;
    FILE *to = fmemopen(out, sizeof out, "w");
    reader_init(&reader, ctx, v->environment, 0, text, strlen(text));
    if (reader_next(&reader, &datum) || eval_datum(ctx, v->environment, datum, &result))
        fprintf(to, "error %s",
                has_type(ctx->pending.value, TYPE_ERROR)
                    ? error_name(
                          (enum error_code)((struct error_object *)value_pointer(ctx->pending.value))->code)
                    : "?");
    else print_value(node, to, result, PRINT_WRITE, 0);
    fclose(to);
    return out;
}

static const char *pending_text(struct vvm_node *node)
{
    static char out[2048];
    FILE *to = fmemopen(out, sizeof out, "w");
    print_pending(&node->control, to);
    fclose(to);
    return out;
}

#define CHECK_EVAL(node, vmlet, text, expected) CU_ASSERT_STRING_EQUAL(eval_in(node, vmlet, text), expected)
#define CHECK_CONTAINS(text, part)                                                                           \
    do {                                                                                                     \
        const char *got_ = (text);                                                                           \
        if (!strstr(got_, part)) fprintf(stderr, "    got: %s\n", got_);                                     \
        CU_ASSERT_PTR_NOT_NULL(strstr(got_, part));                                                          \
    } while (0)

static void test_refused_load_changes_nothing(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(load_text(node, "(vmlet one (needs (all))) (define a 1)"), 0);
    uint64_t number = node->current->number;
    struct vvm_generation *before = node->current;
    CU_ASSERT_NOT_EQUAL(load_text(node, "(vmlet two (needs (all)) (import (one a))) (define b 2) (car 5)"),
                        0);
    CU_ASSERT_PTR_EQUAL(node->current, before);
    CU_ASSERT_EQUAL(node->current->number, number);
    CU_ASSERT_PTR_NULL(vmlet_named(node, intern(node, "two")));
    CU_ASSERT_PTR_NULL(node->candidate);
    CU_ASSERT_EQUAL(load_text(node, "(vmlet two (needs (all)) (import (one a))) (define b (+ a 2))"), 0);
    CHECK_EVAL(node, "two", "b", "3");
    node_close(node);
}

/* What a refused load wrote into an older VMlet's data may still refer to its code. */
static void test_values_outlive_a_refused_load(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(
        load_text(node,
                  "(vmlet one (needs (all))) (define p (make-parameter 1)) (define v (vector 1 2 3 4))"),
        0);
    CU_ASSERT_NOT_EQUAL(load_text(node, "(vmlet two (import (one p v)) (needs (all)))"
                                        "(define (secret) 'secret)"
                                        "(vector-set! v 0 (lambda () (secret)))"
                                        "(vector-set! v 1 \"a constant\")"
                                        "(vector-set! v 2 (lambda () (let ((x '(1 2 3))) (list x v))))"
                                        "(define-record-type thing (make a) thing? (a thing-a))"
                                        "(vector-set! v 3 (make 5))"
                                        "(parameterize ((p 2)) (car 5))"),
                        0);
    CU_ASSERT_EQUAL(load_text(node, "(vmlet three (needs (all)))"),
                    0); /* begins anew, and forgets the one before */
    CHECK_EVAL(node, "one", "(p)", "1");
    CHECK_EVAL(node, "one", "((vector-ref v 0))", "error unbound");
    CHECK_EVAL(node, "one", "(string-append (vector-ref v 1) \".\")", "\"a constant.\"");
    CHECK_EVAL(node, "one", "(car ((vector-ref v 2)))", "(1 2 3)");
    CHECK_EVAL(node, "one", "(begin (%rewind '()) (procedure? (vector-ref v 0)))", "#t");
    node_close(node);
}

/* Where an error was says the error itself, not one before it. */
static void test_traces_do_not_last(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(load_text(node, "(vmlet one (needs (all))) (define (f x) (car x))"), 0);
    CHECK_EVAL(node, "one", "(f 1)", "error type");
    CHECK_CONTAINS(pending_text(node), "in f at");
    CHECK_EVAL(node, "one", "(if)", "error syntax");
    CU_ASSERT_PTR_NULL(strstr(pending_text(node), "in f at"));
    CHECK_EVAL(node, "one", "(f 1)", "error type");
    CHECK_EVAL(node, "one", "(define-primitive (g x) (lambda () x))", "error profile");
    CU_ASSERT_PTR_NULL(strstr(pending_text(node), "in f at"));
    node_close(node);
}

static void test_names_are_private(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(
        load_text(node, "(vmlet one (needs (all))) (define secret 1) (define (shared) (+ secret 1))"), 0);
    CU_ASSERT_EQUAL(
        load_text(
            node,
            "(vmlet two (needs (all)) (import (one shared))) (define (f) (shared)) (define (g) secret)"),
        0);
    CHECK_EVAL(node, "two", "(f)", "2");
    CHECK_EVAL(node, "two", "(g)", "error unbound");
    CU_ASSERT_NOT_EQUAL(load_text(node, "(vmlet three (needs (all)) (import (one shared))) (set! shared 3)"),
                        0);
    CU_ASSERT_NOT_EQUAL(load_text(node, "(vmlet four (needs (all)) (import (one nothing)))"), 0);
    CHECK_CONTAINS(pending_text(node), "import");
    CU_ASSERT_NOT_EQUAL(load_text(node, "(vmlet one (needs (all)))"), 0);
    node_close(node);
}

static void test_core_is_shadowed_not_changed(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(load_text(node, "(vmlet one (needs (all))) (define (car x) 'mine) (define a (car '(1)))"),
                    0);
    CU_ASSERT_EQUAL(load_text(node, "(vmlet two (needs (all))) (define a (car '(1)))"), 0);
    CHECK_EVAL(node, "one", "a", "mine");
    CHECK_EVAL(node, "two", "a", "1");
    node_close(node);
}

/* What a refused entry defined is gone, the names with it. */
static void test_refused_entry_leaves_no_name(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(load_text(node, "(define (twice x) (* 2 x))"), 0);
    CHECK_EVAL(node, "user", "(begin (define car 5) (define new 6) (vector-ref (vector) 1))", "error bounds");
    CHECK_EVAL(node, "user", "(car '(1 2))", "1");
    CHECK_EVAL(node, "user", "new", "error unbound");
    CHECK_EVAL(node, "user", "(begin (define-syntax twice (syntax-rules () ((_ x) 'macro))) (if))",
               "error syntax");
    CHECK_EVAL(node, "user", "(twice 4)", "8");
    CHECK_EVAL(node, "user", "(begin (define (twice (n u8)) u8 n) (vector-ref (vector) 1))", "error bounds");
    CHECK_EVAL(node, "user", "(twice 400)", "800");
    node_close(node);
}

static void test_bad_headers(void)
{
    static const char *const bad[] = {"(vmlet)",
                                      "(vmlet 5 (needs (all)))",
                                      "(vmlet x (needs (all)) 5)",
                                      "(vmlet x (needs (all)) (version))",
                                      "(vmlet x (needs (all)) (version 0))",
                                      "(vmlet x (needs (all)) (import y))",
                                      "(vmlet x (needs (all)) (import (5)))",
                                      "(vmlet x (needs (all)) (import (no-such-vmlet)))",
                                      "(vmlet x (needs (all)) . y)",
                                      "(vmlet \"x\")"};
    struct vvm_node *node = open_node();
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_NOT_EQUAL(load_text(node, bad[i]), 0);
        CU_ASSERT_NOT_EQUAL(node->control.pending.kind, PENDING_NONE);
    }
    CU_ASSERT_EQUAL(load_text(node, "(vmlet x (needs (all)) (version 3)) (define a 1)"), 0);
    CU_ASSERT_EQUAL(vmlet_named(node, intern(node, "x"))->version, 3);
    node_close(node);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static void test_imports_from_files(void)
{
    char folder[] = "/tmp/vvm-load-XXXXXX", path[64];
    struct vvm_node *node = open_node();
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/low.vml", folder);
    write_text(path, "(vmlet low (needs (all))) (define x 40)");
    snprintf(path, sizeof path, "%s/round.vml", folder);
    write_text(path, "(vmlet round (needs (all)) (import (round)))");
    CU_ASSERT_NOT_EQUAL(load_file(&node->control, path, NULL), 0);
    CHECK_CONTAINS(pending_text(node), "circle");
    unlink(path);
    snprintf(path, sizeof path, "%s/high.vml", folder);
    write_text(path, "(vmlet high (needs (all)) (import (low x))) (define y (+ x 2))");
    CU_ASSERT_EQUAL(load_file(&node->control, path, NULL), 0);
    CHECK_EVAL(node, "high", "y", "42");
    unlink(path);
    snprintf(path, sizeof path, "%s/low.vml", folder);
    unlink(path);
    rmdir(folder);
    node_close(node);
}

static void test_error_inside_expansion_names_the_user(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_NOT_EQUAL(
        load_text(node, "(define-syntax twice\n  (syntax-rules () ((_ e) (begin (if) e))))\n\n   (twice 5)"),
        0);
    CHECK_CONTAINS(pending_text(node), "test.vml:4:4:");
    CU_ASSERT_NOT_EQUAL(load_text(node, "(define (f x)\n  (car x))\n(define (g x)\n  (+ 1 (f x)))\n(g 5)"),
                        0);
    CHECK_CONTAINS(pending_text(node), "test.vml:2:3:");
    CHECK_CONTAINS(pending_text(node), "in g at test.vml:4:");
    node_close(node);
}

static void test_image_equals_source(void)
{
    static const char text[] =
        "(vmlet sum (needs (all)) (version 2)) (define-record-type p (make-p x) p? (x p-x))"
        "(define (f n) (let loop ((i 0) (s 0)) (if (= i n) s (loop (+ i 1) (+ s i)))))"
        "(define a (list (f 10) \"text\" #\\x 'sym 1.5 #u8(1 2) (p-x (make-p 3))))";
    char path[] = "/tmp/vvm-image-XXXXXX";
    struct vvm_node *node = open_node(), *other = open_node();
    uint8_t *image;
    size_t octets;
    int fd = mkstemp(path);
    CU_ASSERT_EQUAL_FATAL((size_t)write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    CU_ASSERT_EQUAL_FATAL(compile_file(&node->control, path, true, &image, &octets), 0);
    CU_ASSERT_EQUAL(load_image(&other->control, "sum.vmi", image, octets, NULL), 0);
    CHECK_EVAL(other, "sum", "a", "(45 \"text\" #\\x sym 1.5 #u8(1 2) 3)");
    CHECK_EVAL(other, "sum", "(f 100)", "4950");
    CU_ASSERT_EQUAL(vmlet_named(other, intern(other, "sum"))->version, 2);
    free(image);
    unlink(path);
    node_close(other);
    node_close(node);
}

static void test_two_nodes_share_nothing(void)
{
    struct vvm_node *a = open_node(), *b = open_node();
    CU_ASSERT_EQUAL(load_text(a, "(define x 1)"), 0);
    CU_ASSERT_EQUAL(load_text(b, "(define x 2)"), 0);
    CHECK_EVAL(a, "user", "x", "1");
    CHECK_EVAL(b, "user", "x", "2");
    CU_ASSERT_NOT_EQUAL(intern(a, "x"), intern(b, "x"));
    node_close(a);
    CHECK_EVAL(b, "user", "(+ x 1)", "3");
    node_close(b);
}

static void test_runaway_load_is_stopped(void)
{
    struct vvm_options options = {.load_fuel = 100000, .heap_limit = 8 << 20};
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    CU_ASSERT_NOT_EQUAL(load_text(node, "(let loop () (loop))"), 0);
    CU_ASSERT_EQUAL(node->control.pending.kind, PENDING_TRAP);
    CU_ASSERT_NOT_EQUAL(load_text(node, "(let loop ((l '())) (loop (cons 1 l)))"), 0);
    CU_ASSERT_NOT_EQUAL(load_text(node, "(make-vector 100000000 0)"), 0);
    CU_ASSERT_EQUAL(load_text(node, "(define ok 1)"), 0);
    node_close(node);
}

void load_tests(CU_pSuite suite)
{
    CU_add_test(suite, "a refused load changes nothing", test_refused_load_changes_nothing);
    CU_add_test(suite, "traces do not last", test_traces_do_not_last);
    CU_add_test(suite, "values outlive a refused load", test_values_outlive_a_refused_load);
    CU_add_test(suite, "names are private to their VMlet", test_names_are_private);
    CU_add_test(suite, "a core name is shadowed, not changed", test_core_is_shadowed_not_changed);
    CU_add_test(suite, "a refused entry leaves no name", test_refused_entry_leaves_no_name);
    CU_add_test(suite, "malformed headers are refused", test_bad_headers);
    CU_add_test(suite, "imports are found beside the file", test_imports_from_files);
    CU_add_test(suite, "an error inside an expansion names what the user wrote",
                test_error_inside_expansion_names_the_user);
    CU_add_test(suite, "an image does what its source does", test_image_equals_source);
    CU_add_test(suite, "two nodes share nothing", test_two_nodes_share_nothing);
    CU_add_test(suite, "a load that runs away is stopped", test_runaway_load_is_stopped);
}
