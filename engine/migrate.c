/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.c - entries of a replaced VMlet's table, one by one, into the table of the same name
 * with another schema. When and what for: hooks.h.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "generation.h"
#include "hooks.h"
#include "table/table.h"

#define ARGUMENTS_MAX (2 * TABLE_FIELDS_MAX + 1)

struct migration {
    struct vvm_context *ctx;
    const struct vvm_vmlet *vmlet;
    vvm_value name, procedure;
    struct table *from, *to;
};

static int refuse(const struct migration *m, const char *why)
{
    raise_message(m->ctx, ERROR_TABLE, m->name, "migrate: table %.60s of VMlet %.60s: %s",
                  is_symbol(m->name) ? symbol_name(m->name) : "?", symbol_name(m->vmlet->name), why);
    return -EINVAL;
}

/* The key, then the old value: what the procedure is called with. How many; 0: no memory. */
static unsigned arguments_of(const struct migration *m, const struct table_entry *entry,
                             vvm_value args[ARGUMENTS_MAX])
{
    unsigned n = schema_unpack_key(m->ctx, &m->from->schema, entry->key, args);
    if (m->from->ops == &table_lpm) args[n++] = make_fixnum(entry->length);
    n += schema_unpack_values(m->ctx, &m->from->schema, &entry->value, args + n);
    for (unsigned i = 0; i < n; i++)
        if (args[i] == VALUE_EXCEPTION) return 0;
    return n;
}

/* What the procedure gave, packed; -EINVAL with the error set. */
static int pack(const struct migration *m, vvm_value given, struct table_value *value)
{
    vvm_value args[TABLE_FIELDS_MAX];
    unsigned n = 0, count = m->to->schema.value_count;
    if (!is_pair(given)) args[n++] = given; /* the only part, or the packed octets of all */
    for (vvm_value l = given; is_pair(l) && n < TABLE_FIELDS_MAX; l = cdr_of(l)) args[n++] = car_of(l);
    if (n != count && is_pair(given))
        return refuse(m, "the new value needs as many parts, in a list, as the table has");
    return schema_pack_value(m->ctx, "migrate", &m->to->schema, n, args, 0, value) ? 0 : -EINVAL;
}

/* What packets have put there meanwhile stays. */
static int put(const struct migration *m, const struct table_entry *entry, const struct table_value *value)
{
    static const struct table_value nothing = {.present = true};
    struct table_value zero = nothing;
    uint64_t now = m->to->schema.lifetime ? world_now(m->ctx->world) : 0;
    int err;
    zero.length = m->to->schema.value_size;
    if (m->to->ops == &table_lpm) err = lpm_add_new(m->to, entry->key, entry->length, value);
    else if (m->to->ops == &table_array)
        err = m->to->ops->write(m->to, entry->key, value, TABLE_EXCHANGE, &zero, now);
    else err = m->to->ops->write(m->to, entry->key, value, TABLE_ADD, NULL, now);
    if (err == -ENOSPC) return refuse(m, "it is full");
    if (err == -ERANGE) return refuse(m, "it has no such element: #f leaves one out");
    return 0;
}

static int move(const struct migration *m, const struct table_entry *entry)
{
    vvm_value args[ARGUMENTS_MAX], given;
    struct table_value value;
    unsigned n = arguments_of(m, entry, args);
    if (!n) return -ENOMEM;
    int err = vmlet_call(m->ctx, m->vmlet, m->procedure, n, args, &given);
    if (err || given == VALUE_FALSE) return err;
    err = pack(m, given, &value);
    return err ? err : put(m, entry, &value);
}

static bool same_keys(const struct table *a, const struct table *b)
{
    const struct table_schema *x = &a->schema, *y = &b->schema;
    if (a->ops != b->ops || x->key_count != y->key_count) return false;
    for (unsigned i = 0; i < x->key_count; i++)
        if (x->key[i].type != y->key[i].type || x->key[i].size != y->key[i].size) return false;
    return true;
}

/* Does the VMlet have the table from the one before, contents and all? */
static bool is_carried(const struct migration *m) { return m->from && m->from->heir == m->vmlet; }

static int check(const struct migration *m)
{
    if (!m->to && !is_carried(m)) return refuse(m, "there is no such table");
    if (m->to && !m->to->ops->next) return refuse(m, "packets that wait cannot be moved");
    if (m->to && m->from && !same_keys(m->from, m->to))
        return refuse(m, "its keys were others before: entries cannot be moved one by one");
    return 0;
}

static int move_all(const struct migration *m)
{
    struct table_entry entry;
    uint64_t at = 0, now = m->from->schema.lifetime ? world_now(m->ctx->world) : 0;
    int err = 0;
    while (!err && m->from->ops->next(m->from, &at, now, &entry)) err = move(m, &entry);
    return err;
}

static int migrate(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, vvm_value registered)
{
    struct migration m = {.ctx = ctx,
                          .vmlet = vmlet,
                          .name = car_of(cdr_of(car_of(registered))),
                          .procedure = car_of(cdr_of(registered))};
    m.to = table_named(ctx->node, vmlet, m.name);
    if (vmlet->replaces) m.from = table_named(ctx->node, vmlet->replaces, m.name);
    int err = check(&m);
    return err || !m.from || is_carried(&m) ? err : move_all(&m);
}

int vmlet_migrate(struct vvm_context *ctx, const struct vvm_vmlet *vmlet)
{
    struct vvm_root root = {0};
    int err = 0;
    vvm_value list = vmlet_registered(ctx, ctx->node->current, vmlet, "migrate");
    if (list == VALUE_NULL) return 0;
    if (list == VALUE_EXCEPTION) return -ENOMEM;
    root_add(ctx->node, &root, list);
    if (vmlet->replaces) generation_await_readers(ctx->node);
    for (vvm_value l = list; is_pair(l) && !err; l = cdr_of(l)) err = migrate(ctx, vmlet, car_of(l));
    root_remove(&root);
    return err;
}
