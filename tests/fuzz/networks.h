/* SPDX-License-Identifier: Apache-2.0 */
/* networks.h - packets for the networks that an input defines, before its load is taken back. */
#ifndef VVM_FUZZ_NETWORKS_H
#define VVM_FUZZ_NETWORKS_H

#include "program.h"

void networks_prepare(struct vvm_node *node);
void networks_retire(struct vvm_node *node);
/** Run a few packets through each network of the newest VMlet, in the candidate. */
void networks_try(struct vvm_node *node, const uint8_t *data, size_t size);

#endif
