/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interpret.h - what the interpreter's files share. Private to them:
 *
 *   interpret.c       the dispatch loop         call.c    procedures and values
 *   interpret_slow.c  what it leaves aside      raise.c   handlers, unwinding, traces
 *   run.c             vvm_call and vvm_run      invoke.c  wire instructions and exits
 *   stub.c            the machine's own frames
 *   instrument.c      the run-time oracle of instrumented builds
 *
 * The protocol of slow paths: before one, the loop stores its fuel in ctx->fuel and
 * the word to go on at (or any word behind the instruction's first, for those that
 * can only fail) in the top frame's pc. A slow path that answers true has left the
 * state of the machine in ctx->frames: go on with the top frame. One that answers
 * false (or VALUE_EXCEPTION) has set ctx->pending: the loop calls machine_exception.
 */
#ifndef VVM_INTERPRET_H
#define VVM_INTERPRET_H

#include "machine.h"
#include "override.h"

#define ARGUMENT_ROOM (65536u + STACK_RESERVE) /* words above stack_end; an instruction gathers fewer */
#define APPLY_MAX     4096u                    /* elements that apply and return-list spread */
#define DEPTH_MAX     64u
#define FRAME_RESERVE 256u /* frames and stack beyond the limit, for the handler of `recursion` */
#define STACK_RESERVE 16384u

struct continuation {
    uint64_t header; /* length = 4 */
    uint64_t frame, serial;
    uint64_t handlers;
    vvm_value winders;
};

static inline struct frame *top_frame(struct vvm_context *ctx) { return &ctx->frames[ctx->frame_count - 1]; }
/* First word above the frame: where arguments are gathered. */
static inline uint64_t *frame_end(const struct frame *f) { return f->slots + f->function->slots; }

/* ---- stub.c ---- */

enum internal_opcode { OP_STOP = OP_LIMIT, OP_UNMASK, OP_NON_CONTINUABLE, OP_ALL };
enum stub {
    STUB_STOP,            /* ends a run; slot 0 is its result */
    STUB_ESCAPE,          /* below what call-escape calls; slot 0 is returned */
    STUB_ESCAPE_LIST,     /* the same frame, to return the elements of list slot 0 */
    STUB_CONTINUABLE,     /* below a handler procedure: what it returns is returned */
    STUB_NON_CONTINUABLE, /* below one that must not return */
};
/** Push a stub's frame; false: no room (an error or trap is pending). */
bool push_stub(struct vvm_context *ctx, enum stub stub, uint64_t *result);
const uint64_t *stub_code(enum stub stub);
const struct vvm_function *stub_function(enum stub stub);
bool is_stub(const struct vvm_function *f);

/* ---- call.c ---- */

/** Call any procedure value. The n tagged arguments stand at frame_end(top).
 *  result NULL: a tail call, which replaces the top frame. */
bool call_procedure(struct vvm_context *ctx, vvm_value procedure, unsigned n, uint64_t *result);
/** Call f directly (it may take a rest list); as call_procedure. */
bool call_function(struct vvm_context *ctx, const struct vvm_function *f, const struct closure *closure,
                   unsigned n, uint64_t *result);
bool call_global(struct vvm_context *ctx, const struct link *link, unsigned n, uint64_t *result);
bool call_member(struct vvm_context *ctx, vvm_value member, unsigned n, uint64_t *result);
/** Put the elements of a list (or vector) at frame_end(top): their number, or -1
 *  with an error pending. */
int spread(struct vvm_context *ctx, vvm_value list);
bool apply_procedure(struct vvm_context *ctx, vvm_value procedure, vvm_value list, uint64_t *result);
bool apply_member(struct vvm_context *ctx, vvm_value member, vvm_value list, uint64_t *result);
/** Leave the top frame with n values, to whoever receives them. */
bool return_values(struct vvm_context *ctx, unsigned n, const uint64_t *values);
bool return_list(struct vvm_context *ctx, vvm_value list);
bool call_escape(struct vvm_context *ctx, vvm_value procedure, uint64_t *result);
/** Store values where a RECEIVE or RECEIVE_REST word of the top frame wants them. */
bool receive_values(struct vvm_context *ctx, const uint64_t *at, unsigned n, const uint64_t *values);
/** Call the core global %rewind with the winders to go back to; its result is thrown away. */
bool rewind_winders(struct vvm_context *ctx, vvm_value winders);
/** %rewind in the context's generation, VALUE_UNDEFINED while there is none. */
vvm_value rewind_procedure(struct vvm_context *ctx);

