/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_test.c - vvmd's command line: the two ways to run and what belongs to each,
 * lists from the environment and from arguments, ends of links.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/options.h"
#include "suites.h"

static struct settings settings;
static char why[512];

/* Words with blanks between them. */
static int parse(const char *line)
{
    static char text[4096];
    char *argv[1024] = {"vvmd"}, *rest = text, *word;
    int argc = 1;

    why[0] = '\0';
    snprintf(text, sizeof text, "%s", line);
    while ((word = strsep(&rest, " ")))
        if (*word) argv[argc++] = word;
    return options_parse(&settings, argc, argv, why, sizeof why);
}

static void refused(const char *line, const char *part)
{
    CU_ASSERT_EQUAL(parse(line), -EINVAL);
    if (strstr(why, part)) return;
    fprintf(stderr, "    \"%s\": %s\n", line, why);
    CU_FAIL("another error was expected");
}

static void test_config(void)
{
    CU_ASSERT_EQUAL(parse("-c net.yaml -n a -n b,c --control /run/a.sock -x --ledger -j -p x:y"), 0);
    CU_ASSERT_STRING_EQUAL(settings.config_path, "net.yaml");
    CU_ASSERT_EQUAL(settings.nodes.count, 3);
    CU_ASSERT_STRING_EQUAL(settings.nodes.items[2], "c");
    CU_ASSERT_STRING_EQUAL(settings.control, "/run/a.sock");
    CU_ASSERT_STRING_EQUAL(settings.path, "x:y");
    CU_ASSERT(settings.exit_at_end && settings.ledger && settings.json && !settings.check);
    CU_ASSERT_EQUAL(parse("--config=net.yaml --check"), 0);
    CU_ASSERT(settings.check && settings.nodes.count == 0 && !settings.control);
    CU_ASSERT_EQUAL(parse("-r in.pcap --ledger x.vml"), 0);
    CU_ASSERT(settings.ledger && !settings.config_path);
}

static void test_mixtures(void)
{
    refused("-c net.yaml", "give -n NAME of a node of net.yaml");
    refused("-c net.yaml -n a x.vml", "argument \"x.vml\"");
    refused("-c net.yaml -n a -r in.pcap", "option --read: is for a replay");
    refused("-c net.yaml -n a -a 10.0.0.1", "option --address: is for a replay");
    refused("-r in.pcap -n a x.vml", "option --node: goes with --config FILE");
    refused("-r in.pcap -x x.vml", "option --exit-at-end: goes with");
    refused("-c net.yaml -n a -n a", "--node: \"a\" is not valid");
    refused("-c net.yaml -n a234567890123456789012345678901b", "--node");
    refused("-c", "option -c needs a value");
    refused("", "give -r FILE, or -c FILE -n NODE");
}

static uint16_t port_of(const struct sockaddr_storage *socket)
{
    return ntohs(((const struct sockaddr_in *)socket)->sin_port); /* it stands at the same place in IPv6 */
}

static void test_links(void)
{
    const struct option_link *links = settings.links.items;

    CU_ASSERT_EQUAL(parse("-c f -n a --link 0.1=127.0.0.1:7001,127.0.0.1:7002 --link 3.0=fd:5,[::1]:9"), 0);
    CU_ASSERT_EQUAL_FATAL(settings.links.count, 2);
    CU_ASSERT(links[0].link == 0 && links[0].end == 1 && links[0].descriptor == -1);
    CU_ASSERT(port_of(&links[0].local) == 7001 && port_of(&links[0].peer) == 7002);
    CU_ASSERT(links[0].local_length == sizeof(struct sockaddr_in) &&
              links[0].peer_length == sizeof(struct sockaddr_in));
    CU_ASSERT(links[1].link == 3 && links[1].end == 0 && links[1].descriptor == 5);
    CU_ASSERT(links[1].peer.ss_family == AF_INET6 && port_of(&links[1].peer) == 9);
    CU_ASSERT(links[1].local_length == 0 && links[1].peer_length == sizeof(struct sockaddr_in6));
}

