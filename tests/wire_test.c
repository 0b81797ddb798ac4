/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_test.c - programs that arrive in packets: for each rule of the wire verifier a
 * program that only this rule refuses; what a hostile program can do to the node and
 * to the packet after it: nothing that is not named.
 */
#include <stdlib.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "../engine/vmlet.h"
#include "../engine/wire/execution.h"
#include "suites.h"
#include "wire_bench.h"

/* ---- the rules ------------------------------------------------------------------------------- */

/* A function of the test's form: arity, locals, two octets of length, code. */
static const char rules_text[] =
    "(vmlet rules (needs (all)))"
    "(define-layout slot (arity u8) (locals u8) (code (counted u16)))"
    "(define-program form (functions u16 slot) (label s8) (stack 4) (depth 8))"
    "(define-instruction (push (n u8)) (opcode 1) n)"
    "(define-instruction (pop) (opcode 2) (takes a) (next))"
    "(define-instruction (jump (l label)) (opcode 3) (goto l))"
    "(define-instruction (get (i local)) (opcode 5) (local i))"
    "(define-instruction (call-it (f function)) (opcode 6) (call f))"
    "(define-instruction (finish) (opcode 8) (takes v) (return v))"
    "(define-instruction (try (l label)) (opcode 9) (push-handler l) (next))"
    "(define-instruction (end-try) (opcode 10) (pop-handler) (next))"
    "(define-instruction (here-deeper (f function) (n count)) (opcode 11) (takes (items n))"
    "  (call f (keep 1) (then here)))"
    "(define-instruction (nothing) (opcode 12) (next))"
    "(define-instruction (text (s (counted u8))) (opcode 13) s)"
    "(define-instruction (gather (n count)) (opcode 14) (takes (items n)) (slice->vector items))"
    "(define-instruction (call-items (f function)) (opcode 15) (takes (items f)) (call f items))"
    "(define-instruction (retry (l label)) (opcode 16) (pop-handler) (push-handler l) (next))"
    "(define (body) (run-program form packet 0 '#()))"
    "(define-network rules (match (udp 1)) (execute body) (program form body) (instructions *)"
    "  (limits (fuel 1000) (arena 4KiB)))";

struct rule_case {
    enum wire_rule rule;
    const char *octets;
    uint32_t length;
};
#define O(text) text, sizeof text - 1
#define ONE     "\0\1"
#define TWO     "\0\2"
/* a second function that takes `arity` arguments and returns 1 */
#define RETURN_ONE(arity, locals) arity locals "\0\3\1\1\10"

static const struct rule_case rule_cases[] = {
    {WIRE_RULE_TABLE, O("\0\2\0\0\0\3\1\1\10")},
    {WIRE_RULE_TRAILING, O(ONE "\0\0\0\3\1\1\10!")},
    {WIRE_RULE_ARITY, O(ONE "\1\0\0\3\1\1\10")},
    {WIRE_RULE_OPCODE, O(ONE "\0\0\0\1\310")},
    {WIRE_RULE_TRUNCATED, O(ONE "\0\0\0\4\1\1\10\1")},
    {WIRE_RULE_LABEL, O(ONE "\0\0\0\4\1\1\3\375")}, /* into the operand of push */
    {WIRE_RULE_LABEL, O(ONE "\0\0\0\2\3\177")},     /* past the end */
    {WIRE_RULE_LABEL, O(ONE "\0\0\0\2\3\200")},     /* before the beginning */
    {WIRE_RULE_FUNCTION, O(ONE "\0\0\0\4\6\0\7\10")},
    {WIRE_RULE_FUNCTION, O(TWO "\0\0\0\4\6\0\1\10\0\0\0\0")}, /* an empty slot */
    {WIRE_RULE_FUNCTION_ARITY, O(TWO "\0\0\0\4\6\0\1\10" RETURN_ONE("\1", "\1"))},
    {WIRE_RULE_LOCAL, O(ONE "\0\2\0\3\5\2\10")},
    {WIRE_RULE_UNDERFLOW, O(ONE "\0\0\0\4\2\1\1\10")},
    {WIRE_RULE_UNDERFLOW, O(ONE "\0\0\0\5\1\1\16\2\10")}, /* more items than there are */
    {WIRE_RULE_OVERFLOW, O(ONE "\0\0\0\13\1\1\1\1\1\1\1\1\1\1\10")},
    {WIRE_RULE_DEPTH, O(ONE "\0\0\0\4\1\1\3\374")},
    {WIRE_RULE_HEIGHT, O(ONE "\0\0\0\5\11\2\3\374\10")},
    {WIRE_RULE_REGION, O(ONE "\0\0\0\13\11\4\1\1\12\10\11\2\3\372\10")},
    {WIRE_RULE_FLOOR, O(ONE "\0\0\0\12\1\7\11\5\2\1\1\12\10\10")},
    {WIRE_RULE_FLOOR, /* of a handler that one instruction put in another's place */
     O(ONE "\0\0\0\15\11\11\1\7\20\6\2\1\1\12\10\10\10")},
    {WIRE_RULE_HERE, O(TWO "\0\0\0\6\1\1\13\0\1\1" RETURN_ONE("\0", "\0"))},
    {WIRE_RULE_POP_HANDLER, O(ONE "\0\0\0\4\12\1\1\10")},
    {WIRE_RULE_HANDLER_OPEN, O(ONE "\0\0\0\6\11\3\1\1\10\10")},
    {WIRE_RULE_FALL_OFF, O(ONE "\0\0\0\2\1\1")},
};

