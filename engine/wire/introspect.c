/* SPDX-License-Identifier: Apache-2.0 */
/*
 * introspect.c - looking into networks: their instructions with operands, takes and exits,
 * members of sets, hooks, and the two digests of an instruction set.
 *
 * The interface digest is of what programs see of an instruction: opcode, name, operands,
 * exits. It may travel in packets. The body digest is of the code too, so that it
 * changes when a layer is put over an instruction.
 */
#include <sodium/crypto_generichash_blake2b.h>
#include <stdlib.h>
#include <string.h>

#include "../authority.h"
#include "../expand_wire.h"
#include "../lib/lib.h"
#include "../reflect.h"
#include "execution.h"
#include "primitives.h"

#define DIGEST_OCTETS 16

/* ---- finding ---------------------------------------------------------------------------- */

bool network_selects(const struct network *n, const struct wire_instruction *w)
{
    if (n->selection == VALUE_TRUE) return w->owner == n->item.owner;
    vvm_value names = n->selection;
    while (is_pair(names) && car_of(names) != w->name) names = cdr_of(names);
    return is_pair(names);
}

/* The network's instruction: its owner's own before anybody else's newest. */
static const struct wire_instruction *instruction_in(const struct vvm_generation *g, const struct network *n,
                                                     vvm_value name)
{
    const struct match_table *t = g->matches;
    const struct wire_instruction *found = NULL;
    for (uint32_t i = 0; i < t->instruction_count; i++) {
        const struct wire_instruction *w = t->instructions[i];
        if (w->name != name || !network_selects(n, w)) continue;
        found = w;
        if (w->owner == n->item.owner) return w;
    }
    return found;
}

/* The first part of a target (WORD A B), if it is one with that word. */
static bool target_parts(vvm_value target, const char *word, vvm_value *a, vvm_value *b)
{
    if (list_count(target, 3) != 3 || !is_symbol_named(car_of(target), word)) return false;
    *a = car_of(cdr_of(target));
    *b = car_of(cdr_of(cdr_of(target)));
    return true;
}

static bool may_see(struct vvm_context *ctx, const struct vvm_vmlet *owner)
{
    return reflect_visible(ctx, authority_running(ctx), owner);
}

static const struct network *visible_network(struct vvm_context *ctx, vvm_value name)
{
    const struct vvm_generation *g = reflect_generation(ctx);
    const struct network *n = is_symbol(name) ? network_named(g, name) : NULL;
    return n && may_see(ctx, n->item.owner) ? n : NULL;
}

const struct wire_instruction *reflect_instruction(struct vvm_context *ctx, vvm_value target)
{
    vvm_value network, name;
    if (!target_parts(target, "instruction", &network, &name)) return NULL;
    const struct network *n = visible_network(ctx, network);
    return n ? instruction_in(reflect_generation(ctx), n, name) : NULL;
}

bool instruction_names_of(struct vvm_context *ctx, vvm_value network, vvm_value name,
                          struct instruction_names *names)
{
    const struct vvm_generation *g = reflect_generation(ctx);
    const struct network *n = network_named(g, network);
    const struct wire_instruction *w = n ? instruction_in(g, n, name) : NULL;
    if (!w) return false;
    vvm_value clauses = instruction_kept(w)->descriptor;
    names->operands = clause_of(clauses, "operands");
    if (names->operands == VALUE_FALSE) names->operands = VALUE_NULL;
    names->takes = VALUE_NULL;
    for (vvm_value at = clauses; is_pair(at); at = cdr_of(at))
        if (is_symbol_named(car_of(car_of(at)), "takes")) names->takes = car_of(at);
    names->author = w->owner->environment;
    return true;
}

vvm_value reflect_network_of(struct vvm_context *ctx, const struct vvm_vmlet *vmlet)
{
    const struct vvm_generation *g = reflect_generation(ctx);
    vvm_value name = VALUE_FALSE;
    unsigned count = 0;
    for (uint32_t i = 0; i < g->network_count; i++)
        if (g->networks[i]->item.owner == vmlet) name = g->networks[i]->name, count++;
    return count == 1 ? name : VALUE_FALSE;
}

