/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand.h - the expander's own header: scopes, meanings, positions, errors.
 *
 *   expand.c            top level, dispatch, calls, variable references
 *   expand_scope.c      what an identifier means; aliases; bindings
 *   expand_node.c       making nodes, walking forms, positions, errors
 *   expand_core.c       lambda, define, let family, bodies with definitions
 *   expand_derived.c    cond, case, do, guard, values, parameterize, delay ...
 *   expand_quasi.c      quote, quasiquote
 *   expand_record.c     define-record-type
 *   expand_macro.c      define-syntax, macro uses, readers
 *   syntax_rules.c      patterns and templates
 *   expand_wire.c       define-instruction and its exits
 *   expand_around.c     around, redefine, undefine
 *   expand_primitives.c what procedural macros call
 *
 * Hygiene is explicit renaming. A macro's template names arrive as aliases: fresh
 * objects that hold the name and the environment in which the macro was defined. A
 * binding form binds whatever identifier it is given, symbol or alias, by identity. An
 * alias that no scope binds means what its name means where the macro was defined.
 * A top-level definition of an alias defines the plain name in the environment that
 * is being expanded for, and so is visible to the user.
 *
 * Positions: a node stands where the user wrote the form. Pairs that a template
 * made carry the position of the macro use; pairs without one, and frozen pairs
 * (constants of a procedural macro), inherit it from the form around them.
 *
 * An error leaves the expansion by longjmp to expand_toplevel: everything that was
 * allocated hangs on the pool or the control heap.
 */
#ifndef VVM_EXPAND_H
#define VVM_EXPAND_H

#include <setjmp.h>

#include "ast.h"
#include "load.h"

enum special_form {
    SPECIAL_NONE,
#define S(name, text, handler, least, most) SPECIAL_##name,
#include "special.def"
#undef S
    SPECIAL_LIMIT,
    /* bound in the bodies of wire instructions only */
    WIRE_NEXT,
    WIRE_GOTO,
    WIRE_CALL,
    WIRE_RETURN,
    WIRE_PUSH_HANDLER_FORM,
    WIRE_POP_HANDLER_FORM,
    WIRE_LOCAL_REF,
    WIRE_LOCAL_SET,
    WIRE_PROGRAM_BYTES_FORM,
    WIRE_PREVIOUS,
    WIRE_SPECIAL_LIMIT
};

/* length 3, so that the collector can treat it as a vector of values */
struct alias {
    uint64_t header;
    vvm_value name;        /* symbol or alias */
    vvm_value environment; /* struct site: where the macro was defined */
    vvm_value unique;      /* position of the macro use */
};

/* Where a macro was defined, as a value that aliases hold. */
struct site {
    uint64_t header;  /* TYPE_FOREIGN */
    const char *kind; /* site_kind: no other foreign object has it */
    struct vvm_environment *environment;
    struct scope *scope; /* NULL: the top level; reset when the expansion ends */
    struct site *next;   /* of the same expansion */
};

/* denotation->macro and local macros: a vector of these parts */
enum macro_kind { MACRO_PROCEDURE, MACRO_RULES, MACRO_READER, MACRO_KINDS };
enum macro_part {
    MACRO_KIND,        /* fixnum of enum macro_kind */
    MACRO_TRANSFORMER, /* procedure; RULES: list of (pattern template) */
    MACRO_ENVIRONMENT, /* struct site */
    MACRO_ELLIPSIS,    /* RULES: custom ellipsis or VALUE_FALSE */
    MACRO_LITERALS,    /* RULES: list of identifiers */
    MACRO_PARTS
};
static inline vvm_value macro_part(vvm_value macro, enum macro_part part)
{
    return ((struct vector *)value_pointer(macro))->items[part];
}
static inline enum macro_kind macro_kind(vvm_value macro)
{
    return (enum macro_kind)fixnum_value(macro_part(macro, MACRO_KIND));
}

enum local_kind { LOCAL_VARIABLE, LOCAL_MACRO, LOCAL_SPECIAL, LOCAL_GLOBAL };

struct local {
    struct local *next;
    vvm_value identifier;
    enum local_kind kind;
    union {
        struct ast_variable *variable;
        vvm_value macro;
        uint32_t special;
        struct denotation *denotation;
    };
};

