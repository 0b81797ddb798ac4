/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - what lies around the code that runs on a context: who sends and delivers
 * for it, what time it is, where its packets are counted, which tables it finds.
 *
 * A node has one world, and its contexts run in it. A test runs in another one beside
 * it: nothing that it does there is seen here. See wire/scratch.c. An application may have
 * more worlds that stay, each like a node of its own: see embed/node.c.
 */
#ifndef VVM_WORLD_H
#define VVM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

struct ledger;
struct table_view;
struct vvm_host_ops;

struct vvm_world {
    void *host; /* what host_ops is called with: the daemon's router */
    const struct vvm_host_ops *host_ops;
    uint64_t (*clock)(void *); /* nanoseconds, monotonic; NULL = CLOCK_MONOTONIC */
    void *clock_data;
    struct ledger *ledger;
    struct table_view *view; /* tables that stand for the node's; NULL: the node's own. See table/table.h */
    bool test;               /* a test's: nothing outside it may change */
};

/** Nanoseconds by the world's clock. Any thread. */
uint64_t world_now(const struct vvm_world *world);

#endif
