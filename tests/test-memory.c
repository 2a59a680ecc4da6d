/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is promised to need no memory takes none: settling, cancelling and freeing, for every kind of promise.
 * Memory that was taken is used again, and goes back.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <unistd.h>

static vow_value end_nothing(void *data)
{
    (void) data;
    return vow_nil();
}

static void drop_nothing(void *pointer)
{
    (void) pointer;
}

/* ---- What needs no memory ------------------------------------------------------------------------------ */

/* One of each kind, all waiting for the same source; the end of each is kept. */
enum { WAITING = 10 };

static void make_waiting(fixture *f, vow_promise *source, vow_promise *waiting[WAITING])
{
    waiting[0] = vow_then(vow_ref(source), NULL, NULL);
    waiting[1] = vow_catch(vow_ref(source), NULL, NULL);
    waiting[2] = vow_finally(vow_ref(source), end_nothing, NULL);
    waiting[3] = vow_attach(vow_ref(source), f, drop_nothing);
    waiting[4] = vow_resolved(f->loop, vow_follow(vow_ref(source)));
    waiting[5] = vow_all_of(f->loop, vow_ref(source));
    waiting[6] = vow_all_settled_of(f->loop, vow_ref(source));
    waiting[7] = vow_any_of(f->loop, vow_ref(source));
    waiting[8] = vow_race_of(f->loop, vow_ref(source));
    waiting[9] = vow_timeout(vow_ref(source), 3600);
    vow_unref(source);
}

static void drop_all(vow_promise *waiting[WAITING])
{
    for (int i = 0; i < WAITING; i++)
        vow_unref(waiting[i]);
}

/* No call of allocate() since memory_fail(f, 1, true). */
static void assert_no_allocation(fixture *f)
{
    g_assert_cmpuint(f->memory.allocated, ==, 0);
    memory_fail(f, 0, false);
}

static void test_resolve_needs_none(fixture *f)
{
    static const char *const outcomes[WAITING] = {"1", "1", "1", "1", "1", "[1]", "[1]", "1", "1", "1"};
    struct source a;
    vow_promise *waiting[WAITING];

    make_waiting(f, pending(f, &a, "a"), waiting);
    turn(f);
    memory_fail(f, 1, true);
    vow_resolve(&a.resolver, vow_int(1));
    turn(f);
    assert_no_allocation(f);
    for (int i = 0; i < WAITING; i++)
        assert_peek(waiting[i], outcomes[i]);
    drop_all(waiting);
}

static void test_reject_needs_none(fixture *f)
{
    struct source a;
    vow_promise *waiting[WAITING];
    vow_error *error = vow_error_new(EIO, "broken");

    make_waiting(f, pending(f, &a, "a"), waiting);
    turn(f);
    memory_fail(f, 1, true);
    vow_reject(&a.resolver, error);
    turn(f);
    assert_no_allocation(f);
    for (int i = 0; i < WAITING; i++)
        assert_peek(waiting[i], i == 6 ? "[!EIO]" : i == 7 ? "!EAGGREGATE" : "!EIO");
    drop_all(waiting);
}

static void test_cancel_needs_none(fixture *f)
{
    struct source a;
    vow_promise *waiting[WAITING], *source = pending(f, &a, "a");

    make_waiting(f, vow_ref(source), waiting);
    turn(f);
    memory_fail(f, 1, true);
    vow_cancel(source);
    turn(f);
    assert_no_allocation(f);
    assert_log(f, "a-cancelled");
    for (int i = 0; i < WAITING; i++)
        assert_peek(waiting[i], i == 6 ? "[!ECANCELED]" : i == 7 ? "!EAGGREGATE" : "!ECANCELED");
    drop_all(waiting);
}

static void test_unref_needs_none(fixture *f)
{
    struct source a;
    vow_promise *waiting[WAITING];

    make_waiting(f, pending(f, &a, "a"), waiting);
    turn(f);
    memory_fail(f, 1, true);
    drop_all(waiting);
    turn(f);
    assert_no_allocation(f);
    assert_log(f, "a-cancelled");
}

