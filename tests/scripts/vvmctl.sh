#!/usr/bin/env bash
# vvmctl.sh BUILD - a running router asked from outside: every verb as text and as JSON, the
# language over the socket, statuses, what reaches a terminal, and sockets that were left behind.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. tests/script-lib.sh
build=$1
vvmd=$build/daemon/vvmd
ctl=$build/daemon/vvmctl
folder=$(mktemp -d)
daemon=
stop() { [ -z "$daemon" ] || { kill -KILL "$daemon"; wait "$daemon"; } 2>/dev/null; rm -rf "$folder"; }
trap stop EXIT
unset VVM_SOCKET VVM_NODE VVM_JSON VVM_TIMEOUT VVM_READ_ONLY VVM_ARGUMENT
export VVM_RUN_DIR=$folder/run HOME=$folder

cat >"$folder/net.yaml" <<END
name: asked
path: [$PWD/netvmlets]
nodes:
  here:
    addresses: [192.0.2.2/24]
    vmlets: [hop]
    ports: { lan: { kind: pcap-file, read: $PWD/tests/capture/first-light.pcap, networks: [192.0.2.0/24] } }
    routes: [ { to: 198.51.100.0/24, via: 192.0.2.1, port: lan } ]
END

begin() { # start the router; 0 when it answers and has seen the whole capture
    "$vvmd" -c "$folder/net.yaml" -n here >/dev/null 2>"$folder/log" &
    daemon=$!
    for _ in $(seq 100); do
        "$ctl" -n here stats port/lan/rx-frames 2>/dev/null | grep -qE ' [1-9][0-9]+$' && return
        sleep 0.1
    done
    cat "$folder/log"
    return 1
}
end() { kill "-$1" "$daemon"; wait "$daemon" 2>/dev/null; local status=$?; daemon=; return $status; }
here() { "$ctl" -n here "$@"; }
one_line() { [ "$(here -j "$@" | wc -l)" = 1 ] && here -j "$@"; }
no_controls() { here "$@" 2>&1 | LC_ALL=C tr -d '\n\t' | LC_ALL=C grep -q '[[:cntrl:]]' && return 7; here "$@"; }
typed() { printf '%b' "$1" | here "${@:2}" repl; }
on_terminal() { printf '%b' "$1" | script -qec "$ctl -n here repl" /dev/null; }
reader_leaves() { here stats | head -n 1; echo "status ${PIPESTATUS[0]}"; }
to_full_disk() { here stats >/dev/full; }
in_environment() { env "$1" "$ctl" "${@:2}"; }
second_daemon() { "$vvmd" -c "$folder/net.yaml" -n here; }
socket_mode() { stat -c '%a %F' "$VVM_RUN_DIR/here.sock"; }
many_at_once() {
    local jobs=() job
    for job in $(seq 20); do here eval "(* $job 1)" >"$folder/many.$job" & jobs+=($!); done
    wait "${jobs[@]}"
    cat "$folder"/many.* | sort -n | tail -n 1
}

fed() { "$ctl" -n fed "$@"; }
feed_later() { (sleep 0.3; tail -c +25 tests/capture/first-light.pcap >&3) & }
trace_fed() { feed_later; fed "$@" trace --next 2; wait $!; }
begin_fed() {
    sed "s/here:/fed:/; s|read: [^,]*|read: -|" "$folder/net.yaml" >"$folder/fed.yaml"
    mkfifo "$folder/feed"
    "$vvmd" -c "$folder/fed.yaml" -n fed <"$folder/feed" >/dev/null 2>"$folder/log" & daemon=$!
    exec 3>"$folder/feed" # from here the router reads a capture: what begins it now, packets later
    head -c 24 tests/capture/first-light.pcap >&3
    for _ in $(seq 100); do fed status >/dev/null 2>&1 && return; sleep 0.1; done
    cat "$folder/log"
}
second_trace() {
    fed trace --for 5 >/dev/null & local first=$!
    sleep 0.3
    fed trace; local status=$?
    kill $first; wait $first 2>/dev/null
    return $status
}

