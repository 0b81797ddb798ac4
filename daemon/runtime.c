/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.c - the worker threads, how they sleep, and how the control thread meets them.
 *
 * While it has work, a thread looks at one word, `attention`, once a round, and takes
 * no lock. Somebody who wants a boundary takes the lock, draws the next number of
 * `asked` and waits until every thread has stood still for that number; they go on
 * when `done` has come as far. So between two boundaries there is always a round of each,
 * however fast they follow each other. While a thread sleeps it has let go of everything,
 * and a boundary needs only the lock, which it takes before it touches anything again:
 * asking for statistics wakes nobody.
 *
 * A thread whose ports have all ended may still be passed packets by another. So with
 * several threads the end has come when all of them have nothing more of their own, all
 * sleep, and nothing waits between them; the last one to fall asleep sees it.
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

/* One worker of one router. */
struct member {
    struct worker *worker;
    bool ended;
    bool watched[ROUTER_PORTS]; /* its descriptor is in the set */
};

/* One thread. */
struct runner {
    struct runtime *runtime;
    struct member members[RUNTIME_ROUTERS];
    unsigned member_count;
    int epoll, wake; /* wake: stop sleeping */
    pthread_t thread;
    bool started;     /* control thread only */
    bool sleeping;    /* atomic; set under the lock, cleared before it is taken */
    uint64_t granted; /* this and the rest under the lock */
    bool ended;       /* it sleeps, and has nothing more of its own */
    bool over;        /* it touches nothing any more */
};

struct runtime {
    struct crew *crews[RUNTIME_ROUTERS];
    unsigned router_count;
    struct runner runners[ROUTER_WORKERS];
    unsigned runner_count;
    int notice; /* runtime_descriptor */
    bool started;
    unsigned attention;       /* atomic: a boundary or a stop is wanted */
    pthread_mutex_t lock;     /* of what follows */
    pthread_cond_t met, gone; /* a thread stands still; they may go on */
    uint64_t asked, done;
    bool stop;
    int state; /* runtime_state */
    const struct router *broken_router;
    const struct port *broken_port;
};

/* ---- meeting ---- */

/* The lock is held: the thread stands still for whoever has asked, but not for who asks
 * again meanwhile: first there is a round. */
static void stand_still(struct runner *runner)
{
    struct runtime *runtime = runner->runtime;
    uint64_t number = runtime->asked;

    if (runtime->done != number) {
        runner->granted = number;
        pthread_cond_signal(&runtime->met);
        while (runtime->done != number) pthread_cond_wait(&runtime->gone, &runtime->lock);
    }
    if (runtime->asked == number && !runtime->stop)
        __atomic_store_n(&runtime->attention, 0, __ATOMIC_RELAXED);
}

/* Somebody wants something. False: to stop. */
static bool attend(struct runner *runner)
{
    bool stop;

    pthread_mutex_lock(&runner->runtime->lock);
    stand_still(runner);
    stop = runner->runtime->stop;
    pthread_mutex_unlock(&runner->runtime->lock);
    return !stop;
}

/* The lock is held: does nobody move, and not before we let go of it, or say so? */
static bool all_stand(struct runtime *runtime, uint64_t number)
{
    unsigned i;

    for (i = 0; i < runtime->runner_count; i++) {
        struct runner *runner = &runtime->runners[i];

        if (runner->granted != number && !runner->over &&
            !__atomic_load_n(&runner->sleeping, __ATOMIC_ACQUIRE))
            return false;
    }
    return true;
}

/* The lock is held. */
static void wait_for_meeting(struct runtime *runtime)
{
    uint64_t number;

    if (all_stand(runtime, UINT64_MAX)) return;
    number = ++runtime->asked;
    __atomic_store_n(&runtime->attention, 1, __ATOMIC_RELEASE);
    while (!all_stand(runtime, number)) /* who does not sleep will not fall asleep: see rest() */
        pthread_cond_wait(&runtime->met, &runtime->lock);
}