vvm_value reflect_declared(const struct vvm_context *ctx)
{
    const struct vvm_generation *g = reflect_generation(ctx);
    return g && g->matches ? g->matches->primitives : VALUE_NULL;
}

/* ---- an instruction ------------------------------------------------------------------------ */

static vvm_value name_and(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *rest)
{
    vvm_value word = reflect_name(ctx, name);
    vvm_value list = list_from(ctx, rest, n, VALUE_NULL);
    return word == VALUE_EXCEPTION || list == VALUE_EXCEPTION ? VALUE_EXCEPTION : make_pair(ctx, word, list);
}

/* (next PUSHES) (goto OPERAND PUSHES) (call OPERAND KEPT ARGUMENTS THEN) (return) (handler OPERAND), and
 * how the exit changes the handlers */
static vvm_value exit_list(struct vvm_context *ctx, const struct wire_exit *e)
{
    static const char *const names[] = {"next", "goto", "call", "return", "handler"};
    const vvm_value parts[] = {make_fixnum(e->operand), make_fixnum(e->pushes),   make_fixnum(e->arguments),
                               make_fixnum(e->then),    make_fixnum(e->handlers), make_fixnum(e->lowest)};
    return name_and(ctx, names[e->kind], 6, parts);
}

static vvm_value exits_list(struct vvm_context *ctx, const struct wire_instruction *w)
{
    struct list_tail list = list_tail_start();
    for (unsigned i = 0; i < w->exit_count; i++)
        if (!reflect_item(ctx, &list, exit_list(ctx, &w->exits[i]))) return VALUE_EXCEPTION;
    return list.first;
}

static vvm_value clause_or_null(vvm_value clauses, const char *key)
{
    vvm_value v = clause_of(clauses, key);
    return v == VALUE_FALSE ? VALUE_NULL : v;
}

static bool add_head(struct vvm_context *ctx, struct list_tail *list, vvm_value name, vvm_value target,
                     const char *kind, const struct vvm_vmlet *owner, vvm_value network)
{
    return reflect_add(ctx, list, "name", name) && reflect_add(ctx, list, "target", target) &&
           reflect_add(ctx, list, "kind", reflect_name(ctx, kind)) &&
           reflect_add(ctx, list, "owner", owner ? owner->name : VALUE_FALSE) &&
           reflect_add(ctx, list, "network", network);
}

/* ((OWNER define|around "FILE" LINE COLUMN) ...), the lowest first */
static vvm_value layers_list(struct vvm_context *ctx, const struct network *n,
                             const struct wire_instruction *w)
{
    const struct match_table *t = reflect_generation(ctx)->matches;
    struct list_tail list = list_tail_start();
    bool good = reflect_item(ctx, &list, reflect_layer(ctx, w->owner, false, w->body));
    for (uint32_t i = 0; i < t->around_count && good; i++)
        if (t->arounds[i].network == n->name && t->arounds[i].name == w->name)
            good = reflect_item(ctx, &list,
                                reflect_layer(ctx, t->arounds[i].owner, true, t->arounds[i].body));
    return good ? list.first : VALUE_EXCEPTION;
}

static vvm_value describe_instruction(struct vvm_context *ctx, const struct network *n,
                                      const struct wire_instruction *w)
{
    struct list_tail list = list_tail_start();
    vvm_value clauses = instruction_kept(w)->descriptor;
    vvm_value target = reflect_target(ctx, "instruction", n->name, w->name);
    bool good = add_head(ctx, &list, w->name, target, "instruction", w->owner, n->name) &&
                reflect_add(ctx, &list, "opcode", make_fixnum(w->opcode)) &&
                reflect_add(ctx, &list, "operands", clause_or_null(clauses, "operands")) &&
                reflect_add(ctx, &list, "takes", clause_or_null(clauses, "takes")) &&
                reflect_add(ctx, &list, "exits", exits_list(ctx, w)) &&
                reflect_add(ctx, &list, "properties", clause_or_null(clauses, "properties")) &&
                reflect_add(ctx, &list, "doc", reflect_text(ctx, w->row.doc)) &&
                reflect_function(ctx, &list, w->body) &&
                reflect_add(ctx, &list, "place", reflect_place(ctx, w->body->position)) &&
                reflect_add(ctx, &list, "layers", layers_list(ctx, n, w));
    return good ? list.first : VALUE_EXCEPTION;
}

