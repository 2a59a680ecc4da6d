/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays programs of sleeps, deadlines and intervals on a virtual clock, and prints what happens and when. A
 * program is a line of words, which README.md explains; compare.py writes it.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vow.h>
#include <vow/testing.h>

#define OPS_MAX 512
#define FORKS_MAX 64

typedef struct op {
    char kind[2], name[8];
    double seconds;
    int number;        /* of ticks, or of the fork to cancel */
    size_t body, next; /* where its own operations begin, and what comes after them */
} op;

static op ops[OPS_MAX];
static vow_promise *forks[FORKS_MAX];
static int fork_count;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "player: %s\n", what);
    exit(2);
}

static void report(const vow_report *report, void *data)
{
    (void) data;
    die(report->text);
}

static void tell(vow_loop *loop, const char *name, const char *what)
{
    printf("%s %s %.17g\n", name, what, vow_now(loop));
}

/* ---- Reading ------------------------------------------------------------------------------------------- */

static const char *next_word(void)
{
    const char *word = strtok(NULL, " \n");

    return word ? word : die("the line ends too soon"), word;
}

/* The operations up to "]"; returns how many there are now. */
static size_t parse(size_t count)
{
    for (;;) {
        const char *word = next_word();
        op *self = &ops[count];

        if (*word == ']')
            return count;
        if (count == OPS_MAX)
            die("too many operations");
        self->kind[0] = *word;
        snprintf(self->name, sizeof self->name, "%s", next_word());
        self->seconds = strchr("STI", *word) ? strtod(next_word(), NULL) : 0;
        self->number = strchr("IC", *word) ? atoi(next_word()) : 0;
        self->body = ++count;
        if (strchr("TIF", *word)) {
            next_word(); /* "[" */
            count = parse(count);
        }
        self->next = count;
    }
}

/* ---- Playing ------------------------------------------------------------------------------------------- */

VOW_DECLARE(deadline);
VOW_DECLARE(ticks);

struct body {
    vow_task task;
    const char *name;
    size_t at, end;
    bool is_over;
};

struct deadline {
    vow_task task;
    const op *op;
};

struct ticks {
    vow_task task;
    const op *op;
    vow_interval *interval;
    int i;
};

static vow_promise *begin(vow_loop *loop, const op *op)
{
    if (*op->kind == 'S')
        return vow_sleep(loop, op->seconds);
    if (*op->kind == 'T')
        return vow_async(loop, deadline, .op = op);
    return vow_async(loop, ticks, .op = op);
}

VOW_ASYNC(body, me)
{
    const op *op;

    VOW_BEGIN(me);
    for (; me->at < me->end; me->at = ops[me->at].next) {
        op = &ops[me->at];
        if (*op->kind == 'F') {
            forks[fork_count++] =
                vow_async(VOW_LOOP(me), body, .name = op->name, .at = op->body, .end = op->next);
        } else if (*op->kind == 'C') {
            if (op->number < fork_count)
                vow_cancel(vow_ref(forks[op->number]));
        } else {
            VOW_AWAIT(me, begin(VOW_LOOP(me), op));
            if (*ops[me->at].kind == 'S')
                tell(VOW_LOOP(me), ops[me->at].name, "slept");
        }
    }
    me->is_over = true;
    VOW_FINALLY(me);
    if (!me->is_over)
        tell(VOW_LOOP(me), me->name, "cancelled");
    VOW_END(me);
}

VOW_ASYNC(deadline, me)
{
    VOW_BEGIN(me);
    VOW_TRY_AWAIT(me, vow_timeout(vow_async(VOW_LOOP(me), body, .name = me->op->name, .at = me->op->body,
                                            .end = me->op->next),
                                  me->op->seconds));
    tell(VOW_LOOP(me), me->op->name, VOW_ERROR(me) ? "late" : "in-time");
    VOW_END(me);
}

VOW_ASYNC(ticks, me)
{
    char text[32];

    VOW_BEGIN(me);
    me->interval = vow_interval_new(VOW_LOOP(me), me->op->seconds);
    for (me->i = 0; me->i < me->op->number; me->i++) {
        VOW_AWAIT(me, vow_interval_next(me->interval));
        snprintf(text, sizeof text, "missed-%" PRId64, vow_as_int(VOW_RESULT(me)));
        tell(VOW_LOOP(me), me->op->name, text);
        VOW_AWAIT(me, vow_async(VOW_LOOP(me), body, .name = me->op->name, .at = me->op->body,
                                .end = me->op->next));
    }
    VOW_FINALLY(me);
    vow_interval_free(me->interval);
    VOW_END(me);
}

static void play(vow_loop *loop)
{
    size_t end = parse(0);
    vow_error *error = vow_run(vow_async(loop, body, .name = "main", .at = 0, .end = end), NULL);

    if (error)
        die(vow_error_message(error));
    for (int i = 0; i < fork_count; i++) {
        vow_error_unref(vow_run(vow_ref(forks[i]), NULL));
        tell(loop, "fork", "joined");
    }
    for (int i = 0; i < fork_count; i++)
        vow_unref(forks[i]);
}

int main(void)
{
    static char line[65536];

    while (fgets(line, sizeof line, stdin)) {
        vow_loop *loop = vow_loop_new(EV_DEFAULT);

        vow_loop_set_report(loop, report, NULL);
        if (vow_clock_virtual(loop))
            die("no virtual clock");
        fork_count = 0;
        if (strcmp(strtok(line, " \n"), "[") != 0)
            die("a line does not begin with [");
        play(loop);
        puts("end");
        vow_loop_free(loop);
    }
    return 0;
}
