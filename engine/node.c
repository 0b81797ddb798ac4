/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.c - a node: everything that exists once per virtual router, in one struct.
 * Opening registers the primitives and loads the prelude as one transaction.
 */
#include "node.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "ast.h"
#include "authority.h"
#include "environment.h"
#include "generation.h"
#include "heap.h"
#include "packet.h"
#include "prelude.h"
#include "symbol.h"
#include "table/table.h"
#include "vmlet.h"
#include "wire/network.h"

#define DEFAULT_LOAD_FUEL INT64_C(1000000000000)
#define FILE_NAMES        256u

static_assert(FILE_NAMES - 1 <= UINT8_MAX, "a position has 8 bits for its file, 0 is none");
static_assert(sizeof((struct file_names *)0)->names / sizeof(char *) >= FILE_NAMES - 1, "room for them all");

static int set_options(struct vvm_node *node, const struct vvm_options *options)
{
    if (options) node->options = *options;
    if (node->options.load_fuel <= 0) node->options.load_fuel = DEFAULT_LOAD_FUEL;
    if (!node->options.output) node->options.output = stdout;
    node->world.clock = node->options.clock;
    node->world.clock_data = node->options.clock_data;
    if (node->options.seed) return 0;
    uint64_t *seed = &node->options.seed;
    if (getrandom(seed, sizeof *seed, 0) != (ssize_t)sizeof *seed) return -EIO;
    *seed |= 1;
    return 0;
}

static int open_core(struct vvm_node *node)
{
    vvm_value name = intern(node, "core");
    struct vvm_vmlet *core = name == VALUE_EXCEPTION ? NULL : vmlet_new(node, name);
    if (!core) return -ENOMEM;
    node->vmlets = core;
    node->core = core->environment;
    return 0;
}

/* The parts that need no other part's work, in the order in which they lean on each other. */
static int open_parts(struct vvm_node *node)
{
    int err = symbols_open(node);
    if (!err) err = heap_open(node);
    if (!err) err = primitive_index_open(node);
    if (!err) err = authority_open(node);
    if (!err) err = open_core(node);
    if (!err) err = ledger_open(&node->world);
    if (!err) err = wire_open(node);
    if (!err) err = generations_open(node);
    if (!err) err = context_open(&node->control, node, true);
    return err;
}

static int open_language(struct vvm_node *node)
{
    int err = generation_begin(node);
    if (!err) err = primitives_register_all(node);
    if (!err) err = expand_init(node);
    for (unsigned i = 0; i < prelude_count && !err; i++)
        err = load_prelude(&node->control, prelude_texts[i].name, prelude_texts[i].text,
                           prelude_texts[i].length);
    if (!err) authority_hide(node);
    if (!err) return generation_publish(node);
    generation_abandon(node);
    return err;
}

int node_open(const struct vvm_options *options, struct vvm_node **out)
{
    struct vvm_node *node = calloc(1, sizeof *node);
    if (!node) return -ENOMEM;
    int err = set_options(node, options);
    if (!err) err = open_parts(node);
    if (!err) {
        err = open_language(node);
        if (err && node->control.pending.kind != PENDING_NONE) print_pending(&node->control, stderr);
    }
    if (err) {
        node_close(node);
        return err;
    }
    assert(node->current && !node->candidate && !node->loading);
    *out = node;
    return 0;
}

static void free_vmlets(struct vvm_vmlet *list)
{
    while (list) {
        struct vvm_vmlet *next = list->next;
        vmlet_free(list);
        list = next;
    }
}

void node_close(struct vvm_node *node)
{
    if (!node) return;
    scratch_end(node);
    if (node->control.node) context_close(&node->control);
    generations_close(node);
    tables_close(node);
    wire_close(node);
    free_vmlets(node->leaving);
    free_vmlets(node->vmlets);
    authority_close(node);
    ledger_close(&node->world);
    primitive_index_close(node);
    signature_close(node);
    heap_close(node);
    symbols_close(node);
    for (unsigned i = 0; i < node->files.count; i++) free(node->files.names[i]);
    free(node);
}

uint64_t world_now(const struct vvm_world *world)
{
    struct timespec t;
    if (world->clock) return world->clock(world->clock_data);
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

uint64_t node_now(const struct vvm_node *node) { return world_now(&node->world); }

unsigned node_file(struct vvm_node *node, const char *name)
{
    struct file_names *files = &node->files;
    for (unsigned i = 0; i < files->count; i++)
        if (!strcmp(files->names[i], name)) return i + 1;
    if (files->count >= FILE_NAMES - 1) return 0;
    char *copy = strdup(name);
    if (!copy) return 0;
    files->names[files->count++] = copy;
    return files->count;
}

const char *node_file_name(const struct vvm_node *node, unsigned index)
{
    return index >= 1 && index <= node->files.count ? node->files.names[index - 1] : "?";
}
