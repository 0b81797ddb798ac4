/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_pcap_file.c - a port whose wire is a capture: replays one, records another.
 *
 * Time is the capture's: port->time counts nanoseconds from its first frame, and a
 * recorded frame carries the time of the frame that it was received in; copies and
 * packets made here carry the newest time. So a replay gives the same octets always.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "port.h"

#include <assert.h>

enum {
    FRAME_MOST = 65535 + 22, /* an IP datagram, Ethernet and two VLAN tags */
    BUFFER_ROOM = PORT_HEADROOM + FRAME_MOST + 7,
    BUFFERS = 256,
    MTU = 1500,
    MTU_LEAST = 68,
    MTU_MOST = 65535,
};

struct slot {
    struct vvm_packet packet; /* first: a packet's owner is its slot */
    struct timeval time;
};

struct pcap_file {
    struct vvm_pool pool; /* first: the pool's ops get a pointer to it */
    struct port *port;
    pcap_t *input, *output_kind;
    pcap_dumper_t *output;
    uint32_t mtu, buffers, out; /* out: buffers that are not in the free list */
    uint8_t *memory;
    struct slot *slots;
    struct vvm_packet *free;
    bool begun, broken;
    uint64_t first; /* nanoseconds */
    struct timeval newest;
    struct port_stats stats;
};

/* ---- the pool ---- */

static struct vvm_packet *pool_alloc(struct vvm_pool *pool)
{
    struct pcap_file *file = (struct pcap_file *)pool;
    struct vvm_packet *packet = file->free;
    struct slot *slot;

    if (!packet) return NULL;
    file->free = packet->next;
    file->out++;
    slot = packet->owner;
    slot->time = file->newest;
    *packet = (struct vvm_packet){.pool = pool,
                                  .base = packet->base,
                                  .capacity = BUFFER_ROOM,
                                  .head = PORT_HEADROOM,
                                  .ingress = UINT16_MAX,
                                  .owner = slot};
    return packet;
}

static void pool_free(struct vvm_pool *pool, struct vvm_packet *packet)
{
    struct pcap_file *file = (struct pcap_file *)pool;

    assert(packet->pool == pool && file->out > 0);
    packet->next = file->free;
    file->free = packet;
    file->out--;
}

static int pool_open(struct pcap_file *file, uint32_t buffers)
{
    uint32_t i;

    file->slots = calloc(buffers, sizeof *file->slots);
    file->memory = malloc((size_t)buffers * BUFFER_ROOM);
    if (!file->slots || !file->memory) return -ENOMEM;
    for (i = 0; i < buffers; i++) {
        struct vvm_packet *packet = &file->slots[i].packet;

        packet->pool = &file->pool;
        packet->base = file->memory + (size_t)i * BUFFER_ROOM;
        packet->owner = &file->slots[i];
        packet->next = file->free;
        file->free = packet;
    }
    file->buffers = buffers;
    file->pool = (struct vvm_pool){pool_alloc, pool_free, PORT_HEADROOM, BUFFER_ROOM};
    return 0;
}

/* ---- open and close ---- */

static int open_input(struct port *port, struct pcap_file *file, const char *path)
{
    char reason[PCAP_ERRBUF_SIZE];
    int kind;

    file->input = pcap_open_offline(path, reason);
    if (!file->input) {
        snprintf(port->why, sizeof port->why, "cannot be replayed: %.200s: give a pcap file", reason);
        return -EIO;
    }
    kind = pcap_datalink(file->input);
    if (kind == DLT_EN10MB) return 0;
    snprintf(
        port->why, sizeof port->why,
        "the capture's link type is %.40s (%d), not Ethernet: capture on an Ethernet interface, not \"any\"",
        pcap_datalink_val_to_name(kind) ? pcap_datalink_val_to_name(kind) : "unknown", kind);
    return -EPROTONOSUPPORT;
}

/* Is the record to be the very file that is replayed? To begin it would empty it. */
static bool same_file(struct pcap_file *file, const char *path)
{
    FILE *input = file->input ? pcap_file(file->input) : NULL;
    struct stat read, written;

    return input && !fstat(fileno(input), &read) && S_ISREG(read.st_mode) && !stat(path, &written) &&
           read.st_dev == written.st_dev && read.st_ino == written.st_ino;
}

static int open_output(struct port *port, struct pcap_file *file, const char *path)
{
    if (same_file(file, path)) {
        snprintf(port->why, sizeof port->why, "it cannot be replayed and recorded over: record another file");
        return -EINVAL;
    }
    file->output_kind = pcap_open_dead(DLT_EN10MB, FRAME_MOST);
    if (!file->output_kind) {
        snprintf(port->why, sizeof port->why, "out of memory");
        return -ENOMEM;
    }
    file->output = pcap_dump_open(file->output_kind, path);
    if (file->output) return 0;
    snprintf(port->why, sizeof port->why, "cannot be recorded: %.200s: check the folder and its rights",
             pcap_geterr(file->output_kind));
    return -EIO;
}

static void release(struct port *port)
{
    struct pcap_file *file = port->state;

    if (file->output) pcap_dump_close(file->output);
    if (file->output_kind) pcap_close(file->output_kind);
    if (file->input) pcap_close(file->input);
    free(file->memory);
    free(file->slots);
    free(file);
    port->state = NULL;
    port->pool = NULL;
}

