/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_test.c - units made by hand that exactly one rule of the verifier refuses.
 *
 * One test a rule, named after it: the unit is refused for that rule, and accepted
 * when the rule is off. A rule without a unit fails its test. Besides: what is
 * accepted, and what it costs.
 */
#include "suites.h"
#include "verify_bench.h"

static int verify_sample(const struct sample *s, uint64_t disabled, struct verify_error *error)
{
    struct bench *t = malloc(sizeof *t);
    if (!t) return -ENOMEM;
    bench_open(t);
    s->build(t);
    sign_all(t);
    int err = disabled ? verify_unit_without(&t->unit, disabled, error) : verify_unit(&t->unit, error);
    bench_close(t);
    free(t);
    return err;
}

static void check_rule(enum verify_rule rule)
{
    unsigned found = 0;
    for (size_t i = 0; i < sample_count; i++) {
        struct verify_error error;
        if (samples[i].rule != rule) continue;
        found++;
        int err = verify_sample(&samples[i], 0, &error);
        CU_ASSERT_EQUAL(err, -EINVAL);
        CU_ASSERT_EQUAL(error.rule, rule);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, verify_rule_name(rule)));
        if (err != -EINVAL || error.rule != rule) fprintf(stderr, "    sample %zu: %s\n", i, error.text);
        err = verify_sample(&samples[i], UINT64_C(1) << rule, &error);
        CU_ASSERT_EQUAL(err, 0);
        if (err) fprintf(stderr, "    sample %zu without its rule: %s\n", i, error.text);
    }
    CU_ASSERT(found > 0); /* a rule that no unit shows */
}

#define R(name, symbol, text)                                                                                \
    static void rule_##name(void) { check_rule(RULE_##name); }
#include "../engine/verify.def"
#undef R

/* ---- what is accepted ------------------------------------------------------------------- */

/* (do ((i 0 (+ i 1)) (s 0 (+ s i))) ((= i n) s)), as the compiler lays it out */
static void build_loop(struct bench *t)
{
    function(t, 1, 3);
    number(t, 1, 0);                    /* 0 */
    number(t, 2, 0);                    /* 1 */
    branch(t, OP_JUMP_NUM_EQ, 1, 0, 4); /* 2: to 8 */
    put(t, OP_ADD, 2, 2, 1);            /* 4 */
    put(t, OP_ADD_IMM, 1, 1, 1);        /* 5 */
    branch(t, OP_JUMP, 0, 0, -6);       /* 6: to 2 */
    put(t, OP_RETURN, 2, 0, 0);         /* 8 */
}

static void costs(void)
{
    struct bench *t = malloc(sizeof *t);
    struct verify_error error;
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    bench_open(t);
    build_loop(t);
    sign_all(t);
    CU_ASSERT_EQUAL(verify_unit(&t->unit, &error), 0);
    CU_ASSERT(t->unit.verified);
    CU_ASSERT_EQUAL(t->functions[0].entry_cost, 3); /* falls through the label: two moves and the branch */
    CU_ASSERT_EQUAL(t->code[0][3], 1 | UINT64_C(3) << 32); /* return; two sums and a jump */
    CU_ASSERT_EQUAL(t->code[0][7], 1);                     /* the branch at the label */
    bench_close(t);
    free(t);
}

/* Fuel of a primitive and its effects stand in its row. */
static void primitive_costs(void)
{
    struct bench *t = malloc(sizeof *t);
    struct verify_error error;
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    bench_open(t);
    function(t, 1, 1);
    put(t, OP_CALL_PRIMITIVE, 0, 0, 1);
    word(t, 0);
    put(t, OP_PACKET, 0, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
    sign_all(t);
    CU_ASSERT_EQUAL(verify_unit(&t->unit, &error), 0);
    CU_ASSERT_EQUAL(t->functions[0].entry_cost, some_primitive.cost + 2);
    CU_ASSERT_EQUAL(t->functions[0].own_effects, EFFECT_ALLOCATE | EFFECT_PACKET);
    bench_close(t);
    free(t);
}

static void handlers(void)
{
    struct bench *t = malloc(sizeof *t);
    struct verify_error error;
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    bench_open(t);
    function(t, 1, 2);
    branch(t, OP_PUSH_HANDLER, 1, 0, 5); /* 0: to 7 */
    put(t, OP_PUSH_PROCEDURE, 0, 0, 0);  /* 2 */
    put(t, OP_CALL_VALUE, 0, 0, 0);      /* 3 */
    put(t, OP_POP_HANDLER, 0, 0, 0);     /* 4 */
    put(t, OP_POP_HANDLER, 0, 0, 0);     /* 5 */
    put(t, OP_RETURN, 0, 0, 0);          /* 6 */
    put(t, OP_RETURN, 1, 0, 0);          /* 7 */
    sign_all(t);
    CU_ASSERT_EQUAL(verify_unit(&t->unit, &error), 0);
    CU_ASSERT_EQUAL(t->functions[0].handlers, 2);
    CU_ASSERT_EQUAL(t->functions[0].entry_cost, 2);
    CU_ASSERT_EQUAL(t->code[0][1], 1 | (UINT64_C(2) + 3 + 1 + 1 + 1) << 32);
    bench_close(t);
    free(t);
}

/* A slot written on both ways is written where they meet; a wider slot takes a narrower. */
static void joins(void)
{
    struct bench *t = malloc(sizeof *t);
    struct verify_error error;
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    bench_open(t);
    function(t, 2, 4);
    type(t, 1, SLOT_U8);
    type(t, 2, SLOT_S16);
    branch(t, OP_JUMP_FALSE, 0, 0, 3);                 /* 0: to 5 */
    put(t, OP_MOVE, 2, 1, 0);                          /* 2 */
    branch(t, OP_JUMP, 0, 0, 1);                       /* 3: to 6 */
    word(t, make_word_imm32(OP_RAW_IMMEDIATE, 2, -9)); /* 5 */
    put(t, OP_BOX, 3, 2, 0);                           /* 6 */
    put(t, OP_RETURN, 3, 0, 0);
    sign_all(t);
    int err = verify_unit(&t->unit, &error);
    CU_ASSERT_EQUAL(err, 0);
    if (err) fprintf(stderr, "    %s\n", error.text);
    bench_close(t);
    free(t);
}

/* Which slot, which types: word for word, as people read it. */
static void text_of_error(void)
{
    struct verify_error error;
    const struct sample *s = samples;
    while (s->rule != RULE_SLOT_TYPE) s++; /* the first of them: a tagged word into an octet's slot */
    CU_ASSERT_EQUAL(verify_sample(s, 0, &error), -EINVAL);
    CU_ASSERT_EQUAL(error.word, 1);
    CU_ASSERT_STRING_EQUAL(error.text, "unit (no name), function (no name), word 1, rule slot-type: move: "
                                       "slot 0 has type any, not u8");
}

void verify_tests(CU_pSuite suite)
{
#define R(name, symbol, text) CU_add_test(suite, "rule " symbol, rule_##name);
#include "../engine/verify.def"
#undef R
    verify_row_tests(suite);
    effects_tests(suite);
    CU_add_test(suite, "costs of a loop", costs);
    CU_add_test(suite, "costs and effects of a primitive", primitive_costs);
    CU_add_test(suite, "handlers", handlers);
    CU_add_test(suite, "joins", joins);
    CU_add_test(suite, "text of an error", text_of_error);
}
