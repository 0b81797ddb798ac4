/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine_test.c - the machine below the language: units written by hand, verified
 * and run; then allocation, symbols, arithmetic and generations by themselves.
 */
#include "suites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arith.h"
#include "generation.h"
#include "heap.h"
#include "packet.h"
#include "unit.h"

/* ---- units by hand --------------------------------------------------------------- */

#define DRAFT_WORDS     400u
#define DRAFT_SLOTS     64u
#define DRAFT_FUNCTIONS 6u

/* A unit whose code is appended word by word to the function begun last. */
struct draft {
    struct vvm_node *node;
    struct vvm_unit unit;
    struct vvm_function functions[DRAFT_FUNCTIONS], *f;
    uint64_t code[DRAFT_FUNCTIONS][DRAFT_WORDS];
    uint8_t types[DRAFT_FUNCTIONS][DRAFT_SLOTS];
    vvm_value constants[8];
    const struct primitive_row *primitives[4];
    struct link links[4];
};

static struct draft *draft_open(const struct vvm_options *options)
{
    struct draft *d = calloc(1, sizeof *d);
    if (!d || node_open(options, &d->node)) abort();
    d->unit.vmlet = d->node->vmlets;
    d->unit.functions = d->functions;
    d->unit.constants = d->constants;
    d->unit.primitives = d->primitives;
    d->unit.links = d->links;
    return d;
}

static void draft_close(struct draft *d)
{
    node_close(d->node);
    free(d);
}

static uint32_t begin_function(struct draft *d, unsigned parameters, unsigned slots)
{
    uint32_t i = d->unit.function_count++;
    d->f = &d->functions[i];
    *d->f = (struct vvm_function){.code = d->code[i],
                                  .parameters = (uint16_t)parameters,
                                  .slots = (uint16_t)slots,
                                  .index = i,
                                  .slot_types = d->types[i],
                                  .name = intern(d->node, "f"),
                                  .unit = &d->unit};
    return i;
}

/* Append one word; where it stands. */
static uint32_t word(struct draft *d, uint64_t w)
{
    if (d->f->words >= DRAFT_WORDS) abort();
    d->code[d->f->index][d->f->words] = w;
    return d->f->words++;
}

static uint32_t op(struct draft *d, unsigned code, unsigned a, unsigned b, unsigned c)
{
    return word(d, make_word(code, a, b, c));
}

static uint32_t immediate(struct draft *d, unsigned slot, int32_t fixnum)
{
    return word(d, make_word_imm32(OP_IMMEDIATE, slot, fixnum * 8));
}

/* A branch or push-handler with its COSTS word; the target is set by aim. */
static uint32_t branch(struct draft *d, unsigned code, unsigned a, unsigned b)
{
    uint32_t at = op(d, code, a, b, 0);
    word(d, 0);
    return at;
}

static void aim(struct draft *d, uint32_t at, uint32_t target)
{
    uint64_t *w = &d->code[d->f->index][at];
    *w = make_word(word_op(*w), word_a(*w), word_b(*w), target - at - 2);
}

static void aim_here(struct draft *d, uint32_t at) { aim(d, at, d->f->words); }

/* An instruction that lists up to four slots. */
static void listing(struct draft *d, unsigned code, unsigned a, unsigned b, unsigned n, unsigned s0,
                    unsigned s1, unsigned s2)
{
    op(d, code, a, b, n);
    if (n) word(d, s0 | (uint64_t)(n > 1 ? s1 : 0) << 16 | (uint64_t)(n > 2 ? s2 : 0) << 32);
}

static void give_signatures(struct draft *d)
{
    for (uint32_t i = 0; i < d->unit.function_count; i++) {
        struct vvm_function *f = &d->functions[i];
        f->signature = signature_intern(d->node, f->slot_types, f->parameters, f->flags & FUNCTION_REST,
                                        f->result);
    }
}

static void verify_draft(struct draft *d)
{
    struct verify_error error;
    give_signatures(d);
    if (verify_unit(&d->unit, &error)) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
}

/* Run function f with n tagged fixnum arguments. */
static int run(struct draft *d, uint32_t f, uint64_t *result, int64_t a)
{
    uint64_t args[1] = {make_fixnum(a)};
    if (!d->unit.verified) verify_draft(d);
    return vvm_run(&d->node->control, &d->functions[f], args, result);
}

