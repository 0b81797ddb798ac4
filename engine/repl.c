/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repl.c - the read-eval-print loop: a datum may span lines; with libedit there is
 * history (~/.vvm_history) and TAB completes from the live environment.
 */
#include "repl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "heap.h"

#ifdef VVM_LIBEDIT
#include <editline/readline.h>
#endif

#define INPUT_MAX (1u << 20)

struct line_source {
    bool terminal;
    char *buffer; /* of getline */
    size_t room;
};

struct text { /* what was typed and not yet evaluated */
    char *octets;
    size_t length;
};

/* ---- completion ------------------------------------------------------------------------- */

#ifdef VVM_LIBEDIT
/* libedit's call-backs take no data: the one place where the tool (never the library)
 * keeps something global. */
static const struct vvm_environment *completed_environment;

struct completion {
    const char *prefix;
    size_t length;
    char **names;
    unsigned count, room;
};

static bool completion_add(struct completion *c, const char *name)
{
    if (c->count + 2 > c->room) {
        unsigned room = c->room ? 2 * c->room : 32;
        char **names = realloc(c->names, room * sizeof *names);
        if (!names) return false;
        c->names = names;
        c->room = room;
    }
    c->names[c->count] = strdup(name);
    if (!c->names[c->count]) return false;
    c->names[++c->count] = NULL;
    return true;
}

static void offer(void *data, vvm_value symbol, const struct denotation *d)
{
    struct completion *c = data;
    const char *name = symbol_name(symbol);
    if (strncmp(name, c->prefix, c->length) || (name[0] == '%' && c->prefix[0] != '%')) return;
    for (unsigned i = 1; i < c->count; i++)
        if (!strcmp(c->names[i], name)) return;
    completion_add(c, name);
}

/* readline's form: names[0] is what all have in common */
static char **complete(const char *prefix, int start, int end)
{
    struct completion c = {.prefix = prefix, .length = strlen(prefix)};
    rl_attempted_completion_over = 1;
    if (!completion_add(&c, prefix)) {
        free(c.names);
        return NULL;
    }
    environment_each(completed_environment, offer, &c);
    if (c.count == 1) {
        free(c.names[0]);
        free(c.names);
        return NULL;
    }
    size_t common = strlen(c.names[1]);
    for (unsigned i = 2; i < c.count; i++)
        while (strncmp(c.names[1], c.names[i], common)) common--;
    char *shared = strndup(c.names[1], common);
    if (!shared) return c.names;
    free(c.names[0]);
    c.names[0] = shared;
    return c.names;
}

static void history_file(char *out, size_t room)
{
    const char *home = getenv("HOME");
    snprintf(out, room, "%s/.vvm_history", home && *home ? home : ".");
}

static void editing_end(void)
{
    char path[4096];
    history_file(path, sizeof path);
    write_history(path);
}

static void editing_begin(const struct vvm_environment *env)
{
    char path[4096];
    completed_environment = env;
    rl_readline_name = "vvm";
    rl_initialize();
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t\n()'`,\"";
    using_history();
    history_file(path, sizeof path);
    read_history(path);
    stifle_history(2000);
    atexit(editing_end);
}
#endif

/* ---- input ------------------------------------------------------------------------------- */

/* The next line without its end, malloc'd; NULL at the end of input. */
static char *next_line(struct line_source *source, const char *prompt)
{
#ifdef VVM_LIBEDIT
    if (source->terminal) {
        char *line = readline(prompt);
        if (line && *line) add_history(line);
        return line;
    }
#endif
    if (source->terminal) {
        fputs(prompt, stdout);
        fflush(stdout);
    }
    ssize_t n = getline(&source->buffer, &source->room, stdin);
    if (n < 0) return NULL;
    if (n && source->buffer[n - 1] == '\n') source->buffer[n - 1] = 0;
    return strdup(source->buffer);
}

static int text_append(struct text *t, const char *line)
{
    size_t n = strlen(line);
    if (t->length + n + 2 > INPUT_MAX) return -EFBIG;
    char *octets = realloc(t->octets, t->length + n + 2);
    if (!octets) return -ENOMEM;
    memcpy(octets + t->length, line, n);
    t->octets = octets;
    t->length += n + 1;
    octets[t->length - 1] = '\n';
    octets[t->length] = 0;
    return 0;
}

/* ---- the loop ------------------------------------------------------------------------------ */

/* Evaluate every datum of the text. False: it ends inside a datum, read on. */
static bool eval_typed(struct vvm_context *ctx, struct vvm_vmlet *user, const struct text *t)
{
    struct reader reader;
    vvm_value datum, result;
    reader_init(&reader, ctx, user->environment, node_file(ctx->node, "repl"), t->octets, t->length);
    for (;;) {
        int err = reader_next(&reader, &datum);
        if (err && reader.incomplete) return false;
        if (!err && datum == VALUE_EOF) return true;
        if (!err) err = eval_datum(ctx, user->environment, datum, &result);
        if (err) {
            fflush(stdout);
            print_pending(ctx, stderr);
            return true;
        }
        if (result == VALUE_UNSPECIFIED) continue;
        print_value(ctx->node, stdout, result, PRINT_WRITE, 1 << 16);
        putchar('\n');
    }
}

/* Incomplete text with more than one datum would evaluate its head again: so find out
 * first whether the text is whole. */
static bool is_whole(struct vvm_context *ctx, struct vvm_vmlet *user, const struct text *t)
{
    struct reader reader;
    vvm_value datum;
    reader_init(&reader, ctx, user->environment, 0, t->octets, t->length);
    for (;;) {
        int err = reader_next(&reader, &datum);
        if (err) return !reader.incomplete;
        if (datum == VALUE_EOF) return true;
    }
}

int repl(struct vvm_context *ctx, struct vvm_vmlet *user)
{
    struct line_source source = {.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};
    struct text typed = {0};
    char *line;
#ifdef VVM_LIBEDIT
    if (source.terminal) editing_begin(user->environment);
#endif
    if (source.terminal) puts("vvm " VVM_VERSION "   (doc NAME) explains a name, (exit) leaves");
    while ((line = next_line(&source, typed.length ? "... " : "vvm> "))) {
        int err = text_append(&typed, line);
        free(line);
        heap_collect_if_wanted(ctx->node); /* else there may be no room to read on */
        if (err) fprintf(stderr, "repl: the entry is too long: %s\n", strerror(-err));
        else if (!is_whole(ctx, user, &typed)) continue;
        else eval_typed(ctx, user, &typed);
        typed.length = 0;
        fflush(stdout);
    }
    if (typed.length) eval_typed(ctx, user, &typed);
    free(typed.octets);
    free(source.buffer);
    return 0;
}
