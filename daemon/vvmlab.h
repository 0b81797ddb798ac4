/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmlab.h - a lab: every node of a configuration as a process of this machine.
 *
 * What a lab is stands in its folder ROOT/ID and nowhere else, so that `down` needs
 * neither the user's file nor the process that made the lab:
 *
 *   .lock        flock of everything that belongs to the lab; free = all are gone
 *   .launcher    record of `vvmlab up`: pid, start time, boot
 *   .NODE.pid    record of a node's vvmd, written by that process before it is vvmd
 *   .lab.json    nodes, ports, links, for people
 *   .notify      where vvmd says READY=1
 *   NODE.sock    the node's control socket
 *   NODE/        its working directory; NODE/log is what it says
 *
 * A process is known by pid and start time together, never by a name, and signalled
 * through a pidfd. One thread; every function is 0 or -errno, and complains itself.
 */
#ifndef VVMD_VVMLAB_H
#define VVMD_VVMLAB_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LAB_ID   64
#define LAB_NODE 64 /* most octets of a node's name, with the end */

enum { LAB_REFUSED = 1, LAB_USAGE = 2 }; /* exits */

struct lab_options {
    const char *lab; /* ID, or NULL: the only one */
    bool json, foreground, help, version;
    unsigned timeout; /* seconds until all nodes must be ready */
    char **words;     /* of the command, after its name */
    int count;
};

struct lab {
    char id[LAB_ID];
    char path[PATH_MAX];
    int folder; /* descriptor, or -1 */
    int lock;   /* descriptor that holds the lock, or -1 */
};

/** One line on standard error, "vvmlab: ...". */
void lab_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Print one JSON object, one line, on standard output, and give it back. */
void lab_print(json_t *object);
/** All that was printed goes out, or it is complained of. A reader that had enough is no failure. */
int lab_flush(void);

/* ---- vvmlab_folder.c ---- */

/** Make a lab's folder and lock it. `name` becomes part of the ID. */
int lab_make(struct lab *lab, const char *name);
/** Open the lab with that ID, or with NULL the only one. -ENOENT: there is none (not
 *  complained of), -EEXIST: several. */
int lab_open(struct lab *lab, const char *id);
/** IDs of all labs, sorted; the caller frees the strings and the array. */
int lab_list(char ***ids, unsigned *count);
void lab_list_free(char **ids, unsigned count);
/** Close the descriptors; the lab stays. */
void lab_close(struct lab *lab);
/** Remove the folder and all in it, and the folders above if they are ours and empty.
 *  What is gone already is right. */
int lab_remove(struct lab *lab);
/** Remove the folder of all labs, and the one above if it is ours: only if they are empty. */
void lab_remove_root(void);
/** Read .lab.json (a new reference); NULL: there is none, or it is damaged. */
json_t *lab_description(const struct lab *lab);
/** Write a small file of the lab's folder: beside, then renamed. */
int lab_write(const struct lab *lab, const char *name, const char *text);
/** Read one, at most room - 1 octets. Length or -errno. */
ssize_t lab_read(const struct lab *lab, const char *name, char *text, size_t room);
/** Path of a node's control socket. -ENAMETOOLONG. */
int lab_socket(const struct lab *lab, const char *node, char *path, size_t room);
/** A name that can be a node's folder. */
bool lab_node_name_valid(const char *name);

/* ---- vvmlab_process.c ---- */

struct lab_process {
    pid_t pid;
    uint64_t start; /* ticks since boot */
};

/** Write the record of this process into the lab's folder. */
int lab_record(const struct lab *lab, const char *name);
/** Is the process of the record alive? Its description is in *process even if it is not. */
bool lab_alive(const struct lab *lab, const char *name, struct lab_process *process);
/** Seconds since the process began. */
double lab_process_age(const struct lab_process *process);
/** End all that belongs to the lab, TERM first, KILL after a bounded time, and remove the
 *  folder. The lock of `lab` is given up. -EBUSY: something would not end; nothing is removed. */
int lab_take_down(struct lab *lab);
/** The last line of a node's log, printable; empty if there is none. */
void lab_last_line(const struct lab *lab, const char *node, char *line, size_t room);

/* ---- the commands; each returns the exit status ---- */

int lab_up(const struct lab_options *options);     /* vvmlab_up.c */
int lab_down(const struct lab_options *options);   /* vvmlab.c */
int lab_names(const struct lab_options *options);  /* vvmlab_show.c */
int lab_status(const struct lab_options *options); /* vvmlab_show.c */
int lab_exec(const struct lab_options *options);   /* vvmlab_show.c */
int lab_ledger(const struct lab_options *options); /* vvmlab_ledger.c */

/* ---- for those (vvmlab_show.c) ---- */

/** As lab_open, with .lab.json (a new reference). 0, or the exit status, complained of. */
int lab_open_described(struct lab *lab, const char *id, json_t **description);
/** The data of a node's answer to a verb without arguments (a new reference), or NULL
 *  with one line in `why`. */
json_t *lab_ask(const struct lab *lab, const char *node, const char *verb, char *why, size_t room);
/** A text of a JSON object; "" if there is none. */
const char *lab_text(const json_t *object, const char *key);

#endif
