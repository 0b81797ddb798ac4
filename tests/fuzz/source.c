/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - any text as the source of a VMlet: read, expand, compile, verify, run. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vvm_node *node = fuzz_node(200, 200000);
    load_source(&node->control, "fuzz.vml", (const char *)data, size, NULL);
    return 0;
}
