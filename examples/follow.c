/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Prints what is appended to files, as tail -F does: follow [-b] FILE... With -b it begins at their
 * beginning. It goes on when a file is truncated or replaced, and waits for one that is not there.
 *
 * Shows: one task for each file. It sleeps on a vow_watch, which misses no change between two awaits. SIGINT
 * and SIGTERM drop the tasks, whose VOW_FINALLY sections close what they hold.
 */
#include "follow.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <vow.h>

struct follow {
    vow_task task;
    struct followed file;
    bool from_beginning;
    vow_watch *watch;
};

/* Prints a file that is replaced to its end first: that was written before its successor. */
VOW_ASYNC(follow, me)
{
    int code; /* good until the next await */

    VOW_BEGIN(me);
    me->file.fd = -1;
    me->watch = vow_watch_new(VOW_LOOP(me), me->file.path, 0);
    if (!me->watch)
        VOW_THROW(me, vow_error_new(errno, "%s: %s", me->file.path, strerror(errno)));
    code = followed_open(&me->file);
    if (code)
        followed_say(&me->file, strerror(code));
    else if (!me->from_beginning)
        followed_skip(&me->file);
    for (;;) {
        while (followed_print_piece(&me->file))
            VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
        if (me->file.fd < 0 || followed_is_current(&me->file)) {
            VOW_AWAIT(me, vow_watch_next(me->watch));
        } else {
            followed_say(&me->file, "replaced or removed");
            followed_close(&me->file);
        }
        if (me->file.fd < 0 && vow_watch_stat(me->watch)->st_nlink) {
            code = followed_open(&me->file);
            if (code && code != ENOENT) /* it may have gone meanwhile */
                followed_say(&me->file, strerror(code));
        }
    }
    VOW_FINALLY(me);
    followed_close(&me->file);
    vow_watch_free(me->watch);
    VOW_END(me);
}

/* Follows all files at once, until a signal comes or one of them cannot be followed. */
static vow_error *follow_all(vow_loop *loop, char **paths, bool from_beginning)
{
    vow_promise *one = vow_race_of(loop, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM));
    for (; *paths; paths++)
        one = vow_race_of(loop, one,
                          vow_async(loop, follow, .file.path = *paths, .from_beginning = from_beginning));
    return vow_run(one, NULL);
}

int main(int argc, char **argv)
{
    bool from_beginning = argc > 1 && strcmp(argv[1], "-b") == 0;
    char **paths = argv + 1 + from_beginning;
    if (argc < 2 + from_beginning || (**paths == '-' && (*paths)[1])) {
        fputs("usage: follow [-b] FILE...\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    has_headlines = paths[1] != NULL;
    vow_error *error = follow_all(loop, paths, from_beginning);
    vow_loop_free(loop);
    if (!error)
        return 0;
    fprintf(stderr, "follow: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
