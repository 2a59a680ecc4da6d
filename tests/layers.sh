#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The folders of lib/ are layers. A folder uses the private headers and functions of those that the table names,
# and public ones of whatever stands at its own height or below. Read from the includes, and once more from the
# symbols of the object files. What is below lib/loop knows no libev, and nothing knows GLib.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir/lib" || exit 99

# From the bottom to the top: each folder, and those besides itself and base whose private parts it may use.
cat >"$scratch/layers" <<'END'
base
os
thread    os
core
task      core
sync      core task
loop      os thread core
time      core loop
io        os core loop
stream    os core loop io
process   os core loop time
offload   core thread loop
file      os core loop offload
net       os core loop time io offload
testing   core loop time
END

# Where public headers stand that are not called as their folder is: in the lowest that has a function of theirs.
cat >"$scratch/homes" <<'END'
address net
allocator base
combinators core
common base
datagram net
error core
interval time
lookup net
poll io
promise core
queue sync
remote offload
report core
server net
signal process
socket net
time loop
unix net
value core
version base
watch file
END

# Files that are one thing, though each calls the others: nothing but these may go round in a circle.
# A promise: settling runs reactions, reactions let go of promises, and what goes cleans up and settles.
# The pool of threads: one lock.
cat >"$scratch/wholes" <<'END'
core/interest core/promise core/resolver core/scheduler core/share core/thenable core/verbs
thread/workers thread/jobs thread/worker
END

ls -d */ | tr -d / | sort >"$scratch/folders"
awk '{ print $1 }' "$scratch/layers" | sort >"$scratch/known"
comm -3 "$scratch/folders" "$scratch/known" >"$scratch/unknown"
check_empty "the folders of lib/ are the layers that this test knows" "$scratch/unknown"

# The same for those who read: a row of ARCHITECTURE.md ends with what the folder may use besides itself.
awk '{
    row = $1 == "base" ? "" : "base"
    for (i = 2; i <= NF; i++)
        row = row ", " $i
    print $1 ":" row
}' "$scratch/layers" >"$scratch/rows"
sed -n 's,^| \[lib/\([a-z]*\)/\](lib/[a-z]*/) | .* | *\([^|]*[^| ]\)* *|$,\1:\2,p' ../ARCHITECTURE.md |
    diff - "$scratch/rows" >"$scratch/wrong"
check_empty "ARCHITECTURE.md says what each folder may use" "$scratch/wrong"

# What the table says, for the programs below: height[FOLDER], may[FOLDER, OTHER], home[HEADER].
table='
FILENAME ~ /layers$/ {
    height[$1] = FNR
    may[$1, $1] = may[$1, "base"] = 1
    for (i = 2; i <= NF; i++)
        may[$1, $i] = 1
    next
}
FILENAME ~ /homes$/ { home[$1] = $2; next }'

