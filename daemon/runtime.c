/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.c - the worker thread, how it sleeps, and how the control thread meets it.
 *
 * While it has work, the thread looks at one word, `attention`, once a round, and takes
 * no lock. Somebody who wants a boundary takes the lock, draws the next number of
 * `asked` and waits until the thread has stood still for that number; the thread goes on
 * when `done` has come as far. So between two boundaries there is always a round, however
 * fast they follow each other. While the thread sleeps it has let go of everything, and a
 * boundary needs only the lock, which the thread takes before it touches anything again:
 * asking for statistics wakes nobody.
 */
#include "runtime.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SECOND      UINT64_C(1000000000)
#define TIMER_SLACK 1000UL          /* nanoseconds that a wake-up may be late by the system's choice */
#define SLEEP_MOST  (3600 * SECOND) /* at one time */

struct member {
    struct router *router;
    struct worker worker;
    bool open, ended;
    bool watched[ROUTER_PORTS]; /* its descriptor is in the set */
};

struct runtime {
    struct member *members;
    unsigned member_count;
    int epoll, wake, notice; /* wake: stop sleeping; notice: runtime_descriptor */
    pthread_t thread;
    bool started;             /* control thread only */
    unsigned attention;       /* atomic: a boundary or a stop is wanted */
    bool sleeping;            /* atomic; set under the lock, cleared before it is taken */
    pthread_mutex_t lock;     /* of what follows */
    pthread_cond_t met, gone; /* the thread stands still; it may go on */
    uint64_t asked, granted, done;
    bool stop, over; /* over: the thread touches nothing any more */
    int state;       /* runtime_state */
    const struct router *broken_router;
    const struct port *broken_port;
};

/* ---- meeting ---- */

/* The lock is held: the thread stands still for whoever has asked, but not for who asks
 * again meanwhile: first there is a round. */
static void stand_still(struct runtime *runtime)
{
    uint64_t number = runtime->asked;

    if (runtime->done != number) {
        runtime->granted = number;
        pthread_cond_signal(&runtime->met);
        while (runtime->done != number) pthread_cond_wait(&runtime->gone, &runtime->lock);
    }
    if (runtime->asked == number) __atomic_store_n(&runtime->attention, 0, __ATOMIC_RELAXED);
}

/* Somebody wants something. False: to stop. */
static bool attend(struct runtime *runtime)
{
    bool stop;

    pthread_mutex_lock(&runtime->lock);
    stand_still(runtime);
    stop = runtime->stop;
    pthread_mutex_unlock(&runtime->lock);
    return !stop;
}

/* The lock is held. */
static void wait_for_meeting(struct runtime *runtime)
{
    uint64_t number = ++runtime->asked;

    __atomic_store_n(&runtime->attention, 1, __ATOMIC_RELEASE);
    while (runtime->granted != number && !runtime->over) /* it does not fall asleep meanwhile: see rest() */
        pthread_cond_wait(&runtime->met, &runtime->lock);
}

void runtime_boundary(struct runtime *runtime, void (*fn)(void *data), void *data)
{
    if (!runtime->started) {
        fn(data);
        return;
    }
    pthread_mutex_lock(&runtime->lock);
    if (!runtime->over && !__atomic_load_n(&runtime->sleeping, __ATOMIC_ACQUIRE)) wait_for_meeting(runtime);
    fn(data);
    runtime->done = runtime->asked; /* nobody else asks */
    pthread_cond_signal(&runtime->gone);
    pthread_mutex_unlock(&runtime->lock);
}

/* ---- sleeping ---- */

/* False: there is something to do. *deadline is by the monotonic clock. */
static bool may_sleep(struct runtime *runtime, uint64_t *deadline)
{
    bool quiet = true;
    unsigned i;

    *deadline = PORT_NEVER;
    for (i = 0; i < runtime->member_count; i++) {
        struct member *member = &runtime->members[i];
        uint64_t due;

        if (member->ended) continue;
        due = worker_deadline(&member->worker);
        if (due < *deadline) *deadline = due;
        if (due != PORT_NEVER && member->router->virtual_time) quiet = false; /* its clock has jumped there */
        if (!worker_arm(&member->worker)) quiet = false;
    }
    return quiet;
}

