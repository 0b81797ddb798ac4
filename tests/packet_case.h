/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_case.h - case files of packets: frames that come in and what becomes of them.
 *
 *   ; to the end of the line: a comment
 *   load netvmlets/hop.vml          a VMlet, from the top of the tree
 *   address 192.0.2.2/24            vvmd's -a
 *   route 198.51.100.0/24=192.0.2.1 vvmd's -R
 *   mtu 1500                        vvmd's --mtu
 *   neighbour 192.0.2.1             a node on the link
 *
 *   case NAME                       what stands above the first case holds for all of them
 *   receive HEX                     a frame; a line that begins with a blank continues it
 *   send NETWORK HEX                how it ends: this frame leaves
 *   deliver PORT HEX                these octets go to the application on the port
 *   drop REASON
 *   consume CAUSE
 *   ledger KIND NAME COUNT          a row of the ledger that the lines above do not say
 *
 * In hex, blanks mean nothing and 00*18 stands for 18 times 00. The whole ledger must be
 * what the case says: each frame received and ended once, and nothing else.
 */
#ifndef VVM_PACKET_CASE_H
#define VVM_PACKET_CASE_H

#include "daemon/options.h"
#include "engine/packet.h"

enum { CASE_FRAME_ROOM = 2048, CASE_FRAMES = 64, CASE_ARGUMENTS = 64, CASE_ROWS = 128, CASE_NEIGHBOURS = 8 };

struct case_frame {
    uint8_t octets[CASE_FRAME_ROOM];
    uint32_t length;
    unsigned line;
};

/* How a frame ends: SENT, DELIVERED (octets say what), DROPPED, CONSUMED. */
struct case_end {
    enum ledger_kind kind;
    char name[56]; /* of the ledger's row */
    unsigned line;
    struct case_frame frame;
};

struct packet_case {
    const char *file;
    char name[96];
    unsigned line;
    struct settings settings; /* as vvmd has them */
    char arguments[CASE_ARGUMENTS][128];
    char *argument_list[CASE_ARGUMENTS + 1];
    unsigned argument_count;
    uint32_t neighbours[CASE_NEIGHBOURS];
    unsigned neighbour_count;
    struct case_frame received[CASE_FRAMES];
    unsigned received_count;
    struct case_end ends[CASE_FRAMES];
    unsigned end_count;
    struct ledger_row rows[CASE_ROWS]; /* of `ledger` lines */
    unsigned row_count;
};

/** Call run for each case of the file. 0, or -EINVAL after a line on stderr that says
 *  where the file is wrong. */
int packet_case_each(const char *path, void (*run)(void *data, const struct packet_case *c), void *data);
/** The word for a kind of the ledger ("received" ...), or its number; -1: no such word. */
const char *ledger_kind_word(enum ledger_kind kind);
int ledger_kind_of_word(const char *word);

#endif
