/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_parts.h - what the files of the control socket share; not for others.
 *
 *   control_listen.c   the socket's place in the file system
 *   control.c          connections: requests in, replies out, nobody waits for anybody
 *   control_answer.c   one request -> one reply
 *   command*.c         the verbs
 */
#ifndef VVMD_CONTROL_PARTS_H
#define VVMD_CONTROL_PARTS_H

#include <sys/types.h>

#include "control.h"

#define CONTROL_DEPTH 16 /* most lists and objects in each other, in a request */

/* ---- control_listen.c ---- */

struct control_listener {
    int descriptor; /* -1: none */
    bool made_folder;
    dev_t device; /* of the socket that we made: another one there is not ours to remove */
    ino_t inode;
    char path[108];
};
/** As control_open says. Non-blocking. 0, or -errno with one line in `why`; then nothing
 *  was made. */
int control_listen(struct control_listener *listener, const char *path, unsigned mode, char *why,
                   size_t room);
/** Close it; remove socket and folder if we made them. */
void control_unlisten(struct control_listener *listener);

/* ---- control_answer.c ---- */

/** The reply to the octets of one request (without its newline): text that ends in a
 *  newline, malloc'd, its length in *length; NULL when memory is out. *rubbish is set
 *  when the octets are no request at all; *later when there is no reply yet (NULL): the
 *  same is to be asked again. Control thread. */
char *control_answer(struct control *control, enum role role, const char *octets, size_t request_length,
                     size_t *length, bool *rubbish, bool *later);
/** The client that stood in control->asking has gone before it was answered. */
void trace_abandon(struct control *control, const void *asker);

/* ---- command_*.c: the verbs that are more than a reading ---- */

typedef int command_run(struct control *control, const json_t *arguments, json_t **data, char *why,
                        size_t room);
command_run command_eval, command_complete; /* command_eval.c */
command_run command_vmlets, command_ports;  /* command_show.c */
command_run command_load, command_replace;  /* command_load.c */
command_run command_unload, command_reap;
command_run command_trace;                                 /* command_trace.c */
command_run command_status, command_stats, command_ledger; /* command_read.c */

/** The first line of a pending error into `why`; the others as a list. */
json_t *command_explain(struct vvm_context *ctx, char *why, size_t room);
/** Load the octets within the limits of a request; *data is what was said meanwhile. Then
 *  control_changed. 0, or -ECANCELED with `why`. */
int command_load_octets(struct control *control, const char *file, const uint8_t *octets, size_t length,
                        bool replace, struct vvm_vmlet **vmlet, json_t **data, char *why, size_t room);
/** After what may have changed the generation, whose number was `before`: the session, what
 *  waits to be freed, and ports whose filters follow the networks. */
void control_changed(struct control *control, uint64_t before);

/** A list with an object for each port, asked at a burst boundary; NULL when memory is out. */
json_t *port_rows(const struct control *control);

/** A JSON string of octets that may be no UTF-8: what is malformed becomes U+FFFD. A new
 *  reference, NULL when memory is out. */
json_t *json_text(const char *octets, size_t length);

#endif
