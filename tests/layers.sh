#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The folders of lib/ are layers: an include points to the same layer or further down, to a foo-private.h or a
# public header. What is below lib/loop knows no libev, but for lib/os/fd.c, and nothing knows GLib.
#
# Copyright (c) 2026 the libvow authors
set -u
. "$top_srcdir/tests/tap.sh"
cd "$top_srcdir/lib" || exit 99

# FILE:LINE:#include ... of all sources of a folder.
includes() # includes FOLDER
{
    grep -En '^[[:space:]]*#[[:space:]]*include' "$1"/*.[ch] /dev/null
}

# The same for those who read: a row of ARCHITECTURE.md ends with what the folder may use besides itself.
is_written() # is_written FOLDER ALLOWED_FOLDERS
{
    echo "$2" | tr '|' '\n' | grep -vx "$1" >"$scratch/may"
    sed -n "s,^| \[lib/$1/\](lib/$1/) | .* | *\(.*\) |\$,\1,p" ../ARCHITECTURE.md | sed 's/, */\n/g; /^$/d' |
        diff - "$scratch/may" >"$scratch/wrong"
    check_empty "ARCHITECTURE.md says what lib/$1 may use" "$scratch/wrong"
}

# But for files that do not belong to the layer in whose folder they stand.
points_down() # points_down FOLDER ALLOWED_FOLDERS [OTHER_FILES]
{
    includes "$1" | grep -E 'include[[:space:]]*"' | grep -Ev "^$1/(${3:-no_file})[-._a-z]*:" |
        grep -Ev "include[[:space:]]*\"($2)/[a-z0-9-]+-private\.h\"" >"$scratch/up"
    check_empty "lib/$1 includes the private headers of $2 alone" "$scratch/up"
    is_written "$1" "$2"
}

# Also what the headers include: the compiler lists all that one source depends on.
knows_no_libev() # knows_no_libev FOLDER
{
    folders="-I. -I../include -I$top_builddir/include $LIBEV_CFLAGS"
    : >"$scratch/ev"
    for file in "$1"/*.c; do
        if ! $CC -std=c11 -M $folders "$file" >"$scratch/deps" 2>&1; then
            echo "$file does not preprocess"
        elif grep -Eq '(^|[/ ])(ev|ev\+\+|event)\.h( |$)' "$scratch/deps"; then
            echo "$file includes libev"
        fi >>"$scratch/ev"
    done
    check_empty "lib/$1 knows no libev" "$scratch/ev"
}

layers='base os thread core task loop time io offload stream file process net'

ls -d */ | tr -d / >"$scratch/folders"
for layer in $layers; do
    sed "/^$layer\$/d" "$scratch/folders" >"$scratch/rest" && mv "$scratch/rest" "$scratch/folders"
done
check_empty "every folder of lib/ is a layer that this test knows" "$scratch/folders"

points_down base 'base'
points_down core 'base|core'
points_down task 'base|core|task'
points_down thread 'base|thread'
points_down os 'base|os' 'child-private|fd'
points_down loop 'base|core|thread|loop' 'inbox'
points_down time 'base|core|loop|time'
points_down io 'base|os|core|loop|io'
points_down offload 'base|core|thread|loop|offload'
points_down stream 'base|os|core|loop|io|stream'
points_down file 'base|core|loop|offload|file'
points_down process 'base|os|core|loop|process' 'process-private|process-streams'
points_down net 'base|os|core|loop|io|offload|net' 'server'

for layer in base core task thread; do
    knows_no_libev "$layer"
done

find . -name '*.h' ! -name '*-private.h' >"$scratch/headers"
check_empty "every header of lib/ is a foo-private.h" "$scratch/headers"

find . -name '*.[ch]' -exec grep -En 'include[[:space:]]*[<"](glib|glib-object|gio/.*)\.h[>"]' {} + \
    >"$scratch/glib"
check_empty "nothing in lib/ includes GLib" "$scratch/glib"

# A header that is missing there is only missed by whoever builds from the tarball.
find . -name '*.[ch]' | sed 's/^\.//' | while read -r file; do
    grep -q "lib$file" local.mk || echo "lib$file"
done >"$scratch/unlisted"
check_empty "every file of lib/ is in its list" "$scratch/unlisted"

finish
