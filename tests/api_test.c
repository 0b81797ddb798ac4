/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_test.c - vvm.h as an application sees it: nothing of the engine's own headers is used
 * here.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/vvm.h"
#include "suites.h"

static vvm_node *opened(void)
{
    vvm_node *node = NULL;
    CU_ASSERT_EQUAL_FATAL(vvm_node_open(NULL, &node), 0);
    return node;
}

static void load(vvm_node *node, const char *text)
{
    int err = vvm_load(node, "test", text, strlen(text));
    if (err) fprintf(stderr, "    %s\n", vvm_error(node));
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static int evaluate(vvm_node *node, const char *vmlet, const char *text, struct vvm_datum *result)
{
    return vvm_evaluate(node, vmlet, text, strlen(text), result);
}

static bool is_text(const struct vvm_datum *d, enum vvm_kind kind, const char *text)
{
    return d->kind == kind && d->length == strlen(text) && memcmp(d->octets, text, d->length) == 0;
}

/* ---- nodes ---- */

static void options_say_how_much_they_say(void)
{
    struct {
        struct vvm_node_options known;
        char later[64];
    } newer = {.known = {.size = sizeof newer}};
    struct vvm_node_options options = {0};
    vvm_node *node;
    CU_ASSERT_EQUAL(vvm_node_open(&options, &node), -EINVAL);
    options.size = offsetof(struct vvm_node_options, heap_limit); /* an older program's */
    options.packet_octets = 1 << 30;                              /* is not looked at */
    options.data = &options;
    CU_ASSERT_EQUAL_FATAL(vvm_node_open(&options, &node), 0);
    CU_ASSERT_PTR_EQUAL(vvm_node_data(node), &options);
    vvm_node_close(node);
    options.size = sizeof options;
    CU_ASSERT_EQUAL(vvm_node_open(&options, &node), -EINVAL);
    CU_ASSERT_EQUAL_FATAL(vvm_node_open(&newer.known, &node), 0);
    vvm_node_close(node);
    newer.later[63] = 1;
    CU_ASSERT_EQUAL(vvm_node_open(&newer.known, &node), -E2BIG);
    vvm_node_close(NULL);
}

static void values_come_out_with_their_kind(void)
{
    vvm_node *node = opened();
    struct vvm_datum d;
    CU_ASSERT_EQUAL(evaluate(node, NULL, "(define x 40) (+ x 2)", &d), 0);
    CU_ASSERT(d.kind == VVM_INTEGER && d.integer == 42);
    CU_ASSERT_EQUAL(evaluate(node, NULL, "(= x 40)", &d), 0); /* the session stays */
    CU_ASSERT(d.kind == VVM_BOOLEAN && d.integer == 1);
    CU_ASSERT_EQUAL(evaluate(node, NULL, "\"a\\x3bb;\"", &d), 0);
    CU_ASSERT(is_text(&d, VVM_TEXT, "a\xce\xbb"));
    CU_ASSERT_EQUAL(evaluate(node, NULL, "'name", &d), 0);
    CU_ASSERT(is_text(&d, VVM_SYMBOL, "name"));
    CU_ASSERT_EQUAL(evaluate(node, NULL, "(bytevector 1 0 2)", &d), 0);
    CU_ASSERT(d.kind == VVM_OCTETS && d.length == 3 && memcmp(d.octets, "\1\0\2", 3) == 0);
    CU_ASSERT_EQUAL(evaluate(node, NULL, "'(1 \"x\")", &d), 0);
    CU_ASSERT(is_text(&d, VVM_WRITTEN, "(1 \"x\")"));
    CU_ASSERT_EQUAL(evaluate(node, NULL, "", &d), 0);
    CU_ASSERT_EQUAL(d.kind, VVM_NOTHING);
    vvm_node_close(node);
}

static void a_refused_text_says_why_and_changes_nothing(void)
{
    vvm_node *node = opened();
    struct vvm_datum d;
    static const char bad[] = "(vmlet bad (needs (all)))\n(define fine 1)\n(car 5)\n";
    CU_ASSERT_STRING_EQUAL(vvm_error(node), "");
    CU_ASSERT(vvm_load(node, "bad.vml", bad, strlen(bad)) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(node), "bad.vml:3:1: error type"));
    CU_ASSERT_EQUAL(evaluate(node, "bad", "fine", &d), -ENOENT);
    CU_ASSERT_STRING_EQUAL(vvm_error(node), "no VMlet `bad` is loaded");
    CU_ASSERT(vvm_load(node, "bad.vmi", "VVMI", 4) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(node), "error image"));
    CU_ASSERT(vvm_load_file(node, "/nowhere/x.vml") < 0);
    load(node, "(vmlet bad (needs (all))) (define fine 2)");
    CU_ASSERT_EQUAL(evaluate(node, "bad", "fine", &d), 0);
    CU_ASSERT_EQUAL(d.integer, 2);
    CU_ASSERT_EQUAL(vvm_load(node, "x", "(vmlet bad)", 11), -EEXIST);
    vvm_node_close(node);
}