static bool pending_is(const struct draft *d, enum error_code code)
{
    const struct pending *p = &d->node->control.pending;
    return p->kind == PENDING_RAISE && has_type(p->value, TYPE_ERROR) &&
           ((struct error_object *)value_pointer(p->value))->code == (uint64_t)code;
}

static bool error_in(uint64_t v, enum error_code code)
{
    return has_type(v, TYPE_ERROR) && ((struct error_object *)value_pointer(v))->code == (uint64_t)code;
}

/* (lambda (n) (let loop ((i 0) (s 0)) (if (= i n) s (loop (+ i 1) (+ s i))))) */
static uint32_t write_loop(struct draft *d)
{
    uint32_t f = begin_function(d, 1, 3);
    immediate(d, 1, 0);
    immediate(d, 2, 0);
    uint32_t loop = branch(d, OP_JUMP_NUM_EQ, 1, 0);
    op(d, OP_ADD, 2, 2, 1);
    op(d, OP_ADD_IMM, 1, 1, 1);
    aim(d, branch(d, OP_JUMP, 0, 0), loop);
    aim_here(d, loop);
    op(d, OP_RETURN, 2, 0, 0);
    return f;
}

static void test_loop(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    uint32_t f = write_loop(d);
    CU_ASSERT_EQUAL(run(d, f, &v, 10), 0);
    CU_ASSERT_EQUAL(v, make_fixnum(45));
    CU_ASSERT_EQUAL(run(d, f, &v, 1000000), 0);
    CU_ASSERT_EQUAL(v, make_fixnum(INT64_C(499999500000)));
    CU_ASSERT_EQUAL(d->node->control.frame_count, 0);
    draft_close(d);
}

static void test_fuel(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    uint32_t f = write_loop(d);
    d->node->options.load_fuel = 10000; /* the node has opened */
    CU_ASSERT_EQUAL(run(d, f, &v, 10), 0);
    /* 2 + jump before the loop, 4 a turn, 1 + return at its end */
    CU_ASSERT_EQUAL(d->node->control.fuel, 10000 - (3 + 10 * 4 + 1));
    CU_ASSERT_EQUAL(run(d, f, &v, 1000000), -ECANCELED);
    CU_ASSERT_EQUAL(d->node->control.pending.kind, PENDING_TRAP);
    CU_ASSERT_EQUAL(d->node->control.pending.value, make_fixnum(TRAP_FUEL));
    CU_ASSERT_EQUAL(run(d, f, &v, 10), 0);
    draft_close(d);
}

/* (define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) */
static void test_calls(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    uint32_t f = begin_function(d, 1, 4);
    immediate(d, 1, 2);
    uint32_t small = branch(d, OP_JUMP_NUM_LT, 0, 1);
    op(d, OP_ADD_IMM, 2, 0, (uint16_t)-1);
    listing(d, OP_CALL, 2, f, 1, 2, 0, 0);
    op(d, OP_ADD_IMM, 3, 0, (uint16_t)-2);
    listing(d, OP_CALL, 3, f, 1, 3, 0, 0);
    op(d, OP_ADD, 2, 2, 3);
    op(d, OP_RETURN, 2, 0, 0);
    aim_here(d, small);
    op(d, OP_RETURN, 0, 0, 0);
    CU_ASSERT_EQUAL(run(d, f, &v, 20), 0);
    CU_ASSERT_EQUAL(v, make_fixnum(6765));
    draft_close(d);
}

/* Two functions that tail call each other a million times. */
static void test_tail_calls(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    for (uint32_t i = 0; i < 2; i++) {
        begin_function(d, 1, 2);
        immediate(d, 1, 0);
        uint32_t end = branch(d, OP_JUMP_NUM_EQ, 0, 1);
        op(d, OP_ADD_IMM, 0, 0, (uint16_t)-1);
        listing(d, OP_TAIL_CALL, 0, 1 - i, 1, 0, 0, 0);
        aim_here(d, end);
        immediate(d, 0, (int32_t)(i + 7));
        op(d, OP_RETURN, 0, 0, 0);
    }
    CU_ASSERT_EQUAL(run(d, 0, &v, 1000001), 0);
    CU_ASSERT_EQUAL(v, make_fixnum(8));
    draft_close(d);
}

/* ---- handlers ------------------------------------------------------------------------ */

/* A function that calls `callee` with its argument inside a region, and returns what
 * was raised, or 0 if nothing was. */
