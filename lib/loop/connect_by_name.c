/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind connect by name, which is RFC 8305 (Happy Eyeballs, version 2): both families are looked up at
 * once and each by itself, the addresses are tried in turn as they come, and the first connection that stands
 * wins.
 *
 * One timer says when the next attempt is due. While it runs, nothing begins: it is the Resolution Delay
 * before the first attempt, and the Connection Attempt Delay of the latest one afterwards, which ends early
 * when that has failed. While it does not run, an address that arrives is tried at once.
 *
 * A look-up and an attempt are waited for by a branch each. The attempts of a family are one block, made when
 * its addresses arrive, which does not move until the promise is gone.
 */
#include <sys/socket.h>

#include "base/allocator-private.h"
#include "loop/address-private.h"
#include "loop/connect-private.h"
#include "loop/lookup-private.h"
#include "loop/loop-private.h"

/* RFC 8305, section 8, in seconds. */
#define RESOLUTION_DELAY 0.05
#define ATTEMPT_DELAY 0.25

static const char function_name[] = "vow_connect";

typedef struct attempt attempt;

struct attempt {
    vow__branch connection; /* while it goes on */
    vow_error *error;       /* why it failed, or NULL */
    attempt *next;          /* in the order in which they began */
    vow_address address;
};

typedef struct family {
    vow__branch look_up; /* until there is an answer */
    vow_error *error;    /* the answer, when there are no addresses; or NULL */
    attempt *attempts;   /* one for each address, in the system's order */
    size_t count;
    size_t begun; /* so many of them, from the first on */
} family;

enum { SIX, FOUR, FAMILIES };

typedef struct by_name {
    vow_promise promise;
    ev_timer due;
    family families[FAMILIES];
    unsigned turn; /* whose address is tried next, if it has one */
    attempt *first, *latest;
    size_t begun;
    size_t going; /* attempts that are under way */
    char name[VOW__LOOKUP_NAME_SIZE];
} by_name;

/* ---- What there is ------------------------------------------------------------------------------------- */

static vow_promise *awaited(const vow__branch *branch)
{
    return (vow_promise *) (branch->wait.upstream & ~VOW__BRANCH);
}

static bool is_asking(const by_name *self)
{
    return awaited(&self->families[SIX].look_up) || awaited(&self->families[FOUR].look_up);
}

/* RFC 8305, section 3: with IPv6, or with what there is when no more can come. */
static bool is_time_for_the_first(const by_name *self)
{
    return self->families[SIX].count || !is_asking(self);
}

/* RFC 8305, section 4: the families take turns. NULL when no address is left. */
static attempt *take_next(by_name *self)
{
    family *from = &self->families[self->turn];

    if (from->begun == from->count)
        from = &self->families[!self->turn];
    if (from->begun == from->count)
        return NULL;
    self->turn = from == &self->families[SIX] ? FOUR : SIX;
    return &from->attempts[from->begun++];
}

/* ---- The end ------------------------------------------------------------------------------------------- */

/* Ends a wait, if there is one, by handing what was waited for to `release`. Nobody else is interested in its
 * error. */
static void end_wait(vow__branch *branch, void (*release)(vow_promise *promise))
{
    vow_promise *promise = vow__branch_cut(branch);

    if (!promise)
        return;
    if (vow__is_rejected(promise))
        promise->flags |= VOW__SEEN;
    release(promise);
}

static void end_all(by_name *self, void (*release)(vow_promise *promise))
{
    ev_timer_stop(vow__ev(&self->promise), &self->due);
    for (attempt *one = self->first; one; one = one->next)
        end_wait(&one->connection, release);
    for (int i = 0; i < FAMILIES; i++)
        end_wait(&self->families[i].look_up, release);
}

static void win(by_name *self, vow_promise *connection)
{
    vow__adopt(&self->promise, connection);
    end_all(self, vow_unref);
}

/* The list of all errors, which are moved there. NULL when there is no memory. */
static vow_error *collect_errors(by_name *self)
{
    vow_error *all = vow__error_new_aggregate(self->promise.site, self->begun);
    size_t i = 0;

    for (attempt *one = self->first; all && one; one = one->next) {
        all->list->items[i++] = vow__value_of_error(one->error);
        one->error = NULL;
    }
    return all;
}

/* Nothing goes on, and nothing can come any more. */
static void lose(by_name *self)
{
    vow_error *error;

    if (self->begun)
        error = vow__connect_sum_up(collect_errors(self), self->name, function_name, self->promise.site);
    else
        error = vow_error_ref(vow__lookup_telling(self->families[SIX].error, self->families[FOUR].error));
    vow__reject(&self->promise, error);
}

/* ---- On the way ---------------------------------------------------------------------------------------- */

static void wait_for(by_name *self, double seconds)
{
    ev_timer_set(&self->due, seconds, 0.);
    ev_timer_start(vow__ev(&self->promise), &self->due);
}

static void begin(by_name *self, attempt *next)
{
    vow_promise *promise = &self->promise;

    if (self->latest)
        self->latest->next = next;
    else
        self->first = next;
    self->latest = next;
    self->begun++;
    self->going++;
    vow__wait_branch(&next->connection, promise,
                     vow__connect_to(vow__loop_of(promise), &next->address, function_name, promise->site));
    wait_for(self, ATTEMPT_DELAY);
}

