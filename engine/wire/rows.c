/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - the table of wire/'s primitives, and the small ones: the node, hops, fuel,
 * the log.
 */
#include <string.h>

#include "../heap.h"
#include "../lib/octets.h"
#include "execution.h"
#include "primitives.h"

/* ---- the node ---- */

uint32_t node_address(const struct vvm_context *ctx, unsigned i)
{
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    return ops && ops->address ? ops->address(ctx->world->host, i) : 0;
}

bool is_local_address(const struct vvm_context *ctx, uint32_t address)
{
    uint32_t a;
    for (unsigned i = 0; (a = node_address(ctx, i)) != 0; i++)
        if (a == address) return true;
    return false;
}

vvm_value primitive_node_address(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n, (void)args;
    return make_fixnum(node_address(ctx, 0));
}

vvm_value primitive_is_local_address(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    if (!is_fixnum(args[0])) return raise_type(ctx, "local-address?", 1, "address", args[0]);
    bool fits = args[0] <= make_fixnum(UINT32_MAX); /* a negative one is a great word */
    return make_boolean(fits && is_local_address(ctx, (uint32_t)fixnum_value(args[0])));
}

vvm_value primitive_node_time(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n, (void)args;
    return make_fixnum((int64_t)(world_now(ctx->world) & FIXNUM_MAX));
}

vvm_value primitive_device_mtu(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    if (!is_fixnum(args[0]) || args[0] > make_fixnum(UINT16_MAX))
        return raise_type(ctx, "device-mtu", 1, "device", args[0]);
    return make_fixnum(ops && ops->mtu ? ops->mtu(ctx->world->host, (uint16_t)fixnum_value(args[0])) : 0);
}

vvm_value primitive_fuel_left(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n, (void)args;
    int64_t fuel = honest_fuel(ctx->fuel);
    return make_fixnum(fuel < 0 ? 0 : fuel & FIXNUM_MAX);
}

/* ---- hops: device << 32 | IPv4 address ---- */

vvm_value primitive_hop(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    uint64_t device, address;
    if (!word_argument(ctx, "hop", args, 0, 2, false, &device)) return VALUE_EXCEPTION;
    if (!word_argument(ctx, "hop", args, 1, 4, false, &address)) return VALUE_EXCEPTION;
    return make_fixnum((int64_t)(device << 32 | address));
}

vvm_value primitive_hop_device(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    if (!is_fixnum(args[0])) return raise_type(ctx, "hop-device", 1, "hop", args[0]);
    return make_fixnum(HOP_DEVICE(fixnum_value(args[0])));
}

vvm_value primitive_hop_address(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    if (!is_fixnum(args[0])) return raise_type(ctx, "hop-address", 1, "hop", args[0]);
    return make_fixnum(HOP_ADDRESS(fixnum_value(args[0])));
}

/* ---- the log ---- */

#define LOG_LINE 200

/* Append the text of one argument, as far as it fits. */
static size_t put_text(struct vvm_context *ctx, vvm_value v, char *line, size_t at)
{
    uint8_t room[LOG_LINE];
    size_t length = 0;
    if (is_fixnum(v)) {
        int put = snprintf(line + at, LOG_LINE - at, "%lld", (long long)fixnum_value(v));
        return at + (size_t)put < LOG_LINE ? at + (size_t)put : LOG_LINE - 1;
    }
    const uint8_t *text = name_octets(ctx, v, room, sizeof room, &length);
    if (!text) return at;
    if (length > LOG_LINE - 1 - at) length = LOG_LINE - 1 - at;
    memcpy(line + at, text, length);
    return at + length;
}

/* (log-line text ...): strings, symbols, integers and octets, side by side. */
vvm_value primitive_log_line(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    char line[LOG_LINE];
    size_t at = 0;
    const struct vvm_host_ops *ops = ctx->world->host_ops;
    for (unsigned i = 0; i < n; i++) at = put_text(ctx, args[i], line, at);
    line[at] = 0;
    for (size_t i = 0; i < at; i++)
        if ((uint8_t)line[i] < 32 || (uint8_t)line[i] > 126) line[i] = '?';
    if (ops && ops->log) ops->log(ctx->world->host, line);
    return VALUE_UNSPECIFIED;
}

