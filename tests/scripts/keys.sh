#!/usr/bin/env bash
# keys.sh BUILD - keys, the policy file and signed images as an operator uses them: made, shown,
# trusted, signed, and what a router then takes.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. tests/script-lib.sh
build=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset VVM_SOCKET VVM_NODE VVM_JSON VVM_TIMEOUT VVM_READ_ONLY VVM_ARGUMENT
ctl() { (cd "$folder" && "$build/daemon/vvmctl" "$@"); }
check() { (cd "$folder" && "$build/daemon/vvmd" --check -c net.yaml); }
case $build in /*) ;; *) build=$PWD/$build ;; esac

echo '(vmlet small (needs (table 4KiB))) (define-array a u64 8)' >"$folder/small.vml"
printf 'nodes:\n  a: { addresses: [10.0.0.1], policy: policy.yaml, vmlets: [./small.vmi] }\n' >"$folder/net.yaml"
"$build/engine/vvm" compile "$folder/small.vml" -o "$folder/small.vmi" || exit

expect "a pair is made" 0 'fingerprint +[0-9a-f]{32}$' ctl key gen alice
expect "not a second time" 1 'is there already' ctl key gen alice
expect "the secret key is its owner's" 0 '^600$' stat -c %a "$folder/alice.key"
expect "a name that leaves the folder" 1 'is no name of a key' ctl key gen ../alice
expect "shown" 0 '^alice$' ctl key show alice.pub
expect "no key file" 1 'is no key file' ctl key show net.yaml
expect "wrong use" 2 'write key gen NAME' ctl key make alice
expect "trusted" 0 'may have nothing yet' ctl key trust alice.pub --policy policy.yaml
expect "not twice" 1 'policy.yaml:[0-9:]+ ' ctl key trust alice.pub --policy policy.yaml
expect "an image without signature" 0 'good' check
expect "signed" 0 'signed by alice' ctl sign small.vmi --key alice.key
expect "not with the public key" 1 'is a public one' ctl sign small.vmi --key alice.pub
expect "not a folder" 1 'this is no file of an image' ctl sign . --key alice.key
expect "not a source" 1 'this is no image' ctl sign small.vml --key alice.key
expect "the key may have nothing" 1 'not granted \(table.*: ask for it in its header, \(needs \.\.\.\), and permit it in the policy$' check
sed -i 's/may: none/may: ["(table 4KiB)"]/' "$folder/policy.yaml"
expect "the key may have tables" 0 'good' check
expect "another key" 0 '^bob$' ctl key gen bob
expect "which nobody trusts" 0 'signed by bob' ctl sign small.vmi --key bob.key
expect "is refused by its fingerprint" 1 "policy does not name: $(ctl key show bob.pub | awk '/fingerprint/ {print $2}')" check
sed -i 's/^unsigned:.*/unsigned: som/' "$folder/policy.yaml"
expect "a policy that is wrong" 1 'policy.yaml:1:11: write all, none' check
finish
