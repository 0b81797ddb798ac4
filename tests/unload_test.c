/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unload_test.c - VMlets come, are replaced and go, in any order. The twin of a node on
 * which much has happened is a fresh one that loads what remains, in the order of places:
 * both say the same of what is in force (state_print). And when all have gone, nothing
 * is left of them.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/environment.h"
#include "../engine/generation.h"
#include "../engine/heap.h"
#include "../engine/layer.h"
#include "../engine/load.h"
#include "../engine/packet.h"
#include "../engine/table/table.h"
#include "../engine/vmlet.h"
#include "../engine/wire/network.h"
#include "suites.h"

/* ---- the VMlets of the sequences --------------------------------------------------------- */

#define KINDS    8
#define VERSIONS 4

/* V is the version. Those that import stand after what they import. */
static const char *const sources[KINDS] = {
    "(vmlet base (version V) (needs (all)))\n"
    "(define-table seen map (key u32) (value u64) (entries 64))\n"
    "(define-set things)\n"
    "(define-syntax twice (syntax-rules () ((_ e) (+ e e))))\n"
    "(define secret (list 'base V \"text\"))\n"
    "(define (f (x u32)) u32 (u32+ x V))\n"
    "(define (g x) (cons x secret))\n"
    "(define-member things (shared a) (+ a V))\n"
    "(test \"base V\" (given))\n",

    "(vmlet user (needs (all)) (version V) (import (base f g)))\n"
    "(define count V)\n"
    "(define (u x) (set! count (+ count 1)) (f (f x)))\n"
    "(define (kept) (g V))\n",

    "(vmlet net (version V) (import (base f seen)) (needs (all)))\n"
    "(define-layout packet-of-V (code rest))\n"
    "(define-program code-of-V (opcode u8) (label s8) (stack V))\n"
    "(define-instruction (push (n u8)) (opcode V) (f n))\n"
    "(define-instruction (stop) (opcode 9) (table-put! seen V 1) (drop 'stopped))\n"
    "(define (run) (run-program code-of-V (slice packet 0) 0 '#()))\n"
    "(define-network net (match (udp 4000)) (execute run) (program code-of-V) (instructions *)\n"
    "  (limits (fuel V00) (arena 4KiB)))\n",

    "(vmlet adder (version V) (import (base things)) (needs (all)))\n"
    "(define-member things (shared a) (- a V))\n"
    "(define-member things (own-V a) (* a V))\n"
    "(define-table seen array (value u32) (entries V))\n",

    "(vmlet alone (version V) (needs (all)))\n"
    "(define-table big map (key u32) (value u64) (entries V000))\n"
    "(define (helper n) (if (zero? n) '() (cons n (helper (- n 1)))))\n"
    "(define numbers (helper V))\n"
    "(define-timer beat (every V) (table-put! big V 1))\n"
    "(define-queue later (key u32) (packets V) (bytes V000) (expires V slow))\n"
    "(define-network alone (match (ip V)) (execute finish))\n"
    "(define (finish) (consume 'done))\n",

    "(vmlet far (version V) (import (user u) (net run) (adder)) (needs (all)))\n"
    "(define (w x) (u (+ x V)))\n"
    "(define-network far (match (udp 4001)) (execute run))\n",

    "(vmlet over (version V) (import (base f g) (net)) (needs (all)))\n"
    "(around (f x) (u32+ (f x) V))\n"
    "(around (g x) (cons V (g x)))\n"
    "(around (instruction net push) (table-put! mine V n) (previous))\n"
    "(define-table mine map (key u32) (value u64) (entries 64))\n",

    "(vmlet above (version V) (import (base f) (user u) (over)) (needs (all)))\n"
    "(around (f x) (if (= x V) 0 (f x)))\n"
    "(around (u x) (+ 1 (u x)))\n"
    "(around (car p) (if (pair? p) (car p) V))\n"
    "(redefine (cdr p) (list V p))\n",
};
static const char *const names[KINDS] = {"base", "user", "net", "adder", "alone", "far", "over", "above"};

