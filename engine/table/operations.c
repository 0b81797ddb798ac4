/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operations.c - the tables as the language sees them. A key of several fields is
 * several arguments; so is a value, or else its packed octets as one.
 */
#include <errno.h>
#include <string.h>

#include "../authority.h"
#include "../lib/octets.h"
#include "table.h"

/* ---- arguments ---- */

vvm_value table_gone(struct vvm_context *ctx, const char *primitive)
{
    return raise_message(ctx, ERROR_TABLE, VALUE_DEFAULT, "%s: %s", primitive,
                         ctx->world->view ? "the load that made the table failed, or its twin has no memory"
                                          : "the load that made the table failed");
}

/* The table of args[0]; NULL with the error set. */
static struct table *any_table(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    if (!has_type(args[0], TYPE_TABLE)) return raise_type(ctx, name, 1, "table", args[0]), NULL;
    struct table *t = table_of(ctx, args[0]);
    if (!t) table_gone(ctx, name);
    return t;
}

/* args[0] must be a table and the number of arguments 1 + its key's + `least`..`most`. */
static struct table *table_argument(struct vvm_context *ctx, const char *name, unsigned n,
                                    const vvm_value *args, unsigned least, unsigned most)
{
    struct table *t = any_table(ctx, name, args);
    if (!t) return NULL;
    unsigned others = 1 + t->schema.key_count;
    if (n >= others + least && n <= others + most) return t;
    raise_message(ctx, ERROR_ARITY, t->name, "%s: wrong number of keys or values", name);
    return NULL;
}

static struct table *table_of_kind(struct vvm_context *ctx, const char *name, const vvm_value *args,
                                   const struct table_ops *ops)
{
    struct table *t = any_table(ctx, name, args);
    if (t && t->ops != ops) return raise_type(ctx, name, 1, ops->name, args[0]), NULL;
    return t;
}

static uint64_t table_now(const struct vvm_context *ctx, const struct table *t)
{
    return t->schema.lifetime || t->schema.own_lifetimes ? world_now(ctx->world) : 0;
}

/* Argument i, in seconds from now; 0 with the error set. */
static uint64_t deadline_argument(struct vvm_context *ctx, const char *name, const vvm_value *args,
                                  unsigned i)
{
    uint64_t seconds;
    if (!word_argument(ctx, name, args, i, 4, false, &seconds)) return 0;
    return world_now(ctx->world) + seconds * UINT64_C(1000000000) + (seconds == 0);
}

static vvm_value table_error(struct vvm_context *ctx, const struct table *t, int err)
{
    switch (err) {
    case -ERANGE: return raise_message(ctx, ERROR_BOUNDS, t->name, "no such element of the array");
    case -ENOSPC: return raise_message(ctx, ERROR_TABLE, t->name, "the table is full");
    default: return raise_message(ctx, ERROR_TABLE, t->name, "the kind of table does not do this");
    }
}

struct table *queue_arguments(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                              uint64_t key[TABLE_KEY_WORDS])
{
    struct table *t = table_of_kind(ctx, name, args, &table_queue);
    if (!t || !table_argument(ctx, name, n, args, 0, 0)) return NULL;
    return schema_pack_key(ctx, name, &t->schema, args, 1, key) ? t : NULL;
}

/* ---- any table ---- */

/* Read the entry of the key args[1..]. False: the error is set. */
static bool read_entry(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                       struct table **t, struct table_value *value)
{
    uint64_t key[TABLE_KEY_WORDS];
    *t = table_argument(ctx, name, n, args, 0, 0);
    if (!*t || !schema_pack_key(ctx, name, &(*t)->schema, args, 1, key)) return false;
    int err = (*t)->ops->read(*t, key, table_now(ctx, *t), value);
    if (err) table_error(ctx, *t, err);
    return !err;
}

/* The commonest look-up: a route. */
static bool is_address_of(const struct table *t, unsigned n, const vvm_value *args)
{
    return t && t->ops == &table_lpm && n == 2 && t->schema.key_count == 1 &&
           t->schema.key[0].type == SLOT_U32 && is_fixnum(args[1]) && args[1] <= make_fixnum(UINT32_MAX);
}

static vvm_value route_of(struct vvm_context *ctx, const struct table *t, vvm_value address)
{
    const struct table_field *field = &t->schema.value[0];
    uint64_t word = 0;
    if (!lpm_find(t, (uint32_t)fixnum_value(address), &word)) return VALUE_FALSE;
    return make_word_value(ctx, word, field->size, slot_is_signed((enum slot_type)field->type));
}

