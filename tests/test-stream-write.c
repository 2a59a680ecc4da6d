/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing to a stream, on every flavour of descriptor: order, backpressure and its mark, writes that are
 * dropped before and after they began, half-close, close, and what a broken stream says.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "misuse.h"
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 3000000 };

/* A stream, and the descriptor that reads what it writes. */
struct out {
    fixture *f;
    vow_stream *stream; /* NULL once it is given away */
    int far;            /* -1 once it is closed */
    char *bytes;        /* MUCH of them */
};

static void close_far(struct out *out)
{
    close(out->far);
    out->far = -1;
}

static void free_stream(struct out *out)
{
    vow_stream_free(out->stream);
    out->stream = NULL;
}

static vow_promise *close_stream(struct out *out)
{
    vow_stream *stream = out->stream;

    out->stream = NULL;
    return vow_stream_close(stream);
}

static void on_all(fixture *f, void (*fn)(struct out *out))
{
    for (const struct flavour *flavour = flavours; flavour->name; flavour++) {
        int ends[2];
        g_test_message("%s", flavour->name);
        flavour->open(ends);
        g_assert_cmpint(fcntl(ends[0], F_SETFL, O_NONBLOCK), ==, 0);
        struct out out = {f, vow_stream_new(f->loop, ends[1]), ends[0], stream_bytes(MUCH)};
        fn(&out);
        vow_stream_free(out.stream);
        if (out.far >= 0)
            close(out.far);
        g_free(out.bytes);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

#define ON_ALL(name)                      \
    static void name##_on_all(fixture *f) \
    {                                     \
        on_all(f, name);                  \
    }

/* What comes out at the far end until `promise` is settled and nothing more comes, or the end is seen. */
static GString *receive(struct out *out, const vow_promise *promise)
{
    GString *text = g_string_new(NULL);
    char block[65536];

    for (;;) {
        ssize_t count = read(out->far, block, sizeof block);
        if (count > 0)
            g_string_append_len(text, block, count);
        else if (count == 0 || !vow_is_pending(promise))
            return text;
        turn(out->f);
    }
}

static vow_promise *write_much(struct out *out)
{
    return vow_stream_write(out->stream, out->bytes, MUCH);
}

static void assert_starts(const GString *text, const struct out *out)
{
    g_assert_cmpuint(text->len, <=, MUCH);
    g_assert_true(memcmp(text->str, out->bytes, text->len) == 0);
}

/* ---- Order --------------------------------------------------------------------------------------------- */

static void what_fits_is_written_at_once(struct out *out)
{
    vow_promise *p = vow_stream_write(out->stream, "text", 4);

    assert_peek(p, "4");
    vow_unref(p);
    assert_readable_text(out->far, "text");
    p = vow_stream_write(out->stream, NULL, 0);
    assert_peek(p, "0");
    vow_unref(p);
    g_assert_cmpuint(vow_stream_queued(out->stream), ==, 0);
}
ON_ALL(what_fits_is_written_at_once)

static void much_is_written_in_order(struct out *out)
{
    vow_promise *p = write_much(out);
    GString *text = receive(out, p);

    g_assert_cmpint(run_int(p), ==, MUCH);
    g_assert_cmpuint(text->len, ==, MUCH);
    assert_starts(text, out);
    g_string_free(text, TRUE);
}
ON_ALL(much_is_written_in_order)

/* Many parts, some of them empty, and more than go into one call. */
static void parts_are_one_write(struct out *out)
{
    struct iovec parts[1000];
    size_t size = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        parts[i] = (struct iovec){out->bytes + size, i % 7 == 3 ? 0 : i};
        size += parts[i].iov_len;
    }
    vow_promise *p = vow_stream_writev(out->stream, parts, G_N_ELEMENTS(parts));
    memset(parts, 0, sizeof parts); /* the array was copied */
    GString *text = receive(out, p);
    g_assert_cmpint(run_int(p), ==, (int64_t) size);
    g_assert_cmpuint(text->len, ==, size);
    assert_starts(text, out);
    g_string_free(text, TRUE);
}
ON_ALL(parts_are_one_write)

static void parts_have_a_limit(struct out *out)
{
    struct iovec parts[1025] = {{"x", 1}};

    run_fails(vow_stream_writev(out->stream, parts, 1025), EINVAL, "1025 parts");
    parts[0].iov_len = parts[1].iov_len = SIZE_MAX / 2 + 2;
    run_fails(vow_stream_writev(out->stream, parts, 2), EINVAL, "more bytes than can be counted");
    parts[0].iov_len = 1;
    parts[1].iov_len = 0;
    g_assert_cmpint(run_int(vow_stream_writev(out->stream, parts, 1024)), ==, 1);
    g_assert_cmpint(run_int(vow_stream_writev(out->stream, NULL, 0)), ==, 0);
}
ON_ALL(parts_have_a_limit)

/* Several at once are never mixed; a write of nothing waits for those before it. */
static void several_writes_go_out_one_after_the_other(struct out *out)
{
    enum { EACH = 100000, COUNT = 30 };
    vow_promise *p[COUNT + 1];
    vow_promise *all;

    vow_stream_set_high_water(out->stream, SIZE_MAX);
    for (int i = 0; i < COUNT; i++)
        p[i] = vow_stream_write(out->stream, out->bytes + i * EACH, EACH);
    vow_promise *flushed = vow_stream_write(out->stream, NULL, 0);
    p[COUNT] = vow_ref(flushed);
    assert_peek(flushed, "pending");
    g_assert_cmpuint(vow_stream_queued(out->stream), >, 2 * EACH);
    all = vow_all(out->f->loop, COUNT + 1, p);
    GString *text = receive(out, all);
    assert_peek(flushed, "0");
    vow_unref(flushed);
    g_assert_cmpuint(text->len, ==, COUNT * EACH);
    assert_starts(text, out);
    g_string_free(text, TRUE);
    vow_unref(all);
    g_assert_cmpuint(vow_stream_queued(out->stream), ==, 0);
}
ON_ALL(several_writes_go_out_one_after_the_other)

/* ---- The mark ------------------------------------------------------------------------------------------ */

static void a_writer_that_does_not_wait_is_stopped(struct out *out)
{
    int taken = 0;

    vow_stream_set_high_water(out->stream, 8 * (1000 + 128) + 128);
    for (;;) {
        vow_promise *p = vow_stream_write(out->stream, out->bytes, 1000);
        if (vow_is_rejected(p)) {
            run_fails(p, ENOBUFS, "above the mark of 9152");
            break;
        }
        vow_detach(p);
        taken++;
        g_assert_cmpuint(vow_stream_queued(out->stream), <=, 9 * (1000 + 128));
    }
    vow_promise *flushed = vow_stream_write(out->stream, NULL, 0); /* 128 more still fit */
    GString *text = receive(out, flushed);
    g_assert_cmpint(run_int(flushed), ==, 0);
    g_assert_cmpuint(text->len, ==, (gsize) taken * 1000);
    g_string_free(text, TRUE);
    g_assert_cmpint(run_int(vow_stream_write(out->stream, "again", 5)), ==, 5);
}
ON_ALL(a_writer_that_does_not_wait_is_stopped)

static void one_write_of_any_size_may_wait(struct out *out)
{
    vow_stream_set_high_water(out->stream, 0);
    vow_promise *p = write_much(out);
    assert_peek(p, "pending");
    run_fails(vow_stream_write(out->stream, "x", 1), ENOBUFS, "mark of 0");
    GString *text = receive(out, p);
    g_assert_cmpint(run_int(p), ==, MUCH);
    g_assert_cmpuint(text->len, ==, MUCH);
    g_string_free(text, TRUE);
}
ON_ALL(one_write_of_any_size_may_wait)

/* ---- Dropping ------------------------------------------------------------------------------------------ */

/* Fills the stream until it takes no more, with single bytes in the end, so that nothing is half written. */
static void fill(struct out *out)
{
    int fd = vow_stream_fd(out->stream), flags = fcntl(fd, F_GETFL);

    g_assert_cmpint(fcntl(fd, F_SETFL, flags | O_NONBLOCK), ==, 0);
    while (write(fd, out->bytes, 4096) > 0 || write(fd, out->bytes, 1) > 0)
        continue;
    g_assert_cmpint(errno, ==, EAGAIN);
    g_assert_cmpint(fcntl(fd, F_SETFL, flags), ==, 0);
}

static void dropped_before_it_began(struct out *out)
{
    fill(out);
    vow_promise *a = vow_stream_write(out->stream, "aaa", 3);
    vow_promise *b = vow_stream_write(out->stream, "bbb", 3);
    vow_promise *c = vow_stream_write(out->stream, "ccc", 3);
    vow_unref(b);
    vow_unref(a);
    GString *text = receive(out, c);
    g_assert_cmpint(run_int(c), ==, 3);
    g_assert_true(g_str_has_suffix(text->str, "ccc"));
    g_assert_null(strstr(text->str, "bbb"));
    g_string_free(text, TRUE);
    g_assert_false(ev_run(out->f->ev, 0));
}
ON_ALL(dropped_before_it_began)

static void dropped_in_the_middle(struct out *out)
{
    const char *site = NEXT_LINE(out->f);
    vow_promise *p = vow_stream_write(out->stream, out->bytes, MUCH);
    vow_promise *next = vow_stream_write(out->stream, "next", 4);

    assert_peek(p, "pending");
    vow_unref(p);
    run_fails(next, EPIPE, site);
    run_fails(vow_stream_write(out->stream, "x", 1), EPIPE, "was dropped after");
    run_fails(vow_stream_shutdown(out->stream), EPIPE, "vow_stream_shutdown");
    vow_error *error = vow_run(vow_stream_writev(out->stream, NULL, 0), NULL);
    g_assert_nonnull(strstr(vow_error_message(vow_error_cause(error)), "a write of 3000000 bytes"));
    vow_error_unref(error);
    run_nil(close_stream(out)); /* nothing is pending */
}
ON_ALL(dropped_in_the_middle)

/* Both are given up already when the first one's end breaks the stream. */
static void two_are_dropped_in_the_middle(struct out *out)
{
    vow_stream_set_high_water(out->stream, SIZE_MAX);
    vow_unref(vow_all_of(out->f->loop, write_much(out), write_much(out)));
    run_fails(vow_stream_write(out->stream, "x", 1), EPIPE, "was dropped after");
}
ON_ALL(two_are_dropped_in_the_middle)

/* ---- What breaks --------------------------------------------------------------------------------------- */

static void the_peer_is_gone(struct out *out)
{
    close_far(out);
    vow_error *error = vow_run(write_much(out), NULL);
    if (!error) /* TCP takes the first one yet */
        error = vow_run(write_much(out), NULL);
    g_assert_nonnull(error);
    g_assert_true(vow_error_code(error) == EPIPE || vow_error_code(error) == ECONNRESET);
    g_assert_null(vow_error_cause(error));
    vow_error_unref(error);
    error = vow_run(vow_stream_write(out->stream, "x", 1), NULL);
    g_assert_cmpint(vow_error_code(error), ==, EPIPE);
    g_assert_nonnull(strstr(vow_error_message(error), "the stream is broken: vow_stream_write"));
    g_assert_nonnull(vow_error_cause(error));
    vow_error_unref(error);
}
ON_ALL(the_peer_is_gone)

/* Those behind it are told what broke the stream; closing it, too. */
static void the_peer_goes_in_the_middle(struct out *out)
{
    vow_stream_set_high_water(out->stream, SIZE_MAX);
    vow_promise *a = write_much(out), *b = write_much(out), *c = vow_stream_shutdown(out->stream);
    vow_promise *end = close_stream(out);

    turn(out->f);
    close_far(out);
    for (vow_error *error = vow_run(a, NULL); error; error = NULL) {
        g_assert_true(vow_error_code(error) == EPIPE || vow_error_code(error) == ECONNRESET);
        g_assert_null(vow_error_cause(error));
        vow_error_unref(error);
    }
    run_fails(b, EPIPE, "the stream is broken: vow_stream_write");
    run_fails(c, EPIPE, "vow_stream_shutdown");
    vow_error *error = vow_run(end, NULL);
    g_assert_nonnull(error);
    g_assert_null(vow_error_cause(error));
    vow_error_unref(error);
}
ON_ALL(the_peer_goes_in_the_middle)

/* ---- Ends ---------------------------------------------------------------------------------------------- */

static void shutdown_is_seen_after_what_is_pending(struct out *out)
{
    vow_promise *p = write_much(out), *end = vow_stream_shutdown(out->stream);

    run_fails(vow_stream_write(out->stream, "x", 1), EPIPE, "it was shut down");
    run_fails(vow_stream_shutdown(out->stream), EPIPE, "it was shut down");
    assert_peek(end, "pending");
    GString *text = receive(out, end);
    g_assert_cmpuint(text->len, ==, MUCH);
    g_string_free(text, TRUE);
    g_assert_cmpint(run_int(p), ==, MUCH);
    run_nil(end);
    assert_readable_text(out->far, "");
    run_fails(vow_stream_write(out->stream, "x", 1), EPIPE, "it was shut down");
}
ON_ALL(shutdown_is_seen_after_what_is_pending)

static void shutdown_that_is_dropped_is_taken_back(struct out *out)
{
    fill(out);
    vow_promise *p = vow_stream_write(out->stream, "a", 1);
    vow_unref(vow_stream_shutdown(out->stream));
    vow_promise *q = vow_stream_write(out->stream, "b", 1);
    GString *text = receive(out, q);
    g_assert_true(g_str_has_suffix(text->str, "ab"));
    g_string_free(text, TRUE);
    vow_unref(p);
    vow_unref(q);
}
ON_ALL(shutdown_that_is_dropped_is_taken_back)

static void half_a_socket_goes_on(fixture *f)
{
    int ends[2];
    char text[8] = "";

    open_tcp(ends);
    vow_stream *stream = vow_stream_new(f->loop, ends[1]);
    run_nil(vow_stream_shutdown(stream));
    put(ends[0], "still");
    g_assert_cmpint(run_int(vow_stream_read(stream, text, sizeof text)), ==, 5);
    vow_stream_free(stream);
    close(ends[0]);
}

static void a_terminal_has_no_half(fixture *f)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    if (master < 0) {
        g_test_skip("there is no /dev/ptmx");
        return;
    }
    vow_stream *stream = vow_stream_new(f->loop, master);
    run_fails(vow_stream_shutdown(stream), ENOTSOCK, "vow_stream_shutdown");
    vow_stream_free(stream);
}

