/* SPDX-License-Identifier: Apache-2.0 */
/* routing_oracle.c - Floyd and Warshall. */
#include "routing_oracle.h"

static bool has_address(const struct config_node *node, uint32_t address)
{
    for (unsigned i = 0; i < node->address_count; i++)
        if (node->addresses[i].address == address) return true;
    return false;
}

static bool is_next_to(const struct config_node *node, const struct config_node *other)
{
    for (unsigned i = 0; i < node->port_count; i++)
        for (unsigned j = 0; j < node->ports[i].neighbour_count; j++)
            if (has_address(other, node->ports[i].neighbours[j])) return true;
    return false;
}

void routing_oracle(const struct config *config, unsigned distance[ORACLE_NODES][ORACLE_NODES])
{
    unsigned n = config->node_count;

    for (unsigned a = 0; a < n; a++)
        for (unsigned b = 0; b < n; b++)
            distance[a][b] = a == b ? 0 : is_next_to(&config->nodes[a], &config->nodes[b]) ? 1 : ORACLE_FAR;
    for (unsigned stop = 0; stop < n; stop++)
        for (unsigned a = 0; a < n; a++)
            for (unsigned b = 0; b < n; b++)
                if (distance[a][stop] + distance[stop][b] < distance[a][b])
                    distance[a][b] = distance[a][stop] + distance[stop][b];
}
