/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues: what is put in comes out once, in order, to those who came first, whoever is dropped, cancelled or
 * closed meanwhile.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "misuse.h"
#include "queues.h"

#include <errno.h>
#include <unistd.h>

/* ---- In and out ---------------------------------------------------------------------------------------- */

static void first_in_first_out(fixture *f)
{
    vow_queue *queue = queue_of(f, VOW_UNBOUNDED);

    g_assert_cmpuint(vow_queue_length(queue), ==, 0);
    fill(f, queue, "abc");
    g_assert_cmpuint(vow_queue_length(queue), ==, 3);
    expect_next(queue, "a");
    fill(f, queue, "d");
    expect_next(queue, "b");
    expect_next(queue, "c");
    expect_next(queue, "d");
    g_assert_cmpuint(vow_queue_length(queue), ==, 0);
    expect_end(f, queue, "~a ~b ~c ~d");
}

/* Across all sizes of the memory behind it. */
static void thousands(fixture *f)
{
    vow_queue *queue = queue_of(f, VOW_UNBOUNDED);
    int in = 0, out = 0;

    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 700 << (round < 6 ? round : 11 - round); i++)
            g_assert_true(vow_queue_try_put(queue, vow_int(in++)));
        for (int i = 0; i < 1000 * round && out < in; i++)
            g_assert_cmpint(run_int(vow_queue_take(queue)), ==, out++);
    }
    g_assert_cmpuint(vow_queue_length(queue), ==, (size_t) (in - out));
    while (out < in)
        g_assert_cmpint(run_int(vow_queue_take(queue)), ==, out++);
    vow_queue_free(queue);
}

static void puts_wait_for_room(fixture *f)
{
    vow_queue *queue = queue_of(f, 2);
    fill(f, queue, "ab");
    vow_promise *c = vow_queue_put(queue, owned(f, "c")), *d = vow_queue_put(queue, owned(f, "d"));

    g_assert_true(vow_is_pending(c) && vow_is_pending(d));
    g_assert_cmpuint(vow_queue_length(queue), ==, 2);
    expect_next(queue, "a");
    assert_peek(c, "nil");
    g_assert_true(vow_is_pending(d));
    g_assert_cmpuint(vow_queue_length(queue), ==, 2);
    expect_next(queue, "b");
    assert_peek(d, "nil");
    expect_next(queue, "c");
    expect_next(queue, "d");
    vow_unref(c);
    vow_unref(d);
    expect_end(f, queue, "~a ~b ~c ~d");
}

static void takes_wait_in_order(fixture *f)
{
    vow_queue *queue = queue_of(f, 2);

    watch(f, vow_queue_take(queue), "first");
    watch(f, vow_queue_take(queue), "second");
    turn(f);
    assert_log(f, "");
    fill(f, queue, "abc");
    g_assert_cmpuint(vow_queue_length(queue), ==, 1);
    turn(f);
    assert_log(f, "first=a ~a second=b ~b");
    expect_end(f, queue, "~c");
}

/* Without capacity each put waits until a take has come for it, and each take for a put. */
static void rendezvous(fixture *f)
{
    vow_queue *queue = queue_of(f, 0);
    vow_promise *a = vow_queue_put(queue, owned(f, "a")), *b = vow_queue_put(queue, owned(f, "b"));

    g_assert_true(vow_is_pending(a) && vow_is_pending(b));
    g_assert_cmpuint(vow_queue_length(queue), ==, 0);
    expect_next(queue, "a");
    g_assert_true(vow_is_fulfilled(a) && vow_is_pending(b));
    expect_next(queue, "b");
    g_assert_true(vow_is_fulfilled(b));
    vow_promise *take = vow_queue_take(queue);
    g_assert_true(vow_is_pending(take));
    fill(f, queue, "c");
    assert_peek(take, "c");
    vow_unref(take);
    vow_unref(a);
    vow_unref(b);
    expect_end(f, queue, "~a ~b ~c");
}

