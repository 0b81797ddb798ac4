/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - the structures of networks, programs and sets. Private to wire/.
 *
 * Every object here is made by a load and never changed after the generation that first
 * held it was published. A generation only lists which of them are in force. They are
 * items: the collector of the control heap frees one when no generation that is alive
 * lists it and no handle leads to it. Units in a worker's cache point at items too, but
 * nobody looks into one whose network is not in force: it is found by the network's
 * revision, which no other network ever gets.
 */
#ifndef VVM_WIRE_STATE_H
#define VVM_WIRE_STATE_H

#include "network.h"

/* TYPE_PROGRAM, TYPE_NETWORK, TYPE_SET, TYPE_MEMBER: frozen, in the control heap. */
struct wire_handle {
    uint64_t header;
    const void *pointer;
};

enum wire_kind { WIRE_PROGRAM, WIRE_SET, WIRE_MEMBER, WIRE_NETWORK, WIRE_INSTRUCTION };

/* What each object begins with. */
struct wire_item {
    struct wire_item *next; /* of the node */
    struct vvm_vmlet *owner;
    uint64_t reached; /* number of the last collection that came to it */
    uint8_t kind;     /* enum wire_kind */
};

/* ---- programs ---- */

enum slot_role { SLOT_SKIP, SLOT_ARITY, SLOT_LOCALS, SLOT_NAME, SLOT_CODE };
enum slot_form {
    SLOT_FIXED,
    SLOT_COUNTED
}; /* `size` octets; or a length of `size` octets, then the octets */
struct slot_field {
    uint8_t role, form;
    uint16_t size;
};
#define SLOT_FIELDS_MAX 16

struct wire_program {
    struct wire_item item;
    vvm_value name, handle, clauses;
    bool flat;
    uint8_t label_octets; /* 1 or 2 */
    uint8_t count_octets; /* of the function table's count */
    uint8_t field_count;
    uint16_t stack, depth;
    struct slot_field fields[SLOT_FIELDS_MAX];
};

/* ---- sets ---- */

struct wire_set {
    struct wire_item item;
    vvm_value name, handle;
    unsigned parameters; /* 0xff: members may differ */
};

#define MEMBER_NAME_MAX 255 /* octets */

struct wire_member {
    struct wire_item item;
    const struct wire_set *set; /* NULL: a network's hook */
    vvm_value name;             /* symbol, for messages */
    vvm_value procedure, handle;
    bool around;     /* lies over another one, or over a hook: see hook.c */
    uint32_t below;  /* AROUND: the global that its body calls, UINT32_MAX: none */
    uint32_t weaver; /* AROUND: that put it there; 0: none */
    /* of timers and of what expires; see timer.c */
    vvm_value network, table; /* name of the network in whose name it runs, or #f; handle, or #f */
    uint64_t every;           /* nanoseconds; 0: no timer */
    int64_t fuel;
    uint32_t hash, length; /* of the name's octets */
    uint8_t octets[];
};

/* ---- networks ---- */

#define NETWORK_MATCHES_MAX 8
/* in the order: run, peel, seal, uncaught, on_trap */
enum { HOOKS = 5 };
#define NETWORK_ERRORS_MAX 32

struct match_clause {
    uint8_t kind; /* enum match_kind */
    uint32_t key;
    vvm_value parent; /* MATCH_NETWORK: symbol */
    const struct network *network;
};

struct network_limits {
    int64_t fuel, reserve_fuel;
    uint32_t arena, reserve_arena;
};

struct error_mapping {
    uint8_t code; /* enum error_code */
    vvm_value value;
};

