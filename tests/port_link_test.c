/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_link_test.c - a cable between two ports: frames and buffers change hands, full
 * and cut cables, nobody is lost asleep, also with a thread at either end.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port_fixture.h"
#include "suites.h"

struct plugged {
    struct link_cable *cable;
    struct port_fixture ends[2];
};

static void open_end(struct plugged *p, unsigned end, const struct impairment *how)
{
    struct port_options options = {.name = end ? "right" : "left", .cable = p->cable, .end = end};
    if (how) options.impairment = *how;
    CU_ASSERT_EQUAL_FATAL(fixture_open(&p->ends[end], &port_link, &options), 0);
}

static void open_pair(struct plugged *p, unsigned slots, const struct impairment *how)
{
    CU_ASSERT_EQUAL_FATAL(link_cable_open(&p->cable, slots), 0);
    open_end(p, 0, how);
    open_end(p, 1, how);
}

static void close_pair(struct plugged *p)
{
    CU_ASSERT_EQUAL(fixture_close(&p->ends[0]), 0);
    CU_ASSERT_EQUAL(fixture_close(&p->ends[1]), 0);
    link_cable_close(p->cable);
}

static int receive(struct port *port, struct vvm_packet **packets, unsigned room)
{
    return port->ops->rx_burst(port, packets, room);
}

static void free_all(struct vvm_packet **packets, int n)
{
    while (n > 0) packet_free(packets[--n]);
}

/* Take and free all that came; frames must be numbered on from *number. */
static unsigned take_all(struct port *port, uint32_t *number)
{
    struct vvm_packet *packets[PORT_BURST];
    unsigned total = 0;
    int n;
    while ((n = receive(port, packets, PORT_BURST)) > 0) {
        for (int i = 0; i < n; i++)
            CU_ASSERT_FATAL(frame_number(packets[i]->base + packets[i]->head, packets[i]->length) ==
                            (*number)++);
        free_all(packets, n);
        total += (unsigned)n;
    }
    return total;
}

static struct port_stats stats_of(struct port *port)
{
    struct port_stats stats;
    port->ops->stats(port, &stats);
    return stats;
}

/* ---- frames ---- */

static void test_frames_cross(void)
{
    struct plugged p;
    struct vvm_packet *packets[PORT_BURST];
    open_pair(&p, 0, NULL);
    for (unsigned end = 0; end < 2; end++) {
        struct port *far = &p.ends[1 - end].port;
        p.ends[1 - end].now = 77;
        CU_ASSERT_EQUAL(receive(far, packets, PORT_BURST), 0);
        CU_ASSERT_EQUAL(fixture_send(&p.ends[end], 3, 100), 3);
        CU_ASSERT_EQUAL_FATAL(receive(far, packets, 2), 2);
        CU_ASSERT_EQUAL_FATAL(receive(far, packets + 2, 2), 1);
        for (uint32_t i = 0; i < 3; i++) {
            const struct vvm_packet *packet = packets[i];
            CU_ASSERT_EQUAL(packet->head, PORT_HEADROOM);
            CU_ASSERT_EQUAL(packet->length, 100);
            CU_ASSERT_EQUAL(packet->payload_end, PORT_HEADROOM + 100);
            CU_ASSERT_EQUAL(packet->ingress, 3);
            CU_ASSERT_EQUAL(packet->time, 77);
            CU_ASSERT_EQUAL(far->time, 0); /* virtual clocks run by it */
            CU_ASSERT_PTR_EQUAL(packet->pool, far->pool);
            CU_ASSERT_EQUAL(frame_number(packet->base + packet->head, 100), i);
            CU_ASSERT_EQUAL(packet->base[packet->head], 0x5a);
        }
        free_all(packets, 3);
        CU_ASSERT_EQUAL(stats_of(far).rx_octets, 300);
        CU_ASSERT_EQUAL(stats_of(&p.ends[end].port).tx_octets, 300);
        CU_ASSERT_EQUAL(stats_of(&p.ends[end].port).tx_frames, 3);
    }
    close_pair(&p);
}

