/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - the parts of a running machine and who owns them.
 *
 *   node ---- symbols, control heap, primitives, globals' names, VMlets, files, clock
 *    |
 *    +-- generation (immutable once published): what each global, network, opcode
 *    |       table and match clause means; one pointer store makes it current
 *    |
 *    +-- vmlet -- units -- functions: verified code and its constants
 *
 *   context --- one per worker and one for the control thread: frames, value
 *               stack, handlers, fuel, arena, the packet in execution
 *
 * There is no process-wide mutable state: everything hangs on a node.
 *
 * Lifetimes (design section "Lifetimes"): arena < generation < VMlet < node; nothing
 * longer-lived points into something shorter-lived.
 *
 * Errors: functions return 0 or -errno unless they say otherwise; what went wrong
 * in the words of the language stands in context->pending.
 */
#ifndef VVM_MACHINE_H
#define VVM_MACHINE_H

#include <setjmp.h>
#include <stdio.h>

#include "instruction.h"
#include "value.h"
#include "world.h"

struct vvm_context;
struct vvm_environment;
struct vvm_generation;
struct vvm_image;
struct vvm_node;
struct vvm_unit;
struct vvm_vmlet;

/* ---- code -------------------------------------------------------------------- */

enum function_flag {
    FUNCTION_REST = 1,   /* the last parameter takes a list of further arguments */
    FUNCTION_BODY = 2,   /* body of a wire instruction: may use exits */
    FUNCTION_WIRE = 4,   /* a wire program's function, made by the wire verifier */
    FUNCTION_INLINE = 8, /* define-inline: callers hold its code, so nothing can be laid over it */
};

/* Where a word of code came from: sorted by word, the last entry at or before wins. */
struct line_entry {
    uint32_t word;
    uint64_t position; /* see make_position */
};

struct vvm_function {
    const uint64_t *code;
    uint32_t words;
    uint16_t parameters;       /* fixed parameters; slots 0.. hold them; a rest list is one more slot */
    uint16_t slots;            /* frame size, parameters included */
    uint16_t captured;         /* values that its closure holds; 0 = needs no closure */
    uint16_t handlers;         /* most handlers at one time */
    uint8_t flags;             /* enum function_flag */
    uint8_t result;            /* enum slot_type */
    uint32_t entry_cost;       /* fuel of the first block; from the verifier */
    uint32_t signature;        /* interned: parameter slot types, rest, result */
    uint32_t index;            /* in its unit */
    const uint8_t *slot_types; /* `slots` of enum slot_type */
    const struct line_entry *lines;
    uint32_t line_count;
    vvm_value name;    /* symbol, or VALUE_FALSE */
    uint64_t position; /* of its definition */
    struct vvm_unit *unit;
    const struct body_shape *shape; /* FUNCTION_BODY: see wire/wire.h; else NULL */
    uint32_t own_effects;           /* of its own instructions and primitives; from the verifier */
};

/* A reference from code to a global by name; resolved to a global's number when
 * the unit is linked. signature: what CALL_GLOBAL through this link expects. */
struct link {
    vvm_value vmlet; /* symbol of the exporting VMlet, or VALUE_FALSE: own, else core */
    vvm_value name;  /* symbol */
    uint32_t signature;
    uint32_t global; /* index in generation->bindings */
};

struct primitive_row;

/* What is verified and freed together. From source, each top-level form is one
 * unit; an image is one unit with several scripts. */
struct vvm_unit {
    struct vvm_vmlet *vmlet;
    struct vvm_function *functions;
    uint32_t function_count;
    vvm_value *constants; /* frozen; roots of the control heap while the unit lives */
    uint32_t constant_count;
    struct link *links;
    uint32_t link_count;
    const struct primitive_row **primitives;
    uint32_t primitive_count;
    uint32_t *scripts; /* functions without parameters to run, in order, when loaded */
    uint32_t script_count;
    const struct wire_instruction **rows; /* FUNCTION_WIRE units only */
    uint32_t row_count;
    uint32_t depth;        /* FUNCTION_WIRE units: most calls inside each other, from define-program */
    struct vvm_unit *next; /* of the same VMlet */
    struct constant_block *blocks; /* memory of the constants; see unit.c */
    bool verified;
    bool noted;       /* its assignments to globals are known; see generation.c */
    bool transient;   /* of an entry of the REPL: freed when nothing leads to its functions any more */
    uint64_t reached; /* number of the last collection that came to one of its functions */
    bool syntax;      /* a transformer or reader: needed while compiling, left out of images */
    uint8_t *seal;    /* of a signed image: IMAGE_SEAL octets, else NULL */
};