struct network {
    struct wire_item item;
    vvm_value name, handle, layout;
    const struct wire_program *program; /* or NULL */
    vvm_value selection;                /* VALUE_TRUE: all instructions of the owner; else list of symbols */
    const struct wire_member *run, *peel, *seal, *uncaught, *on_trap; /* in force, or NULL */
    const struct wire_member *steer;                                  /* or NULL */
    const struct wire_member *defined[HOOKS];                         /* without what lies over them */
    struct network_limits limits;
    uint8_t match_count, error_count;
    struct match_clause matches[NETWORK_MATCHES_MAX];
    struct error_mapping errors[NETWORK_ERRORS_MAX];
    const struct wire_instruction *opcodes[256];
    uint64_t revision; /* another number for each different set of opcodes: keys the cache */
};

/* An around over an instruction, by the names of the network and the instruction. */
struct row_around {
    struct vvm_vmlet *owner;
    vvm_value network, name; /* symbols */
    const struct vvm_function *body;
    uint32_t weaver;     /* that put it there; 0: none */
    vvm_value procedure; /* closure by which the collector comes to the body, or VALUE_FALSE */
};

/* What a generation knows of wire/, beside its array of networks. */
struct match_table {
    struct match_clause *clauses; /* of all networks; built by wire_check */
    uint32_t clause_count;
    bool steers;                                  /* some network says what its flows are */
    const struct wire_instruction **instructions; /* in force */
    uint32_t instruction_count;
    struct row_around *arounds; /* the oldest first: see around.c */
    uint32_t around_count;
    const struct wire_member **members; /* in force */
    uint32_t member_count;
    const struct wire_member **index; /* open hash of members by set and name; power of two */
    uint32_t index_size;
    vvm_value tests;      /* list of (key procedure vmlet), newest first; see hooks.h */
    vvm_value primitives; /* list of (name owner descriptor . procedure), newest first */
    vvm_value weavers;    /* list of (id owner name predicate . transformer), newest first */
    vvm_value *entries;   /* of the application, by number: closures, or VALUE_FALSE; see entry.c */
    uint32_t entry_count;
};

/* Instruction as the node keeps it: the row that frames see, and what tools ask for. */
struct kept_instruction {
    struct wire_item item;
    struct wire_instruction instruction;
    vvm_value descriptor; /* the define-instruction's clauses */
    vvm_value procedure;  /* the closure whose function is the body */
    char doc[200];        /* row.doc, cut to fit */
};

static inline struct kept_instruction *instruction_kept(const struct wire_instruction *w)
{
    return (struct kept_instruction *)((char *)w - offsetof(struct kept_instruction, instruction));
}

struct entry_point;

struct wire_state {
    struct entry_point *entries;      /* see entry.c */
    struct wire_item *items;          /* newest first */
    struct wire_set timers, expiries; /* sets whose members timer.c runs */
    struct network nowhere;           /* in whose name code runs that no packet leads to */
    uint64_t revisions;
    uint64_t hash_key[2]; /* of the program caches */
};

/** A zeroed item of so many octets, which begin with struct wire_item. NULL: no memory. */
void *item_new(struct vvm_node *node, enum wire_kind kind, struct vvm_vmlet *owner, size_t octets);
/** A frozen handle of the type; VALUE_EXCEPTION. */
vvm_value wire_handle(struct vvm_context *ctx, enum object_type type, const void *pointer);
/** What a handle of the type stands for, or NULL. */
static inline const void *wire_pointer(vvm_value v, enum object_type type)
{
    return has_type(v, type) ? ((const struct wire_handle *)value_pointer(v))->pointer : NULL;
}
/** The generation a load is building, else the error `profile`. NULL with pending set. */
struct vvm_generation *wire_candidate(struct vvm_context *ctx, const char *what);
/** The generation that this context runs in. */
const struct vvm_generation *wire_generation(const struct vvm_context *ctx);

/** (KEY value ...) in an association list: its cdr, or VALUE_FALSE. */
vvm_value clause_of(vvm_value clauses, const char *key);
/** Each clause is a list that begins with one of `known` (NULL-terminated), each once;
 *  else -EINVAL with the error set, which begins with the form's name. */