static void without_waiting(fixture *f)
{
    vow_queue *queue = queue_of(f, 1);
    vow_value value = vow_int(1);

    g_assert_false(vow_queue_try_take(queue, &value));
    g_assert_true(vow_is_nil(&value));
    g_assert_true(vow_queue_try_put(queue, owned(f, "a")));
    g_assert_false(vow_queue_try_put(queue, owned(f, "b")));
    assert_log(f, "~b");
    vow_promise *c = vow_queue_put(queue, owned(f, "c"));
    g_assert_true(vow_queue_try_take(queue, &value));
    assert_value(&value, "a");
    vow_value_drop(value);
    g_assert_true(vow_is_fulfilled(c));
    vow_unref(c);
    g_assert_false(vow_queue_try_put(queue, owned(f, "d")));
    g_assert_true(vow_queue_try_take(queue, &value));
    assert_value(&value, "c");
    vow_value_drop(value);
    assert_log(f, "~a ~d ~c");
    watch(f, vow_queue_take(queue), "take");
    g_assert_false(vow_queue_try_take(queue, &value));
    g_assert_true(vow_queue_try_put(queue, owned(f, "e")));
    turn(f);
    assert_log(f, "take=e ~e");
    g_assert_false(vow_queue_try_put(queue, vow_nil()));
    expect_end(f, queue, "");
}

static void rendezvous_without_waiting(fixture *f)
{
    vow_queue *queue = queue_of(f, 0);
    vow_value value;

    g_assert_false(vow_queue_try_put(queue, owned(f, "a")));
    assert_log(f, "~a");
    watch(f, vow_queue_put(queue, owned(f, "b")), "put");
    g_assert_false(vow_queue_try_put(queue, owned(f, "c")));
    g_assert_true(vow_queue_try_take(queue, &value));
    turn(f);
    assert_log(f, "~c put=nil");
    vow_value_drop(value);
    watch(f, vow_queue_take(queue), "take");
    g_assert_true(vow_queue_try_put(queue, owned(f, "d")));
    turn(f);
    assert_log(f, "~b take=d ~d");
    expect_end(f, queue, "");
}

/* ---- Errors and promises as values --------------------------------------------------------------------- */

static void errors_go_through(fixture *f)
{
    vow_queue *queue = queue_of(f, 3);
    vow_value value;

    g_assert_true(vow_queue_try_put(queue, vow_throwf(EIO, "broken")));
    g_assert_true(vow_queue_try_put(queue, vow_throwf(EPROTO, "odd")));
    g_assert_true(vow_queue_try_put(queue, vow_int(3)));
    run_fails(vow_queue_take(queue), EIO, "broken");
    g_assert_true(vow_queue_try_take(queue, &value));
    assert_value(&value, "!EPROTO");
    vow_value_drop(value);
    watch(f, vow_queue_take(queue), "three");
    watch(f, vow_queue_take(queue), "waits");
    g_assert_true(vow_queue_try_put(queue, vow_throwf(EIO, "broken")));
    turn(f);
    assert_log(f, "three=3 waits!EIO");
    g_assert_true(vow_queue_try_put(queue, vow_throwf(EIO, "released with the queue")));
    vow_queue_free(queue);
}

/* An error that nobody has looked at goes back as a value does, and is not reported. One that was passed on
 * is somebody else's. */
static void errors_come_back(fixture *f)
{
    vow_queue *queue = queue_of(f, 3);

    g_assert_true(vow_queue_try_put(queue, vow_throwf(EIO, "broken")));
    g_assert_true(vow_queue_try_put(queue, vow_int(2)));
    vow_promise *take = vow_queue_take(queue);
    g_assert_true(vow_is_rejected(take));
    vow_unref(take);
    vow_unref(vow_timeout(vow_queue_take(queue), 1000));
    g_assert_cmpuint(vow_queue_length(queue), ==, 2);
    watch(f, vow_queue_take(queue), "take");
    turn(f);
    assert_log(f, "take!EIO");
    g_assert_cmpint(run_int(vow_queue_take(queue)), ==, 2);
    take = vow_queue_take(queue);
    g_assert_true(vow_queue_try_put(queue, vow_throwf(EIO, "broken")));
    take = vow_timeout(take, 1000);
    turn(f);
    vow_unref(take);
    expect_report(f, "broken");
    g_assert_true(vow_queue_try_put(queue, vow_throwf(EIO, "kept")));
    take = vow_queue_take(queue);
    vow_queue_free(queue);
    vow_unref(take);
    expect_report(f, "kept");
}

