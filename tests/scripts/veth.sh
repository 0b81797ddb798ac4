#!/usr/bin/env bash
# veth.sh BUILD - two routers, each a vvmd with pcap ports, in network namespaces of their
# own: a host sends to the first, tcpdump counts what the second sends on. Needs root, ip,
# tcpdump and gcc; everything it makes is named with its process id.
#
#   host near 192.0.2.1 -- lan a 192.0.2.2 mid -- mid b 10.0.0.2 lan -- host far (198.51.100.7)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. tests/script-lib.sh
build=$1
vvmd=$build/daemon/vvmd
vvmctl=$build/daemon/vvmctl
run=vvm$$
folder=$(mktemp -d)
dumper=''

clean() {
    trap - EXIT INT TERM HUP
    for child in $(cat "$folder"/*.pid 2>/dev/null) $dumper; do kill "$child" 2>/dev/null; done
    wait
    for name in host a b; do ip netns del "$run-$name" 2>/dev/null; done
    rm -rf "$folder"
}
skip() {
    echo "SKIP veth.sh: $*"
    rm -rf "$folder"
    echo "0 passed, $([ -z "${CI:-}" ] && echo 0 || echo 1) failed" # in CI a skip is a failure
    exit 0
}
[ "$(id -u)" = 0 ] || skip "needs root, for network namespaces and raw sockets"
for tool in ip tcpdump gcc; do
    command -v $tool >/dev/null || skip "needs $tool: apt-get install iproute2 tcpdump gcc libc6-dev"
done
ip netns add "$run-host" 2>/dev/null || skip "this machine makes no network namespaces"
trap clean EXIT
trap 'exit 130' INT TERM HUP

# nsenter leaves mounts alone, so that this works in a chroot too
in_space() { nsenter --net="/run/netns/$run-$1" "${@:2}"; }
wire() { # SPACE DEVICE MAC SPACE DEVICE MAC
    ip link add name "$2" address "$3" netns "$run-$1" type veth peer name "$5" address "$6" netns "$run-$4"
    in_space "$1" ip link set dev "$2" up
    in_space "$4" ip link set dev "$5" up
}
ip netns add "$run-a"
ip netns add "$run-b"
for name in host a b; do
    # shellcheck disable=SC2016 # $... is for the inner shell
    in_space $name sh -c 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$f; done' # not a word from the kernel
done
wire host near 02:00:c0:00:02:01 a lan 02:00:c0:00:02:02
wire a mid 02:00:0a:00:00:01 b mid 02:00:0a:00:00:02
wire b lan 02:00:c6:33:64:01 host far 02:00:c6:33:64:07
in_space host ip address add 192.0.2.1/24 dev near
in_space host ip neighbour add 192.0.2.2 lladdr 02:00:c0:00:02:02 dev near

cp -r netvmlets "$vvmd" "$folder" && chmod -R a+rX "$folder" # where another user finds them too
cat >"$folder/two.yaml" <<END
name: two
path: [netvmlets]
defaults: { vmlets: [hop] }
nodes:
  a:
    addresses: [192.0.2.2/24, 10.0.0.1]
    ports:
      lan: { kind: pcap, device: lan, networks: [192.0.2.0/24], neighbours: [192.0.2.1] }
      mid: { kind: pcap, device: mid, networks: [10.0.0.0/24], neighbours: [10.0.0.2] }
    routes: [ { to: 198.51.100.0/24, via: 10.0.0.2, port: mid } ]
  b:
    addresses: [10.0.0.2, 198.51.100.1]
    ports:
      mid: { kind: pcap, device: mid, networks: [10.0.0.0/24], neighbours: [10.0.0.1] }
      lan: { kind: pcap, device: lan, networks: [198.51.100.0/24], neighbours: [198.51.100.7] }
END

begin() { # NODE: in the background; its process id and, at its end, its status are in files
    {
        # shellcheck disable=SC2016 # $... is for the inner shell
        in_space "$1" sh -c 'echo $$ >"$1"; shift; exec "$@"' - "$folder/$1.pid" "$vvmd" -c "$folder/two.yaml" \
            -n "$1" --control "$folder/$1.sock" --ledger >"$folder/$1.ledger" 2>"$folder/$1.log"
        echo $? >"$folder/$1.status"
        rm -f "$folder/$1.pid"
    } &
}
ready() { # NODE
    for _ in $(seq 100); do
        "$vvmctl" -s "$folder/$1.sock" status && return
        [ -e "$folder/$1.status" ] && break
        sleep 0.1
    done
    cat "$folder/$1.log"
    return 1
}
over() { # NODE: what it said, its ledger, its exit status
    for _ in $(seq 100); do
        [ -e "$folder/$1.status" ] && break
        sleep 0.1
    done
    cat "$folder/$1.log" "$folder/$1.ledger"
    return "$(cat "$folder/$1.status")"
}
stop() { # NODE
    kill -TERM "$(cat "$folder/$1.pid")"
    over "$1"
}
reading() { "$vvmctl" -s "$folder/$1.sock" stats "$2" | awk -v name="$2" '$1 == name { print $2 }'; } # NODE NAME
reaches() { # NODE NAME COUNT: within five seconds
    local got=''
    for _ in $(seq 50); do
        got=$(reading "$1" "$2")
        [ "${got:-0}" -ge "$3" ] && break
        sleep 0.1
    done
    echo "$2 ${got:-0}"
    [ "${got:-0}" = "$3" ]
}
sender() { in_space host "$folder/sender" near "$1"; }
# What the frames of the sender become is known from the committed capture. Ordinary traffic
# never comes through the kernel's filter, nor does a frame that ends before its protocol.
# One more is sent: the host's own.
known() {
    awk 'NF > 2 { kind = $1 } NF { print kind, $(NF - 1), $NF }' tests/capture/first-light.ledger |
        sed 's/^sent hop 10/sent hop 11/; s/^dropped truncated 2/dropped truncated 1/; s/^dropped fragment 5/dropped fragment 2/' |
        grep -E '^(sent|delivered|dropped) ' | grep -v not-active
}
rows() { sed '/^$/,$d' "$folder/a.ledger" | awk 'NF > 2 { kind = $1 } NF { print kind, $(NF - 1), $NF }' | grep -E '^(sent|delivered|dropped) '; }
# A packet to 198.51.100.7 from the host's own stack, which leaves the checksum to the link.
local_sender() {
    in_space host bash -c 'printf "\1\0HP\0\2\0\26\1\5\0\0\3063d\7\2\1\1\3\0\11" >/dev/udp/192.0.2.2/3322' || return
    reaches b port/lan/tx-frames 11
}
ordinary() {
    in_space host bash -c 'echo x >/dev/udp/192.0.2.2/53; echo x >/dev/udp/192.0.2.2/3321'
    sleep 0.3
    reaches a port/lan/rx-frames 40
}
captured() { # what tcpdump saw leave: ten of the sender's, one of the host's, checksums right
    tcpdump -envv -r "$folder/capture" 2>/dev/null >"$folder/frames"
    grep -c 'ethertype' "$folder/frames"
    ! grep -E 'bad .*cksum|bad udp' "$folder/frames"
}
vanish() {
    in_space a ip link del lan
    over a
}
as_nobody() {
    in_space b setpriv --reuid 65534 --regid 65534 --clear-groups "$folder/vvmd" -c "$folder/two.yaml" -n b --control none
}

gcc -O1 -o "$folder/sender" tests/capture/sender.c tests/capture/layers.c || exit
begin a
begin b
expect "router a is ready" 0 '' ready a
expect "router b is ready" 0 '' ready b
in_space host tcpdump -Z root --immediate-mode -U -n -s 0 -Q in -i far -w "$folder/capture" 2>"$folder/tcpdump.log" &
dumper=$!
for _ in $(seq 50); do grep -q 'listening on' "$folder/tcpdump.log" && break; sleep 0.1; done
expect "packets are sent to it" 0 '' sender active
expect "and damaged ones" 0 '' sender damaged
expect "what is claimed comes to a" 0 'rx-frames 39' reaches a port/lan/rx-frames 39
expect "ten go on to b, and leave it" 0 'tx-frames 10' reaches b port/lan/tx-frames 10
expect "so does a packet of the host's own stack, its checksum left open" 0 'tx-frames 11' local_sender
expect "what nobody claims does not even arrive" 0 'rx-frames 40' ordinary
expect "the ledger balances while packets move" 0 '^ledger/balance +0$' "$vvmctl" -s "$folder/a.sock" stats ledger/balance
expect "tcpdump saw eleven leave, whole" 0 '^11$' captured
expect "an interface vanishes: its port is broken, by name" 1 '^vvmd a: .*lan: interface lan is gone.*make it again' vanish
expect "the first router's ledger balances at its end" 0 'received \+ created' cat "$folder/a.ledger"
expect "every frame ended as it does in the committed capture" 0 '^$' diff <(known) <(rows)
expect "router b leaves when it is asked to" 0 'received \+ created' stop b
expect "without the right to open interfaces" 1 'needs CAP_NET_RAW' as_nobody
finish
