/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_test.c - what code the compiler makes: which lambdas become labels, which
 * functions, which closures; what stays raw; which tests fuse. Meaning is the matter
 * of the case files.
 */
#include <stdlib.h>
#include <string.h>

#include "../engine/load.h"
#include "../engine/vmlet.h"
#include "suites.h"

struct compiled {
    struct vvm_node *node;
    struct vvm_vmlet *vmlet;
    int error;
};

static struct compiled compile(const char *text)
{
    struct compiled c = {0};
    CU_ASSERT_FATAL(node_open(NULL, &c.node) == 0);
    c.error = load_source(&c.node->control, "test.vml", text, strlen(text), &c.vmlet);
    return c;
}

static void done(struct compiled *c) { node_close(c->node); }

/* ---- looking at code ------------------------------------------------------------------- */

static unsigned count_in(const struct vvm_function *f, enum opcode op)
{
    unsigned n = 0;
    for (uint32_t at = 0; at < f->words; at += instruction_words(f->code[at]))
        n += word_op(f->code[at]) == op;
    return n;
}

/* In all functions of the VMlet. */
static unsigned count_op(const struct compiled *c, enum opcode op)
{
    unsigned n = 0;
    if (c->error) return UINT32_MAX;
    for (const struct vvm_unit *u = c->vmlet->units; u; u = u->next)
        for (uint32_t i = 0; i < u->function_count; i++) n += count_in(&u->functions[i], op);
    return n;
}

/* The typed function of that name: the first of its unit. */
static const struct vvm_function *function_named(const struct compiled *c, const char *name)
{
    for (const struct vvm_unit *u = c->error ? NULL : c->vmlet->units; u; u = u->next)
        for (uint32_t i = 0; i < u->function_count; i++) {
            const struct vvm_function *f = &u->functions[i];
            if (is_symbol(f->name) && !strcmp(symbol_name(f->name), name)) return f;
        }
    return NULL;
}

static unsigned count_named(const struct compiled *c, const char *name, enum opcode op)
{
    const struct vvm_function *f = function_named(c, name);
    return f ? count_in(f, op) : UINT32_MAX;
}

/* What an expression in the VMlet's environment gives. */
static vvm_value value_of(struct compiled *c, const char *text)
{
    struct reader reader;
    vvm_value datum, result = VALUE_EXCEPTION;
    struct vvm_context *ctx = &c->node->control;
    if (c->error) return VALUE_EXCEPTION;
    reader_init(&reader, ctx, c->vmlet->environment, 0, text, strlen(text));
    if (reader_next(&reader, &datum) || eval_datum(ctx, c->vmlet->environment, datum, &result))
        return VALUE_EXCEPTION;
    return result;
}

static bool raises(struct compiled *c, enum error_code code)
{
    vvm_value v = c->node->control.pending.value;
    return c->error && has_type(v, TYPE_ERROR) && ((struct error_object *)value_pointer(v))->code == code;
}

/* ---- labels, functions, closures ---------------------------------------------------------- */

#define IS_LABEL(c)                                                                                          \
    do {                                                                                                     \
        CU_ASSERT_EQUAL(count_op(c, OP_CLOSURE), 0);                                                         \
        CU_ASSERT_EQUAL(count_op(c, OP_CALL) + count_op(c, OP_TAIL_CALL), 0);                                \
        CU_ASSERT_EQUAL(count_op(c, OP_CALL_VALUE) + count_op(c, OP_TAIL_CALL_VALUE), 0);                    \
    } while (0)

static void loop_is_label(void)
{
    struct compiled c =
        compile("(define (f n) (let loop ((i 0) (s 0)) (if (= i n) s (loop (+ i 1) (+ s i)))))");
    IS_LABEL(&c);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_JUMP), 1);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_MOVE), 0);
    CU_ASSERT_EQUAL(value_of(&c, "(f 10)"), make_fixnum(45));
    done(&c);
}

static void inner_loop_calls_outer(void)
{
    struct compiled c = compile("(define (f n)"
                                "  (let outer ((i 0) (s 0))"
                                "    (if (= i n) s"
                                "        (let inner ((j 0) (s s))"
                                "          (if (= j n) (outer (+ i 1) s) (inner (+ j 1) (+ s j)))))))");
    IS_LABEL(&c);
    CU_ASSERT_EQUAL(value_of(&c, "(f 4)"), make_fixnum(24));
    done(&c);
}