void runtime_boundary(struct runtime *runtime, void (*fn)(void *data), void *data)
{
    if (!runtime->started) {
        fn(data);
        return;
    }
    pthread_mutex_lock(&runtime->lock);
    wait_for_meeting(runtime);
    fn(data);
    runtime->done = runtime->asked; /* nobody else asks */
    pthread_cond_broadcast(&runtime->gone);
    pthread_mutex_unlock(&runtime->lock);
}

/* ---- what has happened ---- */

/* The lock is held. The first that is told stays. */
static void note_state(struct runtime *runtime, int state, const struct worker *broken)
{
    static const uint64_t one = 1;

    if (runtime->state) return;
    runtime->state = state;
    if (state != -ENODATA && broken) {
        runtime->broken_router = broken->router;
        runtime->broken_port = broken->broken;
    }
    if (write(runtime->notice, &one, sizeof one) != sizeof one) assert(!"an eventfd takes one");
}

/* The lock is held. */
static bool all_ended(const struct runtime *runtime)
{
    unsigned i;

    for (i = 0; i < runtime->runner_count; i++) {
        const struct runner *runner = &runtime->runners[i];

        if (!runner->ended || !__atomic_load_n(&runner->sleeping, __ATOMIC_ACQUIRE)) return false;
    }
    for (i = 0; i < runtime->router_count; i++)
        if (crew_holds(runtime->crews[i])) return false;
    return true;
}

/* ---- sleeping ---- */

/* False: there is something to do. *deadline is by the monotonic clock. */
static bool may_sleep(struct runner *runner, uint64_t *deadline)
{
    bool quiet = true;
    unsigned i;

    *deadline = PORT_NEVER;
    for (i = 0; i < runner->member_count; i++) {
        struct member *member = &runner->members[i];
        uint64_t due;

        if (member->ended && !member->worker->seat) continue;
        due = worker_deadline(member->worker);
        if (due < *deadline) *deadline = due;
        if (due != PORT_NEVER && member->worker->router->virtual_time)
            quiet = false; /* its clock has jumped there */
        if (!worker_arm(member->worker)) quiet = false;
    }
    return quiet;
}

/* What woke us is forgotten: we look at everything. */
static void take_wake(const struct runner *runner, const struct epoll_event *event)
{
    uint64_t count;

    if (event->data.ptr != runner) return;
    while (read(runner->wake, &count, sizeof count) < 0 && errno == EINTR) {}
}

/* Until a descriptor is readable or the deadline has come. */
static void sleep_until(struct runner *runner, uint64_t deadline)
{
    struct epoll_event event = {.data.ptr = NULL};
    uint64_t from = port_system_clock(NULL), span = deadline <= from ? 0 : deadline - from;
    struct timespec limit;
    int n;

    if (span > SLEEP_MOST) span = SLEEP_MOST;
    limit = (struct timespec){(time_t)(span / SECOND), (long)(span % SECOND)};
    n = epoll_pwait2(runner->epoll, &event, 1, &limit, NULL);
    if (n < 0 && errno == ENOSYS) /* an older kernel */
        n = epoll_wait(runner->epoll, &event, 1, (int)((span + 999999) / 1000000));
    if (n > 0) take_wake(runner, &event);
}

/* The lock is held. False: there is something to attend to. */
static bool fall_asleep(struct runner *runner, bool ended)
{
    struct runtime *runtime = runner->runtime;

    if (runtime->stop || runtime->done != runtime->asked) return false; /* attend() sees to it */
    runner->ended = ended;
    __atomic_store_n(&runner->sleeping, true, __ATOMIC_RELEASE);
    if (ended && all_ended(runtime)) note_state(runtime, -ENODATA, NULL);
    return true;
}

