#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The documentation is true of the tree: every public function and documented macro has a page, the pages'
# prototypes are those of the headers, and nothing refers to what is not there. (What it shows as code is for
# tests/snippets.sh.)
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"

flags='-std=c11 -pedantic -Wall -Wextra -Wconversion -Werror'
folders="-I$top_srcdir/include -I$top_builddir/include $LIBEV_CFLAGS"
manual=$top_builddir/docs/man
[ -d "$manual" ] || manual=$top_srcdir/docs/man
overview=$top_srcdir/docs/vow.7
readme=$top_srcdir/README.md
# Written in Markdown, with links that begin where the file stands.
pages_of_text="README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md bench/README.md examples/README.md tests/README.md"

# A check on a list that is expected to have been made: an empty one would prove nothing.
expect_some() # expect_some TEXT FILE
{
    if [ -s "$2" ]; then
        ok "$1"
    else
        not_ok "$1"
    fi
}

# ---- What there is to document, read from the headers without the generator --------------------------------

for header in $VOW_HEADERS; do
    cat "$top_srcdir/$header" 2>/dev/null || cat "$top_builddir/$header"
done >"$scratch/headers"

# Declarations and inline functions, one a line, without comments, preprocessor lines and bodies' insides.
declarations()
{
    sed -e 's,/\*.*\*/,,g' "$scratch/headers" | $AWK '
        /\/\*/ { comment = 1 }
        !comment && !macro && !/^[ \t]*#/ { print }
        { macro = /\\$/ && (macro || /^[ \t]*#/) }
        /\*\// { comment = 0 }' | tr '\n;{}' ' \n\n\n' | grep -E 'VOW_API|static inline'
}

# Names of functions; those of the library's own with two underscores are nobody's to call.
declarations | sed -n 's/^[^(]*[ *]\(vow_[a-z][a-z0-9_]*\)(.*/\1/p' | sort >"$scratch/functions"

# Macros with a comment directly before them, and every one in lower case, which stands for a function.
$AWK '
    /^#define vow_/ || (/^#define VOW_[A-Z]/ && documented) { sub(/\(.*/, "", $2); print $2 }
    /^\/\*\*/ { inside = 1 }
    { documented = inside && /\*\/$/ }
    /\*\// { inside = 0 }
' "$scratch/headers" | sort >"$scratch/macros"

sort -u "$scratch/functions" "$scratch/macros" >"$scratch/public"
# What a program writes: not the functions behind macros.
$AWK 'NR == FNR { macro[$1] = 1; next }
      { short = $1; sub(/_at$/, "", short) }
      short == $1 || !macro[short] || short == "vow_async"' \
    "$scratch/macros" "$scratch/public" >"$scratch/names"
expect_some "the headers have functions" "$scratch/functions"
expect_some "the headers have documented macros" "$scratch/macros"

# ---- The pages of section 3 --------------------------------------------------------------------------------

while read -r name; do
    [ -s "$manual/$name.3" ] || echo "$name has no page"
done <"$scratch/public" >"$scratch/missing"
check_empty "every public function and documented macro has a page" "$scratch/missing"

sed -n 's/^[.]BR \([A-Za-z_]*\) (3).*/\1/p' "$overview" | sort -u >"$scratch/in_overview"
sort -u "$scratch/names" | comm -23 - "$scratch/in_overview" >"$scratch/missing"
check_empty "vow(7) names every public function and macro" "$scratch/missing"

# Names of our pages that a page names, as "page name".
references()
{
    {
        sed -n -e 's/^[.]so man[37]\///p' -e 's/^[.]BR \([A-Za-z_]*\) (\([37]\)).*/\1.\2/p' \
            "$overview" "$manual"/*.3
        $AWK '{ gsub(/\\fB/, "\n"); print }' "$overview" "$manual"/*.3 |
            sed -n 's/^\([A-Za-z_]*\)\\fP(\([37]\)).*/\1.\2/p'
    } | grep -i '^vow' | sort -u
}
references >"$scratch/references"
expect_some "the pages refer to each other" "$scratch/references"
while read -r page; do
    [ -e "$manual/$page" ] || [ -e "$top_srcdir/docs/$page" ] || echo "$page"
done <"$scratch/references" >"$scratch/missing"
check_empty "every page that a page refers to is there" "$scratch/missing"

# The declarations of a page's synopsis as C, one a line.
synopsis() # synopsis PAGE
{
    sed -n '/^[.]SH SYNOPSIS/,/^[.]fi/p' "$1" |
        sed -e '/^[.]/d' -e 's/\\f[BIPR]//g' -e 's/\\-/-/g' -e '/^#include/d' |
        tr '\n' ' ' | tr ';' '\n' | sed -e 's/  */ /g' -e 's/^ //' -e '/^$/d'
}

# "vow_then(...)" as the function behind the macro, with the place where its page says that it takes the site.
behind() # behind NAME PAGE DECLARATION
{
    if sed -e 's/\\f[BIPR]//g' "$2" | tr '\n' ' ' | grep -q "$1_at(site, "; then
        echo "$3" | sed "s/\([ *]\)$1(/\1$1_at(const char *site, /"
    else
        echo "$3" | sed -e "s/\([ *]\)$1(/\1$1_at(/" -e 's/)$/, const char *site)/'
    fi
}

# Every prototype once more, after the headers: a compiler refuses those that do not agree.
prototypes()
{
    echo '#include <vow.h>'
    for page in $(grep -L '^[.]so ' "$manual"/*.3); do
        name=${page##*/}
        name=${name%.3}
        synopsis "$page" | while read -r line; do
            case $line in
            *'{'*) break ;;
            typedef*) echo "$line;" ;;
            *"$name("*)
                if grep -qx "${name}_at" "$scratch/functions" && [ "$name" != vow_async ]; then
                    echo "$(behind "$name" "$page" "$line");"
                elif grep -qx "$name" "$scratch/functions"; then
                    echo "$line;"
                fi
                ;;
            esac
        done
    done
}
prototypes >"$scratch/prototypes.c"
check "the pages' prototypes are those of the headers" \
    $CC $flags $folders -fsyntax-only "$scratch/prototypes.c"
