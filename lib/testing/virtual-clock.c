/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks that jump. The two clocks of a loop get a kind without a watcher of libev's time. All virtual clocks
 * on one ev_loop share a time, which has three watchers while anything is set on them:
 *
 * - an ev_prepare decides. All is done then that can be done, and the ev_loop is about to look for events. It
 *   has the ev_loop look once without waiting. If there was nothing, the time jumps, or the ev_loop waits for
 *   what can come from outside. Whether anything can is what ev_run() returns: how many watchers keep it from
 *   ending. It comes before the program's, since looking takes back an ev_break() of theirs.
 * - an ev_idle is invoked when there was nothing. While it is active, the ev_loop does not wait.
 * - an ev_check ends what has run out, after all events of a turn, as a real clock does.
 *
 * Looking is an ev_run() of its own, and an ev_break(EVBREAK_ONE) of the program's is meant for the one
 * around it. So what ends it is a watcher, at the beginning of a second turn. If there is none, the program
 * has ended it, and the ev_run() around it ends as well.
 */
#include <errno.h>
#include <float.h>

#include <vow/testing.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "time/clock-private.h"

/* A call of vow_clock_advance() that drives the ev_loop. */
typedef struct vow__walk {
    double end;
    unsigned depth; /* of its ev_run(): those inside of that are not part of the call */
    bool is_done;
    struct vow__walk *outer;
} vow__walk;

/* The time of an ev_loop. */
typedef struct virtual_time {
    struct virtual_time *next; /* of the same thread */
    struct ev_loop *ev;
    vow__link clocks; /* of virtual_clock */
    unsigned users;   /* clocks, and functions that go on with it after they have run anything */
    double now, wall_now;
    bool ignores_events;
    unsigned look_depth;  /* of the ev_run() that only looks for events; 0 when there is none */
    unsigned look_turns;  /* that it has begun */
    bool is_quiet;        /* it has found none */
    unsigned broken;      /* the depth of the ev_run() that is to end, as the program has said; or 0 */
    unsigned turn;        /* counts those in which something may run out */
    vow__walk *innermost; /* or NULL */
    ev_prepare before;    /* the ev_loop looks for events */
    ev_check after;
    ev_idle no_event;
    ev_prepare look_end; /* active in looks; it does not keep an ev_run() going */
} virtual_time;

/* What a loop has of it. */
typedef struct virtual_clock {
    vow__link link; /* in the time's `clocks` */
    vow__loop_hook hook;
    vow__ev_loop *loop;
    virtual_time *time;
    unsigned rang; /* the turn in which the clocks rang last */
} virtual_clock;

static _Thread_local virtual_time *times;

/* Over the clocks of a time, none of which goes meanwhile. */
#define EACH_CLOCK(each, time)                           \
    virtual_clock *each = clock_at((time)->clocks.next); \
    &each->link != &(time)->clocks;                      \
    each = clock_at(each->link.next)

static virtual_clock *clock_at(vow__link *link)
{
    return VOW__CONTAINER_OF(link, virtual_clock, link);
}

static vow__clock *own(const virtual_clock *self)
{
    return self->loop->clock;
}

static vow__clock *wall(const virtual_clock *self)
{
    return self->loop->wall_clock;
}

/* ---- The kinds ----------------------------------------------------------------------------------------- */

static double virtual_now(const vow__clock *clock)
{
    return ((const virtual_time *) clock->watcher.data)->now;
}

static double virtual_wall_now(const vow__clock *clock)
{
    return ((const virtual_time *) clock->watcher.data)->wall_now;
}

static void start_time(virtual_time *self)
{
    ev_prepare_start(self->ev, &self->before);
    ev_check_start(self->ev, &self->after);
    ev_idle_start(self->ev, &self->no_event);
}

static void stop_time(virtual_time *self)
{
    ev_prepare_stop(self->ev, &self->before);
    ev_check_stop(self->ev, &self->after);
    ev_idle_stop(self->ev, &self->no_event);
}

static void virtual_arm(vow__clock *clock, double at, double now)
{
    (void) at;
    (void) now;
    start_time(clock->watcher.data);
}

