/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.c - requests to a live router with the toy network. The first octet says who asks,
 * and how the request is made:
 *
 *   bit 0  the role: a reader or the owner
 *   bit 1  0: the octets that follow are the request
 *          1: they are expressions for eval, in a request made around them, with little fuel
 *
 * Every request gets one line of JSON, of version 1, whose members are what they should
 * be; a reader never changes a generation; the packets that come in between go their way
 * and the ledger balances.
 */
#include <stdlib.h>
#include <string.h>

#include "../control_router.h"
#include "daemon/worker.h"
#include "engine/heap.h"
#include "fuzz.h"

enum { SERVES = 1000, FUEL = 20000, HEAP_FULL = 64 << 20 };

const struct fuzz_plan fuzz_plan = {.serves = 0};

static struct {
    struct control_router r;
    struct worker worker;
    unsigned served;
} fuzz;

static void open_router(void)
{
    PROMISE(!control_router_open(&fuzz.r, false));
    PROMISE(!worker_open(&fuzz.worker, &fuzz.r.router));
    fuzz.r.router.log = NULL;
    fuzz.served = 0;
}

static void close_router(void)
{
    worker_close(&fuzz.worker);
    PROMISE(!control_router_close(&fuzz.r));
}

/* The octets as expressions of an eval, in JSON; NULL if they are no text. */
static char *make_request(const uint8_t *data, size_t size)
{
    json_t *text = json_stringn((const char *)data, size), *request;
    char *line;

    if (!text) return NULL;
    request = json_pack("{s:i, s:s, s:{s:[o], s:i}}", "v", 1, "verb", "eval", "arguments", "expressions",
                        text, "fuel", FUEL);
    PROMISE(request);
    line = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    return line;
}

static void check_reply(const char *reply, size_t length, bool rubbish)
{
    json_t *object;
    int64_t code;

    PROMISE(reply && length > 1 && reply[length - 1] == '\n' && !memchr(reply, '\n', length - 1));
    object = json_loadb(reply, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    PROMISE(json_is_object(object) && json_integer_value(json_object_get(object, "v")) == 1);
    code = json_integer_value(json_object_get(object, "code"));
    PROMISE(json_is_true(json_object_get(object, "ok")) ? code == 0 : code == 1 || code == 2);
    PROMISE((code != 0) == json_is_string(json_object_get(object, "error")));
    PROMISE(!rubbish || code == 2);
    json_decref(object);
}

/* A round of packets and a look at the books. */
static void move_packets(void)
{
    PROMISE(worker_step(&fuzz.worker) > 0);
    PROMISE(ledger_balance(fuzz.r.router.node) == 0);
}

static void ask(enum role role, const char *octets, size_t size)
{
    uint64_t before = fuzz.r.router.node->current->number;
    size_t length = 0;
    bool rubbish = false, later = false;
    char *reply = control_answer(&fuzz.r.control, role, octets, size, &length, &rubbish, &later);

    if (later) {
        trace_abandon(&fuzz.r.control, fuzz.r.control.asking);
        return;
    }
    check_reply(reply, length, rubbish);
    PROMISE(role == ROLE_WRITE || fuzz.r.router.node->current->number == before);
    PROMISE(!fuzz.r.router.node->candidate);
    free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum role role;

    if (size == 0) return 0;
    if (!fuzz.r.router.node) open_router();
    role = data[0] & 1 ? ROLE_WRITE : ROLE_READ;
    if (data[0] & 2) {
        char *request = make_request(data + 1, size - 1);

        if (request) ask(role, request, strlen(request));
        free(request);
    } else {
        ask(role, (const char *)data + 1, size - 1);
    }
    move_packets();
    if (++fuzz.served == SERVES || heap_octets(fuzz.r.router.node) > HEAP_FULL) {
        close_router();
        memset(&fuzz, 0, sizeof fuzz);
    }
    return 0;
}
