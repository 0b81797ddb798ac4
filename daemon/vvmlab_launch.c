/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmlab_launch.c - what a lab needs before its first process, and one process.
 *
 * Links that have no addresses get a bound socket at either end, which the two vvmd
 * inherit: no port number is chosen twice, and nothing that is sent before the other
 * end runs is lost.
 */
#include "vvmlab_start.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SPARE_FILES 64 /* descriptors beside those of the links */

/* ---- what is made before the first process ---- */

static int bind_line_end(struct line_end *end)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    end->descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (end->descriptor < 0) return -errno;
    if (bind(end->descriptor, (struct sockaddr *)&address, length)) return -errno;
    if (getsockname(end->descriptor, (struct sockaddr *)&address, &length)) return -errno;
    end->port = ntohs(address.sin_port);
    return 0;
}

/* As many descriptors as we may have; bind_lines says so if those are too few. */
static void raise_file_limit(struct start *start)
{
    struct rlimit more = {.rlim_cur = 0};

    if (getrlimit(RLIMIT_NOFILE, &start->files) == 0) more = start->files;
    if (more.rlim_cur >= 2 * start->config->link_count + SPARE_FILES) return;
    more.rlim_cur = more.rlim_max;
    if (more.rlim_max) setrlimit(RLIMIT_NOFILE, &more);
}

static int bind_lines(struct start *start)
{
    unsigned link;
    int err = 0;

    raise_file_limit(start);
    for (link = 0; link < start->config->link_count; link++)
        start->lines[link][0].descriptor = start->lines[link][1].descriptor = -1;
    for (link = 0; link < start->config->link_count && !err; link++) {
        if (start->config->links[link].has_transport) continue;
        err = bind_line_end(&start->lines[link][0]);
        if (!err) err = bind_line_end(&start->lines[link][1]);
    }
    if (err == -EMFILE) lab_complain("link %u: too many open files: raise the limit (ulimit -n)", link - 1);
    else if (err) lab_complain("link %u: a socket on 127.0.0.1: %s", link - 1, strerror(-err));
    return err;
}

void start_close_lines(struct start *start)
{
    unsigned link;

    for (link = 0; start->lines && link < start->config->link_count; link++) {
        if (start->lines[link][0].descriptor > 0) close(start->lines[link][0].descriptor);
        if (start->lines[link][1].descriptor > 0) close(start->lines[link][1].descriptor);
    }
}

static int open_notify(struct start *start)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int on = 1, n = snprintf(address.sun_path, sizeof address.sun_path, "%s/.notify", start->lab.path);

    if (n < 0 || (size_t)n >= sizeof address.sun_path) return -ENAMETOOLONG;
    start->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (start->notify < 0) return -errno;
    if (setsockopt(start->notify, SOL_SOCKET, SO_PASSCRED, &on, sizeof on)) return -errno;
    return bind(start->notify, (struct sockaddr *)&address, sizeof address) ? -errno : 0;
}

static int make_folders(struct start *start)
{
    char path[PATH_MAX];
    unsigned node;
    int err;

    for (node = 0; node < start->config->node_count; node++) {
        err = lab_socket(&start->lab, node_name(start, node), path, sizeof path);
        if (!err && mkdirat(start->lab.folder, node_name(start, node), 0700)) err = -errno;
        if (!err) continue;
        if (err == -ENAMETOOLONG)
            lab_complain(
                "node %s: the path of its socket would be too long: set VVM_RUN_DIR to a shorter folder",
                node_name(start, node));
        else lab_complain("node %s: its folder: %s", node_name(start, node), strerror(-err));
        return err;
    }
    return 0;
}

/* ---- .lab.json ---- */

/* What the port will be: the end of a link that got sockets from us is a udp port. */
static const char *port_kind(const struct start *start, unsigned node, unsigned port)
{
    unsigned link;
    int end;

    for (link = 0; link < start->config->link_count; link++)
        for (end = 0; end < 2; end++)
            if (start->config->links[link].node[end] == node && start->config->links[link].index[end] == port)
                return "udp";
    return start->config->nodes[node].ports[port].ops->kind;
}

static json_t *describe_node(const struct start *start, unsigned index)
{
    const struct config_node *node = &start->config->nodes[index];
    json_t *ports = json_array();
    unsigned i;

    for (i = 0; i < node->port_count; i++)
        json_array_append_new(
            ports, json_pack("{s:s,s:s}", "name", node->ports[i].name, "kind", port_kind(start, index, i)));
    return json_pack("{s:s,s:o}", "name", node->name, "ports", ports);
}

static json_t *describe_link(const struct start *start, unsigned index)
{
    const struct config_link *link = &start->config->links[index];
    const struct line_end *line = start->lines[index];
    json_t *ends = json_array();
    int end;

    for (end = 0; end < 2; end++)
        json_array_append_new(ends, json_pack("{s:s,s:s,s:i}", "node", node_name(start, link->node[end]),
                                              "port", link->port[end], "udp",
                                              line[end].descriptor < 0 ? 0 : line[end].port));
    return ends;
}

