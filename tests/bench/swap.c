/* SPDX-License-Identifier: Apache-2.0 */
/* swap.c - rows of the code that forwards capsules being swapped under two workers. */
#include "../swap.h"

#include "bench.h"

void bench_swap(const char *folder, bool json)
{
    enum { WORKERS = 2, SWAPS = 1000 };
    struct swap_figures f;
    char why[512] = "no memory";
    if (!swap_run(folder, WORKERS, SWAPS, &f, why)) bench_die(NULL, why);
    if (f.dropped || f.gaps || f.mixtures || f.unseen || f.balance)
        bench_die(NULL, "a swap under traffic was seen by packets");
    print_value_row("1000 swaps, 2 workers: a load", "interpreter", f.load_median, "us", json);
    print_value_row("1000 swaps: load, 99 %", "interpreter", f.load_99, "us", json);
    print_value_row("1000 swaps: until packets show it", "interpreter", f.effect_median, "us", json);
    print_value_row("1000 swaps: until they do, 99 %", "interpreter", f.effect_99, "us", json);
    print_value_row("latency, 99 %, no loads", "interpreter", f.quiet_99, "us", json);
    print_value_row("latency, 99 %, during 1000 swaps", "interpreter", f.busy_99, "us", json);
}
