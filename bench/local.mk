# SPDX-License-Identifier: BSD-2-Clause
# The benchmarks: built and run by `make bench`, and by nothing else. See bench/README.md.

bench_programs = \
	bench/instructions \
	bench/memory_vow \
	bench/w10_http_floor \
	bench/w11_deadline_floor \
	bench/w11_deadline_vow \
	bench/w11_deadline_1k_floor \
	bench/w11_deadline_1k_vow \
	bench/w11_deadline_1m_floor \
	bench/w11_deadline_1m_vow \
	bench/w12_lines_client \
	bench/w12_lines_vow \
	bench/w1_chain_floor \
	bench/w1_chain_vow \
	bench/w2_cycle_floor \
	bench/w2_cycle_vow \
	bench/w2_run_floor \
	bench/w2_run_vow \
	bench/w3_all_floor \
	bench/w3_all_vow \
	bench/w4_await_floor \
	bench/w4_await_vow \
	bench/w5_spawn_floor \
	bench/w5_spawn_vow \
	bench/w6_sleep_floor \
	bench/w6_sleep_vow \
	bench/w7_skynet_floor \
	bench/w7_skynet_vow \
	bench/w7_tasks_vow \
	bench/w8_doxbee_floor \
	bench/w8_doxbee_vow \
	bench/w9_client \
	bench/w9_echo_floor \
	bench/w9_echo_vow \
	bench/warm

EXTRA_PROGRAMS = $(bench_programs)
CLEANFILES += $(bench_programs)

bench_common = bench/bench.c bench/bench.h
bench_floor = $(bench_common) bench/floor.h
bench_vow_libs = libvow.la $(LIBEV_LIBS)

bench_w1_chain_floor_SOURCES = bench/w1_chain_floor.c $(bench_floor)
bench_w1_chain_floor_LDADD = $(LIBEV_LIBS)
bench_w1_chain_vow_SOURCES = bench/w1_chain_vow.c $(bench_common)
bench_w1_chain_vow_LDADD = $(bench_vow_libs)
bench_w2_cycle_floor_SOURCES = bench/w2_cycle_floor.c $(bench_floor)
bench_w2_cycle_floor_LDADD = $(LIBEV_LIBS)
bench_w2_cycle_vow_SOURCES = bench/w2_cycle_vow.c $(bench_common)
bench_w2_cycle_vow_LDADD = $(bench_vow_libs)
bench_w2_run_floor_SOURCES = bench/w2_run_floor.c $(bench_floor)
bench_w2_run_floor_LDADD = $(LIBEV_LIBS)
bench_w2_run_vow_SOURCES = bench/w2_run_vow.c $(bench_common)
bench_w2_run_vow_LDADD = $(bench_vow_libs)
bench_w3_all_floor_SOURCES = bench/w3_all_floor.c $(bench_floor)
bench_w3_all_floor_LDADD = $(LIBEV_LIBS)
bench_w3_all_vow_SOURCES = bench/w3_all_vow.c $(bench_common)
bench_w3_all_vow_LDADD = $(bench_vow_libs)
bench_w4_await_floor_SOURCES = bench/w4_await_floor.c $(bench_floor)
bench_w4_await_floor_LDADD = $(LIBEV_LIBS)
bench_w4_await_vow_SOURCES = bench/w4_await_vow.c $(bench_common)
bench_w4_await_vow_LDADD = $(bench_vow_libs)
bench_w5_spawn_floor_SOURCES = bench/w5_spawn_floor.c $(bench_floor)
bench_w5_spawn_floor_LDADD = $(LIBEV_LIBS)
bench_w5_spawn_vow_SOURCES = bench/w5_spawn_vow.c $(bench_common)
bench_w5_spawn_vow_LDADD = $(bench_vow_libs)
bench_w6_sleep_floor_SOURCES = bench/w6_sleep_floor.c $(bench_floor)
bench_w6_sleep_floor_LDADD = $(LIBEV_LIBS)
bench_w6_sleep_vow_SOURCES = bench/w6_sleep_vow.c $(bench_common)
bench_w6_sleep_vow_LDADD = $(bench_vow_libs)
bench_w7_skynet_floor_SOURCES = bench/w7_skynet_floor.c $(bench_floor)
bench_w7_skynet_floor_LDADD = $(LIBEV_LIBS)
bench_w7_skynet_vow_SOURCES = bench/w7_skynet_vow.c $(bench_common)
bench_w7_skynet_vow_LDADD = $(bench_vow_libs)
bench_w7_tasks_vow_SOURCES = bench/w7_tasks_vow.c $(bench_common)
bench_w7_tasks_vow_LDADD = $(bench_vow_libs)
bench_w8_doxbee_floor_SOURCES = bench/w8_doxbee_floor.c bench/fake.h $(bench_floor)
bench_w8_doxbee_floor_LDADD = $(LIBEV_LIBS)
bench_w8_doxbee_vow_SOURCES = bench/w8_doxbee_vow.c bench/fake.h $(bench_floor)
bench_w8_doxbee_vow_LDADD = $(bench_vow_libs)
bench_w9_client_SOURCES = bench/w9_client.c $(bench_common)
bench_w9_client_LDADD =
bench_w9_echo_floor_SOURCES = bench/w9_echo_floor.c bench/serve.h $(bench_common)
bench_w9_echo_floor_LDADD = $(LIBEV_LIBS)
bench_w9_echo_vow_SOURCES = bench/w9_echo_vow.c
bench_w9_echo_vow_LDADD = $(bench_vow_libs)
bench_w10_http_floor_SOURCES = bench/w10_http_floor.c bench/serve.h $(bench_common) $(examples_http_parser)
bench_w10_http_floor_LDADD = $(LIBEV_LIBS)
bench_w11_deadline_floor_SOURCES = bench/w11_deadline_floor.c $(bench_floor)
bench_w11_deadline_floor_CPPFLAGS = $(AM_CPPFLAGS) -DOTHERS=1
bench_w11_deadline_floor_LDADD = $(LIBEV_LIBS)
bench_w11_deadline_vow_SOURCES = bench/w11_deadline_vow.c $(bench_common)
bench_w11_deadline_vow_CPPFLAGS = $(AM_CPPFLAGS) -DOTHERS=1
bench_w11_deadline_vow_LDADD = $(bench_vow_libs)
bench_w11_deadline_1k_floor_SOURCES = bench/w11_deadline_floor.c $(bench_floor)
bench_w11_deadline_1k_floor_CPPFLAGS = $(AM_CPPFLAGS) -DOTHERS=1000
bench_w11_deadline_1k_floor_LDADD = $(LIBEV_LIBS)
bench_w11_deadline_1k_vow_SOURCES = bench/w11_deadline_vow.c $(bench_common)
bench_w11_deadline_1k_vow_CPPFLAGS = $(AM_CPPFLAGS) -DOTHERS=1000
bench_w11_deadline_1k_vow_LDADD = $(bench_vow_libs)
bench_w11_deadline_1m_floor_SOURCES = bench/w11_deadline_floor.c $(bench_floor)
bench_w11_deadline_1m_floor_CPPFLAGS = $(AM_CPPFLAGS) -DOTHERS=1000000
bench_w11_deadline_1m_floor_LDADD = $(LIBEV_LIBS)
bench_w11_deadline_1m_vow_SOURCES = bench/w11_deadline_vow.c $(bench_common)
bench_w11_deadline_1m_vow_CPPFLAGS = $(AM_CPPFLAGS) -DOTHERS=1000000
bench_w11_deadline_1m_vow_LDADD = $(bench_vow_libs)
bench_w12_lines_client_SOURCES = bench/w12_lines_client.c $(bench_common)
bench_w12_lines_client_LDADD =
bench_w12_lines_vow_SOURCES = bench/w12_lines_vow.c
bench_w12_lines_vow_LDADD = $(bench_vow_libs)
bench_memory_vow_SOURCES = bench/memory_vow.c $(bench_common)
bench_memory_vow_LDADD = $(bench_vow_libs)
bench_instructions_SOURCES = bench/instructions.c $(bench_common)
bench_instructions_LDADD = $(bench_vow_libs)
bench_warm_SOURCES = bench/warm.c
bench_warm_LDADD =