sed -n 's/^[^(]*[ *]\(vow_[a-z0-9_]*\)(.*/\1/p' "$scratch/prototypes.c" | sort >"$scratch/shown"
check "every function's prototype is in a page" diff "$scratch/functions" "$scratch/shown"

$AWK '/^[.]SH/ { inside = /SYNOPSIS/ } inside && /VOW_[A-Z_]*(\(.*\))? *[a-z]/ { print FILENAME ": " $0 }' \
    "$manual"/vow_*.3 >"$scratch/wrong"
check_empty "no attribute of the headers shows in a prototype" "$scratch/wrong"

# The macros that no function stands behind: the same parameters in the same order.
arguments() # arguments: the names in the brackets of a declaration
{
    sed -e 's/^[^(]*(//' -e 's/).*//' | tr ',' '\n' | sed -e 's/.*[ *]//' | tr '\n' ' '
}
sed -n 's/_at$//p' "$scratch/functions" | sort >"$scratch/behind_macros"
comm -23 "$scratch/macros" "$scratch/behind_macros" >"$scratch/alone"
expect_some "some macros have no function behind them" "$scratch/alone"
while read -r name; do
    define=$(grep "^#define $name(" "$scratch/headers")
    [ -n "$define" ] && [ -e "$manual/$name.3" ] || continue
    case $define in *...*) continue ;; esac
    page=$(synopsis "$manual/$name.3" | grep "$name(" | arguments)
    [ "$(echo "$define" | arguments)" = "$page" ] || echo "$define, but the page says: $page"
done <"$scratch/alone" >"$scratch/wrong"
check_empty "the pages' macros have the parameters of the headers" "$scratch/wrong"

pages="$overview $(grep -L '^[.]so ' "$manual"/*.3)"
for title in NAME SYNOPSIS DESCRIPTION 'SEE ALSO'; do
    grep -L "^[.]SH $title\$" $pages | sed "s/\$/: no $title/"
done >"$scratch/wrong"
check_empty "every page has its sections" "$scratch/wrong"

text="the pages are clean"
if command -v mandoc >/dev/null 2>&1; then
    mandoc -Tlint -W warning $pages >"$scratch/lint" 2>&1
    check_empty "$text (mandoc -Tlint)" "$scratch/lint"
else
    skip "$text (mandoc -Tlint)" "no mandoc"
fi
if command -v groff >/dev/null 2>&1 && [ -n "$(groff -man -Tutf8 "$overview" 2>/dev/null)" ]; then
    groff -ww -man -Tutf8 $pages 2>"$scratch/lint" >/dev/null
    check_empty "$text (groff -ww)" "$scratch/lint"
else
    skip "$text (groff -ww)" "no groff with its man macros"
fi

# ---- How the pages are made --------------------------------------------------------------------------------

sources=$(echo "$VOW_HEADERS" | sed 's,version[.]h,version.h.in,')

# With a locale, a time zone and an order of hashes of its own.
generate() # generate FOLDER SEED
{
    mkdir "$1"
    (cd "$top_srcdir" && LC_ALL=C TZ=Pacific/Apia PERL_HASH_SEED=$2 perl tools/man.pl --changelog ChangeLog \
        --out "$1" $sources)
}

