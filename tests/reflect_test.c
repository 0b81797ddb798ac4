/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reflect_test.c - layers and weavers over what is loaded: what a VMlet put there goes with
 * it, whatever the order, and leaves what was there; what it covers is run by those who
 * were compiled before, and does not hold up its owner.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/environment.h"
#include "../engine/generation.h"
#include "../engine/heap.h"
#include "../engine/load.h"
#include "../engine/unit.h"
#include "../engine/vmlet.h"
#include "suites.h"

#define STRESS 5

/* Collecting garbage often: woven layers are code of no image, which lives while something leads to it. */
static struct vvm_node *open_node(void)
{
    struct vvm_options options = {.seed = 7,
                                  .heap_stress = STRESS,
                                  .path = VVM_SOURCE "/netvmlets:" VVM_SOURCE "/ants:" VVM_SOURCE
                                                     "/tests/networks"};
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    return node;
}

static char *state_of(const struct vvm_node *node)
{
    char *text;
    size_t octets;
    FILE *to = open_memstream(&text, &octets);
    state_print(node, to);
    fclose(to);
    return text;
}

static void load_text(struct vvm_node *node, const char *text, bool replace)
{
    int err = load_octets(&node->control, "test.vml", text, strlen(text), replace, NULL);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static void load_named(struct vvm_node *node, const char *path)
{
    int err = load_file(&node->control, path, NULL);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static void unload(struct vvm_node *node, const char *name)
{
    int err = vmlet_unload(&node->control, intern(node, name), false);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL(err, 0);
}

/* What the expression gives in a VMlet, as `write` prints it. */
static const char *value_in(struct vvm_node *node, const char *name, const char *text)
{
    static char shown[400];
    struct vvm_vmlet *vmlet = vmlet_named(node, intern(node, name));
    struct reader reader;
    vvm_value datum, result;
    CU_ASSERT_PTR_NOT_NULL_FATAL(vmlet);
    reader_init(&reader, &node->control, vmlet->environment, 0, text, strlen(text));
    CU_ASSERT_EQUAL_FATAL(reader_next(&reader, &datum), 0);
    FILE *to = fmemopen(shown, sizeof shown, "w");
    if (eval_datum(&node->control, vmlet->environment, datum, &result)) print_pending(&node->control, to);
    else print_value(node, to, result, PRINT_WRITE, 0);
    fclose(to);
    return shown;
}

#define CHECK_VALUE(node, vmlet, text, expected)                                                             \
    do {                                                                                                     \
        const char *got_ = value_in(node, vmlet, text);                                                      \
        if (strcmp(got_, expected)) fprintf(stderr, "    %d got: %s\n", __LINE__, got_);                     \
        CU_ASSERT_STRING_EQUAL(got_, expected);                                                              \
    } while (0)

/* ---- arounds of several VMlets ------------------------------------------------------------- */

static const char base_text[] = "(vmlet base (needs (all)))"
                                "(define (scale (x u32)) u32 (u32* x 2))"
                                "(define (use x) (list (scale x) (apply scale (list x))))";
static const char inner_text[] = "(vmlet inner (import (base scale)) (needs (around scale)))"
                                 "(around (scale x) (u32+ (scale x) 10))";
static const char outer_text[] = "(vmlet outer (import (base scale)) (needs (around scale)))"
                                 "(around (scale x) (u32+ (scale x) 100))";

/* Both orders of going; the typed caller and the untyped one see the same. */
static void test_arounds_in_any_order(void)
{
    for (unsigned first = 0; first < 2; first++) {
        struct vvm_node *node = open_node();
        load_text(node, base_text, false);
        char *before = state_of(node);
        load_text(node, inner_text, false);
        load_text(node, outer_text, false);
        CHECK_VALUE(node, "base", "(use 1)", "(112 112)");
        CHECK_VALUE(node, "base", "(map car (definition-layers (definition 'scale)))", "(base inner outer)");
        CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "base"), false), -EBUSY);
        unload(node, first ? "inner" : "outer");
        CHECK_VALUE(node, "base", "(use 1)", first ? "(102 102)" : "(12 12)");
        unload(node, first ? "outer" : "inner");
        CHECK_VALUE(node, "base", "(use 1)", "(2 2)");
        char *after = state_of(node);
        CU_ASSERT_STRING_EQUAL(before, after);
        free(before);
        free(after);
        node_close(node);
    }
}

/* A load that fails leaves no layer. */
static void test_failed_load_leaves_no_layer(void)
{
    static const char text[] = "(vmlet bad (import (base scale)) (needs (around scale)))"
                               "(around (scale x) (u32+ (scale x) 10)) (raise 'no)";
    struct vvm_node *node = open_node();
    load_text(node, base_text, false);
    CU_ASSERT_NOT_EQUAL(load_octets(&node->control, "bad", text, strlen(text), false, NULL), 0);
    CHECK_VALUE(node, "base", "(use 1)", "(2 2)");
    node_close(node);
}

