/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A chat server: chat [port]. The first line of a client is its name; each later line goes to all the others.
 *
 * Shows: an end that lets everybody read to the last line. chat_client.c has what a client does, chat_room.c
 * how a slow reader holds up nobody, and chat_text.c one text that is lent to many streams.
 */
#define _POSIX_C_SOURCE 200809L
#include "chat.h"

#include <signal.h>
#include <stdio.h>

static vow_error *serve(vow_loop *loop, const char *port)
{
    vow_value listener;
    vow_error *error = vow_run(vow_listen(loop, "127.0.0.1", port, 0), &listener);
    if (error)
        return error;
    vow_promise *end = vow_race_of(loop, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM));
    printf("listening on 127.0.0.1:%d\n", vow_socket_port(vow_as_fd(&listener)));
    fflush(stdout);
    vow_server server;
    vow_promise *served = vow_serve(loop, &server, listener, chat_client, NULL);
    error = vow_run(vow_race_of(loop, vow_ref(served), end), NULL);
    if (error) {
        vow_unref(served);
        return error;
    }
    room_close();
    vow_server_stop(&server, GRACE_SECONDS);
    return vow_run(served, NULL);
}

int main(int argc, char **argv)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_error *error = serve(loop, argc > 1 ? argv[1] : "7008");
    vow_loop_free(loop);
    if (!error)
        return 0;
    fprintf(stderr, "chat: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
