/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_fixture.h - what tests of ports share: a clock that the test moves, an account of
 * what became of packets (as a worker books it), numbered frames, and a port that takes
 * what it is given.
 */
#ifndef VVM_PORT_FIXTURE_H
#define VVM_PORT_FIXTURE_H

#include "daemon/port.h"

#define MILLISECOND UINT64_C(1000000)

/* The ledger's view: taken + created = sent + dropped + held. */
struct account {
    int64_t taken, created, sent, dropped, held;
    uint64_t fates[FATE_KINDS];
};

struct port_fixture {
    struct port port;
    struct account account;
    uint64_t now;    /* of the port's clock */
    uint32_t number; /* of the next packet */
};

/** Open a port with the fixture's clock and account; options->clock is filled in. */
int fixture_open(struct port_fixture *f, const struct port_ops *ops, struct port_options *options);
/** Close it; everything must be booked. */
int fixture_close(struct port_fixture *f);
/** Book a burst, hand it to the port; those that it did not take are freed and not booked.
 *  Returns what tx_burst said. Each frame is `length` octets, its number in the last four. */
int fixture_send(struct port_fixture *f, unsigned n, uint32_t length);
/** The same toward a next hop. */
int fixture_send_to(struct port_fixture *f, unsigned n, uint32_t length, uint32_t hop);
bool account_balances(const struct account *a);
/** The number in the last four octets. */
uint32_t frame_number(const uint8_t *octets, uint32_t length);

/* ---- a port that takes what it is given ---- */

#define SINK_ROOM 65536

struct sink {
    struct buffer_pool *pool;
    uint32_t number[SINK_ROOM]; /* what came, in order */
    uint64_t time[SINK_ROOM];   /* when, by the clock that was given at open */
    unsigned count;
    unsigned takes;  /* at most so many a call */
    unsigned stalls; /* calls before it takes any again */
    int fails;       /* tx_burst returns that; 0: it does not fail */
    uint64_t (*clock)(void *);
    void *clock_data;
};
extern const struct port_ops sink_port;
/** The sink behind a port of any layers that was just opened. */
struct sink *sink_opened(void);

#endif