/* The next attempt is due. */
static void go_on(by_name *self)
{
    attempt *next = take_next(self);

    ev_timer_stop(vow__ev(&self->promise), &self->due);
    if (next)
        begin(self, next);
    else if (!self->going && !is_asking(self))
        lose(self);
}

static void due_cb(EV_P_ ev_timer *timer, int revents)
{
    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    go_on(VOW__CONTAINER_OF(timer, by_name, due));
}

static bool is_due(const by_name *self)
{
    return !ev_is_active(&self->due);
}

static void fill(attempt *attempts, const vow_list *addresses)
{
    for (size_t i = 0; i < vow_list_length(addresses); i++) {
        attempts[i].connection.wait.upstream = 0;
        attempts[i].error = NULL;
        attempts[i].next = NULL;
        attempts[i].address = *vow_as_address(vow_list_at(addresses, i));
    }
}

static void take_answer(family *from, vow_promise *answer)
{
    const vow_list *addresses;

    if (vow__is_rejected(answer)) {
        answer->flags |= VOW__SEEN;
        from->error = vow_error_ref(vow__error_of(answer));
        return;
    }
    addresses = vow_as_list(vow__value_of(answer));
    from->attempts = vow__allocate(vow_list_length(addresses) * sizeof(attempt));
    if (from->attempts) {
        from->count = vow_list_length(addresses);
        fill(from->attempts, addresses);
    } else {
        from->error = &vow__error_no_memory;
    }
}

/* A family has its answer, whose reference is given. */
static void answered(by_name *self, family *from, vow_promise *answer)
{
    take_answer(from, answer);
    vow_unref(answer);
    if (self->begun ? is_due(self) : is_time_for_the_first(self))
        go_on(self);
    else if (!self->begun && from->count)
        wait_for(self, RESOLUTION_DELAY);
}

/* An attempt has ended; the reference to its promise is given. */
static void tried(by_name *self, attempt *one, vow_promise *connection)
{
    self->going--;
    if (vow__is_fulfilled(connection)) {
        win(self, connection);
        return;
    }
    connection->flags |= VOW__SEEN;
    one->error = vow_error_ref(vow__error_of(connection));
    vow_unref(connection);
    if (one == self->latest || is_due(self))
        go_on(self);
}

/* ---- The promise --------------------------------------------------------------------------------------- */

static void by_name_run(vow_promise *promise, vow__reaction *wait)
{
    by_name *self = (by_name *) promise;
    vow_promise *settled = vow__take_upstream(wait);

    if (wait == &self->families[SIX].look_up.wait)
        answered(self, &self->families[SIX], settled);
    else if (wait == &self->families[FOUR].look_up.wait)
        answered(self, &self->families[FOUR], settled);
    else
        tried(self, VOW__CONTAINER_OF(wait, attempt, connection.wait), settled);
}

static void by_name_stop(vow_promise *promise)
{
    end_all((by_name *) promise, vow__let_go);
}

static void by_name_dispose(vow_promise *promise)
{
    by_name *self = (by_name *) promise;

    for (attempt *one = self->first; one; one = one->next)
        vow_error_unref(one->error);
    for (int i = 0; i < FAMILIES; i++) {
        family *each = &self->families[i];

        vow_error_unref(each->error);
        if (each->attempts)
            vow__release(each->attempts, each->count * sizeof(attempt));
    }
}

/* What can be waited for longest, and is what the rest depends on: a look-up. */
static const vow_promise *by_name_input(const vow_promise *promise)
{
    const by_name *self = (const by_name *) promise;

    for (int i = 0; i < FAMILIES; i++)
        if (awaited(&self->families[i].look_up))
            return awaited(&self->families[i].look_up);
    for (const attempt *one = self->first; one; one = one->next)
        if (awaited(&one->connection))
            return awaited(&one->connection);
    return NULL;
}

static const vow__kind by_name_kind = {.name = "connect",
                                       .run = by_name_run,
                                       .stop = by_name_stop,
                                       .dispose = by_name_dispose,
                                       .input = by_name_input};

/* Of a host that is numeric there is only one family. */
static bool is_to_be_asked(const char *host, int address_family)
{
    vow_address address;

    return vow__address_numeric(&address, host, "0") || vow_address_family(&address) == address_family;
}

static void ask(by_name *self, int i, const char *host, const char *service)
{
    static const int address_families[] = {[SIX] = AF_INET6, [FOUR] = AF_INET};
    vow_promise *promise = &self->promise;
    vow__question question = {host, service, SOCK_STREAM, address_families[i], function_name};

    if (is_to_be_asked(host, address_families[i]))
        vow__wait_branch(&self->families[i].look_up, promise,
                         vow__lookup(vow__loop_of(promise), &question, promise->site));
}

vow_promise *vow__connect_by_name(vow_loop *loop, const char *host, const char *service, const char *site)
{
    by_name *self = (void *) vow__promise_new(loop, sizeof *self, &by_name_kind, site);

    if (!self)
        return vow__emergency(loop);
    ev_timer_init(&self->due, due_cb, 0., 0.);
    self->turn = SIX;
    self->first = self->latest = NULL;
    self->begun = self->going = 0;
    vow__lookup_name(self->name, host, service);
    for (int i = 0; i < FAMILIES; i++)
        self->families[i] = (family){.look_up.wait.upstream = 0};
    for (int i = 0; i < FAMILIES; i++)
        ask(self, i, host, service);
    return &self->promise;
}
