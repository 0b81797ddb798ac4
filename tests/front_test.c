/* SPDX-License-Identifier: Apache-2.0 */
/* front_test.c - the reader and the expander: positions, text that ends too early or is
 * hostile, hygiene, and errors that name what the user wrote. */
#include <stdlib.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/expand.h"
#include "../engine/load.h"
#include "../engine/vmlet.h"
#include "suites.h"

static struct vvm_node *node;
static struct vvm_vmlet *vmlet;
static char output[4096];

static void open_front(void)
{
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    vmlet = vmlet_new(node, intern(node, "front"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(vmlet);
    vmlet->next = node->vmlets;
    node->vmlets = vmlet;
}

static void close_front(void) { node_close(node); }

static const char *pending_text(void)
{
    FILE *to = fmemopen(output, sizeof output, "w");
    print_pending(&node->control, to);
    fclose(to);
    node->control.pending.kind = PENDING_NONE;
    output[strcspn(output, "\n")] = 0;
    return output;
}

static const char *written(vvm_value v)
{
    FILE *to = fmemopen(output, sizeof output, "w");
    print_value(node, to, v, PRINT_WRITE, sizeof output - 8);
    fclose(to);
    return output;
}

/* The last value of the forms of a text, written; or the error's first line. */
static const char *eval(const char *text)
{
    struct reader reader;
    vvm_value datum, value = VALUE_UNSPECIFIED;
    reader_init(&reader, &node->control, vmlet->environment, node_file(node, "t.vml"), text, strlen(text));
    for (;;) {
        if (reader_next(&reader, &datum)) return pending_text();
        if (datum == VALUE_EOF) return written(value);
        if (eval_datum(&node->control, vmlet->environment, datum, &value)) return pending_text();
    }
}

static const char *read_octets(const char *text, size_t octets, bool *incomplete)
{
    struct reader reader;
    vvm_value datum;
    reader_init(&reader, &node->control, vmlet->environment, node_file(node, "t.vml"), text, octets);
    int error = reader_next(&reader, &datum);
    *incomplete = reader.incomplete;
    return error ? pending_text() : written(datum);
}

static const char *read_text(const char *text)
{
    bool ignored;
    return read_octets(text, strlen(text), &ignored);
}

static void check(const char *what, const char *got, const char *wanted)
{
    if (strcmp(got, wanted)) fprintf(stderr, "    %s\n      gives  %s\n      not    %s\n", what, got, wanted);
    CU_ASSERT_STRING_EQUAL(got, wanted);
}

struct expectation {
    const char *text, *result;
};

static void check_all(const struct expectation *e, size_t count, const char *(*run)(const char *))
{
    open_front();
    for (size_t i = 0; i < count; i++) check(e[i].text, run(e[i].text), e[i].result);
    close_front();
}
#define CHECK_ALL(table, run) check_all(table, sizeof table / sizeof *table, run)

/* ---- reader ---------------------------------------------------------------------------- */

static void test_data(void)
{
    static const struct expectation table[] = {
        {"(a . (b . (c)))", "(a b c)"},
        {"#(1 #u8(0 255) \"s\\x41;\\n\")", "#(1 #u8(0 255) \"sA\\n\")"},
        {"'(quote `,a ,@b)", "'(quote `,a ,@b)"},
        {"#| a #| nested |# b |# ; line\n #;(gone) x", "x"},
        {"#\\x41", "#\\A"},
        {"#\\x", "#\\x"},
        {"#\\(", "#\\("},
        {"#\\space", "#\\space"},
        {"(#true #false #t #f)", "(#t #f #t #f)"},
        {"|a b|", "|a b|"},
        {"(+ - ... a.b -> +x ->b)", "(+ - ... a.b -> +x ->b)"},
        {"(64KiB 4MiB #xff #b101 #o17 #d10 -7)", "(65536 4194304 255 5 15 10 -7)"},
        {"(1.5 -.5 1e3 .25)", "(1.5 -0.5 1000.0 0.25)"},
        {"1152921504606846975", "1152921504606846975"},
        {"-1152921504606846976", "-1152921504606846976"},
        {"\"a\\\n    b\"", "\"ab\""},
        {"#!fold-case ABC", "abc"},
        {"Abc", "Abc"},
    };
    CHECK_ALL(table, read_text);
}

static void test_malformed_data(void)
{
    static const struct expectation table[] = {
        {")", "error read: t.vml:1:2: a closing parenthesis too many"},
        {"(a . )", "error read: t.vml:1:7: a dot with no datum after it"},
        {"(a . b c)", "error read: t.vml:1:9: more than one datum after a dot"},
        {"\n  [a]", "error read: t.vml:2:3: [ is out of place"},
        {"#0=(a)", "error read: t.vml:1:1: datum labels are not supported"},
        {"1152921504606846976",
         "error integer-range: t.vml:1:1: 1152921504606846976 does not fit in 61 bits"},
        {"10.0.0.1", "error read: t.vml:1:1: 10.0.0.1 is neither a number nor a symbol"},
        {"\"a\\q\"", "error read: t.vml:1:3: no such escape in a string"},
        {"#\\nonsense", "error read: t.vml:1:1: no character is called nonsense"},
        {"#u8(256)", "error read: t.vml:1:5: a bytevector holds integers from 0 to 255"},
        {"{nobody text}", "error read: t.vml:1:1: no reader is called nobody"},
        {"(a \xff)", "error read: t.vml:1:4: an octet that is no UTF-8"},
        {"\"\xc0\x80\"", "error read: t.vml:1:2: an octet that is no UTF-8"},
        {"|a\\x0;b|", "error read: t.vml:1:1: a symbol cannot hold the character zero"},
    };
    CHECK_ALL(table, read_text);
}

static void test_incomplete(void)
{
    static const char *const texts[] = {"(a b", "\"abc", "#| x", "'",    "#(1",   "#u8(",
                                        "|a",   "(a . ", "#;",   "{x y", "(a #\\"};
    static const char *const whole[] = {"(a b)", "a", "", "; c", ")", "#x"};
    bool incomplete;
    open_front();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        read_octets(texts[i], strlen(texts[i]), &incomplete);
        CU_ASSERT_TRUE(incomplete);
    }
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        read_octets(whole[i], strlen(whole[i]), &incomplete);
        CU_ASSERT_FALSE(incomplete);
    }
    close_front();
}

