/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code.c - the function at hand: words, labels, slots, lines.
 *
 * Beside the words the emitter knows at each point whether control comes there, and
 * which slots are written by then: what stands where control never comes is not
 * emitted, and a jump back to a label first writes those slots that the label may
 * count on (only loops with two entries ever need that).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"

#define BRANCH_WORDS 2
#define NO_WORD      (UINT32_MAX - 1)

static_assert(MAX_FUNCTION_WORDS <= INT16_MAX, "a branch reaches every word of its function");
static_assert(MAX_SLOTS < UINT16_MAX, "a slot's number + 1 fits the lists of spare slots");

void emitter_open(struct emitter *e, struct compiler *c)
{
    e->c = c;
    e->code = NULL;
    e->lines = NULL;
    e->room = e->line_room = 0;
}

void emitter_reset(struct emitter *e, struct procedure *p)
{
    e->procedure = p;
    e->words = e->line_count = e->slots = e->live_count = 0;
    e->asides = NULL;
    e->last = NO_WORD;
    e->position = p->lambda ? p->lambda->position : 0;
    e->reachable = true;
    e->returns = e->body = false;
    e->result = SLOT_ANY;
    memset(e->spare, 0, sizeof e->spare);
    memset(e->state, 0, sizeof e->state);
}

void emitter_close(struct emitter *e)
{
    free(e->code);
    free(e->lines);
    e->code = NULL;
    e->lines = NULL;
}

/* ---- slots ------------------------------------------------------------------------- */

static unsigned slot_new(struct emitter *e, unsigned type)
{
    if (e->slots == MAX_SLOTS) {
        compile_error(e->c, ERROR_SYNTAX, e->position, "function too large: it needs more than %d slots",
                      MAX_SLOTS);
        return 0;
    }
    e->slot_types[e->slots] = (uint8_t)type;
    return e->slots++;
}

unsigned slot_take(struct emitter *e, unsigned type)
{
    assert(type < SLOT_TYPES);
    unsigned slot = e->spare[type];
    if (slot) e->spare[type] = e->spare_next[--slot];
    else slot = slot_new(e, type);
    if (e->live_count < MAX_SLOTS) e->live[e->live_count++] = (uint16_t)slot;
    return slot;
}

void slot_release(struct emitter *e, unsigned mark)
{
    assert(mark <= e->live_count); /* as on a stack: who took later released earlier */
    while (e->live_count > mark) {
        unsigned slot = e->live[--e->live_count], type = e->slot_types[slot];
        e->spare_next[slot] = e->spare[type];
        e->spare[type] = (uint16_t)(slot + 1);
    }
}

static void slot_written(struct emitter *e, unsigned slot)
{
    assert(slot < MAX_SLOTS);
    e->state[slot / 64] |= UINT64_C(1) << slot % 64;
}

unsigned slot_parameter(struct emitter *e, unsigned type)
{
    assert(e->words == 0); /* parameters come before any code */
    unsigned slot = slot_new(e, type);
    slot_written(e, slot);
    return slot;
}

/* ---- words -------------------------------------------------------------------------- */

void emit_at(struct emitter *e, uint64_t position)
{
    if (position) e->position = position;
}

static void note_line(struct emitter *e)
{
    struct line_entry *last = e->line_count ? &e->lines[e->line_count - 1] : NULL;
    if (!e->position || (last && last->position == e->position && last->word <= e->words)) return;
    if (last && last->word >= e->words) {
        *last = (struct line_entry){e->words, e->position};
        return;
    }
    if (e->line_count == e->line_room) {
        uint32_t room = e->line_room ? 2 * e->line_room : 64;
        struct line_entry *more = realloc(e->lines, room * sizeof *more);
        if (!more) {
            compile_failed(e->c, -ENOMEM);
            return;
        }
        e->lines = more;
        e->line_room = room;
    }
    assert(e->lines);
    e->lines[e->line_count++] = (struct line_entry){e->words, e->position};
}

static void put(struct emitter *e, uint64_t word)
{
    if (e->c->error) return;
    if (e->words >= MAX_FUNCTION_WORDS) {
        compile_error(e->c, ERROR_SYNTAX, e->position, "function too large: it needs more than %d words",
                      MAX_FUNCTION_WORDS);
        return;
    }
    if (e->words == e->room) {
        uint32_t room = e->room ? 2 * e->room : 256;
        uint64_t *more = realloc(e->code, room * sizeof *more);
        if (!more) {
            compile_failed(e->c, -ENOMEM);
            return;
        }
        e->code = more;
        e->room = room;
    }
    assert(e->words < e->room);
    e->code[e->words++] = word;
}

/* First word of an instruction: line, slot written, end of control. */
static bool put_first(struct emitter *e, uint64_t word)
{
    const struct vvm_instruction *row = &instruction_table[word_op(word)];
    if (!e->reachable || e->c->error) return false;
    note_line(e);
    e->last = e->words;
    put(e, word);
    if (row->a.kind == OPERAND_DST && row->flow != FLOW_HANDLER) {
        e->result_before = e->state[word_a(word) / 64] >> word_a(word) % 64 & 1;
        slot_written(e, word_a(word));
    }
    if (row->flow == FLOW_END || row->flow == FLOW_JUMP) e->reachable = false;
    return true;
}

void emit_op(struct emitter *e, enum opcode op, unsigned a, unsigned b, unsigned c)
{
    assert(instruction_table[op].tail == TAIL_NONE);
    put_first(e, make_word(op, a, b, c));
}

