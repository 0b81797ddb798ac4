/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvm.c - the language tool: REPL, run, test, compile, disassemble. No privileges.
 *
 * Exit status: 0 done, 1 refused or failed, 2 wrong usage.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ast.h"
#include "environment.h"
#include "repl.h"
#include "trial.h"
#include "vmlet.h"

#define SETTINGS_MAX 64

enum { DONE = 0, REFUSED = 1, USAGE = 2 };

struct command {
    const char *name, *arguments, *help;
    int least, most; /* number of arguments; -1 = any */
    int (*run)(struct vvm_node *node, int argc, char **argv);
};

static int complain(struct vvm_node *node)
{
    print_pending(&node->control, stderr);
    return REFUSED;
}

/* ---- commands ------------------------------------------------------------------------ */

static struct vvm_vmlet *user_vmlet(struct vvm_node *node)
{
    static const char nothing[] = "";
    struct vvm_vmlet *user;
    return load_source(&node->control, "repl", nothing, 0, &user) ? NULL : user;
}

static int run_expression(struct vvm_node *node, int argc, char **argv)
{
    struct vvm_context *ctx = &node->control;
    struct vvm_vmlet *user = user_vmlet(node);
    struct reader reader;
    vvm_value datum, result = VALUE_UNSPECIFIED;
    if (!user) return complain(node);
    reader_init(&reader, ctx, user->environment, node_file(node, "-e"), argv[0], strlen(argv[0]));
    for (;;) {
        int err = reader_next(&reader, &datum);
        if (!err && datum == VALUE_EOF) break;
        if (!err) err = eval_datum(ctx, user->environment, datum, &result);
        if (err) return complain(node);
    }
    if (result == VALUE_UNSPECIFIED) return DONE;
    print_value(node, stdout, result, PRINT_WRITE, 0);
    putchar('\n');
    return DONE;
}

/* A file that stands on the command line. */
static int load_named(struct vvm_node *node, const char *path)
{
    return load_file_with(&node->control, path, false, node->options.parameters, NULL);
}

static int run_files(struct vvm_node *node, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (load_named(node, argv[i])) return complain(node);
    return DONE;
}

/* The tests of each file's VMlet, not of what it imports: those run, too, and a failure refuses. */
static int run_tests(struct vvm_node *node, int argc, char **argv)
{
    struct test_report report = {.to = stdout};
    node->options.test_report = &report;
    for (int i = 0; i < argc; i++)
        if (load_named(node, argv[i])) return complain(node);
    printf("%u passed, %u failed\n", report.passed, report.failed);
    return report.failed ? REFUSED : DONE;
}

static int write_file(const char *path, const uint8_t *data, size_t octets)
{
    FILE *f = fopen(path, "wb");
    if (!f) return -errno;
    size_t done = fwrite(data, 1, octets, f);
    int err = done == octets ? 0 : -EIO;
    if (fclose(f)) err = -errno;
    return err;
}

static int compile_to(struct vvm_node *node, int argc, char **argv)
{
    const char *in = NULL, *out = NULL;
    bool lines = true;
    uint8_t *image;
    size_t octets;
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "-o") && i + 1 < argc) out = argv[++i];
        else if (!strcmp(argv[i], "--strip")) lines = false;
        else if (!in) in = argv[i];
        else return USAGE;
    }
    if (!in || !out) return USAGE;
    if (compile_file(&node->control, in, lines, &image, &octets)) return complain(node);
    int err = write_file(out, image, octets);
    free(image);
    if (!err) return DONE;
    fprintf(stderr, "%s: cannot be written: %s\n", out, strerror(-err));
    return REFUSED;
}

static int disassemble_image(struct vvm_node *node, int argc, char **argv)
{
    char *data, why[160];
    size_t octets;
    struct vvm_unit *unit;
    struct verify_error error;
    int err = file_read(argv[0], IMAGE_MAX, &data, &octets);
    if (err) {
        fprintf(stderr, "%s: %s\n", argv[0], strerror(-err));
        return REFUSED;
    }
    err = image_decode(node, (uint8_t *)data, octets, &unit, why, sizeof why);
    free(data);
    if (err) {
        fprintf(stderr, "%s: error image: %s (compile makes an image from source)\n", argv[0], why);
        return REFUSED;
    }
    err = verify_unit(unit, &error);
    disassemble_unit(stdout, node, unit);
    if (err) fprintf(stderr, "%s: error verify: %s\n", argv[0], error.text);
    struct vvm_vmlet *described = unit->vmlet;
    unit_free(unit);
    free(described);
    return err ? REFUSED : DONE;
}

