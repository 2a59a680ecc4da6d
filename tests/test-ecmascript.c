/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What test262 checks of ECMAScript's promises that means something in C and that no other program says
 * already: which of several outcomes comes first, who may settle what, and when. It is in our own words; the
 * table in tests/conformance/test262.md says which of these stands for which of its tests.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

static vow_promise *good(fixture *f, int number)
{
    return vow_resolved(f->loop, vow_int(number));
}

static vow_promise *bad(fixture *f, int code)
{
    return vow_rejected(f->loop, vow_error_new(code, "bad"));
}

static vow_value give_two(vow_value *value, void *data)
{
    (void) value, (void) data;
    return vow_int(2);
}

static vow_value recover(const vow_error *error, void *data)
{
    (void) error, (void) data;
    return vow_int(3);
}

static vow_value throw_it(vow_value *value, void *data)
{
    (void) value, (void) data;
    return vow_throwf(EPROTO, "thrown");
}

static vow_value throw_at_end(void *data)
{
    return throw_it(NULL, data);
}

static vow_value nothing_at_end(void *data)
{
    (void) data;
    return vow_int(9);
}

/* ---- Sequences ----------------------------------------------------------------------------------------- */

typedef vow_promise *(*combinator)(vow_loop *loop, size_t n, vow_promise *const *promises, const char *site);
static const combinator combinators[] = {vow_all_at, vow_all_settled_at, vow_any_at, vow_race_at};

/* The handlers of the inputs come first, in the order of the inputs, wherever they were attached; the
 * combinator's own comes a turn later. */
static void sequence(fixture *f, combinator combine, vow_promise *a, vow_promise *b, const char *expected)
{
    vow_promise *inputs[] = {vow_ref(a), vow_ref(b)};

    watch(f, a, "a");
    watch(f, combine(f->loop, 2, inputs, HERE), "c");
    watch(f, b, "b");
    note(f, "sync");
    turn(f);
    assert_log(f, expected);
}

static void test_sequence(fixture *f)
{
    static const char *const fulfilled[] = {"[1,2]", "[1,2]", "1", "1"};

    for (size_t i = 0; i < G_N_ELEMENTS(combinators); i++) {
        char *expected = g_strdup_printf("sync a=1 b=2 c=%s", fulfilled[i]);

        sequence(f, combinators[i], good(f, 1), good(f, 2), expected);
        g_free(expected);
    }
}

static void test_sequence_with_rejections(fixture *f)
{
    static const char *const rejected[] = {"!EIO", "=[!EIO,!EPROTO]", "!EAGGREGATE", "!EIO"};

    for (size_t i = 0; i < G_N_ELEMENTS(combinators); i++) {
        char *expected = g_strdup_printf("sync a!EIO b!EPROTO c%s", rejected[i]);

        sequence(f, combinators[i], bad(f, EIO), bad(f, EPROTO), expected);
        g_free(expected);
    }
}

static void test_sequence_mixed(fixture *f)
{
    static const char *const mixed[] = {"!EIO", "=[!EIO,2]", "=2", "!EIO"};

    for (size_t i = 0; i < G_N_ELEMENTS(combinators); i++) {
        char *expected = g_strdup_printf("sync a!EIO b=2 c%s", mixed[i]);

        sequence(f, combinators[i], bad(f, EIO), good(f, 2), expected);
        g_free(expected);
    }
}

/* A combinator of one takes a turn more than a handler of that one, and not more. */
static void test_extra_ticks(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(combinators); i++) {
        vow_promise *a = good(f, 1), *inputs[] = {vow_ref(a)};

        vow_detach(vow_then(combinators[i](f->loop, 1, inputs, HERE), pass_value, tag_new(f, "second")));
        watch(f, vow_then(a, pass_value, tag_new(f, "first")), "third");
        turn(f);
        assert_log(f, "first second third=1");
    }
}

