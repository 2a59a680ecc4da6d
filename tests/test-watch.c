/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that change, appear and disappear. What changes is a size or a presence, so that the whole seconds of
 * the file's times do not matter.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "misuse.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of the test's own, and a path in it. */
struct place {
    char folder[32];
    char path[48];
};

static void place_open(struct place *place)
{
    strcpy(place->folder, "/tmp/vow-test-XXXXXX");
    g_assert_nonnull(mkdtemp(place->folder));
    g_snprintf(place->path, sizeof place->path, "%s/file", place->folder);
}

static void place_close(struct place *place)
{
    unlink(place->path);
    g_assert_cmpint(rmdir(place->folder), ==, 0);
}

static void append(const struct place *place, const char *text)
{
    FILE *file = fopen(place->path, "a");

    g_assert_nonnull(file);
    g_assert_cmpint(fputs(text, file), >=, 0);
    g_assert_cmpint(fclose(file), ==, 0);
}

static bool run_bool(vow_promise *promise)
{
    vow_value value;

    g_assert_null(vow_run(promise, &value));
    return vow_as_bool(&value);
}

/* Often enough where there is no inotify. */
static vow_watch *watch_path(fixture *f, const char *path)
{
    vow_watch *watch = vow_watch_new(f->loop, path, 0.11);

    g_assert_nonnull(watch);
    return watch;
}

static void one_change(fixture *f)
{
    struct place place;

    place_open(&place);
    append(&place, "one");
    vow_promise *p = vow_changed(f->loop, place.path);
    turn(f);
    assert_peek(p, "pending");
    append(&place, "two");
    g_assert_true(run_bool(p));
    p = vow_changed(f->loop, place.path);
    unlink(place.path);
    g_assert_false(run_bool(p));
    p = vow_changed(f->loop, place.path);
    append(&place, "three");
    g_assert_true(run_bool(p));
    g_assert_false(ev_run(f->ev, 0));
    vow_unref(vow_changed(f->loop, place.path));
    g_assert_false(ev_run(f->ev, 0));
    place_close(&place);
}

static void unseen_it_comes_back(fixture *f)
{
    struct place place;

    place_open(&place);
    vow_watch *watch = watch_path(f, place.path);
    vow_promise *told = vow_watch_next(watch), *next = vow_watch_next(watch);
    append(&place, "12345");
    while (vow_is_pending(told))
        ev_run(f->ev, EVRUN_ONCE);
    vow_unref(told);
    g_assert_true(vow_is_fulfilled(next));
    vow_unref(next);
    next = vow_watch_next(watch);
    g_assert_true(vow_is_fulfilled(next));
    g_assert_true(run_bool(next));
    next = vow_watch_next(watch);
    turn(f);
    assert_peek(next, "pending");
    vow_unref(next);
    vow_watch_free(watch);
    place_close(&place);
}

static void every_change(fixture *f)
{
    struct place place;

    place_open(&place);
    vow_watch *watch = watch_path(f, place.path);
    g_assert_cmpuint(vow_watch_stat(watch)->st_nlink, ==, 0);
    append(&place, "12345");
    g_assert_true(run_bool(vow_watch_next(watch)));
    g_assert_cmpint(vow_watch_stat(watch)->st_size, ==, 5);
    append(&place, "678");
    g_assert_true(run_bool(vow_watch_next(watch)));
    g_assert_cmpint(vow_watch_stat(watch)->st_size, ==, 8);
    g_assert_cmpint(truncate(place.path, 1), ==, 0);
    g_assert_true(run_bool(vow_watch_next(watch)));
    g_assert_cmpint(vow_watch_stat(watch)->st_size, ==, 1);
    unlink(place.path);
    g_assert_false(run_bool(vow_watch_next(watch)));
    g_assert_cmpuint(vow_watch_stat(watch)->st_nlink, ==, 0);
    vow_watch_free(watch);
    place_close(&place);
}

