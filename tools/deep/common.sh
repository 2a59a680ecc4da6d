# SPDX-License-Identifier: BSD-2-Clause
# What the scripts in this folder share: where things are, and how the library is compiled without configure,
# so that one script can compile it in a dozen ways. To be sourced, with $here set to this folder.
#
# From the environment, each with a default:
#   top_srcdir                   the source tree
#   LIBEV_CFLAGS, LIBEV_LIBS     where libev is
#   ONLY                         which test programs, such as "test-then test-task"; all of them
#
# tests/tap.sh, which this reads, prints the results and makes the temporary folder $scratch.
#
# Copyright (c) 2026 the libvow authors

: "${top_srcdir:=$(cd "$here/../.." && pwd)}"
top_srcdir=$(cd "$top_srcdir" && pwd) || exit 99 # without build/.., as gcov and compilers name files
: "${LIBEV_CFLAGS:=}" "${LIBEV_LIBS:=-lev}"

# shellcheck source=../../tests/tap.sh
. "$top_srcdir/tests/tap.sh"
export top_srcdir # for the tests that read files

strict_flags="-std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
strict_flags="$strict_flags -Wundef -Wvla"
total=0 # tests that passed
linkage=static # or shared: what the test programs link the library as
test_limit=900 # seconds: a guard against a program that hangs, far above what any of them takes

has()
{
    command -v "$1" >/dev/null 2>&1
}

# Nothing could run: says why, as a plan of no tests.
skip_all() # skip_all REASON
{
    echo "1..0 # SKIP $*"
    exit 77
}

limited() # limited COMMAND...
{
    if has timeout; then
        timeout -k 10 "$test_limit" "$@"
    else
        "$@"
    fi
}

# The words of a variable of a local.mk, with the lines that it goes on in and the variables in it; nothing if it
# is not there.
variable() # variable FILE NAME
{
    # The words are to be split.
    # shellcheck disable=SC2046
    set -- "$1" $(awk -v name="$2" '
        $1 == name && $2 ~ /^\+?=$/ { inside = 1; $1 = $2 = "" }
        inside { inside = sub(/\\$/, ""); print }' "$top_srcdir/$1")
    variable_file=$1
    shift
    for variable_word in "$@"; do
        case $variable_word in
        '$('*')')
            variable_word=${variable_word#??}
            variable "$variable_file" "${variable_word%?}"
            ;;
        *) echo "$variable_word" ;;
        esac
    done
}

c_files()
{
    tr -s ' \t' '\n' | grep '\.c$'
}

library_sources()
{
    { variable lib/local.mk libvow_la_SOURCES; variable lib/local.mk libvow_testing_la_SOURCES; } | c_files
}

# ---- The test programs -------------------------------------------------------------------------------------
# Their names are those of tests/local.mk without the folder. Without test-depth: its million links need the
# optimised stack frames and the speed of a build as shipped, and `make check` has both.

test_programs()
{
    for program in $(variable tests/local.mk test_programs); do
        program=${program#tests/}
        case " ${ONLY:-$program} " in
        *" $program "*) [ "$program" = test-depth ] || echo "$program" ;;
        esac
    done
}

support_sources()
{
    variable tests/local.mk tests_libsupport_la_SOURCES | c_files
}

# But for those that are the library's.
program_sources() # program_sources PROGRAM
{
    variable tests/local.mk "tests_$(echo "$1" | tr - _)_SOURCES" | grep -v '^lib/' | c_files ||
        echo "tests/$1.c"
}

# For a program that looks inside the library, and so is linked with what that does not export.
program_flags() # program_flags PROGRAM
{
    [ -z "$(variable tests/local.mk "tests_$(echo "$1" | tr - _)_CPPFLAGS")" ] || echo "-I$top_srcdir/lib"
}


# What a program links with: the objects of the library, or the shared library if there are none, or if it
# stands between the library and libc. Such a program tells the library's calls from those of others by where
# they come from.
library_for() # library_for PROGRAM LIBRARY_FOLDER
{
    if program_sources "$1" | grep -q '/faults\.c$' ||
        { [ "$linkage" = shared ] && [ -z "$(program_flags "$1")" ]; }; then
        echo "$2/libvow.so -Wl,-rpath,$2"
    else
        echo "$2/*.o"
    fi
}

