/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the order in which deadlines end. Everything that moves them keeps that order: they are added at the
 * end of a slot's list, a slot moves down in its order before anything else can be set there, and the sort is
 * stable.
 */
#include "time/wheel-private.h"

/* So many in a slot are looked at, one by one, for the earliest. */
#define LOOKED_AT_MAX 64
/* Runs to merge, each at least as long as all before it: enough for any memory. */
#define RUNS_MAX 48

static vow__timer *timer_of(vow__link *link)
{
    return VOW__CONTAINER_OF(link, vow__timer, link);
}

static bool is_later(vow__link *a, vow__link *b)
{
    return timer_of(a)->at > timer_of(b)->at;
}

void vow__wheel_init(vow__wheel *self)
{
    self->tick = 0;
    self->count = 0;
    vow__list_init(&self->due);
    for (int level = 0; level < VOW__WHEEL_LEVELS; level++) {
        self->occupied[level] = 0;
        for (int slot = 0; slot < VOW__WHEEL_SLOTS; slot++)
            vow__list_init(&self->slots[level][slot]);
    }
}

/* ---- Sorting a slot ------------------------------------------------------------------------------------ */

/* Of two lists that are sorted, and end with NULL; those of `a` go first. */
static vow__link *merge(vow__link *a, vow__link *b)
{
    vow__link *first, **end = &first;

    while (a && b) {
        vow__link **from = is_later(a, b) ? &b : &a;

        *end = *from;
        end = &(*from)->next;
        *from = *end;
    }
    *end = a ? a : b;
    return first;
}

/* Takes from a list as many as stand in order. */
static vow__link *take_run(vow__link **list)
{
    vow__link *first = *list, *last = first;

    while (last->next && !is_later(last, last->next))
        last = last->next;
    *list = last->next;
    last->next = NULL;
    return first;
}

static vow__link *sort(vow__link *list)
{
    vow__link *runs[RUNS_MAX] = {NULL}, *sorted = NULL;

    while (list) {
        vow__link *run = take_run(&list);
        int i = 0;

        for (; runs[i] && i < RUNS_MAX - 1; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (int i = 0; i < RUNS_MAX; i++)
        sorted = runs[i] ? merge(runs[i], sorted) : sorted;
    return sorted;
}

/* Takes all out of a list that is not empty, as one that ends with NULL. */
static vow__link *wheel_cut(vow__link *head)
{
    vow__link *first = head->next;

    head->prev->next = NULL;
    vow__list_init(head);
    return first;
}

/* Puts a sorted list behind those that are due, or in between where some of these are later. */
static void add_due(vow__wheel *self, vow__link *list)
{
    if (!vow__list_is_empty(&self->due) && is_later(self->due.prev, list))
        list = merge(wheel_cut(&self->due), list);
    while (list) {
        vow__link *link = list;

        list = link->next;
        vow__list_append(&self->due, link);
    }
}

/* ---- Moving on ----------------------------------------------------------------------------------------- */

static unsigned low_bit(uint64_t bits)
{
    return vow__wheel_high_bit(bits & (~bits + 1));
}

/* A slot that is not empty. */
typedef struct place {
    unsigned level, slot;
    uint64_t tick; /* the first one of it */
} place;

/* The first slot that is not empty: nothing that is not due yet ends sooner. False if there is none. */
static bool find_first(vow__wheel *self, place *at)
{
    for (unsigned level = 0; level < VOW__WHEEL_LEVELS; level++) {
        while (self->occupied[level]) {
            unsigned slot = low_bit(self->occupied[level]), shift = level * VOW__WHEEL_BITS;
            uint64_t block = self->tick >> shift >> VOW__WHEEL_BITS << VOW__WHEEL_BITS;

            if (!vow__list_is_empty(&self->slots[level][slot])) {
                *at = (place){level, slot, (block | slot) << shift};
                return true;
            }
            self->occupied[level] &= ~((uint64_t) 1 << slot);
        }
    }
    return false;
}

/* Empties the first slot: what lies there is due, or moves down. */
static void wheel_enter(vow__wheel *self, const place *at)
{
    vow__link *list = wheel_cut(&self->slots[at->level][at->slot]);

    self->occupied[at->level] &= ~((uint64_t) 1 << at->slot);
    self->tick = at->tick;
    if (!at->level) {
        add_due(self, sort(list));
        return;
    }
    while (list) {
        vow__link *link = list;

        list = link->next;
        VOW__PREFETCH(list);
        vow__wheel_place(self, timer_of(link));
    }
}

static void enter_until(vow__wheel *self, uint64_t tick)
{
    place first;

    while (find_first(self, &first) && first.tick <= tick)
        wheel_enter(self, &first);
    if (tick > self->tick)
        self->tick = tick;
}

void vow__wheel_gather(vow__wheel *self, double limit)
{
    enter_until(self, vow__wheel_tick_of(limit));
}

vow__timer *vow__wheel_take(vow__wheel *self, double limit)
{
    vow__timer *first = timer_of(self->due.next);

    if (vow__list_is_empty(&self->due) || first->at > limit)
        return NULL;
    vow__wheel_cancel(self, first);
    VOW__PREFETCH(self->due.next);
    return first;
}

/* Puts all anew, in order: they lie where they do for the sake of a tick that is wrong. */
static void place_anew(vow__wheel *self, uint64_t tick)
{
    vow__link all;
    place first;

    enter_until(self, self->tick);
    vow__list_init(&all);
    if (!vow__list_is_empty(&self->due))
        vow__list_splice(&all, &self->due);
    vow__list_init(&self->due);
    while (find_first(self, &first)) {
        vow__list_splice(&all, &self->slots[first.level][first.slot]);
        vow__list_init(&self->slots[first.level][first.slot]);
    }
    self->tick = tick;
    while (!vow__list_is_empty(&all))
        vow__wheel_place(self, timer_of(vow__list_take_first(&all)));
}

void vow__wheel_adjust(vow__wheel *self, double now)
{
    uint64_t tick = vow__wheel_tick_of(now);

    if (!self->count)
        self->tick = tick;
    else if (tick < self->tick)
        place_anew(self, tick);
}

/* ---- What comes next ----------------------------------------------------------------------------------- */

/* The earliest in a slot; where there are many, when the slot begins. */
static double earliest_in(vow__wheel *self, const place *at)
{
    vow__link *head = &self->slots[at->level][at->slot], *link = head->next;
    double earliest = timer_of(link)->at;

    for (int i = 0; i < LOOKED_AT_MAX; i++) {
        link = link->next;
        if (link == head)
            return earliest;
        if (timer_of(link)->at < earliest)
            earliest = timer_of(link)->at;
    }
    return (double) at->tick / VOW__WHEEL_TICKS_A_SECOND;
}

double vow__wheel_next(vow__wheel *self)
{
    place first;

    enter_until(self, self->tick);
    if (!vow__list_is_empty(&self->due))
        return timer_of(self->due.next)->at;
    return find_first(self, &first) ? earliest_in(self, &first) : 0;
}
