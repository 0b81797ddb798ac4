/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.c - what writes to ports.
 */
#include <stdlib.h>

#include "lib.h"

#define TEXT_OUT   (PORT_OUTPUT | PORT_TEXTUAL)
#define OCTETS_OUT (PORT_OUTPUT | PORT_BINARY)

/* Through a stream in memory, so that the printer knows only FILE. */
static vvm_value print_to(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                          enum print_style style)
{
    vvm_value port;
    char *octets = NULL;
    size_t length = 0;
    if (!port_argument(ctx, name, n, args, 1, 1, TEXT_OUT, &port)) return VALUE_EXCEPTION;
    FILE *stream = open_memstream(&octets, &length);
    if (!stream) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    int err = print_value(ctx->node, stream, args[0], style, 0);
    if (fclose(stream) != 0 || err) {
        free(octets);
        return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    }
    bool written = port_write(ctx, port, octets, length);
    free(octets);
    return written ? VALUE_UNSPECIFIED : VALUE_EXCEPTION;
}
PRIMITIVE_FN(display) { return print_to(ctx, "display", n, args, PRINT_DISPLAY); }
PRIMITIVE_FN(write) { return print_to(ctx, "write", n, args, PRINT_WRITE); }
PRIMITIVE_FN(write_shared) { return print_to(ctx, "write-shared", n, args, PRINT_SHARED); }
PRIMITIVE_FN(write_simple) { return print_to(ctx, "write-simple", n, args, PRINT_SIMPLE); }

static vvm_value write_one(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                           unsigned i, uint32_t c)
{
    vvm_value port;
    char octets[4];
    if (!port_argument(ctx, name, n, args, i, 1, TEXT_OUT, &port)) return VALUE_EXCEPTION;
    return port_write(ctx, port, octets, utf8_encode(c, octets)) ? VALUE_UNSPECIFIED : VALUE_EXCEPTION;
}
PRIMITIVE_FN(newline) { return write_one(ctx, "newline", n, args, 0, '\n'); }

PRIMITIVE_FN(write_char)
{
    NEED(is_char(args[0]), "write-char", 0, "char");
    return write_one(ctx, "write-char", n, args, 1, char_value(args[0]));
}

/* (write-string string [port [start [end]]]) */
PRIMITIVE_FN(write_string)
{
    vvm_value port;
    size_t start, end;
    struct text text = {0};
    NEED(is_string(args[0]), "write-string", 0, "string");
    if (!port_argument(ctx, "write-string", n, args, 1, 1, TEXT_OUT, &port) ||
        !range_arguments(ctx, "write-string", n, args, 2, object_length(args[0]), &start, &end))
        return VALUE_EXCEPTION;
    text_add_string(&text, args[0], start, end);
    bool written = !text.failed && port_write(ctx, port, text.data ? text.data : "", text.length);
    vvm_value result = text.failed ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT)
                       : written   ? VALUE_UNSPECIFIED
                                   : VALUE_EXCEPTION;
    text_free(&text);
    return result;
}

PRIMITIVE_FN(write_octet)
{
    vvm_value port;
    NEED(is_fixnum(args[0]) && fixnum_value(args[0]) >= 0 && fixnum_value(args[0]) < 256, "write-u8", 0,
         "u8");
    if (!port_argument(ctx, "write-u8", n, args, 1, 1, OCTETS_OUT, &port)) return VALUE_EXCEPTION;
    uint8_t octet = (uint8_t)fixnum_value(args[0]);
    return port_write(ctx, port, &octet, 1) ? VALUE_UNSPECIFIED : VALUE_EXCEPTION;
}

PRIMITIVE_FN(write_octets)
{
    vvm_value port;
    size_t start, end;
    NEED(has_type(args[0], TYPE_BYTES), "write-bytevector", 0, "bytevector");
    if (!port_argument(ctx, "write-bytevector", n, args, 1, 1, OCTETS_OUT, &port) ||
        !range_arguments(ctx, "write-bytevector", n, args, 2, object_length(args[0]), &start, &end) ||
        !port_write(ctx, port, bytes_of(args[0])->data + start, end - start))
        return VALUE_EXCEPTION;
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(flush)
{
    vvm_value port;
    if (!port_argument(ctx, "flush-output-port", n, args, 0, 1, PORT_OUTPUT, &port)) return VALUE_EXCEPTION;
    if (port_flags(port) & PORT_NODE) fflush(ctx->node->options.output ? ctx->node->options.output : stdout);
    return VALUE_UNSPECIFIED;
}

#define O (EFFECT_LOAD | EFFECT_OUTPUT)
static const struct primitive_row rows[] = {
    PRIMITIVE("display", display, 1, 2, 8, O, "any [port] -> unspecified",
              "Print for people: strings and characters as they are."),
    PRIMITIVE("write", write, 1, 2, 8, O, "any [port] -> unspecified",
              "Print so that read gives it back; cycles get labels."),
    PRIMITIVE("write-shared", write_shared, 1, 2, 8, O, "any [port] -> unspecified",
              "As write, with labels for all that is shared."),
    PRIMITIVE("write-simple", write_simple, 1, 2, 8, O, "any [port] -> unspecified",
              "As write, without labels."),
    PRIMITIVE("newline", newline, 0, 1, 2, O, "[port] -> unspecified", "End the line."),
    PRIMITIVE("write-char", write_char, 1, 2, 2, O, "char [port] -> unspecified", "Write one character."),
    PRIMITIVE("write-string", write_string, 1, 4, 4, O, "string [port [start [end]]] -> unspecified",
              "Write characters."),
    PRIMITIVE("write-u8", write_octet, 1, 2, 2, O, "u8 [port] -> unspecified", "Write one octet."),
    PRIMITIVE("write-bytevector", write_octets, 1, 4, 4, O, "bytevector [port [start [end]]] -> unspecified",
              "Write octets."),
    PRIMITIVE("flush-output-port", flush, 0, 1, 4, O, "[port] -> unspecified", "Let what was written out."),
};

int output_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
