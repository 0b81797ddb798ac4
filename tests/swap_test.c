/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swap_test.c - the instruction that forwards capsules is swapped a thousand times under
 * two workers: nothing is dropped, lost, overtaken or run by two versions.
 */
#include <stdio.h>

#include "suites.h"
#include "swap.h"

static void swap(unsigned workers, unsigned swaps)
{
    struct swap_figures f;
    char why[512] = "";
    bool good = swap_run(VVM_SOURCE "/netvmlets", workers, swaps, &f, why);
    if (!good) fprintf(stderr, "    %s\n", why);
    CU_ASSERT_FATAL(good);
    fprintf(stderr,
            "    %u workers, %u swaps, %llu packets: load %.0f us (99 %%: %.0f), effect %.0f us (99 %%: "
            "%.0f), latency 50/99 %% quiet %.1f/%.1f us, with loads %.1f/%.1f us\n",
            workers, swaps, (unsigned long long)f.packets, f.load_median, f.load_99, f.effect_median,
            f.effect_99, f.quiet_50, f.quiet_99, f.busy_50, f.busy_99);
    CU_ASSERT_EQUAL(f.dropped, 0);
    CU_ASSERT_EQUAL(f.gaps, 0);
    CU_ASSERT_EQUAL(f.mixtures, 0);
    CU_ASSERT_EQUAL(f.unseen, 0);
    CU_ASSERT_EQUAL(f.balance, 0);
    CU_ASSERT_EQUAL(f.reaped, 0);
    CU_ASSERT(f.packets > 50000);
}

static void test_two_workers(void) { swap(2, 1000); }
static void test_one_worker(void) { swap(1, 100); }
static void test_four_workers(void) { swap(4, 100); }

void swap_tests(CU_pSuite suite)
{
    CU_add_test(suite, "a thousand swaps under two workers", test_two_workers);
    CU_add_test(suite, "swaps under one worker", test_one_worker);
    CU_add_test(suite, "swaps under four workers", test_four_workers);
}
