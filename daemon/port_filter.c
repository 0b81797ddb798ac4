/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_filter.c - write a packet filter, a program of classic BPF.
 *
 * Its conditional jumps reach 255 steps, so all of them are local: what is right ends
 * where it is found (`accept_if`), what is far is reached by an unconditional jump. A
 * load beyond the frame's end takes the frame away. X stands at what is looked at.
 */
#include "port_filter.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>

_Static_assert(sizeof(struct filter_step) == sizeof(struct sock_filter), "one layout");
_Static_assert(offsetof(struct filter_step, k) == offsetof(struct sock_filter, k), "one layout");

enum {
    ALL = 0x40000, /* octets to keep of a frame that goes through */
    TYPE_OFFSET = 12,
    ETHERNET_HEADER = 14,
    VLAN_TAG = 4,
    TYPE_IP4 = 0x0800,
    TYPE_IP6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    TYPE_VLAN_OUTER = 0x88a8,
    IP4_HEADER = 20,
    IP6_HEADER = 40,
    IP4_LATER_FRAGMENT = 0x1fff,
    OPTION_HEADERS_MOST = 8, /* as carrier.c follows */
    NEXT_HOP_BY_HOP = 0,
    NEXT_UDP = 17,
    NEXT_FRAGMENT = 44,
    NEXT_DESTINATION_OPTIONS = 60,

    LOAD_OCTET = BPF_LD | BPF_B | BPF_IND, /* of X + k */
    LOAD_PAIR = BPF_LD | BPF_H | BPF_IND,
    LOAD_KEPT = BPF_LD | BPF_MEM,
    KEEP = BPF_ST,
    TO_X = BPF_MISC | BPF_TAX,
    ADD = BPF_ALU | BPF_ADD | BPF_K,
    ADD_X = BPF_ALU | BPF_ADD | BPF_X,
    EQUAL = BPF_JMP | BPF_JEQ | BPF_K,
    GO = BPF_JMP | BPF_JA,
    END = BPF_RET | BPF_K,
};

/* Words that a program may keep. */
enum { KEPT_PROTOCOL, KEPT_LENGTH };

struct writing {
    struct port_filter *filter;
    const struct port_claim *claims;
    unsigned claim_count;
    bool any_udp;
};

static unsigned step(struct writing *w, uint16_t code, uint32_t k)
{
    struct port_filter *filter = w->filter;

    assert(filter->count < PORT_FILTER_STEPS);
    filter->steps[filter->count] = (struct filter_step){.code = code, .k = k};
    return filter->count++;
}

/* Test the accumulator; steps that are left out if the test holds, or if it does not. */
static void when(struct writing *w, uint16_t test, uint32_t k, uint8_t yes, uint8_t no)
{
    struct filter_step *at = &w->filter->steps[step(w, test, k)];

    at->yes = yes;
    at->no = no;
}

static void accept_if(struct writing *w, uint16_t test, uint32_t k)
{
    when(w, test, k, 0, 1);
    step(w, END, ALL);
}

static void accept_unless(struct writing *w, uint16_t test, uint32_t k)
{
    when(w, test, k, 1, 0);
    step(w, END, ALL);
}

static void reject_unless(struct writing *w, uint16_t test, uint32_t k)
{
    when(w, test, k, 1, 0);
    step(w, END, 0);
}

/* A far jump forward, to what is written next after `land`. */
static unsigned go(struct writing *w) { return step(w, GO, 0); }
static void land(struct writing *w, unsigned from) { w->filter->steps[from].k = w->filter->count - from - 1; }

static void accept_claimed(struct writing *w, enum match_kind kind)
{
    unsigned i;

    for (i = 0; i < w->claim_count; i++)
        if (w->claims[i].kind == kind) accept_if(w, EQUAL, w->claims[i].key);
}

static bool claims_any(const struct writing *w, enum match_kind kind)
{
    unsigned i;

    for (i = 0; i < w->claim_count; i++)
        if (w->claims[i].kind == kind) return true;
    return false;
}

/* ---- IP ---- */

/* Accumulator: the version octet. */
static void accept_other_version(struct writing *w, unsigned version)
{
    step(w, BPF_ALU | BPF_RSH | BPF_K, 4);
    accept_unless(w, EQUAL, version);
}

