/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_test.c - a running router and its control socket: requests that are wrong in
 * every way, clients that are slow, silent, many or gone, what eval may and may not do
 * while packets move, who may do what, and where the socket stands.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control_router.h"
#include "daemon/base64.h"
#include "suites.h"

enum { WHY_ROOM = 512, PATIENT = 20000 /* milliseconds */ };

/* ---- a router, its socket, and the control thread ---- */

struct site {
    struct control_router r;
    struct control_server *server;
    char folder[64], path[100];
    pthread_t thread;
    int stop; /* eventfd */
};

static void *serve(void *data)
{
    struct site *site = data;
    struct pollfd set[2] = {{.fd = control_descriptor(site->server), .events = POLLIN},
                            {.fd = site->stop, .events = POLLIN}};

    for (;;) {
        poll(set, 2, -1);
        if (set[1].revents) return NULL;
        control_serve(site->server);
    }
}

static void make_folder(struct site *site)
{
    snprintf(site->folder, sizeof site->folder, "/tmp/vvm%d-control", (int)getpid());
    snprintf(site->path, sizeof site->path, "%s/test.sock", site->folder);
}

static struct site *site_open(unsigned mode)
{
    struct site *site = calloc(1, sizeof *site);
    char why[WHY_ROOM] = "";

    CU_ASSERT_FATAL(site && !control_router_open(&site->r, true));
    make_folder(site);
    if (control_open(&site->server, &site->r.control, site->path, mode, why, sizeof why)) CU_FAIL_FATAL(why);
    site->stop = eventfd(0, EFD_CLOEXEC);
    CU_ASSERT_FATAL(!pthread_create(&site->thread, NULL, serve, site));
    return site;
}

static void site_close(struct site *site)
{
    CU_ASSERT(!eventfd_write(site->stop, 1) && !pthread_join(site->thread, NULL));
    control_close(site->server);
    CU_ASSERT_EQUAL(access(site->folder, F_OK), -1); /* nothing is left */
    close(site->stop);
    CU_ASSERT_EQUAL(control_router_close(&site->r), 0);
    free(site);
}

/* ---- asking ---- */

static struct client *open_client(const struct site *site)
{
    struct client *client = NULL;
    char why[WHY_ROOM] = "";

    if (client_open(&client, site->path, PATIENT, why, sizeof why)) CU_FAIL_FATAL(why);
    return client;
}

/* The reply, whatever it says. */
static json_t *call(struct client *client, const char *verb, json_t *arguments)
{
    json_t *reply = NULL;
    char why[WHY_ROOM] = "";

    if (client_call(client, verb, arguments, &reply, why, sizeof why)) CU_FAIL_FATAL(why);
    json_decref(arguments);
    return reply;
}

static int code_of(const json_t *reply) { return (int)json_integer_value(json_object_get(reply, "code")); }

static const json_t *data_of(const json_t *reply) { return json_object_get(reply, "data"); }

static bool error_has(const json_t *reply, const char *part)
{
    const char *error = json_string_value(json_object_get(reply, "error"));

    if (error && strstr(error, part)) return true;
    fprintf(stderr, "    no \"%s\" in \"%s\"\n", part, error ? error : "(no error)");
    return false;
}

static json_t *eval(struct client *client, const char *text)
{
    return call(client, "eval", json_pack("{s:[s]}", "expressions", text));
}

/* The printed value of the last datum. */
static bool evaluates(struct client *client, const char *text, const char *expected)
{
    json_t *reply = eval(client, text), *values = json_object_get(data_of(reply), "values");
    const char *value = json_string_value(json_array_get(values, json_array_size(values) - 1));
    bool right = code_of(reply) == 0 && value && strcmp(value, expected) == 0;

    if (!right) fprintf(stderr, "    %s gives %s\n", text, json_dumps(reply, 0));
    json_decref(reply);
    return right;
}

static bool fails(struct client *client, const char *text, const char *part)
{
    json_t *reply = eval(client, text);
    bool right = code_of(reply) == 1 && error_has(reply, part);

    if (!right) fprintf(stderr, "    %s gives %s\n", text, json_dumps(reply, 0));
    json_decref(reply);
    return right;
}

static bool answers(struct client *client, const char *verb)
{
    json_t *reply = call(client, verb, NULL);
    bool right = code_of(reply) == 0 && json_is_true(json_object_get(reply, "ok"));

    json_decref(reply);
    return right;
}

static int64_t milliseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- octets on the wire ---- */

static int raw_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = PATIENT / 1000};
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    CU_ASSERT_FATAL(descriptor >= 0);
    CU_ASSERT_FATAL(!connect(descriptor, (struct sockaddr *)&address, sizeof address));
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return descriptor;
}

/* Code of the next reply; -1: the connection is over. */
static int raw_code(int descriptor)
{
    static char text[CONTROL_PACKET];
    ssize_t n = recv(descriptor, text, sizeof text, 0);
    json_t *reply;
    int code = -2;

    if (n < 0 && errno == ECONNRESET) n = recv(descriptor, text, sizeof text, 0);
    if (n < 0 && errno == EAGAIN) return -4; /* silence is not the end */
    if (n <= 0) return -1;
    reply = text[n - 1] == '\n' ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
    if (reply && json_integer_value(json_object_get(reply, "v")) == 1) code = code_of(reply);
    json_decref(reply);
    return code;
}

static int raw_ask(int descriptor, const void *octets, size_t length)
{
    if (send(descriptor, octets, length, MSG_NOSIGNAL) != (ssize_t)length) return -3;
    return raw_code(descriptor);
}

#define RAW_ASK(descriptor, text) raw_ask(descriptor, text, sizeof text - 1)
#define GOOD                      "{\"v\":1,\"verb\":\"help\"}\n"

/* ---- verbs ---- */

static void test_verbs(void)
{
    static const char *const verbs[] = {"help", "status", "stats", "ledger", "vmlets", "ports", "complete"};
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply;
    unsigned i;

    for (i = 0; i < sizeof verbs / sizeof *verbs; i++) CU_ASSERT(answers(client, verbs[i]));
    reply = call(client, "help", NULL);
    for (i = 0; commands[i].verb; i++) {
        const json_t *row = json_array_get(data_of(reply), i);

        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "verb")), commands[i].verb);
        CU_ASSERT(i == 0 || strcmp(commands[i - 1].verb, commands[i].verb) < 0);
    }
    CU_ASSERT_EQUAL(json_array_size(data_of(reply)), i);
    json_decref(reply);
    client_close(client);
    site_close(site);
}

