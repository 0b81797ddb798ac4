/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - any text as the source of a VMlet: read, expand, compile, verify, run, and
 * check what it would publish. It may import the envelope and the routes. */
#include "networks.h"

static void prepare(struct vvm_node *node)
{
    fuzz_preload(node, "netvmlets/anep.vml");
    networks_prepare(node);
}

const struct fuzz_plan fuzz_plan = {
    .serves = 2000, .fuel = 20000, .prepare = prepare, .retire = networks_retire, .try = networks_try};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vvm_node *node = fuzz_node();
    fuzz_begin(node, data, size);
    fuzz_end(node, load_source(&node->control, "fuzz.vml", (const char *)data, size, NULL), data, size);
    return 0;
}
