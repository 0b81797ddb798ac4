/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority_test.c - what a VMlet was not granted it cannot name, list or affect: one trial
 * for each capability, which passes, and fails as soon as the check of that one is left out;
 * policies, keys and signatures.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../engine/authority.h"
#include "../engine/environment.h"
#include "../engine/heap.h"
#include "../engine/image.h"
#include "../engine/key.h"
#include "../engine/load.h"
#include "../engine/vmlet.h"
#ifdef VVM_DAEMON
#include "../daemon/policy_file.h"
#endif
#include "suites.h"

static struct vvm_node *open_node(uint32_t unchecked)
{
    struct vvm_options options = {.unchecked = unchecked, .heap_limit = 64 << 20};
    struct vvm_node *node;
    CU_ASSERT_EQUAL_FATAL(node_open(&options, &node), 0);
    return node;
}

static int load(struct vvm_node *node, const char *text)
{
    return load_source(&node->control, "test.vml", text, strlen(text), NULL);
}

static void must_load(struct vvm_node *node, const char *text)
{
    int err = load(node, text);
    if (err) print_pending(&node->control, stderr);
    CU_ASSERT_EQUAL_FATAL(err, 0);
}

static bool pending_says(struct vvm_node *node, const char *part)
{
    char text[1024] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    print_pending(&node->control, to);
    fclose(to);
    return strstr(text, part) != NULL;
}

static struct vvm_vmlet *vmlet_of(struct vvm_node *node, const char *name)
{
    return vmlet_named(node, intern(node, name));
}

/* The written value of an expression in a VMlet, or "error NAME". */
static const char *eval_in(struct vvm_node *node, const char *vmlet, const char *text)
{
    static char out[4096];
    struct vvm_context *ctx = &node->control;
    struct vvm_environment *env = vmlet_of(node, vmlet)->environment;
    struct reader reader;
    vvm_value datum, result;
    FILE *to = fmemopen(out, sizeof out, "w");
    reader_init(&reader, ctx, env, 0, text, strlen(text));
    bool failed = reader_next(&reader, &datum) || eval_datum(ctx, env, datum, &result);
    if (!failed) print_value(node, to, result, PRINT_WRITE, 0);
    else if (has_type(ctx->pending.value, TYPE_ERROR))
        fprintf(
            to, "error %s",
            error_name((enum error_code)((struct error_object *)value_pointer(ctx->pending.value))->code));
    else fprintf(to, "trap");
    fclose(to);
    return out;
}

/* ---- one trial for each capability ------------------------------------------------------- */

struct trial {
    enum capability capability;
    const char *grant; /* with which it works */
    const char *text;  /* what the VMlet does, behind its header */
    const char *why;   /* without: of the error */
    const char *also;  /* needs of all three */
};

/* What stands before each trial: somebody else's things. */
static const char others[] =
    "(vmlet other (needs (all))) (define (scale x) (* x 2)) (define box (vector 1 2))"
    "(define-set doors) (define-table mine map (key u32) (value u32) (entries 4))"
    "(define-layout o (a u8)) (define (run) (drop 'seen)) (define-network o (match (udp 77)) (decode o) "
    "(execute run))";
static const char layered[] = "(vmlet layered (import (other scale)) (needs (around scale)))"
                              "(around (scale x) (+ 1 (previous x)))";

