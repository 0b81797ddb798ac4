#!/usr/bin/env bash
# bare.sh COMMAND... - a clone of HEAD on a bare Debian 12 (a debootstrap minbase chroot with
# git and nothing else), and each `./dev COMMAND` in it. Needs root and debootstrap; the mirror
# is the one of this machine's own apt configuration. Leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "bare.sh: needs root (debootstrap, chroot)"; exit 77; }
command -v debootstrap >/dev/null || { echo "bare.sh: needs debootstrap: apt-get install debootstrap"; exit 77; }

# In mount namespaces of our own, so that nothing stays mounted whatever happens.
if [ -z "${VVM_BARE_INSIDE:-}" ]; then
    root=$(mktemp -d -t vvm-bare-XXXXXX)
    chmod 755 "$root"
    trap 'rm -rf --one-file-system "$root"' EXIT
    VVM_BARE_INSIDE=$root unshare --mount --fork --pid --mount-proc "$0" "$@"
    exit
fi
root=$VVM_BARE_INSIDE
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(CREATED_BY)' | awk '$2 == "bookworm" && $3 == "Packages" { print $1; exit }')
[ -n "$mirror" ] || { echo "bare.sh: no bookworm mirror in this machine's apt configuration"; exit 1; }

debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm -f "$root.log"
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
cp /etc/hosts "$root/etc/hosts"
rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
cp -r /etc/apt/sources.list /etc/apt/sources.list.d "$root/etc/apt/" 2>/dev/null || true
git clone --quiet --bare . "$root/vvm.git"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"

inside() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 ${CI:+CI=$CI} bash -c "$1"; }
inside 'cd /root && git clone --quiet /vvm.git vvm'
for command in "$@"; do
    began=$SECONDS
    inside "cd /root/vvm && ./dev $command"
    echo "== bare Debian 12: ./dev $command took $((SECONDS - began)) s"
done
