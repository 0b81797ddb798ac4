/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many-nodes - a ring of nodes in one process: what one sends, the next receives.
 *
 *     many-nodes NODES PACKETS HOPS [--apart] [--path FOLDERS] [VMLET.vml ...] RING.vml
 *
 * The VMlets are loaded, the last of which is ring.vml from this folder. PACKETS packets
 * enter at nodes spread over the ring and go HOPS nodes far. At the end it says how much that
 * took, and whether every packet is accounted for on each node. All nodes stand on one
 * machine, so that a thousand of them are cheap; with --apart each has its own, and loads
 * the VMlets itself.
 *
 *     cc many-nodes.c $(pkg-config --cflags --libs vvm) -o many-nodes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vvm.h>

#define PACKET_OCTETS 64

struct frame {
    struct frame *next;
    unsigned char octets[PACKET_OCTETS];
    size_t length;
};

struct node {
    struct ring *ring;
    vvm_node *node;
    vvm_context *context;
    struct frame *first, **last; /* frames on their way to it */
};

struct ring {
    struct node *nodes;
    unsigned count;
    unsigned long moves, arrived;
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Octets of memory that this process has in use. */
static double resident(void)
{
    unsigned long all = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &all, &pages) != 2) pages = 0;
    if (f) fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* ---- links ---- */

static const char *enqueue(struct node *to, const void *octets, size_t length)
{
    struct frame *frame = length <= PACKET_OCTETS ? malloc(sizeof *frame) : NULL;
    if (!frame) return "too-big";
    frame->next = NULL;
    frame->length = length;
    memcpy(frame->octets, octets, length);
    *to->last = frame;
    to->last = &frame->next;
    return NULL;
}

static const char *transmit(void *data, vvm_context *context, uint16_t device, uint32_t address,
                            const void *octets, size_t length)
{
    const struct node *from = data;
    struct ring *ring = from->ring;
    unsigned next = (unsigned)(from - ring->nodes + 1) % ring->count;
    (void)context, (void)device, (void)address;
    return enqueue(&ring->nodes[next], octets, length);
}

static const char *deliver(void *data, vvm_context *context, const char *network, uint32_t port,
                           const void *octets, size_t length)
{
    const struct node *node = data;
    (void)context, (void)network, (void)port, (void)octets, (void)length;
    node->ring->arrived++;
    return NULL;
}

/* ---- nodes ---- */

/* What every node is opened with. */
struct recipe {
    const char *path;
    char **vmlets;
    int vmlet_count;
    int apart;
};

static int open_and_load(struct node *n, const struct vvm_node_options *options, const struct recipe *recipe)
{
    if (vvm_node_open(options, &n->node)) return 1;
    for (int i = 0; i < recipe->vmlet_count; i++)
        if (vvm_load_file(n->node, recipe->vmlets[i])) return 1;
    return 0;
}

static int open_node(struct ring *ring, unsigned i, const struct recipe *recipe)
{
    struct node *n = &ring->nodes[i];
    uint32_t address = 0x0a000001 + i;
    struct vvm_node_options options = {.size = sizeof options,
                                       .data = n,
                                       .path = recipe->path,
                                       .addresses = &address,
                                       .address_count = 1,
                                       .packet_octets = PACKET_OCTETS,
                                       .packets = 4,
                                       .transmit = transmit,
                                       .deliver = deliver};
    n->ring = ring;
    n->last = &n->first;
    if (i == 0 || recipe->apart ? open_and_load(n, &options, recipe)
                                : vvm_node_open_beside(ring->nodes[0].node, &options, &n->node))
        return 1;
    return vvm_context_open(n->node, n, &n->context);
}

