/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c - speed and size, side by side in one run.
 *
 *   vvm-bench [--json] FOLDER-OF-NETVMLETS
 *
 * The forward row: a packet of the toy network in its envelope, in memory, the same
 * octets each time, from "a frame's carriers are peeled" to "handed to the port". Both
 * columns copy the packet into a buffer, so that it is fresh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../engine/environment.h"
#include "../../engine/load.h"
#include "../../engine/packet.h"
#include "../../engine/vmlet.h"
#include "bench.h"
#include "forward_c.h"

#define THIS_NODE 0x0a000001u
const uint8_t packet_octets[PACKET_OCTETS] = {
    1, 0, 0x48, 0x50, 0,  2, 0, 22, /* the envelope */
    1, 9, 0,    0,    10, 0, 0, 3,  /* version, hops, to 10.0.0.3 */
    2, 1, 1,    3,    0,  9};       /* branch-here l; forward; l: deliver 9 */
enum { ENVELOPE = 8, HEADER = 8, CODE = ENVELOPE + HEADER };

void bench_die(struct vvm_context *ctx, const char *what)
{
    fprintf(stderr, "vvm-bench: %s\n", what);
    if (ctx) print_pending(ctx, stderr);
    exit(1);
}

/* ---- the interpreter's side ------------------------------------------------------------- */

struct bench {
    struct vvm_node *node;
    struct vvm_context context; /* as a worker has it */
    struct buffer_pool *pool;
    const struct network *network;
    unsigned received_row; /* of the ledger */
    uint64_t sent;
    struct forward_c c;
    uint8_t scratch[256];
};

static int take_sent(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                     uint32_t address, const struct network *outermost, const char **reason)
{
    ((struct bench *)host)->sent++;
    packet_free(packet);
    return 0;
}
static int take_delivered(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                          const uint8_t *octets, uint32_t length, const char **reason)
{
    return 0;
}
static struct vvm_pool *bench_pool(void *host, struct vvm_context *ctx)
{
    return buffer_pool_ops(((struct bench *)host)->pool);
}
static uint32_t bench_mtu(void *host, uint16_t device) { return 1500; }
static uint32_t bench_address(void *host, unsigned i) { return i ? 0 : THIS_NODE; }

static const struct vvm_host_ops bench_ops = {.transmit = take_sent,
                                              .deliver = take_delivered,
                                              .pool = bench_pool,
                                              .mtu = bench_mtu,
                                              .address = bench_address};

void bench_eval(struct vvm_node *node, const char *vmlet, const char *text)
{
    struct vvm_context *ctx = &node->control;
    struct vvm_vmlet *v = vmlet_named(node, intern(node, vmlet));
    struct reader reader;
    vvm_value datum, result;
    reader_init(&reader, ctx, v->environment, 0, text, strlen(text));
    if (reader_next(&reader, &datum) || eval_datum(ctx, v->environment, datum, &result)) bench_die(ctx, text);
}

static void forward_interpreted(void *data, unsigned times)
{
    struct bench *b = data;
    struct vvm_pool *pool = buffer_pool_ops(b->pool);
    for (unsigned i = 0; i < times; i++) {
        if (i % 32 == 0) generation_enter(&b->context);
        struct vvm_packet *p = pool->alloc(pool);
        memcpy(p->base + p->head, packet_octets, sizeof packet_octets);
        p->length = sizeof packet_octets;
        p->payload_end = p->head + p->length;
        ledger_count(&b->context, b->received_row, 1);
        network_receive(&b->context, b->network, p, NULL);
        if (i % 32 == 31 || i + 1 == times) generation_leave(&b->context);
    }
}

static void forward_static(void *data, unsigned times)
{
    struct bench *b = data;
    for (unsigned i = 0; i < times; i++) {
        memcpy(b->scratch, packet_octets, sizeof packet_octets);
        __asm__ volatile("" : : "r"(b->scratch) : "memory");
        forward_c_packet(&b->c, b->scratch, sizeof packet_octets);
    }
}

static void open_bench(struct bench *b, const char *folder)
{
    char path[4096];
    struct vvm_options options = {.path = folder};
    if (node_open(&options, &b->node)) bench_die(NULL, "the machine does not start");
    snprintf(path, sizeof path, "%s/hop.vml", folder);
    if (load_file(&b->node->control, path, NULL)) bench_die(&b->node->control, path);
    b->node->world.host = b;
    b->node->world.host_ops = &bench_ops;
    bench_eval(b->node, "route", "(route-add! #x0a000000 24 0 #x0a000002)");
    if (context_open(&b->context, b->node, false) || buffer_pool_open(&b->pool, 64, 2048, 128))
        bench_die(NULL, "no memory");
    b->context.host = b;
    b->received_row = ledger_row(b->node, LEDGER_RECEIVED, "bench");
    generation_enter(&b->context);
    b->network = match_lookup(b->context.generation, MATCH_UDP, 3322);
    generation_leave(&b->context);
    if (!b->network) bench_die(NULL, "nobody claims UDP port 3322");
    b->c.local = THIS_NODE;
    b->c.route_count = 1;
    b->c.routes[0].prefix = 0x0a000000;
    b->c.routes[0].mask = 0xffffff00;
    b->c.routes[0].hop = 0x0a000002;
    forward_c_learn(&b->c, packet_octets + CODE, sizeof packet_octets - CODE);
}

