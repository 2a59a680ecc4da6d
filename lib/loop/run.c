/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_run(): drives the ev_loop until a promise is settled, and says so when nothing is left that could
 * settle it.
 *
 * Each call waits by a branch on its own stack; the branches' owner is a promise inside the loop that is
 * never settled. A run may be nested in another one, in a callback of the application: ev_break() ends the
 * innermost ev_run() only, so the one that returns passes it on to the one around it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <vow/loop.h>

#include "base/misuse-private.h"
#include "core/drop-private.h"
#include "loop/loop-private.h"

#define WAITS_SIZE 768
#define WAITS_MAX 8

struct vow__runner {
    vow__branch branch;
    vow_promise *promise; /* settled; NULL until then */
    struct vow__runner *outer;
};

static void runner_run(vow_promise *owner, vow__reaction *wait)
{
    struct vow__runner *self = (struct vow__runner *) (void *) wait;

    self->promise = vow__take_upstream(wait);
    ev_break(vow__ev(owner), EVBREAK_ONE);
}

static const vow__kind runner_kind = {.name = "run", .run = runner_run};

void vow__run_init(vow__ev_loop *loop)
{
    loop->runs.kind = &runner_kind;
    loop->runs.refs = 1;
    vow__list_init(&loop->runs.u.reactions);
}

/* The first thing a promise waits for that is not settled, or NULL at the end of the line. */
static const vow_promise *next_wait(const vow_promise *promise)
{
    const vow_promise *input = NULL;

    if (promise->mode >= VOW__WAIT_REACTION && promise->mode != VOW__WAIT_FOREIGN)
        input = (const vow_promise *) promise->wait.upstream;
    else if (promise->kind->input)
        input = promise->kind->input(promise);
    return input && vow__is_pending(input) ? input : NULL;
}

typedef struct wait_text {
    size_t length;
    char bytes[WAITS_SIZE];
} wait_text;

static VOW_PRINTF(2, 3) void waits_add(wait_text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->bytes + text->length, sizeof text->bytes - text->length, format, arguments);
    va_end(arguments);
    if (length > 0 && (text->length += (size_t) length) >= sizeof text->bytes)
        text->length = sizeof text->bytes - 1;
}

/* "the then made at a.c:3, which waits for the promise made at a.c:2": the near end and the far end of the
 * line. */
static void describe(const vow_promise *promise, wait_text *text)
{
    const vow_promise *last = promise;
    unsigned count = 0;

    waits_add(text, "the %s made at %s", vow__name_of(promise),
              promise->site ? promise->site : "an unknown place");
    while ((promise = next_wait(last)) && promise != last) {
        last = promise;
        if (count++ < WAITS_MAX)
            waits_add(text, ", which waits for the %s made at %s", vow__name_of(last),
                      last->site ? last->site : "an unknown place");
        if (count > WAITS_MAX * 1000000u)
            break;
    }
    if (count > WAITS_MAX)
        waits_add(text, ", and so on to the %s made at %s", vow__name_of(last),
                  last->site ? last->site : "an unknown place");
}

/* The run ends without an outcome: the promise is dropped. */
static vow_error *give_up(struct vow__runner *self, bool is_deadlock, const char *site)
{
    vow_promise *promise = vow__branch_cut(&self->branch);
    vow_error *error;
    wait_text text = {0, ""};

    if (is_deadlock) {
        describe(promise, &text);
        error = vow_error_new_at(site, EDEADLK, "nothing is left that could settle %s", text.bytes);
    } else {
        error = vow_error_new_at(site, EINTR, "ev_break() was called before the %s made at %s was settled",
                                 vow__name_of(promise), promise->site ? promise->site : "an unknown place");
    }
    vow_unref(promise);
    return error;
}

/* The outcome of a settled promise, whose reference is given. */
static vow_error *outcome(vow_promise *promise, vow_value *value)
{
    vow_error *error = NULL;

    promise->flags |= VOW__SEEN; /* also by one who does not ask for the value: it has been waited for */
    if (vow__is_rejected(promise)) {
        error = vow_error_ref(vow__error_of(promise));
    } else if (value) {
        *value = vow_take(vow__value_of(promise));
    }
    vow_unref(promise);
    return error;
}

static bool is_outer_done(const struct vow__runner *self)
{
    for (self = self->outer; self; self = self->outer)
        if (self->promise)
            return true;
    return false;
}

/* Until the promise is settled; false if that did not come about. */
static bool drive(vow__ev_loop *loop, struct vow__runner *self, bool *is_deadlock)
{
    vow__loop_drain(loop);
    while (!self->promise) {
        bool is_alive = ev_run(loop->ev, 0);

        *is_deadlock = !is_alive;
        if (!self->promise && (!is_alive || !is_outer_done(self)))
            return false;
    }
    return true;
}

static void check_run(const vow_promise *promise, const vow_loop *loop, const char *site)
{
    if (loop->is_draining || loop->busy)
        vow__misuse("vow_run", promise->site, "it was called inside a handler, at %s",
                    site ? site : "an unknown place");
}

vow_error *vow_run_at(vow_promise *promise, vow_value *value, const char *site)
{
    struct vow__runner self = {.promise = NULL};
    vow__ev_loop *loop;
    vow__drops *paused;
    bool is_deadlock = false;
    bool is_settled;

    vow__check_promise(promise, "vow_run", site);
    loop = vow__ev_loop_of(vow__loop_of(promise));
    if (value)
        *value = vow_nil();
    if (loop->core.is_closed)
        return outcome(promise, value);
    check_run(promise, &loop->core, site);
    self.outer = loop->runner;
    loop->runner = &self;
    vow__wait_branch(&self.branch, &loop->runs, promise);
    paused = vow__drops_pause();
    is_settled = drive(loop, &self, &is_deadlock);
    vow__drops_go_on(paused);
    loop->runner = self.outer;
    if (is_outer_done(&self))
        ev_break(loop->ev, EVBREAK_ONE);
    return is_settled ? outcome(self.promise, value) : give_up(&self, is_deadlock, site);
}
