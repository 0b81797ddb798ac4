/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.c - from UTF-8 text to data whose pairs know where they stood.
 *
 * R7RS-small's lexical syntax, without datum labels; square brackets are no
 * parentheses. {name text} hands the raw text up to its closing brace to the reader
 * `name` of the environment (define-reader), which stands there under the symbol
 * "{name}". The text is hostile: nesting is capped, octets that are no UTF-8 are an
 * error. Functions return VALUE_EXCEPTION when ctx->pending holds the error.
 */
#include "load.h"

#include "expand.h"
#include "lib/lib.h"
#include "override.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_CAP 1000

enum { END_OF_TEXT = -1, NOT_UTF8 = -2 };

/* Returned inside the reader only, in place of a datum. Never seen outside. */
#define TOKEN_CLOSE VALUE_DEFAULT
#define TOKEN_DOT   VALUE_UNDEFINED

static vvm_value read_item(struct reader *r);

void reader_init(struct reader *r, struct vvm_context *ctx, struct vvm_environment *env, unsigned file,
                 const char *text, size_t octets)
{
    *r = (struct reader){.ctx = ctx,
                         .env = env,
                         .text = text,
                         .end = text + octets,
                         .at = text,
                         .file = file,
                         .line = 1,
                         .column = 1};
}

/* ---- errors ------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static vvm_value fail_at(struct reader *r, uint64_t position,
                                                               enum error_code code, const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *file = node_file_name(r->ctx->node, position_file(position));
    return raise_message(r->ctx, code, VALUE_DEFAULT, "%s:%u:%u: %s", file ? file : "?",
                         position_line(position), position_column(position), text);
}

static uint64_t here(const struct reader *r) { return make_position(r->file, r->line, r->column); }

#define fail(r, ...) fail_at(r, here(r), ERROR_READ, __VA_ARGS__)

static vvm_value fail_end(struct reader *r, uint64_t start, const char *what)
{
    r->incomplete = true;
    return fail_at(r, start, ERROR_READ, "the text ends inside this %s", what);
}

/* ---- code points ----------------------------------------------------------------- */

static int decode(const char *at, const char *end, unsigned *octets)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)at;
    unsigned n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    *octets = 1;
    if (n == 1) return *p;
    if (!n || (size_t)(end - at) < n) return NOT_UTF8;
    uint32_t c = *p & (0x7fu >> n);
    for (unsigned i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return NOT_UTF8;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return NOT_UTF8;
    *octets = n;
    return (int)c;
}

static int peek(const struct reader *r)
{
    unsigned octets;
    return r->at < r->end ? decode(r->at, r->end, &octets) : END_OF_TEXT;
}

static int next(struct reader *r)
{
    unsigned octets;
    if (r->at >= r->end) return END_OF_TEXT;
    int c = decode(r->at, r->end, &octets);
    r->at += octets;
    if (c == '\n') {
        r->line++;
        r->column = 1;
    } else {
        r->column++;
    }
    return c;
}

static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

static bool is_delimiter(int c)
{
    return c < 0 || is_space(c) || (c < 128 && c && strchr("()\";'`,{}|[]", c));
}

/* ---- space and comments -------------------------------------------------------------- */

static int skip_block_comment(struct reader *r)
{
    uint64_t start = here(r);
    unsigned depth = 0;
    do {
        int c = next(r), after = peek(r);
        if (c == END_OF_TEXT) return fail_end(r, start, "comment"), -EINVAL;
        if (c == NOT_UTF8) return fail(r, "an octet that is no UTF-8"), -EINVAL;
        bool opens = c == '#' && after == '|', closes = c == '|' && after == '#';
        if (opens || closes) next(r);
        if (opens) depth++;
        if (closes) depth--;
    } while (depth);
    return 0;
}

static int skip_datum_comment(struct reader *r)
{
    uint64_t start = here(r);
    next(r), next(r);
    vvm_value v = read_item(r);
    if (v == VALUE_EXCEPTION) return -EINVAL;
    if (v == VALUE_EOF && r->at >= r->end) return fail_end(r, start, "comment"), -EINVAL;
    if (v == TOKEN_CLOSE || v == TOKEN_DOT) return fail(r, "#; needs a datum after it"), -EINVAL;
    return 0;
}