static const struct trial trials[] = {
    {CAPABILITY_ALL, "(all)", "(vector-set! box 0 5)", "frozen"},
    {CAPABILITY_NETWORK, "(network udp 99)",
     "(define-layout n (a u8)) (define (go) (drop 'seen)) (define-network n (match (udp 99)) (decode n) "
     "(execute go))",
     "(network udp 99)"},
    {CAPABILITY_AROUND, "(around scale)", "(around (scale x) (previous x))", "(around scale)"},
    {CAPABILITY_REDEFINE, "(redefine scale)", "(redefine (scale x) x)", "(redefine scale)"},
    {CAPABILITY_UNDEFINE, "(undefine scale)", "(undefine scale)", "has no layer of this VMlet"},
    {CAPABILITY_MEMBER, "(member doors)", "(define-member doors (front) 1)", "(member doors)"},
    {CAPABILITY_TABLE, "(table 1MiB)", "(define-array words u64 64)", "(table "},
    {CAPABILITY_TIMERS, "(timers 1)", "(define-timer tick (every 1) 1)", "(timers "},
    {CAPABILITY_MEMORY, "(memory 40MiB)", "(define big (make-vector 3000000 0))", "heap-limit"},
    {CAPABILITY_FUEL, "(fuel 400000000)", "(define (spin n) (if (> n 0) (spin (- n 1)))) (spin 50000000)",
     "trap fuel"},
    {CAPABILITY_CODE, "(code 64MiB)",
     "(define (grow) (eval (list 'define 'v (list 'quote (make-vector 60000 0))))) (grow) (grow) (grow)",
     "(code N)"},
    {CAPABILITY_ENGINE_REPLACE, "(engine.replace)", "(around (car x) (previous x))", "engine.replace",
     "(around car)"},
    {CAPABILITY_WIDEN_EFFECTS, "(widen-effects)",
     "(define-array count u64 1) (around (car x) (begin (array-add! count 0 1) (previous x)))",
     "widen-effects", "(around car) (engine.replace) (table 1KiB)"},
    {CAPABILITY_INTROSPECT, "(introspect all names)", "(define found (definitions 'other))", "unbound"},
    {CAPABILITY_GLOBAL_SYNTAX, "(global-syntax)", "(define-global-syntax same (syntax-rules () ((_ x) x)))",
     "syntax-rules: out of place"},
    {CAPABILITY_LOAD, "(load)", "(run-tests 'other)", "unbound"},
    {CAPABILITY_LOG, "(log)", "(log-line \"heard\")", "unbound"},
};
enum { TRIALS = sizeof trials / sizeof *trials };

/* Does what the VMlet does succeed with those needs and that check left out? */
static bool does(const struct trial *t, const char *needs, uint32_t unchecked)
{
    char text[1000];
    struct vvm_node *node = open_node(unchecked);
    must_load(node, others);
    if (t->capability == CAPABILITY_UNDEFINE) must_load(node, layered);
    snprintf(text, sizeof text, "(vmlet trial (import (other scale box doors)) (needs %s %s)) %s", needs,
             t->also ? t->also : "", t->text);
    bool done = load(node, text) == 0;
    if (!done && !pending_says(node, t->why)) {
        print_pending(&node->control, stderr);
        CU_FAIL("refused for another reason");
    }
    if (!done) CU_ASSERT_PTR_NULL(vmlet_of(node, "trial"));
    node_close(node);
    return done;
}

static void test_each_capability(void)
{
    for (unsigned i = 0; i < TRIALS; i++) {
        const struct trial *t = &trials[i];
        bool granted = does(t, t->grant, 0), without = does(t, "", 0),
             unchecked = does(t, "", UINT32_C(1) << t->capability);
        if (!granted || without || !unchecked)
            fprintf(stderr, "    %s: granted %d, without %d, unchecked %d\n", capability_name(t->capability),
                    granted, without, unchecked);
        CU_ASSERT(granted);   /* with it it can, */
        CU_ASSERT(!without);  /* without it cannot, */
        CU_ASSERT(unchecked); /* and this test sees when nobody looks */
    }
}

/* ---- amounts ---------------------------------------------------------------------------------- */

static void test_amounts(void)
{
    struct vvm_node *node = open_node(0);
    must_load(node, "(vmlet small (needs (table 2KiB) (fuel 3000) (code 9MiB))) (define-array a u64 128)");
    CU_ASSERT_EQUAL(authority_amount(vmlet_of(node, "small"), CAPABILITY_TABLE), 2048);
    CU_ASSERT_EQUAL(authority_amount(vmlet_of(node, "small"), CAPABILITY_CODE), 9 << 20);
    CU_ASSERT_EQUAL(authority_amount(vmlet_of(node, "small"), CAPABILITY_NATIVE), 0);
    CU_ASSERT_STRING_EQUAL(eval_in(node, "small", "(define-array b u64 512)"),
                           "error privilege"); /* their sum */
    CU_ASSERT_STRING_EQUAL(eval_in(node, "small", "(let loop () (loop))"), "trap");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "small", "(+ 1 2)"), "3"); /* each entry begins anew */
    node_close(node);
}