static void mutual_loops_with_two_entries(void)
{
    struct compiled c = compile("(define (f n)"
                                "  (letrec ((even (lambda (n) (if (= n 0) 'even (odd (- n 1)))))"
                                "           (odd (lambda (n) (if (= n 0) 'odd (even (- n 1))))))"
                                "    (if (< n 100) (let ((m (* n 2))) (even (+ m n))) (odd n))))");
    IS_LABEL(&c);
    CU_ASSERT_EQUAL(value_of(&c, "(eq? (f 3) 'odd)"), VALUE_TRUE);
    CU_ASSERT_EQUAL(value_of(&c, "(eq? (f 101) 'even)"), VALUE_TRUE);
    done(&c);
}

static void loop_as_value_and_as_test(void)
{
    struct compiled c = compile(
        "(define (f l x) (* 2 (let loop ((l l)) (if (null? l) 0 (loop (cdr l))))))"
        "(define (g l x) (if (let loop ((l l))"
        "                      (cond ((null? l) #f) ((eq? (car l) x) #t) (else (loop (cdr l)))))"
        "                    'in 'out))");
    IS_LABEL(&c);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_JUMP_FALSE) + count_named(&c, "g", OP_JUMP_TRUE), 0);
    CU_ASSERT_EQUAL(value_of(&c, "(eq? (g '(1 2 3) 2) 'in)"), VALUE_TRUE);
    CU_ASSERT_EQUAL(value_of(&c, "(eq? (g '(1 2 3) 4) 'out)"), VALUE_TRUE);
    done(&c);
}

/* Called once, not in tail position: the call is where its code stands. */
static void called_once_is_no_function(void)
{
    struct compiled c = compile("(define (f x) (let ((g (lambda (y) (* y x)))) (+ 1 (g 2))))");
    IS_LABEL(&c);
    CU_ASSERT_EQUAL(value_of(&c, "(f 21)"), make_fixnum(43));
    done(&c);
}

static void called_twice_is_lifted(void)
{
    struct compiled c = compile("(define (f x) (define (g y) (+ x y)) (* (g 1) (g 2)))");
    CU_ASSERT_EQUAL(count_op(&c, OP_CLOSURE), 0);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_CALL), 2);
    CU_ASSERT_EQUAL(value_of(&c, "(f 1)"), make_fixnum(6));
    done(&c);
}

static void lifted_shares_box(void)
{
    struct compiled c = compile("(define (f x)"
                                "  (define n 0)"
                                "  (define (add! y) (set! n (+ n y)) n)"
                                "  (add! x) (add! x) n)");
    CU_ASSERT_EQUAL(count_op(&c, OP_CLOSURE), 0);
    CU_ASSERT_EQUAL(count_op(&c, OP_MAKE_BOX), 1);
    CU_ASSERT_EQUAL(value_of(&c, "(f 5)"), make_fixnum(10));
    done(&c);
}

static void closure_where_it_escapes(void)
{
    struct compiled c = compile(
        "(define (f x) (lambda (y) (+ x y)))"
        "(define (g) (define (a n) (if (= n 0) b a)) (define (b n) (a n)) (list a b))");
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_CLOSURE), 1);
    CU_ASSERT_EQUAL(value_of(&c, "((f 1) 2)"), make_fixnum(3));
    CU_ASSERT_EQUAL(value_of(&c, "(pair? (g))"), VALUE_TRUE);
    done(&c);
}

static void closures_know_each_other(void)
{
    struct compiled c = compile("(define (f k)"
                                "  (define (e? n) (if (= n k) #t (o? (- n 1))))"
                                "  (define (o? n) (if (= n k) #f (e? (- n 1))))"
                                "  (list e? o?))");
    CU_ASSERT(count_op(&c, OP_CLOSURE_PATCH) >= 1);
    CU_ASSERT_EQUAL(value_of(&c, "((car (f 3)) 13)"), VALUE_TRUE);
    CU_ASSERT_EQUAL(value_of(&c, "((cadr (f 3)) 13)"), VALUE_FALSE);
    done(&c);
}