static void test_positions(void)
{
    struct reader reader;
    vvm_value datum;
    const char *text = "\n  (one\n     (two \xc3\xa4 three)  . tail)";
    open_front();
    unsigned file = node_file(node, "t.vml");
    reader_init(&reader, &node->control, NULL, file, text, strlen(text));
    CU_ASSERT_EQUAL_FATAL(reader_next(&reader, &datum), 0);
    CU_ASSERT_EQUAL(pair_position(datum), make_position(file, 2, 3));
    vvm_value second = cdr_of(datum), inner = car_of(second);
    CU_ASSERT_EQUAL(pair_position(second), make_position(file, 3, 6));
    CU_ASSERT_EQUAL(pair_position(inner), make_position(file, 3, 6));
    CU_ASSERT_EQUAL(pair_position(cdr_of(inner)), make_position(file, 3, 11));
    CU_ASSERT_EQUAL(pair_position(cdr_of(cdr_of(inner))), make_position(file, 3, 13));
    close_front();
}

static void test_nesting(void)
{
    enum { DEEP = 5000 };
    char *text = malloc(2 * DEEP);
    bool incomplete;
    open_front();
    memset(text, '(', DEEP);
    memset(text + DEEP, ')', DEEP);
    check("5000 parentheses", read_octets(text, 2 * DEEP, &incomplete),
          "error read: t.vml:1:1001: nested more than 1000 deep");
    memset(text, '\'', DEEP);
    check("5000 quotes", read_octets(text, DEEP, &incomplete),
          "error read: t.vml:1:1001: nested more than 1000 deep");
    close_front();
    free(text);
}

/* Every truncation and every one-octet change of a text that uses all of the syntax. */
static void test_spoilt_text(void)
{
    static const char text[] =
        "(define-x \"s\\x41;\" #\\a #u8(1 2) #(a . b) `(,@x ,y) #|c|# 1.5e3 -7KiB |q| #;z \xe2\x82\xac #t)";
    char spoilt[sizeof text];
    bool incomplete;
    open_front();
    for (size_t n = 0; n < sizeof text; n++) read_octets(text, n, &incomplete);
    for (size_t i = 0; i + 1 < sizeof text; i++)
        for (unsigned c = 0; c < 256; c += i % 7 + 1) {
            memcpy(spoilt, text, sizeof text);
            spoilt[i] = (char)c;
            read_octets(spoilt, sizeof text - 1, &incomplete);
        }
    CU_PASS("no crash");
    close_front();
}

