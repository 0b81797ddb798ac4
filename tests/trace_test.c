/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_test.c - packets traced step by step: what is written down, that nothing else
 * becomes of them for it, and what happens when there is more than room for.
 */
#include <stdlib.h>
#include <string.h>

#include "../engine/trace.h"
#include "suites.h"
#include "wire_bench.h"

static const char net_text[] =
    "(vmlet net (needs (all)))"
    "(define-layout slot (arity u8) (locals u8) (code (counted u16)))"
    "(define-program form (functions u8 slot) (label s8) (stack 8) (depth 4))"
    "(define-table seen (key u32) (value u64) (entries 4))"
    "(define-instruction (push (n u8)) (opcode 1) n)"
    "(define-instruction (add (n u8)) (opcode 2) (takes (v u8)) (+ v n))"
    "(define-instruction (note) (opcode 3) (takes v) (table-put! seen 1 v) (next v))"
    "(define-instruction (finish) (opcode 5) (takes v) (return v))"
    "(define-instruction (again (l label)) (opcode 4) (goto l))"
    "(define (run) (deliver-to (run-program form packet 0 '#()) packet))"
    "(define-network net (match (udp 9)) (execute run) (program form run) (instructions *)"
    "  (limits (fuel 40000) (arena 4KiB)))";

/* push 5, add 7, note, finish */
static const uint8_t octets[] = {1, 0, 0, 0, 6, 1, 5, 2, 7, 3, 5};

static const struct trace_step *find(const struct trace_step *s, unsigned count, enum trace_kind kind,
                                     const char *what)
{
    for (unsigned i = 0; i < count; i++)
        if (s[i].kind == kind && strcmp(s[i].what, what) == 0) return &s[i];
    fprintf(stderr, "    no %s %s\n", trace_kind_name(kind), what);
    return NULL;
}

static void check_step(const struct trace_step *s, unsigned count, enum trace_kind kind, const char *what,
                       const char *where, const char *operands)
{
    const struct trace_step *step = find(s, count, kind, what);
    CU_ASSERT_PTR_NOT_NULL_FATAL(step);
    if (strncmp(step->where, where, strlen(where))) fprintf(stderr, "    %s: at %s\n", what, step->where);
    if (strncmp(step->operands, operands, strlen(operands)))
        fprintf(stderr, "    %s: of %s\n", what, step->operands);
    CU_ASSERT_EQUAL(strncmp(step->where, where, strlen(where)), 0);
    CU_ASSERT_EQUAL(strncmp(step->operands, operands, strlen(operands)), 0);
}

static void test_steps(void)
{
    struct bench b;
    struct tracer *t;
    unsigned count;
    uint64_t left_out;
    char plain[80];
    bench_open(&b, net_text);
    snprintf(plain, sizeof plain, "%s", receive(&b, 9, octets, sizeof octets));
    int64_t spent = b.spent;
    CU_ASSERT_EQUAL_FATAL(trace_open(&t, 1), 0);
    trace_attach(&b.ctx, t);
    CHECK_TEXT(receive(&b, 9, octets, sizeof octets), plain);
    CU_ASSERT_EQUAL(b.spent, spent); /* of a traced packet, too */
    CU_ASSERT_EQUAL(trace_packets(t), 1);
    const struct trace_step *s = trace_steps(t, &count, &left_out);
    CU_ASSERT_FATAL(count > 8);
    CU_ASSERT_EQUAL(left_out, 0);
    CU_ASSERT_EQUAL(s[0].kind, TRACE_ARRIVAL);
    CU_ASSERT_STRING_EQUAL(s[0].operands, "0100000006010502070305");
    CU_ASSERT_EQUAL(s[1].kind, TRACE_NETWORK);
    CU_ASSERT_STRING_EQUAL(s[1].where, "net");
    CU_ASSERT_EQUAL(s[count - 1].kind, TRACE_OUTCOME);
    CU_ASSERT_STRING_EQUAL(s[count - 1].operands, strchr(plain, ' ') + 1);
    check_step(s, count, TRACE_WIRE, "add", "function 0", "5");
    check_step(s, count, TRACE_WIRE, "note", "function 0", "12");
    check_step(s, count, TRACE_TABLE, "table-put!", "note", "<table> 1 12");
    check_step(s, count, TRACE_STEP, "deliver-to", "run", "");
    for (unsigned i = 2; i < count; i++) /* fuel only gets less */
        CU_ASSERT(s[i].fuel <= s[i - 1].fuel || s[i - 1].fuel < 0);
    /* one was wanted */
    receive(&b, 9, octets, sizeof octets);
    unsigned before = count;
    trace_steps(t, &count, &left_out);
    CU_ASSERT_EQUAL(count, before);
    trace_attach(&b.ctx, NULL);
    trace_close(t);
    bench_close(&b);
}

/* What does not fit is counted, and the packet's end is as without. */
static void test_too_much(void)
{
    static const uint8_t endless[] = {1, 0, 0, 0, 4, 1, 5, 4, 0xfc}; /* push, then again from the start */
    static const uint8_t turning[] = {1, 0, 0, 0, 4, 1, 5, 4, 0xfe};
    struct bench b;
    struct tracer *t;
    unsigned count;
    uint64_t left_out;
    bench_open(&b, net_text);
    CU_ASSERT_EQUAL_FATAL(trace_open(&t, 2), 0);
    trace_attach(&b.ctx, t);
    CHECK_TEXT(receive(&b, 9, turning, sizeof turning), "dropped fuel");
    CHECK_TEXT(receive(&b, 9, endless, sizeof endless), "dropped error-program");
    trace_steps(t, &count, &left_out);
    CU_ASSERT_EQUAL(count, TRACE_STEPS);
    CU_ASSERT(left_out > 1000);
    CU_ASSERT_EQUAL(trace_packets(t), 2);
    trace_attach(&b.ctx, NULL);
    trace_close(t);
    bench_close(&b);
}

/* Redefinitions are obeyed by traced packets as by others, and their own steps are seen. */
static void test_redefined(void)
{
    struct bench b;
    struct tracer *t;
    unsigned count;
    uint64_t left_out;
    bench_open(&b, net_text);
    load_text(b.node, "(vmlet over (needs (all))) (around (+ a b) (previous (previous a b) 1))");
    CHECK_TEXT(receive(&b, 9, octets, sizeof octets), "delivered port-13");
    load_text(b.node, "(vmlet end (needs (all))) (around (deliver-to p packet) (previous 99 packet))");
    CU_ASSERT_EQUAL_FATAL(trace_open(&t, 1), 0);
    trace_attach(&b.ctx, t);
    CHECK_TEXT(receive(&b, 9, octets, sizeof octets), "delivered port-99");
    const struct trace_step *s = trace_steps(t, &count, &left_out);
    CU_ASSERT_PTR_NOT_NULL(find(s, count, TRACE_STEP, "deliver-to"));
    check_step(s, count, TRACE_WIRE, "note", "function 0", "13");
    trace_attach(&b.ctx, NULL);
    trace_close(t);
    bench_close(&b);
}

void trace_tests(CU_pSuite suite)
{
    CU_add_test(suite, "steps", test_steps);
    CU_add_test(suite, "too much", test_too_much);
    CU_add_test(suite, "redefined", test_redefined);
}
