# SPDX-License-Identifier: BSD-2-Clause
# The model test as a libFuzzer target, with clang: `make fuzz`, `make fuzz FUZZ_ARGUMENTS=600` for ten
# minutes. What make check plays of it is in tests/local.mk.

FUZZ_ARGUMENTS = 60

fuzz:
	@$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/fuzz/run.sh $(FUZZ_ARGUMENTS); \
	status=$$?; test $$status = 77 || exit $$status

.PHONY: fuzz

EXTRA_DIST += fuzz/corpus/found.hex fuzz/corpus/model.hex fuzz/run.sh fuzz/target.c
