/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* GLib's GTask: gtask <w1..w8> <n>. A GTask belongs to one operation, so a chain is one that completes the next. */
#include <gio/gio.h>

#include "peer.h"

static GMainLoop *loop;
static uint64_t sum;
static size_t left;

static void finish(void)
{
    g_main_loop_quit(loop);
}

static int64_t result_of(GAsyncResult *result)
{
    return (int64_t) g_task_propagate_int((GTask *) result, NULL);
}

/* W1: the data of each task is the one that it completes. */
static void chained(GObject *object, GAsyncResult *result, gpointer next)
{
    int64_t value = result_of(result) + 1;

    (void) object;
    if (next) {
        g_task_return_int(next, (gssize) value);
        g_object_unref(next);
    } else {
        sum = (uint64_t) value;
        finish();
    }
}

static void w1(struct bench *bench)
{
    GTask *task = NULL;

    bench_begin(bench);
    for (size_t i = 0; i < bench->n; i++)
        task = g_task_new(NULL, NULL, chained, task);
    bench_alive(bench);
    g_task_return_int(task, 0);
    g_object_unref(task);
    g_main_loop_run(loop);
    bench_end(bench);
    bench->checksum += sum;
}

static void added(GObject *object, GAsyncResult *result, gpointer data)
{
    (void) object;
    (void) data;
    sum += (uint64_t) result_of(result);
}

static void w2(struct bench *bench)
{
    sum = 0;
    bench_begin(bench);
    for (size_t i = bench->n; i > 0; i--) {
        GTask *task = g_task_new(NULL, NULL, added, NULL);

        g_task_return_int(task, (gssize) i);
        g_object_unref(task);
        while (g_main_context_iteration(NULL, FALSE))
            continue;
    }
    bench_end(bench);
    bench->checksum += sum;
}

/* W3: a count and a place in an array. */
static void placed(GObject *object, GAsyncResult *result, gpointer place)
{
    (void) object;
    *(int64_t *) place = result_of(result);
    if (--left == 0)
        finish();
}

static void add_up(struct bench *bench, const int64_t *values)
{
    for (size_t i = 0; i < bench->n; i++)
        bench->checksum += (uint64_t) values[i];
}

static void w3(struct bench *bench)
{
    GTask **tasks = bench_array(bench->n, sizeof *tasks);

    bench_begin(bench);
    int64_t *values = g_new(int64_t, bench->n);
    left = bench->n;
    for (size_t i = 0; i < bench->n; i++)
        tasks[i] = g_task_new(NULL, NULL, placed, &values[i]);
    for (size_t i = 0; i < bench->n; i++) {
        g_task_return_int(tasks[i], (gssize) i);
        g_object_unref(tasks[i]);
    }
    bench_alive(bench);
    g_main_loop_run(loop);
    add_up(bench, values);
    g_free(values);
    bench_end(bench);
    free(tasks);
}

/* W4: an await is a task that returned already, whose callback goes on. */
static void awaited(GObject *object, GAsyncResult *result, gpointer data)
{
    (void) object;
    sum += (uint64_t) result_of(result);
    if (--left) {
        GTask *task = g_task_new(NULL, NULL, awaited, data);

        g_task_return_int(task, 3);
        g_object_unref(task);
    } else {
        finish();
    }
}

static void w4(struct bench *bench)
{
    bench_begin(bench);
    sum = 0;
    left = bench->n;
    GTask *task = g_task_new(NULL, NULL, awaited, NULL);
    g_task_return_int(task, 3);
    g_object_unref(task);
    g_main_loop_run(loop);
    bench_end(bench);
    bench->checksum += sum;
}

/* W5: each awaits once, since what returns at once is delivered by the main loop. */
static void w5(struct bench *bench)
{
    bench_begin(bench);
    int64_t *values = g_new(int64_t, bench->n);
    left = bench->n;
    for (size_t i = 0; i < bench->n; i++) {
        GTask *task = g_task_new(NULL, NULL, placed, &values[i]);

        g_task_return_int(task, (gssize) i);
        g_object_unref(task);
    }
    bench_alive(bench);
    g_main_loop_run(loop);
    add_up(bench, values);
    g_free(values);
    bench_end(bench);
}

static void woken(GObject *object, GAsyncResult *result, gpointer data)
{
    (void) object;
    (void) data;
    sum += (uint64_t) result_of(result);
    if (--left == 0)
        finish();
}

static gboolean wake(gpointer task)
{
    g_task_return_int(task, 1);
    g_object_unref(task);
    return G_SOURCE_REMOVE;
}

static void w6(struct bench *bench)
{
    uint64_t seed = 1;

    sum = 0;
    left = bench->n;
    bench_begin(bench);
    for (size_t i = 0; i < bench->n; i++) {
        double ms = (double) bench->n * 1e-3 * bench_random(&seed) / 0x80000000u;

        g_timeout_add((guint) ms, wake, g_task_new(NULL, NULL, woken, NULL));
    }
    bench_alive(bench);
    g_main_loop_run(loop);
    bench_end(bench);
    bench->checksum += sum;
}

struct node {
    struct node *parent;
    GTask *task;
    int64_t sum;
    int left;
};

static void node_done(GObject *object, GAsyncResult *result, gpointer parent_node)
{
    struct node *parent = parent_node;
    int64_t value = result_of(result);

    (void) object;
    if (!parent) {
        sum = (uint64_t) value;
        finish();
        return;
    }
    parent->sum += value;
    if (--parent->left)
        return;
    g_task_return_int(parent->task, (gssize) parent->sum);
    g_object_unref(parent->task);
    g_free(parent);
}

static void skynet(struct node *parent, int64_t first, size_t leaves)
{
    GTask *task = g_task_new(NULL, NULL, node_done, parent);

    if (leaves == 1) {
        g_task_return_int(task, (gssize) first);
        g_object_unref(task);
        return;
    }
    struct node *node = g_new0(struct node, 1);
    node->task = task;
    node->left = 10;
    for (size_t i = 0; i < 10; i++)
        skynet(node, first + (int64_t) (i * leaves / 10), leaves / 10);
}

static void w7(struct bench *bench)
{
    bench_begin(bench);
    skynet(NULL, 0, bench->n);
    bench_alive(bench);
    g_main_loop_run(loop);
    bench_end(bench);
    bench->checksum += sum;
}

int main(int argc, char **argv)
{
    static const struct peer peers[] = {{"w1", w1}, {"w2", w2}, {"w3", w3}, {"w4", w4},
                                        {"w5", w5}, {"w6", w6}, {"w7", w7}, {NULL, NULL}};

    loop = g_main_loop_new(NULL, FALSE);
    return peer_main(argc, argv, peers);
}
