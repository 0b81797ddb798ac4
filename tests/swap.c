/* SPDX-License-Identifier: Apache-2.0 */
#include "swap.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/carrier.h"
#include "daemon/registry.h"
#include "engine/load.h"

enum {
    FLOWS = 16,
    UNDER_WAY = 64,
    BUFFERS = 256,
    FRAME = 256,
    CARRIERS = 42,
    FIELDS = CARRIERS + 8 + 36, /* envelope, capsule header: the stamps, then what the mill writes */
    NUMBER = FIELDS + 4,
    FLOW = NUMBER + 8,
    SINCE = FLOW + 8,
    LENGTH = SINCE + 8,
    UDP_SOURCE = 34,
    UDP_CHECKSUM = 40,
    SLOTS = 1 << 20, /* of a histogram, a tenth of a microsecond each */
    VERSIONS = 60000,
};
#define PATIENCE UINT64_C(10000000000)

struct histogram {
    uint64_t count;
    uint32_t slots[SLOTS];
};

struct mill {
    struct router router;
    struct runtime *runtime;
    struct buffer_pool *pools[2];
    uint8_t frame[FRAME];
    /* the owner of port 0 */
    unsigned turn;
    uint64_t next[FLOWS];
    /* the owner of port 1 */
    uint64_t expected[FLOWS];
    struct histogram latency[2]; /* without loads, with */
    /* both, and the control thread */
    _Atomic uint64_t under_way, packets, gaps, mixtures;
    _Atomic unsigned loading;
    _Atomic bool stop;
    _Atomic uint64_t seen[VERSIONS]; /* when its first packet came out */
};

static uint64_t now(void) { return port_system_clock(NULL); }

/* ---- the mill's two ports ---- */

static int mill_open(struct port *port, const struct port_options *options)
{
    struct mill *mill = (struct mill *)options->device;
    snprintf(port->name, sizeof port->name, "%s", options->name);
    if (buffer_pool_open(&mill->pools[port->device], BUFFERS, 1024, PORT_HEADROOM)) return -ENOMEM;
    port->pool = buffer_pool_ops(mill->pools[port->device]);
    port->state = mill;
    return 0;
}

static int mill_close(struct port *port)
{
    buffer_pool_close(((struct mill *)port->state)->pools[port->device]);
    return 0;
}

static void put64(uint8_t *to, uint64_t v) { memcpy(to, &v, sizeof v); }
static uint64_t get64(const uint8_t *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

static void begin(struct mill *mill, struct vvm_packet *packet)
{
    unsigned flow = mill->turn++ % FLOWS;
    uint8_t *octets = packet->base + packet->head;
    packet_append(packet, mill->frame, LENGTH);
    octets[UDP_SOURCE + 1] = (uint8_t)flow;
    memset(octets + UDP_CHECKSUM, 0, 2);
    put64(octets + NUMBER, mill->next[flow]++);
    put64(octets + FLOW, flow);
    put64(octets + SINCE, now());
    packet->payload_end = packet->head + packet->length;
    packet->ingress = 0;
}

static int mill_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct mill *mill = port->state;
    unsigned n = 0;
    if (port->device || atomic_load(&mill->stop)) return 0;
    while (n < room && atomic_load(&mill->under_way) < UNDER_WAY) {
        struct vvm_packet *packet = port->pool->alloc(port->pool);
        if (!packet) break;
        begin(mill, packet);
        atomic_fetch_add(&mill->under_way, 1);
        packets[n++] = packet;
    }
    return (int)n;
}

static void note_latency(struct mill *mill, uint64_t nanoseconds)
{
    struct histogram *h = &mill->latency[atomic_load(&mill->loading)];
    uint64_t slot = nanoseconds / 100;
    h->slots[slot < SLOTS ? slot : SLOTS - 1]++;
    h->count++;
}

static void look_at(struct mill *mill, const uint8_t *octets)
{
    unsigned flow = (unsigned)get64(octets + FLOW) % FLOWS;
    unsigned first = octets[FIELDS] << 8 | octets[FIELDS + 1],
             second = octets[FIELDS + 2] << 8 | octets[FIELDS + 3];
    uint64_t number = get64(octets + NUMBER), at = now(), none = 0;
    if (number != mill->expected[flow]) atomic_fetch_add(&mill->gaps, 1);
    mill->expected[flow] = number + 1;
    if (first != second) atomic_fetch_add(&mill->mixtures, 1);
    if (first < VERSIONS && !atomic_load_explicit(&mill->seen[first], memory_order_relaxed))
        atomic_compare_exchange_strong(&mill->seen[first], &none, at);
    note_latency(mill, at - get64(octets + SINCE));
}

