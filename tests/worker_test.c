/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_test.c - one worker, step by step: ports of bare datagrams, what links do to
 * packets after they were sent, claims, virtual time; the registry's names; starts that
 * are refused and leave nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/registry.h"
#include "daemon/start.h"
#include "engine/load.h"
#include "line.h"
#include "suites.h"

/* ---- a port that says what it is asked, and does what it is told ----------------------------- */

struct puppet {
    struct buffer_pool *pool;
    struct vvm_packet *waiting[PORT_BURST];
    unsigned waiting_count;
    struct vvm_packet *kept[PORT_BURST]; /* sent, and not yet let go */
    unsigned kept_count;
    bool keeps, refusing; /* packets that are sent; takes none */
    uint32_t last_peer, neighbour, mtu;
    unsigned claim_calls, claim_count;
    struct port_claim claims[PORT_CLAIMS];
    int claim_result;
    bool late; /* its deadline lies a second ahead of `since` */
    uint64_t since;
    uint64_t (*clock)(void *);
    void *clock_data;
    unsigned polls_due; /* how often poll found the deadline over */
    bool ended;
};

static int puppet_open(struct port *port, const struct port_options *options)
{
    struct puppet *puppet = calloc(1, sizeof *puppet);
    CU_ASSERT_FATAL(puppet && !buffer_pool_open(&puppet->pool, 64, 2048, PORT_HEADROOM));
    snprintf(port->name, sizeof port->name, "%s", options->name);
    port->link = options->key == 1 ? PORT_ETHERNET : PORT_DATAGRAM;
    port->key = options->key;
    port->pool = buffer_pool_ops(puppet->pool);
    port->state = puppet;
    puppet->mtu = 128;
    puppet->clock = options->clock;
    puppet->clock_data = options->clock_data;
    return 0;
}

static void fate(struct port *port, struct vvm_packet *packet, enum port_fate fate)
{
    port->book.fate(port->book.data, packet, fate);
}

static int puppet_close(struct port *port)
{
    struct puppet *puppet = port->state;
    for (unsigned i = 0; i < puppet->kept_count; i++) {
        fate(port, puppet->kept[i], FATE_RELEASED);
        fate(port, puppet->kept[i], FATE_CLOSED);
        packet_free(puppet->kept[i]);
    }
    buffer_pool_close(puppet->pool);
    free(puppet);
    return 0;
}

static int puppet_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct puppet *puppet = port->state;
    unsigned n = puppet->waiting_count;
    CU_ASSERT_FATAL(n <= room);
    memcpy(packets, puppet->waiting, n * sizeof *packets);
    puppet->waiting_count = 0;
    return n == 0 && puppet->ended ? -ENODATA : (int)n;
}

static int puppet_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct puppet *puppet = port->state;
    if (puppet->refusing) return 0;
    for (unsigned i = 0; i < n; i++) {
        puppet->last_peer = packets[i]->peer;
        if (!puppet->keeps) {
            packet_free(packets[i]);
            continue;
        }
        fate(port, packets[i], FATE_DELAYED);
        puppet->kept[puppet->kept_count++] = packets[i];
    }
    return (int)n;
}

static int puppet_poll(struct port *port)
{
    struct puppet *puppet = port->state;
    if (puppet->late && puppet->clock(puppet->clock_data) >= puppet->since + 1000000000) {
        puppet->polls_due++;
        puppet->late = false;
    }
    return 0;
}

static uint64_t puppet_deadline(struct port *port)
{
    const struct puppet *puppet = port->state;
    return puppet->late ? puppet->since + 1000000000 : PORT_NEVER;
}

static int puppet_descriptor(struct port *port) { return -1; }
static bool puppet_arm(struct port *port) { return true; }
static uint32_t puppet_mtu(struct port *port) { return ((const struct puppet *)port->state)->mtu; }
static bool puppet_link_up(struct port *port) { return true; }
static void puppet_stats(struct port *port, struct port_stats *stats) { *stats = (struct port_stats){0}; }
static bool puppet_reaches(struct port *port, uint32_t address)
{
    return address && address == ((const struct puppet *)port->state)->neighbour;
}

