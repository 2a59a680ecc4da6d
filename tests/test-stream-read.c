/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading from a stream, on every flavour of descriptor: some, exactly, until, a line, all; limits, the end,
 * what is left over, one reader at a time, and that no byte is lost whenever a read is dropped. Bytes that
 * are not read are left for a while of real time, in which a loop that does not wait would spin.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "stream-in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 3000000 };

/* ---- Some ---------------------------------------------------------------------------------------------- */

static void some_is_what_there_is(struct in *in)
{
    char text[8] = "";

    put(in->far, "one");
    expect_some(in, "one");
    vow_promise *p = vow_stream_read(in->stream, text, sizeof text);
    turn(in->f);
    assert_peek(p, "pending");
    put(in->far, "two");
    g_assert_cmpint(run_int(p), ==, 3);
    g_assert_cmpstr(text, ==, "two");
    g_assert_cmpint(run_int(vow_stream_read(in->stream, NULL, 0)), ==, 0);
}
ON_ALL(some_is_what_there_is)

static void some_is_no_more_than_fits(struct in *in)
{
    char text[4] = "";

    put(in->far, "abcdef");
    g_assert_cmpint(run_int(vow_stream_read(in->stream, text, 3)), ==, 3);
    g_assert_cmpstr(text, ==, "abc");
    g_assert_cmpint(run_int(vow_stream_read(in->stream, text, 3)), ==, 3);
    g_assert_cmpstr(text, ==, "def");
}
ON_ALL(some_is_no_more_than_fits)

static void some_at_the_end(struct in *in)
{
    put(in->far, "last");
    close_far(in);
    expect_some(in, "last");
    expect_some(in, "");
    expect_some(in, "");
}
ON_ALL(some_at_the_end)

static void some_takes_what_was_left_over(struct in *in)
{
    put(in->far, "line\nrest");
    expect_line(in, "line");
    g_assert_cmpuint(vow_stream_buffered(in->stream), ==, 4);
    expect_some(in, "rest");
    g_assert_cmpuint(vow_stream_buffered(in->stream), ==, 0);
}
ON_ALL(some_takes_what_was_left_over)

/* ---- Readable ------------------------------------------------------------------------------------------ */

static void readable_takes_nothing(struct in *in)
{
    vow_promise *p = vow_stream_readable(in->stream);

    turn(in->f);
    assert_peek(p, "pending");
    put(in->far, "a\nb");
    run_nil(p);
    run_nil(vow_stream_readable(in->stream));
    expect_line(in, "a");
    p = vow_stream_readable(in->stream);
    assert_peek(p, "nil");
    vow_unref(p);
    expect_some(in, "b");
    p = vow_stream_readable(in->stream);
    turn(in->f);
    assert_peek(p, "pending");
    close_far(in);
    run_nil(p);
    expect_some(in, "");
}
ON_ALL(readable_takes_nothing)

/* ---- Exactly ------------------------------------------------------------------------------------------- */

static void exactly_waits_for_all(struct in *in)
{
    char text[8] = "------";

    vow_promise *p = vow_stream_read_exactly(in->stream, text, 6);
    for (const char *at = "abcdef"; *at; at++) {
        turn(in->f);
        assert_peek(p, "pending");
        g_assert_cmpstr(text, ==, "------");
        put(in->far, (char[]){*at, '\0'});
    }
    put(in->far, "gh");
    g_assert_cmpint(run_int(p), ==, 6);
    g_assert_cmpstr(text, ==, "abcdef");
    g_assert_cmpint(run_int(vow_stream_read_exactly(in->stream, text, 2)), ==, 2);
    g_assert_cmpstr(text, ==, "ghcdef");
    g_assert_cmpint(run_int(vow_stream_read_exactly(in->stream, NULL, 0)), ==, 0);
}
ON_ALL(exactly_waits_for_all)

static void exactly_dropped_gives_back(struct in *in)
{
    char text[8];

    vow_promise *p = vow_stream_read_exactly(in->stream, text, 6);
    put(in->far, "abc");
    turn(in->f);
    assert_peek(p, "pending");
    vow_unref(p);
    g_assert_false(ev_run(in->f->ev, 0));
    expect_some(in, "abc");
}
ON_ALL(exactly_dropped_gives_back)

