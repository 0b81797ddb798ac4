/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_test.c - configurations that are good, and what becomes of each key; the corpus of
 * bad ones (cases/config), each with the line that it must be refused with; files that are
 * cut, changed or odd; the schema beside the tables of keys.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/config_key.h"
#include "daemon/value.h"
#include "suites.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_LEAK_CHECK
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_LEAK_CHECK
#endif
#ifdef WITH_LEAK_CHECK
#include <sanitizer/lsan_interface.h>
#endif

enum { TEXT_ROOM = 1 << 21 };

static char why[512];

static int parse_octets(struct config **config, const char *octets, size_t length)
{
    *config = NULL;
    why[0] = '\0';
    return config_parse(config, "net/x.yaml", octets, length, why, sizeof why);
}

static struct config *parsed(const char *text)
{
    struct config *config;

    if (parse_octets(&config, text, strlen(text)) != 0) {
        fprintf(stderr, "    %s\n", why);
        CU_FAIL_FATAL("refused");
    }
    return config;
}

static void refused(const char *text, const char *expected)
{
    struct config *config;

    CU_ASSERT_EQUAL(parse_octets(&config, text, strlen(text)), -EINVAL);
    CU_ASSERT_PTR_NULL(config);
    if (strncmp(why, "net/x.yaml:", 11) == 0 && strcmp(why + 11, expected) == 0) return;
    fprintf(stderr, "    %s\n", why);
    CU_FAIL("another error was expected");
}

/* ---- a good file: every key ---- */

static const char whole[] =
    "links:\n"
    "  - { ends: [a, b], delay: 5ms, jitter: 1.5ms, loss: 0.1%, duplicate: 0.25, reorder: 100%,\n"
    "      rate: 10M, queue: 7, mtu: 1KiB, seed: 18446744073709551615 }\n"
    "  - { ends: [b/up, c/down], udp: [127.0.0.1:7001, '127.0.0.1:7002'], key: 3322 }\n"
    "  - { ends: [a/six, c/six], udp: ['[::1]:7001', '[::1]:7002'] }\n"
    "name: \"whole\"\n"
    "nodes:\n"
    "  a:\n"
    "    addresses: [10.0.0.1, 192.0.2.2/24]\n"
    "    vmlets: [ants, ./own.vml, /abs/x.vmi, other.vml, {route: {prefixes: 512, how: a b}}, {./p.vml: "
    "{}}]\n"
    "    control: { path: run/a.sock, mode: 0660 }\n"
    "    ports:\n"
    "      lan: { kind: pcap-file, read: in.pcap, write: out.pcap, pace: original, buffers: 64,\n"
    "             networks: [192.0.2.0/24, 203.0.113.7], neighbours: [192.0.2.9] }\n"
    "      eth: { kind: pcap, device: eth1, quiet: yes, mtu: 9000, rate: 1.5Gbit/s }\n"
    "      far: { kind: udp, local: '[::]:3322', key: 3322,\n"
    "             peers: { 10.0.0.9: '[2001:db8::9]:3322', 10.0.0.8: '[2001:db8::1]:3322' } }\n"
    "      one: { kind: link, cable: x }\n"
    "    routes:\n"
    "      - { to: 203.0.113.0/24, via: 10.0.0.9, port: far }\n"
    "      - { to: 0.0.0.0/0, via: 10.0.0.2 }\n"
    "      - { to: 198.51.100.0/24, port: eth }\n"
    "      - { to: 198.51.101.0/24, via: 1.2.3.4, port: eth }\n"
    "  b:\n"
    "    addresses: [10.0.0.2]\n"
    "    ports: { two: { kind: link, cable: x, delay: 0 }, std: { kind: pcap-file, read: '-', write: '-' } "
    "}\n"
    "  c: { addresses: [10.0.0.3], vmlets: [] }\n"
    "  d:\n"
    "defaults: { vmlets: [route], control: { mode: 0o600 }, workers: 3 }\n"
    "path: [lib, /usr/lib/vvm, ../x]\n"
    "routing: none\n";

static const struct config_port *port_called(const struct config_node *node, const char *name)
{
    for (unsigned i = 0; i < node->port_count; i++)
        if (strcmp(node->ports[i].name, name) == 0) return &node->ports[i];
    CU_FAIL_FATAL("no such port");
    return NULL;
}

