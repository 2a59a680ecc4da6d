# SPDX-License-Identifier: BSD-2-Clause
# The library. Folders are layers, and includes point downward only: see tests/layers.sh.

lib_LTLIBRARIES = libvow.la libvow-testing.la

libvow_la_SOURCES = \
	lib/base/allocator-private.h \
	lib/base/allocator.c \
	lib/base/compiler-private.h \
	lib/base/deadline-private.h \
	lib/base/deadline.c \
	lib/base/fd-ends-private.h \
	lib/base/fd-ends.c \
	lib/base/link-private.h \
	lib/base/misuse-private.h \
	lib/base/misuse.c \
	lib/base/poison-private.h \
	lib/base/pool-private.h \
	lib/base/pool.c \
	lib/base/region-private.h \
	lib/base/region.c \
	lib/base/text-private.h \
	lib/base/text.c \
	lib/os/child-private.h \
	lib/os/child.c \
	lib/os/fd-private.h \
	lib/os/fd.c \
	lib/os/file-system-private.h \
	lib/os/file-system.c \
	lib/os/find-private.h \
	lib/os/find.c \
	lib/os/pidfd-private.h \
	lib/os/pidfd.c \
	lib/os/send-private.h \
	lib/os/send.c \
	lib/os/signals-private.h \
	lib/os/signals.c \
	lib/os/sockets-private.h \
	lib/os/sockets.c \
	lib/os/spawn-child.c \
	lib/os/spawn-private.h \
	lib/os/spawn.c \
	lib/os/system-private.h \
	lib/os/terminal-private.h \
	lib/os/terminal.c \
	lib/os/this-thread-private.h \
	lib/os/this-thread.c \
	lib/thread/workers-state-private.h \
	lib/thread/workers.c \
	lib/thread/jobs.c \
	lib/thread/mailbox-private.h \
	lib/thread/mailbox.c \
	lib/thread/shut-down.c \
	lib/thread/worker.c \
	lib/thread/workers-private.h \
	lib/core/all.c \
	lib/core/any.c \
	lib/core/attach.c \
	lib/core/bytes-private.h \
	lib/core/bytes.c \
	lib/core/circles.c \
	lib/core/combine-private.h \
	lib/core/combine.c \
	lib/core/drop-private.h \
	lib/core/drop.c \
	lib/core/error-print-private.h \
	lib/core/error-print.c \
	lib/core/error-private.h \
	lib/core/error.c \
	lib/core/finally.c \
	lib/core/interest.c \
	lib/core/lent-private.h \
	lib/core/lent.c \
	lib/core/lifecycle.c \
	lib/core/line-private.h \
	lib/core/line.c \
	lib/core/list-private.h \
	lib/core/list.c \
	lib/core/loops.c \
	lib/core/name.c \
	lib/core/operations-private.h \
	lib/core/place-private.h \
	lib/core/place.c \
	lib/core/promise-private.h \
	lib/core/promise.c \
	lib/core/race.c \
	lib/core/report.c \
	lib/core/resolver-private.h \
	lib/core/resolver.c \
	lib/core/scheduler-private.h \
	lib/core/scheduler.c \
	lib/core/select.c \
	lib/core/share.c \
	lib/core/shield.c \
	lib/core/take.c \
	lib/core/then.c \
	lib/core/thenable-private.h \
	lib/core/thenable.c \
	lib/core/value-private.h \
	lib/core/value.c \
	lib/core/verbs.c \
	lib/core/waits-private.h \
	lib/core/waits.c \
	lib/task/task-private.h \
	lib/task/task.c \
	lib/sync/barrier.c \
	lib/sync/condition.c \
	lib/sync/event.c \
	lib/sync/latch.c \
	lib/sync/mutex.c \
	lib/sync/placed-private.h \
	lib/sync/placed.c \
	lib/sync/queue-private.h \
	lib/sync/queue-put.c \
	lib/sync/queue-take.c \
	lib/sync/queue.c \
	lib/sync/ring-private.h \
	lib/sync/ring.c \
	lib/sync/rwlock.c \
	lib/sync/semaphore.c \
	lib/sync/stake-private.h \
	lib/sync/stake.c \
	lib/time/clock-private.h \
	lib/time/clock.c \
	lib/time/interval.c \
	lib/time/sleep.c \
	lib/time/timeout.c \
	lib/time/wall-clock.c \
	lib/time/wheel-private.h \
	lib/time/wheel.c \
	lib/loop/at-end.c \
	lib/loop/drain.c \
	lib/loop/idle.c \
	lib/loop/inbox-private.h \
	lib/loop/inbox.c \
	lib/loop/loop-private.h \
	lib/loop/loop.c \
	lib/loop/patience.c \
	lib/loop/run-check.c \
	lib/loop/run-private.h \
	lib/loop/run.c \
	lib/loop/source-private.h \
	lib/loop/source.c \
	lib/loop/yield.c \
	lib/io/buffer-private.h \
	lib/io/buffer.c \
	lib/io/delimiter-private.h \
	lib/io/delimiter.c \
	lib/io/io-private.h \
	lib/io/io.c \
	lib/io/poll.c \
	lib/io/read-until.c \
	lib/io/read-write.c \
	lib/io/ready.c \
	lib/offload/movable-private.h \
	lib/offload/movable.c \
	lib/offload/offload-pool.c \
	lib/offload/offload-private.h \
	lib/offload/offload.c \
	lib/offload/remote.c \
	lib/stream/stream-buffer.c \
	lib/stream/stream-copy.c \
	lib/stream/stream-ends.c \
	lib/stream/stream-item.c \
	lib/stream/stream-private.h \
	lib/stream/stream-queue.c \
	lib/stream/stream-read.c \
	lib/stream/stream-returned.c \
	lib/stream/stream-some.c \
	lib/stream/stream-text.c \
	lib/stream/stream-write.c \
	lib/stream/stream.c \
	lib/file/file-piece.c \
	lib/file/file-private.h \
	lib/file/file-read.c \
	lib/file/file-rights.c \
	lib/file/file-write.c \
	lib/file/file.c \
	lib/file/watch.c \
	lib/process/process-private.h \
	lib/process/process-run.c \
	lib/process/process-start.c \
	lib/process/process-streams.c \
	lib/process/process.c \
	lib/process/signal.c \
	lib/net/accept-private.h \
	lib/net/accept.c \
	lib/net/address-private.h \
	lib/net/address.c \
	lib/net/connect-by-name.c \
	lib/net/connect-errors.c \
	lib/net/connect-private.h \
	lib/net/connect.c \
	lib/net/connections-private.h \
	lib/net/connections.c \
	lib/net/credentials.c \
	lib/net/datagram.c \
	lib/net/listen.c \
	lib/net/listener-private.h \
	lib/net/listener.c \
	lib/net/lookup-private.h \
	lib/net/lookup.c \
	lib/net/message.c \
	lib/net/open-first.c \
	lib/net/server.c \
	lib/net/socket.c \
	lib/version.c

