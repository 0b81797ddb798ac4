/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_ahead.h - a stream of captured frames that is read, but not waited for.
 *
 * libpcap reads a frame in pieces and waits for each. Whoever may not wait reads ahead
 * first, what is there of a pipe, and asks libpcap only when a whole frame is at hand.
 */
#ifndef VVMD_READ_AHEAD_H
#define VVMD_READ_AHEAD_H

#include <stdbool.h>
#include <stdio.h>

struct read_ahead;

/** A stream for pcap_fopen_offline over a descriptor that poll() knows (a pipe, a socket);
 *  waits for its first octets. fclose of the stream closes the descriptor and frees *ahead.
 *  NULL: no memory, and the descriptor is closed. */
FILE *read_ahead_open(struct read_ahead **ahead, int descriptor);
/** The next frame can be read from the stream without a wait, or it is found there that the
 *  stream has ended or is damaged. */
bool read_ahead_ready(struct read_ahead *ahead);
/** Readable when more has come. */
int read_ahead_descriptor(const struct read_ahead *ahead);

#endif