/* What makes a load fail, put at the end of a source. */
static const char *const faults[] = {
    "(raise 'no)\n",
    "(car 1)\n",
    "(define (open\n",
    "(define-instruction (bad) (opcode 200) (list->string '()) (let ((f (lambda () bad))) (f)))\n",
    "(define-network bad (match (udp 4009)) (execute bad-hook)) (define (bad-hook) (display 1))\n",
    "(let loop () (loop))\n",
};

static char *source_of(unsigned kind, unsigned version, const char *fault)
{
    char *text;
    size_t octets;
    FILE *to = open_memstream(&text, &octets);
    for (const char *c = sources[kind]; *c; c++)
        if (*c == 'V') fprintf(to, "%u", version);
        else fputc(*c, to);
    if (fault) fputs(fault, to);
    fclose(to);
    return text;
}

/* ---- a node and what should be on it ------------------------------------------------------- */

struct model {
    struct vvm_node *node;
    unsigned count, kinds[KINDS], versions[KINDS]; /* in the order of places */
};

static struct vvm_node *open_node(void)
{
    struct vvm_options options = {.load_fuel = 3000000, .seed = 7};
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    return node;
}

static char *state_of(const struct vvm_node *node)
{
    char *text;
    size_t octets;
    FILE *to = open_memstream(&text, &octets);
    state_print(node, to);
    fclose(to);
    return text;
}

static int load_kind(struct vvm_node *node, unsigned kind, unsigned version, const char *fault, bool replace)
{
    char *text = source_of(kind, version, fault);
    int err = load_octets(&node->control, names[kind], text, strlen(text), replace, NULL);
    free(text);
    return err;
}

/* Place of a kind, or count. */
static unsigned place_of(const struct model *m, unsigned kind)
{
    unsigned i = 0;
    while (i < m->count && m->kinds[i] != kind) i++;
    return i;
}

static bool imports_kind(unsigned kind, unsigned from)
{
    static const unsigned imports[KINDS] = {0,
                                            1u << 0,
                                            1u << 0,
                                            1u << 0,
                                            0,
                                            1u << 1 | 1u << 2 | 1u << 3,
                                            1u << 0 | 1u << 2,
                                            1u << 0 | 1u << 1 | 1u << 6};
    return imports[kind] >> from & 1;
}

static bool is_needed(const struct model *m, unsigned kind)
{
    for (unsigned i = 0; i < m->count; i++)
        if (imports_kind(m->kinds[i], kind)) return true;
    return false;
}

static bool has_imports(const struct model *m, unsigned kind)
{
    for (unsigned k = 0; k < KINDS; k++)
        if (imports_kind(kind, k) && place_of(m, k) == m->count) return false;
    return true;
}

