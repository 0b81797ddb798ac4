/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting.h - packets that a context will execute once the present one has ended: those
 * that code woke, and those that it handed to a network of this node. Private to wire/.
 *
 * They are one context's, so nothing is shared: a woken packet was taken out of its queue
 * under the queue's lock, and stays there as octets until its turn comes. Networks are kept
 * by name, since another generation may be in force by then.
 *
 * In the ledger a woken packet is held until its turn. One that was handed on goes on
 * living under what it was counted as, received or created; only where it ends is counted.
 */
#ifndef VVM_WIRE_WAITING_H
#define VVM_WIRE_WAITING_H

#include "../packet.h"
#include "../table/queue.h"

#define SUBMIT_MOST   64 /* packets handed on, at one time */
#define WAITING_CHAIN 8  /* one packet may lead to another, that to a third ... so often */

struct submission {
    struct vvm_packet *packet;
    vvm_value network, owner; /* symbols */
    uint8_t round;
};

struct waiting {
    struct held_packet *first, *last; /* woken */
    struct submission handed[SUBMIT_MOST];
    unsigned start, count;
    uint8_t round; /* of the packet in execution: 0 if it came from outside */
};

struct network;
/** The network of that name and owner in force, or NULL. */
const struct network *network_by_names(const struct vvm_generation *g, vvm_value name, vvm_value owner);
/** Count the packet that was taken out of a queue and not executed as dropped; its room is free again. */
void held_drop_one(struct vvm_context *ctx, struct held_packet *held, const char *reason);
/** Execute a woken packet; its room is free again. */
void held_execute(struct vvm_context *ctx, struct held_packet *held);
/** Drop what waits; the context closes. */
void waiting_close(struct vvm_context *ctx);

#endif
