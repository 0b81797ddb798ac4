/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_answer.c - one request in, one reply out: read strictly, checked against the
 * verb's row, run, and said in JSON. What is no request at all is rubbish.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_parts.h"

enum { WHY_ROOM = 1024 };

enum { CODE_DONE, CODE_REFUSED, CODE_USAGE };

struct answer {
    const struct command *command;
    int err; /* 0, -EINVAL: wrong use, else refused */
    json_t *data;
    char why[WHY_ROOM];
};

__attribute__((format(printf, 2, 3))) static bool misuse(struct answer *a, const char *format, ...)
{
    va_list list;

    a->err = -EINVAL;
    va_start(list, format);
    vsnprintf(a->why, sizeof a->why, format, list);
    va_end(list);
    return false;
}

/* ---- reading ---- */

/* The parser calls itself for each level, so levels are counted before it is let near. */
static bool is_shallow(const char *octets, size_t length)
{
    bool string = false;
    int depth = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        char c = octets[i];

        if (string && c == '\\') i++;
        else if (c == '"') string = !string;
        else if (!string && (c == '{' || c == '[')) depth++;
        else if (!string && (c == '}' || c == ']')) depth--;
        if (depth > CONTROL_DEPTH) return false;
    }
    return true;
}

/* The request as an object, or NULL: rubbish. */
static json_t *read_request(struct answer *a, const char *octets, size_t length)
{
    json_error_t error;
    json_t *request;

    if (memchr(octets, '\n', length)) return misuse(a, "a request is one line"), NULL;
    if (!is_shallow(octets, length)) return misuse(a, "a request has at most %d levels", CONTROL_DEPTH), NULL;
    request = json_loadb(octets, length, JSON_REJECT_DUPLICATES, &error);
    if (!request) return misuse(a, "column %d: %s: send one JSON object", error.column, error.text), NULL;
    if (json_is_object(request)) return request;
    json_decref(request);
    return misuse(a, "a request is a JSON object"), NULL;
}

/* ---- checking ---- */

static const struct command *command_named(const char *verb)
{
    const struct command *c;

    for (c = commands; c->verb; c++)
        if (strcmp(c->verb, verb) == 0) return c;
    return NULL;
}

/* Is this word of the row's fields the one of that name? *kind: its mark, see command.fields. */
static bool is_field(const char *word, size_t length, const char *name, char *kind)
{
    *kind = ' ';
    if (*word == '[') {
        *kind = '[';
        word++;
        length -= 2;
    } else if (length > 3 && memcmp(word + length - 3, "...", 3) == 0) {
        *kind = '.';
        length -= 3;
    } else if (*word == '@') {
        *kind = '@';
        word++;
        length--;
    } else if (length > 2 && memcmp(word, "--", 2) == 0) {
        *kind = '-';
        word += 2;
        length -= 2;
    }
    return strlen(name) == length && memcmp(word, name, length) == 0;
}

static bool find_field(const char *fields, const char *name, char *kind)
{
    while (*fields) {
        size_t length = strcspn(fields, " ");

        if (is_field(fields, length, name, kind)) return true;
        fields += length;
        fields += strspn(fields, " ");
    }
    return false;
}

static bool is_strings(const json_t *list)
{
    size_t i;

    if (!json_is_array(list)) return false;
    for (i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i))) return false;
    return true;
}

static bool is_file(const json_t *value)
{
    return json_object_size(value) == 2 && json_is_string(json_object_get(value, "name")) &&
           json_is_string(json_object_get(value, "octets"));
}

static bool check_arguments(struct answer *a, json_t *arguments)
{
    const char *name;
    json_t *value;
    char kind;

    json_object_foreach(arguments, name, value)
    {
        if (!find_field(a->command->fields, name, &kind))
            return misuse(a, "%s has no argument \"%.60s\": see help", a->command->verb, name);
        if (kind == '.' && !is_strings(value))
            return misuse(a, "%s: \"%s\" is a list of strings", a->command->verb, name);
        if (kind == '[' && !json_is_integer(value))
            return misuse(a, "%s: \"%s\" is a whole number", a->command->verb, name);
        if (kind == '-' && !json_is_boolean(value))
            return misuse(a, "%s: \"%s\" is true or false", a->command->verb, name);
        if (kind == '@' && !is_file(value))
            return misuse(a, "%s: \"%s\" is an object with \"name\" and \"octets\"", a->command->verb, name);
        if (kind == ' ' && !json_is_string(value))
            return misuse(a, "%s: \"%s\" is a string", a->command->verb, name);
    }
    return true;
}