static void test_garbage_counts_no_longer_than_it_lives(void)
{
    struct vvm_node *node = open_node(0);
    must_load(node, "(vmlet small (needs (memory 1MiB)))");
    CU_ASSERT_STRING_EQUAL(
        eval_in(node, "small",
                "(let loop ((i 0)) (if (< i 300) (begin (make-vector 1000 i) (loop (+ i 1))) i))"),
        "300");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "small", "(let loop ((l '())) (loop (cons 1 l)))"),
                           "error heap-limit");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "small", "(length (list 1 2 3))"), "3");
    node_close(node);
}

/* ---- names ------------------------------------------------------------------------------------ */

struct sought {
    const char *name;
    bool found;
};

static void seek(void *data, vvm_value symbol, const struct denotation *d)
{
    struct sought *s = data;
    (void)d;
    s->found |= strcmp(symbol_name(symbol), s->name) == 0;
}

static bool lists(struct vvm_node *node, const char *vmlet, const char *name)
{
    struct sought s = {.name = name};
    environment_each(vmlet_of(node, vmlet)->environment, seek, &s);
    return s.found;
}

static void test_names_that_are_not_there(void)
{
    static const char *const names[] = {"log-line",    "definitions", "vmlets",
                                        "disassembly", "run-tests",   "%tests"};
    struct vvm_node *node = open_node(0);
    must_load(node, "(vmlet plain)");
    must_load(node, "(vmlet rich (needs (all)))");
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT_STRING_EQUAL(eval_in(node, "plain", names[i]), "error unbound");
        CU_ASSERT(!lists(node, "plain", names[i]));
        CU_ASSERT(lists(node, "rich", names[i]));
        CU_ASSERT_STRING_NOT_EQUAL(eval_in(node, "rich", names[i]), "error unbound");
    }
    CU_ASSERT_STRING_EQUAL(eval_in(node, "plain", "(begin (define (log-line x) (list x)) (log-line 1))"),
                           "(1)");
    node_close(node);
}

/* Code that was compiled where the name was there does not reach it where it is not. */
static void test_an_image_brings_no_names(void)
{
    static const char text[] = "(vmlet nosy (needs (introspect all names)))"
                               "(define (look) (guard (e (#t (error-object-code e))) (length (vmlets))))";
    struct vvm_node *node = open_node(0), *other = open_node(0);
    struct policy *policy = policy_new();
    char path[] = "/tmp/vvm-nosy-XXXXXX.vml";
    uint8_t *image;
    size_t octets;
    int fd = mkstemps(path, 4);
    CU_ASSERT_EQUAL(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(fd);
    CU_ASSERT_EQUAL_FATAL(compile_file(&node->control, path, true, &image, &octets), 0);
    unlink(path);
    policy->refuse_unsigned = false;
    authority_set_policy(other, policy);
    CU_ASSERT_EQUAL(load_image(&other->control, "nosy", image, octets, NULL), 0);
    CU_ASSERT_STRING_EQUAL(eval_in(node, "nosy", "(> (look) 0)"), "#t");
    CU_ASSERT_STRING_EQUAL(eval_in(other, "nosy", "(look)"), "unbound");
    free(image);
    node_close(node);
    node_close(other);
    policy_free(policy);
}

/* Installs something else where there is a VMlet route, if it may look. */
static void run_chooser(bool route, bool may, char **state, char *result)
{
    char text[600];
    struct vvm_node *node = open_node(0);
    if (route)
        must_load(node,
                  "(vmlet route (needs (table 1MiB))) (define-array trie u64 8) (define (next-hop a) a)");
    snprintf(
        text, sizeof text,
        "(vmlet chooser %s) (define there (guard (e (#t 'cannot-tell)) (if (memq 'route (vmlets)) 'yes 'no)))"
        "(define way (if (eq? there 'yes) (lambda (a) (list 'routed a)) (lambda (a) (list 'flooded a))))",
        may ? "(needs (introspect all names))" : "");
    must_load(node, text);
    strcpy(result, eval_in(node, "chooser", "(list there (way 1))"));
    if (route) CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "route"), false), 0);
    size_t octets;
    FILE *to = open_memstream(state, &octets);
    state_print(node, to);
    fclose(to);
    node_close(node);
}

