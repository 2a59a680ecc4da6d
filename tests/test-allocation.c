/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of memory: each of a set of small programs runs once for every allocation it makes, with that one
 * failing, and again with all from that one on failing. It must end as usual or reject with ENOMEM. Nothing
 * may be leaked, and no clean-up lost. What takes no memory at all is in test-memory.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

enum { MANY = 700 }; /* promises of one kind need more than one slab */

/* One program: what it makes on a loop, what that comes to when memory suffices, and how often its clean-up
 * must run, memory or not. */
struct program {
    const char *name;
    vow_promise *(*make)(fixture *f, vow_loop *loop);
    const char *outcome;
    int cleanups;
};

static char word[] = "text"; /* the data of handlers that need one */
static int cleanups;         /* how often the clean-up of the current program ran */

static vow_value clean_up(void *data)
{
    (void) data;
    cleanups++;
    return vow_nil();
}

static void clean_up_pointer(void *pointer)
{
    (void) clean_up(pointer);
}

/* ---- The programs -------------------------------------------------------------------------------------- */

static vow_promise *good(fixture *f, vow_loop *loop)
{
    return vow_resolved(loop, owned(f, NULL));
}

static vow_promise *bad(fixture *f, vow_loop *loop)
{
    (void) f;
    return vow_rejected(loop, vow_error_wrap(vow_error_new(EPROTO, "inner %d", 1), EIO, "outer %d", 2));
}

static vow_value copy_text(vow_value *value, void *data)
{
    (void) value;
    return vow_strdup(data);
}

static vow_value throw_it(vow_value *value, void *data)
{
    (void) value;
    return vow_throwf(EIO, "%s", (char *) data);
}

static vow_value recover(const vow_error *error, void *data)
{
    (void) error;
    return vow_strdup(data);
}

static vow_promise *make_then(fixture *f, vow_loop *loop)
{
    return vow_then(good(f, loop), copy_text, word);
}

static vow_promise *make_throw(fixture *f, vow_loop *loop)
{
    return vow_then(good(f, loop), throw_it, word);
}

/* ENOMEM is caught like any other error, so this ends well in most cases. */
static vow_promise *make_catch(fixture *f, vow_loop *loop)
{
    return vow_catch(bad(f, loop), recover, word);
}

static vow_promise *make_then_catch(fixture *f, vow_loop *loop)
{
    return vow_then_catch(good(f, loop), copy_text, recover, word);
}

static vow_promise *make_finally(fixture *f, vow_loop *loop)
{
    return vow_finally(vow_finally(good(f, loop), clean_up, NULL), clean_up, NULL);
}

static vow_value make_and_wait(void *data)
{
    cleanups++;
    return vow_follow(vow_yield((vow_loop *) data));
}

static vow_promise *make_finally_waits(fixture *f, vow_loop *loop)
{
    return vow_finally(bad(f, loop), make_and_wait, loop);
}

static vow_promise *make_attach(fixture *f, vow_loop *loop)
{
    return vow_attach(vow_attach(good(f, loop), f, clean_up_pointer), f, clean_up_pointer);
}

static vow_promise *make_follow(fixture *f, vow_loop *loop)
{
    return vow_resolved(loop, vow_follow(vow_resolved(loop, vow_follow(good(f, loop)))));
}

static vow_error *foreign_then(void *object, vow_resolver *resolver)
{
    vow_resolve(resolver, owned(object, NULL));
    return NULL;
}

static const vow_thenable foreign = {"foreign", foreign_then, clean_up_pointer};

static vow_promise *make_thenable(fixture *f, vow_loop *loop)
{
    return vow_resolved(loop, vow_follow_thenable(&foreign, f));
}

static vow_value try_it(void *data)
{
    cleanups++;
    return vow_strdup(data);
}

static vow_promise *make_try(fixture *f, vow_loop *loop)
{
    (void) f;
    return vow_try(loop, try_it, word);
}

static vow_promise *make_all(fixture *f, vow_loop *loop)
{
    return vow_all_of(loop, good(f, loop), vow_finally(good(f, loop), clean_up, NULL), vow_all_of(loop));
}

static vow_promise *make_all_settled(fixture *f, vow_loop *loop)
{
    return vow_all_settled_of(loop, vow_finally(good(f, loop), clean_up, NULL));
}

static vow_promise *make_any(fixture *f, vow_loop *loop)
{
    return vow_any_of(loop, bad(f, loop), vow_finally(bad(f, loop), clean_up, NULL));
}

static vow_promise *make_race(fixture *f, vow_loop *loop)
{
    return vow_race_of(loop, good(f, loop), vow_finally(vow_sleep(loop, 3600), clean_up, NULL));
}

static vow_promise *make_time(fixture *f, vow_loop *loop)
{
    vow_promise *promise = vow_finally(vow_sleep(loop, 3600), clean_up, NULL);

    (void) f;
    return vow_timeout(vow_then(promise, NULL, NULL), 0);
}

/* A resolver whose promise could not be made settles nothing, and nobody is told. */
static vow_promise *make_new(fixture *f, vow_loop *loop)
{
    vow_resolver resolver;
    vow_promise *promise = vow_promise_new(loop, &resolver, NULL);

    if (!vow_resolver_is_pending(&resolver))
        assert_peek(promise, "!ENOMEM");
    vow_resolve(&resolver, owned(f, NULL));
    vow_resolve(&resolver, owned(f, NULL));
    return promise;
}

struct sleeper {
    vow_task task;
    fixture *f;
    bool started;
};

