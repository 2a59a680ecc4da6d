/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting by name while its families are looked up, each by itself (RFC 8305, section 3): which answer it
 * waits for and how long, where addresses go that come late, what is said when there are none, and what is
 * left when nobody wants the connection any more. The log has which addresses are tried. The clock is
 * virtual: it stands as long as an answer or a connection may come, unless the test says otherwise.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "attempts.h"
#include "jobs.h"
#include "place.h"
#include "resolver.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include <vow/testing.h>

/* RFC 8305, section 8, in seconds. */
#define RESOLUTION_DELAY 0.05
#define ATTEMPT_DELAY 0.25

static const char *const both[] = {"127.0.0.1", "::1", NULL};
static const struct entry both_entry = {.addresses = both};

/* Connects to host.test, with all answers but those to these held back. */
static vow_promise *start(fixture *f, const struct entry *entry, int port, int held)
{
    make_virtual(f);
    know(entry);
    hold_answers(held);
    note_attempts(f);
    vow_promise *promise = vow_connect(f->loop, "host.test", text_of(port));
    await_question(ASKS, 2);
    return promise;
}

/* What is answered by then is on its way to the loop, and nobody asks any more. */
static void answer_all(void)
{
    hold_answers(0);
    end_threads();
}

static vow_value open_gate(void *gate)
{
    gate_open(gate);
    return vow_nil();
}

/*
 * Connects to host.test, with all answers held back, and then those to `held` alone. The promise `answered`
 * is that of a job which ends when the other answer is on its way to the loop: of three threads this job has
 * one, two look up, and the job that lets it go on, queued, runs on that which has answered.
 */
static vow_promise *answer_but(fixture *f, const struct entry *entry, int port, int held, struct held *taken,
                               vow_promise **answered)
{
    vow_offload_set_limits(3, 10);
    *answered = running(f, taken);
    vow_promise *promise = start(f, entry, port, ASKS);
    vow_detach(vow_offload(f->loop, open_gate, &taken->gate));
    hold_answers(held);
    return promise;
}

/* The same, and the answer has come. */
static vow_promise *start_answered(fixture *f, const struct entry *entry, int port, int held)
{
    struct held taken = HELD(vow_nil());
    vow_promise *answered, *promise = answer_but(f, entry, port, held, &taken, &answered);

    run_nil(answered);
    usual_limits();
    return promise;
}

/* Delays pass meanwhile, when nothing else happens. */
static void await_attempts(fixture *f, const char *expected)
{
    vow_clock_ignore_events(f->loop, true);
    while (strcmp(f->log->str, expected) != 0)
        ev_run(f->ev, EVRUN_ONCE);
    assert_log(f, expected);
    vow_clock_ignore_events(f->loop, false);
}

/* What nobody wants any more comes back, too. */
static void finish(fixture *f)
{
    answer_all();
    turn(f);
    note_attempts(NULL);
}

/* It arrived at this host. */
static void arrives_at(fixture *f, vow_promise *promise, const char *host, int port)
{
    char text[VOW_ADDRESS_TEXT_SIZE];
    vow_address peer;
    int fd = run_fd(promise);

    (void) f;
    g_assert_cmpint(vow_socket_peer(fd, &peer), ==, 0);
    char *expected = g_strdup_printf("%s:%d", host, port);
    g_assert_cmpstr(vow_address_format(&peer, text, sizeof text), ==, expected);
    g_free(expected);
    close(fd);
}

static bool lacks_ipv6(void)
{
    if (has_ipv6())
        return false;
    g_test_skip("this machine has no IPv6 loopback address");
    return true;
}

/* ---- Who answers first --------------------------------------------------------------------------------- */

/* The other answer is not waited for: with this one the first attempt begins. */
static void six_first(fixture *f)
{
    int port, listener;

    if (lacks_ipv6())
        return;
    listener = listen_alone(f, "::1", &port);
    vow_promise *promise = start_answered(f, &both_entry, port, ASKS_4);
    assert_log(f, "[::1]");
    arrives_at(f, promise, "[::1]", port);
    g_assert_cmpint(count_answered(), ==, 1);
    close(listener);
    finish(f);
}

/* Answers for IPv4, then for IPv6, both before the loop turns, so that the Resolution Delay cannot end
 * between them. */
