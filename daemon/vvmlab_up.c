/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmlab_up.c - start every node of a configuration, all or nothing.
 *
 * The lab is up when every vvmd said READY=1; until then any failure and any signal
 * takes down what was made.
 */
#include "vvmlab_start.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- before anything is made ---- */

/* From here on a signal is something to be read, not the end of us. */
static int watch_signals(struct start *start)
{
    static const int stop[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD};
    sigset_t set;
    unsigned i;

    sigemptyset(&set);
    for (i = 0; i < sizeof stop / sizeof *stop; i++) {
        /* A shell may have SIGINT ignored for what runs in the background; nohup means it. */
        if (signal(stop[i], SIG_DFL) == SIG_IGN && stop[i] == SIGHUP) signal(SIGHUP, SIG_IGN);
        else sigaddset(&set, stop[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, &start->mask)) return -errno;
    start->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return start->signals < 0 ? -errno : 0;
}

/* vvmd stands beside vvmlab. */
static int find_vvmd(char *path, size_t room)
{
    ssize_t n = readlink("/proc/self/exe", path, room - 8);
    char *slash;

    if (n < 0) return -errno;
    path[n] = '\0';
    slash = strrchr(path, '/');
    snprintf(slash ? slash + 1 : path, 8, "vvmd");
    if (access(path, X_OK) == 0) return 0;
    lab_complain("%s: %s: vvmlab starts the vvmd that stands beside it", path, strerror(errno));
    return -errno;
}

static int read_file(struct start *start)
{
    const char *file = start->options->words[0];
    char why[512];
    unsigned node;

    if (!realpath(file, start->file)) {
        lab_complain("%s: %s", file, strerror(errno));
        return -errno;
    }
    if (config_read(&start->config, file, why, sizeof why)) {
        lab_complain("%s", why);
        return -EINVAL;
    }
    for (node = 0; node < start->config->node_count; node++) {
        if (lab_node_name_valid(node_name(start, node))) continue;
        lab_complain("%s:%u: node \"%.60s\": a lab needs names of letters, digits, - and _, at most %d", file,
                     start->config->nodes[node].place.line, node_name(start, node), LAB_NODE - 1);
        return -EINVAL;
    }
    start->nodes = calloc(start->config->node_count + 1, sizeof *start->nodes);
    start->lines = calloc(start->config->link_count + 1, sizeof *start->lines);
    if (start->nodes && start->lines) return 0;
    lab_complain("%s: no memory for %u nodes", file, start->config->node_count);
    return -ENOMEM;
}

/* ---- what happens meanwhile ---- */

static unsigned node_of(const struct start *start, pid_t pid)
{
    unsigned node;

    for (node = 0; node < start->config->node_count; node++)
        if (start->nodes[node].pid == pid) break;
    return node;
}

static void say_ended(const struct start *start, unsigned node, int status)
{
    char line[256], how[64];

    lab_last_line(&start->lab, node_name(start, node), line, sizeof line);
    if (WIFSIGNALED(status)) snprintf(how, sizeof how, "ended by signal %d", WTERMSIG(status));
    else snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(status));
    lab_complain("node %s %s%s%s", node_name(start, node), how, *line ? ": " : "", line);
}

/* How many nodes have ended since the last time. */
static unsigned reap(struct start *start)
{
    unsigned ended = 0;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        unsigned node = node_of(start, pid);

        if (node == start->config->node_count) continue;
        say_ended(start, node, status);
        start->nodes[node].pid = 0;
        start->running--;
        ended++;
    }
    return ended;
}