static int puppet_claim(struct port *port, const struct port_claim *claims, unsigned n)
{
    struct puppet *puppet = port->state;
    CU_ASSERT_FATAL(n <= PORT_CLAIMS);
    puppet->claim_calls++;
    puppet->claim_count = n;
    memcpy(puppet->claims, claims, n * sizeof *claims);
    snprintf(port->why, sizeof port->why, "no filter");
    return puppet->claim_result;
}

static const struct port_ops port_puppet = {
    .kind = "puppet",
    .open = puppet_open,
    .close = puppet_close,
    .rx_burst = puppet_rx_burst,
    .tx_burst = puppet_tx_burst,
    .poll = puppet_poll,
    .deadline = puppet_deadline,
    .descriptor = puppet_descriptor,
    .arm = puppet_arm,
    .mtu = puppet_mtu,
    .link_up = puppet_link_up,
    .stats = puppet_stats,
    .reaches = puppet_reaches,
    .claim = puppet_claim,
};

/* ---- a router with the toy network and one such port ------------------------------------------ */

struct stage {
    struct router router;
    struct worker worker;
    struct puppet *puppet;
};

/* 10.0.0.1; 10.0.1.0/24 lies behind 10.0.0.2, 10.0.2.0/24 behind 10.0.0.9. */
static struct stage *stage_open(uint32_t key, bool virtual_time)
{
    static const int64_t near[] = {0x0a000100, 24, 0, 0x0a000002}, far[] = {0x0a000200, 24, 0, 0x0a000009};
    struct stage *stage = calloc(1, sizeof *stage);
    struct port *port;
    CU_ASSERT_FATAL(stage && !router_open(&stage->router, "stage", virtual_time, VVM_SOURCE "/netvmlets"));
    CU_ASSERT_FATAL(!router_add_address(&stage->router, 0x0a000001, 24));
    CU_ASSERT_FATAL(!load_file(&stage->router.node->control, VVM_SOURCE "/netvmlets/hop.vml", NULL));
    CU_ASSERT_FATAL(!router_tell(&stage->router, "route-add!", near, 4));
    CU_ASSERT_FATAL(!router_tell(&stage->router, "route-add!", far, 4));
    CU_ASSERT_FATAL(!router_add_port(&stage->router, &port_puppet,
                                     &(struct port_options){.name = "puppet", .key = key}, &port));
    CU_ASSERT_FATAL(!worker_open(&stage->worker, &stage->router));
    stage->puppet = port->state;
    stage->puppet->neighbour = 0x0a000002;
    return stage;
}

static void stage_close(struct stage *stage)
{
    char why[256];
    if (stage->router.worker_count) worker_close(&stage->worker);
    CU_ASSERT_EQUAL(ledger_balance(stage->router.node), 0);
    CU_ASSERT_EQUAL(router_close(&stage->router, why), 0);
    free(stage);
}

/* A packet of the toy network to the address, in its envelope, with `more` octets behind
 * its program that it jumps over. */
static void feed(struct stage *stage, uint32_t to, unsigned more)
{
    uint8_t octets[256] = {1, 0, 0x48, 0x50, 0, 2, 0, (uint8_t)(22 + more), 1, 9, 0, 0};
    static const uint8_t program[] = {2, 1, 1, 3, 0, 9};
    struct vvm_pool *pool = stage->router.ports[0].pool;
    struct vvm_packet *packet = pool->alloc(pool);
    for (unsigned i = 0; i < 4; i++) octets[12 + i] = (uint8_t)(to >> (24 - 8 * i));
    memcpy(octets + 16, program, sizeof program);
    for (unsigned i = 0; i < more; i++) octets[22 + i] = 1;
    CU_ASSERT_FATAL(packet && !packet_append(packet, octets, 22 + more));
    packet->payload_end = packet->head + packet->length;
    packet->ingress = 0;
    stage->puppet->waiting[stage->puppet->waiting_count++] = packet;
}

