/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stub.c - frames that the machine puts on the stack for itself. Their code is
 * constant; their only slot takes what the frame above returns.
 */
#include "interpret.h"

#include <assert.h>

static_assert(OP_ALL <= UINT16_MAX, "an opcode has 16 bits, those of stubs included");

static const uint64_t stop_code[] = {OP_STOP};
static const uint64_t escape_code[] = {OP_RETURN};           /* return slot 0 */
static const uint64_t escape_list_code[] = {OP_RETURN_LIST}; /* return the elements of slot 0 */
static const uint64_t continuable_code[] = {OP_UNMASK, OP_RETURN};
static const uint64_t non_continuable_code[] = {OP_NON_CONTINUABLE};
static const uint8_t one_tagged_slot[] = {SLOT_ANY};
static const struct vvm_unit stub_unit = {.verified = true};

#define STUB(code_)                                                                                          \
    {                                                                                                        \
        .code = code_, .words = sizeof code_ / sizeof *code_, .slots = 1, .result = SLOT_ANY,                \
        .slot_types = one_tagged_slot, .name = VALUE_FALSE, .unit = (struct vvm_unit *)&stub_unit            \
    }

static const struct vvm_function stubs[] = {
    [STUB_STOP] = STUB(stop_code),
    [STUB_ESCAPE] = STUB(escape_code),
    [STUB_ESCAPE_LIST] = STUB(escape_list_code),
    [STUB_CONTINUABLE] = STUB(continuable_code),
    [STUB_NON_CONTINUABLE] = STUB(non_continuable_code),
};

const uint64_t *stub_code(enum stub stub) { return stubs[stub].code; }
const struct vvm_function *stub_function(enum stub stub) { return &stubs[stub]; }
bool is_stub(const struct vvm_function *f) { return f->unit == &stub_unit; }

bool push_stub(struct vvm_context *ctx, enum stub stub, uint64_t *result)
{
    assert(stub != STUB_STOP && ctx->frame_count > ctx->base_frame); /* runs begin in run.c */
    return push_frame(ctx, &stubs[stub], NULL, frame_end(top_frame(ctx)), result);
}