static void close_writes_what_is_pending(struct out *out)
{
    vow_promise *p = write_much(out), *end = close_stream(out);
    GString *text = receive(out, end);

    assert_peek(end, "nil");
    g_assert_cmpuint(text->len, ==, MUCH);
    assert_starts(text, out);
    g_string_free(text, TRUE);
    g_assert_cmpint(run_int(p), ==, MUCH);
    vow_unref(end);
    assert_readable_text(out->far, "");
}
ON_ALL(close_writes_what_is_pending)

static void close_at_once(struct out *out)
{
    vow_promise *end = close_stream(out);

    assert_peek(end, "nil");
    assert_readable_text(out->far, "");
    vow_unref(end);
}
ON_ALL(close_at_once)

static void close_that_is_dropped_ends_at_once(struct out *out)
{
    vow_promise *p = write_much(out);

    vow_unref(close_stream(out));
    run_fails(p, ECANCELED, "the stream was closed");
    close(out->far);
    out->far = -1;
    g_assert_false(ev_run(out->f->ev, 0));
}
ON_ALL(close_that_is_dropped_ends_at_once)

static void close_has_a_deadline(struct out *out)
{
    vow_detach(vow_catch(write_much(out), NULL, NULL));
    run_too_late(out->f, close_stream(out));
    turn(out->f);
}
ON_ALL(close_has_a_deadline)

