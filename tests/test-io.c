/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that become ready, are read and are written, on every flavour of stream. vow_read_until() is in
 * test-read-until.c, SIGPIPE in test-sigpipe.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Runs fn once for each flavour of stream. */
static void on_all(fixture *f, void (*fn)(fixture *f, const int ends[2]))
{
    for (const struct flavour *flavour = flavours; flavour->name; flavour++) {
        int ends[2];
        g_test_message("%s", flavour->name);
        flavour->open(ends);
        fn(f, ends);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
        close_both(ends);
    }
}

/* Fills a stream until it takes no more. */
static void fill(int fd)
{
    static const char block[4096];
    int flags = fcntl(fd, F_GETFL);

    g_assert_cmpint(fcntl(fd, F_SETFL, flags | O_NONBLOCK), ==, 0);
    while (write(fd, block, sizeof block) > 0 || write(fd, block, 1) > 0)
        continue;
    g_assert_cmpint(errno, ==, EAGAIN);
    g_assert_cmpint(fcntl(fd, F_SETFL, flags), ==, 0);
}

/* Takes what is in a stream now. */
static void drain(int fd)
{
    static char block[65536];
    int flags = fcntl(fd, F_GETFL);

    g_assert_cmpint(fcntl(fd, F_SETFL, flags | O_NONBLOCK), ==, 0);
    while (read(fd, block, sizeof block) > 0)
        continue;
    g_assert_cmpint(fcntl(fd, F_SETFL, flags), ==, 0);
}

/* ---- vow_readable(), vow_writable() -------------------------------------------------------------------- */

static void readable(fixture *f, const int ends[2])
{
    vow_promise *p = vow_readable(f->loop, ends[0]);

    turn(f);
    assert_peek(p, "pending");
    put(ends[1], "x");
    run_nil(p);
    run_nil(vow_readable(f->loop, ends[0]));
    assert_readable_text(ends[0], "x");
}

static void writable(fixture *f, const int ends[2])
{
    run_nil(vow_writable(f->loop, ends[1]));
    fill(ends[1]);
    vow_promise *p = vow_writable(f->loop, ends[1]);
    turn(f);
    assert_peek(p, "pending");
    drain(ends[0]);
    run_nil(p);
}

static void a_dropped_wait_stops_its_watcher(fixture *f, const int ends[2])
{
    vow_promise *p = vow_readable(f->loop, ends[0]);

    turn(f);
    vow_unref(p);
    g_assert_false(ev_run(f->ev, 0));
    fill(ends[1]);
    p = vow_writable(f->loop, ends[1]);
    turn(f);
    vow_unref(p);
    g_assert_false(ev_run(f->ev, 0));
}

static vow_value drop(vow_value *value, void *data)
{
    vow_promise **p = data;

    (void) value;
    vow_unref(*p);
    *p = NULL;
    return vow_nil();
}

/* Two wait for one descriptor; the handler of the one drops the other, whose event is pending. */
static void dropped_when_it_is_just_ready(fixture *f, const int ends[2])
{
    vow_promise *p[2];

    p[0] = vow_then(vow_readable(f->loop, ends[0]), drop, &p[1]);
    p[1] = vow_then(vow_readable(f->loop, ends[0]), drop, &p[0]);
    put(ends[1], "x");
    g_assert_false(ev_run(f->ev, 0));
    g_assert_true((p[0] == NULL) != (p[1] == NULL));
    vow_unref(p[0] ? p[0] : p[1]);
}

static void several_wait_for_one_descriptor(fixture *f, const int ends[2])
{
    vow_promise *a = vow_readable(f->loop, ends[0]);
    vow_promise *b = vow_readable(f->loop, ends[0]);

    put(ends[1], "x");
    g_assert_null(vow_run(vow_all_of(f->loop, a, b), NULL));
}

static void ready_on_every_flavour(fixture *f)
{
    on_all(f, readable);
    on_all(f, writable);
    on_all(f, a_dropped_wait_stops_its_watcher);
    on_all(f, dropped_when_it_is_just_ready);
    on_all(f, several_wait_for_one_descriptor);
}

static void readable_at_the_end(fixture *f)
{
    for (const struct flavour *flavour = flavours; flavour->name; flavour++) {
        int ends[2];
        char byte;
        flavour->open(ends);
        vow_promise *p = vow_readable(f->loop, ends[0]);
        turn(f);
        close(ends[1]);
        run_nil(p);
        g_assert_cmpint(run_int(vow_read(f->loop, ends[0], &byte, 1)), ==, 0);
        close(ends[0]);
    }
}

static void both_directions_of_one_socket(fixture *f)
{
    int ends[2];
    char a[8] = "", b[8] = "";

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    vow_promise *r0 = vow_read(f->loop, ends[0], a, sizeof a);
    vow_promise *r1 = vow_read(f->loop, ends[1], b, sizeof b);
    vow_promise *w0 = vow_write(f->loop, ends[0], "ping", 4);
    vow_promise *w1 = vow_write(f->loop, ends[1], "pong", 4);
    g_assert_null(vow_run(vow_all_of(f->loop, r0, r1, w0, w1), NULL));
    g_assert_cmpstr(a, ==, "pong");
    g_assert_cmpstr(b, ==, "ping");
    close_both(ends);
}