static int mill_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct mill *mill = port->state;
    for (unsigned i = 0; i < n; i++) {
        look_at(mill, packets[i]->base + packets[i]->head);
        packet_free(packets[i]);
    }
    atomic_fetch_add(&mill->packets, n);
    atomic_fetch_sub(&mill->under_way, n);
    return (int)n;
}

static int mill_descriptor(struct port *port) { return -1; }
static bool mill_arm(struct port *port) { return port->device != 0; }
static uint32_t mill_mtu(struct port *port) { return 1500; }
static bool mill_link_up(struct port *port) { return true; }
static void mill_stats(struct port *port, struct port_stats *stats) { *stats = (struct port_stats){0}; }

static const struct port_ops port_mill = {
    .kind = "mill",
    .open = mill_open,
    .close = mill_close,
    .rx_burst = mill_rx_burst,
    .tx_burst = mill_tx_burst,
    .descriptor = mill_descriptor,
    .arm = mill_arm,
    .mtu = mill_mtu,
    .link_up = mill_link_up,
    .stats = mill_stats,
};

/* ---- the router ---- */

/* A data capsule to 10.0.1.7 from the neighbour 10.0.0.2, its type's id from the language. */
static void make_frame(struct mill *mill)
{
    static const uint8_t head[8 + 36] = {
        1,    0,    0x41, 0x4e, 0,    2,    0,    LENGTH - CARRIERS, /* envelope */
        0,    0,    0,    1,                                         /* version */
        0xb2, 0xc6, 0x80, 0xff, 0xad, 0x65, 0x53, 0x13,
        0x3b, 0xab, 0x47, 0xb5, 0xdb, 0xc4, 0xf7, 0x94, /* data */
        10,   0,    0,    9,    10,   0,    1,    7,    /* source, destination */
        10,   0,    0,    2,    0,    0,    0,    64    /* previous, TTL */
    };
    struct carrier_seal seal = {
        .kind = CARRIER_UDP, .key = 3322, .source = 0x0a000002, .destination = 0x0a000001};
    struct vvm_pool *pool = mill->router.ports[0].pool;
    struct vvm_packet *packet = pool->alloc(pool);
    const char *reason;
    packet_append(packet, head, sizeof head);
    memset(packet_grow(packet, LENGTH - CARRIERS - sizeof head), 0, LENGTH - CARRIERS - sizeof head);
    carrier_put(packet, &seal, &reason);
    memcpy(mill->frame, packet->base + packet->head, LENGTH);
    packet_free(packet);
}

static bool fail(struct mill *mill, char why[512], const char *what)
{
    struct vvm_context *ctx = &mill->router.node->control;
    FILE *to = fmemopen(why, 512, "w");
    fprintf(to, "%s: ", what);
    if (ctx->pending.kind != PENDING_NONE) print_pending(ctx, to);
    fclose(to);
    return false;
}

static bool open_router(struct mill *mill, const char *folder, unsigned workers, char why[512])
{
    static const int64_t route[] = {0x0a000100, 24, 1, 0x0a000003}, neighbour[] = {0, 0x0a000002};
    struct router *list[] = {&mill->router};
    char path[4096];
    struct port *port;
    if (router_open(&mill->router, "mill", false, folder)) return snprintf(why, 512, "no node"), false;
    snprintf(path, sizeof path, "%s/../ants/ants.vml", folder);
    if (load_file(&mill->router.node->control, path, NULL)) return fail(mill, why, path);
    mill->router.crew_size = workers;
    router_add_address(&mill->router, 0x0a000001, 24);
    if (router_tell(&mill->router, "route-add!", route, 4)) return fail(mill, why, "route-add!");
    if (router_tell(&mill->router, "neighbour-add!", neighbour, 2)) return fail(mill, why, "neighbour-add!");
    for (unsigned i = 0; i < 2; i++) {
        struct port_options options = {.name = i ? "out" : "in", .device = (const char *)mill};
        if (router_add_port(&mill->router, &port_mill, &options, &port))
            return snprintf(why, 512, "no port"), false;
    }
    make_frame(mill);
    if (runtime_open(&mill->runtime, list, 1) || runtime_start(mill->runtime))
        return snprintf(why, 512, "no threads"), false;
    return true;
}

/* ---- swaps ---- */

static bool load_version(struct mill *mill, unsigned version, char why[512])
{
    struct vvm_context *ctx = &mill->router.node->control;
    char text[600];
    int err, n = snprintf(text, sizeof text,
                          "(vmlet stamp (needs (all)) (version %u)\n"
                          "  (import (ants ants set-data-source-port! set-data-destination-port! send-on)))\n"
                          "(around (network ants execute) () (set-data-source-port! packet %u) (previous))\n"
                          "(around (send-on) (set-data-destination-port! packet %u) (previous))\n",
                          version, version, version);
    err = load_octets(ctx, "stamp.vml", text, (size_t)n, version > 1, NULL);
    return err ? fail(mill, why, "stamp") : true;
}

