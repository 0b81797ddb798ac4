/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - open everything in order, wait for what happens, close it in the order in
 * which nothing is lost: sockets, the worker thread, workers, ports, ledger, nodes.
 */
#include "serve.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "complain.h"
#include "control.h"
#include "report.h"
#include "start.h"
#include "task.h"

enum { WHY_ROOM = 4096, EVENTS = 16 };

/* A node that runs. */
struct served {
    const struct config_node *node;
    struct router router;
    struct control control;
    struct control_server *server; /* NULL: no control socket */
    char log_prefix[48];
    bool open;
};

struct daemon {
    const struct settings *settings;
    struct task task;
    struct cable_box *cables;
    struct served *served;
    unsigned served_count;
    struct runtime *runtime;
    int epoll, signals;
    bool stopped; /* by a signal */
    char why[WHY_ROOM];
};

/* Who speaks: a replay has no name to give. */
static const char *speaker(const struct daemon *daemon, const struct router *router)
{
    return daemon->task.replay ? NULL : router->name;
}

/* ---- signals ---- */

/* Until a control socket is made there is nothing to clean up. */
static void leave_at_once(int signal)
{
    (void)signal;
    _exit(EXIT_SUCCESS);
}

/* Who starts us in the background may have had SIGINT ignored for us; whoever sends it by
 * name means it. A hang-up that is ignored is meant to be. */
static void stop_signals(sigset_t *set)
{
    struct sigaction hangup;

    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN) sigaddset(set, SIGHUP);
}

/* A replay that is interrupted before it begins is no success: the system ends it. */
static void expect_signals(bool replay)
{
    static const int all[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction leave = {.sa_handler = leave_at_once};
    sigset_t set;
    unsigned i;

    signal(SIGPIPE, SIG_IGN);
    stop_signals(&set);
    for (i = 0; !replay && i < sizeof all / sizeof *all; i++)
        if (sigismember(&set, all[i])) sigaction(all[i], &leave, NULL);
}

static int take_signals(struct daemon *daemon)
{
    sigset_t set;

    stop_signals(&set);
    if (sigprocmask(SIG_BLOCK, &set, NULL)) return -errno;
    daemon->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return daemon->signals < 0 ? -errno : 0;
}

static bool signalled(const struct daemon *daemon)
{
    struct signalfd_siginfo info;

    return read(daemon->signals, &info, sizeof info) == sizeof info;
}

/* ---- start ---- */

static int start_node(struct daemon *daemon, const struct config_node *node, bool check_only)
{
    struct served *served = &daemon->served[daemon->served_count];
    bool replay = daemon->task.replay;
    int err = start_router(&served->router, daemon->task.config, node, replay, check_only, daemon->cables,
                           daemon->why, sizeof daemon->why);

    if (err) {
        complain(replay ? NULL : node->name, "%s", daemon->why);
        return err;
    }
    served->node = node;
    served->open = true;
    daemon->served_count++;
    if (replay) return 0;
    snprintf(served->log_prefix, sizeof served->log_prefix, "vvmd %s: ", node->name);
    served->router.log_prefix = served->log_prefix;
    return 0;
}

static int start_nodes(struct daemon *daemon)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < daemon->task.node_count && !err; i++)
        err = start_node(daemon, daemon->task.nodes[i], daemon->settings->check);
    for (i = 0; i < daemon->served_count && !err && daemon->settings->check; i++)
        printf("%s: node %s: good\n", daemon->task.config->file, daemon->served[i].node->name);
    return err;
}

static int open_runtime(struct daemon *daemon)
{
    struct router *routers[TASK_NODES];
    unsigned i;
    int err;

    static_assert(TASK_NODES <= RUNTIME_ROUTERS, "one runtime for all of them");
    for (i = 0; i < daemon->served_count; i++) routers[i] = &daemon->served[i].router;
    err = runtime_open(&daemon->runtime, routers, daemon->served_count);
    if (err) complain(NULL, "the worker cannot be made: %s", strerror(-err));
    return err;
}