static void test_status(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply = call(client, "status", NULL);
    const json_t *data = data_of(reply), *port = json_array_get(json_object_get(data, "ports"), 0);

    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(data, "node")), "test");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(data, "pid")), getpid());
    CU_ASSERT(json_integer_value(json_object_get(data, "generation")) >= 1);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(data, "balance")), 0);
    CU_ASSERT(json_is_integer(json_object_get(data, "uptime")));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(data, "ports")), 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(port, "name")), "spring");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(port, "kind")), "spring");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(port, "link")), "ethernet");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(port, "state")), "up");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(port, "mtu")), 1500);
    json_decref(reply);
    client_close(client);
    site_close(site);
}

/* Rows of the ledger by outcome: their sum. */
static json_int_t ledger_sum(const json_t *data, const char *outcome)
{
    json_int_t sum = 0;
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(data, "ledger"), i,
                       row) if (strcmp(json_string_value(json_object_get(row, "outcome")), outcome) == 0)
        sum += json_integer_value(json_object_get(row, "packets"));
    return sum;
}

static void test_ledger(void)
{
    static const char *const ends[] = {"sent", "delivered", "consumed", "dropped", "held"};
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    int round;

    for (round = 0; round < 200; round++) {
        json_t *reply = call(client, "ledger", NULL);
        const json_t *data = data_of(reply);
        json_int_t in = ledger_sum(data, "received") + ledger_sum(data, "created"), out = 0;
        unsigned i;

        for (i = 0; i < sizeof ends / sizeof *ends; i++) out += ledger_sum(data, ends[i]);
        CU_ASSERT_EQUAL(in, out);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(data, "balance")), 0);
        if (round > 10) CU_ASSERT(ledger_sum(data, "sent") > 0);
        json_decref(reply);
    }
    client_close(client);
    site_close(site);
}

static void test_vmlets(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply = call(client, "vmlets", NULL), *row, *network;
    unsigned found = 0;
    size_t i;

    json_array_foreach(data_of(reply), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *file = json_string_value(json_object_get(row, "file"));

        if (strcmp(name, "hop") != 0) continue;
        found++;
        network = json_array_get(json_object_get(row, "networks"), 0);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(network, "name")), "hop");
        CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(json_object_get(network, "claims"), 0)),
                               "anep 18512");
        CU_ASSERT_EQUAL(json_array_size(json_object_get(row, "needs")), 2);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "version")), 1);
        CU_ASSERT(file && strstr(file, "hop.vml"));
    }
    CU_ASSERT_EQUAL(found, 1);
    json_decref(reply);
    client_close(client);
    site_close(site);
}

static void test_stats(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *all = call(client, "stats", NULL), *some, *value;
    const char *name;

    some = call(client, "stats", json_pack("{s:s}", "prefix", "port/"));
    CU_ASSERT(json_object_size(data_of(some)) > 3);
    CU_ASSERT(json_object_size(data_of(all)) > json_object_size(data_of(some)));
    json_object_foreach((json_t *)data_of(some), name, value)
    {
        CU_ASSERT(strncmp(name, "port/", 5) == 0 && json_is_integer(value));
        CU_ASSERT(json_object_get(data_of(all), name) != NULL);
    }
    json_decref(some);
    json_decref(all);
    some = call(client, "stats", json_pack("{s:s}", "prefix", "nothing/"));
    CU_ASSERT_EQUAL(code_of(some), 1);
    json_decref(some);
    client_close(client);
    site_close(site);
}

static void test_complete(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply = call(client, "complete", json_pack("{s:s}", "prefix", "next-ho"));

    CU_ASSERT_EQUAL(json_array_size(data_of(reply)), 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(data_of(reply), 0)), "next-hop");
    json_decref(reply);
    reply = call(client, "complete", json_pack("{s:s}", "prefix", "no such name"));
    CU_ASSERT_EQUAL(code_of(reply), 0);
    CU_ASSERT_EQUAL(json_array_size(data_of(reply)), 0);
    json_decref(reply);
    client_close(client);
    site_close(site);
}

/* ---- requests that are wrong ---- */

/* Not understood at all: an answer, then the end of the connection. */
static void test_rubbish(void)
{
    static const struct {
        const char *octets;
        size_t length;
    } cases[] = {
#define C(text) {text, sizeof text - 1}
        C("\n"),
        C("help\n"),
        C("{\n"),
        C("{}{}\n"),
        C("[]\n"),
        C("1\n"),
        C("\"help\"\n"),
        C("{\"v\":1,\"v\":1,\"verb\":\"help\"}\n"),
        C("{\"v\":1,\"verb\":\"help\"}\n" GOOD),
        C("{\"v\":1,\n\"verb\":\"help\"}\n"),
        C("{\"v\":1,\"verb\":\"he\\u0000lp\"}\n"),
        C("{\"v\":1,\"verb\":\"help\"}\0\n"),
        C("\0\0\0\0\n"),
        C("{\"v\":1,\"verb\":\"\xff\xfe\"}\n"),
        C("{\"v\":1e999,\"verb\":\"help\"}\n"),
        C("{\"v\":99999999999999999999999,\"verb\":\"help\"}\n"),
        C("{\"v\":1,\"verb\":\"help\",\"arguments\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}\n"),
        C("{'v':1}\n"),
        C("{\"v\":1,\"verb\":\"help\",}\n"),
#undef C
    };
    struct site *site = site_open(0);
    unsigned i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        int descriptor = raw_open(site->path), code = raw_ask(descriptor, cases[i].octets, cases[i].length);

        CU_ASSERT_EQUAL(code, 2);
        CU_ASSERT_EQUAL(raw_code(descriptor), -1);
        if (code != 2) fprintf(stderr, "    case %u\n", i);
        close(descriptor);
    }
    site_close(site);
}