# FILE:LINE:#include ...
grep -En '^[[:space:]]*#[[:space:]]*include[[:space:]]*("|<vow/)' */*.[ch] >"$scratch/includes"
awk "$table"'
{
    split($0, part, /[:"<>]/)
    folder = part[1]
    sub(/\/.*/, "", folder)
    name = $0
    sub(/^[^"<]*["<]/, "", name)
    sub(/[">].*/, "", name)
    other = name
    if ($0 ~ /</) {
        gsub(/^vow\/|\.h$/, "", other)
        other = other in home ? home[other] : other
        if (!(other in height) || height[other] > height[folder])
            print
    } else {
        sub(/\/.*/, "", other)
        if (!((folder, other) in may) || name !~ /^[a-z]+\/[a-z0-9-]+-private\.h$/)
            print
    }
}' "$scratch/layers" "$scratch/homes" "$scratch/includes" >"$scratch/up"
check_empty "each folder includes what it may" "$scratch/up"

# ---- The system --------------------------------------------------------------------------------------------
# Outside lib/os there is POSIX.1-2008 alone. Names that only some systems have, in code and not in comments; and no
# file there asks for more than POSIX or asks which system it is. lib/base stands below lib/os, and its allocator
# gives an advice where the headers have it.

others='accept4 pipe2 dup3 eventfd signalfd timerfd_[a-z]* inotify_[a-z0-9]* epoll_[a-z0-9]* kqueue kevent memfd_create clone
unshare vfork prctl syscall SYS_[a-z0-9_]* pidfd_(open|send_signal|getfd) P_PIDFD getpeereid getpeerucred ucred
SO_PEERCRED SO_DOMAIN SO_PROTOCOL SO_REUSEPORT SO_NOSIGPIPE SO_PASSCRED SOCK_NONBLOCK SOCK_CLOEXEC MSG_DONTWAIT
MSG_CMSG_CLOEXEC MSG_MORE MSG_TRUNC CMSG_SPACE CMSG_LEN CMSG_ALIGN SCM_CREDENTIALS TCP_[A-MO-Z][A-Z_]* ENONET
EHOSTDOWN ENOKEY ESHUTDOWN EREMOTEIO EAI_NODATA EAI_ADDRFAMILY O_PATH O_DIRECT O_TMPFILE AT_EMPTY_PATH f?getxattr
f?setxattr f?removexattr syncfs statx renameat2 copy_file_range sendfile splice tee RWF_[A-Z]* preadv2? pwritev2?
memmem memrchr strchrnul asprintf environ execvpe close_range closefrom ppoll sendmmsg recvmmsg ioctl TIOC[A-Z]*
FIO[A-Z]* NSIG SIGRTMIN SIGRTMAX sigtimedwait pthread_[a-z_]*_np pthread_condattr_setclock gettid getdents64 makedev
madvise MADV_[A-Z]* MAP_ANON(YMOUS)? __linux__ __APPLE__ __[A-Za-z]*BSD__ HAVE_[A-UW-Z][A-Z0-9_]*'
# shellcheck disable=SC2086
set -f
others=$(echo $others | tr ' ' '|')
set +f

# FILE:LINE:CODE of all but lib/os and the allocator, without comments.
find . -name '*.[ch]' ! -path './os/*' ! -path ./base/allocator.c | sort | while read -r file; do
    awk -v file="$file" '
    {
        line = $0
        code = ""
        while (line != "") {
            at = index(line, inside ? "*/" : "/*")
            if (!at) {
                code = code (inside ? "" : line)
                break
            }
            code = code (inside ? "" : substr(line, 1, at - 1) " ")
            line = substr(line, at + 2)
            inside = !inside
        }
        if (code ~ /[^ \t]/)
            print file ":" FNR ":" code
    }' "$file"
done >"$scratch/code"

grep -E '_(GNU|DEFAULT|BSD|DARWIN_C|NETBSD)_SOURCE|__EXTENSIONS__|VOW__LINUX|VOW_NO_LINUX_CALLS' \
    "$scratch/code" >"$scratch/wrong"
check_empty "outside lib/os nothing asks for more than POSIX, or which system it is" "$scratch/wrong"
grep -E "(^|[^A-Za-z0-9_.>\"])($others)([^A-Za-z0-9_]|\$)" "$scratch/code" | grep -v 'os/[a-z-]*-private' >"$scratch/wrong"
check_empty "outside lib/os nothing has names that only some systems have" "$scratch/wrong"
grep -E '^[^:]*:[0-9]*:[ \t]*#[ \t]*include *<(linux/|sys/(syscall|eventfd|epoll|inotify|prctl|xattr|sysmacros|ioctl|event)\.)' \
    "$scratch/code" >"$scratch/wrong"
check_empty "outside lib/os nothing includes a header that only some systems have" "$scratch/wrong"
grep -L '^#include "os/system-private.h"$' os/*.c >"$scratch/wrong"
grep -l 'os/system-private.h' ./*/*.[ch] | grep -v '^\./os/.*\.c$' >>"$scratch/wrong"
check_empty "lib/os/system-private.h is in every source of lib/os and nowhere else" "$scratch/wrong"

# ---- Object files ------------------------------------------------------------------------------------------

# What the library exports is public, even if only a macro calls it.
tr -d ' ;' <vow.map | grep '^vow_' | sort >"$scratch/exported"

# FILE NAME TYPE, with FILE as "core/promise"; not those of a file that is gone.
find "$top_builddir/lib" -path '*/.libs/libvow_*la-*.o' -exec ${NM:-nm} -A -P {} + 2>/dev/null |
    sed -n 's,^.*/lib/\([a-z]*\)/\.libs/libvow_[a-z_]*la-\([a-z0-9-]*\)\.o: *\([^ ]* [A-Za-z]\).*,\1/\2 \3,p' |
    while read -r file name type; do
        [ ! -f "$file.c" ] || echo "$file $name $type"
    done >"$scratch/symbols"
awk '$3 ~ /^[TDBRVWC]$/ { print $2, $1 }' "$scratch/symbols" | sort >"$scratch/defined"
awk '$3 == "U" { print $2, $1 }' "$scratch/symbols" | sort >"$scratch/wanted"
# USER SYMBOL OWNER, for each use across files.
join "$scratch/wanted" "$scratch/defined" | awk '$2 != $3 { print $2, $1, $3 }' >"$scratch/uses"

if [ "$(wc -l <"$scratch/uses")" -lt 100 ]; then
    skip "each folder calls what it may" "the object files have no symbols that can be read"
    skip "no static name stands in two files" "the object files have no symbols that can be read"
    skip "no files call one another in a circle" "the object files have no symbols that can be read"
else
    awk "$table"'
    FILENAME ~ /exported$/ { exported[$1]; next }
    {
        folder = $1
        owner = $3
        sub(/\/.*/, "", folder)
        sub(/\/.*/, "", owner)
        if (!((folder, owner) in may) && (!($2 in exported) || height[owner] > height[folder]))
            print $1, "uses", $2, "of", $3
    }' "$scratch/layers" "$scratch/homes" "$scratch/exported" "$scratch/uses" >"$scratch/up"
    check_empty "each folder calls what it may" "$scratch/up"

    # What the compiler makes has a dot in its name, or begins with _.
    awk '$3 ~ /^[tdbr]$/ && $2 !~ /^_|\./ { print $2, $1 }' "$scratch/symbols" | sort -u |
        awk '$1 == last { print $1, "of", file, "and", $2 } { last = $1; file = $2 }' >"$scratch/twice"
    check_empty "no static name stands in two files" "$scratch/twice"

    # Takes away what nobody calls and what calls nobody, until nothing more goes: circles are left, and the
    # ways between them.
    awk 'FILENAME ~ /wholes$/ { for (i = 1; i <= NF; i++) whole[$i] = $1; next }
    {
        from = $1 in whole ? whole[$1] : $1
        to = $3 in whole ? whole[$3] : $3
        if (from != to)
            edge[from " -> " to]
    }
    END {
        do {
            gone = 0
            split("", calls)
            split("", called)
            for (e in edge) {
                split(e, end, " -> ")
                calls[end[1]]
                called[end[2]]
            }
            for (e in edge) {
                split(e, end, " -> ")
                if (!(end[1] in called) || !(end[2] in calls)) {
                    delete edge[e]
                    gone = 1
                }
            }
        } while (gone)
        for (e in edge)
            print e
    }' "$scratch/wholes" "$scratch/uses" >"$scratch/circles"
    check_empty "no files call one another in a circle" "$scratch/circles"
fi

# Also what the headers include: the compiler lists all that one source depends on.
for layer in base os thread core task sync; do
    folders="-I. -I../include -I$top_builddir/include $LIBEV_CFLAGS"
    : >"$scratch/ev"
    for file in "$layer"/*.c; do
        # shellcheck disable=SC2086
        if ! $CC -std=c11 -M $folders "$file" >"$scratch/deps" 2>&1; then
            echo "$file does not preprocess"
        elif grep -Eq '(^|[/ ])(ev|ev\+\+|event)\.h( |$)' "$scratch/deps"; then
            echo "$file includes libev"
        fi >>"$scratch/ev"
    done
    check_empty "lib/$layer knows no libev" "$scratch/ev"
done

find . -name '*.h' ! -name '*-private.h' >"$scratch/headers"
check_empty "every header of lib/ is a foo-private.h" "$scratch/headers"

find . -name '*_*.[ch]' >"$scratch/names"
find . -name '*.[ch]' | sed 's,.*/,,' | sort | uniq -d >>"$scratch/names"
check_empty "the names of files have hyphens, and each is there once" "$scratch/names"

find . -name '*.[ch]' -exec grep -En 'include[[:space:]]*[<"](glib|glib-object|gio/.*)\.h[>"]' {} + \
    >"$scratch/glib"
check_empty "nothing in lib/ includes GLib" "$scratch/glib"

# A header that is missing there is only missed by whoever builds from the tarball.
find . -name '*.[ch]' | sed 's/^\.//' | while read -r file; do
    grep -q "lib$file" local.mk || echo "lib$file"
done >"$scratch/unlisted"
check_empty "every file of lib/ is in its list" "$scratch/unlisted"

finish
