/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - the asking end of a control socket. What comes from the router is not trusted either. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

#define REPLY_MOST ((size_t)64 << 20)

struct client {
    int descriptor, timeout;
    bool broken; /* request and reply do not go together any more */
};

__attribute__((format(printf, 4, 5))) static int refuse(int err, char *why, size_t room, const char *format,
                                                        ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(why, room, format, list);
    va_end(list);
    return err;
}

static int64_t milliseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- connecting ---- */

static const char *connect_advice(int err)
{
    switch (err) {
    case ENOENT:
    case ECONNREFUSED: return "no router runs there";
    case EACCES: return "the socket's mode does not let you in";
    case EPROTOTYPE: return "that is no control socket";
    default: return strerror(err);
    }
}

int client_open(struct client **out, const char *path, int timeout, char *why, size_t room)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = timeout / 1000, .tv_usec = timeout % 1000 * 1000};
    struct client *client;
    int err;

    if (!*path || strlen(path) >= sizeof address.sun_path)
        return refuse(-ENAMETOOLONG, why, room, "\"%.60s\": a socket's path has 1 to %zu octets", path,
                      sizeof address.sun_path - 1);
    client = malloc(sizeof *client);
    if (!client) return refuse(-ENOMEM, why, room, "out of memory");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    *client = (struct client){.timeout = timeout};
    client->descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (client->descriptor >= 0 &&
        setsockopt(client->descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
        connect(client->descriptor, (const struct sockaddr *)&address, sizeof address) == 0) {
        *out = client;
        return 0;
    }
    err = errno;
    client_close(client);
    return refuse(-err, why, room, "%s: %s", path, connect_advice(err));
}

void client_close(struct client *client)
{
    if (client->descriptor >= 0) close(client->descriptor);
    free(client);
}

/* ---- asking ---- */

/* In packets; the timeout is the socket's. */
static int send_all(struct client *client, const char *text, size_t length)
{
    while (length > 0) {
        size_t wanted = length < CONTROL_PACKET ? length : CONTROL_PACKET;
        ssize_t n = send(client->descriptor, text, wanted, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN ? -ETIMEDOUT : -errno;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

static int wait_readable(const struct client *client, int64_t deadline)
{
    struct pollfd descriptor = {.fd = client->descriptor, .events = POLLIN};
    int n;

    do {
        int64_t left = deadline - milliseconds();

        n = poll(&descriptor, 1, left > 0 ? (int)left : 0);
    } while (n < 0 && errno == EINTR);
    return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

/* The next packet. A router that turned us away may have closed before it read what we
 * sent: the system says so once, and gives its last words when asked again. */
static ssize_t next_packet(struct client *client, char *to, size_t room, int64_t deadline)
{
    bool again = true;

    for (;;) {
        int err = wait_readable(client, deadline);
        ssize_t n = err ? err : recv(client->descriptor, to, room, MSG_DONTWAIT);

        if (err || n > 0) return n;
        if (n == 0) return -ECONNRESET;
        if (errno == EINTR || errno == EAGAIN) continue;
        if (errno != ECONNRESET || !again) return -errno;
        again = false;
    }
}

/* Packets up to one that ends in a newline: *text, malloc'd. */
static int receive_all(struct client *client, char **text, size_t *length)
{
    int64_t deadline = milliseconds() + client->timeout;

    *text = NULL;
    *length = 0;
    for (;;) {
        char *more = realloc(*text, *length + CONTROL_PACKET);
        ssize_t n;

        if (!more) return -ENOMEM;
        *text = more;
        n = next_packet(client, more + *length, CONTROL_PACKET, deadline);
        if (n < 0) return (int)n;
        *length += (size_t)n;
        if (more[*length - 1] == '\n') return 0;
        if (*length > REPLY_MOST) return -EFBIG;
    }
}

static bool is_reply(const json_t *reply)
{
    return json_is_object(reply) && json_integer_value(json_object_get(reply, "v")) == 1 &&
           json_is_boolean(json_object_get(reply, "ok")) && json_is_integer(json_object_get(reply, "code"));
}

static int exchange(struct client *client, const char *request, size_t length, json_t **reply)
{
    char *text = NULL;
    size_t got;
    int sent = send_all(client, request, length), err = receive_all(client, &text, &got);

    if (!err) {
        *reply = json_loadb(text, got, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        if (!is_reply(*reply)) err = -EPROTO;
    } else if (sent) {
        err = sent;
    }
    free(text);
    return err;
}

static const char *exchange_advice(int err)
{
    switch (err) {
    case -ETIMEDOUT: return "no answer in time";
    case -EPROTO: return "what came back is no reply of version 1";
    case -ECONNRESET:
    case -EPIPE: return "the router closed the connection";
    default: return strerror(-err);
    }
}

int client_call(struct client *client, const char *verb, json_t *arguments, json_t **reply, char *why,
                size_t room)
{
    json_t *request = json_pack("{s:i, s:s, s:O*}", "v", 1, "verb", verb, "arguments", arguments);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    size_t length = text ? strlen(text) : 0;
    int err = -ENOMEM;

    *reply = NULL;
    json_decref(request);
    if (client->broken) err = -EPIPE;
    else if (text) {
        text[length] = '\n'; /* the line's end instead of the string's */
        err = exchange(client, text, length + 1, reply);
    }
    free(text);
    if (!err) return 0;
    client->broken = true;
    json_decref(*reply);
    *reply = NULL;
    return refuse(err, why, room, "%s", exchange_advice(err));
}