static struct wire_verifier verifier(const struct bench *b, struct wire_work *work, const uint8_t *octets,
                                     uint32_t length)
{
    const struct network *n = network_at(b, 1);
    return (struct wire_verifier){
        .form = n->program, .network = n, .octets = octets, .length = length, .work = work};
}

/* The rule refuses the program, and nothing else does. */
static void check_rule(struct wire_verifier *v, enum wire_rule rule)
{
    v->disabled = 0;
    int err = wire_verify(v);
    if (!err || v->rule != rule)
        fprintf(stderr, "    %s: %s\n", wire_rule_name(rule), err ? v->text : "accepted");
    CU_ASSERT_EQUAL(err, -EINVAL);
    CU_ASSERT_EQUAL(v->rule, rule);
    CU_ASSERT_PTR_NOT_NULL(strstr(v->text, wire_rule_name(rule)));
    v->disabled = 1u << rule;
    err = wire_verify(v);
    if (err) fprintf(stderr, "    without %s: %s\n", wire_rule_name(rule), v->text);
    CU_ASSERT_EQUAL(err, 0);
}

static void each_rule_alone_refuses_its_program(void)
{
    struct bench b;
    struct wire_work *work = calloc(1, sizeof *work);
    uint64_t seen = 0;
    bench_open(&b, rules_text);
    for (unsigned i = 0; i < sizeof rule_cases / sizeof *rule_cases; i++) {
        const struct rule_case *c = &rule_cases[i];
        struct wire_verifier v = verifier(&b, work, (const uint8_t *)c->octets, c->length);
        check_rule(&v, c->rule);
        seen |= UINT64_C(1) << c->rule;
    }
    seen |= UINT64_C(1) << WIRE_RULE_SIZE | UINT64_C(1) << WIRE_RULE_FUNCTIONS |
            UINT64_C(1) << WIRE_RULE_VIEW;
    CU_ASSERT_EQUAL(seen, (UINT64_C(1) << WIRE_RULE_LIMIT) - 1); /* a new rule needs a program here */
    free(work);
    bench_close(&b);
}

static void the_rule_view_refuses_hidden_opcodes(void)
{
    struct bench b;
    struct wire_work *work = calloc(1, sizeof *work);
    static const uint8_t program[] = ONE "\0\0\0\3\1\1\10";
    uint8_t view[32] = {0xff, 0xff};
    bench_open(&b, rules_text);
    struct wire_verifier v = verifier(&b, work, program, sizeof program - 1);
    v.view = view;
    CU_ASSERT_EQUAL(wire_verify(&v), 0);
    view[0] &= (uint8_t) ~(1 << 1);
    check_rule(&v, WIRE_RULE_VIEW);
    free(work);
    bench_close(&b);
}

static void the_rule_functions_refuses_long_tables(void)
{
    struct bench b;
    struct wire_work *work = calloc(1, sizeof *work);
    uint8_t program[2 + 4 * PROGRAM_FUNCTIONS_MAX] = {1, 1}; /* says 257, holds 256 empty slots */
    bench_open(&b, rules_text);
    struct wire_verifier v = verifier(&b, work, program, sizeof program);
    check_rule(&v, WIRE_RULE_FUNCTIONS);
    free(work);
    bench_close(&b);
}

/* One function of `code` octets: instructions that do nothing, then the return of 1. */
static uint8_t *long_program(uint32_t code)
{
    uint8_t *program = malloc(6 + code);
    memcpy(program, ONE "\0\0", 4);
    program[4] = (uint8_t)(code >> 8);
    program[5] = (uint8_t)code;
    memset(program + 6, 12, code);
    memcpy(program + 6 + code - 3, "\1\1\10", 3);
    return program;
}

static void the_rule_size_refuses_long_functions(void)
{
    struct bench b;
    struct wire_work *work = calloc(1, sizeof *work);
    bench_open(&b, rules_text);
    for (uint32_t more = 0; more < 2; more++) {
        uint32_t code = MAX_FUNCTION_WORDS + 1 + more; /* the push has two octets */
        uint8_t *program = long_program(code);
        struct wire_verifier v = verifier(&b, work, program, 6 + code);
        if (more) check_rule(&v, WIRE_RULE_SIZE);
        else CU_ASSERT_EQUAL(wire_verify(&v), 0);
        free(program);
    }
    free(work);
    bench_close(&b);
}

/* `height` handlers opened at one depth: each `try` has a landing that jumps to itself. */
static uint8_t *open_handlers(uint8_t *at, unsigned height)
{
    while (height-- > 0) at = mempcpy(at, "\11\2\3\2\3\376", 6);
    return at;
}

