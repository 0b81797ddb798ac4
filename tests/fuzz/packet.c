/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.c - frames through a whole router with the toy network and the network of
 * capsules: carriers, envelope, program or capsule, and out again. The first octet says how the frame is
 * made:
 *
 *   0  the octets that follow, as they are
 *   1  the same with the lengths and checksums of IPv4, IPv6 and UDP put right
 *   2  a program of the toy network's own rows, or a capsule of fields near what they may
 *      be, in an envelope over one of six carriers
 *
 * Every frame ends in one outcome, the ledger balances, the buffers come back, fuel
 * stays within what the networks allow, and what leaves is a frame that the router
 * itself would take for a packet of the same envelope.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/carrier.h"
#include "daemon/worker.h"
#include "program.h"

enum { FRAME_ROOM = 2048, HEADER_ROOM = 14 + 40 + 8 };
enum { MODE_RAW, MODE_RIGHTED, MODE_MADE, MODES };

static struct {
    struct router router;
    struct worker worker;
    struct buffer_pool *pool;
    struct vvm_packet *waiting;
    const struct network *anep, *hop, *ants;
    uint64_t sent;
} fuzz;

/* ---- a port that holds one frame and looks at what is sent ----------------------------- */

static int feed_open(struct port *port, const struct port_options *options)
{
    PROMISE(!buffer_pool_open(&fuzz.pool, 8, FRAME_ROOM + PORT_HEADROOM, PORT_HEADROOM));
    snprintf(port->name, sizeof port->name, "feed");
    port->pool = buffer_pool_ops(fuzz.pool);
    return 0;
}

static int feed_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    if (!fuzz.waiting) return 0;
    packets[0] = fuzz.waiting;
    fuzz.waiting = NULL;
    return 1;
}

static void check_sent(struct vvm_packet *packet)
{
    const struct network *network = NULL;
    PROMISE(packet->length <= 1500 + 14);
    PROMISE(carrier_peel(fuzz.worker.context.generation, packet, &network) == VERDICT_CLAIMED);
    PROMISE(network == fuzz.anep && packet->length >= 8 && packet->base[packet->head] == 1);
    const uint8_t *envelope = packet->base + packet->head;
    PROMISE((uint32_t)(envelope[6] << 8 | envelope[7]) == packet->length);
}

static int feed_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        check_sent(packets[i]);
        packet_free(packets[i]);
    }
    fuzz.sent += n;
    return (int)n;
}

static int feed_close(struct port *port) { return 0; }
static int feed_descriptor(struct port *port) { return -1; }
static bool feed_arm(struct port *port) { return false; }
static uint32_t feed_mtu(struct port *port) { return 1500; }
static bool feed_link_up(struct port *port) { return true; }
static void feed_stats(struct port *port, struct port_stats *stats) { *stats = (struct port_stats){0}; }

