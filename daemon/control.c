/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.c - connections of the control socket: one epoll set, nothing blocks.
 *
 * A connection has at most one request and one reply at a time: while a reply is under
 * way nothing more is read from its peer. A peer that leaves either half done for
 * PATIENCE loses the connection. When all places are taken, one whose peer has gone is
 * free; else somebody who may write gets the place of the reader that has been silent
 * longest, and others are told to come again.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "control_parts.h"
#include "engine/load.h"

#define PATIENCE UINT64_C(10000000000) /* nanoseconds */
#define LATER    20000000              /* until a client is answered that had no answer yet */

enum { KEY_LISTENER = CONTROL_CLIENTS, KEY_TIMER, KEYS, ACCEPT_MOST = 2 * CONTROL_CLIENTS };

struct connection {
    int descriptor; /* -1: this place is free */
    enum role role;
    uint64_t heard;   /* when something last came */
    uint64_t waiting; /* since when the peer owes us something; 0: it does not */
    char *request;
    size_t length;
    char *reply;
    size_t reply_length, sent;
    bool last;  /* closed when the reply is out */
    bool later; /* its request has no answer yet: asked again at each tick */
};

struct control_server {
    struct control *control;
    struct control_listener listener;
    int epoll, timer;
    bool armed;  /* the timer is */
    bool soon;   /* and for a client that had no answer yet */
    bool paused; /* no descriptors left: nobody is let in until the timer says */
    struct connection connections[CONTROL_CLIENTS];
    char packet[CONTROL_PACKET];
};

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- one connection ---- */

static void connection_close(struct control_server *server, struct connection *c)
{
    if (c->later) trace_abandon(server->control, c);
    if (c->descriptor >= 0) close(c->descriptor); /* leaves the epoll set by itself */
    free(c->request);
    free(c->reply);
    *c = (struct connection){.descriptor = -1};
}

static void watch(struct control_server *server, struct connection *c, int operation)
{
    struct epoll_event event = {.events = c->reply ? EPOLLOUT : EPOLLIN,
                                .data.u32 = (uint32_t)(c - server->connections)};

    if (epoll_ctl(server->epoll, operation, c->descriptor, &event)) connection_close(server, c);
}

/* Send on what fits. All packets but the last are full. */
static void send_reply(struct control_server *server, struct connection *c)
{
    while (c->sent < c->reply_length) {
        size_t left = c->reply_length - c->sent;
        ssize_t n = send(c->descriptor, c->reply + c->sent, left < CONTROL_PACKET ? left : CONTROL_PACKET,
                         MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) return;
        if (n <= 0) {
            connection_close(server, c);
            return;
        }
        c->sent += (size_t)n;
        c->waiting = now();
    }
    if (c->last) {
        connection_close(server, c);
        return;
    }
    free(c->reply);
    c->reply = NULL;
    c->waiting = 0;
    watch(server, c, EPOLL_CTL_MOD);
}

/* Take over a reply and begin to send it; NULL: no memory for one. */
static void begin_reply(struct control_server *server, struct connection *c, char *reply, size_t length)
{
    free(c->request);
    c->request = NULL;
    c->length = 0;
    if (!reply) {
        connection_close(server, c);
        return;
    }
    c->reply = reply;
    c->reply_length = length;
    c->sent = 0;
    c->waiting = now();
    watch(server, c, EPOLL_CTL_MOD);
    if (c->descriptor >= 0) send_reply(server, c);
}

static void reject(struct control_server *server, struct connection *c, const char *what)
{
    char text[200];
    int n = snprintf(text, sizeof text, "{\"v\":1,\"ok\":false,\"code\":2,\"error\":\"%s\"}\n", what);
    char *reply = strdup(text);

    c->last = true;
    begin_reply(server, c, reply, (size_t)n);
}

static void answer(struct control_server *server, struct connection *c)
{
    size_t length;
    bool rubbish = false;
    char *reply;

    server->control->asking = c;
    reply = control_answer(server->control, c->role, c->request, c->length - 1, &length, &rubbish, &c->later);
    server->control->asking = NULL;
    if (c->later) {
        c->waiting = 0; /* it is we who owe */
        return;
    }
    c->last = rubbish;
    begin_reply(server, c, reply, length);
}

