# SPDX-License-Identifier: BSD-2-Clause
# What the shell tests share: results as TAP, and a folder for their files. To be sourced; end with `finish`.
#
# Copyright (c) 2026 the libvow authors

tap_number=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/vow-test.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 99' HUP INT TERM

ok() # ok TEXT
{
    tap_number=$((tap_number + 1))
    echo "ok $tap_number - $1"
}

not_ok() # not_ok TEXT [FILE that says why]
{
    tap_number=$((tap_number + 1))
    echo "not ok $tap_number - $1"
    [ $# -lt 2 ] || sed 's/^/# /' "$2"
}

skip() # skip TEXT REASON
{
    ok "$1 # SKIP $2"
}

# A command that must succeed. What it prints is shown when it does not.
check() # check TEXT COMMAND...
{
    tap_text=$1
    shift
    if "$@" >"$scratch/check.log" 2>&1; then
        ok "$tap_text"
    else
        not_ok "$tap_text" "$scratch/check.log"
    fi
}

# A list of what is wrong that must be empty.
check_empty() # check_empty TEXT FILE
{
    if [ -s "$2" ]; then
        not_ok "$1" "$2"
    else
        ok "$1"
    fi
}

# Prints the plan. A script that stops before it has no plan, which the TAP driver counts as an error. What
# failed was said: a status of failure would count once more.
finish()
{
    echo "1..$tap_number"
    exit 0
}
