/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A thread of the program's own that owns something that blocks, here a sensor, and answers one question
 * after the other. Run it: examples/sensor
 *
 * Shows: promises that another thread settles (vow_remote_new()); one that it rejects; one that nobody waits
 * for any more when the thread gives it up; an end that leaves neither a question nor a thread behind.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vow.h>

/* This runs on the thread: three readings, then a fault. */
static vow_value measure(int count)
{
    static const double celsius[] = {20.5, 21.0, 21.5};
    return count < 3 ? vow_double(celsius[count]) : vow_throwf(EIO, "the sensor has lost contact");
}

/* Questions come through a pipe, one pointer each, until the program closes it. Each has to be settled or
 * abandoned. From the fifth on there is no answer. */
static void *answer(void *data)
{
    int questions = *(int *) data;
    vow_remote *question, *unanswered = NULL;
    for (int count = 0; read(questions, &question, sizeof question) == sizeof question; count++) {
        if (count < 4 && vow_remote_is_wanted(question)) {
            vow_remote_resolve(question, measure(count));
        } else {
            vow_remote_abandon(unanswered);
            unanswered = question;
        }
    }
    vow_remote_abandon(unanswered);
    return NULL;
}

/* The question now belongs to the thread. */
static vow_promise *ask(vow_loop *loop, int questions)
{
    vow_remote *question;
    vow_promise *promise = vow_remote_new(loop, &question);
    if (write(questions, &question, sizeof question) != sizeof question)
        vow_remote_abandon(question);
    return promise;
}

struct program {
    vow_task task;
    int questions;
    int count;
};

VOW_ASYNC(program, me)
{
    VOW_BEGIN(me);
    for (me->count = 1; me->count <= 5; me->count++) {
        VOW_TRY_AWAIT(me, vow_timeout(ask(VOW_LOOP(me), me->questions), me->count < 5 ? 60 : 0.1));
        if (!VOW_ERROR(me))
            printf("%.1f degrees\n", vow_as_double(VOW_RESULT(me)));
        else if (vow_error_is(VOW_ERROR(me), &vow_domain_errno, ETIMEDOUT))
            printf("the sensor does not answer\n");
        else
            printf("%s\n", vow_error_message(VOW_ERROR(me)));
    }
    VOW_END(me);
}

int main(void)
{
    int questions[2]; /* the thread reads the first, the loop writes the second */
    if (pipe(questions) != 0) {
        perror("sensor: pipe");
        return 1;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    pthread_t thread;
    int code = pthread_create(&thread, NULL, answer, &questions[0]);
    vow_error *error = code ? vow_error_new(code, "no thread: %s", strerror(code))
                            : vow_run(vow_async(loop, program, .questions = questions[1]), NULL);
    close(questions[1]); /* so the thread ends */
    if (!code)
        pthread_join(thread, NULL);
    close(questions[0]);
    vow_loop_free(loop);
    if (!error)
        return 0;
    fprintf(stderr, "sensor: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
