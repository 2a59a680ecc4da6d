/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind lookup, and the errand behind it. The request belongs to the errand, with copies of the names. So
 * nobody need wait for a lookup that cannot be stopped: when the promise is dropped, the two part.
 */
#define _POSIX_C_SOURCE 200809L
#include "net/lookup-private.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocator-private.h"
#include "core/list-private.h"
#include "net/address-private.h"
#include "offload/offload-private.h"
#include "os/sockets-private.h"

#define HOST_MAX 254   /* a domain name, with the dot at its end */
#define SERVICE_MAX 63 /* more than any name that is registered */

typedef struct request {
    const char *function;
    const char *site;
    int type, family;
    char host[HOST_MAX + 1];
    char service[SERVICE_MAX + 1]; /* empty: none */
} request;

typedef struct lookup {
    vow_promise promise;
    vow__branch errand; /* to the promise of the errand */
} lookup;

static const char *describe_gai(int code)
{
    return gai_strerror(code);
}

const vow_domain vow_domain_gai = {"gai", describe_gai};

/* ---- Names --------------------------------------------------------------------------------------------- */

void vow__lookup_name(char name[VOW__LOOKUP_NAME_SIZE], const char *host, const char *service)
{
    snprintf(name, VOW__LOOKUP_NAME_SIZE, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
             service ? service : "0");
}

/* The last label of a name is never a number. If it is one here, an IPv4 address is meant. */
static bool ends_in_number(const char *host)
{
    size_t length = strlen(host);

    length -= length > 1 && host[length - 1] == '.';
    while (length && host[length - 1] != '.' && isdigit((unsigned char) host[length - 1]))
        length--;
    return !length || (host[length - 1] == '.' && isdigit((unsigned char) host[length]));
}

/* Whether a host is worth asking for. Bytes above 127 are left to the system. */
static bool is_host_name(const char *host)
{
    size_t length = strlen(host);

    if (!length || length > HOST_MAX || ends_in_number(host))
        return false;
    for (size_t i = 0; i < length; i++)
        if (iscntrl((unsigned char) host[i]) || strchr(" :/@[]%*", host[i]))
            return false;
    return true;
}

static bool is_service_name(const char *service)
{
    size_t length = strlen(service);
    bool has_letter = false;

    for (size_t i = 0; i < length; i++) {
        if (!isgraph((unsigned char) service[i]))
            return false;
        has_letter = has_letter || isalpha((unsigned char) service[i]);
    }
    return has_letter && length <= SERVICE_MAX;
}

static vow_error *lookup_refuse(const char *function, const char *what, const char *text, const char *site)
{
    if (!text)
        return vow_error_new_at(site, EINVAL, "%s: the %s is NULL", function, what);
    return vow_error_new_at(site, EINVAL, "%s: bad %s '%s': neither a number nor a name", function, what,
                            text);
}

bool vow__lookup_numeric(vow_address *address, const char *host, const char *service, const char *function,
                         const char *site, vow_error **error)
{
    bool is_port = service && vow__address_is_port(service);
    int code = host ? vow__address_numeric(address, host, is_port ? service : "0") : 0;

    *error = NULL;
    if (!host || (code == EINVAL && !is_host_name(host)))
        *error = lookup_refuse(function, "host", host, site);
    else if (!is_port && (!service || !is_service_name(service)))
        *error = lookup_refuse(function, "port", service, site);
    else if (code == ENOMEM)
        *error = &vow__error_no_memory;
    return !*error && !code && is_port;
}

/* ---- Two answers --------------------------------------------------------------------------------------- */

/* How much an error tells. That there is no address of the one family tells least, and that there is no such
 * name a little more. What kept the system from finding that out tells most. */
static int telling(const vow_error *error)
{
    if (!error)
        return -1;
    if (vow_error_domain(error) != &vow_domain_gai)
        return 2;
    if (vow__is_no_family(vow_error_code(error)))
        return 0;
    return vow__is_no_address(vow_error_code(error)) ? 1 : 2;
}

