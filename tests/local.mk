# SPDX-License-Identifier: BSD-2-Clause
# The tests. `make check` runs them all, each through automake's TAP driver.

# Written with GLib; tests/NAME is made of tests/NAME.c and what they share.
test_programs = \
	tests/test-accept \
	tests/test-address \
	tests/test-allocation \
	tests/test-attach \
	tests/test-black-box-memory \
	tests/test-black-box-reentrant \
	tests/test-budget \
	tests/test-cancel \
	tests/test-circle \
	tests/test-clean-up \
	tests/test-clock \
	tests/test-closed-elsewhere \
	tests/test-combinators \
	tests/test-combinators-order \
	tests/test-connect-by-name \
	tests/test-conventions \
	tests/test-corners \
	tests/test-datagram \
	tests/test-depth \
	tests/test-descriptors \
	tests/test-drop \
	tests/test-ecmascript \
	tests/test-error \
	tests/test-faults \
	tests/test-file \
	tests/test-file-faults \
	tests/test-file-rights \
	tests/test-finally \
	tests/test-fork \
	tests/test-gone \
	tests/test-happy-eyeballs \
	tests/test-inside-out \
	tests/test-interval \
	tests/test-io \
	tests/test-listen \
	tests/test-locks \
	tests/test-lookup \
	tests/test-loop \
	tests/test-loop-end \
	tests/test-loop-threads \
	tests/test-memory \
	tests/test-misuse \
	tests/test-misuse-loop \
	tests/test-model \
	tests/test-no-sites \
	tests/test-nulls \
	tests/test-nothing-outlives \
	tests/test-nulls-loop \
	tests/test-offload \
	tests/test-offload-end \
	tests/test-order \
	tests/test-order-await \
	tests/test-order-combined \
	tests/test-nested \
	tests/test-nested-runs \
	tests/test-poll \
	tests/test-process \
	tests/test-process-end \
	tests/test-process-reaped \
	tests/test-process-run \
	tests/test-process-straggler \
	tests/test-promise \
	tests/test-put-back \
	tests/test-queue \
	tests/test-queue-inside \
	tests/test-queue-random \
	tests/test-random \
	tests/test-read-until \
	tests/test-reentrant \
	tests/test-remote \
	tests/test-remote-many \
	tests/test-report \
	tests/test-resolver \
	tests/test-scenarios \
	tests/test-select \
	tests/test-semaphore \
	tests/test-server \
	tests/test-server-errors \
	tests/test-signal \
	tests/test-sigpipe \
	tests/test-socket \
	tests/test-socket-errors \
	tests/test-stream-copy \
	tests/test-stream-read \
	tests/test-stream-returned \
	tests/test-stream-write \
	tests/test-given-away \
	tests/test-taken \
	tests/test-sync \
	tests/test-sync-random \
	tests/test-task \
	tests/test-task-cancel \
	tests/test-task-finally \
	tests/test-task-flow \
	tests/test-task-frame \
	tests/test-task-random \
	tests/test-then \
	tests/test-thenable \
	tests/test-time \
	tests/test-unix \
	tests/test-value \
	tests/test-virtual-clock \
	tests/test-watch \
	tests/test-wheel

# Written for the shell; the functions they share are in tests/tap.sh.
test_scripts = \
	tests/abi.sh \
	tests/bench.sh \
	tests/compile.sh \
	tests/docs.sh \
	tests/examples-chat.sh \
	tests/examples-client.sh \
	tests/examples-memory.sh \
	tests/examples-peers.sh \
	tests/examples-processes.sh \
	tests/examples-server.sh \
	tests/examples-sockets.sh \
	tests/examples-stress.sh \
	tests/examples.sh \
	tests/faults.sh \
	tests/headers.sh \
	tests/layers.sh \
	tests/lto.sh \
	tests/misuse.sh \
	tests/snippets.sh \
	tests/symbols.sh \
	tests/test262.sh

EXTRA_DIST += $(test_scripts) tests/faults.txt tests/misuse.txt tests/mixes.txt tests/tap.sh tests/examples-tap.sh tests/compile-calls.c tests/compile-mixed.c tests/compile-task.c tests/order.js

EXTRA_DIST += tests/README.md tests/failing-malloc.c tests/snippets.c tests/snippets.txt tools/snippets.pl

