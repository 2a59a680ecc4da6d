/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind task: a body written with the await macros, in one allocation with the struct that is its frame.
 * The frame's vow_task says where to go on. This file has what the body awaits and what the task will settle
 * with.
 *
 * The body reads its frame as a struct of its own, which this file does not know. This file reaches the frame
 * by its address only, and never as a part of a type of its own: a compiler that sees both might take that
 * for another object.
 *
 * What a body awaits is most often pending. If it is settled and the queue is empty, the task's next job
 * would be the next of all, and is run without going through the queue.
 *
 * A body is entered again after each await, and once more for VOW_FINALLY when it is dropped or cancelled.
 * From the moment it is in VOW_FINALLY, its promise is shielded: cancelling it lets the clean-up finish.
 */
#include <vow/task.h>

#include <string.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "core/lent-private.h"
#include "core/operations-private.h"
#include "task/task-private.h"

/* Bits of the promise's `stage`. */
enum stage {
    RUNNING = 1,     /* the body is on the stack */
    CUT = 2,         /* cancelled meanwhile: the clean-up follows when the body returns */
    CLEANING = 4,    /* it is in VOW_FINALLY, or past it */
    OVERRIDDEN = 8,  /* the outcome was set in VOW_FINALLY */
    FINISHED = 16,   /* the body will not be entered any more */
    IN_ITS_JOB = 32, /* in a job of the task's own, and not, say, in vow_async() */
    AT_END = 64      /* debug builds: the body has come to VOW_END() */
};

typedef struct task {
    vow_promise promise;
    const vow_task_type *type;
    vow_promise *awaited; /* while the body runs: settled, VOW_RESULT() points into it */
    vow_value outcome;    /* what VOW_RETURN() or VOW_THROW() said */
    vow_task *frame;      /* the user's struct: behind this one, or apart */
#ifdef VOW_DEBUG
    uint64_t number; /* see vow__body */
#endif
} task;

/* A state of the frame, above every line number: the body is over, but what it has dropped still cleans
 * up. */
#define VOW__TASK_DROPPING (VOW__TASK_FINALLY - 1)

/* A frame is apart from its task if it is too large for a block of the pools, or wants more than this
 * alignment. */
#define ALIGNMENT _Alignof(max_align_t)
/* Where a frame stands behind its task. The word before a frame, here or apart, is the address of its
 * task. */
#define FRAME_OFFSET ((sizeof(task) + sizeof(task *) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)
#define BACK(frame) ((task **) (void *) ((char *) (frame) - sizeof(task *)))

static task *task_of(const vow_task *frame)
{
    return *BACK(frame);
}

/* Lets go of what the last await gave, if there was one. May run a drop function. */
static inline void let_awaited_go(task *self)
{
    vow_promise *awaited = self->awaited;

    if (!awaited)
        return;
    self->awaited = NULL;
    self->frame->result = NULL;
    self->frame->flags = 0;
    vow__unref_own(awaited);
}

static void begin_cleaning(task *self)
{
    self->promise.stage |= CLEANING;
    self->promise.flags |= VOW__SHIELDED;
    self->frame->state = VOW__TASK_FINALLY;
}

static bool is_cause_of(const vow_error *cause, const vow_error *error)
{
    while (error && error != cause)
        error = vow_error_cause(error);
    return error;
}

/* Drops `replaced`, with which the task was about to end, because `outcome` takes its place. If it is an
 * error, and `outcome` is neither that error nor caused by it, it is reported. May run a drop function or the
 * program's hook. */
static void drop_replaced(const task *self, vow_value replaced, vow_value outcome)
{
    const vow_error *error = outcome.type == &vow__type_throw ? outcome.u.pointer : NULL;

    if (replaced.type == &vow__type_throw && !is_cause_of(replaced.u.pointer, error))
        vow__report_replaced(&self->promise, replaced.u.pointer);
    vow_value_drop(replaced);
}

/* A task that was cancelled ends with ECANCELED, and not with its outcome. Settles it before dropping the
 * outcome: that may run clean-up, which may cancel this promise. If the outcome is to follow a promise,
 * follows it: see task_finish(). */
static VOW__RARE void finish_cancelled(task *self, vow_value outcome)
{
    if (outcome.type == &vow__type_follow) {
        vow__resolve(&self->promise, outcome);
        return;
    }
    vow__reject(&self->promise, &vow__error_cancelled);
    drop_replaced(self, outcome, vow_nil());
}

