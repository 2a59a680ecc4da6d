/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stream gave to a promise that is dropped before anybody has looked. It comes back to the front, in
 * its order: to those who wait, under a copy, or to a stream that has ended.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "stream-in.h"

#include <string.h>
#include <sys/socket.h>

/* One that is fulfilled, which is no look. */
static vow_promise *fulfilled(struct in *in, vow_promise *promise)
{
    for (int i = 0; i < 100 && vow_is_pending(promise); i++)
        turn(in->f);
    g_assert_true(vow_is_fulfilled(promise));
    return promise;
}

static void a_dropped_line_comes_back(struct in *in)
{
    char four[4];

    put(in->far, "one\r\ntwo\n\nthree\nfour");
    run_nil(vow_stream_readable(in->stream));
    for (int i = 0; i < 3; i++)
        vow_unref(fulfilled(in, vow_stream_read_line(in->stream, LIMIT)));
    vow_unref(fulfilled(in, vow_stream_read_until(in->stream, "tw", LIMIT)));
    vow_unref(fulfilled(in, vow_stream_read_exactly(in->stream, four, 4)));
    g_assert_cmpint(run_int(vow_stream_read_exactly(in->stream, four, 4)), ==, 4);
    g_assert_cmpint(memcmp(four, "one\r", 4), ==, 0);
    expect_line(in, "");
    vow_promise *two = fulfilled(in, vow_stream_read_line(in->stream, LIMIT));
    vow_promise *none = fulfilled(in, vow_stream_read_line(in->stream, LIMIT));
    vow_promise *three = fulfilled(in, vow_stream_read_line(in->stream, LIMIT));
    vow_unref(none);
    vow_unref(three);
    vow_unref(two);
    expect_line(in, "two");
    expect_line(in, "");
    vow_unref(fulfilled(in, vow_timeout(vow_stream_read_line(in->stream, LIMIT), 1000)));
    close_far(in);
    run_bytes(vow_stream_read_until(in->stream, "e\nfo", LIMIT), "three\nfo");
    vow_unref(fulfilled(in, vow_stream_read_line(in->stream, LIMIT))); /* the end of the stream ends it */
    vow_unref(fulfilled(in, vow_stream_read_all(in->stream, LIMIT)));
    expect_line(in, "ur");
    run_nil(vow_stream_read_line(in->stream, LIMIT));
}
ON_ALL(a_dropped_line_comes_back)

/* To one who waits already, unless that one is dropped together with it. */
static void a_line_comes_back_to_who_waits(struct in *in)
{
    put(in->far, "one\ntwo");
    vow_promise *one = fulfilled(in, vow_stream_read_line(in->stream, LIMIT));
    vow_promise *next = vow_stream_read_line(in->stream, LIMIT);
    turn(in->f);
    g_assert_true(vow_is_pending(next));
    vow_unref(one);
    run_bytes(next, "one");

    one = vow_stream_read_line(in->stream, LIMIT);
    put(in->far, "\n");
    fulfilled(in, one);
    next = vow_stream_read_line(in->stream, LIMIT);
    vow_unref(vow_all_of(in->f->loop, one, next));
    expect_line(in, "two");

    put(in->far, "three\n");
    run_bytes(vow_race_of(in->f->loop, vow_resolved(in->f->loop, vow_bytes_copy("x", 1)),
                          fulfilled(in, vow_stream_read_line(in->stream, LIMIT))),
              "x");
    expect_line(in, "three");
}
ON_ALL(a_line_comes_back_to_who_waits)

/* A copy that writes while a line comes back goes on with that. */
static void a_line_comes_back_under_a_copy(fixture *f)
{
    int from[2], to[2];
    open_pipe(from);
    open_pipe(to);
    vow_stream *in = vow_stream_new(f->loop, from[0]), *out = vow_stream_new(f->loop, to[1]);

    put(from[1], "one\ntwo\n");
    vow_promise *one = vow_stream_read_line(in, LIMIT);
    turn(f);
    vow_promise *copy = vow_stream_copy(in, out);
    vow_unref(one);
    close(from[1]);
    g_assert_cmpint(run_int(copy), ==, 8);
    assert_readable_text(to[0], "two\none\n"); /* what was under way is before it */
    vow_stream_free(in);
    vow_stream_free(out);
    close(to[0]);
}

/* The stream has ended by then, or its memory has gone. */
static void a_line_comes_back_to_no_stream(struct in *in)
{
    put(in->far, "one\ntwo\n");
    vow_promise *one = fulfilled(in, vow_stream_read_line(in->stream, LIMIT));
    vow_promise *two = fulfilled(in, vow_stream_read_line(in->stream, LIMIT));
    vow_promise *end = vow_stream_close(in->stream);

    vow_unref(one);
    run_nil(end);
    in->stream = NULL;
    vow_unref(two);
}
ON_ALL(a_line_comes_back_to_no_stream)

/* Against pieces of strings: reads of all kinds, some of them looked at and some dropped, at once or much
 * later, in any order. Each byte is somewhere once, and what can be read is in the order in which it was
 * sent. */
enum { HELD = 6, STEPS = 20000 };

struct held {
    vow_promise *promise; /* or NULL */
    GString *bytes;       /* what it has */
    guint64 at;
};

static char exact[HELD][64];

static void assert_has(struct held *mine, int place)
{
    const vow_value *value = vow_peek(mine->promise);
    bool is_exact = vow_is_int(value);
    const char *bytes = is_exact ? exact[place] : vow_as_bytes(value)->data;
    size_t length = is_exact ? (size_t) vow_as_int(value) : vow_as_bytes(value)->length;

    g_assert_cmpuint(length, <=, mine->bytes->len);
    g_assert_cmpuint(length + 1, >=, mine->bytes->len); /* a line is without its end */
    g_assert_cmpint(memcmp(bytes, mine->bytes->str, length), ==, 0);
}