/* `before` notices. */
static void virtual_disarm(vow__clock *clock)
{
    (void) clock;
}

static const vow__clock_kind virtual_own_kind = {true, virtual_now, virtual_now, virtual_arm, virtual_disarm};
static const vow__clock_kind virtual_wall_kind = {true, virtual_wall_now, virtual_wall_now, virtual_arm,
                                                  virtual_disarm};

/* ---- Moving -------------------------------------------------------------------------------------------- */

/* The call of vow_clock_advance() that the innermost ev_run() belongs to, or NULL. */
static vow__walk *walk_of(const virtual_time *self)
{
    vow__walk *walk = self->innermost;

    return walk && walk->depth == ev_depth(self->ev) ? walk : NULL;
}

static bool is_set(const virtual_time *self)
{
    for (EACH_CLOCK(each, self))
        if (own(each)->wheel.count || wall(each)->wheel.count)
            return true;
    return false;
}

static bool is_clock_due(const virtual_clock *self)
{
    return own(self)->armed <= self->time->now || wall(self)->armed <= self->time->wall_now;
}

static bool is_due(const virtual_time *self)
{
    for (EACH_CLOCK(each, self))
        if (is_clock_due(each))
            return true;
    return false;
}

static virtual_clock *find_due(const virtual_time *self)
{
    for (EACH_CLOCK(each, self))
        if (each->rang != self->turn && is_clock_due(each))
            return each;
    return NULL;
}

/* Ends what has run out. May run handlers, which may free other loops; what they set has another turn. */
static void ring_clocks(virtual_time *self)
{
    virtual_clock *clock;

    self->turn++;
    while ((clock = find_due(self))) {
        clock->rang = self->turn;
        if (own(clock)->armed <= self->now)
            vow__clock_ring(own(clock));
        if (wall(clock)->armed <= self->wall_now)
            vow__clock_ring(wall(clock));
    }
}

static void move_time(virtual_time *self, double seconds)
{
    self->now += seconds;
    self->wall_now += seconds;
}

/* The first times that are set: infinite, or DBL_MAX for what never ends, where there is none to come. */
typedef struct first_times {
    double at, wall_at;
} first_times;

static first_times first_of(const virtual_time *self)
{
    first_times first = {DBL_MAX, DBL_MAX};

    for (EACH_CLOCK(each, self)) {
        first.at = own(each)->armed < first.at ? own(each)->armed : first.at;
        first.wall_at = wall(each)->armed < first.wall_at ? wall(each)->armed : first.wall_at;
    }
    return first;
}

/* To the first time that is set, exactly, or as far as the call goes. */
static void jump_on(virtual_time *self)
{
    first_times first = first_of(self);
    double own_left = first.at - self->now, wall_left = first.wall_at - self->wall_now;
    double left = own_left < wall_left ? own_left : wall_left;
    vow__walk *walk = walk_of(self);

    if (walk && self->now + left > walk->end) {
        move_time(self, walk->end > self->now ? walk->end - self->now : 0);
        walk->is_done = true;
        return;
    }
    move_time(self, left);
    if (own_left == left)
        self->now = first.at;
    if (wall_left == left)
        self->wall_now = first.wall_at;
    ring_clocks(self);
}

/* ---- Turns of the ev_loop ------------------------------------------------------------------------------ */

static bool is_looking(const virtual_time *self)
{
    return self->look_depth == ev_depth(self->ev);
}

/* Of a clock: its `adjust`, unless nothing is set. */
static int count_adjust(const vow__clock *clock)
{
    return (int) ev_is_active(&clock->adjust) - clock->uncounted;
}

/* Those of our watchers that keep ev_run() from ending. */
static int count_active(const virtual_time *self)
{
    int count = (int) ev_is_active(&self->before) + (int) ev_is_active(&self->after) +
                (int) ev_is_active(&self->no_event);

    for (EACH_CLOCK(each, self))
        count += count_adjust(own(each)) + count_adjust(wall(each));
    return count;
}

static bool is_broken(const virtual_time *self)
{
    return self->broken == ev_depth(self->ev);
}

static void look_end_cb(EV_P_ ev_prepare *watcher, int revents)
{
    virtual_time *self = watcher->data;

    vow__ignore(EV_A_ revents);
    if (is_looking(self) && self->look_turns++)
        ev_break(self->ev, EVBREAK_ONE);
}

