/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the table of vvmd's options and what reads it. */
#include "options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

enum option_type {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_NUMBER,
    OPTION_ADDRESSES, /* from here on lists */
    OPTION_ROUTES,
    OPTION_NAMES,
    OPTION_LINK_ENDS,
};

/* Which way to run an option belongs to. */
enum option_mode { MODE_BOTH, MODE_REPLAY, MODE_CONFIG };

struct option_row {
    const char *name;
    char letter; /* 0: none */
    enum option_type type;
    enum option_mode mode;
    size_t offset; /* in struct settings */
    const char *environment, *metavar, *help;
};

#define ROW(name, letter, type, mode, field, environment, metavar, help)                                     \
    {                                                                                                        \
        name, letter, type, mode, offsetof(struct settings, field), environment, metavar, help               \
    }
static const struct option_row rows[] = {
    ROW("config", 'c', OPTION_TEXT, MODE_CONFIG, config_path, "VVMD_CONFIG", "FILE",
        "run nodes of the network that this file describes (- is stdin)"),
    ROW("node", 'n', OPTION_NAMES, MODE_CONFIG, nodes, "VVMD_NODE", "NAME", "which of its nodes"),
    ROW("control", 0, OPTION_TEXT, MODE_CONFIG, control, "VVMD_CONTROL", "PATH",
        "the control socket; none: there is none"),
    ROW("link", 0, OPTION_LINK_ENDS, MODE_CONFIG, links, "VVMD_LINK", "N.E=HERE,THERE",
        "sockets of end E of link N, both from 0; HERE may be fd:NUMBER"),
    ROW("check", 0, OPTION_FLAG, MODE_CONFIG, check, "VVMD_CHECK", NULL,
        "do everything but open ports, and say whether it is good"),
    ROW("exit-at-end", 'x', OPTION_FLAG, MODE_CONFIG, exit_at_end, "VVMD_EXIT_AT_END", NULL,
        "leave when all ports have ended"),
    ROW("ledger", 0, OPTION_FLAG, MODE_BOTH, ledger, "VVMD_LEDGER", NULL,
        "print the ledger at the end (a replay always does)"),
    ROW("read", 'r', OPTION_TEXT, MODE_REPLAY, read_path, "VVMD_READ", "FILE",
        "replay this capture (Ethernet; - is stdin)"),
    ROW("write", 'w', OPTION_TEXT, MODE_REPLAY, write_path, "VVMD_WRITE", "FILE",
        "record what is sent into this capture (- is stdout, the ledger then goes to stderr)"),
    ROW("address", 'a', OPTION_ADDRESSES, MODE_REPLAY, addresses, "VVMD_ADDRESS", "A[/N]",
        "an address of this node; with /N its network is on the link"),
    ROW("route", 'R', OPTION_ROUTES, MODE_REPLAY, routes, "VVMD_ROUTE", "A[/N]=HOP",
        "the next hop of a destination prefix"),
    ROW("mtu", 0, OPTION_NUMBER, MODE_REPLAY, mtu, "VVMD_MTU", "OCTETS",
        "largest IP datagram of the link (1500)"),
    ROW("path", 'p', OPTION_TEXT, MODE_BOTH, path, "VVM_PATH", "FOLDERS",
        "where imports are looked for, colon-separated; first beside the file"),
    ROW("json", 'j', OPTION_FLAG, MODE_BOTH, json, "VVMD_JSON", NULL, "print the ledger as one JSON object"),
    ROW("help", 'h', OPTION_FLAG, MODE_BOTH, help, NULL, NULL, "print this and exit"),
    ROW("version", 'V', OPTION_FLAG, MODE_BOTH, version, NULL, NULL, "print the version and exit"),
};
#undef ROW
enum { ROWS = sizeof rows / sizeof *rows };

/* What was found so far, and where. */
struct reading {
    struct settings *settings;
    bool replaced[ROWS];     /* a list of the environment gave way to the command line's */
    const char *given[ROWS]; /* NULL, or where: "option" or "environment" */
};

