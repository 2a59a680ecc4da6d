/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Promises on an ev_loop: when the job queue is drained, several loops, and vow_run(). What vow_loop_free()
 * does and what a loop reports is in test-loop-end.c. The tests that have timers of libev's, which stand for
 * the application, are real, and wait for a millisecond or two; the others do not wait.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- When the queue is drained ------------------------------------------------------------------------- */

/* A watcher of the application that settles a source, if it has one, when it is called. */
struct app {
    fixture *f;
    const char *name;
    struct source *source;
};

static void app_called(EV_P_ ev_timer *w, int revents)
{
    struct app *app = w->data;

    (void) loop;
    (void) revents;
    note(app->f, "%s", app->name);
    if (app->source)
        vow_resolve(&app->source->resolver, vow_nil());
}

static void app_init(ev_timer *w, struct app *app, double after)
{
    ev_timer_init(w, app_called, after, 0.);
    w->data = app;
}

/* A source that a chain of two handlers hangs on. */
static void chain(fixture *f, struct source *source, const char *first, const char *second)
{
    vow_promise *p = vow_then(pending(f, source, "s"), pass_value, tag_new(f, first));

    vow_detach(vow_then(p, pass_value, tag_new(f, second)));
}

/* Two watchers are due together, on every pair of priorities; handlers come between them. */
static void drained_before_other_pending_watchers(fixture *f)
{
    for (int a = EV_MINPRI; a <= EV_MAXPRI; a++) {
        for (int b = EV_MINPRI; b <= EV_MAXPRI; b++) {
            struct source first, second;
            struct app apps[2] = {{f, "A", &first}, {f, "B", &second}};
            ev_timer timers[2];

            chain(f, &first, "a1", "a2");
            chain(f, &second, "b1", "b2");
            for (int i = 0; i < 2; i++) {
                app_init(&timers[i], &apps[i], 0.);
                ev_set_priority(&timers[i], i ? b : a);
                ev_feed_event(f->ev, &timers[i], EV_CUSTOM);
            }
            turn(f);
            bool in_order = g_str_has_prefix(f->log->str, "A");
            if (a != b)
                g_assert_true(in_order == (a > b));
            assert_log(f, in_order ? "A a1 a2 B b1 b2" : "B b1 b2 A a1 a2");
        }
    }
}

static void drained_after_a_timer_of_the_application(fixture *f)
{
    struct source source;
    struct app app = {f, "T", &source};
    ev_timer timer;

    chain(f, &source, "h1", "h2");
    app_init(&timer, &app, 0.001);
    ev_timer_start(f->ev, &timer);
    ev_run(f->ev, 0);
    assert_log(f, "T h1 h2");
}

static void drained_when_settled_before_ev_run(fixture *f)
{
    struct source source;

    chain(f, &source, "h1", "h2");
    vow_resolve(&source.resolver, vow_nil());
    assert_log(f, "");
    g_assert_false(ev_run(f->ev, 0)); /* returns: nothing else is left to wait for */
    assert_log(f, "h1 h2");
}

static vow_value resolve_source(vow_value *value, void *data)
{
    struct source *source = data;

    (void) value;
    vow_resolve(&source->resolver, vow_nil());
    note(source->f, "settled");
    return vow_nil();
}

static void drained_in_one_go_when_a_handler_settles_more(fixture *f)
{
    struct source inner, outer;
    struct app app = {f, "W", NULL};
    ev_timer timer;

    chain(f, &inner, "i1", "i2");
    vow_detach(vow_then(pending(f, &outer, "s"), resolve_source, &inner));
    app_init(&timer, &app, 0.);
    ev_set_priority(&timer, EV_MAXPRI);
    ev_feed_event(f->ev, &timer, EV_CUSTOM);
    vow_resolve(&outer.resolver, vow_nil());
    turn(f);
    /* The application's watcher was pending before the queue was filled; either may be first. */
    if (g_str_has_prefix(f->log->str, "W"))
        assert_log(f, "W settled i1 i2");
    else
        assert_log(f, "settled i1 i2 W");
}

