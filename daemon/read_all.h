/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_all.h - a whole text file, or what somebody pipes into us, with a limit and without
 * ever waiting for good.
 */
#ifndef VVMD_READ_ALL_H
#define VVMD_READ_ALL_H

#include <stddef.h>

/** The octets of a file ("-" is standard input), at most `most`. A pipe must go on within
 *  10 seconds. The caller frees *octets. 0, or -errno with one line in `why`. */
int read_all(const char *path, size_t most, char **octets, size_t *length, char *why, size_t room);

#endif