static int open_socket(struct daemon *daemon, struct served *served)
{
    const char *wanted = daemon->settings->control ? daemon->settings->control : served->node->control_path;
    char path[256];
    int err = 0;

    if (wanted && strcmp(wanted, "none") == 0) return 0;
    if (wanted) err = snprintf(path, sizeof path, "%s", wanted) < (int)sizeof path ? 0 : -ENAMETOOLONG;
    else err = control_default_path(served->node->name, path, sizeof path);
    snprintf(daemon->why, sizeof daemon->why, "control socket: %s", strerror(-err));
    served->control = (struct control){
        .router = &served->router, .runtime = daemon->runtime, .started = served->router.opened};
    if (!err)
        err = control_open(&served->server, &served->control, path, served->node->control_mode, daemon->why,
                           sizeof daemon->why);
    if (err) complain(served->node->name, "%s", daemon->why);
    return err;
}

static int open_sockets(struct daemon *daemon)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < daemon->served_count && !daemon->task.replay && !err; i++)
        err = open_socket(daemon, &daemon->served[i]);
    return err;
}

/* ---- what happens ---- */

static int watch(struct daemon *daemon, int descriptor, void *who)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};

    return epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, descriptor, &event) ? -errno : 0;
}

static int watch_all(struct daemon *daemon)
{
    unsigned i;
    int err;

    daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (daemon->epoll < 0) return -errno;
    err = watch(daemon, daemon->signals, &daemon->signals);
    if (!err) err = watch(daemon, runtime_descriptor(daemon->runtime), daemon->runtime);
    for (i = 0; i < daemon->served_count && !err; i++)
        if (daemon->served[i].server)
            err = watch(daemon, control_descriptor(daemon->served[i].server), &daemon->served[i]);
    return err;
}

/* 1: to leave, 0: to go on; -errno: a port is broken. */
static int heed_runtime(struct daemon *daemon)
{
    const struct router *router;
    const struct port *port;
    int state = runtime_state(daemon->runtime, &router, &port);

    if (state == 0) return 0;
    if (state != -ENODATA) {
        complain(speaker(daemon, router), "port %s: %s", port->name, port->why);
        return state;
    }
    if (daemon->task.replay || daemon->settings->exit_at_end) return 1;
    epoll_ctl(daemon->epoll, EPOLL_CTL_DEL, runtime_descriptor(daemon->runtime), NULL);
    return 0;
}

static int heed_signal(struct daemon *daemon)
{
    int state = heed_runtime(daemon); /* what has ended is not interrupted */

    if (state != 0 || !signalled(daemon)) return state;
    daemon->stopped = true;
    return 1;
}

static int heed(struct daemon *daemon, void *who)
{
    if (who == &daemon->signals) return heed_signal(daemon);
    if (who == daemon->runtime) return heed_runtime(daemon);
    control_serve(((struct served *)who)->server);
    return 0;
}

static int wait_for_end(struct daemon *daemon)
{
    struct epoll_event events[EVENTS];
    int result = 0;

    while (result == 0) {
        int i, n = epoll_wait(daemon->epoll, events, EVENTS, -1);

        if (n < 0 && errno != EINTR) return -errno;
        for (i = 0; i < n && result == 0; i++) result = heed(daemon, events[i].data.ptr);
    }
    return result < 0 ? result : 0;
}

static int run(struct daemon *daemon)
{
    int err = runtime_start(daemon->runtime);

    if (err) {
        complain(NULL, "the worker's thread: %s", strerror(-err));
        return err;
    }
    if (notify_manager("READY=1")) complain(NULL, "the service manager cannot be told that all is ready");
    err = wait_for_end(daemon);
    notify_manager("STOPPING=1");
    if (err || !daemon->stopped || !daemon->task.replay) return err;
    complain(NULL, "stopped by a signal before the end of %s", daemon->served[0].router.ports[0].name);
    return -EINTR;
}

/* ---- the end ---- */

static int print_ledger(struct daemon *daemon, const struct router *router, const struct readings *readings)
{
    FILE *to = task_uses_output(&daemon->task) ? stderr : stdout;
    const char *name = speaker(daemon, router);

    if (daemon->settings->json) {
        report_json(to, readings, name);
    } else {
        if (name) fprintf(to, "%snode %s\n", router == &daemon->served[0].router ? "" : "\n", name);
        report_table(to, readings);
    }
    if (fflush(to) == 0 && !ferror(to)) return 0;
    complain(name, "standard output: %s: the ledger was not printed whole", strerror(errno));
    return -EIO;
}

