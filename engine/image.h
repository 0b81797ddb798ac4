/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h - private to the image codec (image*.c).
 *
 *   "VVMI"  version:16  flags:8 (1: line tables, 2: signed)
 *   names       sorted, without duplicates: symbols and names of primitives
 *   files       only with line tables: sorted names of source files
 *   signatures  sorted, without duplicates
 *   vmlet       name, version, header datum
 *   constants, links, primitives   in the order in which code numbers them
 *   functions   header, shape, code, line table
 *   scripts
 *   signer's public key, signature   only with flag 2: see key.h
 *
 * Numbers are LEB128, signed ones zigzag. Code is a stream of half octets: an opcode
 * is two, an operand one or more with three bits each, so that an instruction takes
 * two or three octets. Costs are not stored: the verifier computes them.
 *
 * The encoder walks the unit twice with the same code: the first time it only
 * collects the names, files and signatures, the second time it writes their numbers.
 * The decoder encodes what it read and compares: one image for one unit, and no
 * octet that is not looked at.
 */
#ifndef VVM_IMAGE_H
#define VVM_IMAGE_H

#include <assert.h>

#include "unit.h"
#include "wire/wire.h"

#define IMAGE_MAGIC   "VVMI"
#define IMAGE_VERSION 7 /* another one for every change of instruction.def: opcodes are its rows' numbers */

enum image_flag { IMAGE_LINES = 1, IMAGE_SIGNED = 2 };
#define IMAGE_SEAL 96 /* octets of a signed image's end */
enum image_limit {
    IMAGE_NAME_MAX = 4096,    /* octets of a name */
    IMAGE_TABLE_MAX = 65536,  /* entries of a table */
    IMAGE_DEPTH = 1000,       /* constants inside constants */
    IMAGE_CONSTANT = 2 << 20, /* octets of one constant, unfolded */
    IMAGE_UNPACKED = 64 << 20 /* octets that an image may unfold to */
};

/* ---- a checked cursor: after a fault everything reads as 0 ---- */

struct image_cursor {
    const uint8_t *at, *end;
    bool half;         /* the low half of *at is taken */
    const char *fault; /* NULL, or what is wrong: the first thing found */
};

static inline void cursor_fail(struct image_cursor *c, const char *fault)
{
    if (!c->fault) c->fault = fault;
    c->at = c->end;
    c->half = false;
}
uint64_t take_number(struct image_cursor *c);
int64_t take_signed(struct image_cursor *c);
/** A number that is at most `limit`; otherwise a fault, and 0. */
uint32_t take_below(struct image_cursor *c, uint32_t limit, const char *fault);
/** How many things of at least one octet follow: at most limit, and what is left. */
uint32_t take_count(struct image_cursor *c, uint32_t limit, const char *fault);
const uint8_t *take_octets(struct image_cursor *c, size_t count); /* NULL: a fault */
unsigned take_octet(struct image_cursor *c);
unsigned take_half(struct image_cursor *c);
uint64_t take_halves(struct image_cursor *c); /* a number in half octets */
void take_align(struct image_cursor *c);

/* ---- a growing buffer ---- */

struct image_buffer {
    uint8_t *data;
    size_t length, room;
    bool half, failed; /* failed: no memory, or longer than IMAGE_MAX */
};

void put_octet(struct image_buffer *b, unsigned octet);
void put_octets(struct image_buffer *b, const void *octets, size_t count);
void put_number(struct image_buffer *b, uint64_t n);
void put_signed(struct image_buffer *b, int64_t n);
void put_half(struct image_buffer *b, unsigned half);
void put_halves(struct image_buffer *b, uint64_t n);
void put_align(struct image_buffer *b);

static inline uint64_t zigzag(int64_t n) { return (uint64_t)n << 1 ^ (uint64_t)(n >> 63); }
static inline int64_t unzigzag(uint64_t n) { return (int64_t)(n >> 1) ^ -(int64_t)(n & 1); }

/* ---- encoding ---- */

struct image_name {
    const char *octets;
    size_t length;
};

struct image_encoder {
    const struct vvm_node *node;
    const struct vvm_unit *unit;
    const struct image_name *file_names; /* positions' file 1.. ; NULL: the node's */
    struct image_buffer out;
    bool lines, collecting;
    int error; /* something that an image cannot hold */
    struct image_name *names;
    uint32_t name_count, name_room;
    uint32_t *signatures;
    uint32_t signature_count, signature_room;
    bool file_used[256];
    uint8_t file_rank[256]; /* number in the image, from 1 */
};

void encode_name(struct image_encoder *e, const char *octets, size_t length);
/** A symbol, or VALUE_FALSE for none. */
void encode_symbol(struct image_encoder *e, vvm_value symbol);
void encode_signature(struct image_encoder *e, uint32_t number); /* 0: none */
void encode_position(struct image_encoder *e, uint64_t position, uint64_t before);
void encode_value(struct image_encoder *e, vvm_value v);
void encode_function(struct image_encoder *e, const struct vvm_function *f);
/** Encode with the given numbering of files. */
int image_write(struct image_encoder *e, uint8_t **data, size_t *length);

/* ---- decoding ---- */

struct image_decoder {
    struct image_cursor in;
    struct vvm_node *node;
    struct vvm_context scratch; /* constants are made here, then copied into the unit */
    uint8_t *scratch_memory;
    struct unit_builder builder;
    bool lines, sealed;
    vvm_value *names; /* symbols */
    uint32_t name_count;
    struct image_name *files;
    uint32_t file_count;
    uint32_t *signatures;
    uint32_t signature_count;
    size_t budget; /* octets that may still be unfolded */
};

/** Take from the budget; a fault when it is used up. */
bool decoder_spend(struct image_decoder *d, size_t octets);
vvm_value decode_symbol(struct image_decoder *d); /* or VALUE_FALSE */
vvm_value decode_name(struct image_decoder *d);
uint64_t decode_position(struct image_decoder *d, uint64_t before);
vvm_value decode_value(struct image_decoder *d);
int decode_function(struct image_decoder *d, struct vvm_function *f);

/* Tags of constants; small fixnums are a tag of their own. */
enum image_tag {
    IMAGE_FIXNUM,
    IMAGE_CHAR,
    IMAGE_STRING,
    IMAGE_SYMBOL,
    IMAGE_FLONUM,
    IMAGE_LIST,
    IMAGE_DOTTED,
    IMAGE_VECTOR,
    IMAGE_BYTES,
    IMAGE_FALSE,
    IMAGE_TRUE,
    IMAGE_NULL,
    IMAGE_UNSPECIFIED,
    IMAGE_EOF,
    IMAGE_DEFAULT,
    IMAGE_UNDEFINED,
    IMAGE_TAGS,
    IMAGE_SMALL = 0x40,
    IMAGE_SMALL_ZERO = 0x50 /* 0x40 .. 0xff: the fixnums -16 .. 175 */
};
static_assert((VALUE_UNDEFINED - VALUE_FALSE) / 8 == 7, "immediates are numbered by eights");

#endif
