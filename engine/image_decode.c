/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_decode.c - an image as a unit, not yet verified and not yet linked.
 *
 * The octets are anybody's. Every count is checked against a cap and against what is
 * left of the image before anything is allocated, what unfolds is paid from a budget,
 * and at the end the unit is encoded again and must give the same octets.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "image.h"

bool decoder_spend(struct image_decoder *d, size_t octets)
{
    if (octets > d->budget) cursor_fail(&d->in, "the image unfolds to too much");
    if (d->in.fault) return false;
    d->budget -= octets;
    return true;
}

vvm_value decode_name(struct image_decoder *d)
{
    uint64_t index = take_number(&d->in);
    if (index < d->name_count) return d->names[index];
    cursor_fail(&d->in, "no such name");
    return VALUE_FALSE;
}

vvm_value decode_symbol(struct image_decoder *d)
{
    return take_below(&d->in, 1, "a name that is neither there nor not") ? decode_name(d) : VALUE_FALSE;
}

uint64_t decode_position(struct image_decoder *d, uint64_t before)
{
    uint64_t head = take_number(&d->in);
    unsigned file = head & 1 ? take_below(&d->in, d->file_count, "no such file") : position_file(before);
    int64_t line = 0;
    if (__builtin_add_overflow((int64_t)position_line(before), unzigzag(head >> 1), &line) || line < 0 ||
        line > 0xfffff)
        cursor_fail(&d->in, "a line number is out of range");
    unsigned column = take_below(&d->in, 0xfff, "a column is out of range");
    return d->in.fault ? 0 : make_position(file, (unsigned)line, column);
}

/* ---- tables ------------------------------------------------------------------------------ */

/* A table's count and its memory; NULL when it is empty or at a fault. */
static void *decode_array(struct image_decoder *d, uint32_t *count, size_t size)
{
    *count = take_count(&d->in, IMAGE_TABLE_MAX, "a table is too long");
    if (!*count || !decoder_spend(d, *count * size)) return NULL;
    void *array = calloc(*count, size);
    if (!array) cursor_fail(&d->in, "out of memory");
    return array;
}

static struct image_name take_name(struct image_decoder *d)
{
    uint32_t length = take_count(&d->in, IMAGE_NAME_MAX, "a name is too long");
    return (struct image_name){(const char *)take_octets(&d->in, length), length};
}

static void decode_names(struct image_decoder *d)
{
    uint32_t count;
    d->names = decode_array(d, &count, sizeof *d->names);
    for (uint32_t i = 0; i < count && !d->in.fault; i++) {
        struct image_name name = take_name(d);
        if (d->in.fault || memchr(name.octets, 0, name.length)) {
            cursor_fail(&d->in, "a name with a zero octet");
            return;
        }
        d->names[i] = intern_n(d->node, name.octets, name.length);
        if (d->names[i] == VALUE_EXCEPTION) cursor_fail(&d->in, "out of memory");
        d->name_count = i + 1;
    }
}

static void decode_files(struct image_decoder *d)
{
    d->files = decode_array(d, &d->file_count, sizeof *d->files);
    if (d->file_count > 255) cursor_fail(&d->in, "too many source files");
    for (uint32_t i = 0; i < d->file_count && !d->in.fault; i++) {
        d->files[i] = take_name(d);
        if (!d->in.fault && memchr(d->files[i].octets, 0, d->files[i].length))
            cursor_fail(&d->in, "a name with a zero octet");
    }
}

static void decode_signatures(struct image_decoder *d)
{
    d->signatures = decode_array(d, &d->signature_count, sizeof *d->signatures);
    for (uint32_t i = 0; i < d->signature_count && !d->in.fault; i++) {
        uint32_t parameters = take_count(&d->in, MAX_SLOTS, "too many parameters");
        uint32_t rest = take_below(&d->in, 1, "a malformed signature");
        uint32_t result = take_below(&d->in, SLOT_TYPES - 1, "no such slot type");
        const uint8_t *types = take_octets(&d->in, parameters);
        for (uint32_t j = 0; j < parameters && types; j++)
            if (types[j] >= SLOT_TYPES) cursor_fail(&d->in, "no such slot type");
        if (d->in.fault) return;
        d->signatures[i] = signature_intern(d->node, types, parameters, rest, result);
        if (!d->signatures[i]) cursor_fail(&d->in, "too many signatures");
    }
}

