/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c - libyaml's events to a tree. The stack of open lists and maps is an array, so
 * that no depth of the file becomes depth of ours.
 */
#include "tree.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "read_all.h"
#include "region.h"

#define TREE_OCTETS ((size_t)1 << 20)
#define TREE_VALUES 65536
#define TREE_DEPTH  32

struct tree_file {
    struct region *region;
    const char *name;
    struct tree *root;
};

/* A list or map that is being read. */
struct level {
    struct tree *tree;
    const struct tree **tail; /* where its next child goes */
    const char *key;          /* that waits for its value */
    unsigned key_line, key_column;
};

struct builder {
    struct tree_file *file;
    struct level levels[TREE_DEPTH];
    unsigned depth;
    unsigned values, documents;
    char *why;
    size_t room;
};

/* ---- errors ---- */

__attribute__((format(printf, 4, 5))) static void explain(const struct builder *b, unsigned line,
                                                          unsigned column, const char *format, ...)
{
    int at = snprintf(b->why, b->room, "%.200s:%u:%u: ", b->file->name, line, column);
    va_list arguments;

    va_start(arguments, format);
    if (at >= 0 && (size_t)at < b->room) vsnprintf(b->why + at, b->room - (size_t)at, format, arguments);
    va_end(arguments);
}
/* A macro, so that whoever reads the caller sees which error it is. */
#define refuse(b, line, column, ...) (explain(b, line, column, __VA_ARGS__), -EINVAL)

static unsigned line_of(const yaml_event_t *event) { return (unsigned)event->start_mark.line + 1; }
static unsigned column_of(const yaml_event_t *event) { return (unsigned)event->start_mark.column + 1; }

static int refuse_event(const struct builder *b, const yaml_event_t *event, const char *what)
{
    return refuse(b, line_of(event), column_of(event), "%s", what);
}

/* ---- values ---- */

static int no_memory(const struct builder *b)
{
    snprintf(b->why, b->room, "%.200s: out of memory", b->file->name);
    return -ENOMEM;
}

static struct level *top(struct builder *b) { return b->depth > 0 ? &b->levels[b->depth - 1] : NULL; }

/* Hang a new value where it belongs. */
static int add_value(struct builder *b, const yaml_event_t *event, enum tree_kind kind, struct tree **added)
{
    struct level *level = top(b);
    struct tree *tree;

    if (b->values++ >= TREE_VALUES)
        return refuse_event(b, event, "more than 65536 values; use a smaller file");
    tree = region_alloc(b->file->region, sizeof *tree);
    if (!tree) return no_memory(b);
    tree->kind = kind;
    tree->line = line_of(event);
    tree->column = column_of(event);
    *added = tree;
    if (!level) {
        b->file->root = tree;
        return 0;
    }
    tree->key = level->key;
    tree->key_line = level->key_line;
    tree->key_column = level->key_column;
    level->key = NULL;
    *level->tail = tree;
    level->tail = &tree->next;
    level->tree->count++;
    return 0;
}

static bool wants_key(const struct level *level)
{
    return level && level->tree->kind == TREE_MAP && !level->key;
}

static int add_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *octets = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct level *level = top(b);
    struct tree *tree;
    char *text;
    int err;

    if (event->data.scalar.anchor)
        return refuse_event(b, event, "anchors (&) are not known here; write it out");
    if (event->data.scalar.tag) return refuse_event(b, event, "tags (!) are not known here; leave it out");
    if (memchr(octets, '\0', length))
        return refuse_event(b, event, "a text with a zero octet; leave that out");
    text = region_text(b->file->region, octets, length);
    if (!text) return no_memory(b);
    if (wants_key(level)) {
        level->key = text;
        level->key_line = line_of(event);
        level->key_column = column_of(event);
        return 0;
    }
    err = add_value(b, event, TREE_SCALAR, &tree);
    if (!err) tree->text = text;
    return err;
}

