/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The await macros: how a task starts, and what an await gives. How tasks leave is in test-task-flow.c and
 * test-task-finally.c, what cancels them in test-task-cancel.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 100000 };

/* ---- Tasks that several tests use ---------------------------------------------------------------------- */

/* Notes its name, awaits one promise, notes the value and returns it. */
struct waiter {
    vow_task task;
    fixture *f;
    const char *name;
    vow_promise *promise;
};

VOW_ASYNC(waiter, me)
{
    VOW_BEGIN(me);
    note(me->f, "%s", me->name);
    VOW_AWAIT(me, me->promise);
    saw_value(VOW_RESULT(me), &(struct tag){me->f, me->name});
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_END(me);
}

#define start_waiter(f, name_, promise_) \
    vow_async((f)->loop, waiter, .f = (f), .name = (name_), .promise = (promise_))

/* ---- Starting ------------------------------------------------------------------------------------------ */

static void starts_at_once(fixture *f)
{
    struct source source;
    vow_promise *p = start_waiter(f, "a", pending(f, &source, "s"));

    assert_log(f, "a");
    assert_peek(p, "pending");
    turn(f);
    assert_log(f, "");
    vow_resolve(&source.resolver, vow_int(7));
    assert_log(f, "");
    turn(f);
    assert_log(f, "a=7");
    assert_peek(p, "7");
    vow_unref(p);
}

struct empty {
    vow_task task;
};
VOW_DECLARE(empty);

static void starts_without_fields(fixture *f)
{
    vow_promise *p = vow_async(f->loop, empty);

    assert_peek(p, "nil");
    g_assert_true(vow_promise_loop(p) == f->loop);
    vow_unref(p);
}

VOW_ASYNC(empty, me)
{
    VOW_BEGIN(me);
    VOW_END(me);
}

struct fields {
    vow_task task;
    fixture *f;
    int a, b;
    double d;
    const char *text;
    char bytes[16];
};

VOW_ASYNC(fields, me)
{
    VOW_BEGIN(me);
    g_assert_null(VOW_RESULT(me));
    g_assert_true(VOW_LOOP(me) == me->f->loop);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    note(me->f, "%d,%d,%g,%s", me->a, me->b, me->d, me->text);
    for (size_t i = 0; i < sizeof me->bytes; i++)
        g_assert_cmpint(me->bytes[i], ==, 0);
    VOW_END(me);
}

static void starts_with_fields(fixture *f)
{
    int made = 1;
    vow_promise *p = vow_async(f->loop, fields, .f = f, .text = "t", .a = made++, .d = 0.5);

    g_assert_cmpint(made, ==, 2);
    g_assert_null(vow_run(p, NULL));
    assert_log(f, "1,0,0.5,t");
}

struct large {
    vow_task task;
    unsigned char bytes[64 * 1024];
};

static unsigned char pattern(size_t i)
{
    return (unsigned char) (i * 31 + i / 256);
}

VOW_ASYNC(large, me)
{
    VOW_BEGIN(me);
    for (size_t i = 0; i < sizeof me->bytes; i++)
        me->bytes[i] = pattern(i);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    for (size_t i = 0; i < sizeof me->bytes; i++)
        g_assert_cmpint(me->bytes[i], ==, pattern(i));
    VOW_RETURN(me, vow_int(sizeof me->bytes));
    VOW_END(me);
}

static void starts_with_a_large_frame(fixture *f)
{
    vow_value value;
    vow_promise *dropped = vow_async(f->loop, large);
    vow_promise *kept = vow_async(f->loop, large);

    vow_unref(dropped);
    g_assert_null(vow_run(kept, &value));
    g_assert_cmpint(vow_as_int(&value), ==, 64 * 1024);
}

/* A frame that no slab has room for needs memory of its own, so that the failure is certain. */
static void does_not_start_without_memory(fixture *f)
{
    memory_fail(f, 1, true);
    vow_promise *p = vow_async(f->loop, large);
    memory_fail(f, 0, false);
    g_assert_true(vow_is_rejected(p));
    assert_peek(p, "!ENOMEM");
    vow_unref(p);
}

/* What a task that did not start was given is still its caller's. */
static vow_promise *start_or_give_up(fixture *f)
{
    vow_promise *given = vow_resolved(f->loop, vow_int(1));
    vow_promise *p = start_waiter(f, "w", given);

    if (vow_is_rejected(p))
        vow_unref(given);
    return p;
}

static guint count_words(const char *text, const char *word)
{
    guint count = 0;

    for (; (text = strstr(text, word)); text++)
        count++;
    return count;
}

