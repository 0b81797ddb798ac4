/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - what the fuzz targets share: a node that serves many inputs and is then replaced. */
#ifndef VVM_FUZZ_H
#define VVM_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "../../engine/load.h"
#include "../../engine/vmlet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** The node for this input: a new one after every `serves` inputs. Heap 16 MiB, fuel
 *  `fuel` a load, output thrown away, clock standing still. */
struct vvm_node *fuzz_node(unsigned serves, int64_t fuel);

/* Octets as a source of choices; zero once they are used up. */
struct choices {
    const uint8_t *at, *end;
};
uint8_t choose_octet(struct choices *c);
uint32_t choose(struct choices *c, uint32_t limit); /* 0..limit-1; 0 if limit is 0 */

#endif
