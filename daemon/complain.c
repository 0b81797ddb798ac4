/* SPDX-License-Identifier: Apache-2.0 */
/* complain.c - a line is written whole, whoever else writes at the same moment. */
#include "complain.h"

#include <stdarg.h>
#include <stdio.h>

void complain(const char *node, const char *format, ...)
{
    va_list arguments;

    flockfile(stderr);
    if (node) fprintf(stderr, "vvmd %s: ", node);
    else fputs("vvmd: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
}
