/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmctl_file.c - a file that goes to the router in a request: its octets, and the whole
 * path under which the router speaks of it and looks for what it imports.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "vvmctl.h"

/* One octet more than may be, so that too much shows. NULL with errno. */
static uint8_t *read_octets(const char *path, size_t *length)
{
    FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    uint8_t *octets = malloc(CONTROL_FILE + 1);
    int err = 0;

    if (from && octets) {
        errno = 0;
        *length = fread(octets, 1, CONTROL_FILE + 1, from);
        if (ferror(from)) err = errno ? errno : EIO;
    } else {
        err = errno ? errno : ENOMEM;
    }
    if (from && from != stdin) fclose(from);
    if (!err) return octets;
    free(octets);
    errno = err;
    return NULL;
}

/* {"name": ..., "octets": ...}, or NULL: the name is no text, or memory is out. */
static json_t *make_file(const char *path, const uint8_t *octets, size_t length)
{
    char *text = base64_text(octets, length), *whole = realpath(path, NULL);
    json_t *file = json_pack("{s:s, s:s}", "name", whole ? whole : path, "octets", text ? text : "");

    if (!text) {
        json_decref(file);
        file = NULL;
    }
    free(text);
    free(whole);
    return file;
}

bool ctl_add_file(json_t *arguments, const char *name, size_t name_length, const char *path, char *why,
                  size_t room)
{
    size_t length = 0;
    uint8_t *octets = read_octets(path, &length);
    json_t *file = NULL;

    if (!octets) {
        snprintf(why, room, "%.200s: %s", path, strerror(errno));
        return false;
    }
    if (length > CONTROL_FILE) {
        snprintf(why, room, "%.200s: a VMlet has at most %u octets", path, CONTROL_FILE);
    } else {
        file = make_file(path, octets, length);
        if (!file) snprintf(why, room, "the path is no UTF-8 text, or memory is out");
    }
    free(octets);
    return file && json_object_setn_new(arguments, name, name_length, file) == 0;
}
