/* SPDX-License-Identifier: Apache-2.0 */
/* repl.h - the read-eval-print loop of vvm. */
#ifndef VVM_REPL_H
#define VVM_REPL_H

#include "load.h"

/** Talk on the terminal (or standard input) until end of file or (exit). History and
 *  completion need libedit and a terminal. Returns the exit status. */
int repl(struct vvm_context *ctx, struct vvm_vmlet *user);

#endif
