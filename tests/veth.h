/* SPDX-License-Identifier: Apache-2.0 */
/*
 * veth.h - a wire of one's own for a test: the test's process moves into a new network
 * namespace, which ends with it, and makes a veth pair there. A port opens VETH_NEAR;
 * the test sends and receives raw frames at the far end.
 */
#ifndef VVM_TEST_VETH_H
#define VVM_TEST_VETH_H

#include <stdbool.h>
#include <stdint.h>

#define VETH_NEAR "near"
#define VETH_FAR  "far"

/** NULL if this machine lets us, else why not, one line. Asks in a process of its own. */
const char *veth_hindrance(void);
/** Make namespace and pair, with that MTU; the descriptor of the far end. Ends the test if
 *  it cannot. */
int veth_open(unsigned mtu);
/** Run a command, as sh does. True: it said yes. */
bool veth_run(const char *command);
/** One frame onto the wire. False: it may not be a frame there (shorter than a header). */
bool veth_send(int far, const uint8_t *octets, uint32_t length);
/** One frame that came at the far end within so many milliseconds; its length, -1: none.
 *  What the far end sends itself does not come. */
int veth_receive(int far, uint8_t *octets, uint32_t room, int milliseconds);

#endif