/* Who takes a promise waits for it; the next one does if that one is dropped. */
static void promises_go_through(fixture *f)
{
    vow_queue *queue = queue_of(f, 3);
    struct source source, other, third;

    g_assert_true(vow_queue_try_put(queue, vow_follow(pending(f, &source, "source"))));
    g_assert_true(vow_queue_try_put(queue, vow_follow(pending(f, &other, "other"))));
    for (int i = 0; i < 3; i++) {
        vow_promise *take = vow_queue_take(queue), *held = vow_ref(take);

        for (int turns = 0; turns < i; turns++)
            turn(f);
        if (i == 1)
            vow_cancel(take);
        else
            vow_unref(take);
        if (i == 1)
            run_fails(held, ECANCELED, "");
        else
            vow_unref(held);
    }
    assert_log(f, "");
    g_assert_cmpuint(vow_queue_length(queue), ==, 2);
    watch(f, vow_queue_take(queue), "one");
    watch(f, vow_queue_take(queue), "two");
    turn(f);
    vow_resolve(&other.resolver, owned(f, "b"));
    vow_resolve(&source.resolver, owned(f, "a"));
    turn(f);
    assert_log(f, "two=b ~b one=a ~a");
    /* It has its value, but nobody has looked. */
    vow_promise *followed = pending(f, &third, "third");
    g_assert_true(vow_queue_try_put(queue, vow_follow(vow_ref(followed))));
    vow_promise *take = vow_queue_take(queue);
    turn(f);
    vow_resolve(&third.resolver, owned(f, "c"));
    turn(f);
    g_assert_true(vow_is_fulfilled(take));
    vow_unref(take);
    expect_next(queue, "c");
    vow_unref(followed);
    expect_end(f, queue, "~c");
}

static void promises_end_with_the_queue(fixture *f)
{
    vow_queue *queue = queue_of(f, 3);
    struct source source, other;

    g_assert_true(vow_queue_try_put(queue, vow_follow(pending(f, &source, "source"))));
    g_assert_true(vow_queue_try_put(queue, vow_follow(pending(f, &other, "other"))));
    vow_promise *take = vow_queue_take(queue);
    turn(f);
    expect_end(f, queue, "other-cancelled");
    vow_unref(take);
    assert_log(f, "source-cancelled");
}

/* ---- What nobody looked at ----------------------------------------------------------------------------- */

static void unseen_values_come_back(fixture *f)
{
    vow_queue *queue = queue_of(f, 3);
    vow_promise *takes[3];

    fill(f, queue, "abc");
    for (int order = 0; order < 6; order++) {
        static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

        for (int i = 0; i < 3; i++)
            takes[i] = vow_queue_take(queue);
        g_assert_cmpuint(vow_queue_length(queue), ==, 0);
        for (int i = 0; i < 3; i++) {
            g_assert_true(vow_is_fulfilled(takes[orders[order][i]]));
            vow_unref(takes[orders[order][i]]);
        }
        g_assert_cmpuint(vow_queue_length(queue), ==, 3);
    }
    vow_unref(vow_all_of(f->loop, vow_queue_take(queue), vow_queue_take(queue)));
    vow_unref(vow_timeout(vow_race_of(f->loop, vow_queue_take(queue), vow_sleep(f->loop, 100)), 100));
    vow_detach(vow_queue_take(queue));
    turn(f);
    expect_next(queue, "a");
    expect_next(queue, "b");
    expect_next(queue, "c");
    expect_end(f, queue, "~a ~b ~c");
}

