/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effects.c - what a function may do, over everything that it may call.
 *
 * The verifier has noted each function's own effects. Here the call graph is walked
 * from one function, breadth first, through a generation's bindings, each function
 * once. The first one that does what is unwanted ends the shortest chain of calls
 * down to it, and that chain is what a refusal prints.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"
#include "override.h"
#include "unit.h"

/* name, and what a sentence says about code that has it */
static const struct {
    const char *name, *does;
} effects[] = {
    {"load", "needs the load profile"},
    {"closure", "makes a closure"},
    {"unknown-call", "calls a procedure value"},
    {"global", "reads a global variable"},
    {"allocate", "allocates"},
    {"packet", "uses the packet in execution"},
    {"emit", "makes or sends packets"},
    {"halt", "may end the packet"},
    {"table-read", "reads a table"},
    {"table-write", "writes a table"},
    {"time", "reads the clock or random numbers"},
    {"program", "runs a wire program"},
    {"exit", "leaves a wire instruction"},
    {"output", "prints"},
    {"symbol", "makes symbols"},
    {"internal", "is for wire programs only"},
};
enum { EFFECT_COUNT = sizeof effects / sizeof effects[0] };

static_assert(1 << EFFECT_COUNT == EFFECT_ROW,
              "every effect of a function has its texts, in order of the bits");

const char *effect_name(unsigned bit) { return bit < EFFECT_COUNT ? effects[bit].name : NULL; }

/* ---- the walk ------------------------------------------------------------------------ */

struct visit {
    const struct vvm_function *function;
    uint32_t parent; /* visit that called it; itself for the first */
    uint32_t word;   /* where */
};

struct walk {
    const struct vvm_node *node;
    const struct vvm_generation *generation;
    uint32_t unwanted;
    struct visit *visits;
    uint32_t count, room;
    uint32_t *index; /* open addressing by function; visit + 1 */
    uint32_t index_size;
    bool failed; /* no memory */
    bool found;  /* the text has been made */
    FILE *text;
    bool freeze; /* what is found is right: freeze the constants instead */
};

static uint32_t *index_place(const struct walk *w, const struct vvm_function *f)
{
    uint64_t h = (uint64_t)(uintptr_t)f * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = (uint32_t)(h >> 32) & (w->index_size - 1);
    while (w->index[at] && w->visits[w->index[at] - 1].function != f) at = (at + 1) & (w->index_size - 1);
    return &w->index[at];
}

static bool grow(struct walk *w)
{
    uint32_t room = w->room ? w->room * 2 : 32;
    struct visit *visits = realloc(w->visits, room * sizeof *visits);
    if (visits) w->visits = visits;
    uint32_t *index = calloc((size_t)room * 2, sizeof *index);
    if (!visits || !index) {
        free(index);
        w->failed = true;
        return false;
    }
    free(w->index);
    w->index = index;
    w->index_size = room * 2;
    w->room = room;
    for (uint32_t i = 0; i < w->count; i++) *index_place(w, w->visits[i].function) = i + 1;
    return true;
}

static void visit(struct walk *w, const struct vvm_function *f, uint32_t parent, uint32_t word)
{
    if (w->failed || (w->count == w->room && !grow(w))) return;
    uint32_t *place = index_place(w, f);
    if (*place) return;
    w->visits[w->count] = (struct visit){f, parent, word};
    *place = ++w->count;
    assert(w->count <= w->room && parent < w->count);
}

/* ---- the text ------------------------------------------------------------------------- */

static uint64_t position_at(const struct vvm_function *f, uint32_t word)
{
    uint64_t position = f->position;
    for (uint32_t i = 0; i < f->line_count && f->lines[i].word <= word; i++) position = f->lines[i].position;
    return position;
}

static void print_position(const struct walk *w, uint64_t p, const char *before, const char *after)
{
    if (!p) return;
    const char *file = position_file(p) ? node_file_name(w->node, position_file(p)) : NULL;
    fprintf(w->text, "%s%s:%u:%u%s", before, file ? file : "?", position_line(p), position_column(p), after);
}