/* Understood and refused: the connection goes on. */
static void test_refused(void)
{
    static const char *const cases[] = {
        "{\"verb\":\"help\"}\n",
        "{\"v\":2,\"verb\":\"help\"}\n",
        "{\"v\":\"1\",\"verb\":\"help\"}\n",
        "{\"v\":1.0,\"verb\":\"help\"}\n",
        "{\"v\":true,\"verb\":\"help\"}\n",
        "{\"v\":1}\n",
        "{\"v\":1,\"verb\":1}\n",
        "{\"v\":1,\"verb\":null}\n",
        "{\"v\":1,\"verb\":\"\"}\n",
        "{\"v\":1,\"verb\":\"halp\"}\n",
        "{\"v\":1,\"verb\":\"HELP\"}\n",
        "{\"v\":1,\"verb\":\"help\",\"more\":1}\n",
        "{\"v\":1,\"verb\":\"help\",\"arguments\":[]}\n",
        "{\"v\":1,\"verb\":\"help\",\"arguments\":null}\n",
        "{\"v\":1,\"verb\":\"help\",\"arguments\":{\"x\":1}}\n",
        "{\"v\":1,\"verb\":\"stats\",\"arguments\":{\"prefix\":1}}\n",
        "{\"v\":1,\"verb\":\"stats\",\"arguments\":{\"prefix\":[\"x\"]}}\n",
        "{\"v\":1,\"verb\":\"stats\",\"arguments\":{\"\":\"x\"}}\n",
        "{\"v\":1,\"verb\":\"eval\"}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[]}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":\"1\"}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[1]}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions...\":[\"1\"]}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[\"1\"],\"[fuel]\":1}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[\"1\"],\"fuel\":\"1\"}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[\"1\"],\"fuel\":1.5}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[\"1\"],\"fuel\":0}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[\"1\"],\"fuel\":-5}}\n",
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[\"1\"],\"fuel\":9223372036854775807}}\n",
    };
    struct site *site = site_open(0);
    int descriptor = raw_open(site->path);
    unsigned i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        int code = raw_ask(descriptor, cases[i], strlen(cases[i]));

        CU_ASSERT_EQUAL(code, 2);
        if (code != 2) fprintf(stderr, "    %s", cases[i]);
    }
    CU_ASSERT_EQUAL(RAW_ASK(descriptor, GOOD), 0);
    close(descriptor);
    site_close(site);
}

static void test_split(void)
{
    static const char text[] = GOOD;
    struct site *site = site_open(0);
    int descriptor = raw_open(site->path);
    size_t i;

    for (i = 0; i + 1 < sizeof text - 1; i++) CU_ASSERT_EQUAL(send(descriptor, text + i, 1, 0), 1);
    CU_ASSERT_EQUAL(RAW_ASK(descriptor, "\n"), 0);
    CU_ASSERT_EQUAL(RAW_ASK(descriptor, GOOD), 0); /* and the next one in one piece */
    close(descriptor);
    site_close(site);
}

/* Up to 6 MiB is a request of who may write, one octet more is none; no packet above 64 KiB. */
static void test_big(void)
{
    static char packet[CONTROL_PACKET + 1];
    struct site *site = site_open(0);
    int descriptor = raw_open(site->path), extra;
    unsigned i;

    memset(packet, ' ', sizeof packet);
    for (extra = 0; extra < 2; extra++) {
        for (i = 0; i < CONTROL_LOAD / CONTROL_PACKET - 1; i++)
            CU_ASSERT_EQUAL(send(descriptor, packet, CONTROL_PACKET, 0), CONTROL_PACKET);
        memcpy(packet + CONTROL_PACKET - sizeof GOOD + 1, GOOD, sizeof GOOD - 1);
        if (extra) CU_ASSERT_EQUAL(send(descriptor, " ", 1, 0), 1);
        CU_ASSERT_EQUAL(raw_ask(descriptor, packet, CONTROL_PACKET), extra ? 2 : 0);
        memset(packet, ' ', sizeof packet);
    }
    CU_ASSERT_EQUAL(raw_code(descriptor), -1);
    close(descriptor);
    descriptor = raw_open(site->path);
    CU_ASSERT_EQUAL(raw_ask(descriptor, packet, CONTROL_PACKET + 1), 2);
    CU_ASSERT_EQUAL(raw_code(descriptor), -1);
    close(descriptor);
    site_close(site);
}

/* ---- clients ---- */

static void test_many(void)
{
    enum { MANY = 100 };
    struct site *site = site_open(0);
    int descriptors[MANY], served = 0, turned_away = 0, i;

    for (i = 0; i < MANY; i++) descriptors[i] = raw_open(site->path);
    for (i = 0; i < MANY; i++) {
        int code = raw_ask(descriptors[i], GOOD, sizeof GOOD - 1);

        if (code == -3) code = raw_code(descriptors[i]); /* gone already, but it said why */
        if (code == 0) served++;
        else if (code == 1) turned_away++;
    }
    CU_ASSERT_EQUAL(served, CONTROL_CLIENTS);
    CU_ASSERT_EQUAL(turned_away, MANY - CONTROL_CLIENTS);
    for (i = 0; i < MANY; i++) close(descriptors[i]);
    for (i = 0; i < MANY; i++) { /* their places are free again */
        int descriptor = raw_open(site->path), code = RAW_ASK(descriptor, GOOD);

        close(descriptor);
        if (code == 0) break;
    }
    CU_ASSERT(i < MANY);
    site_close(site);
}

/* Asks for ever and never reads: the others notice nothing, and nothing piles up. */
static void test_never_reads(void)
{
    static const char text[] =
        "{\"v\":1,\"verb\":\"eval\",\"arguments\":{\"expressions\":[\"(make-string 60000 #\\\\x)\"]}}\n";
    struct site *site = site_open(0);
    int descriptor = raw_open(site->path), sent = 0, i;
    struct client *client = open_client(site);
    int64_t began;

    while (sent < 10000 && send(descriptor, text, sizeof text - 1, MSG_DONTWAIT) > 0) {
        sent++;
        usleep(100);
    }
    CU_ASSERT(sent < 10000);
    began = milliseconds();
    for (i = 0; i < 50; i++) CU_ASSERT(answers(client, "help"));
    CU_ASSERT(milliseconds() - began < 5000);
    close(descriptor);
    CU_ASSERT(answers(client, "status"));
    client_close(client);
    site_close(site);
}

static void test_disconnects(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    int i;

    for (i = 0; i < 200; i++) {
        int descriptor = raw_open(site->path);

        if (i % 4 == 1) CU_ASSERT(send(descriptor, "{\"v\":1,", 7, 0) == 7);
        if (i % 4 == 2) CU_ASSERT(send(descriptor, GOOD, sizeof GOOD - 1, 0) > 0);
        if (i % 4 == 3) shutdown(descriptor, SHUT_RD), send(descriptor, GOOD, sizeof GOOD - 1, MSG_NOSIGNAL);
        close(descriptor);
    }
    CU_ASSERT(answers(client, "help"));
    client_close(client);
    site_close(site);
}

