/* SPDX-License-Identifier: Apache-2.0 */
/* vvmlab_show.c - list, status, exec: what there is, from its folder and its sockets. */
#include "vvmlab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

#define ANSWER_MILLISECONDS 3000

/* ---- one question to a node ---- */

json_t *lab_ask(const struct lab *lab, const char *node, const char *verb, char *why, size_t room)
{
    char path[PATH_MAX];
    struct client *client;
    json_t *reply = NULL, *data;

    if (lab_socket(lab, node, path, sizeof path)) {
        snprintf(why, room, "%s: too long for a socket", path);
        return NULL;
    }
    if (client_open(&client, path, ANSWER_MILLISECONDS, why, room)) return NULL;
    if (client_call(client, verb, NULL, &reply, why, room)) reply = NULL;
    client_close(client);
    data = json_incref(json_object_get(reply, "data"));
    if (reply && !data) {
        const char *error = json_string_value(json_object_get(reply, "error"));

        snprintf(why, room, "%s", error ? error : "the reply says nothing");
    }
    json_decref(reply);
    return data;
}

int lab_open_described(struct lab *lab, const char *id, json_t **description)
{
    int err = lab_open(lab, id);

    if (err == -ENOENT)
        lab_complain("no lab%s%s: vvmlab up FILE starts one, vvmlab list shows all", id ? " " : "",
                     id ? id : "");
    if (err) return err == -EEXIST ? LAB_USAGE : LAB_REFUSED;
    *description = lab_description(lab);
    if (*description) return 0;
    lab_complain("lab %s is being started, or never was whole: vvmlab --lab %s down takes it away", lab->id,
                 lab->id);
    lab_close(lab);
    return LAB_REFUSED;
}

const char *lab_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* ---- list ---- */

static unsigned count_alive(const struct lab *lab, const json_t *nodes)
{
    unsigned i, alive = 0;

    for (i = 0; i < json_array_size(nodes); i++) {
        struct lab_process process;
        char record[LAB_NODE + 8];

        snprintf(record, sizeof record, ".%.*s.pid", LAB_NODE, lab_text(json_array_get(nodes, i), "name"));
        alive += lab_alive(lab, record, &process);
    }
    return alive;
}

/* A line, or a member of the array. */
static void list_one(json_t *shown, const struct lab *lab)
{
    json_t *description = lab_description(lab), *nodes = json_object_get(description, "nodes");
    unsigned alive = count_alive(lab, nodes), all = (unsigned)json_array_size(nodes);
    const char *file = description ? lab_text(description, "file") : "(never whole)";

    if (shown)
        json_array_append_new(shown, json_pack("{s:s,s:s,s:s,s:i,s:i}", "lab", lab->id, "folder", lab->path,
                                               "file", file, "nodes", (int)all, "running", (int)alive));
    else printf("%-32s %4u of %-4u %s\n", lab->id, alive, all, file);
    json_decref(description);
}

int lab_names(const struct lab_options *options)
{
    char **ids;
    unsigned count, i;
    json_t *shown;

    if (lab_list(&ids, &count)) return LAB_REFUSED;
    shown = options->json ? json_array() : NULL;
    if (!options->json && count) printf("%-32s %-12s %s\n", "lab", "running", "file");
    for (i = 0; i < count; i++) {
        struct lab lab;

        if (lab_open(&lab, ids[i])) continue; /* gone meanwhile */
        list_one(shown, &lab);
        lab_close(&lab);
    }
    if (shown) lab_print(json_pack("{s:i,s:o}", "v", 1, "labs", shown));
    lab_list_free(ids, count);
    return EXIT_SUCCESS;
}

/* ---- status ---- */

struct node_state {
    const char *name, *state;
    struct lab_process process;
    double uptime;
    char ports[128];
    json_int_t balance;
    bool answered;
};

static void join_ports(const json_t *ports, char *text, size_t room)
{
    size_t used = 0;
    unsigned i;

    text[0] = '\0';
    for (i = 0; i < json_array_size(ports) && used < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%s", i ? "," : "",
                                 lab_text(json_array_get(ports, i), "name"));
}

