/* SPDX-License-Identifier: Apache-2.0 */
/*
 * case_test.c - runs the case files under tests/cases: expressions and what they give.
 *
 *   any datums, over several lines
 *   => VALUE      the last one's value, as `write` prints it
 *   =! NAME       it raises: the error's name, or the raised value as written
 *   =~ "TEXT"     what it all wrote to the current output port
 *   =? TEXT       it raises, and what people are shown of the error has the text; lines
 *                 count from the file's first
 *
 * Every case runs in an environment of its own; it may begin with (vmlet case (import ...)
 * (use-syntax ...)), whose VMlets are looked for in VVM_PATH, or netvmlets. One file is one CUnit test.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "../engine/vmlet.h"
#include "suites.h"

#define CASE_FILES_MAX 128

struct case_run {
    struct vvm_node *node;
    const char *file;
    unsigned line; /* where the case begins */
    FILE *output;
    char *printed;
    size_t printed_length;
    unsigned cases, wrong;
    bool staged; /* through an expander, optimiser and emitter that change nothing */
};

static const char stages_of_identity[] = "(use-expander (lambda (form) form))"
                                         "(use-optimiser (lambda (form) form))"
                                         "(use-emitter (lambda (function) function))";

/* ---- one case ----------------------------------------------------------------------- */

/* A (vmlet ...) form: bind what it imports. */
static int take_header(struct vvm_context *ctx, struct vvm_environment *env, vvm_value datum)
{
    vvm_value name;
    int64_t version;
    struct vvm_vmlet *vmlet = env->vmlet;
    int err = vmlet_header(ctx, datum, &name, &version, &vmlet->header);
    ctx->node->loading++; /* what imports load is part of this */
    if (!err) err = vmlet_imports(ctx, vmlet, NULL);
    if (!err) err = vmlet_syntax(ctx, vmlet, NULL);
    ctx->node->loading--;
    return err;
}

static int eval_all(struct vvm_context *ctx, struct vvm_environment *env, const char *text, size_t octets,
                    unsigned line, vvm_value *result)
{
    struct reader reader;
    vvm_value datum;
    reader_init(&reader, ctx, env, node_file(ctx->node, "case"), text, octets);
    reader.line = line;
    *result = VALUE_UNSPECIFIED;
    for (;;) {
        int err = reader_next(&reader, &datum);
        if (err || datum == VALUE_EOF) return err;
        err = vmlet_form(ctx, datum) ? take_header(ctx, env, datum) : eval_datum(ctx, env, datum, result);
        if (err) return err;
    }
}

/* What the case gave, in the form of the expectation lines; malloc'd. */
static char *outcome(struct case_run *run, int err, vvm_value result)
{
    struct vvm_context *ctx = &run->node->control;
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    vvm_value v = err ? ctx->pending.value : result;
    if (err && ctx->pending.kind != PENDING_RAISE)
        fputs(ctx->pending.kind == PENDING_TRAP ? "trap" : "halt", to);
    else if (err && has_type(v, TYPE_ERROR))
        fputs(error_name((enum error_code)((struct error_object *)value_pointer(v))->code), to);
    else print_value(run->node, to, v, PRINT_WRITE, 0);
    fclose(to);
    return text;
}

static void wrong(struct case_run *run, const char *kind, const char *expected, const char *got)
{
    fprintf(stderr, "    %s:%u: expected %s %s, got %s\n", run->file, run->line, kind, expected, got);
    run->wrong++;
}

static void check_output(struct case_run *run, const char *expected)
{
    vvm_value text, result;
    struct vvm_context *ctx = &run->node->control;
    int err = eval_all(ctx, run->node->core, expected, strlen(expected), 0, &result);
    fflush(run->output);
    text = make_string_utf8(ctx, run->printed, run->printed_length);
    if (err || !values_equal(text, result, &(uint64_t){0})) wrong(run, "output", expected, run->printed);
}

/* An error as print_pending shows it. */
static void check_shown(struct case_run *run, int err, const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    if (err) print_pending(&run->node->control, to);
    fclose(to);
    if (!strstr(text, expected)) wrong(run, "an error with", expected, text);
    free(text);
}

static void run_case(struct case_run *run, const char *text, size_t octets, const char *expectation)
{
    struct vvm_context *ctx = &run->node->control;
    struct vvm_vmlet *vmlet = vmlet_new(run->node, intern(run->node, "case"));
    vvm_value result;
    rewind(run->output);
    run->cases++;
    if (!vmlet) abort();
    vmlet_enlist(run->node, vmlet); /* where the checks of publishing look */
    int err = 0;
    if (run->staged)
        err = eval_all(ctx, vmlet->environment, stages_of_identity, strlen(stages_of_identity), 0, &result);
    CU_ASSERT_EQUAL(err, 0);
    err = eval_all(ctx, vmlet->environment, text, octets, run->line, &result);
    char *got = outcome(run, err, result);
    const char *expected = expectation + 3;
    if (expectation[1] == '~') check_output(run, expected);
    else if (expectation[1] == '?') check_shown(run, err, expected);
    else if ((expectation[1] == '!') != (err != 0) || strcmp(got, expected)) {
        wrong(run, expectation[1] == '!' ? "error" : "value", expected, got);
        if (err) print_pending(ctx, stderr);
    }
    free(got);
    if (vmlet_unload(ctx, vmlet->name, false)) wrong(run, "an unload", "nothing wrong", "refused");
}

