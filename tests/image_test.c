/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_test.c - images: what goes in comes out, in one form only, and no octet string
 * does harm.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/image.h"
#include "../engine/load.h"
#include "../engine/unit.h"
#include "../engine/wire/wire.h"
#include "suites.h"

struct octets {
    uint8_t *data;
    size_t length;
};

/* ---- a unit with something of everything ---------------------------------------------- */

struct maker {
    struct vvm_node *node;
    struct vvm_context *ctx;
    struct vvm_vmlet vmlet;
    struct unit_builder builder;
    uint64_t code[64];
    uint32_t words;
};

static void put(struct maker *m, uint64_t w) { m->code[m->words++] = w; }

/* Hand the code so far to function `index`. */
static struct vvm_function *finish(struct maker *m, uint32_t index, const char *name, unsigned parameters,
                                   unsigned slots, const uint8_t *types)
{
    struct vvm_function *f = &m->builder.unit->functions[index];
    uint64_t *code = malloc(m->words * sizeof *code);
    uint8_t *copy = calloc(slots, 1);
    CU_ASSERT_FATAL(code && copy);
    memcpy(code, m->code, m->words * sizeof *code);
    if (types) memcpy(copy, types, slots);
    f->code = code;
    f->words = m->words;
    f->slot_types = copy;
    f->parameters = (uint16_t)parameters;
    f->slots = (uint16_t)slots;
    f->name = name ? intern(m->node, name) : VALUE_FALSE;
    f->signature = signature_intern(m->node, copy, parameters, false, SLOT_ANY);
    m->words = 0;
    return f;
}

static vvm_value some_list(struct maker *m)
{
    struct vvm_context *ctx = m->ctx;
    vvm_value vector = make_vector(ctx, 3, make_char(0x3bb));
    ((struct vector *)value_pointer(vector))->items[1] = make_bytes_from(ctx, "\0\1\377", 3);
    vvm_value dotted = make_pair(ctx, intern(m->node, "a b"), make_flonum(ctx, -0.5));
    vvm_value rest = make_pair(ctx, vector, make_pair(ctx, dotted, VALUE_NULL));
    return make_pair(ctx, make_string_utf8(ctx, "na\303\257ve \360\237\220\230", 11),
                     make_pair(ctx, VALUE_NULL, rest));
}

static void add_constants(struct maker *m)
{
    static const vvm_value atoms[] = {VALUE_FALSE, VALUE_TRUE,    VALUE_NULL,      VALUE_UNSPECIFIED,
                                      VALUE_EOF,   VALUE_DEFAULT, VALUE_UNDEFINED, CHAR_KIND};
    int64_t expected = 0;
    CU_ASSERT_EQUAL(unit_add_constant(&m->builder, some_list(m)), expected++);
    for (size_t i = 0; i < sizeof atoms / sizeof *atoms; i++)
        CU_ASSERT_EQUAL(unit_add_constant(&m->builder, atoms[i]), expected++);
    static const int64_t numbers[] = {0, -1, -16, -17, 175, 176, FIXNUM_MAX, FIXNUM_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        CU_ASSERT_EQUAL(unit_add_constant(&m->builder, make_fixnum(numbers[i])), expected++);
}

static void add_script(struct maker *m)
{
    put(m, make_word(OP_CONSTANT, 0, 0, 0));
    put(m, make_word(OP_CALL_PRIMITIVE, 1, 0, 1));
    put(m, 0);
    put(m, make_word(OP_DEFINE_FUNCTION, 1, 1, 2));
    put(m, make_word_imm32(OP_IMMEDIATE, 2, -8));
    put(m, make_word_imm32(OP_IMMEDIATE, 2, VALUE_TRUE));
    put(m, make_word(OP_CALL_GLOBAL, 2, 0, 2));
    put(m, 1 << 16);
    put(m, make_word(OP_RETURN, 2, 0, 0));
    finish(m, 0, NULL, 0, 3, NULL);
    CU_ASSERT_EQUAL(unit_add_script(&m->builder, 0), 0);
}

/* (define (sum (n u32)) ...): a loop over raw words, and its all-tagged entry */
static void add_sum(struct maker *m)
{
    static const uint8_t types[] = {SLOT_U32, SLOT_U32, SLOT_U64, SLOT_ANY};
    put(m, make_word_imm32(OP_RAW_IMMEDIATE, 1, 0));
    put(m, make_word(OP_RAW_LITERAL, 2, 0, 0));
    put(m, UINT64_C(0xfedcba9876543210));
    put(m, make_word(OP_JUMP_RAW_EQ, 1, 0, 3));
    put(m, 0);
    put(m, make_word(OP_U32_ADD_IMM, 1, 1, 1));
    put(m, make_word(OP_JUMP, 0, 0, (unsigned)(uint16_t)-5));
    put(m, 0);
    put(m, make_word(OP_BOX, 3, 1, 0));
    put(m, make_word(OP_RETURN, 3, 0, 0));
    struct vvm_function *f = finish(m, 1, "sum", 1, 4, types);
    struct line_entry *lines = calloc(2, sizeof *lines);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    unsigned file = node_file(m->node, "image-test.vml");
    lines[0] = (struct line_entry){0, make_position(file, 12, 3)};
    lines[1] = (struct line_entry){5, make_position(file, 11, 40)};
    f->position = make_position(file, 10, 1);
    f->lines = lines;
    f->line_count = 2;
    put(m, make_word(OP_UNBOX, 1, 0, 0));
    put(m, make_word(OP_TAIL_CALL, 0, 1, 1));
    put(m, 1);
    static const uint8_t entry[] = {SLOT_ANY, SLOT_U32};
    finish(m, 2, "sum", 1, 2, entry);
}

static void add_body(struct maker *m)
{
    static const uint8_t types[] = {SLOT_U16, SLOT_ANY};
    put(m, make_word(OP_EXIT_GOTO, 1, 0, 1));
    put(m, 1);
    struct vvm_function *f = finish(m, 3, "branch", 2, 2, types);
    struct body_shape *shape = calloc(1, sizeof *shape);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shape);
    shape->operand_count = 2;
    shape->operands[0].kind = WIRE_U16;
    shape->operands[1].kind = WIRE_LABEL;
    shape->take_count = 1;
    shape->take_class[0] = CLASS_PAIR;
    f->shape = shape;
    f->flags = FUNCTION_BODY;
}

