/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmctl.h - the parts of vvmctl, the control socket's client for people and scripts.
 *
 * It knows no verb: the router's own table says which there are, which words they take
 * and how their data are shown. Data go to standard output, talk to standard error, and
 * nothing from a router reaches either with a control character in it.
 */
#ifndef VVMD_VVMCTL_H
#define VVMD_VVMCTL_H

#include <stdio.h>

#include "control.h"

enum { STATUS_DONE, STATUS_REFUSED, STATUS_USAGE, STATUS_ABSENT };

struct ctl {
    /* what the command line and the environment say */
    const char *socket, *node;
    const char *argument; /* NAME=NUMBER, or NULL */
    int timeout;          /* milliseconds */
    bool json, read_only, help, version;
    char **words; /* verb, then its arguments */
    int word_count;
    /* while connected */
    struct client *client;
    json_t *table; /* the data of `help` */
};

/** Command line and environment. 0, or -EINVAL with one line in `why`. */
int ctl_options(struct ctl *ctl, int argc, char **argv, char *why, size_t room);
void ctl_options_help(FILE *to);

/** The row of a verb in the router's table, or NULL. */
const json_t *ctl_row(const struct ctl *ctl, const char *verb);
/** Add NAME=NUMBER of --argument, if it was given, to the arguments of a request. False: it is not that. */
bool ctl_add_argument(const struct ctl *ctl, json_t *arguments);
/** Say that something failed, as text or as a reply of our own; returns the status. */
int ctl_fail(const struct ctl *ctl, int status, const char *why);
/** Show a reply as its verb's row says, or as it is with --json; returns the status. */
int ctl_show(const struct ctl *ctl, const json_t *row, const json_t *reply);

/* ---- vvmctl_key.c ---- */

/** key gen|show|trust, and sign: files only, no router is asked. The status. */
int ctl_key(const struct ctl *ctl);
int ctl_sign(const struct ctl *ctl);

/* ---- vvmctl_file.c ---- */

/** Read a file, - is standard input, into the arguments of a request, as control.h says.
 *  False with one line in `why`. */
bool ctl_add_file(json_t *arguments, const char *name, size_t length, const char *path, char *why,
                  size_t room);

/* ---- vvmctl_text.c ---- */

/** Print UTF-8 text; what could steer a terminal is written as \xNN or \u{N}. Lines and
 *  tabs are kept if `lines`. Returns how many columns it took. */
unsigned text_print(FILE *to, const char *text, size_t length, bool lines);
/** Data for people; see enum rendering. */
void render_text(FILE *to, const json_t *data);
void render_pairs(FILE *to, const json_t *data);
void render_table(FILE *to, const json_t *data);

/* ---- vvmctl_repl.c ---- */

/** Talk with the router's language until end of file; returns the status. */
int ctl_repl(struct ctl *ctl);

#endif
