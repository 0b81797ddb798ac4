/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command_load.c - VMlets come and go on a running router: load, replace, unload, reap.
 *
 * The client reads the file, since the router may run as somebody else; its octets come in
 * the request. What they import is looked for beside the file, if the router may read
 * there, and in the folders of its configuration. Each is one transaction: refused, it has
 * changed nothing, and the packets never stop.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "control_parts.h"
#include "engine/load.h"
#include "engine/vmlet.h"

static json_t *name_text(const struct vvm_vmlet *vmlet)
{
    const char *name = symbol_name(vmlet->name);

    return json_text(name, strlen(name));
}

/* ---- load and replace ---- */

/* What is told of a VMlet that is loaded now; what it printed comes first. */
static int tell_loaded(struct control *control, const struct vvm_vmlet *vmlet, json_t **data)
{
    json_t *output = json_object_get(*data, "output"), *told;

    told = json_pack("{s:o, s:I, s:I, s:i}", "vmlet", name_text(vmlet), "version", (json_int_t)vmlet->version,
                     "generation", (json_int_t)control->router->node->current->number, "waiting",
                     (int)control->waiting);
    if (told && json_string_length(output)) json_object_set(told, "output", output);
    json_decref(*data);
    *data = told;
    return told ? 0 : -ENOMEM;
}

static int load(struct control *control, const json_t *arguments, bool replace, json_t **data, char *why,
                size_t room)
{
    const json_t *file = json_object_get(arguments, "file"), *text = json_object_get(file, "octets");
    const char *name = json_string_value(json_object_get(file, "name"));
    struct vvm_vmlet *vmlet = NULL;
    uint8_t *octets;
    size_t length = 0;
    int err;

    if (!name) return snprintf(why, room, "which file? give the path of a source or an image"), -EINVAL;
    octets = base64_octets(json_string_value(text), json_string_length(text), &length);
    if (!octets) return snprintf(why, room, "%.200s: \"octets\" is no base64", name), -EINVAL;
    if (length > CONTROL_FILE) {
        snprintf(why, room, "%.200s: a VMlet has at most %u octets", name, CONTROL_FILE);
        err = -EFBIG;
    } else {
        err = command_load_octets(control, name, octets, length, replace, &vmlet, data, why, room);
    }
    free(octets);
    return err ? err : tell_loaded(control, vmlet, data);
}

int command_load(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    return load(control, arguments, false, data, why, room);
}

int command_replace(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    return load(control, arguments, true, data, why, room);
}

/* ---- unload ---- */

static json_t *all_names(const struct vvm_node *node)
{
    const struct vvm_vmlet *v;
    json_t *names = json_array();

    for (v = node->vmlets; v; v = v->next) json_array_append_new(names, name_text(v));
    return names;
}

/* Those of `before` that are not loaded now. */
static json_t *gone_of(const struct vvm_node *node, const json_t *before)
{
    json_t *gone = json_array(), *name;
    size_t i;

    json_array_foreach(before, i, name)
    {
        const struct vvm_vmlet *v = node->vmlets;

        while (v && strcmp(symbol_name(v->name), json_string_value(name)) != 0) v = v->next;
        if (!v) json_array_append(gone, name);
    }
    return gone;
}

int command_unload(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    const char *name = json_string_value(json_object_get(arguments, "name"));
    bool cascade = json_is_true(json_object_get(arguments, "cascade"));
    struct vvm_node *node = control->router->node;
    uint64_t before = node->current->number;
    json_t *names;
    int err;

    if (!name) return snprintf(why, room, "which VMlet? see vmlets"), -EINVAL;
    names = all_names(node);
    err = vmlet_unload(&node->control, intern(node, name), cascade);
    if (err) json_decref(command_explain(&node->control, why, room));
    control_changed(control, before);
    if (!err)
        *data = json_pack("{s:o, s:I, s:i}", "unloaded", gone_of(node, names), "generation",
                          (json_int_t)node->current->number, "waiting", (int)control->waiting);
    json_decref(names);
    if (err) return -ECANCELED;
    return *data ? 0 : -ENOMEM;
}

/* ---- reap ---- */

int command_reap(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    (void)arguments, (void)why, (void)room;
    control_changed(control, control->router->node->current->number);
    *data = json_pack("{s:i}", "waiting", (int)control->waiting);
    return *data ? 0 : -ENOMEM;
}
