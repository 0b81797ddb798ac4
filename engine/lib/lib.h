/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib.h - what the families of C primitives share: argument checks, lists walked
 * safely, text, ports, hash tables.
 *
 * A family is one file with one table of rows and one function that registers it.
 * Every primitive has the form of primitive_fn; PRIMITIVE_FN writes its head.
 * A check that fails sets ctx->pending; callers return VALUE_EXCEPTION then.
 */
#ifndef VVM_LIB_H
#define VVM_LIB_H

#include "../arith.h"
#include "../load.h"

#define PRIMITIVE_FN(name) static vvm_value name(struct vvm_context *ctx, unsigned n, const vvm_value *args)
#define ROWS(rows)         rows, sizeof rows / sizeof rows[0]
#define TEXT_MAX           ((size_t)1 << 28) /* code points or octets that one object may have */

/* Return the type error from a primitive unless its i-th argument passes. */
#define NEED(test, name, i, expected)                                                                        \
    do {                                                                                                     \
        if (!(test)) return raise_type(ctx, name, (i) + 1, expected, args[i]);                               \
    } while (0)

int list_primitives(struct vvm_node *node);
int number_primitives(struct vvm_node *node);
int integer_primitives(struct vvm_node *node);
int real_primitives(struct vvm_node *node);
int raw_primitives(struct vvm_node *node);
int char_primitives(struct vvm_node *node);
int string_primitives(struct vvm_node *node);
int string_search_primitives(struct vvm_node *node);
int doc_primitives(struct vvm_node *node);
int symbol_primitives(struct vvm_node *node);
int vector_primitives(struct vvm_node *node);
int bytevector_primitives(struct vvm_node *node);
int hash_primitives(struct vvm_node *node);
int port_primitives(struct vvm_node *node);
int output_primitives(struct vvm_node *node);
int control_primitives(struct vvm_node *node);
int error_primitives(struct vvm_node *node);
int record_primitives(struct vvm_node *node);
int system_primitives(struct vvm_node *node);
int intrinsic_primitives(struct vvm_node *node);
int intercede_primitives(struct vvm_node *node);
int reflect_primitives(struct vvm_node *node);
int weave_primitives(struct vvm_node *node);

/* ---- arguments ---- */

/** Fixnum argument i within 0..limit (inclusive) into *out; else the error type or
 *  bounds is set. */
bool index_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                    size_t limit, size_t *out);
/** Optional arguments [start [end]] from `first` on: 0 <= start <= end <= length. */
bool range_arguments(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                     unsigned first, size_t length, size_t *start, size_t *end);
/** A size (for make-vector and the like), at most TEXT_MAX. */
bool size_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i, size_t *out);
/** May be changed (see may_write), or the error `frozen`. */
bool mutable_argument(struct vvm_context *ctx, vvm_value v);

/* ---- lists ---- */

/* Walks a list of any shape and ends on every one: Brent's method. */
struct list_walk {
    vvm_value at, mark;
    uint64_t steps, leap;
    bool cyclic;
};
static inline struct list_walk list_walk_start(vvm_value list)
{
    return (struct list_walk){list, VALUE_UNDEFINED, 0, 1, false};
}
/** Next element; false at the end: then `at` is the tail, or `cyclic` is set. */
bool list_next(struct list_walk *walk, vvm_value *item);
/** Length, or -1 if v is no proper list. */
int64_t list_length(vvm_value v);
/** Proper list argument i; its length into *length and fuel charged for it. */
bool list_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                   size_t *length);

/* A list under construction, in order. */
struct list_tail {
    vvm_value first;
    struct pair *last;
};
static inline struct list_tail list_tail_start(void) { return (struct list_tail){VALUE_NULL, NULL}; }
bool list_append_item(struct vvm_context *ctx, struct list_tail *list, vvm_value item);
/** Items as a list ending in `tail`; or VALUE_EXCEPTION. */
vvm_value list_from(struct vvm_context *ctx, const vvm_value *items, size_t count, vvm_value tail);

/* ---- numbers ---- */

static inline bool is_number(vvm_value v) { return is_fixnum(v) || is_flonum(v); }
static inline double number_double(vvm_value v)
{
    return is_fixnum(v) ? (double)fixnum_value(v) : flonum_value(v);
}
bool is_integer(vvm_value v);
/** Fixnum of n, or the error integer-range. */
vvm_value make_integer(struct vvm_context *ctx, int64_t n);
#define NUMBER_TEXT 72
/** Shortest text that reads back as d ("1.5", "100.0", "1e21", "+inf.0"). */
size_t format_flonum(double d, char text[NUMBER_TEXT]);
size_t format_integer(int64_t n, unsigned radix, char text[NUMBER_TEXT]);

/* ---- characters and text ---- */

uint32_t char_upcase(uint32_t c);
uint32_t char_downcase(uint32_t c);
uint32_t char_foldcase(uint32_t c);
bool char_is_alphabetic(uint32_t c);
bool char_is_whitespace(uint32_t c);
int char_digit(uint32_t c); /* -1: none */
/** Write c as UTF-8; the number of octets (1..4). */
unsigned utf8_encode(uint32_t c, char out[4]);
/** Read one code point of n >= 1 octets; malformed ones give U+FFFD. Octets used. */
unsigned utf8_decode(const uint8_t *at, size_t n, uint32_t *c);

static inline struct string *string_of(vvm_value v) { return value_pointer(v); }
static inline struct vector *vector_of(vvm_value v) { return value_pointer(v); }
static inline struct bytes *bytes_of(vvm_value v) { return value_pointer(v); }

/* UTF-8 text in C memory, growing; `failed` when memory is out. */
struct text {
    char *data;
    size_t length, room;
    bool failed;
};
void text_add(struct text *t, const char *octets, size_t length);
void text_add_char(struct text *t, uint32_t c);
void text_add_string(struct text *t, vvm_value string, size_t start, size_t end);
void text_free(struct text *t);
/** The text as a string of the language; frees it. */
vvm_value text_finish(struct vvm_context *ctx, struct text *t);

/* ---- ports ---- */

enum port_flag {
    PORT_INPUT = 1,
    PORT_OUTPUT = 2,
    PORT_TEXTUAL = 4,
    PORT_BINARY = 8,
    PORT_OPEN = 16,
    PORT_NODE = 32,  /* writes to node->options.output */
    PORT_ERROR = 64, /* writes to stderr */
    PORT_FOLD = 128, /* #!fold-case was read */
};
static inline struct port_object *port_of(vvm_value v) { return value_pointer(v); }
static inline uint64_t port_flags(vvm_value v) { return (uint64_t)fixnum_value(port_of(v)->flags); }
vvm_value make_port(struct vvm_context *ctx, uint64_t flags, vvm_value buffer, size_t end);
/** Input port over a text whose first character stands at (file, line, column). */
vvm_value make_string_port(struct vvm_context *ctx, const char *utf8, size_t octets, unsigned file,
                           unsigned line, unsigned column);
/** Port argument i, or the current one (0 input, 1 output, 2 error) when it is not
 *  given; it must be open and have the flags. */
bool port_argument(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args, unsigned i,
                   unsigned standard, uint64_t flags, vvm_value *out);
/** Append to an output port. False: ctx->pending is set. */
bool port_write(struct vvm_context *ctx, vvm_value port, const void *octets, size_t length);

/* ---- hash tables ---- */

uint64_t value_hash(vvm_value v);

#endif
