/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_impair.c - any port behind a link that misbehaves, on purpose and repeatably.
 *
 *   tx_burst -> lost? -> duplicated? -> rate -> delay +- jitter -> [lanes] -> [staged] -> inner port
 *
 * A packet that is lost takes no time on the link. With a rate, packets follow each
 * other as fast as the link is, and each waits until its last octet is on it; link
 * octets are those of the Ethernet frame, for a datagram those of the frame that would
 * carry it. Then it is under way for the delay. Jitter does not change the order: a
 * packet never arrives before the one it follows, as on a wire. Only reordering
 * does: a chosen packet skips the delay and overtakes what is under way. A packet that
 * leaves at once does not wait, so it needs no place in the queue.
 *
 * So what waits stands in two lanes, ordinary and overtaking packets, each sorted by
 * itself: the next to leave is the first of one of them. What is due is staged for the
 * inner port; from then on it counts as sent, like what a worker has queued.
 *
 * All random numbers of a packet are drawn in one go, whatever becomes of it: its fate
 * depends on the seed and its number alone, and on nothing that came or waited before.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "carrier.h"
#include "port.h"

enum {
    CHANCE_ALWAYS = 1000000,
    QUEUE = 1000,
    QUEUE_MOST = 65536,
    BUFFERS = 256, /* where the options leave it to the kind */
    BUFFERS_MOST = 1 << 20,
    MTU_LEAST = 68,
    RATE_LEAST = 1000, /* bits a second; then no sum of times overflows */
};
#define SECOND     UINT64_C(1000000000)
#define DELAY_MOST (3600 * SECOND)
#define RETRY      UINT64_C(100000) /* nanoseconds until an inner port that was full is asked again */

struct waiting {
    uint64_t due; /* nanoseconds of the clock */
    struct vvm_packet *packet;
};

struct lane {
    struct waiting *items; /* a ring of queue_most */
    unsigned first, count;
    uint64_t newest; /* due time of the last that was put in */
};

struct impaired {
    struct port_ops ops; /* the layer's; what the inner kind cannot do is NULL */
    struct port inner;
    struct impairment how;
    uint64_t (*clock)(void *);
    void *clock_data;
    uint64_t random;  /* state of the generator */
    uint64_t free_at; /* when the link has sent what it accepted */
    struct lane ordinary, overtaking;
    unsigned queue_most;
    struct vvm_packet *staged[PORT_BURST]; /* due, and the inner port has yet to take them */
    unsigned staged_count;
    uint64_t retry_at;
    int broken; /* what the inner port said while packets had been taken already */
    uint64_t fates[FATE_KINDS], reordered;
};

/* What chance has in mind for a packet and its duplicate. */
struct draw {
    bool lose, duplicate;
    bool overtake[2];
    uint64_t delay[2];
};

/* ---- chance ---- */

/* splitmix64 */
static uint64_t next_random(struct impaired *link)
{
    uint64_t z = link->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Uniform in [0, limit). */
static uint64_t random_below(struct impaired *link, uint64_t limit)
{
    return (uint64_t)((unsigned __int128)next_random(link) * limit >> 64);
}

static bool happens(struct impaired *link, uint32_t chance)
{
    return random_below(link, CHANCE_ALWAYS) < chance;
}

static struct draw draw_fate(struct impaired *link)
{
    const struct impairment *how = &link->how;
    struct draw draw = {.lose = happens(link, how->loss), .duplicate = happens(link, how->duplicate)};
    unsigned i;

    for (i = 0; i < 2; i++) {
        draw.overtake[i] = happens(link, how->reorder);
        draw.delay[i] = how->delay - how->jitter + random_below(link, 2 * how->jitter + 1);
    }
    return draw;
}

/* Equal seeds on ports of different names are different sequences (FNV-1a of the name). */
static uint64_t mix_name(uint64_t seed, const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *name; name++) hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
    return seed ^ hash;
}

/* ---- fates ---- */

static void tell(struct port *port, struct vvm_packet *packet, enum port_fate fate)
{
    struct impaired *link = port->state;

    link->fates[fate]++;
    if (port->book.fate) port->book.fate(port->book.data, packet, fate);
}

static void give_up(struct port *port, struct vvm_packet *packet, enum port_fate fate)
{
    tell(port, packet, fate);
    packet_free(packet);
}

/* What the inner port reports goes to whom the layer reports; it counts it itself. */
static void pass_fate(void *data, const struct vvm_packet *packet, enum port_fate fate)
{
    struct port *port = data;

    if (port->book.fate) port->book.fate(port->book.data, packet, fate);
}

