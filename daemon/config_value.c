/* SPDX-License-Identifier: Apache-2.0 */
/* config_value.c - scalars of the file into fields, by the kind of their key. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config_key.h"
#include "value.h"

/* What a kind of value is called, and how it is written. */
static const struct {
    const char *noun, *example;
} kinds[] = {
    [KEY_PART] = {"a value", ""},
    [KEY_NAME] = {"a name", "fewer than 32 letters, digits and _ . - (. and - not first)"},
    [KEY_INPUT] = {"a path", "a path shorter than 4096 octets"},
    [KEY_OUTPUT] = {"a path", "a path shorter than 4096 octets"},
    [KEY_NUMBER] = {"a number", "digits"},
    [KEY_SEED] = {"a number", "digits"},
    [KEY_SIZE] = {"a size", "octets: 1500 or 64KiB"},
    [KEY_CHANCE] = {"a chance", "0.1% or 0.001, in steps of one in a million, at most 100%"},
    [KEY_DURATION] = {"a duration", "5ns 20us 1.5ms or 2s"},
    [KEY_RATE] = {"a rate", "bits a second: 64000 64k 10M or 1Gbit/s"},
    [KEY_MODE] = {"a mode", "octal permissions as 0600, at most 0777"},
    [KEY_TRUTH] = {"true or false", "true or false"},
    [KEY_PREFIX] = {"a prefix", "an IPv4 prefix with zeroes behind its length, as 192.0.2.0/24"},
    [KEY_ADDRESS] = {"an address", "an IPv4 address of one node, as 192.0.2.1"},
};

/* ---- texts ---- */

int config_scalar(struct config_reader *reader, const struct tree *value, const char **text)
{
    if (value->kind != TREE_SCALAR)
        return config_refuse(reader, config_place(value), "%sis a %s; write one value", CALLED(reader, value),
                             value->kind == TREE_LIST ? "list" : "map");
    if (!*value->text)
        return config_refuse(reader, config_place(value), "%sis empty; write a value, or leave it out",
                             CALLED(reader, value));
    *text = value->text;
    return 0;
}

static int refuse_value(struct config_reader *reader, const struct tree *value, enum key_kind kind)
{
    return config_refuse(reader, config_place(value), "%s\"%s\" is not %s; write %s", CALLED(reader, value),
                         SHOW(value->text), kinds[kind].noun, kinds[kind].example);
}

/* Names become names of sockets, files and readings: nothing odd in them. */
static bool is_name(const char *text)
{
    size_t i;

    for (i = 0; text[i]; i++) {
        bool word = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
                    (text[i] >= '0' && text[i] <= '9') || text[i] == '_';

        if (!word && (i == 0 || (text[i] != '.' && text[i] != '-'))) return false;
    }
    return i > 0 && i < PORT_NAME;
}

int config_check_name(struct config_reader *reader, const char *name, struct config_place place,
                      const char *what)
{
    if (is_name(name)) return 0;
    return config_refuse(reader, place, "\"%s\" cannot name %s; write %s", SHOW(name), what,
                         kinds[KEY_NAME].example);
}

static int keep_text(struct config_reader *reader, const char *text, const char **kept)
{
    *kept = region_text(reader->config->region, text, strlen(text));
    return *kept ? 0 : config_no_memory(reader);
}

int config_input_path(struct config_reader *reader, const struct tree *value, const char **path)
{
    bool as_is = value->text[0] == '/' || strcmp(value->text, "-") == 0;
    char joined[CONFIG_PATH];
    int length = snprintf(joined, sizeof joined, "%s%s", as_is ? "" : reader->folder, value->text);

    if (length < 0 || (size_t)length >= sizeof joined) return refuse_value(reader, value, KEY_INPUT);
    return keep_text(reader, joined, path);
}

int config_read_name(struct config_reader *reader, const struct tree *value, const char **name)
{
    const char *text;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    return is_name(text) ? keep_text(reader, text, name) : refuse_value(reader, value, KEY_NAME);
}

static int store_output(struct config_reader *reader, const struct tree *value, const char **path)
{
    if (strlen(value->text) >= CONFIG_PATH) return refuse_value(reader, value, KEY_OUTPUT);
    return keep_text(reader, value->text, path);
}

/* ---- addresses ---- */

bool config_is_unicast(uint32_t address) { return address != 0 && address < 0xe0000000; }

uint32_t config_mask(uint8_t length) { return length == 0 ? 0 : UINT32_MAX << (32 - length); }

const char *config_show_address(char to[ADDRESS_TEXT], uint32_t address)
{
    snprintf(to, ADDRESS_TEXT, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
             address & 255);
    return to;
}

int config_read_prefix(struct config_reader *reader, const struct tree *value, struct config_prefix *prefix)
{
    const char *text;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    if (!value_prefix(text, &prefix->address, &prefix->length, &prefix->has_length) ||
        (prefix->address & ~config_mask(prefix->length)) != 0)
        return refuse_value(reader, value, KEY_PREFIX);
    prefix->place = config_place(value);
    return 0;
}

