/* SPDX-License-Identifier: BSD-2-Clause */
/* Numeric addresses and paths, as socket addresses. */
#ifndef VOW_LOOP_ADDRESS_PRIVATE_H
#define VOW_LOOP_ADDRESS_PRIVATE_H

#include <sys/socket.h>
#include <sys/un.h>

#include "core/error-private.h"

typedef struct vow__address {
    socklen_t length;
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
        struct sockaddr_un local;
    } u;
    char name[sizeof(struct sockaddr_un) + 64]; /* as messages call it */
} vow__address;

/* Fill an address; NULL, or the error to reject with, whose message begins with the function's name. */
vow_error *vow__address_tcp(vow__address *address, const char *host, const char *port, const char *function,
                            const char *site);
vow_error *vow__address_unix(vow__address *address, const char *path, const char *function, const char *site);
/* A stream socket for it, non-blocking and close-on-exec; -1 and errno. */
int vow__address_socket(const vow__address *address);
/* The error for an errno value, naming function and address. */
vow_error *vow__address_error(const vow__address *address, const char *function, int code, const char *site);

#endif