/* The body is done: the promise gets its outcome. If the task was cancelled it ends with ECANCELED, unless
 * VOW_FINALLY has thrown. True if it was, but follows another promise all the same. Then it must be cancelled
 * once more, so that the other one cleans up first. */
static bool task_finish(task *self)
{
    vow_promise *promise = &self->promise;
    vow_value outcome = self->outcome;
    bool is_override = outcome.type == &vow__type_throw && (promise->stage & OVERRIDDEN);

    self->outcome = vow_nil();
    let_awaited_go(self);
    promise->stage |= FINISHED;
    promise->flags &= (uint16_t) ~VOW__SHIELDED;
    if (VOW_UNLIKELY((promise->flags & VOW__CANCELLED) && !is_override)) {
        finish_cancelled(self, outcome);
        return vow__is_pending(promise);
    }
    vow__resolve(promise, outcome);
    return false;
}

/*
 * Debug builds notice a body that was left by a plain `return`: it gave true, but has not come to VOW_END();
 * or it gave false, but awaits nothing. In other builds the first leaves out VOW_FINALLY, and the second
 * leaves the task pending for ever.
 */
#ifdef VOW_DEBUG
static void check_left(const task *self, bool is_done)
{
    const vow_promise *promise = &self->promise;
    uint32_t state = self->frame->state;

    if (is_done ? promise->stage & AT_END : promise->mode != VOW__WAIT_NONE)
        return;
    vow__misuse("VOW_ASYNC", promise->site, "%s was left by a plain return, %s %s:%u", self->type->name,
                promise->stage & CLEANING ? "in the clean-up of the body at"
                : state                   ? "after the await at"
                                          : "before the first await of the body at",
                self->type->file, (unsigned) (state && state < VOW__TASK_FINALLY ? state : self->type->line));
}

static void note_end(task *self)
{
    self->promise.stage |= AT_END;
}

static void note_number(task *self)
{
    self->number = ++vow__loop_of(&self->promise)->tasks;
}

static bool enter_body(task *self)
{
    vow_loop *loop = vow__loop_of(&self->promise);
    const vow__body *outer = loop->body;
    vow__body body = {self->frame, self->number};
    bool is_done;

    loop->body = &body;
    is_done = self->type->enter(self->frame);
    loop->body = outer;
    check_left(self, is_done);
    return is_done;
}
#else
#define note_end(self) ((void) 0)
#define note_number(self) ((void) 0)

static inline bool enter_body(task *self)
{
    return self->type->enter(self->frame);
}
#endif

/* Runs the body to its next await or its end; true at its end. The caller holds a reference. */
static bool task_enter(task *self)
{
    bool is_done;

    self->promise.stage |= RUNNING;
    is_done = enter_body(self);
    self->promise.stage &= (uint8_t) ~RUNNING;
    return is_done;
}

/* Whether the task was cancelled while its body ran, and its clean-up has not begun yet. */
static bool is_cut(const vow_promise *promise)
{
    return (promise->stage & CUT) && !(promise->stage & CLEANING);
}

/* The body has ended, or awaits something. */
static void step_done(task *self, bool is_done)
{
    vow_promise *promise = &self->promise;

    if (is_done) {
        if (task_finish(self))
            vow__cancel_now(promise);
    } else if (is_cut(promise)) {
        promise->flags &= (uint16_t) ~VOW__SHIELDED;
        vow__cancel_now(promise);
    }
}

/* What the body awaited is settled. From now on the body looks at it. */
static void take_awaited(task *self)
{
    vow_promise *awaited = vow__take_own_upstream(&self->promise);

    self->awaited = awaited;
    self->frame->result = vow__look(awaited);
    if (vow__is_rejected(awaited))
        self->frame->flags = VOW__TASK_REJECTED;
}

/* In a job of the task: whether it was cancelled meanwhile, or nobody but the job holds a reference to it. */
static bool is_unwanted(const vow_promise *promise)
{
    return promise->refs == 1 || is_cut(promise);
}

/* Whether what the body awaits is settled already, and nobody else's turn comes before the task's. */
static bool is_ready(const vow_promise *promise)
{
    return promise->mode == VOW__WAIT_READY;
}

