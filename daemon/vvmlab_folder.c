/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmlab_folder.c - where labs are kept: the folder of all labs, the folder of one.
 *
 * A lab's folder is used through its descriptor, so that nobody can exchange it under
 * our hands, and nothing in it is followed through a symbolic link.
 */
#include "vvmlab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ID_TRIES    16
#define TREE_LEVELS 32 /* of folders in a lab, when it is removed */

/* ---- the folder of all labs ---- */

struct root {
    char path[PATH_MAX];  /* of the folder `labs` */
    char above[PATH_MAX]; /* the folder over it if it is ours too, else empty */
};

static bool join(char *to, size_t room, const char *folder, const char *name)
{
    int n = snprintf(to, room, "%s/%s", folder, name);

    return n >= 0 && (size_t)n < room;
}

static int root_name(struct root *root)
{
    const char *given = getenv("VVM_RUN_DIR"), *session = getenv("XDG_RUNTIME_DIR");
    char whole[PATH_MAX];
    bool fits;

    root->above[0] = '\0';
    if (given && *given) { /* nodes have working directories of their own: no relative paths */
        if (!realpath(given, whole)) return -errno;
        return join(root->path, sizeof root->path, whole, "labs") ? 0 : -ENAMETOOLONG;
    }
    if (geteuid() == 0) fits = join(root->above, sizeof root->above, "/run", "vvm");
    else if (session && *session) fits = join(root->above, sizeof root->above, session, "vvm");
    else fits = snprintf(root->above, sizeof root->above, "/tmp/vvm-%u", geteuid()) > 0;
    return fits && join(root->path, sizeof root->path, root->above, "labs") ? 0 : -ENAMETOOLONG;
}

/* Ours alone: nobody else may own it or write into it. */
static int is_private(const char *path)
{
    struct stat status;

    if (lstat(path, &status)) return -errno;
    return S_ISDIR(status.st_mode) && status.st_uid == geteuid() && !(status.st_mode & 022) ? 0 : -EPERM;
}

static int check_private(const char *path)
{
    int err = is_private(path);

    if (err == -EPERM)
        lab_complain("%s: not a folder that you own and nobody else may write: remove it, or set VVM_RUN_DIR",
                     path);
    return err;
}

/* -ENOENT, not complained of: the folder above is not there, or not any more. */
static int make_private(const char *path)
{
    int err;

    if (mkdir(path, 0700) == 0 || errno == EEXIST) return check_private(path);
    err = -errno;
    if (err != -ENOENT) lab_complain("%s: %s: set VVM_RUN_DIR to a folder of yours", path, strerror(-err));
    return err;
}

static int root_make(const struct root *root)
{
    int err = root->above[0] ? make_private(root->above) : 0;

    return err ? err : make_private(root->path);
}

/* What others still use is not empty and stays. */
void lab_remove_root(void)
{
    struct root root;

    if (root_name(&root)) return;
    if (!is_private(root.path)) rmdir(root.path);
    if (root.above[0] && !is_private(root.above)) rmdir(root.above);
}

static void complain_root(int err)
{
    const char *given = getenv("VVM_RUN_DIR");

    lab_complain("%s: %s: set VVM_RUN_DIR to a folder that is there",
                 given && *given ? given : "folder of labs", strerror(-err));
}

/* 0 with *root; -ENOENT: nobody ever made a lab. */
static int root_find(struct root *root)
{
    struct stat status;
    int err = root_name(root);

    if (err == -ENOENT) return err;
    if (err) {
        complain_root(err);
        return err;
    }
    if (lstat(root->path, &status) && (errno == ENOENT || errno == ENOTDIR)) return -ENOENT;
    err = root->above[0] ? check_private(root->above) : 0;
    return err ? err : check_private(root->path);
}

/* ---- names ---- */

static bool plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool id_valid(const char *id)
{
    const char *c;

    for (c = id; *c; c++)
        if (!plain(*c)) return false;
    return c > id && c - id < LAB_ID;
}

bool lab_node_name_valid(const char *name) { return strlen(name) < LAB_NODE && id_valid(name); }