/* The lock is not held while it sleeps, but is taken before anything is touched again. */
static bool rest(struct runner *runner, bool ended)
{
    struct runtime *runtime = runner->runtime;
    uint64_t deadline;
    bool stop;

    if (!may_sleep(runner, &deadline)) return true;
    pthread_mutex_lock(&runtime->lock);
    if (!fall_asleep(runner, ended)) {
        pthread_mutex_unlock(&runtime->lock);
        return true;
    }
    pthread_mutex_unlock(&runtime->lock);
    sleep_until(runner, deadline);
    __atomic_store_n(&runner->sleeping, false, __ATOMIC_RELEASE);
    pthread_mutex_lock(&runtime->lock);
    stand_still(runner);
    stop = runtime->stop;
    pthread_mutex_unlock(&runtime->lock);
    return !stop;
}

/* ---- the thread ---- */

/* A port that has ended says no more: its descriptor would only wake us. */
static void unwatch_ended(struct runner *runner, struct member *member)
{
    struct worker *worker = member->worker;
    unsigned i;

    for (i = 0; i < worker->own_count; i++) {
        unsigned device = worker->own[i];
        struct port *port = &worker->router->ports[device];

        if (!member->watched[device] || !worker->ended[device]) continue;
        epoll_ctl(runner->epoll, EPOLL_CTL_DEL, port->ops->descriptor(port), NULL);
        member->watched[device] = false;
    }
}

/* Frames that came to all routers; -ENODATA: to none ever again, unless others pass some;
 * another -errno: *broken. */
static int round_of_all(struct runner *runner, struct worker **broken)
{
    unsigned i, ended = 0;
    int frames = 0;

    for (i = 0; i < runner->member_count; i++) {
        struct member *member = &runner->members[i];
        int n = member->ended && !member->worker->seat ? -ENODATA : worker_step(member->worker);

        if (n > 0) frames += n;
        member->ended = n == -ENODATA;
        ended += member->ended;
        if (n >= 0 || n == -ENODATA) continue;
        *broken = member->worker;
        return n;
    }
    return ended == runner->member_count ? -ENODATA : frames;
}

/* 0: to stop. Else what note_state is to know. */
static int move_packets(struct runner *runner, struct worker **broken)
{
    struct runtime *runtime = runner->runtime;
    unsigned i;
    int frames;

    do {
        if (__atomic_load_n(&runtime->attention, __ATOMIC_ACQUIRE) && !attend(runner)) return 0;
        frames = round_of_all(runner, broken);
        if (frames < 0 && (frames != -ENODATA || runtime->runner_count == 1)) return frames;
        if (frames <= 0)
            for (i = 0; i < runner->member_count; i++) unwatch_ended(runner, &runner->members[i]);
    } while (frames > 0 || rest(runner, frames == -ENODATA));
    return 0;
}

static void *thread_main(void *data)
{
    struct runner *runner = data;
    struct runtime *runtime = runner->runtime;
    struct worker *broken = NULL;
    int state;

    prctl(PR_SET_TIMERSLACK, TIMER_SLACK);
    state = move_packets(runner, &broken);
    pthread_mutex_lock(&runtime->lock);
    if (state) note_state(runtime, state, broken);
    runner->over = true;
    pthread_cond_signal(&runtime->met);
    pthread_mutex_unlock(&runtime->lock);
    return NULL;
}

/* ---- open and close ---- */

static int watch(struct runner *runner, int descriptor, void *who)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};

    return epoll_ctl(runner->epoll, EPOLL_CTL_ADD, descriptor, &event) ? -errno : 0;
}

static int watch_ports(struct runner *runner, struct member *member)
{
    struct worker *worker = member->worker;
    unsigned i;

    for (i = 0; i < worker->own_count; i++) {
        struct port *port = &worker->router->ports[worker->own[i]];
        int descriptor = port->ops->descriptor(port), err;

        if (descriptor < 0) continue;
        err = watch(runner, descriptor, NULL);
        if (err) return err;
        member->watched[worker->own[i]] = true;
    }
    return 0;
}

static int open_runner(struct runtime *runtime, struct runner *runner)
{
    runner->runtime = runtime;
    runner->granted = 0;
    runner->epoll = epoll_create1(EPOLL_CLOEXEC);
    runner->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (runner->epoll < 0 || runner->wake < 0) return -errno;
    return watch(runner, runner->wake, runner);
}

