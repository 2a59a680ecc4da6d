/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A thread of the program's own that owns something that blocks, here a sensor, and answers one question
 * after the other.
 *
 * Shows: promises that another thread settles (vow_remote_new()); one that it rejects; one that nobody waits
 * for any more when the answer is there; an end that leaves neither a question nor a thread behind.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <vow.h>

struct sensor {
    pthread_t thread;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    vow_remote *question; /* NULL when there is none */
    bool is_over;
};

/* What would block: three readings, and then nothing until the program ends. */
static vow_value measure(struct sensor *sensor, int count)
{
    static const double celsius[] = {20.5, 21.0, 21.5};
    if (count < 3)
        return vow_double(celsius[count]);
    if (count == 3)
        return vow_throwf(EIO, "the sensor has lost contact");
    pthread_mutex_lock(&sensor->mutex);
    while (!sensor->is_over)
        pthread_cond_wait(&sensor->changed, &sensor->mutex);
    pthread_mutex_unlock(&sensor->mutex);
    return vow_throwf(EIO, "the sensor is switched off");
}

/* NULL when all is over. */
static vow_remote *next_question(struct sensor *sensor)
{
    pthread_mutex_lock(&sensor->mutex);
    while (!sensor->question && !sensor->is_over)
        pthread_cond_wait(&sensor->changed, &sensor->mutex);
    vow_remote *question = sensor->question;
    sensor->question = NULL;
    pthread_mutex_unlock(&sensor->mutex);
    return question;
}

static void *answer(void *data)
{
    vow_remote *question;
    for (int count = 0; (question = next_question(data)); count++)
        if (vow_remote_is_wanted(question))
            vow_remote_resolve(question, measure(data, count));
        else
            vow_remote_abandon(question);
    return NULL;
}

/* On the loop's thread. A question that the sensor has not looked at yet gives way to the new one. */
static vow_promise *ask(vow_loop *loop, struct sensor *sensor)
{
    vow_remote *question;
    vow_promise *promise = vow_remote_new(loop, &question);
    pthread_mutex_lock(&sensor->mutex);
    vow_remote *previous = sensor->question;
    sensor->question = question;
    pthread_cond_signal(&sensor->changed);
    pthread_mutex_unlock(&sensor->mutex);
    vow_remote_abandon(previous);
    return promise;
}

static void switch_off(struct sensor *sensor)
{
    pthread_mutex_lock(&sensor->mutex);
    sensor->is_over = true;
    pthread_cond_signal(&sensor->changed);
    pthread_mutex_unlock(&sensor->mutex);
    pthread_join(sensor->thread, NULL);
}

struct program {
    vow_task task;
    struct sensor *sensor;
    int question;
};

VOW_ASYNC(program, me)
{
    VOW_BEGIN(me);
    for (me->question = 1; me->question <= 5; me->question++) {
        VOW_TRY_AWAIT(me, vow_timeout(ask(VOW_LOOP(me), me->sensor), me->question < 5 ? 60 : 0.1));
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
    struct sensor sensor = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    int code = pthread_create(&sensor.thread, NULL, answer, &sensor);
    if (code) {
        fprintf(stderr, "sensor: no thread: %s\n", strerror(code));
        vow_loop_free(loop);
        return 1;
    }
    vow_error *error = vow_run(vow_async(loop, program, .sensor = &sensor), NULL);
    if (error)
        fprintf(stderr, "sensor: %s\n", vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    switch_off(&sensor);
    vow_loop_free(loop);
    return status;
}