static void skip_line(struct reader *r)
{
    while (r->at < r->end && *r->at != '\n') next(r);
}

static bool stands_here(const struct reader *r, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(r->end - r->at) >= n && !memcmp(r->at, word, n);
}

static void advance(struct reader *r, size_t count)
{
    while (count--) next(r);
}

/* #!fold-case and its like; 1 if something was skipped. */
static int skip_directive(struct reader *r)
{
    static const char *const names[] = {"#!no-fold-case", "#!fold-case"};
    for (unsigned i = 0; i < 2; i++)
        if (stands_here(r, names[i])) {
            advance(r, strlen(names[i]));
            r->fold_case = i == 1;
            return 1;
        }
    if (r->at == r->text && stands_here(r, "#!")) return skip_line(r), 1; /* #!/usr/bin/... */
    return 0;
}

static int skip_space(struct reader *r)
{
    for (;;) {
        int c = peek(r), error = 0;
        if (is_space(c)) next(r);
        else if (c == ';') skip_line(r);
        else if (stands_here(r, "#|")) error = skip_block_comment(r);
        else if (stands_here(r, "#;")) error = skip_datum_comment(r);
        else if (c != '#' || !skip_directive(r)) return 0;
        if (error) return error;
    }
}

/* ---- strings, |symbols|, characters ------------------------------------------------------ */

struct letters {
    uint32_t *chars;
    size_t count, room;
};

static bool letters_add(struct letters *t, uint32_t c)
{
    if (t->count == t->room) {
        size_t room = t->room ? t->room * 2 : 64;
        uint32_t *chars = realloc(t->chars, room * sizeof *chars);
        if (!chars) return false;
        t->chars = chars;
        t->room = room;
    }
    t->chars[t->count++] = c;
    return true;
}

/* xHHHH; after a backslash: the code point, or -1 */
static int hex_escape(struct reader *r)
{
    uint32_t c = 0;
    unsigned digits = 0;
    for (; peek(r) != ';'; digits++) {
        int d = next(r);
        bool letter = (d | 0x20) >= 'a' && (d | 0x20) <= 'f';
        if (d < 0 || (!letter && (d < '0' || d > '9')) || c > 0x10ffff) return -1;
        c = c * 16 + (uint32_t)(letter ? (d | 0x20) - 'a' + 10 : d - '0');
    }
    next(r);
    return digits && c <= 0x10ffff && !(c >= 0xd800 && c < 0xe000) ? (int)c : -1;
}

/* A backslash, spaces, the end of a line, spaces: nothing at all. */
static bool skip_line_break(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t') next(r);
    if (peek(r) == '\r') next(r);
    if (next(r) != '\n') return false;
    while (peek(r) == ' ' || peek(r) == '\t') next(r);
    return true;
}

/* What stands after a backslash: a code point, -1 malformed, -2 nothing. */
static int escape(struct reader *r)
{
    static const char names[] = "a\ab\bt\tn\nr\r\"\"\\\\||";
    int c = peek(r);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return skip_line_break(r) ? -2 : -1;
    next(r);
    if (c == 'x' || c == 'X') return hex_escape(r);
    for (const char *p = names; *p; p += 2)
        if (c == *p) return p[1];
    return -1;
}

/* Up to the closing mark, which is consumed. False: the error is pending. */
static bool read_text(struct reader *r, struct letters *t, int mark, uint64_t start, const char *what)
{
    next(r);
    for (;;) {
        uint64_t place = here(r);
        int c = next(r);
        if (c == mark) return true;
        if (c == END_OF_TEXT) return fail_end(r, start, what), false;
        if (c == NOT_UTF8) return fail_at(r, place, ERROR_READ, "an octet that is no UTF-8"), false;
        if (c == '\\') {
            c = escape(r);
            if (c == -2) continue;
            if (c < 0 && r->at >= r->end) return fail_end(r, start, what), false;
            if (c < 0) return fail_at(r, place, ERROR_READ, "no such escape in a %s", what), false;
        }
        if (!letters_add(t, (uint32_t)c)) return raise_error(r->ctx, ERROR_HEAP, VALUE_DEFAULT), false;
    }
}

