/* SPDX-License-Identifier: Apache-2.0 */
/*
 * octets_packet.c - packets grow at the tail and at the head within their buffer, and
 * are cut; where they came from. No room is the error range, and changes nothing.
 */
#include "octets.h"

static struct vvm_packet *packet_argument(struct vvm_context *ctx, const char *name, const vvm_value *args)
{
    if (!has_type(args[0], TYPE_PACKET)) {
        raise_type(ctx, name, 1, "packet", args[0]);
        return NULL;
    }
    struct vvm_packet *p = ((struct packet_object *)value_pointer(args[0]))->packet;
    if (!p) raise_error(ctx, ERROR_MOVED, VALUE_DEFAULT);
    return p;
}

static vvm_value no_room(struct vvm_context *ctx, const char *name)
{
    return raise_message(ctx, ERROR_RANGE, VALUE_DEFAULT, "%s: no room in the packet's buffer", name);
}

/* ---- words at the tail ---- */

static vvm_value append_word(struct vvm_context *ctx, const vvm_value *args, const char *name, unsigned width,
                             bool is_signed)
{
    uint64_t word;
    struct vvm_packet *p = packet_argument(ctx, name, args);
    if (!p || !word_argument(ctx, name, args, 1, width, is_signed, &word)) return VALUE_EXCEPTION;
    uint8_t *at = packet_grow(p, width);
    if (!at) return no_room(ctx, name);
    octets_put(at, width, word);
    return VALUE_UNSPECIFIED;
}