static struct vvm_unit *make_unit(struct maker *m)
{
    m->vmlet.name = intern(m->node, "sample");
    m->vmlet.version = -3;
    m->vmlet.environment = m->node->core;
    m->vmlet.header = make_pair(m->ctx, make_pair(m->ctx, intern(m->node, "needs"), VALUE_NULL), VALUE_NULL);
    CU_ASSERT_EQUAL_FATAL(unit_begin(&m->builder, m->node, &m->vmlet), 0);
    add_constants(m);
    uint32_t two = signature_tagged(m->node, 2);
    CU_ASSERT_EQUAL(unit_add_link(&m->builder, intern(m->node, "other"), intern(m->node, "f"), two), 0);
    CU_ASSERT_EQUAL(unit_add_link(&m->builder, VALUE_FALSE, intern(m->node, "sum"), 0), 1);
    CU_ASSERT_EQUAL(unit_add_primitive(&m->builder, primitive_named(m->node, "length")), 0);
    for (int64_t i = 0; i < 4; i++) CU_ASSERT_EQUAL(unit_add_function(&m->builder), i);
    add_script(m);
    add_sum(m);
    add_body(m);
    return unit_finish(&m->builder);
}

static struct maker *maker_open(void)
{
    struct maker *m = calloc(1, sizeof *m);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &m->node), 0);
    m->ctx = &m->node->control;
    return m;
}

static void maker_close(struct maker *m)
{
    node_close(m->node);
    free(m);
}

static struct octets sample_image(struct maker *m, bool lines)
{
    struct octets image = {NULL, 0};
    struct vvm_unit *unit = make_unit(m);
    CU_ASSERT_PTR_NOT_NULL_FATAL(unit);
    CU_ASSERT_EQUAL_FATAL(image_encode(unit, &image.data, &image.length, lines), 0);
    unit_free(unit);
    return image;
}

static void free_decoded(struct vvm_unit *unit)
{
    struct vvm_vmlet *vmlet = unit->vmlet;
    unit_free(unit);
    free(vmlet);
}

/* Decode, verify, encode: 0 if the octets came out again, else how it failed. */
static int again(struct maker *m, struct octets image, bool lines, struct octets *out)
{
    struct vvm_unit *unit;
    struct verify_error error;
    char why[160];
    int err = image_decode(m->node, image.data, image.length, &unit, why, sizeof why);
    if (err) return err;
    verify_unit(unit, &error); /* must only not crash */
    err = image_encode(unit, &out->data, &out->length, lines);
    CU_ASSERT_EQUAL(err, 0);
    free_decoded(unit);
    return 0;
}

static bool same(struct octets a, struct octets b)
{
    return a.length == b.length && !memcmp(a.data, b.data, a.length);
}

