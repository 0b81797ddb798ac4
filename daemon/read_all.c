/* SPDX-License-Identifier: Apache-2.0 */
/* read_all.c - open without waiting, read with a limit. */
#include "read_all.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT 10000 /* milliseconds */

/* A FIFO that nobody writes into must not hold us: opened so, it is merely empty. */
static int open_input(const char *path)
{
    int descriptor = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                            : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return descriptor < 0 ? -errno : descriptor;
}

/* As read, but waits where read would say that nothing is there yet. */
static ssize_t read_some(int descriptor, char *to, size_t room)
{
    struct pollfd wait = {.fd = descriptor, .events = POLLIN};

    for (;;) {
        ssize_t n = read(descriptor, to, room);
        int ready;

        if (n >= 0) return n;
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return -errno;
        ready = poll(&wait, 1, WAIT);
        if (ready == 0) return -ETIMEDOUT;
        if (ready < 0 && errno != EINTR) return -errno;
    }
}

/* One octet more than allowed tells that there is more. */
static int read_to_end(int descriptor, size_t most, char *to, size_t *length)
{
    ssize_t n;

    *length = 0;
    do {
        n = read_some(descriptor, to + *length, most + 1 - *length);
        if (n < 0) return (int)n;
        *length += (size_t)n;
    } while (n > 0 && *length <= most);
    return *length > most ? -EFBIG : 0;
}

static void explain(const char *path, int err, size_t most, char *why, size_t room)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;

    if (err == -EISDIR) snprintf(why, room, "%.200s: is a folder; name a file in it", name);
    else if (err == -EFBIG)
        snprintf(why, room, "%.200s: larger than %zu octets; use a smaller file", name, most);
    else if (err == -ETIMEDOUT)
        snprintf(why, room, "%.200s: nothing came for %d s; see who writes into it", name, WAIT / 1000);
    else snprintf(why, room, "%.200s: %s; name a file that can be read", name, strerror(-err));
}

int read_all(const char *path, size_t most, char **octets, size_t *length, char *why, size_t room)
{
    int descriptor = open_input(path), err = descriptor < 0 ? descriptor : 0;
    char *buffer = NULL;

    if (!err) buffer = malloc(most + 1);
    if (!err && !buffer) err = -ENOMEM;
    if (!err) err = read_to_end(descriptor, most, buffer, length);
    if (descriptor >= 0) close(descriptor);
    if (!err) {
        *octets = buffer;
        return 0;
    }
    explain(path, err, most, why, room);
    free(buffer);
    return err;
}