void emit_imm32(struct emitter *e, enum opcode op, unsigned a, int32_t imm)
{
    assert(instruction_table[op].b.kind == OPERAND_IMM32);
    put_first(e, make_word_imm32(op, a, imm));
}

void emit_literal(struct emitter *e, unsigned a, uint64_t literal)
{
    if (put_first(e, make_word(OP_RAW_LITERAL, a, 0, 0))) put(e, literal);
}

/* A receive follows its call at once; several values never come to the call's own slot. */
static void slot_passed_over(struct emitter *e, unsigned slot)
{
    if (!e->result_before) e->state[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

bool emit_take_back(struct emitter *e, enum opcode op, unsigned a)
{
    if (!e->reachable || e->c->error || e->last + 1 != e->words) return false;
    if (e->code[e->last] != make_word(op, a, 0, 0)) return false;
    e->words = e->last;
    e->last = NO_WORD;
    slot_passed_over(e, a);
    return true;
}

void emit_list(struct emitter *e, enum opcode op, unsigned a, unsigned b, const unsigned *slots, unsigned n)
{
    bool writes = instruction_table[op].tail == TAIL_DSTS;
    assert(writes || instruction_table[op].tail == TAIL_SRCS);
    if (!put_first(e, make_word(op, a, b, n))) return;
    for (unsigned i = 0; i < n; i += 4) {
        uint64_t word = 0;
        for (unsigned j = i; j < n && j < i + 4; j++) word |= (uint64_t)slots[j] << 16 * (j - i);
        put(e, word);
    }
    if (writes) slot_passed_over(e, a);
    for (unsigned i = 0; writes && i < n; i++) slot_written(e, slots[i]);
}

/* ---- labels --------------------------------------------------------------------------- */

struct label *label_new(struct emitter *e)
{
    struct label *l = compile_allocate(e->c, sizeof *l);
    if (l) l->at = -1;
    return l;
}

/* One more way to the label, from here. */
static void label_meet(struct emitter *e, struct label *l)
{
    if (!l->reached) {
        l->reached = true;
        l->state_words = (e->slots + 63) / 64;
        l->state = compile_allocate(e->c, (l->state_words + 1) * sizeof *l->state);
        if (l->state) memcpy(l->state, e->state, l->state_words * sizeof *l->state);
        return;
    }
    for (unsigned i = 0; l->state && i < l->state_words; i++) l->state[i] &= e->state[i];
}

static void write_anything(struct emitter *e, unsigned slot)
{
    if (e->slot_types[slot] == SLOT_ANY) emit_imm32(e, OP_IMMEDIATE, slot, (int32_t)VALUE_UNSPECIFIED);
    else emit_imm32(e, OP_RAW_IMMEDIATE, slot, 0);
}

/* Before a jump back: the label counts on these slots. */
static void label_satisfy(struct emitter *e, const struct label *l)
{
    for (unsigned i = 0; l->state && i < l->state_words; i++) {
        uint64_t missing = l->state[i] & ~e->state[i];
        for (; missing; missing &= missing - 1)
            write_anything(e, i * 64 + (unsigned)__builtin_ctzll(missing));
    }
}

static unsigned branch_offset(const struct label *l, uint32_t word)
{
    return (unsigned)(l->at - (int32_t)(word + BRANCH_WORDS)) & 0xffff;
}

static void add_fixup(struct emitter *e, struct label *l, uint32_t word)
{
    struct fixup *f = compile_allocate(e->c, sizeof *f);
    if (!f) return;
    *f = (struct fixup){.next = l->fixups, .word = word};
    l->fixups = f;
}

void emit_branch(struct emitter *e, enum opcode op, unsigned a, unsigned b, struct label *l)
{
    assert(instruction_table[op].c.kind == OPERAND_TARGET && instruction_table[op].tail == TAIL_COSTS);
    if (!e->reachable || e->c->error || !l) return;
    if (l->at >= 0) label_satisfy(e, l);
    uint32_t word = e->words;
    uint64_t before = e->state[a / 64 % (MAX_SLOTS / 64)];
    if (op == OP_PUSH_HANDLER) slot_written(e, a);
    if (l->at < 0) label_meet(e, l);
    if (op == OP_PUSH_HANDLER) e->state[a / 64] = before;
    put_first(e, make_word(op, a, b, l->at >= 0 ? branch_offset(l, word) : 0));
    put(e, 0);
    if (l->at < 0) add_fixup(e, l, word);
}

void emit_jump(struct emitter *e, struct label *l) { emit_branch(e, OP_JUMP, 0, 0, l); }

/* A jump to what stands next is taken back. */
static void drop_last_jump(struct emitter *e, struct label *l)
{
    if (e->reachable || !l->fixups || e->words < BRANCH_WORDS) return;
    uint32_t word = e->words - BRANCH_WORDS;
    if (l->fixups->word != word || word_op(e->code[word]) != OP_JUMP) return;
    l->fixups = l->fixups->next;
    e->words = word;
}

void label_bind(struct emitter *e, struct label *l)
{
    if (e->c->error || !l) return;
    assert(l->at < 0);
    drop_last_jump(e, l);
    if (e->reachable) label_meet(e, l);
    if (!l->reached || !l->state) return;
    l->at = (int32_t)e->words;
    e->last = NO_WORD;
    for (struct fixup *f = l->fixups; f; f = f->next)
        e->code[f->word] |= (uint64_t)branch_offset(l, f->word) << 48;
    memset(e->state, 0, sizeof e->state);
    memcpy(e->state, l->state, l->state_words * sizeof *l->state);
    e->reachable = true;
}