int config_read_interface(struct config_reader *reader, const struct tree *value,
                          struct config_prefix *prefix)
{
    const char *text;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    if (!value_prefix(text, &prefix->address, &prefix->length, &prefix->has_length) ||
        !config_is_unicast(prefix->address))
        return refuse_value(reader, value, KEY_ADDRESS);
    prefix->place = config_place(value);
    return 0;
}

int config_read_address(struct config_reader *reader, const struct tree *value, uint32_t *address)
{
    const char *text;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    if (!value_address(text, address) || !config_is_unicast(*address))
        return refuse_value(reader, value, KEY_ADDRESS);
    return 0;
}

int config_read_socket(struct config_reader *reader, const struct tree *value,
                       struct sockaddr_storage *socket, socklen_t *length)
{
    const char *text;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    if (value_socket(text, socket, length) && ((const struct sockaddr_in *)socket)->sin_port != 0) return 0;
    return config_refuse(reader, config_place(value),
                         "%s\"%s\" is not a socket; write 127.0.0.1:3322 or [::1]:3322",
                         CALLED(reader, value), SHOW(text));
}

int config_read_peer(struct config_reader *reader, const struct tree *value, struct sockaddr_storage *socket,
                     socklen_t *length)
{
    int err = config_read_socket(reader, value, socket, length);

    if (err || value_is_host(socket)) return err;
    return config_refuse(reader, config_place(value),
                         "%s\"%s\" is not the socket of one host; write its own address",
                         CALLED(reader, value), SHOW(value->text));
}

int config_read_choice(struct config_reader *reader, const struct tree *value, const char *const *words,
                       unsigned *choice)
{
    struct nearest nearest = {0};
    const char *text;
    int err = config_scalar(reader, value, &text);

    if (err) return err;
    nearest.word = text;
    for (*choice = 0; words[*choice]; ++*choice) {
        if (strcmp(text, words[*choice]) == 0) return 0;
        nearest_try(&nearest, words[*choice]);
    }
    return config_refuse(reader, config_place(value), "%s: \"%s\" is not known; the nearest is %s",
                         SHOW(value->key), SHOW(text), nearest.best);
}

/* ---- amounts ---- */

/* Any of the kinds that are numbers in the end; their width in octets in *width. */
static bool parse_amount(enum key_kind kind, const char *text, uint64_t *value, size_t *width)
{
    uint32_t millionths = 0;
    unsigned mode = 0;
    bool truth = false, good;

    *width = sizeof(uint32_t);
    switch (kind) {
    case KEY_NUMBER: return value_number(text, UINT32_MAX, value);
    case KEY_SIZE: return value_size(text, UINT32_MAX, value);
    case KEY_CHANCE: good = value_chance(text, &millionths), *value = millionths; return good;
    case KEY_MODE: good = value_mode(text, &mode), *value = mode; return good;
    case KEY_TRUTH: good = value_truth(text, &truth), *value = truth, *width = sizeof(bool); return good;
    case KEY_SEED: *width = sizeof(uint64_t); return value_number(text, UINT64_MAX, value);
    case KEY_DURATION: *width = sizeof(uint64_t); return value_duration(text, value);
    case KEY_RATE: *width = sizeof(uint64_t); return value_rate(text, value);
    default: return false;
    }
}

static void store_amount(void *field, uint64_t value, size_t width)
{
    if (width == sizeof(uint64_t)) *(uint64_t *)field = value;
    else if (width == sizeof(uint32_t)) *(uint32_t *)field = (uint32_t)value;
    else *(bool *)field = value != 0;
}

static int read_amount(struct config_reader *reader, const struct config_key *key, void *field,
                       const struct tree *value)
{
    uint64_t amount;
    size_t width;

    if (!parse_amount(key->kind, value->text, &amount, &width)) return refuse_value(reader, value, key->kind);
    if (key->most > 0 && (amount < key->least || amount > key->most))
        return config_refuse(reader, config_place(value), "%s: \"%s\" is out of range; write %s", key->name,
                             SHOW(value->text), key->range);
    store_amount(field, amount, width);
    return 0;
}

int config_read_value(struct config_reader *reader, const struct config_key *key, void *object,
                      const struct tree *value)
{
    void *field = (char *)object + key->offset;
    const char *text;
    int err;

    if (key->kind == KEY_PART) return key->read(reader, object, value);
    err = config_scalar(reader, value, &text);
    if (err) return err;
    switch (key->kind) {
    case KEY_NAME: return config_read_name(reader, value, field);
    case KEY_INPUT: return config_input_path(reader, value, field);
    case KEY_OUTPUT: return store_output(reader, value, field);
    case KEY_PREFIX: return config_read_prefix(reader, value, field);
    case KEY_ADDRESS: return config_read_address(reader, value, field);
    default: return read_amount(reader, key, field, value);
    }
}
