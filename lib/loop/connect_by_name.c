/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting by name: a look-up, and RFC 8305 (Happy Eyeballs) over what it finds. The families take turns,
 * an attempt begins when the one before it has failed or is 250 ms old, and the first connection that stands
 * wins.
 *
 * It is made of promises alone. What the attempts wait for, and what becomes of the losers, is in how they
 * hang together: each waits for a race of the attempt before it, failing, and of a pause; and vow_any() drops
 * those that are not needed, which closes their sockets or never begins them.
 *
 * Left out is the RFC's look-up of each family by itself: getaddrinfo(3) orders both in one answer, by RFC
 * 6724.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <vow/combinators.h>
#include <vow/task.h>
#include <vow/time.h>

#include "base/allocator-private.h"
#include "core/error-private.h"
#include "loop/connect-private.h"
#include "loop/lookup-private.h"
#include "loop/loop-private.h"

/* RFC 8305, section 8: the Connection Attempt Delay, in seconds. */
#define ATTEMPT_DELAY 0.25
#define REASONS_SIZE 600

static const char function_name[] = "vow_connect";

typedef struct attempt {
    vow_loop *loop;
    const char *site;
    vow_address address;
} attempt;

typedef struct attempts {
    size_t count;
    vow_promise **promises; /* room for as many, behind the attempts */
    attempt attempt[];
} attempts;

/* ---- The attempts -------------------------------------------------------------------------------------- */

static size_t attempts_size(size_t count)
{
    return sizeof(attempts) + count * (sizeof(attempt) + sizeof(vow_promise *));
}

static void attempts_free(void *pointer)
{
    vow__release(pointer, attempts_size(((attempts *) pointer)->count));
}

/* The next address from `from` on that is, or is not, of this family; the length of the list if there is
 * none. */
static size_t next_of(const vow_list *list, size_t from, int family, bool is_of)
{
    while (from < vow_list_length(list) &&
           (vow_address_family(vow_as_address(vow_list_at(list, from))) == family) != is_of)
        from++;
    return from;
}

/* RFC 8305, section 4: the families take turns, that of the first address begins. */
static void interleave(attempts *self, const vow_list *list)
{
    int family = vow_address_family(vow_as_address(vow_list_at(list, 0)));
    size_t at[2] = {next_of(list, 0, family, true), next_of(list, 0, family, false)};
    bool is_other = false;

    for (size_t i = 0; i < self->count; i++) {
        if (at[is_other] == self->count)
            is_other = !is_other;
        self->attempt[i].address = *vow_as_address(vow_list_at(list, at[is_other]));
        at[is_other] = next_of(list, at[is_other] + 1, family, !is_other);
        is_other = !is_other;
    }
}

static attempts *attempts_new(vow_loop *loop, const vow_list *list, const char *site)
{
    size_t count = vow_list_length(list);
    attempts *self = vow__allocate(attempts_size(count));

    if (!self)
        return NULL;
    self->count = count;
    self->promises = (vow_promise **) (void *) &self->attempt[count];
    for (size_t i = 0; i < count; i++) {
        self->attempt[i].loop = loop;
        self->attempt[i].site = site;
    }
    interleave(self, list);
    return self;
}

/* ---- How they hang together ---------------------------------------------------------------------------- */

static vow_promise *connect_now(const attempt *self)
{
    return vow__connect_to(self->loop, &self->address, function_name, self->site);
}

static vow_value begin(vow_value *nothing, void *data)
{
    (void) nothing;
    return vow_follow(connect_now(data));
}

static vow_value rest(vow_value *nothing, void *data)
{
    const attempt *self = data;

    (void) nothing;
    return vow_follow(vow_sleep_at(self->loop, ATTEMPT_DELAY, self->site));
}

static vow_value go_on(const vow_error *error, void *data)
{
    (void) error;
    (void) data;
    return vow_nil();
}

/* Fulfilled when the attempt after `self` is to begin. `begun`, which is given, is fulfilled when this one
 * does. */
static vow_promise *turn_after(attempt *self, const vow_promise *connection, vow_promise *begun)
{
    vow_promise *either[] = {vow_then_at(begun, rest, self, self->site),
                             vow_catch_at(vow_ref(connection), go_on, NULL, self->site)};

    return vow_race_at(self->loop, 2, either, self->site);
}

