/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - ed25519 keys in files, and signatures of images.
 *
 * A key is one line: "vvm-public NAME BASE64" in NAME.pub, "vvm-secret NAME BASE64" in
 * NAME.key. A router reads public ones only.
 *
 * A signed image ends in the signer's public key and a signature of everything before the
 * signature: the image's octets, its flag IMAGE_SIGNED among them, and that key.
 *
 * Functions give 0 or -errno with one line in `why`. They may be called on any thread.
 */
#ifndef VVM_KEY_H
#define VVM_KEY_H

#include <stddef.h>
#include <stdint.h>

#define KEY_PUBLIC      32
#define KEY_SECRET      64
#define KEY_SIGNATURE   64
#define KEY_NAME        64 /* octets of a key's name, with its NUL */
#define KEY_FINGERPRINT 40 /* octets of a fingerprint's text, with its NUL */

struct key {
    char name[KEY_NAME];
    uint8_t public[KEY_PUBLIC];
    uint8_t secret[KEY_SECRET]; /* zeros if it is not known */
};

/** A new pair, written to FOLDER/NAME.key (mode 0600) and FOLDER/NAME.pub. Refuses to write
 *  over a file. The name has letters, digits, _ . - only. */
int key_generate(const char *folder, const char *name, struct key *key, char *why, size_t room);
/** Read either kind of file; the kind by what it says. -EACCES if a secret key may be read
 *  by others. */
int key_read(const char *path, struct key *key, char *why, size_t room);
/** A public key as it stands in a file or a policy: BASE64. -EINVAL. */
int key_parse_public(const char *text, uint8_t octets[KEY_PUBLIC]);
void key_print_public(const uint8_t octets[KEY_PUBLIC], char text[KEY_FINGERPRINT + 8]);
/** Of a public key: 32 hexadecimal digits, for people to compare. */
void key_fingerprint(const uint8_t octets[KEY_PUBLIC], char text[KEY_FINGERPRINT]);
/** Does it hold a secret key? */
int key_is_secret(const struct key *key);
/** Forget what it held. */
void key_forget(struct key *key);

/* ---- images ---- */

enum image_seal { IMAGE_UNSIGNED, IMAGE_SEALED, IMAGE_BROKEN }; /* broken: the octets were altered */

/** Has the image a signature, and does it fit its octets? If so *signer points to the public
 *  key in it. Any octets are safe to pass. */
enum image_seal image_check(const uint8_t *image, size_t octets, const uint8_t **signer);
/** A signed copy of an image, in place of a signature that it has; malloc'd. */
int image_sign(const uint8_t *image, size_t octets, const struct key *key, uint8_t **out, size_t *length,
               char *why, size_t room);

#endif
