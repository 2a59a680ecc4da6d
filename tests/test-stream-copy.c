/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_stream_copy(): between flavours of descriptors, from a stream to itself, with backpressure. A copy that
 * is dropped anywhere loses no byte and breaks nothing. Also what becomes of a copy when one of its streams
 * goes.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 2000000 };

/* source → from → to → sink: what the test writes to the one end comes out at the other. */
struct way {
    fixture *f;
    int source, sink; /* -1 once closed */
    vow_stream *from, *to;
    char *bytes;  /* MUCH of them */
    size_t given; /* to the source */
    GString *got; /* from the sink */
};

static void open_way(struct way *way, fixture *f, const struct flavour *in, const struct flavour *out)
{
    int ends[2], others[2];

    in->open(ends);
    out->open(others);
    for (int i = 0; i < 2; i++)
        g_assert_cmpint(fcntl(i ? ends[1] : others[0], F_SETFL, O_NONBLOCK), ==, 0);
    *way = (struct way){.f = f, .source = ends[1], .sink = others[0], .bytes = stream_bytes(MUCH)};
    way->from = vow_stream_new(f->loop, ends[0]);
    way->to = vow_stream_new(f->loop, others[1]);
    way->got = g_string_new(NULL);
}

static void close_way(struct way *way)
{
    vow_stream_free(way->from);
    vow_stream_free(way->to);
    if (way->source >= 0)
        close(way->source);
    if (way->sink >= 0)
        close(way->sink);
    g_free(way->bytes);
    g_string_free(way->got, TRUE);
    g_assert_cmpuint(vow_loop_live(way->f->loop), ==, 0);
}

static void on_all(fixture *f, void (*fn)(struct way *way))
{
    for (const struct flavour *in = flavours; in->name; in++) {
        for (const struct flavour *out = flavours; out->name; out++) {
            struct way way;
            g_test_message("%s to %s", in->name, out->name);
            open_way(&way, f, in, out);
            fn(&way);
            close_way(&way);
        }
    }
}

#define ON_ALL(name)                      \
    static void name##_on_all(fixture *f) \
    {                                     \
        on_all(f, name);                  \
    }

static void close_fd(int *fd)
{
    close(*fd);
    *fd = -1;
}

/* Gives as much as the source takes; closes it after the last byte. */
static void feed(struct way *way)
{
    while (way->given < MUCH) {
        ssize_t count = write(way->source, way->bytes + way->given, MUCH - way->given);
        if (count < 0)
            return;
        way->given += (size_t) count;
    }
    if (way->source >= 0)
        close_fd(&way->source);
}

static void drain(struct way *way)
{
    char block[65536];
    ssize_t count;

    while ((count = read(way->sink, block, sizeof block)) > 0)
        g_string_append_len(way->got, block, count);
}

static void assert_all_came(const struct way *way)
{
    g_assert_cmpuint(way->got->len, ==, MUCH);
    g_assert_true(memcmp(way->got->str, way->bytes, MUCH) == 0);
}

/* ---- To the end ---------------------------------------------------------------------------------------- */

static void copies_to_the_end(struct way *way)
{
    vow_promise *p = vow_stream_copy(way->from, way->to);

    while (vow_is_pending(p)) {
        feed(way);
        turn(way->f);
        drain(way);
    }
    g_assert_cmpint(run_int(p), ==, MUCH);
    drain(way);
    assert_all_came(way);
    run_nil(vow_stream_shutdown(way->to)); /* the copy leaves that to its caller */
}
ON_ALL(copies_to_the_end)