static void check_node_a(const struct config_node *a)
{
    CU_ASSERT(a->address_count == 2 && a->addresses[0].address == 0x0a000001);
    CU_ASSERT(!a->addresses[0].has_length && a->addresses[0].length == 32);
    CU_ASSERT(a->addresses[1].has_length && a->addresses[1].length == 24);
    CU_ASSERT(a->addresses[1].place.line == 9 && a->addresses[1].place.column == 27);
    CU_ASSERT_EQUAL_FATAL(a->vmlet_count, 6);
    CU_ASSERT_STRING_EQUAL(a->vmlets[0].name, "ants");
    CU_ASSERT_STRING_EQUAL(a->vmlets[1].name, "net/./own.vml");
    CU_ASSERT_STRING_EQUAL(a->vmlets[2].name, "/abs/x.vmi");
    CU_ASSERT_STRING_EQUAL(a->vmlets[3].name, "net/other.vml");
    CU_ASSERT_STRING_EQUAL(a->vmlets[4].name, "route");
    CU_ASSERT_EQUAL(a->vmlets[4].parameter_count, 2);
    CU_ASSERT_STRING_EQUAL(a->vmlets[4].parameters[0].name, "prefixes");
    CU_ASSERT_STRING_EQUAL(a->vmlets[4].parameters[1].text, "a b");
    CU_ASSERT_STRING_EQUAL(a->vmlets[5].name, "net/./p.vml");
    CU_ASSERT_STRING_EQUAL(a->control_path, "run/a.sock");
    CU_ASSERT_EQUAL(a->control_mode, 0660);
    CU_ASSERT_EQUAL(a->workers, 3);
    CU_ASSERT(a->place.line == 8 && a->place.column == 3);
}

static void check_ports_a(const struct config_node *a)
{
    const struct config_port *lan = port_called(a, "lan"), *eth = port_called(a, "eth");
    const struct config_port *far = port_called(a, "far"), *one = port_called(a, "one");

    CU_ASSERT_PTR_EQUAL(lan->ops, &port_pcap_file);
    CU_ASSERT_STRING_EQUAL(lan->options.read_path, "net/in.pcap");
    CU_ASSERT_STRING_EQUAL(lan->options.write_path, "out.pcap");
    CU_ASSERT(lan->options.original_speed && lan->options.buffers == 64);
    CU_ASSERT(lan->network_count == 2 && lan->networks[0].length == 24 && lan->networks[1].length == 32);
    CU_ASSERT(lan->neighbour_count == 1 && lan->neighbours[0] == 0xc0000209);
    CU_ASSERT_PTR_EQUAL(eth->ops, &port_pcap);
    CU_ASSERT_STRING_EQUAL(eth->options.device, "eth1");
    CU_ASSERT(eth->options.quiet && eth->options.mtu == 9000);
    CU_ASSERT_EQUAL(eth->options.impairment.rate, 1500000000);
    CU_ASSERT_PTR_EQUAL(far->ops, &port_udp);
    CU_ASSERT(far->options.key == 3322 && far->options.peer_count == 2 && !far->options.adopt);
    CU_ASSERT(far->options.peers[1].address == 0x0a000008 &&
              far->options.peers[1].socket.ss_family == AF_INET6);
    CU_ASSERT(far->neighbour_count == 2 && far->neighbours[0] == 0x0a000009);
    CU_ASSERT_EQUAL(ntohs(((const struct sockaddr_in *)&far->options.local)->sin_port), 3322);
    CU_ASSERT_PTR_EQUAL(one->ops, &port_link);
    CU_ASSERT(one->options.end == 0 && one->neighbour_count == 1 && one->neighbours[0] == 0x0a000002);
    CU_ASSERT_STRING_EQUAL(one->cable, "x");
}

static void check_links(const struct config *config)
{
    const struct config_node *a = &config->nodes[0], *b = &config->nodes[1], *c = &config->nodes[2];
    const struct impairment *i = &port_called(a, "b")->options.impairment;
    const struct config_port *up = port_called(b, "up");

    CU_ASSERT_EQUAL(config->link_count, 3);
    CU_ASSERT(i->delay == 5000000 && i->jitter == 1500000 && i->loss == 1000 && i->duplicate == 250000);
    CU_ASSERT(i->reorder == 1000000 && i->rate == 10000000 && i->queue == 7 && i->seed == UINT64_MAX);
    CU_ASSERT_EQUAL(port_called(a, "b")->options.mtu, 1024);
    CU_ASSERT_STRING_EQUAL(port_called(a, "b")->cable, "link 0");
    CU_ASSERT(port_called(a, "b")->options.end == 0 && port_called(b, "a")->options.end == 1);
    CU_ASSERT(port_called(b, "a")->neighbour_count == 2 && port_called(b, "a")->options.impairment.seed);
    CU_ASSERT(config->links[1].has_transport && up->ops == &port_udp && !up->cable);
    CU_ASSERT(up->options.key == 3322 && up->options.peer_count == 1);
    CU_ASSERT_EQUAL(up->options.peers[0].address, 0x0a000003);
    CU_ASSERT_EQUAL(ntohs(((const struct sockaddr_in *)&up->options.local)->sin_port), 7001);
    CU_ASSERT_EQUAL(ntohs(((const struct sockaddr_in *)&up->options.peers[0].socket)->sin_port), 7002);
    CU_ASSERT_PTR_EQUAL(&c->ports[config->links[1].index[1]], port_called(c, "down"));
    CU_ASSERT_EQUAL(port_called(c, "six")->options.local.ss_family, AF_INET6);
    CU_ASSERT(!config->links[0].has_transport && config->links[0].node[1] == 1);
}