static void each_turn_has_fresh_variables(void)
{
    struct compiled c = compile("(define (f)"
                                "  (let loop ((i 0) (out '()))"
                                "    (if (= i 3) out"
                                "        (loop (+ i 1) (cons (lambda () (set! i (* i 10)) i) out)))))");
    CU_ASSERT_EQUAL(value_of(&c, "(let ((l (f))) ((car l)) (+ ((car l)) ((cadr l))))"), make_fixnum(210));
    done(&c);
}

/* ---- parallel moves --------------------------------------------------------------------------- */

static void arguments_change_places(void)
{
    struct compiled c = compile("(define (f n) (let loop ((a 1) (b 2) (c 3) (n n))"
                                "  (if (= n 0) (list a b c) (loop b c a (- n 1)))))");
    IS_LABEL(&c);
    CU_ASSERT_EQUAL(value_of(&c, "(equal? (f 4) '(2 3 1))"), VALUE_TRUE);
    done(&c);
}

/* ---- typed code ---------------------------------------------------------------------------------- */

static const char typed_sum[] = "(define (sum (b bytes) (n u32)) u32"
                                "  (let loop (((i u32) 0) ((s u32) 0))"
                                "    (if (u32< i n) (loop (u32+ i 1) (u32+ s (u8-ref b i))) s)))";

static void typed_loop_is_raw(void)
{
    struct compiled c = compile(typed_sum);
    CU_ASSERT_EQUAL(count_named(&c, "sum", OP_BOX) + count_named(&c, "sum", OP_UNBOX), 0);
    CU_ASSERT_EQUAL(count_named(&c, "sum", OP_JUMP_RAW_LE), 1);
    CU_ASSERT_EQUAL(count_named(&c, "sum", OP_LOAD_U8_AT), 1);
    CU_ASSERT_EQUAL(count_named(&c, "sum", OP_U32_ADD_IMM), 1);
    CU_ASSERT_EQUAL(value_of(&c, "(sum #u8(1 2 250) 3)"), make_fixnum(253));
    done(&c);
}

/* A shift and a mask that are known are one instruction; what is renamed has no move. */
static void fields_of_bits(void)
{
    struct compiled c = compile("(define-inline (high? (w u64)) (not (u64= (u64-shift-right w 48) 0)))"
                                "(define (f (w u32)) u32 (u32-and (u32-shift-right w 8) 255))"
                                "(define (g (w u64)) boolean (let ((v (u64* w 3))) (high? v)))"
                                "(define (h (w s32)) s32 (s32-and (s32-shift-right w 8) 255))");
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_U32_BITS), 1);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_RAW_AND) + count_named(&c, "f", OP_RAW_IMMEDIATE), 0);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_U64_BITS), 1);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_MOVE), 0);
    CU_ASSERT_EQUAL(count_named(&c, "h", OP_S32_SHIFT_RIGHT), 1);
    CU_ASSERT_EQUAL(value_of(&c, "(f #xabcdef12)"), make_fixnum(0xef));
    CU_ASSERT_EQUAL(value_of(&c, "(h -1)"), make_fixnum(255));
    CU_ASSERT_EQUAL(value_of(&c, "(g 93824992236885)"), VALUE_FALSE);
    CU_ASSERT_EQUAL(value_of(&c, "(g 93824992236886)"), VALUE_TRUE);
    done(&c);
}

