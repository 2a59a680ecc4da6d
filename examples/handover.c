/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Hands an open file over to another process of the same user: "handover give SOCKET <FILE" waits for
 * "handover take SOCKET", which prints it. Shows: a passed descriptor, and credentials that both sides check.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vow.h>

static int refusal_of(const vow_value *socket) /* 0, or an errno value */
{
    vow_credentials peer;
    int code = vow_socket_credentials(vow_as_fd(socket), &peer);
    return code ? code : peer.uid == geteuid() ? 0 : EPERM;
}

struct give {
    vow_task task;
    const char *path;
    vow_value listener, peer; /* descriptors, which dropping closes; nil while there are none */
};

VOW_ASYNC(give, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_listen_unix(VOW_LOOP(me), me->path, 0));
    me->listener = vow_take(VOW_RESULT(me));
    printf("listening on %s\n", me->path);
    do {
        vow_value_drop(vow_take(&me->peer)); /* one that was refused */
        VOW_AWAIT(me, vow_accept(VOW_LOOP(me), vow_as_fd(&me->listener)));
        me->peer = vow_take(VOW_RESULT(me));
        if (refusal_of(&me->peer) == ENOSYS)
            VOW_THROW(me, vow_error_new(ENOSYS, "this system does not say who the peer is"));
    } while (refusal_of(&me->peer));
    VOW_AWAIT(me, vow_message_send(VOW_LOOP(me), vow_as_fd(&me->peer), "", 1, (int[]){STDIN_FILENO}, 1));
    VOW_FINALLY(me);
    if (vow_is_fd(&me->listener))
        unlink(me->path);
    vow_value_drop(me->listener);
    vow_value_drop(me->peer);
    VOW_END(me);
}

struct take {
    vow_task task;
    const char *path;
    vow_value peer, taken;
    char bytes[4096];
};

VOW_ASYNC(take, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_connect_unix(VOW_LOOP(me), me->path));
    me->peer = vow_take(VOW_RESULT(me));
    if (refusal_of(&me->peer))
        VOW_THROW(me, vow_error_new(EPERM, "%s: who gives is not known to be the same user", me->path));
    VOW_AWAIT(me, vow_message_receive(VOW_LOOP(me), vow_as_fd(&me->peer), me->bytes, sizeof me->bytes, 1));
    if (vow_as_message(VOW_RESULT(me))->count == 0)
        VOW_THROW(me, vow_error_new(EPROTO, "%s: nothing was handed over", me->path));
    me->taken = vow_fd(vow_message_take_fd(vow_as_message(VOW_RESULT(me)), 0));
    do {
        VOW_AWAIT(me, vow_read(VOW_LOOP(me), vow_as_fd(&me->taken), me->bytes, sizeof me->bytes));
        VOW_AWAIT(me, vow_write(VOW_LOOP(me), STDOUT_FILENO, me->bytes, (size_t) vow_as_int(VOW_RESULT(me))));
    } while (vow_as_int(VOW_RESULT(me)) > 0);
    VOW_FINALLY(me);
    vow_value_drop(me->taken);
    vow_value_drop(me->peer);
    VOW_END(me);
}

int main(int argc, char **argv)
{
    bool is_giver = argc == 3 && strcmp(argv[1], "give") == 0;
    if (!is_giver && !(argc == 3 && strcmp(argv[1], "take") == 0)) {
        fputs("usage: handover give|take SOCKET\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* who waits for the socket may read it from a pipe */
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_promise *done =
        is_giver ? vow_async(loop, give, .path = argv[2]) : vow_async(loop, take, .path = argv[2]);
    vow_value signum = vow_nil();
    vow_error *error =
        vow_run(vow_race_of(loop, done, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM)), &signum);
    if (error)
        fprintf(stderr, "handover: %s\n", vow_error_message(error));
    int status = error ? 1 : vow_is_int(&signum) ? 128 + (int) vow_as_int(&signum) : 0;
    vow_error_unref(error);
    vow_loop_free(loop);
    return status;
}
