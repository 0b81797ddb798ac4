/* SPDX-License-Identifier: Apache-2.0 */
/* port.c - what all kinds of ports share. */
#include "port.h"

#include <assert.h>
#include <time.h>

const char *port_loss_name(enum port_loss loss)
{
    static const char *const names[LOSS_KINDS] = {
#define L(name, text) [LOSS_##name] = text,
        PORT_LOSSES(L)
#undef L
    };
    assert(loss < LOSS_KINDS);
    return names[loss];
}

const char *port_fate_name(enum port_fate fate)
{
    static const char *const names[FATE_KINDS] = {
#define F(name, text) [FATE_##name] = text,
        PORT_FATES(F)
#undef F
    };
    assert(fate < FATE_KINDS);
    return names[fate];
}

uint64_t port_system_clock(void *data)
{
    struct timespec t;

    (void)data;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

const struct port_ops *const port_kinds[] = {&port_link, &port_pcap, &port_pcap_file, &port_udp, NULL};