/* ---- hygiene ------------------------------------------------------------------------------ */

#define SWAP "(define-syntax swap! (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))"
#define MY_OR                                                                                                \
    "(define-syntax my-or (syntax-rules () ((_) #f) ((_ e) e) ((_ e r ...) (let ((t e)) (if t t (my-or r "   \
    "...))))))"
#define WHILE "(define-syntax while (syntax-rules () ((_ c b ...) (let lp () (when c b ... (lp))))))"
#define MY_IF "(define-syntax my-if (syntax-rules (then else) ((_ c then a else b) (if c a b))))"

static void test_hygiene(void)
{
    static const struct expectation table[] = {
        {SWAP "(let ((tmp 1) (other 2)) (swap! tmp other) (list tmp other))", "(2 1)"},
        {MY_OR "(let ((t 5)) (my-or #f t))", "5"},
        {MY_OR "(let ((if list) (let 3)) (my-or #f let))", "3"},
        {WHILE "(let ((lp 0) (n 0)) (while (< n 3) (set! n (+ n 1)) (set! lp (+ lp n))) lp)", "6"},
        {"(let ((=> #f)) (cond (#t => 'ok)))", "ok"},
        {"(let ((else #f)) (cond (#f 1) (else 2) (#t 3)))", "3"},
        {"(let ((quote -)) '5)", "-5"},
        {MY_IF "(my-if #t then 1 else 2)", "1"},
        {MY_IF "(let ((else 1)) (my-if #t then 1 else 2))",
         "error syntax: t.vml:1:98: my-if: no rule matches this use"},
        {"(define-syntax ten (syntax-rules () ((_) (begin (define x 10) x)))) (let () (ten) (+ 1 (let () "
         "(ten))))",
         "11"},
        {"(define-syntax def (syntax-rules () ((_ n v) (define n v)))) (let () (def a 1) (def b (+ a 1)) "
         "(list a b))",
         "(1 2)"},
        {"(define-syntax two (syntax-rules () ((_ n) (begin (define hidden 1) (define (n) hidden)))))"
         "(let ((hidden 5)) (two f) (list hidden (f)))",
         "(5 1)"},
        {"(define-syntax loop-until (syntax-rules () ((_ id init test next) (let lp ((id init)) (if test id "
         "(lp next))))))"
         "(loop-until lp 0 (= lp 5) (+ lp 1))",
         "5"},
        {"(let ((x 'outer)) (let-syntax ((m (syntax-rules () ((m) x)))) (let ((x 'inner)) (m))))", "outer"},
        {"(let ((x 'outer)) (define-syntax m (syntax-rules () ((m) x))) (let ((x 'inner)) (m)))", "outer"},
        {"(letrec-syntax ((ev? (syntax-rules () ((_) #t) ((_ x . r) (od? . r))))"
         "                (od? (syntax-rules () ((_) #f) ((_ x . r) (ev? . r))))) (list (ev? 1 2) (ev? 1 2 "
         "3)))",
         "(#t #f)"},
        {"(define-syntax m (syntax-rules () ((_ a) (quote (a b))))) (m x)", "(x b)"},
        {"(define-syntax mk (syntax-rules () ((_ get) (begin (define store 42) (define (get) store)))))"
         "(mk get) (get)",
         "42"},
    };
    CHECK_ALL(table, eval);
}