static int pcap_file_open(struct port *port, const struct port_options *options)
{
    struct pcap_file *file = calloc(1, sizeof *file);
    int err = -ENOMEM;

    snprintf(port->why, sizeof port->why, "out of memory");
    snprintf(port->name, sizeof port->name, "%s", options->name ? options->name : "pcap-file");
    if (!file) return err;
    port->state = file;
    file->port = port;
    file->mtu = options->mtu ? options->mtu : MTU;
    if (file->mtu < MTU_LEAST || file->mtu > MTU_MOST) {
        snprintf(port->why, sizeof port->why, "MTU %u: give %d to %d", file->mtu, MTU_LEAST, MTU_MOST);
        err = -ERANGE;
        goto out;
    }
    err = pool_open(file, options->buffers ? options->buffers : BUFFERS);
    if (!err && options->read_path) err = open_input(port, file, options->read_path);
    if (!err && options->write_path) err = open_output(port, file, options->write_path);
    port->pool = &file->pool;
out:
    if (err) release(port);
    else port->why[0] = '\0';
    return err;
}

static int pcap_file_close(struct port *port)
{
    struct pcap_file *file = port->state;
    int err = 0;

    assert(file->out == 0);
    if (file->output && (pcap_dump_flush(file->output) || ferror(pcap_dump_file(file->output)))) {
        snprintf(port->why, sizeof port->why, "the recorded capture is not whole: %s: make room on the disk",
                 strerror(errno));
        err = -EIO;
    }
    release(port);
    return err;
}

/* ---- frames ---- */

/* Any time that a capture may claim, as nanoseconds that cannot overflow. */
static uint64_t nanoseconds(const struct timeval *time)
{
    uint64_t seconds = time->tv_sec < 0 ? 0 : (uint64_t)time->tv_sec;
    uint64_t fraction = time->tv_usec < 0 ? 0 : (uint64_t)time->tv_usec;

    if (seconds > UINT32_MAX) seconds = UINT32_MAX;
    if (fraction > 999999) fraction = 999999;
    return seconds * 1000000000 + fraction * 1000;
}

/* The capture's clock never goes back, whatever its frames say. */
static void advance_time(struct pcap_file *file, const struct timeval *time)
{
    uint64_t now = nanoseconds(time);

    if (!file->begun) file->first = now;
    file->begun = true;
    if (now < file->first || now - file->first < file->port->time) return;
    file->newest = *time;
    file->port->time = now - file->first;
}

/* A frame as a packet; NULL when it had to be given up. */
static struct vvm_packet *receive(struct pcap_file *file, const struct pcap_pkthdr *header,
                                  const uint8_t *octets)
{
    struct vvm_packet *packet;

    file->stats.rx_frames++;
    file->stats.rx_octets += header->len;
    advance_time(file, &header->ts);
    if (header->caplen != header->len) {
        file->stats.lost[LOSS_TRUNCATED]++;
        return NULL;
    }
    if (header->caplen > FRAME_MOST) {
        file->stats.lost[LOSS_TOO_LONG]++;
        return NULL;
    }
    packet = pool_alloc(&file->pool);
    if (!packet) {
        file->stats.lost[LOSS_NO_BUFFER]++;
        return NULL;
    }
    ((struct slot *)packet->owner)->time = header->ts;
    memcpy(packet->base + packet->head, octets, header->caplen);
    packet->length = header->caplen;
    packet->payload_end = packet->head + packet->length;
    packet->ingress = file->port->device;
    return packet;
}

/* Reads at most PORT_BURST frames, so that a run of losses ends a burst too. */
static int pcap_file_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct pcap_file *file = port->state;
    unsigned n = 0, read;

    if (!file->input) return -ENODATA;
    for (read = 0; read < PORT_BURST && n < room && !file->broken; read++) {
        struct pcap_pkthdr *header;
        const uint8_t *octets;
        int got = pcap_next_ex(file->input, &header, &octets);

        if (got == PCAP_ERROR_BREAK) return read ? (int)n : -ENODATA;
        if (got != 1) {
            snprintf(port->why, sizeof port->why,
                     "the capture is damaged after frame %llu: %.150s: take it again",
                     (unsigned long long)file->stats.rx_frames, pcap_geterr(file->input));
            file->broken = true;
            break;
        }
        packets[n] = receive(file, header, octets);
        if (packets[n]) n++;
    }
    return n == 0 && file->broken ? -EIO : (int)n;
}

static int pcap_file_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct pcap_file *file = port->state;
    unsigned i;

    for (i = 0; i < n; i++) {
        struct vvm_packet *packet = packets[i];
        struct pcap_pkthdr header = {
            .ts = ((struct slot *)packet->owner)->time, .caplen = packet->length, .len = packet->length};

        assert(packet->pool == &file->pool);
        if (file->output) pcap_dump((u_char *)file->output, &header, packet->base + packet->head);
        file->stats.tx_frames++;
        file->stats.tx_octets += packet->length;
        pool_free(&file->pool, packet);
    }
    return (int)n;
}

/* ---- the rest ---- */

static int pcap_file_descriptor(struct port *port)
{
    (void)port;
    return -1;
}

static bool pcap_file_arm(struct port *port)
{
    (void)port;
    return false;
}

static uint32_t pcap_file_mtu(struct port *port) { return ((struct pcap_file *)port->state)->mtu; }

static bool pcap_file_link_up(struct port *port) { return port->state != NULL; }

static void pcap_file_stats(struct port *port, struct port_stats *stats)
{
    *stats = ((struct pcap_file *)port->state)->stats;
}

const struct port_ops port_pcap_file = {
    .kind = "pcap-file",
    .open = pcap_file_open,
    .close = pcap_file_close,
    .rx_burst = pcap_file_rx_burst,
    .tx_burst = pcap_file_tx_burst,
    .descriptor = pcap_file_descriptor,
    .arm = pcap_file_arm,
    .mtu = pcap_file_mtu,
    .link_up = pcap_file_link_up,
    .stats = pcap_file_stats,
};