#define APPEND_PRIMITIVE(t, width, is_signed)                                                                \
    PRIMITIVE_FN(append_##t) { return append_word(ctx, args, "append-" #t "!", width, is_signed); }
APPEND_PRIMITIVE(u8, 1, false)
APPEND_PRIMITIVE(u16, 2, false)
APPEND_PRIMITIVE(u32, 4, false)
APPEND_PRIMITIVE(u64, 8, false)
APPEND_PRIMITIVE(s8, 1, true)
APPEND_PRIMITIVE(s16, 2, true)
APPEND_PRIMITIVE(s32, 4, true)
APPEND_PRIMITIVE(s64, 8, true)

/* (%append-bits! p v octets): the low octets (1..7) of a non-negative integer. */
PRIMITIVE_FN(append_bits)
{
    size_t octets;
    struct vvm_packet *p = packet_argument(ctx, "%append-bits!", args);
    if (!p || !index_argument(ctx, "%append-bits!", args, 2, 7, &octets)) return VALUE_EXCEPTION;
    NEED(is_fixnum(args[1]), "%append-bits!", 1, "integer");
    uint8_t *at = packet_grow(p, (uint32_t)octets);
    if (!at) return no_room(ctx, "%append-bits!");
    uint64_t v = (uint64_t)fixnum_value(args[1]);
    for (size_t i = octets; i-- > 0; v >>= 8) at[i] = (uint8_t)v;
    return VALUE_UNSPECIFIED;
}

/* ---- octets and text at the tail ---- */

/* Octets that argument i gives: of bytes themselves, of a string its UTF-8 form. */
static bool text_length(struct vvm_context *ctx, const char *name, const vvm_value *args, unsigned i,
                        uint64_t *length)
{
    enum access_error why = ACCESS_OK;
    if (!is_string(args[i])) {
        if (octets_all(args[i], length, &why)) return true;
        octets_raise(ctx, why, name, i, args);
        return false;
    }
    char utf8[4];
    const struct string *s = string_of(args[i]);
    *length = 0;
    for (uint64_t k = 0; k < object_length(args[i]); k++) *length += utf8_encode(s->chars[k], utf8);
    return true;
}

static void text_copy(uint8_t *to, vvm_value v)
{
    if (!is_string(v)) {
        uint64_t length;
        enum access_error why = ACCESS_OK;
        const uint8_t *from = octets_all(v, &length, &why);
        if (from) memmove(to, from, length);
        return;
    }
    char utf8[4];
    const struct string *s = string_of(v);
    for (uint64_t k = 0; k < object_length(v); k++) {
        unsigned octets = utf8_encode(s->chars[k], utf8);
        memcpy(to, utf8, octets);
        to += octets;
    }
}

/* `count` octets of length (0: none), then argument 1. The packet itself may be the
 * argument: its octets are found again once it has grown, but as they were before. */
static vvm_value append_counted(struct vvm_context *ctx, const vvm_value *args, const char *name,
                                unsigned count)
{
    uint64_t length;
    struct vvm_packet *p = packet_argument(ctx, name, args);
    if (!p || !text_length(ctx, name, args, 1, &length) || !fuel_octets(ctx, length)) return VALUE_EXCEPTION;
    if (count && length >> (8 * count)) return raise_error(ctx, ERROR_RANGE, make_fixnum((int64_t)length));
    if (length + count > packet_room(p)) return no_room(ctx, name);
    uint8_t *at = p->base + p->head + p->length;
    text_copy(at + count, args[1]);
    if (count) octets_put(at, count, length);
    p->length += (uint32_t)length + count;
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(append_bytes) { return append_counted(ctx, args, "append-bytes!", 0); }
PRIMITIVE_FN(append_counted_u8) { return append_counted(ctx, args, "append-counted-u8!", 1); }
PRIMITIVE_FN(append_counted_u16) { return append_counted(ctx, args, "append-counted-u16!", 2); }

/* (%append-field! p v size): v, which must have `size` octets. */
PRIMITIVE_FN(append_field)
{
    uint64_t length;
    size_t size;
    if (!index_argument(ctx, "%append-field!", args, 2, UINT32_MAX, &size)) return VALUE_EXCEPTION;
    if (!text_length(ctx, "%append-field!", args, 1, &length)) return VALUE_EXCEPTION;
    if (length != size)
        return raise_message(ctx, ERROR_FIELD, args[1], "the field has %zu octets, not %zu", size,
                             (size_t)length);
    return append_counted(ctx, args, "%append-field!", 0);
}

PRIMITIVE_FN(append_zeros)
{
    size_t octets;
    struct vvm_packet *p = packet_argument(ctx, "append-zeros!", args);
    if (!p || !index_argument(ctx, "append-zeros!", args, 1, UINT32_MAX, &octets)) return VALUE_EXCEPTION;
    if (!fuel_octets(ctx, octets)) return VALUE_EXCEPTION;
    uint8_t *at = packet_grow(p, (uint32_t)octets);
    if (!at) return no_room(ctx, "append-zeros!");
    memset(at, 0, octets);
    return VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(octet_length)
{
    uint64_t length;
    if (!text_length(ctx, "octet-length", args, 0, &length)) return VALUE_EXCEPTION;
    return fuel_octets(ctx, length) ? make_fixnum((int64_t)length) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(string_to_bytes)
{
    uint64_t length;
    NEED(is_string(args[0]), "string->bytes", 0, "string");
    if (!text_length(ctx, "string->bytes", args, 0, &length) || !fuel_octets(ctx, length))
        return VALUE_EXCEPTION;
    vvm_value v = make_bytes(ctx, length);
    if (v != VALUE_EXCEPTION) text_copy(bytes_of(v)->data, args[0]);
    return v;
}

/* ---- the view ---- */

PRIMITIVE_FN(prepend)
{
    size_t octets;
    struct vvm_packet *p = packet_argument(ctx, "packet-prepend!", args);
    if (!p || !index_argument(ctx, "packet-prepend!", args, 1, UINT32_MAX, &octets)) return VALUE_EXCEPTION;
    if (!fuel_octets(ctx, octets)) return VALUE_EXCEPTION;
    return packet_prepend(p, (uint32_t)octets) ? no_room(ctx, "packet-prepend!") : VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(trim)
{
    size_t length;
    struct vvm_packet *p = packet_argument(ctx, "packet-trim!", args);
    if (!p || !index_argument(ctx, "packet-trim!", args, 1, UINT32_MAX, &length)) return VALUE_EXCEPTION;
    return packet_trim(p, (uint32_t)length) ? raise_error(ctx, ERROR_BOUNDS, args[1]) : VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(drop_head)
{
    size_t octets;
    struct vvm_packet *p = packet_argument(ctx, "packet-drop-head!", args);
    if (!p || !index_argument(ctx, "packet-drop-head!", args, 1, UINT32_MAX, &octets)) return VALUE_EXCEPTION;
    return packet_drop_head(p, (uint32_t)octets) ? raise_error(ctx, ERROR_BOUNDS, args[1])
                                                 : VALUE_UNSPECIFIED;
}

PRIMITIVE_FN(room)
{
    struct vvm_packet *p = packet_argument(ctx, "packet-room", args);
    return p ? make_fixnum(packet_room(p)) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(ingress)
{
    struct vvm_packet *p = packet_argument(ctx, "packet-ingress", args);
    return p ? make_fixnum(p->ingress) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(peer)
{
    struct vvm_packet *p = packet_argument(ctx, "packet-peer", args);
    return p ? make_fixnum(p->peer) : VALUE_EXCEPTION;
}

PRIMITIVE_FN(padded)
{
    struct vvm_packet *p = packet_argument(ctx, "packet-padded?", args);
    return p ? make_boolean(p->padded) : VALUE_EXCEPTION;
}

#define APPEND(t)                                                                                            \
    PRIMITIVE("append-" #t "!", append_##t, 2, 2, 2, 0, "packet integer ->",                                 \
              "Lengthen the packet by a " #t ".")
static const struct primitive_row rows[] = {
    APPEND(u8),
    APPEND(u16),
    APPEND(u32),
    APPEND(u64),
    APPEND(s8),
    APPEND(s16),
    APPEND(s32),
    APPEND(s64),
    PRIMITIVE("%append-bits!", append_bits, 3, 3, 3, 0, "packet integer octets ->",
              "Lengthen by low octets."),
    PRIMITIVE("append-bytes!", append_bytes, 2, 2, 4, 0, "packet bytes-or-string ->", "Lengthen by octets."),
    PRIMITIVE("append-counted-u8!", append_counted_u8, 2, 2, 4, 0, "packet bytes-or-string ->",
              "Lengthen by one octet of length and the octets."),
    PRIMITIVE("append-counted-u16!", append_counted_u16, 2, 2, 4, 0, "packet bytes-or-string ->",
              "Lengthen by two octets of length and the octets."),
    PRIMITIVE("%append-field!", append_field, 3, 3, 4, 0, "packet bytes-or-string size ->",
              "Lengthen by octets, which must be `size`."),
    PRIMITIVE("append-zeros!", append_zeros, 2, 2, 3, 0, "packet octets ->", "Lengthen by zero octets."),
    PRIMITIVE("octet-length", octet_length, 1, 1, 2, 0, "bytes-or-string -> integer",
              "Octets that append-bytes! would add."),
    PRIMITIVE("string->bytes", string_to_bytes, 1, 1, 4, EFFECT_ALLOCATE, "string -> bytevector",
              "UTF-8 octets."),
    PRIMITIVE("packet-prepend!", prepend, 2, 2, 3, 0, "packet octets ->",
              "Lengthen the packet at its head by zero octets, into the headroom."),
    PRIMITIVE("packet-trim!", trim, 2, 2, 2, 0, "packet length ->", "Shorten the packet to a length."),
    PRIMITIVE("packet-drop-head!", drop_head, 2, 2, 2, 0, "packet octets ->",
              "Shorten the packet at its head."),
    PRIMITIVE("packet-room", room, 1, 1, 1, 0, "packet -> integer", "Octets that can still be appended."),
    PRIMITIVE("packet-ingress", ingress, 1, 1, 1, 0, "packet -> integer",
              "Device it came in by; 65535: made here."),
    PRIMITIVE("packet-peer", peer, 1, 1, 1, 0, "packet -> integer",
              "IPv4 address that its frame came from; 0: unknown."),
    PRIMITIVE("packet-padded?", padded, 1, 1, 1, 0, "packet -> boolean",
              "True if its carrier has no length field (Ethernet): octets past the network's own length are "
              "padding."),
};

int packet_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