expect "no router" 3 'no router runs there' here status
expect "no router, as JSON" 3 '^\{"v":1,"ok":false,"code":3,"error":".*no router runs there"\}$' here -j status
expect "which router" 2 'give -n NODE or -s SOCKET' "$ctl" status
expect "no verb" 2 'which verb' here
expect "help without a router" 0 'VVM_TIMEOUT' "$ctl" --help
expect "help of a node that is not there" 0 'The verbs are the router' here --help
expect "version" 0 '^vvmctl [0-9]' "$ctl" --version
expect "an option that is not there" 2 'see vvmctl --help' "$ctl" --colour status
expect "an option among others that is not there" 2 'option -z is unknown' "$ctl" -jz status
expect "an option that takes no value" 2 'option --json=1 is unknown or' "$ctl" --json=1 status
expect "a timeout that is none" 2 'no number of seconds' "$ctl" -t soon status
expect "a timeout that is none, from the environment" 2 'VVM_TIMEOUT' in_environment VVM_TIMEOUT=-1 status
expect "a node's name that is a path" 2 'is no name of a node' "$ctl" -n ../x status
expect "a node's name that is too long for a path" 2 'too long' "$ctl" -n "$(printf 'x%.0s' {1..200})" status
expect "a socket's path that is too long" 3 'octets' "$ctl" -s "/$(printf 'x%.0s' {1..200})" status

begin
expect "the router starts" 0 '^node +here' here status
expect "its socket is its own" 0 '^600 socket$' socket_mode
expect "help comes from the router" 0 'eval EXPRESSION\.\.\.' here help
expect "the options' help has the verbs" 0 'eval EXPRESSION\.\.\.' here --help
expect "help as JSON" 0 '^\{"v":1,"ok":true,"code":0,"data":\[\{"verb":"complete",' one_line help
expect "status" 0 '^node +here$' here status
expect "status names ports" 0 '^ports +lan 0 pcap-file ethernet ' here status
expect "status as JSON" 0 '^\{"v":1,"ok":true,"code":0,"data":\{"node":"here",.*"balance":0\}\}$' one_line status
expect "ports" 0 '^lan +0  pcap-file  ethernet' here ports
expect "ports as JSON" 0 '"data":\[\{"name":"lan","device":0,"kind":"pcap-file","link":"ethernet"' one_line ports
expect "vmlets" 0 '^hop +1  hop anep 18512 .*hop\.vml$' here vmlets
expect "vmlets as JSON" 0 '"networks":\[\{"name":"hop","claims":\["anep 18512"\]\}\]' one_line vmlets
expect "ledger" 0 '^sent +hop +[1-9]' here ledger
expect "the ledger balances" 0 '^balance  0$' here ledger
expect "ledger as JSON" 0 '\{"outcome":"received","reason":"lan","packets":[0-9]+\}.*"balance":0\}\}$' one_line ledger
expect "stats" 0 '^ledger/balance +0$' here stats
expect "stats by prefix" 0 '^port/lan/rx-frames +[1-9]' here stats port/lan
expect "stats as JSON" 0 '"data":\{"ledger/balance":0' one_line stats ledger/b
expect "stats of nothing" 1 'no reading' here stats nothing
expect "complete" 0 '^next-hop$' here complete next-h
expect "complete as JSON" 0 '"data":\["next-hop"\]\}$' one_line complete next-h
expect "a verb that is not there" 2 'no verb "frob"' here frob
expect "a word too many" 2 'one word too many' here status now

