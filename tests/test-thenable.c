/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Foreign futures: followed through a vtable, subscribed to in a job of its own, released exactly once.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

/*
 * A future of "another library". What its then() does is the test's choice. It is asked once: libvow drops it
 * as soon as then() returned, so a future that must live until it answers keeps itself.
 */
struct foreign {
    fixture *f;
    vow_error *(*then)(struct foreign *foreign, vow_resolver *resolver);
    vow_resolver resolver; /* where subscribe() keeps it */
    guint drops;
};

static vow_error *foreign_then(void *object, vow_resolver *resolver)
{
    struct foreign *foreign = object;

    note(foreign->f, "then");
    return foreign->then(foreign, resolver);
}

static void foreign_drop(void *object)
{
    struct foreign *foreign = object;

    g_assert_cmpuint(foreign->drops++, ==, 0);
    foreign->f->owned--;
    note(foreign->f, "drop");
}

static const vow_thenable vtable = {"foreign", foreign_then, foreign_drop};

static vow_value follow(fixture *f, struct foreign *foreign,
                        vow_error *(*then)(struct foreign *foreign, vow_resolver *resolver))
{
    *foreign = (struct foreign){.f = f, .then = then};
    f->owned++;
    return vow_follow_thenable(&vtable, foreign);
}

static vow_error *answer(struct foreign *foreign, vow_resolver *resolver)
{
    vow_resolve(resolver, owned(foreign->f, "answer"));
    return NULL;
}

static vow_error *answer_twice(struct foreign *foreign, vow_resolver *resolver)
{
    vow_resolve(resolver, vow_int(1));
    vow_resolve(resolver, owned(foreign->f, "second"));
    return NULL;
}

static vow_error *refuse(struct foreign *foreign, vow_resolver *resolver)
{
    (void) foreign;
    vow_reject(resolver, vow_error_new(EIO, "refused"));
    return NULL;
}

static vow_error *fail(struct foreign *foreign, vow_resolver *resolver)
{
    (void) foreign, (void) resolver;
    return vow_error_new(EPROTO, "failed");
}

static vow_error *answer_and_fail(struct foreign *foreign, vow_resolver *resolver)
{
    vow_resolve(resolver, vow_int(1));
    return fail(foreign, resolver);
}

static void unsubscribe(vow_resolver *resolver)
{
    struct foreign *foreign =
        (struct foreign *) (void *) ((char *) resolver - offsetof(struct foreign, resolver));

    note(foreign->f, "unsubscribed");
}

static vow_error *subscribe(struct foreign *foreign, vow_resolver *resolver)
{
    vow_resolver_move(&foreign->resolver, resolver, unsubscribe);
    return NULL;
}

static void test_answers_at_once(fixture *f)
{
    struct foreign foreign;
    vow_promise *promise = vow_resolved(f->loop, follow(f, &foreign, answer));

    assert_log(f, "");
    g_assert_true(vow_is_pending(promise));
    turn(f);
    assert_log(f, "then drop");
    assert_peek(promise, "answer");
    vow_unref(promise);
    assert_log(f, "~answer");
}

static void test_answers_twice(fixture *f)
{
    struct foreign foreign;

    watch(f, vow_resolved(f->loop, follow(f, &foreign, answer_twice)), "p");
    turn(f);
    assert_log(f, "then ~second drop p=1");
}

static void test_refuses(fixture *f)
{
    struct foreign foreign;

    watch(f, vow_resolved(f->loop, follow(f, &foreign, refuse)), "p");
    turn(f);
    assert_log(f, "then drop p!EIO");
}

static void test_then_fails(fixture *f)
{
    struct foreign foreign;

    watch(f, vow_resolved(f->loop, follow(f, &foreign, fail)), "p");
    turn(f);
    assert_log(f, "then drop p!EPROTO");
}

/* As in ECMAScript, what then() throws after it settled does not count. */
static void test_answers_and_fails(fixture *f)
{
    struct foreign foreign;

    watch(f, vow_resolved(f->loop, follow(f, &foreign, answer_and_fail)), "p");
    turn(f);
    assert_log(f, "then drop p=1");
}