/* Nobody reads at the far end: then it does not read either. */
static void stops_when_nobody_reads(struct way *way)
{
    vow_promise *p = vow_stream_copy(way->from, way->to);
    size_t given;

    do {
        given = way->given;
        for (int i = 0; i < 10; i++) {
            feed(way);
            turn(way->f);
        }
    } while (way->given != given);
    g_assert_cmpuint(way->given, <, MUCH);
    g_assert_cmpuint(vow_stream_buffered(way->from), <=, 65536);
    g_assert_cmpuint(vow_stream_queued(way->to), <=, 65536 + 128);
    while (vow_is_pending(p)) {
        feed(way);
        drain(way);
        turn(way->f);
    }
    vow_unref(p);
    drain(way);
    assert_all_came(way);
}
ON_ALL(stops_when_nobody_reads)

/* Dropped after every few turns, with a new one that goes on from there. */
static void dropped_loses_nothing(struct way *way)
{
    vow_promise *p = vow_stream_copy(way->from, way->to);

    for (int i = 0; vow_is_pending(p); i++) {
        feed(way);
        turn(way->f);
        if (i % 3 == 2)
            drain(way);
        if (i % 5 < 3 && vow_is_pending(p)) {
            vow_unref(p);
            g_assert_false(ev_run(way->f->ev, 0));
            p = vow_stream_copy(way->from, way->to);
        }
    }
    vow_unref(p);
    drain(way);
    assert_all_came(way);
    g_assert_cmpint(run_int(vow_stream_write(way->to, NULL, 0)), ==, 0);
}
ON_ALL(dropped_loses_nothing)

/* What was read before, and what was written before, come first. */
static void between_other_reads_and_writes(struct way *way)
{
    put(way->source, "line\nrest");
    run_bytes(vow_stream_read_line(way->from, 10), "line");
    vow_promise *before = vow_stream_write(way->to, "before ", 7);
    vow_promise *p = vow_stream_copy(way->from, way->to);
    run_fails(vow_stream_read_line(way->from, 10), EALREADY, "vow_stream_read_line");
    close_fd(&way->source);
    g_assert_cmpint(run_int(p), ==, 4);
    vow_unref(before);
    assert_readable_text(way->sink, "before rest");
}
ON_ALL(between_other_reads_and_writes)

static void from_a_stream_to_itself(fixture *f)
{
    int ends[2];

    open_tcp(ends);
    vow_stream *stream = vow_stream_new(f->loop, ends[1]);
    vow_promise *p = vow_stream_copy(stream, stream);
    for (int i = 0; i < 3; i++) {
        put(ends[0], "echo");
        for (int turns = 0; turns < 3; turns++)
            turn(f);
        assert_readable_text(ends[0], "echo");
    }
    g_assert_cmpint(shutdown(ends[0], SHUT_WR), ==, 0);
    g_assert_cmpint(run_int(p), ==, 12);
    vow_stream_free(stream);
    close(ends[0]);
    open_tcp(ends);
    stream = vow_stream_new(f->loop, ends[1]);
    p = vow_stream_copy(stream, stream);
    vow_stream_free(stream);
    run_fails(p, ECANCELED, "vow_stream_copy");
    close(ends[0]);
}

/* ---- When a stream goes -------------------------------------------------------------------------------- */

/* Until the copy waits to write. */
static vow_promise *copy_that_writes(struct way *way)
{
    vow_promise *p = vow_stream_copy(way->from, way->to);

    for (int i = 0; i < 1000 && !vow_stream_queued(way->to); i++) {
        feed(way);
        turn(way->f);
    }
    g_assert_cmpuint(vow_stream_queued(way->to), >, 0);
    return p;
}

static vow_promise *copy_that_reads(struct way *way)
{
    vow_promise *p = vow_stream_copy(way->from, way->to);

    turn(way->f);
    return p;
}

static void free_from(struct way *way)
{
    vow_stream_free(way->from);
    way->from = NULL;
}

static void free_to(struct way *way)
{
    vow_stream_free(way->to);
    way->to = NULL;
}

static void from_goes_while_it_reads(struct way *way)
{
    vow_promise *p = copy_that_reads(way);

    free_from(way);
    run_fails(p, ECANCELED, "vow_stream_copy");
    g_assert_cmpint(run_int(vow_stream_write(way->to, "x", 1)), ==, 1);
}
ON_ALL(from_goes_while_it_reads)

