/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c - a text that says what is in force on a node, and by whom: what is compared to
 * see that two ways led to one state. Code stands in it as a digest of its instructions,
 * with constants and links spelled out, so that neither addresses nor numbers of globals
 * show.
 */
#include <inttypes.h>
#include <sodium/crypto_generichash_blake2b.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "generation.h"
#include "layer.h"
#include "load.h"
#include "table/table.h"
#include "wire/state.h"

#define VALUE_SHOWN 4096u /* octets of a value's text */

struct lines {
    char **lines;
    size_t count, room;
    bool failed;
};

/* ---- code ---------------------------------------------------------------------------- */

struct code_text {
    const struct vvm_node *node;
    FILE *to;
    const struct vvm_unit *unit;
    bool *seen; /* functions of the unit: printed, or to be printed */
    uint32_t *queue, queued;
};

static void print_link(const struct code_text *c, const struct link *l)
{
    const struct vvm_vmlet *owner = global_owner(c->node, l->global);
    fprintf(c->to, " %s.%s", owner ? symbol_name(owner->name) : "", symbol_name(l->name));
}

static void print_operand(struct code_text *c, enum operand_kind kind, unsigned operand)
{
    switch (kind) {
    case OPERAND_NONE: return;
    case OPERAND_CONST:
        fputc(' ', c->to);
        print_value((struct vvm_node *)c->node, c->to, c->unit->constants[operand], PRINT_WRITE, VALUE_SHOWN);
        return;
    case OPERAND_LINK: print_link(c, &c->unit->links[operand]); return;
    case OPERAND_PRIM: fprintf(c->to, " %s", c->unit->primitives[operand]->name); return;
    case OPERAND_FN:
        if (!c->seen[operand]) c->queue[c->queued++] = operand;
        c->seen[operand] = true;
        fprintf(c->to, " f%u", operand);
        return;
    default: fprintf(c->to, " %u", operand);
    }
}

static void print_code(struct code_text *c, const struct vvm_function *f)
{
    fprintf(c->to, "function %u/%u/%u\n", f->parameters, f->slots, f->flags);
    for (uint32_t at = 0; at < f->words; at += instruction_words(f->code[at])) {
        uint64_t w = f->code[at];
        const struct vvm_instruction *row = &instruction_table[word_op(w)];
        fputs(row->name, c->to);
        print_operand(c, row->a.kind, word_a(w));
        print_operand(c, row->b.kind, word_b(w));
        print_operand(c, row->c.kind, word_c(w));
        for (uint32_t i = 1; i < instruction_words(w); i++) fprintf(c->to, " %" PRIx64, f->code[at + i]);
        fputc('\n', c->to);
    }
}

/* The function and all of its unit that it leads to. */
static void print_function_text(const struct vvm_node *node, FILE *to, const struct vvm_function *f)
{
    struct code_text c = {.node = node, .to = to, .unit = f->unit};
    c.seen = calloc(f->unit->function_count, sizeof *c.seen);
    c.queue = calloc(f->unit->function_count, sizeof *c.queue);
    if (c.seen && c.queue) {
        c.seen[f->index] = true;
        c.queue[c.queued++] = f->index;
        for (uint32_t i = 0; i < c.queued; i++) print_code(&c, &f->unit->functions[c.queue[i]]);
    }
    free(c.seen);
    free(c.queue);
}

void function_digest(const struct vvm_node *node, const struct vvm_function *f, uint8_t digest[16])
{
    char *text = NULL;
    size_t octets = 0;
    FILE *to = open_memstream(&text, &octets);
    memset(digest, 0, 16);
    if (!to) return;
    print_function_text(node, to, f);
    if (!fclose(to)) crypto_generichash_blake2b(digest, 16, (const unsigned char *)text, octets, NULL, 0);
    free(text);
}

static void print_digest(const struct vvm_node *node, FILE *to, const struct vvm_function *f)
{
    uint8_t digest[16];
    function_digest(node, f, digest);
    fputs(" code:", to);
    for (unsigned i = 0; i < 8; i++) fprintf(to, "%02x", digest[i]);
}

static void print_meaning(const struct vvm_node *node, FILE *to, vvm_value v)
{
    if (has_type(v, TYPE_CLOSURE)) {
        print_digest(node, to, ((const struct closure *)value_pointer(v))->function);
        return;
    }
    fputc(' ', to);
    print_value((struct vvm_node *)node, to, v, PRINT_WRITE, VALUE_SHOWN);
}

/* ---- lines, sorted ------------------------------------------------------------------- */

static void add_line(struct lines *l, char *line)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        char **lines = realloc(l->lines, room * sizeof *lines);
        if (!lines) {
            l->failed = true;
            free(line);
            return;
        }
        l->lines = lines;
        l->room = room;
    }
    l->lines[l->count++] = line;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_lines(struct lines *l, FILE *to)
{
    if (l->count) qsort(l->lines, l->count, sizeof *l->lines, compare_lines);
    for (size_t i = 0; i < l->count; i++) {
        fputs(l->lines[i], to);
        free(l->lines[i]);
    }
    if (l->failed) fputs("(no memory for the rest)\n", to);
    free(l->lines);
}

static void print_global(const struct vvm_node *node, FILE *to, uint32_t number)
{
    uint32_t count;
    const struct layer *layers = layers_of(node, number, &count);
    fprintf(to, "%s.", symbol_name(global_owner(node, number)->name));
    print_value((struct vvm_node *)node, to, global_name(node, number), PRINT_WRITE, 200);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(to, " %s(%s)", layers[i].kind == LAYER_DEFINE ? "define" : "around",
                symbol_name(layers[i].owner->name));
        print_meaning(node, to, layers[i].value);
    }
    fputc('\n', to);
}

