/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - values as people write them, in options and in configuration files.
 *
 * Each function takes the whole text (no blanks around it, nothing after it) and stores
 * only if it is good. Arithmetic is exact: what does not come out as a whole number of
 * the unit that is stored is refused, never rounded.
 */
#ifndef VVMD_VALUE_H
#define VVMD_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/** Decimal digits, at most `most`. */
bool value_number(const char *text, uint64_t most, uint64_t *value);
/** IPv4 a.b.c.d, in host order. */
bool value_address(const char *text, uint32_t *address);
/** a.b.c.d or a.b.c.d/n; without /n the length is 32 and *has_length false. */
bool value_prefix(const char *text, uint32_t *address, uint8_t *length, bool *has_length);
/** a.b.c.d:port or [v6]:port, port 0 to 65535. No names: nobody is asked. */
bool value_socket(const char *text, struct sockaddr_storage *socket, socklen_t *length);
/** Is it the socket of one host, which datagrams can come from? Not "any", a group or port 0. */
bool value_is_host(const struct sockaddr_storage *socket);
/** 5ns 20us 1.5ms 2s, or 0; nanoseconds. */
bool value_duration(const char *text, uint64_t *nanoseconds);
/** 1% 0.1% or the chance itself, 0 to 1; parts in a million. */
bool value_chance(const char *text, uint32_t *millionths);
/** 64000 64k 10M 1.5G, also with bit/s behind; bits a second. */
bool value_rate(const char *text, uint64_t *bits);
/** 1500 64KiB 1MiB; octets. */
bool value_size(const char *text, uint64_t most, uint64_t *octets);
/** Permissions in octal, 0 to 0777, with or without a leading 0 or 0o. */
bool value_mode(const char *text, unsigned *mode);
/** True, false, yes, no, on, off. */
bool value_truth(const char *text, bool *truth);

#endif
