/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - vvmd's command line: one table of rows (options.c); parsing, --help and the
 * environment variables VVMD_* all come from it.
 */
#ifndef VVMD_OPTIONS_H
#define VVMD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTION_LIST 64 /* most times that -a or -R may be given */

struct option_prefix {
    uint32_t address;
    uint8_t length;
    bool has_length; /* it was written */
    uint32_t hop;    /* routes only */
};

struct option_prefixes {
    unsigned count;
    struct option_prefix items[OPTION_LIST];
};

struct settings {
    const char *read_path, *write_path, *path;
    struct option_prefixes addresses, routes;
    uint32_t mtu;
    bool json, help, version;
    char **files; /* VMlets to load, in order */
    unsigned file_count;
};

/** Environment first, then the arguments, which win. 0, or -EINVAL with one line in
 *  `why`: where, what, what to do. */
int options_parse(struct settings *settings, int argc, char **argv, char *why, size_t room);
void options_help(FILE *to);

#endif
