/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_ahead.c - see read_ahead.h: where frames end in the two formats, pcap and pcapng;
 * all the rest of them is libpcap's. What it will not like, it may read at once.
 */
#include "read_ahead.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROOM = 1 << 19,      /* more than the longest frame that libpcap takes, 256 KiB */
    BEGINNING = 12,      /* octets that tell the format */
    RECORD = 16,         /* header of a frame in pcap, */
    RECORD_PATCHED = 24, /* and in a variant of it */
    RECORD_LENGTH = 8,   /* where it stands in there */
    BLOCK_LEAST = 12,
    SECTION_ORDER = 0x1a2b3c4d, /* the word that tells a section's order of octets */
};

struct read_ahead {
    int descriptor, error; /* errno of the read that ended it */
    bool ended;
    bool blocks;   /* pcapng */
    bool swapped;  /* the other order of octets */
    size_t record; /* pcap: octets of a frame's header; 0: no format that is known */
    size_t first, count;
    uint8_t octets[ROOM];
};

/* More octets, if there are any or it may wait for them. False: none. */
static bool fill(struct read_ahead *ahead, bool wait)
{
    struct pollfd come = {.fd = ahead->descriptor, .events = POLLIN};
    ssize_t n;

    if (ahead->ended || ahead->count == ROOM) return false;
    if (poll(&come, 1, wait ? -1 : 0) == 0) return false;
    memmove(ahead->octets, ahead->octets + ahead->first, ahead->count);
    ahead->first = 0;
    n = read(ahead->descriptor, ahead->octets + ahead->count, ROOM - ahead->count);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return wait;
    if (n > 0) ahead->count += (size_t)n;
    else ahead->ended = true;
    if (n < 0) ahead->error = errno;
    return n > 0;
}

/* ---- where a frame ends ---- */

/* The word at an octet of those that wait; they have been counted. */
static uint32_t word(const struct read_ahead *ahead, size_t at, bool swapped)
{
    uint32_t w;

    memcpy(&w, ahead->octets + ahead->first + at, sizeof w);
    return swapped ? __builtin_bswap32(w) : w;
}

static bool whole_record(const struct read_ahead *ahead)
{
    size_t captured;

    if (ahead->count < ahead->record) return false;
    captured = word(ahead, RECORD_LENGTH, ahead->swapped);
    return captured > ROOM - ahead->record || ahead->count >= ahead->record + captured;
}

static bool is_section(uint32_t type) { return type == 0x0a0d0d0a; }
static bool is_frame(uint32_t type) { return type == 2 || type == 3 || type == 6; }

/* Blocks up to one with a frame. */
static bool whole_blocks(struct read_ahead *ahead)
{
    bool swapped = ahead->swapped;
    size_t at = 0;

    while (ahead->count - at >= BLOCK_LEAST) {
        uint32_t type = word(ahead, at, swapped), length;

        if (is_section(type)) swapped = word(ahead, at + 8, false) != SECTION_ORDER;
        length = word(ahead, at + 4, swapped);
        if (length < BLOCK_LEAST || length > ROOM - at || length % 4) return true;
        if (length > ahead->count - at) return false;
        at += length;
        if (!is_frame(type)) continue;
        ahead->swapped = swapped;
        return true;
    }
    return false;
}

static bool whole(struct read_ahead *ahead)
{
    if (ahead->blocks) return whole_blocks(ahead);
    return ahead->record == 0 || whole_record(ahead);
}

bool read_ahead_ready(struct read_ahead *ahead)
{
    while (!whole(ahead))
        if (!fill(ahead, false)) return ahead->ended || ahead->count == ROOM;
    return true;
}

/* ---- the stream ---- */

static void tell_format(struct read_ahead *ahead)
{
    static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};
    uint32_t magic;
    unsigned i;

    while (ahead->count < BEGINNING && fill(ahead, true)) {}
    if (ahead->count < BEGINNING) return;
    magic = word(ahead, 0, false);
    ahead->blocks = is_section(magic);
    ahead->swapped = word(ahead, 8, false) != SECTION_ORDER;
    for (i = 0; i < sizeof magics / sizeof *magics; i++) {
        if (magic != magics[i] && magic != __builtin_bswap32(magics[i])) continue;
        ahead->swapped = magic != magics[i];
        ahead->record = i == 2 ? RECORD_PATCHED : RECORD;
    }
}

static ssize_t take(void *cookie, char *to, size_t room)
{
    struct read_ahead *ahead = cookie;
    size_t n;

    while (ahead->count == 0 && fill(ahead, true)) {}
    if (ahead->count == 0 && ahead->error) {
        errno = ahead->error;
        return -1;
    }
    n = room < ahead->count ? room : ahead->count;
    memcpy(to, ahead->octets + ahead->first, n);
    ahead->first += n;
    ahead->count -= n;
    return (ssize_t)n;
}

static int end(void *cookie)
{
    struct read_ahead *ahead = cookie;

    close(ahead->descriptor);
    free(ahead);
    return 0;
}

FILE *read_ahead_open(struct read_ahead **out, int descriptor)
{
    struct read_ahead *ahead = calloc(1, sizeof *ahead);
    FILE *stream = ahead ? fopencookie(ahead, "r", (cookie_io_functions_t){.read = take, .close = end})
                         : NULL;

    if (!stream) {
        close(descriptor);
        free(ahead);
        return NULL;
    }
    setvbuf(stream, NULL, _IONBF, 0); /* what libpcap has not asked for is counted here */
    ahead->descriptor = descriptor;
    tell_format(ahead);
    *out = ahead;
    return stream;
}

int read_ahead_descriptor(const struct read_ahead *ahead) { return ahead->descriptor; }