/* Nine promises that end in every way; all of them are there in the same turn or the next. */
static void nine(fixture *f, vow_promise **promises)
{
    int i = 0;

    promises[i++] = vow_catch(bad(f, EIO), recover, NULL);
    promises[i++] = vow_then(good(f, 1), give_two, NULL);
    promises[i++] = vow_then(good(f, 1), throw_it, NULL);
    promises[i++] = vow_then(bad(f, EIO), throw_it, NULL);
    promises[i++] = vow_finally(good(f, 1), nothing_at_end, NULL);
    promises[i++] = vow_finally(bad(f, EIO), nothing_at_end, NULL);
    promises[i++] = vow_finally(good(f, 1), throw_at_end, NULL);
    promises[i++] = vow_finally(bad(f, EIO), throw_at_end, NULL);
    promises[i++] = vow_then_catch(bad(f, EIO), give_two, recover, NULL);
}

static void test_then_catch_finally(fixture *f)
{
    static const char *const expected[] = {"c!EPROTO", "c=[3,2,!EPROTO,!EIO,1,!EIO,!EPROTO,!EPROTO,3]", "c=3",
                                           "c=3"};
    /* Errors that a finally() replaces are reported, and those that it had still to pass on when it was
     * dropped. */
    static const int lost[] = {2, 1, 2, 2};

    for (size_t i = 0; i < G_N_ELEMENTS(combinators); i++) {
        vow_promise *promises[9];

        nine(f, promises);
        watch(f, combinators[i](f->loop, 9, promises, HERE), "c");
        turn(f);
        assert_log(f, expected[i]);
        for (int n = 0; n < lost[i]; n++)
            expect_report(f, "bad");
    }
}

/* A rejection is no answer to any() as long as a catch() makes it one, directly or inside another promise. */
static void test_any_of_caught(fixture *f)
{
    vow_promise *caught = vow_catch(bad(f, EPROTO), recover, NULL);
    vow_promise *behind = vow_resolved(f->loop, vow_follow(vow_catch(bad(f, EPROTO), recover, NULL)));

    watch(f, vow_any_of(f->loop, bad(f, EIO), vow_all_of(f->loop, bad(f, EIO)), caught), "a");
    watch(f, vow_any_of(f->loop, bad(f, EIO), vow_all_of(f->loop, bad(f, EIO)), behind), "b");
    turn(f);
    assert_log(f, "a=3 b=3");
}

/* all() rejects whichever of its inputs does, even when the others came before. */
static void test_all_rejects_with_either(fixture *f)
{
    for (int which = 0; which < 2; which++) {
        struct source late;
        vow_promise *promise = pending(f, &late, "late");

        promise = which ? vow_all_of(f->loop, promise, good(f, 1)) : vow_all_of(f->loop, good(f, 1), promise);
        watch(f, promise, "c");
        turn(f);
        assert_log(f, "");
        vow_reject(&late.resolver, vow_error_new(EIO, "late"));
        turn(f);
        assert_log(f, "c!EIO");
    }
}

/* ---- Deferred settling --------------------------------------------------------------------------------- */

/* The order is that in which promises were settled, not that in which they were made or attached to. */
static void test_order_of_settling(fixture *f)
{
    struct source a, b;
    vow_promise *first = pending(f, &a, "a"), *second = pending(f, &b, "b");

    watch(f, first, "a");
    watch(f, second, "b");
    vow_reject(&b.resolver, vow_error_new(EIO, "b"));
    vow_resolve(&a.resolver, vow_int(1));
    note(f, "sync");
    turn(f);
    assert_log(f, "sync b!EIO a=1");
}

/* With promises that are settled already it is that in which handlers were attached. */
static void test_order_of_attaching(fixture *f)
{
    struct source a, b;
    vow_promise *first = pending(f, &a, "a"), *second = pending(f, &b, "b");

    vow_reject(&b.resolver, vow_error_new(EIO, "b"));
    vow_resolve(&a.resolver, vow_int(1));
    watch(f, first, "a");
    watch(f, second, "b");
    note(f, "sync");
    turn(f);
    assert_log(f, "sync a=1 b!EIO");
}

struct late {
    fixture *f;
    struct source source;
    vow_promise *promise;
};

static vow_value attach_and_settle(vow_value *value, void *data)
{
    struct late *late = data;

    (void) value;
    watch(late->f, late->promise, "second");
    note(late->f, "settle");
    vow_resolve(&late->source.resolver, vow_int(1));
    return vow_nil();
}