/* A pending promise on which nothing can happen does not keep ev_run() from returning. */
static void an_idle_loop_has_no_active_watcher(fixture *f)
{
    struct source source;
    vow_promise *p = pending(f, &source, "s");

    g_assert_false(ev_run(f->ev, 0));
    g_assert_cmpuint(ev_pending_count(f->ev), ==, 0);
    vow_unref(p);
    assert_log(f, "s-cancelled");
}

static void a_loop_knows_its_ev_loop(fixture *f)
{
    vow_promise *p = vow_resolved(f->loop, vow_nil());

    g_assert_true(vow_loop_ev(f->loop) == f->ev);
    g_assert_true(vow_promise_loop(p) == f->loop);
    vow_unref(p);
}

static void live_counts_held_promises(fixture *f)
{
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    vow_promise *p = vow_resolved(f->loop, vow_nil());
    vow_promise *q = vow_sleep(f->loop, 1000.);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 2);
    vow_promise *r = vow_ref(q);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 2);
    vow_unref(p);
    vow_unref(q);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 1);
    vow_unref(r);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

/* ---- Several loops ------------------------------------------------------------------------------------- */

static void two_loops_on_one_ev_loop(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);
    vow_promise *p = vow_then(vow_resolved(f->loop, vow_int(1)), saw_value, tag_new(f, "p"));
    vow_promise *q = vow_then(vow_resolved(other, vow_int(2)), saw_value, tag_new(f, "q"));

    g_assert_true(vow_promise_loop(q) == other);
    turn(f);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 1);
    g_assert_cmpuint(vow_loop_live(other), ==, 1);
    if (g_str_has_prefix(f->log->str, "p"))
        assert_log(f, "p=1 q=2");
    else
        assert_log(f, "q=2 p=1");
    vow_unref(p);
    vow_unref(q);
    vow_loop_free(other);
}

static void one_of_two_loops_is_freed(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);
    make_virtual(f);
    vow_promise *p = vow_then(vow_sleep(f->loop, HOUR), saw_value, tag_new(f, "p"));

    vow_detach(vow_then(vow_resolved(other, vow_int(2)), saw_value, tag_new(f, "q")));
    vow_loop_free(other); /* with a job in its queue, which must not run */
    g_assert_null(vow_run(p, NULL));
    assert_log(f, "p=nil");
}

static void two_ev_loops(fixture *f)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    vow_loop *other = vow_loop_new(ev);
    vow_promise *p = vow_then(vow_resolved(f->loop, vow_int(1)), saw_value, tag_new(f, "p"));
    vow_promise *q = vow_then(vow_resolved(other, vow_int(2)), saw_value, tag_new(f, "q"));

    turn(f);
    assert_log(f, "p=1");
    ev_run(ev, EVRUN_NOWAIT);
    assert_log(f, "q=2");
    vow_unref(p);
    vow_unref(q);
    vow_loop_free(other);
    ev_loop_destroy(ev);
}

/* A handler of one loop may settle a promise of another: it runs there, not here. */
static void a_handler_settles_a_promise_of_another_loop(fixture *f)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    vow_loop *other = vow_loop_new(ev);
    struct source source = {.f = f, .name = "s"};
    vow_promise *q = vow_promise_new(other, &source.resolver, NULL);

    q = vow_then(q, saw_value, tag_new(f, "q"));
    vow_detach(vow_then(vow_resolved(f->loop, vow_nil()), resolve_source, &source));
    turn(f);
    assert_log(f, "settled");
    g_assert_null(vow_run(q, NULL));
    assert_log(f, "q=nil");
    vow_loop_free(other);
    ev_loop_destroy(ev);
}

/* ---- vow_run() ----------------------------------------------------------------------------------------- */

static void run_gives_the_value(fixture *f)
{
    vow_value value = vow_int(-1);

    make_virtual(f);
    g_assert_null(vow_run(vow_resolved(f->loop, vow_int(5)), &value));
    assert_value(&value, "5");
    g_assert_null(vow_run(vow_then(vow_sleep(f->loop, HOUR), NULL, NULL), &value));
    assert_value(&value, "nil");
    g_assert_null(vow_run(vow_resolved(f->loop, owned(f, "v")), &value));
    assert_value(&value, "v");
    assert_log(f, "");
    vow_value_drop(value);
    assert_log(f, "~v");
    g_assert_null(vow_run(vow_resolved(f->loop, owned(f, "w")), NULL));
    assert_log(f, "~w");
}

