/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transmit.c - the way out: which carriers a network may leave by, sealing, the queues
 * to the ports; and what else the engine asks of its host.
 *
 * A packet counts as sent when its port's queue took it. Should the port never take it
 * over (it is closed first), it becomes dropped instead; what the port does with it later
 * is told in book.c.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "crew.h"

/* ---- what the generation says ---- */

static struct carrier_choice *choice_of(struct worker *worker, const struct network *network)
{
    unsigned i;

    for (i = 0; i < worker->choice_count; i++)
        if (worker->choices[i].network == network) return &worker->choices[i];
    return NULL;
}

static void note_choice(struct worker *worker, enum carrier_kind kind, uint32_t key,
                        const struct network *network)
{
    struct carrier_choice *choice = choice_of(worker, network);

    if (!choice) {
        if (worker->choice_count == WORKER_NETWORKS) return;
        choice = &worker->choices[worker->choice_count++];
        *choice = (struct carrier_choice){.network = network};
    }
    if (choice->may[kind]) return;
    choice->may[kind] = true;
    choice->key[kind] = key;
}

static int compare_claims(const struct port_claim *a, const struct port_claim *b)
{
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return a->key < b->key ? -1 : a->key > b->key;
}

/* In order, each once. */
static void note_claim(struct worker *worker, struct port_claim claim)
{
    struct port_claim *claims = worker->claims;
    unsigned at = worker->claim_count;

    while (at > 0 && compare_claims(&claims[at - 1], &claim) > 0) at--;
    if (at > 0 && compare_claims(&claims[at - 1], &claim) == 0) return;
    assert(worker->claim_count < WORKER_CLAIMS);
    memmove(claims + at + 1, claims + at, (worker->claim_count - at) * sizeof *claims);
    claims[at] = claim;
    worker->claim_count++;
}

static void note_match(void *data, enum match_kind match, uint32_t key, const struct network *network)
{
    static const uint8_t kinds[] = {
        [MATCH_ETHERNET] = CARRIER_ETHERNET, [MATCH_IP] = CARRIER_IP, [MATCH_UDP] = CARRIER_UDP};
    struct worker *worker = data;

    if (match > MATCH_UDP) return;
    note_choice(worker, kinds[match], key, network);
    note_claim(worker, (struct port_claim){.kind = match, .key = key});
}

/* The UDP key as which a port's bare packets count; 0: none. */
static uint32_t bare_key(const struct worker *worker, const struct port *port)
{
    uint32_t key = 0;
    unsigned i;

    if (port->key) return port->key;
    for (i = 0; i < worker->claim_count; i++) {
        if (worker->claims[i].kind != MATCH_UDP) continue;
        if (key) return 0; /* several: nobody can tell which it is */
        key = worker->claims[i].key;
    }
    return key;
}

static int tell_claims(struct worker *worker)
{
    struct router *router = worker->router;
    unsigned i;

    if (worker->learnt_of != UINT64_MAX && worker->told_count == worker->claim_count &&
        memcmp(worker->told, worker->claims, worker->claim_count * sizeof *worker->claims) == 0)
        return 0;
    memcpy(worker->told, worker->claims, worker->claim_count * sizeof *worker->claims);
    worker->told_count = worker->claim_count;
    for (i = 0; i < worker->own_count; i++) {
        struct port *port = &router->ports[worker->own[i]];
        int err = port->ops->claim ? port->ops->claim(port, worker->told, worker->told_count) : 0;

        if (!err) continue;
        worker->broken = port;
        return err;
    }
    return 0;
}

static int learn(struct worker *worker, const struct vvm_generation *generation)
{
    struct router *router = worker->router;
    unsigned device;
    int err;

    worker->choice_count = worker->claim_count = 0;
    match_each(generation, note_match, worker);
    for (device = 0; device < router->port_count; device++) {
        const struct port *port = &router->ports[device];
        uint32_t key = port->link == PORT_DATAGRAM ? bare_key(worker, port) : 0;

        worker->bare[device] = key ? match_lookup(generation, MATCH_UDP, key) : NULL;
    }
    err = tell_claims(worker);
    worker->learnt_of = generation->number;
    return err;
}

int transmit_learn(struct worker *worker)
{
    const struct vvm_generation *generation = worker->context.generation;

    return worker->learnt_of == generation->number ? 0 : learn(worker, generation);
}

/* The carrier it came in by if its network has that; else UDP, IP, Ethernet. */
static enum carrier_kind choose_carrier(const struct carrier_choice *choice, enum carrier_kind arrival)
{
    enum carrier_kind kind;

    if (arrival != CARRIER_NONE && choice->may[arrival]) return arrival;
    for (kind = CARRIER_UDP; kind > CARRIER_NONE; kind--)
        if (choice->may[kind]) return kind;
    return CARRIER_NONE;
}

/* Found by its place in memory, so that no name is hashed for a packet; networks live as
 * long as their node. */
