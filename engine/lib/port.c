/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.c - ports and what reads from them. All ports are in memory, but for two that
 * write to the node's output and to stderr: code has no files of its own.
 */
#include <assert.h>
#include <string.h>

#include "lib.h"

#define FIRST_BUFFER 64

static_assert(sizeof(struct port_object) == sizeof(struct object) + PORT_VALUES * sizeof(vvm_value),
              "a port holds nothing but values");

static bool is_port(vvm_value v) { return has_type(v, TYPE_PORT); }

vvm_value make_port(struct vvm_context *ctx, uint64_t flags, vvm_value buffer, size_t end)
{
    assert(has_type(buffer, TYPE_BYTES) && end <= object_length(buffer));
    struct port_object *port = allocate(ctx, TYPE_PORT, PORT_VALUES, sizeof *port);
    if (!port) return VALUE_EXCEPTION;
    port->flags = make_fixnum((int64_t)(flags | PORT_OPEN));
    port->buffer = buffer;
    port->at = make_fixnum(0);
    port->end = make_fixnum((int64_t)end);
    port->file = make_fixnum(0);
    port->line = port->column = make_fixnum(1);
    return object_value(port);
}

vvm_value make_string_port(struct vvm_context *ctx, const char *utf8, size_t octets, unsigned file,
                           unsigned line, unsigned column)
{
    vvm_value buffer = make_bytes_from(ctx, utf8, octets);
    if (buffer == VALUE_EXCEPTION) return buffer;
    vvm_value port = make_port(ctx, PORT_INPUT | PORT_TEXTUAL, buffer, octets);
    if (port == VALUE_EXCEPTION) return port;
    port_of(port)->file = make_fixnum(file);
    port_of(port)->line = make_fixnum(line);
    port_of(port)->column = make_fixnum(column);
    return port;
}

/* The standard port: the value of its parameter, made at first use. */
static vvm_value standard_port(struct vvm_context *ctx, unsigned which)
{
    static const uint64_t flags[3] = {PORT_INPUT | PORT_TEXTUAL, PORT_OUTPUT | PORT_TEXTUAL | PORT_NODE,
                                      PORT_OUTPUT | PORT_TEXTUAL | PORT_ERROR};
    struct vvm_root *root = &ctx->node->runtime.ports[which];
    if (root->value != 0) return root->value;
    vvm_value buffer = make_bytes(ctx, 0);
    vvm_value port = buffer == VALUE_EXCEPTION ? buffer : make_port(ctx, flags[which], buffer, 0);
    if (port == VALUE_EXCEPTION) return port;
    struct vector *parameter = allocate(ctx, TYPE_PARAMETER, 2, sizeof *parameter + 2 * sizeof(vvm_value));
    if (!parameter) return VALUE_EXCEPTION;
    parameter->items[0] = port;
    parameter->items[1] = VALUE_FALSE;
    root_add(ctx->node, root, object_value(parameter));
    return object_value(parameter);
}

/* (%standard-port 0|1|2): the parameter, for the prelude to give it its name */
PRIMITIVE_FN(standard_port_value)
{
    size_t which;
    return index_argument(ctx, "%standard-port", args, 0, 2, &which) ? standard_port(ctx, (unsigned)which)
                                                                     : VALUE_EXCEPTION;
}

bool port_argument(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args, unsigned i,
                   unsigned standard, uint64_t flags, vvm_value *out)
{
    *out = n > i ? args[i] : VALUE_DEFAULT;
    if (*out == VALUE_DEFAULT) {
        vvm_value parameter = standard_port(ctx, standard);
        if (parameter == VALUE_EXCEPTION) return false;
        *out = vector_of(parameter)->items[0];
    }
    if (!is_port(*out) || (port_flags(*out) & flags) != flags) {
        raise_type(ctx, name, i + 1, flags & PORT_INPUT ? "input port" : "output port", *out);
        return false;
    }
    if (port_flags(*out) & PORT_OPEN) return true;
    raise_message(ctx, ERROR_FILE, *out, "the port is closed");
    return false;
}

/* ---- writing ---- */

static bool buffer_grow(struct vvm_context *ctx, struct port_object *port, size_t needed)
{
    size_t room = object_length(port->buffer) < FIRST_BUFFER ? FIRST_BUFFER : object_length(port->buffer) * 2;
    while (room < needed) room *= 2;
    if (room > TEXT_MAX) {
        raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
        return false;
    }
    vvm_value buffer = make_bytes(ctx, room);
    if (buffer == VALUE_EXCEPTION) return false;
    memcpy(bytes_of(buffer)->data, bytes_of(port->buffer)->data, (size_t)fixnum_value(port->end));
    port->buffer = buffer;
    return true;
}