static const struct port_ops feed_port = {
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

/* ---- the router, 192.0.2.2, with a route to 198.51.100.0/24 ------------------------------ */

static void prepare(struct vvm_node *none)
{
    static const int64_t link[] = {0xc0000200, 24, 0, 0}, far[] = {0xc6336400, 24, 0, 0xc0000201},
                         near[] = {0, 0xc0000201};
    struct port *port;
    PROMISE(!router_open(&fuzz.router, "fuzz", true, "netvmlets"));
    fuzz.router.log = NULL;
    PROMISE(!router_add_port(&fuzz.router, &feed_port, &(struct port_options){0}, &port));
    PROMISE(!router_add_address(&fuzz.router, 0xc0000202, 24));
    fuzz_preload(fuzz.router.node, "netvmlets/hop.vml");
    fuzz_preload(fuzz.router.node, "ants/ants.vml");
    PROMISE(!router_tell(&fuzz.router, "route-add!", link, 4));
    PROMISE(!router_tell(&fuzz.router, "route-add!", far, 4));
    PROMISE(!router_tell(&fuzz.router, "neighbour-add!", near, 2));
    PROMISE(!worker_open(&fuzz.worker, &fuzz.router));
    fuzz.anep = network_called(fuzz.router.node, "anep");
    fuzz.hop = network_called(fuzz.router.node, "hop");
    fuzz.ants = network_called(fuzz.router.node, "ants");
    close_arena(&fuzz.worker.context, (const struct network *[]){fuzz.anep, fuzz.hop, fuzz.ants}, 3);
}

const struct fuzz_plan fuzz_plan = {.prepare = prepare};

/* ---- frames: lengths and checksums put right --------------------------------------------- */

static uint32_t number_at(const struct octets *o, uint32_t at)
{
    return (uint32_t)(o->at[at] << 8 | o->at[at + 1]);
}

static uint32_t sum_of(const struct octets *o, uint32_t from, uint32_t to, uint32_t sum)
{
    for (uint32_t at = from; at < to; at++) sum += (uint32_t)o->at[at] << (at - from & 1 ? 0 : 8);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void right_udp(struct octets *o, uint32_t at, uint32_t addresses)
{
    if (o->count < at + 8) return;
    set_number(o, at + 4, o->count - at, 2);
    set_number(o, at + 6, 0, 2);
    uint32_t sum = ~sum_of(o, at, o->count, addresses + 17 + o->count - at) & 0xffff;
    set_number(o, at + 6, sum ? sum : 0xffff, 2);
}

static void right_ip4(struct octets *o, uint32_t at)
{
    if (o->count < at + 20) return;
    uint32_t header = (o->at[at] & 15u) * 4;
    set_number(o, at + 2, o->count - at, 2);
    set_number(o, at + 10, 0, 2);
    if (header < 20 || at + header > o->count) return;
    set_number(o, at + 10, ~sum_of(o, at, at + header, 0) & 0xffff, 2);
    if (o->at[at + 9] == 17) right_udp(o, at + header, sum_of(o, at + 12, at + 20, 0));
}

static void right_ip6(struct octets *o, uint32_t at)
{
    if (o->count < at + 40) return;
    set_number(o, at + 4, o->count - at - 40, 2);
    if (o->at[at + 6] == 17) right_udp(o, at + 40, sum_of(o, at + 8, at + 40, 0));
}

static void right_frame(struct octets *o)
{
    uint32_t at = 12;
    while (at + 6 < o->count && at < 20 && (number_at(o, at) == 0x8100 || number_at(o, at) == 0x88a8))
        at += 4;
    if (at + 2 > o->count) return;
    if (number_at(o, at) == 0x0800) right_ip4(o, at + 2);
    if (number_at(o, at) == 0x86dd) right_ip6(o, at + 2);
}

/* ---- frames: made ------------------------------------------------------------------------- */

static void add_text(struct octets *o, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (; hex[0] && hex[1]; hex += 2)
        add_octet(o, (unsigned)((strchr(digits, hex[0]) - digits) << 4 | (strchr(digits, hex[1]) - digits)));
}

#define IP4(protocol) "0800450000000000400040" protocol "0000c0000201c0000202"
#define IP6(next)     "86dd600000000000" next "40fd000000000000000000000000000001fd000000000000000000000000000002"
#define UDP           "9c400cfa00000000"

static void add_carrier(struct octets *o, struct choices *c)
{
    static const char *const carriers[] = {
        "88b5", "8100000588b5", IP4("6b"), IP4("11") UDP, IP6("6b"), IP6("11") UDP,
    };
    add_text(o, "0200c00002020200c0000201");
    add_text(o, carriers[choose(c, sizeof carriers / sizeof *carriers)]);
}

/* One option of a kind of the envelope, its length mostly right. */
static void add_option(struct octets *o, struct choices *c)
{
    static const char *const options[] = {
        "0001000300000001c0000201",
        "0002000300000001c6336407",
        "0002000300000001c0000202",
        "0003000200000000",
        "00040001",
        "80090001",
        "40090001",
        "000100060000000200000000000000000000000000000001",
    };
    uint32_t at = o->count;
    add_text(o, options[choose(c, sizeof options / sizeof *options)]);
    if (choose(c, 16) == 15 && o->count > at + 4) set_number(o, at + choose(c, 4), choose_octet(c), 1);
}

/* The checksum of the first option of that kind, as far as options can be followed. */
static void right_checksum(struct octets *o, uint32_t from, uint32_t end)
{
    for (uint32_t at = from + 8, length; at + 8 <= end; at += length) {
        length = number_at(o, at + 2) * 4;
        if (length == 0) return;
        if ((number_at(o, at) & 0xbfff) != 3) continue;
        set_number(o, at + 4, 0, 2);
        set_number(o, at + 4, ~sum_of(o, from, o->count, 0) & 0xffff, 2);
        return;
    }
}

static void add_word(struct octets *o, struct choices *c, const uint32_t *words, unsigned n)
{
    unsigned which = choose(c, n + 1);
    add_number(o, which < n ? words[which] : choose(c, UINT32_MAX), 4);
}
#define ADD_WORD(o, c, ...)                                                                                  \
    add_word(o, c, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

/* Mostly one that is served. */
static void put_capsule(struct octets *o, struct choices *c)
{
    static const char *const methods[] = {"b2c680ffad6553133bab47b5dbc4f794",
                                          "939b520f742dc3d473dd9d9768666eaf"};
    ADD_WORD(o, c, 1, 1, 1, 1, 1, 1, 0, 2);
    add_text(o, methods[choose(c, 2)]);
    if (choose(c, 8) == 7) o->at[o->count - 1] ^= (uint8_t)choose_octet(c);
    ADD_WORD(o, c, 0xcb007108, 0xc0000201, 0xc0000202, 0xc6336407);
    ADD_WORD(o, c, 0xc6336407, 0xc6336407, 0xc0000202, 0xc0000202, 0xc0000201);
    ADD_WORD(o, c, 0xc0000201, 0xc0000201, 0xc0000201, 0xc0000201, 0xc0000201, 0xc0000202);
    ADD_WORD(o, c, 64, 1, 2, 255, 256, 0, 64, 64);
    ADD_WORD(o, c, 0, 1, 2, 9);
    for (unsigned n = choose(c, 2) ? 4 : choose(c, 40); n > 0; n--) add_octet(o, choose_octet(c));
}

static void put_contents(struct octets *o, struct choices *c, uint32_t type)
{
    if (type == 0x414e) put_capsule(o, c);
    else put_hop(o, c, fuzz.hop);
}

static void add_envelope(struct octets *o, struct choices *c)
{
    static const uint16_t types[] = {0x4850, 0x4850, 0x414e, 0x414e, 0x7001, 0};
    uint32_t from = o->count, type;
    add_octet(o, 1);
    add_octet(o, choose(c, 4) ? 0 : choose_octet(c));
    type = types[choose(c, 6)];
    add_number(o, type, 2);
    add_number(o, 0, 4);
    for (unsigned n = choose(c, 4); n > 0; n--) add_option(o, c);
    uint32_t end = o->count;
    set_number(o, from + 4, (end - from) / 4, 2);
    put_contents(o, c, type);
    set_number(o, from + 6, o->count - from, 2);
    right_checksum(o, from, end);
    for (unsigned n = choose(c, 4) ? 0 : choose(c, 30); n > 0; n--) add_octet(o, 0);
}

static void make_frame(struct octets *o, const uint8_t *data, size_t size)
{
    struct choices c = {data + 1, data + size};
    o->count = 0;
    if (data[0] % MODES != MODE_MADE) {
        add_octets(o, data + 1, (uint32_t)(size - 1 < FRAME_ROOM ? size - 1 : FRAME_ROOM));
        if (data[0] % MODES == MODE_RIGHTED) right_frame(o);
        return;
    }
    add_carrier(o, &c);
    add_envelope(o, &c);
    right_frame(o);
}

/* ---- one input ------------------------------------------------------------------------------ */

/* Fuel that the tallies have grown by. */
static uint64_t fuel_used(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < fuzz.worker.tallies.count; i++) sum += fuzz.worker.tallies.items[i].fuel;
    return sum;
}

static int64_t most_fuel(const struct network *n) { return n->limits.fuel + n->limits.reserve_fuel; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct octets frame;
    if (!size) return 0;
    struct vvm_pool *pool = buffer_pool_ops(fuzz.pool);
    struct vvm_packet *packet = pool->alloc(pool);
    uint64_t before = fuel_used(), sent = fuzz.sent;
    make_frame(&frame, data, size);
    PROMISE(packet && (frame.count == 0 || packet_append(packet, frame.at, frame.count) == 0));
    packet->ingress = 0;
    fuzz.waiting = packet;
    PROMISE(worker_step(&fuzz.worker) == 1);
    int64_t most = most_fuel(fuzz.hop) > most_fuel(fuzz.ants) ? most_fuel(fuzz.hop) : most_fuel(fuzz.ants);
    PROMISE((int64_t)(fuel_used() - before) <= 2 * most_fuel(fuzz.anep) + most);
    PROMISE(fuzz.sent - sent <= 1 && buffer_pool_used(fuzz.pool) == 0);
    PROMISE(buffer_pool_used(fuzz.worker.made) == 0);
    check_rest(&fuzz.worker.context);
    return 0;
}
