/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - what this router's operator permits: which keys may sign what, what an image
 * without a signature gets, and what code may get that came by a network.
 *
 * The host makes a policy (the daemon reads one from a file) and lends it to a node. It is
 * not changed while a node has it. A router holds public keys only.
 */
#ifndef VVM_POLICY_H
#define VVM_POLICY_H

#include "grant.h"

#define POLICY_KEY       32 /* octets of an ed25519 public key */
#define POLICY_KEYS      256
#define POLICY_INGRESSES 64

struct policy_key {
    char *name;
    uint8_t octets[POLICY_KEY];
    struct grant_set may;
};

/* Code that packets of a network brought. */
struct policy_ingress {
    char *network;
    bool refuse_unsigned;
    struct grant_set may; /* at most, whoever signed */
};

struct policy {
    bool refuse_unsigned; /* local files without a signature */
    struct grant_set may; /* of local files without a signature */
    struct policy_key *keys;
    unsigned key_count;
    struct policy_ingress *ingresses;
    unsigned ingress_count;
};

/** A policy that permits nothing: no keys, and no file without a signature. NULL: no memory. */
struct policy *policy_new(void);
void policy_free(struct policy *policy);
/** One more key. The name is copied, `may` is taken over, also by a failure. -EEXIST if the
 *  name or the key is there already, -E2BIG, -ENOMEM. */
int policy_add_key(struct policy *policy, const char *name, const uint8_t octets[POLICY_KEY],
                   struct grant_set *may);
int policy_add_ingress(struct policy *policy, const char *network, bool refuse_unsigned,
                       struct grant_set *may);
/** By octets; NULL: unknown. */
const struct policy_key *policy_key_of(const struct policy *policy, const uint8_t octets[POLICY_KEY]);
/** By the network's name; NULL: not named. */
const struct policy_ingress *policy_ingress_of(const struct policy *policy, const char *network);

#endif