/* After h handlers at depth 0, for each h, 199 - h more at depth 1, closed again. */
static uint32_t many_regions(uint8_t *program, unsigned steps)
{
    uint8_t *at = mempcpy(program, ONE "\0\0\0\0", 6);
    for (unsigned h = 0; h < steps; h++) {
        at = open_handlers(mempcpy(at, "\1\1", 2), 199 - h);
        memset(at, 10, 199 - h);
        at = open_handlers(mempcpy(at + 199 - h, "\2", 1), 1);
    }
    memset(at, 10, steps);
    at = mempcpy(at + steps, "\1\1\10", 3);
    uint32_t code = (uint32_t)(at - program) - 6;
    program[4] = (uint8_t)(code >> 8);
    program[5] = (uint8_t)code;
    return code + 6;
}

static void the_rule_size_bounds_the_kinds_of_handlers(void)
{
    struct bench b;
    struct wire_work *work = calloc(1, sizeof *work);
    uint8_t *program = malloc(PROGRAM_OCTETS_MAX);
    bench_open(&b, rules_text);
    struct wire_verifier v = verifier(&b, work, program, many_regions(program, 20));
    CU_ASSERT_EQUAL(wire_verify(&v), 0);
    CU_ASSERT_EQUAL(v.region_count, 1 + 20 + 20 * 199 - 190); /* 199 + 198 + ... + 180 of them at depth 1 */
    v.length = many_regions(program, 24);
    CU_ASSERT_EQUAL(wire_verify(&v), -EINVAL);
    CU_ASSERT_EQUAL(v.rule, WIRE_RULE_SIZE);
    CU_ASSERT_PTR_NOT_NULL(strstr(v.text, "handlers of different places"));
    free(program);
    free(work);
    bench_close(&b);
}

static void loops_and_flows_that_are_in_order_pass(void)
{
    static const struct rule_case good[] = {
        {0, O(ONE "\0\0\0\2\3\376")},             /* an endless loop is fuel's business */
        {0, O(ONE "\0\0\0\7\3\3\1\1\10\3\373")},  /* a body reached by a backward jump only */
        {0, O(ONE "\0\0\0\7\11\4\12\1\1\10\10")}, /* a handler that gets the raised value */
        {0, O(TWO "\1\1\0\10\5\0\5\0\17\0\1\10" RETURN_ONE("\2", "\2"))}, /* arguments from the stack */
        {0, O(ONE "\0\0\0\4\1\1\10\14")},                                 /* code that nothing reaches */
        /* values above a handler's base come and go; its own closing frees what lies below */
        {0, O(ONE "\0\0\0\15\1\7\11\10\1\1\2\12\2\1\1\10\10")},
        {0, O("\0\0")}, /* no functions at all */
    };
    struct bench b;
    struct wire_work *work = calloc(1, sizeof *work);
    bench_open(&b, rules_text);
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        struct wire_verifier v = verifier(&b, work, (const uint8_t *)good[i].octets, good[i].length);
        int err = wire_verify(&v);
        if (err) fprintf(stderr, "    %u: %s\n", i, v.text);
        CU_ASSERT_EQUAL(err, 0);
    }
    free(work);
    bench_close(&b);
}

/* ---- what a program can do ------------------------------------------------------------------- */

static const char flat_text[] =
    "(vmlet flat (needs (all)))"
    "(define-program code (opcode u8) (label s8) (stack 8))"
    "(define-instruction (again (l label)) (opcode 1) (goto l))"
    "(define-instruction (poke (at u8) (v u8)) (opcode 2) (set-u8! packet at v) (next))"
    "(define-instruction (deliver) (opcode 3) (deliver-to 4 packet))"
    "(define-instruction (text (s (counted u8))) (opcode 4) s)"
    "(define-instruction (deliver-text) (opcode 5) (takes s) (deliver-to 5 s))"
    "(define-instruction (fill) (opcode 6) (takes) (make-vector 100 0))"
    "(define-instruction (pop) (opcode 7) (takes v) (next))"
    "(define-instruction (whole) (opcode 8) (program-bytes))"
    "(define-instruction (cut) (opcode 9) (packet-trim! packet 0) (next))"
    "(define-instruction (leave) (opcode 10) (send (hop 0 1) packet))"
    "(define-instruction (leave-twice) (opcode 11)"
    "  (let ((p (make-packet 'answer))) (append-u8! p 9) (emit (hop 0 1) p) (emit (hop 0 1) p)))"
    "(define-instruction (forget) (opcode 12) (make-packet 'forgotten) (next))"
    "(define-instruction (reply) (opcode 13) (let ((p (make-packet))) (append-u8! p 8) (send (hop 0 1) p)))"
    "(define-instruction (copy) (opcode 14) (emit (hop 0 1) (copy-packet packet 'copy)) (next))"
    "(define-instruction (leave-by (factor u32)) (opcode 15) (send (+ (* factor 65536 65536) 1) packet))"
    "(define (body) (run-program code packet 0 '#()))"
    "(define-network flat (match (udp 2)) (execute body) (program code body) (instructions *)"
    "  (limits (fuel 5000) (arena 2KiB)))";

