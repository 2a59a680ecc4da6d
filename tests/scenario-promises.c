/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of promises: what makes them, what is chained to them, and futures of other libraries.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "scenario.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- Made by hand -------------------------------------------------------------------------------------- */

static const char *describe_any(int code)
{
    (void) code;
    return NULL;
}

static const vow_domain domain = {"scenario", describe_any};

static vow_promise *make_error(struct world *w)
{
    return vow_rejected(w->loop, vow_error_new_in(&domain, EIO, "%s", "in a domain of its own"));
}

static vow_promise *make_string(struct world *w)
{
    return vow_resolved(w->loop, vow_strdup("text"));
}

static vow_promise *make_bytes(struct world *w)
{
    return vow_resolved(w->loop, vow_bytes_copy("a\0b", 3));
}

static vow_promise *make_descriptor(struct world *w)
{
    return vow_resolved(w->loop, vow_fd(dup(STDERR_FILENO)));
}

/* A producer that settles its promise from a watcher of its own. */
struct producer {
    vow_resolver resolver; /* first, so that cancelled() finds the rest */
    ev_timer timer;
    struct once *once; /* it ends exactly once */
};

static void producer_free(struct producer *producer)
{
    ev_timer_stop(producer->once->w->f->ev, &producer->timer);
    count_release(producer->once);
    g_free(producer);
}

static void cancelled(vow_resolver *resolver)
{
    producer_free((struct producer *) resolver);
}

static void resolve(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct producer *producer = timer->data;
    struct world *w = producer->once->w;

    (void) ev;
    (void) revents;
    QUIET(w, vow_resolve(&producer->resolver, owned(w->f, NULL)));
    producer_free(producer);
}

static void reject(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct producer *producer = timer->data;
    struct world *w = producer->once->w;
    struct mark mark = enter(w);
    vow_error *error = vow_error_new(EIO, "it broke");

    (void) ev;
    (void) revents;
    leave(mark);
    QUIET(w, vow_reject(&producer->resolver, error));
    producer_free(producer);
}

static void abandon(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct producer *producer = timer->data;
    struct mark mark = enter(producer->once->w);

    (void) ev;
    (void) revents;
    vow_resolver_abandon(&producer->resolver);
    leave(mark);
    producer_free(producer);
}

/* Out of memory there is nobody to tell, and it must know that by itself. */
static vow_promise *produce(struct world *w, void (*callback)(struct ev_loop *, ev_timer *, int))
{
    struct producer *producer = g_new(struct producer, 1);

    memset(producer, 0x55, sizeof *producer); /* the resolver is initialised in any case */
    vow_promise *promise = vow_promise_new(w->loop, &producer->resolver, cancelled);

    producer->once = owe(w);
    ev_timer_init(&producer->timer, callback, 0, 0);
    producer->timer.data = producer;
    if (vow_resolver_is_pending(&producer->resolver))
        ev_timer_start(w->f->ev, &producer->timer);
    else
        producer_free(producer);
    return promise;
}

vow_promise *make_resolve(struct world *w)
{
    return produce(w, resolve);
}

vow_promise *make_reject(struct world *w)
{
    return ended(w, produce(w, reject));
}

static vow_promise *make_abandon(struct world *w)
{
    return produce(w, abandon);
}

static vow_value try_owned(void *data)
{
    struct mark mark = enter(data);

    return made(mark, vow_follow(good(data)));
}

static vow_promise *make_try(struct world *w)
{
    return vow_try(w->loop, try_owned, w);
}

/* ---- Chained ------------------------------------------------------------------------------------------- */

static vow_value throw_it(vow_value *value, void *data)
{
    struct mark mark = enter(data);

    (void) value;
    return made(mark, vow_throwf(EIO, "%s", "thrown"));
}

static vow_value throw_again(const vow_error *error, void *data)
{
    struct mark mark = enter(data);

    return made(mark, vow_throw(vow_error_wrap(vow_error_ref(error), EIO, "again")));
}

static vow_value follow_more(vow_value *value, void *data)
{
    struct mark mark = enter(data);

    vow_value_drop(vow_take(value));
    return made(mark, vow_follow(vow_then(good(data), NULL, NULL)));
}

static vow_promise *make_then(struct world *w)
{
    vow_promise *promise = vow_then(good(w), follow_more, w);

    promise = vow_then_catch(promise, throw_it, recover, w);
    promise = vow_catch(promise, throw_again, w);
    return vow_catch(vow_then(promise, throw_it, w), recover, w);
}

vow_value end_later(void *data)
{
    struct once *once = data;
    struct mark mark = enter(once->w);

    once->runs++;
    return made(mark, vow_follow(vow_then(vow_yield(once->w->loop), copy_text, once->w)));
}

static vow_value end_badly(void *data)
{
    struct once *once = data;
    struct mark mark = enter(once->w);

    once->runs++;
    return made(mark, vow_throwf(EIO, "the clean-up failed"));
}

static vow_promise *make_finally(struct world *w)
{
    return vow_finally(ended(w, vow_finally(good(w), end_later, owe(w))), end_later, owe(w));
}

static vow_promise *make_finally_throws(struct world *w)
{
    return ended(w, vow_finally(vow_finally(good(w), end_later, owe(w)), end_badly, owe(w)));
}