static int64_t count(struct stage *stage, const char *name)
{
    struct readings readings;
    int64_t value = 0;
    CU_ASSERT_EQUAL_FATAL(registry_read(&readings, &stage->router, NULL), 0);
    readings_find(&readings, name, &value);
    readings_free(&readings);
    return value;
}

static void load_text(struct stage *stage, const char *text)
{
    int err = load_source(&stage->router.node->control, "more", text, strlen(text), NULL);
    if (err) print_pending(&stage->router.node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

#define CLAIM_ANOTHER                                                                                        \
    "(vmlet more (needs (all)) (version 1)) (define-layout more (kind u8) (rest rest)) (define (run) (drop " \
    "'more))\n"                                                                                              \
    "(define-network more (match (udp 7777)) (layout more) (execute run) (limits (fuel 100) (arena 1KiB)))"

static void test_bare_datagrams(void)
{
    struct stage *stage = stage_open(0, false);
    feed(stage, 0x0a000001, 0);
    feed(stage, 0x0a000105, 0);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 2);
    CU_ASSERT_EQUAL(count(stage, "ledger/delivered/port-9"), 1);
    CU_ASSERT_EQUAL(count(stage, "ledger/sent/hop"), 1);
    CU_ASSERT_EQUAL(stage->puppet->last_peer, 0x0a000002); /* whom the port is to send it to */
    feed(stage, 0x0a000205, 0);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 1);
    CU_ASSERT_EQUAL(count(stage, "ledger/dropped/no-neighbour"), 1);
    stage_close(stage);
}

/* 128 octets on the link are 100 in a datagram. */
static void test_bare_datagrams_have_a_size(void)
{
    struct stage *stage = stage_open(0, false);
    feed(stage, 0x0a000105, 100 - 22);
    feed(stage, 0x0a000105, 101 - 22);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 2);
    CU_ASSERT_EQUAL(count(stage, "ledger/sent/hop"), 1);
    CU_ASSERT_EQUAL(count(stage, "ledger/dropped/too-big"), 1);
    stage_close(stage);
}

/* With a second key nobody can tell whose a datagram is, unless the port says its own. */
static void test_bare_datagrams_have_a_key(void)
{
    struct stage *none = stage_open(0, false), *right = stage_open(3322, false),
                 *wrong = stage_open(9, false);
    load_text(none, CLAIM_ANOTHER);
    load_text(right, CLAIM_ANOTHER);
    feed(none, 0x0a000105, 0);
    feed(right, 0x0a000105, 0);
    feed(wrong, 0x0a000105, 0);
    CU_ASSERT_EQUAL(worker_step(&none->worker), 1);
    CU_ASSERT_EQUAL(worker_step(&right->worker), 1);
    CU_ASSERT_EQUAL(worker_step(&wrong->worker), 1);
    CU_ASSERT_EQUAL(count(none, "ledger/dropped/not-active"), 1);
    CU_ASSERT_EQUAL(count(right, "ledger/sent/hop"), 1);
    CU_ASSERT_EQUAL(count(wrong, "ledger/dropped/not-active"), 1);
    stage_close(none);
    stage_close(right);
    stage_close(wrong);
}

