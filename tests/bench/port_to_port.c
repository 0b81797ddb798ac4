/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_to_port.c - the whole way of a packet: a frame comes in by one port, its carriers are
 * peeled, its network treats it, it is sealed and leaves by another port. Both ports are
 * ends of cables; at the far ends the benchmark itself sends frames and takes them.
 *
 *   bench -> [cable] -> router's port 0 ... router's port 1 -> [cable] -> bench
 *
 * The columns use the same ports in turn: "interpreter" is the daemon's worker, "c" a
 * forwarder written by hand that makes the same checks, "ports" only takes the frame from
 * one port's pool to the other's. What the bench does at the far ends is in all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/cursor.h"
#include "../../daemon/worker.h"
#include "../../engine/load.h"
#include "ants_c.h"
#include "bench.h"
#include "forward_c.h"

enum { ETHERNET = 14, IP = 20, UDP = 8, CARRIERS = ETHERNET + IP + UDP, KEY = 3322, FRAME_ROOM = 256 };
#define THIS_NODE 0x0a000001u
#define SENDER    0x0a000002u

struct way {
    struct router router;
    struct worker worker;
    struct link_cable *cables[2];
    struct port source, drain; /* the far ends */
    uint8_t frame[FRAME_ROOM];
    uint32_t frame_length;
    uint64_t drained;
    uint8_t last[FRAME_ROOM]; /* frame that came out */
    uint32_t last_length;
    /* static C */
    bool (*treat)(struct way *way, uint8_t *packet, uint32_t length);
    uint32_t hop;
    uint16_t identity;
    struct forward_c hop_c;
    struct ants_c ants_c;
};

/* ---- frames ------------------------------------------------------------------------------- */

static void seal_udp(uint8_t *at, uint32_t length, uint32_t source, uint32_t destination)
{
    uint8_t pseudo[8];
    uint16_t sum;
    put_u16(put_u16(put_u16(put_u16(at, KEY), KEY), (uint16_t)(length + UDP)), 0);
    put_u32(put_u32(pseudo, source), destination);
    sum = sum_finish(sum_octets(sum_octets(17 + length + UDP, pseudo, 8), at, length + UDP));
    put_u16(at + 6, sum ? sum : 0xffff);
}

/* Carriers before a network packet that stands at frame + CARRIERS. */
static void seal(uint8_t *frame, uint32_t length, uint32_t source, uint32_t destination, uint8_t lifetime,
                 uint16_t identity)
{
    uint8_t *ip = frame + ETHERNET, *at;
    put_u16(put_u32(put_u16(put_u32(put_u16(frame, 0x0200), destination), 0x0200), source), 0x0800);
    at = put_u16(put_u16(put_u16(ip, 0x4500), (uint16_t)(length + IP + UDP)), identity);
    at = put_u16(put_u8(put_u8(put_u16(at, 0x4000), lifetime), 17), 0);
    put_u32(put_u32(at, source), destination);
    put_u16(ip + 10, sum_finish(sum_octets(0, ip, IP)));
    seal_udp(ip + IP, length, source, destination);
}

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

/* Offset and length of the network packet in a frame; false: not for us, or wrong. */
static bool peel(const uint8_t *frame, uint32_t length, uint32_t *offset, uint32_t *size)
{
    const uint8_t *ip = frame + ETHERNET;
    if (length < CARRIERS || get16(frame + 12) != 0x0800 || ip[0] >> 4 != 4) return false;
    uint32_t header = (ip[0] & 15) * 4u, total = get16(ip + 2);
    if (header < IP || total < header + UDP || total > length - ETHERNET) return false;
    if (sum_finish(sum_octets(0, ip, header)) || get16(ip + 6) & 0x3fff || ip[8] < 2 || ip[9] != 17)
        return false;
    const uint8_t *udp = ip + header;
    uint32_t udp_length = get16(udp + 4);
    if (get16(udp + 2) != KEY || udp_length < UDP || udp_length > total - header) return false;
    if (get16(udp + 6) &&
        sum_finish(sum_octets(sum_octets(17 + udp_length, ip + 12, 8), udp, udp_length)) != 0)
        return false;
    *offset = ETHERNET + header + UDP;
    *size = udp_length - UDP;
    return true;
}

/* ---- the far ends --------------------------------------------------------------------------- */

