/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network.c - define-network, and what is built of it when a generation is published:
 * opcode tables, match clauses, the profile check.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../authority.h"
#include "../table/table.h"
#include "around.h"
#include "execution.h"
#include "primitives.h"

#define NETWORKS_MAX  64
#define ARENA_MOST    (128u << 10)
#define RESERVE_MOST  (64u << 10)
#define FUEL_MOST     INT64_C(1000000000000)
#define FUEL_DEFAULT  10000
#define ARENA_DEFAULT (16u << 10)

struct draft {
    struct vvm_context *ctx;
    struct network *network;
    vvm_value clauses; /* as written: (match ...), (instructions ...), (limits ...) */
    vvm_value hooks;   /* ((kind . value) ...) */
};

static int refuse(const struct draft *d, const char *what)
{
    raise_message(d->ctx, ERROR_SYNTAX, d->network->name, "define-network: %s", what);
    return -EINVAL;
}

/* ---- match ------------------------------------------------------------------------------ */

static bool may_claim(const struct draft *d, const char *carrier, uint64_t key)
{
    const struct vvm_vmlet *who = authority_running(d->ctx);
    char grant[160];
    if (authority_allows_claim(who, carrier, key)) return true;
    snprintf(grant, sizeof grant, "(network %.100s %llu)", carrier, (unsigned long long)key);
    authority_refuse(d->ctx, who, grant);
    return false;
}

static int parse_match(const struct draft *d, vvm_value clause)
{
    struct network *network = d->network;
    if (list_count(clause, 2) != 2 || !is_symbol(car_of(clause)) || !is_fixnum(car_of(cdr_of(clause))))
        return refuse(d, "a match clause is (udp PORT), (ip PROTOCOL), (ethernet TYPE) or (NETWORK KEY)");
    if (network->match_count == NETWORK_MATCHES_MAX) return refuse(d, "more than 8 match clauses");
    int64_t key = fixnum_value(car_of(cdr_of(clause)));
    vvm_value kind = car_of(clause);
    int64_t most = is_symbol_named(kind, "ip") ? 255 : UINT16_MAX;
    struct match_clause m = {.kind = MATCH_NETWORK, .parent = VALUE_FALSE};
    if (is_symbol_named(kind, "udp")) m.kind = MATCH_UDP;
    else if (is_symbol_named(kind, "ip")) m.kind = MATCH_IP;
    else if (is_symbol_named(kind, "ethernet")) m.kind = MATCH_ETHERNET;
    else most = UINT32_MAX;
    if (m.kind == MATCH_NETWORK) m.parent = kind;
    if (key < 0 || key > most) return refuse(d, "a key of a match clause is out of range");
    if (!may_claim(d, symbol_name(kind), (uint64_t)key)) return -EPERM;
    m.key = (uint32_t)key;
    network->matches[network->match_count++] = m;
    return 0;
}

static int parse_matches(const struct draft *d)
{
    vvm_value matches = clause_of(d->clauses, "match");
    if (matches == VALUE_FALSE) return refuse(d, "a (match ...) clause is needed, (match) for none");
    for (; is_pair(matches); matches = cdr_of(matches)) {
        int err = parse_match(d, car_of(matches));
        if (err) return err;
    }
    return is_null(matches) ? 0 : refuse(d, "the clauses of match are no list");
}

/* ---- limits ------------------------------------------------------------------------------- */

static int parse_limit(const struct draft *d, vvm_value limits, const char *key, int64_t most, int64_t *out)
{
    vvm_value limit = clause_of(limits, key);
    if (!is_true(limit)) return 0;
    if (!is_pair(limit) || !is_fixnum(car_of(limit)) || fixnum_value(car_of(limit)) < 1 ||
        fixnum_value(car_of(limit)) > most)
        return refuse(d, "a limit lies outside its range");
    *out = fixnum_value(car_of(limit));
    return 0;
}

static int check_limits(const struct draft *d, const char *name, vvm_value limits, const char *const *known)
{
    char form[40];
    if (limits == VALUE_FALSE) return 0;
    snprintf(form, sizeof form, "define-network: %s", name);
    return clauses_check(d->ctx, form, limits, known);
}

