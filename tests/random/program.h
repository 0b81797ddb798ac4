/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - programs made from a seed. Each is written twice: plain, and
 * opaque, where every lambda, operator and test passes through a procedure that the
 * compiler cannot see through. Both end in a function (main a b) and mean the same.
 */
#ifndef VVM_RANDOM_PROGRAM_H
#define VVM_RANDOM_PROGRAM_H

#include <stdint.h>
#include <stdio.h>

/** Write the program of that seed to both streams. */
void random_program(uint64_t seed, FILE *plain, FILE *opaque);

#endif