int clauses_check(struct vvm_context *ctx, const char *form, vvm_value clauses, const char *const *known);
/** True if v is the symbol of that name. */
bool is_symbol_named(vvm_value v, const char *name);
/** Elements of a proper list, -EINVAL if improper or longer than `most`. */
int list_count(vvm_value list, unsigned most);

/** The newest network of the same name and owner in the generation; n itself if none. */
const struct network *network_in_force(const struct vvm_generation *g, const struct network *n);

/** Shape, exits and handler heights of a body. -EINVAL with pending set. */
int instruction_from_body(struct vvm_context *ctx, const struct vvm_function *body,
                          struct wire_instruction *w);
/** The same for the body of an around, which has no exit but EXIT_PREVIOUS. */
int around_from_body(struct vvm_context *ctx, const struct vvm_function *body, struct wire_instruction *w);
/** A new row of an owner to lie over another one, with its descriptor and text; NULL: no memory. */
struct wire_instruction *instruction_over(struct vvm_node *node, const struct wire_instruction *below,
                                          struct vvm_vmlet *owner);
/** By name: an owner's own before anybody else's newest; NULL if there is none. */
const struct wire_instruction *instruction_named(const struct match_table *t, const struct vvm_vmlet *owner,
                                                 vvm_value name);
/** Octets of a name given as symbol, string (7 bits) or bytes; NULL if it is none or
 *  longer than the room. */
const uint8_t *name_octets(struct vvm_context *ctx, vvm_value v, uint8_t *room, size_t size, size_t *length);

/** Member by name in the generation, or NULL. */
const struct wire_member *set_member(const struct vvm_generation *generation, const struct wire_set *set,
                                     const uint8_t *name, size_t length);
/** A member object for a procedure; the name is a symbol or bytes of at most
 *  MEMBER_NAME_MAX octets; set may be NULL. NULL with pending set. */
struct wire_member *member_new(struct vvm_context *ctx, const struct wire_set *set, vvm_value name,
                               vvm_value procedure);
bool member_same_name(const struct wire_member *a, const struct wire_member *b);
/** Add a member to the list: in place of an older one of its owner's, unless it is an around. -ENOMEM. */
int member_enlist(struct match_table *table, const struct wire_member *m);
/** Bind, in a candidate, what arounds over members call to what lies below them. */
void members_bind(struct vvm_generation *g);
/** The hook of that number with what lies over it, or NULL; binds what its arounds call. */
const struct wire_member *hook_in_force(struct vvm_generation *g, const struct network *n, unsigned hook);
const char *hook_name(unsigned hook);
/** (member SET NAME), as reflect.h says of targets. */
vvm_value member_target(struct vvm_context *ctx, const struct wire_member *m);
/** Does the network have the instruction, by its (instructions ...) clause? */
bool network_selects(const struct network *n, const struct wire_instruction *w);
/** Does m lie over that hook of a network of that name? */
bool hook_covered(const struct wire_member *m, vvm_value network, unsigned hook);
/** (Re)build the index of members. -ENOMEM. */
int set_index(struct match_table *table);
/** What is done to each function that may run for a packet: `unwanted` effects it must not
 *  have, `what` it is ("instruction", "member", a hook) and its name. 0 or -errno. */
typedef int (*packet_function)(struct vvm_context *ctx, const struct vvm_generation *g,
                               const struct vvm_function *f, uint32_t unwanted, const char *what,
                               vvm_value name);
int wire_each_procedure(struct vvm_context *ctx, const struct vvm_generation *g, vvm_value procedure,
                        const char *what, vvm_value name, packet_function each);
/** For every function of a VMlet that the application calls: see entry.c. */
int entries_each(struct vvm_context *ctx, const struct vvm_generation *g, packet_function each);
/** At publish: what they stand for in the candidate. -ENOMEM. */
int entries_build(struct vvm_node *node, struct vvm_generation *g);
void entries_close(struct vvm_node *node);
/** For every define-primitive in force. */
int wire_each_primitive(struct vvm_context *ctx, const struct vvm_generation *g, packet_function each);

#endif
