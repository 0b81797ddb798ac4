/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - frames in, network packets executed, ports kept going; everything booked.
 * The way out is transmit.c.
 */
#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "crew.h"

enum {
    MADE_BUFFERS = 256, /* packets made by programs, at one time */
    MADE_ROOM = PORT_HEADROOM + 65536,
};
#define RETRY UINT64_C(100000) /* nanoseconds until a port that took nothing is asked again */

/* ---- the way in ---- */

/* The name is a symbol's: equal names are one. */
static void tally(struct worker *worker, const struct outcome_report *report)
{
    struct tally_table *table = &worker->tallies;
    struct network_tally *t = table->items;

    while (t < table->items + table->count && t->name != report->network) t++;
    if (t == table->items + table->count) t = tally_of(table, report->network ? report->network : "?");
    t->outcomes[report->outcome]++;
    t->fuel += (uint64_t)report->fuel_used;
}

void worker_ended(void *host, struct vvm_context *ctx, const struct outcome_report *report)
{
    (void)host;
    tally(ctx->host, report);
}

static inline void execute(struct worker *worker, const struct network *network, struct vvm_packet *packet)
{
    struct outcome_report report = {0};

    network_receive(&worker->context, network, packet, &report);
    tally(worker, &report);
}

static const struct network *refuse(struct worker *worker, struct vvm_packet *packet,
                                    enum carrier_verdict verdict)
{
    ledger_count(&worker->context, worker->verdict_row[verdict], 1);
    packet_free(packet);
    return NULL;
}

/* Somebody else took its carriers off: the port says which network it is for. */
static const struct network *claim_bare(struct worker *worker, const struct network *network,
                                        struct vvm_packet *packet)
{
    if (!network) return refuse(worker, packet, VERDICT_NOT_ACTIVE);
    packet->carrier = CARRIER_UDP;
    packet->padded = false;
    packet->lifetime = 0;
    packet->link_offset = packet->ip_offset = packet->udp_offset = (uint16_t)packet->head;
    packet->layer_count = 0;
    return network;
}

static inline const struct network *claim(struct worker *worker, unsigned device, struct vvm_packet *packet)
{
    const struct network *network;
    enum carrier_verdict verdict;

    if (worker->router->ports[device].link == PORT_DATAGRAM)
        return claim_bare(worker, worker->bare[device], packet);
    verdict = carrier_peel(worker->context.generation, packet, &network);
    return verdict == VERDICT_CLAIMED ? network : refuse(worker, packet, verdict);
}

static void receive(struct worker *worker, unsigned device, struct vvm_packet **packets, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        const struct network *network = claim(worker, device, packets[i]);

        if (network) execute(worker, network, packets[i]);
    }
}

const struct network *worker_claim(struct worker *worker, unsigned device, struct vvm_packet *packet)
{
    return claim(worker, device, packet);
}

