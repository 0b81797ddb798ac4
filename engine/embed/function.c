/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.c - vvm.h: functions of VMlets on messages. Arguments are made in the context's
 * arena, so the function may change them and nothing of it outlives the message.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../wire/network.h"
#include "embed.h"

#define ARGUMENT_OCTETS_MAX ((size_t)128 << 10)

/* ---- binding ---- */

int vvm_function_open(vvm_node *node, const char *vmlet, const char *name, vvm_function **function)
{
    struct vvm_entry_function *f = malloc(sizeof *f);
    vvm_value vmlet_symbol = embed_symbol(node, vmlet), symbol = embed_symbol(node, name);
    int err = -ENOMEM;
    if (f && vmlet_symbol != VALUE_EXCEPTION && symbol != VALUE_EXCEPTION) {
        *f = (struct vvm_entry_function){.node = node->node};
        err = entry_open(&node->node->control, vmlet_symbol, symbol, &f->index);
    }
    if (!err) {
        *function = f;
        return 0;
    }
    free(f);
    if (err != -ENOENT) return embed_failed(node, err);
    return embed_refused(node, err, "no function `%s` of a VMlet `%s`", name, vmlet);
}

void vvm_function_close(vvm_function *function)
{
    if (!function) return;
    entry_close(function->node, function->index);
    free(function);
}

/* ---- running ---- */

static int complain(struct vvm_lane *lane, int err, const char *text)
{
    snprintf(lane->error, sizeof lane->error, "%s", text);
    return err;
}

static void begin(struct vvm_context *ctx, int64_t fuel)
{
    ctx->free = ctx->arena;
    ctx->end = ctx->arena_end;
    ctx->fuel = fuel;
    ctx->network = NULL;
    ctx->packet = NULL;
    ctx->pending.kind = PENDING_NONE;
}

static int make_arguments(struct vvm_lane *lane, const struct vvm_datum *from, size_t count, vvm_value *to)
{
    size_t octets = 0;
    if (count > EMBED_ARGUMENTS) return complain(lane, -E2BIG, "more than 16 arguments");
    for (size_t i = 0; i < count; i++) {
        if (from[i].kind == VVM_OCTETS && from[i].length > ARGUMENT_OCTETS_MAX - octets)
            return complain(lane, -E2BIG, "arguments of more than 128 KiB");
        if (from[i].kind == VVM_OCTETS) octets += from[i].length;
        bool may = from[i].kind <= VVM_OCTETS;
        to[i] = may ? datum_to_value(&lane->context, &from[i], VALUE_FALSE) : VALUE_EXCEPTION;
        if (to[i] == VALUE_EXCEPTION)
            return complain(lane, -EINVAL, "an argument is no value for a function");
    }
    return 0;
}

static int ended_by_trap(struct vvm_lane *lane, enum trap_code code)
{
    static const int errors[TRAP_LIMIT] = {
        [TRAP_FUEL] = -ETIME, [TRAP_ARENA] = -ENOBUFS, [TRAP_NESTING] = -ELOOP};
    static const char *const texts[TRAP_LIMIT] = {
        [TRAP_FUEL] = "the function used up its fuel",
        [TRAP_ARENA] = "the function used up its memory",
        [TRAP_NESTING] = "the function's calls are nested too deeply"};
    return complain(lane, errors[code], texts[code]);
}

/* Why the function did not return. */
static int ended(struct vvm_lane *lane)
{
    const struct pending *pending = &lane->context.pending;
    if (pending->kind == PENDING_TRAP)
        return ended_by_trap(lane, (enum trap_code)fixnum_value(pending->value));
    if (pending->kind != PENDING_RAISE) return complain(lane, -ECANCELED, "the function halted");
    rewind(lane->error_file);
    print_pending(&lane->context, lane->error_file);
    fputc(0, lane->error_file);
    lane->error[sizeof lane->error - 1] = 0;
    lane->error[strcspn(lane->error, "\n")] = 0;
    return -ECANCELED;
}

/* What does not stand in the arena may go with its VMlet: it is copied. */
static int keep(struct vvm_lane *lane, struct vvm_datum *result)
{
    const struct vvm_context *ctx = &lane->context;
    const uint8_t *from = result->octets;
    if (result->kind < VVM_OCTETS || (from >= ctx->arena && from < ctx->arena_end)) return 0;
    size_t room = result->length + 1;
    if (room > lane->kept_room) {
        uint8_t *kept = realloc(lane->kept, room);
        if (!kept) return complain(lane, -ENOMEM, "out of memory");
        lane->kept = kept;
        lane->kept_room = room;
    }
    memcpy(lane->kept, from, result->length);
    lane->kept[result->length] = 0;
    result->octets = lane->kept;
    return 0;
}

static int run(struct vvm_lane *lane, uint32_t index, const struct vvm_datum *arguments, size_t count,
               struct vvm_datum *result)
{
    struct vvm_context *ctx = &lane->context;
    vvm_value args[EMBED_ARGUMENTS], procedure = entry_function(ctx->generation, index);
    if (!is_true(procedure)) return complain(lane, -ENOENT, "the function's VMlet has gone");
    int err = make_arguments(lane, arguments, count, args);
    if (err) return err;
    vvm_value v = vvm_call(ctx, procedure, (unsigned)count, args);
    if (v == VALUE_EXCEPTION || !datum_from_value(ctx, v, result)) return ended(lane);
    return keep(lane, result);
}

int vvm_function_run(vvm_context *lane, const vvm_function *function, const struct vvm_datum *arguments,
                     size_t count, int64_t fuel, struct vvm_datum *result, int64_t *used)
{
    struct vvm_context *ctx = &lane->context;
    *result = (struct vvm_datum){.kind = VVM_NOTHING};
    if (used) *used = 0;
    if (fuel < 0 || function->node != lane->embedding->node)
        return complain(lane, -EINVAL, "the fuel is negative, or the function is another machine's");
    generation_enter(ctx);
    begin(ctx, fuel);
    int err = run(lane, function->index, arguments, count, result);
    if (used) *used = fuel - (ctx->fuel < 0 ? 0 : ctx->fuel);
    ctx->pending.kind = PENDING_NONE;
    ctx->trace = VALUE_NULL;
    generation_leave(ctx);
    return err;
}
