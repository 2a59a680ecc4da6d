/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking one connection out of a listening socket's queue: what a single accept and a server share. */
#ifndef VOW_NET_ACCEPT_PRIVATE_H
#define VOW_NET_ACCEPT_PRIVATE_H

#include <stdbool.h>

/* 0 for a listening socket, else the errno value that accept(2) gives for what it is. */
int vow__accept_why_not(int fd);
/* The next connection, non-blocking, close-on-exec and without delay; -1 and errno, which vow__is_again()
 * when there is none. Connections that are gone already are passed over. Never blocks. */
int vow__accept_next(int listener);
/* Whether accept(2) may work again once others have given up what it lacked. The connection stays queued. */
bool vow__accept_may_pass(int code);

#endif
