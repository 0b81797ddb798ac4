#!/usr/bin/env bash
# vvmd-live.sh BUILD - vvmd with a configuration: nodes in one process and in two, how it
# says that it is ready, how it stops at any moment, what it refuses, and what it leaves.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. tests/script-lib.sh
build=$(realpath "$1")
vvmd=$build/daemon/vvmd
vvmctl=$build/daemon/vvmctl
source=$PWD
folder=$(mktemp -d)
interface=
children=()
clean() {
    for child in "${children[@]}"; do kill -KILL "$child" 2>/dev/null; done
    [ -z "$interface" ] || ip link del "$interface" 2>/dev/null
    rm -rf "$folder"
}
trap clean EXIT
cd "$folder" || exit
export VVM_RUN_DIR=$folder/run

# a -- b -- c -- d; the capture comes in at a, whose link loses, doubles and delays
cat >net.yaml <<YAML
name: net
path: [$source/netvmlets]
routing: shortest
defaults: { vmlets: [hop] }
nodes:
  a:
    addresses: [10.0.0.1, 192.0.2.2/24]
    ports: { lan: { kind: pcap-file, read: $source/tests/capture/first-light.pcap, networks: [192.0.2.0/24] } }
  b: { addresses: [10.0.0.2] }
  c: { addresses: [10.0.0.3] }
  d:
    addresses: [10.0.0.4, 198.51.100.1/24]
    ports: { lan: { kind: pcap-file, write: far.pcap, networks: [198.51.100.0/24] } }
links:
  - { ends: [a, b], delay: 2ms, jitter: 1ms, duplicate: 10%, loss: 5%, seed: 3 }
  - { ends: [b, c] }
  - { ends: [c, d] }
YAML

# launch COMMAND...: in the background, where a shell ignores SIGINT; $child
launch() {
    "$@" >out 2>err &
    child=$!
    children+=("$child")
}
# listening NODE...: until the sockets are there
listening() {
    local i node
    for node in "$@"; do
        for ((i = 0; i < 200; i++)); do
            [ ! -S "run/$node.sock" ] || continue 2
            sleep 0.05
        done
        echo "node $node does not listen"
        return 1
    done
}
# ends SIGNAL: the status that the child has after it; a hang is 99
ends() {
    local i
    kill "-$1" "$child"
    for ((i = 0; i < 200; i++)); do
        kill -0 "$child" 2>/dev/null || break
        sleep 0.05
    done
    kill -KILL "$child" 2>/dev/null && return 99
    wait "$child"
}
left() { find run -mindepth 1 2>/dev/null; } # of what was made
all=(-c net.yaml -n a -n b -n c -n d)

