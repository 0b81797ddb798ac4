/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - ed25519 keys in files, by libsodium. */
#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_ROOM 256
#define VARIANT   sodium_base64_VARIANT_ORIGINAL

_Static_assert(KEY_PUBLIC == crypto_sign_PUBLICKEYBYTES, "what libsodium takes");
_Static_assert(KEY_SECRET == crypto_sign_SECRETKEYBYTES, "what libsodium takes");
_Static_assert(sodium_base64_ENCODED_LEN(KEY_PUBLIC, VARIANT) <= KEY_FINGERPRINT + 8, "room for the text");

/* ---- texts ---- */

static int from_base64(const char *text, uint8_t *octets, size_t count)
{
    size_t length;
    const char *end;
    if (sodium_base642bin(octets, count, text, strlen(text), NULL, &length, &end, VARIANT)) return -EINVAL;
    return *end || length != count ? -EINVAL : 0;
}

int key_parse_public(const char *text, uint8_t octets[KEY_PUBLIC])
{
    return from_base64(text, octets, KEY_PUBLIC);
}

void key_print_public(const uint8_t octets[KEY_PUBLIC], char text[KEY_FINGERPRINT + 8])
{
    sodium_bin2base64(text, KEY_FINGERPRINT + 8, octets, KEY_PUBLIC, VARIANT);
}

void key_fingerprint(const uint8_t octets[KEY_PUBLIC], char text[KEY_FINGERPRINT])
{
    uint8_t digest[16];
    crypto_generichash(digest, sizeof digest, octets, KEY_PUBLIC, NULL, 0);
    sodium_bin2hex(text, KEY_FINGERPRINT, digest, sizeof digest);
}

int key_is_secret(const struct key *key) { return !sodium_is_zero(key->secret, sizeof key->secret); }
void key_forget(struct key *key) { sodium_memzero(key, sizeof *key); }

static int check_name(const char *name, char *why, size_t room)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t n = strlen(name);
    if (n && n < KEY_NAME && n == strspn(name, allowed) && *name != '.' && *name != '-') return 0;
    snprintf(why, room, "\"%.60s\" is no name of a key: 1 to %d letters, digits, _ . - , no dot first", name,
             KEY_NAME - 1);
    return -EINVAL;
}

/* ---- writing ---- */

static int write_line(const char *path, mode_t mode, const char *line, char *why, size_t room)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode), err = fd < 0 ? -errno : 0;
    size_t length = strlen(line);
    if (!err) {
        ssize_t done = write(fd, line, length);
        if (done != (ssize_t)length) err = done < 0 ? -errno : -EIO;
        if (close(fd) && !err) err = -errno;
        if (err) unlink(path);
    }
    if (err == -EEXIST)
        snprintf(why, room, "%s is there already: choose another name, or move it away", path);
    else if (err) snprintf(why, room, "%s: %s", path, strerror(-err));
    return err;
}

static int write_key(const char *folder, const char *ending, mode_t mode, const struct key *key,
                     const uint8_t *octets, size_t count, char *why, size_t room)
{
    char path[PATH_MAX], line[LINE_ROOM], text[LINE_ROOM / 2];
    int n = snprintf(path, sizeof path, "%s/%s.%s", folder, key->name, ending);
    if (n < 0 || (size_t)n >= sizeof path) {
        snprintf(why, room, "the folder's path is too long");
        return -ENAMETOOLONG;
    }
    sodium_bin2base64(text, sizeof text, octets, count, VARIANT);
    snprintf(line, sizeof line, "vvm-%s %s %s\n", *ending == 'k' ? "secret" : "public", key->name, text);
    int err = write_line(path, mode, line, why, room);
    sodium_memzero(line, sizeof line);
    sodium_memzero(text, sizeof text);
    return err;
}

int key_generate(const char *folder, const char *name, struct key *key, char *why, size_t room)
{
    char path[PATH_MAX];
    *key = (struct key){0};
    int err = check_name(name, why, room);
    if (err) return err;
    if (sodium_init() < 0) {
        snprintf(why, room, "no random numbers from the system");
        return -EIO;
    }
    snprintf(key->name, sizeof key->name, "%s", name);
    crypto_sign_keypair(key->public, key->secret);
    err = write_key(folder, "key", 0600, key, key->secret, KEY_SECRET, why, room);
    if (err) return err;
    err = write_key(folder, "pub", 0644, key, key->public, KEY_PUBLIC, why, room);
    if (err && snprintf(path, sizeof path, "%s/%s.key", folder, name) < (int)sizeof path)
        unlink(path); /* a pair or nothing */
    return err;
}

/* ---- reading ---- */

static int read_line(const char *path, char line[LINE_ROOM], struct stat *s)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
    if (fd < 0) return -errno;
    ssize_t n = fstat(fd, s) || !S_ISREG(s->st_mode) ? -1 : read(fd, line, LINE_ROOM - 1);
    if (n < 0) err = -EINVAL;
    else line[n] = 0;
    close(fd);
    return err;
}

static int parse_line(const char *line, const struct stat *s, struct key *key, const char **what)
{
    char kind[16], text[LINE_ROOM / 2], rest, none[1];
    *what = "is no key file: it has one line, vvm-public NAME KEY or vvm-secret NAME KEY";
    if (sscanf(line, "vvm-%15s %63s %127s %c", kind, key->name, text, &rest) != 3) return -EINVAL;
    if (check_name(key->name, none, 0)) return -EINVAL;
    if (strcmp(kind, "public") == 0) return from_base64(text, key->public, KEY_PUBLIC);
    if (strcmp(kind, "secret") || from_base64(text, key->secret, KEY_SECRET)) return -EINVAL;
    memcpy(key->public, key->secret + KEY_SECRET - KEY_PUBLIC, KEY_PUBLIC);
    *what = "others may read this secret key: chmod 600, and make another if they did";
    return s->st_mode & 077 ? -EACCES : 0;
}

int key_read(const char *path, struct key *key, char *why, size_t room)
{
    char line[LINE_ROOM];
    struct stat s = {0};
    const char *what;
    *key = (struct key){0};
    int err = read_line(path, line, &s);
    if (err) {
        snprintf(why, room, "%s: %s", path, err == -EINVAL ? "this is no file of a key" : strerror(-err));
        return err;
    }
    err = parse_line(line, &s, key, &what);
    sodium_memzero(line, sizeof line);
    if (!err) return 0;
    key_forget(key);
    snprintf(why, room, "%s: %s", path, what);
    return err;
}