/* Ends its side after the request: it still gets the reply. */
static void test_half_closed(void)
{
    struct site *site = site_open(0);
    int descriptor = raw_open(site->path);

    CU_ASSERT(send(descriptor, GOOD, sizeof GOOD - 1, 0) > 0);
    CU_ASSERT(!shutdown(descriptor, SHUT_WR));
    CU_ASSERT_EQUAL(raw_code(descriptor), 0);
    CU_ASSERT_EQUAL(raw_code(descriptor), -1);
    close(descriptor);
    site_close(site);
}

/* Half a request and then nothing: the place is free again after ten seconds. */
static void test_patience(void)
{
    struct site *site = site_open(0);
    int slow = raw_open(site->path), idle = raw_open(site->path);
    int64_t began = milliseconds();

    CU_ASSERT_EQUAL(send(slow, "{", 1, 0), 1);
    CU_ASSERT_EQUAL(raw_code(slow), -1);
    CU_ASSERT(milliseconds() - began >= 9000);
    CU_ASSERT_EQUAL(RAW_ASK(idle, GOOD), 0); /* who owes nothing may stay */
    close(slow);
    close(idle);
    site_close(site);
}

/* ---- eval ---- */

static void test_eval(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply = eval(client, "1 (display \"a\\nb\") 'two (newline)");
    const json_t *values = json_object_get(data_of(reply), "values");

    CU_ASSERT_EQUAL(code_of(reply), 0);
    CU_ASSERT_EQUAL(json_array_size(values), 2);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(values, 1)), "two");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(data_of(reply), "output")), "a\nb\n");
    json_decref(reply);
    CU_ASSERT(evaluates(client, "(define (twice x) (* 2 x)) (twice 21)", "42"));
    CU_ASSERT(evaluates(client, "(twice 4)", "8")); /* the session stays */
    CU_ASSERT(evaluates(client, "(number? (next-hop #xc6336407))", "#t"));
    CU_ASSERT(evaluates(client, "(list \"\\x1b;[2J\")", "(\"\\x1b;[2J\")"));
    client_close(client);
    site_close(site);
}

static void test_eval_errors(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply;

    CU_ASSERT(fails(client, "(car\n  5)", "eval:1:1: error type"));
    CU_ASSERT(fails(client, "(frobnicate)", "frobnicate"));
    CU_ASSERT(fails(client, "(define (f) (g)) (define (g) (error \"deep\" 1)) (+ 1 (f))", "deep: 1"));
    CU_ASSERT(fails(client, ")", "eval:1:2"));
    CU_ASSERT(fails(client, "(exit)", "exit"));
    CU_ASSERT(fails(client, "(set! next-hop 5)", "belongs to the VMlet route"));
    CU_ASSERT(fails(client, "(raise 'x)", "x"));
    CU_ASSERT(fails(client, "(send 0 #f)", ""));
    CU_ASSERT(evaluates(client, "(run-tests 'hop)", "(8 . 0)")); /* while packets move */
    reply = eval(client, "(display 'before) 7 (define (h) (car 5)) (+ 1 (h)) (display 'after)");
    CU_ASSERT_EQUAL(code_of(reply), 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(data_of(reply), "output")), "before");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(data_of(reply), "values")), 1);
    CU_ASSERT(json_array_size(json_object_get(data_of(reply), "trace")) >= 1);
    json_decref(reply);
    CU_ASSERT(evaluates(client, "(+ 1 2)", "3"));
    client_close(client);
    site_close(site);
}

/* What a text does not end is given back; what stands before it has been evaluated. */
static void test_eval_rest(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply = eval(client, "5 (list 1\n");

    CU_ASSERT_EQUAL(code_of(reply), 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(data_of(reply), "rest")), " (list 1\n");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(data_of(reply), "values")), 1);
    json_decref(reply);
    reply = eval(client, "(list 1))");
    CU_ASSERT_PTR_NULL(json_object_get(data_of(reply), "rest"));
    json_decref(reply);
    reply = eval(client, "\"abc");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(data_of(reply), "rest")), "\"abc");
    json_decref(reply);
    client_close(client);
    site_close(site);
}

static int64_t received(struct client *client)
{
    json_t *reply = call(client, "stats", json_pack("{s:s}", "prefix", "port/spring/rx-frames"));
    int64_t frames = json_integer_value(json_object_get(data_of(reply), "port/spring/rx-frames"));

    json_decref(reply);
    return frames;
}

/* What never ends is ended, and packets move all the while. */
static void test_eval_endless(void)
{
    static const char *const texts[] = {
        "(let loop () (loop))",
        "(let loop ((l '())) (loop (cons 1 l)))",
        "(define (deep n) (+ 1 (deep n))) (deep 1)",
        "(let loop () (display \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\") (loop))",
        "(define-syntax again (syntax-rules () ((_ x) (again (x x))))) (again 1)",
        "(let loop ((s \"x\")) (loop (string-append s s)))",
        "(let ((v (make-vector 100000 '()))) (let loop () (vector-fill! v 1) (loop)))",
        "(guard (e (#t (let ((l (error-object-irritants e))) (set-cdr! l l) (raise e)))) (error \"round\" "
        "1))",
    };
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    unsigned i;

    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t frames = received(client), began = milliseconds(), took;
        json_t *reply = eval(client, texts[i]);

        took = milliseconds() - began;
        CU_ASSERT_EQUAL(code_of(reply), 1);
        CU_ASSERT(received(client) > frames + 100 || took < 20);
        fprintf(stderr, "    %lld ms  %s: %.60s\n", (long long)took, texts[i],
                json_string_value(json_object_get(reply, "error")));
        json_decref(reply);
        CU_ASSERT(answers(client, "status"));
    }
    client_close(client);
    site_close(site);
}

