/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command_eval.c - the router's language from outside: eval and complete, and what a load runs in.
 *
 * Expressions are evaluated on the control thread in a VMlet of their own, the session,
 * which sees what all others define; packets go on meanwhile. Each datum is a load of its
 * own, so what it defines is published at one stroke or not at all, and what it may do to
 * others is what the engine lets any VMlet do. Fuel ends what does not end by itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "control_parts.h"
#include "engine/authority.h"
#include "engine/environment.h"
#include "engine/heap.h"
#include "engine/load.h"

#define FUEL_MOST    INT64_C(1000000000000)
#define SLICE        INT64_C(10000)       /* fuel between two looks at the clock */
#define TIME_MOST    UINT64_C(2000000000) /* nanoseconds of one request, */
#define LOAD_TIME    UINT64_C(8000000000) /* and of one that loads a file */
#define HEAP_GROWTH  ((size_t)32 << 20)   /* octets that one request may take, */
#define HEAP_MOST    ((size_t)192 << 20)  /* and what is kept of all of them together */
#define OUTPUT_MOST  ((size_t)1 << 20)
#define VALUE_OCTETS ((size_t)1 << 16) /* of one printed value */
#define SESSIONS     100               /* names that are tried */
#define COMPLETIONS  2000

/* ---- the session VMlet ---- */

struct import {
    struct vvm_vmlet *session, *from;
    int err;
};

/* What a VMlet itself defines; a later one of the same name takes its place. */
static void import_name(void *data, vvm_value symbol, const struct denotation *d)
{
    struct import *import = data;
    bool own = (d->kind == DENOTES_MACRO || d->kind == DENOTES_GLOBAL) && d->owner == import->from;
    const struct denotation *before = own ? environment_lookup(import->session->environment, symbol) : NULL;

    if (before && before->owner == import->session) return; /* the session's own stays */
    if (!own || environment_lookup(import->from->environment, symbol) ==
                    environment_lookup(import->session->environment, symbol))
        return;
    if (!import->err)
        import->err = environment_import(import->session->environment, import->from->environment, symbol,
                                         symbol);
}

/* Oldest first; the list has the newest first, and core last. */
static int import_all(struct vvm_vmlet *session, struct vvm_vmlet *vmlet)
{
    struct import import = {.session = session, .from = vmlet};

    if (!vmlet || !vmlet->next) return 0;
    import.err = import_all(session, vmlet->next);
    if (vmlet != session) environment_each(vmlet->environment, import_name, &import);
    return import.err;
}

/* What others have defined since; what went, the engine has taken out of its sight. */
static int refresh_session(struct control *control)
{
    struct vvm_node *node = control->router->node;
    int err;

    if (control->seen == node->current->number) return 0;
    err = import_all(control->session, node->vmlets);
    if (!err) control->seen = node->current->number;
    return err;
}

static bool is_loaded(const struct vvm_node *node, const char *name)
{
    const struct vvm_vmlet *v;

    for (v = node->vmlets; v; v = v->next)
        if (strcmp(symbol_name(v->name), name) == 0) return true;
    return false;
}

/* A VMlet named session, or session-2 ... if somebody loaded one of that name. */
static int open_session(struct control *control)
{
    struct vvm_node *node = control->router->node;
    struct vvm_vmlet *session;
    char name[24] = "session", text[40];
    int i, err;

    for (i = 2; i < SESSIONS && is_loaded(node, name); i++) snprintf(name, sizeof name, "session-%d", i);
    snprintf(text, sizeof text, "(vmlet %s)", name);
    err = load_source(&node->control, "session", text, strlen(text), &session);
    if (!err) err = authority_admit_operator(session);
    if (err) return err;
    control->session = session;
    control->seen = UINT64_MAX;
    return 0;
}

/* Somebody may have unloaded it. */
static void forget_session(struct control *control)
{
    const struct vvm_vmlet *v = control->router->node->vmlets;

    while (v && v != control->session) v = v->next;
    if (!v) control->session = NULL;
}

void control_changed(struct control *control, uint64_t before)
{
    struct vvm_node *node = control->router->node;

    if (control->session) forget_session(control);
    control->waiting = vmlets_reap(node);
    if (control->runtime && node->current->number != before) runtime_wake(control->runtime);
}

/* ---- evaluation ---- */

struct evaluation {
    struct vvm_context *ctx;
    struct vvm_environment *environment;
    int64_t fuel;        /* left for the whole request, beside what the context has */
    uint64_t deadline;   /* monotonic nanoseconds */
    size_t heap_most;    /* octets of the control heap */
    bool load;           /* of a file */
    const char *stopped; /* why it was, or NULL */
    size_t printed;
    json_t *values;
    const char *rest; /* where a datum begins that the text does not end, or NULL */
};

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Nothing if it may go on. What is owed may be for octets that are about to be taken. */
static const char *limit_met(const struct evaluation *e, int64_t owed)
{
    if (owed >= e->fuel) return "the fuel is used up";
    if (now() > e->deadline) return e->load ? "it took more than 8 seconds" : "it took more than 2 seconds";
    if (heap_octets(e->ctx->node) + (size_t)owed * 64 > e->heap_most)
        return "it takes too much of the router's memory";
    return NULL;
}

