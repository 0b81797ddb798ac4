/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - what the files of vvm-fault share. */
#ifndef VVM_TESTS_FAULT_H
#define VVM_TESTS_FAULT_H

#include <CUnit/Basic.h>

/* Where nodes are opened only every so many allocations is made to fail. */
extern unsigned long fault_every;

void daemon_faults(CU_pSuite suite);

#endif
