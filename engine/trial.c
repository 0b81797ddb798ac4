/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - run a VMlet's own tests while it is being loaded. What a test is and how it
 * runs stands in network.vml; here is what comes of it.
 */
#include "trial.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "environment.h"
#include "generation.h"
#include "hooks.h"
#include "load.h"
#include "wire/network.h"

#define NAME_TEXT 120
#define WHY_TEXT  240

/* A test as it was registered: (name procedure vmlet). */
struct own_test {
    vvm_value name, procedure;
};

static const struct vvm_function *function_of(vvm_value procedure)
{
    return ((const struct closure *)value_pointer(procedure))->function;
}

/* The text of a value, cut to fit. */
static const char *text_of(struct vvm_node *node, vvm_value v, char *text, size_t room)
{
    text[0] = 0;
    FILE *to = fmemopen(text, room, "w");
    if (!to) return "?";
    print_value(node, to, v, PRINT_DISPLAY, room - 4);
    fclose(to);
    text[room - 1] = 0;
    return text;
}

/* Why it failed: *why is #f if it passed. -ECANCELED with ctx->pending if it did not end. */
static int run_test(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, vvm_value runner,
                    vvm_value procedure, vvm_value *why)
{
    int64_t before = ctx->fuel, most = before < TEST_FUEL ? before : TEST_FUEL;
    ctx->fuel = most;
    int err = vmlet_call(ctx, vmlet, runner, 1, &procedure, why);
    ctx->fuel = before - most + ctx->fuel;
    scratch_end(ctx->node);
    return err;
}

/* A test that has no end fails; anything else that is pending ends the load itself. */
static bool is_out_of_fuel(const struct vvm_context *ctx)
{
    return ctx->pending.kind == PENDING_TRAP && ctx->fuel > 0;
}

static int complain(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, struct own_test test,
                    const char *why)
{
    char name[NAME_TEXT];
    uint64_t p = function_of(test.procedure)->position;
    raise_message(ctx, ERROR_TEST, VALUE_DEFAULT, "%s:%u:%u: test \"%s\" of VMlet %.60s failed: %s",
                  node_file_name(ctx->node, position_file(p)), position_line(p), position_column(p),
                  text_of(ctx->node, test.name, name, sizeof name), symbol_name(vmlet->name), why);
    return -EINVAL;
}

static void report_test(struct vvm_node *node, struct test_report *report, vvm_value name, const char *why)
{
    char text[NAME_TEXT];
    if (!why) {
        report->passed++;
        return;
    }
    report->failed++;
    fprintf(report->to, "FAILED %s\n  %s\n", text_of(node, name, text, sizeof text), why);
}

static int try_one(struct vvm_context *ctx, const struct vvm_vmlet *vmlet, vvm_value runner,
                   struct own_test test)
{
    char text[WHY_TEXT];
    const char *why = NULL;
    vvm_value answer;
    struct test_report *report = vmlet->outer ? NULL : ctx->node->options.test_report;
    int err = run_test(ctx, vmlet, runner, test.procedure, &answer);
    if (err && !is_out_of_fuel(ctx)) return err;
    if (err) why = "it does not end";
    else if (answer != VALUE_FALSE) why = text_of(ctx->node, answer, text, sizeof text);
    if (report) report_test(ctx->node, report, test.name, why);
    return report || !why ? 0 : complain(ctx, vmlet, test, why);
}

/* The procedure of core that runs one. */
static vvm_value test_runner(struct vvm_node *node)
{
    const struct denotation *d = environment_lookup(node->core, intern(node, "%run-test"));
    assert(d && d->kind == DENOTES_GLOBAL && d->global < node->candidate->binding_count);
    return node->candidate->bindings[d->global].value;
}

int vmlet_test(struct vvm_context *ctx, const struct vvm_vmlet *vmlet)
{
    struct vvm_node *node = ctx->node;
    struct vvm_root root = {0};
    int err = 0;
    assert(node->candidate && !context_in_test(ctx));
    if (node->options.skip_tests) return 0;
    vvm_value tests = vmlet_registered(ctx, node->candidate, vmlet, NULL);
    if (tests == VALUE_NULL) return 0;
    if (tests == VALUE_EXCEPTION) return -ENOMEM;
    if (!node->candidate->checked) err = generation_check(node);
    root_add(node, &root, tests);
    for (vvm_value l = tests; is_pair(l) && !err; l = cdr_of(l))
        err = try_one(ctx, vmlet, test_runner(node),
                      (struct own_test){car_of(car_of(l)), car_of(cdr_of(car_of(l)))});
    root_remove(&root);
    assert(err || node->candidate->checked); /* no test has changed what it ran in */
    return err;
}
