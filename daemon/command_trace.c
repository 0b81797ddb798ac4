/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command_trace.c - the verb trace: the next packets that the router executes, step by step.
 *
 * Each worker's context gets a tracer at a burst boundary, each for as many packets as are
 * wanted, since nobody knows which worker will have them; of what they wrote the first
 * packets are told. The client waits meanwhile: the verb answers -EAGAIN until enough
 * packets came or the time is over, and is asked again (control.c). A client that goes away
 * ends its trace. One trace at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control_parts.h"
#include "engine/trace.h"
#include "worker.h"

#define SECONDS_USUAL 8 /* a client waits 10 for an answer, if nobody says otherwise */
#define SECONDS_MOST  3600

struct tracing {
    const void *asker;
    struct router *router;
    unsigned wanted;
    uint64_t until;
    unsigned count;
    struct tracer *tracers[ROUTER_WORKERS];
};

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- on and off, while the workers stand still ---- */

static void attach(void *data)
{
    struct tracing *t = data;
    unsigned i;

    for (i = 0; i < t->count; i++) trace_attach(&t->router->workers[i]->context, t->tracers[i]);
}

static void detach(void *data)
{
    struct tracing *t = data;
    unsigned i;

    for (i = 0; i < t->count; i++) trace_attach(&t->router->workers[i]->context, NULL);
}

static void at_boundary(struct control *control, void (*fn)(void *), struct tracing *t)
{
    if (control->runtime) runtime_boundary(control->runtime, fn, t);
    else fn(t);
}

static void free_tracing(struct tracing *t)
{
    unsigned i;

    for (i = 0; i < t->count; i++) trace_close(t->tracers[i]);
    free(t);
}

void trace_abandon(struct control *control, const void *asker)
{
    struct tracing *t = control->tracing;

    if (!t || t->asker != asker) return;
    control->tracing = NULL;
    at_boundary(control, detach, t);
    free_tracing(t);
}

/* ---- what is wanted ---- */

/* The number behind one of the verb's own options. False: something else, or none. */
static bool read_number(const char *text, unsigned most, unsigned *number)
{
    char *end;
    unsigned long n = text ? strtoul(text, &end, 10) : 0;

    if (!text || end == text || *end || n < 1 || n > most) return false;
    *number = (unsigned)n;
    return true;
}

static int read_words(const json_t *words, unsigned *packets, unsigned *seconds, char *why, size_t room)
{
    size_t i;

    *packets = 1;
    *seconds = SECONDS_USUAL;
    for (i = 0; i < json_array_size(words); i += 2) {
        const char *word = json_string_value(json_array_get(words, i));
        const char *value = json_string_value(json_array_get(words, i + 1));

        if (strcmp(word, "--next") == 0 && read_number(value, TRACE_PACKETS, packets)) continue;
        if (strcmp(word, "--for") == 0 && read_number(value, SECONDS_MOST, seconds)) continue;
        snprintf(why, room, "trace: --next PACKETS (1 to %d), --for SECONDS (1 to %d)", TRACE_PACKETS,
                 SECONDS_MOST);
        return -EINVAL;
    }
    return 0;
}

static int begin(struct control *control, const json_t *arguments, char *why, size_t room)
{
    unsigned seconds, packets;
    int err = read_words(json_object_get(arguments, "words"), &packets, &seconds, why, room);
    struct tracing *t;

    if (err) return err;
    t = calloc(1, sizeof *t);
    if (!t) return -ENOMEM;
    *t = (struct tracing){.asker = control->asking, .router = control->router, .wanted = packets};
    t->until = now() + seconds * UINT64_C(1000000000);
    while (t->count < control->router->worker_count && !err) {
        err = trace_open(&t->tracers[t->count], packets);
        if (!err) t->count++;
    }
    if (err) {
        free_tracing(t);
        return err;
    }
    control->tracing = t;
    at_boundary(control, attach, t);
    return -EAGAIN;
}

/* ---- what came ---- */

static const char *place(const struct router *router, const struct trace_step *s)
{
    unsigned device = s->kind == TRACE_ARRIVAL ? (unsigned)strtoul(s->where, NULL, 10) : ROUTER_PORTS;

    return device < router->port_count ? router->ports[device].name : s->where;
}

static json_t *step_row(const struct router *router, const struct trace_step *s, unsigned packet)
{
    const char *where = place(router, s);
    json_t *row = json_pack("{s:i, s:s, s:o, s:o, s:o}", "packet", (int)packet, "kind",
                            trace_kind_name((enum trace_kind)s->kind), "where",
                            json_text(where, strlen(where)), "what", json_text(s->what, strlen(s->what)),
                            "operands", json_text(s->operands, strlen(s->operands)));

    if (row) json_object_set_new(row, "fuel", s->fuel < 0 ? json_string("") : json_integer(s->fuel));
    return row;
}

/* One packet of one tracer: its first step and the number of them. */
struct told {
    unsigned tracer, first, count;
    uint64_t time;
};

static int by_time(const void *a, const void *b)
{
    const struct told *x = a, *y = b;

    return x->time < y->time ? -1 : x->time > y->time;
}

static unsigned find_packets(const struct tracing *t, struct told *told, uint64_t *left_out)
{
    unsigned tracer, i, found = 0, count;
    uint64_t left;

    for (tracer = 0; tracer < t->count; tracer++) {
        const struct trace_step *s = trace_steps(t->tracers[tracer], &count, &left);

        *left_out += left;
        for (i = 0; i < count; i++) {
            if (i == 0 || s[i].packet != s[i - 1].packet)
                told[found++] = (struct told){.tracer = tracer, .first = i, .time = s[i].time};
            told[found - 1].count++;
        }
    }
    qsort(told, found, sizeof *told, by_time);
    return found < t->wanted ? found : t->wanted;
}

static json_t *tell(const struct tracing *t)
{
    struct told *told = calloc((size_t)ROUTER_WORKERS * TRACE_PACKETS, sizeof *told);
    json_t *rows = json_array();
    uint64_t left_out = 0, unused;
    unsigned packets = told ? find_packets(t, told, &left_out) : 0, packet, i, count;

    for (packet = 0; packet < packets; packet++) {
        const struct trace_step *s = trace_steps(t->tracers[told[packet].tracer], &count, &unused);

        for (i = 0; i < told[packet].count; i++)
            json_array_append_new(rows, step_row(t->router, &s[told[packet].first + i], packet + 1));
    }
    free(told);
    return json_pack("{s:o, s:i, s:I}", "steps", rows, "packets", (int)packets, "left out",
                     (json_int_t)left_out);
}

static bool is_over(const struct tracing *t)
{
    unsigned i, packets = 0;

    for (i = 0; i < t->count; i++) packets += trace_packets(t->tracers[i]);
    return packets >= t->wanted || now() >= t->until;
}

int command_trace(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    struct tracing *t = control->tracing;

    if (!t) return begin(control, arguments, why, room);
    if (t->asker != control->asking) {
        snprintf(why, room, "somebody else traces packets: try again in a while");
        return -EBUSY;
    }
    if (!is_over(t)) return -EAGAIN;
    control->tracing = NULL;
    at_boundary(control, detach, t);
    *data = tell(t);
    free_tracing(t);
    return *data ? 0 : -ENOMEM;
}