/* ---- lanes ---- */

static void lane_put(struct impaired *link, struct lane *lane, struct vvm_packet *packet, uint64_t due)
{
    unsigned at = (lane->first + lane->count) % link->queue_most;

    assert(lane->count < link->queue_most && (lane->count == 0 || lane->newest <= due));
    lane->items[at] = (struct waiting){due, packet};
    lane->newest = due;
    lane->count++;
}

static uint64_t lane_due(const struct lane *lane)
{
    return lane->count ? lane->items[lane->first].due : PORT_NEVER;
}

static struct vvm_packet *lane_take(struct impaired *link, struct lane *lane)
{
    struct vvm_packet *packet = lane->items[lane->first].packet;

    assert(lane->count > 0);
    lane->first = (lane->first + 1) % link->queue_most;
    lane->count--;
    return packet;
}

/* The lane whose first packet is due first. */
static struct lane *next_lane(struct impaired *link)
{
    return lane_due(&link->overtaking) < lane_due(&link->ordinary) ? &link->overtaking : &link->ordinary;
}

static unsigned waiting_count(const struct impaired *link)
{
    return link->ordinary.count + link->overtaking.count;
}

/* ---- on to the inner port ---- */

/* When the inner port breaks, so does the layer. */
static void flush_staged(struct port *port, uint64_t now)
{
    struct impaired *link = port->state;
    int taken;

    if (link->staged_count == 0) return;
    taken = link->inner.ops->tx_burst(&link->inner, link->staged, link->staged_count);
    if (taken < 0) {
        memcpy(port->why, link->inner.why, sizeof port->why);
        link->broken = taken;
        return;
    }
    assert((unsigned)taken <= link->staged_count);
    link->staged_count -= (unsigned)taken;
    if (link->staged_count == 0) return;
    link->retry_at = now + RETRY;
    memmove(link->staged, link->staged + taken, link->staged_count * sizeof *link->staged);
}

static bool has_stage(struct port *port, uint64_t now)
{
    struct impaired *link = port->state;

    if (link->staged_count == PORT_BURST && !link->broken) flush_staged(port, now);
    return link->staged_count < PORT_BURST;
}

static void stage(struct impaired *link, struct vvm_packet *packet)
{
    assert(link->staged_count < PORT_BURST);
    link->staged[link->staged_count++] = packet;
}

static void stage_due(struct port *port, uint64_t now)
{
    struct impaired *link = port->state;

    while (waiting_count(link) > 0) {
        struct lane *lane = next_lane(link);
        struct vvm_packet *packet;

        if (lane_due(lane) > now || !has_stage(port, now)) return;
        packet = lane_take(link, lane);
        tell(port, packet, FATE_RELEASED);
        stage(link, packet);
    }
}

/* All that is due, as far as the inner port takes it. */
static void push_on(struct port *port, uint64_t now)
{
    struct impaired *link = port->state;
    unsigned staged;

    do {
        stage_due(port, now);
        staged = link->staged_count;
        if (!link->broken) flush_staged(port, now);
    } while (!link->broken && link->staged_count < staged && lane_due(next_lane(link)) <= now);
}

/* ---- onto the link ---- */

static uint64_t time_on_link(const struct port *port, const struct vvm_packet *packet)
{
    const struct impaired *link = port->state;
    uint64_t octets = packet->length + (port->link == PORT_DATAGRAM ? CARRIER_SEAL_MOST : 0);

    return link->how.rate ? octets * 8 * SECOND / link->how.rate : 0;
}

/* When the packet arrives at the far end if it goes onto the link now. */
static uint64_t due_time(const struct impaired *link, uint64_t sent, uint64_t delay, bool overtake)
{
    uint64_t due = overtake ? sent : sent + delay;

    return !overtake && due < link->ordinary.newest ? link->ordinary.newest : due;
}

static void send_on(struct port *port, struct vvm_packet *packet, uint64_t now, uint64_t delay, bool overtake)
{
    struct impaired *link = port->state;
    uint64_t sent = (link->free_at > now ? link->free_at : now) + time_on_link(port, packet);
    uint64_t due = due_time(link, sent, delay, overtake);
    struct lane *lane = overtake ? &link->overtaking : &link->ordinary;
    bool at_once = due <= now && lane_due(next_lane(link)) > now && has_stage(port, now);

    if (!at_once && waiting_count(link) == link->queue_most) {
        give_up(port, packet, FATE_OVERFLOW);
        return;
    }
    link->free_at = sent;
    if (overtake && link->ordinary.count > 0 && link->ordinary.newest > due) link->reordered++;
    if (at_once) {
        lane->newest = due;
        stage(link, packet);
        return;
    }
    tell(port, packet, FATE_DELAYED);
    lane_put(link, lane, packet, due);
}

