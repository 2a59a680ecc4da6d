/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of descriptors share: streams of every flavour that libvow reads and writes, and short ways
 * to run a promise to the outcome a test expects.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_STREAMS_H
#define VOW_TEST_STREAMS_H

#include "support.h"

/* A flavour of stream. `open` gives two ends: what is written to ends[1] is read from ends[0]. */
struct flavour {
    const char *name;
    void (*open)(int ends[2]);
};

/* Pipes, Unix-domain and TCP sockets, blocking and not. Ends with a name of NULL. */
extern const struct flavour flavours[];

void open_pipe(int ends[2]);          /* non-blocking */
void open_blocking_pipe(int ends[2]); /* as pipe(2) gives it */
void open_tcp(int ends[2]);           /* blocking, over loopback */
void close_both(const int ends[2]);
bool is_blocking(int fd);

/* write(2) of a whole string, read(2) of as many bytes as there are now; both must work. */
void put(int fd, const char *text);
void assert_readable_text(int fd, const char *expected);

/* Closes one end of a TCP connection so that the other is reset. */
void reset_tcp(int fd);

/* Runs a promise: it must be fulfilled with an int or nil, or rejected with a code and a message that
 * contains part. */
int64_t run_int(vow_promise *promise);
void run_nil(vow_promise *promise);
void run_bytes(vow_promise *promise, const char *expected); /* compared as strings */
void run_fails(vow_promise *promise, int code, const char *part);
/* With a deadline of an hour, on a virtual clock: nothing comes before it. */
void run_too_late(fixture *f, vow_promise *promise);
void run_fails_in(vow_promise *promise, const vow_domain *domain, int code);

/* The n-th byte of a long stream whose order can be checked. */
char stream_byte(size_t n);
char *stream_bytes(size_t size); /* to be freed with g_free() */

#endif
