/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: promises as a plain graph, written from what the public headers say and
 * for nothing but being obvious. It recurses, searches lists from end to end and frees nothing before the
 * program is over.
 *
 *     reference.c        values, settling, the job queue
 *     reference-loop.c   what an ev_loop calls, and when
 *     reference-tick.c   intervals
 *     reference-run.c    what each kind of promise does in its jobs
 *     reference-end.c    dropping, cancelling, clean-up
 *     reference-side.c   what the player calls
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_FUZZ_REFERENCE_H
#define VOW_FUZZ_REFERENCE_H

#include "model.h"

struct node;

struct error {
    int code;
    bool quiet; /* nobody needs to look at it */
};

/* A value, which several promises may have between them: who takes it leaves nil to the others. If it is an
 * item that nobody has looked at, it goes back at the end. */
enum kind { NIL, INT, THING, LIST, ERROR, THROW, FOLLOW, FOREIGN };
struct value {
    enum kind kind;
    int number;   /* INT */
    void *object; /* thing, list, error, promise or foreign future */
};
struct cell {
    int holders;
    bool seen;
    struct node *of;   /* whose it was when others came to have it */
    struct node *from; /* an item: the interval */
    struct value value;
};
struct list {
    int n;
    struct cell *places[MODEL_INPUTS];
};

/* What a promise waits for. It is interested in the promise `on`, if there is one. */
enum why {
    NOTHING,
    RESOLVER,  /* a program's */
    CLOCK,     /* its time */
    OUTCOME,   /* how another one settles, or its turn */
    SUBSCRIBE, /* its turn to follow another one */
    ADOPT,     /* the outcome of that */
    THENABLE,  /* its turn to subscribe to a foreign future */
    CLEANED    /* the end of another one's clean-up, which comes before its own */
};
struct wait {
    enum why why;
    struct node *on;
};

/* Somebody's turn, in the list of a pending promise or in the queue. */
struct turn {
    struct node *who;
    int which; /* of its waits; KEPT_UNTIL_NOW when the loop gives its interest up; PLACE: see ref_place();
                  DRIVEN: somebody runs the loop until it is settled */
};
enum { KEPT_UNTIL_NOW = -1, PLACE = -2, DRIVEN = -3 };
struct turns {
    int n, room;
    struct turn *turn;
};

struct node {
    struct model_info *info;
    char state; /* '?', '=', '!' */
    struct cell *cell;
    struct error *error;
    bool seen;      /* somebody looked at the error, or it was passed on */
    bool forgotten; /* whatever error it ends with is nobody's concern */
    bool gone;      /* nobody knows it any more */

    int interest; /* how many are interested in it: the program, who waits for it, the loop, its own job */
    bool kept;    /* the loop is: until it is settled */
    struct wait wait[MODEL_INPUTS];
    struct turns turns; /* of those who wait for it */

    bool ended;                  /* its end has begun: what it waits for comes first */
    const struct node *ends_for; /* the one that waits for that, while it is on its way to clean-up */
    bool cleaning;               /* its own clean-up has begun, and is let finish */
    bool cancelled;              /* settles with ECANCELED after that */
    bool decided;                /* its outcome is there: ref_decide() */
    int left;                    /* inputs that are not there yet, or clean-ups that come before its own */

    struct model_source *source; /* RESOLVER */
    struct value foreign;        /* THENABLE */
    double due;                  /* a sleep, a timeout; what yields is due always */
    bool ticks;                  /* it has not come yet; of an interval: somebody waits for it */
    bool awaits_tick;
    struct list *results;          /* all, all_settled */
    struct node *passes_on;        /* finally, a combinator: whose outcome; task: whose outcome it looks at */
    struct error *late;            /* a timeout: its time was up */
    int chosen;                    /* select: which input */
    int stage;                     /* finally; attach: whether it has released */
    bool running, cut, overridden; /* task: its body runs; it was ended meanwhile; see ref_finish() */
    bool in_finally, finished, tries;
    struct value outcome; /* task: what it returns */
};

/* What an ev_loop is about to call: the first of these first, and of what is alike the last that came. */
enum what { DRAIN, CALL, YIELDS, TIMES };
struct event {
    enum what what;
    struct ref_loop *loop; /* NULL: the program's own */
    int yields;            /* YIELDS: of ref_loop */
};
struct ref_ev {
    int n;
    struct event events[4 * MODEL_LOOPS];
    double looked; /* when it did for events */
};

struct ref_loop {
    struct reference *reference;
    int number;
    struct ref_ev *ev;
    struct turns queue;
    bool is_awake; /* it drains its queue, or is about to */
    bool is_draining;
    bool is_put_off; /* it was to drain it while it was busy */
    bool is_closed;
    int busy;                    /* it calls user code outside of jobs */
    struct node *interval;       /* a promise that is never settled; NULL if there is none */
    double base, told, returned; /* of it */
    int yields;                  /* counts the times at which the first came who yields, on its ev_loop */
};

