/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arith.h - arithmetic on tagged numbers: fixnums and, in the load profile, flonums.
 * Each function answers a value or VALUE_EXCEPTION (type, integer-range,
 * divide-by-zero); the interpreter does two fixnums itself.
 */
#ifndef VVM_ARITH_H
#define VVM_ARITH_H

#include "machine.h"

vvm_value number_add(struct vvm_context *ctx, vvm_value a, vvm_value b);
vvm_value number_subtract(struct vvm_context *ctx, vvm_value a, vvm_value b);
vvm_value number_multiply(struct vvm_context *ctx, vvm_value a, vvm_value b);
vvm_value number_quotient(struct vvm_context *ctx, vvm_value a, vvm_value b);
vvm_value number_remainder(struct vvm_context *ctx, vvm_value a, vvm_value b);
vvm_value number_modulo(struct vvm_context *ctx, vvm_value a, vvm_value b);
/* A boolean. */
vvm_value number_equal(struct vvm_context *ctx, vvm_value a, vvm_value b);
vvm_value number_less(struct vvm_context *ctx, vvm_value a, vvm_value b);
vvm_value number_less_equal(struct vvm_context *ctx, vvm_value a, vvm_value b);

static inline bool both_fixnums(vvm_value a, vvm_value b) { return ((a | b) & TAG_MASK) == 0; }
static inline bool is_flonum(vvm_value v) { return has_type(v, TYPE_FLONUM); }
static inline double flonum_value(vvm_value v) { return ((struct flonum *)value_pointer(v))->number; }

#endif