/* A regular file is always ready. */
static void a_regular_file(fixture *f)
{
    char *path = NULL, text[16] = "";
    int fd = g_file_open_tmp("vow-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    run_nil(vow_writable(f->loop, fd));
    g_assert_cmpint(run_int(vow_write(f->loop, fd, "text", 4)), ==, 4);
    g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
    run_nil(vow_readable(f->loop, fd));
    g_assert_cmpint(run_int(vow_read(f->loop, fd, text, sizeof text)), ==, 4);
    g_assert_cmpstr(text, ==, "text");
    g_assert_cmpint(run_int(vow_read(f->loop, fd, text, sizeof text)), ==, 0);
    close(fd);
    unlink(path);
    g_free(path);
}

static void a_closed_descriptor(fixture *f)
{
    char byte = 0;
    int fd = dup(STDERR_FILENO), bad[] = {-1, fd, 1 << 28};

    close(fd);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *number = g_strdup_printf("%d", bad[i]);
        run_fails(vow_readable(f->loop, bad[i]), EBADF, number);
        run_fails(vow_writable(f->loop, bad[i]), EBADF, number);
        run_fails(vow_read(f->loop, bad[i], &byte, 1), EBADF, number);
        run_fails(vow_write(f->loop, bad[i], &byte, 1), EBADF, number);
        g_free(number);
    }
}

/* ---- vow_read() ---------------------------------------------------------------------------------------- */

static void read_what_there_is(fixture *f, const int ends[2])
{
    char text[16] = "";

    put(ends[1], "hello");
    g_assert_cmpint(run_int(vow_read(f->loop, ends[0], text, 0)), ==, 0);
    g_assert_cmpint(run_int(vow_read(f->loop, ends[0], text, 2)), ==, 2);
    g_assert_cmpstr(text, ==, "he");
    g_assert_cmpint(run_int(vow_read(f->loop, ends[0], text, sizeof text)), ==, 3);
    g_assert_cmpstr(text, ==, "llo");
}

/* POSIX alone knows no other way than O_NONBLOCK not to wait for a pipe. */
static bool stays_blocking(int fd)
{
    struct stat status;

    g_assert_cmpint(fstat(fd, &status), ==, 0);
    return is_blocking(fd) && !(POSIX_ALONE && S_ISFIFO(status.st_mode));
}

static void read_waits(fixture *f, const int ends[2])
{
    char text[16] = "";
    bool blocking = stays_blocking(ends[0]);
    vow_promise *p = vow_read(f->loop, ends[0], text, sizeof text);

    turn(f);
    assert_peek(p, "pending");
    g_assert_true(is_blocking(ends[0]) == blocking);
    put(ends[1], "late");
    g_assert_cmpint(run_int(p), ==, 4);
    g_assert_cmpstr(text, ==, "late");
    g_assert_true(is_blocking(ends[0]) == blocking);
}

/* Before it waits, while it waits, and when the byte is there but the loop has not turned. */
static void a_dropped_read_loses_nothing(fixture *f, const int ends[2])
{
    char text[16] = "";

    vow_unref(vow_read(f->loop, ends[0], text, sizeof text));
    vow_promise *p = vow_read(f->loop, ends[0], text, sizeof text);
    turn(f);
    vow_unref(p);
    p = vow_read(f->loop, ends[0], text, sizeof text);
    turn(f);
    put(ends[1], "abc");
    vow_unref(p);
    g_assert_false(ev_run(f->ev, 0));
    g_assert_cmpstr(text, ==, "");
    g_assert_cmpint(run_int(vow_read(f->loop, ends[0], text, sizeof text)), ==, 3);
    g_assert_cmpstr(text, ==, "abc");
}

static void a_cancelled_read_gives_its_buffer_back(fixture *f, const int ends[2])
{
    char *text = g_strdup("unchanged");
    vow_promise *p = vow_read(f->loop, ends[0], text, 9);

    turn(f);
    vow_cancel(vow_ref(p));
    g_assert_cmpstr(text, ==, "unchanged");
    g_free(text); /* nothing writes to it any more: AddressSanitizer would see */
    put(ends[1], "abc");
    turn(f);
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
    assert_readable_text(ends[0], "abc");
}

static void read_on_every_flavour(fixture *f)
{
    on_all(f, read_what_there_is);
    on_all(f, read_waits);
    on_all(f, a_dropped_read_loses_nothing);
    on_all(f, a_cancelled_read_gives_its_buffer_back);
}

static void a_reset_connection(fixture *f)
{
    int ends[2];
    char byte;

    open_tcp(ends);
    reset_tcp(ends[1]);
    run_fails(vow_read(f->loop, ends[0], &byte, 1), ECONNRESET, "");
    close(ends[0]);

    open_tcp(ends);
    vow_promise *p = vow_read(f->loop, ends[0], &byte, 1);
    turn(f);
    reset_tcp(ends[1]);
    run_fails(p, ECONNRESET, "");
    close(ends[0]);
}

