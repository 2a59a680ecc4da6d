/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds send and receive of messages with descriptors. There is a place for what is received before the
 * system is asked for it: a message is made together with its promise, so that no descriptor is ever without
 * an owner.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <vow/unix.h>

#include "base/allocator-private.h"
#include "base/fd-ends-private.h"
#include "base/misuse-private.h"
#include "io/io-private.h"
#include "os/fd-private.h"
#include "os/send-private.h"
#include "os/sockets-private.h"

_Static_assert(VOW_MESSAGE_FDS_MAX == VOW__PASSED_MAX, "as many as can come");

typedef struct message_sending {
    vow__io io;
    const char *buffer;
    size_t size;
    size_t written;
    size_t count; /* of the descriptors; 0 once they are sent */
    int fds[];
} message_sending;

/* A vow_message and its array, in one allocation. */
typedef struct received {
    vow_message message;
    size_t limit;
    int fds[];
} received;

typedef struct message_receiving {
    vow__io io;
    void *buffer;
    size_t size;
    received *received; /* until the promise has it */
} message_receiving;

static vow_promise *message_refuse(vow_loop *loop, const char *function, int fd, const char *what,
                                   const char *site)
{
    return vow_rejected_at(loop, vow_error_new_at(site, EINVAL, "%s: descriptor %d: %s", function, fd, what),
                           site);
}

/* ---- Sending ------------------------------------------------------------------------------------------- */

/* Sends what one call takes, with the descriptors if they were not sent yet. */
static ssize_t send_some(const message_sending *self)
{
    const size_t piece = vow__io_piece(self->io.io.fd, self->size - self->written);

    return vow__send_with(self->io.io.fd, self->buffer + self->written, piece, self->fds, self->count);
}

/* Linux takes descriptors on any socket, and drops them where there is no way for them: so that is refused.
 * If the system cannot say what the socket is, sending fails by itself. */
static bool cannot_pass(int fd)
{
    int family = vow__socket_family(fd);

    return family >= 0 && family != AF_UNIX;
}

static bool message_send_attempt(vow__io *io, vow_value *result)
{
    message_sending *self = (message_sending *) io;

    while (self->written < self->size) {
        ssize_t count = send_some(self);

        if (count < 0 && vow__is_again(errno))
            return false;
        if (count < 0) {
            *result = vow__io_throw(io, "vow_message_send", errno);
            return true;
        }
        self->written += (size_t) count;
        self->count = 0;
        if (!vow__io_moved(io, (size_t) count) && self->written < self->size)
            return false;
    }
    *result = vow_int((int64_t) self->size);
    return true;
}

static const vow__io_kind message_send_kind = {
    {.name = "message_send", .run = vow__io_run, .halt = vow__io_stop}, message_send_attempt};

vow_promise *vow_message_send_at(vow_loop *loop, int fd, const void *buffer, size_t size, const int *fds,
                                 size_t count, const char *site)
{
    message_sending *self;

    vow__check_loop(loop, "vow_message_send", site);
    vow__check_bytes(buffer, size, "vow_message_send", site);
    vow__check_bytes(fds, count * sizeof *fds, "vow_message_send", site);
    if (!size)
        return message_refuse(loop, "vow_message_send", fd, "not even one byte to send", site);
    if (count > VOW_MESSAGE_FDS_MAX)
        return message_refuse(loop, "vow_message_send", fd, "too many descriptors for one message", site);
    if (count && cannot_pass(fd))
        return message_refuse(loop, "vow_message_send", fd, "not a socket that descriptors can be sent on",
                              site);
    self =
        vow__io_new(loop, sizeof *self + count * sizeof self->fds[0], &message_send_kind, fd, EV_WRITE, site);
    if (!self)
        return vow__refusal(loop);
    self->buffer = buffer;
    self->size = size;
    self->written = 0;
    self->count = count;
    if (count)
        memcpy(self->fds, fds, count * sizeof self->fds[0]);
    return vow__io_begin(&self->io);
}

/* ---- What is received ---------------------------------------------------------------------------------- */

static size_t received_size(size_t limit)
{
    return sizeof(received) + limit * sizeof(int);
}

