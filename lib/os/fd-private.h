/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and writes of a descriptor that never block. */
#ifndef VOW_OS_FD_PRIVATE_H
#define VOW_OS_FD_PRIVATE_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * How a descriptor is read and written without waiting. O_NONBLOCK belongs to the open file, which others may
 * have too: copies, children, other programs. They may set the flag and clear it at any time, and they would
 * notice if we did. So we rely on the flag only where a call cannot be asked not to wait.
 */
enum vow__fd_way {
    VOW__FD_SOCKET,   /* MSG_DONTWAIT; every descriptor is taken for a socket until it says that it is none */
    VOW__FD_NOWAIT,   /* RWF_NOWAIT: a pipe, and whatever else knows that flag */
    VOW__FD_OWN,      /* an open file of our own, of the same pipe or terminal: its flag is ours alone */
    VOW__FD_TERMINAL, /* O_NONBLOCK for the time of the call; afterwards it is as others want it */
    VOW__FD_SHARED,   /* O_NONBLOCK: looked at before each call, set if need be, and left set */
    VOW__FD_FILE      /* never waits */
};

/* What is known of a descriptor, so that no call is made that must fail. All zero: nothing yet. */
typedef struct vow__fd_nature {
    int own; /* for VOW__FD_OWN; else 0, which no descriptor of ours is */
    unsigned char way;
} vow__fd_nature;

/* As read(2), but never blocks. */
ssize_t vow__fd_read_as(int fd, vow__fd_nature *nature, void *buffer, size_t size);
/* As writev(2), but never blocks and never raises SIGPIPE. */
ssize_t vow__fd_write_as(int fd, vow__fd_nature *nature, const struct iovec *parts, int parts_count);
/* Closes the open file of our own, if there is one. */
void vow__fd_nature_close(vow__fd_nature *nature);
/* A descriptor for the same pipe or terminal, but another open file, with O_NONBLOCK. -1 where there is
 * none. */
int vow__fd_open_again(int fd);

/* As recv(2) and send(2), on any descriptor; never block, whatever its flags, and never raise SIGPIPE. */
ssize_t vow__fd_read(int fd, void *buffer, size_t size);
ssize_t vow__fd_write(int fd, const void *buffer, size_t size);
/* Sets O_NONBLOCK where it is not set: 0, or an errno value. */
int vow__fd_set_nonblocking(int fd);
/* As pipe(2): both ends are close-on-exec. 0, or an errno value. */
int vow__fd_pipe(int ends[2]);
/* Whether there are descriptors left for libev to wake a loop by: 0, or an errno value. Without them libev
 * ends the program. Other threads may still take them before libev does. But descriptors nearly always run
 * out one by one, and then this notices in time. */
int vow__fd_find_room(void);
/* Whether a descriptor is a socket whose reads and writes are of packets. */
bool vow__fd_has_packets(int fd);
/* Whether errno says to try again when the descriptor is ready. */
bool vow__is_again(int code);

#endif