/* What waits in a port that is closed without a worker is booked all the same. */
static void test_fates(void)
{
    static const struct {
        enum port_fate fate;
        const char *row;
        int64_t sent, other;
    } fates[] = {
        {FATE_LOST, "ledger/dropped/link-loss", 0, 1},
        {FATE_OVERFLOW, "ledger/dropped/link-queue", 0, 1},
        {FATE_REFUSED, "ledger/dropped/link-refused", 0, 1},
        {FATE_CLOSED, "ledger/dropped/port-closed", 0, 1},
        {FATE_DUPLICATED, "ledger/created/link-duplicate", 2, 1},
        {FATE_DELAYED, "ledger/held/link-delay", 0, 1},
    };
    for (unsigned i = 0; i < sizeof fates / sizeof *fates; i++) {
        struct stage *stage = stage_open(0, false);
        struct port *port = &stage->router.ports[0];
        struct vvm_packet packet = {.sent_row = ledger_row(stage->router.node, LEDGER_SENT, "hop")};
        feed(stage, 0x0a000105, 0);
        CU_ASSERT_EQUAL(worker_step(&stage->worker), 1);
        CU_ASSERT_EQUAL(count(stage, "ledger/sent/hop"), 1);
        if (i % 2) worker_close(&stage->worker); /* fates go on without it */
        fate(port, &packet, fates[i].fate);
        CU_ASSERT_EQUAL(count(stage, "ledger/sent/hop"), fates[i].sent);
        CU_ASSERT_EQUAL(count(stage, fates[i].row), fates[i].other);
        CU_ASSERT_EQUAL(count(stage, "ledger/balance"), 0);
        if (fates[i].fate == FATE_DELAYED) fate(port, &packet, FATE_RELEASED);
        if (fates[i].fate == FATE_DELAYED) CU_ASSERT_EQUAL(count(stage, "ledger/sent/hop"), 1);
        stage_close(stage);
    }
}

static void test_what_waits_is_closed(void)
{
    struct stage *stage = stage_open(0, false);
    char why[256];
    stage->puppet->keeps = true;
    for (unsigned i = 0; i < 3; i++) feed(stage, 0x0a000105, 0);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 3);
    CU_ASSERT_EQUAL(count(stage, "ledger/held/link-delay"), 3);
    stage->puppet->refusing = true;
    for (unsigned i = 0; i < 2; i++) feed(stage, 0x0a000105, 0);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 2);
    CU_ASSERT(worker_deadline(&stage->worker) != PORT_NEVER); /* it is asked again */
    CU_ASSERT_EQUAL(count(stage, "ledger/sent/hop"), 2);
    worker_close(&stage->worker);
    CU_ASSERT_EQUAL(count(stage, "ledger/dropped/port-closed"), 2);
    CU_ASSERT_EQUAL(router_close_ports(&stage->router, why), 0);
    CU_ASSERT_EQUAL(count(stage, "ledger/dropped/port-closed"), 5);
    CU_ASSERT_EQUAL(count(stage, "ledger/held/link-delay"), 0);
    CU_ASSERT_EQUAL(count(stage, "ledger/sent/hop"), 0);
    CU_ASSERT_EQUAL(count(stage, "network/hop/sent"), 5); /* tallies outlive the worker */
    stage_close(stage);
}

/* ---- claims ------------------------------------------------------------------------------------ */

static void test_claims_are_told_when_they_change(void)
{
    struct stage *stage = stage_open(1, false);
    const struct puppet *puppet = stage->puppet;
    worker_step(&stage->worker);
    CU_ASSERT_EQUAL(puppet->claim_calls, 1);
    CU_ASSERT_EQUAL_FATAL(puppet->claim_count, 3); /* the envelope's: Ethernet, IP, UDP */
    CU_ASSERT_EQUAL(puppet->claims[0].kind, MATCH_ETHERNET);
    CU_ASSERT_EQUAL(puppet->claims[1].key, 107);
    CU_ASSERT_EQUAL(puppet->claims[2].key, 3322);
    load_text(
        stage,
        "(vmlet other (needs (all)) (version 1)) (define x 1)"); /* another generation, the same claims */
    worker_step(&stage->worker);
    CU_ASSERT_EQUAL(puppet->claim_calls, 1);
    load_text(stage, CLAIM_ANOTHER);
    worker_step(&stage->worker);
    worker_step(&stage->worker);
    CU_ASSERT_EQUAL(puppet->claim_calls, 2);
    CU_ASSERT_EQUAL_FATAL(puppet->claim_count, 4);
    CU_ASSERT_EQUAL(puppet->claims[3].key, 7777);
    stage_close(stage);
}

