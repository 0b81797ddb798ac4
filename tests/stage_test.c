/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage_test.c - expander, optimiser and emitter that a VMlet brings for its own code: what
 * changes nothing gives the same image, what gives rubbish is refused and nothing has
 * changed, and what mutates code at random never gets past the checks to harm. That cases
 * mean the same through stages is in the suite `staged`.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "../engine/vmlet.h"
#include "suites.h"

#define FOLDERS VVM_SOURCE "/netvmlets:" VVM_SOURCE "/ants:" VVM_SOURCE "/tests/networks"

static const char identity[] = " (use-expander (lambda (form) form)) (use-optimiser (lambda (form) form))"
                               " (use-emitter (lambda (function) function)) ";
static const char nothing[] = " (begin) (begin) (begin) "; /* as many forms */

static struct vvm_node *open_node(void)
{
    struct vvm_node *node;
    struct vvm_options options = {.path = FOLDERS};
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    return node;
}

static int load_text(struct vvm_node *node, const char *text)
{
    return load_source(&node->control, "test.vml", text, strlen(text), NULL);
}

static vvm_value eval_in(struct vvm_node *node, struct vvm_environment *env, const char *text)
{
    struct reader reader;
    vvm_value datum, result = VALUE_EXCEPTION;
    reader_init(&reader, &node->control, env, node_file(node, "test"), text, strlen(text));
    if (reader_next(&reader, &datum) || eval_datum(&node->control, env, datum, &result))
        return VALUE_EXCEPTION;
    return result;
}

static struct vvm_environment *names_of(struct vvm_node *node, const char *vmlet)
{
    struct vvm_vmlet *v = vmlet_named(node, intern(node, vmlet));
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    return v->environment;
}

static bool pending_has(struct vvm_node *node, const char *part)
{
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    print_pending(&node->control, to);
    fclose(to);
    bool has = strstr(text, part) != NULL;
    if (!has) fprintf(stderr, "    expected an error with %s, got: %s\n", part, text);
    free(text);
    return has;
}

/* ---- what changes nothing ---------------------------------------------------------------- */

struct image {
    uint8_t *octets;
    size_t length;
};

static struct image compiled(const char *path)
{
    struct image image = {0};
    struct vvm_node *node = open_node();
    int err = compile_file(&node->control, path, false, &image.octets, &image.length);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    node_close(node);
    return image;
}

