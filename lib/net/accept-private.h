/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking one connection out of a listening socket's queue: what a single accept and a server share. */
#ifndef VOW_NET_ACCEPT_PRIVATE_H
#define VOW_NET_ACCEPT_PRIVATE_H

#include <stdbool.h>

/* 0 for a listening socket, else the errno value that accept(2) gives for such a descriptor. */
int vow__accept_why_not(int fd);
/* The next connection: non-blocking, close-on-exec and with TCP_NODELAY. Else -1 and errno, which satisfies
 * vow__is_again() when there is none. Connections that are gone already are passed over. Never blocks. */
int vow__accept_next(int listener);
/* Whether accept(2) failed for want of something that others may give up later. The connection stays
 * queued. */
bool vow__accept_may_pass(int code);

#endif
