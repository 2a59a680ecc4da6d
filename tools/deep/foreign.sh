#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The library on other machines: i386 (gcc -m32), where pointers have 32 bits, and s390x under emulation,
# which is big-endian. For each: every file of the library without a warning, a program of its own (smoke.c),
# the test programs, and random promise programs whose traces must be those of Node here. Prints TAP.
#
# The libraries of the other machine are Debian's packages, fetched with apt-get into the temporary folder,
# and programs start with the dynamic linker there: no foreign architecture is added to this system, and
# nothing is installed. What must be there:
#   i386     gcc-multilib, and a processor that runs such programs
#   s390x    qemu-user, and gcc-s390x-linux-gnu, or clang and binutils-s390x-linux-gnu
#
# From the environment, each with a default:
#   what common.sh reads
#   MACHINES              "i386 s390x"
#   PROGRAMS              how many random programs on the emulated machine, 2000; ten times that on the other
#   NODE                  the JavaScript engine
#   SYSROOTS              a folder to keep the packages in, for the next time; the temporary folder
#
# Copyright (c) 2026 the libvow authors
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
# shellcheck source=common.sh
. "$here/common.sh"

: "${MACHINES:=i386 s390x}" "${PROGRAMS:=2000}" "${NODE:=node}" "${SYSROOTS:=$scratch}"
packages="libc6 libc6-dev libev-dev libev4 libgcc-12-dev libgcc-s1 libglib2.0-0 libglib2.0-dev libpcre2-8-0"
packages="$packages linux-libc-dev"
warnings="-Wconversion -Wsign-conversion -Werror"
linkage=shared
ran=0

# ---- Packages of another machine ---------------------------------------------------------------------------

# Sets sysroot. A folder that an earlier run completed with these packages is taken as it is.
fetch_sysroot()
{
    sysroot=$SYSROOTS/$machine
    [ "$(cat "$sysroot/complete" 2>/dev/null)" != "$packages" ] || return 0
    write_apt_configuration "$scratch/apt" "$machine" || return 1
    (
        mkdir -p "$scratch/packages" && cd "$scratch/packages" || exit 1
        APT_CONFIG=$scratch/apt/apt.conf
        export APT_CONFIG
        # A list that a mirror cannot give, or gives with a wrong checksum, apt leaves out; the rest may do.
        apt-get -q update
        # shellcheck disable=SC2086
        apt-get -q download $packages || exit 1
        mkdir -p "$sysroot"
        for package in *.deb; do
            dpkg-deb -x "$package" "$sysroot" || exit 1
        done
    ) >"$scratch/apt.log" 2>&1 || return 1
    rm -rf "$scratch/apt" "$scratch/packages"
    echo "$packages" >"$sysroot/complete"
}

# ---- What the machines differ in ---------------------------------------------------------------------------

# Sets compiler, emulator, folder (where its libraries are) and linker (of programs that start); or says what
# is missing.
choose_i386()
{
    compiler="gcc -m32 --sysroot=$SYSROOTS/i386"
    emulator=
    folder=lib/i386-linux-gnu
    linker=lib/ld-linux.so.2
    echo 'int main(void) { return 0; }' >"$scratch/probe.c"
    gcc -m32 -static "$scratch/probe.c" -o "$scratch/probe" 2>/dev/null && "$scratch/probe" ||
        echo "gcc -m32 makes no program that runs here (Debian: gcc-multilib)"
}

choose_s390x()
{
    emulator=qemu-s390x
    folder=lib/s390x-linux-gnu
    linker=lib/ld64.so.1
    if has s390x-linux-gnu-gcc; then
        compiler="s390x-linux-gnu-gcc --sysroot=$SYSROOTS/s390x"
    else
        compiler="clang --target=s390x-linux-gnu --sysroot=$SYSROOTS/s390x"
        compiler="$compiler --gcc-toolchain=$SYSROOTS/s390x/usr"
    fi
    has "$emulator" || echo "there is no $emulator (Debian: qemu-user)"
    has "${compiler%% *}" && has s390x-linux-gnu-ld ||
        echo "there is no cross compiler (Debian: gcc-s390x-linux-gnu, or clang and binutils-s390x-linux-gnu)"
}

