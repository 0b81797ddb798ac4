/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - the daemon at work, from its settings to its exit status. */
#ifndef VVMD_SERVE_H
#define VVMD_SERVE_H

#include "options.h"

#define EXIT_USAGE 2 /* EXIT_FAILURE, 1: refused or failed */

/** Run the nodes (or check them, see settings) until a signal, a broken port or, if that
 *  is wanted, the end of all ports. The exit status; a line on standard error says why it
 *  is not 0. Call it once, on the main thread, while it is the only one. */
int serve(const struct settings *settings);

#endif