static int parse_limits(const struct draft *d)
{
    vvm_value limits = clause_of(d->clauses, "limits");
    vvm_value reserve = clause_of(limits, "reserve");
    int64_t fuel = FUEL_DEFAULT, arena = ARENA_DEFAULT, reserve_fuel = FUEL_DEFAULT / 10,
            reserve_arena = 2048;
    int err = check_limits(d, "limits", limits, (const char *[]){"fuel", "arena", "reserve", NULL});
    if (!err) err = check_limits(d, "reserve", reserve, (const char *[]){"fuel", "arena", NULL});
    if (!err) err = parse_limit(d, limits, "fuel", FUEL_MOST, &fuel);
    if (!err) err = parse_limit(d, limits, "arena", ARENA_MOST, &arena);
    if (!err) err = parse_limit(d, reserve, "fuel", FUEL_MOST, &reserve_fuel);
    if (!err) err = parse_limit(d, reserve, "arena", RESERVE_MOST, &reserve_arena);
    d->network->limits = (struct network_limits){fuel, reserve_fuel, (uint32_t)arena & ~7u,
                                                 (uint32_t)reserve_arena & ~7u};
    return err;
}

/* ---- hooks -------------------------------------------------------------------------------- */

/* Value of a hook, VALUE_FALSE if it is not given. */
static vvm_value hook_of(const struct draft *d, const char *kind) { return clause_of(d->hooks, kind); }

static int parse_hook(const struct draft *d, const char *kind, unsigned parameters,
                      const struct wire_member **out)
{
    vvm_value procedure = hook_of(d, kind);
    *out = NULL;
    if (!is_true(procedure)) return 0;
    if (!has_type(procedure, TYPE_CLOSURE)) return refuse(d, "a hook is no procedure");
    const struct vvm_function *f = ((struct closure *)value_pointer(procedure))->function;
    if (f->parameters != parameters || f->flags & FUNCTION_REST)
        return refuse(d, "a hook takes another number of arguments");
    d->network->item.owner = authority_definer(d->ctx, f);
    *out = member_new(d->ctx, NULL, intern(d->ctx->node, kind), procedure);
    return *out ? 0 : -EINVAL;
}

static int error_code_named(const struct draft *d, vvm_value name)
{
    for (int code = 1; code < ERROR_LIMIT; code++)
        if (is_symbol_named(name, error_name((enum error_code)code))) return code;
    raise_message(d->ctx, ERROR_SYNTAX, name, "define-network: on-error: no such error");
    return -EINVAL;
}

/* (((CODE ...) . value) ...) */
static int parse_errors(const struct draft *d)
{
    vvm_value list = hook_of(d, "on-error");
    struct network *network = d->network;
    for (; is_pair(list); list = cdr_of(list)) {
        vvm_value codes = car_of(car_of(list)), value = cdr_of(car_of(list));
        for (; is_pair(codes); codes = cdr_of(codes)) {
            int code = error_code_named(d, car_of(codes));
            if (code < 0) return code;
            if (network->error_count == NETWORK_ERRORS_MAX) return refuse(d, "on-error maps too many errors");
            network->errors[network->error_count++] = (struct error_mapping){(uint8_t)code, value};
        }
    }
    return 0;
}

static int parse_hooks(const struct draft *d)
{
    struct network *n = d->network;
    int err = parse_hook(d, "run", 0, &n->run);
    if (!err) err = parse_hook(d, "peel", 0, &n->peel);
    if (!err) err = parse_hook(d, "seal", 3, &n->seal);
    if (!err) err = parse_hook(d, "uncaught", 1, &n->uncaught);
    if (!err) err = parse_hook(d, "on-trap", 1, &n->on_trap);
    if (!err) err = parse_hook(d, "steer", 0, &n->steer);
    if (err) return err;
    memcpy(n->defined, (const struct wire_member *[HOOKS]){n->run, n->peel, n->seal, n->uncaught, n->on_trap},
           sizeof n->defined);
    if (!n->run && !n->peel) return refuse(d, "(execute f), (program P accessor) or (peel f) is needed");
    vvm_value program = hook_of(d, "program");
    n->program = wire_pointer(program, TYPE_PROGRAM);
    if (is_true(program) && !n->program) return refuse(d, "(program P accessor): P is no program");
    n->layout = hook_of(d, "layout");
    return parse_errors(d);
}

static int parse_selection(const struct draft *d)
{
    vvm_value names = clause_of(d->clauses, "instructions");
    d->network->selection = VALUE_NULL;
    if (!is_true(names)) return 0;
    if (list_count(names, 256) < 0) return refuse(d, "(instructions NAME ...) or (instructions *)");
    bool all = is_pair(names) && is_symbol_named(car_of(names), "*");
    d->network->selection = all ? VALUE_TRUE : names;
    return 0;
}

/* ---- in the generation ----------------------------------------------------------------------- */