static void test_port_that_cannot_follow_is_broken(void)
{
    struct stage *stage = stage_open(1, false);
    stage->puppet->claim_result = -EIO;
    CU_ASSERT_EQUAL(worker_step(&stage->worker), -EIO);
    CU_ASSERT_PTR_EQUAL(stage->worker.broken, &stage->router.ports[0]);
    stage_close(stage);
}

/* ---- virtual time ---------------------------------------------------------------------------- */

static void test_virtual_time_jumps(void)
{
    struct stage *stage = stage_open(0, true);
    struct puppet *puppet = stage->puppet;
    uint64_t before = router_clock(&stage->router);
    puppet->late = true;
    puppet->since = before;
    puppet->ended = true;
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 0);
    CU_ASSERT_EQUAL(router_clock(&stage->router), before + 1000000000);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), -ENODATA); /* and now nothing waits */
    CU_ASSERT_EQUAL(puppet->polls_due, 1);
    router_advance(&stage->router, 5);
    CU_ASSERT_EQUAL(router_clock(&stage->router), before + 1000000000); /* never back */
    stage_close(stage);
}

/* ---- the registry ---------------------------------------------------------------------------- */

static void test_names_of_readings(void)
{
    struct stage *stage = stage_open(0, false);
    struct readings readings;
    char part[64];
    int64_t value;
    ledger_count(&stage->worker.context, ledger_row(stage->router.node, LEDGER_CONSUMED, "a b/c%\n\xc3\xa9"),
                 7);
    ledger_count(&stage->worker.context, ledger_row(stage->router.node, LEDGER_RECEIVED, "x"), 7);
    CU_ASSERT_EQUAL_FATAL(registry_read(&readings, &stage->router, NULL), 0);
    CU_ASSERT(readings_find(&readings, "ledger/consumed/a%20b%2Fc%25%0A%C3%A9", &value));
    CU_ASSERT_EQUAL(value, 7);
    CU_ASSERT_FALSE(readings_find(&readings, "ledger/consumed/a", &value));
    CU_ASSERT(readings_find(&readings, "port/puppet/link-loss", &value));
    CU_ASSERT(readings_find(&readings, "node/vmlets", &value));
    for (unsigned i = 0; i < readings.count; i++) {
        const struct reading *r = &readings.items[i];
        if (i) CU_ASSERT(strcmp(readings.items[i - 1].name, r->name) < 0);
        for (const char *at = r->name; *at; at++) CU_ASSERT(*at > ' ' && *at < 0x7f);
        if (!reading_part(r, "ledger/consumed/", NULL, part, sizeof part)) continue;
        CU_ASSERT_STRING_EQUAL(part, "a b/c%\n\xc3\xa9");
    }
    CU_ASSERT_FALSE(reading_part(&(struct reading){.name = "port/x"}, "port/x/", "/y", part, sizeof part));
    readings_free(&readings);
    stage_close(stage);
}

/* ---- routers and ports ------------------------------------------------------------------------ */

static void test_ports_have_names_of_their_own(void)
{
    struct stage *stage = stage_open(0, false);
    struct port *port;
    struct port_options options = {.name = "puppet"};
    CU_ASSERT_EQUAL(router_add_port(&stage->router, &port_puppet, &options, &port), -EEXIST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(port->why, "already"));
    CU_ASSERT_EQUAL(stage->router.port_count, 1);
    stage_close(stage);
}

/* ---- starts ------------------------------------------------------------------------------------ */

static unsigned descriptors(void)
{
    unsigned n = 0;
    for (int i = 0; i < 256; i++) n += dup2(i, i) == i;
    return n;
}