/* They go to the first who waits, though others came before them, and stand before what came later. */
static void they_go_to_the_next(fixture *f)
{
    vow_queue *queue = queue_of(f, 3);

    fill(f, queue, "ab");
    vow_promise *a = vow_queue_take(queue), *b = vow_queue_take(queue);
    watch(f, vow_queue_take(queue), "first");
    watch(f, vow_queue_take(queue), "second");
    vow_unref(b);
    vow_unref(a);
    turn(f);
    assert_log(f, "first=b ~b second=a ~a");
    fill(f, queue, "cd");
    vow_promise *c = vow_queue_take(queue);
    fill(f, queue, "e");
    vow_unref(c);
    expect_next(queue, "c");
    expect_next(queue, "d");
    expect_next(queue, "e");
    expect_end(f, queue, "~c ~d ~e");
}

/* There may be more than the capacity then. Nobody is let in before there is room again. */
static void room_for_what_comes_back(fixture *f)
{
    vow_queue *queue = queue_of(f, 1);

    fill(f, queue, "a");
    vow_promise *a = vow_queue_take(queue);
    fill(f, queue, "b");
    vow_promise *c = vow_queue_put(queue, owned(f, "c"));
    vow_unref(a);
    g_assert_cmpuint(vow_queue_length(queue), ==, 2);
    expect_next(queue, "a");
    g_assert_true(vow_is_pending(c));
    expect_next(queue, "b");
    g_assert_true(vow_is_fulfilled(c));
    vow_unref(c);
    expect_next(queue, "c");
    vow_queue_free(queue);

    queue = queue_of(f, 0);
    vow_promise *d = vow_queue_put(queue, owned(f, "d"));
    vow_unref(vow_queue_take(queue));
    g_assert_true(vow_is_fulfilled(d)); /* a take had come for it */
    vow_unref(d);
    g_assert_cmpuint(vow_queue_length(queue), ==, 1);
    g_assert_false(vow_queue_try_put(queue, owned(f, "e")));
    expect_next(queue, "d");
    expect_end(f, queue, "~a ~b ~c ~e ~d");
}

static void the_promise_keeps_the_value(fixture *f)
{
    vow_queue *queue = queue_of(f, 3);

    fill(f, queue, "ab");
    vow_promise *a = vow_queue_take(queue);
    vow_promise *all = vow_all_of(f->loop, vow_queue_take(queue));
    turn(f);
    expect_end(f, queue, "");
    assert_peek(a, "a");
    vow_unref(a);
    vow_unref(all);
    assert_log(f, "~a ~b");
}

/* ---- Who is dropped or cancelled ----------------------------------------------------------------------- */

static void dropped_puts_never_get_in(fixture *f)
{
    vow_queue *queue = queue_of(f, 1);

    fill(f, queue, "a");
    vow_promise *b = vow_queue_put(queue, owned(f, "b")), *c = vow_queue_put(queue, owned(f, "c"));
    vow_promise *d = vow_queue_put(queue, owned(f, "d")), *e = vow_queue_put(queue, owned(f, "e"));
    vow_unref(c);
    assert_log(f, "~c");
    vow_cancel(vow_ref(d));
    assert_log(f, "~d"); /* though somebody holds the promise */
    run_fails(d, ECANCELED, "");
    expect_next(queue, "a");
    expect_next(queue, "b");
    expect_next(queue, "e");
    vow_unref(b);
    vow_unref(e);
    expect_end(f, queue, "~a ~b ~e");
}

/* One that is in has been put in, whatever becomes of the promise. */
static void a_put_that_is_in_stays_in(fixture *f)
{
    vow_queue *queue = queue_of(f, 1);

    fill(f, queue, "a");
    vow_promise *b = vow_queue_put(queue, owned(f, "b"));
    expect_next(queue, "a");
    vow_cancel(b);
    expect_next(queue, "b");
    expect_end(f, queue, "~a ~b");
}