static vvm_value read_string(struct reader *r)
{
    struct letters t = {0};
    vvm_value v = VALUE_EXCEPTION;
    if (read_text(r, &t, '"', here(r), "string")) v = make_string(r->ctx, t.count, 0);
    if (v != VALUE_EXCEPTION && t.count)
        memcpy(((struct string *)value_pointer(v))->chars, t.chars, t.count * sizeof *t.chars);
    free(t.chars);
    return v;
}

static size_t encode(uint32_t c, char *to)
{
    if (c < 0x80) return *to = (char)c, 1;
    unsigned n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (unsigned i = n - 1; i > 0; i--, c >>= 6) to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(0xf00u >> n | c);
    return n;
}

static vvm_value intern_text(struct reader *r, const struct letters *t)
{
    char *name = malloc(t->count * 4 + 1);
    size_t octets = 0;
    if (!name) return raise_error(r->ctx, ERROR_HEAP, VALUE_DEFAULT);
    for (size_t i = 0; i < t->count; i++) octets += encode(t->chars[i], name + octets);
    vvm_value v = intern_n(r->ctx->node, name, octets);
    free(name);
    return v == VALUE_EXCEPTION ? raise_error(r->ctx, ERROR_HEAP, VALUE_DEFAULT) : v;
}

static vvm_value read_quoted_symbol(struct reader *r)
{
    struct letters t = {0};
    vvm_value v = VALUE_EXCEPTION;
    uint64_t start = here(r);
    if (read_text(r, &t, '|', start, "symbol")) {
        bool zero = false;
        for (size_t i = 0; i < t.count; i++) zero |= !t.chars[i];
        v = zero ? fail_at(r, start, ERROR_READ, "a symbol cannot hold the character zero")
                 : intern_text(r, &t);
    }
    free(t.chars);
    return v;
}

static const struct {
    const char *name;
    uint32_t c;
} char_names[] = {{"alarm", 7},     {"backspace", 8}, {"delete", 127}, {"escape", 27}, {"newline", 10},
                  {"null", 0},      {"return", 13},   {"space", 32},   {"tab", 9},     {"nul", 0},
                  {"linefeed", 10}, {"page", 12},     {"altmode", 27}, {"rubout", 127}};

static int hex_char(const char *digits, size_t count)
{
    uint32_t c = 0;
    for (size_t i = 0; i < count; i++) {
        char d = digits[i] | 0x20;
        bool letter = d >= 'a' && d <= 'f';
        if ((!letter && (digits[i] < '0' || digits[i] > '9')) || c > 0x10ffff) return -1;
        c = c * 16 + (uint32_t)(letter ? d - 'a' + 10 : digits[i] - '0');
    }
    return c <= 0x10ffff && !(c >= 0xd800 && c < 0xe000) ? (int)c : -1;
}

static vvm_value read_char(struct reader *r)
{
    uint64_t start = here(r);
    advance(r, 2);
    const char *name = r->at;
    int first = next(r);
    if (first == END_OF_TEXT) return fail_end(r, start, "character");
    if (first == NOT_UTF8) return fail_at(r, start, ERROR_READ, "an octet that is no UTF-8");
    const char *after = r->at;
    if (!is_delimiter(first))
        while (!is_delimiter(peek(r))) next(r);
    if (r->at == after) return make_char((uint32_t)first);
    size_t octets = (size_t)(r->at - name);
    for (size_t i = 0; i < sizeof char_names / sizeof *char_names; i++)
        if (strlen(char_names[i].name) == octets && !memcmp(char_names[i].name, name, octets))
            return make_char(char_names[i].c);
    int c = first == 'x' ? hex_char(name + 1, octets - 1) : -1;
    if (c >= 0) return make_char((uint32_t)c);
    return fail_at(r, start, ERROR_READ, "no character is called %.*s", (int)(octets > 40 ? 40 : octets),
                   name);
}

/* ---- symbols, numbers, #t #f -------------------------------------------------------------- */

static bool looks_like_number(const char *at, size_t octets)
{
    if (octets > 1 && (*at == '+' || *at == '-')) at++, octets--;
    if (octets > 1 && *at == '.') at++;
    return *at >= '0' && *at <= '9';
}

