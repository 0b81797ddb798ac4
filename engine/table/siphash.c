/* SPDX-License-Identifier: Apache-2.0 */
/*
 * siphash.c - SipHash, written from its definition: C rounds a word of eight octets,
 * little-endian, the last word holding the length's low octet on top; D rounds to finish.
 */
#include "siphash.h"

struct state {
    uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t x, unsigned n) { return x << n | x >> (64 - n); }

static inline void rounds(struct state *s, unsigned n)
{
    while (n-- > 0) {
        s->a += s->b, s->c += s->d;
        s->b = rotate(s->b, 13) ^ s->a, s->d = rotate(s->d, 16) ^ s->c;
        s->a = rotate(s->a, 32);
        s->c += s->b, s->a += s->d;
        s->b = rotate(s->b, 17) ^ s->c, s->d = rotate(s->d, 21) ^ s->a;
        s->c = rotate(s->c, 32);
    }
}

static inline void absorb(struct state *s, uint64_t word, unsigned c)
{
    s->d ^= word;
    rounds(s, c);
    s->a ^= word;
}

static inline uint64_t finish(struct state *s, unsigned d)
{
    s->c ^= 0xff;
    rounds(s, d);
    return s->a ^ s->b ^ s->c ^ s->d;
}

static inline struct state begin(const uint64_t key[2])
{
    return (struct state){key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                          key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
}

static uint64_t little_endian(const uint8_t *at, size_t octets)
{
    uint64_t word = 0;
    while (octets-- > 0) word = word << 8 | at[octets];
    return word;
}

uint64_t siphash(const uint64_t key[2], const void *octets, size_t length)
{
    const uint8_t *at = octets;
    struct state s = begin(key);
    size_t left = length;
    for (; left >= 8; at += 8, left -= 8) absorb(&s, little_endian(at, 8), 2);
    absorb(&s, little_endian(at, left) | (uint64_t)length << 56, 2);
    return finish(&s, 4);
}

uint64_t siphash_words(const uint64_t key[2], const uint64_t *words, size_t count)
{
    struct state s = begin(key);
    for (size_t i = 0; i < count; i++) absorb(&s, words[i], 1);
    absorb(&s, (uint64_t)count << 59, 1);
    return finish(&s, 3);
}
