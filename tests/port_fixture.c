/* SPDX-License-Identifier: Apache-2.0 */
/* port_fixture.c - see port_fixture.h. */
#include "port_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"

static void book(void *data, const struct vvm_packet *packet, enum port_fate fate)
{
    struct account *a = data;
    CU_ASSERT(packet->pool && packet->length > 0); /* still whole */
    a->fates[fate]++;
    if (fate == FATE_DUPLICATED) a->created++, a->sent++;
    else if (fate == FATE_DELAYED) a->sent--, a->held++;
    else if (fate == FATE_RELEASED) a->held--, a->sent++;
    else a->sent--, a->dropped++;
}

static uint64_t read_clock(void *data) { return ((struct port_fixture *)data)->now; }

int fixture_open(struct port_fixture *f, const struct port_ops *ops, struct port_options *options)
{
    *f = (struct port_fixture){.port = {.ops = ops, .device = 3}, .now = 1000 * MILLISECOND};
    options->clock = read_clock;
    options->clock_data = f;
    int err = port_open(&f->port, ops, options);
    f->port.book = (struct port_book){book, &f->account};
    return err;
}

int fixture_close(struct port_fixture *f)
{
    int err = f->port.ops->close(&f->port);
    CU_ASSERT(account_balances(&f->account));
    CU_ASSERT_EQUAL(f->account.held, 0);
    return err;
}

bool account_balances(const struct account *a)
{
    return a->taken + a->created == a->sent + a->dropped + a->held && a->sent >= 0 && a->held >= 0;
}

uint32_t frame_number(const uint8_t *octets, uint32_t length)
{
    uint32_t number;
    memcpy(&number, octets + length - 4, 4);
    return number;
}

static struct vvm_packet *make_frame(struct port_fixture *f, uint32_t length, uint32_t hop)
{
    struct vvm_packet *packet = f->port.pool->alloc(f->port.pool);
    if (!packet) return NULL;
    uint8_t *octets = packet_grow(packet, length);
    CU_ASSERT_FATAL(octets && length >= 4);
    memset(octets, 0x5a, length);
    memcpy(octets + length - 4, &f->number, 4);
    f->number++;
    packet->peer = hop;
    return packet;
}

int fixture_send_to(struct port_fixture *f, unsigned n, uint32_t length, uint32_t hop)
{
    struct vvm_packet *packets[256];
    CU_ASSERT_FATAL(n <= 256);
    for (unsigned i = 0; i < n; i++) {
        packets[i] = make_frame(f, length, hop);
        CU_ASSERT_FATAL(packets[i] != NULL);
    }
    f->account.taken += n; /* as the worker does: booked before the port sees them */
    f->account.sent += n;
    int taken = f->port.ops->tx_burst(&f->port, packets, n);
    for (unsigned i = taken < 0 ? 0 : (unsigned)taken; i < n; i++) {
        packet_free(packets[i]);
        f->number--;
        f->account.taken--;
        f->account.sent--;
    }
    return taken;
}

int fixture_send(struct port_fixture *f, unsigned n, uint32_t length)
{
    return fixture_send_to(f, n, length, 0);
}

/* ---- the sink ---- */

static struct sink *newest;

struct sink *sink_opened(void) { return newest; }

static int sink_open(struct port *port, const struct port_options *options)
{
    struct sink *sink = calloc(1, sizeof *sink);
    CU_ASSERT_FATAL(sink && !buffer_pool_open(&sink->pool, options->buffers, 2048, PORT_HEADROOM));
    sink->takes = UINT32_MAX;
    sink->clock = options->clock;
    sink->clock_data = options->clock_data;
    snprintf(port->name, sizeof port->name, "%s", options->name);
    port->pool = buffer_pool_ops(sink->pool);
    port->state = newest = sink;
    return 0;
}

static int sink_close(struct port *port)
{
    struct sink *sink = port->state;
    buffer_pool_close(sink->pool); /* asserts that every packet came back */
    free(sink);
    return 0;
}

static int sink_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    (void)port, (void)packets, (void)room;
    return 0;
}

static int sink_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct sink *sink = port->state;
    if (sink->fails) {
        snprintf(port->why, sizeof port->why, "the sink is stopped up");
        return sink->fails;
    }
    if (sink->stalls > 0) return sink->stalls--, 0;
    if (n > sink->takes) n = sink->takes;
    for (unsigned i = 0; i < n; i++, sink->count++) {
        unsigned at = sink->count % SINK_ROOM;
        sink->number[at] = frame_number(packets[i]->base + packets[i]->head, packets[i]->length);
        sink->time[at] = sink->clock(sink->clock_data);
        packet_free(packets[i]);
    }
    return (int)n;
}

static int sink_descriptor(struct port *port) { return (void)port, -1; }
static bool sink_arm(struct port *port) { return (void)port, true; }
static uint32_t sink_mtu(struct port *port) { return (void)port, 1500; }
static bool sink_link_up(struct port *port) { return (void)port, true; }
static void sink_stats(struct port *port, struct port_stats *stats)
{
    *stats = (struct port_stats){.tx_frames = ((struct sink *)port->state)->count};
}

const struct port_ops sink_port = {
    .kind = "sink",
    .open = sink_open,
    .close = sink_close,
    .rx_burst = sink_rx_burst,
    .tx_burst = sink_tx_burst,
    .descriptor = sink_descriptor,
    .arm = sink_arm,
    .mtu = sink_mtu,
    .link_up = sink_link_up,
    .stats = sink_stats,
};
