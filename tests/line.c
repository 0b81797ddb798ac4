/* SPDX-License-Identifier: Apache-2.0 */
#include "line.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/carrier.h"
#include "daemon/registry.h"
#include "engine/load.h"

unsigned line_workers = 1;

/* ---- the spout ---------------------------------------------------------------------------- */

static int spout_open(struct port *port, const struct port_options *options)
{
    struct spout *spout = calloc(1, sizeof *spout);
    CU_ASSERT_FATAL(spout && !buffer_pool_open(&spout->pool, options->buffers ? options->buffers : 128, 2048,
                                               PORT_HEADROOM));
    snprintf(port->name, sizeof port->name, "%s", options->name);
    port->pool = buffer_pool_ops(spout->pool);
    port->state = spout;
    spout->event = -1;
    return 0;
}

static int spout_close(struct port *port)
{
    struct spout *spout = port->state;
    buffer_pool_close(spout->pool); /* asserts that every packet came back */
    if (spout->event >= 0) close(spout->event);
    free(spout);
    return 0;
}

static void take_event(struct spout *spout)
{
    uint64_t frames;
    if (spout->event >= 0 && read(spout->event, &frames, sizeof frames) == sizeof frames)
        spout->left += frames;
}

/* The UDP source port says which flow it is; 0 is no checksum. */
static void choose_flow(struct spout *spout, struct vvm_packet *packet)
{
    enum { SOURCE_PORT = 14 + 20, CHECKSUM = SOURCE_PORT + 6 };
    uint8_t *octets = packet->base + packet->head;
    if (spout->flows == 0) return;
    octets[SOURCE_PORT + 1] = (uint8_t)(spout->turn++ % spout->flows);
    memset(octets + CHECKSUM, 0, 2);
}

static int spout_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct spout *spout = port->state;
    unsigned n = 0;
    spout->bursts++;
    take_event(spout);
    if (spout->left == 0 && spout->broken) {
        snprintf(port->why, sizeof port->why, "the spout broke");
        return spout->broken;
    }
    if (spout->left == 0 && spout->ends) return -ENODATA;
    for (; n < room && spout->left > 0; spout->left--) {
        struct vvm_packet *packet = port->pool->alloc(port->pool);
        if (!packet) break;
        packet_append(packet, spout->frame, spout->length);
        choose_flow(spout, packet);
        packet->payload_end = packet->head + packet->length;
        packet->ingress = port->device;
        packets[n++] = packet;
    }
    return (int)n;
}

static int spout_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    for (unsigned i = 0; i < n; i++) packet_free(packets[i]);
    return (int)n;
}

static int spout_descriptor(struct port *port) { return ((struct spout *)port->state)->event; }
static bool spout_arm(struct port *port)
{
    const struct spout *spout = port->state;
    return spout->left == 0 && !spout->ends && !spout->broken;
}
static uint32_t spout_mtu(struct port *port) { return 1500; }
static bool spout_link_up(struct port *port) { return true; }
static void spout_stats(struct port *port, struct port_stats *stats) { *stats = (struct port_stats){0}; }

const struct port_ops port_spout = {
    .kind = "spout",
    .open = spout_open,
    .close = spout_close,
    .rx_burst = spout_rx_burst,
    .tx_burst = spout_tx_burst,
    .descriptor = spout_descriptor,
    .arm = spout_arm,
    .mtu = spout_mtu,
    .link_up = spout_link_up,
    .stats = spout_stats,
};

/* ---- frames ------------------------------------------------------------------------------- */

uint32_t line_frame(uint8_t frame[LINE_FRAME], uint32_t destination, uint8_t hops)
{
    const uint8_t octets[] = {1,
                              0,
                              0x48,
                              0x50,
                              0,
                              2,
                              0,
                              22, /* the envelope */
                              1,
                              hops,
                              0,
                              0, /* version, hops */
                              (uint8_t)(destination >> 24),
                              (uint8_t)(destination >> 16),
                              (uint8_t)(destination >> 8),
                              (uint8_t)destination,
                              2,
                              1,
                              1,
                              3,
                              0,
                              9}; /* branch-here l; forward; l: deliver 9 */
    struct carrier_seal seal = {
        .kind = CARRIER_UDP, .key = 3322, .source = 0x0a00ff01, .destination = 0x0a000001};
    struct buffer_pool *pool;
    const char *reason;
    CU_ASSERT_FATAL(!buffer_pool_open(&pool, 1, 1024, PORT_HEADROOM));
    struct vvm_pool *ops = buffer_pool_ops(pool);
    struct vvm_packet *packet = ops->alloc(ops);
    packet_append(packet, octets, sizeof octets);
    CU_ASSERT_FATAL(!carrier_put(packet, &seal, &reason));
    uint32_t length = packet->length;
    memcpy(frame, packet->base + packet->head, length);
    packet_free(packet);
    buffer_pool_close(pool);
    return length;
}

