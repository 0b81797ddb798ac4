/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reflect.c - looking into the machine: what is defined, by whom, and what it is. Answers
 * are lists; a definition is named by its target, as in around: (of VMLET NAME),
 * (instruction NETWORK NAME), (member SET NAME), (network NETWORK HOOK).
 *
 * Whether a VMlet may see what another one defines is asked in one place, reflect_visible.
 */
#include "../reflect.h"

#include <stdlib.h>
#include <string.h>

#include "../authority.h"
#include "../environment.h"
#include "../generation.h"
#include "../layer.h"
#include "../table/table.h"
#include "../unit.h"
#include "../vmlet.h"
#include "../wire/network.h"
#include "lib.h"

bool reflect_visible(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, const struct vvm_vmlet *owner)
{
    const struct vvm_vmlet *core = ctx->node->core->vmlet;
    return vmlet == owner || owner == core || authority_allows_look(vmlet, owner, LEVEL_NAMES);
}

/* ---- answers --------------------------------------------------------------------------- */

vvm_value reflect_name(struct vvm_context *ctx, const char *text)
{
    vvm_value v = intern(ctx->node, text);
    return v == VALUE_EXCEPTION ? raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT) : v;
}

bool reflect_item(struct vvm_context *ctx, struct list_tail *list, vvm_value v)
{
    return v != VALUE_EXCEPTION && list_append_item(ctx, list, v);
}

bool reflect_add(struct vvm_context *ctx, struct list_tail *list, const char *key, vvm_value v)
{
    vvm_value name = v == VALUE_EXCEPTION ? v : reflect_name(ctx, key);
    vvm_value pair = name == VALUE_EXCEPTION ? name : make_pair(ctx, name, v);
    return reflect_item(ctx, list, pair);
}

vvm_value reflect_text(struct vvm_context *ctx, const char *text)
{
    return make_string_utf8(ctx, text, strlen(text));
}

static vvm_value vmlet_symbol(const struct vvm_vmlet *vmlet) { return vmlet ? vmlet->name : VALUE_FALSE; }

vvm_value reflect_place(struct vvm_context *ctx, uint64_t p)
{
    const char *file = position_file(p) ? node_file_name(ctx->node, position_file(p)) : NULL;
    if (!file) return VALUE_FALSE;
    vvm_value text = reflect_text(ctx, file);
    if (text == VALUE_EXCEPTION) return text;
    vvm_value place[] = {text, make_fixnum(position_line(p)), make_fixnum(position_column(p))};
    return list_from(ctx, place, 3, VALUE_NULL);
}

vvm_value reflect_effects(struct vvm_context *ctx, uint32_t effects)
{
    struct list_tail list = list_tail_start();
    for (unsigned bit = 0; effect_name(bit); bit++)
        if (effects >> bit & 1 && !reflect_item(ctx, &list, reflect_name(ctx, effect_name(bit))))
            return VALUE_EXCEPTION;
    return list.first;
}

/* (TYPE ... -> TYPE), a rest list as "..." */
static vvm_value types_list(struct vvm_context *ctx, const struct vvm_function *f)
{
    struct list_tail list = list_tail_start();
    bool good = true;
    for (unsigned i = 0; i < f->parameters && good; i++)
        good = reflect_item(ctx, &list, reflect_name(ctx, slot_type_name((enum slot_type)f->slot_types[i])));
    if (f->flags & FUNCTION_REST) good = good && reflect_item(ctx, &list, reflect_name(ctx, "..."));
    good = good && reflect_item(ctx, &list, reflect_name(ctx, "->"));
    good = good && reflect_item(ctx, &list, reflect_name(ctx, slot_type_name((enum slot_type)f->result)));
    return good ? list.first : VALUE_EXCEPTION;
}

