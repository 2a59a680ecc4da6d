/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * W11, floor: of OTHERS timers and one, any one is stopped, and another one started, n times; none fires. A
 * deadline counts from that moment, so the loop looks at the clock first. See w11_deadline_vow.c.
 */
#include "floor.h"

struct guarded {
    ev_timer timer;
    void *data;
};

static struct pool pool = {.size = sizeof(struct guarded)};
static uint64_t fired;

static void fire(struct ev_loop *ev, ev_timer *timer, int revents)
{
    (void) ev;
    (void) timer;
    (void) revents;
    fired++;
}

static double seconds(uint64_t *seed)
{
    return 100 + 60. * bench_random(seed) / 0x80000000u;
}

static struct guarded *begin(uint64_t *seed)
{
    struct guarded *me = pool_take(&pool);

    ev_timer_init(&me->timer, fire, seconds(seed), 0.);
    ev_timer_start(floor_ev, &me->timer);
    return me;
}

static void end(struct guarded *me)
{
    ev_timer_stop(floor_ev, &me->timer);
    pool_give(&pool, me);
}

static void work(struct bench *bench)
{
    struct guarded **pending = bench_array(OTHERS + 1, sizeof(struct guarded *));
    uint64_t seed = 1;

    ev_now_update(floor_ev);
    for (size_t i = 0; i <= OTHERS; i++)
        pending[i] = begin(&seed);
    bench_begin(bench);
    for (size_t i = 0; i < bench->n; i++) {
        size_t which = bench_random(&seed) % (OTHERS + 1);

        end(pending[which]);
        ev_now_update(floor_ev);
        pending[which] = begin(&seed);
    }
    bench_end(bench);
    for (size_t i = 0; i <= OTHERS; i++)
        end(pending[i]);
    free(pending);
    bench->checksum += bench->n + fired;
}

int main(int argc, char **argv)
{
    floor_init();
    return bench_main(argc, argv, 1000000, work);
}