static vvm_value fold_symbol(struct reader *r, const char *name, size_t octets)
{
    if (!r->fold_case) return intern_n(r->ctx->node, name, octets);
    char *folded = malloc(octets);
    if (!folded) return VALUE_EXCEPTION;
    for (size_t i = 0; i < octets; i++)
        folded[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
    vvm_value v = intern_n(r->ctx->node, folded, octets);
    free(folded);
    return v;
}

static vvm_value number_at(struct reader *r, uint64_t start, const char *name, size_t octets)
{
    vvm_value v = parse_number(r->ctx, name, octets, 10);
    if (v == VALUE_EXCEPTION)
        return fail_at(r, start, ERROR_INTEGER_RANGE, "%.*s does not fit in 61 bits",
                       (int)(octets > 60 ? 60 : octets), name);
    return v;
}

static vvm_value read_atom(struct reader *r)
{
    uint64_t start = here(r);
    const char *name = r->at;
    bool odd = false;
    while (!is_delimiter(peek(r))) {
        int c = next(r);
        odd |= c == '\\' || c < 32 || c == 127;
    }
    size_t octets = (size_t)(r->at - name);
    if (peek(r) == NOT_UTF8) return fail(r, "an octet that is no UTF-8");
    if (!octets) {
        int c = next(r);
        return fail_at(r, start, ERROR_READ,
                       c > 32 && c < 127 ? "%c is out of place" : "a character is out of place", c);
    }
    if (octets == 1 && *name == '.') return TOKEN_DOT;
    vvm_value v = number_at(r, start, name, octets);
    if (v != VALUE_FALSE) return v;
    int shown = (int)(octets > 60 ? 60 : octets);
    if (odd || looks_like_number(name, octets))
        return fail_at(r, start, ERROR_READ, "%.*s is neither a number nor a symbol", shown, name);
    v = fold_symbol(r, name, octets);
    return v == VALUE_EXCEPTION ? raise_error(r->ctx, ERROR_HEAP, VALUE_DEFAULT) : v;
}

/* ---- lists, vectors, bytevectors -------------------------------------------------------------- */

/* A list that grows at its end. */
struct list {
    vvm_value first, last;
    size_t count;
};

static bool list_add(struct reader *r, struct list *l, vvm_value item, uint64_t position)
{
    vvm_value pair = make_pair(r->ctx, item, VALUE_NULL);
    if (pair == VALUE_EXCEPTION) return false;
    pair_of(pair)->header |= position << HEADER_LENGTH_SHIFT;
    if (l->count++) pair_of(l->last)->cdr = pair;
    else l->first = pair;
    l->last = pair;
    return true;
}

static vvm_value read_dotted_tail(struct reader *r, struct list *l, uint64_t start)
{
    if (!l->count) return fail(r, "a dot with nothing before it");
    vvm_value tail = read_item(r);
    if (tail == VALUE_EXCEPTION) return tail;
    if (tail == VALUE_EOF && r->at >= r->end) return fail_end(r, start, "list");
    if (tail == TOKEN_CLOSE || tail == TOKEN_DOT) return fail(r, "a dot with no datum after it");
    pair_of(l->last)->cdr = tail;
    vvm_value close = read_item(r);
    if (close == VALUE_EXCEPTION || close == TOKEN_CLOSE) return close;
    if (close == VALUE_EOF && r->at >= r->end) return fail_end(r, start, "list");
    return fail(r, "more than one datum after a dot");
}

/* Items up to the closing parenthesis; false: the error is pending. */
static bool read_items(struct reader *r, struct list *l, bool dotted, uint64_t start)
{
    for (;;) {
        if (skip_space(r)) return false;
        uint64_t place = l->count || !dotted ? here(r) : start;
        if (r->at >= r->end) return fail_end(r, start, "list"), false;
        vvm_value item = read_item(r);
        if (item == VALUE_EXCEPTION) return false;
        if (item == TOKEN_CLOSE) return true;
        if (item == TOKEN_DOT) {
            if (!dotted) return fail(r, "a dot inside a vector"), false;
            return read_dotted_tail(r, l, start) != VALUE_EXCEPTION;
        }
        if (!list_add(r, l, item, place)) return false;
    }
}

static vvm_value read_list(struct reader *r)
{
    struct list l = {.first = VALUE_NULL};
    uint64_t start = here(r);
    next(r);
    return read_items(r, &l, true, start) ? l.first : VALUE_EXCEPTION;
}

static vvm_value read_vector(struct reader *r)
{
    struct list l = {.first = VALUE_NULL};
    uint64_t start = here(r);
    advance(r, 2);
    if (!read_items(r, &l, false, start)) return VALUE_EXCEPTION;
    vvm_value v = make_vector(r->ctx, l.count, VALUE_FALSE);
    if (v == VALUE_EXCEPTION) return v;
    vvm_value *to = ((struct vector *)value_pointer(v))->items;
    for (vvm_value at = l.first; is_pair(at); at = cdr_of(at)) *to++ = car_of(at);
    return v;
}

static vvm_value read_bytes(struct reader *r)
{
    struct list l = {.first = VALUE_NULL};
    uint64_t start = here(r);
    advance(r, 4);
    if (!read_items(r, &l, false, start)) return VALUE_EXCEPTION;
    vvm_value v = make_bytes(r->ctx, l.count);
    if (v == VALUE_EXCEPTION) return v;
    uint8_t *to = ((struct bytes *)value_pointer(v))->data;
    for (vvm_value at = l.first; is_pair(at); at = cdr_of(at)) {
        vvm_value octet = car_of(at);
        if (!is_fixnum(octet) || fixnum_value(octet) < 0 || fixnum_value(octet) > 255)
            return fail_at(r, pair_position(at), ERROR_READ, "a bytevector holds integers from 0 to 255");
        *to++ = (uint8_t)fixnum_value(octet);
    }
    return v;
}

/* ---- quotes and {readers} ------------------------------------------------------------------------ */

static vvm_value read_quote(struct reader *r, const char *name, unsigned marks)
{
    uint64_t start = here(r);
    struct list l = {.first = VALUE_NULL};
    advance(r, marks);
    if (skip_space(r)) return VALUE_EXCEPTION;
    uint64_t place = here(r);
    if (r->at >= r->end) return fail_end(r, start, "quotation");
    vvm_value datum = read_item(r);
    if (datum == VALUE_EXCEPTION) return datum;
    if (datum == TOKEN_CLOSE || datum == TOKEN_DOT) return fail(r, "nothing stands after the quote");
    vvm_value symbol = intern(r->ctx->node, name);
    if (symbol == VALUE_EXCEPTION || !list_add(r, &l, symbol, start) || !list_add(r, &l, datum, place))
        return VALUE_EXCEPTION;
    return l.first;
}

static vvm_value named_reader(struct reader *r, const char *name, size_t octets)
{
    char key[80];
    if (!r->env || octets + 3 > sizeof key) return VALUE_FALSE;
    snprintf(key, sizeof key, "{%.*s}", (int)octets, name);
    vvm_value symbol = intern(r->ctx->node, key);
    struct denotation *d = symbol == VALUE_EXCEPTION ? NULL : environment_lookup(r->env, symbol);
    if (!d || d->kind != DENOTES_MACRO || macro_kind(d->macro) != MACRO_READER) return VALUE_FALSE;
    return macro_part(d->macro, MACRO_TRANSFORMER);
}

/* Past the closing brace; the text's length in *octets. */
static bool skip_raw_text(struct reader *r, uint64_t start, size_t *octets)
{
    const char *begin = r->at;
    for (unsigned depth = 1; depth;) {
        uint64_t place = here(r);
        int c = next(r);
        if (c == END_OF_TEXT) return fail_end(r, start, "brace"), false;
        if (c == NOT_UTF8) return fail_at(r, place, ERROR_READ, "an octet that is no UTF-8"), false;
        depth += (c == '{') - (c == '}');
    }
    *octets = (size_t)(r->at - begin) - 1;
    return true;
}

/* The datum of a {reader} stands where the brace stood. */
static vvm_value placed(struct reader *r, vvm_value datum, uint64_t position)
{
    if (!is_pair(datum) || (pair_position(datum) && !is_frozen(datum))) return datum;
    vvm_value copy = make_pair(r->ctx, car_of(datum), cdr_of(datum));
    if (copy != VALUE_EXCEPTION) pair_of(copy)->header |= position << HEADER_LENGTH_SHIFT;
    return copy;
}

static vvm_value read_brace(struct reader *r)
{
    uint64_t start = here(r);
    next(r);
    const char *name = r->at;
    while (!is_delimiter(peek(r))) next(r);
    size_t octets = (size_t)(r->at - name), length = 0;
    unsigned line = r->line, column = r->column;
    const char *text = r->at;
    if (!skip_raw_text(r, start, &length)) return VALUE_EXCEPTION;
    vvm_value procedure = named_reader(r, name, octets);
    if (procedure == VALUE_FALSE)
        return fail_at(r, start, ERROR_READ, "no reader is called %.*s", (int)(octets > 60 ? 60 : octets),
                       name);
    vvm_value port = make_string_port(r->ctx, text, length, r->file, line, column);
    if (port == VALUE_EXCEPTION) return port;
    bool before = boot_begin(r->ctx);
    vvm_value datum = vvm_call(r->ctx, procedure, 1, &port);
    boot_end(r->ctx, before);
    if (datum == VALUE_EXCEPTION) return pending_add_position(r->ctx, start), datum;
    if (datum == TOKEN_CLOSE || datum == TOKEN_DOT || datum == VALUE_EOF)
        return fail_at(r, start, ERROR_READ, "the reader %.*s gave no datum",
                       (int)(octets > 60 ? 60 : octets), name);
    return placed(r, datum, start);
}

/* ---- one datum -------------------------------------------------------------------------------------- */

static bool word_here(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    unsigned octets;
    if (!stands_here(r, word)) return false;
    if (r->at + n < r->end && !is_delimiter(decode(r->at + n, r->end, &octets))) return false;
    advance(r, n);
    return true;
}

static vvm_value read_hash(struct reader *r)
{
    if (stands_here(r, "#(")) return read_vector(r);
    if (stands_here(r, "#u8(")) return read_bytes(r);
    if (stands_here(r, "#\\")) return read_char(r);
    if (word_here(r, "#t") || word_here(r, "#true")) return VALUE_TRUE;
    if (word_here(r, "#f") || word_here(r, "#false")) return VALUE_FALSE;
    if (r->end - r->at > 1 && strchr("xXbBoOdDeEiI", r->at[1])) return read_atom(r);
    if (r->end - r->at > 1 && r->at[1] >= '0' && r->at[1] <= '9')
        return fail(r, "datum labels are not supported");
    if (r->end - r->at == 1) return fail_end(r, here(r), "datum");
    return fail(r, "nothing is written with this after #");
}

static vvm_value read_by_first(struct reader *r)
{
    switch (peek(r)) {
    case END_OF_TEXT: return VALUE_EOF;
    case NOT_UTF8: return fail(r, "an octet that is no UTF-8");
    case '(': return read_list(r);
    case ')': return next(r), TOKEN_CLOSE;
    case '"': return read_string(r);
    case '|': return read_quoted_symbol(r);
    case '{': return read_brace(r);
    case '\'': return read_quote(r, "quote", 1);
    case '`': return read_quote(r, "quasiquote", 1);
    case ',':
        if (stands_here(r, ",@")) return read_quote(r, "unquote-splicing", 2);
        return read_quote(r, "unquote", 1);
    case '#': return read_hash(r);
    default: return read_atom(r);
    }
}

/* A datum, TOKEN_CLOSE, TOKEN_DOT, VALUE_EOF at the end of the text, or an error. */
static vvm_value read_item(struct reader *r)
{
    if (r->depth >= NESTING_CAP) return fail(r, "nested more than %d deep", NESTING_CAP);
    r->depth++;
    vvm_value v = skip_space(r) ? VALUE_EXCEPTION : read_by_first(r);
    r->depth--;
    assert(r->at <= r->end);
    return v;
}

int reader_next(struct reader *r, vvm_value *out)
{
    r->incomplete = false;
    r->depth = 0;
    if (skip_space(r)) return -EINVAL;
    vvm_value v = read_item(r);
    if (v == TOKEN_CLOSE) v = fail(r, "a closing parenthesis too many");
    if (v == TOKEN_DOT) v = fail(r, "a dot outside a list");
    assert(r->depth == 0 && v != TOKEN_CLOSE && v != TOKEN_DOT); /* tokens stay in here */
    if (v == VALUE_EXCEPTION) return -EINVAL;
    *out = v;
    return 0;
}
