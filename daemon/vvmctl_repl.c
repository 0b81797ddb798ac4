/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmctl_repl.c - lines to the router's `eval` until the end of input. The router says
 * where a datum begins that a line does not end: that part waits for more. On a terminal
 * there are history (~/.vvm_history) and TAB, which asks the router for names.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vvmctl.h"

#ifdef VVM_LIBEDIT
#include <editline/readline.h>
#endif

enum { WHY_ROOM = 512 };

struct talk {
    struct ctl *ctl;
    const json_t *row; /* of eval */
    bool terminal;
    char prompt[64];
    char *pending; /* typed, and not yet a whole datum; or NULL */
    char *buffer;  /* of getline */
    size_t room;
};

/* ---- completion ---- */

#ifdef VVM_LIBEDIT
/* libedit's call-backs take no data: the one global thing of this tool. */
static struct client *asked;

/* readline's form: names[0] is what all have in common. */
static char **list_names(const json_t *found)
{
    size_t count = json_array_size(found), common, i;
    char **names = count ? calloc(count + 2, sizeof *names) : NULL;

    if (!names) return NULL;
    common = json_string_length(json_array_get(found, 0));
    for (i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(found, i));

        names[i + 1] = strdup(name ? name : "");
        if (!names[i + 1]) break;
        while (strncmp(names[1], names[i + 1], common)) common--;
    }
    names[0] = names[1] ? strndup(names[1], common) : NULL;
    if (names[0]) return names;
    free(names[1]);
    free(names);
    return NULL;
}

static char **complete(const char *prefix, int start, int end)
{
    char why[WHY_ROOM], **names = NULL;
    json_t *arguments = json_pack("{s:s}", "prefix", prefix), *reply = NULL;

    (void)start, (void)end;
    rl_attempted_completion_over = 1;
    if (arguments && client_call(asked, "complete", arguments, &reply, why, sizeof why) == 0)
        names = list_names(json_object_get(reply, "data"));
    json_decref(reply);
    json_decref(arguments);
    return names;
}

static void history_file(char *path, size_t room)
{
    const char *home = getenv("HOME");

    snprintf(path, room, "%s/.vvm_history", home && *home ? home : ".");
}

static void editing_begin(struct ctl *ctl)
{
    char path[4096];

    asked = ctl->client;
    rl_readline_name = "vvmctl";
    rl_initialize();
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t\n()'`,\"";
    using_history();
    history_file(path, sizeof path);
    read_history(path);
    stifle_history(2000);
}

static void editing_end(void)
{
    char path[4096];

    history_file(path, sizeof path);
    write_history(path);
}
#endif

/* ---- input ---- */

/* The next line without its end, malloc'd; NULL at the end of input. */
static char *next_line(struct talk *talk)
{
    const char *prompt = talk->pending ? "... " : talk->prompt;
    ssize_t n, i;

#ifdef VVM_LIBEDIT
    if (talk->terminal) {
        char *line = readline(prompt);

        if (line && *line) add_history(line);
        return line;
    }
#endif
    if (talk->terminal) fputs(prompt, stdout), fflush(stdout);
    n = getline(&talk->buffer, &talk->room, stdin);
    if (n < 0) return NULL;
    if (n && talk->buffer[n - 1] == '\n') talk->buffer[--n] = '\0';
    for (i = 0; i < n; i++)
        if (!talk->buffer[i]) talk->buffer[i] = '\xff'; /* no text either way, but what follows is not lost */
    return strdup(talk->buffer);
}

static bool is_blank(const char *line) { return line[strspn(line, " \t")] == '\0'; }

static bool is_exit(const char *line)
{
    static const char word[] = "(exit)";

    line += strspn(line, " \t");
    return strncmp(line, word, sizeof word - 1) == 0 && is_blank(line + sizeof word - 1);
}