static void check_routes(const struct config_node *a)
{
    CU_ASSERT_EQUAL_FATAL(a->route_count, 6); /* and two for the networks of lan */
    CU_ASSERT_STRING_EQUAL(a->ports[a->routes[0].port].name, "far");
    CU_ASSERT_STRING_EQUAL(a->ports[a->routes[2].port].name, "eth");
    CU_ASSERT(a->routes[1].via == 0xc0000209 && a->routes[1].to.length == 0);
    CU_ASSERT(a->routes[2].via == 0 && a->routes[2].place.line == 22 && a->routes[2].place.column == 9);
    CU_ASSERT(a->routes[4].to.address == 0xc0000200 && a->routes[4].via == 0 && a->routes[4].place.line == 0);
}

static void test_whole(void)
{
    struct config *config;
    char *text;

    /* a and b are next to each other by link and by cable: the second route must say which */
    refused(whole, "21:31: node a: via: 10.0.0.2 is a neighbour at several ports; name the port");
    text = strdup(whole);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memcpy(strstr(text, "via: 10.0.0.2 }"), "via: 192.0.2.9}", 15);
    config = parsed(text);
    CU_ASSERT_STRING_EQUAL(config->name, "whole");
    CU_ASSERT_STRING_EQUAL(config->file, "net/x.yaml");
    CU_ASSERT_STRING_EQUAL(config->path, "net/lib:/usr/lib/vvm:net/../x");
    CU_ASSERT_EQUAL_FATAL(config->node_count, 4);
    check_node_a(&config->nodes[0]);
    check_ports_a(&config->nodes[0]);
    check_links(config);
    check_routes(&config->nodes[0]);
    CU_ASSERT_STRING_EQUAL(port_called(&config->nodes[1], "std")->options.read_path, "-");
    CU_ASSERT_EQUAL(port_called(&config->nodes[1], "two")->options.end, 1);
    CU_ASSERT(config->nodes[2].vmlet_count == 0 && config->nodes[3].vmlet_count == 1); /* defaults */
    CU_ASSERT(config->nodes[1].control_mode == 0600 && !config->nodes[1].control_path);
    config_free(config);
    free(text);
}

/* What two places may say, though it looks alike. */
static void test_allowed(void)
{
    struct config *config = parsed(
        "defaults: { control: { path: x.sock }, ports: { p: { kind: pcap-file, write: o.pcap } } }\n"
        "nodes: { a: , b: }\n"); /* each node in a directory of its own */

    config_free(config);
    config = parsed("nodes:\n  a:\n    ports: { p: { kind: pcap, device: e, networks: [192.0.2.0/24] } }\n"
                    "    routes: [ { to: 192.0.2.0/24, via: 192.0.2.1 } ]\n");
    CU_ASSERT_EQUAL(config->nodes[0].route_count, 1); /* what is written overrules the port's network */
    CU_ASSERT_EQUAL(config->nodes[0].routes[0].via, 0xc0000201);
    CU_ASSERT_STRING_EQUAL(config->name, "net");
    config_free(config);
    config = parsed("nodes:\n  a: { addresses: [10.0.0.1] }\n  b: { addresses: [10.0.0.2] }\n"
                    "links: [ { ends: [a/one, b/one] }, { ends: [a/two, b/two] } ]\n");
    CU_ASSERT_EQUAL(config->nodes[0].port_count, 2);
    config_free(config);
}

/* ---- values ---- */

/* A number of units, as text, is worth so much. */
static void check_amount(bool (*parse)(const char *, uint64_t *), const char *text, uint64_t expected)
{
    uint64_t value = ~expected;
    bool good = parse(text, &value) && value == expected;

    if (!good) fprintf(stderr, "    \"%s\" became %llu\n", text, (unsigned long long)value);
    CU_ASSERT(good);
}

static bool parse_chance(const char *text, uint64_t *value)
{
    uint32_t millionths = 0;
    bool good = value_chance(text, &millionths);

    *value = millionths;
    return good;
}

static bool parse_mode(const char *text, uint64_t *value)
{
    unsigned mode = 0;
    bool good = value_mode(text, &mode);

    *value = mode;
    return good;
}

static bool parse_size(const char *text, uint64_t *value) { return value_size(text, UINT64_MAX, value); }
static bool parse_number(const char *text, uint64_t *value) { return value_number(text, UINT64_MAX, value); }