/* A frame that came is sent back from the same buffer, many times round. */
static void test_frames_go_round(void)
{
    struct plugged p;
    struct vvm_packet *packets[PORT_BURST];
    uint32_t number = 0;
    open_pair(&p, 16, NULL);
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 10, 1000), 10);
    for (unsigned i = 0; i < 10001; i++) {
        struct port *here = &p.ends[(i + 1) % 2].port;
        int n = receive(here, packets, PORT_BURST);
        CU_ASSERT_EQUAL_FATAL(n, 10);
        CU_ASSERT_EQUAL_FATAL(here->ops->tx_burst(here, packets, 10), 10);
    }
    CU_ASSERT_EQUAL(take_all(&p.ends[0].port, &number), 10);
    close_pair(&p);
}

/* Packets that come with little headroom, or with much, get the usual one. */
static void test_headroom_is_restored(void)
{
    struct plugged p;
    struct vvm_packet *packet;
    open_pair(&p, 0, NULL);
    for (int shift = -100; shift <= 100; shift += 50) {
        struct port *near = &p.ends[0].port, *far = &p.ends[1].port;
        packet = near->pool->alloc(near->pool);
        packet->head = (uint32_t)((int)packet->head + shift);
        CU_ASSERT(!packet_append(packet, "a frame with a number", 21));
        CU_ASSERT_EQUAL(near->ops->tx_burst(near, &packet, 1), 1);
        CU_ASSERT_EQUAL_FATAL(receive(far, &packet, 1), 1);
        CU_ASSERT_EQUAL(packet->head, PORT_HEADROOM);
        CU_ASSERT_EQUAL(packet->payload_end, PORT_HEADROOM + 21);
        CU_ASSERT(!memcmp(packet->base + packet->head, "a frame with a number", 21));
        packet_free(packet);
    }
    close_pair(&p);
}

static void test_full_ring(void)
{
    struct plugged p;
    uint32_t number = 0;
    open_pair(&p, 8, NULL);
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 5, 100), 5);
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 5, 100), 3);
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 5, 100), 0);
    CU_ASSERT_EQUAL(take_all(&p.ends[1].port, &number), 8);
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 10, 100), 8);
    CU_ASSERT_EQUAL(take_all(&p.ends[1].port, &number), 8);
    close_pair(&p);
}

/* Frames wait on the cable while the receiver has no buffer for them. */
static void test_no_buffers(void)
{
    struct plugged p;
    struct vvm_packet *taken[1024], *packets[PORT_BURST];
    unsigned n = 0;
    uint32_t number = 0;
    open_pair(&p, 0, NULL);
    struct port *far = &p.ends[1].port;
    while (n < 1024 && (taken[n] = far->pool->alloc(far->pool))) n++;
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 10, 100), 10);
    CU_ASSERT_EQUAL(receive(far, packets, PORT_BURST), 0);
    packet_free(taken[--n]);
    CU_ASSERT_EQUAL(receive(far, packets, PORT_BURST), 1);
    free_all(packets, 1);
    free_all(taken, (int)n);
    number = 1;
    CU_ASSERT_EQUAL(take_all(far, &number), 9);
    close_pair(&p);
}

static void test_far_end(void)
{
    struct plugged p;
    struct vvm_packet *packets[PORT_BURST];
    uint32_t number = 0;
    CU_ASSERT_EQUAL_FATAL(link_cable_open(&p.cable, 0), 0);
    open_end(&p, 0, NULL);
    struct port *near = &p.ends[0].port;
    CU_ASSERT(!near->ops->link_up(near)); /* nobody has plugged it in yet */
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 4, 100), 4);
    CU_ASSERT_EQUAL(p.ends[0].account.fates[FATE_REFUSED], 4);
    CU_ASSERT_EQUAL(receive(near, packets, PORT_BURST), 0);
    open_end(&p, 1, NULL);
    CU_ASSERT(near->ops->link_up(near));
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 4, 100), 4);
    number = 4;
    CU_ASSERT_EQUAL(take_all(&p.ends[1].port, &number), 4);
    CU_ASSERT_EQUAL(fixture_send(&p.ends[1], 2, 100), 2);
    CU_ASSERT_EQUAL(fixture_close(&p.ends[1]), 0);
    CU_ASSERT(!near->ops->link_up(near));
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 5, 100), 5);
    CU_ASSERT_EQUAL(p.ends[0].account.fates[FATE_REFUSED], 9);
    CU_ASSERT_EQUAL(stats_of(near).fates[FATE_REFUSED], 9);
    CU_ASSERT_EQUAL(receive(near, packets, PORT_BURST), 2); /* what it had sent still comes */
    free_all(packets, 2);
    CU_ASSERT_EQUAL(receive(near, packets, PORT_BURST), -ENODATA);
    CU_ASSERT_EQUAL(fixture_close(&p.ends[0]), 0);
    link_cable_close(p.cable);
}