# A script that starts a program, with the emulator where there is one. Programs of GLib start themselves once
# more by their argument 0, so that is the script; and what the emulator and the shell add to the end of
# a program that aborts is left out, since tests compare what a program says.
write_starter() # write_starter FILE PROGRAM
{
    if [ -z "$emulator" ]; then
        printf '#!/bin/sh\nexec "%s" "$@"\n' "$2" >"$1"
    else
        cat >"$1" <<END
#!/bin/sh
exec 3>&1
status=\$({
    { $emulator -0 "$1" "$2" "\$@"; echo \$? >&4; } 2>&1 >&3 3>&- |
        grep -Ev '^(qemu: uncaught target signal .*|Aborted)\$' >&2
} 4>&1)
exit \$status
END
    fi
    chmod +x "$1"
}

# ---- What is run -------------------------------------------------------------------------------------------

build()
{
    libev_flags="-isystem $scratch/ev"
    glib_flags="-isystem $sysroot/usr/include/glib-2.0 -isystem $sysroot/usr/$folder/glib-2.0/include"
    libraries="$sysroot/usr/$folder/libev.so.4 $sysroot/$folder/libm.so.6"
    glib=$sysroot/usr/$folder/libglib-2.0.so.0
    # The old kind of rpath finds the libraries of libraries too.
    start_flags="-Wl,--disable-new-dtags,--dynamic-linker=$sysroot/$linker"
    for libraries_folder in "$sysroot/$folder" "$sysroot/usr/$folder"; do
        start_flags="$start_flags -Wl,-rpath,$libraries_folder -Wl,-rpath-link,$libraries_folder"
    done
    library=$scratch/$machine.library
    mkdir -p "$scratch/ev" && cp "$sysroot/usr/include/ev.h" "$scratch/ev/" &&
        compile_library "$library" "$compiler -O2 -g $libev_flags $warnings" &&
        link_library "$library" "$compiler" "$libraries"
}

link_program() # link_program OUTPUT FILE...
{
    output=$1
    shift
    # shellcheck disable=SC2086
    $compiler -std=c11 -O2 -g $include_flags $libev_flags "$@" "$library/libvow.so" "-Wl,-rpath,$library" \
        $libraries $start_flags -o "$output"
}

check_smoke()
{
    if link_program "$scratch/smoke" "$here/smoke.c" >"$scratch/build.log" 2>&1; then
        write_starter "$scratch/start" "$scratch/smoke"
        run_program "$machine: smoke" "$scratch/start"
        grep '^# pointers' "$scratch/run.log"
    else
        not_ok "$machine: smoke.c compiles" "$scratch/build.log"
    fi
}

check_programs()
{
    for program in $(test_programs); do
        if build_programs "$scratch/programs" "$compiler -std=c11 -O2 -g $glib_flags $libev_flags" \
            "$library" "$libraries $glib $start_flags" "$program" >"$scratch/build.log" 2>&1; then
            write_starter "$scratch/start" "$scratch/programs/$program"
            run_program "$machine: $program" "$scratch/start"
        else
            not_ok "$machine: $program compiles" "$scratch/build.log"
        fi
    done
    rm -rf "$scratch/programs"
}

check_order()
{
    count=$PROGRAMS
    [ -n "$emulator" ] || count=${PROGRAMS}0
    text="$machine: the order of ECMAScript in $count programs"
    if link_program "$scratch/runner.$machine" "$top_srcdir"/tests/conformance/order/*.c \
        >"$scratch/build.log" 2>&1; then
        write_starter "$scratch/start" "$scratch/runner.$machine"
        run_order "$text" "$scratch/start" "$count"
    else
        not_ok "$text" "$scratch/build.log"
    fi
}

check_machine()
{
    missing=$("choose_$machine" | head -n 1)
    [ -z "$missing" ] || {
        skip "$machine" "$missing"
        return
    }
    "choose_$machine"
    fetch_sysroot || {
        sed 's/^/# /' "$scratch/apt.log"
        skip "$machine" "its packages could not be fetched"
        return
    }
    ran=$((ran + 1))
    if build >"$scratch/build.log" 2>&1; then
        ok "$machine: the library compiles, no warnings"
        check_smoke
        check_order
        check_programs
    else
        not_ok "$machine: the library compiles, no warnings" "$scratch/build.log"
    fi
}

has apt-get && has dpkg-deb || skip_all "the packages of other machines come with apt-get"
for machine in $MACHINES; do
    check_machine
done
echo "# foreign: $total tests passed on $ran machines"
echo "1..$tap_number"
[ $ran -gt 0 ] || exit 77
