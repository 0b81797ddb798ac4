/* SPDX-License-Identifier: Apache-2.0 */
/*
 * life_test.c - what VMlets say shall be done when they come and go: on-publish, on-unload,
 * migrate, parameters; and what is left when one of these fails.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/environment.h"
#include "../engine/generation.h"
#include "../engine/load.h"
#include "../engine/table/table.h"
#include "../engine/vmlet.h"
#include "suites.h"

static struct vvm_node *open_node(void)
{
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    return node;
}

static int load(struct vvm_node *node, const char *text)
{
    return load_octets(&node->control, "test.vml", text, strlen(text), true, NULL);
}

static void must_load(struct vvm_node *node, const char *text)
{
    int err = load(node, text);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

/* The value of an expression in a VMlet, as text. */
static const char *value(struct vvm_node *node, const char *name, const char *text)
{
    static char out[512];
    struct reader reader;
    vvm_value datum, result;
    struct vvm_vmlet *vmlet = vmlet_named(node, intern(node, name));
    CU_ASSERT_PTR_NOT_NULL_FATAL(vmlet);
    reader_init(&reader, &node->control, vmlet->environment, 0, text, strlen(text));
    CU_ASSERT_EQUAL_FATAL(reader_next(&reader, &datum), 0);
    FILE *to = fmemopen(out, sizeof out, "w");
    if (eval_datum(&node->control, vmlet->environment, datum, &result)) print_pending(&node->control, to);
    else print_value(node, to, result, PRINT_WRITE, 0);
    fclose(to);
    return out;
}

static bool is_pending(struct vvm_node *node, const char *part)
{
    char text[1024] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    print_pending(&node->control, to);
    fclose(to);
    if (!strstr(text, part)) fprintf(stderr, "    got: %s\n", text);
    return strstr(text, part) != NULL;
}

#define CHECK_VALUE(node, name, text, expected)                                                              \
    do {                                                                                                     \
        const char *got_ = value(node, name, text);                                                          \
        if (strcmp(got_, expected)) fprintf(stderr, "    %d got: %s\n", __LINE__, got_);                     \
        CU_ASSERT_STRING_EQUAL(got_, expected);                                                              \
    } while (0)

static char *state_of(struct vvm_node *node)
{
    char *text;
    size_t octets;
    FILE *to = open_memstream(&text, &octets);
    state_print(node, to);
    fclose(to);
    return text;
}

/* Refused for that reason, and nothing is different. */
static void check_refused(struct vvm_node *node, const char *text, const char *why)
{
    char *before = state_of(node), *after;
    unsigned tables = tables_count(node);
    CU_ASSERT_NOT_EQUAL(load(node, text), 0);
    CU_ASSERT(is_pending(node, why));
    after = state_of(node);
    CU_ASSERT_STRING_EQUAL(before, after);
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    CU_ASSERT_EQUAL(tables_count(node), tables);
    CU_ASSERT_EQUAL(generations_alive(node), 1);
    free(before);
    free(after);
}

static const char log_text[] =
    "(vmlet log (needs (all)))"
    "(define-table said map (key u32) (value u32) (entries 16))"
    "(define (say n) (table-put! said (table-count said) n))"
    "(define told 0) (define (tell n) (set! told n))"
    "(define (all) (map (lambda (i) (table-ref said i)) (iota (table-count said))))";

/* ---- on-publish, on-unload --------------------------------------------------------------------- */

static void hooks_run_when_vmlets_come_and_go(void)
{
    struct vvm_node *node = open_node();
    vvm_value one = intern(node, "one");
    must_load(node, log_text);
    must_load(node, "(vmlet one (needs (all)) (import (log say))) (define n 7)"
                    "(on-publish (say n)) (on-unload (say 70)) (on-publish (say 8) (say 9))");
    CHECK_VALUE(node, "log", "(all)", "(7 8 9)");
    must_load(node,
              "(vmlet one (needs (all)) (import (log say))) (on-publish (say 10)) (on-unload (say 80))");
    CHECK_VALUE(node, "log", "(all)", "(7 8 9 10)"); /* a replaced one is not unloaded */
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, one, 0), 0);
    CHECK_VALUE(node, "log", "(all)", "(7 8 9 10 80)");
    node_close(node);
}

