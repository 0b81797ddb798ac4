/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - how a value of the language looks in memory.
 *
 * A value is one 64-bit word. Its three low bits say what it is:
 *
 *   63                                         3 2   0
 *   +-------------------------------------------+-----+
 *   |  61-bit two's complement integer          | 000 |  fixnum
 *   |  address of an object, 8-aligned          | 001 |  object (type in its header)
 *   |  address of a pair, 8-aligned             | 010 |  pair
 *   |  payload (a code point)    | 0 kkkk k     | 011 |  immediate: #f #t () chars ...
 *   +-------------------------------------------+-----+
 *
 * Every object and every pair starts with one header word:
 *
 *   63                          24 23     16 15      8 7      0
 *   +-----------------------------+---------+---------+--------+
 *   | length (pair: its position) |  owner  |  flags  |  type  |
 *   +-----------------------------+---------+---------+--------+
 *
 * Objects live in the control heap, in a packet's arena, or (frozen) in the
 * constants of a VMlet; they look the same everywhere. Nothing here allocates.
 */
#ifndef VVM_VALUE_H
#define VVM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t vvm_value;

enum { TAG_FIXNUM = 0, TAG_OBJECT = 1, TAG_PAIR = 2, TAG_IMMEDIATE = 3, TAG_MASK = 7 };

#define FIXNUM_MAX INT64_C(1152921504606846975)
#define FIXNUM_MIN (-FIXNUM_MAX - 1)

/* Immediates. VALUE_EXCEPTION is never seen by a program: a C primitive returns
 * it to say that context->pending holds an error, trap or halt. */
#define VALUE_FALSE       UINT64_C(0x03)
#define VALUE_TRUE        UINT64_C(0x0b)
#define VALUE_NULL        UINT64_C(0x13)
#define VALUE_UNSPECIFIED UINT64_C(0x1b)
#define VALUE_EOF         UINT64_C(0x23)
#define VALUE_DEFAULT     UINT64_C(0x2b) /* an argument that was not given */
#define VALUE_EXCEPTION   UINT64_C(0x33) /* C only: see context->pending */
#define VALUE_UNDEFINED   UINT64_C(0x3b) /* a letrec or global variable before its value */
#define CHAR_KIND         UINT64_C(0x43)

enum object_type {
    TYPE_PAIR = 1,
    TYPE_STRING,       /* length code points of 32 bits each */
    TYPE_SYMBOL,       /* struct symbol */
    TYPE_VECTOR,       /* length values */
    TYPE_BYTES,        /* bytevector: length octets */
    TYPE_FLONUM,       /* one double */
    TYPE_BOX,          /* one value: an assigned variable that a closure shares */
    TYPE_CLOSURE,      /* struct closure */
    TYPE_CASES,        /* case-lambda: a vector of closures */
    TYPE_PRIMITIVE,    /* struct primitive_object */
    TYPE_CONTINUATION, /* escape-only; struct continuation */
    TYPE_PARAMETER,    /* length 2: value, converter */
    TYPE_RECORD,       /* slot 0 the record type, then the fields */
    TYPE_RECORD_TYPE,  /* struct record_type */
    TYPE_ERROR,        /* struct error_object: what the engine itself raises, and (error ...) */
    TYPE_HASH,         /* hash table, load profile */
    TYPE_PORT,         /* string, bytevector and file ports, load profile */
    TYPE_PROMISE,      /* length 2: done?, value or thunk */
    TYPE_ALIAS,        /* a renamed identifier of the expander; struct alias */
    TYPE_ENVIRONMENT,  /* a top-level environment as a value */
    TYPE_SLICE,        /* window into bytes or a packet; struct slice */
    TYPE_PACKET,       /* handle of a packet in its own arena; struct packet_object */
    TYPE_CURSOR,       /* checked reader over a slice; struct cursor */
    TYPE_TABLE,        /* handle of a table */
    TYPE_SET,          /* handle of an open set */
    TYPE_MEMBER,       /* handle of a set's member */
    TYPE_PROGRAM,      /* handle of a program form (define-program) */
    TYPE_NETWORK,      /* handle of a network */
    TYPE_LAYOUT,       /* handle of a layout */
    TYPE_FOREIGN,      /* C data of an embedder or a library part: length octets, no values in them */
    TYPE_FREE,         /* collector: unused memory, length octets after the header */
    TYPE_LIMIT
};