bool reflect_function(struct vvm_context *ctx, struct list_tail *list, const struct vvm_function *f)
{
    const struct vvm_generation *g = reflect_generation(ctx);
    return reflect_add(ctx, list, "types", types_list(ctx, f)) &&
           reflect_add(ctx, list, "parameters", make_fixnum(f->parameters)) &&
           reflect_add(ctx, list, "rest", make_boolean(f->flags & FUNCTION_REST)) &&
           reflect_add(ctx, list, "cost", make_fixnum(f->entry_cost)) &&
           reflect_add(ctx, list, "effects",
                       reflect_effects(ctx, function_effects(ctx->node, g, f, 0, NULL, 0))) &&
           reflect_add(ctx, list, "inline", make_boolean(f->flags & FUNCTION_INLINE));
}

const struct vvm_generation *reflect_generation(const struct vvm_context *ctx)
{
    return ctx->node->candidate ? ctx->node->candidate : ctx->node->current;
}

/* ---- which definition ----------------------------------------------------------------------- */

/* Who asks: whose code runs, or the VMlet of the REPL. */
static struct vvm_vmlet *asking_vmlet(struct vvm_context *ctx)
{
    struct vvm_vmlet *vmlet = authority_running(ctx);
    return vmlet ? vmlet : ctx->node->core->vmlet;
}

const struct vvm_vmlet *reflect_next(const struct vvm_context *ctx, const struct vvm_vmlet *v)
{
    const struct vvm_node *node = ctx->node;
    const struct vvm_vmlet *beginning = node->beginning;
    if (!v) return beginning ? beginning : node->vmlets;
    while (beginning && beginning != v) beginning = beginning->outer;
    if (!beginning) return v->next;
    return v->outer ? v->outer : node->vmlets;
}

static const struct vvm_vmlet *visible_vmlet(struct vvm_context *ctx, vvm_value name)
{
    const struct vvm_vmlet *v = reflect_next(ctx, NULL);
    while (v && v->name != name) v = reflect_next(ctx, v);
    return v && reflect_visible(ctx, asking_vmlet(ctx), v) ? v : NULL;
}

static bool is_private(vvm_value name) { return symbol_name(name)[0] == '%'; }

/* What a symbol or (of VMLET NAME) denotes, or NULL. */
static const struct denotation *denotation_of(struct vvm_context *ctx, vvm_value target, vvm_value *name)
{
    const struct vvm_vmlet *vmlet = asking_vmlet(ctx);
    *name = target;
    if (is_pair(target) && list_length(target) == 3 && is_symbol(car_of(target)) &&
        !strcmp(symbol_name(car_of(target)), "of")) {
        vmlet = is_symbol(car_of(cdr_of(target))) ? visible_vmlet(ctx, car_of(cdr_of(target))) : NULL;
        *name = car_of(cdr_of(cdr_of(target)));
    }
    if (!vmlet || !is_symbol(*name)) return NULL;
    const struct denotation *d = environment_lookup(vmlet->environment, *name);
    if (d && d->kind == DENOTES_GLOBAL) *name = global_name(ctx->node, d->global);
    return d && (!d->owner || reflect_visible(ctx, asking_vmlet(ctx), d->owner)) ? d : NULL;
}

static const struct binding *binding_of(const struct vvm_context *ctx, const struct denotation *d)
{
    const struct vvm_generation *g = reflect_generation(ctx);
    return g && d->kind == DENOTES_GLOBAL && d->global < g->binding_count ? &g->bindings[d->global] : NULL;
}

static const struct vvm_function *function_of_value(vvm_value v)
{
    return has_type(v, TYPE_CLOSURE) ? ((struct closure *)value_pointer(v))->function : NULL;
}

const struct vvm_function *reflect_code(struct vvm_context *ctx, vvm_value target)
{
    vvm_value name;
    const struct wire_instruction *w = reflect_instruction(ctx, target);
    if (w) return w->body;
    if (function_of_value(target)) return function_of_value(target);
    const struct denotation *d = denotation_of(ctx, target, &name);
    const struct binding *b = d ? binding_of(ctx, d) : NULL;
    if (!b) return NULL;
    return b->function ? b->function : function_of_value(b->value);
}

/* ---- one definition ---------------------------------------------------------------------------- */