/* ---- the line ------------------------------------------------------------------------------- */

static uint32_t address_of(unsigned i) { return 0x0a000001 + (i << 8); }

static void add_port(struct router *router, const struct port_ops *ops, const struct port_options *options)
{
    struct port *port;
    int err = router_add_port(router, ops, options, &port);
    if (err) fprintf(stderr, "    port: %s\n", port ? port->why : "?");
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static void add_route(struct router *router, unsigned to, unsigned device, unsigned via)
{
    int64_t arguments[] = {address_of(to) & ~0xffu, 24, device, address_of(via)};
    CU_ASSERT_EQUAL_FATAL(router_tell(router, "route-add!", arguments, 4), 0);
}

static void open_router(struct line *line, unsigned i)
{
    static const char *const names[] = {"r0", "r1", "r2", "r3"};
    struct router *router = line->list[i] = &line->routers[i];
    CU_ASSERT_EQUAL_FATAL(router_open(router, names[i], false, VVM_SOURCE "/netvmlets"), 0);
    router->crew_size = line_workers;
    CU_ASSERT_EQUAL_FATAL(router_add_address(router, address_of(i), 24), 0);
    CU_ASSERT_EQUAL_FATAL(load_file(&router->node->control, VVM_SOURCE "/netvmlets/hop.vml", NULL), 0);
    for (unsigned to = i + 1; to < line->count; to++) add_route(router, to, 1, i + 1);
}

/* Device 0 looks back, device 1 ahead. */
static void open_ports(struct line *line, unsigned i, const struct impairment *impairment)
{
    struct port_options back = {.name = "back", .end = 1}, ahead = {.name = "ahead", .end = 0};
    struct router *router = &line->routers[i];
    if (impairment) back.impairment = ahead.impairment = *impairment;
    if (i == 0) {
        add_port(router, &port_spout, &(struct port_options){.name = "spout"});
        line->spout = router->ports[0].state;
    } else {
        back.cable = line->cables[i - 1];
        add_port(router, &port_link, &back);
    }
    if (i + 1 == line->count) return;
    ahead.cable = line->cables[i];
    add_port(router, &port_link, &ahead);
}

void line_open(struct line *line, unsigned count, const struct impairment *impairment, uint64_t frames)
{
    *line = (struct line){.count = count};
    for (unsigned i = 0; i + 1 < count; i++) CU_ASSERT_FATAL(!link_cable_open(&line->cables[i], 0));
    for (unsigned i = 0; i < count; i++) {
        open_router(line, i);
        open_ports(line, i, impairment);
    }
    line->spout->left = frames;
    line->spout->flows = line_workers > 1 ? 16 : 0;
    line->spout->length = line_frame(line->spout->frame, address_of(count - 1), 9);
    CU_ASSERT_EQUAL_FATAL(runtime_open(&line->runtime, line->list, count), 0);
}

static void check_end(struct router *router)
{
    struct readings readings;
    char why[256];
    CU_ASSERT_EQUAL(router_close_ports(router, why), 0);
    CU_ASSERT_EQUAL_FATAL(registry_read(&readings, router, NULL), 0);
    for (unsigned i = 0; i < readings.count; i++)
        if (!strncmp(readings.items[i].name, "ledger/held/", 12)) CU_ASSERT_EQUAL(readings.items[i].value, 0);
    readings_free(&readings);
    CU_ASSERT_EQUAL(ledger_balance(router->node), 0);
    CU_ASSERT_EQUAL(router_close(router, why), 0);
}

void line_close(struct line *line)
{
    runtime_close(line->runtime);
    for (unsigned i = 0; i < line->count; i++) check_end(&line->routers[i]);
    for (unsigned i = 0; i + 1 < line->count; i++) link_cable_close(line->cables[i]);
}

int64_t line_reading(struct line *line, unsigned router, const char *name)
{
    struct readings readings;
    int64_t value = -1;
    CU_ASSERT_EQUAL_FATAL(registry_read(&readings, &line->routers[router], line->runtime), 0);
    readings_find(&readings, name, &value);
    readings_free(&readings);
    return value;
}