static void run_gives_the_error(fixture *f)
{
    vow_value value = vow_int(-1);
    vow_error *made = vow_error_new(EIO, "broken");
    vow_error *error = vow_run(vow_rejected(f->loop, vow_error_ref(made)), &value);

    g_assert_true(error == made);
    assert_value(&value, "nil");
    vow_error_unref(error);
    vow_error_unref(made);
}

static void assert_error(vow_error *error, int code, const char *part)
{
    g_assert_nonnull(error);
    g_assert_cmpint(vow_error_code(error), ==, code);
    if (!strstr(vow_error_message(error), part))
        g_error("\"%s\" does not contain \"%s\"", vow_error_message(error), part);
    vow_error_unref(error);
}

static void run_says_what_nobody_can_settle(fixture *f)
{
    struct source source;
    vow_promise *root = pending(f, &source, "s");
    const char *site = vow_promise_site(root);
    vow_value value = vow_int(-1);

    assert_error(vow_run(root, &value), EDEADLK, site);
    assert_value(&value, "nil");
    assert_log(f, "s-cancelled");
}

struct sleeper {
    vow_task task;
    fixture *f;
    double seconds;
    vow_promise *promise;
};

VOW_ASYNC(sleeper, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), me->seconds));
    note(me->f, "awake");
    VOW_AWAIT(me, me->promise);
    VOW_FINALLY(me);
    note(me->f, "finally");
    VOW_END(me);
}

/* What it waits for is named also behind tasks, handlers and combinators, and after some time. */
static void says_what_a_task_waits_for(fixture *f, double seconds)
{
    struct source source;
    vow_promise *root = pending(f, &source, "s");
    const char *site = vow_promise_site(root);
    vow_promise *p = vow_async(f->loop, sleeper, .f = f, .seconds = seconds, .promise = root);

    p = vow_all_of(f->loop, vow_then(p, saw_value, tag_new(f, "no")), vow_resolved(f->loop, vow_nil()));
    assert_error(vow_run(p, NULL), EDEADLK, site);
    assert_log(f, "awake s-cancelled finally");
}

/* On a real clock, where that is the next turn, and on a virtual one. */
static void run_says_what_a_task_waits_for(fixture *f)
{
    says_what_a_task_waits_for(f, 0);
    make_virtual(f);
    says_what_a_task_waits_for(f, HOUR);
}

static void run_drops_only_its_own_interest(fixture *f)
{
    struct source source;
    vow_promise *p = pending(f, &source, "s");

    assert_error(vow_run(vow_ref(p), NULL), EDEADLK, "");
    assert_peek(p, "pending");
    vow_resolve(&source.resolver, vow_int(1));
    g_assert_null(vow_run(p, NULL));
}

/* As long as the application has a watcher, it may be the one that settles. */
static void run_waits_while_the_application_has_watchers(fixture *f)
{
    struct source source;
    struct app useless = {f, "U", NULL}, useful = {f, "S", &source};
    ev_timer timers[2];
    vow_value value;

    app_init(&timers[0], &useless, 0.001);
    app_init(&timers[1], &useful, 0.002);
    ev_timer_start(f->ev, &timers[0]);
    ev_timer_start(f->ev, &timers[1]);
    g_assert_null(vow_run(pending(f, &source, "s"), &value));
    assert_log(f, "U S");
    app_init(&timers[0], &useless, 0.001);
    ev_timer_start(f->ev, &timers[0]);
    assert_error(vow_run(pending(f, &source, "s"), NULL), EDEADLK, "");
    assert_log(f, "U s-cancelled");
}

static void breaker_called(EV_P_ ev_timer *w, int revents)
{
    (void) revents;
    ev_break(EV_A_ * (int *) w->data);
}