expect "a prefix that is no text" 2 'no UTF-8' here stats $'\xff'
expect "an expression that is none" 2 'no UTF-8' here eval $'"\xff"'
expect "eval" 0 '^192$' here eval '(quotient (next-hop #xc6336407) (expt 2 24))'
expect "eval of several" 0 '^2$' here eval '(define (twice x) (* 2 x))' '(twice 1)'
expect "what was defined stays" 0 '^42$' here eval '(twice 21)'
expect "output and value" 0 '^hello$' here eval '(begin (display "hello") (newline) 5)'
expect "eval as JSON" 0 '^\{"v":1,"ok":true,"code":0,"data":\{"output":"a\\n","values":\["1"\]\}\}$' one_line eval '(display "a\n") 1'
expect "an error has its place" 1 '^vvmctl: eval:2:2: error type' here eval $'(begin\n (car 5)\n 1)'
expect "and its way" 1 '^  in inner at eval:1:17' here eval '(define (inner) (car 5)) (+ 1 (inner))'
expect "an error as JSON" 1 '^\{"v":1,"ok":false,"code":1,"error":"eval:1:1: error type' one_line eval '(car 5)'
expect "half a datum" 1 'the text ends inside' here eval '(+ 1'
expect "little fuel" 1 'the fuel is used up' here -a fuel=100 eval '(let loop () (loop))'
expect "what never ends" 1 'more than 2 seconds' here eval '(let loop () (loop))'
garbage() { # 40 times 16 MB, far more than a router may keep
    for round in $(seq 40); do here eval "(vector-length (make-vector 2000000 $round))" || return; done
}
expect "garbage comes back" 0 '^2000000$' garbage
expect "fuel that is none" 2 'NAME=NUMBER' here -a fuel=much eval 1
expect "an argument that is not there" 2 'no argument "colour"' here -a colour=1 eval 1
expect "nothing to evaluate" 2 'at least one' here eval
expect "an expression that looks like an option" 0 '^-5$' here eval -5
expect "read-only" 1 '--read-only is set' here -r eval 1
expect "read-only reads" 0 '^balance  0$' here --read-only ledger
expect "a VMlet's tests, beside the packets" 0 '^\([0-9]+ \. 0\)$' here eval "(run-tests 'hop)"
echo '(vmlet probe (version 1)) (define (answer) (quote one))' >"$folder/probe.vml"
echo '(vmlet probe (version 2)) (define (answer) (quote two))' >"$folder/two.vml"
echo '(vmlet user (import (probe answer))) (define (ask) (answer))' >"$folder/user.vml"
echo '(vmlet bad (version 1)) (car 5)' >"$folder/bad.vml"
head -c 4200000 /dev/zero >"$folder/large.vml"
"$build/engine/vvm" compile "$folder/two.vml" -o "$folder/two.vmi" >/dev/null
loaded() { here vmlets | grep -c '^probe'; }
expect "load" 0 '^vmlet +probe$' here load "$folder/probe.vml"
expect "what it defines is visible" 0 '^one$' here eval '(answer)'
expect "load of what is there" 1 'probe' here load "$folder/two.vml"
expect "replace, by an image, as JSON" 0 '"vmlet":"probe","version":2,' one_line replace "$folder/two.vmi"
expect "what it defines now" 0 '^two$' here eval '(answer)'
expect "a load that fails has its place" 1 '/bad.vml:1:25: error type' here load "$folder/bad.vml"
expect "a file that is not there" 2 'nowhere.vml: No such file' here load "$folder/nowhere.vml"
expect "a file that is too large" 2 'at most 4194304 octets' here load "$folder/large.vml"
expect "no file" 2 'which file' here load
expect "one that uses it" 0 '^vmlet +user$' here load "$folder/user.vml"
expect "vmlets say who depends on whom" 0 '^probe +2 .* user .*two\.v' here vmlets
expect "unload of what is used" 1 'VMlet `user` uses `probe`' here unload probe
expect "unload with cascade" 0 '^unloaded +user, probe$' here unload probe --cascade
expect "it is gone" 1 '^0$' loaded
expect "a flag that is none" 2 'one word too many' here unload probe --everything
expect "unload of a session" 0 '^unloaded +session$' here unload session
expect "and what it defined" 1 'unbound' here eval '(twice 21)'
expect "a new session" 0 '^42$' here eval '(define (twice x) (* 2 x))' '(twice 21)'
expect "nothing waits" 0 '^waiting +0$' here reap
expect "a load is a change" 1 '--read-only is set' here -r load "$folder/probe.vml"
expect "nothing steers the terminal" 0 '\\x1b\[2J' no_controls eval '(display "\x1b;[2J\x9b;31m\x202e;")'
expect "nor an error" 1 'x1b' no_controls eval '(error "\x1b;]0;title\x7;")'
expect "nor a verb's name" 2 'x1b' no_controls $'\e[2J'
expect "many at once" 0 '^20$' many_at_once

