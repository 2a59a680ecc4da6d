/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W6, floor: n timers of different lengths at once; the last one to fire ends it. See w6_sleep_vow.c. */
#include "floor.h"

struct sleeper {
    ev_timer timer;
    size_t *left;
};

static struct pool sleepers = {.size = sizeof(struct sleeper)};
static uint64_t woken;

static void wake(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct sleeper *me = (struct sleeper *) timer;

    (void) revents;
    woken++;
    if (--*me->left == 0)
        ev_break(ev, EVBREAK_ONE);
    pool_give(&sleepers, me);
}

static void work(struct bench *bench)
{
    size_t left = bench->n;
    uint64_t seed = 1;

    woken = 0;
    ev_now_update(floor_ev);
    bench_begin(bench);
    for (size_t i = 0; i < bench->n; i++) {
        struct sleeper *me = pool_take(&sleepers);
        double seconds = (double) bench->n * 1e-6 * bench_random(&seed) / 0x80000000u;

        me->left = &left;
        ev_timer_init(&me->timer, wake, seconds, 0.);
        ev_timer_start(floor_ev, &me->timer);
    }
    bench_alive(bench);
    ev_run(floor_ev, 0);
    bench_end(bench);
    bench->checksum += woken;
}

int main(int argc, char **argv)
{
    floor_init();
    return bench_main(argc, argv, 1000000, work);
}
