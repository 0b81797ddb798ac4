#!/usr/bin/env bash
# vvmd.sh BUILD - the daemon from the outside: the demo, what it refuses and how it says so.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. tests/script-lib.sh
build=$1
vvmd=$build/daemon/vvmd
in=tests/capture/first-light.pcap
hop=netvmlets/hop.vml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

replay() { "$vvmd" -r "$in" -w "$1" -a 192.0.2.2/24 -R 198.51.100.0/24=192.0.2.1 "${@:2}" "$hop"; }
same_twice() { replay "$folder/1" && replay "$folder/2" && cmp "$folder/1" "$folder/2"; }
cut_short() { head -c 3000 "$in" >"$folder/cut" && "$vvmd" -r "$folder/cut" "$hop"; }
over_itself() { cp "$in" "$folder/same" && "$vvmd" -r "$folder/same" -w "$folder/same" "$hop" || { cmp "$in" "$folder/same" && return 7; }; }
refused_keeps_record() { echo kept >"$folder/kept"; replay "$folder/kept" --path / nowhere.vml; cat "$folder/kept"; }
through_a_pipe() { replay - 2>"$folder/ledger" | "$vvmd" -r - "$hop" && grep 'sent       hop' "$folder/ledger"; }
by_path() { echo '(vmlet far (import (anep anep)))' >"$folder/far.vml" && "$vvmd" -r "$in" "$@" "$folder/far.vml"; }
to_full_disk() { replay "$folder/out" >/dev/full; }

expect "the demo" 0 '^demo: done in' tests/demo.sh "$build"
expect "a replay gives the same octets each time" 0 'received' same_twice
expect "the ledger as JSON" 0 '^\{"v":1,"ledger":\[\{"outcome":"received".*"balance":0\}$' replay "$folder/out" --json
expect "settings from the environment" 0 '"balance":0' env VVMD_READ=$in VVMD_JSON=1 "$vvmd" $hop
expect "help names every option" 0 'VVMD_ROUTE' "$vvmd" --help
expect "no capture" 2 'give -r FILE' "$vvmd" $hop
expect "no VMlet" 2 'name at least one' "$vvmd" -r $in
expect "an option that is not there" 2 'see vvmd --help' "$vvmd" -r $in --colour $hop
expect "one letter of several that is no option" 2 'option -y is unknown' "$vvmd" -yr $in $hop
expect "an MTU of nothing" 2 'write a number above 0' "$vvmd" -r $in --mtu 0 $hop
expect "an empty variable is none" 0 '"balance":0' env VVMD_MTU= VVMD_ROUTE= "$vvmd" -r $in -j $hop
expect "imports are found on the path" 0 'received' by_path --path netvmlets
expect "or not" 1 'no VMlet `anep` is loaded.*--path' by_path
expect "a capture is not recorded over itself" 7 'record another file' over_itself
expect "what is refused leaves an older record alone" 0 '^kept' refused_keeps_record
expect "a record on the standard output, the ledger beside it" 0 'sent       hop' through_a_pipe
expect "a bad address" 2 'option --address: "1.2.3" is not valid' "$vvmd" -r $in -a 1.2.3 $hop
expect "a bad route in the environment" 2 'environment VVMD_ROUTE' env VVMD_ROUTE=x "$vvmd" -r $in $hop
expect "a capture that is not there" 1 'nowhere.pcap: No such file' "$vvmd" -r "$folder/nowhere.pcap" $hop
expect "a file that is no capture" 1 'give a pcap file' "$vvmd" -r $hop $hop
expect "a capture cut short: what was read is accounted for" 1 'damaged after frame 18' cut_short
expect "the same, in the table" 1 'received \+ created' cut_short
expect "a VMlet that is not there" 1 'nowhere.vml' "$vvmd" -r $in "$folder/nowhere.vml"
expect "routes that nobody keeps" 1 'no loaded VMlet keeps routes' "$vvmd" -r $in -R 10.0.0.0/8=10.0.0.1 tests/networks/fold.vml
expect "a record that cannot be begun" 1 'cannot be recorded' replay "$folder/no/such/folder"
expect "a record that the disk does not hold" 1 'is not whole' replay /dev/full
expect "a table that the disk does not hold" 1 'was not printed whole' to_full_disk
finish
