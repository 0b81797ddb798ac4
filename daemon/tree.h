/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - a YAML file as a tree of values, each of which knows its line and column.
 *
 * libyaml parses; the tree is all that the rest sees. Hostile files: at most 1 MiB,
 * 65,536 values, 32 levels; anchors, aliases and tags are refused, so is a key that
 * stands twice and a second document.
 */
#ifndef VVMD_TREE_H
#define VVMD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree {
    enum tree_kind kind;
    unsigned line, column; /* from 1; of its first character */
    const char *key;       /* in a map, else NULL */
    unsigned key_line, key_column;
    const char *text;         /* SCALAR: its characters, NUL-terminated, no NUL inside */
    const struct tree *first; /* LIST, MAP: children in the order of the file */
    const struct tree *next;
    unsigned count; /* of children */
};

struct tree_file; /* owns the tree and all text */

/** Parse a file ("-" is standard input) or octets that are called `name`. 0, or
 *  -errno with one line in `why`: "FILE:LINE:COLUMN: what, what to do". */
int tree_read(struct tree_file **file, const char *path, char *why, size_t room);
int tree_parse(struct tree_file **file, const char *name, const char *octets, size_t length, char *why,
               size_t room);
const struct tree *tree_root(const struct tree_file *file);
const char *tree_name(const struct tree_file *file);
void tree_free(struct tree_file *file);
/** The child of a map with that key, or NULL. */
const struct tree *tree_child(const struct tree *map, const char *key);

#endif