PRIMITIVE_FN(table_ref)
{
    struct table *t = has_type(args[0], TYPE_TABLE) ? table_of(ctx, args[0]) : NULL;
    struct table_value value;
    if (is_address_of(t, n, args)) return route_of(ctx, t, args[1]);
    if (!read_entry(ctx, "table-ref", n, args, &t, &value)) return VALUE_EXCEPTION;
    return value.present ? schema_unpack_value(ctx, &t->schema, &value) : VALUE_FALSE;
}

/* A map whose key is one unsigned integer. */
static bool is_map_of_words(const struct table *t)
{
    return t && t->ops == &table_map && t->schema.key_count == 1 && t->schema.key[0].type != SLOT_ANY &&
           !slot_is_signed((enum slot_type)t->schema.key[0].type);
}

vvm_value table_word(struct vvm_context *ctx, vvm_value table, uint64_t word)
{
    struct table *t = has_type(table, TYPE_TABLE) ? table_of(ctx, table) : NULL;
    struct table_value value;
    uint64_t key = 0;
    if (!is_map_of_words(t) || (word >> 1) >> (8 * t->schema.key_size - 1)) {
        vvm_value args[2] = {table, make_fixnum((int64_t)word)};
        if (word > (uint64_t)FIXNUM_MAX) return raise_error(ctx, ERROR_INTEGER_RANGE, VALUE_DEFAULT);
        return table_ref(ctx, 2, args);
    }
    octets_put((uint8_t *)&key, t->schema.key_size, word);
    t->ops->read(t, &key, table_now(ctx, t), &value); /* a map has no keys out of range */
    return value.present ? schema_unpack_value(ctx, &t->schema, &value) : VALUE_FALSE;
}

/* (%table-old t key ...): what table-update! starts from: absent reads as zeros, or #f
 * if values vary in length. */
PRIMITIVE_FN(table_old)
{
    struct table *t;
    struct table_value value;
    if (!read_entry(ctx, "table-update!", n, args, &t, &value)) return VALUE_EXCEPTION;
    if (!value.present && t->schema.variable) return VALUE_FALSE;
    if (!value.present) {
        value.length = t->schema.value_size;
        memset(value.words, 0, (value.length + 7) / 8 * 8);
    }
    return schema_unpack_value(ctx, &t->schema, &value);
}

/* Put under mode TABLE_PUT or TABLE_ADD; 1 done, 0 refused, -1 the error is set. */
static int write_entry(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                       enum table_mode mode)
{
    uint64_t key[TABLE_KEY_WORDS];
    struct table_value value;
    struct table *t = table_argument(ctx, name, n, args, 1, TABLE_FIELDS_MAX + 1);
    if (!t || !schema_pack_key(ctx, name, &t->schema, args, 1, key)) return -1;
    unsigned first = 1 + t->schema.key_count;
    if (t->schema.own_lifetimes && !(value.deadline = deadline_argument(ctx, name, args, --n))) return -1;
    if (n - first != 1 && n - first != t->schema.value_count) {
        raise_message(ctx, ERROR_ARITY, t->name, "%s: wrong number of values", name);
        return -1;
    }
    if (!schema_pack_value(ctx, name, &t->schema, n - first, args, first, &value)) return -1;
    int err = t->ops->write(t, key, &value, mode, NULL, table_now(ctx, t));
    if (err && err != -EEXIST) table_error(ctx, t, err);
    return !err ? 1 : err == -EEXIST ? 0 : -1;
}