/* What a read takes from the front of what is to be read; nothing when it would wait. */
static GString *model_read(const GString *model, const char *delimiter, size_t size)
{
    const char *found = delimiter ? strstr(model->str, delimiter) : NULL;
    size_t count = delimiter ? (found ? (size_t) (found - model->str) + strlen(delimiter) : 0)
                             : (model->len >= size ? size : 0);
    GString *bytes = g_string_new_len(model->str, (gssize) count);

    return bytes;
}

/* A piece of the model that came back, or is still to be read. */
struct piece {
    guint64 at;
    GString *bytes;
};

static void piece_free(gpointer data)
{
    struct piece *piece = data;

    g_string_free(piece->bytes, TRUE);
    g_free(piece);
}

/* Behind those that were sent before it. */
static void add_piece(GPtrArray *pieces, guint64 at, const char *bytes, size_t count)
{
    struct piece *piece = g_new(struct piece, 1);
    gint place = (gint) pieces->len;

    piece->at = at;
    piece->bytes = g_string_new_len(bytes, (gssize) count);
    while (place && ((struct piece *) g_ptr_array_index(pieces, place - 1))->at > at)
        place--;
    g_ptr_array_insert(pieces, place, piece);
}

static GString *joined(const GPtrArray *pieces)
{
    GString *all = g_string_new(NULL);

    for (guint i = 0; i < pieces->len; i++) {
        const struct piece *piece = g_ptr_array_index(pieces, i);
        g_string_append_len(all, piece->bytes->str, (gssize) piece->bytes->len);
    }
    return all;
}

static void take_from(GPtrArray *pieces, size_t count)
{
    while (count) {
        struct piece *piece = g_ptr_array_index(pieces, 0);
        size_t some = MIN(count, piece->bytes->len);
        g_string_erase(piece->bytes, 0, (gssize) some);
        piece->at += some;
        count -= some;
        if (!piece->bytes->len)
            g_ptr_array_remove_index(pieces, 0);
    }
}

static void random_reads_and_drops(fixture *f)
{
    int ends[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    vow_stream *stream = vow_stream_new(f->loop, ends[0]);
    struct held held[HELD] = {{NULL, NULL, 0}};
    GPtrArray *pieces = g_ptr_array_new_with_free_func(piece_free);
    guint64 sent = 0;

    for (int step = 0; step < STEPS; step++) {
        int place = g_test_rand_int_range(0, HELD), kind = g_test_rand_int_range(0, 3);
        struct held *mine = &held[place];
        GString *all = joined(pieces);

        if (all->len < 200) {
            char text[400];
            for (size_t i = 0; i < sizeof text; i++)
                text[i] = "abc\n"[g_test_rand_int_range(0, 4)];
            g_assert_cmpint(write(ends[1], text, sizeof text), ==, sizeof text);
            add_piece(pieces, sent, text, sizeof text);
            sent += sizeof text;
        } else if (mine->promise && g_test_rand_bit()) { /* nobody looks: it comes back */
            vow_unref(mine->promise);
            add_piece(pieces, mine->at, mine->bytes->str, mine->bytes->len);
            g_string_free(mine->bytes, TRUE);
            mine->promise = NULL;
        } else if (mine->promise) {
            assert_has(mine, place);
            vow_unref(mine->promise);
            g_string_free(mine->bytes, TRUE);
            mine->promise = NULL;
        } else {
            size_t size = (size_t) g_test_rand_int_range(1, 64);
            const char *delimiter = kind == 0 ? "\n" : kind == 1 ? (g_test_rand_bit() ? "a\nb" : "c") : NULL;
            guint64 at = ((struct piece *) g_ptr_array_index(pieces, 0))->at;
            GString *expected = model_read(all, delimiter, size);
            if (expected->len) {
                mine->promise = kind == 0   ? vow_stream_read_line(stream, LIMIT)
                                : kind == 1 ? vow_stream_read_until(stream, delimiter, LIMIT)
                                            : vow_stream_read_exactly(stream, exact[place], size);
                for (int i = 0; i < 100 && vow_is_pending(mine->promise); i++)
                    turn(f);
                g_assert_true(vow_is_fulfilled(mine->promise));
                mine->bytes = expected;
                mine->at = at;
                take_from(pieces, expected->len);
            } else {
                g_string_free(expected, TRUE);
            }
        }
        g_string_free(all, TRUE);
    }
    for (int i = 0; i < HELD; i++) {
        if (!held[i].promise)
            continue;
        vow_unref(held[i].promise);
        add_piece(pieces, held[i].at, held[i].bytes->str, held[i].bytes->len);
        g_string_free(held[i].bytes, TRUE);
    }
    close(ends[1]);
    GString *left = joined(pieces);
    run_bytes(vow_stream_read_all(stream, 1 << 20), left->str);
    g_string_free(left, TRUE);
    g_ptr_array_free(pieces, TRUE);
    vow_stream_free(stream);
}

#define ADD(name) test_add("/stream-returned/" #name, name##_on_all)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(a_dropped_line_comes_back);
    ADD(a_line_comes_back_to_who_waits);
    ADD(a_line_comes_back_to_no_stream);
    test_add("/stream-returned/a_line_comes_back_under_a_copy", a_line_comes_back_under_a_copy);
    test_add("/stream-returned/random_reads_and_drops", random_reads_and_drops);
    return g_test_run();
}
