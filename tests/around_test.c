/* SPDX-License-Identifier: Apache-2.0 */
/*
 * around_test.c - arounds over instructions of a network, their bodies made by hand:
 * packets that arrive in the next generation run them, packets before do not, and what is
 * taken back leaves the very row that was there.
 */
#include <string.h>

#include "../engine/heap.h"
#include "../engine/layer.h"
#include "../engine/load.h"
#include "../engine/unit.h"
#include "../engine/wire/around.h"
#include "suites.h"
#include "wire_bench.h"

static const char net_text[] =
    "(vmlet net (needs (all)))"
    "(define-layout slot (arity u8) (locals u8) (code (counted u16)))"
    "(define-program form (functions u8 slot) (label s8) (stack 8) (depth 4))"
    "(define-instruction (push (n u8)) (opcode 1) n)"
    "(define-instruction (add (n u8)) (opcode 2) (takes (v u8)) \"adds\" (+ v n))"
    "(define-instruction (finish) (opcode 3) (takes v) (return v))"
    "(define-instruction (skip (l label)) (opcode 4) (takes v) (goto l v))"
    "(define (run) (deliver-to (run-program form packet 0 '#()) packet))"
    "(define-network net (match (udp 9)) (execute run) (program form run) (instructions *))";

/* push 5, add 7, finish */
static const uint8_t octets[] = {1, 0, 0, 0, 5, 1, 5, 2, 7, 3};

/* ---- bodies by hand --------------------------------------------------------------------- */

struct body {
    struct vvm_unit unit;
    struct vvm_function function;
    uint64_t code[8];
    uint8_t types[4];
    struct body_shape shape;
};

/* A body over `add`: an operand and a take, both raw octets. */
static void body_make(struct bench *b, struct body *body, const uint64_t *code, uint32_t words)
{
    struct verify_error error;
    memset(body, 0, sizeof *body);
    memcpy(body->code, code, words * sizeof *code);
    body->shape = (struct body_shape){.operand_count = 1, .take_count = 1, .take_class = {CLASS_U8}};
    body->shape.operands[0] = (struct wire_operand){.kind = WIRE_U8, .arity = 0xff};
    body->types[0] = body->types[1] = SLOT_U8;
    body->unit =
        (struct vvm_unit){.vmlet = b->node->vmlets, .functions = &body->function, .function_count = 1};
    body->function = (struct vvm_function){.code = body->code,
                                           .words = words,
                                           .parameters = 2,
                                           .slots = 3,
                                           .flags = FUNCTION_BODY,
                                           .slot_types = body->types,
                                           .name = VALUE_FALSE,
                                           .unit = &body->unit,
                                           .shape = &body->shape};
    body->function.signature = signature_intern(b->node, body->types, 2, false, SLOT_ANY);
    int err = verify_unit(&body->unit, &error);
    if (err) fprintf(stderr, "    %s\n", error.text);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static int put_around(struct bench *b, const char *name, const struct vvm_function *body)
{
    struct vvm_context *ctx = &b->node->control;
    CU_ASSERT_EQUAL_FATAL(generation_begin(b->node), 0);
    int err = instruction_around(ctx, intern(b->node, "net"), intern(b->node, name), body);
    if (!err) return generation_publish(b->node);
    generation_abandon(b->node);
    return err;
}

static const struct wire_instruction *row_at(const struct bench *b, unsigned opcode)
{
    return network_at(b, 9)->opcodes[opcode];
}

static int64_t fuel_of(struct bench *b)
{
    CHECK_TEXT(receive(b, 9, octets, sizeof octets), "delivered port-12");
    return b->spent;
}

#define CODE(...) (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)

/* ---- tests ---------------------------------------------------------------------------------- */

static void test_previous(void)
{
    struct bench b;
    struct body plain, twice;
    bench_open(&b, net_text);
    int64_t before = fuel_of(&b);
    const struct wire_instruction *row = row_at(&b, 2);
    uint64_t revision = network_at(&b, 9)->revision;
    body_make(&b, &plain, CODE(make_word(OP_EXIT_PREVIOUS, 0, 0, 0)));
    CU_ASSERT_EQUAL_FATAL(put_around(&b, "add", &plain.function), 0);
    CU_ASSERT_EQUAL(fuel_of(&b), before + instruction_table[OP_EXIT_PREVIOUS].cost);
    CU_ASSERT_PTR_EQUAL(row_at(&b, 2)->below, row);
    CU_ASSERT_NOT_EQUAL(network_at(&b, 9)->revision, revision);
    CU_ASSERT_STRING_EQUAL(row_at(&b, 2)->row.doc, "adds");
    CU_ASSERT_EQUAL(memcmp(row_at(&b, 2)->exits, row->exits, sizeof row->exits), 0);
    CU_ASSERT_PTR_NULL(row_at(&b, 1)->below);

    /* a second one lies further out; the first chain's lower part is the same object */
    const struct wire_instruction *lower = row_at(&b, 2);
    body_make(&b, &twice, CODE(make_word(OP_NOP, 0, 0, 0), make_word(OP_EXIT_PREVIOUS, 0, 0, 0)));
    CU_ASSERT_EQUAL_FATAL(put_around(&b, "add", &twice.function), 0);
    CU_ASSERT_PTR_EQUAL(row_at(&b, 2)->body, &twice.function);
    CU_ASSERT_PTR_EQUAL(row_at(&b, 2)->below, lower);
    CU_ASSERT_EQUAL(fuel_of(&b), before + 2 * instruction_table[OP_EXIT_PREVIOUS].cost);

    /* taken back */
    CU_ASSERT_EQUAL_FATAL(generation_begin(b.node), 0);
    arounds_remove(b.node->candidate->matches, b.node->vmlets);
    CU_ASSERT_EQUAL_FATAL(generation_publish(b.node), 0);
    CU_ASSERT_PTR_EQUAL(row_at(&b, 2), row);
    CU_ASSERT_EQUAL(fuel_of(&b), before);
    bench_close(&b);
}

/* What a body wrote over its parameters, the row beneath does not see. */
static void test_operands(void)
{
    struct bench b;
    struct body body;
    bench_open(&b, net_text);
    body_make(&b, &body,
              CODE(make_word_imm32(OP_RAW_IMMEDIATE, 0, 99), make_word_imm32(OP_RAW_IMMEDIATE, 1, 98),
                   make_word(OP_EXIT_PREVIOUS, 0, 0, 0)));
    CU_ASSERT_EQUAL_FATAL(put_around(&b, "add", &body.function), 0);
    CHECK_TEXT(receive(&b, 9, octets, sizeof octets), "delivered port-12");
    bench_close(&b);
}

/* An around that ends otherwise: a raise is the program's. */
static void test_raise(void)
{
    struct bench b;
    struct body body;
    bench_open(&b, net_text);
    body_make(&b, &body, CODE(make_word_imm32(OP_IMMEDIATE, 2, 8), make_word(OP_RAISE, 2, 0, 0)));
    CU_ASSERT_EQUAL_FATAL(put_around(&b, "add", &body.function), 0);
    CHECK_TEXT(receive(&b, 9, octets, sizeof octets), "dropped uncaught");
    bench_close(&b);
}

/* Chains are freed when no generation has them any more. */
static void test_collected(void)
{
    struct bench b;
    struct body body, upper;
    bench_open(&b, net_text);
    heap_collect(b.node);
    unsigned items = items_count(b.node);
    body_make(&b, &body, CODE(make_word(OP_EXIT_PREVIOUS, 0, 0, 0)));
    CU_ASSERT_EQUAL_FATAL(put_around(&b, "add", &body.function), 0);
    heap_collect(b.node);
    CU_ASSERT_EQUAL(items_count(b.node), items + 2); /* the row over `add`, and the network with it */
    body_make(&b, &upper, CODE(make_word(OP_NOP, 0, 0, 0), make_word(OP_EXIT_PREVIOUS, 0, 0, 0)));
    CU_ASSERT_EQUAL_FATAL(put_around(&b, "add", &upper.function), 0);
    heap_collect(b.node); /* the row between is reached from the upper one alone */
    CU_ASSERT_EQUAL(items_count(b.node), items + 3);
    CHECK_TEXT(receive(&b, 9, octets, sizeof octets), "delivered port-12");
    CU_ASSERT_EQUAL_FATAL(generation_begin(b.node), 0);
    arounds_remove(b.node->candidate->matches, b.node->vmlets);
    CU_ASSERT_EQUAL_FATAL(generation_publish(b.node), 0);
    heap_collect(b.node);
    CU_ASSERT_EQUAL(items_count(b.node), items + 1); /* the network, of another revision */
    CHECK_TEXT(receive(&b, 9, octets, sizeof octets), "delivered port-12");
    bench_close(&b);
}

static void check_refused(struct bench *b, int err, const char *text)
{
    char line[500] = "";
    FILE *f = fmemopen(line, sizeof line, "w");
    print_pending(&b->node->control, f);
    fclose(f);
    CU_ASSERT_NOT_EQUAL(err, 0);
    if (!strstr(line, text)) fprintf(stderr, "    got: %s\n", line);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, text));
}

