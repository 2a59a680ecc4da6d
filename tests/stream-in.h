/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of reading from streams share. A test is run on each flavour of stream, and writes from its
 * far end what is to be read.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_STREAM_IN_H
#define VOW_TEST_STREAM_IN_H

#include "streams.h"

#include <unistd.h>

enum { LIMIT = 1000 };

/* A stream, and the descriptor that writes to it. */
struct in {
    fixture *f;
    vow_stream *stream;
    int far; /* -1 once it is closed */
};

static inline void close_far(struct in *in)
{
    close(in->far);
    in->far = -1;
}

static inline void on_all(fixture *f, void (*fn)(struct in *in))
{
    for (const struct flavour *flavour = flavours; flavour->name; flavour++) {
        int ends[2];
        g_test_message("%s", flavour->name);
        flavour->open(ends);
        struct in in = {f, vow_stream_new(f->loop, ends[0]), ends[1]};
        fn(&in);
        vow_stream_free(in.stream);
        if (in.far >= 0)
            close(in.far);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

#define ON_ALL(name)                      \
    static void name##_on_all(fixture *f) \
    {                                     \
        on_all(f, name);                  \
    }

/* What is read in one go now. */
static inline void expect_some(struct in *in, const char *expected)
{
    char text[256];
    int64_t count = run_int(vow_stream_read(in->stream, text, sizeof text - 1));

    text[count] = '\0';
    g_assert_cmpstr(text, ==, expected);
}

static inline void expect_line(struct in *in, const char *expected)
{
    run_bytes(vow_stream_read_line(in->stream, LIMIT), expected);
}

#endif
