/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvmctl_key.c - keys and signatures, which need no router:
 *
 *   vvmctl key gen NAME [--output DIR]      vvmctl key show FILE
 *   vvmctl key trust FILE [--policy FILE]   vvmctl sign IMAGE --key FILE
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/key.h"
#include "engine/unit.h"
#include "engine/vmlet.h"
#include "policy_file.h"
#include "vvmctl.h"

enum { WHY_ROOM = 512 };

/* The word behind --NAME, which may stand once and last, or `otherwise`. */
static const char *option(const struct ctl *ctl, int at, const char *name, const char *otherwise)
{
    if (ctl->word_count == at) return otherwise;
    return ctl->word_count == at + 2 && strcmp(ctl->words[at], name) == 0 ? ctl->words[at + 1] : NULL;
}

static int misused(const struct ctl *ctl, const char *how) { return ctl_fail(ctl, STATUS_USAGE, how); }

static void print_key(const struct key *key)
{
    char public[KEY_FINGERPRINT + 8], finger[KEY_FINGERPRINT];

    key_print_public(key->public, public);
    key_fingerprint(key->public, finger);
    printf("%s\n  public       %s\n  fingerprint  %s\n", key->name, public, finger);
}

static int generate(const struct ctl *ctl, char *why, size_t room)
{
    const char *folder = option(ctl, 3, "--output", ".");
    struct key key;

    if (!folder) return misused(ctl, "write key gen NAME [--output DIR]");
    if (key_generate(folder, ctl->words[2], &key, why, room)) return ctl_fail(ctl, STATUS_REFUSED, why);
    print_key(&key);
    key_forget(&key);
    return STATUS_DONE;
}

static int show(const struct ctl *ctl, char *why, size_t room)
{
    struct key key;

    if (ctl->word_count != 3) return misused(ctl, "write key show FILE");
    if (key_read(ctl->words[2], &key, why, room)) return ctl_fail(ctl, STATUS_REFUSED, why);
    print_key(&key);
    key_forget(&key);
    return STATUS_DONE;
}

static int trust(const struct ctl *ctl, char *why, size_t room)
{
    const char *policy = option(ctl, 3, "--policy", "policy.yaml");
    char public[KEY_FINGERPRINT + 8];
    struct key key;

    if (!policy) return misused(ctl, "write key trust FILE [--policy FILE]");
    if (key_read(ctl->words[2], &key, why, room)) return ctl_fail(ctl, STATUS_REFUSED, why);
    key_print_public(key.public, public);
    if (policy_trust(policy, key.name, public, why, room)) return ctl_fail(ctl, STATUS_REFUSED, why);
    printf("%s: the key %s is known and may have nothing yet: say what in its line\n", policy, key.name);
    key_forget(&key);
    return STATUS_DONE;
}

/* The image in place, when its signed form is whole. */
static int replace(const char *path, const uint8_t *image, size_t length, char *why, size_t room)
{
    char fresh[4096];
    FILE *f = snprintf(fresh, sizeof fresh, "%s.new", path) < (int)sizeof fresh ? fopen(fresh, "wbx") : NULL;
    int err = f ? 0 : -errno;

    if (f && fwrite(image, 1, length, f) != length) err = -EIO;
    if (f && fclose(f) && !err) err = -errno;
    if (!err && rename(fresh, path)) err = -errno;
    if (err && f) remove(fresh);
    if (err) snprintf(why, room, "%.200s: cannot be written: %s", path, strerror(-err));
    return err;
}

static int sign(const char *path, const struct key *key, char *why, size_t room)
{
    char *data;
    uint8_t *sealed;
    size_t octets, length;
    int err = file_read(path, IMAGE_MAX, &data, &octets);

    if (err) {
        snprintf(why, room, "%.200s: %s", path,
                 err == -EINVAL ? "this is no file of an image" : strerror(-err));
        return err;
    }
    err = image_sign((const uint8_t *)data, octets, key, &sealed, &length, why, room);
    free(data);
    if (err) return err;
    err = replace(path, sealed, length, why, room);
    free(sealed);
    return err;
}

int ctl_sign(const struct ctl *ctl)
{
    const char *file = ctl->word_count > 1 ? option(ctl, 2, "--key", NULL) : NULL;
    char why[WHY_ROOM] = "";
    struct key key;
    int err;

    if (!file) return misused(ctl, "write sign IMAGE --key FILE");
    if (key_read(file, &key, why, sizeof why)) return ctl_fail(ctl, STATUS_REFUSED, why);
    err = sign(ctl->words[1], &key, why, sizeof why);
    if (!err) printf("%s: signed by %s\n", ctl->words[1], key.name);
    key_forget(&key);
    return err ? ctl_fail(ctl, STATUS_REFUSED, why) : STATUS_DONE;
}

int ctl_key(const struct ctl *ctl)
{
    static const struct {
        const char *word;
        int (*run)(const struct ctl *ctl, char *why, size_t room);
    } verbs[] = {{"gen", generate}, {"show", show}, {"trust", trust}};
    char why[WHY_ROOM] = "";
    unsigned i;

    for (i = 0; i < 3 && ctl->word_count > 2; i++)
        if (strcmp(ctl->words[1], verbs[i].word) == 0) return verbs[i].run(ctl, why, sizeof why);
    return misused(ctl, "write key gen NAME, key show FILE or key trust FILE");
}
