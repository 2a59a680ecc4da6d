/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The await macros: leaving with a value or an error, an await in every construct of C, and many tasks.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 100000 };

/* ---- Leaving ------------------------------------------------------------------------------------------- */

/* Returns what it was given, without an await. */
struct returner {
    vow_task task;
    vow_value value;
};

VOW_ASYNC(returner, me)
{
    VOW_BEGIN(me);
    VOW_RETURN(me, me->value);
    VOW_END(me);
}

static void returns_values(fixture *f)
{
    struct source source;
    vow_promise *p = vow_async(f->loop, returner, .value = vow_int(5));

    assert_peek(p, "5");
    vow_unref(p);
    vow_unref(vow_async(f->loop, returner, .value = owned(f, "o")));
    assert_log(f, "~o");
    p = vow_async(f->loop, returner, .value = vow_follow(pending(f, &source, "s")));
    assert_peek(p, "pending");
    vow_resolve(&source.resolver, owned(f, "v"));
    turn(f);
    assert_peek(p, "v");
    vow_unref(p);
    assert_log(f, "~v");
}

static void returns_errors(fixture *f)
{
    vow_promise *p = vow_async(f->loop, returner, .value = vow_throw(vow_error_new(EIO, "x")));

    assert_peek(p, "!EIO");
    vow_unref(p);
    p = vow_async(f->loop, returner, .value = vow_throwf(EPROTO, "%s", "y"));
    assert_peek(p, "!EPROTO");
    g_assert_nonnull(strstr(vow_error_message(vow_as_error(vow_peek(p))), "y"));
    vow_unref(p);
    p = vow_async(f->loop, returner, .value = vow_follow(vow_rejected(f->loop, vow_error_new(EINVAL, "z"))));
    turn(f);
    assert_peek(p, "!EINVAL");
    vow_unref(p);
}

/* Tries what rejects, and returns the error as a value, as vow_all_settled() has it. */
struct keeper {
    vow_task task;
};

VOW_ASYNC(keeper, me)
{
    VOW_BEGIN(me);
    VOW_TRY_AWAIT(me, vow_rejected(VOW_LOOP(me), vow_error_new(EIO, "kept")));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_END(me);
}

static void returns_an_error_as_a_value(fixture *f)
{
    vow_promise *p = vow_async(f->loop, keeper);

    turn(f);
    g_assert_true(vow_is_fulfilled(p));
    g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(p))), ==, EIO);
    vow_unref(p);
}

/* As `async () => Promise.resolve()` in JavaScript: two jobs more than a plain value. */
static void return_costs_the_ticks_of_javascript(fixture *f)
{
    vow_value follow = vow_follow(vow_resolved(f->loop, vow_int(9)));

    watch(f, vow_async(f->loop, returner, .value = follow), "f");
    ticks(f, 4);
    turn(f);
    assert_log(f, "1 2 f=9 3 4");
    watch(f, vow_async(f->loop, returner, .value = vow_int(9)), "f");
    ticks(f, 4);
    turn(f);
    assert_log(f, "f=9 1 2 3 4");
}

static void dropped_while_it_follows(fixture *f)
{
    struct source source;
    vow_promise *p = vow_async(f->loop, returner, .value = vow_follow(pending(f, &source, "s")));

    vow_unref(p);
    assert_log(f, "s-cancelled");
    p = vow_async(f->loop, returner, .value = vow_follow(pending(f, &source, "s")));
    turn(f);
    vow_unref(p);
    assert_log(f, "s-cancelled");
}

struct thrower {
    vow_task task;
    fixture *f;
};

VOW_ASYNC(thrower, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_THROW(me, vow_error_new(EPROTO, "thrown"));
    note(me->f, "not reached");
    VOW_END(me);
}

static void throws(fixture *f)
{
    vow_error *error = vow_run(vow_async(f->loop, thrower, .f = f), NULL);

    g_assert_cmpint(vow_error_code(error), ==, EPROTO);
    vow_error_unref(error);
}

static void unhandled_throw_is_reported(fixture *f)
{
    const char *made;

    made = HERE, vow_detach(vow_async(f->loop, thrower, .f = f));
    turn(f);
    g_assert_cmpuint(f->reports->len, ==, 1);
    g_assert_nonnull(strstr(f->reports->pdata[0], made));
    g_assert_nonnull(strstr(f->reports->pdata[0], "thrower"));
    expect_report(f, "thrown");
}

/* Returns the promise that *self points to, once it stands there. */
struct narcissus {
    vow_task task;
    vow_promise **self;
};

VOW_ASYNC(narcissus, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_RETURN(me, vow_follow(vow_ref(*me->self)));
    VOW_END(me);
}

static void returning_oneself_is_a_loop(fixture *f)
{
    vow_promise *p;
    vow_error *error;

    p = vow_async(f->loop, narcissus, .self = &p);
    error = vow_run(vow_ref(p), NULL);
    g_assert_cmpint(vow_error_code(error), ==, ELOOP);
    vow_error_unref(error);
    vow_unref(p);
}

/* ---- Control flow -------------------------------------------------------------------------------------- */

/* An await in every construct that may hold one; "sum" of what they gave. */
struct maze {
    vow_task task;
    fixture *f;
    int i, j;
    int64_t sum;
};

#define GIVE(me, n) vow_resolved(VOW_LOOP(me), vow_int(n))

