/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_test.c - random programs, five ways: compiled, compiled with everything opaque,
 * from an image in another node, in a node that collects garbage all the time, and in the
 * evaluator that knows nothing of compilers. Every way must give the same value or the
 * same error.
 *
 *   VVM_RANDOM=N        so many programs
 *   VVM_RANDOM_FROM=N   beginning with that seed
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/environment.h"
#include "../engine/heap.h"
#include "../engine/vmlet.h"
#include "oracle/evaluator.h"
#include "random/program.h"
#include "suites.h"

#define PROGRAMS        1000
#define PROGRAMS_A_NODE 40
#define STEPS           100000 /* of the evaluator; a program that needs more is left out */
#define OUTCOME_MAX     2000
#define WRONG_MAX       10

static const int64_t inputs[][2] = {{1, 2}, {0, -3}, {7, 0}};
enum { INPUTS = sizeof inputs / sizeof *inputs };

struct outcomes {
    char text[INPUTS][OUTCOME_MAX];
};

struct program {
    uint64_t seed;
    char *plain, *opaque;
    size_t plain_octets, opaque_octets;
};

struct random_run {
    struct vvm_node *node, *compiling, *other, *collecting; /* made anew from time to time */
    char path[32];
    unsigned programs, left_out, wrong;
};

/* ---- outcomes ------------------------------------------------------------------------- */

static void describe(struct vvm_node *node, vvm_value v, char *text)
{
    struct vvm_context *ctx = &node->control;
    FILE *to = fmemopen(text, OUTCOME_MAX, "w");
    vvm_value raised = ctx->pending.value;
    if (v != VALUE_EXCEPTION) print_value(node, to, v, PRINT_WRITE, OUTCOME_MAX - 10);
    else if (ctx->pending.kind != PENDING_RAISE) fputs("trap", to);
    else if (has_type(raised, TYPE_ERROR))
        fprintf(to, "error %s",
                error_name((enum error_code)((struct error_object *)value_pointer(raised))->code));
    else fputs("raised ", to), print_value(node, to, raised, PRINT_WRITE, OUTCOME_MAX - 10);
    fclose(to);
}

static void refused(struct vvm_node *node, struct outcomes *out)
{
    FILE *to = fmemopen(out->text[0], OUTCOME_MAX, "w");
    fputs("refused: ", to);
    print_pending(&node->control, to);
    fclose(to);
    for (unsigned i = 1; i < INPUTS; i++) strcpy(out->text[i], out->text[0]);
}

static void call_main(struct vvm_node *node, struct vvm_vmlet *vmlet, struct outcomes *out)
{
    const struct denotation *d = environment_lookup(vmlet->environment, intern(node, "main"));
    for (unsigned i = 0; i < INPUTS; i++) {
        vvm_value args[2] = {make_fixnum(inputs[i][0]), make_fixnum(inputs[i][1])};
        describe(node, vvm_call(&node->control, node->current->bindings[d->global].value, 2, args),
                 out->text[i]);
    }
}

/* ---- the ways ------------------------------------------------------------------------------ */

/* Only the first line of a text differs between the ways: the VMlet's name. */
static char *titled(const struct program *p, bool opaque, size_t *octets)
{
    char *text;
    FILE *to = open_memstream(&text, octets);
    fprintf(to, "(vmlet %s%llu (needs (all)) (version 1))\n%s", opaque ? "opaque" : "plain",
            (unsigned long long)p->seed, opaque ? p->opaque : p->plain);
    fclose(to);
    return text;
}

static void run_compiled(struct random_run *r, const struct program *p, bool opaque, struct outcomes *out)
{
    struct vvm_vmlet *vmlet;
    size_t octets;
    char *text = titled(p, opaque, &octets);
    if (load_source(&r->node->control, "random.vml", text, octets, &vmlet)) refused(r->node, out);
    else call_main(r->node, vmlet, out);
    free(text);
}

/* False: it takes too long. */
static bool run_evaluated(struct random_run *r, const struct program *p, struct outcomes *out)
{
    struct vvm_node *node = r->node;
    struct vvm_vmlet *vmlet = vmlet_new(node, intern(node, "evaluated"));
    struct evaluator *e = vmlet ? evaluator_open(node, vmlet->environment, STEPS) : NULL;
    if (!e) abort();
    bool done = true;
    if (evaluator_load(e, p->plain, p->plain_octets)) {
        refused(node, out);
    } else {
        for (unsigned i = 0; i < INPUTS && done; i++) {
            vvm_value args[2] = {make_fixnum(inputs[i][0]), make_fixnum(inputs[i][1])};
            describe(node, evaluator_call(e, "main", 2, args), out->text[i]);
            done = !evaluator_gave_up(e);
        }
    }
    evaluator_close(e);
    vmlet->next = node->leaving; /* freed when the next load begins */
    node->leaving = vmlet;
    return done;
}

