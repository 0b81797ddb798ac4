/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - the tables of a node: made by loads, kept when the load is published,
 * freed when it is abandoned or the node ends. Control thread only; workers reach a
 * table through its handle, which a published generation holds.
 */
#include "table.h"
#include "../authority.h"
#include "queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct table_registry {
    struct table *tables; /* newest first */
    unsigned count;
    uint64_t seed[2];                /* of hash keys */
    uint64_t slots[TABLES_MAX / 64]; /* one bit each: taken */
    struct table_view *views;        /* standing ones */
};

static struct table_registry *registry(struct vvm_node *node)
{
    if (node->tables) return node->tables;
    struct table_registry *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->seed[0] = node->options.seed;
    r->seed[1] = ~node->options.seed;
    if (!node->options.seed && getrandom(r->seed, sizeof r->seed, 0) != (ssize_t)sizeof r->seed) {
        free(r);
        return NULL;
    }
    node->tables = r;
    return r;
}

static bool fields_equal(const struct table_field *a, const struct table_field *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (a[i].type != b[i].type || a[i].size != b[i].size || a[i].offset != b[i].offset) return false;
    return true;
}

static bool schema_equal(const struct table_schema *a, const struct table_schema *b)
{
    return a->key_count == b->key_count && a->value_count == b->value_count && a->variable == b->variable &&
           a->lru == b->lru && a->entries == b->entries && a->octets == b->octets &&
           a->lifetime == b->lifetime && a->reason == b->reason && a->evict == b->evict &&
           a->size == b->size && a->own_lifetimes == b->own_lifetimes && a->swept == b->swept &&
           fields_equal(a->key, b->key, a->key_count) && fields_equal(a->value, b->value, a->value_count);
}

static struct table *table_new(const struct vvm_vmlet *owner, vvm_value name, const struct table_ops *ops,
                               const struct table_schema *schema, const uint64_t seed[2])
{
    struct table *table = calloc(1, sizeof *table);
    if (!table) return NULL;
    table->ops = ops;
    table->schema = *schema;
    table->name = name;
    table->owner = owner;
    if (ops->open(table, seed)) {
        free(table);
        return NULL;
    }
    assert(table->body);
    return table;
}

/* There is one: the caller has counted. */
static uint32_t take_slot(struct table_registry *r)
{
    uint32_t word = 0;
    while (r->slots[word] == UINT64_MAX) word++;
    uint32_t bit = (uint32_t)__builtin_ctzll(~r->slots[word]);
    r->slots[word] |= UINT64_C(1) << bit;
    return word * 64 + bit;
}

static void table_free(struct vvm_node *node, struct table *table)
{
    table_views_forget(node, table);
    node->tables->slots[table->slot / 64] &= ~(UINT64_C(1) << table->slot % 64);
    if (!table->dropped) root_remove(&table->root);
    table->ops->close(table);
    free(table);
}

/* Its owner's, or that of the VMlet whose place the owner is taking. */
static bool is_of(const struct table *table, const struct vvm_vmlet *owner)
{
    if (table->dropped) return false;
    return table->owner == owner || (owner && owner->replaces && table->owner == owner->replaces);
}

/* Of all tables that count as the VMlet's. */
static uint64_t octets_of(const struct vvm_node *node, const struct vvm_vmlet *vmlet)
{
    uint64_t octets = 0;
    for (const struct table *t = node->tables ? node->tables->tables : NULL; t; t = t->next)
        if (!t->dropped && authority_gave(node, vmlet, t->owner))
            octets += t->ops->octets(&t->schema, t->schema.entries);
    return octets;
}