bool port_write(struct vvm_context *ctx, vvm_value value, const void *octets, size_t length)
{
    struct port_object *port = port_of(value);
    uint64_t flags = port_flags(value);
    if (!fuel_octets(ctx, length)) return false;
    if (flags & (PORT_NODE | PORT_ERROR)) {
        FILE *output = ctx->node->options.output ? ctx->node->options.output : stdout;
        fwrite(octets, 1, length, flags & PORT_ERROR ? stderr : output);
        return true;
    }
    size_t end = (size_t)fixnum_value(port->end);
    if (length > TEXT_MAX ||
        (length > object_length(port->buffer) - end && !buffer_grow(ctx, port, end + length)))
        return false;
    if (length > 0) memcpy(bytes_of(port->buffer)->data + end, octets, length);
    port->end = make_fixnum((int64_t)(end + length));
    return true;
}

/* ---- reading ---- */

static const uint8_t *unread(vvm_value value, size_t *left)
{
    struct port_object *port = port_of(value);
    assert(port->at <= port->end && (uint64_t)fixnum_value(port->end) <= object_length(port->buffer));
    *left = (size_t)(fixnum_value(port->end) - fixnum_value(port->at));
    return bytes_of(port->buffer)->data + fixnum_value(port->at);
}

static void advance(vvm_value value, size_t octets)
{
    struct port_object *port = port_of(value);
    port->at = make_fixnum(fixnum_value(port->at) + (int64_t)octets);
}

/* Next character, or -1 at the end; taken from the port if `take`. */
static int64_t next_char(vvm_value value, bool take)
{
    size_t left;
    uint32_t c;
    const uint8_t *at = unread(value, &left);
    if (left == 0) return -1;
    unsigned length = utf8_decode(at, left, &c);
    if (!take) return c;
    struct port_object *port = port_of(value);
    advance(value, length);
    if (c == '\n') {
        port->line = make_fixnum(fixnum_value(port->line) + 1);
        port->column = make_fixnum(1);
    } else {
        port->column = make_fixnum(fixnum_value(port->column) + 1);
    }
    return c;
}

#define TEXT_IN   (PORT_INPUT | PORT_TEXTUAL)
#define OCTETS_IN (PORT_INPUT | PORT_BINARY)

static vvm_value one_char(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                          bool take)
{
    vvm_value port;
    if (!port_argument(ctx, name, n, args, 0, 0, TEXT_IN, &port)) return VALUE_EXCEPTION;
    int64_t c = next_char(port, take);
    return c < 0 ? VALUE_EOF : make_char((uint32_t)c);
}
PRIMITIVE_FN(read_char) { return one_char(ctx, "read-char", n, args, true); }
PRIMITIVE_FN(peek_char) { return one_char(ctx, "peek-char", n, args, false); }

PRIMITIVE_FN(char_ready)
{
    vvm_value port;
    return port_argument(ctx, "char-ready?", n, args, 0, 0, TEXT_IN, &port) ? VALUE_TRUE : VALUE_EXCEPTION;
}

PRIMITIVE_FN(read_line)
{
    vvm_value port;
    size_t left;
    if (!port_argument(ctx, "read-line", n, args, 0, 0, TEXT_IN, &port)) return VALUE_EXCEPTION;
    const uint8_t *at = unread(port, &left);
    if (left == 0) return VALUE_EOF;
    const uint8_t *newline = memchr(at, '\n', left);
    size_t length = newline ? (size_t)(newline - at) : left;
    if (!fuel_octets(ctx, length)) return VALUE_EXCEPTION;
    vvm_value line = make_string_utf8(ctx, (const char *)at, length);
    if (line == VALUE_EXCEPTION) return line;
    advance(port, length);
    port_of(port)->column = make_fixnum(fixnum_value(port_of(port)->column) + (int64_t)object_length(line));
    if (newline) next_char(port, true);
    return line;
}

PRIMITIVE_FN(read_string)
{
    vvm_value port;
    size_t count;
    struct text text = {0};
    if (!size_argument(ctx, "read-string", args, 0, &count) ||
        !port_argument(ctx, "read-string", n, args, 1, 0, TEXT_IN, &port))
        return VALUE_EXCEPTION;
    if (count > 0 && next_char(port, false) < 0) return VALUE_EOF;
    for (int64_t c; count > 0 && (c = next_char(port, true)) >= 0; count--) text_add_char(&text, (uint32_t)c);
    if (!fuel_octets(ctx, text.length)) {
        text_free(&text);
        return VALUE_EXCEPTION;
    }
    return text_finish(ctx, &text);
}

