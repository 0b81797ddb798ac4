/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c - an engine whose k-th allocation fails, for each k in turn: at its start, in a load, a
 * replace, an unload, an evaluation, and while it carries packets. What fails says so and
 * changes nothing, holds nothing, and the node serves on.
 *
 *   vvm-fault [EVERY]   at the start of a node only every EVERY-th allocation (default 1)
 */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../engine/environment.h"
#include "../../engine/generation.h"
#include "../../engine/heap.h"
#include "../../engine/load.h"
#include "../../engine/packet.h"
#include "../../engine/vmlet.h"
#include "allocator.h"
#include "fault.h"

unsigned long fault_every = 1;

/* ---- the node and what is done to it ------------------------------------------------------ */

static const char base_source[] = "(vmlet base (version 1) (needs (all)))\n"
                                  "(define-table seen map (key u32) (value u64) (entries 64))\n"
                                  "(define-set things)\n"
                                  "(define-syntax twice (syntax-rules () ((_ e) (+ e e))))\n"
                                  "(define (f (x u32)) u32 (u32+ x 1))\n"
                                  "(define-member things (shared a) (+ a 1))\n";

static const char new_source[] =
    "(vmlet new (version VERSION) (import (base f seen things)) (use-syntax base) (needs (all)))\n"
    "(define-layout head (kind u8) (length u16) (rest rest))\n"
    "(define-program code (opcode u8) (label s8) (stack 8))\n"
    "(define-instruction (push (n u8)) (opcode 1) (f n))\n"
    "(define-instruction (stop) (opcode 9) (table-put! seen 1 1) (drop 'stopped))\n"
    "(define-table own array (value u32) (entries 8))\n"
    "(define-member things (mine a) (list a (twice a)))\n"
    "(define (run) (run-program code (slice packet 3) 0 '#()))\n"
    "(define-network new (match (udp 4000)) (decode head) (execute run) (program code head-rest)\n"
    "  (instructions *) (limits (fuel 900) (arena 4KiB)))\n"
    "(define (h l) (map (lambda (x) (guard (e (#t 0)) (car x))) l))\n"
    "(test \"it stops\" (receive-octets new (bytevector 1 0 1 1 5 9)) (drops stopped))\n";

static struct vvm_node *node;

static int load_base(void)
{
    return load_octets(&node->control, "base", base_source, sizeof base_source - 1, false, NULL);
}

static int load_version(const char *version, bool replace)
{
    char text[sizeof new_source];
    const char *place = strstr(new_source, "VERSION");
    snprintf(text, sizeof text, "%.*s%s%s", (int)(place - new_source), new_source, version, place + 7);
    return load_octets(&node->control, "new", text, strlen(text), replace, NULL);
}

static int evaluate(const char *text)
{
    struct vvm_environment *env = vmlet_named(node, intern(node, "new"))->environment;
    struct reader reader;
    vvm_value datum, result;
    reader_init(&reader, &node->control, env, 0, text, strlen(text));
    int err = reader_next(&reader, &datum);
    return err ? err : eval_datum(&node->control, env, datum, &result);
}

static char *state_text(void)
{
    char *text;
    size_t octets;
    FILE *to = open_memstream(&text, &octets);
    state_print(node, to);
    fclose(to);
    return text;
}

/* ---- one deed, failing at each allocation ------------------------------------------------- */

struct deed {
    const char *name;
    void (*prepare)(void); /* what stands before it */
    int (*run)(void);
    void (*undo)(void); /* after it succeeded */
};

static void settle(void)
{
    while (vmlets_reap(node)) {}
    heap_collect(node); /* entries of the REPL too */
}

/* What is in force before the deed and after it. */
struct around {
    char *before, *after;
};

/* True if the deed was done although an allocation failed, or with none failing. */
static bool try_at(const struct deed *d, unsigned long k, const struct around *around, long held)
{
    fault_arm(k);
    int err = d->run();
    bool refused = fault_disarm();
    if (err) settle();
    char *after = state_text();
    bool same = strcmp(err ? around->before : around->after, after) == 0;
    bool pending = node->control.pending.kind != PENDING_NONE;
    free(after);
    if (!err && same) return true;
    long more = fault_held() - held;
    if (refused && same && pending && !more && !node->candidate) return false;
    fprintf(stderr, "    %s, allocation %lu: %d%s%s%s, %+ld blocks\n", d->name, k, err,
            refused ? "" : ", none was refused", same ? "" : ", the state is another",
            pending ? "" : ", no error is pending", more);
    if (!refused || !pending) print_pending(&node->control, stderr);
    CU_FAIL("a failed allocation left something");
    return !refused;
}