/* ---- one value ---- */

static bool add_prefix(struct option_prefixes *list, const char *item, bool route)
{
    struct option_prefix prefix = {0};
    char text[64], *hop;

    if (list->count == OPTION_LIST || strlen(item) >= sizeof text) return false;
    snprintf(text, sizeof text, "%s", item);
    hop = strchr(text, '=');
    if ((hop != NULL) != route) return false;
    if (hop) *hop++ = '\0';
    if (hop && !value_address(hop, &prefix.hop)) return false;
    if (!value_prefix(text, &prefix.address, &prefix.length, &prefix.has_length)) return false;
    if (!route && prefix.address == 0) return false;
    list->items[list->count++] = prefix;
    return true;
}

static bool add_name(struct option_names *list, const char *item)
{
    unsigned i;

    if (list->count == OPTION_LIST || strlen(item) >= OPTION_NAME) return false;
    for (i = 0; i < list->count; i++)
        if (strcmp(list->items[i], item) == 0) return false;
    snprintf(list->items[list->count++], OPTION_NAME, "%s", item);
    return true;
}

/* fd:NUMBER or a socket address. */
static bool parse_here(const char *text, struct option_link *link)
{
    uint64_t number;

    link->descriptor = -1;
    if (strncmp(text, "fd:", 3) != 0)
        return value_socket(text, &link->local, &link->local_length) && value_is_host(&link->local);
    if (!value_number(text + 3, INT_MAX, &number)) return false;
    link->descriptor = (int)number;
    return true;
}

/* N.E=HERE,THERE */
static bool parse_link(char *text, struct option_link *link)
{
    char *end = strchr(text, '.'), *here = strchr(text, '='), *there = strchr(text, ',');
    uint64_t number, side;

    if (!end || !here || !there || end > here || here > there) return false;
    *end++ = *here++ = *there++ = '\0';
    if (!value_number(text, UINT32_MAX, &number) || !value_number(end, 1, &side)) return false;
    link->link = (unsigned)number;
    link->end = (unsigned)side;
    if (!parse_here(here, link) || !value_socket(there, &link->peer, &link->peer_length)) return false;
    return value_is_host(&link->peer) &&
           (link->descriptor >= 0 || link->local.ss_family == link->peer.ss_family);
}

static bool add_link(struct option_links *list, const char *item)
{
    struct option_link link = {0};
    char text[160];
    unsigned i;

    if (list->count == OPTION_LINKS || strlen(item) >= sizeof text) return false;
    snprintf(text, sizeof text, "%s", item);
    if (!parse_link(text, &link)) return false;
    for (i = 0; i < list->count; i++)
        if (list->items[i].link == link.link && list->items[i].end == link.end) return false;
    list->items[list->count++] = link;
    return true;
}

static bool add_item(void *list, const char *item, enum option_type type)
{
    switch (type) {
    case OPTION_ADDRESSES:
    case OPTION_ROUTES: return add_prefix(list, item, type == OPTION_ROUTES);
    case OPTION_NAMES: return add_name(list, item);
    case OPTION_LINK_ENDS: return add_link(list, item);
    default: return false;
    }
}

/* Items with blanks between them, or commas where an item has none itself. */
static bool add_items(void *list, const char *value, enum option_type type)
{
    char *copy = strdup(value), *rest = copy, *item;
    bool good = copy != NULL;

    while (good && (item = strsep(&rest, type == OPTION_LINK_ENDS ? " " : ", ")))
        if (*item) good = add_item(list, item, type);
    free(copy);
    return good;
}