/* Through an image: its own names for the function and what lies below stand in it. */
static void test_around_in_an_image(void)
{
    uint8_t *image;
    size_t octets;
    char path[] = "/tmp/vvm-reflect-XXXXXX";
    struct vvm_node *node = open_node(), *other = open_node();
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, inner_text, strlen(inner_text)), (ssize_t)strlen(inner_text));
    close(fd);
    load_text(node, base_text, false);
    int err = compile_file(&node->control, path, false, &image, &octets);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    load_text(other, base_text, false);
    CU_ASSERT_EQUAL(load_octets(&other->control, "inner.vmi", image, octets, false, NULL), 0);
    CHECK_VALUE(other, "base", "(use 1)", "(12 12)");
    unload(other, "inner");
    CHECK_VALUE(other, "base", "(use 1)", "(2 2)");
    free(image);
    unlink(path);
    node_close(node);
    node_close(other);
}

/* ---- weavers --------------------------------------------------------------------------------- */

static const char weaver_text[] =
    "(vmlet counting (needs (around *) (introspect all code)))"
    "(define seen '())"
    "(where (lambda (d) (and (eq? (definition-kind d) 'function) (memq (definition-name d) '(scale late))))"
    "       (lambda (d) `(lambda (x) (list 'woven (previous x)))))";

static void test_weaver_reaches_later_loads(void)
{
    struct vvm_node *node = open_node();
    load_text(node, "(vmlet base (needs (all))) (define (scale x) (* x 2)) (define (plain x) x)", false);
    char *before = state_of(node);
    load_text(node, weaver_text, false);
    CHECK_VALUE(node, "base", "(list (scale 1) (plain 1))", "((woven 2) 1)");
    load_text(node, "(vmlet more (needs (all))) (define (late x) (- x))", false);
    CHECK_VALUE(node, "more", "(late 1)", "(woven -1)");
    CHECK_VALUE(node, "base", "(list (scale 1) (length (weavers)))", "((woven 2) 1)"); /* once */
    unload(node, "more"); /* a woven layer holds nothing up */
    load_text(node, "(vmlet more (needs (all))) (define (late x) (list x))", false);
    CHECK_VALUE(node, "more", "(late 1)", "(woven (1))");
    unload(node, "more");
    unload(node, "counting");
    CHECK_VALUE(node, "base", "(scale 1)", "2");
    char *after = state_of(node);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(before);
    free(after);
    node_close(node);
}

/* A new version is shown again; what it does not define any more keeps no layer. */
static void test_weaver_and_replace(void)
{
    struct vvm_node *node = open_node();
    load_text(node, "(vmlet base (needs (all))) (define (scale x) (* x 2)) (define (late x) x)", false);
    load_text(node, weaver_text, false);
    for (unsigned i = 0; i < 20; i++) {
        load_text(node, "(vmlet base (needs (all)) (version 2)) (define (scale x) (* x 3))", true);
        CHECK_VALUE(node, "base", "(scale 1)", "(woven 3)");
        CHECK_VALUE(node, "base", "(map cadr (definition-layers (definition 'scale)))", "(define around)");
    }
    load_text(node, "(vmlet base (needs (all)) (version 3)) (define (other x) x)", true);
    CU_ASSERT_PTR_NOT_NULL(strstr(value_in(node, "base", "(scale 1)"), "unbound"));
    unload(node, "counting");
    unload(node, "base");
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    node_close(node);
}

static void test_weaver_that_fails(void)
{
    static const char text[] = "(vmlet bad (needs (around *) (introspect all code)))"
                               "(where (lambda (d) #t) (lambda (d) '(lambda (x) (no-such-name x))))";
    static const char primitive[] =
        "(vmlet base (needs (all))) (define-primitive (scale (x u32)) u32 (u32* x 2))"
        "(define-primitive (use (x u32)) u32 (scale x))";
    struct vvm_node *node = open_node();
    load_text(node, primitive, false);
    char *before = state_of(node);
    CU_ASSERT_NOT_EQUAL(load_octets(&node->control, "bad", text, strlen(text), false, NULL), 0);
    char *after = state_of(node);
    CU_ASSERT_STRING_EQUAL(before, after);
    CHECK_VALUE(node, "base", "(use 4)", "8");
    CHECK_VALUE(node, "base", "(weavers)", "()");
    free(before);
    free(after);
    node_close(node);
}

static void test_unweave(void)
{
    struct vvm_node *node = open_node();
    load_text(node, "(vmlet base (needs (all))) (define (scale x) (* x 2))", false);
    load_text(node, "(vmlet w (needs (around *) (introspect all code)))", false);
    static const char where[] = "(where louder (lambda (d) (eq? (definition-name d) 'scale)) (lambda (d) "
                                "'(lambda (x) (+ 100 (previous x)))))";
    CHECK_VALUE(node, "w", where, "#<unspecified>");
    CHECK_VALUE(node, "base", "(scale 1)", "102");
    CHECK_VALUE(node, "w", where, "#<unspecified>"); /* in the place of the old one */
    CHECK_VALUE(node, "base", "(scale 1)", "102");
    CHECK_VALUE(node, "w", "(unweave louder)", "#<unspecified>");
    CHECK_VALUE(node, "base", "(scale 1)", "2");
    CU_ASSERT_PTR_NOT_NULL(strstr(value_in(node, "w", "(unweave louder)"), "has woven nothing so called"));
    node_close(node);
}

