/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c - errors, traps and halts as C raises them. All three leave their word
 * in ctx->pending and answer VALUE_EXCEPTION; the interpreter does the rest.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "authority.h"
#include "heap.h"

#define MESSAGE_OCTETS 400

static const struct {
    const char *name, *text;
} errors[] = {
#define E(name, code, text) {code, text},
#include "errors.def"
#undef E
};

const char *error_name(enum error_code code)
{
    assert((unsigned)code < ERROR_LIMIT);
    return errors[code].name;
}

const char *error_text(enum error_code code)
{
    assert((unsigned)code < ERROR_LIMIT);
    return errors[code].text;
}

const char *trap_name(enum trap_code code)
{
    static const char *const names[TRAP_LIMIT] = {"fuel", "arena", "nesting"};
    assert((unsigned)code < TRAP_LIMIT);
    return names[code];
}

vvm_value raise_value(struct vvm_context *ctx, vvm_value v, bool continuable)
{
    assert(v != VALUE_EXCEPTION);
    ctx->pending = (struct pending){.kind = PENDING_RAISE, .value = v, .continuable = continuable};
    ctx->trace = VALUE_NULL; /* an older one's */
    return VALUE_EXCEPTION;
}

/* The error object with its irritant (VALUE_DEFAULT: none); if memory is out,
 * what says so is pending instead. */
static vvm_value raise_object(struct vvm_context *ctx, enum error_code code, vvm_value message,
                              vvm_value irritant)
{
    vvm_value irritants = VALUE_NULL;
    if (irritant != VALUE_DEFAULT) irritants = make_pair(ctx, irritant, VALUE_NULL);
    if (irritants == VALUE_EXCEPTION) return VALUE_EXCEPTION;
    struct error_object *e = allocate(ctx, TYPE_ERROR, 4, sizeof *e);
    if (!e) return VALUE_EXCEPTION;
    e->code = code;
    e->message = message;
    e->irritants = irritants;
    e->trace = VALUE_FALSE;
    return raise_value(ctx, object_value(e), false);
}

vvm_value raise_error(struct vvm_context *ctx, enum error_code code, vvm_value irritant)
{
    return raise_object(ctx, code, VALUE_FALSE, irritant);
}

vvm_value raise_message(struct vvm_context *ctx, enum error_code code, vvm_value irritant, const char *format,
                        ...)
{
    char text[MESSAGE_OCTETS + 1];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    size_t octets = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    vvm_value message = make_string_utf8(ctx, text, octets);
    if (message == VALUE_EXCEPTION) return message;
    return raise_object(ctx, code, message, irritant);
}

vvm_value raise_type(struct vvm_context *ctx, const char *primitive, unsigned argument, const char *expected,
                     vvm_value got)
{
    return raise_message(ctx, ERROR_TYPE, got, "argument %u of %s must be of type %s", argument, primitive,
                         expected);
}

vvm_value trap(struct vvm_context *ctx, enum trap_code code)
{
    ctx->pending = (struct pending){.kind = PENDING_TRAP, .value = make_fixnum(code)};
    ctx->trace = VALUE_NULL;
    return VALUE_EXCEPTION;
}

vvm_value halt(struct vvm_context *ctx)
{
    ctx->pending = (struct pending){.kind = PENDING_HALT, .value = VALUE_UNSPECIFIED};
    return VALUE_EXCEPTION;
}

bool fuel_refill(struct vvm_context *ctx)
{
    const struct vvm_options *options = &ctx->node->options;
    if (ctx->packet_profile || !options->refuel || !authority_has_fuel(ctx->node)) return false;
    if (!options->refuel(options->refuel_data, ctx)) return false;
    authority_took_fuel(ctx);
    return true;
}

#define CHARGE_MOST (INT64_C(1) << 60) /* so that no debt looks like a call for collection */

bool fuel_exceeded(struct vvm_context *ctx, uint64_t units)
{
    int64_t call = ctx->fuel - honest_fuel(ctx->fuel); /* for collection: to be heard at the next block */
    ctx->fuel -= call;
    if (ctx->fuel >= 0 && units <= (uint64_t)ctx->fuel) {
        ctx->fuel += call - (int64_t)units;
        return true;
    }
    if (units > (uint64_t)CHARGE_MOST) units = (uint64_t)CHARGE_MOST;
    if (ctx->fuel > -CHARGE_MOST / 2) ctx->fuel -= (int64_t)units;
    if (fuel_refill(ctx)) return true;
    trap(ctx, TRAP_FUEL);
    return false;
}

bool fuel_octets(struct vvm_context *ctx, size_t octets) { return fuel_charge(ctx, octets / 64); }