/* Core's own definitions are the same everywhere, but for what lies over them. */
static bool is_worth_a_line(const struct vvm_node *node, uint32_t number)
{
    uint32_t count;
    const struct vvm_vmlet *owner = global_owner(node, number);
    layers_of(node, number, &count);
    return owner && count > (owner->environment == node->core ? 1u : 0u);
}

static void print_globals(const struct vvm_node *node, FILE *to)
{
    struct lines lines = {0};
    for (uint32_t i = 0; i < globals_limit(node); i++) {
        char *line = NULL;
        size_t octets;
        FILE *out = is_worth_a_line(node, i) ? open_memstream(&line, &octets) : NULL;
        if (!out) continue;
        print_global(node, out, i);
        fclose(out);
        add_line(&lines, line);
    }
    put_lines(&lines, to);
}

/* ---- what a generation lists ----------------------------------------------------------- */

static void print_network(const struct vvm_node *node, FILE *to, const struct network *n)
{
    const struct wire_member *hooks[] = {n->run, n->peel, n->seal, n->uncaught, n->on_trap};
    fprintf(to, "network %s(%s)", symbol_name(n->name), symbol_name(n->item.owner->name));
    for (unsigned i = 0; i < n->match_count; i++)
        fprintf(to, " match:%u:%s:%u", n->matches[i].kind,
                is_symbol(n->matches[i].parent) ? symbol_name(n->matches[i].parent) : "", n->matches[i].key);
    for (unsigned i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (hooks[i]) print_meaning(node, to, hooks[i]->procedure);
    for (unsigned i = 0; i < 256; i++)
        if (n->opcodes[i])
            fprintf(to, " %u:%s(%s)", i, symbol_name(n->opcodes[i]->name),
                    symbol_name(n->opcodes[i]->owner->name));
    fputc('\n', to);
}

static void print_lists(const struct vvm_node *node, FILE *to, const struct vvm_generation *g)
{
    const struct match_table *m = g->matches;
    for (uint32_t i = 0; i < g->network_count; i++) print_network(node, to, g->networks[i]);
    for (uint32_t i = 0; i < m->instruction_count; i++) {
        const struct wire_instruction *w = m->instructions[i];
        fprintf(to, "instruction %s(%s) %u", symbol_name(w->name), symbol_name(w->owner->name), w->opcode);
        print_digest(node, to, w->body);
        fputc('\n', to);
    }
    for (uint32_t i = 0; i < m->member_count; i++) {
        const struct wire_member *member = m->members[i];
        fprintf(to, "%s %s.%s(%s)", member->around ? "around" : "member",
                member->set ? symbol_name(member->set->name) : "hook", symbol_name(member->name),
                symbol_name(member->item.owner->name));
        print_meaning(node, to, member->procedure);
        fputc('\n', to);
    }
}

/* Of tests and primitives the first element is the name. */
static void print_named(const struct vvm_node *node, FILE *to, const char *what, vvm_value list)
{
    struct lines lines = {0};
    for (; is_pair(list); list = cdr_of(list)) {
        char *line = NULL;
        size_t octets;
        FILE *out = open_memstream(&line, &octets);
        if (!out) continue;
        fprintf(out, "%s ", what);
        print_value((struct vvm_node *)node, out, car_of(car_of(list)), PRINT_WRITE, VALUE_SHOWN);
        fputc('\n', out);
        fclose(out);
        add_line(&lines, line);
    }
    put_lines(&lines, to);
}

static void print_tables(const struct vvm_node *node, FILE *to)
{
    struct lines lines = {0};
    for (const struct table *t = tables_first(node); t; t = t->next) {
        char *line;
        if (t->dropped) continue;
        if (asprintf(&line,
                     "table %s(%s) %s %u -> %u%s, %" PRIu64 " entries, %" PRIu64 " octets, %" PRIu64 " ns\n",
                     symbol_name(t->name), t->owner ? symbol_name(t->owner->name) : "", t->ops->name,
                     t->schema.key_size, t->schema.value_size, t->schema.variable ? " or less" : "",
                     t->schema.entries, t->schema.octets, t->schema.lifetime) > 0)
            add_line(&lines, line);
        else lines.failed = true;
    }
    put_lines(&lines, to);
}

/* ---- syntax -------------------------------------------------------------------------- */

static void print_syntax(const struct vvm_vmlet *v, FILE *to)
{
    struct lines lines = {0};
    const struct vvm_environment *env = v->environment;
    for (uint32_t i = 0; i < env->bucket_count; i++)
        for (const struct environment_entry *e = env->buckets[i]; e; e = e->next) {
            char *line;
            if (e->denotation.kind != DENOTES_MACRO || e->denotation.owner != v) continue;
            if (asprintf(&line, "syntax %s.%s\n", symbol_name(v->name), symbol_name(e->name)) > 0)
                add_line(&lines, line);
            else lines.failed = true;
        }
    put_lines(&lines, to);
}

/* The list is the newest first. */
static void print_vmlets(const struct vvm_node *node, const struct vvm_vmlet *v, FILE *to)
{
    if (!v || v->environment == node->core) return;
    print_vmlets(node, v->next, to);
    fprintf(to, "vmlet %s %" PRId64 "\n", symbol_name(v->name), v->version);
    print_syntax(v, to);
}

void state_print(const struct vvm_node *node, FILE *to)
{
    const struct vvm_generation *g = node->candidate ? node->candidate : node->current;
    print_vmlets(node, node->vmlets, to);
    print_globals(node, to);
    print_lists(node, to, g);
    print_named(node, to, "test", g->matches->tests);
    print_named(node, to, "primitive", g->matches->primitives);
    print_tables(node, to);
}
