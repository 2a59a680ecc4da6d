/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks names up on behalf of other functions of the library. */
#ifndef VOW_NET_LOOKUP_PRIVATE_H
#define VOW_NET_LOOKUP_PRIVATE_H

#include <vow/lookup.h>

/* "host:service", as messages call what is looked up; cut off where it is longer. */
#define VOW__LOOKUP_NAME_SIZE 300
void vow__lookup_name(char name[VOW__LOOKUP_NAME_SIZE], const char *host, const char *service);

/* What is looked up, and for whom. */
typedef struct vow__question {
    const char *host, *service;
    int type;             /* as SOCK_STREAM */
    int family;           /* as AF_INET6; AF_UNSPEC for both, in the system's order */
    const char *function; /* for messages; a static string */
} vow__question;

/* As vow_lookup(). The host and the service are read during the call. */
vow_promise *vow__lookup(vow_loop *loop, const vow__question *question, const char *site);
/* Of two answers to the same question, one for each family, the error that tells more. Either may be NULL,
 * but not both. */
const vow_error *vow__lookup_telling(const vow_error *six, const vow_error *four);

/* Gives the address of a host and a service, if both are numeric. Else false, and *error if they cannot be
 * looked up, either. */
bool vow__lookup_numeric(vow_address *address, const char *host, const char *service, const char *function,
                         const char *site, vow_error **error);

/* Opens a descriptor for an address; or -1, and the errno value in `code`. */
typedef int (*vow__open_fn)(const vow_address *address, const void *options, int *code);

/*
 * What vow_listen() and the like are made of: the promise of a descriptor for the first address of a host and
 * a service that one can be opened for. It is opened at once if both are numeric. The options, of `size`
 * bytes, are copied. With a wildcard the host is VOW__ANY_HOST, opened for both families, or for IPv4 where
 * there is no IPv6.
 */
#define VOW__ANY_HOST "::"
typedef struct vow__opener {
    vow__open_fn open;
    const void *options;
    size_t size;
    int type;             /* as SOCK_STREAM */
    const char *function; /* for messages */
    bool is_wildcard;
} vow__opener;

/* Whether all of this machine's addresses are meant. */
static inline bool vow__is_wildcard(const char *host)
{
    return !host || !*host;
}

vow_promise *vow__open_first(vow_loop *loop, const vow__opener *opener, const char *host, const char *service,
                             const char *site);

#endif