static void test_bad_links(void)
{
    static const char *const bad[] = {
        "x",
        "0.1=",
        "0=127.0.0.1:1,127.0.0.1:2",
        "0.2=127.0.0.1:1,127.0.0.1:2",
        ".1=127.0.0.1:1,127.0.0.1:2",
        "0.=127.0.0.1:1,127.0.0.1:2",
        "-1.0=127.0.0.1:1,127.0.0.1:2",
        "4294967296.0=127.0.0.1:1,127.0.0.1:2",
        "0.1=127.0.0.1:1",
        "0.1=127.0.0.1:1,",
        "0.1=,127.0.0.1:1",
        "0.1=127.0.0.1:1,127.0.0.1:2,127.0.0.1:3",
        "0.1=127.0.0.1:65536,127.0.0.1:2",
        "0.1=localhost:1,127.0.0.1:2",
        "0.1=::1:1,127.0.0.1:2",
        "0.1=[::1:1,127.0.0.1:2",
        "0.1=[127.0.0.1]:1,127.0.0.1:2",
        "0.1=fd:,127.0.0.1:2",
        "0.1=fd:-1,127.0.0.1:2",
        "0.1=fd:2147483648,127.0.0.1:2",
        "0.1=127.0.0.1:2,fd:3",
        "0.1=127.0.0.1:2,[::1]:3",
        "0.1=127.0.0.1:0,127.0.0.1:3",
        "0.1=127.0.0.1:2,127.0.0.1:0",
        "0.1=fd:3,0.0.0.0:2",
        "0.1=fd:3,224.0.0.1:2",
        "0.1=fd:3,[::]:2",
        "0,1=127.0.0.1:1.127.0.0.1:2",
    };
    char line[512];

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(line, sizeof line, "-c f -n a --link %s", bad[i]);
        refused(line, "option --link: \"");
    }
    refused("-c f -n a --link 0.1=fd:3,127.0.0.1:1 --link 0.1=fd:4,127.0.0.1:2", "no end twice");
    snprintf(line, sizeof line, "-c f -n a --link 0.1=fd:%0200d,127.0.0.1:1", 3);
    refused(line, "option --link");
}

static void test_environment(void)
{
    setenv("VVMD_CONFIG", "net.yaml", 1);
    setenv("VVMD_NODE", "a,b", 1);
    setenv("VVMD_LINK", "0.0=127.0.0.1:1,127.0.0.1:2 1.1=fd:3,127.0.0.1:4", 1);
    CU_ASSERT_EQUAL(parse(""), 0);
    CU_ASSERT(settings.nodes.count == 2 && settings.links.count == 2 && settings.links.items[1].end == 1);
    CU_ASSERT_EQUAL(parse("-n c --link 5.0=fd:3,127.0.0.1:4"), 0);
    CU_ASSERT(settings.nodes.count == 1 && settings.links.count == 1 && settings.links.items[0].link == 5);
    refused("-r in.pcap", "option --read: is for a replay: leave it out, or --config");
    unsetenv("VVMD_CONFIG");
    refused("-r in.pcap x.vml", "environment VVMD_NODE: goes with --config FILE");
    setenv("VVMD_NODE", "", 1); /* as if it were not there */
    setenv("VVMD_LINK", "", 1);
    setenv("VVMD_CHECK", "0", 1);
    CU_ASSERT_EQUAL(parse("-r in.pcap x.vml"), 0);
    setenv("VVMD_CHECK", "1", 1);
    refused("-r in.pcap x.vml", "environment VVMD_CHECK");
}

static void test_limits(void)
{
    char line[4096] = "-c f";
    size_t at = 4;
    unsigned i;

    for (i = 0; i < OPTION_LIST; i++) at += (size_t)snprintf(line + at, sizeof line - at, " -n n%u", i);
    CU_ASSERT_EQUAL(parse(line), 0);
    CU_ASSERT_EQUAL(settings.nodes.count, OPTION_LIST);
    snprintf(line + at, sizeof line - at, " -n more");
    refused(line, "at most 64 of them");
}

void options_tests(CU_pSuite suite)
{
    CU_add_test(suite, "nodes of a file", test_config);
    CU_add_test(suite, "what does not go together", test_mixtures);
    CU_add_test(suite, "ends of links", test_links);
    CU_add_test(suite, "ends of links that are none", test_bad_links);
    CU_add_test(suite, "environment", test_environment);
    CU_add_test(suite, "limits", test_limits);
}
