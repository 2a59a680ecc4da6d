/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind accept: waits for the next connection of a listening socket. A connection that nobody has looked
 * at goes back to the listener: net/listener-private.h.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <vow/socket.h>

#include "net/accept-private.h"
#include "net/address-private.h"
#include "io/io-private.h"
#include "net/listener-private.h"
#include "os/fd-private.h"
#include "os/sockets-private.h"

/* So many connections that are gone already are passed over at once. The rest waits for a turn of the
 * loop. */
#define PASSED_OVER_MAX 64

bool vow__accept_may_pass(int code)
{
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

int vow__accept_why_not(int fd)
{
    int is_listening = 0;
    socklen_t length = sizeof is_listening;

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) < 0)
        return errno;
    return is_listening ? 0 : EINVAL;
}

/* accept(2) cannot be told in each call not to wait. A listener is often shared with other processes, which
 * may have taken O_NONBLOCK back, or never set it. So the flag is looked at each time, and left set. */
static int make_nonblocking(int listener)
{
    int flags = fcntl(listener, F_GETFL);
    int code;

    if (flags < 0 || (flags & O_NONBLOCK))
        return flags < 0 ? errno : 0;
    code = vow__accept_why_not(listener);
    if (!code && fcntl(listener, F_SETFL, flags | O_NONBLOCK) < 0)
        code = errno;
    return code;
}

int vow__accept_next(int listener)
{
    int code = make_nonblocking(listener);

    for (int i = 0; i < PASSED_OVER_MAX && !code; i++) {
        struct sockaddr peer = {.sa_family = AF_UNSPEC}; /* as much of it as tells the family */
        socklen_t length = sizeof peer;
        int fd = vow__socket_accept(listener, &peer, &length);

        if (fd >= 0)
            vow__socket_set_nodelay(fd, peer.sa_family);
        if (fd >= 0 || !vow__is_gone_connection(errno))
            return fd;
    }
    errno = code ? code : EAGAIN;
    return -1;
}

/* ---- The kind ------------------------------------------------------------------------------------------ */

typedef struct accepting {
    vow__io io;
    vow__taker taker; /* in the listener's list while the promise is pending */
    vow__listener *listener;
    vow__berth *berth; /* for the connection if it is to go back; NULL once it has gone back */
    uint64_t place;    /* of the connection */
} accepting;

/* As vow__accept_next(), but connections that came back come first. */
static int accept_one(accepting *self)
{
    int fd = vow__listener_take(self->listener, &self->place);

    if (fd >= 0)
        return fd;
    fd = vow__accept_next(self->io.io.fd);
    if (fd >= 0)
        self->place = vow__listener_arrived(self->listener);
    return fd;
}

static bool accept_attempt(vow__io *io, vow_value *result)
{
    accepting *self = (accepting *) io;
    int fd = accept_one(self);

    if (fd < 0 && vow__is_again(errno))
        return false;
    vow__taker_leave(&self->taker);
    *result = fd < 0 ? vow__io_throw(io, "vow_accept", errno) : vow_fd(fd);
    return true;
}

/* A connection came back: this promise need not wait for the system any more. */
static void accept_offered(vow__taker *taker)
{
    accepting *self = VOW__CONTAINER_OF(taker, accepting, taker);
    vow_promise *promise = &self->io.promise;
    vow_value result;

    if (!accept_attempt(&self->io, &result))
        return;
    vow__io_stop(promise);
    vow__not_put_off(promise);
    vow__resolve(promise, result);
}

static void accept_halt(vow_promise *promise)
{
    vow__io_stop(promise);
    vow__taker_leave(&((accepting *) promise)->taker);
}

static bool accept_put_back(vow_promise *promise, vow_value value)
{
    accepting *self = (accepting *) promise;
    vow__berth *berth = self->berth;

    self->berth = NULL;
    vow__listener_keep(self->listener, berth, vow_take_fd(&value), self->place);
    return true;
}

static void accept_dispose(vow_promise *promise)
{
    accepting *self = (accepting *) promise;

    if (!self->listener)
        return;
    vow__berth_free(self->listener, self->berth);
    vow__listener_let_go(self->listener);
}

static const vow__io_kind accept_kind = {{.name = "accept",
                                          .run = vow__io_run,
                                          .halt = accept_halt,
                                          .put_back = accept_put_back,
                                          .dispose = accept_dispose},
                                         accept_attempt};

static vow_promise *accept_begin(accepting *self)
{
    vow_promise *promise = vow__io_begin(&self->io);

    if (vow__is_pending(promise))
        vow__taker_join(self->listener, &self->taker);
    return promise;
}

vow_promise *vow_accept_at(vow_loop *loop, int fd, const char *site)
{
    accepting *self;
    int code;

    vow__check_loop(loop, "vow_accept", site);
    self = vow__io_new(loop, sizeof *self, &accept_kind, fd, EV_READ, site);
    if (!self)
        return vow__refusal(loop);
    vow__list_init(&self->taker.link);
    self->taker.offer = accept_offered;
    self->listener = vow__listener_hold(loop, fd);
    code = self->listener ? 0 : errno;
    self->berth = code ? NULL : vow__berth_new(self->listener);
    if (self->berth)
        return accept_begin(self);
    vow__resolve(&self->io.promise, vow__io_throw(&self->io, "vow_accept", code ? code : ENOMEM));
    return &self->io.promise;
}
