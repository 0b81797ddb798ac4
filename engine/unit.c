/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.c - the builder of units, their constants, and links to globals.
 *
 * Constants are frozen copies in memory of the unit: they live and die with it, and
 * no two units share one. Only data has a copy: numbers, characters, symbols, strings,
 * bytes, pairs and vectors.
 */
#include "unit.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "environment.h"
#include "wire/wire.h"

#define CONSTANT_OCTETS_MAX (1u << 20)
#define CONSTANT_DEPTH_MAX  2000
#define TABLE_MAX           (1u << 16)
#define BLOCK_FIRST         128  /* octets of a unit's first block of constants; then twice as many, */
#define BLOCK_MOST          4096 /* up to this */

static_assert(TABLE_MAX <= UINT16_MAX + 1u, "an operand can name every entry of a table");

/* ---- begin, grow, finish ---------------------------------------------------------------- */

int unit_begin(struct unit_builder *b, struct vvm_node *node, struct vvm_vmlet *vmlet)
{
    *b = (struct unit_builder){.node = node, .vmlet = vmlet};
    b->unit = calloc(1, sizeof *b->unit);
    if (!b->unit) return -ENOMEM;
    b->unit->vmlet = vmlet;
    return 0;
}

/* Room for one more element in an array. */
static int grow(void **array, uint32_t count, uint32_t *room, size_t element)
{
    if (count < *room) return 0;
    if (count >= TABLE_MAX) return -E2BIG;
    uint32_t more = *room ? 2 * *room : 8;
    void *moved = realloc(*array, more * element);
    if (!moved) return -ENOMEM;
    *array = moved;
    *room = more;
    return 0;
}

#define GROW(b, array, count, room)                                                                          \
    grow((void **)&(b)->unit->array, (b)->unit->count, &(b)->room, sizeof *(b)->unit->array)

int64_t unit_add_function(struct unit_builder *b)
{
    int err = GROW(b, functions, function_count, function_room);
    if (err) return err;
    uint32_t index = b->unit->function_count++;
    b->unit->functions[index] = (struct vvm_function){.index = index, .unit = b->unit, .name = VALUE_FALSE};
    return index;
}

int64_t unit_append_link(struct unit_builder *b, vvm_value vmlet, vvm_value name, uint32_t signature)
{
    struct vvm_unit *u = b->unit;
    int err = GROW(b, links, link_count, link_room);
    if (err) return err;
    u->links[u->link_count] = (struct link){.vmlet = vmlet, .name = name, .signature = signature};
    return u->link_count++;
}

int64_t unit_add_link(struct unit_builder *b, vvm_value vmlet, vvm_value name, uint32_t signature)
{
    const struct vvm_unit *u = b->unit;
    for (uint32_t i = 0; i < u->link_count; i++)
        if (u->links[i].name == name && u->links[i].vmlet == vmlet && u->links[i].signature == signature)
            return i;
    return unit_append_link(b, vmlet, name, signature);
}

int64_t unit_add_primitive(struct unit_builder *b, const struct primitive_row *row)
{
    struct vvm_unit *u = b->unit;
    assert(row);
    for (uint32_t i = 0; i < u->primitive_count; i++)
        if (u->primitives[i] == row) return i;
    int err = GROW(b, primitives, primitive_count, primitive_room);
    if (err) return err;
    u->primitives[u->primitive_count] = row;
    return u->primitive_count++;
}

int unit_add_script(struct unit_builder *b, uint32_t function)
{
    int err = GROW(b, scripts, script_count, script_room);
    if (!err) b->unit->scripts[b->unit->script_count++] = function;
    return err;
}

/* An array with no room to spare: most units are small, and there are hundreds. */
static void shrink(void **array, uint32_t count, size_t element)
{
    void *moved = count ? realloc(*array, count * element) : NULL;
    if (moved) *array = moved; /* else it stays as large as it is */
}

#define SHRINK(unit, array, count) shrink((void **)&(unit)->array, (unit)->count, sizeof *(unit)->array)