static void test_wrong_use(void)
{
    struct port_fixture f;
    struct plugged p;
    open_pair(&p, 2, NULL);
    struct {
        struct port_options options;
        const char *why;
        int err;
    } rows[] = {
        {{.cable = NULL}, "cable", -EINVAL},
        {{.cable = p.cable, .end = 2}, "end", -EINVAL},
        {{.cable = p.cable, .end = 1}, "opened before", -EBUSY},
    };
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(fixture_open(&f, &port_link, &rows[i].options), rows[i].err);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.port.why, rows[i].why));
    }
    close_pair(&p);
    CU_ASSERT_EQUAL_FATAL(link_cable_open(&p.cable, 2), 0);
    static const uint32_t mtus[] = {67, 9001, UINT32_MAX};
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(
            fixture_open(&f, &port_link, &(struct port_options){.cable = p.cable, .mtu = mtus[i]}), -ERANGE);
    CU_ASSERT_EQUAL(
        fixture_open(&f, &port_link, &(struct port_options){.cable = p.cable, .buffers = UINT32_MAX}),
        -ERANGE);
    CU_ASSERT_EQUAL(fixture_open(&f, &port_link, &(struct port_options){.cable = p.cable, .mtu = 9000}), 0);
    CU_ASSERT_EQUAL(f.port.ops->mtu(&f.port), 9000);
    fixture_close(&f);
    link_cable_close(p.cable);
}

/* ---- sleep ---- */

static bool is_readable(struct port *port, int milliseconds)
{
    struct pollfd fd = {.fd = port->ops->descriptor(port), .events = POLLIN};
    return poll(&fd, 1, milliseconds) == 1;
}

static void test_wake_up(void)
{
    struct plugged p;
    uint32_t number = 0;
    open_pair(&p, 0, NULL);
    struct port *far = &p.ends[1].port;
    fixture_send(&p.ends[0], 1, 100); /* awake: no system call, nothing readable */
    CU_ASSERT(!is_readable(far, 0));
    CU_ASSERT(!far->ops->arm(far)); /* frames wait: do not sleep */
    take_all(far, &number);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT(far->ops->arm(far));
        CU_ASSERT(!is_readable(far, 0));
        fixture_send(&p.ends[0], 2, 100);
        fixture_send(&p.ends[0], 2, 100);
        CU_ASSERT(is_readable(far, 0));
        CU_ASSERT_EQUAL(take_all(far, &number), 4);
        CU_ASSERT(!is_readable(far, 0));
        fixture_send(&p.ends[0], 1, 100);
        CU_ASSERT(!is_readable(far, 0));
        take_all(far, &number);
    }
    CU_ASSERT(far->ops->arm(far));
    fixture_close(&p.ends[0]); /* so that it learns of the end */
    CU_ASSERT(is_readable(far, 0));
    fixture_close(&p.ends[1]);
    link_cable_close(p.cable);
}