static void received_free(void *pointer)
{
    received *self = pointer;

    for (size_t i = 0; i < self->message.count; i++)
        if (self->fds[i] >= 0)
            vow__fd_close(self->fds[i]);
    vow__release(self, received_size(self->limit));
}

const vow_type vow_type_message = {"message", received_free};

static received *received_new(size_t limit)
{
    received *self = vow__allocate(received_size(limit));

    if (self)
        *self = (received){.message = {.fds = self->fds}, .limit = limit};
    return self;
}

/* Takes one descriptor over. 0, or the errno value that says why it is closed instead. */
static int add_fd(received *self, int fd)
{
    if (self->message.count == self->limit) {
        vow__fd_close(fd);
        return EMSGSIZE;
    }
    fd = vow__fd_above_stdio(fd);
    if (fd < 0)
        return EMFILE;
    self->fds[self->message.count++] = fd;
    return 0;
}

int vow_message_take_fd_at(vow_message *message, size_t index, const char *site)
{
    int fd;

    if (!message)
        vow__misuse_null("vow_message_take_fd", "message", site);
    if (index >= message->count)
        vow__misuse_at("vow_message_take_fd", NULL, site, "index %zu in a message with %zu descriptors",
                       index, message->count);
    fd = message->fds[index];
    message->fds[index] = -1;
    return fd;
}

/* ---- Receiving ----------------------------------------------------------------------------------------- */

/* As recv(2), and takes the descriptors over that came. *lost is 0, or the errno value that says why some are
 * missing. */
static ssize_t receive_some(const message_receiving *self, int *lost)
{
    vow__passed passed;
    ssize_t count =
        vow__receive_with(self->io.io.fd, self->buffer, vow__io_piece(self->io.io.fd, self->size), &passed);

    *lost = passed.is_cut ? EMFILE : 0;
    for (size_t i = 0; i < passed.count; i++) {
        int code = add_fd(self->received, passed.fds[i]);

        *lost = code ? code : *lost;
    }
    return count;
}

/* Closes the descriptors that came. */
static void give_up_received(message_receiving *self)
{
    if (self->received)
        received_free(self->received);
    self->received = NULL;
}

static bool message_receive_attempt(vow__io *io, vow_value *result)
{
    message_receiving *self = (message_receiving *) io;
    int lost;
    ssize_t count = receive_some(self, &lost);

    if (count < 0 && vow__is_again(errno))
        return false;
    if (count > 0)
        (void) vow__io_moved(io, (size_t) count);
    if (count < 0) {
        *result = vow__io_throw(io, "vow_message_receive", errno);
    } else if (lost) {
        give_up_received(self);
        *result = vow_throwf_at(io->promise.site, lost,
                                "vow_message_receive: descriptor %d: some of the descriptors that came with "
                                "%zd bytes are lost: %s",
                                io->io.fd, count,
                                lost == EMFILE ? strerror(lost) : "there are more than were asked for");
    } else {
        self->received->message.length = (size_t) count;
        *result = vow_own(&self->received->message, &vow_type_message);
        self->received = NULL;
    }
    return true;
}

static void receive_dispose(vow_promise *promise)
{
    give_up_received((message_receiving *) promise);
}

static const vow__io_kind message_receive_kind = {
    {.name = "message_receive", .run = vow__io_run, .halt = vow__io_stop, .dispose = receive_dispose},
    message_receive_attempt};

vow_promise *vow_message_receive_at(vow_loop *loop, int fd, void *buffer, size_t size, size_t limit,
                                    const char *site)
{
    message_receiving *self;

    vow__check_loop(loop, "vow_message_receive", site);
    vow__check_bytes(buffer, size, "vow_message_receive", site);
    if (!size)
        return message_refuse(loop, "vow_message_receive", fd, "no room for a byte", site);
    if (limit > VOW_MESSAGE_FDS_MAX)
        return message_refuse(loop, "vow_message_receive", fd, "more descriptors than one message can have",
                              site);
    self = vow__io_new(loop, sizeof *self, &message_receive_kind, fd, EV_READ, site);
    if (!self)
        return vow__refusal(loop);
    self->buffer = buffer;
    self->size = size;
    self->received = received_new(limit);
    if (!self->received) {
        vow_unref(&self->io.promise);
        return vow__refusal(loop);
    }
    return vow__io_begin(&self->io);
}
