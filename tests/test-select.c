/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_select(), which says who is settled first and takes nothing; vow_shield() and vow_forget().
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include "misuse.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static vow_promise *select_from(vow_loop *loop, size_t n, vow_promise *const *promises)
{
    return vow_select(loop, n, (const vow_promise *const *) promises);
}

/* ---- Which ------------------------------------------------------------------------------------------- */

enum { MOST = 4 };

/* Inputs of which some are settled, in an order, before there is a select or while it waits. */
struct inputs {
    fixture *f;
    int n;
    bool rejects[MOST];
    vow_resolver resolver[MOST];
    vow_promise *promise[MOST];
    int order[MOST];
};

static void settle(struct inputs *in, int place)
{
    int i = in->order[place];

    if (in->rejects[i])
        vow_reject(&in->resolver[i], vow_error_new(100 + i, "input %d", i));
    else
        vow_resolve(&in->resolver[i], owned(in->f, NULL));
}

/* The lowest of the first `settled` in the order. */
static int lowest(const struct inputs *in, int settled)
{
    int least = in->n;

    for (int place = 0; place < settled; place++)
        least = MIN(least, in->order[place]);
    return least;
}

/* It is fulfilled with that; the inputs are as they were. */
static void check(const struct inputs *in, vow_promise *promise, int settled)
{
    char *index = g_strdup_printf("%d", lowest(in, settled));

    assert_peek(promise, settled ? index : "pending");
    for (int place = 0; place < in->n; place++)
        g_assert_true(vow_is_pending(in->promise[in->order[place]]) == (place >= settled));
    vow_unref(promise);
    g_free(index);
}

static void end(struct inputs *in)
{
    for (int i = 0; i < in->n; i++) {
        char *error = g_strdup_printf("input %d", i);
        bool is_rejected = vow_is_rejected(in->promise[i]);

        if (vow_is_fulfilled(in->promise[i]))
            assert_peek(in->promise[i], "thing");
        vow_unref(in->promise[i]);
        if (is_rejected)
            expect_report(in->f, error);
        g_free(error);
    }
    g_assert_cmpuint(vow_loop_live(in->f->loop), ==, 0);
}

/* `before` are settled first, then `together` in one turn; and it is asked again. */
static void run_inputs(struct inputs *in, int before, int together)
{
    vow_promise *promise;

    for (int i = 0; i < in->n; i++)
        in->promise[i] = vow_promise_new(in->f->loop, &in->resolver[i], NULL);
    for (int place = 0; place < before; place++)
        settle(in, place);
    promise = select_from(in->f->loop, (size_t) in->n, in->promise);
    g_assert_true(vow_is_pending(promise));
    for (int place = before; place < before + together; place++)
        settle(in, place);
    turn(in->f);
    check(in, promise, before + together);
    promise = select_from(in->f->loop, (size_t) in->n, in->promise);
    turn(in->f);
    check(in, promise, before + together);
    end(in);
}

static void every_way(struct inputs *in)
{
    for (int before = 0; before <= in->n; before++) {
        for (int together = 0; before + together <= in->n; together++) {
            struct inputs copy = *in;

            run_inputs(&copy, before, together);
        }
    }
}

static int permute(struct inputs *in, int place)
{
    int count = 0;

    if (place == in->n) {
        every_way(in);
        return 1;
    }
    for (int i = place; i < in->n; i++) {
        int swapped = in->order[place];

        in->order[place] = in->order[i];
        in->order[i] = swapped;
        count += permute(in, place + 1);
        in->order[i] = in->order[place];
        in->order[place] = swapped;
    }
    return count;
}

static void test_orders(fixture *f)
{
    static const int orders[MOST + 1] = {1, 1, 2, 6, 24};

    for (int n = 0; n <= MOST; n++) {
        for (int ways = 0; ways < 1 << n; ways++) {
            struct inputs in = {.f = f, .n = n};

            for (int i = 0; i < n; i++) {
                in.order[i] = i;
                in.rejects[i] = ways >> i & 1;
            }
            g_assert_cmpint(permute(&in, 0), ==, orders[n]);
        }
    }
}