struct table *table_make(struct vvm_context *ctx, const struct vvm_vmlet *owner, vvm_value name,
                         const struct table_ops *ops, const struct table_schema *schema)
{
    struct table_registry *r = registry(ctx->node);
    struct table *table = r ? r->tables : NULL;
    for (; table; table = table->next) /* the newest of that name decides */
        if (is_of(table, owner) && table->name == name) break;
    if (table && table->ops == ops && schema_equal(&table->schema, schema)) {
        table->heir = owner;
        return table;
    }

    uint64_t octets = ops->octets(schema, schema->entries);
    if (!authority_room(ctx->node, owner, CAPABILITY_TABLE, octets_of, octets)) {
        char grant[60];
        snprintf(grant, sizeof grant, "(table %llu) or more", (unsigned long long)octets);
        authority_refuse(ctx, owner, grant);
        return NULL;
    }
    if (r && r->count == TABLES_MAX) {
        raise_message(ctx, ERROR_TABLE, name, "the node has %u tables already", TABLES_MAX);
        return NULL;
    }
    struct table_object *handle = allocate(ctx, TYPE_TABLE, 0, sizeof *handle);
    if (!handle) return NULL;
    handle->table = NULL;
    handle->header |= (uint64_t)FLAG_FROZEN << 8;
    table = r ? table_new(owner, name, ops, schema, r->seed) : NULL;
    if (!table) {
        raise_message(ctx, ERROR_TABLE, name, "no memory for the table");
        return NULL;
    }
    table->ledger = ctx->node->world.ledger;
    handle->table = table;
    root_add(ctx->node, &table->root, object_value(handle));
    table->next = r->tables;
    r->tables = table;
    r->count++;
    table->slot = take_slot(r);
    return table;
}

struct table *table_twin(struct vvm_node *node, const struct table *table, bool contents)
{
    assert(node->tables); /* there is a table */
    struct table *twin = table_new(table->owner, table->name, table->ops, &table->schema, node->tables->seed);
    if (twin && contents) twin->ops->copy(twin, table);
    return twin;
}

void table_twin_free(struct table *twin)
{
    twin->ops->close(twin);
    free(twin);
}

void table_publish(struct vvm_node *node)
{
    if (!node->tables) return;
    for (struct table *table = node->tables->tables; table; table = table->next) table->published = true;
}

void table_abandon(struct vvm_node *node)
{
    if (!node->tables) return;
    struct table **link = &node->tables->tables;
    while (*link) {
        struct table *table = *link;
        if (table->published) {
            table->heir = NULL;
            link = &table->next;
            continue;
        }
        *link = table->next;
        assert(node->tables->count > 0);
        node->tables->count--;
        ((struct table_object *)value_pointer(table_handle(table)))->table = NULL;
        table_free(node, table);
    }
}

static void drop(struct table *table)
{
    table->dropped = true;
    root_remove(&table->root);
}

void table_revert(struct vvm_node *node)
{
    for (struct table *table = node->tables ? node->tables->tables : NULL; table; table = table->next) {
        if (table->published) table->heir = NULL;
        else if (!table->dropped) drop(table);
        table->published = true;
    }
}

struct table *table_named(const struct vvm_node *node, const struct vvm_vmlet *owner, vvm_value name)
{
    struct table *table = node->tables ? node->tables->tables : NULL;
    while (table && (table->dropped || table->owner != owner || table->name != name)) table = table->next;
    return table;
}

void tables_drop(struct vvm_node *node, const struct vvm_vmlet *owner)
{
    for (struct table *table = node->tables ? node->tables->tables : NULL; table; table = table->next)
        if (table->owner == owner && !table->dropped) drop(table);
}

void tables_pass(struct vvm_node *node, const struct vvm_vmlet *from, const struct vvm_vmlet *to)
{
    for (struct table *table = node->tables ? node->tables->tables : NULL; table; table = table->next) {
        if (table->owner != from || table->dropped) continue;
        if (table->heir == to) table->owner = to;
        else drop(table);
    }
}

void tables_sweep(struct vvm_node *node, bool (*is_marked)(const void *data, vvm_value handle),
                  const void *data)
{
    struct table **link = node->tables ? &node->tables->tables : NULL;
    while (link && *link) {
        struct table *table = *link;
        if (!table->dropped || is_marked(data, table_handle(table))) {
            link = &table->next;
            continue;
        }
        *link = table->next;
        node->tables->count--;
        table_free(node, table);
    }
}

const struct table *tables_first(const struct vvm_node *node)
{
    return node->tables ? node->tables->tables : NULL;
}

struct table_view **tables_views(struct vvm_node *node)
{
    struct table_registry *r = registry(node);
    return r ? &r->views : NULL;
}

unsigned tables_count(const struct vvm_node *node) { return node->tables ? node->tables->count : 0; }

void held_drop(struct vvm_node *node)
{
    struct table *table = node->tables ? node->tables->tables : NULL;
    for (; table; table = table->next)
        if (table->ops == &table_queue) queue_drop(table, "closing");
}

void tables_close(struct vvm_node *node)
{
    struct table_registry *r = node->tables;
    if (!r) return;
    while (r->tables) {
        struct table *table = r->tables;
        r->tables = table->next;
        table_free(node, table);
    }
    free(r);
    node->tables = NULL;
}