/* The place where it was abandoned is the one thing that takes memory: without, it is left out. */
static void test_abandon_without_memory(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    memory_fail(f, 1, true);
    vow_resolver_abandon(&a.resolver);
    memory_fail(f, 0, false);
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

/* ---- The allocator itself ------------------------------------------------------------------------------ */

/* KEPT: blocks of slabs that a loop may keep for later, and a few. */
enum { MANY = 1000000, KEPT = 30 };

/* What was taken goes back when it is not needed any more, not only with the loop. */
static void test_memory_is_given_back(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");
    int before = f->memory.blocks;

    for (int i = 0; i < MANY; i++)
        promise = vow_then(promise, NULL, NULL);
    int most = f->memory.blocks;
    g_assert_cmpint(most, >, before + KEPT + 10);
    vow_unref(promise);
    assert_log(f, "a-cancelled");
    g_assert_cmpint(f->memory.blocks, <, before + KEPT);
}

/* Also in an order in which the last ones stand far from one another. */
static void test_memory_is_given_back_in_any_order(fixture *f)
{
    enum { STEP = 7919 }; /* a prime that does not divide MANY */
    vow_resolver *resolvers = g_new(vow_resolver, MANY);
    vow_promise **promises = g_new(vow_promise *, MANY);
    int before = f->memory.blocks;

    for (int i = 0; i < MANY; i++)
        promises[i] = vow_promise_new(f->loop, &resolvers[i], NULL);
    g_assert_cmpint(f->memory.blocks, >, before + KEPT + 10);
    for (int64_t i = 0; i < MANY; i++)
        vow_unref(promises[i * STEP % MANY]);
    g_assert_cmpint(f->memory.blocks, <, before + KEPT);
    g_free(promises);
    g_free(resolvers);
}

/* Round after round, the same memory. */
static void test_memory_is_used_again(fixture *f)
{
    for (int i = 0; i < 10000; i++) {
        g_assert_null(vow_run(vow_then(vow_resolved(f->loop, vow_int(i)), NULL, NULL), NULL));
        g_assert_cmpint(f->memory.blocks, <, 20);
    }
}

/* As many lists as there are promises of vow_all(); of those that come back a loop keeps some, not all. */
static void test_lists_are_given_back(fixture *f)
{
    enum { LISTS = 100000, KEPT_LISTS = 30000 };
    vow_promise **all = g_new(vow_promise *, LISTS);
    int before = f->memory.blocks;

    for (int i = 0; i < LISTS; i++)
        all[i] = vow_all_of(f->loop, vow_resolved(f->loop, vow_int(i)), vow_resolved(f->loop, vow_nil()));
    turn(f);
    g_assert_cmpint(f->memory.blocks, >, before + LISTS);
    for (int i = 0; i < LISTS; i++) {
        g_assert_cmpint(vow_as_int(vow_list_at(vow_as_list(vow_peek(all[i])), 0)), ==, i);
        vow_unref(all[i]);
    }
    g_assert_cmpint(f->memory.blocks, <, before + KEPT_LISTS);
    g_free(all);
}

static int listen_anywhere(fixture *f)
{
    vow_value value;

    g_assert_null(vow_run(vow_listen(f->loop, "127.0.0.1", "0", 1), &value));
    return vow_take_fd(&value);
}

/* A loop remembers what came back from a listening socket, but no socket that nobody accepts from. */
static void test_listeners_are_forgotten(fixture *f)
{
    enum { LISTENERS = 200 };
    int fds[LISTENERS], before = 0;

    for (int i = 0; i < LISTENERS; i++) {
        fds[i] = listen_anywhere(f);
        vow_unref(vow_accept(f->loop, fds[i]));
        if (i == 0)
            before = f->memory.blocks;
    }
    g_assert_cmpint(f->memory.blocks, <, before + KEPT);
    for (int i = 0; i < LISTENERS; i++)
        close(fds[i]);
}

/* Without an allocator of its own, a program uses the C library's. */
static void test_default_allocator(fixture *f)
{
    free_loop(f);
    vow_allocator_set(NULL);
    size_t before = f->memory.allocated;
    f->loop = vow_loop_new(f->ev);
    watch(f, vow_finally(vow_resolved(f->loop, vow_strdup("text")), saw_end, tag_new(f, "end")), "p");
    turn(f);
    assert_log(f, "end p=text");
    g_assert_cmpuint(f->memory.allocated, ==, before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/memory/resolve-needs-none", test_resolve_needs_none);
    test_add("/memory/reject-needs-none", test_reject_needs_none);
    test_add("/memory/cancel-needs-none", test_cancel_needs_none);
    test_add("/memory/unref-needs-none", test_unref_needs_none);
    test_add("/memory/abandon-without-memory", test_abandon_without_memory);
    test_add("/memory/given-back", test_memory_is_given_back);
    test_add("/memory/given-back-in-any-order", test_memory_is_given_back_in_any_order);
    test_add("/memory/used-again", test_memory_is_used_again);
    test_add("/memory/lists-are-given-back", test_lists_are_given_back);
    test_add("/memory/listeners-are-forgotten", test_listeners_are_forgotten);
    test_add("/memory/default-allocator", test_default_allocator);
    return g_test_run();
}
