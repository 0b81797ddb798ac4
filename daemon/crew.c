/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c - packets and empty buffers from worker to worker. */
#include "crew.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "flow.h"

/* ---- homes ---- */

static unsigned owner_of_home(const struct crew *crew, unsigned home)
{
    return home < ROUTER_PORTS ? home % crew->count : home - ROUTER_PORTS;
}

static struct vvm_pool *pool_of_home(const struct crew *crew, unsigned home)
{
    if (home < ROUTER_PORTS) return crew->router->ports[home].pool;
    return buffer_pool_ops(crew->workers[home - ROUTER_PORTS].made);
}

static struct vvm_packet *foreign_alloc(struct vvm_pool *pool)
{
    (void)pool;
    return NULL;
}

static void foreign_free(struct vvm_pool *pool, struct vvm_packet *packet)
{
    struct foreign_pool *foreign = (struct foreign_pool *)pool;
    struct seat *seat = foreign->seat;
    unsigned owner = owner_of_home(seat->crew, foreign->home);

    packet->pool = pool_of_home(seat->crew, foreign->home);
    packet->next = seat->returning[owner];
    if (!packet->next) seat->returning_last[owner] = packet;
    seat->returning[owner] = packet;
}

/* Whose buffer is it that this worker has? */
static unsigned home_of(const struct worker *worker, const struct vvm_packet *packet)
{
    const struct vvm_pool *pool = packet->pool;
    unsigned i;

    if (pool->free == foreign_free) return ((const struct foreign_pool *)pool)->home;
    if (pool == buffer_pool_ops(worker->made)) return ROUTER_PORTS + worker->seat->index;
    for (i = 0; i + 1 < worker->own_count && worker->router->ports[worker->own[i]].pool != pool; i++) {}
    assert(worker->own_count && worker->router->ports[worker->own[i]].pool == pool);
    return worker->own[i];
}

/* The packet is this worker's now. */
static struct vvm_packet *adopt(struct seat *seat, const struct passed *passed)
{
    struct vvm_packet *packet = passed->packet;

    if (owner_of_home(seat->crew, passed->home) == seat->index)
        packet->pool = pool_of_home(seat->crew, passed->home);
    else packet->pool = &seat->foreign[passed->home].ops;
    return packet;
}

/* ---- between two workers ---- */

static struct passage *frames_to(const struct seat *seat, unsigned to)
{
    return &seat->crew->frames[seat->index * seat->crew->count + to];
}

static struct passage *sends_to(const struct seat *seat, unsigned to)
{
    return &seat->crew->sends[seat->index * seat->crew->count + to];
}

static struct passage *frames_from(const struct seat *seat, unsigned from)
{
    return &seat->crew->frames[from * seat->crew->count + seat->index];
}

static struct passage *sends_from(const struct seat *seat, unsigned from)
{
    return &seat->crew->sends[from * seat->crew->count + seat->index];
}

static void wake(struct seat *seat)
{
    static const uint64_t one = 1;

    if (!atomic_load(&seat->armed) || !atomic_exchange(&seat->armed, false) || seat->wake < 0) return;
    while (write(seat->wake, &one, sizeof one) < 0 && errno == EINTR) {}
}

static void show_frames(struct seat *seat)
{
    unsigned to;

    for (to = 0; to < seat->crew->count; to++)
        if (passage_show(frames_to(seat, to))) wake(&seat->crew->seats[to]);
}

static void show_sends(struct seat *seat)
{
    unsigned to;

    for (to = 0; to < seat->crew->count; to++)
        if (passage_show(sends_to(seat, to))) wake(&seat->crew->seats[to]);
}

/* ---- buffers go home ---- */