/* ---- run.c ---- */

/** Assign a bound global; VALUE_EXCEPTION if it belongs to another VMlet. */
vvm_value global_assign(struct vvm_context *ctx, const struct vvm_unit *unit, const struct link *link,
                        vvm_value v);

/* ---- raise.c ---- */

/** Act on ctx->pending: true: a handler was entered, go on with the top frame; false:
 *  the run has ended. */
bool machine_exception(struct vvm_context *ctx);
/** The error recursion or the trap NESTING is set; returns false. */
bool too_deep(struct vvm_context *ctx);
/** After frames were left: the reserve is closed again. */
void close_reserve(struct vvm_context *ctx);
static inline bool push_handler(struct vvm_context *ctx, struct handler handler)
{
    if (__builtin_expect(ctx->handler_count >= ctx->handler_limit, 0)) return too_deep(ctx);
    ctx->handlers[ctx->handler_count++] = handler;
    return true;
}
/** Room for handlers: those up to the limit, and one mask for each of them. */
static inline uint32_t handler_room(const struct vvm_context *ctx) { return 2 * ctx->handler_limit; }

/* ---- invoke.c ---- */

bool invoke(struct vvm_context *ctx, const uint64_t *at);
bool exit_next(struct vvm_context *ctx, const uint64_t *at);
bool exit_goto(struct vvm_context *ctx, const uint64_t *at);
bool exit_call(struct vvm_context *ctx, const uint64_t *at);
bool exit_call_items(struct vvm_context *ctx, const uint64_t *at);
bool exit_return(struct vvm_context *ctx, const uint64_t *at);
bool exit_previous(struct vvm_context *ctx);
bool exit_push_handler(struct vvm_context *ctx, const uint64_t *at);
/* Values for the body on top; VALUE_EXCEPTION with an error pending. */
vvm_value item_count(struct vvm_context *ctx);
vvm_value item_ref(struct vvm_context *ctx, vvm_value index);
vvm_value items(struct vvm_context *ctx);
uint64_t *wire_local(struct vvm_context *ctx, unsigned operand);
vvm_value program_bytes(struct vvm_context *ctx);
bool run_program(struct vvm_context *ctx, vvm_value program, unsigned n, const uint64_t *args,
                 uint64_t *result);

/* ---- raw values ---- */

extern const int64_t raw_least[SLOT_TYPES], raw_most[SLOT_TYPES];
extern const uint64_t raw_span[SLOT_TYPES]; /* most - least */
/* The low bits of a word, extended as the raw type is. */
static inline uint64_t wrap(uint64_t word, enum slot_type t)
{
    unsigned shift = 64 - slot_bits(t);
    return slot_is_signed(t) ? (uint64_t)((int64_t)(word << shift) >> shift) : word << shift >> shift;
}
/** True if the integer lies in the raw type's range. */
bool fits_raw(enum slot_type t, int64_t n);
/** Tagged v as a raw word of type t; false: error type or range is pending. */
bool unbox(struct vvm_context *ctx, vvm_value v, enum slot_type t, uint64_t *out);

/* ---- interpret_slow.c: VALUE_EXCEPTION, NULL: an error is pending ---- */