/* A handler attached from a handler, right before the promise is settled, comes after the earlier ones. */
static void test_attached_before_settling(fixture *f)
{
    struct late late = {.f = f};

    late.promise = pending(f, &late.source, "late");
    watch(f, vow_ref(late.promise), "first");
    vow_detach(vow_then(good(f, 0), attach_and_settle, &late));
    turn(f);
    assert_log(f, "settle first=1 second=1");
}

/* ---- What a promise may be resolved with --------------------------------------------------------------- */

/* A foreign future that fulfils, then does what it should not. */
struct foreign {
    fixture *f;
    int times;
    bool throws, rejects;
};

static vow_error *answer(void *object, vow_resolver *resolver)
{
    struct foreign *foreign = object;

    note(foreign->f, "then");
    for (int i = 1; i <= foreign->times; i++)
        vow_resolve(resolver, vow_int(i));
    if (foreign->rejects)
        vow_reject(resolver, vow_error_new(EIO, "late"));
    return foreign->throws ? vow_error_new(EPROTO, "poisoned") : NULL;
}

static const vow_thenable foreign_type = {"foreign", answer, NULL};

static vow_value foreign_value(struct foreign *foreign)
{
    return vow_follow_thenable(&foreign_type, foreign);
}

/* Nothing happens at once: then() is called in a job. */
static void test_thenable_is_asked_later(fixture *f)
{
    struct foreign foreign = {f, 1, false, false};

    note(f, "before");
    watch(f, vow_resolved(f->loop, foreign_value(&foreign)), "a");
    note(f, "after");
    turn(f);
    assert_log(f, "before after then a=1");
}

/* Whatever it says after its first answer is ignored, even in a combinator. */
static void test_late_answers(fixture *f)
{
    static const char *const expected[] = {"then then c=[1,1]", "then then c=[1,1]", "then then c=1",
                                           "then then c=1"};

    for (size_t i = 0; i < G_N_ELEMENTS(combinators); i++) {
        struct foreign again = {f, 3, true, false}, late = {f, 1, false, true};
        vow_promise *inputs[] = {vow_resolved(f->loop, foreign_value(&again)),
                                 vow_resolved(f->loop, foreign_value(&late))};

        watch(f, combinators[i](f->loop, 2, inputs, HERE), "c");
        turn(f);
        assert_log(f, expected[i]);
    }
}

/* A resolver that was used is used up, at once and later, whatever it was used with. */
static void test_used_resolver(fixture *f)
{
    struct source a, b, never;

    watch(f, pending(f, &a, "a"), "a");
    vow_resolve(&a.resolver, vow_int(1));
    vow_reject(&a.resolver, vow_error_new(EIO, "second"));
    watch(f, pending(f, &b, "b"), "b");
    vow_resolve(&b.resolver, vow_follow(pending(f, &never, "never")));
    turn(f);
    assert_log(f, "a=1");
    vow_resolve(&b.resolver, vow_int(2));
    vow_reject(&b.resolver, vow_error_new(EIO, "third"));
    turn(f);
    assert_log(f, "");
    vow_resolve(&never.resolver, vow_int(4));
    turn(f);
    assert_log(f, "b=4");
}

/* What a handler returns; `own` is the promise that it resolves. */
struct returner {
    int what;
    struct foreign foreign;
    vow_promise *own;
};

static vow_value returned(struct returner *returner)
{
    switch (returner->what) {
    case 0:
        return vow_int(5);
    case 1:
        return foreign_value(&returner->foreign);
    case 2:
        return vow_follow(bad(returner->foreign.f, EIO));
    case 3:
        return vow_throwf(EPROTO, "thrown");
    default:
        return vow_follow(vow_ref(returner->own));
    }
}

static vow_value return_it(vow_value *value, void *returner)
{
    (void) value;
    return returned(returner);
}

static vow_value return_after_error(const vow_error *error, void *returner)
{
    (void) error;
    return returned(returner);
}

/* Handlers of promises that are pending or settled, fulfilled or rejected, returning each kind of thing, also
 * a thenable that throws instead of answering: the promise does not tell where it came from. */
