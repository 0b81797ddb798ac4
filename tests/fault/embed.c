/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed.c - what an application does through vvm.h, with each allocation made to fail in
 * turn; and that messages and packets need none, those that go wrong included.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../engine/vvm.h"
#include "allocator.h"

static const char text[] = "(vmlet keep (needs (table 1MiB) (network udp 7)))\n"
                           "(define-array tally u64 4)\n"
                           "(define-table marks map (key u32) (value u64) (entries 1000))\n"
                           "(table-put! marks 5 50)\n"
                           "(define (filter m)\n"
                           "  (array-add! tally 0 1)\n"
                           "  (case (bytevector-u8-ref m 0)\n"
                           "    ((108) (let loop () (loop))) ((114) (raise 'no)) ((101) (car m))\n"
                           "    (else (bytevector-copy m 1))))\n"
                           "(define-layout what (kind u8))\n"
                           "(define (run)\n"
                           "  (case (what-kind packet) ((1) (send (hop 0 0) packet)) ((2) (car packet))\n"
                           "    (else (emit (hop 0 0) (copy-packet packet 'copied)) (drop 'seen))))\n"
                           "(define-network what (match (udp 7)) (decode what) (execute run))\n";
static const char more[] =
    "(vmlet more (import (keep marks)) (needs (table 64KiB)))\n"
    "(define-array own u32 9) (define-table further lpm (key u32) (value u64) (entries 9))\n"
    "(array-set! own 1 (table-ref marks 5))\n";

static vvm_node *node, *beside;
static unsigned passed, failed;

static const char *take(void *data, vvm_context *context, uint16_t device, uint32_t address,
                        const void *octets, size_t length)
{
    (void)data, (void)context, (void)device, (void)address, (void)octets, (void)length;
    return NULL;
}

static void check(int good, const char *what)
{
    if (good) passed++;
    else failed++, printf("FAILED  %s (%s)\n", what, vvm_error(node));
}

/* ---- deeds: 0, or why not; what was done is undone --------------------------------------------- */

static int stand_beside(void)
{
    vvm_node *third;
    int err = vvm_node_open_beside(node, NULL, &third);
    if (!err) vvm_node_close(third);
    return err;
}

static int open_context(void)
{
    vvm_context *context;
    int err = vvm_context_open(beside, NULL, &context);
    if (!err) vvm_context_close(context);
    return err;
}

static int bind_function(void)
{
    vvm_function *function;
    int err = vvm_function_open(node, "keep", "filter", &function);
    if (!err) vvm_function_close(function);
    return err;
}

static int load_more(void) { return vvm_load(beside, "more", more, strlen(more)); }
static int unload_more(void) { return vvm_unload(node, "more", 0); }
static int nothing(void) { return 0; }
static int sweep(void) { return unload_more() || load_more(); } /* what was evaluated goes with it */

static int evaluate_some(void)
{
    static const char expression[] = "(list (table-ref marks 5) \"text\")";
    struct vvm_datum d;
    return vvm_evaluate(beside, "keep", expression, strlen(expression), &d);
}

/* What went wrong says so, and the same goes well afterwards. Texts of errors are kept, a few
 * registers and epochs' records grow once. */
static void fail_each(const char *name, int (*deed)(void), int (*undo)(void))
{
    unsigned long k = 1, refused = 0;
    int bad = deed() || undo() || deed() || undo();
    long held = 0;
    for (; !bad; k++) {
        fault_arm(k);
        int err = deed();
        int fault = fault_disarm();
        refused += err != 0;
        if (err && (!fault || deed())) bad = 1; /* it serves on */
        if (undo()) bad = 1;
        if (!fault) break;
        if (k == 2) held = fault_held();
        if (k > 2 && fault_held() > held + 8) bad = 1;
    }
    printf("    %s: %lu allocations, %lu of them needed, %+ld blocks\n", name, k - 1, refused,
           k > 2 ? fault_held() - held : 0);
    check(!bad && refused > 0, name);
}

/* ---- messages and packets ------------------------------------------------------------------------- */

static void pass_all(vvm_context *context, const vvm_function *function)
{
    static const char *const messages[] = {"hello", "loop", "raise", "error", "", "x"};
    static const char kinds[] = "\1\2\3";
    struct vvm_datum d = {.kind = VVM_OCTETS}, result;
    for (unsigned i = 0; i < sizeof messages / sizeof *messages; i++) {
        d.octets = messages[i];
        d.length = strlen(messages[i]);
        vvm_function_run(context, function, &d, 1, 1000, &result, NULL);
    }
    for (unsigned i = 0; i < 3; i++) vvm_receive_by(context, VVM_UDP_PORT, 7, 1, kinds + i, 1, NULL);
    vvm_receive(context, "nobody", 1, "x", 1, NULL);
    vvm_receive(context, "what", 1, "", 0, NULL);
}

static void messages_need_no_allocation(vvm_node *of)
{
    vvm_context *context;
    vvm_function *function;
    if (vvm_context_open(of, NULL, &context) || vvm_function_open(node, "keep", "filter", &function)) abort();
    pass_all(context, function);
    unsigned long before = fault_allocations();
    for (unsigned i = 0; i < 100; i++) pass_all(context, function);
    check(fault_allocations() == before, "messages and packets without an allocation");
    check(vvm_ledger_balance(of) == 0, "and the ledger balances");
    vvm_function_close(function);
    vvm_context_close(context);
}

/* ---- main ------------------------------------------------------------------------------------------- */

int main(void)
{
    struct vvm_node_options options = {.size = sizeof options, .transmit = take};
    if (vvm_node_open(&options, &node) || vvm_load(node, "keep", text, strlen(text)) ||
        vvm_node_open_beside(node, &options, &beside)) {
        printf("%s\n0 passed, 1 failed\n", node ? vvm_error(node) : "no node");
        return 1;
    }
    fail_each("stand beside", stand_beside, nothing);
    fail_each("open a context", open_context, nothing);
    fail_each("bind a function", bind_function, nothing);
    fail_each("load beside", load_more, unload_more);
    if (load_more()) abort();
    fail_each("unload beside", unload_more, load_more);
    fail_each("evaluate beside", evaluate_some, sweep);
    messages_need_no_allocation(node);
    messages_need_no_allocation(beside);
    vvm_node_close(beside);
    vvm_node_close(node);
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}
