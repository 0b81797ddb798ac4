/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.h - the threads that move the packets of one or more routers, beside the
 * control thread, and how they meet.
 *
 *   control thread: configuration, loads, eval, control socket, signals
 *   worker threads: worker_step for one worker of each router, round and round; when none
 *                   had any frame the thread arms its ports and sleeps until a descriptor,
 *                   a deadline or another worker wakes it, outside any generation
 *
 * There are as many threads as the largest crew has workers; worker j of router i runs on
 * thread i + j, modulo their number. They share the engine (built for it) and the
 * counters. Whoever needs a moment at which nothing moves, say for a ledger that
 * balances, asks for a burst boundary: all threads stand still between two rounds.
 */
#ifndef VVMD_RUNTIME_H
#define VVMD_RUNTIME_H

#include "crew.h"

#define RUNTIME_ROUTERS 64

struct runtime;

/** Workers for the routers, router->crew_size each, no thread yet. 0 or -errno. All ports
 *  must be open. */
int runtime_open(struct runtime **runtime, struct router *const *routers, unsigned count);
/** Start the threads (signals blocked in them). 0 or -errno. */
int runtime_start(struct runtime *runtime);
/** Call fn(data) here and now, on the caller's thread, while every worker thread stands
 *  still between two rounds (or has not been started, or has ended). Control thread only. */
void runtime_boundary(struct runtime *runtime, void (*fn)(void *data), void *data);
/** Make every thread go a round, though it may sleep: ports' filters follow the networks of
 *  the generation in a round. Control thread. */
void runtime_wake(struct runtime *runtime);
/** Readable once every port of every router has ended, or one is broken. */
int runtime_descriptor(const struct runtime *runtime);
/** 0: running. -ENODATA: all ports have ended and nothing waits. Else -errno: *port of
 *  *router is broken, its `why` says how. */
int runtime_state(struct runtime *runtime, const struct router **router, const struct port **port);
/** Stop and join the threads. */
void runtime_stop(struct runtime *runtime);
/** Stop if running, close the workers (what still waits gets its fate). Routers stay. */
void runtime_close(struct runtime *runtime);

#endif
