/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c - what the keys and values of a table are: read from its descriptor, and
 * used to pack arguments of the language into words and back.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "../lib/octets.h"
#include "assembly.h"
#include "queue.h"
#include "table.h"

/* ---- reading a descriptor ---- */

static int refuse(struct vvm_context *ctx, vvm_value what, const char *text)
{
    raise_message(ctx, ERROR_SYNTAX, what, "table: %s", text);
    return -EINVAL;
}

static bool is_named(vvm_value v, const char *name)
{
    return is_symbol(v) && strcmp(symbol_name(v), name) == 0;
}

/* (NAME n) with 1 <= n <= most */
static bool sized(vvm_value v, const char *name, int64_t most, uint64_t *n)
{
    if (!is_pair(v) || !is_named(car_of(v), name) || !is_pair(cdr_of(v))) return false;
    vvm_value size = car_of(cdr_of(v));
    if (!is_fixnum(size) || fixnum_value(size) < 1 || fixnum_value(size) > most) return false;
    *n = (uint64_t)fixnum_value(size);
    return true;
}

static int field_read(struct vvm_context *ctx, vvm_value type, struct table_field *field, uint64_t most)
{
    uint64_t size;
    if (is_symbol(type)) {
        int slot = slot_type_named(symbol_name(type));
        if (slot < SLOT_U8 || slot > SLOT_S64) return refuse(ctx, type, "no such type of field");
        field->type = (uint8_t)slot;
        size = slot_bits((enum slot_type)slot) / 8;
    } else {
        if (!sized(type, "bytes", (int64_t)most, &size)) return refuse(ctx, type, "malformed type of field");
        field->type = SLOT_ANY;
    }
    field->size = (uint16_t)size;
    return 0;
}

/* The fields of a key or value clause, packed one after another. */
static int fields_read(struct vvm_context *ctx, vvm_value list, struct table_field *fields, unsigned *count,
                       uint16_t *total, uint64_t most)
{
    *count = 0;
    *total = 0;
    for (; is_pair(list); list = cdr_of(list)) {
        if (*count == TABLE_FIELDS_MAX) return refuse(ctx, list, "too many fields");
        struct table_field *field = &fields[(*count)++];
        int err = field_read(ctx, car_of(list), field, most);
        if (err) return err;
        field->offset = *total;
        if (*total + field->size > most) return refuse(ctx, list, "a key or value has too many octets");
        *total = (uint16_t)(*total + field->size);
    }
    return *count ? 0 : refuse(ctx, list, "a key or value without fields");
}

static int value_read(struct vvm_context *ctx, vvm_value list, struct table_schema *s)
{
    uint64_t size;
    if (is_pair(list) && is_null(cdr_of(list)) && sized(car_of(list), "variable", TABLE_VALUE_MAX, &size)) {
        s->variable = true;
        s->value_count = 1;
        s->value_size = (uint16_t)size;
        s->value[0] = (struct table_field){SLOT_ANY, (uint16_t)size, 0};
        return 0;
    }
    return fields_read(ctx, list, s->value, &s->value_count, &s->value_size, TABLE_VALUE_MAX);
}

static int clause_read(struct vvm_context *ctx, vvm_value clause, struct table_schema *s)
{
    uint64_t seconds;
    if (!is_pair(clause)) return refuse(ctx, clause, "malformed clause");
    if (is_named(car_of(clause), "key") ? s->key_count : is_named(car_of(clause), "value") && s->value_count)
        return refuse(ctx, clause, "the clause stands twice");
    if (is_named(car_of(clause), "key"))
        return fields_read(ctx, cdr_of(clause), s->key, &s->key_count, &s->key_size, TABLE_KEY_MAX);
    if (is_named(car_of(clause), "value")) return value_read(ctx, cdr_of(clause), s);
    if (is_named(car_of(clause), "lru") && is_null(cdr_of(clause))) return s->lru = true, 0;
    if (is_named(car_of(clause), "evict") && is_null(cdr_of(clause))) return s->evict = true, 0;
    if (!s->entries && sized(clause, "entries", INT32_MAX, &s->entries)) return 0;
    if (!s->entries && sized(clause, "packets", QUEUE_PACKETS_MAX, &s->entries)) return 0;
    if (!s->size && sized(clause, "size", ASSEMBLY_SIZE_MAX, &seconds)) return s->size = (uint32_t)seconds, 0;
    if (!s->octets && sized(clause, "bytes", TABLE_OCTETS_MAX, &s->octets)) return 0;
    if (is_named(car_of(clause), "on-expire") && is_null(cdr_of(clause))) return s->swept = true, 0;
    if (!s->lifetime && is_named(car_of(clause), "expires") && is_pair(cdr_of(clause)) &&
        is_named(car_of(cdr_of(clause)), "per-entry"))
        return s->own_lifetimes = true, 0;
    if (!s->lifetime && !s->own_lifetimes && sized(clause, "expires", INT32_MAX, &seconds)) {
        vvm_value rest = cdr_of(cdr_of(clause));
        if (is_pair(rest)) s->reason = car_of(rest);
        return s->lifetime = seconds * 1000000000, 0;
    }
    return refuse(ctx, clause, "malformed clause, or one that stands twice");
}

