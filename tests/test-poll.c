/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A foreign descriptor that is waited for again and again: what comes, who is told, and that a wait makes no
 * system call of its own once the watcher is active.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "misuse.h"
#include "streams.h"
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static unsigned calls; /* of these two, by whoever it is */

int fcntl(int fd, int command, ...)
{
    static int (*original)(int, int, ...);
    void *found = original ? NULL : dlsym(RTLD_NEXT, "fcntl"), *argument;
    va_list arguments;

    if (found)
        memcpy(&original, &found, sizeof found);
    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    calls++;
    return original(fd, command, argument);
}

int epoll_ctl(int set, int what, int fd, struct epoll_event *event)
{
    static int (*original)(int, int, int, struct epoll_event *);
    void *found = original ? NULL : dlsym(RTLD_NEXT, "epoll_ctl");

    if (found)
        memcpy(&original, &found, sizeof found);
    calls++;
    return original(set, what, fd, event);
}

static void no_call_for_a_wait(fixture *f)
{
    int ends[2];

    flavours[3].open(ends);
    vow_poll *poll = vow_poll_new(f->loop, ends[0]);
    for (int i = 0; i < 100; i++) {
        vow_promise *both = vow_all_of(f->loop, vow_poll_next(poll, EV_READ), vow_poll_next(poll, EV_WRITE));
        put(ends[1], "x");
        vow_error *error = vow_run(both, NULL);
        g_assert_null(error);
        assert_readable_text(ends[0], "x");
        if (i == 0)
            calls = 0;
    }
    unsigned made = calls;
    g_test_message("%u calls", made);
    if (ev_backend(f->ev) == EVBACKEND_EPOLL)
        g_assert_cmpuint(made, ==, 0);
    vow_poll_free(poll);
    close_both(ends);
}

static void either(fixture *f)
{
    int ends[2];

    flavours[3].open(ends);
    vow_poll *poll = vow_poll_new(f->loop, ends[0]);
    g_assert_cmpint(run_int(vow_poll_next(poll, EV_READ | EV_WRITE)), ==, EV_WRITE);
    vow_promise *in = vow_poll_next(poll, EV_READ);
    turn(f);
    assert_peek(in, "pending");
    put(ends[1], "x");
    g_assert_cmpint(run_int(in), ==, EV_READ);
    g_assert_cmpint(run_int(vow_poll_next(poll, EV_READ | EV_WRITE)), ==, EV_READ | EV_WRITE);
    g_assert_cmpint(run_int(vow_poll_next(poll, EV_READ)), ==, EV_READ); /* it is a state */
    vow_poll_free(poll);
    close_both(ends);
}

static void all_are_told_in_order(fixture *f)
{
    int ends[2];

    open_pipe(ends);
    vow_poll *poll = vow_poll_new(f->loop, ends[0]);
    watch(f, vow_poll_next(poll, EV_READ), "a");
    vow_unref(vow_poll_next(poll, EV_READ));
    watch(f, vow_poll_next(poll, EV_READ), "b");
    put(ends[1], "x");
    turn(f);
    assert_log(f, "a=1 b=1");
    g_assert_false(ev_run(f->ev, 0)); /* nobody waits */
    vow_poll_free(poll);
    close_both(ends);
}

/* Ready and unheeded, it is left alone until somebody waits again. */
static void unheeded(fixture *f)
{
    int ends[2];

    open_pipe(ends);
    vow_poll *poll = vow_poll_new(f->loop, ends[0]);
    put(ends[1], "x");
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(run_int(vow_poll_next(poll, EV_READ)), ==, EV_READ);
        vow_unref(vow_poll_next(poll, EV_READ));
        for (int j = 0; j < 3; j++)
            turn(f);
    }
    vow_poll_free(poll);
    close_both(ends);
}

static void freed_while_somebody_waits(fixture *f)
{
    int ends[2];

    open_pipe(ends);
    vow_poll *poll = vow_poll_new(f->loop, ends[0]);
    vow_promise *both = vow_poll_next(poll, EV_READ | EV_WRITE), *in = vow_poll_next(poll, EV_READ);
    vow_poll_free(poll);
    run_fails(both, ECANCELED, "");
    run_fails(in, ECANCELED, "");
    vow_poll_free(NULL);
    close_both(ends);
}

static void freed_after_its_loop(fixture *f)
{
    int ends[2];

    open_pipe(ends);
    vow_poll *poll = vow_poll_new(f->loop, ends[0]);
    vow_promise *in = vow_poll_next(poll, EV_READ);
    f->expect_live = 2;
    free_loop(f);
    expect_report(f, "(poll) was never released");
    expect_report(f, "(poll_next) was never released");
    g_assert_true(vow_is_rejected(in));
    assert_peek(in, "!ECANCELED");
    vow_unref(in);
    vow_poll_free(poll);
    close_both(ends);
}

static void refused(fixture *f)
{
    int ends[2];

    errno = 0;
    g_assert_null(vow_poll_new(f->loop, -1));
    g_assert_cmpint(errno, ==, EBADF);
    open_pipe(ends);
    vow_poll *poll = vow_poll_new(f->loop, ends[0]);
    run_fails(vow_poll_next(poll, 0), EINVAL, "vow_poll_next: descriptor");
    run_fails(vow_poll_next(poll, EV_READ | 64), EINVAL, "vow_poll_next: descriptor");
    close_both(ends);
    run_fails(vow_poll_next(poll, EV_READ), EBADF, "vow_poll_next: descriptor");
    vow_poll_free(poll);
#ifdef VOW_DEBUG /* where every block asks for memory */
    memory_fail(f, 1, true);
    g_assert_null(vow_poll_new(f->loop, 0));
    g_assert_cmpint(errno, ==, ENOMEM);
    memory_fail(f, 0, false);
#endif
}

MISUSE(null_poll, vow_unref(vow_poll_next(NULL, EV_READ));
       (void) f, "vow_poll_next", "the poll is NULL", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/poll/no-call-for-a-wait", no_call_for_a_wait);
    test_add("/poll/either", either);
    test_add("/poll/all-are-told", all_are_told_in_order);
    test_add("/poll/unheeded", unheeded);
    test_add("/poll/freed", freed_while_somebody_waits);
    test_add("/poll/freed-after-its-loop", freed_after_its_loop);
    test_add("/poll/refused", refused);
    test_add("/poll/misuse/null-poll", test_null_poll);
    return g_test_run();
}