/* X: the IPv4 header. */
static void write_ip4(struct writing *w)
{
    step(w, LOAD_OCTET, 0);
    accept_other_version(w, 4);
    step(w, LOAD_OCTET, 0);
    step(w, BPF_ALU | BPF_AND | BPF_K, 15);
    step(w, BPF_ALU | BPF_LSH | BPF_K, 2);
    accept_unless(w, BPF_JMP | BPF_JGE | BPF_K, IP4_HEADER);
    step(w, KEEP, KEPT_LENGTH);
    step(w, LOAD_OCTET, 9);
    accept_claimed(w, MATCH_IP);
    if (w->any_udp) {
        reject_unless(w, EQUAL, NEXT_UDP);
        step(w, LOAD_PAIR, 6);
        accept_if(w, BPF_JMP | BPF_JSET | BPF_K, IP4_LATER_FRAGMENT);
        step(w, LOAD_KEPT, KEPT_LENGTH);
        step(w, ADD_X, 0);
        step(w, TO_X, 0);
        step(w, LOAD_PAIR, 2);
        accept_claimed(w, MATCH_UDP);
    }
    step(w, END, 0);
}

/* X: an option header of IPv6; steps over it, accumulator: what follows. */
static void write_step_over(struct writing *w)
{
    step(w, LOAD_OCTET, 0);
    step(w, KEEP, KEPT_PROTOCOL);
    step(w, LOAD_OCTET, 1);
    step(w, ADD, 1);
    step(w, BPF_ALU | BPF_LSH | BPF_K, 3);
    step(w, ADD_X, 0);
    step(w, TO_X, 0);
    step(w, LOAD_KEPT, KEPT_PROTOCOL);
}

/* X: the IPv6 header. */
static void write_ip6(struct writing *w)
{
    unsigned ends[OPTION_HEADERS_MOST], i;

    step(w, LOAD_OCTET, 0);
    accept_other_version(w, 6);
    step(w, LOAD_OCTET, 6);
    step(w, KEEP, KEPT_PROTOCOL);
    step(w, BPF_MISC | BPF_TXA, 0);
    step(w, ADD, IP6_HEADER);
    step(w, TO_X, 0);
    step(w, LOAD_KEPT, KEPT_PROTOCOL);
    for (i = 0; i < OPTION_HEADERS_MOST; i++) {
        if (i == 0) when(w, EQUAL, NEXT_HOP_BY_HOP, 2, 0);
        when(w, EQUAL, NEXT_DESTINATION_OPTIONS, 1, 0);
        ends[i] = go(w);
        write_step_over(w);
    }
    for (i = 0; i < OPTION_HEADERS_MOST; i++) land(w, ends[i]);
    accept_if(w, EQUAL, NEXT_DESTINATION_OPTIONS);
    accept_if(w, EQUAL, NEXT_FRAGMENT);
    accept_claimed(w, MATCH_IP);
    if (w->any_udp) {
        reject_unless(w, EQUAL, NEXT_UDP);
        step(w, LOAD_PAIR, 2);
        accept_claimed(w, MATCH_UDP);
    }
    step(w, END, 0);
}

/* ---- Ethernet ---- */

/* Accumulator: the type of what X stands at. */
static void write_types(struct writing *w)
{
    unsigned ip6;

    accept_claimed(w, MATCH_ETHERNET);
    if (!w->any_udp && !claims_any(w, MATCH_IP)) {
        step(w, END, 0);
        return;
    }
    when(w, EQUAL, TYPE_IP4, 3, 0);
    reject_unless(w, EQUAL, TYPE_IP6);
    ip6 = go(w);
    write_ip4(w);
    land(w, ip6);
    write_ip6(w);
}

void port_filter_make(struct port_filter *filter, const struct port_claim *claims, unsigned n)
{
    struct writing w = {.filter = filter, .claims = claims, .claim_count = n};

    filter->count = 0;
    if (n == 0 || n > PORT_CLAIMS) {
        step(&w, END, n ? ALL : 0);
        return;
    }
    w.any_udp = claims_any(&w, MATCH_UDP);
    step(&w, BPF_LDX | BPF_IMM, ETHERNET_HEADER);
    step(&w, BPF_LD | BPF_H | BPF_ABS, TYPE_OFFSET);
    when(&w, EQUAL, TYPE_VLAN, 1, 0);
    when(&w, EQUAL, TYPE_VLAN_OUTER, 0, 2);
    step(&w, BPF_LDX | BPF_IMM, ETHERNET_HEADER + VLAN_TAG);
    step(&w, BPF_LD | BPF_H | BPF_ABS, TYPE_OFFSET + VLAN_TAG);
    write_types(&w);
}

int port_filter_attach(const struct port_filter *filter, int descriptor)
{
    struct sock_filter steps[PORT_FILTER_STEPS];
    struct sock_fprog program = {.len = (unsigned short)filter->count, .filter = steps};
    unsigned i;

    for (i = 0; i < filter->count; i++) {
        const struct filter_step *from = &filter->steps[i];

        steps[i] = (struct sock_filter){.code = from->code, .jt = from->yes, .jf = from->no, .k = from->k};
    }
    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) ? -errno : 0;
}
