/* SPDX-License-Identifier: Apache-2.0 */
/* vvmctl.c - one verb to one router: connect, learn the verbs, ask, show. */
#include "vvmctl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#ifndef VVM_VERSION
#define VVM_VERSION "unknown"
#endif

enum { WHY_ROOM = 512 };

/* ---- saying ---- */

int ctl_fail(const struct ctl *ctl, int status, const char *why)
{
    json_t *reply;

    if (ctl->json && status != STATUS_DONE) {
        reply = json_pack("{s:i, s:b, s:i, s:s}", "v", 1, "ok", 0, "code", status, "error", why);
        if (reply) json_dumpf(reply, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
        json_decref(reply);
        return status;
    }
    fputs("vvmctl: ", stderr);
    text_print(stderr, why, strlen(why), false);
    fputc('\n', stderr);
    return status;
}

static void render(const json_t *row, const json_t *data)
{
    const char *rendering = json_string_value(json_object_get(row, "rendering"));

    if (!data) return;
    if (rendering && strcmp(rendering, "table") == 0) render_table(stdout, data);
    else if (rendering && strcmp(rendering, "pairs") == 0) render_pairs(stdout, data);
    else render_text(stdout, data);
}

/* What was said before it failed is data; why, and where it came from, is talk. */
static void show_failure(const struct ctl *ctl, int status, const json_t *reply)
{
    json_t *data = json_object_get(reply, "data");
    const char *error = json_string_value(json_object_get(reply, "error"));

    render_text(stdout, json_object_get(data, "output"));
    render_text(stdout, json_object_get(data, "values"));
    fflush(stdout);
    ctl_fail(ctl, status, error ? error : "refused, and nobody says why");
    render_text(stderr, json_object_get(data, "trace"));
}

int ctl_show(const struct ctl *ctl, const json_t *row, const json_t *reply)
{
    json_int_t code = json_integer_value(json_object_get(reply, "code"));
    int status = code >= STATUS_DONE && code <= STATUS_USAGE ? (int)code : STATUS_REFUSED;
    const json_t *data = json_object_get(reply, "data");

    if (ctl->json) {
        json_dumpf(reply, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
    } else if (status != STATUS_DONE) {
        show_failure(ctl, status, reply);
    } else {
        render(row, data);
        if (json_is_true(json_object_get(data, "cut"))) fputs("vvmctl: there was more output\n", stderr);
    }
    return status;
}

/* ---- the router's table ---- */

const json_t *ctl_row(const struct ctl *ctl, const char *verb)
{
    json_t *row;
    size_t i;

    json_array_foreach(ctl->table, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "verb"));

        if (name && strcmp(name, verb) == 0) return row;
    }
    return NULL;
}

static const char *member(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    return text ? text : "";
}

static void print_verbs(const struct ctl *ctl)
{
    json_t *row;
    size_t i;

    json_array_foreach(ctl->table, i, row)
    {
        char left[60];
        int n = snprintf(left, sizeof left, "%s %s", member(row, "verb"), member(row, "arguments"));

        printf("  ");
        text_print(stdout, left, n < (int)sizeof left ? (size_t)n : sizeof left - 1, false);
        printf("%*s", n < 24 ? 24 - n : 1, "");
        text_print(stdout, member(row, "help"), strlen(member(row, "help")), false);
        putchar('\n');
    }
    printf("  %-23s %s\n", "repl", "talk with the router's language, line by line");
}

/* A word is an argument; in a list of them it is added, else it gets the name. False: it is no text. */
static bool add_word(json_t *arguments, json_t *list, const char *name, size_t length, const char *word)
{
    json_t *text = json_string(word);

    if (!text) return false;
    return (list ? json_array_append_new(list, text) : json_object_setn_new(arguments, name, length, text)) ==
           0;
}

/* Is the word one that `fields` has as a flag, "--cascade"? */
static bool is_flag(const char *fields, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(word, "--", 2) != 0 || length == 2) return false;
    for (; *fields; fields += strcspn(fields, " "), fields += strspn(fields, " "))
        if (strcspn(fields, " ") == length && memcmp(fields, word, length) == 0) return true;
    return false;
}

