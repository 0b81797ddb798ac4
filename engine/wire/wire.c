/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - what a node and its generations keep for networks: opening, closing,
 * copying, handles, and small helpers on the lists that macros hand over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../octets_access.h"
#include "state.h"

/* ---- node ------------------------------------------------------------------------- */

static int choose_key(const struct vvm_node *node, uint64_t key[2])
{
    if (node->options.seed) {
        key[0] = node->options.seed * UINT64_C(0x9e3779b97f4a7c15);
        key[1] = ~node->options.seed;
        return 0;
    }
    return getrandom(key, 16, 0) == 16 ? 0 : -EIO;
}

int wire_open(struct vvm_node *node)
{
    struct wire_state *wire = calloc(1, sizeof *wire);
    if (!wire) return -ENOMEM;
    int err = choose_key(node, wire->hash_key);
    if (err) {
        free(wire);
        return err;
    }
    wire->timers =
        (struct wire_set){.item.kind = WIRE_SET, .name = intern(node, "timers"), .handle = VALUE_FALSE};
    wire->expiries =
        (struct wire_set){.item.kind = WIRE_SET, .name = intern(node, "expiries"), .handle = VALUE_FALSE};
    wire->nowhere = (struct network){.item.kind = WIRE_NETWORK,
                                     .name = intern(node, "timer"),
                                     .handle = VALUE_FALSE,
                                     .layout = VALUE_FALSE,
                                     .selection = VALUE_NULL,
                                     .limits = {10000, 1000, 16u << 10, 2048}};
    node->wire = wire;
    return 0;
}

void wire_close(struct vvm_node *node)
{
    if (!node->wire) return;
    entries_close(node);
    items_sweep(node, UINT64_MAX); /* a number that no collection has */
    free(node->wire);
    node->wire = NULL;
}

/* ---- generations -------------------------------------------------------------------- */

/* A copy of an array with no room to spare; *out NULL when it is empty. */
static int copy_array(void *out, const void *from, size_t count, size_t size)
{
    void *copy = NULL;
    if (count) {
        copy = malloc(count * size);
        if (!copy) return -ENOMEM;
        memcpy(copy, from, count * size);
    }
    memcpy(out, &copy, sizeof copy);
    return 0;
}

static int copy_table(const struct match_table *from, struct match_table *to)
{
    int err = copy_array(&to->instructions, from->instructions, from->instruction_count,
                         sizeof *from->instructions);
    if (err) return err;
    to->instruction_count = from->instruction_count;
    err = copy_array(&to->members, from->members, from->member_count, sizeof *from->members);
    if (err) return err;
    to->member_count = from->member_count;
    err = copy_array(&to->arounds, from->arounds, from->around_count, sizeof *from->arounds);
    if (err) return err;
    to->around_count = from->around_count;
    err = copy_array(&to->clauses, from->clauses, from->clause_count, sizeof *from->clauses);
    if (err) return err;
    to->clause_count = from->clause_count;
    return set_index(to);
}

int wire_generation_copy(struct vvm_node *node, const struct vvm_generation *from, struct vvm_generation *to)
{
    (void)node;
    to->networks = NULL;
    to->network_count = 0;
    to->matches = calloc(1, sizeof *to->matches);
    if (!to->matches) return -ENOMEM;
    to->matches->tests = to->matches->primitives = to->matches->weavers = VALUE_NULL;
    if (!from || !from->matches) return 0;
    to->matches->tests = from->matches->tests;
    to->matches->primitives = from->matches->primitives;
    to->matches->weavers = from->matches->weavers;
    int err = copy_array(&to->networks, from->networks, from->network_count, sizeof *from->networks);
    if (!err) {
        to->network_count = from->network_count;
        err = copy_table(from->matches, to->matches);
    }
    if (err) wire_generation_free(to);
    return err;
}

void wire_generation_free(struct vvm_generation *generation)
{
    struct match_table *table = generation->matches;
    free(generation->networks);
    generation->networks = NULL;
    generation->network_count = 0;
    if (!table) return;
    free(table->clauses);
    free(table->instructions);
    free(table->members);
    free(table->arounds);
    free(table->index);
    free(table->entries);
    free(table);
    generation->matches = NULL;
}

