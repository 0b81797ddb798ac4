/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_listen.c - the control socket in the file system: made with its mode from the
 * start, never in the place of one that lives, removed again only if it is ours.
 *
 * Its folder is locked while we look whether somebody answers and take the name, so that
 * two daemons that start at one time do not take it from each other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control_parts.h"

enum { BACKLOG = 64, LOCK_TRIES = 100 /* of 10 ms */ };

_Static_assert(sizeof((struct control_listener *)0)->path == sizeof((struct sockaddr_un *)0)->sun_path,
               "a path that fits one fits the other");

__attribute__((format(printf, 4, 5))) static int refuse(int err, char *why, size_t room, const char *format,
                                                        ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(why, room, format, list);
    va_end(list);
    return err;
}

/* ---- the folder ---- */

static void folder_of(const char *path, char folder[108])
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    if (slash && length > 0) snprintf(folder, 108, "%.*s", (int)length, path);
    else snprintf(folder, 108, "%s", slash ? "/" : ".");
}

/* Whoever may write there may put another socket in our socket's place. */
static int check_folder(int descriptor, const char *folder, char *why, size_t room)
{
    struct stat s;

    if (fstat(descriptor, &s)) return refuse(-errno, why, room, "control %s: %s", folder, strerror(errno));
    if (s.st_uid != 0 && s.st_uid != geteuid())
        return refuse(-EPERM, why, room, "control %s: the folder is another user's: name one of your own",
                      folder);
    if ((s.st_mode & S_IWOTH) && !(s.st_mode & S_ISVTX))
        return refuse(-EPERM, why, room, "control %s: anybody may write into the folder: chmod o-w it",
                      folder);
    return 0;
}

static int lock_folder(int descriptor, const char *folder, char *why, size_t room)
{
    static const struct timespec pause = {.tv_nsec = 10000000};
    int i;

    for (i = 0; i < LOCK_TRIES; i++) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return 0;
        if (errno != EWOULDBLOCK && errno != EINTR) break;
        nanosleep(&pause, NULL);
    }
    return refuse(-EBUSY, why, room, "control %s: the folder is locked by another program: %s", folder,
                  strerror(errno));
}

/* The folder, made if it is missing, open and locked; or -errno. */
static int enter_folder(struct control_listener *listener, const char *folder, char *why, size_t room)
{
    int descriptor, err;

    listener->made_folder = mkdir(folder, 0700) == 0;
    if (!listener->made_folder && errno != EEXIST)
        return refuse(-errno, why, room, "control %s: the folder cannot be made: %s", folder,
                      strerror(errno));
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return refuse(-errno, why, room, "control %s: %s", folder, strerror(errno));
    err = check_folder(descriptor, folder, why, room);
    if (!err) err = lock_folder(descriptor, folder, why, room);
    if (!err) return descriptor;
    close(descriptor);
    return err;
}

/* ---- the name ---- */

/* What stands at the address: 0 nobody answers, 1 somebody does, or -errno. */
static int answers(const struct sockaddr_un *address)
{
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), result = 1;

    if (descriptor < 0) return -errno;
    if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) && errno != EAGAIN)
        result = errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
    close(descriptor);
    return result;
}

/* Make the name free, if what stands there is a socket that was left behind. */
static int clear_name(const struct sockaddr_un *address, char *why, size_t room)
{
    const char *path = address->sun_path;
    struct stat s;
    int live;

    if (lstat(path, &s)) {
        if (errno == ENOENT) return 0;
        return refuse(-errno, why, room, "control %s: %s", path, strerror(errno));
    }
    if (!S_ISSOCK(s.st_mode))
        return refuse(-EEXIST, why, room, "control %s: a file that is no socket stands there: name another",
                      path);
    live = answers(address);
    if (live == 1)
        return refuse(-EADDRINUSE, why, room,
                      "control %s: a router answers there already: stop it, or name another socket", path);
    if (live < 0)
        return refuse(live, why, room, "control %s: a socket that is not ours stands there: %s", path,
                      strerror(-live));
    if (unlink(path) == 0) return 0;
    return refuse(-errno, why, room, "control %s: an old socket cannot be removed: %s", path,
                  strerror(errno));
}

/* The socket file gets the mode of the descriptor less the umask, so it is never wider
 * than asked; what the umask took is given back before anybody can connect. */
static int bind_name(struct control_listener *listener, const struct sockaddr_un *address, unsigned mode)
{
    struct stat s;

    if (fchmod(listener->descriptor, mode)) return -errno;
    if (bind(listener->descriptor, (const struct sockaddr *)address, sizeof *address)) return -errno;
    if (lstat(address->sun_path, &s)) return -errno;
    listener->device = s.st_dev;
    listener->inode = s.st_ino;
    if ((s.st_mode & 07777) != mode && chmod(address->sun_path, mode)) return -errno;
    return listen(listener->descriptor, BACKLOG) ? -errno : 0;
}

static int listen_in(struct control_listener *listener, const struct sockaddr_un *address, unsigned mode,
                     char *why, size_t room)
{
    int err = clear_name(address, why, room);

    if (err) return err;
    listener->descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    err = listener->descriptor < 0 ? -errno : bind_name(listener, address, mode);
    return err ? refuse(err, why, room, "control %s: %s", address->sun_path, strerror(-err)) : 0;
}

int control_listen(struct control_listener *listener, const char *path, unsigned mode, char *why, size_t room)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[108];
    int lock, err;

    *listener = (struct control_listener){.descriptor = -1};
    if (!*path || strlen(path) >= sizeof address.sun_path)
        return refuse(-ENAMETOOLONG, why, room, "control \"%.60s\": write a path of 1 to %zu octets", path,
                      sizeof address.sun_path - 1);
    snprintf(listener->path, sizeof listener->path, "%s", path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    folder_of(path, folder);
    lock = enter_folder(listener, folder, why, room);
    err = lock < 0 ? lock : listen_in(listener, &address, mode ? mode : 0600, why, room);
    if (err) control_unlisten(listener);
    if (lock >= 0) close(lock);
    return err;
}

void control_unlisten(struct control_listener *listener)
{
    char folder[108];
    struct stat s;

    if (listener->inode && lstat(listener->path, &s) == 0 && s.st_dev == listener->device &&
        s.st_ino == listener->inode)
        unlink(listener->path);
    folder_of(listener->path, folder);
    if (listener->made_folder) rmdir(folder); /* stays if somebody else uses it */
    if (listener->descriptor >= 0) close(listener->descriptor);
    *listener = (struct control_listener){.descriptor = -1};
}
