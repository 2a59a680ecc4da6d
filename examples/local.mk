# SPDX-License-Identifier: BSD-2-Clause
# The examples: built by `make`, run by tests/examples.sh, not installed.

noinst_PROGRAMS = \
	examples/ask \
	examples/chain_libev \
	examples/chain_vow \
	examples/chat \
	examples/clock \
	examples/copy \
	examples/echo \
	examples/fetch_all \
	examples/filter \
	examples/first \
	examples/follow \
	examples/greet \
	examples/handover \
	examples/http_server \
	examples/kitchen \
	examples/offload \
	examples/own_watcher \
	examples/pipeline \
	examples/prefork \
	examples/redis \
	examples/replace \
	examples/resolve \
	examples/retry \
	examples/rev \
	examples/run_all \
	examples/say \
	examples/sensor \
	examples/timeout \
	examples/udp_echo

# What the two HTTP programs share; and of that the parser, which a benchmark has, too.
examples_http_parser = examples/http.c examples/http.h examples/http_field.c examples/http_first_line.c \
	examples/http_parse.h examples/http_reason.c
examples_http = $(examples_http_parser) examples/http_io.c

examples_fetch_all_SOURCES = examples/fetch_all.c examples/fetch.c examples/fetch.h examples/fetch_arguments.c \
	examples/fetch_show.c examples/http_url.c examples/timeline.c examples/timeline.h $(examples_http)
examples_http_server_SOURCES = examples/http_server.c examples/http_server.h examples/http_connection.c \
	examples/http_exchange.c examples/http_job.c examples/http_reply.c examples/http_routes.c $(examples_http)

# Each other one that is more than one file.
examples_chat_SOURCES = examples/chat.c examples/chat.h examples/chat_client.c examples/chat_room.c \
	examples/chat_text.c
examples_follow_SOURCES = examples/follow.c examples/follow_file.c examples/follow.h
examples_prefork_SOURCES = examples/prefork.c examples/prefork_child.c examples/prefork.h
examples_redis_SOURCES = examples/redis.c examples/redis.h examples/redis_command.c examples/redis_reply.c

# Without what the tests link with, see tests/local.mk.
example_libs = libvow.la $(LIBEV_LIBS)
examples_ask_LDADD = $(example_libs)
examples_chain_libev_LDADD = $(LIBEV_LIBS)
examples_chain_vow_LDADD = $(example_libs)
examples_chat_LDADD = $(example_libs)
examples_clock_LDADD = $(example_libs)
examples_copy_LDADD = $(example_libs)
examples_echo_LDADD = $(example_libs)
examples_fetch_all_LDADD = $(example_libs)
examples_filter_LDADD = $(example_libs)
examples_first_LDADD = $(example_libs)
examples_follow_LDADD = $(example_libs)
examples_greet_LDADD = $(example_libs)
examples_handover_LDADD = $(example_libs)
examples_http_server_LDADD = $(example_libs)
examples_kitchen_LDADD = $(example_libs)
examples_offload_LDADD = $(example_libs)
examples_own_watcher_LDADD = $(example_libs)
examples_pipeline_LDADD = $(example_libs)
examples_prefork_LDADD = $(example_libs)
examples_redis_LDADD = $(example_libs)
examples_replace_LDADD = $(example_libs)
examples_resolve_LDADD = $(example_libs)
examples_retry_LDADD = $(example_libs)
examples_rev_LDADD = $(example_libs)
examples_run_all_LDADD = $(example_libs)
examples_say_LDADD = $(example_libs)
examples_sensor_LDADD = $(example_libs)
examples_timeout_LDADD = $(example_libs)
examples_udp_echo_LDADD = $(example_libs)

# A project of its own, which `make installcheck` builds against the installed library.
consumer_files = \
	examples/consumer/Makefile.am \
	examples/consumer/configure.ac \
	examples/consumer/consumer.c

EXTRA_DIST += $(consumer_files) examples/README.md examples/demo.sh

# So that a tarball can run installcheck without autoconf.
dist-hook:
	cd $(distdir)/examples/consumer && $(AUTORECONF) --force --install && rm -rf autom4te.cache

installcheck-local:
	$(AM_V_at)CC='$(CC)' CFLAGS='$(CFLAGS) $(SANITIZER_FLAGS)' LDFLAGS='$(LDFLAGS)' MAKE='$(MAKE)' \
	AUTORECONF='$(AUTORECONF)' PKG_CONFIG='$(PKG_CONFIG)' DESTDIR='$(DESTDIR)' libdir='$(libdir)' \
	includedir='$(includedir)' pkgconfigdir='$(pkgconfigdir)' SANITIZER_FLAGS='$(SANITIZER_FLAGS)' \
	$(SHELL) $(srcdir)/tools/installcheck.sh '$(abs_top_srcdir)/examples/consumer' installcheck

clean-local:
	rm -rf installcheck
