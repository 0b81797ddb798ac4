/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - the operator's policy as a structure: keys and networks with what they may have. */
#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct policy *policy_new(void)
{
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy) policy->refuse_unsigned = true;
    return policy;
}

void policy_free(struct policy *policy)
{
    if (!policy) return;
    for (unsigned i = 0; i < policy->key_count; i++) {
        free(policy->keys[i].name);
        grants_free(&policy->keys[i].may);
    }
    for (unsigned i = 0; i < policy->ingress_count; i++) {
        free(policy->ingresses[i].network);
        grants_free(&policy->ingresses[i].may);
    }
    grants_free(&policy->may);
    free(policy->keys);
    free(policy->ingresses);
    free(policy);
}

const struct policy_key *policy_key_of(const struct policy *policy, const uint8_t octets[POLICY_KEY])
{
    for (unsigned i = 0; policy && i < policy->key_count; i++)
        if (!memcmp(policy->keys[i].octets, octets, POLICY_KEY)) return &policy->keys[i];
    return NULL;
}

static bool key_named(const struct policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->key_count; i++)
        if (strcmp(policy->keys[i].name, name) == 0) return true;
    return false;
}

const struct policy_ingress *policy_ingress_of(const struct policy *policy, const char *network)
{
    for (unsigned i = 0; policy && i < policy->ingress_count; i++)
        if (strcmp(policy->ingresses[i].network, network) == 0) return &policy->ingresses[i];
    return NULL;
}

static int append_key(struct policy *policy, struct policy_key key)
{
    if (policy->key_count == POLICY_KEYS) return -E2BIG;
    struct policy_key *keys = realloc(policy->keys, (policy->key_count + 1) * sizeof *keys);
    if (!keys) return -ENOMEM;
    policy->keys = keys;
    keys[policy->key_count++] = key;
    return 0;
}

int policy_add_key(struct policy *policy, const char *name, const uint8_t octets[POLICY_KEY],
                   struct grant_set *may)
{
    struct policy_key key = {.name = strdup(name), .may = *may};
    *may = (struct grant_set){0};
    memcpy(key.octets, octets, POLICY_KEY);
    int err = !key.name                                                  ? -ENOMEM
              : key_named(policy, name) || policy_key_of(policy, octets) ? -EEXIST
                                                                         : append_key(policy, key);
    if (!err) return 0;
    free(key.name);
    grants_free(&key.may);
    return err;
}

static int append_ingress(struct policy *policy, struct policy_ingress ingress)
{
    if (policy->ingress_count == POLICY_INGRESSES) return -E2BIG;
    struct policy_ingress *all = realloc(policy->ingresses, (policy->ingress_count + 1) * sizeof *all);
    if (!all) return -ENOMEM;
    policy->ingresses = all;
    all[policy->ingress_count++] = ingress;
    return 0;
}

int policy_add_ingress(struct policy *policy, const char *network, bool refuse_unsigned,
                       struct grant_set *may)
{
    struct policy_ingress ingress = {
        .network = strdup(network), .refuse_unsigned = refuse_unsigned, .may = *may};
    *may = (struct grant_set){0};
    int err = !ingress.network                     ? -ENOMEM
              : policy_ingress_of(policy, network) ? -EEXIST
                                                   : append_ingress(policy, ingress);
    if (!err) return 0;
    free(ingress.network);
    grants_free(&ingress.may);
    return err;
}
