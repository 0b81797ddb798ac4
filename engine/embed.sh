#!/bin/sh
# embed.sh OUT FILE... - write the files as one C table, in the order given.
set -eu
out=$1
shift
{
    echo '/* made by embed.sh */'
    echo '#include "prelude.h"'
    n=0
    for f in "$@"; do
        echo "static const char text_$n[] = {"
        od -An -v -td1 "$f" | sed 's/\([0-9]\) /\1,/g; s/$/,/'
        echo "0};"
        n=$((n + 1))
    done
    echo 'const struct prelude_text prelude_texts[] = {'
    n=0
    for f in "$@"; do
        echo "    {\"$(basename "$f")\", text_$n, sizeof text_$n - 1},"
        n=$((n + 1))
    done
    echo '};'
    echo "const unsigned prelude_count = $n;"
} >"$out"
