/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * all, all_settled, any and race: every combination of inputs that settle before or after, either way, in
 * every order, against a model of a few lines.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

enum { MOST = 4 };
enum kind { ALL, ALL_SETTLED, ANY, RACE, KINDS };

struct input {
    vow_resolver resolver;
    bool rejects; /* with the code 100 + its index; else it is fulfilled with a "thing" */
    bool before;  /* whether it is settled before it is combined */
    bool cancelled;
};

struct combination {
    fixture *f;
    enum kind kind;
    bool turns; /* whether the queue is drained after each settle, or once at the end */
    int n;
    struct input inputs[MOST];
    int order[MOST]; /* in which the inputs settle, those before first */
};

static vow_value outcome_of(const struct combination *c, int i)
{
    return c->inputs[i].rejects ? vow_throwf(100 + i, "input %d", i) : owned(c->f, NULL);
}

static char *input_text(const struct combination *c, int i)
{
    return c->inputs[i].rejects ? g_strdup_printf("!%d", 100 + i) : g_strdup("thing");
}

/* The place in the order of the input that decides the outcome; n if it takes all of them. */
static int decider(const struct combination *c)
{
    int place = 0;

    if (c->kind == RACE)
        return 0;
    if (c->kind == ALL_SETTLED)
        return c->n;
    while (place < c->n && c->inputs[c->order[place]].rejects != (c->kind == ALL))
        place++;
    return place;
}

static char *list_text(const struct combination *c)
{
    GString *text = g_string_new("[");

    for (int i = 0; i < c->n; i++) {
        char *place = input_text(c, i);
        g_string_append_printf(text, "%s%s", i ? "," : "", place);
        g_free(place);
    }
    return g_string_free(g_string_append_c(text, ']'), FALSE);
}

static char *expected_text(const struct combination *c)
{
    if (decider(c) < c->n)
        return input_text(c, c->order[decider(c)]);
    if (c->kind == RACE)
        return g_strdup("pending");
    return c->kind == ANY ? g_strdup("!EAGGREGATE") : list_text(c);
}

/* Losers stop in the very job that decides: with turns, as soon as the decider is among the settled. */
static void check_cancelled(const struct combination *c, int settled)
{
    for (int place = 0; place < c->n; place++) {
        const struct input *input = &c->inputs[c->order[place]];
        bool lost = c->turns && settled > decider(c) && place > decider(c) && !input->before;
        g_assert_true(input->cancelled == lost);
    }
}

static void check_outcome(const struct combination *c, const vow_promise *promise)
{
    char *expected = expected_text(c);

    assert_peek(promise, expected);
    g_free(expected);
    if (vow_is_rejected(promise) && c->kind == ANY) {
        const vow_list *errors = vow_error_list(vow_as_error(vow_peek(promise)));
        g_assert_cmpuint(vow_list_length(errors), ==, (size_t) c->n);
        for (int i = 0; i < c->n; i++)
            g_assert_cmpint(vow_error_code(vow_as_error(vow_list_at(errors, (size_t) i))), ==, 100 + i);
    }
}

static void input_cancelled(vow_resolver *resolver)
{
    struct input *input = (struct input *) resolver;

    g_assert_false(input->cancelled);
    input->cancelled = true;
}

static vow_promise *combine(struct combination *c)
{
    static vow_promise *(*const functions[])(vow_loop *, size_t, vow_promise *const *, const char *) = {
        vow_all_at, vow_all_settled_at, vow_any_at, vow_race_at};
    vow_promise *promises[MOST];

    for (int i = 0; i < c->n; i++) {
        struct input *input = &c->inputs[i];
        promises[i] = input->before ? vow_resolved(c->f->loop, outcome_of(c, i))
                                    : vow_promise_new(c->f->loop, &input->resolver, input_cancelled);
    }
    return functions[c->kind](c->f->loop, (size_t) c->n, promises, VOW_HERE);
}

static void run_combination(struct combination *c)
{
    vow_promise *promise = combine(c);
    int settled = 0;

    while (settled < c->n && c->inputs[c->order[settled]].before)
        settled++;
    if (c->turns) {
        turn(c->f);
        check_cancelled(c, settled);
    }
    for (; settled < c->n; settled++) {
        vow_resolve(&c->inputs[c->order[settled]].resolver, outcome_of(c, c->order[settled]));
        if (c->turns) {
            turn(c->f);
            check_cancelled(c, settled + 1);
        }
    }
    turn(c->f);
    check_cancelled(c, c->n);
    check_outcome(c, promise);
    vow_unref(promise);
    g_assert_cmpint(c->f->owned, ==, 0);
    g_assert_cmpuint(vow_loop_live(c->f->loop), ==, 0);
}

/* Inputs that settle before do so in their own order, and before the others. */
static bool is_possible(const struct combination *c)
{
    for (int place = 1; place < c->n; place++) {
        int previous = c->order[place - 1], here = c->order[place];
        if (c->inputs[here].before && (!c->inputs[previous].before || previous > here))
            return false;
    }
    return true;
}

/* Runs every order that begins with the first `place` inputs of this one. Returns how many there were. */
static int permute(struct combination *c, int place)
{
    int count = 0;

    if (place == c->n) {
        struct combination copy = *c;
        if (!is_possible(c))
            return 0;
        run_combination(&copy);
        return 1;
    }
    for (int i = place; i < c->n; i++) {
        int swapped = c->order[place];
        c->order[place] = c->order[i];
        c->order[i] = swapped;
        count += permute(c, place + 1);
        c->order[i] = c->order[place];
        c->order[place] = swapped;
    }
    return count;
}

static int every_order(fixture *f, enum kind kind, int n, bool turns)
{
    int count = 0;

    for (int ways = 0; ways < 1 << (2 * n); ways++) {
        struct combination c = {.f = f, .kind = kind, .turns = turns, .n = n};
        for (int i = 0; i < n; i++) {
            c.order[i] = i;
            c.inputs[i].rejects = ways >> (2 * i) & 1;
            c.inputs[i].before = ways >> (2 * i) & 2;
        }
        count += permute(&c, 0);
    }
    return count;
}

/* With k of n inputs settling later there are k! orders, and 2^n ways for each choice of the k. */
static void every_combination(fixture *f, enum kind kind)
{
    static const int counts[MOST + 1] = {1, 4, 20, 128, 1040};

    for (int n = 0; n <= MOST; n++) {
        g_assert_cmpint(every_order(f, kind, n, true), ==, counts[n]);
        g_assert_cmpint(every_order(f, kind, n, false), ==, counts[n]);
    }
}

static void test_all_orders(fixture *f)
{
    every_combination(f, ALL);
}

static void test_all_settled_orders(fixture *f)
{
    every_combination(f, ALL_SETTLED);
}

static void test_any_orders(fixture *f)
{
    every_combination(f, ANY);
}

static void test_race_orders(fixture *f)
{
    every_combination(f, RACE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/combinators/all-orders", test_all_orders);
    test_add("/combinators/all-settled-orders", test_all_settled_orders);
    test_add("/combinators/any-orders", test_any_orders);
    test_add("/combinators/race-orders", test_race_orders);
    return g_test_run();
}