/* Starts small tasks until the memory is used up: those that did start must work. */
static void starts_until_memory_ends(fixture *f)
{
    GPtrArray *tasks = g_ptr_array_new();
    guint good = 0;

    g_ptr_array_add(tasks, start_or_give_up(f)); /* from here on there is some memory to use up */
    memory_fail(f, 1, true);
    do {
        g_ptr_array_add(tasks, start_or_give_up(f));
    } while (!vow_is_rejected(tasks->pdata[tasks->len - 1]) && tasks->len < MANY);
    g_assert_cmpuint(tasks->len, <, MANY);
    turn(f);
    memory_fail(f, 0, false);
    for (guint i = 0; i < tasks->len; i++) {
        good += vow_is_fulfilled(tasks->pdata[i]);
        if (!vow_is_fulfilled(tasks->pdata[i]))
            assert_peek(tasks->pdata[i], "!ENOMEM");
        vow_unref(tasks->pdata[i]);
    }
    g_assert_cmpuint(good, >, 0); /* one alone where each block has an allocation of its own */
    g_assert_cmpuint(count_words(f->log->str, "w=1"), ==, good);
    g_string_truncate(f->log, 0);
    g_ptr_array_unref(tasks);
}

/* ---- Awaiting ------------------------------------------------------------------------------------------ */

static void await_costs_one_tick(fixture *f)
{
    vow_promise *p = start_waiter(f, "t", vow_resolved(f->loop, vow_int(0)));

    ticks(f, 3);
    turn(f);
    assert_log(f, "t t=0 1 2 3");
    vow_unref(p);
    ticks(f, 3);
    p = start_waiter(f, "t", vow_resolved(f->loop, vow_int(0)));
    turn(f);
    assert_log(f, "t 1 t=0 2 3");
    vow_unref(p);
}

static void await_of_a_pending_promise_costs_one_tick(fixture *f)
{
    struct source source;
    vow_promise *p = start_waiter(f, "t", pending(f, &source, "s"));

    watch(f, p, "after");
    ticks(f, 3);
    vow_resolve(&source.resolver, vow_int(5));
    turn(f);
    assert_log(f, "t 1 t=5 2 after=5 3");
}

static void rejected_await_passes_the_error_on(fixture *f)
{
    vow_error *error = vow_error_new(EIO, "a disc");
    vow_promise *p = start_waiter(f, "a", vow_rejected(f->loop, vow_error_ref(error)));

    turn(f);
    assert_log(f, "a");
    assert_peek(p, "!EIO");
    g_assert_true(vow_as_error(vow_peek(p)) == error);
    vow_error_unref(error);
    vow_unref(p);
}

/* Tries a promise, then awaits a good one. */
struct trier {
    vow_task task;
    fixture *f;
    vow_promise *promise;
};

VOW_ASYNC(trier, me)
{
    VOW_BEGIN(me);
    VOW_TRY_AWAIT(me, me->promise);
    if (VOW_ERROR(me))
        note(me->f, "!%s:%s", code_name(VOW_ERROR(me)), vow_error_message(VOW_ERROR(me)));
    else
        saw_value(VOW_RESULT(me), &(struct tag){me->f, "got"});
    VOW_TRY_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_int(2)));
    g_assert_null(VOW_ERROR(me));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_END(me);
}

static void try_await_leaves_the_error_to_the_body(fixture *f)
{
    vow_promise *bad = vow_rejected(f->loop, vow_error_new_in(&vow_domain_vow, VOW_EOF, "short"));
    vow_promise *good = vow_resolved(f->loop, vow_int(1));

    g_assert_null(vow_run(vow_async(f->loop, trier, .f = f, .promise = bad), NULL));
    g_assert_null(vow_run(vow_async(f->loop, trier, .f = f, .promise = good), NULL));
    assert_log(f, "!EOF:short got=1");
}

/* Looks at results from one await to the next. */
struct results {
    vow_task task;
    fixture *f;
};

VOW_ASYNC(results, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), owned(me->f, "a")));
    saw_value(VOW_RESULT(me), &(struct tag){me->f, "first"});
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), owned(me->f, "b")));
    saw_value(VOW_RESULT(me), &(struct tag){me->f, "second"});
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_take(VOW_RESULT(me))));
    saw_value(VOW_RESULT(me), &(struct tag){me->f, "third"});
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_nil()));
    saw_value(VOW_RESULT(me), &(struct tag){me->f, "fourth"});
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), owned(me->f, "c")));
    saw_value(VOW_RESULT(me), &(struct tag){me->f, "fifth"});
    VOW_END(me);
}

