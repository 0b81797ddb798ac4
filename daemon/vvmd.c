/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmd.c - the router daemon: replay a capture through the loaded VMlets, record what
 * they send, print where every packet went.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "engine/load.h"
#include "options.h"
#include "report.h"

#ifndef VVM_VERSION
#define VVM_VERSION "unknown"
#endif

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };

struct daemon {
    struct settings settings;
    struct router router;
    struct worker worker;
    int signals; /* descriptor */
};

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
    va_list arguments;

    fputs("vvmd: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ---- start ---- */

static int open_port(struct daemon *daemon)
{
    const struct settings *settings = &daemon->settings;
    struct port_options options = {.name = settings->read_path,
                                   .read_path = settings->read_path,
                                   .write_path = settings->write_path,
                                   .mtu = settings->mtu};
    const char *slash = strrchr(settings->read_path, '/');
    struct port *port;
    int err;

    if (slash && slash[1]) options.name = slash + 1;
    err = router_add_port(&daemon->router, &port_pcap_file, &options, &port);
    if (err) complain("port %s: %s", options.name, port ? port->why : "too many ports");
    return err;
}

static int add_addresses(struct daemon *daemon)
{
    const struct option_prefixes *list = &daemon->settings.addresses;
    unsigned i;
    int err = 0;

    for (i = 0; i < list->count && !err; i++)
        err = router_add_address(&daemon->router, list->items[i].address, list->items[i].length);
    if (err) complain("too many addresses: give at most %d", ROUTER_ADDRESSES);
    return err;
}

static int load_vmlets(struct daemon *daemon)
{
    struct vvm_context *control = &daemon->router.node->control;
    struct vvm_vmlet *vmlet;
    unsigned i;

    for (i = 0; i < daemon->settings.file_count; i++) {
        int err = load_file(control, daemon->settings.files[i], &vmlet);

        if (!err) continue;
        if (control->pending.kind == PENDING_NONE)
            complain("%s: %s", daemon->settings.files[i], strerror(-err));
        else print_pending(control, stderr);
        return err;
    }
    return 0;
}

/* One route told to the VMlet that keeps them; hop 0 means: on the link. */
static int tell_route(struct daemon *daemon, const struct option_prefix *prefix)
{
    uint32_t mask = prefix->length == 0 ? 0 : UINT32_MAX << (32 - prefix->length);
    int64_t arguments[] = {prefix->address & mask, prefix->length, 0, prefix->hop};
    int err = router_tell(&daemon->router, "route-add!", arguments, 4);

    if (err == -EINVAL) print_pending(&daemon->router.node->control, stderr);
    return err;
}

static int tell_routes(struct daemon *daemon)
{
    const struct option_prefixes *addresses = &daemon->settings.addresses, *routes = &daemon->settings.routes;
    unsigned i;
    int err = 0;

    for (i = 0; i < addresses->count && !err; i++)
        if (addresses->items[i].has_length) err = tell_route(daemon, &addresses->items[i]);
    if (err == -ENOENT) err = 0; /* nobody here routes */
    for (i = 0; i < routes->count && !err; i++) err = tell_route(daemon, &routes->items[i]);
    if (err == -ENOENT) complain("option --route: no loaded VMlet keeps routes: name route.vml too");
    return err;
}

/* ---- run ---- */

static int watch_signals(struct daemon *daemon)
{
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &stop, NULL)) return -errno;
    daemon->signals = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
    return daemon->signals < 0 ? -errno : 0;
}

static bool stopped(const struct daemon *daemon)
{
    struct signalfd_siginfo info;

    return read(daemon->signals, &info, sizeof info) == sizeof info;
}

/* Until the capture ends, the port breaks or a signal asks to stop. */
static int run(struct daemon *daemon)
{
    int frames;

    do frames = worker_step(&daemon->worker);
    while (frames >= 0 && !stopped(daemon));
    if (frames == -ENODATA) return 0;
    if (frames < 0) {
        complain("port %s: %s", daemon->worker.broken->name, daemon->worker.broken->why);
        return frames;
    }
    complain("stopped by a signal before the end of %s", daemon->worker.router->ports[0].name);
    return -EINTR;
}

static int account(struct daemon *daemon)
{
    struct readings readings;
    const char *record = daemon->settings.write_path;
    FILE *to = record && strcmp(record, "-") == 0 ? stderr : stdout;
    int64_t balance = 0, held;
    int err = registry_read(&readings, &daemon->router, NULL);

    if (err) {
        complain("ledger: %s", strerror(-err));
        return err;
    }
    if (daemon->settings.json) report_json(to, &readings, NULL);
    else report_table(to, &readings);
    readings_find(&readings, "ledger/balance", &balance);
    held = report_held(&readings);
    readings_free(&readings);
    if (balance != 0) {
        complain("ledger: in - out is %lld, not 0: packets were lost or counted twice; please report it",
                 (long long)balance);
        return -EPROTO;
    }
    if (held != 0) {
        complain("ledger: %lld packets are still held at the end; please report it", (long long)held);
        return -EPROTO;
    }
    if (fflush(to) == 0) return 0;
    complain("standard output: %s: the ledger was not printed whole", strerror(errno));
    return -EIO;
}

static int replay(struct daemon *daemon)
{
    int err = worker_open(&daemon->worker, &daemon->router), balance;

    if (err) {
        complain("worker: %s", strerror(-err));
        return err;
    }
    err = run(daemon);
    worker_close(&daemon->worker);
    balance = account(daemon);
    return err ? err : balance;
}

static int serve(struct daemon *daemon)
{
    char why[256] = "";
    int err = router_open(&daemon->router, "replay", true, daemon->settings.path), closing;

    if (err) {
        complain("node: %s", strerror(-err));
        return err;
    }
    err = add_addresses(daemon);
    if (!err) err = load_vmlets(daemon);
    if (!err) err = tell_routes(daemon);
    if (!err) err = open_port(daemon); /* last: what is refused before leaves an older record as it is */
    if (!err) err = watch_signals(daemon);
    if (!err) err = replay(daemon);
    closing = router_close(&daemon->router, why);
    if (closing) complain("%s", why);
    return err ? err : closing;
}

int main(int argc, char **argv)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    char why[256];
    int err;

    if (!daemon) return EXIT_REFUSED;
    daemon->signals = -1;
    err = options_parse(&daemon->settings, argc, argv, why, sizeof why);
    if (err) {
        complain("%s", why);
    } else if (daemon->settings.help) {
        options_help(stdout);
    } else if (daemon->settings.version) {
        printf("vvmd %s\n", VVM_VERSION);
    } else {
        err = serve(daemon) ? -EPERM : 0;
    }
    if (daemon->signals >= 0) close(daemon->signals);
    free(daemon);
    return err == 0 ? EXIT_SUCCESS : err == -EINVAL ? EXIT_USAGE : EXIT_REFUSED;
}
