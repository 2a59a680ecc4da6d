/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody else closes a descriptor that a stream or a poll watches. libev notices with select(2), when it
 * looks for events: it stops the watcher, and says so in an event that is handled a little later. (With poll
 * and epoll it ends the program, unless it was built without assertions.) Whoever goes in between must leave
 * the ev_loop as it was: an ev_run() that has nothing to wait for ends.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "streams.h"
#include "support.h"

#include <string.h>
#include <unistd.h>

typedef struct between {
    ev_check check;
    fixture *f;
    vow_promise *promise; /* is dropped then */
    vow_stream *stream;   /* is freed then, or NULL */
    vow_poll *poll;       /* or NULL */
    bool begins_again;    /* somebody waits once more at once */
    int number;
    char bytes[8];
} between;

/* Before the event of the watcher, which has a lower priority. */
static void in_between(EV_P_ ev_check *check, int revents)
{
    between *self = (between *) check;

    (void) revents;
    ev_check_stop(EV_A_ check);
    note(self->f, "between");
    vow_unref(self->promise);
    if (self->begins_again && self->stream)
        watch(self->f, vow_stream_read(self->stream, self->bytes, sizeof self->bytes), "again");
    else if (self->begins_again)
        watch(self->f, vow_poll_next(self->poll, EV_READ), "again");
    else if (self->stream)
        vow_stream_free(self->stream);
    else
        vow_poll_free(self->poll);
}

static void play(fixture *f, bool is_stream, bool begins_again)
{
    between self = {.f = f, .begins_again = begins_again};
    struct ev_loop *ev = ev_loop_new(EVBACKEND_SELECT | EVFLAG_NOENV);
    vow_loop *loop = vow_loop_new(ev);
    int ends[2], other[2];

    collect_reports(f, loop);
    open_pipe(ends);
    open_pipe(other);
    if (is_stream) {
        self.stream = vow_stream_new(loop, ends[0]);
        self.promise = vow_stream_read(self.stream, self.bytes, sizeof self.bytes);
    } else {
        self.poll = vow_poll_new(loop, ends[0]);
        self.promise = vow_poll_next(self.poll, EV_READ);
    }
    ev_check_init(&self.check, in_between);
    ev_set_priority(&self.check, EV_MAXPRI);
    ev_check_start(ev, &self.check);
    close(ends[0]);
    g_assert_false(ev_run(ev, 0));
    g_assert_true(g_str_has_prefix(f->log->str, "between"));
    g_assert_true(begins_again == (strstr(f->log->str, "again!EBADF") != NULL));
    g_string_truncate(f->log, 0);

    /* The ev_loop still waits for what somebody wants. */
    vow_promise *readable = vow_readable(loop, other[0]);
    g_assert_true(ev_run(ev, EVRUN_NOWAIT));
    put(other[1], "x");
    run_nil(readable);
    if (begins_again && is_stream) {
        g_assert_cmpint(dup2(other[1], ends[0]), ==, ends[0]); /* which freeing the stream closes */
        vow_stream_free(self.stream);
    } else if (begins_again) {
        vow_poll_free(self.poll);
    }
    close(ends[1]);
    close_both(other);
    vow_loop_free(loop);
    ev_loop_destroy(ev);
}

static void stream_is_freed(fixture *f)
{
    play(f, true, false);
}

static void stream_reads_again(fixture *f)
{
    play(f, true, true);
}

static void poll_is_freed(fixture *f)
{
    play(f, false, false);
}

static void poll_waits_again(fixture *f)
{
    play(f, false, true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/closed-elsewhere/stream/freed", stream_is_freed);
    test_add("/closed-elsewhere/stream/again", stream_reads_again);
    test_add("/closed-elsewhere/poll/freed", poll_is_freed);
    test_add("/closed-elsewhere/poll/again", poll_waits_again);
    return g_test_run();
}