PRIMITIVE_FN(read_datum)
{
    vvm_value port, datum;
    size_t left;
    struct reader reader;
    if (!port_argument(ctx, "read", n, args, 0, 0, TEXT_IN, &port)) return VALUE_EXCEPTION;
    struct port_object *p = port_of(port);
    const char *text = (const char *)unread(port, &left);
    reader_init(&reader, ctx, NULL, (unsigned)fixnum_value(p->file), text, left);
    reader.line = (unsigned)fixnum_value(p->line);
    reader.column = (unsigned)fixnum_value(p->column);
    reader.fold_case = port_flags(port) & PORT_FOLD;
    int err = reader_next(&reader, &datum);
    advance(port, (size_t)(reader.at - text));
    p->line = make_fixnum(reader.line);
    p->column = make_fixnum(reader.column);
    if (reader.fold_case) p->flags |= make_fixnum(PORT_FOLD);
    if (!fuel_octets(ctx, (size_t)(reader.at - text))) return VALUE_EXCEPTION;
    return err ? VALUE_EXCEPTION : datum;
}

static vvm_value one_octet(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                           bool take)
{
    vvm_value port;
    size_t left;
    if (!port_argument(ctx, name, n, args, 0, 0, OCTETS_IN, &port)) return VALUE_EXCEPTION;
    const uint8_t *at = unread(port, &left);
    if (left == 0) return VALUE_EOF;
    if (take) advance(port, 1);
    return make_fixnum(*at);
}
PRIMITIVE_FN(read_octet) { return one_octet(ctx, "read-u8", n, args, true); }
PRIMITIVE_FN(peek_octet) { return one_octet(ctx, "peek-u8", n, args, false); }

PRIMITIVE_FN(octet_ready)
{
    vvm_value port;
    return port_argument(ctx, "u8-ready?", n, args, 0, 0, OCTETS_IN, &port) ? VALUE_TRUE : VALUE_EXCEPTION;
}

PRIMITIVE_FN(read_octets)
{
    vvm_value port;
    size_t count, left;
    if (!size_argument(ctx, "read-bytevector", args, 0, &count) ||
        !port_argument(ctx, "read-bytevector", n, args, 1, 0, OCTETS_IN, &port))
        return VALUE_EXCEPTION;
    const uint8_t *at = unread(port, &left);
    if (left == 0 && count > 0) return VALUE_EOF;
    if (count > left) count = left;
    advance(port, count);
    return fuel_octets(ctx, count) ? make_bytes_from(ctx, at, count) : VALUE_EXCEPTION;
}

/* (read-bytevector! bytevector [port [start [end]]]) */
PRIMITIVE_FN(read_octets_into)
{
    vvm_value port;
    size_t start, end, left;
    NEED(has_type(args[0], TYPE_BYTES), "read-bytevector!", 0, "bytevector");
    if (!port_argument(ctx, "read-bytevector!", n, args, 1, 0, OCTETS_IN, &port) ||
        !range_arguments(ctx, "read-bytevector!", n, args, 2, object_length(args[0]), &start, &end) ||
        !mutable_argument(ctx, args[0]))
        return VALUE_EXCEPTION;
    const uint8_t *at = unread(port, &left);
    size_t count = end - start < left ? end - start : left;
    if (count == 0) return end > start ? VALUE_EOF : make_fixnum(0);
    if (!fuel_octets(ctx, count)) return VALUE_EXCEPTION;
    memmove(bytes_of(args[0])->data + start, at, count);
    advance(port, count);
    return make_fixnum((int64_t)count);
}

/* ---- opening, asking, closing ---- */

PRIMITIVE_FN(open_input_string)
{
    struct text text = {0};
    NEED(is_string(args[0]), "open-input-string", 0, "string");
    text_add_string(&text, args[0], 0, object_length(args[0]));
    vvm_value port = text.failed ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT)
                                 : make_string_port(ctx, text.data ? text.data : "", text.length, 0, 1, 1);
    text_free(&text);
    return port;
}

PRIMITIVE_FN(open_input_bytevector)
{
    NEED(has_type(args[0], TYPE_BYTES), "open-input-bytevector", 0, "bytevector");
    return make_port(ctx, OCTETS_IN, args[0], object_length(args[0]));
}