/* ---- functions ---- */

struct filter {
    vvm_node *node;
    vvm_context *context;
    vvm_function *function;
};

static void filter_open(struct filter *f, const char *text)
{
    f->node = opened();
    load(f->node, text);
    CU_ASSERT_EQUAL_FATAL(vvm_context_open(f->node, f, &f->context), 0);
    int err = vvm_function_open(f->node, "keep", "filter", &f->function);
    if (err) fprintf(stderr, "    %s\n", vvm_error(f->node));
    CU_ASSERT_EQUAL_FATAL(err, 0);
    CU_ASSERT_PTR_EQUAL(vvm_context_data(f->context), f);
}

static void filter_close(struct filter *f)
{
    vvm_function_close(f->function);
    vvm_context_close(f->context);
    vvm_node_close(f->node);
}

static int pass(const struct filter *f, const char *message, int64_t fuel, struct vvm_datum *result)
{
    struct vvm_datum d = {.kind = VVM_OCTETS, .octets = message, .length = strlen(message)};
    return vvm_function_run(f->context, f->function, &d, 1, fuel, result, NULL);
}

static void a_function_works_on_a_copy_of_the_message(void)
{
    struct filter f;
    struct vvm_datum d;
    char message[] = "abc";
    filter_open(&f, "(vmlet keep (needs (all))) (define (filter m) (bytevector-u8-set! m 0 88) m)");
    for (int i = 0; i < 1000; i++) CU_ASSERT_EQUAL_FATAL(pass(&f, message, 1000, &d), 0);
    CU_ASSERT(is_text(&d, VVM_OCTETS, "Xbc"));
    CU_ASSERT_STRING_EQUAL(message, "abc");
    filter_close(&f);
}

static void what_a_function_gives_stays_when_its_vmlet_is_no_more(void)
{
    struct filter f;
    struct vvm_datum d;
    filter_open(&f, "(vmlet keep (needs (all)))"
                    "(define (filter m) #u8(99 111 110 115 116 97 110 116 32 111 99 116 101 116 115))");
    CU_ASSERT_EQUAL(pass(&f, "", 1000, &d), 0);
    CU_ASSERT_EQUAL(vvm_unload(f.node, "keep", 0), 0); /* no context holds it between messages */
    for (int i = 0; i < 20; i++) {                     /* where it was, something else is */
        load(f.node, "(vmlet keep (needs (all))) (define (g) #u8(1 2 3 4 5 6 7 8 9 1 2 3 4 5 6))");
        CU_ASSERT_EQUAL(vvm_unload(f.node, "keep", 0), 0);
    }
    CU_ASSERT(is_text(&d, VVM_OCTETS, "constant octets"));
    filter_close(&f);
}

/* A bound function is found by its name in every state of the node. */
static void a_function_follows_its_name(void)
{
    struct filter f;
    struct vvm_datum d;
    static const char second[] = "(vmlet keep (needs (all))) (define (filter m) 2)",
                      unfit[] = "(vmlet keep (needs (all))) (define (filter m) (lambda () m))",
                      broken[] = "(vmlet keep (needs (all))) (define (filter m) 3) (car 1)",
                      none[] = "(vmlet keep (needs (all)))";
    filter_open(&f, "(vmlet keep (needs (all))) (define (filter m) 1)");
    load(f.node, "(vmlet user (needs (all)) (import (keep filter))) (define (use m) (filter m))");
    CU_ASSERT(pass(&f, "", 1000, &d) == 0 && d.integer == 1);
    CU_ASSERT_EQUAL(vvm_replace(f.node, "second", second, strlen(second)), 0);
    CU_ASSERT(pass(&f, "", 1000, &d) == 0 && d.integer == 2);
    CU_ASSERT(vvm_replace(f.node, "unfit", unfit, strlen(unfit)) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(f.node), "function filter"));
    CU_ASSERT(vvm_replace(f.node, "broken", broken, strlen(broken)) < 0);
    CU_ASSERT(vvm_replace(f.node, "none", none, strlen(none)) < 0); /* user imports it */
    CU_ASSERT(pass(&f, "", 1000, &d) == 0 && d.integer == 2);
    CU_ASSERT_EQUAL(vvm_unload(f.node, "keep", 0), -EBUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(f.node), "user"));
    CU_ASSERT_EQUAL(vvm_unload(f.node, "keep", 1), 0);
    CU_ASSERT_EQUAL(pass(&f, "", 1000, &d), -ENOENT);
    CU_ASSERT_EQUAL(vvm_unload(f.node, "keep", 1), -ENOENT);
    CU_ASSERT(vvm_load(f.node, "unfit", unfit, strlen(unfit)) < 0);
    load(f.node, "(vmlet keep (needs (all))) (define (filter m) 4)");
    CU_ASSERT(pass(&f, "", 1000, &d) == 0 && d.integer == 4);
    filter_close(&f);
}