/** Signatures are interned per node: equal number = equal parameter slot types,
 *  rest flag and result type. types has `parameters` entries.
 *  Returns the number (>= 1), or 0 when memory is out. Control thread. */
uint32_t signature_intern(struct vvm_node *node, const uint8_t *types, unsigned parameters, bool rest,
                          enum slot_type result);
/** Signature n tagged parameters -> tagged. Cached up to 16. */
uint32_t signature_tagged(struct vvm_node *node, unsigned parameters);
struct signature {
    uint16_t parameters;
    uint8_t rest, result;
    const uint8_t *types;
};
/** What a number means; valid as long as the node. */
const struct signature *signature_at(const struct vvm_node *node, uint32_t number); /* NULL: no such number */
/** True if all its parameters and the result are tagged: any procedure can be called by it. */
bool signature_is_tagged(const struct vvm_node *node, uint32_t number);
/** Free the table; node_close calls it last. */
void signature_close(struct vvm_node *node);

/* ---- primitives in C ----------------------------------------------------------- */

/* args[0..n-1] are tagged. Returns a value, or VALUE_EXCEPTION with ctx->pending
 * set. Must not call back into the interpreter; may allocate (no collection
 * happens inside a primitive). n lies within the row's bounds. */
typedef vvm_value (*primitive_fn)(struct vvm_context *ctx, unsigned n, const vvm_value *args);

struct primitive_row {
    const char *name;
    primitive_fn call;
    int8_t least, most; /* numbers of arguments; most -1 = any number */
    uint16_t cost;    /* fuel, charged with the block; octets are charged by the primitive, see fuel_octets */
    uint32_t effects; /* enum effect */
    const char *signature; /* for people: "list -> integer" */
    const char *doc;
};
#define PRIMITIVE(name, fn, least, most, cost, effects, signature, doc)                                      \
    {                                                                                                        \
        name, fn, least, most, cost, effects, signature, doc                                                 \
    }

struct primitive_object { /* a primitive as a value */
    uint64_t header;
    const struct primitive_row *row;
};

/** Register rows (static storage) as core globals of the node. Each family has one
 *  table and one such call in primitives.c. 0 or -ENOMEM, -EEXIST. */
int primitives_register(struct vvm_node *node, const struct primitive_row *rows, size_t count);
/** The same as globals of another VMlet, for whoever imports them. Row by row: those before
 *  one that fails stay. */
int primitives_register_in(struct vvm_node *node, struct vvm_vmlet *vmlet, const struct primitive_row *rows,
                           size_t count);
/** Row by name, or NULL. */
const struct primitive_row *primitive_named(const struct vvm_node *node, const char *name);
/** Register every family of the library; primitives.c. */
int primitives_register_all(struct vvm_node *node);

/* ---- errors, traps, halts ------------------------------------------------------- */

enum error_code {
#define E(name, code, text) ERROR_##name,
#include "errors.def"
#undef E
    ERROR_LIMIT
};

enum pending_kind { PENDING_NONE, PENDING_RAISE, PENDING_TRAP, PENDING_HALT };
enum trap_code { TRAP_FUEL, TRAP_ARENA, TRAP_NESTING, TRAP_LIMIT };

struct pending {
    enum pending_kind kind;
    vvm_value value; /* raised value; trap: fixnum of enum trap_code; halt: unused */
    bool continuable;
};

/** Set ctx->pending to a raised engine error and return VALUE_EXCEPTION. The
 *  irritant may be VALUE_DEFAULT for none. */
vvm_value raise_error(struct vvm_context *ctx, enum error_code code, vvm_value irritant);
/** As above with a message of its own (formatted; truncated at 400 octets). */
__attribute__((format(printf, 4, 5))) vvm_value raise_message(struct vvm_context *ctx, enum error_code code,
                                                              vvm_value irritant, const char *format, ...);
