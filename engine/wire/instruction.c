/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instruction.c - from the body of a define-instruction to a row of wire code: its
 * stack effect, one for each exit, and its handler heights are read off the body's
 * verified code, never declared.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../authority.h"
#include "primitives.h"
#include "state.h"

/* ---- reading exits off a body -------------------------------------------------------- */

#define HEIGHT_UNKNOWN INT16_MIN
#define HEIGHT_MOST    100 /* wire handlers that one body may open or close */

struct height {
    int16_t wire;   /* wire handlers opened minus closed since the body began */
    int16_t lowest; /* the least that `wire` was on the way here, the same on all of them */
    int16_t region; /* handler regions of the body itself that are open */
};

struct body_scan {
    struct vvm_context *ctx;
    const struct vvm_function *body;
    struct wire_instruction *w;
    bool around;
    struct height *heights; /* one a word */
    int lowest, highest;
};

static int refuse(const struct body_scan *s, const char *what)
{
    uint64_t p = s->body->position;
    const char *name = is_symbol(s->body->name) ? symbol_name(s->body->name) : "without a name";
    if (!p) raise_message(s->ctx, ERROR_VERIFY, VALUE_DEFAULT, "instruction %s: %s", name, what);
    else
        raise_message(s->ctx, ERROR_VERIFY, VALUE_DEFAULT, "%s:%u:%u: instruction %s: %s",
                      node_file_name(s->ctx->node, position_file(p)), position_line(p), position_column(p),
                      name, what);
    return -EINVAL;
}

/* An edge that arrives at word `to` with these heights. */
static int arrive(struct body_scan *s, int64_t to, struct height h)
{
    assert(to >= 0 && to < (int64_t)s->body->words);
    struct height *there = &s->heights[to];
    if (there->wire == HEIGHT_UNKNOWN) {
        *there = h;
        return 0;
    }
    if (there->wire != h.wire) return refuse(s, "two paths meet with different heights of wire handlers");
    if (there->lowest != h.lowest) return refuse(s, "two paths meet, and only one has closed handlers");
    return 0;
}

static int add_exit(struct body_scan *s, struct wire_exit e)
{
    struct wire_instruction *w = s->w;
    for (unsigned i = 0; i < w->exit_count; i++)
        if (memcmp(&w->exits[i], &e, sizeof e) == 0) return 0;
    if (w->exit_count == WIRE_EXITS_MAX) return refuse(s, "more than 32 different exits");
    w->exits[w->exit_count++] = e;
    return 0;
}

static int add_call_exit(struct body_scan *s, uint64_t word, const struct height *h, bool items)
{
    unsigned kept = word_b(word) & 0xff, count = word_c(word);
    if (kept > count) return refuse(s, "a call keeps more than it lists");
    return add_exit(s, (struct wire_exit){.kind = WIRE_EXIT_CALL,
                                          .operand = (uint8_t)word_a(word),
                                          .pushes = (uint8_t)kept,
                                          .arguments = items ? WIRE_ARGUMENTS_ITEMS : (uint8_t)(count - kept),
                                          .then = (uint8_t)(word_b(word) >> 8),
                                          .handlers = (int8_t)h->wire,
                                          .lowest = (int8_t)h->lowest});
}

/* Note an exit; change the heights for what follows. */
static int scan_exit(struct body_scan *s, uint64_t word, struct height *h)
{
    struct wire_exit e = {
        .operand = (uint8_t)word_a(word), .handlers = (int8_t)h->wire, .lowest = (int8_t)h->lowest};
    bool changes = word_op(word) == OP_EXIT_PUSH_HANDLER || word_op(word) == OP_EXIT_POP_HANDLER;
    bool leaves = changes || (instruction_table[word_op(word)].effects & EFFECT_EXIT &&
                              instruction_table[word_op(word)].flow == FLOW_END);
    if (leaves && s->around != (word_op(word) == OP_EXIT_PREVIOUS))
        return refuse(s, s->around ? "an around ends with (previous), or does not come to an end"
                                   : "previous outside an around");
    if (changes && h->region) return refuse(s, "push-handler or pop-handler inside a guard");
    switch (word_op(word)) {
    case OP_EXIT_NEXT:
        e.operand = 0;
        e.kind = WIRE_EXIT_NEXT;
        e.pushes = (uint8_t)word_c(word);
        return word_c(word) > 250 ? refuse(s, "an exit pushes more than 250 values") : add_exit(s, e);
    case OP_EXIT_GOTO:
        e.kind = WIRE_EXIT_GOTO;
        e.pushes = (uint8_t)word_c(word);
        return word_c(word) > 250 ? refuse(s, "an exit pushes more than 250 values") : add_exit(s, e);
    case OP_EXIT_CALL:
    case OP_EXIT_CALL_ITEMS:
        if (word_c(word) > 250) return refuse(s, "a call with more than 250 values");
        return add_call_exit(s, word, h, word_op(word) == OP_EXIT_CALL_ITEMS);
    case OP_EXIT_RETURN:
        e.operand = 0;
        e.kind = WIRE_EXIT_RETURN;
        return add_exit(s, e);
    case OP_EXIT_PREVIOUS:
        e.operand = 0;
        e.kind = WIRE_EXIT_PREVIOUS;
        return add_exit(s, e);
    case OP_EXIT_PUSH_HANDLER:
        e.kind = WIRE_EXIT_HANDLER;
        h->wire++;
        return add_exit(s, e);
    case OP_EXIT_POP_HANDLER:
        if (--h->wire < h->lowest) h->lowest = h->wire;
        return 0;
    default: return 0;
    }
}

