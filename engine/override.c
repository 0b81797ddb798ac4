/* SPDX-License-Identifier: Apache-2.0 */
/*
 * override.c - what a generation's arounds redefine of the core: built from the layers when
 * a candidate is checked, looked up by the interpreter and by whoever asks for effects.
 */
#include "override.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "compile/compile.h"
#include "environment.h"
#include "generation.h"
#include "interpret.h"
#include "layer.h"

struct redefined { /* a core global that has an around */
    uint32_t global;
    const char *name;
    struct binding base;             /* what core itself defined */
    const struct primitive_row *row; /* if that is a primitive */
};

struct override {
    struct vvm_node *node;
    struct override *stale; /* released, not yet freed */
    unsigned users;
    struct redefined *names; /* in order of the globals' numbers */
    uint32_t count;
    uint16_t first[OP_LIMIT]; /* place of each opcode's variants in by_variant */
    uint32_t *by_variant;     /* global, UINT32_MAX: not redefined */
    const void *table[OP_ALL], *boot[OP_ALL];
};

/* ---- rows -------------------------------------------------------------------------------- */

const struct override_row override_rows[OP_LIMIT] = {
#define X(op)
#define O(op, kind, vary, name, operands) [OP_##op] = {OVERRIDE_##kind, VARY_##vary, name, operands},
#include "override.def"
#undef O
#undef X
};

unsigned override_variants(enum opcode op)
{
    static const uint8_t counts[] = {[VARY_ONE] = 1,
                                     [VARY_TYPE] = SLOT_TYPES,
                                     [VARY_SIGN] = 2,
                                     [VARY_CLASS_A] = CLASS_LIMIT,
                                     [VARY_CLASS_C] = CLASS_LIMIT,
                                     [VARY_STEP] = 2};
    return override_rows[op].kind == OVERRIDE_NEVER ? 0 : counts[override_rows[op].vary];
}

/* The row's name with a type in place of its @. */
static void put_type(const char *name, enum slot_type type, char text[32])
{
    bool typed = name[0] == '@';
    snprintf(text, 32, "%s%s", typed ? slot_type_name(type) : "", name + typed);
}

bool override_name(enum opcode op, unsigned variant, char text[32])
{
    const struct override_row *row = &override_rows[op];
    if (variant >= override_variants(op)) return false;
    switch ((enum override_vary)row->vary) {
    case VARY_CLASS_A:
    case VARY_CLASS_C: snprintf(text, 32, "%s?", value_class_name((enum value_class)variant)); return true;
    case VARY_STEP: snprintf(text, 32, "%s", variant ? row->operands : row->name); return true;
    case VARY_TYPE: put_type(row->name, (enum slot_type)variant, text); return variant != SLOT_ANY;
    case VARY_ONE:
    case VARY_SIGN: break;
    }
    put_type(row->name, (enum slot_type)instruction_table[op].a.type, text);
    if (row->vary == VARY_SIGN && variant) text[strlen(text) - 1] = '-';
    return true;
}

unsigned override_variant(const struct vvm_function *f, uint64_t word)
{
    switch ((enum override_vary)override_rows[word_op(word)].vary) {
    case VARY_TYPE: return f->slot_types[word_a(word)];
    case VARY_SIGN: return word_imm(word) < 0;
    case VARY_CLASS_A: return word_a(word);
    case VARY_CLASS_C: return word_c(word);
    case VARY_ONE:
    case VARY_STEP: break;
    }
    return 0;
}

/* ---- what is redefined --------------------------------------------------------------------- */