vvm_value reflect_layer(struct vvm_context *ctx, const struct vvm_vmlet *owner, bool around,
                        const struct vvm_function *f)
{
    vvm_value place = reflect_place(ctx, f ? f->position : 0);
    vvm_value kind = reflect_name(ctx, around ? "around" : "define");
    if (place == VALUE_EXCEPTION || kind == VALUE_EXCEPTION) return VALUE_EXCEPTION;
    vvm_value parts[] = {vmlet_symbol(owner), kind};
    return list_from(ctx, parts, 2, place == VALUE_FALSE ? VALUE_NULL : place);
}

static vvm_value layers_list(struct vvm_context *ctx, uint32_t global)
{
    uint32_t count;
    struct list_tail list = list_tail_start();
    const struct layer *layers = layers_of(ctx->node, global, &count);
    bool good = true;
    for (uint32_t i = 0; i < count && good; i++)
        good = reflect_item(
            ctx, &list,
            reflect_layer(ctx, layers[i].owner, layers[i].kind == LAYER_AROUND, layers[i].function));
    return good ? list.first : VALUE_EXCEPTION;
}

static const char *kind_of(vvm_value v)
{
    switch (is_object(v) ? header_type(object_of(v)->header) : 0) {
    case TYPE_CLOSURE:
    case TYPE_CASES: return "function";
    case TYPE_PRIMITIVE: return "primitive";
    case TYPE_TABLE: return "table";
    case TYPE_NETWORK: return "network";
    case TYPE_SET: return "set";
    case TYPE_PROGRAM: return "program";
    default: return "variable";
    }
}

/* The properties of a define-primitive in force, or (). */
static vvm_value properties_of(struct vvm_context *ctx, vvm_value owner, vvm_value name)
{
    vvm_value at = reflect_declared(ctx);
    for (; is_pair(at); at = cdr_of(at)) {
        vvm_value entry = car_of(at);
        if (car_of(entry) != name || car_of(cdr_of(entry)) != owner) continue;
        vvm_value descriptor = car_of(cdr_of(cdr_of(entry)));
        return is_pair(descriptor) && is_pair(car_of(descriptor)) ? cdr_of(car_of(descriptor)) : VALUE_NULL;
    }
    return VALUE_NULL;
}

vvm_value reflect_target(struct vvm_context *ctx, const char *word, vvm_value first, vvm_value second)
{
    vvm_value parts[] = {reflect_name(ctx, word), first, second};
    return parts[0] == VALUE_EXCEPTION ? parts[0] : list_from(ctx, parts, 3, VALUE_NULL);
}

static bool add_primitive(struct vvm_context *ctx, struct list_tail *list, vvm_value v)
{
    const struct primitive_row *row = ((struct primitive_object *)value_pointer(v))->row;
    return reflect_add(ctx, list, "signature", reflect_text(ctx, row->signature)) &&
           reflect_add(ctx, list, "parameters", make_fixnum(row->least)) &&
           reflect_add(ctx, list, "rest", make_boolean(row->most != row->least)) &&
           reflect_add(ctx, list, "cost", make_fixnum(row->cost)) &&
           reflect_add(ctx, list, "effects", reflect_effects(ctx, row->effects)) &&
           reflect_add(ctx, list, "doc", reflect_text(ctx, row->doc));
}

static bool add_global(struct vvm_context *ctx, struct list_tail *list, vvm_value name,
                       const struct denotation *d)
{
    const struct binding *b = binding_of(ctx, d);
    vvm_value value = b ? b->value : VALUE_UNDEFINED, owner = vmlet_symbol(d->owner);
    uint32_t count;
    const struct layer *layers = layers_of(ctx->node, d->global, &count);
    const struct vvm_function *f = b && b->function ? b->function : function_of_value(value);
    const struct vvm_function *base = count && layers[0].function ? layers[0].function : f;
    bool good = reflect_add(ctx, list, "target", reflect_target(ctx, "of", owner, name)) &&
                reflect_add(ctx, list, "kind", reflect_name(ctx, kind_of(value))) &&
                reflect_add(ctx, list, "owner", owner) &&
                reflect_add(ctx, list, "network", reflect_network_of(ctx, d->owner));
    if (good && f) good = reflect_function(ctx, list, f);
    if (good && has_type(value, TYPE_PRIMITIVE)) good = add_primitive(ctx, list, value);
    else if (good && d->doc) good = reflect_add(ctx, list, "doc", reflect_text(ctx, d->doc));
    return good && reflect_add(ctx, list, "properties", properties_of(ctx, owner, name)) &&
           reflect_add(ctx, list, "place", reflect_place(ctx, base ? base->position : 0)) &&
           reflect_add(ctx, list, "layers", layers_list(ctx, d->global));
}

