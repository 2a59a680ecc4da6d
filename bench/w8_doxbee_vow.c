/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * W8, libvow: the control flow of bluebird's doxbee-sequential, n requests at once. Each stores a blob while
 * it looks a file up, inserts a version, creates a query and runs it (the file is not there), inserts the
 * file's version, and updates the file: seven fake I/Os, six steps one after the other.
 */
#include <stdlib.h>
#include <vow.h>

#include "fake.h"

static vow_loop *loop;
static struct fake fake;

/* An I/O as a promise. */
static struct pool resolvers = {.size = sizeof(vow_resolver)};

static void io_done(void *resolver, int64_t value)
{
    vow_resolve(resolver, vow_int(value));
    pool_give(&resolvers, resolver);
}

static vow_promise *io(int64_t value)
{
    vow_resolver *resolver = pool_take(&resolvers);

    fake_start(&fake, value, io_done, resolver);
    return vow_promise_new(loop, resolver, NULL);
}

struct upload {
    vow_task task;
    int64_t id, blob, file, version, query;
};

VOW_ASYNC(upload, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_all_of(loop, io(me->id + 1), io(0)));
    const vow_list *both = vow_as_list(VOW_RESULT(me));
    me->blob = vow_as_int(vow_list_at(both, 0));
    me->file = vow_as_int(vow_list_at(both, 1));
    VOW_AWAIT(me, io(me->blob + 1)); /* insert the version */
    me->version = vow_as_int(VOW_RESULT(me));
    if (!me->file) {
        VOW_AWAIT(me, io(me->version + 1)); /* create the query */
        me->query = vow_as_int(VOW_RESULT(me));
        VOW_AWAIT(me, io(me->query + 1)); /* run it */
        me->file = vow_as_int(VOW_RESULT(me));
    }
    VOW_AWAIT(me, io(me->file + 1));                             /* insert the file's version */
    VOW_AWAIT(me, io(vow_as_int(VOW_RESULT(me)) + me->version)); /* update the file */
    VOW_RETURN(me, vow_int(vow_as_int(VOW_RESULT(me))));
    VOW_END(me);
}

static void work(struct bench *bench)
{
    size_t n = bench->n;
    vow_promise **uploads = bench_array(n, sizeof(vow_promise *));
    vow_value values;

    bench_begin(bench);
    for (size_t i = 0; i < n; i++)
        uploads[i] = vow_async(loop, upload, .id = (int64_t) i);
    vow_promise *all = vow_all(loop, n, uploads);
    bench_alive(bench);
    if (vow_run(all, &values))
        bench_fail("an upload rejected");
    for (size_t i = 0; i < n; i++)
        bench->checksum += (uint64_t) vow_as_int(vow_list_at(vow_as_list(&values), i));
    vow_value_drop(values);
    bench_end(bench);
    free(uploads);
}

int main(int argc, char **argv)
{
    struct ev_loop *ev = EV_DEFAULT;

    loop = vow_loop_new(ev);
    fake_init(&fake, ev);
    int status = bench_main(argc, argv, 10000, work);
    vow_loop_free(loop);
    return status;
}
