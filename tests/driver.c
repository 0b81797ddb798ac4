/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.c - runs every CUnit test in a process of its own, under a time limit, so that
 * a crash or a loop is one failure and not the end of the run.
 *
 *   vvm-tests [-l] [-t SECONDS] [PATTERN...]    PATTERN: part of "suite/test"
 *
 * The last line is "N passed, N failed".
 */
#include "suites.h"

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOW_MILLISECONDS 2000

struct run {
    unsigned limit; /* seconds a test */
    bool list;
    char **patterns;
    int pattern_count;
    unsigned passed, failed;
};

static bool is_wanted(const struct run *run, const char *name)
{
    for (int i = 0; i < run->pattern_count; i++)
        if (strstr(name, run->patterns[i])) return true;
    return run->pattern_count == 0;
}

/* In the child: the status is 0 only if every assertion held. */
static void run_child(CU_pSuite suite, CU_pTest test, unsigned limit)
{
    alarm(limit);
    CU_ErrorCode err = CU_run_test(suite, test);
    for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
        fprintf(stderr, "    %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
    fflush(NULL);
    _exit(err != CUE_SUCCESS || CU_get_number_of_failures() || !CU_get_number_of_asserts());
}

static long milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void report(struct run *run, const char *name, int status, long took)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        run->passed++;
        if (took > SLOW_MILLISECONDS) printf("ok      %s (%ld ms)\n", name, took);
        return;
    }
    run->failed++;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        printf("FAILED  %s: not done after %u s\n", name, run->limit);
    else if (WIFSIGNALED(status)) printf("FAILED  %s: %s\n", name, strsignal(WTERMSIG(status)));
    else printf("FAILED  %s\n", name);
}

static void run_test(struct run *run, CU_pSuite suite, CU_pTest test)
{
    char name[256];
    int status;
    snprintf(name, sizeof name, "%s/%s", suite->pName, test->pName);
    if (!is_wanted(run, name)) return;
    if (run->list) {
        puts(name);
        return;
    }
    fflush(NULL);
    long began = milliseconds();
    pid_t child = fork();
    if (child == 0) run_child(suite, test, run->limit);
    if (child < 0 || waitpid(child, &status, 0) != child) status = 1 << 8;
    report(run, name, status, milliseconds() - began);
}

static int add_suites(void)
{
    for (const struct suite *s = suites; s->name; s++) {
        CU_pSuite suite = CU_add_suite(s->name, NULL, NULL);
        if (!suite) return -1;
        s->fill(suite);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct run run = {.limit = 120};
    int option;
    while ((option = getopt(argc, argv, "lt:")) != -1) {
        if (option == 'l') run.list = true;
        else if (option == 't') run.limit = (unsigned)atoi(optarg);
        else return 2;
    }
    run.patterns = argv + optind;
    run.pattern_count = argc - optind;
    if (CU_initialize_registry() != CUE_SUCCESS || add_suites()) return 2;
    CU_set_error_action(CUEA_IGNORE);
    for (CU_pSuite s = CU_get_registry()->pSuite; s; s = s->pNext)
        for (CU_pTest t = s->pTest; t; t = t->pNext) run_test(&run, s, t);
    CU_cleanup_registry();
    if (run.list) return 0;
    printf("%u passed, %u failed\n", run.passed, run.failed);
    return run.failed != 0 || run.passed == 0;
}