/* Until a descriptor is readable or the deadline has come. */
static void sleep_until(struct runtime *runtime, uint64_t deadline)
{
    struct epoll_event event;
    uint64_t from = port_system_clock(NULL), span = deadline <= from ? 0 : deadline - from;
    struct timespec limit;

    if (span > SLEEP_MOST) span = SLEEP_MOST;
    limit = (struct timespec){(time_t)(span / SECOND), (long)(span % SECOND)};
    if (epoll_pwait2(runtime->epoll, &event, 1, &limit, NULL) >= 0 || errno != ENOSYS) return;
    epoll_wait(runtime->epoll, &event, 1, (int)((span + 999999) / 1000000)); /* an older kernel */
}

/* The lock is not held while it sleeps, but is taken before anything is touched again. */
static bool rest(struct runtime *runtime)
{
    uint64_t deadline;
    bool stop;

    if (!may_sleep(runtime, &deadline)) return true;
    pthread_mutex_lock(&runtime->lock);
    if (runtime->stop || runtime->done != runtime->asked) {
        pthread_mutex_unlock(&runtime->lock);
        return true; /* attend() sees to it */
    }
    __atomic_store_n(&runtime->sleeping, true, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&runtime->lock);
    sleep_until(runtime, deadline);
    __atomic_store_n(&runtime->sleeping, false, __ATOMIC_RELEASE);
    pthread_mutex_lock(&runtime->lock);
    stand_still(runtime);
    stop = runtime->stop;
    pthread_mutex_unlock(&runtime->lock);
    return !stop;
}

/* ---- the thread ---- */

/* A port that has ended says no more: its descriptor would only wake us. */
static void unwatch_ended(struct runtime *runtime, struct member *member)
{
    unsigned i;

    for (i = 0; i < member->router->port_count; i++) {
        struct port *port = &member->router->ports[i];

        if (!member->watched[i] || !member->worker.ended[i]) continue;
        epoll_ctl(runtime->epoll, EPOLL_CTL_DEL, port->ops->descriptor(port), NULL);
        member->watched[i] = false;
    }
}

/* Frames that came to all routers; -ENODATA: to none ever again; another -errno: *broken. */
static int round_of_all(struct runtime *runtime, struct member **broken)
{
    unsigned i, ended = 0;
    int frames = 0;

    for (i = 0; i < runtime->member_count; i++) {
        struct member *member = &runtime->members[i];
        int n = member->ended ? -ENODATA : worker_step(&member->worker);

        if (n > 0) frames += n;
        if (n >= 0) continue;
        *broken = member;
        if (n != -ENODATA) return n;
        member->ended = true;
        ended++;
    }
    return ended == runtime->member_count ? -ENODATA : frames;
}

static void note_state(struct runtime *runtime, int state, const struct member *broken)
{
    static const uint64_t one = 1;

    pthread_mutex_lock(&runtime->lock);
    runtime->state = state;
    if (state != -ENODATA && broken) {
        runtime->broken_router = broken->router;
        runtime->broken_port = broken->worker.broken;
    }
    pthread_mutex_unlock(&runtime->lock);
    if (write(runtime->notice, &one, sizeof one) != sizeof one) assert(!"an eventfd takes one");
}

static void move_packets(struct runtime *runtime)
{
    struct member *broken = NULL;
    unsigned i;
    int frames;

    do {
        if (__atomic_load_n(&runtime->attention, __ATOMIC_ACQUIRE) && !attend(runtime)) return;
        frames = round_of_all(runtime, &broken);
        if (frames < 0) break;
        if (frames == 0)
            for (i = 0; i < runtime->member_count; i++) unwatch_ended(runtime, &runtime->members[i]);
    } while (frames > 0 || rest(runtime));
    if (frames < 0) note_state(runtime, frames, broken);
}

static void *thread_main(void *data)
{
    struct runtime *runtime = data;

    prctl(PR_SET_TIMERSLACK, TIMER_SLACK);
    move_packets(runtime);
    pthread_mutex_lock(&runtime->lock);
    runtime->over = true;
    pthread_cond_signal(&runtime->met);
    pthread_mutex_unlock(&runtime->lock);
    return NULL;
}

