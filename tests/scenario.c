/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world of a scenario, see scenario.h: what it owes, where it takes memory, and that nothing of it is
 * left at the end.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "scenario.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct once *owe(struct world *w)
{
    g_assert_cmpint(w->owed, <, ONCE_MAX);
    w->once[w->owed].w = w;
    return &w->once[w->owed++];
}

struct mark enter(struct world *w)
{
    return (struct mark){w, w->f->memory.allocated, w->excused};
}

void leave(struct mark mark)
{
    mark.w->excused = mark.excused + (mark.w->f->memory.allocated - mark.allocated);
}

vow_value made(struct mark mark, vow_value value)
{
    leave(mark);
    return value;
}

void check_quiet(struct mark before, const char *where)
{
    struct world *w = before.w;
    size_t count = w->f->memory.allocated - before.allocated - (w->excused - before.excused);

    if (!count)
        return;
    w->quiet += count;
    w->where = where;
    w->excused += count; /* not to be counted again by a quiet call around this one */
}

vow_value count_once(void *data)
{
    struct once *once = data;

    once->runs++;
    return vow_nil();
}

void count_release(void *data)
{
    (void) count_once(data);
}

vow_promise *good(struct world *w)
{
    return vow_resolved(w->loop, owned(w->f, NULL));
}

vow_promise *bad(struct world *w)
{
    return vow_rejected(w->loop, vow_error_wrap(vow_error_new(EPROTO, "inner %d", 1), EIO, "outer %d", 2));
}

vow_promise *ended(struct world *w, vow_promise *promise)
{
    return vow_finally(promise, count_once, owe(w));
}

vow_promise *never(struct world *w)
{
    return ended(w, vow_sleep(w->loop, 3600));
}

vow_value copy_text(vow_value *value, void *data)
{
    struct mark mark = enter(data);

    (void) value;
    return made(mark, vow_strdup("text"));
}

vow_value recover(const vow_error *error, void *data)
{
    (void) error;
    return copy_text(NULL, data);
}

void settle_down(struct world *w)
{
    bool is_active = true;

    while (is_active)
        QUIET(w, is_active = ev_run(w->f->ev, EVRUN_ONCE));
}

static void no_event(struct ev_loop *ev, ev_periodic *periodic, int revents)
{
    (void) ev;
    (void) periodic;
    (void) revents;
}

static void no_change(struct ev_loop *ev, ev_stat *stat, int revents)
{
    (void) ev;
    (void) stat;
    (void) revents;
}

static void no_signal(struct ev_loop *ev, ev_async *async, int revents)
{
    (void) ev;
    (void) async;
    (void) revents;
}

void open_descriptors(fixture *f)
{
    ev_periodic periodic;
    ev_async async;
    ev_stat stat;

    memset(&stat, 0, sizeof stat);
    ev_stat_init(&stat, no_change, "/nowhere", 3600);
    ev_stat_start(f->ev, &stat);
    ev_periodic_init(&periodic, no_event, 0, 3600, NULL);
    ev_periodic_start(f->ev, &periodic);
    ev_async_init(&async, no_signal);
    ev_async_start(f->ev, &async);
    ev_run(f->ev, EVRUN_NOWAIT);
    ev_async_stop(f->ev, &async);
    ev_periodic_stop(f->ev, &periodic);
    ev_stat_stop(f->ev, &stat);
}

void check_end(const struct world *w)
{
    for (int i = 0; i < w->owed; i++)
        g_assert_cmpint(w->once[i].runs, ==, 1);
    g_assert_cmpint(w->f->owned, ==, 0);
    g_assert_null(vow_offload_shutdown(G_MAXDOUBLE)); /* a thread may be about to give its last block back */
    g_assert_cmpint(w->f->memory.blocks, ==, 0);
    g_assert_false(ev_run(w->f->ev, EVRUN_NOWAIT));
    unlink(w->path);
}

void name_path(struct world *w)
{
    g_snprintf(w->path, sizeof w->path, "%s/vow-scenario-%d", g_get_tmp_dir(), (int) getpid());
}
