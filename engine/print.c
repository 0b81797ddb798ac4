/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print.c - the text of values, for people and for `read`.
 *
 * Nothing here recurses: what is still to be printed stands on a stack of frames. A
 * first walk finds the structures that need a datum label: those on a cycle
 * (write, display) or reached twice (write-shared). Output ends at a limit of octets,
 * which also ends a structure too big to be walked.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/lib.h"

#define LIMIT_DEFAULT ((size_t)16 << 20)
#define WALK_MAX      ((size_t)4 << 20) /* pairs and vectors that the first walk visits */

/* ---- which nodes get labels ---- */

enum node_state { STATE_OPEN = 1, STATE_DONE = 2, STATE_LABEL = 4 };

struct seen_node {
    vvm_value node; /* 0: empty */
    uint32_t state;
    int32_t label; /* -1 until printed */
};

struct seen_table {
    struct seen_node *nodes;
    size_t room, count;
};

static struct seen_node *seen_slot(const struct seen_table *t, vvm_value v)
{
    size_t i = (size_t)((v >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->room - 1);
    while (t->nodes[i].node != 0 && t->nodes[i].node != v) i = (i + 1) & (t->room - 1);
    return &t->nodes[i];
}

static bool seen_grow(struct seen_table *t)
{
    struct seen_table more = {.room = t->room ? t->room * 2 : 256, .count = t->count};
    more.nodes = calloc(more.room, sizeof *more.nodes);
    if (!more.nodes) return false;
    for (size_t i = 0; i < t->room; i++)
        if (t->nodes[i].node) *seen_slot(&more, t->nodes[i].node) = t->nodes[i];
    free(t->nodes);
    *t = more;
    return true;
}

/* The node's entry, made if new; NULL when memory or the cap is out. */
static struct seen_node *seen_enter(struct seen_table *t, vvm_value v)
{
    if (t->count * 2 >= t->room && (t->count >= WALK_MAX || !seen_grow(t))) return NULL;
    struct seen_node *slot = seen_slot(t, v);
    if (slot->node) return slot;
    *slot = (struct seen_node){.node = v, .label = -1};
    assert(t->count < t->room); /* so every search ends */
    t->count++;
    return slot;
}

/* A value being walked or printed, and which part of it comes next. */
struct print_frame {
    vvm_value value;
    size_t next;
    bool tail; /* a list already begun goes on with this pair */
};

struct print_stack {
    struct print_frame *frames;
    size_t count, room;
};

static bool push_frame(struct print_stack *s, vvm_value value, bool tail)
{
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 64;
        struct print_frame *more = realloc(s->frames, room * sizeof *more);
        if (!more) return false;
        s->frames = more;
        s->room = room;
    }
    s->frames[s->count++] = (struct print_frame){value, 0, tail};
    return true;
}

/* A value with parts: pairs, vectors, records, boxes, errors. */
static bool is_compound(vvm_value v)
{
    if (is_pair(v)) return true;
    if (!is_object(v)) return false;
    switch (header_type(object_of(v)->header)) {
    case TYPE_VECTOR: return object_length(v) > 0;
    case TYPE_RECORD:
    case TYPE_BOX:
    case TYPE_ERROR: return true;
    default: return false;
    }
}

static size_t part_count(vvm_value v)
{
    if (is_pair(v)) return 2;
    switch (header_type(object_of(v)->header)) {
    case TYPE_VECTOR: return object_length(v);
    case TYPE_RECORD: return object_length(v) - 1;
    default: return 1;
    }
}

static vvm_value part_at(vvm_value v, size_t i)
{
    if (is_pair(v)) return i == 0 ? car_of(v) : cdr_of(v);
    switch (header_type(object_of(v)->header)) {
    case TYPE_RECORD: return ((struct record *)value_pointer(v))->fields[i];
    case TYPE_ERROR: return ((struct error_object *)value_pointer(v))->irritants;
    default: return vector_of(v)->items[i];
    }
}

