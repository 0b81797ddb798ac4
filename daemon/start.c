/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start.c - from a node's configuration to a router that is ready to run, step by step;
 * whatever refuses, all of it is undone and one line says where, what, what to do.
 */
#include "start.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/authority.h"
#include "engine/load.h"
#include "policy_file.h"

/* ---- cables ---- */

struct cable {
    struct cable *next;
    struct link_cable *link;
    char name[];
};

struct cable_box {
    struct cable *first;
};

int cable_box_open(struct cable_box **box)
{
    *box = calloc(1, sizeof **box);
    return *box ? 0 : -ENOMEM;
}

void cable_box_close(struct cable_box *box)
{
    if (!box) return;
    while (box->first) {
        struct cable *cable = box->first;

        box->first = cable->next;
        link_cable_close(cable->link);
        free(cable);
    }
    free(box);
}

/* The cable of that name, made when it is asked for first. NULL: no memory. */
static struct link_cable *cable_named(struct cable_box *box, const char *name)
{
    size_t room = strlen(name) + 1;
    struct cable *cable;

    for (cable = box->first; cable; cable = cable->next)
        if (strcmp(cable->name, name) == 0) return cable->link;
    cable = calloc(1, sizeof *cable + room);
    if (!cable) return NULL;
    memcpy(cable->name, name, room);
    if (link_cable_open(&cable->link, 0)) {
        free(cable);
        return NULL;
    }
    cable->next = box->first;
    box->first = cable;
    return cable->link;
}

/* ---- what is said when something is refused ---- */

struct starting {
    struct router *router;
    const struct config *config;
    const struct config_node *node;
    struct cable_box *box;
    char *why;
    size_t room;
};

/* "FILE:LINE:COLUMN: " of a place in the configuration; nothing for the command line. */
static size_t put_place(const struct starting *s, struct config_place place)
{
    int used = 0;

    s->why[0] = '\0';
    if (s->config->file && place.line)
        used = snprintf(s->why, s->room, "%.200s:%u:%u: ", s->config->file, place.line, place.column);
    return used > 0 && (size_t)used < s->room ? (size_t)used : 0;
}

__attribute__((format(printf, 4, 5))) static int refuse(const struct starting *s, struct config_place place,
                                                        int err, const char *format, ...)
{
    size_t used = put_place(s, place);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(s->why + used, s->room - used, format, arguments);
    va_end(arguments);
    return err;
}

/* What the control context has to say, with its back-trace as far as there is room. */
static int refuse_pending(const struct starting *s, int err, const char *what)
{
    struct vvm_context *control = &s->router->node->control;
    size_t end;
    FILE *to;

    if (control->pending.kind == PENDING_NONE)
        return refuse(s, (struct config_place){0}, err, "%.200s: %s", what, strerror(-err));
    to = fmemopen(s->why, s->room, "w");
    if (!to) return refuse(s, (struct config_place){0}, err, "%.200s: refused", what);
    print_pending(control, to);
    fclose(to);
    s->why[s->room - 1] = '\0';
    end = strlen(s->why);
    if (end && s->why[end - 1] == '\n') s->why[end - 1] = '\0';
    return err;
}

/* ---- VMlets ---- */

static bool is_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* FOLDER/NAME.vml or FOLDER/NAME.vmi, if there is one. */
static bool in_folder(const char *folder, int length, const char *name, char *file, size_t room)
{
    static const char *const endings[] = {"vml", "vmi"};
    unsigned i;

    for (i = 0; i < 2; i++) {
        int used = snprintf(file, room, "%.*s/%s.%s", length, folder, name, endings[i]);

        if (used > 0 && (size_t)used < room && is_file(file)) return true;
    }
    return false;
}

int find_vmlet(const char *name, const char *path, char *file, size_t room)
{
    if (strpbrk(name, "/.")) { return (size_t)snprintf(file, room, "%s", name) < room ? 0 : -ENOENT; }
    while (path && *path) {
        size_t length = strcspn(path, ":");

        if (length && in_folder(path, (int)length, name, file, room)) return 0;
        path += length + (path[length] == ':');
    }
    return -ENOENT;
}

static int load_vmlet(const struct starting *s, const struct config_vmlet *vmlet)
{
    const struct load_parameters parameters = {vmlet->parameters, vmlet->parameter_count};
    char file[PATH_MAX];
    struct vvm_vmlet *loaded;
    int err = find_vmlet(vmlet->name, s->config->path, file, sizeof file);

    if (err)
        return refuse(s, vmlet->place, err,
                      "VMlet %.60s: no %.60s.vml or .vmi in %.150s: add its folder to the path", vmlet->name,
                      vmlet->name, s->config->path && *s->config->path ? s->config->path : "any folder");
    err = load_file_with(&s->router->node->control, file, false, &parameters, &loaded);
    return err ? refuse_pending(s, err, file) : 0;
}

