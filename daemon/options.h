/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - vvmd's command line: one table of rows (options.c); parsing, --help and the
 * environment variables VVMD_* all come from it.
 *
 * Two ways to run: the nodes of a configuration file (-c), or the replay of one capture
 * (-r). Options of the one are refused with the other.
 */
#ifndef VVMD_OPTIONS_H
#define VVMD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#define OPTION_LIST  64  /* most times that -a, -R or -n may be given */
#define OPTION_NAME  32  /* octets of a node's name, with its NUL */
#define OPTION_LINKS 256 /* most times that --link may be given */

struct option_prefix {
    uint32_t address;
    uint8_t length;
    bool has_length; /* it was written */
    uint32_t hop;    /* routes only */
};

/* Every list begins with its count. */
struct option_prefixes {
    unsigned count;
    struct option_prefix items[OPTION_LIST];
};

struct option_names {
    unsigned count;
    char items[OPTION_LIST][OPTION_NAME]; /* none twice */
};

/* --link N.E=TRANSPORT: what config_set_transport takes. */
struct option_link {
    unsigned link, end;
    int descriptor;                /* inherited bound socket, or -1: bind `local` */
    struct sockaddr_storage local; /* all zero with a descriptor */
    socklen_t local_length;
    struct sockaddr_storage peer;
    socklen_t peer_length;
};

struct option_links {
    unsigned count;
    struct option_link items[OPTION_LINKS]; /* no end of a link twice */
};

struct settings {
    /* replay */
    const char *read_path, *write_path;
    struct option_prefixes addresses, routes;
    uint32_t mtu;
    char **files; /* VMlets to load, in order */
    unsigned file_count;
    /* configuration file */
    const char *config_path;   /* not NULL: run nodes of this file */
    struct option_names nodes; /* at least one; with `check` none means all nodes of the file */
    const char *control;       /* path of the control socket; "none": no socket; NULL: the default */
    struct option_links links;
    bool check;       /* do everything but open ports */
    bool exit_at_end; /* leave when all ports have ended */
    /* both */
    const char *path; /* more folders to look for VMlets in */
    bool ledger;      /* print the ledger at exit; a replay always does */
    bool json;        /* the ledger as JSON */
    bool help, version;
};

/** Environment first, then the arguments, which win. 0, or -EINVAL with one line in
 *  `why`: where, what, what to do. Texts stay those of the environment and argv. */
int options_parse(struct settings *settings, int argc, char **argv, char *why, size_t room);
void options_help(FILE *to);

#endif