/* Runs the ev_loop for a turn, and the beginning of another one unless the program calls ev_break(). */
static int run_look(virtual_time *self)
{
    struct vow__runner *run = vow__run_deepen(self->ev);
    bool is_inside = ev_is_active(&self->look_end);
    int active;

    if (!is_inside) {
        ev_prepare_start(self->ev, &self->look_end);
        ev_unref(self->ev);
    }
    active = ev_run(self->ev, 0);
    if (!is_inside) {
        ev_ref(self->ev);
        ev_prepare_stop(self->ev, &self->look_end);
    }
    vow__run_rise(run);
    return active;
}

/* Has the ev_loop look for events, and handle those that there are. How many other watchers can have some. */
static int look_once(virtual_time *self)
{
    unsigned depth = ev_depth(self->ev), outer = self->look_depth, outer_turns = self->look_turns;
    int active;

    self->look_depth = depth + 1;
    self->look_turns = 0;
    self->is_quiet = false;
    active = run_look(self);
    if (active && self->look_turns < 2)
        self->broken = depth;
    self->look_depth = outer;
    self->look_turns = outer_turns;
    return active - count_active(self);
}

static bool is_to_wait(const virtual_time *self, int watchers)
{
    first_times first = first_of(self);

    if (walk_of(self))
        return false;
    return (watchers > 0 && !self->ignores_events) || (first.at >= DBL_MAX && first.wall_at >= DBL_MAX);
}

static void decide(virtual_time *self)
{
    int watchers = look_once(self);

    if (!self->is_quiet || is_broken(self))
        return;
    if (is_to_wait(self, watchers))
        ev_idle_stop(self->ev, &self->no_event);
    else
        jump_on(self);
}

static bool has_idler(const virtual_time *self)
{
    for (EACH_CLOCK(each, self))
        if (!vow__list_is_empty(&each->loop->idling))
            return true;
    return false;
}

static void time_unref(virtual_time *self)
{
    virtual_time **link = &times;

    if (--self->users)
        return;
    while (*link != self)
        link = &(*link)->next;
    *link = self->next;
    stop_time(self);
    vow__release(self, sizeof *self);
}

/* Promises of vow_idle() have an ev_idle, too, and their turn before the time jumps. */
static void before_cb(EV_P_ ev_prepare *watcher, int revents)
{
    virtual_time *self = watcher->data;

    vow__ignore(EV_A_ revents);
    if (is_looking(self) || vow__run_is_ending(clock_at(self->clocks.next)->loop))
        return;
    self->users++;
    if (is_broken(self)) /* in a turn before, which was the last one all the same */
        self->broken = 0;
    if (!walk_of(self) && !is_set(self)) {
        stop_time(self);
    } else if (has_idler(self)) {
        ev_idle_stop(self->ev, &self->no_event);
    } else {
        ev_idle_start(self->ev, &self->no_event);
        if (!is_due(self))
            decide(self);
    }
    time_unref(self);
}

static void no_event_cb(EV_P_ ev_idle *watcher, int revents)
{
    vow__ignore(EV_A_ revents);
    ((virtual_time *) watcher->data)->is_quiet = true;
}

static void after_cb(EV_P_ ev_check *watcher, int revents)
{
    virtual_time *self = watcher->data;

    vow__ignore(EV_A_ revents);
    if (is_looking(self))
        return;
    if (is_broken(self)) /* not earlier: an EVBREAK_ALL has ended it before this */
        ev_break(self->ev, EVBREAK_ONE);
    self->users++;
    ring_clocks(self);
    time_unref(self);
}

/* ---- From its making to its end ------------------------------------------------------------------------ */

