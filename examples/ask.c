/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Sends a text as a datagram and prints the answer: ask HOST PORT TEXT
 *
 * Shows: a datagram socket for one peer; a question that is sent again when no answer comes in time, since
 * question or answer may be lost; an error that names its cause.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vow.h>

enum { ATTEMPTS = 3 };

struct ask {
    vow_task task;
    const char *host, *port, *text;
    int fd;
    int attempt;
    double patience; /* seconds for this attempt */
    char bytes[1024];
};

VOW_ASYNC(ask, me)
{
    VOW_BEGIN(me);
    me->fd = -1;
    VOW_AWAIT(me, vow_datagram_connect(VOW_LOOP(me), me->host, me->port));
    me->fd = vow_take_fd(VOW_RESULT(me));
    me->patience = 0.25;
    for (me->attempt = 1;; me->attempt++) {
        VOW_TRY_AWAIT(me, vow_datagram_send(VOW_LOOP(me), me->fd, me->text, strlen(me->text), NULL));
        if (!VOW_ERROR(me)) {
            vow_promise *answer =
                vow_datagram_receive(VOW_LOOP(me), me->fd, me->bytes, sizeof me->bytes, NULL);
            VOW_TRY_AWAIT(me, vow_timeout(answer, me->patience));
        }
        if (!VOW_ERROR(me))
            break;
        if (me->attempt == ATTEMPTS)
            VOW_THROW(me, vow_error_wrap(vow_error_ref(VOW_ERROR(me)), ETIMEDOUT, "no answer from %s port %s",
                                         me->host, me->port));
        if (!vow_error_is(VOW_ERROR(me), &vow_domain_errno,
                          ETIMEDOUT)) /* such as ECONNREFUSED: nobody is there, yet */
            VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), me->patience));
        me->patience *= 2;
    }
    size_t length = (size_t) vow_as_int(VOW_RESULT(me)); /* of the datagram, even when it was cut off */
    fwrite(me->bytes, 1, length < sizeof me->bytes ? length : sizeof me->bytes, stdout);
    putchar('\n');
    VOW_FINALLY(me);
    if (me->fd >= 0)
        close(me->fd);
    VOW_END(me);
}

static int finish(vow_error *error)
{
    if (!error)
        return 0;
    const vow_error *cause = vow_error_cause(error);
    fprintf(stderr, "ask: %s%s%s\n", vow_error_message(error), cause ? ": " : "",
            cause ? vow_error_message(cause) : "");
    vow_error_unref(error);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: ask HOST PORT TEXT\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    int status =
        finish(vow_run(vow_async(loop, ask, .host = argv[1], .port = argv[2], .text = argv[3]), NULL));
    vow_loop_free(loop);
    vow_error_unref(vow_offload_shutdown(1)); /* a lookup that still hangs ends with the process */
    return status;
}