/* Of several that settle one after the other in one turn, too, and of an array that is gone by then. */
static void test_array_stays_the_callers(fixture *f)
{
    struct source source;
    vow_promise *a = pending(f, &source, "a"), *b = vow_resolved(f->loop, vow_nil());
    const vow_promise *promises[] = {a, b, b};
    vow_promise *promise = vow_select(f->loop, 3, promises);

    memset(promises, 0xa5, sizeof promises);
    turn(f);
    assert_peek(promise, "1");
    vow_unref(promise);
    vow_unref(b);
    vow_unref(a);
    assert_log(f, "a-cancelled");
}

static void test_of(fixture *f)
{
    vow_promise *none = vow_select_of(f->loop), *a = vow_resolved(f->loop, vow_nil());
    const char *line = NEXT_LINE(f);
    vow_promise *one = vow_select_of(f->loop, a);

    g_assert_cmpstr(vow_promise_site(one), ==, line);
    turn(f);
    assert_peek(one, "0");
    g_assert_true(vow_is_pending(none));
    vow_unref(none);
    vow_unref(one);
    vow_unref(a);
}

/* ---- Takes nothing, drops nothing, leaves nothing ---------------------------------------------------- */

/* Held by somebody else, the inputs know nothing of what becomes of a select. */
static void test_dropped_or_cancelled(fixture *f)
{
    struct source source[2];
    vow_promise *a = pending(f, &source[0], "a"), *b = pending(f, &source[1], "b");
    vow_promise *promise = vow_select_of(f->loop, a, b);

    vow_unref(vow_select_of(f->loop, a, b));
    vow_cancel(vow_ref(promise));
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
    promise = vow_select_of(f->loop, a, b);
    vow_resolve(&source[1].resolver, vow_int(5));
    vow_unref(vow_select_of(f->loop, a, b));
    turn(f);
    assert_peek(promise, "1");
    assert_peek(b, "5");
    g_assert_true(vow_is_pending(a));
    vow_unref(promise);
    vow_unref(b);
    assert_log(f, "");
    vow_unref(a);
    assert_log(f, "a-cancelled");
}

/* A reaction left behind would be memory, or a word. */
static void test_again_and_again(fixture *f)
{
    struct source source;
    vow_promise *a = pending(f, &source, "a"), *b = vow_resolved(f->loop, vow_int(7)), *promise;
    gint blocks = f->memory.blocks;

    for (int i = 0; i < 1000000; i++)
        vow_unref(vow_select_of(f->loop, a, a, b));
    for (int i = 0; i < 1000; i++) {
        promise = vow_select_of(f->loop, a, b, a);
        turn(f);
        assert_peek(promise, "1");
        vow_unref(promise);
    }
    g_assert_cmpint(f->memory.blocks, <=, blocks + 2);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 2);
    watch(f, a, "a");
    vow_resolve(&source.resolver, vow_int(1));
    turn(f);
    assert_log(f, "a=1");
    vow_unref(b);
}

/* The signal that a promise has is nobody's yet, nor is the line: dropped, it goes to the next. */
static void test_items_come_back(fixture *f)
{
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    vow_signals *signals = vow_signals_of(f->loop, SIGUSR1);
    vow_stream *input = vow_stream_new(f->loop, ends[0]);
    vow_promise *signum = vow_signals_next(signals), *line = vow_stream_read_line(input, 100), *promise;

    promise = vow_select_of(f->loop, line, signum);
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    turn(f);
    assert_peek(promise, "1");
    vow_unref(promise);
    vow_unref(signum);
    signum = vow_signals_next(signals);
    g_assert_cmpint(write(ends[1], "one\ntwo\n", 8), ==, 8);
    turn(f);
    promise = vow_select_of(f->loop, line, signum);
    turn(f);
    assert_peek(promise, "0");
    vow_unref(promise);
    vow_unref(line);
    line = vow_stream_read_line(input, 100);
    turn(f);
    g_assert_cmpstr(vow_as_bytes(vow_peek(line))->data, ==, "one");
    g_assert_cmpint(vow_as_int(vow_peek(signum)), ==, SIGUSR1);
    vow_unref(line);
    vow_unref(signum);
    vow_stream_free(input);
    vow_signals_free(signals);
    close(ends[1]);
}

