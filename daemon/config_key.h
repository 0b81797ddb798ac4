/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_key.h - tables of keys: what the parts of the configuration reader share.
 *
 * A map of the file is read by a table. One row is one key: its name, what its value is,
 * where it goes, what it is good for. The same rows make the errors, and a test holds
 * config/vvmd.schema.json against them.
 *
 * All functions return 0, or -errno with one line in reader->why:
 * "FILE:LINE:COLUMN: [node NAME: ]what; what to do".
 */
#ifndef VVMD_CONFIG_KEY_H
#define VVMD_CONFIG_KEY_H

#include "config.h"
#include "engine/nearest.h"
#include "region.h"
#include "tree.h"

#define CONFIG_ROUTES     1024 /* of a node, written in the file */
#define CONFIG_VMLETS     64
#define CONFIG_FOLDERS    32
#define CONFIG_PARAMETERS 64   /* of a VMlet */
#define CONFIG_SOCKET     108  /* octets of a control socket's path, with its NUL */
#define CONFIG_PATH       4096 /* octets of a path, with its NUL */

struct config_reader {
    struct config *config;
    const char *folder; /* of the file: "" or with a slash at its end */
    const struct tree *defaults;
    const char *node; /* that is being read, for messages; or NULL */
    const char *list; /* key of the list that is being read, likewise */
    bool shortest;    /* routing */
    char *why;
    size_t room;
};

enum key_kind {
    KEY_PART,     /* `read` reads it */
    KEY_NAME,     /* const char *; letters, digits, _ . - and shorter than PORT_NAME */
    KEY_INPUT,    /* const char *; a path from the file's folder */
    KEY_OUTPUT,   /* const char *; a path from the working directory */
    KEY_NUMBER,   /* uint32_t */
    KEY_SEED,     /* uint64_t */
    KEY_SIZE,     /* uint32_t, octets */
    KEY_CHANCE,   /* uint32_t, parts in a million */
    KEY_DURATION, /* uint64_t, nanoseconds */
    KEY_RATE,     /* uint64_t, bits a second */
    KEY_MODE,     /* unsigned */
    KEY_TRUTH,    /* bool */
    KEY_PREFIX,   /* struct config_prefix without bits behind its length */
    KEY_ADDRESS,  /* uint32_t, of one node */
};

struct config_key {
    const char *name;
    enum key_kind kind;
    size_t offset;        /* in the object that the map becomes */
    uint64_t least, most; /* of numbers of any kind, as stored; most 0: any */
    const char *range;    /* the same for people */
    const char *only;     /* kinds of ports that know this key, blanks between them; NULL: all */
    bool required;
    int (*read)(struct config_reader *reader, void *object, const struct tree *value); /* KEY_PART */
    const char *help;
};

struct config_table {
    const char *name; /* in the schema */
    const char *what; /* in messages: "a node" */
    const struct config_key *keys;
    unsigned count;
};
#define CONFIG_TABLE(name, what, keys)                                                                       \
    {                                                                                                        \
        name, what, keys, sizeof(keys) / sizeof *(keys)                                                      \
    }

extern const struct config_table config_file_table, config_node_table, config_control_table,
    config_port_table, config_route_table, config_link_table;
extern const struct config_table *const config_tables[]; /* all of them, NULL-terminated */

/* ---- errors ---- */

#define SHOWN 41
/** What was written, cut and made printable, in `to`. */
const char *config_show(char to[SHOWN], const char *text);
#define SHOW(text) config_show((char[SHOWN]){0}, text)

__attribute__((format(printf, 3, 4))) void config_explain(struct config_reader *reader,
                                                          struct config_place place, const char *format, ...);
/** Macros, so that whoever reads the caller sees which error it is. */
#define config_refuse(reader, place, ...) (config_explain(reader, place, __VA_ARGS__), -EINVAL)
#define config_no_memory(reader)          (config_explain(reader, (struct config_place){0}, "out of memory"), -ENOMEM)
/** "KEY: " before what is said of a value, the list's for an item; "" where there is none. */
#define CALLED_ROOM (SHOWN + 2)
const char *config_called(char to[CALLED_ROOM], const struct config_reader *reader, const struct tree *value);
#define CALLED(reader, value) config_called((char[CALLED_ROOM]){0}, reader, value)
/** Of the value itself; of its key, if it has one. */
struct config_place config_place(const struct tree *value);
struct config_place config_key_place(const struct tree *value);

/* ---- maps and lists ---- */

/** Is it a map (or nothing at all, which is an empty one) whose keys the table knows, those
 *  required among them? `port_kind`: keys that other kinds of ports know are refused too;
 *  NULL: they are not. */
int config_check_map(struct config_reader *reader, const struct tree *map, const struct config_table *table,
                     const char *port_kind);
/** Read what the map has of the table's keys, in the table's order. */
int config_read_keys(struct config_reader *reader, const struct tree *map, const struct config_table *table,
                     void *object);
/** One key's value into its field. */
int config_read_value(struct config_reader *reader, const struct config_key *key, void *object,
                      const struct tree *value);
/** A list of at most `most` items. */
int config_read_list(struct config_reader *reader, const struct tree *list, unsigned most,
                     int (*read)(struct config_reader *reader, void *object, const struct tree *item),
                     void *object);
/** A map with at least one and at most `most` entries. */
int config_check_entries(struct config_reader *reader, const struct tree *map, unsigned most,
                         const char *entry);

/* ---- scalars ---- */

/** The words of a scalar, which is not empty. */
int config_scalar(struct config_reader *reader, const struct tree *value, const char **text);
/** Is `name` a name? `what` says of what, `place` where it stands. */
int config_check_name(struct config_reader *reader, const char *name, struct config_place place,
                      const char *what);
