/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Hands an open file over to another process of the same user:
 *
 *     handover give SOCKET <FILE      waits for somebody to take its standard input
 *     handover take SOCKET            prints what it is given
 *
 * Shows: a Unix-domain socket, a descriptor that is passed, and the credentials of the peer, which both sides
 * check.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vow.h>

static bool is_of_same_user(int fd)
{
    vow_credentials peer;
    if (vow_socket_credentials(fd, &peer))
        return false;
    if (peer.uid != geteuid())
        fprintf(stderr, "handover: refusing process %d of user %d\n", (int) peer.pid, (int) peer.uid);
    return peer.uid == geteuid();
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

struct give {
    vow_task task;
    const char *path;
    int listener, peer;
};

VOW_ASYNC(give, me)
{
    static const int given[] = {STDIN_FILENO};

    VOW_BEGIN(me);
    me->listener = me->peer = -1;
    VOW_AWAIT(me, vow_listen_unix(VOW_LOOP(me), me->path, 0));
    me->listener = vow_take_fd(VOW_RESULT(me));
    printf("listening on %s\n", me->path);
    do {
        close_if_open(me->peer);
        me->peer = -1;
        VOW_AWAIT(me, vow_accept(VOW_LOOP(me), me->listener));
        me->peer = vow_take_fd(VOW_RESULT(me));
    } while (!is_of_same_user(me->peer));
    VOW_AWAIT(me, vow_message_send(VOW_LOOP(me), me->peer, "", 1, given, 1));
    VOW_FINALLY(me);
    close_if_open(me->peer);
    if (me->listener >= 0) {
        close(me->listener);
        unlink(me->path);
    }
    VOW_END(me);
}

struct take {
    vow_task task;
    const char *path;
    int peer, taken;
    char bytes[4096];
};

VOW_ASYNC(take, me)
{
    VOW_BEGIN(me);
    me->peer = me->taken = -1;
    VOW_AWAIT(me, vow_connect_unix(VOW_LOOP(me), me->path));
    me->peer = vow_take_fd(VOW_RESULT(me));
    if (!is_of_same_user(me->peer))
        VOW_THROW(me, vow_error_new(EPERM, "%s is another user's", me->path));
    VOW_AWAIT(me, vow_message_receive(VOW_LOOP(me), me->peer, me->bytes, sizeof me->bytes, 1));
    if (vow_as_message(VOW_RESULT(me))->count == 0)
        VOW_THROW(me, vow_error_new(EPROTO, "%s: nothing was handed over", me->path));
    me->taken = vow_message_take_fd(vow_as_message(VOW_RESULT(me)), 0);
    for (;;) {
        VOW_AWAIT(me, vow_read(VOW_LOOP(me), me->taken, me->bytes, sizeof me->bytes));
        size_t count = (size_t) vow_as_int(VOW_RESULT(me));
        if (count == 0)
            break;
        VOW_AWAIT(me, vow_write(VOW_LOOP(me), STDOUT_FILENO, me->bytes, count));
    }
    VOW_FINALLY(me);
    close_if_open(me->taken);
    close_if_open(me->peer);
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
