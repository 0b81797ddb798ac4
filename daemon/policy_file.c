/* SPDX-License-Identifier: Apache-2.0 */
/* policy_file.c - reading and amending the policy file. */
#include "policy_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/key.h"
#include "engine/nearest.h"
#include "tree.h"

#define FILE_MOST ((size_t)1 << 20)

struct policy_reader {
    const char *file;
    struct policy *policy;
    char *why;
    size_t room;
};

static int refuse_at(const struct policy_reader *r, unsigned line, unsigned column, const char *what)
{
    snprintf(r->why, r->room, "%.200s:%u:%u: %s", r->file, line, column, what);
    return -EINVAL;
}

static int refuse(const struct policy_reader *r, const struct tree *at, const char *what)
{
    return refuse_at(r, at->line, at->column, what);
}

/* Only these keys, of a map. */
static int check_keys(const struct policy_reader *r, const struct tree *map, const char *const *known)
{
    const struct tree *child;
    char text[200];
    unsigned i;

    if (map->kind != TREE_MAP) return refuse(r, map, "this must be a map; write KEY: VALUE lines");
    for (child = map->first; child; child = child->next) {
        struct nearest nearest = {.word = child->key};

        for (i = 0; known[i] && strcmp(known[i], child->key) != 0; i++) nearest_try(&nearest, known[i]);
        if (known[i]) continue;
        snprintf(text, sizeof text, "there is no key \"%.60s\" here; the nearest is %s", child->key,
                 nearest.best);
        return refuse_at(r, child->key_line, child->key_column, text);
    }
    return 0;
}

static int add_text(const struct policy_reader *r, const struct tree *at, const char *text,
                    struct grant_set *set)
{
    char what[200];
    int err = grants_parse(set, text, strlen(text), what, sizeof what);

    return err ? refuse(r, at, what) : 0;
}

/* all, none, or a list of capabilities. */
static int read_may(const struct policy_reader *r, const struct tree *value, struct grant_set *set)
{
    const struct tree *item;
    int err = 0;

    if (value->kind == TREE_SCALAR && strcmp(value->text, "all") == 0)
        return add_text(r, value, "(all)", set);
    if (value->kind == TREE_SCALAR && strcmp(value->text, "none") == 0) return 0;
    if (value->kind != TREE_LIST)
        return refuse(
            r, value,
            "write all, none, or a list of capabilities as [\"(network udp *)\", \"(table 1MiB)\"]");
    for (item = value->first; item && !err; item = item->next)
        err = item->kind == TREE_SCALAR ? add_text(r, item, item->text, set)
                                        : refuse(r, item, "a capability is a text in quotes, as \"(log)\"");
    return err;
}

static int read_unsigned(const struct policy_reader *r, const struct tree *value)
{
    if (value->kind == TREE_SCALAR && strcmp(value->text, "refuse") == 0) return 0;
    r->policy->refuse_unsigned = false;
    return read_may(r, value, &r->policy->may);
}

static int read_key(const struct policy_reader *r, const struct tree *key)
{
    static const char *const known[] = {"public", "may", NULL};
    const struct tree *public, *may;
    uint8_t octets[POLICY_KEY];
    struct grant_set set = {0};
    int err = check_keys(r, key, known);

    if (err) return err;
    public = tree_child(key, "public");
    may = tree_child(key, "may");
    if (!public)
        return refuse_at(r, key->key_line, key->key_column, "public is missing; vvmctl key show prints it");
    if (public->kind != TREE_SCALAR || key_parse_public(public->text, octets))
        return refuse(r, public, "this is no public key; vvmctl key show prints it");
    err = may ? read_may(r, may, &set) : 0;
    if (err) {
        grants_free(&set);
        return err;
    }
    err = policy_add_key(r->policy, key->key, octets, &set);
    if (err == -EEXIST) return refuse(r, public, "this key is named already; name each key once");
    return err ? refuse(r, key, err == -E2BIG ? "too many keys" : "out of memory") : 0;
}

static int read_network(const struct policy_reader *r, const struct tree *network)
{
    static const char *const known[] = {"unsigned", "may", NULL};
    const struct tree *bare, *may;
    struct grant_set set = {0};
    bool refused = true;
    int err = check_keys(r, network, known);

    if (err) return err;
    bare = tree_child(network, "unsigned");
    may = tree_child(network, "may");
    if (bare) {
        refused = bare->kind != TREE_SCALAR || strcmp(bare->text, "true") != 0;
        if (refused && (bare->kind != TREE_SCALAR || strcmp(bare->text, "false") != 0))
            return refuse(r, bare, "unsigned: write true or false");
    }
    err = may ? read_may(r, may, &set) : 0;
    if (err) {
        grants_free(&set);
        return err;
    }
    err = policy_add_ingress(r->policy, network->key, refused, &set);
    return err ? refuse(r, network, err == -E2BIG ? "too many networks" : "out of memory") : 0;
}

