/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is taken stands alone: a list that was taken out of its promise, whoever still holds the promises of
 * its members, may outlive them and their loop, and go to another thread while they are in use.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "gate.h"
#include "support.h"

#include <errno.h>
#include <string.h>

/* ---- Promises whose values are taken ------------------------------------------------------------------- */

static vow_promise *text(fixture *f, const char *words)
{
    return vow_resolved(f->loop, vow_strdup(words));
}

static vow_promise *thing(fixture *f, const char *name)
{
    return vow_resolved(f->loop, owned(f, name));
}

/* What is owned and cannot be copied. It may be released on any thread. */
static gint loans;

static void loan_drop(void *pointer)
{
    g_atomic_int_add(&loans, -1);
    g_free(pointer);
}

static const vow_type loan_type = {"loan", loan_drop};

static vow_promise *loan(fixture *f)
{
    g_atomic_int_add(&loans, 1);
    return vow_resolved(f->loop, vow_own(g_memdup2("loan", 5), &loan_type));
}

static void assert_loan(const vow_value *value)
{
    g_assert_cmpstr(vow_as(value, &loan_type), ==, "loan");
}

static vow_promise *failed(fixture *f)
{
    vow_error *cause = vow_error_new(EPROTO, "the cause");

    return vow_rejected(f->loop, vow_error_wrap(cause, EIO, "the error"));
}

/* What a promise is fulfilled with, taken; the promise goes. */
static vow_value outcome(vow_promise *promise)
{
    vow_value value;

    g_assert_null(vow_run(promise, &value));
    return value;
}

static const vow_value *item(const vow_value *list, size_t index)
{
    return vow_list_at(vow_as_list(list), index);
}

/* As many as each combinator passes on in its own way. */
enum { HELD = 6 };

struct held {
    vow_promise *promises[HELD];
};

static void hold(fixture *f, struct held *held)
{
    vow_promise *inner =
        vow_all_of(f->loop, text(f, "in a list"), loan(f), vow_resolved(f->loop, vow_int(5)));

    *held = (struct held){{text(f, "text"), vow_resolved(f->loop, vow_bytes_copy("b\0b", 3)), loan(f),
                           failed(f), inner, vow_resolved(f->loop, vow_int(7))}};
    turn(f);
}

static vow_promise *again(const struct held *held)
{
    vow_promise *promises[HELD];

    for (size_t i = 0; i < HELD; i++)
        promises[i] = vow_ref(held->promises[i]);
    return vow_all_settled(vow_promise_loop(promises[0]), HELD, promises);
}

static void let_go(struct held *held)
{
    for (size_t i = 0; i < HELD; i++)
        vow_unref(held->promises[i]);
}

static void assert_whole(const vow_value *list)
{
    const vow_value *inner = item(list, 4);
    const vow_error *error = vow_as_error(item(list, 3));

    g_assert_cmpstr(vow_as_str(item(list, 0)), ==, "text");
    g_assert_cmpuint(vow_as_bytes(item(list, 1))->length, ==, 3);
    g_assert_true(memcmp(vow_as_bytes(item(list, 1))->data, "b\0b", 4) == 0);
    assert_loan(item(list, 2));
    g_assert_cmpint(vow_error_code(error), ==, EIO);
    g_assert_cmpstr(vow_error_message(vow_error_cause(error)), ==, "the cause");
    g_assert_cmpstr(vow_as_str(item(inner, 0)), ==, "in a list");
    assert_loan(item(inner, 1));
    g_assert_cmpint(vow_as_int(item(inner, 2)), ==, 5);
    g_assert_cmpint(vow_as_int(item(list, 5)), ==, 7);
}

/* The same, of the promises. */
static void assert_held(const struct held *held)
{
    g_assert_cmpstr(vow_as_str(vow_peek(held->promises[0])), ==, "text");
    g_assert_cmpuint(vow_as_bytes(vow_peek(held->promises[1]))->length, ==, 3);
    assert_loan(vow_peek(held->promises[2]));
    g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(held->promises[3]))), ==, EIO);
    g_assert_cmpstr(vow_as_str(item(vow_peek(held->promises[4]), 0)), ==, "in a list");
    assert_loan(item(vow_peek(held->promises[4]), 1));
    g_assert_cmpint(vow_as_int(vow_peek(held->promises[5])), ==, 7);
}