/* ---- The last reference ------------------------------------------------------------------------------ */

static void test_last_reference(fixture *f)
{
    struct source source[2];
    vow_promise *a = pending(f, &source[0], "a"), *b = pending(f, &source[1], "b");
    vow_promise *promise = vow_select_of(f->loop, a, b, a);

    vow_unref(a);
    assert_log(f, "");
    vow_unref(promise);
    assert_log(f, "a-cancelled");
    a = pending(f, &source[0], "a");
    promise = vow_select_of(f->loop, a, a, b);
    vow_unref(a);
    vow_reject(&source[1].resolver, vow_error_new(EIO, "b failed"));
    assert_log(f, "");
    turn(f);
    assert_log(f, "a-cancelled");
    assert_peek(promise, "2");
    vow_unref(promise);
    vow_unref(b);
    expect_report(f, "b failed");
}

/* Nobody has looked at the error of an input that goes with the select. */
static void test_last_reference_to_an_error(fixture *f)
{
    vow_promise *a = vow_rejected(f->loop, vow_error_new(EIO, "a failed"));
    vow_promise *b = vow_rejected(f->loop, vow_error_new(EIO, "b failed"));
    vow_promise *promise = vow_select_of(f->loop, a, b);

    vow_unref(a);
    vow_unref(b);
    turn(f);
    expect_report(f, "a failed");
    expect_report(f, "b failed");
    assert_peek(promise, "0");
    vow_unref(promise);
}

static vow_value end_with(void *promise)
{
    return vow_follow(promise);
}

/* Its own input's clean-up comes first; that of one that somebody else cancelled and holds does not. */
static void test_clean_up(fixture *f)
{
    struct source source[5];
    vow_promise *mine = vow_finally(pending(f, &source[0], "mine"), end_with, pending(f, &source[1], "end"));
    vow_promise *theirs =
        vow_finally(pending(f, &source[2], "theirs"), end_with, pending(f, &source[3], "their-end"));
    vow_promise *b = pending(f, &source[4], "b"), *promise;

    vow_cancel(vow_ref(theirs));
    promise = vow_select_of(f->loop, mine, theirs, b);
    vow_unref(mine);
    vow_resolve(&source[4].resolver, vow_nil());
    assert_log(f, "theirs-cancelled");
    turn(f);
    assert_log(f, "mine-cancelled");
    g_assert_true(vow_is_pending(promise));
    vow_resolve(&source[1].resolver, vow_nil());
    turn(f);
    assert_peek(promise, "2");
    g_assert_true(vow_is_pending(theirs));
    vow_resolve(&source[3].resolver, vow_nil());
    turn(f);
    assert_peek(theirs, "!ECANCELED");
    vow_unref(theirs);
    vow_unref(promise);
    vow_unref(b);
}

static void test_cancelled_in_clean_up(fixture *f)
{
    struct source source[2];
    vow_promise *a = vow_finally(pending(f, &source[0], "a"), end_with, pending(f, &source[1], "end"));
    vow_promise *b = vow_resolved(f->loop, vow_nil()), *promise = vow_select_of(f->loop, a, b);

    vow_unref(a);
    turn(f);
    assert_log(f, "a-cancelled");
    vow_cancel(vow_ref(promise));
    g_assert_true(vow_is_pending(promise));
    vow_resolve(&source[1].resolver, vow_nil());
    turn(f);
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
    vow_unref(b);
}

/* ---- What it waits for, no memory, misuse ------------------------------------------------------------ */

static void test_deadlock(fixture *f)
{
    struct source source;
    const char *site = NEXT_LINE(f);
    vow_promise *a = pending(f, &source, "a");
    vow_error *error = vow_run(vow_select_of(f->loop, a), NULL);

    g_assert_cmpstr(code_name(error), ==, "EDEADLK");
    g_assert_nonnull(strstr(vow_error_message(error), site));
    vow_error_unref(error);
    error = vow_run(vow_select_of(f->loop), NULL);
    g_assert_cmpstr(code_name(error), ==, "EDEADLK");
    vow_error_unref(error);
    vow_unref(a);
    assert_log(f, "a-cancelled");
}

