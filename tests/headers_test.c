/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers_test.c - the Internet checksum of netvmlets/headers.vml beside its slow twin in C,
 * which adds octet by octet, over random headers, lengths and sums of what lies below. What
 * the fields are is in cases/language/headers.t.
 */
#include <stdlib.h>
#include <string.h>

#include "../engine/load.h"
#include "suites.h"

#define OCTETS_MAX 1500u

static const char source[] =
    "(vmlet sums (needs (all)) (import (headers internet-checksum internet-checksum-good? "
    "ipv4-pseudo-sum ipv6-pseudo-sum)))"
    "(define (sum p at end below) (internet-checksum p at end below))"
    "(define (good p end below) (internet-checksum-good? p end below))"
    "(define (below4 p octets) (ipv4-pseudo-sum p octets))"
    "(define (below6 p protocol octets) (ipv6-pseudo-sum p protocol octets))";

struct sums {
    struct vvm_node *node;
    uint64_t seed;
    uint8_t octets[OCTETS_MAX];
    unsigned length;
};

static unsigned draw(struct sums *s, unsigned limit)
{
    s->seed = s->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(s->seed >> 33) % limit;
}

/* ---- the twin ---------------------------------------------------------------------------- */

/* As RFC 1071 says it, an octet at a time; the word at `hole` counts as zero. */
static unsigned twin_sum(const uint8_t *octets, unsigned length, unsigned hole, unsigned sum)
{
    for (unsigned i = 0; i < length; i++) {
        if (i == hole || i == hole + 1) continue;
        sum += i % 2 ? octets[i] : (unsigned)octets[i] << 8;
        if (sum > 0xffff) sum -= 0xffff;
    }
    return sum;
}

static unsigned twin_pseudo(const uint8_t *addresses, unsigned octets, unsigned protocol, unsigned length)
{
    uint8_t header[40] = {0};
    memcpy(header, addresses, octets);
    header[octets] = (uint8_t)(length >> 24);
    header[octets + 1] = (uint8_t)(length >> 16);
    header[octets + 2] = (uint8_t)(length >> 8);
    header[octets + 3] = (uint8_t)length;
    header[octets + 7] = (uint8_t)protocol;
    return twin_sum(header, octets + 8, UINT16_MAX, 0);
}

/* ---- the language -------------------------------------------------------------------------- */

static vvm_value call(struct sums *s, const char *name, unsigned n, const vvm_value *args)
{
    vvm_value symbol = intern(s->node, name), procedure, result;
    CU_ASSERT_FATAL(!eval_datum(&s->node->control, s->node->vmlets->environment, symbol, &procedure));
    s->node->control.fuel = 1000000;
    result = vvm_call(&s->node->control, procedure, n, args);
    if (result == VALUE_EXCEPTION) print_pending(&s->node->control, stderr);
    return result;
}

static vvm_value as_bytes(struct sums *s)
{
    vvm_value v = make_bytes_from(&s->node->control, s->octets, s->length);
    CU_ASSERT_FATAL(v != VALUE_EXCEPTION);
    return v;
}

static void fill(struct sums *s, unsigned least)
{
    unsigned kind = draw(s, 8);
    s->length = least + draw(s, kind ? 100 : OCTETS_MAX - least);
    for (unsigned i = 0; i < s->length; i++)
        s->octets[i] = kind == 1 ? 0 : kind == 2 ? 0xff : (uint8_t)draw(s, 256);
}

static struct sums *open_sums(void)
{
    struct sums *s = calloc(1, sizeof *s);
    struct vvm_options options = {.path = getenv("VVM_PATH") ?: VVM_SOURCE "/netvmlets"};
    CU_ASSERT_FATAL(s && !node_open(&options, &s->node));
    int err = load_source(&s->node->control, "sums", source, strlen(source), NULL);
    if (err) print_pending(&s->node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    s->seed = 4;
    return s;
}

static void close_sums(struct sums *s)
{
    node_close(s->node);
    free(s);
}

/* The sum, then that it is good where it belongs, and that any other octet is not. */
static void compare(struct sums *s)
{
    fill(s, 2);
    unsigned hole = 2 * draw(s, s->length / 2), below = draw(s, 0x10000);
    unsigned wanted = twin_sum(s->octets, s->length, hole, below) ^ 0xffff;
    vvm_value length = make_fixnum(s->length), under = make_fixnum(below);
    vvm_value sum = call(s, "sum", 4, (vvm_value[]){as_bytes(s), make_fixnum(hole), length, under});
    CU_ASSERT_EQUAL(sum, make_fixnum(wanted));
    s->octets[hole] = (uint8_t)(wanted >> 8);
    s->octets[hole + 1] = (uint8_t)wanted;
    CU_ASSERT_EQUAL(call(s, "good", 3, (vvm_value[]){as_bytes(s), length, under}), VALUE_TRUE);
    s->octets[draw(s, s->length)] ^= (uint8_t)(1 + draw(s, 254));
    CU_ASSERT_EQUAL(call(s, "good", 3, (vvm_value[]){as_bytes(s), length, under}), VALUE_FALSE);
}

static void sums_are_the_twins(void)
{
    struct sums *s = open_sums();
    for (unsigned i = 0; i < 2000; i++) compare(s);
    close_sums(s);
}

static void pseudo_headers_are_the_twins(void)
{
    struct sums *s = open_sums();
    for (unsigned i = 0; i < 2000; i++) {
        fill(s, 40);
        unsigned length = draw(s, 2) ? draw(s, 0x10000) : draw(s, 0x7fffffff), protocol = draw(s, 256);
        vvm_value number = make_fixnum(length & 0xffff);
        unsigned wanted = twin_pseudo(s->octets + 12, 8, s->octets[9], length & 0xffff);
        CU_ASSERT_EQUAL(call(s, "below4", 2, (vvm_value[]){as_bytes(s), number}), make_fixnum(wanted));
        number = make_fixnum(length);
        wanted = twin_pseudo(s->octets + 8, 32, protocol, length);
        vvm_value got = call(s, "below6", 3, (vvm_value[]){as_bytes(s), make_fixnum(protocol), number});
        CU_ASSERT_EQUAL(got, make_fixnum(wanted));
    }
    close_sums(s);
}

void headers_tests(CU_pSuite suite)
{
    CU_add_test(suite, "sums are the twin's", sums_are_the_twins);
    CU_add_test(suite, "pseudo-headers are the twin's", pseudo_headers_are_the_twins);
}