/** "argument N of NAME must be CLASS": the type error of primitives. */
vvm_value raise_type(struct vvm_context *ctx, const char *primitive, unsigned argument, const char *expected,
                     vvm_value got);
/** Raise any value. */
vvm_value raise_value(struct vvm_context *ctx, vvm_value v, bool continuable);
vvm_value trap(struct vvm_context *ctx, enum trap_code code);
vvm_value halt(struct vvm_context *ctx);
/** Symbol-like name of an error ("type", "integer-range") and its text. */
const char *error_name(enum error_code code);
const char *error_text(enum error_code code);
const char *trap_name(enum trap_code code);

/* ---- generations ----------------------------------------------------------------- */

/* What a global means in one generation. function is set when value is a closure
 * without captured values: the typed entry, for CALL_GLOBAL. */
struct binding {
    vvm_value value; /* VALUE_UNDEFINED: not defined */
    const struct vvm_function *function;
    uint32_t signature; /* of function; 0 when it is NULL */
    uint32_t flags;     /* enum binding_flag */
};
enum binding_flag {
    BINDING_CONSTANT = 1, /* no set! in any loaded code: packet code may read it */
    BINDING_ASSIGNED = 2, /* some loaded code assigns it: packet code may not read it */
};

struct network;
struct match_table;

struct vvm_generation {
    uint64_t number;
    bool checked; /* by generation_check, and nothing has changed since */
    uint32_t binding_count;
    struct binding *bindings;
    /* owned by wire/: networks, sets, match table of this generation */
    struct network **networks;
    uint32_t network_count;
    struct match_table *matches;
    struct override *override; /* what of the core is redefined, NULL: nothing */
    /* ck_epoch entry for deferred freeing; see generation.c */
    void *retire;
};

/* ---- context ---------------------------------------------------------------------- */

struct frame {
    const struct vvm_function *function;
    const uint64_t *pc; /* where to go on when the callee returns */
    uint64_t *slots;    /* fp */
    uint64_t *result;   /* where this frame's own result goes */
    const struct closure *closure;
    uint32_t invoke;   /* wire frame: word index of the INVOKE being run */
    uint16_t nesting;  /* programs inside programs */
    uint16_t depth;    /* wire frame: calls of its program's functions below it */
    uint16_t handlers; /* ctx->handler_count when the frame began */
    uint64_t serial;   /* escape procedures: which activation */
};

enum handler_kind { HANDLER_REGION, HANDLER_PROCEDURE, HANDLER_MASK };
struct handler {
    uint8_t kind;
    uint16_t slot;   /* REGION: where the raised value goes */
    uint32_t frame;  /* REGION: index of its frame; MASK: handler count to look below */
    uint32_t target; /* REGION: word index in its function */
    uint32_t cost;   /* REGION: fuel of the target block */
    vvm_value procedure;
    vvm_value winders; /* REGION: ctx->winders when it was pushed */
};

#define LOAD_STACK_WORDS   (1u << 20) /* value stack of the load profile: 8 MiB */
#define LOAD_FRAMES        (1u << 16)
#define PACKET_FRAMES      512
#define PACKET_STACK_WORDS 32768
#define PACKET_NESTING     32

/* Allocation goes through `free`..`end`: the arena's window when a packet runs,
 * else the control heap's current chunk; allocate() refills or refuses. */
struct vvm_context {
    struct vvm_node *node;
    struct vvm_world *world;                 /* the node's, or a test's */
    const struct vvm_generation *generation; /* pinned while something runs */
    bool packet_profile;                     /* running for a packet */

    uint8_t *free, *end;
    uint8_t *arena, *arena_end;

    int64_t fuel; /* < 0 traps; load profile starts from node->load_fuel */
    uint64_t *stack, *stack_end;
    struct frame *frames;
    uint32_t frame_count, frame_limit;
    struct handler *handlers;
    uint32_t handler_count, handler_limit;
    uint64_t serial;
    struct pending pending;
    uint32_t depth;    /* nested vvm_call from C: expander -> transformer -> eval ... */
    vvm_value winders; /* dynamic-wind's list; also parameterize. load profile */
    vvm_value trace;   /* back-trace of the last raise that nobody handled */