static uint32_t write_guard(struct draft *d, uint32_t callee)
{
    uint32_t f = begin_function(d, 1, 3);
    uint32_t push = branch(d, OP_PUSH_HANDLER, 1, 0);
    listing(d, OP_CALL, 2, callee, 1, 0, 0, 0);
    op(d, OP_POP_HANDLER, 0, 0, 0);
    immediate(d, 2, 0);
    op(d, OP_RETURN, 2, 0, 0);
    aim_here(d, push);
    op(d, OP_RETURN, 1, 0, 0);
    return f;
}

static void test_regions(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    begin_function(d, 1, 2);
    op(d, OP_CAR, 1, 0, 0);
    op(d, OP_RETURN, 1, 0, 0);
    uint32_t raiser = begin_function(d, 1, 1);
    op(d, OP_RAISE, 0, 0, 0);
    uint32_t guard = write_guard(d, 0), other = write_guard(d, raiser);
    CU_ASSERT_EQUAL(run(d, 0, &v, 5), -ECANCELED);
    CU_ASSERT(pending_is(d, ERROR_TYPE));
    CU_ASSERT(is_pair(d->node->control.trace));
    CU_ASSERT_EQUAL(run(d, guard, &v, 5), 0);
    CU_ASSERT(error_in(v, ERROR_TYPE));
    CU_ASSERT_EQUAL(run(d, other, &v, 99), 0);
    CU_ASSERT_EQUAL(v, make_fixnum(99));
    CU_ASSERT_EQUAL(d->node->control.handler_count, 0);
    CU_ASSERT_EQUAL(d->node->control.frame_count, 0);
    draft_close(d);
}

/* Endless recursion is an error that a handler sees, and again afterwards. */
static void test_recursion(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    uint32_t f = begin_function(d, 1, 2);
    listing(d, OP_CALL, 1, f, 1, 0, 0, 0);
    op(d, OP_ADD, 1, 1, 1);
    op(d, OP_RETURN, 1, 0, 0);
    uint32_t guard = write_guard(d, f);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(run(d, guard, &v, 5), 0);
        CU_ASSERT(error_in(v, ERROR_RECURSION));
        CU_ASSERT_EQUAL(d->node->control.frame_limit, LOAD_FRAMES);
    }
    CU_ASSERT_EQUAL(run(d, f, &v, 5), -ECANCELED);
    CU_ASSERT(pending_is(d, ERROR_RECURSION));
    draft_close(d);
}

/* A raise inside a handler procedure: (lambda (x) (+ x 1)), continuable or not. */
static void write_procedures(struct draft *d)
{
    begin_function(d, 1, 1); /* 0: the handler */
    op(d, OP_ADD_IMM, 0, 0, 1);
    op(d, OP_RETURN, 0, 0, 0);
    for (unsigned continuable = 0; continuable < 2; continuable++) { /* 1, 2 */
        begin_function(d, 1, 3);
        listing(d, OP_CLOSURE, 1, 0, 0, 0, 0, 0);
        op(d, OP_PUSH_PROCEDURE, 1, 0, 0);
        if (continuable) op(d, OP_RAISE_CONTINUABLE, 2, 0, 0);
        else listing(d, OP_CALL, 2, 3, 1, 0, 0, 0);
        op(d, OP_POP_HANDLER, 0, 0, 0);
        op(d, OP_ADD_IMM, 2, 2, 100);
        op(d, OP_RETURN, 2, 0, 0);
    }
    begin_function(d, 1, 1); /* 3 */
    op(d, OP_RAISE, 0, 0, 0);
}

static void test_handler_procedures(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    write_procedures(d);
    uint32_t guard = write_guard(d, 1);
    CU_ASSERT_EQUAL(run(d, 2, &v, 5), 0);
    CU_ASSERT_EQUAL(v, make_fixnum(106));
    CU_ASSERT_EQUAL(run(d, 1, &v, 5), -ECANCELED);
    CU_ASSERT(pending_is(d, ERROR_NON_CONTINUABLE));
    CU_ASSERT_EQUAL(run(d, guard, &v, 5), 0);
    CU_ASSERT(error_in(v, ERROR_NON_CONTINUABLE));
    CU_ASSERT_EQUAL(d->node->control.handler_count, 0);
    draft_close(d);
}

/* ---- values, escapes -------------------------------------------------------------------- */