static void decode_head(struct image_decoder *d)
{
    const uint8_t *magic = take_octets(&d->in, 4);
    if (magic && memcmp(magic, IMAGE_MAGIC, 4)) cursor_fail(&d->in, "this is no image");
    unsigned version = take_octet(&d->in);
    version |= take_octet(&d->in) << 8;
    if (!d->in.fault && version != IMAGE_VERSION) cursor_fail(&d->in, "an image of another version");
    unsigned flags = take_octet(&d->in);
    if (flags & ~(unsigned)(IMAGE_LINES | IMAGE_SIGNED)) cursor_fail(&d->in, "unknown flags");
    d->lines = flags & IMAGE_LINES;
    d->sealed = flags & IMAGE_SIGNED;
    decode_names(d);
    if (d->lines && !d->in.fault) decode_files(d);
    if (!d->in.fault) decode_signatures(d);
}

static void expect_added(struct image_decoder *d, int64_t index)
{
    if (index == -ENOMEM) cursor_fail(&d->in, "out of memory");
    else if (index < 0) cursor_fail(&d->in, "a table or a constant is too big");
}

/* ---- no entry twice ------------------------------------------------------------------------ */

/* Equal entries have equal octets: sorted by those, they stand side by side. */
struct entries {
    struct image_name *octets;
    uint32_t count;
};

static int compare_entries(const void *a, const void *b)
{
    const struct image_name *x = a, *y = b;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    return memcmp(x->octets, y->octets, x->length);
}

static void entries_open(struct image_decoder *d, struct entries *e, uint32_t count)
{
    *e = (struct entries){calloc(count ? count : 1, sizeof *e->octets), 0};
    if (!e->octets) cursor_fail(&d->in, "out of memory");
}

static void note_entry(struct image_decoder *d, struct entries *e, const uint8_t *from)
{
    if (d->in.fault) return;
    e->octets[e->count++] = (struct image_name){(const char *)from, (size_t)(d->in.at - from)};
}

static void entries_close(struct image_decoder *d, struct entries *e)
{
    if (e->count) qsort(e->octets, e->count, sizeof *e->octets, compare_entries);
    for (uint32_t i = 1; i < e->count; i++)
        if (!compare_entries(&e->octets[i - 1], &e->octets[i])) cursor_fail(&d->in, "an entry stands twice");
    free(e->octets);
}

/* ---- sections ------------------------------------------------------------------------------ */

/* A value as a constant of the unit; -1 and a fault otherwise. */
static int64_t keep_value(struct image_decoder *d, vvm_value v)
{
    assert(d->scratch.free >= d->scratch.arena && d->scratch.free <= d->scratch.end);
    decoder_spend(d, (size_t)(d->scratch.free - d->scratch.arena));
    if (d->in.fault) return -1;
    int64_t index = unit_append_constant(&d->builder, v);
    expect_added(d, index);
    d->scratch.free = d->scratch.arena;
    return index;
}

static vvm_value decode_vmlet(struct image_decoder *d, struct vvm_vmlet *vmlet)
{
    vmlet->name = decode_symbol(d);
    vmlet->version = take_signed(&d->in);
    return decode_value(d);
}

/* Pairs and vectors may be alike and yet two. */
static bool is_atom(vvm_value v) { return !is_pair(v) && !has_type(v, TYPE_VECTOR); }

static void decode_constants(struct image_decoder *d)
{
    struct entries entries;
    uint32_t count = take_count(&d->in, IMAGE_TABLE_MAX, "a table is too long");
    entries_open(d, &entries, count);
    for (uint32_t i = 0; i < count && !d->in.fault; i++) {
        const uint8_t *from = d->in.at;
        vvm_value v = decode_value(d);
        if (!d->in.fault && is_atom(v)) note_entry(d, &entries, from);
        keep_value(d, v);
    }
    entries_close(d, &entries);
}

