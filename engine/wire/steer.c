/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer.c - which flow a packet belongs to, so that who has several workers gives the
 * packets of one flow to one of them.
 *
 * Networks that say (steer f) are asked; on the way to them the peel hooks of those that
 * carry them run, which therefore run once more here than packets come. Nothing of it ends
 * the packet or is seen in it: what would end it is an error here, and any error, or a key
 * that is no integer, leaves the flow that the host saw, or the packet's beginning.
 */
#include <string.h>

#include "../table/siphash.h"
#include "execution.h"

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

/* What a hook answers about the packet, which it is shown; VALUE_EXCEPTION. */
static vvm_value ask(struct vvm_context *ctx, const struct network *network, const struct wire_member *hook,
                     struct vvm_packet *packet, struct peeled *peeled)
{
    struct execution *x = ctx->execution;
    uint32_t head = packet->head, length = packet->length;
    detached_begin(ctx, network, network->limits.fuel);
    x->handle = (struct packet_object){.header = make_header(TYPE_PACKET, 0), .packet = packet};
    x->received = packet;
    ctx->packet = &x->handle;
    ctx->pending.kind = PENDING_NONE;
    vvm_value answer = vvm_call(ctx, hook->procedure, 0, NULL);
    *peeled = x->peeled;
    if (!is_fixnum(answer) && answer != VALUE_EXCEPTION) answer = VALUE_UNSPECIFIED; /* its arena ends here */
    x->received = NULL;
    detached_end(ctx);
    packet->head = head;
    packet->length = length;
    return answer;
}

/* Show the packet to the network that this one carries; NULL: none, or it cannot be told. */
static const struct network *step_inward(struct vvm_context *ctx, const struct network *network,
                                         struct vvm_packet *packet)
{
    struct peeled peeled;
    if (ask(ctx, network, network->peel, packet, &peeled) == VALUE_EXCEPTION || !peeled.set) return NULL;
    if (peeled.header == 0 || (uint64_t)peeled.header + peeled.payload > packet->length) return NULL;
    const struct network *child = network_child(ctx->generation, network, peeled.key);
    if (!child) return NULL;
    packet->head += peeled.header;
    packet->length = peeled.payload;
    return child;
}

uint64_t network_steer(struct vvm_context *ctx, const struct network *network, struct vvm_packet *packet)
{
    const uint32_t head = packet->head, length = packet->length;
    vvm_value answer = VALUE_EXCEPTION;
    struct peeled peeled;
    if (!ctx->generation->matches->steers) return key_of_head(ctx->node, packet);
    for (unsigned layers = 0; network && network->peel && layers < PACKET_LAYERS; layers++)
        network = step_inward(ctx, network, packet);
    if (network && network->steer) answer = ask(ctx, network, network->steer, packet, &peeled);
    packet->head = head;
    packet->length = length;
    if (!is_fixnum(answer)) return key_of_head(ctx->node, packet);
    return siphash_words(ctx->node->wire->hash_key, &answer, 1);
}