static int queue_check(struct vvm_context *ctx, const struct table_schema *s, vvm_value descriptor)
{
    if (!s->key_count) return refuse(ctx, descriptor, "a queue has a key clause");
    if (s->value_count || s->lru || s->own_lifetimes || s->size)
        return refuse(ctx, descriptor, "a queue has no value, size, lru or per-entry");
    if (!s->octets) return refuse(ctx, descriptor, "a queue has a bytes clause");
    if (s->lifetime && !is_symbol(s->reason))
        return refuse(ctx, descriptor, "a queue's expires clause is (expires SECONDS REASON)");
    return 0;
}

static int assembly_check(struct vvm_context *ctx, const struct table_schema *s, vvm_value descriptor)
{
    if (!s->key_count || !s->size) return refuse(ctx, descriptor, "an assembly has a key and a size clause");
    if (s->value_count || s->lru || s->own_lifetimes || s->swept || s->evict || is_true(s->reason))
        return refuse(ctx, descriptor, "an assembly has key, size, entries, bytes and expires");
    return 0;
}

/* What each kind of table can do. */
static int kind_check(struct vvm_context *ctx, const struct table_ops *ops, struct table_schema *s,
                      vvm_value descriptor)
{
    bool integer = s->value_count == 1 && s->value[0].type != SLOT_ANY;
    if (ops == &table_array) {
        if (s->key_count) return refuse(ctx, descriptor, "an array has no key clause");
        s->key_count = 1;
        s->key_size = 8;
        s->key[0] = (struct table_field){SLOT_U64, 8, 0};
    }
    if (ops == &table_queue) return queue_check(ctx, s, descriptor);
    if (ops == &table_assembly) return assembly_check(ctx, s, descriptor);
    if (s->size) return refuse(ctx, descriptor, "only an assembly has a size clause");
    if (s->evict || is_true(s->reason)) return refuse(ctx, descriptor, "only packets are evicted or dropped");
    if (!s->key_count || !s->value_count) return refuse(ctx, descriptor, "key or value is missing");
    if (s->swept && !s->lifetime && !s->own_lifetimes)
        return refuse(ctx, descriptor, "on-expire without expires");
    if (ops == &table_map) return 0;
    if (!integer || s->lru || s->lifetime || s->own_lifetimes)
        return refuse(ctx, descriptor, "an lpm or array holds one integer an entry, without lru or expires");
    if (ops == &table_lpm && (s->key_count != 1 || (s->key[0].type != SLOT_U32 && s->key_size != 16)))
        return refuse(ctx, descriptor, "the key of an lpm is u32 or (bytes 16)");
    return 0;
}

/* Settle the number of entries, and that they fit the quota, before anything is allocated. */
static int capacity_check(struct vvm_context *ctx, const struct table_ops *ops, struct table_schema *s,
                          vvm_value descriptor)
{
    uint64_t quota = s->octets ? s->octets : TABLE_OCTETS_MAX;
    if (!s->entries && !s->octets) return refuse(ctx, descriptor, "entries or bytes is missing");
    if (!s->entries) {
        uint64_t high = quota + 1; /* an entry has an octet at least */
        while (high - s->entries > 1) {
            uint64_t middle = s->entries + (high - s->entries) / 2;
            if (ops->octets(s, middle) <= quota) s->entries = middle;
            else high = middle;
        }
    }
    assert(s->entries <= UINT32_MAX); /* a table numbers its entries in 32 bits */
    if (s->entries && ops->octets(s, s->entries) <= quota) return 0;
    raise_message(ctx, ERROR_TABLE, descriptor, "table: %llu entries do not fit in %llu octets",
                  (unsigned long long)s->entries, (unsigned long long)quota);
    return -EINVAL;
}

int schema_read(struct vvm_context *ctx, const struct table_ops *ops, vvm_value descriptor,
                struct table_schema *s)
{
    memset(s, 0, sizeof *s);
    s->reason = VALUE_FALSE;
    vvm_value list = descriptor;
    for (unsigned clauses = 0; is_pair(list); list = cdr_of(list), clauses++) {
        if (clauses == 16) return refuse(ctx, descriptor, "too many clauses");
        int err = clause_read(ctx, car_of(list), s);
        if (err) return err;
    }
    int err = kind_check(ctx, ops, s, descriptor);
    return err ? err : capacity_check(ctx, ops, s, descriptor);
}

