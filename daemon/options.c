/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the table of vvmd's options and what reads it. */
#include "options.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum option_type { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_ADDRESSES, OPTION_ROUTES };

struct option_row {
    const char *name;
    char letter; /* 0: none */
    enum option_type type;
    size_t offset; /* in struct settings */
    const char *environment, *metavar, *help;
};

#define ROW(name, letter, type, field, environment, metavar, help)                                           \
    {                                                                                                        \
        name, letter, type, offsetof(struct settings, field), environment, metavar, help                     \
    }
static const struct option_row rows[] = {
    ROW("read", 'r', OPTION_TEXT, read_path, "VVMD_READ", "FILE",
        "replay this capture (Ethernet; - is stdin)"),
    ROW("write", 'w', OPTION_TEXT, write_path, "VVMD_WRITE", "FILE",
        "record what is sent into this capture (- is stdout, the ledger then goes to stderr)"),
    ROW("address", 'a', OPTION_ADDRESSES, addresses, "VVMD_ADDRESS", "A[/N]",
        "an address of this node; with /N its network is on the link"),
    ROW("route", 'R', OPTION_ROUTES, routes, "VVMD_ROUTE", "A[/N]=HOP",
        "the next hop of a destination prefix"),
    ROW("path", 'p', OPTION_TEXT, path, "VVM_PATH", "FOLDERS",
        "where imports are looked for, colon-separated; first beside the file"),
    ROW("mtu", 0, OPTION_NUMBER, mtu, "VVMD_MTU", "OCTETS", "largest IP datagram of the link (1500)"),
    ROW("json", 'j', OPTION_FLAG, json, "VVMD_JSON", NULL, "print the ledger as one JSON object"),
    ROW("help", 'h', OPTION_FLAG, help, NULL, NULL, "print this and exit"),
    ROW("version", 'V', OPTION_FLAG, version, NULL, NULL, "print the version and exit"),
};
#undef ROW
enum { ROWS = sizeof rows / sizeof *rows };

/* ---- one value ---- */

static bool parse_number(const char *text, unsigned long most, unsigned long *value)
{
    char *end;

    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *value = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && *value <= most;
}

static bool parse_address(const char *text, uint32_t *address)
{
    struct in_addr in;

    if (inet_pton(AF_INET, text, &in) != 1) return false;
    *address = ntohl(in.s_addr);
    return true;
}

/* A or A/N; changes text. */
static bool parse_prefix(char *text, struct option_prefix *prefix)
{
    char *slash = strchr(text, '/');
    unsigned long length = 32;

    if (slash) *slash = '\0';
    if (!parse_address(text, &prefix->address)) return false;
    if (slash && !parse_number(slash + 1, 32, &length)) return false;
    prefix->length = (uint8_t)length;
    prefix->has_length = slash != NULL;
    return true;
}

static bool add_prefix(struct option_prefixes *list, const char *item, bool route)
{
    struct option_prefix prefix = {0};
    char text[64], *hop;

    if (list->count == OPTION_LIST || strlen(item) >= sizeof text) return false;
    snprintf(text, sizeof text, "%s", item);
    hop = strchr(text, '=');
    if ((hop != NULL) != route) return false;
    if (hop) *hop++ = '\0';
    if (hop && !parse_address(hop, &prefix.hop)) return false;
    if (!parse_prefix(text, &prefix) || (!route && prefix.address == 0)) return false;
    list->items[list->count++] = prefix;
    return true;
}

/* Items with commas or blanks between them. */
static bool add_prefixes(struct option_prefixes *list, const char *value, bool route)
{
    char *copy = strdup(value), *rest = copy, *item;
    bool good = copy != NULL;

    while (good && (item = strsep(&rest, ", ")))
        if (*item) good = add_prefix(list, item, route);
    free(copy);
    return good;
}

