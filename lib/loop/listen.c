/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets: made at once, handed over in a promise as everything that can fail is. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vow/socket.h>

#include "loop/address-private.h"
#include "loop/loop-private.h"

/* 0, or an errno value. */
static int set_options(int fd, const vow__address *address)
{
    const int on = 1;

    if (address->u.any.sa_family == AF_UNIX)
        return 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        return errno;
    if (address->u.any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
        return errno;
    return 0;
}

/* A listening socket; -1 and the errno value in `code`. */
static int open_listener(const vow__address *address, int backlog, int *code)
{
    int fd = vow__address_socket(address);

    *code = fd < 0 ? errno : set_options(fd, address);
    if (!*code && bind(fd, &address->u.any, address->length) < 0)
        *code = errno;
    if (!*code && listen(fd, backlog > 0 ? backlog : SOMAXCONN) < 0)
        *code = errno;
    if (*code && fd >= 0)
        close(fd);
    return *code ? -1 : fd;
}

/* `error` is what is wrong with the address, or NULL. */
static vow_promise *listen_at(vow_loop *loop, const vow__address *address, int backlog, vow_error *error,
                              const char *function, const char *site)
{
    int code = 0;
    int fd = error ? -1 : open_listener(address, backlog, &code);

    if (code)
        error = vow__address_error(address, function, code, site);
    return error ? vow_rejected_at(loop, error, site) : vow_resolved_at(loop, vow_fd(fd), site);
}

vow_promise *vow_listen_at(vow_loop *loop, const char *host, const char *port, int backlog, const char *site)
{
    vow__address address;
    vow_error *error;

    vow__check_loop(loop, "vow_listen", site);
    error = vow__address_tcp(&address, host, port, "vow_listen", site);
    return listen_at(loop, &address, backlog, error, "vow_listen", site);
}

vow_promise *vow_listen_unix_at(vow_loop *loop, const char *path, int backlog, const char *site)
{
    vow__address address;
    vow_error *error;

    vow__check_loop(loop, "vow_listen_unix", site);
    error = vow__address_unix(&address, path, "vow_listen_unix", site);
    return listen_at(loop, &address, backlog, error, "vow_listen_unix", site);
}

int vow_socket_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage storage;
    } address;
    socklen_t length = sizeof address;

    address.any.sa_family = AF_UNSPEC;
    if (getsockname(fd, &address.any, &length) < 0)
        return -1;
    if (address.any.sa_family == AF_INET)
        return ntohs(address.v4.sin_port);
    if (address.any.sa_family == AF_INET6)
        return ntohs(address.v6.sin6_port);
    errno = EAFNOSUPPORT;
    return -1;
}
