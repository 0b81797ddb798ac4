/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h - packets, their buffers, the ledger, and what the engine asks of its host.
 *
 * A packet is a view [head, head+length) of a buffer that one owner holds. Room
 * before head is headroom: layers that were peeled still stand there, tunnels are
 * written there. The host (daemon, embedder, test) receives a frame, peels its
 * carriers (Ethernet, IP, UDP), finds the network by match_lookup and hands the
 * packet to network_receive, which owns it from then on.
 */
#ifndef VVM_PACKET_H
#define VVM_PACKET_H

#include "machine.h"

#define PACKET_LAYERS 8

/* Where buffers come from. A port has one; so has a worker for packets made by
 * programs. Not thread-safe: one worker each. */
struct vvm_pool {
    struct vvm_packet *(*alloc)(struct vvm_pool *pool); /* head = headroom, length = 0; NULL: exhausted */
    void (*free)(struct vvm_pool *pool, struct vvm_packet *packet);
    uint32_t headroom; /* octets kept free before head by alloc */
    uint32_t room;     /* octets of a buffer, headroom included */
};

struct peeled_layer {
    const struct network *network; /* whose header stood here */
    uint32_t offset, end;          /* of the header, from base */
    uint32_t key;                  /* by which it chose the next network */
};

struct vvm_packet {
    struct vvm_pool *pool;
    uint8_t *base;
    uint32_t capacity, head, length;
    uint32_t payload_end; /* offset from base of the received octets' end, padding included */
    uint16_t ingress;     /* device it came in by; 0xffff: made here */
    uint16_t layer_count; /* peeled by networks, outermost first */
    struct peeled_layer layers[PACKET_LAYERS];
    /* the host's own: how it came in, so that transmit can seal it again */
    uint8_t carrier;  /* enum carrier_kind; 0 for a packet made here */
    uint8_t lifetime; /* what its IP header still allowed on arrival; 0: unknown, or made here */
    bool padded;      /* its carrier has no length field: octets past the network's own length are padding */
    uint16_t link_offset, ip_offset, udp_offset; /* of the peeled carrier headers, from base */
    uint32_t peer;                               /* IPv4 address that the frame came from, 0 unknown */
    uint32_t sent_row; /* ledger row in which it was booked as sent; for ports that lose or hold it later */
    uint64_t time;     /* nanoseconds by its port's clock: when it came in, or was made */
    uint64_t flow;     /* from the carriers, equal for packets of one flow; 0: unknown. See network_steer */
    void *owner;       /* the pool's */
    struct vvm_packet *next; /* the pool's, or a burst's */
};

/* A static pool over malloc'd buffers, for tests and for packets made by programs. */
struct buffer_pool;
int buffer_pool_open(struct buffer_pool **pool, uint32_t buffers, uint32_t room, uint32_t headroom);
void buffer_pool_close(struct buffer_pool *pool); /* every packet must have come back: ASSERT */
struct vvm_pool *buffer_pool_ops(struct buffer_pool *pool);
unsigned buffer_pool_used(const struct buffer_pool *pool);

/** An empty packet in the buffer that `packet` stands for (base stays), as alloc gives it out. */
static inline void packet_begin(struct vvm_packet *packet, struct vvm_pool *pool, uint32_t capacity,
                                uint32_t headroom, void *owner)
{
    packet->pool = pool;
    packet->capacity = capacity;
    packet->head = packet->payload_end = headroom;
    packet->length = 0;
    packet->ingress = UINT16_MAX;
    packet->layer_count = 0; /* what stands in layers beyond it is never read */
    packet->carrier = packet->lifetime = 0;
    packet->padded = false;
    packet->link_offset = packet->ip_offset = packet->udp_offset = 0;
    packet->peer = packet->sent_row = 0;
    packet->time = packet->flow = 0;
    packet->owner = owner;
    packet->next = NULL;
}

/* ---- views: each 0 or -errno; nothing changes on failure ------------------------------ */