static void admit(struct port *port, struct vvm_packet *packet, uint64_t now)
{
    struct impaired *link = port->state;
    struct draw draw = draw_fate(link);
    struct vvm_packet *copy = NULL;

    if (draw.lose) {
        give_up(port, packet, FATE_LOST);
        return;
    }
    if (draw.duplicate) copy = packet_copy(port->pool, packet);
    if (copy) tell(port, copy, FATE_DUPLICATED);
    send_on(port, packet, now, draw.delay[0], draw.overtake[0]);
    if (copy) send_on(port, copy, now, draw.delay[1], draw.overtake[1]);
}

static int impaired_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct impaired *link = port->state;
    uint64_t now = link->clock(link->clock_data);
    unsigned i;

    if (link->broken) return link->broken;
    stage_due(port, now);
    for (i = 0; i < n && !link->broken; i++) {
        assert(packets[i]->pool == port->pool);
        admit(port, packets[i], now);
    }
    if (!link->broken) push_on(port, now);
    return i > 0 ? (int)i : link->broken; /* what was taken is the layer's: broken is said next time */
}

static int impaired_poll(struct port *port)
{
    struct impaired *link = port->state;
    int err;

    if (link->broken) return link->broken;
    if (waiting_count(link) + link->staged_count > 0) push_on(port, link->clock(link->clock_data));
    if (link->broken || !link->inner.ops->poll) return link->broken;
    err = link->inner.ops->poll(&link->inner);
    if (err) memcpy(port->why, link->inner.why, sizeof port->why);
    return err;
}

static uint64_t impaired_deadline(struct port *port)
{
    struct impaired *link = port->state;
    uint64_t due = link->staged_count < PORT_BURST ? lane_due(next_lane(link)) : PORT_NEVER;
    uint64_t inner = link->inner.ops->deadline ? link->inner.ops->deadline(&link->inner) : PORT_NEVER;

    if (link->staged_count > 0 && link->retry_at < due) due = link->retry_at;
    return inner < due ? inner : due;
}

/* ---- what only passes through ---- */

static int impaired_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct impaired *link = port->state;
    int n = link->inner.ops->rx_burst(&link->inner, packets, room);

    port->time = link->inner.time;
    if (n < 0) memcpy(port->why, link->inner.why, sizeof port->why);
    return n;
}

static int impaired_descriptor(struct port *port)
{
    struct impaired *link = port->state;

    return link->inner.ops->descriptor(&link->inner);
}

static bool impaired_arm(struct port *port)
{
    struct impaired *link = port->state;

    return link->inner.ops->arm(&link->inner);
}

static uint32_t impaired_mtu(struct port *port)
{
    struct impaired *link = port->state;
    uint32_t inner = link->inner.ops->mtu(&link->inner);

    return link->how.mtu && link->how.mtu < inner ? link->how.mtu : inner;
}

static bool impaired_link_up(struct port *port)
{
    struct impaired *link = port->state;

    return link->inner.ops->link_up(&link->inner);
}

static void impaired_stats(struct port *port, struct port_stats *stats)
{
    struct impaired *link = port->state;
    unsigned fate;

    link->inner.ops->stats(&link->inner, stats);
    for (fate = 0; fate < FATE_KINDS; fate++) stats->fates[fate] += link->fates[fate];
    stats->reordered += link->reordered;
}

static bool impaired_reaches(struct port *port, uint32_t address)
{
    struct impaired *link = port->state;

    return link->inner.ops->reaches(&link->inner, address);
}

static int impaired_claim(struct port *port, const struct port_claim *claims, unsigned n)
{
    struct impaired *link = port->state;
    int err = link->inner.ops->claim(&link->inner, claims, n);

    if (err) memcpy(port->why, link->inner.why, sizeof port->why);
    return err;
}

/* ---- open and close ---- */

bool impairment_wanted(const struct impairment *i)
{
    return i->loss || i->duplicate || i->reorder || i->delay || i->jitter || i->rate || i->mtu;
}

