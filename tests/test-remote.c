/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remotes: promises that other threads settle. What arrives, in which order and where; what becomes of it
 * when nobody waits any more or the loop is gone; and many threads at once.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L
#include "gate.h"
#include "misuse.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- A thread that settles remotes --------------------------------------------------------------------- */

/* Settles what it is given, in order, each in its own way. */
struct producer {
    pthread_t thread;
    int count;
    vow_remote *remotes[9];
    vow_value values[9];
};

static void *produce(void *data)
{
    struct producer *producer = data;

    for (int i = 0; i < producer->count; i++)
        vow_remote_resolve(producer->remotes[i], producer->values[i]);
    return NULL;
}

static vow_promise *give(fixture *f, struct producer *producer, vow_value value)
{
    producer->values[producer->count] = value;
    return vow_remote_new(f->loop, &producer->remotes[producer->count++]);
}

static void start(struct producer *producer)
{
    g_assert_cmpint(pthread_create(&producer->thread, NULL, produce, producer), ==, 0);
}

/* Starts it and waits for its end: everything is on the way then. */
static void finish(struct producer *producer)
{
    start(producer);
    pthread_join(producer->thread, NULL);
}

/* ---- What arrives -------------------------------------------------------------------------------------- */

static void resolved_by_another_thread(fixture *f)
{
    struct producer producer = {.count = 0};
    vow_promise *promise = give(f, &producer, owned(f, "v"));
    vow_value value;

    start(&producer);
    g_assert_null(vow_run(promise, &value));
    pthread_join(producer.thread, NULL);
    assert_value(&value, "v");
    vow_value_drop(value);
    assert_log(f, "~v");
}

static void in_the_order_of_settling(fixture *f)
{
    static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8"};
    struct producer producer = {.count = 0};

    for (int i = 0; i < 9; i++)
        watch(f, give(f, &producer, vow_int(i)), names[i]);
    finish(&producer);
    assert_log(f, "");
    turn(f); /* all of them at once */
    assert_log(f, "0=0 1=1 2=2 3=3 4=4 5=5 6=6 7=7 8=8");
}

static void *reject(void *remote)
{
    vow_error *error = vow_error_new(EPROTO, "no luck");

    vow_remote_reject(remote, error);
    return NULL;
}

static void *abandon(void *remote)
{
    vow_remote_abandon(remote);
    return NULL;
}

static void in_a_thread(void *(*fn)(void *), void *data)
{
    pthread_t thread;

    g_assert_cmpint(pthread_create(&thread, NULL, fn, data), ==, 0);
    pthread_join(thread, NULL);
}

static void rejected_by_another_thread(fixture *f)
{
    vow_remote *remote;
    const char *made_at = NEXT_LINE(f);
    vow_promise *promise = vow_remote_new(f->loop, &remote);

    in_a_thread(reject, remote);
    vow_error *error = vow_run(promise, NULL);
    g_assert_cmpint(vow_error_code(error), ==, EPROTO);
    g_assert_nonnull(strstr(vow_error_site(error, 0), "test-remote.c:"));
    g_assert_nonnull(strstr(vow_error_site(error, 1), "test-remote.c:"));
    g_assert_cmpstr(vow_error_site(error, 2), ==, made_at);
    vow_error_unref(error);
}

/* Who keeps a reference has the same error. */
static void rejected_with_what_others_have(fixture *f)
{
    vow_error *mine = vow_error_new(EIO, "shared"), *error;
    struct producer producer = {.count = 0};
    vow_promise *promise = give(f, &producer, vow_throw(vow_error_ref(mine)));

    finish(&producer);
    error = vow_run(promise, NULL);
    g_assert_true(error == mine);
    vow_error_unref(error);
    g_assert_cmpint(vow_error_code(mine), ==, EIO);
    vow_error_unref(mine);
}

/* What is refused is what is in it now. */
static void a_list_without_its_stream(fixture *f)
{
    vow_stream *stream = vow_stream_new(f->loop, open("/dev/null", O_RDONLY | O_CLOEXEC));
    vow_promise *held = vow_resolved(f->loop, vow_own(stream, &vow_type_stream));
    struct producer producer = {.count = 0};
    vow_value list;

    g_assert_null(vow_run(vow_all_of(f->loop, vow_ref(held), vow_resolved(f->loop, vow_int(1))), &list));
    vow_unref(held);
    vow_value_drop(vow_take(vow_list_at(vow_as_list(&list), 0)));
    watch(f, give(f, &producer, list), "list");
    finish(&producer);
    turn(f);
    assert_log(f, "list=[nil,1]");
}

static void abandoned_by_another_thread(fixture *f)
{
    vow_remote *remote;
    vow_promise *promise = vow_remote_new(f->loop, &remote);

    in_a_thread(abandon, remote);
    vow_error *error = vow_run(promise, NULL);
    g_assert_cmpint(vow_error_code(error), ==, ECANCELED);
    g_assert_nonnull(strstr(vow_error_message(error), "abandoned by its remote at "));
    vow_error_unref(error);
}