/* Its ports are closed: every packet has come to an end. */
static int account(struct daemon *daemon, struct router *router)
{
    struct readings readings;
    int64_t balance = 0, held;
    int err = registry_read(&readings, router, NULL);

    if (err) {
        complain(speaker(daemon, router), "ledger: %s", strerror(-err));
        return err;
    }
    if (daemon->task.replay || daemon->settings->ledger) err = print_ledger(daemon, router, &readings);
    readings_find(&readings, "ledger/balance", &balance);
    held = report_held(&readings);
    readings_free(&readings);
    if (balance == 0 && held == 0) return err;
    if (balance)
        complain(speaker(daemon, router),
                 "ledger: in - out is %lld, not 0: packets were lost or counted twice; please report it",
                 (long long)balance);
    else
        complain(speaker(daemon, router), "ledger: %lld packets are still held at the end; please report it",
                 (long long)held);
    return -EPROTO;
}

static int close_node(struct daemon *daemon, struct served *served, bool ran)
{
    int err = router_close_ports(&served->router, daemon->why), accounts = 0;

    if (err) complain(speaker(daemon, &served->router), "%s", daemon->why);
    if (ran) held_drop(served->router.node);
    if (ran) accounts = account(daemon, &served->router);
    router_close(&served->router, daemon->why);
    return err ? err : accounts;
}

static int close_all(struct daemon *daemon, bool ran)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < daemon->served_count; i++)
        if (daemon->served[i].server) control_close(daemon->served[i].server);
    runtime_close(daemon->runtime);
    for (i = 0; i < daemon->served_count; i++) {
        int result = close_node(daemon, &daemon->served[i], ran);

        if (!err) err = result;
    }
    cable_box_close(daemon->cables);
    if (daemon->epoll >= 0) close(daemon->epoll);
    if (daemon->signals >= 0) close(daemon->signals);
    free(daemon->served);
    task_close(&daemon->task);
    return err;
}

/* ---- all of it ---- */

static int open_task(struct daemon *daemon)
{
    int err = task_open(&daemon->task, daemon->settings, daemon->why, sizeof daemon->why);

    if (!err && !daemon->settings->check)
        err = task_check_ports(&daemon->task, daemon->why, sizeof daemon->why);
    if (err) complain(NULL, "%s", daemon->why);
    if (err) return err;
    daemon->served = calloc(daemon->task.node_count, sizeof *daemon->served);
    if (!daemon->served || cable_box_open(&daemon->cables)) {
        complain(NULL, "out of memory");
        return -ENOMEM;
    }
    return 0;
}

static int open_rest(struct daemon *daemon)
{
    int err = take_signals(daemon);

    if (err) complain(NULL, "signals: %s", strerror(-err));
    if (!err) err = open_runtime(daemon);
    if (!err) err = open_sockets(daemon);
    if (err) return err;
    err = watch_all(daemon);
    if (err) complain(NULL, "epoll: %s", strerror(-err));
    return err;
}

static int serve_nodes(struct daemon *daemon)
{
    bool check = daemon->settings->check, ran = false;
    int err = open_task(daemon), closing;

    if (!err) err = start_nodes(daemon);
    if (!err && !check) err = open_rest(daemon);
    if (!err && !check) {
        ran = true;
        err = run(daemon);
    }
    closing = close_all(daemon, ran);
    return err ? err : closing;
}

int serve(const struct settings *settings)
{
    struct daemon *daemon;
    int err;

    if (settings->control && settings->nodes.count > 1 && strcmp(settings->control, "none") != 0) {
        complain(NULL, "option --control: one path for %u nodes: give paths in the file, or run one node",
                 settings->nodes.count);
        return EXIT_USAGE;
    }
    daemon = calloc(1, sizeof *daemon);
    if (!daemon) return EXIT_FAILURE;
    daemon->settings = settings;
    daemon->epoll = daemon->signals = -1;
    expect_signals(!settings->config_path);
    err = serve_nodes(daemon);
    free(daemon);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