static void bench_forward(struct bench *b, bool json)
{
    struct column columns[] = {{.name = "c", .run = forward_static, .data = b},
                               {.name = "interpreter", .run = forward_interpreted, .data = b}};
    b->sent = b->c.sent = 0;
    measure(columns, 2, 1000); /* short rounds, which a busy machine seldom interrupts */
    if (b->sent != b->c.sent || b->c.dropped) bench_die(NULL, "the two columns did not do the same work");
    print_row("hop forward, in memory", columns, 2, "ns", json);
}

/* ---- cycles of one instruction: a loop whose length in instructions is its fuel ---------- */

static void run_loop(void *data, unsigned times)
{
    struct bench *b = data;
    for (unsigned i = 0; i < times; i++) bench_eval(b->node, "route", "(bench-loop)");
}

static void bench_cycles(struct bench *b, bool json)
{
    struct vvm_context *ctx = &b->node->control;
    double cycles = cycles_per_nanosecond();
    bench_eval(b->node, "route",
               "(define (bench-loop) (let loop ((i 0) (s 0)) (if (= i 1000000) s"
               " (loop (+ i 1) (if (eq? s i) (- s 1) (+ s i))))))");
    struct column loop = {.name = "interpreter", .run = run_loop, .data = b};
    measure(&loop, 1, 1);
    double instructions = (double)(b->node->options.load_fuel - ctx->fuel); /* each costs one */
    if (cycles > 0)
        print_value_row("cycles an instruction, a loop", "interpreter", loop.median * cycles / instructions,
                        "cycles", json);
}

/* ---- sizes ---------------------------------------------------------------------------------- */

/* A line of a drawing that holds borders or the numbers of bits only. */
static bool is_ruler(const char *line, size_t length)
{
    return strspn(line, "+-= ") >= length || strspn(line, "0123456789 ") >= length;
}

/* Octets of source that say something: no comments, indentation, empty or ruler lines,
 * and no (test ...) forms. */
static size_t source_size(const char *text)
{
    size_t size = 0;
    int depth = 0, test_depth = 0;
    for (const char *at = text; *at;) {
        bool string = false, test = test_depth > 0;
        at += strspn(at, " \t");
        if (!test && !depth && !strncmp(at, "(test ", 6)) test = true;
        size_t n = 0;
        for (; at[n] && at[n] != '\n'; n++) {
            char ch = at[n];
            if (string && ch == '\\' && at[n + 1]) {
                n++;
                continue;
            }
            if (ch == '"') string = !string;
            if (string) continue;
            if (ch == '#' && at[n + 1] == '\\' && at[n + 2]) {
                n += 2;
                continue;
            }
            if (ch == ';') break;
            depth += (ch == '(') - (ch == ')');
        }
        size_t used = n;
        while (used && (at[used - 1] == ' ' || at[used - 1] == '\t')) used--;
        if (!test && used && !is_ruler(at, used)) size += used + 1;
        test_depth = test && depth > 0 ? depth : 0;
        at += n + strcspn(at + n, "\n");
        at += *at == '\n';
    }
    return size;
}

static void bench_size(const char *folder, const char *name, bool json)
{
    char path[4096], row[64];
    char *text;
    uint8_t *image;
    size_t octets, image_octets;
    struct vvm_options options = {.path = folder};
    struct vvm_node *node;
    snprintf(path, sizeof path, "%s/%s.vml", folder, name);
    if (file_read(path, SOURCE_MAX, &text, &octets) || node_open(&options, &node)) bench_die(NULL, path);
    if (compile_file(&node->control, path, false, &image, &image_octets)) bench_die(&node->control, path);
    snprintf(row, sizeof row, "size of %s.vml", strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
    print_value_row(row, "source", (double)source_size(text), "octets", json);
    print_value_row(row, "image", (double)image_octets, "octets", json);
    free(image);
    free(text);
    node_close(node);
}

static void start_node(void *data, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        struct vvm_node *node;
        if (node_open(NULL, &node)) bench_die(NULL, "the machine does not start");
        node_close(node);
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    bool json = argc > 1 && !strcmp(argv[1], "--json");
    const char *folder = argc > 1 + json ? argv[1 + json] : "netvmlets";
    struct column start = {.name = "interpreter", .run = start_node};
    open_bench(&b, folder);
    bench_forward(&b, json);
    bench_ants(folder, json);
#ifdef VVM_DAEMON
    bench_port_to_port(folder, json);
    bench_swap(folder, json);
#endif
    bench_cycles(&b, json);
    measure(&start, 1, 2);
    print_value_row("start of a node", "interpreter", start.median / 1e6, "ms", json);
    bench_size(folder, "anep", json);
    bench_size(folder, "route", json);
    bench_size(folder, "hop", json);
    bench_size(folder, "neighbour", json);
    bench_size(folder, "diagram", json);
    bench_size(folder, "../ants/ants", json);
    context_close(&b.context);
    buffer_pool_close(b.pool);
    node_close(b.node);
    return 0;
}