static void task_run(vow_promise *promise, vow__reaction *wait)
{
    task *self = (task *) promise;
    bool is_done;

    (void) wait;
    promise->stage |= RUNNING | IN_ITS_JOB;
    do {
        promise->mode = VOW__WAIT_NONE;
        take_awaited(self);
        is_done = enter_body(self);
    } while (is_ready(promise) && !is_unwanted(promise));
    promise->stage &= (uint8_t) ~(RUNNING | IN_ITS_JOB);
    if (is_ready(promise))
        vow__wait(promise, vow__take_own_upstream(promise), VOW__WAIT_REACTION);
    step_done(self, is_done);
}

static bool task_unwind(vow_promise *promise)
{
    task *self = (task *) promise;

    if (promise->stage & FINISHED)
        return false;
    promise->flags |= VOW__CANCELLED;
    if (promise->stage & RUNNING) {
        promise->stage |= CUT;
        return true;
    }
    begin_cleaning(self);
    if (!task_enter(self))
        return true;
    if (!task_finish(self))
        return false;
    vow__drop_again(promise);
    return true;
}

/* The body is not entered any more. What it was about to end with goes. */
static void task_cut(vow_promise *promise)
{
    task *self = (task *) promise;
    vow_value outcome = self->outcome;

    self->outcome = vow_nil();
    promise->stage |= FINISHED;
    drop_replaced(self, outcome, vow_nil());
}

static const char *task_describe(const vow_promise *promise)
{
    return ((const task *) promise)->type->name;
}

/* How much stands before a frame that is apart: the address of its task, and what keeps the frame aligned. */
static size_t head_of(const vow_task_type *type)
{
    return type->alignment > ALIGNMENT ? type->alignment : ALIGNMENT;
}

static void apart_dispose(vow_promise *promise)
{
    const task *self = (task *) promise;
    size_t head = head_of(self->type);

    vow__release((char *) self->frame - head, head + self->type->size);
}

#define TASK_KIND(run_fn, dispose_fn)                                                                     \
    {                                                                                                     \
        .name = "task", .run = (run_fn), .unwind = task_unwind, .cut = task_cut, .dispose = (dispose_fn), \
        .describe = task_describe                                                                         \
    }
static const vow__kind task_kind = TASK_KIND(task_run, NULL);
static const vow__kind apart_kind = TASK_KIND(task_run, apart_dispose);

static VOW__RARE task *new_apart(vow_loop *loop, const vow_task_type *type, const char *site)
{
    size_t head = head_of(type);
    char *memory = vow__allocate_aligned(head + type->size, head);
    task *self;

    if (!memory)
        return NULL;
    self = vow__promise_new(loop, sizeof *self, &apart_kind, site);
    if (self)
        self->frame = (vow_task *) (void *) (memory + head);
    else
        vow__release(memory, head + type->size);
    return self;
}

/* A task without its frame's content; NULL when there is no memory. */
static task *task_new(vow_loop *loop, const vow_task_type *type, const char *site)
{
    size_t size = FRAME_OFFSET + type->size;
    task *self;

    if (VOW_UNLIKELY(size > VOW__BLOCK_MAX || type->alignment > ALIGNMENT))
        return new_apart(loop, type, site);
    self = vow__promise_new_quickly(loop, size, &task_kind, site);
    if (VOW_UNLIKELY(!self))
        self = vow__promise_new_slowly(loop, size, &task_kind, site);
    if (self)
        self->frame = (vow_task *) (void *) ((char *) self + FRAME_OFFSET);
    return self;
}

vow_promise *vow_async_at(vow_loop *loop, const vow_task_type *type, const void *frame, const char *site)
{
    task *self;

    vow__check_loop(loop, "vow_async", site);
    vow__check_pointer(type, "type", "vow_async", site);
    vow__check_pointer(frame, "frame", "vow_async", site);
    self = task_new(loop, type, site);
    if (!self)
        return vow__refusal(loop);
    self->type = type;
    self->awaited = NULL;
    self->outcome = vow_nil();
    note_number(self);
    *BACK(self->frame) = self;
    memcpy(self->frame, frame, type->size);
    self->promise.refs++;
    vow__enter_program(loop);
    step_done(self, task_enter(self));
    vow__leave_program(loop);
    vow__unref_own(&self->promise);
    return &self->promise;
}

/* Whether the job that goes on after `promise` would be the next to run. (A loop that is being freed counts
 * the jobs that it runs, so there each one goes through the queue.) */
