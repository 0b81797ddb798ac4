/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c - how a network's programs look (define-program), and what run-program
 * needs: the function to run and its arguments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../octets_access.h"
#include "execution.h"
#include "primitives.h"

#define STACK_MOST 1024
#define DEPTH_MOST PACKET_FRAMES

/* ---- define-program -------------------------------------------------------------------- */

struct form {
    struct vvm_context *ctx;
    vvm_value name;
    struct wire_program *program;
};

static int refuse(struct form *f, const char *what)
{
    raise_message(f->ctx, ERROR_SYNTAX, f->name, "define-program: %s", what);
    return -EINVAL;
}

/* Octets of the type u8, u16, u32 or u64, or 0. */
static unsigned octets_of_type(vvm_value type)
{
    if (is_symbol_named(type, "u8") || is_symbol_named(type, "s8")) return 1;
    if (is_symbol_named(type, "u16") || is_symbol_named(type, "s16")) return 2;
    if (is_symbol_named(type, "u32")) return 4;
    return is_symbol_named(type, "u64") ? 8 : 0;
}

static int parse_field_type(struct form *f, vvm_value type, struct slot_field *field)
{
    field->size = (uint16_t)octets_of_type(type);
    if (field->size) return 0;
    if (list_count(type, 2) != 2) return refuse(f, "a slot's field has a type that programs cannot have");
    vvm_value second = car_of(cdr_of(type));
    if (is_symbol_named(car_of(type), "counted") && octets_of_type(second) && octets_of_type(second) <= 2) {
        field->form = SLOT_COUNTED;
        field->size = (uint16_t)octets_of_type(second);
        return 0;
    }
    if (!is_symbol_named(car_of(type), "bytes") || !is_fixnum(second) || second > make_fixnum(4096))
        return refuse(f, "a slot's field has a type that programs cannot have");
    field->size = (uint16_t)fixnum_value(second);
    return 0;
}

static unsigned role_of(vvm_value name)
{
    if (is_symbol_named(name, "arity")) return SLOT_ARITY;
    if (is_symbol_named(name, "locals")) return SLOT_LOCALS;
    if (is_symbol_named(name, "name")) return SLOT_NAME;
    return is_symbol_named(name, "code") ? SLOT_CODE : SLOT_SKIP;
}

/* fields: ((name type ...) ...) as define-layout wrote them. */
static int parse_fields(struct form *f, vvm_value fields)
{
    struct wire_program *p = f->program;
    bool code = false;
    if (list_count(fields, SLOT_FIELDS_MAX) < 1)
        return refuse(f, "the slot's layout has no fields, or too many");
    for (; is_pair(fields); fields = cdr_of(fields)) {
        vvm_value field = car_of(fields);
        if (!is_pair(field) || !is_pair(cdr_of(field))) return refuse(f, "malformed slot layout");
        struct slot_field *out = &p->fields[p->field_count++];
        out->role = (uint8_t)role_of(car_of(field));
        int err = parse_field_type(f, car_of(cdr_of(field)), out);
        if (err) return err;
        if ((out->role == SLOT_ARITY || out->role == SLOT_LOCALS) &&
            (out->form != SLOT_FIXED || out->size > 2))
            return refuse(f, "arity and locals are u8 or u16");
        code |= out->role == SLOT_CODE;
    }
    return code ? 0 : refuse(f, "the slot's layout has no field `code`");
}

static int parse_number(struct form *f, vvm_value clauses, const char *key, int64_t most, uint16_t *out)
{
    vvm_value clause = clause_of(clauses, key);
    if (!is_true(clause)) return 0;
    if (!is_pair(clause) || !is_fixnum(car_of(clause)) || fixnum_value(car_of(clause)) < 1 ||
        fixnum_value(car_of(clause)) > most)
        return refuse(f, "a limit lies outside its range");
    *out = (uint16_t)fixnum_value(car_of(clause));
    return 0;
}

