/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns a process from its start to its end. Its watchers are active exactly as long as its child has not been
 * waited for. Whatever happens to the promise or the loop before, the child is ended and waited for.
 */
#include "process/process-private.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/misuse-private.h"
#include "core/scheduler-private.h"

/* How long to wait before asking again, in seconds: without a pidfd, or when the answer leaves doubts. */
#define FIRST_PAUSE 0.001
#define LONGEST_PAUSE 0.1
#define MOST_DOUBTS 6
/* How long the system may take to end a process that was killed. */
#define SECONDS_TO_DIE 1

static void process_unwatch(vow_process *self)
{
    struct ev_loop *ev = vow__ev(&self->promise);

    ev_io_stop(ev, &self->pidfd);
    if (vow__timer_is_set(&self->asking))
        vow__clock_cancel(self->asking_clock, &self->asking);
    vow__clock_cancel(self->clock, &self->grace);
#if EV_CHILD_ENABLE
    ev_child_stop(ev, &self->reaped);
#endif
    vow__list_unlink(&self->hook.link);
    vow__child_close(&self->child);
}

/* The child is gone. If it was told to end, what is left of its group is killed, too. */
static void process_settle(vow_process *self, vow_value value)
{
    enum vow__process_stage stage = self->promise.stage;

    if (stage >= VOW__PROCESS_ENDS)
        vow__child_kill_group(&self->child);
    process_unwatch(self);
    self->promise.stage = VOW__PROCESS_NONE;
    if (stage == VOW__PROCESS_DROPPED) {
        vow_value_drop(value);
        value = vow_throw(&vow__error_cancelled);
    }
    vow__resolve(&self->promise, value);
}

static void lost(vow_process *self)
{
    process_settle(self, vow_throwf_at(self->promise.site, ECHILD,
                                       "vow_process_wait: %s (process %ld): somebody else has waited for it",
                                       self->name, (long) self->child.pid));
}

static void ask_later(vow_process *self)
{
    self->asking_clock = vow__real_clock_of(vow__loop_of(&self->promise));
    vow__clock_set(self->asking_clock, &self->asking, self->pause);
    self->pause = self->pause * 2 < LONGEST_PAUSE ? self->pause * 2 : LONGEST_PAUSE;
}

/* Somebody else has waited for the child. If that was libev, it tells in a moment how the child ended. Else
 * the kernel may: a little after a child has ended it can tell how. So it is asked again a few times. */
static void doubt(vow_process *self)
{
#if EV_CHILD_ENABLE
    if (ev_is_pending(&self->reaped))
        return;
#endif
    if (self->child.pidfd < 0 || self->doubts++ == MOST_DOUBTS) {
        lost(self);
        return;
    }
    ev_io_stop(vow__ev(&self->promise), &self->pidfd);
    ask_later(self);
}

static void process_ask(vow_process *self)
{
    int code = 0;

    /* This comes before waiting for the child, which makes its id, and that of its group, free for others. */
    if (self->promise.stage >= VOW__PROCESS_ENDS && vow__child_has_ended(&self->child))
        vow__child_kill_group(&self->child);
    switch (vow__child_ask(&self->child, &code)) {
    case VOW__CHILD_ENDED:
        process_settle(self, vow_int(code));
        break;
    case VOW__CHILD_LOST:
        doubt(self);
        break;
    default:
        if (self->child.pidfd < 0)
            ask_later(self);
    }
}

static void pidfd_cb(EV_P_ ev_io *io, int revents)
{
    vow__ignore(EV_A_ revents);
    process_ask(VOW__CONTAINER_OF(io, vow_process, pidfd));
}

static void ask_again(vow__timer *timer)
{
    process_ask(VOW__CONTAINER_OF(timer, vow_process, asking));
}

#if EV_CHILD_ENABLE
static void reaped_cb(EV_P_ ev_child *watcher, int revents)
{
    vow_process *self = VOW__CONTAINER_OF(watcher, vow_process, reaped);

    vow__ignore(EV_A_ revents);
    process_settle(self, vow_int(vow__child_code(watcher->rstatus)));
}
#endif

static void end_grace(vow__timer *timer)
{
    vow__child_kill(&VOW__CONTAINER_OF(timer, vow_process, grace)->child, SIGKILL);
}

/* Until when to wait for a child that was killed. That takes the system a moment, so there is one even when
 * the loop has no patience left. */
static vow__deadline end_of_patience(const vow_process *self)
{
    const vow__deadline *deadline = vow__loop_deadline(vow__ev_loop_of(vow__loop_of(&self->promise)));
    int left = vow__deadline_left(deadline);

    return left >= 0 && left < SECONDS_TO_DIE * 1000 ? vow__deadline_in(SECONDS_TO_DIE) : *deadline;
}

/* There is no time left: kills the child and waits for it. One that does not end all the same is reported: it
 * may have become another user's, and not be ours to signal. */
static void end_now(vow_process *self)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(&self->promise));
    vow__deadline deadline = end_of_patience(self);
    int code;

    vow__child_kill(&self->child, SIGKILL);
    if (vow__child_is_ours(&self->child) &&
        vow__child_wait(&self->child, &deadline, &code) == VOW__CHILD_RUNS) {
        vow__loop_waited(loop);
        vow__report_straggler(&loop->core, &self->promise);
    }
    process_unwatch(self);
    self->promise.stage = VOW__PROCESS_NONE;
}