static int read_each(const struct policy_reader *r, const struct tree *map,
                     int (*read)(const struct policy_reader *r, const struct tree *entry))
{
    const struct tree *child;
    int err = 0;

    if (!map || (map->kind == TREE_SCALAR && !*map->text)) return 0;
    if (map->kind != TREE_MAP) return refuse(r, map, "this must be a map; write NAME: { ... } lines");
    for (child = map->first; child && !err; child = child->next) err = read(r, child);
    return err;
}

static int read_root(const struct policy_reader *r, const struct tree *root)
{
    static const char *const known[] = {"unsigned", "keys", "networks", NULL};
    const struct tree *bare;
    int err = check_keys(r, root, known);

    if (err) return err;
    bare = tree_child(root, "unsigned");
    if (bare) err = read_unsigned(r, bare);
    if (!err) err = read_each(r, tree_child(root, "keys"), read_key);
    return err ? err : read_each(r, tree_child(root, "networks"), read_network);
}

/* Takes the file. */
static int read_tree(struct policy **policy, struct tree_file *file, char *why, size_t room)
{
    struct policy_reader r = {.file = tree_name(file), .policy = policy_new(), .why = why, .room = room};
    int err = r.policy ? read_root(&r, tree_root(file)) : -ENOMEM;

    if (!r.policy) snprintf(why, room, "out of memory");
    tree_free(file);
    if (err) policy_free(r.policy);
    else *policy = r.policy;
    return err;
}

int policy_read(struct policy **policy, const char *path, char *why, size_t room)
{
    struct tree_file *file;
    int err = tree_read(&file, path, why, room);

    return err ? err : read_tree(policy, file, why, room);
}

int policy_parse(struct policy **policy, const char *name, const char *octets, size_t length, char *why,
                 size_t room)
{
    struct tree_file *file;
    int err = tree_parse(&file, name, octets, length, why, room);

    return err ? err : read_tree(policy, file, why, room);
}

/* ---- amending ---- */

/* The whole file, zero-terminated; of none at all, what a new one begins with. NULL: errno. */
static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text;
    size_t n;

    if (!f) return errno == ENOENT ? strdup("unsigned: all\nkeys:\n") : NULL;
    text = malloc(FILE_MOST + 1);
    n = text ? fread(text, 1, FILE_MOST, f) : 0;
    if (text) text[n] = '\0';
    fclose(f);
    return text;
}

/* Behind the line `keys:` of the top; NULL: there is none. */
static const char *behind_keys(const char *text)
{
    const char *at = strncmp(text, "keys:", 5) == 0 ? text : strstr(text, "\nkeys:");

    if (!at) return NULL;
    if (*at == '\n') at++;
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}

static char *amended(const char *text, const char *name, const char *public)
{
    const char *at = behind_keys(text), *end = text + strlen(text);
    char *out;

    if (!at) at = end;
    if (asprintf(&out, "%.*s%s%s  %s: { public: \"%s\", may: none }\n%s", (int)(at - text), text,
                 at > text && at[-1] != '\n' ? "\n" : "", behind_keys(text) ? "" : "keys:\n", name, public,
                 at) < 0)
        return NULL;
    return out;
}

static int write_text(const char *path, const char *text, char *why, size_t room)
{
    char fresh[4096];
    FILE *f;
    int err = 0;

    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) return -ENAMETOOLONG;
    f = fopen(fresh, "wx");
    if (!f) err = -errno;
    if (f && fputs(text, f) < 0) err = -EIO;
    if (f && fclose(f) && !err) err = -errno;
    if (!err && rename(fresh, path)) err = -errno;
    if (err && f) unlink(fresh);
    if (err)
        snprintf(why, room, "%.200s: cannot be written: %s", err == -EEXIST ? fresh : path, strerror(-err));
    return err;
}

int policy_trust(const char *path, const char *name, const char *public, char *why, size_t room)
{
    char *text = read_text(path), *more = text ? amended(text, name, public) : NULL;
    struct policy *policy = NULL;
    int err = text && more ? 0 : -EIO;

    if (err) snprintf(why, room, "%.200s: cannot be read: %s", path, strerror(errno));
    if (!err) err = policy_parse(&policy, path, more, strlen(more), why, room);
    if (!err) err = write_text(path, more, why, room);
    policy_free(policy);
    free(more);
    free(text);
    return err;
}