/* Depth first; a node met while open is on a cycle. False: too big, no labels. */
static bool walk(struct seen_table *seen, struct print_stack *stack, vvm_value root, bool shared)
{
    struct seen_node *slot = seen_enter(seen, root);
    if (!slot || !push_frame(stack, root, false)) return false;
    slot->state = STATE_OPEN;
    while (stack->count > 0) {
        struct print_frame *top = &stack->frames[stack->count - 1];
        if (top->next == part_count(top->value)) {
            slot = seen_slot(seen, top->value);
            assert(slot->node == top->value && slot->state & STATE_OPEN);
            slot->state = (slot->state & ~(unsigned)STATE_OPEN) | STATE_DONE;
            stack->count--;
            continue;
        }
        vvm_value part = part_at(top->value, top->next++);
        if (!is_compound(part)) continue;
        slot = seen_enter(seen, part);
        if (!slot) return false;
        if (slot->state == 0) {
            slot->state = STATE_OPEN;
            if (!push_frame(stack, part, false)) return false;
        } else if (shared || (slot->state & STATE_OPEN)) {
            slot->state |= STATE_LABEL;
        }
    }
    return true;
}

/* ---- the sink ---- */

struct printer {
    struct vvm_node *node;
    FILE *to;
    enum print_style style;
    size_t left;
    bool full;
    bool terminal; /* control characters are escaped even by display */
    struct seen_table seen;
    struct print_stack stack;
    int32_t labels;
};

static void put(struct printer *p, const char *octets, size_t length)
{
    if (p->full) return;
    if (length > p->left) {
        p->full = true;
        fputs("...", p->to);
        return;
    }
    p->left -= length;
    fwrite(octets, 1, length, p->to);
}

static void put_text(struct printer *p, const char *text) { put(p, text, strlen(text)); }

__attribute__((format(printf, 2, 3))) static void put_format(struct printer *p, const char *format, ...)
{
    char text[200];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    put_text(p, text);
}

static void put_char(struct printer *p, uint32_t c)
{
    char octets[4];
    put(p, octets, utf8_encode(c, octets));
}

/* ---- atoms ---- */

static bool is_written(const struct printer *p) { return p->style != PRINT_DISPLAY; }
static bool is_control(uint32_t c) { return c < 32 || (c >= 127 && c < 160); }

static void print_escaped(struct printer *p, uint32_t c, uint32_t quote)
{
    static const char letters[] = "\aa\bb\tt\nn\rr";
    const char *letter = c && c < 32 ? strchr(letters, (int)c) : NULL;
    if (letter) put_format(p, "\\%c", letter[1]);
    else if (c == quote || c == '\\') put_format(p, "\\%c", (int)c);
    else if (is_control(c)) put_format(p, "\\x%x;", (unsigned)c);
    else put_char(p, c);
}

/* As display shows it; a terminal gets no control characters but these two. */
static void print_plain(struct printer *p, uint32_t c)
{
    if (p->terminal && is_control(c) && c != '\n' && c != '\t') print_escaped(p, c, 0);
    else put_char(p, c);
}

static void print_string(struct printer *p, vvm_value v)
{
    size_t length = object_length(v);
    if (is_written(p)) put_text(p, "\"");
    for (size_t i = 0; i < length && !p->full; i++) {
        uint32_t c = string_of(v)->chars[i];
        if (is_written(p)) print_escaped(p, c, '"');
        else print_plain(p, c);
    }
    if (is_written(p)) put_text(p, "\"");
}

static const struct {
    uint32_t c;
    const char *name;
} char_names[] = {{0, "null"},    {7, "alarm"},   {8, "backspace"}, {9, "tab"},     {10, "newline"},
                  {13, "return"}, {27, "escape"}, {32, "space"},    {127, "delete"}};