vvm_value reflect_describe(struct vvm_context *ctx, vvm_value name, const struct denotation *d)
{
    struct list_tail list = list_tail_start();
    bool good = reflect_add(ctx, &list, "name", name);
    if (good && d->kind == DENOTES_GLOBAL) good = add_global(ctx, &list, name, d);
    else if (good)
        good = reflect_add(ctx, &list, "kind",
                           reflect_name(ctx, d->kind == DENOTES_MACRO ? "macro" : "form"));
    return good ? list.first : VALUE_EXCEPTION;
}

/* (definition TARGET) -> association list, or #f */
PRIMITIVE_FN(definition)
{
    vvm_value name;
    vvm_value wire = reflect_describe_wire(ctx, args[0]);
    if (wire != VALUE_FALSE) return wire;
    const struct denotation *d = denotation_of(ctx, args[0], &name);
    return d ? reflect_describe(ctx, name, d) : VALUE_FALSE;
}

/* ---- lists ------------------------------------------------------------------------------------ */

/* (of VMLET NAME) for each own name that is bound. */
static bool list_own(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, struct list_tail *list)
{
    const struct vvm_environment *env = vmlet->environment;
    for (uint32_t i = 0; i < env->bucket_count; i++)
        for (const struct environment_entry *e = env->buckets[i]; e; e = e->next) {
            const struct denotation *d = &e->denotation;
            if (d->kind != DENOTES_GLOBAL || d->owner != vmlet || is_private(e->name)) continue;
            const struct binding *b = binding_of(ctx, d);
            if (!b || b->value == VALUE_UNDEFINED) continue;
            if (!reflect_item(ctx, list, reflect_target(ctx, "of", vmlet->name, e->name))) return false;
        }
    return true;
}

/* (definitions [VMLET]) -> targets; of all VMlets but core if none is named */
PRIMITIVE_FN(definitions)
{
    struct list_tail list = list_tail_start();
    const struct vvm_vmlet *asking = asking_vmlet(ctx), *core = ctx->node->core->vmlet;
    const struct vvm_vmlet *one = n ? visible_vmlet(ctx, args[0]) : NULL;
    bool good = !n || one;
    if (!good) return raise_message(ctx, ERROR_UNBOUND, args[0], "no such VMlet is visible");
    for (const struct vvm_vmlet *v = reflect_next(ctx, NULL); v && good; v = reflect_next(ctx, v))
        if (one ? v == one : v != core && reflect_visible(ctx, asking, v)) good = list_own(ctx, v, &list);
    return good && reflect_list_wire(ctx, one, &list) ? list.first : VALUE_EXCEPTION;
}

struct name_list {
    struct vvm_context *ctx;
    struct list_tail list;
    bool failed;
};

static void add_name(void *data, vvm_value symbol, const struct denotation *d)
{
    struct name_list *n = data;
    const struct binding *b = binding_of(n->ctx, d);
    if (is_private(symbol) || !authority_sees(asking_vmlet(n->ctx), d->hidden)) return;
    if (d->kind == DENOTES_GLOBAL && (!b || b->value == VALUE_UNDEFINED)) return;
    if (!n->failed && !reflect_item(n->ctx, &n->list, symbol)) n->failed = true;
}

/* (visible-names) -> symbols that mean something to who asks */
PRIMITIVE_FN(visible_names)
{
    struct name_list names = {.ctx = ctx, .list = list_tail_start()};
    (void)n, (void)args;
    environment_each(asking_vmlet(ctx)->environment, add_name, &names);
    return names.failed ? VALUE_EXCEPTION : names.list.first;
}

