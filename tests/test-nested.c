/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever the library calls of a program counts as a handler. Each kind of call is tried with everything
 * that must not be done in it, and with what may. Each pair runs in a child process, whose last line of
 * output is compared.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- What is done in a call ---------------------------------------------------------------------------- */

/* What the child plays with. */
static struct ev_loop *ev;
static vow_loop *mine, *other;
static vow_promise *held; /* pending */
static void (*deed)(void);
static int done;

static void run_pending(void)
{
    vow_error_unref(vow_run(vow_sleep(mine, 0.), NULL));
}

static void run_settled(void)
{
    vow_error_unref(vow_run(vow_resolved(mine, vow_int(1)), NULL));
}

static void run_held(void)
{
    vow_error_unref(vow_run(vow_ref(held), NULL));
}

static void free_it(void)
{
    vow_loop_free(mine);
}

static void run_ev(void)
{
    vow_detach(vow_yield(mine));
    ev_run(ev, EVRUN_NOWAIT);
}

static void run_other(void)
{
    vow_value value;

    vow_detach(vow_yield(mine)); /* its event comes meanwhile */
    g_assert_null(vow_run(vow_then(vow_sleep(other, 0.), NULL, NULL), &value));
}

static void end_others(void)
{
    vow_unref(vow_sleep(mine, 0.));
    vow_cancel(vow_then(vow_never(mine), NULL, NULL));
}

static const struct deed {
    const char *name;
    void (*fn)(void);
    const char *words, *words_at_end; /* of misuse, and while the loop is freed; NULL: it is none */
} deeds[] = {
    {"run-pending", run_pending, "misuse of vow_run: it was called inside a handler, at ",
     "misuse of vow_run: its loop is being freed, at "},
    {"run-settled", run_settled, "misuse of vow_run: it was called inside a handler, at ",
     "misuse of vow_run: its loop is being freed, at "},
    {"run-held", run_held, "misuse of vow_run: it was called inside a handler, at ",
     "misuse of vow_run: its loop is being freed, at "},
    {"free", free_it, "misuse of vow_loop_free: the loop cannot be freed from inside a handler",
     "misuse of vow_loop_free: the loop is being freed already"},
    {"ev-run", run_ev, "misuse of ev_run: it was called inside a handler", NULL},
    {"other-loop", run_other, NULL, NULL},
    {"end-others", end_others, NULL, NULL},
};

/* ---- The calls ----------------------------------------------------------------------------------------- */

static void do_it(void)
{
    done++;
    deed();
}

static vow_value on_value(vow_value *value, void *data)
{
    (void) value;
    (void) data;
    do_it();
    return vow_nil();
}

static vow_value on_error(const vow_error *error, void *data)
{
    (void) error;
    (void) data;
    do_it();
    return vow_nil();
}

static vow_value on_data(void *data)
{
    (void) data;
    do_it();
    return vow_nil();
}

static void on_cancel(vow_resolver *resolver)
{
    (void) resolver;
    do_it();
}

static void on_drop(void *pointer)
{
    (void) pointer;
    do_it();
}

static void on_report(const vow_report *report, void *data)
{
    (void) report;
    (void) data;
    do_it();
}

static const vow_type dropping = {"dropping", on_drop};

static vow_error *on_then(void *object, vow_resolver *resolver)
{
    (void) object;
    do_it();
    vow_resolve(resolver, vow_nil());
    return NULL;
}

static const vow_thenable thenable = {.then = on_then};
static const vow_thenable dropped_thenable = {.then = on_then, .drop = on_drop};

struct body {
    vow_task task;
    int where;
};

VOW_ASYNC(body, me)
{
    VOW_BEGIN(me);
    if (me->where == 1)
        do_it();
    VOW_AWAIT(me, vow_never(VOW_LOOP(me)));
    VOW_FINALLY(me);
    if (me->where == 2)
        do_it();
    VOW_END(me);
}

static vow_resolver resolver;

static vow_promise *cancellable(void)
{
    return vow_promise_new(mine, &resolver, on_cancel);
}

static vow_promise *dropping_value(void)
{
    return vow_resolved(mine, vow_own(&resolver, &dropping));
}

static void run(vow_promise *promise)
{
    vow_error_unref(vow_run(promise, NULL));
}

static void call_then(void)
{
    run(vow_then(vow_resolved(mine, vow_nil()), on_value, NULL));
}

static void call_then_by_event(void)
{
    run(vow_then(vow_sleep(mine, 0.), on_value, NULL));
}

static void call_then_by_ev_run(void)
{
    vow_detach(vow_then(vow_sleep(mine, 0.), on_value, NULL));
    ev_run(ev, 0);
}

static void call_catch(void)
{
    run(vow_catch(vow_rejected(mine, vow_error_new(EIO, "x")), on_error, NULL));
}

static void call_finally(void)
{
    run(vow_finally(vow_resolved(mine, vow_nil()), on_data, NULL));
}

static void call_finally_by_unref(void)
{
    vow_unref(vow_finally(vow_never(mine), on_data, NULL));
}

static void call_on_cancel_by_unref(void)
{
    vow_unref(cancellable());
}

static void call_on_cancel_by_cancel(void)
{
    vow_promise *promise = cancellable();

    vow_cancel(vow_ref(promise));
    vow_unref(promise);
}

