/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that others have, too, or have made: other streams on the same open file, other processes, a
 * peer who passes a socket, and libev in a program that was started without its standard streams.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "processes.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Ends a test that blocks. */
enum { TOO_LONG = 60 };

static void set_nonblocking(int fd, bool value)
{
    int flags = fcntl(fd, F_GETFL);

    g_assert_cmpint(fcntl(fd, F_SETFL, value ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), ==, 0);
}

/* A terminal that passes on what it gets as it is: [0] the master. */
static void open_terminal(int ends[2])
{
    struct termios settings;

    ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
    g_assert_cmpint(grantpt(ends[0]), ==, 0);
    g_assert_cmpint(unlockpt(ends[0]), ==, 0);
    ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
    g_assert_cmpint(ends[1], >=, 0);
    g_assert_cmpint(tcgetattr(ends[1], &settings), ==, 0);
    cfmakeraw(&settings);
    g_assert_cmpint(tcsetattr(ends[1], TCSANOW, &settings), ==, 0);
}

/* Pipes, sockets, and terminals, blocking. */
static void (*const kinds[])(int ends[2]) = {open_blocking_pipe, open_tcp, open_terminal};

/* Whether O_NONBLOCK is left as it was: POSIX alone knows no other way not to wait for a pipe. */
static bool is_left_alone(size_t kind)
{
    return !POSIX_ALONE || kinds[kind] != open_blocking_pipe;
}

#define EACH_KIND(ends)                                                               \
    for (size_t kind_ = 0; kind_ < G_N_ELEMENTS(kinds) && (kinds[kind_](ends), true); \
         close_both(ends), kind_++)

/* ---- One open file, several who have it ---------------------------------------------------------------- */

/* Which end is read from: of a pipe there is one alone. */
static int reading_end(const int ends[2])
{
    return (fcntl(ends[0], F_GETFL) & O_ACCMODE) == O_RDONLY ? 0 : 1;
}

static void two_streams(fixture *f)
{
    int ends[2];
    char byte;

    alarm(TOO_LONG);
    EACH_KIND(ends)
    {
        int reads = reading_end(ends);
        vow_stream *a = vow_stream_new(f->loop, dup(ends[reads]));
        vow_stream *b = vow_stream_new(f->loop, dup(ends[reads]));
        vow_promise *p = vow_stream_read(a, &byte, 1);
        turn(f);
        g_assert_true(is_blocking(ends[reads]) == is_left_alone(kind_));
        vow_unref(p);
        vow_stream_free(a);
        p = vow_stream_read(b, &byte, 1);
        turn(f);
        assert_peek(p, "pending");
        put(ends[!reads], "x");
        g_assert_cmpint(run_int(p), ==, 1);
        g_assert_true(is_blocking(ends[reads]) == is_left_alone(kind_));
        vow_stream_free(b);
    }
    alarm(0);
}

/* Whatever another process makes of the flag, between two operations and while one waits. */
static void another_process(fixture *f)
{
    int ends[2];
    char byte;

    alarm(TOO_LONG);
    EACH_KIND(ends)
    {
        int reads = reading_end(ends);
        vow_stream *stream = vow_stream_new(f->loop, dup(ends[reads]));
        for (int i = 0; i < 4; i++) {
            set_nonblocking(ends[reads], i & 1);
            vow_promise *p = vow_stream_read(stream, &byte, 1);
            turn(f);
            assert_peek(p, "pending");
            set_nonblocking(ends[reads], !(i & 1));
            turn(f);
            put(ends[!reads], "x");
            g_assert_cmpint(run_int(p), ==, 1);
        }
        vow_stream_free(stream);
    }
    alarm(0);
}

/* Another one takes the connection first: the listener is looked at each time. */
static void shared_listener(fixture *f)
{
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr any = {.sa_family = AF_UNIX};
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int client, peer;
    vow_value value;

    alarm(TOO_LONG);
    g_assert_cmpint(bind(listener, &any, sizeof any.sa_family), ==, 0);
    g_assert_cmpint(listen(listener, 5), ==, 0);
    g_assert_cmpint(getsockname(listener, (struct sockaddr *) &address, &length), ==, 0);
    for (int i = 0; i < 3; i++) {
        vow_promise *p = vow_accept(f->loop, listener);
        turn(f);
        set_nonblocking(listener, false);
        client = socket(AF_UNIX, SOCK_STREAM, 0);
        g_assert_cmpint(connect(client, (struct sockaddr *) &address, length), ==, 0);
        g_assert_null(vow_run(p, &value));
        peer = vow_take_fd(&value);
        g_assert_false(is_blocking(listener));
        set_nonblocking(listener, false);
        p = vow_accept(f->loop, listener); /* there is none */
        turn(f);
        assert_peek(p, "pending");
        vow_unref(p);
        close(peer);
        close(client);
    }
    close(listener);
    alarm(0);
}

