/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - text to addresses, amounts and the like. */
#include "value.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define FRACTION_DIGITS 9 /* 10^9 units at most in one of the written kind */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool value_number(const char *text, uint64_t most, uint64_t *value)
{
    uint64_t sum = 0;

    if (!is_digit(*text)) return false;
    for (; is_digit(*text); text++)
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, *text - '0', &sum))
            return false;
    if (*text || sum > most) return false;
    *value = sum;
    return true;
}

/* ---- addresses ---- */

bool value_address(const char *text, uint32_t *address)
{
    struct in_addr in;

    if (inet_pton(AF_INET, text, &in) != 1) return false;
    *address = ntohl(in.s_addr);
    return true;
}

bool value_prefix(const char *text, uint32_t *address, uint8_t *length, bool *has_length)
{
    const char *slash = strchrnul(text, '/');
    uint64_t bits = 32;
    uint32_t result;
    char copy[INET_ADDRSTRLEN];

    if ((size_t)(slash - text) >= sizeof copy) return false;
    memcpy(copy, text, (size_t)(slash - text));
    copy[slash - text] = '\0';
    if (!value_address(copy, &result) || (*slash && !value_number(slash + 1, 32, &bits))) return false;
    *address = result;
    *length = (uint8_t)bits;
    *has_length = *slash != '\0';
    return true;
}

static bool socket_v4(const char *host, uint16_t port, struct sockaddr_storage *socket, socklen_t *length)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (inet_pton(AF_INET, host, &in.sin_addr) != 1) return false;
    *socket = (struct sockaddr_storage){0};
    memcpy(socket, &in, sizeof in);
    *length = sizeof in;
    return true;
}

static bool socket_v6(const char *host, uint16_t port, struct sockaddr_storage *socket, socklen_t *length)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1) return false;
    *socket = (struct sockaddr_storage){0};
    memcpy(socket, &in, sizeof in);
    *length = sizeof in;
    return true;
}

bool value_socket(const char *text, struct sockaddr_storage *socket, socklen_t *length)
{
    const char *colon = strrchr(text, ':');
    bool v6 = *text == '[';
    const char *end; /* of the host's address */
    size_t octets;
    uint64_t port;
    char host[INET6_ADDRSTRLEN];

    if (!colon || colon - text <= v6 || !value_number(colon + 1, UINT16_MAX, &port)) return false;
    end = colon - v6;
    if (v6 && *end != ']') return false;
    octets = (size_t)(end - text) - v6;
    if (octets >= sizeof host) return false;
    memcpy(host, text + v6, octets);
    host[octets] = '\0';
    return v6 ? socket_v6(host, (uint16_t)port, socket, length)
              : socket_v4(host, (uint16_t)port, socket, length);
}

bool value_is_host(const struct sockaddr_storage *socket)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)socket;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)socket;
    uint32_t address = ntohl(in->sin_addr.s_addr);

    if (socket->ss_family == AF_INET6)
        return in6->sin6_port != 0 && !IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr) &&
               !IN6_IS_ADDR_MULTICAST(&in6->sin6_addr) && !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
    return in->sin_port != 0 && address != 0 && address < 0xe0000000;
}

/* ---- amounts ---- */

struct unit {
    const char *name;
    uint64_t worth;
};

/* "12.5" of something that is worth `worth`, which must come out even. */
static bool scale(const char *digits, size_t whole, const char *fraction, size_t fraction_digits,
                  uint64_t worth, uint64_t *value)
{
    uint64_t sum = 0, part = 0, power = 1;
    size_t i;

    for (i = 0; i < whole; i++)
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, digits[i] - '0', &sum))
            return false;
    for (i = 0; i < fraction_digits; i++, power *= 10) part = part * 10 + (uint64_t)(fraction[i] - '0');
    if (__builtin_mul_overflow(sum, worth, &sum)) return false;
    part *= worth; /* both at most 10^9 */
    if (part % power != 0 || __builtin_add_overflow(sum, part / power, &sum)) return false;
    *value = sum;
    return true;
}

static bool value_amount(const char *text, const struct unit *units, uint64_t *value)
{
    size_t whole = strspn(text, "0123456789"), fraction_digits = 0;
    const char *fraction = text + whole, *unit = fraction;

    if (whole == 0) return false;
    if (*fraction == '.') {
        fraction_digits = strspn(++fraction, "0123456789");
        if (fraction_digits == 0 || fraction_digits > FRACTION_DIGITS) return false;
        unit = fraction + fraction_digits;
    }
    for (; units->name; units++)
        if (strcmp(unit, units->name) == 0)
            return scale(text, whole, fraction, fraction_digits, units->worth, value);
    return false;
}

bool value_duration(const char *text, uint64_t *nanoseconds)
{
    static const struct unit units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {0}};

    if (strcmp(text, "0") != 0) return value_amount(text, units, nanoseconds);
    *nanoseconds = 0;
    return true;
}

bool value_chance(const char *text, uint32_t *millionths)
{
    static const struct unit units[] = {{"%", 10000}, {"", 1000000}, {0}};
    uint64_t value;

    if (!value_amount(text, units, &value) || value > 1000000) return false;
    *millionths = (uint32_t)value;
    return true;
}

bool value_rate(const char *text, uint64_t *bits)
{
    static const struct unit units[] = {
        {"", 1},      {"k", 1000},      {"M", 1000000},      {"G", 1000000000},
        {"bit/s", 1}, {"kbit/s", 1000}, {"Mbit/s", 1000000}, {"Gbit/s", 1000000000},
        {0}};

    return value_amount(text, units, bits);
}

bool value_size(const char *text, uint64_t most, uint64_t *octets)
{
    static const struct unit units[] = {{"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {0}};
    uint64_t value;

    if (!value_amount(text, units, &value) || value > most) return false;
    *octets = value;
    return true;
}

/* ---- the rest ---- */

bool value_mode(const char *text, unsigned *mode)
{
    unsigned value = 0;

    if (text[0] == '0' && text[1] == 'o') text += 2;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '7' || value > 077) return false;
        value = value * 8 + (unsigned)(*text - '0');
    }
    *mode = value;
    return true;
}

bool value_truth(const char *text, bool *truth)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    unsigned i;

    for (i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *truth = i % 2 == 1;
        return true;
    }
    return false;
}