/* ---- open and close ---- */

static int watch(struct runtime *runtime, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN};

    return epoll_ctl(runtime->epoll, EPOLL_CTL_ADD, descriptor, &event) ? -errno : 0;
}

static int watch_ports(struct runtime *runtime, struct member *member)
{
    unsigned i;

    for (i = 0; i < member->router->port_count; i++) {
        struct port *port = &member->router->ports[i];
        int descriptor = port->ops->descriptor(port), err;

        if (descriptor < 0) continue;
        err = watch(runtime, descriptor);
        if (err) return err;
        member->watched[i] = true;
    }
    return 0;
}

static int open_descriptors(struct runtime *runtime)
{
    runtime->epoll = epoll_create1(EPOLL_CLOEXEC);
    runtime->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    runtime->notice = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (runtime->epoll < 0 || runtime->wake < 0 || runtime->notice < 0) return -errno;
    return watch(runtime, runtime->wake);
}

static int open_members(struct runtime *runtime, struct router *const *routers, unsigned count)
{
    unsigned i;
    int err = 0;

    runtime->members = calloc(count, sizeof *runtime->members);
    if (!runtime->members) return -ENOMEM;
    runtime->member_count = count;
    for (i = 0; i < count && !err; i++) {
        struct member *member = &runtime->members[i];

        member->router = routers[i];
        err = worker_open(&member->worker, routers[i]);
        member->open = !err;
        if (!err) err = watch_ports(runtime, member);
    }
    return err;
}

int runtime_open(struct runtime **out, struct router *const *routers, unsigned count)
{
    struct runtime *runtime;
    int err;

    if (count == 0 || count > RUNTIME_ROUTERS) return -EINVAL;
    runtime = calloc(1, sizeof *runtime);
    if (!runtime) return -ENOMEM;
    pthread_mutex_init(&runtime->lock, NULL);
    pthread_cond_init(&runtime->met, NULL);
    pthread_cond_init(&runtime->gone, NULL);
    err = open_descriptors(runtime);
    if (!err) err = open_members(runtime, routers, count);
    if (err) {
        runtime_close(runtime);
        return err;
    }
    *out = runtime;
    return 0;
}

int runtime_start(struct runtime *runtime)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}; /* of the thread that causes them */
    sigset_t others, before;
    unsigned i;
    int err;

    assert(!runtime->started && !runtime->over);
    sigfillset(&others);
    for (i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&others, own[i]);
    pthread_sigmask(SIG_BLOCK, &others, &before);
    err = -pthread_create(&runtime->thread, NULL, thread_main, runtime);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    runtime->started = !err;
    return err;
}

int runtime_descriptor(const struct runtime *runtime) { return runtime->notice; }

int runtime_state(struct runtime *runtime, const struct router **router, const struct port **port)
{
    int state;

    pthread_mutex_lock(&runtime->lock);
    state = runtime->state;
    *router = runtime->broken_router;
    *port = runtime->broken_port;
    pthread_mutex_unlock(&runtime->lock);
    return state;
}

void runtime_stop(struct runtime *runtime)
{
    static const uint64_t one = 1;

    if (!runtime->started) return;
    pthread_mutex_lock(&runtime->lock);
    runtime->stop = true;
    __atomic_store_n(&runtime->attention, 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&runtime->lock);
    if (write(runtime->wake, &one, sizeof one) != sizeof one) assert(!"an eventfd takes one");
    pthread_join(runtime->thread, NULL);
    runtime->started = false;
}

void runtime_close(struct runtime *runtime)
{
    unsigned i;

    if (!runtime) return;
    runtime_stop(runtime);
    for (i = 0; i < runtime->member_count; i++)
        if (runtime->members[i].open) worker_close(&runtime->members[i].worker);
    if (runtime->epoll >= 0) close(runtime->epoll);
    if (runtime->wake >= 0) close(runtime->wake);
    if (runtime->notice >= 0) close(runtime->notice);
    pthread_cond_destroy(&runtime->gone);
    pthread_cond_destroy(&runtime->met);
    pthread_mutex_destroy(&runtime->lock);
    free(runtime->members);
    free(runtime);
}
