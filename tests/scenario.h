/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scenarios share. They are small programs, of every kind of thing that can be made. They bear it that
 * memory runs out anywhere (test-scenarios.c) and that any system call fails (test-faults.c). Each tells its
 * world what must happen exactly once, and where it takes memory itself, so that what the library takes
 * meanwhile is seen.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_SCENARIO_H
#define VOW_TEST_SCENARIO_H

#include "support.h"

struct world;

/* Something that must happen exactly once: a finally, a release, the end of a producer. */
struct once {
    struct world *w;
    int runs;
};

enum { ONCE_MAX = 64 };

/* One run of a scenario. */
struct world {
    fixture *f;
    vow_loop *loop;
    struct once once[ONCE_MAX];
    int owed;          /* how many of them are in use */
    size_t excused;    /* allocations that the scenario's own code made, inside quiet calls */
    size_t quiet;      /* allocations that were made inside quiet calls otherwise */
    const char *where; /* the last quiet call that made one */
    char path[100];    /* of a Unix-domain socket, as the name of nothing yet */
};

struct scenario {
    const char *name;
    vow_promise *(*make)(struct world *w);
    const char *outcome; /* when memory suffices */
    const char *or_else; /* another one that is right when it does not, beside ENOMEM; or NULL */
    size_t texts;        /* errors that the library words by itself, each in one allocation, and buffers */
    guint reports;       /* rejections that nobody looks at */
};

/* Each ends with a name of NULL. */
extern const struct scenario promise_scenarios[];
extern const struct scenario joined_scenarios[];
extern const struct scenario task_scenarios[];
extern const struct scenario sync_scenarios[];
extern const struct scenario stream_scenarios[];
extern const struct scenario server_scenarios[];
extern const struct scenario socket_scenarios[];
extern const struct scenario listener_scenarios[];
extern const struct scenario anywhere_scenarios[];
extern const struct scenario queue_scenarios[];
extern const struct scenario name_scenarios[];
extern const struct scenario nobody_scenarios[]; /* rejected as it is: not for test-faults */
extern const struct scenario talk_scenarios[];
extern const struct scenario thread_scenarios[];
extern const struct scenario event_scenarios[];
extern const struct scenario exchange_scenarios[];
extern const struct scenario process_scenarios[];
extern const struct scenario feed_scenarios[];

/* One thing more that must happen exactly once. */
struct once *owe(struct world *w);

/* A path for a Unix-domain socket. */
void name_path(struct world *w);
/* libev opens a descriptor for the clock with the first periodic timer, one to be woken by with the first
 * ev_async, and one for paths with the first ev_stat, and keeps them: here, not in a run. */
void open_descriptors(fixture *f);
/* What is under way beside the promise itself comes to its end too: nothing uncounted keeps the loop. */
void settle_down(struct world *w);
/* The loop is freed: each of what was owed has happened once, and nothing is left. */
void check_end(const struct world *w);

/* ---- Where memory is taken ----------------------------------------------------------------------------- */

/* A point in a run. */
struct mark {
    struct world *w;
    size_t allocated;
    size_t excused;
};

/* Between these two, memory is taken by the scenario and not by the call that calls it. */
struct mark enter(struct world *w);
void leave(struct mark mark);

/* leave(), and the value that was made meanwhile. */
vow_value made(struct mark mark, vow_value value);

/* A call during which the library must not take memory. */
#define QUIET(w, call)                                                         \
    do {                                                                       \
        struct mark quiet_mark_ = enter(w);                                    \
        call;                                                                  \
        check_quiet(quiet_mark_, "at line " G_STRINGIFY(__LINE__) ": " #call); \
    } while (0)
void check_quiet(struct mark before, const char *where);

/* ---- What most of them are made of --------------------------------------------------------------------- */

vow_promise *good(struct world *w);                        /* of an owned() */
vow_promise *bad(struct world *w);                         /* rejected with EIO, caused by EPROTO */
vow_promise *never(struct world *w);                       /* pending, with a timer and a finally */
vow_promise *ended(struct world *w, vow_promise *promise); /* with a finally that counts */
vow_value count_once(void *once);                          /* for vow_finally() */
void count_release(void *once);                            /* for vow_attach() and the like */
vow_value copy_text(vow_value *value, void *world);        /* "text" */
vow_value recover(const vow_error *error, void *world);    /* "text" */
vow_promise *make_resolve(struct world *w);                /* of an owned(), by a timer that fires soon */
vow_promise *make_reject(struct world *w);                 /* EIO, likewise, with a finally */
vow_value end_later(void *once);                           /* for vow_finally(): it takes its time */

#endif
