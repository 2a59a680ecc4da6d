/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the value type of socket addresses: text to address, address to text, and what an open socket has.
 * Nothing here looks up names.
 */
#define _POSIX_C_SOURCE 200809L
#include "net/address-private.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "os/sockets-private.h"

#define HOST_SIZE (INET6_ADDRSTRLEN + 32) /* with a scope, which is the name of an interface */
#define PORT_SIZE 6
#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

_Static_assert(sizeof((vow_address *) NULL)->storage >= sizeof(struct sockaddr_storage), "any address fits");

/* ---- As the system has it ------------------------------------------------------------------------------ */

const struct sockaddr *vow_address_sockaddr_at(const vow_address *address, const char *site)
{
    vow__check_pointer(address, "address", "vow_address_sockaddr", site);
    return (const struct sockaddr *) (const void *) address->storage.bytes;
}

int vow_address_set_at(vow_address *address, const struct sockaddr *sockaddr, size_t length, const char *site)
{
    vow__check_pointer(address, "address", "vow_address_set", site);
    vow__check_bytes(sockaddr, length, "vow_address_set", site);
    memset(address, 0, sizeof *address);
    if (length > sizeof address->storage)
        return EINVAL;
    if (length)
        memcpy(address->storage.bytes, sockaddr, length);
    address->length = (uint32_t) length;
    return 0;
}

/* These copy, since bytes must not be read through a pointer to another type. */
static struct sockaddr_in v4_of(const vow_address *address)
{
    struct sockaddr_in v4;

    memcpy(&v4, address->storage.bytes, sizeof v4);
    return v4;
}

static struct sockaddr_in6 v6_of(const vow_address *address)
{
    struct sockaddr_in6 v6;

    memcpy(&v6, address->storage.bytes, sizeof v6);
    return v6;
}

/* ---- From text ----------------------------------------------------------------------------------------- */

bool vow__address_is_port(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= 5 && strspn(text, "0123456789") == length && atoi(text) <= 65535;
}

