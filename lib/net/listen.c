/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets. They are made at once, and handed over in a promise, as everything that can fail is. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vow/socket.h>

#include "base/misuse-private.h"
#include "net/address-private.h"
#include "net/lookup-private.h"
#include "loop/loop-private.h"
#include "os/sockets-private.h"

/* 0, or an errno value. */
static int set_option(int fd, int level, int option, bool value)
{
    const int on = value;

    return setsockopt(fd, level, option, &on, sizeof on) < 0 ? errno : 0;
}

/* 0, or an errno value. */
static int set_options(int fd, int family, const vow_listen_options *options)
{
    int code = 0;

    if (family == AF_UNIX)
        return 0;
    if (!options->exclusive)
        code = set_option(fd, SOL_SOCKET, SO_REUSEADDR, true);
    if (!code && options->reuse_port)
        code = vow__socket_share_port(fd);
    if (!code && family == AF_INET6)
        code = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !options->dual_stack);
    if (!code && (options->peer_timeout < 0 || options->peer_timeout > 0 || isnan(options->peer_timeout)))
        code = vow_socket_set_peer_timeout(fd, options->peer_timeout);
    return code;
}

/* A listening socket; -1 and the errno value in `code`. */
static int open_listener(const vow_address *address, const void *data, int *code)
{
    const vow_listen_options *options = data;
    int fd = vow__address_socket(address, SOCK_STREAM);

    *code = fd < 0 ? errno : set_options(fd, vow_address_family(address), options);
    if (!*code && bind(fd, vow_address_sockaddr(address), address->length) < 0)
        *code = errno;
    if (!*code && listen(fd, options->backlog > 0 ? options->backlog : SOMAXCONN) < 0)
        *code = errno;
    if (*code && fd >= 0)
        close(fd);
    return *code ? -1 : fd;
}

static vow_promise *listen_on_path(vow_loop *loop, const vow_listen_options *options, const char *function,
                                   const char *site)
{
    vow_address address;
    vow_error *error = vow__address_unix(&address, options->path, function, site);
    int code = 0, fd = error ? -1 : open_listener(&address, options, &code);

    if (code)
        error = vow__address_error(&address, function, code, site);
    return error ? vow_rejected_at(loop, error, site) : vow_resolved_at(loop, vow_fd(fd), site);
}

static vow_promise *listen_at_host(vow_loop *loop, const vow_listen_options *options, const char *function,
                                   const char *site)
{
    vow_listen_options own = *options;
    bool is_wildcard = vow__is_wildcard(options->host);
    vow__opener opener = {open_listener, &own, sizeof own, SOCK_STREAM, function, is_wildcard};

    own.dual_stack = own.dual_stack || is_wildcard;
    return vow__open_first(loop, &opener, options->host, options->port, site);
}

static vow_promise *listen_with(vow_loop *loop, const vow_listen_options *options, const char *function,
                                const char *site)
{
    vow__check_loop(loop, function, site);
    if (!options)
        vow__misuse_at(function, NULL, site, "the options are NULL");
    if (!options->path)
        return listen_at_host(loop, options, function, site);
    if (!options->host && !options->port)
        return listen_on_path(loop, options, function, site);
    return vow_rejected_at(
        loop, vow_error_new_at(site, EINVAL, "%s: both a path and a host or port are given", function), site);
}

vow_promise *vow_listen_with_at(vow_loop *loop, const vow_listen_options *options, const char *site)
{
    return listen_with(loop, options, "vow_listen_with", site);
}

vow_promise *vow_listen_at(vow_loop *loop, const char *host, const char *port, int backlog, const char *site)
{
    vow_listen_options options = {.host = host, .port = port, .backlog = backlog};

    return listen_with(loop, &options, "vow_listen", site);
}

vow_promise *vow_listen_unix_at(vow_loop *loop, const char *path, int backlog, const char *site)
{
    vow_listen_options options = {.path = path ? path : "", .backlog = backlog};

    return listen_with(loop, &options, "vow_listen_unix", site);
}
