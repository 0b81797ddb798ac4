/* SPDX-License-Identifier: Apache-2.0 */
/* offload.c - find the UDP datagram of a frame, and complete its checksum. */
#include "offload.h"

#include "cursor.h"

enum {
    TYPE_IP4 = 0x0800,
    TYPE_IP6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    TYPE_VLAN_OUTER = 0x88a8,
    TAGS_MOST = 2,
    IP4_HEADER = 20,
    IP4_MORE_OR_OFFSET = 0x3fff,
    UDP_HEADER = 8,
    OPTION_HEADERS_MOST = 8,
    NEXT_HOP_BY_HOP = 0,
    NEXT_UDP = 17,
    NEXT_DESTINATION_OPTIONS = 60,
};

/* Each of these leaves the cursor at the datagram and says whether there is one; *sum is
 * that of the addresses. */
static bool enter_ip4(struct octet_cursor *c, uint32_t *sum)
{
    struct octet_cursor fields = *c;
    uint8_t words, protocol;
    uint16_t total, fragment;

    if (!cursor_u8(&fields, &words) || !cursor_skip(&fields, 1) || !cursor_u16(&fields, &total) ||
        !cursor_skip(&fields, 2) || !cursor_u16(&fields, &fragment) || !cursor_skip(&fields, 1) ||
        !cursor_u8(&fields, &protocol) || !cursor_skip(&fields, 2) || fields.left < 8)
        return false;
    if (words >> 4 != 4 || (words & 15) * 4 < IP4_HEADER) return false;
    if (protocol != NEXT_UDP || fragment & IP4_MORE_OR_OFFSET) return false;
    *sum = sum_octets(0, fields.at, 8);
    return cursor_trim(c, total) && cursor_skip(c, (words & 15) * 4u);
}

static bool enter_ip6(struct octet_cursor *c, uint32_t *sum)
{
    uint8_t version, next, units;
    uint16_t length;
    unsigned n;

    if (!cursor_u8(c, &version) || !cursor_skip(c, 3) || !cursor_u16(c, &length) || !cursor_u8(c, &next) ||
        !cursor_skip(c, 1) || c->left < 32)
        return false;
    if (version >> 4 != 6) return false;
    *sum = sum_octets(0, c->at, 32);
    cursor_skip(c, 32);
    if (!cursor_trim(c, length)) return false;
    for (n = 0; next == NEXT_HOP_BY_HOP || next == NEXT_DESTINATION_OPTIONS; n++)
        if (n == OPTION_HEADERS_MOST || !cursor_u8(c, &next) || !cursor_u8(c, &units) ||
            !cursor_skip(c, units * 8u + 6))
            return false;
    return next == NEXT_UDP;
}

static bool enter_frame(struct octet_cursor *c, uint32_t *sum)
{
    uint16_t type;
    unsigned tags;

    if (!cursor_skip(c, 12) || !cursor_u16(c, &type)) return false;
    for (tags = 0; tags < TAGS_MOST && (type == TYPE_VLAN || type == TYPE_VLAN_OUTER); tags++)
        if (!cursor_skip(c, 2) || !cursor_u16(c, &type)) return false;
    if (type == TYPE_IP4) return enter_ip4(c, sum);
    return type == TYPE_IP6 && enter_ip6(c, sum);
}

static uint16_t fold(uint32_t sum) { return (uint16_t)(UINT16_MAX - sum_finish(sum)); }

bool offload_complete(uint8_t *frame, uint32_t length)
{
    struct octet_cursor c = {frame, length}, fields;
    uint32_t sum;
    uint16_t octets, field, checksum;

    if (!enter_frame(&c, &sum)) return false;
    fields = c;
    if (!cursor_skip(&fields, 4) || !cursor_u16(&fields, &octets) || !cursor_u16(&fields, &field))
        return false;
    if (octets < UDP_HEADER || octets > c.left) return false;
    sum += NEXT_UDP + octets;
    if (field != fold(sum)) return false;
    checksum = sum_finish(sum_octets(sum, c.at, octets));
    if (checksum == 0) return false;                                                   /* it was complete */
    checksum = sum_finish(fold(sum_octets(sum, c.at, octets)) + (UINT16_MAX - field)); /* the field was 0 */
    put_u16(frame + (c.at - frame) + 6, checksum ? checksum : 0xffff);
    return true;
}