static void exactly_too_early_an_end(struct in *in)
{
    char text[8];

    put(in->far, "abc");
    close_far(in);
    run_fails_in(vow_stream_read_exactly(in->stream, text, 6), &vow_domain_vow, VOW_EOF);
    vow_error *error = vow_run(vow_stream_read_exactly(in->stream, text, 6), NULL);
    g_assert_nonnull(strstr(vow_error_message(error), "after 3 of 6 bytes"));
    vow_error_unref(error);
    expect_some(in, "abc");
    expect_some(in, "");
}
ON_ALL(exactly_too_early_an_end)

/* ---- Until --------------------------------------------------------------------------------------------- */

static void until_includes_the_delimiter(struct in *in)
{
    put(in->far, "a--b-");
    run_bytes(vow_stream_read_until(in->stream, "--", LIMIT), "a--");
    vow_promise *p = vow_stream_read_until(in->stream, "--", LIMIT);
    turn(in->f);
    assert_peek(p, "pending");
    put(in->far, "-");
    run_bytes(p, "b--");
}
ON_ALL(until_includes_the_delimiter)

static void until_has_a_limit(struct in *in)
{
    put(in->far, "12345678;");
    run_fails(vow_stream_read_until(in->stream, ";", 8), EMSGSIZE, "no delimiter within 8 bytes");
    run_bytes(vow_stream_read_until(in->stream, ";", 9), "12345678;");
    run_fails(vow_stream_read_until(in->stream, ";", 0), EMSGSIZE, "within 0 bytes");
}
ON_ALL(until_has_a_limit)

static void until_the_end_comes_first(struct in *in)
{
    put(in->far, "half");
    close_far(in);
    run_fails_in(vow_stream_read_until(in->stream, ";", LIMIT), &vow_domain_vow, VOW_EOF);
    expect_some(in, "half");
}
ON_ALL(until_the_end_comes_first)

static void until_a_bad_delimiter(struct in *in)
{
    run_fails(vow_stream_read_until(in->stream, NULL, 1), EINVAL, "0 bytes");
    run_fails(vow_stream_read_until(in->stream, "", 1), EINVAL, "0 bytes");
    run_fails(vow_stream_read_until(in->stream, "0123456789abcdef-", 99), EINVAL, "17 bytes");
}
ON_ALL(until_a_bad_delimiter)

/* ---- Lines --------------------------------------------------------------------------------------------- */

static void lines(struct in *in)
{
    put(in->far, "one\ntwo\r\n\n\r\nfi\rve\n");
    expect_line(in, "one");
    expect_line(in, "two");
    expect_line(in, "");
    expect_line(in, "");
    expect_line(in, "fi\rve");
    put(in->far, "the last");
    close_far(in);
    expect_line(in, "the last");
    run_nil(vow_stream_read_line(in->stream, LIMIT));
    run_nil(vow_stream_read_line(in->stream, LIMIT));
}
ON_ALL(lines)

static void a_line_may_hold_zeros(struct in *in)
{
    vow_value value;

    g_assert_cmpint(write(in->far, "a\0b\n", 4), ==, 4);
    g_assert_null(vow_run(vow_stream_read_line(in->stream, LIMIT), &value));
    g_assert_cmpuint(vow_as_bytes(&value)->length, ==, 3);
    g_assert_cmpint(memcmp(vow_as_bytes(&value)->data, "a\0b", 4), ==, 0);
    vow_value_drop(value);
}
ON_ALL(a_line_may_hold_zeros)

static void a_line_has_a_limit(struct in *in)
{
    put(in->far, "12345\n1234567");
    run_fails(vow_stream_read_line(in->stream, 5), EMSGSIZE, "no line ends within 5 bytes");
    run_bytes(vow_stream_read_line(in->stream, 6), "12345");
    run_fails(vow_stream_read_line(in->stream, 6), EMSGSIZE, "within 6 bytes");
    expect_some(in, "1234567");
}
ON_ALL(a_line_has_a_limit)

