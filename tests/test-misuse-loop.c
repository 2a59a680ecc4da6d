/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Misuse of loops, tasks and descriptors; see test-misuse.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "misuse.h"

#include <setjmp.h>
#include <string.h>
#include <unistd.h>

/* ---- Loops --------------------------------------------------------------------------------------------- */

MISUSE(new_null, vow_loop_free(vow_loop_new(NULL)); (void) f, "vow_loop_new", "the ev_loop is NULL", false)

struct freer {
    vow_resolver resolver;
    ev_timer timer;
    vow_loop *loop;
};

static void free_it(vow_resolver *resolver)
{
    vow_loop_free(((struct freer *) (void *) resolver)->loop);
}

static void free_inside_free(fixture *f)
{
    struct freer freer = {.loop = f->loop};

    vow_detach(vow_promise_new(f->loop, &freer.resolver, free_it));
    vow_loop_free(f->loop);
}

static void test_free_inside_free(fixture *f)
{
    expect_abort(f, free_inside_free, "vow_loop_free", "the loop is being freed already", false);
}

static void free_in_callback(EV_P_ ev_timer *timer, int revents)
{
    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    vow_loop_free(timer->data);
}

static void free_inside_run(fixture *f)
{
    struct freer freer = {.loop = f->loop};

    ev_timer_init(&freer.timer, free_in_callback, 0., 0.);
    freer.timer.data = f->loop;
    ev_timer_start(f->ev, &freer.timer);
    vow_error_unref(vow_run(vow_promise_new(f->loop, &freer.resolver, NULL), NULL));
}

static void test_free_inside_run(fixture *f)
{
    expect_abort(f, free_inside_run, "vow_loop_free", "while vow_run() drives it", false);
}

static void ignore(const vow_report *report, void *data)
{
    (void) report;
    (void) data;
}

/* A promise that is held, so that what is left of its loop is there. */
static vow_promise *outlive(fixture *f)
{
    vow_promise *held = vow_never(f->loop);

    vow_loop_set_report(f->loop, ignore, NULL);
    vow_loop_free(f->loop);
    return held;
}

static void run_after_free(fixture *f)
{
    vow_error_unref(vow_run(outlive(f), NULL));
}

static void test_run_after_free(fixture *f)
{
    expect_abort(f, run_after_free, "vow_run", "its loop was freed, at *test-misuse-loop.c:*", false);
}

static void free_after_free(fixture *f)
{
    (void) !outlive(f);
    vow_loop_free(f->loop);
}

static void test_free_after_free(fixture *f)
{
    expect_abort(f, free_after_free, "vow_loop_free", "the loop was freed already", false);
}

MISUSE(at_end_of_nothing, (void) vow_loop_at_end(f->loop, NULL, NULL), "vow_loop_at_end",
       "the function is NULL", false)

static jmp_buf outside;

static void jump(EV_P_ ev_timer *timer, int revents)
{
    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    longjmp(timer->data, 1);
}

/* Not inlined: what comes after it stands as high on the stack. */
static G_NO_INLINE void run_and_jump(fixture *f)
{
    static ev_timer timer;

    ev_timer_init(&timer, jump, 0., 0.);
    timer.data = outside;
    ev_timer_start(f->ev, &timer);
    vow_error_unref(vow_run(vow_sleep(f->loop, 1000.), NULL));
}

static void run_after_a_jump(fixture *f)
{
    if (!setjmp(outside))
        run_and_jump(f);
    vow_error_unref(vow_run(vow_sleep(f->loop, 0.), NULL));
}

static void test_run_after_a_jump(fixture *f)
{
    SKIP_ON_POSIX_ALONE("nothing tells where a stack begins");
    expect_abort(f, run_after_a_jump, "vow_run",
                 "the vow_run() at *test-misuse-loop.c:* was left by longjmp() or an exception", false);
}

static void free_after_a_jump(fixture *f)
{
    if (!setjmp(outside))
        run_and_jump(f);
    vow_loop_free(f->loop);
}

static void test_free_after_a_jump(fixture *f)
{
    SKIP_ON_POSIX_ALONE("nothing tells where a stack begins");
    expect_abort(f, free_after_a_jump, "vow_loop_free", "was left by longjmp() or an exception", false);
}

/* ---- Tasks --------------------------------------------------------------------------------------------- */

