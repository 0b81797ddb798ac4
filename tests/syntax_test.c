/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syntax_test.c - whom macros and readers are visible to: the VMlet that defines them and
 * those that ask; with the capability, all, for as long as it is loaded. And that names which
 * a macro left in another VMlet mean what they meant when its own VMlet has gone.
 */
#include <stdlib.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "../engine/vmlet.h"
#include "suites.h"

static struct vvm_node *open_node(void)
{
    struct vvm_node *node;
    struct vvm_options options = {.path = VVM_SOURCE "/netvmlets"};
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    return node;
}

static int load_text(struct vvm_node *node, const char *text)
{
    return load_source(&node->control, "test.vml", text, strlen(text), NULL);
}

static void must_load(struct vvm_node *node, const char *text)
{
    int err = load_text(node, text);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

/* Refused, with that in what people are shown. */
static void must_fail(struct vvm_node *node, const char *text, const char *part)
{
    char *shown = NULL;
    size_t length;
    int err = load_text(node, text);
    CU_ASSERT_NOT_EQUAL(err, 0);
    if (!err) return;
    FILE *to = open_memstream(&shown, &length);
    print_pending(&node->control, to);
    fclose(to);
    if (!strstr(shown, part)) fprintf(stderr, "    expected an error with %s, got: %s\n", part, shown);
    CU_ASSERT_PTR_NOT_NULL(strstr(shown, part));
    free(shown);
}

static vvm_value eval_in(struct vvm_node *node, const char *vmlet, const char *text)
{
    struct reader reader;
    vvm_value datum, result = VALUE_EXCEPTION;
    struct vvm_vmlet *v = vmlet_named(node, intern(node, vmlet));
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    reader_init(&reader, &node->control, v->environment, node_file(node, "test"), text, strlen(text));
    if (reader_next(&reader, &datum) || eval_datum(&node->control, v->environment, datum, &result))
        return VALUE_EXCEPTION;
    return result;
}

static void must_unload(struct vvm_node *node, const char *name)
{
    int err = vmlet_unload(&node->control, intern(node, name), 0);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL(err, 0);
}

#define GIVES(vmlet, text, number) CU_ASSERT_EQUAL(eval_in(node, vmlet, text), make_fixnum(number))
#define FAILS(vmlet, text)         CU_ASSERT_EQUAL(eval_in(node, vmlet, text), VALUE_EXCEPTION)

static const char macros[] = "(vmlet m) (define (helper x) (+ x 100))"
                             "(define-syntax plus-one (syntax-rules () ((_ x) (+ x 1))))"
                             "(define-syntax helped (syntax-rules () ((_ x) (helper x))))"
                             "(define-reader (seven port) (read-line port) 7)";

/* ---- who sees them -------------------------------------------------------------------------- */

static void only_who_asks_sees_syntax(void)
{
    struct vvm_node *node = open_node();
    must_load(node, macros);
    must_load(
        node,
        "(vmlet asks (use-syntax m)) (define a (plus-one 1)) (define b {seven x}) (define c (helped 1))");
    must_load(node, "(vmlet names (import (m plus-one))) (define a (plus-one 2))");
    must_load(node, "(vmlet reads (import (m))) (define a {seven})");
    GIVES("asks", "(list-ref (list a b c) 2)", 101);
    GIVES("names", "a", 3);
    GIVES("reads", "a", 7);
    must_fail(node, "(vmlet no) (define a (plus-one 1))", "plus-one");
    must_fail(node, "(vmlet no) (define a {seven x})", "seven");
    must_fail(node, "(vmlet no (import (m))) (define a (plus-one 1))", "plus-one");
    must_fail(node, "(vmlet no (import (m plus-one))) (define a {seven})", "seven");
    must_fail(node, "(vmlet no (use-syntax asks)) (define a (plus-one 1))", "has no syntax");
    FAILS("names", "{seven x}");
    must_load(node, "(vmlet hands-on (use-syntax m)) (define-syntax plus-one-too plus-one)");
    must_load(node, "(vmlet gets (use-syntax hands-on)) (define a (plus-one-too 5))");
    GIVES("gets", "a", 6);
    FAILS("gets", "(plus-one 5)");
    node_close(node);
}

static void clashes_are_errors_and_own_names_stand_above(void)
{
    struct vvm_node *node = open_node();
    must_load(node, macros);
    must_load(node,
              "(vmlet n) (define-syntax plus-one (syntax-rules () ((_ x) (+ x 10)))) (define (helped x) x)");
    must_fail(node, "(vmlet both (use-syntax m n))", "asks `n` for syntax and has that name from `m`");
    must_fail(node, "(vmlet both (import (n helped)) (use-syntax m))", "asks `m` for syntax");
    must_load(node,
              "(vmlet both (import (n plus-one)) (import (m helped))) (define a (plus-one (helped 1)))");
    GIVES("both", "a", 111);
    must_load(node, "(vmlet own (use-syntax m)) (define-syntax plus-one (syntax-rules () ((_ x) 0)))"
                    "(define (helped x) 1) (define a (+ (plus-one 9) (helped 9)))");
    GIVES("own", "a", 1);
    must_load(node,
              "(vmlet twice (use-syntax m) (import (m)) (import (m plus-one))) (define a (plus-one 0))");
    GIVES("twice", "a", 1);
    node_close(node);
}

static void what_failed_leaves_no_syntax(void)
{
    struct vvm_node *node = open_node();
    must_load(node, macros);
    must_load(node, "(vmlet session)");
    must_fail(node, "(vmlet late (use-syntax m)) (define-syntax late-one plus-one) (car 5)", "type");
    must_fail(node, "(vmlet asks (use-syntax late)) 1", "no VMlet `late` is loaded");
    FAILS("session", "(late-one 1)");
    FAILS("session", "(begin (define-syntax mine (syntax-rules () ((_) 5))) (car 5))");
    FAILS("session", "(mine)");
    CU_ASSERT_NOT_EQUAL(eval_in(node, "session", "(define-syntax mine (syntax-rules () ((_) 5)))"),
                        VALUE_EXCEPTION);
    GIVES("session", "(mine)", 5);
    node_close(node);
}

static void an_image_has_none(void)
{
    struct vvm_node *node = open_node(), *other = open_node();
    uint8_t *image;
    size_t length;
    must_load(node, macros);
    CU_ASSERT_EQUAL_FATAL(
        compile_file(&other->control, VVM_SOURCE "/netvmlets/diagram.vml", false, &image, &length), 0);
    CU_ASSERT_EQUAL_FATAL(load_image(&node->control, "diagram.vmi", image, length, NULL), 0);
    must_fail(node, "(vmlet draws (use-syntax diagram))", "macros and readers are in sources, not in images");
    free(image);
    node_close(other);
    node_close(node);
}

/* ---- when their VMlet has gone ------------------------------------------------------------------ */

static void who_asked_loses_them_with_their_vmlet(void)
{
    struct vvm_node *node = open_node();
    must_load(node, macros);
    must_load(node, "(vmlet asks (use-syntax m)) (define a (plus-one 1))");
    GIVES("asks", "(plus-one 2)", 3);
    must_unload(node, "m");
    GIVES("asks", "a", 2);
    FAILS("asks", "(plus-one 2)");
    FAILS("asks", "{seven x}");
    must_load(node, macros);
    FAILS("asks", "(plus-one 2)");
    node_close(node);
}

/* Aliases in inline functions, in macros that macros made, in macros by another name. */
static void names_that_macros_left_keep_their_meaning(void)
{
    struct vvm_node *node = open_node();
    must_load(node, "(vmlet x) (define-inline (three) 3)");
    must_load(node,
              "(vmlet m (import (x three))) (define-syntax plus-one (syntax-rules () ((_ x) (+ x 1))))"
              "(define-syntax plus-three (syntax-rules () ((_ x) (+ x (three)))))"
              "(define-syntax make-inline (syntax-rules () ((_ name) (define-inline (name x) (+ x 1)))))"
              "(define-syntax make-macro (syntax-rules () ((_ name) (define-syntax name (syntax-rules ()"
              " ((_ x) (plus-one (* x 2))))))))");
    must_load(node,
              "(vmlet a (use-syntax m)) (make-inline f) (make-macro twice) (define-syntax mine plus-one)"
              "(define-syntax more plus-three)");
    must_unload(node, "m");
    must_unload(node, "x");
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(vmlets_reap(node), 1); /* m waits for those names */
        GIVES("a", "(f 1)", 2);
        GIVES("a", "(mine 4)", 5);
        GIVES("a", "(twice 4)", 9);
        FAILS("a", "(more 4)");
    }
    must_load(node, "(vmlet b (import (a f)) (use-syntax a)) (define c (+ (f 1) (mine 1) (twice 1)))");
    GIVES("b", "c", 7);
    must_unload(node, "b");
    must_unload(node, "a");
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    node_close(node);
}

