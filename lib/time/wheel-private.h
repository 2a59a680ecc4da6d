/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines in the order in which they end: by time, and if that is equal, in the order of the calls.
 *
 * This is a hierarchical wheel. A time is a number of ticks. Its digits to the base of 64 say where it
 * stands: a deadline lies at the level of the first digit in which it differs from the wheel's own tick, in
 * the slot of that digit. As the tick moves on into a slot, what lies there moves to lower levels, in its
 * order. So setting and cancelling are O(1). Each deadline moves a few times at most, and most of them never
 * do: they are cancelled. A slot of the lowest level is sorted when it is due. Nothing here needs memory, or
 * can fail.
 *
 * It knows no clock: times are seconds on whichever clock its owner reads.
 */
#ifndef VOW_TIME_WHEEL_PRIVATE_H
#define VOW_TIME_WHEEL_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler-private.h"
#include "base/link-private.h"

#define VOW__WHEEL_BITS 6
#define VOW__WHEEL_SLOTS (1 << VOW__WHEEL_BITS)
/* Their ticks reach 34,000 years; what is later still lies in the last slot. */
#define VOW__WHEEL_LEVELS 9
#define VOW__WHEEL_TICKS_A_SECOND 16384
#define VOW__WHEEL_LAST (((uint64_t) 1 << (VOW__WHEEL_BITS * VOW__WHEEL_LEVELS)) - 1)

typedef struct vow__timer vow__timer;

struct vow__timer {
    vow__link link;                   /* in a slot, or in `due`; its next is NULL while it is in no wheel */
    double at;                        /* when it ends */
    void (*expire)(vow__timer *self); /* it has, and is in no wheel any more */
};

typedef struct vow__wheel {
    uint64_t tick;                        /* what ends before it is in `due` */
    size_t count;                         /* of those that are set */
    vow__link due;                        /* sorted */
    uint64_t occupied[VOW__WHEEL_LEVELS]; /* a bit for each slot that may not be empty */
    vow__link slots[VOW__WHEEL_LEVELS][VOW__WHEEL_SLOTS];
} vow__wheel;

void vow__wheel_init(vow__wheel *self);
/* It is so late now: makes room for what is set from now on, even when the clock was set back. */
void vow__wheel_adjust(vow__wheel *self, double now);
/* Makes what ends until `limit` ready for vow__wheel_take(). What is set from now on is not. */
void vow__wheel_gather(vow__wheel *self, double limit);
/* Takes out the first of those that were made ready and end until `limit`; NULL when there is none. */
vow__timer *vow__wheel_take(vow__wheel *self, double limit);
/* When to look again: as the first deadline ends. Where many lie together it may be sooner, when they are to
 * be spread. There must be one. */
double vow__wheel_next(vow__wheel *self);

static inline uint64_t vow__wheel_tick_of(double time)
{
    const double last = (double) VOW__WHEEL_LAST / VOW__WHEEL_TICKS_A_SECOND;

    if (time < last)
        return time > 0 ? (uint64_t) (int64_t) (time * VOW__WHEEL_TICKS_A_SECOND) : 0;
    return VOW__WHEEL_LAST;
}

/* The number of the highest bit of what is not 0. */
static inline unsigned vow__wheel_high_bit(uint64_t bits)
{
#if defined __GNUC__
    return 63u - (unsigned) __builtin_clzll(bits);
#else
    unsigned i = 0;

    while (bits >>= 1)
        i++;
    return i;
#endif
}

/* Puts one in its slot. */
static inline void vow__wheel_place(vow__wheel *self, vow__timer *timer)
{
    uint64_t tick = vow__wheel_tick_of(timer->at);
    unsigned level, slot;

    if (tick < self->tick)
        tick = self->tick;
    level = vow__wheel_high_bit((tick ^ self->tick) | 1) / VOW__WHEEL_BITS;
    slot = (unsigned) (tick >> (level * VOW__WHEEL_BITS)) % VOW__WHEEL_SLOTS;
    self->occupied[level] |= (uint64_t) 1 << slot;
    vow__list_append(&self->slots[level][slot], &timer->link);
}

static inline void vow__timer_init(vow__timer *self, void (*expire)(vow__timer *self))
{
    self->link.next = NULL;
    self->expire = expire;
}

static inline bool vow__timer_is_set(const vow__timer *self)
{
    return self->link.next;
}

/* Sets one that is not set. */
static inline void vow__wheel_set(vow__wheel *self, vow__timer *timer, double at)
{
    timer->at = at;
    vow__wheel_place(self, timer);
    self->count++;
}

/* Cancels one that is set. */
static inline void vow__wheel_cancel(vow__wheel *self, vow__timer *timer)
{
    vow__list_unlink(&timer->link);
    timer->link.next = NULL;
    self->count--;
}

#endif