/* The line that start_router gives for the node a of a configuration; "" if it starts. */
static void start_text(const char *text, bool check_only, char why[4096])
{
    struct config *config;
    struct cable_box *box;
    struct router router;
    char closing[256];
    unsigned before = descriptors();
    why[0] = '\0';
    int err = config_parse(&config, "net.yaml", text, strlen(text), why, 4096);
    if (err) fprintf(stderr, "    %s\n", why);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    CU_ASSERT_EQUAL_FATAL(cable_box_open(&box), 0);
    err = start_router(&router, config, &config->nodes[0], false, check_only, box, why, 4096);
    CU_ASSERT_EQUAL(err == 0, why[0] == '\0');
    if (!err) CU_ASSERT_EQUAL(router.port_count, check_only ? 0 : config->nodes[0].port_count);
    if (!err) CU_ASSERT_EQUAL(router_close(&router, closing), 0);
    cable_box_close(box);
    config_free(config);
    CU_ASSERT_EQUAL(descriptors(), before);
}

#define PATH "path: [" VVM_SOURCE "/netvmlets, " VVM_SOURCE "/tests/networks]\n"

static void expect_start(const char *text, bool check_only, const char *expected)
{
    char why[4096];
    start_text(text, check_only, why);
    if (*expected ? !strstr(why, expected) : *why) fprintf(stderr, "    got: %s\n", why);
    CU_ASSERT(*expected ? strstr(why, expected) != NULL : !*why);
}

static void test_starts_that_are_refused(void)
{
    expect_start(PATH "nodes: { a: { vmlets: [hop], addresses: [10.0.0.1] } }", false, "");
    expect_start(PATH "nodes: { a: { vmlets: [nowhere] } }", false,
                 "net.yaml:2:24: VMlet nowhere: no nowhere.vml");
    expect_start(PATH "nodes: { a: { vmlets: [./nowhere.vml] } }", false, "nowhere.vml: No such file");
    expect_start(PATH
                 "nodes: { a: { vmlets: [hop], ports: { x: { kind: pcap-file, read: /nowhere.pcap } } } }",
                 false, "port x: cannot be replayed");
    expect_start(PATH
                 "nodes: { a: { vmlets: [hop], ports: { x: { kind: pcap-file, read: /nowhere.pcap } } } }",
                 true, ""); /* a check opens no port */
    expect_start(PATH "nodes: { a: { vmlets: [hop],\n"
                      " ports: { w: { kind: pcap-file, write: /dev/null }, x: { kind: pcap-file, write: "
                      "/no/such/folder } } } }",
                 false, "net.yaml:3:");
    expect_start(PATH "nodes: { a: { vmlets: [fold], ports: { x: { kind: pcap-file, write: /dev/null } },\n"
                      " routes: [ { to: 10.0.0.0/8, port: x } ] } }",
                 false, "no loaded VMlet keeps routes");
}

/* An interface's MTU may be made smaller than what carries a packet, at any time. */
static void test_no_room_for_carriers(void)
{
    struct stage *stage = stage_open(0, false);
    CU_ASSERT_EQUAL(worker_host_ops.mtu(&stage->router, 0), 100);
    stage->puppet->mtu = 20;
    CU_ASSERT_EQUAL(worker_host_ops.mtu(&stage->router, 0), 0);
    CU_ASSERT_EQUAL(worker_host_ops.mtu(&stage->router, 1), 0);
    feed(stage, 0x0a000105, 0);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 1);
    CU_ASSERT_EQUAL(count(stage, "ledger/dropped/too-big"), 1);
    stage_close(stage);
}

/* ---- the log --------------------------------------------------------------------------------- */

#define SHOUT                                                                                                \
    "(vmlet shout (version 1) (needs (all))) (define (run) (log-line \"a packet came\" \"\\n\") (drop "      \
    "'heard))\n"                                                                                             \
    "(define-network shout (match (udp 7777)) (execute run) (limits (fuel 900) (arena 1KiB)))"

