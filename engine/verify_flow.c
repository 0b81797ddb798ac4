/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_flow.c - the second walk: what is true on every way to an instruction.
 *
 * The walk goes through the code once, in order, with a state: which slots have been
 * written, how many handlers are open. A forward edge stores its state at the label,
 * cut with what earlier edges brought; by the time the walk comes there, all forward
 * edges have arrived. A backward edge must bring at least what the label was walked
 * with. Since a slot never changes its type, nothing more can be learnt by a second
 * round. Code order must therefore reach every block from before: see RULE_UNREACHABLE.
 *
 * Only labels keep a state: a set of at most 4096 bits.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

enum { SET_WORDS = MAX_SLOTS / 64, WIRE_HANDLERS_MAX = 100 };

struct state {
    uint32_t handlers; /* open in this function */
    int32_t wire;      /* change of the wire program's handler height */
    uint64_t set[];    /* slots written */
};

struct flow {
    uint32_t at;        /* the instruction at hand */
    bool reached;       /* control comes here from the instruction before */
    bool joined;        /* a label stands here */
    bool result_before; /* the slot that the last instruction wrote had been written before */
    uint32_t block;     /* number of the block, for closures */
    unsigned words;     /* of the sets of this function */
    struct state *now;
    uint32_t *saved; /* per word: where the label's state begins in pool, + 1 */
    uint64_t *pool;
    size_t used, room;
    uint32_t closure_block[MAX_SLOTS];    /* slot holds a closure made in this block ... */
    uint16_t closure_function[MAX_SLOTS]; /* ... of this function */
};

static_assert(sizeof(struct state) % sizeof(uint64_t) == 0, "states lie side by side in a pool of words");
static_assert(MAX_SLOTS % 64 == 0, "a set of slots is made of whole words");

/* For functions of so many words. Each begins with what it needs of the arrays. */
struct flow *flow_open(size_t words)
{
    struct flow *flow = malloc(sizeof *flow);
    if (!flow) return NULL;
    flow->pool = NULL;
    flow->used = flow->room = 0;
    flow->now = malloc(sizeof *flow->now + SET_WORDS * sizeof(uint64_t));
    flow->saved = malloc(words * sizeof *flow->saved);
    if (flow->now && flow->saved) return flow;
    flow_close(flow);
    return NULL;
}

void flow_close(struct flow *flow)
{
    if (!flow) return;
    free(flow->now);
    free(flow->saved);
    free(flow->pool);
    free(flow);
}

/* ---- states -------------------------------------------------------------------------- */

static size_t state_words(const struct flow *flow)
{
    return sizeof(struct state) / sizeof(uint64_t) + flow->words;
}

static struct state *saved_state(struct flow *flow, uint32_t word)
{
    return flow->saved[word] ? (struct state *)&flow->pool[flow->saved[word] - 1] : NULL;
}

static int save_state(struct flow *flow, uint32_t word)
{
    size_t size = state_words(flow);
    assert(!flow->saved[word]); /* later edges are cut with it */
    if (flow->used + size > flow->room) {
        size_t room = flow->room ? flow->room * 2 : 4096;
        uint64_t *pool = realloc(flow->pool, room * sizeof *pool);
        if (!pool) return -ENOMEM;
        flow->pool = pool;
        flow->room = room;
    }
    assert(flow->used + size <= flow->room);
    memcpy(&flow->pool[flow->used], flow->now, size * sizeof(uint64_t));
    flow->saved[word] = (uint32_t)flow->used + 1;
    flow->used += size;
    return 0;
}