# What the library calls of itself names no place: errors have those that they are given.
libvow_la_CPPFLAGS = -DVOW_NO_SITES -I$(top_srcdir)/lib -I$(top_srcdir)/include -I$(top_builddir)/include $(LIBEV_CPPFLAGS)
libvow_la_CFLAGS = $(AM_CFLAGS) $(VISIBILITY_CFLAGS)
libvow_la_LIBADD = $(LIBEV_LIBS) $(LIBM)
libvow_la_LDFLAGS = $(SANITIZER_FLAGS) $(SYMBOLIC_LDFLAGS) -no-undefined -version-info $(VOW_VERSION_INFO)
if HAVE_VSCRIPT
libvow_la_LDFLAGS += $(VSCRIPT_LDFLAGS),$(srcdir)/lib/vow.map
endif
EXTRA_libvow_la_DEPENDENCIES = lib/vow.map

EXTRA_DIST += lib/vow.map

# What tests of programs need. It uses private parts of the library, and so belongs to the one that it is built with.
libvow_testing_la_SOURCES = \
	lib/testing/virtual-clock.c

libvow_testing_la_CPPFLAGS = $(libvow_la_CPPFLAGS)
libvow_testing_la_CFLAGS = $(libvow_la_CFLAGS)
libvow_testing_la_LIBADD = libvow.la $(LIBEV_LIBS)
libvow_testing_la_LDFLAGS = $(SANITIZER_FLAGS) $(SYMBOLIC_LDFLAGS) -no-undefined -version-info $(VOW_VERSION_INFO)
if HAVE_VSCRIPT
libvow_testing_la_LDFLAGS += $(VSCRIPT_LDFLAGS),$(srcdir)/lib/vow-testing.map
endif
EXTRA_libvow_testing_la_DEPENDENCIES = lib/vow-testing.map