const vow_error *vow__lookup_telling(const vow_error *six, const vow_error *four)
{
    return telling(four) > telling(six) ? four : six;
}

/* ---- On a thread of the pool --------------------------------------------------------------------------- */

static vow_value lookup_failed(const request *self, int status, int code)
{
    char name[VOW__LOOKUP_NAME_SIZE];

    vow__lookup_name(name, self->host, *self->service ? self->service : NULL);
    if (status == EAI_MEMORY)
        return vow_throw(&vow__error_no_memory);
    if (status == EAI_SYSTEM)
        return vow_throwf_at(self->site, code, "%s: %s: %s", self->function, name, strerror(code));
    return vow_throw(vow_error_new_in_at(self->site, &vow_domain_gai, status, "%s: %s: %s", self->function,
                                         name, gai_strerror(status)));
}

/* Whether the list begins with `count` other addresses. */
static bool is_new(const vow_list *list, size_t count, const vow_address *address)
{
    for (size_t i = 0; i < count; i++)
        if (vow_address_equal(vow_as_address(&list->items[i]), address))
            return false;
    return true;
}

/* Puts the different addresses of a family that were found into the list, and counts them. False when there
 * is no memory. */
static bool lookup_collect(const struct addrinfo *found, int family, vow_list *list, size_t *count)
{
    for (*count = 0; found; found = found->ai_next) {
        vow_address address;

        if (vow_address_set(&address, found->ai_addr, found->ai_addrlen) != 0 ||
            (family != AF_UNSPEC && vow_address_family(&address) != family) ||
            !is_new(list, *count, &address))
            continue;
        list->items[*count] = vow_address_value(&address);
        if (!vow_is_address(&list->items[*count]))
            return false;
        ++*count;
    }
    return true;
}

static size_t count_found(const struct addrinfo *found)
{
    size_t count = 0;

    for (; found; found = found->ai_next)
        count++;
    return count;
}

static void list_drop(vow_list *list)
{
    vow_value_drop(vow_own(list, &vow_type_list));
}

/* A list of exactly `count` values, taken from a list with room for more, which is given. NULL when there is
 * no memory. */
static vow_list *lookup_shrink(vow_list *list, size_t count)
{
    vow_list *exact;

    if (list->length == count)
        return list;
    exact = vow__list_new(count);
    for (size_t i = 0; exact && i < count; i++)
        exact->items[i] = vow_take(&list->items[i]);
    list_drop(list);
    return exact;
}

static vow_value list_of(const request *self, const struct addrinfo *found)
{
    vow_list *list = vow__list_new(count_found(found));
    size_t count;

    if (!list)
        return vow_throw(&vow__error_no_memory);
    if (!lookup_collect(found, self->family, list, &count)) {
        list_drop(list);
        return vow_throw(&vow__error_no_memory);
    }
    if (!count) {
        list_drop(list);
        return lookup_failed(self, EAI_NONAME, 0);
    }
    list = lookup_shrink(list, count);
    return list ? vow_own(list, &vow_type_list) : vow_throw(&vow__error_no_memory);
}

static vow_value list_of_one(const vow_address *address)
{
    vow_list *list = vow__list_new(1);

    if (!list)
        return vow_throw(&vow__error_no_memory);
    list->items[0] = vow_address_value(address);
    if (vow_is_address(&list->items[0]))
        return vow_own(list, &vow_type_list);
    list_drop(list);
    return vow_throw(&vow__error_no_memory);
}

/* Asks the system for the addresses of one family or all: 0, or what getaddrinfo(3) says. */
static int lookup_ask(const request *self, int family, struct addrinfo **found)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = self->type};

    *found = NULL;
    return getaddrinfo(self->host, *self->service ? self->service : NULL, &hints, found);
}

/* Whether there is a link-local address: with the link on which it is valid, or without, so that it leads
 * nowhere. */