struct reference {
    struct model_world *world;
    struct ref_loop loops[MODEL_LOOPS];
    struct ref_ev evs[MODEL_EVS];
    int n_yields;
    struct node *nodes[4 * MODEL_PROMISES];
    int n_nodes;
    struct error *self;
    void **memory; /* what is freed when the program is over */
    int n_memory;
};

struct reference *ref_of(const struct node *node);
struct ref_loop *ref_loop_of(const struct node *node);
void *ref_allocate(struct model_world *world, size_t size);

/* ---- reference.c --------------------------------------------------------------------------------------- */

struct node *ref_new(struct model_info *info);
/* A plain promise that the library makes by itself, on the behalf of another. */
struct node *ref_new_inner(const struct node *node);
struct error *ref_error(struct model_world *world, int code, bool quiet);
/* That a promise was to follow itself: the same error for all. */
struct error *ref_error_self(struct model_world *world);
/* What user code said, where it looks at `cell` and `error`, which may be NULL. */
struct value ref_value(struct model_world *world, struct model_outcome outcome, struct cell *cell,
                       struct error *error);
void ref_drop(struct value value);
void ref_show(struct node *node, char *text, size_t size);

struct cell *ref_cell(struct model_world *world, struct value value);
/* The value of a fulfilled promise for another holder. */
struct cell *ref_share(struct node *from);
void ref_leave_cell(struct cell *cell);
/* Somebody looks at the outcome of a promise. */
void ref_look(struct node *node);
/* Moves the content out; of an error one takes a reference. */
struct value ref_take(struct model_world *world, struct cell *cell);

void ref_fulfil(struct node *node, struct cell *cell);
void ref_reject(struct node *node, struct error *error);
/* Settles with a value, an error, or as another promise does; for that one its interest is taken over. */
void ref_resolve(struct node *node, struct value value);
void ref_adopt(struct node *node, struct node *from);

/* `node` waits for `on`, whose interest is taken over; at once in the queue if that is settled or NULL. */
void ref_wait(struct node *node, int which, struct node *on, enum why why);
/* Those who wait for it will have their turn here, before what is added to the queue from now on; or not. */
void ref_place(struct node *node);
void ref_no_place(struct node *node);
/* Gives up a place in whatever list or queue it is. */
void ref_leave(struct node *node, int which);
/* At the end of the queue, or that of those who wait for a pending promise. */
void ref_add(struct node *on, struct turn turn);
void ref_remove(struct node *on, struct node *who, int which);
/* Runs a job. */
void ref_run_job(struct turn turn);

/* ---- reference-loop.c ---------------------------------------------------------------------------------- */

void ref_begin(struct reference *reference);
/* Has the ev_loop drain the queue, unless that is under way. */
void ref_wake(struct ref_loop *loop);
/* Around what calls user code outside of jobs. */
void ref_enter(struct ref_loop *loop);
void ref_leave_program(struct ref_loop *loop);
/* Somebody yields. */
void ref_yield(struct node *node);
/* One turn of an ev_loop. */
void ref_turn(struct reference *reference, struct ref_ev *ev);
void ref_call(struct ref_ev *ev);
/* Runs the loop until it is settled; false if nothing is left that could settle it. */
bool ref_drive(struct node *node);
void ref_close(struct ref_loop *loop);

/* ---- reference-tick.c ---------------------------------------------------------------------------------- */

/* It is time for a tick. */
void ref_tell(struct node *interval);
/* Somebody waits for the next tick of the loop. */
void ref_tick(struct node *node);
/* A tick that was told comes back. */
void ref_return_tick(struct node *interval, int number);
void ref_stop_ticks(struct ref_loop *loop);
/* No event reaches it any more. */
void ref_halt(struct node *node);

/* ---- reference-run.c ----------------------------------------------------------------------------------- */

/* `on` is settled, or was NULL; its interest is the callee's. */
void ref_run(struct node *node, int which, struct node *on);
/* Its time has come. */
void ref_ring(struct node *node);
void ref_subscribe(struct node *node);
/* Calls the body of a task, from start or finally on to its next await or its end; true at its end. */
bool ref_task(struct node *node, enum model_at at);
/* The body of a task has ended. */
void ref_finish(struct node *node);
/* Releases what is attached, once. */
void ref_attached(struct node *node);
/* Calls a handler of finally; true if there is nothing to wait for any more. */
bool ref_finally(struct node *node);

/* ---- reference-end.c ----------------------------------------------------------------------------------- */

void ref_ref(struct node *node);
void ref_unref(struct node *node);
void ref_keep(struct node *node);
void ref_cancel(struct node *node);
/* Reports an error that nobody will look at. */
void ref_report(const struct node *node, const struct error *error);
/* How many of its waits are for `on`. */
int ref_count_waits(const struct node *node, const struct node *on);
/* Its outcome is there: it drops what it waits for, and settles once the clean-up of that is done. */
void ref_decide(struct node *node);
/* Nobody waits for it any more, or it is cancelled. */
void ref_end(struct node *node);
/* It wants no more what it waits for, and goes on after the clean-up of that: true if there is one. */
bool ref_drop_wait(struct node *node);
/* One of the clean-ups that come before its own is done. */
void ref_cleaned(struct node *node, struct node *on);

#endif
