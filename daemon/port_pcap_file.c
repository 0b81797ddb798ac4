/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_pcap_file.c - a port whose wire is a capture: replays one, records another.
 *
 * As fast as frames are taken: port->time is the time of the newest frame since the
 * first, never goes back, and is what a replay's virtual clock follows.
 *
 * At original speed: a frame is due when the router's clock has moved on, since the
 * first frame was handed out, by what the capture's frames are apart. A gap counts as
 * GAP_MOST at most. A frame whose time lies before that of the newest is due with it;
 * if it lies more than a second before, the clock of the capture was set back, and the
 * following frames are paced from there. So a replay never sleeps longer than a gap
 * that is really in the capture.
 *
 * Recorded times. In virtual time a frame carries the time of the frame that it was
 * received in; packets made here, and those that waited somewhere, carry the time at
 * which they leave; all by the clock of the capture that the port replays, or by the
 * router's if it replays none. So a replay gives the same octets always. A live
 * router's record carries the time of day at which frames leave.
 *
 * A file that is recorded is locked, and one that is replayed too, together with others
 * who replay it: nobody begins a record over either of them, in this process or another.
 * What is recorded can be read as soon as the port has been idle for one round, and
 * while it is busy FLUSH_TIME later at most. A capture that comes by a pipe comes frame by
 * frame, as they are there (read_ahead.h); only its beginning is waited for, in open.
 */
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "port.h"
#include "read_ahead.h"

#include <assert.h>

enum {
    FRAME_MOST = 65535 + 22, /* an IP datagram, Ethernet and two VLAN tags */
    BUFFER_ROOM = PORT_HEADROOM + FRAME_MOST + 7,
    BUFFERS = 256,
    BUFFERS_MOST = 1 << 18,
    MTU = 1500,
    MTU_LEAST = 68,
    MTU_MOST = 65535,
    RECORD_ROOM = 65536, /* octets of the record that wait for one write */
};
#define SECOND     UINT64_C(1000000000)
#define GAP_MOST   (3600 * SECOND)
#define FLUSH_TIME (SECOND / 4)
#define PIPE_LOOK  (SECOND / 200) /* between two looks at a pipe whose frames are paced */

struct pcap_file {
    struct port *port;
    struct buffer_pool *pool;
    uint32_t mtu;
    uint64_t (*clock)(void *); /* NULL: virtual time with this port alone */
    void *clock_data;
    bool system_clock, original_speed;
    /* the capture */
    pcap_t *input;
    struct read_ahead *ahead; /* it comes by a pipe; NULL: from a file. Freed with input */
    bool begun, ended, broken;
    bool waiting; /* header and octets are a frame that was read and has yet to be handed out */
    struct pcap_pkthdr *header;
    const uint8_t *octets;
    uint64_t first;  /* time of its first frame, nanoseconds since 1970 */
    uint64_t base;   /* the router's clock that stands for it, as fast as frames are taken */
    uint64_t due;    /* original speed: when the newest frame is, by the router's clock */
    uint64_t paced;  /* original speed: the capture's time that `due` stands for */
    uint64_t oldest; /* packet->time in the last burst: the smallest */
    /* the record */
    pcap_t *output_kind;
    pcap_dumper_t *output;
    char *record;       /* its buffer */
    bool fresh, unread; /* recorded since the last poll; since the last flush */
    uint64_t flushed;   /* when; by the router's clock */
    int record_error;   /* errno */
    struct port_stats stats;
};

static uint64_t now(const struct pcap_file *file)
{
    return file->clock ? file->clock(file->clock_data) : file->base + file->port->time;
}

/* ---- open and close ---- */

/* The stream of a pipe or socket; NULL: it is none, or libpcap shall say what is wrong. */
static FILE *open_pipe(struct pcap_file *file, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat status;
    int descriptor;

    if (standard ? fstat(STDIN_FILENO, &status) : stat(path, &status)) return NULL;
    if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) return NULL;
    descriptor = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    return descriptor < 0 ? NULL : read_ahead_open(&file->ahead, descriptor);
}

static void open_capture(struct pcap_file *file, const char *path, char *reason)
{
    FILE *stream = open_pipe(file, path);

    if (!stream) {
        file->input = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, reason);
        return;
    }
    file->input = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (!file->input) fclose(stream);
}

/* True: an ordinary file that somebody else records or replays. What cannot be locked is
 * nobody's, and whoever replays a file that is being recorded may do so. */
static bool is_taken(int descriptor, int operation)
{
    struct stat status;

    return !fstat(descriptor, &status) && S_ISREG(status.st_mode) && flock(descriptor, operation | LOCK_NB) &&
           errno == EWOULDBLOCK;
}