/* Before anything is loaded: what may be. */
static int read_policy(const struct starting *s)
{
    int err = s->node->policy ? policy_read(&s->router->policy, s->node->policy, s->why, s->room) : 0;

    if (!err) authority_set_policy(s->router->node, s->router->policy);
    return err;
}

static int load_vmlets(const struct starting *s)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < s->node->vmlet_count && !err; i++) err = load_vmlet(s, &s->node->vmlets[i]);
    return err;
}

/* ---- what VMlets are told ---- */

/* -ENOENT: nobody wants to know. */
static int tell(const struct starting *s, const char *name, const int64_t *arguments, unsigned n)
{
    int err = router_tell(s->router, name, arguments, n);

    return err && err != -ENOENT ? refuse_pending(s, err, name) : err;
}

static int tell_addresses(const struct starting *s)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < s->node->address_count && !err; i++) {
        const struct config_prefix *own = &s->node->addresses[i];
        int64_t arguments[] = {own->address, own->length};

        err = tell(s, "address-add!", arguments, 2);
        if (err == -ENOENT) return 0;
    }
    return err;
}

/* Somebody asked for this route, by name: it must not be lost. The others follow from the
 * rest of the configuration. */
static bool is_asked_for(const struct config_route *route)
{
    return route->place.line || route->place.column;
}

static int tell_route(const struct starting *s, const struct config_route *route)
{
    uint32_t mask = route->to.length == 0 ? 0 : UINT32_MAX << (32 - route->to.length);
    int64_t arguments[] = {route->to.address & mask, route->to.length, route->port, route->via};
    int err = tell(s, "route-add!", arguments, 4);

    if (err != -ENOENT) return err;
    if (!is_asked_for(route)) return 0;
    return refuse(s, route->place, err, "%s: no loaded VMlet keeps routes: load route too",
                  route->place.line ? "a route" : "option --route");
}

static int tell_routes(const struct starting *s)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < s->node->route_count && !err; i++) err = tell_route(s, &s->node->routes[i]);
    return err;
}

static int tell_neighbours(const struct starting *s)
{
    unsigned device, i;
    int err = 0;

    for (device = 0; device < s->node->port_count; device++) {
        const struct config_port *port = &s->node->ports[device];

        for (i = 0; i < port->neighbour_count && !err; i++) {
            int64_t arguments[] = {device, port->neighbours[i]};

            err = tell(s, "neighbour-add!", arguments, 2);
            if (err == -ENOENT) return 0;
        }
    }
    return err;
}

/* ---- addresses and ports ---- */

static int add_addresses(const struct starting *s)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < s->node->address_count && !err; i++) {
        const struct config_prefix *own = &s->node->addresses[i];

        err = router_add_address(s->router, own->address, own->length);
        if (err) refuse(s, own->place, err, "too many addresses: give at most %d", ROUTER_ADDRESSES);
    }
    return err;
}

static int add_port(const struct starting *s, const struct config_port *config)
{
    struct port_options options = config->options;
    struct port *port;
    int err;

    if (config->cable) {
        options.cable = cable_named(s->box, config->cable);
        if (!options.cable)
            return refuse(s, config->place, -ENOMEM, "port %.60s: out of memory", config->name);
    }
    err = router_add_port(s->router, config->ops, &options, &port);
    if (!err) return 0;
    return refuse(s, config->place, err, "port %.60s: %s", config->name, port ? port->why : "too many ports");
}

static int add_ports(const struct starting *s)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < s->node->port_count && !err; i++) err = add_port(s, &s->node->ports[i]);
    return err;
}

/* ---- all of it ---- */

static int prepare(const struct starting *s, bool check_only)
{
    int err = add_addresses(s);

    if (!err) err = read_policy(s);
    if (!err) err = load_vmlets(s);
    if (!err) err = tell_addresses(s);
    if (!err) err = tell_routes(s);
    if (!err) err = tell_neighbours(s);
    if (!err && !check_only) err = add_ports(s); /* last: what is refused before touches nothing outside */
    return err;
}

int start_router(struct router *router, const struct config *config, const struct config_node *node,
                 bool virtual_time, bool check_only, struct cable_box *box, char *why, size_t room)
{
    struct starting s = {router, config, node, box, why, room};
    char closing[256];
    int err;

    assert(room >= 512);
    why[0] = '\0';
    err = router_open(router, node->name, virtual_time, config->path);
    if (err) return refuse(&s, node->place, err, "node %.60s: %s", node->name, strerror(-err));
    router->crew_size = node->workers;
    err = prepare(&s, check_only);
    if (err) router_close(router, closing);
    return err;
}
