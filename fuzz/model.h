/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model test: bytes are read as a program, which is played twice, once on libvow and once on a slow,
 * obvious reference of what the headers promise, and every line of the two traces must be the same.
 *
 * A program is a stream of decisions. Whoever has something to decide (the main program, a handler, a task,
 * on_cancel, a report hook) takes the next bytes, so the same bytes give the same program on both sides for
 * as long as both run user code in the same order. Where the bytes end, every decision is 0, which is always
 * the quiet choice, and the program is taken down.
 *
 *     model.c        both sides, the comparison, what must hold at the end
 *     play.c         the main program
 *     operations.c   what programs and handlers do with promises
 *     calls.c        what handlers, tasks, on_cancel and the like do
 *     library.c      one side: libvow
 *     reference*.c   the other: a plain graph, which knows nothing of libvow
 *
 * A program has up to three loops, two of them on one ev_loop. Wherever it may, user code runs one of them
 * until a promise is settled, or frees one. Where the headers leave an order open (in which values go, or a
 * loop cancels what is pending), user code is hushed: it decides nothing, and what it notes is sorted.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_FUZZ_MODEL_H
#define VOW_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vow.h>

/* ---- What the test programs call ----------------------------------------------------------------------- */

/* Plays a program. NULL if all is well, else what is wrong, to be freed with free(). What the library itself
 * aborts on, or what a sanitizer finds, ends the process. */
char *model_run(const uint8_t *data, size_t size);
/* A program in words: the trace of the reference, to be freed with free(). */
char *model_describe(const uint8_t *data, size_t size);
/* A random program of a seed: fills `data`, returns its length. */
size_t model_random(uint64_t seed, uint8_t *data, size_t size);

/* ---- Limits -------------------------------------------------------------------------------------------- */

enum {
    MODEL_LOOPS = 3, /* see model_ev() */
    MODEL_EVS = 2,
    MODEL_SLOTS = 8,      /* references that a program holds */
    MODEL_SOURCES = 6,    /* resolvers that it holds */
    MODEL_PROMISES = 160, /* over a whole program; after that it makes no more */
    MODEL_THINGS = 160,   /* owned values, attached things, foreign futures: likewise */
    MODEL_DEPTH = 4,      /* user code inside user code; deeper down it is quiet */
    MODEL_INPUTS = 4,     /* of a combinator */
    MODEL_TEXT = 256      /* of a value in words */
};

enum model_mode {
    MODEL_EXACT, /* on both sides; from where a loop is freed and user code is not hushed, on libvow alone */
    MODEL_FAIL_ONE,  /* on libvow alone: one allocation fails */
    MODEL_FAIL_FROM, /* on libvow alone: all allocations from one on fail */
    MODEL_MODES
};

/* ---- What a program makes ------------------------------------------------------------------------------ */

struct model_world;

enum model_made {
    MODEL_RESOLVER,
    MODEL_RESOLVED,
    MODEL_TRY,
    MODEL_SLEEP,
    MODEL_YIELD,
    MODEL_TASK,
    MODEL_TICK, /* of the interval of its loop: an item, which goes back if nobody looks at it */
    MODEL_PASS, /* vow_then() without a handler; this and the next wait for one promise */
    MODEL_THEN,
    MODEL_CATCH,
    MODEL_THEN_CATCH,
    MODEL_FINALLY,
    MODEL_ATTACH,
    MODEL_TIMEOUT,
    MODEL_SHIELD,
    MODEL_ALL, /* these wait for several */
    MODEL_ALL_SETTLED,
    MODEL_ANY,
    MODEL_RACE,
    MODEL_SELECT,
    MODEL_FOREIGN_FUTURE /* not a promise, but it has a number like one */
};

/* What user code returns or resolves with. */
enum model_what {
    MODEL_NIL,
    MODEL_INT,     /* number */
    MODEL_THING,   /* object: a struct model_thing, owned */
    MODEL_THROW,   /* number: the code of a new error */
    MODEL_FOLLOW,  /* object: a promise, given */
    MODEL_FOREIGN, /* object: a struct model_foreign, given */
    MODEL_TAKE,    /* the content of the value that a handler looks at */
    MODEL_RETHROW  /* the error that it looks at */
};
struct model_outcome {
    enum model_what what;
    int number;
    void *object;
};

