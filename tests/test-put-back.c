/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is handed out is owned: a promise that was fulfilled with an item puts the item back if it goes before
 * anybody has looked, whatever passed the outcome on in between. The kind here hands out the numbers of a
 * queue.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

#include "core/operations-private.h"

/* ---- A source of items --------------------------------------------------------------------------------- */

static fixture *current; /* where items are put back; the numbers that are there, in order */
static int items[16];
static int n_items;

static bool item_put_back(vow_promise *promise, vow_value value)
{
    int number = (int) vow_as_int(&value), at = 0;

    (void) promise;
    while (at < n_items && items[at] < number)
        at++;
    memmove(&items[at + 1], &items[at], (size_t) (n_items - at) * sizeof items[0]);
    items[at] = number;
    n_items++;
    note(current, "back-%d", number);
    return true;
}

static const vow__kind item_kind = {.name = "item", .put_back = item_put_back};

static void refill(fixture *f)
{
    current = f;
    for (n_items = 0; n_items < 5; n_items++)
        items[n_items] = n_items + 1;
}

static vow_promise *new_item(fixture *f)
{
    vow_promise *promise = vow__promise_new(f->loop, sizeof *promise, &item_kind, VOW_HERE);

    g_assert_nonnull(promise);
    return promise;
}

static void take_first(vow_promise *promise)
{
    vow__fulfil(promise, vow_int(items[0]));
    memmove(&items[0], &items[1], (size_t) --n_items * sizeof items[0]);
}

/* The first item that is there, at once. */
static vow_promise *next_item(fixture *f)
{
    vow_promise *promise = new_item(f);

    take_first(promise);
    return promise;
}

/* A place that is gone: what was to go back is dropped. */
static bool refuse_back(vow_promise *promise, vow_value value)
{
    (void) promise;
    (void) value;
    note(current, "no-place");
    return false;
}

static const vow__kind gone_kind = {.name = "gone", .put_back = refuse_back};

static void test_place_is_gone(fixture *f)
{
    vow_promise *promise = vow__promise_new(f->loop, sizeof *promise, &gone_kind, VOW_HERE);

    current = f;
    g_assert_nonnull(promise);
    vow__fulfil(promise, owned(f, "value"));
    vow_unref(vow_timeout(promise, 1000));
    assert_log(f, "no-place ~value");
}

/* ---- Who only passes the outcome on -------------------------------------------------------------------- */

static vow_promise *through_nothing(vow_promise *item)
{
    return item;
}

static vow_promise *through_then(vow_promise *item)
{
    return vow_then(vow_catch(item, pass_error, NULL), NULL, NULL);
}

static vow_promise *through_timeout(vow_promise *item)
{
    return vow_timeout(vow_timeout(item, 1000), 2000);
}

static vow_promise *through_race(vow_promise *item)
{
    vow_loop *loop = vow_promise_loop(item);

    return vow_race_of(loop, vow_any_of(loop, item, vow_sleep(loop, 1000)), vow_sleep(loop, 1000));
}

static vow_promise *through_follow(vow_promise *item)
{
    return vow_resolved(vow_promise_loop(item), vow_follow(item));
}

static vow_value nothing(void *data)
{
    (void) data;
    return vow_nil();
}

static vow_promise *through_finally(vow_promise *item)
{
    return vow_finally(item, nothing, NULL);
}

static vow_promise *through_attach(vow_promise *item)
{
    return vow_attach(item, g_malloc(1), g_free);
}

static vow_promise *through_all(vow_promise *item)
{
    vow_loop *loop = vow_promise_loop(item);

    return vow_all_of(loop, vow_all_settled_of(loop, item));
}

static vow_promise *(*const between[])(vow_promise *) = {through_nothing, through_then,   through_timeout,
                                                         through_race,    through_follow, through_finally,
                                                         through_attach,  through_all};

static void test_dropped(fixture *f)
{
    refill(f);
    for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
        vow_promise *promise = between[i](next_item(f));

        turn(f);
        g_assert_true(vow_is_fulfilled(promise)); /* that is no look */
        vow_unref(promise);
        assert_log(f, "back-1");
    }
}

/* The job that would have delivered it is in the queue still. */
static void test_dropped_on_the_way(fixture *f)
{
    refill(f);
    for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
        vow_unref(vow_then(between[i](next_item(f)), saw_value, tag_new(f, "never")));
        assert_log(f, "back-1");
    }
}

/* At each moment between, with one whose item comes later. */
static void test_dropped_in_each_tick(fixture *f)
{
    refill(f);
    for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
        for (int jobs = 0; jobs < 12; jobs++) {
            vow_promise *item = new_item(f);
            vow_promise *promise = between[i](vow_ref(item));

            take_first(item);
            vow_unref(item);
            for (int job = 0; job < jobs && !vow__list_is_empty(&f->loop->queue); job++)
                vow__run_job(f->loop);
            vow_unref(promise);
            turn(f); /* a vow_finally() that has called its handler goes on to its end */
            assert_log(f, "back-1");
        }
    }
}

