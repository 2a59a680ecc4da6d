/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/address.h
 * @brief Socket addresses as values: IPv4, IPv6 and Unix-domain ones, to and from text.
 *
 * No function here belongs to a loop: addresses may be made and read on any thread. None of them looks up a
 * name (vow_lookup() does).
 */
#ifndef VOW_ADDRESS_H
#define VOW_ADDRESS_H

#include <vow/common.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

struct sockaddr; /* <sys/socket.h> is left to those who need it: it takes many short names */

/**
 * @brief A socket address of any family: a plain struct, to be copied freely.
 *
 * Zero-initialised, it is nobody's address. So is that of a peer without a name. For bind(2) and the like
 * there is vow_address_sockaddr().
 */
typedef struct vow_address {
    uint32_t length; /**< of the socket address in bytes; 0 for nobody's */
    union {
        uint64_t alignment;
        unsigned char bytes[128];
    } storage; /**< holds a `struct sockaddr`, as the system has it */
} vow_address;

VOW_API const vow_type vow_type_address; /**< @brief The type of vow_address_value(). */

/* Room for any address as text, including its NUL. */
#define VOW_ADDRESS_TEXT_SIZE 160

/**
 * @brief Reads an address from text.
 *
 * An IP address is numeric, with or without a port: "127.0.0.1:80", "127.0.0.1", "[::1]:80", "::1",
 * "[fe80::1%eth0]:80". Without a port, the port is 0. An IPv6 address with a port needs brackets. IPv4 is
 * read as inet_aton(3) does, so "127.1" is 127.0.0.1. Text that begins with @ is a name in Linux's abstract
 * namespace, here and wherever a path is asked for. Other text with a slash in it is the path of a
 * Unix-domain socket ("/run/x", "./x", "./@x").
 *
 * @param address filled; nobody's when this fails.
 * @param text    read during the call.
 * @return 0, or an errno value: `EINVAL` for text that is none of these, or NULL; `ENAMETOOLONG` for a path
 * that is too long for a socket address; `ENOMEM`.
 * @since 0.1
 */
VOW_API int vow_address_parse_at(vow_address *address, const char *text, const char *site);
#define vow_address_parse(...) vow_address_parse_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Writes an address as text, in the form that vow_address_parse() reads.
 *
 * Nobody's address is "unnamed". Zero bytes within an abstract name are written as @.
 *
 * @param address borrowed.
 * @param buffer  filled, and cut off if it is too small; `VOW_ADDRESS_TEXT_SIZE` bytes are always enough.
 * @param size    of the buffer, at least 1.
 * @return the buffer.
 * @since 0.1
 */
VOW_API char *vow_address_format_at(const vow_address *address, char *buffer, size_t size, const char *site);
#define vow_address_format(...) vow_address_format_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The family of an address.
 * @param address borrowed.
 * @return `AF_INET`, `AF_INET6`, `AF_UNIX` or whatever else the system said; `AF_UNSPEC` for nobody's.
 * @since 0.1
 */
VOW_API int vow_address_family_at(const vow_address *address, const char *site);
#define vow_address_family(...) vow_address_family_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The port of an address.
 * @param address borrowed.
 * @return the port, in the machine's byte order; -1 if it is not an IP address.
 * @since 0.1
 */
VOW_API int vow_address_port_at(const vow_address *address, const char *site);
#define vow_address_port(...) vow_address_port_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Whether two addresses are the same: family, host, port and scope, or path.
 * @param one   borrowed.
 * @param other borrowed.
 * @return true if so. Two addresses of nobody are the same.
 * @since 0.1
 */
VOW_API bool vow_address_equal_at(const vow_address *one, const vow_address *other, const char *site);
#define vow_address_equal(...) vow_address_equal_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief An address in the form that system calls take, together with `address->length`.
 * @param address borrowed.
 * @return points into the address.
 * @since 0.1
 */
VOW_API const struct sockaddr *vow_address_sockaddr_at(const vow_address *address, const char *site);
#define vow_address_sockaddr(...) vow_address_sockaddr_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Copies an address that a system call gave.
 * @param address  filled.
 * @param sockaddr copied; may be NULL when the length is 0.
 * @param length   in bytes.
 * @return 0, or `EINVAL` if it is longer than any address of the system.
 * @since 0.1
 */
VOW_API int vow_address_set_at(vow_address *address, const struct sockaddr *sockaddr, size_t length,
                               const char *site);
#define vow_address_set(...) vow_address_set_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief An owned copy of an address, as a value.
 * @param address copied.
 * @return a value of type `vow_type_address`. Out of memory, a vow_throw() of `ENOMEM`: a promise that is
 * resolved with it rejects.
 * @since 0.1
 */
VOW_API vow_value vow_address_value_at(const vow_address *address, const char *site);
#define vow_address_value(...) vow_address_value_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is an address. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_address_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_address", NULL, site);
    return value->type == &vow_type_address;
}
#define vow_is_address(...) vow_is_address_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads an address.
 * @param value borrowed; another type aborts.
 * @return the address, owned by the value.
 * @since 0.1
 */
static inline const vow_address *vow_as_address_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_address))
        vow__value_mismatch(value, "vow_as_address", &vow_type_address, site);
    return (const vow_address *) value->u.pointer;
}
#define vow_as_address(...) vow_as_address_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The address that a socket is bound to.
 * @param fd      stays the caller's.
 * @param address filled; nobody's when it fails, and for a Unix-domain socket without a name.
 * @return 0, or an errno value, as of getsockname(2).
 * @since 0.1
 */
VOW_API int vow_socket_address_at(int fd, vow_address *address, const char *site);
#define vow_socket_address(...) vow_socket_address_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The address of a socket's peer, for example that of an accepted connection.
 * @param fd      stays the caller's.
 * @param address filled; nobody's when this fails, and for a peer without a name, as clients of a Unix-domain
 * socket usually are.
 * @return 0, or an errno value, as of getpeername(2): `ENOTCONN` when the peer has reset the connection.
 * @since 0.1
 */
VOW_API int vow_socket_peer_at(int fd, vow_address *address, const char *site);
#define vow_socket_peer(...) vow_socket_peer_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The port that a TCP or UDP socket is bound to.
 * @param fd stays the caller's.
 * @return the port, in the machine's byte order; -1 if it is not an open TCP or UDP socket.
 * vow_socket_address() says why.
 * @since 0.1
 */
VOW_API int vow_socket_port(int fd);

VOW_END_DECLS

#endif
