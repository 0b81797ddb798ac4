/* SPDX-License-Identifier: Apache-2.0 */
/* task.h - what one vvmd has to run: nodes of a configuration, from its settings. */
#ifndef VVMD_TASK_H
#define VVMD_TASK_H

#include "config.h"
#include "options.h"

#define TASK_NODES OPTION_LIST

struct task {
    struct config *config;
    const struct config_node *nodes[TASK_NODES];
    unsigned node_count;
    bool replay; /* the configuration was made of the command line */
    char *path;  /* the configuration's folders and those of the settings */
};

/** Read the configuration file, or make one of a replay's options; the settings must live
 *  as long. 0, or -errno with one line in `why` (room >= 512): -EINVAL is wrong use. */
int task_open(struct task *task, const struct settings *settings, char *why, size_t room);
void task_close(struct task *task);
/** Both ends of every cable are among the nodes, and at most one port records to standard
 *  output. 0, or -ENOTCONN, -EBUSY with one line in `why`. */
int task_check_ports(const struct task *task, char *why, size_t room);
/** Does a port of these nodes record to standard output? */
bool task_uses_output(const struct task *task);

#endif