/* The signal that asks to stop, or 0. */
static int read_signals(struct start *start)
{
    struct signalfd_siginfo info;

    while (read(start->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGCHLD) return (int)info.ssi_signo;
    return 0;
}

static bool says_ready(const char *text)
{
    const char *at = strstr(text, "READY=1");

    return at && (at == text || at[-1] == '\n') && (at[7] == '\n' || at[7] == '\0');
}

/* READY=1 counts for the node whose process sent it, as the kernel knows. False: no more. */
static bool read_notify(struct start *start)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    char text[1024];
    struct iovec vector = {text, sizeof text - 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(start->notify, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *part = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
    struct ucred sender;
    unsigned node;

    if (n < 0) return false;
    text[n] = '\0';
    if (!part || part->cmsg_type != SCM_CREDENTIALS || !says_ready(text)) return true;
    memcpy(&sender, CMSG_DATA(part), sizeof sender);
    node = node_of(start, sender.pid);
    if (node < start->config->node_count && !start->nodes[node].ready) {
        start->nodes[node].ready = true;
        start->ready++;
    }
    return true;
}

/* Wait for something, at most so many milliseconds (-1: any). 0; -EINTR: asked to stop. */
static int look(struct start *start, int milliseconds, unsigned *ended)
{
    struct pollfd wait[] = {{.fd = start->signals, .events = POLLIN},
                            {.fd = start->notify, .events = POLLIN}};
    int asked;

    *ended = 0;
    if (poll(wait, 2, milliseconds) < 0 && errno != EINTR) return -errno;
    asked = read_signals(start);
    while (read_notify(start)) continue;
    *ended = reap(start);
    if (!asked) return 0;
    if (!start->options->foreground || start->ready < start->config->node_count)
        lab_complain("stopped by signal %d before all nodes were ready: everything is taken down", asked);
    return -EINTR;
}

static int milliseconds_left(const struct timespec *until)
{
    struct timespec now;
    long long left;

    clock_gettime(CLOCK_MONOTONIC, &now);
    left = (long long)(until->tv_sec - now.tv_sec) * 1000 + (until->tv_nsec - now.tv_nsec) / 1000000;
    return left < 0 ? 0 : (int)left;
}

static void say_late(const struct start *start)
{
    unsigned node;
    char line[256];

    for (node = 0; start->nodes[node].ready;) node++;
    lab_last_line(&start->lab, node_name(start, node), line, sizeof line);
    lab_complain("node %s was not ready in %u s%s%s: see --timeout", node_name(start, node),
                 start->options->timeout, *line ? ": " : "", line);
}

static int launch_all(struct start *start)
{
    unsigned node, ended;
    int err = 0;

    for (node = 0; node < start->config->node_count && !err; node++) {
        err = start_launch(start, node);
        if (!err) err = look(start, 0, &ended);
        if (!err && ended) err = -ECHILD;
    }
    return err;
}

static int wait_ready(struct start *start)
{
    struct timespec until;
    unsigned ended;
    int err;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += start->options->timeout;
    while (start->ready < start->config->node_count) {
        int left = milliseconds_left(&until);

        if (left == 0) {
            say_late(start);
            return -ETIMEDOUT;
        }
        err = look(start, left, &ended);
        if (err || ended) return err ? err : -ECHILD;
    }
    return 0;
}

/* ---- up ---- */

/* Who is not told where the lab is has none. */
static int say_up(const struct start *start)
{
    json_t *names;
    unsigned node;

    if (!start->options->json) {
        printf("%s is up: %u node%s, in %s\n", start->lab.id, start->config->node_count,
               start->config->node_count == 1 ? "" : "s", start->lab.path);
        return lab_flush();
    }
    names = json_array();
    for (node = 0; node < start->config->node_count; node++)
        json_array_append_new(names, json_string(node_name(start, node)));
    lab_print(json_pack("{s:i,s:s,s:s,s:s,s:o}", "v", 1, "lab", start->lab.id, "folder", start->lab.path,
                        "file", start->file, "nodes", names));
    return lab_flush();
}

/* Until a signal: 0. -ECHILD: nobody is left. */
static int stay(struct start *start)
{
    unsigned ended;
    int err = 0;

    while (!err && start->running) err = look(start, -1, &ended);
    return err == -EINTR ? 0 : err ? err : -ECHILD;
}

static int bring_up(struct start *start)
{
    int err = lab_record(&start->lab, ".launcher");

    if (err) lab_complain("%s: %s", start->lab.path, strerror(-err));
    if (!err) err = start_prepare(start);
    if (!err) err = launch_all(start);
    if (!err) err = wait_ready(start);
    if (!err) err = say_up(start);
    return err || !start->options->foreground ? err : stay(start);
}

static void start_close(struct start *start)
{
    if (start->config) start_close_lines(start);
    if (start->signals >= 0) close(start->signals);
    if (start->notify >= 0) close(start->notify);
    config_free(start->config);
    free(start->nodes);
    free(start->lines);
}

int lab_up(const struct lab_options *options)
{
    struct start start = {.options = options, .signals = -1, .notify = -1};
    int err = watch_signals(&start), down = 0;

    if (err) lab_complain("signals: %s", strerror(-err));
    if (!err) err = find_vvmd(start.vvmd, sizeof start.vvmd);
    if (!err) err = read_file(&start);
    if (!err) err = lab_make(&start.lab, start.config->name);
    if (!err) {
        err = bring_up(&start);
        if (err || options->foreground) down = lab_take_down(&start.lab);
        lab_close(&start.lab);
    }
    start_close(&start);
    return err || down ? LAB_REFUSED : EXIT_SUCCESS;
}