/* One packet of a request. */
static void take_packet(struct control_server *server, struct connection *c, size_t n)
{
    char *request;

    if (n > CONTROL_PACKET) {
        reject(server, c, "a packet of a request has at most 65536 octets: send it in several");
        return;
    }
    if (c->length + n > (c->role == ROLE_WRITE ? CONTROL_LOAD : CONTROL_REQUEST)) {
        reject(server, c, "a request has at most 1048576 octets, 6291456 from who may write");
        return;
    }
    request = realloc(c->request, c->length + n);
    if (!request) {
        connection_close(server, c);
        return;
    }
    c->request = request;
    memcpy(request + c->length, server->packet, n);
    if (c->length == 0) c->waiting = now(); /* a request in very many pieces takes no longer */
    c->length += n;
    if (request[c->length - 1] == '\n') answer(server, c);
}

static void receive(struct control_server *server, struct connection *c)
{
    ssize_t n = recv(c->descriptor, server->packet, sizeof server->packet, MSG_DONTWAIT | MSG_TRUNC);

    if (n > 0 && c->later) {
        connection_close(server, c); /* it does not wait for its answer */
    } else if (n > 0) {
        c->heard = now();
        take_packet(server, c, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        connection_close(server, c);
    }
}

static void serve_connection(struct control_server *server, struct connection *c)
{
    if (c->descriptor < 0) return; /* closed for another's sake in this round */
    if (c->reply) send_reply(server, c);
    else receive(server, c);
}

/* ---- letting in ---- */

static bool peer_role(int descriptor, enum role *role)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length)) return false;
    *role = peer.uid == 0 || peer.uid == geteuid() ? ROLE_WRITE : ROLE_READ;
    return true;
}

static struct connection *silent_reader(struct control_server *server)
{
    struct connection *oldest = NULL, *c;

    for (c = server->connections; c < server->connections + CONTROL_CLIENTS; c++)
        if (c->role == ROLE_READ && (!oldest || c->heard < oldest->heard)) oldest = c;
    return oldest;
}

/* One whose peer has gone: it will be told so later in this round. */
static struct connection *deserted(struct control_server *server)
{
    struct connection *c;

    for (c = server->connections; c < server->connections + CONTROL_CLIENTS; c++) {
        struct pollfd peer = {.fd = c->descriptor};

        if (poll(&peer, 1, 0) > 0 && peer.revents & (POLLHUP | POLLERR)) return c;
    }
    return NULL;
}

/* A free place, or one that is made free; NULL: none. */
static struct connection *find_place(struct control_server *server, enum role role)
{
    struct connection *c;

    for (c = server->connections; c < server->connections + CONTROL_CLIENTS; c++)
        if (c->descriptor < 0) return c;
    c = deserted(server);
    if (!c && role == ROLE_WRITE) c = silent_reader(server);
    if (c) connection_close(server, c);
    return c;
}

static void turn_away(int descriptor)
{
    static const char text[] = "{\"v\":1,\"ok\":false,\"code\":1,\"error\":"
                               "\"all 32 places for clients are taken: come again\"}\n";

    _Static_assert(CONTROL_CLIENTS == 32, "the text says so");
    send(descriptor, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(descriptor);
}

static void let_in(struct control_server *server, int descriptor)
{
    enum role role;
    struct connection *c;

    if (!peer_role(descriptor, &role)) {
        close(descriptor);
        return;
    }
    c = find_place(server, role);
    if (!c) {
        turn_away(descriptor);
        return;
    }
    *c = (struct connection){.descriptor = descriptor, .role = role, .heard = now()};
    watch(server, c, EPOLL_CTL_ADD);
}

static void watch_listener(struct control_server *server, bool on)
{
    struct epoll_event event = {.events = on ? EPOLLIN : 0, .data.u32 = KEY_LISTENER};

    server->paused = !on;
    epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener.descriptor, &event);
}