/* Something to be released exactly once: an owned value, or what is attached. */
struct model_thing {
    struct model_world *world;
    int id;
    int loop;                /* whose promises have it */
    void *promise;           /* it owns that, of whichever loop; or NULL */
    struct model_info *info; /* of that */
    bool cancels;            /* its drop function does so with the promise, instead of letting go of it */
    int drops;
    bool acts; /* its drop function makes decisions */
};

/* A future of another library. */
struct model_foreign {
    struct model_info *info;
    int subscribed, dropped;
};

/* The place of a resolver. */
struct model_source {
    vow_resolver library;    /* first, so that on_cancel finds the rest */
    vow_resolver *resolver;  /* &library, or where libvow has it */
    void *reference;         /* the reference's promise that it settles, or NULL */
    struct model_info *info; /* of the promise that it settles or settled last; NULL if there was none */
    int index;               /* in the world; -1 for the one that a foreign future is given */
    bool tells;              /* has an on_cancel */
};

/* What is known of a promise; handed to its callbacks as data. */
struct model_info {
    struct model_world *world;
    int id;
    int loop;
    char site[16]; /* "p" and the id: what reports name */
    enum model_made made;
    struct model_outcome outcome; /* MODEL_RESOLVED */
    struct model_source *source;  /* MODEL_RESOLVER */
    struct model_thing *tied;     /* MODEL_ATTACH */
    double seconds;               /* MODEL_SLEEP, MODEL_TIMEOUT: no two are the same, nor end together */
    int n;                        /* inputs */
    bool cleans_up;               /* something runs exactly once in the end */
    bool used;                    /* its resolver was used */
    int handled, cleaned, cancelled, refused; /* how often each kind of user code ran */
};

/* Where a task stands when it is asked what to do, and what it says. */
enum model_at { MODEL_AT_START, MODEL_AT_RESULT, MODEL_AT_FINALLY, MODEL_AT_FINALLY_RESULT };
enum model_step_kind { MODEL_END, MODEL_AWAIT, MODEL_TRY_AWAIT, MODEL_RETURN };
struct model_step {
    enum model_step_kind kind;
    void *promise;                /* to await */
    struct model_outcome outcome; /* to return */
};

/* ---- A side -------------------------------------------------------------------------------------------- */

/* One of the two that are compared. A promise is a pointer that only the side can read. */
struct model_side {
    bool (*begin)(struct model_world *world); /* false when there is no memory for a loop */
    void (*end)(struct model_world *world);
    void (*turn)(struct model_world *world, int ev);
    void (*call)(struct model_world *world, int ev); /* model_call_program() is called in its next turn */
    void (*stop_ticks)(struct model_world *world,
                       int loop); /* frees its interval; the next tick makes another */
    void (*free_loop)(struct model_world *world, int loop);
    int (*live)(struct model_world *world, int loop);

    void *(*make)(struct model_info *info, void **inputs); /* the inputs are given away */
    void *(*ref)(void *promise);
    void (*unref)(void *promise);
    void (*detach)(void *promise);
    void (*forget)(void *promise);
    void (*cancel)(void *promise);
    void (*run)(void *promise, char *text, size_t size); /* until it is settled; its outcome */

    void (*resolve)(struct model_source *source, struct model_outcome outcome);
    void (*abandon)(struct model_source *source);
    void (*move)(struct model_source *to, struct model_source *from);
    bool (*is_waited_for)(const struct model_source *source);

    char (*state)(void *promise);                         /* '?' pending, '=' fulfilled, '!' rejected */
    void (*show)(void *promise, char *text, size_t size); /* its outcome; it has then been looked at */
    void (*take)(void *promise, int index);               /* the content, or that of a place in its list */
};

extern const struct model_side model_library, model_reference;

/* ---- The world of one run ------------------------------------------------------------------------------ */

struct model_text {
    char *bytes;
    size_t length, size;
};

struct model_slot {
    void *promise; /* NULL when empty */
    struct model_info *info;
};

enum model_state { MODEL_LOOP_FREED, MODEL_LOOP_OPEN, MODEL_LOOP_FREEING };
struct model_loop {
    enum model_state state;
    int busy; /* calls of user code that are under way: in them it can neither be run nor freed */
    int runs; /* that are under way: in them it cannot be freed */
};

