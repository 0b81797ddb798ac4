/* SPDX-License-Identifier: Apache-2.0 */
/* suites.c - which suites there are, lowest floor first. */
#include "suites.h"

const struct suite suites[] = {
    {"front", front_tests},
    {"compile", compile_tests},
    {"verify", verify_tests},
    {"image", image_tests},
    {"machine", machine_tests},
    {"load", load_tests},
    {"unload", unload_tests},
    {"collect", collect_tests},
    {"cases", case_tests},
    {"cases-redefined", redefined_case_tests},
    {"random", random_tests},
    {"packet", packet_tests},
    {"table", table_tests},
    {"route", route_tests},
    {"headers", headers_tests},
    {"wire", wire_tests},
    {"world", world_tests},
    {"api", api_tests},
    {"facilities", facility_tests},
    {"around", around_tests},
    {"override", override_tests},
#ifdef VVM_DAEMON
    {"carrier", carrier_tests},
    {"worker", worker_tests},
    {"runtime", runtime_tests},
    {"control", control_tests},
    {"options", options_tests},
    {"config", config_tests},
    {"routing", routing_tests},
    {"packets", packet_case_tests},
    {"port-pcap", port_pcap_tests},
    {"port-live", port_live_tests},
    {"port-impair", port_impair_tests},
    {"port-link", port_link_tests},
    {"port-udp", port_udp_tests},
    {"ants", ants_tests},
#endif
    {NULL, NULL},
};
