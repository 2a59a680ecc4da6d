/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams for the tests of descriptors, see streams.h. They are made with system calls alone, so that what a
 * test finds wrong is in the part of libvow that it looks at.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "streams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vow/testing.h>

/* ---- Flavours ------------------------------------------------------------------------------------------ */

static void set_nonblocking(const int ends[2])
{
    for (int i = 0; i < 2; i++)
        g_assert_cmpint(fcntl(ends[i], F_SETFL, fcntl(ends[i], F_GETFL) | O_NONBLOCK), ==, 0);
}

bool is_blocking(int fd)
{
    return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

void open_blocking_pipe(int ends[2])
{
    g_assert_cmpint(pipe(ends), ==, 0);
}

void open_pipe(int ends[2])
{
    open_blocking_pipe(ends);
    set_nonblocking(ends);
}

static void open_blocking_unix(int ends[2])
{
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
}

static void open_unix(int ends[2])
{
    open_blocking_unix(ends);
    set_nonblocking(ends);
}

void open_tcp(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int room = 32 * 1024; /* set, so that the system does not grow it as it likes */

    g_assert_cmpint(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), ==, 0);
    g_assert_cmpint(bind(listener, (struct sockaddr *) &address, length), ==, 0);
    g_assert_cmpint(listen(listener, 1), ==, 0);
    g_assert_cmpint(getsockname(listener, (struct sockaddr *) &address, &length), ==, 0);
    ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    g_assert_cmpint(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room), ==, 0);
    g_assert_cmpint(connect(ends[1], (struct sockaddr *) &address, length), ==, 0);
    ends[0] = accept(listener, NULL, NULL);
    g_assert_cmpint(ends[0], >=, 0);
    close(listener);
}

static void open_nonblocking_tcp(int ends[2])
{
    open_tcp(ends);
    set_nonblocking(ends);
}

const struct flavour flavours[] = {
    {"blocking pipe", open_blocking_pipe},
    {"pipe", open_pipe},
    {"blocking Unix-domain socket", open_blocking_unix},
    {"Unix-domain socket", open_unix},
    {"blocking TCP socket", open_tcp},
    {"TCP socket", open_nonblocking_tcp},
    {NULL, NULL},
};

void close_both(const int ends[2])
{
    g_assert_cmpint(close(ends[0]), ==, 0);
    g_assert_cmpint(close(ends[1]), ==, 0);
}

void reset_tcp(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), ==, 0);
    g_assert_cmpint(close(fd), ==, 0);
}

/* ---- Bytes --------------------------------------------------------------------------------------------- */

void put(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (gssize) strlen(text));
}

void assert_readable_text(int fd, const char *expected)
{
    char text[256];
    ssize_t length = read(fd, text, sizeof text - 1);

    g_assert_cmpint(length, >=, 0);
    text[length] = '\0';
    g_assert_cmpstr(text, ==, expected);
}

char stream_byte(size_t n)
{
    return (char) ('a' + (n + n / 26 + n / 4099) % 26);
}

char *stream_bytes(size_t size)
{
    char *bytes = g_malloc(size);

    for (size_t i = 0; i < size; i++)
        bytes[i] = stream_byte(i);
    return bytes;
}

/* ---- Outcomes ------------------------------------------------------------------------------------------ */

static vow_value run_value(vow_promise *promise)
{
    vow_value value;
    vow_error *error = vow_run(promise, &value);

    if (error)
        g_error("not expected: %s", vow_error_message(error));
    return value;
}

int64_t run_int(vow_promise *promise)
{
    vow_value value = run_value(promise);

    return vow_as_int(&value);
}

void run_nil(vow_promise *promise)
{
    vow_value value = run_value(promise);

    g_assert_true(vow_is_nil(&value));
}

void run_bytes(vow_promise *promise, const char *expected)
{
    vow_value value = run_value(promise);

    g_assert_cmpstr(vow_as_bytes(&value)->data, ==, expected);
    g_assert_cmpuint(vow_as_bytes(&value)->length, ==, strlen(expected));
    vow_value_drop(value);
}

void run_fails(vow_promise *promise, int code, const char *part)
{
    vow_error *error = vow_run(promise, NULL);

    g_assert_nonnull(error);
    if (vow_error_code(error) != code || vow_error_domain(error) != &vow_domain_errno)
        g_error("expected %s, not: %s", g_strerror(code), vow_error_message(error));
    if (!strstr(vow_error_message(error), part))
        g_error("\"%s\" does not contain \"%s\"", vow_error_message(error), part);
    vow_error_unref(error);
}

void run_too_late(fixture *f, vow_promise *promise)
{
    make_virtual(f);
    double deadline = vow_now(f->loop) + HOUR;

    promise = vow_timeout(promise, HOUR);
    vow_clock_ignore_events(f->loop, true);
    run_fails(promise, ETIMEDOUT, "after 3600 s, a deadline");
    vow_clock_ignore_events(f->loop, false);
    g_assert_cmpfloat(vow_now(f->loop), >=, deadline);
    g_assert_cmpfloat(vow_now(f->loop), <, deadline + 60); /* what cleans up may take a little more */
}

void run_fails_in(vow_promise *promise, const vow_domain *domain, int code)
{
    vow_error *error = vow_run(promise, NULL);

    g_assert_nonnull(error);
    g_assert_cmpstr(vow_error_domain(error)->name, ==, domain->name);
    g_assert_true(vow_error_domain(error) == domain);
    g_assert_cmpint(vow_error_code(error), ==, code);
    vow_error_unref(error);
}
