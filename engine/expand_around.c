/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_around.c - layers over what is defined already:
 *
 *   (around TARGET BODY ...)      BODY may call the layer below: by the name, or `previous`
 *   (redefine TARGET BODY ...)    the same, but nothing below is looked at
 *   (undefine NAME)               the VMlet's own layers of NAME go
 *
 * A target is (NAME PARAMETER ...), or one of these with (PARAMETER ...) behind it:
 *
 *   (of VMLET NAME)           a function that need not be visible here
 *   (member SET NAME)         NAME: a symbol or (octets EXPRESSION)
 *   (network NETWORK HOOK)    execute, peel, seal, uncaught or on-trap
 *
 * or (instruction NETWORK NAME), whose operands and takes are in scope by the names that
 * its author gave them and where `previous` is an exit.
 *
 * The layer is a function of the VMlet's own under a name that nobody types, so that it
 * has a typed entry and goes into images; a second such name is bound, in each
 * generation, to what lies below.
 */
#include "expand_wire.h"

#include <assert.h>
#include <string.h>

#include "generation.h"

enum target_kind { TARGET_NAME, TARGET_OF, TARGET_IMPORT, TARGET_MEMBER, TARGET_NETWORK, TARGET_INSTRUCTION };

struct around_form {
    struct expansion *x;
    const char *what; /* "around" or "redefine" */
    uint64_t position;
    enum target_kind kind;
    vvm_value first, second; /* of the target: VMLET NAME, SET NAME, NETWORK HOOK ... */
    vvm_value identifier;    /* what the body calls the layer below, beside `previous`; or VALUE_FALSE */
    vvm_value vmlet, name;   /* of the covered global, as a link names it */
    const struct signature *signature; /* of what is covered, NULL: tagged or not known */
    uint32_t signature_number;
    vvm_value parameters, body;
};

_Noreturn static void refuse(const struct around_form *f, const char *why)
{
    syntax_error(f->x, f->position, VALUE_DEFAULT, "%s: %s", f->what, why);
}

/* ---- the target ------------------------------------------------------------------------ */

static const struct {
    const char *word;
    enum target_kind kind;
} target_words[] = {{"of", TARGET_OF},
                    {"member", TARGET_MEMBER},
                    {"network", TARGET_NETWORK},
                    {"instruction", TARGET_INSTRUCTION}};

static enum target_kind target_kind(vvm_value target)
{
    for (size_t i = 0; i < sizeof target_words / sizeof *target_words; i++)
        if (!strcmp(identifier_text(car_of(target)), target_words[i].word)) return target_words[i].kind;
    return TARGET_NAME;
}

/* What a global's function takes and gives now. */
static void note_signature(struct around_form *f, uint32_t global)
{
    const struct vvm_node *node = f->x->node;
    const struct vvm_generation *g = node->candidate ? node->candidate : node->current;
    if (!g || global >= g->binding_count || !g->bindings[global].function) return;
    f->signature_number = g->bindings[global].signature;
    f->signature = signature_at(node, f->signature_number);
}

static void target_name(struct around_form *f, vvm_value identifier)
{
    struct meaning m = meaning_of(f->x->root, identifier);
    if (m.kind == MEANS_NOTHING) refuse(f, "nothing of that name is visible here");
    if (m.kind != MEANS_GLOBAL) refuse(f, "a form or macro of the language takes no layers");
    f->identifier = identifier;
    f->name = global_name(f->x->node, m.denotation->global);
    f->vmlet = m.denotation->owner == f->x->env->vmlet ? VALUE_FALSE : m.denotation->owner->name;
    note_signature(f, m.denotation->global);
}

static void target_of(struct around_form *f)
{
    if (!is_identifier(f->first) || !is_identifier(f->second)) refuse(f, "(of VMLET NAME) needs two names");
    f->identifier = f->second;
    f->vmlet = strip_identifier(f->first);
    f->name = strip_identifier(f->second);
    const struct vvm_vmlet *v = f->x->node->vmlets;
    while (v && v->name != f->vmlet) v = v->next;
    if (f->vmlet == f->x->env->vmlet->name) v = f->x->env->vmlet;
    const struct denotation *d = v ? environment_lookup(v->environment, f->name) : NULL;
    if (d && d->kind == DENOTES_GLOBAL) note_signature(f, d->global);
}

/* (WORD A B), its parameters and the body */
static void parse_word_target(struct around_form *f, vvm_value form, vvm_value target)
{
    if (list_parts(target) != 3) refuse(f, "a target is (NAME PARAMETER ...) or (WORD A B)");
    f->first = nth_part(target, 1);
    f->second = nth_part(target, 2);
    f->body = nth_cell(form, 2);
    if (f->kind == TARGET_INSTRUCTION) return;
    if (!is_pair(f->body)) refuse(f, "needs (PARAMETER ...) behind the target");
    f->parameters = car_of(f->body);
    f->body = cdr_of(f->body);
    if (f->kind == TARGET_OF) target_of(f);
}