static void print_char(struct printer *p, uint32_t c)
{
    if (!is_written(p)) {
        print_plain(p, c);
        return;
    }
    put_text(p, "#\\");
    for (size_t i = 0; i < sizeof char_names / sizeof char_names[0]; i++)
        if (char_names[i].c == c) {
            put_text(p, char_names[i].name);
            return;
        }
    if (is_control(c) || char_is_whitespace(c)) put_format(p, "x%x", (unsigned)c);
    else put_char(p, c);
}

/* What is being printed may be the pending error: it stays. */
static bool is_number_text(struct printer *p, const char *name, size_t length)
{
    struct vvm_context *ctx = &p->node->control;
    struct pending pending = ctx->pending;
    bool is_number_like = parse_number(ctx, name, length, 10) != VALUE_FALSE;
    ctx->pending = pending;
    return is_number_like;
}

/* A name that the reader would not take for a symbol is written between bars. */
static bool needs_bars(struct printer *p, const char *name, size_t length)
{
    if (length == 0 || (length == 1 && name[0] == '.') || name[0] == '#') return true;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c <= ' ' || c == 127 || strchr("()[]{}\"';`,|", c)) return true;
    }
    return strchr("+-.0123456789", name[0]) && is_number_text(p, name, length);
}

static void print_symbol(struct printer *p, vvm_value v)
{
    const char *name = symbol_name(v);
    size_t length = object_length(v);
    bool bars = is_written(p) && needs_bars(p, name, length);
    if (bars) put_text(p, "|");
    for (size_t i = 0; i < length && !p->full;) {
        uint32_t c;
        i += utf8_decode((const uint8_t *)name + i, length - i, &c);
        if (bars) print_escaped(p, c, '|');
        else print_plain(p, c);
    }
    if (bars) put_text(p, "|");
}

static void print_octets(struct printer *p, vvm_value v)
{
    size_t length = object_length(v);
    put_text(p, "#u8(");
    for (size_t i = 0; i < length && !p->full; i++) put_format(p, i ? " %u" : "%u", bytes_of(v)->data[i]);
    put_text(p, ")");
}

static void print_named(struct printer *p, const char *what, vvm_value name)
{
    put_format(p, "#<%s", what);
    if (is_symbol(name)) put_format(p, " %.150s", symbol_name(name));
    put_text(p, ">");
}

static vvm_value function_name(const struct closure *c)
{
    return c->function ? c->function->name : VALUE_FALSE;
}

static const char *const type_names[TYPE_LIMIT] = {
    [TYPE_BOX] = "box",
    [TYPE_CASES] = "procedure",
    [TYPE_CONTINUATION] = "continuation",
    [TYPE_PARAMETER] = "parameter",
    [TYPE_HASH] = "hash-table",
    [TYPE_PORT] = "port",
    [TYPE_PROMISE] = "promise",
    [TYPE_ALIAS] = "alias",
    [TYPE_ENVIRONMENT] = "environment",
    [TYPE_SLICE] = "slice",
    [TYPE_PACKET] = "packet",
    [TYPE_CURSOR] = "cursor",
    [TYPE_TABLE] = "table",
    [TYPE_SET] = "set",
    [TYPE_MEMBER] = "member",
    [TYPE_PROGRAM] = "program",
    [TYPE_NETWORK] = "network",
    [TYPE_LAYOUT] = "layout",
    [TYPE_FOREIGN] = "foreign",
};

static void print_object(struct printer *p, vvm_value v)
{
    enum object_type type = header_type(object_of(v)->header);
    char text[NUMBER_TEXT];
    switch (type) {
    case TYPE_STRING: print_string(p, v); break;
    case TYPE_SYMBOL: print_symbol(p, v); break;
    case TYPE_BYTES: print_octets(p, v); break;
    case TYPE_VECTOR: put_text(p, "#()"); break; /* others are compound */
    case TYPE_FLONUM: put(p, text, format_flonum(flonum_value(v), text)); break;
    case TYPE_CLOSURE: print_named(p, "procedure", function_name(value_pointer(v))); break;
    case TYPE_PRIMITIVE:
        put_format(p, "#<procedure %.150s>", ((struct primitive_object *)value_pointer(v))->row->name);
        break;
    case TYPE_RECORD_TYPE:
        print_named(p, "record-type", ((struct record_type *)value_pointer(v))->name);
        break;
    case TYPE_SLICE:
        put_format(p, "#<slice of %u octets>", (unsigned)((struct slice *)value_pointer(v))->length);
        break;
    default:
        put_format(p, "#<%s>", type < TYPE_LIMIT && type_names[type] ? type_names[type] : "object");
        break;
    }
}

