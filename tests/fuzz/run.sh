#!/usr/bin/env bash
# run.sh [SECONDS] [TARGET...] - each fuzz target for so long (60), two at a time, on the
# instrumented interpreter with ASan and UBSan; prints runs and edges of each. A finding
# is kept in build-fuzz/findings and makes this fail.
#
# run.sh planted - build once more with a bug planted in the verifier, and demand that
# the code target finds it within 10 seconds.
set -euo pipefail
cd "$(dirname "$0")/../.."
all=(source image code wire packet)

build() { # FOLDER OPTION...
    local folder=$1
    shift
    [ -f "$folder/build.ninja" ] || CC=clang meson setup "$folder" -Dfuzz=true -Dinstrumented=true -Dtests=disabled \
        -Db_sanitize=address,undefined -Db_lundef=false "$@" >/dev/null
    ninja -C "$folder" >"$folder/ninja.log" || { cat "$folder/ninja.log"; exit 1; }
}

corpus() { # TARGET: seeds from the tree into a growing corpus
    mkdir -p "build-fuzz/corpus/$1" build-fuzz/findings
    [ -d "tests/fuzz/seeds/$1" ] && cp -n tests/fuzz/seeds/"$1"/* "build-fuzz/corpus/$1/" 2>/dev/null
    if [ "$1" = source ]; then
        for f in netvmlets/*.vml tests/networks/*.vml; do cp -n "$f" "build-fuzz/corpus/source/" 2>/dev/null || true; done
    fi
    return 0
}

run() { # SECONDS TARGET
    local log=build-fuzz/$2.log
    if build-fuzz/tests/fuzz/fuzz-"$2" -max_total_time="$1" -timeout=10 -rss_limit_mb=4096 -max_len=16384 \
        -artifact_prefix="build-fuzz/findings/$2-" -print_final_stats=1 "build-fuzz/corpus/$2" >"$log" 2>&1; then
        printf '%-8s %9s runs  %6s edges  %s s  no finding\n' "$2" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
            "$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)" "$1"
    else
        grep -aE 'ERROR|SUMMARY|runtime error|abort|Test unit' "$log" | head -n 12
        printf '%-8s FINDING, see build-fuzz/findings and %s\n' "$2" "$log"
        return 1
    fi
}

if [ "${1:-}" = planted ]; then
    build build-planted -Dplanted-bug=RULE_SLOT_TYPE
    began=$SECONDS
    if build-planted/tests/fuzz/fuzz-code -max_total_time=10 -artifact_prefix=build-planted/ >build-planted/log 2>&1; then
        echo "the planted bug was not found in 10 s"
        exit 1
    fi
    echo "the planted bug was found after $((SECONDS - began)) s"
    exit 0
fi

seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=("${@:-${all[@]}}")
[ $# -gt 0 ] || targets=("${all[@]}")
build build-fuzz
failed=0 running=0
for target in "${targets[@]}"; do
    corpus "$target"
    if [ "$running" = 2 ]; then
        wait -n || failed=$((failed + 1))
        running=1
    fi
    run "$seconds" "$target" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
done
echo "${#targets[@]} targets, $failed with findings"
[ "$failed" = 0 ]
