/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - any octets as an image: decode must refuse or give back the same octets;
 * what the verifier accepts runs in the instrumented interpreter. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vvm_node *node = fuzz_node(500, 100000);
    load_image(&node->control, "fuzz.vmi", data, size, NULL);
    return 0;
}