static void test_eval_caps(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply = eval(client, "(do ((i 0 (+ i 1))) ((= i 40)) (display (make-string 60000 #\\x)))");
    json_t *values;
    size_t sum = 0, i;

    CU_ASSERT_EQUAL(code_of(reply), 0);
    CU_ASSERT_EQUAL(json_string_length(json_object_get(data_of(reply), "output")), 1u << 20);
    CU_ASSERT(json_is_true(json_object_get(data_of(reply), "cut")));
    json_decref(reply);
    reply = eval(client,
                 "(define s (make-string 65000 #\\x)) s s s s s s s s s s s s s s s s s s s s s s s s");
    values = json_object_get(data_of(reply), "values");
    for (i = 0; i < json_array_size(values); i++) sum += json_string_length(json_array_get(values, i));
    CU_ASSERT(sum >= 1u << 20 && sum <= (1u << 20) + 4096);
    json_decref(reply);
    reply = call(client, "eval", json_pack("{s:[s], s:i}", "expressions", "(+ 1 2) (+ 1 2)", "fuel", 1));
    CU_ASSERT_EQUAL(code_of(reply), 1);
    CU_ASSERT(error_has(reply, "fuel"));
    json_decref(reply);
    client_close(client);
    site_close(site);
}

/* What the session defines anew is the session's own: the network goes on as it was. */
static void test_eval_redefines(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply;
    int i;

    CU_ASSERT(evaluates(client, "(define (next-hop x) 'mine) (next-hop 1)", "mine"));
    CU_ASSERT(evaluates(client, "(define (hop-hops x) 0) (hop-hops 1)", "0"));
    reply = eval(client, "(define-instruction (deliver (port u16)) (opcode 3) (drop 'no))");
    json_decref(reply);
    reply = eval(client, "(define-network hop (match (anep #x4850)))");
    json_decref(reply);
    for (i = 0; i < 100; i++) {
        char text[80];

        snprintf(text, sizeof text, "(define (f%d x) (+ x %d)) (f%d 1)", i, i, i);
        json_decref(eval(client, text));
    }
    reply = call(client, "ledger", NULL);
    CU_ASSERT(ledger_sum(data_of(reply), "sent") > 0);
    CU_ASSERT_EQUAL(ledger_sum(data_of(reply), "dropped"), 0);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(data_of(reply), "balance")), 0);
    json_decref(reply);
    client_close(client);
    site_close(site);
}

/* ---- VMlets come and go ---- */

#define PROBE(version, answer)                                                                               \
    "(vmlet probe (needs (all)) (version " version ")) (define (probe-answer) " answer ")\n"                 \
    "(define-table probes map (key u32) (value u64) (entries 16))\n"                                         \
    "(define-layout probe (kind u8) (rest rest))\n"                                                          \
    "(define-network probe (match (udp 7777)) (layout probe) (execute (lambda () (drop 'probed)))\n"         \
    "  (limits (fuel 100) (arena 1KiB)))\n"

/* A request with a file in it; what came back. */
static json_t *send_file(struct client *client, const char *verb, const char *name, const char *text)
{
    char *octets = base64_text((const uint8_t *)text, strlen(text));
    json_t *arguments = json_pack("{s:{s:s, s:s}}", "file", "name", name, "octets", octets);
    json_t *reply = call(client, verb, arguments);

    free(octets);
    return reply;
}

static void check_file(struct client *client, const char *verb, const char *text, int code, const char *error)
{
    json_t *reply = send_file(client, verb, "/somewhere/probe.vml", text);
    const char *said = json_string_value(json_object_get(reply, "error"));

    if (code_of(reply) != code || (error && !(said && strstr(said, error))))
        fprintf(stderr, "    %s: %d %s\n", verb, code_of(reply), said ? said : "");
    CU_ASSERT_EQUAL(code_of(reply), code);
    if (error) CU_ASSERT(said && strstr(said, error) && !strchr(said, '\n'));
    json_decref(reply);
}

static void check_unload(struct client *client, const char *name, bool cascade, int code, const char *error)
{
    json_t *arguments = json_pack("{s:s, s:b}", "name", name, "cascade", cascade);
    json_t *reply = call(client, "unload", arguments);
    const char *said = json_string_value(json_object_get(reply, "error"));

    if (code_of(reply) != code)
        fprintf(stderr, "    unload %s: %d %s\n", name, code_of(reply), said ? said : "");
    CU_ASSERT_EQUAL(code_of(reply), code);
    if (error) CU_ASSERT(said && strstr(said, error));
    json_decref(reply);
}

static void test_load(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);

    CU_ASSERT(evaluates(client, "(define mine 5) mine", "5"));
    check_file(client, "load", PROBE("1", "'one"), 0, NULL);
    CU_ASSERT(evaluates(client, "(probe-answer)", "one")); /* the session sees it */
    check_file(client, "load", PROBE("2", "'two"), 1,
               "/somewhere/probe.vml: a VMlet `probe` is loaded already: replace it, or unload it first");
    check_file(client, "load", "(vmlet other (import (probe nothing)))", 1,
               "/somewhere/probe.vml: error import: VMlet `probe`");
    check_file(client, "replace", PROBE("2", "(car 'two"), 1, "/somewhere/probe.vml:");
    check_file(client, "replace", PROBE("2", "'two") "(car 5)", 1, "/somewhere/probe.vml:6:1: error type");
    CU_ASSERT(evaluates(client, "(probe-answer)", "one"));
    check_file(client, "replace", PROBE("2", "'two"), 0, NULL);
    CU_ASSERT(evaluates(client, "(probe-answer)", "two"));
    check_unload(client, "probe", false, 0, NULL);
    check_unload(client, "probe", false, 1, "no VMlet `probe` is loaded");
    json_decref(eval(client, "(probe-answer)"));
    CU_ASSERT(evaluates(client, "(guard (e (#t 'gone)) (probe-answer))", "gone"));
    CU_ASSERT(evaluates(client, "mine", "5"));
    client_close(client);
    site_close(site);
}

static void test_loads_that_are_none(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply, *arguments = json_pack("{s:{s:s, s:s}}", "file", "name", "x", "octets", "no*base64");

    reply = call(client, "load", arguments);
    CU_ASSERT_EQUAL(code_of(reply), 2);
    json_decref(reply);
    arguments = json_pack("{s:s}", "file", "x");
    reply = call(client, "load", arguments);
    CU_ASSERT_EQUAL(code_of(reply), 2);
    json_decref(reply);
    reply = call(client, "load", NULL);
    CU_ASSERT_EQUAL(code_of(reply), 2);
    json_decref(reply);
    check_file(client, "load", "(vmlet probe (needs (all))) (let loop () (loop))", 1,
               "stopped: it took more than 8 seconds");
    check_file(client, "load", "", 0, NULL);
    check_unload(client, "core", true, 1, "core");
    client_close(client);
    site_close(site);
}

