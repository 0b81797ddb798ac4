/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.c - what VMlets were granted, and the questions about it.
 */
#include "authority.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "authority_state.h"
#include "environment.h"
#include "generation.h"
#include "heap.h"
#include "key.h"
#include "load.h"
#include "vmlet.h"

#define NEEDS_OCTETS 16384u /* of a header's needs, written out */

/* ---- questions ------------------------------------------------------------------------ */

static struct vvm_node *node_of(const struct vvm_vmlet *vmlet) { return vmlet->environment->node; }

/* For tests: a capability whose check is left out. */
static bool unchecked(const struct vvm_vmlet *vmlet, enum capability c)
{
    return node_of(vmlet)->options.unchecked >> c & 1;
}

static bool holds(const struct vvm_vmlet *vmlet, const struct grant *wanted)
{
    const struct authority *a = vmlet ? vmlet->authority : NULL;
    if (!a || a->everything || unchecked(vmlet, wanted->capability)) return true;
    return grants_hold(&a->granted, wanted) && !grants_touch(&a->revoked, wanted);
}

bool authority_allows(const struct vvm_vmlet *vmlet, enum capability c)
{
    struct grant wanted = {.capability = c, .kind = LEVEL_NAMES, .first = (char *)"own"};
    assert(capability_shape(c) == GRANT_FLAG || c == CAPABILITY_INTROSPECT);
    return holds(vmlet, &wanted);
}

bool authority_allows_target(const struct vvm_vmlet *vmlet, enum capability c, struct authority_target target)
{
    struct grant wanted = {
        .capability = c, .kind = target.kind, .first = (char *)target.first, .second = (char *)target.second};
    assert(capability_shape(c) == GRANT_TARGET);
    return holds(vmlet, &wanted);
}

bool authority_may_cover(const struct vvm_node *node, const struct vvm_vmlet *vmlet, uint32_t global,
                         enum capability c)
{
    const struct vvm_vmlet *owner = global_owner(node, global);
    vvm_value name = global_name(node, global);
    if (!owner || owner == vmlet || !is_symbol(name)) return owner == vmlet;
    const char *of = symbol_name(owner->name);
    bool whole = authority_allows_target(vmlet, c,
                                         (struct authority_target){TARGET_NAME, symbol_name(name), NULL}),
         part = authority_allows_target(vmlet, c,
                                        (struct authority_target){TARGET_IMPORT, of, symbol_name(name)});
    return (whole || part) &&
           (owner != node->core->vmlet || authority_allows(vmlet, CAPABILITY_ENGINE_REPLACE));
}

bool authority_allows_claim(const struct vvm_vmlet *vmlet, const char *carrier, uint64_t key)
{
    struct grant wanted = {.capability = CAPABILITY_NETWORK, .number = key, .first = (char *)carrier};
    return holds(vmlet, &wanted);
}

bool authority_allows_look(const struct vvm_vmlet *vmlet, const struct vvm_vmlet *other,
                           enum introspect_level level)
{
    const char *scope = other == vmlet ? "own" : symbol_name(other->name);
    struct grant wanted = {.capability = CAPABILITY_INTROSPECT, .kind = level, .first = (char *)scope};
    return holds(vmlet, &wanted);
}

/* What everybody has without asking. */
static uint64_t allowance(enum capability c)
{
    return c == CAPABILITY_CODE     ? AUTHORITY_CODE
           : c == CAPABILITY_MEMORY ? AUTHORITY_MEMORY
           : c == CAPABILITY_FUEL   ? AUTHORITY_FUEL
                                    : 0;
}

uint64_t authority_amount(const struct vvm_vmlet *vmlet, enum capability c)
{
    const struct authority *a = vmlet ? vmlet->authority : NULL;
    if (!a || a->everything || unchecked(vmlet, c)) return UINT64_MAX;
    struct grant any = {.capability = c};
    uint64_t most = grants_touch(&a->revoked, &any) ? 0 : grants_amount(&a->granted, c);
    return most ? most : allowance(c);
}

