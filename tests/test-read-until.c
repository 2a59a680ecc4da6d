/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_read_until() and its buffer: delimiters that come in pieces, what is left over, limits, the end of the
 * stream, and that no byte is lost whenever it is dropped.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT = 1000 };

/* A stream of some flavour and the buffer it is read into. */
struct in {
    fixture *f;
    int ends[2];
    vow_buffer buffer;
};

static void open_in(struct in *in, fixture *f, void (*open)(int ends[2]))
{
    *in = (struct in){.f = f};
    open(in->ends);
}

static void close_in(struct in *in)
{
    vow_buffer_clear(&in->buffer);
    g_assert_cmpuint(in->buffer.length, ==, 0);
    close_both(in->ends);
}

static void on_all(fixture *f, void (*fn)(struct in *in))
{
    for (const struct flavour *flavour = flavours; flavour->name; flavour++) {
        struct in in;
        g_test_message("%s", flavour->name);
        open_in(&in, f, flavour->open);
        fn(&in);
        close_in(&in);
    }
}

static vow_promise *until(struct in *in, const char *delimiter, size_t limit)
{
    return vow_read_until(in->f->loop, in->ends[0], &in->buffer, delimiter, limit);
}

/* What stands in the buffer. */
static void assert_buffer(const struct in *in, const char *expected)
{
    char *text = g_strndup(in->buffer.length ? in->buffer.data : "", in->buffer.length);

    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

/* Reads to a delimiter, checks what came, and consumes it. */
static void expect(struct in *in, const char *delimiter, const char *expected)
{
    size_t length = (size_t) run_int(until(in, delimiter, LIMIT));

    g_assert_cmpuint(length, <=, in->buffer.length);
    char *text = g_strndup(in->buffer.data, length);
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
    vow_buffer_consume(&in->buffer, length);
}

/* ---- Delimiters ---------------------------------------------------------------------------------------- */

static void what_is_left_over_stays(struct in *in)
{
    put(in->ends[1], "one\ntwo\n\nthr");
    expect(in, "\n", "one\n");
    assert_buffer(in, "two\n\nthr");
    expect(in, "\n", "two\n");
    expect(in, "\n", "\n");
    vow_promise *p = until(in, "\n", LIMIT);
    turn(in->f);
    assert_peek(p, "pending");
    put(in->ends[1], "ee\n");
    g_assert_cmpint(run_int(p), ==, 6);
    assert_buffer(in, "three\n");
    g_assert_cmpint(run_int(until(in, "\n", LIMIT)), ==, 6); /* nothing was consumed */
    vow_buffer_consume(&in->buffer, 2);
    expect(in, "\n", "ree\n");
    assert_buffer(in, "");
}

/* Sends a text byte by byte; each gets a turn, so that each is read alone. */
static void trickle(struct in *in, vow_promise *p, const char *text)
{
    for (; *text; text++) {
        turn(in->f);
        assert_peek(p, "pending");
        put(in->ends[1], (char[]){*text, '\0'});
    }
}

static void delimiters_come_in_pieces(struct in *in)
{
    static const struct {
        const char *text, *delimiter;
    } cases[] = {
        {"head\r\n\r\n", "\r\n\r\n"},
        {"\r\r\n\r\r\n\r\n", "\r\n\r\n"},
        {"aaaab", "aab"},
        {"ababababc", "ababc"},
        {"x0123456789abcdef", "0123456789abcdef"}, /* 16 bytes, the longest */
        {"--", "--"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        vow_promise *p = until(in, cases[i].delimiter, LIMIT);
        trickle(in, p, cases[i].text);
        g_assert_cmpint(run_int(p), ==, (gint64) strlen(cases[i].text));
        assert_buffer(in, cases[i].text);
        vow_buffer_consume(&in->buffer, strlen(cases[i].text));
    }
}

/* Dropped after each byte, once before and once after the loop had its turn. */
static void dropped_at_any_byte(struct in *in)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";

    for (const char *at = text; *at; at++) {
        vow_unref(until(in, "no such", LIMIT));
        put(in->ends[1], (char[]){*at, '\0'});
        vow_promise *p = until(in, "no such", LIMIT);
        turn(in->f);
        vow_unref(p);
        p = until(in, "no such", LIMIT);
        turn(in->f);
        assert_peek(p, "pending");
        vow_cancel(vow_ref(p));
        vow_unref(p);
    }
    g_assert_false(ev_run(in->f->ev, 0));
    expect(in, "\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); /* though all was searched for another one */
    assert_buffer(in, "rest");
}

/* The bytes arrive, but the loop does not turn before the promise goes. */
static void dropped_when_bytes_are_there(struct in *in)
{
    vow_promise *p = until(in, "\n", LIMIT);

    turn(in->f);
    put(in->ends[1], "line\nnext\n");
    vow_unref(p);
    g_assert_false(ev_run(in->f->ev, 0));
    expect(in, "\n", "line\n");
    expect(in, "\n", "next\n");
}

/* Settled, and dropped without anyone having looked. */
static void dropped_when_it_is_done(struct in *in)
{
    vow_promise *p = until(in, "\n", LIMIT);

    put(in->ends[1], "line\nnext\n");
    turn(in->f);
    turn(in->f);
    assert_peek(p, "5");
    vow_unref(p);
    expect(in, "\n", "line\n");
    expect(in, "\n", "next\n");
}

static void another_delimiter_may_follow(struct in *in)
{
    put(in->ends[1], "a;b\nc;d\n");
    expect(in, "\n", "a;b\n");
    expect(in, ";", "c;");
    expect(in, "\n", "d\n");
}

static void delimiters_on_every_flavour(fixture *f)
{
    on_all(f, what_is_left_over_stays);
    on_all(f, delimiters_come_in_pieces);
    on_all(f, dropped_at_any_byte);
    on_all(f, dropped_when_bytes_are_there);
    on_all(f, dropped_when_it_is_done);
    on_all(f, another_delimiter_may_follow);
}

static void the_delimiter_is_copied(fixture *f)
{
    struct in in;
    char delimiter[] = "\n";

    open_in(&in, f, open_pipe);
    vow_promise *p = until(&in, delimiter, LIMIT);
    turn(f);
    delimiter[0] = 'x';
    put(in.ends[1], "axb\n");
    g_assert_cmpint(run_int(p), ==, 4);
    close_in(&in);
}

static void a_bad_delimiter_is_rejected(fixture *f)
{
    struct in in;

    open_in(&in, f, open_pipe);
    put(in.ends[1], "text\n");
    run_fails(until(&in, NULL, LIMIT), EINVAL, "");
    run_fails(until(&in, "", LIMIT), EINVAL, "");
    run_fails(until(&in, "17 bytes, one too", LIMIT), EINVAL, "");
    expect(&in, "\n", "text\n");
    close_in(&in);
}

/* ---- Limits -------------------------------------------------------------------------------------------- */

static void the_limit_counts_the_delimiter(fixture *f)
{
    struct in in;

    open_in(&in, f, open_pipe);
    put(in.ends[1], "12345\r\nmore\n");
    run_fails(until(&in, "\r\n", 0), EMSGSIZE, "");
    run_fails(until(&in, "\r\n", 5), EMSGSIZE, "");
    run_fails(until(&in, "\r\n", 6), EMSGSIZE, "");
    g_assert_cmpint(run_int(until(&in, "\r\n", 7)), ==, 7); /* a failure lost nothing */
    vow_buffer_consume(&in.buffer, 7);
    run_fails(until(&in, "\n", 4), EMSGSIZE, "");
    g_assert_cmpint(run_int(until(&in, "\n", 5)), ==, 5);
    close_in(&in);
}

static void the_limit_is_reached_byte_by_byte(fixture *f)
{
    struct in in;

    open_in(&in, f, open_pipe);
    vow_promise *p = until(&in, "\n", 4);
    trickle(&in, p, "123");
    turn(f);
    assert_peek(p, "pending");
    put(in.ends[1], "4");
    run_fails(p, EMSGSIZE, "");
    p = until(&in, "\n", 5);
    put(in.ends[1], "\n");
    g_assert_cmpint(run_int(p), ==, 5);
    close_in(&in);
}

/* Writes a long line while it is read. */
static void a_long_line(fixture *f)
{
    enum { LONG = 1024 * 1024 };
    char *bytes = stream_bytes(LONG);
    struct in in;

    open_in(&in, f, open_tcp);
    bytes[LONG - 1] = '\n';
    vow_promise *written = vow_write(f->loop, in.ends[1], bytes, LONG);
    g_assert_cmpint(run_int(until(&in, "\n", 2 * LONG)), ==, LONG);
    g_assert_cmpint(run_int(written), ==, LONG);
    g_assert_cmpint(memcmp(in.buffer.data, bytes, LONG), ==, 0);
    g_free(bytes);
    close_in(&in);
}

/* Reads a line while the n-th allocation fails; whether one did. */
static bool fails_without_memory(struct in *in, size_t n)
{
    put(in->ends[1], "line\n");
    memory_fail(in->f, n, false);
    vow_error *error = vow_run(until(in, "\n", LIMIT), NULL);
    bool failed = in->f->memory.failed > 0;
    memory_fail(in->f, 0, false);
    g_assert_true(failed || !error);
    if (error)
        g_assert_cmpint(vow_error_code(error), ==, ENOMEM);
    vow_error_unref(error);
    expect(in, "\n", "line\n");
    return failed;
}

static void no_memory_loses_nothing(fixture *f)
{
    bool failed = true;

    for (size_t n = 1; failed; n++) {
        struct in in;
        open_in(&in, f, open_pipe);
        failed = fails_without_memory(&in, n);
        close_in(&in);
    }
}

/* ---- Ends ---------------------------------------------------------------------------------------------- */

static void the_end_comes_half_way(fixture *f)
{
    for (const struct flavour *flavour = flavours; flavour->name; flavour++) {
        struct in in;
        open_in(&in, f, flavour->open);
        put(in.ends[1], "line\nhalf");
        close(in.ends[1]);
        expect(&in, "\n", "line\n");
        run_fails_in(until(&in, "\n", LIMIT), &vow_domain_vow, VOW_EOF);
        assert_buffer(&in, "half");
        vow_buffer_consume(&in.buffer, 4);
        run_fails_in(until(&in, "\n", LIMIT), &vow_domain_vow, VOW_EOF);
        vow_buffer_clear(&in.buffer);
        close(in.ends[0]);
    }
}

static void the_end_comes_while_it_waits(fixture *f)
{
    struct in in;

    open_in(&in, f, open_pipe);
    vow_promise *p = until(&in, "\n", LIMIT);
    trickle(&in, p, "half");
    turn(f);
    assert_peek(p, "pending");
    close(in.ends[1]);
    run_fails_in(p, &vow_domain_vow, VOW_EOF);
    assert_buffer(&in, "half");
    vow_buffer_clear(&in.buffer);
    close(in.ends[0]);
}

static void a_reset_connection(fixture *f)
{
    struct in in;

    open_in(&in, f, open_tcp);
    vow_promise *p = until(&in, "\n", LIMIT);
    put(in.ends[1], "half");
    turn(f);
    reset_tcp(in.ends[1]);
    run_fails(p, ECONNRESET, "");
    assert_buffer(&in, "half");
    vow_buffer_clear(&in.buffer);
    close(in.ends[0]);
}

static void a_closed_descriptor(fixture *f)
{
    vow_buffer buffer = {0};
    int fd = dup(STDERR_FILENO);
    char *number = g_strdup_printf("%d", fd);

    close(fd);
    run_fails(vow_read_until(f->loop, -1, &buffer, "\n", LIMIT), EBADF, "-1");
    run_fails(vow_read_until(f->loop, fd, &buffer, "\n", LIMIT), EBADF, number);
    vow_buffer_clear(&buffer);
    g_free(number);
}

/* ---- The buffer ---------------------------------------------------------------------------------------- */

static size_t block_size(const vow_buffer *buffer)
{
    return buffer->consumed + buffer->capacity;
}

/* A long line and many short ones: what is consumed is not paid for by moving the rest, and the room that the
 * long one took is given back. */
static void a_long_line_before_short_ones(fixture *f)
{
    enum { LONG = 1 << 20, SHORT = 100000 };
    char path[] = "/tmp/vow-until-XXXXXX";
    int fd = mkstemp(path);
    char *text = g_malloc(LONG + 2 * SHORT);
    vow_buffer buffer = {0};
    size_t moves = 0;

    unlink(path);
    memset(text, 'x', LONG - 1);
    text[LONG - 1] = '\n';
    for (size_t i = 0; i < SHORT; i++)
        memcpy(text + LONG + 2 * i, "y\n", 2);
    g_assert_cmpint(write(fd, text, LONG + 2 * SHORT), ==, LONG + 2 * SHORT);
    lseek(fd, 0, SEEK_SET);
    g_assert_cmpint(run_int(vow_read_until(f->loop, fd, &buffer, "\n", 2 * LONG)), ==, LONG);
    g_assert_cmpuint(block_size(&buffer), >=, LONG);
    vow_buffer_consume(&buffer, LONG);
    for (size_t i = 0; i < SHORT; i++) {
        g_assert_cmpint(run_int(vow_read_until(f->loop, fd, &buffer, "\n", 2 * LONG)), ==, 2);
        g_assert_cmpint(memcmp(buffer.data, "y\n", 2), ==, 0);
        const char *next = buffer.data + 2;
        vow_buffer_consume(&buffer, 2);
        moves += buffer.length && buffer.data != next;
    }
    g_assert_cmpuint(moves, <, 100);
    g_assert_cmpuint(block_size(&buffer), <=, 65536);
    run_fails_in(vow_read_until(f->loop, fd, &buffer, "\n", 2 * LONG), &vow_domain_vow, VOW_EOF);
    vow_buffer_clear(&buffer);
    close(fd);
    g_free(text);
}

/* Lines of any length, consumed in any pieces, with and without room: the bytes come in their order. */
static void bytes_stay_in_order(fixture *f)
{
    enum { COUNT = 300000 };
    char path[] = "/tmp/vow-until-XXXXXX";
    int fd = mkstemp(path);
    char *text = stream_bytes(COUNT);
    vow_buffer buffer = {0};
    size_t at = 0;

    unlink(path);
    g_assert_cmpint(write(fd, text, COUNT), ==, COUNT);
    lseek(fd, 0, SEEK_SET);
    while (at < COUNT) {
        char delimiter[] = {(char) g_test_rand_int_range('a', 'z' + 1), '\0'};
        size_t limit = (size_t) g_test_rand_int_range(1, g_test_rand_bit() ? 40 : 100000);
        vow_error_unref(vow_run(vow_read_until(f->loop, fd, &buffer, delimiter, limit), NULL));
        g_assert_cmpint(memcmp(buffer.data, text + at, buffer.length), ==, 0);
        size_t count = (size_t) g_test_rand_int_range(0, (gint32) buffer.length + 1);
        vow_buffer_consume(&buffer, count);
        at += count;
    }
    vow_buffer_clear(&buffer);
    close(fd);
    g_free(text);
}

static void a_socket_of_packets(fixture *f)
{
    int ends[2];
    vow_buffer buffer = {0};

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), ==, 0);
    put(ends[1], "one\n");
    run_fails(vow_read_until(f->loop, ends[0], &buffer, "\n", LIMIT), EPROTOTYPE, "packets");
    g_assert_cmpuint(buffer.length, ==, 0);
    assert_readable_text(ends[0], "one\n");
    close_both(ends);
}

