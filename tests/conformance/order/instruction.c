/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each instruction does: one function an operation, as in run.js.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "machine.h"

typedef void (*step_fn)(struct call *call, const instruction *in);

/* The promise an operand names, with a reference to give away; NULL if there is none. */
static vow_promise *named(machine *m, operand p)
{
    const vow_promise *promise = m->promises[p.number];

    return promise ? vow_ref(promise) : NULL;
}

static vow_error *error_of(operand e)
{
    return vow_error_new(e.number, "rejected");
}

/* ---- Promises from nothing ----------------------------------------------------------------------------- */

static void step_new(struct call *call, const instruction *in)
{
    machine *m = call->machine;

    m->resolvers[in->to] = machine_take(m, sizeof *m->resolvers[in->to]);
    machine_keep(m, in->to, vow_promise_new(m->loop, m->resolvers[in->to], NULL));
}

static void step_resolved(struct call *call, const instruction *in)
{
    machine *m = call->machine;

    machine_keep(m, in->to, vow_resolved(m->loop, outcome(call, in->with[0], false)));
}

static void step_rejected(struct call *call, const instruction *in)
{
    machine_keep(call->machine, in->to, vow_rejected(call->machine->loop, error_of(in->with[0])));
}

static void step_try(struct call *call, const instruction *in)
{
    machine *m = call->machine;

    machine_keep(m, in->to, vow_try(m->loop, on_try, machine_call(m, in->with[0])));
}

static void step_async(struct call *caller, const instruction *in)
{
    struct call *body = machine_call(caller->machine, in->with[0]);
    vow_promise *promise = start_body(body);

    body->own = machine_keep(caller->machine, in->to, promise);
}

/* ---- Handlers ------------------------------------------------------------------------------------------ */

static vow_promise *attach(const instruction *in, vow_promise *promise, struct call *data)
{
    bool has_first = in->with[1].kind == 'h', has_second = in->with[2].kind == 'h';

    switch (in->op) {
    case OP_THEN:
        return vow_then(promise, has_first ? on_fulfilled : NULL, data);
    case OP_CATCH:
        return vow_catch(promise, has_first ? on_rejected : NULL, data);
    case OP_FINALLY:
        return vow_finally(promise, has_first ? on_finally : NULL, data);
    default:
        data->otherwise = in->with[2];
        return vow_then_catch(promise, has_first ? on_fulfilled : NULL, has_second ? on_rejected : NULL,
                              data);
    }
}

static void step_attach(struct call *caller, const instruction *in)
{
    machine *m = caller->machine;
    vow_promise *promise = named(m, in->with[0]);
    struct call *data;

    if (!promise)
        return;
    data = machine_call(m, in->with[1]);
    data->own = machine_keep(m, in->to, attach(in, promise, data));
}

/* ---- Combinators --------------------------------------------------------------------------------------- */

static void step_combine(struct call *call, const instruction *in)
{
    machine *m = call->machine;
    vow_promise *inputs[OPERANDS], *made;
    size_t n = 0;

    for (size_t i = 0; i < in->count; i++)
        if ((inputs[n] = named(m, in->with[i])))
            n++;
    if (in->op == OP_ALL)
        made = vow_all(m->loop, n, inputs);
    else if (in->op == OP_SETTLED)
        made = vow_all_settled(m->loop, n, inputs);
    else if (in->op == OP_ANY)
        made = vow_any(m->loop, n, inputs);
    else
        made = vow_race(m->loop, n, inputs);
    machine_keep(m, in->to, made);
}

/* ---- Settling ------------------------------------------------------------------------------------------ */

static void step_resolve(struct call *call, const instruction *in)
{
    vow_resolver *resolver = call->machine->resolvers[in->with[0].number];

    if (resolver)
        vow_resolve(resolver, outcome(call, in->with[1], false));
}

static void step_reject(struct call *call, const instruction *in)
{
    vow_resolver *resolver = call->machine->resolvers[in->with[0].number];

    if (resolver)
        vow_reject(resolver, error_of(in->with[1]));
}

static void step_answer(struct call *call, const instruction *in)
{
    if (call->resolver)
        vow_resolve(call->resolver, outcome(call, in->with[0], false));
}

/* The resolver that then() was given is gone when it returns: it is moved, the first time. */
static void step_keep(struct call *call, const instruction *in)
{
    machine *m = call->machine;
    vow_resolver *kept;

    if (!call->resolver)
        return;
    kept = call->resolver;
    if (!call->is_kept) {
        kept = machine_take(m, sizeof *kept);
        vow_resolver_move(kept, call->resolver, NULL);
        call->resolver = kept;
        call->is_kept = true;
    }
    m->resolvers[in->with[0].number] = kept;
}

/* ---- Ticks --------------------------------------------------------------------------------------------- */

struct tick {
    machine *machine;
    int label;
    int i;
};

static vow_value note_tick(vow_value *value, void *data)
{
    const struct tick *tick = data;

    (void) value;
    tick->machine->entries++;
    printf("%c(%d) ", tick->label, tick->i);
    return vow_nil();
}

static void step_ticks(struct call *call, const instruction *in)
{
    machine *m = call->machine;
    vow_promise *promise = vow_resolved(m->loop, vow_nil());

    for (int i = 1; i <= in->with[1].number; i++) {
        struct tick *tick = machine_take(m, sizeof *tick);

        tick->machine = m;
        tick->label = in->with[0].number;
        tick->i = i;
        promise = vow_then(promise, note_tick, tick);
    }
    vow_detach(promise);
}

/* An await where there is no body, and what ends a block. */
static void step_nothing(struct call *call, const instruction *in)
{
    (void) call;
    (void) in;
}

static const step_fn steps[OPERATIONS] = {
    [OP_NEW] = step_new,           [OP_RESOLVED] = step_resolved, [OP_REJECTED] = step_rejected,
    [OP_TRY] = step_try,           [OP_THEN] = step_attach,       [OP_CATCH] = step_attach,
    [OP_THEN_CATCH] = step_attach, [OP_FINALLY] = step_attach,    [OP_ALL] = step_combine,
    [OP_SETTLED] = step_combine,   [OP_ANY] = step_combine,       [OP_RACE] = step_combine,
    [OP_ASYNC] = step_async,       [OP_RESOLVE] = step_resolve,   [OP_REJECT] = step_reject,
    [OP_TICKS] = step_ticks,       [OP_RETURN] = step_nothing,    [OP_AWAIT] = step_nothing,
    [OP_TRY_AWAIT] = step_nothing, [OP_ANSWER] = step_answer,     [OP_KEEP] = step_keep,
};

void step(struct call *call, const instruction *in)
{
    steps[in->op](call, in);
}