/* The loop's own thread may use it like any other. */
static void used_by_the_same_thread(fixture *f)
{
    vow_remote *remote;

    watch(f, vow_remote_new(f->loop, &remote), "same");
    vow_remote_resolve(remote, vow_int(1));
    assert_log(f, "");
    ev_run(f->ev, 0);
    assert_log(f, "same=1");
}

static void nobody_looks_at_the_error(fixture *f)
{
    vow_remote *remote;

    vow_detach(vow_remote_new(f->loop, &remote));
    in_a_thread(reject, remote);
    ev_run(f->ev, 0);
    expect_report(f, "no luck");
}

/* ---- Who waits ----------------------------------------------------------------------------------------- */

static void the_loop_waits(fixture *f)
{
    vow_remote *remote;

    watch(f, vow_remote_new(f->loop, &remote), "waited");
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    in_a_thread(abandon, remote);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "waited!ECANCELED");
}

/* Once nobody waits for it, a remote that is still out does not keep the loop: it is a deadlock then. */
static void the_loop_does_not_wait_for_what_was_dropped(fixture *f)
{
    struct source source;
    vow_remote *remote;
    vow_error *error;

    vow_unref(vow_remote_new(f->loop, &remote));
    error = vow_run(pending(f, &source, "s"), NULL);
    g_assert_cmpint(vow_error_code(error), ==, EDEADLK);
    vow_error_unref(error);
    assert_log(f, "s-cancelled");
    in_a_thread(abandon, remote);
    turn(f);
}

/* A value that knows on which thread it is released. */
struct place {
    pthread_t dropped_on;
    bool is_dropped;
};

static void place_drop(void *pointer)
{
    struct place *place = pointer;

    g_assert_false(place->is_dropped);
    place->is_dropped = true;
    place->dropped_on = pthread_self();
}

static const vow_type place_type = {"place", place_drop};

static void dropped(fixture *f)
{
    struct producer producer = {.count = 0};
    struct place place = {.is_dropped = false};
    vow_promise *promise = give(f, &producer, vow_own(&place, &place_type));

    g_assert_true(vow_remote_is_wanted(producer.remotes[0]));
    vow_unref(promise);
    g_assert_false(vow_remote_is_wanted(producer.remotes[0]));
    finish(&producer);
    g_assert_false(place.is_dropped);
    turn(f);
    g_assert_true(place.is_dropped && pthread_equal(place.dropped_on, pthread_self()));
}

static void cancelled(fixture *f)
{
    struct producer producer = {.count = 0};
    vow_promise *promise = give(f, &producer, owned(f, "late"));

    watch(f, vow_ref(promise), "watched");
    vow_cancel(promise);
    turn(f);
    assert_log(f, "watched!ECANCELED");
    g_assert_false(vow_remote_is_wanted(producer.remotes[0]));
    finish(&producer);
    turn(f);
    assert_log(f, "~late");
}

static void dropped_when_it_was_settled(fixture *f)
{
    struct producer producer = {.count = 0};
    vow_promise *promise = give(f, &producer, owned(f, "late"));

    finish(&producer);
    vow_unref(promise);
    assert_log(f, "");
    turn(f);
    assert_log(f, "~late");
}

/* ---- The loop is gone ---------------------------------------------------------------------------------- */

static void free_busy_loop(fixture *f)
{
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
}

static void freed_before_it_was_settled(fixture *f)
{
    struct producer producer = {.count = 0};
    struct place place = {.is_dropped = false};

    vow_detach(give(f, &producer, vow_own(&place, &place_type)));
    vow_detach(give(f, &producer, vow_throwf(EIO, "late")));
    free_busy_loop(f);
    g_assert_false(vow_remote_is_wanted(producer.remotes[0]));
    finish(&producer);
    g_assert_true(place.is_dropped && pthread_equal(place.dropped_on, producer.thread));
}

static void freed_when_it_was_settled(fixture *f)
{
    struct producer producer = {.count = 0};
    struct place place = {.is_dropped = false};

    watch(f, give(f, &producer, vow_own(&place, &place_type)), "never");
    finish(&producer);
    free_busy_loop(f);
    g_assert_true(place.is_dropped && pthread_equal(place.dropped_on, pthread_self()));
}

static void freed_when_it_was_dropped_and_is_out(fixture *f)
{
    vow_remote *remote;

    vow_unref(vow_remote_new(f->loop, &remote));
    free_loop(f);
    in_a_thread(abandon, remote);
}

static void freed_while_somebody_holds_it(fixture *f)
{
    vow_remote *remote;
    vow_promise *promise = vow_remote_new(f->loop, &remote);

    free_busy_loop(f);
    expect_report(f, "never released");
    assert_peek(promise, "!ECANCELED");
    in_a_thread(reject, remote);
    vow_unref(promise);
}

/* ---- What fails ---------------------------------------------------------------------------------------- */

static void nothing(fixture *f)
{
    vow_remote_resolve(NULL, owned(f, "v"));
    vow_remote_reject(NULL, vow_error_new(EIO, "unused"));
    vow_remote_abandon(NULL);
    g_assert_false(vow_remote_is_wanted(NULL));
    assert_log(f, "~v");
}