enum object_flag {
    FLAG_FROZEN = 1, /* constant: any write is the error `frozen` */
};

#define HEADER_LENGTH_SHIFT 24
#define HEADER_LENGTH_MAX   ((UINT64_C(1) << 40) - 1)

struct object {
    uint64_t header;
};

struct pair {
    uint64_t header; /* length field = packed source position, 0 when unknown */
    vvm_value car, cdr;
};

struct string {
    uint64_t header;
    uint32_t chars[];
};

struct vector {
    uint64_t header;
    vvm_value items[];
};

struct bytes {
    uint64_t header;
    uint8_t data[];
};

struct flonum {
    uint64_t header;
    double number;
};

/* Interned once per node, never freed before it: eq? is pointer equality. The
 * name is UTF-8, zero-terminated; length (in the header) counts octets. */
struct symbol {
    uint64_t header;
    uint64_t hash;
    char name[];
};

struct vvm_function;

/* length = number of captured values */
struct closure {
    uint64_t header;
    const struct vvm_function *function; /* always the all-tagged entry */
    vvm_value captured[];
};

struct record_type {
    uint64_t header; /* length = number of field names */
    vvm_value name;  /* symbol */
    vvm_value fields[];
};

struct record {
    uint64_t header; /* length = fields + 1 */
    vvm_value type;  /* struct record_type */
    vvm_value fields[];
};

/* A window [offset, offset+length) of backing (bytes, slice-free: never a slice
 * of a slice; or a packet). Reads check the packet's present length and that it
 * has not moved away. */
struct slice {
    uint64_t header;
    vvm_value backing;
    uint32_t offset, length;
};

struct cursor {
    uint64_t header;
    vvm_value backing; /* bytes or packet */
    uint32_t offset, end;
};

struct vvm_packet;

struct packet_object {
    uint64_t header;
    struct vvm_packet *packet; /* NULL once moved away (sent, dropped, submitted) */
};

/* What the engine raises, and what (error message irritant ...) makes. */
struct error_object {
    uint64_t header;
    uint64_t code;       /* enum error_code of errors.def */
    vvm_value message;   /* string, or VALUE_FALSE: then errors.def's text */
    vvm_value irritants; /* list */
    vvm_value trace;     /* list of (name . position) or VALUE_FALSE */
};

/* The next three hold nothing but values, `length` of them after the header. */

/* Entries stand in the order of insertion: key, value, hash (a fixnum) each; a
 * deleted entry has the key VALUE_UNDEFINED. index: 32-bit entry numbers + 1,
 * open addressing. */
struct hash_object {
    uint64_t header;   /* length = HASH_VALUES */
    vvm_value count;   /* fixnum: live entries */
    vvm_value used;    /* fixnum: entries, deleted ones included */
    vvm_value entries; /* vector */
    vvm_value index;   /* bytes; a power of two of words */
};
enum { HASH_VALUES = 4 };

struct port_object {
    uint64_t header;              /* length = PORT_VALUES */
    vvm_value flags;              /* fixnum of enum port_flag, lib/lib.h */
    vvm_value buffer;             /* bytes: UTF-8 of a textual port */
    vvm_value at, end;            /* fixnums: reading position, octets filled */
    vvm_value file, line, column; /* fixnums: position of what is read next */
};
enum { PORT_VALUES = 7 };

struct environment_object {
    uint64_t header; /* length = 1 */
    vvm_value vmlet; /* name of the VMlet whose environment it is */
};

/* ---- tests and access ------------------------------------------------------ */