static int describe(struct start *start)
{
    json_t *nodes = json_array(), *links = json_array(), *whole;
    unsigned i;
    char *text;
    int err;

    for (i = 0; i < start->config->node_count; i++) json_array_append_new(nodes, describe_node(start, i));
    for (i = 0; i < start->config->link_count; i++) json_array_append_new(links, describe_link(start, i));
    whole = json_pack("{s:i,s:s,s:s,s:I,s:o,s:o}", "v", 1, "lab", start->lab.id, "file", start->file, "began",
                      (json_int_t)time(NULL), "nodes", nodes, "links", links);
    text = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
    err = text ? lab_write(&start->lab, ".lab.json", text) : -ENOMEM;
    free(text);
    json_decref(whole);
    return err;
}

int start_prepare(struct start *start)
{
    int err = bind_lines(start);

    if (!err) err = make_folders(start);
    if (err) return err; /* complained of */
    err = open_notify(start);
    if (!err) err = describe(start);
    if (err) lab_complain("%s: %s", start->lab.path, strerror(-err));
    return err;
}

/* ---- one process ---- */

#define LINK_TEXT 64

struct command_line {
    const char *words[8 + 2 * CONFIG_PORTS + 1];
    char links[CONFIG_PORTS][LINK_TEXT];
    char socket[PATH_MAX];
    unsigned count, link_count;
};

static int keep_open(int descriptor) { return fcntl(descriptor, F_SETFD, 0) ? -errno : 0; }

/* The ends of links that this node runs: the socket stays open, its number is told. */
static int add_links(const struct start *start, unsigned node, struct command_line *line)
{
    unsigned link;
    int end;

    for (link = 0; link < start->config->link_count; link++)
        for (end = 0; end < 2; end++) {
            const struct line_end *ends = start->lines[link];

            if (start->config->links[link].node[end] != node || ends[end].descriptor < 0) continue;
            if (line->link_count == CONFIG_PORTS || keep_open(ends[end].descriptor)) return -EINVAL;
            snprintf(line->links[line->link_count], LINK_TEXT, "%u.%d=fd:%d,127.0.0.1:%u", link, end,
                     ends[end].descriptor, ends[!end].port);
            line->words[line->count++] = "--link";
            line->words[line->count++] = line->links[line->link_count++];
        }
    return 0;
}

static int compose(const struct start *start, unsigned node, struct command_line *line)
{
    int err = lab_socket(&start->lab, node_name(start, node), line->socket, sizeof line->socket);

    line->words[line->count++] = "vvmd";
    line->words[line->count++] = "-c";
    line->words[line->count++] = start->file;
    line->words[line->count++] = "-n";
    line->words[line->count++] = node_name(start, node);
    line->words[line->count++] = "--control";
    line->words[line->count++] = line->socket;
    return err ? err : add_links(start, node, line);
}

/* Working directory, log, nothing to read, no terminal to be interrupted from. */
static int settle(const struct start *start, unsigned node)
{
    int folder = openat(start->lab.folder, node_name(start, node), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int log = folder < 0 ? -1 : openat(folder, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (log < 0 || nothing < 0 || fchdir(folder)) return -errno;
    if (dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) return -errno;
    setsid();
    return 0;
}

/* Options in the environment are for a vvmd that is started by hand: here the file decides. */
static void forget_options(void)
{
    char **entry = environ;

    while (*entry) {
        char name[64];

        snprintf(name, sizeof name, "%.*s", (int)strcspn(*entry, "="), *entry);
        if (strncmp(name, "VVMD_", 5) != 0 || !getenv(name) || unsetenv(name)) entry++;
    }
}

static int restore_file_limit(const struct start *start)
{
    return start->files.rlim_max ? setrlimit(RLIMIT_NOFILE, &start->files) : 0;
}

static int become_vvmd(const struct start *start, unsigned node)
{
    struct command_line line = {.count = 0};
    char record[LAB_NODE + 8], notify[PATH_MAX + 16];
    int err;

    snprintf(record, sizeof record, ".%s.pid", node_name(start, node));
    snprintf(notify, sizeof notify, "%s/.notify", start->lab.path);
    err = lab_record(&start->lab, record); /* before it can matter */
    if (!err) err = settle(start, node);
    if (!err) err = keep_open(start->lab.lock);
    if (!err) err = compose(start, node, &line);
    if (!err && (setenv("NOTIFY_SOCKET", notify, 1) || restore_file_limit(start))) err = -errno;
    if (err) return err;
    forget_options();
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &start->mask, NULL);
    execv(start->vvmd, (char *const *)line.words);
    return -errno;
}

int start_launch(struct start *start, unsigned node)
{
    pid_t pid = fork();

    if (pid < 0) {
        lab_complain("node %s: %s", node_name(start, node), strerror(errno));
        return -errno;
    }
    if (pid == 0) {
        int err = become_vvmd(start, node);

        lab_complain("node %s: %s cannot be started in its folder: %s", node_name(start, node), start->vvmd,
                     strerror(-err));
        _exit(127);
    }
    start->nodes[node].pid = pid;
    start->running++;
    return 0;
}
