/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs programs with libvow: reads them from stdin and writes one line for each, the trace, a bar, the final
 * state of every promise, and then whatever is wrong: what was not released, or ran too late. A line `flush`
 * between programs writes out what is ready. With -u every program is written out as it runs, so that the
 * trace of one that ends the process can be seen.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "machine.h"

#include <string.h>
#include <unistd.h>

#define SECONDS 20 /* far more than a program takes: one that hangs ends the process */

static machine the_machine;
static struct program the_program;

/* ---- The program --------------------------------------------------------------------------------------- */

static void run_phase(machine *m, int phase)
{
    operand block = {'m', phase};

    run_block(machine_call(m, block));
}

/* A callback of the application's, as those that settle promises usually are. */
struct phase {
    ev_prepare watcher;
    machine *machine;
    int number;
};

static void phase_cb(EV_P_ ev_prepare *watcher, int revents)
{
    struct phase *phase = watcher->data;

    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    run_phase(phase->machine, phase->number);
}

/*
 * The first phase runs before ev_run(). The callbacks of the others are pending then, all of them: the jobs
 * of each must be done before the next. libev calls those of one priority last fed first.
 */
static void run_phases(machine *m, struct ev_loop *ev)
{
    struct phase phases[BLOCKS];
    unsigned long entries;

    run_phase(m, 0);
    for (int i = BLOCKS; i-- > 1;) {
        phases[i] = (struct phase){.machine = m, .number = i};
        ev_prepare_init(&phases[i].watcher, phase_cb);
        phases[i].watcher.data = &phases[i];
        if (program_block(m->program, 'm', i)->is_there)
            ev_feed_event(ev, &phases[i].watcher, EV_CUSTOM);
    }
    ev_run(ev, EVRUN_NOWAIT);
    entries = m->entries;
    ev_run(ev, EVRUN_NOWAIT);
    if (m->entries != entries)
        printf("(%lu late) ", m->entries - entries);
}

/* Returns how many are pending, or may be, for all we can see. */
static size_t show_states(machine *m)
{
    size_t pending = m->program->holds_all ? 0 : 1;

    machine_hold_named(m);
    putchar('|');
    for (size_t i = 0; i < m->n_held; i++) {
        const vow_promise *promise = m->held[i].promise;

        printf(" p%d", m->held[i].name);
        if (vow_is_pending(promise)) {
            putchar('?');
            pending++;
            continue;
        }
        if (vow_is_fulfilled(promise))
            putchar('=');
        show_value(vow_peek(promise), MOST_DEPTH);
    }
    return pending;
}

/* ---- Its end ------------------------------------------------------------------------------------------- */

static void drop_all(machine *m, enum drop how)
{
    for (size_t i = 0; i < m->n_held; i++) {
        vow_promise *promise = m->held[how == DROP_BACKWARD ? m->n_held - 1 - i : i].promise;

        if (how == DROP_CANCEL)
            vow_cancel(promise);
        else
            vow_unref(promise);
    }
}

static void count_leaks(const vow_report *report, void *data)
{
    if (report->kind == VOW_REPORT_LEAK)
        ++*(unsigned *) data;
}

/*
 * Nothing may be left. Only if a promise was still pending may some be alive until the loop is freed: those
 * that wait for each other in a circle hold each other, and clean-up that waits is not cancelled.
 */
static void end(machine *m, struct ev_loop *ev, size_t pending)
{
    unsigned leaks = 0;
    size_t live;

    m->is_closing = true;
    drop_all(m, m->program->drop);
    ev_run(ev, EVRUN_NOWAIT);
    live = vow_loop_live(m->loop);
    if (live && !pending)
        printf(" (%zu promises live)", live);
    vow_loop_set_report(m->loop, count_leaks, &leaks);
    vow_loop_free(m->loop);
    if (leaks)
        printf(" (%u promises leaked)", leaks);
    if (m->boxes || m->thenables)
        printf(" (%ld values and %ld thenables not released)", m->boxes, m->thenables);
}

static void ignore_unhandled(const vow_report *report, void *data)
{
    (void) report;
    (void) data;
}

static void run_program(machine *m, const struct program *program, struct ev_loop *ev)
{
    memset(m, 0, offsetof(machine, memory));
    m->program = program;
    m->loop = vow_loop_new(ev);
    if (!m->loop)
        return;
    vow_loop_set_report(m->loop, ignore_unhandled, NULL);
    run_phases(m, ev);
    end(m, ev, show_states(m));
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct ev_loop *ev = ev_default_loop(0);

    if (!ev)
        return 2;
    if (argc > 1 && strcmp(argv[1], "-u") == 0)
        setvbuf(stdout, NULL, _IONBF, 0);
    while (program_read(&the_program, stdin)) {
        alarm(SECONDS);
        run_program(&the_machine, &the_program, ev);
    }
    return fflush(stdout) ? 2 : 0;
}
