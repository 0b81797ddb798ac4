#!/usr/bin/env bash
# run.sh [SECONDS] [TARGET...] - each fuzz target for so long (60), two at a time, on the
# instrumented interpreter with ASan and UBSan; prints runs and edges of each. A finding
# is kept in build-fuzz/findings and makes this fail.
#
# run.sh planted - build once more with a bug planted in the verifier, and demand that
# the code target finds it within 10 seconds.
set -euo pipefail
cd "$(dirname "$0")/../.."
all=(source image code wire packet config control)
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

build() { # FOLDER OPTION...
    local folder=$1
    shift
    [ -f "$folder/build.ninja" ] || CC=clang meson setup "$folder" -Dfuzz=true -Dinstrumented=true -Dtests=disabled \
        -Db_sanitize=address,undefined -Db_lundef=false "$@" >/dev/null
    ninja -C "$folder" >"$folder/ninja.log" || { cat "$folder/ninja.log"; exit 1; }
}

# Each case of the case files is a seed of its own.
split_cases() { # FOLDER
    local file
    for file in tests/cases/*/*.t; do
        awk -v base="$1/$(basename "$file" .t)" '
            /^=[>!~?] / { if (text != "") { to = base "-" ++count; printf "%s", text > to; close(to) } text = ""; next }
            /^;/ && text == "" { next }
            /./ { text = text $0 "\n" }' "$file"
    done
}

# Images change with the instruction table, so they are made here: of the source seeds, and
# of every 30th case.
compile_seeds() { # FOLDER
    local file
    mkdir -p build-fuzz/cases
    split_cases build-fuzz/cases
    for file in tests/fuzz/seeds/source/*.vml $(printf '%s\n' build-fuzz/cases/* | awk 'NR % 30 == 0'); do
        ASAN_OPTIONS=detect_leaks=0 build-fuzz/engine/vvm --path netvmlets compile "$file" \
            -o "$1/$(basename "$file").vmi" >/dev/null 2>&1 || true # cases that are errors
    done
}

# Good and bad files as they are, and their octets as choices for files that are made.
config_seeds() { # FOLDER
    local file
    for file in config/*.yaml tests/cases/config/*.yaml; do
        cp -n "$file" "$1/"
        { printf '\001'; head -c 400 "$file"; } >"$1/made-$(basename "$file")"
    done
}

corpus() { # TARGET: seeds from the tree into a growing corpus
    mkdir -p "build-fuzz/corpus/$1" build-fuzz/findings
    case $1 in
    image) compile_seeds build-fuzz/corpus/image ;;
    source) split_cases build-fuzz/corpus/source ;;
    config) config_seeds build-fuzz/corpus/config ;;
    esac
    if [ -d "tests/fuzz/seeds/$1" ]; then cp -n tests/fuzz/seeds/"$1"/* "build-fuzz/corpus/$1/"; fi
}

run() { # SECONDS TARGET
    local log=build-fuzz/$2.log
    # Entropic scheduling costs more than the targets do, and so does a search for leaks after each
    # input: there is one at the end.
    if build-fuzz/tests/fuzz/fuzz-"$2" -max_total_time="$1" -timeout=10 -rss_limit_mb=4096 -max_len=4096 \
        -entropic=0 -detect_leaks=0 \
        -artifact_prefix="build-fuzz/findings/$2-" -print_final_stats=1 "build-fuzz/corpus/$2" >"$log" 2>&1; then
        printf '%-8s %9s runs  %6s edges  %s s  no finding\n' "$2" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
            "$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)" "$1"
    else
        grep -aE 'ERROR|SUMMARY|runtime error|romise|abort|Test unit' "$log" | head -n 12
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
