#!/usr/bin/env bash
# check.sh BUILD - take the captures anew (root), replay them, and find every packet that the
# senders put into them again; stop the recipe halfway and find nothing left behind.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. tests/script-lib.sh
build=$1
folder=$(mktemp -d)
lab() { VVM_RUN_DIR=$folder "$build/daemon/vvmlab" "$@"; }
trap 'lab down >/dev/null 2>&1; rm -rf "$folder"' EXIT

replay() {
    "$build/daemon/vvmd" -r "$1" -w "$folder/out.pcap" -a 192.0.2.2/24 -R 198.51.100.0/24=192.0.2.1 netvmlets/hop.vml
}
# Ordinary traffic differs from run to run: leave out what counts it.
rows() { sed '/^$/,$d' | awk '{ print $(NF - 1), $NF }' | grep -vE '^(.*\.pcap|not-active|fragment|created|others) '; }
same_rows() { diff <(rows <tests/capture/first-light.ledger) <(replay "$1" | rows); }

# The same for the line of four routers.
line_rows() { grep -vE ' (lan|not-active|fragment|received \+ created|all others) '; }
same_line() { # CAPTURE
    local now='' end=$((SECONDS + 10)) wanted
    wanted=$(line_rows <tests/capture/line.ledger)
    sed "s#\.\./tests/capture/line.pcap#$1#; s#\.\./#$PWD/#g" config/line4.yaml >"$folder/line.yaml"
    lab up "$folder/line.yaml" >/dev/null || return 1
    until [ "$now" = "$wanted" ] || [ $SECONDS -gt $end ]; do
        now=$(lab ledger | line_rows)
    done
    lab down >/dev/null
    diff <(echo "$wanted") <(echo "$now")
}

# interrupted SIGNAL SECONDS: the recipe under another id ends by itself and takes its namespaces away
interrupted() {
    tests/capture/recipe.sh line "$folder/half.pcap" &
    local recipe=$!
    sleep "$2"
    kill -"$1" "$recipe"
    wait "$recipe"
    local status=$?
    ip netns list | grep "vvm$recipe-" && return 1
    ip link show | grep "vvm$recipe" && return 1
    return $status
}

expect "the recipe takes a capture" 0 'frames' timeout 60 tests/capture/recipe.sh first-light "$folder/new.pcap"
expect "its active and damaged packets end as those of the committed one" 0 '^$' same_rows "$folder/new.pcap"
expect "its ledger balances" 0 'received \+ created' replay "$folder/new.pcap"
expect "the recipe takes the other capture" 0 'frames' timeout 60 tests/capture/recipe.sh line "$folder/line.pcap"
expect "its capsules end where those of the committed one do" 0 '^$' same_line "$folder/line.pcap"
expect "stopped by SIGTERM, nothing is left" 130 '' interrupted TERM 0.5
expect "stopped by SIGHUP, nothing is left" 130 '' interrupted HUP 0.8
finish