/* glibc takes the host "*" for none at all, and gives the loopback address. */
int vow__address_numeric(vow_address *address, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    bool may_be = vow__address_is_port(port) && strcmp(host, "*") != 0;
    int status = may_be ? getaddrinfo(host, port, &hints, &found) : EAI_NONAME;

    if (status)
        return status == EAI_MEMORY ? ENOMEM : EINVAL;
    vow_address_set(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

/* `path` is not empty; with @ in front it is a name in the abstract namespace. */
static int parse_unix(vow_address *address, const char *path)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    bool is_abstract = *path == '@';

    if (length + !is_abstract > sizeof local.sun_path) /* an abstract name has no NUL behind it */
        return ENAMETOOLONG;
    memcpy(local.sun_path, path, length);
    if (is_abstract)
        local.sun_path[0] = '\0';
    vow_address_set(address, (const struct sockaddr *) (const void *) &local,
                    PATH_OFFSET + length + (is_abstract ? 0 : 1));
    return 0;
}

/* "[host]:port", "host:port", or a host alone, which may have colons in it. */
static int parse_host_and_port(vow_address *address, const char *text)
{
    bool has_brackets = *text == '[';
    const char *colon = strchr(text, ':');
    const char *end = has_brackets ? strchr(text, ']') : colon;
    char host[HOST_SIZE];
    size_t length;

    if (!has_brackets && (!colon || strchr(colon + 1, ':')))
        return vow__address_numeric(address, text, "0");
    text += has_brackets;
    if (!end || end[has_brackets] != ':')
        return EINVAL;
    length = (size_t) (end - text);
    if (length >= sizeof host || (has_brackets && !memchr(text, ':', length)))
        return EINVAL;
    memcpy(host, text, length);
    host[length] = '\0';
    return vow__address_numeric(address, host, end + has_brackets + 1);
}

int vow_address_parse_at(vow_address *address, const char *text, const char *site)
{
    vow__check_pointer(address, "address", "vow_address_parse", site);
    memset(address, 0, sizeof *address);
    if (!text || !*text)
        return EINVAL;
    if (*text == '@' || strchr(text, '/'))
        return parse_unix(address, text);
    return parse_host_and_port(address, text);
}

vow_error *vow__address_unix(vow_address *address, const char *path, const char *function, const char *site)
{
    int code;

    memset(address, 0, sizeof *address);
    if (!path || !*path)
        return vow_error_new_at(site, EINVAL, "%s: the path is %s", function, path ? "empty" : "NULL");
    code = parse_unix(address, path);
    if (!code)
        return NULL;
    return vow_error_new_at(site, code, "%s: bad path '%s': %s", function, path, strerror(code));
}

/* ---- To text ------------------------------------------------------------------------------------------- */

static void format_ip(const vow_address *address, char *buffer, size_t size)
{
    char host[HOST_SIZE], port[PORT_SIZE];

    if (getnameinfo(vow_address_sockaddr(address), address->length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        snprintf(buffer, size, "unknown");
    else
        snprintf(buffer, size, vow_address_family(address) == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* An abstract name is as long as the address says. A path ends with its NUL, or with the address if the
 * system left that out. What would not be read as a path again gets "./" in front. */
static void format_unix(const vow_address *address, char *buffer, size_t size)
{
    char text[sizeof((struct sockaddr_un *) NULL)->sun_path];
    size_t length = address->length - PATH_OFFSET;
    bool is_path = address->storage.bytes[PATH_OFFSET] != '\0';

    if (length > sizeof text)
        length = sizeof text;
    memcpy(text, address->storage.bytes + PATH_OFFSET, length);
    if (is_path)
        length = strnlen(text, length);
    for (size_t i = 0; i < length; i++)
        if (!text[i])
            text[i] = '@';
    if (is_path && (text[0] == '@' || !memchr(text, '/', length)))
        snprintf(buffer, size, "./%.*s", (int) length, text);
    else
        snprintf(buffer, size, "%.*s", (int) length, text);
}

char *vow_address_format_at(const vow_address *address, char *buffer, size_t size, const char *site)
{
    int family;

    vow__check_pointer(address, "address", "vow_address_format", site);
    vow__check_bytes(buffer, size, "vow_address_format", site);
    family = vow_address_family(address);
    if (family == AF_INET || family == AF_INET6)
        format_ip(address, buffer, size);
    else if (family == AF_UNIX && address->length > PATH_OFFSET)
        format_unix(address, buffer, size);
    else
        snprintf(buffer, size, family == AF_UNIX || family == AF_UNSPEC ? "unnamed" : "unknown");
    return buffer;
}

vow_error *vow__address_error(const vow_address *address, const char *function, int code, const char *site)
{
    char text[VOW_ADDRESS_TEXT_SIZE];

    return vow_error_new_at(site, code, "%s: %s: %s", function,
                            vow_address_format(address, text, sizeof text), strerror(code));
}

/* ---- Its parts ----------------------------------------------------------------------------------------- */

int vow_address_family_at(const vow_address *address, const char *site)
{
    sa_family_t family = AF_UNSPEC;

    vow__check_pointer(address, "address", "vow_address_family", site);
    if (address->length >= offsetof(struct sockaddr, sa_family) + sizeof family)
        memcpy(&family, address->storage.bytes + offsetof(struct sockaddr, sa_family), sizeof family);
    return family;
}

int vow_address_port_at(const vow_address *address, const char *site)
{
    vow__check_pointer(address, "address", "vow_address_port", site);
    switch (vow_address_family(address)) {
    case AF_INET:
        return ntohs(v4_of(address).sin_port);
    case AF_INET6:
        return ntohs(v6_of(address).sin6_port);
    default:
        return -1;
    }
}

static bool is_same_v4(struct sockaddr_in one, struct sockaddr_in other)
{
    return one.sin_port == other.sin_port && one.sin_addr.s_addr == other.sin_addr.s_addr;
}

static bool is_same_v6(struct sockaddr_in6 one, struct sockaddr_in6 other)
{
    return one.sin6_port == other.sin6_port && one.sin6_scope_id == other.sin6_scope_id &&
           memcmp(&one.sin6_addr, &other.sin6_addr, sizeof one.sin6_addr) == 0;
}

bool vow_address_equal_at(const vow_address *one, const vow_address *other, const char *site)
{
    int family;

    vow__check_pointer(one, "address", "vow_address_equal", site);
    vow__check_pointer(other, "address", "vow_address_equal", site);
    family = vow_address_family(one);
    if (family != vow_address_family(other))
        return false;
    switch (family) {
    case AF_INET:
        return is_same_v4(v4_of(one), v4_of(other));
    case AF_INET6:
        return is_same_v6(v6_of(one), v6_of(other));
    default:
        return one->length == other->length &&
               memcmp(one->storage.bytes, other->storage.bytes, one->length) == 0;
    }
}

/* ---- As a value ---------------------------------------------------------------------------------------- */

static void drop_address(void *pointer)
{
    vow__release(pointer, sizeof(vow_address));
}

const vow_type vow_type_address = {"address", drop_address};

vow_value vow_address_value_at(const vow_address *address, const char *site)
{
    vow_address *copy;

    vow__check_pointer(address, "address", "vow_address_value", site);
    copy = vow__allocate(sizeof *copy);
    if (!copy)
        return vow_throw(&vow__error_no_memory);
    *copy = *address;
    return vow_own(copy, &vow_type_address);
}

/* ---- Of a socket --------------------------------------------------------------------------------------- */

int vow__address_socket(const vow_address *address, int type)
{
    return vow__socket(vow_address_family(address), type);
}

void vow__address_copy(vow_address *address, const struct sockaddr_storage *from, socklen_t length)
{
    vow_address_set(address, (const struct sockaddr *) (const void *) from,
                    from->ss_family == AF_UNIX && length <= PATH_OFFSET ? 0 : length);
}

int vow_socket_address_at(int fd, vow_address *address, const char *site)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof storage;
    int code;

    vow__check_pointer(address, "address", "vow_socket_address", site);
    code = getsockname(fd, (struct sockaddr *) (void *) &storage, &length) < 0 ? errno : 0;
    vow__address_copy(address, &storage, code ? 0 : length);
    return code;
}

int vow_socket_peer_at(int fd, vow_address *address, const char *site)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof storage;
    int code;

    vow__check_pointer(address, "address", "vow_socket_peer", site);
    code = getpeername(fd, (struct sockaddr *) (void *) &storage, &length) < 0 ? errno : 0;
    vow__address_copy(address, &storage, code ? 0 : length);
    return code;
}

void vow__socket_set_nodelay(int fd, int family)
{
    const int on = 1;

    if (family == AF_INET || family == AF_INET6)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Compares the ports with `to`, but the addresses with each other: `to` may be another name for them, such as
 * "::" for "::1". */
bool vow__socket_is_own_peer(int fd, const vow_address *to)
{
    vow_address own, peer;

    return vow_address_port(to) > 0 && vow_socket_address(fd, &own) == 0 &&
           vow_address_port(&own) == vow_address_port(to) && vow_socket_peer(fd, &peer) == 0 &&
           vow_address_equal(&own, &peer);
}

int vow_socket_port(int fd)
{
    vow_address address;

    vow_socket_address(fd, &address); /* when it fails the address is empty, and has no port */
    return vow_address_port(&address);
}
