/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds send and receive of datagrams, and the sockets for them, which are made at once. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vow/datagram.h>

#include "net/address-private.h"
#include "io/io-private.h"
#include "net/lookup-private.h"
#include "os/fd-private.h"
#include "os/send-private.h"
#include "os/sockets-private.h"

typedef struct sending {
    vow__io io;
    const void *buffer;
    size_t size;
    vow_address to; /* empty if it is the peer */
    int probe;      /* a socket that is connected to a Unix-domain receiver whose queue is full, or -1 */
    ev_io room;     /* watches the probe */
    ev_timer again; /* runs where there can be no probe */
} sending;

typedef struct receiving {
    vow__io io;
    void *buffer;
    size_t size;
    vow_address *from; /* or NULL */
} receiving;

/* How often, in seconds, a send is tried again to a receiver that the probe cannot connect to. */
#define LOOK_AGAIN 0.02

/* ---- Sockets ------------------------------------------------------------------------------------------- */

/* Each of these two gives 0, or an errno value. */

static int bind_to(int fd, const vow_address *address, bool dual_stack)
{
    const int only = !dual_stack;

    if (vow_address_family(address) == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) < 0)
        return errno;
    return bind(fd, vow_address_sockaddr(address), address->length) < 0 ? errno : 0;
}

/* A Unix-domain socket gets a name that the system chooses. It does so once it is connected, so that the name
 * cannot be the peer's. */
static int connect_to(int fd, const vow_address *address)
{
    while (connect(fd, vow_address_sockaddr(address), address->length) < 0)
        if (errno != EINTR)
            return errno;
    return vow_address_family(address) == AF_UNIX ? vow__socket_name(fd) : 0;
}

/* A socket, not bound or connected yet; -1 and the errno value in `code`. */
static int open_socket(const vow_address *address, int *code)
{
    int fd = vow__address_socket(address, SOCK_DGRAM);

    *code = fd < 0 ? errno : 0;
    return fd;
}

/* Gives the socket; or closes it, and gives -1, if there was an error. */
static int close_if(int code, int fd)
{
    if (code && fd >= 0)
        close(fd);
    return code ? -1 : fd;
}

static int open_bound(const vow_address *address, const void *dual_stack, int *code)
{
    int fd = open_socket(address, code);

    if (fd >= 0)
        *code = bind_to(fd, address, *(const bool *) dual_stack);
    return close_if(*code, fd);
}

static int try_connected(const vow_address *address, int *code)
{
    int fd = open_socket(address, code);

    if (fd >= 0)
        *code = connect_to(fd, address);
    return close_if(*code, fd);
}

/* The system chooses the port, and may have chosen the very one that the socket is to be connected to. Then
 * the socket keeps that port until another socket has got its own. */
static int open_connected(const vow_address *address, const void *options, int *code)
{
    int fd = try_connected(address, code), other;

    (void) options;
    if (fd < 0 || !vow__socket_is_own_peer(fd, address))
        return fd;
    other = try_connected(address, code);
    close(fd);
    return other;
}

static vow_promise *bind_ip(vow_loop *loop, const char *host, const char *service, const char *function,
                            const char *site)
{
    bool is_wildcard = vow__is_wildcard(host);
    vow__opener opener = {open_bound, &is_wildcard, sizeof is_wildcard, SOCK_DGRAM, function, is_wildcard};

    vow__check_loop(loop, function, site);
    return vow__open_first(loop, &opener, host, service, site);
}

static vow_promise *connect_ip(vow_loop *loop, const char *host, const char *service, const char *function,
                               const char *site)
{
    vow__opener opener = {open_connected, NULL, 0, SOCK_DGRAM, function, false};

    vow__check_loop(loop, function, site);
    return vow__open_first(loop, &opener, host, service, site);
}

static vow_promise *open_unix(vow_loop *loop, const char *path, vow__open_fn open, const char *function,
                              const char *site)
{
    const bool dual_stack = false;
    vow_address address;
    vow_error *error;
    int code = 0, fd = -1;

    vow__check_loop(loop, function, site);
    error = vow__address_unix(&address, path, function, site);
    if (!error)
        fd = open(&address, &dual_stack, &code);
    if (code)
        error = vow__address_error(&address, function, code, site);
    return error ? vow_rejected_at(loop, error, site) : vow_resolved_at(loop, vow_fd(fd), site);
}

vow_promise *vow_datagram_bind_at(vow_loop *loop, const char *host, const char *service, const char *site)
{
    return bind_ip(loop, host, service, "vow_datagram_bind", site);
}

vow_promise *vow_datagram_bind_unix_at(vow_loop *loop, const char *path, const char *site)
{
    return open_unix(loop, path, open_bound, "vow_datagram_bind_unix", site);
}

vow_promise *vow_datagram_connect_at(vow_loop *loop, const char *host, const char *service, const char *site)
{
    return connect_ip(loop, host, service, "vow_datagram_connect", site);
}

vow_promise *vow_datagram_connect_unix_at(vow_loop *loop, const char *path, const char *site)
{
    return open_unix(loop, path, open_connected, "vow_datagram_connect_unix", site);
}

/* ---- Sending ------------------------------------------------------------------------------------------- */

static vow_value send_failed(const sending *self, int code)
{
    char text[VOW_ADDRESS_TEXT_SIZE];

    if (!self->to.length)
        return vow__io_throw(&self->io, "vow_datagram_send", code);
    return vow_throwf_at(self->io.promise.site, code, "vow_datagram_send: descriptor %d to %s: %s",
                         self->io.io.fd, vow_address_format(&self->to, text, sizeof text), strerror(code));
}

