/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h - routers in a row, joined by cables, and a port that pours frames of the toy
 * network into the first: for tests with threads.
 *
 *   spout -> r0 ==cable== r1 ==cable== r2 ... the last delivers
 *
 * Router i has the address 10.0.i.1; the device toward the next is the last one.
 */
#ifndef VVM_LINE_H
#define VVM_LINE_H

#include "daemon/runtime.h"

enum { LINE_MOST = 4, LINE_FRAME = 256 };

/* Workers of each router of the lines to come. */
extern unsigned line_workers;

/* Frames that the spout gives; set before the routers run. */
struct spout {
    struct buffer_pool *pool;
    uint8_t frame[LINE_FRAME];
    uint32_t length;
    uint64_t left;  /* frames to come */
    unsigned flows; /* that they belong to, in turn; 0: one */
    unsigned turn;
    bool ends;       /* after them: -ENODATA, not silence */
    int broken;      /* after them: this error */
    int event;       /* an eventfd: as many frames as it says come, `left` is not used; -1: none */
    unsigned bursts; /* rounds of the worker that it has seen */
};
extern const struct port_ops port_spout;

struct line {
    struct router routers[LINE_MOST];
    struct router *list[LINE_MOST];
    struct link_cable *cables[LINE_MOST];
    unsigned count;
    struct spout *spout; /* port 0 of the first router */
    struct runtime *runtime;
};

/** A line of 2 to 4 routers with hop.vml, routes from end to end, impairment of every
 *  link as given (may be NULL), `frames` toward the last router, and a runtime that is not
 *  started. Fails the test. */
void line_open(struct line *line, unsigned count, const struct impairment *impairment, uint64_t frames);
/** Close all; every ledger must balance with nothing held, the ports' end included. */
void line_close(struct line *line);
/** A frame of the toy network to the address, over Ethernet, IPv4 and UDP; its length. */
uint32_t line_frame(uint8_t frame[LINE_FRAME], uint32_t destination, uint8_t hops);
/** Value of a reading of the router, taken now; -1 if there is none. */
int64_t line_reading(struct line *line, unsigned router, const char *name);

#endif