/* Flags become members of the arguments; the other words move together, the verb first. */
static void take_flags(struct ctl *ctl, const char *fields, json_t *arguments)
{
    int word, kept = 1;

    for (word = 1; word < ctl->word_count; word++) {
        if (is_flag(fields, ctl->words[word]))
            json_object_set_new(arguments, ctl->words[word] + 2, json_true());
        else ctl->words[kept++] = ctl->words[word];
    }
    ctl->word_count = kept;
}

/* Words into the names of `fields`, in order. False with `why`: too many, or one is no text. */
static bool take_words(const struct ctl *ctl, const char *fields, json_t *arguments, char *why, size_t room)
{
    bool good = true;
    int word = 1, end;

    for (; good && *fields; fields += strcspn(fields, " "), fields += strspn(fields, " ")) {
        size_t length = strcspn(fields, " ");
        bool rest = length > 3 && memcmp(fields + length - 3, "...", 3) == 0;
        json_t *list = rest ? json_array() : NULL;

        if (*fields == '[' || *fields == '-' || (word == ctl->word_count && !rest)) continue;
        if (*fields == '@') {
            if (!ctl_add_file(arguments, fields + 1, length - 1, ctl->words[word++], why, room)) return false;
            continue;
        }
        if (rest) json_object_setn_new(arguments, fields, length - 3, list);
        for (end = rest ? ctl->word_count : word + 1; good && word < end; word += good)
            good = add_word(arguments, list, fields, length, ctl->words[word]);
    }
    if (good && word == ctl->word_count) return true;
    if (good)
        snprintf(why, room, "%s: \"%.60s\" is one word too many: see vvmctl help", ctl->words[0],
                 ctl->words[word]);
    else snprintf(why, room, "%s: argument %d is no UTF-8 text", ctl->words[0], word);
    return false;
}

/* NULL with `why`: they are not what the verb takes. */
static json_t *name_words(struct ctl *ctl, const char *fields, char *why, size_t room)
{
    json_t *arguments = json_object();

    take_flags(ctl, fields, arguments);
    if (take_words(ctl, fields, arguments, why, room)) return arguments;
    json_decref(arguments);
    return NULL;
}

bool ctl_add_argument(const struct ctl *ctl, json_t *arguments)
{
    const char *text = ctl->argument, *equals = text ? strchr(text, '=') : NULL;
    long long number;
    char *end;

    if (!text) return true;
    if (!equals || equals == text) return false;
    errno = 0;
    number = strtoll(equals + 1, &end, 10);
    if (errno || end == equals + 1 || *end) return false;
    return json_object_setn_new(arguments, text, (size_t)(equals - text), json_integer(number)) == 0;
}

/* ---- asking ---- */

static int call_verb(struct ctl *ctl, const json_t *row, json_t *arguments)
{
    char why[WHY_ROOM];
    json_t *reply;
    int status;

    if (client_call(ctl->client, ctl->words[0], arguments, &reply, why, sizeof why))
        return ctl_fail(ctl, STATUS_ABSENT, why);
    status = ctl_show(ctl, row, reply);
    json_decref(reply);
    return status;
}

static int run_verb(struct ctl *ctl)
{
    const json_t *row = ctl_row(ctl, ctl->words[0]);
    char why[WHY_ROOM];
    json_t *arguments;
    int status;

    if (!row) {
        snprintf(why, sizeof why, "no verb \"%.60s\": see vvmctl help", ctl->words[0]);
        return ctl_fail(ctl, STATUS_USAGE, why);
    }
    if (ctl->read_only && strcmp(member(row, "role"), "read") != 0) {
        snprintf(why, sizeof why, "%s may change the router, and --read-only is set", ctl->words[0]);
        return ctl_fail(ctl, STATUS_REFUSED, why);
    }
    arguments = name_words(ctl, member(row, "fields"), why, sizeof why);
    if (!arguments) return ctl_fail(ctl, STATUS_USAGE, why);
    if (ctl_add_argument(ctl, arguments)) status = call_verb(ctl, row, arguments);
    else status = ctl_fail(ctl, STATUS_USAGE, "--argument: write NAME=NUMBER");
    json_decref(arguments);
    return status;
}

