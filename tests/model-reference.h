/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: promises as DESIGN.md, the headers and ECMAScript have them, in the most
 * obvious way. Everything is found by looking through arrays, nothing is given back before the run is over,
 * and every function does at once, by plain recursion, what it means.
 *
 *     model-reference.c       values, references, settling, jobs
 *     model-reference-stop.c  what happens when nobody waits for a promise any more, or when it is cancelled
 *     model-reference-job.c   what a promise does when it is told of the outcome it waits for
 *     model-reference-task.c  tasks
 *     model-reference-loop.c  loops and time
 *     model-reference-side.c  what the player calls
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_MODEL_REFERENCE_H
#define VOW_TEST_MODEL_REFERENCE_H

#include "model.h"

struct ref_error {
    int code;
    bool quiet;             /* of a cancel: it is not reported */
    struct ref_cell *list; /* of an aggregate */
};

/* The place of a value. Several promises may show it: who takes the value takes it from all of them. */
struct ref_cell {
    int shares;
    struct ref_value value;
};

struct ref_list {
    int n;
    struct ref_cell *places[MODEL_INPUTS];
};

enum ref_kind { REF_PLAIN, REF_REACT, REF_FINALLY, REF_ATTACH, REF_COMBINED, REF_TIMEOUT, REF_TASK };

/* What a pending promise waits for. */
enum ref_wait {
    REF_NOTHING,  /* for ever, or until what has begun is over */
    REF_RESOLVER, /* its resolver */
    REF_CLOCK,    /* its time */
    REF_UPSTREAM, /* the outcome of `up`, to react to it */
    REF_JOB,      /* a job, to follow `up` or to subscribe to a foreign future */
    REF_ADOPTING, /* the outcome of `up`, to make it its own */
    REF_INPUTS,   /* the outcomes of `inputs` */
    REF_ENDING,   /* the clean-up of what it waited for */
    REF_CLEANING, /* what its clean-up returned: two jobs, then a third */
    REF_RUNNING   /* its own user code to return */
};

/* Why a promise has a job. Of a combinator: REF_OUTCOME and the number of the input. */
enum ref_why {
    REF_FOLLOW,  /* to subscribe to what it is to follow */
    REF_GIVE_UP, /* the loop gives up its reference */
    REF_FOLLOWED, /* it has followed what its clean-up returned */
    REF_CLEANED, /* its clean-up is done */
    REF_ENDED,   /* what it waited for has cleaned up */
    REF_OUTCOME  /* what it waits for is settled */
};

/* A job of a promise. With a settled promise it is in the queue, else it waits in that one's reactions. */
struct ref_job {
    struct ref_promise *who; /* NULL when nobody waits any more */
    int why;
};

struct ref_promise {
    struct model_info *info;
    enum ref_kind kind;
    enum ref_wait wait;
    char state; /* '?', '=' or '!' */
    struct ref_cell *cell;
    int refs;
    int holds; /* by what is running and will look at it again */
    bool freed, looked, cancelled;
    bool ended; /* cancelled, or its loop goes: not just dropped */

    struct model_source *source;
    struct ref_value given; /* a foreign future to subscribe to */
    struct ref_promise *up;
    struct ref_promise *inputs[MODEL_INPUTS];
    int how; /* enum model_react or model_combine */
    bool no_handler;
    bool timed, yields, periodic; /* has a timer, which yields or goes by the wall clock */
    double due;

    struct ref_promise *behind[MODEL_INPUTS]; /* what it has given up */
    int n_behind;
    bool found;
    struct ref_cell *results[MODEL_INPUTS]; /* of a combinator */
    int n, left;
    struct ref_promise *origin; /* of a finally that cleans up: where its outcome comes from */
    struct ref_cell *outcome;   /* of a finally or a task that cleans up */
    char outcome_state;
    bool heard, followed; /* two of the jobs of a clean-up */
    struct ref_value returned; /* by a task */
    bool tries, returns;  /* of a task */
    bool in_cleanup, failed; /* its clean-up has begun; has thrown */

    struct ref_job *reactions;
    int n_reactions;
};

struct ref_loop {
    double now;
    struct ref_job *jobs;
    int n_jobs, next_job;
};

