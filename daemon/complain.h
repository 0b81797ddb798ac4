/* SPDX-License-Identifier: Apache-2.0 */
/* complain.h - one line of vvmd on standard error. */
#ifndef VVMD_COMPLAIN_H
#define VVMD_COMPLAIN_H

/** "vvmd NODE: ..." or, with node NULL, "vvmd: ...", and a newline. Any thread. */
__attribute__((format(printf, 2, 3))) void complain(const char *node, const char *format, ...);

#endif