static void test_no_memory(fixture *f)
{
    const vow_promise *many[10000];
    vow_promise *a = vow_resolved(f->loop, vow_int(1)), *promise;

    for (size_t i = 0; i < G_N_ELEMENTS(many); i++)
        many[i] = a;
    memory_fail(f, 1, true);
    promise = vow_select(f->loop, G_N_ELEMENTS(many), many);
    memory_fail(f, 0, false);
    assert_peek(promise, "!ENOMEM");
    vow_unref(promise);
    turn(f);
    assert_peek(a, "1");
    vow_unref(a);
}

static void array_is_null(fixture *f)
{
    vow_unref(vow_select(f->loop, 2, NULL));
}

static void of_another_loop(fixture *f)
{
    vow_loop *other = vow_loop_new(ev_loop_new(0));
    vow_promise *mine = vow_resolved(f->loop, vow_nil()), *other_s = vow_resolved(other, vow_nil());

    vow_unref(vow_select_of(f->loop, mine, other_s));
}

static void test_misuse(fixture *f)
{
    expect_abort(f, array_is_null, "vow_select", "the array of promises is NULL, at *test-select.c:*", false);
}

static void test_misuse_loops(fixture *f)
{
    expect_abort(f, of_another_loop, "vow_select", "promise 1 belongs to another loop, at *test-select.c:*",
                 false);
}

/* ---- vow_shield() ------------------------------------------------------------------------------------ */

static void test_shield_passes_on(fixture *f)
{
    watch(f, vow_shield(vow_resolved(f->loop, owned(f, "v"))), "a");
    watch(f, vow_shield(vow_rejected(f->loop, vow_error_new(EIO, "x"))), "b");
    watch(f, vow_shield(vow_then(vow_resolved(f->loop, vow_int(1)), NULL, NULL)), "c");
    turn(f);
    g_assert_nonnull(strstr(f->log->str, "a=v"));
    g_assert_nonnull(strstr(f->log->str, "b!EIO"));
    g_assert_nonnull(strstr(f->log->str, "c=1"));
    g_string_truncate(f->log, 0);
}

/* Nobody waits any more, and it runs on; or it is cancelled for those who wait for the shield alone. */
static void test_shield_dropped(fixture *f)
{
    struct source source[3];
    vow_promise *a = vow_then(pending(f, &source[0], "a"), saw_value, tag_new(f, "a"));
    vow_promise *b = vow_then(pending(f, &source[1], "b"), saw_value, tag_new(f, "b"));
    vow_promise *shield = vow_shield(b);

    vow_unref(vow_timeout(vow_shield(a), 3600));
    vow_cancel(vow_ref(shield));
    assert_peek(shield, "!ECANCELED");
    vow_unref(shield);
    vow_unref(vow_shield(pending(f, &source[2], "c")));
    assert_log(f, "");
    vow_resolve(&source[0].resolver, vow_int(1));
    vow_resolve(&source[1].resolver, vow_int(2));
    vow_reject(&source[2].resolver, vow_error_new(EIO, "c failed"));
    turn(f);
    assert_log(f, "a=1 b=2");
    expect_report(f, "c failed");
}

/* It does not outlive its loop, and whoever cancels it by a reference of his own still can. */
static void test_shield_ends(fixture *f)
{
    struct source source[2];
    vow_promise *a = pending(f, &source[0], "a"), *shield = vow_shield(vow_ref(a));

    vow_cancel(a);
    assert_log(f, "a-cancelled");
    turn(f);
    assert_peek(shield, "!ECANCELED");
    vow_unref(shield);
    vow_unref(vow_shield(pending(f, &source[1], "b")));
    f->expect_live = 1;
    free_loop(f);
    assert_log(f, "b-cancelled");
}