static void dropped_takes_get_nothing(fixture *f)
{
    vow_queue *queue = queue_of(f, 1);
    vow_promise *first = vow_queue_take(queue), *second = vow_queue_take(queue);
    vow_promise *third = vow_queue_take(queue), *held = vow_ref(second);

    vow_unref(first);
    vow_cancel(second);
    run_fails(held, ECANCELED, "");
    fill(f, queue, "a");
    assert_peek(third, "a");
    vow_unref(third);
    expect_end(f, queue, "~a");
}

/* ---- The end ------------------------------------------------------------------------------------------- */

static void closed(fixture *f)
{
    vow_queue *queue = queue_of(f, 2);
    const char *site = NEXT_LINE(f);
    vow_queue *other = vow_queue_new(f->loop, 2);

    fill(f, queue, "ab");
    watch(f, vow_queue_put(queue, owned(f, "c")), "c");
    watch(f, vow_queue_put(queue, owned(f, "d")), "d");
    vow_queue_close(queue);
    assert_log(f, "~c ~d");
    turn(f);
    assert_log(f, "c!EPIPE d!EPIPE");
    g_assert_cmpuint(vow_queue_length(queue), ==, 2);
    g_assert_false(vow_queue_try_put(queue, owned(f, "e")));
    expect_next(queue, "a");
    vow_unref(vow_queue_take(queue));
    vow_queue_close(queue);
    expect_next(queue, "b");
    run_nil(vow_queue_take(queue));
    vow_unref(vow_queue_take(queue));
    run_nil(vow_queue_take(queue));
    g_assert_cmpuint(vow_queue_length(queue), ==, 0);
    expect_end(f, queue, "~e ~a ~b");

    watch(f, vow_queue_take(other), "one");
    watch(f, vow_queue_take(other), "two");
    vow_queue_close(other);
    turn(f);
    assert_log(f, "one=nil two=nil");
    run_fails(vow_queue_put(other, owned(f, "f")), EPIPE, site);
    expect_end(f, other, "~f");
}

static void nil_is_refused(fixture *f)
{
    vow_queue *queue = queue_of(f, 1);

    run_fails(vow_queue_put(queue, vow_nil()), EINVAL, "nil");
    fill(f, queue, "a");
    run_fails(vow_queue_put(queue, vow_nil()), EINVAL, "nil");
    vow_queue_close(queue);
    run_fails(vow_queue_put(queue, vow_nil()), EINVAL, "nil");
    expect_end(f, queue, "~a");
}

static void freed(fixture *f)
{
    vow_queue *queue = queue_of(f, 2);

    fill(f, queue, "abc" + 1);
    vow_unref(vow_queue_take(queue));
    vow_promise *d = vow_queue_put(queue, owned(f, "d"));
    watch(f, vow_queue_put(queue, owned(f, "e")), "e");
    vow_queue_free(queue);
    assert_log(f, "~b ~c ~d ~e");
    run_fails(d, ECANCELED, "");
    assert_log(f, "e!ECANCELED");
    queue = queue_of(f, 2);
    vow_promise *take = vow_queue_take(queue);
    vow_unref(vow_queue_take(queue));
    vow_promise *forgotten = vow_queue_take(queue); /* is not reported */
    vow_queue_free(queue);
    vow_unref(forgotten);
    run_fails(take, ECANCELED, "");
    vow_queue_free(NULL);
}

/* Its loop is freed first. What is in it, and what waits, is released with the loop. */
static void left_over(fixture *f)
{
    vow_queue *queue = queue_of(f, 2), *other = queue_of(f, 1);

    fill(f, queue, "ab");
    vow_promise *put = vow_queue_put(queue, owned(f, "c"));
    vow_promise *take = vow_queue_take(queue), *waits = vow_queue_take(other);
    f->expect_live = 5;
    free_loop(f);
    expect_report(f, "(queue) was never released");
    expect_report(f, "(queue) was never released");
    expect_report(f, "(queue_put) was never released");
    expect_report(f, "(queue_take) was never released");
    expect_report(f, "(queue_take) was never released");
    assert_log(f, "~b ~c");
    vow_queue_free(queue);
    vow_unref(put);
    vow_unref(take);
    vow_unref(waits);
    assert_log(f, "~a");
    vow_queue_close(other);
    vow_queue_free(other);
}