/* What was pending and the line, with its end; malloc'd. */
static char *join(const struct talk *talk, const char *line)
{
    const char *before = talk->pending ? talk->pending : "";
    size_t size = strlen(before) + strlen(line) + 2;
    char *text = malloc(size);

    if (text) snprintf(text, size, "%s%s\n", before, line);
    return text;
}

/* ---- talking ---- */

static int evaluate(struct talk *talk, const char *text, json_t **reply)
{
    char why[WHY_ROOM];
    json_t *arguments = json_pack("{s:[s]}", "expressions", text);
    int err;

    *reply = NULL;
    if (!arguments) return ctl_fail(talk->ctl, STATUS_REFUSED, "what was typed is no UTF-8 text");
    if (!ctl_add_argument(talk->ctl, arguments)) {
        json_decref(arguments);
        return ctl_fail(talk->ctl, STATUS_USAGE, "--argument: write NAME=NUMBER");
    }
    err = client_call(talk->ctl->client, "eval", arguments, reply, why, sizeof why);
    json_decref(arguments);
    return err ? ctl_fail(talk->ctl, STATUS_ABSENT, why) : STATUS_DONE;
}

/* Data before one that is not whole have been evaluated: they are shown, the rest waits. */
static void show_whole(struct talk *talk, const json_t *reply)
{
    const json_t *data = json_object_get(reply, "data");

    if (talk->ctl->json) return;
    render_text(stdout, json_object_get(data, "output"));
    render_text(stdout, json_object_get(data, "values"));
}

/* One line. At the end of input (`last`) what is not whole is an error. */
static int take_line(struct talk *talk, const char *line, bool last)
{
    char *text = join(talk, line);
    const char *rest;
    json_t *reply;
    int status = text ? evaluate(talk, text, &reply) : STATUS_REFUSED;

    free(text);
    free(talk->pending);
    talk->pending = NULL;
    if (status != STATUS_DONE) return status;
    rest = json_string_value(json_object_get(json_object_get(reply, "data"), "rest"));
    if (rest && !last) {
        show_whole(talk, reply);
        talk->pending = strdup(rest);
    } else {
        status = ctl_show(talk->ctl, talk->row, reply);
    }
    json_decref(reply);
    fflush(stdout);
    return status;
}

static int talk_on(struct talk *talk)
{
    int worst = STATUS_DONE, status = STATUS_DONE;
    char *line;

    while (status != STATUS_ABSENT && (line = next_line(talk))) {
        bool leaving = !talk->pending && is_exit(line);

        status = leaving || (!talk->pending && is_blank(line)) ? STATUS_DONE : take_line(talk, line, false);
        free(line);
        if (status > worst) worst = status;
        if (leaving) return worst;
    }
    if (talk->pending && status != STATUS_ABSENT) worst = take_line(talk, "", true);
    return worst;
}

int ctl_repl(struct ctl *ctl)
{
    struct talk talk = {.ctl = ctl, .row = ctl_row(ctl, "eval")};
    int status;

    if (ctl->word_count > 1)
        return ctl_fail(ctl, STATUS_USAGE, "repl takes no argument: what it evaluates comes line by line");
    if (ctl->read_only)
        return ctl_fail(ctl, STATUS_REFUSED, "repl may change the router, and --read-only is set");
    if (!talk.row) return ctl_fail(ctl, STATUS_USAGE, "this router does not evaluate");
    talk.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    snprintf(talk.prompt, sizeof talk.prompt, "%.40s> ", ctl->node ? ctl->node : "vvmctl");
#ifdef VVM_LIBEDIT
    if (talk.terminal) editing_begin(ctl);
#endif
    if (talk.terminal) puts("(doc NAME) explains a name, TAB completes it, (exit) leaves");
    status = talk_on(&talk);
#ifdef VVM_LIBEDIT
    if (talk.terminal) editing_end();
#endif
    free(talk.pending);
    free(talk.buffer);
    return talk.terminal && status == STATUS_REFUSED ? STATUS_DONE : status;
}