static void send_home(struct seat *seat)
{
    unsigned owner;

    for (owner = 0; owner < seat->crew->count; owner++) {
        struct vvm_packet *first = seat->returning[owner], *before;
        struct seat *home = &seat->crew->seats[owner];

        if (!first) continue;
        before = atomic_load_explicit(&home->returned, memory_order_relaxed);
        do {
            seat->returning_last[owner]->next = before;
        } while (!atomic_compare_exchange_weak_explicit(&home->returned, &before, first, memory_order_release,
                                                        memory_order_relaxed));
        seat->returning[owner] = NULL;
    }
}

static void take_home(struct seat *seat)
{
    struct vvm_packet *packet, *next;

    if (!atomic_load_explicit(&seat->returned, memory_order_relaxed)) return;
    for (packet = atomic_exchange_explicit(&seat->returned, NULL, memory_order_acquire); packet;
         packet = next) {
        next = packet->next;
        packet->next = NULL;
        packet_free(packet);
    }
}

/* ---- frames ---- */

static unsigned worker_of_flow(struct worker *worker, const struct network *network,
                               struct vvm_packet *packet)
{
    uint64_t key;

    packet->flow = flow_of(packet);
    key = network_steer(&worker->context, network, packet);
    return (unsigned)((key >> 32) * worker->seat->crew->count >> 32);
}

static bool pass_frame(struct worker *worker, unsigned to, struct vvm_packet *packet, unsigned device,
                       const struct network *network)
{
    struct passed *slot = passage_slot(frames_to(worker->seat, to));

    if (!slot) {
        ledger_count(&worker->context, worker->seat->busy_row, 1);
        packet_free(packet);
        return false;
    }
    *slot = (struct passed){packet, network, worker->context.generation->number, (uint16_t)device,
                            (uint16_t)device};
    return true;
}

/* Others get theirs before our own are run, so that they run beside each other. */
void seat_receive(struct worker *worker, unsigned device, struct vvm_packet **packets, unsigned n)
{
    const struct network *networks[PORT_BURST];
    unsigned i, own = 0, passed = 0;

    assert(n <= PORT_BURST);
    for (i = 0; i < n; i++) {
        struct vvm_packet *packet = packets[i];
        const struct network *network = worker_claim(worker, device, packet);
        unsigned to = network ? worker_of_flow(worker, network, packet) : 0;

        if (!network) continue;
        if (to != worker->seat->index) {
            passed += pass_frame(worker, to, packet, device, network);
            continue;
        }
        networks[own] = network;
        packets[own++] = packet;
    }
    if (passed) ledger_count(&worker->context, worker->seat->held_row, passed);
    show_frames(worker->seat);
    for (i = 0; i < own; i++) worker_execute(worker, networks[i], packets[i]);
}

/* Its network was found in another generation: the frame as it came. */
static const struct network *claim_again(struct worker *worker, const struct passed *passed)
{
    struct vvm_packet *packet = passed->packet;

    if (worker->router->ports[passed->device].link == PORT_ETHERNET) {
        packet->head = packet->link_offset;
        packet->length = packet->payload_end - packet->link_offset;
    }
    return worker_claim(worker, passed->device, packet);
}

static unsigned run_frames(struct worker *worker, struct passage *passage)
{
    unsigned i, n = passage_count(passage);

    if (n > PORT_BURST) n = PORT_BURST;
    if (n == 0) return 0;
    for (i = 0; i < n; i++) {
        struct passed passed = *passage_at(passage, i);
        const struct network *network = passed.network;

        adopt(worker->seat, &passed);
        if (passed.generation != worker->context.generation->number) network = claim_again(worker, &passed);
        if (network) worker_execute(worker, network, passed.packet);
    }
    passage_done(passage, n);
    ledger_count(&worker->context, worker->seat->held_row, -(int64_t)n);
    return n;
}

/* ---- packets on their way out ---- */

bool seat_send(struct worker *worker, struct vvm_packet *packet, unsigned device)
{
    struct passed *slot = passage_slot(sends_to(worker->seat, seat_owner(worker->seat, device)));

    if (!slot) return false;
    *slot = (struct passed){
        .packet = packet, .device = (uint16_t)device, .home = (uint16_t)home_of(worker, packet)};
    return true;
}