static void close_when_the_last_write_is_dropped(struct out *out)
{
    fill(out);
    vow_promise *p = vow_stream_write(out->stream, "x", 1), *end = close_stream(out);

    assert_peek(end, "pending");
    vow_unref(p);
    run_nil(end);
}
ON_ALL(close_when_the_last_write_is_dropped)

/* Write and close are given up in one go. */
static void close_and_write_are_dropped_together(struct out *out)
{
    vow_promise *p = write_much(out);

    vow_unref(vow_all_of(out->f->loop, p, close_stream(out)));
}
ON_ALL(close_and_write_are_dropped_together)

static void close_ends_a_read(fixture *f)
{
    int ends[2];
    char byte;

    open_tcp(ends);
    vow_stream *stream = vow_stream_new(f->loop, ends[0]);
    vow_promise *p = vow_stream_read(stream, &byte, 1);
    run_nil(vow_stream_close(stream));
    run_fails(p, ECANCELED, "the stream was closed");
    close(ends[1]);
}

static void freed_under_writes(struct out *out)
{
    vow_promise *p = write_much(out), *q = vow_stream_write(out->stream, "x", 1);
    vow_promise *r = vow_stream_shutdown(out->stream);

    vow_detach(vow_ref(p));
    free_stream(out);
    run_fails(p, ECANCELED, "vow_stream_write");
    run_fails(q, ECANCELED, "vow_stream_write");
    run_fails(r, ECANCELED, "vow_stream_shutdown");
}
ON_ALL(freed_under_writes)