/* ---- packing ---- */

static bool pack_field(struct vvm_context *ctx, const char *name, const struct table_field *field,
                       const vvm_value *args, unsigned i, uint8_t *to)
{
    uint64_t word, length;
    enum access_error why = ACCESS_OK;
    if (field->type != SLOT_ANY) {
        bool is_signed = slot_is_signed((enum slot_type)field->type);
        if (!word_argument(ctx, name, args, i, field->size, is_signed, &word)) return false;
        octets_put(to, field->size, word);
        return true;
    }
    const uint8_t *from = octets_all(args[i], &length, &why);
    if (!from) return octets_raise(ctx, why, name, i, args), false;
    if (length != field->size) {
        raise_message(ctx, ERROR_RANGE, args[i], "%s: a field has %u octets, not %llu", name, field->size,
                      (unsigned long long)length);
        return false;
    }
    memcpy(to, from, length);
    return true;
}

bool schema_pack_key(struct vvm_context *ctx, const char *name, const struct table_schema *s,
                     const vvm_value *args, unsigned first, uint64_t words[TABLE_KEY_WORDS])
{
    words[(s->key_size - 1) / 8] = 0;
    for (unsigned i = 0; i < s->key_count; i++)
        if (!pack_field(ctx, name, &s->key[i], args, first + i, (uint8_t *)words + s->key[i].offset))
            return false;
    return true;
}

/* One run of octets: the whole packed value, or one that varies in length. */
static bool pack_octets(struct vvm_context *ctx, const char *name, const struct table_schema *s,
                        const vvm_value *args, unsigned i, struct table_value *value)
{
    uint64_t length;
    enum access_error why = ACCESS_OK;
    const uint8_t *from = octets_all(args[i], &length, &why);
    if (!from) return octets_raise(ctx, why, name, i, args), false;
    if (length > s->value_size || (!s->variable && length != s->value_size)) {
        raise_message(ctx, ERROR_RANGE, args[i], "%s: a value has %s%u octets, not %llu", name,
                      s->variable ? "at most " : "", s->value_size, (unsigned long long)length);
        return false;
    }
    if (!fuel_octets(ctx, length)) return false;
    if (length) value->words[(length - 1) / 8] = 0;
    memcpy(value->words, from, length);
    value->length = (uint32_t)length;
    return true;
}

bool schema_pack_value(struct vvm_context *ctx, const char *name, const struct table_schema *s, unsigned n,
                       const vvm_value *args, unsigned first, struct table_value *value)
{
    value->present = true;
    if (s->variable || (n == 1 && s->value_count > 1)) return pack_octets(ctx, name, s, args, first, value);
    value->length = s->value_size;
    value->words[(s->value_size - 1) / 8] = 0;
    for (unsigned i = 0; i < s->value_count; i++)
        if (!pack_field(ctx, name, &s->value[i], args, first + i,
                        (uint8_t *)value->words + s->value[i].offset))
            return false;
    return true;
}

static vvm_value unpack_field(struct vvm_context *ctx, const struct table_field *field, const uint8_t *at)
{
    if (field->type == SLOT_ANY) return make_bytes_from(ctx, at, field->size);
    return make_word_value(ctx, octets_get(at, field->size), field->size,
                           slot_is_signed((enum slot_type)field->type));
}

unsigned schema_unpack_key(struct vvm_context *ctx, const struct table_schema *s, const uint64_t *key,
                           vvm_value *out)
{
    for (unsigned i = 0; i < s->key_count; i++)
        out[i] = unpack_field(ctx, &s->key[i], (const uint8_t *)key + s->key[i].offset);
    return s->key_count;
}

unsigned schema_unpack_values(struct vvm_context *ctx, const struct table_schema *s,
                              const struct table_value *value, vvm_value *out)
{
    if (s->variable) {
        out[0] = make_bytes_from(ctx, value->words, value->length);
        return 1;
    }
    for (unsigned i = 0; i < s->value_count; i++)
        out[i] = unpack_field(ctx, &s->value[i], (const uint8_t *)value->words + s->value[i].offset);
    return s->value_count;
}

vvm_value schema_unpack_value(struct vvm_context *ctx, const struct table_schema *s,
                              const struct table_value *value)
{
    const struct table_field *field = &s->value[0];
    if (s->value_count > 1 || field->type == SLOT_ANY)
        return fuel_octets(ctx, value->length) ? make_bytes_from(ctx, value->words, value->length)
                                               : VALUE_EXCEPTION;
    return make_word_value(ctx, octets_get((const uint8_t *)value->words, field->size), field->size,
                           slot_is_signed((enum slot_type)field->type));
}