static void a_loop_without_end_is_stopped_and_the_next_packet_runs(void)
{
    struct bench b;
    bench_open(&b, flat_text);
    CHECK_TEXT(RECEIVE(&b, 2, 1, 0xfe), "dropped fuel");
    CHECK_TEXT(RECEIVE(&b, 2, 3), "delivered port-4");
    CHECK_TEXT(RECEIVE(&b, 2, 6, 7, 1, 0xfc), "dropped arena");
    CHECK_TEXT(RECEIVE(&b, 2, 3), "delivered port-4");
    bench_close(&b);
}

static void what_runs_is_what_was_verified(void)
{
    struct bench b;
    bench_open(&b, flat_text);
    /* the program writes an invalid opcode over its own next instruction, then meets it */
    CHECK_TEXT(RECEIVE(&b, 2, 2, 3, 99, 3), "delivered port-4");
    CU_ASSERT_EQUAL(b.last[3], 99);
    /* an operand too, and the program as it sees itself */
    CHECK_TEXT(RECEIVE(&b, 2, 2, 5, 'x', 4, 2, 'o', 'k', 5), "delivered port-5");
    CU_ASSERT_EQUAL(memcmp(b.last, "ok", 2), 0);
    CHECK_TEXT(RECEIVE(&b, 2, 2, 0, 9, 9, 8, 5), "delivered port-5");
    CU_ASSERT_EQUAL(b.last_length, 6);
    CU_ASSERT_EQUAL(b.last[0], 2);
    bench_close(&b);
}

static void packets_have_one_owner_and_one_end(void)
{
    struct bench b;
    bench_open(&b, flat_text);
    CHECK_TEXT(RECEIVE(&b, 2, 10), "sent flat");
    CHECK_TEXT(RECEIVE(&b, 2, 11), "dropped error-moved");
    CU_ASSERT_EQUAL(b.sent, 2);
    CHECK_TEXT(RECEIVE(&b, 2, 12), "consumed evaluated");
    CHECK_TEXT(RECEIVE(&b, 2, 12, 12, 12, 12, 12, 12, 12, 12, 12), "dropped error-no-buffer");
    CHECK_TEXT(RECEIVE(&b, 2, 13), "consumed answered");
    CHECK_TEXT(RECEIVE(&b, 2, 14, 14, 10), "sent flat");
    CU_ASSERT_EQUAL(b.sent, 6);
    bench_close(&b);
}

/* A device has 16 bits: a hop beyond them is none, and not the device that is left of it. */
static void what_is_beyond_a_hop_goes_nowhere(void)
{
    struct bench b;
    bench_open(&b, flat_text);
    CHECK_TEXT(RECEIVE(&b, 2, 15, 0, 0, 0, 0), "sent flat");
    CHECK_TEXT(RECEIVE(&b, 2, 15, 0, 1, 0, 0), "dropped error-type");
    CHECK_TEXT(RECEIVE(&b, 2, 15, 0, 1, 0, 1), "dropped error-type");
    CU_ASSERT_EQUAL(b.sent, 1);
    bench_close(&b);
}

static void fuel_does_not_depend_on_the_cache(void)
{
    struct bench b;
    struct outcome_report first, second;
    static const uint8_t program[] = {4, 1, 'a', 7, 3};
    bench_open(&b, flat_text);
    for (int i = 0; i < 2; i++) {
        struct vvm_packet *p = buffer_pool_ops(b.pool)->alloc(buffer_pool_ops(b.pool));
        packet_append(p, program, sizeof program);
        ledger_count_named(&b.ctx, LEDGER_RECEIVED, "test");
        network_receive(&b.ctx, network_at(&b, 2), p, i ? &second : &first);
    }
    CU_ASSERT_EQUAL(first.fuel_used, second.fuel_used);
    CU_ASSERT(first.fuel_used > (int64_t)sizeof program);
    struct cache_counts counts = cache_counts(b.ctx.execution->cache);
    CU_ASSERT_EQUAL(counts.misses, 1);
    CU_ASSERT_EQUAL(counts.hits, 1);
    bench_close(&b);
}

/* More programs than the cache holds: the old ones make room, and all run right. */
static void the_cache_stays_within_its_bounds(void)
{
    struct bench b;
    bench_open(&b, flat_text);
    for (unsigned i = 0; i < 3 * CACHE_ENTRIES; i++) {
        uint8_t program[] = {4, 2, (uint8_t)i, (uint8_t)(i >> 8), 5};
        CHECK_TEXT(receive(&b, 2, program, sizeof program), "delivered port-5");
        CU_ASSERT_EQUAL(memcmp(b.last, program + 2, 2), 0);
    }
    struct cache_counts counts = cache_counts(b.ctx.execution->cache);
    CU_ASSERT_EQUAL(counts.entries, CACHE_ENTRIES);
    CU_ASSERT_EQUAL(counts.evictions, 2 * CACHE_ENTRIES);
    bench_close(&b);
}