static int run_repl(struct vvm_node *node, int argc, char **argv)
{
    struct vvm_vmlet *user = user_vmlet(node);
    return user ? repl(&node->control, user) : complain(node);
}

static const struct command commands[] = {
    {"repl", "", "talk to the machine (also without any command)", 0, 0, run_repl},
    {"-e", "EXPR", "evaluate the expressions and print the last value", 1, 1, run_expression},
    {"run", "FILE...", "load sources (.vml) or images (.vmi)", 1, -1, run_files},
    {"test", "FILE...", "load and run the VMlets' own tests", 1, -1, run_tests},
    {"compile", "FILE.vml -o FILE.vmi [--strip]", "compile to an image; --strip leaves out line tables", 3, 4,
     compile_to},
    {"disasm", "FILE.vmi", "verify an image and print its code", 1, 1, disassemble_image},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* ---- main -------------------------------------------------------------------------------- */

static int usage(FILE *to, int status)
{
    fprintf(to, "vvm " VVM_VERSION " - the language of the vvm engine\n\nUsage:\n");
    for (unsigned i = 0; i < COMMANDS; i++)
        fprintf(to, "  vvm %-8s %-32s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    fprintf(to, "\nOptions and their environment variables:\n"
                "  --path FOLDERS   VVM_PATH   folders, colon-separated, where imports are looked for\n"
                "  --set NAME=VALUE            a parameter of the VMlets in the files named\n"
                "  --no-tests                  VMlets' own tests do not run when they are loaded\n"
                "  --help, --version\n");
    return status;
}

static const struct command *command_named(const char *name)
{
    for (unsigned i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, name)) return &commands[i];
    return NULL;
}

static void leave(void *data, int status) { exit(status); }

/* NAME=VALUE, cut in place. */
static bool add_setting(struct load_parameter *items, struct load_parameters *parameters, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals || equals == text || parameters->count == SETTINGS_MAX) return false;
    *equals = 0;
    items[parameters->count++] = (struct load_parameter){text, equals + 1};
    return true;
}

static int run_command(const struct vvm_options *options, const struct command *command, int argc,
                       char **argv)
{
    struct vvm_node *node;
    if (argc < command->least || (command->most >= 0 && argc > command->most)) return usage(stderr, USAGE);
    int err = node_open(options, &node);
    if (err) {
        fprintf(stderr, "vvm: the machine does not start: %s\n", strerror(-err));
        return REFUSED;
    }
    int status = command->run(node, argc, argv);
    node_close(node);
    return status == USAGE ? usage(stderr, USAGE) : status;
}

int main(int argc, char **argv)
{
    struct load_parameter items[SETTINGS_MAX];
    struct load_parameters parameters = {.items = items};
    struct vvm_options options = {.path = getenv("VVM_PATH"), .exit_hook = leave, .parameters = &parameters};
    int i = 1;
    for (; i < argc && !strncmp(argv[i], "--", 2); i++) {
        if (!strcmp(argv[i], "--help")) return usage(stdout, DONE);
        if (!strcmp(argv[i], "--version")) return puts("vvm " VVM_VERSION), DONE;
        if (!strcmp(argv[i], "--no-tests")) {
            options.skip_tests = true;
            continue;
        }
        if (i + 1 == argc) return usage(stderr, USAGE);
        if (!strcmp(argv[i], "--path")) options.path = argv[i + 1];
        else if (strcmp(argv[i], "--set") || !add_setting(items, &parameters, argv[i + 1]))
            return usage(stderr, USAGE);
        i++;
    }
    const struct command *command = command_named(i < argc ? argv[i] : "repl");
    if (!command) {
        fprintf(stderr, "vvm: no command `%s`\n", argv[i]);
        return usage(stderr, USAGE);
    }
    if (i < argc) i++;
    int status = run_command(&options, command, argc - i, argv + i);
    return fflush(stdout) || ferror(stdout) ? REFUSED : status;
}
