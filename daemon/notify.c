/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.c - tell the service manager how we are: one datagram to the Unix socket that
 * $NOTIFY_SOCKET names, a path or, after an @, an abstract name.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

int notify_manager(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = name ? strlen(name) : 0;
    int descriptor, err = 0;

    if (length == 0) return 0;
    if (length >= sizeof address.sun_path || (*name != '/' && *name != '@')) return -EINVAL;
    memcpy(address.sun_path, name, length);
    if (*name == '@') address.sun_path[0] = '\0'; /* such a name has no end but the address's */
    descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    if (sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
        err = -errno;
    close(descriptor);
    return err;
}
