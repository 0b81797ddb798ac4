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
to_full_disk() { replay "$folder/out" >/dev/full; }

expect "the demo" 0 '^demo: done in' tests/demo.sh "$build"
expect "a replay gives the same octets each time" 0 'received' same_twice
expect "the ledger as JSON" 0 '^\{"v":1,"ledger":\[\{"outcome":"received".*"balance":0\}$' replay "$folder/out" --json
expect "settings from the environment" 0 '"balance":0' env VVMD_READ=$in VVMD_JSON=1 "$vvmd" $hop
expect "help names every option" 0 'VVMD_ROUTE' "$vvmd" --help
expect "no capture" 2 'give -r FILE' "$vvmd" $hop
expect "no VMlet" 2 'name at least one' "$vvmd" -r $in
expect "an option that is not there" 2 'see vvmd --help' "$vvmd" -r $in --colour $hop
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
