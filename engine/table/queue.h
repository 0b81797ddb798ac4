/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.h - packets that wait under a key, in memory that was taken when the queue was made.
 *
 * Any worker holds and takes; one spinning lock a queue is held for a few stores, never
 * while octets are copied: a packet that is being copied in or out is in no list, so one
 * thread has it. Order is that of holding, within a key and over all.
 */
#ifndef VVM_QUEUE_H
#define VVM_QUEUE_H

#include "../packet.h"
#include "table.h"

#define QUEUE_BLOCK       256 /* octets of a packet are kept in pieces of this size */
#define QUEUE_PACKETS_MAX 65536
#define QUEUE_NEVER       UINT64_MAX

/* A layer that was peeled: its network by name, for the generation in which the packet wakes. */
struct held_layer {
    vvm_value network, owner; /* symbols */
    uint32_t offset, end, key;
};

struct held_packet {
    struct table *queue;
    struct held_packet *next;      /* of those that were taken together, or wait for a context */
    vvm_value network, owner;      /* whose packet it is: symbols */
    uint64_t time, flow, deadline; /* deadline: QUEUE_NEVER if it waits for ever */
    uint64_t key[TABLE_KEY_WORDS];
    uint32_t start, head, end,
        payload_end; /* from the buffer's base; the octets from start to end are kept */
    uint32_t peer;
    uint16_t ingress, layer_count, link_offset, ip_offset, udp_offset;
    uint8_t carrier, lifetime;
    bool padded;
    uint8_t round; /* how many packets led to one another before it */
    struct held_layer layers[PACKET_LAYERS];
    /* the queue's: numbers of slots, 0 = none */
    uint32_t older, newer, before, after, bucket, block;
};

extern const struct table_ops table_queue;

/** Room for a packet of start..end octets, in no list yet. NULL: the queue is full. */
struct held_packet *queue_reserve(struct table *table, uint32_t start, uint32_t end);
/** False: however empty the queue is, so many octets do not fit. */
bool queue_could_hold(const struct table *table, uint32_t octets);
void queue_store(struct held_packet *held, const uint8_t *octets);
void queue_load(const struct held_packet *held, uint8_t *octets);
/** From now on it waits under held->key, until `now` and the queue's lifetime. */
void queue_link(struct held_packet *held, uint64_t now);
/** All packets of a key, the longest waiting first, linked by next; NULL: none. */
struct held_packet *queue_take(struct table *table, const uint64_t key[]);
/** The one that has waited longest, if its deadline has come (QUEUE_NEVER: in any case), or NULL. */
struct held_packet *queue_take_oldest(struct table *table, uint64_t now);
/** Its room is free again; it was taken, or never linked. */
void queue_release(struct held_packet *held);
/** Take out all and free their room; how many there were. */
uint64_t queue_forget(struct table *table);
/** The same, and count them in the table's ledger as dropped; packets move no more in the queue. */
void queue_drop(struct table *table, const char *reason);
/** When the first one expires; QUEUE_NEVER: none does. No lock. */
uint64_t queue_deadline(const struct table *table);

#endif
