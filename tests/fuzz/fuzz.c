/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t still_clock(void *data) { return 1000000000; }

struct vvm_node *fuzz_node(unsigned serves, int64_t fuel)
{
    static struct vvm_node *node;
    static FILE *nowhere;
    static unsigned served;
    if (node && ++served < serves) return node;
    if (node) node_close(node);
    if (!nowhere) nowhere = fopen("/dev/null", "w");
    struct vvm_options options = {
        .heap_limit = 16u << 20, .load_fuel = fuel, .clock = still_clock, .output = nowhere, .seed = 1};
    served = 0;
    if (node_open(&options, &node)) abort();
    return node;
}

uint8_t choose_octet(struct choices *c) { return c->at < c->end ? *c->at++ : 0; }

uint32_t choose(struct choices *c, uint32_t limit)
{
    uint32_t n = choose_octet(c);
    if (limit > 256) n = n << 8 | choose_octet(c);
    return limit ? n % limit : 0;
}