static void test_one_image_two_nodes(void)
{
    char *states[4], results[4][200];
    for (unsigned i = 0; i < 4; i++) run_chooser(i & 1, i & 2, &states[i], results[i]);
    CU_ASSERT_STRING_EQUAL(states[0], states[1]); /* it cannot tell one node from the other, */
    CU_ASSERT_STRING_EQUAL(results[0], results[1]);
    CU_ASSERT_STRING_EQUAL(results[0], "(cannot-tell (flooded 1))");
    CU_ASSERT_STRING_EQUAL(results[2], "(no (flooded 1))"); /* unless it may look */
    CU_ASSERT_STRING_EQUAL(results[3], "(yes (routed 1))");
    for (unsigned i = 0; i < 4; i++) free(states[i]);
}

/* ---- sets of capabilities ------------------------------------------------------------------------ */

static struct grant_set set_of(const char *text)
{
    struct grant_set set = {0};
    char why[200] = "";
    int err = grants_parse(&set, text, strlen(text), why, sizeof why);
    if (err) fprintf(stderr, "    %s\n", why);
    CU_ASSERT_EQUAL(err, 0);
    return set;
}

static void check_cut(const char *wanted, const char *permitted, const char *expected)
{
    struct grant_set a = set_of(wanted), b = set_of(permitted), out = {0};
    char text[1000] = "";
    size_t at = 0;
    CU_ASSERT_EQUAL(grants_cut(&a, &b, &out), 0);
    for (unsigned i = 0; i < out.count && at < sizeof text; i++) {
        grant_print(&out.grants[i], text + at, sizeof text - at);
        at += strlen(text + at);
    }
    CU_ASSERT_STRING_EQUAL(text, expected);
    grants_free(&a);
    grants_free(&b);
    grants_free(&out);
}

static void test_cutting(void)
{
    check_cut("(network udp 5) (table 64KiB)", "(network udp *) (table 1KiB)", "(network udp 5)(table 1024)");
    check_cut("(network udp *)", "(network udp 5) (network udp 6)", "(network udp 5)(network udp 6)");
    check_cut("(network udp 5)", "(network ip 5) (network udp 6)", "");
    check_cut("(around car)", "(around c*)", "(around car)");
    check_cut("(around *)", "(around (instruction hop *)) (around x)",
              "(around (instruction hop *))(around x)");
    check_cut("(around (instruction hop forward))", "(around (instruction hop f*))",
              "(around (instruction hop forward))");
    check_cut("(around (instruction hop forward))", "(around forward)", "");
    check_cut("(around (name *))", "(around c*)", "");
    check_cut("(introspect all code)", "(introspect route names)", "(introspect route names)");
    check_cut("(introspect own code)", "(introspect all signatures)", "(introspect own signatures)");
    check_cut("(all)", "(load) (table 5)", "(load)(table 5)");
    check_cut("(load) (log)", "(all)", "(load)(log)");
    check_cut("(redefine x)", "(around x)", "");
}