/* The promise of the first connection that stands. */
static vow_promise *connect_first(attempts *self)
{
    vow_loop *loop = self->attempt[0].loop;
    const char *site = self->attempt[0].site;
    vow_promise *turn = vow_resolved_at(loop, vow_nil(), site);

    self->promises[0] = connect_now(&self->attempt[0]);
    for (size_t i = 1; i < self->count; i++) {
        turn = turn_after(&self->attempt[i - 1], self->promises[i - 1], turn);
        self->promises[i] = vow_then_at(vow_ref(turn), begin, &self->attempt[i], site);
    }
    vow_peek(turn); /* that there was no memory for it is no news: who waits for it says so */
    vow_unref(turn);
    return vow_attach_at(vow_any_at(loop, self->count, self->promises, site), self, attempts_free, site);
}

/* ---- When all have failed ------------------------------------------------------------------------------ */

/* What is said of an address that this machine cannot reach, whoever is there. */
static bool is_no_way(int code)
{
    return code == ENETUNREACH || code == EHOSTUNREACH || code == EADDRNOTAVAIL || code == EAFNOSUPPORT;
}

static const vow_error *error_at(const vow_list *errors, size_t i)
{
    return vow_as_error(vow_list_at(errors, i));
}

/* The code of the first that got anywhere, or of the first. */
static int code_of(const vow_list *errors)
{
    for (size_t i = 0; i < vow_list_length(errors); i++)
        if (!is_no_way(vow_error_code(error_at(errors, i))))
            return vow_error_code(error_at(errors, i));
    return vow_error_code(error_at(errors, 0));
}

/* "[::1]:80: Connection refused; 127.0.0.1:80: Connection refused": the messages, without the function. */
static void tell_reasons(const vow_list *errors, char *text, size_t size)
{
    static const size_t prefix = sizeof function_name - 1 + 2;
    size_t length = 0;

    for (size_t i = 0; i < vow_list_length(errors) && length < size; i++) {
        const char *message = vow_error_message(error_at(errors, i));
        bool has_prefix = strncmp(message, function_name, prefix - 2) == 0;
        int count = snprintf(text + length, size - length, "%s%s", i ? "; " : "",
                             has_prefix ? message + prefix : message);

        length += count > 0 ? (size_t) count : 0;
    }
}

/* What the one error there is has caused, or the aggregate. */
static vow_error *sum_up(const vow_error *error, const char *name, const char *site)
{
    const vow_list *errors = vow_error_list(error);
    size_t length = vow_list_length(errors);
    char reasons[REASONS_SIZE] = "";

    if (!length)
        return vow_error_ref(error);
    tell_reasons(errors, reasons, sizeof reasons);
    return vow_error_wrap_at(site, vow_error_ref(length == 1 ? error_at(errors, 0) : error), code_of(errors),
                             "%s: %s: %s", function_name, name, reasons);
}

/* ---- The whole ----------------------------------------------------------------------------------------- */

struct connecting {
    vow_task task;
    const char *site;
    const char *host, *service; /* until the first await */
    char name[VOW__LOOKUP_NAME_SIZE];
};

static vow_promise *connect_to_any(vow_loop *loop, const vow_value *addresses, const char *site)
{
    attempts *self = attempts_new(loop, vow_as_list(addresses), site);

    return self ? connect_first(self) : vow__emergency(loop);
}

VOW_ASYNC(connecting, me)
{
    VOW_BEGIN(me);
    vow__lookup_name(me->name, me->host, me->service);
    VOW_AWAIT(me, vow__lookup(VOW_LOOP(me), me->host, me->service, SOCK_STREAM, function_name, me->site));
    VOW_TRY_AWAIT(me, connect_to_any(VOW_LOOP(me), VOW_RESULT(me), me->site));
    if (VOW_ERROR(me))
        VOW_THROW(me, sum_up(VOW_ERROR(me), me->name, me->site));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_END(me);
}

vow_promise *vow__connect_by_name(vow_loop *loop, const char *host, const char *service, const char *site)
{
    struct connecting frame = {.site = site, .host = host, .service = service};

    return vow_async_at(loop, &vow__task_connecting, &frame, site);
}