static void fail_each(const struct deed *d)
{
    struct around around;
    d->prepare();
    settle();
    around.before = state_text();
    CU_ASSERT_EQUAL_FATAL(d->run(), 0); /* once, so that tables that grow for good have grown */
    around.after = state_text();
    d->undo();
    settle();
    d->prepare();
    settle();
    long held = fault_held();
    unsigned long k = 1, done = 0;
    for (;; k++) {
        bool good = try_at(d, k, &around, held);
        if (!good) continue;
        bool last = !fault_disarm();
        d->undo();
        settle();
        done++;
        if (last) break;
        d->prepare();
        settle();
    }
    printf("    %s: %lu allocations, %lu of them could be done without\n", d->name, k - 1, done - 1);
    free(around.before);
    free(around.after);
}

/* ---- deeds ---------------------------------------------------------------------------------- */

static void nothing(void) {}
static int load_new(void) { return load_version("1", false); }
static int replace_new(void) { return load_version("2", true); }
static void replace_back(void) { CU_ASSERT_EQUAL_FATAL(load_version("1", true), 0); }
static int unload_new(void) { return vmlet_unload(&node->control, intern(node, "new"), false); }
static void stand_new(void) { CU_ASSERT_EQUAL_FATAL(load_new(), 0); }
static void clear_new(void) { CU_ASSERT_EQUAL_FATAL(unload_new(), 0); }
static int evaluate_some(void) { return evaluate("(h (list (cons (f 1) '()) 2 (make-vector 100 (h '()))))"); }

static void test_load(void) { fail_each(&(struct deed){"load", nothing, load_new, clear_new}); }

static void test_replace(void)
{
    stand_new();
    fail_each(&(struct deed){"replace", nothing, replace_new, replace_back});
    clear_new();
}

static void test_unload(void) { fail_each(&(struct deed){"unload", stand_new, unload_new, nothing}); }

static void test_eval(void)
{
    stand_new();
    fail_each(&(struct deed){"eval", nothing, evaluate_some, nothing});
    clear_new();
}

/* ---- the start ------------------------------------------------------------------------------ */

static int open_one(struct vvm_node **out)
{
    struct vvm_options options = {
        .seed = 7, .load_fuel = 100000000, .path = VVM_SOURCE "/netvmlets:" VVM_SOURCE "/ants"};
    return node_open(&options, out);
}

static void test_start(void)
{
    struct vvm_node *one;
    unsigned long k = 1, tried = 0, without = 0;
    FILE *errors = stderr;
    long held = fault_held();
    stderr = fopen("/dev/null", "w"); /* a prelude that cannot be loaded is told there */
    if (!stderr) abort();
    setvbuf(stderr, NULL, _IONBF, 0);
    held = fault_held();
    for (bool refused = true; refused; k += fault_every) {
        fault_arm(k);
        int err = open_one(&one);
        refused = fault_disarm();
        tried++;
        if (!err) node_close(one);
        without += !err && refused;
        if (fault_held() == held) continue;
        fprintf(errors, "    start, allocation %lu: %d, %+ld blocks\n", k, err, fault_held() - held);
        CU_FAIL("a node left something");
        held = fault_held();
    }
    fclose(stderr);
    stderr = errors;
    printf("    start: %lu allocations, %lu of them tried, %lu could be done without\n", k, tried, without);
}

/* ---- packets -------------------------------------------------------------------------------- */

#define FRAMES_MAX 200
#define FRAME_MAX  2000

struct datagram {
    uint32_t length;
    uint16_t port;
    uint8_t octets[FRAME_MAX];
};

static struct datagram frames[FRAMES_MAX];
static unsigned frame_count;

