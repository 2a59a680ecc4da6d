/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting by name, which is RFC 8305 (Happy Eyeballs, version 2): both families are looked up at once and
 * each by itself, the addresses are tried in turn as they come, and the first connection that stands wins.
 *
 * It is made of promises alone. An attempt is a vow_any() of two: its own connection, and the rest. The rest
 * is that connection within 250 ms, or otherwise, by vow_catch(), the next attempt, made like this one. The
 * losers need no code of their own: vow_any() drops what is not needed, and that closes their sockets, or
 * never begins them.
 *
 * One task owns all of it, and the handlers share its frame. The frame holds the lookups, whose lists are the
 * addresses, and how many of each were tried.
 */
#include <sys/socket.h>

#include <vow/combinators.h>
#include <vow/socket.h>
#include <vow/task.h>
#include <vow/time.h>

#include "core/error-private.h"
#include "core/list-private.h"
#include "net/address-private.h"
#include "net/connect-private.h"
#include "net/lookup-private.h"
#include "loop/loop-private.h"

/* RFC 8305, section 8, in seconds. */
#define RESOLUTION_DELAY 0.05
#define ATTEMPT_DELAY 0.25

static const char function_name[] = "vow_connect";

enum { SIX, FOUR, FAMILIES };

typedef struct family {
    vow_promise *look_up; /* of a list of addresses; of nil if there was nothing to ask */
    size_t begun;         /* how many of its addresses were tried, from the first on */
} family;

struct connect {
    vow_task task;
    const char *site;
    const char *host, *service; /* until the first await */
    family families[FAMILIES];
    unsigned turn; /* whose address is tried next, if it has one */
    char name[VOW__LOOKUP_NAME_SIZE];
};

/* As vow_follow(). But a promise that is rejected gives its error at once: if it were dropped before it is
 * followed, it would leave an error that nobody has looked at. */
static vow_value become(vow_promise *promise)
{
    vow_error *error;

    if (!vow_is_rejected(promise))
        return vow_follow(promise);
    error = vow_error_ref(vow_as_error(vow_peek(promise)));
    vow_unref(promise);
    return vow_throw(error);
}

/* ---- The addresses ------------------------------------------------------------------------------------- */

/* Whether to ask for a family: a numeric host has an address of one family only. */
static bool is_to_be_asked(const char *host, int address_family)
{
    vow_address address;

    return vow__address_numeric(&address, host, "0") || vow_address_family(&address) == address_family;
}

static vow_promise *host_look_up(struct connect *me, int address_family)
{
    vow__question question = {me->host, me->service, SOCK_STREAM, address_family, function_name};

    return is_to_be_asked(me->host, address_family) ? vow__lookup(VOW_LOOP(me), &question, me->site)
                                                    : vow_resolved_at(VOW_LOOP(me), vow_nil(), me->site);
}

static vow_promise *ref_look_up(const struct connect *me, int i)
{
    return vow_ref(me->families[i].look_up);
}

static vow_value wait_for_six(vow_value *addresses, void *data)
{
    struct connect *me = data;

    (void) addresses;
    return become(vow_sleep_at(VOW_LOOP(me), RESOLUTION_DELAY, me->site));
}

/* IPv4 has failed: goes with IPv6, so that no error is on its way when all is dropped. If IPv6 fails, too,
 * both answers are there. */
static vow_value only_six(const vow_error *error, void *me)
{
    (void) error;
    return become(ref_look_up(me, SIX));
}

/* RFC 8305, section 3: goes on with an answer for IPv6, or a while after one for IPv4, or when both lookups
 * are over. Rejected only when there is no memory. */
static vow_promise *first_answer(struct connect *me)
{
    vow_loop *loop = VOW_LOOP(me);
    vow_promise *both[] = {ref_look_up(me, SIX), ref_look_up(me, FOUR)};
    vow_promise *either[] = {ref_look_up(me, SIX),
                             vow_then_catch_at(ref_look_up(me, FOUR), wait_for_six, only_six, me, me->site),
                             vow_all_settled_at(loop, 2, both, me->site)};

    return vow_any_at(loop, 3, either, me->site);
}

/* The next address of a family, or NULL. */
static const vow_address *host_take_from(family *from)
{
    const vow_value *answer = vow_peek(from->look_up);

    if (!answer || !vow_is_list(answer) || from->begun == vow_list_length(vow_as_list(answer)))
        return NULL;
    return vow_as_address(vow_list_at(vow_as_list(answer), from->begun++));
}

/* RFC 8305, section 4: the families take turns. NULL when no address is left of those that have come. */
static const vow_address *host_take_next(struct connect *me)
{
    unsigned other = !me->turn;
    const vow_address *address = host_take_from(&me->families[me->turn]);

    if (address)
        me->turn = other;
    return address ? address : host_take_from(&me->families[other]);
}

/* ---- The attempts -------------------------------------------------------------------------------------- */

static vow_promise *try_rest(struct connect *me);

static vow_value host_go_on(vow_value *addresses, void *me)
{
    (void) addresses;
    return become(try_rest(me));
}