/* What was put over an instruction from the REPL stays though nothing else leads to its code. */
static void test_around_of_an_entry(void)
{
    struct vvm_node *node = open_node();
    load_named(node, VVM_SOURCE "/netvmlets/hop.vml");
    load_text(node, "(define operator #t)", false);
    char *before = state_of(node);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_VALUE(node, "user",
                    "(around (instruction hop deliver) (if (= port 13) (drop 'unlucky)) (previous))",
                    "#<unspecified>");
        heap_collect(node);
    }
    CHECK_VALUE(node, "user", "(length (definition-layers (definition '(instruction hop deliver))))", "4");
    CHECK_VALUE(node, "user", "(run-tests 'hop)", "(8 . 0)");
    unload(node, "user");
    load_text(node, "(define operator #t)", false);
    char *after = state_of(node);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(before);
    free(after);
    node_close(node);
}

/* Over instructions and hooks, too; they do not keep the network from going and coming back. */
static void test_weaver_over_a_network(void)
{
    static const char text[] = "(vmlet w (needs (around *) (introspect all code)))"
                               "(where (lambda (d) (eq? (definition-network d) 'hop))"
                               "       (lambda (d) (and (memq (definition-kind d) '(instruction hook))"
                               "                        '(lambda () (fuel-left) (previous)))))";
    static const char layers[] =
        "(map (lambda (t) (map car (definition-layers (definition t))))"
        "     '((instruction hop forward) (instruction hop deliver) (network hop execute)))";
    struct vvm_node *node = open_node();
    load_text(node, "(define operator #t)", false);
    load_text(node, text, false);
    char *before = state_of(node);
    for (unsigned i = 0; i < 3; i++) {
        load_named(node, VVM_SOURCE "/netvmlets/hop.vml");
        CHECK_VALUE(node, "user", layers, "((hop w) (hop w) (hop w))");
        CHECK_VALUE(node, "user", "(run-tests 'hop)", "(8 . 0)");
        unload(node, "hop");
        unload(node, "anep");
        unload(node, "route");
        unload(node, "diagram");
        char *after = state_of(node);
        CU_ASSERT_STRING_EQUAL(before, after);
        free(after);
    }
    free(before);
    node_close(node);
}

/* ---- aspects over an ANTS that knows nothing of them --------------------------------------------- */

/* Woven, the aspect's own tests pass; the network's too, woven or not. Removed, everything is as before. */
static void weave_and_remove(const char *aspect)
{
    char path[300];
    struct vvm_node *node = open_node();
    load_named(node, VVM_SOURCE "/ants/ants.vml");
    load_named(node, VVM_SOURCE "/tests/networks/keep.vml");
    load_named(node, VVM_SOURCE "/netvmlets/weave.vml");
    load_text(node, "(define operator #t)", false); /* a VMlet that may run others' tests: `user` */
    char *before = state_of(node);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, VVM_SOURCE "/tests/networks/%s.vml", aspect);
        load_named(node, path);
        CHECK_VALUE(node, "user", "(length (weavers))", "1");
        char *woven = state_of(node);
        CU_ASSERT_STRING_NOT_EQUAL(before, woven);
        CHECK_VALUE(node, "user", "(run-tests 'ants)", "(7 . 0)");
        CHECK_VALUE(node, "user", "(run-tests 'keep)", "(1 . 0)");
        unload(node, aspect);
        char *after = state_of(node);
        CU_ASSERT_STRING_EQUAL(before, after);
        CHECK_VALUE(node, "user", "(run-tests 'ants)", "(7 . 0)");
        free(woven);
        free(after);
    }
    free(before);
    node_close(node);
}

static void test_aspect_replicates(void) { weave_and_remove("replicate"); }
static void test_aspect_traces(void) { weave_and_remove("trace"); }
static void test_aspect_limits(void) { weave_and_remove("limit"); }

void reflect_tests(CU_pSuite suite)
{
    CU_add_test(suite, "arounds go in any order", test_arounds_in_any_order);
    CU_add_test(suite, "a failed load leaves no layer", test_failed_load_leaves_no_layer);
    CU_add_test(suite, "an around in an image", test_around_in_an_image);
    CU_add_test(suite, "a weaver reaches later loads", test_weaver_reaches_later_loads);
    CU_add_test(suite, "a weaver and a replace", test_weaver_and_replace);
    CU_add_test(suite, "a weaver that fails", test_weaver_that_fails);
    CU_add_test(suite, "unweave", test_unweave);
    CU_add_test(suite, "an around of an entry", test_around_of_an_entry);
    CU_add_test(suite, "a weaver over a network", test_weaver_over_a_network);
    CU_add_test(suite, "an aspect replicates table writes", test_aspect_replicates);
    CU_add_test(suite, "an aspect traces", test_aspect_traces);
    CU_add_test(suite, "an aspect limits a rate", test_aspect_limits);
}