/* What depends on another goes with it, or neither. */
static void test_unload_cascade(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);

    check_file(client, "load", PROBE("1", "'one"), 0, NULL);
    check_file(client, "load",
               "(vmlet user (needs (all)) (import (probe probe-answer))) (define (ask) (probe-answer))", 0,
               NULL);
    check_unload(client, "probe", false, 1, "VMlet `user` uses `probe`");
    CU_ASSERT(evaluates(client, "(ask)", "one"));
    check_unload(client, "probe", true, 0, NULL);
    check_unload(client, "user", false, 1, "no VMlet `user`");
    client_close(client);
    site_close(site);
}

/* What a session defined goes as one; the next expression makes a new one. */
static void test_unload_session(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply;

    CU_ASSERT(evaluates(client, "(define mine 5) (define (double x) (* x 2)) (double mine)", "10"));
    check_unload(client, "session", false, 0, NULL);
    reply = eval(client, "mine");
    CU_ASSERT_EQUAL(code_of(reply), 1);
    json_decref(reply);
    CU_ASSERT(evaluates(client, "(define mine 6) mine", "6"));
    CU_ASSERT(evaluates(client, "(quotient (next-hop #xc6336407) (expt 2 24))", "192"));
    reply = call(client, "reap", NULL);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(data_of(reply), "waiting")), 0);
    json_decref(reply);
    client_close(client);
    site_close(site);
}

static bool lists(const json_t *names, const char *name)
{
    json_t *one;
    size_t i;

    json_array_foreach(names, i, one) if (!strcmp(json_string_value(one), name)) return true;
    return false;
}

static void test_vmlets_tell_of_each_other(void)
{
    struct site *site = site_open(0);
    struct client *client = open_client(site);
    json_t *reply, *row;
    unsigned found = 0;
    size_t i;

    check_file(client, "load", PROBE("1", "'one"), 0, NULL);
    check_file(
        client, "load",
        "(vmlet user (needs (all)) (import (probe probe-answer))) (around (probe-answer) (list (previous)))",
        0, NULL);
    CU_ASSERT(evaluates(client, "(probe-answer)", "(one)"));
    reply = call(client, "vmlets", NULL);
    json_array_foreach(data_of(reply), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const json_t *over = json_array_get(json_object_get(row, "over"), 0);

        CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "place")), (json_int_t)i);
        if (!strcmp(name, "user")) found += over && !strcmp(json_string_value(over), "probe probe-answer");
        if (!strcmp(name, "probe")) found += lists(json_object_get(row, "dependents"), "user");
    }
    CU_ASSERT_EQUAL(found, 2);
    json_decref(reply);
    client_close(client);
    site_close(site);
}

static void test_base64(void)
{
    uint8_t octets[200];
    unsigned i, n;

    for (i = 0; i < sizeof octets; i++) octets[i] = (uint8_t)(i * 37);
    for (n = 0; n <= sizeof octets; n++) {
        char *text = base64_text(octets, n);
        size_t length = 999;
        uint8_t *back = base64_octets(text, strlen(text), &length);

        CU_ASSERT(back && length == n && memcmp(back, octets, n) == 0);
        free(back);
        if (n > 0) CU_ASSERT_PTR_NULL(base64_octets(text, strlen(text) - 1, &length));
        if (n > 0) text[n % strlen(text)] = n % 2 ? '-' : '\n';
        if (n > 0) CU_ASSERT_PTR_NULL(base64_octets(text, strlen(text), &length));
        free(text);
    }
}

/* ---- who may do what ---- */

/* In a child with another user's rights: 0 if all is as it should be. */
static int act_as_stranger(const char *path)
{
    json_t *reply, *arguments = json_pack("{s:[s]}", "expressions", "1");
    struct client *client;
    char why[WHY_ROOM];

    if (setgid(65534) || setuid(65534)) return 10;
    if (client_open(&client, path, PATIENT, why, sizeof why)) return 11;
    if (client_call(client, "status", NULL, &reply, why, sizeof why) || code_of(reply) != 0) return 12;
    if (client_call(client, "complete", NULL, &reply, why, sizeof why) || code_of(reply) != 0) return 13;
    if (client_call(client, "eval", arguments, &reply, why, sizeof why) || code_of(reply) != 1) return 14;
    return error_has(reply, "for root and the router's own user only") ? 0 : 15;
}

/* A process that is made before any thread is, since a copy of a process with threads may
 * have their locks for ever; it waits for the path, acts, and its status is the answer. */
struct stranger {
    pid_t process;
    int go[2];
};

static struct stranger stranger_begin(int (*act)(const char *path))
{
    struct stranger s;

    CU_ASSERT_FATAL(!pipe(s.go));
    s.process = fork();
    if (s.process == 0) {
        char path[200];
        ssize_t n = read(s.go[0], path, sizeof path);

        _exit(n > 0 ? act(path) : 100);
    }
    CU_ASSERT_FATAL(s.process > 0);
    return s;
}

static void stranger_go(const struct stranger *s, const char *path)
{
    CU_ASSERT_EQUAL(write(s->go[1], path, strlen(path) + 1), (ssize_t)strlen(path) + 1);
}

