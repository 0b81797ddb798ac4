/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.c - views of buffers: grow, shrink, copy; and a pool of malloc'd buffers for
 * tests and for packets that programs make.
 */
#include "packet.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- views ---- */

/* A peeled header that was run over ends nowhere: sealing writes a fresh one. */
static void forget_layers(struct vvm_packet *packet)
{
    for (unsigned i = packet->layer_count; i-- > 0 && packet->layers[i].end > packet->head;)
        packet->layers[i].end = UINT32_MAX;
}

int packet_prepend(struct vvm_packet *packet, uint32_t octets)
{
    if (octets > packet->head) return -ENOSPC;
    packet->head -= octets;
    packet->length += octets;
    memset(packet->base + packet->head, 0, octets);
    forget_layers(packet);
    return 0;
}

int packet_drop_head(struct vvm_packet *packet, uint32_t octets)
{
    if (octets > packet->length) return -EINVAL;
    packet->head += octets;
    packet->length -= octets;
    return 0;
}

int packet_trim(struct vvm_packet *packet, uint32_t length)
{
    if (length > packet->length) return -EINVAL;
    packet->length = length;
    return 0;
}

uint32_t packet_room(const struct vvm_packet *packet)
{
    assert(packet->head <= packet->capacity && packet->length <= packet->capacity - packet->head);
    return packet->capacity - packet->head - packet->length;
}

uint8_t *packet_grow(struct vvm_packet *packet, uint32_t octets)
{
    if (octets > packet_room(packet)) return NULL;
    uint8_t *at = packet->base + packet->head + packet->length;
    packet->length += octets;
    return at;
}

int packet_append(struct vvm_packet *packet, const void *octets, uint32_t length)
{
    uint8_t *at = packet_grow(packet, length);
    if (!at) return -ENOSPC;
    memmove(at, octets, length);
    return 0;
}

/* Everything from the outermost layer that still stands before head goes along, at
 * the same distance from base, so that offsets kept in the packet stay right. */
struct vvm_packet *packet_copy(struct vvm_pool *pool, const struct vvm_packet *packet)
{
    struct vvm_packet *copy = pool->alloc(pool);
    if (!copy) return NULL;
    if (packet->head + packet->length > copy->capacity) {
        pool->free(pool, copy);
        return NULL;
    }
    uint32_t payload_end = packet->payload_end < copy->capacity ? packet->payload_end : copy->capacity;
    uint8_t *base = copy->base;
    uint32_t capacity = copy->capacity;
    void *owner = copy->owner;

    *copy = *packet;
    copy->pool = pool;
    copy->base = base;
    copy->capacity = capacity;
    copy->owner = owner;
    copy->payload_end = payload_end;
    copy->next = NULL;
    memcpy(base, packet->base, packet->head + packet->length);
    return copy;
}

void packet_free(struct vvm_packet *packet)
{
    assert(packet->pool && packet->layer_count <= PACKET_LAYERS);
    packet->pool->free(packet->pool, packet);
}

vvm_value make_packet_object(struct vvm_context *ctx, struct vvm_packet *packet)
{
    assert(ctx->packet_profile && packet); /* a handle lives in an arena, as long as its packet does */
    struct packet_object *object = allocate(ctx, TYPE_PACKET, 0, sizeof *object);
    if (!object) return VALUE_EXCEPTION;
    object->packet = packet;
    return object_value(object);
}

/* ---- the pool ---- */

struct buffer_pool {
    struct vvm_pool ops; /* first: the pool is found from its ops */
    struct vvm_packet *free;
    struct vvm_packet *packets;
    uint8_t *memory;
    uint32_t buffers, used;
};

static struct vvm_packet *pool_alloc(struct vvm_pool *ops)
{
    struct buffer_pool *pool = (struct buffer_pool *)ops;
    struct vvm_packet *packet = pool->free;
    if (!packet) return NULL;
    assert(!packet->owner && pool->used < pool->buffers);
    pool->free = packet->next;
    pool->used++;
    packet_begin(packet, ops, ops->room, ops->headroom, pool);
    return packet;
}

static void pool_free(struct vvm_pool *ops, struct vvm_packet *packet)
{
    struct buffer_pool *pool = (struct buffer_pool *)ops;
    assert(packet->owner == pool && pool->used > 0); /* once, and to the pool it came from */
    packet->owner = NULL;
    packet->next = pool->free;
    pool->free = packet;
    pool->used--;
}

int buffer_pool_open(struct buffer_pool **out, uint32_t buffers, uint32_t room, uint32_t headroom)
{
    if (buffers == 0 || headroom > room || room > 1u << 20) return -EINVAL;
    struct buffer_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return -ENOMEM;
    pool->packets = calloc(buffers, sizeof *pool->packets);
    pool->memory = calloc(buffers, room);
    if (!pool->packets || !pool->memory) goto no_memory;
    pool->ops = (struct vvm_pool){.alloc = pool_alloc, .free = pool_free, .headroom = headroom, .room = room};
    pool->buffers = buffers;
    for (uint32_t i = buffers; i-- > 0;) {
        pool->packets[i].base = pool->memory + (size_t)i * room;
        pool->packets[i].next = pool->free;
        pool->free = &pool->packets[i];
    }
    *out = pool;
    return 0;
no_memory:
    free(pool->memory);
    free(pool->packets);
    free(pool);
    return -ENOMEM;
}

void buffer_pool_close(struct buffer_pool *pool)
{
    if (!pool) return;
    assert(pool->used == 0);
    free(pool->memory);
    free(pool->packets);
    free(pool);
}

struct vvm_pool *buffer_pool_ops(struct buffer_pool *pool) { return &pool->ops; }

unsigned buffer_pool_used(const struct buffer_pool *pool) { return pool->used; }
