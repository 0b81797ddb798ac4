/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - a whole file, part after part: what later parts need is read before them,
 * whatever the order of the file. All memory is one region.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config_key.h"

/* ---- the top of the file ---- */

/* The top is not stored by offset: its parts wait for one another. */
static int leave(struct config_reader *reader, void *object, const struct tree *value)
{
    (void)reader;
    (void)object;
    (void)value;
    return 0;
}

static int read_folder(struct config_reader *reader, void *object, const struct tree *value)
{
    const char **folders = object; /* joined so far */
    const char *text, *folder;
    char joined[CONFIG_PATH];
    int err = config_scalar(reader, value, &text), length;

    if (!err) err = config_input_path(reader, value, &folder);
    if (err) return err;
    if (strchr(folder, ':'))
        return config_refuse(reader, config_place(value),
                             "\"%s\" has a colon, which parts folders; name a folder without one",
                             SHOW(text));
    length = snprintf(joined, sizeof joined, "%s%s%s", *folders ? *folders : "", *folders ? ":" : "", folder);
    if (length < 0 || (size_t)length >= sizeof joined)
        return config_refuse(reader, config_place(value),
                             "the path is longer than %d octets; name fewer folders", CONFIG_PATH - 1);
    *folders = region_text(reader->config->region, joined, (size_t)length);
    return *folders ? 0 : config_no_memory(reader);
}

static int read_path(struct config_reader *reader, void *object, const struct tree *value)
{
    struct config *config = object;

    return config_read_list(reader, value, CONFIG_FOLDERS, read_folder, &config->path);
}

static int read_routing(struct config_reader *reader, void *object, const struct tree *value)
{
    static const char *const words[] = {"none", "shortest", NULL};
    unsigned choice;
    int err = config_read_choice(reader, value, words, &choice);

    (void)object;
    if (!err) reader->shortest = choice == 1;
    return err;
}

static int read_defaults(struct config_reader *reader, void *object, const struct tree *value)
{
    (void)object;
    reader->defaults = value;
    return config_check_map(reader, value, &config_node_table, NULL);
}

static const struct config_key file_keys[] = {
    {.name = "name",
     .kind = KEY_NAME,
     .offset = offsetof(struct config, name),
     .help = "of the network, for people and for the testbed's folder"},
    {.name = "path",
     .read = read_path,
     .help = "folders where VMlets are looked for, from the folder of this file"},
    {.name = "routing",
     .read = read_routing,
     .help = "shortest: every node gets routes to all addresses and networks of this file; none"},
    {.name = "defaults", .read = read_defaults, .help = "any key of a node, for nodes that lack it"},
    {.name = "nodes", .read = leave, .required = true, .help = "NAME: { addresses: [A], ... } lines"},
    {.name = "links", .read = leave, .help = "list of { ends: [NODE, NODE], ... }"},
};
const struct config_table config_file_table = CONFIG_TABLE("file", "a configuration", file_keys);

const struct config_table *const config_tables[] = {
    &config_file_table,
    &config_node_table,
    &config_control_table,
    &config_port_table,
    &config_link_table,
    &config_route_table,
    NULL,
};

/* ---- all parts ---- */

static int compute_routes(struct config_reader *reader, const struct tree *root)
{
    int err = reader->shortest ? routing_compute(reader->config) : 0;

    if (err == -E2BIG)
        return config_refuse(
            reader, config_key_place(tree_child(root, "routing")),
            "routing: more than %d routes would be made; use fewer nodes or addresses, or none",
            CONFIG_COMPUTED);
    return err ? config_no_memory(reader) : 0;
}

static int read_parts(struct config_reader *reader, const struct tree *root)
{
    const struct tree *nodes = tree_child(root, "nodes"), *links = tree_child(root, "links");
    int err = config_check_map(reader, root, &config_file_table, NULL);

    if (!err) err = config_read_keys(reader, root, &config_file_table, reader->config);
    if (!err && !reader->config->name) reader->config->name = "net";
    if (!err) err = config_read_nodes(reader, nodes);
    if (!err && links) err = config_read_links(reader, links);
    if (!err) err = config_join_cables(reader);
    if (!err) err = config_read_all_routes(reader, nodes);
    if (!err) err = config_check_clashes(reader);
    if (!err) err = config_add_networks(reader);
    return err ? err : compute_routes(reader, root);
}

/* ---- files ---- */

static int open_config(struct config **config, const char *name)
{
    struct region *region = region_open();
    struct config *made = region ? region_alloc(region, sizeof *made) : NULL;

    if (made) made->file = region_text(region, name, strlen(name));
    if (made && made->file) {
        made->region = region;
        *config = made;
        return 0;
    }
    region_close(region);
    return -ENOMEM;
}

/* "net/line4.yaml" is in "net/". */
static int read_tree(struct config_reader *reader, const struct tree_file *file)
{
    struct config *config = reader->config;
    const char *slash = strrchr(config->file, '/');

    reader->folder = region_text(config->region, config->file,
                                 slash ? (size_t)(slash + 1 - config->file) : 0);
    return reader->folder ? read_parts(reader, tree_root(file)) : config_no_memory(reader);
}

static int finish(struct config **config, const struct tree_file *file, char *why, size_t room)
{
    struct config_reader reader = {.why = why, .room = room};
    int err = open_config(&reader.config, tree_name(file));

    if (err) {
        snprintf(why, room, "%.200s: out of memory", tree_name(file));
        return err;
    }
    err = read_tree(&reader, file);
    if (err) config_free(reader.config);
    else *config = reader.config;
    return err;
}

int config_parse(struct config **config, const char *name, const char *octets, size_t length, char *why,
                 size_t room)
{
    struct tree_file *file;
    int err = tree_parse(&file, name, octets, length, why, room);

    if (err) return err;
    err = finish(config, file, why, room);
    tree_free(file);
    return err;
}

int config_read(struct config **config, const char *path, char *why, size_t room)
{
    struct tree_file *file;
    int err = tree_read(&file, path, why, room);

    if (err) return err;
    err = finish(config, file, why, room);
    tree_free(file);
    return err;
}

void config_free(struct config *config)
{
    if (config) region_close(config->region);
}

/* ---- nodes by name ---- */

static const char *nearest_node(const struct config *config, const char *name)
{
    struct nearest nearest = {.word = name};
    unsigned i;

    for (i = 0; i < config->node_count; i++) nearest_try(&nearest, config->nodes[i].name);
    return nearest.best;
}

static int node_number(const struct config *config, const char *name)
{
    unsigned i;

    for (i = 0; i < config->node_count; i++)
        if (strcmp(config->nodes[i].name, name) == 0) return (int)i;
    return -ENOENT;
}

int config_find_node(const struct config *config, const char *name, char *why, size_t room)
{
    int node = node_number(config, name);

    if (node < 0)
        snprintf(why, room, "%.200s: there is no node %s; the nearest is %s", config->file, SHOW(name),
                 nearest_node(config, name));
    return node;
}

int config_node_called(struct config_reader *reader, const char *name, struct config_place place,
                       unsigned *node)
{
    int number = node_number(reader->config, name);

    if (number < 0)
        return config_refuse(reader, place, "there is no node \"%s\"; the nearest is %s", SHOW(name),
                             nearest_node(reader->config, name));
    *node = (unsigned)number;
    return 0;
}
