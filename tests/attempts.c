/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the stand-in for connect(2) that notes whom the library tries; see attempts.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L /* GNU's connect() has another type */

#include "attempts.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "place.h"
#include "resolver.h"

static fixture *noted_by;

void note_attempts(fixture *f)
{
    noted_by = f;
}

static void note_attempt(const struct sockaddr *to, socklen_t length)
{
    char text[VOW_ADDRESS_TEXT_SIZE];
    vow_address address;

    if (!vow_address_set(&address, to, length))
        g_error("an address that is none");
    vow_address_format(&address, text, sizeof text);
    *strrchr(text, ':') = '\0';
    note(noted_by, "%s", text);
}

int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    int (*original)(int, const struct sockaddr *, socklen_t);

    if (noted_by)
        note_attempt(to, length);
    find_original("connect", &original);
    return original(fd, to, length);
}

int refusing_port(fixture *f)
{
    int fd = run_fd(vow_listen(f->loop, "127.0.0.1", "0", 1)), port = vow_socket_port(fd);

    close(fd);
    return port;
}

void open_silent(fixture *f, struct silent *silent, const char *host, const char *port)
{
    char text[8];

    silent->listener = run_fd(vow_listen(f->loop, host, port, 1));
    silent->port = vow_socket_port(silent->listener);
    g_snprintf(text, sizeof text, "%d", silent->port);
    g_assert_cmpint(listen(silent->listener, 0), ==, 0);
    for (int i = 0; i < 4; i++)
        silent->queued[i] = vow_connect(f->loop, host, text);
    for (int i = 0; i < 3; i++)
        turn(f);
    g_assert_true(vow_is_pending(silent->queued[3]));
}

void close_silent(struct silent *silent)
{
    for (int i = 0; i < 4; i++)
        vow_unref(silent->queued[i]);
    close(silent->listener);
}