PRIMITIVE_FN(vmlets)
{
    struct list_tail list = list_tail_start();
    (void)n, (void)args;
    for (const struct vvm_vmlet *v = reflect_next(ctx, NULL); v; v = reflect_next(ctx, v))
        if (reflect_visible(ctx, asking_vmlet(ctx), v) && !list_append_item(ctx, &list, v->name))
            return VALUE_EXCEPTION;
    return list.first;
}

static bool add_code_size(struct vvm_context *ctx, struct list_tail *list, const struct vvm_vmlet *v)
{
    uint64_t units = 0, functions = 0, words = 0;
    for (const struct vvm_unit *u = v->units; u; u = u->next, units++)
        for (uint32_t i = 0; i < u->function_count; i++, functions++) words += u->functions[i].words;
    return reflect_add(ctx, list, "units", make_fixnum((int64_t)units)) &&
           reflect_add(ctx, list, "functions", make_fixnum((int64_t)functions)) &&
           reflect_add(ctx, list, "words", make_fixnum((int64_t)words));
}

/* (vmlet-description NAME) -> association list, or #f */
PRIMITIVE_FN(vmlet_description)
{
    (void)n;
    struct list_tail list = list_tail_start();
    const struct vvm_vmlet *v = visible_vmlet(ctx, args[0]);
    if (!v) return VALUE_FALSE;
    bool good = reflect_add(ctx, &list, "name", v->name) &&
                reflect_add(ctx, &list, "version", make_fixnum(v->version)) &&
                reflect_add(ctx, &list, "header", v->header) && add_code_size(ctx, &list, v);
    return good ? list.first : VALUE_EXCEPTION;
}

/* ---- callers ------------------------------------------------------------------------------------ */

static bool is_caller(const struct vvm_function *f, uint32_t global, const struct primitive_row *row)
{
    const struct vvm_unit *u = f->unit;
    for (uint32_t at = 0; at < f->words; at += instruction_words(f->code[at])) {
        uint64_t w = f->code[at];
        switch (word_op(w)) {
        case OP_CALL_GLOBAL:
        case OP_TAIL_CALL_GLOBAL:
        case OP_GLOBAL_REF:
            if (u->links[word_b(w)].global == global) return true;
            break;
        case OP_CALL_PRIMITIVE:
            if (row && u->primitives[word_b(w)] == row) return true;
            break;
        default: break;
        }
    }
    return false;
}

static bool list_callers(struct vvm_context *ctx, const struct vvm_vmlet *v, const struct denotation *d,
                         struct list_tail *list)
{
    for (const struct vvm_unit *u = v->units; u; u = u->next)
        for (uint32_t i = 0; i < u->function_count; i++) {
            const struct vvm_function *f = &u->functions[i];
            if (!is_caller(f, d->global, d->primitive)) continue;
            vvm_value place = reflect_place(ctx, f->position);
            if (place == VALUE_EXCEPTION) return false;
            vvm_value parts[] = {v->name, f->name};
            vvm_value one = list_from(ctx, parts, 2, place == VALUE_FALSE ? VALUE_NULL : place);
            if (!reflect_item(ctx, list, one)) return false;
        }
    return true;
}

/* (callers TARGET) -> ((VMLET FUNCTION-OR-#f "FILE" LINE COLUMN) ...) */
PRIMITIVE_FN(callers)
{
    vvm_value name;
    struct list_tail list = list_tail_start();
    (void)n;
    const struct denotation *d = denotation_of(ctx, args[0], &name);
    if (!d || d->kind != DENOTES_GLOBAL)
        return raise_message(ctx, ERROR_UNBOUND, args[0], "callers: no such name");
    for (const struct vvm_vmlet *v = reflect_next(ctx, NULL); v; v = reflect_next(ctx, v))
        if (reflect_visible(ctx, asking_vmlet(ctx), v) && !list_callers(ctx, v, d, &list))
            return VALUE_EXCEPTION;
    return list.first;
}

/* ---- tables --------------------------------------------------------------------------------------- */