/* Until the version shows; when, or 0: it does not. */
static uint64_t wait_for_version(struct mill *mill, unsigned version)
{
    uint64_t limit = now() + PATIENCE, at;
    while (!(at = atomic_load(&mill->seen[version])) && now() < limit)
        nanosleep(&(struct timespec){0, 20000}, NULL);
    return at;
}

static bool wait_for_packets(struct mill *mill, uint64_t packets)
{
    uint64_t limit = now() + PATIENCE, target = atomic_load(&mill->packets) + packets;
    while (atomic_load(&mill->packets) < target && now() < limit)
        nanosleep(&(struct timespec){0, 100000}, NULL);
    return atomic_load(&mill->packets) >= target;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double *values, unsigned n, double part)
{
    qsort(values, n, sizeof *values, compare);
    return n ? values[(unsigned)(part * (n - 1))] : 0;
}

static bool swap_all(struct mill *mill, unsigned swaps, struct swap_figures *f, char why[512])
{
    double *loads = calloc(2 * swaps, sizeof *loads), *effects = loads + swaps;
    bool good = loads != NULL;
    atomic_store(&mill->loading, 1);
    for (unsigned i = 0; i < swaps && good; i++) {
        uint64_t from = now(), at;
        good = load_version(mill, i + 1, why);
        if (!good) break;
        loads[i] = (double)(now() - from) / 1000;
        vmlets_reap(mill->router.node);
        at = wait_for_version(mill, i + 1);
        f->unseen += at == 0;
        effects[i] = at ? (double)(at - from) / 1000 : 0;
    }
    atomic_store(&mill->loading, 0);
    f->load_median = quantile(loads, good ? swaps : 0, 0.5);
    f->load_99 = quantile(loads, good ? swaps : 0, 0.99);
    f->effect_median = quantile(effects, good ? swaps : 0, 0.5);
    f->effect_99 = quantile(effects, good ? swaps : 0, 0.99);
    free(loads);
    return good;
}

/* ---- the end ---- */

static double histogram_quantile(const struct histogram *h, double part)
{
    uint64_t sum = 0, wanted = (uint64_t)(part * (double)h->count);
    unsigned i = 0;
    while (i + 1 < SLOTS && (sum += h->slots[i]) <= wanted) i++;
    return (double)i / 10;
}

static void read_ledger(struct mill *mill, struct swap_figures *f)
{
    static const char dropped[] = "ledger/dropped/";
    struct readings readings;
    if (registry_read(&readings, &mill->router, mill->runtime)) return;
    for (unsigned i = 0; i < readings.count; i++)
        if (!strncmp(readings.items[i].name, dropped, sizeof dropped - 1))
            f->dropped += (uint64_t)readings.items[i].value;
    readings_find(&readings, "ledger/balance", &f->balance);
    readings_free(&readings);
}

static void finish(struct mill *mill, struct swap_figures *f)
{
    uint64_t limit = now() + PATIENCE;
    atomic_store(&mill->stop, true);
    while (atomic_load(&mill->under_way) && now() < limit) nanosleep(&(struct timespec){0, 100000}, NULL);
    read_ledger(mill, f);
    f->gaps = atomic_load(&mill->gaps) + atomic_load(&mill->under_way); /* what never came is a gap, too */
    f->mixtures = atomic_load(&mill->mixtures);
    f->packets = atomic_load(&mill->packets);
    while ((f->reaped = vmlets_reap(mill->router.node)) && now() < limit) /* a grace period may not be over */
        nanosleep(&(struct timespec){0, 100000}, NULL);
    f->quiet_50 = histogram_quantile(&mill->latency[0], 0.5);
    f->quiet_99 = histogram_quantile(&mill->latency[0], 0.99);
    f->busy_50 = histogram_quantile(&mill->latency[1], 0.5);
    f->busy_99 = histogram_quantile(&mill->latency[1], 0.99);
}

bool swap_run(const char *folder, unsigned workers, unsigned swaps, struct swap_figures *f, char why[512])
{
    struct mill *mill = calloc(1, sizeof *mill);
    char closing[512];
    bool good = mill && swaps < VERSIONS;
    *f = (struct swap_figures){0};
    if (!good) return false;
    good = open_router(mill, folder, workers, why);
    if (good && !wait_for_packets(mill, 50000)) good = (snprintf(why, 512, "packets do not move"), false);
    if (good) good = swap_all(mill, swaps, f, why);
    if (mill->runtime) finish(mill, f);
    runtime_close(mill->runtime);
    if (mill->router.node && router_close(&mill->router, closing)) good = false;
    free(mill);
    return good;
}
