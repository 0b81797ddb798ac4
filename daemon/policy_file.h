/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_file.h - the operator's policy as a file: who may sign what.
 *
 *   unsigned: all                  # files of this machine: all, none, refuse, or a list
 *   keys:
 *     alice: { public: BASE64, may: ["(network anep *)", "(table 1MiB)"] }
 *   networks:                      # code that packets brought
 *     ants: { unsigned: false, may: ["(log)"] }
 */
#ifndef VVMD_POLICY_FILE_H
#define VVMD_POLICY_FILE_H

#include "engine/policy.h"

/** Read and check a file. 0, or -errno with one line in `why`: FILE:LINE:COLUMN: what; what
 *  to do. The caller owns the policy. Any thread. */
int policy_read(struct policy **policy, const char *path, char *why, size_t room);
int policy_parse(struct policy **policy, const char *name, const char *octets, size_t length, char *why,
                 size_t room);
/** Add a public key that may have nothing yet to a file, which is made if it is not there. The
 *  rest of the file stays as it is; a file that would not be read any more is not written. */
int policy_trust(const char *path, const char *name, const char *public, char *why, size_t room);

#endif
