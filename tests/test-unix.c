/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unix-domain sockets: who the peer is, and descriptors that are passed over stream, datagram and
 * sequenced-packet sockets: one, many, too many, without room for them, and dropped at any moment. That no
 * descriptor is left open is checked after each test.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _DEFAULT_SOURCE

#include "misuse.h"
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

static void open_sockets(int ends[2], int type)
{
    g_assert_cmpint(socketpair(AF_UNIX, type, 0, ends), ==, 0);
}

/* ---- Credentials --------------------------------------------------------------------------------------- */

static void assert_self(int fd)
{
    vow_credentials peer = {0};

    g_assert_cmpint(vow_socket_credentials(fd, &peer), ==, 0);
    g_assert_cmpint(peer.pid, ==, getpid());
    g_assert_cmpuint(peer.uid, ==, geteuid());
    g_assert_cmpuint(peer.gid, ==, getegid());
}

static void both_ends(struct place *place)
{
    int ends[2];

    ends[0] = run_fd(connect_to(place));
    ends[1] = run_fd(accept_at(place));
    assert_self(ends[0]);
    assert_self(ends[1]);
    close_both(ends);
}

static void credentials(fixture *f)
{
    int ends[2];

    SKIP_ON_POSIX_ALONE("nothing tells who a peer is");
    at_place(f, NULL, both_ends);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        open_sockets(ends, types[i]);
        assert_self(ends[0]);
        close_both(ends);
    }
}

static void no_credentials(fixture *f)
{
    vow_credentials peer = {.pid = 1};
    int ends[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void) f;
    g_assert_cmpint(vow_socket_credentials(fd, &peer), ==, POSIX_ALONE ? ENOSYS : ENOTCONN);
    close(fd);
    g_assert_cmpint(vow_socket_credentials(-1, &peer), ==, EBADF);
    open_pipe(ends);
    g_assert_cmpint(vow_socket_credentials(ends[0], &peer), ==, ENOTSOCK);
    close_both(ends);
    open_tcp(ends);
    g_assert_cmpint(vow_socket_credentials(ends[0], &peer), ==, EOPNOTSUPP);
    close_both(ends);
    g_assert_cmpint(peer.pid, ==, 1);
}

/* ---- Descriptors --------------------------------------------------------------------------------------- */

/* The value of a promise that must be fulfilled with a message. */
static vow_value run_message(vow_promise *promise)
{
    vow_value value;
    vow_error *error = vow_run(promise, &value);

    if (error)
        g_error("not expected: %s", vow_error_message(error));
    return value;
}

/* Both are the same open file: what is written to one can be read from the pipe. */
static void assert_write_end(int fd, int read_end)
{
    g_assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    put(fd, "x");
    assert_readable_text(read_end, "x");
}

static void one_over(fixture *f, int type)
{
    int ends[2], pipe[2];
    char text[8] = "";

    open_sockets(ends, type);
    open_pipe(pipe);
    vow_promise *p = vow_message_receive(f->loop, ends[1], text, sizeof text, 1);
    turn(f);
    assert_peek(p, "pending");
    g_assert_cmpint(run_int(vow_message_send(f->loop, ends[0], "hi", 2, &pipe[1], 1)), ==, 2);
    vow_value value = run_message(p);
    vow_message *message = vow_as_message(&value);
    g_assert_cmpuint(message->length, ==, 2);
    g_assert_cmpstr(text, ==, "hi");
    g_assert_cmpuint(message->count, ==, 1);
    int fd = vow_message_take_fd(message, 0);
    g_assert_cmpint(fd, !=, pipe[1]);
    assert_write_end(fd, pipe[0]);
    g_assert_cmpint(vow_message_take_fd(message, 0), ==, -1);
    close(fd);
    vow_value_drop(value);
    close_both(pipe);
    close_both(ends);
}

static void one(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        one_over(f, types[i]);
}