/* NAME-RUN, such as line4-1f09c2. Runs are told apart by chance; mkdir says if it failed us. */
static int choose_id(char *id, const char *name)
{
    uint32_t run;
    char *c;

    if (getrandom(&run, sizeof run, 0) != sizeof run) return -errno;
    snprintf(id, LAB_ID, "%.24s-%06x", name && *name ? name : "lab", run & 0xffffff);
    for (c = id; *c; c++)
        if (!plain(*c)) *c = '-';
    return 0;
}

static void lab_clear(struct lab *lab)
{
    memset(lab, 0, sizeof *lab);
    lab->folder = lab->lock = -1;
}

/* ---- make, open, close ---- */

/* Another `down` may take the empty folder of all labs away at any moment: then again. */
static int make_folder(struct lab *lab, const struct root *root, const char *name)
{
    int tries, err = 0;

    for (tries = 0; tries < ID_TRIES; tries++) {
        err = root_make(root);
        if (err == -ENOENT) continue;
        if (!err) err = choose_id(lab->id, name);
        if (!err && !join(lab->path, sizeof lab->path, root->path, lab->id)) err = -ENAMETOOLONG;
        if (err) return err;
        if (mkdir(lab->path, 0700) == 0) return 0;
        err = -errno;
        if (err != -EEXIST && err != -ENOENT) break;
    }
    lab_complain("%s: %s: set VVM_RUN_DIR to a folder of yours", root->path, strerror(-err));
    return err;
}