static void run_image(struct random_run *r, const struct program *p, struct outcomes *out)
{
    struct vvm_vmlet *vmlet;
    uint8_t *image;
    size_t octets;
    char *text = titled(p, false, &octets);
    FILE *file = fopen(r->path, "w");
    if (!file || fwrite(text, 1, octets, file) != octets || fclose(file)) abort();
    free(text);
    if (compile_file(&r->compiling->control, r->path, p->seed % 2, &image, &octets)) {
        refused(r->compiling, out);
        return;
    }
    if (load_image(&r->other->control, "random.vmi", image, octets, &vmlet)) refused(r->other, out);
    else call_main(r->other, vmlet, out);
    free(image);
}

static void run_collecting(struct random_run *r, const struct program *p, struct outcomes *out)
{
    struct vvm_node *node = r->collecting;
    struct vvm_vmlet *vmlet;
    size_t octets;
    char *text = titled(p, false, &octets);
    node->heap->stress = 1 + (unsigned)(p->seed % 5);
    if (load_source(&node->control, "random.vml", text, octets, &vmlet)) {
        refused(node, out);
    } else {
        node->control.may_collect = true; /* nothing here keeps a value meanwhile */
        call_main(node, vmlet, out);
        node->control.may_collect = false;
    }
    free(text);
}

/* ---- one program ------------------------------------------------------------------------------ */

static bool same(const struct outcomes *a, const struct outcomes *b)
{
    for (unsigned i = 0; i < INPUTS; i++)
        if (strcmp(a->text[i], b->text[i])) return false;
    return true;
}

static void show(const char *way, const struct outcomes *o)
{
    for (unsigned i = 0; i < INPUTS; i++) fprintf(stderr, "    %-10s %s\n", way, o->text[i]);
}

static void run_program(struct random_run *r, const struct program *p)
{
    static struct outcomes evaluated, plain, opaque, image, collecting;
    r->programs++;
    if (!run_evaluated(r, p, &evaluated)) {
        r->left_out++;
        return;
    }
    run_compiled(r, p, false, &plain);
    run_compiled(r, p, true, &opaque);
    run_image(r, p, &image);
    run_collecting(r, p, &collecting);
    if (same(&evaluated, &plain) && same(&evaluated, &opaque) && same(&evaluated, &image) &&
        same(&evaluated, &collecting))
        return;
    if (r->wrong++ >= WRONG_MAX) return;
    fprintf(stderr, "    seed %llu: the ways disagree (%zu octets)\n", (unsigned long long)p->seed,
            p->plain_octets);
    show("evaluated", &evaluated);
    show("compiled", &plain);
    show("opaque", &opaque);
    show("image", &image);
    show("collecting", &collecting);
    fprintf(stderr, "%s%s", p->plain, same(&plain, &opaque) ? "" : p->opaque);
}

static volatile uint64_t seed_at_hand; /* for whoever looks at a crash */

static void crashed(int signal_number)
{
    char text[64];
    int n = snprintf(text, sizeof text, "    seed %llu does not end well\n",
                     (unsigned long long)seed_at_hand);
    if (write(2, text, (size_t)n) != n) _exit(3);
    raise(signal_number); /* the handler is off by now */
}

static void watch_for_crashes(void)
{
    static uint8_t stack[1 << 14]; /* the program's own may be what has run out */
    static const int signals[] = {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGSEGV};
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = crashed, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND)};
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

static void run_seed(struct random_run *r, uint64_t seed)
{
    struct program p = {.seed = seed};
    FILE *plain = open_memstream(&p.plain, &p.plain_octets);
    FILE *opaque = open_memstream(&p.opaque, &p.opaque_octets);
    seed_at_hand = seed;
    random_program(seed, plain, opaque);
    fclose(plain);
    fclose(opaque);
    run_program(r, &p);
    free(p.plain);
    free(p.opaque);
}

/* ---- many ---------------------------------------------------------------------------------------- */

static void close_nodes(struct random_run *r)
{
    if (!r->node) return;
    node_close(r->node);
    node_close(r->compiling);
    node_close(r->other);
    node_close(r->collecting);
}

static void open_nodes(struct random_run *r)
{
    close_nodes(r);
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &r->node), 0);
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &r->compiling), 0);
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &r->other), 0);
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &r->collecting), 0);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_ways_agree(void)
{
    struct random_run r = {.path = "/tmp/vvm-random-XXXXXX"};
    uint64_t from = number_from("VVM_RANDOM_FROM", 1), count = number_from("VVM_RANDOM", PROGRAMS);
    int fd = mkstemp(r.path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    watch_for_crashes();
    for (uint64_t i = 0; i < count; i++) {
        if (i % PROGRAMS_A_NODE == 0) open_nodes(&r);
        run_seed(&r, from + i);
    }
    close_nodes(&r);
    unlink(r.path);
    if (r.wrong || count > PROGRAMS)
        fprintf(stderr, "    %u programs, %u wrong, %u left out\n", r.programs, r.wrong, r.left_out);
    CU_ASSERT_EQUAL(r.wrong, 0);
    CU_ASSERT(r.left_out * 5 <= r.programs);
}

void random_tests(CU_pSuite suite) { CU_add_test(suite, "five ways agree", test_ways_agree); }
