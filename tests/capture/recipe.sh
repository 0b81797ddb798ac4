#!/usr/bin/env bash
# recipe.sh first-light|line [OUT.pcap] - how the captures beside it were taken: tcpdump on
# one end of a veth, whose other end sends active packets (first-light: sender.c, the toy
# network; line: line.c, capsules) over all three carriers among ordinary traffic (ARP, DNS,
# TCP, echo, fragments) and damaged packets.
#
# Needs root (network namespaces, raw sockets), tcpdump, iproute2, gcc. ping, perl are
# used when they are there. Everything it makes is named with its process id and taken
# away at the end, also after a signal.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
capture=${1:-}
out=${2:-$capture.pcap}
case $capture in # the table of frames, and from whom they come
first-light) table=sender.c near=192.0.2.1 mac=02:00:c0:00:02:01 ;;
line) table=line.c near=192.0.2.9 mac=02:00:c0:00:02:09 ;;
*) echo "usage: recipe.sh first-light|line [OUT.pcap]" >&2; exit 2 ;;
esac
run=vvm$$
host=$run-host router=$run-router
work=$(mktemp -d)
dumper='' server=''

clean() {
    trap - EXIT INT TERM HUP
    for child in $dumper $server; do kill "$child" 2>/dev/null || true; done
    ip netns del "$host" 2>/dev/null || true
    ip netns del "$router" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
trap 'clean; exit 130' INT TERM HUP

die() {
    echo "recipe: $*" >&2
    exit 1
}
[ "$(id -u)" = 0 ] || die "needs root, for network namespaces and raw sockets: run it with sudo"
for tool in tcpdump ip gcc; do
    command -v "$tool" >/dev/null || die "needs $tool: apt-get install tcpdump iproute2 gcc libc6-dev"
done

# nsenter leaves mounts alone, so that this works in a chroot too
on_host() { nsenter --net="/run/netns/$host" "$@"; }
on_router() { nsenter --net="/run/netns/$router" "$@"; }

# $near host ---- veth ---- router 192.0.2.2; MAC addresses as the router derives them
gcc -O1 -o "$work/sender" "$here/$table" "$here/layers.c"
ip netns add "$host"
ip netns add "$router"
ip link add "${run}a" address "$mac" netns "$host" type veth \
    peer name "${run}b" address 02:00:c0:00:02:02 netns "$router"
on_host ip address add "$near/24" dev "${run}a"
on_router ip address add 192.0.2.2/24 dev "${run}b"
on_host ip link set "${run}a" up
on_router ip link set "${run}b" up

nsenter --net="/run/netns/$router" tcpdump -Z root --immediate-mode -U -n -s 0 -i "${run}b" -w "$work/capture" 2>"$work/tcpdump.log" &
dumper=$!
for _ in $(seq 50); do
    grep -q 'listening on' "$work/tcpdump.log" && break
    sleep 0.1
done
grep -q 'listening on' "$work/tcpdump.log" || die "tcpdump did not start: $(cat "$work/tcpdump.log")"

# a DNS query for www.example.org, type A
dns='\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01'
# shellcheck disable=SC2016 # $... is for the inner shell
ask() { on_host bash -c 'printf "$1" >/dev/udp/192.0.2.2/53' - "$dns" || true; }
# shellcheck disable=SC2016 # $... is for perl
ordinary() {
    ask
    on_host bash -c 'echo ordinary >/dev/tcp/192.0.2.2/80' 2>/dev/null || true
    if command -v ping >/dev/null; then on_host ping -q -c 2 -i 0.2 192.0.2.2 >/dev/null || true; fi
    if command -v perl >/dev/null; then
        nsenter --net="/run/netns/$router" perl -MIO::Socket::INET -e '
            $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 1, ReuseAddr => 1) or exit; alarm 5;
            $c = $s->accept; print $c scalar <$c>;' &
        server=$!
        sleep 0.3
        on_host bash -c 'exec 3<>/dev/tcp/192.0.2.2/8080 && echo ordinary >&3 && cat <&3' >/dev/null || true
        wait "$server" || true
        server=
    fi
    # three fragments, to a port that nobody claims
    on_host bash -c 'printf "%03500d" 0 >/dev/udp/192.0.2.2/9999' || true
}

ordinary
on_host "$work/sender" "${run}a" active
ask
on_host "$work/sender" "${run}a" damaged
sleep 0.5
kill -TERM "$dumper"
wait "$dumper" || true
dumper=
mv "$work/capture" "$out"
chmod 644 "$out"
echo "recipe: $out: $(tcpdump --count -r "$out" 2>/dev/null | cut -d" " -f1) frames, $(stat -c %s "$out") octets"
