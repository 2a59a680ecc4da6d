/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model test: bytes are read as a program, which is played twice, once on libvow and once on a slow,
 * obvious reference of it, and every line of the two logs must be the same.
 *
 * A program is a stream of decisions. Whoever has something to decide (the main program, a handler, on_cancel,
 * a drop function, a task) takes the next bytes, so the same bytes give the same program on both sides for as
 * long as the two run user code in the same order. At the end of the bytes every decision is 0, which is always
 * the quiet choice, and the program is taken down.
 *
 *     model.c             model_run(): both sides, comparison, what must hold at the end
 *     model-player.c      the main program: operations, objects to apply them to
 *     model-operations.c  one function an operation
 *     model-calls.c       what handlers, tasks, on_cancel and drop functions do
 *     model-log.c         the log
 *     model-library*.c    one side: libvow
 *     model-reference*.c  the other: the reference, which knows nothing of libvow
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_MODEL_H
#define VOW_TEST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vow.h>

/* ---- What the test programs call ----------------------------------------------------------------------- */

/* Plays a program. NULL if all is well, else what is wrong, to be freed with free(). What the library itself
 * aborts on, or what a sanitizer finds, ends the process. */
char *model_run(const uint8_t *data, size_t size);

/* A program in words: the log of the reference, to be freed with free(). */
char *model_describe(const uint8_t *data, size_t size);

/* ---- Limits -------------------------------------------------------------------------------------------- */

enum {
    MODEL_LOOPS = 4,      /* over a whole program */
    MODEL_SLOTS = 10,     /* references that a program holds */
    MODEL_SOURCES = 8,    /* resolvers that it holds */
    MODEL_VALUES = 4,     /* values that it has taken and holds */
    MODEL_PROMISES = 300, /* over a whole program; after that it makes no more */
    MODEL_THINGS = 300,   /* owned values, attached things and foreign futures, likewise */
    MODEL_DEPTH = 4,      /* user code inside user code; deeper down it is quiet */
    MODEL_INPUTS = 4,     /* of a combinator */
    MODEL_TEXT = 512      /* of a value in words */
};

/* How a program is played, by its first byte. */
enum model_mode {
    MODEL_EXACT,     /* on both sides, everything compared */
    MODEL_UNRULY,    /* on libvow alone: user code goes on deciding while a loop is freed, in whatever order */
    MODEL_FAIL_ONE,  /* on libvow alone: one allocation fails */
    MODEL_FAIL_FROM, /* on libvow alone: all allocations from one on fail */
    MODEL_MODES
};

/* ---- Values -------------------------------------------------------------------------------------------- */

enum model_kind {
    MODEL_NIL,
    MODEL_INT,
    MODEL_STRING,
    MODEL_THING,   /* of a struct model_thing */
    MODEL_LIST,    /* only made by combinators */
    MODEL_ERROR,   /* an error as a value, likewise */
    MODEL_THROW,   /* of an error */
    MODEL_FOLLOW,  /* of a promise */
    MODEL_FOREIGN, /* of a struct model_foreign */
};

/* What stands for a vow_value on the reference's side. */
struct ref_value {
    enum model_kind kind;
    int number;   /* of an int */
    void *object; /* of the others */
};

/* A value of either side; only the side knows which. */
typedef union model_value {
    vow_value library;
    struct ref_value reference;
} model_value;

/* ---- What a program makes ------------------------------------------------------------------------------ */

struct model_world;

/* Something to be released exactly once: an owned value, or what is attached. */
struct model_thing {
    struct model_world *world;
    int id;
    int drops;
    bool attached;
    bool acts; /* its drop function makes decisions */
};

/* A future of another library. It answers through the source that it finds when it is subscribed to. */
struct model_foreign {
    struct model_info *info; /* as of a promise */
    int subscribed, dropped;
};

