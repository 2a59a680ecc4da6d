/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two ways in which plain functions fail. One returns an errno value, and 0 if all is well. The other
 * makes something, and returns NULL with errno set. The former may leave anything in errno; the latter leaves
 * it alone on success.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "processes.h"
#include "streams.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOTHING_WRONG 4711 /* no errno value */

/* ---- An errno value ------------------------------------------------------------------------------------ */

static void codes_of_addresses(fixture *f)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    vow_address address;
    char text[VOW_ADDRESS_TEXT_SIZE];

    (void) f;
    g_assert_cmpint(vow_address_parse(&address, "127.0.0.1:80"), ==, 0);
    g_assert_cmpstr(vow_address_format(&address, text, sizeof text), ==, "127.0.0.1:80");
    g_assert_cmpint(vow_address_parse(&address, "localhost"), ==, EINVAL);
    g_assert_cmpint(vow_address_port(&address), ==, -1);
    g_assert_cmpint(vow_address_set(&address, (struct sockaddr *) &storage, sizeof storage), ==, 0);
    g_assert_cmpint(vow_address_set(&address, (struct sockaddr *) &storage, 4096), ==, EINVAL);
}

static void codes_of_sockets(fixture *f)
{
    vow_credentials credentials;
    vow_address address;
    int ends[2], fds[2];

    (void) f;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    g_assert_cmpint(pipe(fds), ==, 0);
    g_assert_cmpint(vow_socket_address(ends[0], &address), ==, 0);
    g_assert_cmpint(vow_socket_address(-1, &address), ==, EBADF);
    g_assert_cmpint(vow_socket_peer(ends[0], &address), ==, 0);
    g_assert_cmpint(vow_socket_peer(fds[0], &address), ==, ENOTSOCK);
    g_assert_cmpint(vow_socket_credentials(ends[0], &credentials), ==, POSIX_ALONE ? ENOSYS : 0);
    g_assert_cmpint(vow_socket_credentials(-1, &credentials), ==, EBADF);
    g_assert_cmpint(vow_socket_set_peer_timeout(fds[0], 1), ==, ENOTSOCK);
    close_both(ends);
    close_both(fds);
}

/* ---- NULL, with errno set ------------------------------------------------------------------------------ */

/* Makes the `n`-th allocation fail, and all after it. */
static void no_memory_from(fixture *f, size_t n)
{
    memory_fail(f, n, true);
    errno = NOTHING_WRONG;
}

/* Every allocation that a loop is made of fails in turn. */
static void loops_without_memory(fixture *f)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    vow_loop *loop = NULL;
    size_t n = 0;

    while (!loop) {
        no_memory_from(f, ++n);
        loop = vow_loop_new(ev);
        g_assert_cmpint(errno, ==, loop ? errno : ENOMEM);
    }
    memory_fail(f, 0, false);
    g_assert_cmpuint(n, >, 1);
    vow_loop_free(loop);
    ev_loop_destroy(ev);
}

static void streams_of_a_process(fixture *f)
{
    vow_process *process = start(f, SH("exit 0"), .in = {VOW_STDIO_PIPE, 0});
    vow_stream *in = vow_process_stdin(process);

    g_assert_nonnull(in);
    errno = NOTHING_WRONG;
    g_assert_null(vow_process_stdin(process));
    g_assert_cmpint(errno, ==, EBADF);
    errno = NOTHING_WRONG;
    g_assert_null(vow_process_stdout(process));
    g_assert_cmpint(errno, ==, EBADF);
    vow_stream_free(in);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 0);
    vow_process_free(process);
    all_ended(f);
}

/* What was wrong before stays to be read after a success. */
static void errno_is_left_alone(fixture *f)
{
    vow_watch *watch;
    vow_interval *interval;
    vow_signals *signals;

    errno = NOTHING_WRONG;
    watch = vow_watch_new(f->loop, "/", 0);
    g_assert_cmpint(errno, ==, NOTHING_WRONG);
    interval = vow_interval_new(f->loop, 1);
    g_assert_cmpint(errno, ==, NOTHING_WRONG);
    signals = vow_signals_of(f->loop, SIGUSR1);
    g_assert_cmpint(errno, ==, NOTHING_WRONG);
    vow_watch_free(watch);
    vow_interval_free(interval);
    vow_signals_free(signals);
}

static void sources_that_cannot_be(fixture *f)
{
    errno = 0;
    g_assert_null(vow_watch_new(f->loop, NULL, 0));
    g_assert_cmpint(errno, ==, EINVAL);
    errno = 0;
    g_assert_null(vow_interval_by_clock(f->loop, (double) INFINITY, 1));
    g_assert_cmpint(errno, ==, EINVAL);
    errno = 0;
    g_assert_null(vow_interval_by_clock(f->loop, 0, (double) NAN));
    g_assert_cmpint(errno, ==, EINVAL);
    errno = 0;
    g_assert_null(vow_signals_of(f->loop, SIGKILL));
    g_assert_cmpint(errno, ==, EINVAL);
    errno = 0;
    g_assert_null(vow_poll_new(f->loop, -1));
    g_assert_cmpint(errno, ==, EBADF);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/conventions/codes-of-addresses", codes_of_addresses);
    test_add("/conventions/codes-of-sockets", codes_of_sockets);
    test_add("/conventions/loops-without-memory", loops_without_memory);
    test_add("/conventions/streams-of-a-process", streams_of_a_process);
    test_add("/conventions/errno-is-left-alone", errno_is_left_alone);
    test_add("/conventions/sources-that-cannot-be", sources_that_cannot_be);
    return g_test_run();
}