static unsigned take_sends(struct worker *worker, struct passage *passage)
{
    unsigned i, n = passage_count(passage);

    for (i = 0; i < n; i++) {
        const struct passed *passed = passage_at(passage, i);

        transmit_passed(worker, adopt(worker->seat, passed), passed->device);
    }
    if (n) passage_done(passage, n);
    return n;
}

/* ---- a round ---- */

static void note_facts(struct worker *worker)
{
    unsigned i;

    for (i = 0; i < worker->own_count; i++) {
        struct port *port = &worker->router->ports[worker->own[i]];
        struct port_facts *facts = &worker->seat->crew->facts[worker->own[i]];

        atomic_store_explicit(&facts->mtu, port->ops->mtu(port), memory_order_relaxed);
        atomic_store_explicit(&facts->up, port->ops->link_up(port), memory_order_relaxed);
    }
}

void seat_begin(struct worker *worker)
{
    struct seat *seat = worker->seat;

    if (seat->slept) atomic_store(&seat->armed, false);
    seat->slept = false;
    take_home(seat);
    note_facts(worker);
}

unsigned seat_work(struct worker *worker)
{
    struct seat *seat = worker->seat;
    unsigned from, n = 0;

    for (from = 0; from < seat->crew->count; from++) n += run_frames(worker, frames_from(seat, from));
    show_sends(seat);
    for (from = 0; from < seat->crew->count; from++) n += take_sends(worker, sends_from(seat, from));
    return n;
}

void seat_end(struct worker *worker)
{
    show_sends(worker->seat);
    send_home(worker->seat);
}

bool seat_arm(struct worker *worker)
{
    struct seat *seat = worker->seat;
    unsigned from;

    seat->slept = true;
    atomic_store(&seat->armed, true);
    for (from = 0; from < seat->crew->count; from++)
        if (passage_holds(frames_from(seat, from)) || passage_holds(sends_from(seat, from))) return false;
    return true;
}

bool crew_holds(const struct crew *crew)
{
    unsigned i;

    for (i = 0; crew->seats && i < crew->count * crew->count; i++)
        if (passage_holds(&crew->frames[i]) || passage_holds(&crew->sends[i])) return true;
    return false;
}

void crew_set_wake(struct crew *crew, unsigned index, int descriptor)
{
    if (crew->seats) crew->seats[index].wake = descriptor;
}

/* ---- open ---- */

static void *array_of(size_t count, size_t size)
{
    void *memory = aligned_alloc(64, count * size);

    if (memory) memset(memory, 0, count * size);
    return memory;
}

static int open_passages(struct crew *crew)
{
    unsigned i, n = crew->count * crew->count;

    static_assert(sizeof(struct passage) % 64 == 0 && sizeof(struct seat) % 64 == 0, "whole lines");
    crew->frames = array_of(n, sizeof *crew->frames);
    crew->sends = array_of(n, sizeof *crew->sends);
    crew->seats = array_of(crew->count, sizeof *crew->seats);
    if (!crew->frames || !crew->sends || !crew->seats) return -ENOMEM;
    for (i = 0; i < n; i++)
        if (i / crew->count != i % crew->count &&
            (passage_open(&crew->frames[i]) || passage_open(&crew->sends[i])))
            return -ENOMEM;
    return 0;
}

static void open_seat(struct crew *crew, unsigned index)
{
    struct seat *seat = &crew->seats[index];
    struct worker *worker = &crew->workers[index];
    unsigned home;

    seat->crew = crew;
    seat->index = index;
    seat->wake = -1;
    seat->held_row = ledger_row(crew->router->node, LEDGER_HELD, "worker-ring");
    seat->busy_row = ledger_row(crew->router->node, LEDGER_DROPPED, "worker-busy");
    for (home = 0; home < CREW_HOMES; home++) {
        bool there = home < ROUTER_PORTS ? home < crew->router->port_count
                                         : home - ROUTER_PORTS < crew->count;
        struct vvm_pool *pool = there ? pool_of_home(crew, home) : NULL;

        seat->foreign[home] = (struct foreign_pool){.seat = seat, .home = (uint16_t)home};
        seat->foreign[home].ops = (struct vvm_pool){foreign_alloc, foreign_free, pool ? pool->headroom : 0,
                                                    pool ? pool->room : 0};
    }
    worker->seat = seat;
}