/* ---- one file ----------------------------------------------------------------------- */

static bool is_expectation(const char *line)
{
    return line[0] == '=' && strchr(">!~?", line[1]) && line[1] && line[2] == ' ';
}

static bool is_blank(const char *text, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        if (!strchr(" \t\r\n", text[i])) return false;
    return true;
}

static void run_text(struct case_run *run, char *text)
{
    unsigned line = 1;
    char *begin = text;
    run->line = 1;
    for (char *at = text; *at;) {
        char *end = at + strcspn(at, "\n");
        bool last = !*end;
        *end = 0;
        line++;
        if (is_expectation(at)) {
            run_case(run, begin, (size_t)(at - begin), at);
            begin = last ? end : end + 1;
            run->line = line;
        } else if (begin == at && (is_blank(at, strlen(at)) || *at == ';')) {
            begin = last ? end : end + 1;
            run->line = line;
        }
        if (!last && !is_expectation(at)) *end = '\n';
        at = last ? end : end + 1;
    }
    CU_ASSERT_EQUAL(strlen(begin), 0); /* a case without expectation */
}

static const char *cases_folder(void) { return getenv("VVM_CASES") ?: VVM_CASES; }

/* Files of VMlets to load before, NULL-terminated. */
static void load_first(struct case_run *run, const char *const *files)
{
    char path[4096];
    for (; *files; files++) {
        snprintf(path, sizeof path, "%s/%s", cases_folder(), *files);
        int err = load_file(&run->node->control, path, NULL);
        if (err) print_pending(&run->node->control, stderr);
        CU_ASSERT_EQUAL_FATAL(err, 0);
    }
}

static void run_file(const char *path, const char *const *first, bool staged)
{
    struct case_run run = {.file = path, .staged = staged};
    struct vvm_options options = {0};
    char *text;
    size_t octets;
    run.output = open_memstream(&run.printed, &run.printed_length);
    options.output = run.output;
    options.heap_stress = (unsigned)atoi(getenv("VVM_HEAP_STRESS")
                                             ?: "0"); /* a collection at every n-th allocation */
    options.path = getenv("VVM_PATH") ?: VVM_SOURCE "/netvmlets";
    if (file_read(path, SOURCE_MAX, &text, &octets) || node_open(&options, &run.node)) {
        CU_FAIL("cannot begin");
        return;
    }
    load_first(&run, first);
    run_text(&run, text);
    CU_ASSERT(run.cases > 0);
    CU_ASSERT_EQUAL(run.wrong, 0);
    node_close(run.node);
    fclose(run.output);
    free(run.printed);
    free(text);
}

/* ---- the suite: CUnit's tests take no data, so each asks for its own name --------------- */

static void run_named(const char *const *first, bool staged)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", cases_folder(), CU_get_current_test()->pName);
    run_file(path, first, staged);
}

static void run_named_case(void) { run_named((const char *[]){NULL}, false); }
static void run_staged_case(void) { run_named((const char *[]){NULL}, true); }

/* The same where every instruction that has a name was redefined to hand on what it gets. */
static void run_redefined_case(void) { run_named((const char *[]){"identity.vml", NULL}, false); }
static void run_all_redefined_case(void)
{
    run_named((const char *[]){"identity.vml", "identity-any.vml", NULL}, false);
}

static int is_case_file(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 2 && !strcmp(e->d_name + n - 2, ".t");
}

/* except: a file not to run, or NULL */
static void add_folder(CU_pSuite suite, const char *folder, void (*run)(void), const char *except)
{
    char path[4096];
    struct dirent **names;
    snprintf(path, sizeof path, "%s/%s", getenv("VVM_CASES") ?: VVM_CASES, folder);
    int n = scandir(path, &names, is_case_file, alphasort);
    for (int i = 0; i < n; i++) {
        char name[300];
        snprintf(name, sizeof name, "%s/%s", folder, names[i]->d_name);
        bool wanted = !except || strcmp(names[i]->d_name, except) != 0;
        if (i < CASE_FILES_MAX && wanted) CU_add_test(suite, name, run);
        free(names[i]);
    }
    if (n >= 0) free(names);
}

static void add_folders(CU_pSuite suite, void (*run)(void))
{
    add_folder(suite, "r7rs", run, NULL);
    add_folder(suite, "language", run, NULL);
    add_folder(suite, "octets", run, NULL);
    add_folder(suite, "regress", run, NULL);
}

void case_tests(CU_pSuite suite) { add_folders(suite, run_named_case); }

void staged_tests(CU_pSuite suite) { add_folders(suite, run_staged_case); }

void redefined_case_tests(CU_pSuite suite)
{
    add_folder(suite, "r7rs", run_all_redefined_case, "tail.t");    /* a million turns */
    add_folder(suite, "language", run_redefined_case, "reflect.t"); /* it sees the layers */
    add_folder(suite, "octets", run_redefined_case, NULL);
}
