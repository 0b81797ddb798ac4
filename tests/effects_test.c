/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effects_test.c - effects over the call graph, and the text that names an offender.
 */
#include <stdio.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "verify_bench.h"

static const char text[] = "(define (leaf x) (car x))\n"
                           "(define (maker n)\n"
                           "  (lambda () n))\n"
                           "(define (middle n) (list (maker n)))\n"
                           "(define (top n) (car (middle n)))\n"
                           "(define (ping n) (if (= n 0) n (pong (- n 1))))\n"
                           "(define (pong n) (ping n))\n"
                           "(define variable 1)\n"
                           "(define (reader) variable)\n"
                           "(define (writer x) (set! variable x))\n"
                           "(define (speaker x) (display x))\n"
                           "(define (stranger f) (f 1))\n"
                           "(define (hole) (nowhere 1))\n"
                           "(define (mutual) (set-cdr! (list 1) 2))\n";

struct probe {
    struct vvm_node *node;
    struct vvm_vmlet *vmlet;
    char offender[300];
};

static void probe_open(struct probe *p)
{
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &p->node), 0);
    int err = load_source(&p->node->control, "e.vml", text, sizeof text - 1, &p->vmlet);
    if (err) print_pending(&p->node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static uint32_t effects_of(struct probe *p, const char *name, uint32_t unwanted)
{
    const struct denotation *d = environment_lookup(p->vmlet->environment, intern(p->node, name));
    CU_ASSERT_FATAL(d && d->kind == DENOTES_GLOBAL);
    const struct binding *b = &p->node->current->bindings[d->global];
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->function);
    return function_effects(p->node, p->node->current, b->function, unwanted, p->offender,
                            sizeof p->offender);
}

/* The function has the unwanted effect, and the text says so. */
static void expect(struct probe *p, const char *name, uint32_t unwanted, const char *said)
{
    CU_ASSERT(effects_of(p, name, unwanted) & unwanted);
    CU_ASSERT_STRING_EQUAL(p->offender, said);
    if (strcmp(p->offender, said)) fprintf(stderr, "    %s\n", p->offender);
}

static void chains(void)
{
    struct probe p;
    probe_open(&p);
    expect(&p, "maker", EFFECTS_LOAD_PROFILE, "maker (e.vml:2:1) makes a closure at e.vml:3:3");
    expect(&p, "top", EFFECTS_LOAD_PROFILE,
           "top (e.vml:5:1) calls middle (e.vml:4:1), which calls maker (e.vml:2:1), which makes a closure "
           "at e.vml:3:3");
    expect(&p, "speaker", EFFECTS_LOAD_PROFILE,
           "speaker (e.vml:11:1) calls `display`, which prints, at e.vml:11:21");
    expect(&p, "stranger", EFFECTS_LOAD_PROFILE,
           "stranger (e.vml:12:1) calls a procedure value at e.vml:12:22");
    expect(&p, "hole", EFFECTS_LOAD_PROFILE,
           "hole (e.vml:13:1) calls `nowhere`, which is not defined, at e.vml:13:16");
    expect(&p, "reader", EFFECTS_LOAD_PROFILE,
           "reader (e.vml:9:1) reads `variable`, which is a variable that is assigned, at e.vml:9:18");
    expect(&p, "mutual", EFFECTS_LOAD_PROFILE, "mutual (e.vml:14:1) uses `set-cdr!` at e.vml:14:18");
    node_close(p.node);
}

static void harmless(void)
{
    struct probe p;
    probe_open(&p);
    CU_ASSERT_EQUAL(effects_of(&p, "leaf", EFFECTS_LOAD_PROFILE), 0);
    CU_ASSERT_STRING_EQUAL(p.offender, "");
    CU_ASSERT_EQUAL(effects_of(&p, "ping", EFFECTS_LOAD_PROFILE), 0); /* a circle of calls */
    CU_ASSERT_EQUAL(effects_of(&p, "maker", EFFECT_TIME) & EFFECT_TIME, 0);
    CU_ASSERT_STRING_EQUAL(p.offender, "");
    node_close(p.node);
}

void effects_tests(CU_pSuite suite)
{
    CU_add_test(suite, "effects: chains of calls", chains);
    CU_add_test(suite, "effects: none", harmless);
}