    /* the packet in execution; see packet.h, wire.h */
    struct packet_object *packet;
    struct network *network;
    struct execution *execution;
    void *host;              /* daemon's worker */
    uint64_t *ledger_counts; /* this context's counters, see ledger_attach */

    /* the machine's own; see interpret.c */
    uint32_t base_frame, base_handlers; /* of the innermost vvm_call: a raise does not cross them */
    uint64_t scratch;                   /* where unwanted results go */
    uint64_t *continue_at;              /* a continuable raise is pending: where its value goes */
    bool boot;                          /* syntax is expanded: see override.h */
    bool tracing;                       /* this packet's steps are written down: see trace.h */
    struct tracer *tracer;              /* NULL: nobody asked */
    struct shadow *shadow;              /* instrumented builds only: see instrument.c */
    void *epoch;                        /* record of this context; see generation.c */
    uint8_t owner;                      /* owner index put into the headers of new objects */
    bool may_collect;                   /* no C code below the outermost run keeps unregistered values */
};

/** Run a procedure value with tagged arguments on this context until it returns;
 *  the control thread's way into the machine (REPL, load scripts, transformers).
 *  Returns its (single) value, or VALUE_EXCEPTION with ctx->pending and ctx->trace
 *  set. Nested calls are allowed up to 64 deep (error recursion). */
vvm_value vvm_call(struct vvm_context *ctx, vvm_value procedure, unsigned n, const vvm_value *args);
/** The same for a verified function without closure; args must have its parameter
 *  types (raw or tagged), the result is a word of its result type in *result.
 *  0, or -ECANCELED with ctx->pending set. */
int vvm_run(struct vvm_context *ctx, const struct vvm_function *f, const uint64_t *args, uint64_t *result);
/** The VMlet to which the definitions belong that the running code makes: that of the code
 *  that called the primitive, or the one being loaded if that code is core's. NULL: no code runs. */
struct vvm_vmlet *running_vmlet(const struct vvm_context *ctx);
/** Set up a context with stacks for the load profile (load = true) or packets.
 *  0 or -ENOMEM. context_close frees. */
int context_open(struct vvm_context *ctx, struct vvm_node *node, bool load);
/** One for packets in a world that is not the node's. */
int context_open_in(struct vvm_context *ctx, struct vvm_node *node, struct vvm_world *world);
/** True if the context runs in a test: what it does is to leave nothing behind on the node. */
bool context_in_test(const struct vvm_context *ctx);
void context_close(struct vvm_context *ctx);

/* ---- allocation --------------------------------------------------------------------- */

/** Room for an object of `bytes` octets (rounded up to 8), header set; the rest is
 *  not cleared. Arena or control heap, as the context stands. NULL when full, with
 *  ctx->pending a trap (packet) or the error heap-limit. */
void *allocate(struct vvm_context *ctx, enum object_type type, uint64_t length, size_t bytes);
vvm_value make_pair(struct vvm_context *ctx, vvm_value car,
                    vvm_value cdr); /* or VALUE_EXCEPTION, as all make_* */
vvm_value make_vector(struct vvm_context *ctx, size_t length, vvm_value fill);
vvm_value make_bytes(struct vvm_context *ctx, size_t length); /* zeroed */
vvm_value make_bytes_from(struct vvm_context *ctx, const void *octets, size_t length);
vvm_value make_string(struct vvm_context *ctx, size_t length, uint32_t fill);
vvm_value make_string_utf8(struct vvm_context *ctx, const char *text,
                           size_t octets); /* malformed octets become U+FFFD */
vvm_value make_flonum(struct vvm_context *ctx, double d);
/** Interned symbol; control thread only. Never VALUE_EXCEPTION except out of memory. */
vvm_value intern(struct vvm_node *node, const char *name);
vvm_value intern_n(struct vvm_node *node, const char *name, size_t octets);
/** May the running code change the object v? Never a frozen one; for a packet only
 *  what lives in its own arena, so that nothing shared is written and nothing
 *  longer-lived comes to point into the arena; for a load what its VMlet owns. */
