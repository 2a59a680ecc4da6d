/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the stand-in for connect(2), which notes whom the library tries and chooses the address of a socket;
 * see attempts.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L /* GNU's connect() has another type */

#include "attempts.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "place.h"
#include "resolver.h"

static fixture *noted_by;
static bool goes_to_itself;

void note_attempts(fixture *f)
{
    noted_by = f;
}

void connect_next_to_itself(void)
{
    goes_to_itself = true;
}

static void note_attempt(const struct sockaddr *to, socklen_t length)
{
    char text[VOW_ADDRESS_TEXT_SIZE];
    vow_address address;

    if (vow_address_set(&address, to, length))
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
    if (goes_to_itself && to->sa_family != AF_UNIX) {
        g_assert_cmpint(bind(fd, to, length), ==, 0);
        goes_to_itself = false;
    }
    find_original("connect", &original);
    return original(fd, to, length);
}

/* A socket that is bound to no address in particular gets a port that none has. Nobody listens on it. */
int refusing_port(void)
{
    int family = has_ipv6() ? AF_INET6 : AF_INET;
    struct sockaddr_storage any = {.ss_family = (sa_family_t) family};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), port;

    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
    g_assert_cmpint(bind(fd, (struct sockaddr *) &any, sizeof any), ==, 0);
    port = vow_socket_port(fd);
    close(fd);
    return port;
}

int listen_alone(fixture *f, const char *host, int *port)
{
    char text[8];

    *port = refusing_port();
    g_snprintf(text, sizeof text, "%d", *port);
    return run_fd(vow_listen(f->loop, host, text, 0));
}

void open_silent(fixture *f, struct silent *silent, const char *host, int port)
{
    char text[8];

    silent->port = port;
    g_snprintf(text, sizeof text, "%d", silent->port);
    silent->listener = run_fd(vow_listen(f->loop, host, text, 1));
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
