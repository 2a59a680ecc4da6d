/* SPDX-License-Identifier: BSD-2-Clause */
/* How the library gets a descriptor and gives it up, whoever made it. */
#ifndef VOW_BASE_FD_ENDS_PRIVATE_H
#define VOW_BASE_FD_ENDS_PRIVATE_H

/*
 * Takes over a descriptor that was just opened, and returns it, moved out of the way of the standard streams
 * if need be: in a program that was started without them, it would stand where others read and write. A moved
 * one is close-on-exec. -1 and errno when it cannot be moved, or when `fd` is -1.
 */
int vow__fd_above_stdio(int fd);
/* As close(2), but never waits. A close waits if somebody has told the socket to linger (SO_LINGER), or the
 * listener that it came from, before it was passed to us. What the socket has still to send is sent all the
 * same. */
void vow__fd_close(int fd);

#endif
