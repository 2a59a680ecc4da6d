/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of what servers and clients are made of: a server with a client, datagrams, a message with a
 * descriptor, and a client that connects by name.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "scenario.h"
#include "streams.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))

static vow_promise *give(vow_promise **promise)
{
    vow_promise *given = *promise;

    *promise = NULL;
    return given;
}

static void close_open(int fd)
{
    if (fd >= 0)
        g_assert_cmpint(close(fd), ==, 0);
}

/* ---- A server and its client --------------------------------------------------------------------------- */

enum { LINE = 20 };

struct service {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_server server;
    vow_promise *served;
    vow_promise *patience; /* a server without memory waits for some, and its clients with it */
    vow_error *trouble;    /* of the connection */
    int port, fd;
    char text[LINE];
    int64_t count;
};

/* One connection: what comes is sent back, until there is no more. */
struct echo {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_value *connection;
    char text[LINE];
};

VOW_ASYNC(echo, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    for (;;) {
        AWAIT(me, vow_read(VOW_LOOP(me), vow_as_fd(me->connection), me->text, LINE));
        if (vow_as_int(VOW_RESULT(me)) == 0)
            break;
        AWAIT(me, vow_write(VOW_LOOP(me), vow_as_fd(me->connection), me->text,
                            (size_t) vow_as_int(VOW_RESULT(me))));
    }
    VOW_FINALLY(me);
    count_release(me->once);
    leave(me->mark);
    VOW_END(me);
}

/* The client is told by the end of its connection; why it ended is kept for the outcome. */
static vow_value keep_trouble(const vow_error *error, void *data)
{
    struct service *service = data;

    vow_error_unref(service->trouble);
    service->trouble = vow_error_ref(error);
    return vow_nil();
}

static vow_promise *start_echo(vow_loop *loop, vow_value *connection, void *data)
{
    struct service *service = data;
    struct mark mark = enter(service->w);
    vow_promise *end = vow_async(loop, echo, .w = service->w, .connection = connection);

    return outside(mark, vow_catch(end, keep_trouble, service));
}

static vow_promise *connect_service(struct service *me)
{
    char port[8];

    g_snprintf(port, sizeof port, "%d", me->port);
    return vow_connect(me->w->loop, "127.0.0.1", port);
}

static vow_value give_up(vow_value *value, void *data)
{
    (void) value;
    (void) data;
    return vow_throwf(ENOMEM, "the server has not accepted");
}

/* A part of what the client does, unless the server fails meanwhile or has nothing to go on with. */
static vow_promise *with_server(struct service *me, vow_promise *promise)
{
    return vow_race_of(VOW_LOOP(me), vow_ref(me->served), vow_ref(me->patience), promise);
}

/* The end of the stream means that the connection had some trouble. */
static vow_error *end_of_connection(struct service *me, const vow_error *error)
{
    vow_error *cause = me->trouble ? me->trouble : error ? vow_error_ref(error) : NULL;

    me->trouble = NULL;
    return cause ? cause : vow_error_new(ENOMEM, "the connection did not come about");
}