static int stranger_end(const struct stranger *s)
{
    int status;

    CU_ASSERT_FATAL(waitpid(s->process, &status, 0) == s->process);
    close(s->go[0]);
    close(s->go[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int stranger_says(const struct stranger *s, const char *path)
{
    stranger_go(s, path);
    return stranger_end(s);
}

static void test_roles(void)
{
    struct stranger strangers[3];
    struct site *site;
    int i;

    CU_ASSERT(true);
    if (geteuid() != 0) {
        fprintf(stderr, "    skipped: another user's rights need root\n");
        return;
    }
    for (i = 0; i < 3; i++) strangers[i] = stranger_begin(act_as_stranger);
    site = site_open(0666);
    CU_ASSERT_EQUAL(stranger_says(&strangers[0], site->path), 11); /* the folder is 0700 */
    CU_ASSERT(!chmod(site->folder, 0711));
    CU_ASSERT_EQUAL(stranger_says(&strangers[1], site->path), 0);
    CU_ASSERT(!chmod(site->path, 0600));
    CU_ASSERT_EQUAL(stranger_says(&strangers[2], site->path), 11);
    site_close(site);
}

static int ready[2]; /* the crowd has all places */

static int act_as_crowd(const char *path)
{
    int i;

    if (setgid(65534) || setuid(65534)) return 1;
    for (i = 0; i < CONTROL_CLIENTS; i++)
        if (raw_ask(raw_open(path), GOOD, sizeof GOOD - 1) != 0) return 2;
    if (raw_ask(raw_open(path), GOOD, sizeof GOOD - 1) == 0) return 3;
    return write(ready[1], "x", 1) == 1 ? pause() : 4;
}

/* Readers may take all places, but not keep the router's owner out. */
static void test_owner_gets_in(void)
{
    struct stranger crowd;
    struct site *site;
    int i;
    char c;

    CU_ASSERT(true);
    if (geteuid() != 0) return;
    CU_ASSERT_FATAL(!pipe(ready));
    crowd = stranger_begin(act_as_crowd);
    close(ready[1]); /* a crowd that ends early is seen */
    site = site_open(0666);
    CU_ASSERT(!chmod(site->folder, 0711));
    stranger_go(&crowd, site->path);
    CU_ASSERT_EQUAL(read(ready[0], &c, 1), 1);
    i = raw_open(site->path);
    CU_ASSERT_EQUAL(RAW_ASK(i, GOOD), 0);
    close(i);
    CU_ASSERT(!kill(crowd.process, SIGKILL));
    CU_ASSERT_EQUAL(stranger_end(&crowd), -1);
    close(ready[0]);
    site_close(site);
}

/* ---- where the socket stands ---- */

static struct control_router still; /* one for all of them: nobody asks it anything */

static int try_open(struct control_server **server, const char *path, unsigned mode, const char *part)
{
    char why[WHY_ROOM] = "";
    int err = control_open(server, &still.control, path, mode, why, sizeof why);

    if (err && (!part || !strstr(why, part) || strchr(why, '\n'))) CU_FAIL(why);
    return err;
}

static unsigned mode_of(const char *path)
{
    struct stat s;

    return stat(path, &s) ? 0 : s.st_mode & 07777;
}

static void test_modes(void)
{
    static const unsigned masks[] = {0, 022, 077, 0777}, modes[] = {0, 0600, 0660, 0666};
    struct control_server *server;
    struct site site;
    unsigned m, u;

    make_folder(&site);
    for (u = 0; u < 4; u++)
        for (m = 0; m < 4; m++) {
            mode_t before = umask(masks[u]);

            if (u == 3) umask(0077); /* no folder could be made and entered with 0777 */
            CU_ASSERT_EQUAL_FATAL(try_open(&server, site.path, modes[m], NULL), 0);
            umask(before);
            CU_ASSERT_EQUAL(mode_of(site.path), modes[m] ? modes[m] : 0600);
            CU_ASSERT_EQUAL(mode_of(site.folder), 0700);
            control_close(server);
            CU_ASSERT_EQUAL(access(site.folder, F_OK), -1);
        }
}

static void test_stale_and_live(void)
{
    struct control_server *first, *second;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct site site;
    int descriptor;

    make_folder(&site);
    CU_ASSERT_EQUAL_FATAL(try_open(&first, site.path, 0, NULL), 0);
    CU_ASSERT_EQUAL(try_open(&second, site.path, 0, "answers there already"), -EADDRINUSE);
    CU_ASSERT_EQUAL(access(site.path, F_OK), 0);
    control_close(first);
    CU_ASSERT(!mkdir(site.folder, 0700)); /* a socket that was left behind */
    descriptor = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", site.path);
    CU_ASSERT(!bind(descriptor, (struct sockaddr *)&address, sizeof address));
    close(descriptor);
    CU_ASSERT_EQUAL_FATAL(try_open(&first, site.path, 0, NULL), 0);
    control_close(first);
    CU_ASSERT_EQUAL(access(site.path, F_OK), -1);
    CU_ASSERT_EQUAL(access(site.folder, F_OK), 0); /* this folder is not ours */
    CU_ASSERT(!rmdir(site.folder));
}

static void test_foreign(void)
{
    struct control_server *server;
    struct site site;
    char aside[120];
    int descriptor;

    make_folder(&site);
    CU_ASSERT_FATAL(!mkdir(site.folder, 0700));
    descriptor = open(site.path, O_CREAT | O_WRONLY, 0600);
    CU_ASSERT(descriptor >= 0);
    close(descriptor);
    CU_ASSERT_EQUAL(try_open(&server, site.path, 0, "no socket stands there"), -EEXIST);
    CU_ASSERT_EQUAL(access(site.path, F_OK), 0);
    CU_ASSERT(!unlink(site.path));
    CU_ASSERT_EQUAL_FATAL(try_open(&server, site.path, 0, NULL), 0);
    snprintf(aside, sizeof aside, "%s.aside", site.path);
    CU_ASSERT(!rename(site.path, aside)); /* what stands there at the end is not ours */
    descriptor = open(site.path, O_CREAT | O_WRONLY, 0600);
    close(descriptor);
    control_close(server);
    CU_ASSERT_EQUAL(access(site.path, F_OK), 0);
    CU_ASSERT(!unlink(site.path) && !unlink(aside) && !chmod(site.folder, 0777));
    CU_ASSERT_EQUAL(try_open(&server, site.path, 0, "anybody may write"), -EPERM);
    CU_ASSERT(!chmod(site.folder, 0700) && !rmdir(site.folder));
}

static void test_paths(void)
{
    struct control_server *server;
    char path[200], file[100];

    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    CU_ASSERT_EQUAL(try_open(&server, path, 0, "octets"), -ENAMETOOLONG);
    CU_ASSERT_EQUAL(try_open(&server, "", 0, "octets"), -ENAMETOOLONG);
    CU_ASSERT_EQUAL(try_open(&server, "/nonexistent/a/b.sock", 0, "cannot be made"), -ENOENT);
    CU_ASSERT(!setenv("VVM_RUN_DIR", "/somewhere", 1));
    CU_ASSERT(!control_default_path("a", file, sizeof file));
    CU_ASSERT_STRING_EQUAL(file, "/somewhere/a.sock");
    CU_ASSERT_EQUAL(control_default_path("a/b", file, sizeof file), -EINVAL);
    CU_ASSERT_EQUAL(control_default_path("", file, sizeof file), -EINVAL);
    CU_ASSERT_EQUAL(control_default_path("..", file, sizeof file), -EINVAL);
    CU_ASSERT_EQUAL(control_default_path("a", file, 10), -ENAMETOOLONG);
    CU_ASSERT(!unsetenv("VVM_RUN_DIR"));
    if (geteuid() == 0) {
        CU_ASSERT(!control_default_path("a", file, sizeof file));
        CU_ASSERT_STRING_EQUAL(file, "/run/vvmd/a.sock");
    }
}

static void test_client_alone(void)
{
    struct client *client;
    struct site site;
    char why[WHY_ROOM];

    make_folder(&site);
    CU_ASSERT_EQUAL(client_open(&client, site.path, 100, why, sizeof why), -ENOENT);
    CU_ASSERT(strstr(why, "no router runs there") != NULL);
    CU_ASSERT_EQUAL(client_open(&client, "", 100, why, sizeof why), -ENAMETOOLONG);
}

/* A router that accepts and says nothing, or rubbish. */
static void test_client_deaf(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct client *client;
    json_t *reply;
    struct site site;
    char why[WHY_ROOM];
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET, 0), peer;
    int64_t began = milliseconds();

    make_folder(&site);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", site.folder);
    CU_ASSERT(!bind(descriptor, (struct sockaddr *)&address, sizeof address) && !listen(descriptor, 4));
    CU_ASSERT_FATAL(!client_open(&client, site.folder, 300, why, sizeof why));
    CU_ASSERT_EQUAL(client_call(client, "help", NULL, &reply, why, sizeof why), -ETIMEDOUT);
    CU_ASSERT_PTR_NULL(reply);
    CU_ASSERT(milliseconds() - began < 5000);
    CU_ASSERT_EQUAL(client_call(client, "help", NULL, &reply, why, sizeof why), -EPIPE); /* no late reply */
    client_close(client);
    close(accept(descriptor, NULL, NULL));
    CU_ASSERT_FATAL(!client_open(&client, site.folder, 3000, why, sizeof why));
    peer = accept(descriptor, NULL, NULL);
    CU_ASSERT_EQUAL(send(peer, "[]\n", 3, 0), 3);
    CU_ASSERT_EQUAL(client_call(client, "help", NULL, &reply, why, sizeof why), -EPROTO);
    client_close(client);
    close(peer);
    close(descriptor);
    CU_ASSERT(!unlink(site.folder));
}

/* ---- the service manager ---- */

static void notify_as(const char *name, size_t length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);
    char text[64] = "";

    memcpy(address.sun_path, name, length);
    if (*name == '@') address.sun_path[0] = '\0';
    CU_ASSERT_FATAL(!bind(descriptor, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)));
    CU_ASSERT(!setenv("NOTIFY_SOCKET", name, 1));
    CU_ASSERT_EQUAL(notify_manager("READY=1"), 0);
    CU_ASSERT_EQUAL(recv(descriptor, text, sizeof text, MSG_DONTWAIT), 7);
    CU_ASSERT_STRING_EQUAL(text, "READY=1");
    close(descriptor);
    CU_ASSERT_NOT_EQUAL(notify_manager("READY=1"), 0); /* nobody there any more */
}