static void decode_links(struct image_decoder *d)
{
    struct entries entries;
    uint32_t count = take_count(&d->in, IMAGE_TABLE_MAX, "a table is too long");
    entries_open(d, &entries, count);
    for (uint32_t i = 0; i < count && !d->in.fault; i++) {
        const uint8_t *from = d->in.at;
        vvm_value vmlet = decode_symbol(d), name = decode_name(d);
        uint32_t signature = take_below(&d->in, d->signature_count, "no such signature");
        if (signature) signature = d->signatures[signature - 1];
        note_entry(d, &entries, from);
        if (!d->in.fault) expect_added(d, unit_append_link(&d->builder, vmlet, name, signature));
    }
    entries_close(d, &entries);
}

static void decode_primitives(struct image_decoder *d)
{
    uint32_t count = take_count(&d->in, IMAGE_TABLE_MAX, "a table is too long");
    for (uint32_t i = 0; i < count && !d->in.fault; i++) {
        vvm_value name = decode_name(d);
        const struct primitive_row *row = d->in.fault ? NULL : primitive_named(d->node, symbol_name(name));
        int64_t index = row ? unit_add_primitive(&d->builder, row) : -ENOENT;
        if (!row) cursor_fail(&d->in, "a primitive that this engine does not have");
        else if (index >= 0 && index != i) cursor_fail(&d->in, "an entry stands twice");
        else expect_added(d, index);
    }
}

static uint32_t own_signature(struct image_decoder *d, const struct vvm_function *f)
{
    return signature_intern(d->node, f->slot_types, f->parameters, f->flags & FUNCTION_REST, f->result);
}

static void decode_functions(struct image_decoder *d)
{
    uint32_t count = take_count(&d->in, IMAGE_TABLE_MAX, "a table is too long");
    if (!decoder_spend(d, count * sizeof(struct vvm_function))) return;
    for (uint32_t i = 0; i < count && !d->in.fault; i++) {
        expect_added(d, unit_add_function(&d->builder));
        if (d->in.fault) return;
        struct vvm_function *f = &d->builder.unit->functions[i];
        f->name = VALUE_FALSE;
        int err = decode_function(d, f);
        if (err == -ENOMEM) cursor_fail(&d->in, "out of memory");
        if (err) return;
        f->signature = own_signature(d, f);
        if (!f->signature) cursor_fail(&d->in, "too many signatures");
    }
}

static void decode_scripts(struct image_decoder *d)
{
    uint32_t count = take_count(&d->in, IMAGE_TABLE_MAX, "a table is too long");
    for (uint32_t i = 0; i < count && !d->in.fault; i++) {
        uint32_t function = take_below(&d->in, UINT16_MAX, "no such function");
        if (unit_add_script(&d->builder, function)) cursor_fail(&d->in, "out of memory");
    }
}