/* ---- Here ---------------------------------------------------------------------------------------------- */

static void seen_by_both(fixture *f)
{
    struct held held;
    vow_value list;

    hold(f, &held);
    list = outcome(again(&held));
    assert_whole(&list);
    assert_held(&held);
    vow_value_drop(list);
    assert_held(&held);
    list = outcome(again(&held));
    let_go(&held);
    assert_whole(&list);
    vow_value_drop(list);
}

static void counted_by_nobody(fixture *f)
{
    struct held held;
    vow_value lists[2];

    hold(f, &held);
    lists[0] = outcome(again(&held));
    lists[1] = outcome(vow_all_of(f->loop, again(&held), vow_ref(held.promises[4])));
    let_go(&held);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    free_loop(f);
    assert_whole(&lists[0]);
    assert_whole(item(&lists[1], 0));
    assert_value(item(item(&lists[1], 1), 0), "in a list");
    vow_value_drop(lists[0]);
    vow_value_drop(lists[1]);
}

/* One promise in two places, which is the last to hold its value. */
static void twice(fixture *f)
{
    vow_promise *one = thing(f, "one"), *two = text(f, "two"), *list = vow_all_of(f->loop, thing(f, "three"));
    vow_value value = outcome(vow_all_of(f->loop, vow_ref(one), one, vow_ref(two), two, vow_ref(list), list));

    assert_value(&value, "[one,one,two,two,[three],[three]]");
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    vow_value_drop(value);
    assert_log(f, "~one ~three");
}

/* It is one thing, and whoever takes it has it. */
static void taken_from_one(fixture *f)
{
    vow_promise *one = thing(f, "one");
    vow_value list = outcome(vow_all_of(f->loop, vow_ref(one)));
    vow_value other = outcome(vow_all_of(f->loop, vow_ref(one)));
    vow_value taken = vow_take(vow_list_at(vow_as_list(&list), 0));

    assert_value(&taken, "one");
    assert_value(&other, "[nil]");
    assert_peek(one, "nil");
    vow_value_drop(list);
    vow_value_drop(other);
    vow_unref(one);
    assert_log(f, "");
    vow_value_drop(taken);
    assert_log(f, "~one");
}

/* A copy is a list of its own, and the promise keeps its list as it was. */
static void copied_lists(fixture *f)
{
    vow_promise *one = text(f, "one");
    vow_promise *inner =
        vow_all_of(f->loop, vow_ref(one), text(f, "two"), vow_all_of(f->loop), thing(f, "three"));
    vow_promise *outer = vow_all_of(f->loop, vow_ref(inner), vow_all_of(f->loop, vow_ref(inner)));
    vow_value list = outcome(vow_all_of(f->loop, vow_ref(outer)));
    vow_value changed;

    assert_value(&list, "[[[one,two,[],three],[[one,two,[],three]]]]");
    changed = vow_take(vow_list_at(vow_as_list(item(item(&list, 0), 0)), 1));
    assert_value(&list, "[[[one,nil,[],three],[[one,two,[],three]]]]");
    assert_peek(outer, "[[one,two,[],three],[[one,two,[],three]]]");
    vow_value_drop(vow_take(vow_peek(one))); /* that it is one promise's is not forgotten there */
    assert_peek(inner, "[nil,two,[],three]");
    vow_unref(one);
    vow_unref(inner);
    vow_unref(outer);
    assert_log(f, "");
    vow_value_drop(changed);
    vow_value_drop(list);
    assert_log(f, "~three");
}

static vow_value pass_all(vow_value *value, void *data)
{
    (void) data;
    return vow_take(value);
}

struct passing {
    vow_task task;
    vow_promise *from;
};

VOW_ASYNC(passing, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->from);
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_END(me);
}

