/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swap.h - a router whose workers forward capsules in a closed loop while the code that
 * forwards them is swapped: what that costs, and whether it ever shows.
 *
 *   mill (port 0) -> router: two workers, ANTS, the aspect `stamp` -> mill (port 1)
 *
 * The mill keeps a number of capsules under way, of several flows, each numbered within
 * its flow. Version n of `stamp` writes n into one field of a capsule when the router
 * begins to execute it and into another when it sends it on; so one that was run by parts
 * of two versions comes out with two different numbers.
 */
#ifndef VVM_SWAP_H
#define VVM_SWAP_H

#include <stdbool.h>
#include <stdint.h>

struct swap_figures {
    uint64_t packets;        /* that came through */
    uint64_t gaps, mixtures; /* numbers missing or out of order; two versions in one packet */
    uint64_t dropped;        /* by the router, for any reason */
    uint64_t unseen;         /* versions that never took effect */
    unsigned reaped;         /* what waits for reclamation at the end */
    int64_t balance;
    double load_median, load_99;                 /* microseconds of a replace, from call to return */
    double effect_median, effect_99;             /* microseconds from the call until a packet shows it */
    double quiet_50, quiet_99, busy_50, busy_99; /* latency of a packet, without and with loads */
};

/** Run `swaps` replaces on a router with `workers` workers; `folder` is that of the
 *  netvmlets. False with a line in `why` if the router cannot be made or a load fails. */
bool swap_run(const char *folder, unsigned workers, unsigned swaps, struct swap_figures *figures,
              char why[512]);

#endif