VOW_ASYNC(sleeper, me)
{
    VOW_BEGIN(me);
    cleanups--; /* made up for by VOW_FINALLY: the sum is 0, whether the task could start or not */
    VOW_TRY_AWAIT(me, good(me->f, VOW_LOOP(me)));
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_RETURN(me, owned(me->f, NULL));
    VOW_FINALLY(me);
    cleanups++;
    VOW_TRY_AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_END(me);
}

static vow_promise *make_task(fixture *f, vow_loop *loop)
{
    return vow_async(loop, sleeper, .f = f);
}

static vow_promise *make_long(fixture *f, vow_loop *loop)
{
    vow_promise *promise = good(f, loop);

    for (int i = 0; i < MANY; i++)
        promise = vow_then(vow_finally(promise, clean_up, NULL), NULL, NULL);
    return promise;
}

static vow_promise *make_wide(fixture *f, vow_loop *loop)
{
    vow_promise *promises[MANY];

    for (int i = 0; i < MANY; i++)
        promises[i] = vow_finally(good(f, loop), clean_up, NULL);
    return vow_then(vow_all(loop, MANY, promises), copy_text, word);
}

static const struct program programs[] = {
    {"good", good, "thing", 0},
    {"bad", bad, "!EIO", 0},
    {"then", make_then, "text", 0},
    {"throw", make_throw, "!EIO", 0},
    {"catch", make_catch, "text", 0},
    {"then-catch", make_then_catch, "text", 0},
    {"finally", make_finally, "thing", 2},
    {"finally-waits", make_finally_waits, "!EIO", 1},
    {"attach", make_attach, "thing", 2},
    {"follow", make_follow, "thing", 0},
    {"thenable", make_thenable, "thing", 1},
    {"try", make_try, "text", 1},
    {"all", make_all, "[thing,thing,[]]", 1},
    {"all-settled", make_all_settled, "[thing]", 1},
    {"any", make_any, "!EAGGREGATE", 1},
    {"race", make_race, "thing", 1},
    {"time", make_time, "!ETIMEDOUT", 1},
    {"new", make_new, "thing", 0},
    {"task", make_task, "thing", 0},
    {"long", make_long, "thing", MANY},
    {"wide", make_wide, "text", MANY},
};

/* ---- Running them -------------------------------------------------------------------------------------- */

/* An all_settled gives ENOMEM in the place of the input that could not be made. */
static bool is_out_of_memory(const char *outcome)
{
    return strstr(outcome, "!ENOMEM") != NULL;
}

static char *run_to_its_end(vow_promise *promise)
{
    vow_value value;
    vow_error *error = vow_run(promise, &value);
    char *outcome = error ? g_strconcat("!", code_name(error), NULL) : show(&value);

    vow_error_unref(error);
    vow_value_drop(value);
    return outcome;
}

/* Runs a program on a loop of its own with the n-th allocation failing. Returns whether there was one. */
static bool run_once(fixture *f, const struct program *program, size_t n, bool after, bool drop)
{
    int before = f->memory.blocks;

    memory_fail(f, n, after);
    vow_loop *loop = vow_loop_new(f->ev);
    cleanups = loop ? 0 : program->cleanups;
    if (loop) {
        collect_reports(f, loop);
        vow_promise *promise = program->make(f, loop);
        if (drop) {
            vow_unref(promise);
        } else {
            char *outcome = run_to_its_end(promise);
            if (!f->memory.failed || !is_out_of_memory(outcome))
                g_assert_cmpstr(outcome, ==, program->outcome);
            g_free(outcome);
        }
        turn(f);
        g_assert_cmpuint(vow_loop_live(loop), ==, 0);
    }
    vow_loop_free(loop);
    g_assert_cmpint(cleanups, ==, program->cleanups);
    g_assert_cmpint(f->owned, ==, 0);
    g_assert_cmpint(f->memory.blocks, ==, before);
    g_assert_false(ev_run(f->ev, EVRUN_NOWAIT));
    return f->memory.failed > 0;
}

/* What a program had made when memory ran out is dropped, and its error with it: that is reported. */
static void check_reports(fixture *f)
{
    for (guint i = 0; i < f->reports->len; i++) {
        const char *text = f->reports->pdata[i];
        g_assert_true(strstr(text, "outer 2") || strstr(text, "out of memory"));
    }
    g_ptr_array_set_size(f->reports, 0);
}

static void run_all(fixture *f, bool after, bool drop)
{
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        size_t n = 1;
        while (run_once(f, &programs[i], n, after, drop)) {
            check_reports(f);
            n++;
        }
        g_test_message("%s: %zu allocations", programs[i].name, n - 1);
        g_assert_cmpuint(n, >, 2);
        if (!drop)
            g_assert_cmpuint(f->reports->len, ==, 0);
        check_reports(f);
    }
}

static void test_one_fails(fixture *f)
{
    run_all(f, false, false);
}

static void test_all_from_one_fail(fixture *f)
{
    run_all(f, true, false);
}

static void test_one_fails_then_dropped(fixture *f)
{
    run_all(f, false, true);
}

static void test_all_from_one_fail_then_dropped(fixture *f)
{
    run_all(f, true, true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/allocation/one-fails", test_one_fails);
    test_add("/allocation/all-from-one-fail", test_all_from_one_fail);
    test_add("/allocation/one-fails-then-dropped", test_one_fails_then_dropped);
    test_add("/allocation/all-from-one-fail-then-dropped", test_all_from_one_fail_then_dropped);
    return g_test_run();
}