/** Move head down into the headroom; the new octets are zero. -ENOSPC. */
int packet_prepend(struct vvm_packet *packet, uint32_t octets);
/** Move head up: the octets stay where they are, now headroom. -EINVAL if there are fewer. */
int packet_drop_head(struct vvm_packet *packet, uint32_t octets);
/** Shorten to `length` octets. -EINVAL if it is shorter already. */
int packet_trim(struct vvm_packet *packet, uint32_t length);
/** Octets that still can be appended. */
uint32_t packet_room(const struct vvm_packet *packet);
/** Lengthen by `octets`; returns where they stand (not cleared), or NULL: no room. */
uint8_t *packet_grow(struct vvm_packet *packet, uint32_t octets);
int packet_append(struct vvm_packet *packet, const void *octets, uint32_t length);
/** Copy of view, headroom layers and how it came in, from `pool`; NULL: exhausted or too small. */
struct vvm_packet *packet_copy(struct vvm_pool *pool, const struct vvm_packet *packet);
/** Give the buffer back to its pool. */
void packet_free(struct vvm_packet *packet);
/** A handle for the language, in the context's arena; VALUE_EXCEPTION when that is full. */
vvm_value make_packet_object(struct vvm_context *ctx, struct vvm_packet *packet);

/* ---- ledger ------------------------------------------------------------------------ */

/* received + created = sent + delivered + consumed + dropped + held, at every snapshot */
enum ledger_kind {
    LEDGER_RECEIVED,
    LEDGER_CREATED,
    LEDGER_SENT,
    LEDGER_DELIVERED,
    LEDGER_CONSUMED,
    LEDGER_DROPPED,
    LEDGER_HELD,
    LEDGER_KINDS
};
#define LEDGER_ROWS  1024 /* fixed: rows beyond it are counted under the name "other" */
#define LEDGER_PORTS 256  /* of them for deliveries: packets name ports, and leave room for other names */

struct ledger_row {
    enum ledger_kind kind;
    char name[56];
    uint64_t count;
};
struct ledger; /* one per world; counters per context, summed when read */
int ledger_open(struct vvm_world *world);
void ledger_close(struct vvm_world *world);
/** Give a context counters of its own (context_open) and fold them into its world's
 *  (context_close). A context without them counts in the world's, atomically. */
int ledger_attach(struct vvm_context *ctx);
void ledger_detach(struct vvm_context *ctx);
/** Number of the row (kind, name), made when new; never fails (see LEDGER_ROWS). */
unsigned ledger_row(struct vvm_node *node, enum ledger_kind kind, const char *name);
unsigned ledger_row_of(struct ledger *ledger, enum ledger_kind kind, const char *name);
/** Count n (may be negative for HELD) in a row. */
void ledger_count(struct vvm_context *ctx, unsigned row, int64_t n);
void ledger_count_named(struct vvm_context *ctx, enum ledger_kind kind, const char *name);
/** Count n outside of any execution. Any thread. */
void ledger_add(struct ledger *ledger, enum ledger_kind kind, const char *name, int64_t n);
/** Copy of all rows with count != 0, sorted by kind and name. Returns how many. */
unsigned ledger_read(struct vvm_node *node, struct ledger_row *rows, unsigned room);
unsigned ledger_read_of(struct ledger *ledger, struct ledger_row *rows, unsigned room);
/** 0 if it balances, else the difference in - out. */
int64_t ledger_balance(struct vvm_node *node);
int64_t ledger_balance_of(struct ledger *ledger);

/* ---- what the engine asks of its host ------------------------------------------------- */

struct outcome_report;

/* hop, as the language sees it, is an integer: device << 32 | IPv4 address (0: none). */
#define HOP_DEVICE(h)  ((uint16_t)((uint64_t)(h) >> 32))
#define HOP_ADDRESS(h) ((uint32_t)(h))