/* clauses: (functions COUNT-TYPE (field ...)) or none, (opcode u8), (label s8|s16), (stack n), (depth n) */
static int parse_form(struct form *f, vvm_value clauses)
{
    static const char *const known[] = {"functions", "opcode", "label", "stack", "depth", NULL};
    struct wire_program *p = f->program;
    vvm_value opcode = clause_of(clauses, "opcode"), label = clause_of(clauses, "label");
    vvm_value functions = clause_of(clauses, "functions");
    int err = clauses_check(f->ctx, "define-program", clauses, known);
    if (err) return err;
    if (is_true(opcode) && (!is_pair(opcode) || !is_symbol_named(car_of(opcode), "u8")))
        return refuse(f, "an opcode is (opcode u8)");
    p->label_octets = 2;
    if (is_true(label) &&
        (!is_pair(label) || !(is_symbol_named(car_of(label), "s8") || is_symbol_named(car_of(label), "s16"))))
        return refuse(f, "a label is (label s8) or (label s16)");
    if (is_pair(label)) p->label_octets = (uint8_t)octets_of_type(car_of(label));
    p->stack = 64;
    p->depth = 64;
    err = parse_number(f, clauses, "stack", STACK_MOST, &p->stack);
    if (!err) err = parse_number(f, clauses, "depth", DEPTH_MOST, &p->depth);
    if (err) return err;
    p->flat = !is_true(functions);
    if (p->flat) return 0;
    if (list_count(functions, 2) != 2) return refuse(f, "(functions COUNT-TYPE LAYOUT)");
    p->count_octets = (uint8_t)octets_of_type(car_of(functions));
    if (p->count_octets != 1 && p->count_octets != 2) return refuse(f, "functions are counted by u8 or u16");
    return parse_fields(f, car_of(cdr_of(functions)));
}

/* (%define-program 'name 'clauses) -> handle */
vvm_value primitive_define_program(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    if (!wire_candidate(ctx, "define-program")) return VALUE_EXCEPTION;
    if (!is_symbol(args[0])) return raise_type(ctx, "%define-program", 1, "symbol", args[0]);
    struct wire_program *p = item_new(ctx->node, WIRE_PROGRAM, running_vmlet(ctx), sizeof *p);
    if (!p) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    p->name = args[0];
    p->clauses = args[1];
    struct form f = {ctx, args[0], p};
    if (parse_form(&f, args[1])) return VALUE_EXCEPTION;
    return p->handle = wire_handle(ctx, TYPE_PROGRAM, p);
}

/* ---- run-program --------------------------------------------------------------------------- */

static int refused(struct vvm_context *ctx, const char *text)
{
    raise_message(ctx, ERROR_PROGRAM, VALUE_DEFAULT, "%s", text);
    return -ECANCELED;
}

/* Octets of the program within the cap, their fuel charged. */
static int program_source(struct vvm_context *ctx, vvm_value bytes, const uint8_t **octets, uint32_t *length)
{
    enum access_error why = ACCESS_OK;
    uint64_t n = 0;
    *octets = octets_all(bytes, &n, &why);
    if (!*octets && why == ACCESS_TYPE) {
        raise_type(ctx, "run-program", 2, "bytes", bytes);
        return -ECANCELED;
    }
    if (!*octets) {
        raise_error(ctx, why == ACCESS_MOVED ? ERROR_MOVED : ERROR_BOUNDS, VALUE_DEFAULT);
        return -ECANCELED;
    }
    if (n > PROGRAM_OCTETS_MAX) return refused(ctx, "size: the program is larger than 65535 octets");
    *length = (uint32_t)n;
    return fuel_charge(ctx, n * PROGRAM_FUEL_PER_OCTET) ? 0 : -ECANCELED;
}

static int program_view(struct vvm_context *ctx, vvm_value view, const uint8_t **out)
{
    enum access_error why = ACCESS_OK;
    uint64_t n = 0;
    *out = NULL;
    if (!is_true(view)) return 0;
    *out = octets_all(view, &n, &why);
    if (*out && n == 32) return 0;
    raise_type(ctx, "run-program", 5, "32 octets or #f", view);
    return -ECANCELED;
}

static const struct vvm_unit *program_unit(struct vvm_context *ctx, vvm_value program, vvm_value bytes,
                                           vvm_value view)
{
    const struct wire_program *form = wire_pointer(program, TYPE_PROGRAM);
    struct execution *x = execution_of(ctx);
    const uint8_t *octets, *mask;
    uint32_t length;
    const struct wire_verifier *why;
    if (!x) return NULL;
    if (!form) return raise_type(ctx, "run-program", 1, "program", program), NULL;
    const struct network *network = network_of_program(ctx, form);
    if (!network) return refused(ctx, "no network has programs of this form"), NULL;
    if (program_source(ctx, bytes, &octets, &length) || program_view(ctx, view, &mask)) return NULL;
    const struct vvm_unit *unit = cache_find(x->cache, form, network, mask, octets, length, &why);
    if (unit) return unit;
    if (why) refused(ctx, why->text);
    else trap(ctx, TRAP_ARENA); /* what this packet runs fills the cache: its memory is used up */
    return NULL;
}