/* Dropped after each byte, once before and once after the loop had its turn. */
static void a_line_dropped_at_any_byte(struct in *in)
{
    static const char text[] = "a line of some length\nrest";

    for (const char *at = text; *at; at++) {
        vow_unref(vow_stream_read_until(in->stream, "no such", LIMIT));
        put(in->far, (char[]){*at, '\0'});
        vow_promise *p = vow_stream_read_until(in->stream, "no such", LIMIT);
        turn(in->f);
        vow_unref(p);
    }
    expect_line(in, "a line of some length");
    expect_some(in, "rest");
}
ON_ALL(a_line_dropped_at_any_byte)

/* ---- All, and much ------------------------------------------------------------------------------------- */

static void all_to_the_end(struct in *in)
{
    vow_promise *p = vow_stream_read_all(in->stream, LIMIT);

    put(in->far, "one ");
    turn(in->f);
    put(in->far, "two");
    turn(in->f);
    assert_peek(p, "pending");
    close_far(in);
    run_bytes(p, "one two");
    run_bytes(vow_stream_read_all(in->stream, 0), "");
}
ON_ALL(all_to_the_end)

static void all_has_a_limit(struct in *in)
{
    put(in->far, "123456");
    close_far(in);
    run_fails(vow_stream_read_all(in->stream, 5), EMSGSIZE, "more than 5 bytes");
    run_bytes(vow_stream_read_all(in->stream, 6), "123456");
}
ON_ALL(all_has_a_limit)

struct reading {
    struct in *in;
    vow_promise *(*read)(struct in *in, char *buffer);
};

static vow_promise *read_much_exactly(struct in *in, char *buffer)
{
    return vow_stream_read_exactly(in->stream, buffer, MUCH);
}

static vow_promise *read_much_until(struct in *in, char *buffer)
{
    (void) buffer;
    return vow_stream_read_until(in->stream, "!", MUCH);
}

static vow_promise *read_much_all(struct in *in, char *buffer)
{
    (void) buffer;
    return vow_stream_read_all(in->stream, MUCH);
}

static vow_value close_value(vow_value *value, void *data)
{
    close_far(data);
    return vow_take(value);
}

/* However it is read, it is the same, in order. */
static void read_much(struct in *in, vow_promise *(*read)(struct in *in, char *buffer))
{
    char *sent = stream_bytes(MUCH), *buffer = g_malloc0(MUCH);
    vow_value value;

    sent[MUCH - 1] = '!';
    vow_promise *p = read(in, buffer);
    vow_detach(vow_then(vow_write(in->f->loop, in->far, sent, MUCH), close_value, in));
    g_assert_null(vow_run(p, &value));
    if (vow_is_bytes(&value))
        g_assert_cmpuint(vow_as_bytes(&value)->length, ==, MUCH);
    g_assert_true(memcmp(vow_is_bytes(&value) ? vow_as_bytes(&value)->data : buffer, sent, MUCH) == 0);
    vow_value_drop(value);
    while (in->far >= 0)
        turn(in->f);
    g_free(buffer);
    g_free(sent);
}

static void much_exactly(struct in *in)
{
    read_much(in, read_much_exactly);
}
ON_ALL(much_exactly)

static void much_until(struct in *in)
{
    read_much(in, read_much_until);
}
ON_ALL(much_until)

static void much_all(struct in *in)
{
    read_much(in, read_much_all);
}
ON_ALL(much_all)

/* ---- One reader ---------------------------------------------------------------------------------------- */

static void one_reader_at_a_time(struct in *in)
{
    char a[4] = "", b[4];
    const char *site = NEXT_LINE(in->f);
    vow_promise *p = vow_stream_read(in->stream, a, 3);

    run_fails(vow_stream_read(in->stream, b, 3), EALREADY, site);
    run_fails(vow_stream_readable(in->stream), EALREADY, site);
    run_fails(vow_stream_read_line(in->stream, LIMIT), EALREADY, "vow_stream_read_line");
    put(in->far, "abc");
    g_assert_cmpint(run_int(p), ==, 3);
    g_assert_cmpstr(a, ==, "abc");
}
ON_ALL(one_reader_at_a_time)

static void a_read_may_begin_where_one_was_dropped(struct in *in)
{
    char text[4] = "";

    for (int i = 0; i < 3; i++) {
        vow_promise *p = vow_stream_read(in->stream, text, 1);
        turn(in->f);
        vow_unref(p);
        g_assert_false(ev_run(in->f->ev, 0));
    }
    put(in->far, "abc");
    turn(in->f);
    expect_some(in, "abc");
}
ON_ALL(a_read_may_begin_where_one_was_dropped)