static void remove_place(struct model *m, unsigned at)
{
    m->count--;
    for (; at < m->count; at++) {
        m->kinds[at] = m->kinds[at + 1];
        m->versions[at] = m->versions[at + 1];
    }
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void expect(const struct model *m, const char *what, unsigned kind, int err, bool may)
{
    if ((err == 0) == may) return;
    fprintf(stderr, "    %s %s: %d, ", what, names[kind], err);
    print_pending(&m->node->control, stderr);
    CU_FAIL("it went otherwise than it should");
}

static void step_load(struct model *m, unsigned kind, unsigned version, const char *fault)
{
    bool there = place_of(m, kind) < m->count, may = has_imports(m, kind) && !there && !fault;
    int err = load_kind(m->node, kind, version, fault, false);
    expect(m, "load", kind, err, may);
    if (err) return;
    m->kinds[m->count] = kind;
    m->versions[m->count++] = version;
}

static void step_replace(struct model *m, unsigned kind, unsigned version, const char *fault)
{
    unsigned at = place_of(m, kind);
    if (at == m->count) return;
    int err = load_kind(m->node, kind, version, fault, true);
    expect(m, "replace", kind, err, !fault);
    if (!err) m->versions[at] = version;
}

static void cascade(struct model *m, unsigned kind)
{
    unsigned at = place_of(m, kind);
    if (at == m->count) return;
    remove_place(m, at);
    for (unsigned k = 0; k < KINDS; k++)
        if (imports_kind(k, kind)) cascade(m, k);
}

static void step_unload(struct model *m, unsigned kind, bool with_others)
{
    bool there = place_of(m, kind) < m->count, may = there && (with_others || !is_needed(m, kind));
    struct vvm_node *node = m->node;
    int err = vmlet_unload(&node->control, intern(node, names[kind]), with_others);
    expect(m, "unload", kind, err, may);
    if (may) cascade(m, kind);
}

static uint64_t random_word(uint64_t *state) /* xorshift64 */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void step(struct model *m, uint64_t *seed)
{
    unsigned kind = random_word(seed) % KINDS, version = 1 + random_word(seed) % VERSIONS;
    const char *fault = random_word(seed) % 4 ? NULL
                                              : faults[random_word(seed) % (sizeof faults / sizeof *faults)];
    switch (random_word(seed) % 5) {
    case 0: step_unload(m, kind, false); break;
    case 1: step_unload(m, kind, random_word(seed) % 3 == 0); break;
    case 2: step_replace(m, kind, version, fault); break;
    default: step_load(m, kind, version, fault); break;
    }
}

/* ---- the twin ---------------------------------------------------------------------------------- */

static bool agrees_with_twin(const struct model *m)
{
    struct vvm_node *twin = open_node();
    for (unsigned i = 0; i < m->count; i++)
        CU_ASSERT_EQUAL(load_kind(twin, m->kinds[i], m->versions[i], NULL, false), 0);
    char *mine = state_of(m->node), *its = state_of(twin);
    bool equal = strcmp(mine, its) == 0;
    if (!equal) fprintf(stderr, "---- after the sequence:\n%s---- a fresh node:\n%s", mine, its);
    free(mine);
    free(its);
    node_close(twin);
    return equal;
}

struct base {
    unsigned items, tables;
    uint32_t globals;
};

static struct base base_of(struct vvm_node *node)
{
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    CU_ASSERT_EQUAL(generations_alive(node), 1);
    return (struct base){items_count(node), tables_count(node), globals_in_use(node)};
}

static void unload_all(struct model *m)
{
    while (m->count) step_unload(m, m->kinds[0], true);
}

static void check_base(struct model *m, const struct base *base)
{
    struct base now = base_of(m->node);
    CU_ASSERT_EQUAL(now.items, base->items);
    CU_ASSERT_EQUAL(now.tables, base->tables);
    CU_ASSERT_EQUAL(now.globals, base->globals);
    CU_ASSERT_PTR_NULL(m->node->leaving);
}

static void run_sequences(unsigned first, unsigned count)
{
    struct model m = {.node = open_node()};
    struct base base = base_of(m.node);
    unsigned disagreements = 0;
    for (unsigned i = first; i < first + count && !disagreements; i++) {
        uint64_t seed = 0x9e3779b97f4a7c15 * (i + 1);
        for (unsigned k = 0; k < 12; k++) step(&m, &seed);
        disagreements += !agrees_with_twin(&m);
        unload_all(&m);
        check_base(&m, &base);
        if (disagreements) fprintf(stderr, "    sequence %u\n", i);
    }
    CU_ASSERT_EQUAL(disagreements, 0);
    node_close(m.node);
}

#define SEQUENCES 500
static void test_sequences_1(void) { run_sequences(0, SEQUENCES); }
static void test_sequences_2(void) { run_sequences(SEQUENCES, SEQUENCES); }
static void test_sequences_3(void) { run_sequences(2 * SEQUENCES, SEQUENCES); }
static void test_sequences_4(void) { run_sequences(3 * SEQUENCES, SEQUENCES); }

/* ---- one thing at a time ------------------------------------------------------------------------- */

static int load_text(struct vvm_node *node, const char *text, bool replace)
{
    return load_octets(&node->control, "test.vml", text, strlen(text), replace, NULL);
}

static int unload(struct vvm_node *node, const char *name)
{
    return vmlet_unload(&node->control, intern(node, name), false);
}

/* The written value of an expression in the VMlet, or the first line of the error. */
static const char *eval_in(struct vvm_node *node, const char *vmlet, const char *text)
{
    static char out[1024];
    struct vvm_context *ctx = &node->control;
    struct vvm_vmlet *v = vmlet_named(node, intern(node, vmlet));
    struct reader reader;
    vvm_value datum, result;
    FILE *to = fmemopen(out, sizeof out, "w");
    reader_init(&reader, ctx, v->environment, 0, text, strlen(text));
    if (reader_next(&reader, &datum) || eval_datum(ctx, v->environment, datum, &result))
        print_pending(ctx, to);
    else print_value(node, to, result, PRINT_WRITE, 0);
    fclose(to);
    return out;
}

static const char *pending_text(struct vvm_node *node)
{
    static char out[2048];
    FILE *to = fmemopen(out, sizeof out, "w");
    print_pending(&node->control, to);
    fclose(to);
    return out;
}

#define CHECK_CONTAINS(text, part)                                                                           \
    do {                                                                                                     \
        const char *got_ = (text);                                                                           \
        if (!strstr(got_, part)) fprintf(stderr, "    got: %s\n", got_);                                     \
        CU_ASSERT_PTR_NOT_NULL(strstr(got_, part));                                                          \
    } while (0)

static void test_who_is_needed_stays(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(load_text(node, "(vmlet a (needs (all))) (define (f) 1)", false), 0);
    CU_ASSERT_EQUAL(load_text(node, "(vmlet b (needs (all)) (import (a f))) (define (g) (f))", false), 0);
    CU_ASSERT_EQUAL(unload(node, "a"), -EBUSY);
    CHECK_CONTAINS(pending_text(node), "VMlet `b` uses `a`");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "b", "(g)"), "1");
    CU_ASSERT_EQUAL(unload(node, "core"), -ENOENT);
    CU_ASSERT_EQUAL(unload(node, "nobody"), -ENOENT);
    CU_ASSERT_EQUAL(unload(node, "b"), 0);
    CU_ASSERT_EQUAL(unload(node, "a"), 0);
    CU_ASSERT_PTR_NULL(node->leaving);
    node_close(node);
}