static void limits_end_a_function_and_nothing_else(void)
{
    struct filter f;
    struct vvm_datum d;
    int64_t used;
    filter_open(&f, "(vmlet keep (needs (all)))\n"
                    "(define (grow l) (grow (cons l l)))\n"
                    "(define (down n) (+ 1 (down (+ n 1))))\n"
                    "(define (filter m) (case (bytevector-u8-ref m 0)\n"
                    "  ((108) (let loop () (loop)))\n"
                    "  ((103) (grow '())) ((100) (down 0)) ((114) (raise 'no)) (else 'well)))\n");
    CU_ASSERT_EQUAL(pass(&f, "l", 100000, &d), -ETIME);
    CU_ASSERT_STRING_EQUAL(vvm_context_error(f.context), "the function used up its fuel");
    CU_ASSERT_EQUAL(pass(&f, "g", 10000000, &d), -ENOBUFS);
    CU_ASSERT_EQUAL(pass(&f, "d", 10000000, &d), -ELOOP);
    CU_ASSERT_EQUAL(pass(&f, "r", 1000, &d), -ECANCELED);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_context_error(f.context), "no"));
    CU_ASSERT_EQUAL(pass(&f, "", 1000, &d), -ECANCELED);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_context_error(f.context), "error bounds"));
    CU_ASSERT_EQUAL(pass(&f, "w", 1000, &d), 0);
    CU_ASSERT(is_text(&d, VVM_SYMBOL, "well"));
    struct vvm_datum m = {.kind = VVM_OCTETS, .octets = "w", .length = 1};
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &m, 1, 1000, &d, &used), 0);
    CU_ASSERT(used > 0 && used < 100);
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &m, 1, used, &d, NULL), 0);
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &m, 1, used - 1, &d, NULL), -ETIME);
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &m, 1, -1, &d, NULL), -EINVAL);
    filter_close(&f);
}

static void arguments_are_checked(void)
{
    struct filter f;
    struct vvm_datum d, many[17] = {{VVM_INTEGER, 0, NULL, 0}};
    filter_open(&f, "(vmlet keep (needs (all))) (define (filter a) a)");
    struct vvm_datum a = {.kind = VVM_INTEGER, .integer = INT64_MAX};
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &a, 1, 1000, &d, NULL), -EINVAL);
    a.integer = -5;
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &a, 1, 1000, &d, NULL), 0);
    CU_ASSERT(d.kind == VVM_INTEGER && d.integer == -5);
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, many, 17, 1000, &d, NULL), -E2BIG);
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, many, 2, 1000, &d, NULL), -ECANCELED); /* arity */
    a = (struct vvm_datum){.kind = VVM_OCTETS, .octets = NULL, .length = 1};
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &a, 1, 1000, &d, NULL), -EINVAL);
    a = (struct vvm_datum){.kind = VVM_OCTETS, .octets = "", .length = 200000};
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &a, 1, 1000, &d, NULL), -E2BIG);
    a = (struct vvm_datum){.kind = VVM_SYMBOL, .octets = "x", .length = 1};
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &a, 1, 1000, &d, NULL), -EINVAL);
    filter_close(&f);
}

/* Nothing that messages could not run is bound, and what is bound stays so. */
static void only_what_may_run_for_messages_is_bound(void)
{
    vvm_node *node = opened();
    vvm_function *f;
    struct vvm_datum d;
    load(node, "(vmlet keep (needs (all))) (define (make m) (lambda (x) m)) (define n 1) (define (filter m) "
               "(help m))\n"
               "(define (help m) m)");
    CU_ASSERT_EQUAL(vvm_function_open(node, "keep", "make", &f), -EPERM);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(node), "make"));
    CU_ASSERT_EQUAL(vvm_function_open(node, "keep", "n", &f), -ENOENT);
    CU_ASSERT_EQUAL(vvm_function_open(node, "keep", "gone", &f), -ENOENT);
    CU_ASSERT_EQUAL(vvm_function_open(node, "gone", "filter", &f), -ENOENT);
    CU_ASSERT_EQUAL(vvm_function_open(node, "keep", "car", &f), -ENOENT); /* core's, not its own */
    CU_ASSERT_EQUAL_FATAL(vvm_function_open(node, "keep", "filter", &f), 0);
    CU_ASSERT(evaluate(node, "keep", "(define (help m) (lambda () m))", &d) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(node), "function filter"));
    vvm_function_close(f);
    CU_ASSERT_EQUAL(evaluate(node, "keep", "(define (help m) (lambda () m))", &d), 0);
    vvm_node_close(node);
}

/* ---- packets ---- */

static const char echo[] =
    "(vmlet echo (needs (all)))\n"
    "(define-layout echo (what u8) (contents rest))\n"
    "(define (run)\n"
    "  (case (echo-what packet)\n"
    "    ((1) (send (hop 3 #x0a000001) packet))\n"
    "    ((2) (deliver-to 9 packet))\n"
    "    ((3) (drop 'unwanted))\n"
    "    (else (send (hop 4 0) packet))))\n"
    "(define-network echo (match (udp 7) (ethernet #x9999)) (decode echo) (execute run))\n";