static int open_workers(struct crew *crew)
{
    unsigned i;
    int err = 0;

    crew->workers = calloc(crew->count, sizeof *crew->workers);
    if (!crew->workers) return -ENOMEM;
    for (i = 0; i < crew->count && !err; i++)
        err = worker_open_one(&crew->workers[i], crew->router, i, crew->count);
    return err;
}

int crew_open(struct crew **out, struct router *router)
{
    struct crew *crew = array_of(1, (sizeof *crew + 63) & ~(size_t)63);
    unsigned i;
    int err;

    if (!crew) return -ENOMEM;
    crew->router = router;
    crew->count = router->crew_size ? router->crew_size : 1;
    assert(crew->count <= ROUTER_WORKERS && (crew->count == 1 || !router->virtual_time));
    err = open_workers(crew);
    if (!err && crew->count > 1) err = open_passages(crew);
    if (err) {
        crew_close(crew);
        return err;
    }
    for (i = 0; i < crew->count && crew->seats; i++) {
        open_seat(crew, i);
        note_facts(&crew->workers[i]);
    }
    *out = crew;
    return 0;
}

/* ---- close ---- */

static void drop_frames(struct worker *worker, struct passage *passage)
{
    unsigned closed = ledger_row(worker->router->node, LEDGER_DROPPED, "worker-closed");

    for (; passage_count(passage) > 0; passage_done(passage, 1)) {
        packet_free(adopt(worker->seat, passage_at(passage, 0)));
        ledger_count(&worker->context, worker->seat->held_row, -1);
        ledger_count(&worker->context, closed, 1);
    }
}

static void drop_sends(struct worker *worker, struct passage *passage)
{
    for (; passage_count(passage) > 0; passage_done(passage, 1)) {
        const struct passed *passed = passage_at(passage, 0);
        struct port *port = &worker->router->ports[passed->device];
        struct vvm_packet *packet = adopt(worker->seat, passed);

        port->book.fate(port->book.data, packet, FATE_CLOSED);
        packet_free(packet);
    }
}

static void clear_passages(struct crew *crew)
{
    unsigned i, from;

    for (i = 0; i < crew->count; i++)
        for (from = 0; from < crew->count; from++) {
            if (from == i) continue;
            drop_frames(&crew->workers[i], frames_from(&crew->seats[i], from));
            drop_sends(&crew->workers[i], sends_from(&crew->seats[i], from));
        }
    for (i = 0; i < crew->count; i++) transmit_abandon(&crew->workers[i]);
    for (i = 0; i < crew->count; i++) send_home(&crew->seats[i]);
    for (i = 0; i < crew->count; i++) take_home(&crew->seats[i]);
}

static void close_passages(struct crew *crew)
{
    unsigned i, n = crew->count * crew->count;

    for (i = 0; crew->frames && i < n; i++) passage_close(&crew->frames[i]);
    for (i = 0; crew->sends && i < n; i++) passage_close(&crew->sends[i]);
    free(crew->frames);
    free(crew->sends);
    free(crew->seats);
}

void crew_close(struct crew *crew)
{
    unsigned i;

    if (!crew) return;
    if (crew->workers && crew->workers[0].seat) clear_passages(crew);
    for (i = 0; crew->workers && i < crew->count; i++)
        if (crew->workers[i].router) worker_close(&crew->workers[i]);
    close_passages(crew);
    free(crew->workers);
    free(crew);
}