static void test_a_replace_reaches_those_who_import(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(
        load_text(
            node,
            "(vmlet a (needs (all))) (define (f (x u32)) u32 (u32+ x 1)) (define (h x) x) (define (old) 1)",
            false),
        0);
    CU_ASSERT_EQUAL(
        load_text(node, "(vmlet b (needs (all)) (import (a f h))) (define (g x) (h (f x)))", false), 0);
    CU_ASSERT_EQUAL(load_text(node,
                              "(vmlet a (needs (all)) (version 2)) (define (f (x u32)) u32 (u32+ x 100)) "
                              "(define (h (x u8)) (list x))",
                              true),
                    0);
    CU_ASSERT_STRING_EQUAL(eval_in(node, "b", "(g 5)"), "(105)");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "b", "(f 6)"), "106"); /* compiled now */
    CHECK_CONTAINS(eval_in(node, "a", "(old)"), "unbound");
    CU_ASSERT_EQUAL(load_text(node,
                              "(vmlet a (needs (all)) (version 3)) (define (f (x u32)) u32 x) (define (k) 1)",
                              true),
                    -EPERM);
    CHECK_CONTAINS(pending_text(node), "VMlet `b` uses `h` of `a`, which the new version does not define");
    CU_ASSERT_EQUAL(
        load_text(node, "(vmlet a (needs (all)) (version 3)) (define (f x) x) (define h 1)", true), -EPERM);
    CHECK_CONTAINS(pending_text(node),
                   "VMlet `b` uses `f` of `a`, which the new version defines with other types");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "b", "(g 7)"), "(107)");
    CHECK_CONTAINS(eval_in(node, "a", "(k)"), "unbound");
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    node_close(node);
}