/* Large ones, so that octets and not entries are what runs out. */
static void large_programs_evict_each_other(void)
{
    struct bench b;
    uint8_t program[3000];
    bench_open(&b, flat_text);
    for (unsigned i = 0; i < 400; i++) {
        memset(program, 8, sizeof program); /* never gets past the second: out of stack */
        for (unsigned k = 0; k + 1 < sizeof program; k += 2) program[k + 1] = 7;
        program[0] = (uint8_t)(i & 1 ? 8 : 6);
        memcpy(program + 2, (uint8_t[]){4, 2, (uint8_t)i, (uint8_t)(i >> 8), 7, 8}, 6);
        CHECK_TEXT(receive(&b, 2, program, sizeof program), "dropped fuel");
    }
    CU_ASSERT(cache_counts(b.ctx.execution->cache).evictions > 0);
    CHECK_TEXT(RECEIVE(&b, 2, 3), "delivered port-4");
    bench_close(&b);
}

/* 256 functions of many locals each: few octets that would be much code. */
static void locals_are_in_proportion_to_octets(void)
{
    static const char text[] =
        "(vmlet wide (needs (all)))"
        "(define-layout slot (arity u8) (locals u16) (code (counted u8)))"
        "(define-program form (functions u16 slot) (stack 4))"
        "(define-instruction (finish) (opcode 1) (return 1))"
        "(define-network wide (match (udp 1)) (program form (lambda (p) p)) (instructions *))";
    struct bench b;
    uint8_t program[2 + 256 * 5] = {1, 0};
    bench_open(&b, text);
    CHECK_TEXT(RECEIVE(&b, 1, 0, 1, 0, 0, 0, 1, 1), "consumed evaluated");
    for (unsigned i = 0; i < 256; i++) memcpy(program + 2 + 5 * i, (uint8_t[]){0, 0, 22, 1, 1}, 5);
    CHECK_TEXT(receive(&b, 1, program, sizeof program), "dropped error-program");
    CHECK_TEXT(RECEIVE(&b, 1, 0, 1, 0, 1, 0, 1, 1), "dropped error-program");
    CHECK_TEXT(RECEIVE(&b, 1, 0, 1, 0, 0, 255, 1, 1), "consumed evaluated");
    CHECK_TEXT(RECEIVE(&b, 1, 0, 1, 0, 0, 0, 1, 1), "consumed evaluated");
    struct cache_counts counts = cache_counts(b.ctx.execution->cache);
    CU_ASSERT_EQUAL(counts.evictions, 0);
    CU_ASSERT_EQUAL(counts.hits, 1);
    CU_ASSERT_EQUAL(counts.entries, 2);
    bench_close(&b);
}

static void evaluate(struct vvm_node *node, const char *vmlet, const char *text)
{
    struct vvm_vmlet *v = vmlet_named(node, intern(node, vmlet));
    struct reader reader;
    vvm_value datum, result;
    reader_init(&reader, &node->control, v->environment, 0, text, strlen(text));
    CU_ASSERT_EQUAL_FATAL(reader_next(&reader, &datum), 0);
    CU_ASSERT_EQUAL(eval_datum(&node->control, v->environment, datum, &result), 0);
}

static void a_new_body_is_in_force_for_programs_seen_before(void)
{
    struct bench b;
    bench_open(&b, flat_text);
    const struct network *before = network_at(&b, 2);
    CHECK_TEXT(RECEIVE(&b, 2, 3), "delivered port-4");
    evaluate(b.node, "flat", "(define unrelated 1)");
    CU_ASSERT_PTR_EQUAL(network_at(&b, 2), before);
    evaluate(b.node, "flat", "(define-instruction (deliver) (opcode 3) (deliver-to 77 packet))");
    CU_ASSERT_PTR_NOT_EQUAL(network_at(&b, 2), before);
    CHECK_TEXT(RECEIVE(&b, 2, 3), "delivered port-77");
    CU_ASSERT_EQUAL(cache_counts(b.ctx.execution->cache).misses, 2);
    bench_close(&b);
}

/* A handle stands for what is in force under its name: an older member's callees are
 * not checked when they change. */
static void a_held_member_is_the_one_in_force(void)
{
    struct bench b;
    bench_open(&b, "(vmlet held (needs (all)))"
                   "(define-set s)"
                   "(define (helper) 1)"
                   "(define-member s (m) (helper))"
                   "(define handles (vector (set-ref s 'm)))"
                   "(define (run) (deliver-to (call-member (vector-ref handles (u8-ref packet 0))) packet))"
                   "(define-network held (match (udp 5)) (execute run))");
    CHECK_TEXT(RECEIVE(&b, 5, 0), "delivered port-1");
    evaluate(b.node, "held", "(define-member s (m) 2)");
    evaluate(b.node, "held", "(define (helper) (length (map car '((1) (2) (3)))))");
    CHECK_TEXT(RECEIVE(&b, 5, 0), "delivered port-2");
    bench_close(&b);
}