static void test_values(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    begin_function(d, 1, 2); /* 0: n and 7 */
    immediate(d, 1, 7);
    listing(d, OP_RETURN_VALUES, 0, 0, 2, 0, 1, 0);
    begin_function(d, 1, 4); /* 1: receives two */
    listing(d, OP_CALL, 1, 0, 1, 0, 0, 0);
    listing(d, OP_RECEIVE, 1, 0, 2, 2, 3, 0);
    op(d, OP_SUB, 2, 2, 3);
    op(d, OP_RETURN, 2, 0, 0);
    begin_function(d, 1, 4); /* 2: receives one and the rest */
    listing(d, OP_CALL, 1, 0, 1, 0, 0, 0);
    listing(d, OP_RECEIVE_REST, 1, 0, 2, 2, 3, 0);
    op(d, OP_CAR, 3, 3, 0);
    op(d, OP_RETURN, 3, 0, 0);
    begin_function(d, 1, 2); /* 3: takes exactly one */
    listing(d, OP_CALL, 1, 0, 1, 0, 0, 0);
    op(d, OP_ADD, 1, 1, 1);
    op(d, OP_RETURN, 1, 0, 0);
    begin_function(d, 1, 4); /* 4: passes two on, as if it were a tail call */
    listing(d, OP_CALL, 1, 0, 1, 0, 0, 0);
    op(d, OP_RETURN, 1, 0, 0);
    begin_function(d, 1, 4); /* 5: and receives them */
    listing(d, OP_CALL, 1, 4, 1, 0, 0, 0);
    listing(d, OP_RECEIVE, 1, 0, 2, 2, 3, 0);
    op(d, OP_RETURN, 3, 0, 0);
    CU_ASSERT(run(d, 1, &v, 50) == 0 && v == make_fixnum(43));
    CU_ASSERT(run(d, 2, &v, 50) == 0 && v == make_fixnum(7));
    CU_ASSERT(run(d, 3, &v, 50) == -ECANCELED && pending_is(d, ERROR_VALUES));
    CU_ASSERT(run(d, 5, &v, 50) == 0 && v == make_fixnum(7));
    CU_ASSERT(run(d, 0, &v, 50) == -ECANCELED && pending_is(d, ERROR_VALUES));
    draft_close(d);
}

static void test_escape(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v;
    begin_function(d, 1, 3); /* 0: (lambda (k) (+ 1 (k 42))) */
    immediate(d, 1, 42);
    listing(d, OP_CALL_VALUE, 2, 0, 1, 1, 0, 0);
    op(d, OP_ADD_IMM, 2, 2, 1);
    op(d, OP_RETURN, 2, 0, 0);
    begin_function(d, 1, 3); /* 1: (call/cc 0) */
    listing(d, OP_CLOSURE, 1, 0, 0, 0, 0, 0);
    op(d, OP_CALL_ESCAPE, 2, 1, 0);
    op(d, OP_RETURN, 2, 0, 0);
    begin_function(d, 1, 1); /* 2: (lambda (k) k) */
    op(d, OP_RETURN, 0, 0, 0);
    begin_function(d, 1, 4); /* 3: calls it too late */
    listing(d, OP_CLOSURE, 1, 2, 0, 0, 0, 0);
    op(d, OP_CALL_ESCAPE, 2, 1, 0);
    listing(d, OP_CALL_VALUE, 3, 2, 1, 0, 0, 0);
    op(d, OP_RETURN, 3, 0, 0);
    CU_ASSERT(run(d, 1, &v, 0) == 0 && v == make_fixnum(42));
    CU_ASSERT(run(d, 3, &v, 0) == -ECANCELED && pending_is(d, ERROR_ESCAPE));
    draft_close(d);
}

static void test_procedure_values(void)
{
    struct draft *d = draft_open(NULL);
    struct vvm_context *ctx = &d->node->control;
    uint64_t v;
    begin_function(d, 2, 3); /* 0: (lambda (a b . rest) rest) */
    d->f->flags = FUNCTION_REST;
    op(d, OP_RETURN, 2, 0, 0);
    begin_function(d, 1, 2); /* 1: its closure */
    listing(d, OP_CLOSURE, 1, 0, 0, 0, 0, 0);
    op(d, OP_RETURN, 1, 0, 0);
    CU_ASSERT_EQUAL(run(d, 1, &v, 0), 0);
    vvm_value args[] = {make_fixnum(1), make_fixnum(2), make_fixnum(3)};
    CU_ASSERT_EQUAL(vvm_call(ctx, v, 2, args), VALUE_NULL);
    vvm_value rest = vvm_call(ctx, v, 3, args);
    CU_ASSERT(is_pair(rest) && car_of(rest) == args[2]);
    CU_ASSERT(vvm_call(ctx, v, 1, args) == VALUE_EXCEPTION && pending_is(d, ERROR_ARITY));
    CU_ASSERT(vvm_call(ctx, make_fixnum(3), 0, NULL) == VALUE_EXCEPTION &&
              pending_is(d, ERROR_NOT_PROCEDURE));
    CU_ASSERT_EQUAL(ctx->depth, 0);
    draft_close(d);
}

