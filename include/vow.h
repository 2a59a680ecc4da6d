/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow.h
 * @brief Everything of libvow in one include.
 *
 * Promises, combinators and async/await for C programs built on libev. Each of the headers below also
 * compiles on its own.
 */
#ifndef VOW_H
#define VOW_H

#include <vow/address.h>
#include <vow/allocator.h>
#include <vow/combinators.h>
#include <vow/common.h>
#include <vow/datagram.h>
#include <vow/error.h>
#include <vow/file.h>
#include <vow/interval.h>
#include <vow/io.h>
#include <vow/lookup.h>
#include <vow/loop.h>
#include <vow/offload.h>
#include <vow/poll.h>
#include <vow/process.h>
#include <vow/promise.h>
#include <vow/queue.h>
#include <vow/remote.h>
#include <vow/report.h>
#include <vow/server.h>
#include <vow/signal.h>
#include <vow/socket.h>
#include <vow/stream.h>
#include <vow/sync.h>
#include <vow/task.h>
#include <vow/time.h>
#include <vow/unix.h>
#include <vow/value.h>
#include <vow/version.h>
#include <vow/watch.h>

#endif