static void test_malformed(void)
{
    static const char *const bad[] = {"(",
                                      ")",
                                      "load",
                                      "(nothing)",
                                      "(load 1)",
                                      "(table)",
                                      "(table x)",
                                      "(table 5 5)",
                                      "(table 99999999999999999999)",
                                      "(network udp)",
                                      "(network udp -1)",
                                      "(introspect all)",
                                      "(introspect all much)",
                                      "(around)",
                                      "(around a b)",
                                      "(around (a b c))",
                                      "(around (name a) b)",
                                      "((load))",
                                      "(around ((a)))",
                                      "(around (instruction hop))",
                                      "(around \"x\")",
                                      "(load",
                                      "(load))"};
    char why[200];
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct grant_set set = {0};
        *why = 0;
        int err = grants_parse(&set, bad[i], strlen(bad[i]), why, sizeof why);
        if (!err) fprintf(stderr, "    taken: %s\n", bad[i]);
        CU_ASSERT(err < 0 && *why);
        grants_free(&set);
    }
    struct vvm_node *node = open_node(0);
    CU_ASSERT_NOT_EQUAL(load(node, "(vmlet bad (needs (tables 5)))"), 0);
    CU_ASSERT(pending_says(node, "there is no such capability"));
    CU_ASSERT_PTR_NULL(vmlet_of(node, "bad"));
    node_close(node);
}

/* ---- who owns what ---------------------------------------------------------------------------------- */

static void test_code_of_the_owner_may_write(void)
{
    struct vvm_node *node = open_node(0);
    must_load(node, "(vmlet keeper) (define v (vector 1 2)) (define (keep! x) (vector-set! v 0 x) v)"
                    "(define (fill! x) (vector-fill! v x) v)");
    must_load(node, "(vmlet guest (import (keeper keep! v fill!)))");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "guest", "(vector-set! v 0 9)"), "error frozen");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "guest", "(vector-fill! v 9)"), "error frozen");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "guest", "(keep! 7)"), "#(7 2)");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "guest", "(fill! 3)"), "#(3 3)");
    CU_ASSERT_STRING_EQUAL(eval_in(node, "guest", "(let ((w (vector 1))) (vector-set! w 0 2) w)"), "#(2)");
    node_close(node);
}

static void test_revocation(void)
{
    struct vvm_node *node = open_node(0);
    static const char text[] = "(vmlet keeper (needs (table 1MiB) (log))) (define-array a u64 8)";
    must_load(node, text);
    CU_ASSERT_EQUAL(authority_revoke(&node->control, intern(node, "keeper"), "(load)", 6), 0);
    CU_ASSERT_EQUAL(authority_revoke(&node->control, intern(node, "keeper"), "(table 1)", 9), 1);
    CU_ASSERT(authority_allows(vmlet_of(node, "keeper"), CAPABILITY_LOG)); /* until it is unloaded */
    CU_ASSERT_EQUAL(vmlet_unload(&node->control, intern(node, "keeper"), true), 0);
    CU_ASSERT_NOT_EQUAL(load(node, text), 0);
    CU_ASSERT(pending_says(node, "was not granted (table"));
    must_load(node, "(vmlet keeper (needs (table 1MiB) (log))) (log-line \"still\")");
    CU_ASSERT(authority_revoke(&node->control, intern(node, "core"), "(load)", 6) < 0);
    CU_ASSERT(authority_revoke(&node->control, intern(node, "keeper"), "(oops)", 6) < 0);
    node_close(node);
}

/* ---- keys and signatures --------------------------------------------------------------------------------
 */

static uint8_t *make_image(const char *text, size_t *octets)
{
    struct vvm_node *node = open_node(0);
    char path[] = "/tmp/vvm-image-XXXXXX.vml";
    uint8_t *image = NULL;
    int fd = mkstemps(path, 4);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    CU_ASSERT_EQUAL_FATAL(compile_file(&node->control, path, false, &image, octets), 0);
    unlink(path);
    node_close(node);
    return image;
}