/* ---- members and hooks ------------------------------------------------------------------------ */

/* A symbol, or octets that are no symbol's. */
static vvm_value name_of_member(struct vvm_context *ctx, const struct wire_member *m)
{
    size_t length = strlen(symbol_name(m->name));
    if (length == m->length && !memcmp(symbol_name(m->name), m->octets, length)) return m->name;
    return make_bytes_from(ctx, m->octets, m->length);
}

static bool is_member(struct vvm_context *ctx, const struct wire_member *m, vvm_value set, vvm_value name)
{
    size_t length = 0;
    const uint8_t *octets = NULL;
    uint8_t room[MEMBER_NAME_MAX];
    if (!m->set || m->set->name != set) return false;
    if (is_symbol(name) || has_type(name, TYPE_BYTES))
        octets = name_octets(ctx, name, room, sizeof room, &length);
    return octets && length == m->length && !memcmp(octets, m->octets, length);
}

vvm_value member_target(struct vvm_context *ctx, const struct wire_member *m)
{
    vvm_value name = name_of_member(ctx, m);
    return name == VALUE_EXCEPTION ? name : reflect_target(ctx, "member", m->set->name, name);
}

static const struct vvm_function *function_of(vvm_value procedure)
{
    return ((const struct closure *)value_pointer(procedure))->function;
}

/* The definition and the arounds of its name, the lowest first. */
static vvm_value member_layers(struct vvm_context *ctx, const struct wire_member *defined,
                               bool (*covers)(const struct wire_member *around, const void *what),
                               const void *what)
{
    const struct match_table *t = reflect_generation(ctx)->matches;
    struct list_tail list = list_tail_start();
    bool good = reflect_item(ctx, &list,
                             reflect_layer(ctx, defined->item.owner, false, function_of(defined->procedure)));
    for (uint32_t i = 0; i < t->member_count && good; i++) {
        const struct wire_member *m = t->members[i];
        if (m->around && covers(m, what))
            good = reflect_item(ctx, &list,
                                reflect_layer(ctx, m->item.owner, true, function_of(m->procedure)));
    }
    return good ? list.first : VALUE_EXCEPTION;
}

static bool covers_member(const struct wire_member *around, const void *member)
{
    return member_same_name(around, member);
}

static vvm_value describe_member(struct vvm_context *ctx, const struct wire_member *m)
{
    struct list_tail list = list_tail_start();
    vvm_value name = name_of_member(ctx, m), target = member_target(ctx, m);
    const struct wire_member *top = set_member(reflect_generation(ctx), m->set, m->octets, m->length);
    const struct vvm_function *f = function_of((top ? top : m)->procedure);
    bool good = target != VALUE_EXCEPTION && name != VALUE_EXCEPTION &&
                add_head(ctx, &list, name, target, "member", m->item.owner, VALUE_FALSE) &&
                reflect_add(ctx, &list, "set", m->set->name) && reflect_function(ctx, &list, f) &&
                reflect_add(ctx, &list, "place", reflect_place(ctx, function_of(m->procedure)->position)) &&
                reflect_add(ctx, &list, "layers", member_layers(ctx, m, covers_member, m));
    return good ? list.first : VALUE_EXCEPTION;
}

static const struct wire_member *find_member(struct vvm_context *ctx, vvm_value set, vvm_value name)
{
    const struct match_table *t = reflect_generation(ctx)->matches;
    for (uint32_t i = t->member_count; i-- > 0;)
        if (!t->members[i]->around && is_member(ctx, t->members[i], set, name) &&
            may_see(ctx, t->members[i]->item.owner))
            return t->members[i];
    return NULL;
}

static vvm_value hook_target(struct vvm_context *ctx, const struct network *n, unsigned i)
{
    vvm_value name = reflect_name(ctx, hook_name(i));
    return name == VALUE_EXCEPTION ? name : reflect_target(ctx, "network", n->name, name);
}