/* ---- raw arithmetic, against C --------------------------------------------------------------- */

/* What `code` does to two raw words of the type, by wide arithmetic and one wrap. */
static bool raw_oracle(unsigned code, enum slot_type t, uint64_t b, uint64_t c, uint64_t *out)
{
    unsigned family = (code - OP_U8_ADD) % 9, bits = slot_bits(t);
    __int128 x = slot_is_signed(t) ? (__int128)(int64_t)b : (__int128)b;
    __int128 y = slot_is_signed(t) ? (__int128)(int64_t)c : (__int128)c, r = 0;
    if ((family == 4 || family == 5) && y == 0) return false;
    switch (family) {
    case 0: r = x + y; break;
    case 1: r = x - y; break;
    case 2: r = (__int128)((unsigned __int128)x * (unsigned __int128)y); break;
    case 4: r = x / y; break;
    case 5: r = x % y; break;
    case 6: r = ~x; break;
    case 7: r = c >= bits ? 0 : (__int128)((unsigned __int128)x << c); break;
    case 8: r = c >= bits ? (x < 0 ? -1 : 0) : x >> c; break;
    default: r = x + 3; break;
    }
    uint64_t w = (uint64_t)r << (64 - bits);
    *out = slot_is_signed(t) ? (uint64_t)((int64_t)w >> (64 - bits)) : w >> (64 - bits);
    return true;
}

static void check_raw(struct draft *d, enum slot_type t, unsigned code)
{
    static const int64_t samples[] = {0,   1,  2,  3,  7,        8,         31,        63,       64,
                                      100, -1, -2, -7, INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN};
    unsigned n = sizeof samples / sizeof *samples, shift = 64 - slot_bits(t);
    for (unsigned i = 0; i < n * n; i++) {
        uint64_t args[2], v = 0, want;
        for (unsigned k = 0; k < 2; k++) {
            uint64_t s = (uint64_t)samples[k ? i / n : i % n] << shift;
            args[k] = slot_is_signed(t) ? (uint64_t)((int64_t)s >> shift) : s >> shift;
        }
        int err = vvm_run(&d->node->control, &d->functions[0], args, &v);
        bool defined = raw_oracle(code, t, args[0], args[1], &want);
        CU_ASSERT(defined ? err == 0 && v == want : err && pending_is(d, ERROR_DIVIDE));
    }
}

static void test_raw(void)
{
    struct draft *d = draft_open(NULL);
    for (unsigned code = OP_U8_ADD; code <= OP_S64_SHIFT_RIGHT; code++) {
        enum slot_type t = SLOT_U8 + (code - OP_U8_ADD) / 9;
        d->unit.function_count = 0;
        d->unit.verified = false;
        begin_function(d, 2, 3);
        memset(d->types[0], t, DRAFT_SLOTS);
        d->f->result = (uint8_t)t;
        bool one = instruction_table[code].c.kind == OPERAND_NONE,
             imm = instruction_table[code].c.kind == OPERAND_IMM;
        op(d, code, 2, 0, one ? 0 : imm ? 3 : 1);
        op(d, OP_RETURN, 2, 0, 0);
        verify_draft(d);
        check_raw(d, t, code);
    }
    draft_close(d);
}

