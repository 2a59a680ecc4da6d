/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Work that would hold the loop up runs on threads of the pool; the loop ticks meanwhile. Shows:
 * vow_offload(), vow_offload_is_cancelled(), vow_attach() for what a job uses, and the end of the pool.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <vow.h>

enum { LIMIT = 2000000 };

/* On a thread: nothing of the loop is used here, only what was handed over and memory of its own. */
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

static bool is_prime(uint64_t number)
{
    for (uint64_t i = 2; i * i <= number; i++)
        if (number % i == 0)
            return false;
    return number > 1;
}

static bool is_sum_of_primes(uint64_t number)
{
    for (uint64_t i = 2; i <= number / 2; i++)
        if (is_prime(i) && is_prime(number - i))
            return true;
    return false;
}

/* Nobody knows whether this ever finds one. So it looks whether anybody still wants to know. */
static vow_value refute_goldbach(void *data)
{
    uint64_t *number = data;
    for (*number = 4; is_sum_of_primes(*number); *number += 2)
        if (vow_offload_is_cancelled())
            return vow_throwf(ECANCELED, "nobody wants to know");
    return vow_int((int64_t) *number);
}

/* Called when the job has returned: not before, since it uses the number until then. */
static void search_ended(void *number)
{
    printf("the search has ended\n");
    free(number);
}

static vow_promise *begin_search(vow_loop *loop)
{
    uint64_t *number = malloc(sizeof *number);
    if (!number)
        return vow_rejected(loop, vow_error_new(ENOMEM, "no memory for a number"));
    return vow_attach(vow_offload(loop, refute_goldbach, number), number, search_ended);
}

struct watch {
    vow_task task;
    vow_promise *search;
    int tick;
};

VOW_ASYNC(watch, me)
{
    VOW_BEGIN(me);
    me->search = begin_search(VOW_LOOP(me));
    for (me->tick = 1; me->tick <= 3; me->tick++) {
        VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.05));
        printf("tick %d\n", me->tick);
    }
    VOW_FINALLY(me);
    printf("we do not want to know any more\n");
    vow_unref(me->search); /* the job sees that, and returns soon */
    VOW_END(me);
}

static vow_error *run(vow_loop *loop)
{
    size_t limit = LIMIT;
    vow_value count;
    vow_error *error = vow_run(vow_offload(loop, count_primes, &limit), &count);
    if (error)
        return error;
    printf("%d primes below %d\n", (int) vow_as_int(&count), LIMIT);
    return vow_run(vow_async(loop, watch), NULL);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_error *error = run(loop);
    vow_loop_free(loop); /* waits for the search, if need be */
    if (!error)
        error = vow_offload_shutdown(5); /* the threads end: now, and not with the process */
    if (error)
        fprintf(stderr, "offload: %s\n", vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    return status;
}
