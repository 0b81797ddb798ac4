/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_link.c - a cable between two routers of one process; frames change hands without
 * being copied.
 *
 * Each direction is a ring of slots with one producer and one consumer, which may be
 * different threads. Pools belong to one thread, so no packet ever crosses: a slot holds
 * a block of memory always, and it is blocks that are exchanged. The sender puts its full
 * block into the slot and takes the empty one that stood there; the receiver takes the
 * full one into a packet of its own pool and leaves that packet's empty block. All blocks
 * have one size and belong to the cable, so it does not matter where they end up.
 *
 * Positions count on without end; the slot is the position modulo the number of slots. A
 * side reads the other's position only when what it remembers of it leaves it no room.
 *
 * Nobody is lost asleep: a side that wants to sleep says so (`armed`) and then looks once
 * more; the other side moves its position and then looks whether somebody sleeps. As these
 * are sequentially consistent, at least one of the two sees the other. A sender that
 * found the ring full leaves a word in the same way (`starved`). The descriptors belong
 * to the cable, so that an end may be closed while the other still runs.
 */
#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "port.h"

enum {
    SLOTS = 1024,
    SLOTS_MOST = 65536,
    BUFFERS = 256,
    BUFFERS_MOST = 1 << 21,
    MTU = 1500,
    MTU_LEAST = 68,
    MTU_MOST = 9000,
    TAIL = 194, /* octets that may be appended, and by which a packet of another pool stands deeper */
    BLOCK = PORT_HEADROOM + 22 + MTU_MOST + TAIL, /* 22: Ethernet with two VLAN tags */
    LINE = 64,                                    /* octets that two processors must not both write to */
};

enum end_state { END_NEVER, END_OPEN, END_CLOSED };

struct link_slot {
    uint8_t *block;
    uint32_t head, length;
};

/* One direction. */
struct ring {
    struct link_slot *slots;
    uint32_t mask;
    /* the producer writes */
    alignas(LINE) _Atomic uint32_t tail;
    uint32_t seen_head;
    _Atomic bool starved; /* set by the producer, taken back by the consumer: tell me of room */
    /* the consumer writes */
    alignas(LINE) _Atomic uint32_t head;
    uint32_t seen_tail;
    _Atomic bool armed; /* set by the consumer, taken back by the producer: tell me of frames */
};

struct link_cable {
    struct ring rings[2]; /* [0] from end 0 to end 1 */
    int event[2];         /* wakes that end */
    _Atomic int state[2]; /* enum end_state */
    uint8_t *memory;      /* of the blocks that the slots hold at first */
    uint8_t *end_memory[2];
};

struct link_end {
    struct vvm_pool pool; /* first: the pool's functions get a pointer to it */
    struct port *port;
    struct link_cable *cable;
    unsigned end;
    struct ring *out, *in;
    uint32_t mtu, buffers, free_count;
    struct vvm_packet *packets, *free;
    bool slept; /* armed since the descriptor was last read */
    uint64_t (*clock)(void *);
    void *clock_data;
    struct port_stats stats;
};

/* ---- the cable ---- */

static int ring_open(struct ring *ring, uint32_t slots, uint8_t *memory)
{
    uint32_t i;

    ring->slots = calloc(slots, sizeof *ring->slots);
    if (!ring->slots) return -ENOMEM;
    ring->mask = slots - 1;
    for (i = 0; i < slots; i++) ring->slots[i].block = memory + (size_t)i * BLOCK;
    return 0;
}