/* ---- networks as values ---- */

static const struct network *network_argument(struct vvm_context *ctx, const char *name, vvm_value v)
{
    const struct network *network = wire_pointer(v, TYPE_NETWORK);
    if (!network) raise_type(ctx, name, 1, "network", v);
    return network;
}

vvm_value primitive_network_name(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    const struct network *network = network_argument(ctx, "%network-name", args[0]);
    return network ? network->name : VALUE_EXCEPTION;
}

vvm_value primitive_network_layout(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    const struct network *network = network_argument(ctx, "%network-layout", args[0]);
    return network ? network->layout : VALUE_EXCEPTION;
}

vvm_value primitive_network_program(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n;
    const struct network *network = network_argument(ctx, "%network-program", args[0]);
    if (!network) return VALUE_EXCEPTION;
    return network->program ? network->program->clauses : VALUE_FALSE;
}

/* %call-member and %apply-member always compile to instructions. */
vvm_value primitive_only_direct(struct vvm_context *ctx, unsigned n, const vvm_value *args)
{
    (void)n, (void)args;
    return raise_message(ctx, ERROR_NOT_PROCEDURE, VALUE_DEFAULT, "this name can only be called directly");
}

/* ---- the table ---- */

#define LOAD EFFECT_LOAD
#define PKT  EFFECT_PACKET
#define END  (EFFECT_PACKET | EFFECT_HALT | EFFECT_DIVERGES)
#define MAKE (EFFECT_PACKET | EFFECT_EMIT | EFFECT_ALLOCATE)