/* ---- tests ------------------------------------------------------------------------------- */

static void round_trip(void)
{
    struct maker *m = maker_open();
    for (int lines = 0; lines < 2; lines++) {
        struct octets image = sample_image(m, lines), copy = {NULL, 0};
        CU_ASSERT_EQUAL(again(m, image, lines, &copy), 0);
        CU_ASSERT(same(image, copy));
        free(copy.data);
        free(image.data);
    }
    maker_close(m);
}

/* A header that is #(), before any item was read: decoded without trouble, then refused. */
static void empty_vector(void)
{
    struct maker *m = maker_open();
    uint8_t data[] = "VVMI\0\0\0\0\0\0\0\7\0\0\0\0\0";
    struct octets image = {data, sizeof data}, copy = {NULL, 0};
    data[4] = IMAGE_VERSION;
    CU_ASSERT_NOT_EQUAL(again(m, image, false, &copy), 0);
    free(copy.data);
    maker_close(m);
}

/* What does not fit is refused, however it is put. */
static void buffer_cap(void)
{
    static const uint8_t block[100000];
    struct image_buffer b = {.data = NULL};
    for (unsigned i = 0; i < 100; i++) put_octets(&b, block, sizeof block);
    for (unsigned i = 0; i < 100; i++) put_half(&b, 1);
    CU_ASSERT(b.failed && b.length <= b.room && b.length > IMAGE_MAX);
    free(b.data);
}

static char *listing(struct vvm_node *node, const struct vvm_unit *unit)
{
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    disassemble_unit(to, node, unit);
    fclose(to);
    return text;
}

/* What comes out is accepted, and reads as what went in. */
static void contents(void)
{
    struct maker *m = maker_open();
    struct vvm_unit *unit = make_unit(m), *decoded;
    struct octets image;
    struct verify_error error = {.text = ""};
    char why[160] = "";
    CU_ASSERT_EQUAL_FATAL(image_encode(unit, &image.data, &image.length, true), 0);
    CU_ASSERT_EQUAL_FATAL(image_decode(m->node, image.data, image.length, &decoded, why, sizeof why), 0);
    CU_ASSERT_EQUAL(decoded->vmlet->name, m->vmlet.name);
    CU_ASSERT_EQUAL(decoded->vmlet->version, -3);
    CU_ASSERT(values_equal(decoded->vmlet->header, m->vmlet.header, NULL));
    CU_ASSERT(values_equal(decoded->constants[0], unit->constants[0], NULL));
    CU_ASSERT_EQUAL(verify_unit(unit, &error), 0);
    CU_ASSERT_EQUAL(verify_unit(decoded, &error), 0);
    if (error.text[0]) fprintf(stderr, "    %s\n", error.text);
    for (uint32_t i = 0; i < unit->function_count; i++) {
        const struct vvm_function *f = &unit->functions[i], *g = &decoded->functions[i];
        CU_ASSERT_EQUAL(f->words, g->words);
        CU_ASSERT(!memcmp(f->code, g->code, f->words * sizeof *f->code));
        CU_ASSERT_EQUAL(f->signature, g->signature);
        CU_ASSERT_EQUAL(f->position, g->position);
    }
    char *text = listing(m->node, unit);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "jump-raw=        s1, s0, L8"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "call-primitive   s1, `length` (s0)"));
    free(text);
    free(image.data);
    free_decoded(decoded);
    unit_free(unit);
    maker_close(m);
}

static void truncations(void)
{
    struct maker *m = maker_open();
    struct octets image = sample_image(m, true), copy = {NULL, 0};
    for (size_t length = 0; length < image.length; length++) {
        uint8_t *exact = malloc(length ? length : 1); /* so that a read past the end is seen */
        CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
        memcpy(exact, image.data, length);
        CU_ASSERT_EQUAL(again(m, (struct octets){exact, length}, true, &copy), -EINVAL);
        free(exact);
    }
    free(image.data);
    maker_close(m);
}

/* Refused, or the one image of what was read. */
static void changes(void)
{
    struct maker *m = maker_open();
    struct octets image = sample_image(m, false);
    unsigned accepted = 0;
    for (size_t i = 0; i < image.length; i++)
        for (unsigned flip = 1; flip < 256; flip++) {
            struct octets copy = {NULL, 0};
            image.data[i] ^= (uint8_t)flip;
            if (!again(m, image, image.data[6] & 1, &copy)) {
                accepted++;
                CU_ASSERT(same(image, copy));
                free(copy.data);
            }
            image.data[i] ^= (uint8_t)flip;
        }
    CU_ASSERT(accepted > 0); /* other numbers, other names */
    free(image.data);
    maker_close(m);
}

