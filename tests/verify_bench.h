/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_bench.h - units made by hand, word by word, for the tests of the verifier,
 * with just enough of a node around them. Private to verify*_test.c.
 */
#ifndef VVM_VERIFY_BENCH_H
#define VVM_VERIFY_BENCH_H

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/unit.h"
#include "../engine/wire/wire.h"

enum { FUNCTIONS = 4, CODE = 64, SLOTS = 80 };

/* A unit under construction, with just enough of a node around it. */
struct bench {
    struct vvm_node node;
    struct vvm_environment environment;
    struct vvm_vmlet vmlet;
    struct vvm_unit unit;
    struct vvm_function functions[FUNCTIONS], *f; /* f: the one that grows */
    uint64_t code[FUNCTIONS][CODE];
    uint8_t types[FUNCTIONS][SLOTS];
    struct link link, *many;
    const struct primitive_row *primitive;
    vvm_value constant;
    uint32_t script;
    struct line_entry lines[2];
    struct body_shape shape;
};

static const struct primitive_row some_primitive = PRIMITIVE("some", NULL, 0, 2, 7, EFFECT_ALLOCATE, "", "");

static inline void bench_open(struct bench *t)
{
    memset(t, 0, sizeof *t);
    t->environment.node = &t->node;
    t->vmlet.environment = &t->environment;
    t->vmlet.name = VALUE_FALSE;
    t->unit.vmlet = &t->vmlet;
    t->unit.functions = t->functions;
    t->constant = make_fixnum(1);
    t->unit.constants = &t->constant;
    t->unit.constant_count = 1;
    t->link = (struct link){VALUE_FALSE, VALUE_FALSE, signature_tagged(&t->node, 0), 0};
    t->unit.links = &t->link;
    t->unit.link_count = 1;
    t->primitive = &some_primitive;
    t->unit.primitives = &t->primitive;
    t->unit.primitive_count = 1;
    t->unit.scripts = &t->script;
}

static inline void bench_close(struct bench *t)
{
    signature_close(&t->node);
    free(t->many);
}

/* Begin a function; its slots are tagged unless changed before sign(). */
static inline void function(struct bench *t, unsigned parameters, unsigned slots)
{
    uint32_t i = t->unit.function_count++;
    t->f = &t->functions[i];
    *t->f = (struct vvm_function){.code = t->code[i],
                                  .parameters = (uint16_t)parameters,
                                  .slots = (uint16_t)slots,
                                  .slot_types = t->types[i],
                                  .name = VALUE_FALSE,
                                  .unit = &t->unit,
                                  .index = i};
}

static inline void type(struct bench *t, unsigned slot, enum slot_type type_)
{
    t->types[t->f->index][slot] = (uint8_t)type_;
}

static inline void word(struct bench *t, uint64_t w) { t->code[t->f->index][t->f->words++] = w; }
static inline void put(struct bench *t, unsigned op, unsigned a, unsigned b, unsigned c)
{
    word(t, make_word(op, a, b, c));
}
static inline void number(struct bench *t, unsigned slot, int n)
{
    word(t, make_word_imm32(OP_IMMEDIATE, slot, n * 8));
}

/* A branch by so many words, with room for its costs. */
static inline void branch(struct bench *t, unsigned op, unsigned a, unsigned b, int by)
{
    put(t, op, a, b, (unsigned)(uint16_t)by);
    word(t, 0);
}

static inline void give(struct bench *t) /* the usual end */
{
    number(t, 0, 0);
    put(t, OP_RETURN, 0, 0, 0);
}

static inline void sign_all(struct bench *t)
{
    for (uint32_t i = 0; i < t->unit.function_count; i++) {
        struct vvm_function *f = &t->functions[i];
        if (!f->signature)
            f->signature = signature_intern(&t->node, f->slot_types, f->parameters, f->flags & FUNCTION_REST,
                                            f->result < SLOT_TYPES ? f->result : SLOT_ANY);
    }
}

/* verify_samples.c */
struct sample {
    enum verify_rule rule;
    void (*build)(struct bench *t);
};
extern const struct sample samples[];
extern const size_t sample_count;

/* verify_row_test.c: every row of the instruction table */
void verify_row_tests(CU_pSuite suite);
/* effects_test.c */
void effects_tests(CU_pSuite suite);

#endif
