/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operand x stands for: a value, a throw, a promise to follow, or a foreign thenable. Everything that
 * is owned is counted, so that the end of a program shows that it was released exactly once.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "machine.h"

#include <stdlib.h>

/* ---- Values -------------------------------------------------------------------------------------------- */

struct box {
    machine *machine;
    int number;
};

static void drop_box(void *pointer)
{
    struct box *box = pointer;

    box->machine->boxes--;
    free(box);
}

const vow_type box_type = {"box", drop_box};

int box_number(const vow_value *value)
{
    return ((const struct box *) vow_as(value, &box_type))->number;
}

static vow_value number(machine *m, int n)
{
    struct box *box;

    if (n < 50)
        return vow_int(n);
    box = malloc(sizeof *box);
    if (!box)
        abort();
    box->machine = m;
    box->number = n;
    m->boxes++;
    return vow_own(box, &box_type);
}

/* ---- Thenables ----------------------------------------------------------------------------------------- */

/* When the block ends with neither an answer nor a `keep`, the promise stays pending, as in JavaScript. */
static void keep_unanswered(struct call *call, vow_resolver *resolver)
{
    if (!call->is_kept && vow_resolver_is_pending(resolver))
        vow_resolver_move(machine_take(call->machine, sizeof *resolver), resolver, NULL);
}

static vow_error *subscribe(void *object, vow_resolver *resolver)
{
    struct call *call = object;
    operand result;

    if (call->machine->is_closing)
        return NULL;
    call->resolver = resolver;
    note_open(call->machine, call->block);
    note_close();
    result = run_block(call);
    if (result.kind == '!')
        return vow_error_new(result.number, "thrown by a thenable");
    vow_value_drop(outcome(call, result, false));
    keep_unanswered(call, resolver);
    return NULL;
}

static void drop_thenable(void *object)
{
    ((struct call *) object)->machine->thenables--;
}

static const vow_thenable vtable = {"thenable", subscribe, drop_thenable};

static vow_value thenable(machine *m, operand block)
{
    m->thenables++;
    return vow_follow_thenable(&vtable, machine_call(m, block));
}

/* ---- Outcomes ------------------------------------------------------------------------------------------ */

/* The input of the call once more. Lists are not copied. */
static vow_value again(const struct call *call)
{
    if (call->error)
        return vow_throw(vow_error_ref(call->error));
    if (!call->input || vow_is_nil(call->input) || vow_is_list(call->input) || vow_is_error(call->input))
        return vow_nil();
    if (vow_is_int(call->input))
        return vow_int(vow_as_int(call->input));
    return number(call->machine, box_number(call->input));
}

/* What a finally returns is not its own promise: see the README, "Where libvow differs". */
static vow_value follow(const struct call *call, int name, bool is_own)
{
    const machine *m = call->machine;

    if (!m->promises[name] || (is_own && call->is_finally && m->ids[name] == call->own))
        return vow_nil();
    return vow_follow(vow_ref(m->promises[name]));
}

vow_value outcome(struct call *call, operand x, bool is_own)
{
    switch (x.kind) {
    case 'v':
        return number(call->machine, x.number);
    case 'i':
        return again(call);
    case '!':
        return vow_throwf(x.number, "thrown");
    case '~':
        return follow(call, x.number, is_own);
    case 't':
        return thenable(call->machine, x);
    default:
        return vow_nil();
    }
}