static void an_on_publish_that_fails_takes_the_load_back(void)
{
    struct vvm_node *node = open_node();
    must_load(node, log_text);
    must_load(node, "(vmlet one (needs (all)) (import (log say))) (define n 1) (define (f) n)"
                    "(define-table mine map (key u8) (value u8) (entries 4))");
    value(node, "one", "(table-put! mine 1 2)");
    check_refused(node,
                  "(vmlet two (needs (all)) (import (log tell)) (import (one f))) (define-array a u8 4)"
                  "(on-publish (tell 5) (array-set! a 0 1) (car (f)))",
                  "test.vml:1:125: error type: argument 1 of car must be of type pair");
    CHECK_VALUE(node, "log", "told", "0"); /* what set! did is taken back, too */
    check_refused(node,
                  "(vmlet one (needs (all)) (import (log say))) (define n 2) (define (f) n)"
                  "(define-table mine map (key u8) (value u8) (entries 4)) (on-publish (raise 'no))",
                  "no");
    CHECK_VALUE(node, "one", "(list (f) (table-ref mine 1))", "(1 2)");
    check_refused(node, "(vmlet three (needs (all))) (on-publish (eval '(define x 1)))",
                  "a load cannot begin");
    check_refused(node, "(vmlet three (needs (all))) (on-publish)", "needs a body");
    node_close(node);
}

/* What was called before the one that failed hears that it goes. */
static void an_import_hears_that_it_is_taken_back(void)
{
    char path[] = "/tmp/vvm-life-XXXXXX", file[64];
    struct vvm_node *node = open_node();
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
    snprintf(file, sizeof file, "%s/inner.vml", path);
    FILE *to = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    fputs("(vmlet inner (needs (all)) (import (log say))) (on-publish (say 1)) (on-unload (say 2))", to);
    fclose(to);
    node->options.path = path;
    must_load(node, log_text);
    check_refused(node,
                  "(vmlet outer (needs (all)) (import (inner) (log say))) (on-publish (say 3) (raise 'no))",
                  "no");
    CHECK_VALUE(node, "log", "(all)", "(1 3 2)");
    remove(file);
    remove(path);
    node_close(node);
}

static void an_on_unload_that_fails_keeps_the_vmlet(void)
{
    struct vvm_node *node = open_node();
    vvm_value one = intern(node, "one");
    must_load(node, "(vmlet one (needs (all))) (define (f) 1) (on-unload (error \"not yet\"))");
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, one, 0), -ECANCELED);
    CU_ASSERT(is_pending(node, "not yet"));
    CHECK_VALUE(node, "one", "(f)", "1");
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, one, UNLOAD_FORCE), 0);
    CU_ASSERT_PTR_NULL(vmlet_named(node, one));
    node_close(node);
}

/* What asks for loads gets no more fuel by it. */
static void hooks_end_though_they_load(void)
{
    static const char spin[] = "(define (spin) (guard (e (#t #f)) (eval 1)) (spin))";
    char text[200];
    struct vvm_node *node = open_node();
    node->options.load_fuel = 20000;
    snprintf(text, sizeof text, "(vmlet one (needs (all))) %s (on-publish (spin))", spin);
    check_refused(node, text, "trap fuel");
    snprintf(text, sizeof text, "(vmlet one (needs (all))) %s (on-unload (spin))", spin);
    must_load(node, text);
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "one"), 0), -ECANCELED);
    CU_ASSERT(is_pending(node, "trap fuel"));
    node_close(node);
}

static void an_on_unload_that_makes_others_use_it_keeps_the_vmlet(void)
{
    struct vvm_node *node = open_node();
    vvm_value one = intern(node, "one");
    must_load(node, "(vmlet two (needs (all))) (define (run form) (eval form))");
    must_load(node, "(vmlet one (needs (all)) (import (two run))) (define (f) 1)"
                    "(on-unload (run '(around (of one f) () (+ 1 (previous)))))");
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, one, UNLOAD_FORCE), -EBUSY);
    CHECK_VALUE(node, "one", "(f)", "2");
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, one, UNLOAD_CASCADE), 0);
    CU_ASSERT_PTR_NULL(vmlet_named(node, intern(node, "two")));
    node_close(node);
}

/* ---- migrate ------------------------------------------------------------------------------------ */

#define OLD                                                                                                  \
    "(vmlet kept (needs (all))) (define-table m map (key u8 (bytes 2)) (value u32 u8) (entries 8))"          \
    "(define-table l lpm (key u32) (value u16) (entries 8)) (define-array a u8 4)"                           \
    "(define-table same map (key u8) (value u8) (entries 4))"

static struct vvm_node *open_kept(void)
{
    struct vvm_node *node = open_node();
    must_load(node, OLD);
    value(node, "kept",
          "(begin (table-put! m 1 (bytevector 1 1) 10 11) (table-put! m 2 (bytevector 2 2) 20 21)"
          "(lpm-add! l #x0a000000 8 3) (lpm-add! l #x0a010000 16 4) (array-set! a 2 9)"
          "(table-put! same 1 2))");
    return node;
}