static void print_name(const struct walk *w, vvm_value name)
{
    if (!is_symbol(name)) {
        fputs("a lambda", w->text);
        return;
    }
    for (const char *c = symbol_name(name); *c; c++)
        fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, w->text);
}

static void print_function(const struct walk *w, const struct vvm_function *f)
{
    print_name(w, f->name);
    print_position(w, f->position, " (", ")");
}

/* "a (place) calls b (place), which": ready for what the last one does. */
static void print_chain(const struct walk *w, uint32_t last)
{
    uint32_t down[16], depth = 0;
    uint32_t at = last;
    for (; depth < 16 && (!depth || at != w->visits[at].parent); depth++) {
        if (depth) at = w->visits[at].parent;
        down[depth] = at;
    }
    if (at) fputs("... ", w->text); /* a longer chain: its lower end */
    print_function(w, w->visits[down[--depth]].function);
    while (depth--) {
        fputs(" calls ", w->text);
        print_function(w, w->visits[down[depth]].function);
        fputs(", which", w->text);
    }
    fputc(' ', w->text);
}

/* The chain down to a word, then what it does there. Only the first time. */
__attribute__((format(printf, 4, 5))) static void blame(struct walk *w, uint32_t at, uint32_t word,
                                                        const char *format, ...)
{
    if (w->found || !w->text) return;
    w->found = true;
    print_chain(w, at);
    va_list list;
    va_start(list, format);
    vfprintf(w->text, format, list);
    va_end(list);
    print_position(w, position_at(w->visits[at].function, word), " at ", "");
}

/* What says most: LOAD only when there is nothing else. */
static const char *does(uint32_t unwanted)
{
    uint32_t telling = unwanted & ~(uint32_t)EFFECT_LOAD;
    return effects[__builtin_ctz(telling ? telling : unwanted)].does;
}

static void blame_instruction(struct walk *w, uint32_t at, uint32_t word, uint32_t unwanted)
{
    const struct vvm_function *f = w->visits[at].function;
    uint64_t code = f->code[word];
    const struct vvm_instruction *row = &instruction_table[word_op(code)];
    if (row->effects & EFFECT_ROW)
        blame(w, at, word, "calls `%s`, which %s,", f->unit->primitives[word_b(code)]->name, does(unwanted));
    else if (unwanted == EFFECT_LOAD) blame(w, at, word, "uses `%s`", row->name);
    else blame(w, at, word, "%s", does(unwanted));
}

/* ---- globals ---------------------------------------------------------------------------- */

static const struct binding *binding_of(const struct walk *w, const struct link *l)
{
    return l->global < w->generation->binding_count ? &w->generation->bindings[l->global] : NULL;
}

/* Blame a global, when LOAD (what it stands for) is unwanted. */
static uint32_t global_fault(struct walk *w, uint32_t at, uint32_t word, const struct link *l,
                             const char *verb, const char *fault)
{
    if (w->unwanted & EFFECT_LOAD)
        blame(w, at, word, "%s `%s`, which %s,", verb, symbol_name(l->name), fault);
    return EFFECT_LOAD;
}

static uint32_t reference_effects(struct walk *w, uint32_t at, uint32_t word, const struct link *l)
{
    const struct binding *b = binding_of(w, l);
    if (!b || b->value == VALUE_UNDEFINED) return global_fault(w, at, word, l, "reads", "is not defined");
    if (b->flags & BINDING_ASSIGNED)
        return global_fault(w, at, word, l, "reads", "is a variable that is assigned");
    if (w->freeze && value_freeze(b->value)) w->failed = true;
    return 0;
}

static uint32_t value_effects(struct walk *w, uint32_t at, uint32_t word, const struct link *l, vvm_value v)
{
    if (has_type(v, TYPE_CLOSURE) && !object_length(v)) {
        visit(w, ((struct closure *)value_pointer(v))->function, at, word);
        return 0;
    }
    uint32_t found = EFFECT_UNKNOWN_CALL;
    const char *what = "is no function that can be known beforehand";
    if (has_type(v, TYPE_PRIMITIVE)) {
        found = ((struct primitive_object *)value_pointer(v))->row->effects & ~(uint32_t)EFFECT_DIVERGES;
        what = found & w->unwanted ? does(found & w->unwanted) : "";
    }
    if (found & w->unwanted) blame(w, at, word, "calls `%s`, which %s,", symbol_name(l->name), what);
    return found;
}