static void test_keys(void)
{
    char folder[] = "/tmp/vvm-keys-XXXXXX", path[100], why[300] = "";
    struct key key, again;
    struct stat s;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL(key_generate(folder, "alice", &key, why, sizeof why), 0);
    snprintf(path, sizeof path, "%s/alice.key", folder);
    CU_ASSERT_EQUAL(stat(path, &s), 0);
    CU_ASSERT_EQUAL(s.st_mode & 0777, 0600);
    CU_ASSERT(key_generate(folder, "alice", &again, why, sizeof why) < 0 && strstr(why, "already"));
    CU_ASSERT(key_generate(folder, "../x", &again, why, sizeof why) < 0 && strstr(why, "no name"));
    CU_ASSERT_EQUAL(key_read(path, &again, why, sizeof why), 0);
    CU_ASSERT(key_is_secret(&again) && !memcmp(again.public, key.public, KEY_PUBLIC));
    chmod(path, 0644);
    CU_ASSERT(key_read(path, &again, why, sizeof why) < 0 && strstr(why, "others may read"));
    unlink(path);
    snprintf(path, sizeof path, "%s/alice.pub", folder);
    CU_ASSERT_EQUAL(key_read(path, &again, why, sizeof why), 0);
    CU_ASSERT(!key_is_secret(&again) && !memcmp(again.public, key.public, KEY_PUBLIC));
    unlink(path);
    rmdir(folder);
}

static struct key key_of(const char *name)
{
    char folder[] = "/tmp/vvm-keys-XXXXXX", path[100], why[300];
    struct key key;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL(key_generate(folder, name, &key, why, sizeof why), 0);
    snprintf(path, sizeof path, "%s/%s.key", folder, name);
    unlink(path);
    snprintf(path, sizeof path, "%s/%s.pub", folder, name);
    unlink(path);
    rmdir(folder);
    return key;
}

static void refused(struct vvm_node *node, const uint8_t *image, size_t octets, const char *why)
{
    uint64_t number = node->current->number;
    CU_ASSERT_NOT_EQUAL(load_image(&node->control, "image", image, octets, NULL), 0);
    if (!pending_says(node, why)) print_pending(&node->control, stderr);
    CU_ASSERT(pending_says(node, why));
    CU_ASSERT_EQUAL(node->current->number, number); /* nothing changed */
}

static void test_signed_images(void)
{
    size_t octets, length;
    char why[200];
    uint8_t *image = make_image("(vmlet signed (needs (table 1MiB) (log))) (define x 1)", &octets), *sealed;
    struct key alice = key_of("alice"), bob = key_of("bob");
    struct vvm_node *node = open_node(0);
    struct policy *policy = policy_new();
    struct grant_set may = set_of("(log) (table 4KiB)");
    CU_ASSERT_EQUAL(policy_add_key(policy, "alice", alice.public, &may), 0);
    authority_set_policy(node, policy);
    refused(node, image, octets, "image without signature");
    CU_ASSERT_EQUAL_FATAL(image_sign(image, octets, &bob, &sealed, &length, why, sizeof why), 0);
    refused(node, sealed, length, "a key that the policy does not name");
    free(sealed);
    CU_ASSERT_EQUAL_FATAL(image_sign(image, octets, &alice, &sealed, &length, why, sizeof why), 0);
    for (size_t i = 0; i < length; i += 7) {
        sealed[i] ^= 4;
        CU_ASSERT_NOT_EQUAL(load_image(&node->control, "image", sealed, length, NULL), 0);
        sealed[i] ^= 4;
    }
    CU_ASSERT_EQUAL(load_image(&node->control, "image", sealed, length, NULL), 0);
    CU_ASSERT_EQUAL(authority_amount(vmlet_of(node, "signed"), CAPABILITY_TABLE),
                    4096); /* what the key may have */
    CU_ASSERT_STRING_EQUAL(vmlet_of(node, "signed")->authority->signer, "alice");
    struct vvm_unit *unit; /* decode + encode is the identity with a signature, too */
    uint8_t *again;
    size_t count;
    CU_ASSERT_EQUAL_FATAL(image_decode(node, sealed, length, &unit, why, sizeof why), 0);
    CU_ASSERT_EQUAL_FATAL(image_encode(unit, &again, &count, false), 0);
    CU_ASSERT(count == length && !memcmp(again, sealed, length));
    free(unit->vmlet);
    unit_free(unit);
    free(again);
    free(sealed);
    free(image);
    node_close(node);
    policy_free(policy);
}

