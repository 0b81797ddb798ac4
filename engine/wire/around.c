/* SPDX-License-Identifier: Apache-2.0 */
/*
 * around.c - arounds over instructions of a network. A generation lists them in the order
 * in which they were put there, each with the network and instruction it is for, by name.
 * When opcode tables are built, each row that has arounds becomes a chain:
 *
 *   newest around -> ... -> oldest around -> the network's own row
 *
 * The uppermost stands in the table. Its body runs first; EXIT_PREVIOUS gives way to the
 * body beneath. A body of an around has no other exit, so whatever leaves normally passes
 * each level once and leaves by an exit of the lowest: to the wire verifier a chain has the
 * shape, the exits and the handler heights of its lowest row.
 */
#include "around.h"
#include "../authority.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../layer.h"

#define CHAIN_MAX 64u /* arounds over one instruction: a collector goes down the chain */

/* ---- putting one there ------------------------------------------------------------------ */

static int enlist(struct match_table *t, const struct row_around *around)
{
    unsigned chain = 0;
    for (uint32_t i = 0; i < t->around_count; i++) {
        if (t->arounds[i].network != around->network || t->arounds[i].name != around->name) continue;
        if (t->arounds[i].body == around->body)
            return 0; /* a chain has each body once: a frame's body says on which level it is */
        if (++chain == CHAIN_MAX) return -ENOSPC;
    }
    struct row_around *grown = realloc(t->arounds, (t->around_count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    t->arounds = grown;
    grown[t->around_count++] = *around;
    return 0;
}

static int refuse(struct vvm_context *ctx, enum error_code code, const struct row_around *around,
                  const char *what)
{
    raise_message(ctx, code, VALUE_DEFAULT, "around: instruction %.100s of network %.100s: %s",
                  symbol_name(around->name), symbol_name(around->network), what);
    return -EINVAL;
}

static bool same_shape(const struct body_shape *a, const struct body_shape *b)
{
    return a->operand_count == b->operand_count && a->take_count == b->take_count && a->items == b->items &&
           memcmp(a->operands, b->operands, sizeof a->operands) == 0 &&
           memcmp(a->take_class, b->take_class, sizeof a->take_class) == 0;
}

static int fits(struct vvm_context *ctx, const struct row_around *around, const struct wire_instruction *row)
{
    if (same_shape(around->body->shape, &row->shape)) return 0;
    return refuse(ctx, ERROR_SIGNATURE, around, "it has other operands or takes than the around");
}

static bool may_cover_row(const struct network *n, const struct row_around *around)
{
    struct authority_target target = {TARGET_INSTRUCTION, symbol_name(n->name), symbol_name(around->name)};
    return around->owner == n->item.owner ||
           authority_allows_target(around->owner, CAPABILITY_AROUND, target);
}

static int refuse_row(struct vvm_context *ctx, const struct row_around *around)
{
    char grant[200];
    snprintf(grant, sizeof grant, "(around (instruction %.80s %.80s))", symbol_name(around->network),
             symbol_name(around->name));
    authority_refuse(ctx, around->owner, grant);
    return -EPERM;
}

int instruction_around(struct vvm_context *ctx, vvm_value network, vvm_value name,
                       const struct vvm_function *body)
{
    struct vvm_generation *g = wire_candidate(ctx, "around");
    if (!g) return -EPERM;
    const struct network *handle = wire_pointer(network, TYPE_NETWORK);
    struct row_around around = {authority_definer(ctx, body),
                                handle ? handle->name : network,
                                name,
                                body,
                                ctx->node->weaving,
                                VALUE_FALSE};
    if (!is_symbol(around.network) || !is_symbol(name)) {
        raise_type(ctx, "around", 1, "network and name of an instruction", network);
        return -EINVAL;
    }
    const struct network *n = network_named(g, around.network);
    const struct wire_instruction *row = n ? instruction_named(g->matches, n->item.owner, name) : NULL;
    if (!row) return refuse(ctx, ERROR_UNBOUND, &around, "there is no such one");
    if (!may_cover_row(n, &around)) return refuse_row(ctx, &around);
    struct wire_instruction read = {.name = name};
    int err = around_from_body(ctx, body, &read);
    if (!err) err = fits(ctx, &around, row);
    if (!err) err = enlist(g->matches, &around);
    if (err == -ENOSPC) return refuse(ctx, ERROR_RANGE, &around, "it has 64 arounds already");
    if (err == -ENOMEM) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return err;
}

void around_keep(struct vvm_generation *g, vvm_value procedure)
{
    struct match_table *t = g->matches;
    const struct vvm_function *body = ((const struct closure *)value_pointer(procedure))->function;
    for (uint32_t i = 0; i < t->around_count; i++)
        if (t->arounds[i].body == body) t->arounds[i].procedure = procedure;
}

/* ---- chains -------------------------------------------------------------------------------- */

/* What a network had in the generation before, so that nothing new is made for the same. */
static const struct wire_instruction *made_before(const struct wire_instruction *chain,
                                                  const struct wire_instruction *below,
                                                  const struct vvm_function *body)
{
    for (; chain; chain = chain->below)
        if (chain->below == below && chain->body == body) return chain;
    return NULL;
}

static int fill(struct vvm_context *ctx, const struct vvm_generation *g, struct wire_instruction *w,
                const struct wire_instruction *below, const struct row_around *around)
{
    const char *doc = w->row.doc;
    *w = *below;
    w->row.doc = doc;
    w->row.wire = w;
    w->row.effects |= function_effects(ctx->node, g, around->body, 0, NULL, 0);
    w->owner = around->owner;
    w->body = around->body;
    w->below = below;
    uint32_t cost = around->body->entry_cost + instruction_table[OP_INVOKE].cost;
    if (cost > UINT16_MAX)
        return refuse(ctx, ERROR_VERIFY, around, "the around's first block costs too much");
    w->row.cost = (uint16_t)cost;
    return 0;
}

static int put_on(struct vvm_context *ctx, const struct vvm_generation *g,
                  const struct wire_instruction *before, const struct row_around *around,
                  const struct wire_instruction **top)
{
    int err = fits(ctx, around, *top);
    if (err) return err;
    const struct wire_instruction *known = made_before(before, *top, around->body);
    if (known) {
        *top = known;
        return 0;
    }
    struct wire_instruction *w = instruction_over(ctx->node, *top, around->owner);
    if (!w) return -ENOMEM;
    instruction_kept(w)->procedure = around->procedure;
    err = fill(ctx, g, w, *top, around);
    *top = w;
    return err;
}

int around_compose(struct vvm_context *ctx, const struct vvm_generation *g, const struct network *network,
                   const struct wire_instruction **table)
{
    const struct match_table *t = g->matches;
    for (uint32_t i = 0; i < t->around_count; i++) {
        const struct row_around *around = &t->arounds[i];
        if (around->network != network->name) continue;
        for (unsigned op = 0; op < 256; op++) {
            if (!table[op] || table[op]->name != around->name) continue;
            int err = put_on(ctx, g, network->opcodes[op], around, &table[op]);
            if (err) return err;
        }
    }
    return 0;
}

void arounds_remove(struct match_table *t, const struct vvm_vmlet *owner)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->around_count; i++)
        if (t->arounds[i].owner != owner) t->arounds[kept++] = t->arounds[i];
    t->around_count = kept;
}