static int add_member(struct runner *runner, struct crew *crew, unsigned index)
{
    struct member *member = &runner->members[runner->member_count++];

    member->worker = &crew->workers[index];
    crew_set_wake(crew, index, runner->wake);
    return watch_ports(runner, member);
}

/* The largest crew says how many threads there are. */
static int open_runners(struct runtime *runtime)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < runtime->router_count; i++)
        if (runtime->crews[i]->count > runtime->runner_count)
            runtime->runner_count = runtime->crews[i]->count;
    for (i = 0; i < ROUTER_WORKERS; i++) runtime->runners[i].epoll = runtime->runners[i].wake = -1;
    for (i = 0; i < runtime->runner_count && !err; i++) err = open_runner(runtime, &runtime->runners[i]);
    return err;
}

static int open_members(struct runtime *runtime)
{
    unsigned i, j;
    int err = 0;

    for (i = 0; i < runtime->router_count; i++)
        for (j = 0; j < runtime->crews[i]->count && !err; j++)
            err = add_member(&runtime->runners[(i + j) % runtime->runner_count], runtime->crews[i], j);
    return err;
}

static int open_all(struct runtime *runtime, struct router *const *routers, unsigned count)
{
    unsigned i;
    int err = 0;

    runtime->notice = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (runtime->notice < 0) return -errno;
    for (i = 0; i < count && !err; i++) {
        err = crew_open(&runtime->crews[i], routers[i]);
        if (!err) runtime->router_count++;
    }
    if (!err) err = open_runners(runtime);
    return err ? err : open_members(runtime);
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
    err = open_all(runtime, routers, count);
    if (err) {
        runtime_close(runtime);
        return err;
    }
    *out = runtime;
    return 0;
}

void runtime_wake(struct runtime *runtime)
{
    static const uint64_t one = 1;
    unsigned i;

    for (i = 0; i < runtime->runner_count; i++)
        if (write(runtime->runners[i].wake, &one, sizeof one) != sizeof one) assert(!"an eventfd takes one");
}

/* The lock is held by nobody; those that run are told to stop. */
static void join_all(struct runtime *runtime)
{
    unsigned i;

    pthread_mutex_lock(&runtime->lock);
    runtime->stop = true;
    __atomic_store_n(&runtime->attention, 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&runtime->lock);
    runtime_wake(runtime);
    for (i = 0; i < runtime->runner_count; i++)
        if (runtime->runners[i].started) pthread_join(runtime->runners[i].thread, NULL);
    for (i = 0; i < runtime->runner_count; i++) runtime->runners[i].started = false;
}

int runtime_start(struct runtime *runtime)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}; /* of the thread that causes them */
    sigset_t others, before;
    unsigned i;
    int err = 0;

    assert(!runtime->started && !runtime->stop);
    sigfillset(&others);
    for (i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&others, own[i]);
    pthread_sigmask(SIG_BLOCK, &others, &before);
    for (i = 0; i < runtime->runner_count && !err; i++) {
        struct runner *runner = &runtime->runners[i];

        err = -pthread_create(&runner->thread, NULL, thread_main, runner);
        runner->started = !err;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) join_all(runtime);
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
    if (!runtime->started) return;
    join_all(runtime);
    runtime->started = false;
}

void runtime_close(struct runtime *runtime)
{
    unsigned i;

    if (!runtime) return;
    runtime_stop(runtime);
    for (i = 0; i < runtime->router_count; i++) crew_close(runtime->crews[i]);
    for (i = 0; i < runtime->runner_count; i++) {
        if (runtime->runners[i].epoll >= 0) close(runtime->runners[i].epoll);
        if (runtime->runners[i].wake >= 0) close(runtime->runners[i].wake);
    }
    if (runtime->notice >= 0) close(runtime->notice);
    pthread_cond_destroy(&runtime->gone);
    pthread_cond_destroy(&runtime->met);
    pthread_mutex_destroy(&runtime->lock);
    free(runtime);
}
