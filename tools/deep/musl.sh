#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The library against musl: every file compiles without a warning, with musl's headers alone, as shipped and
# with the checks of a debug build; then what needs no GLib runs, linked statically: a program of its own
# (smoke.c), random promise programs whose traces must be those of Node, and the model test. Prints TAP.
#
# Debian has no libev for musl: it is compiled here, from Debian's source package, which apt-get fetches into
# the temporary folder; nothing is installed.
#
# From the environment, each with a default:
#   what common.sh reads, but for the places of libev
#   MUSL_CC          musl-gcc (Debian: musl-tools)
#   LIBEV_SOURCE     a folder with libev's ev.c, instead of that package
#   PROGRAMS         how many random programs, 20000
#   NODE             the JavaScript engine
#   SYSROOTS         a folder to keep the package in, for the next time; the temporary folder
#
# Copyright (c) 2026 the libvow authors
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
# shellcheck source=common.sh
. "$here/common.sh"

: "${MUSL_CC:=musl-gcc}" "${PROGRAMS:=20000}" "${SYSROOTS:=$scratch}" "${LIBEV_SOURCE:=$SYSROOTS/libev}"
warnings="-Wconversion -Wsign-conversion -Werror"

# ---- libev -------------------------------------------------------------------------------------------------

# The system's sources of packages, as sources of source packages. The lists are in either of two formats.
write_sources() # write_sources FOLDER
{
    mkdir -p "$1" || return 1
    for sources in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        case $sources in
        *.list) sed -n 's/^deb /deb-src /p' "$sources" >"$1/${sources##*/}" ;;
        *.sources) sed 's/^Types:.*/Types: deb-src/' "$sources" >"$1/${sources##*/}" ;;
        esac 2>/dev/null
    done
}

fetch_libev()
{
    [ ! -f "$LIBEV_SOURCE/ev.c" ] || return 0
    write_apt_configuration "$scratch/apt" && write_sources "$scratch/apt/sources" &&
        mkdir -p "$scratch/apt/libev" "$SYSROOTS" || return 1
    cat >>"$scratch/apt/apt.conf" <<END
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$scratch/apt/sources";
END
    (
        cd "$scratch/apt" && APT_CONFIG=$scratch/apt/apt.conf && export APT_CONFIG || exit 1
        apt-get -q update
        apt-get -q source --download-only libev &&
            tar -xzf libev_*.orig.tar.gz -C libev --strip-components=1 && mv libev "$LIBEV_SOURCE"
    ) >"$scratch/apt.log" 2>&1
}

# Without what needs the kernel's headers, which are not musl's. Its warnings are not ours.
compile_libev()
{
    $MUSL_CC -std=gnu11 -O2 -w -DEV_STANDALONE=1 -DEV_USE_POLL=1 -DEV_USE_EPOLL=1 -DEV_USE_EVENTFD=1 \
        -DEV_USE_SIGNALFD=1 -DEV_USE_LINUXAIO=0 -DEV_USE_IOURING=0 -DEV_USE_INOTIFY=0 \
        -c "$LIBEV_SOURCE/ev.c" -o "$scratch/ev.o"
}

# ---- What is run -------------------------------------------------------------------------------------------

# shellcheck disable=SC2046,SC2086
link_program() # link_program NAME FILE...
{
    program_name=$1
    shift
    compile "$scratch/$program_name.objects" "$command -std=c11" "$@" &&
        $MUSL_CC -static "$scratch/$program_name.objects"/*.o "$scratch"/library/*.o "$scratch/ev.o" -lm \
            -o "$scratch/$program_name"
}

check_smoke()
{
    if link_program smoke tools/deep/smoke.c >"$scratch/build.log" 2>&1; then
        run_program "musl $flags: smoke" "$scratch/smoke"
    else
        not_ok "musl $flags: smoke.c compiles" "$scratch/build.log"
    fi
}

model_sources()
{
    variable tests/local.mk tests_test_model_SOURCES | c_files | grep '^fuzz/'
    echo tools/deep/model.c
}

check_model()
{
    # shellcheck disable=SC2046
    if link_program model $(model_sources) >"$scratch/build.log" 2>&1; then
        cat "$top_srcdir"/fuzz/corpus/*.hex >"$scratch/kept"
        run_program "musl $flags: the model test, kept programs and $PROGRAMS random ones" \
            "$scratch/model" "$PROGRAMS" <"$scratch/kept"
    else
        not_ok "musl $flags: the model test compiles" "$scratch/build.log"
    fi
}

check_order()
{
    text="musl $flags: the order of ECMAScript in $PROGRAMS programs"
    # shellcheck disable=SC2046
    if link_program runner $(cd "$top_srcdir" && echo tests/conformance/order/*.c) \
        >"$scratch/build.log" 2>&1; then
        run_order "$text" "$scratch/runner" "$PROGRAMS"
    else
        not_ok "$text" "$scratch/build.log"
    fi
}

has "$MUSL_CC" || skip_all "there is no $MUSL_CC (Debian: musl-tools)"
has_libev=no
if fetch_libev; then
    has_libev=yes
    check "musl: libev compiles" compile_libev
else
    sed 's/^/# /' "$scratch/apt.log"
fi
header=$LIBEV_SOURCE/ev.h
[ -f "$header" ] || header=/usr/include/ev.h
[ -f "$header" ] || skip_all "there is no ev.h (Debian: libev-dev)"
mkdir -p "$scratch/ev" && cp "$header" "$scratch/ev/ev.h" || exit 99
for flags in "-O2" "-O2 -DVOW_DEBUG"; do
    rm -rf "$scratch/library"
    command="$MUSL_CC $flags -isystem $scratch/ev"
    check "musl $flags: every file of the library compiles, no warnings" \
        compile_library "$scratch/library" "$command $warnings"
    if [ $has_libev = yes ]; then
        check_smoke
        check_order
        check_model
    else
        skip "musl $flags: nothing runs" "libev's source package could not be fetched"
    fi
done
echo "# musl: $total tests passed"
finish