/* ---- for all --------------------------------------------------------------------------------------- */

static const char giver[] = "(vmlet giver (needs (global-syntax))) (define (ten x) (* x 10))"
                            "(define-global-syntax tenfold (syntax-rules () ((_ x) (ten x))))"
                            "(define-global-reader (eight port) (read-line port) 8)";

static void syntax_for_all(void)
{
    struct vvm_node *node = open_node();
    must_load(node, "(vmlet before)");
    must_load(node, giver);
    must_load(node, "(vmlet after) (define a (+ (tenfold 2) {eight x}))");
    GIVES("after", "a", 28);
    GIVES("before", "(tenfold 3)", 30);
    must_load(node, "(vmlet own) (define (tenfold x) x) (define a (tenfold 4))");
    GIVES("own", "a", 4);
    must_fail(
        node,
        "(vmlet other (needs (global-syntax))) (define-global-syntax tenfold (syntax-rules () ((_) 1)))",
        "tenfold was given to all by the VMlet giver already");
    must_fail(node,
              "(vmlet other (needs (global-syntax))) (define-global-syntax if (syntax-rules () ((_) 1)))",
              "if is a name of the language");
    must_fail(node,
              "(vmlet other (needs (global-syntax))) (define-global-syntax car (syntax-rules () ((_) 1)))",
              "car is a name of the language");
    must_unload(node, "after");
    must_unload(node, "giver");
    FAILS("before", "(tenfold 3)");
    FAILS("before", "{eight x}");
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    must_load(node, giver);
    GIVES("before", "(tenfold 3)", 30);
    node_close(node);
}