static void process_end(vow_process *self)
{
    if (self->promise.stage != VOW__PROCESS_RUNS)
        return;
    self->promise.stage = VOW__PROCESS_ENDS;
    vow__child_kill(&self->child, self->end_signal);
    if (self->grace_time > 0)
        vow__clock_set(self->clock, &self->grace, self->grace_time);
    else
        vow__child_kill(&self->child, SIGKILL);
}

static bool process_unwind(vow_promise *promise)
{
    vow_process *self = (vow_process *) promise;

    if (promise->stage == VOW__PROCESS_NONE)
        return false;
    if (vow__loop_of(promise)->is_closed || !vow__child_is_ours(&self->child)) {
        end_now(self);
        return false;
    }
    process_end(self);
    promise->stage = VOW__PROCESS_DROPPED;
    return true;
}

static const vow__kind process_kind = {.name = "process", .unwind = process_unwind};

static vow_process *process_of(vow__loop_hook *hook)
{
    return VOW__CONTAINER_OF(hook, vow_process, hook);
}

/* The loop is being freed. A process that somebody holds is ended by being cancelled. One that was dropped,
 * and still has time to end, has it no longer. */
static void process_close(vow__loop_hook *hook)
{
    vow_process *self = process_of(hook);

    if (self->promise.stage != VOW__PROCESS_DROPPED)
        return;
    end_now(self);
    vow__settle(&self->promise, VOW__REJECTED, vow__value_of_error(&vow__error_cancelled));
}

static void process_forked(vow__loop_hook *hook)
{
    vow_process *self = process_of(hook);

    process_settle(self,
                   vow_throwf_at(self->promise.site, ECHILD,
                                 "vow_process_wait: %s (process %ld) belongs to the process that started it",
                                 self->name, (long) self->child.pid));
}

static const vow__loop_hook_kind process_hook_kind = {.close = process_close, .forked = process_forked};

vow_process *vow__process_new(vow_loop *loop, const char *site)
{
    vow__clock *clock = vow__clock_of(loop);
    vow_process *self = clock ? vow__promise_new(loop, sizeof *self, &process_kind, site) : NULL;

    if (self) {
        self->clock = clock;
        self->pipes[0] = self->pipes[1] = self->pipes[2] = -1;
    }
    return self;
}

void vow__process_begin(vow_process *self)
{
    struct ev_loop *ev = vow__ev(&self->promise);

    self->promise.stage = VOW__PROCESS_RUNS;
    vow__loop_hook_add(&self->hook, &process_hook_kind, vow__loop_of(&self->promise));
    self->pause = FIRST_PAUSE;
    self->doubts = 0;
    ev_io_init(&self->pidfd, pidfd_cb, self->child.pidfd, EV_READ);
    vow__timer_init(&self->asking, ask_again);
    vow__timer_init(&self->grace, end_grace);
#if EV_CHILD_ENABLE
    ev_child_init(&self->reaped, reaped_cb, self->child.pid, 0);
    if (ev_is_default_loop(ev))
        ev_child_start(ev, &self->reaped);
#endif
    if (self->child.pidfd >= 0)
        ev_io_start(ev, &self->pidfd);
    else
        ask_later(self);
}

void vow__process_close_pipes(vow_process *self)
{
    for (int i = 0; i < 3; i++) {
        int fd = self->pipes[i];

        self->pipes[i] = -1;
        if (fd >= 0)
            close(fd);
    }
}

/* ---- The handle ---------------------------------------------------------------------------------------- */

static void drop_process(void *process)
{
    vow_process_free(process);
}

const vow_type vow_type_process = {"process", drop_process};

vow_process *vow_take_process_at(vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_process))
        vow__value_mismatch(value, "vow_take_process", &vow_type_process, site);
    return vow_take(value).u.pointer;
}

/* Each caller gets a promise of its own: whoever takes the value takes it from nobody else. */
vow_promise *vow_process_wait_at(const vow_process *process, const char *site)
{
    vow__check_handle(process, "process", "vow_process_wait", site);
    return vow_then_at(vow_ref(&process->promise), NULL, NULL, site);
}

void vow_process_end_at(vow_process *process, const char *site)
{
    vow__check_handle(process, "process", "vow_process_end", site);
    process_end(process);
}

int vow_process_kill_at(const vow_process *process, int signum, const char *site)
{
    vow__check_handle(process, "process", "vow_process_kill", site);
    if (process->promise.stage == VOW__PROCESS_NONE)
        return ESRCH;
    return vow__child_kill(&process->child, signum);
}

pid_t vow_process_pid_at(const vow_process *process, const char *site)
{
    vow__check_handle(process, "process", "vow_process_pid", site);
    return process->child.pid;
}

int vow__process_take_fd(vow_process *process, int stream, const char *function, const char *site)
{
    int fd;

    vow__check_handle(process, "process", function, site);
    if (stream < 0 || stream > 2)
        return -1;
    fd = process->pipes[stream];
    process->pipes[stream] = -1;
    return fd;
}

int vow_process_take_fd_at(vow_process *process, int stream, const char *site)
{
    return vow__process_take_fd(process, stream, "vow_process_take_fd", site);
}

void vow_process_free(vow_process *process)
{
    if (!process)
        return;
    vow__check_handle(process, "process", "vow_process_free", NULL);
    vow__process_close_pipes(process);
    vow_unref(&process->promise);
}
