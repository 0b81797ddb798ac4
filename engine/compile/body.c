/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c - what only the body of a wire instruction may say: exits, items, locals and
 * handlers of the wire program; and running another program.
 */
#include "compile.h"

static bool in_body(struct emitter *e, const struct ast_node *n, const char *what)
{
    if (e->body) return true;
    compile_error(e->c, ERROR_SYNTAX, n->position,
                  "%s inside a function that is called, not in the body itself", what);
    return false;
}

/* ---- exits -------------------------------------------------------------------------------- */

static unsigned exit_index(const struct ast_node *n)
{
    unsigned then = n->exit.then == THEN_NEXT   ? 0
                    : n->exit.then == THEN_HERE ? 1
                                                : 2 + n->exit.then_label->operand;
    return n->exit.kept_count | then << 8;
}

static void emit_exit_list(struct emitter *e, struct ast_node *n, const unsigned *slots)
{
    unsigned operand = n->exit.operand ? n->exit.operand->operand : 0;
    unsigned kept = n->exit.kept_count, count = n->exit.count;
    emit_at(e, n->position);
    switch (n->exit.kind) {
    case EXIT_KIND_NEXT: emit_list(e, OP_EXIT_NEXT, 0, 0, slots, count); break;
    case EXIT_KIND_GOTO: emit_list(e, OP_EXIT_GOTO, operand, 0, slots, count); break;
    case EXIT_KIND_PREVIOUS: emit_op(e, OP_EXIT_PREVIOUS, 0, 0, 0); break;
    case EXIT_KIND_RETURN: emit_op(e, OP_EXIT_RETURN, slots[0], 0, 0); break;
    case EXIT_KIND_CALL:
        if (n->exit.call_items) emit_list(e, OP_EXIT_CALL_ITEMS, operand, exit_index(n), slots, kept);
        else emit_list(e, OP_EXIT_CALL, operand, exit_index(n), slots, kept + count);
        break;
    }
    e->returns = true;
}

void emit_exit(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned kept = n->exit.kind == EXIT_KIND_CALL ? n->exit.kept_count : 0, count = n->exit.count;
    if (!e->body || to.kind != TO_RETURN) {
        compile_error(e->c, ERROR_SYNTAX, n->position,
                      "exit inside a function that is called in a non-tail position");
        return;
    }
    if (kept + count > 255 || (n->exit.kind == EXIT_KIND_RETURN && count != 1)) {
        compile_error(e->c, ERROR_SYNTAX, n->position, "wrong number of values in an exit");
        return;
    }
    unsigned mark = slot_mark(e), *slots = compile_allocate(e->c, (kept + count + 1) * sizeof *slots);
    if (!slots) return;
    emit_operands(e, n->exit.kept, kept, slots);
    emit_operands(e, n->exit.values, count, slots + kept);
    emit_exit_list(e, n, slots);
    slot_release(e, mark);
}

/* ---- items, locals, handlers ------------------------------------------------------------------ */

static void emit_item(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY), index = 0;
    if (n->item.kind == ITEM_KIND_REF) index = emit_operand(e, n->item.index, SLOT_ANY);
    emit_at(e, n->position);
    switch (n->item.kind) {
    case ITEM_KIND_COUNT: emit_op(e, OP_ITEM_COUNT, slot, 0, 0); break;
    case ITEM_KIND_REF: emit_op(e, OP_ITEM_REF, slot, index, 0); break;
    case ITEM_KIND_VECTOR: emit_op(e, OP_ITEMS, slot, 0, 0); break;
    }
    deliver(e, slot, to);
    slot_release(e, mark);
}

static void emit_wire_local(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), operand = n->wire_local.operand->operand;
    if (n->wire_local.value) {
        unsigned value = emit_operand(e, n->wire_local.value, SLOT_ANY);
        emit_at(e, n->position);
        emit_op(e, OP_WIRE_LOCAL_SET, operand, value, 0);
        slot_release(e, mark);
        deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
        return;
    }
    unsigned slot = target_slot(e, to, SLOT_ANY);
    emit_at(e, n->position);
    emit_op(e, OP_WIRE_LOCAL_REF, slot, operand, 0);
    deliver(e, slot, to);
    slot_release(e, mark);
}

static void emit_wire_op(struct emitter *e, struct ast_node *n, struct destination to)
{
    emit_at(e, n->position);
    if (n->wire_op.kind == WIRE_KIND_PROGRAM_BYTES) {
        unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY);
        emit_op(e, OP_PROGRAM_BYTES, slot, 0, 0);
        deliver(e, slot, to);
        slot_release(e, mark);
        return;
    }
    if (n->wire_op.kind == WIRE_KIND_PUSH_HANDLER)
        emit_op(e, OP_EXIT_PUSH_HANDLER, n->wire_op.operand->operand, 0, 0);
    else emit_op(e, OP_EXIT_POP_HANDLER, 0, 0, 0);
    deliver_constant(e, VALUE_UNSPECIFIED, to, n->position);
}

void emit_wire(struct emitter *e, struct ast_node *n, struct destination to)
{
    if (n->kind == AST_ITEM && in_body(e, n, "items")) emit_item(e, n, to);
    if (n->kind == AST_WIRE_LOCAL && in_body(e, n, "a local of the wire program")) emit_wire_local(e, n, to);
    if (n->kind == AST_WIRE_OP && in_body(e, n, "an operation on the wire program")) emit_wire_op(e, n, to);
}

void emit_run_program(struct emitter *e, struct ast_node *n, struct destination to)
{
    unsigned mark = slot_mark(e), slot = target_slot(e, to, SLOT_ANY), slots[4];
    unsigned program = emit_operand(e, n->run_program.program, SLOT_ANY);
    slots[0] = emit_operand(e, n->run_program.bytes, SLOT_ANY);
    slots[1] = emit_operand(e, n->run_program.entry, SLOT_ANY);
    slots[2] = emit_operand(e, n->run_program.arguments, SLOT_ANY);
    if (n->run_program.view) {
        slots[3] = emit_operand(e, n->run_program.view, SLOT_ANY);
    } else {
        slots[3] = slot_take(e, SLOT_ANY);
        emit_imm32(e, OP_IMMEDIATE, slots[3], (int32_t)VALUE_FALSE);
    }
    emit_at(e, n->position);
    emit_list(e, OP_RUN_PROGRAM, slot, program, slots, 4);
    deliver(e, slot, to);
    slot_release(e, mark);
}
