#!/usr/bin/env bash
# lint.sh [lengths|format|tidy|cppcheck] - style that a machine can keep; all of it by default.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
mapfile -t sources < <(git ls-files '*.c')
mapfile -t formatted < <(git ls-files '*.c' '*.h')

# Functions over 80 lines that may be so: dispatch loops.
allowed='interpret'

lint_lengths() { # median, 90 %, longest; fails over 80 lines outside the allow-list
    printf '%s\n' "${sources[@]}" | grep -v '^tests/' |
        xargs ctags -x --c-kinds=f --_xformat='%{end} %n %N %F' |
        awk -v allowed="^($allowed)\$" '
            { n = $1 - $2 + 1; length_of[++count] = n; if (n > 80 && $3 !~ allowed) { print n, $3, $4; bad = 1 }
              if (n > most && $3 !~ allowed) { most = n; where = $3 " in " $4 } }
            END { n = asort_lengths(); exit bad }
            function asort_lengths(    i, j, t) {
                for (i = 2; i <= count; i++) { t = length_of[i]; for (j = i - 1; j > 0 && length_of[j] > t; j--) length_of[j + 1] = length_of[j]; length_of[j + 1] = t }
                printf "function lengths: %d functions, median %d, 90 %% under %d, longest %d (%s)\n", count,
                    length_of[int((count + 1) / 2)], length_of[int(count * 0.9 + 0.5)], most, where
            }' || { echo "functions over 80 lines"; status=1; }
}

lint_format() {
    clang-format --dry-run -Werror "${formatted[@]}" 2>/tmp/format.$$ || { grep -c 'error:' /tmp/format.$$ | sed 's/$/ places differ from .clang-format:/'; grep 'error:' /tmp/format.$$ | cut -d: -f1 | sort | uniq -c; status=1; }
    rm -f /tmp/format.$$
}

lint_tidy() {
    [ -f build/compile_commands.json ] || meson setup build >/dev/null
    ninja -C build >/dev/null # generated sources
    printf '%s\n' "${sources[@]}" | grep -E '^(engine|daemon)/' | while read -r f; do
        grep -q "$f" build/compile_commands.json && echo "$f"
    done | xargs -P 2 -n 4 clang-tidy -quiet -p build 2>/dev/null | grep -E 'warning:|error:' && status=1 || true
}

lint_cppcheck() {
    cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
        --suppress=missingInclude --suppress=unknownMacro --suppress=syntaxError \
        -Iengine -j 2 engine daemon || status=1
}

lint_words() { # the engine knows no network
    if grep -rniwE 'plan|ants|capsule|anep' engine daemon --include='*.[ch]' --include='*.def' --include='*.vml' | grep -vE ':\s*(/\*|\*|//|;)'; then
        echo "engine/ and daemon/ name a network"
        status=1
    fi
}

for part in "${@:-}"; do
    case $part in
    '') lint_lengths && lint_format && lint_words && lint_cppcheck && lint_tidy ;;
    *) "lint_$part" ;;
    esac
done
[ $status = 0 ] && echo "lint: nothing to say"
exit $status