static void test_refused(void)
{
    struct bench b;
    struct body body;
    bench_open(&b, net_text);
    uint64_t number = b.node->current->number;
    body_make(&b, &body, CODE(make_word(OP_EXIT_PREVIOUS, 0, 0, 0)));
    check_refused(&b, put_around(&b, "nothing", &body.function), "there is no such one");
    check_refused(&b, put_around(&b, "push", &body.function), "other operands or takes");
    check_refused(&b, put_around(&b, "skip", &body.function), "other operands or takes");
    body_make(&b, &body, CODE(make_word_imm32(OP_IMMEDIATE, 2, 8), make_word(OP_EXIT_RETURN, 2, 0, 0)));
    check_refused(&b, put_around(&b, "add", &body.function), "an around ends with (previous)");
    body_make(&b, &body, CODE(make_word(OP_EXIT_POP_HANDLER, 0, 0, 0), make_word(OP_EXIT_PREVIOUS, 0, 0, 0)));
    check_refused(&b, put_around(&b, "add", &body.function), "an around ends with (previous)");
    CU_ASSERT_EQUAL(b.node->current->number, number);
    static const char text[] = "(define-instruction (a) (opcode 9) (previous))";
    int err = load_source(&b.node->control, "t.vml", text, sizeof text - 1, NULL);
    check_refused(&b, err, "previous outside an around");
    bench_close(&b);
}

void around_tests(CU_pSuite suite)
{
    CU_add_test(suite, "previous", test_previous);
    CU_add_test(suite, "operands", test_operands);
    CU_add_test(suite, "raise", test_raise);
    CU_add_test(suite, "collected", test_collected);
    CU_add_test(suite, "refused", test_refused);
}
