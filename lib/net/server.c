/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind serve: owns a listener, and the connections that it has accepted.
 *
 * It accepts while it watches the listener: below its limit of connections and outside pauses. The watcher's
 * callback only asks for a turn of the job queue, and the handler is called from there, since it may do
 * anything: it may stop, cancel or drop the server, and `stage` tells after each call.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <vow/server.h>

#include "base/misuse-private.h"
#include "core/place-private.h"
#include "net/accept-private.h"
#include "net/connections-private.h"
#include "io/io-private.h"
#include "net/listener-private.h"
#include "time/clock-private.h"
#include "os/fd-private.h"

/* How many connections one turn accepts. Then others have their turn. */
#define ACCEPTED_MAX 64
/* How many connections are taken over from the listener's queue at the end; queues are seldom so long. */
#define QUEUED_MAX 65536
/* How long the first pause is, and one after many in a row, in seconds. */
#define PAUSE_MIN 0.01
#define PAUSE_MAX 1.0

enum stage {
    ACCEPTING,
    STOPPING, /* there is no listener any more; the timer is the deadline */
    OVER      /* settled, or cleaning up */
};

typedef struct server {
    vow_promise promise;
    ev_io io;
    vow__clock *clock;
    vow__timer timer;     /* set in a pause, or until the deadline */
    int listener;         /* -1 once it is closed */
    vow__listener *place; /* what the loop knows of the listener; NULL once it is closed */
    vow__taker taker;     /* waits there while the server accepts */
    vow_server *handle;
    vow_serve_fn serve;
    void *data;
    vow__connections connections;
    size_t limit;
    double pause;       /* the next one, in seconds */
    vow_error *failure; /* what it ends with when the connections have cleaned up; else NULL */
} server;

/* ---- The next connection ------------------------------------------------------------------------------- */

/* One that a vow_accept() has put back, or else one from the listener's queue; -1 and errno. */
static int next_of_listener(server *self)
{
    int fd = vow__listener_take(self->place, NULL);

    return fd >= 0 ? fd : vow__accept_next(self->listener);
}

/* The next connection; or NULL, and in *code why there is none. */
static vow__connection *accept_next(server *self, int *code)
{
    vow__connection *connection = vow__connection_take(&self->connections);
    int fd = connection ? next_of_listener(self) : -1;

    *code = fd >= 0 ? 0 : connection ? errno : ENOMEM;
    if (fd >= 0)
        connection->fd = vow_fd(fd);
    else if (connection)
        vow__connection_give(&self->connections, connection);
    return fd >= 0 ? connection : NULL;
}

/* The server is stopped. Connections that are in the listener's queue are still served. */
static void take_over_queue(server *self)
{
    for (int i = 0, code; i < QUEUED_MAX; i++) {
        vow__connection *connection = accept_next(self, &code);

        if (!connection)
            return;
        vow__connections_queue(&self->connections, connection);
    }
}

/* ---- Waiting for the next one -------------------------------------------------------------------------- */

/* As long as one more connection may begin, watches the listener; or, once that is closed, waits for a turn
 * of the loop to begin one that is queued. */
static void update(server *self)
{
    struct ev_loop *ev = vow__ev(&self->promise);
    bool has_room = self->connections.count < self->limit;

    if (self->promise.stage == ACCEPTING && has_room && !vow__timer_is_set(&self->timer)) {
        ev_io_start(ev, &self->io);
        vow__taker_join(self->place, &self->taker);
    } else {
        ev_io_stop(ev, &self->io);
        vow__taker_leave(&self->taker);
    }
    if (self->place)
        vow__listener_offer(self->place);
    if (has_room && vow__connections_are_queued(&self->connections) && self->promise.mode == VOW__WAIT_NONE)
        vow__put_off(&self->promise);
}

static void end_pause(vow__timer *timer)
{
    update(VOW__CONTAINER_OF(timer, server, timer));
}

static void pause_accepting(server *self)
{
    vow__timer_init(&self->timer, end_pause);
    vow__clock_set(self->clock, &self->timer, self->pause);
    self->pause = self->pause * 2 < PAUSE_MAX ? self->pause * 2 : PAUSE_MAX;
}

/* Nothing is accepted any more, whatever comes next. */
static void close_listener(server *self, enum stage stage)
{
    self->promise.stage = (uint8_t) stage;
    ev_io_stop(vow__ev(&self->promise), &self->io);
    vow__taker_leave(&self->taker);
    vow__clock_cancel(self->clock, &self->timer);
    if (self->promise.mode == VOW__WAIT_REACTION) {
        vow__list_unlink(&self->promise.wait.link);
        self->promise.mode = VOW__WAIT_NONE;
    }
    if (self->listener >= 0)
        vow_value_drop(vow_fd(self->listener));
    self->listener = -1;
    if (self->place)
        vow__listener_let_go(self->place);
    self->place = NULL;
}

