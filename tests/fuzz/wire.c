/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - packets of the fold network: raw octets as they come, or programs made of
 * the network's own instruction rows, with operands of about the right kind, so that
 * many pass the wire verifier and run in the instrumented interpreter. Every packet
 * must end in one outcome, the ledger balance, every buffer come back.
 */
#include <stdlib.h>
#include <string.h>

#include "../../engine/wire/execution.h"
#include "fuzz.h"

enum { FUNCTIONS_MAX = 4, INSTRUCTIONS_MAX = 24, ROOM = 4096 };
#define NETWORK_FILE "tests/networks/fold.vml"
#define NETWORK_PORT 3999

/* ---- a host that swallows everything ---------------------------------------------------- */

struct host {
    struct vvm_context ctx;
    struct buffer_pool *pool;
};

static int swallow(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                   uint32_t address, const struct network *outermost, const char **reason)
{
    packet_free(packet);
    return 0;
}

static int deliver(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                   const uint8_t *octets, uint32_t length, const char **reason)
{
    volatile uint8_t sum = 0; /* touch them all, for the sanitizer */
    for (uint32_t i = 0; i < length; i++) sum = (uint8_t)(sum + octets[i]);
    return 0;
}

static struct vvm_pool *pool(void *host, struct vvm_context *ctx)
{
    return buffer_pool_ops(((struct host *)host)->pool);
}

static const struct vvm_host_ops host_ops = {.transmit = swallow, .deliver = deliver, .pool = pool};

/* ---- programs from rows -------------------------------------------------------------------- */

struct octets {
    uint8_t at[ROOM];
    uint32_t count;
};

static void put(struct octets *o, unsigned octet)
{
    if (o->count < ROOM) o->at[o->count++] = (uint8_t)octet;
}

static void put_operand(struct octets *o, struct choices *c, const struct wire_operand *operand,
                        unsigned functions)
{
    unsigned n;
    switch (operand->kind) {
    case WIRE_U8:
    case WIRE_S8: put(o, choose_octet(c)); return;
    case WIRE_COUNT:
    case WIRE_LOCAL: put(o, choose(c, 4)); return;
    case WIRE_FUNCTION: put(o, choose(c, functions + 1)); return;
    case WIRE_LABEL:
        n = choose(c, 24);
        put(o, n < 12 ? 0xff : 0);
        put(o, n - 12);
        return;
    case WIRE_COUNTED_U8:
        n = choose(c, 3);
        put(o, n);
        while (n-- > 0) put(o, 'a' + choose(c, 3));
        return;
    default: /* wider integers; small values so that loops end */
        n = operand->kind == WIRE_S32 || operand->kind == WIRE_U32 ? 4
            : operand->kind == WIRE_BYTES                          ? operand->size
                                                                   : 2;
        while (n-- > 1) put(o, 0);
        put(o, choose_octet(c));
    }
}

static void put_instruction(struct octets *o, struct choices *c, const struct network *network,
                            unsigned functions)
{
    unsigned opcode = choose(c, 20);
    put(o, opcode);
    const struct wire_instruction *w = network->opcodes[opcode];
    if (!w) return;
    for (unsigned i = 0; i < w->shape.operand_count; i++) put_operand(o, c, &w->shape.operands[i], functions);
}

/* {arity, locals, counted name, counted code}; the last instruction returns, mostly. */
static void put_function(struct octets *o, struct choices *c, const struct network *network,
                         unsigned functions, unsigned index)
{
    unsigned arity = index ? choose(c, 3) : 0, count = choose(c, INSTRUCTIONS_MAX);
    put(o, arity);
    put(o, arity + choose(c, 3));
    put(o, 1);
    put(o, 'a' + index);
    uint32_t length_at = o->count;
    put(o, 0);
    put(o, 0);
    for (unsigned i = 0; i < count; i++) put_instruction(o, c, network, functions);
    if (choose(c, 8)) put(o, 8);
    uint32_t length = o->count - length_at - 2;
    o->at[length_at] = (uint8_t)(length >> 8);
    o->at[length_at + 1] = (uint8_t)length;
}

static void put_program(struct octets *o, struct choices *c, const struct network *network)
{
    unsigned functions = 1 + choose(c, FUNCTIONS_MAX);
    put(o, functions);
    for (unsigned i = 0; i < functions; i++) put_function(o, c, network, functions, i);
}

/* A packet of the network: version, reply port, entry "a", program, and a second one to run inside. */
static void put_packet(struct octets *o, struct choices *c, const struct network *network)
{
    static const uint8_t header[] = {3, 5, 1, 'a', 0, 0};
    memcpy(o->at, header, sizeof header);
    o->count = sizeof header;
    put_program(o, c, network);
    uint32_t length = o->count - (uint32_t)sizeof header;
    o->at[4] = (uint8_t)(length >> 8);
    o->at[5] = (uint8_t)length;
    put_program(o, c, network);
}

/* ---- one input -------------------------------------------------------------------------------- */

static void execute(struct host *h, const struct network *network, const struct octets *o)
{
    struct outcome_report report;
    struct vvm_packet *p = buffer_pool_ops(h->pool)->alloc(buffer_pool_ops(h->pool));
    if (!p || packet_append(p, o->at, o->count)) abort();
    ledger_count_named(&h->ctx, LEDGER_RECEIVED, "fuzz");
    network_receive(&h->ctx, network, p, &report);
    if (!report.name[0] || report.fuel_used < 0) abort();
    if (ledger_balance(h->ctx.node) || buffer_pool_used(h->pool)) abort();
}

static struct host *open_host(struct vvm_node *node)
{
    struct host *h = calloc(1, sizeof *h);
    if (!h || context_open(&h->ctx, node, false) || buffer_pool_open(&h->pool, 8, ROOM + 128, 128)) abort();
    node->host = h;
    node->host_ops = &host_ops;
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vvm_node *node;
    static struct host *host;
    static struct octets octets;
    if (!node) {
        node = fuzz_node(UINT32_MAX, 1000000000);
        if (load_file(&node->control, NETWORK_FILE, NULL)) abort();
        host = open_host(node);
    }
    const struct network *network = match_lookup(node->current, MATCH_UDP, NETWORK_PORT);
    if (!network || !size) return 0;
    struct choices c = {data + 1, data + size};
    octets.count = 0;
    if (data[0] & 1) {
        put_packet(&octets, &c, network);
    } else {
        octets.count = size - 1 < ROOM ? (uint32_t)(size - 1) : ROOM;
        memcpy(octets.at, data + 1, octets.count);
    }
    execute(host, network, &octets);
    return 0;
}