expect "settings from the environment" 0 '^\{"v":1' in_environment VVM_JSON=1 -n here status
expect "a node from the environment" 0 '^node +here' in_environment VVM_NODE=here status
expect "a socket from the environment" 0 '^node +here' in_environment VVM_SOCKET="$VVM_RUN_DIR/here.sock" status
expect "a node that is named is stronger" 3 'other.sock' in_environment VVM_SOCKET="$VVM_RUN_DIR/here.sock" -n other status
expect "a reader that has enough" 0 '^status 0$' reader_leaves
expect "a full disk" 1 'No space left' to_full_disk

expect "repl" 0 '^25$' typed '(define (square x)\n  (* x x))\n(square 5)\n'
expect "repl, two on a line" 0 '^36$' typed '1 (square\n6)\n'
expect "repl goes on after an error" 1 '^7$' typed '(car 1)\n7\n'
expect "repl ends inside a datum" 1 'the text ends inside' typed '(list 1\n'
expect "repl leaves" 0 '^1$' typed '1\n(exit)\n(car 1)\n'
expect "repl as JSON" 0 '^\{"v":1,"ok":true,"code":0,"data":\{"output":"","values":\["3"\]\}\}$' typed '(+ 1 2)\n' -j
expect "repl does not lose what follows a NUL" 1 'no UTF-8' typed '1\0 2\n'
expect "repl takes no word" 2 'repl takes no' here repl now
expect "repl with little fuel" 1 'the fuel is used up' typed '(let loop () (loop))\n' -a fuel=100
expect "repl is no reading" 1 'read-only is set' here -r repl
if command -v script >/dev/null; then
    expect "TAB completes from the router" 0 '<procedure next-hop>|next-hop' on_terminal 'next-ho\t\n(exit)\n'
fi

expect "a second router of the name" 1 'answers there already' second_daemon
expect "the first goes on" 0 '^node +here' here status
end TERM
expect "it leaves in order" 0 '^0$' echo $?
expect "and is gone" 3 'no router runs there' here status
begin
end KILL
expect "a router is killed" 0 '^137$' echo $?
expect "its socket stays" 0 socket socket_mode
expect "nobody answers" 3 'no router runs there' here status
begin
expect "the next one takes its place" 0 '^node +here' here status
end INT
expect "and leaves in order" 0 '^0$' echo $?
expect "no socket" 2 'No such file' ls "$VVM_RUN_DIR/here.sock"

begin_fed
expect "a trace of nothing" 0 '^packets   0$' fed trace --for 1
expect "a trace of too many" 2 'trace: --next PACKETS \(1 to 64\)' fed trace --next 65
expect "one trace at a time" 1 'somebody else traces' second_trace
expect "who goes away ends its trace; a packet is traced" 0 '1 +arrival +lan +[0-9]+ octets' trace_fed
end TERM
exec 3>&-
rm "$folder/feed"
begin_fed
expect "its instructions and its end, as JSON" 0 \
    '"kind":"instruction","where":"function 0 \+0","what":"branch-here".*"kind":"outcome","where":"hop","what":"sent".*"packets":2,"left out":0' \
    trace_fed -j
end TERM
exec 3>&-
finish
