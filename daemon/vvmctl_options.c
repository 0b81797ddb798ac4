/* SPDX-License-Identifier: Apache-2.0 */
/* vvmctl_options.c - the client's own options: one table for parsing, help and environment. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "vvmctl.h"

enum kind { KIND_FLAG, KIND_TEXT, KIND_SECONDS };

static const struct row {
    const char *name;
    char letter;
    enum kind kind;
    size_t offset; /* in struct ctl */
    const char *environment, *metavar, *help;
} rows[] = {
    {"socket", 's', KIND_TEXT, offsetof(struct ctl, socket), "VVM_SOCKET", "PATH",
     "the router's control socket"},
    {"node", 'n', KIND_TEXT, offsetof(struct ctl, node), "VVM_NODE", "NODE",
     "the router of that name: its socket is where vvmd puts it"},
    {"json", 'j', KIND_FLAG, offsetof(struct ctl, json), "VVM_JSON", NULL,
     "print the reply as it is, on one line"},
    {"timeout", 't', KIND_SECONDS, offsetof(struct ctl, timeout), "VVM_TIMEOUT", "SECONDS",
     "wait so long for an answer (10)"},
    {"read-only", 'r', KIND_FLAG, offsetof(struct ctl, read_only), "VVM_READ_ONLY", NULL,
     "use no verb that changes the router"},
    {"argument", 'a', KIND_TEXT, offsetof(struct ctl, argument), "VVM_ARGUMENT", "NAME=NUMBER",
     "an argument that is given by name, like fuel=1000 for eval"},
    {"help", 'h', KIND_FLAG, offsetof(struct ctl, help), NULL, NULL,
     "print this, and the verbs if a router answers"},
    {"version", 'V', KIND_FLAG, offsetof(struct ctl, version), NULL, NULL, "print the version and exit"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool store_seconds(int *milliseconds, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds > 0 && seconds <= 86400)) return false;
    *milliseconds = (int)(seconds * 1000) > 0 ? (int)(seconds * 1000) : 1;
    return true;
}

static bool store(struct ctl *ctl, const struct row *row, const char *value)
{
    void *field = (char *)ctl + row->offset;

    switch (row->kind) {
    case KIND_FLAG: *(bool *)field = !value || (*value && strcmp(value, "0") != 0); return true;
    case KIND_TEXT: *(const char **)field = *value ? value : NULL; return true;
    case KIND_SECONDS: return store_seconds(field, value);
    }
    return false;
}

static int read_environment(struct ctl *ctl, char *why, size_t room)
{
    unsigned i;

    for (i = 0; i < ROWS; i++) {
        const char *value = rows[i].environment ? getenv(rows[i].environment) : NULL;

        if (!value || !*value || store(ctl, &rows[i], value)) continue;
        snprintf(why, room, "environment %s: \"%.60s\" is no number of seconds above 0", rows[i].environment,
                 value);
        return -EINVAL;
    }
    return 0;
}

/* Options end at the verb: what follows is its own, dashes and all. */
static void getopt_tables(struct option *longs, char *shorts)
{
    unsigned i;

    shorts += sprintf(shorts, "+:");
    for (i = 0; i < ROWS; i++) {
        int argument = rows[i].kind == KIND_FLAG ? no_argument : required_argument;

        longs[i] = (struct option){rows[i].name, argument, NULL, rows[i].letter};
        *shorts++ = rows[i].letter;
        if (argument == required_argument) *shorts++ = ':';
    }
    longs[ROWS] = (struct option){0};
    *shorts = '\0';
}

static const struct row *row_of(int letter)
{
    unsigned i;

    for (i = 0; i < ROWS; i++)
        if (rows[i].letter == letter) return &rows[i];
    return NULL;
}

/* An unknown letter may stand among others, in an argument that is not yet done with. */
static void refuse_option(char **argv, int letter, char *why, size_t room)
{
    const char *problem = letter == ':' ? "needs a value" : "is unknown or takes no value";

    if (optopt > 0 && !row_of(optopt))
        snprintf(why, room, "option -%c %s: see vvmctl --help", optopt, problem);
    else snprintf(why, room, "option %.60s %s: see vvmctl --help", argv[optind - 1], problem);
}

static int read_arguments(struct ctl *ctl, int argc, char **argv, char *why, size_t room)
{
    struct option longs[ROWS + 1];
    char shorts[2 * ROWS + 4];
    int letter;

    getopt_tables(longs, shorts);
    optind = 0;
    while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct row *row = letter == '?' || letter == ':' ? NULL : row_of(letter);

        if (!row) {
            refuse_option(argv, letter, why, room);
            return -EINVAL;
        }
        if (letter == 'n') ctl->socket = NULL; /* stronger than the environment's socket */
        if (!store(ctl, row, optarg)) {
            snprintf(why, room, "option --%s: \"%.60s\" is no number of seconds above 0", row->name, optarg);
            return -EINVAL;
        }
    }
    ctl->words = argv + optind;
    ctl->word_count = argc - optind;
    return 0;
}

int ctl_options(struct ctl *ctl, int argc, char **argv, char *why, size_t room)
{
    int err;

    *ctl = (struct ctl){.timeout = 10000};
    err = read_environment(ctl, why, room);
    return err ? err : read_arguments(ctl, argc, argv, why, room);
}

void ctl_options_help(FILE *to)
{
    unsigned i;

    fprintf(to, "usage: vvmctl [options] VERB [ARGUMENT...]\n"
                "       vvmctl [options] repl\n"
                "       vvmctl key gen NAME [--output DIR] | key show FILE | key trust FILE [--policy FILE]\n"
                "       vvmctl sign IMAGE --key FILE\n"
                "Ask a running router, or talk with its language.\n\n");
    for (i = 0; i < ROWS; i++) {
        char left[40];

        snprintf(left, sizeof left, "--%s%s%s", rows[i].name, rows[i].metavar ? " " : "",
                 rows[i].metavar ? rows[i].metavar : "");
        fprintf(to, "  -%c, %-23s %s%s%s%s\n", rows[i].letter, left, rows[i].help,
                rows[i].environment ? " [" : "", rows[i].environment ? rows[i].environment : "",
                rows[i].environment ? "]" : "");
    }
    fprintf(to, "\nExit: 0 done; 1 refused; 2 wrong use; 3 no router, or no answer.\n");
}