VOW_ASYNC(service, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->fd = -1;
    me->patience = vow_then(vow_sleep(VOW_LOOP(me), 3), give_up, NULL);
    AWAIT(me, vow_listen_with(VOW_LOOP(me),
                              &(vow_listen_options){.host = "127.0.0.1", .port = "0", .peer_timeout = 60}));
    me->port = vow_socket_port(vow_as_fd(VOW_RESULT(me)));
    me->served = vow_serve(VOW_LOOP(me), &me->server, vow_take(VOW_RESULT(me)), start_echo, me);
    AWAIT(me, with_server(me, connect_service(me)));
    me->fd = vow_take_fd(VOW_RESULT(me));
    AWAIT(me, vow_write(VOW_LOOP(me), me->fd, "twenty bytes of text", LINE));
    while (me->count < LINE) {
        VOW_TRY_AWAIT(me, outside(me->mark, with_server(me, vow_read(VOW_LOOP(me), me->fd, me->text, LINE))));
        if (VOW_ERROR(me) || vow_as_int(VOW_RESULT(me)) == 0)
            VOW_THROW(me, end_of_connection(me, VOW_ERROR(me)));
        me->count += vow_as_int(VOW_RESULT(me));
    }
    close(me->fd);
    me->fd = -1;
    QUIET(me->w, vow_server_stop(&me->server, 3600));
    AWAIT(me, vow_ref(me->served));
    if (me->trouble)
        VOW_THROW(me, end_of_connection(me, NULL));
    VOW_RETURN(me, vow_int(me->count));
    VOW_FINALLY(me);
    QUIET(me->w, vow_unref(give(&me->patience)));
    QUIET(me->w, vow_unref(give(&me->served)));
    count_release(me->once);
    vow_error_unref(me->trouble);
    me->trouble = NULL;
    close_open(me->fd);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_server(struct world *w)
{
    return vow_async(w->loop, service, .w = w);
}

/* ---- Datagrams ----------------------------------------------------------------------------------------- */

struct datagrams {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    bool is_unix;
    int bound, fd;
    vow_address from;
    char text[LINE];
};

static vow_promise *bind_datagram(struct datagrams *me)
{
    return me->is_unix ? vow_datagram_bind_unix(me->w->loop, me->w->path)
                       : vow_datagram_bind(me->w->loop, "127.0.0.1", "0");
}

static vow_promise *connect_datagram(struct datagrams *me)
{
    char port[8];

    if (me->is_unix)
        return vow_datagram_connect_unix(me->w->loop, me->w->path);
    g_snprintf(port, sizeof port, "%d", vow_socket_port(me->bound));
    return vow_datagram_connect(me->w->loop, "127.0.0.1", port);
}

VOW_ASYNC(datagrams, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->bound = me->fd = -1;
    AWAIT(me, bind_datagram(me));
    me->bound = vow_take_fd(VOW_RESULT(me));
    AWAIT(me, connect_datagram(me));
    me->fd = vow_take_fd(VOW_RESULT(me));
    AWAIT(me, vow_datagram_send(VOW_LOOP(me), me->fd, "ping", 4, NULL));
    AWAIT(me, vow_datagram_receive(VOW_LOOP(me), me->bound, me->text, LINE, &me->from));
    AWAIT(me, vow_datagram_send(VOW_LOOP(me), me->bound, "hello", 5, &me->from));
    AWAIT(me, vow_datagram_receive(VOW_LOOP(me), me->fd, me->text, LINE, NULL));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    close_open(me->fd);
    close_open(me->bound);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_datagrams(struct world *w)
{
    return vow_async(w->loop, datagrams, .w = w);
}

static vow_promise *make_unix_datagrams(struct world *w)
{
    return vow_async(w->loop, datagrams, .w = w, .is_unix = true);
}

/* ---- An address as a value ----------------------------------------------------------------------------- */

static vow_value to_address(vow_value *value, void *data)
{
    vow_address address;

    (void) value;
    (void) data;
    g_assert_cmpint(vow_address_parse(&address, "[::1]:80"), ==, 0);
    return vow_address_value(&address);
}

static vow_promise *make_address(struct world *w)
{
    return ended(w, vow_then(vow_yield(w->loop), to_address, NULL));
}

/* ---- A message with descriptors ------------------------------------------------------------------------ */

struct passing {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    int ends[2];
    char text[LINE];
    int64_t bytes, fds;
};

VOW_ASYNC(passing, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, me->ends), ==, 0);
    AWAIT(me, vow_message_send(VOW_LOOP(me), me->ends[0], "hello", 5, me->ends, 2));
    while (me->bytes < 5) {
        AWAIT(me, vow_message_receive(VOW_LOOP(me), me->ends[1], me->text, LINE, 2));
        me->bytes += (int64_t) vow_as_message(VOW_RESULT(me))->length;
        me->fds += (int64_t) vow_as_message(VOW_RESULT(me))->count;
    }
    VOW_RETURN(me, vow_int(me->bytes * 10 + me->fds));
    VOW_FINALLY(me);
    count_release(me->once);
    close_both(me->ends);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_message(struct world *w)
{
    return vow_async(w->loop, passing, .w = w);
}

/* ---- By name ------------------------------------------------------------------------------------------- */

typedef int resolve_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int resolve(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **found)
{
    union {
        void *object;
        resolve_fn *function;
    } next = {.object = dlsym(RTLD_NEXT, "getaddrinfo")};

    return next.function(host, service, hints, found);
}

/* Stands in for the C library's: one name has an address of IPv6 and two of IPv4, of which the last does not
 * refuse. Who asks for both families gets those of IPv4. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    struct addrinfo any = *hints;
    int status;

    if (host && strcmp(host, "nobody.test") == 0)
        return EAI_AGAIN;
    if (!host || strcmp(host, "name.test") != 0 || (hints->ai_flags & AI_NUMERICHOST))
        return resolve(host, service, hints, found);
    any.ai_family = AF_UNSPEC;
    if (hints->ai_family == AF_INET6)
        return resolve("::1", service, &any, found);
    status = resolve("127.0.0.2", service, &any, found);
    return status ? status : resolve("127.0.0.1", service, &any, &(*found)->ai_next);
}

struct named {
    struct once *once;
    int listener;
};

static void named_free(void *pointer)
{
    struct named *named = pointer;

    close_open(named->listener);
    count_release(named->once);
    g_free(named);
}

static vow_value connect_by_name(vow_value *value, void *data)
{
    struct world *w = data;
    struct mark mark = enter(w);
    struct named *named = g_new(struct named, 1);
    char port[8];

    named->once = owe(w);
    named->listener = vow_take_fd(value);
    g_snprintf(port, sizeof port, "%d", vow_socket_port(named->listener));
    vow_promise *connected = vow_connect(w->loop, "name.test", port);
    return made(mark, vow_follow(vow_attach(connected, named, named_free)));
}

static vow_promise *make_by_name(struct world *w)
{
    return vow_then(vow_listen(w->loop, "127.0.0.1", "0", 1), connect_by_name, w);
}

static vow_value connect_to_nobody(vow_value *value, void *data)
{
    struct world *w = data;
    struct mark mark = enter(w);
    int listener = vow_take_fd(value);
    char port[8];

    g_snprintf(port, sizeof port, "%d", vow_socket_port(listener));
    close_open(listener);
    return made(mark, vow_follow(ended(w, vow_connect(w->loop, "name.test", port))));
}

static vow_promise *make_refused(struct world *w)
{
    return vow_then(vow_listen(w->loop, "127.0.0.1", "0", 1), connect_to_nobody, w);
}

static vow_promise *make_unknown(struct world *w)
{
    return ended(w, vow_connect(w->loop, "nobody.test", "80"));
}

static vow_promise *make_lookup(struct world *w)
{
    return ended(w, vow_lookup(w->loop, "name.test", "80"));
}

static vow_promise *make_listen_by_name(struct world *w)
{
    return ended(w, vow_listen(w->loop, "name.test", "0", 1));
}

static vow_promise *make_datagram_by_name(struct world *w)
{
    return vow_datagram_connect(w->loop, "name.test", "80");
}

const struct scenario name_scenarios[] = {
    {"by-name", make_by_name, "fd", "!ECONNREFUSED", 40, 0},
    {"lookup", make_lookup, "[address,address]", NULL, 8, 0},
    {"listen-by-name", make_listen_by_name, "fd", NULL, 12, 0},
    {"datagram-by-name", make_datagram_by_name, "fd", NULL, 12, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};

const struct scenario nobody_scenarios[] = {
    {"by-name-refused", make_refused, "!ECONNREFUSED", NULL, 40, 0},
    {"by-name-unknown", make_unknown, "!-3", NULL, 8, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};

const struct scenario server_scenarios[] = {
    {"server", make_server, "20", NULL, 16, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};

/* Of an answer to a socket that got no name: ENOTCONN, for Linux. */
#define NOT_CONNECTED "!107"

const struct scenario socket_scenarios[] = {
    {"datagrams", make_datagrams, "5", NULL, 0, 0},
    {"unix-datagrams", make_unix_datagrams, POSIX_ALONE ? NOT_CONNECTED : "5", NULL, 0, 0},
    {"address", make_address, "address", NULL, 1, 0},
    {"message", make_message, "52", NULL, 0, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
