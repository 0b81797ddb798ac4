/* SPDX-License-Identifier: Apache-2.0 */
/* config_key.c - maps read by tables, lists, and the errors of both. */
#include "config_key.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- errors ---- */

const char *config_show(char to[SHOWN], const char *text)
{
    size_t i;

    for (i = 0; text[i] && i + 1 < SHOWN; i++) to[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    if (text[i]) memcpy(to + i - 3, "...", 3);
    to[i] = '\0';
    return to;
}

/* "FILE:LINE:COLUMN: node NAME: ", as far as each is known; how many octets that took. */
static size_t put_place(struct config_reader *reader, struct config_place place)
{
    const char *node = reader->node;
    char at[32] = "";
    int length;

    if (place.line) snprintf(at, sizeof at, ":%u:%u", place.line, place.column);
    length = snprintf(reader->why, reader->room, "%.200s%s: %s%s%s", reader->config->file, at,
                      node ? "node " : "", node ? node : "", node ? ": " : "");
    return length > 0 && (size_t)length < reader->room ? (size_t)length : 0;
}

void config_explain(struct config_reader *reader, struct config_place place, const char *format, ...)
{
    size_t at = put_place(reader, place);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reader->why + at, reader->room - at, format, arguments);
    va_end(arguments);
}

struct config_place config_place(const struct tree *value)
{
    return (struct config_place){value->line, value->column};
}

struct config_place config_key_place(const struct tree *value)
{
    return value->key ? (struct config_place){value->key_line, value->key_column} : config_place(value);
}

const char *config_called(char to[CALLED_ROOM], const struct config_reader *reader, const struct tree *value)
{
    const char *key = value->key ? value->key : reader->list;

    to[0] = '\0';
    if (key) snprintf(to, CALLED_ROOM, "%s: ", SHOW(key));
    return to;
}

/* ---- maps ---- */

static bool is_empty(const struct tree *value) { return value->kind == TREE_SCALAR && !*value->text; }

static const struct config_key *find_key(const struct config_table *table, const char *name)
{
    unsigned i;

    for (i = 0; i < table->count; i++)
        if (strcmp(table->keys[i].name, name) == 0) return &table->keys[i];
    return NULL;
}

/* Is `word` one of the blank-separated words? */
static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    const char *at = words;

    while ((at = strstr(at, word))) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return true;
        at += length;
    }
    return false;
}

static bool fits(const struct config_key *key, const char *port_kind)
{
    return !port_kind || !key->only || has_word(key->only, port_kind);
}

/* All keys that fit, with commas. */
static const char *list_keys(const struct config_table *table, const char *port_kind, char *to, size_t room)
{
    size_t at = 0;
    unsigned i;

    to[0] = '\0';
    for (i = 0; i < table->count && at < room; i++)
        if (fits(&table->keys[i], port_kind))
            at += (size_t)snprintf(to + at, room - at, "%s%s", at ? ", " : "", table->keys[i].name);
    return to;
}

/* Is it so near that somebody may have meant it? */
static bool is_near(const struct nearest *nearest)
{
    return nearest->best && nearest->distance <= (strlen(nearest->word) + 1) / 2;
}

static int refuse_key(struct config_reader *reader, const struct tree *value,
                      const struct config_table *table, const char *port_kind)
{
    const struct config_key *known = find_key(table, value->key);
    struct nearest nearest = {.word = value->key};
    char keys[256];
    unsigned i;

    list_keys(table, port_kind, keys, sizeof keys);
    if (known)
        return config_refuse(reader, config_key_place(value),
                             "%s: is a key of ports of kind %s, not %s; leave it out (known: %s)",
                             known->name, known->only, port_kind, keys);
    for (i = 0; i < table->count; i++)
        if (fits(&table->keys[i], port_kind)) nearest_try(&nearest, table->keys[i].name);
    return config_refuse(reader, config_key_place(value), "%s: is no key of %s; %s %s", SHOW(value->key),
                         table->what, is_near(&nearest) ? "the nearest is" : "known are",
                         is_near(&nearest) ? nearest.best : keys);
}

int config_check_map(struct config_reader *reader, const struct tree *map, const struct config_table *table,
                     const char *port_kind)
{
    const struct tree *child;
    unsigned i;

    if (map->kind != TREE_MAP && !is_empty(map))
        return config_refuse(reader, config_place(map), "%s%s is a map; write KEY: VALUE lines",
                             CALLED(reader, map), table->what);
    for (child = map->first; child; child = child->next) {
        const struct config_key *key = find_key(table, child->key);

        if (!key || !fits(key, port_kind)) return refuse_key(reader, child, table, port_kind);
    }
    for (i = 0; i < table->count; i++) {
        const struct config_key *key = &table->keys[i];

        if (key->required && (!key->only || (port_kind && fits(key, port_kind))) &&
            !tree_child(map, key->name))
            return config_refuse(reader, config_key_place(map), "%s lacks %s; write %s: %s", table->what,
                                 key->name, key->name, key->help);
    }
    return 0;
}

int config_read_keys(struct config_reader *reader, const struct tree *map, const struct config_table *table,
                     void *object)
{
    unsigned i;
    int err = 0;

    for (i = 0; i < table->count && !err; i++) {
        const struct tree *value = tree_child(map, table->keys[i].name);

        if (value) err = config_read_value(reader, &table->keys[i], object, value);
    }
    return err;
}

/* ---- lists ---- */

int config_read_list(struct config_reader *reader, const struct tree *list, unsigned most,
                     int (*read)(struct config_reader *reader, void *object, const struct tree *item),
                     void *object)
{
    const char *outer = reader->list;
    const struct tree *item;
    int err = 0;

    if (list->kind != TREE_LIST)
        return config_refuse(reader, config_place(list), "%sis a list; write [one, two]",
                             CALLED(reader, list));
    if (list->count > most)
        return config_refuse(reader, config_place(list), "%shas %u items; at most %u are possible",
                             CALLED(reader, list), list->count, most);
    reader->list = list->key;
    for (item = list->first; item && !err; item = item->next) err = read(reader, object, item);
    reader->list = outer;
    return err;
}

int config_check_entries(struct config_reader *reader, const struct tree *map, unsigned most,
                         const char *entry)
{
    if (map->kind != TREE_MAP)
        return config_refuse(reader, config_place(map), "%sis a map; write %s", CALLED(reader, map), entry);
    if (map->count == 0)
        return config_refuse(reader, config_place(map), "%sis empty; write %s", CALLED(reader, map), entry);
    if (map->count > most)
        return config_refuse(reader, config_place(map), "%shas %u entries; at most %u are possible",
                             CALLED(reader, map), map->count, most);
    return 0;
}
