/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.h - private to the compiler: from a core tree to the functions of a unit.
 *
 *   analyse.c   one walk: where variables are bound, read, assigned; which lambdas are
 *               only called; which calls share a continuation (a `scope`)
 *   contify.c   lambdas all of whose calls share one continuation become labels
 *   lift.c      free variables; other lambdas that are only called become functions
 *               with these as leading parameters, the rest closures; boxes
 *   type.c      which expressions give raw words
 *   code.c      words, labels, slots and lines of the function at hand
 *   emit.c ...  code for each kind of node, driven by where the value goes
 *   function.c  one function after the other, until none is asked for
 *
 * The tree is not rewritten but for ((lambda ...) ...), which becomes a let.
 */
#ifndef VVM_COMPILE_H
#define VVM_COMPILE_H

#include "../ast.h"
#include "../unit.h"

#define NODE_DEPTH_MAX 4000 /* nesting of code that the compiler follows in C */
#define TYPE_NONE      0x7f /* type of an expression that never returns */

struct procedure;
struct destination;

/* One continuation: the expressions in tail position of `root` all deliver to it. */
struct scope {
    struct procedure *procedure; /* whose code contains it */
    bool is_body;                /* the procedure's own continuation */
    struct ast_node *root;
};

/* Labels whose code stands behind that of one expression. Hangs on ast_node.note:
 * `inside` for labels that the LET or FIX itself binds, `around` for the whole of a
 * scope's root. */
struct node_note {
    struct label_group *inside, *around;
};

/* A lambda, or the top-level expression (lambda NULL). Hangs on ast_lambda.note. */
enum procedure_kind { PROCEDURE_LABEL, PROCEDURE_LIFTED, PROCEDURE_CLOSURE };

struct procedure {
    struct procedure *next;
    struct ast_lambda *lambda;
    struct ast_variable *variable; /* bound to it and never assigned; or NULL */
    struct ast_node *binder;       /* the LET or FIX that binds the variable */
    struct scope *body, *bound;    /* scope of its body; of the expression that makes it */
    enum procedure_kind kind;
    bool escapes, called;
    /* contify.c */
    struct call_site *sites; /* calls in its own body; linked by next_in */
    struct procedure *made;  /* closures that its own body makes; linked by next_made */
    struct procedure *next_made, *next_live;
    bool live;            /* some code that runs makes or calls it */
    struct scope *target; /* its calls' common continuation */
    bool conflict;        /* they have none, or it lies too deep in other labels */
    unsigned nesting;     /* labels around it */
    struct label_group *group;
    struct procedure *next_member, *next_waiting;
    /* lift.c */
    struct ast_variable **free;
    unsigned free_count, free_room;
    struct dependent *dependents; /* functions that need what it needs */
    struct dependent *callers;    /* functions that call it, a closure, by its name */
    /* emission */
    struct label *label;
    struct procedure *queued;
    int64_t function, entry;    /* index in the unit; -1: not yet asked for */
    struct denotation *defines; /* the global whose definition it is, or NULL */
};

struct dependent {
    struct dependent *next;
    struct procedure *procedure;
};

struct label_group {
    struct procedure *members;                /* linked by next_member */
    struct procedure *waiting, **waiting_end; /* called and not yet placed; linked by next_waiting */
    struct destination *to;
};

/* Hangs on ast_variable.note. */
struct variable_note {
    struct scope *scope;         /* where it is bound */
    struct procedure *procedure; /* the lambda that it names for ever, or NULL */
    struct ast_node *value;      /* initial value of a LET variable */
    struct fix_note *fix;        /* its FIX, and which of its values */
    unsigned fix_index;
    struct mention *mentions;  /* FIX variables that its value mentions */
    struct ast_variable *same; /* another name of this variable */
    unsigned references, assignments;
    unsigned reached_at; /* which value of its FIX may look at it first; UINT_MAX: none */
    bool boxed, captured;
    uint8_t type_state; /* 0 unknown, 1 being found, 2 known */
    uint8_t type;
    unsigned slot;    /* in the function at hand: of its value or its box */
    unsigned arrival; /* parameter of a label: where calls put the value */
    bool made;        /* a closure of a FIX: it exists */
    bool renamed;     /* it has other names: `same` of other variables */
};