struct host {
    vvm_context *context;
    unsigned sent, delivered;
    uint16_t device;
    uint32_t address, port;
    char octets[16];
    size_t length;
    const char *refusal;
};

static const char *take(void *data, vvm_context *context, uint16_t device, uint32_t address,
                        const void *octets, size_t length)
{
    struct host *h = data;
    h->context = context;
    h->sent++;
    h->device = device;
    h->address = address;
    h->length = length;
    memcpy(h->octets, octets, length < sizeof h->octets ? length : sizeof h->octets);
    return h->refusal;
}

static const char *hand(void *data, vvm_context *context, const char *network, uint32_t port,
                        const void *octets, size_t length)
{
    struct host *h = data;
    (void)octets;
    h->context = context;
    h->delivered++;
    h->port = port;
    h->length = length;
    CU_ASSERT_STRING_EQUAL(network, "echo");
    return h->refusal;
}

struct rows {
    unsigned count;
    uint64_t received, dropped_unwanted, dropped_busy;
};

static void note_row(void *data, const char *kind, const char *name, uint64_t count)
{
    struct rows *r = data;
    r->count++;
    if (!strcmp(kind, "received")) r->received += count;
    if (!strcmp(kind, "dropped") && !strcmp(name, "unwanted")) r->dropped_unwanted += count;
    if (!strcmp(kind, "dropped") && !strcmp(name, "busy")) r->dropped_busy += count;
}

static void note_claim(void *data, enum vvm_match match, uint32_t key, const char *network)
{
    unsigned *claims = data;
    CU_ASSERT_STRING_EQUAL(network, "echo");
    if (match == VVM_UDP_PORT && key == 7) *claims |= 1;
    if (match == VVM_ETHERNET_TYPE && key == 0x9999) *claims |= 2;
}

static void packets_end_as_the_report_says(void)
{
    struct host host = {0};
    struct vvm_node_options options = {
        .size = sizeof options, .data = &host, .transmit = take, .deliver = hand, .packet_octets = 100};
    vvm_node *node;
    vvm_context *context;
    struct vvm_report report;
    char big[101] = {1};
    unsigned claims = 0;
    CU_ASSERT_EQUAL_FATAL(vvm_node_open(&options, &node), 0);
    load(node, echo);
    vvm_claims(node, note_claim, &claims);
    CU_ASSERT_EQUAL(claims, 3);
    CU_ASSERT_EQUAL_FATAL(vvm_context_open(node, NULL, &context), 0);
    CU_ASSERT_EQUAL(vvm_receive(context, "echo", 1, "\1abc", 4, &report), 0);
    CU_ASSERT(report.outcome == VVM_SENT && report.fuel > 0 && !strcmp(report.network, "echo"));
    CU_ASSERT(host.sent == 1 && host.device == 3 && host.address == 0x0a000001 && host.context == context);
    CU_ASSERT(host.length == 4 && memcmp(host.octets, "\1abc", 4) == 0);
    CU_ASSERT_EQUAL(vvm_receive_by(context, VVM_UDP_PORT, 7, 1, "\2", 1, &report), 0);
    CU_ASSERT(report.outcome == VVM_DELIVERED && host.delivered == 1 && host.port == 9);
    CU_ASSERT_EQUAL(vvm_receive_by(context, VVM_ETHERNET_TYPE, 0x9999, 2, "\3", 1, &report), 0);
    CU_ASSERT(report.outcome == VVM_DROPPED && !strcmp(report.name, "unwanted"));
    host.refusal = "busy";
    CU_ASSERT_EQUAL(vvm_receive(context, "echo", 1, "\1abc", 4, &report), 0);
    CU_ASSERT(report.outcome == VVM_DROPPED && !strcmp(report.name, "busy"));
    CU_ASSERT_EQUAL(vvm_receive(context, "nobody", 1, "\1", 1, &report), -ENOENT);
    CU_ASSERT(report.outcome == VVM_DROPPED && !strcmp(report.name, "not-active"));
    CU_ASSERT_EQUAL(vvm_receive_by(context, VVM_UDP_PORT, 8, 1, "\1", 1, NULL), -ENOENT);
    CU_ASSERT_EQUAL(vvm_receive(context, "echo", 1, big, sizeof big, &report), -EMSGSIZE);
    CU_ASSERT_EQUAL(vvm_receive(context, "echo", 1, "", 0, &report), 0);
    CU_ASSERT_STRING_EQUAL(report.name, "short-echo");
    struct rows rows = {0};
    CU_ASSERT_EQUAL(vvm_ledger(node, note_row, &rows), 0);
    CU_ASSERT(rows.received == 8 && rows.dropped_unwanted == 1 && rows.dropped_busy == 1);
    CU_ASSERT_EQUAL(vvm_ledger_balance(node), 0);
    vvm_context_close(context);
    CU_ASSERT_EQUAL(vvm_ledger_balance(node), 0);
    vvm_node_close(node);
}