static vow_value go_on_without(const vow_error *error, void *me)
{
    (void) error;
    return become(try_rest(me));
}

/* RFC 8305, section 5: this connection; or else the rest, once this one has failed or has taken its time. */
static vow_promise *try_one(struct connect *me, const vow_address *address)
{
    vow_promise *connection = vow__connect_to(VOW_LOOP(me), address, function_name, me->site);
    vow_promise *in_time = vow_timeout_at(vow_ref(connection), ATTEMPT_DELAY, me->site);
    vow_promise *either[] = {connection, vow_catch_at(in_time, go_on_without, me, me->site)};

    return vow_any_at(VOW_LOOP(me), 2, either, me->site);
}

static vow_promise *try_late_ones(struct connect *me, const vow_promise *look_up)
{
    return vow_then_catch_at(vow_ref(look_up), host_go_on, go_on_without, me, me->site);
}

static size_t count_begun(const struct connect *me)
{
    return me->families[SIX].begun + me->families[FOUR].begun;
}

static const vow_error *error_of(const family *from)
{
    return vow_is_rejected(from->look_up) ? vow_as_error(vow_peek(from->look_up)) : NULL;
}

/* Behind the last attempt stands a vow_any() of nothing, whose list of errors is empty. If there was no
 * attempt at all, the error is that of a lookup. */
static vow_promise *try_none(struct connect *me)
{
    const vow_error *six = error_of(&me->families[SIX]), *four = error_of(&me->families[FOUR]);

    if (count_begun(me))
        return vow_any_at(VOW_LOOP(me), 0, NULL, me->site);
    return vow_rejected_at(VOW_LOOP(me), vow_error_ref(vow__lookup_telling(six, four)), me->site);
}

/* The first connection that stands to one of the addresses that are left, or are still to come. */
static vow_promise *try_rest(struct connect *me)
{
    const vow_address *address = host_take_next(me);

    if (address)
        return try_one(me, address);
    for (int i = 0; i < FAMILIES; i++)
        if (vow_is_pending(me->families[i].look_up))
            return try_late_ones(me, me->families[i].look_up);
    return try_none(me);
}

/* ---- When all have failed ------------------------------------------------------------------------------ */

/* One list of the attempts' errors. Each attempt has left a pair: its error, and another such pair. NULL when
 * there is no memory. */
static vow_error *host_collect(const struct connect *me, const vow_error *error)
{
    size_t count = count_begun(me);
    vow_error *all = vow__error_new_aggregate(me->site, count);

    for (size_t i = 0; all && i < count; i++) {
        const vow_list *pair = vow_error_list(error);

        all->list->items[i] = vow__value_of_error(vow_error_ref(vow__error_at(pair, 0)));
        error = vow__error_at(pair, 1);
    }
    return all;
}

/* What stands behind the last attempt: an empty list. Or, if there was no address or no memory, the error
 * that says so. */
static const vow_error *last_of(const vow_error *error)
{
    while (vow_error_list(error) && vow_list_length(vow_error_list(error)))
        error = vow__error_at(vow_error_list(error), 1);
    return error;
}

static vow_error *sum_up(const struct connect *me, const vow_error *error)
{
    const vow_error *last = last_of(error);

    if (!vow_error_list(last))
        return vow_error_ref(last);
    return vow__connect_sum_up(host_collect(me, error), me->name, function_name, me->site);
}

/* ---- The whole ----------------------------------------------------------------------------------------- */

/* Gives a lookup up. It is peeked at first, so that an error of it is not reported. */
static void host_forget(const family *from)
{
    (void) vow_peek(from->look_up);
    vow_unref(from->look_up);
}

VOW_ASYNC(connect, me)
{
    VOW_BEGIN(me);
    vow__lookup_name(me->name, me->host, me->service);
    me->families[SIX].look_up = host_look_up(me, AF_INET6);
    me->families[FOUR].look_up = host_look_up(me, AF_INET);
    VOW_TRY_AWAIT(me, first_answer(me));
    if (VOW_ERROR(me))
        VOW_THROW(me, &vow__error_no_memory);
    VOW_TRY_AWAIT(me, try_rest(me));
    if (VOW_ERROR(me))
        VOW_THROW(me, sum_up(me, VOW_ERROR(me)));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    host_forget(&me->families[SIX]);
    host_forget(&me->families[FOUR]);
    VOW_END(me);
}

static vow_promise *connect_by_name(vow_loop *loop, const char *host, const char *service, const char *site)
{
    struct connect frame = {.site = site, .host = host, .service = service};

    return vow_async_at(loop, &vow__task_connect, &frame, site);
}

vow_promise *vow_connect_at(vow_loop *loop, const char *host, const char *service, const char *site)
{
    vow_address address;
    vow_error *error;

    vow__check_loop(loop, function_name, site);
    if (vow__lookup_numeric(&address, host, service, function_name, site, &error))
        return vow__connect_to(loop, &address, function_name, site);
    return error ? vow_rejected_at(loop, error, site) : connect_by_name(loop, host, service, site);
}
