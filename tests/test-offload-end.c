/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How jobs, loops and the pool end: a loop that is freed with jobs in each state, the pool's shutdown and its
 * deadline, fork, misuse, and many jobs of several loops at once.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L
#include "jobs.h"
#include "misuse.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- The end of a loop --------------------------------------------------------------------------------- */

static void free_busy_loop(fixture *f)
{
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
}

/* Ends when it is told to, and not before. */
static vow_value obey(void *data)
{
    struct held *held = data;

    gate_pass(&held->left);
    while (!vow_offload_is_cancelled())
        sched_yield();
    held->saw_cancel = true;
    return held->result;
}

static void freed_with_a_job_in_the_queue(fixture *f)
{
    struct held first = HELD(vow_nil()), second = HELD(vow_nil());

    vow_offload_set_limits(1, 10);
    vow_detach(vow_offload(f->loop, obey, &first));
    gate_await(&first.left, 1);
    vow_detach(vow_attach(vow_offload(f->loop, hold, &second), tag_new(f, "attached"), note_name));
    free_busy_loop(f);
    assert_log(f, "attached");
    g_assert_cmpint(gate_entered(&second.gate), ==, 0);
    usual_limits();
}

static vow_value see_end(void *data)
{
    struct held *held = data;

    g_assert_true(held->saw_cancel); /* it has returned */
    return vow_nil();
}

/* Clean-up that waits for the job runs when it has returned, and before vow_loop_free() has. */
static void freed_with_a_job_that_runs(fixture *f)
{
    struct held held = HELD(owned(f, "late"));
    vow_promise *promise = vow_finally(vow_offload(f->loop, obey, &held), see_end, &held);

    gate_await(&held.left, 1);
    vow_detach(vow_attach(promise, tag_new(f, "attached"), note_name));
    free_busy_loop(f);
    assert_log(f, "~late attached");
}

static void freed_when_it_was_dropped_before(fixture *f)
{
    struct held held = HELD(owned(f, "late"));
    vow_promise *promise = vow_offload(f->loop, obey, &held);

    gate_await(&held.left, 1);
    vow_unref(vow_attach(promise, tag_new(f, "attached"), note_name));
    free_busy_loop(f);
    assert_log(f, "~late attached");
}

static void freed_when_it_has_ended(fixture *f)
{
    struct held held = HELD(owned(f, "late"));
    vow_promise *promise = running(f, &held);

    vow_detach(vow_attach(promise, tag_new(f, "attached"), note_name));
    let_finish(&held);
    free_busy_loop(f);
    assert_log(f, "~late attached");
}