/* Code that a network brought gets what the policy gives to that network. */
static void test_ingress(void)
{
    size_t octets;
    uint8_t *image = make_image("(vmlet guest (needs (all))) (define x 1)", &octets);
    struct vvm_node *node = open_node(0);
    struct policy *policy = policy_new();
    struct grant_set may = set_of("(log)");
    policy->refuse_unsigned = false;
    CU_ASSERT_EQUAL(policy_add_ingress(policy, "open", false, &may), 0);
    authority_set_policy(node, policy);
    authority_set_ingress(node, "closed");
    refused(node, image, octets, "is not taken from the network closed");
    authority_set_ingress(node, "open");
    CU_ASSERT_EQUAL(load_image(&node->control, "image", image, octets, NULL), 0);
    CU_ASSERT(authority_allows(vmlet_of(node, "guest"), CAPABILITY_LOG));
    CU_ASSERT(!authority_allows(vmlet_of(node, "guest"), CAPABILITY_LOAD));
    authority_set_ingress(node, NULL);
    free(image);
    node_close(node);
    policy_free(policy);
}

#ifdef VVM_DAEMON
static void test_policy_files(void)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"keys: 5\n", "p:1:7: this must be a map"},
        {"unsinged: all\n", "p:1:1: there is no key \"unsinged\" here; the nearest is unsigned"},
        {"unsigned: some\n", "p:1:11: write all, none, or a list"},
        {"unsigned:\n  - (loaf)\n", "p:2:5: \"(loaf)\": there is no such capability"},
        {"keys:\n  a: { may: all }\n", "p:2:3: public is missing"},
        {"keys:\n  a: { public: xx }\n", "p:2:16: this is no public key"},
        {"networks:\n  a: { unsigned: maybe }\n", "p:2:18: unsigned: write true or false"},
    };
    char why[400], path[] = "/tmp/vvm-policy-XXXXXX", text[100];
    struct policy *policy;
    struct key key = key_of("carol");
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        int err = policy_parse(&policy, "p", bad[i].text, strlen(bad[i].text), why, sizeof why);
        if (!err || strncmp(why, bad[i].why, strlen(bad[i].why)) != 0)
            fprintf(stderr, "    %d: %s\n", err, why);
        CU_ASSERT(err && strncmp(why, bad[i].why, strlen(bad[i].why)) == 0);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
    snprintf(text, sizeof text, "%s/policy.yaml", path);
    char public[KEY_FINGERPRINT + 8];
    key_print_public(key.public, public);
    CU_ASSERT_EQUAL(policy_trust(text, "carol", public, why, sizeof why), 0);
    CU_ASSERT_NOT_EQUAL(policy_trust(text, "carol", public, why, sizeof why), 0); /* once */
    CU_ASSERT_EQUAL_FATAL(policy_read(&policy, text, why, sizeof why), 0);
    const struct policy_key *known = policy_key_of(policy, key.public);
    CU_ASSERT(known && !known->may.count && strcmp(known->name, "carol") == 0);
    CU_ASSERT(!policy->refuse_unsigned && grants_all(&policy->may));
    policy_free(policy);
    unlink(text);
    rmdir(path);
}
#endif

void authority_tests(CU_pSuite suite)
{
#ifdef VVM_DAEMON
    CU_add_test(suite, "policy files", test_policy_files);
#endif
    CU_add_test(suite, "each capability", test_each_capability);
    CU_add_test(suite, "amounts", test_amounts);
    CU_add_test(suite, "garbage counts no longer than it lives", test_garbage_counts_no_longer_than_it_lives);
    CU_add_test(suite, "names that are not there", test_names_that_are_not_there);
    CU_add_test(suite, "an image brings no names", test_an_image_brings_no_names);
    CU_add_test(suite, "one image, two nodes", test_one_image_two_nodes);
    CU_add_test(suite, "cutting", test_cutting);
    CU_add_test(suite, "malformed capabilities", test_malformed);
    CU_add_test(suite, "code of the owner may write", test_code_of_the_owner_may_write);
    CU_add_test(suite, "revocation", test_revocation);
    CU_add_test(suite, "keys", test_keys);
    CU_add_test(suite, "signed images", test_signed_images);
    CU_add_test(suite, "ingress", test_ingress);
}
