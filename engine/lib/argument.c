/* SPDX-License-Identifier: Apache-2.0 */
/*
 * argument.c - checks of arguments that all families of primitives use.
 */
#include "lib.h"

bool index_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                    size_t limit, size_t *out)
{
    if (!is_fixnum(args[i])) {
        raise_type(ctx, name, i + 1, "integer", args[i]);
        return false;
    }
    int64_t index = fixnum_value(args[i]);
    if (index < 0 || (uint64_t)index > limit) {
        raise_error(ctx, ERROR_BOUNDS, args[i]);
        return false;
    }
    *out = (size_t)index;
    return true;
}

bool range_arguments(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                     unsigned first, size_t length, size_t *start, size_t *end)
{
    *start = 0;
    *end = length;
    if (n > first + 1 && args[first + 1] != VALUE_DEFAULT &&
        !index_argument(ctx, name, args, first + 1, length, end))
        return false;
    if (n > first && args[first] != VALUE_DEFAULT) return index_argument(ctx, name, args, first, *end, start);
    return true;
}

bool size_argument(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i, size_t *out)
{
    if (!is_fixnum(args[i])) {
        raise_type(ctx, name, i + 1, "integer", args[i]);
        return false;
    }
    int64_t size = fixnum_value(args[i]);
    if (size < 0 || (uint64_t)size > TEXT_MAX) {
        raise_error(ctx, ERROR_RANGE, args[i]);
        return false;
    }
    *out = (size_t)size;
    return true;
}

bool mutable_argument(struct vvm_context *ctx, vvm_value v)
{
    if (may_write(ctx, v)) return true;
    raise_error(ctx, ERROR_FROZEN, v);
    return false;
}
