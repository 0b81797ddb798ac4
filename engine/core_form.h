/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_form.h - a core tree as a datum, and a datum as a core tree: what an optimiser of a VMlet
 * works on (stage.h). core_form.def lists the forms.
 *
 * Names are resolved in the tree and stay so: what no name leads to is written as a number,
 * which means something for this one form only and only to core_read. So an optimiser can
 * name what its VMlet can name and what the form it was given names already, nothing else.
 */
#ifndef VVM_CORE_FORM_H
#define VVM_CORE_FORM_H

#include "expand.h"

enum core_form {
#define C(name, text, read, least, most, doc) CORE_##name,
#include "core_form.def"
#undef C
    CORE_FORMS
};

struct core_row {
    const char *name;
    int8_t least, most; /* parts behind the head; most -1: any number */
};
extern const struct core_row core_rows[CORE_FORMS];

/* What the numbers in one datum mean; all of it in the expansion's pool. */
struct core_numbers {
    struct denotation **globals;
    unsigned global_count, global_room;
    const struct body_shape **shapes;
    unsigned shape_count, shape_room;
    vvm_value heads[CORE_FORMS]; /* symbols; filled by core_write */
};

#define CORE_DEPTH_MAX 4000 /* as deep as the compiler follows */

/** The tree as a datum, on the control heap; escapes with an error (expand_escape) when it is
 *  too large. The tree must not be compiled afterwards. */
vvm_value core_write(struct expansion *x, struct ast_node *tree, struct core_numbers *numbers);
/** The tree that a datum says, made of it alone; escapes with a syntax error that names the
 *  place if it says none. */
struct ast_node *core_read(struct expansion *x, vvm_value datum, const struct core_numbers *numbers,
                           uint64_t position);
/** The form that a symbol is the head of, or CORE_FORMS. */
enum core_form core_head(const struct core_numbers *numbers, vvm_value symbol);

#endif