static void test_a_replace_keeps_tables(void)
{
    struct vvm_node *node = open_node();
    const char *one = "(vmlet a (needs (all))) (define-table t map (key u32) (value u32) (entries 16))"
                      "(define-table gone map (key u32) (value u32) (entries 16))";
    const char *two = "(vmlet a (needs (all))) (define-table t map (key u32) (value u32) (entries 16))";
    const char *three = "(vmlet a (needs (all))) (define-table t map (key u32) (value u64) (entries 16))";
    CU_ASSERT_EQUAL(load_text(node, one, false), 0);
    unsigned tables = tables_count(node);
    CU_ASSERT_STRING_EQUAL(eval_in(node, "a", "(begin (table-put! t 1 11) (table-ref t 1))"), "11");
    CU_ASSERT_NOT_EQUAL(
        load_text(node,
                  "(vmlet a (needs (all))) (define-table t map (key u32) (value u32) (entries 16)) (car 1)",
                  true),
        0);
    CU_ASSERT_STRING_EQUAL(eval_in(node, "a", "(table-ref t 1)"), "11");
    CU_ASSERT_EQUAL(load_text(node, two, true), 0);
    CU_ASSERT_STRING_EQUAL(eval_in(node, "a", "(table-ref t 1)"), "11");
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    CU_ASSERT_EQUAL(tables_count(node), tables - 1);
    CU_ASSERT_EQUAL(load_text(node, three, true), 0); /* another schema: another table */
    CU_ASSERT_STRING_EQUAL(eval_in(node, "a", "(table-ref t 1)"), "#f");
    CU_ASSERT_EQUAL(unload(node, "a"), 0);
    CU_ASSERT_EQUAL(tables_count(node), tables - 2);
    node_close(node);
}

static void test_a_value_keeps_the_code_it_leads_to(void)
{
    struct vvm_node *node = open_node();
    CU_ASSERT_EQUAL(
        load_text(node, "(vmlet keeper (needs (all))) (define kept #f) (define (keep! x) (set! kept x))",
                  false),
        0);
    CU_ASSERT_EQUAL(
        load_text(node,
                  "(vmlet giver (needs (all)) (import (keeper keep!))) (define text \"a constant\")"
                  "(keep! (lambda (n) (list n '(\"another\" constant))))",
                  false),
        0);
    CU_ASSERT_EQUAL(unload(node, "giver"), 0);
    CU_ASSERT_EQUAL(vmlets_reap(node), 1); /* waits */
    CU_ASSERT_STRING_EQUAL(eval_in(node, "keeper", "(kept 5)"), "(5 (\"another\" constant))");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "keeper", "(let ((l (kept 5))) (set! kept (cadr l)) 1)"), "1");
    CU_ASSERT_EQUAL(vmlets_reap(node), 1); /* now for its constant */
    CU_ASSERT_STRING_EQUAL(eval_in(node, "keeper", "kept"), "(\"another\" constant)");
    eval_in(node, "keeper", "(set! kept #f)");
    CU_ASSERT_EQUAL(vmlets_reap(node), 0);
    node_close(node);
}

