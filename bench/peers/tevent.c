/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * tevent: tevent <w1..w8|echo> <n>. Callbacks are deferred (tevent_req_defer_callback()), since one that runs
 * inside tevent_req_done() recurses on a chain. An await is an immediate event.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/time.h>
#include <talloc.h>
#include <tevent.h>
#include <unistd.h>

#include "peer.h"
#include "../serve.h"

static struct tevent_context *ev;
static uint64_t sum;
static size_t left;

struct state {
    int64_t value;
    void *data;
};

static struct state *state_of(struct tevent_req *req)
{
    return tevent_req_data(req, struct state);
}

/* Its callback is called inside tevent_req_done(), which is fine where that is called by the loop. */
static struct tevent_req *direct_request(tevent_req_fn fn, void *data)
{
    struct state *state;
    struct tevent_req *req = tevent_req_create(ev, &state, struct state);

    if (!req)
        bench_fail("out of memory");
    state->data = data;
    tevent_req_set_callback(req, fn, data);
    return req;
}

static struct tevent_req *request(tevent_req_fn fn, void *data)
{
    struct tevent_req *req = direct_request(fn, data);

    tevent_req_defer_callback(req, ev);
    return req;
}

static void resolve(struct tevent_req *req, int64_t value)
{
    state_of(req)->value = value;
    tevent_req_done(req);
}

static int64_t result_of(struct tevent_req *req)
{
    int64_t value = state_of(req)->value;

    talloc_free(req);
    return value;
}

/* Until nothing is left to be done. */
static void run(void)
{
    while (left)
        tevent_loop_once(ev);
}

static void chained(struct tevent_req *req)
{
    struct tevent_req *next = state_of(req)->data;
    int64_t value = result_of(req) + 1;

    left--;
    if (next)
        resolve(next, value);
    else
        sum = (uint64_t) value;
}

static void w1(struct bench *bench)
{
    struct tevent_req *req = NULL;

    left = bench->n;
    bench_begin(bench);
    for (size_t i = 0; i < bench->n; i++)
        req = request(chained, req);
    bench_alive(bench);
    resolve(req, 0);
    run();
    bench_end(bench);
    bench->checksum += sum;
}

static void added(struct tevent_req *req)
{
    sum += (uint64_t) result_of(req);
    left--;
}

static void w2(struct bench *bench)
{
    sum = 0;
    bench_begin(bench);
    for (size_t i = bench->n; i > 0; i--) {
        left = 1;
        resolve(request(added, NULL), (int64_t) i);
        run();
    }
    bench_end(bench);
    bench->checksum += sum;
}

static void placed(struct tevent_req *req)
{
    int64_t *place = state_of(req)->data;

    *place = result_of(req);
    left--;
}

static void add_up(struct bench *bench, const int64_t *values)
{
    for (size_t i = 0; i < bench->n; i++)
        bench->checksum += (uint64_t) values[i];
}

static void w3(struct bench *bench)
{
    struct tevent_req **reqs = bench_array(bench->n, sizeof(struct tevent_req *));

    bench_begin(bench);
    int64_t *values = malloc(bench->n * sizeof *values);
    left = bench->n;
    for (size_t i = 0; i < bench->n; i++)
        reqs[i] = request(placed, &values[i]);
    for (size_t i = 0; i < bench->n; i++)
        resolve(reqs[i], (int64_t) i);
    bench_alive(bench);
    run();
    add_up(bench, values);
    free(values);
    bench_end(bench);
    free(reqs);
}

static void step(struct tevent_context *context, struct tevent_immediate *immediate, void *data)
{
    sum += 3;
    if (--left)
        tevent_schedule_immediate(immediate, context, step, data);
}

static void w4(struct bench *bench)
{
    struct tevent_immediate *immediate = tevent_create_immediate(ev);

    sum = 0;
    left = bench->n;
    bench_begin(bench);
    tevent_schedule_immediate(immediate, ev, step, NULL);
    run();
    bench_end(bench);
    talloc_free(immediate);
    bench->checksum += sum;
}

static void child_go_on(struct tevent_context *context, struct tevent_immediate *immediate, void *data)
{
    (void) context;
    talloc_free(immediate);
    resolve(data, state_of(data)->value);
}

static void w5(struct bench *bench)
{
    bench_begin(bench);
    int64_t *values = malloc(bench->n * sizeof *values);
    left = bench->n;
    for (size_t i = 0; i < bench->n; i++) {
        struct tevent_req *req = request(placed, &values[i]);

        state_of(req)->value = (int64_t) i;
        tevent_schedule_immediate(tevent_create_immediate(req), ev, child_go_on, req);
    }
    bench_alive(bench);
    run();
    add_up(bench, values);
    free(values);
    bench_end(bench);
}

static void woken(struct tevent_req *req)
{
    sum += tevent_wakeup_recv(req);
    talloc_free(req);
    left--;
}

static void w6(struct bench *bench)
{
    uint64_t seed = 1;

    sum = 0;
    left = bench->n;
    bench_begin(bench);
    for (size_t i = 0; i < bench->n; i++) {
        uint32_t us = (uint32_t) ((uint64_t) bench->n * bench_random(&seed) >> 31);
        struct tevent_req *req =
            tevent_wakeup_send(ev, ev, tevent_timeval_current_ofs(us / 1000000, us % 1000000));

        tevent_req_set_callback(req, woken, NULL);
    }
    bench_alive(bench);
    run();
    bench_end(bench);
    bench->checksum += sum;
}

struct node {
    struct node *parent;
    struct tevent_req *req;
    int64_t sum;
    int left;
};