static int learn_verbs(struct ctl *ctl, char *why, size_t room)
{
    json_t *reply;
    int err = client_call(ctl->client, "help", NULL, &reply, why, room);

    if (err) return err;
    ctl->table = json_incref(json_object_get(reply, "data"));
    json_decref(reply);
    if (json_is_array(ctl->table)) return 0;
    snprintf(why, room, "the router does not tell its verbs");
    return -EPROTO;
}

/* Connect and learn. STATUS_DONE, or a status with one line in `why`. */
static int begin(struct ctl *ctl, char *why, size_t room)
{
    char path[128];
    int err;

    if (!ctl->socket && !ctl->node) {
        snprintf(why, room, "which router? give -n NODE or -s SOCKET");
        return STATUS_USAGE;
    }
    err = ctl->socket ? 0 : control_default_path(ctl->node, path, sizeof path);
    if (err) {
        snprintf(why, room, "node \"%.60s\": %s", ctl->node,
                 err == -EINVAL         ? "that is no name of a node"
                 : err == -ENAMETOOLONG ? "too long for a socket's path"
                                        : "the folder of its socket is somebody else's");
        return err == -EPERM ? STATUS_ABSENT : STATUS_USAGE;
    }
    if (client_open(&ctl->client, ctl->socket ? ctl->socket : path, ctl->timeout, why, room))
        return STATUS_ABSENT;
    return learn_verbs(ctl, why, room) ? STATUS_ABSENT : STATUS_DONE;
}

/* ---- main ---- */

static int show_help(struct ctl *ctl)
{
    char why[WHY_ROOM];

    ctl_options_help(stdout);
    if (begin(ctl, why, sizeof why) != STATUS_DONE) {
        puts("\nThe verbs are the router's: vvmctl -n NODE help");
        return STATUS_DONE;
    }
    puts("\nVerbs:");
    print_verbs(ctl);
    return STATUS_DONE;
}

static int run(struct ctl *ctl)
{
    char why[WHY_ROOM];
    int status;

    if (ctl->version) return puts("vvmctl " VVM_VERSION), STATUS_DONE;
    if (ctl->help) return show_help(ctl);
    if (ctl->word_count == 0) return ctl_fail(ctl, STATUS_USAGE, "which verb? see vvmctl --help");
    if (strcmp(ctl->words[0], "key") == 0) return ctl_key(ctl);
    if (strcmp(ctl->words[0], "sign") == 0) return ctl_sign(ctl);
    status = begin(ctl, why, sizeof why);
    if (status != STATUS_DONE) return ctl_fail(ctl, status, why);
    if (strcmp(ctl->words[0], "repl") == 0) return ctl_repl(ctl);
    if (strcmp(ctl->words[0], "help") != 0 || ctl->word_count > 1 || ctl->json) return run_verb(ctl);
    print_verbs(ctl);
    return STATUS_DONE;
}

/* A reader that had enough is no failure; any other that could not be written to is. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    if (errno == EPIPE) return status;
    fprintf(stderr, "vvmctl: standard output: %s\n", strerror(errno));
    return status == STATUS_DONE ? STATUS_REFUSED : status;
}

int main(int argc, char **argv)
{
    struct ctl ctl;
    char why[WHY_ROOM];
    int status;

    signal(SIGPIPE, SIG_IGN);
    if (ctl_options(&ctl, argc, argv, why, sizeof why)) status = ctl_fail(&ctl, STATUS_USAGE, why);
    else status = run(&ctl);
    if (ctl.client) client_close(ctl.client);
    json_decref(ctl.table);
    return finish(status);
}
