/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops, time and memory of the model test's side that is libvow. Each vow_loop has an ev_loop of its own.
 *
 * No time passes but what the program lets pass: libev asks clock_gettime(), which is ours while a program is
 * played. Memory comes from an allocator that counts and fails as it is told to.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-library.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { RUN_FOR = 8 }; /* units of time that vow_run() may wait */

struct library {
    struct model_world *world;
    vow_loop *loops[MODEL_LOOPS];
    struct ev_loop *evs[MODEL_LOOPS];
    int blocks, allocated; /* outstanding now; calls so far */
};

/* ---- Time ---------------------------------------------------------------------------------------------- */

static const double *clock_now; /* of the program that is being played, or NULL */

int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (!clock_now)
        return (int) syscall(SYS_clock_gettime, clock, time);
    time->tv_sec = (time_t) *clock_now + (clock == CLOCK_REALTIME ? (time_t) MODEL_WALL_CLOCK : 0);
    time->tv_nsec = 0;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;

    (void) zone;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = (suseconds_t) (now.tv_nsec / 1000);
    return 0;
}

/* ---- Memory -------------------------------------------------------------------------------------------- */

static void *allocate(void *data, size_t size, size_t alignment)
{
    struct library *library = data;
    const struct model_world *world = library->world;
    int number = ++library->allocated;

    if ((world->mode == MODEL_FAIL_ONE && number == world->fail_at) ||
        (world->mode == MODEL_FAIL_FROM && number >= world->fail_at))
        return NULL;
    library->blocks++;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void release(void *data, void *block, size_t size)
{
    (void) size;
    ((struct library *) data)->blocks--;
    free(block);
}

void library_begin(struct model_world *world)
{
    struct library *library = calloc(1, sizeof *library);

    library->world = world;
    world->state = library;
    for (int i = 0; i < MODEL_SOURCES; i++)
        world->sources[i].resolver = &world->sources[i].library;
    vow_allocator_set(&(vow_allocator){allocate, release, library});
    clock_now = &world->clock;
}

void library_end(struct model_world *world)
{
    struct library *library = world->state;

    if (library->blocks)
        model_wrong(world, "%d blocks of memory are left", library->blocks);
    clock_now = NULL;
    vow_allocator_set(NULL);
    free(library);
}

/* ---- Loops --------------------------------------------------------------------------------------------- */

vow_loop *loop_of(const struct model_info *info)
{
    return ((struct library *) info->world->state)->loops[info->loop];
}

static void report(const vow_report *report, void *data)
{
    model_call_report(data, report->kind == VOW_REPORT_LEAK, report->made_at, report->error);
}

bool library_loop_new(struct model_world *world, int loop)
{
    struct library *library = world->state;

    library->evs[loop] = ev_loop_new(EVBACKEND_SELECT | EVFLAG_NOENV);
    library->loops[loop] = vow_loop_new(library->evs[loop]);
    if (library->loops[loop])
        vow_loop_set_report(library->loops[loop], report, world);
    else
        ev_loop_destroy(library->evs[loop]);
    return library->loops[loop];
}

void library_loop_free(struct model_world *world, int loop)
{
    struct library *library = world->state;

    vow_loop_free(library->loops[loop]);
    if (ev_run(library->evs[loop], EVRUN_NOWAIT))
        model_wrong(world, "loop %d: a watcher is active after it was freed", loop);
    ev_loop_destroy(library->evs[loop]);
}

int library_loop_live(struct model_world *world, int loop)
{
    return (int) vow_loop_live(((struct library *) world->state)->loops[loop]);
}

void library_loop_turn(struct model_world *world, int loop)
{
    ev_run(((struct library *) world->state)->evs[loop], EVRUN_NOWAIT);
}

/* Instead of waiting, time passes when there is nothing else to do. */
struct passing {
    ev_idle idle;
    struct model_world *world;
    int left;
};

static void pass_time(EV_P_ ev_idle *idle, int revents)
{
    struct passing *passing = idle->data;

    (void) revents;
    passing->world->clock += 1;
    if (!passing->left--)
        ev_break(EV_A_ EVBREAK_ONE);
}

int library_loop_run(struct model_world *world, int loop, void *promise, model_value *value)
{
    struct ev_loop *ev = ((struct library *) world->state)->evs[loop];
    struct passing passing = {.world = world, .left = RUN_FOR};
    double start = world->clock;

    ev_idle_init(&passing.idle, pass_time);
    ev_set_priority(&passing.idle, EV_MINPRI);
    passing.idle.data = &passing;
    ev_idle_start(ev, &passing.idle);
    ev_unref(ev);
    vow_error *error = vow_run_at(promise, &value->library, "run");
    ev_ref(ev);
    ev_idle_stop(ev, &passing.idle);
    world->clock = start + 2 * RUN_FOR;
    ev_now_update(ev);
    int code = error ? vow_error_code(error) : 0;
    vow_error_unref(error);
    return code;
}
