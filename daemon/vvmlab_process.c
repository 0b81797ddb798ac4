/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmlab_process.c - the processes of a lab: records, and the end of all of them.
 *
 * A record is "PID START BOOT": the number of a process may be used again, together with
 * the time at which it began and the boot of the machine it is not. Signals go through
 * a pidfd that is opened before the record is compared, so nothing can come between.
 */
#include "vvmlab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TERM_SECONDS 5        /* to end by itself */
#define KILL_SECONDS 5        /* and then to be gone */
#define PAUSE        10000000 /* nanoseconds between two looks */

/* ---- /proc ---- */

static ssize_t read_text(const char *path, char *text, size_t room)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    text[0] = '\0';
    if (file < 0) return -errno;
    n = read(file, text, room - 1);
    close(file);
    if (n < 0) return -EIO;
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return n;
}

/* False: there is no such process, or it has ended and only waits to be noticed. */
static bool process_start(pid_t pid, uint64_t *start)
{
    char path[32], text[1024], state;
    const char *after;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_text(path, text, sizeof text) <= 0) return false;
    after = strrchr(text, ')'); /* the name of a program may hold anything */
    if (!after ||
        sscanf(after, ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64,
               &state, start) != 2)
        return false;
    return state != 'Z' && state != 'X';
}

static void boot_name(char *boot, size_t room)
{
    if (read_text("/proc/sys/kernel/random/boot_id", boot, room) <= 0) snprintf(boot, room, "unknown");
}

double lab_process_age(const struct lab_process *process)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9 -
           (double)process->start / (double)sysconf(_SC_CLK_TCK);
}

/* ---- records ---- */

int lab_record(const struct lab *lab, const char *name)
{
    char boot[64], text[128];
    uint64_t start;

    if (!process_start(getpid(), &start)) return -ESRCH;
    boot_name(boot, sizeof boot);
    snprintf(text, sizeof text, "%d %" PRIu64 " %s\n", (int)getpid(), start, boot);
    return lab_write(lab, name, text);
}

/* False: no record, or not one of this boot. */
static bool read_record(const struct lab *lab, const char *name, struct lab_process *process)
{
    char text[128], boot[64], written[64];
    int pid;

    *process = (struct lab_process){0};
    if (lab_read(lab, name, text, sizeof text) <= 0) return false;
    if (sscanf(text, "%d %" SCNu64 " %63s", &pid, &process->start, written) != 3 || pid <= 1) return false;
    process->pid = pid;
    boot_name(boot, sizeof boot);
    return strcmp(boot, written) == 0;
}

/* A descriptor of the very process that wrote the record, or -1: it is gone. */
static int open_process(const struct lab *lab, const char *name, struct lab_process *process)
{
    uint64_t start;
    int descriptor;

    if (!read_record(lab, name, process)) return -1;
    descriptor = pidfd_open(process->pid, 0);
    if (descriptor < 0) return -1;
    if (process_start(process->pid, &start) && start == process->start) return descriptor;
    close(descriptor);
    return -1;
}

bool lab_alive(const struct lab *lab, const char *name, struct lab_process *process)
{
    int descriptor = open_process(lab, name, process);

    if (descriptor < 0) return false;
    close(descriptor);
    return true;
}

static bool is_record(const char *name)
{
    size_t length = strlen(name);

    if (strcmp(name, ".launcher") == 0) return true;
    return name[0] == '.' && length > 5 && strcmp(name + length - 4, ".pid") == 0;
}

/* ---- the end ---- */

static void signal_one(const struct lab *lab, const char *name, int signal)
{
    struct lab_process process;
    int descriptor = open_process(lab, name, &process);

    if (descriptor < 0) return;
    if (process.pid != getpid()) pidfd_send_signal(descriptor, signal, NULL, 0);
    close(descriptor);
}

/* To every process that has a record now: more may come while `up` is still at it. */
static void signal_every(const struct lab *lab, int signal)
{
    int folder = openat(lab->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = folder < 0 ? NULL : fdopendir(folder);
    const struct dirent *entry;

    if (!stream) {
        if (folder >= 0) close(folder);
        return;
    }
    while ((entry = readdir(stream)))
        if (is_record(entry->d_name)) signal_one(lab, entry->d_name, signal);
    closedir(stream);
}

/* A launcher that still runs ends its nodes itself: it must not take their end for a failure. */
static void ask_to_end(const struct lab *lab)
{
    struct lab_process launcher;

    if (lab_alive(lab, ".launcher", &launcher) && launcher.pid != getpid())
        signal_one(lab, ".launcher", SIGTERM);
    else signal_every(lab, SIGTERM);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Own children that ended must not stay behind as zombies. */
static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
}

static int wait_all_gone(const struct lab *lab, int lock)
{
    double began = seconds();
    struct timespec pause = {0, PAUSE};

    while (flock(lock, LOCK_EX | LOCK_NB)) {
        double waited = seconds() - began;

        if (errno != EWOULDBLOCK && errno != EINTR) return -errno;
        if (waited > TERM_SECONDS + KILL_SECONDS) return -EBUSY;
        if (waited < TERM_SECONDS) ask_to_end(lab);
        else signal_every(lab, SIGKILL);
        nanosleep(&pause, NULL);
        reap();
    }
    reap();
    return 0;
}

int lab_take_down(struct lab *lab)
{
    int lock, err = 0;

    if (lab->lock >= 0) close(lab->lock);
    lab->lock = -1;
    lock = openat(lab->folder, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0 && errno != ENOENT) err = -errno; /* ENOENT: another one has removed the folder */
    if (lock >= 0) err = wait_all_gone(lab, lock);
    if (err)
        lab_complain("%s: %s: nothing is removed: its nodes, or what they started, hold the file .lock",
                     lab->path, strerror(-err));
    else err = lab_remove(lab);
    if (lock >= 0) close(lock);
    return err;
}

/* ---- what a node said ---- */

void lab_last_line(const struct lab *lab, const char *node, char *line, size_t room)
{
    char path[LAB_NODE + 8], text[4096], *at;
    int file;
    ssize_t n;

    line[0] = '\0';
    snprintf(path, sizeof path, "%s/log", node);
    file = openat(lab->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return;
    if (lseek(file, -(off_t)(sizeof text - 1), SEEK_END) < 0) lseek(file, 0, SEEK_SET);
    n = read(file, text, sizeof text - 1);
    close(file);
    while (n > 0 && text[n - 1] == '\n') n--;
    text[n < 0 ? 0 : n] = '\0';
    at = strrchr(text, '\n');
    snprintf(line, room, "%s", at ? at + 1 : text);
    for (at = line; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127) *at = '?';
}
