/* SPDX-License-Identifier: Apache-2.0 */
/* suites.h - the suites of the test program; each *_test.c fills one. */
#ifndef VVM_SUITES_H
#define VVM_SUITES_H

#include <CUnit/CUnit.h>

struct suite {
    const char *name;
    void (*fill)(CU_pSuite suite); /* adds its tests with CU_add_test */
};
extern const struct suite suites[]; /* the last has no name */

void api_tests(CU_pSuite suite);
void front_tests(CU_pSuite suite);
void compile_tests(CU_pSuite suite);
void verify_tests(CU_pSuite suite);
void image_tests(CU_pSuite suite);
void machine_tests(CU_pSuite suite);
void packet_tests(CU_pSuite suite);
void table_tests(CU_pSuite suite);
void wire_tests(CU_pSuite suite);
void reflect_tests(CU_pSuite suite);
void world_tests(CU_pSuite suite);
void life_tests(CU_pSuite suite);
void facility_tests(CU_pSuite suite);
void around_tests(CU_pSuite suite);
void override_tests(CU_pSuite suite);
void trace_tests(CU_pSuite suite);
void ants_tests(CU_pSuite suite);
void authority_tests(CU_pSuite suite);
void carrier_tests(CU_pSuite suite);
void runtime_tests(CU_pSuite suite);
void crew_tests(CU_pSuite suite);
void swap_tests(CU_pSuite suite);
void worker_tests(CU_pSuite suite);
void control_tests(CU_pSuite suite);
void options_tests(CU_pSuite suite);
void config_tests(CU_pSuite suite);
void routing_tests(CU_pSuite suite);
void packet_case_tests(CU_pSuite suite);
void case_tests(CU_pSuite suite);
void syntax_tests(CU_pSuite suite);
void staged_tests(CU_pSuite suite); /* the cases again, through stages: case_test.c */
void stage_tests(CU_pSuite suite);
void redefined_case_tests(CU_pSuite suite);
void route_tests(CU_pSuite suite);
void headers_tests(CU_pSuite suite);
void load_tests(CU_pSuite suite);
void unload_tests(CU_pSuite suite);
void collect_tests(CU_pSuite suite);
void port_impair_tests(CU_pSuite suite);
void port_link_tests(CU_pSuite suite);
void port_live_tests(CU_pSuite suite);
void port_pcap_tests(CU_pSuite suite);
void port_udp_tests(CU_pSuite suite);
void random_tests(CU_pSuite suite);

#endif
