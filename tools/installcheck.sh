#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Configures, builds and runs the example project against the installed library, first shared, then static;
# and the program of the README, with the command that the README compiles one with.
# `make installcheck` calls it: installcheck.sh CONSUMER_SOURCE WORK_FOLDER, the rest through the environment.
# Prints TAP.
set -u
source=$1
work=$2
number=0
failed=0

result() # result "ok"|"not ok" TEXT
{
    number=$((number + 1))
    echo "$1 $number - installcheck: $2"
    [ "$1" = ok ] || failed=1
}

# Runs the rest of its arguments, keeps what they say, and shows it when they fail.
quietly() # quietly LOG COMMAND...
{
    log=$1
    shift
    "$@" >>"$log" 2>&1 || { sed 's/^/# /' "$log"; return 1; }
}

# A tarball brings the project's configure script, a git clone does not; the source tree may be read-only.
# Times are kept, or make would want to run autoconf again.
prepare()
{
    rm -rf "$work" && mkdir -p "$work/source" && cp -Rp "$source/." "$work/source" || return 1
    chmod -R u+w "$work/source"
    [ -x "$work/source/configure" ] ||
        (cd "$work/source" && quietly ../prepare.log ${AUTORECONF:-autoreconf} --force --install)
}

# With a DESTDIR the .pc file names folders that the library will only have later; pkg-config is told the ones
# that it has now. (PKG_CONFIG_SYSROOT_DIR would change libev's too.)
find_installed()
{
    PKG_CONFIG_PATH=$DESTDIR$pkgconfigdir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
    export PKG_CONFIG_PATH
    [ -z "$DESTDIR" ] || PKG_CONFIG="$PKG_CONFIG --define-variable=libdir=$DESTDIR$libdir \
        --define-variable=includedir=$DESTDIR$includedir"
}

build() # build KIND CONFIGURE_OPTION...
{
    kind=$1
    shift
    mkdir -p "$work/$kind" || return 1
    (
        cd "$work/$kind" || exit 1
        quietly build.log ../source/configure CC="$CC" CFLAGS="$CFLAGS" LDFLAGS="$LDFLAGS" \
            PKG_CONFIG="$PKG_CONFIG" "$@" && quietly build.log ${MAKE:-make}
    )
}

run() # run KIND PROGRAM
{
    LD_LIBRARY_PATH=$DESTDIR$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
        quietly "$work/$1/run.log" "$work/$1/$2" && sed 's/^/# /' "$work/$1/run.log"
}

no_shared()
{
    [ -z "$(ls "$DESTDIR$libdir"/libvow.so "$DESTDIR$libdir"/libvow.dylib 2>/dev/null)" ]
}

# Whether the program found the library where it was installed, as far as ldd can say.
uses_installed()
{
    command -v ldd >/dev/null 2>&1 || return 0
    LD_LIBRARY_PATH=$DESTDIR$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
        ldd "$work/shared/consumer" >"$work/shared/ldd.log" 2>&1 || return 0
    grep -F "=> $DESTDIR$libdir/" "$work/shared/ldd.log" | grep -q libvow
}

check_shared()
{
    what="a shared program through pkg-config --cflags --libs"
    if no_shared; then
        result ok "$what # SKIP no shared library is installed"
    elif build shared && run shared consumer && uses_installed; then
        result ok "$what"
    else
        result "not ok" "$what"
    fi
}

static_links()
{
    echo 'int main(void) { return 0; }' >"$work/probe.c" &&
        $CC $CFLAGS $LDFLAGS -static -o "$work/probe" "$work/probe.c" >/dev/null 2>&1
}

check_static()
{
    what="a static program through pkg-config --static --cflags --libs"
    if [ ! -e "$DESTDIR$libdir/libvow.a" ]; then
        result ok "$what # SKIP no static library is installed"
    elif [ -n "$SANITIZER_FLAGS" ]; then
        result ok "$what # SKIP the sanitizers need shared libraries"
    elif ! static_links; then
        result ok "$what # SKIP the compiler makes no static programs here"
    elif build static --enable-static-program && run static consumer; then
        result ok "$what"
    else
        result "not ok" "$what"
    fi
}

# Runs the line, with the compiler and the pkg-config of this build by the names that a reader types.
as_typed()
{
    mkdir -p "$work/bin" &&
        printf "#!/bin/sh\nPATH='%s'\nexec %s \"\$@\"\n" "$PATH" "$CC $CFLAGS $LDFLAGS" >"$work/bin/cc" &&
        printf "#!/bin/sh\nPATH='%s'\nexec %s \"\$@\"\n" "$PATH" "$PKG_CONFIG" >"$work/bin/pkg-config" &&
        chmod +x "$work/bin/cc" "$work/bin/pkg-config" || return 1
    (cd "$work/readme" && PATH=$work/bin:$PATH quietly build.log sh -c "$line")
}

# The first program of the README, and what its line makes of it.
check_readme()
{
    what="the program of the README, compiled as it says"
    readme=$source/../../README.md
    mkdir -p "$work/readme" || return 1
    sed -n '/^```c$/,/^```$/{/^```/d;p;}' "$readme" >"$work/readme/program.c"
    line=$(sed -n 's/^cc program[.]c /&/p' "$readme")
    if no_shared; then
        result ok "$what # SKIP no shared library is installed"
    elif [ -n "$line" ] && as_typed && run readme a.out; then
        result ok "$what"
    else
        result "not ok" "$what"
    fi
}

# The library for tests, which has a .pc file of its own that asks for the other one.
check_testing()
{
    what="a program that uses libvow-testing, through pkg-config"
    mkdir -p "$work/testing" || return 1
    cat >"$work/testing/program.c" <<'END'
#include <vow.h>
#include <vow/testing.h>

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    vow_error *error;
    int status = vow_clock_virtual(loop);

    error = vow_run(vow_sleep(loop, 3600), NULL);
    status = status || error || vow_now(loop) != 3600;
    vow_error_unref(error);
    vow_loop_free(loop);
    return status;
}
END
    # shellcheck disable=SC2046
    if no_shared; then
        result ok "$what # SKIP no shared library is installed"
    elif quietly "$work/testing/build.log" $CC $CFLAGS $LDFLAGS -o "$work/testing/program" "$work/testing/program.c" \
        $($PKG_CONFIG --cflags --libs vow-testing) && run testing program; then
        result ok "$what"
    else
        result "not ok" "$what"
    fi
}

echo 1..4
if ! ${PKG_CONFIG:-false} --version >/dev/null 2>&1; then
    echo "Bail out! make installcheck needs pkg-config"
    exit 1
fi
if [ ! -e "$DESTDIR$pkgconfigdir/vow.pc" ]; then
    echo "Bail out! $DESTDIR$pkgconfigdir/vow.pc is not there: make install first"
    exit 1
fi
prepare || { echo "Bail out! the example project could not be prepared"; exit 1; }
work=$(cd "$work" && pwd)
find_installed
check_shared
check_static
check_readme
check_testing
exit $failed