static void test_boxes(void)
{
    struct draft *d = draft_open(NULL);
    uint64_t v, big = UINT64_MAX, least = (uint64_t)FIXNUM_MIN;
    for (unsigned i = 0; i < 2; i++) { /* 0: box a u64, 1: box an s64 */
        begin_function(d, 1, 2);
        d->types[i][0] = i ? SLOT_S64 : SLOT_U64;
        op(d, OP_BOX, 1, 0, 0);
        op(d, OP_RETURN, 1, 0, 0);
    }
    begin_function(d, 1, 2); /* 2: unbox an s8 */
    d->types[2][1] = d->f->result = SLOT_S8;
    op(d, OP_UNBOX, 1, 0, 0);
    op(d, OP_RETURN, 1, 0, 0);
    verify_draft(d);
    struct vvm_context *ctx = &d->node->control;
    CU_ASSERT(vvm_run(ctx, &d->functions[0], &big, &v) == -ECANCELED && pending_is(d, ERROR_INTEGER_RANGE));
    CU_ASSERT(vvm_run(ctx, &d->functions[1], &big, &v) == 0 && v == make_fixnum(-1));
    CU_ASSERT(vvm_run(ctx, &d->functions[1], &least, &v) == 0 && v == make_fixnum(FIXNUM_MIN));
    least--;
    CU_ASSERT(vvm_run(ctx, &d->functions[1], &least, &v) == -ECANCELED && pending_is(d, ERROR_INTEGER_RANGE));
    CU_ASSERT(run(d, 2, &v, -128) == 0 && v == (uint64_t)INT64_C(-128));
    CU_ASSERT(run(d, 2, &v, 128) == -ECANCELED && pending_is(d, ERROR_RANGE));
    big = VALUE_TRUE;
    CU_ASSERT(vvm_run(ctx, &d->functions[2], &big, &v) == -ECANCELED && pending_is(d, ERROR_TYPE));
    draft_close(d);
}

/* ---- packets' limits --------------------------------------------------------------------------- */

/* (lambda (n) (let loop ((l '())) (loop (cons n l)))) fills any arena. */
static uint32_t write_consing(struct draft *d)
{
    uint32_t f = begin_function(d, 1, 2);
    word(d, make_word_imm32(OP_IMMEDIATE, 1, (int32_t)VALUE_NULL));
    uint32_t loop = op(d, OP_CONS, 1, 0, 1);
    aim(d, branch(d, OP_JUMP, 0, 0), loop);
    return f;
}

static void test_packet_limits(void)
{
    struct draft *d = draft_open(NULL);
    struct vvm_context packet;
    uint64_t v, arg = make_fixnum(1);
    uint32_t consing = write_consing(d);
    uint32_t deep = begin_function(d, 1, 2);
    listing(d, OP_CALL, 1, deep, 1, 0, 0, 0);
    op(d, OP_ADD, 1, 1, 1);
    op(d, OP_RETURN, 1, 0, 0);
    uint32_t guard = write_guard(d, deep);
    verify_draft(d);
    CU_ASSERT_EQUAL_FATAL(context_open(&packet, d->node, false), 0);
    generation_enter(&packet);
    packet.fuel = 1000000;
    CU_ASSERT_EQUAL(vvm_run(&packet, &d->functions[consing], &arg, &v), -ECANCELED);
    CU_ASSERT(packet.pending.kind == PENDING_TRAP && packet.pending.value == make_fixnum(TRAP_ARENA));
    packet.free = packet.arena;
    CU_ASSERT_EQUAL(vvm_run(&packet, &d->functions[guard], &arg, &v), -ECANCELED);
    CU_ASSERT(packet.pending.kind == PENDING_TRAP && packet.pending.value == make_fixnum(TRAP_NESTING));
    packet.fuel = 100;
    CU_ASSERT_EQUAL(vvm_run(&packet, &d->functions[guard], &arg, &v), -ECANCELED);
    CU_ASSERT(packet.pending.kind == PENDING_TRAP && packet.pending.value == make_fixnum(TRAP_FUEL));
    CU_ASSERT(packet.frame_count == 0 && packet.handler_count == 0);
    generation_leave(&packet);
    context_close(&packet);
    draft_close(d);
}

/* Packet code may not write what it shares with others. */
static void test_packet_writes(void)
{
    struct draft *d = draft_open(NULL);
    struct vvm_context packet;
    uint64_t v, args[2] = {make_vector(&d->node->control, 2, VALUE_NULL), 0};
    uint32_t f = begin_function(d, 1, 2);
    immediate(d, 1, 0);
    op(d, OP_VECTOR_SET, 0, 1, 1);
    op(d, OP_RETURN, 1, 0, 0);
    verify_draft(d);
    CU_ASSERT_EQUAL(vvm_run(&d->node->control, &d->functions[f], args, &v), 0);
    CU_ASSERT_EQUAL_FATAL(context_open(&packet, d->node, false), 0);
    generation_enter(&packet);
    packet.fuel = 1000;
    CU_ASSERT_EQUAL(vvm_run(&packet, &d->functions[f], args, &v), -ECANCELED);
    CU_ASSERT(error_in(packet.pending.value, ERROR_FROZEN));
    args[0] = make_vector(&packet, 2, VALUE_NULL);
    CU_ASSERT_EQUAL(vvm_run(&packet, &d->functions[f], args, &v), 0);
    generation_leave(&packet);
    context_close(&packet);
    draft_close(d);
}