static void ask_for_turn(server *self)
{
    if (self->promise.mode == VOW__WAIT_NONE)
        vow__wait_turn(&self->promise, NULL);
}

static void listener_cb(EV_P_ ev_io *io, int revents)
{
    vow__ignore(EV_A_ revents);
    ask_for_turn(VOW__CONTAINER_OF(io, server, io));
}

static void listener_offers(vow__taker *taker)
{
    ask_for_turn(VOW__CONTAINER_OF(taker, server, taker));
}

/* ---- The end ------------------------------------------------------------------------------------------- */

/* Nothing is accepted any more, and the handle does nothing from now on. The caller sees to the promise. */
static void server_end(server *self)
{
    close_listener(self, OVER);
    self->handle->promise = NULL;
}

/* The server has failed or was dropped, and its connections have cleaned up: settles it. If it was cancelled,
 * that counts, even if it had failed before. */
static void end_after_clean_up(server *self)
{
    vow_promise *promise = &self->promise;
    vow_error *failure = self->failure;

    self->failure = NULL;
    if (failure && !(promise->flags & VOW__CANCELLED)) {
        vow__place_settle(promise, VOW__REJECTED, vow__value_of_error(failure));
        return;
    }
    vow__place_settle(promise, VOW__REJECTED, vow__value_of_error(&vow__error_cancelled));
    if (failure)
        vow__report_replaced(promise, failure);
    vow_error_unref(failure);
}

/* Settles the server when its last connection has ended. */
static void end_if_done(server *self)
{
    if (self->connections.count || vow__connections_are_queued(&self->connections) ||
        !vow__is_pending(&self->promise))
        return;
    if (self->promise.stage == OVER) {
        vow__place_take(&self->promise);
        end_after_clean_up(self);
    } else if (self->promise.stage == STOPPING) {
        server_end(self);
        vow__fulfil(&self->promise, vow_nil());
    }
}

static void serve_stop(vow_promise *promise)
{
    server *self = (server *) promise;

    vow__connections_drop_queued(&self->connections);
    vow__connections_drop(&self->connections);
}

static bool serve_unwind(vow_promise *promise)
{
    return vow__connections_wait(&((server *) promise)->connections);
}

/* Accepting has failed for good. The connections are dropped, and their clean-up comes first. May run user
 * code. */
static void server_fail(server *self, int code)
{
    vow_promise *promise = &self->promise;
    vow_loop *loop = vow__loop_of(promise);
    vow_promise *base = loop->doomed;
    bool is_busy;

    self->failure =
        vow_error_new_at(promise->site, code, "vow_serve: descriptor %d: %s", self->listener, strerror(code));
    server_end(self);
    vow__place_take(promise);
    serve_stop(promise);
    vow__reap(loop, base);
    is_busy = serve_unwind(promise);
    vow__reap(loop, base);
    if (is_busy)
        vow__place_leave(promise);
    else
        end_after_clean_up(self);
}

/* The deadline: cancels every remaining connection, whoever else holds it; each end is handled in its own
 * job. Connections whose turn never came are closed. */
static void end_time(vow__timer *timer)
{
    server *self = VOW__CONTAINER_OF(timer, server, timer);

    self->promise.refs++;
    vow__connections_drop_queued(&self->connections);
    while (self->promise.stage == STOPPING && vow__connections_cancel_first(&self->connections)) {
    }
    end_if_done(self);
    vow_unref(&self->promise);
}

/* ---- Accepting ----------------------------------------------------------------------------------------- */

/* Calls the handler. If that has cancelled the server, the new connection is cleaned up as the others are. */
static void server_begin(server *self, vow__connection *connection)
{
    vow_loop *loop = vow__loop_of(&self->promise);
    vow_promise *promise;

    self->connections.count++;
    promise = self->serve(loop, &connection->fd, self->data);
    if (!promise)
        vow__misuse("vow_serve", self->promise.site, "the handler returned NULL");
    vow__check_same_loop(&self->promise, promise, "vow_serve");
    if (self->promise.stage == OVER)
        vow_cancel(vow_ref(promise));
    vow__connection_run(&self->connections, connection, promise);
}

/* Begins one connection of the listener's. False when there is none to be had now. May run user code. */
static bool accept_one(server *self)
{
    int code;
    vow__connection *connection = accept_next(self, &code);

    if (connection) {
        self->pause = PAUSE_MIN;
        server_begin(self, connection);
    } else if (vow__accept_may_pass(code)) {
        pause_accepting(self);
    } else if (!vow__is_again(code)) {
        server_fail(self, code);
    }
    return connection != NULL;
}

/* Begins one connection: of the listener's, or, once that is closed, one that is queued. Otherwise as
 * accept_one(). */
