/* SPDX-License-Identifier: Apache-2.0 */
/* parameter.c - a VMlet's parameters: the clause, the values that are given, the constants. */
#include "parameter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arith.h"
#include "environment.h"
#include "load.h"
#include "nearest.h"

/* (NAME DEFAULT [CHECK]) of a VMlet. */
struct parameter {
    const struct vvm_vmlet *vmlet;
    vvm_value name, initial, check; /* check: VALUE_FALSE if there is none */
};

static bool is_named(vvm_value v, const char *name) { return is_symbol(v) && !strcmp(symbol_name(v), name); }

static unsigned length_of(vvm_value list)
{
    unsigned n = 0;
    for (; is_pair(list) && n < 1000; list = cdr_of(list)) n++;
    return is_null(list) ? n : 0;
}

__attribute__((format(printf, 3, 4))) static int refuse(struct vvm_context *ctx, const struct parameter *p,
                                                        const char *format, ...)
{
    char what[240];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "parameter `%.60s` of VMlet `%.60s` %s",
                  symbol_name(p->name), symbol_name(p->vmlet->name), what);
    return -EINVAL;
}

/* ---- types ------------------------------------------------------------------------------------- */

static bool is_list(vvm_value v) { return is_pair(v) || is_null(v); }
static bool is_text(vvm_value v) { return is_string(v); }
static bool is_truth(vvm_value v) { return is_boolean(v); }
static bool is_real(vvm_value v) { return is_flonum(v) || is_fixnum(v); }
static bool is_integer(vvm_value v) { return is_fixnum(v); }
static bool is_a_symbol(vvm_value v) { return is_symbol(v); }

struct parameter_type {
    bool (*has)(vvm_value v);
    const char *name;
};

/* Of the default, the first that fits. */
static const struct parameter_type *type_of(vvm_value v)
{
    static const struct parameter_type types[] = {
        {is_integer, "an integer"}, {is_real, "a number"},     {is_truth, "#t or #f"},
        {is_text, "a string"},      {is_a_symbol, "a symbol"}, {is_list, "a list"},
    };
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].has(v)) return &types[i];
    return NULL;
}

/* ---- the clause -------------------------------------------------------------------------------- */

static int clause_error(struct vvm_context *ctx, vvm_value at)
{
    uint64_t p = is_pair(at) ? pair_position(at) : 0;
    raise_message(ctx, ERROR_SYNTAX, VALUE_DEFAULT,
                  "%s:%u:%u: vmlet: (parameters (NAME DEFAULT [CHECK]) ...): CHECK is (between LOW HIGH) or "
                  "(one-of VALUE ...), DEFAULT as it stands",
                  node_file_name(ctx->node, position_file(p)), position_line(p), position_column(p));
    return -EINVAL;
}

static bool check_is_proper(vvm_value check)
{
    unsigned n = length_of(check);
    if (n == 3 && is_named(car_of(check), "between"))
        return is_real(car_of(cdr_of(check))) && is_real(car_of(cdr_of(cdr_of(check))));
    return n > 1 && is_named(car_of(check), "one-of");
}

static int parameter_read(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, vvm_value cell,
                          struct parameter *p)
{
    vvm_value form = car_of(cell);
    unsigned n = length_of(form);
    if (n < 2 || n > 3 || !is_symbol(car_of(form))) return clause_error(ctx, cell);
    *p = (struct parameter){vmlet, car_of(form), car_of(cdr_of(form)), VALUE_FALSE};
    if (n == 3) p->check = car_of(cdr_of(cdr_of(form)));
    if (!type_of(p->initial) || (n == 3 && !check_is_proper(p->check))) return clause_error(ctx, cell);
    return 0;
}

typedef int parameter_function(struct vvm_context *ctx, const struct parameter *p, void *data);

static int each_parameter(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, parameter_function *fn,
                          void *data)
{
    struct parameter p;
    for (vvm_value c = vmlet->header; is_pair(c); c = cdr_of(c)) {
        if (!is_named(car_of(car_of(c)), "parameters")) continue;
        for (vvm_value l = cdr_of(car_of(c)); is_pair(l); l = cdr_of(l)) {
            int err = parameter_read(ctx, vmlet, l, &p);
            if (!err) err = fn(ctx, &p, data);
            if (err) return err;
        }
    }
    return 0;
}

/* ---- what is given ----------------------------------------------------------------------------- */

/* One datum and nothing after it. */
static bool read_datum(struct vvm_context *ctx, const char *text, vvm_value *v)
{
    struct reader reader;
    vvm_value end;
    reader_init(&reader, ctx, NULL, 0, text, strlen(text));
    if (reader_next(&reader, v) || *v == VALUE_EOF) return false;
    return reader_next(&reader, &end) == 0 && end == VALUE_EOF;
}