static int open_ring(struct ring *ring, unsigned count, const struct recipe *recipe)
{
    *ring = (struct ring){.nodes = calloc(count, sizeof *ring->nodes), .count = count};
    if (!ring->nodes) return 1;
    for (unsigned i = 0; i < count; i++) {
        if (!open_node(ring, i, recipe)) continue;
        fprintf(stderr, "many-nodes: node %u: %s\n", i,
                ring->nodes[i].node ? vvm_error(ring->nodes[i].node) : "it cannot be opened");
        return 1;
    }
    return 0;
}

static void close_ring(struct ring *ring)
{
    for (unsigned i = ring->nodes ? ring->count : 0; i-- > 0;) { /* the first goes last */
        vvm_context_close(ring->nodes[i].context);
        vvm_node_close(ring->nodes[i].node);
    }
    free(ring->nodes);
}

/* ---- packets ---- */

static void start_packets(struct ring *ring, unsigned long packets, uint32_t hops)
{
    unsigned char octets[16] = {(unsigned char)(hops >> 24), (unsigned char)(hops >> 16),
                                (unsigned char)(hops >> 8), (unsigned char)hops};
    for (unsigned long i = 0; i < packets; i++)
        enqueue(&ring->nodes[i * ring->count / packets], octets, sizeof octets);
}

/* Give a node what has come to it; how many that were. */
static unsigned long receive_all(struct node *n)
{
    unsigned long count = 0;
    while (n->first) {
        struct frame *frame = n->first;
        n->first = frame->next;
        if (!n->first) n->last = &n->first;
        vvm_receive_by(n->context, VVM_UDP_PORT, 4242, 0, frame->octets, frame->length, NULL);
        free(frame);
        count++;
    }
    return count;
}

static void run(struct ring *ring)
{
    unsigned long moved;
    do {
        moved = 0;
        for (unsigned i = 0; i < ring->count; i++) moved += receive_all(&ring->nodes[i]);
        ring->moves += moved;
    } while (moved);
}

static int balances(const struct ring *ring)
{
    for (unsigned i = 0; i < ring->count; i++)
        if (vvm_ledger_balance(ring->nodes[i].node)) return 0;
    return 1;
}

/* ---- the whole ---- */

static int usage(void)
{
    fputs("usage: many-nodes NODES PACKETS HOPS [--apart] [--path FOLDERS] [VMLET.vml ...] RING.vml\n",
          stderr);
    return 2;
}

static void report(const struct ring *ring, unsigned long packets, double octets)
{
    printf("%.1f KiB per node, %.1f MiB in all\n", octets / 1024 / ring->count, resident() / 1048576);
    printf("%lu packets arrived of %lu, executed %lu times\n", ring->arrived, packets, ring->moves);
    printf("ledgers %s\n", balances(ring) ? "balance" : "do not balance");
}

/* Options up to the first VMlet; which argument that is. */
static int read_options(int argc, char **argv, struct recipe *recipe)
{
    int i = 4;
    *recipe = (struct recipe){0};
    if (i < argc && !strcmp(argv[i], "--apart")) recipe->apart = 1, i++;
    if (i + 1 < argc && !strcmp(argv[i], "--path")) recipe->path = argv[i + 1], i += 2;
    recipe->vmlets = argv + i;
    recipe->vmlet_count = argc - i;
    return i;
}

int main(int argc, char **argv)
{
    struct ring ring;
    struct recipe recipe;
    unsigned count = read_options(argc, argv, &recipe) < argc ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    if (!count) return usage();
    unsigned long packets = strtoul(argv[2], NULL, 10);
    double begun = seconds(), before = resident();
    int status = open_ring(&ring, count, &recipe);
    if (!status) {
        double opened = seconds();
        start_packets(&ring, packets, (uint32_t)strtoul(argv[3], NULL, 10));
        run(&ring);
        printf("%u nodes opened in %.2f s, packets executed in %.2f s\n", count, opened - begun,
               seconds() - opened);
        report(&ring, packets, resident() - before);
        status = ring.arrived != packets || !balances(&ring);
    }
    close_ring(&ring);
    return status;
}
