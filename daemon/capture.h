/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h - a stream whose text is kept in memory, up to a cap; what comes beyond is lost. */
#ifndef VVMD_CAPTURE_H
#define VVMD_CAPTURE_H

#include <stdbool.h>
#include <stdio.h>

struct capture {
    FILE *stream; /* to write to */
    char *text;   /* NUL-terminated; NULL only after close */
    size_t length, room, most;
    bool cut; /* there was more */
};

/** Keep at most `most` octets. 0 or -ENOMEM. */
int capture_open(struct capture *capture, size_t most);
/** All that was written is in `text` from now on; the stream is gone. */
void capture_end(struct capture *capture);
/** Free it all; also one that is not open. */
void capture_close(struct capture *capture);

#endif
