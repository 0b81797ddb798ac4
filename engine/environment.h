/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment.h - what a name means at the top level of a VMlet, at compile time.
 *
 * A chain: the VMlet's own names, then its imports, then core. Run-time values
 * live in generations; here is only which global a name is, or which syntax.
 */
#ifndef VVM_ENVIRONMENT_H
#define VVM_ENVIRONMENT_H

#include "machine.h"

enum denotation_kind {
    DENOTES_NOTHING,
    DENOTES_GLOBAL,  /* a global variable or function */
    DENOTES_SPECIAL, /* a form that the expander knows: enum special_form in expand.c */
    DENOTES_MACRO,   /* transformer: procedure (form rename compare) -> form, or syntax-rules object */
    DENOTES_LOCAL,   /* used by the expander inside forms only */
};

struct denotation {
    enum denotation_kind kind;
    uint32_t global;         /* GLOBAL: number in the generation */
    struct vvm_vmlet *owner; /* GLOBAL, MACRO: which VMlet owns it */
    uint32_t signature;      /* GLOBAL: of the typed function last defined under it; 0 = tagged or unknown */
    uint32_t special;        /* SPECIAL */
    vvm_value macro;         /* MACRO: a TYPE_VECTOR that expand.c made, see there */
    vvm_value inline_form;   /* GLOBAL: lambda form to integrate at calls, or VALUE_FALSE (define-inline) */
    bool assigned;           /* GLOBAL: some compiled code has set! on it */
    bool diverges;           /* GLOBAL: the function last compiled for it never returns */
    uint8_t hidden;          /* GLOBAL of core: row of the names that need a capability, 0: everybody's */
    bool parameter;          /* GLOBAL: its value comes with the load; code may not define or assign it */
    bool everywhere;         /* MACRO: its VMlet gives it to all; see expand_global.c */
    bool record_type;        /* GLOBAL: holds a record type; may be used as a parameter type */
    const struct primitive_row *primitive; /* GLOBAL of core: C primitive, else NULL */
    const char *doc;                       /* or NULL; owned by the environment */
};

/* What a VMlet may put in the place of, for its own code; see stage.h. */
enum stage { STAGE_EXPANDER, STAGE_OPTIMISER, STAGE_EMITTER, STAGES };

struct environment_snapshot;

struct vvm_environment {
    struct vvm_node *node;
    struct vvm_vmlet *vmlet;
    struct vvm_environment *parent; /* core, or NULL in core */
    struct environment_entry **buckets;
    uint32_t bucket_count, entry_count;
    bool lent;                          /* core: VMlets have given syntax to all */
    uint64_t visited;                   /* number of the last collection that came to it by a site */
    vvm_value stages[STAGES];           /* procedures, or VALUE_FALSE: the standard one */
    struct environment_snapshot *saved; /* the newest that is neither restored nor forgotten */
};

struct environment_entry {
    struct environment_entry *next;
    vvm_value name; /* symbol */
    struct denotation denotation;
};

struct vvm_environment *environment_open(struct vvm_node *node, struct vvm_vmlet *vmlet,
                                         struct vvm_environment *parent); /* NULL: no memory */
void environment_close(struct vvm_environment *env);
/** What the symbol means here or in the parents; NULL if nothing. */
struct denotation *environment_lookup(const struct vvm_environment *env, vvm_value symbol);
/** The entry in env itself, made (DENOTES_NOTHING) if absent; NULL: no memory.
 *  Pointers stay valid as long as the environment. */
struct denotation *environment_entry(struct vvm_environment *env, vvm_value symbol);
/** Call fn for every visible name, nearest first (for completion and apropos). */
void environment_each(const struct vvm_environment *env,
                      void (*fn)(void *data, vvm_value symbol, const struct denotation *d), void *data);
/** Import: name in `to` denotes what it denotes in `from`. -ENOENT, -ENOMEM. */
int environment_import(struct vvm_environment *to, const struct vvm_environment *from, vvm_value symbol,
                       vvm_value as);

/** A VMlet has been unloaded (heir NULL) or replaced: what env has of it by import means
 *  the same name of the heir's, or nothing. */
void environment_replace(struct vvm_environment *env, const struct vvm_vmlet *owner,
                         const struct vvm_vmlet *heir);
/** Syntax that VMlets give to all stands in core for as long as they are loaded: to be called
 *  when VMlets have come or gone, or a load or an entry failed. In expand_global.c. */
void syntax_settle(struct vvm_node *node);
/** Call visit for every macro and inline form of its own names, for its stages, and for what
 *  it may be restored to. */
void environment_visit(const struct vvm_environment *env, void (*visit)(void *data, vvm_value v), void *data);

/** What the environment's own names mean now, and its stages, to be restored (which frees the snapshot)
 *  or forgotten when a form was refused or accepted. NULL: no memory. */
struct environment_snapshot *environment_save(struct vvm_environment *env);
void environment_restore(struct vvm_environment *env, struct environment_snapshot *snapshot);
void environment_forget(struct vvm_environment *env, struct environment_snapshot *snapshot);

#endif