/* What the player knows of a promise; handed to its callbacks as data. */
struct model_info {
    struct model_world *world;
    int id;
    int loop;
    char site[12];            /* "p" and the id */
    const char *made;         /* "then", "task" ... */
    bool cleans_up;           /* has a finally handler, or a section that began to matter */
    bool used;                /* its resolver was used */
    int handled;              /* how often its then or catch handler ran */
    int cleaned;              /* how often its finally handler or section began */
    int cancelled;            /* how often its on_cancel was called */
    int quiet_awaits;         /* how often a task awaited while its loop was freed */
    struct model_thing *tied; /* what is attached */
};

/* The place of a resolver. */
struct model_source {
    vow_resolver library; /* first, so that on_cancel finds the rest */
    vow_resolver *resolver; /* &library, or where libvow has it */
    void *reference;      /* the promise that it settles, or NULL */
    int index;            /* in the world; -1 for the one that a foreign future is given */
    bool tells;           /* has an on_cancel */
    struct model_info *info; /* of the promise that it settles or settled last */
};

/* What a task does next, and where it stands when it is asked. */
enum model_step_kind { MODEL_END, MODEL_AWAIT, MODEL_TRY, MODEL_RETURN };
enum model_at { MODEL_AT_START, MODEL_AT_RESULT, MODEL_AT_FINALLY, MODEL_AT_FINALLY_RESULT };
struct model_step {
    enum model_step_kind kind;
    void *promise;     /* to await */
    model_value value; /* to return */
};

enum model_react { MODEL_THEN, MODEL_CATCH, MODEL_THEN_CATCH };
enum model_combine { MODEL_ALL, MODEL_ALL_SETTLED, MODEL_ANY, MODEL_RACE };
enum model_timer { MODEL_YIELD, MODEL_SLEEP, MODEL_SLEEP_UNTIL };

/* ---- A side -------------------------------------------------------------------------------------------- */

/*
 * One of the two that are compared. Promises, errors and places of values are its own; loops are numbers.
 * Whatever makes a promise is given what the player knows of it.
 */
struct model_side {
    void (*begin)(struct model_world *world);
    void (*end)(struct model_world *world);

    bool (*loop_new)(struct model_world *world, int loop);
    void (*loop_free)(struct model_world *world, int loop);
    int (*loop_live)(struct model_world *world, int loop);
    void (*loop_turn)(struct model_world *world, int loop);
    int (*loop_run)(struct model_world *world, int loop, void *promise, model_value *value); /* the code */

    void *(*promise_new)(struct model_info *info, struct model_source *source, bool on_cancel);
    void (*resolve)(struct model_source *source, model_value value);
    void (*reject)(struct model_source *source, void *error);
    void (*abandon)(struct model_source *source);
    void (*move)(struct model_source *to, struct model_source *from, bool on_cancel);
    bool (*is_waited_for)(const struct model_source *source);
    void *(*resolved)(struct model_info *info, model_value value);
    void *(*rejected)(struct model_info *info, void *error);
    void *(*attempt)(struct model_info *info);

    void *(*react)(struct model_info *info, void *promise, enum model_react react, bool no_handler);
    void *(*finally)(struct model_info *info, void *promise);
    void *(*attach)(struct model_info *info, void *promise);
    void *(*combine)(struct model_info *info, enum model_combine how, int n, void **promises);
    void *(*timer)(struct model_info *info, enum model_timer how, double seconds);
    void *(*timeout)(struct model_info *info, void *promise, double seconds);
    void *(*task)(struct model_info *info);

    void *(*ref)(void *promise);
    void (*unref)(void *promise);
    void (*detach)(void *promise);
    void (*cancel)(void *promise);
    char (*state)(void *promise); /* '?' pending, '=' fulfilled, '!' rejected */
    void *(*peek)(void *promise); /* the place of its outcome, or NULL */

    model_value (*make)(enum model_kind kind, int number, void *object);
    model_value (*take)(void *place);
    void (*drop)(model_value value);
    void (*show)(const void *place, char *text, size_t size);
    void *(*list_at)(void *place, int index); /* NULL when it is no list or has no such place */

    void *(*error_new)(struct model_world *world, int code);
    void *(*error_ref)(const void *error);
    int (*error_code)(const void *error);
};

