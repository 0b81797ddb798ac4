/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.c - settings become a configuration and the list of its nodes that are to run. A
 * replay is a configuration of one node with one port, made here.
 */
#include "task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- a replay ---- */

static uint32_t network_of(const struct option_prefix *prefix)
{
    return prefix->length == 0 ? 0 : prefix->address & UINT32_MAX << (32 - prefix->length);
}

/* An address with a length: its network is on the link. That may go untold, what -R says may not. */
static int replay_addresses(struct config *config, struct config_node *node, const struct settings *settings)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < settings->addresses.count && !err; i++) {
        const struct option_prefix *own = &settings->addresses.items[i];
        struct config_prefix prefix = {own->address, own->length, own->has_length, {0}};

        err = config_add_address(config, node, &prefix);
    }
    for (i = 0; i < settings->addresses.count && !err; i++) {
        const struct option_prefix *own = &settings->addresses.items[i];
        struct config_route route = {.to = {network_of(own), own->length, true, {0}}};

        if (own->has_length) err = config_add_route(config, node, &route);
    }
    return err;
}

static int replay_routes(struct config *config, struct config_node *node, const struct settings *settings)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < settings->routes.count && !err; i++) {
        const struct option_prefix *to = &settings->routes.items[i];
        struct config_route route = {.to = {network_of(to), to->length, true, {0}},
                                     .via = to->hop,
                                     .place = {.column = 1}}; /* asked for: see start.c */

        err = config_add_route(config, node, &route);
    }
    return err;
}

static int replay_port(struct config *config, struct config_node *node, const struct settings *settings)
{
    const char *slash = strrchr(settings->read_path, '/');
    const char *name = slash && slash[1] ? slash + 1 : settings->read_path;
    struct config_port port = {.name = name,
                               .ops = &port_pcap_file,
                               .options = {.name = name,
                                           .read_path = settings->read_path,
                                           .write_path = settings->write_path,
                                           .mtu = settings->mtu}};

    return config_add_port(config, node, &port);
}

static int open_replay(struct task *task, const struct settings *settings, char *why, size_t room)
{
    struct config *config = task->config = config_single("replay");
    struct config_node *node;
    unsigned i;
    int err = config ? 0 : -ENOMEM;

    task->replay = true;
    node = config ? config->nodes : NULL;
    if (!err) err = replay_addresses(config, node, settings);
    if (!err) err = replay_routes(config, node, settings);
    if (!err) err = replay_port(config, node, settings);
    for (i = 0; i < settings->file_count && !err; i++)
        err = config_add_vmlet(config, node, settings->files[i]);
    if (err) snprintf(why, room, "too many settings: %s", strerror(-err));
    task->nodes[task->node_count++] = node;
    return err;
}

/* ---- a configuration file ---- */

static int set_transports(struct config *config, const struct settings *settings, char *why, size_t room)
{
    unsigned i;

    for (i = 0; i < settings->links.count; i++) {
        const struct option_link *o = &settings->links.items[i];
        int err = -ERANGE;

        if (o->link < config->link_count)
            err = config_set_transport(config, o->link, o->end, o->descriptor, &o->local, o->local_length,
                                       &o->peer, o->peer_length);
        if (!err) continue;
        if (err == -ERANGE)
            snprintf(why, room, "option --link %u.%u: there is no link %u: %.200s has %u, counted from 0",
                     o->link, o->end, o->link, config->file, config->link_count);
        else snprintf(why, room, "option --link %u.%u: %s", o->link, o->end, strerror(-err));
        return err;
    }
    return 0;
}

static int add_node(struct task *task, unsigned index, char *why, size_t room)
{
    if (task->node_count == TASK_NODES) {
        snprintf(why, room, "%.200s: more than %d nodes for one vvmd: name some with -n", task->config->file,
                 TASK_NODES);
        return -E2BIG;
    }
    task->nodes[task->node_count++] = &task->config->nodes[index];
    return 0;
}

