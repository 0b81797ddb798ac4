/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_port.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

static int feed_open(struct port *port, const struct port_options *options)
{
    struct feed_port *feed = calloc(1, sizeof *feed);
    CU_ASSERT_FATAL(feed && !buffer_pool_open(&feed->pool, 2 * FEED_MOST, FEED_ROOM, PORT_HEADROOM));
    snprintf(port->name, sizeof port->name, "%s", options->name);
    port->pool = buffer_pool_ops(feed->pool);
    port->state = feed;
    return 0;
}

static int feed_close(struct port *port)
{
    struct feed_port *feed = port->state;
    buffer_pool_close(feed->pool); /* asserts that every packet came back */
    free(feed);
    return 0;
}

static int feed_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct feed_port *feed = port->state;
    unsigned n = feed->waiting_count;
    CU_ASSERT_FATAL(n <= room);
    memcpy(packets, feed->waiting, n * sizeof *packets);
    feed->waiting_count = 0;
    return (int)n;
}

static int feed_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct feed_port *feed = port->state;
    for (unsigned i = 0; i < n; i++) {
        feed->sent_length = packets[i]->length;
        memcpy(feed->sent, packets[i]->base + packets[i]->head, packets[i]->length);
        packet_free(packets[i]);
    }
    feed->sent_count += n;
    return (int)n;
}

static int feed_descriptor(struct port *port) { return -1; }
static bool feed_arm(struct port *port) { return false; }
static uint32_t feed_mtu(struct port *port) { return 1500; }
static bool feed_link_up(struct port *port) { return true; }
static void feed_stats(struct port *port, struct port_stats *stats) { *stats = (struct port_stats){0}; }

const struct port_ops port_feed = {
    .kind = "feed",
    .open = feed_open,
    .close = feed_close,
    .rx_burst = feed_rx_burst,
    .tx_burst = feed_tx_burst,
    .descriptor = feed_descriptor,
    .arm = feed_arm,
    .mtu = feed_mtu,
    .link_up = feed_link_up,
    .stats = feed_stats,
};

struct feed_port *feed_port_add(struct router *router)
{
    char name[16];
    struct port *port;
    snprintf(name, sizeof name, "feed%u", router->port_count);
    CU_ASSERT_FATAL(!router_add_port(router, &port_feed, &(struct port_options){.name = name}, &port));
    return port->state;
}

void feed_port_put(struct router *router, unsigned device, const void *octets, uint32_t length)
{
    struct port *port = &router->ports[device];
    struct feed_port *feed = port->state;
    struct vvm_packet *packet = port->pool->alloc(port->pool);
    CU_ASSERT_FATAL(packet && feed->waiting_count < FEED_MOST);
    CU_ASSERT_FATAL(length == 0 || !packet_append(packet, octets, length));
    packet->ingress = (uint16_t)device;
    feed->waiting[feed->waiting_count++] = packet;
}