static void run_is_interrupted_by_ev_break(fixture *f)
{
    int hows[] = {EVBREAK_ONE, EVBREAK_ALL};

    for (size_t i = 0; i < G_N_ELEMENTS(hows); i++) {
        struct source source;
        ev_timer timer;

        ev_timer_init(&timer, breaker_called, 0.001, 0.);
        timer.data = &hows[i];
        ev_timer_start(f->ev, &timer);
        vow_promise *p = vow_all_of(f->loop, pending(f, &source, "s"), vow_sleep(f->loop, 1000.));
        assert_error(vow_run(p, NULL), EINTR, "");
        assert_log(f, "s-cancelled");
        g_assert_null(vow_run(vow_sleep(f->loop, 0), NULL)); /* and it can run again */
    }
}

/* Runs the loop, then starts the timer that its data points to. */
static void nested_called(EV_P_ ev_timer *w, int revents)
{
    ev_timer *later = w->data;
    struct app *app = later->data;

    (void) revents;
    note(app->f, "in");
    g_assert_null(vow_run(vow_sleep(app->f->loop, 0.001), NULL));
    note(app->f, "out");
    ev_timer_start(EV_A_ later);
}

/* A watcher of the application is no handler: it may run the loop, and the outer ev_run() goes on after. */
static void run_inside_a_watcher(fixture *f)
{
    ev_timer nested, later;
    struct app app = {f, "later", NULL};

    app_init(&later, &app, 0.001);
    ev_timer_init(&nested, nested_called, 0.001, 0.);
    nested.data = &later;
    ev_timer_start(f->ev, &nested);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "in out later");
}

static void keeps_a_pointer(fixture *f)
{
    g_assert_null(vow_loop_data(f->loop));
    vow_loop_set_data(f->loop, f);
    g_assert_true(vow_loop_data(f->loop) == f);
}

static void never_is_settled_by_nobody(fixture *f)
{
    vow_promise *never = vow_never(f->loop);
    vow_error *error = vow_run(vow_ref(never), NULL);

    g_assert_cmpint(vow_error_code(error), ==, EDEADLK);
    g_assert_nonnull(strstr(vow_error_message(error), "the never made at " __FILE__));
    vow_error_unref(error);
    g_assert_true(vow_is_pending(never));
    vow_cancel(vow_ref(never));
    assert_peek(never, "!ECANCELED");
    vow_unref(never);
}

static void never_without_memory(fixture *f)
{
    vow_promise *never;

    memory_fail(f, 1, true);
    never = vow_never(f->loop);
    memory_fail(f, 0, false);
    assert_peek(never, "!ENOMEM");
    vow_unref(never);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/loop/drain/before-other-watchers", drained_before_other_pending_watchers);
    test_add("/loop/drain/application-timer", drained_after_a_timer_of_the_application);
    test_add("/loop/drain/before-ev-run", drained_when_settled_before_ev_run);
    test_add("/loop/drain/in-one-go", drained_in_one_go_when_a_handler_settles_more);
    test_add("/loop/idle", an_idle_loop_has_no_active_watcher);
    test_add("/loop/ev-loop", a_loop_knows_its_ev_loop);
    test_add("/loop/live", live_counts_held_promises);
    test_add("/loop/several/one-ev-loop", two_loops_on_one_ev_loop);
    test_add("/loop/several/one-freed", one_of_two_loops_is_freed);
    test_add("/loop/several/two-ev-loops", two_ev_loops);
    test_add("/loop/several/across", a_handler_settles_a_promise_of_another_loop);
    test_add("/loop/run/value", run_gives_the_value);
    test_add("/loop/run/error", run_gives_the_error);
    test_add("/loop/run/deadlock", run_says_what_nobody_can_settle);
    test_add("/loop/run/deadlock-task", run_says_what_a_task_waits_for);
    test_add("/loop/run/deadlock-held", run_drops_only_its_own_interest);
    test_add("/loop/run/application-watchers", run_waits_while_the_application_has_watchers);
    test_add("/loop/run/ev-break", run_is_interrupted_by_ev_break);
    test_add("/loop/run/nested", run_inside_a_watcher);
    test_add("/loop/data", keeps_a_pointer);
    test_add("/loop/never", never_is_settled_by_nobody);
    test_add("/loop/never/no-memory", never_without_memory);
    return g_test_run();
}
