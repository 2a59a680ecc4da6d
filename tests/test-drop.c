/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drop functions that drop something. Chains of every kind through them are released on a stack of 8 MiB, and
 * all of a chain has gone when the outermost call returns. Also arrays of promises whose memory the first one
 * to go may free.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { DEPTH = 300000, STACK = 2 * 1024 * 1024, WIDTH = 100 };

/* What a value of `node_type` owns. */
typedef struct node {
    int *count;
    vow_promise *promise;
    vow_error *error;
    vow_value value;
} node;

static void node_drop(void *pointer)
{
    node *self = pointer;

    vow_value_drop(self->value);
    vow_unref(self->promise);
    vow_error_unref(self->error);
    ++*self->count;
    g_free(self);
}

static const vow_type node_type = {"node", node_drop};

static node *node_new(int *count)
{
    node *self = g_new0(node, 1);

    self->count = count;
    return self;
}

/* ---- Links: each owns what was before it, through a drop function -------------------------------------- */

typedef vow_value (*link_fn)(fixture *f, vow_value before, int *count);

static vow_value of_value(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);

    (void) f;
    self->value = before;
    return vow_own(self, &node_type);
}

static vow_value of_settled(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);

    self->promise = vow_resolved(f->loop, before);
    return vow_own(self, &node_type);
}

/* Dropped while the handler has not run. */
static vow_value of_pending(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);

    self->promise = vow_then(vow_resolved(f->loop, before), NULL, NULL);
    return vow_own(self, &node_type);
}

/* The value is in a place of an all that is not done. */
static vow_value of_all(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);

    self->promise = vow_all_of(f->loop, vow_resolved(f->loop, before), vow_race_of(f->loop));
    turn(f);
    return vow_own(self, &node_type);
}

static vow_value of_list(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);

    g_assert_null(vow_run(vow_all_of(f->loop, vow_resolved(f->loop, before)), &self->value));
    return vow_own(self, &node_type);
}

/* Two share the value, so that one of them has an alias. */
static vow_value of_shared(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);
    vow_promise *source = vow_resolved(f->loop, before);

    self->promise = vow_all_of(f->loop, source, vow_ref(source));
    turn(f);
    return vow_own(self, &node_type);
}

static void unref(void *promise)
{
    vow_unref(promise);
}

static vow_value of_attached(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);

    self->promise = vow_attach(vow_race_of(f->loop), vow_resolved(f->loop, before), unref);
    return vow_own(self, &node_type);
}

static void value_drop(void *pointer)
{
    vow_value *value = pointer;

    vow_value_drop(*value);
    g_free(value);
}

static vow_error *done(void *object, vow_resolver *resolver)
{
    (void) object;
    vow_resolve(resolver, vow_nil());
    return NULL;
}

static const vow_thenable thenable = {"node", done, value_drop};

static vow_value of_thenable(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);
    vow_value *object = g_new(vow_value, 1);

    *object = before;
    self->promise = vow_resolved(f->loop, vow_follow_thenable(&thenable, object));
    return vow_own(self, &node_type);
}

static vow_value of_followed(fixture *f, vow_value before, int *count)
{
    node *self = node_new(count);

    self->value = vow_follow(vow_resolved(f->loop, before));
    return vow_own(self, &node_type);
}

static const struct {
    const char *name;
    link_fn link;
} links[] = {
    {"value", of_value},       {"settled", of_settled},   {"pending", of_pending},
    {"all", of_all},           {"list", of_list},         {"shared", of_shared},
    {"attached", of_attached}, {"thenable", of_thenable}, {"followed", of_followed},
};

static vow_value chain(fixture *f, link_fn link, int depth, int *count)
{
    vow_value value = vow_nil();

    for (int i = 0; i < depth; i++)
        value = link(f, value, count);
    return value;
}

/* ---- Ways in --------------------------------------------------------------------------------------------
 */

static void drop_it(fixture *f, vow_value value)
{
    (void) f;
    vow_value_drop(value);
}

static void unref_it(fixture *f, vow_value value)
{
    vow_unref(vow_resolved(f->loop, value));
}

static void settle_with_it(fixture *f, vow_value value)
{
    vow_resolver resolver;

    vow_unref(vow_promise_new(f->loop, &resolver, NULL));
    vow_resolve(&resolver, value);
}

static void cancel_it(fixture *f, vow_value value)
{
    vow_cancel(vow_then(vow_resolved(f->loop, value), NULL, NULL));
}

static void run_it(fixture *f, vow_value value)
{
    g_assert_null(vow_run(vow_resolved(f->loop, value), NULL));
}

static void attach_it(fixture *f, vow_value value)
{
    vow_unref(vow_attach(vow_race_of(f->loop), vow_resolved(f->loop, value), unref));
}

static void (*const ways[])(fixture *f, vow_value value) = {
    drop_it, unref_it, settle_with_it, cancel_it, run_it, attach_it,
};

static void test_depth(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        int count = 0;
        vow_value value = chain(f, links[i].link, DEPTH, &count);

        g_test_message("%s", links[i].name);
        g_assert_cmpint(count, ==, 0);
        vow_value_drop(value);
        g_assert_cmpint(count, ==, DEPTH);
        turn(f);
    }
}