bool authority_room(const struct vvm_node *node, const struct vvm_vmlet *vmlet, enum capability c,
                    authority_used *used, uint64_t more)
{
    for (unsigned i = 0; vmlet && i < LOAD_NESTING_MAX; i++) {
        uint64_t most = authority_amount(vmlet, c), already = most == UINT64_MAX ? 0 : used(node, vmlet);
        if (already > most || more > most - already) return false;
        bool given = vmlet->authority && is_symbol(vmlet->authority->giver);
        vmlet = given ? vmlet_named(node, vmlet->authority->giver) : NULL;
    }
    return true;
}

bool authority_gave(const struct vvm_node *node, const struct vvm_vmlet *giver, const struct vvm_vmlet *vmlet)
{
    for (unsigned i = 0; vmlet && vmlet != giver && i < LOAD_NESTING_MAX; i++) {
        bool given = vmlet->authority && is_symbol(vmlet->authority->giver);
        vmlet = given ? vmlet_named(node, vmlet->authority->giver) : NULL;
    }
    return vmlet == giver;
}

vvm_value authority_refuse(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, const char *grant)
{
    return raise_message(ctx, ERROR_PRIVILEGE, VALUE_DEFAULT,
                         "the VMlet %.60s was not granted %.120s: ask for it in its header, (needs ...), "
                         "and permit it in the policy",
                         vmlet && is_symbol(vmlet->name) ? symbol_name(vmlet->name) : "?", grant);
}

/* ---- the node's state --------------------------------------------------------------------- */

int authority_open(struct vvm_node *node)
{
    node->authority = calloc(1, sizeof *node->authority);
    return node->authority ? 0 : -ENOMEM;
}

void authority_close(struct vvm_node *node)
{
    struct authority_state *s = node->authority;
    if (!s) return;
    while (s->revocations) {
        struct revocation *r = s->revocations;
        s->revocations = r->next;
        grants_free(&r->grants);
        free(r);
    }
    free(s);
    node->authority = NULL;
}

void authority_set_policy(struct vvm_node *node, const struct policy *policy)
{
    node->authority->policy = policy;
}
void authority_set_ingress(struct vvm_node *node, const char *network) { node->authority->ingress = network; }

/* ---- images ------------------------------------------------------------------------------------ */

static int refuse_image(struct vvm_context *ctx, const char *file, const char *what, const char *who)
{
    raise_message(ctx, ERROR_PRIVILEGE, VALUE_DEFAULT, "%s: %s%s", file ? file : "image", what, who);
    return -EPERM;
}

static int check_unsigned(struct vvm_context *ctx, const char *file)
{
    const struct authority_state *s = ctx->node->authority;
    if (s->ingress) {
        const struct policy_ingress *from = policy_ingress_of(s->policy, s->ingress);
        if (from && !from->refuse_unsigned) return 0;
        return refuse_image(ctx, file, "an image without signature is not taken from the network ",
                            s->ingress);
    }
    if (!s->policy || !s->policy->refuse_unsigned) return 0;
    return refuse_image(ctx, file, "an image without signature: sign it with a key that the policy names",
                        "");
}

int authority_check_image(struct vvm_context *ctx, const char *file, const uint8_t *image, size_t octets,
                          const struct policy_key **key)
{
    const uint8_t *signer;
    char finger[KEY_FINGERPRINT];
    *key = NULL;
    switch (image_check(image, octets, &signer)) {
    case IMAGE_UNSIGNED: return check_unsigned(ctx, file);
    case IMAGE_BROKEN:
        return refuse_image(ctx, file, "the signature is not of these octets: the image was altered", "");
    case IMAGE_SEALED: break;
    }
    *key = policy_key_of(ctx->node->authority->policy, signer);
    if (*key) return 0;
    key_fingerprint(signer, finger);
    return refuse_image(ctx, file, "signed with a key that the policy does not name: ", finger);
}