struct hook_key {
    const struct network *network;
    unsigned hook;
};

static bool covers_key(const struct wire_member *around, const void *key)
{
    const struct hook_key *k = key;
    return hook_covered(around, k->network->name, k->hook);
}

static vvm_value describe_hook(struct vvm_context *ctx, const struct network *n, unsigned i)
{
    struct list_tail list = list_tail_start();
    const struct hook_key key = {n, i};
    const struct vvm_function *f = function_of(n->defined[i]->procedure);
    vvm_value target = hook_target(ctx, n, i);
    bool good = target != VALUE_EXCEPTION &&
                add_head(ctx, &list, reflect_name(ctx, hook_name(i)), target, "hook", n->item.owner,
                         n->name) &&
                reflect_function(ctx, &list, f) &&
                reflect_add(ctx, &list, "place", reflect_place(ctx, f->position)) &&
                reflect_add(ctx, &list, "layers", member_layers(ctx, n->defined[i], covers_key, &key));
    return good ? list.first : VALUE_EXCEPTION;
}

/* ---- all kinds ------------------------------------------------------------------------------------ */

vvm_value reflect_describe_wire(struct vvm_context *ctx, vvm_value target)
{
    vvm_value a, b;
    const struct wire_instruction *w = reflect_instruction(ctx, target);
    if (w) return describe_instruction(ctx, visible_network(ctx, car_of(cdr_of(target))), w);
    if (target_parts(target, "member", &a, &b)) {
        const struct wire_member *m = find_member(ctx, a, b);
        return m ? describe_member(ctx, m) : VALUE_FALSE;
    }
    const struct network *n = target_parts(target, "network", &a, &b) ? visible_network(ctx, a) : NULL;
    for (unsigned i = 0; n && i < HOOKS; i++)
        if (is_symbol_named(b, hook_name(i)) && n->defined[i]) return describe_hook(ctx, n, i);
    return VALUE_FALSE;
}

static bool list_network(struct vvm_context *ctx, const struct network *n, struct list_tail *list)
{
    const struct match_table *t = reflect_generation(ctx)->matches;
    for (uint32_t i = 0; i < t->instruction_count; i++) {
        const struct wire_instruction *w = t->instructions[i];
        if (!network_selects(n, w)) continue;
        if (!reflect_item(ctx, list, reflect_target(ctx, "instruction", n->name, w->name))) return false;
    }
    for (unsigned i = 0; i < HOOKS; i++)
        if (n->defined[i] && !reflect_item(ctx, list, hook_target(ctx, n, i))) return false;
    return true;
}

bool reflect_list_wire(struct vvm_context *ctx, const struct vvm_vmlet *one, struct list_tail *list)
{
    const struct vvm_generation *g = reflect_generation(ctx);
    bool good = true;
    for (uint32_t i = 0; i < g->network_count && good; i++) {
        const struct vvm_vmlet *owner = g->networks[i]->item.owner;
        if (one ? owner == one : may_see(ctx, owner)) good = list_network(ctx, g->networks[i], list);
    }
    for (uint32_t i = 0; i < g->matches->member_count && good; i++) {
        const struct wire_member *m = g->matches->members[i];
        if (!m->set || m->around || !(one ? m->item.owner == one : may_see(ctx, m->item.owner))) continue;
        good = reflect_item(ctx, list, member_target(ctx, m));
    }
    return good;
}

/* ---- digests --------------------------------------------------------------------------------------- */

/* (OPCODE NAME OPERANDS EXITS) */
static vvm_value interface_row(struct vvm_context *ctx, const struct wire_instruction *w)
{
    vvm_value operands = clause_or_null(instruction_kept(w)->descriptor, "operands");
    vvm_value kinds = VALUE_NULL;
    for (vvm_value at = operands; is_pair(at) && kinds != VALUE_EXCEPTION; at = cdr_of(at))
        kinds = make_pair(ctx, cdr_of(car_of(at)), kinds);
    const vvm_value row[] = {make_fixnum(w->opcode), w->name, kinds, exits_list(ctx, w)};
    return row[2] == VALUE_EXCEPTION || row[3] == VALUE_EXCEPTION ? VALUE_EXCEPTION
                                                                  : list_from(ctx, row, 4, VALUE_NULL);
}

