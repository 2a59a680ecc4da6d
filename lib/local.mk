# SPDX-License-Identifier: BSD-2-Clause
# The library. Folders are layers, and includes point downward only: base < core < task, loop; base < thread <
# loop < time.

lib_LTLIBRARIES = libvow.la

libvow_la_SOURCES = \
	lib/base/allocator-private.h \
	lib/base/allocator.c \
	lib/base/compiler-private.h \
	lib/base/fd-private.h \
	lib/base/fd.c \
	lib/base/list-private.h \
	lib/base/misuse-private.h \
	lib/base/misuse.c \
	lib/base/poison-private.h \
	lib/base/pool-private.h \
	lib/base/pool.c \
	lib/base/region-private.h \
	lib/base/region.c \
	lib/core/all.c \
	lib/core/any.c \
	lib/core/attach.c \
	lib/core/bytes-private.h \
	lib/core/bytes.c \
	lib/core/combine-private.h \
	lib/core/combine.c \
	lib/core/drop-private.h \
	lib/core/error_print-private.h \
	lib/core/error_print.c \
	lib/core/error-private.h \
	lib/core/drop.c \
	lib/core/error.c \
	lib/core/finally.c \
	lib/core/interest.c \
	lib/core/lent-private.h \
	lib/core/lent.c \
	lib/core/lifecycle.c \
	lib/core/list-private.h \
	lib/core/list.c \
	lib/core/loops.c \
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
	lib/core/then.c \
	lib/core/thenable-private.h \
	lib/core/thenable.c \
	lib/core/value-private.h \
	lib/core/value.c \
	lib/core/waits-private.h \
	lib/core/waits.c \
	lib/thread/crew-private.h \
	lib/thread/crew.c \
	lib/thread/jobs.c \
	lib/thread/mailbox-private.h \
	lib/thread/mailbox.c \
	lib/thread/shut_down.c \
	lib/thread/worker.c \
	lib/thread/workers-private.h \
	lib/task/task.c \
	lib/loop/accept-private.h \
	lib/loop/accept.c \
	lib/loop/address-private.h \
	lib/loop/address.c \
	lib/loop/buffer-private.h \
	lib/loop/buffer.c \
	lib/loop/at_end.c \
	lib/loop/child-private.h \
	lib/loop/child.c \
	lib/loop/connect-private.h \
	lib/loop/connect.c \
	lib/loop/connect_by_name.c \
	lib/loop/connect_errors.c \
	lib/loop/connections-private.h \
	lib/loop/connections.c \
	lib/loop/datagram.c \
	lib/loop/descriptor.c \
	lib/loop/file-private.h \
	lib/loop/file.c \
	lib/loop/file_piece.c \
	lib/loop/file_read.c \
	lib/loop/file_rights.c \
	lib/loop/file_write.c \
	lib/loop/idle.c \
	lib/loop/inbox-private.h \
	lib/loop/inbox.c \
	lib/loop/io-private.h \
	lib/loop/io.c \
	lib/loop/listen.c \
	lib/loop/listener-private.h \
	lib/loop/listener.c \
	lib/loop/lookup-private.h \
	lib/loop/lookup.c \
	lib/loop/loop-private.h \
	lib/loop/loop.c \
	lib/loop/message.c \
	lib/loop/movable-private.h \
	lib/loop/movable.c \
	lib/loop/offload-private.h \
	lib/loop/offload.c \
	lib/loop/offload_pool.c \
	lib/loop/poll.c \
	lib/loop/process-private.h \
	lib/loop/process.c \
	lib/loop/process_run.c \
	lib/loop/process_start.c \
	lib/loop/process_streams.c \
	lib/loop/read_until.c \
	lib/loop/open_first.c \
	lib/loop/ready.c \
	lib/loop/remote.c \
	lib/loop/run.c \
	lib/loop/signal.c \
	lib/loop/server.c \
	lib/loop/socket.c \
	lib/loop/source-private.h \
	lib/loop/source.c \
	lib/loop/spawn-private.h \
	lib/loop/spawn.c \
	lib/loop/spawn_child.c \
	lib/loop/stream-buffer.c \
	lib/loop/stream-copy.c \
	lib/loop/stream-private.h \
	lib/loop/stream-queue.c \
	lib/loop/stream-read.c \
	lib/loop/stream-returned.c \
	lib/loop/stream-some.c \
	lib/loop/stream-text.c \
	lib/loop/stream-write.c \
	lib/loop/stream.c \
	lib/loop/transfer.c \
	lib/loop/watch.c \
	lib/loop/unix.c \
	lib/loop/yield.c \
	lib/time/clock-private.h \
	lib/time/clock.c \
	lib/time/interval.c \
	lib/time/sleep.c \
	lib/time/timeout.c \
	lib/time/wall_clock.c \
	lib/time/wheel-private.h \
	lib/time/wheel.c \
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