static bool store(struct settings *settings, const struct option_row *row, const char *value)
{
    void *field = (char *)settings + row->offset;
    uint64_t number;

    switch (row->type) {
    case OPTION_FLAG: *(bool *)field = !value || (*value && strcmp(value, "0") != 0); return true;
    case OPTION_TEXT: *(const char **)field = *value ? value : NULL; return true;
    case OPTION_NUMBER:
        if (!value_number(value, UINT32_MAX, &number) || number == 0) return false; /* 0: not given */
        *(uint32_t *)field = (uint32_t)number;
        return true;
    default: return add_items(field, value, row->type);
    }
}

/* ---- all of them ---- */

static const char *wanted(enum option_type type)
{
    static const char *const texts[] = {
        [OPTION_NUMBER] = "write a number above 0",
        [OPTION_ADDRESSES] = "write an IPv4 address a.b.c.d or a.b.c.d/n, at most 64 of them",
        [OPTION_ROUTES] = "write a.b.c.d/n=HOP with HOP an IPv4 address, at most 64 of them",
        [OPTION_NAMES] = "write names of nodes, shorter than 32 characters, none twice, at most 64 of them",
        [OPTION_LINK_ENDS] =
            "write N.E=127.0.0.1:7001,127.0.0.1:7002 or N.E=fd:5,127.0.0.1:7002, E 0 or 1, no end twice",
    };
    return texts[type];
}

/* Lists of the environment hold until the option stands on the command line. */
static bool store_argument(struct reading *reading, unsigned row, const char *value)
{
    if (rows[row].type >= OPTION_ADDRESSES && !reading->replaced[row])
        *(unsigned *)((char *)reading->settings + rows[row].offset) = 0; /* its count */
    reading->replaced[row] = true;
    reading->given[row] = "option";
    return store(reading->settings, &rows[row], value);
}

static int read_environment(struct reading *reading, char *why, size_t room)
{
    unsigned i;

    for (i = 0; i < ROWS; i++) {
        const char *value = rows[i].environment ? getenv(rows[i].environment) : NULL;

        if (!value || !*value) continue;
        reading->given[i] = "environment";
        if (store(reading->settings, &rows[i], value)) continue;
        snprintf(why, room, "environment %s: \"%.60s\" is not valid: %s", rows[i].environment, value,
                 wanted(rows[i].type));
        return -EINVAL;
    }
    return 0;
}

static void getopt_tables(struct option *longs, char *shorts)
{
    unsigned i;

    *shorts++ = ':';
    for (i = 0; i < ROWS; i++) {
        int argument = rows[i].type == OPTION_FLAG ? no_argument : required_argument;

        longs[i] = (struct option){rows[i].name, argument, NULL, 256 + (int)i};
        if (!rows[i].letter) continue;
        *shorts++ = rows[i].letter;
        if (argument == required_argument) *shorts++ = ':';
    }
    longs[ROWS] = (struct option){0};
    *shorts = '\0';
}

static const struct option_row *row_of(int code)
{
    unsigned i;

    if (code >= 256) return &rows[code - 256];
    for (i = 0; i < ROWS; i++)
        if (rows[i].letter == code) return &rows[i];
    return NULL;
}

/* A letter may stand among others, in an argument that is not yet done with. */
static void refuse_option(char **argv, int code, char *why, size_t room)
{
    const char *problem = code == ':' ? "needs a value" : "is unknown or takes no value";

    if (optopt > 0 && optopt < 256) snprintf(why, room, "option -%c %s: see vvmd --help", optopt, problem);
    else snprintf(why, room, "option %.60s %s: see vvmd --help", argv[optind - 1], problem);
}

static int read_arguments(struct reading *reading, int argc, char **argv, char *why, size_t room)
{
    struct option longs[ROWS + 1];
    char shorts[2 * ROWS + 2];
    int code;

    getopt_tables(longs, shorts);
    optind = 0; /* from the start, whoever parsed before */
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct option_row *row;

        if (code == '?' || code == ':') {
            refuse_option(argv, code, why, room);
            return -EINVAL;
        }
        row = row_of(code);
        assert(row);
        if (store_argument(reading, (unsigned)(row - rows), optarg)) continue;
        snprintf(why, room, "option --%s: \"%.60s\" is not valid: %s", row->name, optarg, wanted(row->type));
        return -EINVAL;
    }
    reading->settings->files = argv + optind;
    reading->settings->file_count = (unsigned)(argc - optind);
    return 0;
}

