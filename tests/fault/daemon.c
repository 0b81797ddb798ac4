/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.c - the same of the daemon: configurations, a router's start, requests of its control socket. */
#include <CUnit/Basic.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/config.h"
#include "../../daemon/start.h"
#include "../../engine/heap.h"
#include "../../engine/vmlet.h"
#include "../control_router.h"
#include "allocator.h"
#include "fault.h"

#define TEXT 1024

static char why[TEXT];

/* ---- a configuration ---------------------------------------------------------------------- */

static int read_config(void)
{
    struct config *config = NULL;
    why[0] = 0;
    int err = config_read(&config, VVM_SOURCE "/config/line4.yaml", why, sizeof why);
    if (!err) config_free(config);
    return err;
}

/* What fails says so and holds nothing. */
static void fail_simple(const char *name, int (*run)(void), unsigned long step)
{
    unsigned long k = 1, without = 0;
    CU_ASSERT_EQUAL_FATAL(run(), 0);
    long held = fault_held();
    for (bool refused = true; refused; k += step) {
        fault_arm(k);
        int err = run();
        refused = fault_disarm();
        without += !err && refused;
        if (fault_held() == held && (!err || (refused && why[0]))) continue;
        fprintf(stderr, "    %s, allocation %lu: %d, %+ld blocks, \"%s\"\n", name, k, err,
                fault_held() - held, why);
        CU_FAIL("a failed allocation left something, or said nothing");
        held = fault_held();
    }
    printf("    %s: %lu allocations, %lu of them could be done without\n", name, k - 1, without);
}

static void test_config(void) { fail_simple("config", read_config, 1); }

/* ---- a router's start ----------------------------------------------------------------------- */

static const char config_text[] = "name: fault\n"
                                  "path: [" VVM_SOURCE "/netvmlets]\n"
                                  "nodes:\n"
                                  "  a:\n"
                                  "    vmlets: [hop]\n"
                                  "    addresses: [10.0.0.1/24]\n"
                                  "  b:\n"
                                  "    vmlets: [hop]\n"
                                  "    addresses: [10.0.0.2/24]\n"
                                  "links:\n"
                                  "  - ends: [a, b]\n";

static struct config *config;

static int start_one(void)
{
    struct router router;
    struct cable_box *box;
    snprintf(why, sizeof why, "no memory for the cables");
    int err = cable_box_open(&box);
    if (err) return err;
    why[0] = 0;
    err = start_router(&router, config, &config->nodes[0], false, false, box, why, sizeof why);
    if (!err) router_close(&router, why);
    cable_box_close(box);
    return err;
}

static void test_router_start(void)
{
    int err = config_parse(&config, "fault.yaml", config_text, sizeof config_text - 1, why, sizeof why);
    if (err) fprintf(stderr, "    %s\n", why);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    fail_simple("router's start", start_one, 10 * fault_every);
    config_free(config);
}

/* ---- requests ------------------------------------------------------------------------------- */

static const char *const requests[] = {
    "{\"v\": 1, \"verb\": \"status\"}",
    "{\"v\": 1, \"verb\": \"stats\"}",
    "{\"v\": 1, \"verb\": \"ledger\"}",
    "{\"v\": 1, \"verb\": \"ports\"}",
    "{\"v\": 1, \"verb\": \"vmlets\"}",
    "{\"v\": 1, \"verb\": \"help\"}",
    "{\"v\": 1, \"verb\": \"eval\", \"arguments\": {\"expressions\": [\"(define x (list 1 2 3))\", \"(map "
    "car (list x "
    "x))\"]}}",
    "{\"v\": 1, \"verb\": \"complete\", \"arguments\": {\"text\": \"hop-\"}}",
    "{\"v\": 1, \"verb\": \"nonsense\"}",
    "{\"v\": 1, \"verb\": ",
};

static struct control_router router;

static void settle_router(void)
{
    struct vvm_node *node = router.router.node;
    while (vmlets_reap(node)) {}
    heap_collect(node);
}

/* True if there was an answer. */
static bool ask(const char *request)
{
    size_t length;
    bool rubbish, later;
    char *answer = control_answer(&router.control, ROLE_WRITE, request, strlen(request), &length, &rubbish,
                                  &later);
    bool answered = answer != NULL;
    free(answer);
    return answered;
}

/* True if an allocation was refused. */
static bool ask_at(const char *request, unsigned long k)
{
    fault_arm(k);
    ask(request);
    bool refused = fault_disarm();
    settle_router();
    return refused;
}

static void fail_request(const char *request)
{
    unsigned long k = 1;
    for (unsigned i = 0; i < 3; i++) CU_ASSERT(ask(request)); /* tables that grow for good have grown */
    settle_router();
    long held = fault_held();
    for (bool refused = true; refused; k++) {
        refused = ask_at(request, k);
        if (fault_held() == held) continue;
        held = fault_held(); /* a name that is new, of an error for one: again, and it is known */
        ask_at(request, k);
        if (fault_held() == held) continue;
        fprintf(stderr, "    %s, allocation %lu: %+ld blocks\n", request, k, fault_held() - held);
        CU_FAIL("a request that found no memory left something");
        held = fault_held();
    }
    CU_ASSERT(ask(request));
    CU_ASSERT_EQUAL(ledger_balance(router.router.node), 0);
    printf("    %.30s: %lu allocations\n", request, k - 1);
}

static void test_requests(void)
{
    CU_ASSERT_EQUAL_FATAL(control_router_open(&router, false), 0);
    for (unsigned i = 0; i < sizeof requests / sizeof *requests; i++) fail_request(requests[i]);
    CU_ASSERT_EQUAL(control_router_close(&router), 0);
}

void daemon_faults(CU_pSuite suite)
{
    CU_add_test(suite, "config", test_config);
    CU_add_test(suite, "requests", test_requests);
    CU_add_test(suite, "router's start", test_router_start);
}