static bool is_written(const struct state *s, unsigned slot) { return s->set[slot / 64] >> (slot % 64) & 1; }
static void set_written(struct state *s, unsigned slot) { s->set[slot / 64] |= UINT64_C(1) << (slot % 64); }
static void set_unwritten(struct state *s, unsigned slot)
{
    s->set[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

static int check_heights(struct verifier *v, uint32_t label, const struct state *s)
{
    const struct state *now = v->flow->now;
    if (s->handlers == now->handlers && s->wire == now->wire) return 0;
    return refuse(v, RULE_HANDLER, v->flow->at, "%u open handlers on one way to word %u, %u on another",
                  now->handlers, label, s->handlers);
}

/* ---- edges --------------------------------------------------------------------------- */

static int forward_edge(struct verifier *v, uint32_t label)
{
    struct flow *flow = v->flow;
    struct state *s = saved_state(flow, label);
    if (!s) return save_state(flow, label);
    for (unsigned i = 0; i < flow->words; i++) s->set[i] &= flow->now->set[i];
    return check_heights(v, label, s);
}

static int backward_edge(struct verifier *v, uint32_t label)
{
    struct flow *flow = v->flow;
    const struct state *s = saved_state(flow, label);
    if (!s) return 0; /* the label was not reached, and that rule is off */
    for (unsigned i = 0; i < flow->words; i++) {
        uint64_t missing = s->set[i] & ~flow->now->set[i];
        if (missing && refuse(v, RULE_BACK_EDGE, flow->at, "back to word %u, where slot %u is written", label,
                              i * 64 + (unsigned)__builtin_ctzll(missing)))
            return -EINVAL;
    }
    return check_heights(v, label, s);
}

static int target_edge(struct verifier *v, uint64_t w)
{
    int64_t label = (int64_t)v->flow->at + words_of(w) + word_imm(w);
    if (label < 0 || label >= v->f->words || !(v->marks[label] & MARK_START)) return 0; /* the rule is off */
    return label > v->flow->at ? forward_edge(v, (uint32_t)label) : backward_edge(v, (uint32_t)label);
}

/* A raise comes with the slots that were written when the region began, and its value. */
static int handler_edge(struct verifier *v, uint64_t w)
{
    struct flow *flow = v->flow;
    unsigned slot = word_a(w);
    bool known = slot < v->f->slots, before = known && is_written(flow->now, slot);
    if (known) set_written(flow->now, slot);
    int err = target_edge(v, w);
    if (known && !before) set_unwritten(flow->now, slot);
    return err;
}

static int mark_labels(struct verifier *v)
{
    for (uint32_t i = 0; i < v->count; i++) {
        uint32_t at = v->starts[i];
        uint64_t w = v->code[at];
        if (row_of(w)->c.kind != OPERAND_TARGET) continue;
        int64_t label = (int64_t)at + words_of(w) + word_imm(w);
        bool good = label >= 0 && label < v->f->words && v->marks[label] & MARK_START;
        if (good) v->marks[label] |= MARK_LABEL;
        else if (refuse(v, RULE_TARGET, at, "%s to word %lld", row_of(w)->name, (long long)label))
            return -EINVAL;
    }
    return 0;
}

/* Come to an instruction: join with the edges that lead here. */
static int arrive(struct verifier *v)
{
    struct flow *flow = v->flow;
    flow->joined = v->marks[flow->at] & MARK_LABEL;
    struct state *s = flow->joined ? saved_state(flow, flow->at) : NULL;
    if (!flow->reached && !s && refuse(v, RULE_UNREACHABLE, flow->at, "%s", row_of(v->code[flow->at])->name))
        return -EINVAL;
    if (!flow->joined) return 0;
    flow->block++;
    if (s && flow->reached) {
        int err = forward_edge(v, flow->at);
        if (err) return err;
    }
    if (!s) return save_state(flow, flow->at);
    memcpy(flow->now, s, state_words(flow) * sizeof(uint64_t));
    return 0;
}

/* ---- slots ---------------------------------------------------------------------------- */

static int read_slot(struct verifier *v, unsigned slot)
{
    if (slot >= v->f->slots || is_written(v->flow->now, slot)) return 0;
    return refuse(v, RULE_UNINITIALISED, v->flow->at, "%s reads slot %u", row_of(v->code[v->flow->at])->name,
                  slot);
}

static int read_slots(struct verifier *v, uint64_t w)
{
    const struct vvm_instruction *row = row_of(w);
    if (row->a.kind == OPERAND_SRC && read_slot(v, word_a(w))) return -EINVAL;
    if (row->b.kind == OPERAND_SRC && read_slot(v, word_b(w))) return -EINVAL;
    if (row->c.kind == OPERAND_SRC && read_slot(v, word_c(w))) return -EINVAL;
    if (row->tail != TAIL_SRCS) return 0;
    for (unsigned i = 0; i < word_c(w); i++)
        if (read_slot(v, tail_slot(&v->code[v->flow->at + 1], i))) return -EINVAL;
    return 0;
}

static void write_slot(struct verifier *v, unsigned slot)
{
    struct flow *flow = v->flow;
    if (slot >= v->f->slots) return;
    flow->result_before = is_written(flow->now, slot);
    flow->closure_block[slot] = 0;
    set_written(flow->now, slot);
}

static void write_slots(struct verifier *v, uint64_t w)
{
    const struct vvm_instruction *row = row_of(w);
    if (row->a.kind == OPERAND_DST && row->flow != FLOW_HANDLER) write_slot(v, word_a(w));
    if (row->tail != TAIL_DSTS) return;
    for (unsigned i = 0; i < word_c(w); i++) write_slot(v, tail_slot(&v->code[v->flow->at + 1], i));
}

/* ---- what looks at the instructions before ---------------------------------------------- */

/* Calls whose callee may return several values. */
static bool may_be_received(unsigned op)
{
    switch (op) {
    case OP_CALL:
    case OP_CALL_GLOBAL:
    case OP_CALL_VALUE:
    case OP_CALL_MEMBER:
    case OP_CALL_PRIMITIVE:
    case OP_CALL_ESCAPE:
    case OP_APPLY:
    case OP_APPLY_MEMBER:
    case OP_RAISE_CONTINUABLE:
    case OP_RUN_PROGRAM: return true;
    default: return false;
    }
}

/* A callee that returns several values stores them straight into the receiver's slots
 * and never writes the call's own result slot. */
static int check_receive(struct verifier *v, uint32_t i, uint64_t w)
{
    struct flow *flow = v->flow;
    uint64_t before = i ? v->code[v->starts[i - 1]] : 0;
    bool good = i && flow->reached && !flow->joined && may_be_received(word_op(before)) &&
                word_a(before) == word_a(w);
    if (!good) return refuse(v, RULE_RECEIVE, flow->at, "%s", row_of(w)->name);
    if (!flow->result_before && word_a(w) < v->f->slots) set_unwritten(flow->now, word_a(w));
    return 0;
}

/* Only a closure that was made in this block may be patched: it is nobody else's yet. */
static int check_patch(struct verifier *v, uint64_t w)
{
    const struct flow *flow = v->flow;
    unsigned slot = word_a(w);
    if (slot >= v->f->slots) return 0;
    bool known = flow->closure_block[slot] == flow->block;
    unsigned captured = known ? v->unit->functions[flow->closure_function[slot]].captured : 0;
    if (known && word_c(w) < captured) return 0;
    return refuse(v, RULE_CAPTURED, flow->at,
                  known ? "closure-patch: %u of %u" : "closure-patch: slot %u holds no new closure",
                  known ? word_c(w) : slot, captured);
}

static void note_closure(struct verifier *v, uint64_t w)
{
    if (word_a(w) >= v->f->slots || word_b(w) >= v->unit->function_count) return;
    v->flow->closure_block[word_a(w)] = v->flow->block;
    v->flow->closure_function[word_a(w)] = (uint16_t)word_b(w);
}

/* ---- handlers --------------------------------------------------------------------------- */

static int change_handlers(struct verifier *v, uint64_t w)
{
    struct state *now = v->flow->now;
    switch (word_op(w)) {
    case OP_PUSH_HANDLER:
    case OP_PUSH_PROCEDURE:
        now->handlers++;
        if (now->handlers > v->f->handlers) v->f->handlers = (uint16_t)now->handlers;
        return 0;
    case OP_POP_HANDLER:
        if (!now->handlers) return refuse(v, RULE_HANDLER, v->flow->at, "no handler is open");
        now->handlers--;
        return 0;
    case OP_EXIT_PUSH_HANDLER: now->wire++; break;
    case OP_EXIT_POP_HANDLER: now->wire--; break;
    default: return 0;
    }
    if (now->handlers) return refuse(v, RULE_HANDLER, v->flow->at, "a wire handler inside a handler region");
    if (abs(now->wire) <= WIRE_HANDLERS_MAX) return 0;
    return refuse(v, RULE_HANDLER, v->flow->at, "too many wire handlers");
}

static int check_end(struct verifier *v, uint64_t w)
{
    bool stays = word_op(w) == OP_RAISE || word_op(w) == OP_UNREACHABLE;
    if (stays || !v->flow->now->handlers) return 0;
    return refuse(v, RULE_HANDLER_OPEN, v->flow->at, "%s with %u open handlers", row_of(w)->name,
                  v->flow->now->handlers);
}

/* ---- the walk ----------------------------------------------------------------------------- */

static int step(struct verifier *v, uint32_t i)
{
    struct flow *flow = v->flow;
    flow->at = v->starts[i];
    uint64_t w = v->code[flow->at];
    int err = arrive(v);
    if (!err) err = read_slots(v, w);
    if (!err && row_of(w)->tail == TAIL_DSTS) err = check_receive(v, i, w);
    if (!err && word_op(w) == OP_CLOSURE_PATCH) err = check_patch(v, w);
    if (err) return err;
    write_slots(v, w);
    if (word_op(w) == OP_CLOSURE) note_closure(v, w);
    enum flow_kind kind = row_of(w)->flow;
    if (kind == FLOW_HANDLER) err = handler_edge(v, w);
    if (!err) err = change_handlers(v, w);
    if (!err && (kind == FLOW_JUMP || kind == FLOW_BRANCH)) err = target_edge(v, w);
    if (!err && kind == FLOW_END) err = check_end(v, w);
    flow->reached = kind != FLOW_JUMP && kind != FLOW_END;
    return err;
}

/* At its entry a function has its parameters, and a rest list if it takes one. */
static void begin(struct verifier *v)
{
    struct flow *flow = v->flow;
    const struct vvm_function *f = v->f;
    flow->words = (f->slots + 63u) / 64;
    assert(flow->words <= SET_WORDS);
    flow->used = 0;
    flow->reached = true;
    flow->block = 1;
    memset(flow->saved, 0, f->words * sizeof *flow->saved);
    memset(flow->closure_block, 0, sizeof flow->closure_block[0] * f->slots);
    memset(flow->now, 0, sizeof *flow->now + SET_WORDS * sizeof(uint64_t));
    unsigned incoming = f->parameters + (f->flags & FUNCTION_REST ? 1u : 0u);
    for (unsigned i = 0; i < incoming && i < f->slots; i++) set_written(flow->now, i);
}

int verify_flow(struct verifier *v)
{
    int err = mark_labels(v);
    if (err) return err;
    begin(v);
    for (uint32_t i = 0; i < v->count; i++) {
        err = step(v, i);
        if (err) return err;
    }
    if (!v->flow->reached) return 0;
    return refuse(v, RULE_FALL_OFF, v->f->words, "the last instruction does not end the function");
}