EXTRA_DIST += \
	bench/README.md \
	bench/bench.py \
	bench/instructions.sh \
	bench/instructions.txt \
	bench/peers.py \
	bench/peers/asio.cc \
	bench/peers/asyncio_peer.py \
	bench/peers/gtask.c \
	bench/peers/kj.cc \
	bench/peers/node.js \
	bench/peers/node_echo.js \
	bench/peers/peer.h \
	bench/peers/tevent.c \
	bench/peers/tokio/Cargo.toml \
	bench/peers/tokio/src/bench.rs \
	bench/peers/tokio/src/main.rs \
	bench/plot.py \
	bench/report.py \
	bench/servers.py \
	bench/session.py \
	bench/suite.py

# For example: make bench BENCH_FLAGS='--quick', or '--only W4', or '--no-peers'.
BENCH_FLAGS =

bench: $(bench_programs) examples/http_server
	@if python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then \
		PYTHONDONTWRITEBYTECODE=1 python3 $(srcdir)/bench/bench.py --build . --src '$(srcdir)' --cc '$(CC)' \
			--cxx '$(CXX)' --cflags='$(CFLAGS) $(SANITIZER_FLAGS)' --defs='$(DEFS)' --libev='$(LIBEV_LIBS)' \
			--pkg-config '$(PKG_CONFIG)' $(BENCH_FLAGS); \
	else \
		echo 'make bench needs Python 3.8 or later to run the programs: they are built in bench/, and each' \
			'prints "ns_per_op bytes_per_object checksum" when it is run by hand.'; \
	fi

# The instruction counts alone, for which no machine is too busy.
bench-instructions: bench/instructions
	top_srcdir='$(srcdir)' CC='$(CC)' $(SHELL) $(srcdir)/bench/instructions.sh

mostlyclean-local: bench-clean
bench-clean:
	rm -rf bench/built-peers bench/results bench/static-*

.PHONY: bench bench-clean bench-instructions