static vvm_value open_output(struct vvm_context *ctx, uint64_t flags)
{
    vvm_value buffer = make_bytes(ctx, FIRST_BUFFER);
    return buffer == VALUE_EXCEPTION ? buffer : make_port(ctx, PORT_OUTPUT | flags, buffer, 0);
}
PRIMITIVE_FN(open_output_string) { return open_output(ctx, PORT_TEXTUAL); }
PRIMITIVE_FN(open_output_bytevector) { return open_output(ctx, PORT_BINARY); }

static bool is_memory_output(vvm_value v, uint64_t kind)
{
    return is_port(v) && (port_flags(v) & (PORT_OUTPUT | kind)) == (PORT_OUTPUT | kind) &&
           !(port_flags(v) & (PORT_NODE | PORT_ERROR));
}

PRIMITIVE_FN(get_output_string)
{
    NEED(is_memory_output(args[0], PORT_TEXTUAL), "get-output-string", 0, "string output port");
    const struct port_object *port = port_of(args[0]);
    return make_string_utf8(ctx, (const char *)bytes_of(port->buffer)->data, (size_t)fixnum_value(port->end));
}

PRIMITIVE_FN(get_output_bytevector)
{
    NEED(is_memory_output(args[0], PORT_BINARY), "get-output-bytevector", 0, "bytevector output port");
    const struct port_object *port = port_of(args[0]);
    return make_bytes_from(ctx, bytes_of(port->buffer)->data, (size_t)fixnum_value(port->end));
}

static bool has_flags(vvm_value v, uint64_t flags) { return is_port(v) && (port_flags(v) & flags) == flags; }
PRIMITIVE_FN(is_port_value) { return make_boolean(is_port(args[0])); }
PRIMITIVE_FN(is_input) { return make_boolean(has_flags(args[0], PORT_INPUT)); }
PRIMITIVE_FN(is_output) { return make_boolean(has_flags(args[0], PORT_OUTPUT)); }
PRIMITIVE_FN(is_textual) { return make_boolean(has_flags(args[0], PORT_TEXTUAL)); }
PRIMITIVE_FN(is_binary) { return make_boolean(has_flags(args[0], PORT_BINARY)); }
PRIMITIVE_FN(is_eof) { return make_boolean(args[0] == VALUE_EOF); }
PRIMITIVE_FN(eof) { return VALUE_EOF; }

static vvm_value open_is(struct vvm_context *ctx, const char *name, const vvm_value *args, uint64_t direction)
{
    NEED(has_flags(args[0], direction), name, 0, "port");
    return make_boolean(has_flags(args[0], PORT_OPEN));
}
PRIMITIVE_FN(input_open) { return open_is(ctx, "input-port-open?", args, PORT_INPUT); }
PRIMITIVE_FN(output_open) { return open_is(ctx, "output-port-open?", args, PORT_OUTPUT); }

/* Closing the node's own output means nothing. */
static vvm_value close_it(struct vvm_context *ctx, const char *name, const vvm_value *args,
                          uint64_t direction)
{
    NEED(has_flags(args[0], direction), name, 0, "port");
    if (!(port_flags(args[0]) & (PORT_NODE | PORT_ERROR)))
        port_of(args[0])->flags = make_fixnum((int64_t)(port_flags(args[0]) & ~(uint64_t)PORT_OPEN));
    return VALUE_UNSPECIFIED;
}
PRIMITIVE_FN(close_port) { return close_it(ctx, "close-port", args, 0); }
PRIMITIVE_FN(close_input) { return close_it(ctx, "close-input-port", args, PORT_INPUT); }
PRIMITIVE_FN(close_output) { return close_it(ctx, "close-output-port", args, PORT_OUTPUT); }

PRIMITIVE_FN(port_line)
{
    NEED(has_flags(args[0], TEXT_IN), "port-line", 0, "textual input port");
    return port_of(args[0])->line;
}

PRIMITIVE_FN(port_column)
{
    NEED(has_flags(args[0], TEXT_IN), "port-column", 0, "textual input port");
    return port_of(args[0])->column;
}

PRIMITIVE_FN(port_position)
{
    NEED(has_flags(args[0], TEXT_IN), "port-position", 0, "textual input port");
    const struct port_object *p = port_of(args[0]);
    return make_fixnum((int64_t)make_position(
        (unsigned)fixnum_value(p->file), (unsigned)fixnum_value(p->line), (unsigned)fixnum_value(p->column)));
}