static const struct primitive_row rows[] = {
    PRIMITIVE("%define-instruction", primitive_define_instruction, 3, 3, 50, LOAD,
              "name clauses procedure ->",
              "Make a wire instruction of a body; what define-instruction expands to."),
    PRIMITIVE("%define-primitive", primitive_define_primitive, 3, 3, 50, LOAD, "name clauses procedure ->",
              "Check that a function stays in the packet profile; what define-primitive expands to."),
    PRIMITIVE("%instruction", primitive_instruction_of, 2, 2, 20, LOAD | EFFECT_ALLOCATE,
              "network name -> list or #f", "Opcode and operands of a network's instruction."),
    PRIMITIVE("%define-program", primitive_define_program, 2, 2, 50, LOAD, "name clauses -> program",
              "Make a program form; what define-program expands to."),
    PRIMITIVE("%define-set", primitive_define_set, 2, 2, 50, LOAD, "name clauses -> set",
              "Make an open set; what define-set expands to."),
    PRIMITIVE("%define-member", primitive_define_member, 3, 3, 50, LOAD, "set name procedure ->",
              "Add a function to a set; what define-member expands to."),
    PRIMITIVE("%define-timer", primitive_define_timer, 5, 5, 50, LOAD,
              "name nanoseconds fuel network procedure ->", "Make a timer; what define-timer expands to."),
    PRIMITIVE("%define-expiry", primitive_define_expiry, 5, 5, 50, LOAD,
              "name table fuel network procedure ->",
              "Have a table or queue swept and a function told of what expired."),
    PRIMITIVE("%define-network", primitive_define_network, 3, 3, 100, LOAD, "name clauses hooks -> network",
              "Make a network; what define-network expands to."),
    PRIMITIVE("%around-member", primitive_around_member, 4, 4, 100, LOAD, "set name symbol symbol ->",
              "Put a layer of the calling VMlet over a member of a set."),
    PRIMITIVE("%around-hook", primitive_around_hook, 4, 4, 100, LOAD, "network hook symbol symbol ->",
              "Put a layer of the calling VMlet over a hook of a network."),
    PRIMITIVE("networks", primitive_networks, 0, 0, 20, LOAD, "-> list",
              "Names of the networks, oldest first."),
    PRIMITIVE("instructions", primitive_instructions, 1, 1, 200, LOAD, "network -> list",
              "What is known of each instruction of a network: opcode, operands, exits, effects, cost ..."),
    PRIMITIVE("members", primitive_members, 1, 1, 200, LOAD, "set -> list",
              "What is known of each member of a set."),
    PRIMITIVE("interface-digest", primitive_interface_digest, 1, 1, 2000, LOAD, "network -> bytevector",
              "Digest of opcodes, names, operands and exits: what programs see of a network's instructions."),
    PRIMITIVE("body-digest", primitive_body_digest, 1, 1, 5000, LOAD, "network -> bytevector",
              "Digest of the code of a network's instructions, layers over them included."),
    PRIMITIVE("program-find", primitive_program_find, 3, 3, 8, EFFECT_PROGRAM,
              "program bytes name -> integer or #f",
              "Index of the function of that name in the octets of a program, which need not be valid."),
    PRIMITIVE("set-ref", primitive_set_ref, 2, 4, 8, EFFECT_TABLE_READ,
              "set name [start [length]] -> member or #f",
              "The set's member of that name (a symbol, string or octets, or some of the octets)."),
    PRIMITIVE("%call-member", primitive_only_direct, 1, -1, 4, EFFECTS_MEMBER, "member any ... -> any",
              "Call a set's member or a network's hook."),
    PRIMITIVE("%apply-member", primitive_only_direct, 2, 2, 4, EFFECTS_MEMBER, "member list-or-vector -> any",
              "Call a set's member or a network's hook with the elements as arguments."),
    PRIMITIVE("%network-name", primitive_network_name, 1, 1, 1, LOAD, "network -> symbol",
              "Name of a network."),
    PRIMITIVE("%network-layout", primitive_network_layout, 1, 1, 1, LOAD, "network -> layout or #f",
              "Layout that a network's packets have."),
    PRIMITIVE("%network-program", primitive_network_program, 1, 1, 1, LOAD, "network -> clauses or #f",
              "Clauses of the define-program that a network's programs have."),
    PRIMITIVE("%peeled!", primitive_peeled, 3, 3, 2, PKT, "key header payload ->",
              "Say by which key a peeled network goes on and how long its header and payload are."),
    PRIMITIVE("%send-begin", primitive_send_begin, 2, 2, 4, PKT, "hop packet ->",
              "Begin to seal the layers of a packet to send."),
    PRIMITIVE("%emit-begin", primitive_emit_begin, 2, 2, 4, PKT, "hop packet ->",
              "Begin to seal the layers of a packet that was made here and is to go."),
    PRIMITIVE("%seal", primitive_only_direct, 0, 0, 6, EFFECTS_MEMBER, "->",
              "Seal each layer of the packet that was named, from the innermost."),
    PRIMITIVE("%transmit", primitive_transmit, 2, 2, 40, END | EFFECT_EMIT, "hop packet ->",
              "Send a sealed packet and end the execution."),
    PRIMITIVE("%emit", primitive_emit, 2, 2, 40, PKT | EFFECT_EMIT, "hop packet -> boolean",
              "Send a sealed packet that was made here and go on."),
    PRIMITIVE("drop", primitive_drop, 1, 1, 2, END, "reason ->",
              "End the execution; count the packet under the reason."),
    PRIMITIVE("consume", primitive_consume, 1, 1, 2, END, "cause ->",
              "End the execution; the packet has done its work; count it under the cause."),
    PRIMITIVE("deliver-to", primitive_deliver, 2, 2, 40, END, "port bytes ->",
              "Hand octets to the application on that port and end the execution."),
    PRIMITIVE("hold", primitive_hold, 2, -1, 40, END | EFFECT_TABLE_WRITE, "queue key ... ->",
              "The packet waits in the queue under the key; the execution ends."),
    PRIMITIVE(
        "wake", primitive_wake, 2, -1, 20, EFFECT_TABLE_WRITE | EFFECT_EMIT, "queue key ... -> integer",
        "The packets that wait under the key are executed when this one has ended; how many there are."),
    PRIMITIVE("submit", primitive_submit, 2, 2, 20, PKT | EFFECT_EMIT | EFFECT_HALT,
              "network packet -> boolean",
              "Give a packet to a network of this node, for when this one has ended; #f if it was dropped."),
    PRIMITIVE("assembly-add!", primitive_assembly_add, 5, -1, 24, EFFECT_TABLE_WRITE | EFFECT_PACKET,
              "assembly key ... offset total bytes -> bytes or #f",
              "Add a piece; the whole if it was the last one, valid until the packet ends."),
    PRIMITIVE("make-packet", primitive_make_packet, 0, 1, 20, MAKE, "[cause] -> packet",
              "A new, empty packet, counted as created under the cause."),
    PRIMITIVE("copy-packet", primitive_copy_packet, 1, 2, 20, MAKE, "packet [cause] -> packet",
              "A copy of a packet, counted as created under the cause."),
    PRIMITIVE("node-address", primitive_node_address, 0, 0, 2, 0, "-> integer", "The node's first address."),
    PRIMITIVE("local-address?", primitive_is_local_address, 1, 1, 4, 0, "integer -> boolean",
              "True if the address is one of this node's."),
    PRIMITIVE("node-time", primitive_node_time, 0, 0, 8, EFFECT_TIME, "-> integer",
              "Nanoseconds on the node's clock."),
    PRIMITIVE("device-mtu", primitive_device_mtu, 1, 1, 4, 0, "device -> integer",
              "Largest packet that a device carries, 0 if there is no such device."),
    PRIMITIVE("hop", primitive_hop, 2, 2, 1, 0, "device address -> hop",
              "Next hop: a device and an address."),
    PRIMITIVE("hop-device", primitive_hop_device, 1, 1, 1, 0, "hop -> integer", "Device of a hop."),
    PRIMITIVE("hop-address", primitive_hop_address, 1, 1, 1, 0, "hop -> integer", "Address of a hop."),
    PRIMITIVE("log-line", primitive_log_line, 1, 16, 20, 0, "text ... ->", "One line in the node's log."),
    PRIMITIVE("fuel-left", primitive_fuel_left, 0, 0, 1, EFFECT_TIME, "-> integer", "Fuel that is left."),
    PRIMITIVE("%register-test", primitive_register_test, 2, 2, 4, LOAD, "name procedure ->",
              "Keep a test of the VMlet that is loaded; what test expands to."),
    PRIMITIVE("%tests", primitive_tests, 0, 0, 4, LOAD, "-> list",
              "Tests of loaded VMlets, and what they may be given: (name procedure vmlet) ..."),
    PRIMITIVE("%scratch-begin", primitive_scratch_begin, 0, 0, 1000, LOAD, "->",
              "Begin a test: packets are recorded, not sent; the clock is virtual."),
    PRIMITIVE("%scratch-address", primitive_scratch_address, 1, 1, 4, LOAD, "integer ->",
              "Add an address to the node under test."),
    PRIMITIVE("%scratch-advance", primitive_scratch_advance, 1, 1, 1000, LOAD | EFFECT_ALLOCATE,
              "nanoseconds -> list", "Let virtual time pass."),
    PRIMITIVE("%scratch-receive", primitive_scratch_receive, 3, 3, 1000, LOAD | EFFECT_ALLOCATE,
              "network bytes device -> list", "Execute a packet; how it ended: (outcome name event ...)."),
    PRIMITIVE("%scratch-end", primitive_scratch_end, 0, 0, 100, LOAD, "->", "End a test."),
};

int wire_primitives(struct vvm_node *node)
{
    return primitives_register(node, rows, sizeof rows / sizeof rows[0]);
}
