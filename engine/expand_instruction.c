/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_instruction.c - define-instruction:
 *
 *   (define-instruction (name (operand type [arity]) ...) (opcode n)
 *     [(takes name | (name type) | (items count) ...)] ["doc"] [(properties ...)]
 *     body ...)
 *
 * becomes (%define-instruction 'name 'descriptor function), where function is a lambda
 * with a shape: value operands, then takes, are its parameters. The names of label,
 * function and local operands are bound without a value; `items` names the stack items
 * below the top that a count operand, or a function operand's arity, numbers.
 */
#include "expand_wire.h"

#include <assert.h>
#include <string.h>

struct instruction_form {
    struct expansion *x;
    uint64_t position;
    vvm_value name, operands, opcode, takes, doc, properties, body;
    struct body_shape *shape;
    struct ast_lambda *lambda;
    struct scope *scope, *types; /* of its names; where its types are looked up */
    bool around;
    vvm_value operand_names[WIRE_OPERANDS_MAX];
};

/* ---- the parts of the form ----------------------------------------------------------------- */

static bool is_clause(vvm_value datum, const char *name)
{
    return is_pair(datum) && is_identifier(car_of(datum)) && !strcmp(identifier_text(car_of(datum)), name) &&
           list_parts(datum) > 0;
}

static vvm_value take_clause(struct instruction_form *f, const char *name)
{
    if (!is_pair(f->body) || !is_clause(car_of(f->body), name)) return VALUE_NULL;
    vvm_value clause = car_of(f->body);
    f->body = cdr_of(f->body);
    return clause;
}

static void parse_parts(struct instruction_form *f, vvm_value form)
{
    struct expansion *x = f->x;
    require_list(x, form, f->position, "define-instruction");
    vvm_value head = is_pair(cdr_of(form)) ? nth_part(form, 1) : VALUE_NULL;
    if (list_parts(head) < 1 || !is_identifier(car_of(head)))
        syntax_error(x, f->position, VALUE_DEFAULT, "define-instruction: needs (name (operand type) ...)");
    f->name = strip_identifier(car_of(head));
    f->operands = cdr_of(head);
    f->body = nth_cell(form, 2);
    f->doc = VALUE_FALSE;
    f->opcode = take_clause(f, "opcode");
    vvm_value number = list_parts(f->opcode) == 2 ? nth_part(f->opcode, 1) : VALUE_FALSE;
    if (!is_fixnum(number) || fixnum_value(number) < 0 || fixnum_value(number) > 255)
        syntax_error(x, f->position, VALUE_DEFAULT, "define-instruction: needs (opcode n), n from 0 to 255");
    f->takes = take_clause(f, "takes");
    if (is_pair(f->body) && is_string(car_of(f->body)) && is_pair(cdr_of(f->body))) {
        f->doc = car_of(f->body);
        f->body = cdr_of(f->body);
    }
    f->properties = take_clause(f, "properties");
    if (!is_pair(f->body))
        syntax_error(x, f->position, VALUE_DEFAULT, "define-instruction: the instruction has no body");
}

/* ---- operands --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint8_t kind;
} operand_words[] = {
    {"u8", WIRE_U8},       {"u16", WIRE_U16},     {"u32", WIRE_U32},           {"u64", WIRE_U64},
    {"s8", WIRE_S8},       {"s16", WIRE_S16},     {"s32", WIRE_S32},           {"s64", WIRE_S64},
    {"count", WIRE_COUNT}, {"label", WIRE_LABEL}, {"function", WIRE_FUNCTION}, {"local", WIRE_LOCAL}};

static int operand_kind(const char *name)
{
    for (size_t i = 0; i < sizeof operand_words / sizeof *operand_words; i++)
        if (!strcmp(operand_words[i].name, name)) return operand_words[i].kind;
    return -1;
}

static int64_t small_number(vvm_value v, int64_t least, int64_t most)
{
    return is_fixnum(v) && fixnum_value(v) >= least && fixnum_value(v) <= most ? fixnum_value(v) : -1;
}

/* (counted u8), (counted u16), (bytes n), (function arity) */
static bool compound_operand(vvm_value type, struct wire_operand *o)
{
    if (list_parts(type) != 2 || !is_identifier(car_of(type))) return false;
    const char *word = identifier_text(car_of(type));
    vvm_value part = nth_part(type, 1);
    if (!strcmp(word, "counted") && is_identifier(part)) {
        bool wide = !strcmp(identifier_text(part), "u16");
        o->kind = wide ? WIRE_COUNTED_U16 : WIRE_COUNTED_U8;
        return wide || !strcmp(identifier_text(part), "u8");
    }
    bool bytes = !strcmp(word, "bytes");
    if (!bytes && strcmp(word, "function")) return false;
    int64_t n = small_number(part, bytes ? 1 : 0, bytes ? 0xffff : 0xfe);
    o->kind = bytes ? WIRE_BYTES : WIRE_FUNCTION;
    o->size = bytes && n > 0 ? (uint16_t)n : 0;
    if (!bytes) o->arity = (uint8_t)n;
    return n >= 0;
}