static int begin_collection(struct builder *b, const yaml_event_t *event, enum tree_kind kind)
{
    const yaml_char_t *anchor = kind == TREE_MAP ? event->data.mapping_start.anchor
                                                 : event->data.sequence_start.anchor;
    const yaml_char_t *tag = kind == TREE_MAP ? event->data.mapping_start.tag
                                              : event->data.sequence_start.tag;
    struct tree *tree;
    int err;

    if (anchor) return refuse_event(b, event, "anchors (&) are not known here; write it out");
    if (tag) return refuse_event(b, event, "tags (!) are not known here; leave it out");
    if (wants_key(top(b))) return refuse_event(b, event, "a list or map as a key; write a word");
    if (b->depth == TREE_DEPTH)
        return refuse_event(b, event, "more than 32 lists and maps in one another; write fewer");
    err = add_value(b, event, kind, &tree);
    if (!err) b->levels[b->depth++] = (struct level){.tree = tree, .tail = &tree->first};
    return err;
}

/* ---- keys that stand twice ---- */

static int compare_keys(const void *left, const void *right)
{
    const struct tree *a = *(const struct tree *const *)left, *b = *(const struct tree *const *)right;
    int order = strcmp(a->key, b->key);

    if (order != 0) return order;
    if (a->key_line != b->key_line) return a->key_line < b->key_line ? -1 : 1;
    return a->key_column < b->key_column ? -1 : a->key_column > b->key_column;
}

static bool stands_before(const struct tree *a, const struct tree *b)
{
    return a->key_line < b->key_line || (a->key_line == b->key_line && a->key_column < b->key_column);
}

/* The second of two equal keys, the first such in the file; NULL: none. */
static const struct tree *second_key(const struct tree **children, unsigned count, unsigned *first_line)
{
    const struct tree *found = NULL;
    unsigned i;

    qsort(children, count, sizeof *children, compare_keys);
    for (i = 1; i < count; i++) {
        if (strcmp(children[i - 1]->key, children[i]->key) != 0) continue;
        if (found && !stands_before(children[i], found)) continue;
        found = children[i];
        *first_line = children[i - 1]->key_line;
    }
    return found;
}

static int check_keys(struct builder *b, const struct tree *map)
{
    const struct tree **children, *child;
    unsigned count = 0, first_line = 0;

    if (map->count < 2) return 0;
    children = malloc(map->count * sizeof *children);
    if (!children) return no_memory(b);
    for (child = map->first; child; child = child->next) children[count++] = child;
    assert(count == map->count);
    child = second_key(children, count, &first_line);
    free(children);
    if (!child) return 0;
    return refuse(b, child->key_line, child->key_column,
                  "this key stands in line %u already; leave one of them out", first_line);
}

static int end_collection(struct builder *b)
{
    const struct tree *tree = top(b)->tree;

    assert(!top(b)->key);
    b->depth--;
    return tree->kind == TREE_MAP ? check_keys(b, tree) : 0;
}

/* ---- events ---- */

static int take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return b->documents++ == 0 ? 0
                                   : refuse_event(b, event, "a second document; make it a file of its own");
    case YAML_ALIAS_EVENT: return refuse_event(b, event, "aliases (*) are not known here; write it out");
    case YAML_SCALAR_EVENT: return add_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT: return begin_collection(b, event, TREE_LIST);
    case YAML_MAPPING_START_EVENT: return begin_collection(b, event, TREE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return end_collection(b);
    default: return 0;
    }
}

/* Where an octet is, for errors that libyaml's reader places by octet only. */
static void place_of(const char *octets, size_t offset, unsigned *line, unsigned *column)
{
    size_t i;

    *line = *column = 1;
    for (i = 0; i < offset; i++) {
        if (octets[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)octets[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

/* Is there a tab among the blanks that a line begins with? */
static bool has_tab(const char *octets, size_t length, unsigned line)
{
    const char *at = octets, *end = octets + length;

    for (; at && line > 1; line--) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at) at++;
    }
    while (at && at < end && *at == ' ') at++;
    return at && at < end && *at == '\t';
}

static int refuse_syntax(const struct builder *b, const yaml_parser_t *parser, const char *octets,
                         size_t length)
{
    unsigned line = (unsigned)parser->problem_mark.line + 1;
    unsigned column = (unsigned)parser->problem_mark.column + 1;
    const char *advice = "see the YAML around it";

    if (parser->error == YAML_MEMORY_ERROR) return no_memory(b);
    if (parser->error == YAML_READER_ERROR) {
        size_t offset = parser->problem_offset < length ? parser->problem_offset : length;

        place_of(octets, offset, &line, &column);
        return refuse(b, line, column, "%s; write plain text in UTF-8", parser->problem);
    }
    if (has_tab(octets, length, line)) advice = "indent with blanks, not with tabs";
    if (!parser->context || parser->context_mark.line == parser->problem_mark.line)
        return refuse(b, line, column, "%s%s%s; %s", parser->context ? parser->context : "",
                      parser->context ? ", " : "", parser->problem, advice);
    return refuse(b, line, column, "%s from line %u on, %s; %s", parser->context,
                  (unsigned)parser->context_mark.line + 1, parser->problem, advice);
}

static int take_events(struct builder *b, yaml_parser_t *parser, const char *octets, size_t length)
{
    bool ended = false;
    int err = 0;

    while (!err && !ended) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event)) return refuse_syntax(b, parser, octets, length);
        ended = event.type == YAML_STREAM_END_EVENT;
        err = take_event(b, &event);
        yaml_event_delete(&event);
    }
    return err;
}

