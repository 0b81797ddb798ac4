/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - from text or image to a running generation: the loader that vvm, vvmd
 * and the embedding API share.
 */
#ifndef VVM_LOAD_H
#define VVM_LOAD_H

#include "parameter.h"
#include "unit.h"

/* ---- reader ---- */

struct reader {
    struct vvm_context *ctx;
    struct vvm_environment *env; /* for {name ...} readers; may be NULL */
    const char *text, *end, *at; /* UTF-8 */
    unsigned file, line, column; /* position of *at; columns count code points from 1 */
    unsigned depth;              /* nesting, at most 1000 */
    bool fold_case;
    bool incomplete; /* set when the text ended inside a datum (REPL: read on) */
};
void reader_init(struct reader *r, struct vvm_context *ctx, struct vvm_environment *env, unsigned file,
                 const char *text, size_t octets);
/** Next datum into *out; VALUE_EOF at the end. -EINVAL with pending `read` and the
 *  position. Pairs carry positions. */
int reader_next(struct reader *r, vvm_value *out);
/** Parse a number as the reader does (radix 2..16); VALUE_FALSE if it is none,
 *  VALUE_EXCEPTION if an integer does not fit. KiB and MiB suffixes only if radix is 10. */
vvm_value parse_number(struct vvm_context *ctx, const char *text, size_t octets, unsigned radix);

/* ---- printer ---- */

enum print_style {
    PRINT_DISPLAY,
    PRINT_WRITE,
    PRINT_SHARED,
    PRINT_SIMPLE
}; /* write-shared, write-simple: no labels */
/** Append the text of v; iterative, circular structure is labelled
 *  (#0=), by write-shared also what is only shared, at most `limit` octets (0 = 16 MiB), then "...". Control
 *  characters are escaped in write style, and in display style when to a terminal. */
int print_value(struct vvm_node *node, FILE *to, vvm_value v, enum print_style style, size_t limit);
/** equal?, iterative; false also when more than 2^20 pairs were compared. *octets
 *  counts work for fuel. */
bool values_equal(vvm_value a, vvm_value b, uint64_t *work);
bool values_eqv(vvm_value a, vvm_value b);

/* ---- loading ---- */

/** Read, compile, verify, link and run every form of a source text as VMlet `name`
 *  (VALUE_FALSE: the text's (vmlet name ...) form says, else "user"), as one
 *  transaction. On failure nothing has changed, ctx->pending holds the error. */
int load_source(struct vvm_context *ctx, const char *file, const char *text, size_t octets,
                struct vvm_vmlet **vmlet);
int load_image(struct vvm_context *ctx, const char *file, const uint8_t *data, size_t octets,
               struct vvm_vmlet **vmlet);
/** load_source or load_image by content, from a path; also looks for NAME.vml and
 *  NAME.vmi of imports in the folders of `path_list` (colon-separated). */
int load_file(struct vvm_context *ctx, const char *path, struct vvm_vmlet **vmlet);
/** load_file, load_replace and load_octets with values for the VMlet's parameters (parameter.h);
 *  those of what it imports are the defaults. */
int load_file_with(struct vvm_context *ctx, const char *path, bool replace,
                   const struct load_parameters *parameters, struct vvm_vmlet **vmlet);
int load_octets_with(struct vvm_context *ctx, const char *file, const void *data, size_t octets, bool replace,
                     const struct load_parameters *parameters, struct vvm_vmlet **vmlet);
/** Take a VMlet and all that it defined out of the running node, as one transaction. What
 *  others import does not go unless UNLOAD_CASCADE, which takes those others with it. First
 *  on-unload is called (hooks.h): -ECANCELED if one fails and the unload is not forced. Its
 *  tables and code are freed when no worker and no value leads to them any more
 *  (vmlets_reap). -EBUSY: others depend on it, -ENOENT: no such VMlet, -EPERM: what
 *  stays would not hold together; ctx->pending says more. */
int vmlet_unload(struct vvm_context *ctx, vvm_value name, unsigned options);
enum unload_option {
    UNLOAD_CASCADE = 1, /* with all that depends on it */
    UNLOAD_FORCE = 2,   /* even if an on-unload fails: that is logged */
};
/** True if v could not stay if `on` went: it imports from it, its code names something of
 *  it, or a layer of v lies over something of it. */
bool vmlet_depends(struct vvm_context *ctx, const struct vvm_vmlet *v, const struct vvm_vmlet *on);
/** Load a file in place of the VMlet of the same name, which keeps its place among the
 *  layers; tables of the same schema keep their contents. If no such VMlet is loaded it
 *  is simply loaded. On failure nothing has changed. */
int load_replace(struct vvm_context *ctx, const char *path, struct vvm_vmlet **vmlet);
/** The same of octets, a source or an image; `file` is the name in messages and where imports
 *  are looked for. replace: false, it must be new. */
int load_octets(struct vvm_context *ctx, const char *file, const void *data, size_t octets, bool replace,
                struct vvm_vmlet **vmlet);
/** Free what unloaded VMlets left, as far as nothing leads to it any more; runs the
 *  collector if there is something. Control thread, no load open. How many wait yet. */
unsigned vmlets_reap(struct vvm_node *node);
/** A text that says what is in force and by whom: every layer of every global, rows,
 *  members, networks, tables, syntax, in the order of VMlets; equal texts = equal state.
 *  Contents of tables and what `set!` did are no part of it. */
void state_print(const struct vvm_node *node, FILE *to);
/** A digest of a function's code with all of its unit that it leads to; equal for equal code, on
 *  any node. Zeros: no memory. */
void function_digest(const struct vvm_node *node, const struct vvm_function *f, uint8_t digest[16]);
/** Evaluate one datum in env now (REPL, eval): its own transaction unless one is open. */
int eval_datum(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum, vvm_value *result);
/** The same inside an open load, for code that goes into no image and is freed when nothing
 *  leads to it any more. */
int eval_apart(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum, vvm_value *result);
/** Compile a source file to an image without publishing it (loads it, with its
 *  imports, into ctx's node: give it a node of its own). */
int compile_file(struct vvm_context *ctx, const char *path, bool debug_lines, uint8_t **image,
                 size_t *octets);
/** One line for people about ctx->pending: "file:line:column: error type: ... ", then
 *  the back-trace, one indented line a frame, when there is one. */
void print_pending(struct vvm_context *ctx, FILE *to);

#endif
