/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of several promises that become one, and of time.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "scenario.h"

#include <math.h>

/* ---- Joined -------------------------------------------------------------------------------------------- */

static vow_promise *make_all(struct world *w)
{
    vow_promise *promises[] = {make_resolve(w), ended(w, good(w)), vow_all_of(w->loop)};

    return vow_all(w->loop, G_N_ELEMENTS(promises), promises);
}

static vow_promise *make_all_rejects(struct world *w)
{
    return vow_all_of(w->loop, never(w), make_reject(w), never(w));
}

static vow_promise *make_all_settled(struct world *w)
{
    vow_promise *promises[] = {make_reject(w), ended(w, good(w)), vow_all_settled_of(w->loop)};

    return vow_all_settled(w->loop, G_N_ELEMENTS(promises), promises);
}

static vow_promise *make_any(struct world *w)
{
    return vow_any_of(w->loop, bad(w), make_resolve(w), vow_timeout(never(w), 0));
}

static vow_promise *make_any_rejects(struct world *w)
{
    return vow_any_of(w->loop, bad(w), make_reject(w), vow_any_of(w->loop));
}

static vow_promise *make_race(struct world *w)
{
    return vow_race_of(w->loop, never(w), make_resolve(w), vow_race_of(w->loop));
}

/* An input that cleans up in its own time when the others have made it needless. */
static vow_promise *make_race_cleans(struct world *w)
{
    return vow_race_of(w->loop, good(w), vow_finally(never(w), end_later, owe(w)));
}

/* It has no error of its own but that there was no memory for it. */
static void let_go(void *promise)
{
    if (vow_is_pending(promise))
        vow_unref(promise);
    else
        vow_forget(promise);
}

static vow_promise *make_select(struct world *w)
{
    vow_promise *a = never(w), *b = make_resolve(w);
    vow_promise *select = vow_select_of(w->loop, a, b, b);

    vow_forget(b);
    return vow_attach(select, a, let_go);
}

static vow_promise *make_shield(struct world *w)
{
    return vow_shield(ended(w, make_resolve(w)));
}

static vow_value take_all(vow_value *value, void *world)
{
    struct mark mark = enter(world);

    return made(mark, vow_take(value));
}

static vow_promise *bytes(struct world *w)
{
    struct mark mark = enter(w);

    return vow_resolved(w->loop, made(mark, vow_bytes_copy("b", 1)));
}

/* A list that is taken while others have the promises of what is in it. */
static vow_promise *make_taken(struct world *w)
{
    vow_promise *held[] = {good(w), vow_then(good(w), copy_text, w),
                           vow_all_of(w->loop, good(w), bytes(w), vow_all_settled_of(w->loop, bad(w)))};
    vow_promise *taken = vow_all_of(w->loop, vow_ref(held[0]), vow_ref(held[1]), vow_ref(held[2]));

    taken = vow_then(taken, take_all, w);
    for (size_t i = 0; i < G_N_ELEMENTS(held); i++)
        taken = vow_attach(taken, held[i], let_go);
    return taken;
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

static vow_promise *make_sleep(struct world *w)
{
    return vow_all_of(w->loop, vow_sleep(w->loop, 0), vow_sleep_until(w->loop, 0), vow_yield(w->loop));
}

static vow_promise *make_no_time(struct world *w)
{
    return vow_all_settled_of(w->loop, vow_sleep(w->loop, NAN), vow_sleep_until(w->loop, NAN),
                              vow_timeout(never(w), NAN));
}

static vow_promise *make_in_time(struct world *w)
{
    return vow_timeout(ended(w, make_resolve(w)), 3600);
}

static vow_promise *make_too_late(struct world *w)
{
    return vow_timeout(vow_finally(never(w), end_later, owe(w)), 0);
}

const struct scenario joined_scenarios[] = {
    {"all", make_all, "[thing,thing,[]]", NULL, 0, 0},
    {"all-rejects", make_all_rejects, "!EIO", NULL, 0, 0},
    {"all-settled", make_all_settled, "[!EIO,thing,[]]", NULL, 0, 0},
    {"any", make_any, "thing", "!EAGGREGATE", 1, 0},
    {"any-rejects", make_any_rejects, "!EAGGREGATE", NULL, 0, 0},
    {"race", make_race, "thing", NULL, 0, 0},
    {"race-cleans", make_race_cleans, "thing", NULL, 0, 0},
    {"select", make_select, "1", "0", 0, 0},
    {"shield", make_shield, "thing", NULL, 0, 0},
    {"taken", make_taken, "[thing,text,[thing,bytes,[!EIO]]]", NULL, 0, 0},
    {"sleep", make_sleep, "[nil,nil,nil]", NULL, 0, 0},
    {"no-time", make_no_time, "[!EINVAL,!EINVAL,!EINVAL]", NULL, 0, 0},
    {"in-time", make_in_time, "thing", NULL, 0, 0},
    {"too-late", make_too_late, "!ETIMEDOUT", NULL, 1, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