# Run by ./run check and `make check-conformance`: they need Node, and the last one Python.
EXTRA_DIST += \
	tests/conformance/aplus/README.md \
	tests/conformance/aplus/adapter.js \
	tests/conformance/aplus/aplus.c \
	tests/conformance/aplus/aplus.h \
	tests/conformance/aplus/carry.c \
	tests/conformance/aplus/follow.c \
	tests/conformance/aplus/package-lock.json \
	tests/conformance/aplus/package.json \
	tests/conformance/aplus/promise.c \
	tests/conformance/aplus/run.sh \
	tests/conformance/aplus/suite.js \
	tests/conformance/order/README.md \
	tests/conformance/order/body.c \
	tests/conformance/order/compare.js \
	tests/conformance/order/generate.js \
	tests/conformance/order/instruction.c \
	tests/conformance/order/instruction.js \
	tests/conformance/order/interpret.c \
	tests/conformance/order/machine.c \
	tests/conformance/order/machine.h \
	tests/conformance/order/outcome.c \
	tests/conformance/order/program.c \
	tests/conformance/order/program.h \
	tests/conformance/order/program.js \
	tests/conformance/order/run.js \
	tests/conformance/order/run.sh \
	tests/conformance/order/runner.c \
	tests/conformance/order/runner.js \
	tests/conformance/order/show.js \
	tests/conformance/order/shrink.js \
	tests/conformance/test262.md \
	tests/conformance/test262.txt \
	tests/conformance/time/README.md \
	tests/conformance/time/compare.py \
	tests/conformance/time/player.c \
	tests/conformance/time/run.sh

if HAVE_GLIB

check_PROGRAMS = $(test_programs)
check_LTLIBRARIES = tests/libsupport.la
tests_libsupport_la_SOURCES = \
	tests/gate.c tests/gate.h \
	tests/jobs.h \
	tests/misuse.h \
	tests/nulls.h \
	tests/place.c tests/place.h \
	tests/processes.c tests/processes.h \
	tests/queues.h \
	tests/server.h \
	tests/stream-in.h \
	tests/streams.c tests/streams.h \
	tests/support.c tests/support.h
tests_libsupport_la_LIBADD = libvow-testing.la libvow.la $(LIBEV_LIBS) $(GLIB_LIBS) $(LIBM)

# Small programs that two test programs run with something failing at every point.
scenario_sources = \
	tests/scenario-events.c \
	tests/scenario-exchange.c \
	tests/scenario-joined.c \
	tests/scenario-listeners.c \
	tests/scenario-promises.c \
	tests/scenario-sockets.c \
	tests/scenario-streams.c \
	tests/scenario-sync.c \
	tests/scenario-talk.c \
	tests/scenario-tasks.c \
	tests/scenario-threads.c \
	tests/scenario.c \
	tests/scenario.h
tests_test_scenarios_SOURCES = $(scenario_sources) tests/test-scenarios.c
# These have getaddrinfo(3), and some of them connect(2), of their own.
attempts_sources = tests/attempts.c tests/attempts.h tests/resolver.c tests/resolver.h
tests_test_datagram_SOURCES = $(attempts_sources) tests/test-datagram.c
tests_test_connect_by_name_SOURCES = $(attempts_sources) tests/test-connect-by-name.c
tests_test_happy_eyeballs_SOURCES = $(attempts_sources) tests/test-happy-eyeballs.c
tests_test_lookup_SOURCES = tests/resolver.c tests/resolver.h tests/test-lookup.c
fault_sources = \
	tests/fault-calls.c \
	tests/fault-descriptors.c \
	tests/fault-processes.c \
	tests/faults.c \
	tests/faults.h
tests_test_file_faults_SOURCES = $(fault_sources) tests/test-file-faults.c
tests_test_faults_SOURCES = $(fault_sources) $(scenario_sources) tests/test-faults.c

# What the library hides, on its own.
tests_test_wheel_SOURCES = lib/time/wheel-private.h lib/time/wheel.c tests/test-wheel.c
tests_test_wheel_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib

