#!/usr/bin/env bash
# check.sh - build the suite plain and with ASan+UBSan, run every test on both; then what has
# threads once more under the thread sanitizer. Print the sum. What needs root says so and is
# skipped elsewhere; in CI a skip is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
passed=0 failed=0 skipped=0
began=$SECONDS

say() { printf '== %s\n' "$*"; }

build() { # FOLDER OPTION...
    local folder=$1
    shift
    [ -f "$folder/build.ninja" ] || meson setup "$folder" -Dwerror=true "$@" >/dev/null || meson setup "$folder" -Dwerror=true "$@"
    tests/with-tests.sh "$folder"
    ninja -C "$folder" >"$folder/ninja.log" || { cat "$folder/ninja.log"; exit 1; }
}

count() { # what the driver's or a script's last line says
    local line=$1
    [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]] || { failed=$((failed + 1)); return; }
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
}

suite() { # PROGRAM...: run, show what is not ok, count; status 77 is a skip
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    if [ $status = 77 ]; then
        skip "$1: $(tail -n 1 "$log")"
    else
        grep -v '^[0-9]* passed' "$log" | head -n 200 || true
        count "$(tail -n 1 "$log")"
    fi
    rm -f "$log"
}

vmlets() { # FOLDER: the tests that the VMlets bring along
    local vmlet
    for vmlet in netvmlets/*.vml ants/*.vml tests/networks/*.vml; do
        suite "$1/engine/vvm" --path netvmlets:ants test "$vmlet"
    done
}

skip() {
    say "SKIP $*"
    skipped=$((skipped + 1))
    [ -z "${CI:-}" ] || { echo "a skip in CI is a failure"; failed=$((failed + 1)); }
}

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

say "plain build"
build build
say "tests, plain"
suite build/tests/vvm-tests
vmlets build
say "the case files once more, with a garbage collection at every 127th allocation"
VVM_HEAP_STRESS=127 suite build/tests/vvm-tests cases
say "applications, each allocation made to fail in turn"
suite build/tests/fault/vvm-fault-embed
for script in tests/scripts/*.sh; do
    say "$script"
    suite "$script" build
done
namespaces() { ip netns add "vvm$$-probe" 2>/dev/null && ip netns del "vvm$$-probe"; }
if [ "$(id -u)" != 0 ]; then
    skip "tests/capture: needs root (namespaces, tcpdump)"
elif ! namespaces; then
    skip "tests/capture: this machine makes no network namespaces"
else
    say "the capture recipe, in namespaces of its own"
    suite tests/capture/check.sh build
fi

say "ASan and UBSan build, with the interpreter that checks what the verifier promised"
build build-asan -Db_sanitize=address,undefined -Db_lundef=false -Dinstrumented=true -Dc_args=-fno-sanitize-recover=all
say "tests, ASan and UBSan"
suite build-asan/tests/vvm-tests -t 300
vmlets build-asan

say "thread sanitizer build"
build build-tsan -Db_sanitize=thread -Db_lundef=false -Dc_args=-Wno-tsan
say "tests with threads, under the thread sanitizer"
TSAN_OPTIONS=halt_on_error=1 suite build-tsan/tests/vvm-tests -t 300 api runtime worker crew swap route port-link control

say "took $((SECONDS - began)) s, $skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
