/* SPDX-License-Identifier: Apache-2.0 */
/* node.h - the primitives' index, private to node.c and primitive_index.c. */
#ifndef VVM_NODE_H
#define VVM_NODE_H

#include "machine.h"

int primitive_index_open(struct vvm_node *node);
void primitive_index_close(struct vvm_node *node);

#endif
