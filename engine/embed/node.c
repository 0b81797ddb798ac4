/* SPDX-License-Identifier: Apache-2.0 */
/* node.c - vvm.h: opening and closing nodes, and what went wrong last. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../policy.h"
#include "../table/table.h"
#include "embed.h"

#define PACKET_OCTETS     2048u
#define PACKET_OCTETS_MAX 65536u
#define PACKETS           64u
#define PACKETS_MAX       65536u

const char *vvm_version(void) { return VVM_VERSION; }

/* ---- options -------------------------------------------------------------------------- */

/* What a newer program says that this library does not know must say nothing. */
static bool is_zero_from(const void *structure, size_t from, size_t to)
{
    const uint8_t *octets = structure;
    for (; from < to; from++)
        if (octets[from]) return false;
    return true;
}

static int read_options(const struct vvm_node_options *given, struct vvm_node_options *own)
{
    *own = (struct vvm_node_options){0};
    if (given) {
        if (given->size < sizeof given->size) return -EINVAL;
        if (given->size > sizeof *own && !is_zero_from(given, sizeof *own, given->size)) return -E2BIG;
        memcpy(own, given, given->size < sizeof *own ? given->size : sizeof *own);
    }
    own->size = sizeof *own;
    if (!own->packet_octets) own->packet_octets = PACKET_OCTETS;
    if (!own->packets) own->packets = PACKETS;
    if (own->packet_octets > PACKET_OCTETS_MAX || own->packets > PACKETS_MAX) return -EINVAL;
    return own->address_count && !own->addresses ? -EINVAL : 0;
}

/* Copies of what the options point to, so that the application need not keep it. */
static int own_options(struct vvm_node_options *own)
{
    const uint32_t *addresses = own->addresses;
    const char *path = own->path;
    size_t count = own->address_count;
    own->addresses = NULL;
    own->path = NULL;
    if (path && !(own->path = strdup(path))) return -ENOMEM;
    if (!count) return 0;
    uint32_t *copy = calloc(count, sizeof *copy);
    if (!copy) return -ENOMEM;
    memcpy(copy, addresses, count * sizeof *copy);
    own->addresses = copy;
    return 0;
}

/* ---- texts ---------------------------------------------------------------------------- */

static char no_memory[] = "out of memory";

static void set_error(struct vvm_embedding *e, char *text)
{
    if (e->error != no_memory) free(e->error);
    if (text) {
        size_t length = strlen(text);
        while (length && text[length - 1] == '\n') text[--length] = 0;
    }
    e->error = text ? text : no_memory;
}

/* ---- nodes ---------------------------------------------------------------------------- */

static int open_machine(struct vvm_embedding *e)
{
    const struct vvm_node_options *o = &e->options;
    struct vvm_options options = {.heap_limit = o->heap_limit,
                                  .load_fuel = o->load_fuel,
                                  .clock = o->clock,
                                  .clock_data = o->data,
                                  .output = o->output,
                                  .seed = o->seed,
                                  .path = o->path};
    int err = node_open(&options, &e->node);
    if (err) return err;
    e->node->embedding = e->first = e;
    e->world = &e->node->world;
    e->world->host = e;
    e->world->host_ops = &embed_host_ops;
    return 0;
}

int embed_new(const struct vvm_node_options *options, struct vvm_embedding **out)
{
    struct vvm_embedding *e = calloc(1, sizeof *e);
    if (!e) return -ENOMEM;
    int err = read_options(options, &e->options);
    if (err) {
        free(e); /* it owns nothing yet */
        return err;
    }
    err = own_options(&e->options);
    if (err) vvm_node_close(e);
    else *out = e;
    return err;
}

int vvm_node_open(const struct vvm_node_options *options, vvm_node **node)
{
    struct vvm_embedding *e;
    int err = embed_new(options, &e);
    if (err) return err;
    err = open_machine(e);
    if (err) vvm_node_close(e);
    else *node = e;
    return err;
}

/* A world beside the machine's own: no context runs in it any more. */
static void leave_machine(struct vvm_embedding *e)
{
    if (e->first) e->first->beside--;
    table_view_close(e->own.view);
    ledger_close(&e->own);
}

void vvm_node_close(vvm_node *node)
{
    if (!node) return;
    assert(!node->beside); /* they come first */
    if (node->first == node) node_close(node->node);
    else leave_machine(node);
    provided_close(node->provided);
    policy_free(node->policy);
    free((void *)node->options.addresses);
    free((void *)node->options.path);
    set_error(node, NULL);
    free(node);
}

void *vvm_node_data(const vvm_node *node) { return node->options.data; }

/* ---- nodes beside others ------------------------------------------------------------------ */

static int open_world(struct vvm_embedding *e)
{
    e->own = (struct vvm_world){
        .host = e, .host_ops = &embed_host_ops, .clock = e->options.clock, .clock_data = e->options.data};
    e->world = &e->own;
    int err = ledger_open(&e->own);
    if (!err) e->own.view = table_view_stand(e->node, e->own.ledger);
    return e->own.view || err ? err : -ENOMEM;
}

int vvm_node_open_beside(vvm_node *first, const struct vvm_node_options *options, vvm_node **node)
{
    struct vvm_embedding *e;
    first = first->first;
    int err = embed_new(options, &e);
    if (err) return embed_refused(first, err, "the options of a node: %s", strerror(-err));
    e->first = first;
    e->node = first->node;
    first->beside++;
    err = open_world(e);
    if (err) vvm_node_close(e);
    else *node = e;
    return embed_failed(first, err);
}

/* ---- what went wrong -------------------------------------------------------------------- */

int embed_failed(struct vvm_embedding *e, int err)
{
    char *text = NULL;
    size_t length;
    if (!err) return 0;
    if (e->node->control.pending.kind == PENDING_NONE) return embed_refused(e, err, "%s", strerror(-err));
    FILE *f = open_memstream(&text, &length);
    if (f) {
        print_pending(&e->node->control, f);
        fclose(f);
    }
    set_error(e, text);
    return err;
}

int embed_refused(struct vvm_embedding *e, int err, const char *format, ...)
{
    char *text;
    va_list list;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) text = NULL;
    va_end(list);
    set_error(e, text);
    return err;
}

const char *vvm_error(const vvm_node *node) { return node->error ? node->error : ""; }