static int enlist(struct vvm_generation *g, struct network *network)
{
    for (uint32_t i = 0; i < g->network_count; i++)
        if (g->networks[i]->name == network->name && g->networks[i]->item.owner == network->item.owner) {
            g->networks[i] = network;
            return 0;
        }
    if (g->network_count == NETWORKS_MAX) return -ENOSPC;
    struct network **grown = realloc(g->networks, (g->network_count + 1) * sizeof *grown);
    if (!grown) return -ENOMEM;
    g->networks = grown;
    grown[g->network_count++] = network;
    return 0;
}

static struct network *network_new(struct vvm_node *node, struct vvm_vmlet *owner)
{
    struct network *network = item_new(node, WIRE_NETWORK, owner, sizeof *network);
    if (network) network->handle = network->layout = network->selection = VALUE_FALSE;
    return network;
}

/* (%define-network 'name 'clauses hooks) -> handle; hooks: ((kind . value) ...) */
vvm_value primitive_define_network(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    struct vvm_generation *g = wire_candidate(ctx, "define-network");
    if (!g) return VALUE_EXCEPTION;
    if (!is_symbol(args[0])) return raise_type(ctx, "%define-network", 1, "symbol", args[0]);
    struct network *network = network_new(ctx->node, running_vmlet(ctx));
    if (!network) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    network->name = args[0];
    struct draft d = {ctx, network, args[1], args[2]};
    if (list_count(args[1], 64) < 0) return refuse(&d, "malformed"), VALUE_EXCEPTION;
    int err = parse_matches(&d);
    if (!err) err = parse_limits(&d);
    if (!err) err = parse_hooks(&d);
    if (!err) err = parse_selection(&d);
    if (err == -ENOMEM) return raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    if (err) return VALUE_EXCEPTION;
    if (enlist(g, network)) return raise_message(ctx, ERROR_RANGE, args[0], "more than 64 networks");
    return network->handle = wire_handle(ctx, TYPE_NETWORK, network);
}

/* ---- building opcode tables ------------------------------------------------------------------- */

struct opcodes {
    struct vvm_context *ctx;
    const struct network *network;
    const struct wire_instruction *table[256];
};

#define PLACE_TEXT 300

/* "network NAME (FILE:LINE:COLUMN)", its define-network, which is where its hooks were made. */
static const char *network_place(const struct opcodes *o, char text[PLACE_TEXT])
{
    const struct network *n = o->network;
    const struct closure *hook = value_pointer((n->run ? n->run : n->peel)->procedure);
    uint64_t p = hook->function->position;
    const char *file = position_file(p) ? node_file_name(o->ctx->node, position_file(p)) : NULL;
    snprintf(text, PLACE_TEXT, "network %.60s (%s:%u:%u)", symbol_name(n->name), file ? file : "?",
             position_line(p), position_column(p));
    return text;
}

static int claim(struct opcodes *o, const struct wire_instruction *w)
{
    const struct wire_instruction *there = o->table[w->opcode];
    char place[PLACE_TEXT];
    if (there && there != w) {
        raise_message(o->ctx, ERROR_SYNTAX, w->name, "%s: opcode %u is also that of %s",
                      network_place(o, place), w->opcode, symbol_name(there->name));
        return -EPERM;
    }
    o->table[w->opcode] = w;
    return 0;
}

/* By name: the network's owner's own before anybody else's newest. */
const struct wire_instruction *instruction_named(const struct match_table *t, const struct vvm_vmlet *owner,
                                                 vvm_value name)
{
    const struct wire_instruction *found = NULL;
    for (uint32_t i = 0; i < t->instruction_count; i++) {
        if (t->instructions[i]->name != name) continue;
        found = t->instructions[i];
        if (found->owner == owner) return found;
    }
    return found;
}

static int select_instructions(struct opcodes *o, const struct match_table *t)
{
    int err = 0;
    char place[PLACE_TEXT];
    const struct network *n = o->network;
    if (n->selection == VALUE_TRUE) {
        for (uint32_t i = 0; i < t->instruction_count && !err; i++)
            if (t->instructions[i]->owner == n->item.owner) err = claim(o, t->instructions[i]);
        return err;
    }
    for (vvm_value names = n->selection; is_pair(names) && !err; names = cdr_of(names)) {
        const struct wire_instruction *w = instruction_named(t, n->item.owner, car_of(names));
        if (!w) {
            raise_message(o->ctx, ERROR_UNBOUND, car_of(names), "%s: no such instruction",
                          network_place(o, place));
            return -EPERM;
        }
        err = claim(o, w);
    }
    return err;
}

