/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Work that would hold the loop up runs on threads of the pool; the loop ticks meanwhile.
 * Run it: examples/offload
 *
 * Shows: vow_offload(), vow_offload_is_cancelled(), and vow_attach() for what a job uses.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <vow.h>

/* This runs on a thread. It uses nothing of the loop, only what it was given and memory of its own. */
static vow_value count_primes(void *data)
{
    size_t limit = *(size_t *) data, count = 0;
    char *is_composite = calloc(limit, 1);
    if (!is_composite)
        return vow_throwf(ENOMEM, "no memory to count primes below %zu", limit);
    for (size_t i = 2; i < limit; i++) {
        if (is_composite[i])
            continue;
        count++;
        for (size_t j = 2 * i; j < limit; j += i)
            is_composite[j] = 1;
    }
    free(is_composite);
    return vow_int((int64_t) count);
}

static bool is_perfect(uint64_t number)
{
    uint64_t sum = 0;
    for (uint64_t i = 1; i <= number / 2; i++)
        sum += number % i == 0 ? i : 0;
    return sum == number;
}

/* Nobody knows whether there is an odd perfect number. So the job looks whether anybody still waits. */
static vow_value find_odd_perfect(void *data)
{
    uint64_t *number = data;
    for (*number = 3; !is_perfect(*number); *number += 2)
        if (vow_offload_is_cancelled())
            return vow_throwf(ECANCELED, "nobody wants to know");
    return vow_int((int64_t) *number);
}

/* The library calls this when the job has returned. Until then the job uses the number. */
static void search_ended(void *number)
{
    printf("the search has ended\n");
    free(number);
}

struct program {
    vow_task task;
    size_t limit;
    uint64_t *number;
    vow_promise *search;
    int tick;
};

VOW_ASYNC(program, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_offload(VOW_LOOP(me), count_primes, &me->limit));
    printf("%d primes below %zu\n", (int) vow_as_int(VOW_RESULT(me)), me->limit);
    me->number = malloc(sizeof *me->number);
    if (!me->number)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a number"));
    me->search =
        vow_attach(vow_offload(VOW_LOOP(me), find_odd_perfect, me->number), me->number, search_ended);
    for (me->tick = 1; me->tick <= 3; me->tick++) {
        VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.05));
        printf("tick %d\n", me->tick);
    }
    printf("we do not want to know any more\n");
    VOW_FINALLY(me);
    vow_unref(me->search); /* the job sees that, and returns soon */
    VOW_END(me);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_error *error = vow_run(vow_async(loop, program, .limit = 2000000), NULL);
    vow_loop_free(loop); /* waits for the search, if need be */
    if (!error)
        error = vow_offload_shutdown(5); /* the threads end now, and not with the process */
    if (!error)
        return 0;
    fprintf(stderr, "offload: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