/* Handlers and tasks take, too, and what only passes an outcome on changes nothing. */
static void passed_on(fixture *f)
{
    struct held held;
    vow_promise *through[6];

    hold(f, &held);
    through[0] = vow_then(again(&held), pass_all, NULL);
    through[1] = vow_async(f->loop, passing, .from = again(&held));
    through[2] = vow_race_of(f->loop, vow_any_of(f->loop, again(&held)), vow_sleep(f->loop, 1000));
    through[3] = vow_timeout(vow_shield(again(&held)), 1000);
    through[4] = vow_resolved(f->loop, vow_follow(vow_catch(again(&held), pass_error, NULL)));
    through[5] = vow_finally(again(&held), saw_end, tag_new(f, "end"));
    for (size_t i = 0; i < G_N_ELEMENTS(through); i++) {
        vow_promise *kept = vow_ref(through[i]);
        vow_value value = outcome(through[i]);

        assert_whole(&value);
        assert_held(&held);
        vow_unref(kept);
        vow_value_drop(value);
    }
    assert_log(f, "end");
    let_go(&held);
}

enum { DEEP = 200000 };

/* Lists in one another, all of them held: they are copied. */
static void deep(fixture *f)
{
    static vow_promise *levels[DEEP];
    vow_promise *thing_of_all = thing(f, "thing");
    const vow_value *at;
    vow_value list;

    levels[0] = vow_all_of(f->loop, vow_ref(thing_of_all));
    for (int i = 1; i < DEEP; i++)
        levels[i] = vow_all_of(f->loop, vow_ref(levels[i - 1]));
    list = outcome(vow_ref(levels[DEEP - 1]));
    g_assert_true(vow_is_nil(vow_peek(levels[DEEP - 1])));
    for (int i = DEEP; i-- > 0;)
        vow_unref(levels[i]);
    vow_unref(thing_of_all);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    at = &list;
    for (int i = 0; i < DEEP; i++)
        at = item(at, 0);
    assert_value(at, "thing");
    vow_value_drop(list);
    assert_log(f, "~thing");
}

/* ---- On other threads ---------------------------------------------------------------------------------- */

/* A thread that has a list, or several: looks at it, and releases it when the gate is open. */
struct reader {
    pthread_t thread;
    vow_value list;
    struct gate *gate;
};

static void *read_list(void *data)
{
    struct reader *reader = data;

    for (int i = 0; i < 100; i++) {
        vow_error *error = vow_error_ref(vow_as_error(item(&reader->list, 3)));

        assert_whole(&reader->list);
        vow_error_unref(vow_error_wrap(error, ENOENT, "wrapped"));
    }
    gate_pass(reader->gate);
    vow_value_drop(reader->list);
    return NULL;
}

enum { READERS = 4 };

static void start_readers(struct reader readers[READERS], struct gate *gate, const struct held *held)
{
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.list = outcome(again(held)), .gate = gate};
        g_assert_cmpint(pthread_create(&readers[i].thread, NULL, read_list, &readers[i]), ==, 0);
    }
}

/* Those who have it look at it on their threads, and the loop goes on with what it has. */
static void read_by_many(fixture *f)
{
    struct gate gate = GATE_CLOSED;
    struct reader readers[READERS];
    struct held held;

    hold(f, &held);
    start_readers(readers, &gate, &held);
    for (int i = 0; i < 100; i++) {
        vow_value list = outcome(again(&held));

        assert_held(&held);
        assert_whole(&list);
        vow_value_drop(list);
        vow_forget(vow_timeout(vow_ref(held.promises[3]), 1000)); /* the error passes another place */
        turn(f);
    }
    gate_open(&gate);
    let_go(&held);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i].thread, NULL);
}

/* The last one to have it is a thread, and the loop is no more. */
static void released_by_many(fixture *f)
{
    struct gate gate = GATE_CLOSED;
    struct reader readers[READERS];
    struct held held;

    hold(f, &held);
    start_readers(readers, &gate, &held);
    let_go(&held);
    free_loop(f);
    gate_open(&gate);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i].thread, NULL);
}

static void *unref_error(void *error)
{
    vow_error_unref(error);
    return NULL;
}

/* What vow_run() gives is the promise's error, too. */
static void errors_on_two_threads(fixture *f)
{
    vow_promise *promise = failed(f);
    pthread_t thread;

    for (int i = 0; i < 20; i++) {
        vow_error *error = vow_run(vow_ref(promise), NULL);

        g_assert_cmpint(pthread_create(&thread, NULL, unref_error, error), ==, 0);
        vow_error_unref(vow_run(vow_any_of(f->loop, vow_ref(promise)), NULL));
        pthread_join(thread, NULL);
    }
    vow_unref(promise);
}

