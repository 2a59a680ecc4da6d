/* SPDX-License-Identifier: BSD-2-Clause */
/* The kind changed, for one change of a path, and the source watch, for all. Each holds its ev_stat and the
 * path, which libev only borrows. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <vow/watch.h>

#include "loop/source-private.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

/* Gives the size of a path with its zero byte: 0, or an errno value. */
static int check_path(const char *path, size_t *size)
{
    if (!path)
        return EINVAL;
    *size = strlen(path) + 1;
    return *size > PATH_MAX ? ENAMETOOLONG : 0;
}

static vow_value is_there(const ev_stat *stat)
{
    return vow_bool(stat->attr.st_nlink > 0);
}

/* ---- One change ---------------------------------------------------------------------------------------- */

typedef struct change {
    vow_promise promise;
    ev_stat stat;
    char path[];
} change;

static void changed_stop(vow_promise *promise)
{
    ev_stat_stop(vow__ev(promise), &((change *) promise)->stat);
}

static void changed_cb(EV_P_ ev_stat *stat, int revents)
{
    change *self = VOW__CONTAINER_OF(stat, change, stat);

    vow__ignore(EV_A_ revents);
    changed_stop(&self->promise);
    vow__resolve_and_leave(&self->promise, is_there(stat));
}

static const vow__kind changed_kind = {.name = "changed", .halt = changed_stop};

vow_promise *vow_changed_at(vow_loop *loop, const char *path, const char *site)
{
    size_t size = 0;
    change *self;
    int code = check_path(path, &size);

    vow__check_loop(loop, "vow_changed", site);
    if (code)
        return vow_rejected_at(loop, vow_error_new_at(site, code, "vow_changed: %s", strerror(code)), site);
    self = vow__promise_new(loop, sizeof *self + size, &changed_kind, site);
    if (!self)
        return vow__refusal(loop);
    memcpy(self->path, path, size);
    memset(&self->stat, 0, sizeof self->stat); /* libev compares these even if nothing is there */
    ev_stat_init(&self->stat, changed_cb, self->path, 0.);
    ev_stat_start(vow__ev(&self->promise), &self->stat);
    return &self->promise;
}

/* ---- All of them --------------------------------------------------------------------------------------- */

struct vow_watch {
    vow_promise promise;
    vow__line line;
    ev_stat stat;
    bool has_changed; /* and nobody was told yet */
    char path[];
};

static bool take_change(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    vow_watch *self = VOW__CONTAINER_OF(line, vow_watch, line);

    (void) waiter;
    if (!self->has_changed)
        return false;
    self->has_changed = false;
    *value = is_there(&self->stat);
    return true;
}

static void keep_change(vow__line *line, vow__waiter *waiter, vow_value value)
{
    (void) waiter;
    (void) value;
    VOW__CONTAINER_OF(line, vow_watch, line)->has_changed = true;
}

static void watch_cb(EV_P_ ev_stat *stat, int revents)
{
    vow_watch *self = VOW__CONTAINER_OF(stat, vow_watch, stat);
    vow__ev_loop *host = vow__ev_loop_of(vow__loop_of(&self->promise));
    bool is_first = vow__loop_enter(host);

    vow__ignore(EV_A_ revents);
    self->has_changed = true;
    vow__line_offer(&self->line);
    vow__loop_leave(host, is_first);
}

static void watch_halt(vow_promise *promise)
{
    vow_watch *self = (vow_watch *) promise;
    struct ev_loop *ev = vow__ev(promise);

    vow__line_stop(&self->line);
    ev_ref(ev);
    ev_stat_stop(ev, &self->stat);
}

static const vow__kind watch_kind = {.name = "watch", .halt = watch_halt};
static const vow__kind next_change_kind = VOW__TAKER_KIND("watch_next");
static const vow__line_kind changes_kind = {
    .take = take_change, .put_back = keep_change, .arm = vow__source_hold, .disarm = vow__source_let_be};

vow_watch *vow_watch_new_at(vow_loop *loop, const char *path, double seconds, const char *site)
{
    struct ev_loop *ev;
    vow_watch *self;
    size_t size = 0;
    int code = seconds >= 0 ? check_path(path, &size) : EINVAL;

    vow__check_loop(loop, "vow_watch_new", site);
    if (code) {
        errno = code;
        return NULL;
    }
    self = vow__object_new(loop, sizeof *self + size, &watch_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &changes_kind, &self->promise);
    memcpy(self->path, path, size);
    self->has_changed = false;
    memset(&self->stat, 0, sizeof self->stat);
    ev = vow__ev(&self->promise);
    ev_stat_init(&self->stat, watch_cb, self->path, seconds);
    ev_stat_start(ev, &self->stat);
    ev_unref(ev);
    return self;
}

vow_promise *vow_watch_next_at(vow_watch *watch, const char *site)
{
    vow__check_handle(watch, "watch", "vow_watch_next", site);
    return vow__line_wait(&watch->line, &next_change_kind, site);
}

const ev_statdata *vow_watch_stat_at(const vow_watch *watch, const char *site)
{
    vow__check_handle(watch, "watch", "vow_watch_stat", site);
    return &watch->stat.attr;
}

void vow_watch_free(vow_watch *watch)
{
    if (!watch)
        return;
    vow__check_handle(watch, "watch", "vow_watch_free", NULL);
    vow__line_end(&watch->line);
    vow_unref(&watch->promise);
}