/* The source with more forms behind its header, in another folder. */
static void write_source(const char *path, const char *more, const char *to)
{
    struct vvm_node *node = open_node();
    struct reader reader;
    vvm_value datum;
    char *text;
    size_t octets;
    CU_ASSERT_EQUAL_FATAL(file_read(path, SOURCE_MAX, &text, &octets), 0);
    reader_init(&reader, &node->control, NULL, 0, text, octets);
    CU_ASSERT_FATAL(!reader_next(&reader, &datum) && vmlet_form(&node->control, datum));
    FILE *file = fopen(to, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(text, 1, (size_t)(reader.at - text), file);
    fputs(more, file);
    fputs(reader.at, file);
    CU_ASSERT_EQUAL(fclose(file), 0);
    free(text);
    node_close(node);
}

static void compare_images(const char *folder, const char *name)
{
    char path[4096], directory[] = "/tmp/vvm-stage-XXXXXX", staged[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
    snprintf(staged, sizeof staged, "%s/%s", directory, name);
    write_source(path, nothing, staged);
    struct image one = compiled(staged);
    write_source(path, identity, staged);
    struct image other = compiled(staged);
    bool same = one.length == other.length && !memcmp(one.octets, other.octets, one.length);
    if (!same) fprintf(stderr, "    the image of %s differs\n", path);
    CU_ASSERT(same);
    free(one.octets);
    free(other.octets);
    unlink(staged);
    rmdir(directory);
}

static void each_image(const char *folder)
{
    unsigned files = 0;
    DIR *d = opendir(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    for (struct dirent *e; (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 4, ".vml")) continue;
        compare_images(folder, e->d_name);
        files++;
    }
    closedir(d);
    CU_ASSERT(files > 0);
}

static void identity_gives_the_same_images(void)
{
    each_image(VVM_SOURCE "/netvmlets");
    each_image(VVM_SOURCE "/ants");
    each_image(VVM_SOURCE "/tests/networks");
}

/* ---- rubbish --------------------------------------------------------------------------------- */

static const struct refusal {
    const char *stage, *form, *error;
} refusals[] = {
    {"(use-expander 5)", "1", "needs a procedure, or #f"},
    {"(use-emitter)", "1", "needs a procedure, or #f"},
    {"(define (f) (use-optimiser #f))", "1", "only at top level"},
    {"(use-expander (lambda (f) (car 5)))", "(define a 1)", "test.vml:3:1"},
    {"(use-expander (lambda (f) '(if)))", "(define a 1)", "test.vml:3:1"},
    {"(use-optimiser (lambda (f) (raise 'no)))", "(define a 1)", "no"},
    {"(use-optimiser (lambda (f) (let loop () (loop))))", "(define a 1)", "fuel"},
    {"(use-optimiser (lambda (f) '()))", "(define a 1)", "an empty form"},
    {"(use-optimiser (lambda (f) '(if)))", "(define a 1)", "if: wrong number of parts"},
    {"(use-optimiser (lambda (f) '(lambda f (x x) any x)))", "(define a 1)", "bound twice"},
    {"(use-optimiser (lambda (f) '(lambda f (5) any 1)))", "(define a 1)", "a name is needed to bind"},
    {"(use-optimiser (lambda (f) '(lambda f ((x u7)) any x)))", "(define a 1)", "this is no type"},
    {"(use-optimiser (lambda (f) '(lambda f () any (define g 1))))", "(define a 1)", "inside a function"},
    {"(use-optimiser (lambda (f) '(global 0 car)))", "(define a 1)", "no such number"},
    {"(use-optimiser (lambda (f) '(instruction 0 f () 1)))", "(define a 1)", "no such number"},
    {"(use-optimiser (lambda (f) '(exit-next 1)))", "(define a 1)", "outside the body"},
    {"(use-optimiser (lambda (f) '(exit-goto 0)))", "(define a 1)", "outside the body"},
    {"(use-optimiser (lambda (f) '(set! car 1)))", "(define a 1)", "another VMlet's"},
    {"(use-optimiser (lambda (f) '(set! (packet) 1)))", "(define a 1)", "needs a variable"},
    {"(use-optimiser (lambda (f) 'cond))", "(define a 1)", "cond is no variable"},
    {"(use-optimiser (lambda (f) '(car . 1)))", "(define a 1)", "needs a proper list"},
    {"(use-optimiser (lambda (f) (list 'quote car)))", "(define a 1)", "only data can be quoted"},
    {"(use-optimiser (lambda (f) (let loop ((i 0) (f 1)) (if (= i 5000) f (loop (+ i 1) (list 'begin f))))))",
     "(define a 1)", "nested too deeply"},
    {"(use-optimiser (lambda (f) (let ((l (list 'begin 1))) (set-cdr! (cdr l) l) l)))", "(define a 1)",
     "needs a proper list"},
    {"(use-emitter (lambda (f) #f))", "(define a 1)", "the answer is no"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any)))", "(define a 1)", "rule fall-off"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (retrun 0))))", "(define a 1)", "has this name"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (return))))", "(define a 1)", "number of operands"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (return -1))))", "(define a 1)", "does not fit"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (return 0))))", "(define a 1)", "uninitialised"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (jump l))))", "(define a 1)",
     "label that is not there"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any l l (jump l))))", "(define a 1)", "stands twice"},
    {"(use-emitter (lambda (f) '(function f (u7) 0 any (jump l))))", "(define a 1)", "no such type"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (constant 0 (9 x)) (return 0))))", "(define a 1)",
     "does not fit"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (call-primitive 0 (0 car) ()) (return 0))))",
     "(define a 1)", "does not fit"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (immediate 0 \"x\") (return 0))))", "(define a 1)",
     "no immediate"},
    {"(use-emitter (lambda (f) '(function f (u8) 0 any (raw-immediate 0 5) (return 0))))", "(define a 1)",
     "rule slot-type"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (is 0 0 prai) (return 0))))", "(define a 1)",
     "name of a class"},
    {"(use-emitter (lambda (f) '(function f (any) 0 any (invoke 0 0 0) (return 0))))", "(define a 1)",
     "rule opcode"},
};

static void rubbish_is_refused(void)
{
    struct vvm_options options = {.load_fuel = 2000000};
    struct vvm_node *node;
    char text[600];
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    CU_ASSERT_EQUAL_FATAL(load_text(node, "(vmlet here (needs (all)))"), 0);
    for (unsigned i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        uint64_t number = node->current->number;
        snprintf(text, sizeof text, "(vmlet staged (needs (all)))\n%s\n%s", r->stage, r->form);
        CU_ASSERT_NOT_EQUAL(load_text(node, text), 0);
        CU_ASSERT(pending_has(node, r->error));
        CU_ASSERT_PTR_NULL(vmlet_named(node, intern(node, "staged")));
        CU_ASSERT_EQUAL(node->current->number, number);
    }
    node_close(node);
}

/* ---- how long they stand --------------------------------------------------------------------- */

static bool standard(const struct vvm_environment *env)
{
    for (unsigned i = 0; i < STAGES; i++)
        if (env->stages[i] != VALUE_FALSE) return false;
    return true;
}

static const char counting[] = "(define seen 0) (define (see form) (set! seen (+ seen 1)) form)";

