/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - any octets as an image: decode refuses them or gives back the same octets;
 * what the verifier accepts runs in the instrumented interpreter. */
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
    fuzz_end(node, load_image(&node->control, "fuzz.vmi", data, size, NULL), data, size);
    return 0;
}
