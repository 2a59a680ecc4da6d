/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: promises as a plain graph, written from what the public headers say and
 * for nothing but being obvious. It recurses, searches lists from end to end and frees nothing before the
 * program is over.
 *
 *     reference.c        values, settling, the job queue
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

/* A value, which several promises may have between them: who takes it leaves nil to the others. */
enum kind { NIL, INT, THING, LIST, ERROR, THROW, FOLLOW, FOREIGN };
struct value {
    enum kind kind;
    int number;   /* INT */
    void *object; /* thing, list, error, promise or foreign future */
};
struct cell {
    int holders;
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
    int which; /* of its waits; KEPT_UNTIL_NOW when the loop gives its interest up; PLACE: see ref_place() */
};
enum { KEPT_UNTIL_NOW = -1, PLACE = -2, MAX_TURNS = 4 * MODEL_PROMISES };
struct turns {
    int n;
    struct turn turn[MAX_TURNS];
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

    struct model_source *source;   /* RESOLVER */
    struct value foreign;          /* THENABLE */
    double due;                    /* a sleep, a timeout; what yields is due always */
    bool ticks;                    /* it has not come yet */
    struct list *results;          /* all, all_settled */
    struct node *passes_on;        /* finally, a combinator: whose outcome; task: whose outcome it looks at */
    struct error *late;            /* a timeout: its time was up */
    int chosen;                    /* select: which input */
    int stage;                     /* finally; attach: whether it has released */
    bool running, cut, overridden; /* task: its body runs; it was ended meanwhile; see ref_finish() */
    bool in_finally, finished, tries;
    struct value outcome; /* task: what it returns */
};

struct reference {
    struct model_world *world;
    struct turns queue;
    struct node *nodes[4 * MODEL_PROMISES];
    int n_nodes;
    struct error *self;
    void **memory; /* what is freed when the program is over */
    int n_memory;
};

struct reference *ref_of(const struct node *node);
void *ref_allocate(struct model_world *world, size_t size);

/* ---- reference.c --------------------------------------------------------------------------------------- */

struct node *ref_new(struct model_info *info);
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
/* Moves the content out; of an error one takes a reference. */
struct value ref_take(struct cell *cell);

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
void ref_drain(struct reference *reference);

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