/* Take off an octet, or put one in, anywhere. */
static void insertions(void)
{
    struct maker *m = maker_open();
    struct octets image = sample_image(m, true), copy;
    uint8_t *changed = malloc(image.length + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(changed);
    for (size_t i = 0; i <= image.length; i++) {
        memcpy(changed, image.data, i);
        changed[i] = (uint8_t)(i * 37);
        memcpy(changed + i + 1, image.data + i, image.length - i);
        if (!again(m, (struct octets){changed, image.length + 1}, true, &copy)) free(copy.data);
        if (i < image.length) memcpy(changed + i, image.data + i + 1, image.length - i - 1);
        if (i < image.length && !again(m, (struct octets){changed, image.length - 1}, true, &copy))
            free(copy.data);
    }
    CU_PASS("no harm done");
    free(changed);
    free(image.data);
    maker_close(m);
}

/* ---- caps -------------------------------------------------------------------------------- */

static void expect_refused(struct maker *m, const uint8_t *data, size_t length, const char *reason)
{
    struct vvm_unit *unit;
    char why[160] = "";
    CU_ASSERT_EQUAL(image_decode(m->node, data, length, &unit, why, sizeof why), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, reason));
    if (!strstr(why, reason)) fprintf(stderr, "    %s, not %s\n", why, reason);
}

static void caps(void)
{
    static uint8_t names[] = "VVMI\0\0\0\377\377\377\377\17";
    static uint8_t number[] = "VVMI\0\0\0\377\377\377\377\377\377\377\377\377\377";
    static const uint8_t version[] = "VVMI\1\0\0\0\0";
    struct maker *m = maker_open();
    uint8_t *much = calloc(1, IMAGE_MAX + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(much);
    names[4] = number[4] = IMAGE_VERSION;
    expect_refused(m, much, IMAGE_MAX + 1, "too long");
    expect_refused(m, much, 100, "no image");
    expect_refused(m, names, sizeof names - 1, "too long");
    expect_refused(m, number, sizeof number - 1, "too long");
    expect_refused(m, version, sizeof version - 1, "another version");
    free(much);
    maker_close(m);
}

/* An image whose header datum is `count` times the octets of `open`, then `close`. */
static int decode_nested(struct maker *m, unsigned count, const char *open, const char *close)
{
    uint8_t data[8192] = "VVMI\0\0\0\0\0\0\0"; /* no names, no signatures, no name, version 0 */
    size_t n = 11, step = strlen(open);
    data[4] = IMAGE_VERSION;
    struct vvm_unit *unit;
    char why[160];
    for (unsigned i = 0; i < count; i++, n += step) memcpy(data + n, open, step);
    memcpy(data + n, close, strlen(close));
    n += strlen(close) + 5; /* constants, links, primitives, functions, scripts: none */
    int err = image_decode(m->node, data, n, &unit, why, sizeof why);
    if (!err) free_decoded(unit);
    return err;
}

static void depth(void)
{
    struct maker *m = maker_open();
    CU_ASSERT_EQUAL(decode_nested(m, 1, "\5\1", "\13"), 0); /* (()) */
    CU_ASSERT_EQUAL(decode_nested(m, 900, "\5\1", "\13"), 0);
    CU_ASSERT_EQUAL(decode_nested(m, 1001, "\5\1", "\13"), -EINVAL);
    CU_ASSERT_EQUAL(decode_nested(m, 1, "\6\1\13", "\13"), -EINVAL); /* (() . ()) is (()) */
    maker_close(m);
}

/* Of the sample, without its tables: about three octets an instruction. */
static void compactness(void)
{
    struct maker *m = maker_open();
    struct octets image = sample_image(m, false);
    CU_ASSERT(image.length < 250);
    if (image.length >= 250) fprintf(stderr, "    %zu octets\n", image.length);
    free(image.data);
    maker_close(m);
}

void image_tests(CU_pSuite suite)
{
    CU_add_test(suite, "round trip", round_trip);
    CU_add_test(suite, "an empty vector", empty_vector);
    CU_add_test(suite, "the most octets", buffer_cap);
    CU_add_test(suite, "contents", contents);
    CU_add_test(suite, "every truncation", truncations);
    CU_add_test(suite, "every change of an octet", changes);
    CU_add_test(suite, "insertions and deletions", insertions);
    CU_add_test(suite, "caps", caps);
    CU_add_test(suite, "depth", depth);
    CU_add_test(suite, "compactness", compactness);
}