/* ---- What breaks --------------------------------------------------------------------------------------- */

static void a_reset_breaks_it(fixture *f)
{
    int ends[2];
    char text[8];

    open_tcp(ends);
    vow_stream *stream = vow_stream_new(f->loop, ends[0]);
    put(ends[1], "line\nrest");
    run_bytes(vow_stream_read_line(stream, LIMIT), "line");
    reset_tcp(ends[1]);
    g_assert_cmpint(run_int(vow_stream_read(stream, text, sizeof text)), ==, 4);
    run_fails(vow_stream_read(stream, text, sizeof text), ECONNRESET, "vow_stream_read: descriptor");
    vow_error *error = vow_run(vow_stream_read_line(stream, LIMIT), NULL);
    g_assert_cmpint(vow_error_code(error), ==, EPIPE);
    g_assert_nonnull(strstr(vow_error_message(error), "vow_stream_read_line"));
    g_assert_cmpint(vow_error_code(vow_error_cause(error)), ==, ECONNRESET);
    vow_error_unref(error);
    run_nil(vow_stream_readable(stream));
    vow_stream_free(stream);
}

static void a_descriptor_that_is_not_open(fixture *f)
{
    char text[8] = "";
    vow_stream *stream = vow_stream_new(f->loop, -1);

    run_nil(vow_stream_readable(stream));
    run_fails(vow_stream_read(stream, text, sizeof text), EBADF, "descriptor -1");
    run_fails(vow_stream_write(stream, text, sizeof text), EBADF, "descriptor -1");
    run_fails(vow_stream_shutdown(stream), EPIPE, "descriptor -1");
    vow_stream_free(stream);
}

/* ---- Ends ---------------------------------------------------------------------------------------------- */

static void freed_under_a_read(struct in *in)
{
    char text[4];
    vow_promise *p = vow_stream_read(in->stream, text, 1);

    turn(in->f);
    vow_stream_free(in->stream);
    run_fails(p, ECANCELED, "vow_stream_read");
    in->stream = NULL;
}
ON_ALL(freed_under_a_read)

static void freed_under_a_read_that_nobody_looks_at(struct in *in)
{
    char text[4];

    vow_detach(vow_stream_read(in->stream, text, 1));
    vow_stream_free(in->stream);
    turn(in->f);
    in->stream = NULL;
}
ON_ALL(freed_under_a_read_that_nobody_looks_at)

static vow_value free_stream(void *data)
{
    struct in *in = data;

    vow_stream_free(in->stream);
    in->stream = NULL;
    return vow_nil();
}

/* The read is given up already when the other one's clean-up frees the stream. */
static void freed_while_the_read_is_being_dropped(struct in *in)
{
    char text[4];
    vow_promise *a = vow_stream_read(in->stream, text, 1);
    vow_promise *b = vow_finally(vow_sleep(in->f->loop, 60), free_stream, in);

    vow_unref(vow_all_of(in->f->loop, a, b));
    g_assert_null(in->stream);
}
ON_ALL(freed_while_the_read_is_being_dropped)

static void freed_while_the_read_is_being_dropped_first(struct in *in)
{
    char text[4];
    vow_promise *a = vow_finally(vow_sleep(in->f->loop, 60), free_stream, in);
    vow_promise *b = vow_stream_read(in->stream, text, 1);

    vow_unref(vow_all_of(in->f->loop, a, b));
    g_assert_null(in->stream);
}
ON_ALL(freed_while_the_read_is_being_dropped_first)

static void the_loop_is_freed_first(fixture *f)
{
    int ends[2];
    char text[4];

    open_pipe(ends);
    vow_stream *stream = vow_stream_new(f->loop, ends[0]);
    vow_promise *p = vow_stream_read(stream, text, 1);
    f->expect_live = 2;
    free_loop(f);
    expect_report(f, "stream");
    expect_report(f, "stream_read");
    assert_peek(p, "!ECANCELED");
    vow_promise *late = vow_stream_read(stream, text, 1);
    assert_peek(late, "!ECANCELED");
    vow_unref(late);
    vow_unref(p);
    vow_stream_free(stream);
    close(ends[1]);
}

