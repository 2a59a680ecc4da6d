/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first header of every file in this folder, and of no other: asks the system for all that it has, and
 * says which calls beyond POSIX.1-2008 are used. On Linux these are known. Elsewhere configure looks for them
 * (HAVE_...). With VOW_NO_LINUX_CALLS there are none, so that what stands in for them can be tested on Linux.
 * Constants are used where the headers define them.
 */
#ifndef VOW_OS_SYSTEM_PRIVATE_H
#define VOW_OS_SYSTEM_PRIVATE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* glibc, musl */
#endif
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE /* macOS */
#endif
#ifndef _NETBSD_SOURCE
#define _NETBSD_SOURCE
#endif
#ifndef __EXTENSIONS__
#define __EXTENSIONS__ /* illumos */
#endif

#if defined __linux__ && !defined VOW_NO_LINUX_CALLS
#define VOW__LINUX 1
#ifndef HAVE_ACCEPT4
#define HAVE_ACCEPT4 1
#endif
#ifndef HAVE_MEMMEM
#define HAVE_MEMMEM 1
#endif
#ifndef HAVE_PIPE2
#define HAVE_PIPE2 1
#endif
#ifndef HAVE_PTHREAD_CONDATTR_SETCLOCK
#define HAVE_PTHREAD_CONDATTR_SETCLOCK 1
#endif
#ifndef HAVE_SIGTIMEDWAIT
#define HAVE_SIGTIMEDWAIT 1
#endif
#ifndef HAVE_VFORK
#define HAVE_VFORK 1
#endif
#else
#define VOW__LINUX 0
#endif

#endif