static struct wire_operand parse_operand(struct instruction_form *f, vvm_value spec, uint64_t place)
{
    struct wire_operand o = {.arity = 0xff};
    long parts = list_parts(spec);
    vvm_value type = parts > 1 ? nth_part(spec, 1) : VALUE_FALSE;
    bool good = false;
    if (parts == 2 && is_pair(type)) good = compound_operand(type, &o);
    if ((parts == 2 || parts == 3) && is_identifier(type)) {
        int kind = operand_kind(identifier_text(type));
        o.kind = (uint8_t)kind;
        good = kind >= 0 && (parts == 2 || kind == WIRE_FUNCTION);
        if (good && parts == 3) {
            int64_t arity = small_number(nth_part(spec, 2), 0, 0xfe);
            o.arity = (uint8_t)arity;
            good = arity >= 0;
        }
    }
    if (!good) syntax_error(f->x, place, spec, "define-instruction: an operand is (name type)");
    return o;
}

/* Kinds stand in the order of the raw slot types. */
_Static_assert(WIRE_S64 - WIRE_U8 == SLOT_S64 - SLOT_U8 && CLASS_S64 - CLASS_U8 == SLOT_S64 - SLOT_U8,
               "operand kinds, slot types and classes follow each other");

static struct ast_type operand_type(uint8_t kind)
{
    struct ast_type t = {.class = CLASS_BYTES, .slot = SLOT_ANY};
    unsigned raw = kind == WIRE_COUNT ? 0 : kind;
    if (kind <= WIRE_COUNT)
        t = (struct ast_type){.class = (uint8_t)(CLASS_U8 + raw), .slot = (uint8_t)(SLOT_U8 + raw)};
    return t;
}

static void add_parameter(struct instruction_form *f, struct ast_variable *v)
{
    f->lambda->parameters[f->lambda->parameter_count++] = v;
}

static void bind_operands(struct instruction_form *f)
{
    unsigned count = require_list(f->x, f->operands, f->position, "define-instruction");
    if (count > WIRE_OPERANDS_MAX)
        syntax_error(f->x, f->position, VALUE_DEFAULT, "define-instruction: more than %d operands",
                     WIRE_OPERANDS_MAX);
    vvm_value at = f->operands;
    for (unsigned i = 0; i < count; i++, at = cdr_of(at)) {
        vvm_value spec = car_of(at);
        uint64_t place = place_of(f->x, spec, place_of(f->x, at, f->position));
        struct wire_operand o = parse_operand(f, spec, place);
        struct ast_variable *v = scope_variable(f->x, f->scope, car_of(spec), place);
        f->shape->operands[f->shape->operand_count++] = o;
        f->operand_names[i] = car_of(spec);
        v->operand = i;
        v->operand_only = o.kind >= WIRE_LABEL;
        if (v->operand_only) continue;
        v->type = operand_type(o.kind);
        add_parameter(f, v);
    }
}

/* ---- takes ------------------------------------------------------------------------------------ */

/* (items n): n names a count operand, or a function operand whose arity it is */
static void bind_items(struct instruction_form *f, vvm_value spec, bool last, uint64_t place)
{
    unsigned i = 0;
    if (list_parts(spec) != 2 || !last)
        syntax_error(f->x, place, VALUE_DEFAULT,
                     "define-instruction: (items operand) stands once, last in takes");
    while (i < f->shape->operand_count && f->operand_names[i] != nth_part(spec, 1)) i++;
    uint8_t kind = i < f->shape->operand_count ? f->shape->operands[i].kind : WIRE_U8;
    if (kind != WIRE_COUNT && kind != WIRE_FUNCTION)
        syntax_error(f->x, place, VALUE_DEFAULT,
                     "define-instruction: items needs a count or function operand");
    f->shape->items = (uint8_t)(kind == WIRE_COUNT ? 1 + i : 0x80 + i);
    scope_variable(f->x, f->scope, car_of(spec), place)->items = true;
}