/* ---- The descriptor ------------------------------------------------------------------------------------ */

/* Whoever else has the same open file sees none of it. */
static void the_flag_is_left_alone(fixture *f)
{
    SKIP_ON_POSIX_ALONE("there is no other way not to wait for a pipe");
    for (int flag = 0; flag <= O_NONBLOCK; flag += O_NONBLOCK) {
        int ends[2];

        open_blocking_pipe(ends);
        int shared = dup(ends[1]), flags = fcntl(shared, F_GETFL) | flag;
        g_assert_cmpint(fcntl(shared, F_SETFL, flags), ==, 0);
        vow_stream *stream = vow_stream_new(f->loop, ends[1]);
        g_assert_cmpint(run_int(vow_stream_write(stream, "x", 1)), ==, 1);
        g_assert_cmpint(fcntl(shared, F_GETFL), ==, flags);
        vow_stream_free(stream);
        g_assert_cmpint(fcntl(shared, F_GETFL), ==, flags);
        close(shared);
        close(ends[0]);
    }
}

static void a_stream_as_a_value(fixture *f)
{
    int ends[2];

    open_pipe(ends);
    vow_value value = vow_own(vow_stream_new(f->loop, ends[0]), &vow_type_stream);
    g_assert_cmpstr(vow_value_type_name(&value), ==, "stream");
    g_assert_cmpint(vow_stream_fd(vow_as(&value, &vow_type_stream)), ==, ends[0]);
    vow_value_drop(value);
    close(ends[1]);
}

