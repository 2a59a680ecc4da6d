/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Async bodies as tasks: one kind with VOW_FINALLY, for bodies that have a clean-up section, and one without.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "machine.h"

struct section {
    struct call *call;
    operand name;   /* a0, or its clean-up c0 */
    size_t next;    /* the instruction to go on with */
    bool is_trying; /* it stopped at a try_await */
    bool has_ended; /* by a `return`, whose operand is: */
    operand result;
};

/* The promise that an await waits for, to give away; NULL if it is skipped: no body may await its own. */
static vow_promise *awaited(const struct call *call, operand p)
{
    const machine *m = call->machine;

    return m->promises[p.number] && m->ids[p.number] != call->own ? vow_ref(m->promises[p.number]) : NULL;
}

/* Runs the section to its next await, whose promise this gives; NULL at its end. */
static vow_promise *advance(struct section *section)
{
    machine *m = section->call->machine;
    const struct block *block = program_block(m->program, section->name.kind, section->name.number);

    while (section->next < block->length && machine_may_step(m)) {
        const instruction *in = &block->code[section->next++];
        vow_promise *promise = NULL;

        if (in->op == OP_RETURN) {
            section->has_ended = true;
            section->result = in->with[0];
            return NULL;
        }
        if (in->op == OP_AWAIT || in->op == OP_TRY_AWAIT)
            promise = awaited(section->call, in->with[0]);
        else
            step(section->call, in);
        section->is_trying = in->op == OP_TRY_AWAIT;
        if (promise)
            return promise;
    }
    return NULL;
}

static void resumed(const struct section *section, const vow_value *value)
{
    machine *m = section->call->machine;

    if (m->is_closing)
        return;
    note_open_at(m, section->name, section->next - 1);
    show_value(value, MOST_DEPTH);
    note_close();
}

static void begin(struct section *section, char kind)
{
    machine *m = section->call->machine;

    section->name.kind = kind;
    section->next = 0;
    section->has_ended = false;
    if (m->is_closing)
        return;
    note_open(m, section->name);
    note_close();
}

static vow_value ended(const struct section *section)
{
    return outcome(section->call, section->result, true);
}

static vow_error *thrown(const struct section *section)
{
    return vow_error_new(section->result.number, "thrown by a body");
}

/* Leaves as the section's `return` says; goes on if it had none. */
#define LEAVE(me)                                                        \
    do {                                                                 \
        if ((me)->section.has_ended && (me)->section.result.kind == '!') \
            VOW_THROW(me, thrown(&(me)->section));                       \
        if ((me)->section.has_ended)                                     \
            VOW_RETURN(me, ended(&(me)->section));                       \
    } while (0)

struct body {
    vow_task task;
    struct section section;
};

VOW_ASYNC(body, me)
{
    vow_promise *promise;

    VOW_BEGIN(me);
    begin(&me->section, 'a');
    while ((promise = advance(&me->section))) {
        if (me->section.is_trying)
            VOW_TRY_AWAIT(me, promise);
        else
            VOW_AWAIT(me, promise);
        resumed(&me->section, VOW_RESULT(me));
    }
    LEAVE(me);
    VOW_END(me);
}

struct tidy_body {
    vow_task task;
    struct section section;
};

VOW_ASYNC(tidy_body, me)
{
    vow_promise *promise;

    VOW_BEGIN(me);
    begin(&me->section, 'a');
    while ((promise = advance(&me->section))) {
        if (me->section.is_trying)
            VOW_TRY_AWAIT(me, promise);
        else
            VOW_AWAIT(me, promise);
        resumed(&me->section, VOW_RESULT(me));
    }
    LEAVE(me);
    VOW_FINALLY(me);
    begin(&me->section, 'c');
    while ((promise = advance(&me->section))) {
        if (me->section.is_trying)
            VOW_TRY_AWAIT(me, promise);
        else
            VOW_AWAIT(me, promise);
        resumed(&me->section, VOW_RESULT(me));
    }
    LEAVE(me);
    VOW_END(me);
}

vow_promise *start_body(struct call *call)
{
    machine *m = call->machine;
    struct section section = {.call = call, .name = call->block};

    if (program_block(m->program, 'c', call->block.number)->is_there)
        return vow_async(m->loop, tidy_body, .section = section);
    return vow_async(m->loop, body, .section = section);
}