/* A sender that found no room is told when there is some. */
static void test_wake_up_for_room(void)
{
    struct plugged p;
    uint32_t number = 0;
    struct vvm_packet *packets[4];
    open_pair(&p, 4, NULL);
    struct port *near = &p.ends[0].port, *far = &p.ends[1].port;
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 4, 100), 4);
    take_all(far, &number);
    CU_ASSERT(!is_readable(near, 0)); /* never full: nobody was told */
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 6, 100), 4);
    CU_ASSERT(near->ops->arm(near));
    CU_ASSERT(!is_readable(near, 0));
    CU_ASSERT_EQUAL(receive(far, packets, 1), 1);
    free_all(packets, 1);
    number++;
    CU_ASSERT(is_readable(near, 0));
    CU_ASSERT_EQUAL(receive(near, packets, 1), 0);
    CU_ASSERT(!is_readable(near, 0));
    CU_ASSERT_EQUAL(fixture_send(&p.ends[0], 1, 100), 1);
    CU_ASSERT_EQUAL(take_all(far, &number), 4);
    close_pair(&p);
}

/* ---- a thread at either end ---- */

struct side {
    struct port_fixture *f;
    uint32_t sent, received, load; /* load: to be sent, and received, in all */
    bool right;                    /* everything was, so far */
};

static void side_receive(struct side *side)
{
    struct port *port = &side->f->port;
    struct vvm_packet *packets[PORT_BURST];
    int n = receive(port, packets, PORT_BURST);
    for (int i = 0; i < n; i++) {
        const struct vvm_packet *packet = packets[i];
        uint32_t number = frame_number(packet->base + packet->head, packet->length);
        side->right &= number == side->received && packet->length == 60 + number % 500 &&
                       packet->base[packet->head] == (uint8_t)number;
        side->received++;
    }
    free_all(packets, n);
}

static void side_send(struct side *side)
{
    struct port *port = &side->f->port;
    struct vvm_packet *packets[PORT_BURST];
    unsigned n = 0;
    for (; n < PORT_BURST && side->sent + n < side->load && (packets[n] = port->pool->alloc(port->pool));
         n++) {
        uint32_t number = side->sent + n, length = 60 + number % 500;
        uint8_t *octets = packet_grow(packets[n], length);
        memset(octets, (uint8_t)number, length);
        memcpy(octets + length - 4, &number, 4);
    }
    int taken = n ? port->ops->tx_burst(port, packets, n) : 0;
    for (unsigned i = (unsigned)taken; i < n; i++) packet_free(packets[i]);
    side->sent += (unsigned)taken;
    side->f->account.taken += taken; /* refused ones have been booked as if they had been sent */
    side->f->account.sent += taken;
}

/* One round; sleeps without a limit when nothing moves: a lost wake-up hangs. */
static void side_round(struct side *side)
{
    struct port *port = &side->f->port;
    uint32_t before = side->sent + side->received;
    side_receive(side);
    side_send(side);
    if (side->sent + side->received == before && port->ops->arm(port)) is_readable(port, -1);
}

static void *run_side(void *data)
{
    struct side *side = data;
    while (side->sent < side->load || side->received < side->load) side_round(side);
    return NULL;
}

static void test_two_threads(void)
{
    static const uint32_t rows[][2] = {{2, 10000}, {16, 50000}, {1024, 300000}}; /* slots, frames each way */
    for (unsigned i = 0; i < 3; i++) {
        struct plugged p;
        pthread_t thread;
        open_pair(&p, rows[i][0], NULL);
        struct side left = {.f = &p.ends[0], .load = rows[i][1], .right = true}, right = left;
        right.f = &p.ends[1];
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, run_side, &left), 0);
        run_side(&right);
        pthread_join(thread, NULL);
        CU_ASSERT(left.right && right.right);
        CU_ASSERT_EQUAL(stats_of(&p.ends[1].port).rx_frames, rows[i][1]);
        close_pair(&p);
    }
}

/* One end is closed while the other sends on, or sleeps. */
static void *run_until_closed(void *data)
{
    struct side *side = data;
    while (side->f->port.ops->link_up(&side->f->port)) side_round(side);
    return NULL;
}

static void test_close_under_load(void)
{
    for (unsigned i = 0; i < 20; i++) {
        struct plugged p;
        pthread_t thread;
        open_pair(&p, 16, NULL);
        struct side left = {.f = &p.ends[0], .load = UINT32_MAX, .right = true}, right = {.f = &p.ends[1]};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, run_until_closed, &left), 0);
        while (right.received < 50 * i) side_round(&right);
        fixture_close(&p.ends[1]);
        pthread_join(thread, NULL);
        fixture_close(&p.ends[0]);
        link_cable_close(p.cable);
    }
}