static void parse_target(struct around_form *f, vvm_value form)
{
    vvm_value target = nth_part(form, 1);
    f->identifier = VALUE_FALSE;
    if (!is_pair(target) || !is_identifier(car_of(target)))
        refuse(f, "a target is (NAME PARAMETER ...) or (WORD A B)");
    f->kind = target_kind(target);
    if (f->kind != TARGET_NAME) {
        parse_word_target(f, form, target);
    } else {
        f->parameters = cdr_of(target);
        f->body = nth_cell(form, 2);
        target_name(f, car_of(target));
    }
    if (!is_pair(f->body)) refuse(f, "there is no body");
}

/* ---- names that nobody types ---------------------------------------------------------------- */

static const char *target_text(const struct around_form *f)
{
    return is_identifier(f->second) ? identifier_text(f->second)
           : is_symbol(f->name)     ? symbol_name(f->name)
                                    : "member";
}

/* True if nothing bears the name: a weaver's layers come and go, so it takes those that are left. */
static bool is_free(const struct around_form *f, vvm_value symbol)
{
    const struct expansion *x = f->x;
    const struct vvm_generation *g = x->node->candidate;
    struct meaning m = meaning_in(NULL, x->env, symbol);
    if (m.kind == MEANS_NOTHING) return true;
    return x->node->weaving && m.kind == MEANS_GLOBAL && m.denotation->owner == x->env->vmlet && g &&
           m.denotation->global < g->binding_count &&
           g->bindings[m.denotation->global].value == VALUE_UNDEFINED;
}

/* "%KIND:NAME:number" */
static vvm_value hidden_name(const struct around_form *f, const char *kind, unsigned number)
{
    char text[200];
    snprintf(text, sizeof text, "%%%s:%.150s:%u", kind, target_text(f), number);
    return expand_intern(f->x, text);
}

static struct denotation *hidden_global(const struct around_form *f, vvm_value symbol)
{
    struct meaning m = meaning_in(NULL, f->x->env, symbol);
    return global_reference(f->x, &m);
}

/* ---- the function --------------------------------------------------------------------------- */

/* True if the parameter list has as many parameters as what is covered. */
static bool same_count(const struct around_form *f)
{
    unsigned count = 0;
    vvm_value at = f->parameters;
    for (; is_pair(at) && count <= f->signature->parameters; at = cdr_of(at)) count++;
    return count == f->signature->parameters && is_null(at) == !f->signature->rest;
}

static vvm_value typed_parameters(const struct around_form *f, vvm_value at, unsigned i)
{
    struct expansion *x = f->x;
    if (!is_pair(at)) return at;
    vvm_value one = car_of(at), rest = typed_parameters(f, cdr_of(at), i + 1);
    uint64_t place = place_of(x, at, f->position);
    if (is_identifier(one) && f->signature->types[i] != SLOT_ANY) {
        vvm_value type = core_alias(x, slot_type_name((enum slot_type)f->signature->types[i]));
        one = expand_list(x, place, 2, (vvm_value[]){one, type});
    }
    return expand_cons(x, one, rest, place);
}

/* Parameters without a type take those of the function below, and so does the result. */
static void take_types(struct around_form *f)
{
    struct expansion *x = f->x;
    struct ast_type ignored;
    if (!f->signature || !same_count(f)) return;
    f->parameters = typed_parameters(f, f->parameters, 0);
    bool typed = is_pair(cdr_of(f->body)) && type_named(x, x->root, car_of(f->body), &ignored);
    if (typed || f->signature->result == SLOT_ANY) return;
    vvm_value type = core_alias(x, slot_type_name((enum slot_type)f->signature->result));
    f->body = expand_cons(x, type, f->body, f->position);
}

static void bind_below(const struct around_form *f, struct scope *s, struct denotation *below)
{
    struct expansion *x = f->x;
    vvm_value previous = expand_intern(x, "previous");
    below->signature = f->signature_number;
    scope_bind(x, s, previous, LOCAL_GLOBAL, f->position)->denotation = below;
    if (f->identifier == VALUE_FALSE || f->identifier == previous) return;
    scope_bind(x, s, f->identifier, LOCAL_GLOBAL, f->position)->denotation = below;
}