extern const struct model_side model_library, model_reference;

/* ---- The world of one run ------------------------------------------------------------------------------ */

struct model_slot {
    void *promise; /* NULL when empty */
    struct model_info *info;
};

struct model_held {
    bool full;
    model_value value;
};

enum model_loop_state { MODEL_NO_LOOP, MODEL_LOOP, MODEL_LOOP_FREEING, MODEL_LOOP_FREED };

struct model_world {
    const struct model_side *side;
    void *state; /* the side's own */
    enum model_mode mode;
    int fail_at; /* which allocation fails, from 1 */

    const uint8_t *data;
    size_t size, at;
    int depth; /* of user code */
    int jobs;  /* of user code that is a handler or a task resumed */

    char *log;
    size_t log_length, log_size;
    double clock; /* what libev is told */

    enum model_loop_state loops[MODEL_LOOPS];
    bool zero_used[MODEL_LOOPS]; /* a timer of zero seconds since the last turn */
    struct model_slot slots[MODEL_SLOTS];
    struct model_source sources[MODEL_SOURCES];
    struct model_held values[MODEL_VALUES];
    struct model_info infos[MODEL_PROMISES];
    struct model_thing things[MODEL_THINGS];
    struct model_foreign foreigns[MODEL_THINGS];
    int n_infos, n_things, n_foreigns, n_errors, n_timers;
    char *wrong; /* the first thing found wrong */
};

/* ---- model-player.c: the main program ------------------------------------------------------------------ */

/* Plays the bytes, then takes everything down. */
void model_play(struct model_world *world);
/* The next decision: a byte; 0 at the end, and where nothing may be decided. */
int model_next(struct model_world *world);
/* One of n. */
int model_pick(struct model_world *world, int n);
/* Whether a loop is being freed and user code must do the same in any order. */
bool model_is_quiet(const struct model_world *world);
/* Appends a line to the log. */
void model_note(struct model_world *world, const char *format, ...) VOW_PRINTF(2, 3);
/* Notes what can be seen of promises and resolvers. */
void model_look(struct model_world *world);
/* Keeps the first thing that was found wrong. */
void model_wrong(struct model_world *world, const char *format, ...) VOW_PRINTF(2, 3);
void model_free_loop(struct model_world *world, int loop);

/* ---- model-operations.c: what a program can do --------------------------------------------------------- */

/* An operation that may stand in the main program and in user code. */
void model_operate(struct model_world *world);
/* What a promise of a loop is to be resolved with. `place` is what a handler looks at, or NULL. */
model_value model_outcome(struct model_world *world, int loop, void *place);
/* Takes the content of a place and keeps it. */
void model_take(struct model_world *world, void *place);
/* A promise that the program holds, or another reference to it: of a loop, or of any if that is negative, and
 * another one than `but`. NULL if there is none. */
void *model_give(struct model_world *world, int loop, const struct model_info *but, const char *what, int *its_loop);
/* Settles, gives up or moves a resolver. */
void model_settle(struct model_world *world, struct model_source *source);
/* To be called before a resolver is used. */
void model_use(struct model_source *source);
/* A new promise's description; NULL when there are too many already. */
struct model_info *model_info_new(struct model_world *world, int loop, const char *made);
struct model_thing *model_thing_new(struct model_world *world, bool attached);

/* ---- model-calls.c: what both sides call ---------------------------------------------------------------- */

model_value model_call_then(struct model_info *info, void *place);
model_value model_call_catch(struct model_info *info, const void *error);
model_value model_call_finally(struct model_info *info);
model_value model_call_try(struct model_info *info);
struct model_step model_call_task(struct model_info *info, enum model_at at, void *place, const void *error);
void model_call_cancel(struct model_source *source);
void model_call_drop(struct model_thing *thing);
/* What a foreign future throws, or NULL. */
void *model_call_subscribe(struct model_foreign *foreign, struct model_source *source);
void model_call_foreign_drop(struct model_foreign *foreign);
void model_call_report(struct model_world *world, bool leak, const char *site, const void *error);

#endif
