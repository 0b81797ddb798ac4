/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_sign.c - signatures of images: made, and looked at before anything else of an image
 * that came from somebody.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "key.h"

static_assert(IMAGE_SEAL == KEY_PUBLIC + KEY_SIGNATURE, "what stands at the end of a signed image");

enum { FLAGS_AT = 6 }; /* behind the magic and the version */

static bool is_signed(const uint8_t *image, size_t octets)
{
    return octets > FLAGS_AT + IMAGE_SEAL && !memcmp(image, IMAGE_MAGIC, 4) && image[FLAGS_AT] & IMAGE_SIGNED;
}

enum image_seal image_check(const uint8_t *image, size_t octets, const uint8_t **signer)
{
    if (!is_signed(image, octets)) return IMAGE_UNSIGNED;
    const uint8_t *signature = image + octets - KEY_SIGNATURE;
    *signer = signature - KEY_PUBLIC;
    return crypto_sign_verify_detached(signature, image, octets - KEY_SIGNATURE, *signer) ? IMAGE_BROKEN
                                                                                          : IMAGE_SEALED;
}

int image_sign(const uint8_t *image, size_t octets, const struct key *key, uint8_t **out, size_t *length,
               char *why, size_t room)
{
    if (octets <= FLAGS_AT || memcmp(image, IMAGE_MAGIC, 4)) {
        snprintf(why, room, "this is no image: vvm compile makes one from a source");
        return -EINVAL;
    }
    if (!key_is_secret(key)) {
        snprintf(why, room, "the key %s is a public one: images are signed with the secret key", key->name);
        return -EINVAL;
    }
    size_t body = is_signed(image, octets) ? octets - IMAGE_SEAL : octets;
    uint8_t *copy = malloc(body + IMAGE_SEAL);
    if (!copy) {
        snprintf(why, room, "out of memory");
        return -ENOMEM;
    }
    memcpy(copy, image, body);
    copy[FLAGS_AT] |= IMAGE_SIGNED;
    memcpy(copy + body, key->public, KEY_PUBLIC);
    crypto_sign_detached(copy + body + KEY_PUBLIC, NULL, copy, body + KEY_PUBLIC, key->secret);
    *out = copy;
    *length = body + IMAGE_SEAL;
    return 0;
}
