/* SPDX-License-Identifier: Apache-2.0 */
/* feed_port.h - a port of Ethernet frames that a test feeds and reads. */
#ifndef VVM_FEED_PORT_H
#define VVM_FEED_PORT_H

#include "daemon/router.h"

enum { FEED_ROOM = 2048, FEED_MOST = PORT_BURST };

struct feed_port {
    struct buffer_pool *pool;
    struct vvm_packet *waiting[FEED_MOST];
    unsigned waiting_count;
    unsigned sent_count;     /* since the test last set it to 0 */
    uint8_t sent[FEED_ROOM]; /* the last frame that left */
    uint32_t sent_length;
};

extern const struct port_ops port_feed;

/** One more port of the router; its state. */
struct feed_port *feed_port_add(struct router *router);
/** A frame for the next worker_step. */
void feed_port_put(struct router *router, unsigned device, const void *octets, uint32_t length);

#endif