struct narcissus {
    vow_task task;
    vow_promise **own;
};

VOW_ASYNC(narcissus, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_AWAIT(me, vow_ref(*me->own));
    VOW_END(me);
}

static void await_itself(fixture *f)
{
    vow_promise *own;

    own = vow_async(f->loop, narcissus, .own = &own);
    turn(f);
}

static void test_await_itself(fixture *f)
{
    expect_abort(
        f, await_itself, "VOW_AWAIT",
        "a task cannot await itself, at *test-misuse-loop.c:* (promise made at *test-misuse-loop.c:*)",
        false);
}

struct wide {
    vow_task task;
    long long choice;
};

VOW_ASYNC(wide, me)
{
    VOW_BEGIN(me);
    switch (me->choice) {
    case 0:
        VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_nil()));
        break;
    default:
        break;
    }
    VOW_END(me);
}

static void wide_switch(fixture *f)
{
    vow_detach(vow_async(f->loop, wide, .choice = 0));
    turn(f);
}

static void test_wide_switch(fixture *f)
{
    expect_abort(
        f, wide_switch, "VOW_AWAIT",
        "task wide cannot go on at *test-misuse-loop.c:*: an await stands in a switch (promise made at "
        "*test-misuse-loop.c:*)",
        false);
}

/* ---- Descriptors --------------------------------------------------------------------------------------- */

MISUSE(no_buffer, vow_detach(vow_read_until(f->loop, 0, NULL, "\n", 10)), "vow_read_until",
       "the buffer is NULL, at *test-misuse-loop.c:*", false)
MISUSE(no_options, vow_detach(vow_listen_with(f->loop, NULL)), "vow_listen_with",
       "the options are NULL, at *test-misuse-loop.c:*", false)

static void consume_too_much(fixture *f)
{
    vow_buffer buffer = {0};

    (void) f;
    vow_buffer_consume(&buffer, 1);
}

static void test_consume_too_much(fixture *f)
{
    expect_abort(f, consume_too_much, "vow_buffer_consume", "1 bytes of 0", false);
}

MISUSE(nothing_to_run, vow_detach(vow_process_run(f->loop, NULL, NULL, 0, 0)), "vow_process_run",
       "the options is NULL, at *test-misuse-loop.c:*", false)
MISUSE(no_stream, (void) f; vow_detach(vow_stream_read(NULL, NULL, 0)), "vow_stream_read",
                            "the stream is NULL, at *test-misuse-loop.c:*", false)

/* More than a pipe takes, so that closing waits. */
static void closed_stream(fixture *f)
{
    static char data[1 << 21];
    int ends[2];
    vow_stream *stream;

    g_assert_cmpint(pipe(ends), ==, 0);
    stream = vow_stream_new(f->loop, ends[1]);
    vow_detach(vow_stream_write(stream, data, sizeof data));
    vow_detach(vow_stream_close(stream));
    vow_detach(vow_stream_close(stream));
}

static void test_closed_stream(fixture *f)
{
    expect_abort(f, closed_stream, "vow_stream_close",
                 "was given to vow_stream_close() before, at *(promise made at *test-misuse-loop.c:*)",
                 false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/misuse-loop/new-null", test_new_null);
    test_add("/misuse-loop/free-inside-free", test_free_inside_free);
    test_add("/misuse-loop/free-inside-run", test_free_inside_run);
    test_add("/misuse-loop/run-after-free", test_run_after_free);
    test_add("/misuse-loop/free-after-free", test_free_after_free);
    test_add("/misuse-loop/at-end-of-nothing", test_at_end_of_nothing);
    test_add("/misuse-loop/run-after-a-jump", test_run_after_a_jump);
    test_add("/misuse-loop/free-after-a-jump", test_free_after_a_jump);
    test_add("/misuse-loop/await-itself", test_await_itself);
    test_add("/misuse-loop/wide-switch", test_wide_switch);
    test_add("/misuse-loop/no-buffer", test_no_buffer);
    test_add("/misuse-loop/no-options", test_no_options);
    test_add("/misuse-loop/consume-too-much", test_consume_too_much);
    test_add("/misuse-loop/nothing-to-run", test_nothing_to_run);
    test_add("/misuse-loop/no-stream", test_no_stream);
    test_add("/misuse-loop/closed-stream", test_closed_stream);
    return g_test_run();
}