struct scope {
    struct scope *outer; /* NULL: the root, standing for the top level of environment */
    struct vvm_environment *environment;
    struct expansion *expansion;
    struct ast_lambda *owner; /* of variables bound here; NULL: the form's own function */
    struct local *names;
    unsigned count;
    struct site *object; /* made when a macro captures the scope */
};

enum meaning_kind { MEANS_NOTHING, MEANS_VARIABLE, MEANS_GLOBAL, MEANS_SPECIAL, MEANS_MACRO };

struct meaning {
    enum meaning_kind kind;
    struct ast_variable *variable;
    struct denotation *denotation; /* GLOBAL */
    uint32_t special;
    vvm_value macro;
    struct vvm_environment *environment; /* NOTHING, GLOBAL: where it was looked up */
    vvm_value symbol;                    /* plain name */
};

struct wire_body; /* expand_wire.c */

struct expansion {
    struct vvm_context *ctx;
    struct vvm_node *node;
    struct vvm_environment *env;
    struct ast_pool *pool, *scratch;
    struct scope *root;
    struct site *captured;
    struct wire_body *wire;     /* the instruction body being expanded, or NULL */
    struct inline_use *inlined; /* inline functions being integrated, innermost first */
    uint64_t fixed;             /* position that overrides all others: inside an inline function */
    unsigned depth, depth_limit;
    unsigned uses;       /* macro uses in this form */
    unsigned pairs;      /* made by templates and expansions in this form */
    vvm_value core_site; /* site of the core environment, made when needed; 0 before */
    jmp_buf escape;
};

#define MACRO_USES_MAX  200000u
#define PAIRS_MAX       4000000u
#define SCOPE_NAMES_MAX 4096u
#define LIST_MAX        (1u << 20)

/* ---- expand_node.c: errors, memory, forms, nodes ---- */

_Noreturn void expand_escape(struct expansion *x); /* the error is pending */
__attribute__((format(printf, 4, 5))) _Noreturn void
syntax_error(struct expansion *x, uint64_t position, vvm_value irritant, const char *format, ...);
/** Put "file:line:column: " before the message of the pending error object. */
void pending_add_position(struct vvm_context *ctx, uint64_t position);
void *expand_allocate(struct expansion *x, size_t octets);
vvm_value expand_check(struct expansion *x, vvm_value v); /* escapes if v is VALUE_EXCEPTION */
vvm_value expand_cons(struct expansion *x, vvm_value car, vvm_value cdr, uint64_t position);
vvm_value expand_intern(struct expansion *x, const char *name);
vvm_value expand_list(struct expansion *x, uint64_t position, unsigned n, const vvm_value *items);
void expand_enter(struct expansion *x, uint64_t position); /* one form deeper, or error recursion */
static inline void expand_leave(struct expansion *x) { x->depth--; }

/** Where a datum stands; fallback when it does not know. */
uint64_t place_of(const struct expansion *x, vvm_value datum, uint64_t fallback);
/** Parts of a proper list, or -1 (also for circular and very long ones). */
long list_parts(vvm_value list);
/** The same, or a syntax error that begins with `what`. */
unsigned require_list(struct expansion *x, vvm_value list, uint64_t position, const char *what);
vvm_value nth_cell(vvm_value list, unsigned n);
static inline vvm_value nth_part(vvm_value list, unsigned n) { return car_of(nth_cell(list, n)); }
/** Name of an identifier for messages. */
const char *identifier_text(vvm_value identifier);

struct ast_node *make_node(struct expansion *x, enum ast_kind kind, uint64_t position);
struct ast_node *make_constant(struct expansion *x, vvm_value v, uint64_t position);
struct ast_node *make_unspecified(struct expansion *x, uint64_t position);
struct ast_node *make_if(struct expansion *x, struct ast_node *test, struct ast_node *then,
                         struct ast_node *otherwise, uint64_t position);
struct ast_node *make_sequence(struct expansion *x, struct ast_node **items, unsigned count,
                               uint64_t position);
struct ast_node *make_local(struct expansion *x, struct ast_variable *v, uint64_t position);
struct ast_node *make_set_local(struct expansion *x, struct ast_variable *v, struct ast_node *value,
                                uint64_t position);
struct ast_node *make_let(struct expansion *x, enum ast_kind kind, struct ast_variable **variables,
                          struct ast_node **values, unsigned count, struct ast_node *body, uint64_t position);
