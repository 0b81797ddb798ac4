/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.c - the node of a fuzz target, and loads that leave nothing behind. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../engine/generation.h"
#include "../../engine/heap.h"
#include "../../engine/packet.h"
#include "../../engine/vmlet.h"

#define HEAP_LIMIT   ((size_t)64 << 20)
#define COLLECT_EACH 16 /* inputs */

static struct {
    struct vvm_node *node;
    struct vvm_vmlet *vmlets; /* as they stood before the input */
    unsigned long runs;
    FILE *nowhere;
    unsigned served;
} fuzz;

_Noreturn void fuzz_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "promise broken: %s, at %s:%d\n", condition, file, line);
    abort();
}

/* ---- the node ------------------------------------------------------------------------- */

static uint64_t still_clock(void *data) { return 1000000000; }

static void replace_node(void)
{
    struct vvm_options options = {.heap_limit = HEAP_LIMIT,
                                  .load_fuel = INT64_C(1000000000),
                                  .clock = still_clock,
                                  .output = fuzz.nowhere,
                                  .seed = 1};
    if (fuzz.node && fuzz_plan.retire) fuzz_plan.retire(fuzz.node);
    if (fuzz.node) node_close(fuzz.node);
    fuzz.served = 0;
    PROMISE(node_open(&options, &fuzz.node) == 0);
    if (fuzz_plan.prepare) fuzz_plan.prepare(fuzz.node);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz.nowhere = fopen("/dev/null", "w");
    PROMISE(fuzz.nowhere);
    if (fuzz_plan.serves) replace_node();
    else if (fuzz_plan.prepare) fuzz_plan.prepare(NULL);
    return 0;
}

/* Nothing is collected, so a node's heap only grows. */
static bool is_worn(void)
{
    return fuzz_plan.serves && (fuzz.served >= fuzz_plan.serves || heap_octets(fuzz.node) > HEAP_LIMIT / 2);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    if (is_worn()) replace_node();
    return LLVMFuzzerMutate(data, size, room);
}

struct vvm_node *fuzz_node(void)
{
    if (fuzz.served > 2 * fuzz_plan.serves) replace_node(); /* inputs that nobody mutated */
    fuzz.served++;
    return fuzz.node;
}

void fuzz_preload(struct vvm_node *node, const char *path)
{
    if (!load_file(&node->control, path, NULL)) return;
    print_pending(&node->control, stderr);
    exit(2);
}

/* ---- one load --------------------------------------------------------------------------- */

uint32_t fuzz_hash(const uint8_t *data, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) hash = (hash ^ data[i]) * 16777619u;
    return hash ^ hash >> 13;
}

void fuzz_begin(struct vvm_node *node, const uint8_t *data, size_t size)
{
    fuzz.vmlets = node->vmlets;
    PROMISE(generation_begin(node) == 0);
    node->control.pending.kind = PENDING_NONE;
    node->control.fuel = fuzz_plan.fuel * (fuzz_hash(data, size) % 16 == 0 ? 20 : 1);
}

void fuzz_end(struct vvm_node *node, int err, const uint8_t *data, size_t size)
{
    const struct vvm_context *ctx = &node->control;
    PROMISE(node->candidate && !node->loading);
    PROMISE(!err || ctx->pending.kind != PENDING_NONE);
    if (!err && generation_check(node) == 0 && fuzz_plan.try) fuzz_plan.try(node, data, size);
    print_pending(&node->control, fuzz.nowhere);
    generation_abandon(node);
    vmlets_refuse(node);
    PROMISE(node->vmlets == fuzz.vmlets && !node->spoilt);
    if (++fuzz.runs % COLLECT_EACH == 0) vmlets_reap(node);
    PROMISE(ctx->frame_count == 0 && ctx->handler_count == 0 && ctx->depth == 0);
    PROMISE(generations_alive(node) == 1 && ledger_balance(node) == 0);
}

/* ---- choices ------------------------------------------------------------------------------ */

uint8_t choose_octet(struct choices *c) { return c->at < c->end ? *c->at++ : 0; }

uint32_t choose(struct choices *c, uint32_t limit)
{
    uint32_t n = choose_octet(c);
    if (limit > 256) n = n << 8 | choose_octet(c);
    return limit ? n % limit : 0;
}