/* ---- what must go together ---- */

static bool is_set(const struct reading *reading, unsigned row)
{
    const char *field = (const char *)reading->settings + rows[row].offset;

    return reading->given[row] && (rows[row].type != OPTION_FLAG || *(const bool *)field) &&
           (rows[row].type != OPTION_TEXT || *(char *const *)field);
}

/* Options of the other way to run. */
static int refuse_mixture(const struct reading *reading, enum option_mode mode, char *why, size_t room)
{
    unsigned i;

    for (i = 0; i < ROWS; i++) {
        bool environment = reading->given[i] && *reading->given[i] == 'e';

        if (rows[i].mode == MODE_BOTH || rows[i].mode == mode || !is_set(reading, i)) continue;
        snprintf(why, room, "%s %s%s: %s", reading->given[i], environment ? "" : "--",
                 environment ? rows[i].environment : rows[i].name,
                 mode == MODE_CONFIG ? "is for a replay: leave it out, or --config"
                                     : "goes with --config FILE: give that too");
        return -EINVAL;
    }
    return 0;
}

static int check_config_mode(const struct settings *settings, char *why, size_t room)
{
    if (settings->file_count > 0)
        snprintf(why, room, "argument \"%.60s\": with --config the file says which VMlets a node loads",
                 settings->files[0]);
    else if (settings->nodes.count == 0 && !settings->check)
        snprintf(why, room, "no node to run: give -n NAME of a node of %.200s", settings->config_path);
    else return 0;
    return -EINVAL;
}

static int check_replay_mode(const struct settings *settings, char *why, size_t room)
{
    if (!settings->read_path)
        snprintf(why, room, "no capture to replay: give -r FILE, or -c FILE -n NODE to run a node");
    else if (settings->file_count == 0) snprintf(why, room, "no VMlet: name at least one .vml or .vmi file");
    else return 0;
    return -EINVAL;
}

int options_parse(struct settings *settings, int argc, char **argv, char *why, size_t room)
{
    struct reading reading = {.settings = settings};
    enum option_mode mode;
    int err;

    *settings = (struct settings){0};
    err = read_environment(&reading, why, room);
    if (!err) err = read_arguments(&reading, argc, argv, why, room);
    if (err || settings->help || settings->version) return err;
    mode = settings->config_path ? MODE_CONFIG : MODE_REPLAY;
    err = refuse_mixture(&reading, mode, why, room);
    if (err) return err;
    return mode == MODE_CONFIG ? check_config_mode(settings, why, room)
                               : check_replay_mode(settings, why, room);
}

void options_help(FILE *to)
{
    unsigned i;

    fprintf(to, "usage: vvmd -c FILE.yaml -n NODE [options]\n"
                "       vvmd -r IN.pcap [-w OUT.pcap] [options] VMLET...\n"
                "Run routers whose packets are programs; or replay a capture through one, and print the\n"
                "ledger.\n\n");
    for (i = 0; i < ROWS; i++) {
        const struct option_row *row = &rows[i];
        char left[40];

        snprintf(left, sizeof left, "--%s%s%s", row->name, row->metavar ? " " : "",
                 row->metavar ? row->metavar : "");
        fprintf(to, "  %c%c%s %-21s %s%s%s%s\n", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
                row->letter ? "," : " ", left, row->help, row->environment ? " [" : "",
                row->environment ? row->environment : "", row->environment ? "]" : "");
    }
    fprintf(to, "\n-a, -R, -n and --link may be given again; the first three also as a list with commas.\n"
                "Exit: 0 done and balanced; 1 refused or failed; 2 wrong use.\n");
}
