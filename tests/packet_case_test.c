/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_case_test.c - runs the case files under tests/cases/packets through a whole
 * router, end to end: the frames come in by a real port, and what left by it, what was
 * delivered and the whole ledger are what the case says.
 *
 * A `way` is how frames reach the router and are caught again: pcap-file replays a
 * capture and reads the recorded one; pcap sends them over a veth pair, where this
 * machine lets us, and leaves out what the kernel's filter takes away. Another kind of
 * port is another row of `ways`, and runs the same files.
 */
#include <dirent.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/port_filter.h"
#include "daemon/report.h"
#include "engine/load.h"
#include "packet_case.h"
#include "suites.h"
#include "veth.h"

enum { TROUBLES_MOST = 8 }; /* of one case, that are printed */

struct delivery {
    uint32_t port, length;
    uint8_t octets[CASE_FRAME_ROOM];
};

struct case_run {
    const struct packet_case *c;
    const struct way *way;
    struct router router;
    struct worker worker;
    struct vvm_host_ops host_ops; /* the worker's, but deliveries are kept */
    struct ledger_report report;
    struct delivery deliveries[CASE_FRAMES];
    unsigned delivery_count;
    struct case_frame sent[CASE_FRAMES];
    unsigned sent_count;
    char in[32], out[32];      /* pcap-file: the captures */
    struct port *port;         /* pcap */
    bool missing[CASE_FRAMES]; /* received frames that do not come this way */
    unsigned troubles;
};

struct way {
    const char *name;
    /* Open the router's ports, so that the frames of the case come in by the first. */
    void (*open)(struct case_run *run);
    /* Step the worker until all frames have come in and gone. */
    void (*step)(struct case_run *run);
    /* The router is closed: fill in what was sent. */
    void (*collect)(struct case_run *run);
};