static bool add_code(struct vvm_context *ctx, struct list_tail *list, const struct vvm_function *body)
{
    uint8_t digest[16];
    function_digest(ctx->node, body, digest);
    return reflect_item(ctx, list, make_bytes_from(ctx, digest, sizeof digest));
}

static vvm_value digest_of(struct vvm_context *ctx, vvm_value v)
{
    char *text = NULL;
    size_t octets = 0;
    vvm_value digest = v == VALUE_EXCEPTION ? v : make_bytes(ctx, DIGEST_OCTETS);
    FILE *to = digest == VALUE_EXCEPTION ? NULL : open_memstream(&text, &octets);
    if (!to) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    print_value(ctx->node, to, v, PRINT_WRITE, 0);
    fclose(to);
    crypto_generichash_blake2b(bytes_of(digest)->data, DIGEST_OCTETS, (const uint8_t *)text, octets, NULL, 0);
    free(text);
    return digest;
}

/* The lowest row is what programs see; the bodies of those over it are code too. */
static bool add_row(struct vvm_context *ctx, struct list_tail *list, const struct network *n,
                    const struct wire_instruction *w, bool bodies)
{
    for (; w->below; w = w->below)
        if (bodies && !add_code(ctx, list, w->body)) return false;
    if (!bodies && w->owner != n->item.owner) return true;
    return reflect_item(ctx, list, interface_row(ctx, w)) && (!bodies || add_code(ctx, list, w->body));
}

static vvm_value network_digest(struct vvm_context *ctx, vvm_value name, bool bodies)
{
    struct list_tail list = list_tail_start();
    const struct network *n = is_symbol(name) ? network_named(ctx->node->current, name) : NULL;
    if (!n || !may_see(ctx, n->item.owner))
        return raise_message(ctx, ERROR_UNBOUND, name, "no such network is visible");
    for (unsigned opcode = 0; opcode < 256; opcode++)
        if (n->opcodes[opcode] && !add_row(ctx, &list, n, n->opcodes[opcode], bodies))
            return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return digest_of(ctx, list.first);
}

/* ---- the primitives ----------------------------------------------------------------------------------- */

vvm_value primitive_networks(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    struct list_tail list = list_tail_start();
    const struct vvm_generation *g = reflect_generation(ctx);
    (void)n, (void)args;
    for (uint32_t i = 0; i < g->network_count; i++)
        if (may_see(ctx, g->networks[i]->item.owner) && !reflect_item(ctx, &list, g->networks[i]->name))
            return VALUE_EXCEPTION;
    return list.first;
}

vvm_value primitive_instructions(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    struct list_tail list = list_tail_start();
    const struct network *network = visible_network(ctx, args[0]);
    const struct match_table *t = reflect_generation(ctx)->matches;
    (void)n;
    if (!network)
        return raise_message(ctx, ERROR_UNBOUND, args[0], "instructions: no such network is visible");
    for (uint32_t i = 0; i < t->instruction_count; i++) {
        const struct wire_instruction *w = t->instructions[i];
        if (network_selects(network, w) && !reflect_item(ctx, &list, describe_instruction(ctx, network, w)))
            return VALUE_EXCEPTION;
    }
    return list.first;
}

vvm_value primitive_members(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    struct list_tail list = list_tail_start();
    const struct match_table *t = reflect_generation(ctx)->matches;
    (void)n;
    for (uint32_t i = 0; i < t->member_count; i++) {
        const struct wire_member *m = t->members[i];
        if (!m->set || m->around || m->set->name != args[0] || !may_see(ctx, m->item.owner)) continue;
        if (!reflect_item(ctx, &list, describe_member(ctx, m))) return VALUE_EXCEPTION;
    }
    return list.first;
}

vvm_value primitive_interface_digest(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    return network_digest(ctx, args[0], false);
}

vvm_value primitive_body_digest(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    return network_digest(ctx, args[0], true);
}