/* Who signed, and the signature: as they are; load.c looks whether they fit. */
static void decode_seal(struct image_decoder *d)
{
    const uint8_t *octets = take_octets(&d->in, IMAGE_SEAL);
    uint8_t *seal = octets ? malloc(IMAGE_SEAL) : NULL;
    if (octets && !seal) cursor_fail(&d->in, "out of memory");
    if (seal) memcpy(seal, octets, IMAGE_SEAL);
    d->builder.unit->seal = seal;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void decode_unit(struct image_decoder *d, struct vvm_vmlet *vmlet)
{
    decode_head(d);
    vvm_value header = decode_vmlet(d, vmlet);
    d->scratch.arena = d->scratch.free; /* the header stays there until the end */
    decode_constants(d);
    decode_links(d);
    decode_primitives(d);
    if (!d->in.fault) decode_functions(d);
    decode_scripts(d);
    if (d->sealed && !d->in.fault) decode_seal(d);
    if (!d->in.fault && d->in.at != d->in.end) cursor_fail(&d->in, "octets behind the end of the image");
    if (!is_pair(header) && header != VALUE_NULL && header != VALUE_FALSE)
        cursor_fail(&d->in, "the header of the VMlet is no list");
    vmlet->header = header;
    if (d->in.fault || !is_pair(header)) return;
    d->scratch.free = d->scratch.arena;
    int64_t index = keep_value(d, header);
    if (index >= 0 && !d->in.fault) vmlet->header = d->builder.unit->constants[index];
}

/* Encode again: anything that was read in another way than it is written shows. */
static void check_canonical(struct image_decoder *d, const uint8_t *image, size_t octets)
{
    struct image_encoder e = {
        .node = d->node, .unit = d->builder.unit, .file_names = d->files, .lines = d->lines};
    uint8_t *again = NULL;
    size_t length = 0;
    int err = image_write(&e, &again, &length);
    if (err == -ENOMEM) cursor_fail(&d->in, "out of memory");
    else if (err || length != octets || memcmp(again, image, octets))
        cursor_fail(&d->in, "the image is not in its canonical form");
    free(again);
}

static uint64_t node_position(const struct image_decoder *d, const uint8_t *numbers, uint64_t position)
{
    unsigned file = position_file(position);
    return make_position(file && file <= d->file_count ? numbers[file] : 0, position_line(position),
                         position_column(position));
}

/* Positions so far name the image's own files: give them the node's numbers. */
static void renumber_files(struct image_decoder *d)
{
    uint8_t numbers[256] = {0};
    char name[IMAGE_NAME_MAX + 1];
    for (uint32_t i = 0; i < d->file_count; i++) {
        memcpy(name, d->files[i].octets, d->files[i].length);
        name[d->files[i].length] = 0;
        numbers[i + 1] = (uint8_t)node_file(d->node, name);
    }
    for (uint32_t i = 0; i < d->builder.unit->function_count; i++) {
        struct vvm_function *f = &d->builder.unit->functions[i];
        f->position = node_position(d, numbers, f->position);
        struct line_entry *lines = (struct line_entry *)f->lines; /* still ours alone */
        for (uint32_t j = 0; j < f->line_count; j++)
            lines[j].position = node_position(d, numbers, lines[j].position);
    }
}

/* Memory for one constant while it is read: an item takes at most 24 octets for one
 * of the image, a code point four. A unit takes no constant of more than 1 MiB. */
static bool open_scratch(struct image_decoder *d, size_t octets)
{
    size_t room = octets < IMAGE_CONSTANT / 32 ? (octets + 64) * 32 : IMAGE_CONSTANT;
    d->scratch_memory = malloc(room);
    if (!d->scratch_memory) return false;
    d->scratch.arena = d->scratch_memory;
    d->scratch.arena_end = d->scratch.arena + room;
    d->scratch.free = d->scratch.arena;
    d->scratch.end = d->scratch.arena_end;
    d->scratch.packet_profile = true;
    d->scratch.node = d->node;
    return true;
}

static int decode_all(struct image_decoder *d, struct vvm_vmlet *vmlet, const uint8_t *data, size_t length)
{
    if (length > IMAGE_MAX) cursor_fail(&d->in, "the image is too long");
    else if (!open_scratch(d, length) || unit_begin(&d->builder, d->node, vmlet))
        cursor_fail(&d->in, "out of memory");
    else decode_unit(d, vmlet);
    if (!d->in.fault) check_canonical(d, data, length);
    if (!d->in.fault && d->lines) renumber_files(d);
    free(d->scratch_memory);
    free(d->names);
    free(d->files);
    free(d->signatures);
    return d->in.fault ? -EINVAL : 0;
}

int image_decode(struct vvm_node *node, const uint8_t *data, size_t length, struct vvm_unit **unit, char *why,
                 size_t room)
{
    struct image_decoder d = {
        .in = {.at = data, .end = data + length}, .node = node, .budget = IMAGE_UNPACKED};
    struct vvm_vmlet *vmlet = calloc(1, sizeof *vmlet);
    if (!vmlet) {
        snprintf(why, room, "out of memory");
        return -ENOMEM;
    }
    vmlet->name = VALUE_FALSE;
    vmlet->header = VALUE_NULL;
    vmlet->environment = node->core;
    int err = decode_all(&d, vmlet, data, length);
    if (!err) {
        assert(d.in.at == d.in.end && !d.in.half); /* every octet was looked at */
        *unit = unit_finish(&d.builder);
        return 0;
    }
    snprintf(why, room, "%s", d.in.fault);
    if (d.builder.unit) unit_abandon(&d.builder);
    free(vmlet);
    return err;
}
