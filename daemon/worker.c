/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - frames in, network packets executed, frames out; everything booked.
 *
 * A packet counts as sent when its port's queue took it. Should the port never take
 * it over (it is closed first), worker_close books it as dropped instead.
 */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
    MADE_BUFFERS = 256, /* packets made by programs, at one time */
    MADE_ROOM = PORT_HEADROOM + 65536,
};

/* ---- which carriers a network may leave by ---- */

static struct carrier_choice *choice_of(struct worker *worker, const struct network *network)
{
    unsigned i;

    for (i = 0; i < worker->choice_count; i++)
        if (worker->choices[i].network == network) return &worker->choices[i];
    return NULL;
}

static void note_choice(void *data, enum match_kind match, uint32_t key, const struct network *network)
{
    static const uint8_t kinds[] = {
        [MATCH_ETHERNET] = CARRIER_ETHERNET, [MATCH_IP] = CARRIER_IP, [MATCH_UDP] = CARRIER_UDP};
    struct worker *worker = data;
    struct carrier_choice *choice = choice_of(worker, network);

    if (match > MATCH_UDP) return;
    if (!choice) {
        if (worker->choice_count == WORKER_NETWORKS) return;
        choice = &worker->choices[worker->choice_count++];
        *choice = (struct carrier_choice){.network = network};
    }
    if (choice->may[kinds[match]]) return;
    choice->may[kinds[match]] = true;
    choice->key[kinds[match]] = key;
}