/* Those that nobody takes are closed with the value, or with the promise. */
static void as_many_as_there_may_be(fixture *f)
{
    int ends[2], pipe[2], fds[VOW_MESSAGE_FDS_MAX];
    guint before;
    char byte;

    open_sockets(ends, SOCK_STREAM);
    open_pipe(pipe);
    for (int i = 0; i < VOW_MESSAGE_FDS_MAX; i++)
        fds[i] = pipe[1];
    before = count_descriptors();
    run_int(vow_message_send(f->loop, ends[0], "x", 1, fds, VOW_MESSAGE_FDS_MAX));
    vow_promise *p = vow_message_receive(f->loop, ends[1], &byte, 1, VOW_MESSAGE_FDS_MAX);
    g_assert_true(vow_is_fulfilled(p));
    g_assert_cmpuint(vow_as_message(vow_peek(p))->count, ==, VOW_MESSAGE_FDS_MAX);
    int fd = vow_message_take_fd(vow_as_message(vow_peek(p)), 100);
    vow_unref(p);
    g_assert_cmpuint(count_descriptors(), ==, before + 1);
    assert_write_end(fd, pipe[0]);
    close(fd);
    close_both(pipe);
    close_both(ends);
}

static void none(fixture *f)
{
    int ends[2];
    char text[8] = "";

    open_sockets(ends, SOCK_STREAM);
    run_int(vow_message_send(f->loop, ends[0], "abc", 3, NULL, 0));
    vow_value value = run_message(vow_message_receive(f->loop, ends[1], text, sizeof text, 4));
    g_assert_cmpuint(vow_as_message(&value)->length, ==, 3);
    g_assert_cmpuint(vow_as_message(&value)->count, ==, 0);
    vow_value_drop(value);
    run_int(vow_message_send(f->loop, ends[0], "d", 1, NULL, 0));
    value = run_message(vow_message_receive(f->loop, ends[1], text, sizeof text, 0));
    g_assert_cmpuint(vow_as_message(&value)->length, ==, 1);
    vow_value_drop(value);
    close(ends[0]);
    value = run_message(vow_message_receive(f->loop, ends[1], text, sizeof text, 4));
    g_assert_cmpuint(vow_as_message(&value)->length, ==, 0);
    vow_value_drop(value);
    close(ends[1]);
}

/* More bytes than the socket holds: the descriptor comes with the first of them, and once. */
static void with_many_bytes(fixture *f)
{
    enum { SIZE = 1 << 20 };
    char *bytes = stream_bytes(SIZE), *got = g_malloc(SIZE);
    size_t length = 0, count = 0;
    int ends[2], pipe[2];

    open_sockets(ends, SOCK_STREAM);
    open_pipe(pipe);
    vow_promise *sent = vow_message_send(f->loop, ends[0], bytes, SIZE, &pipe[1], 1);
    g_assert_true(vow_is_pending(sent));
    while (length < SIZE) {
        vow_value value = run_message(vow_message_receive(f->loop, ends[1], got + length, SIZE - length, 1));
        g_assert_cmpuint(vow_as_message(&value)->count, ==, length == 0);
        length += vow_as_message(&value)->length;
        count += vow_as_message(&value)->count;
        vow_value_drop(value);
    }
    g_assert_cmpint(run_int(sent), ==, SIZE);
    g_assert_cmpuint(count, ==, 1);
    g_assert_true(memcmp(bytes, got, SIZE) == 0);
    g_free(bytes);
    g_free(got);
    close_both(pipe);
    close_both(ends);
}

/* ---- What goes wrong ----------------------------------------------------------------------------------- */

/* Receives three descriptors where there is room for one, without libvow. */
static void receive_one_of_three(void)
{
    int ends[2], fds[3] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof fds)];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof fds), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec byte = {&(char){'x'}, 1};
    struct msghdr message = {.msg_iov = &byte,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_LEN(sizeof fds)};

    memcpy(CMSG_DATA(&control.header), fds, sizeof fds);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    g_assert_cmpint(sendmsg(ends[0], &message, 0), ==, 1);
    message.msg_controllen = CMSG_LEN(sizeof fds[0]);
    g_assert_cmpint(recvmsg(ends[1], &message, 0), ==, 1);
}

