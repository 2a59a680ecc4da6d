/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Prints the time at each whole second, and counts primes in between: clock [ticks]
 *
 * Shows: an interval by the wall clock; ticks that were missed; work for when the loop has nothing else to
 * do; an end on SIGINT and SIGTERM.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vow.h>

enum { LIMIT = 10000000, PIECE = 200 };

static int primes;

static bool is_prime(int number)
{
    for (int i = 2; i * i <= number; i++)
        if (number % i == 0)
            return false;
    return number > 1;
}

struct count {
    vow_task task;
    int next;
};

/* Piece by piece: a tick is late by one piece at most. */
VOW_ASYNC(count, me)
{
    VOW_BEGIN(me);
    while (me->next < LIMIT) {
        VOW_AWAIT(me, vow_idle(VOW_LOOP(me)));
        for (int end = me->next + PIECE; me->next < end; me->next++)
            primes += is_prime(me->next);
    }
    VOW_END(me);
}

static void print_time(int missed)
{
    time_t now = (time_t) (ev_time() + 0.001); /* two ways to read the clock may differ by microseconds */
    char text[16];
    strftime(text, sizeof text, "%H:%M:%S", localtime(&now));
    printf("%s, %d primes", text, primes);
    if (missed) /* the machine was asleep, say, or the clock was set */
        printf(", %d seconds missed", missed);
    putchar('\n');
}

struct ticks {
    vow_task task;
    long left; /* less than 0 for ever */
    vow_promise *counted;
    vow_interval *second;
};

VOW_ASYNC(ticks, me)
{
    VOW_BEGIN(me);
    me->counted = vow_async(VOW_LOOP(me), count);
    me->second = vow_interval_by_clock(VOW_LOOP(me), 0, 1);
    if (!me->second)
        VOW_THROW(me, vow_error_new(errno, "no interval: %s", strerror(errno)));
    for (; me->left != 0; me->left--) {
        VOW_AWAIT(me, vow_interval_next(me->second));
        print_time((int) vow_as_int(VOW_RESULT(me)));
    }
    VOW_FINALLY(me);
    vow_interval_free(me->second);
    vow_unref(me->counted);
    VOW_END(me);
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : -1;
    if (argc > 2 || (argc > 1 && count <= 0)) {
        fputs("usage: clock [ticks]\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_promise *end = vow_race_of(loop, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM));
    vow_error *error = vow_run(vow_race_of(loop, vow_async(loop, ticks, .left = count), end), NULL);
    vow_loop_free(loop);
    if (!error)
        return 0;
    fprintf(stderr, "clock: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