static void returns(fixture *f, bool is_late, bool is_rejected, int what, bool throws, const char *expected)
{
    struct source source;
    struct returner returner = {.what = what, .foreign = {f, throws ? 0 : 1, throws, false}};
    vow_promise *promise = pending(f, &source, "source");

    for (int late = 0; late < 2; late++) {
        if (late)
            watch(f, returner.own = vow_then_catch(promise, return_it, return_after_error, &returner), "c");
        if (late == is_late)
            vow_resolve(&source.resolver, is_rejected ? vow_throwf(EIO, "source") : vow_nil());
    }
    turn(f);
    assert_log(f, expected);
}

static void test_returns(fixture *f)
{
    for (int i = 0; i < 4; i++) {
        returns(f, i & 1, i & 2, 0, false, "c=5");
        returns(f, i & 1, i & 2, 1, false, "then c=1");
        returns(f, i & 1, i & 2, 1, true, "then c!EPROTO");
        returns(f, i & 1, i & 2, 2, false, "c!EIO");
        returns(f, i & 1, i & 2, 3, false, "c!EPROTO");
        returns(f, i & 1, i & 2, 4, false, "c!ELOOP");
    }
}

/* The same for a resolver, used before anybody waits or after. */
static void resolves(fixture *f, bool is_late, int what, bool throws, const char *expected)
{
    struct source source;
    struct returner returner = {.what = what, .foreign = {f, throws ? 0 : 1, throws, false}};

    returner.own = pending(f, &source, "source");
    if (is_late)
        watch(f, vow_ref(returner.own), "c");
    vow_resolve(&source.resolver, returned(&returner));
    if (!is_late)
        watch(f, vow_ref(returner.own), "c");
    turn(f);
    assert_log(f, expected);
    vow_unref(returner.own);
}

static void test_resolves(fixture *f)
{
    for (int is_late = 0; is_late < 2; is_late++) {
        resolves(f, is_late, 0, false, "c=5");
        resolves(f, is_late, 1, false, "then c=1");
        resolves(f, is_late, 1, true, "then c!EPROTO");
        resolves(f, is_late, 2, false, "c!EIO");
        resolves(f, is_late, 3, false, "c!EPROTO");
        resolves(f, is_late, 4, false, "c!ELOOP");
    }
}

/* ---- finally ------------------------------------------------------------------------------------------- */

static vow_value give_rejected(void *data)
{
    struct tag *tag = data;

    note(tag->f, "%s", tag->name);
    return vow_follow(bad(tag->f, EIO));
}

static vow_value give_fulfilled(void *data)
{
    struct tag *tag = data;

    note(tag->f, "%s", tag->name);
    return vow_follow(good(tag->f, 7));
}

/* What its handler returns takes the outcome's place only if it rejects. */
static void test_finally_in_a_chain(fixture *f)
{
    vow_promise *yes = vow_then(good(f, 1), pass_value, tag_new(f, "then"));
    vow_promise *no = vow_catch(bad(f, EPROTO), pass_error, tag_new(f, "catch"));

    watch(f, vow_finally(yes, give_rejected, tag_new(f, "a-end")), "a");
    watch(f, vow_finally(no, give_fulfilled, tag_new(f, "b-end")), "b");
    turn(f);
    assert_log(f, "then catch a-end b-end a!EIO b!EPROTO");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/ecmascript/sequence", test_sequence);
    test_add("/ecmascript/sequence-with-rejections", test_sequence_with_rejections);
    test_add("/ecmascript/sequence-mixed", test_sequence_mixed);
    test_add("/ecmascript/extra-ticks", test_extra_ticks);
    test_add("/ecmascript/then-catch-finally", test_then_catch_finally);
    test_add("/ecmascript/any-of-caught", test_any_of_caught);
    test_add("/ecmascript/all-rejects-with-either", test_all_rejects_with_either);
    test_add("/ecmascript/order-of-settling", test_order_of_settling);
    test_add("/ecmascript/order-of-attaching", test_order_of_attaching);
    test_add("/ecmascript/attached-before-settling", test_attached_before_settling);
    test_add("/ecmascript/thenable-is-asked-later", test_thenable_is_asked_later);
    test_add("/ecmascript/late-answers", test_late_answers);
    test_add("/ecmascript/used-resolver", test_used_resolver);
    test_add("/ecmascript/returns", test_returns);
    test_add("/ecmascript/resolves", test_resolves);
    test_add("/ecmascript/finally-in-a-chain", test_finally_in_a_chain);
    return g_test_run();
}