int link_cable_open(struct link_cable **out, unsigned slots)
{
    struct link_cable *cable = aligned_alloc(LINE, sizeof *cable);
    unsigned i;
    int err = 0;

    if (slots == 0) slots = SLOTS;
    assert((slots & (slots - 1)) == 0 && slots <= SLOTS_MOST);
    if (!cable) return -ENOMEM;
    *cable = (struct link_cable){.event = {-1, -1}, .memory = malloc((size_t)2 * slots * BLOCK)};
    if (!cable->memory) err = -ENOMEM;
    for (i = 0; !err && i < 2; i++) {
        err = ring_open(&cable->rings[i], slots, cable->memory + (size_t)i * slots * BLOCK);
        if (err) break;
        cable->event[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (cable->event[i] < 0) err = -ENOMEM;
    }
    if (err) link_cable_close(cable);
    else *out = cable;
    return err;
}

void link_cable_close(struct link_cable *cable)
{
    unsigned i;

    if (!cable) return;
    for (i = 0; i < 2; i++) {
        assert(atomic_load(&cable->state[i]) != END_OPEN);
        if (cable->event[i] >= 0) close(cable->event[i]);
        free(cable->rings[i].slots);
        free(cable->end_memory[i]);
    }
    free(cable->memory);
    free(cable);
}

static void wake(struct link_cable *cable, unsigned end)
{
    uint64_t one = 1;

    /* the counter is far from full, and a full one would wake as well */
    while (write(cable->event[end], &one, sizeof one) < 0 && errno == EINTR) {}
}

/* ---- the pool ---- */

static struct vvm_packet *pool_alloc(struct vvm_pool *pool)
{
    struct link_end *link = (struct link_end *)pool;
    struct vvm_packet *packet = link->free;

    if (!packet) return NULL;
    link->free = packet->next;
    link->free_count--;
    packet_begin(packet, pool, BLOCK, PORT_HEADROOM, link);
    return packet;
}

static void pool_free(struct vvm_pool *pool, struct vvm_packet *packet)
{
    struct link_end *link = (struct link_end *)pool;

    assert(packet->owner == link && link->free_count < link->buffers);
    packet->owner = NULL;
    packet->next = link->free;
    link->free = packet;
    link->free_count++;
}

/* The blocks belong to the cable from now on. */
static int pool_open(struct link_end *link, uint32_t buffers)
{
    uint8_t *memory = malloc((size_t)buffers * BLOCK);
    uint32_t i;

    link->packets = calloc(buffers, sizeof *link->packets);
    if (!memory || !link->packets) {
        free(memory);
        return -ENOMEM;
    }
    link->cable->end_memory[link->end] = memory;
    for (i = 0; i < buffers; i++) {
        link->packets[i].base = memory + (size_t)i * BLOCK;
        link->packets[i].next = link->free;
        link->free = &link->packets[i];
    }
    link->buffers = link->free_count = buffers;
    link->pool = (struct vvm_pool){pool_alloc, pool_free, PORT_HEADROOM, BLOCK};
    return 0;
}

/* ---- open and close ---- */

static int check(struct port *port, const struct port_options *options)
{
    if (!options->cable || options->end > 1) {
        snprintf(port->why, sizeof port->why, "no end of a cable: name the cable at both ends");
        return -EINVAL;
    }
    if (atomic_load(&options->cable->state[options->end]) != END_NEVER) {
        snprintf(port->why, sizeof port->why, "end %u of the cable was opened before: use a new cable",
                 options->end);
        return -EBUSY;
    }
    if (options->mtu && (options->mtu < MTU_LEAST || options->mtu > MTU_MOST)) {
        snprintf(port->why, sizeof port->why, "MTU %u: give %d to %d", options->mtu, MTU_LEAST, MTU_MOST);
        return -ERANGE;
    }
    if (options->buffers > BUFFERS_MOST) {
        snprintf(port->why, sizeof port->why, "%u buffers: give at most %d", options->buffers, BUFFERS_MOST);
        return -ERANGE;
    }
    return 0;
}

static int link_open(struct port *port, const struct port_options *options)
{
    struct link_end *link;
    int err;

    snprintf(port->name, sizeof port->name, "%s", options->name ? options->name : "link");
    err = check(port, options);
    if (err) return err;
    snprintf(port->why, sizeof port->why, "out of memory");
    link = calloc(1, sizeof *link);
    if (!link) return -ENOMEM;
    link->port = port;
    link->cable = options->cable;
    link->end = options->end;
    link->out = &link->cable->rings[link->end];
    link->in = &link->cable->rings[1 - link->end];
    link->mtu = options->mtu ? options->mtu : MTU;
    link->clock = options->clock ? options->clock : port_system_clock;
    link->clock_data = options->clock_data;
    err = pool_open(link, options->buffers ? options->buffers : BUFFERS);
    if (err) {
        free(link->packets);
        free(link);
        return err;
    }
    port->link = PORT_ETHERNET;
    port->pool = &link->pool;
    port->state = link;
    port->why[0] = '\0';
    atomic_store(&link->cable->state[link->end], END_OPEN);
    return 0;
}

/* Frames that wait in the ring stay there, as on a cable that is pulled out. */
static int link_close(struct port *port)
{
    struct link_end *link = port->state;

    assert(link->free_count == link->buffers);
    atomic_store(&link->cable->state[link->end], END_CLOSED);
    wake(link->cable, 1 - link->end);
    free(link->packets);
    free(link);
    port->state = NULL;
    port->pool = NULL;
    return 0;
}

static int far_state(const struct link_end *link)
{
    return atomic_load_explicit(&link->cable->state[1 - link->end], memory_order_acquire);
}

/* ---- the way out ---- */

static uint32_t ring_room(struct ring *ring, uint32_t wanted)
{
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint32_t room = ring->mask + 1 - (tail - ring->seen_head);

    if (room >= wanted) return room;
    ring->seen_head = atomic_load(&ring->head);
    return ring->mask + 1 - (tail - ring->seen_head);
}

/* The frame goes into the slot, its packet gets the slot's empty block. */
static void put_frame(struct link_end *link, struct link_slot *slot, struct vvm_packet *packet)
{
    uint8_t *empty = slot->block;

    assert(packet->pool == &link->pool && packet->head + packet->length <= BLOCK);
    *slot = (struct link_slot){packet->base, packet->head, packet->length};
    packet->base = empty;
    link->stats.tx_frames++;
    link->stats.tx_octets += packet->length;
    pool_free(&link->pool, packet);
}

static int refuse(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct link_end *link = port->state;
    unsigned i;

    for (i = 0; i < n; i++) {
        link->stats.fates[FATE_REFUSED]++;
        if (port->book.fate) port->book.fate(port->book.data, packets[i], FATE_REFUSED);
        packet_free(packets[i]);
    }
    return (int)n;
}

/* As much room as there is, and a word left for the receiver if that is too little. */
static uint32_t find_room(struct ring *ring, uint32_t wanted)
{
    uint32_t room = ring_room(ring, wanted);

    if (room >= wanted) return wanted;
    atomic_store(&ring->starved, true);
    room = ring_room(ring, wanted);
    return room < wanted ? room : wanted;
}

static int link_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct link_end *link = port->state;
    struct ring *ring = link->out;
    uint32_t i, tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    if (far_state(link) != END_OPEN) return refuse(port, packets, n);
    n = find_room(ring, n);
    if (n == 0) return 0;
    for (i = 0; i < n; i++) put_frame(link, &ring->slots[(tail + i) & ring->mask], packets[i]);
    atomic_store(&ring->tail, tail + n);
    if (atomic_load(&ring->armed) && atomic_exchange(&ring->armed, false)) wake(link->cable, 1 - link->end);
    return (int)n;
}