static void out_of_memory_closes_it(fixture *f)
{
    int ends[2];

    open_pipe(ends);
    memory_fail(f, 1, true);
    g_assert_null(vow_stream_new(f->loop, ends[0]));
    memory_fail(f, 0, false);
    g_assert_cmpint(fcntl(ends[0], F_GETFD), ==, -1);
    close(ends[1]);
}

/* A signal would end the program here. */
static void no_signal(fixture *f)
{
    struct sigaction action;
    int ends[2];

    g_assert_cmpint(sigaction(SIGPIPE, NULL, &action), ==, 0);
    g_assert_true(action.sa_handler == SIG_DFL);
    open_pipe(ends);
    vow_stream *stream = vow_stream_new(f->loop, ends[1]);
    close(ends[0]);
    run_fails(vow_stream_write(stream, "x", 1), EPIPE, "vow_stream_write");
    vow_stream_free(stream);
}

/* ---- Misuse -------------------------------------------------------------------------------------------- */

MISUSE(write_null, ((void) f, vow_detach(vow_stream_write(NULL, "x", 1))), "vow_stream_write",
       "stream is NULL", false)
MISUSE(read_null, ((void) f, vow_detach(vow_stream_read_line(NULL, 1))), "vow_stream_read_line",
       "stream is NULL", false)
