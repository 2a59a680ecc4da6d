/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Fake I/O for W8, as the driver of a database would offer it: whatever is started completes on the next turn
 * of the ev_loop, in order, by a call of done(data, value). Both forms of the workload use it as it is.
 */
#ifndef BENCH_FAKE_H
#define BENCH_FAKE_H

#include "floor.h"

struct fake_io {
    struct fake_io *next;
    void (*done)(void *data, int64_t value); /* may start others */
    void *data;
    int64_t value; /* what it gives */
};

struct fake {
    struct ev_loop *ev;
    ev_timer timer; /* active while something is under way: it fires on the next turn */
    struct fake_io *first, **last;
    struct pool ios;
};

static inline void fake_turn(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct fake *fake = timer->data;
    struct fake_io *io = fake->first;

    (void) ev;
    (void) revents;
    fake->first = NULL;
    fake->last = &fake->first;
    while (io) {
        struct fake_io *next = io->next;

        io->done(io->data, io->value);
        pool_give(&fake->ios, io);
        io = next;
    }
}

static inline void fake_init(struct fake *fake, struct ev_loop *ev)
{
    *fake = (struct fake){.ev = ev, .ios = {.size = sizeof(struct fake_io)}};
    fake->last = &fake->first;
    ev_timer_init(&fake->timer, fake_turn, 0., 0.);
    fake->timer.data = fake;
}

static inline void fake_start(struct fake *fake, int64_t value, void (*done)(void *data, int64_t value),
                              void *data)
{
    struct fake_io *io = pool_take(&fake->ios);

    io->next = NULL;
    io->done = done;
    io->data = data;
    io->value = value;
    if (!fake->first)
        ev_timer_start(fake->ev, &fake->timer);
    *fake->last = io;
    fake->last = &io->next;
}

#endif