static vow_promise *answer_four_then_six(fixture *f, const struct entry *entry, int port)
{
    struct held taken = HELD(vow_nil());
    vow_promise *answered, *promise = answer_but(f, entry, port, ASKS_6, &taken, &answered);

    gate_pass(&taken.gate);
    vow_detach(answered);
    answer_all();
    usual_limits();
    return promise;
}

/* IPv6 comes while it is waited for, and goes first. */
static void four_first(fixture *f)
{
    vow_promise *promise = answer_four_then_six(f, &both_entry, refusing_port());
    vow_error *error = vow_run(promise, NULL);

    g_assert_nonnull(error);
    g_assert_nonnull(strstr(vow_error_message(error), "[::1]"));
    g_assert_true(strstr(vow_error_message(error), "[::1]") < strstr(vow_error_message(error), "127.0.0.1"));
    vow_error_unref(error);
    g_string_truncate(f->log, 0);
    finish(f);
}

/* There is no IPv6: that is known in the same turn of the loop, which then waits no longer. */
static void four_first_and_no_six(fixture *f)
{
    static const struct entry entry = {.addresses = both, .status6 = EAI_NONAME};
    int port, listener = listen_alone(f, "127.0.0.1", &port);
    vow_promise *promise = answer_four_then_six(f, &entry, port);

    turn(f);
    assert_log(f, "127.0.0.1");
    arrives_at(f, promise, "127.0.0.1", port);
    close(listener);
    finish(f);
}

/* IPv6 is waited for, but not for long. */
static void four_first_and_six_late(fixture *f)
{
    int port, listener = listen_alone(f, "127.0.0.1", &port);
    vow_promise *promise = start_answered(f, &both_entry, port, ASKS_6);

    vow_clock_advance(f->loop, RESOLUTION_DELAY - 0x1p-20);
    assert_log(f, "");
    await_attempts(f, "127.0.0.1");
    g_assert_cmpfloat(vow_now(f->loop), ==, RESOLUTION_DELAY);
    arrives_at(f, promise, "127.0.0.1", port);
    g_assert_cmpfloat(vow_now(f->loop), ==, RESOLUTION_DELAY);
    g_assert_cmpint(count_answered(), ==, 1);
    close(listener);
    finish(f);
}

/* Without addresses of IPv4 there is nothing to wait for but IPv6, however long it takes. */
static void no_four_and_six_late(fixture *f)
{
    static const struct entry entry = {.addresses = both, .status4 = EAI_NONAME};
    vow_promise *promise = start_answered(f, &entry, refusing_port(), ASKS_6);

    vow_clock_advance(f->loop, HOUR);
    assert_peek(promise, "pending");
    assert_log(f, "");
    answer_all();
    vow_error *error = vow_run(promise, NULL);
    g_assert_nonnull(strstr(vow_error_message(error), ": [::1]:"));
    vow_error_unref(error);
    g_string_truncate(f->log, 0);
    finish(f);
}

static void no_six(fixture *f)
{
    static const struct entry entry = {.addresses = both, .status6 = EAI_AGAIN};
    int port, listener = listen_alone(f, "127.0.0.1", &port);
    vow_promise *promise = start(f, &entry, port, ASKS_4);

    while (count_answered() < 1)
        turn(f);
    assert_peek(promise, "pending");
    hold_answers(0);
    arrives_at(f, promise, "127.0.0.1", port);
    assert_log(f, "127.0.0.1");
    close(listener);
    finish(f);
}

/* With one thread the families ask one after the other. */
static void with_one_thread(fixture *f)
{
    int port, listener = listen_alone(f, "127.0.0.1", &port);

    vow_offload_set_limits(1, 10);
    know(&both_entry);
    arrives_at(f, vow_connect(f->loop, "host.test", text_of(port)), "127.0.0.1", port);
    close(listener);
    finish(f);
    usual_limits();
}

/* ---- Late addresses ------------------------------------------------------------------------------------ */

/* They take their turn among those that are left. */
static void late_ones_take_turns(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.3", "127.0.0.4", "::1", "::2", NULL};
    static const struct entry entry = {.addresses = addresses};
    struct silent silent;

    if (lacks_ipv6())
        return;
    open_silent(f, &silent, "127.0.0.2", refusing_port());
    vow_promise *promise = start(f, &entry, silent.port, ASKS_6);
    await_attempts(f, "127.0.0.2"); /* it goes on for its delay and more: the answer comes meanwhile */
    answer_all();
    vow_clock_advance(f->loop, ATTEMPT_DELAY - 0x1p-20);
    assert_log(f, "");
    await_attempts(f, "[::1] 127.0.0.3 [::2] 127.0.0.4");
    g_assert_cmpfloat(vow_now(f->loop), >=, RESOLUTION_DELAY + ATTEMPT_DELAY);
    assert_peek(promise, "pending");
    vow_unref(promise);
    close_silent(&silent);
    finish(f);
}