static void freed_while_somebody_holds_it(fixture *f)
{
    struct held held = HELD(vow_int(1));
    vow_promise *promise = vow_offload(f->loop, obey, &held);

    gate_await(&held.left, 1);
    free_busy_loop(f);
    expect_report(f, "never released");
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

/* In a child process, since it loses memory on purpose. */
static void leave_straggler(fixture *f)
{
    struct held held = HELD(owned(f, "late")), queued = HELD(vow_nil());

    vow_offload_set_limits(1, 10);
    vow_loop_set_patience(f->loop, 0.001);
    const char *made_at = NEXT_LINE(f);
    vow_promise *promise = running(f, &held);
    vow_detach(vow_attach(promise, tag_new(f, "attached"), note_name));
    vow_detach(vow_attach(vow_offload(f->loop, hold, &queued), tag_new(f, "queued"), note_name));
    free_busy_loop(f);
    assert_log(f, "queued"); /* what is attached to the one that runs stays */
    expect_report(f, made_at);
    expect_report(f, "offload");
    expect_report(f, "attach");
    g_assert_cmpuint(f->reports->len, ==, 0);
    g_assert_cmpint(gate_entered(&queued.gate), ==, 0);
    let_finish(&held);
    assert_log(f, "~late"); /* on the thread of the job */
    _exit(0);
}

static void freed_with_a_straggler(fixture *f)
{
    if (g_test_subprocess())
        leave_straggler(f);
    run_in_child(f);
    g_test_trap_assert_passed();
}

/* ---- The end of the pool ------------------------------------------------------------------------------- */

static void shut_down_without_a_job(fixture *f)
{
    (void) f;
    g_assert_null(vow_offload_shutdown(0));
    g_assert_null(vow_offload_shutdown(INFINITY));
}

static void shut_down_refuses_what_is_queued(fixture *f)
{
    struct held first = HELD(vow_int(1)), second = HELD(vow_nil());

    vow_offload_set_limits(1, 10);
    watch(f, vow_offload(f->loop, obey, &first), "first");
    gate_await(&first.left, 1);
    watch(f, vow_offload(f->loop, hold, &second), "second");
    g_assert_null(vow_offload_shutdown(INFINITY));
    ev_run(f->ev, 0);
    assert_log(f, "second!ECANCELED first=1");
    g_assert_cmpint(gate_entered(&second.gate), ==, 0);
    usual_limits();
}

/* What is refused may be dropped before the loop hears of it. */
static void refused_and_dropped(fixture *f)
{
    struct held first = HELD(vow_int(1)), second = HELD(vow_nil());
    vow_promise *promise;

    vow_offload_set_limits(1, 10);
    watch(f, vow_offload(f->loop, obey, &first), "first");
    gate_await(&first.left, 1);
    promise = vow_offload(f->loop, hold, &second);
    g_assert_null(vow_offload_shutdown(INFINITY));
    vow_unref(vow_attach(promise, tag_new(f, "attached"), note_name));
    ev_run(f->ev, 0);
    assert_log(f, "attached first=1");
    usual_limits();
}

static void shut_down_names_stragglers(fixture *f)
{
    struct held one = HELD(vow_int(1)), two = HELD(vow_int(2));
    char *expected;

    const char *first = NEXT_LINE(f);
    vow_promise *promise_one = running(f, &one);
    const char *second = NEXT_LINE(f);
    vow_promise *promise_two = running(f, &two);
    watch(f, promise_one, "one");
    watch(f, promise_two, "two");
    vow_error *error = vow_offload_shutdown(0.001);
    expected = g_strdup_printf("2 jobs still run after 0.001 seconds, offloaded at %s, %s", first, second);
    g_assert_cmpint(vow_error_code(error), ==, ETIMEDOUT);
    g_assert_cmpstr(vow_error_message(error), ==, expected);
    g_free(expected);
    vow_error_unref(error);
    gate_open(&one.gate);
    gate_open(&two.gate);
    ev_run(f->ev, 0);
    g_assert_true(strcmp(f->log->str, "one=1 two=2") == 0 || strcmp(f->log->str, "two=2 one=1") == 0);
    g_string_truncate(f->log, 0);
}

static void used_again_beside_a_straggler(fixture *f)
{
    struct held straggler = HELD(vow_int(1)), next = HELD(vow_int(2));

    watch(f, running(f, &straggler), "straggler");
    vow_error_unref(vow_offload_shutdown(0));
    watch(f, running(f, &next), "next");
    gate_open(&next.gate);
    while (!f->log->len)
        ev_run(f->ev, EVRUN_ONCE);
    assert_log(f, "next=2");
    let_finish(&straggler);
    ev_run(f->ev, 0);
    assert_log(f, "straggler=1");
}

/* No place is cut off in its middle: all of them are the same here. */
static void assert_whole_places(const char *message)
{
    char **places = g_strsplit(strstr(message, "offloaded at ") + strlen("offloaded at "), ", ", 0);

    g_assert_cmpuint(g_strv_length(places), >, 1);
    for (char **place = places; *place; place++)
        g_assert_cmpstr(*place, ==, places[0]);
    g_strfreev(places);
}

static void many_stragglers_fit_in_a_message(fixture *f)
{
    struct held held = HELD(vow_nil());

    vow_offload_set_limits(40, 0);
    for (int i = 0; i < 40; i++)
        vow_detach(vow_offload(f->loop, hold, &held));
    gate_await(&held.gate, 40);
    vow_error *error = vow_offload_shutdown(0);
    g_assert_true(g_str_has_prefix(vow_error_message(error), "40 jobs still run"));
    assert_whole_places(vow_error_message(error));
    vow_error_unref(error);
    gate_open(&held.gate);
    ev_run(f->ev, 0);
    usual_limits();
}

/* ---- Fork ---------------------------------------------------------------------------------------------- */

#ifndef NO_FORK_WITH_THREADS

/* In the child: the jobs of the parent are nobody's, and new ones run. */
static void live_on(fixture *f, vow_promise *queued, vow_promise *other)
{
    struct held own = HELD(vow_int(5));
    vow_value value;

    vow_unref(other);
    assert_log(f, "other");
    vow_loop_fork(f->loop);
    watch(f, queued, "last");
    ev_run(f->ev, 0);
    assert_log(f, "running given-up queued last!ECANCELED");
    gate_open(&own.gate);
    g_assert_null(vow_run(vow_offload(f->loop, hold, &own), &value));
    g_assert_cmpint(vow_as_int(&value), ==, 5);
    free_loop(f);
    g_assert_null(vow_offload_shutdown(INFINITY));
    _exit(0);
}

static void fork_and_live_on(fixture *f, vow_promise *queued, vow_promise *other)
{
    int status;
    pid_t child = fork();

    if (!child)
        live_on(f, queued, other);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
}

/* Of two jobs that run one was dropped, and two are queued. */
static void forked(fixture *f)
{
    struct held held = HELD(vow_int(1)), given_up = HELD(vow_int(1));
    vow_promise *queued, *other;

    if (no_thread_after_fork())
        return;
    vow_offload_set_limits(2, 10);
    vow_detach(vow_attach(running(f, &held), tag_new(f, "running"), note_name));
    vow_unref(vow_attach(running(f, &given_up), tag_new(f, "given-up"), note_name));
    queued = vow_attach(vow_offload(f->loop, hold, &held), tag_new(f, "queued"), note_name);
    other = vow_attach(vow_offload(f->loop, hold, &held), tag_new(f, "other"), note_name);
    fork_and_live_on(f, queued, other);
    vow_unref(other);
    assert_log(f, "other");
    watch(f, queued, "last");
    gate_open(&held.gate);
    while (!strstr(f->log->str, "last"))
        ev_run(f->ev, EVRUN_ONCE);
    assert_log(f, "running queued last=1");
    gate_open(&given_up.gate);
    ev_run(f->ev, 0);
    assert_log(f, "given-up");
    usual_limits();
}

#else

static void forked(fixture *f)
{
    (void) f;
    g_test_skip("ThreadSanitizer does not follow threads into a forked child");
}

#endif

/* A job may fork: its thread is all that the child has. */
static vow_value fork_here(void *data)
{
    int status = -1;
    pid_t child = fork();

    (void) data;
    if (!child)
        _exit(vow_offload_is_cancelled() ? 1 : 0);
    waitpid(child, &status, 0);
    return vow_int(status);
}

static void forked_by_a_job(fixture *f)
{
    vow_value value;

    g_assert_null(vow_run(vow_offload(f->loop, fork_here, NULL), &value));
    g_assert_cmpint(vow_as_int(&value), ==, 0);
}

/* ---- Misuse -------------------------------------------------------------------------------------------- */

static vow_value follow_promise(void *data)
{
    return vow_follow(data);
}

static vow_value return_stream(void *stream)
{
    return vow_own(stream, &vow_type_stream);
}

static vow_value shut_down(void *data)
{
    (void) data;
    vow_error_unref(vow_offload_shutdown(0));
    return vow_nil();
}

static void run_job(fixture *f, vow_offload_fn fn, void *data)
{
    vow_error_unref(vow_run(vow_offload(f->loop, fn, data), NULL));
}

MISUSE(no_function, run_job(f, NULL, NULL), "vow_offload", "the function is NULL", false)
#ifdef VOW_DEBUG
MISUSE(followed, run_job(f, follow_promise, number(f)), "vow_follow", "another thread", false)
#else
MISUSE(followed, run_job(f, follow_promise, number(f)), "vow_offload", "cannot be followed", false)
#endif
MISUSE(stream, run_job(f, return_stream, NULL), "vow_offload", "of type stream belongs to its loop", false)
MISUSE(shut_down_inside, run_job(f, shut_down, NULL), "vow_offload_shutdown", "inside a job", false)

/* ---- Many ---------------------------------------------------------------------------------------------- */

enum { LOOPS = 3, JOBS = 400 };

/* One loop on a thread of its own. The counts are changed by the threads of the pool. */
struct party {
    pthread_t thread;
    atomic_int began, freed;
    int settled;
    guint32 seed;
};

struct task_of_party {
    struct party *party;
    char *data; /* read by the job: AddressSanitizer would see if it was gone */
};

static vow_value work(void *data)
{
    struct task_of_party *task = data;

    task->party->began++;
    for (int i = 0; i < 100 && !vow_offload_is_cancelled(); i++)
        g_assert_cmpstr(task->data, ==, "in use");
    return vow_strdup(task->data);
}

static void task_free(void *data)
{
    struct task_of_party *task = data;

    task->party->freed++;
    g_free(task->data);
    g_free(task);
}

static vow_value count_settled(void *data)
{
    ((struct party *) data)->settled++;
    return vow_nil();
}

static vow_promise *offload_work(struct party *party, vow_loop *loop)
{
    struct task_of_party *task = g_new(struct task_of_party, 1);

    task->party = party;
    task->data = g_strdup("in use");
    return vow_finally(vow_attach(vow_offload(loop, work, task), task, task_free), count_settled, party);
}

static void be_party(struct party *party, struct ev_loop *ev)
{
    vow_loop *loop = vow_loop_new(ev);
    vow_promise *jobs[JOBS];
    GRand *random = g_rand_new_with_seed(party->seed);

    for (int i = 0; i < JOBS; i++)
        jobs[i] = offload_work(party, loop);
    for (int i = 0; i < JOBS; i++) {
        int choice = g_rand_int_range(random, 0, 8);

        if (choice == 0)
            vow_unref(jobs[i]);
        else if (choice == 1)
            vow_cancel(jobs[i]);
        else
            vow_detach(jobs[i]);
        if (choice == 2)
            ev_run(ev, EVRUN_NOWAIT);
    }
    if (party->seed % 2)
        ev_run(ev, 0);
    vow_loop_free(loop);
    g_rand_free(random);
}

static void *party_main(void *data)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);

    for (int i = 0; i < 5; i++)
        be_party(data, ev);
    ev_loop_destroy(ev);
    return NULL;
}