bool authority_may_write(const struct vvm_context *ctx, vvm_value v); /* authority.h */
static inline bool may_write(const struct vvm_context *ctx, vvm_value v)
{
    const uint8_t *p = value_pointer(v);
    if (is_frozen(v)) return false;
    if (ctx->packet_profile) return p >= ctx->arena && p < ctx->arena_end;
    return header_owner(object_of(v)->header) == ctx->owner || authority_may_write(ctx, v);
}
/** Fuel for `octets` octets touched by a primitive: one a 64. False: trap is set. */
bool fuel_octets(struct vvm_context *ctx, size_t octets);
bool fuel_exceeded(struct vvm_context *ctx, uint64_t units); /* the rare half of fuel_charge */
bool fuel_refill(struct vvm_context *ctx); /* the node's options gave more; never for a packet */
static inline bool fuel_charge(struct vvm_context *ctx, uint64_t units)
{
    if (__builtin_expect(ctx->fuel < 0 || units > (uint64_t)ctx->fuel, 0)) return fuel_exceeded(ctx, units);
    ctx->fuel -= (int64_t)units;
    return true;
}

/* Roots: every control-heap reference that C keeps between two calls into the
 * machine is registered. (No collection happens while C code runs, so locals
 * of one call need none.) */
struct vvm_root {
    struct vvm_root *next, **previous;
    vvm_value value;
};
void root_add(struct vvm_node *node, struct vvm_root *root, vvm_value v);
void root_remove(struct vvm_root *root);

/* ---- node ------------------------------------------------------------------------------ */

struct vvm_options {
    size_t heap_limit;         /* octets of the control heap; 0 = 256 MiB */
    int64_t load_fuel;         /* fuel of one load or REPL entry; 0 = 10^12 */
    uint64_t (*clock)(void *); /* nanoseconds, monotonic; NULL = CLOCK_MONOTONIC */
    void *clock_data;
    FILE *output;                              /* current-output-port at start; NULL = stdout */
    uint64_t seed;                             /* of hash keys and random numbers; 0 = from the system */
    void (*exit_hook)(void *data, int status); /* what (exit) does; NULL: it is an error */
    void *exit_data;
    const char *const *arguments; /* what (command-line) answers, NULL-terminated; NULL: just "vvm" */
    const char *path;             /* folders, colon-separated, in which imports are looked for; NULL = none */
    const struct load_parameters *parameters; /* vvm: what --set says of the files named; or NULL */
    bool skip_tests;                          /* of VMlets that are loaded */
    struct test_report
        *test_report; /* trial.h: tests of what is loaded are counted; NULL: a failure refuses it */
    bool (*refuel)(void *data,
                   struct vvm_context *ctx); /* a load has used up its fuel: true if it gave more */
    void *refuel_data;
    unsigned heap_stress; /* tests: collect garbage at every n-th allocation; 0 = when it pays */
    uint32_t unchecked;   /* tests: capabilities (bits of enum capability) whose check is left out */
};

struct vvm_vmlet {
    vvm_value name; /* symbol */
    int64_t version;
    struct vvm_environment *environment;
    struct vvm_unit *units;
    uint8_t owner; /* index for headers */
    struct vvm_vmlet *next;
    vvm_value header;            /* the (vmlet ...) form's clauses */
    struct authority *authority; /* what it may do; NULL: everything (core). authority.h */
    struct vvm_vmlet *outer;     /* while it is being loaded: the one whose load this is part of */
    struct vvm_vmlet *replaces;  /* while it is being loaded: whose place it takes, or NULL */
    uint64_t place;              /* its definitions lie under those of higher places */
    bool loading;                /* of the open load: not yet published */
    bool going;                  /* it is being unloaded */
    bool named;                  /* vmlet_check_links: by the header of the image, or of what that names */
    uint64_t reached;            /* number of the last collection that came to something of it */
};

#define LOAD_NESTING_MAX 16 /* imports of imports */

struct heap;
struct symbol_table;
struct string_list;