/* The definition of the function under a hidden name, which goes to *over. */
static struct ast_node *define_layer(struct around_form *f, vvm_value *over, vvm_value *below)
{
    struct expansion *x = f->x;
    struct scope *s = scope_open(x, x->root, NULL);
    unsigned number = 1;
    while (!is_free(f, *over = hidden_name(f, "around", number))) number++;
    struct denotation *d = hidden_global(f, *over);
    *below = VALUE_FALSE;
    if (!strcmp(f->what, "around")) {
        *below = hidden_name(f, "below", number);
        bind_below(f, s, hidden_global(f, *below));
    }
    take_types(f);
    struct ast_node *n = make_node(x, AST_DEFINE, f->position);
    n->global.denotation = d;
    n->global.name = *over;
    struct ast_lambda *lambda = expand_lambda(x, s, expand_intern(x, target_text(f)), f->parameters, f->body,
                                              f->position, true);
    n->global.value = make_lambda(x, lambda, f->position);
    return n;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static struct ast_node *quoted(const struct around_form *f, vvm_value v)
{
    return make_constant(f->x, is_identifier(v) ? strip_identifier(v) : v, f->position);
}

/* NAME of a member: a symbol, or (octets EXPRESSION) */
static struct ast_node *member_name(const struct around_form *f)
{
    if (is_identifier(f->second)) return quoted(f, f->second);
    bool octets = list_parts(f->second) == 2 && is_identifier(car_of(f->second)) &&
                  !strcmp(identifier_text(car_of(f->second)), "octets");
    if (!octets) refuse(f, "(member SET NAME): NAME is a symbol or (octets EXPRESSION)");
    return expand(f->x, f->x->root, nth_part(f->second, 1), f->position);
}

static struct ast_node *put_layer(struct around_form *f, vvm_value over, vvm_value below)
{
    static const char *const primitives[] = {[TARGET_NAME] = "%around",
                                             [TARGET_OF] = "%around",
                                             [TARGET_MEMBER] = "%around-member",
                                             [TARGET_NETWORK] = "%around-hook"};
    struct ast_node *first = quoted(f, f->first), *second = quoted(f, f->second);
    if (f->kind == TARGET_NAME || f->kind == TARGET_OF) {
        first = quoted(f, f->vmlet);
        second = quoted(f, f->name);
    }
    if (f->kind == TARGET_MEMBER) {
        first = expand(f->x, f->x->root, f->first, f->position);
        second = member_name(f);
    }
    return core_call(f->x, f->position, primitives[f->kind], 4, first, second, quoted(f, over),
                     quoted(f, below));
}

static struct ast_node *around_instruction(struct around_form *f)
{
    struct expansion *x = f->x;
    vvm_value network = strip_identifier(f->first), name = strip_identifier(f->second);
    if (strcmp(f->what, "around")) refuse(f, "an instruction takes arounds only; its owner defines it anew");
    if (!is_symbol(network) || !is_symbol(name)) refuse(f, "(instruction NETWORK NAME) needs two names");
    struct instruction_names names;
    if (!instruction_names_of(x->ctx, network, name, &names))
        syntax_error(x, f->position, VALUE_DEFAULT, "around: the network %s has no instruction %s",
                     symbol_name(network), symbol_name(name));
    struct ast_lambda *lambda = instruction_around_lambda(x, name, &names, f->body, f->position);
    return core_call(x, f->position, "%around-instruction", 3, quoted(f, network), quoted(f, name),
                     make_lambda(x, lambda, f->position));
}

struct ast_node *top_around(struct expansion *x, vvm_value form, uint64_t position, const char *what)
{
    struct around_form *f = expand_allocate(x, sizeof *f);
    *f = (struct around_form){.x = x, .what = what, .position = position};
    if (require_list(x, form, position, what) < 3) refuse(f, "needs a target and a body");
    parse_target(f, form);
    if (f->kind == TARGET_INSTRUCTION) return around_instruction(f);
    vvm_value over, below;
    struct ast_node **items = (struct ast_node **)pointer_array(x, 2);
    items[0] = define_layer(f, &over, &below);
    items[1] = put_layer(f, over, below);
    return make_sequence(x, items, 2, position);
}

/* An own name means from here on what it meant before it was defined. */
struct ast_node *top_undefine(struct expansion *x, vvm_value form, uint64_t position)
{
    struct around_form f = {.x = x, .what = "undefine", .position = position};
    vvm_value identifier = require_list(x, form, position, f.what) == 2 ? nth_part(form, 1) : VALUE_FALSE;
    if (!is_identifier(identifier)) refuse(&f, "needs one name");
    vvm_value symbol = strip_identifier(identifier);
    struct denotation *own = environment_entry(x->env, symbol);
    if (own && own->kind == DENOTES_MACRO) {
        *own = (struct denotation){.doc = own->doc, .macro = VALUE_FALSE, .inline_form = VALUE_FALSE};
        return make_unspecified(x, position);
    }
    target_name(&f, identifier);
    if (own && own->kind == DENOTES_GLOBAL && own->owner == x->env->vmlet) {
        own->kind = DENOTES_NOTHING;
        f.vmlet = x->env->vmlet->name;
    }
    return core_call(x, position, "%undefine", 2, quoted(&f, f.vmlet), quoted(&f, f.name));
}
