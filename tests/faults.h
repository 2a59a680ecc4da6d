/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that fail when they are told to. A program that is linked with faults.c and fault-*.c has
 * functions of its own in place of the C library's. They pass a call on, unless libvow makes it and it is the
 * one that is to fail. They can also let somebody else come in between: another process, another thread.
 *
 * To cover one more call, add its name here, its function to one of fault-*.c, and what can happen to it to
 * `faults`. faults.txt lists the calls that are left out, and why. faults.sh fails if a call is in neither.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_FAULTS_H
#define VOW_TEST_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The calls that can fail: sets of them are masks. */
enum {
    CALL_RECV = 1,       /* recv(), recvfrom(), recvmsg() */
    CALL_SEND = 2,       /* send(), sendto(), sendmsg() */
    CALL_READ = 4,       /* read(), readv(), preadv2 by syscall() */
    CALL_WRITE = 8,      /* write(), writev(), pwritev2 by syscall() */
    CALL_CONNECT = 16,   /* connect() */
    CALL_ACCEPT = 32,    /* accept4(), accept() */
    CALL_POLL = 64,      /* poll() */
    CALL_SHUTDOWN = 128, /* shutdown() */
    CALL_SOCKET = 256,   /* socket() */
    CALL_BIND = 512,     /* bind() */
    CALL_LISTEN = 1024,  /* listen() */
    /* Of regular files, and of folders: */
    CALL_FILE_READ = 1 << 11,  /* read(), pread() */
    CALL_FILE_WRITE = 1 << 12, /* write(), pwrite() */
    CALL_FILE_CLOSE = 1 << 13, /* close(), of what was opened for writing only; it is closed all the same */
    CALL_OPEN = 1 << 14,       /* openat(), open() */
    CALL_SYNC = 1 << 15,       /* fsync() */
    CALL_STAT = 1 << 16,       /* fstatat(), realpath() */
    CALL_FSTAT = 1 << 17,      /* fstat() */
    CALL_MODE = 1 << 18,       /* fchmod() */
    CALL_RENAME = 1 << 19,     /* renameat() */
    /* Of processes, in fault-processes.c: */
    CALL_PIPE = 1 << 20,   /* pipe2(), pipe() */
    CALL_FORK = 1 << 21,   /* vfork(), fork(), clone() */
    CALL_PIDFD = 1 << 22,  /* pidfd_open, by syscall() */
    CALL_CLONE = 1 << 23,  /* clone(), where vfork() would do */
    CALL_SIGNAL = 1 << 24, /* pidfd_send_signal, by syscall() */
    CALL_WAIT = 1 << 25,   /* waitid(), waitpid(), sigtimedwait() */
    /* Of any descriptor, in fault-descriptors.c: */
    CALL_CLOSE = 1 << 26,  /* close(), of what is no file that was written; it is closed all the same */
    CALL_FLAGS = 1 << 27,  /* fcntl(): reading and setting flags */
    CALL_DUP = 1 << 28,    /* fcntl(): a copy */
    CALL_ASK = 1 << 29,    /* getsockopt() */
    CALL_OPTION = 1 << 30, /* setsockopt(), of what a socket has to have */
};

/* On a function that stands in for one of libc's and asks where it was called: it is to be called, even where a
 * program is optimised as a whole. */
#define STANDS_IN __attribute__((noinline))

/* What no int of an enumeration can hold. */
#define CALL_THREAD (UINT64_C(1) << 31) /* pthread_create() */
#define CALL_NOWAIT \
    (UINT64_C(1) << 32) /* preadv2 and pwritev2, by syscall(), where read() and write() would do */
#define CALL_WISH (UINT64_C(1) << 34)   /* setsockopt(), of what a socket does not depend on */
#define CALL_REOPEN (UINT64_C(1) << 33) /* open(), of what is in /proc/self/fd */

/* What others do right before a call, in place of an errno value. */
enum {
    ONE_BYTE = -1,     /* nothing: it is made for one byte alone */
    TAKE_BACK = -2,    /* another process with the same open file takes O_NONBLOCK back */
    FOREIGN_FORK = -3, /* another thread forks; its child lives on and has copies of all descriptors */
};

enum fault_kind {
    TOLD,     /* the outcome has the code in it */
    HARMLESS, /* the program must not notice */
    EITHER,   /* one or the other, as the call was good for something or not */
    LASTING   /* harmless, and so are all calls from this one on */
};

/* What can become of a call. */
struct fault {
    const char *name;
    int code;       /* errno; 0: it is made for one byte alone */
    uint64_t calls; /* those that it can happen to */
    enum fault_kind kind;
};

/* What can happen to streams and sockets, and to files. Each ends with a name of NULL. */
extern const struct fault faults[];
extern const struct fault file_faults[];

/* From now on, the n-th call that this fault can happen to has it; n 0: none. NULL: none is counted. */
void faults_set(const struct fault *fault, size_t n);
/* How many calls were counted since then. */
size_t faults_count(void);
/* The numbers of calls by syscall() that the kernel does not know from now on, in children neither; the last
 * one is -1. NULL: it knows them all. */
void faults_lack(const long *numbers);
/* Those that were forked by another thread end. */
void faults_end_foreigners(void);
/* Whether calls of libvow can be told from others: not when it is linked statically. */
bool faults_work(void);

/* ---- For fault-*.c ------------------------------------------------------------------------------------- */

/* What happens to the call that `caller` makes: 0, an errno value, or what others do. A child's are not
 * counted, whether or not it shares our memory. */
int faults_take(uint64_t call, const void *caller);
/* The same, of a call that waits unless its descriptor has O_NONBLOCK, or `is_told` not to. That libvow never
 * makes one that may wait is checked here, in each run. */
int faults_take_on(uint64_t call, int fd, bool is_told, const void *caller);
void faults_fork_foreigner(void);
/* A process that got its memory by fork(2) where it should have shared ours: we wait for what it tells. */
void faults_expect_report(const void *caller);
/* The C library's function of that name, put into a function pointer. */
void faults_find(const char *name, void *function);

#endif
