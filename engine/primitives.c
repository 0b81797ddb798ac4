/* SPDX-License-Identifier: Apache-2.0 */
/*
 * primitives.c - registers every family of C primitives in a new node.
 */
#include "expand.h"
#include "lib/lib.h"
#include "lib/octets.h"
#include "table/table.h"
#include "wire/network.h"

static int expander_primitives(struct vvm_node *node)
{
    return primitives_register(node, expand_primitives, expand_primitive_count);
}

static int (*const families[])(struct vvm_node *) = {
    list_primitives,     number_primitives, integer_primitives,    real_primitives,
    raw_primitives,      char_primitives,   string_primitives,     string_search_primitives,
    symbol_primitives,   vector_primitives, bytevector_primitives, hash_primitives,
    port_primitives,     output_primitives, control_primitives,    error_primitives,
    record_primitives,   system_primitives, intrinsic_primitives,  octets_primitives,
    cursor_primitives,   packet_primitives, table_primitives,      wire_primitives,
    expander_primitives, doc_primitives,    digest_primitives,     intercede_primitives,
    reflect_primitives,  weave_primitives,
};

int primitives_register_all(struct vvm_node *node)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        int err = families[i](node);
        if (err) return err;
    }
    return 0;
}