/* Members: v, verb, and arguments if there are any; nothing else. */
static bool check_request(struct answer *a, const json_t *request, enum role role)
{
    const json_t *version = json_object_get(request, "v"), *verb = json_object_get(request, "verb");
    json_t *arguments = json_object_get(request, "arguments");
    size_t known = 2 + (arguments != NULL);

    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return misuse(a, "\"v\" must be 1: this router speaks no other version");
    if (!json_is_string(verb)) return misuse(a, "\"verb\" must be a string");
    if (arguments && !json_is_object(arguments)) return misuse(a, "\"arguments\" must be an object");
    if (json_object_size(request) != known)
        return misuse(a, "a request has no members but \"v\", \"verb\" and \"arguments\"");
    a->command = command_named(json_string_value(verb));
    if (!a->command) return misuse(a, "no verb \"%.60s\": see help", json_string_value(verb));
    if (!check_arguments(a, arguments)) return false;
    if (a->command->role <= role) return true;
    a->err = -EPERM;
    snprintf(a->why, sizeof a->why, "%s is for root and the router's own user only", a->command->verb);
    return false;
}

/* ---- saying ---- */

json_t *json_text(const char *octets, size_t length)
{
    static const char replacement[] = "\xef\xbf\xbd";
    json_t *text = json_stringn(octets, length);
    char *clean;
    size_t used = 0, i;

    if (text) return text;
    clean = malloc(3 * length + 1);
    if (!clean) return NULL;
    for (i = 0; i < length;) { /* the longest piece of at most 4 octets that is one character */
        size_t n = 1;
        json_t *piece;

        while (n < 4 && i + n < length && ((unsigned char)octets[i + n] & 0xc0) == 0x80) n++;
        piece = json_stringn(octets + i, n);
        if (!piece) n = 1;
        memcpy(clean + used, piece ? octets + i : replacement, piece ? n : 3);
        used += piece ? n : 3;
        i += n;
        json_decref(piece);
    }
    text = json_stringn(clean, used);
    free(clean);
    return text;
}

/* One line: what an expression raised may have several. */
static json_t *one_line(const char *why) { return json_text(why, strcspn(why, "\n")); }

static json_t *make_reply(struct answer *a)
{
    int code = a->err == 0 ? CODE_DONE : a->err == -EINVAL ? CODE_USAGE : CODE_REFUSED;
    json_t *reply = json_pack("{s:i, s:b, s:i}", "v", 1, "ok", a->err == 0, "code", code);

    if (!reply) return NULL;
    if (a->err) {
        if (!*a->why) snprintf(a->why, sizeof a->why, "%s", strerror(-a->err));
        json_object_set_new(reply, "error", one_line(a->why));
    }
    if (a->data) json_object_set(reply, "data", a->data);
    return reply;
}

static char *print_reply(json_t *reply, size_t *length)
{
    char *text = json_dumps(reply, JSON_COMPACT | JSON_ENSURE_ASCII), *line;

    if (!text) return NULL;
    *length = strlen(text);
    line = realloc(text, *length + 2);
    if (!line) {
        free(text);
        return NULL;
    }
    memcpy(line + (*length)++, "\n", 2);
    return line;
}

char *control_answer(struct control *control, enum role role, const char *octets, size_t request_length,
                     size_t *length, bool *rubbish, bool *later)
{
    struct answer a = {0};
    json_t *request = read_request(&a, octets, request_length), *reply;
    char *text;

    *rubbish = !request;
    if (request && check_request(&a, request, role))
        a.err = a.command->run(control, json_object_get(request, "arguments"), &a.data, a.why, sizeof a.why);
    *later = a.err == -EAGAIN;
    reply = *later ? NULL : make_reply(&a);
    text = reply ? print_reply(reply, length) : NULL;
    json_decref(reply);
    json_decref(a.data);
    json_decref(request);
    return text;
}
