/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reached.c - coverage of engine code, which no compiler instruments: libFuzzer looks at
 * these counters too. For targets whose node and networks stay the same.
 */
#include "fuzz.h"

#define COUNTERS 8192
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

/* The instrumented interpreter calls this at every instruction. A packet's program is
 * left out: it stands elsewhere each time. */
void fuzz_reached(const struct vvm_function *fn, uint32_t word)
{
    if (fn->flags & FUNCTION_WIRE) return;
    uint64_t mixed = ((uint64_t)(uintptr_t)fn->code / 8 + word) * UINT64_C(0x9e3779b97f4a7c15);
    uint8_t *counter = &counters[mixed >> 51];
    if (*counter < 255) ++*counter;
}
