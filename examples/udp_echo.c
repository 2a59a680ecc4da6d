/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Sends each datagram back where it came from; with -v it says so: udp_echo [-v] [port]
 *
 * Shows: datagrams and addresses; a datagram that was too long and was cut off; an end on SIGINT and SIGTERM.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vow.h>

static bool is_verbose;

struct echo {
    vow_task task;
    int fd;
    vow_address from;
    char bytes[1024];
};

/* Without a datagram to answer there is nobody to wait for: one that cannot be sent is lost, as others are.
 */
VOW_ASYNC(echo, me)
{
    char text[VOW_ADDRESS_TEXT_SIZE];

    VOW_BEGIN(me);
    for (;;) {
        VOW_AWAIT(me, vow_datagram_receive(VOW_LOOP(me), me->fd, me->bytes, sizeof me->bytes, &me->from));
        size_t length = (size_t) vow_as_int(VOW_RESULT(me));
        size_t kept = length < sizeof me->bytes ? length : sizeof me->bytes;
        if (is_verbose)
            printf("%zu bytes from %s%s\n", length, vow_address_format(&me->from, text, sizeof text),
                   kept < length ? ", cut off" : "");
        VOW_TRY_AWAIT(me, vow_datagram_send(VOW_LOOP(me), me->fd, me->bytes, kept, &me->from));
    }
    VOW_END(me);
}

struct program {
    vow_task task;
    const char *port;
    vow_signals *signals;
    int fd;
};

VOW_ASYNC(program, me)
{
    VOW_BEGIN(me);
    me->fd = -1;
    VOW_AWAIT(me, vow_datagram_bind(VOW_LOOP(me), "127.0.0.1", me->port));
    me->fd = vow_take_fd(VOW_RESULT(me));
    printf("listening on 127.0.0.1:%d\n", vow_socket_port(me->fd));
    vow_promise *echoing = vow_async(VOW_LOOP(me), echo, .fd = me->fd);
    VOW_AWAIT(me, vow_race_of(VOW_LOOP(me), echoing, vow_signals_next(me->signals)));
    VOW_FINALLY(me);
    if (me->fd >= 0)
        close(me->fd);
    VOW_END(me);
}

static int run(vow_loop *loop, const char *port)
{
    vow_signals *signals = vow_signals_of(loop, SIGINT, SIGTERM);
    if (!signals) {
        perror("udp_echo: signals");
        return 1;
    }
    vow_error *error = vow_run(vow_async(loop, program, .port = port, .signals = signals), NULL);
    if (error)
        fprintf(stderr, "udp_echo: %s\n", vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    vow_signals_free(signals);
    return status;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* who waits for the port may read it from a pipe */
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    is_verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    int at = is_verbose ? 2 : 1;
    int status = run(loop, argc > at ? argv[at] : "0");
    vow_loop_free(loop);
    return status;
}