static void result_lives_until_the_next_await(fixture *f)
{
    vow_promise *p = vow_async(f->loop, results, .f = f);

    turn(f);
    assert_log(f, "first=a ~a second=b third=b ~b fourth=nil fifth=c ~c");
    assert_peek(p, "nil");
    vow_unref(p);
}

static void result_is_shared_with_other_holders(fixture *f)
{
    vow_promise *p = vow_resolved(f->loop, owned(f, "v"));
    vow_promise *first = start_waiter(f, "a", vow_ref(p)); /* takes it */
    vow_promise *second = start_waiter(f, "b", vow_ref(p));

    turn(f);
    assert_log(f, "a b a=v b=nil");
    assert_peek(first, "v");
    vow_unref(p);
    vow_unref(second);
    assert_log(f, "");
    vow_unref(first);
    assert_log(f, "~v");
}

static void awaiting_takes_no_memory(fixture *f)
{
    struct source source;
    vow_promise *inner = start_waiter(f, "in", pending(f, &source, "s"));
    vow_promise *outer = start_waiter(f, "out", inner);

    memory_fail(f, 1, true);
    vow_resolve(&source.resolver, vow_int(3));
    turn(f);
    g_assert_cmpuint(f->memory.allocated, ==, 0);
    memory_fail(f, 0, false);
    assert_log(f, "in out in=3 out=3");
    assert_peek(outer, "3");
    vow_unref(outer);
}

struct counter {
    vow_task task;
    int i;
};

VOW_ASYNC(counter, me)
{
    VOW_BEGIN(me);
    for (; me->i < MANY; me->i++) {
        VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_int(me->i)));
        g_assert_cmpint(vow_as_int(VOW_RESULT(me)), ==, me->i);
    }
    VOW_RETURN(me, vow_int(me->i));
    VOW_END(me);
}

static void awaits_many_times(fixture *f)
{
    vow_value value;

    g_assert_null(vow_run(vow_async(f->loop, counter), &value));
    g_assert_cmpint(vow_as_int(&value), ==, MANY);
}

static void tasks_of_one_type_keep_their_frames_apart(fixture *f)
{
    struct source a, b, c;
    vow_promise *p = start_waiter(f, "a", pending(f, &a, "sa"));
    vow_promise *q = start_waiter(f, "b", pending(f, &b, "sb"));
    vow_promise *r = start_waiter(f, "c", pending(f, &c, "sc"));

    vow_resolve(&c.resolver, vow_int(3));
    vow_resolve(&a.resolver, vow_int(1));
    vow_resolve(&b.resolver, vow_int(2));
    g_assert_null(vow_run(vow_all_of(f->loop, p, q, r), NULL));
    assert_log(f, "a b c c=3 a=1 b=2");
}

/* Settles what another task awaits, from inside its body. */
struct settler {
    vow_task task;
    fixture *f;
    struct source *source;
};

VOW_ASYNC(settler, me)
{
    VOW_BEGIN(me);
    vow_resolve(&me->source->resolver, vow_int(4));
    note(me->f, "settled");
    VOW_END(me);
}

static void a_task_settles_what_another_awaits(fixture *f)
{
    struct source source;
    vow_promise *p = start_waiter(f, "w", pending(f, &source, "s"));

    vow_unref(vow_async(f->loop, settler, .f = f, .source = &source));
    assert_log(f, "w settled");
    g_assert_null(vow_run(p, NULL));
    assert_log(f, "w=4");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/task/start/at-once", starts_at_once);
    test_add("/task/start/no-fields", starts_without_fields);
    test_add("/task/start/fields", starts_with_fields);
    test_add("/task/start/large-frame", starts_with_a_large_frame);
    test_add("/task/start/no-memory", does_not_start_without_memory);
    test_add("/task/start/until-memory-ends", starts_until_memory_ends);
    test_add("/task/await/one-tick", await_costs_one_tick);
    test_add("/task/await/one-tick-pending", await_of_a_pending_promise_costs_one_tick);
    test_add("/task/await/rejected", rejected_await_passes_the_error_on);
    test_add("/task/await/try", try_await_leaves_the_error_to_the_body);
    test_add("/task/await/result", result_lives_until_the_next_await);
    test_add("/task/await/shared-result", result_is_shared_with_other_holders);
    test_add("/task/await/no-memory-needed", awaiting_takes_no_memory);
    test_add("/task/await/many", awaits_many_times);
    test_add("/task/many/one-type", tasks_of_one_type_keep_their_frames_apart);
    test_add("/task/many/settler", a_task_settles_what_another_awaits);
    return g_test_run();
}