struct sender {
    struct ev_loop *ev;
    vow_remote *remote;
};

/* A loop of its own, whose promises are held while the list is on its way, and gone when it arrives. */
static void *send_list(void *data)
{
    struct sender *sender = data;
    fixture other = {.ev = sender->ev, .loop = vow_loop_new(sender->ev)};
    struct held held;

    hold(&other, &held);
    vow_remote_resolve(sender->remote, outcome(again(&held)));
    assert_held(&held);
    let_go(&held);
    g_assert_cmpuint(vow_loop_live(other.loop), ==, 0);
    vow_loop_free(other.loop);
    return NULL;
}

static void through_a_remote(fixture *f)
{
    struct sender sender = {.ev = ev_loop_new(0)};
    vow_promise *promise = vow_remote_new(f->loop, &sender.remote);
    pthread_t thread;
    vow_value value;

    g_assert_cmpint(pthread_create(&thread, NULL, send_list, &sender), ==, 0);
    value = outcome(promise);
    pthread_join(thread, NULL);
    ev_loop_destroy(sender.ev);
    assert_whole(&value);
    vow_value_drop(value);
}

static vow_value return_list(void *data)
{
    assert_whole(data);
    return vow_take(data);
}

static vow_value throw_error(void *error)
{
    return vow_throw(vow_error_ref(error));
}

static void through_a_job(fixture *f)
{
    struct held held;
    vow_value list, value;
    vow_error *error;

    hold(f, &held);
    list = outcome(again(&held));
    value = outcome(vow_offload(f->loop, return_list, &list));
    assert_whole(&value);
    assert_held(&held);
    vow_value_drop(value);
    error =
        vow_run(vow_offload(f->loop, throw_error, (void *) vow_as_error(vow_peek(held.promises[3]))), NULL);
    g_assert_true(error == vow_as_error(vow_peek(held.promises[3])));
    vow_error_unref(error);
    let_go(&held);
}

/* ---- Out of memory ------------------------------------------------------------------------------------- */

/* What cannot be there twice has moved to the list, each by itself. */
static void assert_one_has_it(const vow_value *taken, const vow_value *held)
{
    char *there = show(taken), *here = show(held);

    g_assert_cmpstr(there, !=, "nil");
    g_assert_true(strcmp(here, "nil") == 0 || strcmp(here, there) == 0 || strchr(here, '['));
    g_free(there);
    g_free(here);
}

static void no_memory(fixture *f)
{
    bool has_failed = true;

    for (size_t n = 1; has_failed; n++) {
        for (int after = 0; after < 2; after++) {
            struct held held;
            vow_promise *promise;
            vow_value list;

            hold(f, &held);
            promise = again(&held);
            turn(f);
            memory_fail(f, n, after);
            list = vow_take(vow_peek(promise));
            has_failed = f->memory.failed > 0;
            memory_fail(f, 0, false);
            assert_whole(&list);
            for (size_t i = 0; i < HELD; i++)
                assert_one_has_it(item(&list, i), vow_peek(held.promises[i]));
            g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(held.promises[3]))), ==, EIO);
            vow_unref(promise);
            let_go(&held);
            vow_value_drop(list);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/taken/both", seen_by_both);
    test_add("/taken/no-leak", counted_by_nobody);
    test_add("/taken/twice", twice);
    test_add("/taken/from-one", taken_from_one);
    test_add("/taken/copies", copied_lists);
    test_add("/taken/passed-on", passed_on);
    test_add("/taken/deep", deep);
    test_add("/taken/threads/read", read_by_many);
    test_add("/taken/threads/release", released_by_many);
    test_add("/taken/threads/errors", errors_on_two_threads);
    test_add("/taken/threads/remote", through_a_remote);
    test_add("/taken/threads/offload", through_a_job);
    test_add("/taken/no-memory", no_memory);
    int status = g_test_run();

    g_assert_cmpint(loans, ==, 0);
    return status;
}