static bool is_utf16(const char *octets, size_t length)
{
    return length >= 2 && (memcmp(octets, "\xff\xfe", 2) == 0 || memcmp(octets, "\xfe\xff", 2) == 0);
}

/* libyaml compares each %TAG line with all before it, which a file of many turns into minutes. */
static int refuse_directives(const struct builder *b, const char *octets, size_t length)
{
    const char *at = octets, *end = octets + length;
    unsigned line, column;

    for (; (at = memmem(at, (size_t)(end - at), "%TAG", 4)); at++) {
        if (at > octets && at[-1] >= ' ' && at[-1] <= '~') continue; /* within a line */
        place_of(octets, (size_t)(at - octets), &line, &column);
        return refuse(b, line, column, "tags (!) are not known here; leave it out");
    }
    return 0;
}

static int build(struct builder *b, const char *octets, size_t length)
{
    yaml_parser_t parser;
    int err;

    if (length > TREE_OCTETS) return refuse(b, 1, 1, "larger than 1 MiB; use a smaller file");
    if (is_utf16(octets, length)) return refuse(b, 1, 1, "this is UTF-16; save it as UTF-8");
    if (length >= 3 && memcmp(octets, "\xef\xbb\xbf", 3) == 0) octets += 3, length -= 3; /* byte order mark */
    err = refuse_directives(b, octets, length);
    if (err) return err;
    if (!yaml_parser_initialize(&parser)) return no_memory(b);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)octets, length);
    err = take_events(b, &parser, octets, length);
    yaml_parser_delete(&parser);
    if (!err && !b->file->root) return refuse(b, 1, 1, "nothing in it; write a configuration");
    return err;
}

/* ---- files ---- */

static int open_file(struct tree_file **file, const char *name)
{
    struct tree_file *made = calloc(1, sizeof *made);

    if (made) made->region = region_open();
    if (made && made->region) made->name = region_text(made->region, name, strlen(name));
    if (made && made->name) {
        *file = made;
        return 0;
    }
    tree_free(made);
    return -ENOMEM;
}

int tree_parse(struct tree_file **file, const char *name, const char *octets, size_t length, char *why,
               size_t room)
{
    struct builder *b = calloc(1, sizeof *b);
    int err = b ? open_file(file, name) : -ENOMEM;

    if (err) {
        snprintf(why, room, "%.200s: out of memory", name);
        free(b);
        return err;
    }
    b->file = *file;
    b->why = why;
    b->room = room;
    err = build(b, octets, length);
    free(b);
    if (err) {
        tree_free(*file);
        *file = NULL;
    }
    return err;
}

int tree_read(struct tree_file **file, const char *path, char *why, size_t room)
{
    char *octets;
    size_t length;
    int err = read_all(path, TREE_OCTETS, &octets, &length, why, room);

    if (err) return err;
    err = tree_parse(file, strcmp(path, "-") == 0 ? "standard input" : path, octets, length, why, room);
    free(octets);
    return err;
}

const struct tree *tree_root(const struct tree_file *file) { return file->root; }
const char *tree_name(const struct tree_file *file) { return file->name; }

void tree_free(struct tree_file *file)
{
    if (!file) return;
    region_close(file->region);
    free(file);
}

const struct tree *tree_child(const struct tree *map, const char *key)
{
    const struct tree *child = map->kind == TREE_MAP ? map->first : NULL;

    while (child && strcmp(child->key, key) != 0) child = child->next;
    return child;
}