static void feed(struct way *way)
{
    struct vvm_packet *packets[PORT_BURST];
    for (unsigned i = 0; i < PORT_BURST; i++) {
        packets[i] = way->source.pool->alloc(way->source.pool);
        memcpy(packet_grow(packets[i], way->frame_length), way->frame, way->frame_length);
    }
    if (way->source.ops->tx_burst(&way->source, packets, PORT_BURST) != PORT_BURST)
        bench_die(NULL, "the cable is full");
}

static void drain(struct way *way)
{
    struct vvm_packet *packets[PORT_BURST];
    int n = way->drain.ops->rx_burst(&way->drain, packets, PORT_BURST);
    for (int i = 0; i < n; i++) {
        way->last_length = packets[i]->length;
        if (i == 0) memcpy(way->last, packets[i]->base + packets[i]->head, packets[i]->length);
        packet_free(packets[i]);
        way->drained++;
    }
}

/* ---- the columns ------------------------------------------------------------------------------ */

static void run_interpreter(void *data, unsigned times)
{
    struct way *way = data;
    for (unsigned i = 0; i < times; i += PORT_BURST) {
        feed(way);
        if (worker_step(&way->worker) != PORT_BURST) bench_die(NULL, "the worker moved less than a burst");
        drain(way);
    }
}

/* Into a buffer of the port that it leaves by. */
static struct vvm_packet *cross(struct port *to, struct vvm_packet *packet)
{
    struct vvm_packet *copy = to->pool->alloc(to->pool);
    memcpy(packet_grow(copy, packet->length), packet->base + packet->head, packet->length);
    packet_free(packet);
    return copy;
}

static void run_ports(void *data, unsigned times)
{
    struct way *way = data;
    struct port *in = &way->router.ports[0], *out = &way->router.ports[1];
    struct vvm_packet *packets[PORT_BURST];
    for (unsigned i = 0; i < times; i += PORT_BURST) {
        feed(way);
        int n = in->ops->rx_burst(in, packets, PORT_BURST);
        for (int k = 0; k < n; k++) packets[k] = cross(out, packets[k]);
        out->ops->tx_burst(out, packets, (unsigned)n);
        drain(way);
    }
}

/* One frame of the static forwarder; NULL: dropped. */
static struct vvm_packet *forward(struct way *way, struct vvm_packet *packet)
{
    uint8_t *frame = packet->base + packet->head;
    uint32_t offset, size;
    if (!peel(frame, packet->length, &offset, &size) || !way->treat(way, frame + offset, size)) {
        packet_free(packet);
        return NULL;
    }
    uint8_t lifetime = frame[ETHERNET + 8];
    packet_drop_head(packet, offset - CARRIERS);
    packet_trim(packet, size + CARRIERS);
    packet = cross(&way->router.ports[1], packet);
    seal(packet->base + packet->head, size, THIS_NODE, way->hop, lifetime - 1, way->identity++);
    return packet;
}

static void run_static(void *data, unsigned times)
{
    struct way *way = data;
    struct port *in = &way->router.ports[0], *out = &way->router.ports[1];
    struct vvm_packet *packets[PORT_BURST], *leaving[PORT_BURST];
    for (unsigned i = 0; i < times; i += PORT_BURST) {
        unsigned count = 0;
        feed(way);
        int n = in->ops->rx_burst(in, packets, PORT_BURST);
        for (int k = 0; k < n; k++) {
            leaving[count] = forward(way, packets[k]);
            count += leaving[count] != NULL;
        }
        out->ops->tx_burst(out, leaving, count);
        drain(way);
    }
}

static bool treat_hop(struct way *way, uint8_t *packet, uint32_t length)
{
    return forward_c_packet(&way->hop_c, packet, length);
}

static bool treat_capsule(struct way *way, uint8_t *packet, uint32_t length)
{
    return ants_c_packet(&way->ants_c, 0, packet, length);
}

/* ---- the router ------------------------------------------------------------------------------- */

static void open_ports(struct way *way)
{
    struct port *port;
    for (unsigned i = 0; i < 2; i++) {
        struct port_options options = {.name = i ? "out" : "in"};
        struct port *far = i ? &way->drain : &way->source;
        if (link_cable_open(&way->cables[i], 0)) bench_die(NULL, "no memory");
        options.cable = way->cables[i];
        far->ops = &port_link;
        if (port_link.open(far, &options)) bench_die(NULL, far->why);
        options.end = 1;
        if (router_add_port(&way->router, &port_link, &options, &port)) bench_die(NULL, port->why);
    }
}