static int value_read(struct vvm_context *ctx, const struct parameter *p, const char *text, vvm_value *v)
{
    const struct parameter_type *type = type_of(p->initial);
    if (strlen(text) > PARAMETER_TEXT_MAX) return refuse(ctx, p, "has at most %u octets", PARAMETER_TEXT_MAX);
    if (type->has == is_text) {
        *v = make_string_utf8(ctx, text, strlen(text));
        return *v == VALUE_EXCEPTION ? -ENOMEM : 0;
    }
    if (!read_datum(ctx, text, v) || !type->has(*v))
        return refuse(ctx, p, "is %s, not `%.80s`", type->name, text);
    if (type->has == is_real && is_fixnum(*v)) *v = make_flonum(ctx, (double)fixnum_value(*v));
    return *v == VALUE_EXCEPTION ? -ENOMEM : 0;
}

static double real_of(vvm_value v) { return is_fixnum(v) ? (double)fixnum_value(v) : flonum_value(v); }

static bool passes(vvm_value check, vvm_value v)
{
    uint64_t work = 0;
    if (check == VALUE_FALSE) return true;
    vvm_value list = cdr_of(check);
    if (is_named(car_of(check), "between"))
        return is_real(v) && real_of(v) >= real_of(car_of(list)) &&
               real_of(v) <= real_of(car_of(cdr_of(list)));
    for (; is_pair(list); list = cdr_of(list))
        if (values_equal(car_of(list), v, &work)) return true;
    return false;
}

static int refuse_check(struct vvm_context *ctx, const struct parameter *p)
{
    char text[160] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    if (to) print_value(ctx->node, to, p->check, PRINT_WRITE, sizeof text - 8);
    if (to) fclose(to);
    return refuse(ctx, p, "must be %s", text);
}

static const struct load_parameter *given_for(const struct load_parameters *given, vvm_value name)
{
    for (unsigned i = given ? given->count : 0; i-- > 0;)
        if (is_named(name, given->items[i].name)) return &given->items[i];
    return NULL;
}

/* ---- names that there are not ------------------------------------------------------------------ */

struct search {
    struct nearest nearest;
    bool found;
};

static int compare_name(struct vvm_context *ctx, const struct parameter *p, void *data)
{
    struct search *s = data;
    (void)ctx;
    s->found |= is_named(p->name, s->nearest.word);
    nearest_try(&s->nearest, symbol_name(p->name));
    return 0;
}

static int check_name(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, const char *name)
{
    struct search s = {.nearest = {.word = name}};
    const char *vmlet_name = symbol_name(vmlet->name);
    int err = each_parameter(ctx, vmlet, compare_name, &s);
    if (err || s.found) return err;
    if (s.nearest.best)
        raise_message(ctx, ERROR_USER, VALUE_DEFAULT,
                      "VMlet `%.60s` has no parameter `%.60s`: the nearest is `%.60s`", vmlet_name, name,
                      s.nearest.best);
    else
        raise_message(ctx, ERROR_USER, VALUE_DEFAULT, "VMlet `%.60s` has no parameters: `%.60s` is none",
                      vmlet_name, name);
    return -EINVAL;
}

/* ---- defining ---------------------------------------------------------------------------------- */

static int define_constant(struct vvm_context *ctx, struct vvm_vmlet *vmlet, vvm_value name, vvm_value v)
{
    struct denotation *d = environment_entry(vmlet->environment, name);
    uint32_t number = d ? global_number(ctx->node, vmlet, name) : UINT32_MAX;
    if (number == UINT32_MAX) return -ENOMEM;
    *d = (struct denotation){.kind = DENOTES_GLOBAL,
                             .global = number,
                             .owner = vmlet,
                             .parameter = true,
                             .macro = VALUE_FALSE,
                             .inline_form = VALUE_FALSE};
    int err = value_freeze(v);
    return err ? err : generation_define(ctx->node, number, vmlet, v, NULL);
}

struct binding_of_load {
    struct vvm_vmlet *vmlet;
    const struct load_parameters *given;
};

static int bind(struct vvm_context *ctx, const struct parameter *p, void *data)
{
    const struct binding_of_load *b = data;
    const struct load_parameter *given = given_for(b->given, p->name);
    vvm_value v = p->initial;
    int err = given ? value_read(ctx, p, given->text, &v) : 0;
    if (!err && !passes(p->check, v)) err = refuse_check(ctx, p);
    return err ? err : define_constant(ctx, b->vmlet, p->name, v);
}

int vmlet_parameters(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const struct load_parameters *given)
{
    struct binding_of_load b = {vmlet, given};
    int err = 0;
    for (unsigned i = 0; given && i < given->count && !err; i++)
        err = check_name(ctx, vmlet, given->items[i].name);
    return err ? err : each_parameter(ctx, vmlet, bind, &b);
}
