/* SPDX-License-Identifier: Apache-2.0 */
/* vvmlab_start.h - what `vvmlab up` knows while it starts a lab; for its two files only. */
#ifndef VVMD_VVMLAB_START_H
#define VVMD_VVMLAB_START_H

#include <signal.h>
#include <sys/resource.h>

#include "config.h"
#include "vvmlab.h"

struct launched {
    pid_t pid; /* 0: not started, or ended */
    bool ready;
};

struct line_end {
    int descriptor; /* -1: the file gives this link addresses */
    uint16_t port;
};

struct start {
    const struct lab_options *options;
    struct lab lab;
    struct config *config;
    char file[PATH_MAX], vvmd[PATH_MAX]; /* absolute */
    struct launched *nodes;
    unsigned ready, running;
    struct line_end (*lines)[2]; /* of every link */
    int signals, notify;         /* descriptors */
    sigset_t mask;               /* as we found it */
    struct rlimit files;         /* as we found it */
};

/** Sockets for the links, folders of the nodes, the socket for READY=1, .lab.json. */
int start_prepare(struct start *start);
/** Close the sockets of the links. */
void start_close_lines(struct start *start);
/** Start one node's vvmd. */
int start_launch(struct start *start, unsigned node);

static inline const char *node_name(const struct start *start, unsigned node)
{
    return start->config->nodes[node].name;
}

#endif