/* ---- Watchers ------------------------------------------------------------------------------------------ */

/* Its watcher may still be active, but nobody waits: an ev_run() returns, and counts as it did before. */
static void an_idle_stream_keeps_no_loop_alive(struct in *in)
{
    for (int i = 0; i < 5; i++) {
        char text[4];
        vow_promise *p = vow_stream_read(in->stream, text, sizeof text);
        turn(in->f);
        put(in->far, "x");
        g_assert_cmpint(run_int(p), ==, 1);
        g_assert_false(ev_run(in->f->ev, 0));
        vow_error *error = vow_run(vow_race(in->f->loop, 0, NULL), NULL);
        g_assert_cmpint(vow_error_code(error), ==, EDEADLK);
        vow_error_unref(error);
        put(in->far, "y"); /* while nobody waits */
        turn(in->f);
        turn(in->f);
        expect_some(in, "y");
    }
}
ON_ALL(an_idle_stream_keeps_no_loop_alive)

/* ---- Peers and terminals ------------------------------------------------------------------------------- */

/* A peer that neither sends nor closes: the wait has an end, and the stream is as it was. */
static void a_peer_that_says_no_more(struct in *in)
{
    put(in->far, "half a li");
    run_too_late(in->f, vow_stream_read_line(in->stream, LIMIT));
    run_nil(vow_stream_readable(in->stream));
    put(in->far, "ne\n");
    expect_line(in, "half a line");
}
ON_ALL(a_peer_that_says_no_more)

static int open_terminal(int *master)
{
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    if (*master < 0 || grantpt(*master) < 0 || unlockpt(*master) < 0)
        return -1;
    return open(ptsname(*master), O_RDWR | O_NOCTTY);
}

static void a_terminal(fixture *f)
{
    int master, slave = open_terminal(&master);

    if (slave < 0) {
        g_test_skip("there is no terminal to be had");
        close(master);
        return;
    }
    vow_stream *stream = vow_stream_new(f->loop, slave);
    vow_promise *p = vow_stream_read_line(stream, LIMIT);
    turn(f);
    put(master, "one\ntwo\n"); /* a terminal gives a line a read */
    run_bytes(p, "one");
    run_bytes(vow_stream_read_line(stream, LIMIT), "two");
    p = vow_stream_read_line(stream, LIMIT);
    turn(f);
    put(master, "\004"); /* an end that is none for ever */
    run_nil(p);
    put(master, "more\n");
    run_bytes(vow_stream_read_line(stream, LIMIT), "more");
    g_assert_cmpint(run_int(vow_stream_write(stream, "out", 3)), ==, 3);
    vow_stream_free(stream);
    close(master);
}

/* Whoever has the other end open may have said something before it is closed. */
static void the_end_of_a_terminal(fixture *f)
{
    int master, slave = open_terminal(&master);
    char byte;

    if (slave < 0) {
        g_test_skip("there is no terminal to be had");
        close(master);
        return;
    }
    put(slave, "one\nlast words");
    close(slave);
    vow_stream *stream = vow_stream_new(f->loop, master);
    run_bytes(vow_stream_read_line(stream, LIMIT), "one");
    run_bytes(vow_stream_read_all(stream, LIMIT), "last words");
    run_nil(vow_stream_read_line(stream, LIMIT));
    g_assert_cmpint(run_int(vow_stream_read(stream, &byte, 1)), ==, 0);
    g_assert_cmpint(run_int(vow_read(f->loop, vow_stream_fd(stream), &byte, 1)), ==, 0);
    run_fails_in(vow_stream_read_exactly(stream, &byte, 1), &vow_domain_vow, VOW_EOF);
    vow_stream_free(stream);
}

