/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs one program with libvow: its promises, resolvers and trace, and the calls of its blocks.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef ORDER_MACHINE_H
#define ORDER_MACHINE_H

#include "program.h"

#include <vow.h>

#define MOST_STEPS 400 /* the same as in run.js */
#define MOST_DEPTH 3   /* the same as in run.js */
#define MEMORY ((size_t) 1 << 19)

typedef struct machine {
    vow_loop *loop;
    const struct program *program;
    bool is_closing; /* the program is over: handlers that are still called do nothing */
    unsigned steps;
    unsigned long entries;        /* in the trace, which goes to stdout */
    vow_promise *promises[SLOTS]; /* what the program can name is held, so that nothing is cancelled */
    unsigned ids[SLOTS];          /* of each: a later promise may have the same address */
    unsigned last_id;
    vow_resolver *resolvers[SLOTS];
    size_t n_held;
    struct {
        int name;
        vow_promise *promise;
    } held[MOST_STEPS];    /* one reference each: in the order they were made, or at the end */
    long boxes, thenables; /* that were made and not released yet */
    size_t used;
    _Alignas(max_align_t) unsigned char memory[MEMORY]; /* of calls and resolvers, until the program ends */
} machine;

/* One call of a block: how it came about, and what its outcome is for. Also the data of handlers. */
struct call {
    machine *machine;
    operand block;
    operand otherwise;      /* of then_catch: the block for an error */
    unsigned own;           /* the id of the promise that its outcome settles; 0 while there is none */
    const vow_value *input; /* while it runs: the value it was called with */
    const vow_error *error; /* or the error */
    bool is_finally;
    vow_resolver *resolver; /* of a thenable: where its resolver is */
    bool is_kept;           /* and that is a place of the machine's */
};

/* ---- machine.c: memory, and what is written into the trace --------------------------------------------- */

/* Zeroed memory until the end of the program. */
void *machine_take(machine *m, size_t size);
struct call *machine_call(machine *m, operand block);
/* Gives a promise a name; it is the machine's now. Returns its id, which no other promise ever has. */
unsigned machine_keep(machine *m, int name, vow_promise *promise);
/* At the end of the program: what it can name joins what is held. */
void machine_hold_named(machine *m);
bool machine_may_step(machine *m);

void note_open(machine *m, operand where);              /* h0( */
void note_open_at(machine *m, operand where, size_t i); /* a0.2( */
void note_close(void);
void show_value(const vow_value *value, int depth);
void show_error(const vow_error *error, int depth);

/* ---- outcome.c: what an operand x stands for ----------------------------------------------------------- */

/* What the call's own promise is settled with, if `is_own`; else some other one. */
vow_value outcome(struct call *call, operand x, bool is_own);
/* A value of the program's: a number, from 50 on as an owned one. */
extern const vow_type box_type;
int box_number(const vow_value *value);

/* ---- interpret.c: blocks that cannot await ------------------------------------------------------------- */

/* Runs a block to its `return`, whose operand this gives, or to its end. */
operand run_block(struct call *call);
vow_value on_fulfilled(vow_value *value, void *call);
vow_value on_rejected(const vow_error *error, void *call);
vow_value on_finally(void *call);
vow_value on_try(void *call);

/* ---- instruction.c ------------------------------------------------------------------------------------- */

/* Any instruction but those that end a block or await. */
void step(struct call *call, const instruction *in);

/* ---- body.c: async bodies ------------------------------------------------------------------------------ */

vow_promise *start_body(struct call *call);

#endif
