/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passage.h - packets from one thread to one other, in order, through a ring of slots.
 *
 * The producer fills slots and shows them all with one store; the consumer looks at what
 * was shown and gives the slots back with one store. Positions count on without end; a
 * side reads the other's position only when what it remembers leaves it nothing. All in
 * C's own atomics, which the thread sanitizer follows; ck_ring publishes one entry at a
 * time, by instructions that it does not see.
 */
#ifndef VVMD_PASSAGE_H
#define VVMD_PASSAGE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define PASSAGE_SLOTS 512 /* a power of two */

struct network;
struct vvm_packet;

struct passed {
    struct vvm_packet *packet;
    const struct network *network; /* a frame: who claims it, in that generation */
    uint64_t generation;           /* its number */
    uint16_t device;               /* the port that it came by, or is to leave by */
    uint16_t home;                 /* whose buffer it is; see crew.h */
};

struct passage {
    struct passed *slots;
    /* the producer writes */
    alignas(64) _Atomic uint32_t tail;
    uint32_t filled, seen_head; /* filled: slots from tail on that were not shown yet */
    /* the consumer writes */
    alignas(64) _Atomic uint32_t head;
    uint32_t seen_tail;
};

/** 0 or -1: no memory. */
static inline int passage_open(struct passage *passage)
{
    passage->slots = calloc(PASSAGE_SLOTS, sizeof *passage->slots);
    return passage->slots ? 0 : -1;
}

static inline void passage_close(struct passage *passage) { free(passage->slots); }

/** Producer: a slot to fill, which then waits to be shown; NULL: the ring is full. */
static inline struct passed *passage_slot(struct passage *passage)
{
    uint32_t at = atomic_load_explicit(&passage->tail, memory_order_relaxed) + passage->filled;

    if (at - passage->seen_head == PASSAGE_SLOTS) passage->seen_head = atomic_load(&passage->head);
    if (at - passage->seen_head == PASSAGE_SLOTS) return NULL;
    passage->filled++;
    return &passage->slots[at % PASSAGE_SLOTS];
}

/** Producer: show what was filled. False: nothing was. */
static inline bool passage_show(struct passage *passage)
{
    if (passage->filled == 0) return false;
    atomic_store(&passage->tail,
                 atomic_load_explicit(&passage->tail, memory_order_relaxed) + passage->filled);
    passage->filled = 0;
    return true;
}

/** Consumer: how many packets are there. */
static inline uint32_t passage_count(struct passage *passage)
{
    uint32_t head = atomic_load_explicit(&passage->head, memory_order_relaxed);

    if (passage->seen_tail == head) passage->seen_tail = atomic_load(&passage->tail);
    return passage->seen_tail - head;
}

/** Consumer: the i-th of them. */
static inline const struct passed *passage_at(const struct passage *passage, uint32_t i)
{
    return &passage->slots[(atomic_load_explicit(&passage->head, memory_order_relaxed) + i) % PASSAGE_SLOTS];
}

/** Consumer: the first n were taken. */
static inline void passage_done(struct passage *passage, uint32_t n)
{
    atomic_store(&passage->head, atomic_load_explicit(&passage->head, memory_order_relaxed) + n);
}

/** Anybody: is something in it? */
static inline bool passage_holds(struct passage *passage)
{
    return atomic_load(&passage->tail) != atomic_load(&passage->head);
}

#endif
