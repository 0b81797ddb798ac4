/* SPDX-License-Identifier: Apache-2.0 */
/* control_path.c - where a node's control socket is, for both ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"

/* In a folder that anybody may write to, somebody else may have made ours before us. */
static int check_owner(const char *folder)
{
    struct stat s;

    if (lstat(folder, &s)) return errno == ENOENT ? 0 : -errno;
    return S_ISDIR(s.st_mode) && s.st_uid == geteuid() ? 0 : -EPERM;
}

static bool valid_name(const char *node) { return *node && *node != '.' && !strchr(node, '/'); }

int control_default_path(const char *node, char *path, size_t room)
{
    const char *run = getenv("VVM_RUN_DIR"), *session = getenv("XDG_RUNTIME_DIR");
    char folder[32];
    int n, err = 0;

    if (!valid_name(node)) return -EINVAL;
    snprintf(folder, sizeof folder, "/tmp/vvmd-%u", (unsigned)geteuid());
    if (run && *run) n = snprintf(path, room, "%s/%s.sock", run, node);
    else if (geteuid() == 0) n = snprintf(path, room, "/run/vvmd/%s.sock", node);
    else if (session && *session) n = snprintf(path, room, "%s/vvmd/%s.sock", session, node);
    else {
        err = check_owner(folder);
        n = snprintf(path, room, "%s/%s.sock", folder, node);
    }
    if (err) return err;
    return n > 0 && (size_t)n < room ? 0 : -ENAMETOOLONG;
}
