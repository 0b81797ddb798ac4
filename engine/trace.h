/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - one packet's way through a node, step by step, for people. A tracer belongs to
 * one packet context: the next packets that the context executes are written down, as text
 * at once, since what a step refers to may be gone when somebody reads it. All memory is
 * taken when the tracer is made; what does not fit is counted.
 *
 * A context without a tracer pays one test a packet. One that traces a packet dispatches by
 * another table, so code is the same, and redefinitions are obeyed.
 */
#ifndef VVM_TRACE_H
#define VVM_TRACE_H

#include "packet.h"

#define TRACE_STEPS   2048
#define TRACE_PACKETS 64 /* most that a tracer writes down */

enum trace_kind {
    TRACE_ARRIVAL, /* where: device number; what: octets; operands: the first ones in hex */
    TRACE_NETWORK, /* a network's peel or run begins */
    TRACE_STEP,    /* an instruction of the engine, or a primitive */
    TRACE_WIRE,    /* an instruction of the network, with the top of its operand stack */
    TRACE_EMIT,    /* a primitive that makes or sends packets */
    TRACE_TABLE,   /* one that writes a table */
    TRACE_OUTCOME
};
const char *trace_kind_name(enum trace_kind kind); /* "arrival" ... */

struct trace_step {
    uint64_t time;   /* of the packet's arrival, the node's clock */
    uint32_t packet; /* of this tracer, from 0 */
    uint8_t kind;    /* enum trace_kind */
    int64_t fuel;    /* left; -1: that says nothing here */
    char where[48];  /* function and word */
    char what[32];
    char operands[120];
};

struct tracer;
/** A tracer for the next `packets` (at most TRACE_PACKETS). -ENOMEM. */
int trace_open(struct tracer **tracer, unsigned packets);
void trace_close(struct tracer *tracer);
/** Give it to a context, NULL: take it away. The context executes nothing meanwhile. */
void trace_attach(struct vvm_context *ctx, struct tracer *tracer);
/** Packets written down from arrival to outcome. Any thread. */
unsigned trace_packets(const struct tracer *tracer);
/** What was written, in order; valid until trace_close. *left_out: steps for which there
 *  was no room. Only when no context has the tracer. */
const struct trace_step *trace_steps(const struct tracer *tracer, unsigned *count, uint64_t *left_out);

/* ---- for the engine ---- */

void trace_begin(struct vvm_context *ctx, const struct vvm_packet *packet);
void trace_network(struct vvm_context *ctx, const struct network *network, const char *stage);
void trace_instruction(struct vvm_context *ctx, const uint64_t *pc, int64_t fuel);
void trace_end(struct vvm_context *ctx, enum outcome outcome, const char *name);

#endif