/* What exit(3) and a signal leave behind. */
static void terminal_after_the_end(fixture *f)
{
    int ends[2], status;

    open_terminal(ends);
    int flags = fcntl(ends[1], F_GETFL);
    pid_t pid = fork();
    if (pid == 0) {
        vow_loop_fork(f->loop);
        vow_stream *stream = vow_stream_new(f->loop, dup(ends[1]));
        vow_promise *p = vow_stream_write(stream, "x", 1);
        kill(getpid(), vow_is_pending(p) ? SIGABRT : SIGKILL);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
    g_assert_cmpint(fcntl(ends[1], F_GETFL), ==, flags);
    assert_readable_text(ends[0], "x");
    close_both(ends);
}

/* ---- What a child gets --------------------------------------------------------------------------------- */

/* Ends with 1 when its standard input does not block. */
#define BLOCKS "f=$(sed -n 's/^flags:[^0-9]*//p' /proc/self/fdinfo/0); exit $((f >> 11 & 1))"

static void streams_block(fixture *f)
{
    int ends[2];

    EACH_KIND(ends)
    {
        int reads = reading_end(ends);
        bool is_opened_again = kinds[kind_] != open_tcp && is_left_alone(kind_);
        set_nonblocking(ends[reads], true);
        assert_code(f, 0, SH(BLOCKS), .in = {VOW_STDIO_FD, ends[reads]});
        g_assert_true(is_blocking(ends[reads]) != is_opened_again);
        vow_stream *stream = vow_stream_new(f->loop, dup(ends[reads]));
        assert_code(f, 0, SH(BLOCKS), .in = {VOW_STDIO_FD, ends[reads]});
        vow_stream_free(stream);
    }
}

/* Its end is seen by poll(2), too: the flag has to go where no new open file would tell. */
static void pipe_without_writers(fixture *f)
{
    int ends[2];

    open_pipe(ends);
    close(ends[1]);
    assert_code(f, 0, SH("cat && " BLOCKS), .in = {VOW_STDIO_FD, ends[0]});
    close(ends[0]);
}

static void listener_stays(fixture *f)
{
    vow_value value;

    g_assert_null(vow_run(vow_listen(f->loop, "127.0.0.1", "0", 1), &value));
    assert_code(f, 1, SH(BLOCKS), .in = {VOW_STDIO_FD, vow_as_fd(&value)});
    g_assert_false(is_blocking(vow_as_fd(&value)));
    vow_value_drop(value);
}

/* libev's descriptor stands where standard input was. */
static void without_standard_input(fixture *f)
{
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 20);
    struct ev_loop *ev;
    vow_value value;

    if (!(ev_supported_backends() & EVBACKEND_EPOLL)) {
        g_test_skip("there is no epoll");
        return;
    }
    close(STDIN_FILENO);
    ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    g_assert_cmpint(fcntl(STDIN_FILENO, F_GETFD), >=, 0);
    assert_code(f, 0, SH("[ /dev/null -ef /proc/self/fd/0 ]"));
    errno = 0;
    g_assert_null(vow_stream_new(f->loop, STDIN_FILENO));
    g_assert_cmpint(errno, ==, EINVAL);
    g_assert_cmpint(fcntl(STDIN_FILENO, F_GETFD), >=, 0);
    ev_loop_destroy(ev);
    g_assert_cmpint(fcntl(STDIN_FILENO, F_GETFD), <, 0);
    g_assert_null(vow_run(vow_listen(f->loop, "127.0.0.1", "0", 1), &value));
    g_assert_cmpint(vow_as_fd(&value), >, STDERR_FILENO);
    g_assert_cmpint(fcntl(vow_as_fd(&value), F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    vow_value_drop(value);
    g_assert_cmpint(dup2(saved, STDIN_FILENO), ==, STDIN_FILENO);
    close(saved);
}

/* ---- What a peer passes -------------------------------------------------------------------------------- */

static void assert_linger(int fd, int on, int seconds)
{
    struct linger linger;
    socklen_t length = sizeof linger;

    g_assert_cmpint(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length), ==, 0);
    g_assert_cmpint(linger.l_onoff, ==, on);
    g_assert_cmpint(linger.l_linger, ==, seconds);
}

/* Nothing that is closed lingers; what is to be reset still is. More come than are wanted. */
static void lingering(fixture *f)
{
    struct linger longer = {1, 99}, not_at_all = {1, 0};

    for (size_t limit = 0; limit <= 3; limit++) {
        int ends[2], fds[3];
        char byte;
        vow_value value;

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
        for (int i = 0; i < 3; i++) {
            fds[i] = socket(AF_INET, SOCK_STREAM, 0);
            g_assert_cmpint(
                setsockopt(fds[i], SOL_SOCKET, SO_LINGER, i == 1 ? &not_at_all : &longer, sizeof longer), ==,
                0);
        }
        g_assert_cmpint(run_int(vow_message_send(f->loop, ends[0], "x", 1, fds, 3)), ==, 1);
        vow_error *error = vow_run(vow_message_receive(f->loop, ends[1], &byte, 1, limit), &value);
        g_assert_cmpint(error ? vow_error_code(error) : 0, ==, limit < 3 ? EMSGSIZE : 0);
        vow_error_unref(error);
        vow_value_drop(value);
        assert_linger(fds[0], 0, 99);
        assert_linger(fds[1], 1, 0);
        assert_linger(fds[2], 0, 99);
        for (int i = 0; i < 3; i++)
            close(fds[i]);
        close_both(ends);
    }
}

static void lingering_stream(fixture *f)
{
    struct linger longer = {1, 99};
    int ends[2];

    open_tcp(ends);
    int copy = dup(ends[0]);
    g_assert_cmpint(setsockopt(copy, SOL_SOCKET, SO_LINGER, &longer, sizeof longer), ==, 0);
    vow_stream_free(vow_stream_new(f->loop, ends[0]));
    assert_linger(copy, 0, 99);
    close(copy);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/descriptors/shared/two-streams", two_streams);
    test_add("/descriptors/shared/another-process", another_process);
    test_add("/descriptors/shared/listener", shared_listener);
    test_add("/descriptors/terminal-after-the-end", terminal_after_the_end);
    test_add("/descriptors/child/streams-block", streams_block);
    test_add("/descriptors/child/no-writers", pipe_without_writers);
    test_add("/descriptors/child/listener", listener_stays);
    test_add("/descriptors/child/without-standard-input", without_standard_input);
    test_add("/descriptors/lingering/passed", lingering);
    test_add("/descriptors/lingering/stream", lingering_stream);
    return g_test_run();
}