static void read_log(int end, const char *expected)
{
    char text[256];
    ssize_t n = read(end, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = '\0';
    CU_ASSERT_STRING_EQUAL(text, expected);
}

/* With nobody who reads the log, packets go on, and the next line says how many are missing. */
static void test_log_that_nobody_reads(void)
{
    struct stage *stage = stage_open(7777, false);
    int ends[2];
    char junk[4096] = {0};
    load_text(stage, SHOUT);
    CU_ASSERT_FATAL(!pipe(ends) && !fcntl(ends[0], F_SETFL, O_NONBLOCK) &&
                    !fcntl(ends[1], F_SETFL, O_NONBLOCK));
    stage->router.log = fdopen(ends[1], "w");
    stage->router.log_prefix = "here: ";
    CU_ASSERT_FATAL(stage->router.log && !setvbuf(stage->router.log, NULL, _IONBF, 0));
    feed(stage, 0, 0);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 1);
    read_log(ends[0], "here: a packet came?\n");
    while (write(ends[1], junk, sizeof junk) > 0) {}
    CU_ASSERT_FATAL(!fcntl(ends[1], F_SETFL, 0)); /* as an ordinary one: who writes now waits */
    for (unsigned i = 0; i < 3; i++) feed(stage, 0, 0);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 3);
    CU_ASSERT_EQUAL(count(stage, "ledger/dropped/heard"), 4);
    while (read(ends[0], junk, sizeof junk) > 0) {}
    feed(stage, 0, 0);
    CU_ASSERT_EQUAL(worker_step(&stage->worker), 1);
    read_log(ends[0], "here: 3 lines before this one were lost\nhere: a packet came?\n");
    fclose(stage->router.log);
    close(ends[0]);
    stage_close(stage);
}

static void test_vmlets_are_found(void)
{
    char file[256];
    const char *path = "/nowhere:" VVM_SOURCE "/netvmlets";
    CU_ASSERT_EQUAL(find_vmlet("hop", path, file, sizeof file), 0);
    CU_ASSERT_STRING_EQUAL(file, VVM_SOURCE "/netvmlets/hop.vml");
    CU_ASSERT_EQUAL(find_vmlet("hop", "/nowhere", file, sizeof file), -ENOENT);
    CU_ASSERT_EQUAL(find_vmlet("hop", NULL, file, sizeof file), -ENOENT);
    CU_ASSERT_EQUAL(find_vmlet("x/hop", NULL, file, sizeof file), 0);
    CU_ASSERT_STRING_EQUAL(file, "x/hop");
}

void worker_tests(CU_pSuite suite)
{
    CU_add_test(suite, "bare datagrams", test_bare_datagrams);
    CU_add_test(suite, "bare datagrams have a size", test_bare_datagrams_have_a_size);
    CU_add_test(suite, "bare datagrams have a key", test_bare_datagrams_have_a_key);
    CU_add_test(suite, "fates", test_fates);
    CU_add_test(suite, "what waits is closed", test_what_waits_is_closed);
    CU_add_test(suite, "claims are told when they change", test_claims_are_told_when_they_change);
    CU_add_test(suite, "a port that cannot follow is broken", test_port_that_cannot_follow_is_broken);
    CU_add_test(suite, "virtual time jumps", test_virtual_time_jumps);
    CU_add_test(suite, "names of readings", test_names_of_readings);
    CU_add_test(suite, "ports have names of their own", test_ports_have_names_of_their_own);
    CU_add_test(suite, "starts that are refused", test_starts_that_are_refused);
    CU_add_test(suite, "VMlets are found", test_vmlets_are_found);
    CU_add_test(suite, "no room for carriers", test_no_room_for_carriers);
    CU_add_test(suite, "a log that nobody reads", test_log_that_nobody_reads);
}
