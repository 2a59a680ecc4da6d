/* SPDX-License-Identifier: BSD-2-Clause */
/* The kind connect: owns a socket until it is connected, then gives it away as the promise's value. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vow/socket.h>

#include "net/address-private.h"
#include "net/connect-private.h"
#include "io/io-private.h"

typedef struct connecting {
    vow__io io;
    int fd; /* -1 once it is given away or closed */
    const char *function;
    vow_address address;
} connecting;

static vow_value connect_failed(const connecting *self, int code)
{
    return vow_throw(vow__address_error(&self->address, self->function, code, self->io.promise.site));
}

static void close_socket(connecting *self)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

/*
 * If nobody listens at a port of this machine, the system may choose that very port for our end. Then a TCP
 * socket is connected to itself (RFC 9293, section 3.5: a simultaneous open). It is reset, so that the port
 * is free at once for one who may listen there.
 */
static bool is_own_peer(const connecting *self)
{
    static const struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (!vow__socket_is_own_peer(self->fd, &self->address))
        return false;
    setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    return true;
}

/* The socket is writable: the connection stands or has failed. */
static bool connect_attempt(vow__io *io, vow_value *result)
{
    connecting *self = (connecting *) io;
    int code = 0;
    socklen_t length = sizeof code;

    vow__io_stop(&io->promise);
    if (getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &code, &length) < 0)
        code = errno;
    if (!code && is_own_peer(self))
        code = ECONNREFUSED;
    if (code) {
        close_socket(self);
        *result = connect_failed(self, code);
    } else {
        *result = vow_fd(self->fd);
        self->fd = -1;
    }
    return true;
}

static void connect_stop(vow_promise *promise)
{
    vow__io_stop(promise);
    close_socket((connecting *) promise);
}

static const vow__io_kind connect_kind = {{.name = "connect", .halt = connect_stop}, connect_attempt};

static void connect_begin(connecting *self)
{
    const vow_address *address = &self->address;
    vow_promise *promise = &self->io.promise;

    if (self->fd < 0) {
        vow__resolve(promise, connect_failed(self, errno));
        return;
    }
    if (connect(self->fd, vow_address_sockaddr(address), address->length) < 0 && errno != EINPROGRESS &&
        errno != EINTR) {
        int code = errno;

        close_socket(self);
        vow__resolve(promise, connect_failed(self, code));
        return;
    }
    vow__io_watch(&self->io);
}

vow_promise *vow__connect_to(vow_loop *loop, const vow_address *address, const char *function,
                             const char *site)
{
    int fd = vow__address_socket(address, SOCK_STREAM);
    connecting *self = vow__io_new(loop, sizeof *self, &connect_kind, fd, EV_WRITE, site);

    if (!self) {
        if (fd >= 0)
            close(fd);
        return vow__refusal(loop);
    }
    if (fd >= 0)
        vow__socket_set_nodelay(fd, vow_address_family(address));
    self->fd = fd;
    self->function = function;
    self->address = *address;
    connect_begin(self);
    return &self->io.promise;
}

vow_promise *vow_connect_unix_at(vow_loop *loop, const char *path, const char *site)
{
    static const char function[] = "vow_connect_unix";
    vow_address address;
    vow_error *error;

    vow__check_loop(loop, function, site);
    error = vow__address_unix(&address, path, function, site);
    return error ? vow_rejected_at(loop, error, site) : vow__connect_to(loop, &address, function, site);
}