static uint32_t sent_row(struct worker *worker, const struct network *network)
{
    uint64_t mixed = (uint64_t)(uintptr_t)network * UINT64_C(0x9e3779b97f4a7c15);
    struct sender_row *at = &worker->senders[mixed >> 58 & (WORKER_SENDERS - 1)];

    if (__builtin_expect(at->network != network, 0))
        *at = (struct sender_row){network,
                                  ledger_row(worker->router->node, LEDGER_SENT, network_name(network))};
    return at->row;
}

/* ---- to the ports ---- */

int transmit_flush(struct worker *worker, unsigned device)
{
    struct transmit_queue *queue = &worker->queues[device];
    struct port *port = &worker->router->ports[device];
    int taken;

    if (queue->count == 0) return 0;
    taken = port->ops->tx_burst(port, queue->packets, queue->count);
    if (taken < 0) {
        worker->broken = port;
        return taken;
    }
    assert((unsigned)taken <= queue->count);
    queue->count -= (unsigned)taken;
    if (taken && queue->count)
        memmove(queue->packets, queue->packets + taken, queue->count * sizeof *queue->packets);
    return 0;
}

void transmit_abandon(struct worker *worker)
{
    struct router *router = worker->router;
    unsigned device, i;

    for (device = 0; device < router->port_count; device++) {
        struct transmit_queue *queue = &worker->queues[device];
        struct port *port = &router->ports[device];

        for (i = 0; i < queue->count; i++) {
            port->book.fate(port->book.data, queue->packets[i], FATE_CLOSED);
            packet_free(queue->packets[i]);
        }
        queue->count = 0;
    }
}

/* Into a buffer of the port's own pool, if it is in none. NULL: none free, or too small. */
static struct vvm_packet *cross_pools(struct worker *worker, struct port *port, struct vvm_packet *packet)
{
    struct vvm_packet *copy;

    if (packet->pool == port->pool) return packet;
    copy = packet_copy(port->pool, packet);
    if (!copy) return NULL;
    packet_free(packet);
    worker->copies[port->device]++;
    return copy;
}

static bool fits(uint32_t mtu, const struct vvm_packet *packet, enum carrier_kind kind)
{
    return packet->length + carrier_overhead(kind) <= mtu;
}

static int seal(struct worker *worker, uint32_t mtu, struct vvm_packet *packet, uint32_t address,
                const struct network *outermost, const char **reason)
{
    const struct carrier_choice *choice = choice_of(worker, outermost);
    struct carrier_seal how = {.destination = address, .source = router_source(worker->router, address)};

    how.kind = choice ? choose_carrier(choice, packet->carrier) : CARRIER_NONE;
    if (how.kind == CARRIER_NONE) {
        *reason = "no-carrier";
        return -EPROTONOSUPPORT;
    }
    if (!fits(mtu, packet, how.kind)) {
        *reason = "too-big";
        return -EMSGSIZE;
    }
    how.key = choice->key[how.kind];
    how.identity = worker->identity++;
    return carrier_put(packet, &how, reason);
}

/* Somebody else puts its carriers on: the port need only know to whom. */
static int address_bare(struct worker *worker, unsigned device, uint32_t mtu, struct vvm_packet *packet,
                        uint32_t address, const struct network *outermost, const char **reason)
{
    int err = 0;

    if (worker->bare[device] != outermost) {
        *reason = "no-carrier";
        err = -EPROTONOSUPPORT;
    } else if (!fits(mtu, packet, CARRIER_UDP)) {
        *reason = "too-big";
        err = -EMSGSIZE;
    } else if (packet->lifetime == 1) {
        *reason = "ttl-expired";
        err = -ELOOP;
    }
    packet->peer = address;
    return err;
}

/* Is there somebody there? Only the port's owner may ask. */
static int find_peer(struct port *port, uint32_t address, const char **reason)
{
    if (!port->ops->reaches || port->ops->reaches(port, address)) return 0;
    *reason = address ? "no-neighbour" : "no-address";
    return -EHOSTUNREACH;
}

/* What can be told before the packet is touched. NULL: the port would have it. */
static const char *refusal(struct worker *worker, struct port *port)
{
    struct transmit_queue *queue = &worker->queues[port->device];

    if (!port->ops->link_up(port)) return "link-down";
    if (queue->count == PORT_BURST) transmit_flush(worker, port->device);
    return queue->count == PORT_BURST ? "tx-full" : NULL;
}

static int transmit(struct worker *worker, struct vvm_packet **packet, struct port *port, uint32_t address,
                    const struct network *outermost, const char **reason)
{
    struct transmit_queue *queue = &worker->queues[port->device];
    uint32_t mtu = port->ops->mtu(port);
    struct vvm_packet *own;
    int err;

    *reason = refusal(worker, port);
    if (*reason) return -ENOBUFS;
    *reason = "no-buffer";
    own = cross_pools(worker, port, *packet);
    if (!own) return -ENOBUFS;
    *packet = own;
    if (port->link == PORT_ETHERNET) err = seal(worker, mtu, own, address, outermost, reason);
    else err = address_bare(worker, port->device, mtu, own, address, outermost, reason);
    if (!err && port->link == PORT_DATAGRAM) err = find_peer(port, address, reason);
    if (err) return err;
    own->sent_row = sent_row(worker, worker->context.network);
    queue->packets[queue->count++] = own;
    return 0;
}

