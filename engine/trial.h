/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - what a VMlet must pass before others see it: its own tests, run in the
 * generation that its load is building, in a world beside the node's (world.h).
 */
#ifndef VVM_TRIAL_H
#define VVM_TRIAL_H

#include "machine.h"

#define TEST_FUEL INT64_C(100000000) /* most that one test may use; what it uses is also the load's */

/* For who wants to know about all tests of the VMlet it loads: they are counted, the failures
 * are printed to `to`, and the load goes on. Not those of VMlets that it imports. */
struct test_report {
    FILE *to;
    unsigned passed, failed;
};

/** Run the tests that the VMlet has put into the candidate, in the order in which they stand.
 *  The candidate need not be checked yet; the VMlet must be on the node's list. 0; -EINVAL at the
 *  first that fails, with ctx->pending the error `test`: where it stands, its text and why; -EPERM
 *  if the check refuses. Control thread, inside a load. */
int vmlet_test(struct vvm_context *ctx, const struct vvm_vmlet *vmlet);

#endif