/* Whether the system closes the descriptors that there is no room for: QEMU 7.2 leaves them open. */
static bool closes_what_is_cut_off(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        guint before = count_descriptors();

        receive_one_of_three();
        _exit(count_descriptors() == before + 3 ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    return status == 0;
}

static void more_than_were_asked_for(fixture *f)
{
    int ends[2], pipe[2];
    char byte;

    if (!closes_what_is_cut_off()) {
        g_test_skip("descriptors that there is no room for stay open here (an emulator?)");
        return;
    }
    open_pipe(pipe);
    int fds[] = {pipe[0], pipe[1], pipe[0], pipe[1], pipe[0], pipe[1], pipe[0], pipe[1], pipe[0], pipe[1]};
    open_sockets(ends, SOCK_STREAM);
    guint before = count_descriptors();
    for (size_t limit = 0; limit < G_N_ELEMENTS(fds); limit++) {
        run_int(vow_message_send(f->loop, ends[0], "x", 1, fds, G_N_ELEMENTS(fds)));
        run_fails(vow_message_receive(f->loop, ends[1], &byte, 1, limit), EMSGSIZE, "vow_message_receive");
        g_assert_cmpuint(count_descriptors(), ==, before);
    }
    vow_promise *p = vow_message_receive(f->loop, ends[1], &byte, 1, 1); /* the socket goes on working */
    run_int(vow_message_send(f->loop, ends[0], "x", 1, fds, 1));
    vow_value_drop(run_message(p));
    close_both(pipe);
    close_both(ends);
}

static void no_room_for_them(fixture *f)
{
    const char *preloaded = g_getenv("LD_PRELOAD");
    int ends[2], pipe[2];
    struct rlimit old, low;
    char byte;

    if (preloaded && strstr(preloaded, "vgpreload")) {
        g_test_skip("Valgrind has a limit of descriptors of its own");
        return;
    }
    open_pipe(pipe);
    int fds[] = {pipe[0], pipe[1], pipe[0]};
    open_sockets(ends, SOCK_STREAM);
    run_int(vow_message_send(f->loop, ends[0], "x", 1, fds, 3));
    guint before = count_descriptors();
    int first_free = dup(pipe[0]);
    close(first_free);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &old), ==, 0);
    low = old;
    low.rlim_cur = (rlim_t) first_free + 1; /* room for one of the three */
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &low), ==, 0);
    vow_promise *p = vow_message_receive(f->loop, ends[1], &byte, 1, 3);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &old), ==, 0);
    g_assert_cmpuint(count_descriptors(), ==, before); /* also while the promise is there */
    run_fails(p, EMFILE, "vow_message_receive");
    close_both(pipe);
    close_both(ends);
}

/* Linux itself takes descriptors there, and drops them. */
static void refused_where_there_is_no_way(fixture *f)
{
    int ends[2], fd = STDERR_FILENO;
    char byte = 'x';

    open_tcp(ends);
    run_fails(vow_message_send(f->loop, ends[0], &byte, 1, &fd, 1), EINVAL, "vow_message_send");
    g_assert_cmpint(run_int(vow_message_send(f->loop, ends[0], &byte, 1, NULL, 0)), ==, 1);
    close_both(ends);
    open_pipe(ends);
    run_fails(vow_message_send(f->loop, ends[1], &byte, 1, &fd, 1), ENOTSOCK, "vow_message_send");
    close_both(ends);
}

static void refused(fixture *f)
{
    int ends[2], fds[VOW_MESSAGE_FDS_MAX + 1] = {0};
    char byte = 'x';

    open_sockets(ends, SOCK_STREAM);
    int closed = dup(STDERR_FILENO);
    close(closed);
    run_fails(vow_message_send(f->loop, ends[0], &byte, 0, NULL, 0), EINVAL, "byte");
    run_fails(vow_message_send(f->loop, ends[0], &byte, 1, fds, VOW_MESSAGE_FDS_MAX + 1), EINVAL, "too many");
    run_fails(vow_message_send(f->loop, ends[0], &byte, 1, &closed, 1), EBADF, "vow_message_send");
    run_fails(vow_message_receive(f->loop, ends[1], &byte, 0, 1), EINVAL, "byte");
    run_fails(vow_message_receive(f->loop, ends[1], &byte, 1, VOW_MESSAGE_FDS_MAX + 1), EINVAL, "more");
    run_fails(vow_message_receive(f->loop, closed, &byte, 1, 1), EBADF, "vow_message_receive");
    close(ends[1]);
    run_fails(vow_message_send(f->loop, ends[0], &byte, 1, fds, 1), EPIPE, "vow_message_send");
    close(ends[0]);
}