/* A log that is moved away and begun anew. */
static void replaced(fixture *f)
{
    struct place place;
    char other[64];

    place_open(&place);
    g_snprintf(other, sizeof other, "%s/old", place.folder);
    append(&place, "12345");
    vow_watch *watch = watch_path(f, place.path);
    ino_t inode = vow_watch_stat(watch)->st_ino;
    g_assert_cmpint(rename(place.path, other), ==, 0);
    append(&place, "1");
    while (vow_watch_stat(watch)->st_ino == inode || !vow_watch_stat(watch)->st_nlink)
        (void) run_bool(vow_watch_next(watch));
    g_assert_cmpint(vow_watch_stat(watch)->st_size, ==, 1);
    vow_watch_free(watch);
    unlink(other);
    place_close(&place);
}

/* Somebody else's promise of the same change tells when the watch must have seen it. */
static void kept_while_nobody_waits(fixture *f)
{
    struct place place;

    place_open(&place);
    vow_watch *watch = watch_path(f, place.path);
    g_assert_false(ev_run(f->ev, 0));
    vow_promise *other = vow_changed(f->loop, place.path);
    append(&place, "1");
    g_assert_true(run_bool(other));
    while (!vow_watch_stat(watch)->st_nlink)
        run_nil(vow_sleep(f->loop, 0.01));
    turn(f);
    vow_promise *next = vow_watch_next(watch);
    g_assert_true(vow_is_fulfilled(next));
    g_assert_true(run_bool(next));
    next = vow_watch_next(watch);
    g_assert_true(vow_is_pending(next));
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(next);
    g_assert_false(ev_run(f->ev, 0));
    vow_watch_free(watch);
    place_close(&place);
}

static void freed_while_somebody_waits(fixture *f)
{
    vow_watch *watch = watch_path(f, "/nowhere/at/all");
    vow_promise *next = vow_watch_next(watch);

    vow_watch_free(watch);
    run_fails(next, ECANCELED, "");
    vow_watch_free(NULL);
}

static void what_is_no_path(fixture *f)
{
    char *path = g_strnfill(5000, 'x');

    run_fails(vow_changed(f->loop, path), ENAMETOOLONG, "vow_changed");
    run_fails(vow_changed(f->loop, NULL), EINVAL, "vow_changed");
    errno = 0;
    g_assert_null(vow_watch_new(f->loop, path, 0));
    g_assert_cmpint(errno, ==, ENAMETOOLONG);
    g_assert_null(vow_watch_new(f->loop, NULL, 0));
    g_assert_cmpint(errno, ==, EINVAL);
    g_assert_null(vow_watch_new(f->loop, "/tmp", -1));
    g_assert_cmpint(errno, ==, EINVAL);
    g_assert_null(vow_watch_new(f->loop, "/tmp", NAN));
    memory_fail(f, 1, true);
    g_assert_null(vow_watch_new(f->loop, "/tmp", 0));
    g_assert_cmpint(errno, ==, ENOMEM);
    g_free(path);
}

static void left_over(fixture *f)
{
    vow_watch *path = watch_path(f, "/nowhere");

    watch(f, vow_watch_next(path), "a");
    watch(f, vow_changed(f->loop, "/nowhere"), "b");
    f->expect_live = 5;
    free_loop(f);
    expect_report(f, "(watch) was never released");
    vow_watch_free(path);
}

MISUSE(null_loop, vow_watch_free(vow_watch_new(NULL, "/", 0));
       (void) f, "vow_watch_new", "the loop is NULL", false)
MISUSE(null_watch, vow_unref(vow_watch_next(NULL)); (void) f, "vow_watch_next", "the watch is NULL", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/watch/one-change", one_change);
    test_add("/watch/every-change", every_change);
    test_add("/watch/unseen", unseen_it_comes_back);
    test_add("/watch/replaced", replaced);
    test_add("/watch/kept", kept_while_nobody_waits);
    test_add("/watch/freed", freed_while_somebody_waits);
    test_add("/watch/no-path", what_is_no_path);
    test_add("/watch/left-over", left_over);
    test_add("/watch/misuse/null-loop", test_null_loop);
    test_add("/watch/misuse/null-watch", test_null_watch);
    return g_test_run();
}