static void a_cleared_buffer_is_ready_for_use(fixture *f)
{
    struct in in;

    open_in(&in, f, open_pipe);
    vow_buffer_clear(&in.buffer);
    vow_buffer_consume(&in.buffer, 0);
    put(in.ends[1], "line\nrest");
    g_assert_cmpint(run_int(until(&in, "\n", LIMIT)), ==, 5);
    vow_buffer_clear(&in.buffer);
    assert_buffer(&in, "");
    put(in.ends[1], "next\n");
    g_assert_cmpint(run_int(until(&in, "\n", LIMIT)), >=, 5);
    close_in(&in);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/read-until/delimiter/flavours", delimiters_on_every_flavour);
    test_add("/read-until/delimiter/copied", the_delimiter_is_copied);
    test_add("/read-until/delimiter/bad", a_bad_delimiter_is_rejected);
    test_add("/read-until/limit/delimiter-counts", the_limit_counts_the_delimiter);
    test_add("/read-until/limit/byte-by-byte", the_limit_is_reached_byte_by_byte);
    test_add("/read-until/limit/long-line", a_long_line);
    test_add("/read-until/limit/no-memory", no_memory_loses_nothing);
    test_add("/read-until/end/half-way", the_end_comes_half_way);
    test_add("/read-until/end/waiting", the_end_comes_while_it_waits);
    test_add("/read-until/end/reset", a_reset_connection);
    test_add("/read-until/end/closed", a_closed_descriptor);
    test_add("/read-until/packets", a_socket_of_packets);
    test_add("/read-until/buffer/long-line", a_long_line_before_short_ones);
    test_add("/read-until/buffer/order", bytes_stay_in_order);
    test_add("/read-until/buffer/cleared", a_cleared_buffer_is_ready_for_use);
    return g_test_run();
}
