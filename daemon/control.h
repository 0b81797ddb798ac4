/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h - a node's control socket: a Unix socket of type SOCK_SEQPACKET.
 *
 * A request is one JSON object and one line, {"v":1,"verb":"stats","arguments":{...}};
 * it may span several packets of at most 64 KiB, of which only the last ends in a
 * newline; together at most 1 MiB, 6 MiB from who may write. Each request gets one reply
 * of the same form:
 *
 *   {"v":1,"ok":true,"code":0,"data":...}
 *   {"v":1,"ok":false,"code":1,"error":"one line"}     1 refused, 2 wrong use; may have data
 *
 * Who may do what is told by SO_PEERCRED: root and the daemon's own user everything,
 * anybody else whom the socket's mode lets in only the verbs of role READ. Verbs are
 * rows of one table (command.c); the verb `help` gives the table, so that the client
 * knows none.
 */
#ifndef VVMD_CONTROL_H
#define VVMD_CONTROL_H

#include <jansson.h>

#include "registry.h"

#define CONTROL_CLIENTS 32
#define CONTROL_PACKET  65536
#define CONTROL_REQUEST (1u << 20)
#define CONTROL_LOAD    (6u << 20) /* a request with a file of CONTROL_FILE in it */
#define CONTROL_FILE    (4u << 20) /* octets of a VMlet that is loaded */

enum role { ROLE_READ, ROLE_WRITE };

/* One router with what the control thread has for it. */
struct control {
    struct router *router;
    struct runtime *runtime;
    struct vvm_vmlet *session; /* where eval works; made at first use */
    uint64_t seen;             /* the generation whose names it has */
    unsigned waiting;          /* VMlets that have gone and whose memory is still in use */
    uint64_t started;          /* CLOCK_MONOTONIC, nanoseconds */
    const void *asking;        /* stands for the client whose request is answered */
    struct tracing *tracing;   /* command_trace.c; NULL: nobody traces */
};

/* How vvmctl shows the data without --json. TEXT: a string, or the strings of a list or an object
 * in order. PAIRS: an object, a line for each member. TABLE: a list of objects with the same
 * members, or an object that holds one; its other members come below as pairs. */
enum rendering { RENDER_TEXT, RENDER_PAIRS, RENDER_TABLE };

struct command {
    const char *verb;
    const char *arguments; /* for people: "[PREFIX]"; words in order fill the names of `fields` */
    /* Names in the request's arguments, blank-separated: `name` is a string, a last `name...`
     * a list of strings, `[name]` a whole number that no word fills, `@name` a file that the
     * client reads, {"name": its path, "octets": base64}, `--name` true if that very word is
     * given. Checked before `run`. */
    const char *fields;
    const char *help;
    enum role role;
    enum rendering rendering;
    /** 0 with *data (a new reference), or -errno (-EINVAL wrong use, else refused) with
     *  one line in `why`; then *data is NULL or what there is to be said beside it. arguments
     *  may be NULL. -EAGAIN: there is no answer yet, ask again in a while (the client waits, and
     *  nobody else does). Control thread. */
    int (*run)(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room);
};
extern const struct command commands[]; /* up to a verb of NULL */

struct control_server;
/** Listen at path (its folder is made, mode 0700, if it is missing; a socket there that
 *  nobody answers is replaced, a live one refused), with the mode (0: 0600). The descriptor of the server is
 * an epoll set: when it is readable, call control_serve. 0, or -errno with one line in `why`. */
int control_open(struct control_server **server, struct control *control, const char *path, unsigned mode,
                 char *why, size_t room);
int control_descriptor(const struct control_server *server);
/** Serve what is ready; never blocks. A client that does not read its reply, or sends
 *  rubbish, loses its connection; nobody else notices. */
void control_serve(struct control_server *server);
/** Remove the socket and all connections. */
void control_close(struct control_server *server);

/** Where a node's socket is if nobody says: $VVM_RUN_DIR, else /run/vvmd for root, else
 *  $XDG_RUNTIME_DIR/vvmd, else /tmp/vvmd-UID; then /NODE.sock. */
int control_default_path(const char *node, char *path, size_t room);

/* ---- client.c: the other end, for vvmctl and vvmlab ---- */

struct client;
/** Connect. timeout in milliseconds for each answer. 0, or -errno with one line in `why`. */
int client_open(struct client **client, const char *path, int timeout, char *why, size_t room);
/** One request; arguments (NULL: none) stay the caller's. *reply is the whole reply object
 *  (a new reference). 0, or -errno when there was no reply. */
int client_call(struct client *client, const char *verb, json_t *arguments, json_t **reply, char *why,
                size_t room);
void client_close(struct client *client);

/* ---- notify.c: the service manager's protocol, by hand ---- */

/** Send "READY=1" and the like to $NOTIFY_SOCKET, if it is set. 0, or -errno. */
int notify_manager(const char *state);

#endif