static uint32_t call_effects(struct walk *w, uint32_t at, uint32_t word, const struct link *l)
{
    const struct binding *b = binding_of(w, l);
    if (!b || b->value == VALUE_UNDEFINED) return global_fault(w, at, word, l, "calls", "is not defined");
    if (b->flags & BINDING_ASSIGNED)
        return global_fault(w, at, word, l, "calls", "is a variable that is assigned");
    if (!b->function || b->signature != l->signature) return value_effects(w, at, word, l, b->value);
    visit(w, b->function, at, word);
    return 0;
}

/* What stands for the instruction or primitive in this generation is called there. */
static uint32_t redefined_effects(struct walk *w, uint32_t at, uint32_t word)
{
    const struct vvm_function *f = w->visits[at].function;
    uint32_t globals[2], found = 0;
    unsigned count = override_of_word(w->generation, f, &f->code[word], globals);
    for (unsigned i = 0; i < count; i++) {
        const struct binding *b = &w->generation->bindings[globals[i]];
        struct link link = {VALUE_FALSE, global_name(w->node, globals[i]), b->signature, globals[i]};
        found |= call_effects(w, at, word, &link);
    }
    return found;
}

/* ---- one function ------------------------------------------------------------------------ */

static uint32_t instruction_effects(struct walk *w, uint32_t at, uint32_t word)
{
    const struct vvm_function *f = w->visits[at].function;
    uint64_t code = f->code[word];
    switch (word_op(code)) {
    case OP_CALL:
    case OP_TAIL_CALL: visit(w, &f->unit->functions[word_b(code)], at, word); return 0;
    case OP_CALL_GLOBAL:
    case OP_TAIL_CALL_GLOBAL: return call_effects(w, at, word, &f->unit->links[word_b(code)]);
    case OP_GLOBAL_REF: return reference_effects(w, at, word, &f->unit->links[word_b(code)]);
    default: break;
    }
    uint32_t found = instruction_table[word_op(code)].effects | redefined_effects(w, at, word);
    if (found & EFFECT_ROW) found |= f->unit->primitives[word_b(code)]->effects;
    found &= ~(uint32_t)(EFFECT_ROW | EFFECT_DIVERGES);
    if (found & w->unwanted) blame_instruction(w, at, word, found & w->unwanted);
    return found;
}

static uint32_t walk_all(struct walk *w)
{
    uint32_t found = 0;
    for (uint32_t at = 0; at < w->count; at++) {
        const struct vvm_function *f = w->visits[at].function;
        assert(f->unit->verified || f->flags & FUNCTION_WIRE);
        for (uint32_t word = 0; word < f->words; word += instruction_words(f->code[word]))
            found |= instruction_effects(w, at, word);
    }
    return found;
}

uint32_t function_effects(struct vvm_node *node, const struct vvm_generation *generation,
                          const struct vvm_function *f, uint32_t unwanted, char *offender, size_t room)
{
    struct walk w = {.node = node, .generation = generation, .unwanted = unwanted};
    if (offender && room) {
        offender[0] = 0;
        w.text = fmemopen(offender, room, "w");
    }
    visit(&w, f, 0, 0);
    uint32_t found = walk_all(&w);
    if (w.text) fclose(w.text);
    if (offender && room) offender[room - 1] = 0;
    if (w.failed) {
        found = (1u << EFFECT_COUNT) - 1; /* what is not known may do anything */
        if (offender && room) snprintf(offender, room, "out of memory");
    }
    free(w.visits);
    free(w.index);
    return found;
}

int function_freeze(struct vvm_node *node, const struct vvm_generation *generation,
                    const struct vvm_function *f)
{
    struct walk w = {.node = node, .generation = generation, .freeze = true};
    visit(&w, f, 0, 0);
    walk_all(&w);
    free(w.visits);
    free(w.index);
    return w.failed ? -ENOMEM : 0;
}