struct vvm_generation *wire_candidate(struct vvm_context *ctx, const char *what)
{
    struct vvm_generation *g = ctx->packet_profile ? NULL : ctx->node->candidate;
    if (!g || !g->matches) {
        raise_message(ctx, ERROR_PROFILE, VALUE_DEFAULT, "%s: only while a VMlet is loaded", what);
        return NULL;
    }
    if (context_in_test(ctx)) {
        raise_message(ctx, ERROR_PROFILE, VALUE_DEFAULT, "%s: not in a test", what);
        return NULL;
    }
    g->checked = false;
    return g;
}

const struct vvm_generation *wire_generation(const struct vvm_context *ctx)
{
    if (ctx->generation) return ctx->generation;
    return ctx->node->candidate ? ctx->node->candidate : ctx->node->current;
}

/* ---- handles ------------------------------------------------------------------------ */

vvm_value wire_handle(struct vvm_context *ctx, enum object_type type, const void *pointer)
{
    struct wire_handle *h = allocate(ctx, type, 1, sizeof *h);
    if (!h) return VALUE_EXCEPTION;
    h->header |= (uint64_t)FLAG_FROZEN << 8;
    h->pointer = pointer;
    return object_value(h);
}

/* ---- lists from macros ---------------------------------------------------------------- */

bool is_symbol_named(vvm_value v, const char *name)
{
    return is_symbol(v) && strcmp(symbol_name(v), name) == 0;
}

vvm_value clause_of(vvm_value clauses, const char *key)
{
    for (; is_pair(clauses); clauses = cdr_of(clauses)) {
        vvm_value clause = car_of(clauses);
        if (is_pair(clause) && is_symbol_named(car_of(clause), key)) return cdr_of(clause);
    }
    return VALUE_FALSE;
}

static bool is_known(vvm_value name, const char *const *known)
{
    while (*known && !is_symbol_named(name, *known)) known++;
    return *known != NULL;
}

int clauses_check(struct vvm_context *ctx, const char *form, vvm_value clauses, const char *const *known)
{
    for (; is_pair(clauses); clauses = cdr_of(clauses)) {
        vvm_value clause = car_of(clauses);
        if (!is_pair(clause) || !is_symbol(car_of(clause)) || !is_known(car_of(clause), known)) {
            raise_message(ctx, ERROR_SYNTAX, clause, "%s: no such clause", form);
            return -EINVAL;
        }
        if (clause_of(cdr_of(clauses), symbol_name(car_of(clause))) == VALUE_FALSE) continue;
        raise_message(ctx, ERROR_SYNTAX, clause, "%s: the clause stands twice", form);
        return -EINVAL;
    }
    if (is_null(clauses)) return 0;
    raise_message(ctx, ERROR_SYNTAX, clauses, "%s: no such clause", form);
    return -EINVAL;
}

int list_count(vvm_value list, unsigned most)
{
    unsigned n = 0;
    for (; is_pair(list); list = cdr_of(list))
        if (n++ == most) return -EINVAL;
    return is_null(list) ? (int)n : -EINVAL;
}

static const uint8_t *string_octets(vvm_value v, uint8_t *room, size_t size, size_t *length)
{
    const struct string *s = value_pointer(v);
    size_t n = header_length(s->header);
    if (n > size) return NULL;
    for (size_t i = 0; i < n; i++) {
        if (s->chars[i] > 127) return NULL;
        room[i] = (uint8_t)s->chars[i];
    }
    *length = n;
    return room;
}

const uint8_t *name_octets(struct vvm_context *ctx, vvm_value v, uint8_t *room, size_t size, size_t *length)
{
    if (is_string(v)) return string_octets(v, room, size, length);
    if (is_symbol(v)) {
        *length = object_length(v);
        return (const uint8_t *)symbol_name(v);
    }
    (void)ctx;
    enum access_error why;
    uint64_t n;
    const uint8_t *octets = octets_all(v, &n, &why);
    if (octets) *length = n;
    return octets;
}