/* One mention of a FIX variable in a value of its FIX. */
struct mention {
    struct mention *next;
    struct ast_variable *variable;
    struct mention *waiting; /* analyse.c: the rest of another list */
};

struct fix_note {
    struct fix_note *next;
    struct ast_node *node;
    int current; /* index of the value being walked, -1 the body */
};

/* A variable read, assigned or called. */
struct use {
    struct use *next;
    struct ast_variable *variable;
    struct scope *scope;
    const struct ast_node *call; /* whose operator it is, or NULL */
};

/* (let ((a b)) ...): perhaps two names of one variable. */
struct renaming {
    struct renaming *next;
    struct ast_variable *variable, *of;
    struct scope *scope;
};

struct call_site {
    struct call_site *next, *next_in;
    struct procedure *procedure;
    struct scope *scope;
};

struct compiler {
    struct vvm_context *ctx;
    struct unit_builder *builder;
    struct ast_pool *pool;
    int error; /* the first; then everything else is skipped */
    unsigned depth, type_depth;
    struct procedure *procedures, *top;
    struct use *uses;
    struct call_site *calls;
    struct renaming *renamings;
    struct fix_note *fixes;
    struct procedure *queue, **queue_end; /* functions asked for and not yet made */
};

/** Note an error (syntax, type, range ...) at a position: pending names file:line:column. */
__attribute__((format(printf, 4, 5))) void compile_error(struct compiler *c, enum error_code code,
                                                         uint64_t position, const char *format, ...);
void compile_failed(struct compiler *c, int error);
/** Zeroed pool memory; on failure the compile fails and a static dummy is not given: NULL. */
void *compile_allocate(struct compiler *c, size_t octets);

/* ---- analysis ---- */

int analyse(struct compiler *c, struct ast_node *tree);
/** Name of the core global that the node refers to, or NULL. */
const char *core_name(const struct compiler *c, const struct ast_node *n);
int contify(struct compiler *c);
int lift(struct compiler *c);

static inline struct variable_note *note_of(const struct ast_variable *v) { return v->note; }
static inline struct procedure *procedure_of(const struct ast_lambda *l) { return l->note; }
/** The continuation that a scope is part of, labels resolved. NULL: never reached. */
struct scope *scope_resolve(struct scope *s);
/** The procedure in whose function the code of the scope stands. NULL: never reached. */
struct procedure *scope_function(struct scope *s);
/** The variable behind other names of it. */
struct ast_variable *variable_behind(struct ast_variable *v);
/** The constant that the expression certainly is, or NULL. */
const struct ast_node *constant_behind(const struct ast_node *n);
/** True if a closure of p captures nothing. */
static inline bool needs_no_capture(const struct procedure *p) { return p->free_count == 0; }
/** Own typed parameters, no rest, nothing captured: has a raw and a tagged entry. */
bool procedure_is_typed(const struct procedure *p);

/* ---- types ---- */

/** Slot type in which the value of the expression arises best; TYPE_NONE: never returns. */
unsigned type_of(struct compiler *c, struct ast_node *n);
unsigned variable_type(struct compiler *c, struct ast_variable *v);
/** True if every value of raw type `from` is one of raw type `to`. */
bool type_holds(unsigned to, unsigned from);
bool fixnum_fits(int64_t n, unsigned type);
/** Result type of a call of a global by its signature. */
const struct signature *global_signature(struct compiler *c, const struct ast_node *call);

/* ---- code of one function ---- */

struct label {
    int32_t at; /* word, or -1 */
    struct fixup {
        struct fixup *next;
        uint32_t word;
    } * fixups;      /* newest first */
    uint64_t *state; /* slots written on all ways here */
    unsigned state_words;
    bool reached;
};

struct emitter {
    struct compiler *c;
    struct procedure *procedure;
    uint64_t *code;
    uint32_t words, room;
    struct line_entry *lines;
    uint32_t line_count, line_room;
    uint64_t position;
    bool reachable, returns;
    uint8_t result;
    bool body; /* of a wire instruction */
    unsigned slots;
    uint8_t slot_types[MAX_SLOTS];
    uint16_t live[MAX_SLOTS]; /* slots in use by temporaries and variables, as a stack */
    unsigned live_count;
    uint16_t spare[SLOT_TYPES]; /* 1 + first unused slot of a type; 0 none */
    uint16_t spare_next[MAX_SLOTS];
    uint64_t state[MAX_SLOTS / 64]; /* slots written before this point */
    struct aside *asides;
    uint32_t last;      /* first word of the last instruction; no word: a label stands behind it */
    bool result_before; /* the one that the last instruction wrote was among them already */
};

