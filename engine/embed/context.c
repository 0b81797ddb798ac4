/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - vvm.h: contexts, and packets that are executed on them. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../wire/execution.h"
#include "embed.h"

static_assert((int)VVM_SENT == OUTCOME_SENT && (int)VVM_DELIVERED == OUTCOME_DELIVERED &&
                  (int)VVM_DROPPED == OUTCOME_DROPPED && (int)VVM_CONSUMED == OUTCOME_CONSUMED &&
                  (int)VVM_HELD == OUTCOME_HELD,
              "outcomes are handed on by their number");
static_assert((int)VVM_ETHERNET_TYPE == MATCH_ETHERNET && (int)VVM_IP_PROTOCOL == MATCH_IP &&
                  (int)VVM_UDP_PORT == MATCH_UDP,
              "and so are matches");

/* ---- opening ---- */

static int open_parts(struct vvm_lane *lane)
{
    const struct vvm_node_options *o = &lane->embedding->options;
    int err = context_open_in(&lane->context, lane->embedding->node, lane->embedding->world);
    if (err) return err;
    lane->context.host = lane;
    lane->error_file = fmemopen(lane->error, sizeof lane->error, "w");
    if (!lane->error_file) return -ENOMEM;
    setvbuf(lane->error_file, NULL, _IONBF, 0);
    return buffer_pool_open(&lane->pool, (uint32_t)o->packets, EMBED_HEADROOM + (uint32_t)o->packet_octets,
                            EMBED_HEADROOM);
}

int vvm_context_open(vvm_node *node, void *data, vvm_context **context)
{
    struct vvm_lane *lane = calloc(1, sizeof *lane);
    if (!lane) return embed_failed(node, -ENOMEM);
    lane->embedding = node;
    lane->data = data;
    lane->row = UINT_MAX;
    int err = open_parts(lane);
    if (err) {
        vvm_context_close(lane);
        return embed_refused(node, err, "a context cannot be opened: %s", strerror(-err));
    }
    *context = lane;
    return 0;
}

void vvm_context_close(vvm_context *lane)
{
    if (!lane) return;
    if (lane->context.node) context_close(&lane->context);
    if (lane->pool) buffer_pool_close(lane->pool);
    if (lane->error_file) fclose(lane->error_file);
    free(lane->kept);
    free(lane);
}

void *vvm_context_data(const vvm_context *lane) { return lane->data; }
const char *vvm_context_error(vvm_context *lane) { return lane->error; }

/* ---- packets ---- */

/* The octets in a buffer of the context's own; NULL with *reason. */
static struct vvm_packet *take_in(struct vvm_lane *lane, uint16_t device, const void *octets, size_t length,
                                  const char **reason)
{
    struct vvm_pool *pool = buffer_pool_ops(lane->pool);
    *reason = "too-big";
    if (length > pool->room - pool->headroom) return NULL;
    struct vvm_packet *packet = pool->alloc(pool);
    *reason = "no-buffer";
    if (!packet) return NULL;
    if (length) packet_append(packet, octets, (uint32_t)length);
    packet->payload_end = packet->head + packet->length;
    packet->ingress = device;
    return packet;
}

static void count_received(struct vvm_lane *lane, uint16_t device)
{
    char name[24];
    if (lane->row == UINT_MAX || lane->device != device) {
        snprintf(name, sizeof name, "device-%u", device);
        lane->row = ledger_row_of(lane->embedding->world->ledger, LEDGER_RECEIVED, name);
        lane->device = device;
    }
    ledger_count(&lane->context, lane->row, 1);
}

static int refuse(struct vvm_lane *lane, int err, const char *reason, struct vvm_report *report)
{
    ledger_count_named(&lane->context, LEDGER_DROPPED, reason);
    snprintf(lane->error, sizeof lane->error, "the packet is dropped: %s", reason);
    if (report) *report = (struct vvm_report){.outcome = VVM_DROPPED, .name = reason, .network = "none"};
    return err;
}

static int receive(struct vvm_lane *lane, const struct network *network, uint16_t device, const void *octets,
                   size_t length, struct vvm_report *report)
{
    const char *reason;
    struct outcome_report end;
    count_received(lane, device);
    if (!network) return refuse(lane, -ENOENT, "not-active", report);
    struct vvm_packet *packet = take_in(lane, device, octets, length, &reason);
    if (!packet) return refuse(lane, *reason == 't' ? -EMSGSIZE : -ENOBUFS, reason, report);
    network_receive(&lane->context, network, packet, &end);
    if (report) *report = embed_report(&end);
    return 0;
}

/* By comparing names: no symbol is made for a packet. */
static const struct network *network_called(const struct vvm_generation *g, const char *name)
{
    for (uint32_t i = g->network_count; i-- > 0;)
        if (strcmp(network_name(g->networks[i]), name) == 0) return g->networks[i];
    return NULL;
}

int vvm_receive(vvm_context *lane, const char *network, uint16_t device, const void *octets, size_t length,
                struct vvm_report *report)
{
    generation_enter(&lane->context);
    int err = receive(lane, network_called(lane->context.generation, network), device, octets, length,
                      report);
    execution_drain(&lane->context);
    generation_leave(&lane->context);
    return err;
}

int vvm_receive_by(vvm_context *lane, enum vvm_match match, uint32_t key, uint16_t device, const void *octets,
                   size_t length, struct vvm_report *report)
{
    generation_enter(&lane->context);
    const struct network *network = match_lookup(lane->context.generation, (enum match_kind)match, key);
    int err = receive(lane, network, device, octets, length, report);
    execution_drain(&lane->context);
    generation_leave(&lane->context);
    return err;
}

uint64_t vvm_run_due(vvm_context *lane)
{
    struct vvm_context *ctx = &lane->context;
    timers_run(ctx, world_now(ctx->world));
    return timers_deadline(ctx);
}

struct claims {
    void (*each)(void *data, enum vvm_match match, uint32_t key, const char *network);
    void *data;
};

static void tell_claim(void *data, enum match_kind kind, uint32_t key, const struct network *network)
{
    const struct claims *c = data;
    c->each(c->data, (enum vvm_match)kind, key, network_name(network));
}

void vvm_claims(const vvm_node *node,
                void (*each)(void *data, enum vvm_match match, uint32_t key, const char *network), void *data)
{
    struct claims claims = {each, data};
    match_each(node->node->current, tell_claim, &claims);
}