static int open_folder(struct lab *lab)
{
    lab->folder = open(lab->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return lab->folder < 0 ? -errno : 0;
}

/* The launcher's: whoever else has the lock is a `down` that came first. */
static int take_lock(struct lab *lab)
{
    lab->lock = openat(lab->folder, ".lock", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lab->lock < 0) return -errno;
    return flock(lab->lock, LOCK_EX | LOCK_NB) ? -errno : 0;
}

int lab_make(struct lab *lab, const char *name)
{
    struct root root;
    int err;

    lab_clear(lab);
    err = root_name(&root);
    if (err) {
        complain_root(err);
        return err;
    }
    err = make_folder(lab, &root, name);
    if (err) {
        lab_remove_root();
        return err;
    }
    err = open_folder(lab);
    if (!err) err = take_lock(lab);
    if (!err) return 0;
    lab_complain("%s: %s", lab->path, strerror(-err));
    lab_remove(lab);
    lab_close(lab);
    return err;
}

static int the_only(char *id)
{
    char **ids;
    unsigned count, i;
    int err = lab_list(&ids, &count);

    if (err) return err;
    if (count == 1) snprintf(id, LAB_ID, "%s", ids[0]);
    else err = count == 0 ? -ENOENT : -EEXIST;
    if (err == -EEXIST) {
        lab_complain("there are %u labs: pick one with --lab ID:", count);
        for (i = 0; i < count; i++) fprintf(stderr, "  %s\n", ids[i]);
    }
    lab_list_free(ids, count);
    return err;
}

int lab_open(struct lab *lab, const char *id)
{
    struct root root;
    int err;

    lab_clear(lab);
    err = root_find(&root);
    if (err) return err;
    if (!id) {
        err = the_only(lab->id);
        if (err) return err;
    } else {
        if (!id_valid(id)) return -ENOENT;
        snprintf(lab->id, sizeof lab->id, "%s", id);
    }
    if (!join(lab->path, sizeof lab->path, root.path, lab->id)) return -ENAMETOOLONG;
    err = open_folder(lab);
    if (err && err != -ENOENT) lab_complain("%s: %s", lab->path, strerror(-err));
    return err;
}

void lab_close(struct lab *lab)
{
    if (lab->folder >= 0) close(lab->folder);
    if (lab->lock >= 0) close(lab->lock);
    lab->folder = lab->lock = -1;
}

/* ---- all labs ---- */

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int collect(DIR *folder, char ***ids, unsigned *count)
{
    const struct dirent *entry;

    while ((entry = readdir(folder))) {
        char **more;

        if (!id_valid(entry->d_name)) continue;
        more = realloc(*ids, (*count + 1) * sizeof **ids);
        if (!more) return -ENOMEM;
        *ids = more;
        more[*count] = strdup(entry->d_name);
        if (!more[*count]) return -ENOMEM;
        ++*count;
    }
    return 0;
}

int lab_list(char ***ids, unsigned *count)
{
    struct root root;
    DIR *folder;
    int err;

    *ids = NULL;
    *count = 0;
    err = root_find(&root);
    if (err) return err == -ENOENT ? 0 : err;
    folder = opendir(root.path);
    if (!folder) return errno == ENOENT ? 0 : -errno;
    err = collect(folder, ids, count);
    closedir(folder);
    if (err) {
        lab_list_free(*ids, *count);
        *ids = NULL;
        *count = 0;
    } else if (*count > 1) {
        qsort(*ids, *count, sizeof **ids, compare);
    }
    return err;
}

void lab_list_free(char **ids, unsigned count)
{
    while (count) free(ids[--count]);
    free(ids);
}

/* ---- small files ---- */

int lab_write(const struct lab *lab, const char *name, const char *text)
{
    char beside[LAB_NODE + 16];
    size_t length = strlen(text);
    int file, err = 0;

    snprintf(beside, sizeof beside, "%s~", name);
    file = openat(lab->folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return -errno;
    while (length && !err) {
        ssize_t n = write(file, text, length);

        if (n < 0) err = errno == EINTR ? 0 : -errno;
        else text += n, length -= (size_t)n;
    }
    if (close(file) && !err) err = -errno;
    if (!err && renameat(lab->folder, beside, lab->folder, name)) err = -errno;
    return err;
}

ssize_t lab_read(const struct lab *lab, const char *name, char *text, size_t room)
{
    int file = openat(lab->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n;

    if (file < 0) return -errno;
    n = read(file, text, room - 1);
    if (n < 0) n = -errno;
    text[n < 0 ? 0 : n] = '\0';
    close(file);
    return n;
}

json_t *lab_description(const struct lab *lab)
{
    int file = openat(lab->folder, ".lab.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    json_t *description;

    if (file < 0) return NULL;
    description = json_loadfd(file, JSON_REJECT_DUPLICATES, NULL);
    close(file);
    return description;
}

int lab_socket(const struct lab *lab, const char *node, char *path, size_t room)
{
    int n = snprintf(path, room, "%s/%s.sock", lab->path, node);

    return n < 0 || (size_t)n >= room || (size_t)n >= sizeof((struct sockaddr_un *)0)->sun_path
               ? -ENAMETOOLONG
               : 0;
}

/* ---- removal ---- */

static int empty_folder(int folder, unsigned levels);

static int remove_entry(int folder, const char *name, unsigned levels)
{
    int inner, err;

    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return 0;
    if (errno != EISDIR && errno != EPERM) return -errno;
    if (levels == 0) return -ELOOP;
    inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0) return errno == ENOENT ? 0 : -errno;
    err = empty_folder(inner, levels - 1);
    if (!err && unlinkat(folder, name, AT_REMOVEDIR) && errno != ENOENT) err = -errno;
    return err;
}

/* Takes the descriptor. */
static int empty_folder(int folder, unsigned levels)
{
    DIR *stream = fdopendir(folder);
    const struct dirent *entry;
    int err = 0;

    if (!stream) {
        err = -errno;
        close(folder);
        return err;
    }
    while (!err && (entry = readdir(stream)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            err = remove_entry(folder, entry->d_name, levels);
    closedir(stream);
    return err;
}

int lab_remove(struct lab *lab)
{
    int folder, err = 0;

    folder = lab->folder < 0 ? -1 : openat(lab->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) err = empty_folder(folder, TREE_LEVELS);
    if (!err && rmdir(lab->path) && errno != ENOENT) err = -errno;
    if (err) lab_complain("%s: %s: it is not removed whole", lab->path, strerror(-err));
    lab_remove_root();
    return err;
}