static void test_answers_later(fixture *f)
{
    struct foreign foreign;
    vow_promise *promise = vow_resolved(f->loop, follow(f, &foreign, subscribe));

    turn(f);
    assert_log(f, "then drop");
    g_assert_true(vow_is_pending(promise));
    vow_resolve(&foreign.resolver, vow_int(2));
    assert_peek(promise, "2");
    vow_unref(promise);
}

/* What it answers with may be a promise, or another foreign future. */
static void test_answers_with_thenable(fixture *f)
{
    struct foreign outer, inner;

    watch(f, vow_resolved(f->loop, follow(f, &outer, subscribe)), "p");
    turn(f);
    vow_resolve(&outer.resolver, follow(f, &inner, answer_twice));
    turn(f);
    g_assert_cmpuint(outer.drops, ==, 1);
    g_assert_cmpuint(inner.drops, ==, 1);
    g_assert_true(g_str_has_suffix(f->log->str, "p=1"));
    g_string_truncate(f->log, 0);
}

static vow_value give_foreign(vow_value *value, void *data)
{
    struct foreign *foreign = data;

    (void) value;
    return follow(foreign->f, foreign, answer_twice);
}

static void test_from_handler(fixture *f)
{
    struct foreign foreign = {.f = f};

    watch(f, vow_then(vow_resolved(f->loop, vow_nil()), give_foreign, &foreign), "p");
    turn(f);
    assert_log(f, "then ~second drop p=1");
}

static void test_never_used(fixture *f)
{
    struct foreign foreign;

    vow_value_drop(follow(f, &foreign, answer));
    assert_log(f, "drop");
}

/* Dropped before its job ran: never subscribed to. */
static void test_dropped_early(fixture *f)
{
    struct foreign foreign;

    vow_unref(vow_resolved(f->loop, follow(f, &foreign, answer)));
    assert_log(f, "drop");
    turn(f);
    assert_log(f, "");
}

static void test_dropped_late(fixture *f)
{
    struct foreign foreign;
    vow_promise *promise = vow_resolved(f->loop, follow(f, &foreign, subscribe));

    turn(f);
    vow_unref(promise);
    assert_log(f, "then drop unsubscribed");
    vow_resolve(&foreign.resolver, owned(f, "late"));
    assert_log(f, "~late");
}

static void test_second_settle_releases(fixture *f)
{
    struct source a;
    struct foreign foreign;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolve(&a.resolver, vow_int(1));
    vow_resolve(&a.resolver, follow(f, &foreign, answer));
    assert_log(f, "drop");
    vow_unref(promise);
}

static void test_loop_freed(fixture *f)
{
    struct foreign early, late;

    vow_detach(vow_resolved(f->loop, follow(f, &late, subscribe)));
    turn(f);
    vow_detach(vow_resolved(f->loop, follow(f, &early, answer)));
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    g_assert_cmpuint(early.drops, ==, 1);
    g_assert_cmpuint(late.drops, ==, 1);
    g_assert_nonnull(strstr(f->log->str, "unsubscribed"));
    g_string_truncate(f->log, 0);
}

/* A future that needs no release has no drop(). */
static void test_no_drop(fixture *f)
{
    static const vow_thenable plain = {"plain", foreign_then, NULL};
    struct foreign foreign = {.f = f, .then = refuse};

    watch(f, vow_resolved(f->loop, vow_follow_thenable(&plain, &foreign)), "p");
    vow_value_drop(vow_follow_thenable(&plain, &foreign));
    turn(f);
    assert_log(f, "then p!EIO");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/thenable/answers-at-once", test_answers_at_once);
    test_add("/thenable/answers-twice", test_answers_twice);
    test_add("/thenable/refuses", test_refuses);
    test_add("/thenable/then-fails", test_then_fails);
    test_add("/thenable/answers-and-fails", test_answers_and_fails);
    test_add("/thenable/answers-later", test_answers_later);
    test_add("/thenable/answers-with-thenable", test_answers_with_thenable);
    test_add("/thenable/from-handler", test_from_handler);
    test_add("/thenable/never-used", test_never_used);
    test_add("/thenable/dropped-early", test_dropped_early);
    test_add("/thenable/dropped-late", test_dropped_late);
    test_add("/thenable/second-settle-releases", test_second_settle_releases);
    test_add("/thenable/loop-freed", test_loop_freed);
    test_add("/thenable/no-drop", test_no_drop);
    return g_test_run();
}
