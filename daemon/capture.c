/* SPDX-License-Identifier: Apache-2.0 */
/* capture.c - see capture.h. */
#include "capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static ssize_t keep(void *cookie, const char *octets, size_t length)
{
    struct capture *c = cookie;
    size_t wanted = length < c->most - c->length ? length : c->most - c->length;

    if (wanted < length) c->cut = true;
    if (c->length + wanted > c->room) {
        size_t room = 2 * (c->length + wanted);
        char *text = realloc(c->text, room + 1);

        if (!text) {
            c->cut = true;
            return (ssize_t)length;
        }
        c->text = text;
        c->room = room;
    }
    memcpy(c->text + c->length, octets, wanted);
    c->length += wanted;
    c->text[c->length] = '\0';
    return (ssize_t)length;
}

int capture_open(struct capture *capture, size_t most)
{
    *capture = (struct capture){.most = most, .text = calloc(1, 1)};
    if (capture->text) capture->stream = fopencookie(capture, "w", (cookie_io_functions_t){.write = keep});
    if (capture->stream) return 0;
    capture_close(capture);
    return -ENOMEM;
}

void capture_end(struct capture *capture)
{
    if (capture->stream) fclose(capture->stream);
    capture->stream = NULL;
}

void capture_close(struct capture *capture)
{
    capture_end(capture);
    free(capture->text);
    *capture = (struct capture){.text = NULL};
}