struct model_world {
    const struct model_side *side;
    void *state; /* the side's own */
    enum model_mode mode;
    int fail_at; /* which allocation fails, from 1 */
    int n_loops;
    bool looks;     /* at the values of all that it holds, all the time */
    bool has_ticks; /* and takes no value: what another one has then of an item, the headers do not say */

    const uint8_t *data;
    size_t size, at;
    int depth;    /* of user code */
    int hushed;   /* user code is, if not 0 */
    double clock; /* the time that libev is told */

    struct model_text log;
    struct model_text sorted; /* what was noted while user code was hushed, for model_look() */
    bool is_over;             /* from here on the sides differ */
    size_t compared;          /* of the log, then */

    struct model_loop loops[MODEL_LOOPS];
    struct model_slot slots[MODEL_SLOTS];
    struct model_source sources[MODEL_SOURCES];
    struct model_info infos[MODEL_PROMISES];
    struct model_thing things[MODEL_THINGS];
    struct model_foreign foreigns[MODEL_THINGS];
    int n_infos, n_things, n_foreigns, n_errors;
    char *wrong; /* the first thing found wrong */
};

/* ---- play.c -------------------------------------------------------------------------------------------- */

/* Plays the bytes, then takes everything down. */
void model_play(struct model_world *world);
/* The next decision: a byte; 0 at the end. */
int model_next(struct model_world *world);
/* One of n. */
int model_pick(struct model_world *world, int n);
/* The ev_loop of a loop: the first two loops share one. */
int model_ev(int loop);
/* Whether a loop is open, and may be run here. */
bool model_may_run(const struct model_world *world, int loop);
/* Frees a loop. If that is loud, user code does what it likes meanwhile, and the comparison is over. */
void model_free_loop(struct model_world *world, int loop, bool is_loud);
/* Between two ticks of a loop: so that nothing else is due at once. */
double model_interval(int loop);
/* Both sides call this when an ev_loop looks for events. */
void model_pass_time(struct model_world *world);
/* Whether what is to be compared has not ended. */
bool model_is_compared(const struct model_world *world);
/*
 * Appends a line to the trace. What is noted while user code is hushed is sorted and stands at the end of the
 * step of the main program: when the last promise goes that a value can be seen through, is what the headers
 * say; in which order the promises go that one call lets go of, they do not.
 */
void model_note(struct model_world *world, const char *format, ...) VOW_PRINTF(2, 3);
/* Notes what can be seen of promises and resolvers. */
void model_look(struct model_world *world);
/* Keeps the first thing that was found wrong. */
void model_wrong(struct model_world *world, const char *format, ...) VOW_PRINTF(2, 3);

/* ---- operations.c -------------------------------------------------------------------------------------- */

/* Does one thing that may stand in the main program and in user code. */
void model_operate(struct model_world *world);
/* What a promise of a loop is to be resolved with. */
struct model_outcome model_outcome(struct model_world *world, int loop, bool has_value);
/* Which promises, if not those of one loop. */
enum { MODEL_ANY_LOOP = -1, MODEL_USABLE = -2, MODEL_RUNNABLE = -3 };
/* A promise that the program gives away, other than `but`, or NULL; its place is left behind. */
struct model_slot model_give(struct model_world *world, int loop, const struct model_info *but,
                             const char *what);
/* Settles, gives up or moves a resolver. */
void model_settle(struct model_world *world, struct model_source *source);

/* ---- calls.c: what both sides call ----------------------------------------------------------------------
 */

struct model_outcome model_call_then(struct model_info *info, const char *value);
struct model_outcome model_call_catch(struct model_info *info, int code);
struct model_outcome model_call_finally(struct model_info *info);
struct model_outcome model_call_try(struct model_info *info);
/* `value` is what the last await gave, or NULL. */
struct model_step model_call_task(struct model_info *info, enum model_at at, const char *value);
void model_call_cancel(struct model_source *source);
void model_call_attached(struct model_info *info);
void model_call_drop(struct model_thing *thing);
/* The code of an error that a foreign future throws, or 0. */
int model_call_subscribe(struct model_foreign *foreign, struct model_source *source);
void model_call_foreign_drop(struct model_foreign *foreign);
void model_call_report(struct model_world *world, int loop, const char *site, int code);
/* In a turn of an ev_loop, outside of all handlers. */
void model_call_program(struct model_world *world);

#endif