static virtual_time *time_new(struct ev_loop *ev)
{
    virtual_time *self = vow__allocate(sizeof *self);

    if (!self)
        return NULL;
    *self = (virtual_time){.next = times, .ev = ev, .wall_now = ev_time()};
    vow__list_init(&self->clocks);
    ev_prepare_init(&self->before, before_cb);
    ev_check_init(&self->after, after_cb);
    ev_idle_init(&self->no_event, no_event_cb);
    ev_prepare_init(&self->look_end, look_end_cb);
    ev_set_priority(&self->before, EV_MAXPRI);
    ev_set_priority(&self->after, EV_MINPRI);
    ev_set_priority(&self->no_event, EV_MINPRI);
    ev_set_priority(&self->look_end, EV_MAXPRI);
    self->before.data = self->after.data = self->no_event.data = self->look_end.data = self;
    times = self;
    return self;
}

static virtual_time *time_for(struct ev_loop *ev)
{
    virtual_time *self = times;

    while (self && self->ev != ev)
        self = self->next;
    return self ? self : time_new(ev);
}

/* The loop's clocks are released before this: their hooks are older. */
static void virtual_release(vow__loop_hook *hook)
{
    virtual_clock *self = VOW__CONTAINER_OF(hook, virtual_clock, hook);

    vow__list_unlink(&self->link);
    vow__list_unlink(&hook->link);
    if (vow__list_is_empty(&self->time->clocks))
        stop_time(self->time);
    time_unref(self->time);
    vow__release(self, sizeof *self);
}

static const vow__loop_hook_kind virtual_hook_kind = {.release = virtual_release};

/* NULL when there is no memory. */
static virtual_time *join_time(vow__ev_loop *loop)
{
    virtual_clock *self = vow__allocate(sizeof *self);
    virtual_time *time = self ? time_for(loop->ev) : NULL;

    if (!time) {
        vow__release(self, sizeof *self);
        return NULL;
    }
    *self = (virtual_clock){.loop = loop, .time = time};
    time->users++;
    vow__list_append(&time->clocks, &self->link);
    vow__loop_hook_add(&self->hook, &virtual_hook_kind, &loop->core);
    return time;
}

int vow_clock_virtual_at(vow_loop *loop, const char *site)
{
    vow__clock *own_clock, *wall_clock;
    virtual_time *time;

    vow__check_loop(loop, "vow_clock_virtual", site);
    own_clock = vow__clock_of(loop);
    wall_clock = vow__wall_clock_of(loop);
    if (own_clock && own_clock->kind == &virtual_own_kind)
        return 0;
    time = own_clock && wall_clock ? join_time(vow__ev_loop_of(loop)) : NULL;
    if (!time)
        return loop->is_closed ? ECANCELED : ENOMEM;
    vow__clock_replace(own_clock, &virtual_own_kind, time->now, time);
    vow__clock_replace(wall_clock, &virtual_wall_kind, time->wall_now, time);
    return 0;
}

static virtual_time *virtual_time_of(vow_loop *loop, const char *function, const char *site)
{
    const vow__clock *clock;

    vow__check_loop(loop, function, site);
    clock = vow__ev_loop_of(loop)->clock;
    if (!clock || clock->kind != &virtual_own_kind)
        vow__misuse_at(function, NULL, site,
                       "the loop's clock is not virtual: call vow_clock_virtual() first");
    return clock->watcher.data;
}

void vow_clock_ignore_events_at(vow_loop *loop, bool ignore, const char *site)
{
    virtual_time_of(loop, "vow_clock_ignore_events", site)->ignores_events = ignore;
}

/* Until it has come so far, or its loops are gone. */
static void walk_to(virtual_time *self, double end)
{
    vow__walk walk = {.end = end, .depth = ev_depth(self->ev) + 1, .outer = self->innermost};

    self->users++;
    self->innermost = &walk;
    while (!walk.is_done && !vow__list_is_empty(&self->clocks)) {
        start_time(self);
        ev_run(self->ev, EVRUN_NOWAIT);
    }
    self->innermost = walk.outer;
    time_unref(self);
}

void vow_clock_advance_at(vow_loop *loop, double seconds, const char *site)
{
    virtual_time *time = virtual_time_of(loop, "vow_clock_advance", site);

    if (!(seconds >= 0 && seconds <= DBL_MAX))
        vow__misuse_at("vow_clock_advance", NULL, site, "a clock cannot be moved by %g s", seconds);
    if (vow__is_occupied(loop))
        move_time(time, seconds);
    else
        walk_to(time, time->now + seconds);
}