/* Every number below, printed in every way, comes back. */
static void test_round_trips(void)
{
    char text[64];

    for (uint64_t i = 0, n = 0; i < 3000; i++, n = n * 31 / 30 + i % 7 + 1) {
        snprintf(text, sizeof text, "%lluns", (unsigned long long)n);
        check_amount(value_duration, text, n);
        snprintf(text, sizeof text, "%llu.%06llums", (unsigned long long)(n / 1000000),
                 (unsigned long long)(n % 1000000));
        check_amount(value_duration, text, n);
        snprintf(text, sizeof text, "%llu.%03lluus", (unsigned long long)(n / 1000),
                 (unsigned long long)(n % 1000));
        check_amount(value_duration, text, n);
        snprintf(text, sizeof text, "%llu.%09llus", (unsigned long long)(n / 1000000000),
                 (unsigned long long)(n % 1000000000));
        check_amount(value_duration, text, n);
        snprintf(text, sizeof text, "%llu.%03llukbit/s", (unsigned long long)(n / 1000),
                 (unsigned long long)(n % 1000));
        check_amount(value_rate, text, n);
        snprintf(text, sizeof text, "%llu", (unsigned long long)n);
        check_amount(parse_number, text, n);
        check_amount(parse_size, text, n);
        if (n > 1000000) continue;
        snprintf(text, sizeof text, "%llu.%06llu", (unsigned long long)(n / 1000000),
                 (unsigned long long)(n % 1000000));
        check_amount(parse_chance, text, n);
        snprintf(text, sizeof text, "%llu.%04llu%%", (unsigned long long)(n / 10000),
                 (unsigned long long)(n % 10000));
        check_amount(parse_chance, text, n);
        if (n > 0777) continue;
        snprintf(text, sizeof text, "%s%llo",
                 i % 3 == 0   ? "0o"
                 : i % 3 == 1 ? "0"
                              : "",
                 (unsigned long long)n);
        check_amount(parse_mode, text, n);
    }
    check_amount(value_duration, "18446744073709551615ns", UINT64_MAX);
    check_amount(value_rate, "2G", 2000000000);
    check_amount(value_rate, "3Mbit/s", 3000000);
    check_amount(parse_size, "1.5KiB", 1536);
    check_amount(parse_size, "2MiB", 2 << 20);
}

static void test_bad_values(void)
{
    static const char *const durations[] = {"",
                                            "1",
                                            "s",
                                            "-1s",
                                            "+1s",
                                            "1 s",
                                            "1S",
                                            "1m",
                                            "1.s",
                                            ".5s",
                                            "1e3s",
                                            "0.5ns",
                                            "1.0000000001s",
                                            "18446744073709551616ns",
                                            "18446744074s",
                                            "0x1s",
                                            "1s ",
                                            "1.1.1s",
                                            "ns"};
    static const char *const chances[] = {"",         "%",  "101%", "1.000001", "0.0000001",
                                          "0.00001%", "-0", "1 %",  "1%%",      "0,5"};
    static const char *const sockets[] = {"",
                                          ":",
                                          "1.2.3.4",
                                          "1.2.3.4:",
                                          ":80",
                                          "1.2.3.4:65536",
                                          "1.2.3:80",
                                          "[::1]",
                                          "[::1]:",
                                          "::1:80",
                                          "[::1:80",
                                          "[]:80",
                                          "[1.2.3.4]:80",
                                          "[::1]]:80",
                                          "1.2.3.4:+80",
                                          "1.2.3.4:80 ",
                                          "localhost:80",
                                          "[fe80::1%lo]:80",
                                          "[0000:0000:0000:0000:0000:0000:0000:0000:0]:1"};
    static const char *const modes[] = {"", "8", "1000", "-1", "0x7", "o7", "0o", "7777777777777", "rw"};
    struct sockaddr_storage socket;
    socklen_t length;
    uint64_t value;
    unsigned i;

    for (i = 0; i < sizeof durations / sizeof *durations; i++)
        CU_ASSERT(!value_duration(durations[i], &value));
    for (i = 0; i < sizeof chances / sizeof *chances; i++) CU_ASSERT(!parse_chance(chances[i], &value));
    for (i = 0; i < sizeof sockets / sizeof *sockets; i++)
        CU_ASSERT(!value_socket(sockets[i], &socket, &length));
    for (i = 0; i < sizeof modes / sizeof *modes; i++) CU_ASSERT(!parse_mode(modes[i], &value));
    CU_ASSERT(!parse_number("18446744073709551616", &value) && !parse_number("", &value));
    CU_ASSERT(!parse_size("16777216.5TiB", &value) && !parse_size("17592186044416MiB", &value));
}

/* ---- the corpus ---- */