static vow_promise *make_attach(struct world *w)
{
    return vow_attach(vow_attach(vow_yield(w->loop), owe(w), count_release), owe(w), count_release);
}

static vow_promise *make_follow(struct world *w)
{
    return vow_resolved(w->loop, vow_follow(vow_resolved(w->loop, vow_follow(make_resolve(w)))));
}

/* Several that look at one promise, each with a reference of its own. */
static vow_promise *make_shared(struct world *w)
{
    vow_promise *source = make_resolve(w);
    vow_promise *one = ended(w, vow_ref(source)), *other = vow_then(vow_ref(source), copy_text, w);

    QUIET(w, vow_detach(source));
    return vow_all_of(w->loop, one, other);
}

static vow_promise *make_unhandled(struct world *w)
{
    vow_promise *promise = vow_then(good(w), throw_it, w);

    QUIET(w, vow_detach(promise));
    return good(w);
}

/* ---- Of another library -------------------------------------------------------------------------------- */

static vow_error *settle_now(void *object, vow_resolver *resolver)
{
    struct once *once = object;

    vow_resolve(resolver, owned(once->w->f, NULL));
    return NULL;
}

static vow_error *settle_later(void *object, vow_resolver *resolver)
{
    struct world *w = ((struct once *) object)->w;
    struct producer *producer = g_new0(struct producer, 1);

    producer->once = owe(w);
    vow_resolver_move(&producer->resolver, resolver, cancelled);
    ev_timer_init(&producer->timer, resolve, 0, 0);
    producer->timer.data = producer;
    ev_timer_start(w->f->ev, &producer->timer);
    return NULL;
}

static vow_error *fail_now(void *object, vow_resolver *resolver)
{
    struct mark mark = enter(((struct once *) object)->w);
    vow_error *error = vow_error_new(EIO, "it failed");

    (void) resolver;
    leave(mark);
    return error;
}

static const vow_thenable now = {"now", settle_now, count_release};
static const vow_thenable later = {"later", settle_later, count_release};
static const vow_thenable failing = {"failing", fail_now, count_release};

static vow_promise *make_thenable(struct world *w)
{
    return vow_resolved(w->loop, vow_follow_thenable(&now, owe(w)));
}

static vow_promise *make_thenable_later(struct world *w)
{
    return ended(w, vow_resolved(w->loop, vow_follow_thenable(&later, owe(w))));
}

static vow_promise *make_thenable_fails(struct world *w)
{
    return vow_resolved(w->loop, vow_follow_thenable(&failing, owe(w)));
}

static vow_value end_elsewhere(void *data)
{
    struct once *once = data;
    struct mark mark = enter(once->w);

    once->runs++;
    return made(mark, vow_follow_thenable(&later, owe(once->w)));
}

/* The promise that the finally makes of it is the library's own. */
static vow_promise *make_finally_thenable(struct world *w)
{
    return vow_finally(good(w), end_elsewhere, owe(w));
}

/* Two that follow each other, until one is cancelled. */
static void cancel(void *promise)
{
    vow_cancel(promise);
}

static vow_promise *make_circle(struct world *w)
{
    vow_resolver one, other;
    vow_promise *p = vow_promise_new(w->loop, &one, NULL), *q = vow_promise_new(w->loop, &other, NULL);

    vow_resolve(&one, vow_follow(vow_ref(q)));
    vow_resolve(&other, vow_follow(vow_ref(p)));
    return vow_all_settled_of(w->loop, q, vow_attach(vow_yield(w->loop), p, cancel));
}

const struct scenario promise_scenarios[] = {
    {"good", good, "thing", NULL, 0, 0},
    {"bad", bad, "!EIO", NULL, 0, 0},
    {"error", make_error, "!EIO", NULL, 0, 0},
    {"string", make_string, "text", NULL, 0, 0},
    {"bytes", make_bytes, "bytes", NULL, 0, 0},
    {"descriptor", make_descriptor, "fd", NULL, 0, 0},
    {"resolve", make_resolve, "thing", NULL, 0, 0},
    {"reject", make_reject, "!EIO", NULL, 0, 0},
    {"abandon", make_abandon, "!ECANCELED", NULL, 0, 0},
    {"try", make_try, "thing", NULL, 0, 0},
    {"then", make_then, "text", NULL, 0, 0},
    {"finally", make_finally, "thing", NULL, 0, 0},
    {"finally-throws", make_finally_throws, "!EIO", NULL, 0, 0},
    {"finally-thenable", make_finally_thenable, "thing", NULL, 2, 0},
    {"attach", make_attach, "nil", NULL, 0, 0},
    {"circle", make_circle, "[!ECANCELED,nil]", NULL, 0, 0},
    {"follow", make_follow, "thing", NULL, 0, 0},
    {"shared", make_shared, "[thing,text]", NULL, 0, 0},
    {"unhandled", make_unhandled, "thing", NULL, 0, 1},
    {"thenable", make_thenable, "thing", NULL, 0, 0},
    {"thenable-later", make_thenable_later, "thing", NULL, 0, 0},
    {"thenable-fails", make_thenable_fails, "!EIO", NULL, 0, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