/* ---- memory --------------------------------------------------------------------------------------- */

static void test_heap_limit(void)
{
    struct vvm_options options = {.heap_limit = (size_t)16 << 20};
    struct draft *d = draft_open(&options);
    struct vvm_context *ctx = &d->node->control;
    uint64_t v;
    uint32_t guard = write_guard(d, write_consing(d));
    CU_ASSERT_EQUAL(run(d, guard, &v, 1), 0);
    CU_ASSERT(error_in(v, ERROR_HEAP));
    CU_ASSERT_NOT_EQUAL(make_pair(ctx, VALUE_NULL, VALUE_NULL), VALUE_EXCEPTION); /* the reserve */
    CU_ASSERT_EQUAL(make_vector(ctx, (size_t)1 << 39, VALUE_NULL), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(make_bytes(ctx, SIZE_MAX), VALUE_EXCEPTION);
    CU_ASSERT(pending_is(d, ERROR_HEAP));
    draft_close(d);
}

static void test_objects(void)
{
    struct draft *d = draft_open(NULL);
    struct vvm_context *ctx = &d->node->control;
    CU_ASSERT_EQUAL(intern(d->node, "abc"), intern_n(d->node, "abcd", 3));
    CU_ASSERT_NOT_EQUAL(intern(d->node, "abc"), intern(d->node, "abd"));
    CU_ASSERT_EQUAL(intern_n(d->node, "", 0), intern(d->node, ""));
    char name[16];
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "many-%u", i);
        vvm_value s = intern(d->node, name);
        CU_ASSERT_FATAL(is_symbol(s) && s == intern(d->node, name) && !strcmp(symbol_name(s), name));
    }
    vvm_value s = make_string_utf8(ctx, "a\xc3\xa4\xff\xe2\x82\xac\xed\xa0\x80\xf0\x9f\x98\x80\xc3", 15);
    const uint32_t want[] = {'a', 0xe4, 0xfffd, 0x20ac, 0xfffd, 0xfffd, 0xfffd, 0x1f600, 0xfffd};
    CU_ASSERT_EQUAL_FATAL(object_length(s), 9);
    CU_ASSERT_EQUAL(memcmp(((struct string *)value_pointer(s))->chars, want, sizeof want), 0);
    vvm_value big = make_bytes(ctx, 3000000);
    CU_ASSERT(object_length(big) == 3000000 && heap_contains(d->node, value_pointer(big)));
    draft_close(d);
}

