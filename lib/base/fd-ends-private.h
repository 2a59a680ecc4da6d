/* SPDX-License-Identifier: BSD-2-Clause */
/* How the library gets a descriptor and gives it up, whoever made it. */
#ifndef VOW_BASE_FD_ENDS_PRIVATE_H
#define VOW_BASE_FD_ENDS_PRIVATE_H

/*
 * A descriptor of ours that was just opened, out of the way of the standard streams: in a program that was
 * started without them it would stand where others read and write. Given; -1 and errno when that cannot be
 * done, or when it is -1. The copy is close-on-exec.
 */
int vow__fd_above_stdio(int fd);
/* As close(2), but never waits: a socket does that which somebody has told to linger, before he passed it to
 * us, or to the listener that it came from. What it has still to send is sent all the same. */
void vow__fd_close(int fd);

#endif