static vvm_value fields_list(struct vvm_context *ctx, const struct table_field *fields, unsigned count)
{
    struct list_tail list = list_tail_start();
    for (unsigned i = 0; i < count; i++) {
        vvm_value one = fields[i].type == SLOT_ANY
                            ? make_pair(ctx, reflect_name(ctx, "bytes"), make_fixnum(fields[i].size))
                            : reflect_name(ctx, slot_type_name((enum slot_type)fields[i].type));
        if (!reflect_item(ctx, &list, one)) return VALUE_EXCEPTION;
    }
    return list.first;
}

static vvm_value describe_table(struct vvm_context *ctx, const struct vvm_vmlet *owner, struct table *t)
{
    struct list_tail list = list_tail_start();
    const struct table_schema *s = &t->schema;
    uint64_t count = t->ops->count ? t->ops->count(t, node_now(ctx->node)) : 0;
    bool good = reflect_add(ctx, &list, "name", t->name) && reflect_add(ctx, &list, "owner", owner->name) &&
                reflect_add(ctx, &list, "kind", reflect_name(ctx, t->ops->name)) &&
                reflect_add(ctx, &list, "key", fields_list(ctx, s->key, s->key_count)) &&
                reflect_add(ctx, &list, "value", fields_list(ctx, s->value, s->value_count)) &&
                reflect_add(ctx, &list, "entries", make_fixnum((int64_t)s->entries)) &&
                reflect_add(ctx, &list, "count", make_fixnum((int64_t)count));
    return good ? list.first : VALUE_EXCEPTION;
}

static bool list_tables(struct vvm_context *ctx, const struct vvm_vmlet *v, struct list_tail *list)
{
    const struct vvm_environment *env = v->environment;
    for (uint32_t i = 0; i < env->bucket_count; i++)
        for (const struct environment_entry *e = env->buckets[i]; e; e = e->next) {
            const struct denotation *d = &e->denotation;
            const struct binding *b = d->owner == v ? binding_of(ctx, d) : NULL;
            if (!b || !has_type(b->value, TYPE_TABLE) || !table_of(ctx, b->value)) continue;
            vvm_value one = describe_table(ctx, v, table_of(ctx, b->value));
            if (!reflect_item(ctx, list, one)) return false;
        }
    return true;
}

/* (tables) -> an association list each */
PRIMITIVE_FN(tables)
{
    struct list_tail list = list_tail_start();
    (void)n, (void)args;
    for (const struct vvm_vmlet *v = reflect_next(ctx, NULL); v; v = reflect_next(ctx, v))
        if (reflect_visible(ctx, asking_vmlet(ctx), v) && !list_tables(ctx, v, &list)) return VALUE_EXCEPTION;
    return list.first;
}

static const struct primitive_row rows[] = {
    PRIMITIVE(
        "definition", definition, 1, 1, 200, EFFECT_LOAD, "target -> list",
        "What is known of a definition: name, kind, owner, types, cost, effects, place, layers ..., or #f."),
    PRIMITIVE("definitions", definitions, 0, 1, 1000, EFFECT_LOAD, "[vmlet] -> list",
              "Targets of all definitions that are visible, core's only if asked for."),
    PRIMITIVE("visible-names", visible_names, 0, 0, 1000, EFFECT_LOAD, "-> list",
              "All names that mean something here."),
    PRIMITIVE("vmlets", vmlets, 0, 0, 50, EFFECT_LOAD, "-> list", "Names of the VMlets, the newest first."),
    PRIMITIVE("vmlet-description", vmlet_description, 1, 1, 200, EFFECT_LOAD, "symbol -> list",
              "Name, version, header and size of a VMlet, or #f."),
    PRIMITIVE("callers", callers, 1, 1, 5000, EFFECT_LOAD, "target -> list",
              "(VMLET FUNCTION FILE LINE COLUMN) of each function that calls or reads a global."),
    PRIMITIVE("tables", tables, 0, 0, 200, EFFECT_LOAD, "-> list",
              "Name, owner, kind, schema and count of each table."),
};

int reflect_primitives(struct vvm_node *node)
{
    int err = primitives_register(node, ROWS(rows));
    return err ? err : code_primitives(node);
}