static void syntax_for_all_needs_the_capability(void)
{
    struct vvm_node *node = open_node();
    must_fail(node, "(vmlet no) (define-global-syntax tenfold (syntax-rules () ((_ x) x)))", "error");
    must_fail(node, "(vmlet no) (define-global-reader (eight port) 8)", "error");
    must_load(node, "(vmlet before)");
    FAILS("before", "(tenfold 1)");
    node_close(node);
}

static void a_load_that_fails_takes_it_back(void)
{
    struct vvm_node *node = open_node();
    must_load(node, "(vmlet before)");
    must_fail(node,
              "(vmlet fails (needs (global-syntax))) (define-global-syntax five (syntax-rules () ((_) 5)))"
              "(define a (five)) (car a)",
              "type");
    FAILS("before", "(five)");
    must_load(node, giver);
    must_fail(
        node,
        "(vmlet fails (needs (global-syntax))) (define-global-syntax five (syntax-rules () ((_) 5))) (car 5)",
        "type");
    GIVES("before", "(tenfold 3)", 30);
    FAILS("before", "(five)");
    must_load(node, "(define-global-syntax six (syntax-rules () ((_) 6)))"); /* the operator's own text */
    GIVES("before", "(six)", 6);
    FAILS("user", "(begin (define-global-syntax nine (syntax-rules () ((_) 9))) (car 5))");
    FAILS("before", "(nine)");
    GIVES("before", "(six)", 6);
    node_close(node);
}

#define ADD(test) CU_add_test(suite, #test, test)

void syntax_tests(CU_pSuite suite)
{
    ADD(only_who_asks_sees_syntax);
    ADD(clashes_are_errors_and_own_names_stand_above);
    ADD(what_failed_leaves_no_syntax);
    ADD(an_image_has_none);
    ADD(who_asked_loses_them_with_their_vmlet);
    ADD(names_that_macros_left_keep_their_meaning);
    ADD(syntax_for_all);
    ADD(syntax_for_all_needs_the_capability);
    ADD(a_load_that_fails_takes_it_back);
}