if command -v perl >/dev/null 2>&1; then
    {
        generate "$scratch/man" 7
        diff -r "$manual" "$scratch/man"
    } >"$scratch/log" 2>&1
    check_empty "the same headers give the same pages, without a warning" "$scratch/log"
    (cd "$top_srcdir" && perl tools/man.pl --list $sources) >"$scratch/pages.mk"
    check "docs/pages.mk is up to date (make man-list)" diff "$top_srcdir/docs/pages.mk" "$scratch/pages.mk"
else
    skip "the same headers give the same pages" "no perl"
    skip "docs/pages.mk is up to date" "no perl"
fi

version=$(sed -n 's/^Version: //p' "$top_builddir/vow.pc")
release=$(sed -n 's/^libvow \([0-9.]*\) (\([0-9-]*\).*/\2 "libvow \1"/p' "$top_srcdir/ChangeLog" | head -n 1)
grep -h "^[.]TH" $pages | grep -v " $release \"libvow\"\$" >"$scratch/wrong"
check_empty "every page has the ChangeLog's version and date" "$scratch/wrong"
check "the ChangeLog begins with the version that configure.ac has" \
    test "${release#* }" = "\"libvow $version\""
check "the README names that version" grep -q "The version is $version[,.]" "$readme"

# ---- Sentences, and names of pages -------------------------------------------------------------------------

# Two versions of a paragraph in one another, as a careless merge leaves them: a sentence goes on behind its
# full stop.
for file in "$overview" "$readme" "$top_srcdir/ChangeLog"; do
    $AWK 'last ~ /[a-z)][.]$/ && /^ *[a-z]/ { print FILENAME ":" FNR ": " $0 } { last = $0 }' "$file"
done >"$scratch/wrong"
check_empty "no line of the documents goes on with a sentence that has ended" "$scratch/wrong"

grep -o '`man [A-Za-z_]*`' "$readme" | sed 's/.* \(.*\)`/\1/' | while read -r name; do
    [ -e "$manual/$name.3" ] || [ -e "$top_srcdir/docs/$name.7" ] || echo "$name"
done >"$scratch/missing"
check_empty "every manual page that the README names is there" "$scratch/missing"

# ---- Names in the code -------------------------------------------------------------------------------------

names() # names: the words that look like ours; not a beginning of some, such as vow_as_...
{
    tr -cs 'A-Za-z0-9_' '\n' | grep -E '^(vow|VOW)_.*[^_]$' | sort -u
}

without_comments()
{
    sed 's,/\*.*\*/,,g' | $AWK '
        /\/\*/ { comment = 1; sub(/\/\*.*/, ""); print; next }
        /\*\// { comment = 0; next }
        !comment { print }'
}
cat "$scratch/headers" "$top_srcdir"/lib/*/*.[ch] "$top_srcdir/configure.ac" |
    without_comments | names >"$scratch/code"
expect_some "the code has names" "$scratch/code"
cat "$scratch/headers" "$overview" "$readme" "$top_srcdir/ARCHITECTURE.md" "$top_srcdir/HACKING" | names | grep -vx vow_loops |
    comm -23 - "$scratch/code" >"$scratch/missing"
check_empty "every name in the documents and the headers' comments is one of the code" "$scratch/missing"

# ---- References to files -----------------------------------------------------------------------------------

for page in $pages_of_text; do
    grep -o '](\([^)]*\))' "$top_srcdir/$page" | sed -e 's/^](//' -e 's/)$//' -e 's/#.*//' | grep -v '^[a-z]*:' |
        sed "s,^,$(dirname "$page")/,"
done | sort -u >"$scratch/links"
expect_some "the README and the others have relative links" "$scratch/links"
while read -r link; do
    [ -e "$top_srcdir/$link" ] || echo "$link"
done <"$scratch/links" >"$scratch/missing"
check_empty "no relative link of theirs is dead" "$scratch/missing"

# Words of HACKING and the rest that look like files of the tree, or like programs made of one.
(cd "$top_srcdir" && sed 's/[^ ]*\*[^ ]*//g' HACKING README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md) | tr -cs 'A-Za-z0-9_./-' '\n' | sed 's/[./]*$//' |
    grep -E '^(lib|tests|tools|docs|examples|include)/' | grep -v '^docs/man' | sort -u >"$scratch/paths"
expect_some "HACKING names files" "$scratch/paths"
while read -r path; do
    [ -e "$top_srcdir/$path" ] || [ -e "$top_srcdir/$path.c" ] || echo "$path"
done <"$scratch/paths" >"$scratch/missing"
check_empty "every file that HACKING, the README and ARCHITECTURE.md name is there" "$scratch/missing"

for program in "$top_srcdir"/examples/*.c; do
    grep -q '^int main' "$program" || continue
    grep -q "(examples/$(basename "$program"))" "$readme" || echo "$(basename "$program")"
done >"$scratch/missing"
check_empty "the README names every example" "$scratch/missing"

finish