/* What is loaded for the sake of an import belongs to the load that asks for it. */
static void test_imports_of_a_failed_load_go(void)
{
    char folder[] = "/tmp/vvm-unload-XXXXXX", path[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/low.vml", folder);
    FILE *file = fopen(path, "w");
    fputs("(vmlet low (needs (all))) (define (f) 1)", file);
    fclose(file);
    struct vvm_options options = {.path = folder};
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    struct base base = base_of(node);
    CU_ASSERT_NOT_EQUAL(load_text(node, "(vmlet high (needs (all)) (import (low f))) (car (f))", false), 0);
    CU_ASSERT_PTR_NULL(vmlet_named(node, intern(node, "low")));
    struct base now = base_of(node);
    CU_ASSERT_EQUAL(now.globals, base.globals);
    CU_ASSERT_EQUAL(load_text(node, "(vmlet high (needs (all)) (import (low f))) (define (g) (f))", false),
                    0);
    CU_ASSERT_STRING_EQUAL(eval_in(node, "high", "(g)"), "1");
    CU_ASSERT_EQUAL(unload(node, "low"), -EBUSY);
    node_close(node);
    unlink(path);
    rmdir(folder);
}

/* What an image uses can be read off its header: one that says less is refused. */
static void test_an_image_links_to_its_imports_only(void)
{
    struct vvm_node *node = open_node();
    char path[] = "/tmp/vvm-links-XXXXXX", why[160];
    uint8_t *image, *forged;
    size_t octets, forged_octets;
    struct vvm_unit *unit;
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0 && dprintf(file, "(vmlet b (import (a f))) (define (g) (f))") > 0);
    close(file);
    CU_ASSERT_EQUAL(load_text(node, "(vmlet a) (define (f) 1)", false), 0);
    CU_ASSERT_EQUAL_FATAL(compile_file(&node->control, path, false, &image, &octets), 0);
    CU_ASSERT_EQUAL(unload(node, "b"), 0);
    CU_ASSERT_EQUAL_FATAL(image_decode(node, image, octets, &unit, why, sizeof why), 0);
    unit->vmlet->header = VALUE_NULL;
    CU_ASSERT_EQUAL_FATAL(image_encode(unit, &forged, &forged_octets, false), 0);
    free(unit->vmlet);
    unit->vmlet = NULL;
    unit_free(unit);
    CU_ASSERT_NOT_EQUAL(load_image(&node->control, "forged", forged, forged_octets, NULL), 0);
    CHECK_CONTAINS(pending_text(node), "the image of `b` uses `f` of `a`, which its header does not import");
    CU_ASSERT_EQUAL(load_image(&node->control, "honest", image, octets, NULL), 0);
    CU_ASSERT_STRING_EQUAL(eval_in(node, "b", "(g)"), "1");
    free(image);
    free(forged);
    unlink(path);
    node_close(node);
}

static size_t resident_octets(void)
{
    unsigned long whole = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (fscanf(f, "%lu %lu", &whole, &pages) != 2) abort();
    fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define MEMORY_IS_FLAT 0 /* what is freed is kept for a while */
#elif defined __has_feature
#define MEMORY_IS_FLAT !__has_feature(address_sanitizer)
#else
#define MEMORY_IS_FLAT 1
#endif

static void test_cycles_leave_no_memory(void)
{
    struct model m = {.node = open_node()};
    size_t before = 0;
    mallopt(M_MMAP_THRESHOLD,
            128 << 10); /* fixed: else where the stacks of tests lay stays a gap for a while */
    for (unsigned i = 0; i < 1200; i++) {
        if (i == 200) before = resident_octets();
        for (unsigned kind = 0; kind < KINDS; kind++) step_load(&m, kind, 1 + i % VERSIONS, NULL);
        step_replace(&m, 0, 1 + (i + 1) % VERSIONS, NULL);
        step_load(&m, 4, 1, faults[i % 5]);
        unload_all(&m);
        vmlets_reap(m.node);
    }
    size_t after = resident_octets();
    printf("    1000 times 6 loads, a replace and 6 unloads: %zd KiB more than before\n",
           ((ssize_t)after - (ssize_t)before) / 1024);
    if (MEMORY_IS_FLAT) CU_ASSERT(after < before + (512 << 10));
    node_close(m.node);
}

void unload_tests(CU_pSuite suite)
{
    CU_add_test(suite, "who is needed stays", test_who_is_needed_stays);
    CU_add_test(suite, "a replace reaches those who import", test_a_replace_reaches_those_who_import);
    CU_add_test(suite, "a replace keeps tables of the same schema", test_a_replace_keeps_tables);
    CU_add_test(suite, "a value keeps the code it leads to", test_a_value_keeps_the_code_it_leads_to);
    CU_add_test(suite, "imports of a failed load go with it", test_imports_of_a_failed_load_go);
    CU_add_test(suite, "an image links to its imports only", test_an_image_links_to_its_imports_only);
    CU_add_test(suite, "cycles leave no memory", test_cycles_leave_no_memory);
    CU_add_test(suite, "sequences agree with their twins, 1 of 4", test_sequences_1);
    CU_add_test(suite, "sequences agree with their twins, 2 of 4", test_sequences_2);
    CU_add_test(suite, "sequences agree with their twins, 3 of 4", test_sequences_3);
    CU_add_test(suite, "sequences agree with their twins, 4 of 4", test_sequences_4);
}
