/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer.c - which flow a packet belongs to, so that who has several workers gives the
 * packets of one flow to one of them.
 */
#include <string.h>

#include "../table/siphash.h"
#include "state.h"

#define STEER_OCTETS 16

/* Of a network that says nothing: the flow that the host saw, or else how its packets
 * begin, and where they came in. */
static uint64_t key_of_head(const struct vvm_node *node, const struct vvm_packet *packet)
{
    uint64_t words[STEER_OCTETS / 8 + 1] = {0};
    if (packet->flow) words[0] = packet->flow;
    else
        memcpy(words, packet->base + packet->head,
               packet->length < STEER_OCTETS ? packet->length : STEER_OCTETS);
    words[STEER_OCTETS / 8] = packet->ingress;
    return siphash_words(node->wire->hash_key, words, STEER_OCTETS / 8 + 1);
}

uint64_t network_steer(struct vvm_context *ctx, const struct network *network, struct vvm_packet *packet)
{
    (void)network;
    return key_of_head(ctx->node, packet);
}