/* What ends the function stands aside: no jump on the way past it. */
static void ends_stand_aside(void)
{
    struct compiled c = compile("(define (f (a u32)) u32 (if (u32= a 0) (raise 'none)) (u32+ a 1))"
                                "(define (g x) (cond ((pair? x) (car x)) (else (raise 'none))))"
                                "(define (h x) (if (guard (e (#t #f)) (if x (raise 'inner)) #t) 1 2))"
                                "(define (k b) (set-ref f (slice-part b 1 1)))");
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_JUMP_RAW_ZERO), 1);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_JUMP_RAW_NOT_ZERO) + count_named(&c, "f", OP_JUMP), 0);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_JUMP_IS_NOT), 1);
    CU_ASSERT_EQUAL(value_of(&c, "(f 4)"), make_fixnum(5));
    CU_ASSERT_EQUAL(value_of(&c, "(f 0)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(value_of(&c, "(g '(8))"), make_fixnum(8));
    CU_ASSERT_EQUAL(value_of(&c, "(g 8)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(value_of(&c, "(+ (* 10 (h #t)) (h #f))"), make_fixnum(21));
    CU_ASSERT_EQUAL(count_named(&c, "k", OP_CALL_PRIMITIVE), 1);
    done(&c);
}

static void array_words_are_raw(void)
{
    struct compiled c = compile("(define-array words u64 4) (array-set! words 2 40)"
                                "(define (f (i u32)) u64 (u64+ (array-word words i) 2))");
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_ARRAY_WORD), 1);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_BOX) + count_named(&c, "f", OP_UNBOX), 0);
    CU_ASSERT_EQUAL(value_of(&c, "(f 2)"), make_fixnum(42));
    CU_ASSERT_EQUAL(value_of(&c, "(f 4)"), VALUE_EXCEPTION);
    done(&c);
}

/* Who takes one word of the packet in execution takes it in one instruction. */
static void packet_accesses_fuse(void)
{
    struct compiled c = compile(
        "(define-inline (field p) (u32-ref p 4))"
        "(define (f) u32 (field packet))"
        "(define (g) u32 (let ((p packet)) (u32+ (u32-ref p 0) (u32-ref p 4))))"
        "(define (h (v u16)) (set-u16! packet 2 v))"
        "(define (m) u32 (packet-length packet))"
        "(define (k) u32 (let* ((q packet) (p q)) (u32+ (u32-ref q 4) (u32-ref p 0))))"
        "(define (l (n u32)) u32 (let ((p packet))"
        "  (let loop (((i u32) n)) (if (u32= i 0) (u32-ref p 0) (loop (u32- i 1))))))");
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_PACKET_U32), 1);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_PACKET), 0);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_PACKET), 1);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_LOAD_U32), 2);
    CU_ASSERT_EQUAL(count_named(&c, "h", OP_SET_PACKET_U16), 1);
    CU_ASSERT_EQUAL(count_named(&c, "m", OP_PACKET_LENGTH), 1);
    CU_ASSERT_EQUAL(value_of(&c, "(m)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(count_named(&c, "k", OP_PACKET), 1);
    CU_ASSERT_EQUAL(count_named(&c, "k", OP_LOAD_U32), 2);
    CU_ASSERT_EQUAL(count_named(&c, "l", OP_PACKET), 1);
    CU_ASSERT_EQUAL(value_of(&c, "(guard (e (#t (error-object-code e))) (f))"),
                    value_of(&c, "(guard (e (#t (error-object-code e))) (g))"));
    CU_ASSERT_EQUAL(value_of(&c, "(f)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(value_of(&c, "(h 1)"), VALUE_EXCEPTION);
    done(&c);
}

/* A look-up by a raw word means what the primitive does, for whatever stands in its place. */
static void words_are_looked_up(void)
{
    struct compiled c = compile(
        "(define-table wide map (key u32) (value u32) (entries 4)) (table-put! wide 7 9)"
        "(define-table narrow map (key u16) (value u32) (entries 4)) (table-put! narrow 7 9)"
        "(define-table signed map (key s16) (value s8) (entries 4)) (table-put! signed 7 -9)"
        "(define-table longest map (key u64) (value (bytes 2)) (entries 4))"
        "(define-table double map (key u16 u16) (value u8) (entries 4))"
        "(define (f table (k u64)) (table-ref table k))"
        "(define (g table k) (table-ref table k))"
        "(define (code thunk) (guard (e (#t (error-object-code e))) (thunk)))"
        "(define (same? table k)"
        "  (eqv? (code (lambda () (f table k))) (code (lambda () (g table k)))))");
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_TABLE_WORD), 1);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_BOX), 0);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_TABLE_WORD), 0);
    CU_ASSERT_EQUAL(value_of(&c, "(f wide 7)"), make_fixnum(9));
    CU_ASSERT_EQUAL(value_of(&c, "(f wide 8)"), VALUE_FALSE);
    CU_ASSERT_EQUAL(value_of(&c, "(f signed 7)"), make_fixnum(-9));
    CU_ASSERT_EQUAL(value_of(&c, "(f narrow 65543)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(value_of(&c, "(f longest 1152921504606846975)"), VALUE_FALSE);
    CU_ASSERT_EQUAL(value_of(&c, "(and (same? wide 4294967303) (same? narrow 65543) (same? signed 32768)"
                                 "     (same? double 7) (same? 'none 7) (same? wide 7))"),
                    VALUE_TRUE);
    done(&c);
}

static void queries_are_raw(void)
{
    struct compiled c = compile("(define (f (a u32)) (local-address? a))"
                                "(define (g a) (local-address? a))"
                                "(define (h (d u16) (a u32)) u64 (hop d a))"
                                "(define (k) u32 (u32+ (node-address) 1))");
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_LOCAL_ADDRESS), 1);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_LOCAL_ADDRESS), 0);
    CU_ASSERT_EQUAL(count_named(&c, "h", OP_HOP), 1);
    CU_ASSERT_EQUAL(count_named(&c, "k", OP_NODE_ADDRESS), 1);
    CU_ASSERT_EQUAL(value_of(&c, "(list (f 5) (g 5) (g -1) (g 4294967301))") == VALUE_EXCEPTION, 0);
    CU_ASSERT_EQUAL(value_of(&c, "(or (g -1) (g 4294967296))"), VALUE_FALSE);
    CU_ASSERT_EQUAL(value_of(&c, "(h 2 3)"), make_fixnum(UINT64_C(2) << 32 | 3));
    CU_ASSERT_EQUAL(value_of(&c, "(= (h 65535 4294967295) (apply hop '(65535 4294967295)))"), VALUE_TRUE);
    CU_ASSERT_EQUAL(value_of(&c, "(hop 65536 1)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(value_of(&c, "(apply hop '(65536 1))"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(value_of(&c, "(packet-ingress 'none)"), VALUE_EXCEPTION);
    done(&c);
}

static void typed_function_has_two_entries(void)
{
    struct compiled c = compile("(define (f (n u16)) u16 (u16+ n 1)) (define (g (n u16)) u16 (f n))");
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_TAIL_CALL_GLOBAL), 1);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_BOX) + count_named(&c, "g", OP_UNBOX), 0);
    CU_ASSERT_EQUAL(value_of(&c, "(apply g '(65535))"), make_fixnum(0));
    CU_ASSERT_EQUAL(value_of(&c, "(g 'x)"), VALUE_EXCEPTION);
    done(&c);
}

