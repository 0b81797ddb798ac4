/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_encode.c - a unit as an image: the sorted tables, and the sections in order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "image.h"

/* ---- the table of names ------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct image_name *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = shorter ? memcmp(x->octets, y->octets, shorter) : 0;
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* Grow an array of `size`-octet entries to hold one more; false: no memory. */
static bool one_more(struct image_encoder *e, void **array, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room) return true;
    uint32_t wanted = *room ? *room * 2 : 256;
    void *larger = realloc(*array, wanted * size);
    if (!larger) {
        e->error = -ENOMEM;
        return false;
    }
    *array = larger;
    *room = wanted;
    return true;
}

void encode_name(struct image_encoder *e, const char *octets, size_t length)
{
    struct image_name name = {octets, length};
    if (length > IMAGE_NAME_MAX) e->error = -EINVAL;
    if (!e->collecting) {
        const struct image_name *found = bsearch(&name, e->names, e->name_count, sizeof name, compare_names);
        put_number(&e->out, found ? (uint64_t)(found - e->names) : 0);
        return;
    }
    put_octet(&e->out, 0);
    if (one_more(e, (void **)&e->names, e->name_count, &e->name_room, sizeof name))
        e->names[e->name_count++] = name;
}

void encode_symbol(struct image_encoder *e, vvm_value symbol)
{
    put_octet(&e->out, is_symbol(symbol) ? 1 : 0);
    if (is_symbol(symbol)) encode_name(e, symbol_name(symbol), object_length(symbol));
}

static void sort_names(struct image_encoder *e)
{
    uint32_t kept = 0;
    if (e->name_count) qsort(e->names, e->name_count, sizeof *e->names, compare_names);
    for (uint32_t i = 0; i < e->name_count; i++)
        if (!kept || compare_names(&e->names[kept - 1], &e->names[i])) e->names[kept++] = e->names[i];
    e->name_count = kept;
    if (kept > IMAGE_TABLE_MAX) e->error = -E2BIG;
}

/* ---- the table of signatures ---------------------------------------------------------- */

static int compare_signatures(const void *a, const void *b, void *node)
{
    const struct signature *x = signature_at(node, *(const uint32_t *)a);
    const struct signature *y = signature_at(node, *(const uint32_t *)b);
    if (x->parameters != y->parameters) return x->parameters < y->parameters ? -1 : 1;
    if (x->rest != y->rest) return x->rest < y->rest ? -1 : 1;
    if (x->result != y->result) return x->result < y->result ? -1 : 1;
    return x->parameters ? memcmp(x->types, y->types, x->parameters) : 0;
}

static uint32_t signature_rank(const struct image_encoder *e, uint32_t number)
{
    uint32_t low = 0, high = e->signature_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_signatures(&e->signatures[middle], &number, (void *)e->node) < 0) low = middle + 1;
        else high = middle;
    }
    return low + 1;
}

void encode_signature(struct image_encoder *e, uint32_t number)
{
    if (!number || !signature_at(e->node, number)) {
        if (number) e->error = -EINVAL;
        put_number(&e->out, 0);
    } else if (!e->collecting) {
        put_number(&e->out, signature_rank(e, number));
    } else if (one_more(e, (void **)&e->signatures, e->signature_count, &e->signature_room, sizeof number)) {
        put_octet(&e->out, 0);
        e->signatures[e->signature_count++] = number;
    }
}

static void sort_signatures(struct image_encoder *e)
{
    uint32_t kept = 0;
    if (e->signature_count)
        qsort_r(e->signatures, e->signature_count, sizeof *e->signatures, compare_signatures,
                (void *)e->node);
    for (uint32_t i = 0; i < e->signature_count; i++)
        if (!kept || e->signatures[kept - 1] != e->signatures[i]) e->signatures[kept++] = e->signatures[i];
    e->signature_count = kept;
}

/* ---- files and positions ----------------------------------------------------------------- */

static struct image_name file_name(const struct image_encoder *e, unsigned file)
{
    if (e->file_names) return e->file_names[file - 1];
    const char *name = node_file_name(e->node, file);
    return (struct image_name){name ? name : "", name ? strlen(name) : 0};
}

void encode_position(struct image_encoder *e, uint64_t position, uint64_t before)
{
    unsigned file = position_file(position);
    bool other = file != position_file(before);
    if (position >> 40) e->error = -EINVAL;
    if (e->collecting) e->file_used[file] = true;
    int64_t lines = (int64_t)position_line(position) - (int64_t)position_line(before);
    put_number(&e->out, zigzag(lines) << 1 | other);
    if (other) put_number(&e->out, file ? e->file_rank[file] : 0);
    put_number(&e->out, position_column(position));
}

/* Number the used files in the order of their names. */
static void rank_files(struct image_encoder *e)
{
    for (unsigned i = 1; i < 256; i++) {
        unsigned rank = 1;
        for (unsigned j = 1; j < 256 && e->file_used[i]; j++) {
            if (!e->file_used[j] || i == j) continue;
            struct image_name a = file_name(e, i), b = file_name(e, j);
            int order = compare_names(&a, &b);
            if (!order) e->error = -EINVAL;
            if (order > 0) rank++;
        }
        e->file_rank[i] = (uint8_t)rank;
    }
}

