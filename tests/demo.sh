#!/usr/bin/env bash
# demo.sh [BUILD] - replay a capture that tcpdump took (capture/recipe.sh) through a router
# that learns the toy network from a VMlet; print where every packet went, compare with
# what was sent, and leave what the router sent in BUILD/demo/OUT.pcap. Needs no root.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
vvmd=$build/daemon/vvmd
in=tests/capture/first-light.pcap
out=$build/demo/OUT.pcap
began=$(date +%s%N)

die() {
    echo "demo: $*" >&2
    exit 1
}
[ -x "$vvmd" ] || die "$vvmd is not there: run ./dev demo, which builds it"
mkdir -p "$build/demo"
rm -f "$out"

echo "router 192.0.2.2 replays $in; 198.51.100.0/24 lies behind 192.0.2.1"
"$vvmd" -r "$in" -w "$out" -a 192.0.2.2/24 -R 198.51.100.0/24=192.0.2.1 netvmlets/hop.vml |
    tee "$build/demo/ledger.txt" || die "vvmd failed, or its ledger does not balance"

# The first table, outcome by outcome, against what the recipe put into the capture.
sed '/^$/,$d' "$build/demo/ledger.txt" | diff -u tests/capture/first-light.ledger - ||
    die "the ledger is not what the capture holds"
active=$(sed -n '/^static const struct sample active/,/^};/p' tests/capture/sender.c | grep -c '^    {')
executed=$(awk '$1 == "hop" && NF == 7 { print $2 + $3 + $4 + $5 }' "$build/demo/ledger.txt")
invalid=$(awk '$1 == "error-program" { print $2 }' "$build/demo/ledger.txt")
[ $((executed - invalid)) = "$active" ] || die "$active active packets were captured, $((executed - invalid)) executed"
echo "the ledger balances; all $active active packets were executed, the rest ended by name"

if command -v tshark >/dev/null; then
    check=(-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE
        -Y '_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0')
    tshark -n -r "$out" >"$build/demo/frames.txt" 2>/dev/null
    frames=$(wc -l <"$build/demo/frames.txt")
    wrong=$(tshark -n -r "$out" "${check[@]}" 2>/dev/null | wc -l)
    sent=$(awk '$1 == "sent" { print $3 }' "$build/demo/ledger.txt")
    [ "$frames" = "$sent" ] || die "$sent packets were sent, tshark finds $frames in $out"
    [ "$wrong" = 0 ] || die "tshark finds $wrong of the frames in $out malformed or with a wrong checksum"
    head -n 3 "$build/demo/frames.txt"
    echo "tshark reads all $frames frames of $out, no checksum is wrong"
else
    echo "$out is written (tshark is not here to read it)"
fi
took=$((($(date +%s%N) - began) / 1000000))
echo "demo: done in $((took / 1000)).$(printf %03d $((took % 1000))) s"
[ "$took" -lt 10000 ] || die "that is more than 10 s"
