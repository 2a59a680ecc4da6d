/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and writes of a descriptor that never block. */
#ifndef VOW_OS_FD_PRIVATE_H
#define VOW_OS_FD_PRIVATE_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * How a descriptor is read and written without waiting. O_NONBLOCK belongs to the open file, which others may
 * have too: copies, children, other programs. They may set it and take it back at any time, and they would
 * notice if we did. So nothing relies on it that can be asked for in each call.
 */
enum vow__fd_way {
    VOW__FD_SOCKET,   /* MSG_DONTWAIT; what every descriptor is taken for until it says that it is none */
    VOW__FD_NOWAIT,   /* RWF_NOWAIT: a pipe, and whatever else knows that */
    VOW__FD_OWN,      /* by an open file of our own, of the same pipe or terminal: its flag is ours alone */
    VOW__FD_TERMINAL, /* O_NONBLOCK for the time of the call: it stays as others want it */
    VOW__FD_SHARED,   /* O_NONBLOCK, which is looked at before each call, and set again */
    VOW__FD_FILE      /* never waits */
};

/* What is known of a descriptor, so that no call is made that must fail. Zero: nothing. */
typedef struct vow__fd_nature {
    int own; /* for VOW__FD_OWN; else 0, which no descriptor of ours is */
    unsigned char way;
} vow__fd_nature;

/* As read(2), but never blocks. */
ssize_t vow__fd_read_as(int fd, vow__fd_nature *nature, void *buffer, size_t size);
/* As writev(2), but never blocks and never raises SIGPIPE. */
ssize_t vow__fd_write_as(int fd, vow__fd_nature *nature, const struct iovec *parts, int parts_count);
/* Closes what was opened to know it better. */
void vow__fd_nature_close(vow__fd_nature *nature);
/* A descriptor for the same pipe or terminal, but another open file; with O_NONBLOCK. -1 where there is none.
 */
int vow__fd_open_again(int fd);

/* As recv(2) and send(2), on any descriptor; never block, whatever its flags, and never raise SIGPIPE. */
ssize_t vow__fd_read(int fd, void *buffer, size_t size);
ssize_t vow__fd_write(int fd, const void *buffer, size_t size);
/* Sets O_NONBLOCK where it is not set: 0, or an errno value. */
int vow__fd_set_nonblocking(int fd);
/* As pipe(2): both ends are close-on-exec. 0, or an errno value. */
int vow__fd_pipe(int ends[2]);
/* Whether there are descriptors for libev to wake a loop by: it ends the program if it finds none. 0, or an
 * errno value. That they are there is not certain afterwards, where other threads open some too, but nearly
 * always that is how they run out: one by one. */
int vow__fd_find_room(void);
/* Whether it is a socket whose reads and writes are of packets. */
bool vow__fd_has_packets(int fd);
/* Whether errno says to try again when the descriptor is ready. */
bool vow__is_again(int code);

#endif