static void test_patterns(void)
{
    static const struct expectation table[] = {
        {"(define-syntax m (syntax-rules () ((_ a ... b c) '(c b (a ...))))) (m 1 2 3 4)", "(4 3 (1 2))"},
        {"(define-syntax m (syntax-rules ::: () ((_ a :::) '(a ::: ...)))) (m 1 2)", "(1 2 ...)"},
        {"(define-syntax m (syntax-rules () ((_ a) '(a (... ...))))) (m 1)", "(1 ...)"},
        {"(define-syntax m (syntax-rules () ((_ #(a b ...)) '(a #(b ...))))) (m #(1 2 3))", "(1 #(2 3))"},
        {"(define-syntax m (syntax-rules () ((_ (a b ...) ...) '((b ... a) ... (b ... ...))))) (m (1 2 3) (4 "
         "5))",
         "((2 3 1) (5 4) (2 3 5))"},
        {"(define-syntax m (syntax-rules () ((_ a b ... . r) '(a (b ...) r)))) (m 1 2 3 . 4)", "(1 (2 3) 4)"},
        {"(define-syntax m (syntax-rules () ((_ _ x _) 'x))) (m 1 2 3)", "2"},
        {"(define-syntax m (syntax-rules (...) ((_ ...) 'dots) ((_ x) 'other))) (list (m ...) (m 1))",
         "(dots other)"},
        {"(define-syntax m (syntax-rules () ((_ \"a\" x) 'string) ((_ 1 x) 'one) ((_ #\\a x) 'char)))"
         "(list (m \"a\" 0) (m 1 0) (m #\\a 0))",
         "(string one char)"},
        {"(define-syntax be-like-begin (syntax-rules () ((_ name)"
         " (define-syntax name (syntax-rules () ((name expr (... ...)) (begin expr (... ...))))))))"
         "(be-like-begin sequence) (sequence 1 2 3 4)",
         "4"},
        {"(define-syntax my-let* (syntax-rules () ((_ () . b) (let () . b))"
         " ((_ ((n v) . r) . b) (let ((n v)) (my-let* r . b))))) (my-let* ((a 1) (b (+ a 1))) (* a b))",
         "2"},
    };
    CHECK_ALL(table, eval);
}

static void test_procedural_macros(void)
{
    static const struct expectation table[] = {
        {"(define-syntax m (lambda (form) (list 'quote (cdr form)))) (m a b)", "(a b)"},
        {"(define-syntax m (lambda (form rename) (list (rename 'if) (cadr form) 1 2))) (let ((if list)) (m "
         "#f))",
         "2"},
        {"(define-syntax m (lambda (form rename compare) (compare (cadr form) (rename 'else))))"
         "(list (m else) (m other) (let ((else 1)) (m else)))",
         "(#t #f #f)"},
        {"(define-syntax m (lambda (form rename) (let ((t (rename 't)))"
         " `(,(rename 'let) ((,t ,(cadr form))) (,(rename 'if) ,t ,t ,(caddr form)))))) (let ((t 5)) (m #f "
         "t))",
         "5"},
        {"(define-syntax (m form) (list '+ 1 (cadr form))) (m 2)", "3"},
        {"(define-syntax m (lambda (form) (error \"no good\" (cadr form))))\n  (m x)",
         "error: t.vml:2:3: no good: x"},
        {"(define-syntax m (lambda (form) (syntax-violation (cadr form) \"not this\")))\n(m\n   (x))",
         "error syntax: t.vml:3:4: not this"},
        {"(define-reader shout (lambda (port) (list 'quote (list (read-line port))))) {shout a {b} c}",
         "(\" a {b} c\")"},
    };
    CHECK_ALL(table, eval);
}

/* ---- places ----------------------------------------------------------------------------------- */

static void test_error_places(void)
{
    static const struct expectation table[] = {
        {"\n  (if 1)", "error syntax: t.vml:2:3: if: needs 2 or 3 parts, has 1"},
        {"(list 1\n  (let ((x)) 1))", "error syntax: t.vml:2:9: let: a binding is (name value)"},
        {"(define-syntax m\n  (syntax-rules () ((_ a) (let ((x a))\n (if)))))\n\n (list 1\n (m 2))",
         "error syntax: t.vml:6:2: if: needs 2 or 3 parts, has 0"},
        {"(define-syntax m (syntax-rules () ((_ a) (list a))))\n(m\n   (if))",
         "error syntax: t.vml:3:4: if: needs 2 or 3 parts, has 0"},
        {"(define-syntax inner (syntax-rules () ((_ a) (if))))"
         "(define-syntax outer (syntax-rules () ((_ a) (inner a))))\n    (outer 1)",
         "error syntax: t.vml:2:5: if: needs 2 or 3 parts, has 0"},
        {"(lambda (x\n   x) 1)", "error syntax: t.vml:2:4: x is bound twice"},
        {"(set! car 1)", "error syntax: t.vml:1:1: set!: car belongs to the VMlet core"},
        {"(f\n if)", "error syntax: t.vml:2:2: if: a form's name is no value"},
        {"(else 1)", "error syntax: t.vml:1:1: else: out of place here"},
    };
    CHECK_ALL(table, eval);
}