#define L                       EFFECT_LOAD
#define TEST_ROW(text, fn, doc) PRIMITIVE(text, fn, 1, 1, 1, L, "any -> boolean", doc)
static const struct primitive_row rows[] = {
    PRIMITIVE("%standard-port", standard_port_value, 1, 1, 4, L, "integer -> parameter",
              "The parameter of a standard port: 0 input, 1 output, 2 error."),
    PRIMITIVE("read-char", read_char, 0, 1, 2, L, "[port] -> char or eof", "The next character."),
    PRIMITIVE("peek-char", peek_char, 0, 1, 2, L, "[port] -> char or eof",
              "The next character, which stays."),
    PRIMITIVE("char-ready?", char_ready, 0, 1, 1, L, "[port] -> boolean", "True: no port waits."),
    PRIMITIVE("read-line", read_line, 0, 1, 4, L, "[port] -> string or eof",
              "The text up to the end of the line."),
    PRIMITIVE("read-string", read_string, 1, 2, 4, L, "integer [port] -> string or eof",
              "At most so many characters."),
    PRIMITIVE("read", read_datum, 0, 1, 8, L | EFFECT_SYMBOL, "[port] -> any or eof", "The next datum."),
    PRIMITIVE("read-u8", read_octet, 0, 1, 2, L, "[port] -> u8 or eof", "The next octet."),
    PRIMITIVE("peek-u8", peek_octet, 0, 1, 2, L, "[port] -> u8 or eof", "The next octet, which stays."),
    PRIMITIVE("u8-ready?", octet_ready, 0, 1, 1, L, "[port] -> boolean", "True: no port waits."),
    PRIMITIVE("read-bytevector", read_octets, 1, 2, 4, L, "integer [port] -> bytevector or eof",
              "At most so many octets."),
    PRIMITIVE("read-bytevector!", read_octets_into, 1, 4, 4, L,
              "bytevector [port [start [end]]] -> integer or eof",
              "Read into a bytevector; how many octets."),
    PRIMITIVE("open-input-string", open_input_string, 1, 1, 8, L, "string -> port",
              "A port that reads the string."),
    PRIMITIVE("open-input-bytevector", open_input_bytevector, 1, 1, 8, L, "bytevector -> port",
              "A port that reads the octets."),
    PRIMITIVE("open-output-string", open_output_string, 0, 0, 8, L, "-> port", "A port that collects text."),
    PRIMITIVE("open-output-bytevector", open_output_bytevector, 0, 0, 8, L, "-> port",
              "A port that collects octets."),
    PRIMITIVE("get-output-string", get_output_string, 1, 1, 8, L, "port -> string",
              "What was written so far."),
    PRIMITIVE("get-output-bytevector", get_output_bytevector, 1, 1, 8, L, "port -> bytevector",
              "What was written so far."),
    TEST_ROW("port?", is_port_value, "True of a port."),
    TEST_ROW("input-port?", is_input, "True of a port that reads."),
    TEST_ROW("output-port?", is_output, "True of a port that writes."),
    TEST_ROW("textual-port?", is_textual, "True of a port of characters."),
    TEST_ROW("binary-port?", is_binary, "True of a port of octets."),
    PRIMITIVE("eof-object?", is_eof, 1, 1, 1, 0, "any -> boolean", "True of the end-of-file object."),
    PRIMITIVE("eof-object", eof, 0, 0, 1, 0, "-> eof", "The end-of-file object."),
    PRIMITIVE("input-port-open?", input_open, 1, 1, 1, L, "port -> boolean", "True if it can still read."),
    PRIMITIVE("output-port-open?", output_open, 1, 1, 1, L, "port -> boolean", "True if it can still write."),
    PRIMITIVE("close-port", close_port, 1, 1, 1, L, "port -> unspecified", "Close a port."),
    PRIMITIVE("close-input-port", close_input, 1, 1, 1, L, "port -> unspecified", "Close a port that reads."),
    PRIMITIVE("close-output-port", close_output, 1, 1, 1, L, "port -> unspecified",
              "Close a port that writes."),
    PRIMITIVE("port-line", port_line, 1, 1, 1, L, "port -> integer",
              "The line of the next character, from 1."),
    PRIMITIVE("port-column", port_column, 1, 1, 1, L, "port -> integer",
              "The column of the next character, from 1."),
    PRIMITIVE("port-position", port_position, 1, 1, 2, L, "port -> position",
              "File, line and column of the next character, for syntax-violation and datum-at."),
};

int port_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