static inline unsigned value_tag(vvm_value v) { return (unsigned)(v & TAG_MASK); }
static inline bool is_fixnum(vvm_value v) { return value_tag(v) == TAG_FIXNUM; }
static inline bool is_pair(vvm_value v) { return value_tag(v) == TAG_PAIR; }
static inline bool is_null(vvm_value v) { return v == VALUE_NULL; }
static inline bool is_char(vvm_value v) { return (v & 0xff) == CHAR_KIND; }
static inline bool is_true(vvm_value v) { return v != VALUE_FALSE; }
static inline bool is_boolean(vvm_value v) { return v == VALUE_FALSE || v == VALUE_TRUE; }
static inline vvm_value make_boolean(bool b) { return b ? VALUE_TRUE : VALUE_FALSE; }

static inline int64_t fixnum_value(vvm_value v) { return (int64_t)v >> 3; }
static inline vvm_value make_fixnum(int64_t n) { return (vvm_value)n << 3; }
static inline bool fits_fixnum(int64_t n) { return n >= FIXNUM_MIN && n <= FIXNUM_MAX; }
static inline uint32_t char_value(vvm_value v) { return (uint32_t)(v >> 8); }
static inline vvm_value make_char(uint32_t c) { return ((vvm_value)c << 8) | CHAR_KIND; }

static inline void *value_pointer(vvm_value v) { return (void *)(uintptr_t)(v & ~(vvm_value)TAG_MASK); }
static inline vvm_value object_value(const void *o) { return (vvm_value)(uintptr_t)o | TAG_OBJECT; }
static inline vvm_value pair_value(const void *p) { return (vvm_value)(uintptr_t)p | TAG_PAIR; }

static inline enum object_type header_type(uint64_t h) { return (enum object_type)(h & 0xff); }
static inline unsigned header_flags(uint64_t h) { return (unsigned)(h >> 8) & 0xff; }
static inline unsigned header_owner(uint64_t h) { return (unsigned)(h >> 16) & 0xff; }
static inline uint64_t header_length(uint64_t h) { return h >> HEADER_LENGTH_SHIFT; }
static inline uint64_t make_header(enum object_type t, uint64_t length)
{
    return (uint64_t)t | length << HEADER_LENGTH_SHIFT;
}

static inline struct object *object_of(vvm_value v) { return value_pointer(v); }
static inline bool is_object(vvm_value v) { return value_tag(v) == TAG_OBJECT; }
static inline bool has_type(vvm_value v, enum object_type t)
{
    return is_object(v) && header_type(object_of(v)->header) == t;
}
static inline uint64_t object_length(vvm_value v) { return header_length(object_of(v)->header); }
static inline bool is_frozen(vvm_value v) { return header_flags(object_of(v)->header) & FLAG_FROZEN; }

static inline struct pair *pair_of(vvm_value v) { return value_pointer(v); }
static inline vvm_value car_of(vvm_value v) { return pair_of(v)->car; }
static inline vvm_value cdr_of(vvm_value v) { return pair_of(v)->cdr; }
static inline bool is_symbol(vvm_value v) { return has_type(v, TYPE_SYMBOL); }
static inline bool is_string(vvm_value v) { return has_type(v, TYPE_STRING); }
static inline const char *symbol_name(vvm_value v) { return ((struct symbol *)value_pointer(v))->name; }

/* ---- source positions, packed into a pair's header -------------------------- */

/* file: index into the node's table of file names, 1..255; line from 1 (capped at
 * 2^20-1), column from 1 (capped at 4095). 0 = unknown. */
static inline uint64_t make_position(unsigned file, unsigned line, unsigned column)
{
    if (line > 0xfffff) line = 0xfffff;
    if (column > 0xfff) column = 0xfff;
    return (uint64_t)(file & 0xff) << 32 | (uint64_t)line << 12 | column;
}
static inline unsigned position_file(uint64_t p) { return (unsigned)(p >> 32) & 0xff; }
static inline unsigned position_line(uint64_t p) { return (unsigned)(p >> 12) & 0xfffff; }
static inline unsigned position_column(uint64_t p) { return (unsigned)p & 0xfff; }
static inline uint64_t pair_position(vvm_value p) { return header_length(pair_of(p)->header); }

#endif