int config_read_name(struct config_reader *reader, const struct tree *value, const char **name);
int config_read_prefix(struct config_reader *reader, const struct tree *value, struct config_prefix *prefix);
/** A or A/N, A an address of one node. */
int config_read_interface(struct config_reader *reader, const struct tree *value,
                          struct config_prefix *prefix);
int config_read_address(struct config_reader *reader, const struct tree *value, uint32_t *address);
int config_read_socket(struct config_reader *reader, const struct tree *value,
                       struct sockaddr_storage *socket, socklen_t *length);
/** The same, of one host. */
int config_read_peer(struct config_reader *reader, const struct tree *value, struct sockaddr_storage *socket,
                     socklen_t *length);
/** One of some words (NULL-terminated); its number. */
int config_read_choice(struct config_reader *reader, const struct tree *value, const char *const *words,
                       unsigned *choice);
/** A path from the file's folder; "-" stays. */
int config_input_path(struct config_reader *reader, const struct tree *value, const char **path);
/** May an address be that of one node? "0.0.0.0" and groups may not. */
bool config_is_unicast(uint32_t address);
/** The octets a.b.c.d of an address, in `to`. */
#define ADDRESS_TEXT 16
const char *config_show_address(char to[ADDRESS_TEXT], uint32_t address);
#define SHOW_ADDRESS(address) config_show_address((char[ADDRESS_TEXT]){0}, address)
uint32_t config_mask(uint8_t length);

/* What a link does, as rows; the object begins with a struct config_port. */
#define CONFIG_OPTION(name) .offset = offsetof(struct config_port, options.name)
#define CONFIG_IMPAIRMENT_KEYS                                                                               \
    {.name = "mtu",                                                                                          \
     .kind = KEY_SIZE,                                                                                       \
     CONFIG_OPTION(mtu),                                                                                     \
     .least = 68,                                                                                            \
     .most = 65535,                                                                                          \
     .range = "68 to 65535",                                                                                 \
     .help = "largest packet of the link, octets"},                                                          \
        {.name = "loss",                                                                                     \
         .kind = KEY_CHANCE,                                                                                 \
         CONFIG_OPTION(impairment.loss),                                                                     \
         .help = "chance that a packet is lost, as 0.1% or 0.001"},                                          \
        {.name = "duplicate",                                                                                \
         .kind = KEY_CHANCE,                                                                                 \
         CONFIG_OPTION(impairment.duplicate),                                                                \
         .help = "chance that a packet arrives twice"},                                                      \
        {.name = "reorder",                                                                                  \
         .kind = KEY_CHANCE,                                                                                 \
         CONFIG_OPTION(impairment.reorder),                                                                  \
         .help = "chance that a packet does not wait for its delay"},                                        \
        {.name = "delay",                                                                                    \
         .kind = KEY_DURATION,                                                                               \
         CONFIG_OPTION(impairment.delay),                                                                    \
         .most = UINT64_C(3600000000000),                                                                    \
         .range = "0 to 3600s",                                                                              \
         .help = "how long a packet is under way, as 5ms"},                                                  \
        {.name = "jitter",                                                                                   \
         .kind = KEY_DURATION,                                                                               \
         CONFIG_OPTION(impairment.jitter),                                                                   \
         .most = UINT64_C(3600000000000),                                                                    \
         .range = "0 to 3600s",                                                                              \
         .help = "the delay is up to so much shorter or longer"},                                            \
        {.name = "rate",                                                                                     \
         .kind = KEY_RATE,                                                                                   \
         CONFIG_OPTION(impairment.rate),                                                                     \
         .least = 1000,                                                                                      \
         .most = UINT64_C(1000000000000),                                                                    \
         .range = "1k to 1000G",                                                                             \
         .help = "bits a second that the link carries, as 10M"},                                             \
        {.name = "queue",                                                                                    \
         .kind = KEY_NUMBER,                                                                                 \
         CONFIG_OPTION(impairment.queue),                                                                    \
         .least = 1,                                                                                         \
         .most = 65536,                                                                                      \
         .range = "1 to 65536",                                                                              \
         .help = "packets that may wait for the link at one time"},                                          \
    {                                                                                                        \
        .name = "seed", .kind = KEY_SEED, CONFIG_OPTION(impairment.seed),                                    \
        .help = "of the link's random numbers"                                                               \
    }

/* ---- parts, in the order in which they are read ---- */

/** The number of a node, or a refusal that names the nearest. */
int config_node_called(struct config_reader *reader, const char *name, struct config_place place,
                       unsigned *node);
int config_read_nodes(struct config_reader *reader, const struct tree *nodes);
int config_read_ports(struct config_reader *reader, struct config_node *node, const struct tree *ports);
/** One more port of the node; its name may not be another's. */
int config_append_port(struct config_reader *reader, struct config_node *node,
                       const struct config_port *port);
int config_read_links(struct config_reader *reader, const struct tree *links);
/** Cables have two ends, which then know each other. */
int config_join_cables(struct config_reader *reader);
int config_check_clashes(struct config_reader *reader);
int config_read_all_routes(struct config_reader *reader, const struct tree *nodes);
int config_read_routes(struct config_reader *reader, struct config_node *node, const struct tree *routes);
/** A route to each network of a port, unless the file has one. */
int config_add_networks(struct config_reader *reader);
/** Delay and what needs one. */
int config_check_impairment(struct config_reader *reader, const struct tree *map,
                            const struct impairment *impairment);

#endif