one_process() {
    launch "$vvmd" "${all[@]}" --ledger
    listening a b c d || return 1
    "$vvmctl" -n a stats ledger/balance
    ends INT || { echo "status $?"; cat err; return 1; }
    cat out err
    [ -z "$(left)" ]
}
balanced() { # each node's in and out are equal
    awk '$1 == "in" { i = $NF } $1 == "out" { n++; if ($NF != i) bad = 1 } END { print n " ledgers"; exit bad || n != 4 }' out
}
stops() { # at moments of its start and of its life
    local i
    for ((i = 0; i < 12; i++)); do
        launch "$vvmd" "${all[@]}"
        sleep "0.$(printf %03d $((40 + 37 * i)))"
        ends "$([ $((i % 2)) = 0 ] && echo INT || echo TERM)" || { echo "run $i: status $?"; cat err; return 1; }
        [ -z "$(left)$(cat err)" ] || { echo "run $i left: $(left)"; cat err; return 1; }
    done
}
ready() { # what the service manager hears, and when
    python3 - "$vvmd" "${all[@]}" <<'PYTHON'
import os, signal, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
s.settimeout(10)
child = subprocess.Popen(sys.argv[1:], env=dict(os.environ, NOTIFY_SOCKET=os.path.abspath("notify")))
try:
    said = [s.recv(100).decode()]
    there = all(os.path.exists("run/%s.sock" % node) for node in "abcd")
    child.send_signal(signal.SIGTERM)
    said.append(s.recv(100).decode())
    print(said, there, child.wait(10))
finally:
    child.kill()
PYTHON
}
two_processes() {
    launch "$vvmd" -c net.yaml -n a -n b --link 1.0=127.0.0.1:40711,127.0.0.1:40712
    first=$child
    launch "$vvmd" -c net.yaml -n c -n d --link 1.1=127.0.0.1:40712,127.0.0.1:40711
    listening a b c d || return 1
    sleep 0.3
    "$vvmctl" -n b stats port/c
    ends INT || return 1
    child=$first
    ends INT && [ -z "$(left)$(cat err)" ]
}
idle() { # ticks of processor time in a second
    launch "$vvmd" "${all[@]}"
    listening a b c d && sleep 0.5
    local before after
    before=$(awk '{ print $14 + $15 }' "/proc/$child/stat")
    sleep 1
    after=$(awk '{ print $14 + $15 }' "/proc/$child/stat")
    ends TERM
    echo "$((after - before)) ticks"
    [ $((after - before)) -le 1 ]
}
held_socket() { # another router has it
    launch "$vvmd" "${all[@]}"
    listening a b c d
    sed 's|far.pcap|other.pcap|' net.yaml >other.yaml
    "$vvmd" -c other.yaml -n a -n b -n c -n d
    local status=$?
    "$vvmctl" -n a status >status || return 1
    ends TERM && return $status
}
port_of() { sed "s|ports: { lan: { kind: pcap-file, write: far.pcap|ports: { lan: { $1|" net.yaml >"$2"; }
gone() { # the interface of a port goes while it runs
    interface=vvm$$
    ip link add "$interface" type veth peer name "${interface}p" && ip link set "$interface" up && ip link set "${interface}p" up || return 1
    port_of "kind: pcap, device: $interface" gone.yaml
    launch "$vvmd" -c gone.yaml -n a -n b -n c -n d --ledger
    listening a b c d || return 1
    ip link del "$interface"
    interface=
    for _ in $(seq 100); do kill -0 "$child" 2>/dev/null && sleep 0.05; done
    ends TERM 2>/dev/null
    local status=$?
    cat err
    balanced && [ -z "$(left)" ] && return $status
}
twice_named() { sed 's|  b: { addresses: \[10.0.0.2\] }|  b: { addresses: [10.0.0.2], ports: { a: { kind: pcap-file, write: x.pcap } } }|' net.yaml >twice.yaml && "$vvmd" -c twice.yaml --check; }
same_record() { sed "s|  b: { addresses: \[10.0.0.2\] }|  b: { addresses: [10.0.0.2], ports: { lan: { kind: pcap-file, write: $1 } } }|; s|write: far.pcap|write: $1|" net.yaml >same.yaml && "$vvmd" -c same.yaml -n a -n b -n c -n d; }
raising() { echo '(vmlet bad (version 1)) (define (f) (car 1)) (f)' >bad.vml && sed 's|\[hop\]|[hop, ./bad.vml]|' net.yaml >bad.yaml && "$vvmd" -c bad.yaml -n a -n b -n c -n d; }

expect "four nodes in one process" 0 '^ledger/balance +0' one_process
expect "their ledgers" 0 '^4 ledgers' balanced
expect "a stop at any moment" 0 '^$' stops
expect "the service manager is told when all is there" 0 "^\['READY=1', 'STOPPING=1'\] True 0" ready
expect "two processes, a link of datagrams between them" 0 'port/c/tx-frames +[1-9]' two_processes
expect "idle, it uses no processor" 0 'ticks' idle
expect "a socket that another router has" 1 'vvmd a: .*a.sock' held_socket
expect "all is checked, nothing opened" 0 'net.yaml: node d: good' "$vvmd" -c net.yaml --check
expect "a node that is not there" 1 'the nearest is a' "$vvmd" -c net.yaml -n aa
expect "half of a link" 1 'net.yaml:15:5: node a, port b: the other end' "$vvmd" -c net.yaml -n a
expect "a link that is not there" 1 'option --link 9.0: there is no link 9: .*net.yaml has 3, counted from 0' "$vvmd" -c net.yaml -n a --link 9.0=127.0.0.1:1,127.0.0.1:2
expect "one socket for four nodes" 2 'one path for 4 nodes' "$vvmd" "${all[@]}" --control x.sock
expect "two ports of one name" 1 'twice.yaml:[0-9]+:[0-9]+: .*' twice_named
expect "two nodes that record into one file" 1 'vvmd d: same.yaml:[0-9]+:[0-9]+: port lan: far.pcap is being recorded' same_record far.pcap
expect "two nodes that record to standard output" 1 'same.yaml:[0-9]+:[0-9]+: node d, port lan: another port records' same_record '"-"'
expect "a VMlet that raises, with its back-trace" 1 'in f at ./bad.vml:1:' raising
expect "nothing was left by what was refused" 0 '^$' left
if [ "$(id -u)" = 0 ] && ip link add "vvm$$" type veth peer name "vvm$$p" 2>/dev/null; then
    ip link del "vvm$$"
    expect "an interface that goes" 1 'vvmd d: port lan: ' gone
else
    echo "SKIP an interface that goes: needs root, and a machine that makes veth pairs"
fi
finish