static uint32_t little32(const uint8_t *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

/* UDP payloads of a capture of Ethernet frames, as the test capture's recipe makes them. */
static void read_frames(const char *path)
{
    uint8_t header[24], record[16], frame[FRAME_MAX];
    FILE *f = fopen(path, "rb");
    CU_ASSERT_FATAL(f && fread(header, sizeof header, 1, f) == 1);
    while (frame_count < FRAMES_MAX && fread(record, sizeof record, 1, f) == 1) {
        uint32_t length = little32(record + 8);
        if (length > sizeof frame || fread(frame, 1, length, f) != length) break;
        unsigned ip = (frame[14] & 15u) * 4, at = 14 + ip + 8;
        if (length <= at || frame[12] != 8 || frame[13] != 0 || frame[23] != 17) continue;
        struct datagram *out = &frames[frame_count++];
        out->port = (uint16_t)(frame[14 + ip + 2] << 8 | frame[14 + ip + 3]);
        out->length = length - at;
        memcpy(out->octets, frame + at, out->length);
    }
    fclose(f);
}

struct carrier {
    struct vvm_context ctx;
    struct buffer_pool *pool;
};

static int send_nowhere(void *host, struct vvm_context *ctx, struct vvm_packet *packet, uint16_t device,
                        uint32_t address, const struct network *outermost, const char **reason)
{
    (void)host, (void)ctx, (void)device, (void)address, (void)outermost, (void)reason;
    packet_free(packet);
    return 0;
}

static int deliver_nowhere(void *host, struct vvm_context *ctx, const struct network *network, uint32_t port,
                           const uint8_t *octets, uint32_t length, const char **reason)
{
    (void)host, (void)ctx, (void)network, (void)port, (void)octets, (void)length, (void)reason;
    return 0;
}

static struct vvm_pool *own_pool(void *host, struct vvm_context *ctx)
{
    (void)ctx;
    return buffer_pool_ops(((struct carrier *)host)->pool);
}

static uint32_t any_mtu(void *host, uint16_t device)
{
    (void)host, (void)device;
    return 1400;
}

static uint32_t one_address(void *host, unsigned i)
{
    (void)host;
    return i ? 0 : 0x0a000001;
}

static const struct vvm_host_ops nowhere = {.transmit = send_nowhere,
                                            .deliver = deliver_nowhere,
                                            .pool = own_pool,
                                            .mtu = any_mtu,
                                            .address = one_address};

static void carry(struct carrier *c, const struct datagram *frame)
{
    struct vvm_pool *pool = buffer_pool_ops(c->pool);
    generation_enter(&c->ctx);
    const struct network *network = match_lookup(c->ctx.generation, MATCH_UDP, frame->port);
    struct vvm_packet *p = network ? pool->alloc(pool) : NULL;
    if (p) {
        CU_ASSERT_EQUAL(packet_append(p, frame->octets, frame->length), 0);
        p->ingress = 1;
        p->payload_end = p->head + p->length;
        ledger_count_named(&c->ctx, LEDGER_RECEIVED, "test");
        network_receive(&c->ctx, network, p, NULL);
    }
    generation_leave(&c->ctx);
}

/* With a cold context, each allocation failing; then none is made any more. */
static void test_packets(void)
{
    unsigned long made = 0, before;
    struct carrier c = {0};
    read_frames(VVM_SOURCE "/tests/capture/first-light.pcap");
    CU_ASSERT(frame_count >= 20);
    CU_ASSERT_EQUAL_FATAL(load_file(&node->control, VVM_SOURCE "/netvmlets/hop.vml", NULL), 0);
    CU_ASSERT_EQUAL_FATAL(load_file(&node->control, VVM_SOURCE "/ants/ants.vml", NULL), 0);
    node->world.host = &c;
    node->world.host_ops = &nowhere;
    CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&c.pool, 64, 4096, 256), 0);
    CU_ASSERT_EQUAL_FATAL(context_open(&c.ctx, node, false), 0);
    for (unsigned i = 0; i < frame_count; i++) {
        before = fault_allocations();
        fault_arm(1);
        carry(&c, &frames[i]);
        fault_disarm();
        made += fault_allocations() - before;
        CU_ASSERT_EQUAL(buffer_pool_used(c.pool), 0);
        CU_ASSERT_EQUAL(ledger_balance(node), 0);
    }
    before = fault_allocations();
    for (unsigned i = 0; i < frame_count; i++) carry(&c, &frames[i]);
    CU_ASSERT_EQUAL(fault_allocations(), before);
    printf("    packets: %u frames, %lu allocations at first sight, then none\n", frame_count, made);
    context_close(&c.ctx);
    buffer_pool_close(c.pool);
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "ants"), true), 0);
}

/* ---- main ----------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    if (argc > 1) fault_every = strtoul(argv[1], NULL, 10);
    if (!fault_every || CU_initialize_registry()) return 2;
    if (open_one(&node) || load_base()) return 2;
    CU_pSuite suite = CU_add_suite("fault", NULL, NULL);
    CU_add_test(suite, "load", test_load);
    CU_add_test(suite, "replace", test_replace);
    CU_add_test(suite, "unload", test_unload);
    CU_add_test(suite, "eval", test_eval);
    CU_add_test(suite, "packets", test_packets);
    CU_add_test(suite, "start", test_start);
#ifdef VVM_DAEMON
    daemon_faults(CU_add_suite("daemon", NULL, NULL));
#endif
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_tests_failed(), run = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    node_close(node);
    printf("%u passed, %u failed\n", run - failed, failed);
    return failed ? 1 : 0;
}
