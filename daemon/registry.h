/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - every number that a router can tell, by name: the one source of
 * `vvmctl stats`, the ledger tables, --json and the tests.
 *
 *   ledger/received/NAME  ledger/dropped/REASON ...   packets; see engine/packet.h
 *   ledger/balance                                    in - out; 0 is right
 *   port/NAME/rx-frames ... port/NAME/link-loss ...   per port
 *   network/NAME/sent ... network/NAME/fuel           per network that executed packets
 *   node/uptime  node/generation  node/vmlets ...     the rest; uptime in milliseconds
 *
 * A name has at most READING_NAME octets, printable ASCII without blanks (others, and
 * % and / in names that are given, are written as %XX), so that it can be printed and
 * parsed anywhere.
 */
#ifndef VVMD_REGISTRY_H
#define VVMD_REGISTRY_H

#include "runtime.h"

#define READING_NAME 200 /* with its NUL; a name of the ledger, every octet as %XX, fits */

enum reading_kind {
    READING_COUNTER, /* only grows */
    READING_GAUGE,   /* may fall */
};

struct reading {
    char name[READING_NAME];
    enum reading_kind kind;
    unsigned place; /* among readings of one sort, in the order in which they came to be: for tables */
    int64_t value;
};

struct readings {
    struct reading *items; /* sorted by name */
    unsigned count, room;
};

/** All readings of a router, taken at one burst boundary, so that its ledger balances.
 *  Control thread. 0 or -ENOMEM. The caller frees them. runtime may be NULL: no worker. */
int registry_read(struct readings *readings, struct router *router, struct runtime *runtime);
void readings_free(struct readings *readings);
/** The part of a reading's name between `start` and `end` (NULL: the rest) as it was
 *  given, without %XX: "first light" of "port/first%20light/mtu". False: not of that form. */
bool reading_part(const struct reading *reading, const char *start, const char *end, char *part, size_t room);
/** "received", "created" ... as in the names of the ledger. */
const char *ledger_kind_name(enum ledger_kind kind);
/** "sent", "delivered" ... as in the names of networks. */
const char *outcome_name(enum outcome outcome);
/** Value of one reading; false: there is none of that name. */
bool readings_find(const struct readings *readings, const char *name, int64_t *value);

#endif