static void test_numbers(void)
{
    struct draft *d = draft_open(NULL);
    struct vvm_context *ctx = &d->node->control;
    vvm_value most = make_fixnum(FIXNUM_MAX), least = make_fixnum(FIXNUM_MIN), two = make_fixnum(2);
    CU_ASSERT(number_multiply(ctx, most, two) == VALUE_EXCEPTION && pending_is(d, ERROR_INTEGER_RANGE));
    CU_ASSERT(number_add(ctx, most, make_fixnum(1)) == VALUE_EXCEPTION && pending_is(d, ERROR_INTEGER_RANGE));
    CU_ASSERT(number_quotient(ctx, least, make_fixnum(-1)) == VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(number_modulo(ctx, make_fixnum(-7), two), make_fixnum(1));
    CU_ASSERT_EQUAL(number_remainder(ctx, make_fixnum(-7), two), make_fixnum(-1));
    CU_ASSERT(number_quotient(ctx, two, 0) == VALUE_EXCEPTION && pending_is(d, ERROR_DIVIDE));
    CU_ASSERT(number_add(ctx, two, VALUE_TRUE) == VALUE_EXCEPTION && pending_is(d, ERROR_TYPE));
    vvm_value half = make_flonum(ctx, 0.5), huge = make_flonum(ctx, 0x1p60);
    CU_ASSERT_EQUAL(flonum_value(number_add(ctx, two, half)), 2.5);
    CU_ASSERT_EQUAL(number_less(ctx, most, huge), VALUE_TRUE);
    CU_ASSERT_EQUAL(number_equal(ctx, most, huge), VALUE_FALSE);
    CU_ASSERT_EQUAL(number_less(ctx, half, make_fixnum(0)), VALUE_FALSE);
    CU_ASSERT_EQUAL(number_less_equal(ctx, make_flonum(ctx, -0.5), make_fixnum(0)), VALUE_TRUE);
    draft_close(d);
}

/* ---- generations ------------------------------------------------------------------------------------ */

static void test_generations(void)
{
    struct draft *d = draft_open(NULL);
    struct vvm_node *node = d->node;
    struct vvm_vmlet *core = node->vmlets;
    CU_ASSERT_EQUAL_FATAL(generation_begin(node), 0);
    CU_ASSERT_EQUAL(generation_begin(node), -EBUSY);
    uint32_t g = global_number(node, core, intern(node, "a-test-global"));
    CU_ASSERT_EQUAL(global_number(node, core, intern(node, "a-test-global")), g);
    CU_ASSERT_EQUAL(generation_define(node, g, core, make_fixnum(1), NULL), 0);
    CU_ASSERT_EQUAL(node->control.generation->bindings[g].value, make_fixnum(1));
    CU_ASSERT_EQUAL_FATAL(generation_publish(node), 0);
    CU_ASSERT_EQUAL(node->current->bindings[g].value, make_fixnum(1));
    CU_ASSERT(node->current->bindings[g].flags & BINDING_CONSTANT);
    CU_ASSERT_EQUAL_FATAL(generation_begin(node), 0);
    CU_ASSERT_EQUAL(generation_define(node, g, core, make_fixnum(2), NULL), 0);
    generation_abandon(node);
    CU_ASSERT_EQUAL(node->current->bindings[g].value, make_fixnum(1));
    CU_ASSERT_EQUAL_FATAL(generation_begin(node), 0);
    CU_ASSERT_EQUAL(generation_publish(node), 0);
    CU_ASSERT_EQUAL(node->current->bindings[g].value, make_fixnum(1));
    CU_ASSERT_EQUAL(generation_define(node, g, core, make_fixnum(2), NULL), -EPERM);
    draft_close(d);
}

/* A reader inside its section keeps its generation; at most three are alive. */
static void test_reclamation(void)
{
    struct draft *d = draft_open(NULL);
    struct vvm_node *node = d->node;
    struct vvm_context reader;
    CU_ASSERT_EQUAL_FATAL(context_open(&reader, node, false), 0);
    generation_enter(&reader);
    const struct vvm_generation *seen = reader.generation;
    uint64_t number = seen->number;
    int err = 0;
    unsigned published = 0;
    for (; published < 10 && !err; published++) {
        err = generation_begin(node);
        if (!err) err = generation_publish(node);
    }
    CU_ASSERT_EQUAL(err, -EBUSY);
    CU_ASSERT(published <= 4 && generations_alive(node) <= 3);
    CU_ASSERT_EQUAL(seen->number, number);
    generation_leave(&reader);
    for (unsigned i = 0; i < 10; i++) CU_ASSERT(generation_begin(node) == 0 && generation_publish(node) == 0);
    CU_ASSERT(generations_alive(node) <= 2);
    context_close(&reader);
    draft_close(d);
}

void machine_tests(CU_pSuite suite)
{
    CU_add_test(suite, "loop", test_loop);
    CU_add_test(suite, "fuel", test_fuel);
    CU_add_test(suite, "calls", test_calls);
    CU_add_test(suite, "tail-calls", test_tail_calls);
    CU_add_test(suite, "regions", test_regions);
    CU_add_test(suite, "recursion", test_recursion);
    CU_add_test(suite, "handler-procedures", test_handler_procedures);
    CU_add_test(suite, "values", test_values);
    CU_add_test(suite, "escape", test_escape);
    CU_add_test(suite, "procedure-values", test_procedure_values);
    CU_add_test(suite, "raw", test_raw);
    CU_add_test(suite, "boxes", test_boxes);
    CU_add_test(suite, "packet-limits", test_packet_limits);
    CU_add_test(suite, "packet-writes", test_packet_writes);
    CU_add_test(suite, "heap-limit", test_heap_limit);
    CU_add_test(suite, "objects", test_objects);
    CU_add_test(suite, "numbers", test_numbers);
    CU_add_test(suite, "generations", test_generations);
    CU_add_test(suite, "reclamation", test_reclamation);
}
