/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * GLib's GTask: gtask <w1..w8|echo> <n>. A GTask belongs to one operation, so a chain is one that completes
 * the next.
 */
#include <gio/gio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>

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

/* Fake I/O that completes on the next turn. */
struct operation {
    GTask *task;
    int64_t value;
};

static GArray *under_way;

static gboolean complete_all(gpointer data)
{
    GArray *every = under_way;

    (void) data;
    under_way = g_array_new(FALSE, FALSE, sizeof(struct operation));
    for (guint i = 0; i < every->len; i++) {
        struct operation *operation = &g_array_index(every, struct operation, i);

        g_task_return_int(operation->task, (gssize) operation->value);
        g_object_unref(operation->task);
    }
    g_array_free(every, TRUE);
    return G_SOURCE_REMOVE;
}

static void fake_io(int64_t value, GAsyncReadyCallback callback, gpointer data)
{
    struct operation operation = {.task = g_task_new(NULL, NULL, callback, data), .value = value};

    if (!under_way)
        under_way = g_array_new(FALSE, FALSE, sizeof(struct operation));
    if (under_way->len == 0)
        g_idle_add_full(G_PRIORITY_DEFAULT, complete_all, NULL, NULL);
    g_array_append_val(under_way, operation);
}

struct upload {
    GTask *task; /* its own, which returns at the end */
    int64_t blob, file, version;
    int left; /* of the first two */
};

static void file_updated(GObject *object, GAsyncResult *result, gpointer data)
{
    struct upload *me = data;

    (void) object;
    g_task_return_int(me->task, (gssize) result_of(result));
    g_object_unref(me->task);
    g_free(me);
}

static void file_version_inserted(GObject *object, GAsyncResult *result, gpointer data)
{
    struct upload *me = data;

    (void) object;
    fake_io(result_of(result) + me->version, file_updated, me);
}

static void query_done(GObject *object, GAsyncResult *result, gpointer data)
{
    struct upload *me = data;

    (void) object;
    me->file = result_of(result);
    fake_io(me->file + 1, file_version_inserted, me);
}

static void query_created(GObject *object, GAsyncResult *result, gpointer data)
{
    (void) object;
    fake_io(result_of(result) + 1, query_done, data);
}

static void version_inserted(GObject *object, GAsyncResult *result, gpointer data)
{
    struct upload *me = data;

    (void) object;
    me->version = result_of(result);
    if (me->file)
        fake_io(me->file + 1, file_version_inserted, me);
    else
        fake_io(me->version + 1, query_created, me);
}

static void both_done(struct upload *me)
{
    if (--me->left == 0)
        fake_io(me->blob + 1, version_inserted, me);
}

static void blob_stored(GObject *object, GAsyncResult *result, gpointer data)
{
    struct upload *me = data;

    (void) object;
    me->blob = result_of(result);
    both_done(me);
}

static void file_found(GObject *object, GAsyncResult *result, gpointer data)
{
    struct upload *me = data;

    (void) object;
    me->file = result_of(result);
    both_done(me);
}

static void upload_start(int64_t id, int64_t *place)
{
    struct upload *me = g_new0(struct upload, 1);

    me->task = g_task_new(NULL, NULL, placed, place);
    me->left = 2;
    fake_io(id + 1, blob_stored, me);
    fake_io(0, file_found, me);
}

static void w8(struct bench *bench)
{
    bench_begin(bench);
    int64_t *values = g_new(int64_t, bench->n);
    left = bench->n;
    for (size_t i = 0; i < bench->n; i++)
        upload_start((int64_t) i, &values[i]);
    bench_alive(bench);
    g_main_loop_run(loop);
    add_up(bench, values);
    g_free(values);
    bench_end(bench);
}

struct echo {
    GSocketConnection *connection;
    char bytes[1024];
};

static void echo_read(struct echo *echo);

static void echo_close(struct echo *echo)
{
    g_object_unref(echo->connection);
    g_free(echo);
}

static void echo_written(GObject *output, GAsyncResult *result, gpointer echo)
{
    if (g_output_stream_write_all_finish(G_OUTPUT_STREAM(output), result, NULL, NULL))
        echo_read(echo);
    else
        echo_close(echo);
}

static void echo_have_read(GObject *input, GAsyncResult *result, gpointer data)
{
    struct echo *echo = data;
    gssize count = g_input_stream_read_finish(G_INPUT_STREAM(input), result, NULL);

    if (count <= 0) {
        echo_close(echo);
        return;
    }
    g_output_stream_write_all_async(g_io_stream_get_output_stream(G_IO_STREAM(echo->connection)), echo->bytes,
                                    (gsize) count, G_PRIORITY_DEFAULT, NULL, echo_written, echo);
}

static void echo_read(struct echo *echo)
{
    g_input_stream_read_async(g_io_stream_get_input_stream(G_IO_STREAM(echo->connection)), echo->bytes,
                              sizeof echo->bytes, G_PRIORITY_DEFAULT, NULL, echo_have_read, echo);
}

static gboolean echo_accept(GSocketService *service, GSocketConnection *connection, GObject *source,
                            gpointer data)
{
    struct echo *echo = g_new(struct echo, 1);

    (void) service;
    (void) source;
    (void) data;
    echo->connection = g_object_ref(connection);
    g_socket_set_option(g_socket_connection_get_socket(connection), IPPROTO_TCP, TCP_NODELAY, 1, NULL);
    echo_read(echo);
    return TRUE;
}

static int echo(void)
{
    GSocketService *service = g_socket_service_new();
    GInetAddress *host = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    GSocketAddress *address = g_inet_socket_address_new(host, 0), *bound;

    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL))
        bench_fail("cannot listen");
    g_signal_connect(service, "incoming", G_CALLBACK(echo_accept), NULL);
    printf("%u\n", g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
    fflush(stdout);
    g_main_loop_run(loop);
    return 1;
}

int main(int argc, char **argv)
{
    static const struct peer peers[] = {{"w1", w1}, {"w2", w2}, {"w3", w3}, {"w4", w4},  {"w5", w5},
                                        {"w6", w6}, {"w7", w7}, {"w8", w8}, {NULL, NULL}};

    loop = g_main_loop_new(NULL, FALSE);
    if (argc == 2 && strcmp(argv[1], "echo") == 0)
        return echo();
    return peer_main(argc, argv, peers);
}