static bool has_hooks(const struct network *n, const struct wire_member *const *hooks)
{
    return n->run == hooks[0] && n->peel == hooks[1] && n->seal == hooks[2] && n->uncaught == hooks[3] &&
           n->on_trap == hooks[4];
}

static void take_hooks(struct network *n, const struct wire_member *const *hooks)
{
    n->run = hooks[0], n->peel = hooks[1], n->seal = hooks[2], n->uncaught = hooks[3], n->on_trap = hooks[4];
}

/* A published network never changes: other opcodes or hooks are another object. */
static int build_opcodes(struct vvm_context *ctx, struct vvm_generation *g, uint32_t i)
{
    struct network *network = g->networks[i];
    struct opcodes o = {.ctx = ctx, .network = network};
    int err = select_instructions(&o, g->matches);
    if (!err) err = around_compose(ctx, g, network, o.table);
    if (err) return err;
    const struct wire_member *hooks[HOOKS];
    for (unsigned k = 0; k < HOOKS; k++) hooks[k] = hook_in_force(g, network, k);
    if (network->revision && memcmp(network->opcodes, o.table, sizeof o.table) == 0 &&
        has_hooks(network, hooks))
        return 0;
    if (network->revision) {
        struct network *copy = network_new(ctx->node, network->item.owner);
        if (!copy) return -ENOMEM;
        struct wire_item item = copy->item;
        *copy = *network;
        copy->item = item;
        g->networks[i] = network = copy;
    }
    memcpy(network->opcodes, o.table, sizeof o.table);
    take_hooks(network, hooks);
    network->revision = ++ctx->node->wire->revisions;
    assert(network->revision && g == ctx->node->candidate); /* 0: not yet built */
    return 0;
}

static int build_clauses(struct vvm_generation *g)
{
    struct match_table *t = g->matches;
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->network_count; i++) count += g->networks[i]->match_count;
    struct match_clause *clauses = calloc(count + 1, sizeof *clauses);
    if (!clauses) return -ENOMEM;
    free(t->clauses);
    t->clauses = clauses;
    t->clause_count = 0;
    t->steers = false;
    for (uint32_t i = 0; i < g->network_count; i++) t->steers |= g->networks[i]->steer != NULL;
    for (uint32_t i = 0; i < g->network_count; i++)
        for (unsigned k = 0; k < g->networks[i]->match_count; k++) {
            struct match_clause *m = &t->clauses[t->clause_count++];
            *m = g->networks[i]->matches[k];
            m->network = g->networks[i];
        }
    return 0;
}

/* ---- the profile ------------------------------------------------------------------------------- */

static int check_function(struct vvm_context *ctx, const struct vvm_generation *g,
                          const struct vvm_function *f, uint32_t unwanted, const char *what, vvm_value name)
{
    char text[600];
    if (!(function_effects(ctx->node, g, f, unwanted, text, sizeof text) & unwanted)) return 0;
    raise_message(ctx, ERROR_PROFILE, VALUE_DEFAULT, "%s %s: %s", what, symbol_name(name), text);
    return -EPERM;
}

/* What packet code names is constant from now on: nobody changes it under a worker. */
static int freeze_constants(struct vvm_context *ctx, const struct vvm_generation *g,
                            const struct vvm_function *f, uint32_t unwanted, const char *what, vvm_value name)
{
    return function_freeze(ctx->node, g, f);
}

int wire_each_procedure(struct vvm_context *ctx, const struct vvm_generation *g, vvm_value procedure,
                        const char *what, vvm_value name, packet_function each)
{
    const struct closure *closure = value_pointer(procedure);
    return each(ctx, g, closure->function, EFFECTS_LOAD_PROFILE | EFFECT_EXIT, what, name);
}

static int each_hook(struct vvm_context *ctx, const struct vvm_generation *g, const struct network *n,
                     packet_function each)
{
    const struct wire_member *hooks[] = {n->run, n->peel, n->seal, n->uncaught, n->on_trap, n->steer};
    for (unsigned i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        if (!hooks[i]) continue;
        int err = wire_each_procedure(ctx, g, hooks[i]->procedure, symbol_name(hooks[i]->name), n->name,
                                      each);
        if (err) return err;
    }
    return 0;
}

