/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator.h - an allocator that fails when it is told, and counts what is held. It stands
 * before the C library's for the whole process, the library's own calls included.
 */
#ifndef VVM_TESTS_FAULT_ALLOCATOR_H
#define VVM_TESTS_FAULT_ALLOCATOR_H

#include <stdbool.h>

/** The k-th allocation from now on fails (1: the next one); 0: none does. Mappings of memory
 *  count as well. All threads. */
void fault_arm(unsigned long k);
/** Allow everything again. True if an allocation was refused since fault_arm. */
bool fault_disarm(void);
/** Allocations and mappings since the process began. */
unsigned long fault_allocations(void);
/** Blocks held now: allocated and not freed. */
long fault_held(void);

#endif