static void no_memory(fixture *f)
{
    vow_remote *remote;

    for (size_t n = 1;; n++) {
        memory_fail(f, n, false);
        vow_promise *promise = vow_remote_new(f->loop, &remote);
        bool has_failed = f->memory.failed;
        memory_fail(f, 0, false);
        g_assert_true(vow_is_rejected(promise) == has_failed);
        g_assert_true(!remote == has_failed);
        if (has_failed)
            assert_peek(promise, "!ENOMEM");
        vow_unref(promise);
        vow_remote_abandon(remote);
        turn(f);
        if (!has_failed)
            break;
    }
}

/* All descriptors are taken: libev would end the program. */
static void no_descriptor(fixture *f)
{
    struct rlimit usual, none;
    vow_remote *remote;
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

    close(lowest);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &usual), ==, 0);
    none = usual;
    none.rlim_cur = (rlim_t) lowest;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    vow_promise *promise = vow_remote_new(f->loop, &remote);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &usual), ==, 0);
    g_assert_null(remote);
    g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(promise))), ==, EMFILE);
    vow_unref(promise);
    used_by_the_same_thread(f);
}

static vow_remote *remote_of(fixture *f)
{
    vow_remote *remote;

    vow_detach(vow_remote_new(f->loop, &remote));
    return remote;
}

/* A list in a list, with a value that somebody still has a promise of, or nobody. */
static vow_value listed(fixture *f, vow_value value, bool is_held)
{
    vow_promise *promise = vow_resolved(f->loop, value);
    vow_promise *inner = vow_all_of(f->loop, vow_resolved(f->loop, vow_nil()), vow_ref(promise));
    vow_value list;

    if (!is_held)
        vow_unref(promise);
    g_assert_null(vow_run(vow_all_of(f->loop, inner, number(f)), &list));
    return list;
}

/* A copy of the list that the promise has. */
static vow_value lent(fixture *f)
{
    vow_promise *number = vow_resolved(f->loop, vow_strdup("text"));
    vow_promise *list = vow_all_of(f->loop, vow_ref(number));

    turn(f);
    return *vow_peek(list);
}

static vow_value new_stream(fixture *f)
{
    return vow_own(vow_stream_new(f->loop, dup(0)), &vow_type_stream);
}

#define REFUSED(name, value, words) \
    MISUSE(name, vow_remote_resolve(remote_of(f), value), "vow_remote_resolve", words, false)

MISUSE(no_place, vow_unref(vow_remote_new(f->loop, NULL)), "vow_remote_new", "is NULL", false)
MISUSE(follow, vow_remote_resolve(remote_of(f), vow_follow(number(f))), "vow_remote_resolve", "followed",
       false)
REFUSED(stream, new_stream(f), "of type stream belongs to its loop")
REFUSED(stream_in_list, listed(f, new_stream(f), false), "of type stream belongs to its loop")
REFUSED(stream_in_use, listed(f, new_stream(f), true), "of type stream belongs to its loop")
REFUSED(process, listed(f, vow_own(NULL, &vow_type_process), false), "of type process belongs to its loop")
REFUSED(lent_list, lent(f), "only lent")
MISUSE(no_error, vow_remote_reject(remote_of(f), NULL), "vow_remote_reject", "is NULL", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/remote/resolve", resolved_by_another_thread);
    test_add("/remote/order", in_the_order_of_settling);
    test_add("/remote/reject", rejected_by_another_thread);
    test_add("/remote/reject-shared", rejected_with_what_others_have);
    test_add("/remote/stream-taken-out", a_list_without_its_stream);
    test_add("/remote/abandon", abandoned_by_another_thread);
    test_add("/remote/same-thread", used_by_the_same_thread);
    test_add("/remote/unhandled", nobody_looks_at_the_error);
    test_add("/remote/loop-waits", the_loop_waits);
    test_add("/remote/loop-does-not-wait", the_loop_does_not_wait_for_what_was_dropped);
    test_add("/remote/drop", dropped);
    test_add("/remote/cancel", cancelled);
    test_add("/remote/drop-settled", dropped_when_it_was_settled);
    test_add("/remote/loop-gone/pending", freed_before_it_was_settled);
    test_add("/remote/loop-gone/settled", freed_when_it_was_settled);
    test_add("/remote/loop-gone/dropped", freed_when_it_was_dropped_and_is_out);
    test_add("/remote/loop-gone/held", freed_while_somebody_holds_it);
    test_add("/remote/nothing", nothing);
    test_add("/remote/no-memory", no_memory);
    test_add("/remote/no-descriptor", no_descriptor);
    test_add("/remote/misuse/no-place", test_no_place);
    test_add("/remote/misuse/follow", test_follow);
    test_add("/remote/misuse/stream", test_stream);
    test_add("/remote/misuse/stream-in-list", test_stream_in_list);
    test_add("/remote/misuse/stream-in-use", test_stream_in_use);
    test_add("/remote/misuse/process", test_process);
    test_add("/remote/misuse/lent-list", test_lent_list);
    test_add("/remote/misuse/no-error", test_no_error);
    return g_test_run();
}
