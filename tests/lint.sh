#!/usr/bin/env bash
# lint.sh [lengths|format|words|cppcheck|tidy]... - style that a machine can keep; all of it
# by default. Exits 1 on any finding. Uses its own folder build-lint; what clang-tidy found
# clean is remembered there by content, so that a second run looks only at what changed.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
mapfile -t sources < <(git ls-files '*.c')
mapfile -t formatted < <(git ls-files '*.c' '*.h')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Functions over 80 lines that may be so: dispatch loops.
allowed='interpret'

lint_lengths() { # median, 90 %, longest; fails over 80 lines outside the allow-list
    printf '%s\n' "${sources[@]}" | grep -v '^tests/' |
        xargs ctags -x --c-kinds=f --_xformat='%{end} %n %N %F' |
        awk '{ print $1 - $2 + 1, $3, $4 }' | sort -n |
        awk -v allowed="^($allowed)\$" '
            { length_of[NR] = $1 }
            $2 !~ allowed { longest = $1; where = $2 " in " $3 }
            $2 !~ allowed && $1 > 80 { print $3 ": " $2 ": " $1 " lines, more than 80"; bad = 1 }
            END {
                printf "function lengths: %d functions, median %d, 90 %% under %d, longest %d (%s)\n", NR,
                    length_of[int((NR + 1) / 2)], length_of[int(NR * 0.9 + 0.5)], longest, where
                exit bad
            }' || status=1
}

lint_format() {
    clang-format --dry-run -Werror "${formatted[@]}" 2>"$scratch/format" && return
    echo "places that differ from .clang-format:"
    grep 'error:' "$scratch/format" | cut -d: -f1 | sort | uniq -c || cat "$scratch/format"
    status=1
}

lint_words() { # the engine knows no network
    if grep -rniwE 'plan|ants|capsule|anep' engine daemon --include='*.[ch]' --include='*.def' --include='*.vml' | grep -vE ':\s*(/\*|\*|//|;)'; then
        echo "engine/ and daemon/ name a network"
        status=1
    fi
}

# --force: with a -D only one configuration is looked at otherwise. That -D: cppcheck takes
# C's own word for nothing. The shift of a negative number is defined by gcc and clang;
# computed goto, in the one file that includes the table so, is beyond cppcheck's grammar.
lint_cppcheck() {
    cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr --force \
        '-D_Noreturn=__attribute__((noreturn))' --suppress=shiftTooManyBitsSigned --library=tests/cppcheck.cfg \
        --suppress=syntaxError:engine/instruction.def -Iengine -I. -j "$(nproc)" engine daemon || status=1
}

# Lines "FILE KEY" of what clang-tidy looks at: the key is a hash of the file, of all headers
# of ours that it includes, of the flags, and of clang-tidy and its configuration.
tidy_keys() {
    sed -n 's|^ *"file": "\.\./\(.*\)",\{0,1\}$|\1|p' build-lint/compile_commands.json | LC_ALL=C sort -u |
        LC_ALL=C comm -12 - <(printf '%s\n' "${sources[@]}" | LC_ALL=C sort) >"$scratch/files"
    { clang-tidy --version | grep -i version; cat .clang-tidy
      sed -n 's/^ *"command": "\(.*\) -MD .*/\1/p' build-lint/compile_commands.json | sort -u; } >"$scratch/salt"
    xargs cc -MM -D_GNU_SOURCE -Iengine -I. <"$scratch/files" | sed -e ':join' -e '/\\$/{N;s/\\\n//;b join' -e '}' |
        while read -r _ file headers; do # "object.o: file.c header.h..."
            # shellcheck disable=SC2086
            echo "$file $(cat "$scratch/salt" "$file" $headers | sha256sum | cut -c1-40)"
        done
}

tidy_one() { # FILE KEY
    local log=$scratch/$2
    if clang-tidy -quiet -p build-lint "$1" >"$log" 2>&1; then
        touch "build-lint/clean/$2"
    else
        grep -E '(warning|error): ' "$log" | sort -u || cat "$log"
        return 1
    fi
}

lint_tidy() {
    [ -f build-lint/build.ninja ] || meson setup build-lint -Dtests=disabled >/dev/null
    ninja -C build-lint build.ninja >/dev/null # as meson.build is now
    mkdir -p build-lint/clean
    find build-lint/clean -type f -mtime +30 -delete
    tidy_keys >"$scratch/keys"
    [ -s "$scratch/keys" ] || { echo "nothing for clang-tidy to look at"; status=1; }
    export -f tidy_one
    export scratch
    while read -r file key; do
        [ -f "build-lint/clean/$key" ] || echo "$file $key"
    done <"$scratch/keys" | xargs -r -P "$(nproc)" -L 1 bash -c 'tidy_one "$@"' lint || status=1
}

[ $# -gt 0 ] || set -- lengths format words cppcheck tidy
for part in "$@"; do
    declare -F "lint_$part" >/dev/null || { echo "usage: lint.sh [lengths|format|words|cppcheck|tidy]..." >&2; exit 2; }
    "lint_$part"
done
[ $status = 0 ] && echo "lint: nothing to say"
exit $status
