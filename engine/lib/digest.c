/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.c - digests of octets: BLAKE2b without a key, by libsodium.
 *
 * A digest names code and data that come from strangers, so it is one that nobody can
 * forge. Its fuel follows what it costs: a first block of 128 octets, then a unit an
 * octet, about as long as an instruction takes.
 */
#include <sodium/crypto_generichash_blake2b.h>

#include "octets.h"

enum { DIGEST_LEAST = 16, DIGEST_MOST = 64 };
static_assert(DIGEST_LEAST == crypto_generichash_blake2b_BYTES_MIN, "what libsodium takes");
static_assert(DIGEST_MOST == crypto_generichash_blake2b_BYTES_MAX, "what libsodium takes");

/* (blake2b size octets) */
PRIMITIVE_FN(blake2b)
{
    uint64_t length;
    size_t size;
    enum access_error why = ACCESS_OK;
    if (!index_argument(ctx, "blake2b", args, 0, DIGEST_MOST, &size)) return VALUE_EXCEPTION;
    if (size < DIGEST_LEAST)
        return raise_message(ctx, ERROR_RANGE, args[0], "blake2b: a digest has 16 to 64 octets");
    if (!octets_length(args[1], &length, &why)) return octets_raise(ctx, why, "blake2b", 1, args);
    if (!fuel_charge(ctx, length)) return VALUE_EXCEPTION;
    vvm_value digest = make_bytes(ctx, size);
    if (digest == VALUE_EXCEPTION) return digest;
    const uint8_t *at = octets_all(args[1], &length, &why);
    if (!at) return octets_raise(ctx, why, "blake2b", 1, args);
    if (crypto_generichash_blake2b(bytes_of(digest)->data, size, at, length, NULL, 0))
        return raise_error(ctx, ERROR_RANGE, args[0]);
    return digest;
}

static const struct primitive_row rows[] = {
    PRIMITIVE("blake2b", blake2b, 2, 2, 160, EFFECT_ALLOCATE, "size bytes -> bytevector",
              "BLAKE2b digest of 16 to 64 octets, without a key."),
};

int digest_primitives(struct vvm_node *node) { return primitives_register(node, ROWS(rows)); }