MISUSE(close_null, ((void) f, vow_detach(vow_stream_close(NULL))), "vow_stream_close", "stream is NULL",
       false)

/* It has much to write when it is closed, so it is there still. */
static vow_stream *given_away(fixture *f)
{
    static char much[3000000];
    int ends[2];

    open_pipe(ends);
    vow_stream *stream = vow_stream_new(f->loop, ends[1]);
    vow_detach(vow_stream_write(stream, much, sizeof much));
    vow_detach(vow_stream_close(stream));
    return stream;
}

MISUSE(write_after_close, vow_detach(vow_stream_write(given_away(f), "x", 1)), "vow_stream_write",
       "was given to vow_stream_close() before", false)
MISUSE(free_after_close, vow_stream_free(given_away(f)), "vow_stream_free",
       "was given to vow_stream_close() before", false)

static void copy_across_loops(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);

    vow_detach(vow_stream_copy(vow_stream_new(f->loop, -1), vow_stream_new(other, -1)));
}

static void test_copy_across_loops(fixture *f)
{
    expect_abort(f, copy_across_loops, "vow_stream_copy", "one loop", false);
}

#define ADD(name) test_add("/stream-write/" #name, name##_on_all)
#define ADD_ONE(name) test_add("/stream-write/" #name, name)

static void add_writes(void)
{
    ADD(what_fits_is_written_at_once);
    ADD(much_is_written_in_order);
    ADD(parts_are_one_write);
    ADD(parts_have_a_limit);
    ADD(several_writes_go_out_one_after_the_other);
    ADD(a_writer_that_does_not_wait_is_stopped);
    ADD(one_write_of_any_size_may_wait);
    ADD(dropped_before_it_began);
    ADD(dropped_in_the_middle);
    ADD(two_are_dropped_in_the_middle);
    ADD(the_peer_is_gone);
    ADD(the_peer_goes_in_the_middle);
}

static void add_ends(void)
{
    ADD(shutdown_is_seen_after_what_is_pending);
    ADD(shutdown_that_is_dropped_is_taken_back);
    ADD_ONE(half_a_socket_goes_on);
    ADD_ONE(a_terminal_has_no_half);
    ADD(close_writes_what_is_pending);
    ADD(close_at_once);
    ADD(close_that_is_dropped_ends_at_once);
    ADD(close_has_a_deadline);
    ADD(close_when_the_last_write_is_dropped);
    ADD(close_and_write_are_dropped_together);
    ADD_ONE(close_ends_a_read);
    ADD(freed_under_writes);
}

static void add_misuse(void)
{
    ADD_ONE(test_write_null);
    ADD_ONE(test_read_null);
    ADD_ONE(test_close_null);
    ADD_ONE(test_write_after_close);
    ADD_ONE(test_free_after_close);
    ADD_ONE(test_copy_across_loops);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_writes();
    add_ends();
    add_misuse();
    ADD_ONE(the_flag_is_left_alone);
    ADD_ONE(a_stream_as_a_value);
    ADD_ONE(out_of_memory_closes_it);
    ADD_ONE(no_signal);
    return g_test_run();
}