/* ---- vow_write() --------------------------------------------------------------------------------------- */

enum { BIG = 3 * 1024 * 1024 };

/* Reads to the end of a stream and checks the order of the bytes; returns how many. */
struct reader {
    vow_task task;
    int fd;
    size_t size, count;
    char block[10000];
};

VOW_ASYNC(reader, me)
{
    VOW_BEGIN(me);
    while (me->count < me->size) {
        VOW_AWAIT(me, vow_read(VOW_LOOP(me), me->fd, me->block, sizeof me->block));
        int64_t length = vow_as_int(VOW_RESULT(me));
        g_assert_cmpint(length, >, 0);
        for (int64_t i = 0; i < length; i++)
            g_assert_cmpint(me->block[i], ==, stream_byte(me->count++));
    }
    VOW_RETURN(me, vow_int((int64_t) me->count));
    VOW_END(me);
}

static void write_all_of_a_big_buffer(fixture *f, const int ends[2])
{
    char *bytes = stream_bytes(BIG);
    bool blocking = stays_blocking(ends[1]);
    vow_promise *written = vow_write(f->loop, ends[1], bytes, BIG);

    turn(f);
    assert_peek(written, "pending"); /* no stream has room for it */
    vow_promise *done = vow_async(f->loop, reader, .fd = ends[0], .size = BIG);
    g_assert_cmpint(run_int(done), ==, BIG);
    g_assert_cmpint(run_int(written), ==, BIG);
    g_assert_true(is_blocking(ends[1]) == blocking);
    g_free(bytes);
}

static void write_little(fixture *f, const int ends[2])
{
    g_assert_cmpint(run_int(vow_write(f->loop, ends[1], "", 0)), ==, 0);
    g_assert_cmpint(run_int(vow_write(f->loop, ends[1], "abc", 3)), ==, 3);
    assert_readable_text(ends[0], "abc");
}

/* What was written by then are the first bytes; nothing more comes, and the buffer may go. */
static void a_dropped_write_stops_in_the_middle(fixture *f, const int ends[2])
{
    char *bytes = stream_bytes(BIG), *read_back = g_malloc(BIG);
    vow_promise *p = vow_write(f->loop, ends[1], bytes, BIG);
    size_t count = 0;
    ssize_t got;

    turn(f);
    vow_unref(p);
    g_free(bytes);
    g_assert_false(ev_run(f->ev, 0));
    g_assert_cmpint(fcntl(ends[0], F_SETFL, O_NONBLOCK), ==, 0);
    while ((got = read(ends[0], read_back + count, BIG - count)) > 0)
        count += (size_t) got;
    g_assert_cmpuint(count, >, 0);
    g_assert_cmpuint(count, <, BIG);
    for (size_t i = 0; i < count; i++)
        g_assert_cmpint(read_back[i], ==, stream_byte(i));
    g_free(read_back);
}

static void write_on_every_flavour(fixture *f)
{
    on_all(f, write_little);
    on_all(f, write_all_of_a_big_buffer);
    on_all(f, a_dropped_write_stops_in_the_middle);
}

/* ---- Fairness ------------------------------------------------------------------------------------------ */

/* Reads or writes where that never has to wait, until a timer has run; gives up after many times. */
struct glutton {
    vow_task task;
    int fd;
    bool writes;
    const bool *stop;
    int times;
    char byte;
};

VOW_ASYNC(glutton, me)
{
    VOW_BEGIN(me);
    for (; !*me->stop; me->times++) {
        g_assert_cmpint(me->times, <, 10000000);
        if (me->writes)
            VOW_AWAIT(me, vow_write(VOW_LOOP(me), me->fd, &me->byte, 1));
        else
            VOW_AWAIT(me, vow_read(VOW_LOOP(me), me->fd, &me->byte, 1));
    }
    VOW_END(me);
}

static void set_flag(EV_P_ ev_timer *w, int revents)
{
    (void) loop;
    (void) revents;
    *(bool *) w->data = true;
}

static void a_descriptor_that_is_always_ready_is_not_served_alone(fixture *f)
{
    int fd = open("/dev/zero", O_RDWR);

    for (int writes = 0; writes <= 1; writes++) {
        bool stop = false;
        ev_timer timer;
        ev_timer_init(&timer, set_flag, 0.001, 0.);
        timer.data = &stop;
        ev_timer_start(f->ev, &timer);
        run_nil(vow_async(f->loop, glutton, .fd = fd, .writes = writes, .stop = &stop));
    }
    close(fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/io/ready/flavours", ready_on_every_flavour);
    test_add("/io/ready/end", readable_at_the_end);
    test_add("/io/ready/both-directions", both_directions_of_one_socket);
    test_add("/io/ready/regular-file", a_regular_file);
    test_add("/io/ready/closed", a_closed_descriptor);
    test_add("/io/read/flavours", read_on_every_flavour);
    test_add("/io/read/reset", a_reset_connection);
    test_add("/io/write/flavours", write_on_every_flavour);
    test_add("/io/fair", a_descriptor_that_is_always_ready_is_not_served_alone);
    return g_test_run();
}
