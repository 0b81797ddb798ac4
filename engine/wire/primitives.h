/* SPDX-License-Identifier: Apache-2.0 */
/* primitives.h - the C functions behind the rows of wire_primitives, a table that
 * rows.c holds. Private to wire/. */
#ifndef VVM_WIRE_PRIMITIVES_H
#define VVM_WIRE_PRIMITIVES_H

#include "state.h"

#define WIRE_PRIMITIVE(name)                                                                                 \
    vvm_value primitive_##name(struct vvm_context *ctx, unsigned n, const vvm_value *args)

/* load */
WIRE_PRIMITIVE(define_instruction);
WIRE_PRIMITIVE(define_primitive);
WIRE_PRIMITIVE(instruction_of);
WIRE_PRIMITIVE(define_program);
WIRE_PRIMITIVE(define_set);
WIRE_PRIMITIVE(define_member);
WIRE_PRIMITIVE(define_timer);
WIRE_PRIMITIVE(define_expiry);
WIRE_PRIMITIVE(define_network);
WIRE_PRIMITIVE(around_member);
WIRE_PRIMITIVE(around_hook);
WIRE_PRIMITIVE(network_name);
WIRE_PRIMITIVE(network_layout);
WIRE_PRIMITIVE(network_program);
WIRE_PRIMITIVE(only_direct);
/* introspection: introspect.c */
WIRE_PRIMITIVE(networks);
WIRE_PRIMITIVE(instructions);
WIRE_PRIMITIVE(members);
WIRE_PRIMITIVE(interface_digest);
WIRE_PRIMITIVE(body_digest);
/* packet */
WIRE_PRIMITIVE(program_find);
WIRE_PRIMITIVE(set_ref);
WIRE_PRIMITIVE(peeled);
WIRE_PRIMITIVE(send_begin);
WIRE_PRIMITIVE(emit_begin);
WIRE_PRIMITIVE(transmit);
WIRE_PRIMITIVE(emit);
WIRE_PRIMITIVE(drop);
WIRE_PRIMITIVE(consume);
WIRE_PRIMITIVE(deliver);
WIRE_PRIMITIVE(hold);
WIRE_PRIMITIVE(wake);
WIRE_PRIMITIVE(submit);
WIRE_PRIMITIVE(assembly_add);
WIRE_PRIMITIVE(make_packet);
WIRE_PRIMITIVE(copy_packet);
WIRE_PRIMITIVE(node_address);
WIRE_PRIMITIVE(is_local_address);
WIRE_PRIMITIVE(node_time);
WIRE_PRIMITIVE(hop);
WIRE_PRIMITIVE(hop_device);
WIRE_PRIMITIVE(hop_address);
WIRE_PRIMITIVE(log_line);
WIRE_PRIMITIVE(fuel_left);
WIRE_PRIMITIVE(device_mtu);
/* tests in the language: scratch.c */
WIRE_PRIMITIVE(register_test);
WIRE_PRIMITIVE(tests);
WIRE_PRIMITIVE(scratch_begin);
WIRE_PRIMITIVE(scratch_address);
WIRE_PRIMITIVE(scratch_advance);
WIRE_PRIMITIVE(scratch_receive);
WIRE_PRIMITIVE(scratch_end);

#endif
