/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_test.c - routes under change: a reader that looks up all the time sees what was
 * or what is, while groups of the trie are left and taken for other prefixes as fast as
 * they can be. What routes mean is in cases/language/route.t.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/generation.h"
#include "../engine/load.h"
#include "../engine/packet.h"
#include "suites.h"

/* Only two groups of the pool are left, so that each prefix takes those of the one before:
 * 10.1.2.3 and 10.2.2.3 in turn come to the same elements. */
static const char source[] =
    "(vmlet churn (needs (all)) (import (route route-add! route-remove! route-to fresh groups)))"
    "(define-inline (way a) (let ((h (route-to a))) (if h (hop-address h) 0)))"
    "(define (wrong (n u32)) u32"
    "  (let loop (((i u32) 0) ((sum u32) 0))"
    "    (if (u32= i n) sum"
    "        (let ((a (way #x0a010203)) (b (way #x0a020203)) (c (way #x0a030203)))"
    "          (loop (u32+ i 1) (if (and (or (= a 1) (= a 2)) (or (= b 1) (= b 3)) (= c 1)) sum (u32+ sum "
    "1)))))))"
    "(define (change times)"
    "  (if (> times 0)"
    "      (begin (route-add! #x0a010203 32 0 2) (route-remove! #x0a010203 32)"
    "             (route-add! #x0a020203 32 0 3) (route-remove! #x0a020203 32) (change (- times 1)))))"
    "(route-add! #x0a000000 8 0 1)"
    "(array-set! fresh 0 (- groups 2))";

struct churn {
    struct vvm_node *node;
    const struct vvm_function *wrong;
    atomic_bool stop, begun;
    uint64_t bursts, answers;
    int err;
};

static vvm_value evaluate(struct vvm_node *node, const char *text)
{
    struct reader reader;
    vvm_value datum, result = VALUE_EXCEPTION;
    struct vvm_environment *env = node->vmlets->environment;
    reader_init(&reader, &node->control, env, node_file(node, "test"), text, strlen(text));
    if (reader_next(&reader, &datum) || eval_datum(&node->control, env, datum, &result))
        return VALUE_EXCEPTION;
    return result;
}

static struct vvm_node *open_churn(void)
{
    struct vvm_node *node;
    struct vvm_options options = {.path = getenv("VVM_PATH") ?: VVM_SOURCE "/netvmlets"};
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    int err = load_source(&node->control, "churn", source, strlen(source), NULL);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    return node;
}

static void *look_up(void *data)
{
    struct churn *c = data;
    struct vvm_context context;
    uint64_t wrong, count = make_fixnum(200);
    c->err = context_open(&context, c->node, false);
    while (!c->err && !atomic_load(&c->stop)) {
        generation_enter(&context);
        context.fuel = 1000000;
        c->err = vvm_run(&context, c->wrong, &count, &wrong);
        generation_leave(&context);
        if (!c->err) c->answers += (uint64_t)fixnum_value(wrong);
        c->bursts++;
        atomic_store(&c->begun, true);
    }
    if (c->err != -ENOMEM) context_close(&context);
    return NULL;
}

static void a_reader_sees_old_or_new(void)
{
    struct churn c = {.node = open_churn()};
    pthread_t thread;
    vvm_value closure = evaluate(c.node, "wrong");
    CU_ASSERT_FATAL(has_type(closure, TYPE_CLOSURE));
    c.wrong = ((struct closure *)value_pointer(closure))->function;
    CU_ASSERT_EQUAL_FATAL(c.wrong->parameters, 1);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, look_up, &c), 0);
    while (!atomic_load(&c.begun)) continue;
    for (unsigned i = 0; i < 10; i++) CU_ASSERT_NOT_EQUAL(evaluate(c.node, "(change 30)"), VALUE_EXCEPTION);
    atomic_store(&c.stop, true);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(c.err, 0);
    CU_ASSERT_EQUAL(c.answers, 0);
    CU_ASSERT(c.bursts > 10);
    node_close(c.node);
}

/* Who is in a packet is waited for, but not for ever; then the pool is as good as full. */
static void a_reader_that_stays(void)
{
    struct vvm_node *node = open_churn();
    struct vvm_context reader;
    CU_ASSERT_EQUAL_FATAL(context_open(&reader, node, false), 0);
    CU_ASSERT(generation_await_readers(node));
    generation_enter(&reader);
    CU_ASSERT_FALSE(generation_await_readers(node));
    evaluate(node, "(change 1)");
    CU_ASSERT_EQUAL(evaluate(node, "(wrong 1)"), make_fixnum(0));
    CU_ASSERT_EQUAL(evaluate(node, "(guard (e (#t (eq? e 'routes-full))) (change 1))"), VALUE_TRUE);
    generation_leave(&reader);
    CU_ASSERT(generation_await_readers(node));
    CU_ASSERT_NOT_EQUAL(evaluate(node, "(change 1)"), VALUE_EXCEPTION);
    context_close(&reader);
    node_close(node);
}

void route_tests(CU_pSuite suite)
{
    CU_add_test(suite, "a reader sees old or new", a_reader_sees_old_or_new);
    CU_add_test(suite, "a reader that stays", a_reader_that_stays);
}