static void entries_are_converted(void)
{
    struct vvm_node *node = open_kept();
    must_load(node,
              "(vmlet kept (needs (all))) (define-table m map (key u8 (bytes 2)) (value u64) (entries 4))"
              "(define-table l lpm (key u32) (value u32) (entries 16)) (define-array a u32 8)"
              "(define-table same map (key u8) (value u8) (entries 4))"
              "(define-table fresh map (key u8) (value u8) (entries 4))"
              "(migrate m (k tag v w) (if (= k 2) #f (+ v w (bytevector-u8-ref tag 0))))"
              "(migrate l (prefix length v) (+ (* 100 length) v))"
              "(migrate a (i v) (+ i v)) (migrate same (k v) (error \"not moved\"))"
              "(migrate fresh (k v) 0)"
              "(define seen 0) (on-publish (set! seen (table-count m)))");
    CHECK_VALUE(node, "kept", "(list (table-ref m 1 (bytevector 1 1)) (table-ref m 2 (bytevector 2 2)))",
                "(22 #f)");
    CHECK_VALUE(node, "kept", "(list (table-ref l #x0a000001) (table-ref l #x0a010001) (table-count l))",
                "(803 1604 2)");
    CHECK_VALUE(node, "kept", "(list (array-ref a 2) (array-ref a 0) (table-ref same 1) seen)", "(11 0 2 1)");
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    CU_ASSERT_EQUAL(tables_count(node), 5);
    node_close(node);
}

static void a_migration_that_fails_changes_nothing(void)
{
    struct vvm_node *node = open_kept();
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"(migrate m (k tag v w) (car v))", "argument 1 of car"},
        {"(migrate m (k tag v) v)", "arguments"},
        {"(migrate m (k tag v w) (list v))", "needs as many parts"},
        {"(migrate m (k tag v w) (list v 300))", "error"},
        {"(migrate none (k v) v)", "migrate: table none of VMlet kept: there is no such table"},
    };
    char text[512];
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text,
                 "(vmlet kept (needs (all))) (define-table m map (key u8 (bytes 2)) (value u32 u8) (entries "
                 "9)) %s",
                 bad[i].text);
        check_refused(node, text, bad[i].why);
    }
    check_refused(node,
                  "(vmlet kept (needs (all))) (define-table m map (key u8 u8) (value u8) (entries 9)) "
                  "(migrate m (a b c) 1)",
                  "its keys were others before");
    check_refused(
        node,
        "(vmlet kept (needs (all))) (define-table m map (key u8 (bytes 2)) (value u32 u8) (entries 1))"
        "(migrate m (k tag v w) (list v w))",
        "it is full");
    check_refused(node, "(vmlet kept (needs (all))) (define-array a u8 2) (migrate a (i v) v)",
                  "no such element");
    CHECK_VALUE(node, "kept", "(table-ref m 1 (bytevector 1 1))", "#u8(0 0 0 10 11)");
    must_load(
        node,
        "(vmlet kept (needs (all))) (define-table m map (key u8 (bytes 2)) (value u32 u8) (entries 9))");
    CHECK_VALUE(node, "kept", "(table-count m)", "0"); /* nobody said how */
    node_close(node);
}

/* ---- parameters ---------------------------------------------------------------------------------- */

static const char chosen[] =
    "(vmlet chosen (needs (table 64KiB)) (parameters (size 4 (between 1 100)) (rate 0.5) (name \"none\") "
    "(mode fast (one-of fast small))"
    "  (open #t) (peers (1 2))))"
    "(define-table t map (key u8) (value u8) (entries size)) (define doubled (* 2 "
    "size)) (define (half) (/ rate 2))"
    "(define (all) (list size doubled (half) name mode open peers))";

static int load_with(struct vvm_node *node, const void *data, size_t octets, unsigned count, ...)
{
    struct load_parameter items[8];
    va_list args;
    va_start(args, count);
    for (unsigned i = 0; i < count; i++) {
        items[i].name = va_arg(args, const char *);
        items[i].text = va_arg(args, const char *);
    }
    va_end(args);
    return load_octets_with(&node->control, "test.vml", data, octets, true,
                            &(struct load_parameters){items, count}, NULL);
}
#define LOAD_WITH(node, text, count, ...) load_with(node, text, strlen(text), count, __VA_ARGS__)