static void test_endless_macros(void)
{
    static const struct expectation table[] = {
        {"(define-syntax m (syntax-rules () ((_ x) (m x))))\n (m 1)",
         "error syntax: t.vml:2:2: m: the form needs more than 200000 macro uses"},
        {"(define-syntax m (syntax-rules () ((_ x) (list (m x)))))\n (m 1)",
         "error recursion: t.vml:2:2: forms are nested more than 1000 deep"},
        {"(define-syntax m (lambda (form) (let ((l (list 1))) (set-cdr! l l) l)))\n (m)",
         "error syntax: t.vml:2:2: call: needs a proper list here"},
        {"(define-syntax m (lambda (form) (let ((l (list 1))) (set-cdr! l l) (list 'quote l))))\n (m)",
         "error syntax: a quoted datum is too deep, too large or circular"},
    };
    CHECK_ALL(table, eval);
}

/* ---- definitions -------------------------------------------------------------------------------- */

static void test_bodies(void)
{
    static const struct expectation table[] = {
        {"(let () (define (ev? n) (if (= n 0) #t (od? (- n 1)))) (define (od? n) (if (= n 0) #f (ev? (- n "
         "1)))) (ev? 10))",
         "#t"},
        {"(let () (define-values (a . b) (values 1 2 3)) (define c (+ a 1)) (list a b c))", "(1 (2 3) 2)"},
        {"(let () (define (k) (+ a b)) (define-values (a b) (values 1 2)) (k))", "3"},
        {"(let () (define-record-type p (mk x) p? (x px set-px!)) (let ((r (mk 1))) (set-px! r 5) (list (p? "
         "r) (p? 1) (px r))))",
         "(#t #f 5)"},
        {"(let () (begin (define a 1)) (begin) (define b a) b)", "1"},
        {"(define-values (u v . w) (values 1 2 3 4)) (list u v w)", "(1 2 (3 4))"},
        {"(define-record-type <point> (make-point x y) point? (x px) (y py set-py! u32))"
         "(let ((p (make-point 1 2))) (set-py! p 7) (list (px p) (py p) (point? p)))",
         "(1 7 #t)"},
        {"(define-inline (twice x) (+ x x)) (define n 0) (define (next!) (set! n (+ n 1)) n) (twice (next!))",
         "2"},
        {"(define-inline (add a b) (+ a b)) (let ((+ -)) (add 1 2))", "3"},
        {"(define-inline (add a b) (+ a b)) (map add '(1 2) '(3 4))", "(4 6)"},
        {"`(1 `(2 ,(3 ,(+ 1 3))))", "(1 `(2 ,(3 4)))"},
        {"`(1 ,@(list 2 3) #(4 ,@(list 5)) . ,(+ 3 3))", "(1 2 3 #(4 5) . 6)"},
        {"(case 5 ((1 2) 'a) ((5) => list) (else 'c))", "(5)"},
        {"(let () (define k (lambda () (list a b))) (define a 3) (define b 4) (set! a 1) (set! b 2) (k))",
         "(1 2)"},
        {"(do ((i 0 (+ i 1)) (l '() (cons i l))) ((= i 3) l))", "(2 1 0)"},
        {"(guard (e ((symbol? e) (list e)) ((string? e) => list)) (raise 'boom))", "(boom)"},
        {"(guard (o (#t (list 'outer o))) (guard (e ((string? e) e)) (raise 'boom)))", "(outer boom)"},
    };
    CHECK_ALL(table, eval);
}

static void add(CU_pSuite suite, const char *name, CU_TestFunc test) { CU_add_test(suite, name, test); }

void front_tests(CU_pSuite suite)
{
    add(suite, "data are read as written", test_data);
    add(suite, "malformed data are refused with their place", test_malformed_data);
    add(suite, "text that ends too early is incomplete", test_incomplete);
    add(suite, "pairs know where they stood", test_positions);
    add(suite, "nesting is capped", test_nesting);
    add(suite, "spoilt text never crashes the reader", test_spoilt_text);
    add(suite, "hygiene", test_hygiene);
    add(suite, "patterns and templates", test_patterns);
    add(suite, "procedural macros and readers", test_procedural_macros);
    add(suite, "errors name what the user wrote", test_error_places);
    add(suite, "endless macros end", test_endless_macros);
    add(suite, "bodies and definitions", test_bodies);
}