/* When all that were there have failed, those that come are tried at once. */
static void all_that_there_is_has_failed(fixture *f)
{
    int port, listener;

    if (lacks_ipv6())
        return;
    listener = listen_alone(f, "::1", &port);
    vow_promise *promise = start(f, &both_entry, port, ASKS_6);
    await_attempts(f, "127.0.0.1");
    vow_clock_advance(f->loop, HOUR); /* so that it is refused first, as a rule; what follows is the same */
    assert_peek(promise, "pending");
    answer_all();
    await_attempts(f, "[::1]");
    arrives_at(f, promise, "[::1]", port);
    close(listener);
    finish(f);
}

/* The delay of the one attempt is over, and it goes on: what comes then is tried beside it, at once. */
static void beside_one_that_goes_on(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "::1", NULL};
    static const struct entry entry = {.addresses = addresses};
    struct silent silent;

    if (lacks_ipv6())
        return;
    open_silent(f, &silent, "127.0.0.2", refusing_port());
    vow_promise *promise = start(f, &entry, silent.port, ASKS_6);
    await_attempts(f, "127.0.0.2");
    vow_clock_advance(f->loop, ATTEMPT_DELAY);
    answer_all();
    turn(f);
    assert_log(f, "[::1]");
    g_assert_cmpfloat(vow_now(f->loop), ==, RESOLUTION_DELAY + ATTEMPT_DELAY);
    vow_clock_advance(f->loop, HOUR); /* it is refused, which ends nothing */
    assert_peek(promise, "pending");
    vow_cancel(promise);
    close_silent(&silent);
    finish(f);
}

/* None comes: then the failure that there is counts. */
static void no_late_ones(fixture *f)
{
    static const struct entry entry = {.addresses = both, .status6 = EAI_AGAIN};
    vow_promise *promise = start(f, &entry, refusing_port(), ASKS_6);

    await_attempts(f, "127.0.0.1");
    vow_clock_advance(f->loop, HOUR);
    assert_peek(promise, "pending");
    answer_all();
    run_fails(promise, ECONNREFUSED, ": 127.0.0.1:");
    finish(f);
}

/* One comes while an attempt goes on, and is an error: that is no news to anybody. */
static void no_late_answer(fixture *f)
{
    static const struct entry entry = {.addresses = both, .status4 = EAI_AGAIN};
    struct silent silent;

    if (lacks_ipv6())
        return;
    open_silent(f, &silent, "::1", refusing_port());
    vow_promise *promise = start_answered(f, &entry, silent.port, ASKS_4);
    await_attempts(f, "[::1]");
    answer_all();
    turn(f);
    assert_peek(promise, "pending");
    vow_unref(promise);
    close_silent(&silent);
    finish(f);
}

/* Not twice in one answer, and not because both answers have them all. */
static void none_is_tried_twice(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.1", "::1", "127.0.0.1", "127.0.0.2", "::1", NULL};
    static const struct entry entry = {.addresses = addresses, .is_unruly = true};
    const int port = refusing_port();

    if (lacks_ipv6())
        return;
    for (int i = 0; i < 3; i++) {
        vow_promise *promise = answer_four_then_six(f, &entry, port);
        vow_error *error = vow_run(promise, NULL);

        g_assert_cmpint(vow_error_code(error), ==, ECONNREFUSED);
        g_assert_cmpuint(vow_list_length(vow_error_list(vow_error_cause(error))), ==, 3);
        vow_error_unref(error);
        assert_log(f, "[::1] 127.0.0.1 127.0.0.2");
        finish(f);
    }
}

/* ---- No address at all --------------------------------------------------------------------------------- */

static void fails(fixture *f, const struct entry *entry, const vow_domain *domain, int code, const char *why)
{
    vow_error *error = vow_run(start(f, entry, 80, 0), NULL);

    g_assert_true(vow_error_domain(error) == domain);
    g_assert_cmpint(vow_error_code(error), ==, code);
    char *expected = g_strdup_printf("vow_connect: host.test:80: %s", why);
    g_assert_cmpstr(vow_error_message(error), ==, expected);
    g_free(expected);
    vow_error_unref(error);
    finish(f);
}

