/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.h - what a VMlet may do. One question for everybody: authority_allows.
 *
 *   granted = asked for in (needs ...), cut by what the signer's key may have, cut by the
 *             policy for where it came from, cut by what a VMlet that loads it has itself
 *
 * Core may do everything, and so may a source without a header, which is the operator's own
 * text. Everybody else has what its header asks for and the policy permits; without a policy
 * files of this machine get what they ask for. What is not granted is not there: a name that
 * needs a capability means nothing to a VMlet without it. Small amounts of code, memory and
 * fuel are everybody's: AUTHORITY_CODE, AUTHORITY_MEMORY, AUTHORITY_FUEL.
 *
 * Revocation is remembered by the VMlet's name until the node ends: a VMlet that had the
 * grant is unloaded, with those that import it, in one transaction, and whoever loads it
 * again gets it without. Nothing that rests on a revoked grant outlives that transaction.
 *
 * Control thread only.
 */
#ifndef VVM_AUTHORITY_H
#define VVM_AUTHORITY_H

#include "grant.h"
#include "machine.h"
#include "policy.h"

#define AUTHORITY_CODE   (UINT64_C(1) << 20)  /* octets of code and constants */
#define AUTHORITY_MEMORY (UINT64_C(16) << 20) /* octets of the control heap */
#define AUTHORITY_FUEL   UINT64_C(100000000)  /* of a load script */

struct authority {
    struct grant_set granted, revoked;
    vvm_value giver; /* symbol of the VMlet that loaded it, or VALUE_FALSE: the operator */
    char signer[64]; /* name of the key that signed it, or "" */
    bool everything; /* (all), and nothing revoked */
};

/* What a target is: of around, redefine, undefine, member. */
struct authority_target {
    enum target_kind kind;
    const char *first, *second; /* as in struct grant; second may be NULL */
};

/** May the VMlet use the capability, a flag (or INTROSPECT at any level)? A NULL VMlet and
 *  core may do everything. */
bool authority_allows(const struct vvm_vmlet *vmlet, enum capability c);
/** May it put a layer on that, take one away, join that set? What a VMlet owns itself is not
 *  asked about. */
bool authority_allows_target(const struct vvm_vmlet *vmlet, enum capability c,
                             struct authority_target target);
/** The same for what is under a global, of whoever owns it: its own always; core's only with
 *  (engine.replace) beside. */
bool authority_may_cover(const struct vvm_node *node, const struct vvm_vmlet *vmlet, uint32_t global,
                         enum capability c);
/** May it claim packets of a carrier ("udp", "ip", "ethernet", a network) with that key? */
bool authority_allows_claim(const struct vvm_vmlet *vmlet, const char *carrier, uint64_t key);
/** May it see so much of what another VMlet defines? Of its own it sees all that its level
 *  says; level 0 asks for no more than the name of an import. */
bool authority_allows_look(const struct vvm_vmlet *vmlet, const struct vvm_vmlet *other,
                           enum introspect_level level);
/** So much of TABLE, TIMERS, NATIVE, CODE, FUEL or MEMORY; UINT64_MAX: no end. */
uint64_t authority_amount(const struct vvm_vmlet *vmlet, enum capability c);
/** What is already used of an amount, as one VMlet's share; see authority_room. */
typedef uint64_t authority_used(const struct vvm_node *node, const struct vvm_vmlet *vmlet);
/** Is there room for `more` of an amount? What a VMlet loaded counts as its own, too. */
bool authority_room(const struct vvm_node *node, const struct vvm_vmlet *vmlet, enum capability c,
                    authority_used *used, uint64_t more);
/** Is it the giver itself, or did it get its authority from it, over others perhaps? */
bool authority_gave(const struct vvm_node *node, const struct vvm_vmlet *giver,
                    const struct vvm_vmlet *vmlet);
/** The error `privilege`: VMlet, what it was not granted (as it is written in needs). */
vvm_value authority_refuse(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, const char *grant);

/* ---- whose code runs ---- */

/** The VMlet whose code runs: that of the innermost frame that is not core's, else of the
 *  load that goes on. NULL: core, or nobody. */
struct vvm_vmlet *authority_running(const struct vvm_context *ctx);

/** Whose a definition is that hands a function to the engine: the running VMlet's, who answers
 *  for it, also when the function is another's. */
struct vvm_vmlet *authority_definer(const struct vvm_context *ctx, const struct vvm_function *f);

struct authority_span {
    uint8_t owner;
    int64_t kept;   /* fuel that the VMlet does not get */
    uint64_t outer; /* what the VMlet around it has left beside the context's */
    bool outer_ends;
};
/** What is done from here on is done for the VMlet: new objects are its own, fuel is limited. */
void authority_enter(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, struct authority_span *span);
void authority_leave(struct vvm_context *ctx, const struct authority_span *span);
/** Fuel beyond what the context has: may it be asked for? What came is written down. */
bool authority_has_fuel(const struct vvm_node *node);
void authority_took_fuel(struct vvm_context *ctx);
/** The slow half of may_write: an object of another owner than the load that goes on. */
bool authority_may_write(const struct vvm_context *ctx, vvm_value v);

/* ---- names ---- */

/** Does a name of core that needs the capability of that row (see hidden_names) exist for
 *  the VMlet? Row 0: everybody's. */
bool authority_sees(const struct vvm_vmlet *vmlet, unsigned row);
/** Mark core's names that need a capability; when the language is there. */
void authority_hide(struct vvm_node *node);
/** Code of the unit that would call a primitive that its VMlet does not see finds an unbound
 *  name instead. */
void authority_bind_primitives(struct vvm_unit *unit);

/* ---- loading ---- */

struct authority_state; /* of a node: owners' numbers, revocations, the policy */

int authority_open(struct vvm_node *node);
void authority_close(struct vvm_node *node);
/** Lend the node a policy, or NULL: files get what they ask for, keys are unknown. What is
 *  loaded keeps what it has. */
void authority_set_policy(struct vvm_node *node, const struct policy *policy);
/** Loads from here on are asked for by a network's packets (its name), or NULL: by the operator. */
void authority_set_ingress(struct vvm_node *node, const char *network);
/** Who signed an image, before anything else of it is looked at: -EPERM with pending if the
 *  policy does not take it. *key is NULL for one without signature. */
int authority_check_image(struct vvm_context *ctx, const char *file, const uint8_t *image, size_t octets,
                          const struct policy_key **key);
/** Give a VMlet that is being loaded its number and its authority. -EPERM, -EINVAL (its needs
 *  clause), -ENOSPC with pending; -ENOMEM. vmlet_free takes both back. */
int authority_grant(struct vvm_context *ctx, struct vvm_vmlet *vmlet, const struct policy_key *key);
void authority_drop(struct vvm_vmlet *vmlet);
/** Whoever talks through this VMlet is the operator: it may do everything, whatever the policy. */
int authority_admit_operator(struct vvm_vmlet *vmlet);
/** A VMlet was refused or unloaded, and its code stays for a while: it may do nothing. */
void authority_lose(struct vvm_vmlet *vmlet);
/** Take grants (a text, as in needs) from the VMlet of that name. 1: it had one of them and is
 *  to be unloaded; 0: it had none, or is not loaded; -errno with pending. */
int authority_revoke(struct vvm_context *ctx, vvm_value vmlet, const char *grants, size_t length);

#endif
