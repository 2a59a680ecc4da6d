/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User code that reaches back into the library from where it is called: settling, dropping and cancelling
 * promises, its own included, from inside handlers, on_cancel and drop functions.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

/* What a callback is to do to a promise; the promise is forgotten afterwards. */
struct deed {
    fixture *f;
    const char *name;
    void (*act)(vow_promise *promise);
    vow_promise *promise;
    struct source *source; /* settled too, when there is one */
};

static void act(struct deed *deed)
{
    vow_promise *promise = deed->promise;

    note(deed->f, "%s", deed->name);
    deed->promise = NULL;
    if (promise)
        deed->act(promise);
    if (deed->source)
        vow_resolve(&deed->source->resolver, owned(deed->f, NULL));
}

static vow_value act_then(vow_value *value, void *deed)
{
    (void) value;
    act(deed);
    return owned(((struct deed *) deed)->f, NULL);
}

static vow_value act_catch(const vow_error *error, void *deed)
{
    g_assert_cmpstr(vow_error_message(error), ==, "broken");
    act(deed);
    g_assert_cmpstr(vow_error_message(error), ==, "broken");
    return owned(((struct deed *) deed)->f, NULL);
}

static vow_value act_finally(void *deed)
{
    act(deed);
    return vow_nil();
}

static void cancel(vow_promise *promise)
{
    vow_cancel(promise);
}

static void detach(vow_promise *promise)
{
    vow_detach(promise);
}

static void (*const ways[])(vow_promise *) = {vow_unref, cancel, detach};

/* ---- From inside handlers ------------------------------------------------------------------------------ */

