/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parameter.h - what a VMlet lets its user choose when it is loaded:
 *
 *   (vmlet NAME (parameters (NAME DEFAULT [CHECK]) ...) ...)
 *
 * DEFAULT is a datum as it stands: an integer, a real number, a boolean, a string, a symbol or a
 * list; what is given must be of that type. CHECK is (between LOW HIGH) or (one-of VALUE ...).
 * In the VMlet NAME is a constant, in a source and in an image: its value comes with the load.
 */
#ifndef VVM_PARAMETER_H
#define VVM_PARAMETER_H

#include "machine.h"

#define PARAMETER_TEXT_MAX 4096 /* octets of a value */

/* One that is given; text as it would stand in the header, but of a string just what is in it. */
struct load_parameter {
    const char *name, *text;
};
struct load_parameters {
    const struct load_parameter *items;
    unsigned count;
};

/** Define the VMlet's parameters in the open load: as given, else the defaults. given may be NULL.
 *  -EINVAL with ctx->pending: the header or a value is not as it should be, or there is no such
 *  parameter, and which is the nearest. */
int vmlet_parameters(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const struct load_parameters *given);

#endif