/* Of a load they end with it; nobody else's code goes through them. */
static void stages_are_the_vmlets_own(void)
{
    struct vvm_node *node = open_node();
    char text[1000];
    snprintf(text, sizeof text,
             "(vmlet first (needs (all))) %s (use-optimiser see) (define a 1) (define-syntax b (lambda "
             "(form) (car '(5))))"
             " (define c (b))",
             counting);
    CU_ASSERT_EQUAL_FATAL(load_text(node, text), 0);
    struct vvm_environment *first = names_of(node, "first");
    CU_ASSERT(standard(first));
    CU_ASSERT_EQUAL(eval_in(node, first, "seen"), make_fixnum(3));
    CU_ASSERT_EQUAL_FATAL(load_text(node, "(vmlet second (needs (all)) (import (first a))) (define d a)"), 0);
    CU_ASSERT_EQUAL(eval_in(node, first, "(+ seen c)"), make_fixnum(8));
    node_close(node);
}

/* A session keeps them over entries; a failed entry leaves them as they were; a broken one
 * can be left. */
static void a_session_keeps_its_stages(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL_FATAL(
        load_text(node, "(vmlet session (needs (all))) (define (double f) (if (integer? f) (* 2 f) f))"), 0);
    struct vvm_environment *env = names_of(node, "session");
    CU_ASSERT_NOT_EQUAL(eval_in(node, env, "(use-expander double)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(eval_in(node, env, "21"), make_fixnum(42));
    CU_ASSERT_EQUAL(eval_in(node, env, "(begin (use-expander #f) (car 5))"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(eval_in(node, env, "21"), make_fixnum(42));
    CU_ASSERT_EQUAL(eval_in(node, node->core, "21"), make_fixnum(21));
    CU_ASSERT_NOT_EQUAL(eval_in(node, env, "(use-expander (lambda (f) (car f)))"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(eval_in(node, env, "21"), VALUE_EXCEPTION);
    CU_ASSERT_NOT_EQUAL(eval_in(node, env, "(use-emitter (lambda (f) #f))"), VALUE_EXCEPTION);
    CU_ASSERT_NOT_EQUAL(eval_in(node, env, "(use-expander #f)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(eval_in(node, env, "21"), VALUE_EXCEPTION);
    CU_ASSERT_NOT_EQUAL(eval_in(node, env, "(use-emitter #f)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(eval_in(node, env, "21"), make_fixnum(21));
    CU_ASSERT(standard(env));
    node_close(node);
}

/* ---- the network that brings all three ---------------------------------------------------------- */

static bool gives(struct vvm_node *node, const char *expression, const char *expected)
{
    vvm_value got = eval_in(node, names_of(node, "stages"), expression);
    vvm_value wanted = eval_in(node, node->core, expected);
    return got != VALUE_EXCEPTION && values_equal(got, wanted, &(uint64_t){0});
}

static void a_network_with_stages_of_its_own(void)
{
    struct vvm_node *node = open_node();
    int err = load_file(&node->control, VVM_SOURCE "/tests/networks/stages.vml", NULL);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    CU_ASSERT(gives(node, "(list expanded folded merged)", "'(3 3 1)"));
    vvm_value tested = eval_in(node, node->core, "(run-tests 'stages)");
    CU_ASSERT(is_pair(tested) && car_of(tested) == make_fixnum(1) && cdr_of(tested) == make_fixnum(0));
    CU_ASSERT(standard(names_of(node, "stages")));
    CU_ASSERT_EQUAL(eval_in(node, names_of(node, "stages"), "(1 plus 2)"), VALUE_EXCEPTION);
    CU_ASSERT_NOT_EQUAL(load_text(node, "(vmlet other (needs (all))) (define a (1 plus 2))"), 0);
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "stages"), false), 0);
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    CU_ASSERT_NOT_EQUAL(load_text(node, "(vmlet other (needs (all))) (define a (1 plus 2))"), 0);
    node_close(node);
}

/* ---- code that is mutated at random ---------------------------------------------------------------- */

static const char mutator[] =
    "(vmlet mutants (needs (all)))"
    "(define seed 1) (define chance 6)"
    "(define (draw n) (set! seed (modulo (* seed 16807) 2147483647)) (modulo (quotient seed 64) n))"
    "(define pool '(x car if lambda f 0 -1 70000 any u8 u32 \"s\" () (1 x) (quote "
    "y) (packet) (undefined) (begin 1)"
    "               (let ((a 1)) a) (letrec ((f (lambda f () any (f)))) (f)) "
    "(return 0) (jump L4) (move 0 1) L4 #f #t #\\a))"
    "(define (mutate form)"
    "  (cond ((= (draw (* 20 chance)) 0) (list-ref pool (draw (length pool))))"
    "        ((not (pair? form)) form)"
    "        ((and (= (draw (* 15 chance)) 0) (pair? (cdr form))) (cons (mutate "
    "(cadr form)) (cons (car form) (cddr form))))"
    "        ((= (draw (* 20 chance)) 0) (mutate (cdr form)))"
    "        ((= (draw (* 20 chance)) 0) (cons (car form) form))"
    "        (else (cons (mutate (car form)) (mutate (cdr form))))))"
    "(define (mutate-function function)"
    "  (append (list-head function 2) (mutate (list-tail function 2))))";

#define ROUNDS 600u

static const char *const victims[] = {
    "(define (f (n u32)) u32 (let loop (((i u32) n) ((p u32) 1)) (if (u32= i 0) p (loop (u32- i 1) (u32* p "
    "i)))))",
    "(define (g x) (guard (e (#t (list e x))) (map (lambda (y) (+ y x)) '(1 2 a))))",
    "(define (h . all) (receive (a . rest) (apply values all) (set! a (cons a rest)) (lambda () a)))",
    "(define-instruction (i (l label) (n count)) (opcode 1) (takes (items n))"
    " (let loop ((k n)) (if (zero? k) (goto l) (if (pair? (slice-ref items 0)) (next 1) (loop (- k 1))))))",
    "(define-record-type point (make-point x y) point? (x point-x set-point-x! u8) (y point-y))",
    "(list (f 5) (g 1) ((h 1 2)) (letrec ((a (lambda () b)) (b 2)) (a)))",
    "(define k (case-lambda ((a) (string-append \"a\" \"b\")) ((a b) (vector a b 1.5)) (c (do ((i 0 (+ i "
    "1))) ((= i 3) c)))))",
};

#define VICTIMS (sizeof victims / sizeof *victims)

/* A VMlet for one mutant: it may end up with a meaning of its own for anything. */
static struct vvm_vmlet *open_mutant(struct vvm_node *node)
{
    struct vvm_vmlet *vmlet = vmlet_new(node, intern(node, "mutant"));
    static const char *const names[] = {"mutate", "mutate-function"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(vmlet);
    vmlet_enlist(node, vmlet);
    for (unsigned i = 0; i < 2; i++) {
        vvm_value name = intern(node, names[i]);
        CU_ASSERT_FATAL(!environment_import(vmlet->environment, names_of(node, "mutants"), name, name));
    }
    return vmlet;
}

/* All victims through a mutating stage; how many were accepted. */
static unsigned mutate_all(struct vvm_node *node, const char *stage, const char *none, unsigned seed)
{
    struct vvm_vmlet *vmlet = open_mutant(node);
    struct vvm_environment *env = vmlet->environment;
    unsigned accepted = 0;
    char text[100];
    snprintf(text, sizeof text, "(begin (set! seed %u) (set! chance %u))", seed, 1 + seed % 20);
    CU_ASSERT_NOT_EQUAL(eval_in(node, names_of(node, "mutants"), text), VALUE_EXCEPTION);
    CU_ASSERT_NOT_EQUAL(eval_in(node, env, stage), VALUE_EXCEPTION);
    for (unsigned i = 0; i < VICTIMS; i++) accepted += eval_in(node, env, victims[i]) != VALUE_EXCEPTION;
    eval_in(node, env, none);
    eval_in(node, env, "(list (f 3) (g 4) ((h 1 2)) (k 1 2) (point-x (make-point 1 2)))");
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, vmlet->name, false), 0);
    return accepted;
}

/* Refused or accepted and run: the node goes on. */
static void mutants(const char *stage, const char *none)
{
    struct vvm_options options = {.load_fuel = 200000};
    struct vvm_node *node;
    unsigned accepted = 0;
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    CU_ASSERT_EQUAL_FATAL(load_text(node, mutator), 0);
    for (unsigned i = 1; i <= ROUNDS; i++) accepted += mutate_all(node, stage, none, i);
    CU_ASSERT_EQUAL(eval_in(node, node->core, "(+ 1 2)"), make_fixnum(3));
    CU_ASSERT(accepted > ROUNDS / 4 && accepted < ROUNDS * (VICTIMS - 1));
    node_close(node);
}

static void mutating_optimisers_do_no_harm(void) { mutants("(use-optimiser mutate)", "(use-optimiser #f)"); }
static void mutating_emitters_do_no_harm(void)
{
    mutants("(use-emitter mutate-function)", "(use-emitter #f)");
}

#define ADD(test) CU_add_test(suite, #test, test)

void stage_tests(CU_pSuite suite)
{
    ADD(identity_gives_the_same_images);
    ADD(rubbish_is_refused);
    ADD(stages_are_the_vmlets_own);
    ADD(a_session_keeps_its_stages);
    ADD(a_network_with_stages_of_its_own);
    ADD(mutating_optimisers_do_no_harm);
    ADD(mutating_emitters_do_no_harm);
}