static void parameters_are_chosen_at_load(void)
{
    struct vvm_node *node = open_node();
    must_load(node, chosen);
    CHECK_VALUE(node, "chosen", "(all)", "(4 8 0.25 \"none\" fast #t (1 2))");
    CU_ASSERT_EQUAL(LOAD_WITH(node, chosen, 6, "size", "9", "rate", "3", "name", "a (b", "mode", "small",
                              "open", "#f", "peers", "()"),
                    0);
    CHECK_VALUE(node, "chosen", "(all)", "(9 18 1.5 \"a (b\" small #f ())");
    CHECK_VALUE(node, "chosen", "(begin (set! size 3) 1)",
                "error syntax: ?:1:8: set!: size is a parameter of the VMlet\n");
    node_close(node);
}

static void parameters_that_do_not_fit_are_refused(void)
{
    static const struct {
        const char *name, *text, *why;
    } bad[] = {
        {"siez", "5", "VMlet `chosen` has no parameter `siez`: the nearest is `size`"},
        {"size", "0", "parameter `size` of VMlet `chosen` must be (between 1 100)"},
        {"size", "five", "parameter `size` of VMlet `chosen` is an integer, not `five`"},
        {"size", "5 6", "is an integer, not `5 6`"},
        {"size", "(", "is an integer, not `(`"},
        {"size", "", "is an integer, not ``"},
        {"rate", "#t", "is a number, not `#t`"},
        {"mode", "slow", "must be (one-of fast small)"},
        {"open", "1", "is #t or #f, not `1`"},
        {"peers", "7", "is a list, not `7`"},
    };
    struct vvm_node *node = open_node();
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_NOT_EQUAL(LOAD_WITH(node, chosen, 1, bad[i].name, bad[i].text), 0);
        CU_ASSERT(is_pending(node, bad[i].why));
        CU_ASSERT_PTR_NULL(vmlet_named(node, intern(node, "chosen")));
    }
    CU_ASSERT_NOT_EQUAL(LOAD_WITH(node, "(vmlet plain (needs (all)))", 1, "x", "1"), 0);
    CU_ASSERT(is_pending(node, "VMlet `plain` has no parameters: `x` is none"));
    check_refused(node, "(vmlet bad (parameters (x)))", "test.vml:1:24: vmlet: (parameters (NAME DEFAULT");
    check_refused(node, "(vmlet bad (needs (all)) (parameters (x 1 (near 2))))",
                  "CHECK is (between LOW HIGH)");
    check_refused(node, "(vmlet bad (needs (all)) (parameters (x 1 (between 2 3))))",
                  "must be (between 2 3)");
    check_refused(node, "(vmlet bad (needs (all)) (parameters (x 1))) (define x 2)",
                  "define: x is a parameter");
    node_close(node);
}

/* The value comes with the load of an image as well, and is nowhere in its code. */
static void an_image_has_parameters(void)
{
    char path[] = "/tmp/vvm-life-XXXXXX";
    struct vvm_node *node = open_node(), *other = open_node();
    uint8_t *image;
    size_t octets;
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, chosen, sizeof chosen - 1), (ssize_t)sizeof chosen - 1);
    close(fd);
    CU_ASSERT_EQUAL_FATAL(compile_file(&node->control, path, false, &image, &octets), 0);
    CU_ASSERT_EQUAL(load_with(other, image, octets, 2, "size", "50", "name", "other"), 0);
    CHECK_VALUE(other, "chosen", "(all)", "(50 100 0.25 \"other\" fast #t (1 2))");
    CU_ASSERT_NOT_EQUAL(load_with(other, image, octets, 1, "size", "500"), 0);
    CHECK_VALUE(other, "chosen", "size", "50");
    free(image);
    remove(path);
    node_close(node);
    node_close(other);
}

void life_tests(CU_pSuite suite)
{
    CU_add_test(suite, "parameters are chosen at load", parameters_are_chosen_at_load);
    CU_add_test(suite, "parameters that do not fit are refused", parameters_that_do_not_fit_are_refused);
    CU_add_test(suite, "an image has parameters", an_image_has_parameters);
    CU_add_test(suite, "hooks run when VMlets come and go", hooks_run_when_vmlets_come_and_go);
    CU_add_test(suite, "an on-publish that fails takes the load back",
                an_on_publish_that_fails_takes_the_load_back);
    CU_add_test(suite, "an import hears that it is taken back", an_import_hears_that_it_is_taken_back);
    CU_add_test(suite, "an on-unload that fails keeps the VMlet", an_on_unload_that_fails_keeps_the_vmlet);
    CU_add_test(suite, "hooks end though they load", hooks_end_though_they_load);
    CU_add_test(suite, "an on-unload that makes others use it keeps the VMlet",
                an_on_unload_that_makes_others_use_it_keeps_the_vmlet);
    CU_add_test(suite, "entries are converted", entries_are_converted);
    CU_add_test(suite, "a migration that fails changes nothing", a_migration_that_fails_changes_nothing);
}