static size_t read_text(const char *path, char *to, size_t room)
{
    FILE *file = fopen(path, "r");
    size_t length;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    length = fread(to, 1, room - 1, file);
    fclose(file);
    to[length] = '\0';
    return length;
}

/* "# expect: LINE:COLUMN: what; what to do" is the first line. */
static void check_case(const char *folder, const char *name)
{
    static char text[65536];
    struct config *config = NULL;
    char path[1024], expected[512], *end;
    size_t length;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    length = read_text(path, text, sizeof text);
    end = strchr(text, '\n');
    CU_ASSERT_FATAL(strncmp(text, "# expect: ", 10) == 0 && end);
    snprintf(expected, sizeof expected, "%s:%.*s", name, (int)(end - text - 10), text + 10);
    why[0] = '\0';
    CU_ASSERT_EQUAL(config_parse(&config, name, text, length, why, sizeof why), -EINVAL);
    if (strcmp(why, expected) == 0) return;
    fprintf(stderr, "    %s\n    not %s\n", why, expected);
    CU_FAIL("another error was expected");
}

static void test_corpus(void)
{
    static const char folder[] = VVM_CASES "/config";
    DIR *listing = opendir(folder);
    struct dirent *entry;
    unsigned count = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
    while ((entry = readdir(listing))) {
        size_t length = strlen(entry->d_name);

        if (length < 6 || strcmp(entry->d_name + length - 5, ".yaml") != 0) continue;
        check_case(folder, entry->d_name);
        count++;
    }
    closedir(listing);
    CU_ASSERT(count >= 150);
}

/* What a refused configuration took is given back: by what the allocator has given out (it
 * counts small pieces that it keeps at hand), or where a sanitizer has taken its place, by that
 * one's search. A leak of one chunk in one of the cases would be 160 KiB here. */
static void test_leaks(void)
{
    size_t before;

    test_corpus(); /* what libraries keep for themselves is there now */
    before = mallinfo2().uordblks;
    for (unsigned i = 0; i < 10; i++) test_corpus();
    CU_ASSERT(mallinfo2().uordblks < before + 65536);
#ifdef WITH_LEAK_CHECK
    CU_ASSERT(!__lsan_do_recoverable_leak_check());
#endif
}

/* ---- cut and changed ---- */

/* Refused with a position in the file and one printable line, or accepted. */
static bool try_octets(const char *octets, size_t length)
{
    struct config *config;
    unsigned line = 0, column = 0;

    if (parse_octets(&config, octets, length) == 0) {
        config_free(config);
        return true;
    }
    CU_ASSERT(sscanf(why, "net/x.yaml:%u:%u: ", &line, &column) == 2 && line >= 1 && column >= 1);
    CU_ASSERT(line <= 60 && strlen(why) > 20);
    for (const char *c = why; *c; c++) CU_ASSERT(*c >= ' ' && *c <= '~');
    return false;
}

static char *line4(size_t *length)
{
    char *text = malloc(65536);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    *length = read_text(VVM_SOURCE "/config/line4.yaml", text, 65536);
    CU_ASSERT(try_octets(text, *length));
    return text;
}

static void test_truncations(void)
{
    size_t length, accepted = 0, i;
    char *text = line4(&length);

    for (i = 0; i < length; i++) {
        char *exact = malloc(i + 1); /* so that ASan sees a step too far */

        memcpy(exact, text, i);
        exact = realloc(exact, i > 0 ? i : 1);
        accepted += try_octets(exact, i);
        free(exact);
    }
    CU_ASSERT(accepted > 0 && accepted < length / 2);
    free(text);
}

static void test_changes(void)
{
    static const char others[] = "\0\t\n\r :-[]{}\"'#&*!|>%/.,0aZ\x7f\x80\xc3\xff";
    size_t length, accepted = 0, tried = 0, i, j;
    char *text = line4(&length);

    for (i = 0; i < length; i++) {
        char kept = text[i];

        for (j = 0; j < sizeof others; j++, tried++) {
            text[i] = j + 1 < sizeof others ? others[j] : (char)(kept ^ 1);
            accepted += try_octets(text, length);
        }
        text[i] = kept;
    }
    CU_ASSERT(accepted > tried / 20 && accepted < tried / 2 + tried / 4);
    free(text);
}

/* ---- odd files ---- */

static void refused_octets(const char *octets, size_t length, const char *expected)
{
    struct config *config;

    CU_ASSERT_EQUAL(parse_octets(&config, octets, length), -EINVAL);
    if (strncmp(why, "net/x.yaml:", 11) == 0 && strstr(why, expected)) return;
    fprintf(stderr, "    %s\n", why);
    CU_FAIL("another error was expected");
}

#define REFUSED(octets, expected) refused_octets(octets, sizeof(octets) - 1, expected)