/* What is to be emitted behind the rest of the function. */
struct aside {
    struct aside *next;
    struct label *label;
    struct ast_node *node;
};

void emitter_open(struct emitter *e, struct compiler *c);
/** Begin with another function; buffers are kept until emitter_close. */
void emitter_reset(struct emitter *e, struct procedure *p);
void emitter_close(struct emitter *e);

void emit_word(struct emitter *e, uint64_t word);
/** op a b c, if this point is reached; notes the line and what is written. */
void emit_op(struct emitter *e, enum opcode op, unsigned a, unsigned b, unsigned c);
void emit_imm32(struct emitter *e, enum opcode op, unsigned a, int32_t imm);
/** The instruction emitted last, of one word, if it is this one, is taken back: what comes next
 *  does its work, too, and nobody else reads slot a. False: it is another. */
bool emit_take_back(struct emitter *e, enum opcode op, unsigned a);
void emit_literal(struct emitter *e, unsigned a, uint64_t literal);
/** op a b COUNT with the slots behind it. */
void emit_list(struct emitter *e, enum opcode op, unsigned a, unsigned b, const unsigned *slots, unsigned n);
void emit_branch(struct emitter *e, enum opcode op, unsigned a, unsigned b, struct label *l);
void emit_jump(struct emitter *e, struct label *l);
struct label *label_new(struct emitter *e);
void label_bind(struct emitter *e, struct label *l);
/** Position of what follows. */
void emit_at(struct emitter *e, uint64_t position);

unsigned slot_take(struct emitter *e, unsigned type);
static inline unsigned slot_mark(const struct emitter *e) { return e->live_count; }
void slot_release(struct emitter *e, unsigned mark);
unsigned slot_parameter(struct emitter *e, unsigned type);

/* ---- emission ---- */

enum destination_kind { TO_SLOT, TO_RETURN, TO_EFFECT, TO_BRANCH, TO_VALUES };
struct destination {
    enum destination_kind kind;
    unsigned slot;                 /* SLOT */
    struct label *yes, *no, *fall; /* BRANCH; fall is the one that stands next, or NULL */
    const unsigned *slots;         /* VALUES: tagged slots */
    unsigned count;
    bool rest;
};
static inline struct destination to_slot(unsigned slot)
{
    return (struct destination){.kind = TO_SLOT, .slot = slot};
}
static inline struct destination to_effect(void) { return (struct destination){.kind = TO_EFFECT}; }
static inline struct destination to_branch(struct label *yes, struct label *no, struct label *fall)
{
    return (struct destination){.kind = TO_BRANCH, .yes = yes, .no = no, .fall = fall};
}

/** Code for the node; its value goes to the destination. A destination slot is
 *  written last on every way. */
void emit(struct emitter *e, struct ast_node *n, struct destination to);
/** Before the function is stored: what was put aside. */
void emit_asides(struct emitter *e);
/** A slot of that type that holds the value: a variable's own or a temporary. */
unsigned emit_operand(struct emitter *e, struct ast_node *n, unsigned type);
/** The same in whatever type suits the node; *type says which. */
unsigned emit_any_type(struct emitter *e, struct ast_node *n, unsigned *type);
/** Where to compute a result of that type on its way to the destination. */
unsigned target_slot(struct emitter *e, struct destination to, unsigned type);
/** What is in the slot goes to the destination. */
void deliver(struct emitter *e, unsigned slot, struct destination to);
void deliver_constant(struct emitter *e, vvm_value v, struct destination to, uint64_t position);
/** Slot contents to another slot, converted as the slots' types demand. */
void emit_convert(struct emitter *e, unsigned to, unsigned from);
void emit_constant(struct emitter *e, unsigned slot, vvm_value v, uint64_t position);
/** Branch by a test: `op` goes when true, `inverse` when false. */
void deliver_test(struct emitter *e, enum opcode op, enum opcode inverse, unsigned a, unsigned b,
                  struct destination to);