static void bind_take(struct instruction_form *f, vvm_value spec, uint64_t place)
{
    if (f->shape->take_count >= WIRE_TAKES_MAX)
        syntax_error(f->x, place, VALUE_DEFAULT, "define-instruction: takes more than %d values",
                     WIRE_TAKES_MAX);
    struct ast_variable *v = bind_parameter(f->x, f->types, f->scope, spec, place);
    f->shape->take_class[f->shape->take_count++] = v->type.class;
    add_parameter(f, v);
}

static void bind_takes(struct instruction_form *f)
{
    vvm_value at = is_pair(f->takes) ? cdr_of(f->takes) : VALUE_NULL;
    require_list(f->x, at, f->position, "takes");
    for (; is_pair(at); at = cdr_of(at)) {
        uint64_t place = place_of(f->x, car_of(at), place_of(f->x, at, f->position));
        if (is_clause(car_of(at), "items")) bind_items(f, car_of(at), is_null(cdr_of(at)), place);
        else bind_take(f, car_of(at), place);
    }
}

/* ---- the whole ------------------------------------------------------------------------------------ */

/* The body in a scope of its own inside the names of exits inside the top level, so
 * that an operand may be called `next`. */
static struct ast_lambda *instruction_lambda(struct instruction_form *f)
{
    struct expansion *x = f->x;
    struct wire_body wire = {.around = f->around};
    f->lambda = expand_allocate(x, sizeof *f->lambda);
    f->shape = wire.shape = expand_allocate(x, sizeof *f->shape);
    struct scope *exits = scope_open(x, x->root, f->lambda);
    wire_bind_specials(x, exits, f->around, f->position);
    f->scope = scope_open(x, exits, f->lambda);
    f->lambda->name = f->name;
    f->lambda->position = f->position;
    f->lambda->shape = f->shape;
    f->lambda->parameters = (struct ast_variable **)pointer_array(x, WIRE_OPERANDS_MAX + WIRE_TAKES_MAX);
    bind_operands(f);
    bind_takes(f);
    x->wire = &wire;
    f->lambda->body = expand_body(x, f->scope, f->body, f->position);
    wire_finish_body(x, f->lambda);
    x->wire = NULL;
    return f->lambda;
}

struct ast_lambda *instruction_around_lambda(struct expansion *x, vvm_value name,
                                             const struct instruction_names *names, vvm_value body,
                                             uint64_t position)
{
    struct instruction_form *f = expand_allocate(x, sizeof *f);
    *f = (struct instruction_form){.x = x,
                                   .position = position,
                                   .name = name,
                                   .operands = names->operands,
                                   .takes = names->takes,
                                   .body = body,
                                   .types = scope_root(x, names->author, NULL),
                                   .around = true};
    return instruction_lambda(f);
}

static vvm_value descriptor(struct instruction_form *f)
{
    struct expansion *x = f->x;
    vvm_value list = VALUE_NULL;
    if (is_pair(f->properties)) list = expand_cons(x, f->properties, list, f->position);
    if (is_pair(f->takes)) list = expand_cons(x, f->takes, list, f->position);
    vvm_value operands = expand_cons(x, expand_intern(x, "operands"), f->operands, f->position);
    list = expand_cons(x, operands, list, f->position);
    if (f->doc != VALUE_FALSE) {
        vvm_value doc = expand_list(x, f->position, 2, (vvm_value[]){expand_intern(x, "doc"), f->doc});
        list = expand_cons(x, doc, list, f->position);
    }
    list = expand_cons(x, f->opcode, list, f->position);
    return expand_check(x, syntax_strip(x->ctx, list));
}

struct ast_node *top_define_instruction(struct expansion *x, vvm_value form, uint64_t position)
{
    struct instruction_form *f = expand_allocate(x, sizeof *f);
    f->x = x;
    f->position = position;
    f->types = x->root;
    parse_parts(f, form);
    struct ast_lambda *lambda = instruction_lambda(f);
    return core_call(x, position, "%define-instruction", 3, make_constant(x, f->name, position),
                     make_constant(x, descriptor(f), position), make_lambda(x, lambda, position));
}