static void look_at(const struct lab *lab, const json_t *node, struct node_state *state)
{
    char record[LAB_NODE + 8], why[512];
    json_t *readings;

    *state = (struct node_state){.name = lab_text(node, "name"), .state = "gone"};
    join_ports(json_object_get(node, "ports"), state->ports, sizeof state->ports);
    snprintf(record, sizeof record, ".%.*s.pid", LAB_NODE, state->name);
    if (!lab_alive(lab, record, &state->process)) return;
    state->uptime = lab_process_age(&state->process);
    readings = lab_ask(lab, state->name, "stats", why, sizeof why);
    state->state = readings ? "up" : "silent";
    state->answered = readings != NULL;
    state->balance = json_integer_value(json_object_get(readings, "ledger/balance"));
    json_decref(readings);
}

static json_t *state_object(const struct node_state *state, const json_t *node)
{
    json_t *object = json_pack("{s:s,s:i,s:s,s:f,s:O}", "node", state->name, "pid", (int)state->process.pid,
                               "state", state->state, "uptime", state->uptime, "ports",
                               json_object_get(node, "ports"));

    if (object && state->answered) json_object_set_new(object, "balance", json_integer(state->balance));
    return object;
}

static void state_line(const struct node_state *state)
{
    const char *balance = !state->answered ? "?" : state->balance ? "NO" : "yes";

    printf("%-12s %8d  %-7s %8.1f s  %8s  %s\n", state->name, (int)state->process.pid, state->state,
           state->uptime, balance, state->ports);
}

int lab_status(const struct lab_options *options)
{
    struct lab lab;
    json_t *description, *nodes, *shown = json_array();
    unsigned i, good = 0;
    int status = lab_open_described(&lab, options->lab, &description);

    if (status) {
        json_decref(shown);
        return status;
    }
    nodes = json_object_get(description, "nodes");
    if (!options->json)
        printf("lab %s of %s\n%-12s %8s  %-7s %8s    %8s  %s\n", lab.id, lab_text(description, "file"),
               "node", "pid", "state", "uptime", "balanced", "ports");
    for (i = 0; i < json_array_size(nodes); i++) {
        struct node_state state;

        look_at(&lab, json_array_get(nodes, i), &state);
        good += state.answered && state.balance == 0;
        if (options->json) json_array_append_new(shown, state_object(&state, json_array_get(nodes, i)));
        else state_line(&state);
    }
    if (options->json)
        lab_print(json_pack("{s:i,s:s,s:s,s:s,s:O,s:O}", "v", 1, "lab", lab.id, "folder", lab.path, "file",
                            lab_text(description, "file"), "nodes", shown, "links",
                            json_object_get(description, "links")));
    status = good == json_array_size(nodes) ? EXIT_SUCCESS : LAB_REFUSED;
    json_decref(shown);
    json_decref(description);
    lab_close(&lab);
    return status;
}

/* ---- exec ---- */

static bool has_node(const json_t *description, const char *name)
{
    const json_t *nodes = json_object_get(description, "nodes");
    unsigned i;

    for (i = 0; i < json_array_size(nodes); i++)
        if (strcmp(lab_text(json_array_get(nodes, i), "name"), name) == 0) return true;
    return false;
}

int lab_exec(const struct lab_options *options)
{
    const char *node = options->words[0];
    char path[PATH_MAX];
    struct lab lab;
    json_t *description;
    int status = lab_open_described(&lab, options->lab, &description);

    if (status) return status;
    if (!has_node(description, node)) {
        lab_complain("lab %s has no node \"%.60s\": vvmlab status shows all", lab.id, node);
        status = LAB_REFUSED;
    } else if (lab_socket(&lab, node, path, sizeof path) || setenv("VVM_NODE", node, 1) ||
               setenv("VVM_SOCKET", path, 1) || setenv("VVM_LAB", lab.id, 1)) {
        lab_complain("node %s: its environment cannot be set", node);
        status = LAB_REFUSED;
    }
    json_decref(description);
    lab_close(&lab);
    if (status) return status;
    execvp(options->words[1], options->words + 1);
    status = errno == ENOENT ? 127 : 126; /* as shells do */
    lab_complain("%s: %s", options->words[1], strerror(errno));
    return status;
}