struct reference {
    struct model_world *world;
    struct ref_loop loops[MODEL_LOOPS];
    struct ref_promise **promises;
    int n_promises;
    void **memory; /* all there is */
    int n_memory;
};

/* ---- model-reference.c --------------------------------------------------------------------------------- */

struct reference *ref_of(const struct model_world *world);
/* Zeroed memory that lives as long as the run. */
void *ref_memory(struct model_world *world, size_t size);
/* A pending promise with one reference, which waits for nothing yet. */
struct ref_promise *ref_new(struct model_info *info, enum ref_kind kind);
bool ref_is_freeing(const struct ref_promise *promise);

struct ref_error *ref_error_new(struct model_world *world, int code, bool quiet);
struct ref_cell *ref_cell_new(struct model_world *world, struct ref_value value);
struct ref_cell *ref_cell_of_error(struct model_world *world, struct ref_error *error);
struct ref_cell *ref_cell_share(struct ref_cell *cell);
void ref_cell_drop(struct ref_cell *cell);
void ref_value_drop(struct ref_value value);
/* What is left in the place is nil, but an error stays. */
struct ref_value ref_value_take(struct ref_value *value);

void ref_unref(struct ref_promise *promise);
/* Between these two a promise stays, whoever gives it up. */
void ref_hold(struct ref_promise *promise);
void ref_release(struct ref_promise *promise);
void ref_free(struct ref_promise *promise);
/* The outcome of a settled promise is being looked at. */
void ref_look(struct ref_promise *promise);
/* Settles a pending promise. The cell is given away. May run user code. */
void ref_settle(struct ref_promise *promise, char state, struct ref_cell *cell);
void ref_settle_error(struct ref_promise *promise, struct ref_error *error);
/* Settles it as another one, which is settled. */
void ref_settle_as(struct ref_promise *promise, struct ref_promise *other);
/* What resolve functions do with a value, a throw, a promise or a foreign future. */
void ref_resolve(struct ref_promise *promise, struct ref_value value);

void ref_push(struct ref_promise *who, int why);
/* Gives a promise a job as soon as another one is settled. */
void ref_subscribe(struct ref_promise *who, struct ref_promise *to, int why);
/* It is not to have that job any more. */
void ref_ignore(struct ref_promise *who, struct ref_promise *to, int why);

/* ---- model-reference-stop.c ---------------------------------------------------------------------------- */

/* Nobody has a reference any more. Runs user code. */
void ref_forsake(struct ref_promise *promise);
void ref_cancel(struct ref_promise *promise);
/* One of what it waited for has cleaned up. */
void ref_ended(struct ref_promise *promise);
/* Ends a pending promise, its clean-up included, because its loop goes. */
void ref_end(struct ref_promise *promise);
/* What its clean-up returned. True if there is nothing more to wait for. */
bool ref_clean(struct ref_promise *promise, struct ref_value value);

/* ---- model-reference-job.c ----------------------------------------------------------------------------- */

/* Runs the jobs of a loop until there are none. */
void ref_drain(struct model_world *world, int loop);

/* ---- model-reference-combine.c ------------------------------------------------------------------------- */

struct ref_promise *ref_combine(struct model_info *info, enum model_combine how, int n, void **promises);
/* An input is settled. */
void ref_collect(struct ref_promise *who, int i);

/* ---- model-reference-task.c ---------------------------------------------------------------------------- */

/* Runs a task to its next await or its end. `up` is what it awaited. */
void ref_task_run(struct ref_promise *task, enum model_at at);
/* Goes on after an await. */
void ref_task_resume(struct ref_promise *task);
/* Its loop goes while its clean-up awaits something. */
void ref_task_end(struct ref_promise *task);

/* ---- model-reference-loop.c ---------------------------------------------------------------------------- */

bool ref_loop_new(struct model_world *world, int loop);
void ref_loop_free(struct model_world *world, int loop);
int ref_loop_live(struct model_world *world, int loop);
void ref_loop_turn(struct model_world *world, int loop);
int ref_loop_run(struct model_world *world, int loop, void *promise, model_value *value);

#endif
