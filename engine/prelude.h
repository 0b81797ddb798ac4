/* SPDX-License-Identifier: Apache-2.0 */
/* prelude.h - the part of the language that is written in itself, embedded as text by
 * embed.sh when the library is built and loaded into every new node in this order. */
#ifndef VVM_PRELUDE_H
#define VVM_PRELUDE_H

#include "machine.h"

struct prelude_text {
    const char *name;
    const char *text;
    size_t length;
};
extern const struct prelude_text prelude_texts[];
extern const unsigned prelude_count;

/** Load one text into core, in the open transaction or one of its own.
 *  0, or -EINVAL with ctx->pending. */
int load_prelude(struct vvm_context *ctx, const char *name, const char *text, size_t octets);

#endif
