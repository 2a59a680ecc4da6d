/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a program, and how its trace is written: as in run.js, to the letter.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *machine_take(machine *m, size_t size)
{
    size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    void *memory = &m->memory[m->used];

    if (rounded > MEMORY - m->used) {
        fprintf(stderr, "runner: the program needs too much memory\n");
        exit(2);
    }
    m->used += rounded;
    return memset(memory, 0, size);
}

struct call *machine_call(machine *m, operand block)
{
    struct call *call = machine_take(m, sizeof *call);

    call->machine = m;
    call->block = block;
    return call;
}

static void hold(machine *m, int name, vow_promise *promise)
{
    m->held[m->n_held].name = name;
    m->held[m->n_held++].promise = promise;
}

/* What cannot be named any more runs on without us, and is freed when it is settled. */
unsigned machine_keep(machine *m, int name, vow_promise *promise)
{
    vow_promise *former = m->promises[name];

    if (m->program->holds_all)
        hold(m, name, promise);
    else if (former)
        vow_detach(former);
    m->promises[name] = promise;
    m->ids[name] = ++m->last_id;
    if (!m->program->holds_all && !m->program->is_named[name]) {
        m->promises[name] = NULL;
        vow_detach(promise);
    }
    return m->last_id;
}

void machine_hold_named(machine *m)
{
    for (int name = 0; name < SLOTS; name++)
        if (!m->program->holds_all && m->promises[name])
            hold(m, name, m->promises[name]);
}

bool machine_may_step(machine *m)
{
    return !m->is_closing && m->steps++ < MOST_STEPS;
}

void note_open(machine *m, operand where)
{
    m->entries++;
    printf("%c%d(", where.kind, where.number);
}

void note_open_at(machine *m, operand where, size_t i)
{
    m->entries++;
    printf("%c%d.%zu(", where.kind, where.number, i);
}

void note_close(void)
{
    fputs(") ", stdout);
}

static void show_list(const vow_list *list, int depth)
{
    size_t length = vow_list_length(list);

    if (!depth) {
        fputs("[..]", stdout);
        return;
    }
    putchar('[');
    for (size_t i = 0; i < length; i++) {
        if (i)
            putchar(',');
        show_value(vow_list_at(list, i), depth - 1);
    }
    putchar(']');
}

void show_error(const vow_error *error, int depth)
{
    int code = vow_error_code(error);

    if (vow_error_domain(error) == &vow_domain_vow && code == VOW_EAGGREGATE) {
        fputs("!any", stdout);
        show_list(vow_error_list(error), depth);
    } else if (vow_error_domain(error) != &vow_domain_errno) {
        printf("!%s", vow_error_message(error));
    } else if (code == ELOOP) {
        fputs("!self", stdout);
    } else if (code == ECANCELED) {
        fputs("!cancelled", stdout);
    } else {
        printf("!%d", code);
    }
}

void show_value(const vow_value *value, int depth)
{
    if (vow_is_nil(value))
        fputs("nil", stdout);
    else if (vow_is_list(value))
        show_list(vow_as_list(value), depth);
    else if (vow_is_error(value))
        show_error(vow_as_error(value), depth);
    else if (vow_is_int(value))
        printf("%d", (int) vow_as_int(value));
    else
        printf("%d", box_number(value));
}