struct vvm_host_ops {
    /* Send a sealed network packet (its outermost network header at head) through a
     * device, toward an address; carrier_network is the outermost network, its match
     * clauses say over which carriers it may go. Takes the packet. 0, or the
     * negative errno with *reason a static drop reason ("no-device", "too-big" ...). */
    int (*transmit)(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                    uint32_t address, const struct network *outermost, const char **reason);
    /* Hand octets to an application. The packet stays the engine's. 0 or -errno with
     * *reason. */
    int (*deliver)(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                   const uint8_t *octets, uint32_t length, const char **reason);
    /* Pool for packets that programs make on this context. */
    struct vvm_pool *(*pool)(void *host, struct vvm_context *ctx);
    /* Largest network packet a device carries, octets; 0 = no such device. */
    uint32_t (*mtu)(void *host, uint16_t device);
    /* Local addresses of this node: i-th, or 0 past the end. */
    uint32_t (*address)(void *host, unsigned i);
    /* One log line from the language; may be NULL. */
    void (*log)(void *host, const char *line);
    /* A packet has ended that the host did not hand to network_receive itself: one that was
     * held, or that a network here handed on. It stands in the ledger. May be NULL. */
    void (*ended)(void *host, struct vvm_context *ctx, const struct outcome_report *report);
};

/* ---- the way of a packet ---------------------------------------------------------------- */

/* What a match clause names. Values of the key: EtherType, IP protocol, UDP
 * destination port, or the key of another network. */
enum match_kind { MATCH_ETHERNET, MATCH_IP, MATCH_UDP, MATCH_NETWORK };

/** The network that claims (kind, key) in the context's generation, or NULL. */
const struct network *match_lookup(const struct vvm_generation *generation, enum match_kind kind,
                                   uint32_t key);
/** Call fn for every carrier match clause of the generation (port filters). */
void match_each(const struct vvm_generation *generation,
                void (*fn)(void *data, enum match_kind kind, uint32_t key, const struct network *network),
                void *data);

enum outcome { OUTCOME_SENT, OUTCOME_DELIVERED, OUTCOME_DROPPED, OUTCOME_CONSUMED, OUTCOME_HELD };
struct outcome_report {
    enum outcome outcome;
    const char *name; /* reason, cause or device text; valid until the next packet */
    const char *network;
    int64_t fuel_used;
};
/** Execute a packet whose head stands at the network's header: peel, decode, run,
 *  send or drop, and count it. The packet is gone afterwards (freed, sent or held).
 *  ctx must be a packet context; its generation is pinned for this packet (or burst,
 *  if the caller did). Received packets must have been counted LEDGER_RECEIVED by
 *  the caller. report may be NULL. With no generation pinned the context is drained too. */
void network_receive(struct vvm_context *ctx, const struct network *network, struct vvm_packet *packet,
                     struct outcome_report *report);
/** Execute the packets that those of this burst woke, or handed to a network of this node
 *  (submit), and those that they led to in turn: bounded, see wire/submit.c. To be called
 *  between two packets, before the burst's generation is left. */
void execution_drain(struct vvm_context *ctx);
/** Run the timers that are due, and drop or hand to its call-back what has expired. On one
 *  context of the node, always the same, between packets; `now` by the world's clock. */
void timers_run(struct vvm_context *ctx, uint64_t now);
/** When timers_run next has something to do: nanoseconds of the world's clock. */
uint64_t timers_deadline(const struct vvm_context *ctx);
/** Drop what queues hold as `closing`, so that nothing is held: before the last look at the
 *  ledger of a node whose workers have stopped. Control thread. */
void held_drop(struct vvm_node *node);
/** A number that is equal for packets of one flow and that nobody can choose from outside:
 *  the host gives packets of equal numbers to the same worker, in order. The packet's head
 *  stands at the network's header, as for network_receive; it is as before afterwards.
 *  ctx: a packet context between two packets, its generation pinned. */
uint64_t network_steer(struct vvm_context *ctx, const struct network *network, struct vvm_packet *packet);
/** Pin the current generation for a burst; unpin after it. */
void generation_enter(struct vvm_context *ctx);
void generation_leave(struct vvm_context *ctx);

/** Name of a network, for people. */
const char *network_name(const struct network *network);

#endif