static bool is_next(const task *self, const vow_promise *promise)
{
    const vow_loop *loop = vow__loop_of(promise);

    return !vow__is_pending(promise) && (self->promise.stage & IN_ITS_JOB) &&
           vow__list_is_empty(&loop->queue) && !loop->is_closed;
}

static VOW__RARE VOW_NORETURN void misuse_await(const task *self, const vow_promise *promise, uint32_t line)
{
    if (vow__is_gone(promise))
        vow__misuse_promise(promise, "VOW_AWAIT", self->promise.site);
    vow__misuse("VOW_AWAIT", promise->site, "a task cannot await itself, at %s:%u", self->type->file,
                (unsigned) line);
}

void vow__task_await(vow_task *frame, vow_promise *promise, uint32_t line)
{
    task *self = task_of(frame);

    if (VOW_UNLIKELY(vow__is_gone(promise) || promise == &self->promise))
        misuse_await(self, promise, line);
    vow__check_thread(vow__loop_of(promise), "VOW_AWAIT", NULL);
    vow__check_same_loop(&self->promise, promise, "VOW_AWAIT");
    frame->state = line;
    let_awaited_go(self);
    if (is_next(self, promise)) {
        self->promise.wait.upstream = (uintptr_t) promise;
        self->promise.mode = VOW__WAIT_READY;
    } else {
        vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    }
}

/* The promise that was to be followed has cleaned up. The task only waited for it. So an error that it ended
 * with counts as unseen, unless somebody else has looked. */
static void dropping_run(vow_promise *promise, vow__reaction *wait)
{
    vow__unref(vow__take_upstream(wait));
    step_done((task *) promise, true);
}

static const vow__kind dropping_kind = TASK_KIND(dropping_run, NULL);
static const vow__kind dropping_apart_kind = TASK_KIND(dropping_run, apart_dispose);

/* The task was to follow this promise, and no longer does. If the promise cleans up now, the task ends after
 * it, and the body is not entered any more. */
static void drop_followed(task *self, vow_promise *followed)
{
    let_awaited_go(self);
    if (!vow__drop_input(&self->promise, followed))
        return;
    self->frame->state = VOW__TASK_DROPPING;
    self->promise.kind = self->promise.kind == &task_kind ? &dropping_kind : &dropping_apart_kind;
}

/* VOW_FINALLY has put another outcome in the place of the one before. */
static VOW__RARE void replace(task *self, vow_value replaced, vow_value outcome)
{
    if (replaced.type == &vow__type_follow)
        drop_followed(self, replaced.u.pointer);
    else
        drop_replaced(self, replaced, outcome);
}

void vow__task_return(vow_task *frame, vow_value value)
{
    task *self = task_of(frame);
    vow_value replaced = self->outcome;

    if (frame->result)
        vow__check_given(frame->result, value, &self->promise, "VOW_RETURN");
    self->outcome = value;
    if (self->promise.stage & CLEANING) {
        self->promise.stage |= OVERRIDDEN;
        frame->state = VOW__TASK_DONE;
    } else {
        begin_cleaning(self);
    }
    if (VOW_UNLIKELY(replaced.type))
        replace(self, replaced, value);
}

void vow__task_pass(vow_task *frame)
{
    vow_error *error = vow_error_ref(vow__task_error(frame));

    vow__error_pass(error, task_of(frame)->promise.site);
    vow__task_return(frame, vow_throw(error));
}

bool vow__task_leave(vow_task *frame)
{
    task *self = task_of(frame);

    if (self->promise.stage & CLEANING) {
        note_end(self);
        return false;
    }
    begin_cleaning(self);
    return true;
}

/* The body is over, but a promise that it was to follow still cleans up. */
static VOW__RARE bool end_later(const task *self)
{
    if (self->frame->state != VOW__TASK_DROPPING)
        vow__misuse("VOW_AWAIT", self->promise.site, "%s cannot go on at %s:%u: an await stands in a switch",
                    self->type->name, self->type->file, (unsigned) self->frame->state);
    return false;
}

bool vow__task_end(vow_task *frame)
{
    task *self = task_of(frame);

    if (VOW_UNLIKELY(frame->state < VOW__TASK_FINALLY))
        return end_later(self);
    note_end(self);
    return true;
}

vow_loop *vow__task_loop(const vow_task *frame)
{
    return vow__loop_of(&task_of(frame)->promise);
}