static void test_ways_in(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        for (size_t way = 0; way < G_N_ELEMENTS(ways); way++) {
            int count = 0;

            g_test_message("%s, way %zu", links[i].name, way);
            ways[way](f, chain(f, links[i].link, DEPTH / 10, &count));
            g_assert_cmpint(count, ==, DEPTH / 10);
            turn(f);
        }
    }
}

static void test_loop_free(fixture *f)
{
    struct ev_loop *ev = ev_loop_new(0);
    vow_loop *loop = vow_loop_new(ev);
    int count = 0;

    vow_detach(vow_then(vow_resolved(loop, chain(f, of_settled, DEPTH, &count)), NULL, NULL));
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    g_assert_cmpint(count, ==, DEPTH);
}

/* ---- Order and width ------------------------------------------------------------------------------------
 */

typedef struct wide {
    fixture *f;
    int n;
    vow_value inner[WIDTH];
} wide;

static void wide_drop(void *pointer)
{
    wide *self = pointer;

    note(self->f, "(");
    for (int i = 0; i < self->n; i++)
        vow_value_drop(self->inner[i]);
    note(self->f, ")");
    g_free(self);
}

static const vow_type wide_type = {"wide", wide_drop};

/* What a drop function drops has gone when it goes on. */
static void test_order(fixture *f)
{
    wide *outer = g_new0(wide, 1);
    wide *inner = g_new0(wide, 1);

    outer->f = inner->f = f;
    inner->n = 2;
    inner->inner[0] = owned(f, "b");
    inner->inner[1] = owned(f, "c");
    outer->n = 3;
    outer->inner[0] = owned(f, "a");
    outer->inner[1] = vow_own(inner, &wide_type);
    outer->inner[2] = owned(f, "d");
    vow_value_drop(vow_own(outer, &wide_type));
    assert_log(f, "( ~a ( ~b ~c ) ~d )");
}

/* A chain of drop functions that drop a hundred things each, the rest of the chain among them. */
static void check_wide(fixture *f, int depth, int place)
{
    int count = 0;
    vow_value value = vow_nil();

    for (int i = 0; i < depth; i++) {
        wide *self = g_new0(wide, 1);

        self->f = f;
        self->n = WIDTH;
        for (int j = 0; j < WIDTH; j++)
            self->inner[j] = j == place ? value : of_value(f, vow_nil(), &count);
        value = vow_own(self, &wide_type);
    }
    vow_value_drop(value);
    g_assert_cmpint(count, ==, depth * (WIDTH - 1));
    g_string_truncate(f->log, 0);
}

static void test_wide(fixture *f)
{
    for (int place = 0; place < WIDTH; place += WIDTH / 4)
        check_wide(f, DEPTH / 100, place);
    check_wide(f, DEPTH / 100, WIDTH - 1);
}

/* Without memory for what is put off, some of it is released at once: that takes stack. */
static void test_wide_without_memory(fixture *f)
{
    memory_fail(f, 1, true);
    check_wide(f, DEPTH / 2000, 0);
    check_wide(f, DEPTH / 2000, WIDTH - 1);
    memory_fail(f, 0, false);
}

/* ---- Arrays ----------------------------------------------------------------------------------------------
 */

typedef vow_promise *(*combine_fn)(vow_loop *loop, size_t n, vow_promise *const *promises, const char *site);

typedef struct job {
    vow_resolver resolver;
    fixture *f;
    vow_promise *inputs[WIDTH];
} job;

static void job_cancel(vow_resolver *resolver)
{
    job *self = (job *) resolver;

    note(self->f, "freed");
    memset(self->inputs, 0xff, sizeof self->inputs);
    g_free(self);
}

static void check_refused(fixture *f, combine_fn combine)
{
    job *self = g_new0(job, 1);
    vow_promise *kept, *refused;
    struct source last = {0};

    self->f = f;
    self->inputs[0] = vow_promise_new(f->loop, &self->resolver, job_cancel);
    for (int i = 1; i < WIDTH - 1; i++)
        self->inputs[i] = i % 2 ? vow_sleep(f->loop, 1000) : vow_resolved(f->loop, vow_int(i));
    kept = vow_ref(self->inputs[1]);
    self->inputs[WIDTH - 1] = pending(f, &last, "last");
    memory_fail(f, 1, true);
    refused = combine(f->loop, WIDTH, self->inputs, NULL);
    memory_fail(f, 0, false);
    g_assert_true(vow_is_rejected(refused));
    g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(refused))), ==, ENOMEM);
    vow_unref(refused);
    g_assert_true(vow_is_pending(kept));
    vow_unref(kept);
    assert_log(f, "freed last-cancelled");
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

/* Out of memory, the array is not read any more once user code has run. */
static void test_refused_array(fixture *f)
{
    check_refused(f, vow_all_at);
    check_refused(f, vow_all_settled_at);
    check_refused(f, vow_any_at);
    check_refused(f, vow_race_at);
}

int main(int argc, char **argv)
{
    setrlimit(RLIMIT_STACK, &(struct rlimit){STACK, STACK});
    g_test_init(&argc, &argv, NULL);
    test_add("/drop/depth", test_depth);
    test_add("/drop/ways-in", test_ways_in);
    test_add("/drop/loop-free", test_loop_free);
    test_add("/drop/order", test_order);
    test_add("/drop/wide", test_wide);
    test_add("/drop/wide-without-memory", test_wide_without_memory);
    test_add("/drop/refused-array", test_refused_array);
    return g_test_run();
}