static void test_notify(void)
{
    char name[100];

    unsetenv("NOTIFY_SOCKET");
    CU_ASSERT_EQUAL(notify_manager("READY=1"), 0);
    snprintf(name, sizeof name, "/tmp/vvm%d-notify", (int)getpid());
    notify_as(name, strlen(name));
    CU_ASSERT(!unlink(name));
    snprintf(name, sizeof name, "@vvm%d-notify", (int)getpid());
    notify_as(name, strlen(name));
    CU_ASSERT(!setenv("NOTIFY_SOCKET", "relative", 1));
    CU_ASSERT_EQUAL(notify_manager("READY=1"), -EINVAL);
}

void control_tests(CU_pSuite suite)
{
    CU_add_test(suite, "every verb answers, in order", test_verbs);
    CU_add_test(suite, "status", test_status);
    CU_add_test(suite, "the ledger balances at every look", test_ledger);
    CU_add_test(suite, "vmlets, their networks and needs", test_vmlets);
    CU_add_test(suite, "vmlets tell of each other", test_vmlets_tell_of_each_other);
    CU_add_test(suite, "load, replace, unload", test_load);
    CU_add_test(suite, "loads that are none", test_loads_that_are_none);
    CU_add_test(suite, "unload with and without cascade", test_unload_cascade);
    CU_add_test(suite, "unload of the session", test_unload_session);
    CU_add_test(suite, "octets as text", test_base64);
    CU_add_test(suite, "stats by prefix", test_stats);
    CU_add_test(suite, "complete", test_complete);
    CU_add_test(suite, "what is no request ends the connection", test_rubbish);
    CU_add_test(suite, "what is a wrong request does not", test_refused);
    CU_add_test(suite, "a request in single octets", test_split);
    CU_add_test(suite, "sizes", test_big);
    CU_add_test(suite, "a hundred clients", test_many);
    CU_add_test(suite, "a client that never reads", test_never_reads);
    CU_add_test(suite, "clients that go at every moment", test_disconnects);
    CU_add_test(suite, "a client that ends its side", test_half_closed);
    CU_add_test(suite, "half a request", test_patience);
    CU_add_test(suite, "eval", test_eval);
    CU_add_test(suite, "eval of what fails", test_eval_errors);
    CU_add_test(suite, "eval of half a datum", test_eval_rest);
    CU_add_test(suite, "eval of what never ends", test_eval_endless);
    CU_add_test(suite, "eval's caps", test_eval_caps);
    CU_add_test(suite, "eval that defines a network's names anew", test_eval_redefines);
    CU_add_test(suite, "another user may only read", test_roles);
    CU_add_test(suite, "readers do not keep the owner out", test_owner_gets_in);
    CU_add_test(suite, "modes under any umask", test_modes);
    CU_add_test(suite, "a stale socket, and a live one", test_stale_and_live);
    CU_add_test(suite, "what is not ours stays", test_foreign);
    CU_add_test(suite, "paths", test_paths);
    CU_add_test(suite, "a client without a router", test_client_alone);
    CU_add_test(suite, "a client and a deaf router", test_client_deaf);
    CU_add_test(suite, "the service manager is told", test_notify);
}