/* A name that is part of some octets is looked up where it stands, with the slice's own errors. */
static void a_member_is_found_by_part_of_octets(void)
{
    struct bench b;
    bench_open(&b, "(vmlet part (needs (all)))"
                   "(define-set s)"
                   "(define name (bytevector 2 3))"
                   "(define-member s ((octets name)) 7)"
                   "(define-inline (name-of p) (slice-part p 1 (u8-ref p 0)))"
                   "(define (deliver m) (deliver-to (if m (call-member m) 1) packet))"
                   "(define (run) (deliver (set-ref s (name-of packet))))"
                   "(define (run-rest) (deliver (set-ref s packet 1)))"
                   "(define-network part (match (udp 5)) (execute run))"
                   "(define-network rest (match (udp 6)) (execute run-rest))");
    CHECK_TEXT(RECEIVE(&b, 5, 2, 2, 3, 9), "delivered port-7");
    CHECK_TEXT(RECEIVE(&b, 5, 2, 2, 4), "delivered port-1");
    CHECK_TEXT(RECEIVE(&b, 5, 1, 2, 3), "delivered port-1");
    CHECK_TEXT(RECEIVE(&b, 5, 3, 2, 3), "dropped error-bounds");
    CHECK_TEXT(RECEIVE(&b, 6, 9, 2, 3), "delivered port-7");
    CHECK_TEXT(RECEIVE(&b, 6, 9, 2, 3, 0), "delivered port-1");
    bench_close(&b);
}

/* The words of a packet that fused accesses do not reach. */
static void a_fused_access_is_checked(void)
{
    struct bench b;
    bench_open(&b, "(vmlet fused (needs (all)))"
                   "(define (run) (set-u16! packet 2 #x1234) (deliver-to (u32-ref packet 1) packet))"
                   "(define-network fused (match (udp 5)) (execute run))");
    CHECK_TEXT(RECEIVE(&b, 5, 0, 0, 0, 0, 9), "delivered port-1192969");
    CHECK_TEXT(RECEIVE(&b, 5, 0, 0, 0, 0), "dropped error-bounds");
    CHECK_TEXT(RECEIVE(&b, 5, 0, 0, 0), "dropped error-bounds");
    bench_close(&b);
}

/* What a load that is refused afterwards made cannot be called, though a handle is left. */
static void a_member_of_a_refused_load_is_not_called(void)
{
    static const char refused[] =
        "(vmlet other (needs (all)) (import (held s handles)))"
        "(define-member s (new) 9) (vector-set! handles 0 (set-ref s 'new)) (car 5)";
    struct bench b;
    bench_open(&b, "(vmlet held (needs (all))) (define-set s) (define handles (vector #f))"
                   "(define (run) (deliver-to (call-member (vector-ref handles 0)) packet))"
                   "(define-network held (match (udp 5)) (execute run))");
    CU_ASSERT_NOT_EQUAL(load_source(&b.node->control, "x", refused, sizeof refused - 1, NULL), 0);
    CHECK_TEXT(RECEIVE(&b, 5, 0), "dropped error-type");
    bench_close(&b);
}

/* A test that a load begins ends with it, and runs only what was checked. */
static void a_load_keeps_no_test_open(void)
{
    static const char *const refused[] = {"(vmlet one (needs (all))) (%scratch-begin) (car 5)",
                                          "(vmlet two (needs (all))) (define (run) (drop 'x)) "
                                          "(define-network two (match (udp 6)) (execute run))"
                                          "(%scratch-begin) (%scratch-receive two (bytevector 1) 0)"};
    struct bench b;
    bench_open(&b, flat_text);
    for (unsigned i = 0; i < 2; i++) {
        int err = load_source(&b.node->control, "x", refused[i], strlen(refused[i]), NULL);
        CU_ASSERT_NOT_EQUAL(err, 0);
        CU_ASSERT_PTR_EQUAL(b.node->world.host_ops, &host_ops);
        CU_ASSERT_PTR_EQUAL(b.node->control.world, &b.node->world);
    }
    evaluate(b.node, "flat", "(%scratch-begin)");
    CU_ASSERT_PTR_EQUAL(b.node->world.host_ops, &host_ops);
    CHECK_TEXT(RECEIVE(&b, 2, 3), "delivered port-4");
    bench_close(&b);
}

/* ---- damage ------------------------------------------------------------------------------------ */

static const uint8_t golden[][16] = {
    {15, 2, 15, 3, 4, 2, 'h', 'i', 5, 0},
    {9, 4, 1, 'q', 7, 8, 7, 6, 7, 10},
    {6, 14, 12, 13, 10, 1, 0xfe},
};