static bool begin_one(server *self)
{
    vow__connection *connection;

    if (self->promise.stage == ACCEPTING)
        return accept_one(self);
    connection = vow__connections_unqueue(&self->connections);
    if (connection)
        server_begin(self, connection);
    return connection != NULL;
}

static void begin_some(server *self)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(&self->promise));

    for (int i = 0; i < ACCEPTED_MAX && self->connections.count < self->limit; i++) {
        if (!vow__budget_is_left(loop) || !begin_one(self))
            break;
        vow__budget_take(loop);
    }
    update(self);
}

/* ---- The kind ------------------------------------------------------------------------------------------ */

/* A connection has ended. What accepting lacked may be there again, so a pause ends. */
static void server_go_on(server *self)
{
    if (self->promise.stage == ACCEPTING)
        vow__clock_cancel(self->clock, &self->timer);
    update(self);
    end_if_done(self);
}

static void serve_run(vow_promise *promise, vow__reaction *wait)
{
    server *self = (server *) promise;

    if (wait == &promise->wait) {
        begin_some(self);
        return;
    }
    vow__connections_end(&self->connections, wait);
    server_go_on(self);
}

static void serve_halt(vow_promise *promise)
{
    server_end((server *) promise);
}

static void serve_dispose(vow_promise *promise)
{
    server *self = (server *) promise;

    vow__connections_dispose(&self->connections);
    vow_error_unref(self->failure);
}

static const vow_promise *serve_input(const vow_promise *promise)
{
    return vow__connections_first(&((const server *) promise)->connections);
}

static const vow__kind serve_kind = {.name = "serve",
                                     .run = serve_run,
                                     .halt = serve_halt,
                                     .stop = serve_stop,
                                     .unwind = serve_unwind,
                                     .dispose = serve_dispose,
                                     .input = serve_input};

/* ---- The functions ------------------------------------------------------------------------------------- */

/* 0, or the errno value with which the server fails. */
static int server_init(server *self, vow_server *handle, int listener, vow_serve_fn serve, void *data)
{
    self->clock = vow__clock_of(vow__loop_of(&self->promise));
    self->listener = listener;
    vow__list_init(&self->taker.link);
    self->taker.offer = listener_offers;
    self->handle = handle;
    self->serve = serve;
    self->data = data;
    vow__connections_init(&self->connections, &self->promise);
    self->limit = SIZE_MAX;
    self->pause = PAUSE_MIN;
    self->failure = NULL;
    ev_io_init(&self->io, listener_cb, listener, EV_READ);
    vow__timer_init(&self->timer, end_pause);
    self->place = vow__listener_hold(vow__loop_of(&self->promise), listener);
    return self->place ? 0 : errno;
}

vow_promise *vow_serve_at(vow_loop *loop, vow_server *handle, vow_value listener, vow_serve_fn serve,
                          void *data, const char *site)
{
    int fd = vow_take_fd(&listener), code = vow__accept_why_not(fd), init_code;
    server *self;

    vow__check_loop(loop, "vow_serve", site);
    if (!handle || !serve)
        vow__misuse_null("vow_serve", handle ? "handler" : "server", site);
    self = vow__clock_of(loop) ? vow__promise_new(loop, sizeof *self, &serve_kind, site) : NULL;
    handle->promise = (vow_promise *) self;
    if (!self) {
        vow_value_drop(vow_fd(fd));
        return vow__refusal(loop);
    }
    init_code = server_init(self, handle, fd, serve, data);
    if (code || init_code)
        server_fail(self, code ? code : init_code);
    update(self);
    return &self->promise;
}

/* NULL once the server has ended, or is about to be cleaned up. */
static server *server_of(const vow_server *handle, const char *function, const char *site)
{
    vow_promise *promise;

    if (!handle)
        vow__misuse_null(function, "server", site);
    promise = handle->promise;
    if (!promise || (promise->flags & VOW__DOOMED))
        return NULL;
    vow__check_thread(vow__loop_of(promise), function, site);
    return (server *) promise;
}

void vow_server_stop_at(vow_server *handle, double seconds, const char *site)
{
    server *self = server_of(handle, "vow_server_stop", site);

    if (!self)
        return;
    if (self->promise.stage == ACCEPTING)
        take_over_queue(self);
    close_listener(self, STOPPING);
    if (!(isinf(seconds) && seconds > 0)) {
        vow__timer_init(&self->timer, end_time);
        vow__clock_set(self->clock, &self->timer, seconds);
    }
    update(self);
    end_if_done(self);
}

void vow_server_limit_at(vow_server *handle, size_t limit, const char *site)
{
    server *self = server_of(handle, "vow_server_limit", site);

    if (!self)
        return;
    self->limit = limit ? limit : SIZE_MAX;
    update(self);
}

size_t vow_server_connections_at(const vow_server *handle, const char *site)
{
    const server *self = server_of(handle, "vow_server_connections", site);

    return self ? self->connections.count : 0;
}
