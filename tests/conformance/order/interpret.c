/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs blocks that cannot await: the phases of a program, and handlers.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "machine.h"

operand run_block(struct call *call)
{
    const struct block *block = program_block(call->machine->program, call->block.kind, call->block.number);

    for (size_t i = 0; i < block->length && machine_may_step(call->machine); i++) {
        if (block->code[i].op == OP_RETURN)
            return block->code[i].with[0];
        step(call, &block->code[i]);
    }
    return (operand){'n', 0};
}

static vow_value run_handler(struct call *call)
{
    operand result;

    note_close();
    result = run_block(call);
    return outcome(call, result, true);
}

vow_value on_fulfilled(vow_value *value, void *data)
{
    struct call *call = data;

    if (call->machine->is_closing)
        return vow_nil();
    note_open(call->machine, call->block);
    show_value(value, MOST_DEPTH);
    call->input = value;
    return run_handler(call);
}

vow_value on_rejected(const vow_error *error, void *data)
{
    struct call *call = data;

    if (call->machine->is_closing)
        return vow_nil();
    if (call->otherwise.kind)
        call->block = call->otherwise;
    note_open(call->machine, call->block);
    show_error(error, MOST_DEPTH);
    call->error = error;
    return run_handler(call);
}

vow_value on_finally(void *data)
{
    struct call *call = data;

    if (call->machine->is_closing)
        return vow_nil();
    call->is_finally = true;
    note_open(call->machine, call->block);
    return run_handler(call);
}

vow_value on_try(void *data)
{
    struct call *call = data;

    note_open(call->machine, call->block);
    return run_handler(call);
}