static void every_damaged_program_ends_in_a_named_outcome(void)
{
    struct bench b;
    bench_open(&b, flat_text);
    for (unsigned g = 0; g < sizeof golden / sizeof *golden; g++) {
        uint32_t length = golden[g][0];
        for (uint32_t cut = 0; cut <= length; cut++) {
            const char *text = receive(&b, 2, golden[g] + 1, cut);
            CU_ASSERT(strlen(strchr(text, ' ')) > 1);
        }
        for (uint32_t at = 0; at < length; at++)
            for (unsigned value = 0; value < 256; value++) {
                uint8_t octets[16];
                memcpy(octets, golden[g] + 1, length);
                octets[at] = (uint8_t)value;
                const char *text = receive(&b, 2, octets, length);
                CU_ASSERT(strlen(strchr(text, ' ')) > 1);
            }
    }
    bench_close(&b);
}

/* ---- refusals at load ------------------------------------------------------------------------------ */

static void check_refused(struct vvm_node *node, const char *text, const char *part)
{
    char out[2048] = "";
    CU_ASSERT_NOT_EQUAL(load_source(&node->control, "test.vml", text, strlen(text), NULL), 0);
    FILE *to = fmemopen(out, sizeof out, "w");
    print_pending(&node->control, to);
    fclose(to);
    if (!strstr(out, part)) fprintf(stderr, "    got: %s\n", out);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, part));
}

/* After such a body nobody knows at which stack depth the newest handler began. */
static void a_body_whose_paths_meet_with_other_handlers_is_refused(void)
{
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    check_refused(node,
                  "(vmlet bad (needs (all))) (define-instruction (maybe (l label)) (opcode 1) (takes a b)"
                  "  (if (eq? b 0) (begin (pop-handler) (push-handler l))) (next))",
                  "instruction maybe: two paths meet, and only one has closed handlers");
    check_refused(node,
                  "(vmlet bad (needs (all))) (define-instruction (maybe (l label)) (opcode 1) (takes a b)"
                  "  (if (eq? b 0) 1 (begin (pop-handler) (push-handler l))) (next))",
                  "instruction maybe: two paths meet, and only one has closed handlers");
    node_close(node);
}

static void what_leaves_the_packet_profile_is_refused_with_its_chain(void)
{
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    check_refused(node,
                  "(vmlet bad (needs (all)))\n(define (helper x) (lambda () x))\n"
                  "(define-instruction (make) (opcode 1) (takes v)\n  (helper v))",
                  "calls helper");
    check_refused(
        node,
        "(vmlet bad (needs (all))) (define-instruction (print) (opcode 1) (takes v) (display v) (next))",
        "display");
    check_refused(node, "(vmlet bad (needs (all))) (define-set s) (define-member s (m x) (set-cdr! x x))",
                  "member m");
    check_refused(node,
                  "(vmlet bad (needs (all))) (define-set s) (define-member s ((octets (bytevector 7 255)) x) "
                  "(set-cdr! x x))",
                  "member 07ff");
    check_refused(
        node,
        "(vmlet bad (needs (all))) (define-network n (match (udp 3)) (execute f)) (define (f) (display 1))",
        "calls f");
    check_refused(
        node,
        "(vmlet bad (needs (all))) (define (f) (display 1)) (define-network n (match (udp 3)) (execute f))",
        "run n");
    CU_ASSERT_PTR_NULL(match_lookup(node->current, MATCH_UDP, 3));
    node_close(node);
}

static void malformed_networks_are_refused_by_name(void)
{
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    check_refused(node,
                  "(vmlet bad (needs (all))) (define-instruction (a) (opcode 1) (next)) (define-instruction "
                  "(b) (opcode 1) (next))"
                  "(define (f) #t) (define-network n (match (udp 3)) (execute f) (instructions *))",
                  "opcode 1 is also that of");
    check_refused(node,
                  "(vmlet bad (needs (all))) (define (f) #t) (define-network n (match (udp 3)) (execute f) "
                  "(instructions a))",
                  "network n (test.vml:1:43): no such instruction: a");
    check_refused(
        node, "(vmlet bad (needs (all))) (define (f) #t) (define-network n (match (udp 65536)) (execute f))",
        "out of range");
    check_refused(node, "(vmlet bad (needs (all))) (define (f) #t) (define-network n (execute f))", "match");
    check_refused(node, "(vmlet bad (needs (all))) (define-program p (label u32))", "label");
    check_refused(node,
                  "(vmlet bad (needs (all))) (define-instruction (a (l label)) (opcode 1) (takes c)"
                  " (if c (push-handler l) #f) (next))",
                  "rule handler");
    check_refused(node, "(vmlet bad (needs (all))) (define-program p (colour 5))",
                  "define-program: no such clause: (colour 5)");
    check_refused(node, "(vmlet bad (needs (all))) (define-program p (label u8))", "a label is (label s8)");
    check_refused(node, "(vmlet bad (needs (all))) (define-set s (colour 5))",
                  "define-set: no such clause: (colour 5)");
    check_refused(node, "(vmlet bad (needs (all))) (define-set s) (define-member s (\"x\") 1)",
                  "a name is a symbol");
    check_refused(node, "(vmlet bad (needs (all))) (define-set s) (define-member s ((octets \"x\")) 1)",
                  "symbol or bytevector");
    check_refused(node,
                  "(vmlet bad (needs (all))) (define-set s) (define-member s ((octets (bytevector))) 1)",
                  "1 to 255 octets");
    check_refused(
        node,
        "(vmlet bad (needs (all))) (define-set s) (define-member s ((octets (make-bytevector 256 0))) 1)",
        "1 to 255 octets");
    node_close(node);
}