/* A program that waits for what nobody will put in is told so. */
static void waits_for_ever(fixture *f)
{
    const char *site = NEXT_LINE(f);
    vow_queue *queue = vow_queue_new(f->loop, 0);

    run_fails(vow_queue_take(queue), EDEADLK, site);
    run_fails(vow_queue_put(queue, owned(f, "a")), EDEADLK, "the queue made at");
    expect_end(f, queue, "~a");
}

/* ---- Streams are values too ---------------------------------------------------------------------------- */

static void free_stream(void *stream)
{
    vow_stream_free(stream);
}

static void streams_in_a_queue(fixture *f)
{
    static const vow_type type = {"stream", free_stream};
    vow_queue *queue = queue_of(f, VOW_UNBOUNDED);
    int ends[2];

    for (int i = 0; i < 3; i++) {
        open_pipe(ends);
        put(ends[1], "x\n");
        close(ends[1]);
        g_assert_true(vow_queue_try_put(queue, vow_own(vow_stream_new(f->loop, ends[0]), &type)));
    }
    vow_promise *take = vow_queue_take(queue);
    run_bytes(vow_stream_read_line(vow_as(vow_peek(take), &type), 10), "x");
    vow_unref(take);
    vow_unref(vow_queue_take(queue));
    vow_queue_free(queue);
}

/* ---- Misuse -------------------------------------------------------------------------------------------- */

static vow_queue *nowhere;

MISUSE(null_queue, (void) f; vow_queue_close(nowhere), "vow_queue_close", "the queue is NULL", false)

static void use_after_free(fixture *f)
{
    vow_queue *queue = queue_of(f, 1);

    vow_queue_free(queue);
    vow_queue_close(queue);
}

static void test_use_after_free(fixture *f)
{
    if (SEES_MEMORY)
        g_test_skip("the sanitizer is quicker");
    else
        expect_abort(f, use_after_free, "vow_queue_close", "the queue is used after it was given away",
                     false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/queue/first-in-first-out", first_in_first_out);
    test_add("/queue/thousands", thousands);
    test_add("/queue/puts-wait-for-room", puts_wait_for_room);
    test_add("/queue/takes-wait-in-order", takes_wait_in_order);
    test_add("/queue/rendezvous", rendezvous);
    test_add("/queue/without-waiting", without_waiting);
    test_add("/queue/without-waiting/rendezvous", rendezvous_without_waiting);
    test_add("/queue/errors-go-through", errors_go_through);
    test_add("/queue/errors-come-back", errors_come_back);
    test_add("/queue/promises-go-through", promises_go_through);
    test_add("/queue/promises-end-with-the-queue", promises_end_with_the_queue);
    test_add("/queue/unseen/come-back", unseen_values_come_back);
    test_add("/queue/unseen/go-to-the-next", they_go_to_the_next);
    test_add("/queue/unseen/room", room_for_what_comes_back);
    test_add("/queue/unseen/the-promise-keeps-the-value", the_promise_keeps_the_value);
    test_add("/queue/dropped/puts", dropped_puts_never_get_in);
    test_add("/queue/dropped/puts-that-are-in", a_put_that_is_in_stays_in);
    test_add("/queue/dropped/takes", dropped_takes_get_nothing);
    test_add("/queue/closed", closed);
    test_add("/queue/nil-is-refused", nil_is_refused);
    test_add("/queue/freed", freed);
    test_add("/queue/left-over", left_over);
    test_add("/queue/waits-for-ever", waits_for_ever);
    test_add("/queue/streams", streams_in_a_queue);
    test_add("/queue/misuse/null-queue", test_null_queue);
    test_add("/queue/misuse/after-free", test_use_after_free);
    return g_test_run();
}