static void open_way(struct way *way, const char *folder, const char *file, const uint8_t *packet,
                     uint32_t length)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (router_open(&way->router, "bench", false, folder)) bench_die(NULL, "the machine does not start");
    if (load_file(&way->router.node->control, path, NULL)) bench_die(&way->router.node->control, path);
    router_add_address(&way->router, THIS_NODE, 24);
    open_ports(way);
    if (worker_open(&way->worker, &way->router)) bench_die(NULL, "no memory");
    memcpy(way->frame + CARRIERS, packet, length);
    way->frame_length = CARRIERS + length;
    seal(way->frame, length, SENDER, THIS_NODE, 64, 1);
}

static void close_way(struct way *way)
{
    char why[256];
    int64_t balance;
    worker_close(&way->worker);
    balance = ledger_balance(way->router.node);
    if (router_close(&way->router, why) || balance) bench_die(NULL, "the ledger does not balance");
    way->source.ops->close(&way->source);
    way->drain.ops->close(&way->drain);
    for (unsigned i = 0; i < 2; i++) link_cable_close(way->cables[i]);
}

static void tell(struct way *way, const char *name, const int64_t *arguments, unsigned n)
{
    if (router_tell(&way->router, name, arguments, n)) bench_die(&way->router.node->control, name);
}

/* Do both columns send the same? But for the identity of the IP datagram and its checksum. */
static void compare(struct way *way)
{
    uint8_t first[FRAME_ROOM];
    run_interpreter(way, PORT_BURST);
    uint32_t length = way->last_length;
    memcpy(first, way->last, length);
    run_static(way, PORT_BURST);
    memset(first + ETHERNET + 4, 0, 2), memset(way->last + ETHERNET + 4, 0, 2);
    memset(first + ETHERNET + 10, 0, 2), memset(way->last + ETHERNET + 10, 0, 2);
    if (way->drained != 2 * PORT_BURST || length != way->last_length || memcmp(first, way->last, length))
        bench_die(NULL, "the two columns do not send the same frames");
}

static void measure_way(struct way *way, const char *row, bool json)
{
    enum { TIMES = 32 * PORT_BURST };
    struct column columns[] = {{.name = "c", .run = run_static, .data = way},
                               {.name = "ports", .run = run_ports, .data = way},
                               {.name = "interpreter", .run = run_interpreter, .data = way}};
    compare(way);
    way->drained = 0;
    measure(columns, 3, TIMES);
    if (way->drained != 3ul * TIMES * (ROUNDS + 1)) bench_die(NULL, "frames got lost on the way");
    print_row(row, columns, 3, "ns", json);
    close_way(way);
}

static void bench_hop(const char *folder, bool json)
{
    static const int64_t route[] = {0x0a000000, 24, 1, 0x0a000002};
    static struct way way;
    open_way(&way, folder, "hop.vml", packet_octets, PACKET_OCTETS);
    tell(&way, "route-add!", route, 4);
    way.treat = treat_hop;
    way.hop = 0x0a000002;
    way.hop_c.local = THIS_NODE;
    way.hop_c.route_count = 1;
    way.hop_c.routes[0].prefix = 0x0a000000;
    way.hop_c.routes[0].mask = 0xffffff00;
    way.hop_c.routes[0].hop = 0x0a000002;
    forward_c_learn(&way.hop_c, packet_octets + 16, PACKET_OCTETS - 16);
    measure_way(&way, "hop port to port over link", json);
}

static void bench_capsule(const char *folder, bool json)
{
    static const int64_t route[] = {0x0a000100, 24, 1, 0x0a000003}, neighbour[] = {0, SENDER};
    static struct way way;
    open_way(&way, folder, "../ants/ants.vml", capsule_octets, CAPSULE_OCTETS);
    tell(&way, "route-add!", route, 4);
    tell(&way, "neighbour-add!", neighbour, 2);
    way.treat = treat_capsule;
    way.hop = 0x0a000003;
    way.ants_c.local = THIS_NODE;
    ants_c_neighbour(&way.ants_c, 0, SENDER);
    way.ants_c.route_count = 1;
    way.ants_c.routes[0].prefix = 0x0a000100;
    way.ants_c.routes[0].mask = 0xffffff00;
    way.ants_c.routes[0].hop = 0x0a000003;
    memcpy(way.ants_c.data_id, capsule_octets + 12, sizeof way.ants_c.data_id);
    measure_way(&way, "ants port to port over link", json);
}

void bench_port_to_port(const char *folder, bool json)
{
    bench_hop(folder, json);
    bench_capsule(folder, json);
}