/* The handler gives up the last reference to its own promise, in each way there is. */
static void test_own_promise_in_then(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct deed deed = {f, "then", ways[i], NULL, NULL};
        deed.promise = vow_then(vow_resolved(f->loop, owned(f, NULL)), act_then, &deed);
        turn(f);
        assert_log(f, "then");
        g_assert_cmpint(f->owned, ==, 0);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

static void test_own_promise_in_catch(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct deed deed = {f, "catch", ways[i], NULL, NULL};
        deed.promise = vow_catch(vow_rejected(f->loop, vow_error_new(EIO, "broken")), act_catch, &deed);
        turn(f);
        assert_log(f, "catch");
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

static void test_own_promise_in_finally(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct deed deed = {f, "finally", ways[i], NULL, NULL};
        deed.promise = vow_finally(vow_resolved(f->loop, owned(f, NULL)), act_finally, &deed);
        turn(f);
        assert_log(f, "finally");
        g_assert_cmpint(f->owned, ==, 0);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* The value a handler looks at stays valid though the handler lets its source go. */
static vow_value drop_and_read(vow_value *value, void *data)
{
    struct deed *deed = data;

    act(deed);
    char *shown = show(value);
    note(deed->f, "%s", shown);
    g_free(shown);
    return vow_nil();
}

static void test_value_outlives_its_source(fixture *f)
{
    vow_promise *source = vow_resolved(f->loop, vow_strdup("text"));
    struct deed deed = {f, "drop", vow_unref, source, NULL};

    watch(f, vow_then(vow_ref(source), drop_and_read, &deed), "after");
    turn(f);
    assert_log(f, "drop text after=nil");
}

/* The first handler drops the promises of its siblings, which are in the queue already. */
static void test_siblings(fixture *f)
{
    for (size_t i = 0; i < 2; i++) {
        vow_promise *promise = vow_resolved(f->loop, owned(f, NULL));
        struct deed deed = {f, "first", ways[i], NULL, NULL};
        vow_promise *first = vow_then(vow_ref(promise), act_then, &deed);
        deed.promise = vow_then(vow_ref(promise), saw_value, tag_new(f, "never"));
        vow_promise *third = vow_finally(promise, saw_end, tag_new(f, "third"));
        turn(f);
        assert_log(f, "first third");
        vow_unref(first);
        vow_unref(third);
    }
}

static void test_others(fixture *f)
{
    struct source a;
    struct deed deed = {f, "then", vow_unref, NULL, NULL};

    deed.promise = vow_finally(pending(f, &a, "a"), saw_end, tag_new(f, "end"));
    watch(f, vow_then(vow_resolved(f->loop, vow_nil()), act_then, &deed), "after");
    turn(f);
    assert_log(f, "then a-cancelled end after=thing");
}

/* Cancels what its own promise is watched through; the watcher is told. */
static void test_cancel_own_promise(fixture *f)
{
    struct deed deed = {f, "then", cancel, NULL, NULL};
    vow_promise *promise = vow_then(vow_resolved(f->loop, vow_nil()), act_then, &deed);

    deed.promise = vow_ref(promise);
    watch(f, promise, "watch");
    turn(f);
    assert_log(f, "then watch!ECANCELED");
}

static vow_value settle_twice(vow_value *value, void *data)
{
    struct source *source = data;

    (void) value;
    vow_resolve(&source->resolver, vow_int(1));
    vow_reject(&source->resolver, vow_error_new(EIO, "late"));
    return vow_nil();
}

static void test_settle_in_handler(fixture *f)
{
    struct source a;

    watch(f, pending(f, &a, "a"), "a");
    vow_detach(vow_then(vow_resolved(f->loop, vow_nil()), settle_twice, &a));
    turn(f);
    assert_log(f, "a=1");
}

/* A thousand jobs, each made by the one before: one turn drains them all. */
static vow_value again(vow_value *value, void *data)
{
    int64_t left = vow_as_int(value);
    fixture *f = data;

    if (!left)
        note(f, "done");
    else
        vow_detach(vow_then(vow_resolved(f->loop, vow_int(left - 1)), again, f));
    return vow_nil();
}

static void test_jobs_make_jobs(fixture *f)
{
    vow_detach(vow_then(vow_resolved(f->loop, vow_int(1000)), again, f));
    turn(f);
    assert_log(f, "done");
}

/* ---- From inside on_cancel ----------------------------------------------------------------------------- */

struct op {
    vow_resolver resolver;
    struct deed deed;
};

static void act_cancelled(vow_resolver *resolver)
{
    act(&((struct op *) resolver)->deed);
}

/* It may resolve itself (to no effect), drop others, and cancel what is being cancelled. */
static void test_on_cancel_settles(fixture *f)
{
    struct op op = {.deed = {f, "cancelled", vow_unref, NULL, (struct source *) &op.resolver}};

    vow_unref(vow_promise_new(f->loop, &op.resolver, act_cancelled));
    assert_log(f, "cancelled");
    g_assert_cmpint(f->owned, ==, 0);
}

static void test_on_cancel_drops_others(fixture *f)
{
    struct source a, b;
    struct op op = {.deed = {f, "cancelled", vow_unref, NULL, &b}};

    op.deed.promise = vow_finally(pending(f, &a, "a"), saw_end, tag_new(f, "end"));
    watch(f, pending(f, &b, "b"), "b");
    vow_unref(vow_promise_new(f->loop, &op.resolver, act_cancelled));
    assert_log(f, "cancelled a-cancelled end");
    turn(f);
    assert_log(f, "b=thing");
}

static void test_on_cancel_cancels_itself(fixture *f)
{
    struct op op = {.deed = {f, "cancelled", cancel, NULL, NULL}};
    vow_promise *promise = vow_promise_new(f->loop, &op.resolver, act_cancelled);

    op.deed.promise = vow_ref(promise);
    vow_cancel(vow_ref(promise));
    assert_log(f, "cancelled");
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

/* Dropping the last reference to a combinator from the on_cancel of one of its inputs. */
static void test_on_cancel_drops_siblings(fixture *f)
{
    struct source a;
    struct op op = {.deed = {f, "cancelled", vow_unref, NULL, NULL}};
    vow_promise *input = vow_promise_new(f->loop, &op.resolver, act_cancelled);

    op.deed.promise = vow_race_of(f->loop, input, pending(f, &a, "a"));
    vow_cancel(vow_ref(input));
    turn(f);
    assert_log(f, "cancelled a-cancelled");
}

static void make_another(vow_resolver *resolver)
{
    struct op *op = (struct op *) resolver;
    fixture *f = op->deed.f;

    op->deed.promise = vow_then(vow_resolved(f->loop, vow_int(1)), saw_value, tag_new(f, "new"));
}

/* Each of the two resolves the other one, which is about to be cancelled, too: that one's resolver is used
 * up. */
struct twin {
    vow_resolver resolver;
    fixture *f;
    struct twin *other;
};

static void resolve_other(vow_resolver *resolver)
{
    struct twin *self = (struct twin *) resolver;

    note(self->f, "cancelled");
    vow_resolve(&self->other->resolver, owned(self->f, NULL));
    g_assert_false(vow_resolver_is_pending(&self->other->resolver));
}

static void test_on_cancel_resolves_sibling(fixture *f)
{
    struct twin one = {.f = f}, two = {.f = f, .other = &one};
    vow_promise *promise;

    one.other = &two;
    promise = vow_promise_new(f->loop, &one.resolver, resolve_other);
    vow_unref(vow_race_of(f->loop, promise, vow_promise_new(f->loop, &two.resolver, resolve_other)));
    assert_log(f, "cancelled");
    g_assert_cmpint(f->owned, ==, 0);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

static void test_on_cancel_makes_promises(fixture *f)
{
    struct op op = {.deed = {.f = f}};

    vow_unref(vow_promise_new(f->loop, &op.resolver, make_another));
    turn(f);
    assert_log(f, "new=1");
    vow_unref(op.deed.promise);
}

/* While a loop is being freed there is no use in a new promise. */
static void test_promises_while_freeing(fixture *f)
{
    struct op op = {.deed = {.f = f}};

    vow_detach(vow_promise_new(f->loop, &op.resolver, make_another));
    f->expect_live = 1;
    free_loop(f);
    g_assert_true(vow_is_rejected(op.deed.promise));
    assert_peek(op.deed.promise, "!ECANCELED");
    vow_unref(op.deed.promise);
    g_ptr_array_set_size(f->reports, 0);
}

/* ---- From inside drop functions ------------------------------------------------------------------------ */

static void act_dropped(void *deed)
{
    act(deed);
}

static const vow_type deed_type = {"deed", act_dropped};

static void test_drop_of_value_drops_promises(fixture *f)
{
    struct source a;
    struct deed deed = {f, "dropped", vow_unref, NULL, NULL};

    deed.promise = vow_finally(pending(f, &a, "a"), saw_end, tag_new(f, "end"));
    vow_unref(vow_resolved(f->loop, vow_own(&deed, &deed_type)));
    assert_log(f, "dropped a-cancelled end");
}

/* The second settle releases a value whose release settles the first promise's sibling. */
static void test_drop_of_value_settles(fixture *f)
{
    struct source a, b;
    struct deed deed = {f, "dropped", vow_unref, NULL, &b};

    watch(f, pending(f, &a, "a"), "a");
    watch(f, pending(f, &b, "b"), "b");
    vow_resolve(&a.resolver, vow_int(1));
    vow_resolve(&a.resolver, vow_own(&deed, &deed_type));
    turn(f);
    assert_log(f, "dropped a=1 b=thing");
}

static void test_drop_of_attached_drops_promises(fixture *f)
{
    struct source a;
    struct deed deed = {f, "dropped", cancel, NULL, NULL};

    deed.promise = pending(f, &a, "a");
    vow_detach(vow_attach(vow_resolved(f->loop, vow_int(1)), &deed, act_dropped));
    turn(f);
    assert_log(f, "dropped a-cancelled");
}

/* A value that holds a promise whose value holds a promise, and so on: each drop drops the next. */
static void test_drop_of_nested_values(fixture *f)
{
    enum { DEPTH = 100 };
    struct deed deeds[DEPTH];
    vow_promise *promise = NULL;

    for (int i = 0; i < DEPTH; i++) {
        deeds[i] = (struct deed){f, "x", vow_unref, promise, NULL};
        promise = vow_resolved(f->loop, vow_own(&deeds[i], &deed_type));
    }
    vow_unref(promise);
    g_assert_cmpuint(f->log->len, ==, 2 * DEPTH - 1);
    g_string_truncate(f->log, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/reentrant/own-promise-in-then", test_own_promise_in_then);
    test_add("/reentrant/own-promise-in-catch", test_own_promise_in_catch);
    test_add("/reentrant/own-promise-in-finally", test_own_promise_in_finally);
    test_add("/reentrant/value-outlives-its-source", test_value_outlives_its_source);
    test_add("/reentrant/siblings", test_siblings);
    test_add("/reentrant/others", test_others);
    test_add("/reentrant/cancel-own-promise", test_cancel_own_promise);
    test_add("/reentrant/settle-in-handler", test_settle_in_handler);
    test_add("/reentrant/jobs-make-jobs", test_jobs_make_jobs);
    test_add("/reentrant/on-cancel-settles", test_on_cancel_settles);
    test_add("/reentrant/on-cancel-drops-others", test_on_cancel_drops_others);
    test_add("/reentrant/on-cancel-cancels-itself", test_on_cancel_cancels_itself);
    test_add("/reentrant/on-cancel-drops-siblings", test_on_cancel_drops_siblings);
    test_add("/reentrant/on-cancel-resolves-sibling", test_on_cancel_resolves_sibling);
    test_add("/reentrant/on-cancel-makes-promises", test_on_cancel_makes_promises);
    test_add("/reentrant/promises-while-freeing", test_promises_while_freeing);
    test_add("/reentrant/drop-of-value-drops-promises", test_drop_of_value_drops_promises);
    test_add("/reentrant/drop-of-value-settles", test_drop_of_value_settles);
    test_add("/reentrant/drop-of-attached-drops-promises", test_drop_of_attached_drops_promises);
    test_add("/reentrant/drop-of-nested-values", test_drop_of_nested_values);
    return g_test_run();
}