static void learn_choices(struct worker *worker)
{
    const struct vvm_generation *generation = worker->context.generation;

    if (worker->choices_of == generation->number) return;
    worker->choice_count = 0;
    match_each(generation, note_choice, worker);
    worker->choices_of = generation->number;
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

/* ---- the way out ---- */

static int flush(struct worker *worker, unsigned device)
{
    struct transmit_queue *queue = &worker->queues[device];
    struct port *port = &worker->router->ports[device];
    unsigned i;
    int taken;

    if (queue->count == 0) return 0;
    taken = port->ops->tx_burst(port, queue->packets, queue->count);
    if (taken < 0) {
        worker->broken = port;
        return taken;
    }
    queue->count -= (unsigned)taken;
    for (i = 0; taken && i < queue->count; i++) {
        queue->packets[i] = queue->packets[i + (unsigned)taken];
        queue->senders[i] = queue->senders[i + (unsigned)taken];
    }
    return 0;
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

static int seal(struct worker *worker, struct port *port, struct vvm_packet *packet, uint32_t address,
                const struct network *outermost, const char **reason)
{
    const struct carrier_choice *choice = choice_of(worker, outermost);
    struct carrier_seal how = {.destination = address, .source = router_source(worker->router, address)};

    how.kind = choice ? choose_carrier(choice, packet->carrier) : CARRIER_NONE;
    if (how.kind == CARRIER_NONE) {
        *reason = "no-carrier";
        return -EPROTONOSUPPORT;
    }
    if (packet->length > port->ops->mtu(port) - carrier_overhead(how.kind)) {
        *reason = "too-big";
        return -EMSGSIZE;
    }
    how.key = choice->key[how.kind];
    how.identity = worker->identity++;
    return carrier_put(packet, &how, reason);
}

static int transmit(struct worker *worker, struct vvm_packet **packet, uint16_t device, uint32_t address,
                    const struct network *outermost, const char **reason)
{
    struct port *port;
    struct transmit_queue *queue;
    struct vvm_packet *own;
    int err;

    *reason = "no-device";
    if (device >= worker->router->port_count) return -ENODEV;
    port = &worker->router->ports[device];
    queue = &worker->queues[device];
    *reason = "link-down";
    if (!port->ops->link_up(port)) return -ENETDOWN;
    if (queue->count == PORT_BURST) flush(worker, device);
    *reason = "tx-full";
    if (queue->count == PORT_BURST) return -ENOBUFS;
    *reason = "no-buffer";
    own = cross_pools(worker, port, *packet);
    if (!own) return -ENOBUFS;
    *packet = own;
    err = seal(worker, port, own, address, outermost, reason);
    if (err) return err;
    queue->senders[queue->count] = worker->context.network;
    queue->packets[queue->count++] = own;
    return 0;
}

static int host_transmit(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                         uint32_t address, const struct network *outermost, const char **reason)
{
    int err;

    (void)host;
    assert(ctx->host);
    err = transmit(ctx->host, &packet, device, address, outermost, reason);
    if (err) packet_free(packet);
    return err;
}

/* ---- the rest of what the engine asks ---- */

/* No application is attached to a replay: what is delivered is counted, by the engine. */
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
    struct port *port;

    if (device >= router->port_count) return 0;
    port = &router->ports[device];
    return port->ops->mtu(port) - carrier_overhead(CARRIER_UDP);
}

static uint32_t host_address(void *host, unsigned i)
{
    const struct router *router = host;

    return i < router->address_count ? router->addresses[i].address : 0;
}

static void host_log(void *host, const char *line)
{
    const struct router *router = host;

    if (!router->log) return;
    for (; *line; line++) fputc((unsigned char)*line < ' ' || *line == 0x7f ? '?' : *line, router->log);
    fputc('\n', router->log);
}

const struct vvm_host_ops worker_host_ops = {
    .transmit = host_transmit,
    .deliver = host_deliver,
    .pool = host_pool,
    .mtu = host_mtu,
    .address = host_address,
    .log = host_log,
};

/* ---- the way in ---- */

static void tally(struct worker *worker, const struct outcome_report *report)
{
    struct network_tally *t = worker->tallies;
    const char *name = report->network ? report->network : "?";

    while (t < worker->tallies + worker->tally_count && t->name != name && strcmp(t->name, name) != 0) t++;
    if (t == worker->tallies + worker->tally_count) {
        if (worker->tally_count < WORKER_NETWORKS)
            *t = (struct network_tally){.name = name}, worker->tally_count++;
        else t--;
    }
    t->outcomes[report->outcome]++;
    t->fuel += (uint64_t)report->fuel_used;
}

static void receive(struct worker *worker, struct vvm_packet *packet)
{
    struct vvm_context *ctx = &worker->context;
    const struct network *network;
    struct outcome_report report = {0};
    enum carrier_verdict verdict = carrier_peel(ctx->generation, packet, &network);

    if (verdict == VERDICT_CLAIMED) {
        network_receive(ctx, network, packet, &report);
        tally(worker, &report);
        return;
    }
    ledger_count(ctx, worker->verdict_row[verdict], 1);
    packet_free(packet);
}

/* Frames that the port had to give up become received and dropped. */
static unsigned book_losses(struct worker *worker, unsigned device)
{
    struct port *port = &worker->router->ports[device];
    struct port_stats stats;
    unsigned loss, total = 0;

    port->ops->stats(port, &stats);
    for (loss = 0; loss < LOSS_KINDS; loss++) {
        uint64_t fresh = stats.lost[loss] - worker->lost[device][loss];

        if (fresh == 0) continue;
        ledger_count(&worker->context, worker->received_row[device], (int64_t)fresh);
        ledger_count(&worker->context, worker->loss_row[loss], (int64_t)fresh);
        worker->lost[device][loss] = stats.lost[loss];
        total += (unsigned)fresh;
    }
    return total;
}

static int step_port(struct worker *worker, unsigned device)
{
    struct port *port = &worker->router->ports[device];
    struct vvm_packet *packets[PORT_BURST];
    int i, n = port->ops->rx_burst(port, packets, PORT_BURST);

    if (n == -ENODATA) worker->ended[device] = true;
    else if (n < 0) worker->broken = port;
    if (n > 0) ledger_count(&worker->context, worker->received_row[device], n);
    for (i = 0; i < n; i++) receive(worker, packets[i]);
    return (int)book_losses(worker, device) + (n > 0 ? n : 0);
}

int worker_step(struct worker *worker)
{
    unsigned device, ended = 0;
    int frames = 0;

    generation_enter(&worker->context);
    learn_choices(worker);
    for (device = 0; device < worker->router->port_count; device++) {
        if (!worker->ended[device]) frames += step_port(worker, device);
        ended += worker->ended[device];
    }
    for (device = 0; device < worker->router->port_count; device++) flush(worker, device);
    generation_leave(&worker->context);
    if (worker->broken) return -EIO;
    return frames == 0 && ended == worker->router->port_count ? -ENODATA : frames;
}

/* ---- open and close ---- */

int worker_open(struct worker *worker, struct router *router)
{
    struct vvm_node *node = router->node;
    unsigned i;
    int err;

    *worker = (struct worker){.router = router, .choices_of = UINT64_MAX};
    err = context_open(&worker->context, node, false);
    if (err) return err;
    err = buffer_pool_open(&worker->made, MADE_BUFFERS, MADE_ROOM, PORT_HEADROOM);
    if (err) {
        context_close(&worker->context);
        return err;
    }
    worker->context.host = worker;
    for (i = 0; i < router->port_count; i++)
        worker->received_row[i] = ledger_row(node, LEDGER_RECEIVED, router->ports[i].name);
    for (i = VERDICT_CLAIMED + 1; i < VERDICT_LIMIT; i++)
        worker->verdict_row[i] = ledger_row(node, LEDGER_DROPPED, carrier_verdict_name(i));
    for (i = 0; i < LOSS_KINDS; i++)
        worker->loss_row[i] = ledger_row(node, LEDGER_DROPPED, port_loss_name(i));
    return 0;
}

/* What was booked as sent and never left becomes dropped. */
static void abandon(struct worker *worker, struct transmit_queue *queue)
{
    struct vvm_context *ctx = &worker->context;
    unsigned i;

    for (i = 0; i < queue->count; i++) {
        ledger_count(ctx, ledger_row(ctx->node, LEDGER_SENT, network_name(queue->senders[i])), -1);
        ledger_count_named(ctx, LEDGER_DROPPED, "port-closed");
        packet_free(queue->packets[i]);
    }
    queue->count = 0;
}

void worker_close(struct worker *worker)
{
    unsigned device;

    for (device = 0; device < worker->router->port_count; device++) abandon(worker, &worker->queues[device]);
    context_close(&worker->context);
    buffer_pool_close(worker->made);
    worker->made = NULL;
}
