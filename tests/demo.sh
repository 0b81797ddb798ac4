#!/usr/bin/env bash
# demo.sh [BUILD] - a line of four routers, each a vvmd process, started by vvmlab over UDP on
# the loopback. A capture that tcpdump took (capture/recipe.sh: capsules among ordinary and
# damaged packets) is replayed into the first; every packet must end where the table in
# capture/line.c says. Then the older replay of the toy network through one router.
# Needs no root. Leaves what the routers sent to either end in BUILD/demo, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
bin=$PWD/$build/daemon
[[ $build = /* ]] && bin=$build/daemon
out=$build/demo
began=$(date +%s%N)
run=${TMPDIR:-/tmp}/vvm-demo-$$

die() {
    echo "demo: $*" >&2
    exit 1
}
step() { # a heading, bold on a terminal
    local bold='' plain=''
    [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && bold=$'\e[1m' plain=$'\e[0m'
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}
interrupted() {
    echo "demo: interrupted: everything is taken down" >&2
    exit 130
}
clean() { # also after a signal: all that the lab made, then our own folder, which must be empty
    trap '' INT TERM HUP
    trap - EXIT
    "$bin/vvmlab" down >/dev/null || true
    rmdir "$run/labs" 2>/dev/null || true
    [ ! -d "$run" ] || rmdir "$run" 2>/dev/null || echo "demo: $run is not empty" >&2
}
for program in vvmd vvmctl vvmlab; do
    [ -x "$bin/$program" ] || die "$bin/$program is not there: run ./dev demo, which builds it"
done
mkdir -p "$out"
rm -f "$out"/*.pcap "$out"/*.txt
unset "${!VVM@}" # what is set for others
export VVM_RUN_DIR=$run
trap interrupted INT TERM HUP
trap clean EXIT
mkdir -m 700 "$run"

# ---- a line of four ----

# Quiet: the whole capture came in, nothing is between two nodes, and two looks are the same.
frames=$(awk '$1 == "lan" { print $2 }' tests/capture/line.ledger)
quiet() {
    local before='' now='' end=$((SECONDS + 10))
    while [ $SECONDS -le $end ]; do
        now=$("$bin/vvmlab" ledger)
        [ "$now" = "$before" ] && awk -v frames="$frames" '
            $1 == "lan" { came = $2 } $1 == "link" { links = 1; next } links { missing += $5 }
            END { exit !(came == frames && missing == 0) }' <<<"$now" && break
        before=$now
        sleep 0.02
    done
    printf '%s\n' "$now" >"$out/ledger.txt"
}

echo "ANTS: packets are capsules that name the routine by which every router forwards them."
echo
echo "    192.0.2.9 ------ a ------ b ------ c ------ d ------ 198.51.100.7"

step "1. Four routers, a process each, UDP between them: vvmlab up config/line4.yaml"
"$bin/vvmlab" up config/line4.yaml

step "2. What tcpdump captured on a wire, $frames frames, is replayed into a. Where every packet went: vvmlab ledger"
quiet
cat "$out/ledger.txt"
diff -u tests/capture/line.ledger "$out/ledger.txt" || die "the ledger is not what the capture holds"
# What a router sent and no link took went to the host on its lan.
read -r near far < <(awk '$1 == "sent" { a = $3; d = $6 } $1 == "a/b" { a -= $3 } $1 == "d/c" { d -= $3 }
    END { print a, d }' "$out/ledger.txt")
echo
echo "Capsules went on; what is damaged or no capsule was dropped, each for a named reason, as the capture's list says."
echo "In is out at every router, and what left one arrived at the next: nothing is lost unseen."
echo "$near pings came back to 192.0.2.9, from as far as d; $far capsules came out at the far end."

# Expressions are evaluated in the running router: where does b send what is for either host?
dotted='(define (dotted a)
  (let loop ((shift 24) (text ""))
    (let ((text (string-append text (number->string (bitwise-and 255 (arithmetic-shift a (- shift)))))))
      (if (zero? shift) text (loop (- shift 8) (string-append text "."))))))'
question='(map (lambda (a) (dotted (hop-address (next-hop a)))) (list #xc0000209 #xc6336407))'
answer=$("$bin/vvmlab" exec b "$bin/vvmctl" eval "$dotted" "$question") || die "b does not answer: $answer"
step "3. A running router learns to write addresses; then b is asked where it sends what is for either host: vvmctl eval"
echo "$question"
echo "=> $answer"
[ "$answer" = '("10.0.0.1" "10.0.0.3")' ] || die "that is not how the line is laid"

step "4. The network is taken down: vvmlab down"
"$bin/vvmlab" status >"$out/status.txt" || die "not all nodes are up"
folder=$(echo "$run"/labs/*)
cp "$folder/a/near.pcap" "$folder/d/far.pcap" "$out"
"$bin/vvmlab" down
[ -z "$(ls -A "$run")" ] || die "$run is not empty: $(find "$run")"
while read -r _ pid _; do
    state=$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) || continue
    [ "$state" = Z ] || die "process $pid has outlived its lab" # Z: ended, and not yet noticed by its parent
done < <(awk '$2 ~ /^[0-9]+$/' "$out/status.txt")
echo "Nothing is left behind: no process, no socket, no folder."

# ---- one router, the toy network ----

step "5. Another program makes it a router of another network, hop: vvmd -r first-light.pcap ... netvmlets/hop.vml"
"$bin/vvmd" -r tests/capture/first-light.pcap -w "$out/first-light.pcap" -a 192.0.2.2/24 \
    -R 198.51.100.0/24=192.0.2.1 netvmlets/hop.vml >"$out/first-light.txt" || die "the replay failed: $(cat "$out/first-light.txt")"
sed '/^$/,$d' "$out/first-light.txt" | diff -u tests/capture/first-light.ledger - ||
    die "the ledger is not what first-light.pcap holds"
echo "Of $(awk '$1 == "received" { print $3 }' "$out/first-light.txt") frames each ended as the capture's list says; the ledger is in $out/first-light.txt."

# ---- what was sent, in the eyes of somebody else ----

fields=(-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields
    -e _ws.malformed -e ip.checksum.status -e udp.checksum.status) # of each frame; status 0 is bad
read_back() { # CAPTURE FRAMES
    tshark -n -r "$out/$1" "${fields[@]}" >"$out/$1.txt" 2>/dev/null || die "tshark cannot read $out/$1"
    awk -F'\t' -v n="$2" '$1 || $2 == "0" || $3 == "0" { bad++ } END { exit !(NR == n && !bad) }' "$out/$1.txt" ||
        die "$2 packets were sent; tshark finds in $out/$1 (malformed, checksums): $(cat "$out/$1.txt")"
}
step "6. What the routers sent, in $out: near.pcap and far.pcap of the line, first-light.pcap of the other"
if command -v tshark >/dev/null; then
    read_back near.pcap "$near"
    read_back far.pcap "$far"
    read_back first-light.pcap "$(awk '$1 == "sent" { print $3 }' "$out/first-light.txt")"
    tshark -n -c 3 -r "$out/far.pcap" 2>/dev/null
    echo "tshark reads them: every frame is there, no checksum is wrong. Above, what first came to 198.51.100.7."
else
    echo "They are written; tshark, where it is installed, is a second opinion on every frame."
fi
echo
took=$((($(date +%s%N) - began) / 1000000))
echo "demo: done in $((took / 1000)).$(printf %03d $((took % 1000))) s"
[ "$took" -lt 10000 ] || die "that is more than 10 s"
