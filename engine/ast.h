/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ast.h - the core language between the expander and the compiler.
 *
 * expand.c makes this tree from a datum; analyse.c annotates it; emit.c makes code.
 * All nodes of one top-level form live in one struct ast_pool and die together.
 * Every name is resolved: a variable is a struct ast_variable or a denotation.
 */
#ifndef VVM_AST_H
#define VVM_AST_H

#include "environment.h"
#include "wire/wire.h"

struct ast_pool; /* bump allocator with a cap: 64 MiB a form */
struct ast_pool *ast_pool_open(void);
void ast_pool_close(struct ast_pool *pool);
/** Zeroed memory that lives as long as the pool; NULL when memory or the cap is out. */
void *ast_allocate(struct ast_pool *pool, size_t octets);

enum ast_kind {
    AST_CONSTANT,  /* constant.value */
    AST_LOCAL,     /* local.variable */
    AST_SET_LOCAL, /* local.variable, local.value */
    AST_GLOBAL,    /* global.denotation */
    AST_SET_GLOBAL,
    AST_DEFINE,   /* global.denotation, global.value; top level only */
    AST_IF,       /* branch.test, .then, .otherwise (NULL = unspecified) */
    AST_LAMBDA,   /* lambda */
    AST_CASES,    /* case-lambda: cases.clauses */
    AST_SEQUENCE, /* sequence.items; count >= 1 */
    AST_CALL,     /* call.operator, .arguments */
    AST_LET,      /* let.variables, .values, .body: parallel bindings */
    AST_FIX, /* letrec* of variables; values evaluated in order. Analysis finds the functions among them */
    AST_RECEIVE, /* receive.source, .variables, .rest, .body: let-values of one clause */
    AST_GUARD,   /* guard.variable, .handler, .body: run body; a raise binds variable and runs handler in tail
                    position */
    AST_PACKET,  /* the implicit parameter */
    AST_EXIT,    /* exit of a wire instruction's body; tail position of it */
    AST_ITEM,    /* operation on the (items n) parameter */
    AST_WIRE_LOCAL, /* (local i), (set-local! i v) */
    AST_WIRE_OP,    /* push-handler, pop-handler, program-bytes */
    AST_RUN_PROGRAM,
};

/* Declared type of a parameter, result or variable. */
struct ast_type {
    uint8_t class;                   /* enum value_class; CLASS_ANY = undeclared */
    uint8_t slot;                    /* enum slot_type: raw for u8..s64, else SLOT_ANY */
    const struct denotation *record; /* a record type's global, class then CLASS_RECORD */
};

struct ast_variable {
    vvm_value name; /* symbol, aliases stripped */
    struct ast_type type;
    struct ast_lambda *owner;
    unsigned references, assignments;
    bool items;        /* the (items n) parameter of an instruction: only in AST_ITEM, or copied */
    bool operand_only; /* label / function / local operand: no value, see AST_EXIT, AST_WIRE_LOCAL */
    unsigned operand;  /* its operand index if operand_only */
    void *note;        /* analyse.c / emit.c */
};

struct ast_lambda {
    vvm_value name; /* symbol or VALUE_FALSE */
    struct ast_variable **parameters;
    unsigned parameter_count;  /* fixed, without rest */
    struct ast_variable *rest; /* or NULL */
    struct ast_type result;
    struct ast_node *body;
    uint64_t position;
    bool inlined;                   /* define-inline */
    const struct body_shape *shape; /* body of a wire instruction (exits allowed), else NULL */
    void *note;
};

enum ast_exit { EXIT_KIND_NEXT, EXIT_KIND_GOTO, EXIT_KIND_CALL, EXIT_KIND_RETURN, EXIT_KIND_PREVIOUS };
enum ast_then { THEN_NEXT, THEN_HERE, THEN_LABEL };
enum ast_item { ITEM_KIND_COUNT, ITEM_KIND_REF, ITEM_KIND_VECTOR };
enum ast_wire_op { WIRE_KIND_PUSH_HANDLER, WIRE_KIND_POP_HANDLER, WIRE_KIND_PROGRAM_BYTES };

struct ast_node {
    enum ast_kind kind;
    uint8_t type_note; /* compile/type.c: inferred slot type + 1, 0 = not yet */
    void *note;        /* compile/contify.c: labels that live in this expression */
    uint64_t position; /* of what the user wrote, through expansion */
    union {
        struct {
            vvm_value value;
        } constant;
        struct {
            struct ast_variable *variable;
            struct ast_node *value;
        } local;
        struct {
            struct denotation *denotation;
            vvm_value name;
            struct ast_node *value;
        } global;
        struct {
            struct ast_node *test, *then, *otherwise;
        } branch;
        struct ast_lambda *lambda;
        struct {
            struct ast_lambda **clauses;
            unsigned count;
        } cases;
        struct {
            struct ast_node **items;
            unsigned count;
        } sequence;
        struct {
            struct ast_node *operator;
            struct ast_node **arguments;
            unsigned count;
        } call;
        struct {
            struct ast_variable **variables;
            struct ast_node **values;
            unsigned count;
            struct ast_node *body;
        } let; /* LET, FIX */
        struct {
            struct ast_node *source;
            struct ast_variable **variables;
            unsigned count;
            struct ast_variable *rest;
            struct ast_node *body;
        } receive;
        struct {
            struct ast_variable *variable;
            struct ast_node *handler, *body;
        } guard;
        struct {
            enum ast_exit kind;
            struct ast_variable *operand; /* GOTO: label; CALL: function */
            struct ast_node **kept;
            unsigned kept_count;
            struct ast_node **values;
            unsigned count;  /* pushed values, arguments, or the value returned */
            bool call_items; /* CALL: the items are the arguments */
            enum ast_then then;
            struct ast_variable *then_label;
        } exit;
        struct {
            enum ast_item kind;
            struct ast_node *index;
        } item;
        struct {
            struct ast_variable *operand;
            struct ast_node *value;
        } wire_local; /* value NULL: read */
        struct {
            enum ast_wire_op kind;
            struct ast_variable *operand;
        } wire_op;
        struct {
            struct ast_node *program, *bytes, *entry, *arguments, *view;
        } run_program; /* view may be NULL */
    };
};

/* ---- expander ---- */

/** Expand one top-level datum in env into a core tree (a SEQUENCE of what it
 *  defines and does). Definitions of syntax take effect at once, in env; names that
 *  are defined become globals of env. ctx runs procedural transformers.
 *  0, or -EINVAL with ctx->pending (error syntax with file:line:column). */
int expand_toplevel(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum,
                    struct ast_pool *pool, struct ast_node **out);
/** Strip aliases from a datum (quote, and names of definitions). */
vvm_value syntax_strip(struct vvm_context *ctx, vvm_value datum);
/** Bind the special forms in the core environment of a new node. */
int expand_init(struct vvm_node *node);

/* ---- compiler ---- */

struct unit_builder; /* unit.h */
/** Compile a core tree as a function without parameters into the builder, with all
 *  lambdas inside it; *function is its index. 0, -ENOMEM, or -EINVAL with
 *  ctx->pending set (error syntax, verify or type, position of the offender). */
int compile_toplevel(struct vvm_context *ctx, struct unit_builder *builder, struct ast_pool *pool,
                     struct ast_node *tree, uint32_t *function);

#endif
