/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing when nobody reads any more: EPIPE or ECONNRESET, never SIGPIPE, whatever the program has set for
 * that signal.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "streams.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { BIG = 3 * 1024 * 1024 }; /* more than any stream takes at once */

static sig_atomic_t signals;

static void count_signal(int number)
{
    (void) number;
    signals++;
}

/* What the program has set for SIGPIPE, and whether one is pending. */
static void assert_sigpipe(void (*handler)(int), bool blocked, bool is_pending)
{
    struct sigaction action;
    sigset_t set;

    g_assert_cmpint(sigaction(SIGPIPE, NULL, &action), ==, 0);
    g_assert_true(action.sa_handler == handler);
    g_assert_cmpint(sigprocmask(SIG_SETMASK, NULL, &set), ==, 0);
    g_assert_cmpint(sigismember(&set, SIGPIPE), ==, blocked);
    g_assert_cmpint(sigpending(&set), ==, 0);
    g_assert_cmpint(sigismember(&set, SIGPIPE), ==, is_pending);
}

/* Writes where nobody reads any more, from the start or while it waits for room. */
static void write_to_nobody(fixture *f, void (*open)(int ends[2]), bool wait)
{
    char *bytes = stream_bytes(BIG);
    int ends[2];

    open(ends);
    if (!wait)
        close(ends[0]);
    vow_promise *p = vow_write(f->loop, ends[1], bytes, wait ? BIG : 1);
    turn(f);
    if (wait) {
        assert_peek(p, "pending");
        close(ends[0]);
    }
    vow_error *error = vow_run(p, NULL);
    while (!error) /* TCP takes bytes until it is told */
        error = vow_run(vow_write(f->loop, ends[1], bytes, 1), NULL);
    g_assert_true(vow_error_code(error) == EPIPE || vow_error_code(error) == ECONNRESET);
    vow_error_unref(error);
    run_fails(vow_write(f->loop, ends[1], bytes, 1), EPIPE, "");
    close(ends[1]);
    g_free(bytes);
}

static void write_to_nobody_on_every_flavour(fixture *f)
{
    for (const struct flavour *flavour = flavours; flavour->name; flavour++) {
        g_test_message("%s", flavour->name);
        write_to_nobody(f, flavour->open, false);
        write_to_nobody(f, flavour->open, true);
    }
}

/* With the default disposition SIGPIPE would end this program. */
static void sigpipe_never_kills(fixture *f)
{
    signal(SIGPIPE, SIG_DFL);
    write_to_nobody_on_every_flavour(f);
    assert_sigpipe(SIG_DFL, false, false);
}

static void sigpipe_is_never_raised(fixture *f)
{
    signals = 0;
    signal(SIGPIPE, count_signal);
    write_to_nobody_on_every_flavour(f);
    assert_sigpipe(count_signal, false, false);
    g_assert_cmpint(signals, ==, 0);
    signal(SIGPIPE, SIG_DFL);
}

/* A program that has blocked SIGPIPE, with one pending or not, finds that as it left it. */
static void sigpipe_of_the_program_is_left_alone(fixture *f)
{
    sigset_t set, old;
    int number;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, &old);
    write_to_nobody_on_every_flavour(f);
    assert_sigpipe(SIG_DFL, true, false);
    raise(SIGPIPE);
    write_to_nobody_on_every_flavour(f);
    assert_sigpipe(SIG_DFL, true, true);
    g_assert_cmpint(sigwait(&set, &number), ==, 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/sigpipe/default", sigpipe_never_kills);
    test_add("/sigpipe/handler", sigpipe_is_never_raised);
    test_add("/sigpipe/blocked", sigpipe_of_the_program_is_left_alone);
    return g_test_run();
}