static void call_on_cancel_in_the_midst(void)
{
    vow_unref(vow_all_of(mine, vow_yield(mine), vow_idle(mine), vow_sleep(mine, 0.), cancellable(),
                         vow_yield(mine), vow_idle(mine), vow_timeout(vow_never(mine), 0.)));
}

static void call_drop(void)
{
    vow_unref(dropping_value());
}

static void call_drop_in_a_job(void)
{
    run(vow_attach(vow_resolved(mine, vow_nil()), &resolver, on_drop));
}

static void call_attached(void)
{
    vow_unref(vow_attach(vow_never(mine), &resolver, on_drop));
}

static void call_try(void)
{
    vow_unref(vow_try(mine, on_data, NULL));
}

static void call_first_section(void)
{
    vow_unref(vow_async(mine, body, .where = 1));
}

static void call_last_section(void)
{
    vow_unref(vow_async(mine, body, .where = 2));
}

static void call_thenable(void)
{
    run(vow_resolved(mine, vow_follow_thenable(&thenable, NULL)));
}

static void call_drop_of_a_thenable(void)
{
    vow_unref(vow_resolved(mine, vow_follow_thenable(&dropped_thenable, NULL)));
}

static void call_report(void)
{
    vow_loop_set_report(mine, on_report, NULL);
    vow_unref(vow_rejected(mine, vow_error_new(EIO, "x")));
    vow_loop_set_report(mine, NULL, NULL);
}

static void call_on_cancel_at_the_end(void)
{
    vow_detach(cancellable());
    vow_loop_free(mine);
    mine = NULL;
}

static void call_finally_at_the_end(void)
{
    vow_detach(vow_finally(vow_never(mine), on_data, NULL));
    vow_loop_free(mine);
    mine = NULL;
}

static void call_at_end(void)
{
    g_assert_cmpint(vow_loop_at_end(mine, on_drop, NULL), ==, 0);
    vow_loop_free(mine);
    mine = NULL;
}

static const struct call {
    const char *name;
    void (*fn)(void);
    bool is_at_end;
} calls[] = {
    {"then", call_then, false},
    {"then-by-event", call_then_by_event, false},
    {"then-by-ev-run", call_then_by_ev_run, false},
    {"catch", call_catch, false},
    {"finally", call_finally, false},
    {"finally-by-unref", call_finally_by_unref, false},
    {"on-cancel-by-unref", call_on_cancel_by_unref, false},
    {"on-cancel-by-cancel", call_on_cancel_by_cancel, false},
    {"on-cancel-in-the-midst", call_on_cancel_in_the_midst, false},
    {"drop", call_drop, false},
    {"drop-in-a-job", call_drop_in_a_job, false},
    {"attached", call_attached, false},
    {"try", call_try, false},
    {"first-section", call_first_section, false},
    {"last-section", call_last_section, false},
    {"thenable", call_thenable, false},
    {"thenable-drop", call_drop_of_a_thenable, false},
    {"report", call_report, false},
    {"on-cancel-at-the-end", call_on_cancel_at_the_end, true},
    {"finally-at-the-end", call_finally_at_the_end, true},
    {"at-end", call_at_end, true},
};

/* ---- Each with each ------------------------------------------------------------------------------------ */

static void discard_report(const vow_report *report, void *data)
{
    (void) report;
    (void) data;
}

static void play(const struct call *call, const struct deed *chosen)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    ev = ev_loop_new(0);
    mine = vow_loop_new(ev);
    other = vow_loop_new(ev);
    vow_loop_set_report(mine, discard_report, NULL); /* `held` is held past the end */
    held = vow_never(mine);
    deed = chosen->fn;
    call->fn();
    vow_unref(held);
    vow_loop_free(mine);
    vow_loop_free(other);
    ev_loop_destroy(ev);
    _exit(done == 1 ? 0 : 3);
}

/* What the child wrote on its standard error; the status of its end. */
static char *play_in_child(const struct call *call, const struct deed *chosen, int *status)
{
    GString *text = g_string_new(NULL);
    char bytes[256];
    ssize_t count;
    int ends[2];
    pid_t pid;

    g_assert_cmpint(pipe(ends), ==, 0);
    pid = fork();
    if (!pid) {
        dup2(ends[1], STDERR_FILENO);
        play(call, chosen);
    }
    close(ends[1]);
    while ((count = read(ends[0], bytes, sizeof bytes)) > 0)
        g_string_append_len(text, bytes, count);
    close(ends[0]);
    g_assert_cmpint(waitpid(pid, status, 0), ==, pid);
    return g_string_free(text, FALSE);
}

static void check(const struct call *call, const struct deed *chosen)
{
    const char *words = call->is_at_end ? chosen->words_at_end : chosen->words;
    int status;
    char *text = play_in_child(call, chosen, &status);
    bool is_right = words ? WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(text, words)
                          : WIFEXITED(status) && !WEXITSTATUS(status);

    if (!is_right)
        g_error("%s in %s: status %x, \"%s\"", chosen->name, call->name, (unsigned) status, text);
    g_free(text);
}

static void each_deed_in_each_call(fixture *f)
{
    (void) f;
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(deeds); j++)
            check(&calls[i], &deeds[j]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/nested/each-deed-in-each-call", each_deed_in_each_call);
    return g_test_run();
}