static const struct redefined *redefined_at(const struct override *o, uint32_t global)
{
    uint32_t low = 0, high = o->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (o->names[middle].global == global) return &o->names[middle];
        if (o->names[middle].global < global) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

static uint32_t global_of_name(const struct override *o, const char *name)
{
    for (uint32_t i = 0; i < o->count; i++)
        if (o->names[i].row && strcmp(o->names[i].name, name) == 0) return o->names[i].global;
    return UINT32_MAX;
}

uint32_t override_global(const struct override *o, enum opcode op, unsigned variant)
{
    return variant < override_variants(op) ? o->by_variant[o->first[op] + variant] : UINT32_MAX;
}

vvm_value override_primitive(const struct vvm_context *ctx, const struct primitive_row *row)
{
    const struct override *o = ctx->generation->override;
    for (uint32_t i = 0; o && i < o->count; i++)
        if (o->names[i].row == row) return ctx->generation->bindings[o->names[i].global].value;
    return VALUE_FALSE;
}

const void *const *override_table(const struct vvm_context *ctx)
{
    const struct override *o = ctx->generation->override;
    if (!o) return NULL;
    return ctx->boot ? o->boot : o->table;
}

const struct binding *override_base(const struct vvm_generation *g, uint32_t global)
{
    const struct redefined *r = g->override ? redefined_at(g->override, global) : NULL;
    return r ? &r->base : NULL;
}

unsigned override_of_word(const struct vvm_generation *g, const struct vvm_function *f, const uint64_t *at,
                          uint32_t globals[2])
{
    const struct override *o = g->override;
    enum opcode op = (enum opcode)word_op(*at);
    unsigned count = 0, variant = o ? override_variant(f, *at) : 0;
    if (!o) return 0;
    if (op == OP_CALL_PRIMITIVE) {
        const struct primitive_row *row = f->unit->primitives[word_b(*at)];
        for (uint32_t i = 0; i < o->count && !count; i++)
            if (o->names[i].row == row) globals[count++] = o->names[i].global;
        return count;
    }
    bool steps = override_rows[op].vary == VARY_STEP;
    for (unsigned i = variant; i < (steps ? 2 : variant + 1); i++) {
        globals[count] = override_global(o, op, i);
        if (globals[count] != UINT32_MAX) count++;
    }
    return count;
}

/* ---- what is refused ------------------------------------------------------------------------- */

/* What the compiler makes of names that have no instruction of their own. */
static const struct {
    const char *name, *made_of;
} made[] = {
    {"<=", "<"},
    {">", "<"},
    {">=", "<"},
    {"zero?", "="},
    {"positive?", "<"},
    {"negative?", "<"},
    {"eqv?", "eq?"},
    {"equal?", "eq?"},
    {"cadr", "car"},
    {"cddr", "cdr"},
    {"packet-length", "bytes-length"},
    {"slice-length", "bytes-length"},
};

static int refuse(struct vvm_node *node, const struct redefined *r, const char *format, const char *what)
{
    char text[300];
    snprintf(text, sizeof text, format, what);
    raise_message(&node->control, ERROR_PROFILE, VALUE_DEFAULT, "around: %.60s %s", r->name, text);
    return -EPERM;
}

static bool has_instruction(const char *name)
{
    char text[32];
    for (unsigned op = 0; op < OP_LIMIT; op++)
        for (unsigned i = 0; i < override_variants((enum opcode)op); i++)
            if (override_name((enum opcode)op, i, text) && strcmp(text, name) == 0) return true;
    return false;
}

static int check_name(struct vvm_node *node, const struct redefined *r)
{
    struct denotation *d = environment_lookup(node->core, global_name(node, r->global));
    if (d && d->inline_form != VALUE_FALSE)
        return refuse(node, r, "is copied to where it is called%s: no around is obeyed there", "");
    if (!r->row || has_instruction(r->name)) return 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (strcmp(made[i].name, r->name) == 0)
            return refuse(node, r, "is compiled as `%s`: put the around over that", made[i].made_of);
    if (!is_intrinsic(r->name) && strcmp(r->name, "slice-part") != 0) return 0;
    return refuse(node, r, "is no call in compiled code%s: no around is obeyed there", "");
}

/* What a layer does and the row beneath does not needs a capability. Reading globals is nothing
 * that anybody sees. */
static int check_layer(struct vvm_node *node, const struct vvm_generation *g, const struct redefined *r,
                       const struct layer *layer)
{
    char text[160];
    uint32_t unwanted = ~(r->row->effects | EFFECT_GLOBAL);
    if (layer->kind != LAYER_AROUND || !has_type(layer->value, TYPE_CLOSURE)) return 0;
    const struct vvm_function *f = ((struct closure *)value_pointer(layer->value))->function;
    if (!(function_effects(node, g, f, unwanted, text, sizeof text) & unwanted)) return 0;
    if (authority_allows(layer->owner, CAPABILITY_WIDEN_EFFECTS)) return 0;
    return refuse(node, r, "does less than what is to stand for it, which needs (widen-effects): %s", text);
}

static int check_effects(struct vvm_node *node, const struct vvm_generation *g, const struct redefined *r)
{
    uint32_t count;
    int err = 0;
    const struct layer *layers = layers_of(node, r->global, &count);
    for (uint32_t i = 0; r->row && i < count && !err; i++) err = check_layer(node, g, r, &layers[i]);
    return err;
}

/* ---- building ---------------------------------------------------------------------------------- */

struct building {
    struct vvm_node *node;
    struct override *o;
};

static int add_name(void *data, uint32_t global)
{
    struct building *b = data;
    struct override *o = b->o;
    uint32_t count;
    const struct layer *layers = layers_of(b->node, global, &count);
    if (global_owner(b->node, global) != b->node->core->vmlet || !is_symbol(global_name(b->node, global)))
        return 0;
    struct redefined *grown = realloc(o->names, (o->count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    o->names = grown;
    struct redefined *r = &grown[o->count++];
    *r = (struct redefined){
        .global = global, .name = symbol_name(global_name(b->node, global)), .base.value = VALUE_UNDEFINED};
    if (layers[0].kind != LAYER_DEFINE) return 0;
    const struct vvm_function *f = layers[0].function;
    r->base = (struct binding){layers[0].value, f, f ? f->signature : 0, BINDING_CONSTANT};
    if (has_type(layers[0].value, TYPE_PRIMITIVE))
        r->row = ((struct primitive_object *)value_pointer(layers[0].value))->row;
    return 0;
}

/* by_variant, and the table's label of every row of which a variant is redefined. */
static int fill_variants(struct override *o, const struct dispatch_labels *labels)
{
    char text[32];
    unsigned total = 0;
    for (unsigned op = 0; op < OP_LIMIT; op++) {
        o->first[op] = (uint16_t)total;
        total += override_variants((enum opcode)op);
    }
    o->by_variant = calloc(total, sizeof *o->by_variant);
    if (!o->by_variant) return -ENOMEM;
    for (unsigned op = 0; op < OP_LIMIT; op++)
        for (unsigned i = 0; i < override_variants((enum opcode)op); i++) {
            bool named = override_name((enum opcode)op, i, text);
            uint32_t global = named ? global_of_name(o, text) : UINT32_MAX;
            o->by_variant[o->first[op] + i] = global;
            if (global != UINT32_MAX) o->table[op] = labels->overridden;
        }
    return 0;
}

static int fill(struct override *o)
{
    const struct dispatch_labels *labels = interpret_labels();
    memcpy(o->table, labels->plain, sizeof o->table);
    memcpy(o->boot, labels->plain, sizeof o->boot);
    for (uint32_t i = 0; i < o->count; i++)
        if (o->names[i].row) o->table[OP_CALL_PRIMITIVE] = labels->primitive;
    o->boot[OP_GLOBAL_REF] = labels->boot_reference;
    o->boot[OP_CALL_GLOBAL] = labels->boot_call;
    o->boot[OP_TAIL_CALL_GLOBAL] = labels->boot_tail_call;
    return fill_variants(o, labels);
}

static void free_override(struct override *o)
{
    free(o->names);
    free(o->by_variant);
    free(o);
}

static int check(struct vvm_node *node, const struct vvm_generation *g, const struct override *o)
{
    int err = 0;
    for (uint32_t i = 0; i < o->count && !err; i++) err = check_name(node, &o->names[i]);
    for (uint32_t i = 0; i < o->count && !err; i++) err = check_effects(node, g, &o->names[i]);
    return err;
}

int override_refresh(struct vvm_node *node, struct vvm_generation *g)
{
    struct override *o = calloc(1, sizeof *o);
    if (!o) return -ENOMEM;
    o->node = node;
    o->users = 1;
    struct building b = {node, o};
    int err = layers_each_around(node, add_name, &b);
    if (!err && o->count) err = fill(o);
    if (err || !o->count) {
        free_override(o);
        o = NULL;
    }
    if (err) return err;
    override_release(g->override);
    g->override = o;
    return 0;
}

int override_build(struct vvm_node *node, struct vvm_generation *g)
{
    int err = override_refresh(node, g);
    return err || !g->override ? err : check(node, g, g->override);
}

/* ---- how long it lives --------------------------------------------------------------------------- */

struct override *override_share(struct override *o)
{
    if (o) o->users++;
    return o;
}

static void free_stale(struct vvm_node *node)
{
    while (node->stale_overrides) {
        struct override *o = node->stale_overrides;
        node->stale_overrides = o->stale;
        free_override(o);
    }
}

/* A run of the control context that published a generation goes on with the old one's table. */
void override_release(struct override *o)
{
    if (!o) return;
    assert(o->users > 0);
    if (--o->users) return;
    struct vvm_node *node = o->node;
    o->stale = node->stale_overrides;
    node->stale_overrides = o;
    if (node->control.depth == 0) free_stale(node);
}

void override_close(struct vvm_node *node) { free_stale(node); }