static int choose_nodes(struct task *task, const struct settings *settings, char *why, size_t room)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < settings->nodes.count && !err; i++) {
        int index = config_find_node(task->config, settings->nodes.items[i], why, room);

        err = index < 0 ? index : add_node(task, (unsigned)index, why, room);
    }
    for (i = 0; settings->nodes.count == 0 && i < task->config->node_count && !err; i++)
        err = add_node(task, i, why, room);
    return err;
}

static int open_file(struct task *task, const struct settings *settings, char *why, size_t room)
{
    int err = config_read(&task->config, settings->config_path, why, room);

    if (!err) err = set_transports(task->config, settings, why, room);
    if (!err) err = choose_nodes(task, settings, why, room);
    return err;
}

/* ---- both ---- */

static int join_paths(struct task *task, const char *more)
{
    const char *own = task->config->path ? task->config->path : "";

    if (!more) return 0;
    if (asprintf(&task->path, "%s%s%s", own, *own ? ":" : "", more) < 0) {
        task->path = NULL;
        return -ENOMEM;
    }
    task->config->path = task->path;
    return 0;
}

int task_open(struct task *task, const struct settings *settings, char *why, size_t room)
{
    int err;

    *task = (struct task){0};
    why[0] = '\0';
    err = settings->config_path ? open_file(task, settings, why, room)
                                : open_replay(task, settings, why, room);
    if (!err) err = join_paths(task, settings->path);
    if (!err) return 0;
    if (!why[0]) snprintf(why, room, "%s", strerror(-err));
    task_close(task);
    return err;
}

void task_close(struct task *task)
{
    config_free(task->config);
    free(task->path);
    *task = (struct task){0};
}

/* ---- questions ---- */

static unsigned count_ends(const struct task *task, const char *cable)
{
    unsigned i, j, ends = 0;

    for (i = 0; i < task->node_count; i++)
        for (j = 0; j < task->nodes[i]->port_count; j++) {
            const char *name = task->nodes[i]->ports[j].cable;

            ends += name && strcmp(name, cable) == 0;
        }
    return ends;
}

static int check_cables(const struct task *task, char *why, size_t room)
{
    unsigned i, j;

    for (i = 0; i < task->node_count; i++)
        for (j = 0; j < task->nodes[i]->port_count; j++) {
            const struct config_port *port = &task->nodes[i]->ports[j];

            if (!port->cable || count_ends(task, port->cable) == 2) continue;
            snprintf(why, room,
                     "%.200s:%u:%u: node %.31s, port %.31s: the other end is not in this vvmd: run its node "
                     "here too (-n), or give the link addresses (udp: in the file, or --link)",
                     task->config->file, port->place.line, port->place.column, task->nodes[i]->name,
                     port->name);
            return -ENOTCONN;
        }
    return 0;
}

static bool records_output(const struct config_port *port)
{
    return port->options.write_path && strcmp(port->options.write_path, "-") == 0;
}

/* Two records that become one are none. */
static int check_output(const struct task *task, char *why, size_t room)
{
    unsigned i, j, users = 0;

    for (i = 0; i < task->node_count; i++)
        for (j = 0; j < task->nodes[i]->port_count; j++) {
            const struct config_port *port = &task->nodes[i]->ports[j];

            if (!records_output(port) || ++users == 1) continue;
            snprintf(
                why, room,
                "%.200s:%u:%u: node %.31s, port %.31s: another port records to standard output: record a "
                "file",
                task->config->file, port->place.line, port->place.column, task->nodes[i]->name, port->name);
            return -EBUSY;
        }
    return 0;
}

int task_check_ports(const struct task *task, char *why, size_t room)
{
    int err = check_cables(task, why, room);

    return err ? err : check_output(task, why, room);
}

bool task_uses_output(const struct task *task)
{
    unsigned i, j;

    for (i = 0; i < task->node_count; i++)
        for (j = 0; j < task->nodes[i]->port_count; j++)
            if (records_output(&task->nodes[i]->ports[j])) return true;
    return false;
}