struct vvm_node {
    struct vvm_options options;
    struct heap *heap;
    struct symbol_table *symbols;
    struct vvm_generation *current;   /* loaded with acquire; stored with release */
    struct vvm_generation *candidate; /* the one a load is building, or NULL */
    struct vvm_vmlet *vmlets;         /* newest first; the last is `core` */
    struct vvm_vmlet *leaving;        /* unloaded or refused: freed when nothing leads to them */
    uint64_t places;                  /* of VMlets, given out so far */
    unsigned loading;                 /* loads in one another, by imports */
    bool spoilt;                      /* a load inside the open one failed: it cannot be published */
    struct vvm_vmlet *beginning;      /* the innermost VMlet that is being loaded; see outer */
    uint32_t weavers;                 /* made so far: their ids */
    uint32_t weaving;                 /* whose layers are being put; 0: nobody's */
    unsigned making_syntax;           /* transformers being evaluated, one inside another */
    struct vvm_environment *core;
    struct vvm_context control; /* the control thread's context */
    struct vvm_root *roots;
    struct file_names {
        char *names[256];
        unsigned count;
    } files; /* 1.. */
    struct primitive_index *primitives;
    struct signature_table *signatures;
    struct global_table *globals;     /* layers per global, see generation.c */
    struct wire_state *wire;          /* networks, sets, tables, programs: wire/ */
    struct epoch *epoch;              /* ck_epoch instance and records */
    struct override *stale_overrides; /* override.c */
    struct vvm_world world;           /* in which its contexts run */
    struct table_registry *tables;    /* table/table.h */
    struct authority_state *authority;
    void *embedding;              /* embed/: the application's node */
    struct runtime_state {        /* lib/: parameters that hold the standard ports; value 0 until made */
        struct vvm_root ports[3]; /* input, output, error */
        uint64_t symbols;         /* counter of generate-symbol */
    } runtime;
};

/** New node with core primitives and the prelude loaded. NULL options = defaults.
 *  0, or -errno with a line on stderr when the prelude itself is broken. */
int node_open(const struct vvm_options *options, struct vvm_node **node);
void node_close(struct vvm_node *node);
/** Nanoseconds by the node's clock. What runs on a context asks world_now(ctx->world). There
 *  is no other source of time. */
uint64_t node_now(const struct vvm_node *node);
/** Index (1..255) of a file name for positions; 255 names at most, then 0. */
unsigned node_file(struct vvm_node *node, const char *name);
const char *node_file_name(const struct vvm_node *node, unsigned index);

/* ---- generations and layers -------------------------------------------------------------- */

/** Number of the global `name` owned by `owner`; made (undefined) if new.
 *  UINT32_MAX when memory is out. */
uint32_t global_number(struct vvm_node *node, struct vvm_vmlet *owner, vvm_value name);
/** Begin, publish or abandon a load. One at a time (-EBUSY). begin copies the
 *  current generation into node->candidate; the control context runs in it.
 *  publish runs the checks of generation.c (profile of every instruction body,
 *  hook, member), then stores one pointer; a refusal leaves everything as it was
 *  and returns -EPERM with pending set. */
int generation_begin(struct vvm_node *node);
int generation_publish(struct vvm_node *node);
void generation_abandon(struct vvm_node *node);
/** Define a global in the candidate: the owner's lowest layer, in place of one that was there. */
int generation_define(struct vvm_node *node, uint32_t global, struct vvm_vmlet *owner, vvm_value value,
                      const struct vvm_function *function);

/** What set! does: the lowest layer of a global gets another value, in the candidate or, if no
 *  load is open, in the current generation. -ENOENT: nothing is defined. -ENOMEM. */
int layer_assign(struct vvm_node *node, uint32_t global, vvm_value value);

/** Make a value and all that it leads to constant (FLAG_FROZEN). -ENOMEM. */
int value_freeze(vvm_value v);
/** Freeze the globals that f reads, over its call graph: packet code and its constants
 *  are published together. -ENOMEM. */
int function_freeze(struct vvm_node *node, const struct vvm_generation *generation,
                    const struct vvm_function *f);
/** All effects of f over its call graph in a generation. If `offender` is given
 *  and the effects meet `unwanted`, it is filled with a text: the call chain from
 *  f down to the instruction that has the unwanted effect, with positions.
 *  Reads constants of packet code: a GLOBAL_REF of an assigned global counts as
 *  EFFECT_LOAD. */
uint32_t function_effects(struct vvm_node *node, const struct vvm_generation *generation,
                          const struct vvm_function *f, uint32_t unwanted, char *offender, size_t room);

#endif