static void node_done(struct tevent_req *req)
{
    struct node *parent = state_of(req)->data;
    int64_t value = result_of(req);

    if (!parent) {
        sum = (uint64_t) value;
        left = 0;
        return;
    }
    parent->sum += value;
    if (--parent->left)
        return;
    resolve(parent->req, parent->sum);
    free(parent);
}

static void skynet(struct node *parent, int64_t first, size_t leaves)
{
    struct tevent_req *req = request(node_done, parent);

    if (leaves == 1) {
        resolve(req, first);
        return;
    }
    struct node *node = malloc(sizeof *node);
    *node = (struct node){.parent = parent, .req = req, .left = 10};
    for (size_t i = 0; i < 10; i++)
        skynet(node, first + (int64_t) (i * leaves / 10), leaves / 10);
}

static void w7(struct bench *bench)
{
    bench_begin(bench);
    left = 1;
    skynet(NULL, 0, bench->n);
    bench_alive(bench);
    run();
    bench_end(bench);
    bench->checksum += sum;
}

/* Fake I/O that completes on the next turn. */
static struct operation {
    struct operation *next;
    struct tevent_req *req;
    int64_t value;
} * under_way, **under_way_end = &under_way;

static void complete_all(struct tevent_context *context, struct tevent_immediate *immediate, void *data)
{
    struct operation *next, *operation = under_way;

    (void) context;
    (void) immediate;
    (void) data;
    under_way = NULL;
    under_way_end = &under_way;
    for (; operation; operation = next) {
        next = operation->next;
        resolve(operation->req, operation->value); /* frees the operation too */
    }
}

static void fake_io(int64_t value, tevent_req_fn fn, void *data)
{
    static struct tevent_immediate *immediate;
    struct tevent_req *req = direct_request(fn, data);
    struct operation *operation = talloc(req, struct operation);

    *operation = (struct operation){.req = req, .value = value};
    if (!immediate)
        immediate = tevent_create_immediate(ev);
    if (!under_way)
        tevent_schedule_immediate(immediate, ev, complete_all, NULL);
    *under_way_end = operation;
    under_way_end = &operation->next;
}

struct upload {
    struct tevent_req *req; /* its own, done at the end */
    int64_t blob, file, version;
    int left; /* of the first two */
};

static struct upload *upload_of(struct tevent_req *req)
{
    return state_of(req)->data;
}

static void file_updated(struct tevent_req *req)
{
    struct upload *me = upload_of(req);

    resolve(me->req, result_of(req));
}

static void file_version_inserted(struct tevent_req *req)
{
    struct upload *me = upload_of(req);

    fake_io(result_of(req) + me->version, file_updated, me);
}

static void query_done(struct tevent_req *req)
{
    struct upload *me = upload_of(req);

    me->file = result_of(req);
    fake_io(me->file + 1, file_version_inserted, me);
}

static void query_created(struct tevent_req *req)
{
    struct upload *me = upload_of(req);

    fake_io(result_of(req) + 1, query_done, me);
}

static void version_inserted(struct tevent_req *req)
{
    struct upload *me = upload_of(req);

    me->version = result_of(req);
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

static void blob_stored(struct tevent_req *req)
{
    struct upload *me = upload_of(req);

    me->blob = result_of(req);
    both_done(me);
}

static void file_found(struct tevent_req *req)
{
    struct upload *me = upload_of(req);

    me->file = result_of(req);
    both_done(me);
}

static void upload_start(int64_t id, int64_t *place)
{
    struct tevent_req *req = direct_request(placed, place);
    struct upload *me = talloc(req, struct upload);

    *me = (struct upload){.req = req, .left = 2};
    fake_io(id + 1, blob_stored, me);
    fake_io(0, file_found, me);
}

static void w8(struct bench *bench)
{
    bench_begin(bench);
    int64_t *values = malloc(bench->n * sizeof *values);
    left = bench->n;
    for (size_t i = 0; i < bench->n; i++)
        upload_start((int64_t) i, &values[i]);
    bench_alive(bench);
    run();
    add_up(bench, values);
    free(values);
    bench_end(bench);
}

struct echo {
    int fd;
};

static void echo_ready(struct tevent_context *context, struct tevent_fd *fde, uint16_t flags, void *data)
{
    struct echo *echo = data;
    char bytes[1024];
    ssize_t count = recv(echo->fd, bytes, sizeof bytes, 0);

    (void) context;
    (void) fde;
    (void) flags;
    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0 || send(echo->fd, bytes, (size_t) count, MSG_NOSIGNAL) != count) {
        close(echo->fd);
        talloc_free(echo);
    }
}

static void echo_accept(struct tevent_context *context, struct tevent_fd *fde, uint16_t flags, void *data)
{
    int fd;

    (void) fde;
    (void) flags;
    while ((fd = serve_accept(*(int *) data)) >= 0) {
        struct echo *echo = talloc(context, struct echo);

        echo->fd = fd;
        tevent_add_fd(context, echo, fd, TEVENT_FD_READ, echo_ready, echo);
    }
}

static int echo(void)
{
    int port = 0, fd = serve_listen(&port);

    tevent_add_fd(ev, ev, fd, TEVENT_FD_READ, echo_accept, &fd);
    printf("%d\n", port);
    fflush(stdout);
    return tevent_loop_wait(ev);
}

int main(int argc, char **argv)
{
    static const struct peer peers[] = {{"w1", w1}, {"w2", w2}, {"w3", w3}, {"w4", w4},  {"w5", w5},
                                        {"w6", w6}, {"w7", w7}, {"w8", w8}, {NULL, NULL}};

    ev = tevent_context_init(NULL);
    if (argc == 2 && strcmp(argv[1], "echo") == 0)
        return echo();
    return peer_main(argc, argv, peers);
}
