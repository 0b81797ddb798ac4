/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmlab.c - a whole network on this machine: `vvmlab up FILE` starts a vvmd for every
 * node of a configuration, `vvmlab down` takes away exactly what that made.
 */
#include "vvmlab.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef VVM_VERSION
#define VVM_VERSION "unknown"
#endif
#define DEFAULT_TIMEOUT 30

struct lab_command {
    const char *name, *arguments, *help;
    int least, most; /* words; -1: any */
    int (*run)(const struct lab_options *options);
};

static const struct lab_command commands[] = {
    {"up", "FILE", "start every node of the file; all or nothing", 1, 1, lab_up},
    {"down", "", "end what up started and remove its folder", 0, 0, lab_down},
    {"status", "", "the nodes: process, state, uptime, ports, balance", 0, 0, lab_status},
    {"ledger", "", "where every packet went, a column for each node", 0, 0, lab_ledger},
    {"exec", "NODE CMD...", "run CMD here, VVM_NODE and VVM_SOCKET set", 2, -1, lab_exec},
    {"list", "", "all labs of this user", 0, 0, lab_names},
};
#define COMMANDS (sizeof commands / sizeof *commands)

void lab_complain(const char *format, ...)
{
    va_list arguments;

    fputs("vvmlab: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void lab_print(json_t *object)
{
    if (!object) lab_complain("out of memory");
    else if (json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0) putchar('\n');
    json_decref(object);
}

int lab_flush(void)
{
    int err;

    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
    err = errno;
    clearerr(stdout);
    if (err == EPIPE) return 0;
    lab_complain("standard output: %s", err ? strerror(err) : "not written whole");
    return -EIO;
}

/* ---- down ---- */

static void say_down(const struct lab_options *options, const char *id, bool was)
{
    if (options->json) lab_print(json_pack("{s:i,s:s?,s:b}", "v", 1, "lab", id, "removed", was));
    else if (was) printf("%s is down\n", id);
    else printf("no lab%s%s: nothing to take down\n", id ? " " : "", id ? id : "");
}

int lab_down(const struct lab_options *options)
{
    struct lab lab;
    int err = lab_open(&lab, options->lab);

    if (err == -ENOENT) {
        lab_remove_root(); /* `up` may have been killed before it made more */
        say_down(options, options->lab, false);
        return EXIT_SUCCESS;
    }
    if (err) return err == -EEXIST ? LAB_USAGE : LAB_REFUSED;
    err = lab_take_down(&lab);
    lab_close(&lab);
    if (!err) say_down(options, lab.id, true);
    return err ? LAB_REFUSED : EXIT_SUCCESS;
}

/* ---- the command line ---- */

static const struct option long_options[] = {
    {"lab", required_argument, NULL, 'l'},
    {"json", no_argument, NULL, 'j'},
    {"foreground", no_argument, NULL, 'f'},
    {"timeout", required_argument, NULL, 't'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
    unsigned i;

    printf("usage: vvmlab [options] COMMAND [argument...]\n"
           "Run every node of a configuration as a vvmd process of this machine.\n\n");
    for (i = 0; i < COMMANDS; i++)
        printf("  %-7s%-13s%s\n", commands[i].name, commands[i].arguments, commands[i].help);
    printf("\n  -l, --lab ID           which lab, if there are several [VVM_LAB]\n"
           "  -j, --json             one JSON object on one line\n"
           "  -f, --foreground       up: stay, and take everything down at the first signal\n"
           "  -t, --timeout SECONDS  up: until all nodes must be ready (%d)\n"
           "  -h, --help             print this and exit\n"
           "      --version          print the version and exit\n\n"
           "Labs are kept in $VVM_RUN_DIR/labs, else /run/vvm/labs (root), $XDG_RUNTIME_DIR/vvm/labs\n"
           "or /tmp/vvm-UID/labs. Exit: 0 done; 1 refused, failed, or a node is not as it should be; 2 wrong "
           "use.\n",
           DEFAULT_TIMEOUT);
}

static bool parse_timeout(const char *text, unsigned *timeout)
{
    char *end;
    unsigned long n;

    if (*text < '0' || *text > '9') return false;
    n = strtoul(text, &end, 10);
    if (*end || n == 0 || n > 3600) return false;
    *timeout = (unsigned)n;
    return true;
}

/* Else it may stand among others, in an argument that is not yet done with. */
static bool is_letter(int code)
{
    const struct option *option;

    for (option = long_options; option->name; option++)
        if (option->val == code) return true;
    return false;
}

static bool store_option(struct lab_options *options, int code, const char *word)
{
    switch (code) {
    case 'l': options->lab = optarg; return true;
    case 'j': options->json = true; return true;
    case 'f': options->foreground = true; return true;
    case 'h': options->help = true; return true;
    case 'V': options->version = true; return true;
    case 't':
        if (parse_timeout(optarg, &options->timeout)) return true;
        lab_complain("option --timeout: \"%.60s\" is not valid: write seconds, 1 to 3600", optarg);
        return false;
    case ':': lab_complain("option %.60s needs a value: see vvmlab --help", word); return false;
    default:
        if (optopt > 0 && !is_letter(optopt))
            lab_complain("option -%c is unknown: see vvmlab --help", optopt);
        else lab_complain("option %.60s is unknown or takes no value: see vvmlab --help", word);
        return false;
    }
}

/* Options before `optind` ends; `shorts` begins with + to stop at the first word. */
static bool read_options(struct lab_options *options, int argc, char **argv, const char *shorts)
{
    int code;

    opterr = optind = 0;
    while ((code = getopt_long(argc, argv, shorts, long_options, NULL)) != -1)
        if (!store_option(options, code, argv[optind - 1])) return false;
    options->words = argv + optind;
    options->count = argc - optind;
    return true;
}

static const struct lab_command *find_command(const char *name)
{
    unsigned i;

    for (i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    lab_complain("there is no command \"%.60s\": see vvmlab --help", name);
    return NULL;
}

/* Words of `exec` after NODE are CMD's, options of CMD too. */
static bool read_command(struct lab_options *options, const struct lab_command *command)
{
    bool passes_on = command->most < 0;

    if (!read_options(options, options->count, options->words, passes_on ? "+:l:jft:h" : ":l:jft:h"))
        return false;
    if (options->help) return true;
    if (passes_on && options->count > 1 && strcmp(options->words[1], "--") == 0) {
        options->words[1] = options->words[0];
        options->words++;
        options->count--;
    }
    if (options->count >= command->least && (passes_on || options->count <= command->most)) return true;
    lab_complain("usage: vvmlab %s%s%s: see vvmlab --help", command->name, *command->arguments ? " " : "",
                 command->arguments);
    return false;
}

/* 0 to 2 must be somebody's: else a file of ours would take their place. */
static void hold_standard_descriptors(void)
{
    int file;

    do file = open("/dev/null", O_RDWR);
    while (file >= 0 && file <= STDERR_FILENO);
    if (file >= 0) close(file);
}

static int run(int argc, char **argv)
{
    struct lab_options options = {.timeout = DEFAULT_TIMEOUT};
    const struct lab_command *command = NULL;
    const char *lab = getenv("VVM_LAB");

    if (lab && *lab) options.lab = lab;
    if (!read_options(&options, argc, argv, "+:l:jft:h")) return LAB_USAGE;
    if (!options.help && !options.version) {
        if (options.count == 0) {
            lab_complain("say what to do: see vvmlab --help");
            return LAB_USAGE;
        }
        command = find_command(options.words[0]);
        if (!command || !read_command(&options, command)) return LAB_USAGE;
    }
    if (options.help) print_help();
    else if (options.version) printf("vvmlab %s\n", VVM_VERSION);
    else return command->run(&options);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    int status;

    hold_standard_descriptors();
    status = run(argc, argv);
    return lab_flush() && status == EXIT_SUCCESS ? LAB_REFUSED : status;
}