/* ---- what a VMlet gets --------------------------------------------------------------------- */

static int parse_all(struct grant_set *set)
{
    char why[8];
    return grants_parse(set, "(all)", 5, why, sizeof why);
}

static int parse_needs(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, const char *text,
                       size_t length, struct grant_set *set)
{
    char why[200];
    int err = grants_parse(set, text, length, why, sizeof why);
    if (err == -EINVAL)
        raise_message(ctx, ERROR_SYNTAX, VALUE_DEFAULT, "VMlet %.60s: needs: %s", symbol_name(vmlet->name),
                      why);
    return err;
}

/* One (needs CAPABILITY ...) clause, by way of its text: there is one reader of capabilities. */
static int read_needs(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, vvm_value list,
                      struct grant_set *set)
{
    char *text = NULL;
    size_t octets = 0;
    int err = -ENOMEM;
    FILE *to = open_memstream(&text, &octets);
    if (!to) return -ENOMEM;
    for (unsigned i = 0; is_pair(list) && i < GRANTS_MAX; list = cdr_of(list), i++)
        print_value(ctx->node, to, car_of(list), PRINT_WRITE, NEEDS_OCTETS / 16);
    if (!fclose(to)) err = parse_needs(ctx, vmlet, text, octets, set);
    free(text);
    return err;
}

/* What the header asks for; a text without header is the operator's own. */
static int read_header(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, struct grant_set *set)
{
    vvm_value needs = intern(ctx->node, "needs");
    int err = 0;
    if (vmlet->header == VALUE_FALSE) return parse_all(set);
    for (vvm_value c = vmlet->header; is_pair(c) && !err; c = cdr_of(c))
        if (is_pair(car_of(c)) && car_of(car_of(c)) == needs)
            err = read_needs(ctx, vmlet, cdr_of(car_of(c)), set);
    return err;
}

/* Cut the set by another, in place. */
static int cut(struct grant_set *set, const struct grant_set *permitted)
{
    struct grant_set less = {0};
    int err = grants_cut(set, permitted, &less);
    grants_free(set);
    *set = less;
    return err;
}

/* By the key, and by where it came from. */
static int cut_by_policy(struct vvm_node *node, const struct policy_key *key, struct grant_set *set)
{
    static const struct grant_set nothing = {0};
    const struct authority_state *s = node->authority;
    const struct policy_ingress *from = s->ingress ? policy_ingress_of(s->policy, s->ingress) : NULL;
    int err = 0;
    if (s->ingress) err = cut(set, from ? &from->may : &nothing);
    if (!err && key) err = cut(set, &key->may);
    if (!err && !key && !s->ingress && s->policy) err = cut(set, &s->policy->may);
    return err;
}

static int copy_set(struct grant_set *to, const struct grant_set *from)
{
    int err = 0;
    for (unsigned i = 0; i < from->count && !err; i++) err = grants_add(to, &from->grants[i]);
    return err;
}

/* A VMlet that loads another gives what it has itself at most, and what was taken from it stays so. */
static int cut_by_giver(const struct vvm_vmlet *giver, struct authority *a)
{
    if (!giver || !giver->authority) return 0;
    a->giver = giver->name;
    int err = cut(&a->granted, &giver->authority->granted);
    return err ? err : copy_set(&a->revoked, &giver->authority->revoked);
}

static int take_revoked(const struct vvm_node *node, const struct vvm_vmlet *vmlet, struct authority *a)
{
    int err = 0;
    for (const struct revocation *r = node->authority->revocations; r && !err; r = r->next)
        if (r->vmlet == vmlet->name) err = copy_set(&a->revoked, &r->grants);
    return err;
}