static void print_immediate(struct printer *p, vvm_value v)
{
    if (is_char(v)) {
        print_char(p, char_value(v));
        return;
    }
    switch (v) {
    case VALUE_FALSE: put_text(p, "#f"); break;
    case VALUE_TRUE: put_text(p, "#t"); break;
    case VALUE_NULL: put_text(p, "()"); break;
    case VALUE_UNSPECIFIED: put_text(p, "#<unspecified>"); break;
    case VALUE_EOF: put_text(p, "#<eof>"); break;
    case VALUE_DEFAULT: put_text(p, "#<default>"); break;
    default: put_text(p, "#<undefined>"); break;
    }
}

/* ---- structures ---- */

static void print_atom(struct printer *p, vvm_value v)
{
    char text[NUMBER_TEXT];
    if (is_fixnum(v)) put(p, text, format_integer(fixnum_value(v), 10, text));
    else if (is_object(v)) print_object(p, v);
    else print_immediate(p, v);
}

/* Print a label's reference or definition. True: nothing more of the node follows. */
static bool print_label(struct printer *p, vvm_value v)
{
    if (p->seen.count == 0) return false;
    struct seen_node *slot = seen_slot(&p->seen, v);
    if (!(slot->state & STATE_LABEL)) return false;
    if (slot->label >= 0) {
        put_format(p, "#%d#", slot->label);
        return true;
    }
    slot->label = p->labels++;
    put_format(p, "#%d=", slot->label);
    return false;
}

static bool has_label(const struct printer *p, vvm_value v)
{
    return p->seen.count > 0 && (seen_slot(&p->seen, v)->state & STATE_LABEL);
}

static const char *quote_prefix(vvm_value v)
{
    static const char *const names[][2] = {
        {"quote", "'"}, {"quasiquote", "`"}, {"unquote", ","}, {"unquote-splicing", ",@"}};
    if (!is_pair(v) || !is_symbol(car_of(v)) || !is_pair(cdr_of(v)) || !is_null(cdr_of(cdr_of(v))))
        return NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(symbol_name(car_of(v)), names[i][0]) == 0) return names[i][1];
    return NULL;
}

/* Each continues the frame on top: prints what comes before its next part, moves on,
 * and answers the part in *next; false when the frame is finished. */

static bool continue_pair(struct printer *p, struct print_frame *f, vvm_value *next)
{
    if (f->next == 0) {
        put_text(p, f->tail ? " " : "(");
        *next = car_of(f->value);
        f->next = 1;
        return true;
    }
    vvm_value rest = f->next == 1 ? cdr_of(f->value) : VALUE_NULL;
    if (is_pair(rest) && !has_label(p, rest)) {
        *f = (struct print_frame){rest, 0, true};
        return continue_pair(p, f, next);
    }
    if (is_null(rest)) {
        put_text(p, ")");
        return false;
    }
    put_text(p, " . ");
    *next = rest;
    f->next = 2;
    return true;
}

static bool continue_vector(struct printer *p, struct print_frame *f, vvm_value *next)
{
    if (f->next == object_length(f->value)) {
        put_text(p, ")");
        return false;
    }
    put_text(p, f->next == 0 ? "#(" : " ");
    *next = vector_of(f->value)->items[f->next++];
    return true;
}

