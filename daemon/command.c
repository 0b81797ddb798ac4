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
    {"ports", "", "", "the ports: kind, link, largest payload", ROLE_READ, RENDER_TABLE, command_ports},
    {"stats", "[PREFIX]", "prefix", "the counters and gauges whose names begin with the prefix", ROLE_READ,
     RENDER_PAIRS, command_stats},
    {"status", "", "", "the router in a few lines", ROLE_READ, RENDER_PAIRS, command_status},
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