static void test_detached(fixture *f)
{
    vow_promise *item = new_item(f);

    refill(f);
    vow_detach(vow_timeout(vow_ref(item), 1000));
    take_first(item);
    vow_unref(item);
    turn(f);
    assert_log(f, "back-1");
}

/* Who loses a race has its item still; who cancels has it, too. */
static void test_loser(fixture *f)
{
    refill(f);
    watch(f, vow_race_of(f->loop, next_item(f), next_item(f), next_item(f)), "race");
    turn(f);
    assert_log(f, "back-2 back-3 race=1");
    vow_cancel(next_item(f));
    assert_log(f, "back-2");
}

/* What all had is back when it rejects, before anybody is told. */
static void test_all_rejects(fixture *f)
{
    vow_promise *fails = vow_rejected(f->loop, vow_error_new(EIO, "failed"));

    refill(f);
    watch(f, vow_all_of(f->loop, next_item(f), next_item(f), vow_then(fails, NULL, NULL)), "all");
    turn(f);
    assert_log(f, "back-1 back-2 all!EIO");
}

/* ---- Who looks ----------------------------------------------------------------------------------------- */

struct reader {
    vow_task task;
    vow_promise *from;
};

VOW_ASYNC(reader, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->from);
    VOW_END(me);
}

static vow_value ignore(vow_value *value, void *data)
{
    (void) value;
    (void) data;
    return vow_nil();
}

static void test_looked_at(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
        vow_promise *promise;
        vow_value value;

        refill(f);
        promise = between[i](next_item(f));
        turn(f);
        g_assert_nonnull(vow_peek(promise));
        vow_unref(vow_timeout(promise, 1000)); /* it was looked at before it was passed on */
        g_assert_null(vow_run(between[i](next_item(f)), NULL));
        g_assert_null(vow_run(between[i](next_item(f)), &value));
        vow_value_drop(value);
        vow_detach(vow_async(f->loop, reader, .from = between[i](next_item(f))));
        turn(f);
        vow_unref(vow_then(between[i](next_item(f)), NULL, NULL));
        assert_log(f, "back-5");
        vow_detach(vow_then(between[i](next_item(f)), ignore, NULL));
        turn(f);
        assert_log(f, "");
    }
}

/* One of two who share it looks. */
static void test_shared(fixture *f)
{
    refill(f);
    for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
        vow_promise *item = next_item(f);
        vow_promise *one = between[i](vow_ref(item)), *other = between[i](item);

        turn(f);
        vow_unref(one);
        assert_log(f, "");
        vow_unref(other);
        assert_log(f, "back-1");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(between) && n_items; i++) {
        vow_promise *item = next_item(f);
        vow_promise *one = between[i](vow_ref(item)), *other = between[i](item);

        turn(f);
        g_assert_nonnull(vow_peek(one));
        vow_unref(one);
        vow_unref(other);
        assert_log(f, "");
    }
}

/* Who takes a list has what is in it, whoever else may look. */
static void test_taken(fixture *f)
{
    vow_promise *item, *all, *other;
    vow_value list;

    refill(f);
    item = next_item(f);
    all = vow_all_of(f->loop, vow_all_of(f->loop, item, vow_timeout(next_item(f), 1000)));
    other = vow_all_of(f->loop, vow_ref(all));
    turn(f);
    g_assert_null(vow_run(other, &list));
    assert_value(&list, "[[[1,2]]]");
    vow_value_drop(list);
    vow_unref(all);
    assert_log(f, "");
}

/* A task that is cancelled before it goes on has not been given it. */
static void test_task_is_cancelled(fixture *f)
{
    vow_promise *item = new_item(f);
    vow_promise *task = vow_async(f->loop, reader, .from = vow_timeout(vow_ref(item), 1000));

    refill(f);
    take_first(item);
    vow_unref(item);
    vow_cancel(task);
    assert_log(f, "back-1");
}

/* While the loop is freed there is nobody to put it back for. */
static void test_loop_is_freed(fixture *f)
{
    vow_promise *item;

    refill(f);
    item = next_item(f);
    vow_detach(vow_timeout(next_item(f), 1000));
    f->expect_live = 3;
    free_loop(f);
    expect_report(f, "never released");
    vow_unref(item);
    assert_log(f, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/put-back/dropped", test_dropped);
    test_add("/put-back/place-is-gone", test_place_is_gone);
    test_add("/put-back/dropped/on-the-way", test_dropped_on_the_way);
    test_add("/put-back/dropped/in-each-tick", test_dropped_in_each_tick);
    test_add("/put-back/detached", test_detached);
    test_add("/put-back/loser", test_loser);
    test_add("/put-back/all-rejects", test_all_rejects);
    test_add("/put-back/looked-at", test_looked_at);
    test_add("/put-back/shared", test_shared);
    test_add("/put-back/taken", test_taken);
    test_add("/put-back/task-is-cancelled", test_task_is_cancelled);
    test_add("/put-back/loop-is-freed", test_loop_is_freed);
    return g_test_run();
}