static int scan_word(struct body_scan *s, uint32_t at, uint32_t *next)
{
    uint64_t word = s->body->code[at];
    const struct vvm_instruction *row = &instruction_table[word_op(word)];
    struct height h = s->heights[at];
    *next = at + instruction_words(word);
    if (h.wire == HEIGHT_UNKNOWN) return refuse(s, "code that nothing reaches");
    int err = scan_exit(s, word, &h);
    if (err) return err;
    if (h.wire < -HEIGHT_MOST || h.wire > HEIGHT_MOST) return refuse(s, "too many handlers");
    if (h.wire < s->lowest) s->lowest = h.wire;
    if (h.wire > s->highest) s->highest = h.wire;
    if (row->flow == FLOW_JUMP || row->flow == FLOW_BRANCH || row->flow == FLOW_HANDLER)
        err = arrive(s, (int64_t)*next + word_imm(word), h);
    if (err || row->flow == FLOW_END || row->flow == FLOW_JUMP) return err;
    if (row->flow == FLOW_HANDLER) h.region++;
    if (row->flow == FLOW_UNHANDLE) h.region--;
    return arrive(s, *next, h);
}

static int scan_body(struct body_scan *s)
{
    s->heights[0] = (struct height){0};
    for (uint32_t at = 0; at < s->body->words;) {
        int err = scan_word(s, at, &at);
        if (err) return err;
    }
    s->w->handlers_below = (uint8_t)-s->lowest;
    s->w->handlers_above = (uint8_t)s->highest;
    return 0;
}

/* ---- one depth at each place that exits lead to ---------------------------------------- */

enum { PLACE_NEXT, PLACE_HERE, PLACE_LABEL /* + label operand */ };

static_assert((int)PLACE_NEXT == WIRE_THEN_NEXT && (int)PLACE_HERE == WIRE_THEN_HERE &&
                  (int)PLACE_LABEL == WIRE_THEN_LABEL,
              "where a call goes on counts as the places do");

/* Where an exit leads and how deep the stack is there, above what lies under the takes;
 * false: out of the function. */
static bool exit_place(const struct wire_exit *e, unsigned *place, unsigned *depth)
{
    *depth = e->pushes;
    switch ((enum wire_exit_kind)e->kind) {
    case WIRE_EXIT_NEXT: *place = PLACE_NEXT; return true;
    case WIRE_EXIT_GOTO: *place = PLACE_LABEL + e->operand; return true;
    case WIRE_EXIT_HANDLER:
        *place = PLACE_LABEL + e->operand;
        *depth = 1; /* what was raised */
        return true;
    case WIRE_EXIT_CALL:
        *place = e->then; /* enum wire_then counts as the places do */
        *depth = e->pushes + 1u;
        return true;
    case WIRE_EXIT_RETURN:
    case WIRE_EXIT_PREVIOUS: break;
    }
    return false;
}

static int check_depths(const struct body_scan *s)
{
    int depths[PLACE_LABEL + WIRE_OPERANDS_MAX];
    const struct body_shape *shape = s->body->shape;
    memset(depths, -1, sizeof depths);
    if (!shape->items) depths[PLACE_HERE] = shape->take_count;
    for (unsigned i = 0; i < s->w->exit_count; i++) {
        unsigned place, depth;
        if (!exit_place(&s->w->exits[i], &place, &depth)) continue;
        if (depths[place] < 0) depths[place] = (int)depth;
        if (depths[place] == (int)depth) continue;
        char what[120];
        snprintf(what, sizeof what,
                 "%s has two stack depths, %d and %u values above what lies under the takes",
                 place == PLACE_NEXT   ? "the next instruction"
                 : place == PLACE_HERE ? "the instruction itself"
                                       : "a label",
                 depths[place], depth);
        return refuse(s, what);
    }
    return 0;
}

static int read_body(struct vvm_context *ctx, const struct vvm_function *body, struct wire_instruction *w,
                     bool around)
{
    struct body_scan s = {.ctx = ctx, .body = body, .w = w, .around = around};
    if (!(body->flags & FUNCTION_BODY) || !body->shape || body->captured)
        return refuse(&s, "not the body of an instruction");
    s.heights = calloc(body->words, sizeof *s.heights);
    if (!s.heights) return -ENOMEM;
    for (uint32_t i = 0; i < body->words; i++) s.heights[i].wire = HEIGHT_UNKNOWN;
    w->shape = *body->shape;
    w->body = body;
    int err = scan_body(&s);
    free(s.heights);
    return err ? err : check_depths(&s);
}