/* ---- the way in ---- */

static uint32_t ring_waiting(struct ring *ring)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    if (ring->seen_tail == head) ring->seen_tail = atomic_load(&ring->tail);
    return ring->seen_tail - head;
}

/* The next layers count on headroom; packets that programs made come with less. */
static void restore_headroom(struct vvm_packet *packet)
{
    if (packet->head == PORT_HEADROOM || packet->length > BLOCK - PORT_HEADROOM) return;
    memmove(packet->base + PORT_HEADROOM, packet->base + packet->head, packet->length);
    packet->head = PORT_HEADROOM;
}

static void take_frame(struct link_end *link, struct link_slot *slot, struct vvm_packet *packet, uint64_t now)
{
    uint8_t *empty = packet->base;

    packet->base = slot->block;
    packet->head = slot->head;
    packet->length = slot->length;
    slot->block = empty;
    restore_headroom(packet);
    packet->payload_end = packet->head + packet->length;
    packet->ingress = link->port->device;
    packet->time = now;
    link->stats.rx_frames++;
    link->stats.rx_octets += packet->length;
}

/* What woke us, or was about to when we came by ourselves, is forgotten: the caller looks. */
static void get_up(struct link_end *link)
{
    uint64_t count;

    link->slept = false;
    atomic_store(&link->in->armed, false);
    while (read(link->cable->event[link->end], &count, sizeof count) < 0 && errno == EINTR) {}
}

/* With no buffers free, frames wait in the ring. */
static int link_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct link_end *link = port->state;
    struct ring *ring = link->in;
    uint32_t i, n, head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t now;
    bool last;

    if (link->slept) get_up(link);
    last = far_state(link) == END_CLOSED; /* asked first: what it sent before is in the ring */
    n = ring_waiting(ring);
    if (n == 0) return last ? -ENODATA : 0;
    if (n > room) n = room;
    if (n > link->free_count) n = link->free_count;
    if (n == 0) return 0;
    now = link->clock(link->clock_data);
    for (i = 0; i < n; i++) {
        packets[i] = pool_alloc(&link->pool);
        take_frame(link, &ring->slots[(head + i) & ring->mask], packets[i], now);
    }
    atomic_store(&ring->head, head + n);
    if (atomic_load(&ring->starved) && atomic_exchange(&ring->starved, false))
        wake(link->cable, 1 - link->end);
    return (int)n;
}

static bool link_arm(struct port *port)
{
    struct link_end *link = port->state;

    link->slept = true;
    atomic_store(&link->in->armed, true);
    return ring_waiting(link->in) == 0;
}

/* ---- the rest ---- */

static int link_descriptor(struct port *port)
{
    const struct link_end *link = port->state;

    return link->cable->event[link->end];
}

static uint32_t link_mtu(struct port *port) { return ((const struct link_end *)port->state)->mtu; }

static bool link_link_up(struct port *port) { return far_state(port->state) == END_OPEN; }

static void link_stats(struct port *port, struct port_stats *stats)
{
    *stats = ((const struct link_end *)port->state)->stats;
}

const struct port_ops port_link = {
    .kind = "link",
    .open = link_open,
    .close = link_close,
    .rx_burst = link_rx_burst,
    .tx_burst = link_tx_burst,
    .descriptor = link_descriptor,
    .arm = link_arm,
    .mtu = link_mtu,
    .link_up = link_link_up,
    .stats = link_stats,
};
