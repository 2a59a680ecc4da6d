/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A random program, read from the text that program.js writes. The README describes the language.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef ORDER_PROGRAM_H
#define ORDER_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SLOTS 64  /* promises and resolvers, each */
#define BLOCKS 32 /* of each kind */
#define CODE 2048 /* instructions of a program */
#define OPERANDS 4

typedef enum operation {
    OP_NEW,
    OP_RESOLVED,
    OP_REJECTED,
    OP_TRY,
    OP_THEN,
    OP_CATCH,
    OP_THEN_CATCH,
    OP_FINALLY,
    OP_ALL,
    OP_SETTLED,
    OP_ANY,
    OP_RACE,
    OP_ASYNC,
    OP_RESOLVE,
    OP_REJECT,
    OP_TICKS,
    OP_RETURN,
    OP_AWAIT,
    OP_TRY_AWAIT,
    OP_ANSWER,
    OP_KEEP,
    OPERATIONS
} operation;

/*
 * The letter of a promise, resolver or block with its number; '!' an error and its code; '~' the number of a
 * promise to follow; 'v' a number; 'l' a letter; 'n' nil; 'i' the input; '-' none.
 */
typedef struct operand {
    char kind;
    int number;
} operand;

typedef struct instruction {
    operation op;
    int to; /* the promise it makes, if it does */
    size_t count;
    operand with[OPERANDS];
} instruction;

struct block {
    bool is_there;
    size_t length;
    const instruction *code;
};

/* How the promises that are held go at the end. */
enum drop { DROP_FORWARD, DROP_BACKWARD, DROP_CANCEL };

struct program {
    enum drop drop;
    bool holds_all;       /* every promise is held to the end; else those that can still be named */
    bool is_named[SLOTS]; /* whether some instruction names this promise */
    size_t length;
    instruction code[CODE];
    struct block blocks[5][BLOCKS];
};

/* Reads one program; false at the end of the input. Ends the process on what is not a program. */
bool program_read(struct program *program, FILE *from);

/* A block by its letter (m, h, a, c or t) and number. */
const struct block *program_block(const struct program *program, char kind, int number);

#endif
