#!/usr/bin/env bash
# vvmlab.sh BUILD - labs from the outside: what they say, what they refuse, and that nothing of
# them is left, whoever ends them and when. As root in network and mount namespaces of its
# own, so that all UDP sockets and all named namespaces are its own; else without those.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
if [ -z "${VVM_LAB_INSIDE:-}" ] && [ "$(id -u)" = 0 ] && unshare --net --mount true 2>/dev/null; then
    # shellcheck disable=SC2016 # $@ is for the inner shell
    VVM_LAB_INSIDE=1 exec unshare --net --mount bash -c 'ip link set lo up
        mkdir -p /run/netns && mount -t tmpfs none /run/netns; exec "$@"' - "$0" "$@"
fi
. tests/script-lib.sh
build=$1
vvmlab=$PWD/$build/daemon/vvmlab
[[ $build = /* ]] && vvmlab=$build/daemon/vvmlab
vvmctl=${vvmlab%lab}ctl
folder=$(mktemp -d)
run=$folder/run
unset VVM_LAB
mkdir "$run" "$folder/tmp" "$folder/fake"
end() {
    for id in "$run"/labs/*; do
        [ -d "$id" ] && lab --lab "${id##*/}" down >/dev/null 2>&1
    done
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT TERM HUP

# The lab's processes are known by VVM_RUN_DIR in their environment: it has our folder in it.
lab() { VVM_RUN_DIR=$run "$vvmlab" "$@"; }
ours() { grep -lzs "^VVM_RUN_DIR=$folder" /proc/[0-9]*/environ; }
state() { # processes, sockets, folders, namespaces
    ours
    grep -F "$folder" /proc/net/unix | awk '{ print $NF }'
    [ -z "${VVM_LAB_INSIDE:-}" ] || awk 'NR > 1 { print $2 }' /proc/net/udp
    find "$run" "$folder/tmp" | sort
    [ -z "${VVM_LAB_INSIDE:-}" ] || ls /run/netns
}
state >"$folder/before"
same() { state | diff "$folder/before" -; } # nothing is left

network() { # FILE NODES ["more of the file"]: a ring
    local i
    { echo "name: ring"
      echo "path: [$PWD/netvmlets]"
      echo "defaults: { vmlets: [hop] }"
      echo "nodes:"
      for ((i = 0; i < $2; i++)); do echo "  n$i: { addresses: [10.0.0.$((i + 1))] }"; done
      echo "links:"
      for ((i = 0; i < $2; i++)); do echo "  - { ends: [n$i/right, n$(((i + 1) % $2))/left] }"; done
      echo "${3:-}"; } >"$folder/$1"
}
network two.yaml 2
network thirty.yaml 30
sed 's/^  n1:.*/  n1: { addresses: [10.0.0.2], vmlets: [nowhere] }/' "$folder/two.yaml" >"$folder/refuses.yaml"
sed 's/^name: /nmae: /' "$folder/two.yaml" >"$folder/wrong.yaml"
sed 's/n0/"..\/n0"/' "$folder/two.yaml" >"$folder/escapes.yaml"
sed 's/left\] }/left], udp: [127.0.0.1:47101, 127.0.0.1:47102] }/; 9q' "$folder/two.yaml" | head -n 8 >"$folder/fixed.yaml"

# ---- one lab ----

expect "no command" 2 'say what to do' lab
expect "a command that is not there" 2 'no command "upp"' lab upp
expect "an option that is not there" 2 'option --colour is unknown' lab --colour up x
expect "an option among others that is not there" 2 'option -z is unknown' lab -jz list
expect "an option that takes no value" 2 'option --json=3 is unknown or' lab --json=3 list
expect "a timeout of nothing" 2 'write seconds' lab up -t 0 x
expect "up without a file" 2 'usage: vvmlab up FILE' lab up
expect "status takes no word" 2 '^vvmlab: usage: vvmlab status: see' lab status x
expect "help" 0 'exec +NODE CMD' lab --help
expect "no lab yet" 0 '^$' lab list
expect "no lab yet, as JSON" 0 '^\{"v":1,"labs":\[\]\}$' lab list --json
full() { "$@" >/dev/full; }
expect "help that nobody can read" 1 'standard output: No space' full lab --help
expect "up that cannot say where" 1 'standard output: No space' full lab up "$folder/two.yaml"
expect "leaves nothing" 0 '^$' same
expect "status of none" 1 'no lab: vvmlab up FILE' lab status
expect "down of none" 0 'nothing to take down' lab down
mkdir -m 700 "$run/labs" # up was killed before it made more
expect "down of less than a lab" 0 'nothing to take down' lab down
expect "leaves nothing, too" 0 '^$' same
export VVMD_CHECK=1 VVMD_MTU=900 # are for a vvmd that is started by hand
expect "up" 0 '^ring-[0-9a-f]{6} is up: 2 nodes' lab up "$folder/two.yaml"
unset VVMD_CHECK VVMD_MTU
expect "list" 0 '2 of 2 .*/two.yaml' lab list
expect "list as JSON" 0 '^\{"v":1,"labs":\[\{"lab":"ring-.*"running":2\}\]\}$' lab list --json
expect "status" 0 '^n1 +[0-9]+ +up .* right,left|^n1 +[0-9]+ +up .* left,right' lab status
expect "status as JSON" 0 '^\{"v":1.*"state":"up".*"balance":0.*"links":\[' lab status --json
expect "status that nobody can read" 1 'standard output: No space' full lab status
expect "the same as JSON" 1 'standard output: No space' full lab --json status
expect "ledger" 0 '^balanced +yes +yes$' lab ledger
expect "ledger as JSON" 0 '"balanced":true' lab --json ledger
# shellcheck disable=SC2016 # $... is for the inner shell
expect "exec tells the node" 0 "^n1 $run/labs/ring-[0-9a-f]*/n1.sock\$" lab exec n1 sh -c 'echo $VVM_NODE $VVM_SOCKET'
expect "exec passes the status on" 7 '' lab exec n1 -- sh -c 'exit 7'
expect "exec of vvmctl" 0 '^3$' lab exec n0 "$vvmctl" eval '(+ 1 2)'
expect "exec at a node that is not there" 1 'has no node "n7"' lab exec n7 true
expect "exec of a program that is not there" 127 'No such file' lab exec n0 /nowhere
cp "$folder/two.yaml" "$folder/moved.yaml"
expect "a second lab" 0 'is up' lab up "$folder/moved.yaml"
expect "then one must be picked" 2 'there are 2 labs' lab down
rm "$folder/moved.yaml"
second=$(lab list | awk '/moved/ { print $1 }')
expect "its file is gone: down all the same" 0 "$second is down" lab --lab "$second" down
expect "down again" 0 "no lab $second: nothing" lab --lab "$second" down
expect "the first one has not noticed" 0 ' up ' lab status
expect "an ID is no path" 0 'nothing to take down' lab --lab ../../fake down
node=$(lab status | awk '$1 == "n0" { print $2 }')
kill -KILL "$node"
within() { # SECONDS PATTERN COMMAND...: its output has the pattern before the time is over
    local end=$((SECONDS + $1)) pattern=$2
    shift 2
    until grep -E "$pattern" <<<"$("$@" 2>&1)"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.02
    done
}
expect "a node that was killed is gone" 0 gone within 10 '^n0 +[0-9]+ +gone' lab status
expect "which status says with its own" 1 gone lab status
expect "and has no ledger" 1 'n0' lab ledger
expect "nobody knows what arrived there" 1 '^n1/right +n0/left +0 +[?] +[?]$' lab ledger
expect "also as JSON" 1 '"to":\["n0","left"\],"sent":0,"arrived":null' lab ledger --json
expect "down" 0 'is down' lab down
expect "nothing is left" 0 '^$' same

# ---- refusals: all or nothing ----

expect "a wrong file" 1 'wrong.yaml:1:1' lab up "$folder/wrong.yaml"
expect "no file" 1 'nowhere.yaml: No such file' lab up "$folder/nowhere.yaml"
expect "a node's name is no path" 1 'escapes.yaml:' lab up "$folder/escapes.yaml"
expect "a node that refuses to start says so itself" 1 'node n1 ended with status 1: .*nowhere' lab up "$folder/refuses.yaml"
expect "nothing is left of those" 0 '^$' same
expect "a lab with ports of the file's choice" 0 'is up' lab up "$folder/fixed.yaml"
expect "whose ports are taken for the next one" 1 'node n[01] ended with status 1: .*47[12]' lab up "$folder/fixed.yaml"
expect "which harms nobody" 0 '^balanced +yes +yes$' lab ledger
expect "and goes down" 0 'is down' lab down
expect "nothing is left of either" 0 '^$' same
expect "a folder that is not there" 1 "set VVM_RUN_DIR" env VVM_RUN_DIR="$run/none" "$vvmlab" up "$folder/two.yaml"
deep=$run/$(printf 'd%.0s' {1..100})
mkdir "$deep"
expect "a path too long for a socket" 1 'set VVM_RUN_DIR to a shorter' env VVM_RUN_DIR="$deep" "$vvmlab" up "$folder/two.yaml"
rmdir "$deep"
mkdir -m 777 "$run/labs"
chmod 777 "$run/labs"
expect "a folder that anybody may write" 1 'nobody else may write' lab up "$folder/two.yaml"
expect "also for down" 1 'nobody else may write' lab down
rmdir "$run/labs"

# A vvmd that never is ready and does not listen to SIGTERM.
cp "$vvmlab" "$folder/fake/vvmlab"
printf '#!/bin/sh\ntrap "" TERM\necho "hard of hearing" >&2\nexec sleep 60\n' >"$folder/fake/vvmd"
chmod +x "$folder/fake/vvmd"
expect "a node that is never ready" 1 'node n0 was not ready in 1 s: hard of hearing' \
    env VVM_RUN_DIR="$run" "$folder/fake/vvmlab" up -t 1 "$folder/two.yaml"
expect "is ended all the same" 0 '^$' same

# ---- down touches nobody else ----

sleep 60 &
stranger=$!
echo kept >"$folder/kept"
stale() { # a lab whose process is gone and whose number somebody else has
    mkdir -m 700 "$run/labs" && mkdir -p "$run/labs/stale-000001/n0/sub"
    echo "$stranger 1 $(cat /proc/sys/kernel/random/boot_id)" >"$run/labs/stale-000001/.n0.pid"
    echo "$stranger $(sed 's/.*) //' "/proc/$stranger/stat" | cut -d' ' -f20) another-boot" >"$run/labs/stale-000001/.n1.pid"
    echo "-1 1 x" >"$run/labs/stale-000001/.n2.pid"
    ln -s "$folder/kept" "$run/labs/stale-000001/n0/link"
    ln -s "$folder" "$run/labs/stale-000001/n0/sub/folder"
    # ... but not quite gone: down must send signals, and wait
    flock "$run/labs/stale-000001/.lock" sleep 1 >/dev/null 2>&1 &
    until ! flock -n "$run/labs/stale-000001/.lock" true; do sleep 0.01; done
}
stale
expect "a lab that was never whole" 1 'never was whole' lab status
expect "down of a lab whose number somebody else has" 0 'stale-000001 is down' lab down
expect "that one lives" 0 '^$' kill -0 "$stranger"
expect "and what links lead to stays" 0 '^kept$' cat "$folder/kept"
kill "$stranger"
expect "nothing is left of it" 0 '^$' same

# ---- signals ----

# With job control, so that what runs in the background does not have SIGINT ignored, and is a
# process group of its own from its first instruction on.
pause() { sleep "$(printf '0.%03d' $((RANDOM % $1)))"; }
interrupted() { # MILLISECONDS: vvmlab, at a random time, 20 times
    local i
    set -m
    for ((i = 0; i < 20; i++)); do
        VVM_RUN_DIR=$run "$vvmlab" up --foreground "$folder/two.yaml" >/dev/null 2>&1 &
        pause "$1"
        kill -INT $! 2>/dev/null
        wait $!
        same || return 1
    done
}
demo_interrupted() { # MILLISECONDS: the demo, as a terminal does it, to all of its group
    local i
    set -m
    for ((i = 0; i < 20; i++)); do
        TMPDIR=$folder/tmp tests/demo.sh "$build" >/dev/null 2>&1 &
        pause "$1"
        kill -INT -- -$! 2>/dev/null
        wait $!
        same || return 1
    done
}
killed() { # MILLISECONDS: vvmlab, at random times; then down
    local i
    for ((i = 0; i < 10; i++)); do
        VVM_RUN_DIR=$run "$vvmlab" up --foreground "$folder/two.yaml" >/dev/null 2>&1 &
        pause "$1"
        kill -KILL $! 2>/dev/null
        wait $! 2>/dev/null
        lab down >/dev/null || return 1
        same || return 1
    done
}
foreground_down() { # `down` from elsewhere ends `up --foreground` too
    VVM_RUN_DIR=$run "$vvmlab" up --foreground "$folder/two.yaml" >"$folder/up" 2>&1 &
    for ((i = 0; i < 500; i++)); do
        grep -q 'is up' "$folder/up" && break
        sleep 0.02
    done
    lab down || { kill -KILL $!; return 1; }
    wait $!
}
expect "20 SIGINTs while it starts" 0 '^$' interrupted 60
expect "20 SIGINTs later" 0 '^$' interrupted 400
expect "20 SIGINTs to the demo" 0 '^$' demo_interrupted 900
expect "SIGKILL of vvmlab, then down" 0 '^$' killed 300
expect "down ends what runs in the foreground" 0 'is down' foreground_down
expect "nothing is left of it" 0 '^$' same

# ---- many ----

expect "a ring of 30" 0 'is up: 30 nodes' lab up "$folder/thirty.yaml"
expect "all of it answers" 0 '^n29 +[0-9]+ +up' lab status
expect "its ledgers balance" 0 '^balanced( +yes){30}$' lab ledger
expect "down of 30" 0 'is down' lab down
expect "nothing is left of them" 0 '^$' same
finish