static const char sleepy[] = "(vmlet sleepy (needs (all)))\n"
                             "(define-queue beds (key u8) (packets 4) (bytes 8KiB))\n"
                             "(define-array awake u8 1)\n"
                             "(define-layout nap (what u8))\n"
                             "(define (run)\n"
                             "  (if (= (nap-what packet) 1)\n"
                             "      (if (zero? (array-ref awake 0)) (hold beds 1) (deliver-to 7 packet))\n"
                             "      (begin (array-set! awake 0 1) (wake beds 1) (consume 'bell))))\n"
                             "(define-network echo (match (udp 7)) (decode nap) (execute run))\n";

static void note_end(void *data, vvm_context *context, const struct vvm_report *report)
{
    struct host *h = data;
    CU_ASSERT_PTR_NOT_NULL(context);
    h->sent += report->outcome == VVM_DELIVERED && strcmp(report->name, "port-7") == 0;
}

static void note_held(void *data, const char *kind, const char *name, uint64_t count)
{
    (void)name;
    if (!strcmp(kind, "held")) *(uint64_t *)data += count;
}

static uint64_t held(vvm_node *node)
{
    uint64_t count = 0;
    CU_ASSERT_EQUAL(vvm_ledger(node, note_held, &count), 0);
    CU_ASSERT_EQUAL(vvm_ledger_balance(node), 0);
    return count;
}

/* In the node and in one beside it, each in its own queue and ledger. */
static void held_packets_wake_and_are_told_of(void)
{
    struct host host = {0};
    struct vvm_node_options options = {
        .size = sizeof options, .data = &host, .deliver = hand, .ended = note_end};
    vvm_node *node, *second;
    vvm_context *context, *other;
    struct vvm_report report;
    CU_ASSERT_EQUAL_FATAL(vvm_node_open(&options, &node), 0);
    load(node, sleepy);
    CU_ASSERT_EQUAL_FATAL(vvm_node_open_beside(node, &options, &second), 0);
    CU_ASSERT_EQUAL_FATAL(vvm_context_open(node, NULL, &context), 0);
    CU_ASSERT_EQUAL_FATAL(vvm_context_open(second, NULL, &other), 0);
    CU_ASSERT_EQUAL(vvm_receive(other, "echo", 0, "\1", 1, &report), 0);
    CU_ASSERT_EQUAL(report.outcome, VVM_HELD);
    for (int i = 0; i < 2; i++) CU_ASSERT_EQUAL(vvm_receive(context, "echo", 0, "\1", 1, NULL), 0);
    CU_ASSERT(held(node) == 2 && held(second) == 1);
    CU_ASSERT_EQUAL(vvm_receive(context, "echo", 0, "\2", 1, &report), 0);
    CU_ASSERT_STRING_EQUAL(report.name, "bell");
    CU_ASSERT(host.delivered == 2 && host.sent == 2); /* sent: as note_end counts */
    CU_ASSERT(held(node) == 0 && held(second) == 1);
    vvm_context_close(other);
    CU_ASSERT_EQUAL(vvm_unload(node, "sleepy", 0), 0); /* what waited is dropped, where it waited */
    struct rows rows = {0};
    vvm_ledger(second, note_row, &rows);
    CU_ASSERT(held(second) == 0 && rows.received == 1);
    vvm_context_close(context);
    vvm_node_close(second);
    vvm_node_close(node);
}

static int64_t number(vvm_node *node, const char *vmlet, const char *text)
{
    struct vvm_datum d = {VVM_NOTHING, 0, NULL, 0};
    int err = evaluate(node, vmlet, text, &d);
    if (err) fprintf(stderr, "    %s: %s\n", text, vvm_error(node));
    CU_ASSERT_EQUAL(err, 0);
    CU_ASSERT(d.kind == VVM_INTEGER || d.kind == VVM_BOOLEAN);
    return d.integer;
}

static uint64_t fixed_clock(void *data) { return ((struct host *)data)->address; }

static const char ticking[] = "(vmlet ticking (needs (all)))\n"
                              "(define-array ticks u64 1)\n"
                              "(define-timer tick (every 2) (array-add! ticks 0 1))\n";

/* Each node beside another has its own clock, and its timers go by it. */
static void timers_go_by_the_clock_of_their_node(void)
{
    struct host now = {.address = 1000000000};
    struct vvm_node_options options = {.size = sizeof options, .data = &now, .clock = fixed_clock};
    vvm_node *node, *second;
    vvm_context *context;
    CU_ASSERT_EQUAL_FATAL(vvm_node_open(NULL, &node), 0);
    load(node, ticking);
    CU_ASSERT_EQUAL_FATAL(vvm_node_open_beside(node, &options, &second), 0);
    CU_ASSERT_EQUAL_FATAL(vvm_context_open(second, NULL, &context), 0);
    uint64_t due = vvm_run_due(context);
    CU_ASSERT(due > now.address && due <= UINT64_C(3000000000));
    CU_ASSERT_EQUAL(number(second, "ticking", "(array-ref ticks 0)"), 0);
    now.address = 3000000000;
    due = vvm_run_due(context);
    CU_ASSERT(due > now.address);
    CU_ASSERT_EQUAL(number(second, "ticking", "(array-ref ticks 0)"), 1);
    CU_ASSERT_EQUAL(number(node, "ticking", "(array-ref ticks 0)"), 0);
    vvm_context_close(context);
    vvm_node_close(second);
    vvm_node_close(node);
}

