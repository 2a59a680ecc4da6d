/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place to connect to, of every family that libvow knows, so that a test is written once for IPv4, IPv6 and
 * Unix-domain sockets. Everything stays on this machine, on ports that the system chooses.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_PLACE_H
#define VOW_TEST_PLACE_H

#include "streams.h"

/* A listening socket and its address: host and port, or a path in a directory of its own. */
struct place {
    fixture *f;
    const char *host; /* NULL for a Unix-domain socket */
    char port[16];
    char *directory, *path;
    int listener;
};

void open_place(struct place *place, fixture *f, const char *host); /* host NULL for a Unix-domain socket */
void close_place(struct place *place);

/* Runs fn with a place; the one of IPv6 skips the test where the machine has none. */
void at_place(fixture *f, const char *host, void (*fn)(struct place *place));
void at_ipv6(fixture *f, void (*fn)(struct place *place));
bool has_ipv6(void);

/* What libvow makes of the place. `port` is not looked at in a Unix-domain place. */
vow_promise *listen_at(const struct place *place, const char *port) VOW_NODISCARD;
vow_promise *connect_to(const struct place *place) VOW_NODISCARD;
vow_promise *accept_at(const struct place *place) VOW_NODISCARD;

/* Runs a promise: it must be fulfilled with a descriptor, non-blocking and close-on-exec, which is returned.
 */
int run_fd(vow_promise *promise);

/* A socket of the place's family, and connect(2): the loop does not turn meanwhile. */
int socket_of(const struct place *place);
void connect_raw(const struct place *place, int fd);

/* Accepts and closes what is in the queue, until nothing more comes. */
void flush(struct place *place);

/* Checks that two descriptors are the ends of one connection. */
void assert_connected(fixture *f, int a, int b);

/* A port as text, in one of a few static buffers. */
const char *text_of(int port);

/* Makes three tests of a function that takes a place. */
#define AT_EACH(fn)                   \
    static void fn##_ipv4(fixture *f) \
    {                                 \
        at_place(f, "127.0.0.1", fn); \
    }                                 \
    static void fn##_ipv6(fixture *f) \
    {                                 \
        at_ipv6(f, fn);               \
    }                                 \
    static void fn##_unix(fixture *f) \
    {                                 \
        at_place(f, NULL, fn);        \
    }

#define ADD_EACH(path, fn)                 \
    do {                                   \
        test_add(path "/ipv4", fn##_ipv4); \
        test_add(path "/ipv6", fn##_ipv6); \
        test_add(path "/unix", fn##_unix); \
    } while (0)

#endif