/* A socket whose packets would run together. */
static void a_socket_of_packets(fixture *f)
{
    static const int types[] = {SOCK_SEQPACKET, SOCK_DGRAM};

    for (int i = 0; i < 2; i++) {
        int ends[2];
        char byte;
        g_assert_cmpint(socketpair(AF_UNIX, types[i], 0, ends), ==, 0);
        vow_stream *stream = vow_stream_new(f->loop, ends[0]);
        vow_stream *zero = vow_stream_new(f->loop, open("/dev/zero", O_RDONLY));
        put(ends[1], "packet\n");
        run_fails(vow_stream_read_line(stream, LIMIT), EPROTOTYPE, "vow_stream_read_line: descriptor");
        run_fails(vow_stream_read(stream, &byte, 1), EPROTOTYPE, "packets");
        run_fails(vow_stream_write(stream, "x", 1), EPROTOTYPE, "vow_stream_write: descriptor");
        run_fails(vow_stream_copy(zero, stream), EPROTOTYPE, "packets");
        run_nil(vow_stream_close(stream));
        vow_stream_free(zero);
        close(ends[1]);
    }
}

/* ---- The loop ------------------------------------------------------------------------------------------ */

/* Bytes that nobody asks for do not make the loop spin. */
static void unread_bytes_do_not_wake_the_loop(struct in *in)
{
    char byte;
    vow_promise *p = vow_stream_read(in->stream, &byte, 1);
    unsigned before;

    turn(in->f);
    put(in->far, "xy");
    g_assert_cmpint(run_int(p), ==, 1);
    before = ev_iteration(in->f->ev);
    run_nil(vow_sleep(in->f->loop, 0.02));
    g_assert_cmpuint(ev_iteration(in->f->ev) - before, <, 20);
    expect_some(in, "y");
}
ON_ALL(unread_bytes_do_not_wake_the_loop)

/* A sender that is always ready does not keep the loop from the others for long: a turn has two budgets at
 * most, one of a watcher's callback and one of what was put off. */
static void a_fast_sender_holds_up_nobody(fixture *f)
{
    vow_stream *stream = vow_stream_new(f->loop, open("/dev/zero", O_RDONLY));
    vow_promise *p = vow_stream_read_all(stream, SIZE_MAX);
    size_t before = 0, now;

    for (int i = 0; i < 5; i++) {
        now = vow_stream_buffered(stream);
        g_assert_cmpuint(now - before, <=, 2 * 262144);
        before = now;
        turn(f);
    }
    g_assert_cmpuint(before, >, 0);
    vow_unref(p);
    vow_stream_free(stream);
}

#define ADD(name) test_add("/stream-read/" #name, name##_on_all)

static void add_reads(void)
{
    ADD(some_is_what_there_is);
    ADD(some_is_no_more_than_fits);
    ADD(some_at_the_end);
    ADD(some_takes_what_was_left_over);
    ADD(readable_takes_nothing);
    ADD(exactly_waits_for_all);
    ADD(exactly_dropped_gives_back);
    ADD(exactly_too_early_an_end);
    ADD(until_includes_the_delimiter);
    ADD(until_has_a_limit);
    ADD(until_the_end_comes_first);
    ADD(until_a_bad_delimiter);
    ADD(lines);
    ADD(a_line_may_hold_zeros);
    ADD(a_line_has_a_limit);
    ADD(a_line_dropped_at_any_byte);
    ADD(all_to_the_end);
    ADD(all_has_a_limit);
    ADD(much_exactly);
    ADD(much_until);
    ADD(much_all);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_reads();
    ADD(one_reader_at_a_time);
    ADD(a_read_may_begin_where_one_was_dropped);
    test_add("/stream-read/a_reset_breaks_it", a_reset_breaks_it);
    test_add("/stream-read/a_descriptor_that_is_not_open", a_descriptor_that_is_not_open);
    ADD(freed_under_a_read);
    ADD(freed_under_a_read_that_nobody_looks_at);
    ADD(freed_while_the_read_is_being_dropped);
    ADD(freed_while_the_read_is_being_dropped_first);
    test_add("/stream-read/the_loop_is_freed_first", the_loop_is_freed_first);
    ADD(an_idle_stream_keeps_no_loop_alive);
    ADD(a_peer_that_says_no_more);
    test_add("/stream-read/a_terminal", a_terminal);
    test_add("/stream-read/the_end_of_a_terminal", the_end_of_a_terminal);
    test_add("/stream-read/a_socket_of_packets", a_socket_of_packets);
    ADD(unread_bytes_do_not_wake_the_loop);
    test_add("/stream-read/a_fast_sender_holds_up_nobody", a_fast_sender_holds_up_nobody);
    return g_test_run();
}
