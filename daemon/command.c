/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - the table of verbs, which `help` gives away: nobody else knows them. */
#include <errno.h>
#include <string.h>

#include "control_parts.h"

static command_run help;

const struct command commands[] = {
    {"complete", "[PREFIX]", "prefix", "names of the language that begin with the prefix", ROLE_READ,
     RENDER_TEXT, command_complete},
    {"eval", "EXPRESSION...", "[fuel] expressions...",
     "evaluate the expressions in the router's session VMlet; what they define stays", ROLE_WRITE,
     RENDER_TEXT, command_eval},
    {"help", "", "", "the verbs", ROLE_READ, RENDER_TABLE, help},
    {"ledger", "", "", "where every packet went", ROLE_READ, RENDER_TABLE, command_ledger},
    {"load", "FILE", "@file", "load a VMlet, a source or an image, which this client reads", ROLE_WRITE,
     RENDER_PAIRS, command_load},
    {"ports", "", "", "the ports: kind, link, largest payload", ROLE_READ, RENDER_TABLE, command_ports},
    {"reap", "", "", "free what VMlets that were unloaded left, as far as nothing uses it any more",
     ROLE_WRITE, RENDER_PAIRS, command_reap},
    {"replace", "FILE", "@file",
     "load a VMlet in place of the one of its name: it keeps that one's place and tables", ROLE_WRITE,
     RENDER_PAIRS, command_replace},
    {"stats", "[PREFIX]", "prefix", "the counters and gauges whose names begin with the prefix", ROLE_READ,
     RENDER_PAIRS, command_stats},
    {"status", "", "", "the router in a few lines", ROLE_READ, RENDER_PAIRS, command_status},
    {"trace", "[--next PACKETS] [--for SECONDS]", "words...",
     "the way of the next packets that networks execute, step by step", ROLE_WRITE, RENDER_TABLE,
     command_trace},
    {"unload", "NAME [--cascade]", "name --cascade",
     "take a VMlet out, and with --cascade those that depend on it", ROLE_WRITE, RENDER_PAIRS,
     command_unload},
    {"vmlets", "", "", "the loaded VMlets, the networks that they define and what those claim", ROLE_READ,
     RENDER_TABLE, command_vmlets},
    {NULL},
};

static int help(struct control *control, const json_t *arguments, json_t **data, char *why, size_t room)
{
    static const char *const roles[] = {[ROLE_READ] = "read", [ROLE_WRITE] = "write"};
    static const char *const renderings[] = {
        [RENDER_TEXT] = "text", [RENDER_PAIRS] = "pairs", [RENDER_TABLE] = "table"};
    const struct command *c;

    (void)control, (void)arguments, (void)why, (void)room;
    *data = json_array();
    for (c = commands; c->verb; c++) {
        json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "verb", c->verb, "arguments", c->arguments,
                                "help", c->help, "fields", c->fields, "role", roles[c->role], "rendering",
                                renderings[c->rendering]);

        if (!row || json_array_append_new(*data, row)) return -ENOMEM;
    }
    return 0;
}