static void let_keeps_raw(void)
{
    struct compiled c = compile(
        "(define (f (b bytes)) u16 (let ((x (u16-ref b 0)) (y (u16-ref b 2))) (u16+ x y)))"
        "(define (g (b bytes)) (if (= (u8-ref b 0) 4) 'four 'other))");
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_BOX) + count_named(&c, "f", OP_UNBOX), 0);
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_BOX), 0);
    CU_ASSERT_EQUAL(value_of(&c, "(f #u8(1 0 0 2))"), make_fixnum(258));
    done(&c);
}

static void raw_captured(void)
{
    struct compiled c = compile(
        "(define (f (n u32)) (lambda (m) (u32+ n m)))"
        "(define (g (n u32)) (define (h (m u32)) u32 (u32+ n m)) (u32* (h 1) (h 2)))");
    CU_ASSERT_EQUAL(count_named(&c, "g", OP_BOX), 1);
    CU_ASSERT_EQUAL(count_named(&c, "h", OP_BOX) + count_named(&c, "h", OP_UNBOX), 0);
    CU_ASSERT_EQUAL(value_of(&c, "((f 1) 4294967295)"), make_fixnum(0));
    CU_ASSERT_EQUAL(value_of(&c, "(g 1)"), make_fixnum(6));
    done(&c);
}

static void constant_out_of_range(void)
{
    struct compiled c = compile("(define (f) (u8+ 256 1))");
    CU_ASSERT(raises(&c, ERROR_RANGE));
    done(&c);
}

/* ---- tests fuse ------------------------------------------------------------------------------------ */

static void tests_fuse(void)
{
    struct compiled c = compile(
        "(define (f x) (if (and (pair? x) (or (null? (cdr x)) (< (car x) 5))) 'yes 'no))"
        "(define (g x) (if (not (eq? x 'a)) 1 2))");
    CU_ASSERT_EQUAL(count_op(&c, OP_JUMP_FALSE) + count_op(&c, OP_JUMP_TRUE) + count_op(&c, OP_JUMP), 0);
    CU_ASSERT_EQUAL(count_op(&c, OP_IS) + count_op(&c, OP_NUM_LT) + count_op(&c, OP_NOT), 0);
    CU_ASSERT_EQUAL(count_named(&c, "f", OP_JUMP_IS_NOT) + count_named(&c, "f", OP_JUMP_IS), 2);
    CU_ASSERT_EQUAL(value_of(&c, "(eq? (f '(9)) 'yes)"), VALUE_TRUE);
    CU_ASSERT_EQUAL(value_of(&c, "(eq? (f '(9 9)) 'no)"), VALUE_TRUE);
    CU_ASSERT_EQUAL(value_of(&c, "(g 'a)"), make_fixnum(2));
    done(&c);
}