static void several_loops_share_the_pool(fixture *f)
{
    struct party parties[LOOPS] = {{0}};

    vow_offload_set_limits(4, 65536);
    for (guint32 i = 0; i < LOOPS; i++) {
        parties[i].seed = i;
        g_assert_cmpint(pthread_create(&parties[i].thread, NULL, party_main, &parties[i]), ==, 0);
    }
    for (int i = 0; i < LOOPS; i++) {
        pthread_join(parties[i].thread, NULL);
        g_assert_cmpint(parties[i].freed, ==, 5 * JOBS);
        g_assert_cmpint(parties[i].settled, ==, 5 * JOBS);
        g_assert_cmpint(parties[i].began, <=, 5 * JOBS);
    }
    usual_limits();
    (void) f;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/offload-end/loop/queued", freed_with_a_job_in_the_queue);
    test_add("/offload-end/loop/running", freed_with_a_job_that_runs);
    test_add("/offload-end/loop/dropped", freed_when_it_was_dropped_before);
    test_add("/offload-end/loop/ended", freed_when_it_has_ended);
    test_add("/offload-end/loop/held", freed_while_somebody_holds_it);
    test_add("/offload-end/loop/straggler", freed_with_a_straggler);
    test_add("/offload-end/pool/nothing", shut_down_without_a_job);
    test_add("/offload-end/pool/queued", shut_down_refuses_what_is_queued);
    test_add("/offload-end/pool/refused-and-dropped", refused_and_dropped);
    test_add("/offload-end/pool/stragglers", shut_down_names_stragglers);
    test_add("/offload-end/pool/again", used_again_beside_a_straggler);
    test_add("/offload-end/pool/many-stragglers", many_stragglers_fit_in_a_message);
    test_add("/offload-end/fork", forked);
    test_add("/offload-end/fork/by-a-job", forked_by_a_job);
    test_add("/offload-end/misuse/no-function", test_no_function);
    test_add("/offload-end/misuse/follow", test_followed);
    test_add("/offload-end/misuse/stream", test_stream);
    test_add("/offload-end/misuse/shut-down-inside", test_shut_down_inside);
    test_add("/offload-end/several-loops", several_loops_share_the_pool);
    return g_test_run();
}
