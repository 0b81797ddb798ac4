#!/bin/sh
# archive.sh IN.a OUT.a - a library for others: all objects in one, the names that are not vvm.h's made local.
set -eu
object=$2.d/vvm.o
mkdir -p "$2.d"
ld -r --whole-archive "$1" -o "$object"
objcopy --localize-hidden "$object"
rm -f "$2"
ar rcD "$2" "$object"
rm -r "$2.d"
