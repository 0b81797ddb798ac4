/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message-filter - messages, here lines, pass through a function of a VMlet: no daemon, no
 * network, an application that its user can program.
 *
 *     message-filter [FILE.vml] <messages
 *
 * The VMlet is called `keep` and defines (filter message): it gets the octets of a line and
 * gives back what shall go on: octets, #t for the message as it was, #f for nothing. Without
 * a file the text below is used. A line ":replace FILE" puts another VMlet `keep` in its
 * place; messages after it meet that one. A filter that does not come to an end is stopped
 * by its fuel, and the message goes nowhere.
 *
 *     cc message-filter.c $(pkg-config --cflags --libs vvm) -o message-filter
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vvm.h>

#define FUEL 10000 /* steps that one message may take */

static const char built_in[] = "(vmlet keep)\n"
                               "(define (filter message) (> (bytevector-length message) 0))\n";

static const char replace[] = ":replace ";

struct filter {
    vvm_node *node;
    vvm_context *context;
    vvm_function *function;
    unsigned long passed, stopped, failed;
};

static int complain(const struct filter *f)
{
    fprintf(stderr, "message-filter: %s\n", vvm_error(f->node));
    return 1;
}

static int filter_open(struct filter *f, const char *file)
{
    *f = (struct filter){0};
    if (vvm_node_open(NULL, &f->node)) {
        fputs("message-filter: no memory\n", stderr);
        return 1;
    }
    int err = file ? vvm_load_file(f->node, file) : vvm_load(f->node, "built-in", built_in, strlen(built_in));
    if (!err) err = vvm_context_open(f->node, NULL, &f->context);
    if (!err) err = vvm_function_open(f->node, "keep", "filter", &f->function);
    return err ? complain(f) : 0;
}

static void filter_close(struct filter *f)
{
    vvm_function_close(f->function);
    vvm_context_close(f->context);
    vvm_node_close(f->node);
}

static void put(struct filter *f, const void *octets, size_t length)
{
    fwrite(octets, 1, length, stdout);
    putchar('\n');
    f->passed++;
}

static void pass(struct filter *f, const char *line, size_t length)
{
    struct vvm_datum message = {.kind = VVM_OCTETS, .octets = line, .length = length}, result;
    if (vvm_function_run(f->context, f->function, &message, 1, FUEL, &result, NULL)) {
        fprintf(stderr, "message-filter: %s\n", vvm_context_error(f->context));
        f->failed++;
    } else if (result.kind == VVM_OCTETS) {
        put(f, result.octets, result.length);
    } else if (result.kind == VVM_BOOLEAN && result.integer) {
        put(f, line, length);
    } else {
        f->stopped++;
    }
}

/* What is refused leaves the filter as it was. */
static void take_line(struct filter *f, const char *line, size_t length)
{
    size_t n = strlen(replace);
    if (strncmp(line, replace, n)) pass(f, line, length);
    else if (vvm_replace_file(f->node, line + n)) complain(f);
}

int main(int argc, char **argv)
{
    struct filter f;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int status = filter_open(&f, argc > 1 ? argv[1] : NULL);
    while (!status && (length = getline(&line, &room, stdin)) >= 0) {
        if (length && line[length - 1] == '\n') line[--length] = 0;
        take_line(&f, line, (size_t)length);
    }
    if (!status) fprintf(stderr, "%lu passed, %lu stopped, %lu failed\n", f.passed, f.stopped, f.failed);
    free(line);
    filter_close(&f);
    return status;
}