static int open_input(struct port *port, struct pcap_file *file, const char *path)
{
    char reason[PCAP_ERRBUF_SIZE];
    int kind;

    open_capture(file, path, reason);
    if (!file->input) {
        snprintf(port->why, sizeof port->why, "cannot be replayed: %.200s: give a pcap file", reason);
        return -EIO;
    }
    if (pcap_file(file->input)) is_taken(fileno(pcap_file(file->input)), LOCK_SH); /* as long as it is open */
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

/* The record's file, emptied once it is ours. NULL with errno. */
static FILE *open_record(const char *path)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    struct stat status;
    FILE *to;
    int err = 0;

    if (descriptor < 0) return NULL;
    if (is_taken(descriptor, LOCK_EX)) err = EWOULDBLOCK;
    else if (fstat(descriptor, &status) || (S_ISREG(status.st_mode) && ftruncate(descriptor, 0))) err = errno;
    to = err ? NULL : fdopen(descriptor, "wb");
    if (to) return to;
    if (!err) err = errno;
    close(descriptor);
    errno = err;
    return NULL;
}

/* The record's file, with a buffer of ours, so that a write holds many frames. */
static pcap_dumper_t *begin_record(struct pcap_file *file, const char *path)
{
    FILE *to = strcmp(path, "-") == 0 ? stdout : open_record(path);
    pcap_dumper_t *output;

    if (!to) return NULL;
    if (to != stdout) setvbuf(to, file->record, _IOFBF, RECORD_ROOM);
    output = pcap_dump_fopen(file->output_kind, to);
    if (!output && to != stdout) fclose(to);
    return output;
}

/* A pipe that nobody reads would hold up a live router, its stop included; a replay waits. */
static bool waits_for_reader(const struct pcap_file *file, const char *path)
{
    struct stat s;
    bool known = strcmp(path, "-") == 0 ? !fstat(STDOUT_FILENO, &s) : !stat(path, &s);

    return file->system_clock && known && (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode));
}

static int open_output(struct port *port, struct pcap_file *file, const char *path)
{
    if (waits_for_reader(file, path)) {
        snprintf(port->why, sizeof port->why,
                 "%.150s is a pipe, and a router does not wait for its reader: record a file", path);
        return -EINVAL;
    }
    if (same_file(file, path)) {
        snprintf(port->why, sizeof port->why, "it cannot be replayed and recorded over: record another file");
        return -EINVAL;
    }
    file->output_kind = pcap_open_dead(DLT_EN10MB, FRAME_MOST);
    file->record = malloc(RECORD_ROOM);
    if (!file->output_kind || !file->record) {
        snprintf(port->why, sizeof port->why, "out of memory");
        return -ENOMEM;
    }
    errno = 0;
    file->output = begin_record(file, path);
    if (file->output) return 0;
    if (errno == EWOULDBLOCK) {
        snprintf(port->why, sizeof port->why,
                 "%.150s is being recorded or replayed by another port or process: record another file",
                 path);
        return -EBUSY;
    }
    snprintf(port->why, sizeof port->why, "cannot be recorded: %.150s: %s: check the folder and its rights",
             path, strerror(errno));
    return -EIO;
}

static void release(struct port *port)
{
    struct pcap_file *file = port->state;

    if (file->output) pcap_dump_close(file->output);
    free(file->record);
    if (file->output_kind) pcap_close(file->output_kind);
    if (file->input) pcap_close(file->input);
    buffer_pool_close(file->pool);
    free(file);
    port->state = NULL;
    port->pool = NULL;
}

static int check_options(struct port *port, const struct port_options *options)
{
    if (options->mtu && (options->mtu < MTU_LEAST || options->mtu > MTU_MOST)) {
        snprintf(port->why, sizeof port->why, "MTU %u: give %d to %d", options->mtu, MTU_LEAST, MTU_MOST);
        return -ERANGE;
    }
    if (options->buffers > BUFFERS_MOST) {
        snprintf(port->why, sizeof port->why, "%u buffers: give at most %d", options->buffers, BUFFERS_MOST);
        return -ERANGE;
    }
    assert(options->clock || !(options->original_speed || options->system_clock));
    return 0;
}

static struct pcap_file *make_state(struct port *port, const struct port_options *options)
{
    struct pcap_file *file = calloc(1, sizeof *file);

    if (!file) return NULL;
    *file = (struct pcap_file){.port = port,
                               .mtu = options->mtu ? options->mtu : MTU,
                               .clock = options->clock,
                               .clock_data = options->clock_data,
                               .system_clock = options->system_clock,
                               .original_speed = options->original_speed,
                               .base = SECOND, /* as a virtual clock begins: 0 is no time */
                               .oldest = UINT64_MAX};
    if (options->clock) file->base = options->clock(options->clock_data);
    return file;
}