/* The next number that nobody has; those that were given back come last. */
static int take_number(struct authority_state *s, struct vvm_vmlet *vmlet)
{
    for (unsigned i = 0; i < OWNERS; i++) {
        unsigned n = 1 + (s->last_owner + i) % (OWNERS - 1);
        if (s->owners[n]) continue;
        s->owners[n] = vmlet;
        s->last_owner = (uint8_t)n;
        vmlet->owner = (uint8_t)n;
        return 0;
    }
    return -ENOSPC;
}

static int make_authority(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const struct policy_key *key)
{
    struct authority *a = vmlet->authority;
    if (key) snprintf(a->signer, sizeof a->signer, "%s", key->name);
    int err = read_header(ctx, vmlet, &a->granted);
    if (!err) err = cut_by_policy(ctx->node, key, &a->granted);
    if (!err) err = cut_by_giver(authority_running(ctx), a);
    if (!err) err = take_revoked(ctx->node, vmlet, a);
    a->everything = grants_all(&a->granted) && !a->revoked.count;
    return err;
}

int authority_grant(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const struct policy_key *key)
{
    assert(!vmlet->authority);
    vmlet->authority = calloc(1, sizeof *vmlet->authority);
    if (!vmlet->authority) return -ENOMEM;
    vmlet->authority->giver = VALUE_FALSE;
    int err = take_number(ctx->node->authority, vmlet);
    if (err) {
        raise_message(ctx, ERROR_USER, vmlet->name, "a node has at most %d VMlets: unload some", OWNERS - 1);
        return err;
    }
    err = make_authority(ctx, vmlet, key);
    if (!err) heap_limit_owner(ctx->node, vmlet->owner, authority_amount(vmlet, CAPABILITY_MEMORY));
    return err;
}

void authority_drop(struct vvm_vmlet *vmlet)
{
    struct authority *a = vmlet->authority;
    if (!a) return;
    struct vvm_node *node = node_of(vmlet);
    if (vmlet->owner && node->authority) {
        assert(node->authority->owners[vmlet->owner] == vmlet);
        node->authority->owners[vmlet->owner] = NULL;
    }
    grants_free(&a->granted);
    grants_free(&a->revoked);
    free(a);
    vmlet->authority = NULL;
}

int authority_admit_operator(struct vvm_vmlet *vmlet)
{
    struct authority *a = vmlet->authority;
    grants_free(&a->granted);
    grants_free(&a->revoked);
    int err = parse_all(&a->granted);
    a->everything = !err;
    if (!err) heap_limit_owner(node_of(vmlet), vmlet->owner, UINT64_MAX);
    return err;
}

void authority_lose(struct vvm_vmlet *vmlet)
{
    if (!vmlet->authority) return;
    grants_free(&vmlet->authority->granted);
    vmlet->authority->everything = false;
}

/* ---- revocation --------------------------------------------------------------------------------- */

/* Did the VMlet have any of it? */
static bool had(const struct vvm_vmlet *vmlet, const struct grant_set *taken)
{
    const struct authority *a = vmlet->authority;
    struct grant_set common = {0};
    bool any = !grants_cut(&a->granted, taken, &common) && common.count;
    grants_free(&common);
    return any;
}

int authority_revoke(struct vvm_context *ctx, vvm_value name, const char *grants, size_t length)
{
    struct authority_state *s = ctx->node->authority;
    const struct vvm_vmlet *vmlet = vmlet_named(ctx->node, name);
    struct revocation *r = calloc(1, sizeof *r);
    char why[200];
    if (!r) return -ENOMEM;
    int err = grants_parse(&r->grants, grants, length, why, sizeof why);
    if (err || !r->grants.count || (vmlet && !vmlet->authority)) {
        raise_message(ctx, ERROR_USER, name, "revoke: %s",
                      err                ? why
                      : !r->grants.count ? "name a capability, as (load)"
                                         : "core has what it has");
        grants_free(&r->grants);
        free(r);
        return err ? err : -EINVAL;
    }
    r->vmlet = name;
    r->next = s->revocations;
    s->revocations = r;
    return vmlet && had(vmlet, &r->grants);
}
