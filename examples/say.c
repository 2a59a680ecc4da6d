/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * The smallest server: say [port] sends what it reads on its standard input to everybody who connects.
 * Shows: listen, accept and write; a task for each client that nobody waits for, and what becomes of its
 * error. It runs until it is killed.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vow.h>

static char text[65536];
static size_t text_length;

struct client {
    vow_task task;
    vow_value *accepted; /* the descriptor: taken when the task starts, so never lost if it cannot */
    int fd;
    char ignored[256];
};

VOW_ASYNC(client, me)
{
    VOW_BEGIN(me);
    me->fd = vow_take_fd(me->accepted);
    VOW_AWAIT(me, vow_write(VOW_LOOP(me), me->fd, text, text_length));
    shutdown(me->fd, SHUT_WR);
    do { /* closing with bytes unread would reset the connection, and what was sent could be lost */
        VOW_AWAIT(me, vow_readable(VOW_LOOP(me), me->fd)); /* one piece a turn: nobody else has to wait */
        VOW_AWAIT(me, vow_read(VOW_LOOP(me), me->fd, me->ignored, sizeof me->ignored));
    } while (vow_as_int(VOW_RESULT(me)) > 0);
    VOW_FINALLY(me);
    close(me->fd);
    VOW_END(me);
}

static vow_value complain(const vow_error *error, void *data)
{
    (void) data;
    fprintf(stderr, "say: %s\n", vow_error_message(error));
    return vow_nil();
}

struct server {
    vow_task task;
    const char *port;
    int fd;
};

VOW_ASYNC(server, me)
{
    VOW_BEGIN(me);
    me->fd = -1;
    VOW_AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", me->port, 0));
    me->fd = vow_take_fd(VOW_RESULT(me));
    printf("listening on 127.0.0.1:%d\n", vow_socket_port(me->fd));
    fflush(stdout);
    for (;;) {
        VOW_AWAIT(me, vow_accept(VOW_LOOP(me), me->fd));
        vow_promise *done = vow_async(VOW_LOOP(me), client, .accepted = VOW_RESULT(me));
        vow_detach(vow_catch(done, complain, NULL));
    }
    VOW_FINALLY(me);
    if (me->fd >= 0)
        close(me->fd);
    VOW_END(me);
}

int main(int argc, char **argv)
{
    text_length = fread(text, 1, sizeof text, stdin);
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_error *error = vow_run(vow_async(loop, server, .port = argc > 1 ? argv[1] : "0"), NULL);
    fprintf(stderr, "say: %s\n", error ? vow_error_message(error) : "the end");
    vow_error_unref(error);
    vow_loop_free(loop);
    return 1; /* it only ends when it cannot go on */
}
