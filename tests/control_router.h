/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_router.h - a router for tests of its control socket: the toy network, a route,
 * and a port from which one of its packets comes for ever.
 */
#ifndef VVM_CONTROL_ROUTER_H
#define VVM_CONTROL_ROUTER_H

#include "daemon/control_parts.h"

struct control_router {
    struct router router;
    struct control control;
};

/** Open it. Without `running` no thread moves packets. 0 or -errno. */
int control_router_open(struct control_router *r, bool running);
/** Close it. The ledger's difference, or another error; 0 is right. */
int control_router_close(struct control_router *r);

#endif