static int open_all(struct port *port, struct pcap_file *file, const struct port_options *options)
{
    uint32_t buffers = options->buffers ? options->buffers : BUFFERS;
    int err = buffer_pool_open(&file->pool, buffers, BUFFER_ROOM, PORT_HEADROOM);

    if (err) snprintf(port->why, sizeof port->why, "no memory for %u buffers: give fewer", buffers);
    if (!err && options->read_path) err = open_input(port, file, options->read_path);
    if (!err && options->write_path) err = open_output(port, file, options->write_path);
    return err;
}

static int pcap_file_open(struct port *port, const struct port_options *options)
{
    struct pcap_file *file;
    int err;

    snprintf(port->name, sizeof port->name, "%s", options->name ? options->name : "pcap-file");
    port->link = PORT_ETHERNET;
    err = check_options(port, options);
    if (err) return err;
    snprintf(port->why, sizeof port->why, "out of memory");
    port->state = file = make_state(port, options);
    if (!file) return -ENOMEM;
    err = open_all(port, file, options);
    if (err) {
        release(port);
        return err;
    }
    port->pool = buffer_pool_ops(file->pool);
    port->why[0] = '\0';
    return 0;
}

/* ---- times ---- */

/* Any time that a capture may claim, as nanoseconds that cannot overflow. */
static uint64_t capture_time(const struct pcap_pkthdr *header)
{
    uint64_t seconds = header->ts.tv_sec < 0 ? 0 : (uint64_t)header->ts.tv_sec;
    uint64_t fraction = header->ts.tv_usec < 0 ? 0 : (uint64_t)header->ts.tv_usec; /* nanoseconds */

    if (seconds > UINT32_MAX) seconds = UINT32_MAX;
    if (fraction >= SECOND) fraction = SECOND - 1;
    return seconds * SECOND + fraction;
}

/* When the frame that was read is to be handed out, by the router's clock. */
static void pace(struct pcap_file *file, uint64_t time, uint64_t clock)
{
    if (!file->begun) {
        file->due = clock;
        file->paced = time;
    } else if (time >= file->paced) {
        file->due += time - file->paced < GAP_MOST ? time - file->paced : GAP_MOST;
        file->paced = time;
    } else if (file->paced - time > SECOND) {
        file->paced = time;
    }
}

static void note_frame(struct pcap_file *file, uint64_t clock)
{
    uint64_t time = capture_time(file->header);

    if (file->original_speed) pace(file, time, clock);
    if (!file->begun) file->first = time;
    file->begun = true;
    file->waiting = true;
}

/* Move the port's own clock to the frame that is handed out. Its packet's time. */
static uint64_t arrive(struct pcap_file *file, uint64_t clock)
{
    uint64_t time = capture_time(file->header), offset = time > file->first ? time - file->first : 0;

    if (file->original_speed) offset = file->due - file->base;
    if (offset > file->port->time) file->port->time = offset;
    return file->system_clock && !file->original_speed ? clock : file->base + offset;
}

/* ---- frames in ---- */

/* A frame as a packet; NULL when it had to be given up. */
static struct vvm_packet *receive(struct pcap_file *file, uint64_t clock)
{
    const struct pcap_pkthdr *header = file->header;
    uint64_t time = arrive(file, clock);
    struct vvm_packet *packet;

    file->waiting = false;
    file->stats.rx_frames++;
    file->stats.rx_octets += header->len;
    if (header->caplen != header->len) {
        file->stats.lost[LOSS_TRUNCATED]++;
        return NULL;
    }
    if (header->caplen > FRAME_MOST) {
        file->stats.lost[LOSS_TOO_LONG]++;
        return NULL;
    }
    packet = file->port->pool->alloc(file->port->pool);
    if (!packet) {
        file->stats.lost[LOSS_NO_BUFFER]++;
        return NULL;
    }
    memcpy(packet->base + packet->head, file->octets, header->caplen);
    packet->length = header->caplen;
    packet->payload_end = packet->head + packet->length;
    packet->ingress = file->port->device;
    packet->time = time;
    if (time < file->oldest) file->oldest = time;
    return packet;
}

/* Have a frame of the capture at hand. False: none is there now, it has ended or is damaged. */
static bool next_frame(struct port *port, struct pcap_file *file, uint64_t clock)
{
    int got;

    if (file->waiting) return true;
    if (file->ahead && !read_ahead_ready(file->ahead)) return false;
    got = pcap_next_ex(file->input, &file->header, &file->octets);
    if (got == 1) {
        note_frame(file, clock);
        return true;
    }
    if (got == PCAP_ERROR_BREAK) {
        file->ended = true;
        return false;
    }
    snprintf(port->why, sizeof port->why, "the capture is damaged after frame %llu: %.150s: take it again",
             (unsigned long long)file->stats.rx_frames, pcap_geterr(file->input));
    file->broken = true;
    return false;
}