int instruction_from_body(struct vvm_context *ctx, const struct vvm_function *body,
                          struct wire_instruction *w)
{
    return read_body(ctx, body, w, false);
}

int around_from_body(struct vvm_context *ctx, const struct vvm_function *body, struct wire_instruction *w)
{
    return read_body(ctx, body, w, true);
}

/* ---- the load primitive ----------------------------------------------------------------- */

/* Put it into the candidate, in place of an older one of the owner and name. */
static int enlist(struct match_table *table, const struct wire_instruction *w)
{
    for (uint32_t i = 0; i < table->instruction_count; i++)
        if (table->instructions[i]->owner == w->owner && table->instructions[i]->name == w->name) {
            table->instructions[i] = w;
            return 0;
        }
    const struct wire_instruction **grown = realloc(table->instructions,
                                                    (table->instruction_count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    table->instructions = grown;
    grown[table->instruction_count++] = w;
    return 0;
}

static int fill_row(struct vvm_context *ctx, const struct vvm_generation *g, struct wire_instruction *w)
{
    uint32_t cost = w->body->entry_cost + instruction_table[OP_INVOKE].cost;
    if (cost > UINT16_MAX) {
        raise_message(ctx, ERROR_VERIFY, w->name, "the first block of the body costs too much");
        return -EINVAL;
    }
    w->row.name = symbol_name(w->name);
    w->row.cost = (uint16_t)cost;
    w->row.effects = function_effects(ctx->node, g, w->body, 0, NULL, 0);
    w->row.wire = w;
    return 0;
}

/* (doc "...") of the clauses, as octets for people. */
static void fill_doc(struct kept_instruction *k)
{
    vvm_value doc = clause_of(k->descriptor, "doc");
    k->instruction.row.doc = k->doc;
    if (!is_pair(doc) || !is_string(car_of(doc))) return;
    const struct string *s = value_pointer(car_of(doc));
    uint64_t length = header_length(s->header);
    if (length > sizeof k->doc - 1) length = sizeof k->doc - 1;
    for (uint64_t i = 0; i < length; i++) k->doc[i] = s->chars[i] < 127 ? (char)s->chars[i] : '?';
}

struct wire_instruction *instruction_over(struct vvm_node *node, const struct wire_instruction *below,
                                          struct vvm_vmlet *owner)
{
    const struct kept_instruction *from = instruction_kept(below);
    struct kept_instruction *k = item_new(node, WIRE_INSTRUCTION, owner, sizeof *k);
    if (!k) return NULL;
    k->procedure = VALUE_FALSE;
    k->descriptor = from->descriptor;
    memcpy(k->doc, from->doc, sizeof k->doc);
    k->instruction.row.doc = k->doc;
    k->instruction.owner = owner;
    return &k->instruction;
}

/* (%define-instruction 'name 'descriptor closure) */
vvm_value primitive_define_instruction(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct vvm_generation *g = wire_candidate(ctx, "define-instruction");
    if (!g) return VALUE_EXCEPTION;
    if (!is_symbol(args[0])) return raise_type(ctx, "%define-instruction", 1, "symbol", args[0]);
    if (!has_type(args[2], TYPE_CLOSURE))
        return raise_type(ctx, "%define-instruction", 3, "procedure", args[2]);
    vvm_value code = clause_of(args[1], "opcode");
    if (!is_pair(code) || !is_fixnum(car_of(code)) || car_of(code) > make_fixnum(255))
        return raise_message(ctx, ERROR_SYNTAX, args[0],
                             "define-instruction: (opcode n) with n from 0 to 255");
    const struct closure *closure = value_pointer(args[2]);
    struct kept_instruction *k = item_new(ctx->node, WIRE_INSTRUCTION,
                                          authority_definer(ctx, closure->function), sizeof *k);
    if (!k) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    k->descriptor = args[1];
    k->procedure = args[2];
    fill_doc(k);
    struct wire_instruction *w = &k->instruction;
    w->name = args[0];
    w->owner = k->item.owner;
    w->opcode = (uint8_t)fixnum_value(car_of(code));
    int err = instruction_from_body(ctx, closure->function, w);
    if (!err) err = fill_row(ctx, g, w);
    if (!err) err = enlist(g->matches, w);
    if (err == -ENOMEM) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return err ? VALUE_EXCEPTION : VALUE_UNSPECIFIED;
}

/* (%instruction network 'name) -> (opcode . operands) or #f; operands as written: ((name kind) ...) */
vvm_value primitive_instruction_of(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    const struct network *network = wire_pointer(args[0], TYPE_NETWORK);
    if (!network) return raise_type(ctx, "%instruction", 1, "network", args[0]);
    network = network_in_force(wire_generation(ctx), network);
    for (unsigned i = 0; i < 256; i++) {
        const struct wire_instruction *w = network->opcodes[i];
        if (!w || w->name != args[1]) continue;
        vvm_value operands = clause_of(instruction_kept(w)->descriptor, "operands");
        return make_pair(ctx, make_fixnum(i), is_pair(operands) ? operands : VALUE_NULL);
    }
    return VALUE_FALSE;
}
