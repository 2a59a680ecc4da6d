/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns what users write into socket addresses, and says what is wrong with it. Nothing here looks names up.
 */
#define _GNU_SOURCE
#include "loop/address-private.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_port(const char *text)
{
    size_t length = strspn(text, "0123456789");

    return length > 0 && length <= 5 && !text[length] && atoi(text) <= 65535;
}

static vow_error *refuse(const char *function, int code, const char *what, const char *text, const char *site)
{
    if (!text)
        return vow_error_new_at(site, code, "%s: the %s is NULL", function, what);
    return vow_error_new_at(site, code, "%s: bad %s '%s': %s", function, what, text,
                            code == EINVAL ? "not a number" : strerror(code));
}

vow_error *vow__address_tcp(vow__address *address, const char *host, const char *port, const char *function,
                            const char *site)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int status;

    if (!host)
        return refuse(function, EINVAL, "host", host, site);
    if (!port || !is_port(port))
        return refuse(function, EINVAL, "port", port, site);
    status = getaddrinfo(host, port, &hints, &found);
    if (status)
        return refuse(function, status == EAI_MEMORY ? ENOMEM : EINVAL, "host", host, site);
    memcpy(&address->u.storage, found->ai_addr, found->ai_addrlen);
    address->length = found->ai_addrlen;
    freeaddrinfo(found);
    snprintf(address->name, sizeof address->name, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    return NULL;
}

vow_error *vow__address_unix(vow__address *address, const char *path, const char *function, const char *site)
{
    size_t length = path ? strlen(path) : 0;

    if (!length)
        return vow_error_new_at(site, EINVAL, "%s: the path is %s", function, path ? "empty" : "NULL");
    if (length >= sizeof address->u.local.sun_path)
        return refuse(function, ENAMETOOLONG, "path", path, site);
    memset(&address->u.local, 0, sizeof address->u.local);
    address->u.local.sun_family = AF_UNIX;
    memcpy(address->u.local.sun_path, path, length + 1);
    address->length = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length + 1);
    memcpy(address->name, path, length + 1);
    return NULL;
}

int vow__address_socket(const vow__address *address)
{
    return socket(address->u.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

vow_error *vow__address_error(const vow__address *address, const char *function, int code, const char *site)
{
    return vow_error_new_at(site, code, "%s: %s: %s", function, address->name, strerror(code));
}