__attribute__((format(printf, 3, 4))) static void trouble(struct case_run *run, unsigned line,
                                                          const char *format, ...)
{
    va_list arguments;
    CU_FAIL("packet case");
    if (run->troubles++ >= TROUBLES_MOST) return;
    fprintf(stderr, "    %s:%u: %s: ", run->c->file, line, run->c->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ---- the way of captures -------------------------------------------------------------------- */

static void temporary(char path[32])
{
    snprintf(path, 32, "/tmp/vvm-packets-XXXXXX");
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    close(file);
}

/* The case's frames as a capture, a millisecond between them. */
static void write_capture(const char *path, const struct packet_case *c)
{
    pcap_t *kind = pcap_open_dead(DLT_EN10MB, 65535);
    pcap_dumper_t *to = pcap_dump_open(kind, path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    for (unsigned i = 0; i < c->received_count; i++) {
        const struct case_frame *frame = &c->received[i];
        struct pcap_pkthdr header = {.ts = {1000, i * 1000}, .caplen = frame->length, .len = frame->length};
        pcap_dump((u_char *)to, &header, frame->octets);
    }
    pcap_dump_close(to);
    pcap_close(kind);
}

static void captures_open(struct case_run *run)
{
    struct port *port;
    temporary(run->in);
    temporary(run->out);
    write_capture(run->in, run->c);
    struct port_options options = {
        .name = "in", .read_path = run->in, .write_path = run->out, .mtu = run->c->settings.mtu};
    CU_ASSERT_FATAL(!router_add_port(&run->router, &port_pcap_file, &options, &port));
}

static void captures_step(struct case_run *run)
{
    int frames;
    do frames = worker_step(&run->worker);
    while (frames >= 0);
    CU_ASSERT_EQUAL(frames, -ENODATA);
}

static void captures_collect(struct case_run *run)
{
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const uint8_t *octets;
    pcap_t *from = pcap_open_offline(run->out, why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(from);
    while (pcap_next_ex(from, &header, &octets) == 1) {
        CU_ASSERT_FATAL(run->sent_count < CASE_FRAMES && header->caplen <= CASE_FRAME_ROOM);
        struct case_frame *frame = &run->sent[run->sent_count++];
        frame->length = header->caplen;
        memcpy(frame->octets, octets, header->caplen);
    }
    pcap_close(from);
    unlink(run->in);
    unlink(run->out);
}

/* ---- the way of a wire: a veth pair of the test's own --------------------------------------------- */

enum { WIRE_MTU = 9000, WIRE_WAIT = 5000 /* milliseconds, for what must come */ };

static int far_end = -1; /* one namespace and pair for all cases of a file, which is a process */

static void wire_open(struct case_run *run)
{
    uint8_t octets[CASE_FRAME_ROOM];
    struct port_options options = {
        .name = "in", .device = VETH_NEAR, .mtu = run->c->settings.mtu ? run->c->settings.mtu : 1500};
    if (far_end < 0) far_end = veth_open(WIRE_MTU);
    while (veth_receive(far_end, octets, sizeof octets, 0) >= 0) continue;
    CU_ASSERT_FATAL(!router_add_port(&run->router, &port_pcap, &options, &run->port));
}

struct claims {
    struct port_claim items[PORT_CLAIMS];
    unsigned count;
};

static void note_claim(void *data, enum match_kind kind, uint32_t key, const struct network *network)
{
    struct claims *claims = data;
    if (kind > MATCH_UDP) return;
    CU_ASSERT_FATAL(claims->count < PORT_CLAIMS);
    claims->items[claims->count++] = (struct port_claim){kind, key};
}

/* Does the kernel's filter let the frame through? Its outer VLAN tag is off by then. */
static bool is_wanted(const struct port_filter *filter, const struct case_frame *frame)
{
    uint8_t shown[CASE_FRAME_ROOM];
    uint32_t length = frame->length;
    memcpy(shown, frame->octets, length);
    if (length >= 18 && (!memcmp(shown + 12, "\x81\x00", 2) || !memcmp(shown + 12, "\x88\xa8", 2))) {
        memmove(shown + 12, shown + 16, length - 16);
        length -= 4;
    }
    return pcap_offline_filter(&(struct bpf_program){filter->count, (struct bpf_insn *)(void *)filter->steps},
                               &(struct pcap_pkthdr){.caplen = length, .len = length}, shown) != 0;
}

/* All frames of the case that can be sent; how many of them come in. */
static unsigned send_frames(struct case_run *run)
{
    struct claims claims = {.count = 0};
    struct port_filter filter;
    unsigned coming = 0;
    match_each(run->router.node->current, note_claim, &claims);
    port_filter_make(&filter, claims.items, claims.count);
    for (unsigned i = 0; i < run->c->received_count; i++) {
        const struct case_frame *frame = &run->c->received[i];
        bool sent = veth_send(far_end, frame->octets, frame->length);
        run->missing[i] = !sent || !is_wanted(&filter, frame);
        coming += !run->missing[i];
    }
    return coming;
}

static void wire_step(struct case_run *run)
{
    struct pollfd wait = {.fd = run->port->ops->descriptor(run->port), .events = POLLIN};
    int frames = worker_step(&run->worker); /* tells the port what is claimed */
    unsigned coming = send_frames(run), came = 0, rounds = 0;
    CU_ASSERT_EQUAL_FATAL(frames, 0);
    while (came < coming && rounds++ < 2 * CASE_FRAMES && poll(&wait, 1, WIRE_WAIT) > 0) {
        frames = worker_step(&run->worker);
        CU_ASSERT_FATAL(frames >= 0);
        came += (unsigned)frames;
    }
    for (rounds = 0; rounds < 3; rounds++) came += (unsigned)worker_step(&run->worker);
    if (came != coming) trouble(run, run->c->line, "%u frames came, not %u", came, coming);
}

static void wire_collect(struct case_run *run)
{
    uint8_t octets[CASE_FRAME_ROOM];
    unsigned expected = 0;
    int n;
    for (unsigned i = 0; i < run->c->end_count; i++) expected += run->c->ends[i].kind == LEDGER_SENT;
    while ((n = veth_receive(far_end, octets, sizeof octets, run->sent_count < expected ? WIRE_WAIT : 0)) >=
           0) {
        CU_ASSERT_FATAL(run->sent_count < CASE_FRAMES);
        struct case_frame *frame = &run->sent[run->sent_count++];
        frame->length = (uint32_t)n;
        memcpy(frame->octets, octets, (size_t)n);
    }
}

static const struct way ways[] = {
    {"pcap-file", captures_open, captures_step, captures_collect},
    {"pcap", wire_open, wire_step, wire_collect},
};
enum { WAY_PCAP = 1 };

/* ---- the router of a case --------------------------------------------------------------------- */

static int keep_delivery(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                         const uint8_t *octets, uint32_t length, const char **reason)
{
    struct router *router = host;
    struct case_run *run = (struct case_run *)((char *)router - offsetof(struct case_run, router));
    CU_ASSERT_FATAL(run->delivery_count < CASE_FRAMES && length <= CASE_FRAME_ROOM);
    struct delivery *d = &run->deliveries[run->delivery_count++];
    d->port = port;
    d->length = length;
    memcpy(d->octets, octets, length);
    return worker_host_ops.deliver(host, ctx, network, port, octets, length, reason);
}

static void tell_route(struct case_run *run, const struct option_prefix *prefix)
{
    uint32_t mask = prefix->length == 0 ? 0 : UINT32_MAX << (32 - prefix->length);
    int64_t arguments[] = {prefix->address & mask, prefix->length, 0, prefix->hop};
    CU_ASSERT_FATAL(!router_tell(&run->router, "route-add!", arguments, 4));
}

static void tell_neighbour(struct case_run *run, uint32_t address)
{
    int64_t arguments[] = {0, address};
    CU_ASSERT_FATAL(!router_tell(&run->router, "neighbour-add!", arguments, 2));
}

/* What vvmd does with its options, in the same order. */
static void open_router(struct case_run *run)
{
    const struct settings *s = &run->c->settings;
    struct vvm_vmlet *vmlet;
    CU_ASSERT_FATAL(!router_open(&run->router, "test", true, VVM_SOURCE "/netvmlets"));
    struct vvm_context *control = &run->router.node->control;
    run->host_ops = worker_host_ops;
    run->host_ops.deliver = keep_delivery;
    run->router.node->world.host_ops = &run->host_ops;
    for (unsigned i = 0; i < s->addresses.count; i++)
        router_add_address(&run->router, s->addresses.items[i].address, s->addresses.items[i].length);
    for (unsigned i = 0; i < s->file_count; i++) {
        int err = load_file(control, s->files[i], &vmlet);
        if (err) print_pending(control, stderr);
        CU_ASSERT_EQUAL_FATAL(err, 0);
    }
    for (unsigned i = 0; i < s->addresses.count; i++)
        if (s->addresses.items[i].has_length) tell_route(run, &s->addresses.items[i]);
    for (unsigned i = 0; i < s->routes.count; i++) tell_route(run, &s->routes.items[i]);
    for (unsigned i = 0; i < run->c->neighbour_count; i++) tell_neighbour(run, run->c->neighbours[i]);
}

static void run_router(struct case_run *run)
{
    char why[256];
    open_router(run);
    run->way->open(run);
    CU_ASSERT_FATAL(!worker_open(&run->worker, &run->router));
    run->way->step(run);
    worker_close(&run->worker);
    report_take(&run->report, run->router.node);
    CU_ASSERT_EQUAL(router_close(&run->router, why), 0);
    run->way->collect(run);
}

/* ---- what was expected -------------------------------------------------------------------------- */

static void put_hex(FILE *to, const uint8_t *octets, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) fprintf(to, "%s%02x", i && i % 4 == 0 ? " " : "", octets[i]);
}

static void check_octets(struct case_run *run, const struct case_end *end, const uint8_t *octets,
                         uint32_t length)
{
    const struct case_frame *frame = &end->frame;
    if (frame->length == length && !memcmp(frame->octets, octets, length)) return;
    trouble(run, end->line, "%s %s has other octets", ledger_kind_word(end->kind), end->name);
    fputs("      expected ", stderr);
    put_hex(stderr, frame->octets, frame->length);
    fputs("\n      got      ", stderr);
    put_hex(stderr, octets, length);
    fputc('\n', stderr);
}

/* Frames left, and octets were delivered, in the order of the case. */
static void check_ends(struct case_run *run)
{
    unsigned sent = 0, delivered = 0;
    char name[sizeof run->c->ends->name];
    for (unsigned i = 0; i < run->c->end_count; i++) {
        const struct case_end *end = &run->c->ends[i];
        if (end->kind == LEDGER_SENT && sent < run->sent_count) {
            check_octets(run, end, run->sent[sent].octets, run->sent[sent].length);
            sent++;
        } else if (end->kind == LEDGER_DELIVERED && delivered < run->delivery_count) {
            const struct delivery *d = &run->deliveries[delivered++];
            snprintf(name, sizeof name, "port-%u", d->port);
            if (strcmp(name, end->name)) trouble(run, end->line, "delivered to %s", name);
            check_octets(run, end, d->octets, d->length);
        } else if (end->kind == LEDGER_SENT || end->kind == LEDGER_DELIVERED) {
            trouble(run, end->line, "nothing of that kind is left");
        }
    }
    if (sent < run->sent_count)
        trouble(run, run->c->line, "%u frames more were sent", run->sent_count - sent);
    if (delivered < run->delivery_count) trouble(run, run->c->line, "more was delivered");
}

struct row_list {
    struct ledger_row rows[CASE_ROWS];
    unsigned count;
};

static struct ledger_row *row_of(struct row_list *list, enum ledger_kind kind, const char *name)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->rows[i].kind == kind && !strcmp(list->rows[i].name, name)) return &list->rows[i];
    CU_ASSERT_FATAL(list->count < CASE_ROWS);
    struct ledger_row *row = &list->rows[list->count++];
    *row = (struct ledger_row){.kind = kind};
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

static unsigned received_count(const struct case_run *run)
{
    unsigned n = 0;
    for (unsigned i = 0; i < run->c->received_count; i++) n += !run->missing[i];
    return n;
}

/* A frame that does not come this way is one that would have been dropped for its carriers. */
static bool is_end_of_missing(struct case_run *run, const struct case_end *end)
{
    unsigned i = 0;
    while (i + 1 < run->c->received_count && run->c->received[i + 1].line < end->line) i++;
    if (!run->missing[i]) return false;
    if (end->kind != LEDGER_DROPPED) trouble(run, end->line, "a frame that matters did not come");
    return true;
}

/* Every row of the ledger is expected, and every expected row is there. */
static void check_ledger(struct case_run *run)
{
    static const struct row_list none;
    struct row_list list = none;
    const struct packet_case *c = run->c;
    row_of(&list, LEDGER_RECEIVED, "in")->count = received_count(run);
    for (unsigned i = 0; i < c->end_count; i++)
        if (!is_end_of_missing(run, &c->ends[i])) row_of(&list, c->ends[i].kind, c->ends[i].name)->count++;
    for (unsigned i = 0; i < c->row_count; i++)
        row_of(&list, c->rows[i].kind, c->rows[i].name)->count = c->rows[i].count;
    for (unsigned i = 0; i < run->report.row_count; i++)
        row_of(&list, run->report.rows[i].kind, run->report.rows[i].name)->count -= run->report.rows[i].count;
    for (unsigned i = 0; i < list.count; i++) {
        const struct ledger_row *row = &list.rows[i];
        if (row->count == 0) continue;
        trouble(run, c->line, "ledger: %s %s: %lld %s than expected", ledger_kind_word(row->kind), row->name,
                llabs((long long)row->count), (int64_t)row->count < 0 ? "more" : "fewer");
    }
    if (run->report.balance) trouble(run, c->line, "the ledger does not balance");
}

/* ---- the suite ------------------------------------------------------------------------------------ */

static void run_case(void *data, const struct packet_case *c)
{
    struct case_run *run = calloc(1, sizeof *run);
    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    run->c = c;
    run->way = data;
    run_router(run);
    check_ends(run);
    check_ledger(run);
    free(run);
}

/* CUnit's tests take no data: each asks for its own name, "WAY FILE". */
static void run_file(void)
{
    const char *name = CU_get_current_test()->pName, *blank = strchr(name, ' ');
    char path[4096];
    snprintf(path, sizeof path, "%s/packets/%s", getenv("VVM_CASES") ?: VVM_CASES, blank + 1);
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strncmp(ways[i].name, name, (size_t)(blank - name)) && !ways[i].name[blank - name])
            CU_ASSERT_EQUAL(packet_case_each(path, run_case, (void *)&ways[i]), 0);
}

static int is_case_file(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 2 && !strcmp(e->d_name + n - 2, ".t");
}

void packet_case_tests(CU_pSuite suite)
{
    char path[4096];
    struct dirent **names;
    snprintf(path, sizeof path, "%s/packets", getenv("VVM_CASES") ?: VVM_CASES);
    int n = scandir(path, &names, is_case_file, alphasort);
    const char *hindrance = veth_hindrance();
    if (hindrance) fprintf(stderr, "SKIP    packets, over veth: %s\n", hindrance);
    for (unsigned way = 0; way < sizeof ways / sizeof *ways; way++)
        for (int i = 0; i < n && !(way == WAY_PCAP && hindrance); i++) {
            char name[300];
            snprintf(name, sizeof name, "%s %s", ways[way].name, names[i]->d_name);
            CU_add_test(suite, name, run_file);
        }
    for (int i = 0; i < n; i++) free(names[i]);
    if (n >= 0) free(names);
}