struct ast_node *make_let1(struct expansion *x, struct ast_variable *v, struct ast_node *value,
                           struct ast_node *body, uint64_t position);
struct ast_node *make_call(struct expansion *x, struct ast_node *operator, struct ast_node ** arguments,
                           unsigned count, uint64_t position);
struct ast_node *make_lambda(struct expansion *x, struct ast_lambda *lambda, uint64_t position);
/** A call of a core global. */
struct ast_node *core_call(struct expansion *x, uint64_t position, const char *name, unsigned count, ...);
struct ast_node *core_reference(struct expansion *x, const char *name, uint64_t position);
void **pointer_array(struct expansion *x, unsigned count);

/* ---- expand_scope.c ---- */

bool is_identifier(vvm_value v);
vvm_value strip_identifier(vvm_value identifier); /* the symbol at the heart of an alias */
struct scope *scope_open(struct expansion *x, struct scope *outer, struct ast_lambda *owner);
struct scope *scope_root(struct expansion *x, struct vvm_environment *env, struct ast_lambda *owner);
/** Bind; a syntax error if the scope has the identifier already (duplicate) or it is none. */
struct local *scope_bind(struct expansion *x, struct scope *s, vvm_value identifier, enum local_kind kind,
                         uint64_t position);
struct ast_variable *scope_variable(struct expansion *x, struct scope *s, vvm_value identifier,
                                    uint64_t position);
/** A variable that no source text can name. */
struct ast_variable *hidden_variable(struct expansion *x, struct scope *s, const char *name);
/** Meaning in scope s; s NULL: at the top level of env. */
struct meaning meaning_in(const struct scope *s, struct vvm_environment *env, vvm_value identifier);
static inline struct meaning meaning_of(const struct scope *s, vvm_value identifier)
{
    return meaning_in(s, s->environment, identifier);
}
bool same_meaning(const struct meaning *a, const struct meaning *b);
bool means_special(const struct scope *s, vvm_value datum, uint32_t special);
extern const char site_kind[];
/** The scope as a value for aliases. */
struct site *scope_site(struct expansion *x, struct scope *s);
vvm_value make_site(struct vvm_context *ctx, struct vvm_environment *env);
vvm_value make_alias(struct vvm_context *ctx, vvm_value identifier, vvm_value environment, uint64_t position);
/** Alias of a core name, for forms that expand into forms. */
vvm_value core_alias(struct expansion *x, const char *name);
/** A global that code refers to; made if the name means nothing yet. */
struct denotation *global_reference(struct expansion *x, const struct meaning *m);
/** A global that code defines in x->env. */
struct denotation *global_definition(struct expansion *x, vvm_value identifier, uint64_t position);

/** The type that an identifier names; false if it names none. */
bool type_named(struct expansion *x, const struct scope *s, vvm_value identifier, struct ast_type *type);
/** The same, or a syntax error. */
struct ast_type require_type(struct expansion *x, const struct scope *s, vvm_value datum, uint64_t position);

/* ---- expand.c, expand_core.c ---- */

/** Run something that may leave by expand_escape, in an expansion of its own. 0, or -EINVAL
 *  with ctx->pending. */
int expand_guarded(struct vvm_context *ctx, struct vvm_environment *env, struct ast_pool *pool,
                   void (*run)(struct expansion *x, void *data), void *data);

struct ast_node *expand(struct expansion *x, struct scope *s, vvm_value datum, uint64_t position);
/** Expand the car of a list's cell; fallback: position of the form around it. */
struct ast_node *expand_cell(struct expansion *x, struct scope *s, vvm_value cell, uint64_t fallback);
struct ast_node *expand_reference(struct expansion *x, const struct meaning *m, uint64_t position);
/** Expand macro uses at the head of a datum until it is something else. The meaning of
 *  the head (NOTHING if it is no form with an identifier) is in *head. */
vvm_value expand_head(struct expansion *x, struct scope *s, vvm_value datum, uint64_t *position,
                      struct meaning *head);
struct ast_node *expand_top(struct expansion *x, vvm_value datum, uint64_t position);
/** A body: definitions, then expressions; opens a scope of its own inside s. */
struct ast_node *expand_body(struct expansion *x, struct scope *s, vvm_value cells, uint64_t position);
/** Expressions in order, without definitions. */
struct ast_node *expand_sequence(struct expansion *x, struct scope *s, vvm_value cells, uint64_t position);
struct ast_lambda *expand_lambda(struct expansion *x, struct scope *s, vvm_value name, vvm_value parameters,
                                 vvm_value body, uint64_t position, bool definition);