/* What tells more is said, whichever family it is about and whichever answer was the first. */
static void both_fail(fixture *f)
{
    static const struct entry no_name = {.status = EAI_NONAME},
                              six_again = {.status6 = EAI_AGAIN, .status4 = EAI_NONAME},
                              four_again = {.status6 = EAI_NONAME, .status4 = EAI_AGAIN},
                              broken = {.status6 = EAI_NONAME, .status4 = EAI_SYSTEM, .code = EIO};

    fails(f, &no_name, &vow_domain_gai, EAI_NONAME, gai_strerror(EAI_NONAME));
    fails(f, &six_again, &vow_domain_gai, EAI_AGAIN, gai_strerror(EAI_AGAIN));
    fails(f, &four_again, &vow_domain_gai, EAI_AGAIN, gai_strerror(EAI_AGAIN));
    fails(f, &broken, &vow_domain_errno, EIO, strerror(EIO));
#ifdef EAI_ADDRFAMILY
    static const struct entry no_family = {.status6 = EAI_ADDRFAMILY, .status4 = EAI_NONAME};
    fails(f, &no_family, &vow_domain_gai, EAI_NONAME, gai_strerror(EAI_NONAME));
#endif
}

/* A resolver that answers a question about IPv6 with IPv4 alone has not answered it. */
static void no_address_of_the_family(fixture *f)
{
    static const char *const four[] = {"127.0.0.1", NULL};
    static const struct entry entry = {.addresses = four, .is_unruly = true};
    int port, listener = listen_alone(f, "127.0.0.1", &port);

    arrives_at(f, start(f, &entry, port, 0), "127.0.0.1", port);
    assert_log(f, "127.0.0.1");
    close(listener);
    finish(f);
}

/* A numeric address is one family's, which is not asked for the other, nor waited for. */
static void a_numeric_address(fixture *f)
{
    know(NULL);
    vow_error *error = vow_run(vow_connect(f->loop, "127.0.0.1", "no-such-service"), NULL);
    g_assert_cmpint(count_asked(ASKS), ==, 1);
    g_assert_true(vow_error_domain(error) == &vow_domain_gai);
    g_assert_true(g_str_has_prefix(vow_error_message(error), "vow_connect: 127.0.0.1:no-such-service: "));
    vow_error_unref(error);
    end_threads();
}

/* ---- No memory ----------------------------------------------------------------------------------------- */

static bool fails_without_memory(fixture *f, int port, size_t n, bool after)
{
    vow_promise *promise = answer_four_then_six(f, &both_entry, port);

    memory_fail(f, n, after);
    vow_error *error = vow_run(promise, NULL);
    bool has_failed = f->memory.failed > 0;
    memory_fail(f, 0, false);
    if (!has_failed || vow_error_code(error) != ENOMEM)
        g_assert_cmpint(vow_error_code(error), ==, ECONNREFUSED);
    vow_error_unref(error);
    g_assert_cmpuint(f->reports->len, ==, 0);
    g_string_truncate(f->log, 0);
    finish(f);
    return has_failed;
}

/* It runs out when both answers have come, in one turn: nothing but the outcome tells of it. */
static void no_memory(fixture *f)
{
    int port = refusing_port();

    for (size_t n = 1; fails_without_memory(f, port, n, false); n++)
        fails_without_memory(f, port, n, true);
}

/* ---- Nobody wants it any more -------------------------------------------------------------------------- */

/* How far it has come. */
static vow_promise *start_and_get_to(fixture *f, const struct entry *entry, int port, int stage)
{
    static const char *const attempts[] = {[2] = "127.0.0.2", [3] = "127.0.0.2 127.0.0.1"};

    if (stage == 0) /* nothing is known */
        return start(f, entry, port, ASKS);
    if (stage == 1) /* IPv4 is known, and IPv6 waited for */
        return start_answered(f, entry, port, ASKS_6);
    vow_promise *promise = start(f, entry, port, ASKS_6);
    await_attempts(f, attempts[stage]); /* one is under way, or two */
    return promise;
}