/* What is misspelt or stands twice does not pass for something that was left out. */
static void clauses_of_networks_are_checked(void)
{
    static const char *const refusals[][2] = {
        {"(limits (feul 5))", "limits: no such clause: (feul 5)"},
        {"(limits (fuel 5) (fuel 6))", "the clause stands twice: (fuel 5)"},
        {"(limits (reserve 5))", "reserve: no such clause: 5"},
        {"(limits . 5)", "malformed clause"},
        {"(on-error (type 'x))", "malformed clause"},
        {"(on-trap (fuel))", "malformed clause"},
        {"(uncaught)", "malformed clause"},
        {"(execute f)", "the clause stands twice"},
    };
    struct vvm_node *node;
    char text[200];
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    for (unsigned i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        snprintf(
            text, sizeof text,
            "(vmlet bad (needs (all))) (define (f) #t) (define-network n (match (udp 3)) (execute f) %s)",
            refusals[i][0]);
        check_refused(node, text, refusals[i][1]);
    }
    check_refused(node,
                  "(vmlet bad (needs (all))) (define (f) #t) (define-network n (match . 5) (execute f))",
                  "malformed clause");
    node_close(node);
}

/* ---- networks test themselves ------------------------------------------------------------------------ */

static void run_language_tests(const char *path)
{
    struct vvm_node *node;
    struct vvm_vmlet *vmlet;
    vvm_value result;
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &node), 0);
    struct vvm_context *ctx = &node->control;
    if (load_file(ctx, path, &vmlet)) print_pending(ctx, stderr);
    vvm_value quoted = make_pair(ctx, intern(node, "quote"), make_pair(ctx, vmlet->name, VALUE_NULL));
    vvm_value form = make_pair(ctx, intern(node, "run-tests"), make_pair(ctx, quoted, VALUE_NULL));
    CU_ASSERT_EQUAL_FATAL(eval_datum(ctx, node->core, form, &result), 0);
    CU_ASSERT(fixnum_value(car_of(result)) > 0);
    CU_ASSERT_EQUAL(fixnum_value(cdr_of(result)), 0);
    node_close(node);
}

static void the_toy_network_passes_its_tests(void) { run_language_tests(VVM_SOURCE "/netvmlets/hop.vml"); }
static void the_fold_network_passes_its_tests(void)
{
    run_language_tests(VVM_SOURCE "/tests/networks/fold.vml");
}
static void networks_that_carry_others_pass_their_tests(void)
{
    run_language_tests(VVM_SOURCE "/tests/networks/carry.vml");
}
static void envelopes_and_routes_pass_their_tests(void)
{
    run_language_tests(VVM_SOURCE "/netvmlets/anep.vml");
    run_language_tests(VVM_SOURCE "/netvmlets/route.vml");
    run_language_tests(VVM_SOURCE "/netvmlets/headers.vml");
}

#define ADD(test) CU_add_test(suite, #test, test)

void wire_tests(CU_pSuite suite)
{
    ADD(each_rule_alone_refuses_its_program);
    ADD(the_rule_view_refuses_hidden_opcodes);
    ADD(the_rule_functions_refuses_long_tables);
    ADD(the_rule_size_refuses_long_functions);
    ADD(the_rule_size_bounds_the_kinds_of_handlers);
    ADD(loops_and_flows_that_are_in_order_pass);
    ADD(a_loop_without_end_is_stopped_and_the_next_packet_runs);
    ADD(what_runs_is_what_was_verified);
    ADD(packets_have_one_owner_and_one_end);
    ADD(what_is_beyond_a_hop_goes_nowhere);
    ADD(fuel_does_not_depend_on_the_cache);
    ADD(the_cache_stays_within_its_bounds);
    ADD(large_programs_evict_each_other);
    ADD(locals_are_in_proportion_to_octets);
    ADD(a_new_body_is_in_force_for_programs_seen_before);
    ADD(a_load_keeps_no_test_open);
    ADD(a_held_member_is_the_one_in_force);
    ADD(a_member_is_found_by_part_of_octets);
    ADD(a_fused_access_is_checked);
    ADD(a_member_of_a_refused_load_is_not_called);
    ADD(every_damaged_program_ends_in_a_named_outcome);
    ADD(a_body_whose_paths_meet_with_other_handlers_is_refused);
    ADD(what_leaves_the_packet_profile_is_refused_with_its_chain);
    ADD(malformed_networks_are_refused_by_name);
    ADD(clauses_of_networks_are_checked);
    ADD(the_toy_network_passes_its_tests);
    ADD(the_fold_network_passes_its_tests);
    ADD(networks_that_carry_others_pass_their_tests);
    ADD(envelopes_and_routes_pass_their_tests);
}