/* #<point x: 1 y: 2> */
static bool continue_record(struct printer *p, struct print_frame *f, vvm_value *next)
{
    const struct record *r = value_pointer(f->value);
    const struct record_type *type = value_pointer(r->type);
    size_t count = object_length(f->value) - 1;
    if (f->next == 0) put_format(p, "#<%.150s", is_symbol(type->name) ? symbol_name(type->name) : "record");
    if (f->next >= count) {
        put_text(p, ">");
        return false;
    }
    if (f->next < header_length(type->header) && is_symbol(type->fields[f->next]))
        put_format(p, " %.150s: ", symbol_name(type->fields[f->next]));
    else put_text(p, " ");
    *next = r->fields[f->next++];
    return true;
}

static bool is_printable_list(vvm_value v, size_t i, vvm_value *item)
{
    for (; i > 0 && is_pair(v); i--) v = cdr_of(v);
    if (is_pair(v)) *item = car_of(v);
    return is_pair(v);
}

/* #<error type: message irritant ...>; at most 16 irritants */
static bool continue_error(struct printer *p, struct print_frame *f, vvm_value *next)
{
    const struct error_object *e = value_pointer(f->value);
    if (f->next == 0) {
        enum error_code code = e->code < ERROR_LIMIT ? (enum error_code)e->code : ERROR_NONE;
        put_format(p, code == ERROR_USER ? "#<%s: " : "#<error %s: ", error_name(code));
        if (is_string(e->message)) {
            enum print_style style = p->style;
            p->style = PRINT_DISPLAY;
            print_string(p, e->message);
            p->style = style;
        } else {
            put_text(p, error_text(code));
        }
    }
    if (f->next > 16 || !is_printable_list(e->irritants, f->next, next)) {
        put_text(p, ">");
        return false;
    }
    put_text(p, " ");
    f->next++;
    return true;
}

static bool continue_box(struct printer *p, struct print_frame *f, vvm_value *next)
{
    put_text(p, f->next == 0 ? "#<box " : ">");
    *next = vector_of(f->value)->items[0];
    return f->next++ == 0;
}

static bool continue_frame(struct printer *p, struct print_frame *f, vvm_value *next)
{
    if (is_pair(f->value)) return continue_pair(p, f, next);
    switch (header_type(object_of(f->value)->header)) {
    case TYPE_VECTOR: return continue_vector(p, f, next);
    case TYPE_RECORD: return continue_record(p, f, next);
    case TYPE_ERROR: return continue_error(p, f, next);
    default: return continue_box(p, f, next);
    }
}

static bool print_begin(struct printer *p, vvm_value v)
{
    if (!is_compound(v)) {
        print_atom(p, v);
        return true;
    }
    if (print_label(p, v)) return true;
    const char *prefix = quote_prefix(v);
    while (prefix && !has_label(p, cdr_of(v))) {
        put_text(p, prefix);
        v = car_of(cdr_of(v));
        if (!is_compound(v)) {
            print_atom(p, v);
            return true;
        }
        if (print_label(p, v)) return true;
        prefix = quote_prefix(v);
        if (p->full) return true;
    }
    return push_frame(&p->stack, v, false);
}

int print_value(struct vvm_node *node, FILE *to, vvm_value v, enum print_style style, size_t limit)
{
    struct printer p = {.node = node,
                        .to = to,
                        .style = style,
                        .left = limit ? limit : LIMIT_DEFAULT,
                        .terminal = isatty(fileno(to))};
    int err = 0;
    if (is_compound(v) && style != PRINT_SIMPLE && !walk(&p.seen, &p.stack, v, style == PRINT_SHARED))
        p.seen.count = 0; /* too big: the limit ends it */
    p.stack.count = 0;
    if (!print_begin(&p, v)) err = -ENOMEM;
    while (!err && p.stack.count > 0 && !p.full) {
        vvm_value next;
        if (!continue_frame(&p, &p.stack.frames[p.stack.count - 1], &next)) p.stack.count--;
        else if (!print_begin(&p, next)) err = -ENOMEM;
    }
    free(p.seen.nodes);
    free(p.stack.frames);
    return err;
}
