/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - what the engine asks of its host, handed on to the application. */
#include <errno.h>

#include "embed.h"

static int embed_transmit(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                          uint32_t address, const struct network *outermost, const char **reason)
{
    const struct vvm_node_options *o = &((struct vvm_embedding *)host)->options;
    const char *refused = "no-device";
    if (o->transmit)
        refused = o->transmit(o->data, ctx->host, device, address, packet->base + packet->head,
                              packet->length);
    packet_free(packet);
    if (!refused) return 0;
    *reason = refused;
    return -EIO;
}

static int embed_deliver(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                         const uint8_t *octets, uint32_t length, const char **reason)
{
    const struct vvm_node_options *o = &((struct vvm_embedding *)host)->options;
    const char *refused = "no-application";
    if (o->deliver) refused = o->deliver(o->data, ctx->host, network_name(network), port, octets, length);
    if (!refused) return 0;
    *reason = refused;
    return -EIO;
}

static struct vvm_pool *embed_pool(void *host, struct vvm_context *ctx)
{
    return buffer_pool_ops(((struct vvm_lane *)ctx->host)->pool);
}

static uint32_t embed_mtu(void *host, uint16_t device)
{
    const struct vvm_node_options *o = &((struct vvm_embedding *)host)->options;
    return o->mtu ? o->mtu(o->data, device) : (uint32_t)o->packet_octets;
}

static uint32_t embed_address(void *host, unsigned i)
{
    const struct vvm_node_options *o = &((struct vvm_embedding *)host)->options;
    return i < o->address_count ? o->addresses[i] : 0;
}

static void embed_log(void *host, const char *line)
{
    const struct vvm_node_options *o = &((struct vvm_embedding *)host)->options;
    if (o->log) o->log(o->data, line);
    else fprintf(stderr, "%s\n", line);
}

struct vvm_report embed_report(const struct outcome_report *end)
{
    return (struct vvm_report){(enum vvm_outcome)end->outcome, end->name, end->network, end->fuel_used};
}

static void embed_ended(void *host, struct vvm_context *ctx, const struct outcome_report *end)
{
    const struct vvm_node_options *o = &((struct vvm_embedding *)host)->options;
    struct vvm_report report = embed_report(end);
    if (o->ended) o->ended(o->data, ctx->host, &report);
}

const struct vvm_host_ops embed_host_ops = {
    .transmit = embed_transmit,
    .deliver = embed_deliver,
    .pool = embed_pool,
    .mtu = embed_mtu,
    .address = embed_address,
    .log = embed_log,
    .ended = embed_ended,
};
