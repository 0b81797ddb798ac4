/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_text(const uint8_t *octets, size_t length)
{
    char *text = malloc((length + 2) / 3 * 4 + 1), *to = text;
    size_t i;

    if (!text) return NULL;
    for (i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t three = (uint32_t)octets[i] << 16 | (left > 1 ? (uint32_t)octets[i + 1] << 8 : 0) |
                         (left > 2 ? octets[i + 2] : 0);

        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = left > 1 ? digits[three >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[three & 63] : '=';
    }
    *to = '\0';
    return text;
}

static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

uint8_t *base64_octets(const char *text, size_t text_length, size_t *length)
{
    size_t padding = 0, i, used = 0;
    uint32_t bits = 0;
    uint8_t *octets;

    if (text_length % 4) return NULL;
    while (padding < 2 && text_length > padding && text[text_length - padding - 1] == '=') padding++;
    octets = malloc(text_length / 4 * 3 + 1);
    for (i = 0; octets && i < text_length - padding; i++) {
        int value = digit_value(text[i]);

        if (value < 0) {
            free(octets);
            return NULL;
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4) octets[used++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    *length = used;
    return octets;
}