void worker_execute(struct worker *worker, const struct network *network, struct vvm_packet *packet)
{
    execute(worker, network, packet);
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

static unsigned step_port(struct worker *worker, unsigned device)
{
    struct port *port = &worker->router->ports[device];
    struct vvm_packet *packets[PORT_BURST];
    int n = port->ops->rx_burst(port, packets, PORT_BURST);

    if (n == -ENODATA) worker->ended[device] = true;
    else if (n < 0) worker->broken = port;
    if (n > 0) ledger_count(&worker->context, worker->received_row[device], n);
    if (n > 0 && worker->seat) seat_receive(worker, device, packets, (unsigned)n);
    else if (n > 0) receive(worker, device, packets, (unsigned)n);
    return book_losses(worker, device) + (n > 0 ? (unsigned)n : 0);
}

/* ---- one round ---- */

static void send_on(struct worker *worker, unsigned device)
{
    struct port *port = &worker->router->ports[device];

    if (transmit_flush(worker, device)) return;
    if (port->ops->poll && port->ops->poll(port)) worker->broken = port;
}

static bool all_ended(const struct worker *worker)
{
    unsigned i;

    for (i = 0; i < worker->own_count; i++)
        if (!worker->ended[worker->own[i]]) return false;
    return true;
}

static uint64_t ports_deadline(const struct worker *worker)
{
    struct router *router = worker->router;
    uint64_t first = PORT_NEVER;
    unsigned i;

    for (i = 0; i < worker->own_count; i++) {
        struct port *port = &router->ports[worker->own[i]];
        uint64_t due = port->ops->deadline ? port->ops->deadline(port) : PORT_NEVER;

        if (worker->queues[worker->own[i]].count) due = router_clock(router) + RETRY;
        if (due < first) first = due;
    }
    return first;
}

/* The first worker runs the node's timers. */
static bool is_home(const struct worker *worker) { return !worker->seat || worker->seat->index == 0; }

/* Nothing came: is something to come still? With virtual time, its moment is now. Timers go
 * on for ever: alone they do not keep a router from its end. */
static int idle(struct worker *worker)
{
    if (ports_deadline(worker) == PORT_NEVER) return all_ended(worker) ? -ENODATA : 0;
    if (worker->router->virtual_time) router_advance(worker->router, worker_deadline(worker));
    return 0;
}

int worker_step(struct worker *worker)
{
    unsigned i, frames = 0;

    generation_enter(&worker->context);
    transmit_learn(worker);
    if (worker->seat) seat_begin(worker);
    for (i = 0; i < worker->own_count && !worker->broken; i++)
        if (!worker->ended[worker->own[i]]) frames += step_port(worker, worker->own[i]);
    if (worker->seat) frames += seat_work(worker);
    execution_drain(&worker->context);
    if (is_home(worker)) timers_run(&worker->context, router_clock(worker->router));
    for (i = 0; i < worker->own_count; i++) send_on(worker, worker->own[i]);
    if (worker->seat) seat_end(worker);
    generation_leave(&worker->context);
    if (worker->broken) return -EIO;
    return frames ? (int)frames : idle(worker);
}

uint64_t worker_deadline(const struct worker *worker)
{
    uint64_t first = ports_deadline(worker), due;

    if (!is_home(worker) || (worker->router->virtual_time && first == PORT_NEVER)) return first;
    due = timers_deadline(&worker->context);
    return due < first ? due : first;
}

bool worker_arm(struct worker *worker)
{
    bool quiet = true;
    unsigned i;

    for (i = 0; i < worker->own_count; i++) {
        struct port *port = &worker->router->ports[worker->own[i]];

        if (!worker->ended[worker->own[i]] && !port->ops->arm(port)) quiet = false;
    }
    if (worker->seat && !seat_arm(worker)) quiet = false;
    return quiet;
}

/* ---- open and close ---- */

static void name_rows(struct worker *worker)
{
    struct vvm_node *node = worker->router->node;
    unsigned i;

    for (i = 0; i < worker->router->port_count; i++)
        worker->received_row[i] = ledger_row(node, LEDGER_RECEIVED, worker->router->ports[i].name);
    for (i = VERDICT_CLAIMED + 1; i < VERDICT_LIMIT; i++)
        worker->verdict_row[i] = ledger_row(node, LEDGER_DROPPED, carrier_verdict_name(i));
    for (i = 0; i < LOSS_KINDS; i++)
        worker->loss_row[i] = ledger_row(node, LEDGER_DROPPED, port_loss_name(i));
}

static void join(struct worker *worker, unsigned index, unsigned count)
{
    struct router *router = worker->router;
    unsigned device;

    for (device = index; device < router->port_count; device += count)
        worker->own[worker->own_count++] = device;
    worker->identity = (uint16_t)(index << 12); /* datagrams of different workers differ */
    name_rows(worker);
    book_open(worker);
    router->workers[router->worker_count++] = worker;
}

int worker_open_one(struct worker *worker, struct router *router, unsigned index, unsigned count)
{
    int err;

    assert(index < count && router->worker_count < ROUTER_WORKERS);
    *worker = (struct worker){.learnt_of = UINT64_MAX};
    err = context_open(&worker->context, router->node, false);
    if (err) return err;
    err = buffer_pool_open(&worker->made, MADE_BUFFERS, MADE_ROOM, PORT_HEADROOM);
    if (err) {
        context_close(&worker->context);
        return err;
    }
    worker->context.host = worker;
    worker->router = router;
    join(worker, index, count);
    return 0;
}

int worker_open(struct worker *worker, struct router *router)
{
    assert(router->worker_count == 0);
    return worker_open_one(worker, router, 0, 1);
}

static void leave(struct worker *worker)
{
    struct router *router = worker->router;
    unsigned i;

    for (i = 0; router->workers[i] != worker; i++) {}
    router->workers[i] = router->workers[--router->worker_count];
    worker->router = NULL;
}

void worker_close(struct worker *worker)
{
    struct router *router = worker->router;

    transmit_abandon(worker);
    book_close(worker);
    context_close(&worker->context);
    buffer_pool_close(worker->made);
    worker->made = NULL;
    tally_add(&router->tallies, &worker->tallies);
    worker->tallies.count = 0;
    leave(worker);
}