/** One parameter, `x` or `(x TYPE)`, bound in `inner`; the type means what it means in `outer`. */
struct ast_variable *bind_parameter(struct expansion *x, struct scope *outer, struct scope *inner,
                                    vvm_value datum, uint64_t position);

struct formals {
    struct ast_variable **variables;
    unsigned count;
    struct ast_variable *rest;
};
struct formals bind_formals(struct expansion *x, struct scope *outer, struct scope *inner, vvm_value list,
                            uint64_t position);

/* A definition taken apart. */
struct definition {
    vvm_value identifier;
    bool function;
    vvm_value parameters; /* function */
    vvm_value body;       /* function: cells of its body; else the cell of the value, or () */
    uint64_t position;
};
struct definition parse_definition(struct expansion *x, vvm_value form, uint64_t position, const char *what);
struct ast_node *expand_definition_value(struct expansion *x, struct scope *s, const struct definition *d);
struct ast_node *top_definition(struct expansion *x, vvm_value form, uint64_t position, bool inlined);
struct ast_node *top_define_values(struct expansion *x, vvm_value form, uint64_t position);
struct ast_node *top_record_type(struct expansion *x, vvm_value form, uint64_t position);
struct ast_node *top_define_primitive(struct expansion *x, vvm_value form, uint64_t position);
struct ast_node *top_define_instruction(struct expansion *x, vvm_value form, uint64_t position);
/** expand_around.c; what: "around" or "redefine". */
struct ast_node *top_around(struct expansion *x, vvm_value form, uint64_t position, const char *what);
struct ast_node *top_undefine(struct expansion *x, vvm_value form, uint64_t position);
void define_syntax(struct expansion *x, struct scope *s, vvm_value form, uint64_t position);
void define_reader(struct expansion *x, vvm_value form, uint64_t position);
/** define-global-syntax, or define-global-reader: expand_global.c. */
void define_global_syntax(struct expansion *x, vvm_value form, uint64_t position, bool reader);
/** (use-expander PROCEDURE) and its like: stage.c. */
void use_stage(struct expansion *x, uint32_t special, vvm_value form, uint64_t position);
/** Evaluate an expression of a definition of syntax now: nothing of it goes into an image. */
vvm_value evaluate_now(struct expansion *x, vvm_value datum, uint64_t position);
/** The (begin ...) of definitions that a define-record-type stands for. */
vvm_value record_definitions(struct expansion *x, struct scope *s, vvm_value form, uint64_t position);
vvm_value make_macro(struct expansion *x, struct scope *s, vvm_value datum, uint64_t position);
vvm_value expand_macro(struct expansion *x, struct scope *s, vvm_value macro, vvm_value form,
                       uint64_t position);
vvm_value expand_rules(struct expansion *x, struct scope *s, vvm_value macro, vvm_value form,
                       uint64_t position);
vvm_value make_rules(struct expansion *x, struct scope *s, vvm_value form, uint64_t position);
/** cond's clauses; missing: what happens when none holds, NULL = unspecified. */
struct ast_node *expand_clauses(struct expansion *x, struct scope *s, vvm_value clauses, uint64_t position,
                                struct ast_node *missing);
/** Rewrite a node that stands as a test: `or` needs no variable there. */
struct ast_node *as_test(struct expansion *x, struct ast_node *node);

/* ---- expand_wire.c ---- */

/** True if s lies in the body of a wire instruction; the special form of that name there. */
bool in_wire_body(const struct scope *s);
uint32_t wire_special_named(const char *name);
struct ast_node *expand_wire_special(struct expansion *x, struct scope *s, uint32_t special, vvm_value form,
                                     uint64_t position);
/** An operation on the items variable, or NULL if the form is none. */
struct ast_node *expand_item_call(struct expansion *x, struct scope *s, const struct meaning *operator,
                                  vvm_value form, uint64_t position);

typedef struct ast_node *special_expander(struct expansion *x, struct scope *s, vvm_value form,
                                          uint64_t position);
#define S(name, text, handler, least, most) special_expander handler;
#include "special.def"
#undef S

/* ---- expand_primitives.c ---- */

extern const struct primitive_row expand_primitives[];
extern const size_t expand_primitive_count;

#endif