vvm_value box_slow(struct vvm_context *ctx, uint64_t word, enum slot_type t);
const uint8_t *load_slow(struct vvm_context *ctx, vvm_value v, uint32_t offset, uint32_t width);
/* Why octets of the packet in execution were not reached. */
vvm_value packet_access_error(struct vvm_context *ctx, uint32_t offset, uint32_t width);
uint8_t *store_slow(struct vvm_context *ctx, vvm_value v, uint32_t offset, uint32_t width);
vvm_value bytes_length(struct vvm_context *ctx, vvm_value v, uint64_t *length);
vvm_value vector_error(struct vvm_context *ctx, vvm_value vector, vvm_value index);
vvm_value record_error(struct vvm_context *ctx, vvm_value record, unsigned c);
vvm_value make_box(struct vvm_context *ctx, vvm_value v);
struct closure *make_closure(struct vvm_context *ctx, const struct vvm_function *f, unsigned n);
vvm_value not_record_of(struct vvm_context *ctx, vvm_value v, vvm_value type);
const struct vvm_function *direct_function(vvm_value v);
vvm_value define_global(struct vvm_context *ctx, const struct vvm_unit *unit, const struct link *link,
                        vvm_value v, const struct vvm_function *f);
vvm_value define_function(struct vvm_context *ctx, const struct vvm_unit *unit, uint64_t w);
vvm_value global_set(struct vvm_context *ctx, const struct vvm_unit *unit, const struct link *link,
                     vvm_value v);
/* What a link's global is bound to in the generation that runs; NULL: it is younger. */
static inline const struct binding *binding_of(const struct vvm_context *ctx, const struct link *link)
{
    const struct vvm_generation *g = ctx->generation;
    const struct binding *base = ctx->boot ? override_base(g, link->global) : NULL;
    if (base) return base;
    return link->global < g->binding_count ? &g->bindings[link->global] : NULL;
}

/* ---- the loop ---- */

/* Where the loop goes for an opcode: its own table, and labels that other tables may hold. */
struct dispatch_labels {
    const void *const *plain; /* OP_ALL */
    const void *overridden, *primitive, *boot_reference, *boot_call, *boot_tail_call;
};
const struct dispatch_labels *interpret_labels(void);
/** Run from the top frame until the run's STUB_STOP is on top again. */
bool interpret(struct vvm_context *ctx);

/* ---- instrument.c ---- */

#ifdef VVM_INSTRUMENTED
enum word_kind { WORD_UNSET, WORD_TAGGED, WORD_RAW };
struct shadow {
    uint8_t *kinds;   /* of every stack word */
    int64_t *balance; /* of every frame: fuel paid for its block and not yet used */
};
int shadow_open(struct vvm_context *ctx, size_t words, size_t frames);
void shadow_close(struct vvm_context *ctx);
/** abort() unless everything the verifier promised about this instruction holds. */
void check_instruction(struct vvm_context *ctx, const uint64_t *pc, int64_t fuel);
void mark_word(struct vvm_context *ctx, const uint64_t *at, enum word_kind kind);
/** A frame was pushed or replaced: its parameters are set, nothing else. */
void mark_frame(struct vvm_context *ctx);
void mark_block(struct vvm_context *ctx, int64_t paid);
/* An instruction that will be run again was paid for again. */
void mark_again(struct vvm_context *ctx, int64_t paid);
/* The instruction at the top frame's pc is done by other means. */
void mark_done(struct vvm_context *ctx);
#else
#define mark_word(ctx, at, kind) ((void)0)
#define mark_frame(ctx)          ((void)0)
#define mark_block(ctx, paid)    ((void)0)
#define mark_again(ctx, paid)    ((void)0)
#define mark_done(ctx)           ((void)0)
#endif

/* ---- frames ---- */

/** Push a frame for f whose slots begin at `slots`, where its arguments stand
 *  already. False: no room or fuel, pending is set. */
static inline bool push_frame(struct vvm_context *ctx, const struct vvm_function *f,
                              const struct closure *closure, uint64_t *slots, uint64_t *result)
{
    if (__builtin_expect(ctx->frame_count == ctx->frame_limit || slots + f->slots > ctx->stack_end, 0))
        return too_deep(ctx);
    struct frame *top = &ctx->frames[ctx->frame_count];
    *top = (struct frame){.function = f,
                          .pc = f->code,
                          .slots = slots,
                          .result = result,
                          .closure = closure,
                          .nesting = ctx->frame_count ? top[-1].nesting : 0,
                          .handlers = (uint16_t)ctx->handler_count};
    ctx->frame_count++;
    mark_frame(ctx);
    return fuel_charge(ctx, f->entry_cost);
}

#endif
