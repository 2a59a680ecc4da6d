/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W8, floor: the same requests as one state machine each, in callbacks. See w8_doxbee_vow.c. */
#include "fake.h"

static struct fake fake;

struct upload {
    int64_t id, blob, file, version, query;
    int left; /* of the first two */
    struct group *group;
};

struct group {
    size_t left;
    int64_t *values;
};

static struct pool uploads = {.size = sizeof(struct upload)};

static void file_updated(void *data, int64_t value)
{
    struct upload *me = data;
    struct group *group = me->group;

    group->values[me->id] = value;
    pool_give(&uploads, me);
    if (--group->left == 0)
        ev_break(floor_ev, EVBREAK_ONE);
}

static void file_version_inserted(void *data, int64_t value)
{
    struct upload *me = data;

    fake_start(&fake, value + me->version, file_updated, me);
}

static void query_done(void *data, int64_t value)
{
    struct upload *me = data;

    me->file = value;
    fake_start(&fake, me->file + 1, file_version_inserted, me);
}

static void query_created(void *data, int64_t value)
{
    struct upload *me = data;

    me->query = value;
    fake_start(&fake, me->query + 1, query_done, me);
}

static void version_inserted(void *data, int64_t value)
{
    struct upload *me = data;

    me->version = value;
    if (!me->file)
        fake_start(&fake, me->version + 1, query_created, me);
    else
        fake_start(&fake, me->file + 1, file_version_inserted, me);
}

static void both_done(struct upload *me)
{
    if (--me->left == 0)
        fake_start(&fake, me->blob + 1, version_inserted, me);
}

static void blob_stored(void *data, int64_t value)
{
    struct upload *me = data;

    me->blob = value;
    both_done(me);
}

static void file_found(void *data, int64_t value)
{
    struct upload *me = data;

    me->file = value;
    both_done(me);
}

static void upload(struct group *group, int64_t id)
{
    struct upload *me = pool_take(&uploads);

    me->id = id;
    me->left = 2;
    me->group = group;
    fake_start(&fake, id + 1, blob_stored, me);
    fake_start(&fake, 0, file_found, me);
}

static void work(struct bench *bench)
{
    size_t n = bench->n;
    struct group group = {.left = n};

    bench_begin(bench);
    group.values = malloc(n * sizeof *group.values);
    if (!group.values)
        bench_fail("out of memory");
    for (size_t i = 0; i < n; i++)
        upload(&group, (int64_t) i);
    bench_alive(bench);
    ev_run(floor_ev, 0);
    for (size_t i = 0; i < n; i++)
        bench->checksum += (uint64_t) group.values[i];
    free(group.values);
    bench_end(bench);
}

int main(int argc, char **argv)
{
    floor_init();
    fake_init(&fake, floor_ev);
    return bench_main(argc, argv, 10000, work);
}