PRIMITIVE_FN(table_put)
{
    return write_entry(ctx, "table-put!", n, args, TABLE_PUT) < 0 ? VALUE_EXCEPTION : VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(table_add_new)
{
    int done = write_entry(ctx, "table-add-new!", n, args, TABLE_ADD);
    return done < 0 ? VALUE_EXCEPTION : make_boolean(done);
}

/* (%table-exchange! t key ... old new): new becomes the value if it still is old. */
PRIMITIVE_FN(table_exchange)
{
    static const char name[] = "table-update!";
    uint64_t key[TABLE_KEY_WORDS];
    struct table_value value, expected = {.present = false};
    value.deadline = 0; /* a new entry of a table with lifetimes of their own stays */
    struct table *t = table_argument(ctx, name, n, args, 2, 2);
    if (!t || !schema_pack_key(ctx, name, &t->schema, args, 1, key)) return VALUE_EXCEPTION;
    if (args[n - 2] != VALUE_FALSE && !schema_pack_value(ctx, name, &t->schema, 1, args, n - 2, &expected))
        return VALUE_EXCEPTION;
    if (!schema_pack_value(ctx, name, &t->schema, 1, args, n - 1, &value)) return VALUE_EXCEPTION;
    int err = t->ops->write(t, key, &value, TABLE_EXCHANGE, &expected, table_now(ctx, t));
    if (err && err != -EAGAIN) return table_error(ctx, t, err);
    return make_boolean(!err);
}

PRIMITIVE_FN(table_remove)
{
    uint64_t key[TABLE_KEY_WORDS];
    struct table *t = table_argument(ctx, "table-remove!", n, args, 0, 0);
    if (!t || !schema_pack_key(ctx, "table-remove!", &t->schema, args, 1, key)) return VALUE_EXCEPTION;
    return make_boolean(t->ops->remove(t, key, table_now(ctx, t)));
}

/* (table-refresh! t key ... [seconds]) */
PRIMITIVE_FN(table_refresh)
{
    static const char name[] = "table-refresh!";
    uint64_t key[TABLE_KEY_WORDS], deadline;
    struct table *t = any_table(ctx, name, args);
    if (!t) return VALUE_EXCEPTION;
    if (t->ops != &table_map || !(t->schema.lifetime || t->schema.own_lifetimes))
        return raise_message(ctx, ERROR_TABLE, t->name, "%s: the table's entries do not expire", name);
    if (!table_argument(ctx, name, n, args, t->schema.own_lifetimes, t->schema.own_lifetimes) ||
        !schema_pack_key(ctx, name, &t->schema, args, 1, key))
        return VALUE_EXCEPTION;
    deadline = t->schema.own_lifetimes ? deadline_argument(ctx, name, args, n - 1)
                                       : world_now(ctx->world) + t->schema.lifetime;
    return deadline ? make_boolean(map_refresh(t, key, deadline, table_now(ctx, t))) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(table_count)
{
    struct table *t = any_table(ctx, "table-count", args);
    return t ? make_fixnum((int64_t)t->ops->count(t, table_now(ctx, t))) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(is_table) { return make_boolean(has_type(args[0], TYPE_TABLE)); }

/* ---- longest prefixes ---- */

/* (t prefix length ...): the packed prefix and its length, within the key's bits. */
static struct table *prefix_arguments(struct vvm_context *ctx, const char *name, const vvm_value *args,
                                      uint64_t *key, size_t *length)
{
    struct table *t = table_of_kind(ctx, name, args, &table_lpm);
    if (!t || !schema_pack_key(ctx, name, &t->schema, args, 1, key)) return NULL;
    return index_argument(ctx, name, args, 2, t->schema.key_size * 8u, length) ? t : NULL;
}

PRIMITIVE_FN(lpm_add_prefix)
{
    uint64_t key[TABLE_KEY_WORDS], word;
    size_t length;
    struct table *t = prefix_arguments(ctx, "lpm-add!", args, key, &length);
    if (!t) return VALUE_EXCEPTION;
    const struct table_field *field = &t->schema.value[0];
    if (!word_argument(ctx, "lpm-add!", args, 3, field->size, slot_is_signed((enum slot_type)field->type),
                       &word))
        return VALUE_EXCEPTION;
    int err = lpm_add(t, key, (unsigned)length, word);
    return err ? table_error(ctx, t, err) : VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(lpm_remove_prefix)
{
    uint64_t key[TABLE_KEY_WORDS];
    size_t length;
    struct table *t = prefix_arguments(ctx, "lpm-remove!", args, key, &length);
    return t ? make_boolean(lpm_remove(t, key, (unsigned)length)) : VALUE_EXCEPTION;
}

/* ---- arrays ---- */

PRIMITIVE_FN(array_ref)
{
    return table_of_kind(ctx, "array-ref", args, &table_array) ? table_ref(ctx, n, args) : VALUE_EXCEPTION;
}

/* (array-word t i): the instruction for those who call it by its value */
PRIMITIVE_FN(array_word_of)
{
    uint64_t index, word;
    if (!word_argument(ctx, "array-word", args, 1, 4, false, &index)) return VALUE_EXCEPTION;
    if (!array_word(ctx, args[0], index, &word)) return array_word_error(ctx, args[0]);
    return make_word_value(ctx, word, 8, false);
}

PRIMITIVE_FN(array_set)
{
    return table_of_kind(ctx, "array-set!", args, &table_array) ? table_put(ctx, n, args) : VALUE_EXCEPTION;
}

/* (array-add! t i n): modular; the new element. */
PRIMITIVE_FN(array_add_to)
{
    size_t index;
    struct table *t = table_of_kind(ctx, "array-add!", args, &table_array);
    if (!t || !index_argument(ctx, "array-add!", args, 1, t->schema.entries - 1, &index))
        return VALUE_EXCEPTION;
    NEED(is_fixnum(args[2]), "array-add!", 2, "integer");
    const struct table_field *field = &t->schema.value[0];
    uint64_t word = array_add(t, index, (uint64_t)fixnum_value(args[2]));
    return make_word_value(ctx, word, field->size, slot_is_signed((enum slot_type)field->type));
}

/* ---- making ---- */

/* (%make-table 'name 'kind descriptor) */
PRIMITIVE_FN(make_table)
{
    static const struct table_ops *const kinds[] = {&table_map, &table_lpm, &table_array, &table_queue,
                                                    &table_assembly};
    struct table_schema schema;
    NEED(is_symbol(args[0]), "define-table", 0, "symbol");
    NEED(is_symbol(args[1]), "define-table", 1, "symbol");
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(symbol_name(args[1]), kinds[i]->name) != 0) continue;
        if (schema_read(ctx, kinds[i], args[2], &schema)) return VALUE_EXCEPTION;
        struct table *t = table_make(ctx, authority_running(ctx), args[0], kinds[i], &schema);
        return t ? table_handle(t) : VALUE_EXCEPTION;
    }
    return raise_message(ctx, ERROR_SYNTAX, args[1], "no such kind of table");
}

#define R EFFECT_TABLE_READ
#define W EFFECT_TABLE_WRITE
static const struct primitive_row rows[] = {
    PRIMITIVE("%make-table", make_table, 3, 3, 100, EFFECT_LOAD, "name kind descriptor -> table",
              "Make a table."),
    PRIMITIVE("table?", is_table, 1, 1, 1, 0, "any -> boolean", "True for a table."),
    PRIMITIVE("table-ref", table_ref, 2, -1, 12, R | EFFECT_ALLOCATE, "table key ... -> value",
              "Value of a key; of an lpm, of the longest prefix of the address; #f if there is none."),
    PRIMITIVE("table-put!", table_put, 3, -1, 16, W, "table key ... value ... ->",
              "The key's value becomes this."),
    PRIMITIVE("table-add-new!", table_add_new, 3, -1, 16, W, "table key ... value ... -> boolean",
              "Add an entry if the key has none: test and set."),
    PRIMITIVE("table-remove!", table_remove, 2, -1, 16, W, "table key ... -> boolean",
              "Remove an entry; true if there was one."),
    PRIMITIVE(
        "table-refresh!", table_refresh, 2, -1, 16, W, "table key ... [seconds] -> boolean",
        "The entry lives as long as if it were written now, or so many seconds; false if there is none."),
    PRIMITIVE("table-count", table_count, 1, 1, 4, R | EFFECT_LOAD, "table -> integer", "Number of entries."),
    PRIMITIVE("%table-old", table_old, 2, -1, 12, R | EFFECT_ALLOCATE, "table key ... -> value",
              "Value of a key; zeros if there is none."),
    PRIMITIVE("%table-exchange!", table_exchange, 4, -1, 16, R | W, "table key ... old new -> boolean",
              "Replace the value if it is still the old one."),
    PRIMITIVE("lpm-add!", lpm_add_prefix, 4, 4, 40, W, "lpm prefix length value ->",
              "Add or replace a prefix."),
    PRIMITIVE("lpm-remove!", lpm_remove_prefix, 3, 3, 40, W, "lpm prefix length -> boolean",
              "Remove a prefix; true if it was there."),
    PRIMITIVE("array-ref", array_ref, 2, 2, 6, R, "array integer -> integer", "Element of an array."),
    PRIMITIVE("array-word", array_word_of, 2, 2, 2, R, "array u32 -> u64",
              "Element of an array as a raw word: for arrays that packets read often."),
    PRIMITIVE("array-set!", array_set, 3, 3, 6, W, "array integer integer ->", "The element becomes this."),
    PRIMITIVE("array-add!", array_add_to, 3, 3, 6, R | W, "array integer integer -> integer",
              "Add to an element, modular; the new element."),
};

int table_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
