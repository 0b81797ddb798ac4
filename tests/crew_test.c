/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew_test.c - two workers of one router, each stepped by hand, so that it is known what
 * waits between them: a ring that is full, what is in it when all is closed, and a
 * generation that changes while a frame is in it.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/registry.h"
#include "engine/load.h"
#include "line.h"
#include "suites.h"

enum { BUFFERS = 2048 };

struct two {
    struct router router;
    struct crew *crew;
    struct spout *spout;
};

/* Frames of 256 flows come by port 0, which is worker 0's; all are for this node. */
static struct two *pair_open(void)
{
    struct two *pair = calloc(1, sizeof *pair);
    struct port *port;
    CU_ASSERT_FATAL(pair && !router_open(&pair->router, "pair", false, VVM_SOURCE "/netvmlets"));
    CU_ASSERT_FATAL(!router_add_address(&pair->router, 0x0a000001, 24));
    CU_ASSERT_FATAL(!load_file(&pair->router.node->control, VVM_SOURCE "/netvmlets/hop.vml", NULL));
    CU_ASSERT_FATAL(!router_add_port(&pair->router, &port_spout,
                                     &(struct port_options){.name = "spout", .buffers = BUFFERS}, &port));
    pair->router.crew_size = 2;
    CU_ASSERT_FATAL(!crew_open(&pair->crew, &pair->router));
    pair->spout = port->state;
    pair->spout->length = line_frame(pair->spout->frame, 0x0a000001, 3);
    pair->spout->flows = 256;
    return pair;
}

static void pair_close(struct two *pair)
{
    char why[256];
    crew_close(pair->crew);
    CU_ASSERT_EQUAL(ledger_balance(pair->router.node), 0);
    CU_ASSERT_EQUAL(router_close(&pair->router, why), 0);
    free(pair);
}

static int64_t count(struct two *pair, const char *name)
{
    struct readings readings;
    int64_t value = 0, balance = -1;
    CU_ASSERT_EQUAL_FATAL(registry_read(&readings, &pair->router, NULL), 0);
    readings_find(&readings, name, &value);
    CU_ASSERT(readings_find(&readings, "ledger/balance", &balance) && balance == 0);
    readings_free(&readings);
    return value;
}

static void step(struct two *pair, unsigned worker, unsigned times)
{
    while (times-- > 0) worker_step(&pair->crew->workers[worker]);
}

/* So many frames, of which worker 0 runs its own and passes on the others. */
static void pour(struct two *pair, unsigned frames)
{
    pair->spout->left = frames;
    step(pair, 0, frames / PORT_BURST + 1);
    CU_ASSERT_EQUAL(pair->spout->left, 0);
}

static void test_passed(void)
{
    struct two *pair = pair_open();
    pour(pair, 160);
    int64_t own = count(pair, "ledger/delivered/port-9"), held = count(pair, "ledger/held/worker-ring");
    CU_ASSERT(own > 0 && held > 0); /* of 256 flows some are of either */
    CU_ASSERT_EQUAL(own + held, 160);
    CU_ASSERT(crew_holds(pair->crew));
    CU_ASSERT_FALSE(worker_arm(&pair->crew->workers[1])); /* it may not sleep now */
    step(pair, 1, 10);
    CU_ASSERT_EQUAL(count(pair, "ledger/delivered/port-9"), 160);
    CU_ASSERT_EQUAL(count(pair, "ledger/held/worker-ring"), 0);
    CU_ASSERT_EQUAL(count(pair, "network/hop/delivered"), 160);
    CU_ASSERT(worker_arm(&pair->crew->workers[1]));
    CU_ASSERT(buffer_pool_used(pair->spout->pool) > 0); /* their buffers are on the way home */
    step(pair, 0, 1);
    CU_ASSERT_EQUAL(buffer_pool_used(pair->spout->pool), 0);
    pair_close(pair);
}

static void test_full(void)
{
    struct two *pair = pair_open();
    pour(pair, BUFFERS);
    int64_t own = count(pair, "ledger/delivered/port-9");
    CU_ASSERT_EQUAL(count(pair, "ledger/held/worker-ring"), PASSAGE_SLOTS);
    CU_ASSERT_EQUAL(count(pair, "ledger/dropped/worker-busy"), BUFFERS - own - PASSAGE_SLOTS);
    step(pair, 1, PASSAGE_SLOTS / PORT_BURST + 1);
    CU_ASSERT_EQUAL(count(pair, "ledger/delivered/port-9"), own + PASSAGE_SLOTS);
    pair_close(pair);
}

static void test_closed(void)
{
    struct two *pair = pair_open();
    char why[256];
    pour(pair, 160);
    int64_t held = count(pair, "ledger/held/worker-ring");
    crew_close(pair->crew);
    pair->crew = NULL;
    CU_ASSERT_EQUAL(count(pair, "ledger/held/worker-ring"), 0);
    CU_ASSERT_EQUAL(count(pair, "ledger/dropped/worker-closed"), held);
    CU_ASSERT_EQUAL(router_close_ports(&pair->router, why), 0);
    pair_close(pair);
}

/* What a frame was found to be for is found again. */
static void test_load_between(void)
{
    static const char text[] = "(vmlet other (needs (all)) (version 1)) (define x 1)";
    struct two *pair = pair_open();
    struct vvm_context *ctx = &pair->router.node->control;
    pour(pair, 160);
    CU_ASSERT_EQUAL(load_source(ctx, "other", text, sizeof text - 1, NULL), 0);
    CU_ASSERT_EQUAL(load_replace(ctx, VVM_SOURCE "/netvmlets/hop.vml", NULL), 0);
    step(pair, 1, 10);
    CU_ASSERT_EQUAL(count(pair, "ledger/delivered/port-9"), 160);
    pair_close(pair);
}

/* It has gone: the frame is dropped by name, as any that comes now. */
static void test_unload_between(void)
{
    struct two *pair = pair_open();
    struct vvm_node *node = pair->router.node;
    pour(pair, 160);
    int64_t own = count(pair, "ledger/delivered/port-9"), dropped = 0;
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "anep"), true), 0);
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    step(pair, 1, 10);
    dropped = count(pair, "ledger/dropped/not-active");
    CU_ASSERT_EQUAL(own + dropped, 160);
    pair_close(pair);
}

void crew_tests(CU_pSuite suite)
{
    CU_add_test(suite, "frames are passed on, buffers come home", test_passed);
    CU_add_test(suite, "a ring that is full", test_full);
    CU_add_test(suite, "what is between workers when they are closed", test_closed);
    CU_add_test(suite, "a load while a frame is between workers", test_load_between);
    CU_add_test(suite, "an unload while a frame is between workers", test_unload_between);
}