/* The engine asks for more: a slice. */
static bool refuel(void *data, struct vvm_context *ctx)
{
    struct evaluation *e = data;
    int64_t owed = ctx->fuel < 0 ? -ctx->fuel : 0;

    if (!e->stopped) e->stopped = limit_met(e, owed);
    if (e->stopped) return false;
    ctx->fuel = e->fuel - owed < SLICE ? e->fuel - owed : SLICE;
    e->fuel -= owed + ctx->fuel;
    return true;
}

static void add_value(struct evaluation *e, vvm_value v)
{
    struct capture text;
    size_t room = OUTPUT_MOST - e->printed < VALUE_OCTETS ? OUTPUT_MOST - e->printed : VALUE_OCTETS;

    if (v == VALUE_UNSPECIFIED || room == 0 || capture_open(&text, VALUE_OCTETS + 8)) return;
    print_value(e->ctx->node, text.stream, v, PRINT_WRITE, room);
    capture_end(&text);
    e->printed += text.length < room ? text.length : room;
    json_array_append_new(e->values, json_text(text.text, text.length));
    capture_close(&text);
}

/* One datum after the other; each may begin only what fuel is left for. */
static int eval_text(struct evaluation *e, const char *text, size_t length)
{
    struct vvm_context *ctx = e->ctx;
    struct reader reader;
    vvm_value datum, result;
    int err = 0;

    ctx->pending.kind = PENDING_NONE;
    reader_init(&reader, ctx, e->environment, node_file(ctx->node, "eval"), text, length);
    while (!err) {
        const char *begin = reader.at;

        ctx->fuel = ctx->node->options.load_fuel = 1;
        err = reader_next(&reader, &datum);
        if (err && reader.incomplete) e->rest = begin;
        if (!err && datum == VALUE_EOF) return 0;
        if (!err) err = eval_datum(ctx, e->environment, datum, &result);
        if (!err) add_value(e, result);
        if (ctx->fuel > 0) e->fuel += ctx->fuel;
        if (!err && !e->stopped) e->stopped = limit_met(e, 0);
        if (!err && e->stopped) trap(ctx, TRAP_FUEL), err = -ECANCELED;
    }
    return err;
}

static int eval_all(struct evaluation *e, void *data)
{
    const json_t *expressions = data;
    size_t i;
    int err = 0;

    for (i = 0; i < json_array_size(expressions) && !err; i++) {
        const json_t *text = json_array_get(expressions, i);

        err = eval_text(e, json_string_value(text), json_string_length(text));
    }
    return err;
}

/* ---- what is said of it ---- */

json_t *command_explain(struct vvm_context *ctx, char *why, size_t room)
{
    struct capture text;
    json_t *trace = json_array();
    size_t at = 0, n;

    if (capture_open(&text, VALUE_OCTETS)) return trace;
    print_pending(ctx, text.stream);
    capture_end(&text);
    for (; at < text.length && text.text[at]; at += n + (text.text[at + n] == '\n')) {
        n = strcspn(text.text + at, "\n");
        if (at == 0) snprintf(why, room, "%.*s", (int)n, text.text);
        else json_array_append_new(trace, json_text(text.text + at, n));
    }
    capture_close(&text);
    return trace;
}

/* The reply's data, whether it went well or not. */
static json_t *make_data(struct evaluation *e, const struct capture *output, json_t *trace)
{
    json_t *data = json_pack("{s:o, s:O}", "output", json_text(output->text, output->length), "values",
                             e->values);

    if (output->cut) json_object_set_new(data, "cut", json_true());
    if (trace) json_object_set_new(data, "trace", trace);
    if (e->rest) json_object_set_new(data, "rest", json_text(e->rest, strlen(e->rest)));
    return data;
}

/* Do something with the node's output and fuel as a request has them. */
static int run_bounded(struct control *control, struct evaluation *e,
                       int (*run)(struct evaluation *e, void *data), void *data, struct capture *output)
{
    struct vvm_options *options = &control->router->node->options;
    FILE *before = options->output;
    int64_t fuel = options->load_fuel;
    int err;

    if (heap_octets(e->ctx->node) > HEAP_GROWTH) heap_collect(e->ctx->node); /* what others left behind */
    e->heap_most = heap_octets(e->ctx->node) + HEAP_GROWTH;
    if (e->heap_most > HEAP_MOST || e->load) e->heap_most = HEAP_MOST;
    options->output = output->stream;
    options->refuel = refuel;
    options->refuel_data = e;
    options->load_fuel = 1;
    err = run(e, data);
    options->refuel = NULL;
    options->output = before;
    options->load_fuel = fuel;
    capture_end(output);
    return err;
}