/* ---- behind impairments ---- */

static void test_impaired(void)
{
    struct plugged p;
    struct vvm_packet *packets[PORT_BURST];
    uint64_t received = 0;
    const struct impairment how = {.loss = 100000,
                                   .duplicate = 50000,
                                   .reorder = 100000,
                                   .delay = 5 * MILLISECOND,
                                   .jitter = 3 * MILLISECOND,
                                   .rate = 50000000,
                                   .queue = 64};
    open_pair(&p, 8, &how); /* a short cable, so that it is full at times */
    struct port_fixture *near = &p.ends[0];
    for (unsigned i = 0; i < 4000; i++) {
        CU_ASSERT_FATAL(fixture_send(near, i % 20, 200) == (int)(i % 20));
        near->now += MILLISECOND / 2;
        CU_ASSERT_EQUAL_FATAL(near->port.ops->poll(&near->port), 0);
        CU_ASSERT_FATAL(account_balances(&near->account));
        int n = i % 3 ? receive(&p.ends[1].port, packets, 1 + i % 32) : 0;
        CU_ASSERT_FATAL(n >= 0);
        free_all(packets, n);
        received += (unsigned)n;
        CU_ASSERT_FATAL(stats_of(&near->port).tx_frames >= received);
    }
    for (int n; near->port.ops->deadline(&near->port) != PORT_NEVER;) {
        near->now = near->port.ops->deadline(&near->port);
        CU_ASSERT_EQUAL_FATAL(near->port.ops->poll(&near->port), 0);
        while ((n = receive(&p.ends[1].port, packets, PORT_BURST)) > 0)
            free_all(packets, n), received += (unsigned)n;
    }
    CU_ASSERT_EQUAL((uint64_t)near->account.sent, received);
    CU_ASSERT_EQUAL(stats_of(&near->port).tx_frames, received);
    CU_ASSERT(stats_of(&near->port).reordered > 0 && near->account.fates[FATE_OVERFLOW] > 0);
    CU_ASSERT(p.ends[1].port.ops->arm(&p.ends[1].port));
    CU_ASSERT(near->port.ops->descriptor(&near->port) >= 0);
    close_pair(&p);
}

static void test_impaired_far_end_closed(void)
{
    struct plugged p;
    open_pair(&p, 0, &(struct impairment){.delay = MILLISECOND});
    fixture_send(&p.ends[0], 10, 100);
    fixture_close(&p.ends[1]);
    p.ends[0].now += MILLISECOND;
    CU_ASSERT_EQUAL(p.ends[0].port.ops->poll(&p.ends[0].port), 0);
    CU_ASSERT_EQUAL(p.ends[0].account.fates[FATE_REFUSED], 10); /* told through the layer */
    CU_ASSERT_EQUAL(stats_of(&p.ends[0].port).fates[FATE_REFUSED], 10);
    fixture_close(&p.ends[0]);
    link_cable_close(p.cable);
}

void port_link_tests(CU_pSuite suite)
{
    CU_add_test(suite, "frames cross", test_frames_cross);
    CU_add_test(suite, "frames go round", test_frames_go_round);
    CU_add_test(suite, "headroom is restored", test_headroom_is_restored);
    CU_add_test(suite, "full ring", test_full_ring);
    CU_add_test(suite, "no buffers", test_no_buffers);
    CU_add_test(suite, "far end", test_far_end);
    CU_add_test(suite, "wrong use", test_wrong_use);
    CU_add_test(suite, "wake-up", test_wake_up);
    CU_add_test(suite, "wake-up for room", test_wake_up_for_room);
    CU_add_test(suite, "two threads", test_two_threads);
    CU_add_test(suite, "close under load", test_close_under_load);
    CU_add_test(suite, "impaired", test_impaired);
    CU_add_test(suite, "impaired, far end closed", test_impaired_far_end_closed);
}