static void test_encodings(void)
{
    config_free(parsed("\xef\xbb\xbfnodes: { a: }\n"));
    config_free(parsed("nodes:\r\n  a:\r\n    addresses: [10.0.0.1]\r\n"));
    config_free(parsed("%YAML 1.1\n---\nnodes: { a: }\n...\n"));
    config_free(parsed("nodes: { a: } # k\xc3\xb6ln\n"));
    REFUSED("\xef\xbb\xbfnodes: { a: { x: } }\n", ":1:15: "); /* the mark is no column */
    REFUSED("nodes:\r\n  a:\r\n    addreses: [10.0.0.1]\r\n", ":3:5: node a: addreses");
    REFUSED("\xff\xfen\0o\0d\0e\0s\0", ":1:1: this is UTF-16; save it as UTF-8");
    REFUSED("\xfe\xff\0n\0o\0d\0e\0s", ":1:1: this is UTF-16");
    REFUSED("nodes: { a: }\n\0", ":2:1: control characters are not allowed");
    REFUSED("nodes: { a: }\n\x1b[31m", ":2:1: control characters are not allowed");
    REFUSED("nodes:\n  \xc3\x28: x\n", ":2:4: invalid trailing UTF-8 octet");
    REFUSED("nodes:\n  a\xff: x\n", ":2:4: invalid leading UTF-8 octet; write plain text in UTF-8");
    REFUSED("", ":1:1: nothing in it");
    REFUSED("\xef\xbb\xbf", ":1:1: nothing in it");
    REFUSED("---\n---\n", ":2:1: a second document");
    REFUSED("? a\n: b\n", ":1:3: a: is no key of a configuration");
    REFUSED("!<tag:yaml.org,2002:map> { nodes: { a: } }", ":1:1: tags");
}

/* Files that are large in one way or another are read or refused in good time. */
static void test_sizes(void)
{
    char *text = malloc(TEXT_ROOM);
    size_t length, i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (i = 0, length = 0; i < 100000; i++) length += (size_t)sprintf(text + length, "k%zu:\n", i);
    refused_octets(text, length, ":65536:8: more than 65536 values");
    for (i = 0, length = 0; i < 60000; i++) length += (size_t)sprintf(text + length, "%%TAG !h%zu! x\n", i);
    refused_octets(text, length, ":1:1: tags (!) are not known here"); /* libyaml would need minutes */
    for (i = 0, length = 0; i < 60000; i++) length += (size_t)sprintf(text + length, "k%zu:\n", i);
    length += (size_t)sprintf(text + length, "k777:\n");
    refused_octets(text, length, ":60001:1: this key stands in line 778 already");
    memset(text, '[', 100000);
    refused_octets(text, 100000, ":1:33: more than 32 lists and maps");
    memset(text, '{', 100000);
    refused_octets(text, 100000, ":1:2: a list or map as a key");
    for (i = 0, length = 0; i < 50000; i++) length += (size_t)sprintf(text + length, "- ");
    refused_octets(text, length, ":1:65: more than 32");
    memset(text, 'x', TEXT_ROOM);
    refused_octets(text, (1 << 20) + 1, ":1:1: larger than 1 MiB");
    refused_octets(text, 1 << 20, ":1:1: a configuration is a map");
    memset(text, ' ', 1 << 20);
    refused_octets(text, 1 << 20, "nothing in it");
    memset(text, '#', 1 << 20);
    refused_octets(text, 1 << 20, "nothing in it");
    length = (size_t)sprintf(text, "nodes: { a: { ports: { p: { kind: pcap, device: e, seed: ");
    memset(text + length, '9', 500000);
    memcpy(text + length + 500000, "}}}}", 4);
    refused_octets(text, length + 500004,
                   "seed: \"9999999999999999999999999999999999999...\" is not a number");
    free(text);
}

/* ---- files ---- */

static char folder[] = "/tmp/vvm-config-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void unreadable(const char *path, int err, const char *expected)
{
    struct config *config = NULL;

    CU_ASSERT_EQUAL(config_read(&config, path, why, sizeof why), err);
    if (strncmp(why, path, strlen(path)) == 0 && strstr(why, expected)) return;
    fprintf(stderr, "    %s\n", why);
    CU_FAIL("another error was expected");
}

/* Somebody writes into the FIFO later than we open it: we wait while it is open. */
static void write_late(const char *path, const char *text)
{
    if (fork() != 0) return;
    int descriptor = open(path, O_WRONLY);
    usleep(50000);
    if (descriptor >= 0 && write(descriptor, text, strlen(text)) < 0) _exit(1);
    usleep(50000);
    _exit(0);
}