/* Nothing begins any more, whatever is answered, and all sockets are closed. */
static void dropped_at(fixture *f, int port, int stage, bool is_cancelled)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.1", "127.0.0.3", "::1", NULL};
    static const struct entry entry = {.addresses = addresses};
    vow_promise *promise = start_and_get_to(f, &entry, port, stage);
    vow_promise *kept = is_cancelled ? vow_ref(promise) : NULL;

    g_assert_true(vow_is_pending(promise));
    g_string_truncate(f->log, 0);
    guint before = count_descriptors();
    if (is_cancelled)
        vow_cancel(promise);
    else
        vow_unref(promise);
    if (stage > 1)
        g_assert_cmpuint(count_descriptors(), ==, before - (guint) (stage - 1));
    if (kept)
        assert_peek(kept, "!ECANCELED");
    vow_unref(kept);
    finish(f);
    assert_log(f, "");
}

static void dropped(fixture *f)
{
    struct silent silent, other;

    open_silent(f, &silent, "127.0.0.2", refusing_port());
    open_silent(f, &other, "127.0.0.1", silent.port);
    for (int stage = 0; stage < 4; stage++) {
        dropped_at(f, silent.port, stage, false);
        dropped_at(f, silent.port, stage, true);
    }
    close_silent(&other);
    close_silent(&silent);
}

static vow_value do_nothing(vow_value *nothing, void *data)
{
    (void) nothing;
    (void) data;
    return vow_nil();
}

static vow_value drop(vow_value *nothing, void *promise)
{
    (void) nothing;
    vow_unref(promise);
    return vow_nil();
}

/* By a job of the very turn that brings both answers, so many jobs later. That there is no IPv4 is nothing
 * that the program would have to look at. */
static void dropped_after(fixture *f, int port, int jobs)
{
    static const struct entry entry = {.addresses = both, .status4 = EAI_AGAIN};
    struct held taken = HELD(vow_nil());
    vow_promise *answered, *promise = answer_but(f, &entry, port, ASKS_6, &taken, &answered);

    gate_pass(&taken.gate);
    for (int i = 0; i < jobs; i++)
        answered = vow_then(answered, do_nothing, NULL);
    vow_detach(vow_then(answered, drop, promise));
    answer_all();
    usual_limits();
    turn(f);
    g_assert_cmpuint(f->reports->len, ==, 0);
    g_string_truncate(f->log, 0);
    finish(f);
}

static void dropped_in_the_turn(fixture *f)
{
    struct silent silent;

    if (lacks_ipv6())
        return;
    open_silent(f, &silent, "::1", refusing_port());
    for (int jobs = 0; jobs < 20; jobs++)
        dropped_after(f, silent.port, jobs);
    close_silent(&silent);
}

/* A loop that is freed meanwhile. */
static void freed(fixture *f)
{
    vow_detach(start_answered(f, &both_entry, refusing_port(), ASKS_6));
    hold_answers(0);
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    g_string_truncate(f->log, 0);
    note_attempts(NULL);
    end_threads();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/happy-eyeballs/six-first", six_first);
    test_add("/happy-eyeballs/four-first", four_first);
    test_add("/happy-eyeballs/four-first/no-six", four_first_and_no_six);
    test_add("/happy-eyeballs/four-first/six-late", four_first_and_six_late);
    test_add("/happy-eyeballs/no-four", no_four_and_six_late);
    test_add("/happy-eyeballs/no-six", no_six);
    test_add("/happy-eyeballs/one-thread", with_one_thread);
    test_add("/happy-eyeballs/late/turns", late_ones_take_turns);
    test_add("/happy-eyeballs/late/others-failed", all_that_there_is_has_failed);
    test_add("/happy-eyeballs/late/others-go-on", beside_one_that_goes_on);
    test_add("/happy-eyeballs/late/none", no_late_ones);
    test_add("/happy-eyeballs/late/no-answer", no_late_answer);
    test_add("/happy-eyeballs/twice", none_is_tried_twice);
    test_add("/happy-eyeballs/unknown", both_fail);
    test_add("/happy-eyeballs/other-family", no_address_of_the_family);
    test_add("/happy-eyeballs/numeric", a_numeric_address);
    test_add("/happy-eyeballs/no-memory", no_memory);
    test_add("/happy-eyeballs/dropped", dropped);
    test_add("/happy-eyeballs/dropped/in-the-turn", dropped_in_the_turn);
    test_add("/happy-eyeballs/freed", freed);
    return g_test_run();
}