/* ---- what the application provides ---- */

static const char *twice(void *data, const struct vvm_datum *arguments, size_t count,
                         struct vvm_datum *result)
{
    unsigned *calls = data;
    static char octets[8];
    ++*calls;
    if (arguments[0].kind == VVM_INTEGER) {
        *result = (struct vvm_datum){.kind = VVM_INTEGER, .integer = 2 * arguments[0].integer};
    } else if (arguments[0].kind == VVM_TEXT) {
        snprintf(octets, sizeof octets, "%.3s%.3s", (const char *)arguments[0].octets,
                 (const char *)arguments[0].octets);
        *result = (struct vvm_datum){.kind = VVM_TEXT, .octets = octets, .length = strlen(octets)};
    } else {
        return "neither a number nor a text";
    }
    return count == 1 ? NULL : "one argument";
}

static void what_is_provided_can_be_imported(void)
{
    struct filter f = {.node = opened()};
    struct vvm_datum d;
    unsigned calls = 0;
    struct vvm_provision p = {.size = sizeof p,
                              .name = "twice",
                              .description = "As much again.",
                              .least = 1,
                              .most = 1,
                              .cost = 5,
                              .in_packets = 1,
                              .data = &calls,
                              .run = twice};
    CU_ASSERT_EQUAL_FATAL(vvm_provide(f.node, &p), 0);
    CU_ASSERT_EQUAL(vvm_provide(f.node, &p), -EEXIST);
    p.name = "slowly-twice";
    p.in_packets = 0;
    CU_ASSERT_EQUAL_FATAL(vvm_provide(f.node, &p), 0);
    p.name = "car";
    CU_ASSERT_EQUAL(vvm_provide(f.node, &p), -EEXIST);
    CU_ASSERT(evaluate(f.node, NULL, "(twice 1)", &d) < 0); /* who does not import it does not see it */
    load(f.node, "(vmlet keep (needs (all)) (import (host twice slowly-twice)))\n"
                 "(define (filter m) (twice (twice m))) (define (slow m) (slowly-twice m))");
    CU_ASSERT_EQUAL(evaluate(f.node, "keep", "(twice \"ab\")", &d), 0);
    CU_ASSERT(is_text(&d, VVM_TEXT, "abab"));
    CU_ASSERT(evaluate(f.node, "keep", "(slow 'x)", &d) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(f.node), "slowly-twice: neither a number nor a text"));
    CU_ASSERT_EQUAL_FATAL(vvm_context_open(f.node, NULL, &f.context), 0);
    CU_ASSERT_EQUAL(vvm_function_open(f.node, "keep", "slow", &f.function), -EPERM);
    CU_ASSERT_EQUAL_FATAL(vvm_function_open(f.node, "keep", "filter", &f.function), 0);
    struct vvm_datum a = {.kind = VVM_INTEGER, .integer = 10};
    calls = 0;
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &a, 1, 1000, &d, NULL), 0);
    CU_ASSERT(d.kind == VVM_INTEGER && d.integer == 40 && calls == 2);
    a.integer = INT64_C(1) << 59; /* four times that has no place in 61 bits */
    CU_ASSERT_EQUAL(vvm_function_run(f.context, f.function, &a, 1, 1000, &d, NULL), -ECANCELED);
    filter_close(&f);
}

static void what_vmlets_may_do_is_permitted(void)
{
    vvm_node *node = opened();
    static const char asks[] = "(vmlet asks (needs (table 64KiB))) (define-array a u32 4)",
                      more[] = "(vmlet more (needs (table 64KiB) (network udp 7)))\n"
                               "(define-layout m (x u8)) (define (run) (drop 'x))\n"
                               "(define-network m (match (udp 7)) (decode m) (execute run))";
    CU_ASSERT_EQUAL(vvm_permit(node, "(fly)"), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(node), "fly"));
    CU_ASSERT_EQUAL(vvm_permit(node, ""), 0);
    CU_ASSERT(vvm_load(node, "asks", asks, strlen(asks)) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(node), "error privilege"));
    CU_ASSERT_EQUAL(vvm_permit(node, "(table 1MiB)"), 0);
    CU_ASSERT_EQUAL(vvm_load(node, "asks", asks, strlen(asks)), 0);
    CU_ASSERT(vvm_load(node, "more", more, strlen(more)) < 0);
    CU_ASSERT_EQUAL(vvm_permit(node, NULL), 0);
    CU_ASSERT_EQUAL(vvm_load(node, "more", more, strlen(more)), 0);
    CU_ASSERT_EQUAL(evaluate(node, NULL, "(define-array own u8 3)", NULL), 0);
    vvm_node_close(node);
}

/* ---- nodes beside others ---- */