static void encode_files(struct image_encoder *e)
{
    unsigned count = 0, by_rank[256];
    for (unsigned i = 1; i < 256; i++)
        if (e->file_used[i]) {
            by_rank[e->file_rank[i]] = i;
            count++;
        }
    put_number(&e->out, count);
    for (unsigned rank = 1; rank <= count && !e->error; rank++) {
        struct image_name name = file_name(e, by_rank[rank]);
        if (name.length > IMAGE_NAME_MAX) e->error = -EINVAL;
        put_number(&e->out, name.length);
        put_octets(&e->out, name.octets, name.length);
    }
}

/* ---- sections ------------------------------------------------------------------------------- */

static void encode_tables(struct image_encoder *e)
{
    put_octets(&e->out, IMAGE_MAGIC, 4);
    put_octet(&e->out, IMAGE_VERSION & 0xff);
    put_octet(&e->out, IMAGE_VERSION >> 8);
    put_octet(&e->out, (e->lines ? IMAGE_LINES : 0) | (e->unit->seal ? IMAGE_SIGNED : 0));
    put_number(&e->out, e->name_count);
    for (uint32_t i = 0; i < e->name_count; i++) {
        put_number(&e->out, e->names[i].length);
        put_octets(&e->out, e->names[i].octets, e->names[i].length);
    }
    if (e->lines) encode_files(e);
    put_number(&e->out, e->signature_count);
    for (uint32_t i = 0; i < e->signature_count; i++) {
        const struct signature *s = signature_at(e->node, e->signatures[i]);
        put_number(&e->out, s->parameters);
        put_octet(&e->out, s->rest);
        put_octet(&e->out, s->result);
        put_octets(&e->out, s->types, s->parameters);
    }
}

static void encode_vmlet(struct image_encoder *e)
{
    const struct vvm_vmlet *vmlet = e->unit->vmlet;
    encode_symbol(e, vmlet->name);
    put_signed(&e->out, vmlet->version);
    encode_value(e, vmlet->header);
}

/* A decoded unit keeps its VMlet's header as a constant behind those of the code. */
static uint32_t code_constants(const struct vvm_unit *u)
{
    uint32_t count = u->constant_count;
    return count && is_pair(u->vmlet->header) && u->constants[count - 1] == u->vmlet->header ? count - 1
                                                                                             : count;
}

static void encode_references(struct image_encoder *e)
{
    const struct vvm_unit *u = e->unit;
    uint32_t constants = code_constants(u);
    put_number(&e->out, constants);
    for (uint32_t i = 0; i < constants; i++) encode_value(e, u->constants[i]);
    put_number(&e->out, u->link_count);
    for (uint32_t i = 0; i < u->link_count; i++) {
        encode_symbol(e, u->links[i].vmlet);
        if (is_symbol(u->links[i].name))
            encode_name(e, symbol_name(u->links[i].name), object_length(u->links[i].name));
        else e->error = -EINVAL;
        encode_signature(e, u->links[i].signature);
    }
    put_number(&e->out, u->primitive_count);
    for (uint32_t i = 0; i < u->primitive_count; i++)
        encode_name(e, u->primitives[i]->name, strlen(u->primitives[i]->name));
}

static void encode_unit(struct image_encoder *e)
{
    const struct vvm_unit *u = e->unit;
    e->out.length = 0;
    encode_tables(e);
    encode_vmlet(e);
    encode_references(e);
    put_number(&e->out, u->function_count);
    for (uint32_t i = 0; i < u->function_count && !e->error && !e->out.failed; i++)
        encode_function(e, &u->functions[i]);
    put_number(&e->out, u->script_count);
    for (uint32_t i = 0; i < u->script_count; i++) put_number(&e->out, u->scripts[i]);
    if (u->seal) put_octets(&e->out, u->seal, IMAGE_SEAL);
}

static int encode_twice(struct image_encoder *e)
{
    e->collecting = true;
    encode_unit(e);
    if (e->error || e->out.failed) return e->error ? e->error : -E2BIG;
    sort_names(e);
    sort_signatures(e);
    rank_files(e);
    e->collecting = false;
    encode_unit(e);
    if (e->out.length > IMAGE_MAX) e->out.failed = true;
    return e->error ? e->error : e->out.failed ? -E2BIG : 0;
}

int image_write(struct image_encoder *e, uint8_t **data, size_t *length)
{
    int err = encode_twice(e);
    free(e->names);
    free(e->signatures);
    if (err) {
        free(e->out.data);
        return err;
    }
    *data = e->out.data;
    *length = e->out.length;
    return 0;
}

int image_encode(const struct vvm_unit *unit, uint8_t **data, size_t *length, bool debug_lines)
{
    if (!unit->vmlet || !unit->vmlet->environment) return -EINVAL;
    struct image_encoder e = {.node = unit->vmlet->environment->node, .unit = unit, .lines = debug_lines};
    return image_write(&e, data, length);
}
