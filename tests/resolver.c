/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the stand-in for getaddrinfo(3), which the threads of the pool call; see resolver.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "resolver.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "support.h"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    const struct entry *entry;
    int held;
    int asked[ASKS + 1]; /* by who */
    int answered;
} resolver = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0, {0}, 0};

void find_original(const char *name, void *pointer)
{
    void *original = dlsym(RTLD_NEXT, name);

    memcpy(pointer, &original, sizeof original);
}

typedef int resolve_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int resolve(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **found)
{
    resolve_fn *original;

    find_original("getaddrinfo", &original);
    return original(host, service, hints, found);
}

static bool is_wanted(const char *address, int family)
{
    return family == AF_UNSPEC || family == (strchr(address, ':') ? AF_INET6 : AF_INET);
}

static void lose_scope(struct addrinfo *found)
{
    struct sockaddr_in6 v6;

    memcpy(&v6, found->ai_addr, sizeof v6);
    v6.sin6_scope_id = 0;
    memcpy(found->ai_addr, &v6, sizeof v6);
}

/* The lists of several addresses as one: freeaddrinfo(3) goes from node to node. */
static int resolve_all(const struct entry *entry, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found)
{
    struct addrinfo any = *hints;
    struct addrinfo **end = found;

    *found = NULL;
    any.ai_family = AF_UNSPEC;
    for (size_t i = 0; entry->addresses[i]; i++) {
        if (!entry->is_unruly && !is_wanted(entry->addresses[i], hints->ai_family))
            continue;
        int status = resolve(entry->addresses[i], service, &any, end);
        if (status)
            return status;
        if (entry->loses_scopes && hints->ai_family == AF_INET6)
            lose_scope(*end);
        while (*end)
            end = &(*end)->ai_next;
    }
    return *found ? 0 : EAI_NONAME;
}

static int who_asks(int family)
{
    return family == AF_INET6 ? ASKS_6 : family == AF_INET ? ASKS_4 : ASKS_BOTH;
}

static int status_of(const struct entry *entry, int who)
{
    return entry->status   ? entry->status
           : who == ASKS_6 ? entry->status6
           : who == ASKS_4 ? entry->status4
                           : 0;
}

static void count_question(int who)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.asked[who]++;
    pthread_cond_broadcast(&resolver.change);
    pthread_mutex_unlock(&resolver.lock);
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    if (!host || (hints->ai_flags & AI_NUMERICHOST))
        return resolve(host, service, hints, found);
    int who = who_asks(hints->ai_family);
    count_question(who);
    if (!g_str_has_suffix(host, ".test"))
        return resolve(host, service, hints, found);
    pthread_mutex_lock(&resolver.lock);
    const struct entry *entry = resolver.entry;
    while (resolver.held & who)
        pthread_cond_wait(&resolver.change, &resolver.lock);
    resolver.answered++;
    pthread_mutex_unlock(&resolver.lock);
    errno = entry->code;
    int status = status_of(entry, who);
    return status ? status : resolve_all(entry, service, hints, found);
}

void know(const struct entry *entry)
{
    pthread_cond_init(&resolver.change, NULL); /* after a fork(2), those who wait are the parent's */
    resolver.entry = entry;
    resolver.held = 0;
    resolver.answered = 0;
    memset(resolver.asked, 0, sizeof resolver.asked);
}

void hold_answers(int who)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.held = who;
    pthread_cond_broadcast(&resolver.change);
    pthread_mutex_unlock(&resolver.lock);
}

/* Under the lock. */
static int count(int who)
{
    int sum = 0;

    for (int one = 1; one <= ASKS; one *= 2)
        sum += who & one ? resolver.asked[one] : 0;
    return sum;
}

int count_asked(int who)
{
    pthread_mutex_lock(&resolver.lock);
    int sum = count(who);
    pthread_mutex_unlock(&resolver.lock);
    return sum;
}

int count_answered(void)
{
    pthread_mutex_lock(&resolver.lock);
    int answered = resolver.answered;
    pthread_mutex_unlock(&resolver.lock);
    return answered;
}

void await_question(int who, int expected)
{
    pthread_mutex_lock(&resolver.lock);
    while (count(who) < expected)
        pthread_cond_wait(&resolver.change, &resolver.lock);
    pthread_mutex_unlock(&resolver.lock);
}

void end_threads(void)
{
    vow_error *error = vow_offload_shutdown(60);

    if (error)
        g_error("%s", vow_error_message(error));
}