static void from_goes_while_it_writes(struct way *way)
{
    vow_promise *p = copy_that_writes(way);

    free_from(way);
    g_assert_cmpuint(vow_stream_queued(way->to), ==, 0);
    run_fails(p, ECANCELED, "vow_stream_copy");
    drain(way);
    g_assert_cmpint(run_int(vow_stream_write(way->to, "x", 1)), ==, 1);
}
ON_ALL(from_goes_while_it_writes)

static void to_goes_while_it_reads(struct way *way)
{
    vow_promise *p = copy_that_reads(way);

    free_to(way);
    turn(way->f);
    assert_peek(p, "pending");
    put(way->source, "x");
    run_fails(p, ECANCELED, "the stream was closed");
    g_assert_cmpuint(vow_stream_buffered(way->from), ==, 1);
}
ON_ALL(to_goes_while_it_reads)

static void to_goes_while_it_writes(struct way *way)
{
    vow_promise *p = copy_that_writes(way);

    free_to(way);
    run_fails(p, ECANCELED, "the stream was closed");
    g_assert_cmpuint(vow_stream_buffered(way->from), >, 0);
}
ON_ALL(to_goes_while_it_writes)

static void to_is_closed_while_it_writes(struct way *way)
{
    vow_promise *p = copy_that_writes(way);
    vow_promise *end = vow_stream_close(way->to);

    way->to = NULL;
    while (vow_is_pending(p) || vow_is_pending(end)) {
        feed(way);
        drain(way);
        turn(way->f);
    }
    run_fails(p, ECANCELED, "the stream was closed");
    run_nil(end);
}
ON_ALL(to_is_closed_while_it_writes)

static void the_sink_breaks(struct way *way)
{
    vow_promise *p = copy_that_writes(way);

    close_fd(&way->sink);
    vow_error *error = vow_run(p, NULL);
    g_assert_nonnull(error);
    g_assert_true(vow_error_code(error) == EPIPE || vow_error_code(error) == ECONNRESET);
    vow_error_unref(error);
}
ON_ALL(the_sink_breaks)

static vow_value free_both(void *data)
{
    free_from(data);
    free_to(data);
    return vow_nil();
}

/* The copy is given up already when the other one's clean-up frees its streams. */
static void freed_while_it_is_being_dropped(struct way *way)
{
    vow_promise *p = copy_that_writes(way);

    vow_unref(vow_all_of(way->f->loop, p, vow_finally(vow_sleep(way->f->loop, 60), free_both, way)));
    g_assert_null(way->from);
}
ON_ALL(freed_while_it_is_being_dropped)

static void the_loop_is_freed_first(fixture *f)
{
    struct way way;

    open_way(&way, f, &flavours[1], &flavours[1]);
    vow_promise *p = copy_that_writes(&way);
    f->expect_live = 4;
    free_loop(f);
    for (int i = 0; i < 3; i++) /* the streams and the copy */
        expect_report(f, "stream");
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
    free_both(&way);
    close(way.source);
    close(way.sink);
    g_free(way.bytes);
    g_string_free(way.got, TRUE);
}

#define ADD(name) test_add("/stream-copy/" #name, name##_on_all)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(copies_to_the_end);
    ADD(stops_when_nobody_reads);
    ADD(dropped_loses_nothing);
    ADD(between_other_reads_and_writes);
    test_add("/stream-copy/from_a_stream_to_itself", from_a_stream_to_itself);
    ADD(from_goes_while_it_reads);
    ADD(from_goes_while_it_writes);
    ADD(to_goes_while_it_reads);
    ADD(to_goes_while_it_writes);
    ADD(to_is_closed_while_it_writes);
    ADD(the_sink_breaks);
    ADD(freed_while_it_is_being_dropped);
    test_add("/stream-copy/the_loop_is_freed_first", the_loop_is_freed_first);
    return g_test_run();
}