int command_eval(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    json_t *expressions = json_object_get(arguments, "expressions");
    const json_t *fuel = json_object_get(arguments, "fuel");
    struct vvm_context *ctx = &control->router->node->control;
    struct evaluation e = {
        .ctx = ctx, .fuel = fuel ? json_integer_value(fuel) : FUEL_MOST, .deadline = now() + TIME_MOST};
    uint64_t before = ctx->node->current->number;
    struct capture output;
    int err;

    if (json_array_size(expressions) == 0) {
        snprintf(why, room, "eval: name at least one expression");
        return -EINVAL;
    }
    if (e.fuel < 1 || e.fuel > FUEL_MOST) {
        snprintf(why, room, "eval: \"fuel\" is 1 to %lld", (long long)FUEL_MOST);
        return -EINVAL;
    }
    if ((!control->session && open_session(control)) || refresh_session(control)) {
        json_decref(command_explain(ctx, why, room));
        return -EPERM;
    }
    if (capture_open(&output, OUTPUT_MOST)) return -ENOMEM;
    e.environment = control->session->environment;
    e.values = json_array();
    err = run_bounded(control, &e, eval_all, expressions, &output);
    *data = make_data(&e, &output, err ? command_explain(ctx, why, room) : NULL);
    json_decref(e.values);
    capture_close(&output);
    if (err && e.stopped) snprintf(why, room, "eval: stopped: %s", e.stopped);
    control_changed(control, before);
    return err ? -ECANCELED : 0;
}

/* ---- loads ---- */

/* What a load does; its time is that of a request. */
struct bounded_load {
    const char *file;
    const uint8_t *octets;
    size_t length;
    bool replace;
    struct vvm_vmlet *vmlet;
};

static int run_load(struct evaluation *e, void *data)
{
    struct bounded_load *load = data;

    e->ctx->pending.kind = PENDING_NONE;
    return load_octets(e->ctx, load->file, load->octets, load->length, load->replace, &load->vmlet);
}

/* An error of which no place is known, or only one in another file, begins with the file that was sent. */
static void name_file(const char *file, char *why, size_t room)
{
    char said[1024];

    if (strncmp(why, "error", 5) != 0 || strstr(why, file)) return;
    snprintf(said, sizeof said, "%s", why);
    snprintf(why, room, "%.200s: %s", file, said);
}

int command_load_octets(struct control *control, const char *file, const uint8_t *octets, size_t length,
                        bool replace, struct vvm_vmlet **vmlet, json_t **data, char *why, size_t room)
{
    struct vvm_context *ctx = &control->router->node->control;
    struct evaluation e = {.ctx = ctx, .fuel = FUEL_MOST, .deadline = now() + LOAD_TIME, .load = true};
    struct bounded_load load = {file, octets, length, replace, NULL};
    uint64_t before = ctx->node->current->number;
    struct capture output;
    int err;

    if (capture_open(&output, OUTPUT_MOST)) return -ENOMEM;
    e.values = json_array();
    err = run_bounded(control, &e, run_load, &load, &output);
    *data = make_data(&e, &output, err ? command_explain(ctx, why, room) : NULL);
    json_decref(e.values);
    capture_close(&output);
    if (err && e.stopped) snprintf(why, room, "%.200s: stopped: %s", file, e.stopped);
    else if (err) name_file(file, why, room);
    control_changed(control, before);
    *vmlet = load.vmlet;
    return err ? -ECANCELED : 0;
}

/* ---- completion ---- */

struct completion {
    const char *prefix;
    size_t length;
    const char *names[COMPLETIONS];
    unsigned count;
};

static void offer(void *data, vvm_value symbol, const struct denotation *d)
{
    struct completion *c = data;
    const char *name = symbol_name(symbol);

    (void)d;
    if (strncmp(name, c->prefix, c->length) || (*name == '%' && *c->prefix != '%')) return;
    if (c->count < COMPLETIONS) c->names[c->count++] = name;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of core and of every VMlet, the session among them. */
int command_complete(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    const char *prefix = json_string_value(json_object_get(arguments, "prefix"));
    const struct vvm_vmlet *v;
    struct completion *c = calloc(1, sizeof *c);
    unsigned i;

    (void)why, (void)room;
    if (!c) return -ENOMEM;
    c->prefix = prefix ? prefix : "";
    c->length = strlen(c->prefix);
    for (v = control->router->node->vmlets; v; v = v->next) environment_each(v->environment, offer, c);
    qsort(c->names, c->count, sizeof *c->names, by_name);
    *data = json_array();
    for (i = 0; i < c->count; i++)
        if (i == 0 || c->names[i] != c->names[i - 1])
            json_array_append_new(*data, json_text(c->names[i], strlen(c->names[i])));
    free(c);
    return 0;
}