static void shrink_all(struct vvm_unit *unit)
{
    SHRINK(unit, functions, function_count);
    SHRINK(unit, constants, constant_count);
    SHRINK(unit, links, link_count);
    SHRINK(unit, primitives, primitive_count);
    SHRINK(unit, scripts, script_count);
}

struct vvm_unit *unit_finish(struct unit_builder *b)
{
    struct vvm_unit *unit = b->unit;
    assert(unit && !unit->verified);
    assert(unit->function_count <= b->function_room && unit->constant_count <= b->constant_room);
    assert(unit->link_count <= b->link_room && unit->script_count <= b->script_room);
    b->unit = NULL;
    shrink_all(unit);
    for (uint32_t i = 0; i < unit->function_count; i++) unit->functions[i].unit = unit;
    return unit;
}

void unit_abandon(struct unit_builder *b)
{
    unit_free(b->unit);
    b->unit = NULL;
}

static void free_function(struct vvm_function *f)
{
    free((void *)f->code);
    free((void *)f->slot_types);
    free((void *)f->lines);
    free((void *)f->shape);
}

void unit_free(struct vvm_unit *unit)
{
    if (!unit) return;
    for (uint32_t i = 0; i < unit->function_count; i++) free_function(&unit->functions[i]);
    for (struct constant_block *block = unit->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(unit->functions);
    free(unit->constants);
    free(unit->links);
    free(unit->primitives);
    free(unit->scripts);
    free(unit->rows);
    free(unit->seal);
    free(unit);
}

/* ---- constants ------------------------------------------------------------------------------ */

struct freezing {
    struct vvm_unit *unit;
    size_t octets; /* of this constant */
    unsigned depth;
    int error;
};

static void *block_allocate(struct vvm_unit *unit, size_t octets)
{
    struct constant_block *block = unit->blocks;
    octets = (octets + 7) & ~(size_t)7;
    if (!block || block->room - block->used < octets) {
        size_t usual = !block ? BLOCK_FIRST : block->room < BLOCK_MOST / 2 ? 2 * block->room : BLOCK_MOST;
        size_t room = octets > usual ? octets : usual;
        block = malloc(sizeof *block + room);
        if (!block) return NULL;
        *block = (struct constant_block){.next = unit->blocks, .room = room};
        unit->blocks = block;
    }
    void *memory = (char *)block->data + block->used;
    block->used += octets;
    assert(block->used <= block->room);
    return memory;
}

/* Room for a frozen object; NULL with f->error set. */
static void *freeze_allocate(struct freezing *f, enum object_type type, uint64_t length, size_t octets)
{
    if (f->error) return NULL;
    if (octets > CONSTANT_OCTETS_MAX - f->octets) {
        f->error = -E2BIG;
        return NULL;
    }
    f->octets += octets;
    uint64_t *header = block_allocate(f->unit, octets);
    if (!header) {
        f->error = -ENOMEM;
        return NULL;
    }
    unsigned owner = f->unit->vmlet ? f->unit->vmlet->owner : 0;
    *header = make_header(type, length) | (uint64_t)FLAG_FROZEN << 8 | (uint64_t)owner << 16;
    return header;
}

static vvm_value freeze(struct freezing *f, vvm_value v);

static vvm_value freeze_flat(struct freezing *f, vvm_value v, size_t element)
{
    uint64_t length = object_length(v);
    if (length > CONSTANT_OCTETS_MAX) {
        f->error = -E2BIG;
        return VALUE_FALSE;
    }
    uint64_t *to = freeze_allocate(f, header_type(object_of(v)->header), length, 8 + length * element);
    if (!to) return VALUE_FALSE;
    memcpy(to + 1, (uint64_t *)value_pointer(v) + 1, length * element);
    return object_value(to);
}

static vvm_value freeze_flonum(struct freezing *f, vvm_value v)
{
    const struct flonum *from = value_pointer(v);
    struct flonum *to = freeze_allocate(f, TYPE_FLONUM, header_length(from->header), sizeof *to);
    if (!to) return VALUE_FALSE;
    to->number = from->number;
    return object_value(to);
}

static vvm_value freeze_vector(struct freezing *f, vvm_value v)
{
    const struct vector *from = value_pointer(v);
    uint64_t length = object_length(v);
    if (length > CONSTANT_OCTETS_MAX) {
        f->error = -E2BIG;
        return VALUE_FALSE;
    }
    struct vector *to = freeze_allocate(f, TYPE_VECTOR, length, 8 + length * 8);
    if (!to) return VALUE_FALSE;
    for (uint64_t i = 0; i < length && !f->error; i++) to->items[i] = freeze(f, from->items[i]);
    return object_value(to);
}

/* Along the list; a circle ends at the cap. */
static vvm_value freeze_list(struct freezing *f, vvm_value v)
{
    vvm_value first = VALUE_NULL, *end = &first;
    for (; is_pair(v) && !f->error; v = cdr_of(v)) {
        struct pair *p = freeze_allocate(f, TYPE_PAIR, 0, sizeof *p);
        if (!p) return VALUE_NULL;
        *end = pair_value(p);
        p->cdr = VALUE_NULL;
        p->car = freeze(f, car_of(v));
        end = &p->cdr;
    }
    if (!f->error) *end = freeze(f, v);
    return first;
}

static vvm_value freeze_object(struct freezing *f, vvm_value v)
{
    switch (header_type(object_of(v)->header)) {
    case TYPE_SYMBOL: return v;
    case TYPE_STRING: return freeze_flat(f, v, sizeof(uint32_t));
    case TYPE_BYTES: return freeze_flat(f, v, 1);
    case TYPE_FLONUM: return freeze_flonum(f, v);
    case TYPE_VECTOR: return freeze_vector(f, v);
    default: f->error = -EINVAL; return VALUE_FALSE;
    }
}

static vvm_value freeze(struct freezing *f, vvm_value v)
{
    if (!is_pair(v) && !is_object(v)) return v;
    if (f->depth >= CONSTANT_DEPTH_MAX) f->error = -E2BIG;
    if (f->error) return VALUE_FALSE;
    f->depth++;
    vvm_value copy = is_pair(v) ? freeze_list(f, v) : freeze_object(f, v);
    f->depth--;
    return copy;
}

static bool same_flat(vvm_value a, vvm_value b, size_t element)
{
    const struct object *p = object_of(a), *q = object_of(b);
    return header_length(p->header) == header_length(q->header) &&
           memcmp(p + 1, q + 1, header_length(p->header) * element) == 0;
}

/* One constant serves both: atoms that are eqv, strings and bytes of one content. */
static bool same_constant(vvm_value a, vvm_value b)
{
    if (a == b) return true;
    if (!is_object(a) || !is_object(b)) return false;
    enum object_type type = header_type(object_of(a)->header);
    if (type != header_type(object_of(b)->header)) return false;
    switch (type) {
    case TYPE_STRING: return same_flat(a, b, sizeof(uint32_t));
    case TYPE_BYTES: return same_flat(a, b, 1);
    case TYPE_FLONUM: return memcmp(object_of(a) + 1, object_of(b) + 1, sizeof(double)) == 0;
    default: return false;
    }
}

int64_t unit_append_constant(struct unit_builder *b, vvm_value v)
{
    struct vvm_unit *u = b->unit;
    int err = GROW(b, constants, constant_count, constant_room);
    if (err) return err;
    struct freezing f = {.unit = u};
    vvm_value copy = freeze(&f, v);
    assert(f.depth == 0);
    if (f.error) return f.error;
    u->constants[u->constant_count] = copy;
    return u->constant_count++;
}

int64_t unit_add_constant(struct unit_builder *b, vvm_value v)
{
    const struct vvm_unit *u = b->unit;
    for (uint32_t i = 0; i < u->constant_count && !is_pair(v); i++)
        if (same_constant(u->constants[i], v)) return i;
    return unit_append_constant(b, v);
}

/* ---- links ----------------------------------------------------------------------------------- */

static struct vvm_vmlet *vmlet_of_name(struct vvm_node *node, vvm_value name)
{
    for (struct vvm_vmlet *v = node->vmlets; v; v = v->next)
        if (v->name == name) return v;
    return NULL;
}

/* The own name in the VMlet's environment, made a global if it is nothing yet. */
static int own_global(struct vvm_context *ctx, struct vvm_vmlet *vmlet, vvm_value name, uint32_t *global)
{
    struct denotation *d = environment_entry(vmlet->environment, name);
    if (!d) return -ENOMEM;
    *global = global_number(ctx->node, vmlet, name);
    if (*global == UINT32_MAX) return -ENOMEM;
    if (d->kind == DENOTES_NOTHING) {
        *d = (struct denotation){
            .kind = DENOTES_GLOBAL, .owner = vmlet, .macro = VALUE_FALSE, .inline_form = VALUE_FALSE};
        d->global = *global;
    }
    return 0;
}

static int link_own(struct vvm_context *ctx, struct vvm_vmlet *vmlet, struct link *l)
{
    const struct denotation *d = environment_lookup(vmlet->environment, l->name);
    if (!d || d->kind != DENOTES_GLOBAL) return own_global(ctx, vmlet, l->name, &l->global);
    l->global = d->global;
    return 0;
}

/* A name of another VMlet, of core only one that the unit's VMlet sees. */
static int link_other(struct vvm_context *ctx, const struct vvm_vmlet *vmlet_of_unit, struct link *l)
{
    const struct vvm_vmlet *other = vmlet_of_name(ctx->node, l->vmlet);
    const struct denotation *d = other ? environment_lookup(other->environment, l->name) : NULL;
    if (d && d->kind == DENOTES_GLOBAL && d->owner == other && authority_sees(vmlet_of_unit, d->hidden)) {
        l->global = d->global;
        return 0;
    }
    const char *vmlet = is_symbol(l->vmlet) ? symbol_name(l->vmlet) : "?";
    const char *name = is_symbol(l->name) ? symbol_name(l->name) : "?";
    raise_message(ctx, ERROR_IMPORT, VALUE_DEFAULT, "%.100s of the VMlet %.100s is not there", name, vmlet);
    return -ENOENT;
}

/* What the unit defines is its VMlet's own, whatever core has under the name. */
static int link_defined(struct vvm_context *ctx, struct vvm_unit *unit, const struct vvm_function *f)
{
    for (uint32_t at = 0; at < f->words; at += instruction_words(f->code[at])) {
        unsigned op = word_op(f->code[at]);
        if (op != OP_DEFINE && op != OP_DEFINE_FUNCTION) continue;
        const struct link *l = &unit->links[word_a(f->code[at])];
        uint32_t global;
        if (l->vmlet != VALUE_FALSE) continue;
        int err = own_global(ctx, unit->vmlet, l->name, &global);
        if (err) return err;
    }
    return 0;
}

int unit_link(struct vvm_context *ctx, struct vvm_unit *unit)
{
    assert(unit->verified && unit->vmlet);
    int err = 0;
    for (uint32_t i = 0; i < unit->function_count && !err; i++)
        err = link_defined(ctx, unit, &unit->functions[i]);
    for (uint32_t i = 0; i < unit->link_count && !err; i++) {
        struct link *l = &unit->links[i];
        err = unit_resolve(ctx, unit->vmlet, l);
    }
    return err;
}

int unit_resolve(struct vvm_context *ctx, struct vvm_vmlet *vmlet, struct link *l)
{
    bool own = l->vmlet == VALUE_FALSE || l->vmlet == vmlet->name;
    return own ? link_own(ctx, vmlet, l) : link_other(ctx, vmlet, l);
}

/* ---- merging ---------------------------------------------------------------------------------- */

struct merging {
    struct unit_builder *b;
    const struct vvm_unit *from;
    uint32_t functions;                       /* added to function numbers */
    uint16_t *constants, *links, *primitives; /* new numbers of old ones */
};

static int merge_number(uint16_t *to, int64_t index)
{
    if (index < 0) return (int)index;
    if (index > UINT16_MAX) return -E2BIG;
    *to = (uint16_t)index;
    return 0;
}

static int merge_tables(struct merging *m)
{
    const struct vvm_unit *u = m->from;
    int err = 0;
    for (uint32_t i = 0; i < u->constant_count && !err; i++)
        err = merge_number(&m->constants[i], unit_add_constant(m->b, u->constants[i]));
    for (uint32_t i = 0; i < u->link_count && !err; i++) {
        const struct link *l = &u->links[i];
        err = merge_number(&m->links[i], unit_add_link(m->b, l->vmlet, l->name, l->signature));
    }
    for (uint32_t i = 0; i < u->primitive_count && !err; i++)
        err = merge_number(&m->primitives[i], unit_add_primitive(m->b, u->primitives[i]));
    return err;
}

static unsigned renumber(const struct merging *m, struct operand_format format, unsigned operand)
{
    switch (format.kind) {
    case OPERAND_CONST: return m->constants[operand];
    case OPERAND_LINK: return m->links[operand];
    case OPERAND_PRIM: return m->primitives[operand];
    case OPERAND_FN: return operand + m->functions;
    default: return operand;
    }
}

static void renumber_code(const struct merging *m, uint64_t *code, uint32_t words)
{
    for (uint32_t at = 0; at < words; at += instruction_words(code[at])) {
        uint64_t w = code[at];
        const struct vvm_instruction *row = &instruction_table[word_op(w)];
        code[at] = make_word(word_op(w), renumber(m, row->a, word_a(w)), renumber(m, row->b, word_b(w)),
                             renumber(m, row->c, word_c(w)));
    }
}

static void *copy_array(const void *from, size_t octets)
{
    void *to = calloc(octets ? octets : 1, 1);
    if (to && octets) memcpy(to, from, octets);
    return to;
}

static int merge_function(struct merging *m, const struct vvm_function *from)
{
    int64_t index = unit_add_function(m->b);
    if (index < 0) return (int)index;
    struct vvm_function *f = &m->b->unit->functions[index];
    uint64_t *code = copy_array(from->code, from->words * sizeof *code);
    *f = *from;
    f->index = (uint32_t)index;
    f->unit = m->b->unit;
    f->code = code;
    f->slot_types = copy_array(from->slot_types, from->slots);
    f->lines = copy_array(from->lines, from->line_count * sizeof *from->lines);
    f->shape = from->shape ? copy_array(from->shape, sizeof *from->shape) : NULL;
    if (!f->code || !f->slot_types || !f->lines || (from->shape && !f->shape)) return -ENOMEM;
    renumber_code(m, code, f->words);
    return 0;
}

int unit_merge(struct unit_builder *b, const struct vvm_unit *src)
{
    struct merging m = {.b = b, .from = src, .functions = b->unit->function_count};
    assert(src->verified); /* its operands name what is there */
    int err = -ENOMEM;
    if (m.functions + src->function_count > TABLE_MAX) return -E2BIG;
    m.constants = calloc(src->constant_count + 1, sizeof *m.constants);
    m.links = calloc(src->link_count + 1, sizeof *m.links);
    m.primitives = calloc(src->primitive_count + 1, sizeof *m.primitives);
    if (m.constants && m.links && m.primitives) err = merge_tables(&m);
    for (uint32_t i = 0; i < src->function_count && !err; i++) err = merge_function(&m, &src->functions[i]);
    for (uint32_t i = 0; i < src->script_count && !err; i++)
        err = unit_add_script(b, src->scripts[i] + m.functions);
    free(m.constants);
    free(m.links);
    free(m.primitives);
    return err;
}
