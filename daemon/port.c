/* SPDX-License-Identifier: Apache-2.0 */
/* port.c - what all kinds of ports share. */
#include "port.h"

#include <assert.h>

const char *port_loss_name(enum port_loss loss)
{
    static const char *const names[LOSS_KINDS] = {
        [LOSS_TRUNCATED] = "truncated",
        [LOSS_TOO_LONG] = "too-long",
        [LOSS_NO_BUFFER] = "no-buffer",
    };
    assert(loss < LOSS_KINDS);
    return names[loss];
}