static int each_packet_function(struct vvm_context *ctx, const struct vvm_generation *g, packet_function each)
{
    const struct match_table *t = g->matches;
    int err = 0;
    for (uint32_t i = 0; i < t->instruction_count && !err; i++)
        err = each(ctx, g, t->instructions[i]->body, EFFECTS_LOAD_PROFILE, "instruction",
                   t->instructions[i]->name);
    for (uint32_t i = 0; i < t->around_count && !err; i++)
        err = each(ctx, g, t->arounds[i].body, EFFECTS_LOAD_PROFILE, "around of instruction",
                   t->arounds[i].name);
    for (uint32_t i = 0; i < t->member_count && !err; i++)
        err = wire_each_procedure(ctx, g, t->members[i]->procedure, "member", t->members[i]->name, each);
    for (uint32_t i = 0; i < g->network_count && !err; i++) err = each_hook(ctx, g, g->networks[i], each);
    if (!err) err = wire_each_primitive(ctx, g, each);
    if (!err) err = entries_each(ctx, g, each);
    return err;
}

int wire_check(struct vvm_context *ctx, struct vvm_generation *candidate)
{
    int err = 0;
    members_bind(candidate);
    for (uint32_t i = 0; i < candidate->network_count && !err; i++) err = build_opcodes(ctx, candidate, i);
    if (!err) err = build_clauses(candidate);
    if (!err) err = entries_build(ctx->node, candidate);
    if (!err) err = each_packet_function(ctx, candidate, check_function);
    if (err == -ENOMEM) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return err ? -EPERM : 0;
}

int wire_freeze(struct vvm_context *ctx, const struct vvm_generation *candidate)
{
    int err = table_views_fill(ctx->node);
    if (!err) err = each_packet_function(ctx, candidate, freeze_constants);
    if (err) raise_error(ctx, ERROR_HEAP, VALUE_DEFAULT);
    return err;
}

/* ---- looking up ---------------------------------------------------------------------------------- */

const struct network *match_lookup(const struct vvm_generation *generation, enum match_kind kind,
                                   uint32_t key)
{
    const struct match_table *t = generation->matches;
    for (uint32_t i = t ? t->clause_count : 0; i-- > 0;)
        if (t->clauses[i].kind == kind && t->clauses[i].key == key) return t->clauses[i].network;
    return NULL;
}

void match_each(const struct vvm_generation *generation,
                void (*fn)(void *data, enum match_kind kind, uint32_t key, const struct network *network),
                void *data)
{
    const struct match_table *t = generation->matches;
    for (uint32_t i = 0; t && i < t->clause_count; i++)
        if (t->clauses[i].kind != MATCH_NETWORK)
            fn(data, (enum match_kind)t->clauses[i].kind, t->clauses[i].key, t->clauses[i].network);
}

const char *network_name(const struct network *network) { return symbol_name(network->name); }

const struct network *network_child(const struct vvm_generation *g, const struct network *parent,
                                    uint32_t key)
{
    const struct match_table *t = g->matches;
    for (uint32_t i = t->clause_count; i-- > 0;)
        if (t->clauses[i].kind == MATCH_NETWORK && t->clauses[i].key == key &&
            t->clauses[i].parent == parent->name)
            return t->clauses[i].network;
    return NULL;
}

const struct match_clause *network_carried(const struct network *n)
{
    for (unsigned i = 0; i < n->match_count; i++)
        if (n->matches[i].kind != MATCH_NETWORK) return NULL;
    return n->match_count ? &n->matches[0] : NULL;
}

const struct network *network_named(const struct vvm_generation *g, vvm_value name)
{
    for (uint32_t i = g->network_count; i-- > 0;)
        if (g->networks[i]->name == name) return g->networks[i];
    return NULL;
}

const struct network *network_in_force(const struct vvm_generation *g, const struct network *n)
{
    for (uint32_t i = 0; i < g->network_count; i++)
        if (g->networks[i]->name == n->name && g->networks[i]->item.owner == n->item.owner)
            return g->networks[i];
    return n;
}

const struct network *network_of_program(const struct vvm_context *ctx, const struct wire_program *program)
{
    const struct vvm_generation *g = wire_generation(ctx);
    if (ctx->network && ctx->network->program == program) return ctx->network;
    for (uint32_t i = 0; i < g->network_count; i++)
        if (g->networks[i]->program == program) return g->networks[i];
    return NULL;
}

vvm_value network_map_error(struct vvm_context *ctx, vvm_value v)
{
    const struct network *n = ctx->network;
    if (!n || !has_type(v, TYPE_ERROR)) return v;
    uint64_t code = ((const struct error_object *)value_pointer(v))->code;
    for (unsigned i = 0; i < n->error_count; i++)
        if (n->errors[i].code == code) return n->errors[i].value;
    return v;
}