static void accept_some(struct control_server *server)
{
    int i;

    for (i = 0; i < ACCEPT_MOST; i++) {
        int descriptor = accept4(server->listener.descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (descriptor >= 0) let_in(server, descriptor);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            watch_listener(server, false);
        if (descriptor < 0 && errno != EINTR && errno != ECONNABORTED) return;
    }
}

/* ---- time ---- */

/* Ask again for those whom nothing could be said yet. */
static void answer_late(struct control_server *server)
{
    struct connection *c;

    for (c = server->connections; c < server->connections + CONTROL_CLIENTS; c++)
        if (c->descriptor >= 0 && c->later) answer(server, c);
}

/* The timer, unless it is set for as soon. */
static void set_timer(struct control_server *server, bool soon)
{
    struct itimerspec next = {.it_value.tv_sec = soon ? 0 : 1, .it_value.tv_nsec = soon ? LATER : 0};

    if (server->armed && (server->soon || !soon)) return;
    server->armed = timerfd_settime(server->timer, 0, &next, NULL) == 0;
    server->soon = soon;
}

/* Close what waits too long; look again in a second if anything waits, sooner if it is for us. */
static void check_patience(struct control_server *server)
{
    bool wanted = server->paused || server->control->waiting, soon = false;
    struct connection *c;

    for (c = server->connections; c < server->connections + CONTROL_CLIENTS; c++) {
        if (c->descriptor < 0) continue;
        soon |= c->later;
        if (c->waiting && now() - c->waiting > PATIENCE) connection_close(server, c);
        else wanted |= c->waiting != 0;
    }
    if (wanted || soon) set_timer(server, soon);
}

static void tick(struct control_server *server)
{
    uint64_t times;

    if (read(server->timer, &times, sizeof times) < 0) return;
    server->armed = false;
    if (server->paused) watch_listener(server, true);
    if (server->control->waiting) server->control->waiting = vmlets_reap(server->control->router->node);
    answer_late(server);
}

void control_serve(struct control_server *server)
{
    struct epoll_event events[KEYS];
    int count = epoll_wait(server->epoll, events, KEYS, 0), i;

    for (i = 0; i < count; i++) {
        uint32_t key = events[i].data.u32;

        if (key == KEY_LISTENER) accept_some(server);
        else if (key == KEY_TIMER) tick(server);
        else serve_connection(server, &server->connections[key]);
    }
    check_patience(server);
}

/* ---- open and close ---- */

static int add(struct control_server *server, int descriptor, uint32_t key)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = key};

    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event) ? -errno : 0;
}

static int open_set(struct control_server *server)
{
    int err;

    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll < 0) return -errno;
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (server->timer < 0) return -errno;
    err = add(server, server->timer, KEY_TIMER);
    return err ? err : add(server, server->listener.descriptor, KEY_LISTENER);
}

int control_open(struct control_server **out, struct control *control, const char *path, unsigned mode,
                 char *why, size_t room)
{
    struct control_server *server = calloc(1, sizeof *server);
    unsigned i;
    int err;

    if (!server) {
        snprintf(why, room, "control %s: out of memory", path);
        return -ENOMEM;
    }
    server->control = control;
    server->epoll = server->timer = -1;
    for (i = 0; i < CONTROL_CLIENTS; i++) server->connections[i].descriptor = -1;
    err = control_listen(&server->listener, path, mode, why, room);
    if (err) {
        free(server);
        return err;
    }
    err = open_set(server);
    if (err) {
        snprintf(why, room, "control %s: %s", path, strerror(-err));
        control_close(server);
        return err;
    }
    *out = server;
    return 0;
}

int control_descriptor(const struct control_server *server) { return server->epoll; }

void control_close(struct control_server *server)
{
    unsigned i;

    for (i = 0; i < CONTROL_CLIENTS; i++) connection_close(server, &server->connections[i]);
    control_unlisten(&server->listener);
    if (server->timer >= 0) close(server->timer);
    if (server->epoll >= 0) close(server->epoll);
    free(server);
}
