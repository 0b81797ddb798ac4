/* SPDX-License-Identifier: Apache-2.0 */
/* pending.c - say to people what stands in context->pending: where, what, then the back-trace. */
#include <inttypes.h>
#include <string.h>

#include "load.h"

#define IRRITANTS_SHOWN 20u

static void print_place(const struct vvm_node *node, FILE *to, uint64_t position)
{
    const char *file = position_file(position) ? node_file_name(node, position_file(position)) : NULL;
    fprintf(to, "%s:%u:%u", file ? file : "?", position_line(position), position_column(position));
}

/* First known place of a back-trace, a list of (name . position); 0 if none. */
static uint64_t first_place(vvm_value trace)
{
    for (; is_pair(trace); trace = cdr_of(trace)) {
        vvm_value entry = car_of(trace);
        if (is_pair(entry) && is_fixnum(cdr_of(entry)) && cdr_of(entry))
            return (uint64_t)fixnum_value(cdr_of(entry));
    }
    return 0;
}

static void print_trace(struct vvm_node *node, FILE *to, vvm_value trace)
{
    for (; is_pair(trace); trace = cdr_of(trace)) {
        vvm_value entry = car_of(trace);
        if (!is_pair(entry) || !is_fixnum(cdr_of(entry))) continue;
        fputs("  in ", to);
        if (is_true(car_of(entry))) print_value(node, to, car_of(entry), PRINT_DISPLAY, 200);
        else fputs("top level", to);
        if (cdr_of(entry)) {
            fputs(" at ", to);
            print_place(node, to, (uint64_t)fixnum_value(cdr_of(entry)));
        }
        fputc('\n', to);
    }
}

/* True if the message begins with its own place, as the reader's and expander's do. */
static bool has_place(vvm_value message)
{
    const struct string *s = value_pointer(message);
    uint64_t n = header_length(s->header), colons = 0;
    for (uint64_t i = 0; i + 1 < n && s->chars[i] != ' '; i++)
        if (s->chars[i] == ':' && s->chars[i + 1] >= '0' && s->chars[i + 1] <= '9') colons++;
    return colons >= 2;
}

static void print_error(struct vvm_node *node, FILE *to, const struct error_object *e, uint64_t place)
{
    bool own = is_string(e->message) && has_place(e->message);
    if (place && !own) {
        print_place(node, to, place);
        fputs(": ", to);
    }
    if (e->code == ERROR_USER) fputs("error: ", to);
    else fprintf(to, "error %s: ", error_name((enum error_code)e->code));
    if (is_string(e->message)) print_value(node, to, e->message, PRINT_DISPLAY, 1000);
    else fputs(error_text((enum error_code)e->code), to);
    const char *separator = ": ";
    unsigned left = IRRITANTS_SHOWN; /* the list may have been made to go round */
    for (vvm_value i = e->irritants; is_pair(i); i = cdr_of(i)) {
        fputs(separator, to);
        if (left-- == 0) {
            fputs("...", to);
            break;
        }
        print_value(node, to, car_of(i), PRINT_WRITE, 200);
        separator = " ";
    }
}

static void print_raised(struct vvm_context *ctx, FILE *to)
{
    vvm_value v = ctx->pending.value;
    uint64_t place = first_place(ctx->trace);
    if (has_type(v, TYPE_ERROR)) {
        print_error(ctx->node, to, value_pointer(v), place);
        return;
    }
    if (place) {
        print_place(ctx->node, to, place);
        fputs(": ", to);
    }
    fputs("raised, and nobody handled it: ", to);
    print_value(ctx->node, to, v, PRINT_WRITE, 500);
}

void print_pending(struct vvm_context *ctx, FILE *to)
{
    switch (ctx->pending.kind) {
    case PENDING_NONE: fputs("no error\n", to); return;
    case PENDING_HALT: fputs("a packet's halt outside a packet\n", to); return;
    case PENDING_TRAP:
        fprintf(to, "trap %s\n", trap_name((enum trap_code)fixnum_value(ctx->pending.value)));
        break;
    case PENDING_RAISE:
        print_raised(ctx, to);
        fputc('\n', to);
        break;
    }
    print_trace(ctx->node, to, ctx->trace);
}