static const char *what_is_wrong(const struct impairment *i)
{
    if (i->loss > CHANCE_ALWAYS || i->duplicate > CHANCE_ALWAYS || i->reorder > CHANCE_ALWAYS)
        return "a chance of loss, duplicate or reorder is more than one: give at most 100 %";
    if (i->delay > DELAY_MOST) return "the delay is too long: give at most one hour";
    if (i->jitter > i->delay) return "the jitter is larger than the delay: give at most the delay";
    if (i->reorder && !i->delay) return "nothing to overtake: reorder needs a delay";
    if (i->rate && i->rate < RATE_LEAST) return "the rate is too low: give at least 1000 bits a second";
    if (i->queue > QUEUE_MOST) return "the queue is too long: give at most 65536 packets";
    if (i->mtu && i->mtu < MTU_LEAST) return "the link's MTU is too small: give at least 68 octets";
    return NULL;
}

static struct impaired *make_layer(const struct port_options *options)
{
    struct impaired *link = calloc(1, sizeof *link);

    if (!link) return NULL;
    link->how = options->impairment;
    link->queue_most = link->how.queue ? link->how.queue : QUEUE;
    link->clock = options->clock ? options->clock : port_system_clock;
    link->clock_data = options->clock_data;
    link->ordinary.items = calloc(link->queue_most, sizeof *link->ordinary.items);
    link->overtaking.items = calloc(link->queue_most, sizeof *link->overtaking.items);
    if (link->ordinary.items && link->overtaking.items) return link;
    free(link->overtaking.items);
    free(link->ordinary.items);
    free(link);
    return NULL;
}

static void free_layer(struct port *port)
{
    struct impaired *link = port->state;

    port->ops = link->inner.ops;
    port->state = NULL;
    port->pool = NULL;
    free(link->overtaking.items);
    free(link->ordinary.items);
    free(link);
}

static void abandon(struct port *port)
{
    struct impaired *link = port->state;
    unsigned i;

    for (i = 0; i < link->staged_count; i++) give_up(port, link->staged[i], FATE_CLOSED);
    link->staged_count = 0;
    while (waiting_count(link) > 0) {
        struct vvm_packet *packet = lane_take(link, next_lane(link));

        tell(port, packet, FATE_RELEASED);
        give_up(port, packet, FATE_CLOSED);
    }
}

static int impaired_close(struct port *port)
{
    struct impaired *link = port->state;
    int err;

    abandon(port);
    err = link->inner.ops->close(&link->inner);
    if (err) memcpy(port->why, link->inner.why, sizeof port->why);
    free_layer(port);
    return err;
}

static struct port_ops ops_over(const struct port_ops *inner)
{
    return (struct port_ops){
        .kind = inner->kind,
        .close = impaired_close,
        .rx_burst = impaired_rx_burst,
        .tx_burst = impaired_tx_burst,
        .poll = impaired_poll,
        .deadline = impaired_deadline,
        .descriptor = impaired_descriptor,
        .arm = impaired_arm,
        .mtu = impaired_mtu,
        .link_up = impaired_link_up,
        .stats = impaired_stats,
        .reaches = inner->reaches ? impaired_reaches : NULL,
        .claim = inner->claim ? impaired_claim : NULL,
    };
}

/* The inner port; its pool has buffers for all that can wait beside what it needs itself. */
static int open_inner(struct port *port, const struct port_ops *ops, const struct port_options *options)
{
    struct impaired *link = port->state;
    struct port_options inner = *options;
    int err;

    inner.impairment = (struct impairment){0};
    if (!inner.buffers) inner.buffers = BUFFERS;
    if (inner.buffers < BUFFERS_MOST) inner.buffers += link->queue_most + 2 * PORT_BURST;
    link->inner = (struct port){.ops = ops, .device = port->device, .book = {pass_fate, port}};
    err = ops->open(&link->inner, &inner);
    memcpy(port->name, link->inner.name, sizeof port->name);
    memcpy(port->why, link->inner.why, sizeof port->why);
    return err;
}

int port_open(struct port *port, const struct port_ops *ops, const struct port_options *options)
{
    const char *wrong = what_is_wrong(&options->impairment);
    struct impaired *link;
    int err;

    port->ops = ops;
    if (!impairment_wanted(&options->impairment)) return ops->open(port, options);
    snprintf(port->name, sizeof port->name, "%s", options->name ? options->name : ops->kind);
    snprintf(port->why, sizeof port->why, "%s", wrong ? wrong : "out of memory");
    if (wrong) return -EINVAL;
    link = port->state = make_layer(options);
    if (!link) return -ENOMEM;
    err = open_inner(port, ops, options);
    if (err) {
        free_layer(port);
        return err;
    }
    link->ops = ops_over(ops);
    link->random = mix_name(link->how.seed, port->name);
    port->ops = &link->ops;
    port->link = link->inner.link;
    port->key = link->inner.key;
    port->pool = link->inner.pool;
    port->time = link->inner.time;
    return 0;
}
