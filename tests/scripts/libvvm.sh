#!/usr/bin/env bash
# libvvm.sh BUILD - the library as others get it: what it shows, that the header stands alone in
# C and C++, and that the examples build and run against an installed tree with nothing but
# pkg-config's flags, shared and static.
set -uo pipefail
cd "$(dirname "$0")/../.."
. tests/script-lib.sh
build=$(cd "$1" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# one list three times: the header's functions, what the shared library shows, what the archive shows
grep -oE '\bvvm_[a-z_]+\(' engine/vvm.h | tr -d '(' | LC_ALL=C sort -u >"$folder/header"
nm -D --defined-only "$build/engine/libvvm.so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort >"$folder/shared"
nm -g --defined-only "$build/engine/libvvm.a" | awk 'NF == 3 { print $3 }' | LC_ALL=C sort >"$folder/archive"
expect "the header names functions" 0 '^vvm_node_open$' cat "$folder/header"
expect "the shared library shows the header's functions and no more" 0 '' diff "$folder/header" "$folder/shared"
expect "so does the archive" 0 '' diff "$folder/header" "$folder/archive"
expect "names have a version" 0 'vvm_node_open@@VVM_0' nm -D "$build/engine/libvvm.so"
expect "the library has a name for programs to keep" 0 'SONAME.*libvvm\.so\.0' readelf -d "$build/engine/libvvm.so"

# the header alone
cat >"$folder/alone.c" <<'END'
#include <vvm.h>
#include <vvm.h>
int main(void) { return vvm_version() == NULL; }
END
cp "$folder/alone.c" "$folder/alone.cc"
alone() { "$@" -Wall -Wextra -Werror -pedantic -fsyntax-only -Iengine; }
expect "the header in strict C" 0 '' alone cc -std=c99 "$folder/alone.c"
if command -v c++ >"$folder/cxx"; then
    expect "the header in C++" 0 '' alone c++ -std=c++11 "$folder/alone.cc"
else
    expect "no function of the header has C linkage but in its extern \"C\"" 0 '^1$' grep -c '^extern "C" {' engine/vvm.h
fi

# installed
installed() { meson install -C "$build" --no-rebuild --destdir "$folder/root"; }
expect "install" 0 'vvm\.h' installed
PKG_CONFIG_PATH=$(dirname "$(find "$folder/root" -name vvm.pc)")
library=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$folder/root
expect "pkg-config finds it" 0 '^[0-9]+\.[0-9]+\.[0-9]+$' pkg-config --modversion vvm
flags() { pkg-config --cflags --libs "$@" vvm; }
# shellcheck disable=SC2046
example() { cc -Wall -Wextra -Werror "engine/examples/$1.c" $(flags) -o "$folder/$1"; }
for name in engine/examples/*.c; do
    expect "build $name" 0 '' example "$(basename "$name" .c)"
done
# shellcheck disable=SC2046
static_example() { cc "engine/examples/$1.c" $(pkg-config --cflags vvm) "$library/libvvm.a" -lck -lsodium -lm -pthread -o "$folder/$1-static"; }
expect "build one with the archive" 0 '' static_example many-nodes
export LD_LIBRARY_PATH=$library

examples=engine/examples
expect "a ring of nodes" 0 '^50 packets arrived of 50, executed 5050 times$' "$folder/many-nodes" 5 50 100 $examples/ring.vml
expect "its ledgers" 0 '^ledgers balance' "$folder/many-nodes" 5 50 100 $examples/ring.vml
expect "nodes that share nothing" 0 '^ledgers balance' "$folder/many-nodes" 3 9 10 --apart $examples/ring.vml
thousand() { # a thousand nodes with a real network loaded, and their memory
    local said
    said=$("$folder/many-nodes" 1000 1000 200 --path netvmlets ants/ants.vml $examples/ring.vml) || return 1
    echo "$said"
    awk '/ MiB in all/ { found = 1; if ($5 + 0 > 256) bad = 1 } END { exit !found || bad }' <<<"$said"
}
expect "a thousand nodes in 256 MiB" 0 '^1000 packets arrived of 1000, executed 201000 times' thousand
expect "the same, linked with the archive" 0 '^ledgers balance' env -u LD_LIBRARY_PATH "$folder/many-nodes-static" 2 1 9 $examples/ring.vml
expect "a VMlet that is not there" 1 'node 0: .*nowhere.vml' "$folder/many-nodes" 2 1 1 nowhere.vml

filter() { # LINE...: through the filter, stderr behind stdout
    printf '%s\n' "$@" | "$folder/message-filter" ${vmlet:+"$vmlet"}
}
expect "a filter that the program brings along" 0 '^2 passed, 1 stopped, 0 failed$' filter one '' two
vmlet=$examples/keep.vml
expect "a filter from a file" 0 '^one,two,$' bash -c "printf '%s\n' 'one  ' '# no' '' two | '$folder/message-filter' $vmlet 2>/dev/null | tr '\n' ,"
cat >"$folder/loud.vml" <<'END'
(vmlet keep (needs (table 1MiB)))
(define (filter message)
  (case (bytevector-u8-ref message 0)
    ((108) (let loop () (loop)))
    (else (bytevector-u8-set! message 0 33) message)))
END
sed 's/(let loop () (loop))/(lambda () message)/' "$folder/loud.vml" >"$folder/unfit.vml"
expect "it is replaced while messages come" 0 '^!ne$' filter one ":replace $folder/loud.vml" one
expect "one that does not end is stopped" 0 'used up its fuel' filter ":replace $folder/loud.vml" loop one
expect "and the next message goes on" 0 '^1 passed, 0 stopped, 1 failed$' filter ":replace $folder/loud.vml" loop one
expect "one that may not run is refused" 0 'message-filter: .*function filter' filter ":replace $folder/unfit.vml" one
expect "and the old one stays" 0 '^1 passed, 0 stopped, 0 failed$' filter ":replace $folder/unfit.vml" one
expect "a filter that is not there" 1 'message-filter: .*nowhere.vml' "$folder/message-filter" nowhere.vml

finish