# The driver is also a libFuzzer target: see fuzz/local.mk.
tests_test_model_SOURCES = \
	fuzz/calls.c fuzz/library.c fuzz/model.c fuzz/model.h fuzz/operations.c fuzz/play.c fuzz/reference.c \
	fuzz/reference.h fuzz/reference-end.c fuzz/reference-loop.c \
	fuzz/reference-run.c fuzz/reference-side.c fuzz/reference-tick.c tests/test-model.c

# It has a kind of promise of its own, and so the library's objects, of which the library exports nothing.
tests_test_put_back_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib
tests_test_put_back_LDADD = $(libvow_la_OBJECTS) $(LDADD)

# What the programs link with.
LDADD = tests/libsupport.la

TESTS = $(test_scripts) $(test_programs)

else !HAVE_GLIB

check-local:
	@echo "make check needs GLib 2.66 or later (Debian: libglib2.0-dev) and pkg-config to find it by." >&2
	@echo "configure found none: no test was built and none was run." >&2
	@echo "Install it, run configure again, then make check." >&2
	@exit 1

endif !HAVE_GLIB

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(TEST_TIMEOUT) $(SHELL)
LOG_COMPILER = $(TEST_TIMEOUT)

# A guard against a test that hangs, far above what any of them takes.
if HAVE_TIMEOUT
TEST_TIMEOUT = $(TIMEOUT) -k 10 900
endif

# What the scripts know about this build.
# Programs that make thousands of loops would have each slab mapped and unmapped by glibc, which some systems take
# long for: test-random takes 0.4 s instead of 25.
AM_TESTS_ENVIRONMENT = \
	MALLOC_MMAP_THRESHOLD_=1048576; export MALLOC_MMAP_THRESHOLD_; \
	MALLOC_TRIM_THRESHOLD_=67108864; export MALLOC_TRIM_THRESHOLD_; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	AWK='$(AWK)'; export AWK; \
	CC='$(CC)'; export CC; \
	CLANG='$(CLANG)'; export CLANG; \
	CXX='$(CXX)'; export CXX; \
	LIBEV_CFLAGS='$(LIBEV_CPPFLAGS)'; export LIBEV_CFLAGS; \
	LIBEV_LIBS='$(LIBEV_LIBS)'; export LIBEV_LIBS; \
	LIBTOOL='$(LIBTOOL)'; export LIBTOOL; \
	NM='$(NM)'; export NM; \
	SANITIZER_FLAGS='$(SANITIZER_FLAGS)'; export SANITIZER_FLAGS; \
	VOW_HEADERS='$(include_HEADERS) $(vowinclude_HEADERS) $(nodist_vowinclude_HEADERS)'; export VOW_HEADERS;

# One after the other: with make -j, `all` and the programs would each make the library.
check-built:
	@$(MAKE) $(AM_MAKEFLAGS) all
	@$(MAKE) $(AM_MAKEFLAGS) $(check_LTLIBRARIES) $(check_PROGRAMS)

# The test programs under Valgrind. Build with --enable-debug, so that it can see into the pools. Without
# test-depth: its millions of links take many minutes there, and AddressSanitizer sees the same in seconds.
VALGRIND_FLAGS = --quiet --error-exitcode=99 --num-callers=30 --leak-check=full \
	--errors-for-leak-kinds=definite,indirect

check-valgrind: check-built
	@test -n '$(VALGRIND)' || { echo 'make check-valgrind needs Valgrind' >&2; exit 1; }
	programs=`echo $(test_programs) | sed 's, *tests/test-depth,,'` && \
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS="$$programs" TEST_SUITE_LOG=test-suite-valgrind.log \
		LOG_COMPILER='$(TEST_TIMEOUT) $(VALGRIND) $(VALGRIND_FLAGS)'

# The test programs on each of libev's ways to wait: select (1), poll (2) and epoll (4).
check-backends: check-built
	@failed=; for flags in 1 2 4; do \
		echo "LIBEV_FLAGS=$$flags"; \
		LIBEV_FLAGS=$$flags $(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(test_programs)' \
			TEST_SUITE_LOG=test-suite-backend-$$flags.log || failed="$$failed $$flags"; \
	done; test -z "$$failed" || { echo "check-backends: failed with LIBEV_FLAGS$$failed" >&2; exit 1; }

.PHONY: check-backends check-built check-valgrind