static void test_files(void)
{
    static const char text[] = "path: [lib]\nnodes: { a: }\n";
    struct config *config;
    int pipes[2], input;
    char path[64];

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    unreadable(in_folder("none.yaml"), -ENOENT, "No such file or directory; name a file");
    unreadable(folder, -EISDIR, "is a folder; name a file in it");
    unreadable("/dev/zero", -EFBIG, "larger than 1048576 octets");
    write_text(in_folder("a.yaml"), text);
    CU_ASSERT_EQUAL_FATAL(config_read(&config, in_folder("a.yaml"), why, sizeof why), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(config->path, "/lib"));
    CU_ASSERT(strncmp(config->path, folder, strlen(folder)) == 0);
    config_free(config);
    if (geteuid() != 0) {
        chmod(in_folder("a.yaml"), 0);
        unreadable(in_folder("a.yaml"), -EACCES, "Permission denied");
    }
    unlink(in_folder("a.yaml"));
    CU_ASSERT_EQUAL_FATAL(mkfifo(in_folder("fifo"), 0600), 0);
    unreadable(in_folder("fifo"), -EINVAL, ":1:1: nothing in it"); /* nobody writes: no waiting */
    unlink(in_folder("fifo"));
    rmdir(folder);
    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", pipes[1]);
    write_late(path, text);
    close(pipes[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", pipes[0]);
    CU_ASSERT_EQUAL(config_read(&config, path, why, sizeof why), 0);
    config_free(config);
    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    CU_ASSERT_EQUAL((size_t)write(pipes[1], text, sizeof text - 1), sizeof text - 1);
    close(pipes[1]);
    input = dup2(pipes[0], STDIN_FILENO);
    CU_ASSERT_EQUAL(input, STDIN_FILENO);
    CU_ASSERT_EQUAL_FATAL(config_read(&config, "-", why, sizeof why), 0);
    CU_ASSERT_STRING_EQUAL(config->file, "standard input");
    CU_ASSERT_STRING_EQUAL(config->path, "lib"); /* from the working directory */
    config_free(config);
}

static void test_examples(void)
{
    static const char *const examples[] = {"gate.yaml", "line4.yaml", "ring.yaml"};
    struct config *config = NULL;
    char path[1024];

    for (unsigned i = 0; i < sizeof examples / sizeof *examples; i++) {
        snprintf(path, sizeof path, "%s/config/%s", VVM_SOURCE, examples[i]);
        CU_ASSERT_EQUAL(config_read(&config, path, why, sizeof why), 0);
        config_free(config);
    }
}

/* ---- in memory ---- */

static void test_transport(void)
{
    struct config *config = parsed("nodes:\n  a: { addresses: [10.0.0.1] }\n  b: { addresses: [10.0.0.2] }\n"
                                   "links: [ { ends: [a, b], delay: 1ms } ]\n");
    struct config_port *port = &config->nodes[1].ports[0];
    struct sockaddr_storage local, peer;
    socklen_t length;

    CU_ASSERT_FATAL(value_socket("127.0.0.1:7001", &local, &length));
    CU_ASSERT_FATAL(value_socket("127.0.0.1:7002", &peer, &length));
    CU_ASSERT_EQUAL(config_set_transport(config, 1, 0, -1, &local, length, &peer, length), -EINVAL);
    CU_ASSERT_EQUAL(config_set_transport(config, 0, 2, -1, &local, length, &peer, length), -EINVAL);
    CU_ASSERT_EQUAL(config_set_transport(config, 0, 0, -1, &local, 0, &peer, length), -EINVAL);
    CU_ASSERT_EQUAL(config_set_transport(config, 0, 0, 5, &local, 0, &peer, 0), -EINVAL);
    CU_ASSERT_PTR_EQUAL(port->ops, &port_link); /* refused: nothing changed */
    CU_ASSERT_EQUAL(config_set_transport(config, 0, 1, 5, &local, 0, &peer, length), 0);
    CU_ASSERT(port->ops == &port_udp && !port->cable && port->options.adopt && port->options.descriptor == 5);
    CU_ASSERT(port->options.peer_count == 1 && port->options.peers[0].address == 0x0a000001);
    CU_ASSERT_EQUAL(port->options.impairment.delay, 1000000);
    CU_ASSERT_EQUAL(config_set_transport(config, 0, 1, -1, &local, length, &peer, length), 0);
    CU_ASSERT(!port->options.adopt && port->options.local_length == length);
    CU_ASSERT_EQUAL(config_find_node(config, "b", why, sizeof why), 1);
    CU_ASSERT_EQUAL(config_find_node(config, "bb", why, sizeof why), -ENOENT);
    CU_ASSERT_STRING_EQUAL(why, "net/x.yaml: there is no node bb; the nearest is b");
    config_free(config);
}

static void test_single(void)
{
    struct config *config = config_single("replay");
    struct config_node *node;
    struct config_prefix prefix = {.address = 1, .length = 32}, networks[] = {{.address = 2}};
    char name[] = "in.pcap";
    struct config_port port = {.name = name,
                               .ops = &port_pcap_file,
                               .options.read_path = name,
                               .networks = networks,
                               .network_count = 1};
    unsigned i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    node = config->nodes;
    for (i = 0; i < CONFIG_ADDRESSES; i++) CU_ASSERT_EQUAL(config_add_address(config, node, &prefix), 0);
    CU_ASSERT_EQUAL(config_add_address(config, node, &prefix), -ENOSPC);
    for (i = 0; i < CONFIG_PORTS; i++) CU_ASSERT_EQUAL(config_add_port(config, node, &port), 0);
    CU_ASSERT_EQUAL(config_add_port(config, node, &port), -ENOSPC);
    for (i = 0; i < CONFIG_VMLETS; i++) CU_ASSERT_EQUAL(config_add_vmlet(config, node, name), 0);
    CU_ASSERT_EQUAL(config_add_vmlet(config, node, name), -ENOSPC);
    for (i = 0; i < CONFIG_ROUTES; i++)
        CU_ASSERT_EQUAL(config_add_route(config, node, &(struct config_route){.via = i}), 0);
    CU_ASSERT_EQUAL(config_add_route(config, node, &(struct config_route){.via = i}), -ENOSPC);
    memset(name, 'x', sizeof name - 1);
    memset(networks, 0, sizeof networks);
    CU_ASSERT_STRING_EQUAL(node->ports[15].options.read_path, "in.pcap"); /* copies */
    CU_ASSERT_EQUAL(node->ports[0].networks[0].address, 2);
    CU_ASSERT_STRING_EQUAL(node->vmlets[63].name, "in.pcap");
    CU_ASSERT_EQUAL(node->routes[1000].via, 1000);
    config_free(config);
}

/* ---- the schema ---- */

/* Every key of the table is in the schema, says the same of itself, and there are no more. */
static void check_table(const json_t *object, const struct config_table *table)
{
    const json_t *properties = json_object_get(object, "properties");

    CU_ASSERT(json_is_false(json_object_get(object, "additionalProperties")));
    CU_ASSERT_EQUAL(json_object_size(properties), table->count);
    for (unsigned i = 0; i < table->count; i++) {
        const struct config_key *key = &table->keys[i];
        const json_t *property = json_object_get(properties, key->name);
        const char *help = json_string_value(json_object_get(property, "description"));

        if (help && strcmp(help, key->help) == 0) continue;
        fprintf(stderr, "    %s/%s: \"%s\"\n", table->name, key->name, key->help);
        CU_FAIL("the schema says something else");
    }
}

static void test_schema(void)
{
    json_t *schema = json_load_file(VVM_SOURCE "/config/vvmd.schema.json", JSON_REJECT_DUPLICATES, NULL);
    const json_t *parts = json_object_get(schema, "$defs");
    unsigned i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
    check_table(schema, config_tables[0]);
    for (i = 1; config_tables[i]; i++)
        check_table(json_object_get(parts, config_tables[i]->name), config_tables[i]);
    CU_ASSERT_EQUAL(json_object_size(parts), i - 1);
    json_decref(schema);
}

static void test_nearest(void)
{
    struct nearest nearest = {.word = "dealy"};
    char longest[300] = "";

    nearest_try(&nearest, "read");
    nearest_try(&nearest, "delay");
    nearest_try(&nearest, "daily");
    CU_ASSERT_STRING_EQUAL(nearest.best, "delay");
    CU_ASSERT_EQUAL(nearest.distance, 1); /* two letters swapped */
    memset(longest, 'x', sizeof longest - 1);
    nearest = (struct nearest){.word = longest};
    nearest_try(&nearest, "");
    nearest_try(&nearest, longest);
    CU_ASSERT(nearest.best == longest && nearest.distance == 0);
}

void config_tests(CU_pSuite suite)
{
    CU_add_test(suite, "every key", test_whole);
    CU_add_test(suite, "what looks alike", test_allowed);
    CU_add_test(suite, "values come back", test_round_trips);
    CU_add_test(suite, "values that are none", test_bad_values);
    CU_add_test(suite, "corpus of bad ones", test_corpus);
    CU_add_test(suite, "what is refused leaves nothing", test_leaks);
    CU_add_test(suite, "every truncation", test_truncations);
    CU_add_test(suite, "one octet changed", test_changes);
    CU_add_test(suite, "encodings", test_encodings);
    CU_add_test(suite, "sizes", test_sizes);
    CU_add_test(suite, "files that are none", test_files);
    CU_add_test(suite, "examples", test_examples);
    CU_add_test(suite, "ends of a link get their sockets", test_transport);
    CU_add_test(suite, "made in memory", test_single);
    CU_add_test(suite, "schema", test_schema);
    CU_add_test(suite, "nearest word", test_nearest);
}