static void test_shield_no_memory(fixture *f)
{
    struct source source;
    vow_promise *held[3000], *a = vow_then(pending(f, &source, "a"), saw_value, tag_new(f, "a")), *shield;
    size_t n = 0;

    memory_fail(f, 1, true);
    while (n < G_N_ELEMENTS(held) - 1 && !vow_is_rejected(held[n] = vow_shield(vow_ref(a))))
        n++;
    shield = vow_shield(a);
    memory_fail(f, 0, false);
    assert_peek(shield, "!ENOMEM");
    vow_unref(shield);
    for (size_t i = 0; i <= n; i++)
        vow_forget(held[i]);
    vow_resolve(&source.resolver, vow_int(1));
    turn(f);
    assert_log(f, "a=1");
}

/* ---- vow_forget() ------------------------------------------------------------------------------------ */

static void test_forget(fixture *f)
{
    struct source source[2];
    vow_promise *held = pending(f, &source[1], "b");

    vow_forget(NULL);
    vow_forget(pending(f, &source[0], "a"));
    vow_forget(vow_ref(held));
    vow_forget(vow_rejected(f->loop, vow_error_new(EIO, "rejected before")));
    vow_forget(vow_resolved(f->loop, owned(f, "v")));
    assert_log(f, "~v");
    vow_reject(&source[0].resolver, vow_error_new(EIO, "rejected later"));
    vow_reject(&source[1].resolver, vow_error_new(EIO, "held by others"));
    watch(f, held, "b");
    turn(f);
    assert_log(f, "b!EIO");
}

static void test_forget_no_memory(fixture *f)
{
    memory_fail(f, 1, true);
    for (int i = 0; i < 10000; i++)
        vow_forget(vow_rejected(f->loop, vow_error_new(ENOMEM, "no memory")));
    memory_fail(f, 0, false);
    vow_unref(vow_rejected(f->loop, vow_error_new(ENOMEM, "of another")));
    expect_report(f, "of another");
}

/* The error that a clean-up takes the place of is what it would have ended with. */
static void test_forget_replaced(fixture *f)
{
    struct source source[2];
    vow_promise *slow = vow_finally(pending(f, &source[0], "a"), end_with, pending(f, &source[1], "end"));
    vow_promise *promise = vow_timeout(slow, 0);

    while (vow_resolver_is_pending(&source[0].resolver))
        ev_run(f->ev, EVRUN_ONCE);
    vow_forget(vow_ref(promise));
    vow_cancel(promise);
    vow_resolve(&source[1].resolver, vow_nil());
    turn(f);
    assert_log(f, "a-cancelled");
}

/* An item is no error. */
static void test_forget_item(fixture *f)
{
    vow_signals *signals = vow_signals_of(f->loop, SIGUSR1);
    vow_promise *before = vow_signals_next(signals), *last;

    vow_forget(vow_signals_next(signals));
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    turn(f);
    vow_forget(before);
    last = vow_signals_next(signals);
    turn(f);
    g_assert_cmpint(vow_as_int(vow_peek(last)), ==, SIGUSR1);
    vow_unref(last);
    vow_signals_free(signals);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/select/orders", test_orders);
    test_add("/select/array-stays-the-callers", test_array_stays_the_callers);
    test_add("/select/of", test_of);
    test_add("/select/dropped-or-cancelled", test_dropped_or_cancelled);
    test_add("/select/again-and-again", test_again_and_again);
    test_add("/select/items-come-back", test_items_come_back);
    test_add("/select/last-reference", test_last_reference);
    test_add("/select/last-reference-to-an-error", test_last_reference_to_an_error);
    test_add("/select/clean-up", test_clean_up);
    test_add("/select/cancelled-in-clean-up", test_cancelled_in_clean_up);
    test_add("/select/deadlock", test_deadlock);
    test_add("/select/no-memory", test_no_memory);
    test_add("/select/misuse", test_misuse);
    test_add("/select/misuse-loops", test_misuse_loops);
    test_add("/shield/passes-on", test_shield_passes_on);
    test_add("/shield/dropped", test_shield_dropped);
    test_add("/shield/ends", test_shield_ends);
    test_add("/shield/no-memory", test_shield_no_memory);
    test_add("/forget/errors", test_forget);
    test_add("/forget/no-memory", test_forget_no_memory);
    test_add("/forget/replaced", test_forget_replaced);
    test_add("/forget/item", test_forget_item);
    return g_test_run();
}