/** Check what is in the slot against a declared type. */
void emit_check(struct emitter *e, unsigned slot, const struct ast_type *type);
/** Control never comes here. */
void emit_unreachable(struct emitter *e);

/* bind.c */
void emit_let(struct emitter *e, struct ast_node *n, struct destination to);
void emit_fix(struct emitter *e, struct ast_node *n, struct destination to);
void emit_receive(struct emitter *e, struct ast_node *n, struct destination to);
void emit_group(struct emitter *e, struct label_group *group, struct ast_node *n, struct destination to,
                void (*inner)(struct emitter *, struct ast_node *, struct destination));
void emit_label_call(struct emitter *e, struct procedure *p, struct ast_node *n);
/** Bind a variable to what is in a slot of its own: check, box. */
void bind_variable(struct emitter *e, struct ast_variable *v, unsigned slot);
/** Slot type in which a variable arrives before it is boxed. */
unsigned arrival_type(struct compiler *c, struct ast_variable *v);
/** A slot with what a function or closure needs of the variable: its box or value. */
unsigned variable_slot(struct emitter *e, struct ast_variable *v);
void emit_closure(struct emitter *e, struct procedure *p, unsigned to);
void emit_cases(struct emitter *e, struct ast_node *n, struct destination to);

/* call.c */
void emit_call(struct emitter *e, struct ast_node *n, struct destination to);
/** The primitive that the call of a global calls with arguments in the number that it takes, or
 *  NULL: any other call may come back, whatever the primitive's effects, or raises `arity`. */
const struct primitive_row *primitive_called(const struct ast_node *n);
void emit_primitive(struct emitter *e, const struct primitive_row *row, struct ast_node *n,
                    struct destination to);
unsigned emit_link(struct emitter *e, const struct denotation *d, vvm_value name, uint32_t signature);
void emit_global(struct emitter *e, struct ast_node *n, unsigned slot);
/** Operands of a call into slots[], all of one type. */
void emit_operands(struct emitter *e, struct ast_node **nodes, unsigned n, unsigned *slots);
#define CALL_ARGUMENTS_MAX 4000

/** False if the call certainly returns one value. */
bool call_may_give_values(struct compiler *c, const struct ast_node *n);

/** True if the expression can only be #t or #f. */
bool gives_boolean(struct compiler *c, const struct ast_node *n);

/* intrinsic.c, raw.c */
struct intrinsic {
    const char *name;
    void (*emit)(struct emitter *e, struct ast_node *n, const struct intrinsic *i, struct destination to);
    int8_t least, most;
    uint16_t op, extra; /* as the emitting function wants */
    uint8_t type;       /* slot type of the result, TYPE_NONE, ... */
    uint8_t operand;    /* raw operand type */
    bool calls;         /* may return several values */
    bool test;          /* certainly gives a boolean */
};
/** What the call of a core name becomes, or NULL. *room holds those made on the fly. */
const struct intrinsic *intrinsic_of(struct compiler *c, const struct ast_node *call, struct intrinsic *room);
bool raw_intrinsic(const char *name, struct intrinsic *i);
/** Calls of that core name are instructions, or several, or none. */
bool is_intrinsic(const char *name);
/** True if the packet in execution was put into the slot just now and for n alone, its only
 *  reader: that was taken back, and the instruction to come finds the packet itself. */
bool packet_taken_back(struct emitter *e, const struct ast_node *n, unsigned slot);
/** Compare raw words; constants on either side become raw. False: no raw operand. */
bool emit_raw_comparison(struct emitter *e, struct ast_node *n, const struct intrinsic *i,
                         struct destination to);

/* body.c */
void emit_exit(struct emitter *e, struct ast_node *n, struct destination to);
void emit_wire(struct emitter *e, struct ast_node *n, struct destination to);
void emit_run_program(struct emitter *e, struct ast_node *n, struct destination to);

/* function.c */
/** Index of the function of p (typed entry) or of its all-tagged entry. */
unsigned function_index(struct emitter *e, struct procedure *p);
unsigned function_entry(struct emitter *e, struct procedure *p);
/** Signature of the lambda as a definition. */
uint32_t lambda_signature(struct compiler *c, const struct ast_lambda *l);
unsigned parameter_type(const struct ast_variable *v);

#endif
