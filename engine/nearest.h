/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.h - which of some words somebody probably meant. */
#ifndef VVM_NEAREST_H
#define VVM_NEAREST_H

struct nearest {
    const char *word;  /* what was written; set it, the rest is zero */
    const char *best;  /* of the candidates so far, the first of equals; NULL: none */
    unsigned distance; /* letters to put in, take out, change or swap */
};

/** One more candidate, which must live as long as `nearest`. */
void nearest_try(struct nearest *nearest, const char *candidate);

#endif