/* Index of the named function in a table that was read, or -1. */
static int64_t function_named(const struct wire_verifier *v, const uint8_t *name, size_t length)
{
    for (uint32_t i = 0; i < v->function_count; i++) {
        const struct wire_function *f = &v->work->functions[i];
        if (f->code_length && f->name_length == length && memcmp(v->octets + f->name_at, name, length) == 0)
            return i;
    }
    return -1;
}

static int64_t find_by_name(struct vvm_context *ctx, const struct wire_program *form, const uint8_t *octets,
                            uint32_t length, vvm_value name)
{
    uint8_t room[256];
    size_t name_length = 0;
    const uint8_t *wanted = name_octets(ctx, name, room, sizeof room, &name_length);
    struct wire_verifier *v = cache_verifier(ctx->execution->cache);
    if (!wanted) return -1;
    *v = (struct wire_verifier){.form = form, .octets = octets, .length = length, .work = v->work};
    return wire_read_table(v) ? -1 : function_named(v, wanted, name_length);
}

static const struct vvm_function *program_entry(struct vvm_context *ctx, vvm_value program,
                                                const struct vvm_unit *unit, vvm_value entry)
{
    int64_t index = is_fixnum(entry) ? fixnum_value(entry) : -1;
    if (!is_fixnum(entry)) {
        const struct bytes *b = value_pointer(unit->constants[0]);
        index = find_by_name(ctx, wire_pointer(program, TYPE_PROGRAM), b->data,
                             (uint32_t)header_length(b->header), entry);
    }
    if (index < 0 || index >= unit->function_count || unit->functions[index].words == 0) {
        refused(ctx, "no such function to begin with");
        return NULL;
    }
    return &unit->functions[index];
}

/* Arguments as an array: a vector's own, or those of a list in a new vector. */
static int program_arguments(struct vvm_context *ctx, vvm_value arguments, const uint64_t **args, unsigned *n)
{
    if (has_type(arguments, TYPE_VECTOR) && object_length(arguments) <= UINT16_MAX) {
        *args = ((const struct vector *)value_pointer(arguments))->items;
        *n = (unsigned)object_length(arguments);
        return 0;
    }
    int count = list_count(arguments, 255);
    if (count < 0) return raise_type(ctx, "run-program", 4, "vector or list", arguments), -ECANCELED;
    vvm_value copy = make_vector(ctx, (size_t)count, VALUE_FALSE);
    if (copy == VALUE_EXCEPTION) return -ECANCELED;
    struct vector *v = value_pointer(copy);
    for (int i = 0; i < count; i++, arguments = cdr_of(arguments)) v->items[i] = car_of(arguments);
    *args = v->items;
    *n = (unsigned)count;
    return 0;
}

int program_prepare(struct vvm_context *ctx, vvm_value program, vvm_value bytes, vvm_value entry,
                    vvm_value arguments, vvm_value view, const struct vvm_function **f, const uint64_t **args,
                    unsigned *n)
{
    const struct vvm_unit *unit = program_unit(ctx, program, bytes, view);
    if (!unit) return -ECANCELED;
    *f = program_entry(ctx, program, unit, entry);
    if (!*f || program_arguments(ctx, arguments, args, n)) return -ECANCELED;
    assert(unit->verified && (*f)->flags & FUNCTION_WIRE && (*f)->unit == unit);
    if (*n == (*f)->parameters) return 0;
    raise_message(ctx, ERROR_ARITY, VALUE_DEFAULT, "the program's function takes %u arguments, not %u",
                  (*f)->parameters, *n);
    return -ECANCELED;
}

/* (program-find program bytes name) -> index or #f. The octets need not be a valid program. */
vvm_value primitive_program_find(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    const struct wire_program *form = wire_pointer(args[0], TYPE_PROGRAM);
    const uint8_t *octets;
    uint32_t length;
    if (!form) return raise_type(ctx, "program-find", 1, "program", args[0]);
    if (!execution_of(ctx) || program_source(ctx, args[1], &octets, &length)) return VALUE_EXCEPTION;
    int64_t index = find_by_name(ctx, form, octets, length, args[2]);
    return index < 0 ? VALUE_FALSE : make_fixnum(index);
}
