/* SPDX-License-Identifier: Apache-2.0 */
/* authority_state.h - what a node keeps of authority. Private to authority*.c. */
#ifndef VVM_AUTHORITY_STATE_H
#define VVM_AUTHORITY_STATE_H

#include "authority.h"

#define OWNERS 256 /* numbers in headers of objects; 0 is core's and nobody's */

struct revocation {
    struct revocation *next;
    vvm_value vmlet; /* symbol; symbols live as long as the node */
    struct grant_set grants;
};

struct authority_state {
    const struct policy *policy; /* the host's, or NULL */
    const char *ingress;         /* network whose packets ask for loads now, or NULL */
    struct revocation *revocations;
    struct vvm_vmlet *owners[OWNERS];
    uint8_t last_owner;
    uint64_t fuel;  /* left of the VMlet for which things are done; see authority_enter */
    bool fuel_ends; /* it has an end */
};

#endif