/* Reads at most PORT_BURST frames, so that a run of losses ends a burst too. */
static int pcap_file_rx_burst(struct port *port, struct vvm_packet **packets, unsigned room)
{
    struct pcap_file *file = port->state;
    uint64_t clock;
    unsigned n = 0, read;

    if (!file->input || file->ended) return -ENODATA;
    if (file->broken) return -EIO;
    clock = now(file);
    file->oldest = UINT64_MAX;
    for (read = 0; read < PORT_BURST && n < room && next_frame(port, file, clock); read++) {
        if (file->original_speed && file->due > clock) return (int)n;
        packets[n] = receive(file, clock);
        if (packets[n]) n++;
    }
    if (n == 0 && file->broken) return -EIO;
    return read == 0 && file->ended ? -ENODATA : (int)n;
}

/* ---- frames out ---- */

/* When a packet that leaves now does so, in the capture's time. A packet that came in
 * the last burst leaves as it came, unless the clock has moved past all of that burst. */
static uint64_t virtual_stamp(const struct pcap_file *file, const struct vvm_packet *packet, uint64_t clock)
{
    bool at_once = packet->time >= file->oldest && clock <= file->base + file->port->time;
    uint64_t time = at_once ? packet->time : clock;

    if (!file->begun) return time;
    return file->first + (time > file->base ? time - file->base : 0);
}

static uint64_t time_of_day(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void record(struct pcap_file *file, const struct vvm_packet *packet, uint64_t stamp)
{
    struct pcap_pkthdr header = {.ts = {(time_t)(stamp / SECOND), (suseconds_t)(stamp % SECOND / 1000)},
                                 .caplen = packet->length,
                                 .len = packet->length};

    pcap_dump((u_char *)file->output, &header, packet->base + packet->head);
}

static int pcap_file_tx_burst(struct port *port, struct vvm_packet **packets, unsigned n)
{
    struct pcap_file *file = port->state;
    uint64_t clock = 0;
    unsigned i;

    if (file->output && n) clock = file->system_clock ? time_of_day() : now(file);
    for (i = 0; i < n; i++) {
        struct vvm_packet *packet = packets[i];

        assert(packet->pool == port->pool);
        if (file->output)
            record(file, packet, file->system_clock ? clock : virtual_stamp(file, packet, clock));
        file->stats.tx_frames++;
        file->stats.tx_octets += packet->length;
        port->pool->free(port->pool, packet);
    }
    file->fresh |= file->output && n > 0;
    return (int)n;
}

static int flush_record(struct port *port, struct pcap_file *file)
{
    if (!file->output) return 0;
    errno = 0;
    if (!file->record_error && (pcap_dump_flush(file->output) || ferror(pcap_dump_file(file->output))))
        file->record_error = errno ? errno : EIO;
    file->unread = false;
    if (!file->record_error) return 0;
    snprintf(port->why, sizeof port->why, "the recorded capture is not whole: %s: make room on the disk",
             strerror(file->record_error));
    return -EIO;
}

/* Flush when a round brought nothing to record, or what was recorded has waited long. */
static int pcap_file_poll(struct port *port)
{
    struct pcap_file *file = port->state;
    bool idle = !file->fresh;
    uint64_t clock;

    if (idle && !file->unread) return 0;
    file->fresh = false;
    clock = now(file);
    if (!file->unread) file->flushed = clock;
    file->unread = true;
    return idle || clock - file->flushed >= FLUSH_TIME ? flush_record(port, file) : 0;
}

static int pcap_file_close(struct port *port)
{
    int err = flush_record(port, port->state);

    release(port);
    return err;
}

/* ---- the rest ---- */

static uint64_t pcap_file_deadline(struct port *port)
{
    const struct pcap_file *file = port->state;

    if (file->fresh || file->unread) return now(file); /* poll has to flush before anybody sleeps */
    if (!file->original_speed || !file->input || file->ended || file->broken) return PORT_NEVER;
    return file->waiting ? file->due : now(file) + (file->ahead ? PIPE_LOOK : 0);
}

/* That of a paced pipe is readable long before its frames are due: deadline says when. */
static int pcap_file_descriptor(struct port *port)
{
    const struct pcap_file *file = port->state;

    return file->ahead && !file->original_speed ? read_ahead_descriptor(file->ahead) : -1;
}

static bool pcap_file_arm(struct port *port)
{
    const struct pcap_file *file = port->state;

    if (!file->input || file->ended) return true;
    if (file->ahead && !file->waiting) return !read_ahead_ready(file->ahead);
    return file->original_speed && file->waiting && file->due > now(file);
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
    .poll = pcap_file_poll,
    .deadline = pcap_file_deadline,
    .descriptor = pcap_file_descriptor,
    .arm = pcap_file_arm,
    .mtu = pcap_file_mtu,
    .link_up = pcap_file_link_up,
    .stats = pcap_file_stats,
};
