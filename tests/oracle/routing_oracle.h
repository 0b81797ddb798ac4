/* SPDX-License-Identifier: Apache-2.0 */
/* routing_oracle.h - how far apart nodes are, the slow way. */
#ifndef VVM_ROUTING_ORACLE_H
#define VVM_ROUTING_ORACLE_H

#include "daemon/config.h"

#define ORACLE_NODES 16
#define ORACLE_FAR   1000 /* cannot be reached */

/** distance[a][b] in links, by trying every node as a stop between every two (Floyd and
 *  Warshall). Nodes with an address that a port of the other has as neighbour are one apart. */
void routing_oracle(const struct config *config, unsigned distance[ORACLE_NODES][ORACLE_NODES]);

#endif
