# SPDX-License-Identifier: BSD-2-Clause
# The manual: vow(7) is written by hand, the pages of section 3 are written by tools/man.pl from the public
# headers. A tarball brings them all; a git clone makes them, with the perl that automake needs anyway.

# man_pages; `make man-list` writes it anew.
include docs/pages.mk

dist_man_MANS = docs/vow.7 $(man_pages)

man_tools = tools/man.pl tools/VowHeaders.pm tools/VowRoff.pm
man_headers = $(include_HEADERS) $(vowinclude_HEADERS) include/vow/version.h.in

EXTRA_DIST += README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md HACKING ChangeLog $(man_tools) docs/man.stamp
MAINTAINERCLEANFILES = $(man_pages) docs/man.stamp

# One run writes every page. The stamp is older than all of them.
docs/man.stamp: $(man_tools) $(man_headers) ChangeLog
	@test -n '$(PERL)' || { echo 'The manual is made with perl, which configure did not find.' >&2; exit 1; }
	@$(MKDIR_P) docs/man
	@rm -f docs/man.tmp && touch docs/man.tmp
	$(AM_V_GEN)here=`pwd` && cd $(srcdir) && \
		$(PERL) tools/man.pl --changelog ChangeLog --out "$$here/docs/man" $(man_headers)
	@mv docs/man.tmp $@

# A page that somebody has deleted. Several may be made at once: each writes them all, with the same bytes.
$(man_pages): docs/man.stamp
	@test -f $@ || test -f $(srcdir)/$@ || { here=`pwd` && cd $(srcdir) && \
		$(PERL) tools/man.pl --changelog ChangeLog --out "$$here/docs/man" $(man_headers); }

# After a public name came or went.
man-list:
	cd $(srcdir) && $(PERL) tools/man.pl --list $(man_headers) > docs/pages.mk

.PHONY: man-list