static bool has_link_local(const struct addrinfo *found, bool with_scope)
{
    for (; found; found = found->ai_next) {
        struct sockaddr_in6 v6;

        if (found->ai_family != AF_INET6 || found->ai_addrlen < sizeof v6)
            continue;
        memcpy(&v6, found->ai_addr, sizeof v6);
        if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) && with_scope == (v6.sin6_scope_id != 0))
            return true;
    }
    return false;
}

/* Asked for one family, glibc loses the scopes that it was told; asked for both, it keeps them. So it is
 * asked again where they are missing. */
static void find_scopes(const request *self, struct addrinfo **found)
{
    struct addrinfo *all;

    if (self->family == AF_UNSPEC || !has_link_local(*found, false) || lookup_ask(self, AF_UNSPEC, &all))
        return;
    if (has_link_local(all, true)) {
        freeaddrinfo(*found);
        *found = all;
    } else {
        freeaddrinfo(all);
    }
}

static vow_value request_run(void *data)
{
    const request *self = data;
    struct addrinfo *found;
    int status = lookup_ask(self, self->family, &found);
    vow_value result;

    if (status)
        return lookup_failed(self, status, errno);
    find_scopes(self, &found);
    result = list_of(self, found);
    freeaddrinfo(found);
    return result;
}

static void request_free(void *data)
{
    vow__release(data, sizeof(request));
}

/* ---- The promise --------------------------------------------------------------------------------------- */

static void lookup_run(vow_promise *promise, vow__reaction *wait)
{
    vow__adopt(promise, vow__take_upstream(wait));
}

static void lookup_stop(vow_promise *promise)
{
    vow_promise *errand = vow__branch_cut(&((lookup *) promise)->errand);

    if (errand)
        vow__let_go(errand);
}

static const vow_promise *lookup_input(const vow_promise *promise)
{
    return vow__upstream_of(&((const lookup *) promise)->errand.wait);
}

static const vow__kind lookup_kind = {
    .name = "lookup", .run = lookup_run, .stop = lookup_stop, .input = lookup_input};

/* NULL when there is no memory. */
static request *request_new(const vow__question *question, const char *site)
{
    request *self = vow__allocate(sizeof *self);

    if (!self)
        return NULL;
    *self = (request){.function = question->function, .site = site};
    self->type = question->type;
    self->family = question->family;
    strcpy(self->host, question->host);
    strcpy(self->service, question->service ? question->service : "");
    return self;
}

/* Host and service are names or numbers, of a length that fits. */
static vow_promise *lookup_look_up(vow_loop *loop, const vow__question *question, const char *site)
{
    vow__errand errand = {question->function, request_run, request_free, VOW__LANE_SLOW, true};
    lookup *self = vow__promise_new(loop, sizeof *self, &lookup_kind, site);
    request *data;

    if (!self)
        return vow__refusal(loop);
    self->errand.wait.upstream = 0;
    data = request_new(question, site);
    if (!data) {
        vow_unref(&self->promise);
        return vow__refusal(loop);
    }
    vow__wait_branch(&self->errand, &self->promise, vow__offload(loop, &errand, data, site));
    return &self->promise;
}

vow_promise *vow__lookup(vow_loop *loop, const vow__question *question, const char *site)
{
    const char *service = question->service ? question->service : "0";
    vow_address address;
    vow_error *error;

    if (vow__lookup_numeric(&address, question->host, service, question->function, site, &error))
        return vow_resolved_at(loop, list_of_one(&address), site);
    if (error)
        return vow_rejected_at(loop, error, site);
    return lookup_look_up(loop, question, site);
}

vow_promise *vow_lookup_at(vow_loop *loop, const char *host, const char *service, const char *site)
{
    static const char function[] = "vow_lookup";

    vow__check_loop(loop, function, site);
    return vow__lookup(loop, &(vow__question){host, service, SOCK_STREAM, AF_UNSPEC, function}, site);
}
