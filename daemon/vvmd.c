/* SPDX-License-Identifier: Apache-2.0 */
/* vvmd.c - the router daemon: nodes of a configuration file, or the replay of a capture. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "complain.h"
#include "serve.h"

#ifndef VVM_VERSION
#define VVM_VERSION "unknown"
#endif

/* A file or socket must not take the number of a standard stream that came closed, or the
 * ledger would be written into it. What stands there instead fails as a closed one does. */
static void occupy_standard_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    int descriptor;

    for (descriptor = 0; descriptor < 3; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) open("/dev/null", modes[descriptor]);
}

static int run(int argc, char **argv, struct settings *settings)
{
    char why[512];

    if (options_parse(settings, argc, argv, why, sizeof why)) {
        complain(NULL, "%s", why);
        return EXIT_USAGE;
    }
    if (!settings->help && !settings->version) return serve(settings);
    if (settings->help) options_help(stdout);
    else printf("vvmd %s\n", VVM_VERSION);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct settings *settings;
    int status;

    occupy_standard_streams();
    settings = calloc(1, sizeof *settings);
    if (!settings) return EXIT_FAILURE;
    status = run(argc, argv, settings);
    free(settings);
    if (fflush(stdout) == 0 || status != EXIT_SUCCESS) return status;
    complain(NULL, "standard output: not everything could be written");
    return EXIT_FAILURE;
}