static void values_go_straight(void)
{
    struct compiled c = compile(
        "(define (f x) (receive (a b . c) (if (> x 0) (values x 2 3) (values 4 5)) (list a b c)))"
        "(define (g x) (receive (a b) (values x x) (+ a b)))");
    CU_ASSERT_EQUAL(count_op(&c, OP_RECEIVE) + count_op(&c, OP_RECEIVE_REST) + count_op(&c, OP_RETURN_VALUES),
                    0);
    CU_ASSERT_EQUAL(value_of(&c, "(equal? (f 1) '(1 2 (3)))"), VALUE_TRUE);
    CU_ASSERT_EQUAL(value_of(&c, "(equal? (f 0) '(4 5 ()))"), VALUE_TRUE);
    CU_ASSERT_EQUAL(value_of(&c, "(receive (a b) 5 a)"), VALUE_EXCEPTION);
    done(&c);
}

/* ---- limits ------------------------------------------------------------------------------------------ */

static void too_large(void)
{
    size_t room = 1 << 20;
    char *text = malloc(room), *at = text;
    CU_ASSERT_FATAL(text != NULL);
    at += sprintf(at, "(define (f x) ");
    for (int i = 0; i < 40000; i++) at += sprintf(at, "(car x) ");
    sprintf(at, ")");
    struct compiled c = compile(text);
    CU_ASSERT(raises(&c, ERROR_SYNTAX));
    done(&c);
    free(text);
}

static void constants_are_frozen(void)
{
    struct compiled c = compile("(define l '(1 2)) (define v '#(1 2)) (define m '(1 2))");
    CU_ASSERT_EQUAL(value_of(&c, "(set-car! l 3)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(value_of(&c, "(vector-set! v 0 3)"), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(value_of(&c, "(eq? l m)"), VALUE_FALSE);
    done(&c);
}

void compile_tests(CU_pSuite suite)
{
    CU_add_test(suite, "a loop is a label", loop_is_label);
    CU_add_test(suite, "an inner loop calls the outer", inner_loop_calls_outer);
    CU_add_test(suite, "two loops with two entries", mutual_loops_with_two_entries);
    CU_add_test(suite, "a loop as value and as test", loop_as_value_and_as_test);
    CU_add_test(suite, "called once: no function", called_once_is_no_function);
    CU_add_test(suite, "called twice: lifted", called_twice_is_lifted);
    CU_add_test(suite, "a lifted function shares a box", lifted_shares_box);
    CU_add_test(suite, "a closure where it escapes", closure_where_it_escapes);
    CU_add_test(suite, "closures know each other", closures_know_each_other);
    CU_add_test(suite, "each turn has fresh variables", each_turn_has_fresh_variables);
    CU_add_test(suite, "arguments change places", arguments_change_places);
    CU_add_test(suite, "a typed loop is raw", typed_loop_is_raw);
    CU_add_test(suite, "fields of bits", fields_of_bits);
    CU_add_test(suite, "words of arrays are raw", array_words_are_raw);
    CU_add_test(suite, "ends stand aside", ends_stand_aside);
    CU_add_test(suite, "accesses to the packet fuse", packet_accesses_fuse);
    CU_add_test(suite, "words are looked up", words_are_looked_up);
    CU_add_test(suite, "what is asked of the node is raw", queries_are_raw);
    CU_add_test(suite, "a typed function has two entries", typed_function_has_two_entries);
    CU_add_test(suite, "let keeps raw words", let_keeps_raw);
    CU_add_test(suite, "raw variables are captured", raw_captured);
    CU_add_test(suite, "a constant out of range", constant_out_of_range);
    CU_add_test(suite, "tests fuse", tests_fuse);
    CU_add_test(suite, "values go straight", values_go_straight);
    CU_add_test(suite, "a function may be too large", too_large);
    CU_add_test(suite, "constants are frozen", constants_are_frozen);
}