/* Credentials that the receiver has asked for, the old way, are no descriptors and do not get in the way. */
static void beside_credentials(fixture *f)
{
    int ends[2], on = 1;
    char byte;

    open_sockets(ends, SOCK_STREAM);
#ifdef SO_PASSCRED
    g_assert_cmpint(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), ==, 0);
#endif
    (void) on;
    int fds[] = {ends[0], ends[1]};
    run_int(vow_message_send(f->loop, ends[0], "x", 1, fds, 2));
    vow_value value = run_message(vow_message_receive(f->loop, ends[1], &byte, 1, 2));
    g_assert_cmpuint(vow_as_message(&value)->count, ==, 2);
    vow_value_drop(value);
    close_both(ends);
}

/* ---- Dropping ------------------------------------------------------------------------------------------ */

static void dropped(fixture *f)
{
    int ends[2], pipe[2];
    char byte, *much = g_malloc0(1 << 20);

    open_sockets(ends, SOCK_STREAM);
    open_pipe(pipe);
    guint before = count_descriptors();
    vow_unref(vow_message_receive(f->loop, ends[1], &byte, 1, 5));
    vow_promise *p = vow_message_receive(f->loop, ends[1], &byte, 1, 5);
    turn(f);
    vow_cancel(vow_ref(p));
    run_int(vow_message_send(f->loop, ends[0], "x", 1, &pipe[1], 1));
    run_fails(p, ECANCELED, "");
    vow_value value = run_message(vow_message_receive(f->loop, ends[1], &byte, 1, 5));
    g_assert_cmpuint(vow_as_message(&value)->count, ==, 1); /* it went to the next one */
    vow_value_drop(value);
    vow_unref(vow_message_send(f->loop, ends[0], much, 1 << 20, &pipe[1], 1));
    g_assert_cmpuint(count_descriptors(), ==, before);
    g_free(much);
    close_both(pipe);
    close_both(ends);
}

static bool fails_without_memory(fixture *f, int ends[2], size_t n)
{
    char byte;

    memory_fail(f, n, false);
    vow_promise *sent = vow_message_send(f->loop, ends[0], "x", 1, ends, 2);
    vow_promise *received = vow_message_receive(f->loop, ends[1], &byte, 1, 2);
    bool failed = f->memory.failed > 0;
    memory_fail(f, 0, false);
    if (vow_is_rejected(sent))
        assert_peek(sent, "!ENOMEM");
    if (vow_is_rejected(received))
        assert_peek(received, "!ENOMEM");
    g_assert_true(!failed || vow_is_rejected(sent) || vow_is_rejected(received));
    vow_unref(sent);
    vow_unref(received);
    return failed;
}

static void no_memory(fixture *f)
{
    int ends[2];

    for (size_t n = 1;; n++) {
        open_sockets(ends, SOCK_STREAM);
        bool failed = fails_without_memory(f, ends, n);
        close_both(ends);
        if (!failed)
            break;
    }
}

static void take_past_the_end(fixture *f)
{
    vow_message message = {.count = 0};

    (void) f;
    vow_message_take_fd(&message, 0);
}

static void test_take_past_the_end(fixture *f)
{
    expect_abort(f, take_past_the_end, "vow_message_take_fd", "index 0", false);
}

MISUSE(as_message, vow_as_message(vow_peek(number(f))), "vow_as_message", "int, where message", true)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/unix/credentials/peer", credentials);
    test_add("/unix/credentials/none", no_credentials);
    test_add("/unix/fds/one", one);
    test_add("/unix/fds/most", as_many_as_there_may_be);
    test_add("/unix/fds/none", none);
    test_add("/unix/fds/many-bytes", with_many_bytes);
    test_add("/unix/fds/too-many", more_than_were_asked_for);
    test_add("/unix/fds/no-room", no_room_for_them);
    test_add("/unix/fds/refused", refused);
    test_add("/unix/fds/no-way", refused_where_there_is_no_way);
    test_add("/unix/fds/beside-credentials", beside_credentials);
    test_add("/unix/fds/dropped", dropped);
    test_add("/unix/fds/no-memory", no_memory);
    test_add("/unix/misuse/past-the-end", test_take_past_the_end);
    test_add("/unix/misuse/as-message", test_as_message);
    return g_test_run();
}
