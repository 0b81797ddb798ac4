/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h - octets as JSON text and back (RFC 4648, padded, no line breaks). */
#ifndef VVMD_BASE64_H
#define VVMD_BASE64_H

#include <stddef.h>
#include <stdint.h>

/** The text, malloc'd; NULL: no memory. */
char *base64_text(const uint8_t *octets, size_t length);
/** The octets, malloc'd, their number in *length; NULL: the text is no such, or no memory. */
uint8_t *base64_octets(const char *text, size_t text_length, size_t *length);

#endif