static bool store(struct settings *settings, const struct option_row *row, const char *value)
{
    void *field = (char *)settings + row->offset;
    unsigned long number;

    switch (row->type) {
    case OPTION_FLAG: *(bool *)field = !value || (*value && strcmp(value, "0") != 0); return true;
    case OPTION_TEXT: *(const char **)field = *value ? value : NULL; return true;
    case OPTION_NUMBER:
        if (!parse_number(value, UINT32_MAX, &number) || number == 0) return false; /* 0: not given */
        *(uint32_t *)field = (uint32_t)number;
        return true;
    case OPTION_ADDRESSES:
    case OPTION_ROUTES: return add_prefixes(field, value, row->type == OPTION_ROUTES);
    }
    return false;
}

/* ---- all of them ---- */

static const char *wanted(enum option_type type)
{
    static const char *const texts[] = {
        [OPTION_NUMBER] = "write a number above 0",
        [OPTION_ADDRESSES] = "write an IPv4 address a.b.c.d or a.b.c.d/n, at most 64 of them",
        [OPTION_ROUTES] = "write a.b.c.d/n=HOP with HOP an IPv4 address, at most 64 of them",
    };
    return texts[type];
}

/* Lists of the environment hold until the first -a or -R of the command line. */
static bool store_argument(struct settings *settings, const struct option_row *row, const char *value,
                           bool *replaced)
{
    bool list = row->type == OPTION_ADDRESSES || row->type == OPTION_ROUTES;

    if (list && !*replaced) ((struct option_prefixes *)((char *)settings + row->offset))->count = 0;
    *replaced = true;
    return store(settings, row, value);
}

static int read_environment(struct settings *settings, char *why, size_t room)
{
    unsigned i;

    for (i = 0; i < ROWS; i++) {
        const char *value = rows[i].environment ? getenv(rows[i].environment) : NULL;

        if (!value || !*value || store(settings, &rows[i], value)) continue;
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

static int read_arguments(struct settings *settings, int argc, char **argv, char *why, size_t room)
{
    struct option longs[ROWS + 1];
    char shorts[2 * ROWS + 2];
    bool replaced[ROWS] = {false};
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
        if (store_argument(settings, row, optarg, &replaced[row - rows])) continue;
        snprintf(why, room, "option --%s: \"%.60s\" is not valid: %s", row->name, optarg, wanted(row->type));
        return -EINVAL;
    }
    settings->files = argv + optind;
    settings->file_count = (unsigned)(argc - optind);
    return 0;
}

int options_parse(struct settings *settings, int argc, char **argv, char *why, size_t room)
{
    int err;

    *settings = (struct settings){0};
    err = read_environment(settings, why, room);
    if (!err) err = read_arguments(settings, argc, argv, why, room);
    if (err || settings->help || settings->version) return err;
    if (!settings->read_path) {
        snprintf(why, room, "no capture to replay: give -r FILE");
        return -EINVAL;
    }
    if (settings->file_count == 0) {
        snprintf(why, room, "no VMlet: name at least one .vml or .vmi file");
        return -EINVAL;
    }
    return 0;
}

void options_help(FILE *to)
{
    unsigned i;

    fprintf(to, "usage: vvmd -r IN.pcap [-w OUT.pcap] [options] VMLET...\n"
                "Replay a capture through a router whose packets are programs, and print the ledger.\n\n");
    for (i = 0; i < ROWS; i++) {
        const struct option_row *row = &rows[i];
        char left[40];

        snprintf(left, sizeof left, "--%s%s%s", row->name, row->metavar ? " " : "",
                 row->metavar ? row->metavar : "");
        fprintf(to, "  %c%c%s %-20s %s%s%s%s\n", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
                row->letter ? "," : " ", left, row->help, row->environment ? " [" : "",
                row->environment ? row->environment : "", row->environment ? "]" : "");
    }
    fprintf(to, "\n-a and -R may be given again, or as a list with commas.\n"
                "Exit: 0 done and balanced; 1 refused or failed; 2 wrong use.\n");
}