static const char counting[] = "(vmlet keep (needs (all)))\n"
                               "(define-array tally u64 4)\n"
                               "(define-table marks map (key u32) (value u64) (entries 100))\n"
                               "(array-set! tally 1 7)\n"
                               "(table-put! marks 5 50)\n"
                               "(define (filter m) (array-add! tally 0 1))\n"
                               "(define-layout count (contents rest))\n"
                               "(define (run) (deliver-to (array-add! tally 2 1) packet))\n"
                               "(define-network echo (match (udp 7)) (decode count) (execute run))\n";

static void a_node_beside_another_has_its_own_state(void)
{
    struct host host = {.address = 12345};
    struct vvm_node_options options = {
        .size = sizeof options, .data = &host, .deliver = hand, .clock = fixed_clock};
    struct filter f;
    struct vvm_datum d;
    vvm_node *second, *third;
    vvm_context *context;
    filter_open(&f, counting);
    CU_ASSERT_EQUAL(number(f.node, "keep", "(array-add! tally 1 1)"), 8);
    CU_ASSERT_EQUAL_FATAL(vvm_node_open_beside(f.node, &options, &second), 0);
    CU_ASSERT_EQUAL_FATAL(vvm_node_open_beside(second, NULL, &third), 0);
    CU_ASSERT_EQUAL_FATAL(vvm_context_open(second, NULL, &context), 0);
    /* tables begin as those of the first, and go their own way */
    CU_ASSERT_EQUAL(number(second, "keep", "(array-ref tally 1)"), 8);
    CU_ASSERT_EQUAL(number(second, "keep", "(table-ref marks 5)"), 50);
    CU_ASSERT_EQUAL(evaluate(second, "keep", "(table-put! marks 6 60) (array-set! tally 1 9)", NULL), 0);
    CU_ASSERT_EQUAL(number(f.node, "keep", "(if (table-ref marks 6) 1 0)"), 0);
    CU_ASSERT_EQUAL(number(third, "keep", "(array-ref tally 1)"), 8);
    CU_ASSERT_EQUAL(number(second, "keep", "(+ (table-ref marks 6) (table-ref marks 5))"), 110);
    /* so do messages and packets */
    for (int i = 1; i <= 3; i++) CU_ASSERT(pass(&f, "", 1000, &d) == 0 && d.integer == i);
    CU_ASSERT_EQUAL(vvm_function_run(context, f.function, &d, 1, 1000, &d, NULL), 0);
    CU_ASSERT_EQUAL(d.integer, 1);
    CU_ASSERT_EQUAL(vvm_receive(context, "echo", 0, "x", 1, NULL), 0);
    CU_ASSERT(host.delivered == 1 && host.context == context && host.port == 1);
    struct rows first = {0}, other = {0};
    vvm_ledger(f.node, note_row, &first);
    vvm_ledger(second, note_row, &other);
    CU_ASSERT(first.count == 0 && other.received == 1);
    CU_ASSERT_EQUAL(vvm_ledger_balance(second), 0);
    CU_ASSERT_EQUAL(number(second, "keep", "(current-jiffy)"), 12345);
    CU_ASSERT(number(f.node, "keep", "(current-jiffy)") != 12345);
    vvm_context_close(context);
    vvm_node_close(third);
    vvm_node_close(second);
    filter_close(&f);
}

static void what_is_loaded_beside_is_loaded_for_all(void)
{
    struct filter f;
    vvm_node *second;
    static const char late
        [] = "(vmlet late (needs (all))) (define-array more u32 3) (array-set! more 1 5)",
    later[] =
        "(vmlet late (needs (all))) (define-array more u32 3) (define-array yet u8 3) (array-set! yet 2 6)",
    bad[] = "(vmlet bad (needs (all))) (define-array worse u32 3) (array-set! worse 0 1) (car 1)";
    filter_open(&f, counting);
    CU_ASSERT_EQUAL_FATAL(vvm_node_open_beside(f.node, NULL, &second), 0);
    for (int i = 0; i < 3; i++) CU_ASSERT(vvm_load(second, "bad", bad, strlen(bad)) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(vvm_error(second), "error type"));
    CU_ASSERT_EQUAL(vvm_load(second, "late", late, strlen(late)), 0);
    CU_ASSERT_EQUAL(number(f.node, "late", "(array-add! more 1 1)"), 6);
    CU_ASSERT_EQUAL(number(second, "late", "(array-add! more 1 2)"), 7);
    CU_ASSERT_EQUAL(vvm_replace(f.node, "late", later, strlen(later)), 0); /* it writes `yet` */
    CU_ASSERT_EQUAL(number(f.node, "late", "(+ (array-ref more 1) (array-ref yet 2))"), 12);
    CU_ASSERT_EQUAL(number(second, "late", "(+ (array-ref more 1) (array-ref yet 2))"), 13);
    /* what is evaluated beside makes tables for all, and fills its own */
    CU_ASSERT_EQUAL(evaluate(second, "late", "(begin (define-array own u32 1) (array-set! own 0 3))", NULL),
                    0);
    CU_ASSERT_EQUAL(number(second, "late", "(array-ref own 0)"), 3);
    CU_ASSERT_EQUAL(number(f.node, "late", "(array-ref own 0)"), 0);
    CU_ASSERT_EQUAL(vvm_unload(second, "late", 0), 0);
    CU_ASSERT_EQUAL(evaluate(f.node, "late", "1", NULL), -ENOENT);
    CU_ASSERT_EQUAL(vvm_load(f.node, "late", late, strlen(late)), 0); /* tables of its own again */
    CU_ASSERT_EQUAL(number(second, "late", "(array-ref more 1)"), 5);
    vvm_node_close(second);
    filter_close(&f);
}