VOW_ASYNC(maze, me)
{
    VOW_BEGIN(me);
    if (me->i == 0)
        VOW_AWAIT(me, GIVE(me, 1));
    else
        VOW_AWAIT(me, GIVE(me, 1000));
    me->sum += vow_as_int(VOW_RESULT(me));
    if (me->sum != 1) {
        VOW_AWAIT(me, GIVE(me, 1000));
    } else if (me->i == 0) {
        VOW_AWAIT(me, GIVE(me, 2));
        me->sum += vow_as_int(VOW_RESULT(me));
    }
    for (me->i = 0; me->i < 3; me->i++) {
        if (me->i == 1)
            continue;
        for (me->j = 0;; me->j++) {
            VOW_AWAIT(me, GIVE(me, 10 * me->i + me->j));
            note(me->f, "%d", (int) vow_as_int(VOW_RESULT(me)));
            if (me->j == 1)
                break;
        }
    }
    while (me->i-- > 0) {
        VOW_TRY_AWAIT(me, GIVE(me, me->i));
        note(me->f, "w%d", (int) vow_as_int(VOW_RESULT(me)));
    }
    do
        VOW_AWAIT(me, GIVE(me, me->j));
    while (me->j++ < 2);
    {
        VOW_AWAIT(me, GIVE(me, 7));
    }
    switch (me->j) { /* a switch without an await in it is as ever */
    case 3:
        me->sum += vow_as_int(VOW_RESULT(me));
        break;
    default:
        me->sum = -1;
    }
    VOW_RETURN(me, vow_int(me->sum));
    VOW_END(me);
}

static void awaits_in_every_construct(fixture *f)
{
    vow_promise *p = vow_async(f->loop, maze, .f = f);

    turn(f);
    assert_log(f, "0 1 20 21 w2 w1 w0");
    assert_peek(p, "10");
    vow_unref(p);
}

/* Declarations before VOW_BEGIN run at every resumption. */
struct prologue {
    vow_task task;
    fixture *f;
};

VOW_ASYNC(prologue, me)
{
    fixture *f = me->f;

    note(f, "in");
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_nil()));
    note(f, "mid");
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_nil()));
    note(f, "end");
    VOW_END(me);
}

static void code_before_begin_runs_at_every_resumption(fixture *f)
{
    g_assert_null(vow_run(vow_async(f->loop, prologue, .f = f), NULL));
    assert_log(f, "in in mid in end");
}

/* ---- Tasks and tasks ----------------------------------------------------------------------------------- */

/* 1 + 2 + … + n, each level a task. */
struct sum {
    vow_task task;
    int n;
};
VOW_DECLARE(sum);

VOW_ASYNC(sum, me)
{
    VOW_BEGIN(me);
    if (me->n == 0)
        VOW_RETURN(me, vow_int(0));
    VOW_AWAIT(me, vow_async(VOW_LOOP(me), sum, .n = me->n - 1));
    VOW_RETURN(me, vow_int(me->n + vow_as_int(VOW_RESULT(me))));
    VOW_END(me);
}

static void tasks_await_tasks(fixture *f)
{
    vow_value value;

    g_assert_null(vow_run(vow_async(f->loop, sum, .n = 100), &value));
    g_assert_cmpint(vow_as_int(&value), ==, 5050);
}

/* Counts up what the one below gave. */
struct link {
    vow_task task;
    vow_promise *below;
};

VOW_ASYNC(link, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->below);
    VOW_RETURN(me, vow_int(1 + vow_as_int(VOW_RESULT(me))));
    VOW_END(me);
}

static vow_promise *long_chain(fixture *f, struct source *source)
{
    vow_promise *p = pending(f, source, "s");

    for (int i = 0; i < MANY; i++)
        p = vow_async(f->loop, link, .below = p);
    return p;
}

static void a_long_chain_resolves(fixture *f)
{
    struct source source;
    vow_promise *p = long_chain(f, &source);
    vow_value value;

    vow_resolve(&source.resolver, vow_int(0));
    g_assert_null(vow_run(p, &value));
    g_assert_cmpint(vow_as_int(&value), ==, MANY);
}

static void a_long_chain_rejects(fixture *f)
{
    struct source source;
    vow_promise *p = long_chain(f, &source);
    vow_error *error;

    vow_reject(&source.resolver, vow_error_new(EIO, "bottom"));
    error = vow_run(p, NULL);
    g_assert_cmpint(vow_error_code(error), ==, EIO);
    vow_error_unref(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/task-flow/leave/values", returns_values);
    test_add("/task-flow/leave/errors", returns_errors);
    test_add("/task-flow/leave/error-as-a-value", returns_an_error_as_a_value);
    test_add("/task-flow/leave/ticks", return_costs_the_ticks_of_javascript);
    test_add("/task-flow/leave/dropped-follow", dropped_while_it_follows);
    test_add("/task-flow/leave/throw", throws);
    test_add("/task-flow/leave/unhandled", unhandled_throw_is_reported);
    test_add("/task-flow/leave/oneself", returning_oneself_is_a_loop);
    test_add("/task-flow/flow/constructs", awaits_in_every_construct);
    test_add("/task-flow/flow/prologue", code_before_begin_runs_at_every_resumption);
    test_add("/task-flow/many/recursive", tasks_await_tasks);
    test_add("/task-flow/many/chain-resolved", a_long_chain_resolves);
    test_add("/task-flow/many/chain-rejected", a_long_chain_rejects);
    return g_test_run();
}