# Builds the programs named into FOLDER. The lists of flags are to be split.
# shellcheck disable=SC2046,SC2086
build_programs() # build_programs FOLDER COMPILER_AND_FLAGS LIBRARY_FOLDER LIBRARIES PROGRAM...
{
    programs_folder=$1
    programs_command=$2
    programs_library=$3
    programs_libraries=$4
    shift 4
    compile "$programs_folder/support" "$programs_command" $(support_sources) || return 1
    for program in "$@"; do
        compile "$programs_folder/$program.objects" "$programs_command $(program_flags "$program")" \
            $(program_sources "$program") &&
            $programs_command "$programs_folder/$program.objects"/*.o "$programs_folder"/support/*.o \
                $(library_for "$program" "$programs_library") $programs_libraries \
                -o "$programs_folder/$program" || return 1
        rm -rf "$programs_folder/$program.objects"
    done
}

# GLib's programs print TAP of their own, which is counted: one that ran no test did not pass, unless it skipped
# them all by name. Adds to $total.
run_program() # run_program TEXT COMMAND...
{
    run_text=$1
    shift
    (cd "$scratch" && limited "$@" >"$scratch/run.log" 2>&1)
    status=$?
    passed=$(grep '^ok' "$scratch/run.log" | grep -vc '# SKIP')
    if [ $status = 0 ] && [ "$passed" -gt 0 ] &&
        ! grep -Eq '^not ok|WARNING: ThreadSanitizer' "$scratch/run.log"; then
        ok "$run_text ($passed tests)"
        sed -n 's/^ok [0-9]* \(.*\) # SKIP */# not run: \1: /p' "$scratch/run.log"
        total=$((total + passed))
    elif [ $status = 0 ] && ! grep -q '^not ok' "$scratch/run.log" && grep -q '^ok .*# SKIP' "$scratch/run.log"; then
        skip "$run_text" "$(sed -n 's/^ok .*# SKIP *//p' "$scratch/run.log" | head -n 1)"
    else
        { tail -n 40 "$scratch/run.log"; echo "status $status"; } >"$scratch/run.tail"
        not_ok "$run_text" "$scratch/run.tail"
    fi
}

# <vow/version.h> is made by configure; this makes one like it in $scratch/include.
make_version_header()
{
    version()
    {
        sed -n "s/^m4_define(\[vow_$1\], \[\([0-9]*\)\])/\1/p" "$top_srcdir/configure.ac"
    }
    mkdir -p "$scratch/include/vow" || return 1
    sed -e "s/@PACKAGE_VERSION@/$(version major).$(version minor).$(version patch)/" \
        -e "s/@VOW_MAJOR@/$(version major)/" -e "s/@VOW_MINOR@/$(version minor)/" \
        -e "s/@VOW_PATCH@/$(version patch)/" \
        "$top_srcdir/include/vow/version.h.in" >"$scratch/include/vow/version.h"
}

include_flags="-I$top_srcdir/include -I$scratch/include"

# Compiles C files, named from the source tree, each into an object of FOLDER. The compiler and its flags are
# one word to be split.
compile() # compile FOLDER COMPILER_AND_FLAGS FILE...
{
    compile_folder=$1
    compile_command=$2
    shift 2
    mkdir -p "$compile_folder" || return 1
    for file in "$@"; do
        # shellcheck disable=SC2086
        $compile_command $include_flags -c "$top_srcdir/$file" \
            -o "$compile_folder/$(echo "${file%.c}" | tr / -).o" || return 1
    done
}

# Into objects that do for a shared library too.
compile_library() # compile_library FOLDER COMPILER_AND_FLAGS
{
    # shellcheck disable=SC2046
    compile "$1" "$2 $strict_flags -fPIC -fvisibility=hidden -I$top_srcdir/lib" $(library_sources)
}

link_library() # link_library FOLDER COMPILER_AND_FLAGS LIBRARIES
{
    # shellcheck disable=SC2086
    $2 -shared -Wl,-soname,libvow.so "$1"/*.o $3 -o "$1/libvow.so"
}

# Compares with Node by a runner of tests/conformance/order that is built already.
run_order() # run_order TEXT RUNNER COUNT
{
    RUNNER=$2 sh "$top_srcdir/tests/conformance/order/run.sh" --programs "$3" --jobs 1 \
        >"$scratch/order.log" 2>&1
    case $? in
    0) ok "$1" ;;
    77) skip "$1" "$(tail -n 1 "$scratch/order.log")" ;;
    *) not_ok "$1" "$scratch/order.log" ;;
    esac
    sed -n 's/^ecmascript order:/# &/p' "$scratch/order.log"
}

# ---- Packages that are not installed -----------------------------------------------------------------------

# A configuration of apt of its own: lists and files in the folder, sources and keys those of the system.
write_apt_configuration() # write_apt_configuration FOLDER [ARCHITECTURE]
{
    mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial" && : >"$1/status" || return 1
    cat >"$1/apt.conf" <<END
Dir::State "$1/state";
Dir::State::status "$1/status";
Dir::Cache "$1/cache";
APT::Sandbox::User "$(id -un)";
END
    [ $# -lt 2 ] || cat >>"$1/apt.conf" <<END
APT::Architecture "$2";
#clear APT::Architectures;
APT::Architectures { "$2"; };
END
}

make_version_header || exit 99