/* ---- threads ---- */

struct runner {
    const struct filter *filter;
    vvm_context *context;
    bool stop;
    unsigned runs, mixed;
};

/* (filter m) gives (+ a b), which every load keeps at 100. */
static void *run_filter(void *data)
{
    struct runner *r = data;
    struct vvm_datum a = {.kind = VVM_INTEGER}, d;
    while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
        int err = vvm_function_run(r->context, r->filter->function, &a, 1, 1000, &d, NULL);
        r->mixed += err || d.kind != VVM_INTEGER || d.integer != 100;
        __atomic_fetch_add(&r->runs, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void a_message_sees_one_state_while_loads_go_on(void)
{
    struct filter f;
    struct runner r = {.filter = &f};
    pthread_t thread;
    char text[200];
    filter_open(&f,
                "(vmlet keep (needs (all))) (define (a) 50) (define (b) 50) (define (filter m) (+ (a) (b)))");
    CU_ASSERT_EQUAL_FATAL(vvm_context_open(f.node, NULL, &r.context), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, run_filter, &r), 0);
    for (int i = 0; i < 100; i++) {
        unsigned runs = __atomic_load_n(&r.runs, __ATOMIC_RELAXED);
        while (__atomic_load_n(&r.runs, __ATOMIC_RELAXED) == runs) sched_yield();
        snprintf(text, sizeof text, "(begin (define (a) %d) (define (b) %d))", i, 100 - i);
        CU_ASSERT_EQUAL(evaluate(f.node, "keep", text, NULL), 0);
    }
    __atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    CU_ASSERT(r.runs > 0);
    CU_ASSERT_EQUAL(r.mixed, 0);
    vvm_context_close(r.context);
    filter_close(&f);
}

static void note_counter(void *data, const char *name, uint64_t value)
{
    unsigned *seen = data;
    if (!strcmp(name, "vmlets") && value == 2) *seen |= 1;
    if (!strcmp(name, "heap-octets") && value > 0) *seen |= 2;
}

static void note_vmlet(void *data, const char *name, int64_t version)
{
    unsigned *seen = data;
    if (!strcmp(name, "keep") && version == 3) *seen |= 4;
    if (!strcmp(name, "core")) *seen |= 8;
}

static void readings_have_names(void)
{
    vvm_node *node = opened();
    unsigned seen = 0;
    load(node, "(vmlet keep (needs (all)) (version 3))");
    vvm_counters(node, note_counter, &seen);
    vvm_vmlets(node, note_vmlet, &seen);
    CU_ASSERT_EQUAL(seen, 15);
    CU_ASSERT(strlen(vvm_version()) >= 5);
    vvm_node_close(node);
}

void api_tests(CU_pSuite suite)
{
    CU_add_test(suite, "options say how much they say", options_say_how_much_they_say);
    CU_add_test(suite, "values come out with their kind", values_come_out_with_their_kind);
    CU_add_test(suite, "a refused text says why and changes nothing",
                a_refused_text_says_why_and_changes_nothing);
    CU_add_test(suite, "a function works on a copy of the message",
                a_function_works_on_a_copy_of_the_message);
    CU_add_test(suite, "what a function gives stays", what_a_function_gives_stays_when_its_vmlet_is_no_more);
    CU_add_test(suite, "a function follows its name", a_function_follows_its_name);
    CU_add_test(suite, "limits end a function and nothing else", limits_end_a_function_and_nothing_else);
    CU_add_test(suite, "arguments are checked", arguments_are_checked);
    CU_add_test(suite, "only what may run for messages is bound", only_what_may_run_for_messages_is_bound);
    CU_add_test(suite, "packets end as the report says", packets_end_as_the_report_says);
    CU_add_test(suite, "held packets wake and are told of", held_packets_wake_and_are_told_of);
    CU_add_test(suite, "timers go by the clock of their node", timers_go_by_the_clock_of_their_node);
    CU_add_test(suite, "what is provided can be imported", what_is_provided_can_be_imported);
    CU_add_test(suite, "what VMlets may do is permitted", what_vmlets_may_do_is_permitted);
    CU_add_test(suite, "a node beside another has its own state", a_node_beside_another_has_its_own_state);
    CU_add_test(suite, "what is loaded beside is loaded for all", what_is_loaded_beside_is_loaded_for_all);
    CU_add_test(suite, "a message sees one state while loads go on",
                a_message_sees_one_state_while_loads_go_on);
    CU_add_test(suite, "readings have names", readings_have_names);
}