/* By a port that belongs to another worker: sealed here, where its network is known. */
static int transmit_away(struct worker *worker, struct vvm_packet *packet, struct port *port,
                         uint32_t address, const struct network *outermost, const char **reason)
{
    struct port_facts *facts = &worker->seat->crew->facts[port->device];
    uint32_t mtu = atomic_load_explicit(&facts->mtu, memory_order_relaxed);
    int err;

    *reason = "link-down";
    if (!atomic_load_explicit(&facts->up, memory_order_relaxed)) return -ENOBUFS;
    if (port->link == PORT_ETHERNET) err = seal(worker, mtu, packet, address, outermost, reason);
    else err = address_bare(worker, port->device, mtu, packet, address, outermost, reason);
    if (err) return err;
    packet->sent_row = sent_row(worker, worker->context.network);
    if (seat_send(worker, packet, port->device)) return 0;
    *reason = "worker-busy";
    return -ENOBUFS;
}

void transmit_passed(struct worker *worker, struct vvm_packet *packet, unsigned device)
{
    struct transmit_queue *queue = &worker->queues[device];
    struct port *port = &worker->router->ports[device];
    const char *reason = refusal(worker, port);
    struct vvm_packet *own = packet;

    if (!reason && port->link == PORT_DATAGRAM) find_peer(port, packet->peer, &reason);
    if (!reason) {
        own = cross_pools(worker, port, packet);
        if (own) {
            queue->packets[queue->count++] = own;
            return;
        }
        reason = "no-buffer";
    }
    book_unsent(worker, packet, reason);
    packet_free(packet);
}

/* ---- what the engine asks ---- */

static int host_transmit(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                         uint32_t address, const struct network *outermost, const char **reason)
{
    struct worker *worker = ctx->host;
    struct port *port;
    int err = -ENODEV;

    (void)host;
    assert(worker);
    *reason = "no-device";
    port = device < worker->router->port_count ? &worker->router->ports[device] : NULL;
    if (port && worker->seat && seat_owner(worker->seat, device) != worker->seat->index)
        err = transmit_away(worker, packet, port, address, outermost, reason);
    else if (port) err = transmit(worker, &packet, port, address, outermost, reason);
    if (err) packet_free(packet);
    return err;
}

/* No application is attached: what is delivered is counted, by the engine. */
static int host_deliver(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                        const uint8_t *octets, uint32_t length, const char **reason)
{
    (void)host, (void)ctx, (void)network, (void)port, (void)octets, (void)length, (void)reason;
    return 0;
}

static struct vvm_pool *host_pool(void *host, struct vvm_context *ctx)
{
    struct worker *worker = ctx->host;

    (void)host;
    return worker ? buffer_pool_ops(worker->made) : NULL;
}

static uint32_t host_mtu(void *host, uint16_t device)
{
    struct router *router = host;
    uint32_t overhead = carrier_overhead(CARRIER_UDP), mtu;
    struct port *port;

    if (device >= router->port_count) return 0;
    port = &router->ports[device];
    mtu = router->worker_count > 1 ? crew_mtu(router, device) : port->ops->mtu(port);
    return mtu > overhead ? mtu - overhead : 0;
}

static uint32_t host_address(void *host, unsigned i)
{
    const struct router *router = host;

    return i < router->address_count ? router->addresses[i].address : 0;
}

/* Packets do not stand still for somebody who does not read the log; a replay does. */
static bool takes_line(const struct router *router)
{
    struct pollfd log = {.fd = fileno(router->log), .events = POLLOUT};

    return router->virtual_time || log.fd < 0 || poll(&log, 1, 0) != 0;
}

/* Whole lines, whichever thread they come from; they are printable. */
static void host_log(void *host, const char *line)
{
    struct router *router = host;
    const char *prefix = router->log_prefix ? router->log_prefix : "";

    if (!router->log) return;
    flockfile(router->log);
    if (takes_line(router)) {
        if (router->log_lost)
            fprintf(router->log, "%s%u lines before this one were lost\n", prefix, router->log_lost);
        fprintf(router->log, "%s%s\n", prefix, line);
        router->log_lost = 0;
    } else {
        router->log_lost++;
    }
    funlockfile(router->log);
}

const struct vvm_host_ops worker_host_ops = {
    .transmit = host_transmit,
    .deliver = host_deliver,
    .pool = host_pool,
    .mtu = host_mtu,
    .address = host_address,
    .log = host_log,
    .ended = worker_ended,
};