static ssize_t send_now(const sending *self)
{
    const struct sockaddr *to = self->to.length ? vow_address_sockaddr(&self->to) : NULL;

    return vow__send_to(self->io.io.fd, self->buffer, self->size, to, self->to.length);
}

static bool is_writable(int fd)
{
    struct pollfd ask = {.fd = fd, .events = POLLOUT};

    return poll(&ask, 1, 0) > 0;
}

static void watch_if(struct ev_loop *ev, ev_io *io, bool is_wanted)
{
    if (is_wanted)
        ev_io_start(ev, io);
    else
        ev_io_stop(ev, io);
}

/*
 * A Unix-domain socket that is not connected is writable, however full the queue of its receiver is. A probe
 * that is connected to the receiver does tell. So the sender waits for whichever of the two has no room. A
 * receiver that is connected itself lets no other socket connect (EPERM). Then nothing tells, and the sender
 * tries again after a while. 0, or an errno value.
 */
static int wait_for_room(sending *self)
{
    struct ev_loop *ev = vow__ev(&self->io.promise);
    bool has_own, has_other;
    int code = 0;

    if (self->probe < 0) {
        self->probe = try_connected(&self->to, &code);
        if (self->probe < 0 && code == EPERM) {
            ev_io_stop(ev, &self->io.io);
            ev_timer_again(ev, &self->again);
            return 0;
        }
        if (self->probe < 0)
            return code;
        ev_io_set(&self->room, self->probe, EV_WRITE);
    }
    has_own = is_writable(self->io.io.fd);
    has_other = is_writable(self->probe);
    watch_if(ev, &self->io.io, !has_own || has_other);
    watch_if(ev, &self->room, !has_other);
    return 0;
}

static void forget_probe(sending *self)
{
    ev_io_stop(vow__ev(&self->io.promise), &self->room);
    ev_timer_stop(vow__ev(&self->io.promise), &self->again);
    if (self->probe >= 0)
        close(self->probe);
    self->probe = -1;
}

static bool datagram_send_attempt(vow__io *io, vow_value *result)
{
    sending *self = (sending *) io;
    ssize_t count = send_now(self);
    int code = count < 0 ? errno : 0;

    if (code && vow__is_again(code)) {
        code = vow_address_family(&self->to) == AF_UNIX ? wait_for_room(self) : 0;
        if (!code)
            return false;
    }
    forget_probe(self);
    *result = code ? send_failed(self, code) : vow_int(count);
    if (count > 0)
        (void) vow__io_moved(io, (size_t) count);
    return true;
}

static void try_again(sending *self)
{
    vow_value result;

    vow__budget_renew(vow__ev_loop_of(vow__loop_of(&self->io.promise)));
    if (!datagram_send_attempt(&self->io, &result))
        return;
    vow__io_stop(&self->io.promise);
    vow__resolve_and_leave(&self->io.promise, result);
}

static void room_cb(EV_P_ ev_io *room, int revents)
{
    vow__ignore(EV_A_ revents);
    try_again(VOW__CONTAINER_OF(room, sending, room));
}

static void again_cb(EV_P_ ev_timer *again, int revents)
{
    vow__ignore(EV_A_ revents);
    try_again(VOW__CONTAINER_OF(again, sending, again));
}

static void send_stop(vow_promise *promise)
{
    vow__io_stop(promise);
    forget_probe((sending *) promise);
}

static const vow__io_kind datagram_send_kind = {
    {.name = "datagram_send", .run = vow__io_run, .halt = send_stop}, datagram_send_attempt};

vow_promise *vow_datagram_send_at(vow_loop *loop, int fd, const void *buffer, size_t size,
                                  const vow_address *to, const char *site)
{
    sending *self;

    vow__check_loop(loop, "vow_datagram_send", site);
    vow__check_bytes(buffer, size, "vow_datagram_send", site);
    self = vow__io_new(loop, sizeof *self, &datagram_send_kind, fd, EV_WRITE, site);
    if (!self)
        return vow__refusal(loop);
    self->buffer = buffer;
    self->size = size;
    vow_address_set(&self->to, to ? vow_address_sockaddr(to) : NULL, to ? to->length : 0);
    self->probe = -1;
    ev_io_init(&self->room, room_cb, -1, EV_WRITE);
    ev_timer_init(&self->again, again_cb, 0., LOOK_AGAIN);
    return vow__io_begin(&self->io);
}

/* ---- Receiving ----------------------------------------------------------------------------------------- */

static bool datagram_receive_attempt(vow__io *io, vow_value *result)
{
    receiving *self = (receiving *) io;
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
    socklen_t length;
    ssize_t count = vow__receive_from(io->io.fd, self->buffer, self->size, &from, &length);

    if (count < 0 && vow__is_again(errno))
        return false;
    *result = count < 0 ? vow__io_throw(io, "vow_datagram_receive", errno) : vow_int(count);
    if (count >= 0 && self->from)
        vow__address_copy(self->from, &from, length);
    if (count > 0)
        (void) vow__io_moved(io, (size_t) count);
    return true;
}

static const vow__io_kind datagram_receive_kind = {
    {.name = "datagram_receive", .run = vow__io_run, .halt = vow__io_stop}, datagram_receive_attempt};

vow_promise *vow_datagram_receive_at(vow_loop *loop, int fd, void *buffer, size_t size, vow_address *from,
                                     const char *site)
{
    receiving *self;

    vow__check_loop(loop, "vow_datagram_receive", site);
    vow__check_bytes(buffer, size, "vow_datagram_receive", site);
    self = vow__io_new(loop, sizeof *self, &datagram_receive_kind, fd, EV_READ, site);
    if (!self)
        return vow__refusal(loop);
    self->buffer = buffer;
    self->size = size;
    self->from = from;
    return vow__io_begin(&self->io);
}
