# SPDX-License-Identifier: BSD-2-Clause
# The public headers.

include_HEADERS = include/vow.h

vowincludedir = $(includedir)/vow
vowinclude_HEADERS = \
	include/vow/address.h \
	include/vow/allocator.h \
	include/vow/combinators.h \
	include/vow/common.h \
	include/vow/datagram.h \
	include/vow/error.h \
	include/vow/file.h \
	include/vow/interval.h \
	include/vow/io.h \
	include/vow/lookup.h \
	include/vow/loop.h \
	include/vow/offload.h \
	include/vow/poll.h \
	include/vow/process.h \
	include/vow/promise.h \
	include/vow/queue.h \
	include/vow/remote.h \
	include/vow/report.h \
	include/vow/server.h \
	include/vow/signal.h \
	include/vow/socket.h \
	include/vow/stream.h \
	include/vow/sync.h \
	include/vow/task.h \
	include/vow/testing.h \
	include/vow/time.h \
	include/vow/unix.h \
	include/vow/value.h \
	include/vow/watch.h

# Made by config.status.
nodist_vowinclude_HEADERS = include/vow/version.h

# Leaves no empty folder behind; one that holds somebody else's headers stays.
uninstall-hook:
	rmdir $(DESTDIR)$(vowincludedir) 2>/dev/null || :
